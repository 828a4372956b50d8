"""How well questions find their answer, in every spelling, beside simpler searches.

    python -m bench.retrieval --data DIR [--seeds 5] [--kinds clean,nodia,…]

DIR holds `faq_queries.jsonl`, `stories.jsonl`, `noise.py` and, if wanted, `external/` with
`fields.jsonl`, `pairs.jsonl` and `corpus.jsonl`. Prints tables: a share in per cent with its 95 %
interval (Wilson; over questions × seeds), and against the clean run how many questions were lost
and won.
"""

import argparse
import importlib.util
import json
import math
import sqlite3
import time
from collections import Counter, defaultdict
from collections.abc import Callable, Iterable, Sequence
from pathlib import Path
from typing import Any

from rapidfuzz import fuzz, process, utils

from knowledge.fields import FieldModel, load_fields
from knowledge.index import Index, Text
from knowledge.library import Library, load_library
from knowledge.search import Search
from knowledge.vietnamese import fold, syllables

Row = dict[str, Any]
Noise = Callable[[str, str, int], str]
Ranker = Callable[[str], Sequence[str]]
KINDS = ("clean", "nodia", "nfd", "tone", "telex", "teen", "typo10", "mix")


def main() -> None:
    parser = argparse.ArgumentParser(description="Measure retrieval on a set of questions.")
    parser.add_argument("--data", type=Path, required=True)
    parser.add_argument("--seeds", type=int, default=5)
    parser.add_argument("--kinds", default=",".join(KINDS))
    wanted = parser.parse_args()
    noise = _noise(wanted.data / "noise.py")
    kinds = wanted.kinds.split(",")
    seeds = range(1, wanted.seeds + 1)
    library, model = load_library(), load_fields()
    questions = _rows(wanted.data / "faq_queries.jsonl")
    _answers(Search(library, model), questions, noise, kinds, seeds)
    _baselines(library, questions, noise)
    external = wanted.data / "external"
    _fields(model, wanted.data, external, noise, kinds)
    if (external / "pairs.jsonl").exists():
        _pairs(external, noise, seeds)


def _answers(
    search: Search, questions: list[Row], noise: Noise, kinds: list[str], seeds: range
) -> None:
    print("\nOur questions            top-1                among three          good rejected")
    print("                         flips to clean       out of scope rejected   median/p95 ms")
    clean: dict[str, bool] = {}
    for kind in kinds:
        first, three, refused, rejected, spent = [], [], [], [], []
        lost = won = 0
        for seed in seeds if kind not in ("clean", "nodia", "nfd", "tone") else seeds[:1]:
            for row in questions:
                typed = noise(row["q"], kind, seed)
                began = time.perf_counter()
                found = search.search(typed)
                spent.append((time.perf_counter() - began) * 1000)
                if row["id"] is None:
                    rejected.append(found.abstained)
                    continue
                ids = [hit.id for hit in found.answers]
                right = {row["id"], *row["also"]}
                first.append(ids[:1] != [] and ids[0] in right)
                three.append(bool(right & set(ids[:3])))
                refused.append(found.abstained)
                lost += clean.setdefault(row["q"], first[-1]) and not first[-1]
                won += first[-1] and not clean[row["q"]]
        spent.sort()
        print(f"{kind:8}  {_share(first)}  {_share(three)}  {_share(refused)}")
        print(
            f"          −{lost} +{won}".ljust(26),
            f"{_share(rejected)}     {spent[len(spent) // 2]:.2f} / "
            f"{spent[int(len(spent) * 0.95)]:.2f}",
        )
    styles: dict[str, list[bool]] = defaultdict(list)
    for row in questions:
        if row["id"] is not None:
            found = search.search(row["q"])
            styles[row["style"]].append(
                bool(found.answers) and found.answers[0].id in {row["id"], *row["also"]}
            )
    print("by style:", ", ".join(f"{style} {_share(right)}" for style, right in styles.items()))


def _baselines(library: Library, questions: list[Row], noise: Noise) -> None:
    texts = [
        Text(article.id, wording)
        for article in library.articles.values()
        for wording in (article.title, article.short, *article.wordings)
    ]
    print("\nThe same questions, top-1, by simpler searches over the same wordings")
    _compare(texts, [row for row in questions if row["id"] is not None], _topics, noise)


def _topics(row: Row) -> set[str]:
    return {row["id"], *row["also"]}


def _gold(row: Row) -> set[str]:
    return set(row["gold"])


def _fields(model: FieldModel, data: Path, external: Path, noise: Noise, kinds: list[str]) -> None:
    sets: dict[str, list[tuple[str, set[str]]]] = {
        "own questions": [
            (row["q"], {topic.split("-")[0] for topic in _topics(row)})
            for row in _rows(data / "faq_queries.jsonl")
            if row["id"] is not None
        ],
        "stories": [
            (row["text"], set(row["field"]))
            for row in _rows(data / "stories.jsonl")
            if row["field"]
        ],
    }
    strangers = [row["q"] for row in _rows(data / "faq_queries.jsonl") if row["id"] is None]
    if (external / "fields.jsonl").exists():
        rows = _rows(external / "fields.jsonl")
        sets["external"] = [
            (row["q"], {row["field"], *row["also"]}) for row in rows if row["field"]
        ]
        strangers += [row["q"] for row in rows if not row["field"]]
    print("\nField                    top-1                among two")
    for kind in kinds:
        for name, asked in sets.items():
            guesses = [
                ([one.id for one in model.guess(noise(text, kind, 1)).fields], right)
                for text, right in asked
            ]
            first = [ranked[0] in right for ranked, right in guesses]
            two = [bool(right & set(ranked[:2])) for ranked, right in guesses]
            print(f"{kind:8} {name:14} {_share(first)}  {_share(two)}")
        out = [model.guess(noise(text, kind, 1)).is_out_of_scope for text in strangers]
        print(f"{kind:8} {'out of scope':14} {_share(out)}")


def _pairs(external: Path, noise: Noise, seeds: range) -> None:
    corpus, asked = _rows(external / "corpus.jsonl"), _rows(external / "pairs.jsonl")
    for name in ("faq", "ans", "art"):
        texts = [Text(row["id"], row["text"]) for row in corpus if row["set"] == name]
        pairs = [row for row in asked if row["set"] == name]
        print(f"\nExternal pairs: {name}, {len(texts)} texts, {len(pairs)} questions")
        index = Index(texts)
        for kind in ("clean", "mix"):
            runs = seeds if kind == "mix" else seeds[:1]
            ranked = [
                (index.keys(noise(row["q"], kind, seed), 5), _gold(row))
                for seed in runs
                for row in pairs
            ]
            first = [ids[:1] != () and ids[0] in right for ids, right in ranked]
            five = [bool(right & set(ids)) for ids, right in ranked]
            print(f"{'ours':16} {kind:6} {_share(first)}  among five {_share(five)}")
        _compare(texts, pairs, _gold, noise)


def _compare(
    texts: list[Text], rows: list[Row], right: Callable[[Row], set[str]], noise: Noise
) -> None:
    rankers: dict[str, Ranker] = {
        "BM25 as typed": _bm25(texts, _as_typed),
        "BM25 folded": _bm25(texts, _folded),
        "SQLite FTS5": _fts5(texts),
        "rapidfuzz": _fuzzy(texts),
    }
    for name, rank in rankers.items():
        for kind in ("clean", "nodia", "mix"):
            found = []
            for row in rows:
                ids = rank(noise(row["q"], kind, 1))
                found.append(bool(ids) and ids[0] in right(row))
            print(f"{name:16} {kind:6} {_share(found)}")


def _as_typed(text: str) -> tuple[str, ...]:
    return syllables(text)


def _folded(text: str) -> tuple[str, ...]:
    return syllables(fold(text))


def _bm25(texts: list[Text], split: Callable[[str], tuple[str, ...]]) -> Ranker:
    counts = [Counter(split(text.text)) for text in texts]
    lengths = [sum(count.values()) for count in counts]
    mean = sum(lengths) / len(lengths)
    postings: dict[str, list[tuple[int, int]]] = defaultdict(list)
    for place, count in enumerate(counts):
        for word, times in count.items():
            postings[word].append((place, times))

    def rank(question: str) -> list[str]:
        scores: dict[int, float] = defaultdict(float)
        for word in set(split(question)):
            found = postings.get(word, [])
            rarity = math.log1p((len(texts) - len(found) + 0.5) / (len(found) + 0.5))
            for place, times in found:
                scale = 1.2 * (0.25 + 0.75 * lengths[place] / mean)
                scores[place] += rarity * times * 2.2 / (times + scale)
        best = sorted(scores, key=scores.__getitem__, reverse=True)[:5]
        return [texts[place].key for place in best]

    return rank


def _fts5(texts: list[Text]) -> Ranker:
    database = sqlite3.connect(":memory:")
    database.execute(
        "CREATE VIRTUAL TABLE t USING fts5"
        "(key UNINDEXED, text, tokenize='unicode61 remove_diacritics 2')"
    )
    database.executemany("INSERT INTO t VALUES (?, ?)", [(one.key, one.text) for one in texts])

    def rank(question: str) -> list[str]:
        words = " OR ".join(f'"{word}"' for word in set(syllables(question)))
        if not words:
            return []
        found = database.execute(
            "SELECT key FROM t WHERE t MATCH ? ORDER BY rank LIMIT 5", (words,)
        )
        return [key for (key,) in found]

    return rank


def _fuzzy(texts: list[Text]) -> Ranker:
    choices = [utils.default_process(text.text) for text in texts]

    def rank(question: str) -> list[str]:
        found = process.extract(
            utils.default_process(question), choices, scorer=fuzz.token_set_ratio, limit=5
        )
        return [texts[place].key for _, _, place in found]

    return rank


def _share(right: Iterable[bool]) -> str:
    """`97.5 (94.1–99.0)`: per cent with its 95 % interval after Wilson."""
    values = list(right)
    if not values:
        return "–"
    number, share, z = len(values), sum(values) / len(values), 1.96
    middle = (share + z * z / (2 * number)) / (1 + z * z / number)
    half = z / (1 + z * z / number)
    half *= math.sqrt(share * (1 - share) / number + z * z / (4 * number * number))
    low, high = max(0.0, middle - half), min(1.0, middle + half)
    return f"{share:6.1%} ({low:.1%}–{high:.1%})"


def _rows(path: Path) -> list[Row]:
    with path.open(encoding="utf-8") as lines:
        return [json.loads(line) for line in lines if line.strip()]


def _noise(path: Path) -> Noise:
    spec = importlib.util.spec_from_file_location("noise", path)
    if spec is None or spec.loader is None:
        raise SystemExit(f"{path} can't be read")
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    noise: Noise = module.noise
    return noise


if __name__ == "__main__":
    main()
