"""Signing in and out, changing one's password, and being there."""

import asyncio
import datetime as dt
from typing import Annotated

import sqlalchemy as sa
from fastapi import APIRouter, Form, Request
from fastapi.responses import HTMLResponse, RedirectResponse, Response

from cases.staff import StaffMember
from desk import auth, brakes, factors, passwords
from desk.factors import Standing
from desk.frame import BASE, Flash, Frame, go_to, names_of
from desk.guard import (
    SignedOutError,
    Who,
    path_within,
    staff_of,
    token_of,
    way_on,
    who_may,
)
from store import audit
from store.origin import place_of
from store.session import Session

WRONG = "Tên đăng nhập hoặc mật khẩu không đúng."
CROWDED = "Nhiều người đang đăng nhập cùng lúc. Xin đợi một chút rồi thử lại."
_DEVICE_COOKIE = "tram_desk_device"
_DEVICE_DAYS = 180
_DEVICE_PATH = f"{BASE}/sign-in"


def routes(frame: Frame) -> APIRouter:
    """The routes of the desk's door."""
    router = APIRouter()
    auth.nobodys_hash()  # now, so that the first unknown name takes no longer than a known one

    def door(
        next_path: str, username: str = "", problem: str | None = None, status: int = 200
    ) -> HTMLResponse:
        return frame.show(
            "sign_in.html", status, next=next_path, username=username, problem=problem
        )

    @router.get("/sign-in")
    @who_may(Who.ANYBODY)
    async def sign_in_page(next: str = "") -> HTMLResponse:  # noqa: A002 - the query's name
        return door(next)

    @router.post("/sign-in")
    @who_may(Who.ANYBODY)
    async def sign_in(
        request: Request,
        username: Annotated[str, Form(max_length=60)] = "",
        password: Annotated[str, Form(max_length=passwords.LONGEST)] = "",
        next: Annotated[str, Form()] = "",  # noqa: A002 - the field's name
    ) -> Response:
        database = frame.database
        username = username.strip().lower()
        client = place(request)
        cookie = request.cookies.get(_DEVICE_COOKIE)
        device = auth.known_device(database.vault, username, cookie)
        query = sa.select(StaffMember).where(StaffMember.username == username)
        try:
            with frame.checks.place():
                wait = await frame.held_back(username, client, device)
                if wait:
                    return door(next, username, wait_text(wait), 429)
                staff = await database.read(lambda session: session.scalar(query))
                right = await frame.checks.fits(staff, password)
        except auth.FullError:
            return door(next, username, CROWDED, 429)
        if staff is None or not right:
            await database.transact(
                lambda session: audit.note(
                    session, "staff.sign_in_failed", staff_id=staff.id if staff else None
                )
            )
            return door(next, username, WRONG, 401)

        old = request.cookies.get(frame.session_cookie)

        def begin(session: Session) -> tuple[str, Standing]:
            brakes.right(session, username, client, device)
            owed = frame.policy.required or factors.means_of(session, staff.id).any
            token = auth.sign_in(session, staff, old, proved=not owed)
            seat = auth.seat(session, token)
            if seat is None:  # disabled since the password was checked
                raise SignedOutError
            return token, factors.standing(session, seat, frame.policy)

        token, standing = await database.transact(begin)
        response = go_to(way_on(standing, path_within(next)))
        frame.keep_token(response, token)
        response.set_cookie(
            _DEVICE_COOKIE,
            auth.device_cookie(database.vault, username),
            max_age=_DEVICE_DAYS * 86_400,
            path=_DEVICE_PATH,
            secure=frame.secure_cookies,
            httponly=True,
            samesite="strict",
        )
        return response

    @router.post("/sign-out")
    @who_may(Who.STAFF, owing=tuple(Standing))
    async def sign_out(request: Request) -> RedirectResponse:
        token = token_of(request)
        await frame.database.transact(lambda session: auth.sign_out(session, token))
        response = go_to("/sign-in")
        response.delete_cookie(
            frame.session_cookie,
            path=frame.cookie_path,
            secure=frame.secure_cookies,
            httponly=True,
            samesite="strict",
        )
        # Nothing that was shown stays behind on a shared computer.
        response.headers["Clear-Site-Data"] = '"cache"'
        return response

    @router.post("/here")
    @who_may(Who.STAFF)
    async def here() -> Response:
        """The person reads or types; the session does not fall idle."""
        return Response(status_code=204)

    @router.get("/password")
    @who_may(Who.STAFF, fresh=True)
    async def password_page(request: Request) -> HTMLResponse:
        return await password_form(request)

    @router.post("/password")
    @who_may(Who.STAFF, fresh=True)
    async def change_password(
        request: Request,
        old: Annotated[str, Form(max_length=passwords.LONGEST)] = "",
        new: Annotated[str, Form(max_length=passwords.LONGEST)] = "",
    ) -> Response:
        staff = staff_of(request)
        names = await frame.database.read(lambda session: names_of(session, {staff.id}))
        about = (staff.username, *names.values(), frame.office_label(staff.office_id))
        fault = await asyncio.to_thread(passwords.fault_of, new, about, frame.breached)
        if fault:
            return await password_form(request, fault, 422)
        client = place(request)
        try:
            with frame.checks.place():
                wait = await frame.held_back(staff.username, client, staff.id)
                if wait:
                    return await password_form(request, wait_text(wait), 429)
                right = await frame.checks.fits(staff, old)
        except auth.FullError:
            return await password_form(request, CROWDED, 429)
        if not right:
            return await password_form(request, "Mật khẩu hiện tại không đúng.", 401)
        hashed = await asyncio.to_thread(auth.hash_password, new)

        def change(session: Session) -> None:
            brakes.right(session, staff.username, client, staff.id)
            auth.set_password(session, staff.id, hashed)

        await frame.database.transact(change)
        return go_to("/sign-in")

    async def password_form(
        request: Request, problem: str | None = None, status: int = 200
    ) -> HTMLResponse:
        staff = staff_of(request)

        def look(session: Session) -> object:
            return frame.me(session, staff)

        me = await frame.database.read(look)
        flash = Flash(problem, problem=True) if problem else None
        return frame.show("password.html", status, flash=flash, me=me, role=staff.role)

    return router


def place(request: Request) -> str:
    """From where a request comes, as the brakes count."""
    return place_of(request.client.host if request.client else "")


def wait_text(wait: dt.timedelta) -> str:
    """What is told to somebody who guessed wrong too often."""
    minutes = -(-int(wait.total_seconds()) // 60) or 1
    return f"Đã thử sai nhiều lần. Xin đợi {minutes} phút rồi thử lại."
