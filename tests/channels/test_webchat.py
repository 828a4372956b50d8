"""The web chat over real HTTP, on both databases where it matters."""

import asyncio
import datetime as dt
import io
import json
import threading
import tracemalloc
import unicodedata
from collections.abc import Iterator, Sequence
from contextlib import ExitStack, contextmanager, suppress
from typing import Any

import httpx
import pytest
import sqlalchemy as sa
from starlette.requests import Request

from bot import conversations, transcript
from bot.channels.message import ChannelName, Inbound, InboundKind
from bot.channels.webchat import EXIT_TO, WebChat
from bot.channels.webpage import talks
from bot.channels.webpage.forms import Intake, TooSlowError, Upload
from bot.channels.webpage.streams import Streams
from bot.channels.webpage.talks import BACK_WITHIN
from bot.conversations import IDLE, Conversation
from bot.inbox import InboxRow
from bot.transcript import Direction, Shown, TranscriptRow
from store import wakes
from store.clock import SetClock
from store.files import MAX_BYTES, StoredFile
from store.session import Database, Session
from store.wakes import Topic
from tests.channels.webchat_loopback import TEXTS, Loopback, serving
from tests.photos import photo_of

JPEG = photo_of(1004)
OPENING = "an-opening-of-22-letters"


@pytest.fixture
def server(database: Database) -> Iterator[Loopback]:
    with serving(database, answer_within=1.0) as running:
        yield running


@pytest.fixture
def quick_server(sqlite: Database) -> Iterator[Loopback]:
    """On SQLite only, for what does not touch the storage."""
    with serving(sqlite, answer_within=0.3) as running:
        yield running


class Tab:
    """A page of a citizen, as the script in it speaks to the server."""

    def __init__(self, server: Loopback) -> None:
        self.http = server.client()
        self.token = ""
        self._said = 0

    @property
    def key(self) -> dict[str, str]:
        return {"Authorization": f"Bearer {self.token}"}

    def open(self, **more: Any) -> "Tab":
        opened = self.http.post("/chat/open", json={"opening": OPENING, **more})
        assert opened.status_code == 201
        self.token = opened.json()["token"]
        return self

    def say(self, client_id: str = "", **said: Any) -> httpx.Response:
        self._said += 1
        body = {"client_id": client_id or f"message-{self._said}", **said}
        return self.http.post("/chat/say", json=body, headers=self.key)

    def post(self, path: str) -> httpx.Response:
        return self.http.post(path, headers=self.key)

    def upload(self, content: bytes, client_id: str = "a-file-1") -> httpx.Response:
        return self.http.post(
            "/chat/file",
            data={"client_id": client_id},
            files={"file": ("giấy tờ.jpg", content)},
            headers=self.key,
        )

    def hear(self, count: int, after: int = 0, last: str = "") -> list[dict[str, Any]]:
        """The next events of the stream, `count` of them."""
        events: list[dict[str, Any]] = []
        with self.listening(after, last) as lines:
            while len(events) < count:
                line = next(lines)
                if line.startswith("event: "):
                    data = json.loads(next(lines).removeprefix("data: "))
                    events.append({"event": line.removeprefix("event: "), **data})
        return events

    @contextmanager
    def listening(self, after: int = 0, last: str = "") -> Iterator[Iterator[str]]:
        asked: dict[str, str | int] = {"after": after, "last": last}
        with self.http.stream("GET", "/chat/stream", params=asked, headers=self.key) as answer:
            assert answer.status_code == 200
            yield answer.iter_lines()


def texts(events: Sequence[dict[str, Any]]) -> list[str]:
    return [event["text"] for event in events]


def count(database: Database, table: Any) -> int:
    query = sa.select(sa.func.count()).select_from(table)
    return database.read_now(lambda session: session.scalar(query) or 0)


def the_talk(database: Database) -> Conversation:
    return database.read_now(lambda session: session.scalars(sa.select(Conversation)).one())


# --- talking -----------------------------------------------------------------------------------


def test_a_talk_is_opened_answered_and_heard_in_order(server: Loopback) -> None:
    tab = Tab(server).open()

    said = tab.say(text="Tôi bị nợ lương")

    assert said.status_code == 202
    heard = tab.hear(3)
    assert texts(heard) == ["Chào bà con!", "Tôi bị nợ lương", "Bạn nói: Tôi bị nợ lương"]
    assert [event["in"] for event in heard] == [False, True, False]
    assert heard[1]["client_id"] == "message-1"


def test_what_is_said_while_the_page_listens_arrives_by_itself(server: Loopback) -> None:
    tab = Tab(server).open()
    tab.hear(1)

    with tab.listening(after=1) as lines:
        tab.say(text="Alo")
        assert any('"text": "Bạn nói: Alo"' in line for line in lines)


def test_a_talk_that_begins_with_words_gets_no_long_welcome_first(server: Loopback) -> None:
    tab = Tab(server).open(words_follow=True)
    tab.say(text="Chồng đánh tôi")

    assert texts(tab.hear(2)) == ["Chồng đánh tôi", "Bạn nói: Chồng đánh tôi"]


def test_a_poster_s_code_reaches_the_dialogue(server: Loopback) -> None:
    tab = Tab(server).open(payload="c31825_cho")

    assert texts(tab.hear(1)) == ["Chào bà con! c31825_cho"]


def test_the_stream_goes_on_after_the_last_message_seen(server: Loopback) -> None:
    tab = Tab(server).open()
    tab.say(text="Một")
    seen = tab.hear(3)[-1]
    tab.say(text="Hai")

    again = tab.hear(2, after=seen["seq"], last=seen["id"])

    assert texts(again) == ["Hai", "Bạn nói: Hai"]


def test_an_officer_s_words_carry_their_office(server: Loopback) -> None:
    tab = Tab(server).open()
    tab.hear(1)
    talk = the_talk(server.database)
    words = Shown(text="Mai chị ghé nhé.", office="Chi nhánh số 1")
    server.database.transact_now(
        lambda session: transcript.add(session, talk.id, Direction.OUT, words)
    )

    assert tab.hear(2)[-1]["office"] == "Chi nhánh số 1"


def test_a_deleted_talk_is_cleared_from_the_page_though_its_numbers_begin_again(
    server: Loopback,
) -> None:
    tab = Tab(server).open()
    seen = tab.hear(1)[-1]
    talk = the_talk(server.database)

    def delete(session: Any) -> None:
        session.execute(sa.delete(TranscriptRow))
        transcript.add(session, talk.id, Direction.OUT, Shown(text="Đã xóa."))

    server.database.transact_now(delete)
    heard = tab.hear(2, after=seen["seq"], last=seen["id"])

    assert [event["event"] for event in heard] == ["reset", "message"]
    assert heard[1]["text"] == "Đã xóa."


def test_buttons_ticks_places_and_numbers_reach_the_dialogue_as_they_were_given(
    server: Loopback,
) -> None:
    heard: list[Inbound] = []
    server.answers = lambda one: heard.append(one) or (Shown(text="."),)  # type: ignore[func-returns-value]
    tab = Tab(server).open()
    tab.say(key="disabled,hiv,done", serial=3)
    tab.say(lat=9.1769, lon=105.1524)
    tab.say(phone="0912 345 678")
    tab.hear(7)

    start, pressed, place, phone = heard
    assert start.kind is InboundKind.START
    assert (pressed.kind, pressed.text, pressed.button_serial) == (
        InboundKind.BUTTON,
        "disabled,hiv,done",
        3,
    )
    assert (place.kind, place.latitude, place.longitude) == (
        InboundKind.LOCATION,
        9.1769,
        105.1524,
    )
    assert (phone.kind, phone.phone) == (InboundKind.PHONE, "0912 345 678")


# --- once, and never lost ----------------------------------------------------------------------


def test_a_message_sent_five_times_counts_once(server: Loopback) -> None:
    tab = Tab(server).open()

    answers = [tab.say("the-same-id", text="Một lần") for _ in range(5)]

    assert {answer.status_code for answer in answers} == {202}
    assert count(server.database, InboxRow) == 2


def test_an_opening_sent_again_opens_the_same_talk(server: Loopback) -> None:
    first, again = Tab(server).open(), Tab(server).open()

    assert first.token == again.token
    assert count(server.database, Conversation) == 1
    assert count(server.database, InboxRow) == 1


def test_two_messages_at_once_are_both_kept_and_both_answered(server: Loopback) -> None:
    tab = Tab(server).open()
    tab.hear(1)
    codes: list[int] = []
    senders = [
        threading.Thread(
            target=lambda n=n: codes.append(tab.say(f"at-once-{n}", text=f"Tin {n}").status_code)
        )
        for n in range(4)
    ]
    for sender in senders:
        sender.start()
    for sender in senders:
        sender.join()

    assert codes == [202] * 4
    heard = texts(tab.hear(9))
    assert sorted(heard[1:]) == sorted(
        text for n in range(4) for text in (f"Tin {n}", f"Bạn nói: Tin {n}")
    )


def test_what_was_acknowledged_is_there_after_a_restart(server: Loopback) -> None:
    server.answers = lambda _heard: ()
    tab = Tab(server).open()
    tab.say(text="Đừng mất tin này")
    server.stop()
    server.start()

    tab.http = server.client()
    assert texts(tab.hear(1)) == ["Đừng mất tin này"]


def test_without_a_database_nothing_is_acknowledged(quick_server: Loopback) -> None:
    tab = Tab(quick_server).open()
    engine = quick_server.database.engine

    @sa.event.listens_for(engine, "do_connect")
    def _down(*_args: object) -> None:
        raise sa.exc.OperationalError("connect", {}, Exception("down"))

    engine.dispose()
    said = tab.say(text="Có ai không?")
    plain = tab.http.post(
        "/chat/plain",
        data={"token": tab.token, "client_id": "plain-id-1", "text": "Có <ai>?", "do": "say"},
    )
    sa.event.remove(engine, "do_connect", _down)

    assert said.status_code == 503
    assert plain.status_code == 503
    assert TEXTS.template("web.busy", "vi") in plain.text
    assert "Có &lt;ai&gt;?</textarea>" in plain.text
    assert tab.say(text="Có ai không?").status_code == 202


def test_a_stopping_server_ends_its_streams(quick_server: Loopback) -> None:
    tab = Tab(quick_server).open()
    with tab.listening() as lines:
        next(lines)
        quick_server.stop()
        rest = list(lines)  # an error where the stream is cut off instead of ended
        quick_server.start()

    assert not any("event: shut" in line for line in rest)


# --- the token ---------------------------------------------------------------------------------


@pytest.mark.parametrize("token", ["?", "0" * 32, "ế'; DROP TABLE"])
def test_no_talk_opens_without_its_token(quick_server: Loopback, token: str) -> None:
    Tab(quick_server).open()
    stranger = {"Authorization": f"Bearer {token}".encode()}
    http = quick_server.client(headers=stranger)

    answers = [
        http.get("/chat/stream"),
        http.post("/chat/say", json={"client_id": "stranger-1", "text": "Ai đó?"}),
        http.post("/chat/file", data={"client_id": "stranger-2"}, files={"file": JPEG}),
        http.get("/chat/file/0123456789abcdef"),
        http.post("/chat/ping"),
        http.post("/chat/away"),
        http.post("/chat/shut"),
    ]

    assert {answer.status_code for answer in answers} == {401}
    assert count(quick_server.database, InboxRow) == 1


def test_after_fifteen_idle_minutes_the_talk_is_shut_for_good(
    server: Loopback, clock: SetClock
) -> None:
    tab = Tab(server).open()
    clock.forward(IDLE)

    assert tab.say(text="Còn đó không?").status_code == 410
    assert the_talk(server.database).shut_at == clock.now()
    clock.forward(-IDLE)
    assert tab.post("/chat/ping").status_code == 410


def test_a_listening_page_alone_does_not_keep_a_talk_open(
    quick_server: Loopback, clock: SetClock
) -> None:
    tab = Tab(quick_server).open()
    tab.hear(1)
    clock.forward(IDLE)

    assert tab.http.get("/chat/stream", headers=tab.key).status_code == 410


def test_a_page_that_listens_is_told_when_its_talk_is_shut(quick_server: Loopback) -> None:
    tab = Tab(quick_server).open()
    tab.hear(1)
    with tab.listening(after=1) as lines:
        next(lines)
        tab.post("/chat/shut")

        assert "event: shut" in list(lines)


async def test_a_message_wakes_those_who_wait_for_its_own_talk_only(database: Database) -> None:
    def begin(session: Session) -> list[str]:
        return [conversations.find_or_create(session, ChannelName.WEB, who).id for who in "ab"]

    mine, other = database.transact_now(begin)
    woken = asyncio.create_task(database.wakes.sleep(wakes.talk(mine), 30))
    asleep = asyncio.create_task(database.wakes.sleep(wakes.talk(other), 30))
    await asyncio.sleep(0)

    await database.transact(
        lambda session: transcript.add(session, mine, Direction.OUT, Shown(text="Dạ"))
    )
    async with asyncio.timeout(2):
        await woken

    assert not asleep.done()
    asleep.cancel()
    await asyncio.gather(asleep, return_exceptions=True)
    assert not database.wakes._sleeping


async def test_a_talk_is_woken_from_another_process_as_well(postgres: Database) -> None:
    other = Database(postgres.conninfo, postgres.vault, postgres.clock)
    listening = asyncio.create_task(other.wakes.listen(other.conninfo))
    await other.wakes.sleep(Topic.DESK, 5)  # the first wake says that it listens
    waiting = asyncio.create_task(other.wakes.sleep(wakes.talk("a-talk"), 30))

    await postgres.transact(lambda session: session.wake(wakes.talk("a-talk")))

    async with asyncio.timeout(5):
        await waiting
    listening.cancel()
    await asyncio.gather(listening, return_exceptions=True)
    await other.close()


def test_the_fourth_stream_of_a_talk_ends_the_first(quick_server: Loopback) -> None:
    tab = Tab(quick_server).open()
    with ExitStack() as stack:
        streams = [stack.enter_context(tab.listening()) for _ in range(3)]
        for lines in streams:
            assert next(lines) == ": here"
        streams.append(stack.enter_context(tab.listening()))
        next(streams[-1])

        assert "event: shut" not in list(streams[0])  # to its end
        tab.say(text="Còn nghe")
        for lines in streams[1:]:
            assert any('"text": "Bạn nói: Còn nghe"' in line for line in lines)


def test_more_streams_than_the_server_bears_are_asked_to_come_back(
    quick_server: Loopback, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(Streams, "full", lambda streams, line: streams._lines[line] >= 1)
    tab = Tab(quick_server).open()
    with tab.listening() as lines:
        next(lines)

        assert tab.http.get("/chat/stream", headers=tab.key).status_code == 503
        assert tab.say(text="Vẫn nhắn được").status_code == 202


def test_being_at_the_page_keeps_the_talk_open(quick_server: Loopback, clock: SetClock) -> None:
    tab = Tab(quick_server).open()
    for _ in range(3):
        clock.forward(IDLE - dt.timedelta(seconds=1))
        assert tab.post("/chat/ping").status_code == 204

    assert tab.say(text="Tôi đây").status_code == 202


def test_a_talk_that_was_left_does_not_open_again(server: Loopback) -> None:
    tab = Tab(server).open()

    assert tab.post("/chat/shut").status_code == 204

    assert tab.say(text="Alo").status_code == 410
    assert tab.http.get("/chat/stream", headers=tab.key).status_code == 410
    again = tab.http.post("/chat/open", json={"opening": OPENING})
    assert again.status_code == 410


def test_a_closed_tab_that_is_reopened_later_shows_nothing(
    quick_server: Loopback, clock: SetClock
) -> None:
    tab = Tab(quick_server).open()
    tab.post("/chat/away")
    clock.forward(BACK_WITHIN)

    assert tab.http.get("/chat/stream", headers=tab.key).status_code == 410


def test_a_reload_comes_back_in_time(quick_server: Loopback, clock: SetClock) -> None:
    tab = Tab(quick_server).open()
    tab.post("/chat/away")
    clock.forward(dt.timedelta(seconds=10))
    tab.post("/chat/ping")
    clock.forward(BACK_WITHIN)

    assert tab.say(text="Tôi vừa tải lại trang").status_code == 202


def test_nothing_that_is_stored_leads_to_a_token(server: Loopback) -> None:
    tab = Tab(server).open()
    tab.say(text="Bí mật")
    tab.hear(3)
    rows = server.database.read_now(
        lambda session: [
            repr(row)
            for table in ("conversations", "inbox", "transcript")
            for row in session.execute(sa.text(f"SELECT * FROM {table}"))  # noqa: S608
        ]
    )

    assert not [row for row in rows if tab.token in row or OPENING in row]


# --- files -------------------------------------------------------------------------------------


def test_a_photo_is_kept_sealed_and_shown_again_to_this_tab_only(server: Loopback) -> None:
    tab = Tab(server).open()
    assert tab.upload(JPEG).status_code == 202
    shown = tab.hear(3)[1]

    mine = tab.http.get(f"/chat/file/{shown['file_id']}", headers=tab.key)

    assert mine.content == JPEG
    assert mine.headers["content-type"] == "image/jpeg"
    assert mine.headers["content-security-policy"] == "default-src 'none'; sandbox"
    assert mine.headers["cache-control"] == "no-store"
    stranger = Tab(server)
    stranger.token = stranger.http.post(
        "/chat/open", json={"opening": "somebody-else-s-opening"}
    ).json()["token"]
    foreign = stranger.http.get(f"/chat/file/{shown['file_id']}", headers=stranger.key)
    assert foreign.status_code == 404


def test_a_photo_sent_twice_is_kept_once(server: Loopback) -> None:
    tab = Tab(server).open()
    tab.upload(JPEG)
    assert tab.upload(JPEG).status_code == 202

    assert count(server.database, StoredFile) == 1
    assert count(server.database, InboxRow) == 2


def test_a_file_of_thirty_megabytes_gets_a_kind_answer(quick_server: Loopback) -> None:
    tab = Tab(quick_server).open()

    assert tab.upload(JPEG + bytes(30 * 1024 * 1024)).status_code == 202

    assert texts(tab.hear(3))[-1] == "Tệp lớn quá."
    assert count(quick_server.database, StoredFile) == 0


async def test_a_file_of_thirty_megabytes_is_not_held_in_memory() -> None:
    chunks = [b'--x\r\nContent-Disposition: form-data; name="file"; filename="a"\r\n\r\n']
    chunks += [bytes(64 * 1024)] * (30 * 16)
    chunks.append(b"\r\n--x--\r\n")
    coming = iter(chunks)

    async def receive() -> dict[str, Any]:
        chunk = next(coming, None)
        return {"type": "http.request", "body": chunk or b"", "more_body": chunk is not None}

    kind = (b"content-type", b"multipart/form-data; boundary=x")
    tracemalloc.start()
    async with Intake().form(Request({"type": "http", "headers": [kind]}, receive)) as form:
        pass
    _, peak = tracemalloc.get_traced_memory()
    tracemalloc.stop()

    assert form.file == Upload("a", b"", too_large=True)
    assert peak < 1.5 * MAX_BYTES


async def test_of_a_file_without_a_talk_next_to_nothing_is_held_in_memory() -> None:
    async def nobody(_token: str) -> bool:
        return False

    tracemalloc.start()
    async with Intake().form(posting(9), nobody) as form:
        _, peak = tracemalloc.get_traced_memory()
    tracemalloc.stop()

    assert form.file == Upload("", b"", unasked=True)
    assert peak < 2 * 1024 * 1024


def posting(megabytes: int, ends: bool = True) -> Request:
    """A request that posts a file of so many megabytes; it may break off without an end."""
    chunks = [b'--x\r\nContent-Disposition: form-data; name="file"; filename="a"\r\n\r\n']
    chunks += [bytes(64 * 1024)] * (megabytes * 16) + [b"\r\n--x--\r\n"] * ends
    coming = iter(chunks)

    async def receive() -> dict[str, Any]:
        chunk = next(coming, None)
        if chunk is None and not ends:
            await asyncio.Event().wait()
        return {"type": "http.request", "body": chunk or b"", "more_body": chunk is not None}

    kind = (b"content-type", b"multipart/form-data; boundary=x")
    return Request({"type": "http", "headers": [kind]}, receive)


async def test_few_large_bodies_are_taken_at_a_time_and_none_for_ever() -> None:
    intake = Intake(large_at_once=1, seconds=0.3)

    async with intake.form(posting(2)):
        async with intake.form(posting(0)) as small:
            assert small.file is None
        with pytest.raises(TooSlowError):
            async with intake.form(posting(2)):
                pass
    with pytest.raises(TooSlowError):
        async with intake.form(posting(2, ends=False)):
            pass
    async with intake.form(posting(2)) as form:
        assert form.file is not None


def test_the_twenty_first_file_of_a_talk_gets_a_kind_answer(
    server: Loopback, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(talks, "MOST_FILES", 2)
    tab = Tab(server).open()
    for n in range(2):
        assert tab.upload(JPEG, f"a-file-{n}").status_code == 202

    refused = tab.upload(JPEG, "a-file-2")

    assert refused.status_code == 413
    assert refused.json()["note"] == TEXTS.template("web.files_full", "vi")
    assert tab.upload(JPEG, "a-file-1").status_code == 202  # sent again, kept before
    assert count(server.database, StoredFile) == 2


def test_the_files_of_a_talk_have_a_size_that_they_keep_within(
    server: Loopback, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(talks, "MOST_BYTES", 2 * len(JPEG))
    tab = Tab(server).open()

    answers = [tab.upload(JPEG, f"a-file-{n}").status_code for n in range(3)]

    assert answers == [202, 202, 413]


def test_a_fault_of_ours_is_not_blamed_on_the_page(
    quick_server: Loopback, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    def broken(*_args: object) -> None:
        Shown.model_validate({"text": 7, "office": "CHIM-HOÀNG-YẾN"})

    tab = Tab(quick_server).open()
    monkeypatch.setattr(talks, "say", broken)

    assert tab.say(text="Alo").status_code == 500
    assert "CHIM" not in caplog.text


def test_the_largest_file_that_is_taken_is_taken_whole(quick_server: Loopback) -> None:
    tab = Tab(quick_server).open()

    tab.upload(JPEG + bytes(MAX_BYTES - len(JPEG)))

    sizes = quick_server.database.read_now(lambda s: s.scalars(sa.select(StoredFile.size)).all())
    assert sizes == [MAX_BYTES]


@pytest.mark.parametrize(
    "beginning",
    [b'--x\r\nContent-Disposition: form-data; name="file"; filename="a"\r\n\r\n', b"no form"],
)
def test_a_file_without_end_is_cut_off(quick_server: Loopback, beginning: bytes) -> None:
    tab = Tab(quick_server).open()
    headers = {**tab.key, "Content-Type": "multipart/form-data; boundary=x"}
    taken: list[int] = []

    def endless() -> Iterator[bytes]:
        yield beginning
        for megabyte in range(500):
            taken.append(megabyte)
            yield bytes(1024 * 1024)

    with suppress(httpx.TransportError):  # the connection is closed while we still send
        answer = tab.http.post("/chat/file", content=endless(), headers=headers)
        assert answer.status_code in {413, 422}

    assert len(taken) < 200


@pytest.mark.parametrize(
    "content",
    [b"MZ\x90\x00 a program", b"<svg xmlns='http://www.w3.org/2000/svg'/>", b"<html><script>"],
)
def test_a_file_s_type_is_told_by_its_content(quick_server: Loopback, content: bytes) -> None:
    tab = Tab(quick_server).open()

    answer = tab.upload(content)

    assert answer.status_code == 415
    assert answer.json()["note"] == TEXTS.template("web.wrong_file", "vi")


# --- bad input ---------------------------------------------------------------------------------


def test_any_words_go_through_unchanged(server: Loopback) -> None:
    every_kind = (
        "",
        "   ",
        "😀👨‍👩‍👧",
        "x" * 10_000,
        unicodedata.normalize("NFD", "Tôi bị chồng đánh"),
        "Привет مرحبا ខ្មែរ",
        "<script>alert(1)</script>",
        "\u0000\u202e\r\n\n: data\n\nevent: shut\ndata: {}",
    )
    server.answers = lambda _heard: ()
    tab = Tab(server).open()

    codes = {tab.say(text=words).status_code for words in every_kind}

    assert codes == {202}
    assert texts(tab.hear(len(every_kind))) == list(every_kind)


def test_a_message_that_is_too_long_is_cut_and_the_citizen_is_told(quick_server: Loopback) -> None:
    tab = Tab(quick_server).open()

    answer = tab.say(text="ế" * 20_001)

    assert answer.json()["note"] == TEXTS.template("web.too_long", "vi")
    assert len(tab.hear(2)[-1]["text"]) == 20_000


@pytest.mark.parametrize(
    "body",
    [
        b"",
        b"not json",
        b"[]",
        b'{"client_id": "no-words-at-all"}',
        b'{"client_id": "two-things", "text": "a", "key": "b"}',
        b'{"client_id": "half-a-place", "lat": 9}',
        b'{"client_id": "off-the-earth", "lat": 900, "lon": 1}',
        b'{"client_id": "no-place", "lat": NaN, "lon": NaN}',
        b'{"client_id": "short", "text": "a"}',
        b'{"client_id": "half-a-letter", "text": "\\ud800"}',
        b'{"client_id": "../../etc/passwd", "text": "a"}',
    ],
)
def test_a_body_that_says_nothing_is_refused_without_an_echo(
    quick_server: Loopback, body: bytes
) -> None:
    tab = Tab(quick_server).open()
    headers = {**tab.key, "Content-Type": "application/json"}

    answer = tab.http.post("/chat/say", content=body, headers=headers)

    assert answer.status_code == 422
    assert answer.json() == {"error": "unreadable"}
    assert count(quick_server.database, InboxRow) == 1


@pytest.mark.parametrize("path", ["/chat/open", "/chat/say", "/chat/file", "/chat/plain"])
def test_another_content_type_is_refused(quick_server: Loopback, path: str) -> None:
    tab = Tab(quick_server).open()

    answer = tab.http.post(
        path, content=b"<x/>", headers={**tab.key, "Content-Type": "application/xml"}
    )

    assert answer.status_code == 422


@pytest.mark.parametrize(
    "foreign",
    [
        {"Sec-Fetch-Site": "cross-site"},
        {"Sec-Fetch-Site": "same-site"},
        {"Origin": "https://evil.example"},
        {"Origin": "null"},
    ],
)
@pytest.mark.parametrize(
    "path", ["/chat/open", "/chat/say", "/chat/file", "/chat/plain", "/chat/shut"]
)
def test_another_site_s_page_can_post_nothing(
    quick_server: Loopback, foreign: dict[str, str], path: str
) -> None:
    tab = Tab(quick_server).open()

    answer = tab.http.post(path, json={}, headers={**tab.key, **foreign})

    assert answer.status_code == 403
    assert tab.say(text="Vẫn mở").status_code == 202


def test_our_own_page_may_post(quick_server: Loopback) -> None:
    tab = Tab(quick_server)
    tab.http.headers.update({"Origin": quick_server.url, "Sec-Fetch-Site": "same-origin"})

    assert tab.open().token


# --- the page ----------------------------------------------------------------------------------


def test_the_page_is_neutral_and_nothing_of_it_is_kept(quick_server: Loopback) -> None:
    answer = httpx.get(quick_server.url)

    assert "<title>Tràm</title>" in answer.text
    lower = answer.text.lower()
    for telling in ("pháp", "luật", "bạo lực", "luật sư", "tòa", "công an"):
        assert telling not in lower
    assert answer.headers["cache-control"] == "no-store"
    assert answer.headers["x-content-type-options"] == "nosniff"
    assert answer.headers["referrer-policy"] == "same-origin"
    policy = answer.headers["content-security-policy"]
    assert "default-src 'none'" in policy
    assert "frame-ancestors 'none'" in policy
    assert "unsafe" not in policy
    assert "set-cookie" not in answer.headers


def test_the_whole_page_is_small(quick_server: Loopback) -> None:
    page = httpx.get(quick_server.url).content
    assets = [
        httpx.get(f"{quick_server.url}/chat/assets/{name}").content
        for name in ("chat.css", "chat.js", "icon.svg")
    ]

    assert len(page) + sum(map(len, assets)) <= 25 * 1024


def test_an_unknown_asset_is_not_found(quick_server: Loopback) -> None:
    for name in ("../page.py", "page.html", "%2e%2e%2fpage.py"):
        assert httpx.get(f"{quick_server.url}/chat/assets/{name}").status_code == 404


# --- without a script --------------------------------------------------------------------------


class PlainTab:
    """A page without a script: it posts forms and shows the answer."""

    def __init__(self, server: Loopback) -> None:
        self.http = server.client()
        self.answer = self.http.get("/")
        self.last: dict[str, Any] = {}

    def field(self, name: str) -> str:
        return self.answer.text.partition(f'name="{name}" value="')[2].partition('"')[0]

    def post(self, file: bytes | None = None, **fields: Any) -> str:
        kept = {name: self.field(name) for name in ("client_id", "token", "opening", "payload")}
        self.last = {
            "data": {**kept, **fields},
            "files": {"file": ("ảnh.jpg", io.BytesIO(file))} if file else {"file": ("", b"")},
        }
        return self.reload()

    def reload(self) -> str:
        self.answer = self.http.post("/chat/plain", **self.last)
        return self.answer.text


def test_a_whole_talk_works_without_a_script(server: Loopback) -> None:
    tab = PlainTab(server)

    assert "Chào bà con!</p>" in tab.post(do="begin")
    assert "Bạn bao nhiêu tuổi?" in tab.post(do="say", text="hỏi tuổi")
    page = tab.post(press="2:over")
    assert "Đã bấm: over (2)" in page
    assert 'value="1:go:ask">' in page
    tab.post(do="say", text="chọn nhiều")
    assert "Đã bấm: disabled,hiv,done (4)" in tab.post(press="4:done", tick=["disabled", "hiv"])
    assert "Tràm đã giữ tệp." in tab.post(do="say", text="", file=JPEG)


def test_the_buttons_of_an_older_question_rest_but_the_menu_stays(quick_server: Loopback) -> None:
    tab = PlainTab(quick_server)
    tab.post(do="begin")
    tab.post(do="say", text="hỏi tuổi")
    assert 'value="2:over">' in tab.answer.text

    page = tab.post(do="say", text="chọn nhiều")

    assert 'value="2:over" disabled>' in page
    assert 'value="1:go:ask">' in page
    assert 'value="3:done">' in page


def test_words_and_a_photo_posted_together_both_arrive(server: Loopback) -> None:
    tab = PlainTab(server)
    tab.post(do="begin")

    page = tab.post(do="say", text="Đây là sổ đỏ", file=JPEG)

    assert "Bạn nói: Đây là sổ đỏ" in page
    assert "Tràm đã giữ tệp." in page


def test_a_photo_without_a_talk_is_asked_for_again_and_the_words_arrive(server: Loopback) -> None:
    tab = PlainTab(server)

    page = tab.post(do="say", text="Đây là sổ đỏ", file=JPEG)

    assert TEXTS.template("web.photo_again", "vi") in page
    assert "Bạn nói: Đây là sổ đỏ" in page
    assert count(server.database, StoredFile) == 0
    assert "Tràm đã giữ tệp." in tab.post(do="say", text="", file=JPEG)


def test_a_photo_alone_without_a_talk_gets_the_welcome(quick_server: Loopback) -> None:
    page = PlainTab(quick_server).post(do="say", text="", file=JPEG)

    assert TEXTS.template("web.photo_again", "vi") in page
    assert "Chào bà con!</p>" in page


def test_a_reloaded_answer_doubles_nothing(server: Loopback) -> None:
    tab = PlainTab(server)
    tab.post(do="say", text="Một lần thôi")

    page = tab.reload()

    assert page.count("Bạn nói: Một lần thôi") == 1
    assert count(server.database, Conversation) == 1
    assert count(server.database, InboxRow) == 1


def test_an_answer_that_takes_long_is_fetched_by_loading_again(server: Loopback) -> None:
    server.answers = lambda _heard: ()
    tab = PlainTab(server)
    assert TEXTS.template("web.received", "vi") in tab.post(do="say", text="im lặng")
    talk = the_talk(server.database)
    server.database.transact_now(
        lambda s: transcript.add(s, talk.id, Direction.OUT, Shown(text="Đây là trả lời."))
    )

    assert "Đây là trả lời." in tab.post(do="look")


def test_words_typed_but_not_sent_stay_when_a_button_is_pressed(quick_server: Loopback) -> None:
    tab = PlainTab(quick_server)
    tab.post(do="say", text="hỏi tuổi")

    assert "đang gõ dở</textarea>" in tab.post(press="2:over", text="đang gõ dở")


def test_html_is_shown_as_it_was_typed(quick_server: Loopback) -> None:
    page = PlainTab(quick_server).post(do="say", text='<img src=x onerror="alert(1)">{{7*7}}')

    assert "<img src=x" not in page
    assert "&lt;img src=x onerror=&#34;alert(1)&#34;&gt;{{7*7}}" in page


def test_the_status_of_a_case_is_one_press_from_the_welcome(quick_server: Loopback) -> None:
    assert "Đã bấm: go:status (None)" in PlainTab(quick_server).post(press=":go:status")


def test_leaving_without_a_script_shuts_the_talk(quick_server: Loopback) -> None:
    tab = PlainTab(quick_server)
    tab.post(do="say", text="Bí mật")
    before = dict(tab.last)
    tab.post(do="quick")

    assert tab.answer.status_code == 303
    assert tab.answer.headers["location"] == EXIT_TO
    tab.last = before
    assert "Bí mật" not in tab.reload()
    assert tab.answer.headers["location"] == "/"


def test_a_photo_can_be_looked_at_without_a_script(quick_server: Loopback) -> None:
    tab = PlainTab(quick_server)
    tab.post(do="begin")
    tab.post(do="say", text="", file=JPEG)

    tab.post(get=tab.field("get"))

    assert tab.answer.content == JPEG


def test_a_wrong_or_huge_file_is_explained_without_a_script(quick_server: Loopback) -> None:
    tab = PlainTab(quick_server)
    tab.post(do="begin")

    assert TEXTS.template("web.wrong_file", "vi") in tab.post(do="say", file=b"MZ program")
    assert "Tệp lớn quá." in tab.post(do="say", file=JPEG + bytes(11 * 1024 * 1024))


def test_a_forged_token_shows_the_welcome(quick_server: Loopback) -> None:
    tab = PlainTab(quick_server)
    tab.last = {"data": {"token": "0" * 32, "client_id": "forged-id", "do": "say", "text": "x"}}
    tab.reload()

    assert tab.answer.status_code == 303
    assert tab.answer.headers["location"] == "/"


# --- the channel -------------------------------------------------------------------------------


async def test_delivery_has_nothing_to_send_because_the_page_reads_the_transcript() -> None:
    sent = await WebChat().send("token", None)  # type: ignore[arg-type]

    assert sent.__class__.__name__ == "Receipt"


def test_a_talk_is_found_by_its_token_only(quick_server: Loopback) -> None:
    tab = Tab(quick_server).open()
    found = quick_server.database.read_now(
        lambda session: conversations.find(session, ChannelName.WEB, tab.token)
    )

    assert found is not None
