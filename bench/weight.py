"""What one talk weighs: the processor's time for a message, and what stays in the database.

    python -m bench.weight [--talks 200] [--postgres]

The talks are those of `bench.morning`, each with a request at its end, through the Telegram
adapter, the inbox, the turn, the outbox and the delivery in this process; only sockets are left
out. Processor time is that of this process, so that other work on the machine disturbs it little;
a PostgreSQL's own is not in it. The figures are what docs/scale.md counts with.
"""

import argparse
import asyncio
import tempfile
import time
from contextlib import ExitStack
from pathlib import Path

import sqlalchemy as sa

from bench.inside import Inside, Writes
from bench.morning import TALK, requests
from bench.stand import cluster
from bot.app import load_rooms
from bot.valve import Measure
from cases.province import load_province
from store.clock import SystemClock
from store.crypto import Keyring, Vault
from store.migrate import migrate
from store.session import Database, Session

_WARM = 10
"""Talks before the measuring."""


def size(session: Session) -> int:
    """The bytes of the database, as far as they are in use."""
    if session.on_postgres:
        told = sa.select(sa.func.pg_database_size(sa.func.current_database()))
        return session.scalar(told) or 0
    pages, free, each = (
        session.scalar(sa.text(f"PRAGMA {name}")) or 0
        for name in ("page_count", "freelist_count", "page_size")
    )
    return int((pages - free) * each)


async def talks(house: Inside, writes: Writes, first: int, count: int) -> None:
    """Hold so many whole talks, message by message."""
    for words in TALK:
        for who in range(first, first + count):
            status, _ = await house.post(writes.telegram(who, words))
            assert status == 200, status
        await house.turns()
        await house.sends()


async def run(count: int, *, postgres: bool) -> None:
    """Measure and tell."""
    rooms = load_rooms(load_province("ca-mau"))
    with ExitStack() as stack:
        folder = Path(stack.enter_context(tempfile.TemporaryDirectory(prefix="tram-weight-")))
        url = f"sqlite:///{folder / 'tram.db'}"
        if postgres:
            url = stack.enter_context(cluster()).new("weight")
        database = Database(url, Vault(Keyring.fresh()), SystemClock())
        migrate(database)
        async with Inside(database, rooms, Measure(10**9)) as house:
            writes = Writes()
            await talks(house, writes, 1, _WARM)
            before, begun, used = database.read_now(size), time.monotonic(), time.process_time()
            await talks(house, writes, 1_000, count)
            lasted, took = time.monotonic() - begun, time.process_time() - used
            grown, opened = database.read_now(size) - before, await requests(database)
        await database.close()
    messages = count * len(TALK)
    print(
        f"{'PostgreSQL' if postgres else 'SQLite'}: {count} talks, {messages} messages in "
        f"{lasted:.0f} s, {opened - _WARM} requests opened\n"
        f"  {took / messages * 1000:.1f} ms of the processor for a message with its answer; "
        f"{grown / count / 1024:.1f} KB in the database for a talk with its request"
    )


def main() -> None:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawTextHelpFormatter
    )
    parser.add_argument("--talks", type=int, default=200)
    parser.add_argument("--postgres", action="store_true")
    given = parser.parse_args()
    asyncio.run(run(given.talks, postgres=given.postgres))


if __name__ == "__main__":
    main()
