"""Meetings on the desk: proposed beside the case, answered before the officer's eyes, listed."""

import re

import pytest

from cases import appointments
from cases.model import Appointment, Case
from store.session import Session
from tests.desk.world import Browser, World


@pytest.fixture
def case_id(world: World) -> str:
    return world.open_case(words=("Tôi bị lấn đất",))


async def holding(world: World, case_id: str) -> Browser:
    lan = await world.signed_in("lan")
    await lan.press(f"/desk/cases/{case_id}/claim")
    return lan


def current(world: World, case_id: str) -> Appointment | None:
    def look(session: Session) -> Appointment | None:
        return appointments.current(session, session.get_one(Case, case_id))

    return world.database.read_now(look)


async def test_times_are_proposed_and_the_answer_stands_on_the_page(
    world: World, case_id: str
) -> None:
    lan = await holding(world, case_id)
    form = (await lan.get(f"/desk/cases/{case_id}/do/meet")).text
    assert 'type="datetime-local"' in form

    await lan.press(
        f"/desk/cases/{case_id}/do/meet", at="2026-11-24T09:00", place="office", detail="phòng 2"
    )
    meeting = current(world, case_id)
    assert meeting is not None
    page = (await lan.get(f"/desk/cases/{case_id}")).text
    assert "Chờ người dân chọn" in page
    assert "phòng 2" in page

    def answer(session: Session) -> None:
        case = session.get_one(Case, case_id, with_for_update=True)
        appointments.answer(session, case, meeting.id, "1")

    world.database.transact_now(answer)
    page = (await lan.get(f"/desk/cases/{case_id}/live")).text
    assert "Người dân đã chọn" in page
    assert "09:00 thứ Ba 24/11/2026" in page


async def test_a_form_that_was_open_before_the_answer_came_is_not_sent(
    world: World, case_id: str
) -> None:
    lan = await holding(world, case_id)
    await lan.press(f"/desk/cases/{case_id}/do/meet", at="2026-11-24T09:00", place="office")
    form = (await lan.get(f"/desk/cases/{case_id}/do/meet")).text
    found = re.search(r'name="seen" value="([^"]+)"', form)
    assert found is not None
    meeting = current(world, case_id)
    assert meeting is not None

    def answer(session: Session) -> None:
        case = session.get_one(Case, case_id, with_for_update=True)
        appointments.answer(session, case, meeting.id, "none")

    world.database.transact_now(answer)
    late = await lan.press(
        f"/desk/cases/{case_id}/do/meet", at="2026-11-25T09:00", place="office", seen=found[1]
    )

    assert late.status_code == 409
    assert "Lịch hẹn vừa thay đổi" in late.text
    kept = current(world, case_id)
    assert kept is not None
    assert kept.id == meeting.id


@pytest.mark.parametrize(
    ("at", "place", "said"),
    [
        ("", "office", "Chọn từ một đến ba giờ"),
        ("mai", "office", "Có giờ chưa đọc được"),
        ("2026-11-22T09:00", "office", "Lúc đó đã qua"),
        ("2026-11-24T09:00", "", "Còn chỗ chưa chọn"),
    ],
)
async def test_what_can_not_be_is_told_and_sends_nothing(
    world: World, case_id: str, at: str, place: str, said: str
) -> None:
    lan = await holding(world, case_id)

    answer = await lan.press(f"/desk/cases/{case_id}/do/meet", at=at, place=place)

    assert answer.status_code == 409
    assert said in answer.text
    assert current(world, case_id) is None


async def test_the_list_shows_the_office_its_meetings_and_no_other_branch(
    world: World, case_id: str
) -> None:
    lan = await holding(world, case_id)
    await lan.press(f"/desk/cases/{case_id}/do/meet", at="2026-11-24T09:00", place="office")
    number = world.case(case_id).number

    for username, shown in (("lan", True), ("minh", True), ("trung", True), ("tam", False)):
        page = (await (await world.signed_in(username)).get("/desk/meetings")).text
        assert (f"Yêu cầu số {number}<" in page) is shown, username
    mine = (await (await world.signed_in("minh")).get("/desk/meetings?mine=true")).text
    assert f"Yêu cầu số {number}<" not in mine


async def test_a_meeting_is_called_off_from_the_page(world: World, case_id: str) -> None:
    lan = await holding(world, case_id)
    await lan.press(f"/desk/cases/{case_id}/do/meet", at="2026-11-24T09:00", place="office")
    seen = appointments.stamp(current(world, case_id))

    await lan.press(f"/desk/cases/{case_id}/do/cancel-meeting", seen=seen)

    assert current(world, case_id) is None
    page = (await lan.get(f"/desk/cases/{case_id}")).text
    assert "Hẹn gặp, đổi hoặc bỏ lịch hẹn" in page


async def test_nobody_is_asked_to_come_at_night(world: World, case_id: str) -> None:
    lan = await holding(world, case_id)

    answer = await lan.press(
        f"/desk/cases/{case_id}/do/meet", at="2026-11-24T23:30", place="office", detail=""
    )

    assert answer.status_code == 409
    assert "20 giờ" in answer.text
    assert current(world, case_id) is None
