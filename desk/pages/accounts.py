"""The accounts: invited by a link, given a post, disabled; and the door for whoever was invited."""

import asyncio
import datetime as dt
from collections.abc import Callable
from dataclasses import dataclass
from typing import Annotated

from fastapi import APIRouter, Form, Request
from fastapi.responses import HTMLResponse, Response

from cases import staffing
from cases.access import NotFoundError
from cases.province import OfficeState
from cases.staff import Role, StaffMember
from cases.staffing import NotTheirsError
from desk import auth, brakes, invitations, passwords, recoveries
from desk import province_texts as words
from desk.frame import BASE, Flash, Frame, Me, go_to
from desk.guard import Who, staff_of, who_may
from desk.invitations import TWO_PEOPLE, AccountError, Invited
from knowledge.article import FieldId
from store.origin import place_of
from store.session import Session

_TRIES_AS = "join"
"""What the brakes count tries of links under."""
_HASHERS = 2
"""Passwords hashed at a time: each takes a core and 19 MiB."""


@dataclass(frozen=True)
class Shown:
    """One account, for its page."""

    staff: StaffMember
    name: str
    office: str
    link_until: dt.datetime | None
    taken_up: bool
    own: bool


def routes(frame: Frame) -> APIRouter:
    """The routes of accounts and invitations."""
    router = APIRouter()
    hashing = asyncio.Semaphore(_HASHERS)

    @router.get("/accounts/new")
    @who_may(Who.ADMINS, fresh=True)
    async def new(request: Request) -> HTMLResponse:
        return await new_form(request, {}, None)

    @router.post("/accounts/new")
    @who_may(Who.ADMINS, fresh=True)
    async def add(
        request: Request,
        username: Annotated[str, Form(max_length=60)] = "",
        role: Annotated[Role, Form()] = Role.OFFICER,
        office: Annotated[str, Form(max_length=30)] = "",
    ) -> Response:
        staff, where = staff_of(request), office or None

        def act(session: Session) -> Invited | None:
            if role in TWO_PEOPLE:
                recoveries.ask_to_invite(
                    session, staff, frame.province, username=username, role=role, office_id=where
                )
                return None
            return invitations.invite(
                session, staff, frame.province, username=username, role=role, office_id=where
            )

        try:
            invited = await frame.database.transact(act)
        except AccountError as problem:
            typed = {"username": username, "role": str(role), "office": office}
            return await new_form(request, typed, problem.reason)
        if invited is None:
            return go_to("/recoveries?done=asked")
        return await link_page(request, invited)

    @router.get("/accounts/{staff_id}")
    @who_may(Who.ADMINS)
    async def account(request: Request, staff_id: str, done: str = "") -> HTMLResponse:
        said = words.ACCOUNT_DONE.get(done)
        return await page(request, staff_id, Flash(said) if said else None)

    @router.post("/accounts/{staff_id}/link")
    @who_may(Who.ADMINS, fresh=True)
    async def again(request: Request, staff_id: str) -> Response:
        staff = staff_of(request)

        def act(session: Session) -> Invited | None:
            whose = session.get(StaffMember, staff_id)
            if whose is not None and whose.role in TWO_PEOPLE:
                recoveries.ask_for_a_link(session, staff, staff_id)
                return None
            return invitations.invite_again(session, staff, staff_id)

        try:
            invited = await frame.database.transact(act)
        except AccountError as problem:
            return await refused(request, staff_id, problem)
        if invited is None:
            return go_to("/recoveries?done=asked")
        return await link_page(request, invited)

    @router.post("/accounts/{staff_id}/revoke")
    @who_may(Who.ADMINS, fresh=True)
    async def revoke(request: Request, staff_id: str) -> Response:
        staff = staff_of(request)
        return await do(
            request,
            staff_id,
            "revoked",
            lambda session: invitations.revoke(session, staff, staff_id),
        )

    @router.post("/accounts/{staff_id}/post")
    @who_may(Who.ADMINS, fresh=True)
    async def post(
        request: Request,
        staff_id: str,
        role: Annotated[Role, Form()] = Role.OFFICER,
        office: Annotated[str, Form(max_length=30)] = "",
    ) -> Response:
        staff, where = staff_of(request), office or None

        def act(session: Session) -> bool:
            whose = session.get(StaffMember, staff_id)
            if role in TWO_PEOPLE and whose is not None and whose.role is not role:
                recoveries.ask_for_a_post(session, staff, frame.province, staff_id, role, where)
                return True
            invitations.set_post(session, staff, frame.province, staff_id, role, where)
            return False

        try:
            asked = await frame.database.transact(act)
        except AccountError as problem:
            return await refused(request, staff_id, problem)
        return go_to("/recoveries?done=asked" if asked else f"/accounts/{staff_id}?done=saved")

    @router.post("/accounts/{staff_id}/skills")
    @who_may(Who.ADMINS, fresh=True)
    async def skills(request: Request, staff_id: str) -> Response:
        staff = staff_of(request)
        sent = await request.form()
        languages = [one for one in words.LANGUAGES if one in sent.getlist("languages")]
        fields = [one for one in FieldId if one in sent.getlist("specialisms")]

        def act(session: Session) -> None:
            staffing.set_skills(session, staff, staff_id, languages, fields)

        return await do(request, staff_id, "saved", act)

    @router.post("/accounts/{staff_id}/active")
    @who_may(Who.ADMINS, fresh=True)
    async def active(
        request: Request, staff_id: str, active: Annotated[bool, Form()] = False
    ) -> Response:
        staff = staff_of(request)

        def act(session: Session) -> bool:
            whose = session.get(StaffMember, staff_id)
            if active and whose is not None and whose.role in TWO_PEOPLE and not whose.active:
                recoveries.ask_to_let_in(session, staff, staff_id)
                return True
            invitations.set_active(session, staff, frame.province, staff_id, active=active)
            return False

        try:
            asked = await frame.database.transact(act)
        except AccountError as problem:
            return await refused(request, staff_id, problem)
        done = "enabled" if active else "disabled"
        return go_to("/recoveries?done=asked" if asked else f"/accounts/{staff_id}?done={done}")

    async def do(
        request: Request, staff_id: str, done: str, act: Callable[[Session], None]
    ) -> Response:
        try:
            await frame.database.transact(act)
        except AccountError as problem:
            return await refused(request, staff_id, problem)
        except NotTheirsError:
            raise NotFoundError from None
        return go_to(f"/accounts/{staff_id}?done={done}")

    async def refused(request: Request, staff_id: str, problem: AccountError) -> Response:
        flash = Flash(words.account_refusal(problem.reason), problem=True)
        return await page(request, staff_id, flash, 409)

    async def page(
        request: Request, staff_id: str, flash: Flash | None, status: int = 200
    ) -> HTMLResponse:
        staff = staff_of(request)

        def look(session: Session) -> tuple[Me, Shown]:
            found = session.get(StaffMember, staff_id)
            if found is None:
                raise NotFoundError
            shown = Shown(
                found,
                found.open(session.vault, "name") or found.username,
                frame.office_label(found.office_id),
                invitations.open_links(session).get(found.id),
                found.active or found.password_hash != invitations.NO_PASSWORD,
                found.id == staff.id,
            )
            return frame.me(session, staff), shown

        me, shown = await frame.database.read(look)
        return frame.show(
            "account.html",
            status,
            me=me,
            w=words,
            one=shown,
            flash=flash,
            roles=tuple(Role),
            offices=_offices(),
            fields=tuple(FieldId),
        )

    async def new_form(
        request: Request, typed: dict[str, str], problem: str | None
    ) -> HTMLResponse:
        staff = staff_of(request)

        def look(session: Session) -> Me:
            return frame.me(session, staff)

        me = await frame.database.read(look)
        flash = Flash(words.account_refusal(problem), problem=True) if problem else None
        return frame.show(
            "account_new.html",
            409 if problem else 200,
            me=me,
            flash=flash,
            typed=typed,
            roles=tuple(Role),
            offices=_offices(),
        )

    def _offices() -> tuple[tuple[str, str], ...]:
        return tuple(
            (one.id, one.label)
            for one in frame.province.offices
            if one.state is not OfficeState.CLOSED
        )

    async def link_page(request: Request, invited: Invited) -> HTMLResponse:
        """The link, shown this once."""
        staff = staff_of(request)

        def look(session: Session) -> Me:
            return frame.me(session, staff)

        me = await frame.database.read(look)
        link = f"{request.url.scheme}://{request.url.netloc}{BASE}/join?token={invited.token}"
        return frame.show("account_link.html", me=me, invited=invited, link=link)

    # --- the invited person's side --------------------------------------------------------------

    @router.get("/join")
    @who_may(Who.ANYBODY)
    async def join(request: Request, token: str = "") -> HTMLResponse:
        return await door(request, token)

    @router.post("/join")
    @who_may(Who.ANYBODY)
    async def take_up(
        request: Request,
        token: Annotated[str, Form(max_length=100)] = "",
        name: Annotated[str, Form(max_length=100)] = "",
        password: Annotated[str, Form(max_length=passwords.LONGEST)] = "",
        again: Annotated[str, Form(max_length=passwords.LONGEST)] = "",
    ) -> Response:
        name = " ".join(name.split())
        if not name:
            return await door(request, token, name, "Hãy ghi họ tên của bạn.")
        if password != again:
            return await door(request, token, name, "Hai lần gõ mật khẩu không giống nhau.")
        known = await door(request, token)
        if known.status_code != 200:
            return known
        async with hashing:
            fault = await asyncio.to_thread(passwords.fault_of, password, (name,), frame.breached)
            if fault:
                return await door(request, token, name, fault)
            hashed = await asyncio.to_thread(auth.hash_password, password)
        try:
            await frame.database.transact(
                lambda session: invitations.take_up(session, token, name, hashed)
            )
        except AccountError:
            return over()
        return go_to("/sign-in")

    async def door(
        request: Request, token: str, name: str = "", problem: str | None = None
    ) -> HTMLResponse:
        """The form of a living link; wrong links of one client wait longer and longer."""
        client = place_of(request.client.host if request.client else "")
        if await frame.database.read(lambda session: brakes.wait(session, _TRIES_AS, client, None)):
            text = "Đã mở sai liên kết nhiều lần. Xin đợi ít phút rồi thử lại."
            return frame.show("join.html", 429, open=None, problem=text)
        found = await frame.database.read(
            lambda session: invitations.open_invitation(session, token)
        )
        if found is None:
            await frame.held_back(_TRIES_AS, client, None)
            return over()
        _, staff = found
        return frame.show(
            "join.html",
            422 if problem else 200,
            open=staff,
            token=token,
            name=name,
            problem=problem,
            office=frame.office_label(staff.office_id),
        )

    def over() -> HTMLResponse:
        text = "Liên kết này đã dùng rồi, đã hết hạn hoặc đã bị hủy. Hãy xin quản trị liên kết mới."
        return frame.show("join.html", 404, open=None, problem=text)

    return router
