"""The knowledge in use: seeded from the files, edited in the database, followed by every process.

The tables are the truth. What a process searches is built from them in memory, and follows article
by article when somebody publishes, here or in another process.
"""

import datetime as dt
import logging
import threading
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from types import MappingProxyType
from typing import TypeVar

from knowledge.article import Article, Status
from knowledge.fields import FieldModel
from knowledge.laws import Law, Laws
from knowledge.library import Library
from knowledge.search import Judge, Search
from store import documents
from store.following import follow_documents
from store.session import Database, Session

T = TypeVar("T")
log = logging.getLogger(__name__)

ARTICLE = "article"
LAW = "law"
KINDS = (LAW, ARTICLE)


@dataclass(frozen=True, slots=True)
class Knowledge:
    """The articles and laws that count, and the search over them, as one value."""

    library: Library
    search: Search
    mark: tuple[int, ...] = ()
    """Which state of the tables this is; empty when it was read from files."""


def seed_knowledge(session: Session, library: Library) -> int:
    """Bring the tables to what the files say, but for what was edited on the desk."""
    laws = {law.number: law.model_dump_json(by_alias=True) for law in library.laws}
    articles = {article.id: article.model_dump_json() for article in library.articles.values()}
    return documents.seed(session, LAW, laws) + documents.seed(session, ARTICLE, articles)


def article_of(version: documents.Version) -> Article:
    """The article that a version holds."""
    return Article.model_validate_json(version.body)


def law_of(version: documents.Version) -> Law:
    """The law that a version holds."""
    return Law.model_validate_json(version.body)


def mark_of(session: Session) -> tuple[int, ...]:
    """The state of the tables, as `Knowledge.mark` names it."""
    return tuple(documents.mark_of(session, kind) for kind in KINDS)


class Shelf:
    """Where a process takes its knowledge from; `current` is replaced as a whole, never changed."""

    def __init__(
        self, library: Library, fields: FieldModel | None = None, judge: Judge | None = None
    ) -> None:
        """A shelf with what the files say, until it is told to follow a database."""
        self._laws: Mapping[str, Law] = {}
        self._articles: Mapping[str, Article] = {}
        """Of the tables, in the order of their keys; those whose law is not registered too."""
        self._one_at_a_time = threading.Lock()
        self.current = Knowledge(library, Search(library, fields, judge))

    def search_over(self, library: Library) -> Search:
        """A search over another library, such as one with a change not yet published."""
        return self.current.search.following(library)

    def refresh(self, session: Session) -> bool:
        """Take what the tables say now, if it has changed; whether it had."""
        if mark_of(session) == self.current.mark:
            return False
        with self._one_at_a_time:  # building costs a core: whoever waited finds it done
            mark = mark_of(session)
            if mark <= self.current.mark:  # marks only grow: this session sees an older state
                return False
            library = self._library(session, self.current.mark or (-1,) * len(KINDS))
            self.current = Knowledge(library, self.search_over(library), mark)
            return True

    def refresh_now(self, database: Database) -> None:
        """The same from a thread without an event loop: start-up, command lines, tests."""
        database.read_now(self.refresh)

    async def follow(self, database: Database) -> None:
        """Stay with what is published, for ever."""
        await follow_documents(database, self.refresh, "the knowledge")

    def _library(self, session: Session, since: tuple[int, ...]) -> Library:
        """What counts now; only what changed since these marks is read."""
        laws, articles = map(documents.changed_since, (session,) * len(KINDS), KINDS, since)
        known_laws = _replaced(self._laws, laws, law_of) if laws else self._laws
        known = _replaced(self._articles, articles, article_of)
        if laws:
            register = Laws(known_laws.values())
            shown = _without_holes(known, register)
        else:  # then only a changed article can have come to cite what is not registered
            register = self.current.library.laws
            new = _without_holes({key: known[key] for key in articles if key in known}, register)
            before = self.current.library.articles.items()
            stays = {key: one for key, one in before if key not in articles}
            shown = dict(sorted((stays | new).items()))
        self._laws, self._articles = known_laws, known
        return Library(MappingProxyType(shown), register)


def _replaced(
    known: Mapping[str, T],
    changed: Mapping[str, documents.Version | None],
    read: Callable[[documents.Version], T],
) -> dict[str, T]:
    """The same with what changed read anew or, where it counts no more, left out."""
    stays = {key: one for key, one in known.items() if key not in changed}
    new = {key: read(version) for key, version in changed.items() if version is not None}
    return dict(sorted((stays | new).items()))


def _without_holes(articles: Mapping[str, Article], laws: Laws) -> dict[str, Article]:
    """Only articles whose laws are all registered: nothing is answered without its source."""
    whole: dict[str, Article] = {}
    for key, article in articles.items():
        missing = [source.law for source in article.sources if source.law not in laws]
        if missing:
            log.error("the article %s cites %s, which is not registered", key, ", ".join(missing))
        else:
            whole[key] = article
    return whole


def reviewed(article: Article, today: dt.date) -> Article:
    """The article as confirmed by an officer on `today`: nothing stays open about it."""
    return article.model_copy(update={"status": Status.REVIEWED, "reviewed_on": today})
