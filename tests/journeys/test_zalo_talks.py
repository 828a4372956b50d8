"""Whole talks over Zalo, real HTTP both ways: the Official Account, and the Bot Platform."""

import asyncio
import datetime as dt
from collections.abc import AsyncIterator, Callable
from contextlib import AsyncExitStack
from dataclasses import dataclass
from pathlib import Path

import pytest
import sqlalchemy as sa
from fastapi import FastAPI

from bot.app import make_app
from bot.channels.message import ChannelName
from bot.channels.zalo_bot import ZaloBot
from bot.channels.zalo_bot import make_webhook as make_bot_webhook
from bot.channels.zalo_oa import WEBHOOK_PATH, ZaloOa, make_webhook
from bot.turn import Rooms
from bot.worker import Worker
from cases import queue, talking
from cases.model import Case
from cases.staff import StaffMember
from cases.thread import Author
from store import files
from store.clock import SetClock
from store.outbox import Delivery, OutboxRow
from store.session import Database, Session
from tests.channels.bot_api import serving
from tests.channels.zalo_api import (
    APP_ID,
    APP_SECRET,
    BOT_TOKEN,
    FIRST_REFRESH,
    OA_SECRET,
    BotPlatform,
    Citizen,
    OaApi,
    Pilot,
    Shown,
)
from tests.journeys.server import Server
from tests.journeys.wording import is_said
from tests.photos import SMALL_JPEG

OFFICE = "Chi nhánh Trần Văn Thời"
SECRET = "a-secret_of-the-webhook"
SECONDS = 30.0
"""For one answer; the machine may be busy with other tests."""
PHOTO = SMALL_JPEG + b"so do" * 40
AAC = b"\xff\xf1" + b"voice" * 40


@dataclass
class Phone:
    """A citizen's Zalo, asked by the key of a text."""

    citizen: Citizen | Pilot

    async def hears(self, key: str) -> Shown:
        """The next message that says the text of `key`; those in between are passed over."""
        while True:
            message = await self.citizen.hears(seconds=SECONDS)
            if is_said(key, message.text):
                return message


@dataclass
class Line:
    """The whole of Tràm behind Zalo."""

    api: OaApi
    database: Database

    def phone(self) -> tuple[Citizen, Phone]:
        lan = self.api.citizen()
        return lan, Phone(lan)


async def until(database: Database, looks: Callable[[Session], bool]) -> None:
    """Wait until the database shows something."""
    async with asyncio.timeout(SECONDS):
        while not await database.read(looks):  # noqa: ASYNC110 - a database tells nobody
            await asyncio.sleep(0.02)


async def claims(database: Database, officer: StaffMember) -> Case:
    case = await database.read(lambda session: session.scalars(sa.select(Case)).one())
    await database.transact(lambda s: queue.claim(s, officer, case.id, OFFICE))
    return case


async def replies(
    database: Database, officer: StaffMember, case: Case, text: str, file_id: str | None = None
) -> None:
    await database.transact(
        lambda s: talking.reply(s, officer, case.id, text, OFFICE, file_id=file_id)
    )


def last_word(session: Session, case: Case) -> str | None:
    return talking.thread(session, case)[-1].open(session.vault, "body")


@pytest.fixture
async def line(database: Database, rooms: Rooms) -> AsyncIterator[Line]:
    async with AsyncExitStack() as stack:
        api = await stack.enter_async_context(OaApi())
        zalo = ZaloOa(
            database,
            app_id=APP_ID,
            app_secret=APP_SECRET,
            refresh_token=FIRST_REFRESH,
            api_url=api.url,
            oauth_url=api.url,
            public_url=api.url,
        )
        await stack.enter_async_context(zalo)
        worker = Worker(database, rooms, {ChannelName.ZALO_OA: zalo})
        working = asyncio.create_task(worker.run())
        app = make_app(database, FastAPI(), make_webhook(database, app_id=APP_ID, secret=OA_SECRET))
        await api.saves_webhook(await stack.enter_async_context(serving(app)) + WEBHOOK_PATH)
        try:
            yield Line(api, database)
        finally:
            worker.stop()
            await asyncio.gather(working, return_exceptions=True)


# --- three talks over the Official Account -------------------------------------------------------


async def test_a_trouble_told_is_screened_routed_claimed_and_answered(
    line: Line, officer: StaffMember
) -> None:
    lan, phone = line.phone()
    lan.follows()
    lan.writes("Chào")
    hello = await phone.hears("welcome.hello")
    assert "Gặp cán bộ" in hello.labels

    lan.writes(
        "Nhà tôi hộ nghèo ở xã Đá Bạc. Hàng xóm lấn ranh đất hơn hai mét, nói hoài không trả."
    )
    told = await phone.hears("outcome.likely")
    assert "khoản 2" in told.text
    lan.presses("Gửi yêu cầu cho cán bộ")
    await phone.hears("request.helped.ask")
    lan.presses("Chưa có ai")
    await phone.hears("request.consent.ask")
    lan.presses("Đồng ý gửi")
    await phone.hears("request.opened.head")
    await line.api.until(
        lambda: line.api.shown[lan.user_id][-1].kind == "request_user_info", SECONDS
    )
    lan.gives_their_number("84912345678")
    await phone.hears("request.hours.ask")
    lan.presses("Buổi trưa")
    assert "…678" in (await phone.hears("request.hours.done")).text

    case = await claims(line.database, officer)
    assert (case.office_id, case.channel) == ("tran-van-thoi", "zalo_oa")
    await phone.hears("case.claimed")
    await replies(line.database, officer, case, "Chị đem sổ đỏ theo nha.")
    answer = await phone.hears("case.header")
    assert answer.text.endswith("Chị đem sổ đỏ theo nha.")
    await until(line.database, lambda s: how_it_went(s)[0] is Delivery.SENT)
    lan.looks(answer)
    await until(line.database, lambda s: how_it_went(s) == (Delivery.SENT, "seen"))
    lan.writes("Dạ, em tới liền.")
    await until(line.database, lambda s: last_word(s, case) == "Dạ, em tới liền.")


def how_it_went(session: Session) -> tuple[Delivery, str | None]:
    """What the desk shows of the officer's words."""
    row = session.scalars(sa.select(OutboxRow).where(OutboxRow.thread_entry_id.is_not(None))).one()
    return row.state, row.reason


async def test_a_question_is_answered_with_its_source_in_spite_of_a_bad_day(line: Line) -> None:
    lan, phone = line.phone()
    line.api.times_posted = 2
    lan.writes("vay tien nguoi ta lai suat toi da bao nhieu")

    answer = await lan.hears("468", seconds=SECONDS)

    assert "Bộ luật Dân sự" in answer.text
    assert len(answer.text) <= 2000
    lan.speaks(AAC)
    await phone.hears("always.voice")
    lan.sends_sticker()
    await phone.hears("always.sticker")
    lan.sends_file(b"%PDF-1.7", "so do.pdf", size=30_000_000)
    await phone.hears("always.too_large")
    said = [one.text for one in line.api.shown[lan.user_id]]
    assert sum("468" in text for text in said) == 1


async def test_a_person_is_asked_for_a_photo_and_a_paper_pass_and_the_window_closes(
    line: Line, officer: StaffMember, clock: SetClock
) -> None:
    lan, phone = line.phone()
    lan.writes("gặp cán bộ")
    where = await phone.hears("request.place.ask")
    assert "📍 Gửi vị trí" not in where.labels  # the platform has no such control; pins arrive
    lan.shares_location("9.0392", "104.8342")
    await phone.hears("request.story.ask")
    lan.presses("Nói với cán bộ sau")
    await phone.hears("request.consent.ask")
    lan.presses("Đồng ý gửi")
    await phone.hears("request.phone.ask")
    lan.presses("Không để lại số")
    await phone.hears("request.phone.refused")
    case = await claims(line.database, officer)
    assert case.office_id == "tran-van-thoi"
    await phone.hears("case.claimed")

    lan.sends_photo(PHOTO, "sổ đỏ của tôi")
    await until(line.database, lambda s: last_word(s, case) == "sổ đỏ của tôi")

    def photo(session: Session) -> bytes | None:
        entry = talking.thread(session, case)[-1]
        return session.get_one(files.StoredFile, entry.file_id).open_bytes(session.vault, "content")

    assert await line.database.read(photo) == PHOTO

    def keep(session: Session) -> str:
        paper = b"%PDF-1.7 don"
        return files.keep(
            session, paper, media_type="application/pdf", name="don.pdf", conversation_id=None
        ).id

    file_id = await line.database.transact(keep)
    await replies(line.database, officer, case, "Chị ký đơn này nha.", file_id)
    assert (await phone.hears("case.header")).text.endswith("Chị ký đơn này nha.")
    (paper,) = [one for one in line.api.shown[lan.user_id] if one.kind == "file"]
    assert (paper.name, paper.content) == ("don.pdf", b"%PDF-1.7 don")

    line.api.forward(24 * 8)
    clock.forward(dt.timedelta(days=8))
    await replies(line.database, officer, case, "Chị ký chưa?")

    def refused(session: Session) -> bool:
        rows = session.execute(
            sa.select(OutboxRow.state, OutboxRow.reason).where(
                OutboxRow.thread_entry_id.is_not(None)
            )
        )
        return (Delivery.REFUSED, "window closed") in [tuple(row) for row in rows]

    await until(line.database, refused)


async def test_a_killed_server_loses_no_event_and_needs_no_new_tokens(tmp_path: Path) -> None:
    async with OaApi() as api:
        server = Server(
            tmp_path,
            zalo_oa_app_id=APP_ID,
            zalo_oa_app_secret=APP_SECRET,
            zalo_oa_webhook_secret=OA_SECRET,
            zalo_oa_refresh_token=FIRST_REFRESH,
            zalo_oa_api_url=api.url,
            zalo_oa_oauth_url=api.url,
        )
        lan = api.citizen()
        phone = Phone(lan)
        try:
            await asyncio.to_thread(server.start)
            await api.saves_webhook(server.url + WEBHOOK_PATH)
            lan.writes("Chào")
            await phone.hears("welcome.hello")
            server.kill()
            lan.writes("vay tien nguoi ta lai suat toi da bao nhieu")
            await api.until(lambda: api.posts[-1] == ("user_send_text", 0), SECONDS)
            await asyncio.to_thread(server.start)
            assert "Bộ luật Dân sự" in (await lan.hears("468", seconds=SECONDS)).text
        finally:
            server.close()

    assert api.refreshed == 1


# --- choices -------------------------------------------------------------------------------------


async def test_more_choices_than_buttons_are_shown_on_demand(line: Line) -> None:
    lan, phone = line.phone()
    lan.writes("gặp cán bộ")
    await phone.hears("request.place.ask")
    lan.writes("huyện Trần Văn Thời")
    first = await phone.hears("request.place.which")
    assert len(first.labels) == 5

    shown, page = list(first.labels), first
    while page.labels[-1] == "Thêm…":
        lan.presses("Thêm…", page)
        page = await phone.hears("choices.rest")
        shown += page.labels
    lan.presses("xã Đá Bạc", first)  # the question is still the same

    await phone.hears("request.story.ask")
    communes = [label for label in shown if label != "Thêm…"]
    assert len(communes) == len({*communes}) > 5


async def test_boxes_are_chosen_by_their_numbers_in_one_message(line: Line) -> None:
    lan, phone = line.phone()
    lan.writes("Chào")
    await phone.hears("welcome.hello")
    lan.presses("Tôi có được giúp miễn phí không?")
    await phone.hears("screening.household.ask")
    lan.presses("Không có")
    await phone.hears("screening.age.ask")
    lan.writes("30")
    boxes = await phone.hears("choices.several")
    assert "1. ☐ " in boxes.text
    assert boxes.labels[0] == "Xong"

    lan.writes("1, 2")

    answer = await lan.hears(seconds=SECONDS)
    assert not is_said("choices.several", answer.text)


# --- a talk over the Bot Platform ----------------------------------------------------------------


@pytest.fixture(params=[("sqlite", "polling"), ("postgres", "webhook")], ids="-".join)
def setting(request: pytest.FixtureRequest) -> tuple[str, str]:
    """The database, and how updates come: both of each, without trying every pair."""
    chosen: tuple[str, str] = request.param
    return chosen


async def test_a_pilot_talks_by_numbers_until_an_officer_answers(
    setting: tuple[str, str],
    request: pytest.FixtureRequest,
    rooms: Rooms,
) -> None:
    database: Database = request.getfixturevalue(setting[0])
    async with AsyncExitStack() as stack:
        platform = await stack.enter_async_context(BotPlatform())
        bot = await stack.enter_async_context(ZaloBot(BOT_TOKEN, platform.url, first_pause=0.02))
        worker = Worker(database, rooms, {ChannelName.ZALO_BOT: bot})
        tasks = [asyncio.create_task(worker.run())]
        if setting[1] == "polling":
            tasks.append(asyncio.create_task(bot.poll(database)))
        else:
            app = make_app(database, FastAPI(), make_bot_webhook(database, SECRET))
            await bot.set_webhook(await stack.enter_async_context(serving(app)), SECRET)
        try:
            await _talk_by_numbers(platform, database)
        finally:
            worker.stop()
            for task in tasks[1:]:
                task.cancel()
            await asyncio.gather(*tasks, return_exceptions=True)


def number_of(label: str, message: Shown) -> str:
    """What to type for a choice."""
    for one in message.text.splitlines():
        number, _, words = one.partition(". ")
        if words == label:
            return number
    raise AssertionError(f"there is no {label!r} in {message.text!r}")


async def _talk_by_numbers(platform: BotPlatform, database: Database) -> None:
    lan = platform.citizen()
    phone = Phone(lan)
    lan.writes("Chào")
    hello = await phone.hears("welcome.hello")
    lan.writes(number_of("Gặp cán bộ", hello))
    await phone.hears("request.place.ask")
    lan.writes("xã Đá Bạc")
    story = await phone.hears("request.story.ask")
    lan.writes(number_of("Nói với cán bộ sau", story))
    consent = await phone.hears("request.consent.ask")
    lan.writes(number_of("Đồng ý gửi", consent))
    await phone.hears("request.opened.head")
    await phone.hears("request.phone.ask")
    lan.writes("0912 345 678")
    hours = await phone.hears("request.hours.ask")
    lan.writes(number_of("Buổi trưa", hours))
    await phone.hears("request.hours.done")

    case = await database.read(lambda session: session.scalars(sa.select(Case)).one())
    assert case.channel == "zalo_bot"
    authors = await database.read(lambda s: {e.author for e in talking.thread(s, case)})
    assert Author.CITIZEN in authors
