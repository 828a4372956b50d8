"""Whoever walks in, in a real browser: entered by keyboard, printed, queued, claimed, called."""

from playwright.sync_api import Browser, expect

from tests.browser.pages import SIZES, check, page_at
from tests.desk.world import World


@SIZES
def test_a_walk_in_is_entered_queued_claimed_and_called_back(
    world: World, address: str, chromium: Browser, size: tuple[int, int]
) -> None:
    with page_at(chromium, address, size) as page:
        page.get_by_role("link", name="Nhận tại bàn").click()
        check(page)
        page.get_by_role("button", name="Người đến trực tiếp").click()
        check(page)
        page.get_by_label("Họ và tên người cần giúp").fill("Nguyễn Thị Tư")
        page.get_by_label("Tuổi hoặc năm sinh").fill("1954")
        page.get_by_label("Xã, phường đang ở").select_option("32047")
        page.get_by_label("Lời kể").fill("Hàng xóm lấn hai mét đất từ năm ngoái.")
        question = page.locator(".question.now")
        expect(question.locator("legend")).to_contain_text("Hỏi tiếp")
        answer = question.get_by_label("hộ cận nghèo")
        answer.focus()
        page.keyboard.press("Space")
        expect(page.locator(".verdict")).to_contain_text("Có thể thuộc diện")
        expect(page.get_by_label("hộ cận nghèo")).to_be_focused()
        check(page)

        page.get_by_role("button", name="Ghi vào hàng chờ").click()
        expect(page.get_by_role("alert")).to_contain_text("Đọc lời xin phép")
        check(page)
        page.get_by_label("Được gọi, theo lời dặn").check()
        page.get_by_label("Số điện thoại", exact=True).fill("0912 345 678")
        page.get_by_label("Giờ gọi an toàn").select_option("between")
        page.get_by_label("Từ giờ").fill("00:01")
        page.get_by_label("Đến giờ").fill("23:59")
        page.get_by_label("Tiếng dặn").fill("hạt dưa")
        page.get_by_label("Muốn được gọi lại").check()
        page.get_by_label("Đã nghe và đồng ý").check()
        page.get_by_label("Đồng ý bằng cách").select_option("in_person")
        check(page)
        page.get_by_role("button", name="Ghi vào hàng chờ").click()
        expect(page.get_by_role("heading", name="Đã ghi yêu cầu số 1")).to_be_visible()
        check(page)

        page.get_by_role("link", name="Mở hồ sơ").click()
        expect(page.get_by_text("người này không nhắn qua Tràm")).to_be_visible()
        page.get_by_role("button", name="Nhận hồ sơ này").click()
        expect(page.locator("#flash")).to_contain_text("Bạn đã nhận hồ sơ")
        check(page)

        page.goto(f"{address}/desk/callbacks")
        expect(page.get_by_text("Gọi được lúc này")).to_be_visible()
        check(page)
        page.get_by_role("button", name="Hiện số và lời dặn").click()
        expect(page.get_by_role("link", name="0912345678")).to_be_visible()
        check(page)
        page.get_by_label("Không bắt máy").check()
        page.get_by_role("button", name="Ghi kết quả").click()
        expect(page.get_by_text("đã gọi 1 lần")).to_be_visible()
