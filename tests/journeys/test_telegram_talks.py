"""The talks of a first visitor over Telegram: real HTTP both ways, by polling and by webhook."""

import asyncio
from collections.abc import AsyncIterator, Callable
from contextlib import AsyncExitStack
from dataclasses import dataclass
from typing import Any

import pytest
import sqlalchemy as sa
from fastapi import FastAPI

from bot.app import make_app
from bot.channels.message import ChannelName
from bot.channels.telegram import Telegram, make_webhook, public_id
from bot.turn import Rooms
from bot.worker import Worker
from cases import queue, talking
from cases.life import CaseState
from cases.model import Case
from cases.staff import StaffMember
from cases.thread import Author
from store import files
from store.outbox import Delivery, OutboxRow
from store.session import Database, Session
from tests.channels.bot_api import BotApi, Citizen, Sent, serving
from tests.journeys.wording import is_said
from tests.photos import SMALL_JPEG

SECRET = "a-secret_of-the-webhook"
OFFICE = "Chi nhánh Trần Văn Thời"
SECONDS = 30.0
"""For one answer; the machine may be busy with other tests."""
PHOTO = SMALL_JPEG + b"so do" * 40


@dataclass
class Phone:
    """A citizen's Telegram, asked by the key of a text."""

    citizen: Citizen

    async def hears(self, key: str) -> Sent:
        """The next message that says the text of `key`; those in between are passed over."""
        while True:
            message = await self.citizen.hears(seconds=SECONDS)
            if is_said(key, message.text):
                return message


@dataclass
class Line:
    """The whole of Tràm behind a Bot API server."""

    api: BotApi
    database: Database

    def phone(self, chat_id: int = 1001) -> Phone:
        return Phone(self.api.citizen(chat_id))

    async def the_case(self) -> Case:
        return await self.database.read(lambda session: session.scalars(sa.select(Case)).one())

    async def thread(self, case: Case) -> list[tuple[Author, str]]:
        def load(session: Session) -> list[tuple[Author, str]]:
            entries = talking.thread(session, case)
            return [(entry.author, entry.open(session.vault, "body") or "") for entry in entries]

        return await self.database.read(load)

    async def until(self, looks: Callable[[Session], bool]) -> None:
        """Wait until the database shows something."""
        async with asyncio.timeout(SECONDS):
            while not await self.database.read(looks):  # noqa: ASYNC110 - a database tells nobody
                await asyncio.sleep(0.02)


@pytest.fixture(params=[("sqlite", "polling"), ("postgres", "webhook")], ids="-".join)
def setting(request: pytest.FixtureRequest) -> tuple[str, str]:
    """The database, and how updates come: both of each, without trying every pair."""
    chosen: tuple[str, str] = request.param
    return chosen


@pytest.fixture
def database(setting: tuple[str, str], request: pytest.FixtureRequest) -> Database:
    chosen: Database = request.getfixturevalue(setting[0])
    return chosen


@pytest.fixture
async def line(setting: tuple[str, str], database: Database, rooms: Rooms) -> AsyncIterator[Line]:
    async with AsyncExitStack() as stack:
        api = await stack.enter_async_context(BotApi())
        telegram = Telegram(api.token, api.url, seconds_per_chat=0.0, first_pause=0.02)
        await stack.enter_async_context(telegram)
        worker = Worker(database, rooms, {ChannelName.TELEGRAM: telegram})
        tasks = [asyncio.create_task(worker.run())]
        if setting[1] == "polling":
            tasks.append(asyncio.create_task(telegram.poll(database)))
        else:
            app = make_app(
                database, FastAPI(), make_webhook(database, SECRET, public_id(api.token))
            )
            await telegram.set_webhook(await stack.enter_async_context(serving(app)), SECRET)
        try:
            yield Line(api, database)
        finally:
            worker.stop()
            for task in tasks[1:]:
                task.cancel()
            await asyncio.gather(*tasks, return_exceptions=True)


async def claims(line: Line, officer: StaffMember) -> Case:
    case = await line.the_case()
    await line.database.transact(lambda s: queue.claim(s, officer, case.id, OFFICE))
    return case


async def replies(line: Line, officer: StaffMember, case: Case, text: str, **more: Any) -> None:
    await line.database.transact(lambda s: talking.reply(s, officer, case.id, text, OFFICE, **more))


# --- the three talks -----------------------------------------------------------------------------


async def test_a_trouble_told_is_screened_routed_claimed_and_answered(
    line: Line, officer: StaffMember
) -> None:
    lan = line.phone()
    lan.citizen.starts()
    hello = await lan.hears("welcome.hello")
    assert "Gặp cán bộ" in hello.buttons

    lan.citizen.writes(
        "Nhà tôi hộ nghèo ở xã Đá Bạc. Hàng xóm lấn ranh đất hơn hai mét, nói hoài không trả."
    )
    told = await lan.hears("outcome.likely")
    assert "khoản 2" in told.text
    lan.citizen.presses("Gửi yêu cầu cho cán bộ")
    await lan.hears("request.helped.ask")
    lan.citizen.presses("Chưa có ai")
    await lan.hears("request.consent.ask")
    lan.citizen.presses("Đồng ý gửi")
    await lan.hears("request.opened.head")
    asked = await lan.hears("request.phone.ask")
    assert list(asked.requests.values()) == ["contact"]
    lan.citizen.shares_contact("+84912345678")
    await lan.hears("request.hours.ask")
    lan.citizen.presses("Buổi trưa")
    done = await lan.hears("request.hours.done")
    assert "…678" in done.text

    case = await claims(line, officer)
    assert (case.office_id, case.channel) == ("tran-van-thoi", "telegram")
    await lan.hears("case.claimed")
    await replies(line, officer, case, "Chị đem sổ đỏ theo nha.")
    assert (await lan.hears("case.header")).text.endswith("Chị đem sổ đỏ theo nha.")
    lan.citizen.writes("Dạ, em tới liền.")
    await line.until(lambda s: _last(s, case) == "Dạ, em tới liền.")
    assert (Author.CITIZEN, "Dạ, em tới liền.") in await line.thread(case)


def _last(session: Session, case: Case) -> str | None:
    return talking.thread(session, case)[-1].open(session.vault, "body")


async def test_a_question_is_answered_with_its_source(line: Line) -> None:
    lan = line.phone()
    lan.citizen.starts()
    await lan.hears("welcome.hello")

    lan.citizen.writes("vay tien nguoi ta lai suat toi da bao nhieu")

    answer = await lan.citizen.hears("468", seconds=SECONDS)
    assert "Bộ luật Dân sự" in answer.text
    assert "Gặp cán bộ" in answer.buttons


async def test_a_person_is_asked_for_and_telegrams_own_button_says_where(
    line: Line, officer: StaffMember
) -> None:
    lan = line.phone()
    lan.citizen.starts()
    await lan.hears("welcome.hello")

    lan.citizen.presses("Gặp cán bộ")
    where = await lan.hears("request.place.ask")
    assert list(where.requests.values()) == ["location"]
    assert where.one_time
    lan.citizen.shares_location(9.0392, 104.8342)
    story = await lan.hears("request.story.ask")
    assert story.keyboard == ()
    lan.citizen.presses("Nói với cán bộ sau")
    await lan.hears("request.consent.ask")
    lan.citizen.presses("Đồng ý gửi")
    await lan.hears("request.opened.head")

    case = await line.the_case()
    assert (case.office_id, case.state) == ("tran-van-thoi", CaseState.WAITING)


# --- taps ----------------------------------------------------------------------------------------


async def test_stale_and_double_taps_say_nothing_twice_and_lose_nothing(
    line: Line, officer: StaffMember
) -> None:
    lan = line.phone()
    lan.citizen.starts()
    hello = await lan.hears("welcome.hello")
    for _ in range(3):
        lan.citizen.presses("Gặp cán bộ", hello)
    await lan.hears("request.place.ask")
    lan.citizen.writes("xã Đá Bạc")
    story = await lan.hears("request.story.ask")
    for _ in range(2):
        lan.citizen.presses("Nói với cán bộ sau", story)
    consent = await lan.hears("request.consent.ask")
    lan.citizen.presses_data(f"{story.inline[0][0][1].partition('.')[0]}.skip", story)
    await lan.hears("always.stale")
    again = await lan.hears("request.consent.ask")
    for message in (again, again, consent):
        lan.citizen.presses("Đồng ý gửi", message)
    await lan.hears("request.opened.head")
    lan.citizen.writes("vay tien nguoi ta lai suat toi da bao nhieu")
    await lan.citizen.hears("468", seconds=SECONDS)

    texts = [message.text for message in line.api.shown[1001]]
    for key in ("request.begin", "request.story.ask", "request.opened.head"):
        assert sum(is_said(key, text) for text in texts) == 1, key
    await line.the_case()  # there is exactly one
    await line.api.until(lambda: len(line.api.answered) == 9, SECONDS)  # no spinner goes on


async def test_forged_presses_lead_to_the_menu(line: Line) -> None:
    lan = line.phone()
    lan.citizen.starts()
    await lan.hears("welcome.hello")

    for data in ("", "x", "1.", "99999999999.go:person", "1.nothing", "1.a:nothing", "🙂"):
        lan.citizen.presses_data(data)
        assert "Gặp cán bộ" in (await lan.hears("welcome.menu")).buttons


# --- what is not words ---------------------------------------------------------------------------


async def test_what_tram_can_not_read_is_told_kindly_and_a_large_file_is_never_fetched(
    line: Line,
) -> None:
    lan = line.phone()
    lan.citizen.starts()
    await lan.hears("welcome.hello")

    lan.citizen.sends_sticker()
    await lan.hears("always.sticker")
    lan.citizen.sends_voice(b"OggS" + bytes(400))
    await lan.hears("always.voice")
    fetched = len(line.api.called("getFile"))
    lan.citizen.sends_document(b"%PDF-1.7", "so do.pdf", size=30_000_000)
    await lan.hears("always.too_large")
    assert len(line.api.called("getFile")) == fetched
    lan.citizen.writes("vay tien nguoi ta lai suat toi da bao nhieu")
    await lan.citizen.hears("468", seconds=SECONDS)


async def held(line: Line, officer: StaffMember) -> tuple[Phone, Case]:
    """A citizen whose request an officer has claimed."""
    lan = line.phone()
    lan.citizen.writes("gặp cán bộ")
    await lan.hears("request.place.ask")
    lan.citizen.writes("xã Đá Bạc")
    await lan.hears("request.story.ask")
    lan.citizen.presses("Nói với cán bộ sau")
    await lan.hears("request.consent.ask")
    lan.citizen.presses("Đồng ý gửi")
    await lan.hears("request.phone.ask")
    lan.citizen.presses("Không để lại số")
    await lan.hears("request.phone.refused")
    case = await claims(line, officer)
    await lan.hears("case.claimed")
    return lan, case


async def test_a_photo_goes_to_the_office_and_the_officers_paper_comes_back(
    line: Line, officer: StaffMember
) -> None:
    lan, case = await held(line, officer)

    lan.citizen.sends_photo(PHOTO, "sổ đỏ của tôi")
    await line.until(lambda s: _last(s, case) == "sổ đỏ của tôi")

    def photo(session: Session) -> bytes | None:
        entry = talking.thread(session, case)[-1]
        kept = session.get_one(files.StoredFile, entry.file_id)
        return kept.open_bytes(session.vault, "content")

    assert await line.database.read(photo) == PHOTO

    def keep(session: Session) -> str:
        return files.keep(
            session,
            b"%PDF-1.7 don",
            media_type="application/pdf",
            name="don-yeu-cau.pdf",
            conversation_id=None,
        ).id

    file_id = await line.database.transact(keep)
    await replies(line, officer, case, "Chị ký đơn này nha.", file_id=file_id)
    paper = await lan.hears("case.header")
    assert (paper.file_kind, paper.file_name) == ("document", "don-yeu-cau.pdf")
    assert paper.content == b"%PDF-1.7 don"
    assert paper.text.endswith("Chị ký đơn này nha.")


async def test_an_officers_words_to_somebody_who_blocked_the_bot_show_as_refused(
    line: Line, officer: StaffMember
) -> None:
    lan = line.phone()
    lan.citizen.writes("gặp cán bộ")
    await lan.hears("request.place.ask")
    lan.citizen.writes("xã Đá Bạc")
    await lan.hears("request.story.ask")
    lan.citizen.presses("Nói với cán bộ sau")
    await lan.hears("request.consent.ask")
    lan.citizen.presses("Đồng ý gửi")
    await lan.hears("request.phone.ask")
    case = await claims(line, officer)
    await lan.hears("case.claimed")

    lan.citizen.blocks()
    await replies(line, officer, case, "Chào chị.")

    def refused(session: Session) -> bool:
        row = session.scalars(
            sa.select(OutboxRow).where(OutboxRow.thread_entry_id.is_not(None))
        ).one()
        return (row.state, row.reason) == (Delivery.REFUSED, "blocked")

    await line.until(refused)
