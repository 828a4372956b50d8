"""Telegram over real HTTP, against a server that is as strict as the platform."""

import asyncio
import contextlib
import copy
import dataclasses
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
from bot.channels.telegram import Pacing, Telegram, make_webhook, public_id
from bot.channels.telegram_reading import COMMANDS
from bot.channels.wire import split, units
from bot.inbox import InboxRow
from cases.speech import Ask
from store.session import Database, Session
from tests.channels.bot_api import (
    RESET,
    TOKEN,
    UNAVAILABLE,
    BotApi,
    Failure,
    Sent,
    flood,
    serving,
)
from tests.channels.broken import ANYTHING, broken, recorded

PAYLOADS = recorded("telegram")
SECRET = "a-secret_of-the-webhook"
HEADERS = {"X-Telegram-Bot-Api-Secret-Token": SECRET}
LAN = 1001
YES_NO = (Button("yes", "Có"), Button("no", "Không"))
JPEG = b"\xff\xd8\xff\xe0" + b"photo" * 20
PDF = b"%PDF-1.7 a paper"
READER = Telegram(TOKEN)


def dice(seed: int) -> random.Random:
    return random.Random(seed)  # noqa: S311 - only to disturb the order


def telegram_of(api: BotApi, *, token: str = TOKEN, pace: float = 0.0) -> Telegram:
    return Telegram(token, api.url, seconds_per_chat=pace, first_pause=0.02, rng=dice(5))


@pytest.fixture
async def api() -> AsyncIterator[BotApi]:
    async with BotApi() as running:
        running.citizen(LAN).starts()
        yield running


@pytest.fixture
async def telegram(api: BotApi) -> AsyncIterator[Telegram]:
    async with telegram_of(api) as channel:
        yield channel


def kept(database: Database) -> list[dict[str, Any]]:
    """The updates in the inbox, in the order of their commits."""

    def look(session: Session) -> list[dict[str, Any]]:
        rows = session.scalars(sa.select(InboxRow).order_by(InboxRow.received_at, InboxRow.id))
        return [json.loads(row.open(session.vault, "body") or "null") for row in rows]

    return database.read_now(look)


def texts_kept(database: Database) -> list[str]:
    return [update["message"]["text"] for update in kept(database)]


def lose(database: Database) -> None:
    """The inbox is gone, as when the database has trouble of its own."""
    database.transact_now(lambda s: s.execute(sa.text("ALTER TABLE inbox RENAME TO elsewhere")))


def find_again(database: Database) -> None:
    database.transact_now(lambda s: s.execute(sa.text("ALTER TABLE elsewhere RENAME TO inbox")))


# --- reading -----------------------------------------------------------------------------------


def said(
    kind: InboundKind,
    text: str = "",
    *,
    address: str = "1001",
    language: str | None = "vi",
    **more: Any,
) -> Inbound:
    return Inbound(ChannelName.TELEGRAM, address, kind, text, language=language, **more)


def file(number: int, size: int, name: str | None, media_type: str | None) -> RemoteFile:
    return RemoteFile(f"AgACAgUAAxkBAAI{number}", name, media_type, size)


MEANINGS = {
    "text": said(InboundKind.TEXT, "chồng tôi uống rượu rồi đánh tôi"),
    "text_of_an_english_phone": said(
        InboundKind.TEXT, "my boss owes me two months of pay", language="en"
    ),
    "start": said(InboundKind.START),
    "start_from_a_poster": said(InboundKind.START, "c32044-ubnd"),
    "command": said(InboundKind.TEXT, "Xóa trò chuyện"),
    "edited_text": said(InboundKind.TEXT, "không phải, nhà tôi cận nghèo"),
    "live_location_moved": None,
    "press": said(InboundKind.BUTTON, "skip", button_serial=7),
    "press_of_another_program": said(InboundKind.BUTTON),
    "press_on_a_message_too_old_to_show": said(InboundKind.BUTTON, "skip", button_serial=7),
    "press_on_an_inline_message": None,
    "location": said(InboundKind.LOCATION, latitude=9.1769, longitude=105.1524),
    "venue": said(InboundKind.LOCATION, latitude=9.1769, longitude=105.1524),
    "own_contact": said(InboundKind.PHONE, phone="84900000001"),
    "contact_of_somebody_else": said(InboundKind.OTHER),
    "contact_without_an_account": said(InboundKind.OTHER),
    "photo": said(InboundKind.FILE, "giấy đất của tôi", file=file(3, 90_000, None, "image/jpeg")),
    "document": said(InboundKind.FILE, file=file(4, 120_000, "quyet-dinh.pdf", "application/pdf")),
    "document_of_30_megabytes": said(
        InboundKind.FILE,
        file=file(5, 30 * 1024 * 1024, "ho-so.zip", "application/zip"),
        too_large=True,
    ),
    "animation": said(InboundKind.FILE, file=file(6, 5_000, "vui.mp4", "video/mp4")),
    "voice": said(InboundKind.VOICE, file=file(7, 9_000, None, "audio/ogg")),
    "audio": said(InboundKind.VOICE, file=file(8, 90_000, "ghi-am.mp3", "audio/mpeg")),
    "video_note": said(InboundKind.VOICE, file=file(9, 90_000, None, None)),
    "video": said(InboundKind.FILE, file=file(10, 900_000, None, "video/mp4")),
    "sticker": said(InboundKind.STICKER),
    "dice": said(InboundKind.OTHER),
    "poll_in_the_chat": said(InboundKind.OTHER, language=None),
    "pinned_message": None,
    "something_of_next_year": said(InboundKind.OTHER),
    "group_text": None,
    "channel_post": None,
    "poll": None,
    "blocked": None,
}


@pytest.mark.parametrize("name", PAYLOADS)
def test_each_recorded_update_is_read_for_what_it_says(name: str) -> None:
    assert READER.read(PAYLOADS[name]) == MEANINGS[name]


@pytest.mark.parametrize(
    ("typed", "heard"),
    [
        ("/menu", "Về đầu"),
        ("/CanBo", "Gặp cán bộ"),
        ("/hoso@tram_test_bot", "Hồ sơ của tôi"),
        ("/hoi_dap đất bị lấn", "hoi dap đất bị lấn"),
        ("/start tôi bị đánh", "tôi bị đánh"),
        ("/12/3/2026 tôi bị đuổi", "/12/3/2026 tôi bị đuổi"),
        ("/", "/"),
        ("", ""),
    ],
)
def test_a_command_is_heard_as_the_words_it_stands_for(typed: str, heard: str) -> None:
    update = copy.deepcopy(PAYLOADS["text"])
    update["message"]["text"] = typed

    assert READER.read(update) == said(InboundKind.TEXT, heard)


def test_a_place_that_is_nowhere_on_earth_is_not_taken_for_one() -> None:
    update = copy.deepcopy(PAYLOADS["location"])
    for latitude in (float("nan"), 91.0, True, "9.1"):
        update["message"]["location"]["latitude"] = latitude

        assert READER.read(update) == said(InboundKind.OTHER)


@pytest.mark.parametrize("name", ["text", "command", "press", "edited_text"])
def test_words_are_read_even_when_something_beside_them_can_not_be_parsed(name: str) -> None:
    update = copy.deepcopy(PAYLOADS[name])
    for holder in (update, update.get("message"), update.get("edited_message")):
        if holder is not None and "date" in holder:
            holder["date"] = 10**18
    if "callback_query" in update:
        update["callback_query"]["message"]["date"] = 10**18
    read = MEANINGS[name]
    assert read is not None

    assert READER.read(update) == dataclasses.replace(read, language=None)


@given(broken(PAYLOADS))
def test_no_update_whatever_its_shape_stops_the_reading(update: Any) -> None:
    read = READER.read(update)

    if read is not None:
        assert read.address.lstrip("-").isdigit()
        for words in (read.text, read.phone or "", read.language or ""):
            assert isinstance(words, str)
        if read.file is not None:
            assert isinstance(read.file.reference, str)
            assert isinstance(read.file.size, int | None)


@given(ANYTHING)
def test_even_something_that_is_no_update_is_read_as_nothing(anything: Any) -> None:
    assert READER.read({"update_id": 1, "message": anything}) is None


# --- cutting -----------------------------------------------------------------------------------


@given(st.text(alphabet="ab ươ.?!\n😀\u0301ក្ខ", max_size=400), st.integers(10, 60))
def test_a_cut_text_fits_and_loses_nothing_but_space(text: str, limit: int) -> None:
    parts = split(text, limit)

    assert all(0 < units(part) <= limit for part in parts)
    assert "".join("".join(parts).split()) == "".join(text.split())


def test_a_text_is_cut_between_paragraphs_before_sentences_before_words() -> None:
    assert split("Câu một. Câu hai.\n\nCâu ba dài.", 25) == ["Câu một. Câu hai.", "Câu ba dài."]
    assert split("Câu một dài. Câu hai dài hơn.", 25) == ["Câu một dài.", "Câu hai dài hơn."]
    assert split("không có dấu chấm nào ở đây", 20) == ["không có dấu chấm", "nào ở đây"]


def test_a_flag_of_two_units_counts_as_two() -> None:
    assert split("😀" * 6, 10) == ["😀" * 5, "😀"]


def test_a_khmer_syllable_is_not_torn_from_its_marks() -> None:
    word = "ស្ត្រី"

    assert all(part.startswith("ស") for part in split(word * 9, 16))


# --- pace --------------------------------------------------------------------------------------


def test_a_chat_gets_a_message_a_second_and_does_not_hold_up_the_others() -> None:
    pacing = Pacing()

    assert pacing.for_chat("lan", 100.0) == 0
    assert pacing.for_chat("lan", 100.25) == 0.75
    assert pacing.for_chat("tu", 100.25) == 0
    assert pacing.for_chat("lan", 103.0) == 0


def test_a_chat_that_is_told_to_wait_waits_alone() -> None:
    pacing = Pacing()

    pacing.hold("lan", 100.0, seconds=30)

    assert pacing.too_long(pacing.for_chat("lan", 100.0))
    assert pacing.for_chat("lan", 129.5) == 0.5
    assert pacing.for_chat("tu", 100.0) == 0


def test_no_second_sees_more_than_thirty_messages() -> None:
    pacing = Pacing()
    rng = dice(7)
    now, moments = 0.0, []
    for _ in range(500):
        now += rng.choice((0.0, 0.0, 0.001, 0.02))
        moments.append(now + pacing.for_all(now))

    assert moments == pytest.approx(sorted(moments))
    assert all(
        later - earlier > 0.999 for earlier, later in zip(moments, moments[30:], strict=False)
    )
    assert moments[29] < 0.6  # a burst of thirty is not slowed down


async def test_the_second_message_of_a_chat_waits_its_second_on_a_strict_server() -> None:
    async with BotApi(strict_pace=True) as api, telegram_of(api, pace=1.0) as telegram:
        api.citizen(LAN).starts()
        api.citizen(2002).starts()

        sent = [
            await telegram.send(address, Outbound(text))
            for address, text in (("1001", "một"), ("2002", "khác"), ("1001", "hai"))
        ]

        assert [type(one) for one in sent] == [Receipt] * 3
        first, second = api.sent(LAN)
        assert second.at - first.at >= 0.99
        assert api.sent(2002)[0].at - first.at < 0.5


# --- sending -----------------------------------------------------------------------------------


async def test_a_question_arrives_with_its_buttons_and_a_press_comes_back_as_its_key(
    api: BotApi, telegram: Telegram
) -> None:
    lan = api.citizen(LAN)
    question = Outbound(
        "Bạn có đi học không?", (*YES_NO, Button("dont_know", "Không rõ")), serial=7
    )

    receipt = await telegram.send("1001", question)

    shown = await lan.hears("đi học")
    assert receipt == Receipt(str(shown.message_id))
    assert shown.buttons == ["Có", "Không", "Không rõ"]
    assert [len(row) for row in shown.inline] == [2, 1]
    assert not shown.link_preview
    press = telegram.read(api.update(lan.presses("Không rõ")))
    assert press is not None
    assert (press.kind, press.text, press.button_serial) == (InboundKind.BUTTON, "dont_know", 7)


async def test_long_labels_stand_one_in_a_row(api: BotApi, telegram: Telegram) -> None:
    long = Button("screen", "Tôi có được giúp miễn phí không?")

    await telegram.send("1001", Outbound("Chọn:", (YES_NO[0], long, *YES_NO)))

    assert [len(row) for row in api.sent(LAN)[0].inline] == [1, 1, 2]


async def test_ticked_boxes_are_seen_and_change_in_place(api: BotApi, telegram: Telegram) -> None:
    boxes = (Button("poor", "Hộ nghèo", ticked=False), Button("elderly", "Người già", ticked=True))
    first = await telegram.send("1001", Outbound("Chọn các ý đúng:", boxes, serial=3))
    assert isinstance(first, Receipt)
    ticked = Outbound(
        "Chọn các ý đúng:",
        (Button("poor", "Hộ nghèo", ticked=True), boxes[1]),
        serial=3,
        replaces=first.reference,
    )

    again = [await telegram.send("1001", ticked) for _ in range(2)]

    assert again == [first, first]  # the second changes nothing, and that is no error
    assert [one.buttons for one in api.sent(LAN)] == [["☑ Hộ nghèo", "☑ Người già"]]
    assert api.sent(LAN)[0].edits == 1


async def test_what_can_not_be_changed_any_more_is_sent_anew(
    api: BotApi, telegram: Telegram
) -> None:
    for replaced in ("987654", "not a number"):
        sent = await telegram.send("1001", Outbound("Chọn:", YES_NO, replaces=replaced))

        assert sent == Receipt(str(api.sent(LAN)[-1].message_id))
    assert [one.text for one in api.sent(LAN)] == ["Chọn:", "Chọn:"]


async def test_a_change_whose_answer_is_lost_is_made_again_since_that_does_no_harm(
    api: BotApi, telegram: Telegram
) -> None:
    first = await telegram.send("1001", Outbound("Chọn:", YES_NO))
    assert isinstance(first, Receipt)
    api.fails("editMessageText", Failure(after=True))
    change = Outbound("Chọn tiếp:", YES_NO, replaces=first.reference)

    assert isinstance(await telegram.send("1001", change), TryLater)
    assert await telegram.send("1001", change) == first
    assert [one.text for one in api.sent(LAN)] == ["Chọn tiếp:"]


@pytest.mark.parametrize(("ask", "shares"), [(Ask.LOCATION, "location"), (Ask.PHONE, "contact")])
async def test_a_location_or_number_is_asked_by_telegrams_own_button_with_the_choices_below(
    api: BotApi, telegram: Telegram, ask: Ask, shares: str
) -> None:
    await telegram.send(
        "1001", Outbound("Bạn ở xã nào?", (Button("skip", "Bỏ qua"),), ask=ask, ask_label="📍 Gửi")
    )

    shown = api.sent(LAN)[0]
    assert list(shown.requests.values()) == [shares]
    assert shown.buttons == ["Bỏ qua"]
    assert shown.one_time
    pressed = api.citizen(LAN).presses("Bỏ qua")
    assert telegram.read(api.update(pressed)) == said(InboundKind.TEXT, "Bỏ qua")


async def test_the_keyboard_goes_away_with_the_next_message_that_has_no_buttons(
    api: BotApi, telegram: Telegram
) -> None:
    for message in (
        Outbound("Bạn ở xã nào?", ask=Ask.LOCATION, ask_label="📍 Gửi"),
        Outbound("Bạn bao nhiêu tuổi?", YES_NO),
        Outbound("Cảm ơn bạn."),
    ):
        assert isinstance(await telegram.send("1001", message), Receipt)

    assert [one.removes_keyboard for one in api.sent(LAN)] == [False, False, True]


async def test_a_long_text_comes_in_parts_with_its_buttons_on_the_last(
    api: BotApi, telegram: Telegram
) -> None:
    paragraph = "Người nghèo được trợ giúp pháp lý miễn phí 😀. " * 40
    text = "\n\n".join([paragraph.strip()] * 4)

    receipt = await telegram.send("1001", Outbound(text, YES_NO))

    parts = api.sent(LAN)
    assert len(parts) > 1
    assert [bool(part.buttons) for part in parts] == [False] * (len(parts) - 1) + [True]
    assert "\n\n".join(part.text for part in parts) == text
    assert receipt == Receipt(str(parts[-1].message_id))


async def test_parts_that_arrived_are_not_sent_again_when_a_later_one_has_to_wait(
    api: BotApi, telegram: Telegram
) -> None:
    message = Outbound("\n\n".join(letter * 4000 for letter in "abc"))
    api.fails("sendMessage", Failure(502, "Bad Gateway", text="b" * 4000))

    assert isinstance(await telegram.send("1001", message), TryLater)
    assert isinstance(await telegram.send("1001", message), Receipt)

    assert [one.text[0] for one in api.sent(LAN)] == ["a", "b", "c"]


async def test_a_part_of_which_nobody_knows_is_the_only_one_that_may_come_twice(
    api: BotApi, telegram: Telegram
) -> None:
    message = Outbound("\n\n".join(letter * 4000 for letter in "abc"))
    api.fails("sendMessage", Failure(after=True, text="b" * 4000))

    assert isinstance(await telegram.send("1001", message), Unknown)
    assert isinstance(await telegram.send("1001", message), Receipt)

    assert [one.text[0] for one in api.sent(LAN)] == ["a", "b", "b", "c"]


async def test_parts_of_a_message_that_was_given_up_do_not_shorten_the_next(
    api: BotApi, telegram: Telegram
) -> None:
    api.fails("sendMessage", Failure(502, "Bad Gateway", text="b" * 4000))
    await telegram.send("1001", Outbound("a" * 4000 + "\n\n" + "b" * 4000))

    await telegram.send("1001", Outbound("c" * 4000 + "\n\n" + "d" * 4000))

    assert [one.text[0] for one in api.sent(LAN)] == ["a", "c", "d"]


async def test_a_photo_goes_as_a_photo_and_a_paper_as_a_document_with_the_words_below(
    api: BotApi, telegram: Telegram
) -> None:
    photo = Outbound("Chi nhánh gửi bạn:", YES_NO, file=FetchedFile(JPEG, "giay.jpg"))
    paper = Outbound("", file=FetchedFile(PDF, None))

    for message in (photo, paper):
        assert isinstance(await telegram.send("1001", message), Receipt)

    first, second = api.sent(LAN)
    assert (first.file_kind, first.file_name, first.content) == ("photo", "giay.jpg", JPEG)
    assert (first.text, first.buttons) == ("Chi nhánh gửi bạn:", ["Có", "Không"])
    assert (second.file_kind, second.content) == ("document", PDF)


async def test_a_file_with_a_long_text_goes_ahead_of_it(api: BotApi, telegram: Telegram) -> None:
    await telegram.send("1001", Outbound("dài " * 400, YES_NO, file=FetchedFile(PDF, "a.pdf")))

    first, second = api.sent(LAN)
    assert (first.file_kind, first.text) == ("document", "")
    assert second.buttons == ["Có", "Không"]


async def test_a_picture_that_telegram_will_not_show_still_goes_as_a_document(
    api: BotApi, telegram: Telegram
) -> None:
    api.fails("sendPhoto", Failure(400, "Bad Request: PHOTO_INVALID_DIMENSIONS"))

    await telegram.send("1001", Outbound("Ảnh:", file=FetchedFile(JPEG, "dai.jpg")))

    assert [one.file_kind for one in api.sent(LAN)] == ["document"]


async def test_words_that_look_like_markup_arrive_as_they_are(
    api: BotApi, telegram: Telegram
) -> None:
    text = "<b>*_`[x](http://x) <script>alert(1)</script>"

    await telegram.send("1001", Outbound(text))

    assert api.sent(LAN)[0].text == text


async def test_a_decomposed_text_is_composed_before_it_is_counted(
    api: BotApi, telegram: Telegram
) -> None:
    await telegram.send("1001", Outbound("e\u0302\u0301" * 2000))

    assert [one.text for one in api.sent(LAN)] == ["ế" * 2000]


# --- what became of it -------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("failure", "expected"),
    [
        (flood(7), TryLater(7.0, "asked to wait")),
        (UNAVAILABLE, TryLater(2.0, "server error")),
        (Failure(500), TryLater(2.0, "server error")),
        (Failure(503, body=b"<html>no JSON"), TryLater(2.0, "server error")),
        (Failure(429, "Too Many Requests"), TryLater(2.0, "server error")),
        (Failure(401, "Unauthorized"), TryLater(60.0, "token refused")),
        (RESET, Unknown("no answer")),
        (Failure(after=True), Unknown("no answer")),
        (Failure(200, body=b"not JSON"), Unknown("answer not understood")),
        (Failure(200, body=b'{"ok":true,"result":{}}'), Unknown("answer not understood")),
        (Failure(403, "Forbidden: bot was blocked by the user"), Refused("blocked")),
        (Failure(403, "Forbidden: user is deactivated"), Refused("account deleted")),
        (Failure(400, "Bad Request: 0912 345 678 is no chat"), Refused("not accepted")),
    ],
)
async def test_each_failure_says_whether_the_message_may_be_sent_again(
    api: BotApi, telegram: Telegram, failure: Failure, expected: object
) -> None:
    api.fails("sendMessage", failure)

    assert await telegram.send("1001", Outbound("chào")) == expected


async def test_a_server_that_answers_too_late_leaves_it_unknown(api: BotApi) -> None:
    async with telegram_of(api) as telegram:
        telegram._requests[0]._client.timeout = httpx.Timeout(0.2)
        api.fails("sendMessage", Failure(502, seconds=0.6))

        assert await telegram.send("1001", Outbound("chào")) == Unknown("no answer")


async def test_a_server_that_is_not_there_has_surely_got_nothing() -> None:
    async with BotApi() as gone:
        pass
    async with telegram_of(gone) as telegram:
        assert await telegram.send("1001", Outbound("chào")) == TryLater(2.0, "not reached")


async def test_a_stranger_a_blocker_and_an_empty_message_are_refused(
    api: BotApi, telegram: Telegram
) -> None:
    api.citizen(2002).starts()
    api.citizen(2002).blocks()

    assert await telegram.send("3003", Outbound("chào")) == Refused("chat not found")
    assert await telegram.send("nobody", Outbound("chào")) == Refused("chat not found")
    assert await telegram.send("2002", Outbound("chào")) == Refused("blocked")
    assert await telegram.send("1001", Outbound("  ")) == Refused("empty")
    long_key = Button("k" * 70, "Có")
    assert await telegram.send("1001", Outbound("?", (long_key,))) == Refused("button refused")


async def test_one_chats_flood_is_not_asked_again_and_does_not_stop_another(
    api: BotApi, telegram: Telegram
) -> None:
    api.citizen(2002).starts()
    api.fails("sendMessage", flood(30, LAN))

    assert await telegram.send("1001", Outbound("một")) == TryLater(30.0, "asked to wait")
    again = await telegram.send("1001", Outbound("một"))
    assert isinstance(again, TryLater)
    assert 29 < again.seconds <= 30
    assert isinstance(await telegram.send("2002", Outbound("khác")), Receipt)
    assert len(api.called("sendMessage")) == 2


# --- files in ----------------------------------------------------------------------------------


async def test_a_photo_is_fetched_as_it_was_sent(api: BotApi, telegram: Telegram) -> None:
    read = telegram.read(api.update(api.citizen(LAN).sends_photo(JPEG, "giấy đất")))

    assert read is not None
    assert read.file is not None
    assert await telegram.fetch(read.file) == FetchedFile(JPEG, None)


async def test_a_file_that_is_gone_or_too_large_is_none(api: BotApi, telegram: Telegram) -> None:
    sent = api.citizen(LAN).sends_document(PDF, "a.pdf", size=11 * 1024 * 1024)
    told = telegram.read(api.update(sent))
    assert told is not None
    assert told.file is not None
    untold = RemoteFile(told.file.reference, None, None, None)

    assert told.too_large
    assert await telegram.fetch(told.file) is None
    assert await telegram.fetch(untold) is None
    api.forget_files()
    assert await telegram.fetch(untold) is None


@pytest.mark.parametrize("method", ["getFile", "download"])
async def test_a_file_is_asked_for_again_later_when_telegram_is_away(
    api: BotApi, telegram: Telegram, method: str
) -> None:
    read = telegram.read(api.update(api.citizen(LAN).sends_voice(b"OggS")))
    assert read is not None
    assert read.file is not None

    for failure in (RESET, UNAVAILABLE):
        api.fails(method, failure)
        with pytest.raises(OSError, match="can't be reached") as raised:
            await telegram.fetch(read.file)
        assert TOKEN not in str(raised.value)
    assert await telegram.fetch(read.file) == FetchedFile(b"OggS", None)


async def test_a_download_that_is_gone_by_then_is_none(api: BotApi, telegram: Telegram) -> None:
    read = telegram.read(api.update(api.citizen(LAN).sends_voice(b"OggS")))
    assert read is not None
    assert read.file is not None
    api.fails("download", Failure(404, "Not Found"))

    assert await telegram.fetch(read.file) is None


# --- the webhook -------------------------------------------------------------------------------


@contextlib.asynccontextmanager
async def webhook(database: Database, token: str = TOKEN) -> AsyncIterator[httpx.AsyncClient]:
    app = FastAPI()
    app.include_router(make_webhook(database, SECRET, public_id(token)))
    transport = httpx.ASGITransport(app)
    async with httpx.AsyncClient(transport=transport, base_url="http://tram.test") as client:
        yield client


async def post(client: httpx.AsyncClient, update: object) -> int:
    body = update if isinstance(update, bytes) else json.dumps(update).encode()
    answer = await client.post("/webhook/telegram", content=body, headers=HEADERS)
    return answer.status_code


async def test_a_new_bot_that_counts_from_the_same_number_loses_nothing(
    database: Database,
) -> None:
    for token in (TOKEN, "999:its-own-secret-part"):
        async with webhook(database, token) as client:
            assert await post(client, PAYLOADS["text"]) == 200
            assert await post(client, PAYLOADS["text"]) == 200

    def numbers(session: Session) -> list[str]:
        return sorted(session.scalars(sa.select(InboxRow.event_id)))

    number = PAYLOADS["text"]["update_id"]
    assert database.read_now(numbers) == [f"110201543:{number}", f"999:{number}"]


async def test_polling_and_the_webhook_give_an_update_the_same_id(
    api: BotApi, telegram: Telegram, database: Database
) -> None:
    api.citizen(LAN).writes("một")
    async with polling(telegram, database):
        await api.until(lambda: not api.waiting)

    polled = kept(database)
    async with webhook(database) as client:
        assert [await post(client, update) for update in polled] == [200, 200]

    assert texts_kept(database) == ["/start", "một"]


async def test_an_update_is_in_the_database_when_telegram_is_told_so(database: Database) -> None:
    async with webhook(database) as client:
        assert await post(client, PAYLOADS["text"]) == 200

    assert kept(database) == [PAYLOADS["text"]]


async def test_the_same_update_five_times_at_once_is_kept_once(database: Database) -> None:
    async with webhook(database) as client:
        answers = await asyncio.gather(*(post(client, PAYLOADS["text"]) for _ in range(5)))

    assert answers == [200] * 5
    assert len(kept(database)) == 1


async def test_without_the_secret_nothing_is_read_and_nothing_kept(sqlite: Database) -> None:
    async with webhook(sqlite) as client:
        for headers in (
            {},
            {"X-Telegram-Bot-Api-Secret-Token": ""},
            {"X-Telegram-Bot-Api-Secret-Token": SECRET[:-1]},
            {"X-Telegram-Bot-Api-Secret-Token": SECRET + "x"},
            {"X-Telegram-Bot-Api-Secret-Token": "bí mật"},
        ):
            answer = await client.post(
                "/webhook/telegram",
                json=PAYLOADS["text"],
                headers=[(name.encode(), value.encode()) for name, value in headers.items()],
            )
            assert answer.status_code == 403

    assert kept(sqlite) == []


@pytest.mark.parametrize("secret", ["", "với dấu", "with space", "x" * 257])
def test_a_webhook_without_a_secret_is_not_opened(sqlite: Database, secret: str) -> None:
    with pytest.raises(ValueError, match="secret"):
        make_webhook(sqlite, secret, "7")


@pytest.mark.parametrize(
    "body",
    [
        b"",
        b"{",
        b"[" * 100_000,
        b"\xff\xfe\x00",
        b"1" * 5000,
        b"null",
        b"[]",
        b"{}",
        b'{"update_id": "1"}',
        b'{"update_id": true}',
        b'{"update_id": -1}',
        b'{"update_id": 1e400}',
        b'{"update_id": ' + b"9" * 30 + b"}",
    ],
)
async def test_what_is_no_update_is_answered_422(sqlite: Database, body: bytes) -> None:
    async with webhook(sqlite) as client:
        assert await post(client, body) == 422


async def test_a_body_larger_than_any_update_is_answered_413(sqlite: Database) -> None:
    async with webhook(sqlite) as client:
        assert await post(client, b" " * (1024 * 1024) + b"{}") == 413


@pytest.mark.parametrize("name", ["group_text", "channel_post", "poll", "blocked"])
async def test_what_belongs_to_no_citizens_talk_is_accepted_and_not_kept(
    sqlite: Database, name: str
) -> None:
    async with webhook(sqlite) as client:
        assert await post(client, PAYLOADS[name]) == 200

    assert kept(sqlite) == []


async def test_a_database_in_trouble_never_gets_a_false_200(database: Database) -> None:
    async with webhook(database) as client:
        lose(database)
        assert await post(client, PAYLOADS["text"]) == 503
        find_again(database)
        assert await post(client, PAYLOADS["text"]) == 200

    assert kept(database) == [PAYLOADS["text"]]


async def test_half_a_character_and_a_zero_are_kept_as_well_as_may_be(database: Database) -> None:
    body = json.dumps(PAYLOADS["text"]).replace("ch\\u1ed3ng", "\\ud83d ch\\u1ed3ng\\u0000")
    async with webhook(database) as client:
        assert await post(client, body.encode()) == 200

    assert texts_kept(database) == ["? chồng\x00 tôi uống rượu rồi đánh tôi"]


async def test_the_answer_to_a_press_stops_the_buttons_spinner(sqlite: Database) -> None:
    async with webhook(sqlite) as client:
        answer = await client.post("/webhook/telegram", json=PAYLOADS["press"], headers=HEADERS)

    assert answer.json() == {
        "method": "answerCallbackQuery",
        "callback_query_id": PAYLOADS["press"]["callback_query"]["id"],
    }


async def test_telegram_posts_doubled_and_shuffled_updates_and_each_is_kept_once(
    api: BotApi, telegram: Telegram, database: Database
) -> None:
    app = FastAPI()
    app.include_router(make_webhook(database, SECRET, "7"))
    api.times_posted, api.shuffle = 3, dice(3)
    async with serving(app) as url:
        await telegram.set_webhook(f"{url}/", SECRET)
        for word in ("một", "hai", "ba"):
            api.citizen(LAN).writes(word)
            api.citizen(2002).writes(word)
        await api.until(lambda: not api.waiting)
        shown = Sent(1, "Chọn:", inline=((("Có", "7.yes"),),))
        press = api.citizen(LAN).presses("Có", shown)
        await api.until(lambda: [number for number, _ in api.posts].count(press) == 3)

    assert len(api.answered) == 1
    assert {status for _, status in api.posts} == {200}
    texts = [update["message"]["text"] for update in kept(database) if "message" in update]
    assert sorted(texts) == sorted(["/start", "một", "hai", "ba", "một", "hai", "ba"])
    assert len(kept(database)) == 8


async def test_the_webhook_is_announced_with_its_secret_until_telegram_accepts(
    api: BotApi, telegram: Telegram
) -> None:
    api.fails("setWebhook", RESET, UNAVAILABLE, Failure(401, "Unauthorized"))

    await telegram.set_webhook("https://tram.example.vn", SECRET)

    asked = api.called("setWebhook")
    assert len(asked) == 4
    assert asked[-1]["url"] == "https://tram.example.vn/webhook/telegram"
    assert asked[-1]["secret_token"] == SECRET
    assert asked[-1]["allowed_updates"] == [
        "message",
        "edited_message",
        "callback_query",
        "my_chat_member",
    ]
    menu = json.loads(json.dumps(api.called("setMyCommands")[0]["commands"]))
    assert {entry["command"]: entry["description"] for entry in menu} == COMMANDS


# --- polling -----------------------------------------------------------------------------------


@contextlib.asynccontextmanager
async def polling(telegram: Telegram, database: Database) -> AsyncIterator[None]:
    task = asyncio.create_task(telegram.poll(database))
    try:
        yield
    finally:
        task.cancel()
        with contextlib.suppress(asyncio.CancelledError):
            await task


async def test_polling_takes_each_update_once_and_confirms_what_is_committed(
    api: BotApi, telegram: Telegram, database: Database
) -> None:
    lan = api.citizen(LAN)
    lan.writes("một")
    async with polling(telegram, database):
        await api.until(lambda: not api.waiting)
        lan.writes("hai")
        await api.until(lambda: not api.waiting)

    assert texts_kept(database) == ["/start", "một", "hai"]


async def test_polling_begins_by_taking_the_webhook_away(
    api: BotApi, telegram: Telegram, sqlite: Database
) -> None:
    api.posts_to("http://127.0.0.1:1/nobody-there", None)
    async with polling(telegram, sqlite):
        await api.until(lambda: not api.waiting)

    assert api.webhook is None
    assert api.called("getUpdates")[0]["allowed_updates"] == [
        "message",
        "edited_message",
        "callback_query",
        "my_chat_member",
    ]


async def test_nothing_is_confirmed_while_the_database_is_in_trouble(
    api: BotApi, telegram: Telegram, database: Database
) -> None:
    lose(database)
    lan = api.citizen(LAN)
    lan.writes("một")
    async with polling(telegram, database):
        await api.until(lambda: len(api.called("getUpdates")) >= 3)
        assert len(api.waiting) == 2
        find_again(database)
        await api.until(lambda: not api.waiting)

    assert texts_kept(database) == ["/start", "một"]


async def test_polling_outlives_resets_errors_floods_and_a_rival(
    api: BotApi, telegram: Telegram, sqlite: Database
) -> None:
    api.fails("deleteWebhook", RESET, UNAVAILABLE, Failure(404, "Not Found"))
    api.fails(
        "getUpdates",
        RESET,
        UNAVAILABLE,
        Failure(409, "Conflict: terminated by other getUpdates request"),
        Failure(401, "Unauthorized"),
        Failure(200, body=b"not JSON"),
        Failure(200, body=b'{"ok":true,"result":"?"}'),
        Failure(200, body=b'{"ok":true,"result":[]}'),
        Failure(200, body=b'{"ok":true,"result":[{}]}'),
        flood(1),
    )
    async with polling(telegram, sqlite):
        await api.until(lambda: not api.waiting, seconds=10)

    assert texts_kept(sqlite) == ["/start"]


async def test_an_update_that_the_library_can_not_parse_does_not_hold_up_the_next(
    api: BotApi, telegram: Telegram, sqlite: Database
) -> None:
    api.add({"message": PAYLOADS["poll_in_the_chat"]["message"]})
    api.add({"message": {"chat": "?"}})
    api.citizen(LAN).writes("tôi đây")
    async with polling(telegram, sqlite):
        await api.until(lambda: not api.waiting)

    assert [update["message"].get("text") for update in kept(sqlite)] == [
        "/start",
        None,
        "tôi đây",
    ]


async def test_a_press_taken_by_polling_is_answered_and_its_failure_is_harmless(
    api: BotApi, telegram: Telegram, sqlite: Database
) -> None:
    lan = api.citizen(LAN)
    shown = Sent(1, "Chọn:", inline=((("Có", "7.yes"),),))
    api.fails("answerCallbackQuery", Failure(400, "Bad Request: query is too old"))
    async with polling(telegram, sqlite):
        lan.presses("Có", shown)
        await api.until(lambda: len(api.called("answerCallbackQuery")) == 1)
        lan.presses("Có", shown)
        await api.until(lambda: len(api.answered) == 1)

    assert len(kept(sqlite)) == 3


async def test_a_talk_goes_both_ways(api: BotApi, telegram: Telegram, sqlite: Database) -> None:
    lan = api.citizen(2002, "Tư")
    async with polling(telegram, sqlite):
        lan.starts("c32044")
        await api.until(lambda: not api.waiting)
        heard = telegram.read(kept(sqlite)[-1])
        assert heard == said(InboundKind.START, "c32044", address="2002")
        await telegram.send("2002", Outbound("Chào bà con!", YES_NO, serial=1))
        assert (await lan.hears("Chào")).buttons == ["Có", "Không"]


# --- the log -----------------------------------------------------------------------------------


async def test_the_log_shows_neither_the_token_nor_the_citizens_words(
    api: BotApi, sqlite: Database, caplog: pytest.LogCaptureFixture
) -> None:
    words = "0912 345 678 chồng đánh tôi"
    with caplog.at_level(logging.DEBUG):
        async with telegram_of(api) as telegram, polling(telegram, sqlite):
            lan = api.citizen(LAN)
            lan.writes(words)
            api.fails("getUpdates", RESET, Failure(200, body=words.encode()))
            await api.until(lambda: not api.waiting)
            for failure in (
                RESET,
                UNAVAILABLE,
                Failure(200, body=words.encode()),
                Failure(400, f"Bad Request: {words}"),
            ):
                api.fails("sendMessage", failure)
                await telegram.send("1001", Outbound(words))
            await telegram.send("1001", Outbound(words))
            telegram.read({**PAYLOADS["text"], "message": {"chat": lan.chat, "text": words}})
            with contextlib.suppress(OSError):
                await telegram.fetch(RemoteFile("nothing", words, None, None))
        async with telegram_of(api, token="1:another-token") as stranger:
            await stranger.send("1001", Outbound(words))

    assert caplog.records
    everything = "\n".join(
        f"{record.getMessage()} {record.__dict__} {record.exc_text}" for record in caplog.records
    )
    assert TOKEN not in everything
    assert "another-token" not in everything
    assert "0912" not in everything
