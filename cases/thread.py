"""What was said in a case. Internal notes live in a table of their own, which nothing sends."""

import datetime as dt
from enum import StrEnum

import sqlalchemy as sa
from sqlalchemy.orm import Mapped, mapped_column

from cases.model import Case
from cases.staff import StaffMember
from store.base import Row
from store.files import StoredFile


class Author(StrEnum):
    CITIZEN = "citizen"
    ASSISTANT = "assistant"
    STAFF = "staff"


class ThreadEntry(Row):
    """One message between the citizen and the office, or the assistant's before it."""

    __tablename__ = "thread_entries"
    __table_args__ = (sa.Index("ix_thread_entries_case", "case_id", "at", "id"),)

    case_id: Mapped[str] = mapped_column(sa.ForeignKey(Case.id))
    author: Mapped[Author]
    staff_id: Mapped[str | None] = mapped_column(sa.ForeignKey(StaffMember.id))
    body: Mapped[bytes]
    """Sealed."""
    file_id: Mapped[str | None] = mapped_column(sa.ForeignKey(StoredFile.id))
    client_key: Mapped[str | None] = mapped_column(sa.String(64), unique=True)
    """Made by the desk's page for each reply, so that a double press says it once."""
    pressed: Mapped[bool] = mapped_column(default=False, server_default=sa.false())
    """The citizen pressed or shared something: it answers the assistant, and tells no story."""
    at: Mapped[dt.datetime]


class Told(Row):
    """What the assistant told the citizen for the office, after a press at the desk or by itself.

    Kept as keys and blanks: officers read it in Vietnamese in whatever language it was told, and
    nothing ever sends it again.
    """

    __tablename__ = "told"

    case_id: Mapped[str] = mapped_column(sa.ForeignKey(Case.id), index=True)
    said: Mapped[bytes]
    """Sealed JSON of a `Say`."""
    outbox_id: Mapped[str] = mapped_column(sa.String(32), index=True)
    """The row that carries it to the citizen; it may be gone when it has long been sent."""
    at: Mapped[dt.datetime]


class Note(Row):
    """An internal note of the staff. Never leaves the desk."""

    __tablename__ = "notes"

    case_id: Mapped[str] = mapped_column(sa.ForeignKey(Case.id), index=True)
    staff_id: Mapped[str] = mapped_column(sa.ForeignKey(StaffMember.id))
    body: Mapped[bytes]
    """Sealed."""
    at: Mapped[dt.datetime]


class Draft(Row):
    """A reply that an officer has begun and not sent."""

    __tablename__ = "drafts"
    __table_args__ = (sa.UniqueConstraint("case_id", "staff_id"),)

    case_id: Mapped[str] = mapped_column(sa.ForeignKey(Case.id))
    staff_id: Mapped[str] = mapped_column(sa.ForeignKey(StaffMember.id))
    body: Mapped[bytes]
    """Sealed."""
    at: Mapped[dt.datetime]


class Seen(Row):
    """How far a staff member has read a case."""

    __tablename__ = "seen"
    __table_args__ = (sa.UniqueConstraint("case_id", "staff_id"),)

    case_id: Mapped[str] = mapped_column(sa.ForeignKey(Case.id))
    staff_id: Mapped[str] = mapped_column(sa.ForeignKey(StaffMember.id))
    at: Mapped[dt.datetime]
