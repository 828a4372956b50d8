"""How a citizen may be reached: number, hours, who may hear. Pure.

Nobody is called unless they said so; the words they said go with every number.
"""

import datetime as dt
import json
from enum import StrEnum
from typing import Self, assert_never

from pydantic import BaseModel, ConfigDict, ValidationError, model_validator

from cases.calendar import ONE_DAY, ZONE, WorkingCalendar, day_of

_DAYS_AHEAD = 30


class CallHours(StrEnum):
    """When it is safe to call, as far as a machine can tell."""

    OFFICE = "office"
    NOON = "noon"
    EVENING = "evening"
    ANYTIME = "anytime"
    BETWEEN = "between"
    """From `begin` to `end`, every day."""
    MESSAGE_ONLY = "message_only"
    """Never."""


_EVERY_DAY = {
    CallHours.NOON: (dt.time(11), dt.time(13, 30)),
    CallHours.EVENING: (dt.time(18), dt.time(20, 30)),
    CallHours.ANYTIME: (dt.time(7), dt.time(20, 30)),
}


class SafeContact(BaseModel):
    """What a case keeps (sealed) of how its citizen may be reached."""

    model_config = ConfigDict(frozen=True, extra="ignore")

    name: str | None = None
    phone: str | None = None
    hours: str | None = None
    """As it was said."""
    window: CallHours | None = None
    """None: only the words tell."""
    begin: dt.time | None = None
    end: dt.time | None = None
    hears: str | None = None
    """Who else may pick up, and hear what it is about."""
    says_who: bool | None = None
    """Whether the caller may say to whoever picks up that legal aid is calling; None: not said."""
    code_word: str | None = None
    """By which the citizen knows the caller."""
    note: str | None = None

    @model_validator(mode="after")
    def _has_hours(self) -> Self:
        named = self.begin is not None and self.end is not None and self.begin < self.end
        if self.window is CallHours.BETWEEN and not named:
            raise ValueError("from an hour to a later one")
        return self

    @property
    def may_be_called(self) -> bool:
        """Whether a number was left, and not for messages only."""
        return bool(self.phone) and self.window is not CallHours.MESSAGE_ONLY


def contact_of(text: str | None) -> SafeContact:
    """What is kept of a case; nothing where it can't be read, so that nobody is called for it."""
    if text is None:
        return SafeContact()
    try:
        return SafeContact.model_validate(json.loads(text))
    except (ValueError, ValidationError):
        return SafeContact()


def _windows(
    contact: SafeContact, calendar: WorkingCalendar, day: dt.date
) -> tuple[tuple[dt.datetime, dt.datetime], ...]:
    match contact.window:
        case CallHours.MESSAGE_ONLY:
            return ()
        case None | CallHours.OFFICE:
            return tuple(calendar.spans(day))
        case CallHours.BETWEEN:
            assert contact.begin is not None  # noqa: S101 - a contact has both
            assert contact.end is not None  # noqa: S101
            begin, end = contact.begin, contact.end
        case CallHours.NOON | CallHours.EVENING | CallHours.ANYTIME:
            begin, end = _EVERY_DAY[contact.window]
        case _:
            assert_never(contact.window)
    return ((dt.datetime.combine(day, begin, ZONE), dt.datetime.combine(day, end, ZONE)),)


def is_safe(contact: SafeContact, calendar: WorkingCalendar, now: dt.datetime) -> bool | None:
    """Whether they may be called now; None: only their own words tell."""
    if not contact.may_be_called:
        return False
    if contact.window is None:
        return None
    return any(begin <= now < end for begin, end in _windows(contact, calendar, day_of(now)))


_DAYTIME = (dt.time(7), dt.time(20, 30))


def message_at(contact: SafeContact, now: dt.datetime, *, in_danger: bool) -> dt.datetime | None:
    """From when on a neutral notice may light up their phone; None: never, as it stands.

    By day, or in the hours that they named. Where somebody may be in danger nothing is sent
    unless they have said how they can be reached.
    """
    if contact.window is None and in_danger:
        return None
    begin, end = _EVERY_DAY.get(contact.window, _DAYTIME) if contact.window else _DAYTIME
    if contact.begin is not None and contact.end is not None:
        begin, end = contact.begin, contact.end
    day = day_of(now)
    if now < dt.datetime.combine(day, end, ZONE):
        return max(now, dt.datetime.combine(day, begin, ZONE))
    return dt.datetime.combine(day + ONE_DAY, begin, ZONE)


def next_call(contact: SafeContact, calendar: WorkingCalendar, from_: dt.datetime) -> dt.datetime:
    """The first moment from then on at which they may be called.

    Where only words tell, the office's next working time: whoever calls reads them first.
    """
    day = day_of(from_)
    for place in range(_DAYS_AHEAD):
        for begin, end in _windows(contact, calendar, day + place * ONE_DAY):
            if from_ < end:
                return max(begin, from_)
    return from_
