"""The Zalo Bot Platform over real HTTP, against a server that is as strict as the platform."""

import contextlib
import copy
import json
import logging
import random
from collections.abc import AsyncIterator
from typing import Any

import httpx
import pytest
import sqlalchemy as sa
from fastapi import FastAPI
from hypothesis import given
from hypothesis import strategies as st

from bot.channels.message import (
    ChannelName,
    FetchedFile,
    Inbound,
    InboundKind,
    Outbound,
    Receipt,
    Refused,
    RemoteFile,
    TryLater,
    Unknown,
)
from bot.channels.zalo_bot import WEBHOOK_PATH, ZaloBot, make_webhook
from bot.inbox import InboxRow
from store.session import Database, Session
from tests.channels.bot_api import RESET, UNAVAILABLE, Failure, serving
from tests.channels.broken import ANYTHING, recorded
from tests.channels.zalo_api import BOT_TOKEN, BotPlatform, polling

PAYLOADS = recorded("zalo_bot")
SECRET = "a-secret_of-the-webhook"
LAN = "6ede9afa66b88fe6d6a9"
URL = "https://f20-zpc.zdn.vn/4127862110203131811/"
READER = ZaloBot(BOT_TOKEN)


def bot_of(platform: BotPlatform, token: str = BOT_TOKEN) -> ZaloBot:
    chance = random.Random(5)  # noqa: S311 - jitter only
    return ZaloBot(token, platform.url, first_pause=0.02, rng=chance)


@pytest.fixture
async def platform() -> AsyncIterator[BotPlatform]:
    async with BotPlatform() as running:
        running.known.add(LAN)
        yield running


@pytest.fixture
async def bot(platform: BotPlatform) -> AsyncIterator[ZaloBot]:
    async with bot_of(platform) as channel:
        yield channel


@contextlib.asynccontextmanager
async def webhook_of(database: Database, bot: ZaloBot) -> AsyncIterator[str]:
    app = FastAPI()
    app.include_router(make_webhook(database, SECRET))
    async with serving(app) as url:
        await bot.set_webhook(url, SECRET)
        yield url + WEBHOOK_PATH


def texts_kept(database: Database) -> list[str]:
    def look(session: Session) -> list[str]:
        rows = session.scalars(sa.select(InboxRow).order_by(InboxRow.seq))
        bodies = [json.loads(row.open(session.vault, "body") or "null") for row in rows]
        return [body["message"]["text"] for body in bodies]

    return database.read_now(look)


# --- reading -----------------------------------------------------------------------------------


def said(kind: InboundKind, text: str = "", **more: Any) -> Inbound:
    return Inbound(ChannelName.ZALO_BOT, LAN, kind, text, **more)


MEANINGS = {
    "text": said(InboundKind.TEXT, "chồng tôi uống rượu rồi đánh tôi"),
    "image": said(
        InboundKind.FILE, "giấy đất của tôi", file=RemoteFile(URL + "a.jpg", None, None, None)
    ),
    "voice": said(InboundKind.VOICE, file=RemoteFile(URL + "a.aac", None, None, None)),
    "sticker": said(InboundKind.STICKER),
    "unsupported": said(InboundKind.OTHER),
    "text_in_a_group": None,
    "text_of_a_bot": None,
}


@pytest.mark.parametrize("name", PAYLOADS)
def test_each_recorded_update_is_read_for_what_it_says(name: str) -> None:
    assert READER.read(PAYLOADS[name]) == MEANINGS[name]


@given(
    st.sampled_from(sorted(PAYLOADS)),
    st.sampled_from(["chat", "from", "message_id", "text", "photo", "date", "voice_url"]),
    ANYTHING,
)
def test_no_update_whatever_its_shape_stops_the_reading(name: str, key: str, other: Any) -> None:
    update = copy.deepcopy(PAYLOADS[name])
    update["message"][key] = other

    for one in (update, {**update, "message": other}, {**update, "event_name": other}):
        read = READER.read(one)
        assert read is None or (isinstance(read.text, str) and read.address)


# --- the webhook -------------------------------------------------------------------------------


@pytest.mark.parametrize("wrapped", [True, False])
async def test_the_webhook_takes_both_shapes_of_an_update_once(
    platform: BotPlatform, bot: ZaloBot, database: Database, wrapped: bool
) -> None:
    platform.wrapped, platform.times_posted = wrapped, 3
    lan = platform.citizen()
    async with webhook_of(database, bot):
        lan.writes("một")
        lan.writes("hai")
        await platform.until(lambda: not platform.waiting)

    assert texts_kept(database) == ["một", "hai"]
    assert set(platform.posts) == {200}


async def test_nothing_is_acknowledged_while_the_database_is_in_trouble(
    platform: BotPlatform, bot: ZaloBot, database: Database
) -> None:
    database.transact_now(lambda s: s.execute(sa.text("ALTER TABLE inbox RENAME TO elsewhere")))
    async with webhook_of(database, bot):
        platform.citizen().writes("một")
        await platform.until(lambda: len(platform.posts) >= 2)
        assert set(platform.posts) == {503}
        database.transact_now(lambda s: s.execute(sa.text("ALTER TABLE elsewhere RENAME TO inbox")))
        await platform.until(lambda: not platform.waiting)

    assert texts_kept(database) == ["một"]


async def test_what_does_not_come_from_zalo_is_refused(bot: ZaloBot, sqlite: Database) -> None:
    right = {"X-Bot-Api-Secret-Token": SECRET}
    good = json.dumps(PAYLOADS["text"]).encode()
    async with webhook_of(sqlite, bot) as url, httpx.AsyncClient() as client:
        for body, headers, status in (
            (good, {}, 403),
            (good, {"X-Bot-Api-Secret-Token": SECRET[:-1]}, 403),
            (b"no JSON", right, 422),
            (b"[]", right, 422),
            (b'{"ok":true,"result":[]}', right, 422),
            (b'{"a":"' + b"x" * 2_000_000 + b'"}', right, 413),
            (json.dumps(PAYLOADS["text_in_a_group"]).encode(), right, 200),
            (b'{"event_name":"message.text.received"}', right, 200),
        ):
            answer = await client.post(url, content=body, headers=headers)
            assert answer.status_code == status, body[:40]

    assert texts_kept(sqlite) == []


@pytest.mark.parametrize("secret", ["", "short", "x" * 257, "khóa bí mật"])
def test_a_webhook_without_a_fit_secret_is_not_opened(sqlite: Database, secret: str) -> None:
    with pytest.raises(ValueError, match="8 to 256"):
        make_webhook(sqlite, secret)


# --- polling -----------------------------------------------------------------------------------


async def test_polling_takes_each_update_and_begins_by_taking_the_webhook_away(
    platform: BotPlatform, bot: ZaloBot, database: Database
) -> None:
    platform.webhook = "http://127.0.0.1:1/nobody-there"
    lan = platform.citizen()
    lan.writes("một")
    async with polling(bot.poll(database)):
        await platform.until(lambda: texts_kept(database) == ["một"])
        lan.writes("hai")
        await platform.until(lambda: texts_kept(database) == ["một", "hai"])

    assert platform.webhook is None


async def test_polling_outlives_resets_errors_and_idle_hours(
    platform: BotPlatform, bot: ZaloBot, sqlite: Database
) -> None:
    platform.fails("deleteWebhook", RESET, UNAVAILABLE)
    idle = Failure(200, body=b'{"ok":false,"error_code":408,"description":"Request timeout"}')
    platform.fails(
        "getUpdates",
        RESET,
        UNAVAILABLE,
        idle,
        idle,
        Failure(200, body=b'{"ok":false,"error_code":401}'),
        Failure(200, body=b"not JSON"),
        Failure(200, body=b'{"ok":true}'),
        Failure(200, body=b'{"ok":true,"result":{"message":"?"}}'),
    )
    platform.citizen().writes("một")
    async with polling(bot.poll(sqlite)):
        await platform.until(lambda: texts_kept(sqlite) == ["một"], 10)


async def test_an_update_that_was_handed_out_waits_for_a_database_that_is_away(
    platform: BotPlatform, bot: ZaloBot, database: Database
) -> None:
    database.transact_now(lambda s: s.execute(sa.text("ALTER TABLE inbox RENAME TO elsewhere")))
    lan = platform.citizen()
    lan.writes("một")
    lan.writes("hai")
    async with polling(bot.poll(database)):
        await platform.until(lambda: platform.waiting == 1)
        database.transact_now(lambda s: s.execute(sa.text("ALTER TABLE elsewhere RENAME TO inbox")))
        await platform.until(lambda: texts_kept(database) == ["một", "hai"])


# --- files -------------------------------------------------------------------------------------


async def test_a_photo_is_fetched(platform: BotPlatform, bot: ZaloBot) -> None:
    url = platform.keeps(b"\xff\xd8\xff photo", "jpg")

    fetched = await bot.fetch(RemoteFile(url, None, None, None))

    assert fetched == FetchedFile(b"\xff\xd8\xff photo", None)
    assert await bot.fetch(RemoteFile("http://10.0.0.1/a.jpg", None, None, None)) is None


async def test_a_message_with_a_file_is_refused_as_a_whole(
    platform: BotPlatform, bot: ZaloBot
) -> None:
    sent = await bot.send(LAN, Outbound("Ký đơn nha", file=FetchedFile(b"%PDF-", "a.pdf")))

    assert sent == Refused("no files here")
    assert platform.shown[LAN] == []


# --- sending -----------------------------------------------------------------------------------


async def test_a_message_arrives_and_a_long_one_in_parts(
    platform: BotPlatform, bot: ZaloBot
) -> None:
    text = "\n\n".join(f"Đoạn {n}: " + "bà con đọc giùm nha " * 40 for n in range(6))

    short = await bot.send(LAN, Outbound("Chào bà con!"))
    long = await bot.send(LAN, Outbound(text))

    first, *parts = platform.shown[LAN]
    assert (short, first.text) == (Receipt(first.message_id), "Chào bà con!")
    assert len(parts) > 1
    assert long == Receipt(parts[-1].message_id)
    assert "".join("".join(one.text for one in parts).split()) == "".join(text.split())


def no(code: int) -> Failure:
    return Failure(200, body=json.dumps({"ok": False, "error_code": code}).encode())


@pytest.mark.parametrize(
    ("failure", "became"),
    [
        (no(400), Refused("not accepted")),
        (no(403), Refused("blocked")),
        (no(401), TryLater(60.0, "token refused")),
        (no(429), TryLater(60.0, "asked to wait")),
        (no(500), TryLater(2.0, "server error")),
        (UNAVAILABLE, TryLater(2.0, "server error")),
        (Failure(429), TryLater(60.0, "asked to wait")),
        (RESET, Unknown("no answer")),
        (Failure(200, body=b"not JSON"), Unknown("answer not understood")),
        (Failure(200, body=b'{"ok":false}'), Unknown("answer not understood")),
    ],
)
async def test_each_failure_becomes_an_outcome(
    platform: BotPlatform, bot: ZaloBot, failure: Failure, became: object
) -> None:
    platform.fails("sendMessage", failure)

    assert await bot.send(LAN, Outbound("Chào")) == became


async def test_a_wrong_token_and_a_stranger_are_told_apart(
    platform: BotPlatform, bot: ZaloBot
) -> None:
    async with bot_of(platform, "1:another") as other:
        assert await other.send(LAN, Outbound("Chào")) == TryLater(60.0, "token refused")
    assert await bot.send("nobody", Outbound("Chào")) == Refused("not accepted")


async def test_the_log_shows_neither_the_token_nor_the_citizens_words(
    platform: BotPlatform, sqlite: Database, caplog: pytest.LogCaptureFixture
) -> None:
    words = "0912 345 678 chồng đánh tôi"
    with caplog.at_level(logging.DEBUG):
        async with bot_of(platform) as bot, polling(bot.poll(sqlite)):
            platform.fails("getUpdates", RESET, Failure(200, body=words.encode()))
            platform.citizen().writes(words)
            await platform.until(lambda: texts_kept(sqlite) == [words])
            for failure in (RESET, UNAVAILABLE, no(400), Failure(200, body=words.encode())):
                platform.fails("sendMessage", failure)
                await bot.send(LAN, Outbound(words))

    assert caplog.records
    everything = "\n".join(
        f"{record.getMessage()} {record.__dict__} {record.exc_text}" for record in caplog.records
    )
    for secret in (BOT_TOKEN, "pilot-token", "0912", LAN):
        assert secret not in everything, secret
