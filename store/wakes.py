"""Who waits for what: sleepers are woken by a commit here, or by NOTIFY from another process."""

import asyncio
from collections.abc import Iterable
from contextlib import suppress
from enum import StrEnum

import psycopg


class Topic(StrEnum):
    """What a transaction can have changed for somebody who waits."""

    INBOX = "inbox"
    OUTBOX = "outbox"
    TALK = "talk"
    DESK = "desk"


class Wakes:
    """Sleepers by topic, in one event loop. Waking is a hint: sleepers always look again."""

    def __init__(self) -> None:
        self._turns: dict[Topic, asyncio.Event] = {}

    def wake(self, topics: Iterable[Topic]) -> None:
        """Wake everyone who sleeps on one of `topics`."""
        for topic in topics:
            sleeping = self._turns.pop(topic, None)
            if sleeping is not None:
                sleeping.set()

    async def sleep(self, topic: Topic, seconds: float) -> None:
        """Sleep until `topic` is woken, `seconds` at most."""
        event = self._turns.setdefault(topic, asyncio.Event())
        with suppress(TimeoutError):
            await asyncio.wait_for(event.wait(), seconds)

    async def listen(self, conninfo: str) -> None:
        """Pass on what other processes notify on PostgreSQL, for ever; reconnects by itself."""
        while True:
            with suppress(psycopg.Error):
                connection = await psycopg.AsyncConnection.connect(conninfo, autocommit=True)
                async with connection:
                    await connection.execute("LISTEN tram")
                    self.wake(Topic)  # something may have been said before we listened
                    async for notice in connection.notifies():
                        with suppress(ValueError):
                            self.wake((Topic(notice.payload),))
            await asyncio.sleep(1)
