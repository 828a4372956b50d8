"""Two clocks that must not be mixed: the day the law looks at, and the moment things happen."""

import datetime as dt
from typing import Protocol
from zoneinfo import ZoneInfo

ZONE = ZoneInfo("Asia/Ho_Chi_Minh")


class Clock(Protocol):
    """`today()` is for law and ages, `now()` for stamps, leases and deadlines."""

    def today(self) -> dt.date: ...

    def now(self) -> dt.datetime: ...


class SystemClock:
    """The machine's clock; a demo may pretend another day (`TRAM_TODAY`) for the law only."""

    def __init__(self, pretended_today: dt.date | None = None) -> None:
        self._pretended_today = pretended_today

    def today(self) -> dt.date:
        """The day in Vietnam, or the pretended one."""
        return self._pretended_today or dt.datetime.now(ZONE).date()

    def now(self) -> dt.datetime:
        """The present moment, aware, in UTC; never pretended."""
        return dt.datetime.now(dt.UTC)


class SetClock:
    """A clock that stands where it is put; for tests and for replaying a day."""

    def __init__(self, moment: dt.datetime, today: dt.date | None = None) -> None:
        self.moment = moment
        self._today = today

    def today(self) -> dt.date:
        return self._today or self.moment.astimezone(ZONE).date()

    def now(self) -> dt.datetime:
        return self.moment

    def forward(self, step: dt.timedelta) -> None:
        self.moment += step
