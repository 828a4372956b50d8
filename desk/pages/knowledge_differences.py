"""Documents edited here whose shipped file has come to say something else: which one counts."""

import hashlib
from dataclasses import dataclass
from enum import StrEnum
from typing import Annotated, assert_never

from fastapi import APIRouter, Form, Request
from fastapi.responses import HTMLResponse, Response

from cases.access import NotFoundError
from desk import texts
from desk.frame import Flash, Frame, Me, go_to
from desk.guard import Who, roles, staff_of, who_may
from desk.pages import knowledge_diff, knowledge_law_form
from desk.pages.knowledge_article import library_now
from desk.pages.knowledge_diff import Change
from desk.pages.knowledge_form import Written
from desk.pages.knowledge_tools import UnfitError
from knowledge.article import Article
from knowledge.exchange import law_faults, register_faults
from knowledge.laws import Law
from knowledge.library import Library, clashes
from knowledge.shelf import KINDS, LAW
from store import documents
from store.documents import Document
from store.session import Session

HERE = "/differences"
"""The tab of this page."""


class Decision(StrEnum):
    """Which of the two texts counts."""

    OURS = "ours"
    FILES = "files"


@dataclass(frozen=True)
class Differs:
    """One document whose file says something newer."""

    kind: str
    key: str
    title: str
    changes: tuple[Change, ...]
    over: int
    """The number of the version that counts, 0 for none."""
    mark: str
    """Of the file's text, so that what is decided is what was read."""
    retired: bool
    draft: bool
    """Whether somebody is working on it."""


def _differing(session: Session) -> tuple[Differs, ...]:
    found = []
    for kind in KINDS:
        for document in documents.differences(session, kind):
            body = document.file_body or ""
            counts = documents.published_one(session, kind, document.key)
            ours = counts.body if counts is not None else None
            title, changes = _compared(kind, ours, body)
            found.append(
                Differs(
                    kind=kind,
                    key=document.key,
                    title=title,
                    changes=changes,
                    over=counts.number if counts is not None else 0,
                    mark=_mark(body),
                    retired=document.retired,
                    draft=documents.open_one(session, kind, document.key) is not None,
                )
            )
    return tuple(found)


def _compared(kind: str, ours: str | None, files: str) -> tuple[str, tuple[Change, ...]]:
    if kind == LAW:
        law = Law.model_validate_json(files)
        before = Law.model_validate_json(ours) if ours is not None else None
        return law.short, knowledge_law_form.changes(before, law)
    article = Written.model_validate_json(files)
    known = Written.model_validate_json(ours) if ours is not None else None
    return article.title, knowledge_diff.changes(known, article)


def _mark(body: str) -> str:
    return hashlib.sha256(body.encode()).hexdigest()[:16]


def _unfit(kind: str, body: str, library: Library) -> str | None:
    """Why the file's text does not fit beside what counts now."""
    if kind == LAW:
        law = Law.model_validate_json(body)
        return "; ".join((*law_faults(law), *register_faults(law, library))) or None
    article = Article.model_validate_json(body)
    for clash in clashes(article, library):
        owner = library.articles[clash.other] if clash.other else None
        return texts.clash(clash, article, owner)[1]
    return None


def routes(frame: Frame) -> APIRouter:
    """The routes of the differences."""
    router = APIRouter()

    @router.get("/knowledge/differences")
    @who_may(Who.EDITORS)
    async def differences(request: Request) -> HTMLResponse:
        done = texts.difference_done(request.query_params.get("done"))
        return await page(request, Flash(done) if done else None)

    async def page(request: Request, flash: Flash | None, status: int = 200) -> HTMLResponse:
        staff = staff_of(request)

        def look(session: Session) -> tuple[Me, tuple[Differs, ...]]:
            return frame.me(session, staff), _differing(session)

        me, found = await frame.database.read(look)
        return frame.show(
            "knowledge_differences.html",
            status,
            flash=flash,
            here=HERE,
            me=me,
            found=found,
            can_review=staff.role in roles(Who.REVIEWERS),
        )

    @router.post("/knowledge/differences")
    @who_may(Who.REVIEWERS)
    async def decide(
        request: Request,
        kind: Annotated[str, Form()],
        key: Annotated[str, Form()],
        over: Annotated[int, Form()],
        mark: Annotated[str, Form()],
        decision: Annotated[Decision, Form()],
    ) -> Response:
        staff = staff_of(request)

        def act(session: Session) -> None:
            library = library_now(session, frame)  # before anything is changed here
            document = session.get(Document, (kind, key), with_for_update=True)
            if document is None or kind not in KINDS:
                raise NotFoundError
            counts = documents.published_one(session, kind, key)
            now = counts.number if counts is not None else 0
            if document.file_body is None or (now, _mark(document.file_body)) != (over, mark):
                raise UnfitError("Chỗ khác này đã đổi hoặc đã được xử lý. Hãy xem lại.")
            match decision:
                case Decision.OURS:
                    documents.keep_ours(session, kind, key, by=staff.id)
                case Decision.FILES:
                    unfit = _unfit(kind, document.file_body, library)
                    if unfit is not None:
                        raise UnfitError(f"Chưa lấy được bản của tệp: {unfit}")
                    documents.take_files(session, kind, key, by=staff.id)
                case _:
                    assert_never(decision)

        try:
            await frame.database.transact(act)
        except UnfitError as problem:
            return await page(request, Flash(str(problem), problem=True), 409)
        await frame.database.read(frame.shelf.refresh)
        return go_to(f"/knowledge{HERE}?done={decision}")

    return router
