"""The words of the assistant: whole sentences keyed by step, one TOML file per language.

A `Say` holds keys and blanks, never words. What a language lacks is listed in `pending.toml`
and said in Vietnamese instead.
"""

import re
import string
import tomllib
from collections.abc import Iterator, Mapping
from functools import cache
from pathlib import Path
from types import MappingProxyType
from typing import Any

from cases.speech import Line
from store.datafile import DataFileError

LANGUAGES = ("vi", "en", "km")
FALLBACK = "vi"
_FOLDER = Path(__file__).parent


class Texts:
    """All texts of all languages."""

    def __init__(self, by_language: Mapping[str, Mapping[str, str]]) -> None:
        self._by_language = by_language

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

    def complete(self, language: str) -> bool:
        """Whether nothing has to be said in Vietnamese instead."""
        return self.keys(language) == self.keys()

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


@cache
def load_texts(folder: Path = _FOLDER) -> Texts:
    """Every language's texts, checked against the Vietnamese ones.

    Raises:
        DataFileError: a language has a key or a blank that Vietnamese does not have.
    """
    by_language = {language: read(folder / f"{language}.toml") for language in LANGUAGES}
    vietnamese = by_language[FALLBACK]
    for language, texts in by_language.items():
        for key, text in texts.items():
            path = folder / f"{language}.toml"
            if key not in vietnamese:
                raise DataFileError(path, None, f"{key}: Vietnamese has no such text")
            if blanks_of(text) != blanks_of(vietnamese[key]):
                raise DataFileError(path, None, f"{key}: its blanks differ from the Vietnamese")
    return Texts(MappingProxyType(by_language))
