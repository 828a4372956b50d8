"""All articles in a list: searched in any spelling, filtered, counted."""

from collections import Counter
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, replace
from enum import StrEnum
from functools import lru_cache
from typing import assert_never
from urllib.parse import urlencode

import sqlalchemy as sa

from desk import texts
from desk.frame import Frame
from desk.pages.knowledge_article import VOTES_OF, library_now, written_of
from knowledge.article import Article, Confidence, FieldId, Status
from knowledge.feedback import Tally, tallies
from knowledge.search import Search
from knowledge.shelf import ARTICLE, article_of
from knowledge.vietnamese import fold, syllables
from store import documents
from store.documents import Stage, Version
from store.session import Session

PAGE = 50
_NEAREST = 10
"""How many articles the search adds to those whose own words hold what was typed."""


class Needs(StrEnum):
    """The work lists."""

    STALE = "stale"
    DRAFT = "draft"
    REVIEW = "review"
    TO_PUBLISH = "to_publish"
    UNHELPFUL = "unhelpful"
    MISSING = "missing"
    """It counts, but cites a law that is not in the register: citizens don't see it."""
    RETIRED = "retired"


def needs_label(needs: Needs) -> str:
    """The name of a work list."""
    match needs:
        case Needs.STALE:
            return "Luật đã đổi"
        case Needs.DRAFT:
            return "Có bản nháp"
        case Needs.REVIEW:
            return "Chờ duyệt"
        case Needs.TO_PUBLISH:
            return "Chờ đăng"
        case Needs.UNHELPFUL:
            return "Bị chê"
        case Needs.MISSING:
            return "Thiếu văn bản luật"
        case Needs.RETIRED:
            return "Đã gỡ"
        case _:
            assert_never(needs)


@dataclass(frozen=True)
class Row:
    """One article in the list."""

    id: str
    field: FieldId
    title: str
    short: str
    status: Status | None
    """None when nothing of it counts yet."""
    confidence: Confidence | None
    needs: frozenset[Needs]
    stale: str | None
    stage: Stage | None
    """Of the version that is being worked on."""
    tally: Tally
    words: tuple[str, ...]
    """What it is found by."""


@dataclass(frozen=True)
class Filters:
    """What the list is narrowed to; empty: not narrowed."""

    q: str = ""
    field: str = ""
    status: str = ""
    confidence: str = ""
    needs: str = ""
    page: int = 1

    def query(self, **changed: object) -> str:
        """The filters as the end of an address."""
        told = vars(replace(self, page=1)) | changed
        parts = {
            name: value for name, value in told.items() if value and (name, value) != ("page", 1)
        }
        return "?" + urlencode(parts) if parts else ""


@dataclass(frozen=True)
class Group:
    """One way to narrow the list; each choice with the number of articles it would leave."""

    name: str
    label: str
    options: tuple[tuple[str, str, int], ...]


@dataclass(frozen=True)
class Listed:
    """The list as the page shows it."""

    filters: Filters
    rows: tuple[Row, ...]
    total: int
    """How many fit the filters."""
    last_page: int
    groups: tuple[Group, ...]
    articles: int
    """How many count."""
    reviewed: int
    stale: int


def filters_of(asked: Mapping[str, str]) -> Filters:
    """The filters that an address asks for; what they do not know is left out."""

    def known(name: str, values: Iterable[str]) -> str:
        return asked.get(name, "") if asked.get(name, "") in set(values) else ""

    page = asked.get("page", "")
    return Filters(
        q=asked.get("q", "").strip()[:300],
        field=known("field", FieldId),
        status=known("status", Status),
        confidence=known("confidence", Confidence),
        needs=known("needs", Needs),
        page=int(page) if page.isdecimal() and 0 < len(page) < 5 else 1,
    )


def look_at_list(session: Session, frame: Frame, filters: Filters) -> Listed:
    """The list for these filters."""
    library_now(session, frame)
    return narrowed(all_rows(session, frame), filters, frame.shelf.current.search)


def all_rows(session: Session, frame: Frame) -> tuple[Row, ...]:
    """Every article that counts, is written, or counted before it was retired."""
    library = frame.shelf.current.library
    today = session.clock.today()
    votes = tallies(session, today - VOTES_OF, today)
    open_ones = {version.key: version for version in documents.open_ones(session, ARTICLE)}
    retired = {one.key for one in documents.documents(session, ARTICLE) if one.retired}
    unseen = _unseen(session, library.articles)
    rows = []
    for key in sorted({*library.articles, *open_ones, *unseen}):
        article = library.articles.get(key)
        needs = set()
        if article is None and key in unseen:
            article = article_of(unseen[key])
            needs.add(Needs.RETIRED if key in retired else Needs.MISSING)
        stale = texts.stale(article, library.laws, today) if article and not needs else None
        if stale:
            needs.add(Needs.STALE)
        tally = votes.get(key, Tally())
        if tally.unhelpful:
            needs.add(Needs.UNHELPFUL)
        version = open_ones.get(key)
        if version is not None:
            needs.add(_open_list(version.stage))
        rows.append(_row(key, article, version, needs, stale, tally))
    return tuple(rows)


def _unseen(session: Session, seen: Mapping[str, Article]) -> dict[str, Version]:
    """Versions that count without being shown: retired, or citing an unknown law."""
    keys = session.scalars(
        sa.select(Version.key).where(Version.kind == ARTICLE, Version.stage == Stage.PUBLISHED)
    )
    missing = sorted(set(keys) - set(seen))
    query = sa.select(Version).where(
        Version.kind == ARTICLE, Version.stage == Stage.PUBLISHED, Version.key.in_(missing)
    )
    return {version.key: version for version in session.scalars(query)} if missing else {}


def _open_list(stage: Stage) -> Needs:
    match stage:
        case Stage.IN_REVIEW:
            return Needs.REVIEW
        case Stage.APPROVED:
            return Needs.TO_PUBLISH
        case Stage.DRAFT | Stage.PUBLISHED | Stage.SUPERSEDED | Stage.DISCARDED:
            return Needs.DRAFT
        case _:
            assert_never(stage)


def _row(
    key: str,
    article: Article | None,
    version: Version | None,
    needs: set[Needs],
    stale: str | None,
    tally: Tally,
) -> Row:
    stage = version.stage if version is not None else None
    if article is None:
        assert version is not None  # noqa: S101 - one of the two is why the key is listed
        written = written_of(version)
        title, short, field = written.title or key, written.short, written.field
        wordings = written.wordings
    else:
        title, short, field, wordings = (
            article.title,
            article.short,
            article.field,
            article.wordings,
        )
    return Row(
        id=key,
        field=field,
        title=title,
        short=short,
        status=article.status if article is not None else None,
        confidence=article.confidence if article is not None else None,
        needs=frozenset(needs),
        stale=stale,
        stage=stage,
        tally=tally,
        words=(key, title, short, *wordings),
    )


_FITS: Mapping[str, Callable[[Row, str], bool]] = {
    "field": lambda row, value: row.field == value,
    "status": lambda row, value: row.status is not None and row.status == value,
    "confidence": lambda row, value: row.confidence is not None and row.confidence == value,
    "needs": lambda row, value: value in row.needs,
}


def narrowed(rows: tuple[Row, ...], filters: Filters, search: Search) -> Listed:
    """The rows that fit, a page of them, and what each further filter would leave."""
    found = _searched(rows, filters.q, search)
    chosen = {name: value for name in _FITS if (value := getattr(filters, name))}

    def fitting(but: str = "") -> list[Row]:
        wanted = [(_FITS[name], value) for name, value in chosen.items() if name != but]
        return [row for row in found if all(fits(row, value) for fits, value in wanted)]

    fit = fitting()
    last_page = max(1, -(-len(fit) // PAGE))
    page = min(filters.page, last_page)
    counted = [row for row in rows if row.status is not None and Needs.RETIRED not in row.needs]
    return Listed(
        filters=replace(filters, page=page),
        rows=tuple(fit[(page - 1) * PAGE : page * PAGE]),
        total=len(fit),
        last_page=last_page,
        groups=tuple(_group(name, fitting(name)) for name in _FITS),
        articles=len(counted),
        reviewed=sum(row.status is Status.REVIEWED for row in counted),
        stale=sum(Needs.STALE in row.needs for row in counted),
    )


def _group(name: str, rows: list[Row]) -> Group:
    match name:
        case "field":
            counts = Counter[str](row.field for row in rows)
            label, said = "Lĩnh vực", [(str(one), texts.field(one)) for one in FieldId]
        case "status":
            counts = Counter(row.status for row in rows if row.status is not None)
            label = "Tình trạng"
            said = [(str(one), texts.article_status(one)) for one in Status]
        case "confidence":
            counts = Counter(row.confidence for row in rows if row.confidence is not None)
            label = "Căn cứ"
            said = [(str(one), texts.confidence(one)) for one in Confidence]
        case _:
            counts = Counter(one for row in rows for one in row.needs)
            label, said = "Việc cần làm", [(str(one), needs_label(one)) for one in Needs]
    return Group(name, label, tuple((value, text, counts[value]) for value, text in said))


def _searched(rows: tuple[Row, ...], q: str, search: Search) -> tuple[Row, ...]:
    """Rows whose own words hold what was typed, best first, then those citizens would be shown."""
    typed = _bare((q,))
    if not typed:
        return rows
    there = {row.id: row for row in rows}
    nearest = [hit.id for hit in search.search(q, _NEAREST).answers if hit.id in there]
    direct = {row.id for row in rows if typed in _bare(row.words)}
    first = [key for key in nearest if key in direct]
    return tuple(there[key] for key in dict.fromkeys([*first, *sorted(direct), *nearest]))


@lru_cache(maxsize=4096)
def _bare(words: tuple[str, ...]) -> str:
    return " | ".join(" ".join(syllables(fold(one))) for one in words)
