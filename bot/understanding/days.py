"""Days a citizen names, and how near they are: "thứ hai tuần này", "mai", "ngày 27", "còn 3 ngày".

Vietnamese weeks begin on Monday, and days are written day/month/year.
"""

import datetime as dt
import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from bot.understanding import numbers
from bot.understanding.phrases import Message
from knowledge.vietnamese import fold

_WEEKDAYS = {"2": 0, "hai": 0, "3": 1, "ba": 1, "4": 2, "tu": 2, "5": 3, "nam": 3, "6": 4, "sau": 4,
             "7": 5, "bay": 5}  # fmt: skip
_SUNDAY = 6
_NOT_A_WEEKDAY_AFTER = frozenset({"lan", "con", "vo", "chong", "dua", "nguoi", "phien", "lop"})
"""Before "thứ hai": the second time, the second child."""
_GONE = frozenset({"roi", "truoc", "qua", "vua"})
_NEXT = frozenset({"sau", "toi"})
_THIS = frozenset({"nay"})
_TODAY = ("hom", "bua", "sang", "trua", "chieu", "toi", "ngay")
_TOMORROW = frozenset({"mai", "moi"})
""""Mơi" is how the South says "mai"; with another mark it is "mới"."""
_THEN = frozenset({"la", "ra", "toa", "xu", "len", "hau", "den", "toi", "phai"})
"""After "mốt", the day after tomorrow, when it is not "một"."""
_OF_THE_PAST = frozenset({"hoi", "may", "tu"})
_UNITS = {"ngay": 1, "bua": 1, "hom": 1, "tuan": 7}
_WEEK = dt.timedelta(days=7)


@dataclass(frozen=True)
class Named:
    """A day a message names: between which words it stands, and the earliest day it can be."""

    begin: int
    end: int
    day: dt.date


def working_days_until(day: dt.date, today: dt.date) -> int:
    """Working days after `today` up to `day`, Monday to Friday; negative when it is past.

    Public holidays are not known here: they only make a day nearer.
    """
    if day < today:
        return -1
    walked = (today + dt.timedelta(days=step) for step in range(1, (day - today).days + 1))
    return sum(one.weekday() < 5 for one in walked)


def named(message: Message, today: dt.date) -> tuple[Named, ...]:
    """All days a message names. One that cannot be made out is left out."""
    words = [fold(word) for word in message.words]
    found: list[Named] = []
    taken = 0
    for place in range(len(words)):
        if place < taken:
            continue
        one = next(_at(words, message.words, place, message.text, today), None)
        if one is not None:
            found.append(one)
            taken = one.end
    return tuple(found)


def _at(
    words: Sequence[str], typed: Sequence[str], place: int, text: str, today: dt.date
) -> Iterator[Named]:
    """The readings of what begins at a place, the longest first; `typed` has the marks."""
    word = words[place]
    if word == "moi" and typed[place] != "mơi":
        word = ""
    if word == "mot" and typed[place] in ("một", "mọt", "mót"):
        word = ""
    rest = (*words[place + 1 : place + 6], "", "", "", "", "")
    before = words[place - 1] if place else ""

    def until(length: int, day: dt.date) -> Named:
        return Named(place, place + length, day)

    if word == "thu" and rest[0] in _WEEKDAYS and before not in _NOT_A_WEEKDAY_AFTER:
        yield from _weekday(place, 2, _WEEKDAYS[rest[0]], rest[1:], today)
    if word == "chu" and rest[0] == "nhat":
        yield from _weekday(place, 2, _SUNDAY, rest[1:], today)
    if word in _TOMORROW and rest[0] not in ("mot", "kia") and before != "mot":
        yield until(1, today + dt.timedelta(days=1))
    if word == "mot" and (
        before in ("ngay", "bua", "hom", "sang", "chieu", "toi")
        or (before != "mai" and rest[0] in _THEN)
        or rest[0] == "nay"
    ):
        yield until(1, today + dt.timedelta(days=2))
    if word in _UNITS and rest[0] == "kia" and before not in _OF_THE_PAST:
        yield until(2, today + dt.timedelta(days=2))
    if word in _TODAY and rest[0] == "nay":
        yield until(2, today)
    if word == "tuan" and rest[0] in _NEXT:
        yield until(2, today - dt.timedelta(days=today.weekday()) + _WEEK)
    if word == "tuan" and rest[0] in _THIS:
        yield until(2, today)
    yield from _in_days(words, place, today)
    if word.isdigit():
        yield from _calendar_day(place, word, rest, before, text, today)


def _weekday(
    place: int, length: int, weekday: int, rest: Sequence[str], today: dt.date
) -> Iterator[Named]:
    monday = today - dt.timedelta(days=today.weekday())
    words = rest[1:] if rest[0] == "tuan" else rest
    length += (rest[0] == "tuan") + (words[0] in _NEXT | _THIS | _GONE)
    day = monday + dt.timedelta(days=weekday)
    if words[0] in _GONE:
        yield Named(place, place + length, day - _WEEK if day >= today else day)
    elif words[0] in _NEXT and rest[0] == "tuan":
        yield Named(place, place + length, day + _WEEK)
    elif words[0] in _THIS and rest[0] == "tuan":
        yield Named(place, place + length, day)
    else:
        yield Named(place, place + length, day if day >= today else day + _WEEK)


def _in_days(words: Sequence[str], place: int, today: dt.date) -> Iterator[Named]:
    """ "còn 3 ngày", "ba bữa nữa", "trong vòng hai ngày"."""
    for length in (2, 1):
        amount = words[place : place + length]
        unit = words[place + length] if place + length < len(words) else ""
        after = words[place + length + 1] if place + length + 1 < len(words) else ""
        before = words[max(0, place - 2) : place]
        if unit not in _UNITS or not ({"con", "trong"} & {*before} or after == "nua"):
            continue
        whole = amount[0] if length == 1 else ""
        number = 3 if whole in ("may", "vai") else numbers.in_words(list(amount))
        if whole.isdigit():
            number = int(whole)
        if number is not None and number < 1000:
            day = today + dt.timedelta(days=number * _UNITS[unit])
            yield Named(place, place + length + 1, day)


def _calendar_day(
    place: int, word: str, rest: Sequence[str], before: str, text: str, today: dt.date
) -> Iterator[Named]:
    """ "ngày 27", "27/11", "27 tháng 11 năm 2026", "mùng 5"."""
    day = int(word)
    if not 1 <= day <= 31:
        return
    numbered = re.search(rf"(?<!\d){word}\s?[/.-]\s?(\d{{1,2}})(?:\s?[/.-]\s?(\d{{4}}))?", text)
    if numbered and rest[0] == numbered[1]:
        year = int(numbered[2]) if numbered[2] else None
        found = _date(day, int(numbered[1]), year, today)
        length = 3 if year else 2
    elif rest[0] == "thang" and rest[1].isdigit():
        year = int(rest[3]) if rest[2] == "nam" and rest[3].isdigit() else None
        found = _date(day, int(rest[1]), year, today)
        length = 5 if year else 3
    elif before in ("ngay", "mung") and rest[0] not in ("thang", "ngay"):
        length = 1
        found = _date(day, today.month, today.year, today)
        if rest[0] in _GONE or (rest[0] == "thang" and rest[1] in _GONE):
            return
        if found is not None and found < today:
            following = today.replace(day=1) + dt.timedelta(days=32)
            found = _date(day, following.month, following.year, today)
    else:
        return
    if found is not None:
        yield Named(place, place + length, found)


def _date(day: int, month: int, year: int | None, today: dt.date) -> dt.date | None:
    """The date; without a year the nearest one, so that last week's is past and not next year's."""
    years = (year,) if year is not None else (today.year - 1, today.year, today.year + 1)
    dates: list[dt.date] = []
    for one in years:
        try:
            dates.append(dt.date(one, month, day))
        except ValueError:
            continue
    return min(dates, key=lambda date: abs((date - today).days), default=None)
