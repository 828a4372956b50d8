"""How the running of the whole stands: one picture for the metrics, the alerts and the desk.

Counts, ages and names of offices only; nothing of any person.
"""

import datetime as dt
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import sqlalchemy as sa

from cases.alerts import AlertRow
from cases.life import CaseState
from cases.limits import Step
from cases.model import Case
from store.incidents import Incident
from store.marks import Mark
from store.processes import Process
from store.session import Session


@dataclass(frozen=True)
class ChannelHealth:
    """One channel that citizens write on."""

    name: str
    waiting: int
    """Messages that wait to be sent."""
    oldest: dt.timedelta | None
    """How long the first of them has been due."""
    heard_at: dt.datetime | None
    """When the last message came in."""
    sent: int
    """Messages of the last 24 hours."""
    refused: int
    unknown: int
    refusals: Sequence[tuple[str, int]] = ()
    """Why, the most frequent first."""
    token_ends_at: dt.datetime | None = None
    """Where the channel needs a token that ends."""
    token_failures: int = 0


@dataclass(frozen=True)
class Disk:
    """The disk that the database, or a process's own files, lie on."""

    free: int
    total: int


@dataclass(frozen=True)
class Health:
    """Everything at one moment."""

    at: dt.datetime
    channels: tuple[ChannelHealth, ...]
    inbox_waiting: int
    inbox_oldest: dt.timedelta | None
    processes: tuple[Process, ...]
    unclaimed: Mapping[str, int]
    """By office."""
    offices_without_staff: tuple[str, ...]
    overdue: int
    """Cases with a time limit that has passed."""
    stale_articles: int
    backup: Mark | None
    verify: Mark | None
    schema: str | None
    wanted_schema: str | None
    database_bytes: int | None
    disk: Disk | None
    incidents: tuple[Incident, ...]

    @property
    def outbox_waiting(self) -> int:
        return sum(channel.waiting for channel in self.channels)


def unclaimed_by_office(session: Session) -> dict[str, int]:
    """How many cases wait for somebody to claim them, by office."""
    query = (
        sa.select(Case.office_id, sa.func.count())
        .where(Case.state == CaseState.WAITING)
        .group_by(Case.office_id)
    )
    return dict(session.execute(query).all())


def overdue_cases(session: Session) -> int:
    """How many cases have a time limit that has passed and is not met."""
    query = sa.select(sa.func.count(sa.distinct(AlertRow.case_id))).where(
        AlertRow.over_at.is_(None), AlertRow.step.in_((Step.OVERDUE, Step.LATER))
    )
    return session.scalar(query) or 0
