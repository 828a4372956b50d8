"""Which texts have which words: BM25 over one field of an index that changes text by text.

A search library would keep what was taken out in its counts until it happens to tidy up, and so
rank differently after an edit than after a restart. Here an edit and a building anew leave the same
numbers. Nothing is changed in place: whoever searches goes on with what they hold.
"""

from collections import Counter, defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field

import numpy as np
import numpy.typing as npt

from knowledge.spelling import rarity

Whole = npt.NDArray[np.int32]
Floats = npt.NDArray[np.float64]
_Worth = tuple[npt.NDArray[np.intp], Floats]
"""Places, each once, and a number for each."""


@dataclass(frozen=True, slots=True)
class Saturation:
    """The two dials of BM25."""

    often: float = 1.2
    """How much more a word counts when it is said again; 0 when not at all (k1)."""
    length: float = 0.75
    """How much longer texts owe, from 0 (nothing) to 1 (in full proportion) (b)."""


@dataclass(frozen=True, slots=True)
class _Reckoned:
    """What words are worth at their places, as far as they were asked for."""

    owed: Floats
    """By place: what its length takes from each of its words."""
    worth: dict[str, _Worth] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Postings:
    """Words by the places they stand in; `lengths` has one number a place, 0 where there is none.

    Whoever uses it knows how many texts there are; places that became free may be given again.
    """

    where: Mapping[str, Whole]
    """Two rows a word: places, and how often it stands there."""
    lengths: Whole
    _known: dict[tuple[int, Saturation, float], _Reckoned] = field(
        default_factory=dict, repr=False, compare=False
    )
    """What was reckoned once: an edit makes new postings, and with them everything anew."""

    @classmethod
    def none(cls) -> "Postings":
        """Of no texts."""
        return cls({}, np.zeros(0, np.int32))

    def changed(
        self, gone: Mapping[int, Sequence[str]], come: Mapping[int, Sequence[str]], places: int
    ) -> "Postings":
        """The same with other words at some of the `places` there are then."""
        lengths = np.zeros(places, np.int32)
        lengths[: len(self.lengths)] = self.lengths
        stays = np.ones(places, np.bool_)
        for place in gone:
            lengths[place], stays[place] = 0, False
        new: dict[str, list[tuple[int, int]]] = defaultdict(list)
        for place, words in come.items():
            lengths[place] = len(words)
            for word, times in Counter(words).items():
                new[word].append((place, times))
        where = dict(self.where)
        for word in {word for words in gone.values() for word in words}:
            kept = where.pop(word)
            kept = kept.take(np.flatnonzero(stays[kept[0]]), axis=1)
            if kept.size:
                where[word] = kept
        for word, entries in new.items():
            added = np.array(entries, np.int32).T
            where[word] = np.hstack((where[word], added)) if word in where else added
        return Postings(where, lengths)

    def add_to(
        self, scores: Floats, words: Iterable[str], texts: int, dials: Saturation, weight: float
    ) -> None:
        """Add to the score of each place what the different `words` are worth there, in order."""
        if not self.where:
            return
        known = self._known.get((texts, dials, weight))
        if known is None:
            known = self._known[texts, dials, weight] = self._reckoned(texts, dials)
        for word in words:
            worth = known.worth.get(word)
            if worth is None:
                if word not in self.where:
                    continue
                worth = known.worth[word] = self._worth(word, known.owed, texts, dials, weight)
            np.add.at(scores, *worth)

    def _reckoned(self, texts: int, dials: Saturation) -> _Reckoned:
        usual = float(self.lengths.sum(dtype=np.int64)) / texts
        owed = dials.often * (1 - dials.length + dials.length * self.lengths / usual)
        return _Reckoned(owed.astype(np.float64, copy=False))

    def _worth(
        self, word: str, owed: Floats, texts: int, dials: Saturation, weight: float
    ) -> _Worth:
        """Where a word stands and what it is worth there; reckoned when it is first asked for."""
        where, times = self.where[word]
        places = where.astype(np.intp)
        worth = rarity(len(places), texts) * times * (dials.often + 1)
        return places, worth / (times + owed[places]) * weight
