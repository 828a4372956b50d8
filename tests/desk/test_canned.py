"""Canned replies: who writes them, what an officer is offered, and that no blank is ever sent."""

import json
from pathlib import Path

import pytest
import sqlalchemy as sa

from cases import parties, queue
from cases.canned import Blank, CannedReply, fill, left_open, starters
from cases.parties import PartyRole
from cases.thread import ThreadEntry
from store.datafile import DataFileError
from tests.desk.world import Browser, World


def reply_of(text: str) -> CannedReply:
    return CannedReply(office_id=None, key="x", text=text)


def test_known_blanks_are_filled_and_unknown_ones_stay() -> None:
    values = {Blank.NAME: "bà Lụa", Blank.CODE: None}

    filled = fill(reply_of("Chào {Tên}, mã {ma ho so}, hẹn {ngày hẹn}. {Tên}!"), values)

    assert filled.text == "Chào bà Lụa, mã {ma ho so}, hẹn {ngày hẹn}. bà Lụa!"
    assert filled.left == ("mã hồ sơ", "ngày hẹn")


def test_what_else_stands_between_braces_is_the_officers_own() -> None:
    assert left_open("Điều 5 {khoản 1} và {}, {tên\n}") == ()


async def write(
    browser: Browser, office: str, key: str = "chào", text: str = "Chào {tên}.", **more: str
) -> int:
    answer = await browser.press("/desk/canned", office=office, key=key, text=text, **more)
    return answer.status_code


async def offered(world: World, username: str, case_id: str) -> dict[str, str]:
    browser = await world.signed_in(username)
    answer = await browser.get(f"/desk/cases/{case_id}/canned")
    return {one["key"]: one["text"] for one in answer.json()}


@pytest.mark.parametrize(
    ("username", "may"),
    [
        ("hai", {"u-minh"}),
        ("trung", {"u-minh", "nam-can", "province"}),
        ("quan", {"u-minh", "nam-can", "province"}),
    ],
)
async def test_a_head_writes_for_the_own_office_centre_and_admin_for_all(
    world: World, username: str, may: set[str]
) -> None:
    browser = await world.signed_in(username)

    for office in ("u-minh", "nam-can", "province"):
        assert await write(browser, office) == (303 if office in may else 409), office


async def test_an_officer_is_offered_the_own_offices_and_the_provinces_filled_in(
    world: World,
) -> None:
    centre, case_id = await world.signed_in("trung"), world.open_case()
    await write(centre, "province", "chào", "Chào {tên}, {chi nhánh} đây.")
    await write(centre, "province", "hẹn", "Hẹn {ngày hẹn}.")
    await write(centre, "u-minh", "HẸN", "Mời tới U Minh {ngày hẹn}.")
    await write(centre, "nam-can", "xa", "Nơi khác.")
    lan = world.staff("lan")
    world.database.transact_now(
        lambda session: parties.add_party(session, lan, case_id, PartyRole.CLIENT, "Trần Thị Lụa")
    )

    assert await offered(world, "lan", case_id) == {
        "chào": "Chào Trần Thị Lụa, Chi nhánh U Minh đây.",
        "hẹn": "Mời tới U Minh {ngày hẹn}.",
    }


async def test_a_head_takes_over_the_shipped_replies_once_and_keeps_the_own_words(
    world: World,
) -> None:
    hai = await world.signed_in("hai")
    await write(hai, "u-minh", "Chào", "Chào bà con, tôi nghe đây.")
    page = (await hai.get("/desk/canned")).text

    first = await hai.press("/desk/canned/starters", office="u-minh")
    again = await hai.press("/desk/canned/starters", office="u-minh")
    other = await hai.press("/desk/canned/starters", office="nam-can")

    assert "Lấy 11 câu này về" in page  # of twelve, one has the branch's own words
    assert (first.status_code, again.status_code, other.status_code) == (303, 303, 409)
    assert "Câu soạn sẵn" not in (await hai.get("/desk/canned")).text
    assert world.count(sa.select(CannedReply.id)) == 12
    said = await offered(world, "lan", world.open_case())
    assert said["chào"] == "Chào bà con, tôi nghe đây."
    assert said["hẹn-gặp"].startswith("Mời bạn tới Chi nhánh U Minh lúc {ngày hẹn}.")


def test_of_the_shipped_replies_none_is_one_that_the_desk_refuses(tmp_path: Path) -> None:
    assert len(starters()) == 12
    assert all("chắc" not in text and len(text) <= 250 for text in starters().values())
    for wrong in ("hai chữ: Chào", "chào: Chào {bạn}", "chào: ' '"):
        (tmp_path / "canned.yaml").write_text(wrong, "utf-8")
        with pytest.raises(DataFileError, match=wrong.partition(":")[0]):
            starters(tmp_path / "canned.yaml")
        starters.cache_clear()


@pytest.mark.parametrize(
    ("key", "text", "said"),
    [
        ("", "Chào.", "Tên gọi là một chữ ngắn"),
        ("hai chữ", "Chào.", "Tên gọi là một chữ ngắn"),
        ("x" * 31, "Chào.", "Tên gọi là một chữ ngắn"),
        ("chào", "  ", "Chưa có chữ nào"),
        ("chào", "a" * 2001, "Câu mẫu dài quá"),
        ("chào", "Chào {họ tên}.", "Trong ngoặc { } chỉ ghi được"),
        ("CHAO", "Chào lại.", "Đã có câu mẫu tên này"),
    ],
)
async def test_what_can_not_be_kept_is_said_and_stays_in_the_form(
    world: World, key: str, text: str, said: str
) -> None:
    browser = await world.signed_in("hai")
    if key == "CHAO":
        await write(browser, "u-minh")

    answer = await browser.press("/desk/canned", office="u-minh", key=key, text=text)

    assert answer.status_code == 409
    assert said in answer.text
    assert f'value="{key}"' in answer.text
    assert f">{text}</textarea>" in answer.text


async def test_a_reply_is_changed_and_taken_away_by_those_who_may(world: World) -> None:
    head, centre = await world.signed_in("hai"), await world.signed_in("trung")
    await write(centre, "province")
    query = sa.select(CannedReply.id)
    reply_id = world.database.read_now(lambda session: session.scalars(query).one())

    assert await write(head, "u-minh", reply=reply_id) == 409
    assert (await head.press(f"/desk/canned/{reply_id}/remove")).status_code == 409
    assert await write(centre, "province", "chào", "Dạ chào {tên}.", reply=reply_id) == 303
    assert "Dạ chào {tên}." in (await centre.get("/desk/canned")).text
    assert (await centre.press(f"/desk/canned/{reply_id}/remove")).status_code == 303
    assert world.count(sa.select(CannedReply)) == 0


async def test_a_reply_with_an_open_blank_is_not_sent_and_kept_as_a_draft(world: World) -> None:
    case_id, lan = world.open_case(), world.staff("lan")
    world.database.transact_now(lambda session: queue.claim(session, lan, case_id, "CN"))
    browser = await world.signed_in("lan")

    answer = await browser.press(f"/desk/cases/{case_id}/reply", text="Hẹn {Ngày hẹn} nhé")

    assert answer.status_code == 409
    assert "Tin còn chỗ trống" in answer.text
    assert "Hẹn {Ngày hẹn} nhé" in answer.text
    assert world.count(sa.select(ThreadEntry).where(ThreadEntry.staff_id.is_not(None))) == 0


async def test_replies_come_as_data_and_never_as_markup(world: World) -> None:
    case_id, head = world.open_case(), await world.signed_in("hai")
    await write(head, "u-minh", "chào", "<b>Chào</b>")

    answer = await (await world.signed_in("lan")).get(f"/desk/cases/{case_id}/canned")

    assert answer.headers["content-type"] == "application/json"
    assert json.loads(answer.text)[0]["text"] == "<b>Chào</b>"
    assert "&lt;b&gt;Chào" in (await head.get("/desk/canned")).text
