"""Signing in and out, changing one's password, and being there."""

import asyncio
import datetime as dt
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Annotated

import sqlalchemy as sa
from fastapi import APIRouter, Form, Request
from fastapi.responses import HTMLResponse, RedirectResponse, Response

from cases.staff import StaffMember
from desk import auth
from desk.frame import BASE, Flash, Frame, go_to
from desk.guard import Who, path_within, staff_of, token_of, who_may
from store import audit
from store.session import Session

WRONG = "Tên đăng nhập hoặc mật khẩu không đúng."
_CROWDED = "Nhiều người đang đăng nhập cùng lúc. Xin đợi một chút rồi thử lại."
_DEVICE_COOKIE = "tram_desk_device"
_DEVICE_DAYS = 180
_DEVICE_PATH = f"{BASE}/sign-in"
_VERIFIERS = 2
"""Passwords checked at a time: each check takes a core and 19 MiB."""
_WAITING = 20
"""Tries that may wait for their check, over those that are checked."""


class _Full(Exception):  # noqa: N818 - not a fault
    """So many passwords wait for their check that another would wait too long."""


class _Checks:
    """The queue for checking passwords."""

    def __init__(self) -> None:
        self._verifying = asyncio.Semaphore(_VERIFIERS)
        self._inside = 0

    @contextmanager
    def place(self) -> Iterator[None]:
        """A place in the queue, held until the try is over.

        Raises:
            _Full: there is none.
        """
        if self._inside >= _VERIFIERS + _WAITING:
            raise _Full
        self._inside += 1
        try:
            yield
        finally:
            self._inside -= 1

    async def fits(self, staff: StaffMember | None, password: str) -> bool:
        async with self._verifying:
            return await asyncio.to_thread(auth.password_fits, staff, password)


def routes(frame: Frame) -> APIRouter:
    """The routes of the desk's door."""
    router = APIRouter()
    checks = _Checks()
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
        password: Annotated[str, Form(max_length=auth.LONGEST_PASSWORD)] = "",
        next: Annotated[str, Form()] = "",  # noqa: A002 - the field's name
    ) -> Response:
        database = frame.database
        username = username.strip().lower()
        client = _place(request)
        cookie = request.cookies.get(_DEVICE_COOKIE)
        device = auth.known_device(database.vault, username, cookie)
        now = database.clock.now()
        wait = frame.brakes.wait(username, client, device, now)
        if wait:
            return door(next, username, _wait_text(wait), 429)

        query = sa.select(StaffMember).where(StaffMember.username == username)
        try:
            with checks.place():
                frame.brakes.wrong(username, client, device, now)
                staff = await database.read(lambda session: session.scalar(query))
                right = await checks.fits(staff, password)
        except _Full:
            return door(next, username, _CROWDED, 429)
        if staff is None or not right:
            await database.transact(
                lambda session: audit.note(
                    session, "staff.sign_in_failed", staff_id=staff.id if staff else None
                )
            )
            return door(next, username, WRONG, 401)

        frame.brakes.right(username, client, device, now)
        old = request.cookies.get(frame.session_cookie)
        token = await database.transact(lambda session: auth.sign_in(session, staff, old))
        response = go_to(path_within(next))
        response.set_cookie(
            frame.session_cookie,
            token,
            path=BASE,
            secure=frame.secure_cookies,
            httponly=True,
            samesite="strict",
        )
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
    @who_may(Who.STAFF)
    async def sign_out(request: Request) -> RedirectResponse:
        token = token_of(request)
        await frame.database.transact(lambda session: auth.sign_out(session, token))
        response = go_to("/sign-in")
        response.delete_cookie(frame.session_cookie, path=BASE)
        # Nothing that was shown stays behind on a shared computer.
        response.headers["Clear-Site-Data"] = '"cache"'
        return response

    @router.post("/here")
    @who_may(Who.STAFF)
    async def here() -> Response:
        """The person reads or types; the session does not fall idle."""
        return Response(status_code=204)

    @router.get("/password")
    @who_may(Who.STAFF)
    async def password_page(request: Request) -> HTMLResponse:
        return await password_form(request)

    @router.post("/password")
    @who_may(Who.STAFF)
    async def change_password(
        request: Request,
        old: Annotated[str, Form(max_length=auth.LONGEST_PASSWORD)] = "",
        new: Annotated[str, Form(max_length=auth.LONGEST_PASSWORD)] = "",
    ) -> Response:
        staff = staff_of(request)
        client = _place(request)
        now = frame.database.clock.now()
        wait = frame.brakes.wait(staff.username, client, staff.id, now)
        if wait:
            return await password_form(request, _wait_text(wait), 429)
        if len(new) < auth.SHORTEST_PASSWORD:
            text = f"Mật khẩu mới cần ít nhất {auth.SHORTEST_PASSWORD} ký tự."
            return await password_form(request, text, 422)
        try:
            with checks.place():
                frame.brakes.wrong(staff.username, client, staff.id, now)
                right = await checks.fits(staff, old)
        except _Full:
            return await password_form(request, _CROWDED, 429)
        if not right:
            return await password_form(request, "Mật khẩu hiện tại không đúng.", 401)
        frame.brakes.right(staff.username, client, staff.id, now)
        hashed = await asyncio.to_thread(auth.hash_password, new)
        await frame.database.transact(lambda session: auth.set_password(session, staff.id, hashed))
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


def _place(request: Request) -> str:
    return auth.place_of(request.client.host if request.client else "")


def _wait_text(wait: dt.timedelta) -> str:
    minutes = -(-int(wait.total_seconds()) // 60) or 1
    return f"Đã thử sai nhiều lần. Xin đợi {minutes} phút rồi thử lại."
