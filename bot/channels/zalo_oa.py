"""Zalo Official Account: events in by webhook, messages out through OpenAPI v3.

An event is committed to the inbox before Zalo is told that it arrived. What Zalo documents only
in its console was taken from public repositories that quote it; docs/channels.md lists what
nobody has tried against the live platform yet.
"""

import asyncio
import hashlib
import hmac
import io
import logging
import math
import re
import unicodedata
from collections.abc import Iterator, Mapping
from functools import partial
from pathlib import Path
from types import MappingProxyType, TracebackType
from typing import Any, Final, Self

import httpx
from fastapi import APIRouter, Request, Response
from PIL import Image, ImageOps
from sqlalchemy.exc import SQLAlchemyError

from bot import delivery, inbox
from bot.channels.message import (
    Button,
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
    Step,
    at,
    body_of,
    download,
    encodable,
    is_photo,
    marked,
    parsed,
    quiet_http,
    split,
    units,
    word,
)
from bot.channels.zalo_tokens import TokenKeeper
from bot.conversations import find
from bot.lifeline import Lifeline
from bot.valve import Valve, keep_some
from cases.speech import Ask
from store.files import MAX_BYTES, media_type_of
from store.session import Database, Session

log = logging.getLogger(__name__)

OFFICIAL_API: Final = "https://openapi.zalo.me"
OFFICIAL_OAUTH: Final = "https://oauth.zaloapp.com"
WEBHOOK_PATH: Final = "/webhook/zalo-oa"
CARD_PATH: Final = f"{WEBHOOK_PATH}/card.png"
"""The picture on the card that asks for a phone number; Zalo fetches it."""

MAX_TEXT: Final = 2000
MOST_BUTTONS: Final = 5
_MAX_TITLE: Final = 100
_MAX_IMAGE: Final = 1024 * 1024
_MAX_FILE: Final = 5 * 1024 * 1024
_ANSWER_WITHIN: Final = 1.5
"""Seconds; Zalo waits two, and then sends the event again."""

_USER_ID = re.compile(r"[!-~]{1,64}")
_MESSAGE_ID = re.compile(r"[!-9;-~]{1,50}")
_PRESS = re.compile(r"#([0-9]{1,9})\.([!-~]{1,60})")

_LATER: Final = 2.0
_NEXT_MINUTE: Final = 60.0
_NO_TOKEN: Final = 30.0
_ACCOUNT: Final = 600.0

_CARD: Final = Path(__file__).with_name("zalo_card.png")


# --- reading -----------------------------------------------------------------------------------

_TALKS: Final = ("user_send_", "user_submit_info")
_NOT_TALKS: Final = ("user_send_group_",)


def _citizen(event: Mapping[str, Any]) -> str:
    """Whose talk an event belongs to; empty when it says nothing that begins or goes on with one.

    Following the account opens a talk. Unfollowing, reactions, what the account itself sends and
    group chats are no part of one.
    """
    name = word(event, "event_name")
    if name == "follow":
        return _user(event, "follower")
    if name.startswith(_TALKS) and not name.startswith(_NOT_TALKS):
        return _user(event, "sender")
    return ""


def _user(event: Mapping[str, Any], role: str) -> str:
    found = word(event, role, "id")
    return found if _USER_ID.fullmatch(found) else ""


def _events(event: Mapping[str, Any]) -> Iterator[RawEvent]:
    """An event as the inbox keeps it: a message with several attachments is several."""
    address = _citizen(event)
    if not address:
        return
    message_id = _event_id(event, address)
    attachments = at(event, "message", "attachments")
    several = attachments if isinstance(attachments, list) and len(attachments) > 1 else [None]
    for number, attachment in enumerate(several):
        body: dict[str, Any] = dict(event)
        if attachment is not None:
            body["message"] = {**event["message"], "attachments": [attachment]}
            if number:
                body["message"].pop("text", None)
        yield RawEvent(
            channel=ChannelName.ZALO_OA,
            event_id=f"{message_id}.{number}" if number else message_id,
            address=address,
            body=encodable(body),
        )


def _event_id(event: Mapping[str, Any], address: str) -> str:
    """The same each time Zalo sends an event. Not all have an id; none may show who wrote."""
    message_id = word(event, "message", "msg_id")
    if _MESSAGE_ID.fullmatch(message_id):
        return message_id
    parts = (word(event, "event_name"), address, message_id, word(event, "timestamp"))
    return hashlib.sha256("\x1f".join(parts).encode("utf-8", "replace")).hexdigest()[:50]


def words_of(text: str) -> tuple[InboundKind, str, int | None]:
    """What a text says: a press with its question's number, or just words.

    Zalo tells of a pressed button as if its payload had been typed, so anybody can type one: it
    means no more than a press of the same citizen.
    """
    pressed = _PRESS.fullmatch(text.strip())
    if pressed is not None:
        return InboundKind.BUTTON, pressed[2], int(pressed[1])
    return InboundKind.TEXT, text, None


def read_event(event: Mapping[str, Any]) -> Inbound | None:
    """What an event says; None if it is not a citizen's or says nothing."""
    address = _citizen(event)
    if not address:
        return None
    made = partial(Inbound, channel=ChannelName.ZALO_OA, address=address)
    text = word(event, "message", "text")
    attachment = at(event, "message", "attachments", 0)
    match word(event, "event_name"):
        case "follow":
            return made(kind=InboundKind.START)
        case "user_submit_info":
            phone = word(event, "info", "phone")
            if not phone:
                return made(kind=InboundKind.OTHER)
            return made(kind=InboundKind.PHONE, phone=phone)
        case "user_send_text" | "user_send_link":
            kind, words, serial = words_of(text)
            return made(kind=kind, text=words, button_serial=serial)
        case "user_send_location":
            place = at(attachment, "payload", "coordinates")
            latitude = _degrees(at(place, "latitude"), 90)
            longitude = _degrees(at(place, "longitude"), 180)
            if latitude is None or longitude is None:
                return made(kind=InboundKind.OTHER)
            return made(kind=InboundKind.LOCATION, latitude=latitude, longitude=longitude)
        case "user_send_image" | "user_send_file" | "user_send_video":
            return _with_file(made, InboundKind.FILE, text, attachment)
        case "user_send_audio":
            return _with_file(made, InboundKind.VOICE, text, attachment)
        case "user_send_sticker" | "user_send_gif":
            return made(kind=InboundKind.STICKER)
        case _:
            return made(kind=InboundKind.OTHER, text=text)


def _with_file(made: "partial[Inbound]", kind: InboundKind, text: str, attachment: Any) -> Inbound:
    payload = at(attachment, "payload")
    url = word(payload, "url")
    if not url:
        return made(kind=InboundKind.OTHER, text=text)
    told = word(payload, "size")
    size = int(told) if told.isdecimal() and len(told) < 16 else None
    return made(
        kind=kind,
        text=text,
        file=RemoteFile(url, word(payload, "name") or None, None, size),
        too_large=size is not None and size > MAX_BYTES,
    )


def _degrees(value: object, limit: int) -> float | None:
    """Degrees, which Zalo tells as a text; None for what is nowhere on earth."""
    if isinstance(value, bool) or not isinstance(value, str | int | float):
        return None
    try:
        degrees = float(value)
    except (ValueError, OverflowError):
        return None
    return degrees if math.isfinite(degrees) and abs(degrees) <= limit else None


# --- what became of a message ------------------------------------------------------------------

_REFUSALS: Final = MappingProxyType(
    {
        -230: "window closed",
        -232: "window closed",
        -305: "window closed",
        -213: "unfollowed",
        -217: "blocked",
        -244: "blocked",
        -222: "account inactive",
        -227: "account inactive",
        -211: "quota",
        -218: "quota",
        -311: "quota",
    }
)
"""Answers about this citizen, as the desk tells them. No other attempt would do better."""
_TOKEN_ERRORS: Final = frozenset({-216, -220})
_TOKEN_REFUSED: Final = TryLater(1.0, "token refused")
_TOO_FAST: Final = -32
_ACCOUNT_ERRORS: Final = frozenset(
    {-204, -205, -209, -212, -215, -219, -221, -223, -224, -320, -321}
)
"""Answers about our own account: a person has to mend it, and the messages wait meanwhile."""


def outcome(error: int) -> Refused | TryLater:
    """What an error of the API means for the message."""
    if error in _TOKEN_ERRORS:
        return _TOKEN_REFUSED
    if error == _TOO_FAST:
        return TryLater(_NEXT_MINUTE, "asked to wait")
    if error in _ACCOUNT_ERRORS:
        log.error("Zalo: the account may not send (error %d)", error)
        return TryLater(_ACCOUNT, "account not ready")
    return Refused(_REFUSALS.get(error, "not accepted"))


def _failed(response: httpx.Response) -> TryLater | None:
    if response.status_code == 429:
        wait = response.headers.get("retry-after", "")
        return TryLater(float(wait) if wait.isdecimal() else _NEXT_MINUTE, "asked to wait")
    if response.status_code >= 500:
        return TryLater(_LATER, "server error")
    return None


# --- the channel -------------------------------------------------------------------------------


class ZaloOa:
    """The channel. Use as `async with`, so that its connections are closed.

    `public_url` is where Zalo reaches this server; without it no card asks for a phone number,
    because Zalo fetches the card's picture from there.
    """

    name = ChannelName.ZALO_OA

    def __init__(
        self,
        database: Database,
        *,
        app_id: str,
        app_secret: str,
        refresh_token: str,
        api_url: str = OFFICIAL_API,
        oauth_url: str = OFFICIAL_OAUTH,
        public_url: str | None = None,
    ) -> None:
        quiet_http()
        self.capabilities = Capabilities(
            max_text=MAX_TEXT,
            buttons=True,
            most_buttons=MOST_BUTTONS,
            asks=frozenset({Ask.PHONE}) if public_url is not None else frozenset(),
        )
        self._api = api_url.rstrip("/")
        self._card = (public_url or "").rstrip("/") + CARD_PATH
        self._http = httpx.AsyncClient(timeout=10.0)
        self.tokens = TokenKeeper(
            database,
            self._http,
            app_id=app_id,
            app_secret=app_secret,
            refresh_token=refresh_token,
            oauth_url=oauth_url,
        )
        self._parts = InParts()

    async def __aenter__(self) -> Self:
        await self.tokens.begin()
        return self

    async def __aexit__(
        self,
        kind: type[BaseException] | None,
        problem: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        await self.tokens.finish()
        await self._http.aclose()

    # --- in ---

    def read(self, event: Mapping[str, Any]) -> Inbound | None:
        """Make an `Inbound` of an event; None if it is not a citizen's or says nothing."""
        return read_event(event)

    async def fetch(self, file: RemoteFile) -> FetchedFile | None:
        """Bring a file at once, as its address may not last; None when too large or gone.

        Raises:
            OSError: Zalo can't be reached now.
        """
        return await download(self._http, file, self._api)

    # --- out ---

    async def send(self, address: str, message: Outbound) -> Sent:
        """Send one message, in several parts if it is long; the receipt names the last part."""
        text = unicodedata.normalize("NFC", message.text).strip()
        steps: list[Step] = []
        if message.file is not None:  # first: if it can't be sent, nothing is said by halves
            steps.append(partial(self._send_file, address, message.file))
        parts = split(text, MAX_TEXT)
        steps += [partial(self._say, address, {"text": part}) for part in parts[:-1]]
        if parts:
            body: dict[str, Any] = {"text": parts[-1]}
            if message.buttons:
                buttons = [_button(message, button) for button in message.buttons[:MOST_BUTTONS]]
                body["attachment"] = {"type": "template", "payload": {"buttons": buttons}}
            steps.append(partial(self._say, address, body))
        if message.ask is Ask.PHONE and Ask.PHONE in self.capabilities.asks:
            steps.append(partial(self._send_card, address, message.ask_label))
        return await self._parts.send(address, message, steps)

    async def _say(self, address: str, message: Mapping[str, Any]) -> Sent:
        answer = await self._post(
            "/v3.0/oa/message/cs", json={"recipient": {"user_id": address}, "message": message}
        )
        return Receipt(word(answer, "message_id")) if isinstance(answer, Mapping) else answer

    async def _send_card(self, address: str, label: str) -> Sent:
        """Zalo's own form for name, phone and address; the number can be typed as well."""
        element = {
            "title": _cut(label, _MAX_TITLE),
            "subtitle": _cut(label, _MAX_TITLE),
            "image_url": self._card,
        }
        payload = {"template_type": "request_user_info", "elements": [element]}
        sent = await self._say(address, {"attachment": {"type": "template", "payload": payload}})
        return Receipt() if isinstance(sent, Refused) else sent

    async def _send_file(self, address: str, file: FetchedFile) -> Sent:
        media_type = media_type_of(file.content)
        if media_type is not None and media_type.startswith("image/"):
            content = await asyncio.to_thread(_light_enough, file.content)
            if content is None:
                return Refused("file kind")
            answer = await self._upload("image", ("anh.jpg", content))
            if not isinstance(answer, Mapping):
                return answer
            element = {"media_type": "image", "attachment_id": word(answer, "attachment_id")}
            payload = {"template_type": "media", "elements": [element]}
            return await self._say(
                address, {"attachment": {"type": "template", "payload": payload}}
            )
        if media_type != "application/pdf":
            return Refused("file kind")
        if len(file.content) > _MAX_FILE:
            return Refused("file too large")
        answer = await self._upload("file", (file.name or "tep.pdf", file.content))
        if not isinstance(answer, Mapping):
            return answer
        payload = {"token": word(answer, "token")}
        return await self._say(address, {"attachment": {"type": "file", "payload": payload}})

    async def _upload(
        self, kind: str, file: tuple[str, bytes]
    ) -> Mapping[str, Any] | Refused | TryLater | Unknown:
        answer = await self._post(f"/v2.0/oa/upload/{kind}", files={"file": file})
        if isinstance(answer, Unknown):
            return TryLater(_LATER, answer.reason)  # nobody has seen it: twice does no harm
        return answer

    async def _post(
        self, path: str, **content: Any
    ) -> Mapping[str, Any] | Refused | TryLater | Unknown:
        """Make one call; the answer's data, or what its failure means. Never raises."""
        try:
            access = await self.tokens.access()
        except SQLAlchemyError:
            access = None
        if access is None:
            return TryLater(_NO_TOKEN, "no token")
        try:
            response = await self._http.post(
                self._api + path, headers={"access_token": access.token}, **content
            )
        except NEVER_LEFT:
            return TryLater(_LATER, "not reached")
        except httpx.HTTPError:
            return Unknown("no answer")
        became = _failed(response) or _data(response)
        if not isinstance(became, Mapping):
            log.info("a message did not go out: %s", became.reason)
        if became == _TOKEN_REFUSED:
            try:
                await self.tokens.refused(access)
            except SQLAlchemyError as problem:
                log.warning("Zalo: no new token: %s", type(problem).__name__)
        return became


def _data(response: httpx.Response) -> Mapping[str, Any] | Refused | TryLater | Unknown:
    """What the API answers; it says no with status 200 and an `error`."""
    try:
        answer = response.json()
    except ValueError:
        answer = None
    error = at(answer, "error")
    if isinstance(error, int) and error:
        return outcome(error)
    data = at(answer, "data")
    if response.is_success and error == 0 and isinstance(data, dict):
        return data
    if not response.is_success:
        return TryLater(_NEXT_MINUTE, "not accepted now")
    return Unknown("answer not understood")


def _button(message: Outbound, button: Button) -> dict[str, str]:
    return {
        "title": _cut(marked(button), _MAX_TITLE),
        "type": "oa.query.hide",
        "payload": f"#{message.serial}.{button.key}",
    }


def _cut(text: str, limit: int) -> str:
    return text if units(text) <= limit else f"{split(text, limit - 1)[0]}…"


_SIDES: Final = (2400, 1600, 1000)


def _light_enough(content: bytes) -> bytes | None:
    """A photo as Zalo takes it: JPEG or PNG, a megabyte at most; None if it is none."""
    if len(content) <= _MAX_IMAGE and is_photo(content):
        return content
    try:
        with Image.open(io.BytesIO(content)) as opened:
            picture = ImageOps.exif_transpose(opened).convert("RGB")
    except Exception as problem:  # whatever a broken picture makes the library raise
        log.warning("a photo can't be read: %s", type(problem).__name__)
        return None
    for side in _SIDES:
        picture.thumbnail((side, side))
        made = io.BytesIO()
        picture.save(made, "JPEG", quality=80)
        if made.tell() <= _MAX_IMAGE:
            return made.getvalue()
    return None


# --- the webhook -------------------------------------------------------------------------------


def is_signed(
    body: bytes, header: str, timestamps: tuple[str, ...], *, app_id: str, secret: str
) -> bool:
    """Whether Zalo has signed these bytes, with one of the timestamps that it may mean.

    The sources differ on whether the timestamp is the body's or the header's; both are tried.
    One that is no number counts for nothing: it could hide where the body ends.
    """
    given = header.strip().removeprefix("mac=").lower().encode("utf-8", "replace")
    right = False
    for timestamp in timestamps:
        signed = app_id.encode() + body + timestamp.encode("utf-8", "replace") + secret.encode()
        expected = hashlib.sha256(signed).hexdigest().encode()
        right |= timestamp.isdecimal() and hmac.compare_digest(given, expected)
    return right


def _keep(events: list[RawEvent], session: Session) -> None:
    for event in events:
        inbox.accept(session, event)


async def _kept(database: Database, events: list[RawEvent]) -> None:
    await database.transact(partial(_keep, events))


_MOST_SEEN: Final = 100


def _note_seen(event: Mapping[str, Any], session: Session) -> None:
    """The citizen has looked at messages of ours. The sources differ on who counts as sender."""
    told = at(event, "message", "msg_ids")
    listed = told[:_MOST_SEEN] if isinstance(told, list) else []
    receipts = [one for one in listed if isinstance(one, str) and _MESSAGE_ID.fullmatch(one)]
    for role in ("sender", "recipient"):
        address = _user(event, role)
        talk = find(session, ChannelName.ZALO_OA, address) if address and receipts else None
        if talk is not None:
            delivery.seen(session, talk.id, receipts)


def make_webhook(
    database: Database,
    *,
    app_id: str,
    secret: str,
    answer_within: float = _ANSWER_WITHIN,
    lifeline: Lifeline | None = None,
    valve: Valve | None = None,
) -> APIRouter:
    """The endpoint that Zalo posts events to. It says 200 only to what is committed.

    A database that does not answer within `answer_within` seconds is answered for with 503; Zalo
    sends the event again, and what was committed meanwhile is recognised by its id.

    Raises:
        ValueError: the app's id or the secret is missing.
    """
    if not app_id or not secret:
        raise ValueError("the Zalo webhook needs the app's id and the account's secret key")
    router = APIRouter()

    @router.get(CARD_PATH, include_in_schema=False)
    async def card() -> Response:
        picture = await asyncio.to_thread(_CARD.read_bytes)
        return Response(picture, media_type="image/png")

    @router.post(WEBHOOK_PATH, include_in_schema=False)
    async def take(request: Request) -> Response:
        try:
            body = await body_of(request)
        except BodyError as problem:
            return Response(status_code=problem.status)
        signature = request.headers.get("X-ZEvent-Signature", "")
        if not signature and body.strip() == b"{}":
            return Response(status_code=200)  # Zalo looks whether anybody is here
        event = parsed(body)
        times = (word(event, "timestamp"), request.headers.get("X-ZEvent-Timestamp", ""))
        if not is_signed(body, signature, times, app_id=app_id, secret=secret):
            return Response(status_code=403)
        if not isinstance(event, dict):
            return Response(status_code=422)
        try:
            async with asyncio.timeout(answer_within):
                if word(event, "event_name") == "user_seen_message":
                    await database.transact(partial(_note_seen, event))
                elif events := list(_events(event)):
                    await keep_some(valve, lifeline, events, partial(_kept, database))
        except RecursionError:
            return Response(status_code=422)
        except (SQLAlchemyError, OSError) as problem:
            log.warning("an event is not kept: %s", type(problem).__name__)
            return Response(status_code=503)
        return Response(status_code=200)

    return router
