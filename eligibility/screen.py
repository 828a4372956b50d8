"""Screening: where a person stands by the law of a day, why, and what is worth asking next.

It informs; an officer decides (Legal Aid Act 11/2017/QH14, Article 30). So no outcome here is a
refusal or a promise: the best is "likely", the worst "unlikely", and a person may always be asked.
"""

import datetime as dt
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from enum import StrEnum
from functools import lru_cache
from typing import NoReturn, assert_never

from eligibility.conditions import evaluate
from eligibility.facts import FactId, Facts, PapersAtHand
from eligibility.grounds import Ground, GroupId, Impossible, LawOfTheDay, LegalAidLaw, ScopeRule
from eligibility.papers import Bundle, Paper
from eligibility.questions import Position, Standing, lay_out, missing, screen_of, start


class Outcome(StrEnum):
    """What the citizen is told. `need_facts`: nothing yet, another answer may change it."""

    LIKELY = "likely"
    LIKELY_PAPERS_MISSING = "likely_papers_missing"
    UNCLEAR = "unclear"
    UNLIKELY = "unlikely"
    NEED_FACTS = "need_facts"


@dataclass(frozen=True)
class Screening:
    """The answer.

    `grounds` hold by what was told; `possible` are still open, or in doubt by the law itself.
    `missing` are the facts worth asking, best question first; those of one screen stand together.
    `papers` are still to bring, empty when all are at hand. `law_version` names the state of the
    law, for a case to store. `scope` tells what concerns the matter rather than the person.
    """

    outcome: Outcome
    grounds: tuple[Ground, ...]
    possible: tuple[Ground, ...]
    missing: tuple[FactId, ...]
    papers: tuple[Paper, ...]
    law_version: str
    scope: tuple[ScopeRule, ...]

    def __bool__(self) -> NoReturn:
        raise TypeError("a screening is neither yes nor no; look at its outcome")


@dataclass(frozen=True)
class BothDays:
    """Today's screening, and the one from the next change of the law when it is another one."""

    today: Screening
    change: dt.date | None
    later: Screening | None


@lru_cache(maxsize=4096)  # most people walk the same first steps; choosing a question takes 50 ms
def screen(
    facts: Facts,
    on: dt.date,
    law: LegalAidLaw,
    skipped: frozenset[FactId] = frozenset(),
) -> Screening:
    """Where a person stands by the law in force on the day `on`.

    `skipped` are facts the citizen would not or could not tell: they are not asked again, and
    where they might have mattered the outcome is `unclear`, never `unlikely`.

    Raises:
        NoLawInForce: no act of ours was in force on that day.
    """
    today = law.on(on)
    position = start(lay_out(law, today, skipped), facts.known())
    asked = missing(position) if position.standing is None else ()
    if not asked:
        position = _filled_in(position)
    grounds = tuple(today.grounds[index] for index in position.held)
    outcome = Outcome.NEED_FACTS if asked else _outcome(position.standing, facts.papers)
    return Screening(
        outcome=outcome,
        grounds=grounds,
        possible=tuple(
            ground for ground in today.grounds if _holds(ground, position, today) is None
        ),
        missing=asked,
        papers=_to_bring(grounds, facts, law),
        law_version=today.version,
        scope=tuple(rule for rule in today.scope if evaluate(rule.when, facts.known(), {}) is True),
    )


def both_days(
    facts: Facts,
    on: dt.date,
    law: LegalAidLaw,
    skipped: frozenset[FactId] = frozenset(),
) -> BothDays:
    """The screening of the day and, when it comes out otherwise, that of the next change of law.

    `later` may need facts that today's law has no use for.

    Raises:
        NoLawInForce: no act of ours was in force on the day `on`.
    """
    today = screen(facts, on, law, skipped)
    change = law.next_change(on)
    if change is None:
        return BothDays(today, None, None)
    later = screen(facts, change, law, skipped)
    if later.outcome is today.outcome:
        return BothDays(today, None, None)
    return BothDays(today, change, later)


def statuses(facts: Facts, on: dt.date, law: LegalAidLaw) -> frozenset[GroupId]:
    """The groups a person belongs to, whether or not a further condition is met.

    Raises:
        NoLawInForce: no act of ours was in force on the day `on`.
    """
    today, known = law.on(on), facts.known()
    return frozenset(
        ground.id
        for ground in today.grounds
        if evaluate(ground.who, known, today.definitions) is True
    )


def contradictions(facts: Facts, law: LegalAidLaw) -> tuple[Impossible, ...]:
    """Rules that two answers break together; to be asked again, kindly, with both shown."""
    return tuple(rule for rule in law.impossible if evaluate(rule.when, facts.known(), {}) is True)


def checklist(missing: Sequence[FactId]) -> tuple[FactId, ...]:
    """The facts that the next screen asks together: the first, and all of its screen group."""
    return tuple(fact for fact in missing if screen_of(fact) == screen_of(missing[0]))


def _filled_in(position: Position) -> Position:
    """Fill in open facts that no longer matter, so that what is certain anyway shows."""
    while position.standing is None:
        fact = min(position.open)
        position = position.learn(fact, position.allows(fact)[0])
    return position


def _holds(ground: Ground, position: Position, today: LawOfTheDay) -> bool | None:
    parts = [evaluate(part, position.known, today.definitions) for part in ground.conditions()]
    if False in parts:
        return False
    return None if None in parts else True


def _outcome(standing: Standing | None, papers: PapersAtHand | None) -> Outcome:
    match standing:
        case Standing.HOLDS:
            lacking = papers in (PapersAtHand.SOME, PapersAtHand.NONE)
            return Outcome.LIKELY_PAPERS_MISSING if lacking else Outcome.LIKELY
        case Standing.DOUBTFUL:
            return Outcome.UNCLEAR
        case Standing.FAILS:
            return Outcome.UNLIKELY
        case None:
            return Outcome.NEED_FACTS
        case _:
            assert_never(standing)


def _to_bring(grounds: Iterable[Ground], facts: Facts, law: LegalAidLaw) -> tuple[Paper, ...]:
    """The first bundle of papers that fits what is known, in the order of the law."""
    if facts.papers is PapersAtHand.ALL:
        return ()

    def effort(bundle: Bundle) -> tuple[int, int]:
        fits = [_fits(law.papers[paper], facts) for paper in bundle]
        return fits.count(False), fits.count(None)

    ways = [bundle for ground in grounds for bundle in ground.papers]
    return tuple(law.papers[paper] for paper in min(ways, key=effort, default=()))


def _fits(paper: Paper, facts: Facts) -> bool | None:
    return True if paper.when is None else evaluate(paper.when, facts.known(), {})
