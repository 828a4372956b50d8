import datetime as dt

import pytest

from bot.understanding.phrases import Message, Phrasebook, PhraseError, Vocabulary, listen

TODAY = dt.date(2026, 11, 23)


def found(written: str, text: str, **lists: list[str]) -> bool:
    book = Phrasebook(lists)
    phrase = book.compile(written)
    return bool(phrase.find(listen(text, Vocabulary(book.words), TODAY)))


@pytest.mark.parametrize(
    "text",
    [
        "nó đánh tôi",
        "no danh toi",
        "nos ddanhs tooi",
        "nó uýnh tui",
        "NÓ ĐÁNH TÔI!!!",
        "no\u0301 đa\u0301nh tôi",
        "nó đanh tui",
    ],
)
def test_a_phrase_is_met_in_every_spelling(text: str) -> None:
    assert found("nó đánh tôi", text)


def test_marks_that_are_typed_must_not_be_other_marks() -> None:
    assert found("bị bán", "em bị bán rồi")
    assert not found("bị bán", "em bị bạn ghét")


def test_a_word_written_with_an_exclamation_mark_needs_its_marks() -> None:
    assert found("dí! dao", "ổng dí dao")
    assert not found("dí! dao", "di dao choi")


def test_a_gap_leaves_room_for_a_few_words_and_not_for_many() -> None:
    assert found("chồng .. đánh", "chồng em lại đánh")
    assert not found("chồng .. đánh", "chồng em hôm qua đi nhậu về đánh")
    assert found("chồng ... đánh", "chồng em hôm qua đi nhậu về đánh")


def test_a_phrase_never_runs_over_the_end_of_a_sentence() -> None:
    assert not found("chồng ... đánh", "Tôi có chồng. Hàng xóm đánh trống.")


def test_a_word_that_may_be_missing_may_be_missing() -> None:
    assert found("bị (mới) .. bắt", "bị công an bắt")
    assert found("bị (mới) .. bắt", "bị mới hôm qua bắt")


def test_a_list_stands_for_each_of_its_wordings() -> None:
    kin = ["chồng", "cha dượng"]

    assert found("<kin> đánh", "cha dượng đánh", kin=kin)
    assert not found("<kin> đánh", "dượng đánh", kin=kin)


def test_southern_finals_are_heard_as_one() -> None:
    assert found("hàng xóm", "hàn xóm lấn đất")


def test_a_slip_of_the_finger_is_mended() -> None:
    assert found("chồng đánh", "chồngg đánh")
    assert found("nghèo", "hộ ngehò")


def test_a_year_gone_by_is_told_from_this_year() -> None:
    assert found("năm ####", "hồi năm 2019")
    assert not found("năm ####", "năm 2026")


def test_words_that_are_hidden_are_not_heard() -> None:
    book = Phrasebook()
    harmless = book.all(["đánh bài"])
    beaten = book.all(["đánh"])
    message: Message = listen("chồng đánh bài", Vocabulary(book.words), TODAY)

    assert beaten.among(message)
    assert not beaten.among(message.hide(harmless.covered(message)))


def test_a_phrase_that_names_no_list_is_refused() -> None:
    with pytest.raises(PhraseError, match="unknown list <họ>"):
        Phrasebook().compile("<họ> đánh")


def test_a_phrase_without_a_needed_word_is_refused() -> None:
    with pytest.raises(PhraseError, match="nothing that must be there"):
        Phrasebook().compile("(có) (thể)")
