"""The base carried out and in: nothing lost on the way, and all that is wrong is told."""

import datetime as dt
import io
import zipfile
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

import openpyxl
import pytest
import yaml

from knowledge.article import Status, Translation
from knowledge.exchange import BadFileError, Problem, Read, changes, check
from knowledge.laws import Law, Laws
from knowledge.library import CONTENT, Library, load_library
from knowledge.workbook import SHEETS, read_workbook, to_workbook
from knowledge.yaml_files import ROOT, article_text, files_of, law_text, read_zip, to_zip
from store.datafile import parse
from tests.knowledge.example import TODAY, article, write


@pytest.fixture(scope="module")
def shipped() -> Library:
    return load_library()


@pytest.fixture
def library(tmp_path: Path) -> Library:
    land = article("land-01", "hàng xóm lấn ranh", law="2/2013/QH13")
    read = article("family-01", status=Status.REVIEWED, reviewed_on=dt.date(2026, 10, 1))
    told = read.model_copy(update={"translations": {"en": Translation(title="T", summary="S")}})
    return load_library(write(tmp_path, land, told))


Say = Callable[[Library], bytes]
Hear = Callable[[bytes], Read]
FORMS = [
    pytest.param(lambda library: to_zip(library, TODAY), read_zip, id="yaml"),
    pytest.param(to_workbook, read_workbook, id="workbook"),
]


@pytest.mark.parametrize(("say", "hear"), FORMS)
def test_the_whole_shipped_base_comes_back_as_it_went(
    shipped: Library, say: Say, hear: Hear
) -> None:
    read = hear(say(shipped))

    assert check(read, shipped) == ()
    assert tuple(one.value for one in read.articles) == tuple(shipped.articles.values())
    assert tuple(one.value for one in read.laws) == tuple(shipped.laws)
    found = changes(read, shipped)
    assert (found.laws, found.articles) == ((), ())
    assert found.unchanged == len(shipped.articles) + len(shipped.laws)


@pytest.mark.parametrize(("say", "hear"), FORMS)
def test_reviews_translations_and_amendments_come_back_too(
    library: Library, say: Say, hear: Hear
) -> None:
    read = hear(say(library))

    assert {one.value.id: one.value for one in read.articles} == dict(library.articles)
    assert {one.value.number: one.value for one in read.laws} == {
        law.number: law for law in library.laws
    }


# --- YAML ---------------------------------------------------------------------------------------


def test_what_nobody_edited_goes_out_to_the_letter(shipped: Library) -> None:
    for path, text in files_of(shipped).items():
        assert (CONTENT / Path(path).relative_to(ROOT)).read_text(encoding="utf-8") == text


def test_an_export_unpacks_into_a_base_that_loads(shipped: Library, tmp_path: Path) -> None:
    edited = shipped.articles["land-01"].model_copy(update={"answer": "Hỏi cán bộ xã: được."})
    changed = Library({**shipped.articles, "land-01": edited}, shipped.laws)
    with zipfile.ZipFile(io.BytesIO(to_zip(changed, TODAY))) as packed:
        packed.extractall(tmp_path)

    again = load_library(tmp_path / ROOT)

    assert dict(again.articles) == dict(changed.articles)
    assert tuple(again.laws) == tuple(shipped.laws)
    text = (tmp_path / ROOT / "laws.yaml").read_text(encoding="utf-8")
    assert text == (CONTENT / "laws.yaml").read_text(encoding="utf-8")


def test_an_edited_law_is_written_anew_and_its_neighbours_are_not(
    shipped: Library, library: Library
) -> None:
    number = "91/2015/QH13"
    edited = shipped.laws[number].model_copy(update={"reviewed_on": TODAY})
    laws = [edited if law.number == number else law for law in shipped.laws]
    new = library.laws["1/2014/QH13"]
    text = files_of(Library(shipped.articles, Laws([*laws, new])))[f"{ROOT}/laws.yaml"]

    before = (CONTENT / "laws.yaml").read_text(encoding="utf-8").splitlines()
    added = [line for line in text.splitlines() if line not in before]
    assert "  reviewed_on: 2026-11-23" in added
    assert len(added) < 12
    assert parse(text, tuple[Law, ...]) == (*laws, new)


def test_every_article_and_law_is_written_so_that_it_reads_the_same(shipped: Library) -> None:
    for one in shipped.articles.values():
        text = article_text(one)
        assert type(one).model_validate(yaml.safe_load(text)) == one
        assert max(map(len, text.splitlines())) <= 130
    for law in shipped.laws:
        assert parse(law_text(law), tuple[Law, ...]) == (law,)


def zipped(files: Mapping[str, str | bytes]) -> bytes:
    made = io.BytesIO()
    with zipfile.ZipFile(made, "w", zipfile.ZIP_DEFLATED) as packed:
        for path, text in files.items():
            packed.writestr(path, text)
    return made.getvalue()


def test_some_files_will_do_and_rubbish_of_a_computer_is_passed_over(library: Library) -> None:
    one = article("land-02", "mất giấy đỏ")

    read = read_zip(
        zipped(
            {
                "content/land/land-02.yaml": article_text(one),
                "__MACOSX/content/land/._land-02.yaml": b"\x00\x05",
                "content/.DS_Store": b"\x00",
            }
        )
    )

    assert check(read, library) == ()
    assert [change.key for change in changes(read, library).articles] == ["land-02"]


def test_every_fault_of_every_file_is_told_with_its_line(library: Library) -> None:
    good = article_text(article("land-02", "mất giấy đỏ"))
    files: dict[str, str | bytes] = {
        "land/land-02.yaml": good.replace("title:", "titel:").replace("confidence: C", "sure: no"),
        "land/land-03.yaml": "id: [",
        "land/land-04.yaml": b"\xff\xfe",
        "land/land-05.yaml": good,
        "notes.txt": "xin chào",
    }

    found = [(one.place, one.row, one.reason) for one in check(read_zip(zipped(files)), library)]

    lines = str(files["land/land-02.yaml"]).splitlines()
    row = 1 + next(number for number, line in enumerate(lines) if line.startswith("titel"))
    assert ("land/land-02.yaml", 1, "Tiêu đề: còn thiếu") in found
    assert ("land/land-02.yaml", row, "titel: không có mục nào tên như vậy") in found
    assert ("land/land-02.yaml", 1, "Độ chắc: còn thiếu") in found
    assert any(place == "land/land-03.yaml" and "YAML" in why for place, _, why in found)
    assert ("land/land-04.yaml", None, "không đọc được YAML: không phải chữ UTF-8") in found
    assert ("land/land-05.yaml", None, "phải nằm ở land/land-02.yaml") in found
    assert any(place.endswith("notes.txt") for place, _, _ in found)


@pytest.mark.parametrize(
    ("text", "why"),
    [
        ("a: &x [1]\nb: *x\n", "không dùng tham chiếu"),
        ("[" * 50 + "]" * 50, "lồng nhau quá nhiều tầng"),
        ("[" * 200_000, "lồng nhau quá nhiều tầng"),
        ("id: \x00", "YAML"),
        ("when: 2026-02-31", "YAML"),
        ("- a\n- b\n", "phải là một nhóm mục"),
        ("", "phải là một nhóm mục"),
    ],
)
def test_yaml_meant_to_do_harm_is_refused_by_file(text: str, why: str) -> None:
    (found, *_) = read_zip(zipped({"land/land-01.yaml": text})).problems

    assert found.place == "land/land-01.yaml"
    assert why in found.reason


# --- what fits and what does not ----------------------------------------------------------------


def test_a_file_is_judged_beside_what_it_leaves_as_it_is(library: Library) -> None:
    files: dict[str, str | bytes] = {
        "land/land-02.yaml": article_text(article("land-02", "HANG XOM lấn ranh!")),
        "land/land-03.yaml": article_text(article("land-03", law="77/2030/QH20")),
        "land/land-04.yaml": article_text(article("land-04", short="Chuyện land-02")),
        "laws.yaml": law_text(library.laws["2/2013/QH13"].model_copy(update={"also": ("GD",)})),
    }

    found = check(read_zip(zipped(files)), library)

    def line(path: str, begin: str) -> int:
        lines = str(files[path]).splitlines()
        return 1 + next(number for number, text in enumerate(lines) if text.startswith(begin))

    wording = line("land/land-02.yaml", "  - HANG XOM")
    source = line("land/land-03.yaml", "  - {law: 77/2030")
    assert [(one.place, one.row, one.reason) for one in found] == [
        ("laws.yaml", 1, "mã GD đã là của 1/2014/QH13"),
        ("land/land-02.yaml", wording, "“HANG XOM lấn ranh!” đã có trong bài land-01"),
        ("land/land-03.yaml", source, "dẫn 77/2030/QH20, chưa có trong danh sách văn bản luật"),
        ("land/land-04.yaml", 1, "“Chuyện land-02” đã có trong bài land-02"),
    ]


def test_an_article_may_cite_a_law_that_comes_with_it(library: Library) -> None:
    new = library.laws["2/2013/QH13"].model_copy(update={"number": "77/2030/QH20"})
    files = {
        "land/land-03.yaml": article_text(article("land-03", law="77/2030/QH20")),
        "laws.yaml": law_text(new),
    }

    assert check(read_zip(zipped(files)), library) == ()


def test_a_key_that_articles_cite_can_not_be_lost(tmp_path: Path) -> None:
    library = load_library(write(tmp_path, article("family-01", law="GD")))
    bare = library.laws["1/2014/QH13"].model_copy(update={"also": ()})

    (found,) = check(read_zip(zipped({"laws.yaml": law_text(bare)})), library)

    assert found.reason == "mã GD đang được dẫn trong family-01"


def test_a_file_makes_nobody_an_officer(library: Library) -> None:
    land = library.articles["land-01"]
    claimed = land.model_copy(update={"status": Status.REVIEWED, "reviewed_on": TODAY})
    wording = (*land.wordings, "một cách hỏi mới")
    changed = claimed.model_copy(update={"wordings": wording})

    only_claimed = changes(read_zip(zipped({"land/land-01.yaml": article_text(claimed)})), library)
    also_changed = changes(read_zip(zipped({"land/land-01.yaml": article_text(changed)})), library)

    assert only_claimed.articles == ()
    (change,) = also_changed.articles
    assert (change.after.status, change.after.reviewed_on) == (Status.DRAFT_SOURCED, None)


def test_wordings_in_another_order_change_nothing(library: Library) -> None:
    land = library.articles["land-01"]
    turned = land.model_copy(update={"wordings": tuple(reversed(land.wordings))})

    found = changes(read_zip(zipped({"land/land-01.yaml": article_text(turned)})), library)

    assert found.articles == ()


# --- the workbook -------------------------------------------------------------------------------


def edited(content: bytes, change: Callable[[Any], object]) -> bytes:
    """A workbook after somebody worked on it."""
    book = openpyxl.load_workbook(io.BytesIO(content))
    change(book)
    made = io.BytesIO()
    book.save(made)
    return made.getvalue()


def put(sheet: str, row: int, label: str, value: object) -> Callable[[Any], object]:
    """Type a value into a cell, found by its heading."""

    def change(book: Any) -> None:
        page = book[sheet]
        column = next(cell.column for cell in page[1] if cell.value == label)
        page.cell(row, column).value = value

    return change


def test_what_excel_makes_of_numbers_and_days_is_taken_back(library: Library) -> None:
    content = to_workbook(library)
    for change in (
        put("Căn cứ", 2, "Điều", 51.0),
        put("Căn cứ", 3, "Điều", 51),
        put("Văn bản luật", 2, "Có hiệu lực từ", dt.datetime(2015, 1, 1)),  # noqa: DTZ001
        put("Văn bản luật", 3, "Có hiệu lực từ", "01/07/2014"),
        put("Văn bản luật", 3, "Hết hiệu lực từ", 46447),
        put("Sửa đổi luật", 2, "Đã đọc văn bản sửa đổi", False),
        put("Sửa đổi luật", 2, "Chỉ sửa các điều", " "),
        put("Bài viết", 2, "Thời hạn", "Trong 15 ngày.\r\n\r\n"),
    ):
        content = edited(content, change)

    read = read_workbook(content)

    assert check(read, library) == ()
    assert {one.value.number: one.value for one in read.laws} == {
        law.number: law for law in library.laws
    }
    assert changes(read, library).articles == ()


def test_letters_from_elsewhere_are_composed(library: Library) -> None:
    decomposed = "Cha\u0301u nha\u0300 be\u0323nh"

    read = read_workbook(edited(to_workbook(library), put("Bài viết", 2, "Tiêu đề", decomposed)))

    assert read.articles[0].value.title == "Cháu nhà bẹnh"


FAMILY_ROW, LAND_ROW = 2, 3
BAD_CELLS: list[tuple[str, int, str, object, str]] = [
    ("Bài viết", LAND_ROW, "Tiêu đề", None, "Tiêu đề: còn thiếu"),
    ("Bài viết", LAND_ROW, "Tên ngắn", "x" * 39, "Tên ngắn: dài quá 38 chữ cái"),
    ("Bài viết", LAND_ROW, "Lĩnh vực", "đất", "Lĩnh vực: không có trong danh sách cho phép"),
    ("Bài viết", LAND_ROW, "Độ chắc", "X", "Độ chắc: không có trong danh sách cho phép"),
    ("Bài viết", LAND_ROW, "Trả lời", "=1+1", "Trả lời: ô này có công thức"),
    ("Bài viết", LAND_ROW, "Trả lời", "#N/A", "Trả lời: ô này báo lỗi"),
    ("Bài viết", LAND_ROW, "Số liệu đúng tới", "sang năm", "Số liệu đúng tới: không phải là ngày"),
    ("Bài viết", LAND_ROW, "Số liệu đúng tới", True, "Số liệu đúng tới: không phải là ngày"),
    ("Bài viết", LAND_ROW, "Mã bài", "land 1", "Mã bài: phải có dạng như land-01"),
    ("Cách hỏi", 2, "Mã bài", "land-77", "land-77 không có ở trang “Bài viết”"),
    ("Cách hỏi", 2, "Mã bài", None, "Mã bài: còn thiếu"),
    ("Căn cứ", 3, "Văn bản", None, "Văn bản: còn thiếu"),
    ("Căn cứ", 3, "Văn bản", "77/2030/QH20", "dẫn 77/2030/QH20, chưa có trong danh sách"),
    ("Cách hỏi", 10, "Cách hỏi", "Câu đệm family-01 số 3", "đã có trong bài family-01"),
    ("Căn cứ", 3, "Điều", dt.datetime(2026, 1, 5), "Điều: Excel đã đổi ô này thành ngày"),  # noqa: DTZ001
    ("Bản dịch", 2, "Tóm tắt", None, "Tóm tắt: còn thiếu"),
    ("Văn bản luật", 3, "Tên", None, "Tên: còn thiếu"),
    ("Văn bản luật", 3, "Số văn bản", "số 2 / 2013", "số văn bản viết như in trên văn bản"),
    ("Văn bản luật", 3, "Hết hiệu lực từ", "01/07/2014", "phải sau ngày có hiệu lực"),
    ("Sửa đổi luật", 2, "Từ ngày", None, "Từ ngày: còn thiếu"),
    ("Sửa đổi luật", 2, "Đã đọc văn bản sửa đổi", "chắc vậy", "phải là có hoặc không"),
    ("Bài viết", LAND_ROW, "Trả lời", "x" * 501, "Trả lời: dài quá 500 chữ cái"),
    ("Bài viết", LAND_ROW, "Tiêu đề", "x" * 81, "Tiêu đề: dài quá 80 chữ cái"),
]


@pytest.mark.parametrize(("sheet", "row", "column", "value", "why"), BAD_CELLS)
def test_a_bad_cell_is_told_with_its_sheet_row_and_reason(
    library: Library, sheet: str, row: int, column: str, value: object, why: str
) -> None:
    read = read_workbook(edited(to_workbook(library), put(sheet, row, column, value)))

    assert any(
        (one.place, one.row) == (sheet, row) and why in one.reason for one in check(read, library)
    ), read.problems


def test_what_was_long_before_there_were_limits_goes_out_and_comes_in_again(
    tmp_path: Path,
) -> None:
    long = article("land-01").model_copy(update={"answer": "x" * 501})
    library = load_library(write(tmp_path, long))

    read = read_workbook(to_workbook(library))

    assert check(read, library) == ()


def test_all_bad_rows_are_told_not_only_the_first(library: Library) -> None:
    content = to_workbook(library)
    for sheet, row, column, value, _ in BAD_CELLS[1:4]:
        content = edited(content, put(sheet, row, column, value))
    content = edited(content, put("Văn bản luật", 3, "Tên", None))
    content = edited(content, put("Cách hỏi", 2, "Mã bài", "land-77"))

    found = check(read_workbook(content), library)

    told = {(one.place, one.row) for one in found}
    assert {("Bài viết", 3), ("Văn bản luật", 3), ("Cách hỏi", 2)} <= told
    assert sum((one.place, one.row) == ("Bài viết", 3) for one in found) >= 3


def test_missing_sheets_and_columns_and_strange_ones_are_told(library: Library) -> None:
    def change(book: Any) -> None:
        del book["Căn cứ"]
        book["Bài viết"]["C1"] = "Tựa đề hay"

    found = read_workbook(edited(to_workbook(library), change)).problems

    assert Problem("Căn cứ", None, "thiếu trang tính này") in found
    assert Problem("Bài viết", 1, "thiếu cột “Tiêu đề”") in found
    assert any("không biết cột “Tựa đề hay”" in one.reason for one in found)


def test_columns_may_stand_in_any_order_and_headings_in_any_spelling(library: Library) -> None:
    def change(book: Any) -> None:
        page = book["Cách hỏi"]
        for row in page.iter_rows():
            row[0].value, row[1].value = row[1].value, row[0].value
        page["A1"], page["B1"] = "CACH  HOI", "ma bai"

    read = read_workbook(edited(to_workbook(library), change))

    assert check(read, library) == ()
    assert changes(read, library).articles == ()


def test_text_that_looks_like_a_formula_stays_text(library: Library) -> None:
    land = library.articles["land-01"].model_copy(update={"answer": '=HYPERLINK("http://x","y")'})
    bold = Library({**library.articles, "land-01": land}, library.laws)

    content = to_workbook(bold)

    cells = [
        cell
        for page in openpyxl.load_workbook(io.BytesIO(content)).worksheets
        for row in page.iter_rows()
        for cell in row
    ]
    assert all(cell.data_type != "f" and cell.hyperlink is None for cell in cells)
    assert read_workbook(content).articles[1].value.answer == land.answer


def test_the_workbook_explains_itself_and_has_the_sheets_named(library: Library) -> None:
    names = openpyxl.load_workbook(io.BytesIO(to_workbook(library))).sheetnames

    assert names == ["Giải thích", *(sheet.name for sheet in SHEETS)]
    assert {"Bài viết", "Cách hỏi", "Căn cứ", "Văn bản luật"} <= set(names)


# --- files that are none ------------------------------------------------------------------------


def bomb() -> bytes:
    return zipped({"land/land-01.yaml": b"a" * 40_000_000})


def locked() -> bytes:
    content = bytearray(zipped({"land/land-01.yaml": "x: 1"}))
    content[content.index(b"PK\x01\x02") + 8] |= 1
    return bytes(content)


@pytest.mark.parametrize(
    "content",
    [
        pytest.param(b"", id="empty"),
        pytest.param(b"\xd0\xcf\x11\xe0" + b"\x00" * 600, id="old excel"),
        pytest.param(b"x" * (10 * 1024 * 1024 + 1), id="too large"),
        pytest.param(bomb(), id="bomb"),
        pytest.param(locked(), id="locked"),
        pytest.param(zipped({}), id="nothing in it"),
        pytest.param(zipped({f"{n}.yaml": "" for n in range(5_001)}), id="too many files"),
    ],
)
def test_what_is_no_file_of_ours_is_refused_as_a_whole(content: bytes) -> None:
    with pytest.raises(BadFileError):
        read_zip(content)
    with pytest.raises(BadFileError):
        read_workbook(content)


def test_a_damaged_file_is_refused_not_a_failure(library: Library) -> None:
    for content, hear in (
        (to_workbook(library), read_workbook),
        (to_zip(library, TODAY), read_zip),
    ):
        middle = len(content) // 2
        for damaged in (
            content[:middle],
            content[: middle // 2] + b"\x00" * 200 + content[middle // 2 + 200 :],
        ):
            with pytest.raises(BadFileError):
                hear(damaged)


def test_a_zip_that_is_no_workbook_is_not_taken_for_one() -> None:
    with pytest.raises(BadFileError):
        read_workbook(zipped({"[Content_Types].xml": "<x/>"}))


def test_a_sheet_that_claims_a_million_rows_is_read_no_further_than_bearable(
    library: Library,
) -> None:
    content = edited(to_workbook(library), put("Cách hỏi", 1_048_576, "Cách hỏi", "xa lắm"))

    with pytest.raises(BadFileError, match="quá nhiều dòng"):
        read_workbook(content)
