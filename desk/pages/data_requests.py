"""What citizens ask about their own data, for the centre: due first, decided with one press."""

import datetime as dt
from dataclasses import dataclass

from fastapi import APIRouter, Request
from fastapi.responses import HTMLResponse, Response

from cases import data_decisions
from cases.data_decisions import Listed
from cases.data_requests import Asked
from cases.life import RefusedError
from cases.staff import StaffMember
from desk import data_texts
from desk.frame import Flash, Frame, Me, go_to
from desk.guard import Who, staff_of, who_may
from store.session import Session

LONGEST_REASON = 600
"""Letters: it is read on a phone."""


@dataclass(frozen=True)
class Waiting:
    """One request as the page shows it. What is to be corrected stands in the case's thread."""

    id: str
    number: int
    asked: str
    to_do: str
    done: str
    kept: str
    reason: str
    """Words to begin with, why it is not done."""
    case_id: str
    case_number: int
    office: str
    at: dt.datetime
    due_at: dt.datetime
    late: bool
    erases: bool
    """What was pressed can't be taken back."""


@dataclass(frozen=True)
class Page:
    """The list."""

    me: Me
    waiting: tuple[Waiting, ...]


def routes(frame: Frame) -> APIRouter:
    """The routes of the requests about data."""
    router = APIRouter()

    def look(session: Session, staff: StaffMember) -> Page:
        found = data_decisions.listed(session, staff)
        now = session.clock.now()
        return Page(frame.me(session, staff), tuple(_waiting(one, now) for one in found))

    def _waiting(one: Listed, now: dt.datetime) -> Waiting:
        request, case = one.request, one.case
        return Waiting(
            id=request.id,
            number=request.number,
            asked=data_texts.asked(request.asked),
            to_do=data_texts.to_do(request.asked, case),
            done=data_texts.done(request.asked),
            kept=data_texts.kept(request.asked),
            reason=data_texts.reason(request.asked, case),
            case_id=case.id,
            case_number=case.number,
            office=frame.office_label(case.office_id),
            at=request.at,
            due_at=request.due_at,
            late=request.due_at < now,
            erases=request.asked is Asked.ERASE,
        )

    def show(page: Page, status: int = 200, flash: Flash | None = None) -> HTMLResponse:
        return frame.show("data_requests.html", status, me=page.me, page=page, flash=flash)

    @router.get("/data-requests")
    @who_may(Who.CENTRE)
    async def page(request: Request, done: str = "") -> HTMLResponse:
        staff = staff_of(request)
        said = data_texts.DONE.get(done)
        found = await frame.database.read(lambda session: look(session, staff))
        return show(found, flash=Flash(said) if said else None)

    @router.post("/data-requests/{request_id}")
    @who_may(Who.CENTRE, fresh=True)
    async def decide(request: Request, request_id: str) -> Response:
        """It was done, or what is asked for has to be kept."""
        staff = staff_of(request)
        async with request.form() as form:
            granted = form.get("decision") == "done"
            given = form.get("reason")
            reason = given[:LONGEST_REASON] if isinstance(given, str) else ""

        def act(session: Session) -> bool:
            data_decisions.decide(session, staff, request_id, granted=granted, reason=reason)
            case = data_decisions.the_request(session, staff, request_id).case
            return case.conversation_id is not None

        try:
            told = await frame.database.transact(act)
        except RefusedError as problem:
            found = await frame.database.read(lambda session: look(session, staff))
            flash = Flash(data_texts.REFUSALS[problem.reason], problem=True)
            return show(found, 409, flash)
        done = "done" if granted else "kept"
        return go_to(f"/data-requests?done={done if told else f'{done}_silent'}")

    return router
