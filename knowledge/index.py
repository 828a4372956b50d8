"""Full text search over any texts, forgiving to how people type.

Three fields a text, filled by us: folded syllables, pairs of folded syllables, and accented
syllables. The last is asked only when the question carries marks, so that a question without
marks loses nothing and one with marks gains the difference between `ngọc` and `ngóc`.
"""

import re
from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from copy import copy
from dataclasses import dataclass
from enum import StrEnum
from functools import cache, lru_cache
from pathlib import Path
from typing import NamedTuple, Self, assert_never

import numpy as np
import numpy.typing as npt

from knowledge.postings import Floats, Postings, Saturation
from knowledge.spelling import Speller, pairs, rarity
from knowledge.vietnamese import Normalised, fold, normalise
from store.datafile import load


class _Part(StrEnum):
    """What of a text is searched, each with statistics of its own."""

    SYLLABLES = "syllables"
    PAIRS = "pairs"
    ACCENTED = "accented"


_SHORT_TEXTS = {_Part.SYLLABLES: 1.0, _Part.PAIRS: 0.5, _Part.ACCENTED: 0.5}
_LONG_TEXTS = {_Part.SYLLABLES: 1.0, _Part.PAIRS: 1.0, _Part.ACCENTED: 0.5}
"""Any word of a question can be met by chance in a page of law; two together seldom are."""
_SHORT = 30
"""Up to so many syllables on average, texts count as short: questions, titles."""
_SAID = 0.5
"""What saying all of a question is worth beside the best score, where a word said often, or in a
short text, counts more: of short texts all words, of long ones all pairs."""
SAME_WORDS = Path(__file__).parent / "data" / "same_words.yaml"
_LONGEST_QUESTION = 400
"""Syllables of a question that are looked at; a story of two pages has said its matter by then."""
_SAMPLE = 8
"""Every so manieth score tells which to sort out before the best are looked for."""
_SHORT_DIALS = Saturation()
_LONG_DIALS = Saturation(often=2.0, length=0.9)
"""A page that goes on about a word is about it; a long page has any word in it somewhere."""


@dataclass(frozen=True, slots=True)
class Text:
    """One text to be found; several may lead to the same key."""

    key: str
    text: str


class Match(NamedTuple):
    """A text that was found, by its place in the index; `score` is BM25, above 0, no upper end."""

    place: int
    score: float


@dataclass(frozen=True, slots=True)
class Question:
    """A question as the index reads it."""

    normalised: Normalised
    typed: tuple[str, ...]
    """Folded syllables, same words merged."""
    syllables: tuple[str, ...]
    """The same, slips mended."""


class Index:
    """Texts in memory, searched by one thread at a time or many; never changed, only replaced."""

    def __init__(self, texts: Iterable[Text]) -> None:
        self.texts: Sequence[Text] = ()
        """By place; a place may be free, and then nothing is found there."""
        self.speller = Speller(())
        self._order: Sequence[int] = ()
        """Which of its key's texts stands in each place."""
        self._places: Mapping[str, tuple[int, ...]] = {}
        self._free: tuple[int, ...] = ()
        self._size = 0
        self._syllables = 0
        self._postings = dict.fromkeys(_Part, Postings.none())
        of_key: dict[str, list[Text]] = defaultdict(list)
        for text in texts:
            of_key[text.key].append(text)
        self._take(of_key)

    def replaced(self, texts: Mapping[str, Sequence[Text]]) -> Self:
        """A new index in which each of these keys has these texts, or none at all.

        It finds, scores and mends just as one built anew from all the texts would.
        """
        changed = copy(self)
        changed._take(texts)  # noqa: SLF001 - its own
        return changed

    def _take(self, texts: Mapping[str, Sequence[Text]]) -> None:
        gone: dict[int, Read] = {}
        come: dict[int, Read] = {}
        free, places = list(self._free), dict(self._places)
        by_place, order = list(self.texts), list(self._order)
        for key, some in texts.items():
            before: dict[str, list[int]] = defaultdict(list)
            for held in places.pop(key, ()):
                before[by_place[held].text].append(held)
            stay = [before[text.text].pop() if before[text.text] else None for text in some]
            for left, held_by in before.items():
                gone |= dict.fromkeys(held_by, read_text(left))
                free += held_by
            taken = []
            for number, (text, kept) in enumerate(zip(some, stay, strict=True)):
                place = kept
                if place is None:
                    place = free.pop() if free else len(by_place)
                    come[place] = read_text(text.text)
                by_place[place : place + 1], order[place : place + 1] = [text], [number]
                taken.append(place)
            if taken:
                places[key] = tuple(taken)
        self._places, self._free = places, tuple(free)
        self.texts, self._order = by_place, order
        self._size += len(come) - len(gone)
        self._syllables += sum(len(read.syllables) for read in come.values())
        self._syllables -= sum(len(read.syllables) for read in gone.values())
        self._long = self._syllables > _SHORT * self._size
        self._weights = _LONG_TEXTS if self._long else _SHORT_TEXTS
        self._dials = _LONG_DIALS if self._long else _SHORT_DIALS
        self.speller = self.speller.replaced(
            [read.syllables for read in gone.values()], [read.syllables for read in come.values()]
        )
        self._postings = {
            part: postings.changed(
                {place: read.words(part) for place, read in gone.items()},
                {place: read.words(part) for place, read in come.items()},
                len(by_place),
            )
            for part, postings in self._postings.items()
        }

    def read(self, question: str) -> Question:
        """Normalise a question and mend its slips by the words of this index."""
        normalised = normalise(question)
        merged = one_word_for_each_thing(normalised.syllables[:_LONGEST_QUESTION])
        return Question(normalised, merged, self.speller.mend_boldly(merged))

    def find(self, question: Question, limit: int) -> tuple[Match, ...]:
        """The texts that share most with a question, best first; none for a question of no word."""
        asked = {
            _Part.SYLLABLES: question.syllables,
            _Part.PAIRS: pairs(question.syllables),
            _Part.ACCENTED: self._accented(question),
        }
        scores: Floats = np.zeros(len(self.texts))
        for part, words in asked.items():
            self._postings[part].add_to(
                scores, dict.fromkeys(words), self._size, self._dials, self._weights[part]
            )
        places = _best_of(scores, limit)
        best = [
            (-score, self.texts[place].key, self._order[place], place)
            for place, score in zip(places.tolist(), scores[places].tolist(), strict=True)
        ]
        return tuple(Match(place, -score) for score, _, _, place in sorted(best)[:limit])

    def keys(self, question: str, limit: int) -> tuple[str, ...]:
        """The keys of the best texts, each once, best first."""
        asked = self.read(question)
        matches = self.find(asked, limit * 5)
        if not matches:
            return ()
        rarities = (
            {
                two: self.pair_rarity(two)
                for two in pairs(asked.syllables)
                if two in self.speller.pairs
            }
            if self._long
            else {word: self.rarity(word) for word in asked.syllables}
        )
        whole = sum(rarities.values()) or 1.0

        def worth(match: Match) -> float:
            read = read_text(self.texts[match.place].text)
            said = set(read.pairs if self._long else read.syllables)
            heard = sum(rarity for word, rarity in rarities.items() if word in said)
            return match.score / matches[0].score + _SAID * heard / whole

        best_first = sorted(matches, key=worth, reverse=True)
        return tuple(dict.fromkeys(self.texts[match.place].key for match in best_first))[:limit]

    def _accented(self, question: Question) -> tuple[str, ...]:
        if not question.normalised.has_diacritics:
            return ()
        return question.normalised.accented_syllables[:_LONGEST_QUESTION]

    def rarity(self, word: str) -> float:
        """How much a folded word tells: 0 when every text has it, most when none has."""
        return self._rare(self.speller.words[word])

    def pair_rarity(self, pair: str) -> float:
        """The same of two neighbours, written `ly_hon`."""
        return self._rare(self.speller.pairs[pair])

    def _rare(self, texts: int) -> float:
        return rarity(texts, self.speller.size)


def _best_of(scores: Floats, limit: int) -> npt.NDArray[np.intp]:
    """The places of the `limit` best scores above 0, and of those that equal the last of them."""
    some = scores[::_SAMPLE]
    # As many in a part of them as are wanted of all: the last of those is good enough for a sieve.
    sieve = float(np.partition(some, -limit)[-limit]) if len(some) > limit else 0.0
    places = np.flatnonzero(scores >= sieve if sieve > 0 else scores)
    if len(places) <= limit:
        return places
    left = scores[places]
    best: npt.NDArray[np.intp] = places[left >= np.partition(left, -limit)[-limit]]
    return best


@dataclass(frozen=True, slots=True)
class Read:
    """A text of the index as it is searched."""

    accented_syllables: tuple[str, ...]
    syllables: tuple[str, ...]
    """Folded, same words merged."""
    pairs: tuple[str, ...]

    def words(self, part: _Part) -> tuple[str, ...]:
        match part:
            case _Part.SYLLABLES:
                return self.syllables
            case _Part.PAIRS:
                return self.pairs
            case _Part.ACCENTED:
                return self.accented_syllables
            case _:
                assert_never(part)


@lru_cache(maxsize=65_536)
def read_text(text: str) -> Read:
    """Read a text of the index.

    Remembered, so that an edit of one article does not cost the reading of all the others. Never
    call it with a citizen's words: they must not be remembered.
    """
    normalised = normalise(text)
    syllables = one_word_for_each_thing(normalised.syllables)
    return Read(normalised.accented_syllables, syllables, pairs(syllables))


def one_word_for_each_thing(syllables: Sequence[str]) -> tuple[str, ...]:
    """Folded syllables, words that mean the same written as one of them: `li di` → `ly hon`."""
    pattern, first_of = _same_words()
    merged = pattern.sub(lambda match: first_of[match.group()], " ".join(syllables))
    return tuple(merged.split())


@cache
def _same_words() -> tuple[re.Pattern[str], dict[str, str]]:
    groups = load(SAME_WORDS, tuple[tuple[str, ...], ...])
    first_of = {fold(word): fold(first) for first, *others in groups for word in others}
    longest_first = sorted(first_of, key=len, reverse=True)
    return re.compile(rf"(?<!\w)(?:{'|'.join(longest_first)})(?!\w)"), first_of
