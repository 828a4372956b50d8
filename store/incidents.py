"""What is wrong with the running of the whole: once begun, once told, once told that it is over."""

import datetime as dt
from collections.abc import Sequence
from enum import StrEnum

import sqlalchemy as sa
from sqlalchemy.orm import Mapped, mapped_column

from store.base import Row
from store.session import Session


class IncidentKind(StrEnum):
    """What an operator is called for."""

    OUTBOX_AGES = "outbox_ages"
    INBOX_AGES = "inbox_ages"
    NO_WORKER = "no_worker"
    TOKEN_ENDS = "token_ends"  # noqa: S105 - a token that ends, not a token
    NOBODY_AT_OFFICE = "nobody_at_office"
    BACKUP_OLD = "backup_old"
    DISK_FULL = "disk_full"


class Incident(Row):
    """One thing that is or was wrong, from when until when, and whether somebody was told."""

    __tablename__ = "incidents"
    __table_args__ = (sa.Index("ix_incidents_open", "over_at", "kind", "subject"),)

    kind: Mapped[IncidentKind]
    subject: Mapped[str] = mapped_column(sa.String(80))
    """Which one of its kind: a channel, an office; empty when there is only one."""
    detail: Mapped[str] = mapped_column(sa.String(80))
    """How bad it was at the beginning, such as `40 phút`."""
    began_at: Mapped[dt.datetime]
    over_at: Mapped[dt.datetime | None]
    told_at: Mapped[dt.datetime | None]
    over_told_at: Mapped[dt.datetime | None]
    leased_until: Mapped[dt.datetime | None]
    """A process is telling of it until then."""


def ongoing(session: Session) -> Sequence[Incident]:
    """What is wrong now, the oldest first."""
    query = sa.select(Incident).where(Incident.over_at.is_(None)).order_by(Incident.began_at)
    return session.scalars(query).all()
