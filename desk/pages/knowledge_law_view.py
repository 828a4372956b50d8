"""The register of laws as the desk shows it: every law, what is due, and one law by itself."""

import datetime as dt
from dataclasses import dataclass
from enum import StrEnum
from typing import assert_never

from cases.access import NotFoundError
from cases.staff import StaffMember
from desk import texts
from desk.frame import Frame, Me, names_of
from desk.guard import Who, roles
from desk.pages.knowledge_article import library_now
from desk.pages.knowledge_diff import Change
from desk.pages.knowledge_law_form import changes
from knowledge import outlook
from knowledge.article import Article
from knowledge.exchange import cited_by
from knowledge.laws import Law, Standing, law_standing
from knowledge.shelf import LAW, law_of
from knowledge.vietnamese import fold
from store import documents
from store.documents import Document, Stage, Version
from store.session import Session


class Show(StrEnum):
    """Which laws the list shows."""

    ALL = "all"
    LAPSED = "lapsed"
    UNREAD = "unread"
    SOON = "soon"
    UNREVIEWED = "unreviewed"
    OPEN = "open"


@dataclass(frozen=True)
class LawLine:
    """One row of the list."""

    law: Law
    standing: Standing
    reviewed: bool
    cited: tuple[str, ...]
    stage: Stage | None
    """Of the version that is being worked on."""


@dataclass(frozen=True)
class Register:
    """Everything the list shows."""

    lines: tuple[LawLine, ...]
    counts: dict[Show, int]
    kept: outlook.Kept
    stale: tuple[tuple[Article, str], ...]
    """Articles that do not simply stand today, and why."""
    turning: tuple[outlook.Turning, ...]
    drafts: tuple[str, ...]
    """Numbers of new laws that nothing counts of yet."""


@dataclass(frozen=True)
class LawDraft:
    """The version that is being worked on."""

    revision: int
    stage: Stage
    writers: str
    mine: bool
    remark: str | None
    saved_at: dt.datetime
    law: Law


@dataclass(frozen=True)
class LawView:
    """Everything the page of one law shows."""

    me: Me
    number: str
    law: Law | None
    """What counts."""
    standing: Standing | None
    reviewed: bool
    retired: bool
    over: int
    written_by_me: bool
    draft: LawDraft | None
    changes: tuple[Change, ...]
    cited: tuple[Article, ...]
    history: tuple[tuple[Version, str], ...]
    can_review: bool
    laws: tuple[Law, ...]
    """All of them, to be suggested."""


def look_at_register(session: Session, frame: Frame, q: str, show: Show) -> Register:
    library, today = library_now(session, frame), session.clock.today()
    worked_on = {version.key: version.stage for version in documents.open_ones(session, LAW)}
    lines = tuple(
        LawLine(
            law,
            law_standing(law, today),
            outlook.is_reviewed(law, today),
            cited_by(library, (law.number, *law.also)),
            worked_on.get(law.number),
        )
        for law in sorted(library.laws, key=lambda law: fold(law.short))
    )
    wanted = fold(q.strip())
    found = [line for line in lines if not wanted or wanted in _searched(line.law)]
    known = {law.number for law in library.laws}
    return Register(
        lines=tuple(line for line in found if _shown(line, show, today)),
        counts={one: sum(_shown(line, one, today) for line in found) for one in Show},
        kept=outlook.kept(library.laws, today),
        stale=tuple(
            (article, texts.stale(article, library.laws, today) or "")
            for article in library.stale(today)
        ),
        turning=outlook.turning(library, today),
        drafts=tuple(key for key in worked_on if key not in known),
    )


def _searched(law: Law) -> str:
    return fold(" ".join((law.number, law.name, law.short, *law.also)))


def _shown(line: LawLine, show: Show, today: dt.date) -> bool:
    match show:
        case Show.ALL:
            return True
        case Show.LAPSED:
            return line.standing is Standing.LAPSED
        case Show.UNREAD:
            return bool(line.law.unread_amendments(today))
        case Show.SOON:
            day = line.law.lapses
            return day is not None and today < day <= today + outlook.SOON
        case Show.UNREVIEWED:
            return not line.reviewed and outlook.in_force(line.law, today)
        case Show.OPEN:
            return line.stage is not None
        case _:
            assert_never(show)


def look_at_law(session: Session, frame: Frame, staff: StaffMember, number: str) -> LawView:
    document = session.get(Document, (LAW, number))
    if document is None:
        raise NotFoundError
    library, today = library_now(session, frame), session.clock.today()
    versions = documents.history(session, LAW, number)
    counts = next((one for one in versions if one.stage is Stage.PUBLISHED), None)
    worked_on = next((one for one in versions if one.stage in documents.OPEN), None)
    names = names_of(session, {one for version in versions for one in version.written_by})

    def who(version: Version) -> str:
        written = ", ".join(names.get(one, "—") for one in version.written_by)
        return written or "Tệp kèm theo Tràm"

    law = law_of(counts) if counts is not None else None
    draft = None
    if worked_on is not None:
        draft = LawDraft(
            worked_on.revision,
            worked_on.stage,
            who(worked_on),
            staff.id in worked_on.written_by,
            worked_on.remark,
            worked_on.saved_at,
            law_of(worked_on),
        )
    keys = (law.number, *law.also) if law is not None else ()
    return LawView(
        me=frame.me(session, staff),
        number=number,
        law=law,
        standing=law_standing(law, today) if law is not None else None,
        reviewed=law is not None and outlook.is_reviewed(law, today),
        retired=document.retired,
        over=counts.number if counts is not None else 0,
        written_by_me=counts is not None and staff.id in counts.written_by,
        draft=draft,
        changes=changes(law, draft.law) if draft is not None else (),
        cited=tuple(library.articles[one] for one in cited_by(library, keys)),
        history=tuple((version, who(version)) for version in versions),
        can_review=staff.role in roles(Who.REVIEWERS),
        laws=tuple(library.laws),
    )
