"""Whatever is sent: a clear and kind answer, nothing lost, nothing doubled, no words in a log."""

import asyncio
import datetime as dt
import logging
import unicodedata
from collections.abc import Mapping
from typing import Any

import pytest
import sqlalchemy as sa
from pydantic import BaseModel, ValidationError

from bot import inbox, transcript
from bot.channels.message import FetchedFile, Inbound, Outbound, RawEvent, RemoteFile
from bot.conversations import Conversation, find
from bot.inbox import InboxRow, InboxState
from bot.transcript import Direction, Shown, ShownButton
from bot.turn import Rooms
from bot.worker import MOST_ATTEMPTS, Worker
from cases.model import Case
from cases.speech import Choice, Line, Say, Verbatim
from cases.staff import StaffMember
from store.clock import SetClock
from store.files import MAX_BYTES
from store.session import Database, Session
from tests.journeys.conftest import Citizen, ListeningChannel, labels, said
from tests.journeys.wording import is_said

A_MINUTE = dt.timedelta(minutes=1)

INJECTIONS = (
    "<script>alert(document.cookie)</script>",
    "{blank}",
    "{0.__class__.__mro__}",
    "%s %(text)s %n",
    "'; DROP TABLE conversations; --",
    "${jndi:ldap://x.invalid/a}",
    "../../../../etc/passwd",
)


def words_of_citizen(citizen: Citizen) -> list[str]:
    """What the citizen said, as the talk keeps it."""

    def load(session: Session) -> list[str]:
        talk = find(session, citizen.channel.name, citizen.address)
        assert talk is not None
        rows = transcript.after(session, talk.id)
        return [
            transcript.shown(session, row).text for row in rows if row.direction is Direction.IN
        ]

    return citizen.database.read_now(load)


def inbox_rows(database: Database) -> list[tuple[InboxState, bool]]:
    """Of every event: its state, and whether its body is still kept."""

    def load(session: Session) -> list[tuple[InboxState, bool]]:
        rows = session.scalars(sa.select(InboxRow).order_by(InboxRow.conversation_id, InboxRow.seq))
        return [(row.state, row.body is not None) for row in rows]

    return database.read_now(load)


def count_cases(database: Database) -> int:
    return database.read_now(
        lambda session: session.scalar(sa.select(sa.func.count()).select_from(Case)) or 0
    )


async def fails_for_good(citizen: Citizen, clock: SetClock) -> list[Outbound]:
    """Let every attempt happen, a minute apart."""
    heard = await citizen.reads()
    for _ in range(MOST_ATTEMPTS - 1):
        clock.forward(A_MINUTE)
        heard += await citizen.reads()
    return heard


class Noting(ListeningChannel):
    """Notes which files were asked for."""

    def __init__(self) -> None:
        super().__init__()
        self.fetched: list[str] = []

    async def fetch(self, file: RemoteFile) -> FetchedFile | None:
        self.fetched.append(file.reference)
        return await super().fetch(file)


# --- odd messages ------------------------------------------------------------------------------


@pytest.mark.parametrize("text", ["", "  \n\t ", "😭😭😭", "👍", "...", "​‍﻿", "\x00\x07"])
async def test_what_holds_no_word_is_told_so_and_the_talk_goes_on(
    citizen: Citizen, text: str
) -> None:
    await citizen.starts()

    (answer,) = await citizen.writes(text)
    assert is_said("always.empty", answer.text)

    (going_on,) = await citizen.writes("vay tien nguoi ta lai suat toi da bao nhieu")
    assert "Bộ luật Dân sự 2015, Điều" in going_on.text


async def test_an_empty_message_in_a_form_is_told_so_and_the_same_question_stays(
    citizen: Citizen,
) -> None:
    await citizen.starts()
    await citizen.presses("Gặp cán bộ")

    told, question = await citizen.writes("😭")

    assert is_said("always.empty", told.text)
    assert is_said("request.place.ask", question.text)
    assert citizen.state().step == "request.place"


async def test_a_sticker_is_answered_kindly(citizen: Citizen) -> None:
    await citizen.starts()

    (answer,) = await citizen.event(kind="sticker")

    assert is_said("always.sticker", answer.text)


async def test_a_voice_message_is_kept_and_told_that_it_was_not_heard(
    citizen: Citizen, channel: ListeningChannel
) -> None:
    channel.files["v1"] = FetchedFile(b"OggS" + bytes(500), None)
    await citizen.starts()

    (answer,) = await citizen.event(
        kind="voice", file={"reference": "v1", "name": None, "media_type": None, "size": 504}
    )

    assert is_said("always.voice", answer.text)


async def test_ten_thousand_characters_are_read_answered_and_kept_whole(citizen: Citizen) -> None:
    story = "Nhà tôi hộ nghèo, hàng xóm lấn ranh đất. " * 250
    await citizen.starts()

    answer = await citizen.writes(story)

    assert "hộ nghèo" in said(answer)
    assert words_of_citizen(citizen) == [story]


async def test_decomposed_letters_are_understood_like_composed_ones(citizen: Citizen) -> None:
    story = "Nhà tôi hộ nghèo ở xã Đá Bạc, bị lấn ranh đất hơn hai mét, nói hoài không trả."
    await citizen.starts()

    told = said(await citizen.writes(unicodedata.normalize("NFD", story)))

    assert "xã Đá Bạc" in told
    assert "Điều 7 khoản 2" in told
    assert unicodedata.is_normalized("NFC", told)


async def test_mixed_scripts_are_read_as_far_as_they_can_be(citizen: Citizen) -> None:
    await citizen.starts()

    told = await citizen.writes("Tôi bị mất đất ដីរបស់ខ្ញុំ 土地 أرض ở xã Đá Bạc")

    assert "xã Đá Bạc" in said(told)


@pytest.mark.parametrize("text", INJECTIONS)
async def test_code_in_a_message_is_only_words(citizen: Citizen, text: str) -> None:
    await citizen.starts()

    heard = await citizen.writes(text)

    assert heard
    assert not is_said("always.failed", said(heard))
    assert text not in said(heard)
    assert words_of_citizen(citizen) == [text]


@pytest.mark.parametrize("text", INJECTIONS)
async def test_code_that_is_said_back_comes_back_as_it_was_written(
    citizen: Citizen, officer: StaffMember, text: str
) -> None:
    await citizen.starts()
    await citizen.presses("Gặp cán bộ")
    await citizen.presses("Bỏ qua")
    await citizen.presses("Nói với cán bộ sau")
    await citizen.presses("Đồng ý gửi")
    await citizen.writes("0912 345 678")

    told = await citizen.writes(text)

    assert is_said("request.hours.done", said(told))
    assert text in said(told)


# --- buttons -----------------------------------------------------------------------------------


async def test_a_button_of_an_earlier_question_is_stale_and_the_present_one_is_asked(
    citizen: Citizen,
) -> None:
    await citizen.starts()
    (where,) = [m for m in await citizen.presses("Gặp cán bộ") if m.buttons]
    await citizen.presses("Bỏ qua")
    await citizen.presses("Nói với cán bộ sau")
    before = citizen.state()

    told, question = await citizen.event(kind="button", text="skip", button_serial=where.serial)

    assert is_said("always.stale", told.text)
    assert is_said("request.consent.ask", question.text)
    assert citizen.state().step == before.step
    assert citizen.state().facts == before.facts


async def test_a_double_tap_answers_once_and_opens_one_request(
    citizen: Citizen, officer: StaffMember, database: Database
) -> None:
    await citizen.starts()
    await citizen.presses("Gặp cán bộ")
    await citizen.presses("Bỏ qua")
    (consent,) = await citizen.presses("Nói với cán bộ sau")
    for _ in range(2):
        citizen.receive(kind="button", text="agree", button_serial=consent.serial)

    heard = await citizen.reads()

    assert said(heard).count("Mã hồ sơ:") == 1
    assert count_cases(database) == 1
    assert await citizen.event(kind="button", text="agree", button_serial=consent.serial) == []


@pytest.mark.parametrize(
    "key",
    [
        "",
        "xyz",
        "xyz:zzz",
        "go:nowhere",
        "a:nothing",
        "d:nothing",
        "f:nothing",
        "lang:xx",
        "x" * 900,
    ],
)
async def test_an_unknown_button_leads_to_the_menu(citizen: Citizen, key: str) -> None:
    await citizen.starts()

    for serial in (None, 0, 1, 99):
        (answer,) = await citizen.event(kind="button", text=key, button_serial=serial)
        assert "Gặp cán bộ" in labels(answer)


# --- files -------------------------------------------------------------------------------------


async def test_a_file_of_30_mb_is_declined_kindly_and_never_fetched(
    database: Database, rooms: Rooms
) -> None:
    channel = Noting()
    citizen = Citizen(database, Worker(database, rooms, {channel.name: channel}), channel)
    await citizen.starts()
    large = {"reference": "f1", "name": "so do.pdf", "media_type": None, "size": 30_000_000}

    (answer,) = await citizen.event(kind="file", file=large, too_large=True)

    assert is_said("always.too_large", answer.text)
    assert channel.fetched == []


async def test_a_file_that_turns_out_too_large_is_declined_kindly(
    citizen: Citizen, channel: ListeningChannel
) -> None:
    channel.files["f1"] = FetchedFile(b"%PDF-" + bytes(MAX_BYTES), "so do.pdf")
    await citizen.starts()

    (answer,) = await citizen.event(
        kind="file", file={"reference": "f1", "name": None, "media_type": None, "size": None}
    )

    assert is_said("always.too_large", answer.text)


# --- twice, and at once ------------------------------------------------------------------------


async def test_the_same_update_five_times_counts_once(citizen: Citizen) -> None:
    await citizen.starts()

    new = [citizen.receive("u7", kind="text", text="ly hôn") for _ in range(5)]
    heard = await citizen.reads()

    assert new == [True, False, False, False, False]
    assert len(heard) == 1
    assert words_of_citizen(citizen) == ["ly hôn"]
    assert citizen.receive("u7", kind="text", text="ly hôn") is False
    assert await citizen.reads() == []


async def test_the_same_first_update_five_times_at_once_opens_one_talk(
    citizen: Citizen, database: Database
) -> None:
    event = RawEvent(
        citizen.channel.name,
        "u1",
        citizen.address,
        {"channel": citizen.channel.name, "address": citizen.address, "kind": "start"},
    )
    new = await asyncio.gather(
        *(database.transact(lambda session: inbox.accept(session, event)) for _ in range(5))
    )

    assert sorted(new) == [False, False, False, False, True]
    assert len(await citizen.reads()) == 1


async def test_messages_sent_at_once_are_answered_in_order_each_once(
    citizen: Citizen, worker: Worker
) -> None:
    await citizen.starts()
    texts = ["gặp cán bộ", "xã Đá Bạc", "Hàng xóm lấn ranh đất của tôi hơn hai mét, nói không trả"]
    for text in texts:
        citizen.receive(kind="text", text=text)

    await asyncio.gather(*(worker.answer_one() for _ in range(12)))
    heard = await citizen.reads()

    assert words_of_citizen(citizen) == texts
    where, story, helped = (message.text for message in heard)
    assert is_said("request.begin", where)
    assert is_said("request.place.ask", where)
    assert is_said("request.story.ask", story)
    assert is_said("request.helped.ask", helped)


# --- what nobody foresaw -----------------------------------------------------------------------


async def test_an_event_that_says_nothing_is_passed_over(
    citizen: Citizen, database: Database
) -> None:
    await citizen.starts()

    assert await citizen.event(kind="nonsense") == []
    assert inbox_rows(database) == [(InboxState.DONE, False), (InboxState.DONE, False)]


async def test_an_event_that_cannot_be_read_is_kept_told_kindly_and_stays_out_of_the_log(
    citizen: Citizen, database: Database, clock: SetClock, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.DEBUG, "bot")
    await citizen.starts()
    citizen.receive(kind="poison", text="chị Bảy kể chuyện")
    citizen.receive(kind="text", text="vay tien nguoi ta lai suat toi da bao nhieu")

    sorry, answer = await fails_for_good(citizen, clock)

    def error_id(session: Session) -> str | None:
        return session.scalar(
            sa.select(InboxRow.error_id).where(InboxRow.state == InboxState.FAILED)
        )

    error = database.read_now(error_id)
    assert is_said("always.failed", sorry.text)
    assert error is not None
    assert error in sorry.text
    assert "Bộ luật Dân sự 2015, Điều" in answer.text
    assert inbox_rows(database) == [
        (InboxState.DONE, False),
        (InboxState.FAILED, True),
        (InboxState.DONE, False),
    ]
    assert error in caplog.text
    assert "RuntimeError in " in caplog.text
    for private in ("0912", "Bảy", "chuyện", "lai suat", "Traceback"):
        assert private not in caplog.text


async def test_one_talk_that_fails_holds_up_no_other(
    citizen: Citizen, database: Database, worker: Worker, channel: ListeningChannel
) -> None:
    await citizen.starts()
    citizen.receive(kind="poison")
    other = Citizen(database, worker, channel, address="chat-2")

    (hello,) = await other.starts()

    assert is_said("welcome.hello", hello.text)


class Refusing(ListeningChannel):
    """Reading an event meets the error of a database that does not take a value."""

    def read(self, event: Mapping[str, Any]) -> Inbound | None:
        if event.get("kind") == "refused":
            raise sa.exc.DataError("INSERT …", None, ValueError("0912 345 678"))
        return super().read(event)


async def test_a_message_that_the_database_refuses_is_given_up_like_any_other(
    database: Database, rooms: Rooms, clock: SetClock
) -> None:
    channel = Refusing()
    citizen = Citizen(database, Worker(database, rooms, {channel.name: channel}), channel)
    citizen.receive(kind="refused")
    citizen.receive(kind="start")

    sorry, hello = await fails_for_good(citizen, clock)

    assert is_said("always.failed", sorry.text)
    assert is_said("welcome.hello", hello.text)


async def test_a_talk_whose_state_is_damaged_begins_anew_and_keeps_its_words(
    citizen: Citizen, database: Database, caplog: pytest.LogCaptureFixture
) -> None:
    await citizen.starts()
    await citizen.writes("Nhà tôi hộ nghèo, hàng xóm lấn ranh đất hơn hai mét của tôi.")

    def damage(session: Session) -> None:
        talk = session.scalars(sa.select(Conversation)).one()
        assert talk.state is not None
        talk.state = talk.state[:-1] + bytes([talk.state[-1] ^ 1])

    database.transact_now(damage)
    heard = await citizen.writes("vay tien nguoi ta lai suat toi da bao nhieu")

    assert is_said("welcome.short", said(heard))
    assert "Bộ luật Dân sự 2015, Điều" in said(heard)
    assert len(words_of_citizen(citizen)) == 2
    assert "a talk's state is lost" in caplog.text
    await citizen.presses("Gặp cán bộ")
    assert citizen.state().step == "request.place"


async def test_a_state_of_another_version_begins_anew(citizen: Citizen, database: Database) -> None:
    await citizen.starts()

    def age(session: Session) -> None:
        talk = session.scalars(sa.select(Conversation)).one()
        talk.seal(session.vault, "state", '{"step": ["no", "text"]}')

    database.transact_now(age)

    assert is_said("welcome.short", said(await citizen.writes("ly hôn cần giấy gì")))


async def test_a_message_that_no_longer_opens_is_told_kindly(
    citizen: Citizen, database: Database, clock: SetClock
) -> None:
    await citizen.starts()
    citizen.receive(kind="text", text="ly hôn")

    def damage(session: Session) -> None:
        row = session.scalars(sa.select(InboxRow).where(InboxRow.state == InboxState.WAITING)).one()
        row.body = b"\x01k001" + bytes(40)

    database.transact_now(damage)

    (sorry,) = await fails_for_good(citizen, clock)
    assert is_said("always.failed", sorry.text)


@pytest.mark.parametrize("model", [Shown, ShownButton, Say, Verbatim, Choice, Line])
def test_a_stored_message_that_does_not_fit_its_form_is_not_quoted_in_the_error(
    model: type[BaseModel],
) -> None:
    with pytest.raises(ValidationError) as refused:
        model.model_validate_json('{"text": ["chị Bảy 0912 345 678"], "key": ["chị Bảy"]}')

    assert "chị Bảy" not in str(refused.value)
