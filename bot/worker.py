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
from collections.abc import Awaitable, Callable, Mapping
from contextlib import suppress
from dataclasses import dataclass, replace
from enum import StrEnum
from functools import partial
from typing import Any

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
from bot.turn import Rooms, handle
from cases import appointments, clock
from cases.speech import say
from store import outbox
from store.base import new_id
from store.processes import alive
from store.scanner import Scanner, verdict
from store.session import Database, Session
from store.wakes import Topic

log = logging.getLogger(__name__)

MOST_ATTEMPTS = 3
"""So often a turn is tried before the message is put aside and the citizen told."""
_FETCHING = dt.timedelta(seconds=45)
_LOOK_AGAIN = 2.0
"""Seconds after which a sleeper looks by itself: for retries that fall due, and missed wakes."""
_AFTER_FAILURE = 1.0
_LOOK_AFTER_OTHERS = 1.5
"""Seconds between two looks at whether a process died with work in hand."""
_UNDER_WAY = 32
"""Sends of one channel at a time; each is of another talk."""
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
class _ToFetch:
    """A message whose file has to be brought before it can be answered."""

    row_id: str
    inbound: Inbound


@dataclass(frozen=True)
class _Turned:
    """A message had its turn, or failed for good; told to the metrics once it is committed."""

    channel: ChannelName
    outcome: InboxState
    seconds: float


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
        self._metrics = metrics or Metrics()
        self._scanner = scanner
        self._hands = hands
        self._round_every = round_every
        self._owner = owner
        self._stopping = False
        self._stopped = asyncio.Event()

    async def run(self) -> None:
        """Work until cancelled or `stop` was called; what is in hand is finished first."""
        async with asyncio.TaskGroup() as group:
            for _ in range(self._hands):
                group.create_task(self._loop(Topic.INBOX, self.answer_one))
            if any(isinstance(one, TakesAway) for one in self._channels.values()):
                group.create_task(self._loop(Topic.OUTBOX, self.take_away_one))
            for name in self._channels:
                group.create_task(self._deliver(name))
            group.create_task(self._watch_the_clock())
            if self._owner is not None and self._database.on_postgres:
                group.create_task(self._watch_the_others(self._owner))

    def stop(self) -> None:
        """Take nothing new; `run` returns when what is in hand is done."""
        self._stopping = True
        self._stopped.set()
        self._database.wakes.wake((Topic.INBOX, Topic.OUTBOX))

    async def _loop(self, topic: Topic, step: Callable[[], Awaitable[Did]]) -> None:
        while not self._stopping:
            mark = self._database.wakes.mark(topic)
            try:
                did = await step()
            except SQLAlchemyError as problem:
                log.warning("the database does not answer: %s", type(problem).__name__)
                await asyncio.sleep(_AFTER_FAILURE)
                continue
            except Exception as problem:
                log.error("a %s step failed: %s", topic, where(problem))  # noqa: TRY400 - no traces
                await asyncio.sleep(_AFTER_FAILURE)
                continue
            if did is Did.NOTHING and not self._stopping:
                await self._database.wakes.sleep(topic, _LOOK_AGAIN, mark)

    async def _watch_the_clock(self) -> None:
        """Round after round; every process makes them, and one at a time does the work."""
        while not self._stopping:
            try:
                await self.tell_due()
            except Exception as problem:
                log.warning("a round of the clock failed: %s", where(problem))
            with suppress(TimeoutError):
                await asyncio.wait_for(self._stopped.wait(), self._round_every)

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
                await asyncio.wait_for(self._stopped.wait(), _LOOK_AFTER_OTHERS)

    async def tell_due(self) -> None:
        """One round: tell the staff what is due, remind of meetings; in short transactions."""
        more = True
        while more and not self._stopping:
            sweep = await self._database.transact(
                lambda session: clock.tell_due(session, self._rooms.province)
            )
            more = sweep.more
        await self._database.transact(appointments.remind_due)
        await self._database.transact(delivery.give_notices)

    # --- in ------------------------------------------------------------------------------------

    async def answer_one(self) -> Did:
        """Answer one message of a talk that nobody else has in hand; talks take turns."""
        took = await self._database.transact(self._take_and_answer)
        did = await self._fetch_and_answer(took) if isinstance(took, _ToFetch) else took
        if isinstance(did, _Turned):
            self._metrics.turn(did.channel, did.outcome, did.seconds)
            return Did.SOMETHING
        return did

    async def _fetch_and_answer(self, took: _ToFetch) -> Did | _Turned:
        try:
            fetched = await self._fetch(took.inbound)
        except Exception as problem:
            failed = problem
            return await self._database.transact(
                lambda session: self._not_fetched(session, took, failed)
            )
        return await self._database.transact(lambda session: self._answer(session, took, fetched))

    def _take_and_answer(self, session: Session) -> Did | _ToFetch | _Turned:
        row = self._next(session)
        if row is None:
            return Did.NOTHING
        row_id = row.id
        try:
            with session.begin_nested():
                return self._begin(session, row)
        except _DATABASE_DOWN:
            raise
        except Exception as problem:
            session.expire_all()
            return self._failed(session, row_id, problem)

    def _begin(self, session: Session, row: InboxRow) -> _ToFetch | _Turned:
        channel = self._channels[row.channel]
        inbound = channel.read(_event(session, row))
        if inbound is not None and inbound.file is not None and not inbound.too_large:
            talk = session.get_one(Conversation, row.conversation_id)
            talk.busy_until = session.clock.now() + _FETCHING
            talk.busy_by = self._owner
            return _ToFetch(row.id, inbound)
        handle(session, row, inbound, self._rooms)
        _served(session, row)
        return _turned(session, row)

    def _next(self, session: Session) -> InboxRow | None:
        """The oldest waiting message of the talk served longest ago, the talk locked.

        By turns, so that one who writes a hundred messages delays nobody else's first.
        """
        now = session.clock.now()
        due = InboxRow.__table__.alias("due")
        talk_id = session.scalar(
            sa.select(Conversation.id)
            .join(due, due.c.conversation_id == Conversation.id)
            .where(
                due.c.state == InboxState.WAITING,
                due.c.due_at <= now,
                due.c.channel.in_([str(name) for name in self._channels]),
                sa.or_(Conversation.busy_until.is_(None), Conversation.busy_until < now),
                ~_has_earlier(due),
            )
            .order_by(Conversation.served_at.asc().nulls_first(), due.c.received_at, due.c.seq)
            .limit(1)
            .with_for_update(of=Conversation, skip_locked=True)
        )
        if talk_id is None:
            return None
        # Another worker may have answered while we waited for nothing: look again, locked.
        row = session.scalar(
            sa.select(InboxRow)
            .where(InboxRow.conversation_id == talk_id, InboxRow.state == InboxState.WAITING)
            .order_by(InboxRow.seq)
            .limit(1)
        )
        return row if row is not None and row.due_at <= now else None

    async def _fetch(self, inbound: Inbound) -> FetchedFile | None:
        if inbound.file is None:
            return None
        fetched = await self._channels[inbound.channel].fetch(inbound.file)
        if fetched is None:
            return None
        fetched = replace(fetched, scan=await verdict(self._scanner, fetched.content))
        if isinstance(inbound, FromGroup):
            return await asyncio.to_thread(without_its_place, fetched)
        return fetched

    def _answer(
        self, session: Session, took: _ToFetch, fetched: FetchedFile | None
    ) -> Did | _Turned:
        row = self._still_waiting(session, took)
        if row is None:
            return Did.SOMETHING
        try:
            with session.begin_nested():
                handle(session, row, took.inbound, self._rooms, fetched)
                _served(session, row)
                return _turned(session, row)
        except _DATABASE_DOWN:
            raise
        except Exception as problem:
            session.expire_all()
            return self._failed(session, took.row_id, problem)

    def _not_fetched(self, session: Session, took: _ToFetch, problem: Exception) -> Did | _Turned:
        if self._still_waiting(session, took) is None:
            return Did.SOMETHING
        return self._failed(session, took.row_id, problem)

    def _still_waiting(self, session: Session, took: _ToFetch) -> InboxRow | None:
        """The message, its talk locked; None if another worker has answered it meanwhile."""
        row = session.get_one(InboxRow, took.row_id)
        session.get(Conversation, row.conversation_id, with_for_update=True)
        session.refresh(row)
        return row if row.state is InboxState.WAITING else None

    def _failed(self, session: Session, row_id: str, problem: Exception) -> Did | _Turned:
        """Try again a little later; after the last attempt keep it and tell the citizen."""
        row = session.get_one(InboxRow, row_id)
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
        parcel = await self._lease(*self._channels)
        if parcel is None:
            return Did.NOTHING
        await self._send(parcel)
        return Did.SOMETHING

    async def take_away_one(self) -> Did:
        """Take some messages of one deleted talk from the citizen's phone."""
        found = await self._database.transact(erasing.next_to_take_away)
        if found is None:
            return Did.NOTHING
        channel: object = self._channels.get(found.channel)
        if not isinstance(channel, TakesAway):
            return Did.NOTHING
        if await channel.take_away(found.address, found.references):
            await self._database.transact(lambda session: erasing.taken_away(session, found.ids))
        return Did.SOMETHING

    async def _deliver(self, name: ChannelName) -> None:
        """Keep many sends of one channel under way, so that a slow or paced one delays no other."""
        slots = asyncio.Semaphore(_UNDER_WAY)
        async with asyncio.TaskGroup() as sends:

            async def next_one() -> Did:
                await slots.acquire()
                parcel = None
                try:
                    parcel = await self._lease(name)
                finally:
                    if parcel is None:
                        slots.release()
                if parcel is None:
                    return Did.NOTHING
                sends.create_task(guarded(parcel))
                return Did.SOMETHING

            async def guarded(parcel: delivery.Parcel) -> None:
                try:
                    await self._send(parcel)
                except Exception as problem:  # the lease runs out and it is sent again
                    log.warning("a send was not written down: %s", where(problem))
                finally:
                    slots.release()

            await self._loop(Topic.OUTBOX, next_one)

    async def _lease(self, *names: ChannelName) -> delivery.Parcel | None:
        capabilities = {name: self._channels[name].capabilities for name in names}
        return await self._database.transact(
            lambda session: delivery.take(session, self._rooms.texts, capabilities, self._owner)
        )

    async def _send(self, parcel: delivery.Parcel) -> None:
        try:
            sent: Sent = await self._channels[parcel.channel].send(parcel.address, parcel.message)
        except Exception as problem:
            log.error("a send failed: %s", where(problem))  # noqa: TRY400 - no traces
            sent = Unknown("send failed")
        self._metrics.sent(parcel.channel, _OUTCOMES[type(sent)])
        jitter = random.random()  # noqa: S311 - spreads retries, guards nothing
        await self._write_down(
            partial(delivery.write_down, parcel=parcel, sent=sent, jitter=jitter)
        )
        self._database.wakes.wake((Topic.OUTBOX,))  # the next one of this talk may leave now

    async def _write_down(self, write: Callable[[Session], None]) -> None:
        """Write what became of a send; a database that is away is waited for as long as we may.

        Once the lease is over another worker sends it again.
        """
        end = time.monotonic() + delivery.LEASE.total_seconds()
        while True:
            try:
                return await self._database.transact(write)
            except _DATABASE_DOWN:
                if self._stopping or time.monotonic() > end:
                    raise
                await asyncio.sleep(_AFTER_FAILURE)


def _turned(session: Session, row: InboxRow) -> _Turned:
    waited = session.clock.now() - row.received_at
    return _Turned(row.channel, row.state, waited.total_seconds())


def _served(session: Session, row: InboxRow) -> None:
    """The talk had its turn: those that wait longer come first now."""
    session.get_one(Conversation, row.conversation_id).served_at = session.clock.now()


def _event(session: Session, row: InboxRow) -> dict[str, Any]:
    event: dict[str, Any] = json.loads(row.open(session.vault, "body") or "{}")
    return event


def _has_earlier(due: sa.FromClause) -> sa.ColumnElement[bool]:
    earlier = aliased(InboxRow)
    return sa.exists().where(
        earlier.conversation_id == due.c.conversation_id,
        earlier.state == InboxState.WAITING,
        earlier.seq < due.c.seq,
    )
