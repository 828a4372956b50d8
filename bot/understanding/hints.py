"""Statuses by all the words of a story, beside the readable phrases of `statuses.py`.

People tell sideways what they are, in more ways than phrases foresee. A linear model weighs every
word and pair of words of a story; it was learnt by `python -m bot.understanding.train`. It may add
a status that no phrase heard, where it is sure, and take one away that hardly any word speaks for.
It knows nothing of persons: what the phrases heard of somebody else, it leaves to them.
"""

import math
from collections import Counter
from collections.abc import Mapping, Sequence, Set
from dataclasses import dataclass
from itertools import pairwise
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt

from bot.understanding.phrases import Message
from eligibility.facts import FactId, Facts, Household, Value
from knowledge.vietnamese import fold

WEIGHTS = Path(__file__).parent / "data" / "hints.npz"

HINTED: Mapping[str, tuple[FactId, Value]] = {
    "merit": (FactId.MERIT, True),
    "poor": (FactId.HOUSEHOLD, Household.POOR),
    "martyr_kin": (FactId.MARTYR_KIN, True),
    "agent_orange": (FactId.AGENT_ORANGE, True),
    "disabled": (FactId.DISABLED, True),
    "domestic_violence": (FactId.DOMESTIC_VIOLENCE, True),
    "hiv": (FactId.HIV, True),
    "ethnic_minority": (FactId.ETHNIC_MINORITY, True),
    "trafficking_victim": (FactId.TRAFFICKING_VICTIM, True),
}
"""Group of Article 7 → the fact that makes it. Ages and roles are left to the phrases."""

SURE = 0.5
"""The likelihood from which on a status is heard without a phrase."""
HARDLY = 0.03
"""The likelihood below which a phrase alone is not believed."""
STORY = 20
"""Words; a shorter message is an answer or a question, which the phrases read better."""

Floats = npt.NDArray[np.float32]


def featurise(words: Sequence[str]) -> list[str]:
    """Words and pairs of words, without marks."""
    bare = [fold(word) for word in words]
    return [*bare, *(f"{first} {second}" for first, second in pairwise(bare))]


@dataclass(frozen=True)
class Hints:
    """The learnt model."""

    groups: tuple[str, ...]
    rows: Mapping[str, int]
    rarity: Floats
    weights: Floats
    """One row a feature, one column a group."""
    bias: Floats

    @classmethod
    def load(cls, path: Path = WEIGHTS) -> "Hints":
        """Read the shipped weights.

        Raises:
            OSError: the file is missing; run `python -m bot.understanding.train`.
        """
        with np.load(path, allow_pickle=False) as arrays:
            return cls.of(dict(arrays))

    @classmethod
    def of(cls, arrays: Mapping[str, npt.NDArray[Any]]) -> "Hints":
        """From the arrays that training wrote."""
        names = arrays["features"].tobytes().decode().split("\n")
        return cls(
            tuple(arrays["groups"].tolist()),
            {name: row for row, name in enumerate(names)},
            arrays["rarity"].astype(np.float32),
            arrays["weights"].astype(np.float32),
            arrays["bias"].astype(np.float32),
        )

    def likelihoods(self, words: Sequence[str]) -> Mapping[str, float]:
        """How likely each group is stated, 0 to 1."""
        counts = Counter(row for one in featurise(words) if (row := self.rows.get(one)) is not None)
        rows = np.fromiter(counts, dtype=np.int64, count=len(counts))
        shares = np.array([1 + math.log(count) for count in counts.values()], np.float32)
        shares = shares * self.rarity[rows]
        length = float(np.sqrt(shares @ shares)) or 1.0
        margins = (shares / length) @ self.weights[rows] + self.bias
        return dict(zip(self.groups, (1 / (1 + np.exp(-margins))).tolist(), strict=True))

    def settle(self, message: Message, facts: Facts, judged: Set[FactId]) -> Facts:
        """The facts of the one in need with what all the words together say for or against them.

        `judged`: what a phrase names; where the phrases did not find it so, they know why.
        """
        if len(message.words) < STORY:
            return facts
        for group, likely in self.likelihoods(message.words).items():
            fact, value = HINTED[group]
            known = facts.get(fact)
            if known is None and likely >= SURE and fact not in judged:
                facts = facts.having(fact, value)
            elif known == value and likely < HARDLY:
                facts = facts.having(fact, None)
        return facts
