"""A Bot API server on the loopback, as strict as the real one, with citizens to write to it.

    async with BotApi() as api:
        telegram = Telegram(api.token, api.url)
        lan = api.citizen(1001)
        lan.writes("tôi bị đánh")
        ...
        answer = await lan.hears("gọi 113")
        lan.presses("Gặp cán bộ")

Limits, errors and their words are those that the documentation and its users report: lengths in
UTF-16 units, callback data in bytes, confirmed offsets, one reader of updates at a time.
"""

import asyncio
import contextlib
import json
import random
import re
import socket
import time
from collections import defaultdict
from collections.abc import AsyncIterator, Callable, Iterator, Mapping
from dataclasses import dataclass, field, replace
from types import TracebackType
from typing import Any, Self

import httpx
import uvicorn
from starlette.datastructures import UploadFile
from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.types import Receive, Scope, Send

TOKEN = "110201543:AAHdqTcvCH1vGWJxfSeofSAs0K5PALDsaw"  # the documentation's own example
_BOT = {"id": 110201543, "is_bot": True, "first_name": "Tràm", "username": "tram_test_bot"}
_BEGINNING = 1_795_000_000
_MEGABYTE = 1024 * 1024


def units(text: str) -> int:
    """UTF-16 code units, which is how Telegram counts."""
    return len(text.encode("utf-16-le")) // 2


@dataclass(frozen=True)
class Sent:
    """A message of the bot as the citizen sees it."""

    message_id: int
    text: str
    """The words, or the caption of a file."""
    inline: tuple[tuple[tuple[str, str], ...], ...] = ()
    """Rows of inline buttons: label and callback data."""
    keyboard: tuple[tuple[str, ...], ...] = ()
    """Rows of the reply keyboard."""
    requests: Mapping[str, str] = field(default_factory=dict)
    """Labels of the reply keyboard that share something: `location` or `contact`."""
    one_time: bool = False
    removes_keyboard: bool = False
    file_kind: str | None = None
    file_name: str | None = None
    content: bytes = b""
    edits: int = 0
    thread_id: int | None = None
    """The forum's thread it stands in."""
    protected: bool = False
    """Nobody can forward or save it."""
    link_preview: bool = True
    at: float = 0.0
    """When it came, on the loop's clock."""

    @property
    def buttons(self) -> list[str]:
        """The labels of all buttons, in order, inline or not, without those that share."""
        rows = [[label for label, _ in row] for row in self.inline] + list(map(list, self.keyboard))
        return [label for row in rows for label in row if label not in self.requests]


@dataclass(frozen=True)
class Failure:
    """How a call fails. With `status` None the connection is reset."""

    status: int | None = None
    description: str = "Internal Server Error"
    retry_after: int | None = None
    body: bytes | None = None
    """Answered as it is, instead of JSON."""
    seconds: float = 0.0
    """How long the server is silent first."""
    after: bool = False
    """The call takes effect before it fails: only the answer is lost."""
    chat_id: int | None = None
    """Only calls to this chat."""
    text: str | None = None
    """Only calls with this text."""


RESET = Failure()
UNAVAILABLE = Failure(502, "Bad Gateway")


def flood(seconds: int, chat_id: int | None = None) -> Failure:
    """Telegram's answer to too many messages."""
    return Failure(
        429, f"Too Many Requests: retry after {seconds}", retry_after=seconds, chat_id=chat_id
    )


class ApiError(Exception):
    """A refusal with Telegram's own words."""

    def __init__(
        self,
        code: int,
        description: str,
        retry_after: int | None = None,
        migrate_to: int | None = None,
    ) -> None:
        super().__init__(description)
        self.code = code
        self.description = description
        self.retry_after = retry_after
        self.migrate_to = migrate_to


class Citizen:
    """Somebody with Telegram on the phone, in a private chat with the bot.

    What they do becomes an update at once; each method returns its `update_id`.
    """

    def __init__(self, api: "BotApi", chat_id: int, name: str, language: str | None) -> None:
        self._api = api
        self.chat_id = chat_id
        self.user = {"id": chat_id, "is_bot": False, "first_name": name}
        if language is not None:
            self.user["language_code"] = language
        self.chat = {"id": chat_id, "type": "private", "first_name": name}
        self._heard = 0
        self._last: dict[str, Any] = {}

    # --- what they do ---

    def writes(self, text: str) -> int:
        message: dict[str, Any] = {"text": text}
        if found := re.match(r"/[A-Za-z0-9_]+", text):
            message["entities"] = [{"type": "bot_command", "offset": 0, "length": found.end()}]
        return self._says(message)

    def starts(self, payload: str = "") -> int:
        """Opens the chat, by its button or by a poster's link."""
        return self.writes(f"/start {payload}".rstrip())

    def edits(self, text: str) -> int:
        """Changes the message they wrote last."""
        self._last = {**self._last, "text": text, "edit_date": self._api.next_date()}
        return self._api.add({"edited_message": self._last})

    def presses(self, label_or_key: str, message: Sent | None = None) -> int:
        """Presses a button by its label, without its tick box, or by its key.

        Of the newest message that has it, or of the one given. A button of the reply keyboard
        writes its label.
        """
        seen = [message] if message is not None else reversed(self._api.sent(self.chat_id))
        for one in seen:
            for label, data in (button for row in one.inline for button in row):
                if label_or_key in {label, label.lstrip("☑☐ "), data, data.partition(".")[2]}:
                    return self.presses_data(data, one)
            for label in (label for row in one.keyboard for label in row):
                if label == label_or_key:
                    assert label not in one.requests, f"{label} shares something: use shares_…"
                    return self.writes(label)
        raise AssertionError(f"there is no button {label_or_key!r}")

    def presses_data(self, data: str, message: Sent | None = None) -> int:
        """A press with any callback data, as an old or forged client may send it."""
        shown = message or self._api.sent(self.chat_id)[-1]
        press_id = self._api.new_press()
        return self._api.add(
            {
                "callback_query": {
                    "id": press_id,
                    "from": self.user,
                    "message": {
                        "message_id": shown.message_id,
                        "from": _BOT,
                        "chat": self.chat,
                        "date": _BEGINNING,
                        "text": shown.text,
                    },
                    "chat_instance": "-4130131",
                    "data": data,
                }
            }
        )

    def shares_location(self, latitude: float, longitude: float) -> int:
        return self._says({"location": {"latitude": latitude, "longitude": longitude}})

    def shares_contact(self, phone: str, user_id: int | None = None) -> int:
        """Shares their own number, or with `user_id` a card of somebody else."""
        card = {"phone_number": phone, "first_name": self.user["first_name"]}
        return self._says({"contact": {**card, "user_id": user_id or self.chat_id}})

    def sends_photo(self, content: bytes, caption: str = "") -> int:
        small, large = self._api.keep_file(content[:50], "jpg"), self._api.keep_file(content, "jpg")
        sizes = [
            {**small, "width": 90, "height": 67},
            {**large, "width": 1280, "height": 960},
        ]
        return self._says({"photo": sizes, **_caption(caption)})

    def sends_document(
        self,
        content: bytes,
        name: str,
        media_type: str = "application/pdf",
        size: int | None = None,
    ) -> int:
        """Sends a file; `size` tells of more bytes than are really kept here."""
        kept = self._api.keep_file(content, name.rpartition(".")[2], size)
        return self._says({"document": {**kept, "file_name": name, "mime_type": media_type}})

    def sends_voice(self, content: bytes, seconds: int = 3) -> int:
        kept = self._api.keep_file(content, "oga")
        return self._says({"voice": {**kept, "duration": seconds, "mime_type": "audio/ogg"}})

    def sends_sticker(self) -> int:
        kept = self._api.keep_file(b"RIFF", "webp")
        sticker = {"width": 512, "height": 512, "is_animated": False, "is_video": False}
        return self._says({"sticker": {**kept, **sticker, "type": "regular", "emoji": "👍"}})

    def blocks(self) -> None:
        """Nothing reaches them any more."""
        self._api.blocked.add(self.chat_id)

    def unblocks(self) -> None:
        self._api.blocked.discard(self.chat_id)

    # --- what they see ---

    async def hears(self, containing: str = "", seconds: float = 5.0) -> Sent:
        """The next message, new or changed, that they have not heard yet and that says this."""
        end = time.monotonic() + seconds
        while True:
            shown = self._api.shown[self.chat_id]
            while self._heard < len(shown):
                self._heard += 1
                if containing in shown[self._heard - 1].text:
                    return shown[self._heard - 1]
            left = end - time.monotonic()
            if left <= 0:
                said = [one.text for one in shown]
                raise AssertionError(f"never heard {containing!r}, only {said}")
            with contextlib.suppress(TimeoutError):
                await asyncio.wait_for(self._api.changed(), left)

    def _says(self, content: Mapping[str, Any]) -> int:
        self._api.known.add(self.chat_id)
        self._last = {
            "message_id": self._api.new_message_id(),
            "from": self.user,
            "chat": self.chat,
            "date": self._api.next_date(),
            **content,
        }
        return self._api.add({"message": self._last})


class Group:
    """A supergroup of people, with or without threads, and the bot in it or not."""

    def __init__(self, api: "BotApi", chat_id: int, *, forum: bool, admin: bool) -> None:
        self._api = api
        self.chat_id = chat_id
        self.forum = forum
        self.admin = admin
        """Whether the bot is an administrator who may manage threads."""
        self.inside = True
        self.moved_to: int | None = None
        self.topics: dict[int, str] = {}
        """The threads that there are: number and name."""
        self.closed: set[int] = set()
        self.silent = False
        """Service messages of the bot's own acts are not told."""

    @property
    def chat(self) -> dict[str, Any]:
        found = {"id": self.chat_id, "type": "supergroup", "title": "Chi nhánh"}
        return {**found, "is_forum": True} if self.forum else found

    def writes(
        self, user_id: int, text: str, thread_id: int | None = None, **more: Any
    ) -> Mapping[str, Any]:
        """Somebody writes; gives the message, to be edited or posted again."""
        return self._says(user_id, {"text": text, **more}, thread_id)

    def sends_photo(
        self, user_id: int, content: bytes, thread_id: int, caption: str = ""
    ) -> Mapping[str, Any]:
        kept = self._api.keep_file(content, "jpg")
        photo = {"photo": [{**kept, "width": 1280, "height": 960}], **_caption(caption)}
        return self._says(user_id, photo, thread_id)

    def edits(self, message: Mapping[str, Any], text: str) -> int:
        changed = {**message, "text": text, "edit_date": self._api.next_date()}
        return self._api.add({"edited_message": changed})

    def presses(self, user_id: int, label: str, times: int = 1) -> list[str]:
        """Presses the newest button of that label; gives the ids of the presses."""
        for shown in reversed(self._api.sent(self.chat_id)):
            for one, data in (button for row in shown.inline for button in row):
                if one == label:
                    return [self._press(user_id, data, shown) for _ in range(times)]
        raise AssertionError(f"there is no button {label!r}")

    def presses_data(self, user_id: int, data: str, shown: Sent) -> str:
        """A press with any callback data."""
        return self._press(user_id, data, shown)

    def _press(self, user_id: int, data: str, shown: Sent) -> str:
        press_id = self._api.new_press()
        message = {
            "message_id": shown.message_id,
            "from": _BOT,
            "chat": self.chat,
            "date": _BEGINNING,
            "text": shown.text,
            **self.thread(shown.thread_id),
        }
        self._api.add(
            {
                "callback_query": {
                    "id": press_id,
                    "from": _person(user_id),
                    "message": message,
                    "chat_instance": "-1",
                    "data": data,
                }
            }
        )
        return press_id

    def gives_rights(self, *, admin: bool) -> None:
        self.admin = admin
        status = {"status": "administrator" if admin else "member", "can_manage_topics": admin}
        self._member(status)

    def throws_out(self) -> None:
        self.inside = False
        self._member({"status": "kicked"})

    def moves(self, chat_id: int) -> "Group":
        """Becomes another chat, without its threads."""
        new = self._api.group(chat_id)
        self.moved_to = chat_id
        self._says(777, {"migrate_to_chat_id": chat_id}, None)
        return new

    def thread(self, thread_id: int | None) -> dict[str, Any]:
        """The fields that a message in a thread has."""
        if thread_id is None:
            return {}
        fields: dict[str, Any] = {"message_thread_id": thread_id, "is_topic_message": True}
        if thread_id in self.topics:
            fields["reply_to_message"] = self.made(thread_id)
        return fields

    def made(self, thread_id: int) -> dict[str, Any]:
        """The service message by which the bot made a thread."""
        return {
            "message_id": thread_id,
            "from": _BOT,
            "chat": self.chat,
            "date": _BEGINNING,
            "message_thread_id": thread_id,
            "is_topic_message": True,
            "forum_topic_created": {"name": self.topics[thread_id], "icon_color": 7322096},
        }

    def _member(self, new: Mapping[str, Any]) -> None:
        change = {
            "chat": self.chat,
            "from": _person(777),
            "date": self._api.next_date(),
            "old_chat_member": {"user": _BOT, "status": "member"},
            "new_chat_member": {"user": _BOT, **new},
        }
        self._api.add({"my_chat_member": change})

    def _says(
        self, user_id: int, content: Mapping[str, Any], thread_id: int | None
    ) -> Mapping[str, Any]:
        message = {
            "message_id": self._api.new_message_id(),
            "from": _person(user_id),
            "chat": self.chat,
            "date": self._api.next_date(),
            **self.thread(thread_id),
            **content,
        }
        self._api.add({"message": message})
        return message


def _person(user_id: int) -> dict[str, Any]:
    return {"id": user_id, "is_bot": False, "first_name": "Ai đó"}


def _caption(words: str) -> dict[str, str]:
    return {"caption": words} if words else {}


class _Server(uvicorn.Server):
    @contextlib.contextmanager
    def capture_signals(self) -> Iterator[None]:
        """The tests keep their own Ctrl-C."""
        yield


@contextlib.asynccontextmanager
async def serving(app: Any) -> AsyncIterator[str]:
    """Any web application on a loopback port; gives its address."""
    with socket.create_server(("127.0.0.1", 0)) as listening:
        config = uvicorn.Config(
            app,
            interface="asgi3",
            lifespan="off",
            ws="none",
            log_level="error",
            access_log=False,
            proxy_headers=False,
        )
        server = _Server(config)
        running = asyncio.create_task(server.serve(sockets=[listening]))
        try:
            yield f"http://127.0.0.1:{listening.getsockname()[1]}"
        finally:
            server.should_exit = server.force_exit = True
            await running


class BotApi:
    """The server. Everything it was told and asked can be looked at."""

    def __init__(self, token: str = TOKEN, *, strict_pace: bool = False) -> None:
        self.token = token
        self.strict_pace = strict_pace
        """Answer 429 to more than a message a second in one chat, or thirty a second in all."""
        self.calls: list[tuple[str, Mapping[str, Any]]] = []
        """Every call: method and parameters."""
        self.shown: dict[int, list[Sent]] = defaultdict(list)
        """What each chat was shown, message by message, changed ones again."""
        self.answered: list[str] = []
        """Ids of button presses that were answered."""
        self.known: set[int] = set()
        self.blocked: set[int] = set()
        self.webhook: str | None = None
        self.posts: list[tuple[int, int]] = []
        """What was posted to the webhook: update id and the status that came back."""
        self.times_posted = 1
        """How often each update is posted, even after a 200."""
        self.shuffle: random.Random | None = None
        """Post what waits in any order."""
        self._secret: str | None = None
        self._allowed: list[str] | None = None
        self._updates: dict[int, Mapping[str, Any]] = {}
        self._messages: dict[int, dict[int, Sent]] = defaultdict(dict)
        self._not_inline: set[tuple[int, int]] = set()
        self._files: dict[str, tuple[str, bytes, int]] = {}
        self._open_presses: set[str] = set()
        self._citizens: dict[int, Citizen] = {}
        self.groups: dict[int, Group] = {}
        self.answers: dict[str, tuple[str, bool]] = {}
        """What the one who pressed was told, and whether it had to be clicked away."""
        self._failures: dict[str, list[Failure]] = defaultdict(list)
        self._numbers = iter(range(1, 10**9))
        self._update_ids = iter(range(700_000_001, 10**9))
        self._date = _BEGINNING
        self._reader: asyncio.Event | None = None
        self._change = asyncio.Event()
        self._delivery: asyncio.Task[None] | None = None
        self._running = contextlib.AsyncExitStack()
        self._closing = False

    async def __aenter__(self) -> Self:
        self.url = await self._running.enter_async_context(serving(self._app))
        return self

    async def __aexit__(
        self,
        kind: type[BaseException] | None,
        problem: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        if self._delivery is not None:
            self._delivery.cancel()
            await asyncio.gather(self._delivery, return_exceptions=True)
        self._closing = True
        self._changed()
        await self._running.aclose()

    # --- for tests ---

    def citizen(self, chat_id: int, name: str = "Lan", language: str | None = "vi") -> Citizen:
        """A citizen, the same one for the same chat. The bot may write once they have written."""
        if chat_id not in self._citizens:
            self._citizens[chat_id] = Citizen(self, chat_id, name, language)
        return self._citizens[chat_id]

    def group(self, chat_id: int, *, forum: bool = True, admin: bool = True) -> Group:
        """A group that the bot was added to, the same one for the same chat."""
        if chat_id not in self.groups:
            self.groups[chat_id] = Group(self, chat_id, forum=forum, admin=admin)
            self.known.add(chat_id)
        return self.groups[chat_id]

    def sent(self, chat_id: int) -> list[Sent]:
        """The messages of the bot in a chat as they stand now, oldest first."""
        return list(self._messages[chat_id].values())

    def fails(self, method: str, *failures: Failure) -> None:
        """Let the next calls of a method fail, one after the other."""
        self._failures[method].extend(failures)

    def called(self, method: str) -> list[Mapping[str, Any]]:
        """The parameters of all calls of a method."""
        return [parameters for name, parameters in self.calls if name == method]

    def add(self, content: Mapping[str, Any]) -> int:
        """Any update, as a dict without its id."""
        update_id = next(self._update_ids)
        kinds = set(content)
        if self._allowed is None or kinds & set(self._allowed):
            self._updates[update_id] = {"update_id": update_id, **content}
        self._changed()
        return update_id

    def update(self, update_id: int) -> Mapping[str, Any]:
        """An update that nobody has confirmed yet."""
        return self._updates[update_id]

    @property
    def waiting(self) -> list[int]:
        """Ids of updates that nobody has confirmed yet."""
        return list(self._updates)

    async def until(self, condition: Callable[[], bool], seconds: float = 5.0) -> None:
        """Wait until something is so."""
        async with asyncio.timeout(seconds):
            while not condition():
                with contextlib.suppress(TimeoutError):
                    await asyncio.wait_for(self.changed(), 0.02)

    def posts_to(self, url: str, secret: str | None) -> None:
        """Post updates to a webhook, as after `setWebhook`."""
        self.webhook, self._secret = url, secret
        if self._delivery is None:
            self._delivery = asyncio.create_task(self._deliver())

    # --- for citizens ---

    def next_date(self) -> int:
        self._date += 1
        return self._date

    def new_message_id(self) -> int:
        return next(self._numbers)

    def new_press(self) -> str:
        press_id = f"43{next(self._numbers):015}"
        self._open_presses.add(press_id)
        return press_id

    def keep_file(self, content: bytes, ending: str, size: int | None = None) -> dict[str, Any]:
        number = next(self._numbers)
        file_id = f"AgACAgUAAxkBAAI{number:06}"
        size = len(content) if size is None else size
        self._files[file_id] = (f"files/file_{number}.{ending}", content, size)
        return {"file_id": file_id, "file_unique_id": f"AQAD{number:06}", "file_size": size}

    def forget_files(self) -> None:
        """As Telegram does after a while."""
        self._files.clear()

    async def changed(self) -> None:
        """Wait for whatever happens next."""
        await self._change.wait()

    def _changed(self) -> None:
        self._change.set()
        self._change = asyncio.Event()

    # --- the webhook's other side ---

    async def _deliver(self) -> None:
        async with httpx.AsyncClient(timeout=60) as client:
            while True:
                if self.webhook is None or not self._updates:
                    await self.changed()
                    continue
                batch = list(self._updates.values()) * self.times_posted
                if self.shuffle is not None:
                    self.shuffle.shuffle(batch)
                for update in batch:
                    await self._post(client, update)

    async def _post(self, client: httpx.AsyncClient, update: Mapping[str, Any]) -> None:
        url, headers = self.webhook, {}
        if url is None:
            return
        if self._secret is not None:
            headers["X-Telegram-Bot-Api-Secret-Token"] = self._secret
        status, answer = 0, None
        with contextlib.suppress(httpx.HTTPError):
            response = await client.post(url, json=update, headers=headers)
            status = response.status_code
            if response.headers.get("content-type", "").startswith("application/json"):
                answer = response.json()
        self.posts.append((update["update_id"], status))
        if 200 <= status < 300:
            self._updates.pop(update["update_id"], None)
            if isinstance(answer, dict) and (method := answer.pop("method", None)):
                with contextlib.suppress(ApiError):  # nobody is told what became of it
                    await self._perform(method, answer)
        else:
            await asyncio.sleep(0.05)
        self._changed()

    # --- the API ---

    async def _app(self, scope: Scope, receive: Receive, send: Send) -> None:
        request = Request(scope, receive)
        answer = await self._answer(request)
        if answer is not None:
            await answer(scope, receive, send)
            return
        transport = receive.__self__.transport  # type: ignore[attr-defined]
        transport.abort()

    async def _answer(self, request: Request) -> Response | None:
        found = re.fullmatch(r"/(file/)?bot([^/]+)/(.+)", request.url.path)
        if found is None:
            return _error(ApiError(404, "Not Found"))
        if found[2] != self.token:
            return _error(ApiError(401, "Unauthorized"))
        if found[1]:
            return await self._download(found[3])
        method = found[3]
        try:
            parameters = await _parameters(request)
        except ApiError as problem:
            return _error(problem)
        self.calls.append((method, parameters))
        failure = self._next_failure(method, parameters)
        if failure is not None and not failure.after:
            return await _fail(failure)
        try:
            result = await self._perform(method, parameters)
            answer: Response = JSONResponse({"ok": True, "result": result})
        except ApiError as problem:
            answer = _error(problem)
        self._changed()
        return answer if failure is None else await _fail(failure)

    def _next_failure(self, method: str, parameters: Mapping[str, Any]) -> Failure | None:
        """The first failure that waits for such a call; it happens once."""
        for failure in self._failures[method]:
            wanted = {"chat_id": failure.chat_id, "text": failure.text}
            if all(what in (None, parameters.get(name)) for name, what in wanted.items()):
                self._failures[method].remove(failure)
                return failure
        return None

    async def _download(self, path: str) -> Response | None:
        failure = self._next_failure("download", {})
        if failure is not None:
            return await _fail(failure)
        for kept, content, _ in self._files.values():
            if kept == path:
                return Response(content, media_type="application/octet-stream")
        return _error(ApiError(404, "Not Found"))

    async def _perform(self, method: str, given: Mapping[str, Any]) -> Any:
        match method:
            case "getMe":
                return {
                    **_BOT,
                    "can_join_groups": True,
                    "can_read_all_group_messages": False,
                    "supports_inline_queries": False,
                }
            case "getUpdates":
                return await self._get_updates(given)
            case "setWebhook":
                return self._set_webhook(given)
            case "deleteWebhook":
                self.webhook = None
                return True
            case "getWebhookInfo":
                return {
                    "url": self.webhook or "",
                    "has_custom_certificate": False,
                    "pending_update_count": len(self._updates),
                }
            case "setMyCommands":
                return _check_commands(given)
            case "sendChatAction":
                self._check_chat(given)
                return True
            case "sendMessage":
                return self._send(given, _checked_text(given))
            case "sendPhoto":
                return self._send(given, _checked_caption(given), "photo")
            case "sendDocument":
                return self._send(given, _checked_caption(given), "document")
            case "editMessageText":
                return self._edit(given)
            case "answerCallbackQuery":
                return self._answer_press(given)
            case "getFile":
                return self._get_file(given)
            case "getChat":
                return self._get_chat(given)
            case "getChatMember":
                return self._get_member(given)
            case "createForumTopic":
                return self._create_topic(given)
            case "closeForumTopic" | "reopenForumTopic" | "deleteForumTopic":
                return self._change_topic(method, given)
            case _:
                raise ApiError(404, "Not Found")

    async def _get_updates(self, given: Mapping[str, Any]) -> list[Mapping[str, Any]]:
        if self.webhook is not None:
            raise ApiError(
                409,
                "Conflict: can't use getUpdates method while webhook is active; "
                "use deleteWebhook to delete the webhook first",
            )
        if "allowed_updates" in given:
            self._allowed = list(given["allowed_updates"]) or None
        offset = int(given.get("offset", 0))
        for confirmed in [number for number in self._updates if number < offset]:
            del self._updates[confirmed]
        if self._reader is not None:
            self._reader.set()
        mine = self._reader = asyncio.Event()
        end = time.monotonic() + float(given.get("timeout", 0))
        while not self._updates and time.monotonic() < end and not self._closing:
            if mine.is_set():
                raise ApiError(
                    409,
                    "Conflict: terminated by other getUpdates request; "
                    "make sure that only one bot instance is running",
                )
            with contextlib.suppress(TimeoutError):
                await asyncio.wait_for(self.changed(), min(0.25, max(0.0, end - time.monotonic())))
        limit = int(given.get("limit", 100))
        return list(self._updates.values())[:limit]

    def _set_webhook(self, given: Mapping[str, Any]) -> bool:
        url = str(given.get("url", ""))
        if not url:
            self.webhook = None
            return True
        if not re.match(r"https://|http://127\.0\.0\.1[:/]", url):
            raise ApiError(
                400, "Bad Request: bad webhook: An HTTPS URL must be provided for webhook"
            )
        secret = given.get("secret_token")
        if secret is not None and not re.fullmatch(r"[A-Za-z0-9_-]{1,256}", str(secret)):
            raise ApiError(400, "Bad Request: secret token contains unallowed characters")
        if "allowed_updates" in given:
            self._allowed = list(given["allowed_updates"]) or None
        self.posts_to(url, secret if secret is None else str(secret))
        return True

    def _check_chat(self, given: Mapping[str, Any]) -> int:
        chat_id = given.get("chat_id")
        if not isinstance(chat_id, int) or chat_id not in self.known:
            raise ApiError(400, "Bad Request: chat not found")
        if chat_id in self.blocked:
            raise ApiError(403, "Forbidden: bot was blocked by the user")
        group = self.groups.get(chat_id)
        if group is not None and group.moved_to is not None:
            raise ApiError(
                400,
                "Bad Request: group chat was upgraded to a supergroup chat",
                migrate_to=group.moved_to,
            )
        if group is not None and not group.inside:
            raise ApiError(403, "Forbidden: bot was kicked from the supergroup chat")
        thread = given.get("message_thread_id")
        if thread is not None and (group is None or thread not in group.topics):
            raise ApiError(400, "Bad Request: message thread not found")
        return chat_id

    def _get_chat(self, given: Mapping[str, Any]) -> dict[str, Any]:
        group = self.groups[self._check_chat(given)]
        return {**group.chat, "accent_color_id": 1, "max_reaction_count": 11, **_GIFTS}

    def _get_member(self, given: Mapping[str, Any]) -> dict[str, Any]:
        group = self.groups[self._check_chat(given)]
        if not group.admin:
            return {"status": "member", "user": _BOT}
        return {"status": "administrator", "user": _BOT, **_RIGHTS}

    def _create_topic(self, given: Mapping[str, Any]) -> dict[str, Any]:
        group = self.groups[self._check_chat(given)]
        if not group.forum:
            raise ApiError(400, "Bad Request: the chat is not a forum")
        if not group.admin:
            raise ApiError(400, "Bad Request: not enough rights to create a topic")
        name = str(given.get("name", ""))
        if not 1 <= units(name) <= 128:
            raise ApiError(400, "Bad Request: topic name is invalid")
        thread_id = self.new_message_id()
        group.topics[thread_id] = name
        if not group.silent:
            self.add({"message": group.made(thread_id)})
        return {"message_thread_id": thread_id, "name": name, "icon_color": 7322096}

    def _change_topic(self, method: str, given: Mapping[str, Any]) -> bool:
        group = self.groups[self._check_chat(given)]
        thread_id = int(given["message_thread_id"])
        if not group.admin:
            raise ApiError(400, "Bad Request: not enough rights")
        if method == "deleteForumTopic":
            del group.topics[thread_id]
            for number, one in list(self._messages[group.chat_id].items()):
                if one.thread_id == thread_id:
                    del self._messages[group.chat_id][number]
            return True
        if (thread_id in group.closed) is (method == "closeForumTopic"):
            raise ApiError(400, "Bad Request: TOPIC_NOT_MODIFIED")
        group.closed ^= {thread_id}
        return True

    def _check_pace(self, chat_id: int, now: float) -> None:
        if not self.strict_pace:
            return
        mine = [one.at for one in self.shown[chat_id] if now - one.at < 0.99]
        everybody = [
            one.at for shown in self.shown.values() for one in shown if now - one.at < 0.99
        ]
        if mine or len(everybody) >= 30:
            raise ApiError(429, "Too Many Requests: retry after 1", retry_after=1)

    def _send(self, given: Mapping[str, Any], text: str, kind: str | None = None) -> Any:
        chat_id = self._check_chat(given)
        now = time.monotonic()
        self._check_pace(chat_id, now)
        preview = given.get("link_preview_options", {})
        sent = Sent(
            message_id=self.new_message_id(),
            text=text,
            link_preview=not preview.get("is_disabled", False),
            thread_id=given.get("message_thread_id"),
            protected=given.get("protect_content") in ("true", True),
            at=now,
            **_markup(given.get("reply_markup")),
        )
        if kind is not None:
            name, content = given.get(kind, (None, b""))
            if not content:
                raise ApiError(400, f"Bad Request: there is no {kind} in the request")
            _check_upload(kind, content)
            sent = replace(sent, file_kind=kind, file_name=name, content=content)
        self._messages[chat_id][sent.message_id] = sent
        self.shown[chat_id].append(sent)
        if sent.keyboard or sent.removes_keyboard:
            self._not_inline.add((chat_id, sent.message_id))
        return self._as_message(chat_id, sent)

    def _edit(self, given: Mapping[str, Any]) -> Any:
        chat_id = self._check_chat(given)
        old = self._messages[chat_id].get(int(given.get("message_id", 0)))
        if old is None:
            raise ApiError(400, "Bad Request: message to edit not found")
        if (chat_id, old.message_id) in self._not_inline or old.file_kind is not None:
            raise ApiError(400, "Bad Request: message can't be edited")
        text = _checked_text(given)
        markup = _markup(given.get("reply_markup"))
        if markup["keyboard"] or markup["removes_keyboard"]:
            raise ApiError(400, "Bad Request: inline keyboard expected")
        if (old.text, old.inline) == (text, markup["inline"]):
            raise ApiError(
                400,
                "Bad Request: message is not modified: specified new message content and reply "
                "markup are exactly the same as a current content and reply markup of the message",
            )
        now = time.monotonic()
        self._check_pace(chat_id, now)
        new = replace(old, text=text, inline=markup["inline"], edits=old.edits + 1, at=now)
        self._messages[chat_id][old.message_id] = new
        self.shown[chat_id].append(new)
        return self._as_message(chat_id, new)

    def _as_message(self, chat_id: int, sent: Sent) -> dict[str, Any]:
        message: dict[str, Any] = {
            "message_id": sent.message_id,
            "from": _BOT,
            "chat": self.groups[chat_id].chat
            if chat_id in self.groups
            else {"id": chat_id, "type": "private", "first_name": "Lan"},
            "date": self.next_date(),
        }
        if sent.file_kind is None:
            return {**message, "text": sent.text}
        kept = self.keep_file(sent.content, "bin")
        if sent.file_kind == "photo":
            return {**message, "photo": [{**kept, "width": 90, "height": 67}]}
        return {**message, "document": kept}

    def _answer_press(self, given: Mapping[str, Any]) -> bool:
        press_id = given.get("callback_query_id")
        if press_id not in self._open_presses:
            raise ApiError(
                400,
                "Bad Request: query is too old and response timeout expired or query ID is invalid",
            )
        self._open_presses.discard(press_id)
        self.answered.append(press_id)
        text = str(given.get("text", ""))
        if units(text) > 200:
            raise ApiError(400, "Bad Request: MESSAGE_TOO_LONG")
        self.answers[press_id] = (text, given.get("show_alert") in ("true", True))
        self._changed()
        return True

    def _get_file(self, given: Mapping[str, Any]) -> dict[str, Any]:
        file_id = str(given.get("file_id"))
        if file_id not in self._files:
            raise ApiError(400, "Bad Request: wrong file_id or the file is temporarily unavailable")
        path, _, size = self._files[file_id]
        if size > 20 * _MEGABYTE:
            raise ApiError(400, "Bad Request: file is too big")
        return {
            "file_id": file_id,
            "file_unique_id": "AQAD",
            "file_size": size,
            "file_path": path,
        }


def _error(problem: ApiError) -> Response:
    body: dict[str, Any] = {
        "ok": False,
        "error_code": problem.code,
        "description": problem.description,
    }
    if problem.retry_after is not None:
        body["parameters"] = {"retry_after": problem.retry_after}
    if problem.migrate_to is not None:
        body["parameters"] = {"migrate_to_chat_id": problem.migrate_to}
    return JSONResponse(body, status_code=problem.code)


async def _fail(failure: Failure) -> Response | None:
    await asyncio.sleep(failure.seconds)
    if failure.status is None:
        return None
    if failure.body is not None:
        return Response(failure.body, status_code=failure.status)
    return _error(ApiError(failure.status, failure.description, failure.retry_after))


async def _parameters(request: Request) -> Mapping[str, Any]:
    """What came as a form, with or without files, or as JSON."""
    if request.headers.get("content-type", "").startswith("application/json"):
        given: Mapping[str, Any] = await request.json()
        return given
    parameters: dict[str, Any] = {}
    async with request.form() as form:
        for name, value in form.items():
            if isinstance(value, UploadFile):
                parameters[name] = (value.filename, await value.read())
            else:
                parameters[name] = _plain(name, value)
    for name, value in parameters.items():
        if isinstance(value, str) and value.startswith("attach://"):
            parameters[name] = parameters[value.removeprefix("attach://")]
            break
    return parameters


_STRUCTURED = {"reply_markup", "link_preview_options", "allowed_updates", "commands"}
_NUMBERS = {"chat_id", "message_id", "message_thread_id", "user_id", "offset", "limit", "timeout"}
_RIGHTS = {
    "can_manage_topics": True,
    "can_be_edited": False,
    "is_anonymous": False,
    **dict.fromkeys(
        (
            "can_manage_chat",
            "can_delete_messages",
            "can_manage_video_chats",
            "can_restrict_members",
            "can_promote_members",
            "can_change_info",
            "can_invite_users",
            "can_post_stories",
            "can_edit_stories",
            "can_delete_stories",
        ),
        False,
    ),
}
_GIFTS = {
    "accepted_gift_types": dict.fromkeys(
        (
            "unlimited_gifts",
            "limited_gifts",
            "unique_gifts",
            "premium_subscription",
            "gifts_from_channels",
        ),
        False,
    )
}


def _plain(name: str, value: str) -> Any:
    if name in _STRUCTURED:
        try:
            return json.loads(value)
        except ValueError as problem:
            raise ApiError(400, f"Bad Request: can't parse {name}") from problem
    if name in _NUMBERS and re.fullmatch(r"-?\d+", value):
        return int(value)
    return value


def _checked_text(given: Mapping[str, Any]) -> str:
    text = str(given.get("text", "")).strip()
    if not text:
        raise ApiError(400, "Bad Request: message text is empty")
    if units(text) > 4096:
        raise ApiError(400, "Bad Request: message is too long")
    return text


def _checked_caption(given: Mapping[str, Any]) -> str:
    caption = str(given.get("caption", "")).strip()
    if units(caption) > 1024:
        raise ApiError(400, "Bad Request: message caption is too long")
    return caption


def _check_upload(kind: str, content: bytes) -> None:
    if kind == "document":
        if len(content) > 50 * _MEGABYTE:
            raise ApiError(413, "Request Entity Too Large")
        return
    if len(content) > 10 * _MEGABYTE:
        raise ApiError(400, "Bad Request: file is too big")
    if not content.startswith((b"\xff\xd8\xff", b"\x89PNG\r\n\x1a\n")):
        raise ApiError(400, "Bad Request: IMAGE_PROCESS_FAILED")


def _check_commands(given: Mapping[str, Any]) -> bool:
    for command in given.get("commands", []):
        if not re.fullmatch(r"[a-z0-9_]{1,32}", command["command"]):
            raise ApiError(400, "Bad Request: BOT_COMMAND_INVALID")
        if not 1 <= units(command["description"]) <= 256:
            raise ApiError(400, "Bad Request: BOT_COMMAND_DESCRIPTION_INVALID")
    return True


def _markup(markup: Any) -> dict[str, Any]:
    """The buttons of a message, checked."""
    made: dict[str, Any] = {
        "inline": (),
        "keyboard": (),
        "requests": {},
        "one_time": False,
        "removes_keyboard": False,
    }
    if markup is None:
        return made
    kinds = {"inline_keyboard", "keyboard", "remove_keyboard", "force_reply"} & set(markup)
    if not isinstance(markup, dict) or len(kinds) != 1:
        raise ApiError(400, "Bad Request: object expected as reply markup")
    if "remove_keyboard" in markup:
        made["removes_keyboard"] = True
    if "inline_keyboard" in markup:
        rows = markup["inline_keyboard"]
        if sum(map(len, rows)) > 100:
            raise ApiError(400, "Bad Request: reply markup is too long")
        made["inline"] = tuple(tuple(map(_inline_button, row)) for row in rows)
    if "keyboard" in markup:
        rows = [[_keyboard_button(button) for button in row] for row in markup["keyboard"]]
        made["keyboard"] = tuple(tuple(label for label, _ in row) for row in rows)
        made["requests"] = {label: asked for row in rows for label, asked in row if asked}
        made["one_time"] = bool(markup.get("one_time_keyboard", False))
    return made


def _inline_button(button: Mapping[str, Any]) -> tuple[str, str]:
    label, data = str(button.get("text", "")), button.get("callback_data")
    if not label.strip():
        raise ApiError(400, "Bad Request: inline keyboard button text is empty")
    if not isinstance(data, str):
        raise ApiError(400, "Bad Request: text buttons are unallowed in the inline keyboard")
    if not 1 <= len(data.encode()) <= 64:
        raise ApiError(400, "Bad Request: BUTTON_DATA_INVALID")
    return label, data


def _keyboard_button(button: Mapping[str, Any] | str) -> tuple[str, str]:
    if isinstance(button, str):
        return button, ""
    label = str(button.get("text", ""))
    if not label.strip():
        raise ApiError(400, "Bad Request: keyboard button text is empty")
    if button.get("request_location"):
        return label, "location"
    return label, "contact" if button.get("request_contact") else ""
