"""The words of a text as a reader of places sees them: what is typed, meant, and said of a name.

Unit words ("xã", "tt"), signs of old and new ("cũ", "hồi chưa sáp nhập"), words that say somebody
lives there. Pure.
"""

import re
import unicodedata
from collections.abc import Sequence
from dataclasses import dataclass
from enum import StrEnum
from functools import lru_cache

from knowledge.vietnamese import fold, is_syllable, telex

Marks = tuple[str, str]
"""A syllable without its tone, and the tone: `hòa` and `hoà` are the same."""


@dataclass(frozen=True, slots=True)
class Word:
    """One word or number of a text."""

    typed: str
    folded: str
    """In lower case, Telex decoded, without marks."""
    marks: Marks
    begin: int
    end: int
    gap: str
    """What stands between it and the word before."""

    @property
    def is_number(self) -> bool:
        """Whether it is written in digits."""
        return self.folded.isdigit()

    @property
    def after_break(self) -> bool:
        """Whether a comma, a bracket or a full stop parts it from the word before."""
        return _BREAK.search(self.gap) is not None

    @property
    def after_sentence(self) -> bool:
        """Whether a sentence ended before it."""
        return _SENTENCE.search(self.gap) is not None


class Cue(StrEnum):
    """What the unit word before a name says it is."""

    COMMUNE = "xã"
    WARD = "phường"
    TOWNSHIP = "thị trấn"
    DISTRICT = "huyện"
    TOWN = "thị xã"
    CITY = "thành phố"
    PROVINCE = "tỉnh"
    CITY_DISTRICT = "quận"
    HAMLET = "ấp"
    NONE = ""


class Age(StrEnum):
    """Whether the writer says the old or the new unit."""

    OLD = "cũ"
    NEW = "mới"
    UNSAID = ""


class Sureness(StrEnum):
    """How surely the words before a name say that somebody is there."""

    LIVES = "lives there"
    PLACE = "a place word"
    BARE = "the bare name"


_WORD = re.compile(r"[^\W\d_]+|\d+")
_DRAWN_OUT = re.compile(r"([^\W\d_])\1{2,}")
_DOUBLED = re.compile(r"([^\W\d_])\1")
_TONES = frozenset("\u0300\u0301\u0303\u0309\u0323")
_BREAK = re.compile(r"[,;:!?()\[\]/\"“”…]|\.\s")
_SENTENCE = re.compile(r"[!?;…]|\.(\s|$)")

_CUES = {
    ("xa",): Cue.COMMUNE,
    ("x",): Cue.COMMUNE,
    ("phuong",): Cue.WARD,
    ("phuon",): Cue.WARD,
    ("fuong",): Cue.WARD,
    ("ph",): Cue.WARD,
    ("p",): Cue.WARD,
    ("f",): Cue.WARD,
    ("thi", "tran"): Cue.TOWNSHIP,
    ("thi", "trang"): Cue.TOWNSHIP,
    ("tt",): Cue.TOWNSHIP,
    ("huyen",): Cue.DISTRICT,
    ("hyen",): Cue.DISTRICT,
    ("h",): Cue.DISTRICT,
    ("thi", "xa"): Cue.TOWN,
    ("tx",): Cue.TOWN,
    ("thanh", "pho"): Cue.CITY,
    ("thanh", "fo"): Cue.CITY,
    ("tp",): Cue.CITY,
    ("tinh",): Cue.PROVINCE,
    ("quan",): Cue.CITY_DISTRICT,
    ("q",): Cue.CITY_DISTRICT,
    ("ap",): Cue.HAMLET,
    ("khom",): Cue.HAMLET,
    ("thon",): Cue.HAMLET,
    ("xom",): Cue.HAMLET,
    ("kenh",): Cue.HAMLET,
    ("kinh",): Cue.HAMLET,
}
_SPOKEN_NUMBERS = {
    "mot": "1",
    "hai": "2",
    "ba": "3",
    "bon": "4",
    "nam": "5",
    "sau": "6",
    "bay": "7",
    "tam": "8",
    "chin": "9",
}
_NUMBERED = frozenset({Cue.WARD, Cue.CITY_DISTRICT})

_LIVES = frozenset({"o", "ngu", "tru", "que"})
_AT = frozenset({"tai", "duoi", "ngoai", "mien", "miet", "xu", "gan", "cho", "nha", "bien", "dao"})
_ON_THE_WAY = frozenset({"tro", "khu", "vung", "cho", "bien", "dao", "ben", "dat", "thuoc", "gan"})
"""Between "ở" and the name: "ở trọ phường 6", "ở gần chợ Tắc Vân"."""
_SELF = frozenset({"toi", "tui", "con", "em", "e", "chau", "minh", "anh", "chi", "ba", "ma", "no"})
"""Between "quê" and the name: "quê con Vĩnh Lợi"."""

_OLD = re.compile(r"(?:(?:hoi|luc|khi|thoi|dia chi)\s)?(?:cu|xua|truoc|chua (?:sap )?nhap)\b")
_NEW = re.compile(
    r"(?:hien )?moi(?! (?:mua|bi|ve|len|qua|bat|duoc|xay|ra))\b|hien nay|bay gio|sau (?:khi )?sap"
)


@lru_cache(maxsize=65_536)
def marks(word: str) -> Marks:
    """A lower-case syllable as letters and tone."""
    decomposed = unicodedata.normalize("NFD", word)
    tone = "".join(char for char in decomposed if char in _TONES)
    bare = "".join(char for char in decomposed if char not in _TONES)
    return unicodedata.normalize("NFC", bare), tone


def spelled(name: str) -> tuple[str, ...]:
    """The syllables and numbers of a name, in lower case, with their marks."""
    return tuple(word.lower() for word in _WORD.findall(name))


def words_of(text: str) -> tuple[Word, ...]:
    """The words of a cleaned text: "p5" is two of them."""
    words: list[Word] = []
    end = 0
    for match in _WORD.finditer(text):
        meant = _meant(match.group().lower())
        gap = text[end : match.start()]
        end = match.end()
        words.append(Word(match.group(), fold(meant), marks(meant), match.start(), end, gap))
    return tuple(words)


@lru_cache(maxsize=65_536)
def _meant(typed: str) -> str:
    once = _DRAWN_OUT.sub(r"\1", typed)
    decoded = telex(once)
    if decoded is not None or is_syllable(once):
        return decoded or once
    single = _DOUBLED.sub(r"\1", once)
    return single if is_syllable(single) else once


def cue_before(words: Sequence[Word], at: int) -> tuple[Cue, int]:
    """The unit word before a name, and where it begins (`at` itself when there is none)."""
    for length in (2, 1):
        begin = at - length
        if begin < 0 or words[at].gap.strip(" .:-"):
            continue
        if length == 2 and words[begin + 1].gap.strip(" ."):
            continue
        cue = _CUES.get(tuple(word.folded for word in words[begin:at]))
        if cue is not None:
            return cue, begin
    return Cue.NONE, at


def ward_number(words: Sequence[Word], at: int) -> str | None:
    """The number of a ward, in digits or spoken: "p5", "phường năm"; None: not one."""
    if cue_before(words, at)[0] not in _NUMBERED:
        return None
    word = words[at].folded
    return word if word.isdigit() else _SPOKEN_NUMBERS.get(word)


def sureness(words: Sequence[Word], first: int, cue: Cue) -> Sureness:
    """What the words before a name, and its unit word, say of it."""
    before, earlier = _two_before(words, first)
    if before in _LIVES or (before in _ON_THE_WAY and earlier in _LIVES):
        return Sureness.LIVES
    if before in _SELF and earlier == "que":
        return Sureness.LIVES
    if cue is not Cue.NONE or before in _AT:
        return Sureness.PLACE
    return Sureness.BARE


def promised(words: Sequence[Word], at: int) -> bool:
    """Whether the words before promise a place, so that even a misspelt name is one."""
    cue, first = cue_before(words, at)
    if cue not in (Cue.NONE, Cue.HAMLET):
        return True
    return sureness(words, first, Cue.NONE) is Sureness.LIVES


def word_before(words: Sequence[Word], first: int) -> str:
    """The folded word before, unless a comma or a full stop parts them."""
    return _two_before(words, first)[0]


def age_after(words: Sequence[Word], end: int) -> Age:
    """`cũ`, `hồi chưa sáp nhập`, `mới` right after a name."""
    after = " ".join(word.folded for word in words[end : end + 4])
    if _OLD.match(after):
        return Age.OLD
    return Age.NEW if _NEW.match(after) else Age.UNSAID


def _two_before(words: Sequence[Word], first: int) -> tuple[str, str]:
    if first == 0 or (first < len(words) and words[first].after_break):
        return "", ""
    return words[first - 1].folded, words[first - 2].folded if first > 1 else ""
