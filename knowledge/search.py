"""From what a citizen typed to the articles that answer it, or to an honest "I don't know".

Every title and wording of an article is a text of its own in the index; an article's evidence is
what its best wordings share with the question. A small logistic judge turns the evidence into a
chance between 0 and 1 that the article answers the question, and below a threshold nothing is
called an answer. Pure: built from a library, never changed; after an edit a new one follows it.
"""

import json
import math
from collections import Counter
from copy import copy
from dataclasses import dataclass
from difflib import SequenceMatcher
from itertools import accumulate
from operator import mul
from pathlib import Path
from typing import Self

from knowledge.article import Article
from knowledge.fields import FieldGuess, FieldModel, FieldScore, load_fields
from knowledge.index import Index, Match, Question, Text, read_text
from knowledge.library import Library
from knowledge.spelling import pairs
from knowledge.vietnamese import is_syllable

JUDGE = Path(__file__).parent / "data" / "judge.json"
ANSWERS_FROM = 0.5
"""The chance from which an article is called an answer. From 0.45 on, the blind set has 2.0 instead
of 2.4 % of its good questions refused and 93 instead of 96 % of its strangers: no gain worth it."""
OF_SLIPS_FROM = 0.4
"""The same of a question full of slips: what was mistyped speaks for no article, so a good question
reaches less. On our development questions, one letter in ten wrong, it refuses 1.1 instead of 2.4 %
of the good ones and 97 instead of 98 % of the strangers."""
_SLIPS = 0.1
"""From this share of words that Vietnamese does not have, a question is full of slips."""
TWINS = 0.5
"""A second article with this share of the first one's weight makes the question ambiguous."""

_TEXTS = 100
_FADED = tuple(0.6**place for place in range(6))
"""How much the best wordings of an article count, the best in full."""
_RANKED = 15
"""So many of the best articles by their wordings are looked at as a whole."""
_FEW = 3.0
"""Words in so many texts of an article count half of what words in all of them do."""
_UNHEARD = 3.0
"""Added to the pairs of a question that some text has, lest one pair by chance count for all."""
_CERTAIN = 3.0
_SUBJECT = 4
"""Up to so many syllables may name a subject and ask nothing about it."""
_OFFERED = 3
"""So many titles are offered to choose from."""


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
    """Two or three articles answer about equally well, or only their subject was named: let the
    citizen choose."""
    field: tuple[FieldScore, ...]
    """The eight fields, best first."""


@dataclass(frozen=True, slots=True)
class Weighed:
    """An article and what its place in an explained search rests on."""

    id: str
    chance: float
    """That it answers the question, 0 to 1; never above that of a better one."""
    wording: str
    """The text of it that matched best."""
    weight: float
    """Its share in what speaks for all the articles found, 0 to 1."""


@dataclass(frozen=True, slots=True)
class Explained:
    """A search with its reasons, for whoever writes the articles."""

    normalised: str
    """The question in lower case, Telex decoded, shorthand written out."""
    has_diacritics: bool
    """Only then do marks tell articles apart."""
    syllables: tuple[str, ...]
    """What was searched for: folded, same words merged, slips mended."""
    mended: tuple[tuple[str, str], ...]
    """What was typed and what it was taken for, without marks."""
    evidence: tuple[Weighed, ...]
    """The nearest articles, best first."""
    answers_from: float
    """The chance the first needs to be called an answer."""
    twins: float
    """The share of the first one's weight from which a second makes the question ambiguous."""
    abstained: bool
    ambiguous: bool
    fields: tuple[FieldScore, ...]
    """The eight fields, best first."""
    out_of_scope: float
    """How likely it is nothing legal aid deals with, 0 to 1."""


@dataclass(frozen=True, slots=True)
class _Weighing:
    """What `search` and `explain` have in common."""

    evidence: tuple[Weighed, ...]
    answers_from: float
    abstained: bool
    ambiguous: bool


@dataclass(frozen=True, slots=True)
class Evidence:
    """What speaks for one article."""

    article: Article
    wording: str
    weight: float
    """Its share in what speaks for all the articles found, 0 to 1."""
    grounds: tuple[float, ...]
    """What articles are ranked by: how well its wordings match, beside the best article's; how well
    its title does; how many of its texts say the question's rare words, and its pairs of words; how
    likely its field is."""
    signs: tuple[float, ...]
    """What the judge looks at: how much of the question's rare words the article says, as a share
    and in all; how much of its pairs; how far it leads; how little the question looks like a legal
    matter; how likely the article's field is."""


_Looked = tuple[Article, str, tuple[float, ...], tuple[float, ...]]
"""An article, its best wording, its grounds, its signs so far."""


@dataclass(frozen=True, slots=True)
class Judge:
    """Weights learnt by `python -m knowledge train`."""

    ranking: tuple[float, ...]
    """Over the grounds of an article: the sum ranks the articles."""
    weights: tuple[float, ...]
    """Logistic, over the signs."""
    bias: float

    def rank(self, grounds: tuple[float, ...]) -> float:
        """How much speaks for an article; only differences mean something."""
        total: float = sum(map(mul, self.ranking, grounds))
        return total

    def chance(self, signs: tuple[float, ...]) -> float:
        """The chance, 0 to 1."""
        total = self.bias + sum(map(mul, self.weights, signs))
        return 1 / (1 + math.exp(-max(-30.0, min(30.0, total))))


def load_judge(path: Path = JUDGE) -> Judge:
    """Read the learnt weights."""
    values = json.loads(path.read_text(encoding="utf-8"))
    return Judge(tuple(values["ranking"]), tuple(values["weights"]), values["bias"])


class Search:
    """Searches one library."""

    def __init__(
        self, library: Library, fields: FieldModel | None = None, judge: Judge | None = None
    ) -> None:
        """Build the index; the shipped field model and judge are used when none are given."""
        self._library = library
        self._fields = fields or load_fields()
        self._judge = judge or load_judge()
        self._index = Index(text for one in library.articles.values() for text in _texts(one))
        self._said = {key: _Said.of(_all_of(one)) for key, one in library.articles.items()}

    def following(self, library: Library) -> Self:
        """A search over `library` that takes over what is the same in it.

        It answers just as one built anew would; an edit costs a small part of the building.
        """
        before, after = self._library.articles, library.articles
        differing = [
            key
            for key in before.keys() | after.keys()
            if before.get(key) is not after.get(key) and before.get(key) != after.get(key)
        ]
        changed = copy(self)
        changed._library = library  # noqa: SLF001 - its own
        changed._index = self._index.replaced(  # noqa: SLF001 - its own
            {key: _texts(after[key]) if key in after else () for key in differing}
        )
        changed._said = self._said.copy()  # noqa: SLF001 - its own
        for key in differing:
            if key in after:
                changed._said[key] = _Said.of(_all_of(after[key]))  # noqa: SLF001 - its own
            else:
                del changed._said[key]  # noqa: SLF001 - its own
        return changed

    def search(self, query: str, limit: int = 5, guess: FieldGuess | None = None) -> Found:
        """The articles nearest to `query`, at most `limit`, and whether one of them answers it.

        `guess`: what the field model makes of `query`, if it was asked already.
        """
        read = self._index.read(query)
        guess = guess or self._fields.guess_read(read.normalised)
        seen = self._weigh(read, guess, max(limit, 2))
        hits = tuple(Hit(one.id, one.chance, one.wording) for one in seen.evidence[:limit])
        return Found(hits, seen.abstained, seen.ambiguous, guess.fields)

    def explain(self, question: str, limit: int = 10) -> Explained:
        """How `search` comes to what it says, with the best `limit` articles. Keeps nothing."""
        read = self._index.read(question)
        guess = self._fields.guess_read(read.normalised)
        seen = self._weigh(read, guess, limit)
        return Explained(
            normalised=read.normalised.accented,
            has_diacritics=read.normalised.has_diacritics,
            syllables=read.syllables,
            mended=_mended(read),
            evidence=seen.evidence,
            answers_from=seen.answers_from,
            twins=TWINS,
            abstained=seen.abstained,
            ambiguous=seen.ambiguous,
            fields=guess.fields,
            out_of_scope=guess.out_of_scope,
        )

    def _weigh(self, read: Question, guess: FieldGuess, limit: int) -> _Weighing:
        ranked = self.evidence(read, guess)[:limit]
        chances = accumulate((self._judge.chance(one.signs) for one in ranked), min)
        evidence = tuple(
            Weighed(one.article.id, round(chance, 4), one.wording, round(one.weight, 4))
            for one, chance in zip(ranked, chances, strict=True)
        )
        says_nothing = all(len(word) < 2 for word in read.normalised.syllables)
        answers_from = OF_SLIPS_FROM if _is_full_of_slips(read) else ANSWERS_FROM
        abstained = not evidence or says_nothing or evidence[0].chance < answers_from
        twins = len(evidence) > 1 and evidence[1].weight >= TWINS * evidence[0].weight
        open_question = twins or self._names_only_a_subject(read, evidence)
        return _Weighing(evidence, answers_from, abstained, open_question and not abstained)

    def read(self, text: str) -> Question:
        """A text as `evidence` takes it."""
        return self._index.read(text)

    def evidence(
        self, question: Question, guess: FieldGuess, without: str | None = None
    ) -> tuple[Evidence, ...]:
        """What speaks for each article that shares a word with the question, best first.

        `without` leaves one wording out of account: how the judge is trained on the wordings.
        """
        left_out = _NOTHING_SAID if without is None else _Said.of((without,))
        candidates = self._candidates(question, without)
        if not candidates:
            return ()
        words = {word: self._index.rarity(word) for word in question.syllables}
        two = {
            pair: self._index.pair_rarity(pair)
            for pair in dict.fromkeys(pairs(question.syllables))
            if pair in self._index.speller.pairs
        }
        all_words, all_pairs = sum(words.values()), sum(two.values()) + _UNHEARD
        likely = {one.id: one.score for one in guess.fields}
        margin = max(-_CERTAIN, min(_CERTAIN, guess.margin))
        best, texts = candidates[0][0], self._index.texts
        looked_at: list[_Looked] = []
        for wordings, key, matches in candidates:
            article, said = self._library.articles[key], self._said[key]
            left = without is not None and without in article.wordings
            owes = left_out if left else _NOTHING_SAID
            covered, often = _heard(words, said.words, owes.words)
            _, together = _heard(two, said.pairs, owes.pairs)
            titles = (article.title, article.short)
            title = next((one.score for one in matches if texts[one.place].text in titles), 0.0)
            likely_field = likely[article.field]
            grounds = (
                wordings / best,
                title / best,
                often / all_words,
                together / all_pairs,
                math.log(likely_field + 0.001),
            )
            signs = (
                covered / all_words,
                math.log1p(covered),
                math.log1p(together),
                margin,
                likely_field,
            )
            looked_at.append((article, texts[matches[0].place].text, grounds, signs))
        return self._ranked(looked_at)

    def _names_only_a_subject(self, question: Question, evidence: tuple[Weighed, ...]) -> bool:
        """ "sổ đỏ", "bảo hiểm xã hội": the titles of two good answers say it all, and more."""
        if len(question.syllables) > _SUBJECT:
            return False
        asked = f" {' '.join(question.syllables)} "
        nearest = (self._library.articles[one.id] for one in evidence[:_OFFERED])
        titles = ((one.title, one.short) for one in nearest)
        naming = [
            one
            for one in titles
            if any(asked in f" {' '.join(read_text(title).syllables)} " for title in one)
        ]
        return len(naming) > 1

    def _candidates(
        self, question: Question, without: str | None
    ) -> list[tuple[float, str, list[Match]]]:
        """The articles whose wordings match best, best first, with how well and which."""
        found: dict[str, list[Match]] = {}
        texts = self._index.texts
        for match in self._index.find(question, _TEXTS):
            text = texts[match.place]
            if text.text != without:
                found.setdefault(text.key, []).append(match)
        # Each key once, so that the matches are never compared.
        weighed = sorted((-_faded(matches), key, matches) for key, matches in found.items())
        return [(-score, key, matches) for score, key, matches in weighed[:_RANKED]]

    def _ranked(self, looked_at: list[_Looked]) -> tuple[Evidence, ...]:
        """The articles by their grounds, best first, with what each leads or lags by as a sign."""
        scored = sorted(
            ((self._judge.rank(one[2]), one) for one in looked_at),
            key=lambda item: (-item[0], item[1][0].id),
        )
        shares = [math.exp(score - scored[0][0]) for score, _ in scored]
        whole = sum(shares)
        found = []
        for place, ((score, one), share) in enumerate(zip(scored, shares, strict=True)):
            article, wording, grounds, signs = one
            rival = scored[0 if place else 1][0] if len(scored) > 1 else score - _CERTAIN
            lead = max(-_CERTAIN, min(_CERTAIN, score - rival))
            found.append(Evidence(article, wording, share / whole, grounds, (*signs, lead)))
        return tuple(found)


@dataclass(frozen=True, slots=True)
class _Said:
    """In how many of some texts each folded word stands, and each pair of words."""

    words: dict[str, int]
    pairs: dict[str, int]

    @classmethod
    def of(cls, texts: tuple[str, ...]) -> Self:
        read = [read_text(text) for text in texts]
        return cls(
            dict(Counter(word for one in read for word in set(one.syllables))),
            dict(Counter(pair for one in read for pair in set(one.pairs))),
        )


_NOTHING_SAID = _Said({}, {})


def _is_full_of_slips(question: Question) -> bool:
    words = question.normalised.syllables
    odd = sum(len(word) > 1 and word.isalpha() and not is_syllable(word) for word in words)
    return odd >= max(1, _SLIPS * len(words))


def _mended(question: Question) -> tuple[tuple[str, str], ...]:
    if question.typed == question.syllables:
        return ()
    matcher = SequenceMatcher(None, question.typed, question.syllables, autojunk=False)
    return tuple(
        (" ".join(question.typed[a:b]), " ".join(question.syllables[c:d]))
        for tag, a, b, c, d in matcher.get_opcodes()
        if tag != "equal"
    )


def _texts(article: Article) -> tuple[Text, ...]:
    texts = (article.title, article.short, *article.wordings)
    return tuple(Text(article.id, text) for text in texts)


def _all_of(article: Article) -> tuple[str, ...]:
    return (
        article.title,
        article.short,
        *article.wordings,
        article.answer,
        article.first_step,
    )


def _heard(
    asked: dict[str, float], said: dict[str, int], owes: dict[str, int]
) -> tuple[float, float]:
    """How rare what of the asked is said is, in all; and the same, each counted the fuller the more
    texts say it, beside the one left out."""
    heard = often = 0.0
    for one, rarity in asked.items():
        texts = said.get(one, 0)
        if texts and owes:
            texts -= owes.get(one, 0)
        if texts > 0:
            heard += rarity
            often += rarity * texts / (texts + _FEW)
    return heard, often


def _faded(matches: list[Match]) -> float:
    if len(matches) == 1:
        return matches[0].score
    return sum(match.score * faded for match, faded in zip(matches, _FADED, strict=False))
