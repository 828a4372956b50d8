"""Opening one case outside one's scope: an hour, a reason, and everybody concerned looks on."""

import datetime as dt

import pytest
import sqlalchemy as sa

from cases.glass import MOST_A_DAY, OPEN_FOR, Glass
from store.audit import AuditRow
from store.clock import SetClock
from tests.desk.world import Browser, World, photo

WHY = "Người nhà đang bị đe dọa ở Năm Căn, chi nhánh U Minh không nghe máy"
CANARY = "CHIM-HOÀNG-YẾN"


async def broken(world: World, browser: Browser, case_id: str, why: str = WHY) -> str:
    """Break the glass; where it leads."""
    number = str(world.case(case_id).number)
    answer = await browser.press("/desk/glass", number=number, reason=why)
    return str(answer.headers.get("location", answer.status_code))


def audited(world: World, act: str, case_id: str) -> int:
    rows = sa.select(AuditRow.id).where(AuditRow.act == act, AuditRow.subject == case_id)
    return world.count(rows)


async def test_an_officer_reads_another_branch_s_case_for_an_hour_and_each_reading_is_written_down(
    world: World, clock: SetClock
) -> None:
    case_id = world.open_case(words=(CANARY,), photo=photo())
    tam = await world.signed_in("tam")

    where = await broken(world, tam, case_id)

    for _ in range(2):
        page = await tam.get(where)
        assert CANARY in page.text
        assert "0912345678" not in page.text
    assert audited(world, "case.glass_read", case_id) == 2
    for _ in range(6):
        clock.forward(OPEN_FOR / 6)
        await tam.press("/desk/here")
    assert (await tam.get(where)).status_code == 404


async def test_nothing_else_opens_by_it(world: World) -> None:
    case_id = world.open_case(words=(CANARY,))
    tam = await world.signed_in("tam")
    await broken(world, tam, case_id)

    assert (await tam.get(f"/desk/cases/{case_id}")).status_code == 404
    assert (await tam.press(f"/desk/cases/{case_id}/contact")).status_code == 404
    assert (await tam.press(f"/desk/cases/{case_id}/claim")).status_code == 404
    assert case_id not in (await tam.get(f"/desk/search?q={CANARY}")).text
    assert case_id not in (await tam.get("/desk/")).text


@pytest.mark.parametrize("looker", ["hai", "trung"])
async def test_the_head_and_the_centre_see_it_at_once_and_end_it(world: World, looker: str) -> None:
    case_id = world.open_case()
    tam, head = await world.signed_in("tam"), await world.signed_in(looker)
    where = await broken(world, tam, case_id)

    assert "Có người mở khẩn hồ sơ" in (await head.get("/desk/")).text
    told = (await head.get("/desk/glass")).text
    assert "Cán bộ Tam" in told
    assert WHY in told

    await head.press(f"{where}/end")

    assert (await tam.get(where)).status_code == 404
    assert "Có người mở khẩn hồ sơ" not in (await head.get("/desk/")).text
    assert audited(world, "case.glass_ended", case_id) == 1


async def test_others_neither_see_nor_end_nor_use_it(world: World) -> None:
    case_id = world.open_case(words=(CANARY,))
    where = await broken(world, await world.signed_in("tam"), case_id)

    for username in ("lan", "minh", "quan"):
        other = await world.signed_in(username)
        assert (await other.get(where)).status_code == 404
        assert (await other.press(f"{where}/end")).status_code == 404
        assert WHY not in (await other.get("/desk/glass")).text


async def test_an_admin_reads_only_after_the_centre_agreed(world: World) -> None:
    case_id = world.open_case(words=(CANARY,))
    quan, tam = await world.signed_in("quan"), await world.signed_in("tam")
    trung = await world.signed_in("trung")
    assert await broken(world, quan, case_id) == "/desk/glass?done=asked"
    waiting = world.database.read_now(lambda session: session.scalars(sa.select(Glass.id)).one())
    where = f"/desk/glass/{waiting}"

    assert (await quan.get(where)).status_code == 404
    for other in (quan, tam):
        assert (await other.press(f"{where}/agree")).status_code == 404
    assert (await trung.press(f"{where}/agree")).status_code == 303

    assert CANARY in (await quan.get(where)).text
    assert audited(world, "case.glass_agreed", case_id) == 1


async def test_a_wish_of_an_admin_lasts_a_day(world: World, clock: SetClock) -> None:
    case_id = world.open_case()
    await broken(world, await world.signed_in("quan"), case_id)
    waiting = world.database.read_now(lambda session: session.scalars(sa.select(Glass.id)).one())
    clock.forward(dt.timedelta(hours=25))
    trung = await world.signed_in("trung")

    assert (await trung.press(f"/desk/glass/{waiting}/agree")).status_code == 404


async def test_a_reason_is_needed_and_sealed_and_there_are_five_a_day(world: World) -> None:
    cases = [world.open_case() for _ in range(MOST_A_DAY + 1)]
    tam = await world.signed_in("tam")
    assert await broken(world, tam, cases[0], "cần xem") == "409"

    led = [await broken(world, tam, case_id) for case_id in cases]

    assert led[-1] == "409"
    assert all(where.startswith("/desk/glass/") for where in led[:-1])
    kept = world.database.read_now(lambda session: session.scalars(sa.select(Glass.reason)).all())
    assert all("đe dọa".encode() not in (one or b"") for one in kept)


async def test_one_s_own_case_needs_no_glass(world: World) -> None:
    case_id = world.open_case()

    assert await broken(world, await world.signed_in("lan"), case_id) == "409"
    assert await broken(world, await world.signed_in("trung"), case_id) == "409"
    assert await broken(world, await world.signed_in("bien"), case_id) == "404"
