"""Every version of what is kept of the province, and what differs from the shipped files."""

import hashlib
from dataclasses import dataclass
from typing import Annotated

from fastapi import APIRouter, Form, Request
from fastapi.responses import HTMLResponse, Response

from cases.access import NotFoundError
from cases.atlas import FORMS, KINDS, UnfitError, change
from desk import province_texts as words
from desk.frame import Flash, Frame, Me, go_to
from desk.guard import Who, staff_of, who_may
from desk.pages.province import History, history_of
from store import documents
from store.documents import ConflictError, Document, WrongStageError
from store.session import Session


@dataclass(frozen=True)
class Differs:
    """One edited document whose file says something newer."""

    kind: str
    key: str
    title: str
    changes: tuple[tuple[str, str, str], ...]
    mark: str
    """Of the file's text, so that what is decided is what was read."""


def _mark(body: str) -> str:
    return hashlib.sha256(body.encode()).hexdigest()[:16]


def _differing(session: Session, frame: Frame) -> tuple[Differs, ...]:
    found = []
    for kind in KINDS:
        for document in documents.differences(session, kind):
            body = document.file_body or ""
            counts = documents.published_one(session, kind, document.key)
            ours = FORMS[kind].model_validate_json(counts.body) if counts else None
            theirs = FORMS[kind].model_validate_json(body)
            title = words.title(kind, document.key, frame.province)
            changed = words.changes(ours, theirs, frame.province)
            found.append(Differs(kind, document.key, title, changed, _mark(body)))
    return tuple(found)


def routes(frame: Frame) -> APIRouter:
    """The routes of versions and differences."""
    router = APIRouter()

    @router.get("/province/history/{kind}/{key}")
    @who_may(Who.ADMINS)
    async def history(request: Request, kind: str, key: str, done: str = "") -> HTMLResponse:
        said = words.DONE.get(done)
        return await page(request, kind, key, Flash(said) if said else None)

    @router.post("/province/history/{kind}/{key}")
    @who_may(Who.ADMINS)
    async def restore(
        request: Request,
        kind: str,
        key: str,
        number: Annotated[int, Form()],
        over: Annotated[int, Form()],
    ) -> Response:
        staff = staff_of(request)
        if kind not in KINDS:
            raise NotFoundError

        def act(session: Session) -> None:
            if session.get(Document, (kind, key)) is None:
                raise NotFoundError
            change(
                session,
                frame.atlas,
                lambda: documents.restore(session, kind, key, number, by=staff.id, over=over),
            )

        try:
            await frame.database.transact(act)
        except UnfitError as problem:
            text = " ".join(words.fault(one, frame.province) for one in problem.faults)
        except (ConflictError, WrongStageError):
            text = "Người khác vừa lưu bản mới; chưa đổi gì. Xem lại rồi làm lại."
        else:
            await frame.database.read(frame.atlas.refresh)
            return go_to(f"/province/history/{kind}/{key}?done=restored")
        return await page(request, kind, key, Flash(text, problem=True), 409)

    async def page(
        request: Request, kind: str, key: str, flash: Flash | None, status: int = 200
    ) -> HTMLResponse:
        staff = staff_of(request)

        def look(session: Session) -> tuple[Me, tuple[History, ...], bool]:
            document = session.get(Document, (kind, key)) if kind in KINDS else None
            if document is None:
                raise NotFoundError
            return (
                frame.me(session, staff),
                history_of(session, frame, kind, key),
                document.retired,
            )

        me, versions, retired = await frame.database.read(look)
        return frame.show(
            "province_history.html",
            status,
            me=me,
            w=words,
            here=None,
            flash=flash,
            kind=kind,
            key=key,
            title=words.title(kind, key, frame.province),
            versions=versions,
            retired=retired,
            over=next((one.number for one in versions if one.counts), 0),
        )

    @router.get("/province/differences")
    @who_may(Who.ADMINS)
    async def differences(request: Request, done: str = "") -> HTMLResponse:
        said = words.DONE.get(done)
        return await differing(request, Flash(said) if said else None)

    @router.post("/province/differences")
    @who_may(Who.ADMINS)
    async def decide(
        request: Request,
        kind: Annotated[str, Form()],
        key: Annotated[str, Form()],
        mark: Annotated[str, Form()],
        decision: Annotated[str, Form()],
    ) -> Response:
        staff = staff_of(request)
        if kind not in KINDS or decision not in ("ours", "files"):
            raise NotFoundError

        def act(session: Session) -> None:
            document = session.get(Document, (kind, key), with_for_update=True)
            if document is None or _mark(document.file_body or "") != mark:
                raise ConflictError(None)
            if decision == "ours":
                documents.keep_ours(session, kind, key, by=staff.id)
                return
            change(
                session,
                frame.atlas,
                lambda: documents.take_files(session, kind, key, by=staff.id),
            )

        try:
            await frame.database.transact(act)
        except UnfitError as problem:
            text = " ".join(words.fault(one, frame.province) for one in problem.faults)
        except (ConflictError, WrongStageError):
            text = "Chỗ khác này đã đổi hoặc đã được xử lý. Hãy xem lại."
        else:
            await frame.database.read(frame.atlas.refresh)
            done = "kept" if decision == "ours" else "taken"
            return go_to(f"/province/differences?done={done}")
        return await differing(request, Flash(text, problem=True), 409)

    async def differing(request: Request, flash: Flash | None, status: int = 200) -> HTMLResponse:
        staff = staff_of(request)

        def look(session: Session) -> tuple[Me, tuple[Differs, ...]]:
            return frame.me(session, staff), _differing(session, frame)

        me, found = await frame.database.read(look)
        return frame.show(
            "province_differences.html",
            status,
            me=me,
            w=words,
            here="/differences",
            flash=flash,
            found=found,
        )

    return router
