"""The laws the articles rest on: which are in force on a day, and how one is cited.

The file `content/laws.yaml` is the register. When a law lapses or is amended by a text nobody has
read yet, every article that cites it goes stale on that very day, without anyone touching it.
"""

import datetime as dt
from collections.abc import Iterable, Iterator
from enum import StrEnum
from pathlib import Path
from typing import assert_never

from pydantic import Field

from knowledge.article import Article, Confidence, Sentence, Source, Status
from store.datafile import DataFileError, Entry, load

LAWS_FILE = Path(__file__).parent / "content" / "laws.yaml"


class Amendment(Entry):
    """A later text that changes a law without replacing it."""

    by: Sentence
    """Number of the amending text."""
    starts: dt.date = Field(alias="from")
    text_seen: bool = False
    """Whether whoever wrote the articles had the amended wording before them."""
    articles: tuple[Sentence, ...] = ()
    """The articles of the law that it changes, where they are known; empty: any may be changed."""

    def touches(self, article: str | None) -> bool:
        """Whether it may have changed what is cited."""
        return not self.articles or article is None or article in self.articles


class Law(Entry):
    """A law, ordinance, decree, circular or decision."""

    number: Sentence
    """As printed: `52/2014/QH13`."""
    name: Sentence
    short: Sentence
    """As it is said to a citizen: `Luật Hôn nhân và gia đình 2014`."""
    also: tuple[Sentence, ...] = ()
    """Other keys an article may cite it by."""
    issued: dt.date | None = None
    """The day it was signed or passed; None when it is not known here."""
    effective: dt.date | None = None
    """First day in force; None when it is not known here."""
    lapses: dt.date | None = None
    """First day it is no longer in force."""
    replaced_by: Sentence | None = None
    amendments: tuple[Amendment, ...] = ()
    confidence: Confidence
    reviewed_on: dt.date | None = None
    """The day an officer compared this entry with the official gazette."""

    def unread_amendments(self, today: dt.date) -> tuple[Amendment, ...]:
        """Amendments in force on `today` whose wording nobody saw who wrote the articles."""
        return tuple(
            change for change in self.amendments if change.starts <= today and not change.text_seen
        )


class Standing(StrEnum):
    """Where an article's law stands on a day; the last that applies counts."""

    IN_FORCE = "in_force"
    AMENDED_UNSEEN = "amended_unseen"
    OUTDATED = "outdated"
    """The law stands, but the figures written here were those of a time gone by."""
    NOT_YET = "not_yet"
    LAPSED = "lapsed"


_GRAVITY = tuple(Standing)


class Laws:
    """The register, looked up by number or by one of a law's other keys."""

    def __init__(self, laws: Iterable[Law]) -> None:
        """Raise ValueError when two laws claim the same number or key."""
        self._all = tuple(laws)
        self._by_number: dict[str, Law] = {}
        for law in self._all:
            for number in (law.number, *law.also):
                if number in self._by_number:
                    raise ValueError(f"the law {number} stands in the register twice")
                self._by_number[number] = law

    def __getitem__(self, number: str) -> Law:
        return self._by_number[number]

    def __contains__(self, number: str) -> bool:
        return number in self._by_number

    def __iter__(self) -> Iterator[Law]:
        return iter(self._all)

    def __len__(self) -> int:
        return len(self._all)


def load_laws(path: Path = LAWS_FILE) -> Laws:
    """Read the register.

    Raises:
        DataFileError: the file does not fit, or holds the same number twice.
    """
    laws = load(path, tuple[Law, ...])
    try:
        return Laws(laws)
    except ValueError as problem:
        raise DataFileError(path, None, str(problem)) from problem


def cite(source: Source, laws: Laws) -> str:
    """`Luật Hôn nhân và gia đình 2014, Điều 56 (khoản 1)`."""
    cited = laws[source.law].short
    if source.article is not None:
        cited += f", Điều {source.article}"
    if source.note is not None:
        cited += f" ({source.note})"
    return cited


def law_standing(law: Law, today: dt.date) -> Standing:
    """Where one law stands on a day."""
    if law.lapses is not None and law.lapses <= today:
        return Standing.LAPSED
    if law.effective is not None and today < law.effective:
        return Standing.NOT_YET
    if law.unread_amendments(today):
        return Standing.AMENDED_UNSEEN
    return Standing.IN_FORCE


def standing(article: Article, laws: Laws, today: dt.date) -> Standing:
    """The gravest standing among the laws an article cites, and of its own figures.

    An officer who reviewed the article after an amendment began has read the new wording, so that
    amendment no longer counts against it.
    """
    standings = [
        _standing_for(article, source, laws[source.law], today) for source in article.sources
    ]
    if article.good_until is not None and article.good_until < today:
        standings.append(Standing.OUTDATED)
    return max(standings, key=_GRAVITY.index)


def _standing_for(article: Article, source: Source, law: Law, today: dt.date) -> Standing:
    found = law_standing(law, today)
    match found:
        case Standing.AMENDED_UNSEEN:
            unread = [
                change for change in law.unread_amendments(today) if change.touches(source.article)
            ]
            if all(_read_since(article, change) for change in unread):
                return Standing.IN_FORCE
            return found
        case Standing.IN_FORCE | Standing.OUTDATED | Standing.NOT_YET | Standing.LAPSED:
            return found
    assert_never(found)


def _read_since(article: Article, change: Amendment) -> bool:
    return (
        article.status is Status.REVIEWED
        and article.reviewed_on is not None
        and article.reviewed_on >= change.starts
    )
