"""How well the register is kept, and what will turn stale next. Pure.

The plan asks that at least 95 % of the documents of law be up to date: of those in force, those an
officer has compared with the gazette since they last changed.
"""

import datetime as dt
from collections.abc import Iterable
from dataclasses import dataclass

from knowledge.article import Article, Source
from knowledge.laws import Law, Laws, Standing, law_standing, standing
from knowledge.library import Library

GOAL = 95
"""Percent, of the plan."""
SOON = dt.timedelta(days=90)
_GRAVITY = tuple(Standing)


@dataclass(frozen=True, slots=True)
class Kept:
    """Documents in force, and how many of them are reviewed."""

    reviewed: int
    in_force: int

    @property
    def percent(self) -> float:
        """Of 100, one decimal, rounded down: 94.96 is not the goal yet."""
        return self.reviewed * 1000 // self.in_force / 10 if self.in_force else 0.0


@dataclass(frozen=True, slots=True)
class Turning:
    """An article that stands worse from a day on."""

    article: Article
    day: dt.date
    standing: Standing
    laws: tuple[Law, ...]
    """Those that change on that day; none when it is the article's own figures."""


def in_force(law: Law, today: dt.date) -> bool:
    """Whether a law applies on a day, amended or not."""
    return law_standing(law, today) not in {Standing.LAPSED, Standing.NOT_YET}


def is_reviewed(law: Law, today: dt.date) -> bool:
    """Whether an officer has compared it with the gazette, and it has not changed since."""
    return law.reviewed_on is not None and not any(
        change.starts > law.reviewed_on for change in law.unread_amendments(today)
    )


def kept(laws: Iterable[Law], today: dt.date) -> Kept:
    """The plan's figure on a day."""
    counted = [law for law in laws if in_force(law, today)]
    return Kept(sum(is_reviewed(law, today) for law in counted), len(counted))


def turning(library: Library, today: dt.date, within: dt.timedelta = SOON) -> tuple[Turning, ...]:
    """The articles that will stand worse than on `today`, each on its first such day."""
    found = []
    for article in library.articles.values():
        now = _gravity(article, library.laws, today)
        for day in _days(article, library.laws, today, today + within):
            then = standing(article, library.laws, day)
            if _GRAVITY.index(then) > now:
                due = {
                    source.law: library.laws[source.law]
                    for source in article.sources
                    if day in _turns(library.laws[source.law], source)
                }
                found.append(Turning(article, day, then, tuple(due.values())))
                break
    return tuple(sorted(found, key=lambda one: (one.day, one.article.id)))


def _gravity(article: Article, laws: Laws, day: dt.date) -> int:
    return _GRAVITY.index(standing(article, laws, day))


def _days(article: Article, laws: Laws, after: dt.date, last: dt.date) -> list[dt.date]:
    days = {day for source in article.sources for day in _turns(laws[source.law], source)}
    if article.good_until is not None and article.good_until < dt.date.max:
        days.add(article.good_until + dt.timedelta(days=1))
    return sorted(day for day in days if after < day <= last)


def _turns(law: Law, source: Source) -> set[dt.date]:
    """The days on which what is cited of a law may come to stand worse."""
    days = {
        change.starts
        for change in law.amendments
        if not change.text_seen and change.touches(source.article)
    }
    return days | {law.lapses} if law.lapses is not None else days
