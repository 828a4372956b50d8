"""The exchange on the desk: what goes out, what a file would change, and the drafts it becomes."""

import html
import io
import json
import re
import zipfile
from typing import Any

import httpx
import openpyxl
import pytest

from desk.pages.knowledge_exchange import MOST_UPLOADED
from knowledge.article import Article
from knowledge.fields import load_fields
from knowledge.library import Library, load_library
from knowledge.search import load_judge
from knowledge.shelf import ARTICLE, LAW, Shelf, article_of, law_of, seed_knowledge
from knowledge.workbook import read_workbook, to_workbook
from knowledge.yaml_files import article_text, law_text, read_zip
from store import documents
from store.documents import Stage, Version
from store.session import Database
from tests.desk.world import Browser, World
from tests.knowledge.example import article, write

EXCHANGE = "/desk/knowledge/exchange"
FIELD_MODEL, JUDGE = load_fields(), load_judge()
LAND = article("land-01", "hàng xóm lấn ranh đất", law="2/2013/QH13", title="Đất bị lấn ranh?")


@pytest.fixture(scope="session")
def library(tmp_path_factory: pytest.TempPathFactory) -> Library:
    folder = tmp_path_factory.mktemp("content")
    return load_library(write(folder, LAND, article("family-01", "muốn bỏ chồng")))


@pytest.fixture
def world(database: Database, library: Library) -> World:
    database.transact_now(lambda session: seed_knowledge(session, library))
    shelf = Shelf(library, FIELD_MODEL, JUDGE)
    shelf.refresh_now(database)
    return World(database, shelf=shelf)


async def upload(browser: Browser, content: bytes, name: str = "kho.zip") -> httpx.Response:
    return await browser.post(
        f"{EXCHANGE}/read",
        files={"file": (name, content, "application/octet-stream")},
        headers={"Sec-Fetch-Site": "same-origin"},
    )


async def take(browser: Browser, parcels: str) -> httpx.Response:
    return await browser.post(
        f"{EXCHANGE}/take",
        files={"parcels": (None, parcels)},
        headers={"Sec-Fetch-Site": "same-origin"},
    )


def parcels_of(page: httpx.Response) -> str:
    found = re.search(r'name="parcels" value="([^"]*)"', page.text)
    assert found is not None, page.text
    return html.unescape(found[1])


def zipped(*articles: Article, **files: str) -> bytes:
    made = io.BytesIO()
    with zipfile.ZipFile(made, "w", zipfile.ZIP_DEFLATED) as packed:
        for one in articles:
            packed.writestr(f"{one.field}/{one.id}.yaml", article_text(one))
        for name, text in files.items():
            packed.writestr(f"{name}.yaml", text)
    return made.getvalue()


def drafts(world: World) -> dict[str, Version]:
    return world.database.read_now(
        lambda session: {
            one.key: one for kind in (ARTICLE, LAW) for one in documents.open_ones(session, kind)
        }
    )


def changed(answer: str = "Câu trả lời mới.") -> Article:
    return LAND.model_copy(update={"answer": answer})


async def test_what_is_published_goes_out_in_both_forms(world: World, library: Library) -> None:
    browser = await world.signed_in("bien")

    as_zip = await browser.press(f"{EXCHANGE}/yaml")
    as_book = await browser.press(f"{EXCHANGE}/xlsx")

    assert 'filename="tram-kho-kien-thuc-2026-11-23.zip"' in as_zip.headers["content-disposition"]
    assert 'filename="tram-kho-kien-thuc-2026-11-23.xlsx"' in as_book.headers["content-disposition"]
    for read in (read_zip(as_zip.content), read_workbook(as_book.content)):
        assert read.problems == ()
        assert {one.value.id: one.value for one in read.articles} == dict(library.articles)
    for content in (as_zip.content, as_book.content):
        page = await upload(browser, content)
        assert page.status_code == 200
        assert "tệp giống hệt kho đang dùng" in page.text


async def test_a_preview_shows_what_would_change_and_keeps_nothing(world: World) -> None:
    browser = await world.signed_in("bien")
    new = article("land-02", "mất giấy đỏ", title="Mất sổ đỏ?")

    page = await upload(browser, zipped(changed(), new))

    assert "<strong>1</strong> mới · <strong>1</strong> thay đổi" in page.text
    assert "<ins>" in page.text
    assert "Tạo 2 bản nháp" in page.text
    assert drafts(world) == {}


async def test_the_preview_taken_makes_drafts_that_wait_for_a_second_person(world: World) -> None:
    browser = await world.signed_in("bien")
    law = world.shelf.current.library.laws["2/2013/QH13"].model_copy(
        update={"name": "Luật Đất đai"}
    )
    page = await upload(
        browser, zipped(changed(), article("land-02", "giấy đỏ"), laws=law_text(law))
    )

    answer = await take(browser, parcels_of(page))

    assert answer.headers["location"] == f"{EXCHANGE}?made=3"
    assert "Đã tạo 3 bản nháp" in (await browser.get(answer.headers["location"])).text
    made = drafts(world)
    assert set(made) == {"2/2013/QH13", "land-01", "land-02"}
    assert {one.stage for one in made.values()} == {Stage.DRAFT}
    assert {one.written_by for one in made.values()} == {(world.ids["bien"],)}
    assert article_of(made["land-01"]) == changed()
    assert law_of(made["2/2013/QH13"]).name == "Luật Đất đai"
    assert made["land-01"].remark == "Nhập từ tệp kho.zip"
    assert world.shelf.current.library.articles["land-01"] == LAND


async def test_bad_rows_are_listed_and_nothing_of_the_file_is_taken(
    world: World, library: Library
) -> None:
    browser = await world.signed_in("bien")
    book = openpyxl.load_workbook(io.BytesIO(to_workbook(library)))
    book["Bài viết"]["E3"] = "Trả lời khác"  # a good change beside two bad rows
    book["Bài viết"]["D2"] = "x" * 50
    book["Căn cứ"]["B3"] = "77/2030/QH20"
    made = io.BytesIO()
    book.save(made)

    page = await upload(browser, made.getvalue(), "kho.xlsx")

    assert page.status_code == 422
    assert "tệp có 2 chỗ cần sửa" in page.text
    assert "<td>Bài viết</td><td>2</td><td>Tên ngắn: dài quá 38 chữ cái</td>" in page.text
    assert "<td>Căn cứ</td><td>3</td><td>dẫn 77/2030/QH20" in page.text
    assert 'name="parcels"' not in page.text
    assert drafts(world) == {}


async def test_a_document_that_somebody_else_is_writing_is_refused_by_name(world: World) -> None:
    editor, other = await world.signed_in("bien"), await world.signed_in("trung")
    await take(other, parcels_of(await upload(other, zipped(changed("Của Trung.")))))

    page = await upload(editor, zipped(changed("Của Biên."), article("land-02", "giấy đỏ")))

    assert "Đất bị lấn ranh? (land-01): Cán bộ Trung" in page.text
    assert "Tạo 1 bản nháp" in page.text
    await take(editor, parcels_of(page))
    assert article_of(drafts(world)["land-01"]).answer == "Của Trung."
    assert "land-02" in drafts(world)


async def test_ones_own_draft_is_replaced(world: World) -> None:
    editor = await world.signed_in("bien")
    await take(editor, parcels_of(await upload(editor, zipped(changed("Lần một.")))))

    await take(editor, parcels_of(await upload(editor, zipped(changed("Lần hai.")))))

    draft = drafts(world)["land-01"]
    assert (article_of(draft).answer, draft.revision) == ("Lần hai.", 2)


async def test_what_changed_since_the_preview_is_named_and_nothing_is_half_imported(
    world: World,
) -> None:
    editor, other = await world.signed_in("bien"), await world.signed_in("trung")
    seen = parcels_of(await upload(editor, zipped(changed("A."), article("land-02", "giấy đỏ"))))
    await take(other, parcels_of(await upload(other, zipped(changed("Của Trung.")))))

    answer = await take(editor, seen)

    assert answer.status_code == 409
    assert "land-01 (Cán bộ Trung)" in answer.text
    assert set(drafts(world)) == {"land-01"}
    assert article_of(drafts(world)["land-01"]).answer == "Của Trung."


async def test_a_law_published_since_the_preview_is_not_written_over(world: World) -> None:
    editor = await world.signed_in("bien")
    law = world.shelf.current.library.laws["2/2013/QH13"]
    mine = law.model_copy(update={"name": "Tên trong tệp"})
    seen = parcels_of(await upload(editor, zipped(laws=law_text(mine))))
    admin = world.ids["quan"]

    await world.database.transact(
        lambda session: documents.confirm(
            session, LAW, law.number, law.model_dump_json(by_alias=True), by=admin, over=1
        )
    )

    answer = await take(editor, seen)
    assert answer.status_code == 409
    assert "2/2013/QH13" in answer.text
    assert drafts(world) == {}


async def test_a_form_made_by_hand_is_checked_like_a_file_and_makes_nobody_an_officer(
    world: World,
) -> None:
    editor = await world.signed_in("bien")
    seen: dict[str, Any] = json.loads(parcels_of(await upload(editor, zipped(changed()))))
    seen["articles"][0]["body"] |= {"status": "reviewed", "reviewed_on": "2026-11-23"}

    await take(editor, json.dumps(seen))
    assert article_of(drafts(world)["land-01"]).status == "draft-sourced"

    seen["articles"][0]["seen"] = 1
    seen["articles"][0]["body"]["sources"][0]["law"] = "77/2030/QH20"
    refused = await take(editor, json.dumps(seen))
    assert refused.status_code == 409
    for nonsense in (
        "",
        "{",
        "[]",
        json.dumps({"name": "x", "articles": [{"over": 1}]}),
        "[" * 9999,
    ):
        assert (await take(editor, nonsense)).status_code == 422


@pytest.mark.parametrize(
    ("content", "why"),
    [
        (b"%PDF-1.7 nope", "không phải tệp ZIP hay XLSX"),
        (b"", "không phải tệp ZIP hay XLSX"),
        (zipped(), "không có tệp nào của kho kiến thức"),
        (b"PK\x03\x04" + b"\x00" * 10 * 1024 * 1024, "lớn quá 10 MB"),
    ],
)
async def test_a_wrong_file_is_refused_with_the_reason(
    world: World, content: bytes, why: str
) -> None:
    browser = await world.signed_in("bien")

    page = await upload(browser, content)

    assert page.status_code == 422
    assert why in page.text


async def test_no_file_is_told(world: World) -> None:
    browser = await world.signed_in("bien")

    page = await browser.post(
        f"{EXCHANGE}/read", data={"x": "y"}, headers={"Sec-Fetch-Site": "same-origin"}
    )

    assert page.status_code == 422
    assert "Chưa chọn tệp nào" in page.text


async def test_only_the_exchange_takes_more_than_a_form_and_that_not_without_end(
    world: World,
) -> None:
    browser = await world.signed_in("bien")
    headers = {"Sec-Fetch-Site": "same-origin", "Content-Type": "text/plain"}

    endless = await browser.post(
        f"{EXCHANGE}/read", content=b"x" * (MOST_UPLOADED + 1), headers=headers
    )
    elsewhere = await browser.post(
        "/desk/knowledge/try/add", content=b"x" * (256 * 1024 + 1), headers=headers
    )
    large = await upload(browser, zipped(changed("a" * 400_000)))

    assert endless.status_code == elsewhere.status_code == 413
    assert large.status_code == 422
    assert "Trả lời: dài quá 500 chữ cái" in large.text  # it was read to its end


async def test_what_a_stranger_uploads_is_never_read(world: World) -> None:
    answer = await upload(world.browser(), b"x" * 3_000_000)

    assert answer.status_code in {303, 401}
