"""The list of who gives legal aid, kept on the desk."""

import io

import httpx
import openpyxl
import pytest
import sqlalchemy as sa

from cases.providers import Provider, published
from desk import roster
from tests.desk.test_access import routes_of
from tests.desk.world import STAFF, Browser, World

KEEPERS = {"trung", "quan"}
ROUTES = {
    ("GET", "/providers"),
    ("POST", "/providers"),
    ("POST", "/providers/{provider_id}/active"),
    ("GET", "/providers/roster.xlsx"),
    ("POST", "/providers/roster"),
}
LAN = {"name": "Lê Thị Lan", "kind": "lawyer", "card": "LS-77", "gender": "female"}


def the_one(world: World) -> Provider:
    return world.database.read_now(lambda session: session.scalars(sa.select(Provider)).one())


@pytest.mark.parametrize("username", sorted(STAFF))
async def test_only_the_centre_and_admins_keep_the_list(world: World, username: str) -> None:
    assert {one for one in routes_of(world) if one[1].startswith("/providers")} == ROUTES
    quan, browser = await world.signed_in("quan"), await world.signed_in(username)
    await quan.press("/desk/providers", **LAN)
    path = f"/desk/providers/{the_one(world).id}/active"

    answers = (
        await browser.get("/desk/providers"),
        await browser.press("/desk/providers", **LAN),
        await browser.press(path, active="true"),
        await browser.get("/desk/providers/roster.xlsx"),
        await browser.press("/desk/providers/roster"),
    )

    for answer in answers:
        assert (answer.status_code == 404) is (username not in KEEPERS)
        assert answer.status_code < 500


async def test_what_is_not_published_stays_at_the_desk(world: World) -> None:
    quan = await world.signed_in("quan")

    await quan.press("/desk/providers", **LAN, publishes="gender")

    shown = published(the_one(world))
    assert (shown.name, shown.gender, shown.card_number) == ("Lê Thị Lan", "female", None)
    assert "LS-77" in (await quan.get("/desk/providers")).text


async def test_an_entry_that_somebody_else_changed_is_not_overwritten(world: World) -> None:
    quan = await world.signed_in("quan")
    await quan.press("/desk/providers", **LAN)

    answer = await quan.press(
        "/desk/providers", **LAN | {"card": "LS-78"}, id=the_one(world).id, seen="cũ"
    )

    assert answer.status_code == 409
    assert the_one(world).card_number == "LS-77"


# --- the list as a workbook -----------------------------------------------------------------------


def workbook(*rows: tuple[object, ...], titles: tuple[str, ...] = roster.COLUMNS) -> bytes:
    book, made = openpyxl.Workbook(), io.BytesIO()
    assert book.active is not None
    for row in (titles, *rows):
        book.active.append(list(row))
    book.save(made)
    return made.getvalue()


async def bring(browser: Browser, content: bytes) -> httpx.Response:
    return await browser.post(
        "/desk/providers/roster",
        files={"file": ("danh sách.xlsx", content)},
        headers={"Sec-Fetch-Site": "same-origin"},
    )


async def test_a_workbook_adds_people_and_changes_those_of_the_same_card(world: World) -> None:
    quan = await world.signed_in("quan")
    await quan.press("/desk/providers", **LAN, publishes="card")
    office = world.province.office("u-minh").label

    answer = await bring(
        quan,
        workbook(
            ("Lê Thị Lan", "luat su", office, "U Minh", "LS-77", "Nữ", "Đất đai, nhà ở", "", ""),
            ("Trần Văn Bảy", "Cộng tác viên", "", "", 12.0, "", "", "Tiếng Khmer", "không"),
        ),
    )

    assert "Đã thêm 1 người, sửa 1; 0 người giữ nguyên." in answer.text
    query = sa.select(Provider).order_by(Provider.name)
    lan, bay = world.database.read_now(lambda session: session.scalars(query).all())
    assert (lan.office_id, lan.area, lan.fields) == ("u-minh", "U Minh", ["land"])
    assert (bay.card_number, bay.languages, bay.publishes) == ("12", ["vi", "km"], [])


async def test_the_list_taken_away_and_brought_back_changes_nothing(world: World) -> None:
    quan = await world.signed_in("quan")
    await quan.press("/desk/providers", **LAN, fields="land", publishes="gender")
    await quan.press("/desk/providers", **LAN | {"name": "=SUM(A1)", "card": ""})

    answer = await bring(quan, (await quan.get("/desk/providers/roster.xlsx")).content)

    assert "Đã thêm 0 người, sửa 0; 2 người giữ nguyên." in answer.text


async def test_one_wrong_row_keeps_the_whole_file_out_and_says_why(world: World) -> None:
    quan = await world.signed_in("quan")

    answer = await bring(
        quan, workbook(("Lê Thị Lan", "Luật sư"), ("", "Bác sĩ"), ("Bảy", "Luật sư", "Sài Gòn"))
    )

    assert answer.status_code == 422
    assert "Dòng 3: thiếu họ tên" in answer.text
    assert "không hiểu “Bác sĩ”" in answer.text
    assert "Dòng 4: “Làm ở”: không hiểu “Sài Gòn”" in answer.text
    assert world.count(sa.select(Provider.id)) == 0


@pytest.mark.parametrize(
    ("content", "said"),
    [
        (b"", "Chưa chọn tệp nào"),
        (b"not a workbook", "không phải tệp ZIP hay XLSX"),
        (b"PK\x05\x06" + bytes(18), "Không đọc được tệp này"),
        (workbook(titles=("Tên", "Loại")), "thiếu cột “Họ tên”"),
    ],
)
async def test_what_is_no_such_workbook_is_refused_in_words(
    world: World, content: bytes, said: str
) -> None:
    answer = await bring(await world.signed_in("trung"), content)

    assert answer.status_code == 422
    assert said in answer.text
