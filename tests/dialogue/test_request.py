"""A request: where, what, agreed to, opened, and how to be reached."""

import json
from dataclasses import replace
from typing import Any

import pytest

from bot.channels.message import InboundKind
from bot.dialogue.turn import AddToCase, FindCase, Lost, NoteContact, OpenCase, State, Withdraw
from cases.offices import Staffing
from cases.purpose import Purpose
from eligibility.facts import FactId, Facts, Household
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
    talk.writes(STORY)
    said = talk.presses("nobody")

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
    talk.presses("nobody")
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
    talk.presses("nobody")
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


def test_a_nearer_office_is_told_with_both_ways_and_may_be_chosen(talk: Talk) -> None:
    talk.starts()
    talk.presses("go:person")
    talk.writes("xã Khánh An")
    said = talk.presses("later")

    assert said.count("khoảng") == 2
    assert "Thới Bình" in said
    again = talk.presses("nearer")
    assert "Bạn chọn Chi nhánh Thới Bình" in again
    assert "khoảng" not in again
    talk.presses("agree")
    assert opened(talk).office == "thoi-binh"
    assert opened(talk).routing_rule == "chosen"


def test_whoever_does_not_choose_goes_to_the_responsible_office(talk: Talk) -> None:
    talk.starts()
    talk.presses("go:person")
    talk.writes("xã Khánh An")
    talk.presses("later")
    talk.presses("agree")

    assert opened(talk).office == "u-minh"


def test_who_writes_khmer_is_sent_where_khmer_is_spoken(talk: Talk) -> None:
    there = Staffing(talk.lookups.able, languages={"so-1": frozenset({"km"})})
    talk.lookups = replace(talk.lookups, staffing=lambda: there)
    talk.state = talk.state.with_(language="km")
    talk.starts()
    talk.presses("go:person")
    talk.writes("xã Đá Bạc")
    talk.presses("later")
    talk.presses("agree")

    assert opened(talk).office == "so-1"
    assert opened(talk).routing_rule == "language"


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
    talk.presses("nobody")
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
    talk.presses("nobody")
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


# --- for somebody else -------------------------------------------------------------------------

FOR_MY_MOTHER = "Má tôi 72 tuổi bị người ta gạt ký giấy bán đất ở xã Đá Bạc, giờ họ không trả."
HEAD_OF_HAMLET = "Tôi là trưởng ấp ở xã Đá Bạc, trong ấp có một hộ nghèo bị chủ nợ lấy đất ruộng."


def screening(talk: Talk) -> dict[str, Any]:
    told: dict[str, Any] = json.loads(opened(talk).screening)
    return told


def asked_for_somebody(talk: Talk, story: str = FOR_MY_MOTHER) -> Talk:
    talk.starts()
    talk.writes(story)
    talk.presses("go:request")
    assert talk.state.step == "request.person"
    return talk


@pytest.mark.parametrize(
    ("answer", "given"),
    [("yes", True), ("guardian", True), ("not_asked", False), ("held", False)],
)
def test_whoever_asks_for_another_says_whether_they_agree_and_no_answer_shuts_the_door(
    talk: Talk, answer: str, given: bool
) -> None:
    asked_for_somebody(talk).presses(answer)
    talk.presses("nobody")
    talk.presses("agree")

    assert screening(talk)["consent_of_person"] == answer
    person = [agreed for agreed in opened(talk).agreed if agreed.purpose is Purpose.PERSON]
    assert [(one.given, one.shown.key) for one in person] == [(given, f"request.person.{answer}")]


@pytest.mark.parametrize(
    ("typed", "answer"), [("dạ có", "yes"), ("chưa hỏi được", "not_asked"), ("không", "not_asked")]
)
def test_whether_the_person_agrees_can_be_typed(talk: Talk, typed: str, answer: str) -> None:
    asked_for_somebody(talk).writes(typed)

    assert talk.state.person_agrees == answer
    assert talk.state.step == "request.helped"


def test_whoever_was_taken_for_a_helper_but_asks_for_themselves_says_so_with_one_tap(
    talk: Talk,
) -> None:
    asked_for_somebody(talk).presses("self")
    talk.presses("nobody")
    talk.presses("agree")

    assert screening(talk)["consent_of_person"] is None
    assert [agreed.purpose for agreed in opened(talk).agreed] == [Purpose.REQUEST]


def test_whoever_asks_for_themselves_is_not_asked_who_agrees(talk: Talk) -> None:
    talk.starts()
    talk.writes("Nhà tôi hộ nghèo, ở xã Đá Bạc, bị hàng xóm lấn ranh đất hai mét không chịu trả.")
    talk.presses("go:request")

    assert talk.state.step == "request.helped"


def test_while_a_child_is_abused_nothing_is_asked_before_a_person(talk: Talk) -> None:
    talk.writes("con gái tôi 12 tuổi đang bị cha dượng đánh, nhà ở xã Đá Bạc, cứu nó với")
    assert talk.state.step == "request.consent"

    talk.presses("agree")
    talk.presses("agree")

    assert screening(talk)["consent_of_person"] == "not_asked"


def test_a_relative_of_somebody_held_may_say_that_they_could_not_be_asked(talk: Talk) -> None:
    talk.writes("Con trai tôi 16 tuổi mới bị công an bắt tối qua, nhà ở xã Đá Bạc")
    talk.presses("skip")

    assert talk.state.step == "request.person"
    assert "held" in talk.choices


def test_an_intermediary_is_spoken_to_as_an_official_and_asked_about_the_person(
    talk: Talk,
) -> None:
    talk.starts()
    talk.writes(HEAD_OF_HAMLET)
    said = talk.presses("go:request")

    assert talk.state.step == "request.person"
    assert "anh/chị" in said
    assert "bạn" not in said.lower()


def test_what_an_intermediary_tells_is_of_the_person_and_not_of_themselves(talk: Talk) -> None:
    talk.writes(
        "Tôi là cán bộ hội phụ nữ xã Đá Bạc, trong ấp có chị kia 35 tuổi khuyết tật bị chồng cũ "
        "không cấp dưỡng nuôi con."
    )

    assert (talk.state.facts.age, talk.state.facts.disabled) == (35, True)
    assert talk.keys[-1] == "screening.household.ask_other"


def test_a_teacher_who_asks_for_herself_says_so_with_one_tap(talk: Talk) -> None:
    talk.starts()
    talk.writes("Em là giáo viên ở xã Đá Bạc, trường cho em nghỉ việc không trả lương 2 tháng")
    talk.presses("go:request")
    talk.presses("self")

    assert not talk.state.intermediary
    assert talk.state.step == "request.helped"


def test_an_intermediary_sends_one_person_after_the_other_and_nothing_is_mixed_up(
    talk: Talk,
) -> None:
    talk.starts()
    talk.writes(HEAD_OF_HAMLET)
    talk.presses("go:request")
    talk.presses("not_asked")
    talk.presses("nobody")
    talk.presses("agree")
    assert screening(talk)["intermediary"] is True
    talk.has_case("waiting")
    talk.presses("none")
    assert "go:next" in talk.choices

    said = talk.presses("go:next")

    assert talk.state.step == "request.place"
    assert talk.state.facts == Facts()
    assert "hay mở yêu cầu khác" not in said


def test_what_an_intermediary_tells_next_is_not_put_into_the_first_persons_case(
    talk: Talk,
) -> None:
    talk.starts()
    talk.writes(HEAD_OF_HAMLET)
    talk.has_case("waiting")
    talk.presses("go:menu")
    second = "Có chị kia trong ấp bị chồng cũ không cấp dưỡng nuôi con hai năm nay."
    talk.writes(second)
    assert talk.state.step == "request.already"
    assert not talk.turn.wishes

    before = talk.state
    talk.presses("add")
    assert talk.turn.wishes == (AddToCase(second, "c1"),)

    talk.state = before
    talk.presses("another")
    assert talk.state.step != "request.story"


# --- who helps already -------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("answer", "fact"),
    [("nobody", False), ("lawyer", False), ("legal_aid", True), ("skip", None)],
)
def test_who_helps_already_is_asked_once_and_shown_to_the_officer(
    talk: Talk, answer: str, fact: bool | None
) -> None:
    talk.starts()
    talk.writes("Nhà tôi hộ nghèo, ở xã Đá Bạc, bị hàng xóm lấn ranh đất hai mét không chịu trả.")
    talk.presses("go:request")
    talk.presses(answer)
    assert talk.state.step == "request.consent"
    talk.presses("agree")

    told = screening(talk)
    assert told["helped_by"] == ("unsaid" if answer == "skip" else answer)
    assert told["facts"].get(FactId.HANDLED_ELSEWHERE) is fact


@pytest.mark.parametrize("typed", ["chưa", "chưa có", "chưa có ai", "không có", "bỏ qua"])
def test_that_nobody_helps_yet_can_be_typed(talk: Talk, typed: str) -> None:
    talk.starts()
    talk.writes("Nhà tôi hộ nghèo, ở xã Đá Bạc, bị hàng xóm lấn ranh đất hai mét không chịu trả.")
    talk.presses("go:request")
    talk.writes(typed)

    assert talk.state.step == "request.consent"


def test_business_between_companies_is_offered_where_it_may_be_and_told_and_never_refused(
    talk: Talk,
) -> None:
    talk.starts()
    talk.writes("Nhà tôi hộ nghèo, ở xã Đá Bạc, cho người quen mượn 20 triệu, họ không trả.")
    talk.presses("go:request")
    said = talk.presses("business")

    assert "Điều 27" in said
    assert talk.state.step == "request.consent"
    talk.presses("agree")
    assert screening(talk)["facts"][FactId.COMMERCIAL] is True


def test_business_is_not_offered_in_a_matter_of_the_family(talk: Talk) -> None:
    talk.starts()
    talk.writes("Nhà tôi hộ nghèo, ở xã Đá Bạc, muốn ly hôn vì chồng bỏ đi hai năm nay.")
    talk.presses("go:request")

    assert talk.state.step == "request.helped"
    assert "business" not in talk.choices


# --- a second request --------------------------------------------------------------------------


def test_a_second_request_does_not_inherit_the_danger_of_the_first(talk: Talk) -> None:
    talk.writes("chồng tôi đang cầm dao rượt đánh tôi, nhà ở xã Đá Bạc, hộ nghèo")
    talk.presses("agree")
    talk.presses("agree")
    assert opened(talk).danger == "violence"
    talk.has_case("waiting")
    talk.presses("none")

    talk.presses("go:person")
    talk.presses("another")
    talk.writes(STORY)
    talk.presses("nobody")
    talk.presses("agree")
    talk.presses("agree")

    second = opened(talk)
    assert (second.urgent, second.danger) == (False, None)
    assert talk.state.facts.household is Household.POOR


def test_a_second_request_can_be_dangerous_by_its_own_story(talk: Talk) -> None:
    talk.writes("chủ nợ dọa đốt nhà tôi, nhà ở xã Đá Bạc")
    talk.presses("agree")
    talk.presses("agree")
    assert opened(talk).danger == "threat"
    talk.has_case("waiting")
    talk.presses("none")

    said = talk.writes("chồng tôi đang cầm dao rượt đánh tôi")
    assert said.startswith("⚠️ Nếu đang bị đánh")
    talk.presses("go:person")
    talk.presses("another")
    talk.presses("agree")
    talk.presses("agree")

    assert opened(talk).danger == "violence"
