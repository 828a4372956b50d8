"""An admin rewrites the welcome, the centre publishes it, and the next citizen reads it.

With `TRAM_PICTURES` set to a folder, pictures of the pages are taken along the way.
"""

from playwright.sync_api import Browser, expect

from tests.browser.pages import SIZES, at_the_desk, check
from tests.journeys.server import Server

KEY = "welcome.hello"


@SIZES
def test_a_new_welcome_is_written_reviewed_and_said(
    server: Server, chromium: Browser, size: tuple[int, int]
) -> None:
    admin = at_the_desk(chromium, server, "admin", size)
    admin.goto(f"{server.url}/desk/wording")
    check(admin, "wording-list")
    admin.get_by_role("searchbox").fill("tro ly tu dong")
    expect(admin.get_by_text("welcome.short")).to_be_visible()
    check(admin, "wording-found")
    admin.goto(f"{server.url}/desk/wording/{KEY}", timeout=60_000)
    text = admin.get_by_label("Tiếng Việt", exact=True)
    text.first.fill("Chào bà con {huyen}! Tràm đây.")
    expect(admin.get_by_text("Không có gì để điền vào {huyen}").first).to_be_visible()
    text.first.fill("Chào bà con {province}! Tràm là máy trả lời, hỏi gì cũng không tốn tiền.")
    seen = admin.locator("#preview")
    expect(seen.get_by_text("Chào bà con tỉnh Cà Mau! Tràm là máy trả lời")).to_be_visible()
    check(admin, "wording-text")
    admin.get_by_role("button", name="Gửi duyệt").click()
    expect(admin.get_by_text("Đã gửi duyệt")).to_be_visible()

    centre = at_the_desk(chromium, server, "head.centre", size)
    expect(centre.get_by_role("banner")).to_be_visible()
    centre.goto(f"{server.url}/desk/wording?show=open")
    centre.get_by_role("link", name="Chào bà con").click()
    check(centre, "wording-review")
    centre.get_by_role("button", name="Duyệt và đăng").click()
    expect(centre.get_by_text("Đã đăng. Từ giờ")).to_be_visible()
    check(centre, "wording-published")

    phone = chromium.new_context(viewport={"width": 360, "height": 740}).new_page()
    phone.goto(server.url)
    phone.get_by_role("button", name="Bắt đầu").click()
    said = phone.get_by_text("Tràm là máy trả lời, hỏi gì cũng không tốn tiền")
    expect(said.first).to_be_visible()
