"""A loopback server with the web chat, and a stand-in for the worker that answers by a script."""

import asyncio
import json
import threading
import time
from collections.abc import AsyncIterator, Callable, Iterator
from contextlib import asynccontextmanager, contextmanager
from pathlib import Path
from typing import Any

import httpx
import sqlalchemy as sa
import uvicorn
from fastapi import FastAPI

from bot import transcript
from bot.channels.message import Inbound, InboundKind
from bot.channels.webchat import WebChat, make_webchat
from bot.conversations import Conversation
from bot.inbox import InboxRow, InboxState
from bot.transcript import Direction, Shown, ShownButton, TranscriptRow
from cases.wording import FALLBACK, Texts, read
from store.session import Database, Session
from store.wakes import Topic, Wakes

VI = Path(__file__).parents[2] / "bot" / "texts" / "vi.toml"
TEXTS = Texts({FALLBACK: read(VI)})

MENU: tuple[ShownButton, ...] = (
    ShownButton(key="go:ask", label="Hỏi pháp luật"),
    ShownButton(key="go:person", label="Gặp cán bộ"),
)
DELETED = Shown(text="Đã xóa lời nhắn.")
"""Said once everything before it is erased."""

Answer = Callable[[Inbound], tuple[Shown, ...]]


def answer(heard: Inbound) -> tuple[Shown, ...]:
    """Answers that show all that a page has to show."""
    match heard.kind, heard.text:
        case InboundKind.START, payload:
            return (Shown(text=f"Chào bà con! {payload}".strip(), buttons=MENU),)
        case InboundKind.TEXT, "hỏi tuổi":
            buttons: tuple[ShownButton, ...] = (
                ShownButton(key="under", label="Dưới 60"),
                ShownButton(key="over", label="Từ 60 trở lên"),
            )
            return (Shown(text="Bạn bao nhiêu tuổi?", buttons=buttons),)
        case InboundKind.TEXT, "chọn nhiều":
            buttons = (
                ShownButton(key="disabled", label="Người khuyết tật", ticked=False),
                ShownButton(key="hiv", label="Nhiễm HIV", ticked=False),
                ShownButton(key="merit", label="Người có công", ticked=False),
                ShownButton(key="done", label="Xong"),
            )
            return (Shown(text="Chọn những điều đúng:", buttons=buttons),)
        case InboundKind.TEXT, "ở đâu":
            return (Shown(text="Bạn ở xã nào?", ask="location"),)
        case InboundKind.TEXT, "im lặng":
            return ()
        case InboundKind.LOCATION, _:
            return (Shown(text=f"Nơi: {heard.latitude}, {heard.longitude}"),)
        case InboundKind.BUTTON, key:
            said = f"Đã bấm: {key} ({heard.button_serial})"
            return (Shown(text=said, buttons=MENU),)
        case InboundKind.FILE, _:
            said = "Tệp lớn quá." if heard.too_large else "Tràm đã giữ tệp."
            return (Shown(text=said),)
        case _, text:
            return (Shown(text=f"Bạn nói: {text}"),)


def _questions(session: Session, talk_id: str) -> int:
    rows = transcript.after(session, talk_id)
    return sum(bool(transcript.shown(session, row).buttons) for row in rows)


def take_turns(session: Session, answers: Answer) -> None:
    """Answer all that waits, as the worker does: in order, each in the transcript."""
    waiting = session.scalars(
        sa.select(InboxRow).where(InboxRow.state == InboxState.WAITING).order_by(InboxRow.seq)
    )
    for row in waiting:
        talk = session.get_one(Conversation, row.conversation_id, with_for_update=True)
        heard = WebChat().read(json.loads(row.open(session.vault, "body") or ""))
        assert heard is not None
        if heard.kind is not InboundKind.START:
            words = heard.text.replace(",done", "")
            shown = Shown(text=words, file_id=heard.file_id)
            client_id = row.event_id.rpartition(":")[2]
            transcript.add(session, talk.id, Direction.IN, shown, client_id)
        for message in answers(heard):
            if message is DELETED:
                session.execute(
                    sa.delete(TranscriptRow).where(TranscriptRow.conversation_id == talk.id)
                )
            numbered = message.model_copy(update={"serial": _questions(session, talk.id) + 1})
            shown = numbered if message.buttons else message
            transcript.add(session, talk.id, Direction.OUT, shown)
        row.state, row.body = InboxState.DONE, None


class Loopback:
    """The web chat on a port of its own; may be stopped and started again."""

    def __init__(self, database: Database, answers: Answer = answer, **options: Any) -> None:
        self.database = database
        self.answers = answers
        self._options = options
        self._port = 0
        self._clients: list[httpx.Client] = []

    def client(self, **options: Any) -> httpx.Client:
        """A client of this server, closed when the test ends."""
        made = httpx.Client(base_url=self.url, timeout=10, **options)
        self._clients.append(made)
        return made

    def close(self) -> None:
        """Let the clients go, then stop."""
        for client in self._clients:
            client.close()
        self.stop()

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self._port}"

    def start(self) -> None:
        """Serve, on the same port as before."""
        self.database.wakes = Wakes()  # nobody sleeps yet in a process that has just begun

        @asynccontextmanager
        async def lifespan(_app: FastAPI) -> AsyncIterator[None]:
            working = asyncio.create_task(self._work())
            yield
            working.cancel()

        app = FastAPI(lifespan=lifespan)
        self._server = uvicorn.Server(
            uvicorn.Config(app, port=self._port, log_level="warning", timeout_graceful_shutdown=5)
        )
        stopping = lambda: self._server.should_exit  # noqa: E731
        router = make_webchat(self.database, lambda: TEXTS, stopping=stopping, **self._options)
        app.include_router(router)
        self._thread = threading.Thread(target=self._server.run)
        self._thread.start()
        while not self._server.started:
            time.sleep(0.01)
        self._port = self._server.servers[0].sockets[0].getsockname()[1]

    def stop(self) -> None:
        """Stop as on Ctrl-C."""
        self._server.should_exit = True
        self._thread.join()

    async def _work(self) -> None:
        while True:
            nap = asyncio.create_task(self.database.wakes.sleep(Topic.INBOX, 0.2))
            await self.database.transact(lambda session: take_turns(session, self.answers))
            await nap


@contextmanager
def serving(database: Database, **options: Any) -> Iterator[Loopback]:
    """A running server, stopped at the end."""
    server = Loopback(database, **options)
    server.start()
    try:
        yield server
    finally:
        server.close()
