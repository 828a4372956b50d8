"""The assistant's words in use: seeded from the files, edited on the desk, followed by all.

The tables are the truth (ADR 8). An edited text that no longer fits the program after an upgrade
(it lacks a blank, or has one that nothing fills) is never said: the shipped one is, until somebody
has mended it.
"""

import logging
import threading

from cases.wording import LANGUAGES, About, Mistake, Texts, Wording, Wrong, mistakes
from store import documents
from store.documents import Version
from store.following import follow_documents
from store.session import Database, Session

log = logging.getLogger(__name__)

TEXT = "text"
_UNUSABLE = frozenset({Wrong.EMPTY, Wrong.BRACES, Wrong.UNKNOWN_BLANK, Wrong.LOST_BLANK})
"""What would break a message or leave out what it has to tell; the rest is a matter of style."""


def body_of(wording: Wording) -> str:
    """As it is kept."""
    return wording.model_dump_json(exclude_none=True)


def wording_of(version: Version) -> Wording:
    """What a version holds."""
    return Wording.model_validate_json(version.body)


def seed_texts(session: Session, shipped: Texts) -> int:
    """Bring the tables to what the files say, but for what was edited on the desk."""
    bodies = {key: body_of(shipped.wording(key)) for key in sorted(shipped.keys())}
    return documents.seed(session, TEXT, bodies)


class Wordbook:
    """Where a process takes its words from; `current` is replaced as a whole, never changed."""

    def __init__(self, shipped: Texts, about: About) -> None:
        """What the files say, until it is told to follow a database."""
        self.shipped = shipped
        self.about = about
        self.current = shipped
        self._mark = 0
        self._keys = shipped.keys()
        self._one_at_a_time = threading.Lock()

    def __contains__(self, key: object) -> bool:
        """Whether the program says a text of this key."""
        return key in self._keys

    def mistakes(self, key: str, wording: Wording) -> tuple[Mistake, ...]:
        """What keeps a text from being published."""
        return mistakes(key, wording, self.shipped, self.about)

    def unusable(self, key: str, wording: Wording) -> bool:
        """Whether a text can't be said at all, so that the shipped one is said in its place."""
        return any(one.wrong in _UNUSABLE for one in self.mistakes(key, wording))

    def refresh(self, session: Session) -> bool:
        """Take what the tables say now, if it has changed; whether it had."""
        if documents.mark_of(session, TEXT) == self._mark:
            return False
        with self._one_at_a_time:
            mark = documents.mark_of(session, TEXT)
            if mark <= self._mark:  # marks only grow: this session sees an older state
                return False
            self.current = self._read(session)
            self._mark = mark
            return True

    def refresh_now(self, database: Database) -> None:
        """The same from a thread without an event loop: start-up, command lines, tests."""
        database.read_now(self.refresh)

    async def follow(self, database: Database) -> None:
        """Stay with what is published, for ever."""
        await follow_documents(database, self.refresh, "the texts")

    def _read(self, session: Session) -> Texts:
        said = {key: self.shipped.wording(key) for key in self.shipped.in_order()}
        versions: dict[str, int] = {}
        for version in documents.published(session, TEXT):
            if version.key not in said:
                continue  # edited once, and said by nothing any more
            wording = wording_of(version)
            if wording != said[version.key] and self.unusable(version.key, wording):
                log.error("the edited text %s does not fit this version", version.key)
                continue
            said[version.key], versions[version.key] = wording, version.number
        by_language = {
            language: {
                key: text
                for key, wording in said.items()
                if (text := wording.said_in(language)) is not None
            }
            for language in LANGUAGES
        }
        return Texts(by_language, versions)
