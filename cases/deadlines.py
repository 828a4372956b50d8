"""The law's time limits and our own promises: when each is due, and how that was counted. Pure.

The limits are data (`deadlines.yaml`); this module counts them over an office's calendar. What a
case has is a frozen `CaseTimes`; what it owes is a tuple of `Deadline`, each with its article, its
working in words and an owner. Nothing here knows the queue, or sends anything.

A limit in days on which the clock stood still leaves out every day that a pause reached over
midnight: neither the day it stopped nor the day it went on counts (Civil Code 91/2015/QH13,
Art. 147 clause 3). A pause within one day costs nothing, and gains nothing.
"""

import datetime as dt
from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from enum import StrEnum
from functools import cache
from itertools import product
from pathlib import Path
from typing import Annotated, Self, assert_never

from pydantic import Field, model_validator

from cases.calendar import (
    ZONE,
    DayCount,
    Days,
    HourCount,
    Moments,
    Skipped,
    WorkingCalendar,
    day_of,
)
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


class DeadlineState(StrEnum):
    """Where a deadline stands."""

    OPEN = "open"
    WARN = "warn"
    OVERDUE = "overdue"
    MET = "met"
    MET_LATE = "met_late"
    PAUSED = "paused"
    """The citizen owes something: there is no due moment until it has come."""


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


@dataclass(frozen=True, slots=True)
class _Start:
    """The moment a limit runs from, and which one it was."""

    at: dt.datetime
    moment: Moment


@dataclass(frozen=True, slots=True)
class _Working:
    """What a deadline was counted from; put into words only when somebody wants to read them."""

    rule: Rule
    start: _Start
    count: DayCount | HourCount
    stopped_at: dt.datetime | None
    notes: tuple[str, ...]


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
    _working: _Working = field(repr=False)

    @property
    def steps(self) -> tuple[str, ...]:
        """The working, line by line, in Vietnamese: each day counted or not, and why."""
        return tuple(_steps(self._working))


@dataclass(frozen=True, slots=True)
class Alert:
    """Somebody must be told of a deadline now."""

    deadline: Deadline
    step: Step
    roles: tuple[Role, ...]
    key: str
    """The same for the same telling: remember it, and hand it in as `told`."""


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


def _started(rule: Rule, times: CaseTimes) -> _Start | None:
    if times.at(rule.starts[0]) is None:
        return None
    starts = [_Start(at, moment) for moment in rule.starts if (at := times.at(moment)) is not None]
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
    start: _Start,
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
        due=_due(count) if due_at else "tính tiếp khi bà con đã bổ sung",
        state=_state(due_at, met_at, alerts, now),
        met_at=met_at,
        dropped=met_at is not None and all(times.at(moment) != met_at for moment in rule.met_by),
        owner=_present(rule.owner, times),
        alerts=alerts,
        at_night=rule.at_night,
        verified=verified,
        certain=count.certain,
        _working=_Working(rule, start, count, stopped_at, tuple(notes)),
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


# --- the working, in words

_WEEKDAYS = ("thứ Hai", "thứ Ba", "thứ Tư", "thứ Năm", "thứ Sáu", "thứ Bảy", "Chủ nhật")


def say_day(day: dt.date) -> str:
    """`thứ Hai 23/11/2026`."""
    return f"{_WEEKDAYS[day.weekday()]} {day:%d/%m/%Y}"


def say_moment(moment: dt.datetime) -> str:
    """`07:30 thứ Hai 23/11/2026`, in Vietnam's time."""
    local = moment.astimezone(ZONE)
    return f"{local:%H:%M} {say_day(local.date())}"


_UNITS = {
    Unit.WORKING_DAYS: "ngày làm việc",
    Unit.DAYS: "ngày",
    Unit.HOURS: "giờ",
    Unit.WORKING_HOURS: "giờ làm việc",
}

_MOMENTS = {
    Moment.RECEIVED: "nhận yêu cầu",
    Moment.QUEUED: "chuyển đến văn phòng này",
    Moment.CLAIMED: "có người nhận",
    Moment.ACCEPTED: "thụ lý",
    Moment.PAPERS_ASKED: "báo giấy tờ còn thiếu",
    Moment.PAPERS_GIVEN: "bà con bổ sung đủ giấy tờ",
    Moment.PAPERS_SENT: "bà con đã gửi đủ, chờ cán bộ xem",
    Moment.PAPERS_ASKED_AGAIN: "báo gửi lại hoặc hỏi thêm giấy",
    Moment.ASSIGNED: "cử người",
    Moment.ADVICE_GIVEN: "trả lời bằng văn bản",
    Moment.COMPLAINT: "nhận khiếu nại",
    Moment.COMPLAINT_ANSWERED: "trả lời khiếu nại",
    Moment.COMPLAINT_TO_DEPARTMENT: "Sở Tư pháp nhận khiếu nại",
    Moment.DEPARTMENT_ANSWERED: "Sở Tư pháp trả lời",
    Moment.CHANGE_ASKED: "nhận đề nghị đổi người",
    Moment.CHANGE_ANSWERED: "trả lời đề nghị đổi người",
}


def say_length(rule: Rule) -> str:
    """`3 ngày làm việc`."""
    return f"{rule.length} {_UNITS[rule.unit]}"


def say_moments(moments: Iterable[Moment]) -> str:
    """`thụ lý; bà con bổ sung đủ giấy tờ`."""
    return "; ".join(_MOMENTS[moment] for moment in moments)


def _due(count: DayCount | HourCount) -> str:
    if isinstance(count, DayCount):
        return f"hết ngày {say_day(count.last_day)}"
    return say_moment(count.end)


def _steps(working: _Working) -> Iterator[str]:
    rule, start, count = working.rule, working.start, working.count
    begun = f"Mốc: {_MOMENTS[start.moment]}, lúc {say_moment(start.at)}."
    if working.stopped_at is not None:
        yield begun
        yield f"Đồng hồ dừng từ {say_moment(working.stopped_at)}, chờ bà con bổ sung."
    elif isinstance(count, DayCount):
        yield f"{begun} Ngày này không tính (Bộ luật Dân sự 2015, Điều 147)."
        yield from _day_lines(rule, count)
    elif rule.unit is Unit.HOURS:
        yield f"{begun} Tính giờ liên tục, cả ban đêm và ngày nghỉ."
    else:
        yield f"{begun} Chỉ tính giờ văn phòng làm việc."
        yield from _hour_lines(count)
    if working.stopped_at is None:
        yield f"Đủ {say_length(rule)}: {_due(count)}."
    yield from working.notes


def _day_lines(rule: Rule, count: DayCount) -> Iterator[str]:
    """Every day of a limit in working days; of one in plain days the first, last and skipped."""
    numbers = {day: number for number, day in enumerate(count.counted, start=1)}
    shown = numbers if rule.unit is Unit.WORKING_DAYS else {count.counted[0], count.counted[-1]}
    lines = [
        (day, f"{say_day(day)}: ngày thứ {numbers[day]}.") for day in count.counted if day in shown
    ]
    lines += [(skipped.day, _skipped(skipped)) for skipped in count.skipped]
    yield from (line for _, line in sorted(lines))
    for moved in count.moved_over:
        yield f"{say_day(moved.day)}: ngày nghỉ ({moved.why}), không thể là ngày cuối."
    if count.moved_over:
        yield (
            f"Dời đến ngày làm việc kế tiếp (Bộ luật Dân sự 2015, Điều 148): "
            f"{say_day(count.last_day)}."
        )


def _hour_lines(count: HourCount) -> Iterator[str]:
    lines = [(skipped.day, "", _skipped(skipped)) for skipped in count.skipped]
    for begin, end in count.counted:
        minutes = round((end - begin).total_seconds() / 60)
        span = f"{begin.astimezone(ZONE):%H:%M}–{end.astimezone(ZONE):%H:%M}"
        line = f"{say_day(day_of(begin))}: {span}, tính {_say_minutes(minutes)}."
        lines.append((day_of(begin), span, line))
    yield from (line for *_, line in sorted(lines))


def _say_minutes(minutes: int) -> str:
    hours, rest = divmod(minutes, 60)
    said = [f"{hours} giờ"] if hours else []
    return " ".join([*said, f"{rest} phút"] if rest or not hours else said)


def _skipped(skipped: Skipped) -> str:
    return f"{say_day(skipped.day)}: không tính ({skipped.why})."
