"""The register of laws: the list, one law, and the way of a changed entry until it counts."""

import datetime as dt
from collections.abc import Callable
from enum import StrEnum
from typing import Annotated, assert_never
from urllib.parse import quote

from fastapi import APIRouter, Form, Request
from fastapi.responses import HTMLResponse, Response

from cases.access import NotFoundError
from cases.staff import StaffMember
from desk import texts
from desk.frame import Flash, Frame, Me, go_to
from desk.guard import Who, staff_of, who_may
from desk.pages.knowledge_article import library_now, refusal
from desk.pages.knowledge_law_form import JudgedLaw, LawForm, form_of, judge, read_form
from desk.pages.knowledge_law_view import (
    LawView,
    Register,
    Show,
    look_at_law,
    look_at_register,
)
from knowledge import outlook
from knowledge.article import Confidence
from knowledge.exchange import cited_by, law_faults, register_faults
from knowledge.laws import Law
from knowledge.library import Library
from knowledge.shelf import LAW, law_of
from store import documents
from store.documents import Document, DocumentError, Version, WrongStageError
from store.session import Session

HERE = "/laws"
"""The tab of these pages."""


class Act(StrEnum):
    """What only a reviewer does."""

    GIVE_BACK = "give_back"
    APPROVE = "approve"
    PUBLISH = "publish"
    CONFIRM = "confirm"
    RETIRE = "retire"
    BRING_BACK = "bring_back"
    RESTORE = "restore"


class UnfitError(Exception):
    """An entry that can't count beside the others; says why."""


def address(number: str, page: str = "", done: str = "") -> str:
    """A page of a law, within the desk."""
    return f"/knowledge/laws/{quote(number)}{page}" + (f"?done={done}" if done else "")


def fit_or_refuse(law: Law, library: Library) -> None:
    """Refuse a law that does not fit beside what counts now.

    Raises:
        UnfitError: it does not; says why.
    """
    faults = (*law_faults(law), *register_faults(law, library))
    if faults:
        raise UnfitError("; ".join(faults))


def _carry_out(
    session: Session,
    frame: Frame,
    act: Act,
    number: str,
    by: str,
    seen: int,
    over: int,
    remark: str,
) -> None:
    """One act of a reviewer, refused when what counts afterwards would not fit together.

    `seen` is the revision of the draft that was read, or the number of the version to restore.
    """
    library = library_now(session, frame)  # before anything is changed here
    today = session.clock.today()
    match act:
        case Act.GIVE_BACK:
            version = _open(session, number)
            documents.give_back(session, version.id, by=by, seen=seen, remark=remark)
        case Act.APPROVE:
            version = _open(session, number)
            body = _reviewed(law_of(version), today)
            documents.approve(session, version.id, by=by, seen=seen, body=body)
        case Act.PUBLISH:
            version = _open(session, number)
            fit_or_refuse(law_of(version), library)
            documents.publish(session, version.id, by=by, over=over or None)
        case Act.CONFIRM:
            body = _reviewed(_counting(session, number), today)
            documents.confirm(session, LAW, number, body, by=by, over=over)
        case Act.RETIRE:
            law = _counting(session, number)
            citing = cited_by(library, (law.number, *law.also))
            if citing:
                raise UnfitError(f"đang được dẫn trong {', '.join(citing)}")
            documents.retire(session, LAW, number, by=by)
        case Act.BRING_BACK:
            fit_or_refuse(_counting(session, number), library)
            documents.bring_back(session, LAW, number, by=by)
        case Act.RESTORE:
            fit_or_refuse(_earlier(session, number, seen), library)
            documents.restore(session, LAW, number, seen, by=by, over=over)
        case _:
            assert_never(act)


def _counting(session: Session, number: str) -> Law:
    """The entry that counts, retired or not.

    Raises:
        WrongStageError: none does.
    """
    version = documents.published_one(session, LAW, number)
    if version is None:
        raise WrongStageError
    return law_of(version)


def _earlier(session: Session, number: str, version: int) -> Law:
    """An earlier entry.

    Raises:
        WrongStageError: there is none of that number.
    """
    versions = documents.history(session, LAW, number)
    old = next((one for one in versions if one.number == version), None)
    if old is None:
        raise WrongStageError
    return law_of(old)


def _reviewed(law: Law, today: dt.date) -> str:
    """The entry as compared with the gazette on `today`."""
    return law.model_copy(update={"reviewed_on": today}).model_dump_json(by_alias=True)


def routes(frame: Frame) -> APIRouter:
    """The routes of the register."""
    router = APIRouter()

    @router.get("/knowledge/laws")
    @who_may(Who.EDITORS)
    async def register(request: Request, q: str = "", show: Show = Show.ALL) -> HTMLResponse:
        staff = staff_of(request)

        def look(session: Session) -> tuple[Me, Register]:
            return frame.me(session, staff), look_at_register(session, frame, q, show)

        me, found = await frame.database.read(look)
        return frame.show(
            "knowledge_laws.html", here=HERE, me=me, found=found, q=q, show=show, goal=outlook.GOAL
        )

    @router.get("/knowledge/laws/new")
    @who_may(Who.EDITORS)
    async def new(request: Request) -> HTMLResponse:
        return await new_page(staff_of(request), LawForm(), None)

    async def new_page(
        staff: StaffMember, form: LawForm, judged: JudgedLaw | None, status: int = 200
    ) -> HTMLResponse:
        def look(session: Session) -> tuple[Me, tuple[Law, ...]]:
            return frame.me(session, staff), tuple(library_now(session, frame).laws)

        me, laws = await frame.database.read(look)
        return frame.show(
            "knowledge_law_new.html",
            status,
            here=HERE,
            me=me,
            form=form,
            problems=judged.problems if judged else {},
            laws=laws,
            confidences=tuple(Confidence),
        )

    @router.post("/knowledge/laws/new")
    @who_may(Who.EDITORS)
    async def begin(request: Request) -> Response:
        staff, form = staff_of(request), read_form(await request.form(), None)

        def act(session: Session) -> JudgedLaw:
            judged = judge(form, library_now(session, frame))
            if session.get(Document, (LAW, form.number)) is not None:
                return JudgedLaw(None, {"number": ("đã có trong danh mục, hãy mở văn bản đó",)})
            if judged.law is not None:
                body = judged.law.model_dump_json(by_alias=True)
                documents.save(session, LAW, form.number, body, by=staff.id, seen=0)
            return judged

        try:
            judged = await frame.database.transact(act)
        except DocumentError:
            judged = JudgedLaw(None, {"number": ("người khác vừa thêm văn bản này",)})
        if judged.law is None:
            return await new_page(staff, form, judged, 422)
        return go_to(address(form.number, done="saved"))

    @router.get("/knowledge/laws/{number:path}")
    @who_may(Who.EDITORS)
    async def law(request: Request, number: str) -> HTMLResponse:
        done = texts.law_done(request.query_params.get("done"))
        return await page(staff_of(request), number, Flash(done) if done else None)

    async def page(
        staff: StaffMember,
        number: str,
        flash: Flash | None = None,
        status: int = 200,
        *,
        form: LawForm | None = None,
        judged: JudgedLaw | None = None,
    ) -> HTMLResponse:
        def look(session: Session) -> LawView:
            return look_at_law(session, frame, staff, number)

        view = await frame.database.read(look)
        newest = view.draft.law if view.draft is not None else view.law
        return frame.show(
            "knowledge_law.html",
            status,
            here=HERE,
            flash=flash,
            form=form or (form_of(newest) if newest is not None else LawForm(number=number)),
            problems=judged.problems if judged else {},
            confidences=tuple(Confidence),
            **vars(view),
        )

    @router.post("/knowledge/laws/{number:path}/save")
    @who_may(Who.EDITORS)
    async def save(request: Request, number: str) -> Response:
        staff, sent = staff_of(request), await request.form()
        form, seen = read_form(sent, number), _whole(sent.get("seen"))

        def act(session: Session) -> JudgedLaw:
            if session.get(Document, (LAW, number)) is None:
                raise NotFoundError
            judged = judge(form, library_now(session, frame))
            if judged.law is not None:
                body = judged.law.model_dump_json(by_alias=True)
                documents.save(session, LAW, number, body, by=staff.id, seen=seen)
            return judged

        try:
            judged = await frame.database.transact(act)
        except DocumentError as problem:
            flash = await refused(problem)
            return await page(staff, number, flash, 409, form=form)
        if judged.law is None:
            flash = Flash("Chưa lưu: còn chỗ cần sửa bên dưới.", problem=True)
            return await page(staff, number, flash, 422, form=form, judged=judged)
        return go_to(address(number, done="saved"))

    async def refused(problem: DocumentError) -> Flash:
        text = await frame.database.read(lambda session: refusal(session, problem))
        return Flash(text, problem=True)

    async def at_once(
        staff: StaffMember, number: str, act: Callable[[Session], object], done: str
    ) -> Response:
        """Carry out an act, and let this process know what counts before it answers."""
        try:
            await frame.database.transact(act)
        except UnfitError as problem:
            flash = Flash(f"Chưa làm được: {problem}.", problem=True)
            return await page(staff, number, flash, 409)
        except DocumentError as problem:
            return await page(staff, number, await refused(problem), 409)
        await frame.database.read(frame.shelf.refresh)
        return go_to(address(number, done=done))

    @router.post("/knowledge/laws/{number:path}/submit")
    @who_may(Who.EDITORS)
    async def submit(request: Request, number: str, seen: Annotated[int, Form()]) -> Response:
        staff = staff_of(request)

        def act(session: Session) -> None:
            version = _open(session, number)
            fit_or_refuse(law_of(version), library_now(session, frame))
            documents.submit(session, version.id, by=staff.id, seen=seen)

        return await at_once(staff, number, act, "submitted")

    @router.post("/knowledge/laws/{number:path}/discard")
    @who_may(Who.EDITORS)
    async def discard(request: Request, number: str, seen: Annotated[int, Form()]) -> Response:
        staff = staff_of(request)

        def act(session: Session) -> None:
            documents.discard(session, _open(session, number).id, by=staff.id, seen=seen)

        return await at_once(staff, number, act, "discarded")

    @router.post("/knowledge/laws/{number:path}/review")
    @who_may(Who.REVIEWERS)
    async def review(
        request: Request,
        number: str,
        act: Annotated[Act, Form()],
        seen: Annotated[int, Form()] = 0,
        over: Annotated[int, Form()] = 0,
        remark: Annotated[str, Form(max_length=2000)] = "",
        checked: Annotated[str, Form()] = "",
    ) -> Response:
        staff = staff_of(request)
        if act in {Act.APPROVE, Act.CONFIRM} and not checked:
            flash = Flash("Chưa làm: hãy đánh dấu là đã đối chiếu với Công báo.", problem=True)
            return await page(staff, number, flash, 422)
        if act is Act.GIVE_BACK and not remark.strip():
            flash = Flash("Chưa trả lại: hãy viết cần sửa gì.", problem=True)
            return await page(staff, number, flash, 422)

        def carry_out(session: Session) -> None:
            if session.get(Document, (LAW, number)) is None:
                raise NotFoundError
            _carry_out(session, frame, act, number, staff.id, seen, over, remark.strip())

        return await at_once(staff, number, carry_out, act)

    return router


def _open(session: Session, number: str) -> Version:
    if session.get(Document, (LAW, number)) is None:
        raise NotFoundError
    version = documents.open_one(session, LAW, number)
    if version is None:
        raise WrongStageError
    return version


def _whole(said: object) -> int:
    """A number of a form of ours; anything else is refused as seen by nobody."""
    return int(str(said)) if str(said).isdecimal() else -1
