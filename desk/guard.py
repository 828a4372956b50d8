"""What stands before every page: who may call it, from where, and what the answer may do.

Each route says `@who_may(...)`. One that says nothing is answered as if it did not exist.
"""

import logging
import re
import secrets
from collections.abc import Awaitable, Callable, Mapping, Sequence
from enum import StrEnum
from typing import TypeVar, assert_never
from urllib.parse import quote, urlsplit

from fastapi import Request
from fastapi.exceptions import RequestValidationError
from fastapi.responses import Response
from fastapi.routing import iter_route_contexts
from starlette.datastructures import MutableHeaders
from starlette.exceptions import HTTPException
from starlette.requests import ClientDisconnect
from starlette.routing import BaseRoute
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from cases.access import NotFoundError
from cases.staff import Role, StaffMember
from desk import auth, factors, newcomer_texts
from desk.auth import Seat
from desk.factors import Standing
from desk.frame import BASE, NO_DATABASE, Flash, Frame, by_script, go_to, with_flash
from store import audit
from store.session import Session

log = logging.getLogger(__name__)
_ID = re.compile(r"[0-9a-f]{32}")
Endpoint = TypeVar("Endpoint", bound=Callable[..., object])

SAFE_METHODS = frozenset({"GET", "HEAD"})
MOST_BYTES = 256 * 1024
"""Of a form, where the route says nothing else."""


class Who(StrEnum):
    """Whom a route answers."""

    ANYBODY = "anybody"
    STAFF = "staff"
    CASEWORKERS = "caseworkers"
    ADMINS = "admins"
    EDITORS = "editors"
    """Who may read and write drafts of the knowledge base."""
    REVIEWERS = "reviewers"
    """Who may review and publish what another person wrote."""
    AUDITORS = "auditors"
    RESETTERS = "resetters"
    """Who may agree that an account is put back."""
    LEADERS = "leaders"
    """Who leads a branch, or the centre: the register and the reports."""
    COUNTERS = "counters"
    """Who may see figures; of those who see no cases, no small numbers."""
    PROVINCE = "province"
    """Who keeps what is known of the offices: admins of all, leaders of their own."""
    GLASS = "glass"
    """Who may open a case outside their scope in need, or is told of it."""
    TELEGRAM = "telegram"
    """Who acts in a group, or keeps one."""
    GROUP_KEEPERS = "group_keepers"
    """Who may link groups: heads that of their branch, the others any."""
    CENTRE = "centre"
    """Who answers for the whole province to the citizens."""
    CANNED_WRITERS = "canned_writers"
    """Who may write the canned replies of their office, or of all."""


def who_may(
    who: Who,
    *,
    by_itself: bool = False,
    most_bytes: int = MOST_BYTES,
    fresh: bool = False,
    owing: Sequence[Standing] = (),
) -> Callable[[Endpoint], Endpoint]:
    """Declare whom a route answers; `by_itself`: pages call it without an act of the person.

    `fresh`: the person proved who they are within `auth.FRESH`, else is asked to do so first.
    `owing`: sessions that it answers although they owe a proof, or a second factor.

    `most_bytes` is what its form may weigh. A route that takes more than others has no
    parameter in its path, and reads the form itself: only then is it known who sends it.
    """

    def mark(endpoint: Endpoint) -> Endpoint:
        vars(endpoint).update(
            who_may=who,
            by_itself=by_itself,
            most_bytes=most_bytes,
            fresh=fresh,
            owing=(Standing.FULL, *owing),
        )
        return endpoint

    return mark


def roles(who: Who) -> frozenset[Role]:
    """The roles that a policy lets in."""
    match who:
        case Who.ANYBODY | Who.STAFF:
            return frozenset(Role)
        case Who.CASEWORKERS:
            return frozenset({Role.OFFICER, Role.HEAD, Role.CENTRE})
        case Who.ADMINS:
            return frozenset({Role.ADMIN})
        case Who.EDITORS:
            return frozenset({Role.EDITOR, Role.ADMIN, Role.CENTRE})
        case Who.REVIEWERS | Who.RESETTERS:
            return frozenset({Role.ADMIN, Role.CENTRE})
        case Who.AUDITORS:
            return frozenset({Role.AUDITOR})
        case Who.LEADERS:
            return frozenset({Role.HEAD, Role.CENTRE})
        case Who.PROVINCE:
            return frozenset({Role.HEAD, Role.CENTRE, Role.ADMIN})
        case Who.COUNTERS:
            return frozenset({Role.HEAD, Role.CENTRE, Role.ADMIN})
        case Who.TELEGRAM | Who.GLASS:
            return frozenset({Role.OFFICER, Role.HEAD, Role.CENTRE, Role.ADMIN})
        case Who.GROUP_KEEPERS:
            return frozenset({Role.HEAD, Role.CENTRE, Role.ADMIN})
        case Who.CENTRE:
            return frozenset({Role.CENTRE})
        case Who.CANNED_WRITERS:
            return frozenset({Role.HEAD, Role.CENTRE, Role.ADMIN})
        case _:
            assert_never(who)


class SignedOutError(Exception):
    """The session has ended, or there never was one."""


class UnprovedError(Exception):
    """The session owes something before this route answers it."""

    def __init__(self, standing: Standing) -> None:
        self.standing = standing
        super().__init__(standing)


class UnconfirmedError(Exception):
    """An account that a single admin made; no leader has said yet who it is."""


class ForeignRequestError(Exception):
    """A form that was not sent from a page of ours."""


def enforcer(frame: Frame) -> Callable[[Request], object]:
    """The dependency of every route."""

    async def enforce(request: Request) -> None:
        endpoint = request.scope["endpoint"]
        who = getattr(endpoint, "who_may", None)
        if who is None:
            raise NotFoundError
        if request.method not in SAFE_METHODS and not comes_from_here(request):
            raise ForeignRequestError
        if who is Who.ANYBODY:
            return
        token = request.cookies.get(frame.session_cookie)
        if token is None:
            raise SignedOutError

        def look(session: Session) -> tuple[Seat, Standing, bool] | None:
            seat = auth.seat(session, token)
            if seat is None:
                return None
            owed = factors.standing(session, seat, frame.policy)
            return seat, owed, auth.due_for_touch(session, token)

        found = await frame.database.read(look)
        if found is None:
            raise SignedOutError
        seat, standing, due = found
        if due and not endpoint.by_itself:
            await frame.database.transact(lambda session: auth.touch(session, token))
        if standing not in endpoint.owing:
            raise UnprovedError(standing)
        request.state.staff, request.state.token = seat.staff, token
        request.state.seat, request.state.standing = seat, standing
        if seat.staff.role not in roles(who):
            raise NotFoundError
        if seat.staff.unconfirmed and who is not Who.STAFF:
            raise UnconfirmedError
        stale = not seat.is_fresh(frame.database.clock.now())
        if endpoint.fresh and stale and standing is Standing.FULL:
            raise UnprovedError(Standing.OWES_PROOF)

    return enforce


def staff_of(request: Request) -> StaffMember:
    """The signed-in staff member of this request."""
    staff: StaffMember = request.state.staff
    return staff


def seat_of(request: Request) -> Seat:
    """The living session of this request."""
    seat: Seat = request.state.seat
    return seat


def standing_of(request: Request) -> Standing:
    """What the session of this request owes."""
    standing: Standing = request.state.standing
    return standing


def token_of(request: Request) -> str:
    """The session's token of this request."""
    token: str = request.state.token
    return token


def comes_from_here(request: Request) -> bool:
    """Whether a form was sent from a page of ours (browsers say so; nobody else can make them)."""
    site = request.headers.get("sec-fetch-site")
    if site is not None:
        return site == "same-origin"
    origin = request.headers.get("origin")
    return origin is not None and urlsplit(origin).netloc == request.headers.get("host")


def path_within(path: str | None) -> str:
    """A path of the desk to go on to; anything else becomes the desk's first page."""
    if not path or not path.startswith(f"{BASE}/") or path.startswith("//") or "\\" in path:
        return "/"
    return path.removeprefix(BASE)


def way_on(standing: Standing, path: str) -> str:
    """Where a session goes on: to the path, or first to what it owes."""
    match standing:
        case Standing.FULL:
            return path
        case Standing.OWES_PROOF:
            return f"/second?next={quote(BASE + path)}"
        case Standing.OWES_FACTOR:
            return "/security"
        case _:
            assert_never(standing)


# --- answers to what may not be -----------------------------------------------------------------


def not_found(frame: Frame) -> Callable[[Request, Exception], Awaitable[Response]]:
    """The one page for what is not there and for what is not yours to see.

    Who asked for it is audited, whether there is such a thing or not.
    """

    async def answer(request: Request, _problem: Exception) -> Response:
        await _note_refusal(frame, request)
        return problem_page(
            frame,
            request,
            404,
            "Không có trang này",
            "Hồ sơ hoặc trang này không có, hoặc không thuộc phần việc của bạn.",
        )

    return answer


async def _note_refusal(frame: Frame, request: Request) -> None:
    staff: StaffMember | None = getattr(request.state, "staff", None)
    endpoint, route = request.scope.get("endpoint"), request.scope.get("route")
    if staff is None or endpoint is None or getattr(endpoint, "by_itself", False):
        return  # an open page asks by itself for a case that has just gone elsewhere
    asked = next(iter(request.path_params.values()), "")
    subject = asked if _ID.fullmatch(str(asked)) else None  # nothing that somebody made up
    path = f"{request.method} {getattr(route, 'path', '')}"
    await frame.database.transact(
        lambda session: audit.note(
            session, "access.refused", staff_id=staff.id, subject=subject, detail=path
        )
    )


def unconfirmed(frame: Frame) -> Callable[[Request, Exception], Awaitable[Response]]:
    """Tell a newcomer whom they wait for."""

    async def answer(request: Request, _problem: Exception) -> Response:
        return problem_page(
            frame, request, 403, newcomer_texts.WAITS_TITLE, newcomer_texts.WAITS_FOR_A_LEADER
        )

    return answer


def signed_out(frame: Frame) -> Callable[[Request, Exception], Awaitable[Response]]:
    """Ask to sign in; what somebody had typed into a form is given back to be copied."""

    async def answer(request: Request, _problem: Exception) -> Response:
        if by_script(request) or request.url.path.endswith(("/draft", "/here", "/events")):
            text = (
                "Phiên làm việc đã hết. Chữ bạn viết còn nguyên ở đây: "
                "đăng nhập ở thẻ mới rồi gửi lại."
            )
            response = Response(status_code=401, headers={"HX-Reswap": "none"})
            return with_flash(response, Flash(text, problem=True), ended={})
        if request.method in SAFE_METHODS:
            if request.headers.get("sec-fetch-site") == "cross-site":
                # Followed from another site, a browser holds strict cookies back; one step
                # within the desk lets it send them.
                return frame.show("step_in.html")
            path = request.url.path + (f"?{request.url.query}" if request.url.query else "")
            return go_to(f"/sign-in?next={quote(path)}")
        # A file is not read for somebody who is not known.
        written = (await request.form()).get("text") if _bounded(request, MOST_BYTES) else None
        return frame.show(
            "problem.html",
            401,
            title="Phiên làm việc đã hết",
            text="Chưa gửi gì cho người dân. Hãy đăng nhập lại rồi gửi.",
            written=written if isinstance(written, str) else None,
            sign_in=True,
        )

    return answer


def unproved(request: Request, problem: Exception) -> Response:
    """Send somebody to prove who they are, and from there back to the page they were on.

    What was to be done is not done by itself afterwards: they press again.
    """
    standing = problem.standing if isinstance(problem, UnprovedError) else Standing.OWES_PROOF
    if request.method in SAFE_METHODS:
        here = request.url.path + (f"?{request.url.query}" if request.url.query else "")
    else:
        came_from = request.headers.get("hx-current-url") or request.headers.get("referer") or ""
        parts = urlsplit(came_from)
        here = parts.path + (f"?{parts.query}" if parts.query else "")
    target = way_on(standing, path_within(here))
    if by_script(request):
        return Response(headers={"HX-Redirect": BASE + target, "HX-Reswap": "none"})
    return go_to(target)


def foreign(frame: Frame) -> Callable[[Request, Exception], Response]:
    """Refuse a form that another site sent."""

    def answer(request: Request, _problem: Exception) -> Response:
        return problem_page(
            frame,
            request,
            403,
            "Không nhận yêu cầu này",
            "Yêu cầu không đến từ trang của bàn làm việc. Hãy mở lại trang rồi làm lại.",
        )

    return answer


def misformed(frame: Frame) -> Callable[[Request, Exception], Awaitable[Response]]:
    """Refuse what no page of ours sends, or pass on what the framework refused."""

    async def answer(request: Request, problem: Exception) -> Response:
        match problem:
            case HTTPException(status_code=404):
                return await not_found(frame)(request, problem)
            case HTTPException(status_code=status):
                pass
            case RequestValidationError():
                status = 422
            case _:
                status = 400
        return problem_page(
            frame,
            request,
            status,
            "Không hiểu yêu cầu này",
            "Trang có thể đã cũ. Hãy mở lại trang rồi làm lại.",
        )

    return answer


def problem_page(frame: Frame, request: Request, status: int, title: str, text: str) -> Response:
    """A whole page, or a message on the page that is open."""
    if by_script(request):
        response = Response(status_code=status, headers={"HX-Reswap": "none"})
        return with_flash(response, Flash(text, problem=True))
    return frame.show("problem.html", status, title=title, text=text, written=None, sign_in=False)


# --- the outermost shell ------------------------------------------------------------------------

_HEADERS = {
    "Content-Security-Policy": (
        "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self'; "
        "media-src 'self'; connect-src 'self'; form-action 'self'; base-uri 'none'; "
        "frame-ancestors 'none'"
    ),
    "Cache-Control": "no-store",
    "X-Content-Type-Options": "nosniff",
    "X-Frame-Options": "DENY",
    # Not no-referrer: browsers would then call the origin of our own forms "null".
    "Referrer-Policy": "same-origin",
    "Cross-Origin-Opener-Policy": "same-origin",
    "Cross-Origin-Resource-Policy": "same-origin",
    "Permissions-Policy": "camera=(), geolocation=(), microphone=()",
}


class Shell:
    """Puts the safety headers on every answer, bounds every form, and shows no trace."""

    def __init__(self, app: ASGIApp, frame: Frame, most_bytes: Mapping[str, int]) -> None:
        """Take the paths whose forms may weigh more than `MOST_BYTES`."""
        self._app = app
        self._frame = frame
        self._most_bytes = most_bytes

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return
        started = False

        async def send_safely(message: Message) -> None:
            nonlocal started
            if message["type"] == "http.response.start":
                started = True
                headers = MutableHeaders(scope=message)
                for name, value in _HEADERS.items():
                    headers.setdefault(name, value)
            await send(message)

        request = Request(scope)
        try:
            path = scope["path"].removeprefix(scope.get("root_path", ""))
            if not _bounded(request, self._most_bytes.get(path, MOST_BYTES)):
                title, text = "Dài quá", "Nội dung gửi lên dài quá mức nhận được."
                response = problem_page(self._frame, request, 413, title, text)
                await response(scope, receive, send_safely)
                return
            await self._app(scope, receive, send_safely)
        except ClientDisconnect:
            log.info("a browser left before its form had come whole")
        except Exception as problem:
            if started:
                raise
            response = self._failed(request, problem)
            await response(scope, receive, send_safely)

    def _failed(self, request: Request, problem: Exception) -> Response:
        if isinstance(problem, NO_DATABASE):
            log.error("the database does not answer the desk")
            title, text = "Máy đang bận", "Chưa lưu được. Hãy thử lại sau ít phút."
            return problem_page(self._frame, request, 503, title, text)
        number = secrets.token_hex(4)
        # Only the kind and the place: the words of an error may quote what a citizen wrote.
        log.error("the desk failed (%s): %s at %s", number, type(problem).__name__, _at(problem))
        title, text = "Có trục trặc", f"Việc này chưa làm được (mã {number}). Hãy mở lại trang."
        return problem_page(self._frame, request, 500, title, text)


def larger_forms(routes: Sequence[BaseRoute]) -> Mapping[str, int]:
    """The paths whose forms may weigh something of their own, and how many bytes."""
    declared = {
        context.path: getattr(context.endpoint, "most_bytes", MOST_BYTES)
        for context in iter_route_contexts(routes)
        if context.path is not None
    }
    return {path: most for path, most in declared.items() if most != MOST_BYTES}


def _bounded(request: Request, most_bytes: int) -> bool:
    if request.method in SAFE_METHODS:
        return True
    length = request.headers.get("content-length", "")
    return length.isdecimal() and int(length) <= most_bytes


def _at(problem: Exception) -> str:
    places: list[str] = []
    trace = problem.__traceback__
    while trace is not None:
        places.append(f"{trace.tb_frame.f_globals.get('__name__')}:{trace.tb_lineno}")
        trace = trace.tb_next
    return " < ".join(reversed(places[-8:]))
