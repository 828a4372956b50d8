"""What somebody proves themselves by, and where they are signed in: their own page."""

import datetime as dt
from dataclasses import dataclass
from typing import Annotated

import segno
from fastapi import APIRouter, Form, Request
from fastapi.responses import HTMLResponse, RedirectResponse, Response
from markupsafe import Markup

from desk import auth, brakes, factors
from desk import proof_texts as words
from desk.factors import FactorError, Means, Standing
from desk.frame import Flash, Frame, Me, go_to
from desk.guard import SignedOutError, Who, seat_of, staff_of, standing_of, token_of, who_may
from desk.pages.door import place, wait_text
from desk.pages.second import LONGEST_CREDENTIAL, no_options, options, relying_of
from store.session import Session

_OWING = (Standing.OWES_FACTOR,)


@dataclass(frozen=True)
class KeyLine:
    """One passkey, as its owner sees it."""

    id: str
    name: str
    made_at: dt.datetime
    used_at: dt.datetime | None


@dataclass(frozen=True)
class SessionLine:
    """One place where somebody is signed in."""

    id: str
    begun_at: dt.datetime
    seen_at: dt.datetime
    here: bool


@dataclass(frozen=True)
class Page:
    """All of the page."""

    me: Me
    means: Means
    keys: tuple[KeyLine, ...]
    sessions: tuple[SessionLine, ...]
    owes: bool
    """They have to have a second factor before anything else opens."""
    required: bool
    passkeys: bool
    """Whether keys can be had here."""


def routes(frame: Frame) -> APIRouter:
    """The routes of one's own factors and sessions."""
    router = APIRouter()

    async def page(request: Request, flash: Flash | None = None, status: int = 200) -> HTMLResponse:
        seat = seat_of(request)

        def look(session: Session) -> Page:
            keys = factors.passkeys_of(session, seat.staff.id)
            return Page(
                me=frame.me(session, seat.staff),
                means=factors.means_of(session, seat.staff.id),
                keys=tuple(KeyLine(one.id, name, one.made_at, one.used_at) for one, name in keys),
                sessions=tuple(
                    SessionLine(one.id, one.created_at, one.last_seen_at, one.id == seat.session_id)
                    for one in auth.sessions_of(session, seat.staff.id)
                ),
                owes=standing_of(request) is Standing.OWES_FACTOR,
                required=frame.policy.required,
                passkeys=frame.policy.relying is not None,
            )

        shown = await frame.database.read(look)
        return frame.show("security.html", status, me=shown.me, page=shown, flash=flash)

    def still_may(session: Session, request: Request) -> None:
        """Within the transaction: somebody else may have proved more, and ended this session.

        Raises:
            SignedOutError: it has ended, or owes a proof by now.
        """
        seat = auth.seat(session, token_of(request))
        owed = None if seat is None else factors.standing(session, seat, frame.policy)
        if owed is not standing_of(request):
            raise SignedOutError

    async def refused(request: Request, reason: str) -> HTMLResponse:
        return await page(request, Flash(words.refusal(reason), problem=True), 409)

    def added(session: Session, request: Request, *, first: bool) -> tuple[str, tuple[str, ...]]:
        """After a factor was added: others are out; the first one comes with codes on paper."""
        seat, token = seat_of(request), token_of(request)
        auth.end_sessions(session, seat.staff.id, but=seat.session_id)
        codes = factors.new_paper(session, seat.staff) if first else ()
        return auth.prove(session, token), codes

    async def go_on(request: Request, token: str, codes: tuple[str, ...], done: str) -> Response:
        response: Response = go_to(f"/security?done={done}")
        if codes:
            response = await paper_page(request, codes, words.DONE[done])
        if token != token_of(request):
            frame.keep_token(response, token)
        return response

    async def paper_page(
        request: Request, codes: tuple[str, ...], said: str | None = None
    ) -> HTMLResponse:
        staff = staff_of(request)

        def look(session: Session) -> Me:
            return frame.me(session, staff)

        me = await frame.database.read(look)
        return frame.show(
            "paper_codes.html", me=me, codes=codes, flash=Flash(said) if said else None
        )

    @router.get("/security")
    @who_may(Who.STAFF, owing=_OWING)
    async def own(request: Request, done: str = "") -> HTMLResponse:
        said = words.DONE.get(done)
        return await page(request, Flash(said) if said else None)

    # --- an app ---------------------------------------------------------------------------------

    @router.post("/security/app")
    @who_may(Who.STAFF, fresh=True, owing=_OWING)
    async def begin_app(request: Request) -> RedirectResponse:
        staff = staff_of(request)

        def act(session: Session) -> None:
            still_may(session, request)
            factors.begin_app(session, staff)

        await frame.database.transact(act)
        return go_to("/security/app")

    async def app_page(request: Request, problem: str | None = None, status: int = 200) -> Response:
        staff = staff_of(request)

        def look(session: Session) -> tuple[Me, str | None]:
            return frame.me(session, staff), factors.waiting_app(session, staff.id)

        me, secret = await frame.database.read(look)
        if secret is None:
            return go_to("/security")
        drawn = segno.make(factors.address_of(secret, staff.username), error="m")
        return frame.show(
            "security_app.html",
            status,
            me=me,
            # Drawn by the library from our own text; it holds no words of anybody.
            drawing=Markup(drawn.svg_inline(scale=5, dark="#000", light="#fff")),  # noqa: S704  # nosec B704
            secret=" ".join(secret[at : at + 4] for at in range(0, len(secret), 4)),
            problem=problem,
        )

    @router.get("/security/app")
    @who_may(Who.STAFF, fresh=True, owing=_OWING)
    async def show_app(request: Request) -> Response:
        return await app_page(request)

    @router.post("/security/app/confirm")
    @who_may(Who.STAFF, fresh=True, owing=_OWING)
    async def confirm_app(
        request: Request, code: Annotated[str, Form(max_length=20)] = ""
    ) -> Response:
        staff = staff_of(request)
        name, client = f"second:{staff.username}", place(request)
        wait = await frame.held_back(name, client, staff.id)
        if wait:
            return await app_page(request, wait_text(wait), 429)

        def act(session: Session) -> tuple[str, tuple[str, ...]] | None:
            still_may(session, request)
            first = not factors.means_of(session, staff.id).any
            if not factors.confirm_app(session, staff, code):
                return None
            brakes.right(session, name, client, staff.id)
            return added(session, request, first=first)

        told = await frame.database.transact(act)
        if told is None:
            return await app_page(request, words.NOT_CONFIRMED, 422)
        return await go_on(request, *told, "app")

    # --- keys -----------------------------------------------------------------------------------

    @router.post("/security/key/options")
    @who_may(Who.STAFF, fresh=True, owing=_OWING)
    async def key_options(request: Request) -> Response:
        seat = seat_of(request)
        try:
            relying = relying_of(frame)
            return options(
                await frame.database.transact(
                    lambda session: factors.begin_passkey(session, seat, relying)
                )
            )
        except FactorError as problem:
            return no_options(problem)

    @router.post("/security/key")
    @who_may(Who.STAFF, fresh=True, owing=_OWING)
    async def add_key(
        request: Request,
        credential: Annotated[str, Form(max_length=LONGEST_CREDENTIAL)] = "",
        name: Annotated[str, Form(max_length=factors.LONGEST_NAME)] = "",
    ) -> Response:
        seat = seat_of(request)

        def act(session: Session) -> str | tuple[str, tuple[str, ...]]:
            if frame.policy.relying is None:
                return "no_passkeys"
            still_may(session, request)
            first = not factors.means_of(session, seat.staff.id).any
            called = " ".join(name.split()) or f"{session.clock.now():%d/%m/%Y}"
            why_not = factors.add_passkey(session, seat, frame.policy.relying, called, credential)
            return why_not or added(session, request, first=first)

        told = await frame.database.transact(act)
        if isinstance(told, str):
            return await refused(request, told)
        return await go_on(request, *told, "key")

    # --- taking away, codes on paper, sessions --------------------------------------------------

    @router.post("/security/remove")
    @who_may(Who.STAFF, fresh=True)
    async def remove(
        request: Request, factor: Annotated[str, Form(max_length=32)] = ""
    ) -> Response:
        seat = seat_of(request)

        def act(session: Session) -> None:
            factors.remove(session, seat.staff, factor, frame.policy)
            auth.end_sessions(session, seat.staff.id, but=seat.session_id)

        try:
            await frame.database.transact(act)
        except FactorError as problem:
            return await refused(request, problem.reason)
        return go_to("/security?done=removed")

    @router.post("/security/paper")
    @who_may(Who.STAFF, fresh=True)
    async def paper(request: Request) -> Response:
        staff = staff_of(request)

        def act(session: Session) -> tuple[str, ...] | None:
            if not factors.means_of(session, staff.id).any:
                return None
            return factors.new_paper(session, staff)

        codes = await frame.database.transact(act)
        if codes is None:
            return await refused(request, "no_factor")
        return await paper_page(request, codes)

    @router.post("/security/sessions/end")
    @who_may(Who.STAFF)
    async def end(
        request: Request, which: Annotated[str, Form(max_length=32)] = ""
    ) -> RedirectResponse:
        """One session, or all others; never needs a proof: it only takes away."""
        seat = seat_of(request)
        if which == "others":
            await frame.database.transact(
                lambda session: auth.end_sessions(session, seat.staff.id, but=seat.session_id)
            )
            return go_to("/security?done=others")
        await frame.database.transact(lambda session: auth.end_one(session, seat.staff.id, which))
        return go_to("/sign-in" if which == seat.session_id else "/security?done=ended")

    return router
