"""The knowledge in use follows what is published, in every process."""

import asyncio
import datetime as dt
from contextlib import suppress
from pathlib import Path

import pytest

from knowledge.article import Article
from knowledge.laws import Standing, standing
from knowledge.library import Library, clashes, load_library, with_article
from knowledge.replay import Moved, replay
from knowledge.shelf import ARTICLE, LAW, Shelf, article_of, law_of, seed_knowledge
from store import documents
from store.session import Database, Session
from store.wakes import Topic
from tests.knowledge.example import article, write

LAN, MINH = "a" * 32, "b" * 32
DIVORCE = article(
    "family-01", "hai vợ chồng đồng ý ra toà chia tay", "thuận tình ly hôn nộp đơn ở đâu"
)
BOUNDARY = article("land-01", "hàng xóm lấn ranh đất", "đo lại đất giáp ranh", law="2/2013/QH13")


@pytest.fixture
def library(tmp_path: Path) -> Library:
    return load_library(write(tmp_path, DIVORCE, BOUNDARY))


@pytest.fixture
def shelf(library: Library, database: Database) -> Shelf:
    database.transact_now(lambda session: seed_knowledge(session, library))
    shelf = Shelf(library)
    shelf.refresh_now(database)
    return shelf


def publish(session: Session, changed: Article) -> None:
    seen = documents.save(session, ARTICLE, changed.id, changed.model_dump_json(), by=LAN, seen=0)
    documents.submit(session, seen.id, by=LAN, seen=seen.revision)
    documents.approve(session, seen.id, by=MINH, seen=seen.revision)
    now = documents.published_one(session, ARTICLE, changed.id)
    documents.publish(session, seen.id, by=MINH, over=now.number if now is not None else None)


def first(shelf: Shelf, question: str) -> str:
    return shelf.current.search.search(question).answers[0].id


def test_what_the_files_say_is_in_use_after_the_first_start(shelf: Shelf, library: Library) -> None:
    assert shelf.current.library.articles == library.articles
    assert [law.number for law in shelf.current.library.laws] == sorted(
        law.number for law in library.laws
    )


def test_a_published_wording_is_found_and_what_did_not_change_is_not_read_again(
    shelf: Shelf, database: Database
) -> None:
    untouched = shelf.current.library.articles["land-01"]
    changed = DIVORCE.model_copy(update={"wordings": (*DIVORCE.wordings, "bỏ nhau êm đẹp")})

    database.transact_now(lambda session: publish(session, changed))
    shelf.refresh_now(database)

    assert first(shelf, "muốn bỏ nhau êm đẹp") == "family-01"
    assert shelf.current.library.articles["land-01"] is untouched


def test_a_retired_article_is_answered_no_more(shelf: Shelf, database: Database) -> None:
    database.transact_now(lambda session: documents.retire(session, ARTICLE, "land-01", by=LAN))
    shelf.refresh_now(database)

    assert set(shelf.current.library.articles) == {"family-01"}


def test_an_article_whose_law_is_gone_is_not_answered_without_its_source(
    shelf: Shelf, database: Database
) -> None:
    database.transact_now(lambda session: documents.retire(session, LAW, "2/2013/QH13", by=LAN))
    shelf.refresh_now(database)

    assert set(shelf.current.library.articles) == {"family-01"}


def test_a_law_that_an_admin_ends_makes_its_articles_stale_that_day(
    shelf: Shelf, database: Database
) -> None:
    def end(session: Session) -> None:
        now = documents.published_one(session, LAW, "1/2014/QH13")
        assert now is not None
        ended = law_of(now).model_copy(update={"lapses": dt.date(2027, 1, 1)})
        body = ended.model_dump_json(by_alias=True)
        documents.confirm(session, LAW, "1/2014/QH13", body, by=MINH, over=now.number)

    database.transact_now(end)
    shelf.refresh_now(database)

    library = shelf.current.library
    divorce = library.articles["family-01"]
    assert standing(divorce, library.laws, dt.date(2026, 12, 31)) is Standing.IN_FORCE
    assert standing(divorce, library.laws, dt.date(2027, 1, 1)) is Standing.LAPSED


async def test_another_process_follows_a_publication(library: Library, database: Database) -> None:
    await database.transact(lambda session: seed_knowledge(session, library))
    other = Database(
        database.url.render_as_string(hide_password=False), database.vault, database.clock
    )
    shelf = Shelf(library)
    following = asyncio.create_task(shelf.follow(other))
    listening = (
        asyncio.create_task(other.wakes.listen(other.conninfo)) if other.on_postgres else None
    )
    try:
        while not shelf.current.mark:
            await other.wakes.sleep(Topic.DOCUMENTS, 0.01)
        before = shelf.current
        changed = DIVORCE.model_copy(update={"title": "Chia tay êm đẹp thì làm sao?"})
        await database.transact(lambda session: publish(session, changed))
        while shelf.current is before:
            await other.wakes.sleep(Topic.DOCUMENTS, 0.01)
        assert shelf.current.library.articles["family-01"].title == changed.title
    finally:
        for task in filter(None, (following, listening)):
            task.cancel()
            with suppress(asyncio.CancelledError):
                await task
        await other.close()


def test_a_version_is_read_back_as_the_article_that_was_written(
    shelf: Shelf, database: Database
) -> None:
    found = database.read_now(lambda session: documents.published_one(session, ARTICLE, "land-01"))

    assert found is not None
    assert article_of(found) == BOUNDARY


def test_a_change_that_takes_anothers_wording_is_seen_before_it_is_published(
    shelf: Shelf,
) -> None:
    before = shelf.current
    greedy = BOUNDARY.model_copy(
        update={
            "wordings": (
                "thuận tình ly hôn nộp đơn",
                "nộp đơn thuận tình ly hôn ở toà nào",
                "đơn ly hôn thuận tình nộp ở đâu",
                "ly hôn thuận tình thì nộp đơn",
                *BOUNDARY.wordings,
            )
        }
    )
    after = with_article(before.library, greedy)
    moved = replay(before.library, before.search, after, shelf.search_over(after))

    assert replay(before.library, before.search, before.library, before.search) == ()
    assert all(isinstance(one, Moved) for one in moved)
    assert {(one.owner, one.to) for one in moved} <= {
        ("family-01", "land-01"),
        ("family-01", None),
        ("land-01", "family-01"),
        ("land-01", None),
    }
    assert moved


def test_a_wording_or_a_short_title_that_another_article_has_is_a_clash(library: Library) -> None:
    copied = BOUNDARY.model_copy(
        update={"short": DIVORCE.short, "wordings": ("Thuan tinh ly hon nop don o dau",)}
    )
    found = clashes(copied, library)

    assert {(one.kind, one.other) for one in found} == {
        ("short", "family-01"),
        ("wording", "family-01"),
    }
    assert clashes(BOUNDARY, library) == ()
