"""Full text search over any texts, forgiving to how people type.

Three fields a text, filled by us: folded syllables, pairs of folded syllables, and accented
syllables. The last is asked only when the question carries marks, so that a question without
marks loses nothing and one with marks gains the difference between `ngọc` and `ngóc`.
"""

import math
import re
from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from functools import cache, lru_cache
from pathlib import Path
from typing import cast

import tantivy

from knowledge.spelling import Speller, pairs
from knowledge.vietnamese import Normalised, fold, normalise
from store.datafile import load

_SYLLABLE, _PAIR, _ACCENTED, _PLACE = "syllable", "pair", "accented", "place"
_SHORT_TEXTS = {_SYLLABLE: 1.0, _PAIR: 0.5, _ACCENTED: 0.5}
_LONG_TEXTS = {_SYLLABLE: 1.0, _PAIR: 1.0, _ACCENTED: 0.5}
"""Any word of a question can be met by chance in a page of law; two together seldom are."""
_SHORT = 30
"""Up to so many syllables on average, texts count as short: questions, titles."""
_SAID = 0.3
"""What saying all of a question is worth beside the best score, where a word said often, or in a
short text, counts more: of short texts all words, of long ones all pairs."""
SAME_WORDS = Path(__file__).parent / "data" / "same_words.yaml"
_LONGEST_QUESTION = 400
"""Syllables of a question that are looked at; a story of two pages has said its matter by then."""
_WRITER_BYTES = 15_000_000


@dataclass(frozen=True, slots=True)
class Text:
    """One text to be found; several may lead to the same key."""

    key: str
    text: str


@dataclass(frozen=True, slots=True)
class Match:
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
    """Texts in memory, searched by one thread at a time or many; never changed, only rebuilt."""

    def __init__(self, texts: Iterable[Text]) -> None:
        self.texts = tuple(texts)
        read = [read_text(text.text) for text in self.texts]
        self.speller = Speller(text.syllables for text in read)
        self._long = sum(len(text.syllables) for text in read) > _SHORT * len(read)
        self._weights = _LONG_TEXTS if self._long else _SHORT_TEXTS
        builder = tantivy.SchemaBuilder()
        for field in _SHORT_TEXTS:
            builder.add_text_field(field, tokenizer_name="whitespace", index_option="freq")
        builder.add_integer_field(_PLACE, fast=True)
        self._schema = builder.build()
        index = tantivy.Index(self._schema)
        writer = index.writer(_WRITER_BYTES, 1)
        for place, text in enumerate(read):
            document = tantivy.Document()
            document.add_text(_SYLLABLE, " ".join(text.syllables))
            document.add_text(_PAIR, " ".join(text.pairs))
            document.add_text(_ACCENTED, " ".join(text.accented_syllables))
            document.add_integer(_PLACE, place)
            writer.add_document(document)
        writer.commit()
        writer.wait_merging_threads()
        index.reload()
        self._searcher = index.searcher()

    def read(self, question: str) -> Question:
        """Normalise a question and mend its slips by the words of this index."""
        normalised = normalise(question)
        merged = one_word_for_each_thing(normalised.syllables[:_LONGEST_QUESTION])
        return Question(normalised, merged, self.speller.mend_boldly(merged))

    def find(self, question: Question, limit: int) -> tuple[Match, ...]:
        """The texts that share most with a question, best first; none for a question of no word."""
        parts = [
            (field, word)
            for field, words in (
                (_SYLLABLE, question.syllables),
                (_PAIR, pairs(question.syllables)),
                (_ACCENTED, self._accented(question)),
            )
            for word in Counter(words)
        ]
        if not parts:
            return ()
        query = tantivy.Query.boolean_query(
            [
                (
                    tantivy.Occur.Should,
                    tantivy.Query.boost_query(
                        tantivy.Query.term_query(self._schema, field, word), self._weights[field]
                    ),
                )
                for field, word in parts
            ]
        )
        hits = self._searcher.search(query, limit, count=False).hits
        addresses = [address for _, address in hits]
        places = cast("list[int]", self._searcher.fast_field_values(_PLACE, addresses))
        return tuple(Match(place, score) for place, (score, _) in zip(places, hits, strict=True))

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
        return math.log1p((self.speller.size - texts + 0.5) / (texts + 0.5))


@dataclass(frozen=True, slots=True)
class Read:
    """A text of the index as it is searched."""

    accented_syllables: tuple[str, ...]
    syllables: tuple[str, ...]
    """Folded, same words merged."""
    pairs: tuple[str, ...]


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
