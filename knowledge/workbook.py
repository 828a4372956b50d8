"""The base as a workbook for people who live in Excel. Pure.

Excel changes what is typed: an article number becomes a number with a comma, a day becomes a
moment or a count of days. What is meant is taken back from that; what can't be is reported with
its sheet and row.
"""

import datetime as dt
import io
import re
import unicodedata
from collections import defaultdict
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from enum import Enum, auto
from typing import Any, assert_never

from pydantic import BaseModel, ValidationError

from knowledge.article import Article, Confidence, FieldId
from knowledge.exchange import LABELS, BadFileError, Placed, Problem, Read, label, reason, unpacked
from knowledge.laws import Law
from knowledge.library import Library

_MOST_ROWS = 60_000
_MOST_COLUMNS = 40
_DAYS_OF_EXCEL = (1, 80_000)
"""As a number, a day between 1900 and 2119."""


class _Kind(Enum):
    TEXT = auto()
    LINES = auto()
    """One thing a line."""
    LIST = auto()
    """Short things with commas between them."""
    DAY = auto()
    YES_NO = auto()


@dataclass(frozen=True, slots=True)
class _Column:
    name: str
    width: int = 20
    kind: _Kind = _Kind.TEXT
    needed: bool = False
    choices: tuple[str, ...] = ()

    @property
    def label(self) -> str:
        return LABELS[self.name]


@dataclass(frozen=True, slots=True)
class _Sheet:
    name: str
    columns: tuple[_Column, ...]


_ID = _Column("id", 18, needed=True)
_NUMBER = _Column("number", 22, needed=True)
ARTICLES = _Sheet(
    "Bài viết",
    (
        _ID,
        _Column("field", 16, needed=True, choices=tuple(FieldId)),
        _Column("title", 40),
        _Column("short", 30),
        _Column("answer", 70),
        _Column("first_step", 50),
        _Column("where", 50),
        _Column("time_limits", 40, _Kind.LINES),
        _Column("papers", 40, _Kind.LINES),
        _Column("confidence", 10, choices=tuple(Confidence)),
        _Column("status", 16),
        _Column("open_points", 50, _Kind.LINES),
        _Column("reviewed_on", 14, _Kind.DAY),
        _Column("good_until", 16, _Kind.DAY),
    ),
)
WORDINGS = _Sheet("Cách hỏi", (_ID, _Column("wordings", 80)))
SOURCES = _Sheet("Căn cứ", (_ID, _Column("law", 24), _Column("article", 12), _Column("note", 50)))
TRANSLATIONS = _Sheet(
    "Bản dịch", (_ID, _Column("language", 12), _Column("title", 50), _Column("summary", 70))
)
LAWS = _Sheet(
    "Văn bản luật",
    (
        _NUMBER,
        _Column("name", 50),
        _Column("short", 40),
        _Column("also", 24, _Kind.LINES),
        _Column("issued", 16, _Kind.DAY),
        _Column("effective", 16, _Kind.DAY),
        _Column("lapses", 18, _Kind.DAY),
        _Column("replaced_by", 24),
        _Column("confidence", 10, choices=tuple(Confidence)),
        _Column("reviewed_on", 14, _Kind.DAY),
    ),
)
AMENDMENTS = _Sheet(
    "Sửa đổi luật",
    (
        _NUMBER,
        _Column("by", 24),
        _Column("from", 14, _Kind.DAY),
        _Column("text_seen", 24, _Kind.YES_NO, choices=("có", "không")),
        _Column("articles", 24, _Kind.LIST),
    ),
)
SHEETS = (ARTICLES, WORDINGS, SOURCES, TRANSLATIONS, LAWS, AMENDMENTS)

_EXPLANATIONS = (
    "Tệp này chứa toàn bộ kho kiến thức của Tràm. Sửa xong thì nhập lại ở trang Nhập, xuất.",
    "Nhập vào chỉ tạo bản nháp. Người thứ hai duyệt và đăng thì người dân mới thấy.",
    "Không đổi tên trang tính và dòng tiêu đề. Thứ tự cột không quan trọng.",
    "Mã bài (như land-01) nối các trang tính với nhau. Bài mới: đặt mã mới trong cùng lĩnh vực.",
    "Bỏ một bài khỏi tệp không xóa bài đó: bài giữ nguyên như đang đăng.",
    "Bài viết: Thời hạn, Giấy tờ và Điểm cần kiểm ghi mỗi ý một dòng trong ô (Alt+Enter).",
    "Cách hỏi: mỗi dòng một cách hỏi; mỗi bài ít nhất 8 cách.",
    "Sửa đổi luật: Chỉ sửa các điều ghi như 137, 138; để trống nếu chưa rõ sửa điều nào.",
    "Căn cứ: mỗi dòng một điều luật; Văn bản phải có trong trang Văn bản luật.",
    "Ngày ghi như 31/12/2026. Độ chắc: C đã đọc văn bản, P còn sửa đổi chưa đọc, U theo trí nhớ.",
    "Tình trạng và Ngày duyệt chỉ để xem: nhập vào không đổi được, phải duyệt trên trang.",
    "Không dùng công thức: ô có công thức bị từ chối.",
    "Các chỗ như {centre}, {province} giữ nguyên: máy điền tên cơ quan của tỉnh vào đó.",
)


# --- out ----------------------------------------------------------------------------------------


def to_workbook(library: Library) -> bytes:
    """The base as an XLSX file; nothing in it is a formula or a link."""
    import xlsxwriter

    made = io.BytesIO()
    options = {
        "in_memory": True,
        "strings_to_formulas": False,
        "strings_to_urls": False,
        "strings_to_numbers": False,
    }
    with xlsxwriter.Workbook(made, options) as book:
        book.set_properties({"title": "Kho kiến thức của Tràm"})
        head = book.add_format({"bold": True, "bg_color": "#E2F0E8", "border": 1, "valign": "top"})
        body = book.add_format({"text_wrap": True, "valign": "top", "num_format": "@"})
        day = book.add_format({"num_format": "dd/mm/yyyy", "valign": "top", "align": "left"})
        notes = book.add_worksheet("Giải thích")
        notes.set_column(0, 0, 110)
        for row, text in enumerate(_EXPLANATIONS):
            notes.write_string(row, 0, text, body)
        rows = _rows(library)
        for sheet in SHEETS:
            page = book.add_worksheet(sheet.name)
            page.freeze_panes(1, 1)
            for place, column in enumerate(sheet.columns):
                page.set_column(place, place, column.width, body)
                page.write_string(0, place, column.label, head)
                if column.choices:
                    page.data_validation(
                        1, place, 5_000, place, {"validate": "list", "source": list(column.choices)}
                    )
            for row, told in enumerate(rows[sheet.name], 1):
                for place, column in enumerate(sheet.columns):
                    value = told.get(column.name)
                    if isinstance(value, dt.date):
                        page.write_datetime(row, place, value, day)
                    elif value is not None:
                        page.write_string(row, place, _cell(column, value), body)
    return made.getvalue()


def _rows(library: Library) -> Mapping[str, list[Mapping[str, Any]]]:
    rows: dict[str, list[Mapping[str, Any]]] = {sheet.name: [] for sheet in SHEETS}
    for article in library.articles.values():
        own = {"id": article.id}
        rows[ARTICLES.name].append(article.model_dump())
        rows[WORDINGS.name] += [own | {"wordings": text} for text in article.wordings]
        rows[SOURCES.name] += [own | source.model_dump() for source in article.sources]
        rows[TRANSLATIONS.name] += [
            own | {"language": language} | text.model_dump()
            for language, text in article.translations.items()
        ]
    for law in library.laws:
        rows[LAWS.name].append(law.model_dump())
        rows[AMENDMENTS.name] += [
            {"number": law.number} | change.model_dump(by_alias=True) for change in law.amendments
        ]
    return rows


def _cell(column: _Column, value: Any) -> str:
    match column.kind:
        case _Kind.TEXT | _Kind.DAY:
            return str(value)
        case _Kind.LINES:
            return "\n".join(" ".join(str(one).splitlines()) for one in value)
        case _Kind.LIST:
            return ", ".join(value)
        case _Kind.YES_NO:
            return "có" if value else "không"
        case _:
            assert_never(column.kind)


# --- in -----------------------------------------------------------------------------------------


@dataclass
class _Row:
    """One row of a sheet, read but not yet judged."""

    sheet: str
    number: int
    values: dict[str, Any]


@dataclass
class _Reading:
    """What is being read, and what went wrong so far."""

    rows: dict[str, list[_Row]] = field(default_factory=lambda: defaultdict(list))
    problems: list[Problem] = field(default_factory=list)

    def wrong(self, sheet: str, row: int | None, why: str) -> None:
        self.problems.append(Problem(sheet, row, why))


def read_workbook(content: bytes) -> Read:
    """Read a workbook of this form.

    Raises:
        BadFileError: it is no workbook.
    """
    import openpyxl  # here, as no start needs to wait for it

    unpacked(content).close()
    reading = _Reading()
    try:
        book = openpyxl.load_workbook(io.BytesIO(content), read_only=True, keep_links=False)
        for sheet in SHEETS:
            if sheet.name in book.sheetnames:
                _read_sheet(book[sheet.name], sheet, reading)
            else:
                reading.wrong(sheet.name, None, "thiếu trang tính này")
    except BadFileError:
        raise
    except Exception as problem:  # what a damaged workbook makes the reader raise is not told
        raise BadFileError("Không đọc được tệp Excel này. Hãy lưu lại dạng .xlsx.") from problem
    articles = tuple(_assembled(reading, ARTICLES, Article, _article))
    laws = tuple(_assembled(reading, LAWS, Law, _law))
    return Read(articles, laws, tuple(reading.problems))


def _read_sheet(page: Any, sheet: _Sheet, reading: _Reading) -> None:
    page.reset_dimensions()  # what a file says of its own size may be wrong
    places: dict[int, _Column] = {}
    for number, cells in enumerate(page.iter_rows(max_col=_MOST_COLUMNS), 1):
        if number > _MOST_ROWS:
            raise BadFileError(f"Trang tính “{sheet.name}” có quá nhiều dòng.")
        if number == 1:
            places = _heads(cells, sheet, reading)
            continue
        values: dict[str, Any] = {}
        for place, column in places.items():
            cell = cells[place] if place < len(cells) else None
            if cell is None or cell.value is None:
                continue
            try:
                values[column.name] = _value(column, cell.value, cell.data_type)
            except ValueError as problem:
                reading.wrong(sheet.name, number, f"{column.label}: {problem}")
                values[column.name] = None
        if any(value not in (None, "", ()) for value in values.values()):
            reading.rows[sheet.name].append(_Row(sheet.name, number, values))


def _heads(cells: Sequence[Any], sheet: _Sheet, reading: _Reading) -> dict[int, _Column]:
    by_label = {_bare(column.label): column for column in sheet.columns}
    places: dict[int, _Column] = {}
    for place, cell in enumerate(cells):
        said = _clean(str(cell.value)) if cell.value is not None else ""
        if not said:
            continue
        column = by_label.pop(_bare(said), None)
        if column is None:
            reading.wrong(sheet.name, 1, f"không biết cột “{said[:60]}”, hoặc cột có hai lần")
        else:
            places[place] = column
    for column in by_label.values():
        reading.wrong(sheet.name, 1, f"thiếu cột “{column.label}”")
    return places


def _value(column: _Column, value: Any, kind: str) -> Any:
    """What is meant by a cell.

    Raises:
        ValueError: that can't be told; says why.
    """
    if kind == "f":
        raise ValueError("ô này có công thức, hãy thay bằng chữ")
    if kind == "e":
        raise ValueError(f"ô này báo lỗi {value}")
    match column.kind:
        case _Kind.TEXT:
            return _text(value) or None
        case _Kind.LINES:
            return _parts(_text(value).split("\n"))
        case _Kind.LIST:
            return _parts(re.split(r"[,;\n]", _text(value)))
        case _Kind.DAY:
            return _day(value)
        case _Kind.YES_NO:
            return _yes(value)
        case _:
            assert_never(column.kind)


def _parts(said: Iterable[str]) -> tuple[str, ...]:
    return tuple(part.strip() for part in said if part.strip())


def _text(value: Any) -> str:
    match value:
        case bool():
            raise ValueError("ô này là đúng/sai, hãy ghi bằng chữ")
        case dt.datetime() | dt.date() | dt.time():
            raise ValueError("Excel đã đổi ô này thành ngày giờ, hãy định dạng ô là chữ rồi gõ lại")
        case float() if value.is_integer():
            return str(int(value))
        case _:
            return _clean(str(value))


def _day(value: Any) -> dt.date | None:
    match value:
        case dt.datetime():
            return value.date()
        case dt.date():
            return value
        case bool():
            raise ValueError("không phải là ngày (viết như 31/12/2026)")
        case int() | float() if _DAYS_OF_EXCEL[0] <= value <= _DAYS_OF_EXCEL[1]:
            from openpyxl.utils.datetime import from_excel

            moment = from_excel(value)
            if isinstance(moment, dt.datetime):
                return moment.date()
        case str():
            said = _clean(value)
            if not said:
                return None
            for form in ("%d/%m/%Y", "%Y-%m-%d", "%d-%m-%Y", "%d.%m.%Y"):
                try:
                    return dt.datetime.strptime(said, form).date()  # noqa: DTZ007 - a day only
                except ValueError:
                    continue
    raise ValueError("không phải là ngày (viết như 31/12/2026)")


def _yes(value: Any) -> bool | None:
    said = _bare(_clean(str(value)))
    known = {"co": True, "khong": False, "true": True, "false": False, "1": True, "0": False}
    if said and said not in known:
        raise ValueError("phải là có hoặc không")
    return known.get(said)


def _clean(text: str) -> str:
    """As typed elsewhere: composed letters, one kind of line end."""
    composed = unicodedata.normalize("NFC", text)
    return composed.replace("\r\n", "\n").replace("\r", "\n").replace("\u00a0", " ").strip()


def _bare(text: str) -> str:
    parts = unicodedata.normalize("NFD", text.lower().replace("đ", "d"))
    return " ".join("".join(one for one in parts if not unicodedata.combining(one)).split())


# --- rows together ------------------------------------------------------------------------------


@dataclass(frozen=True)
class _Parts:
    """The rows of other sheets that belong to one row: by part, in the order of the sheet."""

    told: dict[str, Any]
    rows: Mapping[str, tuple[_Row, ...]]


def _article(own: _Row, of: Callable[[_Sheet], tuple[_Row, ...]]) -> _Parts:
    wordings, sources, translations = of(WORDINGS), of(SOURCES), of(TRANSLATIONS)
    told = dict(own.values)
    told["wordings"] = [row.values.get("wordings") for row in wordings]
    told["sources"] = [_without(row.values, "id") for row in sources]
    told["translations"] = {
        str(row.values.get("language")): _without(row.values, "id", "language")
        for row in translations
    }
    by_part = {"wordings": wordings, "sources": sources, "translations": translations}
    return _Parts(told, by_part)


def _law(own: _Row, of: Callable[[_Sheet], tuple[_Row, ...]]) -> _Parts:
    amendments = of(AMENDMENTS)
    told = dict(own.values)
    told["amendments"] = [_without(row.values, "number") for row in amendments]
    return _Parts(told, {"amendments": amendments})


def _without(values: Mapping[str, Any], *names: str) -> dict[str, Any]:
    return {name: value for name, value in values.items() if name not in names}


_Put = Callable[[_Row, Callable[[_Sheet], tuple[_Row, ...]]], _Parts]


def _assembled(
    reading: _Reading, sheet: _Sheet, kind: type[Any], put: _Put
) -> Iterator[Placed[Any]]:
    """The things of one sheet with their rows in the others; those that fit."""
    key = sheet.columns[0].name
    others = [one for one in SHEETS if one is not sheet and one.columns[0].name == key]
    keys = {row.values.get(key) for row in reading.rows[sheet.name]}
    parts: dict[tuple[str, str], list[_Row]] = defaultdict(list)
    for other in others:
        for row in reading.rows[other.name]:
            owner = row.values.get(key)
            parts[other.name, str(owner)].append(row)
            if owner is None:
                reading.wrong(other.name, row.number, f"{LABELS[key]}: còn thiếu")
            elif owner not in keys:
                reading.wrong(other.name, row.number, f"{owner} không có ở trang “{sheet.name}”")
    broken = {(one.place, one.row) for one in reading.problems}
    for own in reading.rows[sheet.name]:
        name = str(own.values.get(key))
        together = put(own, lambda other, name=name: tuple(parts[other.name, name]))  # type: ignore[misc]
        told = _told(together.told, kind)
        try:
            value = kind.model_validate(told)
        except ValidationError as problem:
            for found in _found(problem, own, together):
                if (found.place, found.row) not in broken:  # a cell that was refused is told once
                    reading.problems.append(found)
            continue
        places = {
            part: tuple((row.sheet, row.number) for row in rows)
            for part, rows in together.rows.items()
        }
        yield Placed(value, own.sheet, own.number, places)


def _told(values: Mapping[str, Any], kind: type[BaseModel]) -> dict[str, Any]:
    """Without empty cells, so that what may be left out is left out."""
    needed = {name for name, one in kind.model_fields.items() if one.is_required()}
    told = {name: value for name, value in values.items() if value is not None}
    return {name: _told_within(value) for name, value in told.items() if value or name in needed}


def _told_within(value: Any) -> Any:
    if isinstance(value, list):
        return [_told_within(one) for one in value]
    if isinstance(value, dict):
        return {name: _told_within(one) for name, one in value.items() if one is not None}
    return value


def _found(problem: ValidationError, own: _Row, together: _Parts) -> Iterable[Problem]:
    for error in problem.errors(include_url=False):
        loc = error["loc"]
        place, within = own, loc
        rows = together.rows.get(str(loc[0])) if loc else None
        if rows and len(loc) > 1:
            by_name = [str(row.values.get("language")) for row in rows]
            spot = loc[1] if isinstance(loc[1], int) else by_name.index(str(loc[1]))
            place, within = rows[spot], loc[2:] or loc[:1]
        said = f"{label(within)}: {reason(error['type'], error['msg'])}"
        yield Problem(place.sheet, place.number, said)
