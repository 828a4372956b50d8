"""What a screening says, beside what `citizens.yaml` already shows."""

import datetime as dt

import pytest
from pydantic import ValidationError

from eligibility.facts import CriminalRole, FactId, Facts, Household, PapersAtHand
from eligibility.grounds import Effect, GroupId, NoLawInForce, load_law
from eligibility.screen import (
    Outcome,
    both_days,
    checklist,
    contradictions,
    screen,
    statuses,
)

LAW = load_law()
TODAY = dt.date(2026, 11, 23)


def test_a_poor_household_alone_ends_the_screening() -> None:
    screening = screen(Facts(household=Household.POOR), TODAY, LAW)

    assert screening.outcome is Outcome.LIKELY
    assert screening.missing == ()
    assert screening.grounds[0].citation == "Luật Trợ giúp pháp lý 2017, Điều 7 khoản 2"


def test_the_first_question_of_all_is_about_the_household_and_not_sensitive() -> None:
    assert screen(Facts(), TODAY, LAW).missing[0] is FactId.HOUSEHOLD


def test_someone_over_18_is_not_asked_about_accompanying_a_victim() -> None:
    missing = screen(Facts(age=18), TODAY, LAW).missing

    assert FactId.WITH_TRAFFICKING_VICTIM not in missing
    assert FactId.WITH_TRAFFICKING_VICTIM in screen(Facts(age=17), TODAY, LAW).missing


def test_who_is_in_a_group_at_every_age_under_18_is_not_asked_whom_they_came_with() -> None:
    unasked = dict.fromkeys(screen(Facts(), TODAY, LAW).missing, False)
    told = Facts.model_validate(
        {
            **unasked,
            FactId.AGE: None,
            FactId.HOUSEHOLD: Household.NEAR_POOR,
            FactId.CRIMINAL_ROLE: CriminalRole.DENOUNCED,
            FactId.DOMESTIC_VIOLENCE: None,
            FactId.WITH_TRAFFICKING_VICTIM: None,
        }
    )

    assert set(screen(told, TODAY, LAW).missing) == {FactId.AGE, FactId.DOMESTIC_VIOLENCE}


def test_someone_of_69_is_not_asked_for_a_pension_that_begins_at_70() -> None:
    told = Facts(age=69, household=Household.NEITHER)

    assert FactId.SOCIAL_PENSION not in screen(told, TODAY, LAW).missing
    assert FactId.SOCIAL_PENSION in screen(told.having(FactId.AGE, 70), TODAY, LAW).missing


def test_who_is_in_no_hardship_is_not_asked_about_hiv_or_violence() -> None:
    told = Facts(age=40, household=Household.NEITHER, social_allowance=False)

    missing = screen(told, TODAY, LAW).missing

    assert FactId.HIV not in missing
    assert FactId.DOMESTIC_VIOLENCE not in missing
    assert FactId.MERIT in missing


def test_the_boxes_to_tick_come_together_and_the_sensitive_ones_last() -> None:
    missing = screen(Facts(age=40, household=Household.NEAR_POOR), TODAY, LAW).missing

    assert checklist(missing) == (
        FactId.MERIT,
        FactId.DISABLED,
        FactId.MARTYR_KIN,
        FactId.AGENT_ORANGE,
        FactId.DOMESTIC_VIOLENCE,
        FactId.HIV,
        FactId.TRAFFICKING_VICTIM,
        FactId.ETHNIC_MINORITY,
    )
    assert checklist(()) == ()
    assert checklist((FactId.AGE, FactId.HOUSEHOLD)) == (FactId.AGE,)


def test_a_skipped_fact_is_not_asked_again() -> None:
    skipped = frozenset({FactId.HOUSEHOLD, FactId.HIV})

    screening = screen(Facts(age=40), TODAY, LAW, skipped)

    assert screening.outcome is Outcome.NEED_FACTS
    assert not skipped & set(screening.missing)


def test_what_is_unclear_names_the_grounds_it_hangs_on() -> None:
    told = Facts(age=78, household=Household.NEITHER, social_allowance=False, social_pension=True)
    none = dict.fromkeys(("merit", "ethnic_minority", "trafficking_victim", "disabled"), False)
    rest = dict.fromkeys(("martyr_kin", "agent_orange", "domestic_violence", "hiv"), False)

    screening = screen(told.model_copy(update=none | rest), TODAY, LAW)

    assert screening.outcome is Outcome.UNCLEAR
    assert [ground.id for ground in screening.possible] == [GroupId.ELDERLY]


@pytest.mark.parametrize(
    ("papers", "outcome", "to_bring"),
    [
        (None, Outcome.LIKELY, ["near_poor_certificate", "disability_certificate"]),
        (
            PapersAtHand.SOME,
            Outcome.LIKELY_PAPERS_MISSING,
            ["near_poor_certificate", "disability_certificate"],
        ),
        (PapersAtHand.ALL, Outcome.LIKELY, []),
    ],
)
def test_papers_at_hand_decide_what_is_still_to_bring(
    papers: PapersAtHand | None, outcome: Outcome, to_bring: list[str]
) -> None:
    told = Facts(disabled=True, household=Household.NEAR_POOR, papers=papers)

    screening = screen(told, TODAY, LAW)

    assert screening.outcome is outcome
    assert [paper.id for paper in screening.papers] == to_bring


def test_a_matter_from_elsewhere_is_passed_on_and_stays_likely() -> None:
    told = Facts(household=Household.POOR, lives_here=False, happened_here=False)

    screening = screen(told, TODAY, LAW)

    assert screening.outcome is Outcome.LIKELY
    assert [rule.effect for rule in screening.scope] == [Effect.TRANSFER]


def test_where_it_happened_decides_for_someone_who_lives_elsewhere() -> None:
    lives_elsewhere = Facts(household=Household.POOR, lives_here=False)

    assert screen(lives_elsewhere, TODAY, LAW).scope == ()
    happened_here = lives_elsewhere.having(FactId.HAPPENED_HERE, value=True)
    assert screen(happened_here, TODAY, LAW).scope == ()


def test_a_commercial_matter_ends_the_questions() -> None:
    screening = screen(Facts(commercial=True), TODAY, LAW)

    assert screening.outcome is Outcome.UNLIKELY
    assert screening.missing == ()
    assert [rule.effect for rule in screening.scope] == [Effect.EXCLUDED]


def test_each_state_of_the_law_has_a_name_a_case_can_store() -> None:
    days = {
        "2017-12-31": "69/2006/QH11@2007-01-01",
        "2018-01-01": "11/2017/QH14@2018-01-01",
        "2025-07-01": "11/2017/QH14@2025-07-01",
        "2026-11-23": "11/2017/QH14@2026-01-01",
        "2027-01-01": "11/2017/QH14@2027-01-01",
    }

    for day, version in days.items():
        assert screen(Facts(), dt.date.fromisoformat(day), LAW).law_version == version


def test_a_day_without_a_law_is_an_error_and_not_the_nearest_law() -> None:
    with pytest.raises(NoLawInForce, match="2006-12-31"):
        screen(Facts(household=Household.POOR), dt.date(2006, 12, 31), LAW)
    with pytest.raises(NoLawInForce):
        statuses(Facts(), dt.date(2006, 12, 31), LAW)


def test_both_days_are_told_when_2027_brings_another_answer() -> None:
    none = {fact: False for fact in Facts.model_fields if fact not in _NOT_YES_NO}
    told = Facts(age=65, household=Household.NEITHER).model_copy(update=none)

    days = both_days(told, TODAY, LAW)

    assert days.today.outcome is Outcome.UNLIKELY
    assert days.change == dt.date(2027, 1, 1)
    assert days.later is not None
    assert days.later.outcome is Outcome.LIKELY
    assert [ground.verified for ground in days.later.grounds] == [False]


_NOT_YES_NO = {"age", "household", "criminal_role", "papers"}


def test_one_day_is_told_when_2027_brings_the_same_answer() -> None:
    days = both_days(Facts(household=Household.POOR), TODAY, LAW)

    assert days.change is None
    assert days.later is None


def test_no_later_day_is_told_when_no_change_is_known() -> None:
    assert both_days(Facts(age=50), dt.date(2027, 1, 1), LAW).later is None


def test_a_status_is_named_whether_or_not_a_further_condition_is_met() -> None:
    told = Facts(age=68, household=Household.NEITHER, ethnic_minority=True)

    assert statuses(told, TODAY, LAW) == {GroupId.ELDERLY, GroupId.ETHNIC_MINORITY}


def test_near_poor_is_a_group_of_its_own_only_from_2027() -> None:
    told = Facts(household=Household.NEAR_POOR)

    assert statuses(told, TODAY, LAW) == frozenset()
    assert statuses(told, dt.date(2027, 1, 1), LAW) == {GroupId.NEAR_POOR}


def test_a_near_poor_accused_is_named_by_both_halves() -> None:
    half = Facts(criminal_role=CriminalRole.ACCUSED)

    assert statuses(half, TODAY, LAW) == frozenset()
    whole = half.having(FactId.HOUSEHOLD, Household.NEAR_POOR)
    assert statuses(whole, TODAY, LAW) == {GroupId.ACCUSED_NEAR_POOR}


def test_answers_that_contradict_each_other_are_pointed_out() -> None:
    assert [r.id for r in contradictions(Facts(age=40, social_pension=True), LAW)] == [
        "social_pension_under_70"
    ]
    assert contradictions(Facts(age=70, social_pension=True), LAW) == ()
    assert contradictions(Facts(social_pension=True), LAW) == ()


def test_contradicting_answers_still_get_an_answer() -> None:
    told = Facts(age=40, social_pension=True, household=Household.POOR)

    assert screen(told, TODAY, LAW).outcome is Outcome.LIKELY
    assert screen(Facts(age=40, social_pension=True), TODAY, LAW).outcome is Outcome.NEED_FACTS


def test_a_screening_is_never_taken_for_yes_or_no() -> None:
    with pytest.raises(TypeError):
        bool(screen(Facts(), TODAY, LAW))


@pytest.mark.parametrize(
    "wrong", [{"age": -1}, {"age": 121}, {"age": "40"}, {"age": True}, {"merit": "yes"}, {"hiv": 1}]
)
def test_a_wrong_value_is_an_error(wrong: dict[str, object]) -> None:
    with pytest.raises(ValidationError):
        Facts.model_validate(wrong)


def test_an_unknown_name_is_left_out() -> None:
    assert Facts.model_validate({"income": 3, "age": 20}) == Facts(age=20)


def test_a_corrected_fact_replaces_the_old_one_and_can_be_forgotten() -> None:
    poor = Facts(household=Household.POOR)

    assert poor.having(FactId.HOUSEHOLD, Household.NEITHER).household is Household.NEITHER
    assert poor.having(FactId.HOUSEHOLD, None) == Facts()
