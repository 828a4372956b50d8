"""The card for somebody in danger whose words can't be kept, because the database is away.

Nothing here needs the database: who is being beaten must not wait until it is mended. The words
themselves come again, as every platform posts again what was not acknowledged, and have their
turn then.
"""

import asyncio
import datetime as dt
import logging
from collections.abc import Awaitable, Callable, Iterable, Mapping
from typing import TypeVar

from sqlalchemy.exc import SQLAlchemyError

from bot.channels.message import Channel, ChannelName, InboundKind, Outbound, RawEvent, TryLater
from bot.dialogue.alarm import danger_card
from bot.logs import where
from bot.understanding.reader import Reader
from cases.speech import Line
from cases.wording import Texts

log = logging.getLogger(__name__)
T = TypeVar("T")

_PATIENCE = 2.0
"""Seconds after which a database that says nothing is not waited for any longer with the card."""
_ANSWER_WITHIN = 8.0
"""Seconds after which an event is answered as not kept; what is committed later counts once."""
_REMEMBERED = 10_000


async def keep(lifeline: "Lifeline | None", events: Iterable[RawEvent], keeping: Awaitable[T]) -> T:
    """`Lifeline.keep`, where there is a lifeline."""
    return await (keeping if lifeline is None else lifeline.keep(events, keeping))


class Lifeline:
    """Tells who is in danger whom to call; once for each event, however often it is posted."""

    def __init__(
        self, reader: Reader, texts: Callable[[], Texts], today: Callable[[], dt.date]
    ) -> None:
        self._reader = reader
        self._texts = texts
        self._today = today
        self._channels: Mapping[ChannelName, Channel] = {}
        self._told: dict[tuple[ChannelName, str], None] = {}
        self._sends: set[asyncio.Task[None]] = set()

    def over(self, channels: Mapping[ChannelName, Channel]) -> None:
        """The channels to send by; a card on any other can't be sent."""
        self._channels = channels

    def card(self, words: str) -> str | None:
        """What somebody who wrote this has to be told now, in their language; None: no danger."""
        understood = self._reader.read(words, self._today())
        if understood.danger is None:
            return None
        language = str(understood.written_in)
        lines = (Line(key=danger_card(understood)), Line(key="danger.not_kept"))
        return self._texts().join(lines, language)

    def words_of(self, event: RawEvent) -> str:
        """What somebody typed; nothing for a press, a start, or what can't be read."""
        channel = self._channels.get(event.channel)
        try:
            inbound = channel.read(event.body) if channel is not None else None
        except Exception as problem:  # whatever a broken event makes a library raise
            log.warning("an event can't be read: %s", where(problem))
            return ""
        if inbound is None or inbound.kind in (InboundKind.BUTTON, InboundKind.START):
            return ""
        return inbound.text

    def sounds_of_danger(self, words: str) -> bool:
        """Whether a sign of danger stands in some words: a cheap look, that hears too much."""
        return self._reader.sounds_of_danger(words, self._today())

    async def keep(self, events: Iterable[RawEvent], keeping: Awaitable[T]) -> T:
        """Wait until events are kept; whoever is in danger is told when they are not.

        Raises:
            SQLAlchemyError, OSError: they were not kept; too long a wait is a `TimeoutError`.
        """
        events = tuple(events)
        task = asyncio.ensure_future(keeping)
        try:
            done, _ = await asyncio.wait({task}, timeout=_PATIENCE)
        except asyncio.CancelledError:  # the platform waits less long than we would (Zalo)
            task.cancel()
            self._throw(events)
            raise
        if not done:
            self._throw(events)
        try:
            return await asyncio.wait_for(task, _ANSWER_WITHIN - _PATIENCE)
        except (SQLAlchemyError, OSError):
            self._throw(events)
            raise

    def _throw(self, events: Iterable[RawEvent]) -> None:
        for event in events:
            name = (event.channel, event.event_id)
            if event.channel in self._channels and name not in self._told:
                self._told[name] = None
                if len(self._told) > _REMEMBERED:
                    del self._told[next(iter(self._told))]
                task = asyncio.create_task(self._tell(event))
                self._sends.add(task)
                task.add_done_callback(self._sends.discard)

    async def _tell(self, event: RawEvent) -> None:
        channel = self._channels[event.channel]
        try:
            inbound = channel.read(event.body)
            if inbound is None or inbound.kind in (InboundKind.BUTTON, InboundKind.START):
                return
            card = self.card(inbound.text)
            if card is None:
                return
            if isinstance(await channel.send(event.address, Outbound(card)), TryLater):
                self._told.pop((event.channel, event.event_id), None)  # when it is posted again
        except Exception as problem:
            log.error("a card of danger did not go out: %s", where(problem))  # noqa: TRY400
