"""Zalo on the loopback: an Official Account's OpenAPI v3 and the Bot Platform, with citizens.

    async with OaApi() as api:
        channel = ZaloOa(database, …, api_url=api.url, oauth_url=api.url)
        lan = api.citizen("2512523625412515")
        lan.writes("tôi bị đánh")
        ...
        answer = await lan.hears("gọi 113")
        lan.presses("Gặp cán bộ")

As strict as public repositories tell of the platform: refusals with status 200, refresh tokens
that are good once, the window after a citizen's last word, limits of length, size and number.
"""

import asyncio
import contextlib
import hashlib
import json
import random
import re
import time
from collections import defaultdict
from collections.abc import AsyncIterator, Callable, Mapping
from dataclasses import dataclass
from types import TracebackType
from typing import Any, Self

import httpx
from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.types import Receive, Scope, Send

from tests.channels.bot_api import Failure, serving

APP_ID = "1234567890123456789"
APP_SECRET = "the-apps-secret"
OA_SECRET = "the-accounts-secret"
OA_ID = "579745863508352884"
FIRST_REFRESH = "refresh-0"
_BEGINNING = 1_795_410_000_000
_HOUR = 3600.0
_PDF = b"%PDF-"
_PICTURES = (b"\xff\xd8\xff", b"\x89PNG\r\n\x1a\n")


@dataclass(frozen=True)
class Shown:
    """A message as the citizen sees it."""

    message_id: str
    text: str = ""
    buttons: tuple[tuple[str, str], ...] = ()
    """Label and payload."""
    kind: str = "text"
    """`text`, `image`, `file` or `request_user_info`."""
    content: bytes = b""
    name: str = ""
    title: str = ""

    @property
    def labels(self) -> list[str]:
        return [label for label, _ in self.buttons]


class RefusalError(Exception):
    """The platform's no."""

    def __init__(self, code: int, words: str) -> None:
        super().__init__(words)
        self.code = code


class _Loopback:
    """What both servers have: failures to come, and what was shown to whom."""

    def __init__(self) -> None:
        self.shown: dict[str, list[Shown]] = defaultdict(list)
        self.calls: list[tuple[str, Any]] = []
        self.headers: list[Mapping[str, str]] = []
        self.media: dict[str, bytes] = {}
        self.url = ""
        self._failures: dict[str, list[Failure]] = defaultdict(list)
        self._change = asyncio.Event()
        self._running = contextlib.AsyncExitStack()
        self._ids = iter(range(1, 10**9))
        self.date = _BEGINNING

    async def __aenter__(self) -> Self:
        self.url = await self._running.enter_async_context(serving(self._app))
        return self

    async def __aexit__(
        self,
        kind: type[BaseException] | None,
        problem: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self.changed()
        await self._running.aclose()

    def fails(self, what: str, *failures: Failure) -> None:
        """Let the next calls of a kind fail, one after the other."""
        self._failures[what].extend(failures)

    def called(self, what: str) -> list[Any]:
        """What each call of a kind brought."""
        return [given for name, given in self.calls if name == what]

    def keeps(self, content: bytes, ending: str) -> str:
        """Put a file where its receiver can fetch it; the address."""
        name = f"{next(self._ids):08x}.{ending}"
        self.media[name] = content
        return f"{self.url}/media/{name}"

    def new_id(self) -> str:
        """A message's id, as long and random as the platform's."""
        return hashlib.sha256(f"message {next(self._ids)}".encode()).hexdigest()[:20]

    def next_date(self) -> int:
        self.date += 1000
        return self.date

    def changed(self) -> None:
        self._change.set()
        self._change = asyncio.Event()

    async def change(self) -> None:
        """Wait for whatever happens next."""
        await self._change.wait()

    async def until(self, condition: Callable[[], bool], seconds: float = 5.0) -> None:
        """Wait until something is so."""
        async with asyncio.timeout(seconds):
            while not condition():
                with contextlib.suppress(TimeoutError):
                    await asyncio.wait_for(self.change(), 0.02)

    async def hears(self, who: str, heard: int, containing: str, seconds: float) -> int:
        """How many messages a citizen has heard once one of the next says this."""
        end = time.monotonic() + seconds
        while True:
            for number, one in enumerate(self.shown[who][heard:], heard + 1):
                if containing in one.text:
                    return number
            left = end - time.monotonic()
            if left <= 0:
                said = [one.text for one in self.shown[who]]
                raise AssertionError(f"never heard {containing!r}, only {said}")
            with contextlib.suppress(TimeoutError):
                await asyncio.wait_for(self.change(), left)

    async def _app(self, scope: Scope, receive: Receive, send: Send) -> None:
        answer = await self._answer(Request(scope, receive))
        self.changed()
        if answer is not None:
            await answer(scope, receive, send)
            return
        receive.__self__.transport.abort()  # type: ignore[attr-defined]

    async def _answer(self, request: Request) -> Response | None:
        what = self._kind(request)
        failure = self._failures[what].pop(0) if self._failures[what] else None
        if failure is not None and not failure.after:
            return await _fail(failure)
        if request.url.path.startswith("/media/"):
            content = self.media.get(request.url.path.removeprefix("/media/"))
            return Response(status_code=404) if content is None else Response(content)
        answer = await self._perform(what, request)
        return answer if failure is None else await _fail(failure)

    def _kind(self, request: Request) -> str:
        raise NotImplementedError

    async def _perform(self, what: str, request: Request) -> Response:
        raise NotImplementedError


async def _fail(failure: Failure) -> Response | None:
    await asyncio.sleep(failure.seconds)
    if failure.status is None:
        return None
    headers = {"Retry-After": str(failure.retry_after)} if failure.retry_after else None
    return Response(failure.body or b"<html>", failure.status, headers)


class Citizen:
    """Somebody with Zalo on the phone who talks with the account; each act becomes an event."""

    def __init__(self, api: "OaApi", user_id: str) -> None:
        self._api = api
        self.user_id = user_id
        self._heard = 0

    # --- what they do ---

    def writes(self, text: str) -> str:
        return self._says("user_send_text", {"text": text})

    def presses(self, label: str, message: Shown | None = None) -> str:
        """Press the newest button with this label, or that of one message; writes its payload."""
        for one in [message] if message else reversed(self._api.shown[self.user_id]):
            for shown, payload in one.buttons:
                if label == shown:
                    return self.writes(payload)
        raise AssertionError(f"there is no button {label!r}")

    def shares_location(self, latitude: str, longitude: str) -> str:
        place = {"coordinates": {"latitude": latitude, "longitude": longitude}}
        return self._attaches("user_send_location", "location", place)

    def sends_photo(self, content: bytes, words: str = "") -> str:
        url = self._api.keeps(content, "jpg")
        payload = {"url": url, "thumbnail": f"{url}?thumb"}
        return self._attaches("user_send_image", "photo", payload, words)

    def sends_photos(self, *contents: bytes) -> str:
        """Several in one message."""
        photos = [
            {"type": "image", "payload": {"url": self._api.keeps(content, "jpg")}}
            for content in contents
        ]
        return self._says("user_send_image", {"text": "nè", "attachments": photos})

    def sends_file(self, content: bytes, name: str, size: int | None = None) -> str:
        payload = {
            "url": self._api.keeps(content, name.rpartition(".")[2]),
            "name": name,
            "size": str(len(content) if size is None else size),
            "checksum": hashlib.md5(content, usedforsecurity=False).hexdigest(),
        }
        return self._attaches("user_send_file", "file", payload)

    def speaks(self, content: bytes) -> str:
        return self._attaches("user_send_audio", "audio", {"url": self._api.keeps(content, "aac")})

    def sends_sticker(self) -> str:
        payload = {"url": f"{self._api.url}/media/sticker.png", "id": "46994"}
        return self._attaches("user_send_sticker", "sticker", payload)

    def gives_their_number(self, phone: str = "84912345678") -> str:
        """Fill in Zalo's own form."""
        info = {"name": "Nguyễn Thị Lan", "phone": phone, "address": "Ấp 5, xã Đá Bạc"}
        event = self._common("user_submit_info") | {"info": info}
        return self._api.add(event)

    def follows(self) -> str:
        self._api.followers.add(self.user_id)
        return self._api.add(self._about_the_account("follow"))

    def unfollows(self) -> str:
        self._api.followers.discard(self.user_id)
        return self._api.add(self._about_the_account("unfollow"))

    def looks(self, message: Shown) -> str:
        event = self._common("user_seen_message")
        return self._api.add(event | {"message": {"msg_ids": [message.message_id]}})

    # --- what they see ---

    async def hears(self, containing: str = "", seconds: float = 5.0) -> Shown:
        """The next message that they have not heard yet and that says this."""
        self._heard = await self._api.hears(self.user_id, self._heard, containing, seconds)
        return self._api.shown[self.user_id][self._heard - 1]

    def _attaches(self, name: str, kind: str, payload: Mapping[str, Any], text: str = "") -> str:
        said = {"text": text} if text else {}
        return self._says(name, {**said, "attachments": [{"type": kind, "payload": payload}]})

    def _says(self, name: str, message: Mapping[str, Any]) -> str:
        self._api.last_word[self.user_id] = self._api.hours
        said = {**message, "msg_id": self._api.new_id()}
        return self._api.add(self._common(name) | {"message": said})

    def _common(self, name: str) -> dict[str, Any]:
        return {
            "app_id": APP_ID,
            "user_id_by_app": f"7{self.user_id[1:]}",
            "event_name": name,
            "timestamp": str(self._api.next_date()),
            "sender": {"id": self.user_id},
            "recipient": {"id": OA_ID},
        }

    def _about_the_account(self, name: str) -> dict[str, Any]:
        return {
            "oa_id": OA_ID,
            "follower": {"id": self.user_id},
            "user_id_by_app": f"7{self.user_id[1:]}",
            "event_name": name,
            "source": "oa_profile",
            "app_id": APP_ID,
            "timestamp": str(self._api.next_date()),
        }


class OaApi(_Loopback):
    """The account's side: OpenAPI, OAuth, and the events it posts."""

    def __init__(self) -> None:
        super().__init__()
        self.hours = 0.0
        """The platform's clock."""
        self.followers: set[str] = set()
        self.last_word: dict[str, float] = {}
        self.refreshed = 0
        """How often the tokens were renewed."""
        self.refresh_token = FIRST_REFRESH
        self.access_tokens: dict[str, float] = {}
        """Each with the hour when it ends."""
        self.posts: list[tuple[str, int]] = []
        """What was posted to the webhook: the event's name and the status that came back."""
        self.times_posted = 1
        self.shuffle: random.Random | None = None
        self.timestamp_in = "body"
        """Where the signed timestamp stands: sources differ."""
        self.secret = OA_SECRET
        self.takes_cards = True
        self._uploads: dict[str, tuple[str, bytes, str]] = {}
        self._citizens: dict[str, Citizen] = {}
        self._waiting: list[Mapping[str, Any]] = []
        self._webhook: str | None = None
        self._delivery: asyncio.Task[None] | None = None

    async def __aexit__(
        self,
        kind: type[BaseException] | None,
        problem: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        if self._delivery is not None:
            self._delivery.cancel()
            await asyncio.gather(self._delivery, return_exceptions=True)
        await super().__aexit__(kind, problem, trace)

    # --- for tests ---

    def citizen(self, user_id: str = "2512523625412515") -> Citizen:
        """A citizen, the same one for the same id, who follows the account."""
        self.followers.add(user_id)
        return self._citizens.setdefault(user_id, Citizen(self, user_id))

    def forward(self, hours: float) -> None:
        """Let time pass at the platform."""
        self.hours += hours

    def end_access(self) -> None:
        """Take every access token away, before its time."""
        self.access_tokens.clear()

    def add(self, event: Mapping[str, Any]) -> str:
        """Any event; posted to the webhook until it is taken. Its message's id, if it has one."""
        self._waiting.append(event)
        self.changed()
        message = event.get("message")
        return str(message.get("msg_id", "")) if isinstance(message, Mapping) else ""

    @property
    def waiting(self) -> list[Mapping[str, Any]]:
        """Events that nobody has taken yet."""
        return list(self._waiting)

    async def saves_webhook(self, url: str) -> None:
        """As in the developers' console: the address has to take an unsigned `{}` first."""
        async with httpx.AsyncClient() as client:
            answer = await client.post(url, content=b"{}")
        assert answer.status_code == 200, answer.status_code
        self._webhook = url
        self._delivery = asyncio.create_task(self._deliver())

    def signed(self, event: Mapping[str, Any]) -> tuple[bytes, dict[str, str]]:
        """An event's raw bytes and headers."""
        body = json.dumps(event, ensure_ascii=False, separators=(",", ":")).encode()
        timestamp = str(event.get("timestamp", self.date))
        headers = {"Content-Type": "application/json"}
        if self.timestamp_in == "header":
            timestamp = str(self.date + 77)
            headers["X-ZEvent-Timestamp"] = timestamp
        signed = APP_ID.encode() + body + timestamp.encode() + self.secret.encode()
        headers["X-ZEvent-Signature"] = f"mac={hashlib.sha256(signed).hexdigest()}"
        return body, headers

    # --- the webhook's other side ---

    async def _deliver(self) -> None:
        async with httpx.AsyncClient(timeout=2.0) as client:
            while True:
                if not self._waiting:
                    await self.change()
                    continue
                batch = self._waiting * self.times_posted
                if self.shuffle is not None:
                    self.shuffle.shuffle(batch)
                for event in batch:
                    await self._post(client, event)

    async def _post(self, client: httpx.AsyncClient, event: Mapping[str, Any]) -> None:
        body, headers = self.signed(event)
        status = 0
        with contextlib.suppress(httpx.HTTPError):
            answer = await client.post(str(self._webhook), content=body, headers=headers)
            status = answer.status_code
        self.posts.append((str(event["event_name"]), status))
        if status == 200:
            self._waiting = [one for one in self._waiting if one is not event]
        else:
            await asyncio.sleep(0.05)  # the platform waits 30 seconds
        self.changed()

    # --- the API ---

    def _kind(self, request: Request) -> str:
        path = request.url.path
        known = {
            "/v3.0/oa/message/cs": "message",
            "/v2.0/oa/upload/image": "upload image",
            "/v2.0/oa/upload/file": "upload file",
            "/v4/oa/access_token": "renew",
        }
        return known.get(path, "media" if path.startswith("/media/") else path)

    async def _perform(self, what: str, request: Request) -> Response:
        assert not request.url.query, "a token or a text in an address ends in logs"
        self.headers.append(dict(request.headers))
        if what == "renew":
            return JSONResponse(self._renew(await _form(request), request))
        try:
            self._check_token(request.headers.get("access_token", ""))
            match what:
                case "message":
                    given = await request.json()
                    self.calls.append((what, given))
                    data = self._send(given)
                case "upload image" | "upload file":
                    data = self._upload(what, await _form(request))
                case _:
                    return Response(status_code=404)
        except RefusalError as refusal:
            return JSONResponse({"error": refusal.code, "message": str(refusal)})
        return JSONResponse({"data": data, "error": 0, "message": "Success"})

    def _renew(self, form: Mapping[str, Any], request: Request) -> dict[str, Any]:
        self.calls.append(("renew", form))
        assert request.headers["content-type"] == "application/x-www-form-urlencoded"
        if request.headers.get("secret_key") != APP_SECRET or form.get("app_id") != APP_ID:
            return _oauth_error(-14002, "Invalid app")
        if form.get("grant_type") != "refresh_token":
            return _oauth_error(-14003, "Invalid grant type")
        if form.get("refresh_token") != self.refresh_token:
            return _oauth_error(-14014, "Invalid refresh token")
        self.refreshed += 1
        self.refresh_token = f"refresh-{self.refreshed}"
        access = f"access-{self.refreshed}"
        self.access_tokens[access] = self.hours + 25
        return {
            "access_token": access,
            "refresh_token": self.refresh_token,
            "expires_in": "90000",
        }

    def _check_token(self, token: str) -> None:
        if token not in self.access_tokens:
            raise RefusalError(-216, "Access token is invalid")
        if self.access_tokens[token] <= self.hours:
            raise RefusalError(-220, "access_token is expired or removed")

    def _send(self, given: Mapping[str, Any]) -> dict[str, Any]:
        user_id = given["recipient"]["user_id"]
        if user_id not in self._citizens:
            raise RefusalError(-201, "user_id is invalid!")
        if user_id not in self.followers:
            raise RefusalError(-213, "User has not followed OA")
        if user_id not in self.last_word:
            raise RefusalError(-232, "User has not interacted with the OA")
        if self.hours - self.last_word[user_id] > 7 * 24:
            raise RefusalError(-230, "User has not interacted with the OA in the past 7 days")
        shown = self._checked(given["message"])
        self.shown[user_id].append(shown)
        return {
            "message_id": shown.message_id,
            "user_id": user_id,
            "sent_time": str(self.next_date()),
        }

    def _checked(self, message: Mapping[str, Any]) -> Shown:
        text = message.get("text", "")
        if len(text) > 2000:
            raise RefusalError(-210, "message text is longer than 2000")
        attachment = message.get("attachment")
        message_id = self.new_id()
        if attachment is None:
            if not text.strip():
                raise RefusalError(-201, "text is invalid!")
            return Shown(message_id, text)
        payload = attachment["payload"]
        if attachment["type"] == "file":
            name, content = self._uploaded("file", payload["token"])
            return Shown(message_id, text, kind="file", name=name, content=content)
        if attachment["type"] != "template":
            raise RefusalError(-233, "message type is invalid or not support")
        match payload.get("template_type"):
            case None:
                return Shown(message_id, text, buttons=_checked_buttons(text, payload))
            case "media":
                (element,) = payload["elements"]
                assert element["media_type"] == "image"
                _, content = self._uploaded("image", element["attachment_id"])
                return Shown(message_id, text, kind="image", content=content)
            case "request_user_info" if self.takes_cards:
                (element,) = payload["elements"]
                if len(element["title"]) > 100 or len(element["subtitle"]) > 500:
                    raise RefusalError(-210, "title or subtitle is too long")
                assert re.fullmatch(r"https?://.+", element["image_url"])
                return Shown(message_id, text, kind="request_user_info", title=element["title"])
            case _:
                raise RefusalError(-233, "message type is invalid or not support")

    def _uploaded(self, kind: str, reference: str) -> tuple[str, bytes]:
        found = self._uploads.get(reference)
        if found is None or found[0] != kind:
            raise RefusalError(-201, "attachment is invalid!")
        return found[2], found[1]

    def _upload(self, what: str, form: Mapping[str, Any]) -> dict[str, str]:
        name, content = form["file"]
        self.calls.append((what, name))
        kind = what.removeprefix("upload ")
        if kind == "image" and not content.startswith(_PICTURES):
            raise RefusalError(-201, "file is invalid!")
        if kind == "image" and len(content) > 1024 * 1024:
            raise RefusalError(-210, "file is larger than 1MB")
        if kind == "file" and not content.startswith(_PDF):
            raise RefusalError(-201, "file is invalid!")
        if kind == "file" and len(content) > 5 * 1024 * 1024:
            raise RefusalError(-210, "file is larger than 5MB")
        reference = f"{kind}-{next(self._ids)}"
        self._uploads[reference] = (kind, content, name)
        return {"attachment_id" if kind == "image" else "token": reference}


def _oauth_error(code: int, name: str) -> dict[str, Any]:
    return {"error_name": name, "error_reason": name, "error_description": name, "error": code}


def _checked_buttons(text: str, payload: Mapping[str, Any]) -> tuple[tuple[str, str], ...]:
    if not text.strip():
        raise RefusalError(-201, "text is invalid!")
    buttons = payload["buttons"]
    if not 1 <= len(buttons) <= 5:
        raise RefusalError(-210, "there are at most 5 buttons")
    for button in buttons:
        if button["type"] not in {"oa.query.hide", "oa.query.show"}:
            raise RefusalError(-201, "button type is invalid!")
        if not 1 <= len(button["title"]) <= 100 or not 1 <= len(button["payload"]) <= 1000:
            raise RefusalError(-210, "button is too long")
    return tuple((button["title"], button["payload"]) for button in buttons)


async def _form(request: Request) -> dict[str, Any]:
    found: dict[str, Any] = {}
    async with request.form() as form:
        for name, value in form.items():
            is_file = not isinstance(value, str)
            found[name] = (value.filename, await value.read()) if is_file else value  # type: ignore[union-attr]
    return found


# --- the Bot Platform --------------------------------------------------------------------------

BOT_TOKEN = "41260513:pilot-token"


class Pilot:
    """Somebody who talks with the bot."""

    def __init__(self, api: "BotPlatform", chat_id: str) -> None:
        self._api = api
        self.chat_id = chat_id
        self._heard = 0

    def writes(self, text: str) -> str:
        return self._says("message.text.received", {"text": text})

    def sends_photo(self, content: bytes, caption: str = "") -> str:
        photo = {"photo": self._api.keeps(content, "jpg"), "caption": caption}
        return self._says("message.image.received", photo)

    def speaks(self, content: bytes) -> str:
        return self._says("message.voice.received", {"voice_url": self._api.keeps(content, "aac")})

    def sends_sticker(self) -> str:
        return self._says("message.sticker.received", {"sticker": "0e078a2e4c6aa534fc7b"})

    async def hears(self, containing: str = "", seconds: float = 5.0) -> Shown:
        """The next message that they have not heard yet and that says this."""
        self._heard = await self._api.hears(self.chat_id, self._heard, containing, seconds)
        return self._api.shown[self.chat_id][self._heard - 1]

    def _says(self, name: str, message: Mapping[str, Any]) -> str:
        self._api.known.add(self.chat_id)
        message_id = self._api.new_id()
        said = {
            "date": self._api.next_date(),
            "chat": {"chat_type": "PRIVATE", "id": self.chat_id},
            "message_id": message_id,
            "from": {"id": self.chat_id, "is_bot": False, "display_name": "Lan"},
            **message,
        }
        self._api.add({"event_name": name, "message": said})
        return message_id


class BotPlatform(_Loopback):
    """The bot's side. Updates are handed out one at a time, once, and nobody confirms them."""

    def __init__(self, token: str = BOT_TOKEN) -> None:
        super().__init__()
        self.token = token
        self.known: set[str] = set()
        self.wrapped = True
        """Whether updates come in a result: the documentation and captures differ."""
        self.webhook: str | None = None
        self.times_posted = 1
        self.posts: list[int] = []
        self._secret = ""
        self._updates: list[Mapping[str, Any]] = []
        self._delivery: asyncio.Task[None] | None = None
        self._closing = False

    async def __aexit__(
        self,
        kind: type[BaseException] | None,
        problem: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self._closing = True
        if self._delivery is not None:
            self._delivery.cancel()
            await asyncio.gather(self._delivery, return_exceptions=True)
        await super().__aexit__(kind, problem, trace)

    def citizen(self, chat_id: str = "6ede9afa66b88fe6d6a9") -> Pilot:
        return Pilot(self, chat_id)

    def add(self, update: Mapping[str, Any]) -> None:
        self._updates.append(update)
        self.changed()

    @property
    def waiting(self) -> int:
        """Updates that nobody was given yet."""
        return len(self._updates)

    def _kind(self, request: Request) -> str:
        path = request.url.path
        return "media" if path.startswith("/media/") else path.rpartition("/")[2]

    async def _perform(self, what: str, request: Request) -> Response:
        if request.url.path != f"/bot{self.token}/{what}":
            return _refused(401, "Unauthorized")
        given = json.loads(await request.body() or b"{}")
        self.calls.append((what, given))
        match what:
            case "getUpdates":
                return await self._get_update(given)
            case "setWebhook":
                return self._set_webhook(given)
            case "deleteWebhook":
                self.webhook = None
                return JSONResponse({"ok": True, "result": {"url": ""}})
            case "sendMessage":
                return self._send(given)
            case _:
                return _refused(404, "Not Found")

    async def _get_update(self, given: Mapping[str, Any]) -> Response:
        if self.webhook is not None:
            return _refused(409, "Conflict")
        end = time.monotonic() + float(given.get("timeout", 0))
        while not self._updates and time.monotonic() < end and not self._closing:
            with contextlib.suppress(TimeoutError):
                await asyncio.wait_for(self.change(), min(0.25, max(0.0, end - time.monotonic())))
        if not self._updates:
            return _refused(408, "Request timeout")
        return JSONResponse({"ok": True, "result": self._updates.pop(0)})

    def _set_webhook(self, given: Mapping[str, Any]) -> Response:
        if not 8 <= len(given.get("secret_token", "")) <= 256:
            return _refused(400, "Bad Request: secret_token")
        self.webhook, self._secret = given["url"], given["secret_token"]
        if self._delivery is None:
            self._delivery = asyncio.create_task(self._deliver())
        return JSONResponse({"ok": True, "result": {"url": self.webhook}})

    async def _deliver(self) -> None:
        async with httpx.AsyncClient(timeout=5) as client:
            while True:
                if not self._updates:
                    await self.change()
                    continue
                update = self._updates[0]
                body = {"ok": True, "result": update} if self.wrapped else update
                status = 0
                for _ in range(self.times_posted):
                    with contextlib.suppress(httpx.HTTPError):
                        headers = {"X-Bot-Api-Secret-Token": self._secret}
                        answer = await client.post(str(self.webhook), json=body, headers=headers)
                        status = answer.status_code
                    self.posts.append(status)
                if status == 200:
                    self._updates.pop(0)
                else:
                    await asyncio.sleep(0.05)
                self.changed()

    def _send(self, given: Mapping[str, Any]) -> Response:
        if given.get("chat_id") not in self.known:
            return _refused(400, "Bad Request: chat not found")
        text = given.get("text", "")
        if not 1 <= len(text) <= 2000:
            return _refused(400, "Bad Request: text")
        shown = Shown(self.new_id(), text)
        self.shown[given["chat_id"]].append(shown)
        result = {"message_id": shown.message_id, "date": self.next_date()}
        return JSONResponse({"ok": True, "result": result})


def _refused(code: int, words: str) -> Response:
    """The platform's no, which comes with status 200."""
    return JSONResponse({"ok": False, "error_code": code, "description": words})


@contextlib.asynccontextmanager
async def polling(duty: Any) -> AsyncIterator[None]:
    """Something that runs for ever, for as long as a test needs it."""
    task = asyncio.create_task(duty)
    try:
        yield
    finally:
        task.cancel()
        with contextlib.suppress(asyncio.CancelledError):
            await task
