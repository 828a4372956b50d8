"""Does the memory stay flat? Citizens come for a while, and the process is weighed.

    python -m bench.soak [--minutes 30] [--rate 0.5] [--postgres]

The citizens and their talks are those of `bench.morning`, `--rate` new ones a second. The first
third of the time is warm-up; after it the resident memory is weighed every five seconds, and the
mean of the last fifth is compared with that of the first. Ends with status 1 above 2 % of growth.
"""

import argparse
import asyncio
import os
import random
import sys
import tempfile
import time
from contextlib import ExitStack
from pathlib import Path
from statistics import fmean

from bench.morning import Crowd, comes
from bench.stand import Loopback, cluster
from bench.turns import House
from tests.channels.bot_api import serving

_EVERY = 5.0
"""Seconds."""
_MOST_GROWTH = 0.02


def resident(pid: int) -> int:
    """The bytes of memory that a process holds."""
    pages = Path(f"/proc/{pid}/statm").read_text("ascii").split()[1]
    return int(pages) * os.sysconf("SC_PAGE_SIZE")


async def run(minutes: float, rate: float, *, postgres: bool) -> float:
    """Measure and tell; the growth after the warm-up, as a part of the whole."""
    seconds = minutes * 60
    with ExitStack() as stack:
        folder = Path(stack.enter_context(tempfile.TemporaryDirectory(prefix="tram-soak-")))
        place = stack.enter_context(cluster()) if postgres else None
        api = Loopback(random.Random(1))
        async with serving(api.app) as url, House(folder, api, url, place).ours() as (server, _):
            crowd = Crowd(server.port, api, random.Random(2))
            weights = list[tuple[float, int]]()

            async def weigh() -> None:
                begun = time.monotonic()
                while True:
                    weights.append((time.monotonic() - begun, resident(server.pid)))
                    await asyncio.sleep(_EVERY)

            weighing = asyncio.create_task(weigh())
            try:
                await comes(crowd, int(rate * seconds), seconds, web=0.5)
            finally:
                weighing.cancel()
                await crowd.close()
    warm = [weight for at, weight in weights if at >= seconds / 3]
    part = max(1, len(warm) // 5)
    first, last = fmean(warm[:part]), fmean(warm[-part:])
    growth = last / first - 1
    print(
        f"{'PostgreSQL' if postgres else 'SQLite'}, {minutes:g} min, {crowd.book.finished} talks "
        f"({crowd.book.gave_up} given up): {weights[0][1] / 2**20:.0f} MB at the start, "
        f"{first / 2**20:.1f} MB after the warm-up, {last / 2**20:.1f} MB at the end: "
        f"{growth:+.1%} (goal ±2 %)"
    )
    return growth


def main() -> int:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawTextHelpFormatter
    )
    parser.add_argument("--minutes", type=float, default=30.0)
    parser.add_argument("--rate", type=float, default=0.5, help="new citizens a second")
    parser.add_argument("--postgres", action="store_true")
    given = parser.parse_args()
    growth = asyncio.run(run(given.minutes, given.rate, postgres=given.postgres))
    return int(abs(growth) > _MOST_GROWTH)


if __name__ == "__main__":
    sys.exit(main())
