"""Where somebody stands: asked one thing at a time, told with the article, never a refusal."""

import pytest

from bot.understanding.people import Relation
from eligibility.facts import FactId, Household
from tests.dialogue.conftest import Talk


def test_a_certificate_of_a_poor_household_ends_it(talk: Talk) -> None:
    talk.starts()
    talk.presses("go:screen")
    said = talk.presses("poor")

    assert "có thể thuộc diện" in said
    assert "Luật Trợ giúp pháp lý 2017, Điều 7 khoản 2" in said
    assert "Cán bộ sẽ xem giấy tờ rồi quyết định" in said
    assert "go:request" in talk.choices


def test_missing_papers_shut_no_door(talk: Talk) -> None:
    talk.starts()
    talk.presses("go:screen")
    talk.presses("poor")
    said = talk.presses("go:nopapers")

    assert "vẫn gửi yêu cầu được" in said
    assert "go:request" in talk.choices


def test_whoever_is_screened_out_is_offered_other_help_and_a_person(talk: Talk) -> None:
    talk.starts()
    talk.presses("go:screen")
    talk.presses("neither")
    for _ in range(8):
        if talk.state.step == "screening.told":
            break
        match talk.state.step:
            case "screening.age":
                talk.writes("40")
            case "screening.boxes" | "screening.criminal_role":
                talk.presses("none")
            case _:
                talk.presses("no")

    assert talk.state.step == "screening.told"
    assert "outcome.unlikely" in talk.keys
    assert "outcome.elsewhere" in talk.keys
    assert "go:request" in talk.choices


def test_not_knowing_anything_leads_to_a_person_not_to_a_no(talk: Talk) -> None:
    talk.starts()
    talk.presses("go:screen")
    for _ in range(10):
        if talk.state.step == "screening.told":
            break
        talk.presses("skip" if "skip" in talk.choices else "dont_know")

    assert talk.state.step == "screening.told"
    assert any(key.startswith("outcome.unclear") for key in talk.keys)
    assert "go:request" in talk.choices


def test_a_sensitive_question_never_comes_first(talk: Talk) -> None:
    talk.starts()
    talk.presses("go:screen")

    assert talk.state.step in ("screening.household", "screening.age")


def test_what_is_ticked_is_true_and_the_rest_of_the_boxes_is_not(talk: Talk) -> None:
    talk.starts()
    talk.presses("go:screen")
    talk.presses("near_poor")
    while talk.state.step != "screening.boxes":
        talk.presses("skip" if "skip" in talk.choices else "dont_know")
    talk.presses("disabled,done")

    assert talk.state.facts.get(FactId.DISABLED) is True
    assert talk.state.facts.get(FactId.MERIT) is False
    assert "Điều 7 khoản 7 điểm d" in talk.lookups.texts.join(talk.turn.says[-1].lines, "vi")


def test_an_impossible_age_is_asked_again_and_nothing_is_learnt(talk: Talk) -> None:
    talk.starts()
    talk.presses("go:screen")
    talk.presses("neither")
    assert talk.state.step == "screening.age"

    said = talk.writes("450")

    assert "gõ lại" in said
    assert talk.state.facts.age is None


def test_a_year_of_birth_is_an_age(talk: Talk) -> None:
    talk.starts()
    talk.presses("go:screen")
    talk.presses("neither")
    talk.writes("sinh năm 1956")

    assert talk.state.facts.age in (69, 70)


def test_a_story_that_says_enough_is_answered_without_a_question(talk: Talk) -> None:
    said = talk.writes(
        "Nhà tôi hộ nghèo ở xã Đá Bạc, bị hàng xóm lấn ranh đất hai mét không chịu trả."
    )

    assert "Điều 7 khoản 2" in said
    assert "go:request" in talk.choices


def test_private_grounds_are_named_by_their_article_only(talk: Talk) -> None:
    said = talk.writes(
        "Tôi bị nhiễm HIV, hộ cận nghèo, bị chủ đuổi việc không trả lương tháng cuối"
    )

    assert "HIV" not in said
    assert "Điều 7 khoản 7 điểm h" in said


def test_the_law_of_2027_is_told_where_it_differs(talk: Talk) -> None:
    talk.starts()
    talk.presses("go:screen")
    talk.presses("neither")
    talk.writes("65")
    for _ in range(8):
        if talk.state.step == "screening.told":
            break
        talk.presses("none" if "none" in talk.choices else "no")

    said = talk.lookups.texts.join(talk.turn.says[-1].lines, "vi")
    assert "01/01/2027" in said


def test_two_different_ages_are_both_shown_and_asked_again(talk: Talk) -> None:
    talk.starts()
    talk.presses("go:screen")
    talk.presses("neither")
    talk.writes("62 tuổi")
    said = talk.writes("tôi 26 tuổi")

    assert "62 tuổi" in said
    assert "26 tuổi" in said
    assert talk.state.facts.age is None
    assert talk.choices == ["before", "now", "skip"]

    talk.presses("now")

    assert talk.state.facts.get(FactId.AGE) == 26
    assert talk.state.step.startswith("screening.")


def test_telling_another_household_while_asked_something_else_is_asked_again(talk: Talk) -> None:
    talk.starts()
    talk.presses("go:screen")
    talk.presses("near_poor")
    said = talk.writes("tôi 45 tuổi, nhà tôi hộ nghèo")

    assert "clear.two_answers" in talk.keys
    assert "hộ nghèo" in said
    assert "cận nghèo" in said
    assert talk.choices[:3] == ["poor", "near_poor", "neither"]
    assert talk.state.facts.household is None

    talk.presses("poor")

    assert talk.state.facts.get(FactId.HOUSEHOLD) is Household.POOR
    assert talk.state.step == "screening.told"


def test_what_is_put_right_is_believed_at_once(talk: Talk) -> None:
    talk.starts()
    talk.presses("go:screen")
    talk.presses("near_poor")
    talk.writes("nhầm, nhà tôi hộ nghèo")

    assert talk.state.facts.household is Household.POOR


@pytest.mark.parametrize("typed", ["tôi 300 tuổi", "-5", "2050", "sinh năm 1850"])
def test_an_age_nobody_has_is_refused_kindly_however_it_is_typed(talk: Talk, typed: str) -> None:
    talk.starts()
    talk.presses("go:screen")
    talk.presses("neither")
    talk.writes(typed)

    assert "screening.age.impossible" in talk.keys
    assert talk.state.step == "screening.age"
    assert talk.state.facts.age is None


def test_the_writers_own_age_is_not_the_childs(talk: Talk) -> None:
    talk.writes("Con tôi 15 tuổi bị công ty quỵt lương ba tháng nay")
    talk.writes("tôi 45 tuổi")

    assert talk.state.relation is Relation.CHILD
    assert talk.state.facts.age == 15


def test_the_childs_age_is_taken_once_the_talk_is_about_the_child(talk: Talk) -> None:
    talk.writes("Con tôi bị công ty quỵt lương ba tháng nay, nhà tôi ở xã Đá Bạc")
    talk.writes("con tôi 15 tuổi")

    assert talk.state.facts.age == 15


def test_when_the_talk_turns_to_another_the_first_ones_age_is_forgotten(talk: Talk) -> None:
    talk.writes("Tôi 62 tuổi, tôi bị lấn đất hai mét")
    assert talk.state.facts.age == 62
    talk.writes("Còn con gái tôi bị công ty đuổi việc ngang, không trả lương")

    assert talk.state.relation is Relation.CHILD
    assert talk.state.facts.age is None


def says_no(talk: Talk, until: str = "screening.told") -> Talk:
    """Say no to whatever is asked until a question comes; the age is 40."""
    for _ in range(12):
        if talk.state.step == until:
            return talk
        match talk.state.step:
            case "screening.age":
                talk.writes("40")
            case "screening.household":
                talk.presses("neither")
            case "screening.boxes" | "screening.criminal_role":
                talk.presses("none")
            case _:
                talk.presses("no")
    raise AssertionError(talk.state.step)


def at_the_boxes(talk: Talk, age: str) -> Talk:
    talk.starts()
    talk.presses("go:screen")
    talk.presses("neither")
    talk.writes(age)
    assert talk.state.step == "screening.boxes"
    return talk


def test_only_boxes_that_can_still_change_something_are_offered(talk: Talk) -> None:
    offered = set(at_the_boxes(talk, "40 tuổi").choices)

    assert "merit" in offered
    assert "with_trafficking_victim" not in offered  # only under 18


def test_a_box_that_is_known_already_is_not_offered_again(talk: Talk) -> None:
    talk.writes("Tôi 40 tuổi, là người khuyết tật, không có sổ hộ nghèo, bị chủ quỵt tiền công.")
    assert talk.state.step == "screening.boxes"

    assert "disabled" not in talk.choices


def test_leaving_the_boxes_alone_says_nothing_of_what_was_not_shown(talk: Talk) -> None:
    at_the_boxes(talk, "40 tuổi").presses("none")

    assert talk.state.facts.get(FactId.MERIT) is False
    assert talk.state.facts.get(FactId.WITH_TRAFFICKING_VICTIM) is None


def test_the_part_in_a_criminal_case_can_be_skipped(talk: Talk) -> None:
    talk.writes("Tôi 40 tuổi, nhà có sổ hộ cận nghèo, bị chủ quỵt tiền công ba tháng nay.")
    says_no(talk, until="screening.criminal_role")

    assert "skip" in talk.choices
    assert talk.presses("skip") != ""
    assert FactId.CRIMINAL_ROLE in talk.state.skipped


def test_the_social_allowance_is_asked_among_the_boxes(talk: Talk) -> None:
    at_the_boxes(talk, "40 tuổi").presses("social_allowance,disabled,done")

    assert talk.state.facts.get(FactId.SOCIAL_ALLOWANCE) is True
    assert talk.state.step == "screening.told"


def test_whoever_quarrels_with_a_neighbour_is_told_of_mediation(talk: Talk) -> None:
    talk.writes(
        "Hồi tháng rồi hàng xóm lấn ranh đất nhà tôi hai mét, nói hoài mà họ không chịu trả lại."
    )
    says_no(talk)

    assert "outcome.mediation" in talk.keys


def test_whoever_was_beaten_at_home_is_not_sent_to_mediation(talk: Talk) -> None:
    talk.writes("Tôi 40 tuổi, hồi trước hay bị chồng đánh đập, giờ tôi muốn ly hôn chia đất.")
    assert talk.state.facts.domestic_violence is True
    talk.state = talk.state.at("free").with_(danger=None, opening=False)
    talk.presses("go:screen")
    says_no(talk)

    assert "outcome.unlikely" in talk.keys
    assert "outcome.mediation" not in talk.keys


def test_nobody_is_told_that_the_lawyers_association_is_free_for_everybody(talk: Talk) -> None:
    talk.writes(
        "Hồi tháng rồi hàng xóm lấn ranh đất nhà tôi hai mét, nói hoài mà họ không chịu trả lại."
    )
    says_no(talk)

    said = talk.lookups.texts.join(talk.turn.says[-1].lines, "vi")
    assert "Hội Luật gia" in said
    assert "hỏi trước" in said


def test_what_the_next_law_may_add_is_named(talk: Talk) -> None:
    talk.starts()
    talk.presses("go:screen")
    talk.presses("neither")
    talk.writes("65")
    says_no(talk)

    assert {"outcome.changes", "outcome.changes_may"} & set(talk.keys)
    assert "outcome.changes_same" not in talk.keys


def test_papers_are_told_in_english_with_the_name_that_the_office_knows(talk: Talk) -> None:
    talk.starts()
    talk.state = talk.state.with_(language="en")
    talk.presses("go:screen")
    likely = talk.presses("poor")
    missing = talk.presses("go:nopapers")

    assert "certificate of a poor household (Giấy chứng nhận hộ nghèo)" in likely + missing
