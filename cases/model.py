"""A request for legal aid and what is known of it."""

import datetime as dt
from enum import StrEnum

import sqlalchemy as sa
from sqlalchemy.orm import Mapped, mapped_column

from cases.life import AtOnce, CaseState, Ground, Outcome, ProviderGround
from cases.limits import Form
from cases.providers import Provider
from cases.staff import StaffMember
from store.base import Row

CUSTODY = "arrest"
"""The kind of danger of somebody arrested or held: the shortest limits of the law run."""


class Case(Row):
    """One request, from its opening to its end. The thread holds what was said."""

    __tablename__ = "cases"
    __table_args__ = (
        sa.CheckConstraint(
            "(state IN ('claimed', 'accepted', 'in_progress')) = (holder_id IS NOT NULL)"
            " OR state = 'closed'",
            name="held_has_holder",
        ),
        sa.CheckConstraint("(state = 'closed') = (outcome IS NOT NULL)", name="closed_has_outcome"),
        sa.CheckConstraint(
            "accepted_at IS NOT NULL OR state NOT IN ('accepted', 'in_progress')",
            name="accepted_is_registered",
        ),
        sa.Index("ix_cases_queue", "office_id", "state", "urgent", "opened_at"),
        sa.Index("ix_cases_done", "state", "closed_at"),
    )

    number: Mapped[int] = mapped_column(unique=True)
    """The number staff call it by. Not the register's number, never a key, told to nobody else."""
    code_index: Mapped[str] = mapped_column(sa.String(64), unique=True)
    """Blind index of the citizen's code; the code itself is not kept."""
    pin_index: Mapped[str] = mapped_column(sa.String(64))
    """Keyed fingerprint of the code with its PIN; the key is not in the database."""
    pin_alone: Mapped[str | None] = mapped_column(sa.String(64))
    """Keyed fingerprint of the PIN with this row's id: in the talk that sent it no code is asked.
    None: opened before this was asked for; the code is needed."""

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
    withdraw_reason: Mapped[bytes | None]
    """Sealed: why the citizen takes the request back (Form 05)."""

    queued_at: Mapped[dt.datetime | None]
    """When it came (back) into the queue it is in; None: when it was opened."""
    in_custody: Mapped[bool] = mapped_column(default=False, server_default=sa.false())
    """Arrested or held: the law's short limits are for them (Art. 31)."""
    form: Mapped[Form | None]
    complex: Mapped[bool] = mapped_column(default=False, server_default=sa.false())
    accepted_at: Mapped[dt.datetime | None]
    """When it was entered in the register; kept when the case returns to a queue."""
    accepted_because: Mapped[AtOnce | None]
    """Why it was accepted before the papers were complete."""
    papers_asked_at: Mapped[dt.datetime | None]
    papers_given_at: Mapped[dt.datetime | None]
    papers_missing: Mapped[bytes | None]
    """Sealed: which papers are still waited for. A certificate may name an illness."""
    papers_sent_at: Mapped[dt.datetime | None]
    """When the citizen had sent all of them, and it was the office's turn to look."""
    papers_asked_again_at: Mapped[dt.datetime | None]
    """When, after acceptance, one was asked for anew: the time for it runs from there."""
    longer_for_papers: Mapped[bool | None]
    """Lives in a specially difficult area, or force majeure; None: not known."""
    provider_id: Mapped[str | None] = mapped_column(sa.ForeignKey(Provider.id), index=True)
    assigned_at: Mapped[dt.datetime | None]
    begun_at: Mapped[dt.datetime | None]
    advice_given_at: Mapped[dt.datetime | None]

    offered_to: Mapped[str | None] = mapped_column(sa.String(30), index=True)
    """The office that is asked to take it over; until it says yes, nothing else changes."""
    joined_into: Mapped[str | None] = mapped_column(sa.String(32), index=True)
    """The id of the case that goes on, when this one was closed as its duplicate."""
    snoozed_until: Mapped[dt.datetime | None]
    """Put aside by its holder until then, or until the citizen writes."""
    next_look_at: Mapped[dt.datetime | None] = mapped_column(index=True)
    """When the clock next has something to do with it; None: nothing. Every move says "now"."""
    erased_at: Mapped[dt.datetime | None]
    """When all that it held of a person was erased; the row stays for the figures."""


class RegisterEntry(Row):
    """One line of the register of accepted cases (Form 01), which gives the case its code."""

    __tablename__ = "register_entries"
    __table_args__ = (sa.UniqueConstraint("office", "form", "year", "number"),)

    case_id: Mapped[str] = mapped_column(sa.ForeignKey(Case.id), unique=True)
    office: Mapped[str] = mapped_column(sa.String(12))
    """As the code names it: `TT`, `CN1`."""
    form: Mapped[Form]
    year: Mapped[int]
    number: Mapped[int]
    code: Mapped[str] = mapped_column(sa.String(40), unique=True)
    """`CN1.TV.01.2026` (Circular 12/2018/TT-BTP, Art. 11 clause 1)."""
    entered_by: Mapped[str] = mapped_column(sa.ForeignKey(StaffMember.id))
    at: Mapped[dt.datetime]


class Pause(Row):
    """A stretch in which the citizen owed something."""

    __tablename__ = "pauses"

    case_id: Mapped[str] = mapped_column(sa.ForeignKey(Case.id), index=True)
    staff_id: Mapped[str] = mapped_column(sa.ForeignKey(StaffMember.id))
    reason: Mapped[bytes | None]
    """Sealed; None: forgotten."""
    from_at: Mapped[dt.datetime]
    to_at: Mapped[dt.datetime | None]


class TransferState(StrEnum):
    """What became of an offer to another office."""

    OFFERED = "offered"
    ACCEPTED = "accepted"
    DECLINED = "declined"
    CANCELLED = "cancelled"
    TAKEN = "taken"
    """Never offered: the centre took what its branch had left unclaimed."""


class Transfer(Row):
    """A case on its way from one office to another."""

    __tablename__ = "transfers"
    __table_args__ = (
        sa.Index(
            "ix_transfers_one_open",
            "case_id",
            unique=True,
            sqlite_where=sa.text("state = 'offered'"),
            postgresql_where=sa.text("state = 'offered'"),
        ),
    )

    case_id: Mapped[str] = mapped_column(sa.ForeignKey(Case.id), index=True)
    from_office: Mapped[str] = mapped_column(sa.String(30), index=True)
    to_office: Mapped[str] = mapped_column(sa.String(30))
    state: Mapped[TransferState]
    reason: Mapped[bytes | None]
    """Sealed: why it is sent."""
    answer: Mapped[bytes | None]
    """Sealed: why it is not taken."""
    offered_by: Mapped[str] = mapped_column(sa.ForeignKey(StaffMember.id))
    offered_at: Mapped[dt.datetime]
    decided_by: Mapped[str | None] = mapped_column(sa.ForeignKey(StaffMember.id))
    decided_at: Mapped[dt.datetime | None]


class Assignment(Row):
    """A provider's time with a case, and why it ended."""

    __tablename__ = "assignments"

    case_id: Mapped[str] = mapped_column(sa.ForeignKey(Case.id), index=True)
    provider_id: Mapped[str] = mapped_column(sa.ForeignKey(Provider.id), index=True)
    assigned_by: Mapped[str] = mapped_column(sa.ForeignKey(StaffMember.id))
    from_at: Mapped[dt.datetime]
    to_at: Mapped[dt.datetime | None]
    ground: Mapped[ProviderGround | None]
    reason: Mapped[bytes | None]
    """Sealed: why somebody else was appointed."""


class Refusal(Row):
    """What the notice of refusal says (Form 08). The latest of a case counts."""

    __tablename__ = "refusals"

    case_id: Mapped[str] = mapped_column(sa.ForeignKey(Case.id), index=True)
    staff_id: Mapped[str] = mapped_column(sa.ForeignKey(StaffMember.id))
    ground: Mapped[Ground]
    wording: Mapped[bytes | None]
    """Sealed: the facts, in the officer's words; None: forgotten."""
    accepted: Mapped[bool]
    """Whether it had been accepted: then it is not gone on with (Art. 37), else not accepted."""
    at: Mapped[dt.datetime]


class WishKind(StrEnum):
    """What a citizen asks for about the provider (Law 11/2017/QH14, Art. 8 clause 5)."""

    CHOICE = "choice"
    CHANGE = "change"
    """Form 04: for a ground of Art. 25; to be answered in 3 working days."""


class ProviderWish(Row):
    """A citizen's choice of a provider from the published list, or the wish for another one."""

    __tablename__ = "provider_wishes"

    case_id: Mapped[str] = mapped_column(sa.ForeignKey(Case.id), index=True)
    kind: Mapped[WishKind]
    provider_id: Mapped[str | None] = mapped_column(sa.ForeignKey(Provider.id))
    """Who is wished for; None: anyone else."""
    ground: Mapped[ProviderGround | None]
    reason: Mapped[bytes | None]
    """Sealed."""
    at: Mapped[dt.datetime]
    answered_at: Mapped[dt.datetime | None]
    answered_by: Mapped[str | None] = mapped_column(sa.ForeignKey(StaffMember.id))
    granted: Mapped[bool | None]
    answer: Mapped[bytes | None]
    """Sealed: why it was not granted, as the citizen was told."""


class MeetingPlace(StrEnum):
    """Where officer and citizen meet."""

    OFFICE = "office"
    PHONE = "phone"
    COMMUNE = "commune"
    """The people's committee of the citizen's commune."""


class MeetingState(StrEnum):
    """What became of the times that were proposed."""

    OFFERED = "offered"
    AGREED = "agreed"
    NONE_FITS = "none_fits"
    CALL_ME = "call_me"
    """The citizen wants to be called to agree on a time."""
    MOVED = "moved"
    """Other times were proposed instead."""
    CANCELLED = "cancelled"


OPEN_MEETING = frozenset(
    {MeetingState.OFFERED, MeetingState.AGREED, MeetingState.NONE_FITS, MeetingState.CALL_ME}
)
"""The states in which a meeting is not over: somebody still has to do something, or to come."""


class Appointment(Row):
    """One proposal of one to three times for a meeting, and the citizen's answer."""

    __tablename__ = "appointments"
    __table_args__ = (
        sa.Index(
            "ix_appointments_one_open",
            "case_id",
            unique=True,
            sqlite_where=sa.text("ended_at IS NULL"),
            postgresql_where=sa.text("ended_at IS NULL"),
        ),
        sa.Index("ix_appointments_coming", "state", "at"),
    )

    case_id: Mapped[str] = mapped_column(sa.ForeignKey(Case.id), index=True)
    state: Mapped[MeetingState]
    times: Mapped[list[str]] = mapped_column(sa.JSON())
    """The moments proposed, in UTC, as ISO 8601 writes them; earliest first."""
    at: Mapped[dt.datetime | None]
    """The one that was agreed upon."""
    place: Mapped[MeetingPlace]
    detail: Mapped[bytes | None]
    """Sealed: what the officer adds to the place: a room, whom to ask for."""
    offered_by: Mapped[str] = mapped_column(sa.ForeignKey(StaffMember.id))
    offered_at: Mapped[dt.datetime]
    answered_at: Mapped[dt.datetime | None]
    reminded_at: Mapped[dt.datetime | None]
    ended_at: Mapped[dt.datetime | None]
    """When it was moved, called off, or its case was closed."""
    ended_by: Mapped[str | None] = mapped_column(sa.ForeignKey(StaffMember.id))
