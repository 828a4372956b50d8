"""The list of who gives legal aid as a workbook: taken away, edited in Excel, brought back. Pure.

A row with the number of a card that is known, or without one with a known name at the same office,
is that entry; any other row is a new one. Nobody leaves the list by not standing in the file.
"""

import io
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, TypeVar

from cases.providers import Gender, Provider, ProviderEntry, ProviderKind, Publish
from desk import province_texts as words
from desk import texts
from knowledge.article import FieldId
from knowledge.exchange import BadFileError, unpacked
from knowledge.vietnamese import fold

MOST_ROWS = 2_000
_Value = TypeVar("_Value")
SHEET = "Người thực hiện"
NAME, KIND, OFFICE, AREA, CARD = "Họ tên", "Loại", "Làm ở", "Địa bàn", "Số thẻ"
GENDER, FIELDS, LANGUAGES, PUBLISHES = "Giới tính", "Lĩnh vực", "Ngôn ngữ khác", "Công bố"
COLUMNS = (NAME, KIND, OFFICE, AREA, CARD, GENDER, FIELDS, LANGUAGES, PUBLISHES)
_WIDTHS = (28, 24, 30, 30, 16, 12, 40, 24, 40)
_GENDERS = {Gender.FEMALE: "Nữ", Gender.MALE: "Nam"}
_FIELD_NAMES: Mapping[str, str] = {str(one): texts.field(one) for one in FieldId}
_LONGEST = {NAME: 100, AREA: 200, CARD: 40}


@dataclass(frozen=True, slots=True)
class Wrong:
    """What keeps a row from being taken."""

    row: int
    """As Excel counts it."""
    reason: str


@dataclass(frozen=True, slots=True)
class Roster:
    """What a file says: entries only where nothing is wrong in any row."""

    entries: tuple[ProviderEntry, ...]
    wrong: tuple[Wrong, ...]


def to_workbook(providers: Iterable[Provider], offices: Mapping[str, str]) -> bytes:
    """The list as a workbook; without anybody it is the form to fill in."""
    import xlsxwriter  # here, as no start needs to wait for it

    made = io.BytesIO()
    with xlsxwriter.Workbook(made, {"in_memory": True, "strings_to_formulas": False}) as book:
        bold = book.add_format({"bold": True, "bottom": 1})
        sheet = book.add_worksheet(SHEET)
        sheet.freeze_panes(1, 1)
        for place, (column, width) in enumerate(zip(COLUMNS, _WIDTHS, strict=True)):
            sheet.set_column(place, place, width)
            sheet.write_string(0, place, column, bold)
        for row, one in enumerate(providers, start=1):
            for place, value in enumerate(_cells(one, offices)):
                sheet.write_string(row, place, value)
        last = MOST_ROWS
        for column, choices in (
            (KIND, list(words.PROVIDER_KINDS.values())),
            (GENDER, list(_GENDERS.values())),
        ):
            place = COLUMNS.index(column)
            told = {"validate": "list", "source": choices, "error_type": "warning"}
            sheet.data_validation(1, place, last, place, told)
    return made.getvalue()


def _cells(one: Provider, offices: Mapping[str, str]) -> tuple[str, ...]:
    return (
        one.name,
        words.PROVIDER_KINDS[one.kind],
        offices.get(one.office_id or "", ""),
        one.area or "",
        one.card_number or "",
        _GENDERS[one.gender] if one.gender else "",
        "; ".join(texts.field(each) for each in one.fields),
        "; ".join(words.LANGUAGES[each] for each in one.languages if each in words.LANGUAGES),
        "; ".join(words.PUBLISHES[Publish(each)] for each in one.publishes) or "không",
    )


def read(content: bytes, offices: Mapping[str, str]) -> Roster:
    """What a workbook says; `offices` are the names of the offices by their ids.

    Raises:
        BadFileError: it is no such workbook, or has too many rows.
    """
    import openpyxl

    unpacked(content).close()
    try:
        book = openpyxl.load_workbook(io.BytesIO(content), read_only=True, data_only=True)
        rows = list(book.worksheets[0].iter_rows(max_row=MOST_ROWS + 2, values_only=True))
        book.close()
    except Exception as problem:
        # What others made: the reader answers broken files with whatever error comes first.
        raise BadFileError(
            "Không đọc được tệp này. Hãy lưu lại bằng Excel rồi thử lại."
        ) from problem
    if not rows:
        raise BadFileError("Tệp không có dòng nào.")
    if len(rows) > MOST_ROWS + 1:
        raise BadFileError(f"Nhiều quá {MOST_ROWS} dòng.")
    places = _places(rows[0])
    entries: list[ProviderEntry] = []
    wrong: list[Wrong] = []
    for number, row in enumerate(rows[1:], start=2):
        said = {column: _text(row, place) for column, place in places.items()}
        if not any(said.values()):
            continue
        faults: list[str] = []
        entries.append(_entry(said, offices, faults))
        wrong += [Wrong(number, fault) for fault in faults]
    return Roster(() if wrong else tuple(entries), tuple(wrong))


def _places(titles: Sequence[Any]) -> Mapping[str, int]:
    found = {fold(str(title)): place for place, title in enumerate(titles) if title is not None}
    for needed in (NAME, KIND):
        if fold(needed) not in found:
            raise BadFileError(f"Dòng đầu thiếu cột “{needed}”. Hãy dùng tệp tải từ trang này.")
    return {column: found[fold(column)] for column in COLUMNS if fold(column) in found}


def _text(row: Sequence[Any], place: int) -> str:
    value = row[place] if place < len(row) else None
    if isinstance(value, float) and value.is_integer():
        value = int(value)  # Excel takes a card's number for a number
    return " ".join(str(value).split()) if value is not None else ""


def _entry(said: Mapping[str, str], offices: Mapping[str, str], faults: list[str]) -> ProviderEntry:
    if not said[NAME]:
        faults.append("thiếu họ tên")
    for column, longest in _LONGEST.items():
        if len(said.get(column, "")) > longest:
            faults.append(f"“{column}” dài quá {longest} chữ cái")
    kind = _one(said[KIND], words.PROVIDER_KINDS, KIND, faults)
    if not said[KIND]:
        faults.append("thiếu loại")
    published = said.get(PUBLISHES, "")
    publishes = (
        frozenset[Publish]()
        if fold(published) == "khong"
        else frozenset(_several(published, words.PUBLISHES, PUBLISHES, faults) or Publish)
    )
    return ProviderEntry(
        name=said[NAME],
        kind=kind or ProviderKind.OFFICER,
        office_id=_one(said.get(OFFICE, ""), offices, OFFICE, faults),
        area=said.get(AREA) or None,
        card_number=said.get(CARD) or None,
        gender=_one(said.get(GENDER, ""), _GENDERS, GENDER, faults),
        fields=_several(said.get(FIELDS, ""), _FIELD_NAMES, FIELDS, faults),
        languages=("vi", *_several(said.get(LANGUAGES, ""), words.LANGUAGES, LANGUAGES, faults)),
        publishes=publishes,
    )


def _one(said: str, known: Mapping[_Value, str], column: str, faults: list[str]) -> _Value | None:
    if not said:
        return None
    found = next((value for value, name in known.items() if fold(name) == fold(said)), None)
    if found is None:
        faults.append(f"“{column}”: không hiểu “{said[:60]}”; chọn: {', '.join(known.values())}")
    return found


def _several(
    said: str, known: Mapping[_Value, str], column: str, faults: list[str]
) -> tuple[_Value, ...]:
    found = (_one(one.strip(), known, column, faults) for one in said.split(";"))
    return tuple(dict.fromkeys(one for one in found if one is not None))


def same_as(entry: ProviderEntry, providers: Iterable[Provider]) -> Provider | None:
    """The entry of the list that a row of the file is about."""
    for one in providers:
        if entry.card_number and one.card_number:
            if entry.card_number == one.card_number:
                return one
        elif (fold(one.name), one.office_id) == (fold(entry.name), entry.office_id):
            return one
    return None
