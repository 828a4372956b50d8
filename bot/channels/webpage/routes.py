"""The addresses of the web chat: JSON and a stream for the script, a form for those without."""

import asyncio
import json
import math
from collections.abc import AsyncIterator, Callable, Coroutine, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Annotated, Any
from urllib.parse import urlsplit

import sqlalchemy as sa
from fastapi import APIRouter, Query, Request, Response
from fastapi.exceptions import RequestValidationError
from fastapi.responses import HTMLResponse, JSONResponse, RedirectResponse, StreamingResponse
from fastapi.routing import APIRoute
from starlette.requests import ClientDisconnect

from bot.channels.message import ChannelName
from bot.channels.webpage import talks
from bot.channels.webpage.forms import (
    PAYLOAD,
    Form,
    FromPage,
    Intake,
    Opening,
    Said,
    TooMuchError,
    TooSlowError,
    UnreadableError,
    Upload,
    parse,
)
from bot.channels.webpage.page import Page
from bot.channels.webpage.streams import Streams
from bot.channels.webpage.talks import News, Refusal
from bot.lifeline import Lifeline
from bot.valve import Valve
from store import files, wakes
from store.origin import place_of
from store.scan import Scan
from store.scanner import Scanner, verdict
from store.session import Database, Session

_LOOK_AGAIN = 15.0
"""Seconds between two looks at a quiet talk; also keeps the connection alive."""
_SETTLE = 0.15
"""Seconds that the page without a script waits for a second message after a first."""
_UNREAD = {"Connection": "close"}
"""For answers given before the body was read to its end: the rest is not taken in."""
_NO_DATABASE = (sa.exc.OperationalError, sa.exc.InterfaceError, sa.exc.TimeoutError)


def _is_foreign(request: Request) -> bool:
    """Whether another site's page makes this request."""
    site = request.headers.get("sec-fetch-site")
    if site is not None:
        return site not in {"same-origin", "none"}
    origin = request.headers.get("origin")
    return origin is not None and urlsplit(origin).netloc != request.headers.get("host")


def _token(request: Request) -> str:
    kind, _, token = request.headers.get("authorization", "").partition(" ")
    return token.strip() if kind.lower() == "bearer" else ""


def _line(request: Request) -> str:
    """The line to the internet that a request came by."""
    return place_of(request.client.host if request.client else "")


def _refused(refusal: Refusal) -> Response:
    match refusal:
        case Refusal.UNKNOWN:
            return JSONResponse({"error": "unknown"}, 401, {"WWW-Authenticate": "Bearer"})
        case Refusal.SHUT:
            return JSONResponse({"error": "shut"}, 410)


def _said(form: Form) -> Said | None:
    """What a form says by a button or in words, if anything."""
    client_id, text = form.first("client_id"), form.first("text")
    serial, _, key = form.first("press").partition(":")
    if key:
        keys = (*form.all("tick"), key) if key == "done" else (key,)
        number = int(serial) if serial.isdecimal() else None
        pressed = {"client_id": client_id, "key": ",".join(keys), "serial": number}
        return parse(Said, pressed)
    sent_empty = form.first("do") == "say" and not form.file and bool(form.first("token"))
    if sent_empty or (text.strip() and form.first("do") != "look"):
        return parse(Said, {"client_id": client_id, "text": text})
    return None


def _event(name: str, data: object) -> str:
    return f"event: {name}\ndata: {json.dumps(data, ensure_ascii=False)}\n\n"


def _file(content: bytes, media_type: str) -> Response:
    disposition = "inline" if media_type.startswith("image/") else "attachment"
    return Response(
        content,
        media_type=media_type,
        headers={
            "Content-Disposition": disposition,
            "Content-Security-Policy": "default-src 'none'; sandbox",
        },
    )


@dataclass(frozen=True)
class _NotKept:
    """Why a file was not taken: for the script, and in words for the citizen."""

    status: int
    error: str
    note: str


class TooFastError(Exception):
    """A talk sends faster than a person; `seconds` until there is room for a message more."""

    def __init__(self, seconds: float) -> None:
        super().__init__("too fast")
        self.seconds = seconds


class Routes:
    """What each address does."""

    def __init__(
        self,
        database: Database,
        page: Page,
        stopping: Callable[[], bool],
        answer_within: float,
        lifeline: Lifeline | None = None,
        scanner: Scanner | None = None,
        valve: Valve | None = None,
    ) -> None:
        self._lifeline = lifeline
        self._valve = valve
        self._database = database
        self._page = page
        self._stopping = stopping
        self._answer_within = answer_within
        self._scanner = scanner
        self._streams = Streams()
        self._intake = Intake()

    def router(self) -> APIRouter:
        """All addresses, each guarded."""
        router = APIRouter(route_class=_guarded(self._page), include_in_schema=False)
        router.get("/")(self.welcome)
        router.get("/chat/assets/{name}")(self.asset)
        router.post("/chat/open")(self.open)
        router.post("/chat/say")(self.say)
        router.post("/chat/file")(self.upload)
        router.get("/chat/file/{file_id}")(self.download)
        router.post("/chat/ping")(self.ping)
        router.post("/chat/away")(self.away)
        router.post("/chat/shut")(self.shut)
        router.get("/chat/stream")(self.stream)
        router.get("/chat/plain")(self.back_to_welcome)
        router.post("/chat/plain")(self.plain)
        return router

    # --- the page ------------------------------------------------------------------------------

    async def welcome(self, start: str = "") -> Response:
        """The neutral page; `start` is what a poster's address carries."""
        payload = start if PAYLOAD.fullmatch(start) else ""
        return HTMLResponse(self._page.welcome(talks.fresh_opening(), payload))

    async def back_to_welcome(self) -> Response:
        return RedirectResponse("/", 303)

    async def asset(self, name: str) -> Response:
        found = self._page.assets.get(name)
        if found is None:
            return Response(status_code=404)
        kept = {"Cache-Control": "public, max-age=31536000, immutable"}
        return Response(found.content, media_type=found.media_type, headers=kept)

    # --- for the script ------------------------------------------------------------------------

    async def open(self, request: Request) -> Response:
        wanted = parse(Opening, await self._intake.json(request))
        try:
            token = await self._database.transact(
                lambda s: talks.open_talk(
                    s, wanted.opening, wanted.payload, words_follow=wanted.words_follow
                )
            )
        except _NO_DATABASE:
            return self._later(wanted.words)
        if isinstance(token, Refusal):
            return _refused(token)
        return JSONResponse({"token": token}, 201)

    async def say(self, request: Request) -> Response:
        said = parse(Said, await self._intake.json(request))
        token = _token(request)
        try:
            with self._paced(token, said.text):
                refusal = await self._database.transact(
                    lambda s: talks.say(s, token, said.client_id, said.event(), _line(request))
                )
        except _NO_DATABASE:
            return self._later(said.text)
        if refusal:
            return _refused(refusal)
        note = {"note": self._page.words("too_long")} if said.too_long else {}
        return JSONResponse(note, 202)

    @contextmanager
    def _paced(self, token: str, words: str | None) -> Iterator[None]:
        """Take one message in, unless too many came of late; the page keeps it and waits.

        Raises:
            TooFastError: it has to wait.
        """
        if self._valve is None:
            yield
            return
        wait = self._valve.admits(ChannelName.WEB, token, words)
        if wait is not None:
            raise TooFastError(wait)
        try:
            yield
        except _NO_DATABASE:
            self._valve.give_back(ChannelName.WEB, token)
            raise

    def _later(self, words: str | None) -> Response:
        """The answer to words that can't be kept now."""
        card = self._card(words)
        note = {"note": card} if card else {}
        return JSONResponse({"error": "try later", **note}, 503, {"Retry-After": "2"})

    def _card(self, words: str | None) -> str | None:
        """What somebody in danger is told when their words can't be kept."""
        return self._lifeline.card(words) if self._lifeline is not None and words else None

    async def upload(self, request: Request) -> Response:
        token = _token(request)
        talk = await self._database.read(lambda s: talks.enter(s, token))
        if isinstance(talk, Refusal):
            return _refused(talk)  # before anything large is read
        async with self._intake.form(request) as form:
            if form.file is None:
                raise UnreadableError
            with self._paced(token, None):
                kept = await self._keep(token, form.first("client_id"), form.file)
        if isinstance(kept, Refusal):
            return _refused(kept)
        if kept is not None:
            return JSONResponse({"error": kept.error, "note": kept.note}, kept.status)
        return JSONResponse({}, 202)

    async def _keep(self, token: str, client_id: str, upload: Upload) -> Refusal | _NotKept | None:
        """Keep a file, or say why not."""
        sent = parse(FromPage, {"client_id": client_id})
        if not upload.too_large and not files.takes(upload.content):
            return _NotKept(415, "type", self._page.words("wrong_file"))
        scan = await verdict(self._scanner, upload.content)
        if scan is Scan.FOUND:
            return _NotKept(415, "harmful", self._page.words("harmful_file"))
        kept = await self._database.transact(
            lambda s: talks.keep_file(s, token, sent.client_id, upload, scan)
        )
        if isinstance(kept, Refusal):
            return kept
        return None if kept else _NotKept(413, "full", self._page.words("files_full"))

    async def download(self, request: Request, file_id: str) -> Response:
        token = _token(request)
        found = await self._database.read(lambda s: talks.open_file(s, token, file_id))
        if isinstance(found, Refusal):
            return _refused(found)
        return _file(*found) if found else Response(status_code=404)

    async def ping(self, request: Request) -> Response:
        return await self._about_presence(request, talks.touch)

    async def away(self, request: Request) -> Response:
        return await self._about_presence(request, talks.look_away)

    async def shut(self, request: Request) -> Response:
        return await self._about_presence(request, talks.shut)

    async def _about_presence(
        self, request: Request, change: Callable[[Session, str], Refusal | None]
    ) -> Response:
        token = _token(request)
        refusal = await self._database.transact(lambda s: change(s, token))
        return _refused(refusal) if refusal else Response(status_code=204)

    async def stream(
        self,
        request: Request,
        after: Annotated[int, Query(ge=0, le=2**31)] = 0,
        last: Annotated[str, Query(max_length=32)] = "",
    ) -> Response:
        """Server-sent events: `message`, `reset` when the talk was deleted, `shut`."""
        token = _token(request)
        talk = await self._database.read(lambda s: talks.enter(s, token))
        if isinstance(talk, Refusal):
            return _refused(talk)
        line = _line(request)
        if self._streams.full(line):
            return JSONResponse({"error": "try later"}, 503, {"Retry-After": "15"})
        return StreamingResponse(
            self._listen(token, talk.id, line, after, last),
            media_type="text/event-stream",
            headers={"X-Accel-Buffering": "no"},
        )

    async def _listen(
        self, token: str, talk_id: str, line: str, seq: int, last_id: str
    ) -> AsyncIterator[str]:
        loop = asyncio.get_running_loop()
        spoke_at = loop.time()
        yield ": here\n\n"
        with self._streams.place(talk_id, line) as place:
            while not (place.over or self._stopping()):
                # The sleeper lies down before the look: nothing is said in between unheard.
                nap = asyncio.create_task(self._sleep(talk_id, _LOOK_AGAIN))
                try:
                    news = await self._news(token, seq, last_id)
                    if isinstance(news, Refusal):
                        await self._database.transact(lambda s: talks.enter(s, token))
                        yield _event("shut", {})
                        return
                    if news.from_start:
                        seq, last_id = 0, ""
                        yield _event("reset", {})
                    for message in news.messages:
                        seq, last_id = message.seq, message.id
                        spoke_at = loop.time()
                        yield _event("message", message.as_json())
                    while not (nap.done() or place.over or self._stopping()):
                        await asyncio.wait({nap}, timeout=1)
                except _NO_DATABASE:
                    return  # the page comes back, and hears then that it has to wait
                finally:
                    nap.cancel()
                if loop.time() - spoke_at >= _LOOK_AGAIN:
                    spoke_at = loop.time()
                    yield ": quiet\n\n"

    async def _sleep(self, talk_id: str, seconds: float) -> None:
        await self._database.wakes.sleep(wakes.talk(talk_id), seconds)

    async def _news(self, token: str, after: int = 0, last_id: str = "") -> News | Refusal:
        return await self._database.read(lambda s: talks.news(s, token, after, last_id))

    # --- without a script ----------------------------------------------------------------------

    async def plain(self, request: Request) -> Response:
        """One form carries everything, its answer is the talk; posted again, nothing doubles."""
        async with self._intake.form(request, self._opens) as form:
            try:
                return await self._answer(form, _line(request))
            except _NO_DATABASE:
                note = self._card(form.first("text")) or self._page.words("busy")
                return HTMLResponse(self._again(form, note), 503, {"Retry-After": "5"})
            except TooFastError as problem:
                again = self._again(form, self._page.words("too_fast"))
                wait = str(math.ceil(problem.seconds))
                return HTMLResponse(again, 429, {"Retry-After": wait})

    def _again(self, form: Form, note: str) -> str:
        """The form once more, with the words in it that were not taken."""
        return self._page.again(
            token=form.first("token"),
            opening=form.first("opening"),
            client_id=form.first("client_id"),
            note=note,
            draft=form.first("text"),
        )

    async def _opens(self, token: str) -> bool:
        """Whether a token opens a talk."""
        talk = await self._database.read(lambda s: talks.enter(s, token))
        return not isinstance(talk, Refusal)

    async def _answer(self, form: Form, line: str) -> Response:
        token = form.first("token")
        if form.first("do") in {"quick", "leave"}:
            await self._database.transact(lambda s: talks.shut(s, token))
            away = form.first("do") == "quick"
            return RedirectResponse(self._page.exit_to if away else "/", 303)
        waits_for = ""
        if not token:
            wanted = parse(
                Opening, {"opening": form.first("opening"), "payload": form.first("payload")}
            )
            words_follow = _said(form) is not None
            opened = await self._database.transact(
                lambda s: talks.open_talk(
                    s, wanted.opening, wanted.payload, words_follow=words_follow
                )
            )
            if isinstance(opened, Refusal):
                return RedirectResponse("/", 303)
            token, waits_for = opened, talks.START
        if file_id := form.first("get"):
            found = await self._database.read(lambda s: talks.open_file(s, token, file_id))
            return _file(*found) if isinstance(found, tuple) else RedirectResponse("/", 303)
        taken, note = await self._take(token, form, line)
        if isinstance(taken, Refusal):
            return RedirectResponse("/", 303)
        waits_for = taken or waits_for
        if waits_for and not await self._wait_for_answer(token, waits_for):
            note = note or self._page.words("received")
        news = await self._news(token)
        if isinstance(news, Refusal):
            return RedirectResponse("/", 303)
        draft = form.first("text") if form.first("press") else ""
        return HTMLResponse(self._page.talk(token, news.messages, note=note, draft=draft))

    async def _take(self, token: str, form: Form, line: str) -> tuple[str | Refusal, str]:
        """Put what a form says into the inbox: the id of the last message or none, and a note."""
        last, note = "", ""
        if said := _said(form):
            event = said.event()
            with self._paced(token, said.text):
                refusal = await self._database.transact(
                    lambda s: talks.say(s, token, said.client_id, event, line)
                )
            if refusal:
                return refusal, ""
            last, note = said.client_id, self._page.words("too_long") if said.too_long else ""
        if (upload := form.file) and upload.unasked:
            note = note or self._page.words("photo_again")
        elif upload:
            file_id = form.first("client_id") + "-file"
            with self._paced(token, None):
                kept = await self._keep(token, file_id, upload)
            if isinstance(kept, Refusal):
                return kept, ""
            if kept is not None:
                return last, kept.note
            last = file_id
        if not last:
            await self._database.transact(lambda s: talks.touch(s, token))
        return last, note

    async def _wait_for_answer(self, token: str, client_id: str) -> bool:
        """Whether the answer came in time."""
        talk = await self._database.read(lambda s: talks.enter(s, token))
        if isinstance(talk, Refusal):
            return True  # there is nothing to wait for
        loop = asyncio.get_running_loop()
        until = loop.time() + self._answer_within
        while (left := until - loop.time()) > 0:
            nap = asyncio.create_task(self._sleep(talk.id, min(left, 0.5)))
            try:
                if await self._database.read(lambda s: talks.is_answered(s, token, client_id)):
                    await asyncio.sleep(_SETTLE)
                    return True
                await nap
            finally:
                nap.cancel()
        return False


def _guarded(page: Page) -> type[APIRoute]:
    """Routes that refuse foreign pages, leave nothing in caches, and bear a lost database."""

    class Guarded(APIRoute):
        def get_route_handler(self) -> Callable[[Request], Coroutine[Any, Any, Response]]:
            handle = super().get_route_handler()

            async def answer(request: Request) -> Response:
                if request.method == "POST" and _is_foreign(request):
                    return JSONResponse({"error": "foreign"}, 403)
                try:
                    return await handle(request)
                except (UnreadableError, RequestValidationError):
                    return JSONResponse({"error": "unreadable"}, 422, _UNREAD)
                except TooMuchError:
                    note = {"error": "too much", "note": page.words("too_large")}
                    return JSONResponse(note, 413, _UNREAD)
                except TooFastError as problem:
                    note = {"error": "too fast", "note": page.words("too_fast")}
                    wait = {**_UNREAD, "Retry-After": str(math.ceil(problem.seconds))}
                    return JSONResponse(note, 429, wait)
                except TooSlowError:
                    later = {**_UNREAD, "Retry-After": "10"}
                    return JSONResponse({"error": "try later"}, 503, later)
                except ClientDisconnect:
                    return Response(status_code=400)
                except _NO_DATABASE:
                    return JSONResponse({"error": "try later"}, 503, {"Retry-After": "2"})

            async def guarded(request: Request) -> Response:
                response = await answer(request)
                for name, value in page.headers().items():
                    response.headers.setdefault(name, value)
                return response

            return guarded

    return Guarded
