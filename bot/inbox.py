"""Raw events as they came, each once. Committed before anything is acknowledged; knows no turn."""

import datetime as dt
import json
from enum import StrEnum

import sqlalchemy as sa
from sqlalchemy.orm import Mapped, mapped_column

from bot import conversations
from bot.channels.message import ChannelName, RawEvent
from store.base import Row
from store.session import Session
from store.wakes import Topic


class InboxState(StrEnum):
    WAITING = "waiting"
    DONE = "done"
    FAILED = "failed"


class InboxRow(Row):
    """One event of a channel. The body is erased once its turn is committed."""

    __tablename__ = "inbox"
    __table_args__ = (
        sa.UniqueConstraint("channel", "event_id"),
        sa.Index("ix_inbox_to_do", "conversation_id", "state", "seq"),
        sa.Index("ix_inbox_waiting", "state", "due_at"),
        sa.Index("ix_inbox_ended", "state", "ended_at"),
    )

    channel: Mapped[ChannelName]
    event_id: Mapped[str] = mapped_column(sa.String(100))
    conversation_id: Mapped[str] = mapped_column(sa.ForeignKey("conversations.id"))
    seq: Mapped[int]
    """Order within the talk: that in which the commits happened."""
    body: Mapped[bytes | None]
    """Sealed JSON."""
    state: Mapped[InboxState] = mapped_column(default=InboxState.WAITING)
    attempts: Mapped[int] = mapped_column(default=0)
    received_at: Mapped[dt.datetime]
    due_at: Mapped[dt.datetime]
    ended_at: Mapped[dt.datetime | None]
    error_id: Mapped[str | None] = mapped_column(sa.String(32))


def accept(session: Session, event: RawEvent) -> bool:
    """Keep one event; False when it was here before. Within the caller's transaction.

    The talk's row is locked first, so `seq` is the order of the commits.
    """
    talk = conversations.find_or_create(session, event.channel, event.address)
    asked = {"channel": event.channel, "event": event.event_id, "talk": talk.id}
    seen, last = session.execute(_SEEN_AND_LAST, asked).one()
    if seen:
        return False
    now = session.clock.now()
    row = InboxRow(
        channel=event.channel,
        event_id=event.event_id,
        conversation_id=talk.id,
        seq=(last or 0) + 1,
        received_at=now,
        due_at=now,
    )
    row.seal(session.vault, "body", json.dumps(event.body, ensure_ascii=False))
    session.add(row)
    talk.last_inbound_at = talk.last_active_at = now
    session.flush()
    session.wake(Topic.INBOX)
    return True


_SEEN_AND_LAST = sa.select(
    sa.exists().where(
        InboxRow.channel == sa.bindparam("channel", type_=InboxRow.channel.type),
        InboxRow.event_id == sa.bindparam("event"),
    ),
    sa.select(sa.func.max(InboxRow.seq))
    .where(InboxRow.conversation_id == sa.bindparam("talk"))
    .scalar_subquery(),
)
"""Built once, as every message asks."""
