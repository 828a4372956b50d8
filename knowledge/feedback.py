"""What citizens make of the answers: what was read, what helped, what nobody could answer.

Nothing here leads back to a person but a vote, which keeps the talk's id so that nobody votes
twice; questions are masked before they are kept, and sealed all the same.
"""

import datetime as dt
from collections import Counter, defaultdict
from collections.abc import Sequence
from dataclasses import dataclass
from enum import StrEnum
from typing import Any, cast

import sqlalchemy as sa
from rapidfuzz import fuzz
from sqlalchemy.dialects import postgresql, sqlite
from sqlalchemy.orm import Mapped, mapped_column

from knowledge.masking import mask
from knowledge.vietnamese import fold, syllables
from store.base import Base, Row
from store.clock import ZONE
from store.session import Session


class Why(StrEnum):
    """Why a question stands in the list."""

    UNKNOWN = "unknown"
    """No article was likely enough to be the answer."""
    UNHELPFUL = "unhelpful"
    """An article was shown, and the citizen says it did not help."""


class Handled(StrEnum):
    """What an editor made of a question."""

    WORDING = "wording"
    """It became a wording of an article."""
    DRAFT = "draft"
    """It led to a new article."""
    NOT_OURS = "not_ours"


class Views(Base):
    """How often an article was shown on a day."""

    __tablename__ = "article_views"

    day: Mapped[dt.date] = mapped_column(primary_key=True)
    article_id: Mapped[str] = mapped_column(sa.String(40), primary_key=True)
    count: Mapped[int] = mapped_column(default=0)


class Vote(Base):
    """What one talk says of one article; the last word counts."""

    __tablename__ = "article_votes"

    conversation_id: Mapped[str] = mapped_column(sa.String(32), primary_key=True)
    article_id: Mapped[str] = mapped_column(sa.String(40), primary_key=True)
    helpful: Mapped[bool]
    at: Mapped[dt.datetime] = mapped_column(index=True)


class OpenQuestion(Row):
    """A question that found no answer, or none that helped."""

    __tablename__ = "open_questions"

    text: Mapped[bytes]
    """Masked, then sealed."""
    why: Mapped[Why]
    article_id: Mapped[str | None] = mapped_column(sa.String(40), index=True)
    """The article that did not help."""
    field: Mapped[str | None] = mapped_column(sa.String(20))
    """The field of law it seems to belong to."""
    at: Mapped[dt.datetime] = mapped_column(index=True)
    handled: Mapped[Handled | None]
    handled_by: Mapped[str | None] = mapped_column(sa.String(32))
    handled_at: Mapped[dt.datetime | None]
    led_to: Mapped[str | None] = mapped_column(sa.String(40))
    """The article that it became a wording of, or led to."""


def viewed(session: Session, article_id: str) -> None:
    """Count that an article was shown."""
    day = session.clock.now().astimezone(ZONE).date()
    count = _COUNT_ON_POSTGRES if session.on_postgres else _COUNT_ON_SQLITE
    session.execute(count, {"day": day, "article_id": article_id, "count": 1})


# Built once, as every answer of the library is counted by them.
_VIEWS = cast("sa.Table", Views.__table__)
_ONCE_MORE: dict[str, Any] = {
    "index_elements": [_VIEWS.c.day, _VIEWS.c.article_id],
    "set_": {"count": _VIEWS.c.count + 1},
}
_COUNT_ON_SQLITE = sqlite.insert(_VIEWS).on_conflict_do_update(**_ONCE_MORE)
_COUNT_ON_POSTGRES = postgresql.insert(_VIEWS).on_conflict_do_update(**_ONCE_MORE)


def vote(session: Session, conversation_id: str, article_id: str, *, helpful: bool) -> None:
    """Take what a talk says of an article; said again it replaces what was said before."""
    now = session.clock.now()
    found = session.get(Vote, (conversation_id, article_id))
    if found is None:
        session.add(
            Vote(conversation_id=conversation_id, article_id=article_id, helpful=helpful, at=now)
        )
    else:
        found.helpful, found.at = helpful, now


def keep_question(
    session: Session, text: str, why: Why, *, article_id: str | None = None, field: str | None
) -> None:
    """Keep a question for the editors, without what could tell who asked."""
    masked = mask(text)
    if not masked:
        return
    row = OpenQuestion(why=why, article_id=article_id, field=field, at=session.clock.now())
    row.seal(session.vault, "text", masked)
    session.add(row)


@dataclass(frozen=True, slots=True)
class Asked:
    """One kept question, opened."""

    id: str
    text: str
    why: Why
    article_id: str | None
    field: str | None
    at: dt.datetime


@dataclass(frozen=True, slots=True)
class Group:
    """Questions that ask about the same thing, the newest first."""

    asked: tuple[Asked, ...]

    @property
    def text(self) -> str:
        """The shortest of them with more than two words: it says the matter best."""
        whole = [one.text for one in self.asked if len(one.text.split()) > 2]
        return min(whole or [one.text for one in self.asked], key=len)


_MOST = 2000
_TELLING = 4
"""Only groups that share one of a question's so many rarest words are compared with it."""
_ALIKE = 78.0
"""Of 100, by shared words: from here on two questions ask about the same thing."""
_FILLERS = frozenset(
    syllables(
        "a ah bi biet boi cac cai can cho co cung da dau de di do duoc em gi giup ha hay hoi khi"
        " khong la lam luon ma minh moi mot nao nay nen neu nhe nhu nhung o oi phai ra rang roi"
        " sao se thi toi tui u va vao vay vi voi xin"
    )
)
"""Words, folded, that stand in any question: to share them makes no two alike.

Not among them what without marks is also a word of a matter: "con" (còn), "the" (thế, thẻ).
"""


def open_questions(session: Session, since: dt.datetime | None = None) -> tuple[Asked, ...]:
    """The questions nobody has handled yet, the newest first, 2,000 at most."""
    query = (
        sa.select(OpenQuestion)
        .where(OpenQuestion.handled.is_(None))
        .order_by(OpenQuestion.at.desc(), OpenQuestion.id.desc())
        .limit(_MOST)
    )
    if since is not None:
        query = query.where(OpenQuestion.at >= since)
    return tuple(
        Asked(
            row.id,
            row.open(session.vault, "text") or "",
            row.why,
            row.article_id,
            row.field,
            row.at,
        )
        for row in session.scalars(query)
    )


def grouped(asked: Sequence[Asked]) -> tuple[Group, ...]:
    """The same questions with those alike together, the largest group first. Pure."""
    read = [(one, _telling(one.text)) for one in asked]
    common = Counter(word for _, words in read for word in set(words))
    groups: list[tuple[str, list[Asked]]] = []
    by_word: dict[str, set[int]] = defaultdict(set)
    for one, words in read:
        said = " ".join(words)
        telling = sorted(set(words), key=lambda word: (common[word], word))[:_TELLING]
        near = sorted({place for word in telling for place in by_word[word]})
        alike = (p for p in near if fuzz.token_set_ratio(said, groups[p][0]) >= _ALIKE)
        place = next(alike, None)
        if place is None:
            place = len(groups)
            groups.append((said, []))
        for word in set(words):
            by_word[word].add(place)
        groups[place][1].append(one)
    ordered = sorted(groups, key=lambda group: len(group[1]), reverse=True)
    return tuple(Group(tuple(members)) for _, members in ordered)


def _telling(text: str) -> list[str]:
    """The words that say what is asked; all, where hardly any would be left to compare."""
    words = syllables(fold(text))
    telling = [word for word in words if word not in _FILLERS]
    return telling if len(set(telling)) > 1 else list(words)


def handle(
    session: Session,
    ids: Sequence[str],
    handled: Handled,
    *,
    by: str,
    led_to: str | None = None,
) -> int:
    """Take questions off the list; how many were still on it."""
    done = session.execute(
        sa.update(OpenQuestion)
        .where(OpenQuestion.id.in_(ids), OpenQuestion.handled.is_(None))
        .values(handled=handled, handled_by=by, handled_at=session.clock.now(), led_to=led_to)
    )
    return int(done.rowcount)  # type: ignore[attr-defined]


@dataclass(frozen=True, slots=True)
class Tally:
    """What became of one article in a span of days."""

    views: int = 0
    helpful: int = 0
    unhelpful: int = 0


def tallies(session: Session, first: dt.date, last: dt.date) -> dict[str, Tally]:
    """By article: views and votes from `first` to `last`, both days of Vietnam included."""
    begin = dt.datetime.combine(first, dt.time(), ZONE)
    end = dt.datetime.combine(last + dt.timedelta(days=1), dt.time(), ZONE)
    views = session.execute(
        sa.select(Views.article_id, sa.func.sum(Views.count))
        .where(Views.day.between(first, last))
        .group_by(Views.article_id)
    )
    seen: dict[str, int] = dict(views.all())
    votes = session.execute(
        sa.select(Vote.article_id, Vote.helpful, sa.func.count())
        .where(Vote.at >= begin, Vote.at < end)
        .group_by(Vote.article_id, Vote.helpful)
    )
    said = {(article_id, helpful): count for article_id, helpful, count in votes}
    ids = {*seen, *(article_id for article_id, _ in said)}
    return {
        article_id: Tally(
            views=int(seen.get(article_id, 0)),
            helpful=said.get((article_id, True), 0),
            unhelpful=said.get((article_id, False), 0),
        )
        for article_id in ids
    }
