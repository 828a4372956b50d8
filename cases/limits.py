"""The limits themselves, as `deadlines.yaml` writes them: which there are and whom each holds for.

What they are is the law's and the centre's to change, in the file; `cases/deadlines.py` counts.
Pure.
"""

import datetime as dt
from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum
from functools import cache
from itertools import product
from pathlib import Path
from typing import Annotated, Self, assert_never

from pydantic import Field, model_validator

from store.datafile import DataFileError, Entry, load

FILE = Path(__file__).with_name("deadlines.yaml")


class DeadlineKind(StrEnum):
    """What is owed."""

    DUTY_ALERT = "duty_alert"
    CLAIM = "claim"
    CHECK_REQUEST = "check_request"
    ACCEPT_AT_ONCE = "accept_at_once"
    MISSING_PAPERS = "missing_papers"
    """Owed by the citizen; staff remind."""
    ASSIGN_PROVIDER = "assign_provider"
    CHANGE_PROVIDER = "change_provider"
    """An answer to the wish for another provider (Form 04)."""
    ADVICE = "advice"
    COMPLAINT = "complaint"
    COMPLAINT_TO_DEPARTMENT = "complaint_to_department"
    """Owed by the Department of Justice; the centre follows it."""


class Role(StrEnum):
    """Who owns a deadline, or is told of it."""

    HOLDER = "holder"
    """The officer who holds the case; the branch head while nobody does."""
    HEAD = "head"
    """The head of the branch that has the case."""
    CENTRE = "centre"
    DUTY = "duty"
    """Whoever is on the duty roster."""


class Step(StrEnum):
    """How far telling has gone."""

    BEFORE = "before"
    OVERDUE = "overdue"
    LATER = "later"


class Unit(StrEnum):
    """In what a limit is counted."""

    WORKING_DAYS = "working_days"
    DAYS = "days"
    HOURS = "hours"
    """Real hours, day and night."""
    WORKING_HOURS = "working_hours"
    """Hours in which the office is at work."""

    @property
    def in_days(self) -> bool:
        """Whether it ends with a day, not at a moment."""
        return self in (Unit.WORKING_DAYS, Unit.DAYS)


class Form(StrEnum):
    """The form of legal aid (Law 11/2017/QH14, Art. 27)."""

    LITIGATION = "litigation"
    REPRESENTATION = "representation"
    """Out of court."""
    ADVICE = "advice"


class Moment(StrEnum):
    """A moment of a case that a limit runs from or is met by; a field of `CaseTimes`."""

    RECEIVED = "received_at"
    QUEUED = "queued_at"
    CLAIMED = "claimed_at"
    ACCEPTED = "accepted_at"
    PAPERS_ASKED = "papers_asked_at"
    PAPERS_GIVEN = "papers_given_at"
    PAPERS_SENT = "papers_sent_at"
    PAPERS_ASKED_AGAIN = "papers_asked_again_at"
    ASSIGNED = "assigned_at"
    ADVICE_GIVEN = "advice_given_at"
    COMPLAINT = "complaint_at"
    COMPLAINT_ANSWERED = "complaint_answered_at"
    COMPLAINT_TO_DEPARTMENT = "complaint_to_department_at"
    DEPARTMENT_ANSWERED = "department_answered_at"
    CHANGE_ASKED = "change_asked_at"
    CHANGE_ANSWERED = "change_answered_at"


class Flag(StrEnum):
    """A property of a case that chooses between limits."""

    URGENT_OR_HELD = "urgent_or_held"
    HELD = "held"
    COMPLEX = "complex"
    PAPERS_ASKED = "papers_asked"
    LONGER_FOR_PAPERS = "longer_for_papers"


@dataclass(frozen=True, slots=True, kw_only=True)
class CaseTimes:
    """What the limits of a case depend on. Moments are aware and, where known, past."""

    received_at: dt.datetime
    """When the citizen's request came."""
    queued_at: dt.datetime | None = None
    """When it came into the queue of the office that has it now; None: when it was received."""
    urgent: bool = False
    """In danger."""
    held: bool = False
    """Arrested or in custody (người bị bắt, người bị tạm giữ)."""
    form: Form | None = None
    """None: not decided yet, then the limits of every form run."""
    complex: bool = False
    claimed_at: dt.datetime | None = None
    accepted_at: dt.datetime | None = None
    """Entered in the register (Circular 12/2018/TT-BTP, Art. 5 clause 2)."""
    assigned_at: dt.datetime | None = None
    papers_asked_at: dt.datetime | None = None
    papers_given_at: dt.datetime | None = None
    """When the last missing paper came; None while any is missing."""
    papers_sent_at: dt.datetime | None = None
    """When the citizen had sent them all; an officer has to look now."""
    papers_asked_again_at: dt.datetime | None = None
    """When, after acceptance, one was asked for anew."""
    longer_for_papers: bool | None = False
    """Lives in a specially difficult area, or force majeure; None: not known."""
    advice_given_at: dt.datetime | None = None
    complaint_at: dt.datetime | None = None
    complaint_answered_at: dt.datetime | None = None
    complaint_to_department_at: dt.datetime | None = None
    department_answered_at: dt.datetime | None = None
    change_asked_at: dt.datetime | None = None
    """When another provider was asked for (Form 04), the last time."""
    change_answered_at: dt.datetime | None = None
    closed_at: dt.datetime | None = None
    pauses: tuple[tuple[dt.datetime, dt.datetime | None], ...] = ()
    """When the citizen owed something; an end of None: still does."""

    def __post_init__(self) -> None:
        """ValueError: a moment without a zone, which would be read as the machine's own."""
        moments = [self.at(moment) for moment in Moment]
        moments += [self.closed_at, *(moment for pause in self.pauses for moment in pause)]
        if any(moment is not None and moment.tzinfo is None for moment in moments):
            raise ValueError("a moment needs its time zone")

    def at(self, moment: Moment) -> dt.datetime | None:
        """When that was; None: not yet."""
        found: dt.datetime | None = getattr(self, moment.value)
        return found

    @property
    def flags(self) -> Mapping[Flag, bool | None]:
        """What chooses between limits; None: not known."""
        return {
            Flag.URGENT_OR_HELD: self.urgent or self.held,
            Flag.HELD: self.held,
            Flag.COMPLEX: self.complex,
            Flag.PAPERS_ASKED: self.papers_asked_at is not None,
            Flag.LONGER_FOR_PAPERS: self.longer_for_papers,
        }


class Measure(StrEnum):
    """Who set the length of a limit."""

    LAW = "law"
    HOUSE = "house"


class Tells(Entry):
    """Who is told at each step."""

    before: tuple[Role, ...]
    overdue: tuple[Role, ...]
    later: tuple[Role, ...]

    def of(self, step: Step) -> tuple[Role, ...]:
        """Who is told at a step."""
        match step:
            case Step.BEFORE:
                return self.before
            case Step.OVERDUE:
                return self.overdue
            case Step.LATER:
                return self.later
            case _:
                assert_never(step)


class Rule(Entry):
    """One limit, as `deadlines.yaml` writes it; the file's head explains the keys."""

    kind: DeadlineKind
    title: str
    citation: str
    says: str
    house: bool = False
    measure: Measure = Measure.LAW
    length: Annotated[int, Field(gt=0)]
    unit: Unit
    starts: Annotated[tuple[Moment, ...], Field(min_length=1)]
    met_by: Annotated[tuple[Moment, ...], Field(min_length=1)]
    ends_with_case: bool = True
    when: Annotated[dict[Flag, bool], Field(default_factory=dict)]
    forms: tuple[Form, ...] = tuple(Form)
    doubt: str | None = None
    """What to say when a flag of `when` is not known: the rule holds, but unverified."""
    pauses: bool = False
    owner: Role
    warn_before: Annotated[int, Field(ge=0)] | None = None
    warn_after: Annotated[int, Field(ge=0)] | None = None
    later_after: Annotated[int, Field(ge=0)]
    tells: Tells
    at_night: bool = False
    verified: bool

    @model_validator(mode="after")
    def _warned_in_its_unit(self) -> Self:
        wanted, other = self.warn_before, self.warn_after
        if not self.unit.in_days:
            wanted, other = other, wanted
        if wanted is None or other is not None or wanted >= self.length:
            name = "warn_before" if self.unit.in_days else "warn_after"
            raise ValueError(f"a limit in {self.unit} needs {name}, shorter than its length")
        return self

    def holds(self, flags: Mapping[Flag, bool | None], form: Form | None) -> bool:
        """Whether the limit is one of a case with these properties; not known counts as no."""
        return (form is None or form in self.forms) and all(
            bool(flags[flag]) is wanted for flag, wanted in self.when.items()
        )


class Unread(Entry):
    """The day from which an amended law is in force that nobody here has read."""

    day: dt.date
    note: str


class Rules(Entry):
    """`deadlines.yaml`."""

    unread_from: Unread
    rules: tuple[Rule, ...]


def load_rules(path: Path = FILE) -> Rules:
    """Read the limits.

    Raises:
        DataFileError: the file is wrong, or two limits of a kind are for the same case.
    """
    rules = load(path, Rules)
    for values in product((False, True), repeat=len(Flag)):
        flags = dict(zip(Flag, values, strict=True))
        for form in Form:
            kinds = [rule.kind for rule in rules.rules if rule.holds(flags, form)]
            for kind in kinds:
                if kinds.count(kind) > 1:
                    given = ", ".join(flag for flag in Flag if flags[flag])
                    reason = f"two limits of the kind {kind} for {form} ({given or 'no flag'})"
                    raise DataFileError(path, None, reason)
    return rules


@cache
def shipped_rules() -> Rules:
    """The limits of `deadlines.yaml`, read once."""
    return load_rules()
