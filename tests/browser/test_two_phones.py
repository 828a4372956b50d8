"""A citizen on two phones, papers and a meeting: real browsers, one real server, one officer."""

import datetime as dt
import re

from playwright.sync_api import Browser, Page, expect

from tests.browser.pages import at_the_desk, check, keep, writes
from tests.journeys.server import Server
from tests.photos import SMALL_JPEG

BEGUN = "Chào chị, chị đem sổ đỏ tới chi nhánh nha."
THEN = "Chị tới trước 10 giờ giúp em."
WATCH_FOR_TYPING = """() => {
    const typing = document.getElementById('typing')
    new MutationObserver(() => { window.typed ||= !typing.hidden })
        .observe(typing, { attributes: true })
}"""


def presses(page: Page, label: str) -> None:
    page.get_by_role("button", name=label).last.click()


def on_a_phone(chromium: Browser, server: Server) -> Page:
    """The web chat, just begun, on a phone of its own."""
    phone = chromium.new_context(viewport={"width": 360, "height": 740}).new_page()
    phone.goto(server.url)
    presses(phone, "Bắt đầu")
    expect(phone.get_by_text("trợ lý tự động")).to_be_visible()
    return phone


def asks_for_help(phone: Page) -> tuple[str, str]:
    """A request goes out; the code and PIN that were told."""
    writes(phone, "Nha toi ho ngheo o xa Da Bac. Hang xom lan ranh dat hon hai met, khong chiu tra")
    expect(phone.get_by_text("Điều 7 khoản 2").last).to_be_visible()
    presses(phone, "Gửi yêu cầu cho cán bộ")
    presses(phone, "Chưa có ai")
    presses(phone, "Đồng ý gửi")
    expect(phone.get_by_text("Mã hồ sơ:")).to_be_visible()
    told = re.search(r"Mã hồ sơ: (\S+)\s+Số PIN: (\d+)", phone.locator("body").inner_text())
    assert told is not None
    return told[1], told[2]


def claims(desk: Page) -> None:
    desk.get_by_role("link").filter(has_text="Đá Bạc").first.click()
    desk.get_by_role("button", name="Nhận hồ sơ này").click()
    expect(desk.locator("#flash")).to_contain_text("Bạn đã nhận hồ sơ")


def answers(desk: Page, text: str) -> None:
    desk.get_by_label("Trả lời người dân").fill(text)
    desk.get_by_role("button", name="Gửi", exact=True).first.click()
    expect(desk.locator(".bubble.staff").last).to_contain_text(text)


def opens_form(desk: Page, label: str) -> None:
    desk.get_by_text("Việc khác", exact=True).click()
    desk.get_by_role("link", name=label, exact=True).first.click()
    expect(desk.locator(".panel h2")).to_have_text(label)


def test_a_talk_goes_on_from_a_second_phone_while_the_officer_writes(
    server: Server, chromium: Browser
) -> None:
    desk = at_the_desk(chromium, server, "officer.tran-van-thoi")
    first = on_a_phone(chromium, server)
    code, pin = asks_for_help(first)
    claims(desk)
    answers(desk, BEGUN)
    expect(first.get_by_text(BEGUN)).to_be_visible()

    second = on_a_phone(chromium, server)
    writes(second, f"{code} {pin}")
    expect(second.get_by_text(BEGUN)).to_be_visible()
    answers(desk, THEN)

    expect(second.get_by_text(THEN)).to_be_visible()
    second.evaluate(WATCH_FOR_TYPING)
    writes(second, "Dạ, em nhắn bằng máy của con.")
    expect(desk.locator(".bubble").last).to_contain_text("Dạ, em nhắn bằng máy của con.")
    assert not second.evaluate("window.typed"), "the machine is said to answer, not the officer"
    expect(first.get_by_text(THEN)).to_have_count(0)
    keep(second, "second-phone-360")


def test_papers_are_photographed_and_a_time_is_picked_in_the_web_chat(
    server: Server, chromium: Browser
) -> None:
    desk = at_the_desk(chromium, server, "officer.tran-van-thoi", (1440, 900))
    phone = on_a_phone(chromium, server)
    asks_for_help(phone)
    claims(desk)

    opens_form(desk, "Hỏi giấy tờ còn thiếu")
    desk.get_by_label("Giấy chứng nhận hộ nghèo").check()
    desk.get_by_role("button", name="Báo người dân").click()
    expect(phone.get_by_text("Giấy chứng nhận hộ nghèo").last).to_be_visible()
    expect(desk.locator(".case-line")).to_contain_text("Chờ người dân gửi giấy")
    expect(desk.get_by_role("button", name="Đã đủ giấy tờ")).to_have_count(0)
    phone.locator("input[type=file]").first.set_input_files(
        {"name": "ho-ngheo.jpg", "mimeType": "image/jpeg", "buffer": SMALL_JPEG}
    )
    desk.get_by_role("link", name="Xem giấy người dân gửi").click()
    expect(desk.locator(".asked .photo img")).to_be_visible()
    check(desk, "papers-came")
    desk.get_by_role("button", name="Đã nhận: Giấy chứng nhận hộ nghèo").click()
    expect(desk.get_by_role("link", name="Thụ lý", exact=True)).to_be_visible()

    opens_form(desk, "Hẹn gặp")
    day = dt.datetime.now(dt.UTC) + dt.timedelta(days=7)
    desk.get_by_label("Giờ thứ 1").fill(day.strftime("%Y-%m-%dT09:00"))
    desk.get_by_label("Tại cơ quan đang giữ hồ sơ").check()
    desk.get_by_role("button", name="Gửi giờ hẹn").click()
    presses(phone, "09:00")
    expect(desk.locator(".case-line")).to_contain_text("Hẹn: 09:00")
    keep(phone, "meeting-picked-360")
