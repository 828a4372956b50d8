"""Whether `citizens.yaml` leaves a gap: every group, every date, every boundary age, both sides."""

import datetime as dt
from collections.abc import Iterator
from pathlib import Path

import pytest

from eligibility.conditions import evaluate, thresholds
from eligibility.facts import FactId, Facts
from eligibility.grounds import Ground, GroupId, load_law
from store.datafile import load
from tests.eligibility.conftest import Citizen

LAW = load_law()
CITIZENS = load(Path(__file__).parent / "citizens.yaml", tuple[Citizen, ...])
GROUNDS = [ground for statute in LAW.statutes for ground in statute.grounds]
A_DAY = dt.timedelta(days=1)


def belongs(person: Facts, ground: Ground) -> bool:
    """Whether somebody is of the group as one clause words it, the further condition aside."""
    definitions = LAW.on(ground.valid_from).definitions
    return evaluate(ground.who, person.known(), definitions) is True


def both_sides(ground: Ground) -> Iterator[dt.date]:
    """The day before the first day of a ground and that day, its last day and the day after."""
    yield from (ground.valid_from - A_DAY, ground.valid_from)
    if ground.valid_to is not None:
        yield from (ground.valid_to, ground.valid_to + A_DAY)


def days_of_change() -> Iterator[dt.date]:
    """Every day since 2018 on which the law became another one, and the day before."""
    day = dt.date(2017, 12, 31)
    while (change := LAW.next_change(day)) is not None:
        yield from (change - A_DAY, change)
        day = change


def test_every_clause_has_a_citizen_on_both_sides_of_every_day_it_begins_or_ends() -> None:
    gaps = [
        (ground.id.value, ground.citation, day.isoformat())
        for ground in GROUNDS
        for day in both_sides(ground)
        if not any(citizen.day == day and belongs(citizen.person(), ground) for citizen in CITIZENS)
    ]

    assert gaps == []


@pytest.mark.parametrize("group", GroupId)
def test_every_group_has_a_citizen_on_both_sides_of_every_change_of_the_law(group: GroupId) -> None:
    wordings = [ground for ground in GROUNDS if ground.id is group]
    asked_on = {
        citizen.day
        for citizen in CITIZENS
        if any(belongs(citizen.person(), ground) for ground in wordings)
    }

    assert set(days_of_change()) - asked_on == set()


def test_every_boundary_age_has_a_citizen_of_that_age_and_one_a_year_younger() -> None:
    gaps = [
        (ground.id.value, ground.citation, age)
        for ground in GROUNDS
        for bound in thresholds(ground.conditions(), LAW.on(ground.valid_from).definitions)
        for age, beyond in ((bound, bound - 1), (bound - 1, bound))
        if not any(
            citizen.facts.age == age
            and ground.in_force(citizen.day)
            and belongs(citizen.facts, ground)
            is not belongs(citizen.facts.having(FactId.AGE, beyond), ground)
            for citizen in CITIZENS
        )
    ]

    assert gaps == []
