"""The dialogue by itself: no database, no channel, one day, one province."""

from collections.abc import Callable
from dataclasses import replace
from typing import Any

import pytest

from bot.app import DRAWN_ON, load_rooms, lookups_for_drawing
from bot.channels.message import InboundKind
from bot.dialogue.hear import hear
from bot.dialogue.turn import CaseView, Heard, Lookups, State, Turn
from bot.turn import Rooms
from bot.understanding.understood import Understood
from cases.province import load_province

TODAY = DRAWN_ON


@pytest.fixture(scope="session")
def rooms() -> Rooms:
    return load_rooms(load_province("ca-mau"))


@pytest.fixture(scope="session")
def lookups(rooms: Rooms) -> Lookups:
    return lookups_for_drawing(rooms)


@pytest.fixture(scope="session")
def read(rooms: Rooms) -> Callable[[str], Understood]:
    return lambda text: rooms.reader.read(text, TODAY)


class Talk:
    """A talk whose state goes through JSON between any two messages."""

    def __init__(self, lookups: Lookups, read: Callable[[str], Understood]) -> None:
        self.lookups = lookups
        self.read = read
        self.state = State()
        self.turn = Turn(self.state)

    def has_case(self, state: str) -> None:
        view = CaseView("c1", state, "Chi nhánh Năm Căn", TODAY, None, withdraw_asked=False)
        self.lookups = replace(self.lookups, my_case=view)

    def starts(self, payload: str = "") -> str:
        return self.hears(Heard(InboundKind.START, self.read(""), key=payload))

    def writes(self, text: str) -> str:
        return self.hears(Heard(InboundKind.TEXT, self.read(text), text=text))

    def presses(self, key: str, serial: int | None = None) -> str:
        serial = self.state.serial if serial is None else serial
        return self.hears(Heard(InboundKind.BUTTON, self.read(""), key=key, serial=serial))

    def sends(self, kind: InboundKind, **values: Any) -> str:
        return self.hears(Heard(kind, self.read(values.get("text", "")), **values))

    def hears(self, heard: Heard) -> str:
        state = State.model_validate_json(self.state.model_dump_json())
        self.turn = hear(state, heard, self.lookups)
        self.state = self.turn.state
        texts = self.lookups.texts
        return "\n\n".join(texts.join(say.lines, self.state.language) for say in self.turn.says)

    @property
    def keys(self) -> list[str]:
        """The keys of all lines of the last turn."""
        return [line.key for say in self.turn.says for line in say.lines]

    @property
    def choices(self) -> list[str]:
        """The keys of the buttons of the last question."""
        return [choice.key for choice in self.turn.says[-1].choices] if self.turn.says else []


@pytest.fixture
def talk(lookups: Lookups, read: Callable[[str], Understood]) -> Talk:
    return Talk(lookups, read)
