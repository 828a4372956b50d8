"""Which days count as working days, and when an office is at work. Pure.

Days are counted as the Civil Code 91/2015/QH13 counts them: the day of the event does not count
(Art. 147 clauses 2 and 3), a term in days ends with its last day, at 24:00 (Art. 148 clauses 1 and
6), and one in hours runs from its moment on (Art. 147 clause 1). A term in days whose last day is
a weekend or a holiday ends with the next working day (Art. 148 clause 5).

A working day is the State's, whatever the office: Monday to Friday without the public holidays,
and the weekend days worked in exchange. A branch that opens on two days a week gets no more time
for it. Office hours are the office's own, and public holidays close it too.

Moments go in aware, in any zone, and come out in UTC; days are Vietnam's.
"""

import datetime as dt
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from zoneinfo import ZoneInfo

from cases.province import Day, Holidays, Hours, Province, Weekday

ZONE = ZoneInfo("Asia/Ho_Chi_Minh")

ONE_DAY = dt.timedelta(days=1)
_SATURDAY = 5
_STOPPED = "đồng hồ tạm dừng"

Moments = tuple[dt.datetime, dt.datetime]
"""A stretch of time: from the first moment up to, not including, the second."""
Days = tuple[dt.date, dt.date]
"""A stretch of days, both included."""


@dataclass(frozen=True, slots=True)
class Skipped:
    """A day that was not counted, and why, in Vietnamese."""

    day: dt.date
    why: str


@dataclass(frozen=True, slots=True)
class DayCount:
    """Days counted after an event."""

    last_day: dt.date
    counted: tuple[dt.date, ...]
    skipped: tuple[Skipped, ...]
    moved_over: tuple[Skipped, ...]
    """Days off at the end over which the last day moved on (Art. 148 clause 5)."""
    certain: bool
    """False: it runs into a year whose holidays are not known."""
    verified: bool
    """False: a holiday or make-up day on its way is not confirmed yet."""

    @property
    def end(self) -> dt.datetime:
        """The end of the last day: 24:00 in Vietnam, the first moment that is too late."""
        return midnight(self.last_day + ONE_DAY)


@dataclass(frozen=True, slots=True)
class HourCount:
    """Office hours counted from a moment on, or between two."""

    end: dt.datetime
    duration: dt.timedelta
    counted: tuple[Moments, ...]
    skipped: tuple[Skipped, ...]
    certain: bool
    verified: bool


@dataclass(frozen=True, slots=True)
class WorkingCalendar:
    """The State's working days, and one office's hours."""

    holidays: Holidays
    hours: Hours

    def why_off(self, day: dt.date) -> str | None:
        """Why nobody works on that day, in Vietnamese; None: it is a working day."""
        if self.holidays.worked_on(day) is not None:
            return None
        if (holiday := self.holidays.closed_on(day)) is not None:
            return holiday.name
        return "nghỉ cuối tuần" if day.weekday() >= _SATURDAY else None

    def is_working_day(self, day: dt.date) -> bool:
        """Whether that day counts where the law counts working days."""
        return self.why_off(day) is None

    def is_known(self, day: dt.date) -> bool:
        """Whether the holidays of that day's year are known."""
        return day.year in self.holidays.years

    def add_working_days(
        self, event: dt.date, number: int, stopped: Sequence[Days] = ()
    ) -> DayCount:
        """So many working days after the day of an event, which itself does not count.

        `stopped`: days on which the clock stood still.

        Raises:
            ValueError: the number is negative.
        """
        return self._count(event, number, stopped, working=True)

    def add_days(self, event: dt.date, number: int, stopped: Sequence[Days] = ()) -> DayCount:
        """So many days after the day of an event; moved on to a working day (Art. 148 clause 5).

        Raises:
            ValueError: the number is negative.
        """
        return self._count(event, number, stopped, working=False)

    def working_day_before(self, day: dt.date, number: int) -> dt.date:
        """The working day that lies so many working days before a day."""
        while number > 0:
            day -= ONE_DAY
            number -= self.is_working_day(day)
        return day

    def spans(self, day: dt.date) -> tuple[Moments, ...]:
        """The office's hours on that day, in order; none when it is closed."""
        if self.holidays.worked_on(day) is None and (
            self.holidays.closed_on(day) is not None or Weekday.of(day) not in self.hours.days
        ):
            return ()
        return tuple((_at(day, opens), _at(day, closes)) for opens, closes in self.hours.open)

    def is_working_time(self, moment: dt.datetime) -> bool:
        """Whether the office is at work; at the moment of closing it no longer is.

        Raises:
            ValueError: the moment has no zone.
        """
        return any(begin <= moment < end for begin, end in self.spans(day_of(moment)))

    def next_working_time(self, moment: dt.datetime) -> dt.datetime:
        """The moment itself when the office is at work, otherwise its next opening."""
        day = day_of(moment)
        while True:
            for begin, end in self.spans(day):
                if moment < end:
                    return max(begin, moment.astimezone(dt.UTC))
            day += ONE_DAY

    def last_opening(self, day: dt.date) -> dt.datetime:
        """When the office opens on that day, or on the last day before it on which it does."""
        while not (spans := self.spans(day)):
            day -= ONE_DAY
        return spans[0][0]

    def working_hours_between(self, begin: dt.datetime, end: dt.datetime) -> HourCount:
        """The office hours from one moment to another; none when it lies before."""
        counted = []
        skipped = []
        for day in _days(day_of(begin), day_of(max(begin, end))):
            pieces = _without(self.spans(day), ((_FIRST, begin), (max(begin, end), _LAST)))
            counted += pieces
            if not self.spans(day):
                skipped.append(Skipped(day, self._why_closed(day)))
        duration = sum((after - before for before, after in counted), dt.timedelta())
        walked = (day_of(begin), day_of(max(begin, end)))
        return HourCount(
            end.astimezone(dt.UTC), duration, tuple(counted), tuple(skipped), *self._trust(walked)
        )

    def add_working_hours(
        self, begin: dt.datetime, length: dt.timedelta, stopped: Sequence[Moments] = ()
    ) -> HourCount:
        """The moment at which so much of the office's hours has passed.

        `stopped`: stretches, each with an end, in which the clock stood still.

        Raises:
            ValueError: the length is negative, or a moment has no zone.
        """
        if length < dt.timedelta():
            raise ValueError("a length of time can't be negative")
        first = day = day_of(begin)
        end = begin.astimezone(dt.UTC)
        left = length
        counted: list[Moments] = []
        skipped: list[Skipped] = []
        while left:
            spans = self.spans(day)
            if not spans:
                skipped.append(Skipped(day, self._why_closed(day)))
            for before, after in _without(spans, ((_FIRST, begin), *stopped)):
                if not left:
                    break
                end = min(after, before + left)
                left -= end - before
                counted.append((before, end))
            day += ONE_DAY
        trust = self._trust((first, max(first, day - ONE_DAY)))
        return HourCount(end, length, tuple(counted), tuple(skipped), *trust)

    def _count(
        self, event: dt.date, number: int, stopped: Sequence[Days], *, working: bool
    ) -> DayCount:
        if number < 0:
            raise ValueError("a number of days can't be negative")
        day = event
        counted: list[dt.date] = []
        skipped: list[Skipped] = []
        while len(counted) < number:
            day += ONE_DAY
            off = self.why_off(day) if working else None
            if any(first <= day <= last for first, last in stopped):
                skipped.append(Skipped(day, off or _STOPPED))
            elif off is not None:
                skipped.append(Skipped(day, off))
            else:
                counted.append(day)
        moved_over: list[Skipped] = []
        while number and (off := self.why_off(day)) is not None:
            moved_over.append(Skipped(day, off))
            day += ONE_DAY
        # The day of the event is not counted: whether its year is known matters to nobody
        walked = (min(event + ONE_DAY, day), day)
        trust = self._trust(walked)
        return DayCount(day, tuple(counted), tuple(skipped), tuple(moved_over), *trust)

    def _why_closed(self, day: dt.date) -> str:
        return self.why_off(day) or "văn phòng không làm việc ngày này"

    def _trust(self, walked: Days) -> tuple[bool, bool]:
        """Whether the years of these days are known, and whether all their days are confirmed."""
        first, last = walked
        entries: tuple[Day, ...] = (*self.holidays.closed, *self.holidays.worked)
        return (
            all(year in self.holidays.years for year in range(first.year, last.year + 1)),
            all(entry.verified for entry in entries if first <= entry.day <= last),
        )


def calendar_of(province: Province, office_id: str) -> WorkingCalendar:
    """The calendar of an office; the centre's hours for one that has left the files."""
    known = {office.id: office for office in province.offices}
    return WorkingCalendar(province.holidays, known.get(office_id, province.centre).hours)


def day_of(moment: dt.datetime) -> dt.date:
    """The day in Vietnam.

    Raises:
        ValueError: the moment has no zone, so nobody knows which day it is.
    """
    if moment.tzinfo is None:
        raise ValueError("a moment needs its time zone")
    return moment.astimezone(ZONE).date()


def midnight(day: dt.date) -> dt.datetime:
    """The first moment of a day in Vietnam."""
    return _at(day, dt.time())


_FIRST = dt.datetime.min.replace(tzinfo=dt.UTC)
_LAST = dt.datetime.max.replace(tzinfo=dt.UTC)


def _at(day: dt.date, time: dt.time) -> dt.datetime:
    return dt.datetime.combine(day, time, ZONE).astimezone(dt.UTC)


def _days(first: dt.date, last: dt.date) -> Iterator[dt.date]:
    day = first
    while day <= last:
        yield day
        day += ONE_DAY


def _without(spans: Sequence[Moments], stopped: Sequence[Moments]) -> list[Moments]:
    """What remains of stretches when others are cut out of them."""
    left = list(spans)
    for from_, to in stopped:
        left = [
            piece
            for begin, end in left
            for piece in ((begin, min(end, from_)), (max(begin, to), end))
            if piece[0] < piece[1]
        ]
    return left
