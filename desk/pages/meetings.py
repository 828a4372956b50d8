"""The meetings of an office: what is agreed, day by day, and what still waits for an answer."""

import datetime as dt
from collections.abc import Sequence
from dataclasses import dataclass
from itertools import groupby

from fastapi import APIRouter, Request
from fastapi.responses import HTMLResponse

from cases import appointments
from cases.appointments import Planned
from cases.deadline_words import say_day
from cases.staff import StaffMember
from desk import texts
from desk.frame import Frame, Me, names_of
from desk.guard import Who, staff_of, who_may
from desk.pages.case_meeting import MeetingView, meeting_view
from store.clock import ZONE
from store.session import Session


@dataclass(frozen=True)
class Line:
    """One meeting in the list."""

    case_id: str
    number: int
    field: str
    office: str
    holder: str | None
    hour: str
    meeting: MeetingView


@dataclass(frozen=True)
class Day:
    """The meetings of one day."""

    label: str
    lines: tuple[Line, ...]


@dataclass(frozen=True)
class Plan:
    """The whole page."""

    days: tuple[Day, ...]
    open: tuple[Line, ...]
    """No time is agreed upon yet."""
    mine: bool
    everywhere: bool
    """It shows the meetings of more than one office."""


def look_at_plan(session: Session, frame: Frame, staff: StaffMember, *, mine: bool) -> Plan:
    """The meetings from the beginning of today on."""
    today = session.clock.now().astimezone(ZONE).date()
    midnight = dt.datetime.combine(today, dt.time(), ZONE)
    found = appointments.planned(session, staff, midnight, mine=mine)
    names = names_of(session, {one.case.holder_id for one in found if one.case.holder_id})
    agreed = [one for one in found if one.meeting.at is not None]
    days = tuple(
        Day(say_day(day), _lines(session, frame, list(of_day), names))
        for day, of_day in groupby(agreed, key=_day)
    )
    waiting = [one for one in found if one.meeting.at is None]
    offices = {one.case.office_id for one in found}
    return Plan(days, _lines(session, frame, waiting, names), mine, len(offices) > 1)


def _day(planned: Planned) -> dt.date:
    at = planned.meeting.at or planned.meeting.offered_at
    return at.astimezone(ZONE).date()


def _lines(
    session: Session, frame: Frame, found: Sequence[Planned], names: dict[str, str]
) -> tuple[Line, ...]:
    return tuple(
        Line(
            case_id=one.case.id,
            number=one.case.number,
            field=texts.field(one.case.field),
            office=frame.office_label(one.case.office_id),
            holder=names.get(one.case.holder_id or ""),
            hour=texts.hour(one.meeting.at) if one.meeting.at else "",
            meeting=meeting_view(session, frame, one.case, one.meeting),
        )
        for one in found
    )


def routes(frame: Frame) -> APIRouter:
    """The list of meetings."""
    router = APIRouter()

    @router.get("/meetings")
    @who_may(Who.CASEWORKERS)
    async def page(request: Request, mine: bool = False) -> HTMLResponse:
        staff = staff_of(request)

        def look(session: Session) -> tuple[Me, Plan]:
            return frame.me(session, staff), look_at_plan(session, frame, staff, mine=mine)

        me, plan = await frame.database.read(look)
        return frame.show("meetings.html", me=me, plan=plan)

    return router
