"""Photos, papers and recordings of a case. Reached only through a case one may see."""

import asyncio
import io
import re
import unicodedata
from urllib.parse import quote

from fastapi import APIRouter, Request
from fastapi.responses import Response
from PIL import Image, ImageOps

from cases.access import NotFoundError, visible_to
from cases.model import Case
from cases.staff import StaffMember
from cases.thread import ThreadEntry
from desk.frame import Frame
from desk.guard import Who, staff_of, who_may
from desk.pages.case_view import note_reading
from store import audit
from store.files import StoredFile
from store.session import Session

VIEW_PIXELS = 1280
"""The longer side of a photo as the thread shows it."""
MOST_PIXELS = 25_000_000
"""Drawn at a time, at four bytes each. A larger JPEG is read at a half, a quarter or an eighth."""
MOST_PIXELS_OF_A_JPEG = 120_000_000
"""As the camera took it; more than any phone's."""
_SCALES = (1, 2, 4, 8)
_AT_ONCE = 1
"""Images drawn at the same time: each takes a core and some hundred megabytes."""
# We count the pixels ourselves, before any is decoded; the library would only warn of so many.
Image.MAX_IMAGE_PIXELS = None
_PLAIN_D = str.maketrans("đĐ", "dD")
_SANDBOX = "sandbox; default-src 'none'"


class UnreadableImageError(Exception):
    """What called itself an image can't be drawn."""


def redrawn(content: bytes, longest_side: int | None) -> bytes:
    """An image drawn anew as JPEG, upright and without EXIF; smaller when a side is given.

    Raises:
        UnreadableImageError: it is damaged, or too large to be drawn.
    """
    try:
        image = Image.open(io.BytesIO(content), formats=("JPEG", "PNG", "WEBP"))
        _read_at_a_bearable_size(image)
        if longest_side is not None:
            image.thumbnail((longest_side, longest_side))
        upright = ImageOps.exif_transpose(image)
        flat = Image.new("RGB", upright.size, "white")
        with_alpha = upright.convert("RGBA")
        flat.paste(with_alpha, mask=with_alpha.getchannel("A"))
    except (OSError, ValueError, SyntaxError) as problem:
        raise UnreadableImageError from problem
    drawn = io.BytesIO()
    flat.save(drawn, "JPEG", quality=82 if longest_side else 92)
    return drawn.getvalue()


def _read_at_a_bearable_size(image: Image.Image) -> None:
    """Have the decoder leave pixels out, which only JPEG's can; nothing is decoded yet."""
    pixels = image.width * image.height
    # A progressive one is held whole before it can be made smaller.
    scales = _SCALES if image.format == "JPEG" and "progressive" not in image.info else _SCALES[:1]
    scale = next((n for n in scales if pixels <= MOST_PIXELS * n * n), None)
    if scale is None or pixels > MOST_PIXELS_OF_A_JPEG:
        raise UnreadableImageError
    image.draft(None, (image.width // scale, image.height // scale))


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

    async def fetch(staff: StaffMember, file_id: str, *, taken: bool) -> tuple[str, str, bytes]:
        """A file's type, name and content; `taken`: it leaves the desk."""

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
            if taken:
                audit.note(session, "file.read", staff_id=staff.id, subject=case.id, detail=file.id)
            else:
                note_reading(session, staff, case)
            name = file.open(session.vault, "name") or "tep"
            return file.media_type, name, file.open_bytes(session.vault, "content") or b""

        return await frame.database.transact(look)

    @router.get("/files/{file_id}")
    @who_may(Who.CASEWORKERS)
    async def take(request: Request, file_id: str) -> Response:
        kind, name, content = await fetch(staff_of(request), file_id, taken=True)
        if kind.startswith("image/"):
            # Where a photo was taken may be where its sender hides.
            kind, name = "image/jpeg", f"{name.rsplit('.', 1)[0]}.jpg"
            content = await drawn(content, None)
        return _answer(content, kind, _attachment(name))

    @router.get("/files/{file_id}/view")
    @who_may(Who.CASEWORKERS, by_itself=True)
    async def view(request: Request, file_id: str) -> Response:
        kind, _, content = await fetch(staff_of(request), file_id, taken=False)
        if kind.startswith("image/"):
            content = await drawn(content, VIEW_PIXELS)
            return _answer(content, "image/jpeg", "inline")
        if kind.startswith("audio/"):
            return _answer(content, kind, "inline")
        raise NotFoundError

    return router


def _answer(content: bytes, kind: str, disposition: str) -> Response:
    headers = {"Content-Disposition": disposition, "Content-Security-Policy": _SANDBOX}
    return Response(content, media_type=kind, headers=headers)


def _attachment(name: str) -> str:
    folded = (
        unicodedata.normalize("NFKD", name.translate(_PLAIN_D)).encode("ascii", "ignore").decode()
    )
    plain = re.sub(r"[^A-Za-z0-9._-]+", "_", folded).strip("._") or "tep"
    return f"attachment; filename=\"{plain}\"; filename*=UTF-8''{quote(name, safe='')}"
