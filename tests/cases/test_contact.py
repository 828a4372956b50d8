"""When somebody may be called, by what they said themselves."""

import datetime as dt

import pytest

from cases.calendar import ZONE, calendar_of
from cases.contact import CallHours, SafeContact, contact_of, is_safe, next_call
from tests.cases.acting import PROVINCE

CALENDAR = calendar_of(PROVINCE, "u-minh")
NUMBER = "0912345678"


def at(day: int, hour: int, minute: int = 0) -> dt.datetime:
    """November 2026; the 23rd is a Monday."""
    return dt.datetime(2026, 11, day, hour, minute, tzinfo=ZONE)


def who(window: CallHours | None, **more: object) -> SafeContact:
    return SafeContact.model_validate({"phone": NUMBER, "window": window} | more)


@pytest.mark.parametrize(
    ("window", "safe", "unsafe"),
    [
        (CallHours.NOON, at(23, 12), at(23, 10, 59)),
        (CallHours.EVENING, at(23, 19), at(23, 21)),
        (CallHours.OFFICE, at(23, 9), at(22, 9)),
        (CallHours.ANYTIME, at(22, 9), at(22, 23)),
    ],
)
def test_each_choice_of_hours_has_its_own(
    window: CallHours, safe: dt.datetime, unsafe: dt.datetime
) -> None:
    assert is_safe(who(window), CALENDAR, safe) is True
    assert is_safe(who(window), CALENDAR, unsafe) is False


def test_hours_of_ones_own_are_kept_to_the_minute() -> None:
    contact = who(CallHours.BETWEEN, begin="13:00", end="15:30")

    assert is_safe(contact, CALENDAR, at(23, 15, 29)) is True
    assert is_safe(contact, CALENDAR, at(23, 15, 30)) is False
    assert next_call(contact, CALENDAR, at(23, 16)) == at(24, 13)


def test_where_only_words_tell_no_machine_says_it_is_safe() -> None:
    contact = SafeContact(phone=NUMBER, hours="lúc chồng đi biển")

    assert is_safe(contact, CALENDAR, at(23, 9)) is None
    assert next_call(contact, CALENDAR, at(22, 9)).astimezone(ZONE).date() == dt.date(2026, 11, 23)


@pytest.mark.parametrize("contact", [SafeContact(), who(CallHours.MESSAGE_ONLY)])
def test_nobody_is_called_who_did_not_say_so(contact: SafeContact) -> None:
    assert not contact.may_be_called
    assert is_safe(contact, CALENDAR, at(23, 9)) is False


def test_what_cannot_be_read_leads_to_no_call() -> None:
    assert not contact_of("{").may_be_called
    assert not contact_of('{"phone": "0912345678", "window": "sometimes"}').may_be_called
    assert contact_of('{"phone": "0912345678", "hours": "tối"}').may_be_called


def test_the_next_call_is_now_when_it_is_safe_now() -> None:
    assert next_call(who(CallHours.NOON), CALENDAR, at(23, 12)) == at(23, 12)
    assert next_call(who(CallHours.NOON), CALENDAR, at(23, 14)) == at(24, 11)
