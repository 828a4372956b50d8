"""The build step that weighs words of danger and of statuses: `python -m bot.understanding.train`.

Needs scikit-learn, a development tool. The same files give the same weights. The score from which
on a message alarms is not chosen by eye: every invented message is judged once by weights that
were learnt without it, and the score is set where `RECALL` of those in danger are heard.
"""

import datetime as dt
import math
import random
import re
import tomllib
from collections import Counter
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from itertools import chain, pairwise
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt
from sklearn.feature_extraction import DictVectorizer
from sklearn.feature_extraction.text import TfidfVectorizer
from sklearn.linear_model import LogisticRegression
from sklearn.svm import LinearSVC

from bench.understanding import Row, rows, sorted_by_key, tellings
from bot.understanding import company, hints
from bot.understanding.danger import WEIGHTS, DangerKind, Features, Signs, Weights
from bot.understanding.intents import Intents
from bot.understanding.people import People
from bot.understanding.phrases import Phrasebook, Vocabulary, listen, places_of
from bot.understanding.statuses import Statuses
from eligibility.grounds import load_law
from knowledge.article import Article
from knowledge.vietnamese import fold
from store.datafile import Entry, load, load_folder

TRAINING = Path(__file__).parent / "training"
OWN_SETS = Path(__file__).parents[2] / "tests" / "understanding"
TEXTS = Path(__file__).parents[1] / "texts" / "vi.toml"
KNOWLEDGE = Path(__file__).parents[2] / "knowledge"

ABOUT_DANGER = frozenset(
    ["criminal-01", "criminal-04", "criminal-07", "criminal-12", "family-10", "family-12",
     "family-13", "merit-15"]
)  # fmt: skip
"""Articles whose wordings people in danger use too; not learnt as safe."""

FIELDS_ABOUT_DANGER = frozenset({"criminal", "family"})

RECALL = 0.927
"""The share of our own messages in danger that must be heard by weights that never saw them. They
are harder than what people mostly write, so that more is heard of those."""

FOLDS = 6
SLIPS = 0.08
"""The share of letters that slip in the misspelt copies."""

_EVERY = 3
_TODAY = dt.date(2026, 7, 1)
_STRENGTH = 0.3
_STRENGTH_OF_KINDS = 20.0
_MADE_UP = 0.3
"""What a message made by the build step counts beside one that was written."""
_SELDOM = 3
_MARGIN = 0.002
_STRENGTH_OF_HINTS = 30.0
_SCALE = 0.25
_SLIP = re.compile(r"[^\W\d_]")
_BLANK = re.compile(r"\{(\w+)\}")

Known = tuple[str, DangerKind | None]


class Templates(Entry):
    draws: int
    slots: Mapping[str, tuple[str, ...]]
    safe: tuple[str, ...]
    danger: tuple[str, ...]
    kinds: tuple[DangerKind, ...]
    """Of the dangerous ones, in their order."""


@dataclass(frozen=True)
class Example:
    """A message and its danger."""

    text: str
    danger: DangerKind | None
    part: int | None
    """The part that judges it; None for what is only learnt from."""
    weight: float = 1.0


def examples(training: Path = TRAINING, knowledge: Path = KNOWLEDGE) -> list[Example]:
    """All that is learnt from, each with marks, without them, and misspelt."""
    chance = random.Random(1)  # noqa: S311 - the same messages at every build
    danger = load(training / "danger.yaml", dict[str, tuple[str, ...]])
    safe = load(training / "safe.yaml", dict[str, tuple[str, ...]])
    wrappers = load(training / "wrappers.yaml", tuple[str, ...])
    dangers: list[Known] = [
        (text, DangerKind(name.partition("_")[0]))
        for name, texts in danger.items()
        for text in texts
    ]
    written = [(*one, chance.randrange(FOLDS)) for one in dangers]
    rest: list[Known] = [(text, None) for texts in safe.values() for text in texts]
    written += [(*one, chance.randrange(FOLDS)) for one in rest]
    # a message and what is made of it stay together, or the judge would have seen it
    written += list(_wrapped(written[: len(dangers)], wrappers))
    drawn = _drawn(load(training / "templates.yaml", Templates), chance)
    made: list[Known] = [*((text, None) for text in _asked(knowledge)), *drawn]
    found = [
        Example(spelt, kind, part) for text, kind, part in written for spelt in (text, fold(text))
    ]
    found += [
        Example(slipped(spelt, chance), kind, part, _MADE_UP)
        for text, kind, part in written
        for spelt in (text, fold(text))
    ]
    found += [
        Example(spelt, kind, None, 1.0 if kind is None else _MADE_UP)
        for text, kind in made
        for spelt in (text, fold(text))
    ]
    return found


def _wrapped(
    dangers: Sequence[tuple[str, DangerKind | None, int]], wrappers: Sequence[str]
) -> Iterator[tuple[str, None, int]]:
    chosen = [one for one in dangers if one[1] is not DangerKind.SUICIDE][::_EVERY]
    for number, (text, _, part) in enumerate(chosen):
        wrapper = wrappers[number % len(wrappers)]
        yield wrapper.format(text[0].lower() + text[1:]), None, part


def _drawn(templates: Templates, chance: random.Random) -> Iterator[Known]:
    patterns: list[Known] = [(pattern, None) for pattern in templates.safe]
    patterns += zip(templates.danger, templates.kinds, strict=True)
    for pattern, kind in patterns:
        for _ in range(templates.draws):
            filled = _BLANK.sub(lambda slot: chance.choice(templates.slots[slot[1]]), pattern)
            yield filled.strip(" ,"), kind


def slipped(text: str, chance: random.Random) -> str:
    """The same text with slips of the finger: letters swapped, lost, doubled or wrong."""
    letters = list(text)
    for place, letter in enumerate(letters):
        if not _SLIP.fullmatch(letter) or chance.random() >= SLIPS:
            continue
        following = letters[place + 1] if place + 1 < len(letters) else " "
        match chance.randrange(4):
            case 0 if _SLIP.fullmatch(following):
                letters[place : place + 2] = [following, letter]
            case 1:
                letters[place] = ""
            case 2:
                letters[place] = letter * 2
            case _:
                letters[place] = chance.choice("aeghinostu")
    return "".join(letters)


def _asked(knowledge: Path) -> Iterable[str]:
    """What people ask about law and what is none of it."""
    for article in load_folder(knowledge / "content", Article, "*/*.yaml"):
        if article.id not in ABOUT_DANGER:
            yield from (article.title, *article.wordings)
    phrases = load(knowledge / "data" / "field_phrases.yaml", dict[str, tuple[str, ...]])
    stories = load(knowledge / "data" / "stories.yaml", dict[str, tuple[str, ...]])
    for field, texts in (*phrases.items(), *stories.items()):
        if field not in FIELDS_ABOUT_DANGER:
            yield from texts
    for texts in load(
        knowledge / "data" / "out_of_scope.yaml", dict[str, tuple[str, ...]]
    ).values():
        yield from texts


def train(known: Sequence[Example]) -> dict[str, npt.NDArray[Any]]:
    """The arrays of `danger.Weights`."""
    book = Phrasebook()
    signs = Signs(book)
    vocabulary = Vocabulary(book.words, company=company.Company.load())
    rows = [signs.features(listen(one.text, vocabulary, _TODAY)) for one in known]
    names, rarity, table = _table(rows)
    danger = np.array([one.danger is not None for one in known])
    weights = np.array([one.weight for one in known])
    parts = np.array([-1 if one.part is None else one.part for one in known])
    judged = _judged(table, danger, weights, parts)
    written = (parts >= 0) & (weights >= 1)
    alarm_from = float(np.quantile(judged[written & danger], 1 - RECALL))
    alarm = _fitted(table, danger, weights)
    kinds = LogisticRegression(C=_STRENGTH_OF_KINDS, max_iter=3000, class_weight="balanced")
    kinds.fit(
        table[danger],
        [list(DangerKind).index(one.danger) for one in known if one.danger],
        weights[danger],
    )
    values = np.vstack([alarm.coef_, kinds.coef_]).T * (_SCALE * rarity)[:, None]
    kept = np.abs(values[:, 0]) > _MARGIN
    falsely = float((judged[written & ~danger] >= alarm_from).mean())
    print(f"heard {RECALL:.0%} of those in danger, alarmed {falsely:.1%} of the others")  # noqa: T201 - a build step
    return {
        "features": np.frombuffer("\n".join(names[kept]).encode(), dtype=np.uint8),
        "values": values[kept].astype(np.float16),
        "bias": np.concatenate([alarm.intercept_ - alarm_from, kinds.intercept_]).astype(
            np.float32
        ),
    }


def _table(rows: Sequence[Features]) -> tuple[Any, npt.NDArray[np.float64], Any]:
    """Names of features met often enough, how rare each is, and one line a message."""
    met = Counter(name for row in rows for name in row)
    rare = {n: math.log(len(rows) / count) + 1 for n, count in met.items() if count > _SELDOM}
    vectorizer = DictVectorizer()
    table = vectorizer.fit_transform(
        [{n: _SCALE * rare[n] * share for n, share in row.items() if n in rare} for row in rows]
    )
    for places in ("indices", "indptr"):  # liblinear takes no longer numbers
        setattr(table, places, getattr(table, places).astype(np.int32))
    names = np.array(vectorizer.feature_names_)
    return names, np.array([rare[name] for name in names]), table


def _fitted(table: Any, danger: npt.NDArray[np.bool_], weights: npt.NDArray[np.float64]) -> Any:
    model = LinearSVC(C=_STRENGTH, class_weight="balanced", random_state=1)
    return model.fit(table, danger, sample_weight=weights)


def _judged(
    table: Any,
    danger: npt.NDArray[np.bool_],
    weights: npt.NDArray[np.float64],
    parts: npt.NDArray[np.int_],
) -> npt.NDArray[np.float64]:
    """The score of every written message by weights that were learnt without it."""
    scores = np.zeros(len(danger))
    for part in range(FOLDS):
        theirs = parts == part
        model = _fitted(table[~theirs], danger[~theirs], weights[~theirs])
        scores[theirs] = model.decision_function(table[theirs])
    return scores


def told_stories() -> list[Row]:
    """Whole stories that others wrote for us, with what they state."""
    return [row for path in sorted((OWN_SETS / "told").glob("*.jsonl")) for row in rows(path)]


def told_statuses() -> list[tuple[str, frozenset[str]]]:
    """Stories and tellings with the groups of Article 7 that they state; `check` is left alone."""
    law = load_law()
    tune = OWN_SETS / "tune"
    stories = [*rows(tune / "stories.jsonl"), *told_stories()]
    found = [(row["text"], frozenset(row["groups"])) for row in stories]
    for key, texts in sorted_by_key(tune / "stories.yaml").items():
        found += [(text, frozenset(key.split())) for text in texts]
    for one in tellings(tune / "tellings.yaml"):
        found += [(text, one.groups(law)) for text in one.says]
    return found


def train_hints(known: Sequence[tuple[str, frozenset[str]]]) -> dict[str, npt.NDArray[Any]]:
    """The arrays of `hints.Hints`."""
    vocabulary = reader_vocabulary()
    words = [listen(text, vocabulary, _TODAY).words for text, _ in known]
    table = TfidfVectorizer(analyzer=hints.featurise, min_df=2, sublinear_tf=True)
    features = table.fit_transform(words)
    fitted = [
        LogisticRegression(C=_STRENGTH_OF_HINTS, max_iter=2000, class_weight="balanced").fit(
            features, np.array([group in stated for _, stated in known])
        )
        for group in hints.HINTED
    ]
    names = "\n".join(table.get_feature_names_out())
    return {
        "groups": np.array(list(hints.HINTED)),
        "features": np.frombuffer(names.encode(), dtype=np.uint8),
        "rarity": table.idf_.astype(np.float16),
        "weights": np.hstack([one.coef_.T for one in fitted]).astype(np.float16),
        "bias": np.concatenate([one.intercept_ for one in fitted]).astype(np.float32),
    }


def our_texts() -> Iterator[str]:
    """All we have written with marks: articles, questions, what people tell, what we say."""
    for article in load_folder(KNOWLEDGE / "content", Article, "*/*.yaml"):
        yield from _strings(article.model_dump())
    for name in ("field_phrases", "stories", "out_of_scope"):
        yield from _strings(load(KNOWLEDGE / "data" / f"{name}.yaml", dict[str, tuple[str, ...]]))
    for name in ("danger", "safe"):
        yield from _strings(load(TRAINING / f"{name}.yaml", dict[str, tuple[str, ...]]))
    yield from (text for text, _ in told_statuses())
    yield from _strings(tomllib.loads(TEXTS.read_text("utf-8")))


def _strings(value: Any) -> Iterator[str]:
    match value:
        case str():
            yield value
        case Mapping():
            yield from chain.from_iterable(map(_strings, value.values()))
        case Iterable():
            yield from chain.from_iterable(map(_strings, value))
        case _:
            return


def clauses(text: str) -> Iterator[tuple[str, ...]]:
    """The words of each clause of a text that is written with marks; none of one that is not."""
    message = listen(text, Vocabulary(()), _TODAY)
    if not message.marked:
        return
    breaks = [*places_of(message.sentence_ends | message.commas), len(message.words)]
    for begin, end in pairwise([0, *breaks]):
        yield message.words[begin:end]


def write_company(path: Path = company.PAIRS) -> None:
    """Count which words keep company, and write down those that tell something."""
    pairs = company.count(chain.from_iterable(map(clauses, our_texts())))
    met: Counter[str] = Counter()
    for (first, second), times in pairs.items():
        met[fold(f"{first} {second}")] += times
    lines = [
        f"{first}\t{second}\t{times}\n"
        for (first, second), times in sorted(pairs.items())
        if met[fold(f"{first} {second}")] >= company.MET
    ]
    path.write_text("".join(lines), "utf-8")


def reader_vocabulary() -> Vocabulary:
    """The words that `reader.Reader` mends slips to; the danger's weights must be there."""
    book = Phrasebook()
    people = People(book)
    Signs(book)
    statuses = Statuses(book, people)
    Intents(book)
    usual = (*Weights.load().usual(), *statuses.everyday)
    return Vocabulary(book.words, usual, statuses.terms)


if __name__ == "__main__":
    write_company()
    np.savez_compressed(WEIGHTS, allow_pickle=False, **train(examples()))
    np.savez_compressed(hints.WEIGHTS, allow_pickle=False, **train_hints(told_statuses()))
