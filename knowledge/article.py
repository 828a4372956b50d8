"""An answer of the knowledge base: what a citizen is told, and the law it rests on."""

import datetime as dt
from collections.abc import Mapping
from enum import StrEnum
from typing import Annotated, Any

from pydantic import Field, StringConstraints

from store.datafile import Entry

Sentence = Annotated[str, StringConstraints(strip_whitespace=True, min_length=1)]
LIMITS: Mapping[str, int] = {
    "title": 80,
    "short": 38,
    "answer": 500,
    "first_step": 200,
    "where": 220,
}
"""The most letters of each part that a phone shows well; blanks count as they are written."""


class FieldId(StrEnum):
    """The eight fields of law of the plan (Decision 687/QĐ-UBND, Cà Mau, 2013)."""

    CRIMINAL = "criminal"
    CIVIL = "civil"
    FAMILY = "family"
    ADMINISTRATIVE = "administrative"
    LAND = "land"
    LABOUR = "labour"
    MERIT = "merit"
    POVERTY = "poverty"


class Status(StrEnum):
    """`reviewed` is an officer's act; everything ships as `draft-sourced`."""

    DRAFT_SOURCED = "draft-sourced"
    REVIEWED = "reviewed"


class Confidence(StrEnum):
    """How sure the sources are. C: text read. P: text read, amended since, new text not seen.

    U: from memory.
    """

    CONFIRMED = "C"
    PARTLY = "P"
    UNVERIFIED = "U"


class Source(Entry):
    """One article of one law that the answer rests on; `law` is a number of `laws.yaml`."""

    law: Sentence
    article: Sentence | None = None
    note: Sentence | None = None


class Translation(Entry):
    title: Sentence
    summary: Sentence


class Article(Entry):
    """One topic. All texts are Vietnamese, written for a phone screen.

    Bodies of the province are named by blanks (`{province}`, `{centre}`), so that another
    province can use the same article.
    """

    id: Annotated[str, StringConstraints(pattern=r"^[a-z]+-\d{2,3}$")]
    field: FieldId
    title: Sentence
    """The question as a citizen would put it; the heading of the answer."""
    short: Annotated[Sentence, StringConstraints(max_length=LIMITS["short"])]
    """The same in at most 38 characters: the label of a button."""
    answer: Sentence
    """Two to five short sentences."""
    first_step: Sentence
    where: Sentence
    time_limits: tuple[Sentence, ...] = ()
    papers: tuple[Sentence, ...] = ()
    wordings: Annotated[tuple[Sentence, ...], Field(min_length=8)]
    """Other ways people ask it. Searched, never shown."""
    sources: Annotated[tuple[Source, ...], Field(min_length=1)]
    confidence: Confidence
    status: Status = Status.DRAFT_SOURCED
    open_points: tuple[Sentence, ...] = ()
    """What an officer has to check before the article can be `reviewed`. For staff."""
    reviewed_on: dt.date | None = None
    good_until: dt.date | None = None
    """The last day the figures of the answer hold, where that is known; stale from the day after.

    For what the law itself makes grow every year, such as the age of retirement.
    """
    translations: dict[str, Translation] = Field(default_factory=dict)


def overlong(parts: Mapping[str, Any]) -> tuple[str, ...]:
    """The parts of an article that are longer than `LIMITS`.

    Asked before something new is taken in, and no rule of `Article` but for the label of a button:
    what was published before there were limits must go on being answered.
    """
    return tuple(name for name, most in LIMITS.items() if len(parts[name]) > most)
