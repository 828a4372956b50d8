"""What an office did in a stretch of days, in numbers: how many, how fast, how well.

Every figure starts from `cases.access.belongs_to`: a head counts the own office, the centre all. An
admin, who sees no case, may know how much there is to do, but no number below `FEW`: from small
numbers, people are recognised. Officers, editors and auditors have no figures.

The group of Article 7 lies in the sealed screening, because it may name HIV, violence, trafficking
or an accusation. It is not copied into a column of its own: whoever steals the database would know
who is ill. It is opened here, in the process that holds the keys, and kept in its memory only, by
the head of the sealed value, which is another one at every sealing.

A case counts for the office that has it now. All reads work inside the caller's transaction.
"""

import datetime as dt
import json
import logging
import statistics
import threading
from bisect import bisect_right
from collections import Counter, defaultdict
from collections.abc import Collection, Hashable, Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from enum import StrEnum
from math import ceil
from operator import attrgetter
from typing import Any, Generic, NamedTuple, TypeVar, assert_never

import sqlalchemy as sa

from cases import access
from cases.access import NotFoundError
from cases.calendar import ONE_DAY, WorkingCalendar, calendar_of, day_of, midnight
from cases.clock import times_from
from cases.deadlines import kept_of
from cases.life import HELD, CaseState, Outcome
from cases.limits import DeadlineKind
from cases.model import Case, Pause, ProviderWish, WishKind
from cases.province import Province
from cases.rights import MOST_STARS, Complaint, Rating
from cases.staff import Role, StaffMember
from cases.thread import Author, ThreadEntry
from cases.worktime import SECOND, QuickCalendar, WorkTime, WorkTimes, ticks
from eligibility.grounds import GroupId
from store.crypto import SealError, Vault
from store.events import Event
from store.session import Session

log = logging.getLogger(__name__)

FEW = 5
"""Below that, a number is not told to those who see no cases, nor is a usual time computed."""
LONGEST = 5 * 366
"""Days of a stretch that is chosen freely."""
ANSWERED_WITHIN = dt.timedelta(days=60)

Count = int | None
"""None: fewer than `FEW`, and not told."""
K = TypeVar("K", bound=Hashable)
V = TypeVar("V")


class Range(StrEnum):
    """Which days are looked at."""

    MONTH = "month"
    QUARTER = "quarter"
    HALF_YEAR = "half_year"
    YEAR = "year"
    CUSTOM = "custom"

    @property
    def months(self) -> int:
        """How many months it has; 0: as many as are chosen."""
        match self:
            case Range.MONTH:
                return 1
            case Range.QUARTER:
                return 3
            case Range.HALF_YEAR:
                return 6
            case Range.YEAR:
                return 12
            case Range.CUSTOM:
                return 0
            case _:
                assert_never(self)


@dataclass(frozen=True, slots=True)
class Period:
    """A stretch of days in Vietnam, both included."""

    first: dt.date
    last: dt.date

    def __post_init__(self) -> None:
        """ValueError: it ends before it begins, or is longer than `LONGEST`."""
        if not 0 <= (self.last - self.first).days < LONGEST:
            raise ValueError(f"{self.first} to {self.last} is no stretch of days to look at")

    @property
    def begin(self) -> dt.datetime:
        """Its first moment."""
        return midnight(self.first)

    @property
    def end(self) -> dt.datetime:
        """The first moment after it."""
        return midnight(self.last + ONE_DAY)

    def has(self, moment: dt.datetime | None) -> bool:
        """Whether a moment lies in it."""
        return moment is not None and self.begin <= moment < self.end

    def holds(self, column: sa.orm.InstrumentedAttribute[Any]) -> sa.ColumnElement[bool]:
        """The condition that a column's moment lies in it."""
        return sa.and_(column >= self.begin, column < self.end)


def period_of(chosen: Range, day: dt.date) -> Period:
    """The month, quarter, half-year or year that a day lies in.

    Raises:
        ValueError: `Range.CUSTOM` says nothing of its days.
    """
    if not chosen.months:
        raise ValueError("a free stretch has days of its own")
    month = (day.month - 1) // chosen.months * chosen.months + 1
    first = dt.date(day.year, month, 1)
    after = month + chosen.months
    following = dt.date(day.year + (after > 12), (after - 1) % 12 + 1, 1)
    return Period(first, following - ONE_DAY)


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


# --- what comes out -----------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class Line:
    """One office, field, group, commune, channel, or stretch of time."""

    key: str
    """Empty: not known."""
    opened: Count
    accepted: Count
    closed: Count


@dataclass(frozen=True, slots=True)
class Spell:
    """How long something took, in working hours of the office that has the case."""

    count: Count
    median: float | None
    p90: float | None
    """Nine of ten took no longer."""


@dataclass(frozen=True, slots=True)
class Kept:
    """Limits of one kind in the cases that ended: in time, or not."""

    kind: DeadlineKind
    kept: Count
    late: Count

    @property
    def share(self) -> float | None:
        """Kept, of 100."""
        if self.kept is None or self.late is None:
            return None
        return 100 * self.kept / (self.kept + self.late)


@dataclass(frozen=True, slots=True)
class Load:
    """The work of one officer."""

    staff_id: str
    office_id: str
    held: int
    """Now."""
    urgent: int
    """Of those: somebody in danger."""
    claimed: int
    """Taken up in the stretch and still theirs, or ended by them."""
    closed: int
    """Ended in the stretch."""


@dataclass(frozen=True, slots=True)
class Stars:
    """How satisfied people were."""

    count: Count
    mean: float | None
    by_stars: tuple[tuple[int, Count], ...]
    """From five stars down."""


@dataclass(frozen=True, slots=True)
class Figures:
    """All numbers of one stretch."""

    period: Period
    exact: bool
    """False: numbers below `FEW` are missing."""
    opened: Count
    accepted: Count
    refused: Count
    closed: Count
    """With any outcome, refusals too."""
    waiting: Count
    """Now, whatever the stretch."""
    in_hand: Count
    """Now, whatever the stretch."""
    outcomes: tuple[tuple[Outcome, Count], ...]
    by_office: tuple[Line, ...]
    by_field: tuple[Line, ...]
    by_group: tuple[Line, ...]
    """A case of several groups counts in each."""
    by_commune: tuple[Line, ...]
    by_channel: tuple[Line, ...]
    trend: tuple[tuple[Period, Line], ...]
    to_claim: Spell
    """From the request to its first claim; of the requests of this stretch."""
    unclaimed: Count
    """Requests of this stretch that nobody has claimed yet."""
    to_accept: Spell
    """From the request to the register; of the cases accepted in this stretch."""
    to_finish: Spell
    """From the request to its end; of the cases in which help was given to the end."""
    deadlines: tuple[Kept, ...]
    load: tuple[Load, ...]
    stars: Stars


HELPED = frozenset({Outcome.ADVISED, Outcome.REPRESENTED, Outcome.REFERRED})
"""The outcomes after which the time to the end says something of the work."""
_NOT_OURS = frozenset({DeadlineKind.MISSING_PAPERS, DeadlineKind.COMPLAINT_TO_DEPARTMENT})
"""Owed by the citizen, and by the Department of Justice."""


# --- what is kept in memory ---------------------------------------------------------------------


class _Memory(Generic[K, V]):
    """What was found out and can't change, within bounds; the oldest goes first."""

    def __init__(self, most: int) -> None:
        self._most = most
        self._known: dict[K, V] = {}
        self._lock = threading.Lock()

    def get(self, key: K) -> V | None:
        return self._known.get(key)

    def put(self, key: K, value: V) -> None:
        with self._lock:
            while len(self._known) >= self._most:
                del self._known[next(iter(self._known))]
            self._known[key] = value


_groups: _Memory[bytes, tuple[str, ...]] = _Memory(100_000)
_kept: _Memory[tuple[str, int], tuple[tuple[DeadlineKind, bool], ...]] = _Memory(100_000)
_HEAD = 17
"""Bytes before the sealed text: the format, the key and the nonce."""
_MANY = 500
"""Ids in one query."""


def groups_of(
    session: Session, heads: Iterable[tuple[str, bytes | None]]
) -> Mapping[str, tuple[str, ...]]:
    """The groups that the screening named, by case, from ids and the heads of what is sealed."""
    found: dict[str, tuple[str, ...]] = {}
    unknown: list[str] = []
    for case_id, head in heads:
        if head is None:
            found[case_id] = ()
        elif (known := _groups.get(bytes(head))) is not None:
            found[case_id] = known
        else:
            unknown.append(case_id)
    for some in _in_parts(unknown):
        query = sa.select(Case.id, Case.screening).where(Case.id.in_(some))
        for case_id, sealed in session.execute(query):
            found[case_id] = _groups_told(session.vault, case_id, sealed) if sealed else ()
            if sealed:
                _groups.put(bytes(sealed[:_HEAD]), found[case_id])
    return found


def head_of_screening() -> sa.ColumnElement[bytes]:
    """What `groups_of` knows a screening by."""
    return sa.func.substr(Case.screening, 1, _HEAD, type_=sa.LargeBinary())


def _groups_told(vault: Vault, case_id: str, sealed: bytes) -> tuple[str, ...]:
    try:
        told = json.loads(vault.open(Case.__tablename__, "screening", case_id, sealed))
    except (SealError, ValueError) as problem:
        # One case that can't be read must not keep all the others from being counted
        log.error("case %s can't be counted by group: %s", case_id, type(problem).__name__)  # noqa: TRY400
        return ()
    grounds = told.get("grounds") if isinstance(told, dict) else None
    named = {str(one.get("id")) for one in grounds or () if isinstance(one, dict)}
    return tuple(group for group in GroupId if group in named)


def _in_parts(ids: Sequence[str]) -> Iterable[Sequence[str]]:
    return (ids[start : start + _MANY] for start in range(0, len(ids), _MANY))


# --- counting -----------------------------------------------------------------------------------


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
    return figures if is_exact(staff) else _without_few(figures)


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


def steps_of(period: Period, today: dt.date) -> tuple[Period, ...]:
    """A stretch cut into days, weeks or months, so that a chart has a readable number of points.

    What lies in the future is left out, but never all of it.
    """
    last = max(min(period.last, today), period.first)
    days = (period.last - period.first).days + 1
    steps: list[Period] = []
    first = period.first
    while first <= last:
        if days <= 31:
            end = first
        elif days <= 93:
            end = first + dt.timedelta(days=6 - first.weekday())
        else:
            end = period_of(Range.MONTH, first).last
        end = min(end, period.last)
        steps.append(Period(first, end))
        first = end + ONE_DAY
    return tuple(steps)


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
    for some in _in_parts(unknown):
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


# --- numbers too small to be told ---------------------------------------------------------------


def _without_few(figures: Figures) -> Figures:
    """Without the numbers from which single people could be recognised."""
    outcomes = dict(
        zip(
            (outcome for outcome, _ in figures.outcomes),
            hidden([count for _, count in figures.outcomes]),
            strict=True,
        )
    )
    return replace(
        figures,
        exact=False,
        opened=_told(figures.opened),
        accepted=_told(figures.accepted),
        refused=outcomes.get(Outcome.REFUSED, 0),
        closed=_told(figures.closed),
        waiting=_told(figures.waiting),
        in_hand=_told(figures.in_hand),
        outcomes=tuple(outcomes.items()),
        by_office=_hide(figures.by_office),
        by_field=_hide(figures.by_field),
        by_group=_hide(figures.by_group),
        by_commune=_hide(figures.by_commune),
        by_channel=_hide(figures.by_channel),
        trend=tuple(
            zip(
                (step for step, _ in figures.trend),
                _hide([line for _, line in figures.trend]),
                strict=True,
            )
        ),
        to_claim=_hide_spell(figures.to_claim),
        unclaimed=_told(figures.unclaimed),
        to_accept=_hide_spell(figures.to_accept),
        to_finish=_hide_spell(figures.to_finish),
        deadlines=tuple(Kept(one.kind, *hidden([one.kept, one.late])) for one in figures.deadlines),
        stars=_hide_stars(figures.stars),
    )


def _told(count: Count) -> Count:
    return count if count is None or count == 0 or count >= FEW else None


def hidden(counts: Sequence[Count]) -> list[Count]:
    """The numbers of one column without those from one to `FEW`.

    What is missing could be worked out from the sum when it is small itself, so the next smallest
    go too. None at all is told: it is about nobody.
    """
    told = [_told(count) for count in counts]
    left = sorted((count, place) for place, count in enumerate(told) if count)
    missing = sum(count or 0 for count, one in zip(counts, told, strict=True) if one is None)
    while None in told and missing < FEW and left:
        count, place = left.pop(0)
        told[place], missing = None, missing + count
    return told


def _hide(lines: Sequence[Line]) -> tuple[Line, ...]:
    columns = [
        hidden([getattr(line, name) for line in lines]) for name in ("opened", "accepted", "closed")
    ]
    return tuple(
        Line(line.key, *numbers)
        for line, numbers in zip(lines, zip(*columns, strict=True), strict=True)
    )


def _hide_spell(spell: Spell) -> Spell:
    return Spell(None, None, None) if _told(spell.count) is None else spell


def _hide_stars(stars: Stars) -> Stars:
    if _told(stars.count) is None:
        return Stars(None, None, tuple((number, None) for number, _ in stars.by_stars))
    numbers = [number for number, _ in stars.by_stars]
    counts = hidden([count for _, count in stars.by_stars])
    return replace(stars, by_stars=tuple(zip(numbers, counts, strict=True)))


# --- when somebody will answer ------------------------------------------------------------------


def usual_answer_time(
    session: Session, office_id: str, calendar: WorkingCalendar, now: dt.datetime
) -> dt.timedelta | None:
    """How much working time an office usually takes until its first answer to a request.

    The median over the requests that it first answered in the last 60 days; None: fewer than
    `FEW` were. An answer is what a person wrote, not what the assistant said.
    """
    since = now - ANSWERED_WITHIN
    first = sa.func.min(ThreadEntry.at, type_=ThreadEntry.at.type)
    query = (
        sa.select(Case.opened_at, first)
        .join(ThreadEntry, ThreadEntry.case_id == Case.id)
        .where(
            Case.office_id == office_id,
            Case.answered_at >= since,
            ThreadEntry.author == Author.STAFF,
        )
        .group_by(Case.id, Case.opened_at)
        .having(first >= since, first <= now)
    )
    answered = session.execute(query).all()
    if len(answered) < FEW:
        return None
    time = WorkTime(calendar, min(day_of(opened_at) for opened_at, _ in answered))
    taken = (time.between(ticks(opened_at), ticks(at)) for opened_at, at in answered)
    return dt.timedelta(microseconds=statistics.median(taken))
