"""An admin moves a commune on the desk, and the next request of its people goes elsewhere.

With `TRAM_PICTURES` set to a folder, pictures of the pages are taken along the way.
"""

from playwright.sync_api import Browser, Page, expect

from tests.browser.pages import SIZES, WIDE, at_the_desk, check, writes
from tests.journeys.server import Server


def asks_for_help(page: Page, server: Server, place: str) -> str:
    """A citizen sends a request; what the chat said before they agreed."""
    page.goto(server.url)

    def presses(label: str) -> None:
        page.get_by_role("button", name=label).last.click()

    presses("Bắt đầu")
    expect(page.get_by_text("trợ lý tự động")).to_be_visible()
    writes(
        page,
        f"Nhà tôi hộ nghèo ở {place}. Hàng xóm lấn ranh đất hơn hai mét, không chịu trả",
    )
    presses("Gửi yêu cầu cho cán bộ")
    presses("Chưa có ai")
    expect(page.get_by_text("Bạn đồng ý gửi không?")).to_be_visible()
    said = page.locator("body").inner_text()
    presses("Đồng ý gửi")
    expect(page.get_by_text("Mã hồ sơ:")).to_be_visible()
    return said


@SIZES
def test_a_commune_given_to_another_branch_sends_its_next_request_there(
    server: Server, chromium: Browser, size: tuple[int, int]
) -> None:
    admin = at_the_desk(chromium, server, "admin", size)
    admin.goto(f"{server.url}/desk/province/areas?office=tran-van-thoi")
    check(admin, "province-areas")
    admin.get_by_role("checkbox", name="Xã Đá Bạc").check()
    admin.get_by_label("Giao các xã đã đánh dấu cho").select_option("u-minh")
    admin.get_by_label("Căn cứ").fill("Quyết định thử")
    admin.get_by_role("button", name="Giao địa bàn").click()
    expect(admin.get_by_text("Đã đổi địa bàn")).to_be_visible()
    expect(admin.get_by_role("checkbox", name="Xã Đá Bạc")).to_have_count(0)

    phone = chromium.new_context(viewport={"width": 360, "height": 740}).new_page()
    said = asks_for_help(phone, server, "xã Đá Bạc")

    assert "Chi nhánh U Minh (chờ xác nhận) phụ trách xã Đá Bạc" in said
    officer = at_the_desk(chromium, server, "officer.u-minh", WIDE)
    expect(officer.get_by_role("link").filter(has_text="Đá Bạc").first).to_be_visible()
    other = at_the_desk(chromium, server, "officer.tran-van-thoi", WIDE)
    expect(other.get_by_text("Yêu cầu mới tự hiện ở đây")).to_be_visible()


@SIZES
def test_every_page_of_the_province_and_its_staff_can_be_used_by_all(
    server: Server, chromium: Browser, size: tuple[int, int]
) -> None:
    admin = at_the_desk(chromium, server, "admin", size)
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
        check(admin, path.replace("/", "-").replace("?", "-"))
    admin.get_by_label("Tên đăng nhập").fill("be.ba")
    admin.get_by_label("Nơi làm việc").select_option("u-minh")
    admin.get_by_role("button", name="Tạo liên kết mời").click()
    check(admin, "account-link")
    link = admin.get_by_label("Liên kết", exact=True).input_value()
    guest = chromium.new_context(viewport={"width": size[0], "height": size[1]}).new_page()
    guest.goto(link)
    check(guest, "join")
    admin.get_by_role("link", name="Tài khoản be.ba").click()
    check(admin, "account")
