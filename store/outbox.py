"""What is to be said to a citizen, committed together with what led to it and sent afterwards.

A row is a `Say` (keys and blanks, rendered in the citizen's language at delivery) or a
`Verbatim` (an officer's own words, never rendered). Rows of one conversation leave in order.
"""

import datetime as dt
from enum import StrEnum

import sqlalchemy as sa
from sqlalchemy.orm import Mapped, mapped_column

from store.base import Row, new_id
from store.session import Session
from store.wakes import Topic


class Kind(StrEnum):
    SAY = "say"
    VERBATIM = "verbatim"
    POST = "post"
    """For the staff's own group, not for a citizen."""


class Delivery(StrEnum):
    """Where a message stands. `refused` and `unknown` are ends that the desk shows."""

    WAITING = "waiting"
    SENT = "sent"
    REFUSED = "refused"
    UNKNOWN = "unknown"
    HELD = "held"
    """Kept back until the citizen has opened their case by its PIN."""


class OutboxRow(Row):
    """One message on its way out."""

    __tablename__ = "outbox"
    __table_args__ = (
        sa.Index("ix_outbox_to_send", "state", "due_at"),
        sa.Index("ix_outbox_ended", "state", "ended_at"),
        sa.Index("ix_outbox_conversation", "conversation_id", "seq"),
    )

    seq: Mapped[int] = mapped_column(sa.BigInteger().with_variant(sa.Integer, "sqlite"))
    """Order within the conversation, counted from 1."""
    conversation_id: Mapped[str] = mapped_column(sa.String(32))
    channel: Mapped[str] = mapped_column(sa.String(20))
    kind: Mapped[Kind]
    body: Mapped[bytes | None]
    """Sealed JSON; emptied when sent and no longer needed."""
    thread_entry_id: Mapped[str | None] = mapped_column(sa.String(32), index=True)
    """The officer's words that this row carries, so that the desk can show their delivery."""
    case_id: Mapped[str | None] = mapped_column(sa.String(32), index=True)
    """The case that it tells of, unasked; None: an answer within the talk."""
    serial: Mapped[int | None]
    """The number of the question it asks; a later row of the same number may take its place."""
    state: Mapped[Delivery] = mapped_column(default=Delivery.WAITING)
    attempts: Mapped[int] = mapped_column(default=0)
    created_at: Mapped[dt.datetime]
    due_at: Mapped[dt.datetime]
    leased_until: Mapped[dt.datetime | None]
    leased_by: Mapped[str | None] = mapped_column(sa.String(32))
    """The process that is sending it; what a dead one held is free before the lease runs out."""
    ended_at: Mapped[dt.datetime | None]
    receipt: Mapped[str | None] = mapped_column(sa.String(100))
    reason: Mapped[str | None] = mapped_column(sa.String(100))


def put(
    session: Session,
    *,
    conversation_id: str,
    channel: str,
    kind: Kind,
    body: str,
    thread_entry_id: str | None = None,
    serial: int | None = None,
    case_id: str | None = None,
    wake: bool = True,
) -> str:
    """Add one message to the end of a conversation's queue, within the caller's transaction.

    Who does not `wake` the senders sees to it that the message is sent.

    Returns:
        The id of its row.
    """
    session.one_at_a_time(f"outbox:{conversation_id}")
    now, row_id = session.clock.now(), new_id()
    row = {
        "id": row_id,
        "conversation_id": conversation_id,
        "talk": conversation_id,
        "channel": channel,
        "kind": kind,
        "body": OutboxRow.sealed(session.vault, "body", row_id, body),
        "thread_entry_id": thread_entry_id,
        "serial": serial,
        "case_id": case_id,
        "state": Delivery.WAITING,
        "attempts": 0,
        "created_at": now,
        "due_at": now,
    }
    session.execute(_PUT, row)
    if wake:
        session.wake(Topic.OUTBOX)
    return row_id


# Built once, as every answer is put by it.
_TABLE = OutboxRow.as_table()
_PUT = sa.insert(_TABLE).values(
    seq=sa.select(sa.func.coalesce(sa.func.max(_TABLE.c.seq), 0) + 1)
    .where(_TABLE.c.conversation_id == sa.bindparam("talk"))
    .scalar_subquery()
)


def let_go(session: Session, conversation_id: str) -> int:
    """Send what was held back in a talk, after all else that waits there; how many messages."""
    held = session.scalars(
        sa.select(OutboxRow)
        .where(OutboxRow.conversation_id == conversation_id, OutboxRow.state == Delivery.HELD)
        .order_by(OutboxRow.seq)
        .with_for_update()
    ).all()
    now = session.clock.now()
    for row in held:
        row.seq = _next_seq(session, conversation_id)
        row.state, row.created_at, row.due_at, row.reason = Delivery.WAITING, now, now, None
        row.attempts = 0
        session.flush()
    session.wake(Topic.OUTBOX)
    return len(held)


def _next_seq(session: Session, conversation_id: str) -> int:
    session.one_at_a_time(f"outbox:{conversation_id}")
    last = session.scalar(
        sa.select(sa.func.max(OutboxRow.seq)).where(OutboxRow.conversation_id == conversation_id)
    )
    return (last or 0) + 1
