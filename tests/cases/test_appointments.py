"""Meetings: proposed, answered, moved, called off, reminded of; on both databases."""

import datetime as dt
import json
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, TypeVar

import pytest
import sqlalchemy as sa

from cases import appointments, queue, register, talking
from cases.access import NotFoundError
from cases.contact import CallHours, SafeContact
from cases.life import Outcome, RefusedError
from cases.model import Appointment, Case, MeetingPlace, MeetingState
from cases.staff import Role, StaffMember
from store.clock import ZONE, SetClock
from store.outbox import OutboxRow
from store.session import Database, Session
from tests.cases.acting import PROVINCE, hire, open_one

T = TypeVar("T")
TUESDAY = dt.datetime(2026, 11, 24, 9, 0, tzinfo=ZONE)
WEDNESDAY = dt.datetime(2026, 11, 25, 14, 30, tzinfo=ZONE)


@dataclass
class Desk:
    """An officer who holds a case, and a colleague."""

    database: Database

    def __post_init__(self) -> None:
        self.lan = hire(self.database, "lan", Role.OFFICER, "nam-can")
        self.minh = hire(self.database, "minh", Role.OFFICER, "nam-can")
        self.tam = hire(self.database, "tam", Role.OFFICER, "dam-doi")

    def do(self, act: Callable[..., T], *values: Any, **named: Any) -> T:
        return self.database.transact_now(lambda session: act(session, *values, **named))

    def refused(self, reason: str, act: Callable[..., object], *values: Any, **named: Any) -> None:
        with pytest.raises(RefusedError, match=f"^{reason}$"):
            self.do(act, *values, **named)

    def held(self, **changes: object) -> str:
        case = open_one(self.database, **changes)
        self.do(queue.claim, self.lan, case.id, "Chi nhánh Năm Căn")
        return case.id

    def leaves(self, case_id: str, hours: CallHours) -> None:
        def note(session: Session) -> None:
            contact = SafeContact(phone="0912345678", window=hours).model_dump_json()
            queue.note_contact(session, session.get_one(Case, case_id), contact, "0912345678")

        self.database.transact_now(note)

    def proposes(
        self,
        case_id: str,
        *times: dt.datetime,
        by: StaffMember | None = None,
        place: MeetingPlace = MeetingPlace.OFFICE,
        seen: str = "",
        **more: str,
    ) -> Appointment:
        staff = by or self.lan
        return self.do(
            appointments.propose, staff, case_id, times, place, PROVINCE, seen=seen, **more
        )

    def meeting(self, case_id: str) -> Appointment | None:
        def look(session: Session) -> Appointment | None:
            return appointments.current(session, session.get_one(Case, case_id))

        return self.database.read_now(look)

    def answers(self, case_id: str, meeting: Appointment, said: str) -> Appointment:
        def act(session: Session) -> Appointment:
            case = session.get_one(Case, case_id, with_for_update=True)
            return appointments.answer(session, case, meeting.id, said)

        return self.database.transact_now(act)

    def told(self) -> list[str]:
        """What the citizen was told, as stored: keys and blanks."""

        def look(session: Session) -> list[str]:
            rows = session.scalars(sa.select(OutboxRow).order_by(OutboxRow.seq))
            return [row.open(session.vault, "body") or "" for row in rows]

        return self.database.read_now(look)

    def said(self, case_id: str) -> list[str]:
        def look(session: Session) -> list[str]:
            entries = talking.thread(session, session.get_one(Case, case_id))
            return [entry.open(session.vault, "body") or "" for entry in entries]

        return self.database.read_now(look)


@pytest.fixture
def desk(database: Database) -> Desk:
    return Desk(database)


def test_the_citizen_picks_one_of_the_times_and_the_officer_reads_it_in_the_thread(
    desk: Desk,
) -> None:
    case_id = desk.held()
    meeting = desk.proposes(case_id, WEDNESDAY, TUESDAY, detail="phòng 2, gặp cô Ba")

    desk.answers(case_id, meeting, "1")

    agreed = desk.meeting(case_id)
    assert agreed is not None
    assert (agreed.state, agreed.at) == (MeetingState.AGREED, TUESDAY)
    assert "Chọn giờ hẹn: 09:00 thứ Ba 24/11/2026." in desk.said(case_id)[-1]
    assert "phòng 2, gặp cô Ba" in desk.told()[-1]


def test_a_second_tap_on_the_same_time_says_nothing_twice(desk: Desk) -> None:
    case_id = desk.held()
    meeting = desk.proposes(case_id, TUESDAY)

    desk.answers(case_id, meeting, "1")
    desk.answers(case_id, meeting, "1")

    assert len([words for words in desk.said(case_id) if "Chọn giờ hẹn" in words]) == 1


def test_another_time_is_not_taken_once_one_was_agreed_upon(desk: Desk) -> None:
    case_id = desk.held()
    meeting = desk.proposes(case_id, TUESDAY, WEDNESDAY)
    desk.answers(case_id, meeting, "1")

    with pytest.raises(RefusedError, match="agreed"):
        desk.answers(case_id, meeting, "2")


@pytest.mark.parametrize(
    ("said", "state"), [("none", MeetingState.NONE_FITS), ("call", MeetingState.CALL_ME)]
)
def test_who_can_not_come_says_so_and_may_still_choose(
    desk: Desk, said: str, state: MeetingState
) -> None:
    case_id = desk.held()
    meeting = desk.proposes(case_id, TUESDAY)

    assert desk.answers(case_id, meeting, said).state is state
    assert desk.answers(case_id, meeting, "1").state is MeetingState.AGREED
    assert desk.answers(case_id, meeting, "none").state is MeetingState.NONE_FITS


def test_a_button_of_times_that_were_moved_takes_nothing(desk: Desk) -> None:
    case_id = desk.held()
    first = desk.proposes(case_id, TUESDAY)
    moved = desk.proposes(case_id, WEDNESDAY, seen=appointments.stamp(first))

    with pytest.raises(RefusedError, match="gone"):
        desk.answers(case_id, first, "1")

    now = desk.meeting(case_id)
    assert now is not None
    assert now.id == moved.id
    assert "meeting.offered_anew" in desk.told()[-1]


def test_a_page_that_is_older_than_the_answer_changes_nothing(desk: Desk) -> None:
    case_id = desk.held()
    meeting = desk.proposes(case_id, TUESDAY)
    seen = appointments.stamp(meeting)
    desk.answers(case_id, meeting, "1")

    desk.refused(
        "meeting_changed",
        appointments.propose,
        desk.lan,
        case_id,
        [WEDNESDAY],
        MeetingPlace.OFFICE,
        PROVINCE,
        seen=seen,
    )
    desk.refused("meeting_changed", appointments.cancel, desk.lan, case_id, seen)


def test_a_meeting_is_called_off_once_and_the_citizen_is_told(desk: Desk) -> None:
    case_id = desk.held()
    meeting = desk.proposes(case_id, TUESDAY)

    desk.do(appointments.cancel, desk.lan, case_id, appointments.stamp(meeting))
    desk.do(appointments.cancel, desk.lan, case_id, "")

    assert desk.meeting(case_id) is None
    assert sum("meeting.cancelled" in words for words in desk.told()) == 1


def test_only_who_holds_the_case_arranges_meetings(desk: Desk) -> None:
    case_id = desk.held()

    with pytest.raises(RefusedError, match="not_holder"):
        desk.proposes(case_id, TUESDAY, by=desk.minh)
    with pytest.raises(NotFoundError):
        desk.proposes(case_id, TUESDAY, by=desk.tam)


@pytest.mark.parametrize(
    ("times", "reason"),
    [
        ((), "no_times"),
        (tuple(TUESDAY + dt.timedelta(hours=n) for n in range(4)), "no_times"),
        ((TUESDAY - dt.timedelta(days=2),), "past"),
        ((TUESDAY + dt.timedelta(days=120),), "too_far"),
    ],
)
def test_times_that_can_not_be_are_refused(
    desk: Desk, times: tuple[dt.datetime, ...], reason: str
) -> None:
    case_id = desk.held()

    with pytest.raises(RefusedError, match=f"^{reason}$"):
        desk.proposes(case_id, *times)


def test_nobody_is_called_who_left_no_number_or_asked_not_to_be(desk: Desk) -> None:
    case_id = desk.held()
    with pytest.raises(RefusedError, match="no_phone"):
        desk.proposes(case_id, TUESDAY, place=MeetingPlace.PHONE)

    desk.leaves(case_id, CallHours.MESSAGE_ONLY)
    with pytest.raises(RefusedError, match="no_calls"):
        desk.proposes(case_id, TUESDAY, place=MeetingPlace.PHONE)

    desk.leaves(case_id, CallHours.NOON)
    assert desk.proposes(case_id, TUESDAY, place=MeetingPlace.PHONE).state == "offered"


def test_a_commune_that_has_left_the_provinces_files_still_has_its_meeting(desk: Desk) -> None:
    case_id = desk.held()
    meeting = desk.proposes(case_id, TUESDAY, place=MeetingPlace.COMMUNE)

    def look(session: Session) -> list[str]:
        case = session.get_one(Case, case_id)
        case.commune = "99999"
        kept = session.get_one(Appointment, meeting.id)
        return [line.key for line in appointments.where(session, case, kept, PROVINCE)]

    assert desk.database.transact_now(look) == ["meeting.at_commune_unclear"]


def test_a_meeting_ends_with_its_case(desk: Desk) -> None:
    case_id = desk.held()
    meeting = desk.proposes(case_id, TUESDAY)

    desk.do(register.close, desk.lan, case_id, Outcome.ADVISED)

    assert desk.meeting(case_id) is None
    with pytest.raises(RefusedError, match="gone"):
        desk.answers(case_id, meeting, "1")


# --- the day before ------------------------------------------------------------------------------


def at(clock: SetClock, day: int, hour: int, minute: int = 0) -> None:
    target = dt.datetime(2026, 11, day, hour, minute, tzinfo=ZONE)
    clock.forward(target - clock.now())


def test_the_reminder_comes_once_the_day_before_and_names_no_case(
    desk: Desk, clock: SetClock
) -> None:
    case_id = desk.held()
    desk.answers(case_id, desk.proposes(case_id, WEDNESDAY), "1")

    at(clock, 24, 6)
    assert desk.do(appointments.remind_due) == 0  # too early in the morning
    at(clock, 24, 8)
    assert desk.do(appointments.remind_due) == 1
    assert desk.do(appointments.remind_due) == 0

    reminder = json.loads(desk.told()[-1])
    assert [line["key"] for line in reminder["lines"]] == ["meeting.reminder"]
    assert reminder["lines"][0]["blanks"] == {"hour": "14:30"}


def test_where_somebody_may_be_in_danger_the_reminder_names_not_even_a_meeting(
    desk: Desk, clock: SetClock
) -> None:
    case_id = desk.held(danger="violence")
    desk.answers(case_id, desk.proposes(case_id, WEDNESDAY), "1")

    at(clock, 24, 10)
    desk.do(appointments.remind_due)

    reminder = json.loads(desk.told()[-1])
    assert reminder["lines"] == [{"key": "notice.message", "blanks": {}}]
    assert [one["key"] for one in reminder["choices"]] == ["go:status"]


def test_who_named_the_evening_is_reminded_in_the_evening_only(desk: Desk, clock: SetClock) -> None:
    case_id = desk.held()
    desk.leaves(case_id, CallHours.EVENING)
    desk.answers(case_id, desk.proposes(case_id, WEDNESDAY), "1")

    at(clock, 24, 10)
    assert desk.do(appointments.remind_due) == 0
    at(clock, 24, 18)
    assert desk.do(appointments.remind_due) == 1


def test_who_is_not_coming_any_more_is_not_reminded(desk: Desk, clock: SetClock) -> None:
    case_id = desk.held()
    meeting = desk.proposes(case_id, WEDNESDAY)
    desk.answers(case_id, meeting, "1")
    desk.answers(case_id, meeting, "none")

    at(clock, 24, 10)

    assert desk.do(appointments.remind_due) == 0


# --- the calendar --------------------------------------------------------------------------------


def test_the_calendar_shows_the_meetings_of_ones_own_office_by_their_time(desk: Desk) -> None:
    late, early = desk.held(), desk.held()
    desk.answers(late, desk.proposes(late, WEDNESDAY), "1")
    desk.answers(early, desk.proposes(early, TUESDAY), "1")
    waiting = desk.held()
    desk.proposes(waiting, TUESDAY)

    def plan(staff: StaffMember) -> list[str]:
        midnight = dt.datetime(2026, 11, 23, tzinfo=ZONE)
        found = desk.do(appointments.planned, staff, midnight)
        return [one.case.id for one in found if one.meeting.at is not None]

    assert plan(desk.minh) == [early, late]
    assert plan(desk.tam) == []
    mine = desk.do(
        appointments.planned, desk.minh, dt.datetime(2026, 11, 23, tzinfo=ZONE), mine=True
    )
    assert mine == ()
