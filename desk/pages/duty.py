"""Who may be called at night, and who is away: kept by whoever leads the office."""

import datetime as dt
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Annotated

import sqlalchemy as sa
from fastapi import APIRouter, Form, Request
from fastapi.responses import HTMLResponse, Response

from cases import alerts, handover, staffing
from cases.access import NotFoundError
from cases.alerts import DutyRow
from cases.life import RefusedError
from cases.staff import StaffMember
from cases.staffing import Leave, NotTheirsError
from desk import province_texts as words
from desk import texts
from desk.frame import Flash, Frame, Me, go_to
from desk.guard import Who, staff_of, who_may
from store.clock import ZONE
from store.session import Session


@dataclass(frozen=True)
class Person:
    """Somebody who can be put on the roster or be away."""

    id: str
    name: str
    office: str


@dataclass(frozen=True)
class Away:
    """Somebody who is or will be away, with cases that a colleague could take."""

    person: Person
    held: int
    colleagues: tuple[Person, ...]


@dataclass(frozen=True)
class Page:
    """The roster and the leave of those whom one keeps."""

    people: tuple[Person, ...]
    duties: tuple[tuple[DutyRow, Person], ...]
    leaves: tuple[tuple[Leave, Person], ...]
    away: tuple[Away, ...]
    bare: tuple[str, ...]
    """The offices at work with nobody on the roster now: danger at night goes to the centre."""


def routes(frame: Frame) -> APIRouter:
    """The routes of the roster."""
    router = APIRouter()

    @router.get("/province/duty")
    @who_may(Who.PROVINCE)
    async def roster(request: Request, done: str = "") -> HTMLResponse:
        said = words.DONE.get(done)
        return await page(request, Flash(said) if said else None)

    @router.post("/province/duty")
    @who_may(Who.PROVINCE)
    async def add(
        request: Request,
        person: Annotated[str, Form(max_length=32)],
        from_at: Annotated[dt.datetime, Form()],
        to_at: Annotated[dt.datetime, Form()],
    ) -> Response:
        staff = staff_of(request)

        def act(session: Session) -> None:
            on_duty = session.get(StaffMember, person)
            if on_duty is None or not staffing.leads(staff, on_duty.office_id):
                raise NotFoundError
            alerts.set_duty(session, staff, on_duty, _moment(from_at), _moment(to_at))

        return await do(request, act, "duty")

    @router.post("/province/duty/{duty_id}/remove")
    @who_may(Who.PROVINCE)
    async def remove(request: Request, duty_id: str) -> Response:
        staff = staff_of(request)

        def act(session: Session) -> None:
            row = session.get(DutyRow, duty_id)
            if row is not None and not staffing.leads(staff, row.office_id):
                raise NotFoundError
            alerts.drop_duty(session, staff, duty_id)

        return await do(request, act, "removed")

    @router.post("/province/leave")
    @who_may(Who.PROVINCE)
    async def add_leave(
        request: Request,
        person: Annotated[str, Form(max_length=32)],
        first_day: Annotated[dt.date, Form()],
        last_day: Annotated[dt.date, Form()],
    ) -> Response:
        staff = staff_of(request)

        def act(session: Session) -> None:
            staffing.set_leave(session, staff, person, first_day, last_day)

        return await do(request, act, "leave")

    @router.post("/province/leave/hand-over")
    @who_may(Who.LEADERS)
    async def hand_over(
        request: Request,
        person: Annotated[str, Form(max_length=32)],
        to: Annotated[str, Form(max_length=32)],
    ) -> Response:
        """Everything that somebody who is away holds goes to a colleague of the same office."""
        staff = staff_of(request)

        def act(session: Session) -> None:
            if person not in {one.id for one in staffing.people_of(session, staff)}:
                raise NotFoundError
            handover.hand_over_all(session, staff, person, to, frame.province)

        try:
            await frame.database.transact(act)
        except RefusedError as problem:
            return await page(request, Flash(texts.act_refusal(problem.reason), problem=True), 409)
        return go_to("/province/duty?done=handed_over")

    @router.post("/province/leave/{leave_id}/remove")
    @who_may(Who.PROVINCE)
    async def remove_leave(request: Request, leave_id: str) -> Response:
        staff = staff_of(request)
        return await do(
            request, lambda session: staffing.drop_leave(session, staff, leave_id), "removed"
        )

    async def do(request: Request, act: Callable[[Session], object], done: str) -> Response:
        try:
            await frame.database.transact(act)
        except NotTheirsError:
            raise NotFoundError from None
        except ValueError:
            text = "Chưa lưu: ngày giờ kết thúc phải sau lúc bắt đầu, nghỉ không quá một năm."
            return await page(request, Flash(text, problem=True), 422)
        return go_to(f"/province/duty?done={done}")

    async def page(request: Request, flash: Flash | None, status: int = 200) -> HTMLResponse:
        staff = staff_of(request)

        def look(session: Session) -> tuple[Me, Page]:
            return frame.me(session, staff), _page(session, staff)

        me, shown = await frame.database.read(look)
        return frame.show(
            "province_duty.html", status, me=me, w=words, here="/duty", flash=flash, page=shown
        )

    def _page(session: Session, staff: StaffMember) -> Page:
        now = session.clock.now()
        people = {
            one.id: Person(
                one.id,
                one.open(session.vault, "name") or one.username,
                frame.office_label(one.office_id),
            )
            for one in staffing.people_of(session, staff)
        }
        query = sa.select(DutyRow).where(DutyRow.staff_id.in_(people), DutyRow.to_at > now)
        duties = session.scalars(query.order_by(DutyRow.from_at, DutyRow.id)).all()
        leaves = staffing.leaves_of(session, people)
        manned = {row.office_id for row in duties if row.from_at <= now}
        return Page(
            people=tuple(people.values()),
            duties=tuple((row, people[row.staff_id]) for row in duties),
            leaves=tuple((row, people[row.staff_id]) for row in leaves),
            away=_away(session, staff, people, [row.staff_id for row in leaves]),
            bare=tuple(
                one.label
                for one in frame.province.offices
                if one.active and one.id not in manned and staffing.leads(staff, one.id)
            ),
        )

    return router


def _away(
    session: Session, staff: StaffMember, people: Mapping[str, Person], ids: Sequence[str]
) -> tuple[Away, ...]:
    """Those with leave who hold cases; of nobody whose cases `staff` may not see."""
    found = ((one, len(handover.held_by(session, staff, one))) for one in dict.fromkeys(ids))
    return tuple(
        Away(
            people[one],
            held,
            tuple(
                other
                for other in people.values()
                if other.id not in ids and other.office == people[one].office
            ),
        )
        for one, held in found
        if held
    )


def _moment(typed: dt.datetime) -> dt.datetime:
    """As a browser sends it, without a zone: it is Vietnam's time."""
    return typed.replace(tzinfo=ZONE) if typed.tzinfo is None else typed
