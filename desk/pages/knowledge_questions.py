"""What citizens asked and got no good answer to, and a place to try what the search makes of it."""

import datetime as dt
from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass
from typing import Annotated

from fastapi import APIRouter, Form, Request
from fastapi.responses import HTMLResponse, RedirectResponse, Response
from starlette.datastructures import URL

from desk import texts
from desk.frame import BASE, Flash, Frame, Me, go_to
from desk.guard import Who, staff_of, who_may
from desk.pages.knowledge_article import library_now, refusal
from desk.pages.knowledge_tools import (
    Target,
    UnfitError,
    add_wording,
    as_wording,
    begin_article,
    best_said,
    targets,
)
from knowledge.article import FieldId
from knowledge.feedback import Group, Handled, Why, grouped, handle, open_questions
from knowledge.search import Explained
from store.documents import DocumentError
from store.session import Session

TRY, QUESTIONS = "/try", "/questions"
"""The tabs of these pages."""
A_PAGE = 20
"""Groups; each costs a search."""
SUGGESTED = 3
PICKED = 8
RANKED = 6
"""Articles shown of a search that is tried."""
LONGEST = 500
"""Letters of a question that is tried."""


class GoneError(Exception):
    """Somebody else has dealt with these questions."""


@dataclass(frozen=True)
class Card:
    """One group of questions with what can be made of it."""

    group: Group
    wording: str
    """The question as a wording may be."""
    ids: str
    newest: dt.datetime
    field: str | None
    """What most of them seem to be about."""
    unhelpful: tuple[Target, ...]
    """The articles that did not help."""
    suggested: tuple[Target, ...]


@dataclass(frozen=True)
class Cards:
    """A page of groups."""

    me: Me
    cards: tuple[Card, ...]
    groups: int
    questions: int
    page: int
    last_page: int


def _card(session: Session, frame: Frame, group: Group) -> Card:
    search = frame.shelf.current.search
    wording = as_wording(best_said(group))
    nearest = [hit.id for hit in search.search(wording, SUGGESTED).answers]
    named = Counter(one.field for one in group.asked if one.field)
    unhelpful = Counter(one.article_id for one in group.asked if one.article_id)
    return Card(
        group=group,
        wording=wording,
        ids=",".join(one.id for one in group.asked),
        newest=max(one.at for one in group.asked),
        field=named.most_common(1)[0][0] if named else None,
        unhelpful=targets(session, frame, [key for key, _ in unhelpful.most_common()]),
        suggested=targets(session, frame, nearest),
    )


def _groups(session: Session, why: str = "", field: str = "") -> tuple[Group, ...]:
    asked = [
        one
        for one in open_questions(session)
        if (not why or one.why == why) and (not field or (one.field or "none") == field)
    ]
    return grouped(asked)


def _picked(session: Session, frame: Frame, pick: str) -> tuple[Target, ...]:
    """The articles that a search for one comes to; by id too."""
    if not pick.strip():
        return ()
    library = library_now(session, frame)
    found = [hit.id for hit in frame.shelf.current.search.search(pick, PICKED).answers]
    exact = [pick.strip()] if pick.strip() in library.articles else []
    return targets(session, frame, list(dict.fromkeys((*exact, *found))))


def routes(frame: Frame) -> APIRouter:
    """The routes of questions, asked and tried."""
    router = APIRouter()

    @router.get("/knowledge/try")
    @who_may(Who.EDITORS)
    async def try_page(request: Request, q: str = "", pick: str = "") -> HTMLResponse:
        done = texts.question_done(*_done(request))
        return await tried(request, q[:LONGEST], pick, Flash(done) if done else None)

    async def tried(
        request: Request, q: str, pick: str = "", flash: Flash | None = None, status: int = 200
    ) -> HTMLResponse:
        staff = staff_of(request)

        def look(
            session: Session,
        ) -> tuple[Me, Explained | None, dict[str, Target], tuple[Target, ...]]:
            library_now(session, frame)
            explained = frame.shelf.current.search.explain(q, RANKED) if q.strip() else None
            ids = [one.id for one in explained.evidence] if explained is not None else []
            found = {one.id: one for one in targets(session, frame, ids)}
            return frame.me(session, staff), explained, found, _picked(session, frame, pick)

        me, explained, found, picked = await frame.database.read(look)
        return frame.show(
            "knowledge_try.html",
            status,
            flash=flash,
            here=TRY,
            me=me,
            q=q,
            pick=pick,
            explained=explained,
            targets=found,
            picked=picked,
            wording=as_wording(q),
        )

    @router.post("/knowledge/try/add")
    @who_may(Who.EDITORS)
    async def add(
        request: Request,
        q: Annotated[str, Form(max_length=LONGEST)],
        choice: Annotated[str, Form()],
    ) -> Response:
        staff, (article_id, seen) = staff_of(request), _choice(choice)

        def act(session: Session) -> None:
            add_wording(session, frame, article_id, q, by=staff.id, seen=seen)

        problem = await refused(act)
        if problem is not None:
            return await tried(request, q, flash=problem, status=409)
        return _to("/knowledge/try", q=q, done="wording", to=article_id)

    async def refused(act: Callable[[Session], object]) -> Flash | None:
        """Carry out an act; why not, when it was refused."""
        try:
            await frame.database.transact(act)
        except UnfitError as problem:
            return Flash(str(problem), problem=True)
        except GoneError:
            return Flash(texts.QUESTIONS_GONE, problem=True)
        except DocumentError as problem:
            told = problem
            text = await frame.database.read(lambda session: refusal(session, told))
            return Flash(text, problem=True)
        return None

    @router.get("/knowledge/questions")
    @who_may(Who.EDITORS)
    async def questions(
        request: Request, why: str = "", field: str = "", page: int = 1
    ) -> HTMLResponse:
        done = texts.question_done(*_done(request))
        return await listed(request, why, field, page, Flash(done) if done else None)

    async def listed(
        request: Request,
        why: str = "",
        field: str = "",
        page: int = 1,
        flash: Flash | None = None,
        status: int = 200,
    ) -> HTMLResponse:
        staff = staff_of(request)

        def look(session: Session) -> Cards:
            library_now(session, frame)
            groups = _groups(session, why, field)
            last_page = max(1, -(-len(groups) // A_PAGE))
            here = min(max(page, 1), last_page)
            shown = groups[(here - 1) * A_PAGE : here * A_PAGE]
            return Cards(
                me=frame.me(session, staff),
                cards=tuple(_card(session, frame, group) for group in shown),
                groups=len(groups),
                questions=sum(len(group.asked) for group in groups),
                page=here,
                last_page=last_page,
            )

        cards = await frame.database.read(look)
        return frame.show(
            "knowledge_questions.html",
            status,
            flash=flash,
            here=QUESTIONS,
            why=why,
            field=field,
            whys=tuple(Why),
            fields=tuple(FieldId),
            **vars(cards),
        )

    @router.get("/knowledge/questions/{question_id}")
    @who_may(Who.EDITORS)
    async def question(request: Request, question_id: str, pick: str = "") -> Response:
        """One group, with a search for the article it belongs to."""
        return await one_group(request, question_id, pick)

    async def one_group(
        request: Request,
        question_id: str,
        pick: str = "",
        flash: Flash | None = None,
        status: int = 200,
    ) -> Response:
        staff = staff_of(request)

        def look(session: Session) -> tuple[Me, Card | None, tuple[Target, ...]]:
            library_now(session, frame)
            group = next(
                (
                    group
                    for group in _groups(session)
                    if any(one.id == question_id for one in group.asked)
                ),
                None,
            )
            if group is None:
                return frame.me(session, staff), None, ()
            card = _card(session, frame, group)
            shown = {one.id for one in card.suggested}
            picked = (one for one in _picked(session, frame, pick) if one.id not in shown)
            return frame.me(session, staff), card, tuple(picked)

        me, card, picked = await frame.database.read(look)
        if card is None:
            gone = Flash(texts.QUESTIONS_GONE, problem=True)
            return await listed(request, flash=flash or gone, status=409)
        return frame.show(
            "knowledge_question.html",
            status,
            flash=flash,
            here=QUESTIONS,
            me=me,
            card=card,
            pick=pick,
            picked=picked,
            question_id=question_id,
            fields=tuple(FieldId),
        )

    @router.post("/knowledge/questions/wording")
    @who_may(Who.EDITORS)
    async def wording(
        request: Request,
        ids: Annotated[str, Form()],
        text: Annotated[str, Form(max_length=LONGEST)],
        choice: Annotated[str, Form()],
    ) -> Response:
        staff, (article_id, seen) = staff_of(request), _choice(choice)

        def act(session: Session) -> None:
            taken_off(session, ids, Handled.WORDING, by=staff.id, led_to=article_id)
            add_wording(session, frame, article_id, text, by=staff.id, seen=seen)

        problem = await refused(act)
        if problem is not None:
            return await one_group(request, ids.split(",")[0], flash=problem, status=409)
        return _to("/knowledge/questions", done="wording", to=article_id)

    @router.post("/knowledge/questions/draft")
    @who_may(Who.EDITORS)
    async def draft(
        request: Request,
        ids: Annotated[str, Form()],
        text: Annotated[str, Form(max_length=LONGEST)],
        field: Annotated[FieldId, Form()],
    ) -> Response:
        staff = staff_of(request)
        made: list[str] = []

        def act(session: Session) -> None:
            made[:] = [begin_article(session, field, text, by=staff.id)]
            taken_off(session, ids, Handled.DRAFT, by=staff.id, led_to=made[0])

        problem = await refused(act)
        if problem is not None:
            return await one_group(request, ids.split(",")[0], flash=problem, status=409)
        return go_to(f"/knowledge/articles/{made[0]}/edit")

    @router.post("/knowledge/questions/not-ours")
    @who_may(Who.EDITORS)
    async def not_ours(request: Request, ids: Annotated[str, Form()]) -> Response:
        staff = staff_of(request)

        def act(session: Session) -> None:
            taken_off(session, ids, Handled.NOT_OURS, by=staff.id)

        problem = await refused(act)
        if problem is not None:
            return await listed(request, flash=problem, status=409)
        return _to("/knowledge/questions", done="not_ours")

    def taken_off(
        session: Session, ids: str, handled: Handled, *, by: str, led_to: str | None = None
    ) -> None:
        """Take a group off the list.

        Raises:
            GoneError: somebody else has done so; nothing else of the act may stay.
        """
        if not handle(session, ids.split(","), handled, by=by, led_to=led_to):
            raise GoneError

    return router


def _choice(said: str) -> tuple[str, int]:
    """An article and the revision of its draft that was seen, as a button says it."""
    article_id, _, seen = said.partition(":")
    return article_id, int(seen) if seen.isdecimal() else -1


def _done(request: Request) -> tuple[str | None, str]:
    said = request.query_params
    return said.get("done"), said.get("to", "")


def _to(path: str, **query: str) -> RedirectResponse:
    return RedirectResponse(str(URL(BASE + path).include_query_params(**query)), 303)
