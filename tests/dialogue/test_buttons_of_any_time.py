"""Buttons that are never stale stay alive on the web page, with and without a script."""

import re
from pathlib import Path

import pytest

from bot.channels.message import InboundKind
from bot.channels.webpage import page
from bot.dialogue import always
from bot.dialogue.turn import Heard, Lookups, State
from bot.turn import Rooms
from tests.dialogue.conftest import TODAY

SCRIPT = Path(page.__file__).parent / "static" / "chat.js"

NEVER_STALE = [
    "go:menu",
    "a:land-01",
    "d:land-01",
    "f:land",
    "lang:vi",
    "v:land-01:y",
    "m:0a1b:1",
    "m:0a1b:none",
    "m:0a1b:call",
    "r:0a1b:5",
]


@pytest.mark.parametrize("key", NEVER_STALE)
def test_what_may_be_pressed_at_any_time_can_be_pressed_on_the_page(
    key: str, rooms: Rooms, lookups: Lookups
) -> None:
    script = re.search(r"isAnytime = key => /(.*?)/\.test", SCRIPT.read_text())
    assert script is not None
    assert re.match(script[1], key)
    assert page.is_anytime(key)
    heard = Heard(InboundKind.BUTTON, rooms.reader.read("", TODAY), key=key)
    assert always.pressed(State(step="free"), heard, lookups) is not None
