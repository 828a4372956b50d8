"""The slip that an officer hands over: code, PIN, and what happens next. Pure."""

from dataclasses import dataclass

from cases.province import Province
from cases.typeset import FORMS, breakable, clean, qr_svg, typeset

_MARGIN = 0


@dataclass(frozen=True, slots=True)
class Slip:
    """What stands on it. It names nobody and no matter: others in the house may find it."""

    office: str
    code: str
    pin: str
    day: str
    next: str
    """What happens next, and when."""
    address: str
    """Where the office is; dots to be filled in by hand where only a sample is known."""
    phone: str
    hours: str
    web: str | None
    """Where the chat is opened; None leaves the code of squares out."""


def render_slip(slip: Slip, province: Province) -> bytes:
    """The slip as PDF, half a sheet."""
    return typeset(
        (FORMS / "slip.typ").read_text("utf-8"),
        {
            "centre": clean(province.about.centre),
            "office": clean(slip.office),
            "code": slip.code,
            "pin": slip.pin,
            "day": slip.day,
            "next": clean(slip.next),
            "address": clean(slip.address),
            "phone": clean(slip.phone),
            "hours": clean(slip.hours),
            "web": breakable(slip.web) if slip.web else "",
            "qr": qr_svg(slip.web, _MARGIN) if slip.web else "",
            "numbers": [f"{one.number} – {one.name}" for one in province.hotlines if one.verified],
        },
    )
