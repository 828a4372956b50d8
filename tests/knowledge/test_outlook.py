"""The plan's figure, and what turns stale next."""

import datetime as dt
from pathlib import Path

from knowledge.article import Status
from knowledge.laws import Amendment, Law, Laws, Standing
from knowledge.library import Library, load_library
from knowledge.outlook import Kept, is_reviewed, kept, turning
from tests.knowledge.example import FAMILY_LAW, LAND_LAW, LAWS, NEW_LAND_LAW, TODAY, article, write

DAY = dt.timedelta(days=1)


def seen(law: Law, on: dt.date) -> Law:
    return law.model_copy(update={"reviewed_on": on})


def library_of(tmp_path: Path, *articles: object) -> Library:
    return load_library(write(tmp_path, *articles))  # type: ignore[arg-type]


def test_only_documents_in_force_count() -> None:
    assert kept(LAWS, TODAY) == Kept(reviewed=0, in_force=2)  # the new law begins in March
    assert kept(LAWS, dt.date(2027, 3, 1)) == Kept(0, 2)  # and takes the place of the old
    read = Laws((seen(FAMILY_LAW, TODAY), LAND_LAW, seen(NEW_LAND_LAW, TODAY)))
    assert kept(read, TODAY) == Kept(1, 2)
    assert kept(read, dt.date(2027, 3, 1)) == Kept(2, 2)


def test_the_figure_is_never_rounded_up_to_the_goal() -> None:
    assert Kept(9496, 10_000).percent == 94.9
    assert Kept(95, 100).percent == 95.0
    assert Kept(1, 3).percent == 33.3
    assert Kept(0, 0).percent == 0.0


def test_a_review_holds_until_an_unread_amendment_begins_after_it() -> None:
    starts = LAND_LAW.amendments[0].starts

    assert is_reviewed(seen(LAND_LAW, TODAY), starts - DAY)
    assert not is_reviewed(seen(LAND_LAW, TODAY), starts)
    assert is_reviewed(seen(LAND_LAW, starts), starts)
    assert not is_reviewed(LAND_LAW, TODAY)


def test_an_article_is_announced_with_the_day_and_the_law_that_changes(tmp_path: Path) -> None:
    library = library_of(tmp_path, article("land-01", law="2/2013/QH13"), article("family-01"))

    (found,) = turning(library, TODAY)

    assert (found.article.id, found.day) == ("land-01", dt.date(2026, 12, 1))
    assert (found.standing, found.laws) == (Standing.AMENDED_UNSEEN, (LAND_LAW,))


def test_an_amended_article_is_announced_again_before_its_law_lapses(tmp_path: Path) -> None:
    library = library_of(tmp_path, article("land-01", law="2/2013/QH13"))

    (found,) = turning(library, dt.date(2026, 12, 20))

    assert (found.day, found.standing) == (dt.date(2027, 3, 1), Standing.LAPSED)
    assert turning(library, dt.date(2027, 3, 1)) == ()


def test_the_ninetieth_day_is_announced_and_the_next_is_not(tmp_path: Path) -> None:
    library = library_of(tmp_path, article("land-01", law="2/2013/QH13"))
    lapses = dt.date(2027, 3, 1)

    assert [one.day for one in turning(library, lapses - 90 * DAY)] == [lapses]
    assert turning(library, dt.date(2026, 12, 1), within=89 * DAY) == ()


def test_figures_that_end_are_announced_for_the_day_after(tmp_path: Path) -> None:
    one = article("family-01").model_copy(update={"good_until": dt.date(2026, 12, 31)})
    library = library_of(tmp_path, one)

    (found,) = turning(library, TODAY)

    assert (found.day, found.standing) == (dt.date(2027, 1, 1), Standing.OUTDATED)
    assert found.laws == ()


def test_an_amendment_of_other_articles_announces_nothing(tmp_path: Path) -> None:
    told = {"by": "9/2025/QH15", "from": dt.date(2026, 12, 1), "articles": ("137",)}
    law = FAMILY_LAW.model_copy(update={"amendments": (Amendment.model_validate(told),)})
    library = library_of(tmp_path, article("family-01"))

    assert turning(Library(library.articles, Laws((law,))), TODAY) == ()


def test_a_confirmed_article_is_announced_too_when_its_law_changes_later(tmp_path: Path) -> None:
    one = article("land-01", law="2/2013/QH13", status=Status.REVIEWED, reviewed_on=TODAY)

    assert [found.day for found in turning(library_of(tmp_path, one), TODAY)] == [
        dt.date(2026, 12, 1)
    ]
