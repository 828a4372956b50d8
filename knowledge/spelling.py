"""Mending slips of the finger by the words a set of texts actually uses."""

import itertools
import math
from collections import Counter
from collections.abc import Iterable, Sequence

from rapidfuzz import process
from rapidfuzz.distance import OSA

from knowledge.vietnamese import is_syllable

_CANDIDATES = 40


class Speller:
    """Knows the folded words of some texts, and which stood beside which."""

    def __init__(self, texts: Iterable[Sequence[str]]) -> None:
        self.words: Counter[str] = Counter()
        """In how many texts a word stands."""
        self.pairs: Counter[str] = Counter()
        """In how many texts two words stand beside each other, written `ly_hon`."""
        self.size = 0
        for text in texts:
            self.size += 1
            self.words.update(set(text))
            self.pairs.update(set(pairs(text)))
        self._mendable = [word for word in self.words if len(word) > 1 and word.isalpha()]
        self._near: dict[str, tuple[str, ...]] = {}

    def mend(self, syllables: Sequence[str]) -> tuple[str, ...]:
        """Replace each unknown word by the known word one slip away that fits its neighbours best.

        A slip is a letter too many, too few, wrong, or swapped with the next. Numbers, single
        letters and words that exist in Vietnamese are left alone.
        """
        mended = list(syllables)
        for place, word in enumerate(syllables):
            if len(word) > 1 and word.isalpha() and word not in self.words:
                near = () if is_syllable(word) else self._one_slip_away(word)
                if near:
                    before = mended[place - 1] if place else ""
                    after = syllables[place + 1] if place + 1 < len(syllables) else ""
                    mended[place] = max(near, key=lambda guess: self._fit(before, guess, after))
        return tuple(mended)

    def _one_slip_away(self, word: str) -> tuple[str, ...]:
        near = self._near.get(word)
        if near is None:
            found = process.extract(
                word, self._mendable, scorer=OSA.distance, score_cutoff=1, limit=_CANDIDATES
            )
            near = tuple(guess for guess, _, _ in found)
            if len(self._near) < 50_000:
                self._near[word] = near
        return near

    def _fit(self, before: str, word: str, after: str) -> float:
        return (
            math.log1p(self.pairs[f"{before}_{word}"])
            + math.log1p(self.pairs[f"{word}_{after}"])
            + 0.5 * math.log1p(self.words[word])
        )


def pairs(syllables: Sequence[str]) -> tuple[str, ...]:
    """Each two neighbours as one word: `ly hôn` → `ly_hôn`."""
    return tuple(f"{first}_{second}" for first, second in itertools.pairwise(syllables))
