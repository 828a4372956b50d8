"""Proving who one is: after the password, and again before what leaves the desk."""

from typing import Annotated

from fastapi import APIRouter, Form, Request
from fastapi.responses import HTMLResponse, Response

from desk import auth, brakes, factors, passwords
from desk import proof_texts as words
from desk.factors import FactorError, Means, Relying, Standing
from desk.frame import Frame, go_to
from desk.guard import Who, path_within, seat_of, token_of, who_may
from desk.pages.door import CROWDED, place, wait_text
from store import audit
from store.session import Session

LONGEST_CREDENTIAL = 16_384
"""Letters of what a browser answers for a key."""
_OWING = (Standing.OWES_PROOF,)


def relying_of(frame: Frame) -> Relying:
    """Where passkeys are bound to.

    Raises:
        FactorError: `no_passkeys`: nobody said where the desk is reached.
    """
    if frame.policy.relying is None:
        raise FactorError("no_passkeys")
    return frame.policy.relying


def options(text: str) -> Response:
    """What a browser is to do with a key, or why not."""
    return Response(text, media_type="application/json")


def no_options(problem: FactorError) -> Response:
    """Why there is nothing for the browser to do."""
    return Response(words.refusal(problem.reason), 409, media_type="text/plain; charset=utf-8")


def routes(frame: Frame) -> APIRouter:
    """The routes of proofs."""
    router = APIRouter()

    async def page(
        request: Request, next_path: str, problem: str | None = None, status: int = 200
    ) -> HTMLResponse:
        seat = seat_of(request)
        means = await frame.database.read(lambda session: factors.means_of(session, seat.staff.id))
        return frame.show(
            "second.html",
            status,
            username=seat.staff.username,
            means=means,
            next=next_path,
            again=seat.proved_at is not None,
            passkeys=means.passkeys > 0 and frame.policy.relying is not None,
            problem=problem,
        )

    async def proved(request: Request, next_path: str, token: str) -> Response:
        response = go_to(path_within(next_path))
        if token != token_of(request):
            frame.keep_token(response, token)
        return response

    async def failed(request: Request, next_path: str, problem: str) -> HTMLResponse:
        staff = seat_of(request).staff
        await frame.database.transact(
            lambda session: audit.note(session, "staff.factor_failed", staff_id=staff.id)
        )
        return await page(request, next_path, problem, 401)

    @router.get("/second")
    @who_may(Who.STAFF, owing=_OWING)
    async def second(request: Request, next: str = "") -> HTMLResponse:  # noqa: A002
        return await page(request, next)

    @router.post("/second")
    @who_may(Who.STAFF, owing=_OWING)
    async def prove(
        request: Request,
        code: Annotated[str, Form(max_length=passwords.LONGEST)] = "",
        next: Annotated[str, Form(max_length=2_000)] = "",  # noqa: A002 - the field's name
    ) -> Response:
        """A code of the app or on paper; of those who have neither, the password again."""
        staff, token = seat_of(request).staff, token_of(request)
        name, client = f"second:{staff.username}", place(request)
        # Whoever comes here knows the password, so it counts for the account from everywhere.
        wait = await frame.held_back(name, client, staff.id)
        if wait:
            return await page(request, next, wait_text(wait), 429)
        means = await frame.database.read(lambda session: factors.means_of(session, staff.id))
        by_password = False
        if not means.any:
            try:
                with frame.checks.place():
                    by_password = await frame.checks.fits(staff, code)
            except auth.FullError:
                return await page(request, next, CROWDED, 429)

        def act(session: Session) -> str | None:
            has: Means = factors.means_of(session, staff.id)
            if not (factors.code_fits(session, staff.id, code) if has.any else by_password):
                return None
            brakes.right(session, name, client, staff.id)
            audit.note(session, "staff.proved", staff_id=staff.id)
            return auth.prove(session, token)

        fresh_token = await frame.database.transact(act)
        if fresh_token is None:
            said = words.WRONG if means.any else words.WRONG_PASSWORD
            return await failed(request, next, said)
        return await proved(request, next, fresh_token)

    @router.post("/second/options")
    @who_may(Who.STAFF, owing=_OWING)
    async def ask(request: Request) -> Response:
        seat = seat_of(request)
        try:
            relying = relying_of(frame)
            return options(
                await frame.database.transact(
                    lambda session: factors.ask_passkey(session, seat, relying)
                )
            )
        except FactorError as problem:
            return no_options(problem)

    @router.post("/second/key")
    @who_may(Who.STAFF, owing=_OWING)
    async def key(
        request: Request,
        credential: Annotated[str, Form(max_length=LONGEST_CREDENTIAL)] = "",
        next: Annotated[str, Form(max_length=2_000)] = "",  # noqa: A002 - the field's name
    ) -> Response:
        seat, token = seat_of(request), token_of(request)
        name, client = f"key:{seat.staff.username}", place(request)
        wait = await frame.held_back(name, client, seat.staff.id)
        if wait:
            return await page(request, next, wait_text(wait), 429)

        def act(session: Session) -> str | None:
            relying = frame.policy.relying
            if relying is None or not factors.passkey_fits(session, seat, relying, credential):
                return None
            brakes.right(session, name, client, seat.staff.id)
            audit.note(session, "staff.proved", staff_id=seat.staff.id)
            return auth.prove(session, token)

        fresh_token = await frame.database.transact(act)
        if fresh_token is None:
            return await failed(request, next, words.WRONG)
        return await proved(request, next, fresh_token)

    return router
