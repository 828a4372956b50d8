"""From what a citizen typed to the articles that answer it, or to an honest "I don't know".

Every title and wording of an article is a text of its own in the index; an article's evidence is
what its best wordings share with the question. A small logistic judge turns the evidence into a
chance between 0 and 1 that the article answers the question, and below a threshold nothing is
called an answer. Pure: built from a library, never changed; after an edit build a new one.
"""

import json
import math
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass
from itertools import accumulate
from pathlib import Path

from knowledge.article import Article
from knowledge.fields import FieldGuess, FieldModel, FieldScore, load_fields
from knowledge.index import Index, Match, Text, read_text
from knowledge.library import Library
from knowledge.vietnamese import normalise

JUDGE = Path(__file__).parent / "data" / "judge.json"
ANSWERS_FROM = 0.5
"""The chance from which an article is called an answer."""
TWINS = 0.9
"""A second article with this share of the first one's evidence makes the question ambiguous."""

_TEXTS = 100
_WORDINGS = 6
_CROWDED = 2.0
_CERTAIN = 3.0
_FADING = 0.6
"""The second best wording of an article counts this much, the third this much again, …"""


@dataclass(frozen=True, slots=True)
class Hit:
    """An article that may answer; `wording` is the text of it that matched best."""

    id: str
    score: float
    """The chance, 0 to 1, that it answers the question; never above that of a better hit."""
    wording: str


@dataclass(frozen=True, slots=True)
class Found:
    """What a search came to."""

    answers: tuple[Hit, ...]
    """The nearest articles, best first; only to be offered, not given, when `abstained`."""
    abstained: bool
    """No article is likely enough to be the answer."""
    ambiguous: bool
    """Two or three articles answer about equally well: let the citizen choose."""
    field: tuple[FieldScore, ...]
    """The eight fields, best first."""


@dataclass(frozen=True, slots=True)
class Evidence:
    """What speaks for one article."""

    article: Article
    wording: str
    weight: float
    """Scores of its best wordings, fading."""
    signs: tuple[float, ...]
    """What the judge looks at: how much of the question's rare words the article says, as a share
    and in all; how strong its best rival is; how little it looks like a legal matter; how likely
    the article's field is."""


@dataclass(frozen=True, slots=True)
class Judge:
    """Logistic weights over the signs, learnt by `python -m knowledge train`."""

    weights: tuple[float, ...]
    bias: float

    def chance(self, signs: tuple[float, ...]) -> float:
        """The chance, 0 to 1."""
        total = self.bias + sum(
            weight * sign for weight, sign in zip(self.weights, signs, strict=True)
        )
        return 1 / (1 + math.exp(-max(-30.0, min(30.0, total))))


def load_judge(path: Path = JUDGE) -> Judge:
    """Read the learnt weights."""
    values = json.loads(path.read_text(encoding="utf-8"))
    return Judge(tuple(values["weights"]), values["bias"])


class Search:
    """Searches one library."""

    def __init__(
        self, library: Library, fields: FieldModel | None = None, judge: Judge | None = None
    ) -> None:
        """Build the index; the shipped field model and judge are used when none are given."""
        self._library = library
        self._fields = fields or load_fields()
        self._judge = judge or load_judge()
        self._index = Index(_texts(library))
        self._said = {article.id: _said(article) for article in library.articles.values()}

    def search(self, query: str, limit: int = 5) -> Found:
        """The articles nearest to `query`, at most `limit`, and whether one of them answers it."""
        guess = self._fields.guess(query)
        ranked = self.evidence(query, guess)[: max(limit, 2)]
        chances = accumulate((self._judge.chance(one.signs) for one in ranked), min)
        hits = tuple(
            Hit(one.article.id, round(chance, 4), one.wording)
            for one, chance in zip(ranked, chances, strict=True)
        )
        says_nothing = all(len(word) < 2 for word in normalise(query).syllables)
        abstained = not hits or says_nothing or hits[0].score < ANSWERS_FROM
        twins = len(ranked) > 1 and ranked[1].weight >= TWINS * ranked[0].weight
        return Found(hits[:limit], abstained, twins and not abstained, guess.fields)

    def evidence(
        self, query: str, guess: FieldGuess, without: str | None = None
    ) -> tuple[Evidence, ...]:
        """What speaks for each article that shares a word with the query, best first.

        `without` leaves one wording out of account: how the judge is trained on the wordings.
        """
        question = self._index.read(query)
        best: dict[str, list[Match]] = {}
        for match in self._index.find(question, _TEXTS):
            text = self._index.texts[match.place]
            if text.text != without:
                best.setdefault(text.key, []).append(match)
        ranked = sorted(best.items(), key=lambda item: (-_faded(item[1]), item[0]))
        weights = [_faded(matches) for _, matches in ranked]
        rarities = {word: self._index.rarity(word) for word in set(question.syllables)}
        left_out = set(self._index.read(without).syllables) if without is not None else set()
        found = []
        for place, (key, matches) in enumerate(ranked):
            article = self._library.articles[key]
            said = self._said[key]
            owes = left_out if without in article.wordings else ()
            covered = sum(
                rarity for word, rarity in rarities.items() if said[word] > (word in owes)
            )
            rival = weights[0 if place else 1] if len(weights) > 1 else 0.0
            signs = (
                covered / sum(rarities.values()),
                math.log1p(covered),
                min(rival / weights[place], _CROWDED),
                max(-_CERTAIN, min(_CERTAIN, guess.margin)),
                guess.score(article.field),
            )
            wording = self._index.texts[matches[0].place].text
            found.append(Evidence(article, wording, weights[place], signs))
        return tuple(found)


def _texts(library: Library) -> Iterator[Text]:
    for article in library.articles.values():
        for text in (article.title, article.short, *article.wordings):
            yield Text(article.id, text)


def _said(article: Article) -> Counter[str]:
    """In how many of an article's texts each folded word stands."""
    texts = (article.title, article.short, *article.wordings, article.answer, article.first_step)
    return Counter(word for text in texts for word in set(read_text(text)[1]))


def _faded(matches: list[Match]) -> float:
    return sum(match.score * _FADING**place for place, match in enumerate(matches[:_WORDINGS]))
