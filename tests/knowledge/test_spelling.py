"""Mending slips by the words the texts use."""

from knowledge.spelling import Speller, pairs

SPELLER = Speller(
    (
        ("tranh", "chap", "dat", "dai"),
        ("bao", "hiem", "xa", "hoi"),
        ("ly", "hon", "don", "phuong"),
        ("hop", "dong", "lao", "dong"),
    )
)


def test_neighbours_are_counted_as_pairs() -> None:
    assert pairs(("ly", "hon", "roi")) == ("ly_hon", "hon_roi")
    assert pairs(("ly",)) == ()


def test_an_unknown_word_becomes_the_known_word_that_fits_its_neighbours() -> None:
    assert SPELLER.mend(("bao", "hhiem", "xa")) == ("bao", "hiem", "xa")
    assert SPELLER.mend(("lao", "dogn")) == ("lao", "dong")
    assert SPELLER.mend(("ly", "hnon")) == ("ly", "hon")


def test_known_words_real_words_numbers_and_letters_are_left_alone() -> None:
    untouched = ("dat", "chat", "12345", "x", "facebook")

    assert SPELLER.mend(untouched) == untouched


def test_a_word_that_exists_is_mended_boldly_where_its_neighbours_speak_for_another() -> None:
    insurance, poverty = ("bao", "hiem", "xa", "hoi"), ("ho", "ngheo", "tro", "cap")
    often = Speller([*[insurance, poverty] * 400, ("hien", "nay")])

    assert often.mend_boldly(("bao", "hien", "xa", "hoi")) == ("bao", "hiem", "xa", "hoi")
    assert often.mend(("bao", "hien", "xa", "hoi")) == ("bao", "hien", "xa", "hoi")
    assert often.mend_boldly(("hien", "nay")) == ("hien", "nay")
    assert often.mend_boldly(("toi", "hien")) == ("toi", "hien")


def test_two_words_written_as_one_are_parted() -> None:
    assert SPELLER.mend_boldly(("muon", "lyhon")) == ("muon", "ly", "hon")
    assert SPELLER.mend_boldly(("facebook",)) == ("facebook",)


def test_no_words_need_no_mending() -> None:
    assert SPELLER.mend(()) == SPELLER.mend_boldly(()) == ()
