"""Which of the eight fields of law a message is about, and whether it is about law at all.

A linear model over words and pairs of words, folded and accented. It is trained from the articles
and `data/field_phrases.yaml` by `python -m knowledge train`, which writes `data/fields.npz`; at run
time numpy is enough.
"""

import math
from collections import Counter
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt

from knowledge.article import FieldId
from knowledge.spelling import Speller, pairs
from knowledge.vietnamese import Normalised, normalise

MODEL = Path(__file__).parent / "data" / "fields.npz"
OUT_OF_SCOPE = "none"
_SHARPNESS = 2.0
"""How far a margin of the model moves a score: e^2 to 1 for a margin of 1."""

Floats = npt.NDArray[np.float32]


@dataclass(frozen=True, slots=True)
class FieldScore:
    """A field and how likely it is, 0 to 1; the eight and "out of scope" add up to 1."""

    id: FieldId
    score: float


@dataclass(frozen=True, slots=True)
class FieldGuess:
    """What the model makes of a message."""

    fields: tuple[FieldScore, ...]
    """All eight, best first."""
    out_of_scope: float
    """How likely the message is nothing legal aid deals with, 0 to 1."""
    margin: float
    """By how much "out of scope" outweighs the best field; below 0 it is a legal matter."""

    @property
    def is_out_of_scope(self) -> bool:
        """Small talk, business, tax, traffic fines and what else legal aid does not do."""
        return self.margin > 0


class FieldModel:
    """The trained model."""

    def __init__(
        self, classes: list[str], features: list[str], idf: Floats, weights: Floats, bias: Floats
    ) -> None:
        """Take the arrays: `weights` has one row a feature and one column a class."""
        self._classes = classes
        self._number = {feature: number for number, feature in enumerate(features)}
        self._idf = idf
        self._weights = weights
        self._bias = bias
        words = [feature[2:].split("_") for feature in features if feature.startswith("f:")]
        self._speller = Speller(words)

    def guess(self, message: str) -> FieldGuess:
        """Judge a message of any length and spelling; an empty one is out of scope."""
        return self.guess_read(normalise(message))

    def guess_read(self, read: Normalised) -> FieldGuess:
        """The same of a message that is normalised already."""
        margins = self._margins(featurise(read, self._speller.mend_boldly(read.syllables)))
        shares = np.exp(_SHARPNESS * (margins - margins.max()))
        shares /= shares.sum()
        by_class = dict(zip(self._classes, zip(shares.tolist(), margins, strict=True), strict=True))
        none_share, none_margin = by_class.pop(OUT_OF_SCOPE)
        ranked = sorted(by_class.items(), key=lambda item: item[1][0], reverse=True)
        return FieldGuess(
            fields=tuple(FieldScore(FieldId(name), share) for name, (share, _) in ranked),
            out_of_scope=none_share,
            margin=float(none_margin - ranked[0][1][1]),
        )

    def _margins(self, features: tuple[str, ...]) -> Floats:
        counts = Counter(
            number for feature in features if (number := self._number.get(feature)) is not None
        )
        if not counts:
            # Not one word that any article or phrase uses: nothing to do with law.
            return np.array([float(name == OUT_OF_SCOPE) for name in self._classes], np.float32)
        numbers = np.fromiter(counts, dtype=np.int64)
        values = (
            np.array([1 + math.log(count) for count in counts.values()], np.float32)
            * self._idf[numbers]
        )
        values /= np.sqrt((values * values).sum())
        margins = values @ self._weights[numbers] + self._bias
        return margins.astype(np.float32)


def featurise(read: Normalised, syllables: tuple[str, ...]) -> tuple[str, ...]:
    """The features of a message: `f:` folded words (slips mended) and `a:` accented ones."""
    folded = [f"f:{word}" for word in (*syllables, *pairs(syllables))]
    if not read.has_diacritics:
        return tuple(folded)
    spoken = read.accented_syllables
    return (*folded, *(f"a:{word}" for word in (*spoken, *pairs(spoken))))


def load_fields(path: Path = MODEL) -> FieldModel:
    """Read the trained model."""
    with np.load(path, allow_pickle=False) as arrays:
        return model_from(dict(arrays))


def model_from(arrays: dict[str, npt.NDArray[Any]]) -> FieldModel:
    """The model from the arrays that training wrote."""
    return FieldModel(
        classes=arrays["classes"].tolist(),
        features=arrays["features"].tolist(),
        idf=arrays["idf"].astype(np.float32),
        weights=arrays["weights"].astype(np.float32),
        bias=arrays["bias"].astype(np.float32),
    )
