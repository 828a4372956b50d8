"""The little language of conditions: three values, and mistakes reported where they stand."""

from itertools import product
from pathlib import Path

import pytest
import yaml
from hypothesis import given
from hypothesis import strategies as st
from pydantic import TypeAdapter

from eligibility.conditions import Condition, evaluate, facts_of, read
from eligibility.facts import FactId, Household
from store.datafile import DataFileError, load

CONDITION: TypeAdapter[Condition] = TypeAdapter(Condition)
POOR = {FactId.HOUSEHOLD: Household.POOR}
NEITHER = {FactId.HOUSEHOLD: Household.NEITHER}


def condition(text: str) -> Condition:
    return CONDITION.validate_python(yaml.safe_load(text))


def test_an_unknown_fact_is_neither_true_nor_false() -> None:
    assert evaluate(condition("{household: poor}"), {}, {}) is None
    assert evaluate(condition("{not: {household: poor}}"), {}, {}) is None
    assert evaluate(condition("{age: {at_least: 60}}"), {}, {}) is None


def test_one_true_part_settles_an_any_and_one_false_part_an_all() -> None:
    one_of_two = condition("{any: [{merit: yes}, {household: poor}]}")
    both = condition("{all: [{merit: yes}, {household: poor}]}")

    assert evaluate(one_of_two, POOR, {}) is True
    assert evaluate(one_of_two, NEITHER, {}) is None
    assert evaluate(both, NEITHER, {}) is False
    assert evaluate(both, POOR, {}) is None


def test_an_age_counts_from_its_birthday_up_to_the_day_before_the_next_limit() -> None:
    minor = condition("{age: {at_least: 16, below: 18}}")

    ages = {age: evaluate(minor, {FactId.AGE: age}, {}) for age in (15, 16, 17, 18)}

    assert ages == {15: False, 16: True, 17: True, 18: False}


def test_doubt_in_the_law_is_never_true_and_leaves_nothing_to_ask() -> None:
    doubt = condition("{in_doubt: {social_pension: yes}}")

    assert read(doubt, {FactId.SOCIAL_PENSION: True}, {}).value is None
    assert read(doubt, {FactId.SOCIAL_PENSION: True}, {}).open == frozenset()
    assert read(doubt, {FactId.SOCIAL_PENSION: False}, {}).value is False
    assert read(doubt, {}, {}).open == {FactId.SOCIAL_PENSION}


def test_a_reference_means_what_its_definition_says() -> None:
    hardship = {"hardship": condition("{household: near_poor}")}

    assert evaluate(condition("{ref: hardship}"), NEITHER, hardship) is False
    assert facts_of(condition("{ref: hardship}"), hardship) == {FactId.HOUSEHOLD}
    with pytest.raises(KeyError):
        evaluate(condition("{ref: wealth}"), NEITHER, hardship)


def test_only_facts_in_undecided_parts_stay_open() -> None:
    hardship = condition("{any: [{household: near_poor}, {social_allowance: yes}]}")
    elderly = condition("{all: [{age: {at_least: 60}}, {merit: yes}]}")

    assert read(hardship, NEITHER, {}).open == {FactId.SOCIAL_ALLOWANCE}
    assert read(elderly, {FactId.AGE: 30}, {}).open == frozenset()
    assert read(elderly, {FactId.AGE: 70}, {}).open == {FactId.MERIT}


@pytest.mark.parametrize(
    ("written", "reason"),
    [
        ("{income: low}", "no fact or word is called 'income'"),
        ("{income: {below: 3}}", "no fact or word is called 'income'"),
        ("{household: rich}", "household can't be 'rich'; it can be poor, near_poor, neither"),
        ("{merit: 1}", "merit can't be 1; it can be yes, no"),
        ("{age: yes}", "age can't be True; it can be a number"),
        ("{age: {at_least: 18, below: 16}}", "nothing is at least the one and below the other"),
        ("{age: {}}", "at_least or below is missing"),
        ("{merit: {at_least: 1}}", "merit is no number"),
        ("{merit: yes, hiv: yes}", "join several by all or any"),
        ("poor", "a condition is written like"),
        ("{all: {merit: yes}}", "valid tuple"),
    ],
)
def test_a_mistaken_condition_is_refused_with_its_reason(written: str, reason: str) -> None:
    with pytest.raises(ValueError, match=reason):
        condition(written)


def test_a_mistake_deep_inside_a_file_is_reported_on_its_own_line(tmp_path: Path) -> None:
    file = tmp_path / "conditions.yaml"
    file.write_text(
        "one:\n  all:\n    - {merit: yes}\n    - any:\n        - {hiv: yes}\n"
        "        - {household: rich}\n"
    )

    with pytest.raises(DataFileError) as caught:
        load(file, dict[str, Condition])

    assert caught.value.line == 6
    assert "household can't be 'rich'" in caught.value.reason


FACTS_HERE = (FactId.MERIT, FactId.HIV, FactId.DISABLED, FactId.MARTYR_KIN)
LEAF = st.sampled_from([{fact.value: value} for fact in FACTS_HERE for value in (True, False)])
WRITTEN = st.recursive(
    LEAF,
    lambda parts: st.one_of(
        st.lists(parts, min_size=1, max_size=3).map(lambda several: {"all": several}),
        st.lists(parts, min_size=1, max_size=3).map(lambda several: {"any": several}),
        parts.map(lambda one: {"not": one}),
        parts.map(lambda one: {"in_doubt": one}),
    ),
    max_leaves=6,
)
KNOWN = st.dictionaries(st.sampled_from(FACTS_HERE), st.booleans())


@given(WRITTEN, KNOWN)
def test_what_is_settled_stays_settled_whatever_else_is_learnt(
    written: object, known: dict[FactId, bool]
) -> None:
    asked = CONDITION.validate_python(written)
    settled = evaluate(asked, known, {})
    unknown = [fact for fact in FACTS_HERE if fact not in known]

    for rest in product((True, False), repeat=len(unknown)):
        complete = known | dict(zip(unknown, rest, strict=True))
        if settled is not None:
            assert evaluate(asked, complete, {}) is settled


@given(WRITTEN, KNOWN)
def test_a_fact_that_is_not_open_can_not_change_the_value(
    written: object, known: dict[FactId, bool]
) -> None:
    asked = CONDITION.validate_python(written)
    open_facts = read(asked, known, {}).open

    for fact in set(FACTS_HERE) - known.keys() - open_facts:
        values = {evaluate(asked, known | {fact: value}, {}) for value in (True, False)}
        assert values == {evaluate(asked, known, {})}
