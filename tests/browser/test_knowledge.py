"""The articles of the knowledge base in a real browser: written, reviewed, published, restored."""

from pathlib import Path

import pytest
from playwright.sync_api import Browser, expect

from knowledge.library import load_library
from knowledge.shelf import Shelf, seed_knowledge
from store.session import Database
from tests.browser.pages import (
    DEMO_PASSWORD,
    NARROW,
    SIZES,
    WIDE,
    at_the_desk,
    check,
    page_at,
    writes,
)
from tests.desk.world import World
from tests.journeys.server import Server
from tests.knowledge.example import article, write

LAND = "/desk/knowledge/articles/land-01"


@pytest.fixture
def world(empty: Database, tmp_path: Path) -> World:
    """A desk whose knowledge base has three articles."""
    folder = tmp_path / "content"
    folder.mkdir()
    library = load_library(
        write(
            folder,
            article("land-01", "hàng xóm lấn ranh", title="Đất bị lấn ranh thì làm sao?"),
            article("land-02", "mất giấy đỏ", title="Mất sổ đỏ thì làm lại ở đâu?"),
            article("family-01", "muốn bỏ chồng", title="Ly hôn nộp đơn ở đâu?"),
        )
    )
    empty.transact_now(lambda session: seed_knowledge(session, library))
    shelf = Shelf(library)
    shelf.refresh_now(empty)
    return World(empty, shelf=shelf)


def test_an_article_is_edited_reviewed_published_found_in_the_chat_and_restored(
    tmp_path: Path, chromium: Browser
) -> None:
    server = Server(tmp_path, demo_password=DEMO_PASSWORD)
    server.start()
    try:
        editor = at_the_desk(chromium, server, "editor", first="/desk/knowledge")
        editor.get_by_label("Tìm bài").fill("tuoi ket hon")
        editor.get_by_role("link", name="Bao nhiêu tuổi được cưới").first.click()
        editor.get_by_role("link", name="Sửa bài").click()
        answer = "Nam đủ 20 tuổi, nữ đủ 18 tuổi. Câu mới của cán bộ."
        editor.get_by_label("Trả lời").fill(answer)
        editor.get_by_label("Cách bà con hỏi").press("Control+End")
        editor.get_by_label("Cách bà con hỏi").press_sequentially("\ncưới dâu miệt thứ mấy tuổi")
        expect(editor.locator("#preview")).to_contain_text("Câu mới của cán bộ.")
        editor.get_by_role("button", name="Gửi duyệt").click()
        expect(editor.locator("#flash")).to_contain_text("Đã gửi duyệt")
        expect(editor.get_by_role("link", name="Duyệt", exact=True)).to_have_count(0)

        reviewer = at_the_desk(chromium, server, "admin", first="/desk/knowledge")
        reviewer.get_by_role("link", name="Chờ duyệt 1").click()
        reviewer.locator(".articles a").first.click()
        reviewer.get_by_role("link", name="Duyệt", exact=True).click()
        expect(reviewer.locator("ins").first).to_be_visible()
        reviewer.get_by_label("Tôi đã đối chiếu với văn bản luật").check()
        reviewer.get_by_role("button", name="Duyệt", exact=True).click()
        publish = reviewer.get_by_role("button", name="Đăng", exact=True)
        expect(publish).to_be_visible(timeout=60_000)  # every known question is asked anew
        tick = reviewer.get_by_label("Tôi đã xem các câu trên")
        if tick.count():
            tick.check()
        publish.click()
        expect(reviewer.locator("#flash")).to_contain_text("Đã đăng", timeout=60_000)

        phone = chromium.new_context(viewport={"width": 360, "height": 740}).new_page()
        phone.goto(server.url)
        writes(phone, "cuoi dau miet thu may tuoi la duoc?")
        expect(phone.get_by_text("Câu mới của cán bộ.")).to_be_visible()

        reviewer.get_by_role("link", name="Xem hết và so sánh").click()
        reviewer.get_by_role("button", name="Dùng lại bản 1").click()
        expect(reviewer.locator("#flash")).to_contain_text("Đã dùng lại bản cũ")
        expect(reviewer.locator(".phone")).not_to_contain_text("Câu mới của cán bộ.")
        writes(phone, "dieu kien ket hon la gi?")
        expect(phone.get_by_text("Câu mới của cán bộ.")).to_have_count(1)
        expect(phone.get_by_text("Luật cấm tảo hôn").last).to_be_visible()
    finally:
        server.close()


def test_two_people_at_one_draft_see_each_other_and_choose(
    world: World, address: str, chromium: Browser
) -> None:
    with (
        page_at(chromium, address, WIDE, "bien") as hers,
        page_at(chromium, address, WIDE, "quan") as his,
    ):
        hers.goto(f"{address}{LAND}/edit")
        his.goto(f"{address}{LAND}/edit")
        expect(his.locator("#others")).to_contain_text("Cán bộ Bien cũng đang mở bài này.")
        hers.goto(f"{address}/desk/knowledge")
        expect(his.locator("#others")).to_be_empty(timeout=15_000)
        hers.goto(f"{address}{LAND}/edit")
        hers.get_by_label("Trả lời").fill("Biên viết: đo lại ranh.")
        expect(hers.locator("#saved")).to_contain_text("Đã lưu nháp lúc", timeout=15_000)

        his.get_by_label("Trả lời").fill("Quân viết: hòa giải ở ấp.")
        his.get_by_label("Giấy tờ").fill("Giấy tay")
        his.get_by_role("button", name="Lưu nháp").click()

        expect(his.get_by_text("Chưa có gì bị ghi đè")).to_be_visible()
        expect(his.locator(".choose")).to_contain_text("Biên viết: đo lại ranh.")
        expect(his.locator(".choose")).to_contain_text("Quân viết: hòa giải ở ấp.")
        check(his)
        both = his.get_by_role("group", name="Trả lời")
        both.get_by_role("radio", name="Bản của Cán bộ Bien").check()
        his.get_by_role("button", name="Lưu theo lựa chọn").click()
        expect(his.get_by_label("Trả lời")).to_have_value("Biên viết: đo lại ranh.")
        expect(his.get_by_label("Giấy tờ")).to_have_value("Giấy tay")


def test_what_is_kept_by_itself_and_then_by_hand_is_no_conflict_with_oneself(
    world: World, address: str, chromium: Browser
) -> None:
    with page_at(chromium, address, WIDE, "bien") as page:
        page.goto(f"{address}{LAND}/edit")
        for number in range(3):
            page.get_by_label("Trả lời").fill(f"Câu số {number}.")
            expect(page.locator("#saved")).to_contain_text("Đã lưu nháp lúc", timeout=15_000)
            page.evaluate("document.querySelector('#saved').textContent = ''")
        page.get_by_label("Trả lời").press_sequentially(" Thêm.")
        page.get_by_role("button", name="Lưu nháp").click()
        expect(page.locator("#flash")).to_contain_text("Đã lưu nháp")
        page.reload()
        expect(page.get_by_label("Trả lời")).to_have_value("Câu số 2. Thêm.")


def test_a_session_that_ends_leaves_what_was_typed_on_the_page(
    world: World, address: str, chromium: Browser
) -> None:
    with page_at(chromium, address, WIDE, "bien") as page:
        page.goto(f"{address}{LAND}/edit")
        page.get_by_label("Trả lời").fill("Viết dở")
        page.context.clear_cookies()
        page.get_by_role("button", name="Gửi duyệt").click()
        expect(page.get_by_role("alert")).to_contain_text("Phiên làm việc đã hết")
        expect(page.get_by_label("Trả lời")).to_have_value("Viết dở")


@SIZES
@pytest.mark.parametrize(
    ("path", "label"),
    [
        ("knowledge", "Tìm bài"),
        ("knowledge/laws", "Tìm văn bản"),
        ("knowledge/try?q=lan+ranh", "Tìm bài khác"),
    ],
)
def test_a_field_to_search_in_is_a_line_that_can_be_clicked(
    world: World,
    address: str,
    chromium: Browser,
    size: tuple[int, int],
    path: str,
    label: str,
) -> None:
    with page_at(chromium, address, size, "bien") as page:
        page.goto(f"{address}/desk/{path}")
        field = page.get_by_role("searchbox", name=label)
        button = field.locator("xpath=following-sibling::button")

        field.click()

        expect(field).to_be_focused()
        wide, pressed = field.bounding_box(), button.bounding_box()
        assert wide is not None
        assert pressed is not None
        assert wide["width"] > 150
        assert max(wide["height"], pressed["height"]) < 80
        button.click()


@SIZES
def test_the_pages_of_an_article_can_be_used_by_all(
    world: World, address: str, chromium: Browser, size: tuple[int, int]
) -> None:
    with page_at(chromium, address, size, "bien") as page:
        page.goto(f"{address}/desk/knowledge")
        check(page, "knowledge-list")
        page.goto(f"{address}/desk/knowledge/new")
        check(page)
        page.goto(f"{address}{LAND}/edit")
        check(page)
        page.get_by_role("button", name="Thêm căn cứ").click()
        expect(page.locator(".source")).to_have_count(4)
        page.get_by_label("Tên trên nút bấm").fill("x" * 40)
        expect(page.locator("[data-letters-of=short]")).to_have_text("40/38")
        page.get_by_role("button", name="Gửi duyệt").click()
        expect(page.locator("#wrong-short")).to_contain_text("nhiều nhất 38 chữ cái")
        check(page)
        page.get_by_label("Tên trên nút bấm").fill("Lấn ranh")
        page.get_by_label("Đến đâu").fill("UBND xã, {province}. Hỏi cán bộ.")
        expect(page.locator("#preview")).to_contain_text("tỉnh Cà Mau. Hỏi cán bộ.")
        check(page, "knowledge-edit")
        page.get_by_role("button", name="Gửi duyệt").click()
        expect(page.locator("#flash")).to_contain_text("Đã gửi duyệt")
        check(page)
    with page_at(chromium, address, size, "quan") as page:
        page.goto(f"{address}{LAND}/review")
        check(page, "knowledge-review")
        page.get_by_role("button", name="Duyệt", exact=True).click()
        expect(page.get_by_role("button", name="Đăng", exact=True)).to_be_visible()
        check(page)
        for tick in page.locator("main input[type=checkbox][required]").all():
            tick.check()  # asked for when a known wording would lead elsewhere
        page.get_by_role("button", name="Đăng", exact=True).click()
        expect(page.locator("#flash")).to_contain_text("Đã đăng")
        check(page, "knowledge-article")
        page.goto(f"{address}{LAND}/history")
        check(page)


def test_an_article_is_written_and_published_without_scripts(
    world: World, address: str, chromium: Browser
) -> None:
    with page_at(chromium, address, NARROW, "bien", scripts=False) as page:
        page.goto(f"{address}/desk/knowledge")
        page.get_by_label("Tìm bài").fill("lan ranh")
        page.get_by_role("button", name="Tìm").click()
        page.get_by_role("link", name="Đất bị lấn ranh").click()
        page.get_by_role("link", name="Sửa bài").click()
        page.get_by_label("Văn bản luật, căn cứ 2").fill("Luật Đất 2013")
        page.get_by_label("Trả lời").fill("Không cần máy chạy chữ.")
        page.get_by_role("button", name="Gửi duyệt").click()
        expect(page.get_by_text("Đã gửi duyệt.")).to_be_visible()
    with page_at(chromium, address, NARROW, "quan", scripts=False) as page:
        page.goto(f"{address}{LAND}/review")
        page.get_by_role("button", name="Duyệt", exact=True).click()
        page.get_by_role("link", name="Xem kết quả, rồi đăng").click()
        page.get_by_role("button", name="Đăng", exact=True).click()
        expect(page.locator(".phone")).to_contain_text("Không cần máy chạy chữ.")
        expect(page.locator(".phone")).to_contain_text("Luật Đất 2013")


def test_an_earlier_version_of_a_law_counts_again(
    world: World, address: str, chromium: Browser
) -> None:
    law = f"{address}/desk/knowledge/laws/2%2F2013%2FQH13"
    with page_at(chromium, address, NARROW, "bien") as page:
        page.goto(law)
        page.get_by_text("Sửa", exact=True).click()
        page.locator("#f-short").fill("Luật Đất 2013 (sửa lầm)")
        page.get_by_role("button", name="Lưu nháp").click()
        page.get_by_role("button", name="Gửi duyệt").click()
        expect(page.get_by_text("một người khác sẽ duyệt")).to_be_visible()
    with page_at(chromium, address, NARROW, "quan") as page:
        page.goto(law)
        page.get_by_label("Tôi đã đối chiếu với Công báo").check()
        page.get_by_role("button", name="Duyệt", exact=True).click()
        page.get_by_role("button", name="Đưa vào dùng").click()
        expect(page.get_by_role("heading", level=1)).to_have_text("Luật Đất 2013 (sửa lầm)")

        page.get_by_text("Các bản (2)").click()
        page.get_by_role("button", name="Dùng lại bản 1").click()

        expect(page.get_by_role("heading", level=1)).to_have_text("Luật Đất 2013")
        page.get_by_text("Các bản (3)").click()
        expect(page.get_by_role("button", name="Dùng lại bản 2")).to_be_visible()
        check(page)


@pytest.mark.parametrize("scripts", [True, False])
def test_the_law_that_counts_most_is_moved_to_the_top_and_stays_there(
    world: World, address: str, chromium: Browser, *, scripts: bool
) -> None:
    with page_at(chromium, address, NARROW, "bien", scripts=scripts) as page:
        page.goto(f"{address}{LAND}/edit")
        first = page.get_by_label("Văn bản luật, căn cứ 1")
        second = page.get_by_label("Văn bản luật, căn cứ 2")
        was = first.input_value()
        second.fill("2/2013/QH13")
        page.get_by_label("Điều, căn cứ 2").fill("45")

        page.get_by_role("button", name="Đưa lên căn cứ 2").click()

        expect(first).to_have_value("2/2013/QH13")
        expect(page.get_by_label("Điều, căn cứ 1")).to_have_value("45")
        expect(second).to_have_value(was)
        page.get_by_role("button", name="Lưu nháp").click()
        expect(page.get_by_text("Đã lưu nháp").first).to_be_visible()
        page.goto(f"{address}{LAND}/edit")
        expect(page.get_by_label("Điều, căn cứ 1")).to_have_value("45")
        page.get_by_role("button", name="Đưa xuống căn cứ 1").click()
        expect(page.get_by_label("Điều, căn cứ 2")).to_have_value("45")
