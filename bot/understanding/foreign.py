"""Danger told in English or in Khmer, and what an English message is about.

Whoever is beaten and writes "my husband is beating me" must get the card with the right number at
once. Beside danger only the field and the household are read, of English. Phrases of
`data/foreign.yaml`.
"""

import re
import unicodedata
from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum
from pathlib import Path

from bot.understanding.danger import DangerKind
from bot.understanding.phrases import Message, Phrasebook, plain_message
from eligibility.facts import Household
from knowledge.article import FieldId
from knowledge.vietnamese import is_syllable
from store.datafile import Entry, load

FOREIGN = Path(__file__).parent / "data" / "foreign.yaml"

_AND = ".."
_KHMER = re.compile(r"[\u1780-\u17ff]")
_UNSEEN = re.compile(r"[\u200b-\u200d\ufeff\s]+")


class Language(StrEnum):
    """The languages somebody may write in or ask for."""

    VIETNAMESE = "vi"
    ENGLISH = "en"
    KHMER = "km"


class English(Entry):
    common: tuple[str, ...]
    """By these English is told from Vietnamese typed without marks."""
    lists: Mapping[str, tuple[str, ...]]
    danger: Mapping[DangerKind, tuple[str, ...]]
    safe: tuple[str, ...]
    fields: Mapping[FieldId, tuple[str, ...]]
    households: Mapping[Household, tuple[str, ...]]


class Khmer(Entry):
    not_: tuple[str, ...]
    danger: Mapping[DangerKind, tuple[str, ...]]


class ForeignFile(Entry):
    english: English
    khmer: Khmer


@dataclass(frozen=True)
class Foreign:
    """A message in English or Khmer: which, and the dangers it tells of, the gravest first."""

    language: Language
    dangers: tuple[DangerKind, ...]
    fields: tuple[FieldId, ...] = ()
    """What an English one is about, the field with most of its words first."""
    household: Household | None = None


class ForeignReader:
    """Hears danger in English and Khmer."""

    def __init__(self) -> None:
        file = load(FOREIGN, ForeignFile)
        book = Phrasebook(spelt=str.lower)
        for name, words in file.english.lists.items():
            book.add_list(name, words)
        self._english = {kind: book.all(said) for kind, said in file.english.danger.items()}
        self._safe = book.all(file.english.safe)
        self._fields = {field: book.all(said) for field, said in file.english.fields.items()}
        self._households = {one: book.all(said) for one, said in file.english.households.items()}
        known = {*file.english.common, *book.words}
        self._telling = frozenset(word for word in known if not is_syllable(word))
        self._khmer = {
            kind: tuple(tuple(_joined(one) for one in said.split(_AND)) for said in all_said)
            for kind, all_said in file.khmer.danger.items()
        }
        self._not_khmer = tuple(map(_joined, file.khmer.not_))

    def read(self, text: str) -> Foreign | None:
        """What a message says in English or Khmer; None when it is in neither."""
        if _KHMER.search(text):
            return Foreign(Language.KHMER, self._khmer_dangers(text))
        message = plain_message(text)
        if not self._is_english(message):
            return None
        found = tuple(kind for kind in _GRAVEST_FIRST if self._english[kind].among(message))
        counts = {field: len(said.find(message)) for field, said in self._fields.items()}
        fields = sorted((field for field in counts if counts[field]), key=lambda one: -counts[one])
        household = next(
            (one for one in self._households if self._households[one].among(message)), None
        )
        dangers = () if self._safe.among(message) else found
        return Foreign(Language.ENGLISH, dangers, tuple(fields), household)

    def _khmer_dangers(self, text: str) -> tuple[DangerKind, ...]:
        said = _joined(text)
        for word in self._not_khmer:
            said = said.replace(word, "")
        return tuple(
            kind
            for kind in _GRAVEST_FIRST
            if any(all(piece in said for piece in pieces) for pieces in self._khmer[kind])
        )

    def _is_english(self, message: Message) -> bool:
        """Whether it is written in English: words that look like no Vietnamese one."""
        if not message.text.isascii() or not message.words:
            return False
        telling = sum(word in self._telling for word in message.words)
        return telling >= 2 or 2 * telling >= len(message.words)


_GRAVEST_FIRST = (
    DangerKind.SUICIDE,
    DangerKind.CHILD,
    DangerKind.TRAFFICKING,
    DangerKind.ARREST,
    DangerKind.THREAT,
    DangerKind.VIOLENCE,
)
"""Of several kinds the rarer words tell more: "police took my child" is not plain violence."""


def _joined(text: str) -> str:
    """Khmer without the spaces, seen or unseen, that are put in as one likes."""
    return _UNSEEN.sub("", unicodedata.normalize("NFC", text))
