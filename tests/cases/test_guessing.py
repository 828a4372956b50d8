"""Codes and PINs guessed by the thousand: a slice of `python -m bench.guesses`."""

from bench.guesses import guess_all
from store.clock import SetClock
from store.session import Database


def test_guesses_open_no_case(sqlite: Database, clock: SetClock) -> None:
    tally = guess_all(sqlite, clock, guesses=2_000, cases=5, seed=3)

    assert {kind: count for kind, count in tally.items() if kind.endswith(": opened")} == {}
    assert tally["unknown code"] > 900
    assert tally["wrong PIN"] > 800
    assert tally["right PIN, locked"] > 50
