"""The build step behind `python -m knowledge train`. Needs scikit-learn, a development tool."""

import json
from collections.abc import Iterator, Sequence
from functools import cache
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt
from sklearn.feature_extraction.text import TfidfVectorizer
from sklearn.linear_model import LogisticRegression
from sklearn.preprocessing import normalize
from sklearn.svm import LinearSVC

from bench.noise import noise
from knowledge.article import FieldId
from knowledge.fields import MODEL, OUT_OF_SCOPE, FieldModel, featurise, model_from
from knowledge.library import Library
from knowledge.search import JUDGE, Evidence, Judge, Search
from knowledge.vietnamese import fold, normalise
from store.datafile import load

PHRASES = Path(__file__).parent / "data" / "field_phrases.yaml"
STORIES = PHRASES.with_name("stories.yaml")
ELSEWHERE = PHRASES.with_name("out_of_scope.yaml")
ABOUT_ONESELF = PHRASES.with_name("about_oneself.yaml")
_SEED = 0
_TIGHTNESS = 1.0
_FEATURES = 36_000
"""So many of the strongest words and pairs are kept: more take longer to load and say no more."""
_FOLDS = 5
_FIRST_RANKING = (1.0, 1.0, 1.0, 1.0, 0.1)
"""Near enough to tell which rivals the learning should look at."""
_RIVALS = 10
_STRANGER = 1.5
_STORY = 3.0
"""A story counts as so many phrases: as it stands and without its marks, it is what people write
first. Of stories left out (four parts) 86.4 instead of 85.6 % get their field; formal questions
lose nothing."""


Example = tuple[str, str]
"""A text and its field."""


def examples(library: Library) -> list[Example]:
    """All that the field model learns from."""
    written = [
        (text, article.field.value)
        for article in library.articles.values()
        for text in (
            article.title,
            article.short,
            *article.wordings,
            article.answer,
            article.first_step,
        )
    ]
    phrases = load(PHRASES, dict[str, tuple[str, ...]])
    elsewhere = load(ELSEWHERE, dict[str, tuple[str, ...]])
    return [
        *written,
        *((text, field) for field, texts in phrases.items() for text in texts),
        *((text, field.value) for field, texts in _stories().items() for text in texts),
        *((text, OUT_OF_SCOPE) for texts in elsewhere.values() for text in texts),
    ]


@cache
def _stories() -> dict[FieldId, tuple[str, ...]]:
    return load(STORIES, dict[FieldId, tuple[str, ...]])


def train(library: Library, fields: Path = MODEL, judge: Path = JUDGE) -> None:
    """Train both models and write them. The same files give the same models."""
    known = examples(library)
    np.savez_compressed(fields, allow_pickle=False, **field_arrays(known))
    learnt = learn_judge(library, known)
    values = {
        "ranking": [round(weight, 4) for weight in learnt.ranking],
        "weights": [round(weight, 4) for weight in learnt.weights],
        "bias": round(learnt.bias, 4),
    }
    judge.write_text(json.dumps(values, indent=1) + "\n", encoding="utf-8")


def field_arrays(known: Sequence[Example]) -> dict[str, npt.NDArray[Any]]:
    """The field model's arrays, learnt from each text as it stands and without its marks."""
    told = [*known, *_told_with_oneself(known)]
    both = [*told, *((fold(text), field) for text, field in told)]
    texts, labels = zip(*both, strict=True)
    stories = {text for some in _stories().values() for text in some}
    weights = [_STORY if text in stories else 1.0 for text, _ in told] * 2
    vectorizer = TfidfVectorizer(analyzer=_analyse, sublinear_tf=True)
    matrix = vectorizer.fit_transform(texts)
    model = LinearSVC(C=_TIGHTNESS, class_weight="balanced", random_state=_SEED)
    model.fit(matrix, labels, weights)
    strength = np.abs(model.coef_).max(axis=0)
    kept = np.sort(np.argsort(-strength, kind="stable")[:_FEATURES])
    model.fit(normalize(matrix[:, kept]), labels, weights)
    return {
        "classes": np.array(model.classes_, dtype=np.str_),
        "features": np.array(vectorizer.get_feature_names_out()[kept], dtype=np.str_),
        "idf": vectorizer.idf_[kept].astype(np.float16),
        "weights": model.coef_.T.astype(np.float16),
        "bias": model.intercept_.astype(np.float32),
    }


def learn_judge(library: Library, known: Sequence[Example]) -> Judge:
    """Learn to rank articles, and when the first answers, by asking each wording without itself.

    An article is right for its own wordings; for small talk and the like no article is. The field
    model that gives its opinion has not seen the text in question either (five folds). Each text is
    asked as it stands, without marks, and with slips, so that a slip is not taken for a stranger.
    """
    owner = {text: article.id for article in library.articles.values() for text in article.wordings}
    asked = [(text, field) for text, field in known if text in owner or field == OUT_OF_SCOPE]
    models = []
    for fold_number in range(_FOLDS):
        held = {text for text, _ in asked[fold_number::_FOLDS]}
        arrays = field_arrays([one for one in known if one[0] not in held])
        models.append((sorted(held), model_from(arrays)))
    unranked = Judge(_FIRST_RANKING, (), 0.0)
    ranking = _learn_ranking(_asked_without_itself(library, models, unranked), owner)
    signs: list[tuple[float, ...]] = []
    right: list[bool] = []
    weights: list[float] = []
    for text, ranked in _asked_without_itself(library, models, Judge(ranking, (), 0.0)):
        signs.append(ranked[0].signs)
        right.append(ranked[0].article.id == owner.get(text))
        weights.append(_weight(right=right[-1], legal=text in owner))
    learnt = LogisticRegression(max_iter=1000)
    learnt.fit(np.array(signs), np.array(right), sample_weight=np.array(weights))
    return Judge(ranking, tuple(map(float, learnt.coef_[0])), float(learnt.intercept_[0]))


def _asked_without_itself(
    library: Library, models: Sequence[tuple[list[str], FieldModel]], judge: Judge
) -> Iterator[tuple[str, tuple[Evidence, ...]]]:
    for texts, model in models:
        search = Search(library, model, judge)
        for text in texts:
            for spelling in (
                text,
                fold(text),
                noise(text, "typo10", _SEED),
                noise(text, "mix", _SEED),
            ):
                question = search.read(spelling)
                guess = model.guess_read(question.normalised)
                ranked = search.evidence(question, guess, without=text)
                if ranked:
                    yield text, ranked


def _learn_ranking(
    asked: Iterator[tuple[str, tuple[Evidence, ...]]], owner: dict[str, str]
) -> tuple[float, ...]:
    """Weights that put the right article before the others: a logistic model of the differences."""
    differences = []
    for text, ranked in asked:
        right = next((one for one in ranked if one.article.id == owner.get(text)), None)
        if right is not None:
            grounds = np.array(right.grounds)
            differences += [grounds - one.grounds for one in ranked[:_RIVALS] if one is not right]
    learnt = LogisticRegression(fit_intercept=False, max_iter=1000)
    both = np.array([*differences, *(-difference for difference in differences)])
    learnt.fit(both, np.repeat([True, False], len(differences)))
    return tuple(map(float, learnt.coef_[0]))


def _told_with_oneself(known: Sequence[Example]) -> list[Example]:
    """Matters of the six other fields with words of poverty or merit around them.

    "I am poor and my husband beats me" is a family matter told by somebody poor.
    """
    around = load(ABOUT_ONESELF, tuple[str, ...])
    elsewhere = (FieldId.MERIT, FieldId.POVERTY, OUT_OF_SCOPE)
    matters = [(text, field) for text, field in known if field not in elsewhere]
    told = []
    for number, (text, field) in enumerate(matters):
        oneself = around[number % len(around)]
        told.append((f"{oneself}. {text}" if number % 2 else f"{text}. {oneself}", field))
    return told


def _weight(*, right: bool, legal: bool) -> float:
    """How much an example teaches the judge.

    A wording that lands on a sister topic when it is left out says little: the sister is often an
    answer too. How much what is out of scope counts turns the dial between answering strangers and
    turning away good questions. In five folds, clean and spoilt: at 1.0 it refused 91 % of the
    strangers and 1.1 % of the wordings, at 1.5 94 and 1.5 %, at 3.0 96 and 2.2 %.
    """
    if right:
        return 1.0
    return 0.25 if legal else _STRANGER


def _analyse(text: str) -> tuple[str, ...]:
    read = normalise(text)
    return featurise(read, read.syllables)
