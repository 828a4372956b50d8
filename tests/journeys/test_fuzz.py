"""A slice of `bench.fuzz`: what malice and broken phones send does no harm, and leaks nothing."""

import logging
import random

import pytest

from bench.fuzz import CANARY, Mutations, fuzz, listening, recorded
from bench.inside import Inside
from bot.turn import Rooms
from bot.valve import Measure
from store.session import Database


async def test_mutated_updates_crash_nothing_leak_nothing_and_nothing_forged_comes_in(
    sqlite: Database, rooms: Rooms
) -> None:
    found = await fuzz(sqlite, rooms, updates=2_000, forged=1_000, seed=20261123)

    assert found.broken == [], "\n".join(found.told())
    assert (found.posted, found.forged) == (2_000, 1_000)
    assert found.kept > 400, "too few came in to say anything"
    assert found.statuses[422] > 200, "too few were odd"
    assert set(found.of_forged) <= {401, 403, 413, 422}


async def test_the_bench_sees_a_crash_and_a_canary_in_the_log(
    sqlite: Database, rooms: Rooms
) -> None:
    with listening() as leaks:
        logging.getLogger("bot").warning("said: %s", CANARY)
        assert len(leaks()) == 1
        assert leaks() == []

    async with Inside(sqlite, rooms, Measure()) as house:
        sqlite.close_now()
        with pytest.raises(RuntimeError):  # the threads are gone: no error of the database
            await house.opens("o" * 22)


def test_every_recorded_update_is_changed_and_carries_the_canary() -> None:
    mutations = Mutations(random.Random(1))  # noqa: S311 - only to disturb
    for platform, updates in recorded().items():
        assert any(CANARY in str(one) for one in updates), platform
        for one in updates:
            assert any(mutations.changed(one) != one for _ in range(9))
