"""A request: where, what, agreed to, opened, and how to be reached."""

import json
from dataclasses import replace

import pytest

from bot.channels.message import InboundKind
from bot.dialogue.turn import AddToCase, FindCase, Lost, NoteContact, OpenCase, State, Withdraw
from cases.purpose import Purpose
from tests.dialogue.conftest import Talk

STORY = "Tôi cho người quen mượn 20 triệu hồi năm ngoái, giờ họ không chịu trả lại."


def opened(talk: Talk) -> OpenCase:
    (wish,) = talk.turn.wishes
    assert isinstance(wish, OpenCase)
    return wish


def test_nothing_is_opened_before_the_citizen_agrees(talk: Talk) -> None:
    talk.starts()
    talk.presses("go:person")
    talk.writes("xã Đá Bạc")
    said = talk.writes(STORY)

    assert "Chi nhánh Trần Văn Thời (chờ xác nhận) phụ trách xã Đá Bạc." in said
    assert not talk.turn.wishes

    talk.presses("refuse")
    assert not talk.turn.wishes
    assert talk.state.step == "free"


def test_agreeing_opens_the_case_and_tells_code_and_pin_once(talk: Talk) -> None:
    talk.starts()
    talk.presses("go:person")
    talk.writes("xã Đá Bạc")
    talk.writes(STORY)
    said = talk.presses("agree")

    wish = opened(talk)
    assert (wish.office, wish.commune) == ("tran-van-thoi", "32104")
    assert [agreed.purpose for agreed in wish.agreed] == [Purpose.REQUEST]
    assert "7KQ2M-4XN8P" in said
    assert "246810" in said
    assert "7KQ2M" not in talk.state.model_dump_json()


def test_sensitive_things_are_agreed_to_separately_and_stay_behind_if_not(talk: Talk) -> None:
    talk.starts()
    talk.writes("Tôi bị nhiễm HIV, hộ cận nghèo, ở xã Đá Bạc, bị chủ đuổi việc hồi tháng trước.")
    talk.presses("go:request")
    talk.presses("agree")
    assert talk.state.step == "request.sensitive"

    talk.presses("refuse")

    wish = opened(talk)
    assert not wish.with_words
    assert "hiv" not in wish.screening
    assert [(a.purpose, a.given) for a in wish.agreed] == [
        (Purpose.REQUEST, True),
        (Purpose.SENSITIVE, False),
    ]


def test_a_place_that_was_split_is_asked_and_never_picked(talk: Talk) -> None:
    talk.starts()
    talk.presses("go:person")
    talk.writes("Tắc Vân")

    assert talk.state.step == "request.which_place"
    assert {"32025", "32041"} <= set(talk.choices)
    talk.presses("32041")
    assert talk.state.place.commune == "32041"


def test_another_province_is_named_with_its_way_and_still_a_person(talk: Talk) -> None:
    talk.starts()
    talk.presses("go:person")
    said = talk.writes("tôi ở Kiên Giang")

    assert "Điều 26" in said
    assert "Điều 35" in talk.presses("not_here")
    talk.presses("transfer")
    talk.presses("later")
    talk.presses("agree")
    assert opened(talk).office == "centre"


def test_a_pin_finds_the_commune(talk: Talk) -> None:
    talk.starts()
    talk.presses("go:person")
    talk.sends(InboundKind.LOCATION, latitude=9.21304, longitude=104.891)

    assert talk.state.place.commune == "32104"
    assert talk.state.step == "request.story"


def test_without_a_place_the_centre_takes_it(talk: Talk) -> None:
    talk.starts()
    talk.presses("go:person")
    talk.presses("skip")
    talk.presses("later")
    talk.presses("agree")

    assert opened(talk).office == "centre"


def test_a_branch_without_an_officer_is_never_routed_to(talk: Talk) -> None:
    talk.lookups = replace(talk.lookups, able=frozenset({"centre"}))
    talk.starts()
    talk.presses("go:person")
    talk.writes("xã Đá Bạc")
    said = talk.presses("later")
    talk.presses("agree")

    assert opened(talk).office == "centre"
    assert "chưa có cán bộ tiếp nhận" in said


@pytest.mark.parametrize("typed", ["0912 345 678", "0912.345.678", "+84912345678"])
def test_a_safe_phone_and_hours_can_be_left(talk: Talk, typed: str) -> None:
    talk.starts()
    talk.presses("go:person")
    talk.presses("skip")
    talk.presses("later")
    talk.presses("agree")
    talk.writes(typed)
    talk.presses("evening")

    (wish,) = talk.turn.wishes
    assert isinstance(wish, NoteContact)
    assert (wish.phone, wish.hours) == ("0912345678", "Buổi tối")


def test_without_a_phone_one_is_told_to_come_back_with_the_code(talk: Talk) -> None:
    talk.starts()
    talk.presses("go:person")
    talk.presses("skip")
    talk.presses("later")
    talk.presses("agree")

    assert "mã hồ sơ và số PIN" in talk.presses("none")


def test_a_question_while_the_phone_is_asked_is_answered_and_the_phone_asked_again(
    talk: Talk,
) -> None:
    talk.starts()
    talk.presses("go:person")
    talk.presses("skip")
    talk.presses("later")
    talk.presses("agree")

    said = talk.writes("lãi suất cho vay tối đa là bao nhiêu phần trăm?")

    assert "Bộ luật Dân sự 2015, Điều" in said
    assert talk.state.step == "request.phone"


def test_the_officer_gets_the_grounds_with_their_articles(talk: Talk) -> None:
    talk.starts()
    talk.writes("Nhà tôi hộ nghèo, ở xã Đá Bạc, bị hàng xóm lấn ranh đất hai mét không chịu trả.")
    talk.presses("go:request")
    talk.presses("agree")

    screening = json.loads(opened(talk).screening)
    assert screening["outcome"] == "likely"
    assert screening["grounds"][0]["id"] == "poor"
    assert "Điều 7 khoản 2" in screening["grounds"][0]["law"]


def test_words_go_to_the_officer_while_he_holds_the_talk_and_the_bot_is_silent(
    talk: Talk,
) -> None:
    talk.starts()
    talk.has_case("claimed")

    assert talk.writes("Dạ mai em lên được không?") == ""
    assert talk.turn.wishes == (AddToCase("Dạ mai em lên được không?", "c1"),)


def test_the_bot_answers_again_when_it_is_called_by_its_name(talk: Talk) -> None:
    talk.starts()
    talk.has_case("claimed")

    assert talk.writes("Tràm ơi") != ""
    assert not talk.turn.wishes


def test_a_waiting_request_can_be_added_to(talk: Talk) -> None:
    talk.starts()
    talk.has_case("waiting")
    talk.presses("go:person")
    talk.presses("add")
    talk.writes("Tôi có thêm giấy tay.")

    assert talk.turn.wishes == (AddToCase("Tôi có thêm giấy tay.", "c1"),)


def test_my_file_shows_the_request_of_this_talk(talk: Talk) -> None:
    talk.starts()
    talk.has_case("waiting")

    assert "đang chờ cán bộ ở Chi nhánh Năm Căn" in talk.writes("hồ sơ của tôi")


def test_a_code_and_pin_are_looked_up(talk: Talk) -> None:
    talk.starts()
    talk.presses("go:status")
    talk.writes("7kq2m 4xn8p")
    talk.writes("246 810")

    assert talk.turn.wishes == (FindCase("7KQ2M4XN8P", "246810"),)


def test_a_request_can_be_withdrawn_after_being_asked_once(talk: Talk) -> None:
    talk.starts()
    talk.has_case("waiting")
    talk.presses("go:withdraw")
    assert not talk.turn.wishes

    talk.presses("yes")

    assert talk.turn.wishes == (Withdraw("c1"),)


def test_a_phone_number_is_still_taken_when_the_officer_was_quicker(talk: Talk) -> None:
    talk.starts()
    talk.presses("go:person")
    talk.presses("skip")
    talk.presses("later")
    talk.presses("agree")
    talk.has_case("claimed")

    talk.writes("0912 345 678")
    assert talk.state.step == "request.hours"
    talk.writes("sau 7 giờ tối")

    (wish,) = talk.turn.wishes
    assert isinstance(wish, NoteContact)
    assert (wish.phone, wish.hours) == ("0912345678", "sau 7 giờ tối")


def held(talk: Talk) -> Talk:
    talk.starts()
    talk.presses("go:screen")
    talk.has_case("claimed")
    return talk


def test_a_number_typed_to_the_officer_presses_no_button(talk: Talk) -> None:
    held(talk).writes("2")

    assert talk.turn.wishes == (AddToCase("2", "c1"),)
    assert talk.turn.says == ()


def test_a_pin_or_a_number_shared_with_the_officer_reaches_the_officer(talk: Talk) -> None:
    held(talk).sends(InboundKind.LOCATION, latitude=9.21304, longitude=104.891)
    (pin,) = talk.turn.wishes
    assert isinstance(pin, AddToCase)
    assert "9.21304, 104.89100" in pin.text
    assert "xã Đá Bạc" in pin.text

    talk.sends(InboundKind.PHONE, phone="0912345678")
    assert talk.turn.wishes == (AddToCase("📞 0912345678", "c1"),)


def test_a_file_too_large_for_the_officer_is_told_and_leaves_no_empty_line(talk: Talk) -> None:
    assert "10 MB" in held(talk).sends(InboundKind.FILE, lost=Lost.TOO_LARGE)
    assert not talk.turn.wishes


@pytest.mark.parametrize("typed", ["²", "①", "٣"])
def test_odd_digits_are_no_choice_and_break_nothing(talk: Talk, typed: str) -> None:
    talk.starts()

    assert talk.writes(typed) != ""


@pytest.mark.parametrize(
    "key", ["f:land:²", "f:land:999", "f:sea", "a:none", "d:", "go:", "lang:x"]
)
def test_forged_keys_are_answered_kindly(talk: Talk, key: str) -> None:
    talk.starts()

    assert talk.presses(key) != ""


def test_bringing_papers_is_not_taken_for_danger(talk: Talk) -> None:
    talk.starts()

    assert "⚠️" not in talk.writes("mình đem giấy gì theo")


def test_a_corrected_place_is_consented_to_anew(talk: Talk) -> None:
    talk.starts()
    talk.writes("Tôi bị nhiễm HIV, hộ cận nghèo, ở xã Đá Bạc, bị chủ đuổi việc hồi tháng trước.")
    talk.presses("go:request")
    talk.presses("agree")
    assert talk.state.step == "request.sensitive"

    talk.writes("không phải, tôi ở xã Đầm Dơi")
    assert talk.state.step == "request.consent"
    talk.presses("agree")
    talk.presses("agree")

    wish = opened(talk)
    assert "Đầm Dơi" in wish.agreed[0].shown.blanks["reason"]


def test_deleting_leaves_nothing_that_was_learnt(talk: Talk) -> None:
    talk.writes("Xóa trò chuyện. Tôi nhiễm HIV, hộ nghèo")
    talk.writes("xóa trò chuyện")
    talk.presses("yes")

    assert talk.state.model_copy(update={"serial": 0}).model_dump() == State().model_dump()


def test_danger_told_is_agreed_to_as_sensitive(talk: Talk) -> None:
    talk.writes("chồng tôi đang cầm dao rượt đánh tôi")
    talk.writes("xã Đá Bạc")
    talk.presses("agree")

    assert talk.state.step == "request.sensitive"


def at_the_phone(talk: Talk) -> Talk:
    talk.starts()
    talk.presses("go:person")
    talk.presses("skip")
    talk.presses("later")
    talk.presses("agree")
    assert talk.state.step == "request.phone"
    return talk


def test_a_warning_said_with_the_number_reaches_the_officer_word_for_word(talk: Talk) -> None:
    words = "0912345678 nhưng chồng tôi hay coi điện thoại, đừng gọi"
    at_the_phone(talk).writes(words)

    (wish,) = talk.turn.wishes
    assert isinstance(wish, NoteContact)
    assert (wish.phone, wish.hours) == ("0912345678", words)


def test_a_question_is_never_kept_as_the_hour_to_call(talk: Talk) -> None:
    at_the_phone(talk).writes("0912345678")
    talk.writes("bao lâu thì có người gọi cho tôi?")

    assert not any(isinstance(wish, NoteContact) for wish in talk.turn.wishes)
    assert talk.state.step == "request.hours"


def test_a_name_that_stands_on_a_button_counts_as_pressing_it(talk: Talk) -> None:
    talk.starts()
    talk.presses("go:person")
    talk.writes("tắc vân")
    talk.writes("tân thành")

    assert talk.state.place.commune == "32025"


def test_what_is_told_with_the_place_is_learnt_too(talk: Talk) -> None:
    talk.starts()
    talk.presses("go:person")
    talk.writes("nhà tui hộ nghèo, ở xã Quách Phẩm")

    assert talk.state.facts.household == "poor"
    assert talk.state.place.commune == "32182"
