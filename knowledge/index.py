"""Full text search over any texts, forgiving to how people type.

Three fields a text, filled by us: folded syllables, pairs of folded syllables, and accented
syllables. The last is asked only when the question carries marks, so that a question without
marks loses nothing and one with marks gains the difference between `ngọc` and `ngóc`.
"""

import math
from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass

import tantivy

from knowledge.spelling import Speller, pairs
from knowledge.vietnamese import Normalised, normalise

_SYLLABLE, _PAIR, _ACCENTED = "syllable", "pair", "accented"
_WEIGHTS = {_SYLLABLE: 1.0, _PAIR: 0.7, _ACCENTED: 0.5}
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
    syllables: tuple[str, ...]
    """Folded, slips mended."""


class Index:
    """Texts in memory, searched by one thread at a time or many; never changed, only rebuilt."""

    def __init__(self, texts: Iterable[Text]) -> None:
        self.texts = tuple(texts)
        read = [normalise(text.text) for text in self.texts]
        self.speller = Speller(text.syllables for text in read)
        builder = tantivy.SchemaBuilder()
        for field in (_SYLLABLE, _PAIR, _ACCENTED):
            builder.add_text_field(field, tokenizer_name="whitespace", index_option="freq")
        builder.add_integer_field("place", stored=True)
        self._schema = builder.build()
        index = tantivy.Index(self._schema)
        writer = index.writer(_WRITER_BYTES, 1)
        for place, text in enumerate(read):
            document = tantivy.Document()
            document.add_text(_SYLLABLE, " ".join(text.syllables))
            document.add_text(_PAIR, " ".join(pairs(text.syllables)))
            document.add_text(_ACCENTED, " ".join(text.accented_syllables))
            document.add_integer("place", place)
            writer.add_document(document)
        writer.commit()
        writer.wait_merging_threads()
        index.reload()
        self._searcher = index.searcher()

    def read(self, question: str) -> Question:
        """Normalise a question and mend its slips by the words of this index."""
        normalised = normalise(question)
        mended = self.speller.mend(normalised.syllables[:_LONGEST_QUESTION])
        return Question(normalised, mended)

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
                        tantivy.Query.term_query(self._schema, field, word), _WEIGHTS[field]
                    ),
                )
                for field, word in parts
            ]
        )
        found = self._searcher.search(query, limit)
        return tuple(
            Match(self._searcher.doc(address)["place"][0], score) for score, address in found.hits
        )

    def keys(self, question: str, limit: int) -> tuple[str, ...]:
        """The keys of the best texts, each once, best first."""
        found: dict[str, None] = {}
        for match in self.find(self.read(question), limit * 5):
            found.setdefault(self.texts[match.place].key)
        return tuple(found)[:limit]

    def _accented(self, question: Question) -> tuple[str, ...]:
        if not question.normalised.has_diacritics:
            return ()
        return question.normalised.accented_syllables[:_LONGEST_QUESTION]

    def rarity(self, word: str) -> float:
        """How much a folded word tells: 0 when every text has it, most when none has."""
        texts = self.speller.words[word]
        return math.log1p((self.speller.size - texts + 0.5) / (texts + 0.5))
