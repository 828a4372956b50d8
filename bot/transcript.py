"""What was said in a talk, for the web page's reload and for the case that may be opened.

Rows go when the citizen deletes the talk.
"""

import datetime as dt
from collections.abc import Sequence
from dataclasses import dataclass
from enum import StrEnum

import sqlalchemy as sa
from pydantic import BaseModel, ConfigDict
from sqlalchemy.orm import Mapped, mapped_column

from store import wakes
from store.base import Row, new_id
from store.session import Session


class Direction(StrEnum):
    IN = "in"
    OUT = "out"


class ShownButton(BaseModel):
    model_config = ConfigDict(frozen=True, hide_input_in_errors=True)

    key: str
    label: str
    ticked: bool | None = None


class Shown(BaseModel):
    """A message as it was shown to the citizen, or as they sent it."""

    model_config = ConfigDict(frozen=True, hide_input_in_errors=True)

    text: str
    buttons: tuple[ShownButton, ...] = ()
    ask: str | None = None
    serial: int = 0
    office: str | None = None
    """The office whose officer wrote it; None for the assistant's own words."""
    file_id: str | None = None
    secret: bool = False
    """Holds a code or a PIN: never copied into a case."""
    pressed: bool = False
    """The citizen pressed or shared something; these are no words of their own."""
    unsure: bool = False
    """It was sent and nothing was heard of it: perhaps they never saw it."""


class TranscriptRow(Row):
    """One message of a talk, either way."""

    __tablename__ = "transcript"
    __table_args__ = (sa.UniqueConstraint("conversation_id", "seq"),)

    conversation_id: Mapped[str] = mapped_column(sa.ForeignKey("conversations.id"))
    seq: Mapped[int]
    direction: Mapped[Direction]
    body: Mapped[bytes]
    """Sealed JSON of a `Shown`."""
    client_id: Mapped[str | None] = mapped_column(sa.String(64))
    """The id that the citizen's page gave to its own message."""
    at: Mapped[dt.datetime]


@dataclass(frozen=True)
class Written:
    """A message that was just written down."""

    id: str
    shown: Shown


def add(
    session: Session,
    conversation_id: str,
    direction: Direction,
    shown: Shown,
    client_id: str | None = None,
) -> Written:
    """Add one message to the end of a talk; the caller holds the talk's row lock."""
    row_id = new_id()
    row = {
        "id": row_id,
        "conversation_id": conversation_id,
        "talk": conversation_id,
        "direction": direction,
        "body": TranscriptRow.sealed(session.vault, "body", row_id, shown.model_dump_json()),
        "client_id": client_id,
        "at": session.clock.now(),
    }
    session.execute(_ADD, row)
    session.wake(wakes.talk(conversation_id))
    return Written(row_id, shown)


# Built once, as every message is written down by them.
_TABLE = TranscriptRow.as_table()
_ADD = sa.insert(_TABLE).values(
    seq=sa.select(sa.func.coalesce(sa.func.max(_TABLE.c.seq), 0) + 1)
    .where(_TABLE.c.conversation_id == sa.bindparam("talk"))
    .scalar_subquery()
)
_REPLACE = (
    sa.update(_TABLE)
    .where(_TABLE.c.id == sa.bindparam("row"))
    .values(body=sa.bindparam("instead", type_=TranscriptRow.body.type))
)


def keep_secret(session: Session, written: Written) -> None:
    """Never copy this message into a case."""
    _replace(session, written, written.shown.model_copy(update={"secret": True}))


def replace_words(session: Session, written: Written, words: str) -> None:
    """Keep nothing of a message but that there was one."""
    _replace(session, written, Shown(text=words, secret=True))


def _replace(session: Session, written: Written, shown: Shown) -> None:
    body = TranscriptRow.sealed(session.vault, "body", written.id, shown.model_dump_json())
    session.execute(_REPLACE, {"row": written.id, "instead": body})


def after(session: Session, conversation_id: str, seq: int = 0) -> Sequence[TranscriptRow]:
    """The messages of a talk after `seq`, oldest first."""
    query = (
        sa.select(TranscriptRow)
        .where(TranscriptRow.conversation_id == conversation_id, TranscriptRow.seq > seq)
        .order_by(TranscriptRow.seq)
    )
    return session.scalars(query).all()


_UNSURE_AT_MOST = 5


def last_said(session: Session, conversation_id: str) -> Shown | None:
    """What was said to the citizen last, by the assistant or by an officer, and surely arrived."""
    rows = session.scalars(
        sa.select(TranscriptRow)
        .where(
            TranscriptRow.conversation_id == conversation_id,
            TranscriptRow.direction == Direction.OUT,
        )
        .order_by(TranscriptRow.seq.desc())
        .limit(_UNSURE_AT_MOST)
    )
    said = (shown(session, row) for row in rows)
    return next((one for one in said if not one.unsure), None)


def shown(session: Session, row: TranscriptRow) -> Shown:
    """The message of a row, opened."""
    return Shown.model_validate_json(row.open(session.vault, "body") or "")
