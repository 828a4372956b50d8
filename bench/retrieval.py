"""How well questions find their answer, in every spelling, beside simpler searches.

    python -m bench.retrieval --data DIR [--seeds 5] [--kinds clean,nodia,…]
    python -m bench.retrieval --synthetic 2000

DIR holds `faq_queries.jsonl` (lines of {"q", "id", "also", "style"}; `id` null is out of scope)
and, if wanted, `stories.jsonl`, `external/` with `fields.jsonl`, `pairs.jsonl` and `corpus.jsonl`,
and a `noise.py` to be used instead of ours. All searches are asked the same spoilt questions in
one run.

A share stands in per cent with its 95 % interval (Wilson, over questions: five seeds of a question
are one question). Flips are paired: `−3 +1` beside the clean run are answers lost and won by the
spelling; beside another search, questions × seeds where only it was right, and where only ours was.

`--synthetic N` measures time over a library of N articles made from our own. Times are
of one core and depend on it, so they also stand as multiples of a fixed piece of work.
"""

import argparse
import importlib.util
import json
import math
import random
import sqlite3
import statistics
import time
from collections import Counter, defaultdict
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from pathlib import Path
from types import MappingProxyType
from typing import Any

import bm25s
from rapidfuzz import fuzz, process, utils

import bench.noise
from knowledge.article import Article
from knowledge.fields import FieldModel, load_fields
from knowledge.index import Index, Text
from knowledge.library import Library, load_library
from knowledge.search import Search
from knowledge.vietnamese import fold, normalise, syllables

Row = dict[str, Any]
Noise = Callable[[str, str, int], str]
Ranker = Callable[[str], Sequence[str]]
ALWAYS_THE_SAME = ("clean", "nodia", "nfd", "tone")
_OF_PAIRS = ("clean", "nodia", "mix")
"""A fuzzy search through pages of law takes a while; the other kinds say little more."""
_OURS = "ours"
_FIRST_MADE = 100
"""The number from which invented articles of a field are counted; our own stay below it."""
_DEEP = 5


def main() -> None:
    parser = argparse.ArgumentParser(description="Measure retrieval on a set of questions.")
    wanted = parser.add_mutually_exclusive_group(required=True)
    wanted.add_argument("--data", type=Path)
    wanted.add_argument("--synthetic", type=int, metavar="N", help="time a library of N articles")
    parser.add_argument("--seeds", type=int, default=5)
    parser.add_argument("--kinds", default=",".join(bench.noise.KINDS))
    given = parser.parse_args()
    if given.synthetic:
        _times(given.synthetic)
    else:
        _measure(given.data, given.kinds.split(","), range(1, given.seeds + 1))


def _measure(data: Path, kinds: list[str], seeds: range) -> None:
    noise = _noise(data / "noise.py")
    library, model = load_library(), load_fields()
    search = Search(library, model)
    questions = _rows(data / "faq_queries.jsonl")
    in_scope = [row for row in questions if row["id"] is not None]
    strangers = [row["q"] for row in questions if row["id"] is None]
    texts = [
        Text(article.id, wording)
        for article in library.articles.values()
        for wording in (article.title, article.short, *article.wordings)
    ]
    asked = [Asked(row["q"], frozenset({row["id"], *row["also"]})) for row in in_scope]
    print(f"Our questions: {len(library.articles)} articles, {len(asked)} questions")
    rankers = {_OURS: _ours(search), **_simpler(texts)}
    _compare(rankers, asked, noise, kinds, seeds, 3)
    _rejections(search, [row["q"] for row in in_scope], strangers, noise, kinds, seeds)
    _styles(search, in_scope)
    _fields(model, data, asked, strangers, noise, kinds)
    if (data / "external" / "pairs.jsonl").exists():
        _pairs(data / "external", noise, kinds, seeds)


# --- which answer ------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class Asked:
    """A question and the keys that answer it."""

    question: str
    right: frozenset[str]


def _compare(
    rankers: dict[str, Ranker],
    asked: list[Asked],
    noise: Noise,
    kinds: list[str],
    seeds: range,
    among: int,
) -> None:
    """Ask every search the same and print one line each, kind by kind."""
    print(
        f"{'':8} {'':16} {'top-1':24} {f'among {among}':24} {'to clean':>10} {'to ours':>10}"
        "  median/p95 ms"
    )
    clean: dict[str, list[bool]] = {}
    for kind in kinds:
        runs = _runs(kind, seeds)
        ours: list[bool] = []
        for name, rank in rankers.items():
            first: list[bool] = []
            within: list[bool] = []
            spent: list[float] = []
            for seed in runs:
                for one in asked:
                    typed = noise(one.question, kind, seed)
                    began = time.perf_counter()
                    keys = rank(typed)
                    spent.append((time.perf_counter() - began) * 1000)
                    first.append(bool(keys) and keys[0] in one.right)
                    within.append(not one.right.isdisjoint(keys[:among]))
            before = clean.setdefault(name, first) * len(runs)
            ours = ours or first
            print(
                f"{kind:8} {name:16} {_share(first, len(asked)):24} "
                f"{_share(within, len(asked)):24} {_flips(before, first):>10} "
                f"{'' if name == _OURS else _flips(first, ours):>10}  {_milliseconds(spent)}"
            )


def _runs(kind: str, seeds: range) -> range:
    return seeds[:1] if kind in ALWAYS_THE_SAME else seeds


def _flips(before: list[bool], after: list[bool]) -> str:
    """`−3 +1`: what was right before and is not after, and the other way about."""
    pairs = list(zip(before, after, strict=False))
    lost = sum(was and not now for was, now in pairs)
    won = sum(now and not was for was, now in pairs)
    return f"−{lost} +{won}"


def _rejections(
    search: Search,
    good: list[str],
    strangers: list[str],
    noise: Noise,
    kinds: list[str],
    seeds: range,
) -> None:
    print(f"\n{'Rejected':8} {'good questions':24} {'out of scope':24} {'ambiguous':24}")
    for kind in kinds:
        runs = _runs(kind, seeds)
        found = [search.search(noise(text, kind, seed)) for seed in runs for text in good]
        out = [
            search.search(noise(text, kind, seed)).abstained for seed in runs for text in strangers
        ]
        print(
            f"{kind:8} {_share([one.abstained for one in found], len(good)):24} "
            f"{_share(out, len(strangers)):24} "
            f"{_share([one.ambiguous for one in found], len(good)):24}"
        )


def _styles(search: Search, rows: list[Row]) -> None:
    styles: dict[str, list[bool]] = defaultdict(list)
    for row in rows:
        best = search.search(row["q"]).answers[:1]
        styles[row["style"]].append(any(hit.id in {row["id"], *row["also"]} for hit in best))
    print("\nTop-1 by style, as typed")
    for style, right in styles.items():
        print(f"{style:16} {_share(right)}  of {len(right)}")


def _fields(
    model: FieldModel,
    data: Path,
    asked: list[Asked],
    strangers: list[str],
    noise: Noise,
    kinds: list[str],
) -> None:
    sets = {
        "own questions": [(one.question, {key.split("-")[0] for key in one.right}) for one in asked]
    }
    if (data / "stories.jsonl").exists():
        rows = [row for row in _rows(data / "stories.jsonl") if row["field"]]
        sets["stories"] = [(row["text"], set(row["field"])) for row in rows]
    others: list[str] = []
    if (data / "external" / "fields.jsonl").exists():
        rows = _rows(data / "external" / "fields.jsonl")
        sets["external"] = [
            (row["q"], {row["field"], *row["also"]}) for row in rows if row["field"]
        ]
        others = [row["q"] for row in rows if not row["field"]]
    print(f"\n{'Field':24} {'top-1':24} {'among 2':24}")
    for kind in kinds:
        for name, texts in sets.items():
            ranked = [
                ([one.id for one in model.guess(noise(text, kind, 1)).fields], right)
                for text, right in texts
            ]
            first = [ids[0] in right for ids, right in ranked]
            two = [bool(right & set(ids[:2])) for ids, right in ranked]
            print(f"{kind:8} {name:15} {_share(first):24} {_share(two):24}")
        out = [model.guess(noise(text, kind, 1)).is_out_of_scope for text in (*strangers, *others)]
        print(f"{kind:8} {'out of scope':15} {_share(out):24}")


def _pairs(external: Path, noise: Noise, kinds: list[str], seeds: range) -> None:
    corpus, rows = _rows(external / "corpus.jsonl"), _rows(external / "pairs.jsonl")
    for name in sorted({row["set"] for row in rows}):
        texts = [Text(row["id"], row["text"]) for row in corpus if row["set"] == name]
        asked = [Asked(row["q"], frozenset(row["gold"])) for row in rows if row["set"] == name]
        print(f"\nExternal pairs: {name}, {len(texts)} texts, {len(asked)} questions")
        index = Index(texts)
        rankers: dict[str, Ranker] = {
            _OURS: lambda question, index=index: index.keys(question, _DEEP),  # type: ignore[misc]
            **_simpler(texts),
        }
        wanted = [kind for kind in kinds if kind in _OF_PAIRS]
        _compare(rankers, asked, noise, wanted, seeds, _DEEP)


# --- the searches ------------------------------------------------------------------------------


def _ours(search: Search) -> Ranker:
    return lambda question: [hit.id for hit in search.search(question, _DEEP).answers]


def _simpler(texts: Sequence[Text]) -> dict[str, Ranker]:
    return {
        "bm25s as typed": _bm25(texts, syllables),
        "bm25s folded": _bm25(texts, lambda text: syllables(fold(text))),
        "SQLite FTS5": _fts5(texts),
        "rapidfuzz": _fuzzy(texts),
    }


def _bm25(texts: Sequence[Text], split: Callable[[str], tuple[str, ...]]) -> Ranker:
    index = bm25s.BM25()
    index.index([list(split(text.text)) for text in texts], show_progress=False)

    def rank(question: str) -> list[str]:
        words = list(split(question))
        if not words:
            return []
        scores = index.get_scores(words)
        best = sorted(scores.argsort()[::-1][: _DEEP * 5], key=lambda place: -scores[place])
        return _each_once(texts[place].key for place in best if scores[place] > 0)

    return rank


def _fts5(texts: Sequence[Text]) -> Ranker:
    database = sqlite3.connect(":memory:")
    database.execute(
        "CREATE VIRTUAL TABLE t USING fts5"
        "(key UNINDEXED, text, tokenize='unicode61 remove_diacritics 2')"
    )
    database.executemany("INSERT INTO t VALUES (?, ?)", [(one.key, one.text) for one in texts])

    def rank(question: str) -> list[str]:
        words = " OR ".join(f'"{word}"' for word in sorted(set(syllables(question))))
        if not words:
            return []
        found = database.execute(
            "SELECT key FROM t WHERE t MATCH ? ORDER BY rank LIMIT ?", (words, _DEEP * 5)
        )
        return _each_once(key for (key,) in found)

    return rank


def _fuzzy(texts: Sequence[Text]) -> Ranker:
    choices = [utils.default_process(text.text) for text in texts]

    def rank(question: str) -> list[str]:
        found = process.extract(
            utils.default_process(question), choices, scorer=fuzz.token_set_ratio, limit=_DEEP * 5
        )
        return _each_once(texts[place].key for _, _, place in found)

    return rank


def _each_once(keys: Iterable[str]) -> list[str]:
    return list(dict.fromkeys(keys))[:_DEEP]


# --- how fast ----------------------------------------------------------------------------------


def _times(number: int) -> None:
    library, model = made_library(number), load_fields()
    unit = statistics.median(_timed(_fixed_work) for _ in range(50))
    print(f"{number} articles; one unit of fixed work takes {unit:.3f} ms")
    _told("first build of the index", [_timed(Search, library, model)], unit)
    search = Search(library, model)
    questions = [
        bench.noise.noise(article.wordings[place % len(article.wordings)], kind, 1)
        for place, article in enumerate(list(library.articles.values())[:: max(1, number // 250)])
        for kind in ("clean", "typo10", "mix")
    ]
    for ask in (normalise, search.search, model.guess):
        for question in questions[:50]:
            ask(question)
    _told("normalise", [_timed(normalise, text) for text in questions], unit)
    _told("normalise and search", [_timed(search.search, text) for text in questions], unit)
    _told("guess the field", [_timed(model.guess, text) for text in questions], unit)
    _told("the index after an edit", [_edit(library, search, place) for place in range(20)], unit)
    texts = [
        Text(article.id, text)
        for article in library.articles.values()
        for text in (article.title, article.short, *article.wordings)
    ]
    for name, rank in _simpler(texts).items():
        _told(name, [_timed(rank, text) for text in questions[::5]], unit)


def made_library(number: int) -> Library:
    """As many articles as wanted: ours, and further ones with three words in ten from elsewhere."""
    ours = load_library()
    originals = list(ours.articles.values())
    chance = random.Random(number)
    made = originals[:number]
    numbers = defaultdict[str, int](lambda: _FIRST_MADE)
    while len(made) < number:
        article = originals[len(made) % len(originals)]
        words = chance.choice(originals).answer.split()
        made.append(_varied(article, f"{article.field}-{numbers[article.field]}", words, chance))
        numbers[article.field] += 1
    return Library(MappingProxyType({one.id: one for one in made}), ours.laws)


def _varied(article: Article, article_id: str, words: list[str], chance: random.Random) -> Article:
    def vary(text: str) -> str:
        return " ".join(
            chance.choice(words) if chance.random() < 0.3 else word for word in text.split()
        )

    return article.model_copy(
        update={
            "id": article_id,
            "title": vary(article.title),
            "short": vary(article.short),
            "answer": vary(article.answer),
            "first_step": vary(article.first_step),
            "wordings": tuple(map(vary, article.wordings)),
        }
    )


def _edit(library: Library, search: Search, place: int) -> float:
    key, article = list(library.articles.items())[place]
    edited = article.model_copy(update={"wordings": (*article.wordings, "thêm một cách hỏi khác")})
    changed = Library(MappingProxyType({**library.articles, key: edited}), library.laws)
    return _timed(search.following, changed)


def _fixed_work() -> int:
    counts = Counter(str(number % 997) for number in range(5000))
    return sum(sorted(counts.values())[-10:])


def _timed(work: Callable[..., object], *given: object) -> float:
    """Milliseconds of one core, so that a busy machine counts less."""
    began = time.process_time()
    work(*given)
    return (time.process_time() - began) * 1000


def _told(what: str, spent: list[float], unit: float) -> None:
    median = statistics.median(spent)
    print(f"{what:26} {_milliseconds(spent):>18} ms   {median / unit:8.2f} units")


def _milliseconds(spent: list[float]) -> str:
    ordered = sorted(spent)
    return f"{statistics.median(ordered):.2f} / {ordered[int(len(ordered) * 0.95)]:.2f}"


# --- small things ------------------------------------------------------------------------------


def _share(right: list[bool], questions: int | None = None) -> str:
    """`97.5% (94.1%–99.0%)`: a share with its 95 % interval after Wilson."""
    if not right:
        return "–"
    number, share, z = questions or len(right), sum(right) / len(right), 1.96
    middle = (share + z * z / (2 * number)) / (1 + z * z / number)
    half = z / (1 + z * z / number)
    half *= math.sqrt(share * (1 - share) / number + z * z / (4 * number * number))
    low, high = max(0.0, middle - half), min(1.0, middle + half)
    return f"{share:6.1%} ({low:.1%}–{high:.1%})"


def _rows(path: Path) -> list[Row]:
    with path.open(encoding="utf-8") as lines:
        return [json.loads(line) for line in lines if line.strip()]


def _noise(path: Path) -> Noise:
    if not path.exists():
        return bench.noise.noise
    spec = importlib.util.spec_from_file_location("noise", path)
    if spec is None or spec.loader is None:
        raise SystemExit(f"{path} can't be read")
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    noise: Noise = module.noise
    return noise


if __name__ == "__main__":
    main()
