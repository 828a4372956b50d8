"""Which days count, and when an office is at work: against a table worked by hand."""

import datetime as dt
from pathlib import Path
from typing import Any

import pytest
import yaml
from hypothesis import given
from hypothesis import strategies as st

from cases.calendar import ZONE, WorkingCalendar, calendar_of, day_of
from cases.province import load_province

TABLE = yaml.safe_load(Path(__file__).with_name("deadlines.yaml").read_text(encoding="utf-8"))
CA_MAU = load_province("ca-mau")
SMALL = load_province(Path(__file__).parents[1] / "provinces" / "an-giang-nho")
CALENDAR = calendar_of(CA_MAU, "u-minh")
PART_TIME = calendar_of(SMALL, "an-minh")
"""Open on Monday and Wednesday mornings, 07:30-11:30."""

DAYS = st.dates(dt.date(2025, 12, 1), dt.date(2028, 1, 31))
MOMENTS = st.datetimes(
    dt.datetime(2025, 12, 1),  # noqa: DTZ001 - hypothesis adds the zone
    dt.datetime(2028, 1, 31),  # noqa: DTZ001 - hypothesis adds the zone
    timezones=st.sampled_from([ZONE, dt.UTC]),
)
HOURS = st.integers(0, 60 * 40).map(lambda minutes: dt.timedelta(minutes=minutes))


def at(written: str) -> dt.datetime:
    """A moment of the table: Vietnam's unless it says otherwise."""
    moment = dt.datetime.fromisoformat(written)
    return moment if moment.tzinfo else moment.replace(tzinfo=ZONE)


def rows(name: str) -> pytest.MarkDecorator:
    """The rows of a part of the table, each called by what goes in."""
    return pytest.mark.parametrize("row", TABLE[name], ids=lambda row: str([*row.values()][:2]))


@rows("working_days")
def test_working_days_are_counted_as_by_hand(row: dict[str, Any]) -> None:
    count = CALENDAR.add_working_days(row["event"], row["number"])

    assert count.last_day == row["last"]
    assert count.certain is row.get("certain", True)
    assert count.verified is row.get("verified", True)


@rows("days")
def test_days_are_counted_as_by_hand(row: dict[str, Any]) -> None:
    count = CALENDAR.add_days(row["event"], row["number"])

    assert count.last_day == row["last"]
    assert count.certain is row.get("certain", True)


@rows("working_hours")
def test_office_hours_are_counted_as_by_hand(row: dict[str, Any]) -> None:
    length = dt.timedelta(hours=row["hours"])

    count = CALENDAR.add_working_hours(at(row["from"]), length)

    assert count.end == at(row["to"])
    assert count.certain is row.get("certain", True)
    assert CALENDAR.working_hours_between(at(row["from"]), count.end).duration == length


def test_every_day_left_out_is_named_with_its_reason() -> None:
    count = CALENDAR.add_working_days(dt.date(2026, 4, 24), 3)

    assert [(skipped.day.day, skipped.why) for skipped in count.skipped] == [
        (25, "nghỉ cuối tuần"),
        (26, "nghỉ cuối tuần"),
        (27, "Nghỉ bù Giỗ Tổ Hùng Vương (mùng 10 tháng 3 là Chủ nhật 26/4)"),
        (30, "Ngày Chiến thắng"),
        (1, "Ngày Quốc tế lao động"),
        (2, "nghỉ cuối tuần"),
        (3, "nghỉ cuối tuần"),
    ]


def test_a_term_in_days_ends_at_midnight_of_vietnam_not_of_london() -> None:
    count = CALENDAR.add_working_days(dt.date(2026, 11, 16), 1)

    assert count.end == dt.datetime(2026, 11, 17, 17, tzinfo=dt.UTC)


@pytest.mark.parametrize(
    ("moment", "at_work"),
    [
        ("2026-11-23T06:59", False),
        ("2026-11-23T07:00", True),
        ("2026-11-23T11:00", False),
        ("2026-11-23T12:59", False),
        ("2026-11-23T16:59", True),
        ("2026-11-23T17:00", False),
        ("2026-11-23T00:00", False),
        ("2026-11-24T09:00", False),
        ("2026-11-21T09:00", False),
        ("2026-08-22T09:00", True),
        ("2026-11-23T00:30Z", True),
    ],
)
def test_an_office_is_at_work_only_in_its_hours(moment: str, at_work: bool) -> None:
    assert CALENDAR.is_working_time(at(moment)) is at_work


def test_a_branch_open_two_mornings_has_those_hours_and_the_states_working_days() -> None:
    after = PART_TIME.add_working_hours(at("2026-11-16T11:00"), dt.timedelta(hours=2))

    assert after.end == at("2026-11-18T09:00")
    assert [skipped.why for skipped in after.skipped] == ["văn phòng không làm việc ngày này"]
    assert PART_TIME.is_working_day(dt.date(2026, 11, 17))
    assert PART_TIME.last_opening(dt.date(2026, 11, 17)) == at("2026-11-16T07:30")


def test_an_office_that_left_the_files_is_taken_for_the_centre() -> None:
    assert calendar_of(SMALL, "closed-long-ago").hours == SMALL.centre.hours


def test_a_year_without_a_calendar_knows_its_weekends_and_says_that_it_is_unsure() -> None:
    new_year, saturday = dt.date(2028, 1, 3), dt.date(2028, 1, 8)

    assert not CALENDAR.is_known(new_year)
    assert CALENDAR.is_working_day(new_year)
    assert not CALENDAR.is_working_day(saturday)
    assert not CALENDAR.working_hours_between(
        at("2027-12-31T09:00"), at("2028-01-03T09:00")
    ).certain


def test_a_moment_without_a_zone_is_refused() -> None:
    naive = dt.datetime(2026, 11, 23, 9)  # noqa: DTZ001 - that is what is tested

    with pytest.raises(ValueError, match="time zone"):
        CALENDAR.is_working_time(naive)


def test_nobody_counts_backwards() -> None:
    with pytest.raises(ValueError, match="negative"):
        CALENDAR.add_working_days(dt.date(2026, 11, 23), -1)
    with pytest.raises(ValueError, match="negative"):
        CALENDAR.add_working_hours(at("2026-11-23T09:00"), dt.timedelta(hours=-1))


@given(DAYS, st.integers(1, 40))
def test_a_term_never_ends_on_a_day_off(event: dt.date, number: int) -> None:
    assert CALENDAR.is_working_day(CALENDAR.add_working_days(event, number).last_day)
    assert CALENDAR.is_working_day(CALENDAR.add_days(event, number).last_day)


@given(DAYS, st.integers(0, 20), st.integers(0, 20))
def test_working_days_may_be_counted_in_two_parts(event: dt.date, one: int, two: int) -> None:
    halfway = CALENDAR.add_working_days(event, one).last_day

    in_parts = CALENDAR.add_working_days(halfway, two).last_day

    assert in_parts == CALENDAR.add_working_days(event, one + two).last_day


@given(DAYS, st.integers(1, 40), st.integers(0, 10), st.integers(0, 10))
def test_a_later_event_a_longer_term_or_a_pause_never_ends_earlier(
    event: dt.date, number: int, later: int, longer: int
) -> None:
    moved = event + dt.timedelta(days=later)
    stopped = ((event, moved),)
    for add in (CALENDAR.add_working_days, CALENDAR.add_days):
        end = add(event, number).end
        assert end <= add(moved, number).end
        assert end <= add(event, number + longer).end
        assert end <= add(event, number, stopped).end


@given(DAYS, st.integers(1, 40))
def test_every_day_on_the_way_is_either_counted_or_left_out_with_a_reason(
    event: dt.date, number: int
) -> None:
    count = CALENDAR.add_working_days(event, number)

    days = sorted((*count.counted, *(skipped.day for skipped in count.skipped)))

    assert days == [event + dt.timedelta(n) for n in range(1, (count.last_day - event).days + 1)]
    assert len(count.counted) == number


@given(st.sampled_from([CALENDAR, PART_TIME]), MOMENTS, HOURS)
def test_hours_added_are_the_hours_between(
    calendar: WorkingCalendar, begin: dt.datetime, length: dt.timedelta
) -> None:
    count = calendar.add_working_hours(begin, length)

    assert calendar.working_hours_between(begin, count.end).duration == length
    assert sum((end - start for start, end in count.counted), dt.timedelta()) == length


@given(MOMENTS, HOURS, HOURS)
def test_hours_may_be_counted_in_two_parts(
    begin: dt.datetime, one: dt.timedelta, two: dt.timedelta
) -> None:
    halfway = CALENDAR.add_working_hours(begin, one).end

    in_parts = CALENDAR.add_working_hours(halfway, two)

    assert in_parts.end == CALENDAR.add_working_hours(begin, one + two).end


@given(MOMENTS)
def test_the_next_working_time_is_one_and_nothing_is_worked_before_it(begin: dt.datetime) -> None:
    opening = CALENDAR.next_working_time(begin)

    assert CALENDAR.is_working_time(opening)
    assert CALENDAR.working_hours_between(begin, opening).duration == dt.timedelta()


@given(MOMENTS)
def test_the_zone_a_moment_is_written_in_changes_nothing(begin: dt.datetime) -> None:
    length = dt.timedelta(hours=8)
    other = begin.astimezone(dt.timezone(dt.timedelta(hours=-8)))

    assert day_of(other) == day_of(begin)
    assert CALENDAR.add_working_hours(other, length) == CALENDAR.add_working_hours(begin, length)
