"""The blanks of a paper, filled with what is known, in the words of `forms/wording.yaml`. Pure."""

import datetime as dt
from collections.abc import Collection, Mapping
from dataclasses import dataclass
from functools import cache
from typing import Annotated, Any

from pydantic import Field

from cases.form_data import Act, FormData, FormId, Standing
from cases.life import Ground, ProviderGround
from cases.limits import Form
from cases.province import Province
from cases.typeset import FORMS
from store.datafile import DataFileError, Entry, load


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


@dataclass(frozen=True, slots=True)
class Choice:
    """One box to tick, in words, and whether it is ticked."""

    said: str
    on: bool


Blank = str | bool | tuple[str, ...] | tuple[Choice, ...]


@dataclass(frozen=True, slots=True)
class Bodies:
    """Who a paper is from, or to, when nothing else is said."""

    centre: str
    department: str
    place: str


NOBODY = Bodies("…", "…", "…")
"""For trying a template out."""


def bodies_of(province: Province) -> Bodies:
    """The bodies of a province."""
    return Bodies(province.about.centre, province.about.justice_department, province.name)


def blanks_of(form: FormId, data: FormData, bodies: Bodies, *, official: bool) -> dict[str, Blank]:
    """Everything a template may show, by name.

    `official`: the template is the centre's own, so nothing marks the paper as ours.
    """
    words = wording()
    about = words.forms[form]
    office = data.office or bodies.centre
    of_centre = office == bodies.centre
    head = f"Giám đốc {bodies.centre}"
    ground = words.refusal[data.ground] if data.ground is not None else None
    stopped = data.stopped and form is FormId.FORM_08
    match form:
        case FormId.FORM_13:
            signer_title = words.signers.commune
        case _:
            signer_title = words.signers.centre if of_centre else words.signers.branch
    kind, *rest = (words.stopped_title if stopped else about.title).split("\n")
    plain: dict[str, Blank] = {
        name: value
        for name in FormData.model_fields
        if isinstance(value := getattr(data, name), str) and name != "qr"
    }
    return plain | {
        "title": "\n".join((kind.upper(), *rest)),
        "official": about.official,
        "law": about.law,
        "mark": "" if official else words.mark,
        "centre": bodies.centre,
        "department": bodies.department,
        "office": office,
        "parent": bodies.department if of_centre else bodies.centre,
        "to": head if form is FormId.FORM_03 else office,
        "addressee": f"Ông (Bà) {data.name}" if data.name else "",
        "place": data.place or bodies.place,
        "dated": _dated(data.place or bodies.place, data.on),
        "received_on": _day(data.received_on) if data.received_on else "",
        "signed_by": (data.requester or data.name) if form is FormId.FORM_02 else data.name,
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


def _choices(words: Mapping[Any, str], ticked: Collection[Any]) -> tuple[Choice, ...]:
    return tuple(Choice(said, one in ticked) for one, said in words.items())


def _stars(given: int | None) -> tuple[Choice, ...]:
    return tuple(Choice(said, at == given) for at, said in enumerate(wording().stars, start=1))


_FEBRUARY = 2


def _day(day: dt.date) -> str:
    """Days below ten and the months one and two have a nought before them, as in state letters."""
    month = f"{day.month:02}" if day.month <= _FEBRUARY else str(day.month)
    return f"{day.day:02} tháng {month} năm {day.year}"


def _dated(place: str, day: dt.date | None) -> str:
    told = _day(day) if day is not None else "…… tháng …… năm 20……"
    return f"{place}, ngày {told}"
