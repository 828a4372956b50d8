"""What can be said at any moment, whatever is being asked."""

import pytest

from bot.channels.message import InboundKind
from bot.dialogue.turn import DeleteTalk, Lost
from eligibility.facts import FactId, Household
from tests.dialogue.conftest import Talk

AT_HOUSEHOLD = "screening.household"


def in_a_form(talk: Talk) -> Talk:
    talk.starts()
    talk.presses("go:screen")
    assert talk.state.step == AT_HOUSEHOLD
    return talk


def test_the_opening_says_that_a_machine_answers_that_it_is_free_and_what_is_kept(
    talk: Talk,
) -> None:
    hello = talk.starts()

    assert "trợ lý tự động" in hello
    assert "Không tốn tiền" in hello
    assert "chỉ gửi cho cán bộ khi bạn đồng ý" in hello


def test_a_question_in_the_middle_of_a_form_is_answered_and_the_form_goes_on(talk: Talk) -> None:
    in_a_form(talk)

    said = talk.writes("lãi suất cho vay tối đa là bao nhiêu phần trăm?")

    assert "Bộ luật Dân sự 2015, Điều" in said
    assert talk.state.step == AT_HOUSEHOLD
    assert talk.keys[-1] == "screening.household.ask"


def test_a_correction_is_taken_in_said_back_and_the_form_goes_on(talk: Talk) -> None:
    in_a_form(talk)
    talk.presses("neither")
    assert talk.state.facts.get(FactId.HOUSEHOLD) is Household.NEITHER

    said = talk.writes("không phải, nhà tôi cận nghèo")

    assert talk.state.facts.get(FactId.HOUSEHOLD) is Household.NEAR_POOR
    assert "Tràm sửa lại rồi" in said
    assert talk.state.step.startswith("screening.")


def test_going_back_forgets_the_last_answer_and_asks_it_again(talk: Talk) -> None:
    in_a_form(talk)
    talk.presses("neither")

    talk.writes("quay lại")

    assert talk.state.step == AT_HOUSEHOLD
    assert talk.state.facts.get(FactId.HOUSEHOLD) is None


def test_going_back_at_the_beginning_is_answered_kindly(talk: Talk) -> None:
    talk.starts()

    assert "đang ở đầu" in talk.writes("quay lại")


def test_starting_again_forgets_the_answers(talk: Talk) -> None:
    in_a_form(talk)
    talk.presses("neither")

    talk.writes("bắt đầu lại")

    assert talk.state.facts.known() == {}
    assert talk.state.step == "free"


@pytest.mark.parametrize(
    "words", ["cho tôi gặp cán bộ", "gap nguoi that di", "tôi muốn gặp luật sư"]
)
def test_a_person_can_be_asked_for_in_the_middle_of_a_form(talk: Talk, words: str) -> None:
    in_a_form(talk)

    talk.writes(words)

    assert talk.state.step == "request.place"


def test_deleting_is_asked_once_and_then_wished(talk: Talk) -> None:
    in_a_form(talk)
    talk.writes("xóa trò chuyện")
    assert not talk.turn.wishes

    talk.presses("yes")

    assert talk.turn.wishes == (DeleteTalk(),)
    assert talk.state.step == "new"


def test_another_language_says_plainly_what_is_not_translated(talk: Talk) -> None:
    talk.starts()
    talk.presses("go:language")

    talk.presses("lang:km")

    assert talk.state.language == "km"
    assert "language.pending" in talk.keys


def test_who_answers_and_what_is_kept_is_told_without_leaving_the_form(talk: Talk) -> None:
    in_a_form(talk)

    assert "không phải người" in talk.writes("bạn là người hay máy vậy?")
    assert talk.state.step == AT_HOUSEHOLD


@pytest.mark.parametrize(
    ("typed", "household"),
    [
        ("1", Household.POOR),
        ("2", Household.NEAR_POOR),
        ("3.", Household.NEITHER),
        ("Hộ nghèo", Household.POOR),
        ("ho can ngheo", Household.NEAR_POOR),
        ("k co", Household.NEITHER),
        ("nhà tôi có sổ hộ nghèo", Household.POOR),
    ],
)
def test_a_number_a_label_or_plain_words_answer_like_a_button(
    talk: Talk, typed: str, household: Household
) -> None:
    in_a_form(talk)

    talk.writes(typed)

    assert talk.state.facts.get(FactId.HOUSEHOLD) is household


def test_a_button_of_an_older_question_asks_the_present_one_again(talk: Talk) -> None:
    in_a_form(talk)
    old = talk.state.serial
    talk.presses("neither")
    step = talk.state.step

    said = talk.presses("poor", serial=old)

    assert "câu trước" in said
    assert talk.state.step == step
    assert talk.state.facts.get(FactId.HOUSEHOLD) is Household.NEITHER


def test_the_second_tap_of_a_double_tap_says_nothing(talk: Talk) -> None:
    in_a_form(talk)
    serial = talk.state.serial
    talk.presses("neither", serial=serial)
    before = talk.state

    assert talk.presses("neither", serial=serial) == ""
    assert talk.state.facts == before.facts


def test_an_unknown_button_is_answered_kindly(talk: Talk) -> None:
    in_a_form(talk)

    assert talk.presses("drop table") != ""
    assert talk.state.step == AT_HOUSEHOLD


def test_after_two_messages_not_understood_a_person_is_offered(talk: Talk) -> None:
    in_a_form(talk)
    talk.writes("xyz qwe")
    talk.writes("asdf gh")

    assert "go:person" in talk.choices


@pytest.mark.parametrize(
    ("kind", "key"),
    [
        (InboundKind.STICKER, "always.sticker"),
        (InboundKind.VOICE, "always.voice"),
        (InboundKind.FILE, "always.file"),
    ],
)
def test_a_sticker_a_voice_and_a_photo_are_answered_and_the_form_goes_on(
    talk: Talk, kind: InboundKind, key: str
) -> None:
    in_a_form(talk)

    talk.sends(kind)

    assert talk.keys[0] == key
    assert talk.keys[-1] == "screening.household.ask"


def test_a_file_that_is_too_large_is_told_so(talk: Talk) -> None:
    talk.starts()

    assert "10 MB" in talk.sends(InboundKind.FILE, lost=Lost.TOO_LARGE)


@pytest.mark.parametrize("text", ["", "   ", "🙂🙂", "...", "?!"])
def test_a_message_without_words_is_answered_kindly(talk: Talk, text: str) -> None:
    talk.starts()

    assert talk.writes(text) != ""
    assert talk.state.step == "free"


@pytest.mark.parametrize(
    "words",
    [
        "My neighbour took two metres of my land and does not give it back",
        "ខ្ញុំចង់សួរអំពីដី",
    ],
)
def test_another_language_gets_the_numbers_and_a_person_and_no_guess(
    talk: Talk, words: str
) -> None:
    talk.starts()

    said = talk.writes(words)

    assert "113" in said
    assert "go:person" in talk.choices
    assert "Chuyện về" not in said


def test_a_phone_number_or_an_address_is_asked_for_and_only_confirmed_ones_are_given(
    talk: Talk,
) -> None:
    talk.starts()

    assert "1800.1233" in talk.writes("cho xin số điện thoại trung tâm")
    assert "go:person" in talk.choices


def test_whoever_can_not_write_now_is_left_in_peace(talk: Talk) -> None:
    talk.writes("chồng tôi đang cầm dao rượt đánh tôi")

    talk.presses("go:unsafe")

    assert talk.keys == ["danger.not_safe"]
    assert talk.state.step == "free"


def test_a_story_in_telex_is_learnt_from_like_any_other(talk: Talk) -> None:
    talk.writes("nhaf tooi laf hooj ngheof owr xax DDas Bacj, bij hangf xosm laans ddaats")

    assert talk.state.facts.household is Household.POOR
    assert talk.state.place.commune == "32104"
    assert "always.foreign" not in talk.keys


def test_whoever_writes_english_is_answered_in_english(talk: Talk) -> None:
    said = talk.writes("My boss has not paid my salary for three months")

    assert said.startswith("Hello!")
    assert talk.state.language == "en"
    assert "go:person" in talk.choices


@pytest.mark.parametrize("words", ["ok ok ok ok", "asdf qwer zxcv uiop", "toi bi ban quyt no"])
def test_odd_words_are_not_taken_for_english(talk: Talk, words: str) -> None:
    talk.writes(words)

    assert talk.state.language == "vi"


def test_what_was_understood_can_be_taken_back_with_one_tap(talk: Talk) -> None:
    talk.writes("Má tôi 72 tuổi ở xã Đá Bạc bị người ta gạt ký giấy bán đất, họ không chịu trả.")
    understood = talk.turn.says[0]
    assert [one.key for one in understood.choices][:3] == ["x:who", "x:place", "x:age"]

    talk.presses("x:age")
    assert talk.state.facts.get(FactId.AGE) is None
    kept = talk.state.place.commune

    talk.presses("x:place")
    assert (kept, talk.state.place.commune) == ("32104", None)
    assert talk.state.facts.get(FactId.LIVES_HERE) is None


def test_private_things_are_taken_back_without_being_named(talk: Talk) -> None:
    said = talk.writes(
        "Tôi bị nhiễm HIV, hộ cận nghèo, bị chủ đuổi việc không trả lương tháng cuối"
    )
    labels = [
        talk.lookups.texts.render(one.label, "vi") for say in talk.turn.says for one in say.choices
    ]
    assert "HIV" not in said + " ".join(labels)

    talk.presses("x:private")

    assert talk.state.facts.hiv is None


def test_when_somebody_will_call_is_told_and_the_form_goes_on(talk: Talk) -> None:
    talk.starts()
    talk.presses("go:person")
    step = talk.state.step

    said = talk.writes("khi nào có cán bộ gọi cho tôi?")

    assert "cán bộ đọc và nhắn lại" in said
    assert talk.state.step == step


@pytest.mark.parametrize(
    "words", ["khi nào có cán bộ gọi cho tôi?", "bao lâu thì có người gọi cho tôi?"]
)
def test_when_somebody_will_call_is_told_of_a_request_that_waits(talk: Talk, words: str) -> None:
    talk.starts()
    talk.has_case("waiting")

    said = talk.writes(words)

    assert "đang chờ cán bộ ở Chi nhánh Năm Căn" in said
    assert "Việc gấp được xem trước" in said


def test_a_cry_for_help_that_says_nothing_more_is_asked_for_more_and_offered_a_person(
    talk: Talk,
) -> None:
    said = talk.writes("giup toi voi")

    assert "kể giúp rõ hơn" in said
    assert "go:person" in talk.choices
    assert not any(one.startswith("a:") for one in talk.choices)


@pytest.mark.parametrize("words", ["có mất tiền không?", "hỏi ở đây có tốn tiền không"])
def test_what_it_costs_is_answered_with_its_article_and_the_form_goes_on(
    talk: Talk, words: str
) -> None:
    in_a_form(talk)

    said = talk.writes(words)

    assert "Luật Trợ giúp pháp lý 2017, Điều 8" in said
    assert "Điều 6" in said
    assert talk.state.step == AT_HOUSEHOLD
    assert talk.keys[-1] == "screening.household.ask"


@pytest.mark.parametrize("words", ["tôi muốn khiếu nại", "em muốn làm đơn khiếu nại nha"])
def test_who_only_wants_to_complain_is_asked_of_what_and_shown_no_article(
    talk: Talk, words: str
) -> None:
    talk.starts()
    talk.writes(words)

    assert talk.keys == ["complaint.of_whom"]
    assert "go:status" in talk.choices


def test_who_has_a_request_and_wants_to_complain_is_asked_what_about(talk: Talk) -> None:
    talk.has_case("waiting")
    talk.starts()
    talk.writes("tôi muốn khiếu nại")

    assert "complaint.about" in talk.keys


def test_a_lost_paper_of_birth_is_a_question_and_begins_no_screening(talk: Talk) -> None:
    talk.starts()
    talk.writes("mất khai sinh gốc, làm lại được không")

    assert talk.state.step == "free"
    assert "faq.answer" in talk.keys
