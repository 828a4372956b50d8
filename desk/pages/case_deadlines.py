"""The law's clock on the page of a case: what is due by when, its article, and its working."""

import datetime as dt
from collections.abc import Iterable
from dataclasses import dataclass
from typing import assert_never

from cases.clock import deadlines_in
from cases.deadlines import Deadline, DeadlineState
from cases.limits import DeadlineKind
from cases.model import Case
from desk import texts
from desk.frame import Frame
from store.session import Session


@dataclass(frozen=True)
class DeadlineView:
    """One limit, in words."""

    kind: DeadlineKind
    title: str
    state: DeadlineState
    left: str
    """`còn 2 ngày`, `trễ 3 giờ`, `đã làm đúng hạn`; the countdown of the page."""
    until: str | None
    """`17:00 mai`, `hết 04/12`; None where nothing runs."""
    due: str
    why: str
    """The article and what it asks."""
    steps: tuple[str, ...]
    owner: str
    house: bool
    """A promise of ours, not the law."""
    verified: bool

    @property
    def running(self) -> bool:
        """Whether it can still be kept, or is late now."""
        return self.state in _RUNNING

    @property
    def late(self) -> bool:
        """Whether it is shown in red."""
        return self.state is DeadlineState.OVERDUE


_OF_COMPLAINTS = frozenset({DeadlineKind.COMPLAINT, DeadlineKind.COMPLAINT_TO_DEPARTMENT})
_RUNNING = (DeadlineState.OPEN, DeadlineState.WARN, DeadlineState.OVERDUE)


@dataclass(frozen=True)
class Clock:
    """All limits of a case: those that run first, the most pressing of them on top."""

    deadlines: tuple[DeadlineView, ...]
    overdue: frozenset[DeadlineKind]

    @property
    def nearest(self) -> DeadlineView | None:
        """What is to be done first; None: nothing runs."""
        first = self.deadlines[0] if self.deadlines else None
        return first if first is not None and first.running else None


def look_at_clock(session: Session, frame: Frame, case: Case, *, complaints: bool = True) -> Clock:
    """The limits of a case as they stand now; it comes from `visible_to`.

    `complaints`: with those of a complaint, which not everybody may know of.
    """
    now = session.clock.now()
    running = (
        one
        for one in deadlines_in(session, case, frame.province)
        if complaints or one.kind not in _OF_COMPLAINTS
    )
    found = sorted(running, key=_pressing)
    return Clock(tuple(_shown(one, now) for one in found), overdue_of(found))


def overdue_of(found: Iterable[Deadline]) -> frozenset[DeadlineKind]:
    """The kinds that are late now."""
    return frozenset(one.kind for one in found if one.state is DeadlineState.OVERDUE)


def _pressing(deadline: Deadline) -> tuple[int, dt.datetime]:
    due = deadline.due_at or deadline.started_at
    if deadline.state in _RUNNING:
        return 0, due
    return (1 if deadline.state is DeadlineState.PAUSED else 2), due


def _shown(deadline: Deadline, now: dt.datetime) -> DeadlineView:
    return DeadlineView(
        kind=deadline.kind,
        title=deadline.title,
        state=deadline.state,
        left=_left(deadline, now),
        until=texts.until(deadline.due_at, now)
        if deadline.due_at is not None and deadline.state in _RUNNING and not deadline.dropped
        else None,
        due=deadline.due,
        why=deadline.why,
        steps=deadline.steps,
        owner=texts.owner(deadline.owner),
        house=deadline.house,
        verified=deadline.verified,
    )


def _left(deadline: Deadline, now: dt.datetime) -> str:
    if deadline.dropped:
        return "thôi tính, hồ sơ đã kết thúc"
    match deadline.state:
        case DeadlineState.OPEN | DeadlineState.WARN | DeadlineState.OVERDUE:
            return texts.time_left(deadline.due_at or now, now)
        case DeadlineState.PAUSED:
            return "đồng hồ đang dừng"
        case DeadlineState.MET:
            return "đã làm đúng hạn"
        case DeadlineState.MET_LATE:
            return "đã làm, trễ hạn"
        case _:
            assert_never(deadline.state)
