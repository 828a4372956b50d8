"""Erasing talks: at once when the citizen says so, by themselves when their time is over.

What can be erased on the platform too (Telegram: messages of the last 48 hours) is remembered by
its sealed ids until then, and taken away by the worker after the commit.
"""

import datetime as dt
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import sqlalchemy as sa
from sqlalchemy.orm import Mapped, mapped_column

from bot.channels.message import ChannelName
from bot.conversations import Conversation
from bot.inbox import InboxRow
from bot.transcript import TranscriptRow
from cases import retention
from cases.consent import ConsentRow
from cases.model import Case
from cases.retention import Kind
from cases.thread import ThreadEntry
from knowledge.feedback import Vote
from store import outbox
from store.base import Row, new_id
from store.erasures import erase
from store.files import StoredFile
from store.session import Session
from store.wakes import Topic

REACH = dt.timedelta(hours=48)
"""Telegram: a bot can delete messages of a private chat only so long after they were sent."""
BATCH = 100
"""Telegram: so many messages in one call."""
_TALKS_AT_ONCE = 50
_FILES_AT_ONCE = 200
_TRIES = 5


class PlatformMessage(Row):
    """A message that stands on a citizen's phone and may be taken away there."""

    __tablename__ = "platform_messages"
    __table_args__ = (sa.Index("ix_platform_messages_to_delete", "delete_at", "at"),)

    conversation_id: Mapped[str] = mapped_column(sa.String(32), index=True)
    reference: Mapped[bytes]
    """Sealed: the platform's own id."""
    secret: Mapped[bool] = mapped_column(default=False)
    """Holds a code or a PIN."""
    at: Mapped[dt.datetime]
    delete_at: Mapped[dt.datetime | None]
    """From when it is to be taken away; None: it may stay."""
    tries: Mapped[int] = mapped_column(default=0)


_REMEMBER = sa.insert(PlatformMessage.as_table())


def remember(
    session: Session,
    channel: ChannelName,
    talk_id: str,
    references: Sequence[str],
    *,
    secret: bool = False,
    at_once: bool = False,
) -> None:
    """Keep the ids of messages that can be taken away later; only where that is possible.

    `at_once`: a PIN that was typed shall not stand there for the next one who holds the phone.
    """
    if channel is not ChannelName.TELEGRAM:
        return
    now = session.clock.now()
    rows = []
    for reference in references:
        row_id = new_id()
        rows.append(
            {
                "id": row_id,
                "conversation_id": talk_id,
                "reference": PlatformMessage.sealed(session.vault, "reference", row_id, reference),
                "secret": secret,
                "at": now,
                "delete_at": now if at_once else None,
                "tries": 0,
            }
        )
    if rows:
        session.execute(_REMEMBER, rows)
    if at_once:
        session.wake(Topic.ERASURES)


def take_away(session: Session, talk: Conversation, *, only_secret: bool = False) -> None:
    """Have the talk's messages taken from the phone, as far as the platform allows."""
    now = session.clock.now()
    session.execute(
        sa.update(PlatformMessage)
        .where(
            PlatformMessage.conversation_id == talk.id,
            PlatformMessage.delete_at.is_(None),
            PlatformMessage.secret if only_secret else sa.true(),
        )
        .values(delete_at=now)
    )
    session.wake(Topic.ERASURES)


@dataclass(frozen=True)
class ToTakeAway:
    """Messages of one chat that one call takes away."""

    channel: ChannelName
    address: str
    references: tuple[str, ...]
    ids: tuple[str, ...]


def next_to_take_away(session: Session) -> ToTakeAway | None:
    """What is to be taken away next; forgets what the platform would not give up any more."""
    now = session.clock.now()
    session.execute(
        sa.delete(PlatformMessage).where(
            sa.or_(PlatformMessage.at < now - REACH, PlatformMessage.tries >= _TRIES)
        )
    )
    first = session.scalar(
        sa.select(PlatformMessage)
        .where(PlatformMessage.delete_at <= now)
        .order_by(PlatformMessage.delete_at, PlatformMessage.id)
        .limit(1)
    )
    if first is None:
        return None
    talk = session.get(Conversation, first.conversation_id)
    rows = session.scalars(
        sa.select(PlatformMessage)
        .where(
            PlatformMessage.conversation_id == first.conversation_id,
            PlatformMessage.delete_at <= now,
        )
        .order_by(PlatformMessage.at, PlatformMessage.id)
        .limit(BATCH)
        .with_for_update(skip_locked=True)
    ).all()
    for row in rows:
        row.tries += 1
        row.delete_at = now + dt.timedelta(minutes=2**row.tries)  # if the call comes to nothing
    if talk is None or not rows:
        return None
    return ToTakeAway(
        ChannelName(talk.channel),
        talk.open(session.vault, "address") or "",
        tuple(row.open(session.vault, "reference") or "" for row in rows),
        tuple(row.id for row in rows),
    )


def taken_away(session: Session, ids: Sequence[str]) -> None:
    """They are gone from the phone, or can't be taken away: their ids are of no use any more."""
    session.execute(sa.delete(PlatformMessage).where(PlatformMessage.id.in_(ids)))


# --- the talk itself ----------------------------------------------------------------------------


_DELETED = "the talk was deleted"


def is_gone(session: Session, outbox_id: str) -> bool:
    """Whether a message was erased with its talk before it was known to have arrived."""
    row = outbox.OutboxRow
    left = sa.select(row.reason).where(row.id == outbox_id)
    found = session.execute(left).one_or_none()
    return found is None or found.reason == _DELETED


def erase_words(session: Session, talk: Conversation) -> Mapping[str, int]:
    """Erase what was said in a talk; the talk stays, so that one can go on.

    What went to an office with consent lies in the case, and is no part of this.
    """
    in_cases = sa.select(ThreadEntry.file_id).where(ThreadEntry.file_id.is_not(None))
    files = session.scalars(
        sa.select(StoredFile.id).where(
            StoredFile.conversation_id == talk.id, StoredFile.id.not_in(in_cases)
        )
    ).all()
    counts = {
        "messages": erase(session, TranscriptRow, "conversation_id", [talk.id]),
        "files": erase(session, StoredFile, "id", files),
    }
    erase(session, Vote, "conversation_id", [talk.id])
    erase(session, Conversation, "id", [talk.id], "state")
    erase(session, InboxRow, "conversation_id", [talk.id], "body")
    session.execute(
        sa.update(outbox.OutboxRow)
        .where(
            outbox.OutboxRow.conversation_id == talk.id,
            outbox.OutboxRow.state.in_((outbox.Delivery.WAITING, outbox.Delivery.HELD)),
        )
        .values(state=outbox.Delivery.REFUSED, reason=_DELETED)
    )
    erase(session, outbox.OutboxRow, "conversation_id", [talk.id], "body")
    return counts


def sweep(session: Session) -> Mapping[Kind, int]:
    """Erase what has had its time: quiet talks without a case, files of no case, and the rest.

    One process at a time; the counts go into the audit.
    """
    if not session.try_alone("retention"):
        return {}
    counts = {
        Kind.TALKS: _quiet_talks(session),
        Kind.FILES: _files(session),
        **retention.sweep(session),
    }
    retention.note(session, counts)
    return counts


def _quiet_talks(session: Session) -> int:
    has_case = sa.exists().where(Case.conversation_id == Conversation.id)
    agreed = sa.exists().where(ConsentRow.conversation_id == Conversation.id)
    ids = session.scalars(
        sa.select(Conversation.id)
        .where(
            Conversation.last_inbound_at < retention.before(session, Kind.TALKS),
            ~has_case,
            ~agreed,
        )
        .order_by(Conversation.last_inbound_at)
        .limit(_TALKS_AT_ONCE)
        .with_for_update(skip_locked=True)
    ).all()
    files = session.scalars(
        sa.select(StoredFile.id).where(StoredFile.conversation_id.in_(ids))
    ).all()
    erase(session, StoredFile, "id", files)
    for table in (TranscriptRow, Vote, InboxRow, outbox.OutboxRow, PlatformMessage):
        erase(session, table, "conversation_id", ids)
    return erase(session, Conversation, "id", ids)


def _files(session: Session) -> int:
    """Pictures and papers that never went into a case."""
    in_cases = sa.select(ThreadEntry.file_id).where(ThreadEntry.file_id.is_not(None))
    ids = session.scalars(
        sa.select(StoredFile.id)
        .where(
            StoredFile.conversation_id.is_not(None),
            StoredFile.created_at < retention.before(session, Kind.FILES),
            StoredFile.id.not_in(in_cases),
        )
        .limit(_FILES_AT_ONCE)
    ).all()
    return erase(session, StoredFile, "id", ids)
