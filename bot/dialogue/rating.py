"""How it was (Form 11): one tap for the stars, then a few questions that may be passed over."""

import re
from collections.abc import Mapping
from types import MappingProxyType

from bot.dialogue import welcome
from bot.dialogue.turn import AddToRating, Heard, Lookups, Rate, State, Turn, ask, choice
from cases.speech import Line, Say, say

_KEY = re.compile(r"r:(?P<case>[0-9a-f]{1,32}):(?P<stars>[1-5])")

WORDS = "rating.words"
_SKIP = choice("skip", "menu.skip")
_STARS = tuple(choice(str(stars), f"rating.stars_{stars}") for stars in range(1, 6))
_AFTER: Mapping[str, str] = MappingProxyType(
    {
        "rating.attitude": "rating.responsibility",
        "rating.responsibility": "rating.skill",
        "rating.skill": WORDS,
    }
)


def pressed(state: State, key: str) -> Turn | None:
    """Stars for a case that has ended, however old the button."""
    read = _KEY.fullmatch(key)
    if read is None:
        return None
    return Turn(state, (), (Rate(read["case"], int(read["stars"])),))


def label(key: str) -> Line | None:
    """The stars of a button, for the citizen's own log."""
    read = _KEY.fullmatch(key)
    stars = read["stars"] if read is not None else None
    return Line(key=f"rating.stars_{stars}") if stars is not None else None


def rated(state: State, case_id: str, refused: str | None) -> Turn:
    """The stars are kept; the rest is asked for, and may be left out."""
    if refused is not None:
        return Turn(state, (say(f"rating.refused_{refused}"),))
    asked = state.at("rating.attitude").with_(rating=case_id)
    return Turn(asked, (say("rating.thanks"), _ask("rating.attitude")))


def _ask(step: str) -> Say:
    match step:
        case "rating.attitude":
            return ask("rating.attitude", *_STARS, _SKIP)
        case "rating.responsibility":
            return ask("rating.responsibility", *_STARS, _SKIP)
        case "rating.skill":
            return ask("rating.skill", *_STARS, _SKIP)
        case "rating.words":
            return ask("rating.words", _SKIP)
        case other:
            raise AssertionError(other)


def ask_again(state: State, _lookups: Lookups) -> Say:
    return _ask(state.step)


def answer(state: State, heard: Heard, _lookups: Lookups) -> Turn | None:
    """One more answer, or none; each is kept as soon as it is given."""
    if state.rating is None:
        return welcome.again(state)
    if state.step == WORDS:
        words = "" if heard.key else heard.text.strip()
        if not words and heard.key != "skip":
            return None
        done = welcome.again(state.with_(rating=None)).before(say("rating.done"))
        kept = (AddToRating(state.rating, "words", words),) if words else ()
        return Turn(done.state, done.says, kept)
    following = _AFTER[state.step]
    asked = Turn(state.at(following), (_ask(following),))
    if heard.key == "skip":
        return asked
    if heard.key in {one.key for one in _STARS}:
        kept = (AddToRating(state.rating, state.step.removeprefix("rating."), heard.key),)
        return Turn(asked.state, asked.says, kept)
    return None
