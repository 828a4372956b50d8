"""Is anything lost when everything dies? Kills, and counts what came of what was acknowledged.

    python -m bench.chaos [--updates 10000] [--kills 200] [--database-kills 20] [--sqlite]

Starts a web process and two workers on a PostgreSQL of its own (`--sqlite`: one process), posts
updates to the Telegram webhook as the platform does, a tenth of them twice and a twentieth out
of order, kills workers and the database with `kill -9` in between, lets 30 % of the sends fail,
and then compares three books: what was acknowledged, what stands in the database, and what the
citizens' phones were shown. Ends with status 1 when a promise is broken.

Of the workers' kills a third hit a worker in the middle of a send which has not taken effect,
a third one whose send has, and the rest any moment.
"""

import argparse
import asyncio
import random
import sys
import tempfile
import time
from collections import Counter, defaultdict
from collections.abc import Iterator, Sequence
from contextlib import ExitStack
from dataclasses import dataclass, field
from itertools import count
from pathlib import Path
from typing import Any

import sqlalchemy as sa

from bench.stand import SECRET, TOKEN, Cluster, Loopback, Platform, cluster, percentile, update
from bot.channels.message import ChannelName
from bot.conversations import Conversation
from bot.inbox import InboxRow, InboxState
from bot.transcript import Direction, TranscriptRow, shown
from store.clock import SystemClock
from store.crypto import Keyring, Vault
from store.outbox import Delivery, OutboxRow
from store.session import Database, Session
from tests.channels.bot_api import serving
from tests.journeys.server import Server

WORDS = (
    "Hàng xóm lấn ranh đất của tôi hơn hai mét, nói hoài không trả",
    "vay tien nguoi ta lai suat toi da bao nhieu",
    "tôi muốn ly hôn thì cần giấy tờ gì",
    "công ty nợ lương ba tháng rồi",
    "cảm ơn",
    "xã Đá Bạc",
)
_TALKS_FROM, _PROBES_FROM = 500_000_000, 900_000_000
_COLD, _WARM, _TAKEN_OVER = 5.0, 2.0, 5.0
"""The promises, in seconds."""
_PATIENCE = 600.0
"""Seconds until the run is given up; on a machine with other work much of it passes idle."""


@dataclass(frozen=True)
class Plan:
    """How much of what."""

    updates: int = 10_000
    talks: int = 1_000
    kills: int = 200
    database_kills: int = 20
    rate: float = 25.0
    """New updates a second at most."""
    failing: float = 0.3
    resets: float = 0.2
    """The part of the failing sends that are cut off without an answer."""
    sqlite: bool = False
    seed: int = 1
    drain_seconds: float = 900.0


@dataclass
class Report:
    """What was found; `broken` names every promise that was not kept."""

    plan: Plan
    acknowledged: int = 0
    posts: int = 0
    refused: Counter[str] = field(default_factory=Counter)
    failed_sends: Counter[str] = field(default_factory=Counter)
    lost: list[int] = field(default_factory=list)
    twice: list[str] = field(default_factory=list)
    out_of_order: int = 0
    wrong_out: int = 0
    """Talks whose phone was shown something else than what the talk says, or in another order."""
    unanswered: int = 0
    """Messages still on their way when the time was over."""
    given_up: int = 0
    """Messages of which nothing was heard twice: perhaps never arrived, as the desk shows."""
    shown: int = 0
    doubles: int = 0
    kills: int = 0
    mid_send: int = 0
    database_kills: int = 0
    warm: list[float] = field(default_factory=list)
    """Seconds from a kill to the next answer, another worker being there."""
    cold: list[float] = field(default_factory=list)
    """The same with nobody left, the start of the process included."""
    taken_over: list[float] = field(default_factory=list)
    """Seconds until a message that a killed worker was just sending left by another."""
    database_back: list[float] = field(default_factory=list)
    """Seconds from the database's answering again to the next answer to a citizen."""
    seconds: float = 0.0

    @property
    def broken(self) -> list[str]:
        """The promises about messages that were not kept; those about time are only printed.

        Doubles are counted apart: a death doubles what is under way in that moment, which is one
        on average or fewer, and now and then some.
        """
        found = {
            "acknowledged updates are lost": len(self.lost),
            "updates were handled twice": len(self.twice),
            "talks are out of order": self.out_of_order,
            "talks were shown wrongly": self.wrong_out,
            "messages never left": self.unanswered,
        }
        return [f"{number} {what}" for what, number in found.items() if number]

    @property
    def doubles_too_many(self) -> int:
        """More than one for each death."""
        return max(0, self.doubles - self.kills - self.database_kills)

    def told(self) -> Iterator[str]:
        """For a person to read."""
        where = "SQLite, one process" if self.plan.sqlite else "PostgreSQL, two workers"
        yield (
            f"{where}: {self.acknowledged} updates acknowledged in {self.posts} posts, "
            f"{self.shown} messages shown, {self.seconds:.0f} s"
        )
        yield (
            f"  kill -9: {self.kills} workers ({self.mid_send} within a send), "
            f"{self.database_kills} databases"
        )
        yield f"  not acknowledged at first: {dict(self.refused)}"
        yield f"  sends made to fail: {dict(self.failed_sends)}"
        yield (
            f"  lost {len(self.lost)}, handled twice {len(self.twice)}, out of order "
            f"{self.out_of_order}, shown wrongly {self.wrong_out}, never left {self.unanswered}"
        )
        yield f"  doubles out {self.doubles}, given up after two unheard sends {self.given_up}"
        for name, values, limit in (
            ("back to serving, a second worker warm", self.warm, _WARM),
            ("back to serving, cold", self.cold, _COLD),
            ("a dead worker's message taken over", self.taken_over, _TAKEN_OVER),
            ("after the database is back", self.database_back, _COLD),
        ):
            if values:
                over = sum(one > limit for one in values)
                yield (
                    f"  {name}: median {percentile(values, 0.5):.2f} s, p95 "
                    f"{percentile(values, 0.95):.2f} s, worst {max(values):.2f} s "
                    f"({over} of {len(values)} above {limit:.0f} s)"
                )
        yield from (f"  BROKEN: {one}" for one in self.broken)
        if self.doubles_too_many:
            yield f"  BROKEN: {self.doubles_too_many} doubles more than kills"


def posts_of(plan: Plan, source: random.Random) -> list[dict[str, Any]]:
    """The updates in the order in which they are posted, some twice, some out of order."""
    talks = [_TALKS_FROM + number for number in range(plan.talks)]
    order: list[tuple[float, dict[str, Any]]] = []
    for number in range(plan.updates):
        chat = talks[number % plan.talks] if number < plan.talks else source.choice(talks)
        one = update(800_000_001 + number, chat, source.choice(WORDS))
        late = source.random() < 0.05
        order.append((number + (source.uniform(1, 40) if late else 0), one))
        if source.random() < 0.1:
            order.append((number + source.choice((0.5, source.uniform(1, 200))), one))
    return [one for _, one in sorted(order, key=lambda pair: pair[0])]


class Run:
    """One run over a house of processes."""

    def __init__(self, plan: Plan, folder: Path, api_url: str, database: Cluster | None) -> None:
        self.plan, self.source = plan, random.Random(plan.seed)
        self.report = Report(plan)
        self._cluster = database
        url = database.new("chaos") if database is not None else f"sqlite:///{folder / 'tram.db'}"
        self._url, self._keys = url, folder / "keys.json"

        def process(name: str, role: str) -> Server:
            return Server(
                folder,
                "--role",
                role,
                database_url=url,
                telegram_token=TOKEN,
                telegram_api_url=f"{api_url}/{name}",
                telegram_webhook_secret=SECRET,
                public_url="http://127.0.0.1",
            )

        self._web = process("web", "both" if plan.sqlite else "web")
        self._workers = {"web": self._web}
        if not plan.sqlite:
            self._workers = {name: process(name, "worker") for name in ("first", "second")}
        self._up: set[str] = set()
        self._starts: set[asyncio.Task[None]] = set()
        self.platform = Platform(self._web.url)
        self._probes = count(_PROBES_FROM)
        self._taken = asyncio.Event()
        self._allowed = 0

    async def go(self, api: Loopback) -> Report:
        """Post, kill, wait until all is quiet, and compare."""
        begun = time.monotonic()
        await asyncio.to_thread(self._web.start)  # it migrates; the workers come after
        if not self.plan.sqlite:
            await asyncio.gather(*(self._start(name) for name in self._workers))
        else:
            self._up.add("web")
        api.failing, api.resets = self.plan.failing, self.plan.resets
        posts = posts_of(self.plan, self.source)
        async with asyncio.TaskGroup() as group:
            group.create_task(self._post(posts))
            group.create_task(self._kill(api, len(posts)))
        self.report.posts = len(posts)
        api.failing = 0.0
        await self._quiet()
        self.report.seconds = time.monotonic() - begun
        self.report.refused = self.platform.refused
        self.report.failed_sends = api.failed
        self._compare(api)
        return self.report

    async def close(self) -> None:
        """End every process that was started."""
        for start in self._starts:
            start.cancel()
        await asyncio.gather(*self._starts, return_exceptions=True)
        await self.platform.close()
        for server in {self._web, *self._workers.values()}:
            server.close()

    async def _start(self, name: str) -> None:
        await asyncio.to_thread(self._workers[name].start)
        self._up.add(name)

    # --- what the citizens do ------------------------------------------------------------------

    async def _post(self, posts: Sequence[dict[str, Any]]) -> None:
        """Post at a steady rate, and never far ahead of the kills: they shall all hit work."""
        under_way = asyncio.Semaphore(40)
        async with asyncio.TaskGroup() as group:

            async def one(what: dict[str, Any]) -> None:
                try:
                    await self.platform.post_until_taken(what)
                finally:
                    under_way.release()

            for number, what in enumerate(posts):
                while number >= self._allowed:
                    self._taken.clear()
                    await self._taken.wait()
                await under_way.acquire()
                group.create_task(one(what))
                await asyncio.sleep(1 / self.plan.rate)

    def _allow(self, number: int) -> None:
        self._allowed = number
        self._taken.set()

    # --- what happens to them ------------------------------------------------------------------

    async def _kill(self, api: Loopback, posts: int) -> None:
        both = self.plan.kills + self.plan.database_kills
        stages = ["worker"] * self.plan.kills + ["database"] * self.plan.database_kills
        self.source.shuffle(stages)
        for number, stage in enumerate(stages, 1):
            self._allow(posts * number // (both + 1))
            await asyncio.gather(*self._starts)
            await asyncio.sleep(self.source.uniform(0.0, 0.5))  # any moment
            print(f"{number}/{both}: {stage}", file=sys.stderr)
            if stage == "database":
                await self._kill_database(api)
            elif number % 3:
                await self._kill_within_a_send(api, after=number % 3 == 1)
            else:
                await self._kill_at_any_moment(api)
        self._allow(posts)

    async def _kill_at_any_moment(self, api: Loopback) -> None:
        self._kill_worker(self.source.choice(sorted(self._up)))
        begun = time.monotonic()
        chat = await self._probe(api)
        took = await api.hears(chat, 1, _PATIENCE) - begun
        (self.report.cold if self.plan.sqlite else self.report.warm).append(took)

    async def _kill_within_a_send(self, api: Loopback, *, after: bool) -> None:
        chat = next(self._probes)
        api.spared.add(chat)
        held = api.hold(chat, after=after)
        await self.platform.post_until_taken(update(chat, chat, WORDS[0]))
        async with asyncio.timeout(_PATIENCE):
            await held.begun.wait()
        self._kill_worker(held.worker)
        begun = time.monotonic()
        self.report.mid_send += 1
        took = await api.hears(chat, 1 + after, _PATIENCE) - begun
        (self.report.cold if self.plan.sqlite else self.report.taken_over).append(took)

    async def _kill_database(self, api: Loopback) -> None:
        assert self._cluster is not None
        await asyncio.to_thread(self._cluster.kill)
        self.report.database_kills += 1
        await asyncio.sleep(self.source.uniform(0.0, 1.0))
        await asyncio.to_thread(self._cluster.start)
        begun = time.monotonic()
        chat = await self._probe(api)
        self.report.database_back.append(await api.hears(chat, 1, _PATIENCE) - begun)

    def _kill_worker(self, name: str) -> None:
        self._workers[name].kill()
        self._up.discard(name)
        self.report.kills += 1
        start = asyncio.create_task(self._start(name))
        self._starts.add(start)
        start.add_done_callback(self._starts.discard)

    async def _probe(self, api: Loopback) -> int:
        """Somebody new writes, whose answer no send of ours loses."""
        chat = next(self._probes)
        api.spared.add(chat)
        await self.platform.post_until_taken(update(chat, chat, WORDS[0]), 0.02)
        return chat

    # --- the three books -----------------------------------------------------------------------

    def _read(self) -> Database:
        return Database(self._url, Vault(Keyring.from_file(self._keys)), SystemClock())

    async def _quiet(self) -> None:
        """Wait until nothing is left to answer or to send."""
        database = self._read()
        end = time.monotonic() + self.plan.drain_seconds
        try:
            while left := await database.read(_waiting):
                if time.monotonic() > end:
                    self.report.unanswered = left
                    return
                await asyncio.sleep(0.5)
        finally:
            await database.close()

    def _compare(self, api: Loopback) -> None:
        database = self._read()
        try:
            database.read_now(lambda session: self._books(session, api))
        finally:
            database.close_now()

    def _books(self, session: Session, api: Loopback) -> None:
        report = self.report
        taken, heard = _inbox(session), _heard(session)
        done = {number for numbers in taken.values() for number in numbers}
        read = Counter(number for numbers in heard.values() for number in numbers)
        report.acknowledged = len(self.platform.acknowledged)
        report.lost = sorted(
            number for number in self.platform.acknowledged if number not in done & set(read)
        )
        report.twice = [str(number) for number, times in read.items() if times > 1]
        turns = {talk.id: talk.turns for talk in session.scalars(sa.select(Conversation))}
        report.twice += [talk for talk, numbers in taken.items() if turns[talk] != len(numbers)]
        report.out_of_order = sum(taken[talk] != heard[talk] for talk in taken)
        ended = Counter(session.scalars(sa.select(OutboxRow.state)))
        report.given_up = ended[Delivery.UNKNOWN]
        said = _said(session)
        for chat, messages in api.got.items():
            fits, doubles = as_said(said.get(chat, []), messages)
            report.shown += len(messages)
            report.doubles += doubles
            report.wrong_out += not fits
        report.wrong_out += sum(
            not as_said(texts, ())[0] for chat, texts in said.items() if chat not in api.got
        )


def _waiting(session: Session) -> int:
    """Messages that are not answered or not sent."""
    to_do = sa.select(sa.func.count()).select_from(InboxRow)
    to_send = sa.select(sa.func.count()).select_from(OutboxRow)
    return (session.scalar(to_do.where(InboxRow.state == InboxState.WAITING)) or 0) + (
        session.scalar(to_send.where(OutboxRow.state == Delivery.WAITING)) or 0
    )


def _inbox(session: Session) -> dict[str, list[int]]:
    """By talk: the numbers of the updates that had their turn, in the order of the commits."""
    found: dict[str, list[int]] = defaultdict(list)
    rows = session.scalars(
        sa.select(InboxRow).where(InboxRow.state == InboxState.DONE).order_by(InboxRow.seq)
    )
    for row in rows:
        found[row.conversation_id].append(int(row.event_id.rpartition(":")[2]))
    return found


def _heard(session: Session) -> dict[str, list[int]]:
    """By talk: the numbers of the updates as the turns wrote them down."""
    found: dict[str, list[int]] = defaultdict(list)
    rows = session.execute(
        sa.select(TranscriptRow.conversation_id, TranscriptRow.client_id)
        .where(TranscriptRow.direction == Direction.IN)
        .order_by(TranscriptRow.seq)
    )
    for talk, number in rows:
        found[talk].append(int(number or 0))
    return found


def _chats(session: Session) -> dict[str, int]:
    """By talk: the citizen's chat."""
    talks = session.scalars(
        sa.select(Conversation).where(Conversation.channel == ChannelName.TELEGRAM)
    )
    return {talk.id: int(talk.open(session.vault, "address") or "") for talk in talks}


@dataclass(frozen=True)
class Told:
    """What a talk says that its citizen was told; `unsure`: perhaps it never arrived."""

    text: str
    unsure: bool = False


def _said(session: Session) -> dict[int, list[Told]]:
    """By chat: what the talk says it was told."""
    chats = _chats(session)
    found: dict[int, list[Told]] = defaultdict(list)
    rows = session.scalars(
        sa.select(TranscriptRow)
        .where(TranscriptRow.direction == Direction.OUT)
        .order_by(TranscriptRow.seq)
    )
    for row in rows:
        one = shown(session, row)
        found[chats[row.conversation_id]].append(Told(one.text.strip(), one.unsure))
    return found


def as_said(said: Sequence[Told], got: Sequence[str]) -> tuple[bool, int]:
    """Whether a phone was shown what the talk says, in its order; and how many came twice.

    What the talk itself calls unsure may be missing.
    """
    reached = {0: 0}  # how far in the talk, with how few doubles
    for text in got:
        further: dict[int, int] = {}
        for at, doubles in reached.items():
            if at and said[at - 1].text == text:
                further[at] = min(doubles + 1, further.get(at, doubles + 1))
            for place in range(at, len(said)):
                if said[place].text == text:
                    further[place + 1] = min(doubles, further.get(place + 1, doubles))
                if not said[place].unsure:
                    break
        reached = further
    ends = [doubles for at, doubles in reached.items() if all(one.unsure for one in said[at:])]
    return bool(ends), min(ends, default=0)


async def run(plan: Plan) -> Report:
    """Build a house, run the plan in it, take it down."""
    with ExitStack() as stack:
        folder = Path(stack.enter_context(tempfile.TemporaryDirectory(prefix="tram-chaos-")))
        database = None if plan.sqlite else stack.enter_context(cluster())
        api = Loopback(random.Random(plan.seed))
        async with serving(api.app) as url:
            house = Run(plan, folder, url, database)
            try:
                return await house.go(api)
            finally:
                await house.close()


def main() -> int:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawTextHelpFormatter
    )
    parser.add_argument("--updates", type=int, default=Plan.updates)
    parser.add_argument("--talks", type=int, help="a tenth of the updates when not given")
    parser.add_argument("--kills", type=int, default=Plan.kills)
    parser.add_argument("--database-kills", type=int, default=Plan.database_kills)
    parser.add_argument("--rate", type=float, default=Plan.rate)
    parser.add_argument("--failing", type=float, default=Plan.failing)
    parser.add_argument("--resets", type=float, default=Plan.resets)
    parser.add_argument("--seed", type=int, default=Plan.seed)
    parser.add_argument("--sqlite", action="store_true")
    given = vars(parser.parse_args())
    given["talks"] = given["talks"] or max(1, given["updates"] // 10)
    if given["sqlite"]:
        given["database_kills"] = 0
    report = asyncio.run(run(Plan(**given)))
    print(*report.told(), sep="\n")
    return 1 if report.broken or report.doubles_too_many else 0


if __name__ == "__main__":
    sys.exit(main())
