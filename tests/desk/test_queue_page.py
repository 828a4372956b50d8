"""The lists of the inbox: what is in each, for whom, in which order."""

import re
from collections.abc import Callable

import pytest
import sqlalchemy as sa

from cases import alerts, data_requests, queue, register, rights, talking, transfer
from cases.life import Outcome
from cases.limits import DeadlineKind, Form, Step
from cases.limits import Role as Told
from cases.model import Case
from cases.moves import end
from desk.pages.inbox import ALWAYS, Tab
from store.clock import SetClock
from store.session import Session
from tests.desk.world import MINUTE, PROVINCE, Browser, World


def do(
    world: World, act: Callable[..., object], username: str, case_id: str, **told: object
) -> None:
    """One act of somebody with a case."""
    staff = world.staff(username)
    world.database.transact_now(lambda session: act(session, staff, case_id, **told))


def claim(world: World, username: str, case_id: str) -> None:
    do(world, queue.claim, username, case_id, office_name="CN")


async def rows(browser: Browser, tab: Tab | str, more: str = "") -> list[str]:
    """The ids of the cases in a list, in its order."""
    page = await browser.get(f"/desk/queue?tab={tab}{more}")
    assert page.status_code == 200, page.text
    return re.findall(r'<li id="row-(\w+)"', page.text)


async def count(browser: Browser, tab: Tab) -> str | None:
    """What stands beside the name of a list; None when it is not named."""
    page = (await browser.get("/desk/queue")).text
    found = re.search(rf'id="tab-{tab}".*?class="count">(\d+)', page)
    return found[1] if found else None


async def test_danger_and_custody_come_first_then_who_has_waited_longest(
    world: World, clock: SetClock
) -> None:
    old = world.open_case()
    clock.forward(MINUTE)
    held = world.open_case()
    world.database.transact_now(
        lambda session: session.execute(
            sa.update(Case).where(Case.id == held).values(in_custody=True)
        )
    )
    clock.forward(MINUTE)
    beaten = world.open_case(danger="violence", urgent=True)
    browser = await world.signed_in("lan")

    assert await rows(browser, Tab.WAITING) == [held, beaten, old]
    assert await rows(browser, Tab.URGENT) == [held, beaten]
    assert await count(browser, Tab.URGENT) == "2"


async def test_a_snoozed_case_is_out_of_the_way_until_its_time_comes(
    world: World, clock: SetClock
) -> None:
    case_id = world.open_case(urgent=True)
    claim(world, username="lan", case_id=case_id)
    do(world, queue.snooze, "lan", case_id, until=clock.now() + 10 * MINUTE)
    browser = await world.signed_in("lan")

    for tab in (Tab.MINE, Tab.BRANCH, Tab.URGENT, Tab.CITIZEN):
        assert await rows(browser, tab) == []
    assert await rows(browser, Tab.SNOOZED) == [case_id]
    assert await count(browser, Tab.SNOOZED) == "1"

    clock.forward(10 * MINUTE)

    assert await rows(browser, Tab.MINE) == [case_id]
    assert await rows(browser, Tab.SNOOZED) == []


async def test_a_word_of_the_citizen_ends_a_snooze(world: World, clock: SetClock) -> None:
    case_id = world.open_case()
    claim(world, username="lan", case_id=case_id)
    do(world, queue.snooze, "lan", case_id, until=clock.now() + 10 * MINUTE)
    world.database.transact_now(
        lambda session: talking.citizen_wrote(session, session.get_one(Case, case_id), "Alo?")
    )
    browser = await world.signed_in("lan")

    assert await rows(browser, Tab.MINE) == [case_id]
    assert await count(browser, Tab.SNOOZED) is None


async def test_a_case_waits_for_the_citizen_once_answered_or_paused(
    world: World, clock: SetClock
) -> None:
    answered, paused, neither = (world.open_case() for _ in range(3))
    for case_id in (answered, paused, neither):
        claim(world, username="lan", case_id=case_id)
    clock.forward(MINUTE)
    do(world, talking.reply, "lan", answered, text="Chào bà con", office_name="CN")
    do(world, register.accept, "lan", paused, province=PROVINCE, form=Form.ADVICE)
    do(world, register.pause, "lan", paused, reason="chờ giấy tờ")
    browser = await world.signed_in("lan")

    assert set(await rows(browser, Tab.CITIZEN)) == {answered, paused}
    assert await count(browser, Tab.CITIZEN) == "2"

    clock.forward(MINUTE)
    world.database.transact_now(
        lambda session: talking.citizen_wrote(session, session.get_one(Case, answered), "Dạ")
    )

    assert await rows(browser, Tab.CITIZEN) == [paused]


async def test_an_offer_stands_in_the_receivers_list_and_nowhere_else_of_theirs(
    world: World,
) -> None:
    case_id = world.open_case(office_id="u-minh")
    claim(world, username="lan", case_id=case_id)
    do(
        world, transfer.offer, "lan", case_id,
        to_office="nam-can", reason="ở gần hơn", province=PROVINCE,
    )  # fmt: skip
    tam, lan = await world.signed_in("tam"), await world.signed_in("lan")

    assert await rows(tam, Tab.OFFERED) == [case_id]
    assert await count(tam, Tab.OFFERED) == "1"
    for tab in set(Tab) - {Tab.OFFERED}:
        assert await rows(tam, tab) == []
    assert await rows(lan, Tab.OFFERED) == []
    assert await rows(lan, Tab.MINE) == [case_id]

    do(world, transfer.accept, "tam", case_id, province=PROVINCE)

    assert await rows(tam, Tab.OFFERED) == []
    assert await rows(tam, Tab.WAITING) == [case_id]
    for tab in Tab:
        assert await rows(lan, tab) == []


async def test_what_the_clock_tells_stands_first_and_names_what_is_owed(world: World) -> None:
    case_id = world.open_case()
    claim(world, username="lan", case_id=case_id)
    world.open_case()

    def ring(session: Session) -> None:
        case = session.get_one(Case, case_id)
        whom = ((Told.HOLDER, None), (Told.CENTRE, None))
        alerts.ring(session, case, "advice", DeadlineKind.ADVICE, Step.OVERDUE, whom)

    world.database.transact_now(ring)

    for username in ("lan", "trung"):
        browser = await world.signed_in(username)
        assert await rows(browser, Tab.ALERTS) == [case_id]
        assert await count(browser, Tab.ALERTS) == "1"
        page = (await browser.get("/desk/queue?tab=alerts")).text
        assert "Quá hạn: trả lời tư vấn" in page
    for username in ("minh", "hai", "tam"):
        browser = await world.signed_in(username)
        assert await rows(browser, Tab.ALERTS) == []
        assert await count(browser, Tab.ALERTS) is None


async def test_lists_are_narrowed_by_field_commune_and_holder(world: World) -> None:
    land, other, waiting = (world.open_case() for _ in range(3))
    claim(world, username="lan", case_id=land)
    claim(world, username="minh", case_id=other)
    world.database.transact_now(
        lambda session: session.execute(
            sa.update(Case).where(Case.id == other).values(field=None, commune="32201")
        )
    )
    browser = await world.signed_in("lan")

    assert await rows(browser, Tab.BRANCH, "&field=land") == [land]
    assert await rows(browser, Tab.BRANCH, "&field=none") == [other]
    assert await rows(browser, Tab.BRANCH, "&commune=32201") == [other]
    assert await rows(browser, Tab.BRANCH, f"&holder={world.ids['lan']}") == [land]
    assert await rows(browser, Tab.BRANCH, "&field=land&commune=32201") == []
    assert await rows(browser, Tab.WAITING, "&field=land") == [waiting]


@pytest.mark.parametrize(
    "asked",
    [
        "&field=<b>",
        "&commune=%22%3E",
        "&holder=%27",
        "&page=0",
        "&page=x",
        "&page=99999999",
        "&tab=x",
    ],
)
async def test_a_view_that_no_page_asks_for_becomes_the_usual(world: World, asked: str) -> None:
    case_id = world.open_case()
    browser = await world.signed_in("lan")

    assert await rows(browser, Tab.WAITING, asked) == [case_id]


async def test_a_filter_stays_when_a_case_is_opened(world: World) -> None:
    case_id = world.open_case()
    browser = await world.signed_in("lan")

    page = (await browser.get("/desk/?tab=waiting&field=land")).text

    assert f"/desk/cases/{case_id}?tab=waiting&amp;field=land" in page


async def test_a_long_list_comes_in_pages(world: World) -> None:
    ids = [world.open_case() for _ in range(53)]
    browser = await world.signed_in("lan")

    assert await rows(browser, Tab.WAITING) == ids[:50]
    assert await rows(browser, Tab.WAITING, "&page=2") == ids[50:]
    assert await rows(browser, Tab.WAITING, "&page=3") == []
    first = (await browser.get("/desk/queue")).text
    assert "1–50" in first
    assert 'rel="next"' in first
    assert 'rel="prev"' not in first
    last = (await browser.get("/desk/queue?page=2")).text
    assert "51–53" in last
    assert 'rel="next"' not in last


async def test_colleagues_to_filter_by_are_those_of_ones_own_office(world: World) -> None:
    ours = (await (await world.signed_in("lan")).get("/desk/queue")).text
    all_of_them = (await (await world.signed_in("trung")).get("/desk/queue")).text

    assert "Cán bộ Minh" in ours
    assert "Cán bộ Tam" not in ours
    assert "Cán bộ Tam" in all_of_them


def test_every_list_that_is_always_named_comes_before_those_that_come_and_go() -> None:
    comes_and_goes = [Tab.ALERTS, Tab.OFFERED, Tab.SNOOZED, Tab.COMPLAINTS]
    assert [*ALWAYS, *comes_and_goes] == list(Tab)


async def test_a_complaint_waits_in_a_list_of_the_centre_until_it_is_answered(
    world: World,
) -> None:
    case_id = world.open_case()

    def complained(session: Session) -> None:
        case = session.get_one(Case, case_id)
        end(session, case, Outcome.NOT_ENTITLED, None)
        rights.complain(session, case, "Không ai gọi lại cho tôi")

    world.database.transact_now(complained)
    trung, hai = await world.signed_in("trung"), await world.signed_in("hai")

    waiting = (await trung.get("/desk/?tab=complaints")).text
    of_head = (await hai.get("/desk/?tab=complaints")).text
    path = f"/desk/cases/{case_id}/do/answer-complaint"
    await trung.press(path, answer="Đã gọi lại.")
    after = (await trung.get("/desk/")).text

    assert "Khiếu nại chờ trả lời" in (await trung.get("/desk/?tab=complaints")).text
    assert f'id="row-{case_id}"' in waiting
    assert f'id="row-{case_id}"' not in of_head
    assert "Khiếu nại chờ trả lời" not in after


async def test_the_centre_sees_beside_its_queue_who_asks_about_their_data(world: World) -> None:
    case_id = world.open_case()
    world.database.transact_now(
        lambda s: data_requests.ask(s, s.get_one(Case, case_id), data_requests.Asked.CORRECT)
    )

    assert "1 chờ" in (await (await world.signed_in("trung")).get("/desk/")).text
    assert "1 chờ" not in (await (await world.signed_in("hai")).get("/desk/")).text
