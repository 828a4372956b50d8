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

_NOWHERE: Whole = np.zeros((2, 0), np.int32)
_NO_VALUES: Floats = np.zeros(0)


@dataclass(frozen=True, slots=True)
class Saturation:
    """The two dials of BM25."""

    often: float = 1.2
    """How much more a word counts when it is said again; 0 when not at all (k1)."""
    length: float = 0.75
    """How much longer texts owe, from 0 (nothing) to 1 (in full proportion) (b)."""


@dataclass(frozen=True, slots=True)
class Postings:
    """Words by the places they stand in; `lengths` has one number a place, 0 where there is none.

    Whoever uses it knows how many texts there are; places that became free may be given again.
    """

    where: Mapping[str, Whole]
    """Two rows a word: places, and how often it stands there."""
    lengths: Whole
    _known: dict[tuple[str, int, Saturation], tuple[npt.NDArray[np.intp], Floats]] = field(
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

    def scores(
        self, words: Iterable[str], texts: int, dials: Saturation
    ) -> tuple[npt.NDArray[np.intp], Floats]:
        """Places, some more than once, and what each of the different `words` is worth there."""
        found = [self._worth(word, texts, dials) for word in words if word in self.where]
        if not found:
            return np.zeros(0, np.intp), _NO_VALUES
        return np.concatenate([one for one, _ in found]), np.concatenate([one for _, one in found])

    def _worth(
        self, word: str, texts: int, dials: Saturation
    ) -> tuple[npt.NDArray[np.intp], Floats]:
        """Where a word stands and what it is worth there; reckoned when it is first asked for."""
        key = word, texts, dials
        if key not in self._known:
            places, times = self.where[word]
            owed = 1 - dials.length + dials.length * self.lengths[places] / self._usual(texts)
            worth = rarity(len(places), texts) * times * (dials.often + 1)
            self._known[key] = places.astype(np.intp), worth / (times + dials.often * owed)
        return self._known[key]

    def _usual(self, texts: int) -> float:
        return float(self.lengths.sum(dtype=np.int64)) / texts
