"""The law's time limits and our own promises: when each is due, and how that was counted. Pure.

The limits are data (`cases/limits.py`); this module counts them over an office's calendar. What a
case has is a frozen `CaseTimes`; what it owes is a tuple of `Deadline`, each with its article, its
working in words and an owner. Nothing here knows the queue, or sends anything.

A limit in days on which the clock stood still leaves out every day that a pause reached over
midnight: neither the day it stopped nor the day it went on counts (Civil Code 91/2015/QH13,
Art. 147 clause 3). A pause within one day costs nothing, and gains nothing.
"""

import datetime as dt
from collections.abc import Collection, Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from enum import StrEnum
from functools import cache
from typing import assert_never

from cases.calendar import DayCount, Days, HourCount, Moments, WorkingCalendar, day_of
from cases.deadline_words import Start, Working, say_due, steps_of
from cases.limits import (
    CaseTimes,
    DeadlineKind,
    Flag,
    Form,
    Role,
    Rule,
    Rules,
    Step,
    Unit,
    Unread,
    shipped_rules,
)


class DeadlineState(StrEnum):
    """Where a deadline stands."""

    OPEN = "open"
    WARN = "warn"
    OVERDUE = "overdue"
    MET = "met"
    MET_LATE = "met_late"
    PAUSED = "paused"
    """The citizen owes something: there is no due moment until it has come."""


@dataclass(frozen=True, slots=True)
class Deadline:
    """One limit of one case."""

    kind: DeadlineKind
    title: str
    why: str
    """The article and what it asks, in Vietnamese."""
    house: bool
    """A promise of ours, not the law."""
    started_at: dt.datetime
    due_at: dt.datetime | None
    """The first moment that is too late, in UTC; None: the clock stands still."""
    due: str
    """`due_at` in Vietnamese. Say this, not the moment: a day's end is the next day's midnight."""
    state: DeadlineState
    met_at: dt.datetime | None
    dropped: bool
    """Nobody owes it any more because the case has ended; what it asks for was not done."""
    owner: Role
    alerts: tuple[tuple[Step, dt.datetime, tuple[Role, ...]], ...]
    """Who is to be told from when on, in order; none once it is met or while it is paused."""
    at_night: bool
    """Told at any hour."""
    verified: bool
    """The wording, every holiday on the way and the choice of the rule are confirmed."""
    certain: bool
    """The holidays of every year on the way are known."""
    _working: Working = field(repr=False)

    @property
    def steps(self) -> tuple[str, ...]:
        """The working, line by line, in Vietnamese: each day counted or not, and why."""
        return tuple(steps_of(self._working))


@dataclass(frozen=True, slots=True)
class Alert:
    """Somebody must be told of a deadline now."""

    deadline: Deadline
    step: Step
    roles: tuple[Role, ...]
    key: str
    """The same for the same telling: remember it, and hand it in as `told`."""


def deadlines_of(
    times: CaseTimes, calendar: WorkingCalendar, now: dt.datetime, rules: Rules | None = None
) -> tuple[Deadline, ...]:
    """The limits that run or ran for a case, in the order of the file.

    Raises:
        ValueError: a moment has no zone.
    """
    rules = rules or shipped_rules()
    return tuple(
        _deadline(rule, start, times, calendar, now, rules.unread_from)
        for rule in rules.rules
        if rule.holds(times.flags, times.form)
        and (start := _started(rule, times)) is not None
        and not _over_before(rule, times, start.at)
    )


def kept_of(
    times: CaseTimes, calendar: WorkingCalendar, now: dt.datetime
) -> tuple[tuple[DeadlineKind, bool], ...]:
    """Which limits of a case are decided, and whether they were kept: as `deadlines_of`, wordless.

    Raises:
        ValueError: a moment has no zone.
    """
    found = []
    for rule in _rules_for(tuple(times.flags.items()), times.form):
        start, met_at = _started(rule, times), _met(rule, times)
        if start is None or _over_before(rule, times, start.at):
            continue
        pauses = _pauses(times) if rule.pauses else ()
        count, stopped_at = _counted(rule, start.at, pauses, calendar, met_at)
        in_time = stopped_at is not None or (met_at or now) < count.end
        if met_at is not None or not in_time:
            found.append((rule.kind, in_time))
    return tuple(found)


@cache
def _rules_for(flags: tuple[tuple[Flag, bool | None], ...], form: Form | None) -> tuple[Rule, ...]:
    return tuple(rule for rule in shipped_rules().rules if rule.holds(dict(flags), form))


def next_alerts(
    deadlines: Iterable[Deadline],
    calendar: WorkingCalendar,
    now: dt.datetime,
    told: Collection[str] = (),
) -> tuple[Alert, ...]:
    """Who must be told now: for each deadline the furthest step reached, unless it was `told`.

    Outside the office's hours nobody is told, except of danger and custody, and then the duty
    roster is.
    """
    at_work = calendar.is_working_time(now)
    alerts = []
    for deadline in deadlines:
        reached = [alert for alert in deadline.alerts if alert[1] <= now]
        if not reached or not (at_work or deadline.at_night):
            continue
        step, _, roles = reached[-1]
        due = deadline.due_at.isoformat() if deadline.due_at else "paused"
        key = f"{deadline.kind}:{step}:{due}"
        if not at_work:
            # The roster was told, not those whom the step is for: they are in the morning
            key += ":night"
        if key not in told:
            alerts.append(Alert(deadline, step, roles if at_work else (Role.DUTY,), key))
    return tuple(alerts)


def _started(rule: Rule, times: CaseTimes) -> Start | None:
    if times.at(rule.starts[0]) is None:
        return None
    starts = [Start(at, moment) for moment in rule.starts if (at := times.at(moment)) is not None]
    return max(starts, key=lambda start: start.at)


def _met(rule: Rule, times: CaseTimes) -> dt.datetime | None:
    moments = [times.at(moment) for moment in rule.met_by]
    if rule.ends_with_case:
        moments.append(times.closed_at)
    return min((moment for moment in moments if moment is not None), default=None)


def _over_before(rule: Rule, times: CaseTimes, started_at: dt.datetime) -> bool:
    """Whether the case was closed before the limit could begin."""
    closed_at = times.closed_at
    return rule.ends_with_case and closed_at is not None and closed_at < started_at


def _deadline(
    rule: Rule,
    start: Start,
    times: CaseTimes,
    calendar: WorkingCalendar,
    now: dt.datetime,
    unread: Unread,
) -> Deadline:
    started_at = start.at
    met_at = _met(rule, times)
    pauses = _pauses(times) if rule.pauses else ()
    count, stopped_at = _counted(rule, started_at, pauses, calendar, met_at)
    due_at = count.end if stopped_at is None else None
    notes = []
    verified = rule.verified and count.verified and count.certain
    if not count.certain:
        notes.append(
            "Chưa có lịch nghỉ lễ của năm này: chỉ trừ thứ Bảy, Chủ nhật, nên chưa chắc chắn."
        )
    if not rule.house and day_of(started_at) >= unread.day:
        verified = False
        notes.append(unread.note)
    if rule.doubt is not None and any(times.flags[flag] is None for flag in rule.when):
        verified = False
        notes.append(rule.doubt)
    alerts = () if met_at or due_at is None else _alerts(rule, started_at, count, calendar, times)
    return Deadline(
        kind=rule.kind,
        title=rule.title,
        why=f"{rule.citation}: {rule.says}",
        house=rule.house,
        started_at=started_at,
        due_at=due_at,
        due=say_due(count) if due_at else "tính tiếp khi bà con đã bổ sung",
        state=_state(due_at, met_at, alerts, now),
        met_at=met_at,
        dropped=met_at is not None and all(times.at(moment) != met_at for moment in rule.met_by),
        owner=_present(rule.owner, times),
        alerts=alerts,
        at_night=rule.at_night,
        verified=verified,
        certain=count.certain,
        _working=Working(rule, start, count, stopped_at, tuple(notes)),
    )


def _pauses(times: CaseTimes) -> tuple[tuple[dt.datetime, dt.datetime | None], ...]:
    """When the clock stood still, the wait for missing papers included."""
    if times.papers_asked_at is None:
        return times.pauses
    return (*times.pauses, (times.papers_asked_at, times.papers_given_at or times.papers_sent_at))


def _counted(
    rule: Rule,
    started_at: dt.datetime,
    pauses: Sequence[tuple[dt.datetime, dt.datetime | None]],
    calendar: WorkingCalendar,
    met_at: dt.datetime | None,
) -> tuple[DayCount | HourCount, dt.datetime | None]:
    """The count, and the moment at which the clock stopped before it came to an end.

    A pause that began after the limit was met, or after it had run out, stops nothing.
    """
    over = [(begin, end) for begin, end in pauses if end is not None]
    open_since = min(
        (begin for begin, end in pauses if end is None and (met_at is None or begin < met_at)),
        default=None,
    )
    count = _count(rule, started_at, over, calendar)
    if open_since is None or count.end <= open_since:
        return count, None
    return count, open_since


def _count(
    rule: Rule, started_at: dt.datetime, pauses: Sequence[Moments], calendar: WorkingCalendar
) -> DayCount | HourCount:
    length = dt.timedelta(hours=rule.length)
    match rule.unit:
        case Unit.WORKING_DAYS:
            return calendar.add_working_days(
                day_of(started_at), rule.length, tuple(_whole_days(pauses))
            )
        case Unit.DAYS:
            return calendar.add_days(day_of(started_at), rule.length, tuple(_whole_days(pauses)))
        case Unit.WORKING_HOURS:
            return calendar.add_working_hours(started_at, length, pauses)
        case Unit.HOURS:
            begin = started_at.astimezone(dt.UTC)
            end = _after(begin, length, pauses)
            return HourCount(end, length, ((begin, end),), (), certain=True, verified=True)
        case _:
            assert_never(rule.unit)


def _whole_days(pauses: Iterable[Moments]) -> Iterator[Days]:
    """The days that pauses take out of a count; a pause within one day takes none."""
    for begin, end in pauses:
        first, last = day_of(begin), day_of(end - dt.timedelta.resolution)
        if first < last:
            yield first, last


def _after(begin: dt.datetime, length: dt.timedelta, pauses: Sequence[Moments]) -> dt.datetime:
    """The moment by which so much real time has passed outside of the pauses."""
    end = begin + length
    for stopped, went_on in sorted(pauses):
        if stopped < end and begin < went_on:
            end += went_on - max(begin, stopped)
            begin = went_on
    return end


def _state(
    due_at: dt.datetime | None,
    met_at: dt.datetime | None,
    alerts: Sequence[tuple[Step, dt.datetime, tuple[Role, ...]]],
    now: dt.datetime,
) -> DeadlineState:
    if met_at is not None:
        return DeadlineState.MET_LATE if due_at and met_at >= due_at else DeadlineState.MET
    if due_at is None:
        return DeadlineState.PAUSED
    if now >= due_at:
        return DeadlineState.OVERDUE
    if now >= alerts[0][1]:
        return DeadlineState.WARN
    return DeadlineState.OPEN


def _alerts(
    rule: Rule,
    started_at: dt.datetime,
    count: DayCount | HourCount,
    calendar: WorkingCalendar,
    times: CaseTimes,
) -> tuple[tuple[Step, dt.datetime, tuple[Role, ...]], ...]:
    """When which step begins; somebody is then told in the next office hours, or at once."""
    if isinstance(count, DayCount):
        last_day = count.last_day
        # The office may be closed on that day though it is a working day: then before it, not after
        warned = calendar.working_day_before(last_day, rule.warn_before or 0)
        warn_at = calendar.last_opening(warned)
    else:
        last_day = day_of(count.end)
        after = dt.timedelta(hours=rule.warn_after or 0)
        warn_at = started_at + after
        if rule.unit is Unit.WORKING_HOURS:
            warn_at = calendar.add_working_hours(started_at, after).end
    later_at = count.end
    if rule.later_after:
        later_at = calendar.add_working_days(last_day, rule.later_after).end
    begins = (
        (Step.BEFORE, max(warn_at, started_at)),
        (Step.OVERDUE, count.end),
        (Step.LATER, later_at),
    )
    return tuple((step, at.astimezone(dt.UTC), _told(rule, step, times)) for step, at in begins)


def _told(rule: Rule, step: Step, times: CaseTimes) -> tuple[Role, ...]:
    return tuple(dict.fromkeys(_present(role, times) for role in rule.tells.of(step)))


def _present(role: Role, times: CaseTimes) -> Role:
    """The role, or who stands in while nobody holds the case."""
    return Role.HEAD if role is Role.HOLDER and times.claimed_at is None else role
