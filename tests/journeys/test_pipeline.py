"""One message's way holds: in order, once, through refusals, crashes and two workers at a time."""

import asyncio
import datetime as dt
import json
import logging
import threading
import time
from dataclasses import replace
from itertools import pairwise
from pathlib import Path

import pytest
import sqlalchemy as sa

from bot import delivery, transcript
from bot.channels.message import (
    ChannelName,
    FetchedFile,
    Outbound,
    Receipt,
    Refused,
    RemoteFile,
    Sent,
    TryLater,
    Unknown,
)
from bot.conversations import Conversation, find
from bot.dialogue.turn import State
from bot.inbox import InboxRow, InboxState
from bot.transcript import Direction, TranscriptRow
from bot.turn import Rooms
from bot.understanding.reader import Reader
from bot.understanding.understood import Understood
from bot.worker import Did, Worker, take_up_again
from cases import life, queue, talking
from cases.model import Case
from cases.speech import Say, say
from cases.staff import StaffMember
from cases.thread import Author
from store import outbox
from store.base import Base
from store.clock import SetClock
from store.events import Event
from store.files import StoredFile
from store.outbox import Delivery, OutboxRow
from store.session import Database, Session
from store.wakes import Topic
from tests.journeys.conftest import Citizen, ListeningChannel, said, take_one
from tests.journeys.wording import is_said
from tests.photos import SMALL_JPEG, photo_of

OFFICE = "Chi nhánh Trần Văn Thời"
SECONDS = dt.timedelta(seconds=1)


def outbox_rows(database: Database) -> list[OutboxRow]:
    """What was or is to be sent, oldest first."""
    query = sa.select(OutboxRow).order_by(OutboxRow.conversation_id, OutboxRow.seq)
    return database.read_now(lambda session: list(session.scalars(query)))


def events_of(database: Database, kind: str) -> int:
    query = sa.select(sa.func.count()).select_from(Event).where(Event.kind == kind)
    return database.read_now(lambda session: session.scalar(query) or 0)


def talk_of(session: Session, citizen: Citizen) -> Conversation:
    talk = find(session, citizen.channel.name, citizen.address)
    assert talk is not None
    return talk


def heard_and_said(citizen: Citizen) -> list[tuple[Direction, str]]:
    """The talk as it is kept."""

    def load(session: Session) -> list[tuple[Direction, str]]:
        rows = transcript.after(session, talk_of(session, citizen).id)
        return [(row.direction, transcript.shown(session, row).text) for row in rows]

    return citizen.database.read_now(load)


async def opens_a_request(citizen: Citizen) -> Case:
    """Ask for a person at Trần Văn Thời, up to the opened case."""
    await citizen.starts()
    await citizen.writes("cho tôi gặp cán bộ")
    await citizen.writes("thị trấn sông đốc")
    await citizen.presses("Nói với cán bộ sau")
    await citizen.presses("Đồng ý gửi")
    await citizen.presses("Không để lại số")
    return citizen.case()


async def is_claimed(citizen: Citizen, officer: StaffMember, case: Case) -> None:
    citizen.database.transact_now(lambda s: queue.claim(s, officer, case.id, OFFICE))
    await citizen.reads()


def replies(citizen: Citizen, officer: StaffMember, case: Case, text: str) -> None:
    citizen.database.transact_now(lambda s: talking.reply(s, officer, case.id, text, OFFICE))


# --- between two messages ----------------------------------------------------------------------


async def test_the_state_is_json_between_any_two_messages(citizen: Citizen) -> None:
    await citizen.starts()
    for text in ("nhà tôi cận nghèo ở xã Đá Bạc", "Hỏi pháp luật", "gặp cán bộ", "quay lại"):
        await citizen.writes(text)

        stored = citizen.database.read_now(
            lambda session: talk_of(session, citizen).open(session.vault, "state")
        )
        assert stored is not None
        state = citizen.state()
        assert State.model_validate(json.loads(stored)) == state
        assert State.model_validate_json(state.model_dump_json()) == state


async def test_the_body_of_an_event_is_erased_once_it_is_answered(
    citizen: Citizen, database: Database
) -> None:
    await citizen.starts()
    citizen.receive(kind="text", text="ly hôn cần giấy gì")

    def bodies(session: Session) -> list[bool]:
        rows = session.scalars(sa.select(InboxRow).order_by(InboxRow.seq))
        return [row.body is not None for row in rows]

    assert database.read_now(bodies) == [False, True]
    await citizen.reads()
    assert database.read_now(bodies) == [False, False]
    assert [row.body for row in outbox_rows(database)] == [None, None]


async def test_the_talk_is_kept_in_the_order_in_which_it_was_held(citizen: Citizen) -> None:
    await citizen.starts()
    await citizen.writes("gặp cán bộ")
    await citizen.presses("Bỏ qua")

    kept = heard_and_said(citizen)
    assert [direction for direction, _ in kept] == [
        Direction.OUT,
        Direction.IN,
        Direction.OUT,
        Direction.IN,
        Direction.OUT,
    ]
    assert [text for direction, text in kept if direction is Direction.IN] == [
        "gặp cán bộ",
        "Bỏ qua",
    ]


# --- what the platform may answer --------------------------------------------------------------


async def test_an_officers_words_and_the_assistants_leave_in_the_order_of_their_writing(
    citizen: Citizen, officer: StaffMember, database: Database
) -> None:
    case = await opens_a_request(citizen)
    database.transact_now(lambda s: queue.claim(s, officer, case.id, OFFICE))
    replies(citizen, officer, case, "Chào chị.")
    replies(citizen, officer, case, "Chị đem sổ đỏ theo nha.")
    database.transact_now(lambda s: queue.give_back(s, officer, case.id, OFFICE))

    claimed, hello, bring, returned = await citizen.reads()

    assert is_said("case.claimed", claimed.text)
    assert hello.text.endswith("Chào chị.")
    assert bring.text.endswith("Chị đem sổ đỏ theo nha.")
    assert is_said("case.given_back", returned.text)
    assert hello.text.startswith("👤 Cán bộ")


async def test_a_message_asked_to_wait_leaves_when_it_may_and_the_next_one_after_it(
    citizen: Citizen, channel: ListeningChannel, clock: SetClock, database: Database
) -> None:
    channel.answers = [TryLater(30, "asked to wait")]
    citizen.receive(kind="start")
    citizen.receive(kind="text", text="gặp cán bộ")

    assert await citizen.reads() == []
    clock.forward(29 * SECONDS)
    assert await citizen.reads() == []
    clock.forward(2 * SECONDS)
    hello, where = await citizen.reads()

    assert is_said("welcome.hello", hello.text)
    assert is_said("request.place.ask", where.text)
    assert [row.attempts for row in outbox_rows(database)] == [2, 1]


async def test_tries_lie_further_and_further_apart_and_end_after_three_days(
    citizen: Citizen, channel: ListeningChannel, clock: SetClock, database: Database
) -> None:
    channel.answers = [TryLater(0, "not reached")] * 2000
    citizen.receive(kind="start")
    tried: list[float] = []
    begun = clock.now()
    while outbox_rows(database) == [] or outbox_rows(database)[0].state is Delivery.WAITING:
        left = len(channel.answers)
        await citizen.reads()
        if len(channel.answers) < left:
            tried.append((clock.now() - begun).total_seconds())
        passed = (clock.now() - begun).total_seconds()
        clock.forward(dt.timedelta(seconds=min(600, max(1.0, passed / 10))))

    waits = [later - earlier for earlier, later in pairwise(tried)]
    assert waits[-1] > 10 * waits[0]
    assert max(waits) < 1200
    assert tried[-1] == pytest.approx(delivery.LONGEST_DELAY.total_seconds(), rel=0.01)
    (row,) = outbox_rows(database)
    assert (row.state, row.reason, row.body) == (Delivery.REFUSED, "not reached", None)


async def test_a_long_outage_of_the_platform_loses_no_message(
    citizen: Citizen, channel: ListeningChannel, clock: SetClock
) -> None:
    channel.answers = [TryLater(2, "not reached")] * 200
    citizen.receive(kind="start")
    for _ in range(60):
        assert await citizen.reads() == []
        clock.forward(600 * SECONDS)

    channel.answers.clear()

    assert len(await citizen.reads()) == 1


async def test_an_officers_words_that_are_refused_show_on_the_desk(
    citizen: Citizen, channel: ListeningChannel, officer: StaffMember, database: Database
) -> None:
    case = await opens_a_request(citizen)
    await is_claimed(citizen, officer, case)
    channel.answers = [Refused("blocked")]

    replies(citizen, officer, case, "Chào chị.")

    assert await citizen.reads() == []
    last = outbox_rows(database)[-1]
    assert (last.state, last.reason) == (Delivery.REFUSED, "blocked")
    assert last.thread_entry_id is not None
    assert events_of(database, "case.delivery") == 1
    assert "Chào chị." not in [text for _, text in heard_and_said(citizen)]


async def test_an_answer_lost_on_the_way_is_sent_once_more_and_not_again(
    citizen: Citizen, channel: ListeningChannel, clock: SetClock, database: Database
) -> None:
    channel.answers = [Unknown("no answer"), Unknown("no answer")]
    citizen.receive(kind="start")

    assert await citizen.reads() == []
    clock.forward(59 * SECONDS)
    assert await citizen.reads() == []
    assert len(channel.answers) == 1  # what was only slow has a minute to arrive
    for _ in range(5):
        assert await citizen.reads() == []
        clock.forward(60 * SECONDS)

    (row,) = outbox_rows(database)
    assert (row.state, row.attempts) == (Delivery.UNKNOWN, 2)


class Breaking(ListeningChannel):
    """Has a fault that the first two sends meet."""

    faults = 2

    async def send(self, address: str, message: Outbound) -> Sent:
        if self.faults:
            self.faults -= 1
            raise ValueError(f"số 0912 345 678 của chị Bảy: {message.text}")
        return await super().send(address, message)


async def test_a_send_that_breaks_is_tried_once_more_and_then_the_talk_goes_on(
    rooms: Rooms, clock: SetClock, database: Database, caplog: pytest.LogCaptureFixture
) -> None:
    channel = Breaking()
    citizen = Citizen(database, Worker(database, rooms, {channel.name: channel}), channel)
    citizen.receive(kind="start")
    citizen.receive(kind="text", text="ly hôn cần giấy gì")

    heard: list[Outbound] = []
    for _ in range(4):
        heard += await citizen.reads()
        clock.forward(60 * SECONDS)

    first, *rest = outbox_rows(database)
    assert (first.state, first.attempts, first.reason) == (Delivery.UNKNOWN, 2, "send failed")
    assert len(heard) == len(rest) > 0
    assert "chị Bảy" not in caplog.text


async def test_a_ticked_box_changes_its_own_question_and_never_an_officers_words(
    citizen: Citizen, officer: StaffMember
) -> None:
    case = await opens_a_request(citizen)
    await is_claimed(citizen, officer, case)

    def put(session: Session, message: Say) -> None:
        talk = talk_of(session, citizen)
        body = message.model_dump_json()
        outbox.put(
            session,
            conversation_id=talk.id,
            channel=talk.channel,
            kind=outbox.Kind.SAY,
            body=body,
        )

    boxes = say("always.failed", error="1").model_copy(update={"serial": 41})
    ticked = boxes.model_copy(update={"replaces": True})
    citizen.database.transact_now(lambda s: put(s, boxes))
    asked = len(citizen.channel.sent)
    replies(citizen, officer, case, "Mai chín giờ chị ghé nha.")
    citizen.database.transact_now(lambda s: put(s, ticked))
    citizen.database.transact_now(lambda s: put(s, ticked.model_copy(update={"serial": 42})))

    question, words, again, other = await citizen.reads()

    assert question.replaces is None
    assert words.replaces is None
    assert again.replaces == f"m{asked}"
    assert other.replaces is None


async def test_a_message_of_whose_sends_nothing_is_ever_heard_is_given_up(
    citizen: Citizen, rooms: Rooms, clock: SetClock, database: Database
) -> None:
    citizen.receive(kind="start")
    citizen.receive(kind="text", text="ly hôn cần giấy gì")
    while await citizen.worker.answer_one() is Did.SOMETHING:
        pass
    capabilities = {citizen.channel.name: citizen.channel.capabilities}
    for _ in range(delivery.MOST_TRIES):
        assert database.transact_now(lambda s: take_one(s, rooms.texts, capabilities))
        clock.forward(delivery.LEASE + SECONDS)

    heard = await citizen.reads()

    first, *rest = outbox_rows(database)
    assert (first.state, first.body, first.reason) == (Delivery.UNKNOWN, None, "send failed")
    assert len(heard) == len(rest) > 0


async def test_a_lost_answer_is_sent_again_even_after_the_message_had_to_wait(
    citizen: Citizen, channel: ListeningChannel, clock: SetClock, database: Database
) -> None:
    channel.answers = [TryLater(1, "paced"), Unknown("no answer"), TryLater(1, "paced")]
    citizen.receive(kind="start")

    heard: list[Outbound] = []
    for _ in range(4):
        heard += await citizen.reads()
        clock.forward(60 * SECONDS)

    assert len(heard) == 1
    (row,) = outbox_rows(database)
    assert (row.state, row.attempts, row.reason) == (Delivery.SENT, 4, None)


async def test_one_who_floods_delays_nobody_elses_first_message(
    citizen: Citizen, worker: Worker, channel: ListeningChannel, database: Database, clock: SetClock
) -> None:
    others = [Citizen(database, worker, channel, address=f"chat-{n}") for n in range(2, 5)]
    for one in (citizen, *others):
        await one.starts()
        clock.forward(SECONDS)
    for _ in range(30):
        citizen.receive(kind="text", text="ly hôn")
        clock.forward(SECONDS)
    for one in others:
        one.receive(kind="text", text="ly hôn")
        clock.forward(SECONDS)

    for _ in range(len(others) + 1):
        assert await worker.answer_one() is Did.SOMETHING
        clock.forward(SECONDS)

    def waiting(session: Session) -> dict[str, int]:
        rows = session.scalars(sa.select(InboxRow).where(InboxRow.state == InboxState.WAITING))
        talks = [session.get_one(Conversation, row.conversation_id) for row in rows]
        addresses = [talk.open(session.vault, "address") or "" for talk in talks]
        return {address: addresses.count(address) for address in addresses}

    assert database.read_now(waiting) == {citizen.address: 29}


async def test_a_broken_message_tried_again_takes_its_turn_like_any_other(
    citizen: Citizen, worker: Worker, channel: ListeningChannel, database: Database, clock: SetClock
) -> None:
    other = Citizen(database, worker, channel, address="chat-2")
    await other.starts()
    clock.forward(SECONDS)
    citizen.receive(kind="poison")
    assert await worker.answer_one() is Did.SOMETHING
    clock.forward(60 * SECONDS)

    other.receive(kind="text", text="ly hôn")
    assert await worker.answer_one() is Did.SOMETHING

    assert len(heard_and_said(other)) == 2


async def test_a_message_that_waits_holds_up_only_its_own_talk(
    citizen: Citizen, channel: ListeningChannel, worker: Worker, database: Database
) -> None:
    channel.answers = [TryLater(600, "asked to wait")]
    await citizen.starts()
    other = Citizen(database, worker, channel, address="chat-2")

    (hello,) = await other.starts()

    assert is_said("welcome.hello", hello.text)
    assert [row.state for row in outbox_rows(database)].count(Delivery.WAITING) == 1


async def test_a_message_that_cannot_be_made_ready_is_given_up_and_holds_up_nobody(
    citizen: Citizen,
    channel: ListeningChannel,
    worker: Worker,
    database: Database,
    clock: SetClock,
    caplog: pytest.LogCaptureFixture,
) -> None:
    await citizen.starts()

    def put_unknown(session: Session) -> None:
        talk = talk_of(session, citizen)
        for body in (say("no.such.text", name="Út Cưng").model_dump_json(), "{}", "no JSON"):
            outbox.put(
                session,
                conversation_id=talk.id,
                channel=talk.channel,
                kind=outbox.Kind.SAY,
                body=body,
            )

    database.transact_now(put_unknown)
    other = Citizen(database, worker, channel, address="chat-2")
    assert len(await other.starts()) == 1
    citizen.receive(kind="text", text="ly hôn")
    heard: list[Outbound] = []
    for _ in range(10):
        clock.forward(60 * SECONDS)
        heard += await citizen.reads()

    assert len(heard) == 1
    given_up = [row for row in outbox_rows(database) if row.state is Delivery.REFUSED]
    assert [row.attempts for row in given_up] == [3, 3, 3]
    assert "Út Cưng" not in caplog.text


# --- web talks that are shut -------------------------------------------------------------------


class Web(ListeningChannel):
    """As the web page: whatever is written down has arrived."""

    name = ChannelName.WEB


@pytest.mark.parametrize(
    ("name", "left", "idle", "reason"),
    [
        (ChannelName.WEB, False, 0, None),
        (ChannelName.WEB, False, 14, None),
        (ChannelName.WEB, False, 15, "shut"),
        (ChannelName.WEB, True, 0, "shut"),
        (ChannelName.TELEGRAM, True, 60, None),
    ],
)
async def test_a_message_to_a_web_talk_nobody_can_open_any_more_says_so(
    database: Database,
    rooms: Rooms,
    clock: SetClock,
    name: ChannelName,
    left: bool,
    idle: int,
    reason: str | None,
) -> None:
    channel = Web() if name is ChannelName.WEB else ListeningChannel()
    citizen = Citizen(database, Worker(database, rooms, {channel.name: channel}), channel)
    citizen.receive(kind="start")
    await citizen.worker.answer_one()

    def leave(session: Session) -> None:
        talk_of(session, citizen).shut_at = session.clock.now() if left else None

    database.transact_now(leave)
    clock.forward(dt.timedelta(minutes=idle))
    await citizen.reads()

    (row,) = outbox_rows(database)
    assert (row.state, row.reason) == (Delivery.SENT, reason)
    assert len(heard_and_said(citizen)) == 1


# --- crashes -----------------------------------------------------------------------------------


async def test_a_message_whose_sender_crashed_is_sent_once_when_its_lease_runs_out(
    citizen: Citizen, rooms: Rooms, clock: SetClock, database: Database
) -> None:
    citizen.receive(kind="start")
    await citizen.worker.answer_one()
    capabilities = {citizen.channel.name: citizen.channel.capabilities}
    taken = database.transact_now(lambda s: take_one(s, rooms.texts, capabilities))
    assert taken is not None

    assert await citizen.reads() == []
    clock.forward(delivery.LEASE + SECONDS)
    assert len(await citizen.reads()) == 1
    assert await citizen.reads() == []


async def test_what_arrived_before_a_crash_and_was_given_up_later_stands_in_the_talk_as_unsure(
    citizen: Citizen, rooms: Rooms, clock: SetClock, database: Database
) -> None:
    citizen.receive(kind="start")
    await citizen.worker.answer_one()
    capabilities = {citizen.channel.name: citizen.channel.capabilities}
    taken = database.transact_now(lambda s: take_one(s, rooms.texts, capabilities))
    assert taken is not None
    await citizen.channel.send(taken.address, taken.message)  # and the process dies here

    citizen.channel.answers = [Unknown("no answer"), Unknown("no answer")]
    for _ in range(2):
        clock.forward(delivery.LEASE + SECONDS)
        await citizen.reads()

    def told(session: Session) -> list[tuple[str, bool]]:
        rows = transcript.after(session, taken.talk_id)
        return [(one.text, one.unsure) for one in (transcript.shown(session, r) for r in rows)]

    assert citizen.channel.answers == []
    assert database.read_now(told) == [(taken.shown.text, True)]
    assert database.read_now(lambda s: transcript.last_said(s, taken.talk_id)) is None


async def test_what_is_on_its_way_for_long_is_not_sent_again_by_the_same_process(
    citizen: Citizen, clock: SetClock
) -> None:
    gone_out, may_answer = asyncio.Event(), asyncio.Event()
    send = citizen.channel.send

    async def slowly(address: str, message: Outbound) -> Sent:
        gone_out.set()
        await may_answer.wait()
        return await send(address, message)

    citizen.channel.send = slowly  # type: ignore[method-assign]
    citizen.receive(kind="start")
    await citizen.worker.answer_one()
    sending = asyncio.create_task(citizen.worker.send_one())
    await gone_out.wait()
    clock.forward(delivery.LEASE + SECONDS)

    assert await citizen.worker.send_one() is Did.NOTHING
    may_answer.set()
    await sending
    assert len(citizen.channel.sent) == 1


async def test_what_arrives_is_said_in_its_own_talk_unless_it_was_ended_on_its_way(
    database: Database, rooms: Rooms
) -> None:
    channel = ListeningChannel()
    worker = Worker(database, rooms, {channel.name: channel})
    citizens = [Citizen(database, worker, channel, address=f"c{number}") for number in range(3)]
    for one in citizens:
        one.receive(kind="start", text="")
    while await worker.answer_one() is Did.SOMETHING:
        pass

    def send_all(session: Session) -> None:
        taken = delivery.take(
            session,
            rooms.texts,
            {channel.name: channel.capabilities},
            free={channel.name: 9},
            most=9,
        )
        gone = taken[0]
        session.execute(
            sa.update(OutboxRow).where(OutboxRow.id == gone.row_id).values(state=Delivery.REFUSED)
        )
        for number, one in enumerate(taken):
            delivery.write_down(session, one, Receipt(f"m{number}"), jitter=0.5)

    database.transact_now(send_all)

    rows = outbox_rows(database)
    assert sorted((row.state, row.receipt) for row in rows) == [
        (Delivery.REFUSED, None),
        (Delivery.SENT, "m1"),
        (Delivery.SENT, "m2"),
    ]
    assert sorted(len(heard_and_said(one)) for one in citizens) == [0, 1, 1]


async def test_a_start_without_other_processes_waits_for_no_lease(
    citizen: Citizen, rooms: Rooms, database: Database
) -> None:
    citizen.receive(kind="start")
    citizen.receive(kind="text", text="ly hôn")
    await citizen.worker.answer_one()
    capabilities = {citizen.channel.name: citizen.channel.capabilities}

    def dies(session: Session) -> None:
        take_one(session, rooms.texts, capabilities)
        talk_of(session, citizen).busy_until = session.clock.now() + 45 * SECONDS

    database.transact_now(dies)
    assert await citizen.reads() == []
    database.transact_now(take_up_again)
    assert len(await citizen.reads()) == 2


async def test_a_late_word_of_a_first_sender_changes_nothing_any_more(
    citizen: Citizen, rooms: Rooms, clock: SetClock, database: Database
) -> None:
    citizen.receive(kind="start")
    await citizen.worker.answer_one()
    capabilities = {citizen.channel.name: citizen.channel.capabilities}
    taken = database.transact_now(lambda s: take_one(s, rooms.texts, capabilities))
    assert taken is not None
    clock.forward(delivery.LEASE + SECONDS)
    await citizen.reads()

    database.transact_now(lambda s: delivery.write_down(s, taken, Receipt("late"), jitter=0.5))

    assert [text for _, text in heard_and_said(citizen)] == [citizen.heard[0].text]
    assert [row.receipt for row in outbox_rows(database)] != ["late"]


async def test_a_message_whose_file_was_being_fetched_at_a_crash_is_answered_later(
    citizen: Citizen, database: Database, clock: SetClock
) -> None:
    await citizen.starts()
    citizen.receive(kind="text", text="ly hôn")

    def is_fetching(session: Session) -> None:
        talk_of(session, citizen).busy_until = session.clock.now() + 45 * SECONDS

    database.transact_now(is_fetching)
    assert await citizen.reads() == []
    clock.forward(46 * SECONDS)
    assert len(await citizen.reads()) == 1


# --- files -------------------------------------------------------------------------------------


class Fetching(ListeningChannel):
    """Files can't be reached as long as there are problems; then they come."""

    def __init__(self, *problems: Exception) -> None:
        super().__init__()
        self.problems = list(problems)
        self.meanwhile: Worker | None = None
        self.did: list[Did] = []

    async def fetch(self, file: RemoteFile) -> FetchedFile | None:
        if self.meanwhile is not None:
            self.did += [await self.meanwhile.answer_one() for _ in range(2)]
        if self.problems:
            raise self.problems.pop(0)
        return await super().fetch(file)


PHOTO = {"reference": "f1", "name": "so do.jpg", "media_type": "image/jpeg", "size": 900}


def sender(database: Database, rooms: Rooms, channel: Fetching) -> Citizen:
    channel.files["f1"] = FetchedFile(photo_of(900), "so do.jpg")
    return Citizen(database, Worker(database, rooms, {channel.name: channel}), channel)


async def test_a_file_is_brought_before_its_turn_and_kept_with_the_words_beneath_it(
    database: Database, rooms: Rooms
) -> None:
    citizen = sender(database, rooms, Fetching())
    await citizen.starts()

    await citizen.event(kind="file", text="sổ đỏ của tôi", file=PHOTO)

    def kept(session: Session) -> tuple[str, bytes | None, str | None]:
        file = session.scalars(sa.select(StoredFile)).one()
        row = session.scalars(
            sa.select(TranscriptRow).where(TranscriptRow.direction == Direction.IN)
        ).one()
        shown = transcript.shown(session, row)
        assert shown.file_id == file.id
        return shown.text, file.open_bytes(session.vault, "content"), file.media_type

    assert database.read_now(kept) == (
        "sổ đỏ của tôi",
        photo_of(900),
        "image/jpeg",
    )


async def test_a_file_that_cannot_be_reached_is_tried_again(
    database: Database, rooms: Rooms, clock: SetClock
) -> None:
    citizen = sender(database, rooms, Fetching(OSError("telegram can't be reached")))
    await citizen.starts()

    assert await citizen.event(kind="file", file=PHOTO) == []
    clock.forward(5 * SECONDS)
    (answer,) = await citizen.reads()

    assert is_said("always.file", answer.text)


async def test_a_file_that_never_comes_is_told_kindly_and_the_talk_goes_on(
    database: Database, rooms: Rooms, clock: SetClock, caplog: pytest.LogCaptureFixture
) -> None:
    problems = (OSError("so do.jpg"), OSError("so do.jpg"), RuntimeError("so do.jpg"))
    citizen = sender(database, rooms, Fetching(*problems))
    await citizen.starts()
    citizen.receive(kind="file", file=PHOTO)
    citizen.receive(kind="text", text="vay tien nguoi ta lai suat toi da bao nhieu")
    heard: list[Outbound] = []
    for _ in range(4):
        heard += await citizen.reads()
        clock.forward(10 * SECONDS)

    sorry, answer = heard
    assert is_said("always.failed", sorry.text)
    assert "Bộ luật Dân sự 2015, Điều" in answer.text
    assert "so do" not in caplog.text


async def test_what_comes_while_a_file_is_fetched_waits_for_it_and_other_talks_do_not(
    database: Database, rooms: Rooms, clock: SetClock
) -> None:
    channel = Fetching()
    citizen = sender(database, rooms, channel)
    other = Citizen(database, citizen.worker, channel, address="chat-2")
    await citizen.starts()
    clock.forward(SECONDS)
    await other.starts()
    citizen.receive(kind="file", file=PHOTO)
    citizen.receive(kind="text", text="ly hôn cần giấy gì")
    clock.forward(SECONDS)
    other.receive(kind="text", text="ly hôn cần giấy gì")
    channel.meanwhile = Worker(database, rooms, {channel.name: channel})

    assert await citizen.worker.answer_one() is Did.SOMETHING

    assert channel.did == [Did.SOMETHING, Did.NOTHING]
    kept, _ = await citizen.reads()
    assert is_said("always.file", kept.text)
    assert len(await other.reads()) == 1


class Slow(Reader):
    """Reads as `reader` does; with pages of story it begins when it is let."""

    def __init__(self, reader: Reader) -> None:
        self._reader = reader
        self.begun, self.let = threading.Event(), threading.Event()

    def read(self, typed: str, today: dt.date) -> Understood:
        if len(typed) > 5_000:
            self.begun.set()
            assert self.let.wait(30)
        return self._reader.read(typed, today)


async def test_while_pages_of_story_are_read_others_are_answered(
    database: Database, rooms: Rooms
) -> None:
    channel, slow = ListeningChannel(), Slow(rooms.reader)
    worker = Worker(database, replace(rooms, reader=slow), {channel.name: channel})
    citizen, other = (Citizen(database, worker, channel, address=one) for one in ("c1", "c2"))
    await citizen.starts()
    await other.starts()
    day = "Hôm qua trời mưa, tôi ra đồng từ sớm, ở nhà mấy đứa nhỏ tự nấu cơm ăn rồi đi học. "
    pages = day * 80 + "Chồng tôi đang cầm dao dọa giết tôi. " + day * 40
    citizen.receive(kind="text", text=pages)

    reading = asyncio.create_task(worker.answer_one())
    await asyncio.to_thread(slow.begun.wait, 30)
    answered = await other.writes("ly hôn cần giấy tờ gì")
    slow.let.set()

    assert answered
    assert await reading is Did.SOMETHING
    assert any("113" in one.text for one in await citizen.reads())


# --- many at a time ----------------------------------------------------------------------------

WALK = ("gặp cán bộ", "xã Đá Bạc", "Hàng xóm lấn ranh đất của tôi hơn hai mét, nói không trả")


class SlowChannel(ListeningChannel):
    """Gives way to others in the middle of every send."""

    def __init__(self) -> None:
        super().__init__()
        self._sends = asyncio.Condition()

    async def send(self, address: str, message: Outbound) -> Sent:
        await asyncio.sleep(0.002)
        async with self._sends:
            answer = await super().send(address, message)
            self._sends.notify_all()
        return answer

    async def has_sent(self, count: int) -> None:
        """Wait until so many messages have left."""
        async with self._sends:
            await self._sends.wait_for(lambda: len(self.sent) >= count)


async def walk_together(
    first: Database, second: Database, rooms: Rooms, talks: int
) -> list[list[str]]:
    """What each of many talks heard while two workers shared them; the first talk went alone."""
    channel = SlowChannel()
    alone = Citizen(first, Worker(first, rooms, {channel.name: channel}), channel, address="alone")
    await alone.starts()
    for text in WALK:
        await alone.writes(text)
    workers = [Worker(base, rooms, {channel.name: channel}) for base in (first, second)]
    citizens = [Citizen(first, workers[0], channel, address=f"c{n}") for n in range(talks)]
    working = [asyncio.create_task(worker.run()) for worker in workers]
    for kind, text in (("start", ""), *(("text", text) for text in WALK)):
        for citizen in citizens:
            citizen.receive(kind=kind, text=text)
            await asyncio.sleep(0)
    first.wakes.wake(Topic)
    expected = len(alone.heard) * (talks + 1)
    async with asyncio.timeout(90):
        await channel.has_sent(expected)
    for worker in workers:
        worker.stop()
    await asyncio.gather(*working)
    assert len(channel.sent) == expected
    return [
        [message.text for address, message in channel.sent if address == who.address]
        for who in (alone, *citizens)
    ]


async def test_two_workers_on_one_postgresql_share_many_talks_without_doubles(
    postgres: Database, rooms: Rooms
) -> None:
    address = postgres.url.render_as_string(hide_password=False)
    second = Database(address, postgres.vault, postgres.clock)
    try:
        alone, *together = await walk_together(postgres, second, rooms, talks=12)
    finally:
        await second.close()

    assert together == [alone] * 12
    _nothing_is_left_or_failed(postgres)


async def test_two_workers_on_sqlite_share_many_talks_without_doubles(
    sqlite: Database, rooms: Rooms
) -> None:
    alone, *together = await walk_together(sqlite, sqlite, rooms, talks=12)

    assert together == [alone] * 12
    _nothing_is_left_or_failed(sqlite)


def _nothing_is_left_or_failed(database: Database) -> None:
    def states(session: Session) -> tuple[set[InboxState], set[Delivery]]:
        return (
            set(session.scalars(sa.select(InboxRow.state))),
            set(session.scalars(sa.select(OutboxRow.state))),
        )

    assert database.read_now(states) == ({InboxState.DONE}, {Delivery.SENT})


# --- the desk's side, and what is kept ---------------------------------------------------------


async def test_a_reply_reaches_the_talk_and_the_talks_words_reach_the_case(
    citizen: Citizen, officer: StaffMember, database: Database
) -> None:
    case = await opens_a_request(citizen)
    await is_claimed(citizen, officer, case)

    replies(citizen, officer, case, "Chị đem {sổ đỏ} theo nha, 100% cần.")
    (reply,) = await citizen.reads()
    assert await citizen.writes("Dạ, em tới liền.") == []

    assert reply.text.endswith("Chị đem {sổ đỏ} theo nha, 100% cần.")

    def thread(session: Session) -> list[tuple[Author, str | None]]:
        entries = talking.thread(session, case)
        return [(entry.author, entry.open(session.vault, "body")) for entry in entries]

    assert database.read_now(thread)[-2:] == [
        (Author.STAFF, "Chị đem {sổ đỏ} theo nha, 100% cần."),
        (Author.CITIZEN, "Dạ, em tới liền."),
    ]
    assert events_of(database, "case.delivery") == 1


async def test_a_deleted_talk_leaves_nothing_but_what_the_office_was_given(
    citizen: Citizen, officer: StaffMember, database: Database
) -> None:
    case = await opens_a_request(citizen)
    in_case = len(database.read_now(lambda s: talking.thread(s, case)))
    await citizen.event(kind="text", text="tôi muốn hỏi thêm chuyện thừa kế đất của ba má tôi")
    entries = len(database.read_now(lambda s: talking.thread(s, case)))
    assert entries >= in_case

    await citizen.writes("xóa trò chuyện")
    deleted = await citizen.presses("Xóa")

    assert is_said("delete.done", said(deleted))
    assert heard_and_said(citizen) == [(Direction.OUT, deleted[0].text)]
    assert len(database.read_now(lambda s: talking.thread(s, case))) == entries

    def after(session: Session) -> tuple[str | None, int]:
        kept = session.get_one(Case, case.id)
        bodies = session.scalars(sa.select(InboxRow.body)).all()
        return kept.conversation_id, sum(body is not None for body in bodies)

    assert database.read_now(after) == (None, 0)
    assert citizen.state().facts.known() == {}
    database.transact_now(lambda s: queue.claim(s, officer, case.id, OFFICE))
    with pytest.raises(life.RefusedError, match="unreachable"):
        replies(citizen, officer, case, "Chào chị.")


async def test_a_deleted_talks_files_and_failed_messages_are_erased(
    database: Database, rooms: Rooms, clock: SetClock
) -> None:
    citizen = sender(database, rooms, Fetching())
    await citizen.starts()
    await citizen.event(kind="file", file=PHOTO)
    citizen.receive(kind="poison")
    for _ in range(4):
        await citizen.reads()
        clock.forward(10 * SECONDS)

    def kept(session: Session) -> tuple[int, int]:
        files = session.scalar(sa.select(sa.func.count()).select_from(StoredFile)) or 0
        bodies = session.scalars(sa.select(InboxRow.body)).all()
        return files, sum(body is not None for body in bodies)

    assert database.read_now(kept) == (1, 1)
    await citizen.writes("xóa trò chuyện")
    await citizen.presses("Xóa")
    assert database.read_now(kept) == (0, 0)


async def test_a_message_on_its_way_when_the_talk_is_deleted_is_not_kept(
    citizen: Citizen, rooms: Rooms, database: Database
) -> None:
    await citizen.starts()
    await citizen.writes("xóa trò chuyện")
    citizen.receive(kind="text", text="ly hôn cần giấy gì")
    await citizen.worker.answer_one()
    capabilities = {citizen.channel.name: citizen.channel.capabilities}
    taken = database.transact_now(lambda s: take_one(s, rooms.texts, capabilities))
    assert taken is not None
    citizen.receive(kind="text", text="có")
    while await citizen.worker.answer_one() is Did.SOMETHING:
        pass

    database.transact_now(lambda s: delivery.write_down(s, taken, Receipt("m9"), jitter=0.5))
    await citizen.reads()

    assert taken.message.text not in [text for _, text in heard_and_said(citizen)]


async def test_deleting_a_talk_while_its_message_is_written_down_locks_neither_out(
    postgres: Database, rooms: Rooms, channel: ListeningChannel, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.INFO, "store.session")
    citizen = Citizen(postgres, Worker(postgres, rooms, {channel.name: channel}), channel)
    citizen.receive(kind="start")
    await citizen.worker.answer_one()
    capabilities = {channel.name: channel.capabilities}
    taken = postgres.transact_now(lambda s: take_one(s, rooms.texts, capabilities))
    assert taken is not None
    holds = threading.Event()

    def deletes(session: Session) -> None:
        session.get(Conversation, taken.talk_id, with_for_update=True)
        holds.set()
        time.sleep(0.3)  # the other waits for the talk by now
        session.execute(sa.update(OutboxRow).values(state=Delivery.REFUSED, body=None))

    deleting = asyncio.create_task(postgres.transact(deletes))
    await asyncio.to_thread(holds.wait)
    await postgres.transact(lambda s: delivery.write_down(s, taken, Receipt("m1"), jitter=0.5))
    await deleting

    assert "tried again" not in caplog.text
    assert [row.state for row in outbox_rows(postgres)] == [Delivery.REFUSED]


CANARIES = {
    "chat": "chat-canary-775533",
    "name": "Trần Thị Hoàng Yến",
    "story": "con chim hoàng yến nhà tôi hàng xóm không chịu trả",
    "phone": "0987654321",
    "hours": "sau giờ chim ngủ lúc bảy giờ",
    "reply": "Chị Yến đem lồng chim ra trụ sở",
    "answer": "Dạ em đem cái lồng chim ra liền",
    "note": "người này giữ chim quý",
    "file": "anh-chim-hoang-yen.jpg",
    "content": "lông vàng của chim",
    "later": "tôi còn một con chim nữa",
}


async def test_personal_words_lie_sealed_in_every_table_and_in_no_log(
    database: Database,
    rooms: Rooms,
    officer: StaffMember,
    clock: SetClock,
    caplog: pytest.LogCaptureFixture,
) -> None:
    caplog.set_level(logging.DEBUG)
    caplog.set_level(logging.INFO, "sqlalchemy")
    channel = ListeningChannel()
    content = SMALL_JPEG + CANARIES["content"].encode()
    channel.files["f1"] = FetchedFile(content, CANARIES["file"])
    worker = Worker(database, rooms, {channel.name: channel})
    citizen = Citizen(database, worker, channel, address=CANARIES["chat"])
    await citizen.starts()
    await citizen.writes(f"Tôi là {CANARIES['name']}, nhà tôi hộ nghèo ở xã Đá Bạc")
    await citizen.writes("gặp cán bộ")
    await citizen.writes(f"Chuyện là {CANARIES['story']} từ tháng trước tới giờ")
    await citizen.event(
        kind="file",
        text="",
        file={"reference": "f1", "name": CANARIES["file"], "media_type": None, "size": 99},
    )
    await citizen.presses("Chưa có ai")
    await citizen.presses("Đồng ý gửi")
    await citizen.writes(CANARIES["phone"])
    await citizen.writes(CANARIES["hours"])
    case = citizen.case()
    await is_claimed(citizen, officer, case)
    replies(citizen, officer, case, CANARIES["reply"])
    await citizen.reads()
    await citizen.writes(CANARIES["answer"])
    database.transact_now(lambda s: talking.add_note(s, officer, case.id, CANARIES["note"]))
    database.transact_now(lambda s: talking.save_draft(s, officer, case.id, CANARIES["reply"]))
    channel.answers = [TryLater(999, "asked to wait")]
    replies(citizen, officer, case, CANARIES["reply"])
    await citizen.reads()
    citizen.receive(kind="poison", text=CANARIES["later"])
    citizen.receive(kind="text", text=CANARIES["later"])
    await citizen.reads()

    stored = _everything(database)
    for what, words in CANARIES.items():
        assert words.encode() not in stored, what
        assert words not in caplog.text, what
        assert json.dumps(words).strip('"').encode() not in stored, what
    assert b"case.reply" in stored  # the search does find what lies open
    assert CANARIES["reply"] in said(citizen.heard)


def _everything(database: Database) -> bytes:
    """Every value of every table, and on SQLite the files as they are."""

    def values(session: Session) -> bytes:
        found = bytearray()
        for table in Base.metadata.sorted_tables:
            for row in session.execute(sa.select(sa.text("*")).select_from(table)):
                for value in row:
                    found += value if isinstance(value, bytes) else str(value).encode()
                    found += b"\n"
        return bytes(found)

    stored = database.read_now(values)
    if not database.on_postgres:
        path = Path(str(database.url.database))
        for file in sorted(path.parent.glob(f"{path.name}*")):
            stored += file.read_bytes()
    return stored


async def test_an_answer_leaves_with_its_turn_unless_another_of_its_talk_is_under_way(
    citizen: Citizen,
) -> None:
    worker, texts = citizen.worker, citizen.worker._rooms.texts
    capabilities = {citizen.channel.name: citizen.channel.capabilities}

    def takes_along(session: Session) -> delivery.Parcel | None:
        talk = session.scalars(sa.select(Conversation)).one()
        return delivery.take_of_talk(session, texts, capabilities, "me", talk)

    citizen.receive(kind="text", text="tôi bị lấn đất")
    await worker.answer_one()
    first = citizen.database.transact_now(takes_along)
    citizen.receive(kind="text", text="cảm ơn")
    await worker.answer_one()

    assert first is not None
    assert first.address == citizen.address
    assert citizen.database.transact_now(takes_along) is None
