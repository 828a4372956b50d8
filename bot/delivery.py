"""From the outbox to the citizen: rendered in their language, sent, and written down.

A crash between sending and writing down can double one message, never lose it.
"""

import datetime as dt
import logging
from collections import Counter
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import assert_never

import sqlalchemy as sa
from sqlalchemy.exc import InterfaceError, OperationalError
from sqlalchemy.orm import aliased

from bot import erasing, transcript
from bot.channels.message import (
    Button,
    Capabilities,
    ChannelName,
    FetchedFile,
    Outbound,
    Receipt,
    Refused,
    Sent,
    TryLater,
    Unknown,
)
from bot.channels.wire import marked
from bot.conversations import Conversation, is_case_shut, is_left
from bot.telegram_desk import posts
from bot.transcript import Direction, Shown, ShownButton
from cases.careful import needs_care
from cases.contact import contact_of, message_at
from cases.model import Case
from cases.speech import Choice, Line, Say, Verbatim
from cases.thread import ThreadEntry, Told
from cases.wording import Texts
from store import events, outbox
from store.files import StoredFile
from store.outbox import Delivery, Kind, OutboxRow
from store.session import Session

log = logging.getLogger(__name__)

LEASE = dt.timedelta(seconds=60)
"""How long a message is one worker's; after a crash another takes it."""
LONGEST_DELAY = dt.timedelta(days=3)
"""A message that its channel would not take for so long is of no use any more."""
MOST_TRIES = 30
"""So many sends of which nothing was heard, not even that they failed, end a message."""
_FIRST_WAIT = 2.0
_LONGEST_WAIT = 600.0
_TRIES_TO_LONGEST_WAIT = 10
_BEFORE_A_DOUBLE = 60.0
"""Seconds before a message is sent again that may have arrived."""
_TRIES_TO_RENDER = 3
SHUT = "shut"
"""Beside a message that was taken to a web talk which nobody can open any more."""
SEEN = "seen"
"""Beside a message that the citizen has looked at, on a channel that tells."""
_MORE = "more:"
"""Before the number of choices shown, in the key of the button that shows the rest."""
_MAYBE = "maybe arrived: "
"""Before the reason of a message that was sent without an answer once already."""


@dataclass(frozen=True)
class Parcel:
    """One message, leased and rendered, on its way to a channel."""

    row_id: str
    talk_id: str
    channel: ChannelName
    address: str
    message: Outbound
    shown: Shown
    attempts: int


def render(say: Say, texts: Texts, language: str, capabilities: Capabilities) -> Outbound:
    """The words and buttons of a message, as far as its channel has buttons."""
    text = texts.join(say.lines, language)
    buttons = tuple(_button(choice, texts, language) for choice in say.choices)
    most = capabilities.most_buttons if capabilities.buttons else 0
    if most is not None and len(buttons) > most:
        text, buttons = _with_few_buttons(text, buttons, most, say.choices_shown, texts, language)
    ask = say.ask if say.ask in capabilities.asks else None
    label = texts.render(Line(key=f"ask.{ask}"), language) if ask is not None else ""
    return Outbound(text=text, buttons=buttons, ask=ask, ask_label=label, serial=say.serial)


def _with_few_buttons(
    text: str, buttons: tuple[Button, ...], most: int, shown: int, texts: Texts, language: str
) -> tuple[str, tuple[Button, ...]]:
    """The choices as numbered lines where buttons can't show them, else a few and one for more.

    Boxes are numbered as soon as they don't all fit: each tap would send the whole list anew,
    a few numbers say all at once.
    """
    boxes = any(button.ticked is not None for button in buttons)
    if not shown and (boxes or not most):
        lines = [
            f"{number}. {marked(button)}"
            for number, button in enumerate(buttons, 1)
            if button.ticked is not None or not most
        ]
        text = "\n".join((text, "", *lines))
        if boxes:
            text += "\n\n" + texts.render(Line(key="choices.several"), language)
    if not most:
        return text, ()
    rest = tuple(button for button in buttons if button.ticked is None)[shown:]
    if len(rest) > most:
        label = texts.render(Line(key="choices.more"), language)
        rest = (*rest[: most - 1], Button(f"{_MORE}{shown + most - 1}", label))
    return text, rest


def rest_of(choices: tuple[Choice, ...], serial: int, key: str) -> Say | None:
    """The question's choices that did not fit, if that is what the pressed button asks for."""
    shown = key.removeprefix(_MORE)
    if shown == key or not shown.isdecimal() or not choices:
        return None
    return Say(
        lines=(Line(key="choices.rest"),),
        choices=choices,
        serial=serial,
        choices_shown=min(int(shown), len(choices) - 1),
    )


def _button(choice: Choice, texts: Texts, language: str) -> Button:
    return Button(choice.key, texts.render(choice.label, language), choice.ticked)


def take(
    session: Session,
    texts: Texts,
    capabilities: Mapping[ChannelName, Capabilities],
    owner: str | None = None,
    *,
    free: Mapping[ChannelName, int],
    most: int,
    in_hand: Collection[str] = (),
) -> Sequence[Parcel]:
    """Lease the next messages that may be sent to `owner`, `most` in all and as `free` has room.

    Of each talk only the oldest unsent message may leave. One that can't be made ready is put
    off, and given up after some tries, so that it holds up nobody else. What `owner` still has
    `in_hand` (ids of rows) is not sent again, however long it takes.
    """
    parcels: list[Parcel] = []
    left = Counter(free)
    looks = True
    while looks and len(parcels) < most:
        names = [str(name) for name, room in left.items() if room > 0]
        found = _next(session, names, most - len(parcels), in_hand)
        looks = False  # unless one of them ends here: the next of its talk may leave then
        for row, talk in found:
            if not left[ChannelName(row.channel)]:
                looks = True  # and others of other channels may stand behind it
                continue
            parcel = _leased(session, row, talk, texts, capabilities, owner)
            if parcel is None:
                looks = True
                continue
            parcels.append(parcel)
            left[parcel.channel] -= 1
        session.flush()
    return parcels


def take_of_talk(
    session: Session,
    texts: Texts,
    capabilities: Mapping[ChannelName, Capabilities],
    owner: str | None,
    talk: Conversation,
    in_hand: Collection[str] = (),
) -> Parcel | None:
    """Lease the next message of a talk, within the turn that answered there.

    It saves its own transaction, and the citizen the wait for it. None when none may leave now.
    """
    asked = {
        "now": session.clock.now(),
        "channels": [str(talk.channel)],
        "most": 1,
        "in_hand": tuple(in_hand),
        "talk": talk.id,
    }
    with session.no_autoflush:  # the queue is written by statements, and the rest is written once
        found = session.execute(_TO_SEND_OF_TALK, asked).first()
    if found is None:
        return None
    return _leased(session, found[0], talk, texts, capabilities, owner)


def _leased(
    session: Session,
    row: OutboxRow,
    talk: Conversation | None,
    texts: Texts,
    capabilities: Mapping[ChannelName, Capabilities],
    owner: str | None,
) -> Parcel | None:
    """One message, leased and made ready; None when it must not leave now, or not any more."""
    if row.attempts >= MOST_TRIES:
        log.error("a message is given up: nothing was ever heard of %d sends", row.attempts)
        row.leased_until = None
        _end(row, Delivery.UNKNOWN, session.clock.now(), "send failed")
        _tell_the_desk(session, row)
        return None
    if row.case_id is not None and _kept_back(session, row):
        return None
    if row.kind is Kind.POST and posts.must_wait(session, row):
        return None
    row.leased_until, row.leased_by = session.clock.now() + LEASE, owner
    row.attempts += 1
    try:
        parcel = _parcel(session, row, talk, texts, capabilities)
    except (OperationalError, InterfaceError):
        raise
    except Exception as problem:
        log.error("a message can't be made ready: %s", type(problem).__name__)  # noqa: TRY400
        _put_off(session, row)
        return None
    if parcel is None:
        _not_wanted(session, row)
    return parcel


NEUTRAL = frozenset({"notice.message", "meeting.reminder"})
"""All that may be said unasked while the case is shut; a test reads each of them."""
_TOLD = "told"
"""Beside a message kept back of which a neutral notice was sent."""
_LOOK_AGAIN = dt.timedelta(days=1)
_ROUND = 100


def _kept_back(session: Session, row: OutboxRow) -> bool:
    """Hold what tells of a case while others may hold the phone; a neutral notice goes instead."""
    now = session.clock.now()
    talk = session.get(Conversation, row.conversation_id)
    case = session.get(Case, row.case_id or "")
    if talk is None or case is None or not is_case_shut(talk, now):
        return False
    if _is_neutral(session, row):
        at = notice_at(session, case, now)
        if at is not None and at <= now:
            return False
        _end(row, Delivery.REFUSED, now, "not safe now")
        return True
    row.state, row.due_at, row.reason, row.leased_until = Delivery.HELD, now, None, None
    session.flush()
    _give_notice(session, row, talk, case)
    _tell_the_desk(session, row)
    return True


def _is_neutral(session: Session, row: OutboxRow) -> bool:
    if row.kind is not Kind.SAY:
        return False
    message = Say.model_validate_json(row.open(session.vault, "body") or "")
    return {line.key for line in message.lines} <= NEUTRAL


def notice_at(session: Session, case: Case, now: dt.datetime) -> dt.datetime | None:
    """From when on a neutral notice about a case may light up their phone; None: never."""
    contact = contact_of(case.open(session.vault, "contact"))
    return message_at(contact, now, in_danger=needs_care(session, case))


def _give_notice(session: Session, row: OutboxRow, talk: Conversation, case: Case) -> None:
    """Say that there is something to see, once until they have looked, and only when it is safe."""
    now = session.clock.now()
    at = notice_at(session, case, now)
    if at is None or at > now:
        row.due_at = at or now + _LOOK_AGAIN
        return
    told = sa.select(OutboxRow.id).where(
        OutboxRow.conversation_id == talk.id,
        OutboxRow.state == Delivery.HELD,
        OutboxRow.reason == _TOLD,
    )
    if session.scalar(told.limit(1)) is None:
        look = Choice(key="go:status", label=Line(key="meeting.look"))
        outbox.put(
            session,
            conversation_id=talk.id,
            channel=talk.channel,
            kind=Kind.SAY,
            body=Say(lines=(Line(key="notice.message"),), choices=(look,)).model_dump_json(),
        )
    row.reason = _TOLD


def give_notices(session: Session) -> None:
    """One round: tell of what is held back where it has become safe to. One process at a time."""
    if not session.try_alone("delivery.notices"):
        return
    rows = session.scalars(
        sa.select(OutboxRow)
        .where(
            OutboxRow.state == Delivery.HELD,
            OutboxRow.reason.is_(None),
            OutboxRow.due_at <= session.clock.now(),
        )
        .order_by(OutboxRow.due_at)
        .limit(_ROUND)
        .with_for_update(skip_locked=True)
    ).all()
    for row in rows:
        talk = session.get(Conversation, row.conversation_id)
        case = session.get(Case, row.case_id or "")
        if talk is not None and case is not None:
            _give_notice(session, row, talk, case)


def _not_wanted(session: Session, row: OutboxRow) -> None:
    """A post that nobody may see any more is not sent."""
    post = posts.post_of(session, row)
    row.leased_until = None
    _end(row, Delivery.REFUSED, session.clock.now(), "not wanted")
    posts.ended(session, row, post, None)
    session.flush()


def _next(
    session: Session, channels: Sequence[str], most: int, in_hand: Collection[str]
) -> Sequence[tuple[OutboxRow, Conversation | None]]:
    """What may leave now, each of another talk, with its talk; a post for the staff has none."""
    now = session.clock.now()
    asked = {"now": now, "channels": channels, "most": most, "in_hand": tuple(in_hand)}
    return [(row, talk) for row, talk in session.execute(_TO_SEND, asked)]


def _to_send() -> sa.Select[OutboxRow, Conversation]:
    earlier = aliased(OutboxRow)
    now = sa.bindparam("now", type_=OutboxRow.due_at.type)
    first_of_talk = ~sa.exists().where(
        earlier.conversation_id == OutboxRow.conversation_id,
        earlier.state == Delivery.WAITING,
        earlier.seq < OutboxRow.seq,
    )
    return (
        sa.select(OutboxRow, Conversation)
        .outerjoin(Conversation, Conversation.id == OutboxRow.conversation_id)
        .where(
            OutboxRow.state == Delivery.WAITING,
            OutboxRow.due_at <= now,
            sa.or_(OutboxRow.leased_until.is_(None), OutboxRow.leased_until < now),
            OutboxRow.channel.in_(sa.bindparam("channels", expanding=True)),
            OutboxRow.id.not_in(sa.bindparam("in_hand", expanding=True)),
            first_of_talk,
        )
        .order_by(OutboxRow.due_at, OutboxRow.id)
        .limit(sa.bindparam("most"))
        .with_for_update(of=OutboxRow, skip_locked=True)
    )


_TO_SEND = _to_send()
_TO_SEND_OF_TALK = _TO_SEND.where(OutboxRow.conversation_id == sa.bindparam("talk"))


def _parcel(
    session: Session,
    row: OutboxRow,
    talk: Conversation | None,
    texts: Texts,
    capabilities: Mapping[ChannelName, Capabilities],
) -> Parcel | None:
    if row.kind is Kind.POST:
        made = posts.ready(session, row)
        if made is None:
            return None
        chat_id, post = made
        shown = Shown(text="")
        return Parcel(
            row.id,
            row.conversation_id,
            ChannelName(row.channel),
            chat_id,
            post,
            shown,
            row.attempts,
        )
    if talk is None:
        raise LookupError("its talk is gone")
    channel = ChannelName(row.channel)
    body = row.open(session.vault, "body") or ""
    match row.kind:
        case Kind.SAY:
            say = Say.model_validate_json(body)
            message = render(say, texts, talk.language, capabilities[channel])
            row.serial = say.serial or None
            replaced = _receipt_of_question(session, row) if say.replaces else None
            message = replace(message, replaces=replaced)
            shown = _shown(message, secret=say.secret)
        case Kind.VERBATIM:
            words = Verbatim.model_validate_json(body)
            header = texts.render(
                Line(key="case.header", blanks={"office": words.office}), talk.language
            )
            message = Outbound(f"{header}\n{words.text}", file=_file(session, words.file_id))
            shown = Shown(text=words.text, office=words.office, file_id=words.file_id)
        case _:
            assert_never(row.kind)
    address = talk.open(session.vault, "address") or ""
    return Parcel(row.id, talk.id, channel, address, message, shown, row.attempts)


def _put_off(session: Session, row: OutboxRow) -> None:
    now = session.clock.now()
    row.leased_until = None
    if row.attempts < _TRIES_TO_RENDER:
        row.due_at = now + dt.timedelta(seconds=_backoff(row.attempts, 1.0))
        return
    _end(row, Delivery.REFUSED, now, "can't be made ready")
    _tell_the_desk(session, row)


def _shown(message: Outbound, *, secret: bool) -> Shown:
    return Shown(
        text=message.text,
        buttons=tuple(
            ShownButton(key=button.key, label=button.label, ticked=button.ticked)
            for button in message.buttons
        ),
        ask=message.ask,
        serial=message.serial,
        secret=secret,
    )


def _file(session: Session, file_id: str | None) -> FetchedFile | None:
    if file_id is None:
        return None
    stored = session.get_one(StoredFile, file_id)
    content = stored.open_bytes(session.vault, "content") or b""
    return FetchedFile(content, stored.open(session.vault, "name"))


def _receipt_of_question(session: Session, row: OutboxRow) -> str | None:
    """What the same question was last sent as; never another message, such as an officer's."""
    if row.serial is None:
        return None
    return session.scalar(
        sa.select(OutboxRow.receipt)
        .where(
            OutboxRow.conversation_id == row.conversation_id,
            OutboxRow.serial == row.serial,
            OutboxRow.state == Delivery.SENT,
            OutboxRow.seq < row.seq,
        )
        .order_by(OutboxRow.seq.desc())
        .limit(1)
    )


def write_down(session: Session, parcel: Parcel, sent: Sent, *, jitter: float) -> None:
    """Keep what became of a message. `jitter` is a random number from 0 to 1."""
    if parcel.channel is ChannelName.TELEGRAM_DESK and isinstance(parcel.message, posts.GroupPost):
        _write_down_post(session, parcel, sent, jitter)
        return
    if isinstance(sent, Receipt):
        _write_down_arrived(session, parcel, sent)
        return
    # The talk before its message, as a turn that deletes the talk locks them.
    talk = session.get(Conversation, parcel.talk_id, with_for_update=True)
    row = session.get(OutboxRow, parcel.row_id, with_for_update=True)
    if talk is None or row is None or row.state is not Delivery.WAITING:
        return
    now = session.clock.now()
    notice = isinstance(sent, Refused) and _is_neutral(session, row)
    unsure = isinstance(sent, Unknown) or _maybe_arrived(row)
    _settle(row, sent, now, jitter)
    if notice and isinstance(sent, Refused):
        _end_held(session, talk, sent.reason)
    if row.ended_at is not None:
        _tell_the_desk(session, row)
        if unsure:  # it may stand on their phone, so it stands in the talk
            shown = parcel.shown.model_copy(update={"unsure": True})
            transcript.add(session, talk.id, Direction.OUT, shown)


def _write_down_arrived(session: Session, parcel: Parcel, receipt: Receipt) -> None:
    """Keep that a message arrived: by far the most that is written down, so by statements only."""
    talk = session.execute(_LOCK_TALK, {"talk": parcel.talk_id}).one_or_none()
    if talk is None:
        return
    now = session.clock.now()
    left = is_left(talk.channel, talk.shut_at, talk.last_active_at, now)
    ended = {
        "row": parcel.row_id,
        "now": now,
        "number": receipt.reference[:100] or None,
        "beside": SHUT if left else None,
    }
    row = session.execute(_SENT, ended).one_or_none()
    # What was on its way when its talk was deleted goes from the phone like the rest.
    gone = row is None and erasing.is_gone(session, parcel.row_id)
    references = [one for one in (*receipt.others, receipt.reference) if one]
    secret = parcel.shown.secret
    erasing.remember(session, talk.channel, talk.id, references, secret=secret, at_once=gone)
    if row is None:
        return  # it was erased, or ended otherwise, while it was on its way
    if row.thread_entry_id is not None:
        events.record(session, "case.delivery", case_id=_case_of(session, row.thread_entry_id))
    transcript.add(session, talk.id, Direction.OUT, parcel.shown)


# Built once, as every message that arrives is written down by them.
_TALKS, _TABLE = Conversation.as_table(), OutboxRow.as_table()
_LOCK_TALK = (
    sa.select(_TALKS.c.id, _TALKS.c.channel, _TALKS.c.shut_at, _TALKS.c.last_active_at)
    .where(_TALKS.c.id == sa.bindparam("talk"))
    .with_for_update()
)
_SENT = (
    sa.update(_TABLE)
    .where(_TABLE.c.id == sa.bindparam("row"), _TABLE.c.state == Delivery.WAITING)
    .values(
        state=Delivery.SENT,
        body=None,
        leased_until=None,
        ended_at=sa.bindparam("now", type_=OutboxRow.ended_at.type),
        receipt=sa.bindparam("number"),
        reason=sa.bindparam("beside"),
    )
    .returning(_TABLE.c.thread_entry_id)
)


def _end_held(session: Session, talk: Conversation, reason: str) -> None:
    """The notice can't reach them, so what waits behind it won't: the officer has to know."""
    held = session.scalars(
        sa.select(OutboxRow)
        .where(OutboxRow.conversation_id == talk.id, OutboxRow.state == Delivery.HELD)
        .with_for_update()
    ).all()
    for row in held:
        _end(row, Delivery.REFUSED, session.clock.now(), reason)
        _tell_the_desk(session, row)


def _write_down_post(session: Session, parcel: Parcel, sent: Sent, jitter: float) -> None:
    row = session.get(OutboxRow, parcel.row_id, with_for_update=True)
    if row is None or row.state is not Delivery.WAITING:
        return
    post = posts.post_of(session, row)
    _settle(row, sent, session.clock.now(), jitter)
    posts.ended(session, row, post, sent)


def _settle(row: OutboxRow, sent: Sent, now: dt.datetime, jitter: float) -> None:
    """End a message, or put it off, by what its channel said."""
    row.leased_until = None
    match sent:
        case Receipt(reference=reference):
            _end(row, Delivery.SENT, now)
            row.receipt = reference[:100] or None
        case Refused(reason=reason):
            _end(row, Delivery.REFUSED, now, reason)
        case TryLater(seconds=seconds, reason=reason):
            if now - row.created_at > LONGEST_DELAY:
                _end(row, Delivery.REFUSED, now, reason)
            else:
                # However often a channel asks to wait, that alone never ends a message.
                row.attempts = min(row.attempts, _TRIES_TO_LONGEST_WAIT)
                wait = max(seconds, _backoff(row.attempts, jitter))
                _again(row, now, wait, f"{_MAYBE}{reason}" if _maybe_arrived(row) else reason)
        case Unknown(reason=reason):
            # A double is better than a loss here, but only one.
            if _maybe_arrived(row):
                _end(row, Delivery.UNKNOWN, now, reason)
            else:
                wait = max(_BEFORE_A_DOUBLE, _backoff(row.attempts, jitter))
                _again(row, now, wait, f"{_MAYBE}{reason}")
        case _:
            assert_never(sent)


def seen(session: Session, talk_id: str, receipts: Sequence[str]) -> None:
    """Write down that the citizen has looked at some messages of a talk."""
    rows = session.scalars(
        sa.select(OutboxRow)
        .where(
            OutboxRow.conversation_id == talk_id,
            OutboxRow.state == Delivery.SENT,
            OutboxRow.reason.is_(None),
            OutboxRow.receipt.in_(receipts),
        )
        .with_for_update()
    )
    for row in rows:
        row.reason = SEEN
        _tell_the_desk(session, row)


def _tell_the_desk(session: Session, row: OutboxRow) -> None:
    """What became of an officer's words shows on the desk."""
    if row.thread_entry_id is not None:
        events.record(session, "case.delivery", case_id=_case_of(session, row.thread_entry_id))
    elif row.state in (Delivery.REFUSED, Delivery.UNKNOWN):
        # What the assistant told for the office shows only where it did not arrive.
        for_case = session.scalar(sa.select(Told.case_id).where(Told.outbox_id == row.id))
        if for_case is not None:
            events.record(session, "case.delivery", case_id=for_case)


def _case_of(session: Session, thread_entry_id: str) -> str | None:
    return session.scalar(sa.select(ThreadEntry.case_id).where(ThreadEntry.id == thread_entry_id))


def _maybe_arrived(row: OutboxRow) -> bool:
    return (row.reason or "").startswith(_MAYBE)


def _again(row: OutboxRow, now: dt.datetime, wait: float, reason: str) -> None:
    row.due_at, row.reason = now + dt.timedelta(seconds=wait), reason[:100]


def _end(row: OutboxRow, state: Delivery, now: dt.datetime, reason: str | None = None) -> None:
    row.state, row.ended_at, row.body = state, now, None
    row.reason = reason[:100] if reason else None


def _backoff(attempts: int, jitter: float) -> float:
    """Seconds to wait after so many attempts: doubling, with a random part."""
    return min(_FIRST_WAIT * 2.0 ** (attempts - 1), _LONGEST_WAIT) * (0.5 + jitter / 2)
