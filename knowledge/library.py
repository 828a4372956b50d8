"""The whole knowledge base as one frozen value, checked as a whole.

One file can be right by itself and still not fit the others: two articles with one id, a law
nobody registered, the same question leading to two answers. Those are refused here.
"""

import datetime as dt
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path
from types import MappingProxyType

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
    _check_unique(
        read, "wording", lambda article: (article.title, article.short, *article.wordings)
    )
    articles = {article.id: article for _, article in read}
    return Library(MappingProxyType(dict(sorted(articles.items()))), laws)


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
            key = " ".join(syllables(fold(text)))
            owner = owners.setdefault(key, path)
            if owner != path:
                reason = f"the {what} “{text}” is also in {owner.parent.name}/{owner.name}"
                raise DataFileError(path, _line(path, text), reason)


def _line(path: Path, text: str) -> int | None:
    """The first line that holds the beginning of a text (YAML may have folded the rest)."""
    lines = path.read_text(encoding="utf-8").splitlines()
    return next((number for number, line in enumerate(lines, 1) if text[:40] in line), None)
