"""The worker makes the rounds of the law's clock, whatever happens to one of them."""

import asyncio
from collections.abc import Callable
from types import SimpleNamespace
from typing import TypeVar, cast

import sqlalchemy as sa

from bot.turn import Rooms
from bot.worker import Worker
from cases.alerts import AlertRow
from store.session import Database, Session
from store.wakes import Topic
from tests.cases.acting import PROVINCE, open_one

T = TypeVar("T")


class DownAtFirst:
    """A database that does not answer the first time it is asked."""

    def __init__(self, database: Database) -> None:
        self.wakes = database.wakes
        self._database = database
        self.asked = 0

    async def transact(self, fn: Callable[[Session], T], *, patient: bool = False) -> T:
        self.asked += 1
        if self.asked == 1:
            raise ConnectionError
        return await self._database.transact(fn, patient=patient)


async def test_a_round_that_fails_is_followed_by_one_that_tells(sqlite: Database) -> None:
    open_one(sqlite, urgent=True)
    down = DownAtFirst(sqlite)
    rooms = cast("Rooms", SimpleNamespace(province=PROVINCE))
    mark = sqlite.wakes.mark(Topic.DESK)
    worker = Worker(cast("Database", down), rooms, {}, hands=0, round_every=0.01)

    working = asyncio.create_task(worker.run())
    await sqlite.wakes.sleep(Topic.DESK, 10, mark)
    worker.stop()
    await asyncio.wait_for(working, 10)

    told = sqlite.read_now(lambda session: session.scalars(sa.select(AlertRow.kind)).all())
    assert told == ["duty_alert"]
