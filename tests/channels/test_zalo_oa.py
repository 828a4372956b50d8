"""The Zalo Official Account over real HTTP, against a server that is as strict as the platform."""

import contextlib
import copy
import datetime as dt
import hashlib
import io
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
from PIL import Image
from pydantic import SecretStr

from bot.app import NotReadyError, open_zalo_oa
from bot.channels.message import (
    Button,
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
from bot.channels.zalo_oa import CARD_PATH, WEBHOOK_PATH, ZaloOa, _events, make_webhook, read_event
from bot.conversations import Conversation
from bot.inbox import InboxRow
from bot.settings import Settings
from cases.speech import Ask
from store import outbox
from store.clock import SetClock
from store.outbox import Delivery, OutboxRow
from store.session import Database, Session
from tests.channels.bot_api import RESET, UNAVAILABLE, Failure, serving
from tests.channels.broken import broken, recorded
from tests.channels.zalo_api import (
    APP_ID,
    APP_SECRET,
    FIRST_REFRESH,
    OA_SECRET,
    OaApi,
)

PAYLOADS = recorded("zalo_oa")
LAN = "2512523625412515"
YES_NO = (Button("yes", "Có"), Button("no", "Không"))
JPEG = b"\xff\xd8\xff\xe0" + b"photo" * 20
PDF = b"%PDF-1.7 a paper"
URL = "https://f20-zpc.zdn.vn/4127862110203131811/"


def channel_of(api: OaApi, database: Database, **more: Any) -> ZaloOa:
    values: dict[str, Any] = {
        "app_id": APP_ID,
        "app_secret": APP_SECRET,
        "refresh_token": FIRST_REFRESH,
        "api_url": api.url,
        "oauth_url": api.url,
        "public_url": api.url,
    }
    return ZaloOa(database, **(values | more))


@pytest.fixture
async def api() -> AsyncIterator[OaApi]:
    async with OaApi() as running:
        yield running


@pytest.fixture
async def zalo(api: OaApi, sqlite: Database) -> AsyncIterator[ZaloOa]:
    """The channel, and a citizen who has just written."""
    api.citizen().writes("xin chào")
    async with channel_of(api, sqlite) as channel:
        yield channel


@contextlib.asynccontextmanager
async def webhook_of(database: Database, api: OaApi) -> AsyncIterator[None]:
    app = FastAPI()
    app.include_router(make_webhook(database, app_id=APP_ID, secret=OA_SECRET))
    async with serving(app) as url:
        await api.saves_webhook(url + WEBHOOK_PATH)
        yield


def kept(database: Database) -> list[dict[str, Any]]:
    """The events in the inbox, in the order of their commits."""

    def look(session: Session) -> list[dict[str, Any]]:
        rows = session.scalars(sa.select(InboxRow).order_by(InboxRow.seq))
        return [json.loads(row.open(session.vault, "body") or "null") for row in rows]

    return database.read_now(look)


def texts_kept(database: Database) -> list[str]:
    return [event["message"]["text"] for event in kept(database)]


# --- reading -----------------------------------------------------------------------------------


def said(kind: InboundKind, text: str = "", **more: Any) -> Inbound:
    return Inbound(ChannelName.ZALO_OA, LAN, kind, text, **more)


def remote(name: str, told: str | None = None, size: int | None = None) -> RemoteFile:
    return RemoteFile(URL + name, told, None, size)


MEANINGS = {
    "text": said(InboundKind.TEXT, "chồng tôi uống rượu rồi đánh tôi"),
    "press": said(InboundKind.BUTTON, "skip", button_serial=7),
    "link": said(InboundKind.TEXT, "xem giùm tôi https://zalo.me/1"),
    "location": said(InboundKind.LOCATION, latitude=9.1769, longitude=105.1524),
    "image": said(InboundKind.FILE, "giấy đất của tôi", file=remote("a.jpg")),
    "photo": said(InboundKind.FILE, file=remote("a.jpg")),
    "audio": said(InboundKind.VOICE, file=remote("a.aac")),
    "file": said(InboundKind.FILE, file=remote("q.pdf", "quyet-dinh.pdf", 120_000)),
    "file_of_30_megabytes": said(
        InboundKind.FILE, file=remote("q.zip", "ho-so.zip", 31_457_280), too_large=True
    ),
    "sticker": said(InboundKind.STICKER),
    "gif": said(InboundKind.STICKER),
    "business_card": said(InboundKind.OTHER),
    "own_details": said(InboundKind.PHONE, phone="84912345678"),
    "follow": said(InboundKind.START),
    "something_of_next_year": said(InboundKind.OTHER),
    "unfollow": None,
    "seen": None,
    "received": None,
    "sent_by_the_account": None,
    "text_in_a_group": None,
}


@pytest.mark.parametrize("name", PAYLOADS)
def test_each_recorded_event_is_read_for_what_it_says(name: str) -> None:
    assert read_event(PAYLOADS[name]) == MEANINGS[name]


@pytest.mark.parametrize(
    "typed", ["#7", "# 7.skip", "#7.", "#1234567890.skip", "#", "số #5 đường Lê Lợi", "c32044 ubnd"]
)
def test_what_only_looks_like_a_press_is_text(typed: str) -> None:
    event = copy.deepcopy(PAYLOADS["text"])
    event["message"]["text"] = typed

    assert read_event(event) == said(InboundKind.TEXT, typed)


def test_a_place_that_is_nowhere_on_earth_is_not_taken_for_one() -> None:
    event = copy.deepcopy(PAYLOADS["location"])
    place = event["message"]["attachments"][0]["payload"]["coordinates"]
    for latitude in ("nan", "inf", "91.0", "", True, None, "9,1"):
        place["latitude"] = latitude

        assert read_event(event) == said(InboundKind.OTHER)


@given(broken(PAYLOADS))
def test_no_event_whatever_its_shape_stops_the_reading(event: Any) -> None:
    read = read_event(event)

    if read is not None:
        assert read.address
        assert isinstance(read.text, str)
        if read.file is not None:
            assert isinstance(read.file.reference, str)


# --- the webhook -------------------------------------------------------------------------------


async def test_an_event_is_committed_before_zalo_is_told_that_it_arrived(
    api: OaApi, database: Database
) -> None:
    async with webhook_of(database, api):
        api.citizen().writes("một")
        await api.until(lambda: bool(api.posts))
        assert texts_kept(database) == ["một"]

    assert api.posts == [("user_send_text", 200)]


@pytest.mark.parametrize("where", ["body", "header"])
async def test_the_signed_timestamp_may_be_the_bodys_or_the_headers(
    api: OaApi, sqlite: Database, where: str
) -> None:
    api.timestamp_in = where
    async with webhook_of(sqlite, api):
        api.citizen().writes("một")
        await api.until(lambda: not api.waiting)

    assert texts_kept(sqlite) == ["một"]


@pytest.fixture
async def post(sqlite: Database) -> AsyncIterator[Any]:
    """Post any bytes to the webhook; the status that comes back."""
    app = FastAPI()
    app.include_router(make_webhook(sqlite, app_id=APP_ID, secret=OA_SECRET))
    async with serving(app) as url, httpx.AsyncClient() as client:

        async def send(body: bytes, **headers: str) -> int:
            named = {name.replace("_", "-"): value for name, value in headers.items()}
            return (await client.post(url + WEBHOOK_PATH, content=body, headers=named)).status_code

        yield send


def mac(body: bytes, timestamp: str, secret: str = OA_SECRET, app_id: str = APP_ID) -> str:
    signed = app_id.encode() + body + timestamp.encode() + secret.encode()
    return f"mac={hashlib.sha256(signed).hexdigest()}"


BODY = json.dumps(PAYLOADS["text"], ensure_ascii=False).encode()
TIME = PAYLOADS["text"]["timestamp"]


async def test_what_is_not_signed_by_zalo_is_refused_and_not_kept(
    post: Any, sqlite: Database
) -> None:
    untimed = b'{"event_name":"user_send_text","sender":{"id":"1"},"message":{"text":"x"}}'
    stranger = json.dumps({**PAYLOADS["text"], "app_id": "9"}).encode()
    for body, signature, timestamp in (
        (BODY, "", ""),
        (BODY, "mac=", ""),
        (BODY, "mac=" + "0" * 64, ""),
        (BODY, mac(BODY, TIME, secret="another"), ""),
        (BODY, mac(BODY, TIME, app_id="9"), ""),
        (BODY, mac(BODY, "1751100041637"), ""),
        (BODY + b" ", mac(BODY, TIME), ""),
        (stranger, mac(stranger, TIME, app_id="9"), ""),
        (untimed, mac(untimed, ""), ""),
        (BODY[:-1], mac(BODY, TIME), "}" + TIME),
        (b"[]", "", ""),
        (b'{"a":1}', "", ""),
        (b"", "", ""),
    ):
        headers = {"X_ZEvent_Signature": signature, "X_ZEvent_Timestamp": timestamp}
        given_headers = {name: value for name, value in headers.items() if value}

        assert await post(body, **given_headers) == 403, (body[:40], signature)

    assert kept(sqlite) == []


async def test_the_check_when_the_address_is_saved_is_answered_and_keeps_nothing(
    post: Any, sqlite: Database
) -> None:
    assert await post(b"{}") == 200
    assert await post(b" {} ") == 200
    assert kept(sqlite) == []


async def test_the_signature_counts_bytes_and_either_spelling_of_it_is_taken(
    post: Any, sqlite: Database
) -> None:
    spaced = json.dumps(PAYLOADS["text"], indent=3, ensure_ascii=True).encode()

    assert await post(spaced, X_ZEvent_Signature=mac(spaced, TIME)) == 200
    bare = mac(BODY, TIME).removeprefix("mac=").upper()
    assert await post(BODY, X_ZEvent_Signature=bare) == 200
    assert len(kept(sqlite)) == 1


async def test_a_body_too_large_or_no_event_is_refused(post: Any, sqlite: Database) -> None:
    assert await post(b'{"' + b"x" * 2_000_000 + b'":1}') == 413
    nothing = b"[1]"
    assert await post(nothing, X_ZEvent_Signature=mac(nothing, "5"), X_ZEvent_Timestamp="5") == 422
    assert kept(sqlite) == []


@given(broken(PAYLOADS))
def test_what_the_inbox_would_keep_can_always_be_written_down(event: Any) -> None:
    for kept_event in _events(event):
        kept_event.address.encode()
        json.dumps(kept_event.body, ensure_ascii=False).encode()
        assert kept_event.event_id.isascii()
        assert len(kept_event.event_id) <= 64
        assert read_event(kept_event.body) is not None


@pytest.mark.parametrize("name", ["text", "follow", "seen"])
async def test_an_id_that_no_encoder_takes_is_not_kept_and_does_no_harm(
    post: Any, sqlite: Database, name: str
) -> None:
    body = json.dumps(PAYLOADS[name]).replace("2512523625412515", "\\ud800")
    body = body.replace("96d3cdf3af150460909", "\\udfff")
    signature = mac(body.encode(), TIME)

    assert await post(body.encode(), X_ZEvent_Signature=signature) == 200
    assert kept(sqlite) == []


async def test_duplicated_and_shuffled_events_are_kept_once_each(
    api: OaApi, database: Database
) -> None:
    lan = api.citizen()
    words = [f"câu {number}" for number in range(12)]
    api.times_posted, api.shuffle = 3, random.Random(4)  # noqa: S311 - only to disturb the order
    for one in words:
        lan.writes(one)
    lan.gives_their_number()
    lan.follows()
    async with webhook_of(database, api):
        await api.until(lambda: not api.waiting and len(api.posts) >= 42, 20)

    assert len(kept(database)) == 14
    assert {event["message"]["text"] for event in kept(database) if "message" in event} == {*words}
    assert {status for _, status in api.posts} == {200}


async def test_nothing_is_acknowledged_while_the_database_is_in_trouble(
    api: OaApi, database: Database
) -> None:
    database.transact_now(lambda s: s.execute(sa.text("ALTER TABLE inbox RENAME TO elsewhere")))
    async with webhook_of(database, api):
        api.citizen().writes("một")
        await api.until(lambda: len(api.posts) >= 2)
        assert {status for _, status in api.posts} == {503}
        database.transact_now(lambda s: s.execute(sa.text("ALTER TABLE elsewhere RENAME TO inbox")))
        await api.until(lambda: not api.waiting)

    assert texts_kept(database) == ["một"]


async def test_a_database_that_takes_too_long_is_answered_for_in_time_on_postgres(
    api: OaApi, postgres: Database
) -> None:
    app = FastAPI()
    router = make_webhook(postgres, app_id=APP_ID, secret=OA_SECRET, answer_within=0.5)
    app.include_router(router)
    with postgres.engine.connect() as other:
        other.execute(sa.text("LOCK TABLE inbox IN ACCESS EXCLUSIVE MODE"))
        api.citizen().writes("một")
        async with serving(app) as url:
            await api.saves_webhook(url + WEBHOOK_PATH)
            await api.until(lambda: bool(api.posts))
            other.rollback()
            await api.until(lambda: not api.waiting, 30)

    assert api.posts[0] == ("user_send_text", 503)
    assert api.posts[-1] == ("user_send_text", 200)
    assert texts_kept(postgres) == ["một"]


async def test_several_photos_in_one_message_are_each_kept(api: OaApi, sqlite: Database) -> None:
    async with channel_of(api, sqlite) as zalo, webhook_of(sqlite, api):
        api.citizen().sends_photos(JPEG, JPEG + b"2", JPEG + b"3")
        await api.until(lambda: not api.waiting)
        read = [zalo.read(event) for event in kept(sqlite)]
        fetched = [await zalo.fetch(one.file) for one in read if one and one.file]

    assert [one.text for one in read if one] == ["nè", "", ""]
    assert [one.content for one in fetched if one] == [JPEG, JPEG + b"2", JPEG + b"3"]


async def test_what_opens_no_talk_is_acknowledged_and_not_kept(
    api: OaApi, sqlite: Database
) -> None:
    for name in ("unfollow", "seen", "received", "sent_by_the_account", "text_in_a_group"):
        api.add(PAYLOADS[name])
    async with webhook_of(sqlite, api):
        await api.until(lambda: not api.waiting)

    assert kept(sqlite) == []
    assert {status for _, status in api.posts} == {200}


async def test_only_the_citizens_own_acts_move_the_moment_that_the_window_counts_from(
    api: OaApi, sqlite: Database, clock: SetClock
) -> None:
    lan = api.citizen()
    async with webhook_of(sqlite, api):
        lan.writes("một")
        await api.until(lambda: not api.waiting)
        wrote = clock.moment
        clock.forward(dt.timedelta(hours=3))
        api.add(PAYLOADS["seen"])
        lan.unfollows()
        await api.until(lambda: not api.waiting)

    talk = sqlite.read_now(lambda session: session.scalars(sa.select(Conversation)).one())
    assert talk.last_inbound_at == wrote


async def test_no_id_in_the_open_tells_who_wrote(api: OaApi, sqlite: Database) -> None:
    lan = api.citizen()
    async with webhook_of(sqlite, api):
        lan.follows()
        lan.gives_their_number()
        lan.writes("một")
        await api.until(lambda: not api.waiting)

    ids = sqlite.read_now(lambda session: session.scalars(sa.select(InboxRow.event_id)).all())
    assert len(ids) == 3
    assert not any(LAN in one or "84912345678" in one for one in ids)


async def test_a_message_that_was_looked_at_shows_so(api: OaApi, database: Database) -> None:
    lan = api.citizen()
    async with channel_of(api, database) as zalo, webhook_of(database, api):
        lan.writes("một")
        await api.until(lambda: not api.waiting)
        receipt = await zalo.send(LAN, Outbound("Chào bà con!"))
        assert isinstance(receipt, Receipt)

        def put(session: Session) -> None:
            talk = session.scalars(sa.select(Conversation)).one()
            row_id = outbox.put(
                session,
                conversation_id=talk.id,
                channel=talk.channel,
                kind=outbox.Kind.SAY,
                body="{}",
            )
            row = session.get_one(OutboxRow, row_id)
            row.state, row.receipt = Delivery.SENT, receipt.reference

        await database.transact(put)
        lan.looks(await lan.hears("Chào"))
        await api.until(lambda: not api.waiting)

    rows = database.read_now(lambda session: session.scalars(sa.select(OutboxRow)).all())
    assert [(row.state, row.reason) for row in rows] == [(Delivery.SENT, "seen")]


async def test_the_cards_picture_can_be_fetched(sqlite: Database) -> None:
    app = FastAPI()
    app.include_router(make_webhook(sqlite, app_id=APP_ID, secret=OA_SECRET))
    async with serving(app) as url, httpx.AsyncClient() as client:
        answer = await client.get(url + CARD_PATH)

    assert answer.headers["content-type"] == "image/png"
    assert answer.content.startswith(b"\x89PNG")


@pytest.mark.parametrize(("app_id", "secret"), [("", "s"), ("1", "")])
def test_a_webhook_without_id_or_secret_is_not_opened(
    sqlite: Database, app_id: str, secret: str
) -> None:
    with pytest.raises(ValueError, match="secret key"):
        make_webhook(sqlite, app_id=app_id, secret=secret)


@pytest.mark.parametrize("missing", ["app_secret", "webhook_secret", "refresh_token"])
def test_an_account_without_one_of_its_secrets_stops_the_start(
    sqlite: Database, missing: str
) -> None:
    names = ("app_secret", "webhook_secret", "refresh_token")
    secrets: dict[str, Any] = {f"zalo_oa_{n}": SecretStr("x") for n in names if n != missing}

    with pytest.raises(NotReadyError, match=f"TRAM_ZALO_OA_{missing.upper()}"):
        open_zalo_oa(Settings(zalo_oa_app_id="1", **secrets), sqlite)


# --- fetching ----------------------------------------------------------------------------------


async def test_a_file_is_fetched_as_it_is(api: OaApi, zalo: ZaloOa) -> None:
    url = api.keeps(PDF, "pdf")

    assert await zalo.fetch(RemoteFile(url, "a.pdf", None, None)) == FetchedFile(PDF, "a.pdf")


async def test_a_file_that_is_gone_or_too_large_is_none(api: OaApi, zalo: ZaloOa) -> None:
    large = api.keeps(b"x" * (10 * 1024 * 1024 + 1), "zip")

    for url in (f"{api.url}/media/gone.jpg", large):
        assert await zalo.fetch(RemoteFile(url, None, None, None)) is None


@pytest.mark.parametrize(
    "url",
    [
        "http://f20-zpc.zdn.vn/a.jpg",
        "https://127.0.0.1/a.jpg",
        "https://[::1]/a.jpg",
        "https://localhost/a.jpg",
        "file:///etc/passwd",
        "https://[",
        "",
    ],
)
async def test_nothing_is_fetched_from_our_own_network(zalo: ZaloOa, url: str) -> None:
    assert await zalo.fetch(RemoteFile(url, None, None, None)) is None


async def test_a_server_that_is_away_is_asked_again_later(api: OaApi, zalo: ZaloOa) -> None:
    url = api.keeps(JPEG, "jpg")
    for failure in (RESET, UNAVAILABLE, Failure(429)):
        api.fails("media", failure)
        with pytest.raises(OSError, match="server"):
            await zalo.fetch(RemoteFile(url, None, None, None))

    assert await zalo.fetch(RemoteFile(url, None, None, None)) == FetchedFile(JPEG, None)


# --- sending -----------------------------------------------------------------------------------


async def test_a_message_arrives_with_its_buttons_and_a_press_comes_back(
    api: OaApi, zalo: ZaloOa
) -> None:
    lan = api.citizen()

    sent = await zalo.send(LAN, Outbound("Nhà có ai bệnh không?", YES_NO, serial=7))

    shown = await lan.hears("bệnh")
    assert sent == Receipt(shown.message_id)
    assert shown.buttons == (("Có", "#7.yes"), ("Không", "#7.no"))
    lan.presses("Có")
    assert zalo.read(api.waiting[-1]) == said(InboundKind.BUTTON, "yes", button_serial=7)


async def test_a_long_text_comes_in_parts_with_the_buttons_on_the_last(
    api: OaApi, zalo: ZaloOa
) -> None:
    text = "\n\n".join(f"Đoạn {n}: " + "bà con đọc giùm nha " * 40 for n in range(6))

    sent = await zalo.send(LAN, Outbound(text, YES_NO, serial=1))

    shown = api.shown[LAN]
    assert len(shown) > 1
    assert [bool(one.buttons) for one in shown] == [False] * (len(shown) - 1) + [True]
    assert sent == Receipt(shown[-1].message_id)
    assert "".join("".join(one.text for one in shown).split()) == "".join(text.split())


async def test_a_text_in_two_spellings_is_counted_as_it_is_shown(api: OaApi, zalo: ZaloOa) -> None:
    await zalo.send(LAN, Outbound("e\u0302\u0301" * 2000))

    assert [len(one.text) for one in api.shown[LAN]] == [2000]


async def test_a_long_label_is_cut_and_boxes_show_whether_they_are_ticked(
    api: OaApi, zalo: ZaloOa
) -> None:
    buttons = (Button("a", "rất dài " * 30), Button("b", "Nghèo", ticked=True))

    await zalo.send(LAN, Outbound("Chọn:", buttons, serial=1))

    first, second = api.shown[LAN][0].labels
    assert len(first) <= 100
    assert first.endswith("…")
    assert second == "☑ Nghèo"


async def test_a_phone_number_is_asked_for_by_zalos_own_card(api: OaApi, zalo: ZaloOa) -> None:
    await zalo.send(LAN, Outbound("Số nào?", YES_NO, ask=Ask.PHONE, ask_label="📞 Gửi số"))

    question, card = api.shown[LAN]
    assert question.labels == ["Có", "Không"]
    assert (card.kind, card.title) == ("request_user_info", "📞 Gửi số")


async def test_the_question_counts_as_sent_even_if_the_card_is_not_taken(
    api: OaApi, zalo: ZaloOa
) -> None:
    api.takes_cards = False

    sent = await zalo.send(LAN, Outbound("Số nào?", ask=Ask.PHONE, ask_label="Gửi số"))

    assert isinstance(sent, Receipt)
    assert [one.kind for one in api.shown[LAN]] == ["text"]


async def test_without_a_public_address_no_card_is_sent(api: OaApi, sqlite: Database) -> None:
    api.citizen().writes("xin chào")
    async with channel_of(api, sqlite, public_url=None) as zalo:
        assert zalo.capabilities.asks == frozenset()
        await zalo.send(LAN, Outbound("Số nào?", ask=Ask.PHONE, ask_label="Gửi số"))

    assert [one.kind for one in api.shown[LAN]] == ["text"]


async def test_a_paper_is_uploaded_and_sent_before_the_words(api: OaApi, zalo: ZaloOa) -> None:
    await zalo.send(LAN, Outbound("Ký đơn nha.", file=FetchedFile(PDF, "đơn.pdf")))

    paper, words = api.shown[LAN]
    assert (paper.kind, paper.name, paper.content) == ("file", "đơn.pdf", PDF)
    assert words.text == "Ký đơn nha."


def picture(kind: str, side: int) -> bytes:
    made = io.BytesIO()
    noise = random.Random(1).randbytes(side * side * 3)  # noqa: S311 - something that stays large
    Image.frombytes("RGB", (side, side), noise).save(made, kind)
    return made.getvalue()


@pytest.mark.parametrize(("kind", "side"), [("JPEG", 1800), ("PNG", 900), ("WEBP", 64)])
async def test_a_photo_is_made_light_enough_for_zalo(
    api: OaApi, zalo: ZaloOa, kind: str, side: int
) -> None:
    content = picture(kind, side)

    sent = await zalo.send(LAN, Outbound("Xem nha", file=FetchedFile(content, "a")))

    assert isinstance(sent, Receipt)
    photo = api.shown[LAN][0]
    assert photo.kind == "image"
    assert photo.content.startswith(b"\xff\xd8\xff")


async def test_a_photo_that_lies_on_its_side_is_put_upright(api: OaApi, zalo: ZaloOa) -> None:
    made = io.BytesIO()
    turned = Image.Exif()
    turned[0x0112] = 6  # a quarter turn to the right
    Image.new("RGB", (40, 20)).save(made, "WEBP", exif=turned)

    await zalo.send(LAN, Outbound("Xem nha", file=FetchedFile(made.getvalue(), "a")))

    with Image.open(io.BytesIO(api.shown[LAN][0].content)) as shown:
        assert shown.size == (20, 40)


@pytest.mark.parametrize(
    ("content", "reason"),
    [
        (b"OggS sound", "file kind"),
        (b"\xff\xd8\xff" + b"0" * 2_000_000, "file kind"),
        (b"PK zip", "file kind"),
        (PDF + b"x" * (5 * 1024 * 1024), "file too large"),
    ],
)
async def test_a_file_that_zalo_does_not_take_is_refused_before_a_word_is_said(
    api: OaApi, zalo: ZaloOa, content: bytes, reason: str
) -> None:
    assert await zalo.send(LAN, Outbound("Nè", file=FetchedFile(content, "a"))) == Refused(reason)
    assert api.shown[LAN] == []


# --- what became of a message ------------------------------------------------------------------


def no(code: int) -> Failure:
    return Failure(200, body=json.dumps({"error": code, "message": "Bùi Thị Lan"}).encode())


@pytest.mark.parametrize(
    ("failure", "became"),
    [
        (no(-230), Refused("window closed")),
        (no(-232), Refused("window closed")),
        (no(-305), Refused("window closed")),
        (no(-213), Refused("unfollowed")),
        (no(-217), Refused("blocked")),
        (no(-227), Refused("account inactive")),
        (no(-211), Refused("quota")),
        (no(-218), Refused("quota")),
        (no(-210), Refused("not accepted")),
        (no(-99999), Refused("not accepted")),
        (no(-32), TryLater(60.0, "asked to wait")),
        (no(-224), TryLater(600.0, "account not ready")),
        (no(-321), TryLater(600.0, "account not ready")),
        (Failure(429, retry_after=7), TryLater(7.0, "asked to wait")),
        (Failure(429), TryLater(60.0, "asked to wait")),
        (UNAVAILABLE, TryLater(2.0, "server error")),
        (Failure(403), TryLater(60.0, "not accepted now")),
        (RESET, Unknown("no answer")),
        (Failure(200, body=b"not JSON"), Unknown("answer not understood")),
        (Failure(200, body=b'{"error":0}'), Unknown("answer not understood")),
        (Failure(200, body=b"[]"), Unknown("answer not understood")),
    ],
)
async def test_each_failure_becomes_an_outcome(
    api: OaApi, zalo: ZaloOa, failure: Failure, became: object
) -> None:
    api.fails("message", failure)

    assert await zalo.send(LAN, Outbound("Chào")) == became


async def test_the_window_closes_seven_days_after_the_last_word_and_opens_with_the_next(
    api: OaApi, zalo: ZaloOa, clock: SetClock
) -> None:
    lan = api.citizen()
    for days, became in ((1, Receipt), (5.9, Receipt), (0.2, Refused), (30, Refused)):
        api.forward(24 * days)
        clock.forward(dt.timedelta(days=days))

        assert isinstance(await zalo.send(LAN, Outbound("Chào")), became), days

    assert await zalo.send(LAN, Outbound("Chào")) == Refused("window closed")
    lan.writes("tôi đây")
    assert isinstance(await zalo.send(LAN, Outbound("Chào")), Receipt)


async def test_an_unfollowed_account_reaches_nobody(api: OaApi, zalo: ZaloOa) -> None:
    api.citizen().unfollows()

    assert await zalo.send(LAN, Outbound("Chào")) == Refused("unfollowed")


async def test_a_server_that_is_not_there_gets_the_message_later(
    api: OaApi, sqlite: Database
) -> None:
    async with channel_of(api, sqlite, api_url="http://127.0.0.1:1") as zalo:
        assert await zalo.send(LAN, Outbound("Chào")) == TryLater(2.0, "not reached")


async def test_a_second_try_goes_on_after_the_parts_that_arrived(api: OaApi, zalo: ZaloOa) -> None:
    message = Outbound("Ký đơn nha.", file=FetchedFile(PDF, "a.pdf"))
    api.fails("upload file", RESET)
    assert await zalo.send(LAN, message) == TryLater(2.0, "no answer")
    assert api.shown[LAN] == []
    api.fails("upload file", Failure(200, body=b'{"error":-32}'))
    assert isinstance(await zalo.send(LAN, message), TryLater)
    assert isinstance(await zalo.send(LAN, message), Receipt)

    long = Outbound("một hai " * 700)
    api.fails("message", UNAVAILABLE)
    assert isinstance(await zalo.send(LAN, long), TryLater)
    assert isinstance(await zalo.send(LAN, long), Receipt)

    assert [one.kind for one in api.shown[LAN]] == ["file", "text", "text", "text", "text"]


# --- the log -----------------------------------------------------------------------------------


async def test_the_log_shows_neither_secrets_nor_the_citizens_words(
    api: OaApi, sqlite: Database, caplog: pytest.LogCaptureFixture
) -> None:
    words = "0912 345 678 chồng đánh tôi"
    lan = api.citizen()
    with caplog.at_level(logging.DEBUG):
        async with channel_of(api, sqlite) as zalo, webhook_of(sqlite, api):
            lan.writes(words)
            lan.gives_their_number("84912345678")
            await api.until(lambda: not api.waiting)
            for event in kept(sqlite):
                zalo.read(event)
            for failure in (RESET, UNAVAILABLE, no(-230), no(-224), Failure(200, body=b"{")):
                api.fails("message", failure)
                await zalo.send(LAN, Outbound(words))
            api.fails("renew", no(-14014), UNAVAILABLE)
            api.end_access()
            await zalo.send(LAN, Outbound(words))
            await zalo.send(LAN, Outbound(words))
            with contextlib.suppress(OSError):
                await zalo.fetch(RemoteFile(f"{api.url}/media/0912", words, None, None))
        repr(zalo.tokens._known)

    assert caplog.records
    everything = "\n".join(
        f"{record.getMessage()} {record.__dict__} {record.exc_text}" for record in caplog.records
    )
    for secret in (APP_SECRET, OA_SECRET, "access-1", "refresh-", LAN, "0912", "84912345678"):
        assert secret not in everything, secret
