"""Numbers a citizen types: ages, years of birth, telephone numbers, case codes, PINs."""

import datetime as dt
import re

from cases.codes import read_phone
from knowledge.vietnamese import fold

OLDEST = 120
"""Years; above it a number is no age."""

_DIGITS = {
    "khong": 0, "mot": 1, "hai": 2, "ba": 3, "bon": 4, "tu": 4, "nam": 5, "lam": 5, "nham": 5,
    "sau": 6, "bay": 7, "tam": 8, "chin": 9,
}  # fmt: skip
_TENS = frozenset({"muoi", "chuc"})
_WRITTEN = {str(number): word for word, number in _DIGITS.items() if number}
_ALMOST = r"(?:da|duoc|moi|chi moi|gan|khoang|tam|chung|hon|tren|dang|nam nay|tron|du)"

_PHONE = re.compile(r"(?<![\d])(?:\+?84|0)[\s.\-]?(?:\(0\))?(?:\d[\s.\-]?){8,9}\d?(?![\d])")
_CODE = re.compile(
    r"(?<![^\W_])([0-9A-Za-z]{5}[\s\-–]?[0-9A-Za-z]{5})(?![^\W_])",
)
_CROCKFORD = re.compile(r"[0-9A-HJKMNP-TV-Z]{10}")
_MISREAD = str.maketrans("ILOU", "110V")
_PIN_WORD = re.compile(r"\b(?:pin|ma so|mat ma|mat khau|ma)\b")
_YEAR_OF_BIRTH = re.compile(r"\b(?:sinh|sanh|sn|nam sinh|nam sanh)\D{0,8}([12]\d{3})\b")
_ONLY_NUMBER = re.compile(
    rf"(?:{_ALMOST} )*(\d{{1,3}})(?: ?(?:tuoi|t|tui))?(?: (?:roi|a|nha|nhe|do))*"
)
_NO_AGE = re.compile(
    r"(?:\b(?:am|tru) ?|(?<!\d)-)\d+ ?(?:tuoi|tui)\b"
    r"|\b\d{3,} ?(?:tuoi|tui)\b"
    r"|^\W*(?:-\d+|\d{3,4})\W*$"
)
_ONLY_YEAR = re.compile(r"(?:nam )?((?:19|20)\d\d)(?: (?:a|nha|nhe|do))*")


def phone(text: str) -> str | None:
    """The first Vietnamese telephone number of a text as 0xxxxxxxxx (ten or eleven digits)."""
    for found in _PHONE.finditer(text):
        if (number := read_phone(found.group())) is not None:
            return number
    return None


def code(text: str) -> str | None:
    """A case code that stands in a text, in capitals, with I, L, O, U read as they were meant.

    A word of ten letters is no code: one of its characters must be a digit.
    """
    for found in _CODE.finditer(text):
        bare = re.sub(r"[\s\-–]", "", found.group(1)).upper().translate(_MISREAD)
        typed = found.group(1)
        if not any(char.isdigit() for char in typed) or typed.replace(" ", "").isdigit():
            continue
        if _CROCKFORD.fullmatch(bare):
            return bare
    return None


def pin(text: str) -> str | None:
    """Six digits: the whole text but for a word such as "PIN", or beside a case code."""
    rest = _CODE.sub(lambda found: " " if code(found.group()) else found.group(), text)
    words = re.sub(r"[\W_]+", " ", _PIN_WORD.sub(" ", fold(rest))).split()
    digits = "".join(words)
    return digits if re.fullmatch(r"\d{6}", digits) else None


def in_words(words: list[str]) -> int | None:
    """The number that Vietnamese number words (folded) say, up to 199; None if they say none."""
    if not words:
        return None
    total = 0
    rest = words
    if len(words) > 1 and words[0] in _WRITTEN and words[1] in _TENS:  # "8 mươi"
        rest = words = [_WRITTEN[words[0]], *words[1:]]
    if len(rest) >= 2 and rest[1] == "tram" and rest[0] in _DIGITS:
        total, rest = 100 * _DIGITS[rest[0]], rest[2:]
        if rest and rest[0] in ("le", "linh"):
            rest = rest[1:]
        if not rest:
            return total
    match rest:
        case [one] if one in _DIGITS:
            return total + _DIGITS[one]
        case [ten] if ten in _TENS:
            return total + 10
        case [ten, one] if ten in _TENS and one in _DIGITS:
            return total + 10 + _DIGITS[one]
        case [tens, ten] if tens in _DIGITS and ten in _TENS:
            return total + 10 * _DIGITS[tens]
        case [tens, ten, one] if tens in _DIGITS and ten in _TENS and one in (*_DIGITS, "mot"):
            return total + 10 * _DIGITS[tens] + _DIGITS[one]
        case [tens, one] if tens in _DIGITS and one in _DIGITS and _DIGITS[tens] >= 2:
            return total + 10 * _DIGITS[tens] + _DIGITS[one]
        case _:
            return None


def whole_year(short: int, today: dt.date) -> int:
    """The year of birth meant by its last two digits: 49 → 1949, 15 → 2015."""
    return today.year - (today.year - short) % 100


def age_of_year(year: int, today: dt.date) -> int | None:
    """The age, in years, reached this year by somebody born in `year`."""
    age = today.year - year
    return age if 0 <= age <= OLDEST else None


def impossible_age(text: str, today: dt.date) -> bool:
    """Whether an age or a year of birth is named that nobody living can have ("300 tuổi")."""
    folded = fold(text)
    year = year_of_birth(folded)
    if year is not None:
        return age_of_year(year, today) is None
    for found in _NO_AGE.finditer(folded):
        digits = re.sub(r"\D", "", found.group())
        below_zero = found.group().lstrip()[0] in "-at"
        is_year = len(digits) == 4 and age_of_year(int(digits), today) is not None
        if below_zero or (int(digits) > OLDEST and not is_year):
            return True
    return False


def year_of_birth(folded: str) -> int | None:
    """The year that a folded text names as a year of birth."""
    found = _YEAR_OF_BIRTH.search(folded)
    return int(found.group(1)) if found else None


def alone(text: str, today: dt.date) -> int | None:
    """The number that is all a message says: "62", "62t", "sáu mươi hai tuổi", "sinh năm 1964"."""
    if impossible_age(text, today):
        return None
    folded = re.sub(r"[^\w]+", " ", fold(text)).strip()
    only = _ONLY_NUMBER.fullmatch(folded)
    if only:
        return int(only.group(1))
    year = year_of_birth(folded)
    if year is None and (alone_year := _ONLY_YEAR.fullmatch(folded)):
        year = int(alone_year.group(1))
    if year is not None and len(folded.split()) <= 7:
        return age_of_year(year, today)
    words = re.sub(rf"^(?:(?:toi|em|con|minh|{_ALMOST}) )+", "", folded + " ").strip()
    words = re.sub(r" (?:tuoi|roi|a|nha|nhe|do|nguoi|dua)$", "", words)
    words = re.sub(r" (?:tuoi|roi)$", "", words)
    return None if words == "khong" else in_words(words.split())
