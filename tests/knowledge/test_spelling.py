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
