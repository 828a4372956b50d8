"""Which law stands on which day."""

import datetime as dt

import pytest

from knowledge.article import Source, Status
from knowledge.laws import Laws, Standing, cite, load_laws, standing
from tests.knowledge.example import FAMILY_LAW, LAND_LAW, LAWS, NEW_LAND_LAW, TODAY, article


def test_a_source_is_said_with_law_article_and_note() -> None:
    assert cite(Source(law="1/2014/QH13", article="51"), LAWS) == "Luật Gia đình 2014, Điều 51"
    assert cite(Source(law="GD"), LAWS) == "Luật Gia đình 2014"
    assert (
        cite(Source(law="GD", article="5", note="khoản 1"), LAWS)
        == "Luật Gia đình 2014, Điều 5 (khoản 1)"
    )


@pytest.mark.parametrize(
    ("day", "expected"),
    [
        ("2014-06-30", Standing.NOT_YET),
        ("2014-07-01", Standing.IN_FORCE),
        ("2026-11-30", Standing.IN_FORCE),
        ("2026-12-01", Standing.AMENDED_UNSEEN),
        ("2027-02-28", Standing.AMENDED_UNSEEN),
        ("2027-03-01", Standing.LAPSED),
    ],
)
def test_an_article_goes_stale_on_the_very_day_its_law_changes(
    day: str, expected: Standing
) -> None:
    land = article("land-01", law="2/2013/QH13")

    assert standing(land, LAWS, dt.date.fromisoformat(day)) is expected


def test_an_officer_who_reviewed_after_the_amendment_has_read_it() -> None:
    day = dt.date(2026, 12, 24)
    before = article(
        "land-01", law="2/2013/QH13", status=Status.REVIEWED, reviewed_on=dt.date(2026, 11, 30)
    )
    after = before.model_copy(update={"reviewed_on": dt.date(2026, 12, 1)})
    draft = after.model_copy(update={"status": Status.DRAFT_SOURCED})

    assert standing(before, LAWS, day) is Standing.AMENDED_UNSEEN
    assert standing(after, LAWS, day) is Standing.IN_FORCE
    assert standing(draft, LAWS, day) is Standing.AMENDED_UNSEEN


def test_the_gravest_standing_counts() -> None:
    both = article("land-01", law="2/2013/QH13")
    both = both.model_copy(update={"sources": (Source(law="GD"), *both.sources)})

    assert standing(both, LAWS, dt.date(2027, 3, 1)) is Standing.LAPSED


def test_an_amendment_of_other_articles_leaves_what_is_cited_standing() -> None:
    scoped = LAND_LAW.model_copy(
        update={
            "amendments": (LAND_LAW.amendments[0].model_copy(update={"articles": ("51", "60")}),)
        }
    )
    laws = Laws((FAMILY_LAW, scoped, NEW_LAND_LAW))
    day = dt.date(2026, 12, 24)
    cites_51 = article("land-01", law="2/2013/QH13")
    cites_7 = cites_51.model_copy(update={"sources": (Source(law="2/2013/QH13", article="7"),)})
    cites_all = cites_51.model_copy(update={"sources": (Source(law="2/2013/QH13"),)})

    assert standing(cites_51, laws, day) is Standing.AMENDED_UNSEEN
    assert standing(cites_7, laws, day) is Standing.IN_FORCE
    assert standing(cites_all, laws, day) is Standing.AMENDED_UNSEEN


def test_two_laws_with_one_number_are_refused() -> None:
    with pytest.raises(ValueError, match="GD stands in the register twice"):
        Laws((FAMILY_LAW, FAMILY_LAW.model_copy(update={"number": "7/2020/QH14"})))


def test_the_shipped_register_knows_what_replaces_what() -> None:
    laws = load_laws()
    for law in laws:
        if law.replaced_by is not None:
            assert law.lapses is not None
            assert laws[law.replaced_by].effective == law.lapses


def test_the_legal_aid_law_is_amended_by_an_unread_text_from_2027() -> None:
    law = load_laws()["11/2017/QH14"]

    assert law.unread_amendments(TODAY) == ()
    assert law.unread_amendments(dt.date(2027, 1, 1)) != ()
