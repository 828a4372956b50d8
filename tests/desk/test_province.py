"""The province kept on the desk: offices, areas, days off, duty and leave, by whom and how."""

import datetime as dt
import re
from functools import partial

import pytest
import sqlalchemy as sa

from cases import queue
from cases.alerts import DutyRow
from cases.atlas import seed_province
from cases.calendar import calendar_of
from cases.routing import route
from cases.staffing import Leave, able_offices
from store.audit import AuditRow
from store.session import Database
from tests.desk.test_access import routes_of
from tests.desk.world import STAFF, Browser, World

KEEPERS = frozenset({"hai", "trung", "quan"})
ADMINS = frozenset({"quan"})
ROUTES = {
    ("GET", "/province"): KEEPERS,
    ("GET", "/province/new-office"): ADMINS,
    ("POST", "/province/new-office"): ADMINS,
    ("GET", "/province/offices/{office_id}"): frozenset({"hai", "quan"}),
    ("POST", "/province/offices/{office_id}"): frozenset({"hai", "quan"}),
    ("GET", "/province/areas"): ADMINS,
    ("POST", "/province/areas"): ADMINS,
    ("POST", "/province/routing"): ADMINS,
    ("GET", "/province/days"): ADMINS,
    ("POST", "/province/days"): ADMINS,
    ("POST", "/province/days/remove"): ADMINS,
    ("POST", "/province/days/year"): ADMINS,
    ("GET", "/province/history/{kind}/{key}"): ADMINS,
    ("POST", "/province/history/{kind}/{key}"): ADMINS,
    ("GET", "/province/differences"): ADMINS,
    ("POST", "/province/differences"): ADMINS,
    ("GET", "/province/duty"): KEEPERS,
    ("POST", "/province/duty"): KEEPERS,
    ("POST", "/province/duty/{duty_id}/remove"): KEEPERS,
    ("POST", "/province/leave"): KEEPERS,
    ("POST", "/province/leave/hand-over"): KEEPERS - {"quan"},
    ("POST", "/province/leave/{leave_id}/remove"): KEEPERS,
}
"""Whom each route answers about the office of U Minh and its people."""
DA_BAC = "32104"


@pytest.fixture
def world(database: Database) -> World:
    world = World(database)
    database.transact_now(lambda session: seed_province(session, world.province))
    world.atlas.refresh_now(database)
    return world


def test_every_route_of_the_province_stands_in_the_table(world: World) -> None:
    assert {one for one in routes_of(world) if one[1].startswith("/province")} == set(ROUTES)


def fields_of(world: World, path: str) -> dict[str, str]:
    """Enough for a route to know whom it is asked about."""
    lan = world.ids["lan"]
    match path:
        case "/province/duty":
            return {"person": lan, "from_at": "2026-11-23T18:00", "to_at": "2026-11-24T07:00"}
        case "/province/leave":
            return {"person": lan, "first_day": "2026-11-23", "last_day": "2026-11-24"}
        case "/province/leave/hand-over":
            return {"person": lan, "to": world.ids["minh"]}
        case "/province/days/year":
            return {"year": "2027"}
        case "/province/differences":
            return {"kind": "office", "key": "u-minh", "mark": "", "decision": "ours"}
        case "/province/history/{kind}/{key}":
            return {"number": "1", "over": "1"}
    return {"day": "2026-12-24", "name": "Ngày thử"}


@pytest.mark.parametrize("username", sorted(STAFF))
async def test_each_route_answers_those_who_keep_it_and_nobody_else(
    world: World, username: str
) -> None:
    browser = await world.signed_in(username)

    for (method, path), whom in ROUTES.items():
        ids = {"office_id": "u-minh", "duty_id": "0" * 32, "leave_id": "0" * 32}
        address = "/desk" + path.format(**ids, kind="office", key="u-minh")
        if method == "GET":
            answer = await browser.get(address)
        else:
            answer = await browser.press(address, **fields_of(world, path))
        if username in whom:
            assert answer.status_code not in {403, 404}, (method, path)
            assert answer.status_code < 500, (method, path)
        else:
            assert answer.status_code == 404, (method, path)


async def form_of(browser: Browser, office_id: str) -> dict[str, str]:
    """What a browser would send of the form as it stands."""
    page = (await browser.get(f"/desk/province/offices/{office_id}")).text
    form = page[page.index('<form class="plain-form') :]
    form = form[: form.index("</form>")]
    sent = {}
    for tag in re.findall(r"<input [^>]+>", form):
        if "disabled" in tag or ("checkbox" in tag and "checked" not in tag):
            continue
        name = re.search(r'name="([^"]+)"', tag)
        value = re.search(r'value="([^"]*)"', tag)
        assert name is not None
        sent[name.group(1)] = value.group(1) if value else "on"
    for name, body in re.findall(r'<select id="[^"]+" name="([^"]+)"[^>]*>(.*?)</select>', form):
        chosen = re.search(r'value="([^"]*)" selected', body)
        sent[name] = chosen.group(1) if chosen else ""
    return sent


async def press_form(browser: Browser, path: str, **fields: str | list[str]) -> tuple[int, str]:
    """Submit a form in which a name may stand several times."""
    answer = await browser.post(path, data=fields, headers={"Sec-Fetch-Site": "same-origin"})
    return answer.status_code, answer.text


async def save(browser: Browser, office_id: str, **changes: str) -> tuple[int, str]:
    sent: dict[str, str | list[str]] = {**(await form_of(browser, office_id) | changes)}
    sent["days"] = ["mon", "tue", "wed", "thu", "fri"]
    return await press_form(browser, f"/desk/province/offices/{office_id}", **sent)


async def test_a_real_address_takes_the_sample_away_and_counts_at_once(world: World) -> None:
    quan = await world.signed_in("quan")

    status, _ = await save(quan, "u-minh", address="12 Lê Duẩn", address_verified="on")

    office = world.province.office("u-minh")
    assert status == 303
    assert (office.address.value, office.address.verified) == ("12 Lê Duẩn", True)
    assert not office.address.sample
    assert office.phone.sample
    assert not any("u-minh" in one and "address" in one for one in world.province.sample_contacts())


async def test_a_sample_cannot_be_confirmed(world: World) -> None:
    quan = await world.signed_in("quan")

    status, page = await save(quan, "u-minh", phone_verified="on")

    assert status == 422
    assert "Đây là dữ liệu mẫu" in page


async def test_a_head_keeps_contact_and_hours_but_neither_name_nor_state(world: World) -> None:
    hai = await world.signed_in("hai")

    status, _ = await save(
        hai, "u-minh", phone="0290 222 333", name="Chi nhánh Khác", state="closed"
    )

    office = world.province.office("u-minh")
    assert status == 303
    assert office.phone.value == "0290 222 333"
    assert (office.name, office.active) == ("Chi nhánh U Minh", True)


async def test_hours_that_close_before_they_open_are_told_and_nothing_is_saved(
    world: World,
) -> None:
    quan = await world.signed_in("quan")

    status, page = await save(quan, "u-minh", opens0="11:00", closes0="07:00", phone="0290 1")

    assert status == 422
    assert "giờ mở phải trước giờ đóng" in page
    assert 'value="0290 1"' in page
    assert world.province.office("u-minh").phone.sample


async def test_the_second_of_two_editors_keeps_what_was_typed_and_sees_the_other_version(
    world: World,
) -> None:
    quan, hai = await world.signed_in("quan"), await world.signed_in("hai")
    mine = await form_of(quan, "u-minh")
    await save(hai, "u-minh", phone="0290 222 333")

    mine |= {"phone": "0290 999 999", "days": "mon"}
    status, page = await press_form(quan, "/desk/province/offices/u-minh", **mine)

    assert status == 409
    assert 'value="0290 999 999"' in page
    assert "đang dùng “0290 222 333" in page
    assert world.province.office("u-minh").phone.value == "0290 222 333"
    again, _ = await save(quan, "u-minh", phone="0290 999 999")
    assert again == 303


async def test_a_code_that_another_office_has_is_refused_in_words(world: World) -> None:
    quan = await world.signed_in("quan")

    status, page = await save(quan, "u-minh", register_code="TT")

    assert status == 422
    assert "Mã sổ TT đã có cơ quan khác dùng" in page


async def test_the_centre_cannot_be_closed_from_the_desk(world: World) -> None:
    quan = await world.signed_in("quan")

    status, page = await save(quan, "centre", state="closed")

    assert status == 422
    assert "Trung tâm phải đang hoạt động" in page
    assert world.province.centre.active


async def give(browser: Browser, *codes: str, to: str) -> int:
    status, _ = await press_form(
        browser,
        "/desk/province/areas",
        commune=[f"{code}:1" for code in codes],
        to=to,
        basis="QĐ thử",
    )
    return status


async def test_a_commune_given_to_another_office_is_routed_there(world: World) -> None:
    quan = await world.signed_in("quan")
    assert route(DA_BAC, world.province).office == "tran-van-thoi"

    assert await give(quan, DA_BAC, to="u-minh") == 303

    assert route(DA_BAC, world.province).office == "u-minh"


async def test_areas_seen_before_somebody_else_moved_them_are_not_moved_back(
    world: World,
) -> None:
    quan = await world.signed_in("quan")
    await give(quan, DA_BAC, to="u-minh")

    assert await give(quan, "32044", DA_BAC, to="nam-can") == 409

    assert route(DA_BAC, world.province).office == "u-minh"
    assert route("32044", world.province).office == "u-minh"


async def test_a_version_is_shown_with_who_and_what_and_can_be_used_again(world: World) -> None:
    quan = await world.signed_in("quan")
    await give(quan, DA_BAC, to="u-minh")

    page = (await quan.get(f"/desk/province/history/area/{DA_BAC}")).text
    answer = await quan.press(f"/desk/province/history/area/{DA_BAC}", number="1", over="2")

    assert "Cán bộ Quan" in page
    assert "Tệp của tỉnh" in page
    assert "<del>Chi nhánh Trần Văn Thời (chờ xác nhận)</del>" in page
    assert answer.status_code == 303
    assert route(DA_BAC, world.province).office == "tran-van-thoi"


async def test_a_holiday_added_and_dropped_moves_the_calendar(world: World) -> None:
    quan = await world.signed_in("quan")
    day = dt.date(2026, 12, 24)

    added = await quan.press("/desk/province/days", day=str(day), name="Nghỉ thử")
    assert added.status_code == 303
    assert calendar_of(world.province, "centre").why_off(day) == "Nghỉ thử"

    dropped = await quan.press("/desk/province/days/remove", day=str(day), over="1")
    assert dropped.status_code == 303
    assert calendar_of(world.province, "centre").is_working_day(day)

    again = await quan.press("/desk/province/days", day=str(day), name="Nghỉ thử")
    assert again.status_code == 303


async def test_a_make_up_day_must_be_a_weekend_day(world: World) -> None:
    quan = await world.signed_in("quan")

    answer = await quan.press("/desk/province/days", day="2026-12-24", name="Bù", kind="worked")

    assert answer.status_code == 409
    assert "không phải cuối tuần" in answer.text


async def test_leave_of_everybody_leaves_the_office_to_the_centre(world: World) -> None:
    hai = await world.signed_in("hai")
    days = {"first_day": "2026-11-23", "last_day": "2026-11-25"}

    for person in ("lan", "minh", "hai"):
        answer = await hai.press("/desk/province/leave", person=world.ids[person], **days)
        assert answer.status_code == 303

    assert "u-minh" not in world.database.read_now(able_offices)
    assert world.count(sa.select(AuditRow.id).where(AuditRow.act == "leave.set")) == 3


async def test_a_head_keeps_the_duty_and_leave_of_his_own_branch_only(world: World) -> None:
    hai = await world.signed_in("hai")
    tam = world.ids["tam"]

    duty = await hai.press(
        "/desk/province/duty", person=tam, from_at="2026-11-23T18:00", to_at="2026-11-24T07:00"
    )
    leave = await hai.press(
        "/desk/province/leave", person=tam, first_day="2026-11-23", last_day="2026-11-23"
    )
    page = (await hai.get("/desk/province/duty")).text

    assert duty.status_code == leave.status_code == 404
    assert world.count(sa.select(DutyRow.id)) == world.count(sa.select(Leave.id)) == 0
    assert "Cán bộ Lan" in page
    assert "Cán bộ Tam" not in page


async def test_what_somebody_on_leave_holds_is_given_to_a_colleague_in_one_go(
    world: World,
) -> None:
    held = [world.open_case() for _ in range(2)]
    elsewhere = world.open_case(office_id="nam-can")
    for username, case_id in (("lan", held[0]), ("lan", held[1]), ("tam", elsewhere)):
        claim = partial(queue.claim, staff=world.staff(username), case_id=case_id, office_name="C")
        world.database.transact_now(claim)
    hai = await world.signed_in("hai")
    days = {"first_day": "2026-11-23", "last_day": "2026-11-25"}
    before = (await hai.get("/desk/province/duty")).text
    await hai.press("/desk/province/leave", person=world.ids["lan"], **days)

    page = (await hai.get("/desk/province/duty")).text
    to_tam = await hai.press(
        "/desk/province/leave/hand-over", person=world.ids["lan"], to=world.ids["tam"]
    )
    of_tam = await hai.press(
        "/desk/province/leave/hand-over", person=world.ids["tam"], to=world.ids["minh"]
    )
    done = await hai.press(
        "/desk/province/leave/hand-over", person=world.ids["lan"], to=world.ids["minh"]
    )

    assert "Giao hết" not in before
    assert "đang giữ 2 hồ sơ" in page
    assert to_tam.status_code == 409
    assert "cùng nơi" in to_tam.text
    assert of_tam.status_code == 404
    assert done.status_code == 303
    assert {world.case(one).holder_id for one in held} == {world.ids["minh"]}
    assert world.case(elsewhere).holder_id == world.ids["tam"]


async def test_a_duty_is_in_vietnams_time(world: World) -> None:
    hai = await world.signed_in("hai")

    await hai.press("/desk/province/duty", **fields_of(world, "/province/duty"))

    row = world.database.read_now(lambda session: session.scalars(sa.select(DutyRow)).one())
    assert row.from_at == dt.datetime(2026, 11, 23, 11, tzinfo=dt.UTC)
