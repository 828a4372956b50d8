"""Raw events as they came, each once. Committed before anything is acknowledged; knows no turn."""

import datetime as dt
import json
from enum import StrEnum

import sqlalchemy as sa
from sqlalchemy.dialects import postgresql, sqlite
from sqlalchemy.orm import Mapped, mapped_column

from bot import conversations
from bot.channels.message import ChannelName, RawEvent
from bot.conversations import Conversation
from store.base import Row, new_id
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
    talk_id = conversations.lock(session, event.channel, event.address)
    now, row_id = session.clock.now(), new_id()
    body = json.dumps(event.body, ensure_ascii=False)
    kept = {
        "id": row_id,
        "channel": event.channel,
        "event_id": event.event_id,
        "conversation_id": talk_id,
        "body": InboxRow.sealed(session.vault, "body", row_id, body),
        "state": InboxState.WAITING,
        "attempts": 0,
        "received_at": now,
        "due_at": now,
    }
    keep = _KEEP_ON_POSTGRES if session.on_postgres else _KEEP_ON_SQLITE
    if session.scalar(keep, {**kept, "talk": talk_id}) is None:
        return False
    session.execute(_TOUCH, {"talk": talk_id, "now": now})
    session.wake(Topic.INBOX)
    return True


# Built once, as every message is kept by them.
_TABLE, _TALKS = InboxRow.as_table(), Conversation.as_table()
_ONCE = (_TABLE.c.channel, _TABLE.c.event_id)
_NEXT_SEQ = (
    sa.select(sa.func.coalesce(sa.func.max(_TABLE.c.seq), 0) + 1)
    .where(_TABLE.c.conversation_id == sa.bindparam("talk"))
    .scalar_subquery()
)
_KEEP_ON_SQLITE = (
    sqlite.insert(_TABLE)
    .values(seq=_NEXT_SEQ)
    .on_conflict_do_nothing(index_elements=_ONCE)
    .returning(_TABLE.c.id)
)
_KEEP_ON_POSTGRES = (
    postgresql.insert(_TABLE)
    .values(seq=_NEXT_SEQ)
    .on_conflict_do_nothing(index_elements=_ONCE)
    .returning(_TABLE.c.id)
)
_MOMENT = sa.bindparam("now", type_=Conversation.last_inbound_at.type)
_TOUCH = (
    sa.update(_TALKS)
    .where(_TALKS.c.id == sa.bindparam("talk"))
    .values(last_inbound_at=_MOMENT, last_active_at=_MOMENT)
)
