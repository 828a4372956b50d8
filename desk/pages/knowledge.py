"""The articles of the knowledge base: the list, one article, and what counts at once."""

from collections.abc import Callable
from typing import Annotated

import sqlalchemy as sa
from fastapi import APIRouter, Form, Request
from fastapi.responses import HTMLResponse, Response

from desk import texts
from desk.frame import Flash, Frame, Me, go_to, names_of
from desk.guard import Who, staff_of, who_may
from desk.pages.knowledge_article import (
    View,
    complete,
    field_of,
    library_now,
    look_at_article,
    open_article,
    refusal,
    subject_of,
)
from desk.pages.knowledge_diff import Change, changes
from desk.pages.knowledge_form import Written
from desk.pages.knowledge_list import Listed, filters_of, look_at_list
from knowledge.article import Article, FieldId
from knowledge.library import clashes
from knowledge.shelf import ARTICLE, reviewed
from store import documents, presence
from store.documents import Document, DocumentError, WrongStageError
from store.session import Session

MOST_OF_A_FIELD = 999
"""An id has at most three digits."""
Act = Callable[[Session], object]


def address(article_id: str, page: str = "", done: str = "") -> str:
    """A page of an article, within the desk."""
    return f"/knowledge/articles/{article_id}{page}" + (f"?done={done}" if done else "")


def routes(frame: Frame) -> APIRouter:
    """The routes of the list and of what is done with a whole article."""
    router = APIRouter()

    @router.get("/knowledge")
    @who_may(Who.EDITORS)
    async def article_list(request: Request) -> HTMLResponse:
        staff, filters = staff_of(request), filters_of(request.query_params)

        def look(session: Session) -> tuple[Me, Listed]:
            return frame.me(session, staff), look_at_list(session, frame, filters)

        me, listed = await frame.database.read(look)
        return frame.show("knowledge_list.html", me=me, listed=listed)

    @router.get("/knowledge/new")
    @who_may(Who.EDITORS)
    async def new_page(request: Request, field: str = "", title: str = "") -> HTMLResponse:
        return await new_form(request, field, title)

    async def new_form(
        request: Request, field: str, title: str, problem: str | None = None
    ) -> HTMLResponse:
        staff = staff_of(request)
        me = await frame.database.read(lambda session: frame.me(session, staff))
        flash = Flash(problem, problem=True) if problem else None
        return frame.show(
            "knowledge_article_new.html",
            422 if problem else 200,
            flash=flash,
            me=me,
            field=field,
            title=title,
            fields=tuple(FieldId),
        )

    @router.post("/knowledge/new")
    @who_may(Who.EDITORS)
    async def begin(
        request: Request,
        field: Annotated[FieldId, Form()],
        title: Annotated[str, Form(max_length=300)] = "",
    ) -> Response:
        """Begin an article: it gets the next free number, and is a draft from then on."""
        staff = staff_of(request)
        if not title.strip():
            return await new_form(request, field, title, "Viết câu hỏi trước đã.")

        def act(session: Session) -> str | None:
            session.one_at_a_time(f"documents.{ARTICLE}.{field}")
            number = next_number(session, field)
            if number > MOST_OF_A_FIELD:
                return None
            written = Written(id=f"{field}-{number:02}", field=field, title=title.strip())
            body = written.model_dump_json()
            documents.save(session, ARTICLE, written.id, body, by=staff.id, seen=0)
            return written.id

        made = await frame.database.transact(act)
        if made is None:
            return await new_form(request, field, title, "Lĩnh vực này đã đủ 999 bài.")
        return go_to(address(made, "/edit"))

    @router.get("/knowledge/articles/{article_id}")
    @who_may(Who.EDITORS)
    async def article_page(request: Request, article_id: str) -> HTMLResponse:
        done = texts.done(request.query_params.get("done"))
        return await article(request, article_id, Flash(done) if done else None)

    async def article(
        request: Request, article_id: str, flash: Flash | None, status: int = 200
    ) -> HTMLResponse:
        staff = staff_of(request)

        view = await open_article(frame, staff, article_id)
        return frame.show("knowledge_article.html", status, flash=flash, **vars(view))

    @router.post("/knowledge/articles/{article_id}/here")
    @who_may(Who.EDITORS, by_itself=True)
    async def here(
        request: Request, article_id: str, leaving: Annotated[bool, Form()] = False
    ) -> HTMLResponse:
        """An open page tells so every few seconds, and hears who else is there; or it is left."""
        staff, subject = staff_of(request), subject_of(article_id)
        field_of(article_id)

        def act(session: Session) -> tuple[str, ...]:
            told = presence.gone if leaving else presence.here
            told(session, subject, staff.id)
            others = presence.others(session, subject, staff.id)
            return tuple(names_of(session, set(others)).values())

        others = await frame.database.transact(act)
        return frame.show("knowledge_article_others.html", others=others)

    @router.post("/knowledge/articles/{article_id}/confirm")
    @who_may(Who.REVIEWERS)
    async def confirm(
        request: Request,
        article_id: str,
        over: Annotated[int, Form()],
        checked: Annotated[str, Form()] = "",
    ) -> Response:
        """An officer stands behind what counts, as the second person who read it."""
        staff = staff_of(request)
        if not checked:
            text = "Chưa xác nhận: hãy đánh dấu là đã đối chiếu với văn bản luật."
            return await article(request, article_id, Flash(text, problem=True), 422)

        def act(session: Session) -> None:
            body = reviewed(_counting(session, article_id), session.clock.today()).model_dump_json()
            documents.confirm(session, ARTICLE, article_id, body, by=staff.id, over=over)

        return await at_once(request, article_id, act, "confirmed")

    @router.post("/knowledge/articles/{article_id}/retire")
    @who_may(Who.REVIEWERS)
    async def retire(request: Request, article_id: str) -> Response:
        staff = staff_of(request)

        def act(session: Session) -> None:
            _counting(session, article_id)
            documents.retire(session, ARTICLE, article_id, by=staff.id)

        return await at_once(request, article_id, act, "retired")

    @router.post("/knowledge/articles/{article_id}/bring-back")
    @who_may(Who.REVIEWERS)
    async def bring_back(request: Request, article_id: str) -> Response:
        staff = staff_of(request)

        def act(session: Session) -> None:
            fits(session, _counting(session, article_id))
            documents.bring_back(session, ARTICLE, article_id, by=staff.id)

        return await at_once(request, article_id, act, "brought_back")

    @router.get("/knowledge/articles/{article_id}/history")
    @who_may(Who.EDITORS)
    async def history(
        request: Request, article_id: str, a: int | None = None, b: int | None = None
    ) -> HTMLResponse:
        return await history_page(request, article_id, a, b)

    async def history_page(
        request: Request,
        article_id: str,
        a: int | None,
        b: int | None,
        flash: Flash | None = None,
    ) -> HTMLResponse:
        """All versions; two of them compared, or the newest with the one before."""
        staff = staff_of(request)

        def look(session: Session) -> tuple[View, dict[int, Written]]:
            view = look_at_article(session, frame, staff, article_id)
            versions = documents.history(session, ARTICLE, article_id)
            return view, {one.number: Written.model_validate_json(one.body) for one in versions}

        view, bodies = await frame.database.read(look)
        newest = max(bodies)
        later = b if b in bodies else newest
        earlier = a if a in bodies else max((n for n in bodies if n < later), default=None)
        compared: tuple[Change, ...] = ()
        if earlier is not None and later is not None and earlier != later:
            earlier, later = sorted((earlier, later))
            compared = changes(bodies[earlier], bodies[later])
        return frame.show(
            "knowledge_article_history.html",
            409 if flash else 200,
            flash=flash,
            earlier=earlier,
            later=later,
            compared=compared,
            **vars(view),
        )

    @router.post("/knowledge/articles/{article_id}/restore")
    @who_may(Who.REVIEWERS)
    async def restore(
        request: Request,
        article_id: str,
        number: Annotated[int, Form()],
        over: Annotated[int, Form()],
    ) -> Response:
        """Let an earlier version count again."""
        staff = staff_of(request)

        def act(session: Session) -> None:
            old = next(
                (
                    one
                    for one in documents.history(session, ARTICLE, article_id)
                    if one.number == number
                ),
                None,
            )
            found = complete(old) if old is not None else None
            if found is None:
                raise WrongStageError
            fits(session, found)
            documents.restore(session, ARTICLE, article_id, number, by=staff.id, over=over)

        return await at_once(request, article_id, act, "restored")

    def fits(session: Session, found: Article) -> None:
        """Refuse what would not fit beside the others now.

        Raises:
            UnfitError: it would not.
        """
        library = library_now(session, frame)
        for clash in clashes(found, library):
            owner = library.articles[clash.other] if clash.other else None
            raise UnfitError(texts.clash(clash, found, owner)[1])

    async def at_once(request: Request, article_id: str, act: Act, done: str) -> Response:
        """Carry out what counts at once, and let this process know before it answers."""
        field_of(article_id)

        try:
            await frame.database.transact(act)
        except UnfitError as problem:
            text = f"Chưa làm được: {problem} Có thể sửa bài, rồi gửi duyệt."
            return await article(request, article_id, Flash(text, problem=True), 409)
        except DocumentError as problem:
            told = problem
            text = await frame.database.read(lambda session: refusal(session, told))
            return await article(request, article_id, Flash(text, problem=True), 409)
        await frame.database.read(frame.shelf.refresh)
        return go_to(address(article_id, done=done))

    return router


class UnfitError(Exception):
    """A version that can't count beside the others; says why, in the words of the desk."""


def _counting(session: Session, article_id: str) -> Article:
    """The article that counts, retired or not.

    Raises:
        WrongStageError: none does.
    """
    version = documents.published_one(session, ARTICLE, article_id)
    found = complete(version) if version is not None else None
    if found is None:
        raise WrongStageError
    return found


def next_number(session: Session, field: FieldId) -> int:
    """One more than the highest number ever given in a field: votes go by the id."""
    keys = session.scalars(
        sa.select(Document.key).where(
            Document.kind == ARTICLE, Document.key.startswith(f"{field}-", autoescape=True)
        )
    )
    numbers = [int(key.rpartition("-")[2]) for key in keys if key.rpartition("-")[2].isdecimal()]
    return max(numbers, default=0) + 1
