"""Which processes are alive: each tells of itself every few seconds, and goes when it ends."""

import datetime as dt
from collections.abc import Sequence
from enum import StrEnum

import sqlalchemy as sa
from sqlalchemy.orm import Mapped, mapped_column

from store.base import Row
from store.session import Session

BEAT_SECONDS = 5.0
SILENT = dt.timedelta(seconds=30)
"""A process that has told nothing for so long is taken for dead."""
_FORGOTTEN = dt.timedelta(hours=1)


class ProcessRole(StrEnum):
    """What a process does: answer the network, do the turns and sends, or both."""

    WEB = "web"
    WORKER = "worker"
    BOTH = "both"

    @property
    def serves(self) -> bool:
        return self is not ProcessRole.WORKER

    @property
    def works(self) -> bool:
        return self is not ProcessRole.WEB


class Process(Row):
    """One running process of the program."""

    __tablename__ = "processes"

    role: Mapped[ProcessRole]
    build: Mapped[str] = mapped_column(sa.String(40))
    started_at: Mapped[dt.datetime]
    beat_at: Mapped[dt.datetime]


def alive(process_id: str) -> str:
    """The lock of the database that a process holds as long as it lives (PostgreSQL).

    However it dies, its connection goes with it, and the lock with the connection.
    """
    return f"alive:{process_id}"


def beat(session: Session, process_id: str, role: ProcessRole, build: str) -> None:
    """Tell that a process is alive, and forget those that are long dead."""
    now = session.clock.now()
    row = session.get(Process, process_id)
    if row is None:
        session.add(Process(id=process_id, role=role, build=build, started_at=now, beat_at=now))
    else:
        row.beat_at = now
    session.execute(sa.delete(Process).where(Process.beat_at < now - _FORGOTTEN))


def leave(session: Session, process_id: str) -> None:
    """Tell that a process has ended as it should."""
    session.execute(sa.delete(Process).where(Process.id == process_id))


def processes(session: Session) -> Sequence[Process]:
    """All that have been heard of lately, the oldest first; dead ones among them."""
    return session.scalars(sa.select(Process).order_by(Process.started_at, Process.id)).all()


def working(session: Session) -> bool:
    """Whether some process does turns and sends now."""
    since = session.clock.now() - SILENT
    return any(one.role.works and one.beat_at >= since for one in processes(session))
