"""The main job in two real browsers and one real server: told, sent, claimed, answered.

With `TRAM_PICTURES` set to a folder, the pictures of the README are taken along the way.
"""

import os
from collections.abc import Iterator
from pathlib import Path

import pytest
from playwright.sync_api import Browser, Page, expect, sync_playwright

from tests.journeys.server import Server

ARGUMENTS = [
    "--no-sandbox",
    "--disable-gpu",
    "--disable-dev-shm-usage",
    "--disable-quic",
    "--no-first-run",
    "--disable-background-networking",
]
PASSWORD = "mot-mat-khau-de-thu"
SOON = 10_000
"""Milliseconds; two seconds are promised, a loaded test machine gets more."""


@pytest.fixture
def server(tmp_path: Path) -> Iterator[Server]:
    running = Server(tmp_path, demo_password=PASSWORD)
    running.start()
    yield running
    running.close()


@pytest.fixture
def browser() -> Iterator[Browser]:
    with sync_playwright() as playwright:
        launched = playwright.chromium.launch(executable_path="/usr/bin/chromium", args=ARGUMENTS)
        yield launched
        launched.close()


def picture(page: Page, name: str) -> None:
    folder = os.environ.get("TRAM_PICTURES")
    if folder:
        page.wait_for_timeout(500)
        page.screenshot(path=Path(folder) / f"{name}.png")


def writes(page: Page, text: str) -> None:
    page.get_by_role("textbox").fill(text)
    page.get_by_role("button", name="Gửi", exact=True).click()


def presses(page: Page, label: str) -> None:
    page.get_by_role("button", name=label).last.click(timeout=SOON)


def test_a_trouble_told_on_a_phone_is_answered_from_the_desk(
    server: Server, browser: Browser
) -> None:
    desk = browser.new_context(viewport={"width": 1280, "height": 800}).new_page()
    desk.goto(f"{server.url}/desk/")
    desk.get_by_label("Tên đăng nhập").fill("officer.tran-van-thoi")
    desk.locator("input[name=password]").fill(PASSWORD)
    desk.get_by_role("button", name="Đăng nhập").click()
    expect(desk.get_by_text("Yêu cầu mới tự hiện ở đây")).to_be_visible(timeout=SOON)

    phone = browser.new_context(
        viewport={"width": 360, "height": 740}, device_scale_factor=2
    ).new_page()
    phone.goto(server.url)
    picture(phone, "chat-welcome-360")
    presses(phone, "Bắt đầu")
    expect(phone.get_by_text("trợ lý tự động")).to_be_visible(timeout=SOON)
    writes(phone, "Nha toi ho ngheo o xa Da Bac. Hang xom lan ranh dat hon hai met, khong chiu tra")
    expect(phone.get_by_text("Điều 7 khoản 2").last).to_be_visible(timeout=SOON)
    picture(phone, "chat-360")
    presses(phone, "Gửi yêu cầu cho cán bộ")
    presses(phone, "Chưa có ai")
    presses(phone, "Đồng ý gửi")
    expect(phone.get_by_text("Mã hồ sơ:")).to_be_visible(timeout=SOON)

    row = desk.get_by_role("link").filter(has_text="Đá Bạc").first
    expect(row).to_be_visible(timeout=SOON)
    row.click()
    desk.get_by_role("button", name="Nhận").first.click(timeout=SOON)
    expect(phone.get_by_text("đã nhận yêu cầu của bạn")).to_be_visible(timeout=SOON)

    desk.locator("textarea[name=text]").first.fill("Chào chị, chị đem sổ đỏ tới chi nhánh nha.")
    desk.get_by_role("button", name="Gửi").first.click()
    expect(phone.get_by_text("đem sổ đỏ tới chi nhánh")).to_be_visible(timeout=SOON)
    picture(desk, "desk-1280")
    picture(phone, "chat-answered-360")

    writes(phone, "Dạ mai em đem lên.")
    expect(desk.get_by_text("Dạ mai em đem lên.")).to_be_visible(timeout=SOON)
