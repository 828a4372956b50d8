"""What a word without marks means beside its neighbours."""

from pathlib import Path

import pytest

from bot.understanding.company import Company, count
from eligibility.facts import Household
from tests.understanding.reading import read

COMPANY = Company(
    {
        ("danh", "sách"): 9,
        ("bị", "đánh"): 9,
        ("mới", "danh"): 1,
        ("bị", "cấm"): 40,
        ("bị", "câm"): 1,
    }
)


def meant(text: str, word: str, *meanings: str) -> tuple[str, ...]:
    letters = text.split()
    return COMPANY.meant(letters, letters.index(word), meanings, 0)


def test_a_word_keeps_the_meaning_its_neighbour_leaves() -> None:
    assert meant("co ten trong danh sach", "danh", "danh", "đánh") == ("danh",)
    assert meant("em bi danh", "danh", "danh", "đánh") == ("đánh",)
    assert meant("bi cam", "cam", "câm", "cam") == ()


def test_neighbours_that_were_hardly_met_say_nothing() -> None:
    assert meant("moi danh", "danh", "danh", "đánh") == ("danh", "đánh")
    assert meant("nguoi danh ca", "danh", "danh", "đánh") == ("danh", "đánh")


def test_neighbours_that_disagree_leave_both() -> None:
    assert meant("bi danh sach", "danh", "danh", "đánh") == ("danh", "đánh")


def test_a_word_beyond_the_end_of_a_clause_is_no_neighbour() -> None:
    assert COMPANY.meant(["bi", "cam"], 1, ("câm",), 0b10) == ("câm",)


def test_words_are_counted_within_their_clause() -> None:
    assert count([("bị", "đánh"), ("bị", "đánh", "đau")]) == {("bị", "đánh"): 2, ("đánh", "đau"): 1}


@pytest.mark.parametrize("line", ["bị\tđánh", "bị\tđánh\thoài"])
def test_a_broken_file_is_refused(tmp_path: Path, line: str) -> None:
    (tmp_path / "pairs.tsv").write_text(line, "utf-8")

    with pytest.raises(ValueError, match=r"unpack|invalid"):
        Company.load(tmp_path / "pairs.tsv")


@pytest.mark.parametrize(
    "text",
    [
        "ten ba toi khong con trong danh sach nguoi co cong",
        "cong ty cat giam nguoi, toi khong lam gi sai",
        "mua ban nha bang hop dong kinh te co duoc khong",
        "di dang ky khai tu cho ba",
        "hai ben den ubnd xa hoa giai chua xong",
        "toi nop tien dong bao hiem co du khong",
        "hang xom thieu tien, ho doi kien toi",
    ],
)
def test_ordinary_words_without_marks_make_nobody_beaten_held_ill_or_poor(text: str) -> None:
    facts = read(text).facts

    assert facts.domestic_violence is None
    assert facts.criminal_role is None
    assert facts.disabled is None
    assert facts.ethnic_minority is None
    assert facts.commercial is None
    assert facts.household is None


def test_what_stands_in_a_phrase_is_still_heard_without_marks() -> None:
    assert read("nha toi ho ngheo, chong danh toi hoai").facts.household is Household.POOR
    assert read("chong toi dang danh toi").facts.domestic_violence is True
    assert read("con toi bi dong kinh, di hoc khong duoc").facts.disabled is True
