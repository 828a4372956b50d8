"""A slice of `bench.baddays`: the database goes away, the disk fills, and the books agree."""

from pathlib import Path

from bench.baddays import fills_up_with_pages, goes_away
from bench.stand import cluster
from bot.turn import Rooms


async def test_a_database_that_is_killed_loses_nothing_and_costs_nobody_the_card(
    rooms: Rooms,
) -> None:
    with cluster() as place:
        found = await goes_away(place, rooms, times=2)

    assert found.broken == [], "\n".join(found.told("killed"))
    assert found.acknowledged >= 2 * 4 * 4
    assert found.in_danger >= 2 * 4
    assert found.statuses[503] > 0


async def test_a_full_disk_loses_nothing_and_costs_nobody_the_card(
    rooms: Rooms, tmp_path: Path
) -> None:
    found = await fills_up_with_pages(tmp_path, rooms, times=2)

    assert found.broken == [], "\n".join(found.told("full"))
    assert found.statuses[503] > 0
    assert found.in_danger > 0
