"""What the tools around the knowledge base share: a question made a wording, or a new article."""

import re
from collections.abc import Sequence
from dataclasses import dataclass

from cases.access import NotFoundError
from desk.frame import Frame, names_of
from desk.pages.knowledge import MOST_OF_A_FIELD, next_number
from desk.pages.knowledge_article import library_now, written_of
from desk.pages.knowledge_form import Written, judge
from knowledge.article import FieldId
from knowledge.feedback import Group
from knowledge.shelf import ARTICLE
from knowledge.vietnamese import fold, normalise, syllables
from store import documents
from store.session import Session

LONGEST_WORDING = 200
_MASKED = re.compile(r"\[[^\]]*\]")


class UnfitError(Exception):
    """What can't be done as things stand; says why, in the words of the desk."""


@dataclass(frozen=True)
class Target:
    """An article that a question may become a wording of."""

    id: str
    title: str
    seen: int
    """The revision of its draft, 0 for none."""
    writers: str
    """Who is writing on that draft; empty for none."""


def targets(session: Session, frame: Frame, ids: Sequence[str]) -> tuple[Target, ...]:
    """Articles as targets, in the order asked for; those that do not count are left out."""
    articles = library_now(session, frame).articles
    worked_on = {version.key: version for version in documents.open_ones(session, ARTICLE)}
    people = {one for key in ids if key in worked_on for one in worked_on[key].written_by}
    names = names_of(session, people)
    found = []
    for key in ids:
        if key not in articles:
            continue
        draft = worked_on.get(key)
        writers = ", ".join(names.get(one, "—") for one in draft.written_by) if draft else ""
        found.append(Target(key, articles[key].title, draft.revision if draft else 0, writers))
    return tuple(found)


def as_wording(text: str) -> str:
    """A question without the marks of what was masked in it, cut to what a wording may be."""
    return " ".join(_MASKED.sub(" ", text).split())[:LONGEST_WORDING].strip()


def best_said(group: Group) -> str:
    """The question that says the matter best, with marks where anybody typed them."""
    marked = [one for one in group.asked if normalise(one.text).has_diacritics]
    return Group(tuple(marked)).text if marked else group.text


def add_wording(
    session: Session, frame: Frame, article_id: str, text: str, *, by: str, seen: int
) -> None:
    """Put a wording into the draft of an article, begun when there is none.

    Raises:
        NotFoundError: there is no such article.
        UnfitError: it says nothing, or is a wording already, here or elsewhere.
        ConflictError: somebody has saved the draft since it was seen.
    """
    wording = as_wording(text)
    if not syllables(fold(wording)):
        raise UnfitError("Câu hỏi chưa có chữ nào.")
    library = library_now(session, frame)
    version = documents.open_one(session, ARTICLE, article_id)
    version = version or documents.published_one(session, ARTICLE, article_id)
    if version is None:
        raise NotFoundError
    before = written_of(version)
    known = {_key(one): one for one in (before.title, before.short, *before.wordings)}
    if _key(wording) in known:
        raise UnfitError(f"Bài {article_id} đã có câu này: “{known[_key(wording)]}”.")
    for article in library.articles.values():
        texts = (article.title, article.short, *article.wordings)
        if article.id != article_id and _key(wording) in map(_key, texts):
            raise UnfitError(f"Câu này đã thuộc bài {article.title} ({article.id}).")
    written = before.model_copy(update={"wordings": (*before.wordings, wording)})
    body = judge(written, library, frame.province.blanks()).body
    documents.save(session, ARTICLE, article_id, body, by=by, seen=seen)


def begin_article(session: Session, field: FieldId, text: str, *, by: str) -> str:
    """Begin an article with a question as its title and first wording; returns its id.

    Raises:
        UnfitError: the question says nothing, or the field has no number left.
    """
    wording = as_wording(text)
    if not syllables(fold(wording)):
        raise UnfitError("Câu hỏi chưa có chữ nào.")
    session.one_at_a_time(f"documents.{ARTICLE}.{field}")
    number = next_number(session, field)
    if number > MOST_OF_A_FIELD:
        raise UnfitError("Lĩnh vực này đã đủ 999 bài.")
    title = wording[:1].upper() + wording[1:]
    written = Written(id=f"{field}-{number:02}", field=field, title=title, wordings=(wording,))
    documents.save(session, ARTICLE, written.id, written.model_dump_json(), by=by, seen=0)
    return written.id


def _key(text: str) -> str:
    return " ".join(syllables(fold(text)))
