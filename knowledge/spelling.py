"""Mending slips of the finger by the words a set of texts actually uses."""

import itertools
import math
from collections import Counter, defaultdict
from collections.abc import Iterable, Iterator, Sequence

from rapidfuzz.distance import OSA

from knowledge.vietnamese import is_syllable

_SLIP = 2.0
_EXISTS = 6.0
_USED = 10.0
"""What changing a word costs, as a logarithm of how unlikely it is: any change, one of a word that
Vietnamese has, one of a word that the texts have. The neighbours must speak louder than that."""
_UNSEEN_PAIRS = 3.0
"""So many pairs of a word with neighbours never seen are reckoned with."""
_VOWELS = frozenset("aeiouy")

Guess = tuple[str, float]
"""A word that may have been meant, and what taking it for meant costs, 0 or below."""


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
        self._total = sum(self.words.values()) or 1
        self._shortened: dict[str, list[str]] = defaultdict(list)
        """Words by what is left of them when one letter falls out. Two words one slip apart share
        such a rest, so the near words are found by looking up a few rests, not by comparing all."""
        for word in self.words:
            if _is_mendable(word) and not _VOWELS.isdisjoint(word):
                for rest in _rests(word):
                    self._shortened[rest].append(word)

    def mend(self, syllables: Sequence[str]) -> tuple[str, ...]:
        """Replace each unknown word by the known word one slip away that fits its neighbours best.

        A slip is a letter too many, too few, wrong, or swapped with the next. Numbers, single
        letters and words that exist in Vietnamese are left alone. As many words as there were.
        """
        return self._likeliest([self._guesses(word) for word in syllables])

    def mend_boldly(self, syllables: Sequence[str]) -> tuple[str, ...]:
        """Mend also words that exist, where the neighbours speak strongly for another, and part
        two words written as one (`lyhon`). For a search, where a wrong guess does little harm.
        """
        parted = [part for word in syllables for part in self._parted(word)]
        around = ["", *parted, ""]
        return self._likeliest(
            [
                self._bold_guesses(before, word, after)
                for before, word, after in zip(around, parted, around[2:], strict=False)
            ]
        )

    def _guesses(self, word: str) -> tuple[Guess, ...]:
        if not _is_mendable(word) or word in self.words or is_syllable(word):
            return ((word, 0.0),)
        return tuple((near, 0.0) for near in self._one_slip_away(word)) or ((word, 0.0),)

    def _bold_guesses(self, before: str, word: str, after: str) -> tuple[Guess, ...]:
        fits = f"{before}_{word}" in self.pairs or f"{word}_{after}" in self.pairs
        used = word in self.words
        if fits or not (_is_mendable(word) and (used or is_syllable(word))):
            return self._guesses(word)
        cost = _SLIP + (_USED if used else _EXISTS)
        fitting = (
            near
            for near in self._one_slip_away(word)
            if f"{before}_{near}" in self.pairs or f"{near}_{after}" in self.pairs
        )
        return ((word, 0.0), *((near, -cost) for near in fitting))

    def _parted(self, word: str) -> tuple[str, ...]:
        if not word.isalpha() or word in self.words or is_syllable(word):
            return (word,)
        if any(True for _ in self._one_slip_away(word)):
            return (word,)
        halves = [(word[:at], word[at:]) for at in range(2, len(word) - 1)]
        return max(
            (half for half in halves if "_".join(half) in self.pairs),
            key=lambda half: self.pairs["_".join(half)],
            default=(word,),
        )

    def _one_slip_away(self, word: str) -> Iterator[str]:
        near = {one for rest in _rests(word) for one in self._shortened.get(rest, ())}
        return (
            one for one in sorted(near - {word}) if OSA.distance(one, word, score_cutoff=1) <= 1
        )

    def _likeliest(self, guesses: Sequence[tuple[Guess, ...]]) -> tuple[str, ...]:
        """The chain of guesses whose words stand together most often (Viterbi)."""
        mended: list[str] = []
        chains: list[tuple[float, tuple[str, ...]]] = [(0.0, ("",))]
        for some in guesses:
            chains = [
                max(
                    (score + cost + self._follows(chain[-1], word), (*chain, word))
                    for score, chain in chains
                )
                if len(chains) > 1 or len(some) > 1
                else (0.0, (*chains[0][1], word))
                for word, cost in some
            ]
            if len(chains) == 1:  # no doubt is left about what came before
                chain = chains[0][1]
                mended += chain[1:]
                chains = [(0.0, chain[-1:])]
        return (*mended, *max(chains)[1][1:])

    def _follows(self, before: str, word: str) -> float:
        """The logarithm of how likely a word is after another."""
        by_itself = (self.words[word] + 0.1) / self._total
        together = self.pairs[f"{before}_{word}"] + _UNSEEN_PAIRS * by_itself
        return math.log(together / (self.words[before] + _UNSEEN_PAIRS))


def pairs(syllables: Sequence[str]) -> tuple[str, ...]:
    """Each two neighbours as one word: `ly hôn` → `ly_hôn`."""
    return tuple(map("_".join, itertools.pairwise(syllables)))


def _is_mendable(word: str) -> bool:
    return len(word) > 1 and word.isalpha()


def _rests(word: str) -> set[str]:
    return {word, *(word[:at] + word[at + 1 :] for at in range(len(word)))}
