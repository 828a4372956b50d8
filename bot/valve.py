"""Lets each person's messages in as fast as a person writes; what a machine pours in is shed.

A platform is told 200 for what is shed, or it would post it again and again; the web page is told
to wait. Whoever writes too fast hears so once, and danger is let in however full the measure is, as
long as it comes no faster than a hand could write it.

The measure is kept by each process for itself: what is shed shall cost no look at the database,
which is what a flood would wear out. With several web processes one person may therefore write so
many times as fast; the turns stay fair between talks whatever comes in (`worker`).
"""

import asyncio
import datetime as dt
import logging
import time
from collections.abc import Awaitable, Callable, Sequence
from hashlib import blake2b
from typing import TypeVar

from sqlalchemy.exc import SQLAlchemyError

from bot import conversations
from bot.channels.message import ChannelName, RawEvent
from bot.lifeline import Lifeline, keep
from bot.metrics import Metrics
from cases.speech import say
from store import outbox
from store.session import Database, Session

log = logging.getLogger(__name__)
T = TypeVar("T")

AT_ONCE = 60
"""Messages that somebody may send in one go: an album of papers, or a story in short lines."""
SECONDS_EACH = 2.0
"""After that, one message in so many seconds, for ever."""
LOOKS_AT_ONCE = 30
LOOKS_EACH = 0.2
"""Of what is beyond the measure so much is read for danger: thirty messages in one go, then one in
so many seconds. No hand writes faster; who pours in more would have every message read, and the
reading is what the others would wait for."""
TOLD_EVERY = dt.timedelta(hours=1)
"""Nobody is told more often than that to write more slowly."""
_MOST_PEOPLE = 10_000
_MOST_WORDS = 1_000

Who = tuple[ChannelName, str]


class Measure:
    """How much each person has sent of late (GCRA: a token bucket kept as one moment)."""

    def __init__(self, at_once: int = AT_ONCE, seconds_each: float = SECONDS_EACH) -> None:
        self._room = at_once * seconds_each
        self._each = seconds_each
        self._full_until: dict[Who, float] = {}
        """When each one's measure would be empty again, in the caller's seconds."""
        self._look_again = 0.0

    def __len__(self) -> int:
        """How many people are remembered."""
        return len(self._full_until)

    def take(self, who: Who, now: float) -> bool:
        """Whether there is room for one message more; its room is taken."""
        if len(self._full_until) > _MOST_PEOPLE and now > self._look_again:
            self._look_again = now + self._room
            self._full_until = {one: at for one, at in self._full_until.items() if at > now}
        after = max(now, self._full_until.get(who, now)) + self._each
        if after - now > self._room:
            return False
        self._full_until[who] = after
        return True

    def give_back(self, who: Who) -> None:
        """A message that was let in was not kept: it will come again."""
        if who in self._full_until:
            self._full_until[who] -= self._each

    def wait(self, who: Who, now: float) -> float:
        """Seconds until there is room for one message."""
        return max(0.0, self._full_until.get(who, now) + self._each - self._room - now)


class Valve:
    """Stands between the channels and the inbox. `now` gives seconds that only go forward."""

    def __init__(
        self,
        database: Database,
        lifeline: Lifeline,
        metrics: Metrics,
        *,
        measure: Measure | None = None,
        looks: Measure | None = None,
        now: Callable[[], float] = time.monotonic,
    ) -> None:
        self._database = database
        self._lifeline = lifeline
        self._metrics = metrics
        self._measure = Measure() if measure is None else measure
        self._looks = Measure(LOOKS_AT_ONCE, LOOKS_EACH) if looks is None else looks
        self._now = now
        self._told: dict[Who, float] = {}
        self._dangers: dict[bytes, bool] = {}
        self._telling: set[asyncio.Task[None]] = set()

    def let_in(self, events: Sequence[RawEvent]) -> list[RawEvent]:
        """Those that go on to the inbox; whoever sent the others is told. On the loop only."""
        wanted = []
        for event in events:
            if self._goes_in(event):
                wanted.append(event)
            else:
                self._metrics.shed(event.channel)
                self._tell_once((event.channel, event.address))
        return wanted

    def _goes_in(self, event: RawEvent) -> bool:
        if event.channel is ChannelName.TELEGRAM_DESK:
            return True  # a group of many, and of our own people
        who, now = (event.channel, event.address), self._now()
        if self._measure.take(who, now):
            return True
        return self._looks.take(who, now) and self._sounds_of_danger(self._lifeline.words_of(event))

    def admits(self, channel: ChannelName, address: str, words: str | None) -> float | None:
        """For a caller that can wait: None when its message may come in, else for how long not."""
        who, now = (channel, address), self._now()
        if self._measure.take(who, now):
            return None
        if self._looks.take(who, now) and self._sounds_of_danger(words):
            return None
        self._metrics.shed(channel)
        return self._measure.wait(who, now)

    def give_back(self, channel: ChannelName, address: str) -> None:
        """What was let in was not kept: its sender tries again, and pays only once."""
        self._measure.give_back((channel, address))

    def _sounds_of_danger(self, words: str | None) -> bool:
        """A flood is mostly the same words: what was once looked at is known by its digest."""
        if not words:
            return False
        digest = blake2b(words.encode("utf-8", "replace"), digest_size=16).digest()
        if digest not in self._dangers:
            if len(self._dangers) >= _MOST_WORDS:
                self._dangers.clear()
            self._dangers[digest] = self._lifeline.sounds_of_danger(words)
        return self._dangers[digest]

    def _tell_once(self, who: Who) -> None:
        now = self._now()
        if now < self._told.get(who, now):
            return
        if len(self._told) >= _MOST_PEOPLE:
            self._told = {one: until for one, until in self._told.items() if until > now}
        self._told[who] = now + TOLD_EVERY.total_seconds()
        task = asyncio.create_task(self._tell(who))
        self._telling.add(task)
        task.add_done_callback(self._telling.discard)

    async def has_told(self) -> None:
        """Wait until whoever is to be told has been."""
        await asyncio.gather(*self._telling)

    async def _tell(self, who: Who) -> None:
        try:
            await self._database.transact(lambda session: tell_to_wait(session, *who))
        except (SQLAlchemyError, OSError) as problem:
            self._told.pop(who, None)
            log.warning("nobody told who writes too fast: %s", type(problem).__name__)


def tell_to_wait(session: Session, channel: ChannelName, address: str) -> None:
    """Say that what came last was not read; not again within the hour, whichever process asks."""
    if conversations.find(session, channel, address) is None:
        return  # deleted meanwhile
    talk, now = conversations.find_or_create(session, channel, address), session.clock.now()
    if talk.slowed_at is not None and now - talk.slowed_at < TOLD_EVERY:
        return
    talk.slowed_at = now
    outbox.put(
        session,
        conversation_id=talk.id,
        channel=channel,
        kind=outbox.Kind.SAY,
        body=say("always.too_fast").model_dump_json(),
    )


async def keep_some(
    valve: Valve | None,
    lifeline: Lifeline | None,
    events: Sequence[RawEvent],
    write: Callable[[list[RawEvent]], Awaitable[None]],
) -> None:
    """`lifeline.keep` for those of the events that the valve lets in.

    Raises:
        SQLAlchemyError, OSError: they were not kept; too long a wait is a `TimeoutError`.
    """
    wanted = list(events) if valve is None else valve.let_in(events)
    if not wanted:
        return
    try:
        await keep(lifeline, wanted, write(wanted))
    except BaseException:
        if valve is not None:
            for event in wanted:
                valve.give_back(event.channel, event.address)
        raise
