"""Whole screenings of invented people by the real law, with the same people each time."""

import datetime as dt
from collections.abc import Mapping
from itertools import combinations, product
from random import Random

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from eligibility.conditions import evaluate
from eligibility.facts import FACTS, FactId, Facts, Value, values
from eligibility.grounds import GroupId, load_law
from eligibility.screen import Outcome, checklist, contradictions, screen

LAW = load_law()
DAYS = (dt.date(2012, 6, 1), dt.date(2025, 6, 30), dt.date(2026, 11, 23), dt.date(2027, 1, 1))
ASKED = tuple(LAW.priors)
TELLING_AGES = (15, 16, 17, 18, 59, 60, 69, 70)


def person(chance: Random) -> dict[FactId, Value]:
    while True:
        told = {
            fact: chance.choices(list(shares), list(shares.values()))[0]
            for fact, shares in LAW.priors.items()
        }
        if not contradictions(Facts.model_validate(told), LAW):
            return told


def talk(whole: Mapping[FactId, Value], day: dt.date) -> tuple[Outcome, list[tuple[FactId, ...]]]:
    """Ask screen after screen until the outcome is known."""
    told: dict[FactId, Value] = {}
    screens: list[tuple[FactId, ...]] = []
    while True:
        screening = screen(Facts.model_validate(told), day, LAW)
        if screening.outcome is not Outcome.NEED_FACTS:
            return screening.outcome, screens
        screens.append(checklist(screening.missing))
        told |= {fact: whole[fact] for fact in screens[-1]}


@pytest.mark.parametrize("day", DAYS, ids=str)
def test_a_talk_ends_where_knowing_everything_at_once_would(day: dt.date) -> None:
    chance = Random(11)  # noqa: S311 - the same people each time
    for _ in range(15):
        whole = person(chance)
        outcome, screens = talk(whole, day)

        asked = [fact for screen_asked in screens for fact in screen_asked]
        assert outcome is screen(Facts.model_validate(whole), day, LAW).outcome
        assert len(asked) == len(set(asked))
        assert not screens or not FACTS[screens[0][0]].sensitive


def test_a_talk_takes_four_screens_at_most_on_average() -> None:
    chance = Random(5)  # noqa: S311 - the same people each time
    talks = [talk(person(chance), dt.date(2026, 11, 23)) for _ in range(30)]
    likely = [screens for outcome, screens in talks if outcome is Outcome.LIKELY]

    assert sum(len(screens) for _, screens in talks) / len(talks) < 4
    assert len(likely) >= 5
    assert sum(map(len, likely)) / len(likely) < 2.5


def complete_people() -> st.SearchStrategy[dict[FactId, Value]]:
    return st.fixed_dictionaries(
        {
            fact: st.sampled_from(TELLING_AGES if fact is FactId.AGE else values(fact))
            for fact in ASKED
        }
    )


@settings(max_examples=40)
@given(
    complete_people(),
    st.sets(st.sampled_from(ASKED), min_size=1, max_size=3),
    st.sampled_from(DAYS),
)
def test_by_the_real_law_too_only_facts_that_can_change_the_outcome_are_asked(
    whole: dict[FactId, Value], hidden: set[FactId], day: dt.date
) -> None:
    if contradictions(Facts.model_validate(whole), LAW):
        return
    told = {fact: value for fact, value in whole.items() if fact not in hidden}
    possible = [
        filled
        for chosen in product(
            *(TELLING_AGES if fact is FactId.AGE else values(fact) for fact in hidden)
        )
        for filled in [told | dict(zip(hidden, chosen, strict=True))]
        if not contradictions(Facts.model_validate(filled), LAW)
    ]
    outcomes = [(filled, by_hand(filled, day)) for filled in possible]

    changing = {
        fact
        for (one, outcome), (other, another) in combinations(outcomes, 2)
        if outcome is not another
        for fact in hidden
        if {f for f in hidden if one[f] != other[f]} == {fact}
    }

    screening = screen(Facts.model_validate(told), day, LAW)
    assert set(screening.missing) == changing
    if not changing:
        assert {screening.outcome} == {outcome for _, outcome in outcomes}


def by_hand(filled: Mapping[FactId, Value], day: dt.date) -> Outcome:
    """The outcome when all is known, read straight from the grounds."""
    today = LAW.on(day)
    found: dict[bool | None, GroupId] = {}
    for ground in today.grounds:
        parts = [evaluate(part, filled, today.definitions) for part in ground.conditions()]
        found[False if False in parts else None if None in parts else True] = ground.id
    if True in found:
        return Outcome.LIKELY
    return Outcome.UNCLEAR if None in found else Outcome.UNLIKELY
