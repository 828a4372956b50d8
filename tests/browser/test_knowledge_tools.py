"""The tools around the knowledge base in a real browser, with the whole shipped base."""

from pathlib import Path

import openpyxl
import pytest
from playwright.sync_api import Browser, expect

from knowledge import feedback
from knowledge.feedback import Why
from knowledge.library import load_library
from knowledge.shelf import ARTICLE, Shelf, article_of, seed_knowledge
from knowledge.workbook import to_workbook
from store import documents
from store.session import Database, Session
from tests.browser.pages import SIZES, check, page_at
from tests.desk.world import World


@pytest.fixture
def world(empty: Database) -> World:
    """A desk with the whole shipped base."""
    library = load_library()
    empty.transact_now(lambda session: seed_knowledge(session, library))
    shelf = Shelf(library)
    shelf.refresh_now(empty)
    return World(empty, shelf=shelf)


def lived(session: Session) -> None:
    """A week of questions, views and votes."""
    for text, why, article_id, field in (
        ("xin nhận con nuôi cần giấy tờ gì", Why.UNKNOWN, None, "family"),
        ("xin nhan con nuoi can giay to gi", Why.UNKNOWN, None, "family"),
        ("tôi là Nguyễn Văn Bảy, muốn nhận con nuôi cần giấy tờ gì", Why.UNKNOWN, None, "family"),
        ("mượn ghe không trả thì kiện ở đâu", Why.UNHELPFUL, "civil-01", "civil"),
        ("bán vé số có đóng bảo hiểm được hông", Why.UNKNOWN, None, None),
    ):
        feedback.keep_question(session, text, why, article_id=article_id, field=field)
    for number, article_id in enumerate(("land-01", "civil-01", "family-01", "merit-01")):
        for _ in range(12 - 3 * number):
            feedback.viewed(session, article_id)
    feedback.vote(session, "a" * 32, "civil-01", helpful=False)
    feedback.vote(session, "b" * 32, "land-01", helpful=True)


@SIZES
def test_every_tool_can_be_used_by_anybody_on_any_screen(
    world: World, address: str, chromium: Browser, size: tuple[int, int], tmp_path: Path
) -> None:
    world.database.transact_now(lived)
    desk = f"{address}/desk/knowledge"
    with page_at(chromium, address, size, "bien") as page:
        page.goto(f"{desk}/laws")
        expect(page.get_by_role("heading", name="Văn bản luật")).to_be_visible()
        check(page, "laws")
        page.get_by_role("searchbox", name="Tìm văn bản").fill("luat dat dai 2024")
        page.get_by_role("button", name="Tìm").click()
        page.get_by_role("row").get_by_role("link", name="Luật Đất đai 2024").click()
        page.get_by_text("Sửa", exact=True).click()
        page.get_by_label("Tên", exact=True).fill("Luật Đất đai (tên thử)")
        check(page, "law")
        page.get_by_role("button", name="Lưu nháp").click()
        expect(page.get_by_role("status")).to_contain_text("Đã lưu nháp")
        page.get_by_role("button", name="Gửi duyệt").click()
        check(page, "law-in-review")
        page.goto(f"{desk}/laws/new")
        check(page, "law-new")

        page.goto(f"{desk}/try")
        page.get_by_role("searchbox", name="Gõ như bà con hay nhắn").fill(
            "hagn xom lan dat nha tui qua tuong rao"
        )
        page.get_by_role("button", name="Thử").click()
        expect(page.get_by_role("heading", name="Các bài gần nhất")).to_be_visible()
        check(page, "try")
        page.get_by_role("button", name="Thêm câu này làm cách hỏi").first.click()
        expect(page.get_by_role("status").first).to_contain_text("bản nháp")

        page.goto(f"{desk}/week")
        check(page, "week")
        page.goto(f"{desk}/questions")
        check(page, "questions")
        page.get_by_role("link", name="Thêm vào bài khác…").first.click()
        page.get_by_role("searchbox", name="Tìm bài khác").fill("con nuôi")
        page.get_by_role("button", name="Tìm bài").click()
        check(page, "question")
        page.goto(f"{desk}/questions")
        page.get_by_role("button", name="Không thuộc việc của mình").last.click()
        expect(page.get_by_role("status")).to_contain_text("không thuộc việc của mình")

        page.goto(f"{desk}/differences")
        check(page, "differences-none")
        page.goto(f"{desk}/exchange")
        check(page, "exchange")
        with page.expect_download() as download:
            page.get_by_role("button", name="Tải tệp Excel").click()
        book = tmp_path / "kho.xlsx"
        download.value.save_as(book)
        page.get_by_label("Tệp .xlsx hoặc .zip").set_input_files(book)
        page.get_by_role("button", name="Xem trước").click()
        expect(page.get_by_text("tệp giống hệt kho đang dùng")).to_be_visible()


@SIZES
def test_a_workbook_with_faults_and_one_without_are_shown_so_that_they_can_be_read(
    world: World, address: str, chromium: Browser, size: tuple[int, int], tmp_path: Path
) -> None:
    path = tmp_path / "kho.xlsx"
    path.write_bytes(to_workbook(world.shelf.current.library))
    book = openpyxl.load_workbook(path)
    book["Bài viết"]["E2"] = "Câu trả lời viết lại cho dễ hiểu hơn."
    book.save(path)
    book["Bài viết"]["D3"] = "x" * 60
    book["Căn cứ"]["B9"] = "số 77 năm 2030"
    book.save(tmp_path / "sai.xlsx")
    with page_at(chromium, address, size, "bien") as page:
        page.goto(f"{address}/desk/knowledge/exchange")
        page.get_by_label("Tệp .xlsx hoặc .zip").set_input_files(tmp_path / "sai.xlsx")
        page.get_by_role("button", name="Xem trước").click()
        expect(page.get_by_role("alert")).to_contain_text("chỗ cần sửa")
        check(page, "exchange-faults")
        page.get_by_label("Tệp .xlsx hoặc .zip").set_input_files(path)
        page.get_by_role("button", name="Xem trước").click()
        check(page, "exchange-preview")
        page.get_by_role("button", name="Tạo 1 bản nháp").click()
        expect(page.get_by_role("status")).to_contain_text("Đã tạo 1 bản nháp")


@SIZES
def test_a_difference_with_the_file_is_read_word_by_word_and_decided(
    world: World, address: str, chromium: Browser, size: tuple[int, int]
) -> None:
    ids, library = world.ids, load_library()
    ours = library.articles["land-01"].model_copy(update={"where": "Ủy ban xã, hỏi {centre}."})
    files = library.articles["land-01"].model_copy(update={"short": "Làm sổ đỏ lần đầu tiên"})

    def differ(session: Session) -> None:
        draft = documents.save(
            session, ARTICLE, "land-01", ours.model_dump_json(), by=ids["bien"], seen=0
        )
        documents.submit(session, draft.id, by=ids["bien"], seen=1)
        documents.approve(session, draft.id, by=ids["quan"], seen=1)
        documents.publish(session, draft.id, by=ids["quan"], over=1)
        bodies = {one.id: one.model_dump_json() for one in library.articles.values()}
        documents.seed(session, ARTICLE, bodies | {"land-01": files.model_dump_json()})

    world.database.transact_now(differ)
    with page_at(chromium, address, size, "quan") as page:
        page.goto(f"{address}/desk/knowledge/differences")
        expect(page.get_by_text("Bản của tệp").first).to_be_visible()
        check(page, "differences")
        page.get_by_role("button", name="Giữ bản của mình").click()
        expect(page.get_by_role("status")).to_contain_text("Đã giữ bản của mình")

    kept = world.database.read_now(
        lambda session: documents.published_one(session, ARTICLE, "land-01")
    )
    assert kept is not None
    assert article_of(kept).where == "Ủy ban xã, hỏi {centre}."
