"""The whole base carried out and in: what a file would change, and all that is wrong with it. Pure.

Two forms: YAML files as the repository keeps them (`yaml_files`) and a workbook for people who
live in Excel (`workbook`). Whatever comes in is judged as a whole before anything is done with it.
"""

import io
import re
import zipfile
from collections import Counter
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from typing import Generic, TypeVar

from knowledge.article import LIMITS, Article, Status, overlong
from knowledge.laws import Law
from knowledge.library import Library
from knowledge.vietnamese import fold, syllables

MOST_BYTES = 10 * 1024 * 1024
"""Of a file that is brought in."""
_MOST_UNPACKED = 30 * 1024 * 1024
_MOST_FILES = 5_000
_NUMBER = re.compile(r"\w[\w.\-]*(/\w[\w.\-]*)*")
_LONGEST_NUMBER = 60

T = TypeVar("T")

LABELS: Mapping[str, str] = {
    "id": "Mã bài",
    "field": "Lĩnh vực",
    "title": "Tiêu đề",
    "short": "Tên ngắn",
    "answer": "Trả lời",
    "first_step": "Việc làm trước",
    "where": "Tới đâu",
    "time_limits": "Thời hạn",
    "papers": "Giấy tờ",
    "wordings": "Cách hỏi",
    "sources": "Căn cứ",
    "confidence": "Độ chắc",
    "status": "Tình trạng",
    "open_points": "Điểm cần kiểm",
    "reviewed_on": "Ngày duyệt",
    "good_until": "Số liệu đúng tới",
    "translations": "Bản dịch",
    "law": "Văn bản",
    "article": "Điều",
    "note": "Ghi chú",
    "number": "Số văn bản",
    "name": "Tên",
    "also": "Mã khác",
    "issued": "Ngày ban hành",
    "effective": "Có hiệu lực từ",
    "lapses": "Hết hiệu lực từ",
    "replaced_by": "Thay bằng",
    "amendments": "Sửa đổi",
    "by": "Văn bản sửa đổi",
    "from": "Từ ngày",
    "text_seen": "Đã đọc văn bản sửa đổi",
    "articles": "Chỉ sửa các điều",
    "language": "Ngôn ngữ",
    "summary": "Tóm tắt",
}
"""What the parts of an article and of a law are called, by their names in the files."""


def _too_long(part: str) -> str:
    return f"dài quá {LIMITS[part]} chữ cái"


_REASONS: Mapping[str, str] = {
    "missing": "còn thiếu",
    "string_too_short": "không được để trống",
    "string_too_long": _too_long("short"),  # the only text that has a length of its own
    "string_type": "phải là chữ (số thì đặt trong dấu nháy)",
    "string_pattern_mismatch": "phải có dạng như land-01",
    "too_short": "còn ít quá: cần ít nhất 8 cách hỏi và 1 căn cứ",
    "enum": "không có trong danh sách cho phép",
    "extra_forbidden": "không có mục nào tên như vậy",
    "tuple_type": "phải là một danh sách",
    "dict_type": "phải là một nhóm mục",
    "model_type": "phải là một nhóm mục",
    "bool_parsing": "phải là có hoặc không",
    "bool_type": "phải là có hoặc không",
}


def reason(kind: str, said: str) -> str:
    """Why pydantic refuses a value, for staff; `said`: its own words, for what is rare."""
    if kind.startswith("date"):
        return "không phải là ngày (viết như 31/12/2026)"
    return _REASONS.get(kind, said)


def label(loc: Iterable[int | str]) -> str:
    """A part of an article or law, as staff call it; lists are counted from 1."""
    return " ".join(
        str(part + 1) if isinstance(part, int) else LABELS.get(part, part) for part in loc
    )


class BadFileError(Exception):
    """A file that can't be read at all; says why, for staff."""


@dataclass(frozen=True, slots=True)
class Problem:
    """One thing that stands in the way of a file."""

    place: str
    """The sheet or the file it stands in."""
    row: int | None
    """The row of the sheet or the line of the file."""
    reason: str


@dataclass(frozen=True, slots=True)
class Placed(Generic[T]):
    """Something read, and where it stood."""

    value: T
    place: str
    row: int | None
    parts: Mapping[str, tuple[tuple[str, int | None], ...]] = field(default_factory=dict)
    """Where the entries of its lists stood: sheet or file, row or line."""

    def problem(self, reason: str, part: str = "", number: int = 0) -> Problem:
        """What is wrong with it, or with an entry of one of its lists."""
        places = self.parts.get(part, ())
        place, row = places[number] if number < len(places) else (self.place, self.row)
        return Problem(place, row, reason)


@dataclass(frozen=True, slots=True)
class Read:
    """What a file holds, whole or not."""

    articles: tuple[Placed[Article], ...]
    laws: tuple[Placed[Law], ...]
    problems: tuple[Problem, ...]


@dataclass(frozen=True, slots=True)
class Change(Generic[T]):
    """What a file says anew of one article or law; `before` is None for a new one."""

    key: str
    before: T | None
    after: T


@dataclass(frozen=True, slots=True)
class Changes:
    """What a file would change; what it leaves out stays as it is."""

    laws: tuple[Change[Law], ...]
    articles: tuple[Change[Article], ...]
    unchanged: int


def unpacked(content: bytes) -> zipfile.ZipFile:
    """A ZIP file that may be opened: of bearable size, whole, not locked.

    Raises:
        BadFileError: it is none of that.
    """
    if len(content) > MOST_BYTES:
        raise BadFileError("Tệp lớn quá 10 MB.")
    try:
        packed = zipfile.ZipFile(io.BytesIO(content))
    except (zipfile.BadZipFile, ValueError, NotImplementedError) as problem:
        raise BadFileError("Đây không phải tệp ZIP hay XLSX, hoặc tệp bị hỏng.") from problem
    parts = packed.infolist()
    # zipfile never unpacks more of a part than is declared here.
    if len(parts) > _MOST_FILES or sum(part.file_size for part in parts) > _MOST_UNPACKED:
        raise BadFileError("Tệp này bung ra quá lớn, không phải tệp của kho kiến thức.")
    if any(part.flag_bits & 0x1 for part in parts):
        raise BadFileError("Tệp bị khóa mật khẩu.")
    return packed


def number_fault(number: str) -> str | None:
    """Why a law can't have this number: it is kept under it, and stands in addresses."""
    if len(number) > _LONGEST_NUMBER:
        return f"số văn bản dài quá {_LONGEST_NUMBER} chữ cái"
    if number == "new" or not _NUMBER.fullmatch(number):
        return "số văn bản viết như in trên văn bản: 52/2014/QH13, không có khoảng trắng"
    return None


def law_faults(law: Law) -> tuple[str, ...]:
    """What is wrong within one law's entry that its form alone does not forbid."""
    fault = number_fault(law.number)
    found = [fault] if fault is not None else []
    if law.lapses and law.effective and law.lapses <= law.effective:
        found.append("ngày hết hiệu lực phải sau ngày có hiệu lực")
    if law.replaced_by in (law.number, *law.also):
        found.append("văn bản không thể tự thay cho mình")
    twice = [by for by, count in Counter(one.by for one in law.amendments).items() if count > 1]
    found += [f"văn bản sửa đổi {by} có hai lần" for by in twice]
    own = Counter((law.number, *law.also))
    found += [f"mã {key} có hai lần" for key, count in own.items() if count > 1]
    return tuple(found)


def register_faults(law: Law, library: Library) -> tuple[str, ...]:
    """Why a law's entry does not fit among the others and the articles that cite it."""
    own = (law.number, *law.also)
    found = [
        f"mã {key} đã là của {other.short}"
        for other in library.laws
        if other.number != law.number
        for key in own
        if key in (other.number, *other.also)
    ]
    before = _registered(library, law.number)
    dropped = {before.number, *before.also} - set(own) if before is not None else set()
    found += [
        f"mã {key} đang được dẫn trong {', '.join(citing)}"
        for key in sorted(dropped)
        if (citing := cited_by(library, (key,)))
    ]
    return tuple(found)


def cited_by(library: Library, keys: Iterable[str]) -> tuple[str, ...]:
    """The ids of the articles that cite a law by one of these keys."""
    wanted = set(keys)
    return tuple(
        article.id
        for article in library.articles.values()
        if any(source.law in wanted for source in article.sources)
    )


def changes(read: Read, library: Library) -> Changes:
    """What the file says that is not so already.

    Whether a thing is reviewed is an officer's act and no file's: that is taken from the base for
    comparing, and what changes is a draft again. The order of wordings says nothing.
    """
    laws, articles, unchanged = [], [], 0
    for law in (placed.value for placed in read.laws):
        there = _registered(library, law.number)
        if there == law.model_copy(update={"reviewed_on": there.reviewed_on if there else None}):
            unchanged += 1
        else:
            laws.append(Change(law.number, there, unreviewed(law)))
    for article in (placed.value for placed in read.articles):
        before = library.articles.get(article.id)
        if before is not None and _content(before) == _content(article):
            unchanged += 1
        else:
            articles.append(Change(article.id, before, unreviewed(article)))
    return Changes(tuple(laws), tuple(articles), unchanged)


def _registered(library: Library, number: str) -> Law | None:
    """The law of this very number, not one that has it as another key."""
    return next((law for law in library.laws if law.number == number), None)


def _content(article: Article) -> Article:
    return unreviewed(article).model_copy(update={"wordings": tuple(sorted(article.wordings))})


Known = TypeVar("Known", Article, Law)


def unreviewed(known: Known) -> Known:
    """The same without anybody's review."""
    fresh = {"reviewed_on": None, "status": Status.DRAFT_SOURCED}
    update = {name: value for name, value in fresh.items() if name in type(known).model_fields}
    return known.model_copy(update=update)


def check(read: Read, library: Library) -> tuple[Problem, ...]:
    """All that is wrong with a file: within it, and beside what it leaves as it is."""
    return (
        *read.problems,
        *_check_twice(read),
        *_check_laws(read, library),
        *_check_articles(read, library),
    )


def _check_twice(read: Read) -> Iterator[Problem]:
    keyed = [(placed.value.number, placed) for placed in read.laws]
    for key, placed in _again(keyed):
        yield placed.problem(f"{key} có hai lần trong tệp")
    for key, one in _again([(placed.value.id, placed) for placed in read.articles]):
        yield one.problem(f"{key} có hai lần trong tệp")


def _again(keyed: list[tuple[str, Placed[T]]]) -> Iterator[tuple[str, Placed[T]]]:
    seen: set[str] = set()
    for key, placed in keyed:
        if key in seen:
            yield key, placed
        seen.add(key)


def _check_laws(read: Read, library: Library) -> Iterator[Problem]:
    brought = {placed.value.number: placed for placed in read.laws}
    stays = [law for law in library.laws if law.number not in brought]
    owners = {key: law.number for law in stays for key in (law.number, *law.also)}
    for number, placed in brought.items():
        law = placed.value
        for fault in law_faults(law):
            yield placed.problem(fault)
        for key in dict.fromkeys((law.number, *law.also)):
            owner = owners.setdefault(key, number)
            if owner != number:
                yield placed.problem(f"mã {key} đã là của {owner}")
    replaced = {placed.value.id for placed in read.articles}
    for article in library.articles.values():
        if article.id in replaced:
            continue
        for source in article.sources:
            if source.law not in owners:
                holder = brought[library.laws[source.law].number]
                yield holder.problem(f"mã {source.law} đang được dẫn trong {article.id}")


def _check_articles(read: Read, library: Library) -> Iterator[Problem]:
    registered = {key for law in library.laws for key in (law.number, *law.also)}
    for placed_law in read.laws:
        registered |= {placed_law.value.number, *placed_law.value.also}
    brought = {placed.value.id for placed in read.articles}
    owners: dict[str, str] = {}
    for one in library.articles.values():
        if one.id not in brought:
            owners |= {_key(text): one.id for _, _, text in _found_by(one)}
    for placed in read.articles:
        article = placed.value
        if article.id.rpartition("-")[0] != article.field:
            yield placed.problem(f"mã {article.id} không đúng lĩnh vực {article.field}")
        there = library.articles.get(article.id)
        if there is None or _content(there) != _content(article):
            for part in overlong(article.model_dump(include=set(LIMITS))):
                yield placed.problem(f"{LABELS[part]}: {_too_long(part)}")
        for number, source in enumerate(article.sources):
            if source.law not in registered:
                said = f"dẫn {source.law}, chưa có trong danh sách văn bản luật"
                yield placed.problem(said, "sources", number)
        for part, number, text in _found_by(article):
            owner = owners.setdefault(_key(text), article.id)
            if owner != article.id:
                yield placed.problem(f"“{text}” đã có trong bài {owner}", part, number)


def _found_by(article: Article) -> Iterator[tuple[str, int, str]]:
    """Each text that leads to an article, and which part of it that is."""
    yield "title", 0, article.title
    yield "short", 0, article.short
    for number, text in enumerate(article.wordings):
        yield "wordings", number, text


def _key(text: str) -> str:
    return " ".join(syllables(fold(text)))
