"""Working hours between moments, for thousands of cases at once. Pure.

`WorkingCalendar` explains every day that it counts; this only adds up, and agrees with it.
"""

import datetime as dt
from bisect import bisect_left, bisect_right
from collections.abc import Sequence
from dataclasses import dataclass, field

from cases.calendar import (
    ONE_DAY,
    DayCount,
    Days,
    HourCount,
    Moments,
    WorkingCalendar,
    calendar_of,
    midnight,
)
from cases.province import Hours, Province

_EPOCH = dt.datetime(1970, 1, 1, tzinfo=dt.UTC)
_TICK = dt.timedelta(microseconds=1)
SECOND = dt.timedelta(seconds=1) // _TICK
"""In ticks: all moments here are whole microseconds since 1970, which are compared exactly."""


def ticks(moment: dt.datetime) -> int:
    """A moment as a number.

    Raises:
        TypeError: it has no zone.
    """
    return (moment - _EPOCH) // _TICK


class WorkTime:
    """How long one office was at work between two moments."""

    def __init__(self, calendar: WorkingCalendar, first: dt.date) -> None:
        """`first`: the earliest day that will be asked for; nothing before it is counted."""
        self._calendar = calendar
        self._day = first
        """The first day that is not counted yet."""
        self._known_until = ticks(midnight(first))
        self._opens: list[int] = []
        self._closes: list[int] = []
        self._before: list[int] = []
        """Working time before each opening."""
        self._after: list[int] = []
        """Working time up to each closing."""

    def between(self, begin: int, end: int) -> int:
        """The office's working time from one moment to another, in ticks; none if it is before."""
        return self._until(end) - self._until(begin) if begin < end else 0

    def end_of(self, begin: dt.datetime, length: dt.timedelta) -> dt.datetime:
        """The moment at which so much working time has passed; `length` is more than nothing."""
        wanted = self._until(ticks(begin)) + length // _TICK
        while not self._after or self._after[-1] < wanted:
            self._add_day()
        place = bisect_left(self._after, wanted)
        return _EPOCH + (self._opens[place] + wanted - self._before[place]) * _TICK

    def _until(self, moment: int) -> int:
        while self._known_until <= moment:
            self._add_day()
        place = bisect_right(self._opens, moment) - 1
        if place < 0:
            return 0
        if moment >= self._closes[place]:
            return self._after[place]
        return self._before[place] + moment - self._opens[place]

    def _add_day(self) -> None:
        for begin, end in self._calendar.spans(self._day):
            opens, closes = ticks(begin), ticks(end)
            self._before.append(self._after[-1] if self._after else 0)
            self._after.append(self._before[-1] + closes - opens)
            self._opens.append(opens)
            self._closes.append(closes)
        self._day += ONE_DAY
        self._known_until = ticks(midnight(self._day))


class WorkTimes:
    """The working time of every office; those with the same hours share one count."""

    def __init__(self, province: Province, first: dt.date) -> None:
        self._province = province
        self._first = first
        self._by_hours: dict[Hours, WorkTime] = {}
        self._by_office: dict[str, WorkTime] = {}

    def of(self, office_id: str) -> WorkTime:
        """The working time of one office."""
        found = self._by_office.get(office_id)
        if found is None:
            calendar = calendar_of(self._province, office_id)
            found = self._by_hours.setdefault(calendar.hours, WorkTime(calendar, self._first))
            self._by_office[office_id] = found
        return found


@dataclass(frozen=True, slots=True)
class QuickCalendar(WorkingCalendar):
    """A calendar that counts the same days only once and keeps no working of its hours.

    For looking at many cases: whether a limit was kept, not why.
    """

    _time: WorkTime = field(compare=False, repr=False)
    _counts: dict[tuple[dt.date, int, tuple[Days, ...], bool], DayCount] = field(
        default_factory=dict, compare=False, repr=False
    )

    @classmethod
    def of(cls, calendar: WorkingCalendar, first: dt.date) -> "QuickCalendar":
        """The same days and hours; `first` is the earliest day that will be asked for."""
        return cls(calendar.holidays, calendar.hours, WorkTime(calendar, first))

    def add_working_days(
        self, event: dt.date, number: int, stopped: Sequence[Days] = ()
    ) -> DayCount:
        key = (event, number, tuple(stopped), True)
        if key not in self._counts:
            self._counts[key] = WorkingCalendar.add_working_days(self, event, number, stopped)
        return self._counts[key]

    def add_days(self, event: dt.date, number: int, stopped: Sequence[Days] = ()) -> DayCount:
        key = (event, number, tuple(stopped), False)
        if key not in self._counts:
            self._counts[key] = WorkingCalendar.add_days(self, event, number, stopped)
        return self._counts[key]

    def add_working_hours(
        self, begin: dt.datetime, length: dt.timedelta, stopped: Sequence[Moments] = ()
    ) -> HourCount:
        if stopped or length <= dt.timedelta():
            return WorkingCalendar.add_working_hours(self, begin, length, stopped)
        end = self._time.end_of(begin, length)
        return HourCount(end, length, (), (), certain=True, verified=True)
