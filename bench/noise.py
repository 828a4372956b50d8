"""Spoils a text the way phones and hurry do, so that a search can be measured on it.

`noise(text, kind, seed)` gives the same for the same three. Rates are guesses: one letter in ten is
more than most people miss, and is meant to show where a search begins to break.
"""

import hashlib
import re
import unicodedata
from collections import defaultdict
from functools import cache
from random import Random

from knowledge.vietnamese import SHORTHAND, Shorthand, fold
from store.datafile import load

KINDS = ("clean", "nodia", "nfd", "tone", "telex", "teen", "typo10", "mix")

_ROWS = ("qwertyuiop", "asdfghjkl", "zxcvbnm")
_BESIDE = {
    key: row[max(0, place - 1) : place] + row[place + 1 : place + 2]
    for row in _ROWS
    for place, key in enumerate(row)
}
_CIRCUMFLEX = "\u0302"
_SHAPES = frozenset(f"{_CIRCUMFLEX}\u0306\u031b")
_TONES = {"\u0300": "f", "\u0301": "s", "\u0309": "r", "\u0303": "x", "\u0323": "j"}
_OPEN_TONE = re.compile(r"(?<![qQ])([ou])([\u0300\u0301\u0303\u0309\u0323])([aey])(?![^\W\d_])")
_LATE_TONE = re.compile(r"(?<![qQ])([ou])([aey])([\u0300\u0301\u0303\u0309\u0323])(?![^\W\d_])")
_LETTERS = re.compile(r"[^\W\d_]+")


def noise(text: str, kind: str, seed: int) -> str:
    """The text as `kind` spoils it; `clean` is the text itself, composed."""
    composed = unicodedata.normalize("NFC", text)
    chance = Random(hashlib.sha256(f"{seed} {kind} {composed}".encode()).digest())
    match kind:
        case "clean":
            return composed
        case "nodia":
            return fold(composed)
        case "nfd":
            return unicodedata.normalize("NFD", composed)
        case "tone":
            return _other_tone_place(composed)
        case "telex":
            return _LETTERS.sub(lambda word: _telex(word.group(), chance), composed)
        case "teen":
            return _shortened(composed, chance)
        case "typo10":
            return slipped(composed, 0.10, chance)
        case "mix":
            bare = re.sub(r"[^\w\s]", " ", fold(_shortened(composed, chance)))
            return slipped(" ".join(bare.split()), 0.05, chance)
        case _:
            raise ValueError(kind)


def slipped(text: str, rate: float, chance: Random) -> str:
    """Each letter is, with this chance, left out, doubled, swapped, missed by a key or by a stray
    one followed."""
    typed: list[str] = []
    letters = iter(range(len(text)))
    for place in letters:
        letter = text[place]
        if not letter.isalpha() or chance.random() >= rate:
            typed.append(letter)
            continue
        following = text[place + 1 : place + 2]
        beside = _BESIDE.get(fold(letter), letter)
        match chance.randrange(5):
            case 0:
                continue
            case 1:
                typed.append(letter * 2)
            case 2 if following.isalpha():
                typed.append(following + letter)
                next(letters)
            case 3:
                typed.append(chance.choice(beside))
            case _:
                typed.append(letter + chance.choice(beside))
    return "".join(typed)


@cache
def _shorts() -> dict[str, list[str]]:
    shorts: dict[str, list[str]] = defaultdict(list)
    for short, meant in load(SHORTHAND, Shorthand).always.items():
        shorts[meant].append(short)
    return dict(sorted(shorts.items(), key=lambda item: -len(item[0])))


def _shortened(text: str, chance: Random) -> str:
    """Words for which our own list knows a short form, three times in four written short."""
    lower = text.lower()
    for meant, shorts in _shorts().items():
        lower = re.sub(
            rf"(?<!\w){re.escape(meant)}(?!\w)",
            lambda word, shorts=shorts: (  # type: ignore[misc]
                chance.choice(shorts) if chance.random() < 0.75 else word.group()
            ),
            lower,
        )
    return lower


def _telex(word: str, chance: Random) -> str:
    keys, tone = "", ""
    late = chance.random() < 0.5
    for char in word.lower().replace("đ", "dd"):
        letter, *marks = list(unicodedata.normalize("NFD", char))
        keys += letter
        keys += "".join(letter if mark == _CIRCUMFLEX else "w" for mark in marks if mark in _SHAPES)
        tone = next((_TONES[mark] for mark in marks if mark in _TONES), "") or tone
        if not late:
            keys, tone = keys + tone, ""
    return keys + tone


def _other_tone_place(text: str) -> str:
    """`hòa` ↔ `hoà`."""
    apart = unicodedata.normalize("NFD", text)
    moved = _OPEN_TONE.sub(r"\1\3\2", apart)
    if moved == apart:
        moved = _LATE_TONE.sub(r"\1\3\2", apart)
    return unicodedata.normalize("NFC", moved)
