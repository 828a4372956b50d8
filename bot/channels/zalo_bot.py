"""Zalo Bot Platform: updates in by webhook or polling, messages out, choices as numbers.

For pilots: the platform has no buttons, files or places, and its basic plan ends at 50 people.
Polling hands out each update once and asks for no confirmation, so what was handed out and not
yet committed is lost with the process; the webhook has no such gap.
"""

import asyncio
import hmac
import logging
import random
import re
import time
import unicodedata
from collections.abc import Mapping
from functools import partial
from types import TracebackType
from typing import Any, Final, Self

import httpx
from fastapi import APIRouter, Request, Response
from sqlalchemy.exc import SQLAlchemyError

from bot import inbox
from bot.channels.message import (
    Capabilities,
    ChannelName,
    FetchedFile,
    Inbound,
    InboundKind,
    Outbound,
    RawEvent,
    Receipt,
    Refused,
    RemoteFile,
    Sent,
    TryLater,
    Unknown,
)
from bot.channels.wire import (
    NEVER_LEFT,
    BodyError,
    InParts,
    at,
    body_of,
    download,
    encodable,
    parsed,
    quiet_http,
    split,
    word,
)
from bot.lifeline import Lifeline
from bot.valve import Valve, keep_some
from store.session import Database, Session

log = logging.getLogger(__name__)

OFFICIAL_API: Final = "https://bot-api.zaloplatforms.com"
WEBHOOK_PATH: Final = "/webhook/zalo-bot"
MAX_TEXT: Final = 2000

_SECRET = re.compile(r"[!-~]{8,256}")
_CHAT_ID = re.compile(r"[!-~]{1,64}")
_MESSAGE_ID = re.compile(r"[!-9;-~]{1,64}")
_POLL_SECONDS: Final = 30
_CALL_SECONDS: Final = 10.0
_LONGEST_PAUSE: Final = 30.0
_LATER: Final = 2.0
_NEXT_MINUTE: Final = 60.0
_TOO_LONG_IDLE: Final = 408


# --- reading -----------------------------------------------------------------------------------


def _update(body: Any) -> Mapping[str, Any] | None:
    """The update itself: the documentation wraps it in a result, what was captured is flat."""
    found = at(body, "result") if at(body, "event_name") is None else body
    return found if isinstance(found, dict) else None


def _event(update: Mapping[str, Any]) -> RawEvent | None:
    """The update as the inbox keeps it; None when it is no citizen's own chat with the bot."""
    message = at(update, "message")
    address, message_id = word(message, "chat", "id"), word(message, "message_id")
    private = word(message, "chat", "chat_type").upper() == "PRIVATE"
    if not private or not _CHAT_ID.fullmatch(address) or at(message, "from", "is_bot") is True:
        return None
    if not _MESSAGE_ID.fullmatch(message_id):
        return None
    return RawEvent(ChannelName.ZALO_BOT, message_id, address, encodable(update))


def _read(update: Mapping[str, Any], address: str) -> Inbound:
    made = partial(Inbound, channel=ChannelName.ZALO_BOT, address=address)
    message = at(update, "message")
    text = word(message, "text")
    match word(update, "event_name"):
        case "message.text.received":
            return made(kind=InboundKind.TEXT, text=text)
        case "message.image.received":
            url = word(message, "photo") or word(message, "photo_url")
            return _with_file(made, InboundKind.FILE, word(message, "caption"), url)
        case "message.voice.received":
            return _with_file(made, InboundKind.VOICE, "", word(message, "voice_url"))
        case "message.sticker.received":
            return made(kind=InboundKind.STICKER)
        case _:
            return made(kind=InboundKind.OTHER, text=text)


def _with_file(made: "partial[Inbound]", kind: InboundKind, text: str, url: str) -> Inbound:
    if not url:
        return made(kind=InboundKind.OTHER, text=text)
    return made(kind=kind, text=text, file=RemoteFile(url, None, None, None))


# --- what became of a call ---------------------------------------------------------------------


def outcome(code: object) -> Refused | TryLater:
    """What a refused call means for the message. The platform says no with status 200.

    Which codes it has beside these is not documented; 4xx are taken as those of HTTP.
    """
    match code:
        case 401 | 404:
            return TryLater(_NEXT_MINUTE, "token refused")
        case 408 | 429:
            return TryLater(_NEXT_MINUTE, "asked to wait")
        case 403:
            return Refused("blocked")
        case int() if code >= 500:
            return TryLater(_LATER, "server error")
        case _:
            return Refused("not accepted")


class _IdleError(Exception):
    """Nothing has come while we waited."""


class _RefusedError(Exception):
    """A call was refused; holds the platform's code only."""

    def __init__(self, code: object) -> None:
        super().__init__(f"error {code}" if isinstance(code, int) else "not understood")
        self.code = code


class ZaloBot:
    """The channel. Use as `async with`, so that its connections are closed.

    `first_pause` is the wait in seconds after a first failed call of polling; it doubles.
    """

    name = ChannelName.ZALO_BOT
    capabilities = Capabilities(max_text=MAX_TEXT, buttons=False)

    def __init__(
        self,
        token: str,
        api_url: str = OFFICIAL_API,
        *,
        first_pause: float = 0.5,
        rng: random.Random | None = None,
    ) -> None:
        quiet_http()
        self._api = api_url.rstrip("/")
        self._base = f"{self._api}/bot{token}/"
        self._http = httpx.AsyncClient(timeout=_CALL_SECONDS)
        self._parts = InParts()
        self._first_pause = first_pause
        self._rng = rng or random.Random()  # noqa: S311 - jitter only

    async def __aenter__(self) -> Self:
        return self

    async def __aexit__(
        self,
        kind: type[BaseException] | None,
        problem: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        await self._http.aclose()

    # --- in ---

    def read(self, event: Mapping[str, Any]) -> Inbound | None:
        """Make an `Inbound` of an update; None if it is not a citizen's."""
        kept = _event(event)
        return _read(event, kept.address) if kept is not None else None

    async def fetch(self, file: RemoteFile) -> FetchedFile | None:
        """Bring a file; None when it is too large or gone.

        Raises:
            OSError: Zalo can't be reached now.
        """
        return await download(self._http, file, self._api)

    async def poll(
        self, database: Database, lifeline: Lifeline | None = None, valve: Valve | None = None
    ) -> None:
        """Take updates by long polling until cancelled; each is committed before the next."""
        await self._until_accepted("deleteWebhook", {})
        failures = 0
        while True:
            asked = time.monotonic()
            try:
                update = _update({"result": await self._next_update()})
            except _IdleError:
                failures = 0
                if time.monotonic() - asked < self._first_pause:
                    await asyncio.sleep(self._first_pause)  # a server that does not hold the line
                continue
            except (httpx.HTTPError, _RefusedError) as problem:
                failures += 1
                log.warning("polling fails: %s", type(problem).__name__)
                await asyncio.sleep(self._pause(failures))
                continue
            failures = 0
            event = _event(update) if update is not None else None
            if event is not None:
                await self._commit(database, event, lifeline, valve)

    async def _next_update(self) -> Any:
        try:
            return await self._call(
                "getUpdates", {"timeout": str(_POLL_SECONDS)}, _POLL_SECONDS + _CALL_SECONDS
            )
        except _RefusedError as problem:
            if problem.code == _TOO_LONG_IDLE:
                raise _IdleError from None
            raise

    async def _commit(
        self,
        database: Database,
        event: RawEvent,
        lifeline: Lifeline | None,
        valve: Valve | None,
    ) -> None:
        """Keep what the platform will not hand out again, however long the database is away."""
        failures = 0
        while True:
            try:
                await keep_some(valve, lifeline, [event], partial(_kept, database))
            except (SQLAlchemyError, OSError) as problem:
                failures += 1
                log.warning("an update is not kept yet: %s", type(problem).__name__)
                await asyncio.sleep(self._pause(failures))
            else:
                return

    async def set_webhook(self, public_url: str, secret: str) -> None:
        """Tell Zalo where to post updates; tried until it accepts."""
        url = public_url.rstrip("/") + WEBHOOK_PATH
        await self._until_accepted("setWebhook", {"url": url, "secret_token": secret})

    async def _until_accepted(self, method: str, parameters: Mapping[str, Any]) -> None:
        failures = 0
        while True:
            try:
                await self._call(method, parameters)
            except (httpx.HTTPError, _RefusedError) as problem:
                failures += 1
                log.warning("Zalo does not accept %s: %s", method, type(problem).__name__)
                await asyncio.sleep(self._pause(failures))
            else:
                return

    def _pause(self, failures: int) -> float:
        longest = min(_LONGEST_PAUSE, self._first_pause * 2.0 ** min(failures - 1, 10))
        return longest * self._rng.uniform(0.5, 1.0)

    # --- out ---

    async def send(self, address: str, message: Outbound) -> Sent:
        """Send one message, in several parts if it is long; the receipt names the last part.

        The platform takes pictures only by a public address, and papers not at all. A message
        with a file is refused as a whole, so that nobody waits for what can't come.
        """
        if message.file is not None:
            return Refused("no files here")
        text = unicodedata.normalize("NFC", message.text)
        steps = [partial(self._say, address, part) for part in split(text, MAX_TEXT)]
        return await self._parts.send(address, message, steps)

    async def _say(self, address: str, text: str) -> Sent:
        sent = await self._try("sendMessage", {"chat_id": address, "text": text})
        if not isinstance(sent, Receipt):
            log.info("a message did not go out: %s", sent.reason)
        return sent

    async def _try(self, method: str, parameters: Mapping[str, Any]) -> Sent:
        try:
            return Receipt(word(await self._call(method, parameters), "message_id"))
        except NEVER_LEFT:
            return TryLater(_LATER, "not reached")
        except httpx.HTTPError:
            return Unknown("no answer")
        except _RefusedError as problem:
            if problem.code is None:
                return Unknown("answer not understood")
            return outcome(problem.code)

    async def _call(
        self, method: str, parameters: Mapping[str, Any], seconds: float = _CALL_SECONDS
    ) -> Any:
        """Make one call; its result.

        Raises:
            httpx.HTTPError: there was no answer.
            _RefusedError: the platform said no, or something that is not understood.
        """
        response = await self._http.post(self._base + method, json=parameters, timeout=seconds)
        answer = parsed(response.content)
        if at(answer, "ok") is True and response.is_success:
            return at(answer, "result")
        code = at(answer, "error_code")
        if isinstance(code, int) and code:
            raise _RefusedError(code)
        raise _RefusedError(None if response.is_success else response.status_code)


# --- the webhook -------------------------------------------------------------------------------


def make_webhook(
    database: Database,
    secret: str,
    lifeline: Lifeline | None = None,
    valve: Valve | None = None,
) -> APIRouter:
    """The endpoint that Zalo posts updates to. It says 200 only to what is committed.

    Raises:
        ValueError: there is no secret, or Zalo would not take it as one.
    """
    if not _SECRET.fullmatch(secret):
        raise ValueError("the Zalo bot's webhook needs a secret of 8 to 256 plain characters")
    router = APIRouter()

    @router.post(WEBHOOK_PATH, include_in_schema=False)
    async def take(request: Request) -> Response:
        given = request.headers.get("X-Bot-Api-Secret-Token", "")
        if not hmac.compare_digest(given.encode("utf-8", "replace"), secret.encode()):
            return Response(status_code=403)
        try:
            update = _update(parsed(await body_of(request)))
            event = _event(update) if update is not None else None
        except BodyError as problem:
            return Response(status_code=problem.status)
        except RecursionError:
            return Response(status_code=422)
        if update is None:
            return Response(status_code=422)
        if event is not None:
            try:
                await keep_some(valve, lifeline, [event], partial(_kept, database))
            except (SQLAlchemyError, OSError) as problem:
                log.warning("an update is not kept: %s", type(problem).__name__)
                return Response(status_code=503)
        return Response(status_code=200)

    return router


async def _kept(database: Database, events: list[RawEvent]) -> None:
    await database.transact(partial(_keep, events))


def _keep(events: list[RawEvent], session: Session) -> None:
    for event in events:
        inbox.accept(session, event)
