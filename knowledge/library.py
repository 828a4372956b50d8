"""The whole knowledge base as one frozen value, checked as a whole.

One file can be right by itself and still not fit the others: two articles with one id, a law
nobody registered, the same question leading to two answers. Those are refused here.
"""

import datetime as dt
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path
from types import MappingProxyType
from typing import Literal

from knowledge.article import Article
from knowledge.laws import Laws, Standing, load_laws, standing
from knowledge.vietnamese import fold, syllables
from store.datafile import DataFileError, load

CONTENT = Path(__file__).parent / "content"


@dataclass(frozen=True, slots=True)
class Library:
    """Every article by its id, in the order of the ids, and the laws they rest on."""

    articles: Mapping[str, Article]
    laws: Laws

    def stale(self, today: dt.date) -> tuple[Article, ...]:
        """The articles whose law does not simply stand on `today`: an admin's work list."""
        return tuple(
            article
            for article in self.articles.values()
            if standing(article, self.laws, today) is not Standing.IN_FORCE
        )


@dataclass(frozen=True, slots=True)
class Clash:
    """Why an article does not fit beside the others."""

    kind: Literal["law", "wording", "short"]
    text: str
    """The law nobody registered, or the words that another article has as well."""
    other: str | None = None
    """The id of that article."""


def clashes(article: Article, library: Library) -> tuple[Clash, ...]:
    """What would be refused in a file: laws not registered, words that another article has."""
    found = [
        Clash("law", source.law) for source in article.sources if source.law not in library.laws
    ]
    shorts = {_key(one.short): one.id for one in library.articles.values() if one.id != article.id}
    if _key(article.short) in shorts:
        found.append(Clash("short", article.short, shorts[_key(article.short)]))
    owners = {
        _key(text): one.id
        for one in library.articles.values()
        if one.id != article.id
        for text in _found_by(one)
    }
    found += [
        Clash("wording", text, owners[_key(text)])
        for text in _found_by(article)
        if _key(text) in owners
    ]
    return tuple(found)


def with_article(library: Library, article: Article) -> Library:
    """The same library with one article put in or replaced."""
    articles = {**library.articles, article.id: article}
    return Library(MappingProxyType(dict(sorted(articles.items()))), library.laws)


def load_library(folder: Path = CONTENT) -> Library:
    """Read `laws.yaml` and every `<field>/<id>.yaml` of a folder.

    Raises:
        DataFileError: a file does not fit its form, or does not fit the others; with file, line
            and reason.
    """
    laws = load_laws(folder / "laws.yaml")
    paths = sorted(folder.glob("*/*.yaml"))
    if not paths:
        raise DataFileError(folder, None, "holds no article (<field>/<id>.yaml)")
    read = [(path, load(path, Article)) for path in paths]
    for path, article in read:
        _check_place(path, article)
        for source in article.sources:
            if source.law not in laws:
                raise DataFileError(
                    path, _line(path, source.law), f"cites {source.law}, not in laws.yaml"
                )
    _check_unique(read, "id", lambda article: (article.id,))
    _check_unique(read, "short title", lambda article: (article.short,))
    _check_unique(read, "wording", _found_by)
    articles = {article.id: article for _, article in read}
    return Library(MappingProxyType(dict(sorted(articles.items()))), laws)


def _found_by(article: Article) -> tuple[str, ...]:
    return article.title, article.short, *article.wordings


def _key(text: str) -> str:
    return " ".join(syllables(fold(text)))


def _check_place(path: Path, article: Article) -> None:
    if article.id.rpartition("-")[0] != article.field:
        reason = f"the id {article.id} does not begin with the field {article.field}"
        raise DataFileError(path, _line(path, "id:"), reason)
    if (path.parent.name, path.stem) != (article.field, article.id):
        reason = f"belongs in {article.field}/{article.id}.yaml"
        raise DataFileError(path, None, reason)


def _check_unique(
    read: list[tuple[Path, Article]], what: str, texts: Callable[[Article], tuple[str, ...]]
) -> None:
    """Refuse a text, told apart by its bare syllables, that two articles share."""
    owners: dict[str, Path] = {}
    for path, article in read:
        for text in texts(article):
            key = _key(text)
            owner = owners.setdefault(key, path)
            if owner != path:
                reason = f"the {what} “{text}” is also in {owner.parent.name}/{owner.name}"
                raise DataFileError(path, _line(path, text), reason)


def _line(path: Path, text: str) -> int | None:
    """The first line that holds the beginning of a text (YAML may have folded the rest)."""
    lines = path.read_text(encoding="utf-8").splitlines()
    return next((number for number, line in enumerate(lines, 1) if text[:40] in line), None)
