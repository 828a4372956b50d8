"""Canned replies: read into the box of a reply by `/`, written on a page of their own."""

import json
from collections.abc import Callable
from dataclasses import dataclass
from typing import Annotated

import sqlalchemy as sa
from fastapi import APIRouter, Form, Request
from fastapi.responses import HTMLResponse, JSONResponse, Response

from cases import canned
from cases.access import the_case
from cases.canned import Blank, CannedReply
from cases.life import RefusedError
from cases.model import Case, RegisterEntry
from cases.parties import PartyRole, parties_of
from cases.staff import Role, StaffMember
from desk import texts
from desk.frame import Flash, Frame, Me, go_to
from desk.guard import Who, staff_of, who_may
from store.session import Session

PROVINCE = "province"
"""What the form calls the office of a reply for all."""


@dataclass(frozen=True)
class Written:
    """One reply on the page, or what was typed into the form."""

    id: str | None
    office_id: str | None
    office: str
    key: str
    text: str
    mine: bool
    """Whether the one who looks may change it."""


@dataclass(frozen=True)
class Page:
    """The page of the replies."""

    replies: tuple[Written, ...]
    offices: tuple[tuple[str, str], ...]
    """For whom the one who looks may write."""
    form: Written
    starters: tuple[str, ...]
    """Shipped replies that are not taken over yet, by their words."""
    own: str
    """For whom they would be taken over."""


def routes(frame: Frame) -> APIRouter:
    """The routes of the canned replies."""
    router = APIRouter()

    @router.get("/cases/{case_id}/canned")
    @who_may(Who.CASEWORKERS)
    async def for_case(request: Request, case_id: str) -> JSONResponse:
        """The replies of the officer's office, filled in for a case."""
        staff = staff_of(request)

        def look(session: Session) -> list[dict[str, object]]:
            case = the_case(session, staff, case_id)
            values = _values(session, case, staff)
            found = [
                canned.fill(one, values) for one in canned.for_office(session, staff.office_id)
            ]
            return [{"key": one.key, "text": one.text, "left": list(one.left)} for one in found]

        return JSONResponse(await frame.database.read(look))

    @router.get("/canned")
    @who_may(Who.CANNED_WRITERS)
    async def page(request: Request, edit: str = "") -> HTMLResponse:
        staff = staff_of(request)

        def look(session: Session) -> tuple[Me, Page]:
            return frame.me(session, staff), _page(session, staff, edit)

        me, shown = await frame.database.read(look)
        return frame.show("canned.html", me=me, page=shown)

    @router.post("/canned")
    @who_may(Who.CANNED_WRITERS)
    async def save(
        request: Request,
        office: Annotated[str, Form(max_length=30)],
        key: Annotated[str, Form(max_length=200)] = "",
        text: Annotated[str, Form(max_length=20_000)] = "",
        reply: Annotated[str, Form(max_length=32)] = "",
    ) -> Response:
        staff = staff_of(request)
        office_id = None if office == PROVINCE else office
        typed = Written(reply or None, office_id, _label(office_id), key, text, mine=True)

        def write(session: Session) -> None:
            if office_id is not None and frame.office(office_id) is None:
                raise RefusedError("no_such_office")
            canned.save(
                session, staff, office_id=office_id, key=key, text=text, reply_id=reply or None
            )

        return await _do(request, write, typed)

    @router.post("/canned/starters")
    @who_may(Who.CANNED_WRITERS)
    async def take_starters(
        request: Request, office: Annotated[str, Form(max_length=30)]
    ) -> Response:
        """Take over the shipped replies, for the own branch or for the province."""
        staff = staff_of(request)
        office_id = None if office == PROVINCE else office

        def take(session: Session) -> None:
            if office_id is not None and frame.office(office_id) is None:
                raise RefusedError("no_such_office")
            canned.take_starters(session, staff, office_id)

        return await _do(request, take, None)

    @router.post("/canned/{reply_id}/remove")
    @who_may(Who.CANNED_WRITERS)
    async def remove(request: Request, reply_id: str) -> Response:
        staff = staff_of(request)
        return await _do(request, lambda session: canned.remove(session, staff, reply_id), None)

    async def _do(
        request: Request, act: Callable[[Session], None], typed: Written | None
    ) -> Response:
        staff = staff_of(request)
        try:
            await frame.database.transact(act)
        except RefusedError as problem:
            reason = problem.reason
        else:
            return go_to("/canned")

        def look(session: Session) -> tuple[Me, Page]:
            return frame.me(session, staff), _page(session, staff, "", typed)

        me, shown = await frame.database.read(look)
        flash = Flash(texts.refusal(reason), problem=True)
        return frame.show("canned.html", 409, me=me, page=shown, flash=flash)

    def _page(
        session: Session, staff: StaffMember, edit: str, typed: Written | None = None
    ) -> Page:
        replies = tuple(_written(staff, one) for one in canned.all_replies(session, staff))
        own = None if staff.role in (Role.CENTRE, Role.ADMIN) else staff.office_id
        chosen = next((one for one in replies if one.id == edit and one.mine), None)
        return Page(
            replies=replies,
            offices=tuple(
                (office_id or PROVINCE, _label(office_id))
                for office_id in (None, *(one.id for one in frame.province.offices if one.active))
                if canned.may_write(staff, office_id)
            ),
            starters=canned.starters_left(session, own),
            own=own or PROVINCE,
            form=typed or chosen or Written(None, own, _label(own), "", "", mine=True),
        )

    def _written(staff: StaffMember, one: CannedReply) -> Written:
        mine = canned.may_write(staff, one.office_id)
        return Written(one.id, one.office_id, _label(one.office_id), one.key, one.text, mine)

    def _label(office_id: str | None) -> str:
        return frame.office_label(office_id) if office_id else "Toàn tỉnh"

    def _values(session: Session, case: Case, staff: StaffMember) -> dict[Blank, str | None]:
        code = sa.select(RegisterEntry.code).where(RegisterEntry.case_id == case.id)
        office = frame.office(staff.office_id) if staff.office_id else None
        return {
            Blank.NAME: _name(session, case),
            Blank.CODE: session.scalar(code),
            Blank.OFFICE: office.name if office else None,
        }

    return router


def _name(session: Session, case: Case) -> str | None:
    """The client's name as it was written down, else as they left it with their contact."""
    for party in parties_of(session, case):
        if party.role is PartyRole.CLIENT:
            return party.open(session.vault, "name")
    told = json.loads(case.open(session.vault, "contact") or "{}")
    name = told.get("name") if isinstance(told, dict) else None
    return name if isinstance(name, str) and name else None
