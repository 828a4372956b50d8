"""What an author of articles is told before anybody reads them."""

import datetime as dt

import pytest

from knowledge.article import Confidence
from knowledge.check import faults, sentences, summary
from knowledge.library import load_library
from tests.knowledge.example import article

FINE = article("family-01")


def test_a_short_answer_from_a_law_that_was_read_has_no_fault() -> None:
    assert tuple(faults(FINE)) == ()


@pytest.mark.parametrize(
    ("answer", "fault"),
    [
        ("Chỉ một câu.", "1 sentences"),
        ("Câu này. " * 6, "6 sentences"),
        (f"Câu đầu. {'chữ ' * 51}.", "a sentence has"),
        (f"Câu đầu. {'chữ ' * 125}.", "answer has"),
    ],
)
def test_an_answer_too_long_for_a_phone_or_too_thin_is_told(answer: str, fault: str) -> None:
    found = faults(FINE.model_copy(update={"answer": answer}))

    assert any(fault in one for one in found)


@pytest.mark.parametrize("confidence", [Confidence.PARTLY, Confidence.UNVERIFIED])
def test_an_unread_source_needs_a_point_for_the_officer(confidence: Confidence) -> None:
    unsure = FINE.model_copy(update={"confidence": confidence})

    assert len(tuple(faults(unsure))) == 1
    told = unsure.model_copy(update={"open_points": ("Cần đọc Điều 3.",)})
    assert tuple(faults(told)) == ()


def test_a_stop_before_a_small_letter_or_within_a_number_ends_no_sentence() -> None:
    text = "Mức là 2.200.000 đồng (nhà ở, học... và nước). {centre} giúp. Hỏi TP. này?"

    assert len(sentences(text)) == 3


def test_the_summary_counts_drafts_and_names_what_the_law_has_overtaken() -> None:
    library = load_library()

    before, *_, after = (
        summary(library, day) for day in (dt.date(2026, 11, 23), dt.date(2027, 3, 1))
    )

    assert before[0].startswith(f"{len(library.articles)} articles: administrative ")
    assert "draft-sourced" in before[1]
    assert set(before[3:]) < set(after[3:])
