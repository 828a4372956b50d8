"""Keeps the threads of the groups as the cases stand, whoever changed them and from where.

Every change of a case leaves an event in the journal. A group reads it from where it stopped and
brings each case's thread up to date, in one transaction with its place in the journal: what a
crash or a missing right held up is caught up with, and nothing is put twice.
"""

import logging

import sqlalchemy as sa
from sqlalchemy.exc import SQLAlchemyError

from bot.telegram_desk import words
from bot.telegram_desk.posts import Act, Post, put, shows_words, unsent
from cases import chat_groups
from cases.chat_groups import ChatGroup, ChatTopic, Told
from cases.life import HELD, OPEN, CaseState
from cases.model import Case
from cases.staff import StaffMember
from cases.thread import Author, ThreadEntry
from store import events
from store.outbox import Delivery, OutboxRow
from store.session import Database, Session
from store.wakes import Topic

log = logging.getLogger(__name__)

_AT_A_TIME = 100
_LOOK_AGAIN = 2.0
"""Seconds after which the journal is looked at without a wake."""


async def follow(database: Database) -> None:
    """Follow the cases until cancelled; any number of processes may, one at a time works."""
    while True:
        mark = database.wakes.mark(Topic.DESK)
        try:
            more = await database.read(_is_behind) and await database.transact(catch_up)
        except SQLAlchemyError as problem:
            log.warning("the groups are not kept up to date: %s", type(problem).__name__)
            more = False
        if not more:
            await database.wakes.sleep(Topic.DESK, _LOOK_AGAIN, mark)


def _is_behind(session: Session) -> bool:
    newest = events.newest(session)
    return any(
        one.check_wanted or (one.trouble is None and one.seen_event < newest)
        for one in chat_groups.groups(session)
    )


def catch_up(session: Session) -> bool:
    """Bring the threads up to date with the next events; whether there is more to do."""
    if not session.try_alone("telegram-desk"):
        return False
    more = False
    for group in chat_groups.groups(session):
        if group.check_wanted:
            group.check_wanted = False
            put(session, Post(act=Act.CHECK, chat_id=group.chat_id))
        if group.trouble is None:
            more = _catch_up(session, group) or more
    return more


def _catch_up(session: Session, group: ChatGroup) -> bool:
    if group.seen_event == chat_groups.ANEW:
        group.seen_event = events.newest(session)
        for case in _all_of(session, group):
            bring_up_to_date(session, group, case)
        return False
    found = events.after(session, group.seen_event, _AT_A_TIME)
    for case_id in dict.fromkeys(one.case_id for one in found if one.case_id):
        changed = session.get(Case, case_id)
        if changed is not None:
            bring_up_to_date(session, group, changed)
    if found:
        group.seen_event = found[-1].id
    return len(found) == _AT_A_TIME


def _all_of(session: Session, group: ChatGroup) -> list[Case]:
    """What belongs in the group, and what still stands there, oldest first."""
    standing = sa.select(ChatTopic.case_id).where(
        ChatTopic.group_id == group.id, ChatTopic.ended_at.is_(None)
    )
    here = sa.or_(Case.office_id == group.office_id, Case.offered_to == group.office_id)
    query = sa.select(Case).where(
        sa.or_(sa.and_(here, Case.state.in_(OPEN)), Case.id.in_(standing))
    )
    return list(session.scalars(query.order_by(Case.number)))


def bring_up_to_date(session: Session, group: ChatGroup, case: Case) -> None:
    """Put what the thread of a case lacks; nothing when it lacks nothing."""
    here = group.office_id in (case.office_id, case.offered_to)
    alive = here and case.state is not CaseState.CLOSED
    topic = chat_groups.topic_of(session, group, case)
    if topic is None:
        if not alive:
            return
        topic = ChatTopic(group_id=group.id, case_id=case.id)
        session.add(topic)
        session.flush()
    if case.erased_at is not None and topic.thread_id is not None:
        if not unsent(session, topic, Act.DELETE):  # forgotten here too, whatever the group keeps
            put(session, Post(act=Act.DELETE), topic)
        return
    if topic.ended_at is not None:
        if not alive:
            return
        topic.ended_at = None
        if topic.thread_id is not None:
            put(session, Post(act=Act.REOPEN), topic)
    if alive and topic.thread_id is not None and _danger_is_new(case, topic):
        # Its words may stand there: the whole thread goes, and comes again without them.
        put(session, Post(act=Act.DELETE, chat_id=group.chat_id, thread_id=topic.thread_id))
        chat_groups.lose_thread(session, topic)
    if topic.thread_id is None and alive and not unsent(session, topic, Act.OPEN):
        topic.told = None
        put(session, Post(act=Act.OPEN, text=words.topic_name(case.number)), topic)
    _tell_standing(session, group, case, topic)
    if alive and case.office_id == group.office_id and case.state in HELD:
        _tell_words(session, group, case, topic)
        _tell_failures(session, case, topic)
    if not alive:
        topic.ended_at = session.clock.now()
        # What left the branch is not the branch's to read any more, here as on the web desk.
        put(session, Post(act=Act.DELETE if group.deletes or not here else Act.CLOSE), topic)


_DANGER, _NO_DANGER = "danger", "safe"


def _danger_is_new(case: Case, topic: ChatTopic) -> bool:
    """Whether a danger was told since the thread was last brought up to date."""
    return case.danger is not None and (topic.told or "").startswith(f"{_NO_DANGER} ")


# --- the message with the buttons -----------------------------------------------------------------


def _tell_standing(session: Session, group: ChatGroup, case: Case, topic: ChatTopic) -> None:
    line = _line(session, group, case)
    safe = _DANGER if case.danger is not None else _NO_DANGER
    now = f"{safe} {case.state} {case.holder_id} {case.urgent} {case.offered_to} {line}"[:200]
    if now == topic.told:
        return
    if topic.told is not None:  # a changed message rings for nobody
        text = f"{line}\n{words.HOW_TO_REPLY}" if case.state in HELD else line
        put(session, Post(act=Act.SAY, text=text), topic)
    urgent = "🔴 KHẨN · " if case.urgent else ""
    head = (
        f"{urgent}{words.topic_name(case.number)}\nGửi lúc {words.moment(case.opened_at)}\n{line}"
    )
    put(session, Post(act=Act.HEAD, text=head, choices=_choices(group, case)), topic)
    topic.told = now


def _line(session: Session, group: ChatGroup, case: Case) -> str:
    """How a case stands, without a word of what it is about."""
    if group.office_id != case.office_id:
        if case.offered_to == group.office_id:
            return "Nơi khác xin chuyển yêu cầu này cho chi nhánh."
        return "Yêu cầu này không còn ở chi nhánh; chủ đề kết thúc."
    if case.state is CaseState.CLOSED:
        return "Hồ sơ đã kết thúc."
    line = "Chưa ai nhận."
    if case.holder_id is not None:
        line = f"{name_of(session, case.holder_id)} đang giữ."
    if case.withdraw_asked_at is not None:
        line += " Người dân xin rút yêu cầu."
    if case.offered_to is not None:
        line += " Đang chờ nơi khác nhận chuyển."
    return line


def name_of(session: Session, staff_id: str) -> str:
    """The name of a staff member, as colleagues see it."""
    staff = session.get_one(StaffMember, staff_id)
    return staff.open(session.vault, "name") or staff.username


def _choices(group: ChatGroup, case: Case) -> tuple[tuple[str, str], ...]:
    number = case.number
    if group.office_id != case.office_id:
        if case.offered_to != group.office_id:
            return ()
        return ((f"take.{number}", words.TAKE), (f"decline.{number}", words.DECLINE))
    if case.state is CaseState.CLOSED:
        return ()
    urgent = (f"calm.{number}", words.NOT_URGENT) if case.urgent else None
    urgent = urgent or (f"urgent.{number}", words.URGENT)
    transfer = (f"transfer.{number}", words.TRANSFER)
    if case.state is CaseState.WAITING:
        return ((f"claim.{number}", words.CLAIM), transfer, urgent)
    back, close = (f"back.{number}", words.GIVE_BACK), (f"close.{number}", words.CLOSE)
    return (close, transfer, back, urgent)


# --- what was said --------------------------------------------------------------------------------


def _tell_words(session: Session, group: ChatGroup, case: Case, topic: ChatTopic) -> None:
    """Bring what the citizen said, and what was answered elsewhere, into the thread.

    Not the buttons they pressed for the assistant.
    """
    query = sa.select(ThreadEntry).where(
        ThreadEntry.case_id == case.id,
        ThreadEntry.author != Author.ASSISTANT,
        ThreadEntry.pressed.is_(False),
    )
    known = chat_groups.told(session, topic, Told.WORDS)
    entries = [
        one
        for one in session.scalars(query.order_by(ThreadEntry.at, ThreadEntry.id))
        if one.id not in known
    ]
    if not entries:
        return
    chat_groups.tell(session, topic, [one.id for one in entries], Told.WORDS)
    if not shows_words(group, case):
        if any(one.author is Author.CITIZEN for one in entries):
            text = words.SENSITIVE if case.danger is not None else words.HIDDEN
            put(session, Post(act=Act.SAY, text=text), topic)
        return
    together: list[str] = []
    for entry in entries:
        if entry.file_id is None:
            together.append(entry.id)
            continue
        if together:
            put(session, Post(act=Act.WORDS, entries=tuple(together)), topic)
            together = []
        put(session, Post(act=Act.WORDS, entries=(entry.id,)), topic)
    if together:
        put(session, Post(act=Act.WORDS, entries=tuple(together)), topic)


def _tell_failures(session: Session, case: Case, topic: ChatTopic) -> None:
    """Say which of the officers' words did not reach the citizen."""
    known = chat_groups.told(session, topic, Told.FAILED)
    failed = session.scalars(
        sa.select(OutboxRow)
        .join(ThreadEntry, ThreadEntry.id == OutboxRow.thread_entry_id)
        .where(
            ThreadEntry.case_id == case.id,
            OutboxRow.state.in_((Delivery.REFUSED, Delivery.UNKNOWN)),
        )
        .order_by(OutboxRow.created_at)
    )
    for row in failed:
        entry_id = row.thread_entry_id
        if entry_id is None or entry_id in known:
            continue
        chat_groups.tell(session, topic, [entry_id], Told.FAILED)
        text = words.undelivered(row.reason, unknown=row.state is Delivery.UNKNOWN)
        put(session, Post(act=Act.SAY, text=text), topic)
        known |= {entry_id}
