"""The inbox in a real browser: keys, canned replies, search, and seeing each other."""

from functools import partial

import pytest
import sqlalchemy as sa
from playwright.sync_api import Browser, expect

from cases import canned, queue
from cases.model import Case
from cases.thread import ThreadEntry
from tests.browser.pages import SIZES, check, live, page_at
from tests.desk.world import World


@pytest.fixture
def filled(world: World) -> World:
    """A queue with something in every list, and two canned replies."""
    lan, hai = world.staff("lan"), world.staff("hai")
    world.open_case(words=("Con tôi bị giữ ở huyện",), urgent=True, danger="arrest")
    world.open_case(words=("Bị lấn ranh đất vườn",))
    world.open_case(words=("Công ty nợ lương tôi",))
    mine = world.open_case(words=("Tôi tên Nguyễn Văn Tèo, bị lấn đất",))
    world.database.transact_now(partial(queue.claim, staff=lan, case_id=mine, office_name="CN"))
    for key, text in (
        ("chào", "Chào {tên}, tôi ở {chi nhánh}."),
        ("hẹn", "Mời bà con tới {chi nhánh} ngày {ngày hẹn}."),
    ):
        save = partial(canned.save, staff=hai, office_id="u-minh", key=key, text=text)
        world.database.transact_now(save)
    return world


def mine_of(world: World) -> str:
    lan = world.staff("lan").id
    query = sa.select(Case.id).where(Case.holder_id == lan)
    return world.database.read_now(lambda session: session.scalars(query).one())


@SIZES
def test_every_list_is_named_counted_and_clean(
    filled: World, address: str, chromium: Browser, size: tuple[int, int]
) -> None:
    with page_at(chromium, address, size) as page:
        expect(page.locator("#tab-waiting")).to_contain_text("3")
        expect(page.locator("#tab-urgent")).to_contain_text("1")
        expect(page.locator("#tab-mine")).to_contain_text("1")
        check(page, "inbox-waiting")
        page.locator("#filters summary").click()
        check(page, "inbox-filters")
        page.get_by_label("Lĩnh vực").select_option("labour")
        page.get_by_role("button", name="Lọc").click()
        expect(page.get_by_text("Không có hồ sơ nào hợp với điều kiện lọc.")).to_be_visible()
        check(page, "inbox-filtered")
        page.get_by_role("link", name="Bỏ lọc").click()
        expect(page.locator("#rows li")).to_have_count(3)
        page.locator("#tab-urgent").click()
        expect(page.locator("#rows li")).to_have_count(1)
        check(page)


def test_a_case_is_found_opened_claimed_and_answered_by_keys_alone(
    filled: World, address: str, chromium: Browser
) -> None:
    with page_at(chromium, address, (1440, 900)) as page:
        live(page)
        page.keyboard.press("j")
        page.keyboard.press("j")
        expect(page.locator("#rows a").nth(1)).to_be_focused()
        page.keyboard.press("k")
        expect(page.locator("#rows a").first).to_be_focused()
        page.keyboard.press("Enter")
        expect(page.get_by_role("heading", name="Yêu cầu số 1")).to_be_focused()
        page.keyboard.press("c")
        expect(page.get_by_label("Trả lời người dân")).to_be_visible()
        page.keyboard.press("r")
        box = page.get_by_label("Trả lời người dân")
        expect(box).to_be_focused()
        page.keyboard.type("jkc? chào")
        expect(box).to_have_value("jkc? chào")
        page.keyboard.press("Control+Enter")
        expect(page.locator(".bubble.staff")).to_contain_text("jkc? chào")


@SIZES
def test_the_keys_are_told_and_can_be_switched_off(
    filled: World, address: str, chromium: Browser, size: tuple[int, int]
) -> None:
    with page_at(chromium, address, size) as page:
        page.keyboard.press("?")
        expect(page.get_by_role("dialog", name="Phím tắt")).to_be_visible()
        check(page, "inbox-keys")
        page.get_by_label("Dùng phím tắt trên máy này").uncheck()
        page.get_by_role("button", name="Đóng").click()
        page.keyboard.press("?")
        expect(page.get_by_role("dialog", name="Phím tắt")).to_be_hidden()
        page.keyboard.press("j")
        expect(page.locator("#rows a").first).not_to_be_focused()


@SIZES
def test_a_canned_reply_is_put_in_filled_and_held_back_while_a_blank_is_open(
    filled: World, address: str, chromium: Browser, size: tuple[int, int]
) -> None:
    case_id = mine_of(filled)
    with page_at(chromium, address, size) as page:
        page.goto(f"{address}/desk/cases/{case_id}")
        box = page.get_by_label("Trả lời người dân")
        box.press_sequentially("/hen")
        options = page.locator(".canned-offer").get_by_role("option")
        expect(options).to_have_count(1)
        expect(options.first).to_have_attribute("aria-selected", "true")
        check(page, "inbox-canned-offer")
        box.press("Enter")
        expect(options).to_have_count(0)
        expect(box).to_have_value("Mời bà con tới Chi nhánh U Minh ngày {ngày hẹn}.")
        expect(page.locator(".blanks-left")).to_contain_text("{ngày hẹn}")
        check(page, "inbox-canned-blank")
        page.get_by_role("button", name="Gửi").click()
        expect(page.locator(".bubble.staff")).to_have_count(0)
        box.press("Control+End")
        box.fill("Mời bà con tới Chi nhánh U Minh ngày 30/11.")
        page.get_by_role("button", name="Gửi").click()
        expect(page.locator(".bubble.staff")).to_contain_text("ngày 30/11")

    said = sa.select(ThreadEntry.id).where(ThreadEntry.staff_id.is_not(None))
    assert filled.count(said) == 1


def test_typing_over_the_marked_blank_fills_it(
    filled: World, address: str, chromium: Browser
) -> None:
    case_id = mine_of(filled)
    with page_at(chromium, address) as page:
        page.goto(f"{address}/desk/cases/{case_id}")
        page.get_by_role("button", name="Câu mẫu /").click()
        box = page.get_by_label("Trả lời người dân")
        page.get_by_role("option").filter(has_text="Mời bà con").click()
        page.keyboard.type("mai")
        expect(box).to_have_value("Mời bà con tới Chi nhánh U Minh ngày mai.")
        expect(page.locator(".blanks-left")).to_have_text("")


def test_two_officers_with_one_case_see_each_other(
    filled: World, address: str, chromium: Browser
) -> None:
    case_id = mine_of(filled)
    with (
        page_at(chromium, address, username="lan") as lan,
        page_at(chromium, address, username="minh") as minh,
    ):
        lan.goto(f"{address}/desk/cases/{case_id}")
        expect(lan.locator(".presence")).to_have_text("")
        minh.goto(f"{address}/desk/cases/{case_id}")
        expect(minh.locator(".presence")).to_contain_text("Cán bộ Lan đang xem")
        lan.get_by_label("Trả lời người dân").press_sequentially("Chào")
        expect(lan.locator(".presence")).to_contain_text("Cán bộ Minh đang xem")
        expect(minh.locator(".presence")).to_contain_text("Cán bộ Lan đang viết", timeout=15_000)
        check(minh, "inbox-presence")
        minh.goto(f"{address}/desk/")
        expect(lan.locator(".presence")).to_have_text("", timeout=15_000)


@SIZES
def test_a_search_without_marks_shows_what_was_said_and_opens_the_case(
    filled: World, address: str, chromium: Browser, size: tuple[int, int]
) -> None:
    with page_at(chromium, address, size) as page:
        page.keyboard.press("/")
        expect(page.locator("#find-text")).to_be_focused()
        page.keyboard.type("nguyen van teo")
        page.keyboard.press("Enter")
        expect(page.locator("#rows li")).to_have_count(1)
        expect(page.locator("mark").first).to_have_text("Nguyễn")
        check(page, "inbox-search")
        page.locator("#rows a").click()
        expect(page.get_by_role("heading", name="Yêu cầu số 4")).to_be_visible()


@SIZES
def test_a_head_writes_a_canned_reply(
    filled: World, address: str, chromium: Browser, size: tuple[int, int]
) -> None:
    with page_at(chromium, address, size, username="hai") as page:
        page.goto(f"{address}/desk/canned")
        check(page)
        page.get_by_label("Tên gọi, một chữ ngắn").fill("cảm-ơn")
        page.get_by_label("Câu trả lời", exact=True).fill("Cảm ơn {họ tên}.")
        page.get_by_role("button", name="Lưu").click()
        expect(page.locator("#flash")).to_contain_text("Trong ngoặc { } chỉ ghi được")
        expect(page.get_by_label("Câu trả lời", exact=True)).to_have_value("Cảm ơn {họ tên}.")
        page.get_by_label("Câu trả lời", exact=True).fill("Cảm ơn {tên}.")
        page.get_by_role("button", name="Lưu").click()
        expect(page.locator(".canned-list")).to_contain_text("/cảm-ơn")
        check(page, "inbox-canned")
        page.get_by_role("button", name="Xóa /cảm-ơn").click()
        expect(page.locator(".canned-list")).not_to_contain_text("/cảm-ơn")
