"""An admin moves a commune on the desk, and the next request of its people goes elsewhere.

With `TRAM_PICTURES` set to a folder, pictures of the pages are taken along the way.
"""

import os
from collections.abc import Iterator
from pathlib import Path

import pytest
from axe_playwright_python.sync_playwright import Axe
from playwright.sync_api import Browser, Page, expect, sync_playwright

from tests.journeys.server import Server

FLAGS = [
    "--no-sandbox",
    "--disable-gpu",
    "--disable-dev-shm-usage",
    "--disable-quic",
    "--no-first-run",
    "--disable-background-networking",
]
PASSWORD = "mot-mat-khau-de-thu"
SIZES = {360: 740, 1440: 900}
SOON = 10_000
"""Milliseconds; a loaded test machine gets more than a person would wait."""


@pytest.fixture
def server(tmp_path: Path) -> Iterator[Server]:
    running = Server(tmp_path, demo_password=PASSWORD)
    running.start()
    yield running
    running.close()


@pytest.fixture
def browser() -> Iterator[Browser]:
    with sync_playwright() as playwright:
        launched = playwright.chromium.launch(executable_path="/usr/bin/chromium", args=FLAGS)
        yield launched
        launched.close()


def at_the_desk(browser: Browser, server: Server, username: str, width: int) -> Page:
    page = browser.new_context(viewport={"width": width, "height": SIZES[width]}).new_page()
    page.set_default_timeout(SOON)
    page.goto(f"{server.url}/desk/sign-in")
    page.get_by_label("Tên đăng nhập").fill(username)
    page.locator("input[name=password]").fill(PASSWORD)
    page.get_by_role("button", name="Đăng nhập").click()
    return page


def looked_at(page: Page, name: str) -> None:
    """Nobody is kept out, nothing runs over the edge; a picture when one is wanted."""
    found = Axe().run(page)
    assert found.violations_count == 0, found.generate_report()
    wide = page.evaluate("document.documentElement.scrollWidth - window.innerWidth")
    assert wide <= 0, name
    folder = os.environ.get("TRAM_PICTURES")
    if folder:
        width = page.evaluate("window.innerWidth")
        page.screenshot(path=Path(folder) / f"{name}-{width}.png", full_page=True)


def asks_for_help(page: Page, server: Server, place: str) -> str:
    """A citizen sends a request; what the chat said before they agreed."""
    page.goto(server.url)

    def presses(label: str) -> None:
        page.get_by_role("button", name=label).last.click(timeout=SOON)

    presses("Bắt đầu")
    expect(page.get_by_text("trợ lý tự động")).to_be_visible(timeout=SOON)
    page.get_by_role("textbox").fill(
        f"Nhà tôi hộ nghèo ở {place}. Hàng xóm lấn ranh đất hơn hai mét, không chịu trả"
    )
    page.get_by_role("button", name="Gửi", exact=True).click()
    presses("Gửi yêu cầu cho cán bộ")
    presses("Chưa có ai")
    expect(page.get_by_text("Bạn đồng ý gửi không?")).to_be_visible(timeout=SOON)
    said = page.locator("body").inner_text()
    presses("Đồng ý gửi")
    expect(page.get_by_text("Mã hồ sơ:")).to_be_visible(timeout=SOON)
    return said


@pytest.mark.parametrize("width", SIZES)
def test_a_commune_given_to_another_branch_sends_its_next_request_there(
    server: Server, browser: Browser, width: int
) -> None:
    admin = at_the_desk(browser, server, "admin", width)
    admin.goto(f"{server.url}/desk/province/areas?office=tran-van-thoi")
    looked_at(admin, "province-areas")
    admin.get_by_role("checkbox", name="Xã Đá Bạc").check()
    admin.get_by_label("Giao các xã đã đánh dấu cho").select_option("u-minh")
    admin.get_by_label("Căn cứ").fill("Quyết định thử")
    admin.get_by_role("button", name="Giao địa bàn").click()
    expect(admin.get_by_text("Đã đổi địa bàn")).to_be_visible()
    expect(admin.get_by_role("checkbox", name="Xã Đá Bạc")).to_have_count(0)

    phone = browser.new_context(viewport={"width": 360, "height": 740}).new_page()
    said = asks_for_help(phone, server, "xã Đá Bạc")

    assert "Chi nhánh U Minh (chờ xác nhận) phụ trách xã Đá Bạc" in said
    officer = at_the_desk(browser, server, "officer.u-minh", 1440)
    expect(officer.get_by_role("link").filter(has_text="Đá Bạc").first).to_be_visible(timeout=SOON)
    other = at_the_desk(browser, server, "officer.tran-van-thoi", 1440)
    expect(other.get_by_text("Yêu cầu mới tự hiện ở đây")).to_be_visible(timeout=SOON)


@pytest.mark.parametrize("width", SIZES)
def test_every_page_of_the_province_and_its_staff_can_be_used_by_all(
    server: Server, browser: Browser, width: int
) -> None:
    admin = at_the_desk(browser, server, "admin", width)
    for path in (
        "province",
        "province/offices/u-minh",
        "province/new-office",
        "province/days",
        "province/days?year=2028",
        "province/duty",
        "province/differences",
        "province/history/office/u-minh",
        "accounts",
        "accounts/new",
    ):
        admin.goto(f"{server.url}/desk/{path}")
        looked_at(admin, path.replace("/", "-").replace("?", "-"))
    admin.get_by_label("Tên đăng nhập").fill("be.ba")
    admin.get_by_label("Nơi làm việc").select_option("u-minh")
    admin.get_by_role("button", name="Tạo liên kết mời").click()
    looked_at(admin, "account-link")
    link = admin.get_by_label("Liên kết", exact=True).input_value()
    guest = browser.new_context(viewport={"width": width, "height": SIZES[width]}).new_page()
    guest.goto(link)
    looked_at(guest, "join")
    admin.get_by_role("link", name="Tài khoản be.ba").click()
    looked_at(admin, "account")
