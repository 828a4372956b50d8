"""The next question, held against brute force."""

import datetime as dt
from collections.abc import Mapping
from itertools import product
from random import Random

from hypothesis import given, settings
from hypothesis import strategies as st
from pydantic import TypeAdapter

from eligibility.conditions import Condition, evaluate
from eligibility.facts import FactId, Known, Value
from eligibility.grounds import Ground, LawOfTheDay, LegalAidLaw
from eligibility.questions import (
    Position,
    Standing,
    lay_out,
    matters,
    missing,
    start,
)

CONDITION: TypeAdapter[Condition] = TypeAdapter(Condition)
TODAY = dt.date(2026, 11, 23)

EIGHT = (
    FactId.MERIT,
    FactId.DISABLED,
    FactId.MARTYR_KIN,
    FactId.SOCIAL_ALLOWANCE,
    FactId.SOCIAL_PENSION,
    FactId.SPECIAL_DIFFICULTY_AREA,
    FactId.HIV,
    FactId.DOMESTIC_VIOLENCE,
)
SIX = (
    FactId.SOCIAL_ALLOWANCE,
    FactId.SOCIAL_PENSION,
    FactId.SPECIAL_DIFFICULTY_AREA,
    FactId.LIVES_HERE,
    FactId.HAPPENED_HERE,
    FactId.COMMERCIAL,
)


def law_of(conditions: list[object]) -> LawOfTheDay:
    grounds = tuple(
        Ground.model_validate(
            {
                "id": "merit",
                "law": f"Điều {number}",
                "from": TODAY,
                "who": written,
                "said": "thử",
                "papers": [["paper"]],
                "source": "thử",
            }
        )
        for number, written in enumerate(conditions)
    )
    return LawOfTheDay("thử", grounds, {}, (), {})


def table_of(
    conditions: list[object],
    skipped: frozenset[FactId] = frozenset(),
    priors: dict[FactId, float] | None = None,
) -> Position:
    shares: dict[FactId, Mapping[Value, float]] = {
        fact: {True: yes, False: 1 - yes} for fact, yes in (priors or {}).items()
    }
    law = LegalAidLaw((), {}, (), shares)
    return start(lay_out(law, law_of(conditions), skipped), {})


def brute_force(position: Position, known: Known) -> Standing:
    """The standing when every fact is known or skipped, straight from the meaning of the law."""
    values = {
        evaluate(ground.who, known, position.table.law.definitions)
        for ground in position.table.law.grounds
    }
    if True in values:
        return Standing.HOLDS
    return Standing.DOUBTFUL if None in values else Standing.FAILS


def completions(facts: tuple[FactId, ...]) -> list[dict[FactId, Value]]:
    return [
        dict(zip(facts, values, strict=True))
        for values in product((True, False), repeat=len(facts))
    ]


def leaf(facts: tuple[FactId, ...]) -> st.SearchStrategy[object]:
    return st.sampled_from([{fact.value: value} for fact in facts for value in (True, False)])


def grounds(facts: tuple[FactId, ...]) -> st.SearchStrategy[list[object]]:
    written = st.recursive(
        leaf(facts),
        lambda parts: st.one_of(
            st.lists(parts, min_size=1, max_size=3).map(lambda several: {"all": several}),
            st.lists(parts, min_size=1, max_size=3).map(lambda several: {"any": several}),
            parts.map(lambda one: {"not": one}),
            parts.map(lambda one: {"in_doubt": one}),
        ),
        max_leaves=5,
    )
    return st.lists(written, min_size=1, max_size=5)


@settings(max_examples=150)
@given(
    grounds(EIGHT),
    st.frozensets(st.sampled_from(EIGHT), max_size=3),
    st.dictionaries(st.sampled_from(EIGHT), st.booleans(), max_size=3),
)
def test_exactly_the_facts_that_can_still_change_the_outcome_are_asked(
    conditions: list[object], skipped: frozenset[FactId], told: dict[FactId, bool]
) -> None:
    known: Known = {fact: value for fact, value in told.items() if fact not in skipped}
    position = start(table_of(conditions, skipped).table, known)
    free = tuple(fact for fact in EIGHT if fact not in known and fact not in skipped)
    everything = [{**known, **rest} for rest in completions(free)]
    outcome = {frozenset(rest.items()): brute_force(position, rest) for rest in everything}

    changing = {
        fact
        for fact in free
        for rest in everything
        if outcome[frozenset(rest.items())]
        is not outcome[frozenset({**rest, fact: not rest[fact]}.items())]
    }

    assert set(missing(position)) == changing
    if not changing:
        filled = position
        while filled.standing is None:
            fact = min(filled.open)
            filled = filled.learn(fact, filled.allows(fact)[0])
        assert {filled.standing} == set(outcome.values())


def test_the_questions_asked_are_on_average_close_to_the_fewest_that_could_be() -> None:
    chance = Random(7)  # noqa: S311 - the same sample each time
    ours = fewest = 0.0
    for _ in range(60):
        conditions: list[object] = [
            {"all": [{fact.value: chance.random() < 0.8} for fact in chance.sample(SIX, size)]}
            for size in chance.choices((1, 2, 3), k=chance.randint(2, 5))
        ]
        priors = {fact: chance.uniform(0.02, 0.5) for fact in SIX}
        position = table_of(conditions, priors=priors)
        ours += expected(position, priors)
        fewest += fewest_expected(position, priors)

    assert fewest > 60
    assert fewest <= ours <= 1.06 * fewest


def expected(position: Position, priors: dict[FactId, float]) -> float:
    """Questions to be expected when each fact is asked singly, best first."""
    asked = missing(position) if position.standing is None else ()
    if not asked:
        return 0
    fact, yes = asked[0], priors[asked[0]]
    return (
        1
        + yes * expected(position.learn(fact, value=True), priors)
        + (1 - yes) * expected(position.learn(fact, value=False), priors)
    )


def fewest_expected(position: Position, priors: dict[FactId, float]) -> float:
    """The same for the best order there is, found by trying all."""
    memory: dict[frozenset[tuple[FactId, Value]], float] = {}

    def best(here: Position) -> float:
        key = frozenset(here.known.items())
        if key not in memory:
            memory[key] = min(
                (
                    1
                    + priors[fact] * best(here.learn(fact, value=True))
                    + (1 - priors[fact]) * best(here.learn(fact, value=False))
                    for fact in here.open
                    if here.standing is None and matters(here, fact)
                ),
                default=0,
            )
        return memory[key]

    return best(position)
