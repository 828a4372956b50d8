"""What malice and broken phones send: nothing crashes, nothing leaks, nothing forged comes in.

    python -m bench.fuzz [--updates 1000000] [--forged 0] [--seed 1] [--minutes M]

Takes the recorded updates of every platform and what the web page posts, changes each in some
places (a value of another kind, something gone, something foreign, bytes that are no JSON), signs
it as its platform would, and posts it to the adapters. Of what is kept a part has its whole turn,
and all of it is read as the worker reads it. `--forged` posts as many more to which one thing was
done after the signing, or whose secret, signature or moment is not the platform's: none of these
may be acknowledged or kept.

Every text carries a canary; whatever is logged meanwhile, at any level, must hold none, and no
trace. `--minutes` ends each of the two parts early; told is what was really posted. Ends with
status 1 when a promise is broken, with the seed to see it again.
"""

import argparse
import asyncio
import copy
import io
import json
import logging
import random
import sys
import tempfile
import time
from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import sqlalchemy as sa

from bench.inside import Inside, Letter, by_telegram, by_web, by_zalo_bot, by_zalo_oa
from bot.app import load_rooms
from bot.inbox import InboxRow, InboxState
from bot.logs import set_up
from bot.settings import Environment
from bot.turn import Rooms
from bot.valve import Measure
from cases.province import load_province
from store.clock import SystemClock
from store.crypto import Keyring, Vault
from store.migrate import migrate
from store.session import Database, Session

PAYLOADS = Path(__file__).parents[1] / "tests" / "channels" / "payloads"
CANARY = "Hoàng-Yến-0987"
"""Stands in every text: found in a log, it is somebody's words."""
_ROUND = 400
"""Letters between two looks at what was kept."""
_TURNS = 8
"""Of each round so many have a whole turn."""
_TAKEN = (200, 202)
_UNLIMITED = 10**9

_PAGE: Mapping[str, Any] = {
    "text": {"client_id": "message-1", "text": "hàng xóm lấn ranh đất"},
    "press": {"client_id": "message-2", "key": "go:person", "serial": 1},
    "place": {"client_id": "message-3", "lat": 9.1, "lon": 104.9},
    "phone": {"client_id": "message-4", "phone": "0912345678"},
}
_FOREIGN: tuple[Any, ...] = (
    None, True, 0, -1, 2**31, 2**63, 10**40, 1e308, "", " ", "\x00", "\ud800", "\u202e‮\u200b",
    "a" * 300, "1" * 5_000, "😭" * 50, [], {}, [[]], [None] * 50, {"": {"": {}}}, {"id": {"id": 1}},
    "{0.__class__}", "%s%n", "'; DROP TABLE inbox; --", "<script>", "../../etc/passwd", "-0", "NaN",
)  # fmt: skip


def recorded() -> dict[str, list[Any]]:
    """The valid updates by platform, each text of theirs with the canary."""
    found = {
        folder.name: [json.loads(one.read_text("utf-8")) for one in sorted(folder.glob("*.json"))]
        for folder in sorted(PAYLOADS.iterdir())
    }
    return {name: [_marked(one) for one in all_] for name, all_ in found.items()} | {
        "web": [_marked(one) for one in _PAGE.values()]
    }


_SPOKEN = ("text", "caption", "first_name", "last_name", "display_name", "name", "address", "title")


def _marked(value: Any, key: str = "") -> Any:
    if isinstance(value, dict):
        return {name: _marked(inner, name) for name, inner in value.items()}
    if isinstance(value, list):
        return [_marked(inner, key) for inner in value]
    return f"{value} {CANARY}" if isinstance(value, str) and key in _SPOKEN else value


def _places(value: Any, way: tuple[Any, ...] = ()) -> Iterator[tuple[Any, ...]]:
    if way:
        yield way
    inner: Iterable[tuple[Any, Any]] = enumerate(value) if isinstance(value, list) else ()
    for key, part in value.items() if isinstance(value, dict) else inner:
        yield from _places(part, (*way, key))


def _holder(value: Any, way: tuple[Any, ...]) -> Any:
    for key in way[:-1]:
        value = value[key]
    return value


class Mutations:
    """Changes valid updates at random; the same seed makes the same."""

    def __init__(self, source: random.Random) -> None:
        self._source = source

    def changed(self, update: Any) -> Any:
        """A copy with one to four places changed."""
        made = copy.deepcopy(update)
        for _ in range(self._source.randint(1, 4)):
            places = list(_places(made))
            if not places:
                break
            way = self._source.choice(places)
            self._change(made, _holder(made, way), way)
        return made

    def _change(self, whole: Any, holder: Any, way: tuple[Any, ...]) -> None:
        key, source = way[-1], self._source
        match source.randrange(6):
            case 0:
                del holder[key]
            case 1:
                holder[key] = copy.deepcopy(source.choice(_FOREIGN))
            case 2:  # a part of the same update where it does not belong
                other = source.choice(list(_places(whole)))
                holder[key] = copy.deepcopy(_holder(whole, other)[other[-1]])
            case 3:
                holder[key] = [holder[key]] * source.randint(0, 3)
            case 4 if isinstance(holder[key], str):
                letters = list(holder[key])
                for _ in range(source.randint(1, 5)):
                    letters.insert(source.randint(0, len(letters)), chr(source.randrange(0xD800)))
                holder[key] = "".join(letters)
            case _:
                deep: Any = f"{CANARY} {source.random()}"
                for _ in range(source.choice((1, 5, 60))):
                    deep = {"message": deep} if source.random() < 0.5 else [deep]
                holder[key] = deep

    def body(self, update: Any) -> bytes:
        """Its JSON; now and then with broken bytes."""
        body = json.dumps(update, ensure_ascii=self._source.random() < 0.5)
        made = bytearray(body.encode("utf-8", "surrogatepass"))
        if self._source.random() < 0.08:
            match self._source.randrange(4):
                case 0:
                    del made[self._source.randrange(len(made)) :]
                case 1:
                    made[self._source.randrange(len(made))] = self._source.randrange(256)
                case 2:
                    made = bytearray(b"[" * 3_000)
                case _:
                    made += b" " * (1024 * 1024 + 1)
        return bytes(made)


@dataclass
class Found:
    """What came of it all."""

    seed: int
    posted: int = 0
    forged: int = 0
    statuses: Counter[int] = field(default_factory=Counter)
    of_forged: Counter[int] = field(default_factory=Counter)
    kept: int = 0
    turns: int = 0
    failed_turns: int = 0
    crashes: Counter[str] = field(default_factory=Counter)
    accepted: list[str] = field(default_factory=list)
    """Forged letters that came in."""
    leaks: list[str] = field(default_factory=list)
    """Lines of the log with a canary or a trace."""
    seconds: float = 0.0

    @property
    def broken(self) -> list[str]:
        """The promises that were not kept."""
        fives = sum(number for status, number in self.statuses.items() if status >= 500)
        fives += sum(number for status, number in self.of_forged.items() if status >= 500)
        told = {
            "answers of 500 and above": fives,
            f"crashes: {dict(self.crashes)}": sum(self.crashes.values()),
            f"forged letters came in: {self.accepted[:3]}": len(self.accepted),
            f"lines of the log leak: {self.leaks[:3]}": len(self.leaks),
            "turns failed for good": self.failed_turns,
        }
        return [f"{number} {what}" for what, number in told.items() if number]

    def told(self) -> Iterator[str]:
        """For a person to read."""
        yield (
            f"{self.posted} mutated updates in {self.seconds:.0f} s, seed {self.seed}: "
            f"{dict(sorted(self.statuses.items()))}; {self.kept} kept and read, {self.turns} turns"
        )
        yield (
            f"{self.forged} forged: {dict(sorted(self.of_forged.items()))}; "
            f"{len(self.accepted)} accepted"
        )
        yield from (f"  BROKEN: {one}" for one in self.broken)


class Fuzz:
    """Posts to one house, round after round."""

    def __init__(self, house: Inside, seed: int) -> None:
        self.found = Found(seed)
        self._house = house
        self._source = random.Random(seed)
        self._mutations = Mutations(self._source)
        self._recorded = recorded()
        self._tokens: list[str] = []
        self._numbers = iter(range(1, 10**9))

    async def begin(self) -> None:
        """Open some talks at the page."""
        for number in range(5):
            self._tokens.append(await self._house.opens(f"{number:022}"))

    async def posts(self, count: int) -> None:
        """Post so many mutated updates, signed as their platforms do."""
        for letter in (self._letter(changed=True) for _ in range(count)):
            status = await self._post(letter)
            self.found.statuses[status] += 1
            self.found.posted += 1
        await self._works()

    async def forges(self, count: int) -> None:
        """Post so many letters that no platform has sent."""
        await self._clears()
        for _ in range(count):
            letter, what = self._forged()
            status = await self._post(letter)
            self.found.of_forged[status] += 1
            self.found.forged += 1
            if status in _TAKEN:
                self.found.accepted.append(f"{what} {letter.path}: {status}")
        kept = await self._house.database.read(_count)
        if kept:
            self.found.accepted.append(f"{kept} kept")

    def _letter(self, *, changed: bool) -> Letter:
        platform = self._source.choice(sorted(self._recorded))
        update = self._source.choice(self._recorded[platform])
        update = self._fresh(platform, update)
        if changed:
            update = self._mutations.changed(update)
        body = self._mutations.body(update) if changed else json.dumps(update).encode()
        match platform:
            case "telegram":
                return by_telegram(body)
            case "zalo_bot":
                return by_zalo_bot(body)
            case "zalo_oa":
                return by_zalo_oa(body, "1795410000000")
            case _:
                return by_web(body, self._source.choice(self._tokens))

    def _fresh(self, platform: str, update: Any) -> Any:
        """A copy with an id that was not there before, mostly."""
        made, number = copy.deepcopy(update), next(self._numbers)
        match platform:
            case "telegram":
                made["update_id"] = number
            case "web":
                made["client_id"] = f"message-{number}"
            case _ if isinstance(made.get("message"), dict):
                name = "msg_id" if platform == "zalo_oa" else "message_id"
                made["message"][name] = f"m{number}"
        return made

    def _forged(self) -> tuple[Letter, str]:
        """A letter that is not from its platform, and what is wrong with it."""
        while (letter := self._letter(changed=self._source.random() < 0.5)).body.strip() == b"{}":
            pass  # Zalo's own empty call at the saving of the address, which keeps nothing
        name = next(name for name in _PROOFS if name in letter.headers)
        given = letter.headers[name]
        tricks: dict[str, Callable[[], Letter]] = {
            "no proof": lambda: Letter(letter.path, letter.body, {}),
            "empty proof": lambda: letter.with_headers(**{name: ""}),
            "a letter of the proof changed": lambda: letter.with_headers(
                **{name: self._one_changed(given)}
            ),
            "a piece of the proof": lambda: letter.with_headers(
                **{name: given[: self._source.randrange(1, len(given))]}
            ),
            "more than the proof": lambda: letter.with_headers(**{name: given + "0"}),
            "foreign letters": lambda: letter.with_headers(**{name: "ÿþ" + given[2:]}),
            "another's proof": lambda: letter.with_headers(**{name: "mac=" + "0" * 64}),
        }
        if name == "x-zevent-signature":
            other = self._letter(changed=False)
            tricks["the body changed"] = lambda: Letter(
                letter.path, self._one_byte_changed(letter.body), letter.headers
            )
            tricks["another body"] = lambda: Letter(letter.path, other.body + b" ", letter.headers)
            tricks["the moment moved into the body"] = lambda: Letter(
                letter.path, letter.body + b"1", {**letter.headers, _MOMENT: "795410000000"}
            )
        what = self._source.choice(sorted(tricks))
        return tricks[what](), what

    def _one_changed(self, text: str) -> str:
        """Another text that is not the same to who ignores case, either."""
        head = text.index("=") + 1 if "=" in text else len("Bearer ") if " " in text else 0
        place = self._source.randrange(head, len(text))
        other = "0" if text[place] != "0" else "1"
        return text[:place] + other + text[place + 1 :]

    def _one_byte_changed(self, body: bytes) -> bytes:
        made = bytearray(body)
        made[self._source.randrange(len(made))] ^= 1 + self._source.randrange(255)
        return bytes(made)

    async def _post(self, letter: Letter) -> int:
        try:
            status, _ = await self._house.post(letter)
        except Exception as problem:
            self.found.crashes[f"{type(problem).__name__} at {letter.path}"] += 1
            return 500
        return status

    async def _works(self) -> None:
        """Read all that was kept, let some of it have its turn, and clear the table."""
        database, channels = self._house.database, self._house.channels

        def read_all(session: Session) -> int:
            rows = session.scalars(
                sa.select(InboxRow).where(InboxRow.state == InboxState.WAITING)
            ).all()
            for row in rows:
                try:
                    channels[row.channel].read(json.loads(row.open(session.vault, "body") or "{}"))
                except Exception as problem:
                    self.found.crashes[f"{type(problem).__name__} reading {row.channel}"] += 1
            return len(rows)

        self.found.kept += await database.read(read_all)
        self.found.turns += await self._house.turns(_TURNS)
        await self._house.sends()
        failed = sa.select(sa.func.count()).where(
            sa.or_(InboxRow.state == InboxState.FAILED, InboxRow.attempts > 0)
        )
        self.found.failed_turns += await database.read(lambda s: s.scalar(failed) or 0)
        await self._clears()

    async def _clears(self) -> None:
        await self._house.database.transact(lambda s: s.execute(sa.delete(InboxRow)) and None)
        self._house.sent.clear()


_PROOFS = (
    "x-telegram-bot-api-secret-token",
    "x-bot-api-secret-token",
    "x-zevent-signature",
    "authorization",
)
_MOMENT = "x-zevent-timestamp"


def _count(session: Session) -> int:
    return session.scalar(sa.select(sa.func.count()).select_from(InboxRow)) or 0


@contextmanager
def listening() -> Iterator[Callable[[], list[str]]]:
    """Take what is logged; a call gives the lines that leak, and forgets the others."""
    log, root = io.StringIO(), logging.getLogger()
    handler = logging.StreamHandler(log)
    handler.setFormatter(logging.Formatter("%(levelname)s %(name)s %(message)s %(exc_text)s"))
    quiet, root.handlers = root.handlers, [handler]

    def leaks() -> list[str]:
        lines = log.getvalue().splitlines()
        log.seek(0)
        log.truncate()
        return [one for one in lines if "Yến" in one or "0987" in one or "Traceback" in one]

    try:
        yield leaks
    finally:
        root.handlers = quiet


async def fuzz(
    database: Database,
    rooms: Rooms,
    *,
    updates: int,
    forged: int,
    seed: int,
    seconds: float = float("inf"),
    aloud: bool = False,
) -> Found:
    """Post to a fresh database; what was found."""
    begun = time.monotonic()
    async with Inside(database, rooms, Measure(_UNLIMITED)) as house:
        run = Fuzz(house, seed)
        await run.begin()
        with listening() as leaks:
            for wanted, posts in ((updates, run.posts), (forged, run.forges)):
                until = time.monotonic() + seconds
                for done in range(0, wanted, _ROUND):
                    if time.monotonic() > until:
                        break
                    await posts(min(_ROUND, wanted - done))
                    run.found.leaks += leaks()
                    if aloud and done % (25 * _ROUND) == 0:
                        print(f"{done}: {run.found.broken or 'well'}", file=sys.stderr, flush=True)
        run.found.seconds = time.monotonic() - begun
    return run.found


def main() -> int:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawTextHelpFormatter
    )
    parser.add_argument("--updates", type=int, default=1_000_000)
    parser.add_argument("--forged", type=int, default=0)
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument(
        "--minutes", type=float, default=float("inf"), help="for each part, at most"
    )
    given = parser.parse_args()
    set_up(Environment.PRODUCTION)
    with tempfile.TemporaryDirectory(prefix="tram-fuzz-") as folder:
        database = Database(f"sqlite:///{folder}/tram.db", Vault(Keyring.fresh()), SystemClock())
        migrate(database)
        found = asyncio.run(
            fuzz(
                database,
                load_rooms(load_province("ca-mau")),
                updates=given.updates,
                forged=given.forged,
                seed=given.seed,
                seconds=given.minutes * 60,
                aloud=True,
            )
        )
        database.close_now()
    print("\n".join(found.told()))
    return int(bool(found.broken))


if __name__ == "__main__":
    sys.exit(main())
