"""Reading Vietnamese as people type it."""

import unicodedata

import pytest
from hypothesis import given
from hypothesis import strategies as st

from knowledge.vietnamese import (
    clean,
    fold,
    has_diacritics,
    is_syllable,
    normalise,
    syllables,
    telex,
)
from tests.work import calls_of


def test_marks_fold_away_however_they_are_stored() -> None:
    word = "Đường Nguyễn Thuỷ"

    assert fold(word) == "duong nguyen thuy"
    assert fold(unicodedata.normalize("NFD", word)) == "duong nguyen thuy"


def test_marks_of_another_script_stay() -> None:
    assert fold("ជំនួយ") == unicodedata.normalize("NFC", "ជំនួយ")


def test_cleaning_leaves_one_line_without_hidden_characters() -> None:
    assert clean("  ly\u0000 h\u00f4\u200bn\r\n\t\u202eở  đâu\ud800 ") == "ly hôn ở đâu"


def test_syllables_keep_marks_and_drop_punctuation() -> None:
    assert syllables("Ly hôn, 2 con?") == ("ly", "hôn", "2", "con")


def test_marks_are_seen_in_either_form() -> None:
    assert has_diacritics(unicodedata.normalize("NFD", "đất")) is True
    assert has_diacritics("dat 123 ?") is False


@pytest.mark.parametrize(
    ("typed", "meant"),
    [
        ("tooi bij ddanhs", "tôi bị đánh"),
        ("toofi ddi", "tồi đi"),
        ("dduwowcj duwowcjd dduowcj ddwowcj", "được được được được"),
        ("thuowr", "thuở"),
        ("gieengs quoocs khuyur", "giếng quốc khuỷu"),
        ("soong DDoocs", "sông đốc"),
        ("sddt", "số điện thoại"),
    ],
)
def test_raw_telex_is_read(typed: str, meant: str) -> None:
    assert normalise(typed).accented == meant


def test_words_half_in_telex_are_read_beside_finished_ones() -> None:
    assert normalise("cho tôi hỏi thur tujc ly hôn").accented == "cho tôi hỏi thủ tục ly hôn"


@pytest.mark.parametrize("typed", ["toi bi danh", "khong co giay to", "hoa quy ngoeo"])
def test_bare_words_are_no_telex(typed: str) -> None:
    assert normalise(typed).accented == typed


@pytest.mark.parametrize("typed", ["facebook", "shopee", "list hồ sơ", "đi xe bus", "max", "zoom"])
def test_english_words_are_no_telex(typed: str) -> None:
    assert normalise(typed).accented == typed


def test_both_places_of_the_tone_are_one_word() -> None:
    assert normalise("hoà thuỷ khoẻ").accented == normalise("hòa thủy khỏe").accented


@pytest.mark.parametrize(
    ("typed", "meant"),
    [
        ("ko bik lm sao", "không biết làm sao"),
        ("ck đánh vk", "chồng đánh vợ"),
        ("cty hok trả lương 3 th", "công ty không trả lương 3 tháng"),
        ("dk ket hon", "đăng ký ket hon"),
        ("co dk hong", "co được không"),
        ("bh y te", "bảo hiểm y te"),
        ("20tr", "20 triệu"),
        ("8h", "8 giờ"),
    ],
)
def test_shorthand_is_written_out(typed: str, meant: str) -> None:
    assert normalise(typed).accented == meant


def test_a_name_is_not_taken_for_a_dialect_word() -> None:
    assert normalise("xa Hong Dan").accented == "xa hong dan"


def test_long_drawn_letters_are_shortened() -> None:
    assert normalise("cứuuuuu tôi vớiiii").accented == "cứu tôi với"


def test_the_two_spellings_have_as_many_syllables() -> None:
    message = normalise("Vk ck tui LY HÔN, đc ko?")

    assert message.syllables == ("vo", "chong", "toi", "ly", "hon", "duoc", "khong")
    assert len(message.accented_syllables) == len(message.syllables)
    assert message.folded == "vo chong toi ly hon, duoc khong?"


@pytest.mark.parametrize("text", ["", "  ", "😭😭", "\u200b", "???"])
def test_a_message_without_words_has_no_syllables(text: str) -> None:
    assert normalise(text).syllables == ()


@pytest.mark.parametrize("word", ["nghiêng", "giếng", "quýt", "được", "khuỷu", "ngoằn", "hoa"])
def test_vietnamese_syllables_are_recognised(word: str) -> None:
    assert is_syllable(word)


@pytest.mark.parametrize("word", ["facebook", "clb", "kông", "cê", "hocj", "tất̀"])
def test_other_words_are_not(word: str) -> None:
    assert not is_syllable(word)


@given(st.text())
def test_any_text_can_be_read_twice_with_the_same_result(text: str) -> None:
    once = normalise(text)

    assert len(once.syllables) == len(once.accented_syllables)
    assert clean(clean(text)) == clean(text)


@given(st.text(alphabet="abcdeghiklmnopqrstuvxy ", max_size=30))
def test_telex_gives_only_vietnamese_syllables(text: str) -> None:
    for word in text.split():
        meant = telex(word)
        assert meant is None or is_syllable(fold(meant))


def test_reading_a_message_ten_times_as_long_is_ten_times_the_work() -> None:
    message = "cho tui hỏi ck tui hok chịu ký đơn ly hôn thì tui phải nộp đơn ở toà án nào vậy? "
    normalise(message)
    once = calls_of(lambda: normalise(message))

    assert calls_of(lambda: normalise(message * 10)) <= once * 10
