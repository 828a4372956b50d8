"""Taking out of a question what could tell who asked it, before it is kept. Pure.

It errs on the side of taking out too much: what stays is for seeing what people ask, and a
question that lost a word too many is still understood.
"""

import re
from collections.abc import Iterator
from pathlib import Path

from knowledge.vietnamese import clean, fold
from store.datafile import Entry, load

LONGEST = 300
"""Characters kept of a question."""

_NUMBER = "[số]"
_NAME = "[tên]"
_PLACE = "[địa chỉ]"
_LINK = "[liên kết]"

_LINKS = re.compile(r"\S+@\S+|https?://\S+|(?<!\w)(?:www\.|zalo\.me|fb\.com|facebook\.com)\S*")
_LONG_NUMBERS = re.compile(r"\+?\d(?:[ .\-/]?\d){5,}")
"""Telephone, identity card and account numbers, whole dates."""
_CODES = re.compile(
    r"(?<![\w])(?=[\w\-]*\d)(?=[\w\-]*[A-Za-z])[0-9A-Za-z]{4,}-?[0-9A-Za-z]{4,}(?!\w)"
)
_HOUSES = re.compile(
    r"(?i)(?<!\w)(số nhà|so nha|nhà số|nha so|ấp|ap|khóm|khom|tổ|hẻm|hem)"
    r"\s+(\d[\w/]*|[^\W\d_]+(?:\s+\d+)?)"
)
_WORDS = re.compile(r"[^\W\d_]+")


class _Words(Entry):
    """What tells names from other words; all folded."""

    titles: frozenset[str]
    surnames: frozenset[str]
    middle_names: frozenset[str]
    speakers: frozenset[str]
    after_ten: frozenset[str]
    no_names: frozenset[str]


_KNOWN = load(Path(__file__).parent / "data" / "names.yaml", _Words)


def mask(text: str) -> str:
    """A question without names, numbers, addresses and links, cut to what is worth keeping."""
    masked = _LINKS.sub(_LINK, clean(text))
    masked = _CODES.sub(_NUMBER, masked)
    masked = _LONG_NUMBERS.sub(_NUMBER, masked)
    masked = _HOUSES.sub(lambda found: f"{found.group(1)} {_PLACE}", masked)
    for begin, end in reversed(list(_names(masked))):
        masked = masked[:begin] + _NAME + masked[end:]
    return masked[:LONGEST]


def _names(text: str) -> Iterator[tuple[int, int]]:
    """Where a name stands: runs of large words, what follows a title large, surname and middle."""
    words = list(_WORDS.finditer(text))
    folded = [fold(word.group()) for word in words]
    shouted = text == text.upper()
    place = 0
    while place < len(words):
        length = _length(words, folded, place, shouted=shouted)
        if length:
            yield words[place].start(), words[place + length - 1].end()
        place += max(length, 1)


def _length(words: list[re.Match[str]], folded: list[str], place: int, *, shouted: bool) -> int:
    """Of how many words the name is that begins at `place`; 0 when none does."""
    if words[place].start() and words[place].string[words[place].start() - 1] == "[":
        return 0  # a mask already put in
    if (
        folded[place] in _KNOWN.surnames
        and folded[place + 1 : place + 2]
        and folded[place + 1] in _KNOWN.middle_names
    ):
        return min(3, len(words) - place)
    if (
        place
        and folded[place - 1] == "ten"
        and folded[place] not in _KNOWN.after_ten | _KNOWN.speakers
    ):
        said = place > 1 and folded[place - 2] in _KNOWN.speakers
        return min(3, len(words) - place) if said else 0
    if place > 1 and folded[place - 2 : place] == ["ten", "la"]:
        return min(3, len(words) - place)
    if shouted:
        return 0
    run = 0
    while place + run < len(words) and words[place + run].group()[0].isupper():
        if (
            run
            and not words[place]
            .string[words[place + run - 1].end() : words[place + run].start()]
            .isspace()
        ):
            break
        run += 1
    titled = place > 0 and folded[place - 1] in _KNOWN.titles
    if run == 0 or " ".join(folded[place : place + run]) in _KNOWN.no_names:
        return 0
    if run > 1 and place == 0 and folded[0] in _KNOWN.titles:
        return 0  # "Ông Bảy": the sentence begins with the title, the name is found after it
    return run if run > 1 or titled else 0
