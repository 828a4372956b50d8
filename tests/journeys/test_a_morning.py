"""A slice of `bench.weight`: the talk of the benches of many citizens ends with a request."""

from bench.inside import Inside, Writes
from bench.morning import requests
from bench.weight import size, talks
from bot.turn import Rooms
from bot.valve import Measure
from store.session import Database


async def test_each_citizen_of_the_benches_ends_with_a_request_and_is_kept(
    sqlite: Database, rooms: Rooms
) -> None:
    before = sqlite.read_now(size)

    async with Inside(sqlite, rooms, Measure(10**9)) as house:
        await talks(house, Writes(), 1_000, 3)

    assert await requests(sqlite) == 3
    assert sqlite.read_now(size) > before
