"""The main job in two real browsers and one real server: told, sent, claimed, answered.

With `TRAM_PICTURES` set to a folder, the pictures of the README are taken along the way.
"""

from playwright.sync_api import Browser, Page, expect

from tests.browser.pages import at_the_desk, keep, writes
from tests.journeys.server import Server


def presses(page: Page, label: str) -> None:
    page.get_by_role("button", name=label).last.click()


def test_a_trouble_told_on_a_phone_is_answered_from_the_desk(
    server: Server, chromium: Browser
) -> None:
    desk = at_the_desk(chromium, server, "officer.tran-van-thoi")
    expect(desk.get_by_text("Yêu cầu mới tự hiện ở đây")).to_be_visible()

    phone = chromium.new_context(
        viewport={"width": 360, "height": 740}, device_scale_factor=2
    ).new_page()
    phone.goto(server.url)
    keep(phone, "chat-welcome-360", whole=False)
    presses(phone, "Bắt đầu")
    expect(phone.get_by_text("trợ lý tự động")).to_be_visible()
    writes(phone, "Nha toi ho ngheo o xa Da Bac. Hang xom lan ranh dat hon hai met, khong chiu tra")
    expect(phone.get_by_text("Điều 7 khoản 2").last).to_be_visible()
    keep(phone, "chat-360", whole=False)
    presses(phone, "Gửi yêu cầu cho cán bộ")
    presses(phone, "Chưa có ai")
    presses(phone, "Đồng ý gửi")
    expect(phone.get_by_text("Mã hồ sơ:")).to_be_visible()

    row = desk.get_by_role("link").filter(has_text="Đá Bạc").first
    expect(row).to_be_visible()
    row.click()
    desk.get_by_role("button", name="Nhận").first.click()
    expect(phone.get_by_text("đã nhận yêu cầu của bạn")).to_be_visible()

    desk.locator("textarea[name=text]").first.fill("Chào chị, chị đem sổ đỏ tới chi nhánh nha.")
    desk.get_by_role("button", name="Gửi").first.click()
    expect(phone.get_by_text("đem sổ đỏ tới chi nhánh")).to_be_visible()
    keep(desk, "desk-1280", whole=False)
    keep(phone, "chat-answered-360", whole=False)

    writes(phone, "Dạ mai em đem lên.")
    expect(desk.get_by_text("Dạ mai em đem lên.")).to_be_visible()
