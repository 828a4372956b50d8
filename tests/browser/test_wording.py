"""An admin rewrites the welcome, the centre publishes it, and the next citizen reads it.

With `TRAM_PICTURES` set to a folder, pictures of the pages are taken along the way.
"""

from collections.abc import Iterator
from pathlib import Path

import pytest
from playwright.sync_api import Browser, expect, sync_playwright

from tests.browser.test_province import FLAGS, PASSWORD, SIZES, SOON, at_the_desk, looked_at
from tests.journeys.server import Server

KEY = "welcome.hello"


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


@pytest.mark.parametrize("width", SIZES)
def test_a_new_welcome_is_written_reviewed_and_said(
    server: Server, browser: Browser, width: int
) -> None:
    admin = at_the_desk(browser, server, "admin", width)
    admin.goto(f"{server.url}/desk/wording")
    looked_at(admin, "wording-list")
    admin.get_by_role("searchbox").fill("tro ly tu dong")
    expect(admin.get_by_text("welcome.short")).to_be_visible()
    looked_at(admin, "wording-found")
    admin.goto(f"{server.url}/desk/wording/{KEY}", timeout=60_000)
    text = admin.get_by_label("Tiếng Việt", exact=True)
    text.first.fill("Chào bà con {huyen}! Tràm đây.")
    expect(admin.get_by_text("Không có gì để điền vào {huyen}").first).to_be_visible(timeout=SOON)
    text.first.fill("Chào bà con {province}! Tràm là máy trả lời, hỏi gì cũng không tốn tiền.")
    seen = admin.locator("#preview")
    expect(seen.get_by_text("Chào bà con tỉnh Cà Mau! Tràm là máy trả lời")).to_be_visible()
    looked_at(admin, "wording-text")
    admin.get_by_role("button", name="Gửi duyệt").click()
    expect(admin.get_by_text("Đã gửi duyệt")).to_be_visible()

    centre = at_the_desk(browser, server, "head.centre", width)
    expect(centre.get_by_role("banner")).to_be_visible()
    centre.goto(f"{server.url}/desk/wording?show=open")
    centre.get_by_role("link", name="Chào bà con").click()
    looked_at(centre, "wording-review")
    centre.get_by_role("button", name="Duyệt và đăng").click()
    expect(centre.get_by_text("Đã đăng. Từ giờ")).to_be_visible()
    looked_at(centre, "wording-published")

    phone = browser.new_context(viewport={"width": 360, "height": 740}).new_page()
    phone.goto(server.url)
    phone.get_by_role("button", name="Bắt đầu").click(timeout=SOON)
    said = phone.get_by_text("Tràm là máy trả lời, hỏi gì cũng không tốn tiền")
    expect(said.first).to_be_visible(timeout=SOON)
