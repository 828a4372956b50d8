"""The words of the assistant: what they are, what a file of them is, and what an edit may change.

A `Say` holds keys and blanks, never words. The files ship with the citizen's side; what counts is
in the database (`cases/wordbook.py`), and staff edit it on the desk. Pure.
"""

import re
import string
import tomllib
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from enum import StrEnum
from fnmatch import fnmatchcase
from pathlib import Path
from types import MappingProxyType
from typing import Any

from pydantic import ValidationError

from cases.speech import Line
from store.datafile import DataFileError, Entry

LANGUAGES = ("vi", "en", "km")
FALLBACK = "vi"
LONGEST_LABEL = 60
"""Characters of a button: longer ones are cut off on a phone; Zalo takes 100."""
LONGEST_TEXT = 700
"""Characters of a text with its blanks open: a phone's screen; Zalo takes 2,000 of a message."""


class Texts:
    """All texts of all languages."""

    def __init__(
        self,
        by_language: Mapping[str, Mapping[str, str]],
        versions: Mapping[str, int] = MappingProxyType({}),
    ) -> None:
        """`versions`: the number of the version that counts, by key; none when read from files."""
        self._by_language = by_language
        self._versions = versions

    def version(self, key: str) -> int | None:
        """Which version of a text this is; None when it was read from a file."""
        return self._versions.get(key)

    def render(self, line: Line, language: str) -> str:
        """The words of one line.

        Raises:
            KeyError: no text has this key, or a blank is not filled.
        """
        return self.template(line.key, language).format_map(line.blanks)

    def template(self, key: str, language: str) -> str:
        """The text of a key with its blanks open, in Vietnamese if the language lacks it."""
        mine = self._by_language.get(language, {})
        return mine[key] if key in mine else self._by_language[FALLBACK][key]

    def join(self, lines: tuple[Line, ...], language: str) -> str:
        """Several lines as one message: paragraphs, with list items kept together."""
        message = ""
        for line in lines:
            words = self.render(line, language).strip()
            if not message:
                message = words
            else:
                message += ("\n" if words.startswith("•") else "\n\n") + words
        return message

    def keys(self, language: str = FALLBACK) -> frozenset[str]:
        return frozenset(self._by_language.get(language, {}))

    def in_order(self) -> tuple[str, ...]:
        """The keys as the Vietnamese file has them."""
        return tuple(self._by_language[FALLBACK])

    def commands(self) -> frozenset[str]:
        """The words that the Vietnamese texts tell people to type."""
        told = (_commands(text) for text in self._by_language[FALLBACK].values())
        return frozenset().union(*told)

    def complete(self, language: str) -> bool:
        """Whether nothing has to be said in Vietnamese instead."""
        return self.keys(language) == self.keys()

    def wording(self, key: str) -> "Wording":
        """A text in every language it is there in."""
        return Wording(
            **{one: texts[key] for one, texts in self._by_language.items() if key in texts}
        )

    def with_wording(self, key: str, wording: "Wording") -> "Texts":
        """The same but for one text, such as a draft of it."""
        return Texts(
            {
                language: {name: text for name, text in texts.items() if name != key}
                | ({key: own} if (own := wording.said_in(language)) is not None else {})
                for language, texts in self._by_language.items()
            },
            self._versions,
        )

    def blanks(self, key: str, language: str = FALLBACK) -> frozenset[str]:
        """The names of the blanks in a text."""
        return blanks_of(self._by_language[language][key])


def blanks_of(template: str) -> frozenset[str]:
    """The names between braces.

    Raises:
        ValueError: the braces don't match, or something else than a name stands between them.
    """
    names = {name for _, name, _, _ in string.Formatter().parse(template) if name is not None}
    for name in names:
        if not re.fullmatch(r"[a-z_]+", name):
            raise ValueError(f"the blank {{{name}}} is not a plain name")
    return frozenset(names)


def _flat(table: Mapping[str, Any], prefix: str = "") -> Iterator[tuple[str, Any]]:
    for name, value in table.items():
        key = f"{prefix}.{name}" if prefix else name
        if isinstance(value, dict):
            yield from _flat(value, key)
        else:
            yield key, value


def read(path: Path) -> Mapping[str, str]:
    """The texts of one file.

    Raises:
        DataFileError: not TOML, a text that is no text, or blanks that don't close.
    """
    try:
        table = tomllib.loads(path.read_text(encoding="utf-8"))
    except (OSError, UnicodeDecodeError) as problem:
        raise DataFileError(path, None, f"can't be read: {problem}") from problem
    except tomllib.TOMLDecodeError as problem:
        line = re.search(r"line (\d+)", str(problem))
        raise DataFileError(path, int(line[1]) if line else None, str(problem)) from problem
    texts: dict[str, str] = {}
    for key, value in _flat(table):
        if not isinstance(value, str) or not value.strip():
            raise DataFileError(path, None, f"{key}: a text is missing")
        try:
            blanks_of(value)
        except ValueError as problem:
            raise DataFileError(path, None, f"{key}: {problem}") from problem
        texts[key] = value.strip()
    return MappingProxyType(texts)


class Care(StrEnum):
    """What has to be minded when a text is changed."""

    NONE = "none"
    DANGER = "danger"
    """Told to people in danger."""
    CONSENT = "consent"
    """What people agree to; the receipt names its version."""
    LOCKED = "locked"
    """Never changed here."""


class About(Entry):
    """`about.toml`: what the tables are, and which texts are special; their keys are patterns."""

    steps: Mapping[str, str]
    """The name of each table, in the order of the list."""
    labels: tuple[str, ...]
    danger: tuple[str, ...]
    consent: tuple[str, ...]
    locked: tuple[str, ...]

    def is_label(self, key: str) -> bool:
        """Whether a text stands on a button."""
        return _fits(key, self.labels)

    def care(self, key: str) -> Care:
        """What has to be minded with a text."""
        for care, patterns in (
            (Care.LOCKED, self.locked),
            (Care.CONSENT, self.consent),
            (Care.DANGER, self.danger),
        ):
            if _fits(key, patterns):
                return care
        return Care.NONE

    def step(self, key: str) -> str:
        """The table of a text."""
        return key.partition(".")[0]


def _fits(key: str, patterns: tuple[str, ...]) -> bool:
    return any(fnmatchcase(key, one) for one in patterns)


def read_about(path: Path) -> About:
    """What is known of the texts.

    Raises:
        DataFileError: not TOML, or something is missing or unknown.
    """
    try:
        return About.model_validate(tomllib.loads(path.read_text(encoding="utf-8")))
    except (OSError, UnicodeDecodeError, tomllib.TOMLDecodeError) as problem:
        raise DataFileError(path, None, f"can't be read: {problem}") from problem
    except ValidationError as problem:
        first = problem.errors(include_url=False)[0]
        where = ".".join(str(part) for part in first["loc"])
        raise DataFileError(path, None, f"{where}: {first['msg']}") from problem


class Wording(Entry):
    """One text in every language; what a language lacks is said in Vietnamese."""

    vi: str
    en: str | None = None
    km: str | None = None

    def said_in(self, language: str) -> str | None:
        """The text in one language; None when it lacks it."""
        match language:
            case "vi":
                return self.vi
            case "en":
                return self.en
            case "km":
                return self.km
        raise ValueError(language)


class Wrong(StrEnum):
    """Why a text can't be used as it was written."""

    EMPTY = "empty"
    BRACES = "braces"
    """A brace that does not close, or something else than a name in it."""
    UNKNOWN_BLANK = "unknown_blank"
    """A blank that nothing fills."""
    LOST_BLANK = "lost_blank"
    TOO_LONG = "too_long"
    PHONES = "phones"
    """Other telephone numbers than in the shipped text: these are facts, not wording."""
    COMMAND = "command"
    """Words that people are told to type, and that no shipped text tells: not understood."""
    PROMISE = "promise"


@dataclass(frozen=True, slots=True)
class Mistake:
    """One thing wrong with a text in one language."""

    language: str
    wrong: Wrong
    detail: str = ""
    """The blanks, the numbers, the words; of a text that is too long, how long it may be."""


def mistakes(key: str, wording: Wording, shipped: Texts, about: About) -> tuple[Mistake, ...]:
    """What keeps a text from being used, by language; blanks are those that the program fills."""
    found = []
    for language in LANGUAGES:
        text = wording.said_in(language)
        if text is not None:
            found += [
                Mistake(language, wrong, detail)
                for wrong, detail in _wrong(key, text, language, shipped, about)
            ]
    return tuple(found)


def _wrong(
    key: str, text: str, language: str, shipped: Texts, about: About
) -> Iterator[tuple[Wrong, str]]:
    if not text.strip():
        yield Wrong.EMPTY, ""
        return
    try:
        blanks = blanks_of(text)
    except ValueError:
        yield Wrong.BRACES, ""
        return
    filled = shipped.blanks(key)
    if unknown := blanks - filled:
        yield Wrong.UNKNOWN_BLANK, ", ".join(f"{{{one}}}" for one in sorted(unknown))
    if lost := filled - blanks:
        yield Wrong.LOST_BLANK, ", ".join(f"{{{one}}}" for one in sorted(lost))
    longest = LONGEST_LABEL if about.is_label(key) else LONGEST_TEXT
    if len(text) > longest:
        yield Wrong.TOO_LONG, str(longest)
    ours = shipped.template(key, language)
    if phones(text) != phones(ours):
        yield Wrong.PHONES, ", ".join(sorted(phones(ours)))
    if commands := _commands(text) - shipped.commands():
        yield Wrong.COMMAND, ", ".join(sorted(commands))
    if promise := promise_in(text, language):
        yield Wrong.PROMISE, promise


_PROMISES = {
    "vi": r"bạn (được|sẽ được|có quyền) hưởng|đủ điều kiện|chắc chắn (được|thắng|sẽ)|sẽ thắng"
    r"|thắng kiện|cam kết|cam đoan|(bảo|đảm) (đảm|bảo) (được|sẽ)|nhất định (được|thắng)"
    r"|bạn (được|sẽ được) (miễn phí|trợ giúp)|bạn thuộc diện|không được (giúp|trợ giúp)",
    "en": r"you('re| are)? (not )?(eligible|entitled|qualif\w*)|do(n't| not) qualify|will win"
    r"|guarantee|promise|you will (get|receive)|certainly|definitely",
}


def promise_in(text: str, language: str) -> str | None:
    """Words that promise something, though an officer decides; None when there are none."""
    pattern = _PROMISES.get(language)
    found = re.search(pattern, text.lower()) if pattern is not None else None
    return found[0] if found else None


_ARTICLES = re.compile(r"\b(?:Điều|Articles?) \d{1,3}(?:(?:,| và| and) \d{1,3})*(?![\d.])")


def phones(text: str) -> frozenset[str]:
    """Everything that looks like a telephone number, as digits: a long one, or 1xx and 1xxx.

    The number of an article of law is none.
    """
    runs = re.findall(r"(?<![\w,])\+?\d(?:[\d .-]*\d)?(?![\w,]\d)", _ARTICLES.sub(" ", text))
    digits = {"".join(str(int(one)) for one in run if one.isdecimal()) for run in runs}
    return frozenset(
        one for one in digits if len(one) >= 8 or re.fullmatch(r"1(?!9\d\d$)\d{2,3}", one)
    )


def _commands(text: str) -> frozenset[str]:
    return frozenset(re.findall(r'[Gg]õ "([^"]+)"', text))
