"""Danger is answered first, in every step."""

from bot.channels.message import InboundKind
from bot.dialogue.turn import AddToCase
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
    assert talk.turn.wishes == (AddToCase(BEATEN, "c1"),)


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
