"""Guesses of codes and PINs, as an opposing party would make them: how many open a case.

    python -m bench.guesses [--guesses 1000000] [--cases 100] [--url postgresql://…]

Half of the guesses are of codes that nobody has, nine in twenty are of PINs for codes that the
guessers know, one in twenty is the right PIN of a case that is locked to strangers at that moment.
Each comes by a talk and a line of its own, so that only the brakes of the codes are in the way, and
the clock goes on by a tenth of a second with each. Without `--url` a fresh SQLite file is used.
"""

import argparse
import datetime as dt
import random
import tempfile
import time
from collections import Counter
from pathlib import Path

from cases import queue
from cases.codes import fresh_code, fresh_pin
from cases.queue import Trier
from store.clock import SetClock
from store.crypto import Keyring, Vault
from store.migrate import migrate
from store.session import Database, Session
from tests.cases.acting import open_one

EACH = dt.timedelta(seconds=0.1)
_AT_ONCE = 500
"""Guesses in one transaction; to the lookup it is the same, and it saves the bench's time."""
_BEGAN = dt.datetime(2026, 11, 23, 5, 0, tzinfo=dt.UTC)


def guess_all(
    database: Database, clock: SetClock, guesses: int, cases: int, seed: int
) -> Counter[str]:
    """What became of the guesses, by kind: how many were made, how many opened a case."""
    source = random.Random(seed)
    known = {fresh_code(source): fresh_pin(source) for _ in range(cases)}
    for number, (code, pin) in enumerate(known.items()):
        open_one(database, code=code, pin=pin, conversation_id=f"talk{number}")
    codes = list(known)
    tally: Counter[str] = Counter()

    def some(session: Session, count: int) -> None:
        for _ in range(count):
            clock.forward(EACH)
            kind, code, pin = _guess(session, source, codes, known)
            tally[kind] += 1
            number = sum(tally.values())
            who = Trier(f"stranger{number}", f"line{number}")
            if queue.find_by_code(session, code, pin, who) is not None:
                tally[f"{kind}: opened"] += 1

    for begin in range(0, guesses, _AT_ONCE):
        count = min(_AT_ONCE, guesses - begin)
        database.transact_now(lambda session, count=count: some(session, count))  # type: ignore[misc]
    return tally


def _guess(
    session: Session, source: random.Random, codes: list[str], known: dict[str, str]
) -> tuple[str, str, str]:
    chance = source.random()
    if chance < 0.5:
        return "unknown code", fresh_code(source), fresh_pin(source)
    code = source.choice(codes)
    if chance < 0.95:
        return "wrong PIN", code, fresh_pin(source)
    if queue.strangers_may_try(session, code):
        return "wrong PIN", code, fresh_pin(source)
    return "right PIN, locked", code, known[code]


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--guesses", type=int, default=1_000_000)
    parser.add_argument("--cases", type=int, default=100)
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--url", help="an empty PostgreSQL database")
    chosen = parser.parse_args()
    with tempfile.TemporaryDirectory() as folder:
        url = chosen.url or f"sqlite:///{Path(folder) / 'guesses.db'}"
        clock = SetClock(_BEGAN)
        database = Database(url, Vault(Keyring.fresh()), clock)
        migrate(database)
        begun = time.perf_counter()
        tally = guess_all(database, clock, chosen.guesses, chosen.cases, chosen.seed)
        took = time.perf_counter() - begun
        database.close_now()
    for kind, count in sorted(tally.items()):
        print(f"{kind:28} {count:>10,}")
    opened = sum(count for kind, count in tally.items() if kind.endswith(": opened"))
    print(f"{'opened in all':28} {opened:>10,}   in {took:.0f} s")


if __name__ == "__main__":
    main()
