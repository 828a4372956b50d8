"""Accounts by invitation: a link used once, a post given, an account disabled."""

import datetime as dt
import re

import pytest
import sqlalchemy as sa

from cases.staff import Role, StaffMember
from desk.invitations import VALID_FOR, Invitation
from store.audit import AuditRow
from store.clock import SetClock
from tests.desk.test_access import routes_of
from tests.desk.world import ADDRESS, STAFF, Browser, World

PASSWORD = "mười hai con vịt xiêm"
ADMINS = frozenset({"quan"})
EVERYBODY = frozenset(STAFF)
ROUTES = {
    ("GET", "/accounts/new"): ADMINS,
    ("POST", "/accounts/new"): ADMINS,
    ("GET", "/accounts/{staff_id}"): ADMINS,
    ("POST", "/accounts/{staff_id}/link"): ADMINS,
    ("POST", "/accounts/{staff_id}/reset"): ADMINS,
    ("POST", "/accounts/{staff_id}/revoke"): ADMINS,
    ("POST", "/accounts/{staff_id}/post"): ADMINS,
    ("POST", "/accounts/{staff_id}/skills"): ADMINS,
    ("POST", "/accounts/{staff_id}/active"): ADMINS,
}


def test_every_route_of_accounts_stands_in_the_table(world: World) -> None:
    there = {one for one in routes_of(world) if one[1].startswith("/accounts/")}
    assert there == set(ROUTES)


@pytest.mark.parametrize("username", sorted(STAFF))
async def test_accounts_answer_admins_only(world: World, username: str) -> None:
    browser = await world.signed_in(username)

    for (method, path), whom in ROUTES.items():
        address = "/desk" + path.format(staff_id=world.ids["minh"])
        fields = {"username": "moi.toi", "role": "officer", "office": "u-minh", "active": "true"}
        answer = await (
            browser.get(address) if method == "GET" else browser.press(address, **fields)
        )
        assert (answer.status_code == 404) is (username not in whom), (method, path)
        assert answer.status_code < 500, (method, path)


async def invited(world: World, username: str = "be.ba", **fields: str) -> str:
    """Invite somebody; the token of the link as the page shows it."""
    quan = await world.signed_in("quan")
    sent = {"username": username, "role": "officer", "office": "u-minh"} | fields
    answer = await quan.press("/desk/accounts/new", **sent)
    assert answer.status_code == 200, answer.text
    return token_in(answer.text)


def token_in(page: str) -> str:
    found = re.search(rf"{ADDRESS}/desk/join\?token=([\w-]+)", page)
    assert found is not None
    return found.group(1)


async def take_up(browser: Browser, token: str, password: str = PASSWORD) -> int:
    fields = {"token": token, "name": "Trần Thị Bé Ba", "password": password, "again": password}
    return (await browser.press("/desk/join", **fields)).status_code


async def test_an_invited_person_sets_name_and_password_and_is_in(world: World) -> None:
    token = await invited(world)
    browser = world.browser()

    page = (await browser.get(f"/desk/join?token={token}")).text
    status = await take_up(browser, token)

    assert "be.ba" in page
    assert status == 303
    assert (await browser.sign_in("be.ba", PASSWORD)).status_code == 303
    staff = world.staff("be.ba")
    assert (staff.role, staff.office_id, staff.active) == (Role.OFFICER, "u-minh", True)
    assert staff.open(world.database.vault, "name") == "Trần Thị Bé Ba"


async def test_whom_one_admin_let_in_sees_no_case_until_a_leader_says_who_it_is(
    world: World,
) -> None:
    """Else whoever has one admin's account has every branch: an invitation to oneself."""
    case_id = world.open_case(words=("CHIM-HOÀNG-YẾN",))
    case = f"/desk/cases/{case_id}"
    stranger = world.browser()
    await take_up(stranger, await invited(world))
    await stranger.sign_in("be.ba", PASSWORD)
    hai, minh = await world.signed_in("hai"), await world.signed_in("minh")

    for path in (case, "/desk/queue", "/desk/intake", "/desk/glass"):
        answer = await stranger.get(path)
        assert answer.status_code == 403, path
        assert "Chờ xác nhận" in answer.text
    page = await stranger.get("/desk/")
    assert "CHIM-HOÀNG-YẾN" not in page.text
    assert "Chờ trưởng chi nhánh" in page.text
    assert (await stranger.press(f"{case}/claim")).status_code == 403
    assert "1 tài khoản mới" in (await hai.get("/desk/")).text
    assert "Trần Thị Bé Ba" in (await hai.get("/desk/newcomers")).text
    newcomer = world.staff("be.ba").id
    assert (await minh.press(f"/desk/newcomers/{newcomer}", known="true")).status_code == 404

    assert (await hai.press(f"/desk/newcomers/{newcomer}", known="true")).status_code == 303

    assert (await stranger.get(case)).status_code == 200
    assert "tài khoản mới" not in (await hai.get("/desk/")).text
    noted = sa.select(AuditRow.id).where(AuditRow.act == "staff.confirmed")
    assert world.count(noted.where(AuditRow.staff_id == world.ids["hai"])) == 1


async def test_a_stranger_is_locked_out_with_one_press(world: World) -> None:
    stranger = world.browser()
    await take_up(stranger, await invited(world))
    await stranger.sign_in("be.ba", PASSWORD)
    hai = await world.signed_in("hai")

    await hai.press(f"/desk/newcomers/{world.staff('be.ba').id}", known="false")

    assert not world.staff("be.ba").active
    assert (await stranger.get("/desk/")).status_code == 303
    assert "Không ai đang chờ" in (await hai.get("/desk/newcomers")).text


async def test_a_head_is_confirmed_by_the_centre_and_nobody_by_themselves(world: World) -> None:
    stranger = world.browser()
    await take_up(stranger, await invited(world, role="head"))
    await stranger.sign_in("be.ba", PASSWORD)
    newcomer = world.staff("be.ba").id
    hai, trung = await world.signed_in("hai"), await world.signed_in("trung")

    for browser in (hai, stranger):
        answer = await browser.press(f"/desk/newcomers/{newcomer}", known="true")
        assert answer.status_code in {403, 404}
    assert world.staff("be.ba").unconfirmed

    await trung.press(f"/desk/newcomers/{newcomer}", known="true")

    assert not world.staff("be.ba").unconfirmed


async def test_who_is_moved_to_another_branch_waits_for_its_head(world: World) -> None:
    quan, tam = await world.signed_in("quan"), world.ids["tam"]

    await quan.press(f"/desk/accounts/{tam}/post", role="officer", office="u-minh")

    assert world.staff("tam").unconfirmed
    assert "Cán bộ Tam" in (await (await world.signed_in("hai")).get("/desk/newcomers")).text


async def test_the_link_works_once_and_the_database_does_not_hold_it(world: World) -> None:
    token = await invited(world)
    await take_up(world.browser(), token)

    assert await take_up(world.browser(), token, "một mật khẩu khác hẳn") == 404
    rows = world.database.read_now(lambda session: session.scalars(sa.select(Invitation)).all())
    assert [row.token_hash == token for row in rows] == [False]


async def test_looking_at_the_link_does_not_use_it_up(world: World) -> None:
    token = await invited(world)

    for _ in range(3):
        assert (await world.browser().get(f"/desk/join?token={token}")).status_code == 200

    assert await take_up(world.browser(), token) == 303


async def test_the_link_ends_by_itself(world: World, clock: SetClock) -> None:
    token = await invited(world)

    clock.forward(VALID_FOR + dt.timedelta(seconds=1))

    assert await take_up(world.browser(), token) == 404


async def test_before_the_link_is_used_nobody_can_sign_in(world: World) -> None:
    await invited(world)

    for password in ("!", "", PASSWORD):
        assert (await world.browser().sign_in("be.ba", password)).status_code == 401


async def test_a_new_link_ends_the_old_one_and_a_revoked_one_lets_nobody_in(
    world: World,
) -> None:
    first = await invited(world)
    quan = await world.signed_in("quan")
    path = f"/desk/accounts/{world.staff('be.ba').id}"

    second = token_in((await quan.press(f"{path}/link")).text)
    assert await take_up(world.browser(), first) == 404
    await quan.press(f"{path}/revoke")

    assert await take_up(world.browser(), second) == 404


async def test_nobody_makes_a_link_alone_for_an_account_in_use(world: World) -> None:
    quan = await world.signed_in("quan")

    answer = await quan.press(f"/desk/accounts/{world.ids['lan']}/link")

    assert answer.status_code == 409
    assert "cần hai người" in answer.text
    assert world.count(sa.select(Invitation.id)) == 0


async def test_guessing_links_is_slowed_down(world: World) -> None:
    browser = world.browser()

    answers = [
        (await browser.get(f"/desk/join?token=sai{number}")).status_code for number in range(8)
    ]

    assert answers[0] == 404
    assert answers[-1] == 429


async def test_a_disabled_account_is_out_and_its_cases_wait_again(world: World) -> None:
    case_id = world.open_case()
    lan, quan = await world.signed_in("lan"), await world.signed_in("quan")
    await lan.press(f"/desk/cases/{case_id}/claim")

    await quan.press(f"/desk/accounts/{world.ids['lan']}/active", active="false")

    assert (await lan.get("/desk/queue")).status_code == 303
    case = world.case(case_id)
    assert (case.state, case.holder_id) == ("waiting", None)
    acts = sa.select(AuditRow.id).where(AuditRow.act == "staff.disabled")
    assert world.count(acts.where(AuditRow.subject == world.ids["lan"])) == 1


async def test_whom_one_admin_lets_in_again_sees_no_case_until_a_leader_says_who_it_is(
    world: World,
) -> None:
    case_id = world.open_case(words=("CHIM-HOÀNG-YẾN",))
    quan = await world.signed_in("quan")
    active = f"/desk/accounts/{world.ids['lan']}/active"
    await quan.press(active, active="true")
    assert not world.staff("lan").unconfirmed, "whoever was never out is known"
    await quan.press(active, active="false")
    await quan.press(active, active="true")
    lan, hai = await world.signed_in("lan"), await world.signed_in("hai")

    assert (await lan.get(f"/desk/cases/{case_id}")).status_code == 403
    await hai.press(f"/desk/newcomers/{world.ids['lan']}", known="true")

    assert (await lan.get(f"/desk/cases/{case_id}")).status_code == 200


async def test_a_changed_post_gives_the_cases_back(world: World) -> None:
    case_id = world.open_case()
    lan, quan = await world.signed_in("lan"), await world.signed_in("quan")
    await lan.press(f"/desk/cases/{case_id}/claim")

    path = f"/desk/accounts/{world.ids['lan']}/post"
    answer = await quan.press(path, role="officer", office="nam-can")

    assert answer.status_code == 303
    assert world.staff("lan").office_id == "nam-can"
    assert world.case(case_id).holder_id is None


@pytest.mark.parametrize(
    ("fields", "said"),
    [
        ({"username": "lan"}, "Đã có tài khoản tên này"),
        ({"username": "Bé Ba"}, "chữ thường không dấu"),
        ({"office": ""}, "cần một nơi làm việc"),
        ({"office": "centre"}, "chọn vai trò Trung tâm"),
        ({"role": "centre"}, "chỉ dành cho người của Trung tâm"),
        ({"role": "editor"}, "không thuộc cơ quan nào"),
    ],
)
async def test_an_invitation_that_makes_no_sense_is_refused_in_words(
    world: World, fields: dict[str, str], said: str
) -> None:
    quan = await world.signed_in("quan")
    sent = {"username": "be.ba", "role": "officer", "office": "u-minh"} | fields

    answer = await quan.press("/desk/accounts/new", **sent)

    assert answer.status_code == 409
    assert said in answer.text
    assert world.count(sa.select(StaffMember.id)) == len(STAFF)


async def test_an_admin_does_not_lock_himself_out(world: World) -> None:
    quan = await world.signed_in("quan")

    answer = await quan.press(f"/desk/accounts/{world.ids['quan']}/active", active="false")

    assert answer.status_code == 409
    assert world.staff("quan").active


async def test_languages_and_fields_of_an_officer_are_kept(world: World) -> None:
    quan = await world.signed_in("quan")

    path = f"/desk/accounts/{world.ids['lan']}/skills"
    await quan.press(path, languages="km", specialisms="land")

    lan = world.staff("lan")
    assert (lan.languages, lan.specialisms) == (["km"], ["land"])
