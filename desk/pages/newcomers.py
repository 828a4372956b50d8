"""New accounts that a single admin made: a leader says who it is before it sees a case."""

import datetime as dt
from dataclasses import dataclass
from typing import Annotated

from fastapi import APIRouter, Form, Request
from fastapi.responses import HTMLResponse, Response

from cases.staff import Role, StaffMember
from desk import invitations, newcomer_texts
from desk.frame import Flash, Frame, Me, go_to
from desk.guard import Who, staff_of, who_may
from desk.invitations import AccountError
from store.session import Session


@dataclass(frozen=True)
class Line:
    """One account that waits."""

    id: str
    name: str
    username: str
    role: Role
    office: str
    made_at: dt.datetime


def routes(frame: Frame) -> APIRouter:
    """The routes of new accounts."""
    router = APIRouter()

    async def page(request: Request, flash: Flash | None = None, status: int = 200) -> HTMLResponse:
        staff = staff_of(request)

        def look(session: Session) -> tuple[Me, tuple[Line, ...]]:
            found = invitations.newcomers(session, staff)
            return frame.me(session, staff), tuple(_line(session, one) for one in found)

        me, lines = await frame.database.read(look)
        return frame.show("newcomers.html", status, me=me, lines=lines, flash=flash)

    def _line(session: Session, one: StaffMember) -> Line:
        return Line(
            id=one.id,
            name=one.open(session.vault, "name") or one.username,
            username=one.username,
            role=one.role,
            office=frame.office_label(one.office_id),
            made_at=one.created_at,
        )

    @router.get("/newcomers")
    @who_may(Who.LEADERS)
    async def waiting(request: Request, done: str = "") -> HTMLResponse:
        said = newcomer_texts.DONE.get(done)
        return await page(request, Flash(said) if said else None)

    @router.post("/newcomers/{staff_id}")
    @who_may(Who.LEADERS, fresh=True)
    async def decide(
        request: Request, staff_id: str, known: Annotated[bool, Form()] = False
    ) -> Response:
        by = staff_of(request)

        def act(session: Session) -> None:
            if known:
                invitations.confirm(session, by, staff_id)
            else:
                invitations.turn_away(session, by, frame.province, staff_id)

        try:
            await frame.database.transact(act)
        except AccountError:
            return await page(request, Flash(newcomer_texts.OVER, problem=True), 404)
        return go_to(f"/newcomers?done={'confirmed' if known else 'away'}")

    return router
