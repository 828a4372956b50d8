"""The numbers of the half-year and annual report (Form 12) and the lines of the register (Form 01).

Both forms are of Circular 12/2018/TT-BTP, Art. 13 (amended 2021, 2022, 2023). Their official layout
was not at hand: the columns here are ours and marked as a sample (`SAMPLE`).

The register names people. Names are masked, and so are the groups that tell of an illness,
violence, trafficking or an accusation, unless somebody asks for them, which is audited by the page.
"""

import datetime as dt
import re
from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import sqlalchemy as sa

from cases import access
from cases.access import NotFoundError
from cases.figures import Filters, counted_for, is_exact
from cases.life import AtOnce, Ground, Outcome
from cases.limits import Form
from cases.model import Assignment, Case, Refusal, RegisterEntry
from cases.parties import Party, PartyRole
from cases.periods import Period
from cases.providers import Provider, ProviderKind
from cases.rights import Complaint, Rating
from cases.sealed_groups import groups_of, head_of_screening
from cases.staff import StaffMember
from eligibility.grounds import GroupId
from store.session import Session

SAMPLE = "Bố cục mẫu của Tràm, chưa phải biểu mẫu chính thức – trung tâm đối chiếu trước khi nộp."
MOST_LINES = 5_000
"""Of the register, in one page or file."""

SENSITIVE = frozenset(
    {
        GroupId.HIV,
        GroupId.DOMESTIC_VIOLENCE,
        GroupId.TRAFFICKING_VICTIM,
        GroupId.ACCUSED_NEAR_POOR,
        GroupId.MINOR_16_18,
    }
)
"""Groups that tell of an illness, violence, or an accusation (Decree 356/2025, Art. 4)."""


# --- Form 12 ------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class Movement:
    """The accepted cases of one kind through a period."""

    carried: int
    """Accepted before the period, and not ended before it."""
    accepted: int
    finished: int
    """Ended in the period with help given to the end."""
    stopped: int
    """Ended in the period otherwise."""

    @property
    def total(self) -> int:
        """All that there was to do."""
        return self.carried + self.accepted

    @property
    def left(self) -> int:
        """What goes on into the next period."""
        return self.total - self.finished - self.stopped


@dataclass(frozen=True, slots=True)
class Report12:
    """The numbers of one report."""

    period: Period
    requests: int
    """All that came, accepted or not."""
    all: Movement
    by_form: tuple[tuple[Form, Movement], ...]
    by_field: tuple[tuple[str, Movement], ...]
    """Empty: not known."""
    by_office: tuple[tuple[str, Movement], ...]
    by_group: tuple[tuple[str, int], ...]
    """Cases accepted in the period; one of several groups counts in each. Empty: not named."""
    by_provider: tuple[tuple[ProviderKind, int], ...]
    """Appointments in the period."""
    refused: tuple[tuple[Ground, int], ...]
    withdrawn: int
    complaints: int
    complaints_answered: int
    rated: int
    satisfied: int
    """Of the rated: four stars or five."""


_DONE = frozenset({Outcome.ADVISED, Outcome.REPRESENTED})
_SATISFIED = 4


def report12_of(
    session: Session, staff: StaffMember, period: Period, office: str | None = None
) -> Report12:
    """The numbers of a report over a period, for the own office or, at the centre, any or all.

    Raises:
        NotFoundError: they see no cases, so they have no exact numbers.
    """
    if not is_exact(staff):
        raise NotFoundError
    scope = sa.and_(counted_for(staff), Filters(office=office).condition())
    rows = session.execute(
        sa.select(
            Case.id,
            Case.form,
            Case.field,
            Case.office_id,
            Case.outcome,
            Case.accepted_at,
            Case.closed_at,
            head_of_screening().label("head"),
        ).where(
            scope,
            Case.accepted_at < period.end,
            sa.or_(Case.closed_at.is_(None), Case.closed_at >= period.begin),
        )
    ).all()
    groups = groups_of(session, ((row.id, row.head) for row in rows if period.has(row.accepted_at)))
    named = Counter(group for found in groups.values() for group in found or ("",))
    closed = sa.and_(scope, period.holds(Case.closed_at))
    stars = session.scalars(
        sa.select(Rating.stars)
        .join(Case, Case.id == Rating.case_id)
        .where(scope, period.holds(Rating.at))
    ).all()
    complaints = (
        sa.select(sa.func.count())
        .select_from(Complaint)
        .join(Case, Case.id == Complaint.case_id)
        .where(scope)
    )

    def count(query: sa.Select[int]) -> int:
        return session.scalar(query) or 0

    cases = sa.select(sa.func.count()).select_from(Case)
    return Report12(
        period=period,
        requests=count(cases.where(scope, period.holds(Case.opened_at))),
        all=_movement(rows, period),
        by_form=tuple(
            (form, _movement([row for row in rows if row.form is form], period)) for form in Form
        ),
        by_field=_parts({row.field or "" for row in rows}, "field", rows, period),
        by_office=_parts({row.office_id for row in rows}, "office_id", rows, period),
        by_group=tuple((group, named[group]) for group in (*GroupId, "") if named[group]),
        by_provider=_appointed(session, scope, period),
        refused=_refused(session, closed),
        withdrawn=count(cases.where(closed, Case.outcome == Outcome.WITHDRAWN)),
        complaints=count(complaints.where(period.holds(Complaint.at))),
        complaints_answered=count(complaints.where(period.holds(Complaint.answered_at))),
        rated=len(stars),
        satisfied=sum(one >= _SATISFIED for one in stars),
    )


def _movement(rows: Iterable[Any], period: Period) -> Movement:
    carried = accepted = finished = stopped = 0
    for row in rows:
        if period.has(row.accepted_at):
            accepted += 1
        else:
            carried += 1
        if period.has(row.closed_at):
            if row.outcome in _DONE:
                finished += 1
            else:
                stopped += 1
    return Movement(carried, accepted, finished, stopped)


def _parts(
    keys: Iterable[str], name: str, rows: Sequence[Any], period: Period
) -> tuple[tuple[str, Movement], ...]:
    return tuple(
        (key, _movement([row for row in rows if (getattr(row, name) or "") == key], period))
        for key in sorted(keys, key=lambda key: (not key, key))
    )


def _appointed(
    session: Session, scope: sa.ColumnElement[bool], period: Period
) -> tuple[tuple[ProviderKind, int], ...]:
    query = (
        sa.select(Provider.kind, sa.func.count())
        .select_from(Assignment)
        .join(Provider, Provider.id == Assignment.provider_id)
        .join(Case, Case.id == Assignment.case_id)
        .where(scope, period.holds(Assignment.from_at))
        .group_by(Provider.kind)
    )
    counts: Mapping[ProviderKind, int] = dict(session.execute(query).all())
    return tuple((kind, counts.get(kind, 0)) for kind in ProviderKind)


def _refused(session: Session, closed: sa.ColumnElement[bool]) -> tuple[tuple[Ground, int], ...]:
    """By the ground of the last refusal of each case that ended so."""
    query = (
        sa.select(Refusal.case_id, Refusal.ground)
        .join(Case, Case.id == Refusal.case_id)
        .where(closed, Case.outcome == Outcome.REFUSED)
        .order_by(Refusal.at, Refusal.id)
    )
    last = dict(session.execute(query).all())
    counts = Counter(last.values())
    return tuple((ground, counts[ground]) for ground in Ground if counts[ground])


# --- Form 01 ------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class RegisterLine:
    """One line of the register."""

    case_id: str
    code: str
    at: dt.datetime
    name: str | None
    """Of the client; None: not written down."""
    groups: tuple[str, ...]
    masked_group: bool
    """A group is left out, because it is sensitive."""
    commune: str | None
    field: str | None
    form: Form
    provider: str | None
    """Of the public list."""
    at_once: AtOnce | None
    closed_at: dt.datetime | None
    outcome: Outcome | None


def register_of(
    session: Session,
    staff: StaffMember,
    period: Period,
    office: str | None = None,
    *,
    revealed: bool = False,
) -> tuple[RegisterLine, ...]:
    """The cases accepted in a period, in the register's order; at most `MOST_LINES`.

    The caller audits a revealed one.

    Raises:
        NotFoundError: they see no cases.
    """
    if not is_exact(staff):
        raise NotFoundError
    counted_for(staff)
    rows = session.execute(
        sa.select(
            RegisterEntry.code,
            RegisterEntry.at,
            RegisterEntry.form,
            Case.id,
            Case.commune,
            Case.field,
            Case.accepted_because,
            Case.closed_at,
            Case.outcome,
            Provider.name.label("provider"),
            head_of_screening().label("head"),
        )
        .join(Case, Case.id == RegisterEntry.case_id)
        .outerjoin(Provider, Provider.id == Case.provider_id)
        .where(
            access.belongs_to(staff),
            Filters(office=office).condition(),
            period.holds(RegisterEntry.at),
        )
        .order_by(RegisterEntry.at, RegisterEntry.code)
        .limit(MOST_LINES)
    ).all()
    groups = groups_of(session, ((row.id, row.head) for row in rows))
    names = _clients(session, [row.id for row in rows])
    lines = []
    for row in rows:
        named = groups[row.id]
        shown = named if revealed else tuple(one for one in named if one not in SENSITIVE)
        name = names.get(row.id)
        lines.append(
            RegisterLine(
                case_id=row.id,
                code=row.code,
                at=row.at,
                name=name if revealed or name is None else masked(name),
                groups=shown,
                masked_group=len(shown) < len(named),
                commune=row.commune,
                field=row.field,
                form=row.form,
                provider=row.provider,
                at_once=row.accepted_because,
                closed_at=row.closed_at,
                outcome=row.outcome,
            )
        )
    return tuple(lines)


def masked(name: str) -> str:
    """A name from which nobody is recognised: `Nguyễn Văn Tèo` is `N. V. T.`."""
    return " ".join(f"{word[0].upper()}." for word in re.findall(r"\w+", name))


def _clients(session: Session, ids: Sequence[str]) -> Mapping[str, str]:
    names: dict[str, str] = {}
    for start in range(0, len(ids), 500):
        query = (
            sa.select(Party)
            .where(Party.case_id.in_(ids[start : start + 500]), Party.role == PartyRole.CLIENT)
            .order_by(Party.at.desc(), Party.id.desc())
        )
        for party in session.scalars(query):
            names[party.case_id] = party.open(session.vault, "name") or ""
    return names
