"""The second person: comparing a draft with what counts, approving it, publishing it."""

import asyncio
from collections.abc import Callable
from dataclasses import dataclass
from typing import Annotated

from fastapi import APIRouter, Form, Request
from fastapi.responses import Response

from desk import texts
from desk.frame import Flash, Frame, go_to
from desk.guard import Who, staff_of, who_may
from desk.pages.knowledge import address
from desk.pages.knowledge_article import (
    View,
    complete,
    field_of,
    library_now,
    open_article,
    refusal,
    written_of,
)
from desk.pages.knowledge_diff import changes
from desk.pages.knowledge_form import judge, preview
from knowledge.article import Article
from knowledge.library import with_article
from knowledge.present import present
from knowledge.replay import Moved, replay
from knowledge.shelf import ARTICLE, reviewed
from store import documents
from store.documents import DocumentError, Stage, Version, WrongStageError
from store.session import Session

_CHECKS_KEPT = 8


@dataclass(frozen=True)
class Check:
    """What publishing a draft would do to the others."""

    moved: tuple[Moved, ...]
    titles: dict[str, str]
    """Of the articles that are named, by id."""
    asked: int
    """How many wordings were tried."""


def routes(frame: Frame) -> APIRouter:
    """The routes of reviewing and publishing."""
    router = APIRouter()
    checks: dict[tuple[object, ...], asyncio.Task[Check]] = {}

    @router.get("/knowledge/articles/{article_id}/review")
    @who_may(Who.EDITORS)
    async def review_page(request: Request, article_id: str) -> Response:
        done = texts.done(request.query_params.get("done"))
        return await review(request, article_id, Flash(done) if done else None)

    async def review(
        request: Request, article_id: str, flash: Flash | None, status: int = 200
    ) -> Response:
        """What the draft changes, and whether it may count."""
        view = await open_article(frame, staff_of(request), article_id)
        if view.draft is None:
            return back(view, flash, status)
        library, blanks = frame.shelf.current.library, frame.province.blanks()
        judged = judge(view.draft.written, library, blanks)
        counts = await frame.database.read(
            lambda session: documents.published_one(session, ARTICLE, article_id)
        )
        return frame.show(
            "knowledge_article_review.html",
            status,
            flash=flash,
            compared=changes(written_of(counts) if counts is not None else None, judged.written),
            preview=preview(judged, library, view.today, blanks),
            judged=judged,
            moved_on=(view.draft.based_on or 0) != view.over,
            **vars(view),
        )

    def back(view: View, flash: Flash | None, status: int) -> Response:
        """There is nothing to review or publish any more."""
        told = flash or Flash("Bài này không có bản nháp nào đang chờ.", problem=True)
        return frame.show("knowledge_article.html", status, flash=told, **vars(view))

    @router.post("/knowledge/articles/{article_id}/approve")
    @who_may(Who.REVIEWERS)
    async def approve(
        request: Request,
        article_id: str,
        seen: Annotated[int, Form()],
        checked: Annotated[str, Form()] = "",
    ) -> Response:
        """`checked`: the reviewer compared it with the law, and stands behind it as an officer."""
        staff = staff_of(request)

        def act(session: Session) -> None:
            version = worked_on(session, article_id)
            article = complete(version)
            library = library_now(session, frame)
            if (
                article is None
                or judge(written_of(version), library, frame.province.blanks()).problems
            ):
                raise WrongStageError
            body = reviewed(article, session.clock.today()).model_dump_json() if checked else None
            documents.approve(session, version.id, by=staff.id, seen=seen, body=body)

        refused = await attempt(article_id, act)
        if refused is not None:
            return await review(request, article_id, refused, 409)
        return go_to(address(article_id, "/publish", done="approved"))

    @router.post("/knowledge/articles/{article_id}/give-back")
    @who_may(Who.REVIEWERS)
    async def give_back(
        request: Request,
        article_id: str,
        seen: Annotated[int, Form()],
        remark: Annotated[str, Form(max_length=2000)] = "",
    ) -> Response:
        staff, said = staff_of(request), remark.strip()
        if not said:
            text = "Viết vài chữ cho người soạn biết cần sửa gì, rồi trả lại."
            return await review(request, article_id, Flash(text, problem=True), 422)

        def act(session: Session) -> None:
            version = worked_on(session, article_id)
            documents.give_back(session, version.id, by=staff.id, seen=seen, remark=said)

        refused = await attempt(article_id, act)
        if refused is not None:
            return await review(request, article_id, refused, 409)
        return go_to(address(article_id, done="given_back"))

    @router.get("/knowledge/articles/{article_id}/publish")
    @who_may(Who.REVIEWERS)
    async def publish_page(request: Request, article_id: str) -> Response:
        done = texts.done(request.query_params.get("done"))
        wait = "check" in request.query_params
        flash = Flash(done) if done else None
        return await publishing(request, article_id, flash, wait=wait)

    async def publishing(
        request: Request,
        article_id: str,
        flash: Flash | None,
        status: int = 200,
        *,
        wait: bool = True,
    ) -> Response:
        """What would move if the approved draft counted; it takes seconds to `wait` for."""
        view = await open_article(frame, staff_of(request), article_id)
        if view.draft is None or view.draft.stage is not Stage.APPROVED:
            return back(view, flash, status)
        library, blanks = frame.shelf.current.library, frame.province.blanks()
        judged = judge(view.draft.written, library, blanks)
        version = await frame.database.read(lambda session: worked_on(session, article_id))
        article = complete(version)
        sound = article if not judged.problems else None
        check = await check_of(sound, version) if sound is not None and wait else None
        return frame.show(
            "knowledge_article_publish.html",
            status,
            flash=flash,
            check=check,
            judged=judged,
            will_be=present(sound, library.laws, view.today, blanks) if sound else None,
            moved_on=(view.draft.based_on or 0) != view.over,
            **vars(view),
        )

    async def check_of(article: Article, version: Version) -> Check:
        """Every known wording asked before and after, in a thread; the last answers are kept."""
        now = frame.shelf.current
        key = (version.id, version.revision, version.body, now.mark)
        found = checks.get(key)
        if found is None or (found.done() and found.exception() is not None):
            while len(checks) >= _CHECKS_KEPT:
                checks.pop(next(iter(checks)))
            checks[key] = found = asyncio.create_task(asyncio.to_thread(_check, frame, article))
        return await asyncio.shield(found)

    @router.post("/knowledge/articles/{article_id}/publish")
    @who_may(Who.REVIEWERS)
    async def publish(
        request: Request,
        article_id: str,
        over: Annotated[int, Form()],
        seen: Annotated[int, Form()],
        anyway: Annotated[str, Form()] = "",
    ) -> Response:
        """Let the approved draft count; `anyway`: though known wordings move."""
        staff = staff_of(request)
        field_of(article_id)
        await frame.database.read(frame.shelf.refresh)
        version = await frame.database.read(
            lambda session: documents.open_one(session, ARTICLE, article_id)
        )
        article = complete(version) if version is not None else None
        if version is None or article is None or version.stage is not Stage.APPROVED:
            text = texts.NOT_THERE_YET
            return await publishing(request, article_id, Flash(text, problem=True), 409)
        blanks = frame.province.blanks()
        if judge(written_of(version), frame.shelf.current.library, blanks).problems:
            text = "Chưa đăng được: bài này chưa hợp với các bài khác. Xem bên dưới."
            return await publishing(request, article_id, Flash(text, problem=True), 409)
        if (await check_of(article, version)).moved and not anyway:
            text = "Chưa đăng: có câu hỏi sẽ đi nơi khác. Xem bên dưới rồi đánh dấu nếu vẫn đăng."
            return await publishing(request, article_id, Flash(text, problem=True), 409)

        def act(session: Session) -> None:
            approved = worked_on(session, article_id)
            if approved.revision != seen:
                raise documents.ConflictError(approved)
            documents.publish(session, approved.id, by=staff.id, over=over or None)

        refused = await attempt(article_id, act)
        if refused is not None:
            return await publishing(request, article_id, refused, 409)
        await frame.database.read(frame.shelf.refresh)
        return go_to(address(article_id, done="published"))

    async def attempt(article_id: str, act: Callable[[Session], object]) -> Flash | None:
        """Carry out an act; why not, when it was refused."""
        field_of(article_id)
        try:
            await frame.database.transact(act)
        except DocumentError as problem:
            told = problem
            text = await frame.database.read(lambda session: refusal(session, told))
            return Flash(text, problem=True)
        return None

    return router


def worked_on(session: Session, article_id: str) -> Version:
    """The version that is being worked on.

    Raises:
        WrongStageError: none is.
    """
    version = documents.open_one(session, ARTICLE, article_id)
    if version is None:
        raise WrongStageError
    return version


def _check(frame: Frame, article: Article) -> Check:
    now = frame.shelf.current
    after = with_article(now.library, article)
    moved = replay(now.library, now.search, after, frame.shelf.search_over(after))
    named = {one.owner for one in moved} | {one.to for one in moved if one.to is not None}
    return Check(
        moved=moved,
        titles={key: after.articles[key].title for key in named},
        asked=sum(2 + len(one.wordings) for one in after.articles.values()),
    )
