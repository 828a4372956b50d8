"""The desk in a real browser: what moves by itself, what must not get lost, who can use it."""

import contextlib
from functools import partial
from urllib.parse import urlsplit

import pytest
import sqlalchemy as sa
from playwright.sync_api import Browser, expect

from cases import queue, talking
from cases.model import Case
from cases.staff import StaffMember
from cases.thread import ThreadEntry
from tests.browser.pages import NARROW, SIZES, check, live, page_at
from tests.desk.serving import served
from tests.desk.world import World, photo


def citizen_writes(world: World, case_id: str, text: str) -> None:
    world.database.transact_now(
        lambda session: talking.citizen_wrote(session, session.get_one(Case, case_id), text)
    )


@SIZES
def test_a_request_comes_in_and_is_claimed_answered_noted_and_closed(
    world: World, address: str, chromium: Browser, size: tuple[int, int]
) -> None:
    with page_at(chromium, address, size, username=None) as door:
        check(door)
    with page_at(chromium, address, size) as page:
        expect(page.get_by_text("Không có yêu cầu nào đang chờ.")).to_be_visible()
        check(page)
        live(page)
        page.evaluate("window.neverReloaded = true")

        case_id = world.open_case(
            words=("Chồng tôi đánh tôi",), urgent=True, danger="violence", photo=photo()
        )
        row = page.locator(f"#row-{case_id} a")
        expect(row).to_be_visible()
        expect(page).to_have_title("(1) Hàng chờ – Tràm")
        expect(row).to_contain_text("Gấp · Bạo lực")
        check(page)

        row.click()
        expect(page.get_by_role("heading", name="Yêu cầu số 1")).to_be_visible()
        expect(page.get_by_text("Chồng tôi đánh tôi")).to_be_visible()
        check(page)
        page.get_by_role("button", name="Nhận hồ sơ này").click()
        box = page.get_by_label("Trả lời người dân")
        expect(box).to_be_visible()
        expect(page.locator("#flash")).to_contain_text("Bạn đã nhận hồ sơ")
        check(page)

        box.press_sequentially("Chào chị, ")
        citizen_writes(world, case_id, "Chị ơi giúp em với")
        expect(page.get_by_text("Chị ơi giúp em với")).to_be_visible()
        expect(box).to_be_focused()
        box.press_sequentially("chị đang ở đâu?")
        expect(box).to_have_value("Chào chị, chị đang ở đâu?")
        page.get_by_role("button", name="Gửi").click()
        expect(page.locator(".bubble.staff")).to_contain_text("Chào chị, chị đang ở đâu?")
        expect(page.locator(".bubble.staff")).to_contain_text("Đang gửi…")
        expect(box).to_have_value("")

        page.get_by_text("Ghi chú nội bộ").first.click()
        page.get_by_label("Ghi chú nội bộ").fill("Gọi công an xã")
        page.get_by_role("button", name="Lưu ghi chú").click()
        expect(page.locator(".bubble.note")).to_contain_text("Gọi công an xã")
        check(page)

        if size == NARROW:
            page.get_by_role("link", name="Thông tin hồ sơ").click()
            expect(page.locator(".thread")).to_be_hidden()
        expect(page.locator(".facts")).to_be_visible()
        page.get_by_role("button", name="Hiện số và lời dặn").click()
        expect(page.get_by_role("link", name="0912345678")).to_be_visible()
        check(page)

        page.get_by_text("Việc khác").click()
        page.get_by_role("link", name="Kết thúc hồ sơ").click()
        page.get_by_label("Đã tư vấn xong").check()
        check(page)
        page.get_by_role("button", name="Kết thúc hồ sơ").click()
        expect(page.locator(".case-head .mark").last).to_have_text("Đã tư vấn xong")
        assert page.evaluate("window.neverReloaded") is True
        if size == NARROW:
            page.get_by_role("link", name="Chờ nhận").click()
        page.get_by_role("link", name="Đã xong").click()
        expect(page.locator(f"#row-{case_id}")).to_contain_text("Đã tư vấn xong")
        check(page)


def test_what_happened_while_the_server_was_down_shows_when_it_is_back(
    world: World, chromium: Browser
) -> None:
    with contextlib.ExitStack() as stack:
        with served(world) as address:
            page = stack.enter_context(page_at(chromium, address))
            live(page)
        expect(page.locator("#line")).to_contain_text("Mất kết nối")
        missed = world.open_case()

        stack.enter_context(served(world, urlsplit(address).port or 0))

        expect(page.locator(f"#row-{missed}")).to_be_visible(timeout=10_000)
        live(page)


def test_a_half_written_reply_waits_for_its_officer(
    world: World, address: str, chromium: Browser
) -> None:
    first, second = world.open_case(), world.open_case()
    lan = world.staff("lan")
    for case_id in (first, second):
        claim_for = partial(queue.claim, staff=lan, case_id=case_id, office_name="CN")
        world.database.transact_now(claim_for)
    with page_at(chromium, address) as page:
        page.goto(f"{address}/desk/cases/{first}")
        page.get_by_label("Trả lời người dân").press_sequentially("Chào bà, tôi đang")
        page.locator(f"#row-{second} a").click()
        expect(page.get_by_role("heading", name="Yêu cầu số 2")).to_be_visible()
        expect(page.get_by_label("Trả lời người dân")).to_have_value("")
        page.get_by_label("Trả lời người dân").fill("Dạ ông chờ tôi")
        page.get_by_role("button", name="Gửi").click()
        expect(page.locator(".bubble.staff")).to_contain_text("Dạ ông chờ tôi")
        page.locator(f"#row-{first} a").click()
        expect(page.get_by_role("heading", name="Yêu cầu số 1")).to_be_visible()
        expect(page.get_by_label("Trả lời người dân")).to_have_value("Chào bà, tôi đang")

        page.get_by_label("Trả lời người dân").press("Control+End")
        page.get_by_label("Trả lời người dân").press_sequentially(" xem")
        expect(page.locator(".draft-state")).to_contain_text("Đã lưu nháp")
        page.reload()
        expect(page.get_by_label("Trả lời người dân")).to_have_value("Chào bà, tôi đang xem")

    sent = sa.select(ThreadEntry.id).where(ThreadEntry.staff_id.is_not(None))
    assert world.count(sent.where(ThreadEntry.case_id == first)) == 0
    assert world.count(sent.where(ThreadEntry.case_id == second)) == 1


def test_a_reply_pressed_twice_and_by_keyboard_is_sent_once(
    world: World, address: str, chromium: Browser
) -> None:
    case_id = world.open_case()
    lan = world.staff("lan")
    world.database.transact_now(lambda session: queue.claim(session, lan, case_id, "CN"))
    with page_at(chromium, address) as page:
        page.goto(f"{address}/desk/cases/{case_id}")
        box = page.get_by_label("Trả lời người dân")
        box.fill("Chào bà.")
        box.press("Control+Enter")
        box.press("Control+Enter")
        expect(page.locator(".bubble.staff")).to_have_count(1)
        expect(box).to_have_value("")
        box.fill("Mai bà tới nhé.")
        page.get_by_role("button", name="Gửi").dblclick()
        expect(page.locator(".bubble.staff")).to_have_count(2)

    assert world.count(sa.select(ThreadEntry.id).where(ThreadEntry.staff_id.is_not(None))) == 2


def test_the_officer_who_comes_second_is_told_and_sees_the_holder(
    world: World, address: str, chromium: Browser
) -> None:
    case_id = world.open_case()
    with page_at(chromium, address) as page:
        page.route("**/desk/events*", lambda route: route.abort())  # a page gone stale
        page.goto(f"{address}/desk/cases/{case_id}")
        minh = world.staff("minh")
        world.database.transact_now(lambda session: queue.claim(session, minh, case_id, "CN"))

        page.get_by_role("button", name="Nhận hồ sơ này").click()

        expect(page.get_by_role("alert")).to_contain_text("Cán bộ Minh đã nhận hồ sơ này rồi.")
        expect(page.locator(".holding")).to_contain_text("Cán bộ Minh đang giữ")


def test_a_session_that_ends_never_takes_typed_words_with_it(
    world: World, address: str, chromium: Browser
) -> None:
    case_id = world.open_case()
    lan = world.staff("lan")
    world.database.transact_now(lambda session: queue.claim(session, lan, case_id, "CN"))
    with page_at(chromium, address) as page, page_at(chromium, address) as empty_page:
        page.goto(f"{address}/desk/cases/{case_id}")
        live(page)
        live(empty_page)
        page.route("**/draft", lambda route: route.abort())
        page.get_by_label("Trả lời người dân").press_sequentially("Chào bà")
        end_sessions(world, "lan")

        expect(page.get_by_role("alert")).to_contain_text("Phiên làm việc đã hết")
        expect(page.get_by_label("Trả lời người dân")).to_have_value("Chào bà")
        empty_page.wait_for_url("**/desk/sign-in?next=*")


def end_sessions(world: World, username: str) -> None:
    world.database.transact_now(
        lambda session: session.execute(
            sa.update(StaffMember).where(StaffMember.username == username).values(active=False)
        )
    )


def test_words_that_look_like_code_stay_words(
    world: World, address: str, chromium: Browser
) -> None:
    code = "<img src=x onerror=alert(1)><script>alert(2)</script><b hx-on:load='alert(3)'>x</b>"
    case_id = world.open_case(words=(code,), screening={"place": code, "papers": [code]})
    with page_at(chromium, address) as page:
        page.goto(f"{address}/desk/cases/{case_id}")
        live(page)
        citizen_writes(world, case_id, f"{code} lần hai")

        expect(page.get_by_text(f"{code} lần hai")).to_be_visible()
        expect(page.locator(".bubbles img, .bubbles b")).to_have_count(0)


def test_the_desk_works_without_scripts(world: World, address: str, chromium: Browser) -> None:
    case_id = world.open_case()
    with page_at(chromium, address, NARROW, scripts=False) as page:
        page.locator(f"#row-{case_id} a").click()
        page.get_by_role("button", name="Nhận hồ sơ này").click()
        page.get_by_label("Trả lời người dân").fill("Chào bà.")
        page.get_by_role("button", name="Gửi").click()

        expect(page.locator(".bubble.staff")).to_contain_text("Chào bà.")
        page.get_by_role("link", name="Thông tin hồ sơ").click()
        expect(page.get_by_text("Luật 11/2017/QH14")).to_be_visible()


@SIZES
@pytest.mark.parametrize(
    ("username", "path"),
    [
        ("quan", "/desk/accounts"),
        ("kiem", "/desk/audit"),
        ("bien", "/desk/"),
        ("lan", "/desk/password"),
    ],
)
def test_the_plain_pages_can_be_used_by_all(
    world: World,
    address: str,
    chromium: Browser,
    size: tuple[int, int],
    username: str,
    path: str,
) -> None:
    with page_at(chromium, address, size, username) as page:
        page.goto(f"{address}{path}")
        check(page)


def test_the_keyboard_reaches_everything_in_order(
    world: World, address: str, chromium: Browser
) -> None:
    case_id = world.open_case()
    with page_at(chromium, address) as page:
        page.keyboard.press("Tab")
        expect(page.get_by_role("link", name="Tới nội dung")).to_be_focused()
        page.locator(f"#row-{case_id} a").focus()
        page.keyboard.press("Enter")
        expect(page.get_by_role("heading", name="Yêu cầu số 1")).to_be_focused()
        page.keyboard.press("Tab")
        expect(page.get_by_text("Việc khác")).to_be_focused()
        page.keyboard.press("Tab")  # over the nearest limit
        page.keyboard.press("Tab")
        expect(page.locator(".thread")).to_be_focused()
        page.keyboard.press("Tab")
        expect(page.get_by_role("button", name="Nhận hồ sơ này")).to_be_focused()
        page.keyboard.press("Enter")
        expect(page.get_by_label("Trả lời người dân")).to_be_visible()
