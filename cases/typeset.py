"""Paper from data: a typst template, the fonts we ship, and nothing of the machine. Pure.

Data reach a template as JSON and are only shown: no word of a citizen is ever part of a program.
"""

import io
import json
import re
import unicodedata
from collections.abc import Mapping
from functools import cache
from pathlib import Path
from typing import Any

import segno
import typst

FORMS = Path(__file__).with_name("forms")
"""What templates may import (`letter.typ`), and the fonts."""

_MAY_BREAK = "\u200b"
_RUN = re.compile(r"[^\s\u200b]{40}(?=[^\s\u200b])")
"""Letters without a gap that just fit a line; after them a longer run may be broken."""
_KEPT = frozenset("\n\u200b\u200c\u200d")
"""Khmer breaks its lines at the second, and shapes its letters by the last two."""
_NEVER_SHOWN = ("Cc", "Cf", "Cs")
_NO_CHARACTERS = frozenset("\ufffe\uffff")


class TypesetError(Exception):
    """A template that can't be set; says why."""


def clean(text: str) -> str:
    """Composed, and without what no paper can show: control characters, turned directions.

    Tabs become spaces, and every kind of line end becomes a newline.
    """
    composed = unicodedata.normalize("NFC", "\n".join(text.splitlines())).replace("\t", " ")
    return "".join(
        one
        for one in composed
        if one in _KEPT
        or (unicodedata.category(one) not in _NEVER_SHOWN and one not in _NO_CHARACTERS)
    )


def breakable(text: str) -> str:
    """The same text, in which a run too long for any line may be broken."""
    return _RUN.sub(lambda run: run[0] + _MAY_BREAK, text)


def typeset(template: str, data: Mapping[str, Any]) -> bytes:
    """Set a template as PDF.

    Raises:
        TypesetError: the template is wrong, or asks for data that are not there.
    """
    try:
        content = _compiler(template, data).compile(format="pdf")
    except typst.TypstError as problem:
        raise TypesetError(_told(problem)) from problem
    assert isinstance(content, bytes)  # noqa: S101 - only pictures come as a list of pages
    return content


def blanks_shown(template: str, data: Mapping[str, Any]) -> frozenset[str]:
    """The names of the blanks that a template shows.

    Raises:
        TypesetError: as for `typeset`.
    """
    try:
        found = json.loads(_compiler(template, data).query("<blank>"))
    except RuntimeError as problem:  # a query tells its faults by the plain kind
        raise TypesetError(str(problem)) from problem
    return frozenset(one["value"] for one in found)


def qr_svg(text: str, margin: int = 4) -> str:
    """The QR code of a text as SVG; scanners need a quiet `margin` of four squares around it."""
    drawn = io.BytesIO()
    code = segno.make(text, micro=False, error="m")
    code.save(drawn, kind="svg", border=margin, xmldecl=False, light="white")
    return drawn.getvalue().decode()


def qr_png(text: str) -> bytes:
    """The QR code of a text as PNG, large enough to be printed."""
    drawn = io.BytesIO()
    segno.make(text, micro=False, error="m").save(drawn, kind="png", scale=8)
    return drawn.getvalue()


def _compiler(template: str, data: Mapping[str, Any]) -> typst.Compiler:
    return typst.Compiler(
        template.encode(),
        root=FORMS,
        font_paths=_fonts(),
        sys_inputs={"data": json.dumps(data, ensure_ascii=False)},
    )


@cache
def _fonts() -> typst.Fonts:
    """Ours only: a paper looks the same on every machine."""
    return typst.Fonts(
        include_system_fonts=False, include_embedded_fonts=False, font_paths=[FORMS / "fonts"]
    )


def _told(problem: typst.TypstError) -> str:
    return "; ".join((problem.message, *problem.hints))
