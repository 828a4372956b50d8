"""The files of the law: complete, and refused with line and reason when they are wrong."""

import datetime as dt
import shutil
from pathlib import Path

import pytest

from eligibility.acceptance import load_acceptance_rules
from eligibility.conditions import facts_of
from eligibility.facts import FACTS, FactId, Facts, Kind
from eligibility.grounds import LAW, GroupId, load_law
from store.datafile import DataFileError

STATUTE = "statute-2017.yaml"


def groups_on(day: str) -> set[str]:
    return {ground.id.value for ground in load_law().on(dt.date.fromisoformat(day)).grounds}


def broken(folder: Path, file: str, old: str, new: str) -> DataFileError:
    """The error that one wrong edit of one file gives."""
    copy = folder / "law"
    shutil.copytree(LAW, copy)
    text = (copy / file).read_text(encoding="utf-8")
    assert text.count(old) >= 1
    (copy / file).write_text(text.replace(old, new, 1), encoding="utf-8")
    with pytest.raises(DataFileError) as caught:
        load_law(copy)
    return caught.value


def line_of(file: str, text: str) -> int:
    lines = (LAW / file).read_text(encoding="utf-8").splitlines()
    return 1 + next(number for number, line in enumerate(lines) if text in line)


def test_the_groups_of_each_time_are_all_there() -> None:
    always = {
        "merit", "poor", "child", "ethnic_minority", "minor_16_18", "trafficking_victim",
        "martyr_kin", "agent_orange", "elderly", "disabled", "domestic_violence", "hiv",
    }  # fmt: skip

    for day in ("2018-01-01", "2025-06-30", "2025-07-01", "2026-01-01", "2026-12-31"):
        assert groups_on(day) == always | {"accused_near_poor"}
    assert groups_on("2027-01-01") == always | {"near_poor", "social_allowance"}
    assert groups_on("2017-12-31") < always


def test_every_group_has_a_ground_on_some_day() -> None:
    named = {ground.id for statute in load_law().statutes for ground in statute.grounds}

    assert named == set(GroupId)


def test_the_days_on_which_the_law_changes_are_known() -> None:
    law = load_law()
    days = [dt.date(2006, 1, 1)]
    while (following := law.next_change(days[-1])) is not None:
        days.append(following)

    assert [day.isoformat() for day in days[1:]] == [
        "2007-01-01",
        "2018-01-01",
        "2025-07-01",
        "2026-01-01",
        "2027-01-01",
    ]


def test_what_is_known_from_a_summary_only_is_marked_unverified() -> None:
    law = load_law()

    for statute in law.statutes:
        for ground in statute.grounds:
            summary = statute.id == "69/2006/QH11" or ground.valid_from >= dt.date(2027, 1, 1)
            assert ground.verified is not summary


def test_every_fact_a_ground_asks_for_has_a_prior() -> None:
    law = load_law()

    for day in (dt.date(2012, 1, 1), dt.date(2020, 1, 1), dt.date(2026, 1, 1), dt.date(2027, 1, 1)):
        today = law.on(day)
        for ground in today.grounds:
            for part in ground.conditions():
                assert facts_of(part, today.definitions) <= law.priors.keys()


def test_every_paper_is_of_use_to_some_ground() -> None:
    law = load_law()
    used = {
        paper
        for statute in law.statutes
        for ground in statute.grounds
        for bundle in ground.papers
        for paper in bundle
    }

    assert used == law.papers.keys()


def test_every_fact_is_declared_and_takes_the_values_it_declares() -> None:
    assert set(FACTS) == set(FactId) == {FactId(name) for name in Facts.model_fields}
    for fact in FACTS.values():
        assert (fact.kind is Kind.ONE_OF) == bool(fact.options)
        for option in fact.options:
            assert Facts.model_validate({fact.id.value: option.value}).get(fact.id) is option


def test_the_sensitive_facts_are_named_as_such() -> None:
    assert {fact.id for fact in FACTS.values() if fact.sensitive} == {
        FactId.HIV,
        FactId.DOMESTIC_VIOLENCE,
        FactId.CRIMINAL_ROLE,
        FactId.ETHNIC_MINORITY,
        FactId.TRAFFICKING_VICTIM,
        FactId.WITH_TRAFFICKING_VICTIM,
    }


@pytest.mark.parametrize(
    ("file", "old", "new", "reason"),
    [
        (STATUTE, "who: {merit: yes}", "who: {income: low}", "no fact or word is called 'income'"),
        (STATUTE, "who: {household: poor}", "who: {household: rich}", "household can't be 'rich'"),
        (STATUTE, "[[merit_recognition]]", "[[merit_card]]", "no paper is called merit_card"),
        (STATUTE, "- id: merit", "- id: veteran", "Input should be 'merit'"),
        (STATUTE, "without_papers: Đừng", "without_paper: Đừng", "Extra inputs are not permitted"),
    ],
)
def test_a_mistake_in_the_law_is_reported_where_it_stands(
    tmp_path: Path, file: str, old: str, new: str, reason: str
) -> None:
    error = broken(tmp_path, file, old, new)

    assert error.path.name == file
    assert error.line == line_of(file, old)
    assert reason in error.reason


def test_a_reference_to_nothing_is_reported(tmp_path: Path) -> None:
    error = broken(tmp_path, STATUTE, "{ref: financial_hardship}", "{ref: hardship}")

    assert error.line == line_of(STATUTE, "{ref: financial_hardship}")
    assert "hardship is not defined on every day of this ground" in error.reason


def test_a_definition_with_a_gap_is_reported_at_the_ground_that_needs_it(tmp_path: Path) -> None:
    error = broken(
        tmp_path, STATUTE, "    to: 2025-06-30\n    when", "    to: 2025-06-29\n    when"
    )

    assert "not defined on every day" in error.reason


def test_the_same_clause_twice_on_one_day_is_reported(tmp_path: Path) -> None:
    error = broken(
        tmp_path,
        STATUTE,
        "law: Luật Trợ giúp pháp lý 2017, Điều 7 khoản 7 điểm đ",
        "law: Luật Trợ giúp pháp lý 2017, Điều 7 khoản 5",
    )

    assert "overlaps with another entry for the same, from 2018-01-01" in error.reason


def test_a_ground_outside_the_time_of_its_law_is_reported(tmp_path: Path) -> None:
    error = broken(tmp_path, STATUTE, "from: 2018-01-01\n    who", "from: 2017-01-01\n    who")

    assert "is in force on days on which the law is not" in error.reason


def test_a_time_that_ends_before_it_begins_is_reported(tmp_path: Path) -> None:
    error = broken(tmp_path, STATUTE, "to: 2025-12-31\n    who", "to: 2015-12-31\n    who")

    assert "ends on 2015-12-31, before it begins on 2018-01-01" in error.reason


def test_two_acts_in_force_at_once_are_reported(tmp_path: Path) -> None:
    error = broken(tmp_path, "statute-2006.yaml", "to: 2017-12-31", "to: 2018-12-31")

    assert "overlap in time" in error.reason


@pytest.mark.parametrize(
    ("old", "new", "reason"),
    [
        ("neither: 0.72", "neither: 0.5", "do not add up to 1"),
        ("16-17: 0.04", "16-18: 0.04", "'18-59' does not begin at 19, where the last one ended"),
        ("16-17: 0.04", "young: 0.04", "'young' is no range of ages"),
        ("{fact: merit, share: 0.06", "{fact: hiv, share: 0.06", "hiv has several priors"),
        ("{fact: merit, share: 0.06", "{fact: age, share: 0.06", "any other has shares"),
        ("poor: 0.16, ", "", "do not name each value of household once"),
    ],
)
def test_priors_that_do_not_add_up_are_reported(
    tmp_path: Path, old: str, new: str, reason: str
) -> None:
    assert reason in broken(tmp_path, "priors.yaml", old, new).reason


def test_officers_find_the_rules_of_acceptance_with_their_articles() -> None:
    rules = load_acceptance_rules()

    at_once = {rule.id: rule for rule in rules.accept_at_once}
    assert at_once["trial_near"].working_days == 5
    assert at_once["papers_later_special_area"].working_days == 10
    assert "khoản 4" in at_once["trial_near"].citation
    assert [rule.id for rule in rules.other_person_needed if rule.id == "opposed_interests"]


def test_a_rule_named_twice_is_reported(tmp_path: Path) -> None:
    copy = tmp_path / "acceptance.yaml"
    text = (LAW / "acceptance.yaml").read_text(encoding="utf-8")
    copy.write_text(text.replace("- id: trial_near", "- id: limitation_near"), encoding="utf-8")

    with pytest.raises(DataFileError, match="accept_at_once names limitation_near twice"):
        load_acceptance_rules(tmp_path)
