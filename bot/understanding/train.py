"""The build step that weighs the words of danger: `python -m bot.understanding.train`.

Needs scikit-learn, a development tool. The same files give the same weights.
"""

import datetime as dt
from collections import Counter
from collections.abc import Iterable, Sequence
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt
from sklearn.feature_extraction import DictVectorizer
from sklearn.linear_model import LogisticRegression

from bot.understanding.danger import WEIGHTS, DangerKind, Signs
from bot.understanding.phrases import Phrasebook, Vocabulary, listen
from knowledge.article import Article
from knowledge.vietnamese import fold
from store.datafile import load, load_folder

TRAINING = Path(__file__).parent / "training"
KNOWLEDGE = Path(__file__).parents[2] / "knowledge"

ABOUT_DANGER = frozenset(
    ["criminal-01", "criminal-04", "criminal-07", "criminal-12", "family-10", "family-12",
     "family-13", "merit-15"]
)  # fmt: skip
"""Articles whose wordings people in danger use too; not learnt as safe."""

FIELDS_ABOUT_DANGER = frozenset({"criminal", "family"})

MISS_PROBABILITY = 0.38
"""From this probability on a message alarms; low, because a miss is worse than a false alarm."""

_EVERY = 3
_TODAY = dt.date(2026, 7, 1)
_STRENGTH = 0.5
_MARGIN = 0.01

Example = tuple[str, DangerKind | None]
"""A message and its danger."""


def examples(training: Path = TRAINING, knowledge: Path = KNOWLEDGE) -> list[Example]:
    """All that is learnt from, each with and without its marks."""
    danger = load(training / "danger.yaml", dict[str, tuple[str, ...]])
    safe = load(training / "safe.yaml", dict[str, tuple[str, ...]])
    wrappers = load(training / "wrappers.yaml", tuple[str, ...])
    known: list[Example] = [
        (text, DangerKind(name.partition("_")[0]))
        for name, texts in danger.items()
        for text in texts
    ]
    known += _wrapped(known, wrappers)
    known += [(text, None) for texts in safe.values() for text in texts]
    known += [(text, None) for text in _asked(knowledge)]
    return [*known, *((fold(text), kind) for text, kind in known)]


def _wrapped(dangers: Sequence[Example], wrappers: Sequence[str]) -> Iterable[Example]:
    chosen = [text for text, kind in dangers if kind is not DangerKind.SUICIDE][::_EVERY]
    for number, text in enumerate(chosen):
        wrapper = wrappers[number % len(wrappers)]
        yield wrapper.format(text[0].lower() + text[1:]), None


def _asked(knowledge: Path) -> Iterable[str]:
    """What people ask about law and what is none of it."""
    for article in load_folder(knowledge / "content", Article, "*/*.yaml"):
        if article.id not in ABOUT_DANGER:
            yield from (article.title, *article.wordings)
    phrases = load(knowledge / "data" / "field_phrases.yaml", dict[str, tuple[str, ...]])
    for field, texts in phrases.items():
        if field not in FIELDS_ABOUT_DANGER:
            yield from texts


def train(known: Sequence[Example]) -> dict[str, npt.NDArray[Any]]:
    """The arrays of `danger.Weights`."""
    book = Phrasebook()
    signs = Signs(book)
    vocabulary = Vocabulary(book.words)
    rows = [signs.features(listen(text, vocabulary, _TODAY)) for text, _ in known]
    # each text stands here twice, so a feature met in one text alone is met two times at most
    often = {name for name, count in Counter(n for row in rows for n in row).items() if count > 2}
    vectorizer = DictVectorizer()
    table = vectorizer.fit_transform([dict.fromkeys(row & often, 1.0) for row in rows])
    is_danger = np.array([kind is not None for _, kind in known])
    alarm = LogisticRegression(C=_STRENGTH, max_iter=3000, class_weight="balanced")
    alarm.fit(table, is_danger)
    kinds = LogisticRegression(C=_STRENGTH, max_iter=3000, class_weight="balanced")
    kinds.fit(table[is_danger], [list(DangerKind).index(kind) for _, kind in known if kind])
    values = np.vstack([alarm.coef_, kinds.coef_]).T
    shift = np.log(MISS_PROBABILITY / (1 - MISS_PROBABILITY))
    kept = np.abs(values).max(axis=1) > _MARGIN
    return {
        "features": np.array(vectorizer.feature_names_)[kept],
        "values": values[kept].astype(np.float32),
        "bias": np.concatenate([alarm.intercept_ - shift, kinds.intercept_]).astype(np.float32),
    }


if __name__ == "__main__":
    np.savez_compressed(WEIGHTS, allow_pickle=False, **train(examples()))
