"""The base carried out as files and brought in again, as drafts that wait for a review."""

import asyncio
import json
import zipfile
from collections.abc import Callable
from dataclasses import dataclass
from functools import partial
from typing import Any, TypeVar

from fastapi import APIRouter, Request
from fastapi.responses import HTMLResponse, Response
from pydantic import BaseModel, ValidationError
from starlette.datastructures import UploadFile

from cases.staff import StaffMember
from desk import texts
from desk.frame import Flash, Frame, Me, go_to, names_of
from desk.guard import Who, staff_of, who_may
from desk.pages import knowledge_diff, knowledge_law_form
from desk.pages.knowledge_article import library_now
from desk.pages.knowledge_diff import Change
from desk.pages.knowledge_form import Written
from desk.pages.knowledge_tools import UnfitError
from knowledge import exchange, workbook, yaml_files
from knowledge.article import Article
from knowledge.exchange import BadFileError, Placed, Problem, Read
from knowledge.laws import Law
from knowledge.library import Library
from knowledge.shelf import ARTICLE, LAW
from store import audit, documents
from store.session import Session

HERE = "/exchange"
"""The tab of these pages."""
MOST_UPLOADED = exchange.MOST_BYTES + 64 * 1024
"""The file, and what browsers put around it."""
XLSX = "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet"
MOST_PROBLEMS = 300
"""Shown of a file; the rest is counted."""

T = TypeVar("T")


class Parcel(BaseModel):
    """One changed thing of a file, carried from the preview to the press of the button."""

    over: int
    """The number of the version that counted at the preview, 0 for none."""
    seen: int
    """The revision of the draft that was there, 0 for none."""


class LawParcel(Parcel):
    """A law."""

    body: Law

    @property
    def key(self) -> str:
        """Under which it is kept."""
        return self.body.number


class ArticleParcel(Parcel):
    """An article."""

    body: Article

    @property
    def key(self) -> str:
        """Under which it is kept."""
        return self.body.id


class Parcels(BaseModel):
    """All that a file would change."""

    name: str
    laws: tuple[LawParcel, ...] = ()
    articles: tuple[ArticleParcel, ...] = ()


@dataclass(frozen=True)
class Coming:
    """One change of the preview."""

    kind: str
    key: str
    title: str
    new: bool
    changes: tuple[Change, ...]
    blocked_by: str
    """Who is writing on a draft of it; such a thing is left out."""


@dataclass(frozen=True)
class Preview:
    """What a file would change."""

    coming: tuple[Coming, ...]
    unchanged: int
    parcels: Parcels


def _problems_of(read: Read, library: Library) -> tuple[Problem, ...]:
    return tuple(
        sorted(exchange.check(read, library), key=lambda one: (one.place, one.row or 0, one.reason))
    )


def read_file(content: bytes) -> Read:
    """A workbook or a ZIP of YAML files, told apart by what is in it.

    Raises:
        BadFileError: it is neither.
    """
    with exchange.unpacked(content) as packed:
        is_workbook = "[Content_Types].xml" in packed.namelist()
    try:
        return workbook.read_workbook(content) if is_workbook else yaml_files.read_zip(content)
    except zipfile.BadZipFile as problem:
        raise BadFileError("Tệp bị hỏng.") from problem


def _preview(session: Session, library: Library, read: Read, name: str, by: str) -> Preview:
    changes = exchange.changes(read, library)
    coming: list[Coming] = []
    laws: list[LawParcel] = []
    articles: list[ArticleParcel] = []
    for law in changes.laws:
        over, seen, blocked = _state(session, LAW, law.key, by)
        differs = knowledge_law_form.changes(law.before, law.after)
        new = law.before is None
        coming.append(Coming(LAW, law.key, law.after.short, new, differs, blocked))
        if not blocked:
            laws.append(LawParcel(over=over, seen=seen, body=law.after))
    for one in changes.articles:
        over, seen, blocked = _state(session, ARTICLE, one.key, by)
        differs = knowledge_diff.changes(
            _written(one.before) if one.before is not None else None, _written(one.after)
        )
        new = one.before is None
        coming.append(Coming(ARTICLE, one.key, one.after.title, new, differs, blocked))
        if not blocked:
            articles.append(ArticleParcel(over=over, seen=seen, body=one.after))
    parcels = Parcels(name=name, laws=tuple(laws), articles=tuple(articles))
    return Preview(tuple(coming), changes.unchanged, parcels)


def _written(article: Article) -> Written:
    return Written.model_validate_json(article.model_dump_json())


def _state(session: Session, kind: str, key: str, by: str) -> tuple[int, int, str]:
    """The number that counts, the revision of the draft, and who else writes on it."""
    counts = documents.published_one(session, kind, key)
    draft = documents.open_one(session, kind, key)
    others = {one for one in draft.written_by if one != by} if draft is not None else set()
    names = ", ".join(sorted(names_of(session, others).values())) or ("—" if others else "")
    over, seen = counts.number if counts else 0, draft.revision if draft else 0
    return over, seen, names


def _take(session: Session, library: Library, parcels: Parcels, by: str) -> int:
    """Make every change of a file a draft, or none of them.

    Raises:
        UnfitError: something has changed since the preview, or does not fit any more.
    """
    read = Read(
        tuple(Placed(one.body, texts.DOCUMENT_KINDS[ARTICLE], None) for one in parcels.articles),
        tuple(Placed(one.body, texts.DOCUMENT_KINDS[LAW], None) for one in parcels.laws),
        (),
    )
    faults = [problem.reason for problem in exchange.check(read, library)]
    taken = [
        *((LAW, law.key, law, exchange.unreviewed(law.body)) for law in parcels.laws),
        *((ARTICLE, one.key, one, exchange.unreviewed(one.body)) for one in parcels.articles),
    ]
    changed = []
    for kind, key, one, _ in taken:
        over, seen, blocked = _state(session, kind, key, by)
        if (over, seen) != (one.over, one.seen) or blocked:
            changed.append(f"{key} ({blocked})" if blocked else key)
    if changed:
        faults.insert(0, f"có người đã sửa từ lúc bạn xem: {', '.join(changed)}")
    if faults:
        raise UnfitError(f"Chưa tạo bản nháp nào: {'; '.join(faults[:10])}. Hãy nhập lại tệp.")
    remark = f"Nhập từ tệp {parcels.name}"[:200]
    for kind, key, one, known in taken:
        body = known.model_dump_json(by_alias=True)
        documents.save(session, kind, key, body, by=by, seen=one.seen, remark=remark)
    return len(taken)


def routes(frame: Frame) -> APIRouter:
    """The routes of the exchange."""
    router = APIRouter()
    one_at_a_time = asyncio.Semaphore(1)

    async def heavy(work: Callable[[], T]) -> T:
        """Work that takes a core for a second or two, off the loop and one at a time."""
        async with one_at_a_time:
            return await asyncio.to_thread(work)

    async def page(
        request: Request, flash: Flash | None = None, status: int = 200, **told: Any
    ) -> HTMLResponse:
        staff = staff_of(request)

        def look(session: Session) -> tuple[Me, Library]:
            return frame.me(session, staff), library_now(session, frame)

        me, library = await frame.database.read(look)
        blanks = {"problems": (), "more_problems": 0, "preview": None, "parcels": "", "name": ""}
        return frame.show(
            "knowledge_exchange.html",
            status,
            flash=flash,
            here=HERE,
            me=me,
            articles=len(library.articles),
            laws=len(library.laws),
            **(blanks | told),
        )

    @router.get("/knowledge/exchange")
    @who_may(Who.EDITORS)
    async def exchange_page(request: Request, made: int = 0) -> HTMLResponse:
        text = f"Đã tạo {made} bản nháp. Một người khác duyệt từng bản rồi mới đăng."
        return await page(request, Flash(text) if made else None)

    async def noted(staff: StaffMember, kind: str) -> None:
        await frame.database.transact(
            lambda session: audit.note(session, "knowledge.export", staff_id=staff.id, detail=kind)
        )

    @router.post("/knowledge/exchange/yaml")
    @who_may(Who.EDITORS, fresh=True)
    async def as_yaml(request: Request) -> Response:
        await noted(staff_of(request), "yaml")
        library = await frame.database.read(lambda session: library_now(session, frame))
        day = frame.database.clock.today()
        content = await heavy(partial(yaml_files.to_zip, library, day))
        return _attached(content, "application/zip", f"tram-kho-kien-thuc-{day}.zip")

    @router.post("/knowledge/exchange/xlsx")
    @who_may(Who.EDITORS, fresh=True)
    async def as_workbook(request: Request) -> Response:
        await noted(staff_of(request), "xlsx")
        library = await frame.database.read(lambda session: library_now(session, frame))
        content = await heavy(partial(workbook.to_workbook, library))
        day = frame.database.clock.today()
        return _attached(content, XLSX, f"tram-kho-kien-thuc-{day}.xlsx")

    @router.post("/knowledge/exchange/read")
    @who_may(Who.EDITORS, most_bytes=MOST_UPLOADED)
    async def bring(request: Request) -> HTMLResponse:
        """Show what a file would change; nothing is kept of it."""
        staff = staff_of(request)
        async with request.form(max_files=1, max_fields=5) as form:
            sent = form.get("file")
            if not isinstance(sent, UploadFile) or not sent.filename:
                return await page(request, Flash("Chưa chọn tệp nào.", problem=True), 422)
            content, name = await sent.read(), sent.filename[:100]
        try:
            read = await heavy(partial(read_file, content))
        except BadFileError as problem:
            return await page(request, Flash(str(problem), problem=True), 422, name=name)

        def look(session: Session) -> tuple[Problem, ...] | Preview:
            library = library_now(session, frame)
            problems = _problems_of(read, library)
            return problems or _preview(session, library, read, name, staff.id)

        found = await frame.database.read(look)
        if not isinstance(found, Preview):
            text = f"Chưa nhập gì: tệp có {len(found)} chỗ cần sửa."
            more = max(0, len(found) - MOST_PROBLEMS)
            shown = found[:MOST_PROBLEMS]
            flash = Flash(text, problem=True)
            return await page(request, flash, 422, problems=shown, more_problems=more, name=name)
        parcels = found.parcels.model_dump_json(by_alias=True)
        return await page(request, preview=found, parcels=parcels, name=name)

    @router.post("/knowledge/exchange/take")
    @who_may(Who.EDITORS, most_bytes=MOST_UPLOADED)
    async def take(request: Request) -> Response:
        """Make drafts of what the preview showed."""
        staff = staff_of(request)
        async with request.form(max_files=0, max_fields=5, max_part_size=MOST_UPLOADED) as form:
            try:
                parcels = Parcels.model_validate(json.loads(str(form.get("parcels", ""))))
            except (ValidationError, ValueError, RecursionError):
                return await page(request, Flash("Hãy nhập lại tệp.", problem=True), 422)

        def act(session: Session) -> int:
            return _take(session, library_now(session, frame), parcels, staff.id)

        try:
            made = await frame.database.transact(act)
        except UnfitError as problem:
            return await page(request, Flash(str(problem), problem=True), 409)
        return go_to(f"/knowledge{HERE}?made={made}")

    return router


def _attached(content: bytes, kind: str, name: str) -> Response:
    headers = {"Content-Disposition": f'attachment; filename="{name}"'}
    return Response(content, media_type=kind, headers=headers)
