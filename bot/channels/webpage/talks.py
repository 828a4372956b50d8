"""The talks of the web page: who may see one, what it puts into the inbox, what it shows.

The token is the only key to a talk and lies nowhere but in one tab. A talk is shut for good when
the citizen leaves it, and after 15 idle minutes; then only the case's code and PIN help.
All functions work inside the caller's transaction.
"""

import datetime as dt
import secrets
import unicodedata
from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum
from typing import Any

import sqlalchemy as sa

from bot import conversations, transcript
from bot.channels.message import ChannelName, InboundKind, RawEvent
from bot.channels.webpage.forms import Upload
from bot.channels.webpage.page import Message
from bot.conversations import IDLE, Conversation
from bot.inbox import InboxRow, InboxState, accept
from bot.transcript import TranscriptRow
from store import files, wakes
from store.files import StoredFile
from store.scan import Scan
from store.session import Session

BACK_WITHIN = dt.timedelta(minutes=2)
"""How long a closed tab's talk may be come back to. A reload looks like closing and opening
again, and browsers can reopen a closed tab with all it held."""


MOST_FILES = 20
MOST_BYTES = 60 * 1024 * 1024
"""Of all files of one talk together: anybody may open one, and disks are small."""

START = "start"
"""Stands for the client id in the event that opens a talk."""


class Refusal(StrEnum):
    """Why a token opens nothing."""

    UNKNOWN = "unknown"
    SHUT = "shut"


# --- presence ----------------------------------------------------------------------------------


def fresh_opening() -> str:
    """A random value of 128 bits from which a talk's token is made."""
    return secrets.token_urlsafe(16)


def enter(session: Session, token: str) -> Conversation | Refusal:
    """The talk of a token. One that has fallen idle is shut on the way."""
    talk = conversations.find(session, ChannelName.WEB, token) if token else None
    if talk is None:
        return Refusal.UNKNOWN
    now = session.clock.now()
    if conversations.is_shut(talk, now):
        talk.shut_at = talk.shut_at or now
        return Refusal.SHUT
    return talk


def touch(session: Session, token: str) -> Refusal | None:
    """The citizen is at the page."""
    talk = enter(session, token)
    if isinstance(talk, Refusal):
        return talk
    talk.last_active_at = session.clock.now()
    return None


def look_away(session: Session, token: str) -> Refusal | None:
    """The tab was closed or reloaded: the talk is shut unless somebody is back soon."""
    talk = enter(session, token)
    if isinstance(talk, Refusal):
        return talk
    talk.last_active_at = min(talk.last_active_at, session.clock.now() - IDLE + BACK_WITHIN)
    return None


def shut(session: Session, token: str) -> Refusal | None:
    """The citizen left: the token opens nothing any more."""
    talk = enter(session, token)
    if isinstance(talk, Refusal):
        return talk
    talk.shut_at = session.clock.now()
    session.wake(wakes.talk(talk.id))
    return None


# --- into the inbox ----------------------------------------------------------------------------


def _put(session: Session, token: str, client_id: str, event: Mapping[str, Any]) -> bool:
    """Put one event into the inbox; False when it was there before."""
    id_ = event_id(session, token, client_id)
    return accept(session, RawEvent(ChannelName.WEB, id_, token, {**event, "token": token}))


def event_id(session: Session, token: str, client_id: str) -> str:
    """The inbox's id for one message of one tab: a repeat gets the same.

    It ends in the page's own id, by which the page knows its message again in the transcript.
    """
    return f"{session.vault.blind('web.event', token)}:{client_id}"


def open_talk(
    session: Session, opening: str, payload: str = "", *, words_follow: bool = False
) -> str | Refusal:
    """The token of the talk that `opening` opens, or opened when it was posted before.

    `opening` is random and kept nowhere, so that nothing stored leads to the token. A talk that
    begins with the citizen's words needs no long welcome before its answer.
    """
    token = session.vault.blind("web.token", opening)[:32]
    talk = enter(session, token)
    if talk is Refusal.UNKNOWN:
        if words_follow and not payload:
            conversations.find_or_create(session, ChannelName.WEB, token)
        else:
            _put(session, token, START, {"kind": InboundKind.START, "text": payload})
        return token
    return Refusal.SHUT if talk is Refusal.SHUT else token


def say(
    session: Session, token: str, client_id: str, event: Mapping[str, Any], line: str
) -> Refusal | None:
    """Put a message into the inbox, once.

    Of `line`, from where it came, only a keyed fingerprint goes along, until it has its turn.
    """
    talk = enter(session, token)
    if isinstance(talk, Refusal):
        return talk
    _put(session, token, client_id, {**event, "line": session.vault.blind("web.line", line)})
    return None


def keep_file(
    session: Session, token: str, client_id: str, upload: Upload, scan: Scan
) -> Refusal | bool:
    """Keep a file and say so in the inbox, both or neither. Its type has been looked at.

    False when the talk has so many files that it gets no more.
    """
    talk = enter(session, token)
    if isinstance(talk, Refusal):
        return talk
    media_type = files.media_type_of(upload.content)
    if upload.too_large or media_type is None:
        _put(session, token, client_id, {"kind": InboundKind.FILE, "too_large": True})
        return True
    session.one_at_a_time(f"files:{talk.id}")
    if _is_there(session, token, client_id):
        return True
    if not _has_room(session, talk.id, len(upload.content)):
        return False
    kept = files.keep(
        session,
        upload.content,
        media_type=media_type,
        name=unicodedata.normalize("NFC", upload.name)[-120:] or None,
        conversation_id=talk.id,
        scan=scan,
    )
    kind = InboundKind.VOICE if media_type.startswith("audio/") else InboundKind.FILE
    _put(session, token, client_id, {"kind": kind, "file_id": kept.id})
    return True


def _is_there(session: Session, token: str, client_id: str) -> bool:
    id_ = event_id(session, token, client_id)
    query = sa.select(InboxRow.id).where(
        InboxRow.channel == ChannelName.WEB, InboxRow.event_id == id_
    )
    return session.scalar(query) is not None


def _has_room(session: Session, talk_id: str, more: int) -> bool:
    """Whether a talk may have one more file of `more` bytes."""
    number, size = session.execute(
        sa.select(sa.func.count(), sa.func.coalesce(sa.func.sum(StoredFile.size), 0)).where(
            StoredFile.conversation_id == talk_id
        )
    ).one()
    return bool(number < MOST_FILES and size + more <= MOST_BYTES)


# --- what the page shows -----------------------------------------------------------------------


@dataclass(frozen=True)
class News:
    """The messages of a talk since one that the page has; all when that one is gone."""

    messages: tuple[Message, ...]
    from_start: bool = False


def news(session: Session, token: str, after: int = 0, last_id: str = "") -> News | Refusal:
    """What a page that has seen the message `after`, whose id is `last_id`, does not show yet.

    A talk that was deleted begins again with 1, so the number alone does not tell.
    """
    talk = enter(session, token)
    if isinstance(talk, Refusal):
        return talk
    known = session.scalar(
        sa.select(TranscriptRow.id).where(
            TranscriptRow.conversation_id == talk.id, TranscriptRow.seq == after
        )
    )
    gone = bool(last_id) and known != last_id
    return News(_messages(session, talk.id, 0 if gone else after), gone)


def is_answered(session: Session, token: str, client_id: str) -> bool:
    """Whether a message had its turn and the last word is not the citizen's."""
    talk = enter(session, token)
    if isinstance(talk, Refusal):
        return True
    state = session.scalar(
        sa.select(InboxRow.state).where(
            InboxRow.channel == ChannelName.WEB,
            InboxRow.event_id == event_id(session, token, client_id),
        )
    )
    last = session.scalar(
        sa.select(TranscriptRow.direction)
        .where(TranscriptRow.conversation_id == talk.id)
        .order_by(TranscriptRow.seq.desc())
        .limit(1)
    )
    return state is not InboxState.WAITING and last is transcript.Direction.OUT


def open_file(session: Session, token: str, file_id: str) -> tuple[bytes, str] | Refusal | None:
    """A file that was shown in this talk, with its type."""
    talk = enter(session, token)
    if isinstance(talk, Refusal):
        return talk
    if all(message.shown.file_id != file_id for message in _messages(session, talk.id)):
        return None
    kept = session.get(StoredFile, file_id)
    # What waits for the scanner is the citizen's own; an officer's file leaves with its verdict.
    if kept is None or kept.scan is Scan.FOUND:
        return None
    content = kept.open_bytes(session.vault, "content")
    return (content, kept.media_type) if content is not None else None


def _messages(session: Session, talk_id: str, after: int = 0) -> tuple[Message, ...]:
    return tuple(
        Message(row.seq, row.id, row.direction, transcript.shown(session, row), row.client_id)
        for row in transcript.after(session, talk_id, after)
    )
