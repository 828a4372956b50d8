"""Accounts to be put back: asked for by one, agreed to by another."""

import datetime as dt
from dataclasses import dataclass
from typing import Annotated

from fastapi import APIRouter, Form, Request
from fastapi.responses import HTMLResponse, Response

from cases.staff import StaffMember
from desk import province_texts as words
from desk import recoveries, texts
from desk.frame import BASE, Flash, Frame, Me, go_to, names_of
from desk.guard import Who, staff_of, who_may
from desk.invitations import AccountError
from desk.recoveries import Recovery, What
from store.session import Session


@dataclass(frozen=True)
class Line:
    """One request, for whoever decides."""

    id: str
    what: What
    wanted: str
    """The role that is asked for, where it is another than they have."""
    username: str
    name: str
    role: str
    office: str
    reason: str
    asked_by: str
    asked_at: dt.datetime
    expires_at: dt.datetime
    may_agree: bool


def routes(frame: Frame) -> APIRouter:
    """The routes of accounts put back."""
    router = APIRouter()

    async def page(request: Request, flash: Flash | None = None, status: int = 200) -> HTMLResponse:
        staff = staff_of(request)

        def look(session: Session) -> tuple[Me, tuple[Line, ...]]:
            found = recoveries.waiting(session)
            names = names_of(
                session, {one.staff_id for one in found} | {one.asked_by for one in found}
            )
            lines: list[Line] = []
            for one in found:
                whose = session.get_one(StaffMember, one.staff_id)
                lines.append(
                    Line(
                        id=one.id,
                        what=one.what,
                        wanted=_wanted(one),
                        username=whose.username,
                        name=names[one.staff_id],
                        role=whose.role,
                        office=frame.office_label(whose.office_id),
                        reason=one.open(session.vault, "reason") or "",
                        asked_by=names[one.asked_by],
                        asked_at=one.asked_at,
                        expires_at=one.expires_at,
                        may_agree=staff.id not in (one.staff_id, one.asked_by),
                    )
                )
            return frame.me(session, staff), tuple(lines)

        me, lines = await frame.database.read(look)
        return frame.show("recoveries.html", status, me=me, lines=lines, flash=flash)

    def _wanted(one: Recovery) -> str:
        if one.role is None:
            return ""
        office = frame.office_label(one.office_id)
        return texts.role(one.role) + (f", {office}" if office else "")

    async def refused(request: Request, problem: AccountError) -> HTMLResponse:
        flash = Flash(words.account_refusal(problem.reason), problem=True)
        return await page(request, flash, 409)

    @router.get("/recoveries")
    @who_may(Who.RESETTERS)
    async def waiting(request: Request, done: str = "") -> HTMLResponse:
        said = words.ACCOUNT_DONE.get(done)
        return await page(request, Flash(said) if said else None)

    @router.post("/accounts/{staff_id}/reset")
    @who_may(Who.ADMINS, fresh=True)
    async def ask(
        request: Request,
        staff_id: str,
        reason: Annotated[str, Form(max_length=recoveries.LONGEST_REASON)] = "",
    ) -> Response:
        staff = staff_of(request)
        try:
            await frame.database.transact(
                lambda session: recoveries.ask(session, staff, staff_id, reason)
            )
        except AccountError as problem:
            return await refused(request, problem)
        return go_to("/recoveries?done=asked")

    @router.post("/recoveries/{recovery_id}/grant")
    @who_may(Who.RESETTERS, fresh=True)
    async def grant(request: Request, recovery_id: str) -> Response:
        staff = staff_of(request)
        try:
            invited = await frame.database.transact(
                lambda session: recoveries.grant(session, staff, frame.province, recovery_id)
            )
        except AccountError as problem:
            return await refused(request, problem)
        if invited is None:
            return go_to("/recoveries?done=saved")
        me = await frame.database.read(lambda session: frame.me(session, staff))
        link = f"{request.url.scheme}://{request.url.netloc}{BASE}/join?token={invited.token}"
        return frame.show("account_link.html", me=me, invited=invited, link=link)

    @router.post("/recoveries/{recovery_id}/refuse")
    @who_may(Who.RESETTERS, fresh=True)
    async def refuse(request: Request, recovery_id: str) -> Response:
        staff = staff_of(request)
        try:
            await frame.database.transact(
                lambda session: recoveries.refuse(session, staff, recovery_id)
            )
        except AccountError as problem:
            return await refused(request, problem)
        return go_to("/recoveries?done=refused")

    return router
