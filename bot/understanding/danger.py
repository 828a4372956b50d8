"""Is somebody in danger now? Read from signs in `data/danger.yaml`, tempered by `dampeners.yaml`.

A miss is the serious error: a card with the right number too often is a small harm, a woman left
without it a great one.
"""

from collections.abc import Mapping
from enum import StrEnum
from pathlib import Path

from bot.understanding.phrases import Message, Phrasebook
from store.datafile import Entry, load

DATA = Path(__file__).parent / "data"


class DangerKind(StrEnum):
    """What somebody needs to be helped out of; each has its own first answer."""

    VIOLENCE = "violence"
    SUICIDE = "suicide"
    CHILD = "child"
    ARREST = "arrest"
    TRAFFICKING = "trafficking"
    THREAT = "threat"


class SignEntry(Entry):
    kind: DangerKind
    what: str
    sure: bool = False
    phrases: tuple[str, ...]


class DangerFile(Entry):
    lists: Mapping[str, tuple[str, ...]]
    signs: tuple[SignEntry, ...]


class DampenerFile(Entry):
    lists: Mapping[str, tuple[str, ...]]
    harmless: tuple[str, ...]
    settled: tuple[str, ...]
    study: tuple[str, ...]
    again: tuple[str, ...]


class DangerReader:
    """Reads danger from messages."""

    def __init__(self, book: Phrasebook) -> None:
        danger = load(DATA / "danger.yaml", DangerFile)
        dampeners = load(DATA / "dampeners.yaml", DampenerFile)
        for name, words in {**danger.lists, **dampeners.lists}.items():
            book.add_list(name, words)
        self._kinds = tuple(one.kind for one in danger.signs for _ in one.phrases)
        self._signs = book.all(written for one in danger.signs for written in one.phrases)
        self._harmless = book.all(dampeners.harmless)
        self._settled = book.all(dampeners.settled)
        self._study = book.all(dampeners.study)
        self._again = book.all(dampeners.again)

    def read(self, message: Message) -> DangerKind | None:
        """The kind of danger the message tells of, or None."""
        heard = message.hide(self._harmless.covered(message))
        kinds = [self._kinds[number] for number, *_ in self._signs.find(heard)]
        if not kinds or self._study.among(message):
            return None
        if self._settled.among(message) and not self._again.among(message):
            return None
        return max(DangerKind, key=kinds.count)
