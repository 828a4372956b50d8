"""Who has what open on the desk just now: two people see each other before they collide."""

import datetime as dt

import sqlalchemy as sa
from sqlalchemy.dialects import postgresql, sqlite
from sqlalchemy.orm import Mapped, mapped_column

from store.base import Base
from store.session import Session

SECONDS = 30
"""An open page tells every 10 seconds; one that was silent for this long is closed."""


class Presence(Base):
    """One person at one thing."""

    __tablename__ = "presence"

    subject: Mapped[str] = mapped_column(sa.String(80), primary_key=True)
    """Such as `article:civil-01`, or a case's id."""
    staff_id: Mapped[str] = mapped_column(sa.String(32), primary_key=True)
    at: Mapped[dt.datetime]


def here(session: Session, subject: str, staff_id: str) -> None:
    """Note that somebody has this open."""
    now = session.clock.now()
    insert = (postgresql if session.on_postgres else sqlite).insert(Presence)
    session.execute(  # one person may beat from two windows at once
        insert.values(subject=subject, staff_id=staff_id, at=now).on_conflict_do_update(
            index_elements=[Presence.subject, Presence.staff_id], set_={"at": now}
        )
    )
    session.execute(
        sa.delete(Presence).where(Presence.at < now - dt.timedelta(seconds=10 * SECONDS))
    )


def gone(session: Session, subject: str, staff_id: str) -> None:
    """Note that somebody has closed it."""
    session.execute(
        sa.delete(Presence).where(Presence.subject == subject, Presence.staff_id == staff_id)
    )


def others(session: Session, subject: str, staff_id: str) -> tuple[str, ...]:
    """The ids of everyone else who has it open."""
    since = session.clock.now() - dt.timedelta(seconds=SECONDS)
    query = (
        sa.select(Presence.staff_id)
        .where(Presence.subject == subject, Presence.staff_id != staff_id, Presence.at >= since)
        .order_by(Presence.staff_id)
    )
    return tuple(session.scalars(query))
