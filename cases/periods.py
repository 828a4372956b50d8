"""The stretches of days that are looked back on: a month, a quarter, a year, or as chosen."""

import datetime as dt
from dataclasses import dataclass
from enum import StrEnum
from typing import Any, assert_never

import sqlalchemy as sa

from cases.calendar import ONE_DAY, midnight

LONGEST = 5 * 366
"""Days of a stretch that is chosen freely."""


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
