"""Mending slips of the finger by the words a set of texts actually uses."""

import itertools
import math
from collections import Counter
from collections.abc import Iterable, Iterator, Mapping, Sequence
from copy import copy
from typing import Self

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
        self._total = 0
        """Of all words, the texts they stand in."""
        self._shortened: dict[str, frozenset[str]] = {}
        """Words by what is left of them when one letter falls out. Two words one slip apart share
        such a rest, so the near words are found by looking up a few rests, not by comparing all."""
        self._take((), texts)

    def replaced(self, gone: Iterable[Sequence[str]], come: Iterable[Sequence[str]]) -> Self:
        """A new one that knows other texts in the place of some it knew; the rest stays."""
        changed = copy(self)
        changed.words, changed.pairs = self.words.copy(), self.pairs.copy()
        changed._shortened = self._shortened.copy()  # noqa: SLF001 - its own
        changed._take(gone, come)  # noqa: SLF001 - its own
        return changed

    def _take(self, gone: Iterable[Sequence[str]], come: Iterable[Sequence[str]]) -> None:
        words: Counter[str] = Counter()
        two: Counter[str] = Counter()
        for texts, one in ((gone, -1), (come, 1)):
            for text in texts:
                self.size += one
                for word in set(text):
                    words[word] += one
                for pair in set(pairs(text)):
                    two[pair] += one
        appeared, vanished = _count(self.words, words)
        _count(self.pairs, two)
        self._total += sum(words.values())
        rests: dict[str, set[str]] = {}
        for some, is_there in ((vanished, False), (appeared, True)):
            for word in some:
                if not _is_mendable(word) or _VOWELS.isdisjoint(word):
                    continue
                for rest in _rests(word):
                    near = rests.setdefault(rest, set(self._shortened.get(rest, ())))
                    (near.add if is_there else near.discard)(word)
        for rest, near in rests.items():
            self._shortened[rest] = frozenset(near)

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
        fits = [pair in self.pairs for pair in pairs(around)]
        return self._likeliest(
            [
                # Whoever stood beside that neighbour in some text is a word of the texts.
                ((word, 0.0),)
                if fits[place] or fits[place + 1]
                else self._bold_guesses(around[place], word, around[place + 2])
                for place, word in enumerate(parted)
            ]
        )

    def _guesses(self, word: str) -> tuple[Guess, ...]:
        if not _is_mendable(word) or word in self.words or is_syllable(word):
            return ((word, 0.0),)
        return tuple((near, 0.0) for near in self._one_slip_away(word)) or ((word, 0.0),)

    def _bold_guesses(self, before: str, word: str, after: str) -> tuple[Guess, ...]:
        used = word in self.words
        if not (_is_mendable(word) and (used or is_syllable(word))):
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
        if self._is_near_another(word):
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

    def _is_near_another(self, word: str) -> bool:
        near = (one for rest in _rests(word) for one in self._shortened.get(rest, ()))
        return any(OSA.distance(one, word, score_cutoff=1) <= 1 for one in near if one != word)

    def _likeliest(self, guesses: Sequence[tuple[Guess, ...]]) -> tuple[str, ...]:
        """The chain of guesses whose words stand together most often (Viterbi).

        What a word adds is the logarithm of how likely it is after the one before.
        """
        mended: list[str] = []
        chains: list[tuple[float, tuple[str, ...]]] = [(0.0, ("",))]
        for some in guesses:
            if len(chains) == len(some) == 1:
                mended.append(some[0][0])
                chains = [(0.0, (some[0][0],))]
                continue
            before = [
                (score, chain, self.words.get(chain[-1], 0) + _UNSEEN_PAIRS)
                for score, chain in chains
            ]
            chains = []
            for word, cost in some:
                by_itself = (self.words.get(word, 0) + 0.1) / (self._total or 1)
                unseen = _UNSEEN_PAIRS * by_itself
                score, chain = max(
                    (
                        score + cost + math.log((self._together(chain[-1], word) + unseen) / of),
                        chain,
                    )
                    for score, chain, of in before
                )
                chains.append((score, (*chain, word)))
            if len(chains) == 1:  # no doubt is left about what came before
                chain = chains[0][1]
                mended += chain[1:]
                chains = [(0.0, chain[-1:])]
        return (*mended, *max(chains)[1][1:])

    def _together(self, before: str, word: str) -> int:
        return self.pairs.get(f"{before}_{word}", 0)


def pairs(syllables: Sequence[str]) -> tuple[str, ...]:
    """Each two neighbours as one word: `ly hôn` → `ly_hôn`."""
    return tuple(map("_".join, itertools.pairwise(syllables)))


def rarity(texts: int, of: int) -> float:
    """How much a word tells that stands in so many texts: 0 when in all, most when in none."""
    return math.log1p((of - texts + 0.5) / (texts + 0.5))


def _count(counts: Counter[str], more: Mapping[str, int]) -> tuple[list[str], list[str]]:
    """Add to counts in place; what is counted now and was not, and the other way about."""
    appeared, vanished = [], []
    for word, number in more.items():
        before = counts[word]
        if before + number:
            counts[word] = before + number
            if not before:
                appeared.append(word)
        elif before:
            del counts[word]
            vanished.append(word)
    return appeared, vanished


def _is_mendable(word: str) -> bool:
    return len(word) > 1 and word.isalpha()


def _rests(word: str) -> set[str]:
    return {word, *(word[:at] + word[at + 1 :] for at in range(len(word)))}
