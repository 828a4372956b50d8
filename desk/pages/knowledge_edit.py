"""Writing an article: the form, its preview, drafts that overwrite nobody, sending to review."""

from dataclasses import dataclass
from typing import Annotated

from fastapi import APIRouter, Form, Request
from fastapi.responses import HTMLResponse, JSONResponse, Response
from pydantic import ValidationError

from cases.access import NotFoundError
from desk import texts
from desk.frame import Flash, Frame, go_to
from desk.guard import Who, staff_of, who_may
from desk.pages.knowledge import address
from desk.pages.knowledge_article import (
    View,
    field_of,
    last_writer,
    open_article,
    refusal,
    written_of,
)
from desk.pages.knowledge_diff import Piece, pieces
from desk.pages.knowledge_form import (
    LANGUAGES,
    Judged,
    Written,
    choices,
    flat,
    judge,
    merged,
    preview,
    read_form,
)
from knowledge.article import LIMITS, Confidence
from knowledge.shelf import ARTICLE
from store import documents
from store.documents import ConflictError, DocumentError, Stage, Version
from store.session import Session

_SPARE_ROWS = 2
"""Empty rows under the sources, for browsers without scripts."""
_LONGEST_REMARK = 2000


@dataclass(frozen=True)
class Sent:
    """The form as it came in."""

    judged: Judged
    seen: int
    """The revision of the draft that the writer had before him, 0 for none."""
    over: int
    """The number of the version that counted then, 0 for none."""
    base: Written | None
    """The text that the writer began from."""
    remark: str | None


@dataclass(frozen=True)
class Differs:
    """A field of two texts that do not agree."""

    name: str
    likely: str | None
    mine: tuple[Piece, ...]
    theirs: tuple[Piece, ...]


@dataclass(frozen=True)
class Theirs:
    """What stands where somebody wanted to save."""

    written: Written
    seen: int
    over: int
    who: str | None
    by_me: bool
    version: Version


def routes(frame: Frame) -> APIRouter:
    """The routes of writing."""
    router = APIRouter()

    @router.get("/knowledge/articles/{article_id}/edit")
    @who_may(Who.EDITORS)
    async def edit_page(request: Request, article_id: str) -> HTMLResponse:
        """The form; `?from=` begins with the text of an earlier version."""
        done = texts.done(request.query_params.get("done"))
        view = await open_article(frame, staff_of(request), article_id)
        wanted = request.query_params.get("from", "")
        old = await frame.database.read(lambda session: _body_of(session, article_id, wanted))
        return edit(view, old, Flash(done) if done else None)

    def edit(
        view: View,
        written: Written | None,
        flash: Flash | None = None,
        *,
        told: Judged | None = None,
        sent: Sent | None = None,
        status: int = 200,
    ) -> HTMLResponse:
        """The form; `told`: with what is to be mended beside each field."""
        library = frame.shelf.current.library
        start = _start(view)
        shown = written or start
        judged = judge(shown, library, frame.province.blanks())
        return frame.show(
            "knowledge_article_edit.html",
            status,
            flash=flash,
            written=shown,
            problems=told.problems if told is not None else {},
            preview=preview(judged, library, view.today, frame.province.blanks()),
            judged=judged,
            seen=sent.seen if sent is not None else view.draft.revision if view.draft else 0,
            over_then=sent.over if sent is not None else view.over,
            base_text=((sent.base if sent is not None else None) or start).model_dump_json(),
            law_names={key: law.short for law in library.laws for key in (law.number, *law.also)},
            laws=sorted(library.laws, key=lambda law: law.short),
            spare_rows=_SPARE_ROWS,
            languages=sorted({*LANGUAGES, *shown.translations}),
            limits=LIMITS,
            confidences=tuple(Confidence),
            blanks_known=frame.province.blanks(),
            **vars(view),
        )

    async def read_sent(request: Request, article_id: str) -> Sent:
        form = await request.form()
        library = frame.shelf.current.library
        written = read_form(form, article_id, field_of(article_id), library.laws)
        return Sent(
            judged=judge(written, library, frame.province.blanks()),
            seen=_number(form.get("seen")),
            over=_number(form.get("over")),
            base=_parsed(form.get("base")),
            remark=str(form.get("remark", "")).strip()[:_LONGEST_REMARK] or None,
        )

    @router.post("/knowledge/articles/{article_id}/preview")
    @who_may(Who.EDITORS)
    async def preview_fragment(request: Request, article_id: str) -> HTMLResponse:
        """What was typed as citizens would see it; nothing is saved."""
        sent = await read_sent(request, article_id)
        library, today = frame.shelf.current.library, frame.database.clock.today()
        shown = preview(sent.judged, library, today, frame.province.blanks())
        return frame.show("knowledge_article_preview.html", preview=shown, judged=sent.judged)

    @router.post("/knowledge/articles/{article_id}/autosave")
    @who_may(Who.EDITORS)
    async def autosave(request: Request, article_id: str) -> JSONResponse:
        """Keep what was typed so far; a text that is under review is left alone."""
        staff, sent = staff_of(request), await read_sent(request, article_id)

        def act(session: Session) -> Version | None:
            _known(session, article_id)
            draft = documents.open_one(session, ARTICLE, article_id)
            if draft is not None and draft.stage is not Stage.DRAFT:
                raise ConflictError(draft)
            return save(session, sent, by=staff.id)

        try:
            version = await frame.database.transact(act)
        except ConflictError as problem:
            theirs = problem.theirs
            who = await frame.database.read(
                lambda session: last_writer(session, theirs) if theirs else None
            )
            return JSONResponse({"said": texts.not_autosaved(who)}, 409)
        if version is None:
            return JSONResponse({"said": "", "seen": sent.seen, "over": sent.over})
        base = Written.model_validate_json(version.body).model_dump_json()
        return JSONResponse(
            {
                "said": f"Đã lưu nháp lúc {texts.hour(version.saved_at)}",
                "seen": version.revision,
                "over": sent.over,
                "base": base,
            }
        )

    @router.post("/knowledge/articles/{article_id}/edit")
    @who_may(Who.EDITORS)
    async def save_draft(request: Request, article_id: str) -> Response:
        """Save the draft; with the button “Gửi duyệt” ask for a review as well."""
        staff, sent = staff_of(request), await read_sent(request, article_id)
        form = await request.form()
        asking = form.get("then") == "submit"

        def act(session: Session) -> str:
            _known(session, article_id)
            version = save(session, sent, by=staff.id)
            if version is None:
                return "unchanged"
            if asking and not sent.judged.problems and version.stage is Stage.DRAFT:
                documents.submit(session, version.id, by=staff.id, seen=version.revision)
                return "submitted"
            return "saved"

        try:
            done = await frame.database.transact(act)
        except ConflictError:
            return await conflict(request, article_id, sent.judged.written, sent.base, sent.remark)
        if done == "submitted" or done == "unchanged":
            return go_to(address(article_id, done=done))
        if sent.judged.problems:
            view = await open_article(frame, staff, article_id)
            text = texts.still_to_mend(len(sent.judged.problems), asking=asking)
            flash = Flash(text, problem=asking)
            return edit(view, None, flash, told=sent.judged, status=422 if asking else 200)
        return go_to(address(article_id, "/edit", done=done))

    def save(session: Session, sent: Sent, *, by: str) -> Version | None:
        """Save what was sent, unless nothing is new; None when it is what counts already.

        Raises:
            ConflictError: it would overwrite what the writer has not seen.
        """
        key = sent.judged.written.id
        draft = documents.open_one(session, ARTICLE, key)
        counts = documents.published_one(session, ARTICLE, key)
        unsaid = sent.remark is None or (draft is not None and sent.remark == draft.remark)
        before_him = (draft.revision if draft else 0, counts.number if counts else 0)
        there = draft or counts
        if (
            there is not None
            and unsaid
            and before_him == (sent.seen, sent.over)
            and written_of(there) == sent.judged.written
        ):
            return draft
        before = draft.remark if draft is not None else None
        version = documents.save(
            session,
            ARTICLE,
            key,
            sent.judged.body,
            by=by,
            seen=sent.seen,
            remark=sent.remark or before,
        )
        if draft is None and (version.based_on or 0) != sent.over:
            raise ConflictError(None)
        return version

    async def conflict(
        request: Request,
        article_id: str,
        mine: Written,
        base: Written | None,
        remark: str | None = None,
    ) -> HTMLResponse:
        """Both texts side by side, for the person to choose; nothing has been saved."""
        staff = staff_of(request)
        view = await open_article(frame, staff, article_id)
        theirs = await frame.database.read(lambda session: _theirs(session, article_id, staff.id))
        ours, others = flat(mine), flat(theirs.written)
        differing = []
        for choice in choices(mine, theirs.written, base):
            there, here = pieces(others[choice.name], ours[choice.name])
            differing.append(Differs(choice.name, choice.likely, here, there))
        return frame.show(
            "knowledge_article_conflict.html",
            409,
            differing=differing,
            theirs=theirs,
            mine=mine.model_dump_json(),
            remark=remark,
            **vars(view),
        )

    @router.post("/knowledge/articles/{article_id}/resolve")
    @who_may(Who.EDITORS)
    async def resolve(request: Request, article_id: str) -> Response:
        """Save what somebody chose from two texts, if the other still stands as it was shown."""
        staff, form = staff_of(request), await request.form()
        mine = _parsed(form.get("mine"))
        if mine is None or mine.id != article_id:
            raise NotFoundError
        seen, over = _number(form.get("seen")), _number(form.get("over"))
        everything = form.get("all")
        taken = {
            name.removeprefix("take."): str(everything or value)
            for name, value in form.items()
            if name.startswith("take.")
        }
        remark = str(form.get("remark", ""))[:_LONGEST_REMARK] or None
        library = frame.shelf.current.library

        def act(session: Session) -> Version | None:
            _known(session, article_id)
            theirs = _theirs(session, article_id, staff.id)
            if (theirs.seen, theirs.over) != (seen, over):
                raise ConflictError(theirs.version)
            chosen = merged(mine, theirs.written, {} if everything == "mine" else taken)
            judged = judge(chosen, library, frame.province.blanks())
            return save(session, Sent(judged, seen, over, None, remark), by=staff.id)

        try:
            await frame.database.transact(act)
        except ConflictError:
            return await conflict(request, article_id, mine, None, remark)
        return go_to(address(article_id, "/edit", done="saved"))

    @router.post("/knowledge/articles/{article_id}/discard")
    @who_may(Who.EDITORS)
    async def discard(request: Request, article_id: str, seen: Annotated[int, Form()]) -> Response:
        """Throw the draft away; it stays in the history."""
        staff = staff_of(request)
        field_of(article_id)

        def act(session: Session) -> None:
            version = documents.open_one(session, ARTICLE, article_id)
            if version is None:
                raise documents.WrongStageError
            documents.discard(session, version.id, by=staff.id, seen=seen)

        try:
            await frame.database.transact(act)
        except DocumentError as problem:
            told = problem
            text = await frame.database.read(lambda session: refusal(session, told))
            view = await open_article(frame, staff, article_id)
            flash = Flash(text, problem=True)
            return frame.show("knowledge_article.html", 409, flash=flash, **vars(view))
        return go_to(address(article_id, done="discarded"))

    return router


def _known(session: Session, article_id: str) -> None:
    """Refuse an article that was never begun."""
    if session.get(documents.Document, (ARTICLE, article_id)) is None:
        raise NotFoundError


def _start(view: View) -> Written:
    """What the form begins with: the draft, or what counts, or the last that did."""
    if view.draft is not None:
        return view.draft.written
    if view.article is not None:
        return Written.model_validate_json(view.article.model_dump_json())
    return Written(id=view.id, field=view.field, title=view.title)


def _body_of(session: Session, article_id: str, number: str) -> Written | None:
    """An earlier version to begin from."""
    if not number.isdecimal():
        return None
    versions = documents.history(session, ARTICLE, article_id)
    return next((written_of(one) for one in versions if str(one.number) == number), None)


def _theirs(session: Session, article_id: str, me: str) -> Theirs:
    """The draft that stands there, or else what counts."""
    counts = documents.published_one(session, ARTICLE, article_id)
    draft = documents.open_one(session, ARTICLE, article_id)
    version = draft or counts or documents.history(session, ARTICLE, article_id)[0]
    return Theirs(
        written=written_of(version),
        seen=draft.revision if draft is not None else 0,
        over=counts.number if counts is not None else 0,
        who=last_writer(session, version),
        by_me=version.written_by == (me,),
        version=version,
    )


def _number(value: object) -> int:
    return int(value) if isinstance(value, str) and value.isdecimal() and len(value) < 9 else 0


def _parsed(value: object) -> Written | None:
    try:
        return Written.model_validate_json(value) if isinstance(value, str) else None
    except ValidationError:
        return None
