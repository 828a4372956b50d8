"""What differs between two versions of an article, word by word. Pure."""

import re
from collections.abc import Mapping
from dataclasses import dataclass
from difflib import SequenceMatcher

from desk.pages.knowledge_form import FIELDS, Written, flat

_WORDS = re.compile(r"\w+\s*|[^\w\s]\s*|\s+")
_ALIKE = 0.4
"""Below this share of common words two texts are shown as two, not as one that was changed."""


@dataclass(frozen=True)
class Piece:
    """A run of words; `marked` when the other version does not have it there."""

    text: str
    marked: bool


@dataclass(frozen=True)
class Change:
    """A field that differs."""

    name: str
    before: tuple[Piece, ...]
    after: tuple[Piece, ...]


def changes(before: Written | None, after: Written) -> tuple[Change, ...]:
    """The fields that differ; everything when there was nothing before."""
    return changed_texts(flat(before) if before is not None else {}, flat(after))


def changed_texts(before: Mapping[str, str], after: Mapping[str, str]) -> tuple[Change, ...]:
    """The same from texts by field."""
    return tuple(
        Change(name, *pieces(before.get(name, ""), after[name]))
        for name in FIELDS
        if before.get(name, "") != after[name]
    )


def pieces(before: str, after: str) -> tuple[tuple[Piece, ...], tuple[Piece, ...]]:
    """Two texts cut where they differ."""
    old, new = _WORDS.findall(before), _WORDS.findall(after)
    matcher = SequenceMatcher(None, old, new, autojunk=False)
    if matcher.ratio() < _ALIKE:
        return _whole(before), _whole(after)
    gone: list[Piece] = []
    come: list[Piece] = []
    for kind, first, last, start, end in matcher.get_opcodes():
        for words, side in ((old[first:last], gone), (new[start:end], come)):
            if words:
                side.append(Piece("".join(words), marked=kind != "equal"))
    return tuple(gone), tuple(come)


def _whole(text: str) -> tuple[Piece, ...]:
    return (Piece(text, marked=True),) if text else ()
