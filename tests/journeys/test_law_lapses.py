"""The day a law ends, as the citizen meets it: in the chat, with nobody touching the article."""

import datetime as dt
from dataclasses import replace
from pathlib import Path

import pytest

from bot.app import load_rooms
from bot.turn import Rooms
from cases.province import load_province
from knowledge.fields import load_fields
from knowledge.library import Library, load_library
from knowledge.search import load_judge
from knowledge.shelf import LAW, Shelf, law_of, seed_knowledge
from store import documents
from store.clock import SetClock
from store.session import Database, Session
from tests.journeys.conftest import Citizen, said
from tests.knowledge.example import article, write

QUESTION = "Mất sổ đỏ thì làm lại ở đâu?"
LAPSED = "Luật Đất 2013 đã hết hiệu lực từ 01/03/2027, nay có Luật Đất 2026"


@pytest.fixture(scope="module")
def library(tmp_path_factory: pytest.TempPathFactory) -> Library:
    folder: Path = tmp_path_factory.mktemp("content")
    return load_library(
        write(
            folder,
            article("land-02", "mất giấy đỏ", law="2/2013/QH13", title=QUESTION),
            article("family-01", "muốn bỏ chồng"),
        )
    )


@pytest.fixture
def rooms(library: Library) -> Rooms:
    shelf = Shelf(library, load_fields(), load_judge())
    return replace(load_rooms(load_province("ca-mau")), shelf=shelf)


async def test_the_chat_says_so_from_the_first_minute_of_the_laws_last_day_on(
    citizen: Citizen, clock: SetClock
) -> None:
    clock.moment = dt.datetime(2027, 2, 28, 16, 59, tzinfo=dt.UTC)  # one minute to midnight
    await citizen.starts()
    before = said(await citizen.writes(QUESTION))
    assert "Luật Đất 2013" in before
    assert "hết hiệu lực" not in before

    clock.forward(dt.timedelta(minutes=1))

    assert LAPSED in said(await citizen.writes(QUESTION))


async def test_a_day_published_on_the_desk_is_told_in_the_next_answer(
    citizen: Citizen, database: Database, library: Library, rooms: Rooms
) -> None:
    database.transact_now(lambda session: seed_knowledge(session, library))
    rooms.shelf.refresh_now(database)
    await citizen.starts()
    assert "hết hiệu lực" not in said(await citizen.writes(QUESTION))

    def publish(session: Session) -> None:
        now = documents.published_one(session, LAW, "2/2013/QH13")
        assert now is not None
        law = law_of(now).model_copy(update={"lapses": dt.date(2026, 11, 1)})
        body = law.model_dump_json(by_alias=True)
        draft = documents.save(session, LAW, law.number, body, by="a" * 32, seen=0)
        documents.submit(session, draft.id, by="a" * 32, seen=1)
        documents.approve(session, draft.id, by="b" * 32, seen=1)
        documents.publish(session, draft.id, by="b" * 32, over=1)

    database.transact_now(publish)
    rooms.shelf.refresh_now(database)

    assert "đã hết hiệu lực từ 01/11/2026" in said(await citizen.writes(QUESTION))
