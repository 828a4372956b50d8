"""What has happened to cases, for screens that follow along. Holds ids only, nothing personal."""

import datetime as dt
from collections.abc import Sequence

import sqlalchemy as sa
from sqlalchemy.orm import Mapped, mapped_column

from store.base import Base
from store.session import Session
from store.wakes import Topic


class Event(Base):
    """One thing that happened, in order."""

    __tablename__ = "events"
    __table_args__ = {"sqlite_autoincrement": True}  # noqa: RUF012 - SQLAlchemy's own declaration

    id: Mapped[int] = mapped_column(
        sa.BigInteger().with_variant(sa.Integer, "sqlite"), primary_key=True
    )
    at: Mapped[dt.datetime]
    kind: Mapped[str] = mapped_column(sa.String(40))
    case_id: Mapped[str | None] = mapped_column(sa.String(32), index=True)
    staff_id: Mapped[str | None] = mapped_column(sa.String(32))
    """Who did it; None when it was the citizen or the engine."""


def record(
    session: Session, kind: str, *, case_id: str | None = None, staff_id: str | None = None
) -> None:
    """Write down that something happened, and wake the desks, with the caller's transaction.

    It is written at its end: ids must become visible in their order, because a screen asks for
    "everything after 41", and whoever waits for that may hold up no row that another one needs.
    """
    event = Event(at=session.clock.now(), kind=kind, case_id=case_id, staff_id=staff_id)
    session.add_last(event)
    session.wake(Topic.DESK)


def newest(session: Session) -> int:
    """The id of the last event, 0 when there is none."""
    return session.scalar(sa.select(sa.func.max(Event.id))) or 0


def after(session: Session, event_id: int, limit: int = 200) -> Sequence[Event]:
    """Events after `event_id`, oldest first."""
    query = sa.select(Event).where(Event.id > event_id).order_by(Event.id).limit(limit)
    return session.scalars(query).all()
