"""How fast a turn is, beside the least that a webhook has to do in the same run.

    python -m bench.turns [--updates 2000] [--seconds 20] [--postgres]

Ours is the whole program in its own process: the update comes by the Telegram webhook, is
understood, answered, kept, and its answer sent to a Bot API on the loopback. The reference checks
the secret, inserts one row and commits (`bench.reference`), over the same server and database.

Told are: the processor's share of an idle process; the webhook's answers at 50 updates a second;
message in → sent; and turns a second against the reference's updates a second, with the
processor's time for each, which says more where the machine has other work. With `--postgres`
the last also for a web process with one worker and with two.
"""

import argparse
import asyncio
import os
import random
import sys
import tempfile
import time
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import ExitStack, asynccontextmanager
from dataclasses import dataclass
from itertools import count
from pathlib import Path

import httpx
import sqlalchemy as sa

from bench.chaos import WORDS
from bench.stand import (
    SECRET,
    TOKEN,
    Cluster,
    Lines,
    Loopback,
    cluster,
    cpu_seconds,
    percentile,
    update,
)
from bot.inbox import InboxRow, InboxState
from store.clock import SystemClock
from store.crypto import Keyring, Vault
from store.session import Database
from tests.channels.bot_api import serving
from tests.journeys.server import ROOT, Server, free_port

WEBHOOK = "/webhook/telegram"
_numbers = count(810_000_001)


async def at_rate(
    each: Callable[[int], Awaitable[None]], per_second: float, seconds: float
) -> None:
    """Begin something again and again at a steady rate, whatever became of the one before."""
    begun = time.perf_counter()
    async with asyncio.TaskGroup() as group:
        for number in range(int(per_second * seconds)):
            await asyncio.sleep(begun + number / per_second - time.perf_counter())
            group.create_task(_awaited(each(number)))


async def _awaited(what: Awaitable[None]) -> None:
    await what


async def acknowledged_in(port: int, rate: float, seconds: float) -> list[float]:
    """How long the webhook took to say 200, at a steady rate."""
    lines, took = Lines(port, WEBHOOK, 64), list[float]()

    async def one(number: int) -> None:
        what = update(next(_numbers), 510_000_000 + number % 400, WORDS[number % len(WORDS)])
        status, waited = await lines.post(what)
        assert status == 200, status
        took.append(waited)

    await at_rate(one, rate, seconds)
    lines.close()
    return took


async def sent_in(api: Loopback, port: int, rate: float, seconds: float) -> list[float]:
    """How long it took from a message's post to its answer at the platform, at a steady rate."""
    lines, took = Lines(port, WEBHOOK, 64), list[float]()
    talks = [520_000_000 + number for number in range(int(rate * 4))]
    for chat in talks:  # the welcome, which is longer, before
        await lines.post(update(next(_numbers), chat, WORDS[0]))
    for chat in talks:
        await api.hears(chat, 1, 300)
    await asyncio.sleep(5)
    heard = {chat: len(api.times[chat]) for chat in talks}

    async def one(number: int) -> None:
        # Its own answer, also when the one before is still on its way.
        turn, place = divmod(number, len(talks))
        chat, begun = talks[place], time.monotonic()
        status, _ = await lines.post(update(next(_numbers), chat, WORDS[1]))
        assert status == 200, status
        took.append(await api.hears(chat, heard[chat] + turn + 1, 120) - begun)

    await at_rate(one, rate, seconds)
    lines.close()
    return took


async def posted(port: int, updates: int, at_once: int = 16) -> None:
    """Post as fast as it is taken."""
    lines, left = Lines(port, WEBHOOK, at_once), iter(range(updates))

    async def poster() -> None:
        for number in left:
            chat = 530_000_000 + number % max(1, updates // 5)
            status, _ = await lines.post(update(next(_numbers), chat, WORDS[number % len(WORDS)]))
            assert status == 200, status

    await asyncio.gather(*(poster() for _ in range(at_once)))
    lines.close()


@dataclass
class Pace:
    """How fast a process was."""

    a_second: float = 0.0
    cpu: float = 0.0
    """Seconds of the processor for each; other work on the machine disturbs it little."""


@asynccontextmanager
async def paced(pid: int, updates: int) -> AsyncIterator[Pace]:
    """Measure a process while it takes so many updates."""
    pace, begun, used = Pace(), time.perf_counter(), cpu_seconds(pid)
    yield pace
    pace.a_second = updates / (time.perf_counter() - begun)
    pace.cpu = (cpu_seconds(pid) - used) / updates


class House:
    """Where one database's figures are taken."""

    def __init__(self, folder: Path, api: Loopback, api_url: str, database: Cluster | None) -> None:
        self._folder, self._api, self._api_url, self._cluster = folder, api, api_url, database
        self._names = count(1)

    def _new(self) -> tuple[Path, str]:
        number = next(self._names)
        folder = self._folder / str(number)
        folder.mkdir()
        if self._cluster is not None:
            return folder, self._cluster.new(f"turns{number}")
        return folder, f"sqlite:///{folder / 'tram.db'}"

    @asynccontextmanager
    async def reference(self) -> AsyncIterator[tuple[int, int]]:
        """The reference in its own process; its port and its number."""
        _, url = self._new()
        port = free_port()
        process = await asyncio.create_subprocess_exec(
            sys.executable, "-m", "bench.reference", str(port), url, cwd=ROOT
        )
        try:
            async with httpx.AsyncClient(base_url=f"http://127.0.0.1:{port}") as client:
                while not await _ready(client):  # noqa: ASYNC110 - another process
                    await asyncio.sleep(0.1)
            yield port, process.pid
        finally:
            process.kill()
            await process.wait()

    @asynccontextmanager
    async def ours(self, workers: int = 0) -> AsyncIterator[tuple[Server, Database]]:
        """The program: one process, or one for the web and some workers beside it."""
        folder, url = self._new()
        settings = {
            "database_url": url,
            "telegram_token": TOKEN,
            "telegram_api_url": f"{self._api_url}/ours",
            "telegram_webhook_secret": SECRET,
            "public_url": "http://127.0.0.1",
        }
        web = Server(folder, "--role", "web" if workers else "both", **settings)
        others = [Server(folder, "--role", "worker", **settings) for _ in range(workers)]
        database = None
        try:
            await asyncio.to_thread(web.start)
            for one in others:
                await asyncio.to_thread(one.start)
            database = Database(url, Vault(Keyring.from_file(folder / "keys.json")), SystemClock())
            yield web, database
        finally:
            for one in (web, *others):
                one.close()
            if database is not None:
                await database.close()

    async def turns(self, updates: int, workers: int = 0) -> "Pace":
        async with self.ours(workers) as (web, database):
            await posted(web.port, 50)
            await _answered(database)  # warm
            async with paced(web.pid, updates) as pace:
                await posted(web.port, updates)
                await _answered(database)
            return pace

    async def measure(self, updates: int, seconds: float, rate: float) -> None:
        """Take all figures of one database and tell them."""
        print("PostgreSQL" if self._cluster is not None else "SQLite")
        async with self.reference() as (port, pid):
            await posted(port, 50)
            async with paced(pid, updates) as least:
                await posted(port, updates)
            least_waits = await acknowledged_in(port, 50, seconds)
        async with self.ours() as (web, database):
            await asyncio.sleep(5)
            before = cpu_seconds(web.pid)
            await asyncio.sleep(seconds)
            idle = (cpu_seconds(web.pid) - before) / seconds
            print(f"  idle: {idle:.1%} of a core (goal 1 %)")
            sent = await sent_in(self._api, web.port, rate, seconds)
            print(
                f"  in → sent at {rate:.0f}/s: p50 {_ms(sent, 0.5)}, p99 {_ms(sent, 0.99)}"
                " (goal 40 and 150 ms)"
            )
            waits = await acknowledged_in(web.port, 50, seconds)
            await _answered(database)
        ratio = percentile(waits, 0.99) / percentile(least_waits, 0.99)
        print(
            f"  acknowledged at 50/s: p50 {_ms(waits, 0.5)}, p99 {_ms(waits, 0.99)}; reference "
            f"p50 {_ms(least_waits, 0.5)}, p99 {_ms(least_waits, 0.99)}: {ratio:.2f}× (goal 2)"
        )
        one = await self.turns(updates)
        goal = 0.5 if self._cluster is not None else 0.35
        print(
            f"  turns: {one.a_second:.0f}/s in one process; reference {least.a_second:.0f}/s: "
            f"{one.a_second / least.a_second:.3f} (goal {goal})\n"
            f"  processor: {one.cpu * 1000:.1f} ms a turn; reference {least.cpu * 1000:.2f} ms an "
            f"update: {least.cpu / one.cpu:.3f}"
        )
        if self._cluster is not None:
            single = (await self.turns(updates, workers=1)).a_second
            double = (await self.turns(updates, workers=2)).a_second
            print(
                f"  a web process and one worker {single:.0f}/s, two workers {double:.0f}/s: "
                f"{double / single:.2f}× (goal 1.7, on {os.cpu_count()} cores)"
            )


def _ms(values: list[float], part: float) -> str:
    return f"{percentile(values, part) * 1000:.0f} ms"


async def _ready(client: httpx.AsyncClient) -> bool:
    try:
        return (await client.get("/readyz")).status_code == 200
    except httpx.HTTPError:
        return False


async def _answered(database: Database) -> None:
    """Wait until every message has had its turn."""
    query = sa.select(sa.exists().where(InboxRow.state == InboxState.WAITING))
    while await database.read(lambda s: s.scalar(query)):  # noqa: ASYNC110 - other processes
        await asyncio.sleep(0.05)


async def run(updates: int, seconds: float, rate: float, *, postgres: bool) -> None:
    with ExitStack() as stack:
        folder = Path(stack.enter_context(tempfile.TemporaryDirectory(prefix="tram-turns-")))
        database = stack.enter_context(cluster()) if postgres else None
        api = Loopback(random.Random(1))
        async with serving(api.app) as url:
            await House(folder, api, url, database).measure(updates, seconds, rate)


def main() -> None:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawTextHelpFormatter
    )
    parser.add_argument("--updates", type=int, default=2000)
    parser.add_argument("--seconds", type=float, default=20.0)
    parser.add_argument(
        "--rate",
        type=float,
        default=25.0,
        help="messages a second for in → sent; Telegram itself allows a bot 30",
    )
    parser.add_argument("--postgres", action="store_true")
    given = parser.parse_args()
    asyncio.run(run(given.updates, given.seconds, given.rate, postgres=given.postgres))


if __name__ == "__main__":
    main()
