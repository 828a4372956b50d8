"""Two people put back the account of somebody who lost password, phone or key."""

import datetime as dt

import pytest
import sqlalchemy as sa

from cases.staff import Role
from desk.factors import Authenticator, PaperCode, Policy, Relying
from desk.invitations import Invitation
from desk.recoveries import VALID_FOR, Recovery
from store.audit import AuditRow
from store.clock import SetClock
from store.session import Database
from tests.desk.test_invitations import take_up, token_in
from tests.desk.test_second_factor import with_app
from tests.desk.world import ADDRESS, Browser, World, hire

NEW = "một mật khẩu mới toanh"


@pytest.fixture
def world(database: Database) -> World:
    world = World(database, policy=Policy(relying=Relying.at(ADDRESS)))
    world.ids["hong"] = database.transact_now(
        lambda session: hire(session, "hong", Role.ADMIN, None)
    )
    return world


async def ask(
    browser: Browser, world: World, username: str = "lan", reason: str = "mất máy"
) -> str:
    """Ask that an account be put back; the id of the request, if it was taken."""
    answer = await browser.press(f"/desk/accounts/{world.ids[username]}/reset", reason=reason)
    if answer.status_code != 303:
        return ""
    query = sa.select(Recovery.id).order_by(Recovery.asked_at.desc()).limit(1)
    return world.database.read_now(lambda session: session.scalar(query)) or ""


@pytest.mark.parametrize("second", ["hong", "trung"])
async def test_two_people_put_an_account_back_and_nothing_old_opens_it(
    world: World, second: str
) -> None:
    lan, _, paper = await with_app(world, "lan")
    quan, other = await world.signed_in("quan"), await world.signed_in(second)
    asked = await ask(quan, world)
    assert (await lan.get("/desk/queue")).status_code == 200
    assert "mất máy" in (await other.get("/desk/recoveries")).text

    answer = await other.press(f"/desk/recoveries/{asked}/grant")

    assert (await lan.get("/desk/queue")).headers["location"].startswith("/desk/sign-in")
    assert (await world.browser().sign_in("lan")).status_code == 401
    assert world.count(sa.select(Authenticator.id)) == world.count(sa.select(PaperCode.id)) == 0
    token = token_in(answer.text)
    assert await take_up(world.browser(), token, NEW) == 303
    assert await take_up(world.browser(), token) == 404
    again = world.browser()
    signed = await again.sign_in("lan", NEW)
    assert signed.headers["location"] == "/desk/"
    assert (await again.press("/desk/second", code=paper[0])).status_code == 401
    acts = sa.select(AuditRow.act).where(AuditRow.subject == world.ids["lan"])
    told = set(world.database.read_now(lambda session: session.scalars(acts).all()))
    assert {"staff.recovery_asked", "staff.recovery_granted", "staff.joined"} <= told


async def test_whoever_asked_does_not_agree(world: World) -> None:
    quan = await world.signed_in("quan")
    asked = await ask(quan, world)

    answer = await quan.press(f"/desk/recoveries/{asked}/grant")

    assert answer.status_code == 409
    assert "cần một người khác" in answer.text
    assert (await world.browser().sign_in("lan")).status_code == 303


async def test_nobody_asks_for_or_agrees_to_their_own(world: World) -> None:
    quan, hong = await world.signed_in("quan"), await world.signed_in("hong")
    assert await ask(quan, world, "quan") == ""
    asked = await ask(quan, world, "hong")

    answer = await hong.press(f"/desk/recoveries/{asked}/grant")

    assert answer.status_code == 409
    assert (await world.browser().sign_in("hong")).status_code == 303


async def test_a_request_needs_a_reason_and_ends_by_itself(world: World, clock: SetClock) -> None:
    quan = await world.signed_in("quan")
    assert await ask(quan, world, reason="  ") == ""
    asked = await ask(quan, world)
    clock.forward(VALID_FOR + dt.timedelta(seconds=1))
    hong = await world.signed_in("hong")

    assert (await hong.press(f"/desk/recoveries/{asked}/grant")).status_code == 409
    assert (await world.browser().sign_in("lan")).status_code == 303


async def test_a_request_is_decided_once(world: World) -> None:
    quan, hong = await world.signed_in("quan"), await world.signed_in("hong")
    asked = await ask(quan, world)
    assert await ask(quan, world) == ""

    await hong.press(f"/desk/recoveries/{asked}/refuse")

    assert (await hong.press(f"/desk/recoveries/{asked}/grant")).status_code == 409
    assert (await world.browser().sign_in("lan")).status_code == 303


async def test_after_two_agreed_one_alone_makes_no_other_link(world: World) -> None:
    quan, hong = await world.signed_in("quan"), await world.signed_in("hong")
    await hong.press(f"/desk/recoveries/{await ask(quan, world)}/grant")

    answer = await quan.press(f"/desk/accounts/{world.ids['lan']}/link")

    assert answer.status_code == 409


async def test_the_reason_is_sealed(world: World) -> None:
    await ask(await world.signed_in("quan"), world, reason="điện thoại rơi xuống sông")

    kept = world.database.read_now(lambda session: session.scalars(sa.select(Recovery)).one())

    assert "sông".encode() not in kept.reason


# --- roles that see every case, or make accounts --------------------------------------------------


def newest(world: World) -> str:
    query = sa.select(Recovery.id).order_by(Recovery.id.desc()).limit(1)
    return world.database.read_now(lambda session: session.scalar(query)) or ""


@pytest.mark.parametrize(("role", "office"), [("admin", ""), ("centre", "centre")])
async def test_nobody_alone_lets_in_an_admin_or_somebody_of_the_centre(
    world: World, role: str, office: str
) -> None:
    quan, hong = await world.signed_in("quan"), await world.signed_in("hong")

    answer = await quan.press("/desk/accounts/new", username="be.ba", role=role, office=office)

    assert answer.headers["location"] == "/desk/recoveries?done=asked"
    assert world.count(sa.select(Invitation.id)) == 0
    asked = newest(world)
    link = f"/desk/accounts/{world.staff('be.ba').id}/link"
    assert (await quan.press(link)).status_code == 409  # asked for already
    assert (await quan.press(f"/desk/recoveries/{asked}/grant")).status_code == 409
    token = token_in((await hong.press(f"/desk/recoveries/{asked}/grant")).text)
    assert await take_up(world.browser(), token, NEW) == 303
    assert world.staff("be.ba").role == role


async def test_a_link_that_ran_out_takes_two_again(world: World) -> None:
    quan, hong = await world.signed_in("quan"), await world.signed_in("hong")
    await quan.press("/desk/accounts/new", username="be.ba", role="admin", office="")
    await hong.press(f"/desk/recoveries/{newest(world)}/grant")

    answer = await quan.press(f"/desk/accounts/{world.staff('be.ba').id}/link")

    assert answer.headers["location"] == "/desk/recoveries?done=asked"
    assert (await hong.press(f"/desk/recoveries/{newest(world)}/grant")).status_code == 200


async def test_nobody_alone_raises_somebody_to_the_centre(world: World) -> None:
    quan, trung = await world.signed_in("quan"), await world.signed_in("trung")
    post = f"/desk/accounts/{world.ids['lan']}/post"

    answer = await quan.press(post, role="centre", office="centre")

    assert answer.headers["location"] == "/desk/recoveries?done=asked"
    assert world.staff("lan").role is Role.OFFICER
    page = (await trung.get("/desk/recoveries")).text
    assert "Đổi sang: <strong>Trung tâm" in page
    assert (await quan.press(f"/desk/recoveries/{newest(world)}/grant")).status_code == 409
    await trung.press(f"/desk/recoveries/{newest(world)}/grant")
    assert (world.staff("lan").role, world.staff("lan").office_id) == (Role.CENTRE, "centre")


async def test_nobody_alone_lets_in_again_who_sees_everything(world: World) -> None:
    quan, hong = await world.signed_in("quan"), await world.signed_in("hong")
    active = f"/desk/accounts/{world.ids['trung']}/active"
    await quan.press(active, active="false")

    answer = await quan.press(active, active="true")

    assert answer.headers["location"] == "/desk/recoveries?done=asked"
    assert not world.staff("trung").active
    assert "Mở lại tài khoản đã khóa." in (await hong.get("/desk/recoveries")).text
    assert (await quan.press(f"/desk/recoveries/{newest(world)}/grant")).status_code == 409
    assert not world.staff("trung").active
    await hong.press(f"/desk/recoveries/{newest(world)}/grant")
    assert world.staff("trung").active


async def test_an_admin_s_friend_in_a_branch_can_not_be_raised_by_a_refused_request(
    world: World,
) -> None:
    quan, hong = await world.signed_in("quan"), await world.signed_in("hong")
    await quan.press(f"/desk/accounts/{world.ids['lan']}/post", role="admin", office="")
    asked = newest(world)

    await hong.press(f"/desk/recoveries/{asked}/refuse")

    assert (await hong.press(f"/desk/recoveries/{asked}/grant")).status_code == 409
    assert world.staff("lan").role is Role.OFFICER
