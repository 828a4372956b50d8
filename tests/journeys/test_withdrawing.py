"""Taking a request back, and thinking better of it."""

import datetime as dt

import sqlalchemy as sa

from cases import register
from cases.consent import ConsentRow
from cases.life import CaseState, Outcome
from cases.purpose import Purpose
from cases.staff import StaffMember
from store.clock import SetClock
from store.session import Database
from tests.journeys.conftest import Citizen, said
from tests.journeys.test_complaints_and_ratings import a_held_case
from tests.journeys.test_two_cases import ask_for_a_person
from tests.journeys.wording import is_said


async def test_a_waiting_request_that_was_taken_back_is_kept_with_one_tap(
    citizen: Citizen, officer: StaffMember, database: Database
) -> None:
    await citizen.starts()
    await ask_for_a_person(citizen, "xã Đá Bạc")
    await citizen.writes("rút yêu cầu")
    await citizen.presses("Rút")
    assert citizen.case().outcome is Outcome.WITHDRAWN

    told = await citizen.presses("Tôi đổi ý, giữ yêu cầu")

    assert is_said("status.undone", said(told))
    case = citizen.case()
    assert (case.state, case.outcome, case.withdraw_asked_at) == (CaseState.WAITING, None, None)
    query = sa.select(ConsentRow).where(ConsentRow.purpose == Purpose.REQUEST)
    rows = database.read_now(lambda s: s.scalars(query).all())
    assert sorted(row.given for row in rows) == [False, True, True]


async def test_who_does_not_withdraw_after_all_is_told_that_the_request_stays(
    citizen: Citizen, officer: StaffMember
) -> None:
    await citizen.starts()
    await ask_for_a_person(citizen, "xã Đá Bạc")
    await citizen.writes("rút yêu cầu")

    told = await citizen.presses("Không rút")

    assert is_said("status.withdraw_kept", said(told))
    assert citizen.case().withdraw_asked_at is None


async def test_a_day_later_a_new_request_is_sent_instead(
    citizen: Citizen, officer: StaffMember, clock: SetClock
) -> None:
    await citizen.starts()
    await ask_for_a_person(citizen, "xã Đá Bạc")
    await citizen.writes("rút yêu cầu")
    await citizen.presses("Rút")
    await citizen.event(kind="button", text="go:mine", button_serial=0)
    clock.forward(dt.timedelta(hours=25))

    told = await citizen.presses("Tôi đổi ý, giữ yêu cầu")

    assert is_said("status.undo_too_late", said(told))
    assert citizen.case().state is CaseState.CLOSED


async def test_nothing_is_undone_once_an_officer_has_closed_the_case(
    citizen: Citizen, officer: StaffMember, database: Database
) -> None:
    case = await a_held_case(citizen, officer, database)
    await citizen.writes("rút yêu cầu")
    await citizen.presses("Rút")
    assert is_said("status.withdraw_asked", said(await citizen.writes("hồ sơ của tôi")))
    database.transact_now(lambda s: register.close(s, officer, case.id, Outcome.WITHDRAWN))
    await citizen.reads()

    told = await citizen.event(kind="button", text="go:undo", button_serial=0)

    assert is_said("status.undo_too_late", said(told))


async def test_the_status_tells_what_comes_next_and_by_when(
    citizen: Citizen, officer: StaffMember, database: Database, clock: SetClock
) -> None:
    await a_held_case(citizen, officer, database)
    await citizen.event(kind="button", text="go:mine", button_serial=0)

    shown = said(await citizen.writes("hồ sơ của tôi"))
    assert is_said("status.coming_check_request", shown)
    assert not is_said("status.late", shown)
    clock.forward(dt.timedelta(days=5))
    assert is_said("status.late", said(await citizen.writes("hồ sơ của tôi")))
