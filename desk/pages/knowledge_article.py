"""One article as the desk shows it: what counts, what is being written, who else is here."""

import datetime as dt
import re
from dataclasses import dataclass

import sqlalchemy as sa
from pydantic import ValidationError

from cases.access import NotFoundError
from cases.staff import StaffMember
from desk import texts
from desk.frame import Frame, Me, names_of
from desk.guard import Who, roles
from desk.pages.knowledge_form import Written
from knowledge.article import Article, FieldId
from knowledge.feedback import Tally, tallies
from knowledge.library import Library
from knowledge.present import Presented, present
from knowledge.shelf import ARTICLE, article_of
from store import documents, presence
from store.audit import AuditRow
from store.documents import Document, Stage, Version
from store.session import Session

VOTES_OF = dt.timedelta(days=29)
"""Votes and views are counted over this many days and today."""


@dataclass(frozen=True)
class Draft:
    """The version that is being worked on."""

    id: str
    number: int
    revision: int
    stage: Stage
    based_on: int | None
    writers: tuple[str, ...]
    reviewer: str | None
    remark: str | None
    saved_at: dt.datetime
    mine: bool
    """Whether the one who looks at it has written on it."""
    written: Written


@dataclass(frozen=True)
class Step:
    """One line of the history."""

    number: int
    stage: Stage
    who: str
    reviewer: str | None
    remark: str | None
    at: dt.datetime
    restorable: bool


@dataclass(frozen=True)
class View:
    """Everything the pages of one article show."""

    me: Me
    id: str
    field: FieldId
    title: str
    can_review: bool
    retired: bool
    over: int
    """The number of the version that counts, 0 when none does."""
    article: Article | None
    """What counts, retired or not."""
    written_by_me: bool
    """Whether what counts was written by the one who looks at it."""
    shown: Presented | None
    """As citizens see it; None when they do not."""
    stale: str | None
    draft: Draft | None
    tally: Tally
    history: tuple[Step, ...]
    others: tuple[str, ...]
    """Who else has it open."""
    today: dt.date


def written_of(version: Version) -> Written:
    """What a version holds, as the form shows it; a draft may be incomplete."""
    return Written.model_validate_json(version.body)


def field_of(article_id: str) -> FieldId:
    """The field of law that an id begins with.

    Raises:
        NotFoundError: there can be no such article.
    """
    found = re.fullmatch(r"([a-z]+)-\d{2}", article_id, re.ASCII)
    if found is None or found[1] not in set(FieldId):
        raise NotFoundError
    return FieldId(found[1])


def subject_of(article_id: str) -> str:
    """What presence calls an article."""
    return f"{ARTICLE}:{article_id}"


def library_now(session: Session, frame: Frame) -> Library:
    """The library as the tables say at this moment."""
    frame.shelf.refresh(session)
    return frame.shelf.current.library


async def open_article(frame: Frame, staff: StaffMember, article_id: str) -> View:
    """One article for a page; that it is open is noted.

    Raises:
        NotFoundError: there is no such article.
    """
    view = await frame.database.read(
        lambda session: look_at_article(session, frame, staff, article_id)
    )
    await frame.database.transact(
        lambda session: presence.here(session, subject_of(article_id), staff.id)
    )
    return view


def look_at_article(session: Session, frame: Frame, staff: StaffMember, article_id: str) -> View:
    """One article for a page.

    Raises:
        NotFoundError: there is no such article.
    """
    field = field_of(article_id)
    document = session.get(Document, (ARTICLE, article_id))
    if document is None:
        raise NotFoundError
    library = library_now(session, frame)
    today = session.clock.today()
    versions = documents.history(session, ARTICLE, article_id)
    counts = next((one for one in versions if one.stage is Stage.PUBLISHED), None)
    worked_on = next((one for one in versions if one.stage in documents.OPEN), None)
    article = article_of(counts) if counts is not None else None
    here = presence.others(session, subject_of(article_id), staff.id)
    people = {one for version in versions for one in version.written_by}
    people |= {version.reviewer_id for version in versions if version.reviewer_id} | {*here}
    names = names_of(session, people)
    shown = stale = None
    if article is not None and article_id in library.articles:
        stale = texts.stale(article, library.laws, today)
        if not document.retired:
            shown = present(article, library.laws, today, frame.province.blanks())
    draft = _draft(worked_on, names, staff) if worked_on is not None else None
    newest = draft.written if draft is not None else written_of(versions[0])
    return View(
        me=frame.me(session, staff),
        id=article_id,
        field=field,
        title=(article.title if article is not None else newest.title) or article_id,
        can_review=staff.role in roles(Who.REVIEWERS),
        retired=document.retired,
        over=counts.number if counts is not None else 0,
        article=article,
        written_by_me=counts is not None and staff.id in counts.written_by,
        shown=shown,
        stale=stale,
        draft=draft,
        tally=tallies(session, today - VOTES_OF, today).get(article_id, Tally()),
        history=tuple(_step(version, names) for version in versions),
        others=tuple(names[one] for one in here if one in names),
        today=today,
    )


def _draft(version: Version, names: dict[str, str], staff: StaffMember) -> Draft:
    return Draft(
        id=version.id,
        number=version.number,
        revision=version.revision,
        stage=version.stage,
        based_on=version.based_on,
        writers=tuple(names.get(one, "—") for one in version.written_by),
        reviewer=names.get(version.reviewer_id or ""),
        remark=version.remark,
        saved_at=version.saved_at,
        mine=staff.id in version.written_by,
        written=written_of(version),
    )


def _step(version: Version, names: dict[str, str]) -> Step:
    return Step(
        number=version.number,
        stage=version.stage,
        who=", ".join(names.get(one, "—") for one in version.written_by) or "Tệp kèm theo Tràm",
        reviewer=names.get(version.reviewer_id or ""),
        remark=version.remark,
        at=version.published_at or version.saved_at,
        restorable=version.stage is Stage.SUPERSEDED,
    )


def complete(version: Version) -> Article | None:
    """The article that a version holds, or None when it is not complete."""
    try:
        return article_of(version)
    except ValidationError:
        return None


def refusal(session: Session, problem: documents.DocumentError) -> str:
    """Why an act was refused, and what is to be done."""
    match problem:
        case documents.SamePersonError():
            return texts.SAME_PERSON
        case documents.ConflictError(theirs=theirs) if theirs is not None:
            return texts.changed_meanwhile(last_writer(session, theirs), theirs.saved_at)
        case documents.ConflictError():
            return texts.changed_meanwhile(None, None)
        case _:
            return texts.NOT_THERE_YET


def last_writer(session: Session, version: Version) -> str | None:
    """The name of whoever saved a version last, or None when it is the file's."""
    if not version.written_by:
        return None
    last = session.scalar(
        sa.select(AuditRow.staff_id)
        .where(
            AuditRow.act == "document.saved",
            AuditRow.subject == f"{version.kind}:{version.key}",
            AuditRow.staff_id.in_(version.written_by),
        )
        .order_by(AuditRow.id.desc())
        .limit(1)
    )
    writer = last or version.written_by[-1]
    return names_of(session, {writer}).get(writer)
