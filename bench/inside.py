"""The web side of the whole program in this process, posted to without a socket in between.

The adapters, the valve before the inbox, the lifeline, and a worker for the turns are the ones
that `python -m bot` puts together; only the network is left out, so that a great many updates go
through in little time.
"""

import hashlib
import itertools
import json
from collections.abc import Mapping, Sequence
from contextlib import AsyncExitStack
from dataclasses import dataclass, field, replace
from types import TracebackType
from typing import Any, Self

from fastapi import FastAPI

from bench.stand import SECRET, TOKEN, update
from bot.app import make_app
from bot.channels import telegram, zalo_bot, zalo_oa
from bot.channels.message import (
    Channel,
    ChannelName,
    FetchedFile,
    Outbound,
    Receipt,
    RemoteFile,
    Sent,
)
from bot.channels.telegram import Telegram, public_id
from bot.channels.webchat import WebChat, make_webchat
from bot.channels.zalo_bot import ZaloBot
from bot.channels.zalo_oa import ZaloOa
from bot.lifeline import Lifeline
from bot.metrics import Metrics
from bot.turn import Rooms
from bot.valve import Measure, Valve
from bot.worker import Did, Worker
from store.session import Database

NOWHERE = "http://127.0.0.1:9"
"""Where no platform is: nothing is ever sent to one from here."""
ZALO_APP = "1234567890123456789"
ZALO_SECRET = "bench-secret-of-the-account"  # noqa: S105 - of a server that lives for minutes


@dataclass(frozen=True)
class Letter:
    """One request of a platform, ready to be posted."""

    path: str
    body: bytes = field(repr=False)
    headers: Mapping[str, str]

    def with_headers(self, **headers: str) -> "Letter":
        """The same with other headers; underlines stand for hyphens."""
        named = {name.replace("_", "-").lower(): value for name, value in headers.items()}
        return replace(self, headers={**self.headers, **named})


def by_telegram(body: bytes) -> Letter:
    """An update as Telegram posts it."""
    headers = {"x-telegram-bot-api-secret-token": SECRET, "content-type": "application/json"}
    return Letter(telegram.WEBHOOK_PATH, body, headers)


def by_zalo_bot(body: bytes) -> Letter:
    """An update as the Zalo Bot Platform posts it."""
    headers = {"x-bot-api-secret-token": SECRET, "content-type": "application/json"}
    return Letter(zalo_bot.WEBHOOK_PATH, body, headers)


def by_zalo_oa(body: bytes, timestamp: str) -> Letter:
    """An event as Zalo signs and posts it."""
    signed = ZALO_APP.encode() + body + timestamp.encode() + ZALO_SECRET.encode()
    headers = {
        "x-zevent-signature": "mac=" + hashlib.sha256(signed).hexdigest(),
        "x-zevent-timestamp": timestamp,
        "content-type": "application/json",
    }
    return Letter(zalo_oa.WEBHOOK_PATH, body, headers)


def by_web(body: bytes, token: str, where: str = "say") -> Letter:
    """What the page's script posts."""
    headers = {"authorization": f"Bearer {token}", "content-type": "application/json"}
    return Letter(f"/chat/{where}", body, headers)


class Writes:
    """Somebody at each channel who writes words; every letter has an id of its own."""

    def __init__(self) -> None:
        self._numbers = itertools.count(1)

    def telegram(self, who: int, words: str) -> Letter:
        return by_telegram(json.dumps(update(next(self._numbers), who, words)).encode())

    def zalo_oa(self, who: int, words: str) -> Letter:
        event = {
            "app_id": ZALO_APP,
            "event_name": "user_send_text",
            "sender": {"id": str(who)},
            "recipient": {"id": "579745863508352884"},
            "timestamp": "1795410000000",
            "message": {"msg_id": f"m{next(self._numbers)}", "text": words},
        }
        return by_zalo_oa(json.dumps(event).encode(), "1795410000000")

    def zalo_bot(self, who: int, words: str) -> Letter:
        message = {
            "from": {"id": str(who), "is_bot": False},
            "chat": {"id": str(who), "chat_type": "PRIVATE"},
            "message_id": f"z{next(self._numbers)}",
            "text": words,
        }
        told = {"event_name": "message.text.received", "message": message}
        return by_zalo_bot(json.dumps(told).encode())

    def web(self, token: str, words: str) -> Letter:
        said = {"client_id": f"message-{next(self._numbers)}", "text": words}
        return by_web(json.dumps(said).encode(), token)


class Mute:
    """A channel whose platform is not there: its sends are kept in `sent`, its files are gone."""

    def __init__(self, channel: Channel, sent: list[tuple[ChannelName, str, str]]) -> None:
        self.name, self.capabilities = channel.name, channel.capabilities
        self.read = channel.read
        self._sent = sent

    async def fetch(self, file: RemoteFile) -> FetchedFile | None:  # noqa: ARG002
        return None

    async def send(self, address: str, message: Outbound) -> Sent:
        self._sent.append((self.name, address, message.text))
        return Receipt(f"r{len(self._sent)}")


class Inside:
    """Use as `async with`. `seconds` is the valve's clock; who wants time to pass adds to it."""

    def __init__(self, database: Database, rooms: Rooms, measure: Measure | None = None) -> None:
        self.database = database
        self.seconds = 0.0
        self.sent: list[tuple[ChannelName, str, str]] = []
        """Channel, address and words of what the citizens were shown."""
        self._telegram = Telegram(TOKEN, NOWHERE)
        self._zalo_oa = ZaloOa(
            database,
            app_id=ZALO_APP,
            app_secret=ZALO_SECRET,
            refresh_token=ZALO_SECRET,
            api_url=NOWHERE,
            oauth_url=NOWHERE,
        )
        self._zalo_bot = ZaloBot(SECRET, NOWHERE)
        real: Sequence[Channel] = (self._telegram, self._zalo_oa, self._zalo_bot, WebChat())
        self.channels: dict[ChannelName, Channel] = {
            one.name: Mute(one, self.sent) if one.name is not ChannelName.WEB else one
            for one in real
        }
        self.metrics = Metrics()
        lifeline = Lifeline(rooms.reader, lambda: rooms.texts, database.clock.today)
        lifeline.over(self.channels)
        self.valve = Valve(
            database, lifeline, self.metrics, measure=measure, now=lambda: self.seconds
        )
        self.worker = Worker(database, rooms, self.channels, metrics=self.metrics)
        self.app = make_app(
            database,
            FastAPI(),
            telegram.make_webhook(database, SECRET, public_id(TOKEN), lifeline, self.valve),
            zalo_oa.make_webhook(
                database, app_id=ZALO_APP, secret=ZALO_SECRET, lifeline=lifeline, valve=self.valve
            ),
            zalo_bot.make_webhook(database, SECRET, lifeline, self.valve),
            make_webchat(
                database,
                lambda: rooms.texts,
                answer_within=0.0,
                lifeline=lifeline,
                valve=self.valve,
            ),
        )
        self._stack = AsyncExitStack()

    async def __aenter__(self) -> Self:
        await self._stack.enter_async_context(self._telegram)
        return self

    async def __aexit__(
        self,
        kind: type[BaseException] | None,
        problem: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        await self._stack.aclose()

    async def post(self, letter: Letter, method: str = "POST") -> tuple[int, bytes]:
        """Post one letter: the status and the body of the answer.

        Raises:
            Exception: whatever the application let through; a server would have told 500.
        """
        path, _, query = letter.path.partition("?")
        scope = {
            "type": "http",
            "asgi": {"version": "3.0"},
            "http_version": "1.1",
            "method": method,
            "scheme": "http",
            "path": path,
            "raw_path": path.encode(),
            "query_string": query.encode(),
            "root_path": "",
            "headers": [
                (name.encode("latin-1", "replace"), value.encode("latin-1", "replace"))
                for name, value in letter.headers.items()
            ],
            "client": ("127.0.0.1", 1),
            "server": ("tram.test", 80),
            "state": {},
        }
        unread = [letter.body]
        status, answer = 0, bytearray()

        async def receive() -> dict[str, Any]:
            if unread:
                return {"type": "http.request", "body": unread.pop(), "more_body": False}
            return {"type": "http.disconnect"}

        async def send(message: Any) -> None:
            nonlocal status
            if message["type"] == "http.response.start":
                status = message["status"]
            else:
                answer.extend(message.get("body", b""))

        await self.app(scope, receive, send)
        return status, bytes(answer)

    async def opens(self, opening: str) -> str:
        """Open a talk at the web page; its token."""
        body = json.dumps({"opening": opening, "words_follow": True}).encode()
        status, answer = await self.post(by_web(body, "", "open"))
        assert status == 201, status
        token: str = json.loads(answer)["token"]
        return token

    async def turns(self, most: int | None = None) -> int:
        """Answer what waits, `most` messages at most; how many it were."""
        done = 0
        while (most is None or done < most) and await self.worker.answer_one() is Did.SOMETHING:
            done += 1
        return done

    async def sends(self) -> None:
        """Send what waits to be sent."""
        while await self.worker.send_one() is Did.SOMETHING:
            pass
