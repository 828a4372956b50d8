"""The clock over real cases: told once, to whom it concerns, and at night only of danger."""

import asyncio
import datetime as dt
from zoneinfo import ZoneInfo

import pytest
import sqlalchemy as sa

from cases import alerts, queue, register, rights
from cases.alerts import AlertRow
from cases.clock import Sweep, tell_due
from cases.life import CaseState, Outcome
from cases.limits import DeadlineKind, Form
from cases.limits import Role as Told
from cases.model import Case
from cases.staff import Role, StaffMember
from store.clock import SetClock
from store.events import Event
from store.session import Database, Session
from tests.cases.acting import PROVINCE, hire, open_one

ZONE = ZoneInfo("Asia/Ho_Chi_Minh")


def at(day: int, hour: int, minute: int = 0) -> dt.datetime:
    """A moment of November 2026. The 23rd is a Monday, the 24th a holiday; open 7–11 and 13–17."""
    return dt.datetime(2026, 11, day, hour, minute, tzinfo=ZONE).astimezone(dt.UTC)


def tick(database: Database, moment: dt.datetime) -> Sweep:
    """One round of the clock at a moment."""
    standing = database.clock
    assert isinstance(standing, SetClock)
    standing.moment = moment
    return database.transact_now(lambda session: tell_due(session, PROVINCE))


def rung(database: Database) -> list[tuple[str, str, str]]:
    """Kind, step and role of everything told, in order."""
    query = sa.select(AlertRow).order_by(AlertRow.at, AlertRow.id)
    rows = database.read_now(lambda session: session.scalars(query).all())
    return [(row.kind, row.step, row.role) for row in rows]


def ringing(database: Database, staff: StaffMember) -> list[str]:
    """The kinds that ring for somebody now."""
    found = database.read_now(lambda session: alerts.ringing_for(session, staff))
    return [one.alert.kind for one in found]


def test_an_unclaimed_case_is_told_to_the_head_after_two_working_hours_and_then_to_the_centre(
    database: Database, clock: SetClock
) -> None:
    head = hire(database, "hai", Role.HEAD, "nam-can")
    centre = hire(database, "trung", Role.CENTRE, "centre")
    clock.moment = at(23, 14)
    open_one(database)

    assert tick(database, at(23, 15, 59)).told == 0
    assert tick(database, at(23, 16)).told == 1
    assert tick(database, at(23, 16, 1)) == Sweep(0, 0, 0), "nothing is looked at twice"
    assert ringing(database, head) == [DeadlineKind.CLAIM]
    assert ringing(database, centre) == []
    tick(database, at(25, 14))

    assert DeadlineKind.CLAIM in ringing(database, centre)
    kinds = database.read_now(lambda s: s.scalars(sa.select(Event.kind)).all())
    assert kinds.count("case.due") == 2


def test_a_branch_without_a_head_is_the_centres_to_be_told(
    database: Database, clock: SetClock
) -> None:
    clock.moment = at(23, 8)
    open_one(database)
    tick(database, at(23, 10))

    assert rung(database) == [(DeadlineKind.CLAIM, "before", Told.CENTRE)]


def test_nobody_is_told_at_night_but_whoever_is_on_duty_of_somebody_in_danger(
    database: Database, clock: SetClock
) -> None:
    by = hire(database, "hai", Role.HEAD, "nam-can")
    duty = hire(database, "truc", Role.OFFICER, "nam-can")
    clock.moment = at(23, 22)
    database.transact_now(lambda session: alerts.set_duty(session, by, duty, at(23, 17), at(25, 7)))
    open_one(database, urgent=True)
    open_one(database, conversation_id="calm")
    tick(database, at(23, 22, 1))
    tick(database, at(24, 3))

    assert {role for _, _, role in rung(database)} <= {Told.DUTY, Told.HEAD, Told.CENTRE}
    assert {kind for kind, _, _ in rung(database)} == {DeadlineKind.DUTY_ALERT}
    assert ringing(database, duty) == [DeadlineKind.DUTY_ALERT]
    at_night = len(rung(database))
    tick(database, at(25, 7, 1))
    assert len(rung(database)) > at_night, "those whom the step is for are told in the morning"


def test_danger_with_an_empty_roster_is_told_to_the_head(
    database: Database, clock: SetClock
) -> None:
    head = hire(database, "hai", Role.HEAD, "nam-can")
    clock.moment = at(28, 23)
    open_one(database, urgent=True)
    tick(database, at(28, 23))

    assert rung(database) == [(DeadlineKind.DUTY_ALERT, "before", Told.HEAD)]
    assert ringing(database, head) == [DeadlineKind.DUTY_ALERT]


def test_what_was_told_falls_silent_when_it_is_done(database: Database, clock: SetClock) -> None:
    head = hire(database, "hai", Role.HEAD, "nam-can")
    lan = hire(database, "lan", Role.OFFICER, "nam-can")
    clock.moment = at(23, 8)
    case = open_one(database)
    tick(database, at(23, 10))
    database.transact_now(lambda session: queue.claim(session, lan, case.id, "CN"))
    tick(database, at(23, 10, 1))

    assert ringing(database, head) == []


def test_a_holder_is_warned_and_the_head_told_when_a_limit_of_the_law_runs_out(
    database: Database, clock: SetClock
) -> None:
    head = hire(database, "hai", Role.HEAD, "nam-can")
    lan = hire(database, "lan", Role.OFFICER, "nam-can")
    clock.moment = at(23, 8)
    case = open_one(database)
    database.transact_now(lambda session: queue.claim(session, lan, case.id, "CN"))
    database.transact_now(
        lambda session: register.accept(session, lan, case.id, PROVINCE, Form.LITIGATION)
    )
    tick(database, at(26, 8))
    assert ringing(database, lan) == [DeadlineKind.ASSIGN_PROVIDER]
    tick(database, at(30, 8))

    assert ringing(database, head) == [DeadlineKind.ASSIGN_PROVIDER]


def test_a_complaint_about_an_ended_case_is_still_counted(
    database: Database, clock: SetClock
) -> None:
    centre = hire(database, "trung", Role.CENTRE, "centre")
    lan = hire(database, "lan", Role.OFFICER, "nam-can")
    clock.moment = at(23, 8)
    case = open_one(database)
    database.transact_now(lambda session: queue.claim(session, lan, case.id, "CN"))
    database.transact_now(lambda session: register.close(session, lan, case.id, Outcome.ADVISED))
    database.transact_now(
        lambda session: rights.complain(session, session.get_one(Case, case.id), "Chưa xong")
    )
    tick(database, at(30, 8))

    assert ringing(database, centre) == [DeadlineKind.COMPLAINT]


def test_a_case_with_nothing_due_is_not_looked_at_again_until_then(
    database: Database, clock: SetClock
) -> None:
    clock.moment = at(23, 8)
    case = open_one(database)
    assert tick(database, at(23, 8)).looked_at == 1

    found = database.read_now(lambda session: session.get_one(Case, case.id))
    assert found.next_look_at == at(23, 10)
    assert tick(database, at(23, 9, 59)).looked_at == 0


def test_a_closed_case_is_never_looked_at_again(database: Database, clock: SetClock) -> None:
    lan = hire(database, "lan", Role.OFFICER, "nam-can")
    case = open_one(database)
    database.transact_now(lambda session: queue.claim(session, lan, case.id, "CN"))
    database.transact_now(lambda session: register.close(session, lan, case.id, Outcome.ADVISED))
    tick(database, at(23, 14))

    assert database.read_now(lambda s: s.get_one(Case, case.id)).next_look_at is None


def test_the_case_of_an_account_closed_by_hand_returns_to_the_queue(
    database: Database, clock: SetClock
) -> None:
    lan = hire(database, "lan", Role.OFFICER, "nam-can")
    case = open_one(database)
    database.transact_now(lambda session: queue.claim(session, lan, case.id, "CN"))
    database.transact_now(
        lambda session: session.execute(sa.update(StaffMember).values(active=False))
    )

    assert tick(database, at(23, 14)).released == 1
    assert database.read_now(lambda s: s.get_one(Case, case.id)).state is CaseState.WAITING


def test_a_snooze_ends_by_itself(database: Database, clock: SetClock) -> None:
    lan = hire(database, "lan", Role.OFFICER, "nam-can")
    clock.moment = at(23, 8)
    case = open_one(database)
    database.transact_now(lambda session: queue.claim(session, lan, case.id, "CN"))
    database.transact_now(lambda session: queue.snooze(session, lan, case.id, at(23, 9)))
    tick(database, at(23, 8, 1))
    tick(database, at(23, 9))

    assert database.read_now(lambda s: s.get_one(Case, case.id)).snoozed_until is None
    kinds = database.read_now(lambda s: s.scalars(sa.select(Event.kind)).all())
    assert "case.awake" in kinds


def test_a_case_that_can_not_be_read_keeps_the_clock_from_no_other(
    database: Database, clock: SetClock, caplog: pytest.LogCaptureFixture
) -> None:
    clock.moment = at(23, 8)
    broken = open_one(database)
    open_one(database, conversation_id="other")
    database.transact_now(
        lambda session: session.execute(
            sa.text("UPDATE cases SET form = 'unheard of' WHERE id = :id"), {"id": broken.id}
        )
    )

    assert tick(database, at(23, 10)).told == 1
    assert "can't be looked at" in caplog.text


async def test_one_process_at_a_time_makes_the_round(postgres: Database, clock: SetClock) -> None:
    open_one(postgres)
    inside, leave = asyncio.Event(), asyncio.Event()
    loop = asyncio.get_running_loop()

    def long_round(session: Session) -> None:
        assert session.try_alone("cases.clock")
        loop.call_soon_threadsafe(inside.set)
        asyncio.run_coroutine_threadsafe(leave.wait(), loop).result()

    first = asyncio.create_task(postgres.transact(long_round))
    await inside.wait()
    second = await postgres.transact(lambda session: tell_due(session, PROVINCE))
    leave.set()
    await first
    third = await postgres.transact(lambda session: tell_due(session, PROVINCE))

    assert (second.looked_at, third.looked_at) == (0, 1)


def test_nobody_of_the_centre_is_told_of_a_complaint_about_their_own_work(
    database: Database,
) -> None:
    trung = hire(database, "trung", Role.CENTRE, "centre")
    bay = hire(database, "bay", Role.CENTRE, "centre")
    case = open_one(database, office_id="centre")
    database.transact_now(lambda s: queue.claim(s, trung, case.id, "Trung tâm"))
    database.transact_now(
        lambda s: rights.complain(s, s.get_one(Case, case.id), "Hẹn mà không tới")
    )
    tick(database, at(30, 10))

    assert DeadlineKind.COMPLAINT in ringing(database, bay)
    assert DeadlineKind.COMPLAINT not in ringing(database, trung)


def test_the_only_one_of_the_centre_is_told_of_a_complaint_about_themselves(
    database: Database,
) -> None:
    trung = hire(database, "trung", Role.CENTRE, "centre")
    case = open_one(database, office_id="centre")
    database.transact_now(lambda s: queue.claim(s, trung, case.id, "Trung tâm"))
    database.transact_now(
        lambda s: rights.complain(s, s.get_one(Case, case.id), "Hẹn mà không tới")
    )
    tick(database, at(30, 10))

    assert DeadlineKind.COMPLAINT in ringing(database, trung)
