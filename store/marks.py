"""When something was last done that only the operator's commands do, such as a backup."""

import datetime as dt
from enum import StrEnum

import sqlalchemy as sa
from sqlalchemy.orm import Mapped, mapped_column

from store.base import Base
from store.session import Session


class MarkName(StrEnum):
    BACKUP = "backup"
    """A backup was written."""
    VERIFY = "verify"
    """A backup was read to its end and found whole."""
    AUDIT = "audit"
    """The log of who looked at what was looked over; the detail says what was found."""


class Mark(Base):
    """The last time of one thing."""

    __tablename__ = "marks"

    name: Mapped[MarkName] = mapped_column(primary_key=True)
    at: Mapped[dt.datetime]
    detail: Mapped[str] = mapped_column(sa.String(200))
    """Numbers and names of files; nothing personal."""


def set_mark(session: Session, name: MarkName, detail: str) -> None:
    """Write down that it was done now."""
    session.merge(Mark(name=name, at=session.clock.now(), detail=detail[:200]))


def mark_of(session: Session, name: MarkName) -> Mark | None:
    """The last time it was done."""
    return session.get(Mark, name)
