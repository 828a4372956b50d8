"""What a change would do to questions that are answered well today. Pure.

Every title and wording of the base is asked once of the base as it is and once of the base as it
would be. What led to its own article and no longer does is what a publisher has to see.
"""

from collections.abc import Iterator
from dataclasses import dataclass

from knowledge.article import Article
from knowledge.index import read_text
from knowledge.library import Library
from knowledge.search import Search


@dataclass(frozen=True, slots=True)
class Moved:
    """A known wording that leads elsewhere after the change."""

    wording: str
    owner: str
    """The id of the article it belongs to."""
    to: str | None
    """The article it would lead to; None for "I don't know"."""


def replay(
    before: Library, search_before: Search, after: Library, search_after: Search
) -> tuple[Moved, ...]:
    """The wordings that reach their article before the change and would not after it.

    Wordings that come with the change must reach their article too.
    """
    changed = _words_of_what_changed(before, after)
    moved = []
    for owner, wording in _wordings(after):
        if changed.isdisjoint(_words(wording)):
            continue  # it can't have met what changed
        to = _first(search_after, wording)
        if to == owner:
            continue
        known = owner in before.articles and wording in _texts(before.articles[owner])
        if not known or _first(search_before, wording) == owner:
            moved.append(Moved(wording, owner, to))
    return tuple(moved)


def _words_of_what_changed(before: Library, after: Library) -> frozenset[str]:
    """The words by which any article that differs is found, as it was and as it would be."""
    ids = {*before.articles, *after.articles}
    differing = [
        article
        for key in ids
        if before.articles.get(key) != after.articles.get(key)
        for article in (before.articles.get(key), after.articles.get(key))
        if article is not None
    ]
    return frozenset(
        word for article in differing for text in _texts(article) for word in _words(text)
    )


def _words(text: str) -> frozenset[str]:
    return frozenset(read_text(text).syllables)


def _first(search: Search, wording: str) -> str | None:
    found = search.search(wording, 1)
    return found.answers[0].id if found.answers and not found.abstained else None


def _wordings(library: Library) -> Iterator[tuple[str, str]]:
    for article in library.articles.values():
        for text in _texts(article):
            yield article.id, text


def _texts(article: Article) -> tuple[str, ...]:
    return article.title, article.short, *article.wordings
