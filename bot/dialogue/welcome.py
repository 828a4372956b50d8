"""The opening of a talk, and the menu one can always come back to."""

import re
from dataclasses import replace

from bot.channels.message import InboundKind
from bot.dialogue.turn import Heard, Lookups, Place, State, Turn, ask, choice
from cases.speech import Say, say

MENU = (
    choice("go:ask", "menu.ask"),
    choice("go:screen", "menu.screen"),
    choice("go:person", "menu.person"),
    choice("go:status", "menu.status"),
    choice("go:language", "menu.language"),
)

_POSTER = re.compile(r"c(?P<commune>[0-9]{5})(?:[-_](?P<spot>[A-Za-z0-9_-]+))?")
_TYPED = re.compile(r"c ?(?P<commune>[0-9]{5})(?:[ _-]+(?P<spot>[a-z0-9-]{1,24}))?")


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
    here = fresh.with_(poster=heard.key, place=Place(communes=(commune.code,), guessed=True))
    return Turn(here, (say("welcome.from_poster", commune=commune.full_name), hello(lookups)))


def typed_code(heard: Heard, lookups: Lookups) -> Heard | None:
    """A poster's code in words, where a channel has no links that carry it; None: it is none."""
    code = _TYPED.fullmatch(" ".join(heard.text.lower().split()).strip(" ."))
    if heard.kind is not InboundKind.TEXT or code is None:
        return None
    if code["commune"] not in {one.code for one in lookups.province.communes}:
        return None
    spot = f"_{code['spot']}" if code["spot"] else ""
    return replace(heard, kind=InboundKind.START, key=f"c{code['commune']}{spot}")


def menu(state: State, _heard: Heard, _lookups: Lookups) -> Turn:
    """The menu; whatever was asked is put aside, nothing learnt is lost."""
    return Turn(state.at("free").with_(opening=False), (ask("welcome.menu", *MENU),))


def again(state: State) -> Turn:
    """Back to free talk after something has come to its end."""
    return Turn(state.at("free").with_(opening=False), (ask("welcome.again", *MENU),))
