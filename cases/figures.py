"""What an office did in a stretch of days, in numbers: how many, how fast, how well.

Every figure starts from `cases.access.belongs_to`: a head counts the own office, the centre all. An
admin, who sees no case, may know how much there is to do, but no number below `FEW`. Officers,
editors and auditors have no figures.

A case counts for the office that has it now. All reads work inside the caller's transaction.
"""

import datetime as dt
import statistics
from bisect import bisect_right
from collections import Counter, defaultdict
from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass
from math import ceil
from operator import attrgetter
from typing import Any, NamedTuple, assert_never

import sqlalchemy as sa

from cases import access
from cases.access import NotFoundError
from cases.calendar import calendar_of, day_of
from cases.clock import times_from
from cases.deadlines import kept_of
from cases.life import HELD, CaseState, Outcome
from cases.limits import DeadlineKind
from cases.memory import Memory
from cases.model import Case, Pause, ProviderWish, WishKind
from cases.periods import Period, steps_of
from cases.province import Province
from cases.rights import MOST_STARS, Complaint, Rating
from cases.sealed_groups import groups_of, head_of_screening, in_parts
from cases.staff import Role, StaffMember
from cases.told_figures import Figures, Kept, Line, Load, Spell, Stars, without_few
from cases.worktime import SECOND, QuickCalendar, WorkTimes, ticks
from store.events import Event
from store.session import Session

HELPED = frozenset({Outcome.ADVISED, Outcome.REPRESENTED, Outcome.REFERRED})
"""The outcomes after which the time to the end says something of the work."""
_NOT_OURS = frozenset({DeadlineKind.MISSING_PAPERS, DeadlineKind.COMPLAINT_TO_DEPARTMENT})
"""Owed by the citizen, and by the Department of Justice."""

_kept: Memory[tuple[str, int], tuple[tuple[DeadlineKind, bool], ...]] = Memory(100_000)
"""Which limits an ended case kept, by its id and the second of its end."""


@dataclass(frozen=True, slots=True)
class Filters:
    """Which cases are counted; None: all."""

    office: str | None = None
    field: str | None = None
    group: str | None = None
    channel: str | None = None
    commune: str | None = None

    @property
    def narrow(self) -> bool:
        """Whether it asks for more than an office."""
        return any((self.field, self.group, self.channel, self.commune))

    def condition(self) -> sa.ColumnElement[bool]:
        """Everything but the group, which is sealed."""
        asked = {
            Case.office_id: self.office,
            Case.field: self.field,
            Case.channel: self.channel,
            Case.commune: self.commune,
        }
        return sa.and_(sa.true(), *(column == value for column, value in asked.items() if value))


def counted_for(staff: StaffMember) -> sa.ColumnElement[bool]:
    """The condition that a case is one that a staff member may count.

    Raises:
        NotFoundError: they have no figures.
    """
    match staff.role:
        case Role.HEAD | Role.CENTRE:
            return access.belongs_to(staff)
        case Role.ADMIN:
            return sa.true()
        case Role.OFFICER | Role.EDITOR | Role.AUDITOR:
            raise NotFoundError
        case _:
            assert_never(staff.role)


def is_exact(staff: StaffMember) -> bool:
    """Whether small numbers are told too: to those who may open the cases anyway."""
    return staff.role is not Role.ADMIN


class _Counted(NamedTuple):
    """The little of a case that is counted; its moments in seconds since 1970."""

    id: str
    office_id: str
    field: str | None
    commune: str | None
    channel: str
    state: CaseState
    outcome: Outcome | None
    opened: int
    accepted: int | None
    closed: int | None
    head: bytes | None


def figures_of(
    session: Session,
    staff: StaffMember,
    province: Province,
    period: Period,
    filters: Filters | None = None,
) -> Figures:
    """The figures of a stretch, as far as a staff member may know them.

    Raises:
        NotFoundError: they have no figures; or they see no cases and ask for a narrow part,
            from which single cases could be told apart.
    """
    filters = filters or Filters()
    scope = sa.and_(counted_for(staff), filters.condition())
    if filters.narrow and not is_exact(staff):
        raise NotFoundError
    rows = _rows(session, scope, period)
    groups = groups_of(session, ((row.id, row.head) for row in rows))
    if filters.group:
        rows = [row for row in rows if filters.group in groups[row.id]]
    begin, end = ticks(period.begin) // SECOND, ticks(period.end) // SECOND
    opened = [row for row in rows if begin <= row.opened < end]
    accepted = [row for row in rows if row.accepted is not None and begin <= row.accepted < end]
    closed = [row for row in rows if row.closed is not None and begin <= row.closed < end]
    claims = _first_claims(session, scope, period)
    first = _earliest(rows, period)
    times = WorkTimes(province, first)
    measured = (opened, accepted, closed)
    counts = Counter(row.outcome for row in closed)
    now = _standing(session, scope, filters.group)
    figures = Figures(
        period=period,
        exact=True,
        opened=len(opened),
        accepted=len(accepted),
        refused=counts[Outcome.REFUSED],
        closed=len(closed),
        waiting=now[CaseState.WAITING],
        in_hand=sum(now[state] for state in HELD),
        outcomes=tuple((outcome, counts[outcome]) for outcome in Outcome if counts[outcome]),
        by_office=_lines(*(Counter(map(_OFFICE, some)) for some in measured)),
        by_field=_lines(*(Counter(map(_FIELD, some)) for some in measured)),
        by_group=_lines(*(_by_group(some, groups) for some in measured)),
        by_commune=_lines(*(Counter(map(_COMMUNE, some)) for some in measured)),
        by_channel=_lines(*(Counter(map(_CHANNEL, some)) for some in measured)),
        trend=_trend(
            period,
            session.clock.now(),
            [row.opened for row in opened],
            [row.accepted for row in accepted if row.accepted is not None],
            [row.closed for row in closed if row.closed is not None],
        ),
        to_claim=_spell(times, [(row.office_id, row.opened, claims.get(row.id)) for row in opened]),
        unclaimed=sum(row.state is CaseState.WAITING and row.id not in claims for row in opened),
        to_accept=_spell(times, [(row.office_id, row.opened, row.accepted) for row in accepted]),
        to_finish=_spell(
            times,
            [(row.office_id, row.opened, row.closed) for row in closed if row.outcome in HELPED],
        ),
        deadlines=_deadlines(session, province, closed, first),
        load=_load(session, staff, scope, period, filters),
        stars=_stars(session, scope, period, filters.group),
    )
    return figures if is_exact(staff) else without_few(figures)


def _rows(session: Session, scope: sa.ColumnElement[bool], period: Period) -> list[_Counted]:
    """The cases in which something happened in a stretch, with the little that is counted.

    They are counted here and not by the database: the group and the working hours it can't know.
    """
    query = sa.select(
        Case.id,
        Case.office_id,
        Case.field,
        Case.commune,
        Case.channel,
        Case.state,
        Case.outcome,
        _seconds(session, Case.opened_at),
        _seconds(session, Case.accepted_at),
        _seconds(session, Case.closed_at),
        head_of_screening(),
    ).where(
        scope,
        sa.or_(
            period.holds(Case.opened_at),
            period.holds(Case.accepted_at),
            period.holds(Case.closed_at),
        ),
    )
    return [_Counted._make(row) for row in session.execute(query)]


def _seconds(session: Session, column: sa.SQLColumnExpression[Any]) -> sa.ColumnElement[int]:
    """A moment in whole seconds since 1970: a number is read and compared ten times as fast."""
    seconds = sa.extract("epoch", column)
    if session.on_postgres:
        return sa.cast(sa.func.floor(seconds), sa.BigInteger)
    return seconds


def _earliest(rows: Iterable[_Counted], period: Period) -> dt.date:
    first = min((row.opened for row in rows), default=None)
    return period.first if first is None else day_of(dt.datetime.fromtimestamp(first, dt.UTC))


def _first_claims(
    session: Session, scope: sa.ColumnElement[bool], period: Period
) -> Mapping[str, int]:
    """When each request of a stretch was first claimed; a case itself only knows the last time."""
    claims = ("case.claimed", "case.taken_over")
    query = (
        sa.select(Event.case_id, _seconds(session, sa.func.min(Event.at)))
        .join(Case, Case.id == Event.case_id)
        .where(scope, period.holds(Case.opened_at), Event.kind.in_(claims))
        .group_by(Event.case_id)
    )
    return {case_id: at for case_id, at in session.execute(query) if case_id is not None}


def _standing(
    session: Session, scope: sa.ColumnElement[bool], group: str | None
) -> Counter[CaseState]:
    """How many cases stand where now."""
    if group is None:
        query = (
            sa.select(Case.state, sa.func.count())
            .where(scope, Case.state != CaseState.CLOSED)
            .group_by(Case.state)
        )
        return Counter(dict(session.execute(query).all()))
    rows = session.execute(
        sa.select(Case.id, Case.state, head_of_screening().label("head")).where(
            scope, Case.state != CaseState.CLOSED
        )
    ).all()
    groups = groups_of(session, ((row.id, row.head) for row in rows))
    return Counter(row.state for row in rows if group in groups[row.id])


_OFFICE, _FIELD, _COMMUNE, _CHANNEL = map(attrgetter, ("office_id", "field", "commune", "channel"))


def _by_group(
    rows: Iterable[_Counted], groups: Mapping[str, tuple[str, ...]]
) -> Counter[str | None]:
    counted: Counter[str | None] = Counter()
    for named, times in Counter(groups[row.id] for row in rows).items():
        for group in named or (None,):
            counted[group] += times
    return counted


def _lines(*measured: Counter[str | None]) -> tuple[Line, ...]:
    """One line for each key, those with most requests first; what is not known comes last."""
    keys = {key for counted in measured for key in counted}
    found = [Line(key or "", *(counted[key] for counted in measured)) for key in keys]
    return tuple(sorted(found, key=lambda line: (not line.key, -(line.opened or 0), line.key)))


def _trend(
    period: Period, now: dt.datetime, opened: list[int], accepted: list[int], closed: list[int]
) -> tuple[tuple[Period, Line], ...]:
    steps = steps_of(period, day_of(now))
    begins = [ticks(step.begin) // SECOND for step in steps]
    counts = tuple(
        Counter(bisect_right(begins, at) - 1 for at in moments)
        for moments in (opened, accepted, closed)
    )
    return tuple(
        (step, Line(step.first.isoformat(), *(counted[place] for counted in counts)))
        for place, step in enumerate(steps)
    )


def _spell(times: WorkTimes, spans: Iterable[tuple[str, int, int | None]]) -> Spell:
    """From offices with two moments in seconds; None: it has not come to an end."""
    taken = sorted(
        times.of(office_id).between(begin * SECOND, end * SECOND)
        for office_id, begin, end in spans
        if end is not None
    )
    if not taken:
        return Spell(0, None, None)
    hour = 3600 * SECOND
    p90 = taken[ceil(0.9 * len(taken)) - 1]
    return Spell(len(taken), statistics.median(taken) / hour, p90 / hour)


def _deadlines(
    session: Session, province: Province, closed: Sequence[_Counted], first: dt.date
) -> tuple[Kept, ...]:
    """Which limits were kept in cases that ended, by the moments they ended with."""
    complaints = _complaints(session, [row.id for row in closed])
    changes = _changes(session, [row.id for row in closed])
    found: Counter[tuple[tuple[DeadlineKind, bool], ...]] = Counter()
    unknown: list[str] = []
    for row in closed:
        known = None if row.closed is None else _kept.get((row.id, row.closed))
        if known is None or row.id in complaints:
            unknown.append(row.id)
        else:
            found[known] += 1
    calendars: dict[str, QuickCalendar] = {}
    now = session.clock.now()
    for some in in_parts(unknown):
        pauses: dict[str, list[Pause]] = defaultdict(list)
        stopped = sa.select(Pause).where(Pause.case_id.in_(some)).order_by(Pause.from_at)
        for pause in session.scalars(stopped):
            pauses[pause.case_id].append(pause)
        # Rows, not objects: only what `times_from` reads of a case's forty columns
        cases: Iterable[Any] = session.execute(sa.select(*_OF_TIME).where(Case.id.in_(some)))
        for case in cases:
            calendar = calendars.get(case.office_id)
            if calendar is None:
                working = calendar_of(province, case.office_id)
                calendar = QuickCalendar.of(working, first)
                calendars[case.office_id] = calendar
            complaint = complaints.get(case.id)
            kept = tuple(
                (kind, in_time)
                for kind, in_time in kept_of(
                    times_from(case, pauses[case.id], complaint, changes.get(case.id)),
                    calendar,
                    now,
                )
                if kind not in _NOT_OURS
            )
            found[kept] += 1
            if complaint is None:
                # A complaint goes on after the end; all else of an ended case stands still
                _kept.put((case.id, ticks(case.closed_at) // SECOND), kept)
    kept_or_late: Counter[tuple[DeadlineKind, bool]] = Counter()
    for limits, times in found.items():
        for limit in limits:
            kept_or_late[limit] += times
    return tuple(
        Kept(kind, kept_or_late[kind, True], kept_or_late[kind, False])
        for kind in DeadlineKind
        if kept_or_late[kind, True] or kept_or_late[kind, False]
    )


_OF_TIME = (
    Case.id,
    Case.office_id,
    Case.opened_at,
    Case.queued_at,
    Case.urgent,
    Case.in_custody,
    Case.form,
    Case.complex,
    Case.claimed_at,
    Case.accepted_at,
    Case.assigned_at,
    Case.papers_asked_at,
    Case.papers_given_at,
    Case.papers_sent_at,
    Case.papers_asked_again_at,
    Case.longer_for_papers,
    Case.advice_given_at,
    Case.closed_at,
)


def _complaints(session: Session, ids: Collection[str]) -> Mapping[str, Complaint]:
    """The newest complaint of each case; there are few, so all are looked through."""
    wanted = set(ids)
    rows = session.scalars(sa.select(Complaint).order_by(Complaint.at, Complaint.id))
    return {row.case_id: row for row in rows if row.case_id in wanted}


def _changes(session: Session, ids: Collection[str]) -> Mapping[str, ProviderWish]:
    """The newest wish of each case for another provider; there are few."""
    wanted = set(ids)
    query = sa.select(ProviderWish).where(ProviderWish.kind == WishKind.CHANGE)
    rows = session.scalars(query.order_by(ProviderWish.at, ProviderWish.id))
    return {row.case_id: row for row in rows if row.case_id in wanted}


def _load(
    session: Session,
    staff: StaffMember,
    scope: sa.ColumnElement[bool],
    period: Period,
    filters: Filters,
) -> tuple[Load, ...]:
    """The work of each officer; for those who lead them, over all their cases."""
    if not is_exact(staff) or filters.narrow:
        return ()
    held = Case.state.in_(HELD)
    query = (
        sa.select(
            Case.holder_id,
            _how_many(held),
            _how_many(sa.and_(held, Case.urgent)),
            _how_many(period.holds(Case.claimed_at)),
            _how_many(period.holds(Case.closed_at)),
        )
        .where(scope, Case.holder_id.is_not(None))
        .group_by(Case.holder_id)
    )
    counts = {holder: numbers for holder, *numbers in session.execute(query)}
    working = (Role.OFFICER, Role.HEAD, Role.CENTRE)
    people = sa.select(StaffMember.id, StaffMember.office_id, StaffMember.active).where(
        StaffMember.role.in_(working), StaffMember.office_id.is_not(None)
    )
    if staff.role is Role.HEAD:
        people = people.where(StaffMember.office_id == staff.office_id)
    if filters.office is not None:
        people = people.where(StaffMember.office_id == filters.office)
    found = [
        Load(staff_id, office_id or "", *counts.get(staff_id, (0, 0, 0, 0)))
        for staff_id, office_id, active in session.execute(people)
        if active or staff_id in counts
    ]
    return tuple(sorted(found, key=lambda one: (-one.held, one.office_id, one.staff_id)))


def _how_many(condition: sa.ColumnElement[bool]) -> sa.ColumnElement[int]:
    return sa.func.coalesce(sa.func.sum(sa.case((condition, 1), else_=0)), 0)


def _stars(
    session: Session, scope: sa.ColumnElement[bool], period: Period, group: str | None
) -> Stars:
    rows = session.execute(
        sa.select(Case.id, Rating.stars, head_of_screening().label("head"))
        .join(Rating, Rating.case_id == Case.id)
        .where(scope, period.holds(Rating.at))
    ).all()
    if group is not None:
        groups = groups_of(session, ((row.id, row.head) for row in rows))
        rows = [row for row in rows if group in groups[row.id]]
    counts = Counter(row.stars for row in rows)
    return Stars(
        count=len(rows),
        mean=statistics.fmean(row.stars for row in rows) if rows else None,
        by_stars=tuple((stars, counts[stars]) for stars in range(MOST_STARS, 0, -1)),
    )
