"""A busy morning: how many citizens at once, each with a whole talk, and where the limit is.

    python -m bench.morning [--citizens 500] [--minutes 1] [--web 0.6] [--postgres [--workers 2]]
    python -m bench.morning --citizens 5000 --minutes 10

Citizens come evenly over the minutes. Each asks about the law, then for an officer, says from
where, agrees, and leaves no number: a request with an office at the end. A part of them (`--web`)
is at the web page without a script, the others are on Telegram, against a Bot API on the loopback;
each waits for an answer, thinks for a moment, and goes on. Told are the waits by fifths of the
time, the requests opened, and what the processor had to do: from that follows the limit.

Telegram lets a bot send 30 messages a second, and the program keeps to it. Ends with status 1
when somebody was not answered, or a request is missing.
"""

import argparse
import asyncio
import random
import re
import secrets
import sys
import tempfile
import time
from collections.abc import Sequence
from contextlib import ExitStack
from dataclasses import dataclass, field
from itertools import count
from pathlib import Path

import httpx
import sqlalchemy as sa

from bench.stand import Lines, Loopback, cluster, cpu_seconds, percentile, update
from bench.turns import WEBHOOK, House
from cases.model import Case
from store.session import Database
from tests.channels.bot_api import serving

TALK = (
    "vay tien nguoi ta lai suat toi da bao nhieu",
    "cho tôi gặp cán bộ",
    "xã Đá Bạc",
    "Nói với cán bộ sau",
    "Đồng ý gửi",
    "Không để lại số",
)
_THINKS = (0.5, 2.0)
"""Seconds between an answer and the next message."""
_GIVES_UP = 180.0
_TOKEN = re.compile(r'name="token" value="([^"]+)"')
_ANSWER = 'class="m ours"'
_PARTS = 5
TELEGRAM_SENDS = 30
"""Messages a second that Telegram takes from one bot."""
_numbers = count(830_000_001)
_chats = count(560_000_000)


@dataclass
class Book:
    """When each message was said and how long its answer took, in seconds."""

    waits: list[tuple[float, float]] = field(default_factory=list)
    finished: int = 0
    gave_up: int = 0

    def told(self, seconds: float) -> Sequence[str]:
        """The waits by parts of the time."""
        lines = []
        for part in range(_PARTS):
            begin, end = seconds * part / _PARTS, seconds * (part + 1) / _PARTS
            last = part == _PARTS - 1
            waits = [took for at, took in self.waits if begin <= at and (at < end or last)]
            lines.append(
                f"  {begin:4.0f} s: {len(waits)} messages, p50 {percentile(waits, 0.5):.2f} s, "
                f"p95 {percentile(waits, 0.95):.2f} s"
            )
        return lines


class Crowd:
    """Citizens of one server."""

    def __init__(self, port: int, api: Loopback, source: random.Random) -> None:
        self.book = Book()
        self._api = api
        self._source = source
        self._lines = Lines(port, WEBHOOK, 64)
        self._client = httpx.AsyncClient(
            base_url=f"http://127.0.0.1:{port}",
            timeout=60,
            limits=httpx.Limits(max_connections=64, max_keepalive_connections=0),
        )
        self._begun = time.monotonic()

    async def one(self, *, web: bool) -> None:
        """One citizen from the first word to the request."""
        try:
            async with asyncio.timeout(_GIVES_UP):
                await (self._at_the_page() if web else self._on_telegram())
        except TimeoutError:
            self.book.gave_up += 1
        else:
            self.book.finished += 1

    async def _on_telegram(self) -> None:
        chat = next(_chats)
        for words in TALK:
            before, begun = len(self._api.times[chat]), time.monotonic()
            status, _ = await self._lines.post(update(next(_numbers), chat, words))
            assert status == 200, status
            await self._waited(begun, await self._api.hears(chat, before + 1, _GIVES_UP))
        del self._api.times[chat], self._api.got[chat]

    async def _at_the_page(self) -> None:
        form = {"opening": secrets.token_urlsafe(16), "do": "say"}
        answers = 0
        for number, words in enumerate(TALK):
            begun = time.monotonic()
            page = await self._posts({**form, "client_id": f"message-{number}", "text": words})
            form = {"token": _TOKEN.findall(page)[0], "do": "say"}
            while page.count(_ANSWER) <= answers:
                page = await self._posts({**form, "client_id": "looks-again", "do": "look"})
            answers = page.count(_ANSWER)
            await self._waited(begun, time.monotonic())

    async def _posts(self, form: dict[str, str]) -> str:
        answer = await self._client.post("/chat/plain", data=form)
        assert answer.status_code == 200, answer.status_code
        return answer.text

    async def _waited(self, begun: float, answered: float) -> None:
        self.book.waits.append((begun - self._begun, answered - begun))
        await asyncio.sleep(self._source.uniform(*_THINKS))

    async def close(self) -> None:
        self._lines.close()
        await self._client.aclose()


async def comes(crowd: Crowd, citizens: int, seconds: float, web: float) -> None:
    """Let so many come, evenly, and wait until the last has gone."""
    begun = time.monotonic()
    async with asyncio.TaskGroup() as group:
        for number in range(citizens):
            await asyncio.sleep(begun + number * seconds / citizens - time.monotonic())
            at_the_page = int((number + 1) * web) > int(number * web)
            group.create_task(crowd.one(web=at_the_page))


async def requests(database: Database) -> int:
    """How many were opened."""
    query = sa.select(sa.func.count()).select_from(Case)
    return await database.read(lambda session: session.scalar(query) or 0)


async def run(citizens: int, minutes: float, web: float, workers: int, *, postgres: bool) -> bool:
    """Measure and tell; whether everybody was served."""
    with ExitStack() as stack:
        folder = Path(stack.enter_context(tempfile.TemporaryDirectory(prefix="tram-morning-")))
        place = stack.enter_context(cluster()) if postgres else None
        api = Loopback(random.Random(1))
        async with serving(api.app) as url, House(folder, api, url, place).ours(workers) as ours:
            server, database = ours
            crowd = Crowd(server.port, api, random.Random(2))
            before, begun = cpu_seconds(server.pid), time.monotonic()
            await comes(crowd, citizens, minutes * 60, web)
            lasted = time.monotonic() - begun
            busy = (cpu_seconds(server.pid) - before) / lasted
            opened = await requests(database)
            await crowd.close()
    book = crowd.book
    rate = len(book.waits) / lasted
    print(
        f"{'PostgreSQL' if postgres else 'SQLite'}: {citizens} citizens in {minutes:g} min, "
        f"{web:.0%} at the page: {book.finished} served, {book.gave_up} gave up, "
        f"{opened} requests opened; {len(book.waits)} messages in {lasted:.0f} s ({rate:.1f}/s)"
    )
    print("\n".join(book.told(lasted)))
    most = rate / busy
    print(
        f"  the process took {busy:.0%} of a core: one core ends at about {most:.0f} messages a "
        f"second, {most * 600 / len(TALK):.0f} such citizens in ten minutes; on Telegram alone the "
        f"platform ends at {TELEGRAM_SENDS} a second, {TELEGRAM_SENDS * 600 // len(TALK)} citizens"
    )
    return book.gave_up == 0 and opened == citizens


def main() -> int:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawTextHelpFormatter
    )
    parser.add_argument("--citizens", type=int, default=500)
    parser.add_argument("--minutes", type=float, default=1.0)
    parser.add_argument("--web", type=float, default=0.6, help="the part at the web page")
    parser.add_argument("--postgres", action="store_true")
    parser.add_argument("--workers", type=int, default=0, help="processes beside the web's")
    given = parser.parse_args()
    served = asyncio.run(
        run(given.citizens, given.minutes, given.web, given.workers, postgres=given.postgres)
    )
    return int(not served)


if __name__ == "__main__":
    sys.exit(main())
