"""The entry of a law as it stands in the form, and what is still wrong with it. Pure."""

from collections.abc import Mapping
from dataclasses import dataclass

from pydantic import ValidationError
from starlette.datastructures import FormData

from desk.pages.knowledge_diff import Change, pieces
from knowledge.exchange import law_faults, number_fault, reason, register_faults
from knowledge.laws import Law
from knowledge.library import Library

_DATES = ("issued", "effective", "lapses")
FIELDS = ("number", "name", "short", "also", *_DATES, "replaced_by", "amendments", "confidence")
"""What can be written, in the order of the form."""
EMPTY_ROWS = 2
"""Offered below the amendments that are there; after saving there are as many again."""


@dataclass(frozen=True)
class AmendmentRow:
    """One row of the amendments."""

    by: str = ""
    starts: str = ""
    text_seen: bool = False
    articles: str = ""
    """Numbers with commas between them."""


@dataclass(frozen=True)
class LawForm:
    """What stands in the form, complete or not; days as browsers write them."""

    number: str = ""
    name: str = ""
    short: str = ""
    also: str = ""
    """One key a line."""
    issued: str = ""
    effective: str = ""
    lapses: str = ""
    replaced_by: str = ""
    amendments: tuple[AmendmentRow, ...] = ()
    confidence: str = ""

    @property
    def rows(self) -> tuple[AmendmentRow, ...]:
        """The amendments, and room for more."""
        return (*self.amendments, *(AmendmentRow() for _ in range(EMPTY_ROWS)))


@dataclass(frozen=True)
class JudgedLaw:
    """What was typed, as a law when it is one."""

    law: Law | None
    problems: Mapping[str, tuple[str, ...]]
    """By field; `form` for what belongs to no single one."""


def form_of(law: Law) -> LawForm:
    """A law, as the form shows it."""
    return LawForm(
        number=law.number,
        name=law.name,
        short=law.short,
        also="\n".join(law.also),
        issued=law.issued.isoformat() if law.issued else "",
        effective=law.effective.isoformat() if law.effective else "",
        lapses=law.lapses.isoformat() if law.lapses else "",
        replaced_by=law.replaced_by or "",
        amendments=tuple(
            AmendmentRow(one.by, one.starts.isoformat(), one.text_seen, ", ".join(one.articles))
            for one in law.amendments
        ),
        confidence=law.confidence,
    )


def read_form(form: FormData, number: str | None) -> LawForm:
    """What was typed, empty rows taken away; `number` where it can't be changed any more."""

    def text(name: str) -> str:
        return str(form.get(name, "")).replace("\r\n", "\n").strip()

    columns = [
        [str(value).strip() for value in form.getlist(f"amendment_{name}")]
        for name in ("by", "from", "seen", "articles")
    ]
    rows = [
        AmendmentRow(by, starts, seen == "yes", articles)
        for by, starts, seen, articles in zip(*columns, strict=False)
        if by or starts
    ]
    plain = {name: text(name) for name in FIELDS if name not in {"number", "amendments"}}
    return LawForm(number=number or text("number"), amendments=tuple(rows), **plain)


def judge(form: LawForm, library: Library) -> JudgedLaw:
    """Whether it is a law that fits beside the others, or else what is to be mended."""
    problems: dict[str, list[str]] = {}
    fault = number_fault(form.number) if form.number else None
    if fault is not None:
        problems["number"] = [fault]
    values = {
        "number": form.number,
        "name": form.name,
        "short": form.short,
        "also": _parts(form.also, "\n"),
        "replaced_by": form.replaced_by or None,
        "confidence": form.confidence,
        "amendments": [
            {
                "by": row.by,
                "from": row.starts or None,
                "text_seen": row.text_seen,
                "articles": _parts(row.articles, ","),
            }
            for row in form.amendments
        ],
    }
    values |= {name: getattr(form, name) or None for name in _DATES}
    try:
        law = Law.model_validate(values)
    except ValidationError as problem:
        for error in problem.errors(include_url=False):
            name, *within = error["loc"]
            row = f"dòng {within[0] + 1}: " if within and isinstance(within[0], int) else ""
            said = row + reason(error["type"], error["msg"])
            problems.setdefault(str(name), []).append(said)
        return JudgedLaw(None, _told(problems))
    faults = [one for one in (*law_faults(law), *register_faults(law, library)) if one != fault]
    if faults:
        problems["form"] = faults
    return JudgedLaw(None if problems else law, _told(problems))


def _parts(said: str, between: str) -> list[str]:
    return [part.strip() for part in said.split(between) if part.strip()]


def _told(problems: Mapping[str, list[str]]) -> dict[str, tuple[str, ...]]:
    return {name: tuple(dict.fromkeys(said)) for name, said in problems.items()}


def flat(law: Law) -> dict[str, str]:
    """Each field as one text, to be compared and read."""
    said = vars(form_of(law)) | {
        "amendments": "\n".join(
            f"{one.by} từ {one.starts:%d/%m/%Y} ({'đã đọc' if one.text_seen else 'chưa đọc'})"
            + (f", Điều {', '.join(one.articles)}" if one.articles else "")
            for one in law.amendments
        )
    }
    days = {name: f"{day:%d/%m/%Y}" for name in _DATES if (day := getattr(law, name))}
    return {name: str(said[name]) for name in FIELDS} | days


def changes(before: Law | None, after: Law) -> tuple[Change, ...]:
    """The fields that differ, word by word; everything when there was nothing before."""
    old, new = flat(before) if before is not None else {}, flat(after)
    return tuple(
        Change(name, *pieces(old.get(name, ""), new[name]))
        for name in FIELDS
        if old.get(name, "") != new[name]
    )
