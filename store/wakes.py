"""Who waits for what: sleepers are woken by a commit here, or by NOTIFY from another process."""

import asyncio
from collections import Counter
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
        self._woken: Counter[Topic] = Counter()
        self._sleeping: dict[Topic, asyncio.Event] = {}

    def mark(self, topic: Topic) -> int:
        """Take a mark before looking; `sleep` with it returns at once if a wake came between."""
        return self._woken[topic]

    def wake(self, topics: Iterable[Topic]) -> None:
        """Wake everyone who sleeps on one of `topics`."""
        for topic in topics:
            self._woken[topic] += 1
            event = self._sleeping.pop(topic, None)
            if event is not None:
                event.set()

    async def sleep(self, topic: Topic, seconds: float, mark: int | None = None) -> None:
        """Sleep until `topic` is woken, `seconds` at most."""
        if mark is not None and mark != self._woken[topic]:
            return
        event = self._sleeping.setdefault(topic, asyncio.Event())
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
