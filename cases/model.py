"""A request for legal aid and what is known of it."""

import datetime as dt
from enum import StrEnum

import sqlalchemy as sa
from sqlalchemy.orm import Mapped, mapped_column

from cases.staff import StaffMember
from store.base import Row


class CaseState(StrEnum):
    """Where a request stands. Acceptance into the register (thụ lý) is an officer's later act."""

    WAITING = "waiting"
    CLAIMED = "claimed"
    CLOSED = "closed"


class Outcome(StrEnum):
    """How a case ended."""

    ADVISED = "advised"
    REPRESENTED = "represented"
    REFERRED = "referred"
    WITHDRAWN = "withdrawn"
    NOT_ENTITLED = "not_entitled"
    UNREACHABLE = "unreachable"
    DUPLICATE = "duplicate"


class Case(Row):
    """One request, from its opening to its end. The thread holds what was said."""

    __tablename__ = "cases"
    __table_args__ = (
        sa.CheckConstraint(
            "(state = 'claimed') = (holder_id IS NOT NULL) OR state = 'closed'",
            name="claimed_has_holder",
        ),
        sa.CheckConstraint("(state = 'closed') = (outcome IS NOT NULL)", name="closed_has_outcome"),
        sa.Index("ix_cases_queue", "office_id", "state", "urgent", "opened_at"),
    )

    number: Mapped[int] = mapped_column(unique=True)
    """The number staff call it by. Not the register's number, never a key, told to nobody else."""
    code_index: Mapped[str] = mapped_column(sa.String(64), unique=True)
    """Blind index of the citizen's code; the code itself is not kept."""
    pin_index: Mapped[str] = mapped_column(sa.String(64))
    """Keyed fingerprint of the code with its PIN; the key is not in the database."""
    wrong_pins: Mapped[int] = mapped_column(default=0)
    locked_until: Mapped[dt.datetime | None]

    conversation_id: Mapped[str | None] = mapped_column(sa.String(32), index=True)
    """The talk through which the citizen is reached now; opaque here."""
    channel: Mapped[str] = mapped_column(sa.String(20))
    language: Mapped[str] = mapped_column(sa.String(5), default="vi")

    state: Mapped[CaseState] = mapped_column(default=CaseState.WAITING)
    office_id: Mapped[str] = mapped_column(sa.String(30))
    routing_rule: Mapped[str] = mapped_column(sa.String(40))
    routing_reason: Mapped[str] = mapped_column(sa.String(500))
    commune: Mapped[str | None] = mapped_column(sa.String(10))
    field: Mapped[str | None] = mapped_column(sa.String(20))
    urgent: Mapped[bool] = mapped_column(default=False)
    danger: Mapped[bytes | None]
    """Sealed: the kind of danger that was told. `urgent` is what the queue is ordered by."""

    law_version: Mapped[str | None] = mapped_column(sa.String(60))
    """The version of the legal-aid law that the screening used."""
    screening: Mapped[bytes | None]
    """Sealed JSON: facts told, outcome, grounds, papers. Names illnesses and violence."""
    contact: Mapped[bytes | None]
    """Sealed JSON: name, phone, hours, who may hear."""
    phone_index: Mapped[str | None] = mapped_column(sa.String(64), index=True)

    holder_id: Mapped[str | None] = mapped_column(sa.ForeignKey(StaffMember.id), index=True)
    claimed_at: Mapped[dt.datetime | None]
    opened_at: Mapped[dt.datetime]
    last_word_at: Mapped[dt.datetime]
    """When the citizen last wrote."""
    answered_at: Mapped[dt.datetime | None]
    """When an officer last wrote to the citizen."""
    closed_at: Mapped[dt.datetime | None]
    outcome: Mapped[Outcome | None]
    withdraw_asked_at: Mapped[dt.datetime | None]
