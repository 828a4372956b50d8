"""Deletes technical rows that have done their work: a little at a time, one process at once.

Talks, cases, their messages and the audit are other things; nothing here touches them.
"""

import asyncio
import datetime as dt
from dataclasses import dataclass
from functools import partial

import sqlalchemy as sa
from sqlalchemy.orm import aliased

from bot import erasing
from bot.channels.message import ChannelName
from bot.inbox import InboxRow, InboxState
from store.events import Event
from store.outbox import Delivery, OutboxRow
from store.session import Database, Session

AT_ONCE = 500
"""Rows of a table in one transaction: nobody who writes waits long."""

SWEEP_SECONDS = 3600.0
_BREATH = 0.2
"""Seconds between two sweeps, for those who write."""
PASSING = ("case.delivery", "case.awake")
"""Kinds of events that only say "look again": what they tell of lies elsewhere."""


@dataclass(frozen=True)
class Swept:
    """How many rows went."""

    inbox: int = 0
    outbox: int = 0
    events: int = 0

    @property
    def more(self) -> bool:
        """Whether some are left that may go."""
        return AT_ONCE in (self.inbox, self.outbox, self.events)


def sweep(session: Session, keep_days: int) -> Swept:
    """Delete what ended more than `keep_days` days ago; nothing when another process is at it.

    An inbox row is what recognises an event that a platform sends once more (Zalo does so for an
    hour, Telegram for a day), so at least a week is kept. The newest row of a talk stays, in the
    inbox and the outbox: the next one's number is counted from it. So does an outbox row that
    carries an officer's words, because the desk shows what became of them, and what stands in a
    group of the staff.
    """
    if keep_days < 7:
        raise ValueError("technical rows are kept for 7 days at least")
    if not session.try_alone("keeping"):
        return Swept()
    before = session.clock.now() - dt.timedelta(days=keep_days)
    return Swept(
        inbox=_delete_inbox(session, before),
        outbox=_delete_outbox(session, before),
        events=_delete_events(session, before),
    )


def _delete_inbox(session: Session, before: dt.datetime) -> int:
    later = aliased(InboxRow)
    ids = session.scalars(
        sa.select(InboxRow.id)
        .where(
            InboxRow.state != InboxState.WAITING,
            InboxRow.ended_at < before,
            sa.exists().where(
                later.conversation_id == InboxRow.conversation_id, later.seq > InboxRow.seq
            ),
        )
        .limit(AT_ONCE)
    ).all()
    session.execute(sa.delete(InboxRow).where(InboxRow.id.in_(ids)))
    return len(ids)


def _delete_outbox(session: Session, before: dt.datetime) -> int:
    later = aliased(OutboxRow)
    ids = session.scalars(
        sa.select(OutboxRow.id)
        .where(
            OutboxRow.state != Delivery.WAITING,
            OutboxRow.ended_at < before,
            OutboxRow.thread_entry_id.is_(None),
            OutboxRow.channel != str(ChannelName.TELEGRAM_DESK),
            sa.exists().where(
                later.conversation_id == OutboxRow.conversation_id, later.seq > OutboxRow.seq
            ),
        )
        .limit(AT_ONCE)
    ).all()
    session.execute(sa.delete(OutboxRow).where(OutboxRow.id.in_(ids)))
    return len(ids)


def _delete_events(session: Session, before: dt.datetime) -> int:
    """Only what woke a screen; what happened to a case is its history, and is counted.

    The newest event stays: screens ask for what came after it.
    """
    newest = session.scalar(sa.select(sa.func.max(Event.id))) or 0
    ids = session.scalars(
        sa.select(Event.id)
        .where(
            Event.at < before,
            Event.id < newest,
            sa.or_(Event.case_id.is_(None), Event.kind.in_(PASSING)),
        )
        .order_by(Event.id)
        .limit(AT_ONCE)
    ).all()
    session.execute(sa.delete(Event).where(Event.id.in_(ids)))
    return len(ids)


async def erase_old(database: Database) -> None:
    """Erase what has had its time by `cases/retention.yaml`, until nothing more has."""
    more = True
    while more:
        more = any((await database.transact(erasing.sweep)).values())
        await asyncio.sleep(_BREATH)


async def keep_small(database: Database, keep_days: int) -> None:
    """Sweep until nothing is left that may go."""
    more = True
    while more:
        more = (await database.transact(partial(sweep, keep_days=keep_days))).more
        await asyncio.sleep(_BREATH)
