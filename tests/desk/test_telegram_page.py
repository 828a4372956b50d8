"""The page about Telegram: codes, the state of the groups, who may do what."""

import re

from cases import chat_groups
from cases.chat_groups import Trouble
from store.session import Session
from tests.desk.world import World

CODE = re.compile(r"/(toi|lienket) ([0-9A-Z]{5}-[0-9A-Z]{5})")


async def link(world: World) -> None:
    page = (
        await (await world.signed_in("hai")).press("/desk/telegram/group", office="u-minh")
    ).text
    found = CODE.search(page)
    assert found is not None
    world.database.transact_now(lambda s: chat_groups.link_group(s, found[2], "-1001"))


async def test_a_code_for_ones_own_account_is_shown_once_and_makes_it_known(world: World) -> None:
    browser = await world.signed_in("lan")
    page = (await browser.press("/desk/telegram/me")).text
    found = CODE.search(page)
    assert found is not None
    assert found[1] == "toi"

    linked = world.database.transact_now(lambda s: chat_groups.link_person(s, found[2], 501))

    assert linked is not None
    assert linked.username == "lan"
    page = (await browser.get("/desk/telegram")).text
    assert "Đã nối" in page
    assert CODE.search(page) is None
    await browser.press("/desk/telegram/me/remove")
    assert "Chưa nối" in (await browser.get("/desk/telegram")).text


async def test_a_head_links_only_the_own_branch(world: World) -> None:
    browser = await world.signed_in("hai")

    assert (await browser.press("/desk/telegram/group", office="nam-can")).status_code == 404
    assert (await browser.press("/desk/telegram/group", office="nowhere")).status_code == 404
    page = (await browser.get("/desk/telegram")).text
    assert "Năm Căn" not in page
    await link(world)
    assert "Đang xem Tràm có đủ quyền" in (await browser.get("/desk/telegram")).text


async def test_an_officer_sees_how_the_group_stands_and_changes_nothing(world: World) -> None:
    await link(world)

    def trouble(session: Session) -> None:
        group = chat_groups.group_of(session, "u-minh")
        assert group is not None
        group.trouble = Trouble.NO_RIGHTS

    world.database.transact_now(trouble)
    page = (await (await world.signed_in("lan")).get("/desk/telegram")).text

    assert "Tràm chưa có quyền" in page
    assert "Yêu cầu vẫn chờ đủ ở hàng chờ trên web" in page
    assert "Thôi liên kết" not in page


async def test_a_group_is_set_and_let_go(world: World) -> None:
    await link(world)
    browser = await world.signed_in("hai")

    await browser.press("/desk/telegram/group/set", office="u-minh", deletes="yes")
    group = world.database.read_now(lambda s: chat_groups.group_of(s, "u-minh"))
    assert group is not None
    assert (group.shows_words, group.deletes) == (False, True)

    await browser.press("/desk/telegram/group/remove", office="u-minh")
    assert world.database.read_now(lambda s: chat_groups.group_of(s, "u-minh")) is None


async def test_a_code_of_one_kind_is_no_code_of_the_other(world: World) -> None:
    page = (await (await world.signed_in("lan")).press("/desk/telegram/me")).text
    found = CODE.search(page)
    assert found is not None

    group = world.database.transact_now(lambda s: chat_groups.link_group(s, found[2], "-1001"))

    assert group is None
