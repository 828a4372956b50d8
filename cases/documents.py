"""The papers of legal aid, filled from what is known: Circular 12/2018/TT-BTP, Art. 13. Pure.

A paper is made as PDF (typst) or as DOCX (docxtpl). Every blank may be missing: it becomes a dotted
line to be filled in by hand. The shipped wording is ours and says so on every page; a template in
the province's own folder is taken for the official text, and the mark goes.
"""

import io
import re
import zipfile
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache, lru_cache
from pathlib import Path
from typing import Any, assert_never

import jinja2
from jinja2.sandbox import ImmutableSandboxedEnvironment

from cases.form_blanks import NOBODY, Blank, Bodies, Choice, blanks_of, bodies_of, wording
from cases.form_data import Format, FormData, FormId
from cases.province import Province
from cases.typeset import FORMS, TypesetError, blanks_shown, breakable, qr_png, qr_svg, typeset
from store.datafile import DataFileError

# --- templates ----------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class Template:
    """How one form looks in one format; tried out."""

    form: FormId
    format: Format
    content: bytes
    official: bool
    """The centre's own; what we ship is not."""


_ENDINGS = {Format.PDF: "typ", Format.DOCX: "docx"}
_LARGEST = 20 * 1024 * 1024
"""Bytes of a DOCX template, unpacked."""


def template_name(form: FormId, kind: Format) -> str:
    """The file's name, shipped or of a province: `form-02.docx`."""
    return f"form-{form.number}.{_ENDINGS[kind]}"


def template_of(form: FormId, kind: Format, province: Province) -> Template:
    """The province's own template, or else ours.

    Raises:
        DataFileError: it lacks a blank, or can't be used at all.
    """
    name = template_name(form, kind)
    own = province.forms.get(name)
    if own is None:
        return _shipped(form, kind)
    return check_template(form, kind, own, Path(province.id, "forms", name))


def check_forms(province: Province) -> tuple[Template, ...]:
    """The templates of the province's own, tried out.

    Raises:
        DataFileError: a file is wrong, or is for no form.
    """
    papers = {template_name(form, kind): (form, kind) for form in FormId for kind in Format}
    for name in province.forms:
        if name not in papers:
            reason = f"is no form's template; there are {', '.join(sorted(papers))}"
            raise DataFileError(Path(province.id, "forms", name), None, reason)
    return tuple(template_of(*papers[name], province) for name in province.forms)


@lru_cache(maxsize=64)
def check_template(form: FormId, kind: Format, content: bytes, path: Path) -> Template:
    """A template of the centre's, tried out.

    Raises:
        DataFileError: it lacks a blank that the form must hold, names one that there is none of,
            or can't be read; it tells `path`.
    """
    return _tried(Template(form, kind, content, official=True), path)


@cache
def _shipped(form: FormId, kind: Format) -> Template:
    path = FORMS / template_name(form, kind)
    return _tried(Template(form, kind, path.read_bytes(), official=False), path)


def _tried(template: Template, path: Path) -> Template:
    match template.format:
        case Format.PDF:
            shown = _tried_typst(template, path)
        case Format.DOCX:
            shown = _tried_docx(template, path)
        case _:
            assert_never(template.format)
    lacking = [one for one in wording().forms[template.form].must_hold if one not in shown]
    if lacking:
        raise DataFileError(path, None, f"lacks the blank {', '.join(lacking)}")
    return template


def _tried_typst(template: Template, path: Path) -> frozenset[str]:
    try:
        source = template.content.decode()
        return blanks_shown(source, _for_typst(_filled(template, FormData(), NOBODY)))
    except (UnicodeDecodeError, TypesetError) as problem:
        raise DataFileError(path, None, f"can't be set: {problem}") from problem


def _tried_docx(template: Template, path: Path) -> frozenset[str]:
    from docx.opc.exceptions import PackageNotFoundError
    from docxtpl import DocxTemplate

    try:
        with zipfile.ZipFile(io.BytesIO(template.content)) as packed:
            if sum(one.file_size for one in packed.infolist()) > _LARGEST:
                raise DataFileError(path, None, "is too large")
        paper = DocxTemplate(io.BytesIO(template.content))
        shown = frozenset(paper.get_undeclared_template_variables(_sandbox()))
        blanks = _filled(template, FormData(), NOBODY)
        unknown = sorted(shown - set(blanks))
        if unknown:
            told = f"names {', '.join(unknown)}; there are {', '.join(sorted(blanks))}"
            raise DataFileError(path, None, told)
        _written(template, blanks)
    except (
        zipfile.BadZipFile,
        PackageNotFoundError,
        jinja2.TemplateError,
        KeyError,
        ValueError,
    ) as problem:
        raise DataFileError(path, None, f"can't be used: {problem}") from problem
    return shown


# --- papers -------------------------------------------------------------------------------------


def render(form: FormId, kind: Format, data: FormData, province: Province) -> bytes:
    """One paper in the wanted format.

    Raises:
        DataFileError: the province's own template can't be used.
    """
    match kind:
        case Format.PDF:
            return render_pdf(form, data, province)
        case Format.DOCX:
            return render_docx(form, data, province)
        case _:
            assert_never(kind)


def render_pdf(form: FormId, data: FormData, province: Province) -> bytes:
    """One paper as PDF.

    Raises:
        DataFileError: the province's own template can't be used.
    """
    template = template_of(form, Format.PDF, province)
    return typeset(
        template.content.decode(), _for_typst(_filled(template, data, bodies_of(province)))
    )


def render_docx(form: FormId, data: FormData, province: Province) -> bytes:
    """One paper as DOCX.

    Raises:
        DataFileError: the province's own template can't be used.
    """
    template = template_of(form, Format.DOCX, province)
    return _written(template, _filled(template, data, bodies_of(province)))


def file_name(form: FormId, kind: Format, data: FormData) -> str:
    """What the file is called: plain letters, and nobody's name."""
    parts = ("mau", form.number, data.register_code or data.case_code)
    plain = (re.sub(r"[^A-Za-z0-9]+", "-", part).strip("-") for part in parts)
    return f"{'-'.join(part for part in plain if part)}.{kind}"


# --- filling ------------------------------------------------------------------------------------


def _filled(template: Template, data: FormData, bodies: Bodies) -> dict[str, Blank]:
    return blanks_of(template.form, data, bodies, official=template.official)


def _for_typst(blanks: Mapping[str, Blank]) -> dict[str, Any]:
    shown: dict[str, Any] = {name: _as_data(value) for name, value in blanks.items()}
    qr = blanks["qr"]
    return shown | {"qr": qr_svg(qr) if isinstance(qr, str) and qr else ""}


def _as_data(value: Blank) -> object:
    match value:
        case bool():
            return value
        case str():
            return breakable(value)
        case _:
            return [
                {"said": one.said, "on": one.on} if isinstance(one, Choice) else breakable(one)
                for one in value
            ]


_UNDOTTED = frozenset(
    {
        *("mark", "signed_by", "signer", "received_by", "case_code", "register_code"),
        *("ground_law", "deadlines", "qr"),
    }
)
"""What is simply left out when it is not known."""
_STORIES = frozenset({"matter", "request", "reasons", "comment"})
_SHORT = frozenset(
    {
        *("born", "gender", "ethnic_group", "id_number", "phone", "number", "received_on"),
        *("requester_born", "requester_id_number", "requester_phone", "receiving_phone", "commune"),
    }
)
_ROW = 34
"""Ellipses over the width of the page, in the letters of the shipped templates."""


def _dots(name: str) -> str:
    """Dots for a blank nobody knows: a word, half a line, or three lines of them."""
    if name in _UNDOTTED:
        return ""
    if name in _STORIES:
        return "\n".join(["…" * _ROW] * 3)
    return "…" * (_ROW // 4 if name in _SHORT else _ROW // 2)


def _written(template: Template, blanks: Mapping[str, Blank]) -> bytes:
    from docx.shared import Mm  # here, as no start needs to wait for it
    from docxtpl import DocxTemplate, InlineImage

    paper = DocxTemplate(io.BytesIO(template.content))
    context: dict[str, Any] = {name: _as_words(name, value) for name, value in blanks.items()}
    if qr := context["qr"]:
        context["qr"] = InlineImage(paper, io.BytesIO(qr_png(qr)), width=Mm(19))
    paper.render(context, _sandbox())
    written = io.BytesIO()
    paper.save(written)
    return written.getvalue()


def _as_words(name: str, value: Blank) -> str | bool:
    """Dots for what is missing, and one line for each of several things."""
    match value:
        case bool():
            return value
        case str() if value:
            return value
        case str() | ():
            return _dots(name)
        case _:
            return "\n".join(
                f"{'☒' if one.on else '☐'} {one.said}" if isinstance(one, Choice) else f"– {one}"
                for one in value
            )


def _sandbox() -> jinja2.Environment:
    """An editor's template may show blanks and choose between them, nothing else."""
    return ImmutableSandboxedEnvironment(autoescape=True, undefined=jinja2.StrictUndefined)
