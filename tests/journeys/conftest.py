"""Whole talks through the real inbox, turn, outbox and delivery, on a channel that only listens."""

import datetime as dt
from collections.abc import Mapping
from dataclasses import dataclass, field
from itertools import count
from typing import Any

import pytest
import sqlalchemy as sa

from bot import delivery, inbox
from bot.app import load_rooms
from bot.channels.message import (
    Capabilities,
    ChannelName,
    FetchedFile,
    Inbound,
    InboundKind,
    Outbound,
    RawEvent,
    Receipt,
    RemoteFile,
    Sent,
)
from bot.conversations import Conversation, find
from bot.delivery import Parcel
from bot.dialogue.turn import State
from bot.turn import Rooms
from bot.worker import Did, Worker
from cases.model import Case
from cases.province import load_province
from cases.speech import Ask
from cases.staff import Role, StaffMember
from cases.wording import Texts
from store.session import Database, Session


@pytest.fixture(scope="session")
def rooms() -> Rooms:
    return load_rooms(load_province("ca-mau"))


class ListeningChannel:
    """A channel whose platform takes everything, or answers as it is told to."""

    name = ChannelName.TELEGRAM

    def __init__(self) -> None:
        self.capabilities = Capabilities(max_text=4096, buttons=True, asks=frozenset(Ask))
        self.sent: list[tuple[str, Outbound]] = []
        self.answers: list[Sent] = []
        self.files: dict[str, FetchedFile] = {}

    def read(self, event: Mapping[str, Any]) -> Inbound | None:
        if event.get("kind") == "nonsense":
            return None
        if event.get("kind") == "poison":
            raise RuntimeError("số 0912 345 678 của chị Bảy")
        values = dict(event)
        if values.get("file") is not None:
            values["file"] = RemoteFile(**values["file"])
        return Inbound(**(values | {"kind": InboundKind(values["kind"])}))

    async def fetch(self, file: RemoteFile) -> FetchedFile | None:
        return self.files.get(file.reference)

    async def send(self, address: str, message: Outbound) -> Sent:
        answer = self.answers.pop(0) if self.answers else Receipt(f"m{len(self.sent)}")
        if isinstance(answer, Receipt):
            self.sent.append((address, message))
        return answer


def take_one(
    session: Session,
    texts: Texts,
    capabilities: Mapping[ChannelName, Capabilities],
    owner: str | None = None,
) -> Parcel | None:
    """Lease the next message that may be sent; None when there is nothing to do now."""
    free = dict.fromkeys(capabilities, 1)
    return next(iter(delivery.take(session, texts, capabilities, owner, free=free, most=1)), None)


_numbers = count(1)


@dataclass
class Citizen:
    """Somebody who writes, presses and reads."""

    database: Database
    worker: Worker
    channel: ListeningChannel
    address: str = "chat-1"
    read_up_to: int = 0
    heard: list[Outbound] = field(default_factory=list)

    async def event(self, event_id: str | None = None, **values: Any) -> list[Outbound]:
        """Send one event and read what comes back."""
        self.receive(event_id, **values)
        return await self.reads()

    def receive(self, event_id: str | None = None, **values: Any) -> bool:
        """Only put one event into the inbox."""
        body = {"channel": self.channel.name, "address": self.address, **values}
        event = RawEvent(self.channel.name, event_id or f"e{next(_numbers)}", self.address, body)
        return self.database.transact_now(lambda session: inbox.accept(session, event))

    async def reads(self) -> list[Outbound]:
        """Let the worker do all it can now; the new messages of this citizen."""
        while await self.worker.answer_one() is Did.SOMETHING:
            pass
        while await self.worker.send_one() is Did.SOMETHING:
            pass
        mine = [message for address, message in self.channel.sent if address == self.address]
        new, self.read_up_to = mine[self.read_up_to :], len(mine)
        self.heard += new
        return new

    async def starts(self, payload: str = "") -> list[Outbound]:
        return await self.event(kind="start", text=payload)

    async def writes(self, text: str) -> list[Outbound]:
        return await self.event(kind="text", text=text)

    async def presses(self, label: str) -> list[Outbound]:
        """Press the newest button with this label or key."""
        for message in reversed(self.heard):
            for button in message.buttons:
                if label in (button.label, button.key):
                    return await self.event(
                        kind="button", text=button.key, button_serial=message.serial
                    )
        raise AssertionError(f"no button {label!r} in {[m.text for m in self.heard]}")

    def state(self) -> State:
        def load(session: Session) -> State:
            talk = self._talk(session)
            return State.model_validate_json(talk.open(session.vault, "state") or "{}")

        return self.database.read_now(load)

    def case(self) -> Case:
        """The newest case."""

        def load(session: Session) -> Case:
            case = session.scalar(sa.select(Case).order_by(Case.number.desc()).limit(1))
            assert case is not None
            return case

        return self.database.read_now(load)

    def _talk(self, session: Session) -> Conversation:
        talk = find(session, self.channel.name, self.address)
        assert talk is not None
        return talk


def said(messages: list[Outbound]) -> str:
    """All words of some messages."""
    return "\n\n".join(message.text for message in messages)


def labels(message: Outbound) -> list[str]:
    return [button.label for button in message.buttons]


@pytest.fixture
def channel() -> ListeningChannel:
    return ListeningChannel()


@pytest.fixture
def worker(database: Database, rooms: Rooms, channel: ListeningChannel) -> Worker:
    return Worker(database, rooms, {channel.name: channel})


@pytest.fixture
def citizen(database: Database, worker: Worker, channel: ListeningChannel) -> Citizen:
    return Citizen(database, worker, channel)


@pytest.fixture
def officer(database: Database) -> StaffMember:
    """Somebody who can receive at every active office, so that nothing falls to the centre."""

    def hire(session: Session) -> StaffMember:
        now = dt.datetime(2026, 11, 1, tzinfo=dt.UTC)
        for office in load_province("ca-mau").offices:
            staff = StaffMember(
                username=f"officer.{office.id}",
                role=Role.CENTRE if office.id == "centre" else Role.OFFICER,
                office_id=office.id,
                password_hash="-",
                active=True,
                created_at=now,
            )
            staff.seal(session.vault, "name", f"Cán bộ {office.id}")
            session.add(staff)
        session.flush()
        return session.scalars(
            sa.select(StaffMember).where(StaffMember.username == "officer.tran-van-thoi")
        ).one()

    return database.transact_now(hire)
