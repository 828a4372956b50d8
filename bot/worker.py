"""Takes from the inbox to the turn, and from the outbox to the channels, for ever.

Any number of workers in any number of processes may run on one PostgreSQL: a talk is locked
while its message is answered, and a message to be sent is leased. On SQLite there is one process.
"""

import asyncio
import datetime as dt
import json
import logging
import random
import time
from collections import Counter
from collections.abc import Awaitable, Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager, suppress
from dataclasses import dataclass, replace
from enum import StrEnum
from functools import partial
from typing import Any, TypeVar

import sqlalchemy as sa
from sqlalchemy.exc import InterfaceError, OperationalError, SQLAlchemyError
from sqlalchemy.orm import aliased

from bot import delivery, erasing
from bot.channels.message import (
    Channel,
    ChannelName,
    FetchedFile,
    Inbound,
    Receipt,
    Refused,
    Sent,
    TakesAway,
    TryLater,
    Unknown,
)
from bot.conversations import Conversation
from bot.inbox import InboxRow, InboxState
from bot.logs import where
from bot.metrics import Metrics
from bot.telegram_desk.hear import FromGroup, without_its_place
from bot.turn import Rooms, handle, understood_of
from bot.understanding.understood import Understood
from cases import appointments, clock
from cases.speech import say
from store import outbox
from store.base import new_id
from store.processes import alive
from store.scanner import Scanner, verdict
from store.session import Database, Session
from store.wakes import Topic

log = logging.getLogger(__name__)
T = TypeVar("T")

MOST_ATTEMPTS = 3
"""So often a turn is tried before the message is put aside and the citizen told."""
_LONG = 1_000
"""Characters of a message that is read before its turn: 16,000 take half a second, and whoever
writes to SQLite would wait that long."""
_PREPARING = dt.timedelta(seconds=45)
_LOOK_AGAIN = 2.0
"""Seconds after which a sleeper looks by itself: for retries that fall due, and missed wakes."""
_LOOK_FOR_ERASURES = 15.0
_AFTER_FAILURE = 1.0
_LOOK_AFTER_OTHERS = 1.5
"""Seconds between two looks at whether a process died with work in hand."""
_UNDER_WAY = 32
"""Sends of one channel at a time; each is of another talk."""
_LEASED_AT_ONCE = 8
"""So many messages leave in one transaction at most; others who write wait that long."""
_DATABASE_DOWN = (OperationalError, InterfaceError, sa.exc.TimeoutError)
"""No fault of the message in hand; any other error of the database is one of the message."""

_OUTCOMES: Mapping[type[Sent], str] = {
    Receipt: "receipt",
    Refused: "refused",
    TryLater: "try_later",
    Unknown: "unknown",
}


class Did(StrEnum):
    NOTHING = "nothing"
    SOMETHING = "something"


@dataclass(frozen=True)
class _ToPrepare:
    """A message that can't be answered at once: its file has to be brought, or it is pages long.

    Both are done outside of any transaction, while others are answered.
    """

    row_id: str
    inbound: Inbound


@dataclass(frozen=True)
class _Prepared:
    fetched: FetchedFile | None
    understood: Understood | None


class _TurnFailedError(Exception):
    """What a turn did is undone, and nobody holds its talk; the failure is still to be kept."""

    def __init__(self, row_id: str) -> None:
        super().__init__()
        self.row_id = row_id


@dataclass(frozen=True)
class _Turned:
    """A message had its turn, or failed for good; told to the metrics once it is committed."""

    channel: ChannelName
    outcome: InboxState
    seconds: float
    more: bool
    """Whether other messages wait as well."""
    answer: delivery.Parcel | None = None
    """What is said to it, leased already."""


def take_up_again(session: Session) -> None:
    """Let go of what a process that died had in hand, so that nobody waits for its leases.

    Only for a start on SQLite, where no other process is at work.
    """
    busy, leased = Conversation.busy_until, outbox.OutboxRow.leased_until
    session.execute(sa.update(Conversation).where(busy.is_not(None)).values(busy_until=None))
    session.execute(
        sa.update(outbox.OutboxRow).where(leased.is_not(None)).values(leased_until=None)
    )


def take_over(session: Session, owner: str, missing: frozenset[str]) -> frozenset[str]:
    """Let go of what dead processes had in hand; the processes that hold something and no lock.

    Only those that were `missing` at the look before as well: one that is connecting anew, after
    the database was away, has a moment without its lock. What it holds would be sent twice.
    """
    lease, busy = outbox.OutboxRow, Conversation
    leased = sa.select(lease.leased_by).where(
        lease.state == outbox.Delivery.WAITING, lease.leased_until.is_not(None)
    )
    fetching = sa.select(busy.busy_by).where(busy.busy_until.is_not(None))
    holders = {one for one in session.scalars(leased.union(fetching)) if one not in (None, owner)}
    dead = frozenset(one for one in holders if session.try_alone(alive(one)))
    for one in dead & missing:
        log.warning("a process died with work in hand: it is taken over")
        session.execute(
            sa.update(lease).where(lease.leased_by == one).values(leased_until=None, leased_by=None)
        )
        session.execute(
            sa.update(busy).where(busy.busy_by == one).values(busy_until=None, busy_by=None)
        )
        session.wake(Topic.INBOX)
        session.wake(Topic.OUTBOX)
    return dead


class Worker:
    """The loops that move messages."""

    def __init__(
        self,
        database: Database,
        rooms: Rooms,
        channels: Mapping[ChannelName, Channel],
        *,
        metrics: Metrics | None = None,
        scanner: Scanner | None = None,
        hands: int = 4,
        round_every: float = 10.0,
        owner: str | None = None,
    ) -> None:
        """`owner`: the id of this process, whose lock it holds while it lives (`processes.alive`).

        `round_every`: seconds between two rounds of the law's clock.

        When the process whose round it was has died, the next one's comes within that time.
        """
        self._database = database
        self._rooms = rooms
        self._channels = channels
        self._names = [str(name) for name in channels]
        self._capabilities = {name: one.capabilities for name, one in channels.items()}
        self._metrics = metrics or Metrics()
        self._scanner = scanner
        self._hands = hands
        self._round_every = round_every
        self._owner = owner
        self._stopping = False
        self._stopped = asyncio.Event()
        self._door = asyncio.Lock()
        self._seen: int | None = None
        self._in_hand: set[str] = set()
        self._sends: asyncio.TaskGroup | None = None
        """What is under way to the channels; None while nobody delivers."""
        self._free = Counter(dict.fromkeys(channels, _UNDER_WAY))
        """How many more sends of each channel may be under way."""

    async def run(self) -> None:
        """Work until cancelled or `stop` was called; what is in hand is finished first."""
        async with asyncio.TaskGroup() as sends:
            self._sends = sends
            try:
                await self._run(sends)
            finally:
                self._sends = None

    async def _run(self, sends: asyncio.TaskGroup) -> None:
        async with asyncio.TaskGroup() as group:
            for _ in range(self._hands):
                group.create_task(self._work())
            group.create_task(self._deliver(sends))
            if any(isinstance(one, TakesAway) for one in self._channels.values()):
                group.create_task(self._take_away())
            group.create_task(self._watch_the_clock())
            if self._owner is not None and self._database.on_postgres:
                group.create_task(self._watch_the_others(self._owner))

    def stop(self) -> None:
        """Take nothing new; `run` returns when what is in hand is done."""
        self._stopping = True
        self._stopped.set()
        self._database.wakes.wake(Topic)

    async def _tried(self, topic: Topic, step: Callable[[], Awaitable[T]]) -> T | None:
        """The step's result; None, after a pause, when it failed."""
        try:
            return await step()
        except SQLAlchemyError as problem:
            log.warning("the database does not answer: %s", type(problem).__name__)
        except Exception as problem:
            log.error("a %s step failed: %s", topic, where(problem))  # noqa: TRY400 - no traces
        await asyncio.sleep(_AFTER_FAILURE)
        self._database.wakes.wake((topic,))  # what was seen and not done is looked for again
        return None

    async def _watch_the_clock(self) -> None:
        """Round after round; every process makes them, and one at a time does the work."""
        while not self._stopping:
            try:
                await self.tell_due()
            except Exception as problem:
                log.warning("a round of the clock failed: %s", where(problem))
            with suppress(TimeoutError):
                async with asyncio.timeout(self._round_every):
                    await self._stopped.wait()

    async def _watch_the_others(self, owner: str) -> None:
        """Take over what a process that died had in hand, long before its leases run out."""
        missing: frozenset[str] = frozenset()
        while not self._stopping:
            try:
                missing = await self._database.transact(
                    partial(take_over, owner=owner, missing=missing)
                )
            except SQLAlchemyError:  # with the database down nobody holds a lock
                missing = frozenset()
            with suppress(TimeoutError):
                async with asyncio.timeout(_LOOK_AFTER_OTHERS):
                    await self._stopped.wait()

    async def tell_due(self) -> None:
        """One round: tell the staff what is due, remind of meetings; in short transactions."""
        more = True
        while more and not self._stopping:
            sweep = await self._database.transact(
                lambda session: clock.tell_due(session, self._rooms.province), patient=True
            )
            more = sweep.more
        await self._database.transact(appointments.remind_due, patient=True)
        await self._database.transact(delivery.give_notices, patient=True)

    # --- in ------------------------------------------------------------------------------------

    async def _work(self) -> None:
        """One hand: the first at the door waits for news and goes to look, then the next waits.

        So one message costs one look, and many at once bring all the hands to work.
        """
        while True:
            async with self._door:
                if self._seen is not None:
                    await self._database.wakes.sleep(Topic.INBOX, _LOOK_AGAIN, self._seen)
                if self._stopping:
                    return
                self._seen = self._database.wakes.mark(Topic.INBOX)
            await self._tried(Topic.INBOX, self.answer_one)

    async def answer_one(self) -> Did:
        """Answer one message of a talk that nobody else has in hand; talks take turns."""
        took = await self._one_turn(self._take_and_answer, patient=True)
        if isinstance(took, _ToPrepare):
            self._look_again()  # nobody else waits for that
            took = await self._prepare_and_answer(took)
        if isinstance(took, _Turned):
            self._metrics.turn(took.channel, took.outcome, took.seconds)
            if took.answer is not None and self._sends is not None:
                self._send_beside(took.answer, self._sends)
        if took is not Did.NOTHING and not (isinstance(took, _Turned) and not took.more):
            self._look_again()
        return Did.NOTHING if took is Did.NOTHING else Did.SOMETHING

    async def _one_turn(self, turn: Callable[[Session], T], *, patient: bool) -> T | Did | _Turned:
        """One transaction; of a turn that failed nothing is left but that it did."""
        try:
            return await self._database.transact(turn, patient=patient)
        except _TurnFailedError as failed:
            row_id, problem = failed.row_id, failed.__cause__ or failed
            return await self._database.transact(
                lambda session: self._failed(session, row_id, problem)
            )

    def _look_again(self) -> None:
        self._database.wakes.wake((Topic.INBOX,))

    async def _prepare_and_answer(self, took: _ToPrepare) -> Did | _Turned:
        try:
            prepared = _Prepared(
                await self._fetch(took.inbound), await self._understand(took.inbound)
            )
        except Exception as problem:
            failed = problem
            return await self._database.transact(
                lambda session: self._failed(session, took.row_id, failed)
            )
        return await self._one_turn(
            lambda session: self._answer(session, took, prepared), patient=False
        )

    def _take_and_answer(self, session: Session) -> Did | _ToPrepare | _Turned:
        found = self._next(session)
        if found is None:
            return Did.NOTHING
        _talk, row = found  # held here, or the session would forget it and read it again
        with _undoing(row.id):
            return self._begin(session, row)

    def _begin(self, session: Session, row: InboxRow) -> _ToPrepare | _Turned:
        channel = self._channels[row.channel]
        inbound = channel.read(_event(session, row))
        if inbound is not None and (_brings_a_file(inbound) or _is_long(inbound)):
            talk = session.get_one(Conversation, row.conversation_id)
            talk.busy_until = session.clock.now() + _PREPARING
            talk.busy_by = self._owner
            return _ToPrepare(row.id, inbound)
        said = handle(session, row, inbound, self._rooms)
        return self._turned(session, row, said=said)

    def _turned(self, session: Session, row: InboxRow, *, said: bool) -> _Turned:
        """The talk had its turn: those that wait longer come first now.

        Its answer is taken along if there is room for it, so that it waits for nothing more.
        """
        talk = session.get_one(Conversation, row.conversation_id)
        talk.served_at = session.clock.now()
        answer = None
        if said and self._sends is not None and self._free[row.channel] > self._hands:
            answer = delivery.take_of_talk(
                session,
                self._rooms.texts,
                self._capabilities,
                self._owner,
                talk,
                in_hand=frozenset(self._in_hand),
            )
        if said and answer is None:
            session.wake(Topic.OUTBOX)
        return replace(_turned(session, row), answer=answer)

    def _next(self, session: Session) -> tuple[Conversation, InboxRow] | None:
        """The oldest waiting message of the talk served longest ago, the talk locked.

        By turns, so that one who writes a hundred messages delays nobody else's first.
        """
        now = session.clock.now()
        found = session.execute(_TO_ANSWER, {"now": now, "channels": self._names}).first()
        return None if found is None else (found[0], found[1])

    async def _understand(self, inbound: Inbound) -> Understood | None:
        """What pages of story say; shorter ones are read within their turn."""
        if not _is_long(inbound):
            return None
        today = self._database.clock.today()
        return await asyncio.to_thread(understood_of, inbound, self._rooms, today)

    async def _fetch(self, inbound: Inbound) -> FetchedFile | None:
        if inbound.file is None or not _brings_a_file(inbound):
            return None
        fetched = await self._channels[inbound.channel].fetch(inbound.file)
        if fetched is None:
            return None
        fetched = replace(fetched, scan=await verdict(self._scanner, fetched.content))
        if isinstance(inbound, FromGroup):
            return await asyncio.to_thread(without_its_place, fetched)
        return fetched

    def _answer(self, session: Session, took: _ToPrepare, prepared: _Prepared) -> Did | _Turned:
        row = self._still_waiting(session, took.row_id)
        if row is None:
            return Did.SOMETHING
        with _undoing(row.id):
            said = handle(
                session,
                row,
                took.inbound,
                self._rooms,
                prepared.fetched,
                prepared.understood,
            )
            return self._turned(session, row, said=said)

    def _still_waiting(self, session: Session, row_id: str) -> InboxRow | None:
        """The message, its talk locked; None if another worker has answered it meanwhile."""
        row = session.get_one(InboxRow, row_id)
        session.get(Conversation, row.conversation_id, with_for_update=True)
        session.refresh(row)
        return row if row.state is InboxState.WAITING else None

    def _failed(self, session: Session, row_id: str, problem: BaseException) -> Did | _Turned:
        """Try again a little later; after the last attempt keep it and tell the citizen."""
        row = self._still_waiting(session, row_id)
        if row is None:
            return Did.SOMETHING
        talk = session.get_one(Conversation, row.conversation_id)
        now = session.clock.now()
        talk.busy_until, talk.served_at = None, now
        row.attempts += 1
        if row.attempts < MOST_ATTEMPTS:
            row.due_at = now + dt.timedelta(seconds=2.0 ** (row.attempts - 1))
            log.warning("a turn failed and is tried again: %s", where(problem))
            return Did.SOMETHING
        row.state, row.ended_at, row.error_id = InboxState.FAILED, now, new_id()[-8:]
        log.error(
            "a turn failed for good, error %s: %s",
            row.error_id,
            where(problem),
            extra={"error": row.error_id},
        )
        outbox.put(
            session,
            conversation_id=talk.id,
            channel=talk.channel,
            kind=outbox.Kind.SAY,
            body=say("always.failed", error=row.error_id).model_dump_json(),
        )
        return _turned(session, row)

    # --- out -----------------------------------------------------------------------------------

    async def send_one(self) -> Did:
        """Send the next message that may leave, whatever its channel."""
        parcels = await self._lease(dict.fromkeys(self._channels, 1), most=1)
        for parcel in parcels:
            await self._send(parcel)
        return Did.SOMETHING if parcels else Did.NOTHING

    async def _take_away(self) -> None:
        while not self._stopping:
            mark = self._database.wakes.mark(Topic.ERASURES)
            did = await self._tried(Topic.ERASURES, self.take_away_one)
            if did is Did.NOTHING and not self._stopping:
                await self._database.wakes.sleep(Topic.ERASURES, _LOOK_FOR_ERASURES, mark)

    async def take_away_one(self) -> Did:
        """Take some messages of one deleted talk from the citizen's phone."""
        found = await self._database.transact(erasing.next_to_take_away, patient=True)
        if found is None:
            return Did.NOTHING
        channel: object = self._channels.get(found.channel)
        if not isinstance(channel, TakesAway):
            return Did.NOTHING
        if await channel.take_away(found.address, found.references):
            await self._database.transact(lambda session: erasing.taken_away(session, found.ids))
        return Did.SOMETHING

    async def _deliver(self, sends: asyncio.TaskGroup) -> None:
        """Keep many sends of each channel under way, so that a slow one delays no other."""
        wakes = self._database.wakes
        while not self._stopping:
            mark = wakes.mark(Topic.OUTBOX)
            parcels = await self._tried(Topic.OUTBOX, partial(self._lease, self._free))
            for parcel in parcels or ():
                self._send_beside(parcel, sends)
            if len(parcels or ()) < _LEASED_AT_ONCE and not self._stopping:
                await wakes.sleep(Topic.OUTBOX, _LOOK_AGAIN, mark)

    def _send_beside(self, parcel: delivery.Parcel, sends: asyncio.TaskGroup) -> None:
        """Send a leased message while others are answered and sent."""
        self._free[parcel.channel] -= 1
        self._in_hand.add(parcel.row_id)
        sends.create_task(self._sent_beside(parcel))

    async def _sent_beside(self, parcel: delivery.Parcel) -> None:
        try:
            await self._send(parcel)
        except Exception as problem:  # the lease runs out and it is sent again
            log.warning("a send was not written down: %s", where(problem))
        finally:
            if self._free[parcel.channel] <= 0:
                self._database.wakes.wake((Topic.OUTBOX,))
            self._free[parcel.channel] += 1

    async def _lease(
        self, free: Mapping[ChannelName, int], most: int = _LEASED_AT_ONCE
    ) -> Sequence[delivery.Parcel]:
        """The next messages that may leave, no more of a channel than it has free sends."""
        if all(room <= 0 for room in free.values()):
            return ()
        parcels = await self._database.transact(
            partial(self._take_parcels, free=free, most=most), patient=True
        )
        self._in_hand.update(one.row_id for one in parcels)
        return parcels

    def _take_parcels(
        self, session: Session, free: Mapping[ChannelName, int], most: int
    ) -> Sequence[delivery.Parcel]:
        return delivery.take(
            session,
            self._rooms.texts,
            self._capabilities,
            self._owner,
            free=free,
            most=most,
            in_hand=frozenset(self._in_hand),
        )

    async def _send(self, parcel: delivery.Parcel) -> None:
        """Send one message and write down what became of it; until then nobody here sends it."""
        try:
            await self._send_and_write(parcel)
        finally:
            self._in_hand.discard(parcel.row_id)

    async def _send_and_write(self, parcel: delivery.Parcel) -> None:
        try:
            sent: Sent = await self._channels[parcel.channel].send(parcel.address, parcel.message)
        except Exception as problem:
            log.error("a send failed: %s", where(problem))  # noqa: TRY400 - no traces
            sent = Unknown("send failed")
        self._metrics.sent(parcel.channel, _OUTCOMES[type(sent)])
        jitter = random.random()  # noqa: S311 - spreads retries, guards nothing
        await self._write_down(partial(_ended, parcel=parcel, sent=sent, jitter=jitter))

    async def _write_down(self, write: Callable[[Session], None]) -> None:
        """Write what became of a send; a database that is away is waited for as long as we may.

        It goes before turns that wait: what is not written down is what a crash doubles. Once the
        lease is over another worker sends it again.
        """
        end = time.monotonic() + delivery.LEASE.total_seconds()
        while True:
            try:
                return await self._database.transact(write)
            except _DATABASE_DOWN:
                if self._stopping or time.monotonic() > end:
                    raise
                await asyncio.sleep(_AFTER_FAILURE)


def _ended(session: Session, parcel: delivery.Parcel, sent: Sent, jitter: float) -> None:
    delivery.write_down(session, parcel, sent, jitter=jitter)
    session.flush()
    if session.scalar(_ANOTHER_OF_TALK, {"talk": parcel.talk_id, "row": parcel.row_id}):
        session.wake(Topic.OUTBOX)  # it may leave now


_OUTBOX, _INBOX = outbox.OutboxRow.as_table(), InboxRow.as_table()
_ANOTHER_OF_TALK = sa.select(
    sa.exists().where(
        _OUTBOX.c.conversation_id == sa.bindparam("talk"),
        _OUTBOX.c.state == outbox.Delivery.WAITING,
        _OUTBOX.c.id != sa.bindparam("row"),
    )
)
_ANOTHER_WAITS = sa.select(
    sa.exists().where(
        _INBOX.c.state == InboxState.WAITING,
        _INBOX.c.due_at <= sa.bindparam("now", type_=InboxRow.due_at.type),
    )
)


@contextmanager
def _undoing(row_id: str) -> Iterator[None]:
    """Have all undone that the turn of a message did, if it fails by a fault of the message."""
    try:
        yield
    except _DATABASE_DOWN:
        raise
    except Exception as problem:
        raise _TurnFailedError(row_id) from problem


def _turned(session: Session, row: InboxRow) -> _Turned:
    session.flush()  # this one waits no more
    now = session.clock.now()
    more = bool(session.scalar(_ANOTHER_WAITS, {"now": now}))
    return _Turned(row.channel, row.state, (now - row.received_at).total_seconds(), more)


def _brings_a_file(inbound: Inbound) -> bool:
    return inbound.file is not None and not inbound.too_large


def _is_long(inbound: Inbound) -> bool:
    return len(inbound.text) > _LONG and not isinstance(inbound, FromGroup)


def _event(session: Session, row: InboxRow) -> dict[str, Any]:
    event: dict[str, Any] = json.loads(row.open(session.vault, "body") or "{}")
    return event


def _to_answer() -> sa.Select[Conversation, InboxRow]:
    due, earlier = aliased(InboxRow, name="due"), aliased(InboxRow)
    now = sa.bindparam("now", type_=InboxRow.due_at.type)
    has_earlier = sa.exists().where(
        earlier.conversation_id == due.conversation_id,
        earlier.state == InboxState.WAITING,
        earlier.seq < due.seq,
    )
    return (
        sa.select(Conversation, due)
        .join(due, due.conversation_id == Conversation.id)
        .where(
            due.state == InboxState.WAITING,
            due.due_at <= now,
            due.channel.in_(sa.bindparam("channels", expanding=True)),
            sa.or_(Conversation.busy_until.is_(None), Conversation.busy_until < now),
            ~has_earlier,
        )
        .order_by(Conversation.served_at.asc().nulls_first(), due.received_at, due.seq)
        .limit(1)
        # The message as well: PostgreSQL looks again at what it locks, so that none is taken which
        # another worker has answered since this statement began.
        .with_for_update(of=(Conversation, due), skip_locked=True)
    )


# Built once: making a statement anew takes longer than SQLite needs to answer it.
_TO_ANSWER = _to_answer()
