"""What can be meant in two ways is asked, and nothing that was told is lost."""

import pytest

from bot.dialogue.turn import OpenCase
from bot.understanding.people import Relation
from eligibility.facts import FactId, Household
from tests.dialogue.conftest import Talk


def asked_where(talk: Talk) -> Talk:
    talk.starts()
    talk.presses("go:person")
    assert talk.state.step == "request.place"
    return talk


def test_who_needs_help_is_asked_when_somebody_is_only_spoken_of(talk: Talk) -> None:
    asked_where(talk)

    talk.writes("ba tôi 72 tuổi hộ nghèo")

    assert talk.keys[-1] == "clear.who"
    assert talk.choices == ["self", "parent", "other"]

    talk.presses("parent")

    assert talk.state.relation is Relation.PARENT
    assert talk.state.facts.age == 72
    assert talk.state.facts.household is Household.POOR
    assert talk.state.step == "request.place"


def test_if_it_is_the_writer_after_all_the_other_ones_age_is_not_theirs(talk: Talk) -> None:
    asked_where(talk)
    talk.writes("ba tôi 72 tuổi hộ nghèo")

    talk.presses("self")

    assert talk.state.facts.age is None
    assert talk.state.others[Relation.PARENT].age == 72


def test_who_needs_help_can_be_said_in_words(talk: Talk) -> None:
    asked_where(talk)
    talk.writes("ba tôi 72 tuổi hộ nghèo")

    talk.writes("ba tôi")

    assert talk.state.relation is Relation.PARENT


def test_a_commune_told_instead_of_who_is_kept_and_who_is_asked_again(talk: Talk) -> None:
    asked_where(talk)
    talk.writes("ba tôi 72 tuổi hộ nghèo")

    talk.writes("xã Đất Mũi")
    assert talk.keys[-1] == "clear.who"
    talk.presses("parent")

    assert talk.state.place.commune is not None
    assert talk.state.step == "request.story"


@pytest.mark.parametrize(("who", "relation"), [("self", Relation.SELF), ("child", Relation.CHILD)])
def test_a_con_who_may_be_the_writer_is_asked_about(
    talk: Talk, who: str, relation: Relation
) -> None:
    talk.writes("con 17 tuổi muốn ly hôn")
    assert talk.state.step == "clear.who"

    talk.presses(who)

    assert talk.state.facts.age == 17
    assert talk.state.relation is relation


def test_who_was_asked_once_is_not_asked_at_every_message(talk: Talk) -> None:
    talk.writes("vợ tôi 60 tuổi")
    talk.presses("self")

    talk.writes("con tôi 20 tuổi")

    assert "clear.who" not in talk.keys


def test_of_several_people_one_is_helped_first_and_the_other_is_not_forgotten(talk: Talk) -> None:
    talk.writes("vợ tôi bị giật hụi 50 triệu, còn mẹ tôi bị lừa mất 20 triệu tiền đất")
    assert talk.keys[-1] == "clear.who_first"
    talk.presses("spouse")
    talk.presses("go:request")
    talk.writes("xã Đất Mũi")
    talk.presses("yes")
    talk.presses("nobody")
    talk.presses("agree")
    assert any(isinstance(wish, OpenCase) for wish in talk.turn.wishes)

    talk.presses("none")

    assert talk.keys[-1] == "request.next_waiting"
    talk.presses("go:next")
    assert talk.state.opening
    assert talk.state.relation is Relation.OTHER


def test_a_house_said_not_to_be_poor_may_still_be_near_poor(talk: Talk) -> None:
    talk.writes("nhà tôi hộ nghèo, bị người ta chiếm đất")

    talk.writes("không phải hộ nghèo")

    assert talk.keys == ["clear.two_answers", "screening.household.ask"]
    talk.presses("near_poor")
    assert talk.state.facts.household is Household.NEAR_POOR


def test_two_ages_during_a_request_are_cleared_up_and_the_request_goes_on(talk: Talk) -> None:
    asked_where(talk)
    talk.writes("tôi 12 tuổi")

    talk.writes("tôi 70 tuổi")
    assert talk.choices == ["before", "now", "skip"]
    talk.presses("now")

    assert talk.state.facts.age == 70
    assert talk.state.step == "request.place"


def test_whoever_goes_elsewhere_is_not_asked_the_same_doubt_again(talk: Talk) -> None:
    talk.writes("tôi 12 tuổi")
    talk.writes("tôi 70 tuổi")

    talk.presses("go:person")

    assert talk.state.step == "request.place"
    assert talk.state.doubt is None


def test_turning_to_another_person_and_back_keeps_both_ages(talk: Talk) -> None:
    talk.writes("tôi 66 tuổi, hộ cận nghèo")
    talk.writes("tôi hỏi cho con tôi 20 tuổi bị công ty đuổi việc")

    assert talk.state.facts.age == 20
    assert talk.state.others[Relation.SELF].age == 66
    assert talk.state.facts.household is Household.NEAR_POOR


def test_a_question_what_near_poor_means_says_nothing_of_the_house(talk: Talk) -> None:
    talk.starts()
    talk.presses("go:screen")

    talk.writes("hộ cận nghèo là gì vậy")

    assert talk.state.facts.household is None
    assert talk.state.step == "screening.household"


def test_another_place_in_a_story_does_not_replace_where_they_live(talk: Talk) -> None:
    talk.writes("tôi ở xã Đất Mũi, bị chủ ghe nợ tiền công ba tháng nay")
    home = talk.state.place.commune

    talk.writes("chồng tôi đi làm ở Bình Dương gửi tiền về nuôi con")

    assert home is not None
    assert talk.state.place.commune == home
    assert talk.state.facts.lives_here is True


def test_a_commune_named_after_another_province_is_where_they_live(talk: Talk) -> None:
    talk.writes("tôi ở Hà Nội")
    talk.presses("not_here")

    talk.writes("à tôi ở xã Đất Mũi")

    assert talk.state.place.outside is None
    assert talk.state.facts.lives_here is True
    assert talk.state.facts.happened_here is None


def test_an_area_the_citizen_told_is_not_forgotten_when_the_commune_is_told(talk: Talk) -> None:
    asked_where(talk)
    facts = talk.state.facts.having(FactId.SPECIAL_DIFFICULTY_AREA, value=False)
    talk.state = talk.state.with_(facts=facts)

    talk.writes("xã Khánh Bình")

    assert talk.state.facts.special_difficulty_area is not None


@pytest.mark.parametrize("typed", ["alo", "tôi", "dạ", "cảm ơn", "chào em"])
def test_a_greeting_is_no_story_of_a_request(talk: Talk, typed: str) -> None:
    asked_where(talk)
    talk.writes("xã Đất Mũi")
    assert talk.state.step == "request.story"

    talk.writes(typed)

    assert talk.state.step == "request.story"
    assert "later" in talk.choices


def test_a_command_says_nothing_of_what_the_matter_is_about(talk: Talk) -> None:
    talk.writes("cho tôi gặp cán bộ")

    assert talk.state.fields == ()


def test_a_story_told_while_the_place_is_asked_is_not_asked_again(talk: Talk) -> None:
    asked_where(talk)
    talk.writes("tôi muốn ly hôn, chồng tôi cờ bạc nợ nần")

    talk.writes("xã Đất Mũi")

    assert talk.state.step == "request.helped"
    assert talk.state.fields[0] == "family"
