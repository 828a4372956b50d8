"""The papers of legal aid, filled from what is known: Circular 12/2018/TT-BTP, Art. 13. Pure.

A paper is made as PDF (typst) or as DOCX (docxtpl). Every blank may be missing: it becomes a dotted
line to be filled in by hand. The shipped wording is ours and says so on every page; a template in
the province's own folder is taken for the official text, and the mark goes.
"""

import datetime as dt
import io
import re
import zipfile
from collections.abc import Collection, Mapping
from dataclasses import dataclass
from enum import StrEnum
from functools import cache, lru_cache
from pathlib import Path
from typing import Annotated, Any, assert_never

import jinja2
from jinja2.sandbox import ImmutableSandboxedEnvironment
from pydantic import AfterValidator, BaseModel, ConfigDict, Field

from cases.life import Ground, ProviderGround
from cases.limits import Form
from cases.province import Province
from cases.typeset import (
    FORMS,
    TypesetError,
    blanks_shown,
    breakable,
    clean,
    qr_png,
    qr_svg,
    typeset,
)
from store.datafile import DataFileError, Entry, load


class FormId(StrEnum):
    """The papers, by the number of the Ministry's form."""

    FORM_02 = "form_02"
    """Request for legal aid."""
    FORM_03 = "form_03"
    """Complaint."""
    FORM_04 = "form_04"
    """Wish for another provider."""
    FORM_05 = "form_05"
    """Withdrawal."""
    FORM_08 = "form_08"
    """Refusal; also the notice that a case is not gone on with (`stopped`)."""
    FORM_09 = "form_09"
    """Transfer to the centre of another province."""
    FORM_11 = "form_11"
    """How satisfied somebody is."""
    FORM_13 = "form_13"
    """Introduction by the People's Committee of a commune."""

    @property
    def number(self) -> str:
        """As the Ministry counts it: `02`."""
        return self.removeprefix("form_")


class Format(StrEnum):
    """What a paper can be made as."""

    PDF = "pdf"
    DOCX = "docx"

    @property
    def media_type(self) -> str:
        """For the answer that carries it."""
        match self:
            case Format.PDF:
                return "application/pdf"
            case Format.DOCX:
                return "application/vnd.openxmlformats-officedocument.wordprocessingml.document"
            case _:
                assert_never(self)


class Act(StrEnum):
    """What may be complained about (Law 11/2017/QH14, Art. 45 clause 1)."""

    REFUSED = "refused"
    NOT_DONE = "not_done"
    DONE_WRONGLY = "done_wrongly"
    PROVIDER_CHANGED_WRONGLY = "provider_changed_wrongly"


class Standing(StrEnum):
    """What somebody is in proceedings (Circular 12/2018/TT-BTP, Art. 17a)."""

    ACCUSED = "accused"
    VICTIM = "victim"
    PARTY = "party"


# --- what is known ------------------------------------------------------------------------------

LONGEST = 20_000
"""Letters that a blank may hold."""


def _line(text: str) -> str:
    return " ".join(clean(text).split())


def _story(text: str) -> str:
    return clean(text).strip()


Line = Annotated[str, Field(max_length=LONGEST), AfterValidator(_line)]
"""Words on one line."""
Story = Annotated[str, Field(max_length=LONGEST), AfterValidator(_story)]
"""Words in paragraphs."""
Stars = Annotated[int, Field(ge=1, le=5)]
"""From the worst to the best."""


class Known(BaseModel):
    """A value that refuses keys it doesn't know, and never tells its own content in an error."""

    model_config = ConfigDict(frozen=True, extra="forbid", hide_input_in_errors=True)


class Group(Known):
    """A group of Article 7, with the words of the law that name it."""

    name: Line
    law: Line = ""


class FormData(Known):
    """Whatever is known for a paper. Each form shows some of it; docs/forms.md tells which."""

    name: Line = ""
    """Of the person who is helped."""
    born: Line = ""
    """As they say it: a day, or only a year."""
    gender: Line = ""
    ethnic_group: Line = ""
    id_number: Line = ""
    address: Line = ""
    phone: Line = ""

    requester: Line = ""
    """Who asks for somebody else; empty when they ask for themselves."""
    requester_born: Line = ""
    requester_id_number: Line = ""
    requester_address: Line = ""
    requester_phone: Line = ""
    relation: Line = ""
    """The requester's to the person helped."""

    groups: tuple[Group, ...] = ()
    field: Line = ""
    """Of law."""
    matter: Story = ""
    """What happened."""
    request: Story = ""
    """What is asked for."""
    reasons: Story = ""
    """Why: of a complaint, a change, a withdrawal, a refusal, a transfer."""
    aid: frozenset[Form] = frozenset()
    papers: tuple[Line, ...] = ()
    """What goes along."""
    provider: Line = ""
    """Who works on it now."""
    chosen_provider: Line = ""
    """Whom the citizen wishes for."""
    provider_grounds: frozenset[ProviderGround] = frozenset()

    complained: Line = ""
    """The person or organisation that is complained about."""
    acts: frozenset[Act] = frozenset()
    ground: Ground | None = None
    """Of a refusal."""
    stopped: bool = False
    """The case had been accepted: it is not gone on with (Art. 37)."""
    receiving_office: Line = ""
    receiving_address: Line = ""
    receiving_phone: Line = ""

    commune: Line = ""
    """Whose People's Committee introduces somebody: `xã Đá Bạc`."""
    standing: frozenset[Standing] = frozenset()

    attitude: Stars | None = None
    responsibility: Stars | None = None
    skill: Stars | None = None
    satisfaction: Stars | None = None
    comment: Story = ""

    office: Line = ""
    """Which office writes, or is written to; empty: the centre."""
    number: Line = ""
    """Of the letter: `12/TB-TGPL`."""
    received_on: dt.date | None = None
    received_by: Line = ""
    """The officer who wrote it down for the citizen."""
    signer: Line = ""
    signer_title: Line = ""
    """Empty: head of the office, or chairperson of the committee."""
    place: Line = ""
    """Where it is written; empty: the province."""
    on: dt.date | None = None

    register_code: Line = ""
    """`CN1.TV.01.2026`."""
    case_code: Line = ""
    """The citizen's code, as it is told."""
    deadlines: tuple[Line, ...] = ()
    """Sentences on what is due by when."""
    qr: Annotated[str, Field(max_length=500)] = ""
    """What the QR code says, such as an address; empty: there is none."""


# --- the words of the law -----------------------------------------------------------------------


class Said(Entry):
    """A ground in words, and its article."""

    said: str
    law: str


class About(Entry):
    """One form."""

    title: str
    official: str
    law: str
    must_hold: Annotated[tuple[str, ...], Field(min_length=1)]


class Signers(Entry):
    """Who signs, when nobody is named."""

    centre: str
    branch: str
    commune: str


class Wording(Entry):
    """`cases/forms/wording.yaml`."""

    mark: str
    forms: dict[FormId, About]
    signers: Signers
    aid: dict[Form, str]
    refusal: dict[Ground, Said]
    stopped_title: str
    provider: dict[ProviderGround, Said]
    acts: dict[Act, str]
    standing: dict[Standing, str]
    stars: Annotated[tuple[str, ...], Field(min_length=5, max_length=5)]
    complaint: tuple[str, ...]
    complaint_law: str


@cache
def wording() -> Wording:
    """The shipped words.

    Raises:
        DataFileError: the file is wrong.
    """
    path = FORMS / "wording.yaml"
    words = load(path, Wording)
    for kind, told in (
        (FormId, words.forms),
        (Form, words.aid),
        (Ground, words.refusal),
        (ProviderGround, words.provider),
        (Act, words.acts),
        (Standing, words.standing),
    ):
        missing = [str(one) for one in kind if one not in told]
        if missing:
            raise DataFileError(path, None, f"{kind.__name__} lacks {', '.join(missing)}")
    return words


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
        return blanks_shown(source, _for_typst(_blanks(template, FormData(), _NOBODY)))
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
        blanks = _blanks(template, FormData(), _NOBODY)
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
    return typeset(template.content.decode(), _for_typst(_blanks(template, data, _of(province))))


def render_docx(form: FormId, data: FormData, province: Province) -> bytes:
    """One paper as DOCX.

    Raises:
        DataFileError: the province's own template can't be used.
    """
    template = template_of(form, Format.DOCX, province)
    return _written(template, _blanks(template, data, _of(province)))


def file_name(form: FormId, kind: Format, data: FormData) -> str:
    """What the file is called: plain letters, and nobody's name."""
    parts = ("mau", form.number, data.register_code or data.case_code)
    plain = (re.sub(r"[^A-Za-z0-9]+", "-", part).strip("-") for part in parts)
    return f"{'-'.join(part for part in plain if part)}.{kind}"


# --- blanks -------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class _Choice:
    said: str
    on: bool


_Blank = str | bool | tuple[str, ...] | tuple[_Choice, ...]


@dataclass(frozen=True, slots=True)
class _Bodies:
    """Who a paper is from, or to, when nothing else is said."""

    centre: str
    department: str
    place: str


_NOBODY = _Bodies("…", "…", "…")


def _of(province: Province) -> _Bodies:
    return _Bodies(province.about.centre, province.about.justice_department, province.name)


def _blanks(template: Template, data: FormData, bodies: _Bodies) -> dict[str, _Blank]:
    """Everything a template may show, by name."""
    words = wording()
    about = words.forms[template.form]
    office = data.office or bodies.centre
    of_centre = office == bodies.centre
    head = f"Giám đốc {bodies.centre}"
    ground = words.refusal[data.ground] if data.ground is not None else None
    stopped = data.stopped and template.form is FormId.FORM_08
    match template.form:
        case FormId.FORM_13:
            signer_title = words.signers.commune
        case _:
            signer_title = words.signers.centre if of_centre else words.signers.branch
    kind, *rest = (words.stopped_title if stopped else about.title).split("\n")
    plain: dict[str, _Blank] = {
        name: value
        for name in FormData.model_fields
        if isinstance(value := getattr(data, name), str) and name != "qr"
    }
    return plain | {
        "title": "\n".join((kind.upper(), *rest)),
        "official": about.official,
        "law": about.law,
        "mark": "" if template.official else words.mark,
        "centre": bodies.centre,
        "department": bodies.department,
        "office": office,
        "parent": bodies.department if of_centre else bodies.centre,
        "to": head if template.form is FormId.FORM_03 else office,
        "addressee": f"Ông (Bà) {data.name}" if data.name else "",
        "place": data.place or bodies.place,
        "dated": _dated(data.place or bodies.place, data.on),
        "received_on": _day(data.received_on) if data.received_on else "",
        "signed_by": (data.requester or data.name)
        if template.form is FormId.FORM_02
        else data.name,
        "signer_title": data.signer_title or signer_title,
        "stopped": stopped,
        "groups": tuple(f"{one.name} ({one.law})" if one.law else one.name for one in data.groups),
        "papers": data.papers,
        "deadlines": data.deadlines,
        "aid": _choices(words.aid, data.aid),
        "aid_said": ", ".join(words.aid[one] for one in Form if one in data.aid),
        "acts": _choices(words.acts, data.acts),
        "standing": _choices(words.standing, data.standing),
        "provider_grounds": _choices(
            {one: f"{said.said} ({said.law})" for one, said in words.provider.items()},
            data.provider_grounds,
        ),
        "ground": ground.said if ground else "",
        "ground_law": ground.law if ground else "",
        "complaint": tuple(
            one.format(head=head, department=bodies.department) for one in words.complaint
        ),
        "complaint_law": words.complaint_law,
        "attitude": _stars(data.attitude),
        "responsibility": _stars(data.responsibility),
        "skill": _stars(data.skill),
        "satisfaction": _stars(data.satisfaction),
        "qr": data.qr,
    }


def _choices(words: Mapping[Any, str], ticked: Collection[Any]) -> tuple[_Choice, ...]:
    return tuple(_Choice(said, one in ticked) for one, said in words.items())


def _stars(given: int | None) -> tuple[_Choice, ...]:
    return tuple(_Choice(said, at == given) for at, said in enumerate(wording().stars, start=1))


def _day(day: dt.date) -> str:
    """Days below ten and the months one and two have a nought before them, as in state letters."""
    month = f"{day.month:02}" if day.month <= _FEBRUARY else str(day.month)
    return f"{day.day:02} tháng {month} năm {day.year}"


_FEBRUARY = 2


def _dated(place: str, day: dt.date | None) -> str:
    told = _day(day) if day is not None else "…… tháng …… năm 20……"
    return f"{place}, ngày {told}"


def _for_typst(blanks: Mapping[str, _Blank]) -> dict[str, Any]:
    shown: dict[str, Any] = {name: _as_data(value) for name, value in blanks.items()}
    qr = blanks["qr"]
    return shown | {"qr": qr_svg(qr) if isinstance(qr, str) and qr else ""}


def _as_data(value: _Blank) -> object:
    match value:
        case bool():
            return value
        case str():
            return breakable(value)
        case _:
            return [
                {"said": one.said, "on": one.on} if isinstance(one, _Choice) else breakable(one)
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


def _written(template: Template, blanks: Mapping[str, _Blank]) -> bytes:
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


def _as_words(name: str, value: _Blank) -> str | bool:
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
                f"{'☒' if one.on else '☐'} {one.said}" if isinstance(one, _Choice) else f"– {one}"
                for one in value
            )


def _sandbox() -> jinja2.Environment:
    """An editor's template may show blanks and choose between them, nothing else."""
    return ImmutableSandboxedEnvironment(autoescape=True, undefined=jinja2.StrictUndefined)
