"""Who waits for what: sleepers are woken by a commit here, or by NOTIFY from another process."""

import asyncio
import secrets
from collections import Counter
from collections.abc import Iterable
from contextlib import suppress
from enum import StrEnum

import psycopg


class Topic(StrEnum):
    """What a transaction can have changed for somebody who waits."""

    INBOX = "inbox"
    OUTBOX = "outbox"
    ERASURES = "erasures"
    """What is to be taken from the citizens' phones."""
    DESK = "desk"
    DOCUMENTS = "documents"
    """What ships as files and is edited on the desk."""


def talk(conversation_id: str) -> str:
    """The topic of those who wait for one talk; it wakes nobody else."""
    return f"talk:{conversation_id}"


_TOPICS = frozenset[str](Topic)


class Wakes:
    """Sleepers by topic, in one event loop. Waking is a hint: sleepers always look again."""

    def __init__(self) -> None:
        self._woken: Counter[str] = Counter()
        self._sleeping: dict[str, set[asyncio.Event]] = {}
        self._voice = secrets.token_hex(8)

    def mark(self, topic: Topic) -> int:
        """Take a mark before looking; `sleep` with it returns at once if a wake came between.

        Only for the lasting topics; who waits for a talk lies down before looking.
        """
        return self._woken[topic]

    def wake(self, topics: Iterable[str]) -> None:
        """Wake everyone who sleeps on one of `topics`."""
        for topic in topics:
            if topic in _TOPICS:  # talks come and go; counting them would fill the memory
                self._woken[topic] += 1
            for event in self._sleeping.pop(topic, ()):
                event.set()

    def notice_of(self, topic: str) -> str:
        """What is told to other processes about a topic; this one does not listen to itself."""
        return f"{self._voice} {topic}"

    async def sleep(self, topic: str, seconds: float, mark: int | None = None) -> None:
        """Sleep until `topic` is woken, `seconds` at most."""
        if mark is not None and mark != self._woken[topic]:
            return
        event = asyncio.Event()
        self._sleeping.setdefault(topic, set()).add(event)
        try:
            # Not `wait_for`: on Python 3.11 it loses a cancellation that comes with the wake.
            with suppress(TimeoutError):
                async with asyncio.timeout(seconds):
                    await event.wait()
        finally:
            others = self._sleeping.get(topic, set())
            others.discard(event)
            if not others:
                self._sleeping.pop(topic, None)

    async def listen(self, conninfo: str, holding: int | None = None) -> None:
        """Pass on what other processes notify on PostgreSQL, for ever; reconnects by itself.

        While connected the advisory lock `holding` is held.
        """
        while True:
            with suppress(psycopg.Error):
                connection = await psycopg.AsyncConnection.connect(conninfo, autocommit=True)
                async with connection:
                    if holding is not None:
                        await connection.execute("SELECT pg_advisory_lock(%s)", (holding,))
                    await connection.execute("LISTEN tram")
                    # Something may have been said before we listened.
                    self.wake({*Topic, *self._sleeping})
                    async for notice in connection.notifies():
                        voice, _, topic = notice.payload.partition(" ")
                        if voice != self._voice:  # who says it was woken at the commit
                            self.wake((topic,))
            await asyncio.sleep(1)
