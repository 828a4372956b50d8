"""The database is down, or its disk is full: nothing is acknowledged, and danger still answered."""

import asyncio
import json
from collections.abc import AsyncIterator
from typing import Any

import httpx
import pytest
import sqlalchemy as sa
from fastapi import FastAPI

from bot.app import make_app
from bot.channels.message import ChannelName, RawEvent
from bot.channels.telegram import Telegram, make_webhook, public_id
from bot.channels.webchat import make_webchat
from bot.inbox import InboxRow
from bot.lifeline import Lifeline
from bot.turn import Rooms
from store.clock import SetClock, SystemClock
from store.crypto import Vault
from store.session import Database
from tests.channels.bot_api import BotApi, flood
from tests.journeys.server import free_port

SECRET = "bi-mat-cua-webhook"
BEATEN = "chồng tôi đang đánh tôi, cứu tôi với"
LAN = 1001


@pytest.fixture
async def gone(vault: Vault) -> AsyncIterator[Database]:
    """A database that nobody serves."""
    database = Database(f"postgresql://tram@127.0.0.1:{free_port()}/tram", vault, SystemClock())
    yield database
    await database.close()


@pytest.fixture
async def api() -> AsyncIterator[BotApi]:
    async with BotApi() as made:
        yield made


@pytest.fixture
async def telegram(api: BotApi) -> AsyncIterator[Telegram]:
    async with Telegram(api.token, api.url, seconds_per_chat=0.0) as made:
        yield made


@pytest.fixture
def lifeline(rooms: Rooms, clock: SetClock, telegram: Telegram) -> Lifeline:
    made = Lifeline(rooms.reader, lambda: rooms.texts, clock.today)
    made.over({ChannelName.TELEGRAM: telegram})
    return made


def house(database: Database, rooms: Rooms, lifeline: Lifeline, token: str) -> httpx.AsyncClient:
    app = make_app(
        database,
        FastAPI(),
        make_webhook(database, SECRET, public_id(token), lifeline),
        make_webchat(database, lambda: rooms.texts, lifeline=lifeline),
    )
    return httpx.AsyncClient(transport=httpx.ASGITransport(app), base_url="http://tram.test")


async def posted(client: httpx.AsyncClient, update: Any) -> int:
    headers = {"X-Telegram-Bot-Api-Secret-Token": SECRET}
    answer = await client.post("/webhook/telegram", content=json.dumps(update), headers=headers)
    return answer.status_code


async def test_whoever_is_beaten_is_told_whom_to_call_once_while_nothing_can_be_kept(
    gone: Database, rooms: Rooms, lifeline: Lifeline, api: BotApi
) -> None:
    lan = api.citizen(LAN)
    update = api.update(lan.writes(BEATEN))
    async with house(gone, rooms, lifeline, api.token) as client:
        statuses = [await posted(client, update) for _ in range(3)]
        card = await lan.hears("113")

        later = api.update(lan.writes("ổng lại đánh tôi nữa"))
        await posted(client, later)
        await lan.hears("113")

    assert statuses == [503, 503, 503]
    assert rooms.texts.template("danger.not_kept", "vi") in card.text
    assert len(api.sent(LAN)) == 2


async def test_a_question_of_everyday_is_not_answered_while_nothing_can_be_kept(
    gone: Database, rooms: Rooms, lifeline: Lifeline, api: BotApi
) -> None:
    lan = api.citizen(LAN)
    async with house(gone, rooms, lifeline, api.token) as client:
        assert await posted(client, api.update(lan.writes("làm khai sinh cần gì"))) == 503
        await posted(client, api.update(lan.writes(BEATEN)))
        await lan.hears("113")  # what came before would have been sent before

    assert len(api.sent(LAN)) == 1


async def test_a_card_that_telegram_did_not_take_goes_out_when_the_event_is_posted_again(
    gone: Database, rooms: Rooms, lifeline: Lifeline, api: BotApi
) -> None:
    lan = api.citizen(LAN)
    update = api.update(lan.writes(BEATEN))
    api.fails("sendMessage", flood(0))
    async with house(gone, rooms, lifeline, api.token) as client:
        await posted(client, update)
        await api.until(lambda: len(api.called("sendMessage")) == 1)
        while not api.sent(LAN):
            assert await posted(client, update) == 503
            await asyncio.sleep(0)

    assert len(api.sent(LAN)) == 1


async def test_a_platform_that_waits_less_long_than_we_do_costs_nobody_the_card(
    lifeline: Lifeline, api: BotApi
) -> None:
    lan = api.citizen(LAN)
    update = api.update(lan.writes(BEATEN))
    event = RawEvent(ChannelName.TELEGRAM, "1", str(LAN), update)

    with pytest.raises(TimeoutError):
        async with asyncio.timeout(0.01):
            await lifeline.keep([event], asyncio.Event().wait())

    await lan.hears("113")
    assert len(api.sent(LAN)) == 1


async def test_on_the_web_page_the_card_comes_with_the_refusal(
    gone: Database, rooms: Rooms, lifeline: Lifeline, api: BotApi
) -> None:
    async with house(gone, rooms, lifeline, api.token) as client:
        said = {"client_id": "message-1", "text": BEATEN}
        client.headers["Authorization"] = "Bearer " + "A" * 43
        answer = await client.post("/chat/say", json=said)
        plain = await client.post("/chat/say", json={**said, "text": "chào Tràm"})

        opening = {"opening": "o" * 22, "words_follow": True, "words": BEATEN}
        first = await client.post("/chat/open", json=opening)

    assert {one.status_code for one in (answer, plain, first)} == {503}
    assert "113" in first.json()["note"]
    assert "113" in answer.json()["note"]
    assert "note" not in plain.json()


async def test_a_full_disk_acknowledges_nothing_and_all_goes_on_when_there_is_room(
    sqlite: Database, rooms: Rooms, lifeline: Lifeline, api: BotApi
) -> None:
    updates = [
        api.update(api.citizen(LAN).writes(f"tôi hỏi {n} " + "đất " * 800)) for n in range(9)
    ]

    def room(pages: int) -> None:
        with sqlite.engine.connect() as connection:
            connection.exec_driver_sql(f"PRAGMA max_page_count={pages}")

    room(1)  # no page more than there is
    async with house(sqlite, rooms, lifeline, api.token) as client:
        statuses = [await posted(client, one) for one in updates]
        kept = sqlite.read_now(lambda s: set(s.scalars(sa.select(InboxRow.event_id))))
        room(1_000_000)
        again = [await posted(client, one) for one in updates]

    acknowledged = {
        f"{public_id(api.token)}:{one['update_id']}"
        for one, status in zip(updates, statuses, strict=True)
        if status == 200
    }
    assert set(statuses) <= {200, 503}
    assert 503 in statuses
    assert kept == acknowledged
    assert set(again) == {200}

    assert sqlite.read_now(
        lambda s: s.scalar(sa.select(sa.func.count()).select_from(InboxRow))
    ) == len(updates)
