"""What is wrong with articles that fit their form: too long for a phone, or too sure of themselves.

For whoever writes them, by `python -m knowledge check`. What has no form at all, cites a law nobody
registered or asks what another article asks is refused when the files are read (`library.py`).
"""

import datetime as dt
import re
from collections import Counter
from collections.abc import Iterator

from knowledge.article import LIMITS, Article, Confidence, overlong
from knowledge.library import Library

FEWEST_SENTENCES, MOST_SENTENCES = 2, 5
LONGEST_SENTENCE = 50
"""Words, as Vietnamese writes them: syllables."""
_END = re.compile(r"(?<=[.?!…])\s+")


def faults(article: Article) -> Iterator[str]:
    """What its author should mend, one sentence each."""
    for part in overlong(vars(article)):
        yield f"{part} has {len(getattr(article, part))} letters, a phone shows {LIMITS[part]} well"
    told = sentences(article.answer)
    if not FEWEST_SENTENCES <= len(told) <= MOST_SENTENCES:
        yield f"the answer has {len(told)} sentences, not {FEWEST_SENTENCES} to {MOST_SENTENCES}"
    for one in told:
        if len(one.split()) > LONGEST_SENTENCE:
            yield f"a sentence has {len(one.split())} words: “{one[:40]}…”"
    if article.confidence is not Confidence.CONFIRMED and not article.open_points:
        yield "not all of its sources were read, and no open point says what an officer must check"


def sentences(text: str) -> tuple[str, ...]:
    """The sentences of a text; an abbreviation's stop before a small letter ends none."""
    told: list[str] = []
    for piece in _END.split(text.strip()):
        if told and not (piece[0].isupper() or piece[0] in "{“("):
            told[-1] += f" {piece}"
        else:
            told.append(piece)
    return tuple(told)


def summary(library: Library, today: dt.date) -> tuple[str, ...]:
    """How far the articles are from being reviewed, and which the law has overtaken."""
    articles = library.articles.values()
    fields = Counter(one.field.value for one in articles)
    statuses = Counter(one.status.value for one in articles)
    sure = Counter(one.confidence.value for one in articles)
    wordings = sum(len(one.wordings) for one in articles)
    stale = [one.id for one in library.stale(today)]
    return (
        f"{len(library.articles)} articles: {_counted(fields)}",
        f"{_counted(statuses)}; confidence {_counted(sure)}",
        f"{wordings} wordings, {len(library.laws)} laws; stale on {today:%d/%m/%Y}: {len(stale)}",
        *(f"  {key}" for key in stale),
    )


def _counted(numbers: Counter[str]) -> str:
    return ", ".join(f"{name} {number}" for name, number in sorted(numbers.items()))
