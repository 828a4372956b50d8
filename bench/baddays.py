"""The database goes away and comes back, and the disk fills: what is acknowledged is kept.

    python -m bench.baddays [--times 50] [--full 10] [--disk FOLDER]

PostgreSQL is killed (`kill -9` of all its processes) and started again so many times, with
citizens writing to every adapter before, meanwhile and after, each update posted until it is
taken, as platforms do. Then a SQLite database is full so many times: its `max_page_count` is set
to the pages it has, which gives the same error as a full disk and needs no rights. With `--disk`
a folder on a small file system of its own (`mount -t tmpfs -o size=300m tmpfs FOLDER`) takes its
place: a ballast fills it to the last byte, under SQLite and under PostgreSQL.

Promised: what was answered with 200 (202 to the page) stands in the inbox, once; what was not is
answered with 503 and nothing else; who writes of danger while nothing can be kept gets the card
once for each event; and everything goes on by itself afterwards. Ends with status 1 otherwise.
"""

import argparse
import asyncio
import json
import sys
import tempfile
import time
from collections import Counter
from collections.abc import Callable, Iterable, Iterator
from contextlib import suppress
from dataclasses import dataclass, field
from pathlib import Path
from typing import Protocol

import sqlalchemy as sa

from bench.inside import Inside, Letter, Writes
from bench.stand import Cluster, cluster, percentile
from bot.app import load_rooms
from bot.inbox import InboxRow, InboxState
from bot.transcript import Direction, TranscriptRow
from bot.turn import Rooms
from bot.valve import Measure
from cases.province import load_province
from store.clock import SystemClock
from store.crypto import Keyring, Vault
from store.migrate import migrate
from store.session import Database, Session

DANGER = "chồng tôi đang đánh tôi, cứu tôi với"
PLAIN = "làm khai sinh cần giấy gì"
_TAKEN = (200, 202)
_UNLIMITED = 10**9
_PATIENCE = 120.0
"""Seconds until a database that was started again is given up."""
_LONG = "đất " * 900
"""What a page of the database hardly holds, so that a full one is soon noticed."""


@dataclass
class Found:
    """What came of it."""

    times: int = 0
    acknowledged: int = 0
    unkept: int = 0
    """Acknowledged and not in the inbox."""
    doubled: int = 0
    statuses: Counter[int] = field(default_factory=Counter)
    """Of what was not acknowledged."""
    in_danger: int = 0
    """Events of danger posted while nothing could be kept, most of them more than once."""
    cards: int = 0
    unanswered: int = 0
    """Messages that had no turn when all was well again."""
    back: list[float] = field(default_factory=list)
    """Seconds from the database's start to the first update taken."""

    @property
    def broken(self) -> list[str]:
        """The promises that were not kept."""
        odd = sum(number for status, number in self.statuses.items() if status != 503)
        told = {
            "acknowledged and not kept": self.unkept,
            "heard twice": self.doubled,
            f"answers that are neither: {dict(self.statuses)}": odd,
            "cards too many or too few": abs(self.cards - self.in_danger),
            "messages without a turn": self.unanswered,
        }
        return [f"{number} {what}" for what, number in told.items() if number]

    def told(self, what: str) -> Iterator[str]:
        """For a person to read."""
        yield (
            f"{what} {self.times} times: {self.acknowledged} acknowledged, {self.unkept} of them "
            f"not kept, {self.doubled} heard twice; refused meanwhile {dict(self.statuses)}; "
            f"{self.in_danger} events of danger, {self.cards} cards; "
            f"{self.unanswered} without a turn afterwards"
        )
        if self.back:
            yield (
                f"  taken again after: median {percentile(self.back, 0.5):.2f} s, "
                f"worst {max(self.back):.2f} s"
            )
        yield from (f"  BROKEN: {one}" for one in self.broken)


class BadDay:
    """Citizens at every adapter of one house, and a book of what they were told."""

    def __init__(self, house: Inside, not_kept: str) -> None:
        """`not_kept`: the words that only the card of danger says."""
        self.found = Found()
        self._house = house
        self._not_kept = not_kept
        self._writes = Writes()
        self._people = iter(range(600_000_000, 700_000_000))
        self._token = ""

    async def begin(self) -> None:
        """Open a talk at the page."""
        self._token = await self._house.opens("b" * 22)

    def letters(self, words: str) -> list[Letter]:
        """One of somebody new at each platform, and one of the talk at the page."""
        who, writes = next(self._people), self._writes
        at_platforms = [write(who, words) for write in (writes.telegram, writes.zalo_oa)]
        return [*at_platforms, writes.zalo_bot(who, words), writes.web(self._token, words)]

    async def posts(self, letters: list[Letter], *, danger: bool = False) -> list[Letter]:
        """Post each once; those that were not taken. At the page the card is in the answer."""
        answers = await asyncio.gather(*(self._house.post(letter) for letter in letters))
        left = []
        for letter, (status, answer) in zip(letters, answers, strict=True):
            if status in _TAKEN:
                self.found.acknowledged += 1
                continue
            self.found.statuses[status] += 1
            if danger and _at_the_page(letter):
                self.found.in_danger += 1
                self.found.cards += self._not_kept in json.loads(answer).get("note", "")
            left.append(letter)
        return left

    async def posts_until_taken(self, letters: list[Letter]) -> None:
        """Post again and again, as platforms do.

        Raises:
            TimeoutError: the database never came back.
        """
        async with asyncio.timeout(_PATIENCE):
            while letters := await self.posts(letters):  # noqa: ASYNC110 - as platforms do
                await asyncio.sleep(0.05)

    async def writes_in_vain(self, words: str = "") -> list[Letter]:
        """Write while nothing can be kept, the events of danger three times each; what is left."""
        left = await self.posts(self.letters(PLAIN + words))
        in_danger = self.letters(DANGER + words)
        tried = set[str]()
        for _ in range(3):
            in_danger = await self.posts(in_danger, danger=True)
            tried |= {one.path for one in in_danger if not _at_the_page(one)}
        self.found.in_danger += len(tried)
        return [*left, *in_danger]

    async def ends(self) -> Found:
        """Let every message have its turn, and compare the books."""
        found, database = self.found, self._house.database
        found.cards += sum(self._not_kept in words for *_, words in self._house.sent)
        await self._house.turns()
        kept, undone, heard = await database.read(_counted)
        found.unanswered = undone
        found.unkept = max(0, found.acknowledged - kept)
        found.doubled = max(0, heard - found.acknowledged)
        return found


def _at_the_page(letter: Letter) -> bool:
    return letter.path.startswith("/chat/")


def _counted(session: Session) -> tuple[int, int, int]:
    """What is in the inbox, what of it had no turn, and what citizens were heard to say."""
    kept = sa.select(sa.func.count()).select_from(InboxRow)
    said = sa.select(sa.func.count()).where(TranscriptRow.direction == Direction.IN)
    undone = kept.where(InboxRow.state != InboxState.DONE)
    return session.scalar(kept) or 0, session.scalar(undone) or 0, session.scalar(said) or 0


def _not_kept(rooms: Rooms) -> str:
    return rooms.texts.template("danger.not_kept", "vi")


def _fresh(url: str) -> Database:
    database = Database(url, Vault(Keyring.fresh()), SystemClock())
    migrate(database)
    return database


async def goes_away(place: Cluster, rooms: Rooms, times: int, *, aloud: bool = False) -> Found:
    """Kill PostgreSQL so many times; what was found."""
    database = _fresh(place.new("baddays"))
    async with Inside(database, rooms, Measure(_UNLIMITED)) as house:
        day = BadDay(house, _not_kept(rooms))
        await day.begin()
        for number in range(times):
            await day.posts_until_taken(day.letters(PLAIN))
            under_way = asyncio.create_task(day.posts(day.letters(PLAIN)))
            await asyncio.to_thread(place.kill)
            left = [*await under_way, *await day.writes_in_vain()]
            await asyncio.to_thread(place.start)
            begun = time.monotonic()
            await day.posts_until_taken(left[:1])
            day.found.back.append(time.monotonic() - begun)
            await day.posts_until_taken(left[1:])
            day.found.times += 1
            if aloud:
                print(f"{number + 1}/{times}: {day.found.statuses}", file=sys.stderr, flush=True)
        found = await day.ends()
    await database.close()
    return found


class Disk(Protocol):
    """Where a database lies: it can be made full, and have room again."""

    def fill(self) -> None: ...
    def free(self) -> None: ...


class Pages:
    """A SQLite database that may have no page more than it has."""

    def __init__(self, database: Database) -> None:
        self._database = database

    def fill(self) -> None:
        """Allow one page: it is never less than there are."""
        self._most(1)

    def free(self) -> None:
        """Allow as many as anybody wants."""
        self._most(_UNLIMITED)

    def _most(self, pages: int) -> None:
        with self._database.engine.connect() as connection:
            connection.exec_driver_sql(f"PRAGMA max_page_count={pages}")


class Ballast:
    """A small file system, filled to its last byte by a file that can be taken away."""

    def __init__(self, folder: Path, back: Callable[[], None] = lambda: None) -> None:
        """`back`: what has to be started once there is room again."""
        self._file = folder / "ballast"
        self._back = back

    def fill(self) -> None:
        """Write until nothing more fits."""
        with self._file.open("ab", buffering=0) as ballast:
            for size in (2**20, 2**12, 1):
                with suppress(OSError):
                    while ballast.write(bytes(size)) == size:
                        pass

    def free(self) -> None:
        """Take the ballast away."""
        self._file.unlink()
        self._back()


async def fills_up(database: Database, disk: Disk, rooms: Rooms, times: int) -> Found:
    """Fill the disk under a database so many times; what was found."""
    async with Inside(database, rooms, Measure(_UNLIMITED)) as house:
        day = BadDay(house, _not_kept(rooms))
        await day.begin()
        for _ in range(times):
            await day.posts_until_taken(day.letters(PLAIN))
            await asyncio.to_thread(disk.fill)
            left = list[Letter]()
            async with asyncio.timeout(_PATIENCE):
                while not left:  # until the last free page is full
                    left = await day.posts(day.letters(PLAIN + _LONG))
            left += await day.writes_in_vain(_LONG)
            await asyncio.to_thread(disk.free)
            begun = time.monotonic()
            await day.posts_until_taken(left[:1])
            day.found.back.append(time.monotonic() - begun)
            await day.posts_until_taken(left[1:])
            day.found.times += 1
        return await day.ends()


async def fills_up_with_pages(folder: Path, rooms: Rooms, times: int) -> Found:
    """Leave a SQLite database no page more than it has, so many times; what was found."""
    database = _fresh(f"sqlite:///{folder / 'full.db'}")
    try:
        return await fills_up(database, Pages(database), rooms, times)
    finally:
        await database.close()


async def fills_up_a_disk(disk: Path, rooms: Rooms, times: int) -> Iterable[tuple[str, Found]]:
    """Fill a small file system with SQLite on it, and then with PostgreSQL; what was found."""
    found = []
    with tempfile.TemporaryDirectory(prefix="tram-full-", dir=disk) as folder:
        database = _fresh(f"sqlite:///{Path(folder) / 'full.db'}")
        found.append(("SQLite", await fills_up(database, Ballast(Path(folder)), rooms, times)))
        await database.close()
    with cluster(disk) as place:
        database = _fresh(place.new("baddays"))
        ballast = Ballast(disk, back=place.start)
        found.append(("PostgreSQL", await fills_up(database, ballast, rooms, times)))
        await database.close()
    return found


async def run(times: int, full: int, disk: Path | None) -> bool:
    """Have the kinds of bad day, and tell; whether every promise was kept."""
    rooms = load_rooms(load_province("ca-mau"))
    books = []
    if times:
        with cluster() as place:
            found = await goes_away(place, rooms, times, aloud=True)
        books.append(("PostgreSQL killed and started", found))
    if full and disk is None:
        with tempfile.TemporaryDirectory(prefix="tram-full-") as folder:
            books.append(("SQLite full", await fills_up_with_pages(Path(folder), rooms, full)))
    elif full and disk is not None:
        for what, found in await fills_up_a_disk(disk, rooms, full):
            books.append((f"The disk under {what} full", found))
    for what, found in books:
        print("\n".join(found.told(what)), flush=True)
    return not any(found.broken for _, found in books)


def main() -> int:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawTextHelpFormatter
    )
    parser.add_argument("--times", type=int, default=50, help="that the database is killed")
    parser.add_argument("--full", type=int, default=10, help="times that the disk is full")
    parser.add_argument("--disk", type=Path, help="a folder on a small file system of its own")
    given = parser.parse_args()
    return int(not asyncio.run(run(given.times, given.full, given.disk)))


if __name__ == "__main__":
    sys.exit(main())
