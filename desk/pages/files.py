"""Photos, papers and recordings of a case. Reached only through a case one may see."""

import asyncio
import re
import unicodedata
from urllib.parse import quote

from fastapi import APIRouter, Request
from fastapi.responses import Response

from cases.access import NotFoundError, visible_to
from cases.model import Case
from cases.staff import StaffMember
from cases.thread import ThreadEntry
from desk.frame import Frame
from desk.guard import Who, problem_page, staff_of, who_may
from desk.pages.case_view import note_reading
from store import audit
from store.files import StoredFile
from store.pictures import UnreadableImageError, redrawn
from store.scan import Scan
from store.session import Session

VIEW_PIXELS = 1280
"""The longer side of a photo as the thread shows it."""
_AT_ONCE = 1
"""Images drawn at the same time: each takes a core and some hundred megabytes."""
_PLAIN_D = str.maketrans("đĐ", "dD")
_SANDBOX = "sandbox; default-src 'none'"
WAITS = "Tệp chờ máy quét mã độc, chưa mở được. Quét xong thì tệp tự hiện trong hồ sơ."
HARMFUL = "Máy quét thấy mã độc trong tệp này. Nhờ người dân chụp lại giấy tờ."


def routes(frame: Frame) -> APIRouter:
    """The routes of files."""
    router = APIRouter()
    drawing = asyncio.Semaphore(_AT_ONCE)

    async def drawn(content: bytes, longest_side: int | None) -> bytes:
        async with drawing:
            try:
                return await asyncio.to_thread(redrawn, content, longest_side)
            except UnreadableImageError:
                raise NotFoundError from None

    async def fetch(staff: StaffMember, file_id: str, act: str | None) -> tuple[str, str, bytes]:
        """A file's type, name and content; `act`: as what its leaving the desk is audited."""

        def look(session: Session) -> tuple[str, str, bytes]:
            case = session.scalar(
                visible_to(staff)
                .join(ThreadEntry, ThreadEntry.case_id == Case.id)
                .where(ThreadEntry.file_id == file_id)
                .limit(1)
            )
            file = session.get(StoredFile, file_id)
            if case is None or file is None:
                raise NotFoundError
            if not file.may_be_opened:
                raise ShutError(file.scan)
            if act is not None:
                audit.note(session, act, staff_id=staff.id, subject=case.id, detail=file.id)
            else:
                note_reading(session, staff, case)
            name = file.open(session.vault, "name") or "tep"
            return file.media_type, name, file.open_bytes(session.vault, "content") or b""

        return await frame.database.transact(look)

    @router.get("/files/{file_id}")
    @who_may(Who.CASEWORKERS)
    async def take(request: Request, file_id: str) -> Response:
        try:
            kind, name, content = await fetch(staff_of(request), file_id, "file.read")
        except ShutError as problem:
            return _shut(frame, request, problem)
        if kind.startswith("image/"):
            # Where a photo was taken may be where its sender hides.
            kind, name = "image/jpeg", f"{name.rsplit('.', 1)[0]}.jpg"
            content = await drawn(content, None)
        return _answer(content, kind, _attachment(name))

    @router.post("/files/{file_id}/original")
    @who_may(Who.CASEWORKERS)
    async def original(request: Request, file_id: str) -> Response:
        """The file as it came, as evidence: a press of its own, and an act of its own."""
        try:
            _, name, content = await fetch(staff_of(request), file_id, "file.original")
        except ShutError as problem:
            return _shut(frame, request, problem)
        return _answer(content, "application/octet-stream", _attachment(name))

    @router.get("/files/{file_id}/view")
    @who_may(Who.CASEWORKERS, by_itself=True)
    async def view(request: Request, file_id: str) -> Response:
        """What the thread shows: a picture drawn anew, or a sound for the page's player."""
        try:
            kind, name, content = await fetch(staff_of(request), file_id, None)
        except ShutError as problem:
            return _shut(frame, request, problem)
        if kind.startswith("image/"):
            content = await drawn(content, VIEW_PIXELS)
            return _answer(content, "image/jpeg", "inline")
        if kind.startswith("audio/"):
            # The player does not mind; a browser that is sent here by itself saves the file.
            return _answer(content, kind, _attachment(name))
        raise NotFoundError

    return router


class ShutError(Exception):
    """A file of a case of theirs that nobody may open now."""

    def __init__(self, scan: Scan) -> None:
        self.scan = scan
        super().__init__(scan)


def _shut(frame: Frame, request: Request, problem: ShutError) -> Response:
    """Say why; it is no reach for what is not theirs, and is not audited as one."""
    found = problem.scan is Scan.FOUND
    return problem_page(frame, request, 404, "Chưa mở được tệp này", HARMFUL if found else WAITS)


def _answer(content: bytes, kind: str, disposition: str) -> Response:
    headers = {"Content-Disposition": disposition, "Content-Security-Policy": _SANDBOX}
    return Response(content, media_type=kind, headers=headers)


def _attachment(name: str) -> str:
    folded = (
        unicodedata.normalize("NFKD", name.translate(_PLAIN_D)).encode("ascii", "ignore").decode()
    )
    plain = re.sub(r"[^A-Za-z0-9._-]+", "_", folded).strip("._") or "tep"
    return f"attachment; filename=\"{plain}\"; filename*=UTF-8''{quote(name, safe='')}"
