"""The opening of a talk, and the menu one can always come back to."""

import re

from bot.dialogue.turn import Heard, Lookups, State, Turn, ask, choice
from cases.speech import Say, say

MENU = (
    choice("go:ask", "menu.ask"),
    choice("go:screen", "menu.screen"),
    choice("go:person", "menu.person"),
    choice("go:status", "menu.status"),
    choice("go:language", "menu.language"),
)

_POSTER = re.compile(r"c(?P<commune>[0-9]{5})(?:[-_](?P<spot>[A-Za-z0-9_-]+))?")


def hello(lookups: Lookups) -> Say:
    """Says that a machine answers, that it is free, and what is kept; then the menu."""
    return ask("welcome.hello", *MENU, province=lookups.blanks["province"])


def start(state: State, heard: Heard, lookups: Lookups) -> Turn:
    """The talk is opened, perhaps from a poster that knows its commune."""
    fresh = State(language=state.language, serial=state.serial, step="free")
    poster = _POSTER.fullmatch(heard.key)
    if poster is None or poster["commune"] not in {c.code for c in lookups.province.communes}:
        return Turn(fresh, (hello(lookups),))
    commune = lookups.province.commune(poster["commune"])
    return Turn(fresh, (say("welcome.from_poster", commune=commune.full_name), hello(lookups)))


def menu(state: State, _heard: Heard, _lookups: Lookups) -> Turn:
    """The menu; whatever was asked is put aside, nothing learnt is lost."""
    return Turn(state.at("free").with_(opening=False), (ask("welcome.menu", *MENU),))


def again(state: State) -> Turn:
    """Back to free talk after something has come to its end."""
    return Turn(state.at("free").with_(opening=False), (ask("welcome.again", *MENU),))
