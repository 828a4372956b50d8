"""How an article looks to a citizen."""

import datetime as dt

import pytest

from knowledge.article import Confidence, Source, Status
from knowledge.laws import Law, Laws
from knowledge.present import present
from tests.knowledge.example import LAWS, TODAY, article

BLANKS = {"province": "Cà Mau", "centre": "Trung tâm"}


def test_blanks_are_filled_and_sources_said_in_whole_sentences() -> None:
    shown = present(article("family-01"), LAWS, TODAY, BLANKS)

    assert shown.first_step == "Mang giấy tờ tới Trung tâm."
    assert shown.where == "UBND xã, Cà Mau."
    assert shown.sources == ("Luật Gia đình 2014, Điều 51 (khoản 1), có hiệu lực từ 01/01/2015.",)


def test_a_draft_says_that_it_awaits_an_officer_and_a_reviewed_article_does_not() -> None:
    draft = article("family-01")
    reviewed = article("family-01", status=Status.REVIEWED, reviewed_on=TODAY)

    assert present(draft, LAWS, TODAY, BLANKS).notices == ("Thông tin đang chờ cán bộ xác nhận.",)
    assert present(reviewed, LAWS, TODAY, BLANKS).notices == ()


@pytest.mark.parametrize(
    ("confidence", "words"),
    [
        (Confidence.PARTLY, "đã sửa đổi"),
        (Confidence.UNVERIFIED, "chưa đối chiếu được với văn bản luật"),
    ],
)
def test_a_draft_from_weaker_sources_says_so_until_an_officer_has_confirmed_it(
    confidence: Confidence, words: str
) -> None:
    draft = article("family-01").model_copy(update={"confidence": confidence})
    reviewed = draft.model_copy(update={"status": Status.REVIEWED, "reviewed_on": TODAY})

    assert words in present(draft, LAWS, TODAY, BLANKS).notices[1]
    assert present(reviewed, LAWS, TODAY, BLANKS).notices == ()


@pytest.mark.parametrize(
    ("day", "words"),
    [
        (dt.date(2014, 1, 1), "chưa tới ngày áp dụng"),
        (dt.date(2026, 12, 1), "đã sửa đổi"),
        (dt.date(2027, 3, 1), "Luật Đất 2013 đã hết hiệu lực từ 01/03/2027, nay có Luật Đất 2026"),
    ],
)
def test_a_law_that_changed_is_said_from_its_day_on_even_after_a_review(
    day: dt.date, words: str
) -> None:
    land = article("land-01", law="2/2013/QH13", status=Status.REVIEWED, reviewed_on=TODAY)

    (notice,) = present(land, LAWS, day, BLANKS).notices
    assert words in notice


def test_a_law_still_to_come_is_said_so() -> None:
    land = article("land-01", law="3/2026/QH16")

    assert present(land, LAWS, TODAY, BLANKS).sources[0].endswith("sẽ có hiệu lực từ 01/03/2027.")


def test_a_blank_nobody_fills_is_an_error_not_a_hole() -> None:
    with pytest.raises(KeyError):
        present(article("family-01"), LAWS, TODAY, {"province": "Cà Mau"})


def test_the_articles_of_one_law_are_cited_together() -> None:
    several = article("family-01", law="GD").model_copy(
        update={
            "sources": (
                Source(law="GD", article="51"),
                Source(law="GD", article="55"),
                Source(law="GD", article="51", note="khoản 3"),
            )
        }
    )

    shown = present(several, LAWS, TODAY, BLANKS)

    assert shown.cited == "Luật Gia đình 2014, Điều 51, 55 (từ 01/01/2015)"


def test_laws_that_no_line_of_a_phone_holds_are_counted_and_stand_in_the_list() -> None:
    laws = Laws(
        Law(
            number=f"{n}/2020",
            name=f"Luật số {n}",
            short=f"Luật {'rất dài ' * 3}số {n}",
            confidence=Confidence.CONFIRMED,
        )
        for n in range(4)
    )
    several = article("family-01").model_copy(
        update={"sources": tuple(Source(law=law.number, article="1") for law in laws)}
    )

    shown = present(several, laws, TODAY, BLANKS)

    assert shown.cited.endswith("số 1, Điều 1, và 2 văn bản khác")
    assert len(shown.sources) == 4


def test_figures_past_their_last_day_are_said_to_be_old_and_a_review_does_not_make_them_new() -> (
    None
):
    ages = article("labour-09", status=Status.REVIEWED, reviewed_on=TODAY).model_copy(
        update={"good_until": dt.date(2026, 12, 31)}
    )

    assert present(ages, LAWS, dt.date(2026, 12, 31), BLANKS).notices == ()
    (notice,) = present(ages, LAWS, dt.date(2027, 1, 1), BLANKS).notices
    assert "chỉ đúng tới 31/12/2026" in notice
