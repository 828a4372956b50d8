"""An article as it stands in the form: as typed, complete or not, and what is still wrong with it.

A draft may be saved before it is complete, so that nothing typed is ever lost; only a complete one
may be sent to be reviewed. Pure.
"""

import datetime as dt
import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace
from typing import Any

from pydantic import BaseModel, ConfigDict, ValidationError, model_validator
from starlette.datastructures import FormData

from desk import texts
from knowledge.article import LIMITS, Article, Confidence, FieldId, Source, overlong
from knowledge.laws import Laws
from knowledge.library import Library, clashes
from knowledge.present import AWAITS_OFFICER, Presented, present
from knowledge.vietnamese import fold

LINES = ("time_limits", "papers", "wordings", "open_points")
"""Fields with one entry a line."""
SHOWN = ("title", "answer", "first_step", "where", "time_limits", "papers")
"""Fields that citizens read, where blanks may stand."""
LANGUAGES = ("en", "km")
_TRANSLATION = re.compile(r"translation_([a-z]{2,3})_(title|summary)")
_MOVE = re.compile(r"(up|down)-([1-9]\d{0,3})")
"""The button that moves the source in that row, for browsers without scripts."""


class _Typed(BaseModel):
    model_config = ConfigDict(frozen=True, extra="ignore")

    @model_validator(mode="before")
    @classmethod
    def _nothing_is_empty(cls, values: dict[str, Any]) -> dict[str, Any]:
        return {name: value for name, value in values.items() if value is not None}


class SourceRow(_Typed):
    """One row of the sources."""

    law: str = ""
    article: str = ""
    note: str = ""


class TranslationRow(_Typed):
    """Title and summary in another language."""

    title: str = ""
    summary: str = ""


class Written(_Typed):
    """The fields of an article as somebody typed them; reads finished articles too.

    Status and day of review are no part of it: what was written anew nobody has reviewed yet.
    """

    id: str
    field: FieldId
    title: str = ""
    short: str = ""
    answer: str = ""
    first_step: str = ""
    where: str = ""
    time_limits: tuple[str, ...] = ()
    papers: tuple[str, ...] = ()
    wordings: tuple[str, ...] = ()
    sources: tuple[SourceRow, ...] = ()
    confidence: str = ""
    open_points: tuple[str, ...] = ()
    good_until: str = ""
    translations: dict[str, TranslationRow] = {}


FIELDS = tuple(name for name in Written.model_fields if name not in {"id", "field"})
"""What can be written, in the order of the form."""


@dataclass(frozen=True)
class Judged:
    """What was typed, as an article when it is one."""

    written: Written
    article: Article | None
    problems: Mapping[str, tuple[str, ...]]
    """By field; what has to be mended before a review."""

    @property
    def body(self) -> str:
        """As a draft keeps it."""
        return (self.article or self.written).model_dump_json()


def read_form(form: FormData, article_id: str, field: FieldId, laws: Laws) -> Written:
    """What was typed, blank edges and empty rows taken away."""

    def text(name: str) -> str:
        return str(form.get(name, "")).replace("\r\n", "\n").strip()

    columns = [
        [str(value).strip() for value in form.getlist(f"source_{name}")]
        for name in ("law", "article", "note")
    ]
    rows = [SourceRow(law=law, article=art, note=note) for law, art, note in zip(*columns)]  # noqa: B905 - a form of ours has as many of each
    if found := _MOVE.fullmatch(text("move")):
        _move(rows, int(found[2]) - 1, -1 if found[1] == "up" else 1)
    translations: dict[str, dict[str, str]] = {}
    for name in form:
        if found := _TRANSLATION.fullmatch(name):
            translations.setdefault(found[1], {})[found[2]] = text(name)
    lists = {
        name: tuple(line.strip() for line in text(name).split("\n") if line.strip())
        for name in LINES
    }
    plain = set(FIELDS) - {*LINES, "sources", "translations"}
    return Written.model_validate(
        {name: text(name) for name in plain}
        | lists
        | {
            "id": article_id,
            "field": field,
            "sources": [
                row.model_copy(update={"law": _number(row.law, laws)})
                for row in rows
                if row != SourceRow()
            ],
            "translations": {code: row for code, row in translations.items() if any(row.values())},
        }
    )


def _move(rows: list[SourceRow], place: int, by: int) -> None:
    """Let a row change places with its neighbour; at the edge it stays."""
    to = place + by
    if 0 <= place < len(rows) and 0 <= to < len(rows):
        rows[place], rows[to] = rows[to], rows[place]


def _number(typed: str, laws: Laws) -> str:
    """The number of a law that was typed by its name."""
    if typed in laws:
        return typed
    wanted = fold(typed)
    return next((law.number for law in laws if fold(law.short) == wanted), typed)


def judge(written: Written, library: Library, blanks: Mapping[str, str]) -> Judged:
    """Whether it is an article that fits beside the others, or else what is to be mended."""
    problems: dict[str, list[str]] = {}
    values: dict[str, Any] = written.model_dump(exclude={"good_until", "sources"})
    values["good_until"] = written.good_until or None
    values["sources"] = [
        {name: value for name, value in row.model_dump().items() if value}
        for row in written.sources
    ]
    article: Article | None = None
    try:
        article = Article.model_validate(values)
    except ValidationError as problem:
        for error in problem.errors(include_url=False):
            name = str(error["loc"][0])
            problems.setdefault(name, []).append(texts.mistake(name, error))
    for name in overlong(values):
        said = texts.too_long(LIMITS[name], len(values[name]))
        problems.setdefault(name, []).append(said)
    for name in SHOWN:
        for text in _as_lines(getattr(written, name)):
            unfilled = _unfilled(text, blanks)
            if unfilled is not None:
                problems.setdefault(name, []).append(texts.unknown_blank(unfilled, tuple(blanks)))
    if article is not None:
        for clash in clashes(article, library):
            owner = library.articles[clash.other] if clash.other else None
            name, text = texts.clash(clash, article, owner)
            problems.setdefault(name, []).append(text)
    told = {name: tuple(dict.fromkeys(said)) for name, said in problems.items()}
    return Judged(written, article, told)


def _as_lines(value: str | tuple[str, ...]) -> Iterable[str]:
    return (value,) if isinstance(value, str) else value


def _unfilled(text: str, blanks: Mapping[str, str]) -> str | None:
    """The blank that the province has no word for, or "{" for a brace that stands alone."""
    try:
        text.format_map(blanks)
    except KeyError as problem:
        return f"{{{problem.args[0]}}}"
    except (ValueError, IndexError, AttributeError, TypeError):
        return "{"
    return None


def preview(
    judged: Judged, library: Library, today: dt.date, blanks: Mapping[str, str]
) -> Presented:
    """As a citizen would see it, as far as it is written."""
    written, laws = judged.written, library.laws

    def shown(text: str) -> str:
        if _unfilled(text, blanks) is None:
            return text
        return text.replace("{", "{{").replace("}", "}}")

    good_until = judged.article.good_until if judged.article is not None else None
    sources = tuple(
        Source(law=row.law, article=row.article or None, note=row.note or None)
        for row in written.sources
        if row.law in laws
    )
    known = written.confidence in set(Confidence)
    stand_in = tuple(Source(law=law.number) for law in laws)[:1]
    seen = present(
        Article.model_construct(
            id=written.id,
            field=written.field,
            short=written.short,
            wordings=written.wordings,
            confidence=Confidence(written.confidence) if known else Confidence.UNVERIFIED,
            title=shown(written.title) or "…",
            answer=shown(written.answer) or "…",
            first_step=shown(written.first_step) or "…",
            where=shown(written.where) or "…",
            time_limits=tuple(shown(line) for line in written.time_limits),
            papers=tuple(shown(line) for line in written.papers),
            sources=sources or stand_in,
            good_until=good_until,
        ),
        laws,
        today,
        blanks,
    )
    if sources:
        return seen
    return replace(seen, sources=(), cited="", notices=(AWAITS_OFFICER,))


def flat(written: Written) -> dict[str, str]:
    """Each field as one text, to be compared and read."""
    return {name: _flat(name, getattr(written, name)) for name in FIELDS}


def _flat(name: str, value: Any) -> str:
    if name == "sources":
        return "\n".join(
            ", ".join(part for part in row.model_dump().values() if part) for row in value
        )
    if name == "translations":
        return "\n".join(f"{code}: {row.title}. {row.summary}" for code, row in value.items())
    if name == "confidence":
        return texts.confidence(Confidence(value)) if value in set(Confidence) else value
    return value if isinstance(value, str) else "\n".join(value)


@dataclass(frozen=True)
class Choice:
    """A field that two people have written differently."""

    name: str
    likely: str | None
    """`mine` or `theirs` where only one of them has changed it; None where both have."""


def choices(mine: Written, theirs: Written, base: Written | None) -> tuple[Choice, ...]:
    """The fields to choose between; `base` is what both began from, where that is known."""
    found = []
    for name in FIELDS:
        ours, others = getattr(mine, name), getattr(theirs, name)
        if ours == others:
            continue
        began = getattr(base, name) if base is not None else None
        likely = None
        if base is not None and began == ours:
            likely = "theirs"
        elif base is not None and began == others:
            likely = "mine"
        found.append(Choice(name, likely))
    return tuple(found)


def merged(mine: Written, theirs: Written, taken: Mapping[str, str]) -> Written:
    """Theirs with the fields that were chosen from mine; a field nobody chose stays mine."""
    from_mine = {name: getattr(mine, name) for name in FIELDS if taken.get(name, "mine") == "mine"}
    return theirs.model_copy(update=from_mine)
