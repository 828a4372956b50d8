"""A child's phone is often the family's: nothing lights it up, and no one there is told."""

import datetime as dt
import json

import pytest

from cases import moves
from cases.careful import needs_care
from cases.data_requests import hide_sensitive
from cases.model import Case
from cases.screened import child_writes
from cases.speech import say
from cases.staff import StaffMember
from store.clock import SetClock
from store.session import Database, Session
from tests.journeys.conftest import Citizen, said
from tests.journeys.test_shared_phones import QUIET, opened
from tests.journeys.wording import is_said


@pytest.mark.parametrize(
    ("age", "relation", "writes"),
    [(15, None, True), (17, "self", True), (18, None, False), (9, "child", False)],
)
def test_a_child_who_writes_is_told_from_a_grown_up_who_writes_for_one(
    age: int, relation: str | None, writes: bool
) -> None:
    assert child_writes(json.dumps({"facts": {"age": age}, "relation": relation})) is writes
    assert not child_writes(None)


def _aged(database: Database, case: Case, age: int) -> None:
    def write(session: Session) -> None:
        found = session.get_one(Case, case.id)
        told = json.loads(found.open(session.vault, "screening") or "{}")
        told["facts"]["age"] = age
        found.seal(session.vault, "screening", json.dumps(told))

    database.transact_now(write)


@pytest.mark.parametrize(("age", "told"), [(15, False), (40, True)])
async def test_nothing_lights_up_the_phone_of_a_child_who_said_nothing_of_how_to_be_reached(
    age: int,
    told: bool,
    citizen: Citizen,
    officer: StaffMember,
    database: Database,
    clock: SetClock,
) -> None:
    pin = await opened(citizen)
    _aged(database, citizen.case(), age)
    clock.forward(QUIET)

    def tell(session: Session) -> None:
        moves.tell(session, session.get_one(Case, citizen.case().id), say("case.resumed"))

    database.transact_now(tell)
    left = await citizen.reads()
    for _ in range(30):
        clock.forward(dt.timedelta(hours=1))
        await citizen.worker.tell_due()
        left += await citizen.reads()

    assert bool(left) is told
    await citizen.writes("hồ sơ của tôi")
    shown = await citizen.writes(pin)
    assert is_said("case.resumed", said(shown + await citizen.reads()))
    assert ("go:mine" in [one.key for message in shown for one in message.buttons]) is told


async def test_the_age_of_a_child_is_kept_when_the_private_part_is_taken_back(
    citizen: Citizen, officer: StaffMember, database: Database
) -> None:
    await opened(citizen)
    _aged(database, citizen.case(), 15)

    def hidden(session: Session) -> bool:
        case = session.get_one(Case, citizen.case().id)
        hide_sensitive(session, case)
        return needs_care(session, case)

    assert database.transact_now(hidden)


async def test_the_phone_before_is_told_in_neutral_words_when_a_case_moves_on(
    citizen: Citizen, officer: StaffMember, database: Database
) -> None:
    await citizen.writes("gặp cán bộ")
    await citizen.presses("Bỏ qua")
    await citizen.presses("Nói với cán bộ sau")
    told = said(await citizen.presses("Đồng ý gửi"))
    await citizen.presses("Không để lại số")
    code, pin = told.split("Mã hồ sơ: ")[1][:11], told.split("Số PIN: ")[1][:6]
    other = Citizen(database, citizen.worker, citizen.channel, address="chat-2")
    await other.writes("hồ sơ của tôi")
    await other.writes(code)
    assert is_said("status.found", said(await other.writes(pin)))

    (notice,) = await citizen.reads()
    assert is_said("notice.elsewhere", notice.text)
    assert is_said("status.code", said(await citizen.writes("hồ sơ của tôi")))


async def test_where_somebody_may_be_in_danger_the_phone_before_stays_dark(
    citizen: Citizen, officer: StaffMember, database: Database
) -> None:
    await citizen.writes("gặp cán bộ")
    await citizen.presses("Bỏ qua")
    await citizen.presses("Nói với cán bộ sau")
    told = said(await citizen.presses("Đồng ý gửi"))
    await citizen.presses("Không để lại số")
    _aged(database, citizen.case(), 15)
    code, pin = told.split("Mã hồ sơ: ")[1][:11], told.split("Số PIN: ")[1][:6]
    other = Citizen(database, citizen.worker, citizen.channel, address="chat-2")
    await other.writes("hồ sơ của tôi")
    await other.writes(code)
    await other.writes(pin)

    assert await citizen.reads() == []
