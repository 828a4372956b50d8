"""Asking to be called, in the talk: with the number known, without it, and for who may not be."""

import sqlalchemy as sa

from cases import queue
from cases.callbacks import Callback
from cases.staff import StaffMember
from store.session import Database
from tests.journeys.conftest import Citizen, said
from tests.journeys.test_complaints_and_ratings import a_held_case
from tests.journeys.wording import is_said


def wishes(database: Database) -> list[str]:
    return database.read_now(lambda s: list(s.scalars(sa.select(Callback.case_id))))


async def asks(citizen: Citizen) -> str:
    return said(await citizen.event(kind="button", text="go:callback", button_serial=0))


async def test_who_left_no_number_is_asked_for_it_and_stands_on_the_list_then(
    citizen: Citizen, officer: StaffMember, database: Database
) -> None:
    case = await a_held_case(citizen, officer, database)

    asked = await asks(citizen)
    assert is_said("request.phone.ask", asked)
    assert wishes(database) == []
    await citizen.writes("0912 345 678")
    await citizen.presses("Buổi tối")

    assert wishes(database) == [case.id]


async def test_who_left_a_number_stands_on_the_list_at_once_and_only_once(
    citizen: Citizen, officer: StaffMember, database: Database
) -> None:
    case = await a_held_case(citizen, officer, database)
    contact = '{"phone": "0912345678", "window": "evening"}'
    database.transact_now(
        lambda s: queue.note_contact(s, s.get_one(type(case), case.id), contact, "0912345678")
    )

    assert is_said("request.call.asked", await asks(citizen))
    await asks(citizen)

    assert wishes(database) == [case.id]


async def test_who_wants_messages_only_is_asked_again_before_anybody_calls(
    citizen: Citizen, officer: StaffMember, database: Database
) -> None:
    case = await a_held_case(citizen, officer, database)
    contact = '{"phone": "0912345678", "window": "message_only"}'
    database.transact_now(
        lambda s: queue.note_contact(s, s.get_one(type(case), case.id), contact, "0912345678")
    )

    assert is_said("request.phone.ask", await asks(citizen))
    assert wishes(database) == []
