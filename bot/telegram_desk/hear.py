"""What the staff press and write in their group, carried out under the rules of the web desk.

One update is one transaction, like a citizen's message. Whoever acts is looked up anew each time:
the Telegram account must be linked to an active account of the desk, and that account must be
allowed to see the case. Everything else is answered kindly, audited, and changes nothing.
"""

import re
from dataclasses import dataclass, replace
from enum import StrEnum

from bot.channels.message import FetchedFile, Inbound, InboundKind
from bot.telegram_desk import words
from bot.telegram_desk.follow import name_of
from bot.telegram_desk.posts import Act, Post, put, unsent
from cases import access, chat_groups, correcting, queue, register, talking, transfer
from cases.access import NotFoundError
from cases.chat_groups import ChatGroup, ChatTopic, Told, Trouble
from cases.life import CLOSING, CaseState, Move, RefusedError, check
from cases.model import Case
from cases.moves import who_is
from cases.province import Province
from cases.staff import StaffMember
from knowledge.vietnamese import fold
from store import audit, events, files
from store.files import media_type_of
from store.outbox import Delivery
from store.pictures import UnreadableImageError, redrawn
from store.scan import Scan
from store.session import Session

LONGEST_REPLY = 3000
"""Letters, as on the web desk."""
_NOTE = re.compile(r"(?://|/note(?:@\w+)?(?=\s|$))\s*", re.IGNORECASE)
_COMMAND = re.compile(r"/(lienket|toi)(?:@\w+)?(?:\s+(.*))?", re.DOTALL | re.IGNORECASE)
_ANY_COMMAND = re.compile(r"/\w+(?:@\w+)?(?:\s|$)")
_MEANT_FOR_US = re.compile(r"(?:@\w|(?:ghi chu|noi bo|note)\b)")
"""How words to a colleague begin, folded: nobody takes back what has gone to a citizen."""
_TOPIC_NAME = re.compile(re.escape(words.topic_name(0)).replace("0", r"(\d{1,9})"))


class What(StrEnum):
    """What kind of update came from a group, or from a staff member's private chat."""

    WORDS = "words"
    EDITED = "edited"
    PRESS = "press"
    RIGHTS = "rights"
    """What the assistant may do in the group has changed."""
    MOVED = "moved"
    """The group has a new number."""
    TOPIC_MADE = "topic_made"
    """The assistant itself has made a thread."""


@dataclass(frozen=True)
class FromGroup(Inbound):
    """An update of a group; `address` is the chat's number."""

    what: What = What.WORDS
    message_id: int = 0
    thread_id: int | None = None
    user_id: int | None = None
    """None for somebody who writes in the group's own name."""
    press_id: str | None = None
    private: bool = False
    forum: bool = False
    able: bool | None = None
    """With `RIGHTS`: whether the assistant may manage threads; None: it is out of the group."""
    moved_to: str | None = None
    topic_name: str | None = None
    """The name of the thread, where the assistant made it."""


class _Stranger(Exception):  # noqa: N818 - not a fault
    """Somebody who may not act here."""


def hear(
    session: Session, inbound: FromGroup, province: Province, fetched: FetchedFile | None
) -> None:
    """Carry out one update, within the caller's transaction."""
    command = _COMMAND.fullmatch(inbound.text.strip()) if inbound.what is What.WORDS else None
    if inbound.private:
        if command is not None:
            _get_known(session, inbound, command[2] or "")
        return
    if command is not None and command[1].lower() == "lienket":
        _link(session, inbound, command[2] or "", province)
        return
    group = chat_groups.group_of_chat(session, inbound.address)
    if group is None:
        return
    match inbound.what:
        case What.RIGHTS:
            _rights(session, group, inbound)
        case What.MOVED if inbound.moved_to is not None:
            chat_groups.moved(session, group, inbound.moved_to)
        case What.TOPIC_MADE:
            _topic_made(session, group, inbound)
        case What.PRESS:
            _pressed(session, group, inbound, province)
        case What.WORDS | What.EDITED:
            _written(session, group, inbound, province, fetched)
        case _:
            pass


# --- linking --------------------------------------------------------------------------------------


def _get_known(session: Session, inbound: FromGroup, typed: str) -> None:
    text = words.HOW_TO_BE_KNOWN
    if typed and inbound.user_id is not None:
        staff = chat_groups.link_person(session, typed, inbound.user_id)
        text = words.known_as(name_of(session, staff.id)) if staff else words.BAD_CODE
    _say(session, inbound, text)


def _link(session: Session, inbound: FromGroup, typed: str, province: Province) -> None:
    if not typed:
        _say(session, inbound, words.HOW_TO_LINK)
    elif not inbound.forum:  # the code stays good until the group is ready for it
        _say(session, inbound, words.NO_FORUM)
    else:
        group = chat_groups.link_group(session, typed, inbound.address)
        text = words.linked(province.label_of(group.office_id)) if group else words.BAD_CODE
        _say(session, inbound, text)


def _say(session: Session, inbound: FromGroup, text: str) -> None:
    """Answer where it was written, outside of any case's thread."""
    put(
        session,
        Post(act=Act.SAY, chat_id=inbound.address, thread_id=inbound.thread_id, text=text),
    )


def _rights(session: Session, group: ChatGroup, inbound: FromGroup) -> None:
    if inbound.able:
        group.check_wanted = True  # a right alone is not enough: it must be a forum, too
        events.record(session, "telegram.group")
        return
    group.trouble = Trouble.GONE if inbound.able is None else Trouble.NO_RIGHTS
    audit.note(
        session,
        "telegram.group_lost",
        staff_id=None,
        subject=group.office_id,
        detail=group.trouble,
    )
    events.record(session, "telegram.group")


# --- threads --------------------------------------------------------------------------------------


def _topic_made(session: Session, group: ChatGroup, inbound: FromGroup) -> None:
    """Telegram tells of a thread that we made: take it if its receipt never came, else drop it.

    So a process that dies between the call and its commit leaves no second thread behind.
    """
    topic = _topic_by_name(session, group, inbound)
    if topic is None or inbound.thread_id is None or topic.thread_id == inbound.thread_id:
        return
    if topic.thread_id is None:
        _adopt(session, topic, inbound.thread_id)
        return
    put(
        session,
        Post(act=Act.DELETE, chat_id=group.chat_id, thread_id=inbound.thread_id),
    )


def _topic_by_name(session: Session, group: ChatGroup, inbound: FromGroup) -> ChatTopic | None:
    named = _TOPIC_NAME.fullmatch(inbound.topic_name or "")
    return chat_groups.topic_of_number(session, group, int(named[1])) if named else None


def _adopt(session: Session, topic: ChatTopic, thread_id: int) -> None:
    """Take a thread for the case's own, and let its making count as done."""
    topic.thread_id = thread_id
    for row in unsent(session, topic, Act.OPEN):
        row.state, row.body, row.receipt = Delivery.SENT, None, str(thread_id)
        row.ended_at, row.leased_until = session.clock.now(), None


def _topic(session: Session, group: ChatGroup, inbound: FromGroup) -> ChatTopic | None:
    if inbound.thread_id is None:
        return None
    found = chat_groups.topic_of_thread(session, group, inbound.thread_id)
    if found is not None:
        return found
    named = _topic_by_name(session, group, inbound)
    if named is not None and named.thread_id is None:
        _adopt(session, named, inbound.thread_id)
        return named
    return None


# --- who it is ------------------------------------------------------------------------------------


def _who(session: Session, inbound: FromGroup, case: Case | None) -> StaffMember:
    """The staff member who acts, allowed to see the case.

    Raises:
        _Stranger: nobody whom we know, or none of theirs to see; it is in the audit already.
    """
    staff = None if inbound.user_id is None else chat_groups.whose(session, inbound.user_id)
    why = words.ANONYMOUS if inbound.user_id is None else words.STRANGER
    if staff is not None and case is not None:
        try:
            access.the_case(session, staff, case.id)
        except NotFoundError:
            why = words.NOT_YOURS
        else:
            return staff
    elif staff is not None:
        return staff
    audit.note(
        session,
        "telegram.refused",
        staff_id=staff.id if staff else None,
        subject=case.id if case else None,
        detail=inbound.what,
    )
    raise _Stranger(why)


# --- words ----------------------------------------------------------------------------------------


def _written(
    session: Session,
    group: ChatGroup,
    inbound: FromGroup,
    province: Province,
    fetched: FetchedFile | None,
) -> None:
    topic = _topic(session, group, inbound)
    if topic is None:
        if inbound.thread_id is not None and inbound.topic_name is not None:
            _say(session, inbound, words.NOT_IN_USE)
        return
    case = session.get_one(Case, topic.case_id)
    try:
        staff = _who(session, inbound, case)
    except _Stranger as problem:
        if not unsent(session, topic, Act.SAY):  # once is enough for a whole burst
            put(session, Post(act=Act.SAY, text=str(problem)), topic)
        return
    if inbound.what is What.EDITED:
        put(session, Post(act=Act.SAY, text=words.EDITED), topic)
        return
    try:
        with session.begin_nested():
            said = _reply_or_note(session, staff, case, topic, inbound, province, fetched)
    except RefusedError as problem:
        reason = problem.reason
        if reason == "not_holder" and case.state is CaseState.WAITING:
            reason = "not_claimed"
        text = _OWN_REASONS.get(reason) or words.refusal(reason)
    else:
        text = said
    if text:
        put(session, Post(act=Act.SAY, text=text), topic)


_OWN_REASONS = {"sensitive": words.SENSITIVE_REPLY, "file": words.FILE_REFUSED}


def _reply_or_note(
    session: Session,
    staff: StaffMember,
    case: Case,
    topic: ChatTopic,
    inbound: FromGroup,
    province: Province,
    fetched: FetchedFile | None,
) -> str:
    """Send a reply or keep a note; what is to be said of it in the thread, "" for nothing.

    Raises:
        RefusedError: as `talking.reply`, and `too_long`, `file`, `sensitive`.
    """
    text = inbound.text.strip()
    note = _NOTE.match(text)
    if note is not None:
        if inbound.file is not None:
            raise RefusedError("file")  # a note has no room for one, and it must not go out
        talking.add_note(session, staff, case.id, text[note.end() :])
        return words.NOTED
    if _ANY_COMMAND.match(text):
        return words.HOW_TO_REPLY  # a mistyped command must not reach a citizen
    if _MEANT_FOR_US.match(fold(text)):
        return words.MEANT_FOR_US
    if inbound.kind not in (InboundKind.TEXT, InboundKind.FILE, InboundKind.VOICE):
        raise RefusedError("file")
    if len(text) > LONGEST_REPLY:
        raise RefusedError("too_long")
    access.the_case(session, staff, case.id, for_update=True)
    if case.holder_id == staff.id and case.danger is not None:
        raise RefusedError("sensitive")
    file_id = _keep_file(session, inbound, fetched)
    entry = talking.reply(
        session,
        staff,
        case.id,
        text,
        province.label_of(case.office_id),
        client_key=f"tg:{inbound.address}:{inbound.message_id}",
        file_id=file_id,
    )
    if entry.id not in chat_groups.told(session, topic, Told.WORDS):
        chat_groups.tell(session, topic, [entry.id], Told.WORDS)  # it stands there already
    return ""


def without_its_place(fetched: FetchedFile) -> FetchedFile:
    """An officer's photo drawn anew, as the web desk does; what can't be drawn is left empty.

    Takes up to a second: never within a transaction.
    """
    if not (media_type_of(fetched.content) or "").startswith("image/"):
        return fetched
    try:
        return replace(fetched, content=redrawn(fetched.content, None))
    except UnreadableImageError:
        return replace(fetched, content=b"")


def _keep_file(session: Session, inbound: FromGroup, fetched: FetchedFile | None) -> str | None:
    if inbound.file is None:
        return None
    media_type = media_type_of(fetched.content) if fetched is not None else None
    if fetched is None or media_type is None or len(fetched.content) > files.MAX_BYTES:
        raise RefusedError("file")
    if fetched.scan not in (Scan.UNASKED, Scan.CLEAN):
        raise RefusedError("file")  # it would go to the citizen
    stored = files.keep(
        session,
        fetched.content,
        media_type=media_type,
        name=fetched.name or inbound.file.name,
        conversation_id=None,
        scan=fetched.scan,
    )
    return stored.id


# --- buttons --------------------------------------------------------------------------------------


@dataclass(frozen=True)
class _Answer:
    """What a press leads to: words for the one who pressed, and the menu that takes its place."""

    text: str = words.DONE
    menu: str | None = None
    choices: tuple[tuple[str, str], ...] = ()


def _pressed(session: Session, group: ChatGroup, inbound: FromGroup, province: Province) -> None:
    act, _, rest = inbound.text.partition(".")
    number, _, more = rest.partition(".")
    topic = (
        chat_groups.topic_of_number(session, group, int(number))
        if re.fullmatch(r"\d{1,9}", number)
        else None
    )
    if topic is None:
        _answer(session, inbound, words.TOO_OLD, alert=True)
        return
    case = session.get_one(Case, topic.case_id)
    holder = case.holder_id
    try:
        staff = _who(session, inbound, case)
        with session.begin_nested():
            answer = _do(session, staff, case, province, act, more)
    except _Stranger as problem:
        _answer(session, inbound, str(problem)[:200], alert=True)
        return
    except NotFoundError:
        _answer(session, inbound, words.NOT_YOURS, alert=True)
        return
    except RefusedError as problem:
        session.refresh(case)
        holder = case.holder_id or holder
        name = name_of(session, holder) if holder else None
        _answer(session, inbound, words.refusal(problem.reason, name), alert=True)
        return
    _answer(session, inbound, answer.text, alert=False)
    if answer.menu is None:
        return
    if inbound.message_id == topic.head_id:
        put(session, Post(act=Act.SAY, text=answer.menu, choices=answer.choices), topic)
    else:
        put(
            session,
            Post(
                act=Act.EDIT,
                text=answer.menu,
                choices=answer.choices,
                message_id=inbound.message_id,
            ),
            topic,
        )


def _answer(session: Session, inbound: FromGroup, text: str, *, alert: bool) -> None:
    put(
        session,
        Post(
            act=Act.ANSWER,
            chat_id=inbound.address,
            press_id=inbound.press_id,
            text=text[:200],
            alert=alert,
        ),
    )


def _do(
    session: Session, staff: StaffMember, case: Case, province: Province, act: str, more: str
) -> _Answer:
    """Do what a button says, or ask the next question first.

    Raises:
        NotFoundError, RefusedError: as the functions of `cases`.
    """
    office = province.label_of(case.office_id)
    who = who_is(case, staff)
    match act:
        case "claim":
            queue.claim(session, staff, case.id, office)
            return _Answer("Bạn đã nhận hồ sơ này.")
        case "urgent" | "calm":
            correcting.correct_urgent(session, staff, case.id, urgent=act == "urgent")
            return _Answer()
        case "back":
            check(Move.GIVE_BACK, case.state, who)
            if more != "yes":
                return _sure(case, "back", "yes", "Trả hồ sơ về hàng chờ của chi nhánh?")
            queue.give_back(session, staff, case.id, office)
            return _Answer(menu="Đã trả hồ sơ về hàng chờ.")
        case "close":
            check(Move.CLOSE, case.state, who)
            return _close(session, staff, case, more)
        case "transfer":
            check(Move.OFFER_TRANSFER, case.state, who)
            return _transfer(session, staff, case, province, more)
        case "take":
            transfer.accept(session, staff, case.id, province)
            return _Answer("Hồ sơ đã về hàng chờ của chi nhánh.")
        case "decline":
            check(Move.DECLINE_TRANSFER, case.state, who)
            reason = _of(words.DECLINE_REASONS, more)
            if reason is None:
                reasons = _numbered(f"decline.{case.number}", words.DECLINE_REASONS)
                return _Answer("", "Vì sao không nhận?", (*reasons, _no(case)))
            transfer.decline(session, staff, case.id, reason)
            return _Answer(menu="Đã trả lời là không nhận.")
        case "no":
            return _Answer("", "Đã thôi.")
        case _:
            return _Answer(words.TOO_OLD)


def _close(session: Session, staff: StaffMember, case: Case, more: str) -> _Answer:
    chosen, _, sure = more.partition(".")
    outcome = next((one for one in CLOSING if one == chosen), None)
    if outcome is None:
        choices = tuple((f"close.{case.number}.{one}", words.outcome(one)) for one in CLOSING)
        return _Answer("", "Kết thúc với kết quả nào?", (*choices, _no(case)))
    if sure != "yes":
        question = f"Kết thúc hồ sơ: {words.outcome(outcome)}? Người dân sẽ được báo."
        return _sure(case, "close", f"{outcome}.yes", question)
    register.close(session, staff, case.id, outcome)
    return _Answer(menu=f"Đã kết thúc: {words.outcome(outcome)}.")


def _transfer(
    session: Session, staff: StaffMember, case: Case, province: Province, more: str
) -> _Answer:
    """Three questions: where to, why, and, by choosing why, that it is meant."""
    chosen, _, why = more.partition(".")
    offices = {one.id: one for one in transfer.possible(session, case, province)}
    if chosen not in offices:
        if case.offered_to is not None:
            raise RefusedError("offered_already")
        choices = tuple((f"transfer.{case.number}.{one.id}", one.name) for one in offices.values())
        return _Answer("", "Xin chuyển đến nơi nào?", (*choices, _no(case)))
    reason = _of(words.TRANSFER_REASONS, why)
    label = offices[chosen].label
    if reason is None:
        reasons = _numbered(f"transfer.{case.number}.{chosen}", words.TRANSFER_REASONS)
        question = f"Xin chuyển đến {label}. Vì sao? Bấm lý do là gửi lời xin chuyển."
        return _Answer("", question, (*reasons, _no(case)))
    transfer.offer(session, staff, case.id, chosen, reason, province)
    return _Answer(menu=f"Đã xin chuyển đến {label}: {reason}.")


def _sure(case: Case, act: str, more: str, question: str) -> _Answer:
    return _Answer("", question, ((f"{act}.{case.number}.{more}", words.YES), _no(case)))


def _no(case: Case) -> tuple[str, str]:
    return (f"no.{case.number}", words.NO)


def _numbered(key: str, labels: tuple[str, ...]) -> tuple[tuple[str, str], ...]:
    return tuple((f"{key}.{number}", label) for number, label in enumerate(labels))


def _of(labels: tuple[str, ...], number: str) -> str | None:
    known = number.isascii() and number.isdecimal() and int(number) < len(labels)
    return labels[int(number)] if known else None
