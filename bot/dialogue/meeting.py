"""Meetings with an officer: the citizen answers proposed times, whoever holds the talk."""

import re
from dataclasses import replace

from bot.channels.message import InboundKind
from bot.dialogue.turn import AnswerMeeting, Heard, Lookups, MeetingView, State, Turn, choice
from cases.speech import Choice, Line, say
from knowledge.vietnamese import fold

_KEY = re.compile(r"m:(?P<meeting>[0-9a-f]{1,32}):(?P<said>[1-3]|none|call)")

_STATUS = choice("go:status", "menu.status")


def pressed(state: State, key: str) -> Turn | None:
    """An answer to proposed times, however old the button: what it comes to is looked up."""
    read = _KEY.fullmatch(key)
    if read is None:
        return None
    return Turn(state, (), (AnswerMeeting(read["meeting"], read["said"]),))


def label(key: str) -> Line | None:
    """The words of a button of a proposal, for the citizen's own log."""
    read = _KEY.fullmatch(key)
    if read is None:
        return None
    match read["said"]:
        case "none":
            return Line(key="meeting.none_fits")
        case "call":
            return Line(key="meeting.call_me")
        case number:
            return Line(key="meeting.chosen", blanks={"number": number})


def typed(heard: Heard, state: State, lookups: Lookups) -> Heard:
    """A number or a label typed instead of a button pressed, while an officer holds the talk."""
    meeting = lookups.meeting
    if heard.kind is not InboundKind.TEXT or meeting is None:
        return heard
    offered = meeting.asked.choices
    words = fold(heard.understood.text).strip(" .!?)")
    picked: Choice | None = next(
        (
            one
            for one in offered
            if fold(lookups.texts.render(one.label, state.language)).strip(" .!?") == words
        ),
        None,
    )
    if meeting.waits and words.isdecimal() and 1 <= int(words) <= len(offered):
        picked = offered[int(words) - 1]
    if picked is None:
        return heard
    return replace(heard, kind=InboundKind.BUTTON, key=picked.key, serial=None)


def answered(state: State, meeting: MeetingView | None, refused: str | None) -> Turn:
    """What is said once the answer was taken, or could not be."""
    if refused is None and meeting is not None:
        return Turn(state, (meeting.asked,))
    reason = refused or "gone"
    said = say(f"meeting.refused_{reason}")
    if meeting is None:
        return Turn(state, (said.model_copy(update={"choices": (_STATUS,)}),))
    return Turn(state, (said, meeting.asked))
