"""Danger is answered first, in every step."""

import pytest

from bot.channels.message import InboundKind
from bot.dialogue.turn import AddToCase, RaiseAlarm
from bot.understanding.danger import DangerKind
from tests.dialogue.conftest import Talk

BEATEN = "chồng tôi đang cầm dao rượt đánh tôi"


def test_danger_as_the_very_first_message_gets_the_number_first(talk: Talk) -> None:
    said = talk.writes(BEATEN)

    assert said.startswith("⚠️")
    assert "113" in said.split("\n")[0]


def test_danger_in_the_middle_of_a_form_gets_the_number_first_and_then_a_person(
    talk: Talk,
) -> None:
    talk.starts()
    talk.presses("go:screen")

    said = talk.writes(BEATEN)

    assert said.startswith("⚠️")
    assert talk.state.urgent


def test_danger_before_consent_gets_the_number_first(talk: Talk) -> None:
    talk.starts()
    talk.presses("go:person")
    talk.writes("xã Đá Bạc")
    talk.presses("later")
    assert talk.state.step == "request.consent"

    assert talk.writes(BEATEN).startswith("⚠️")
    assert talk.state.step == "request.consent"


def test_danger_is_answered_even_while_an_officer_holds_the_talk(talk: Talk) -> None:
    talk.starts()
    talk.has_case("claimed")

    said = talk.writes(BEATEN)

    assert said.startswith("⚠️")
    assert talk.turn.wishes == (
        AddToCase(BEATEN, "c1"),
        RaiseAlarm("c1", DangerKind.VIOLENCE),
    )


def test_the_same_danger_told_again_gets_a_short_reminder(talk: Talk) -> None:
    talk.writes(BEATEN)

    again = talk.writes("nó lại đánh tôi nữa rồi cứu tôi với")

    assert again.startswith("⚠️")
    assert talk.keys[0] == "danger.again"


def test_an_old_story_is_not_taken_for_danger(talk: Talk) -> None:
    assert "⚠️" not in talk.writes("10 năm trước chồng cũ có đánh tôi, giờ tôi muốn đòi lại đất")


def test_a_photo_with_danger_beneath_it_gets_the_number_first(talk: Talk) -> None:
    talk.starts()

    assert talk.sends(InboundKind.FILE, text=BEATEN).startswith("⚠️")


def test_whoever_is_beaten_by_the_police_is_told_of_someone_above_them(talk: Talk) -> None:
    said = talk.writes("công an xã đang đánh tôi gãy tay, cứu tôi với")

    assert "Viện kiểm sát" in said
    assert "115" in said


def test_whoever_is_in_danger_also_learns_why_help_may_be_free(talk: Talk) -> None:
    said = talk.writes("chồng đang đánh em, nhà em hộ nghèo ở xã Đá Bạc, cứu em với")

    assert said.startswith("⚠️")
    assert "Điều 7 khoản 2" in said


def test_a_side_remark_does_not_change_what_the_danger_is(talk: Talk) -> None:
    talk.writes(BEATEN)
    talk.writes("hồi đó chủ nợ cũng dọa đốt nhà, dọa giết tôi")

    assert talk.state.danger is DangerKind.VIOLENCE


def test_violence_told_after_a_threat_is_the_graver_and_stays(talk: Talk) -> None:
    talk.writes("chủ nợ dọa giết cả nhà tôi")
    threat = talk.state.danger

    talk.writes(BEATEN)

    assert (threat, talk.state.danger) == (DangerKind.THREAT, DangerKind.VIOLENCE)


ENGLISH = "My husband is beating me and I am afraid, please help me"
KHMER = "ប្តីខ្ញុំវាយខ្ញុំ រាល់ថ្ងៃ"


def test_danger_told_in_english_gets_the_card_and_a_person_in_english(talk: Talk) -> None:
    said = talk.writes(ENGLISH)

    assert said.startswith("⚠️ If someone is hitting you")
    assert "113" in said
    assert talk.state.language == "en"
    assert talk.state.step == "request.place"
    assert "always.foreign" not in talk.keys


def test_danger_told_in_khmer_gets_the_card_in_vietnamese_and_in_english(talk: Talk) -> None:
    said = talk.writes(KHMER)

    assert said.startswith("⚠️ Nếu đang bị đánh")
    assert "⚠️ If someone is hitting you" in said
    assert talk.state.step == "request.place"


def test_whoever_chose_a_language_that_is_not_ready_gets_the_card_in_two(talk: Talk) -> None:
    talk.starts()
    talk.presses("lang:km")

    assert "⚠️ If someone is hitting you" in talk.writes(BEATEN)


@pytest.mark.parametrize("told", ["tooi bij choongf ddanhs, cuwus tooi", "chong dang danh toi"])
def test_danger_without_marks_or_in_telex_is_no_foreign_language(talk: Talk, told: str) -> None:
    said = talk.writes(told)

    assert said.startswith("⚠️ Nếu đang bị đánh")
    assert talk.state.language == "vi"


@pytest.mark.parametrize("state", ["waiting", "claimed"])
def test_a_danger_told_while_a_request_is_under_way_raises_its_alarm(
    talk: Talk, state: str
) -> None:
    talk.has_case(state)
    talk.writes("chồng em đang đánh em, cứu em với")

    assert RaiseAlarm("c1", DangerKind.VIOLENCE) in talk.turn.wishes


def test_no_alarm_is_raised_in_a_case_that_has_ended(talk: Talk) -> None:
    talk.has_case("closed")
    talk.writes("chồng em đang đánh em, cứu em với")

    assert not any(isinstance(wish, RaiseAlarm) for wish in talk.turn.wishes)


def test_whoever_was_heard_wrongly_says_so_and_nothing_follows(talk: Talk) -> None:
    talk.writes(BEATEN)
    assert "go:calm" in {one.key for said in talk.turn.says for one in said.choices}
    talk.presses("go:calm")

    assert (talk.state.danger, talk.state.urgent, talk.state.step) == (None, False, "free")


def test_after_a_word_of_suicide_nothing_is_asked_or_explained(talk: Talk) -> None:
    talk.starts()
    talk.presses("go:screen")
    talk.writes("em muốn chết cho rồi, không muốn sống nữa")

    assert talk.keys == ["danger.suicide"]
    assert talk.choices == ["go:person", "go:calm"]
    assert talk.state.danger is DangerKind.SUICIDE


def test_a_call_for_help_by_a_sign_alone_gets_the_numbers(talk: Talk) -> None:
    talk.starts()

    assert "113" in talk.writes("🆘🆘")
    assert "go:person" in talk.choices


@pytest.mark.parametrize("typed", ["toi o dam doi", "tôi ở Đầm Dơi"])
def test_a_place_and_nothing_more_is_no_question(talk: Talk, typed: str) -> None:
    talk.starts()
    talk.writes(typed)

    assert talk.state.place.communes
    assert "faq.title" not in talk.keys


def test_whoever_does_not_know_is_offered_a_person_and_no_article(talk: Talk) -> None:
    talk.starts()
    talk.writes("không biết")

    assert "go:person" in talk.choices
    assert "faq.unknown" not in talk.keys
