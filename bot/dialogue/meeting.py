"""Meetings with an officer: the citizen answers proposed times, whoever holds the talk."""

import re
from collections.abc import Sequence
from dataclasses import dataclass, replace

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
    if picked is None and not words.endswith("?") and "?" not in heard.text:
        picked = _in_words(words, offered)
    if picked is None:
        return heard
    return replace(heard, kind=InboundKind.BUTTON, key=picked.key, serial=None)


def _in_words(words: str, offered: Sequence[Choice]) -> Choice | None:
    """ "Tôi chọn thứ năm 14 giờ": the one answer that fits; None where several or none do.

    Whoever says more than a choice is left to the officer, who reads it.
    """
    if len(words.split()) > _FEW_WORDS:
        return None
    times = {one.key: one for one in offered if one.label.key.startswith("meeting.on_")}
    if _NONE_FITS.search(words):
        return next((one for one in offered if one.key.endswith(":none")), None)
    if _CALL_ME.search(words):
        return next((one for one in offered if one.key.endswith(":call")), None)
    if _REFUSES.search(words):
        return None
    told = _Told.read(words)
    fits = [one for one in times.values() if told.fits(one.label)] if told else []
    return fits[0] if len(fits) == 1 else None


_FEW_WORDS = 12
_NOT = r"(?:khong|ko|k|hong|hok|hem|chang)"
_NONE_FITS = re.compile(
    rf"\b{_NOT} (?:co )?(?:gio|bua|ngay) nao (?:duoc|ranh|di duoc|toi duoc)\b"
    rf"|\b(?:gio|bua|ngay) nao (?:cung )?{_NOT} (?:duoc|ranh|di|toi)\b"
    rf"|\b(?:may|cac|ca|het|deu).{{0,12}}(?:gio|bua|ngay).{{0,12}}"
    rf"{_NOT} (?:di |toi )?(?:duoc|ranh)\b"
)
_CALL_ME = re.compile(r"\bgoi (?:dien |lai |dien lai )+(?:cho )?(?:toi|tui|em|minh|con|chau)\b")
_REFUSES = re.compile(rf"\b(?:{_NOT}|dung|chua|ban|ket|doi|huy|tru|ngoai)\b")

_WEEKDAYS = {
    "hai": 1, "2": 1, "ba": 2, "3": 2, "tu": 3, "4": 3, "nam": 4, "5": 4, "sau": 5, "6": 5,
    "bay": 6, "7": 6,
}  # fmt: skip
_WEEKDAY = re.compile(r"\b(?:thu|t) ?(hai|ba|tu|nam|sau|bay|[2-7])\b")
_SUNDAY = re.compile(r"\b(?:chu nhat|cn)\b")
_DAY = re.compile(r"\b(\d{1,2}) ?[/-] ?(\d{1,2})\b|\bngay (\d{1,2})\b")
_HOUR = re.compile(r"\b(\d{1,2}) ?(?:gio|g|h|:)(?: ?(\d{2})(?!\d)| ?(ruoi))?")
_AFTERNOON = re.compile(r"\b(?:chieu|toi nay|buoi toi|trua)\b")
_MORNING = re.compile(r"\bsang\b")
_NOON = 12


@dataclass(frozen=True)
class _Told:
    """What of a day and an hour is told; what is not told fits any."""

    weekday: int | None
    day: tuple[int, int | None] | None
    hour: tuple[int, int] | None
    afternoon: bool | None

    @classmethod
    def read(cls, words: str) -> "_Told | None":
        """None where neither a day nor an hour is named."""
        named, day, hour = _WEEKDAY.search(words), _DAY.search(words), _HOUR.search(words)
        weekday = _WEEKDAYS[named[1]] if named else 7 if _SUNDAY.search(words) else None
        afternoon = True if _AFTERNOON.search(words) else False if _MORNING.search(words) else None
        if weekday is None and day is None and hour is None and afternoon is None:
            return None
        return cls(
            weekday,
            (int(day[1] or day[3]), int(day[2]) if day[2] else None) if day else None,
            (int(hour[1]), 30 if hour[3] else int(hour[2] or 0)) if hour else None,
            afternoon,
        )

    def fits(self, label: Line) -> bool:
        """Whether a proposed time is the one that is told."""
        day, month = map(int, label.blanks["day"].split("/"))
        hour, minute = map(int, label.blanks["hour"].split(":"))
        named = self.day is None or (self.day[0] == day and self.day[1] in (None, month))
        of_day = self.afternoon is None or self.afternoon == (hour >= _NOON)
        clock = (hour, minute)
        same = self.hour is None or self.hour in (clock, (clock[0] - _NOON, clock[1]))
        weekday = self.weekday is None or label.key == f"meeting.on_{self.weekday}"
        return named and of_day and same and weekday


def answered(state: State, meeting: MeetingView | None, refused: str | None) -> Turn:
    """What is said once the answer was taken, or could not be."""
    if refused is None and meeting is not None:
        return Turn(state, (meeting.asked,))
    reason = refused or "gone"
    said = say(f"meeting.refused_{reason}")
    if meeting is None:
        return Turn(state, (said.model_copy(update={"choices": (_STATUS,)}),))
    return Turn(state, (said, meeting.asked))
