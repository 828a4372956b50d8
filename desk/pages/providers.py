"""The published list of who gives legal aid, kept by the centre and admins."""

import asyncio
import hashlib
import json
from collections.abc import Callable, Sequence
from dataclasses import replace
from typing import Annotated

import sqlalchemy as sa
from fastapi import APIRouter, Form, Request
from fastapi.responses import HTMLResponse, Response
from starlette.datastructures import UploadFile

from cases import providers
from cases.access import NotFoundError
from cases.providers import Gender, Provider, ProviderEntry, ProviderKind, Publish
from cases.staff import StaffMember
from desk import province_texts as words
from desk import roster
from desk.frame import Flash, Frame, Me, go_to
from desk.guard import Who, staff_of, who_may
from desk.uploads import form_in_memory
from knowledge.article import FieldId
from knowledge.exchange import BadFileError
from store.session import Session

XLSX = "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet"
MOST_UPLOADED = 2 * 1024 * 1024
MOST_SHOWN = 20
"""Faults of a file that are listed at a time."""


class _ChangedError(Exception):
    """Somebody else has written the entry since it was read."""


def seen_of(provider: Provider) -> str:
    """A mark of what an entry says, so that nobody overwrites what they have not read."""
    said = [
        provider.name, provider.kind, provider.office_id, provider.area, provider.card_number,
        provider.gender, provider.fields, provider.languages, provider.publishes,
    ]  # fmt: skip
    return hashlib.sha256(json.dumps(said).encode()).hexdigest()[:16]


def _as_written(entry: ProviderEntry) -> Provider:
    """How the list would hold an entry."""
    return Provider(
        name=entry.name,
        kind=entry.kind,
        office_id=entry.office_id,
        area=entry.area,
        card_number=entry.card_number,
        gender=entry.gender,
        fields=list(entry.fields),
        languages=list(entry.languages),
        publishes=sorted(entry.publishes),
    )


def routes(frame: Frame) -> APIRouter:
    """The routes of the list."""
    router = APIRouter()

    @router.get("/providers")
    @who_may(Who.REVIEWERS)
    async def listed(request: Request, edit: str = "", done: str = "") -> HTMLResponse:
        said = words.DONE.get(done)
        return await page(request, edit, Flash(said) if said else None)

    @router.post("/providers")
    @who_may(Who.REVIEWERS)
    async def save(request: Request) -> Response:
        staff = staff_of(request)
        sent = await request.form()
        said = {name: " ".join(str(value).split()) for name, value in sent.items()}
        provider_id = said.get("id") or None
        office = said.get("office") or None
        gender, kind = said.get("gender", ""), said.get("kind", "")
        if (
            not said.get("name")
            or kind not in set(ProviderKind)
            or (office is not None and frame.office(office) is None)
        ):
            flash = Flash("Chưa lưu: hãy ghi họ tên và chọn loại.", problem=True)
            return await page(request, provider_id or "", flash, 422)

        def act(session: Session) -> None:
            entry = ProviderEntry(
                name=said["name"][:100],
                kind=ProviderKind(kind),
                office_id=office,
                area=said.get("area", "")[:200] or None,
                card_number=said.get("card", "")[:40] or None,
                gender=Gender(gender) if gender in set(Gender) else None,
                fields=tuple(one for one in FieldId if one in sent.getlist("fields")),
                languages=(
                    "vi",
                    *(one for one in words.LANGUAGES if one in sent.getlist("languages")),
                ),
                publishes=frozenset(one for one in Publish if one in sent.getlist("publishes")),
            )
            if provider_id is not None:
                now = session.get(Provider, provider_id, with_for_update=True)
                if now is None:
                    raise NotFoundError
                if seen_of(now) != said.get("seen"):
                    raise _ChangedError
                entry = replace(entry, staff_id=now.staff_id)
            providers.write_provider(session, staff, entry, provider_id)

        return await do(request, provider_id or "", act, "saved")

    @router.post("/providers/{provider_id}/active")
    @who_may(Who.REVIEWERS)
    async def active(
        request: Request, provider_id: str, active: Annotated[bool, Form()] = False
    ) -> Response:
        staff = staff_of(request)

        def act(session: Session) -> None:
            if session.get(Provider, provider_id) is None:
                raise NotFoundError
            providers.set_active(session, staff, provider_id, active=active)

        return await do(request, provider_id, act, "saved" if active else "removed")

    @router.get("/providers/roster.xlsx")
    @who_may(Who.REVIEWERS)
    async def as_workbook() -> Response:
        """The list to be edited in Excel; the form to fill in while nobody stands in it."""

        def look(session: Session) -> tuple[Provider, ...]:
            return tuple(session.scalars(sa.select(Provider).order_by(Provider.name, Provider.id)))

        found = await frame.database.read(look)
        content = await asyncio.to_thread(roster.to_workbook, found, _offices())
        headers = {"Content-Disposition": 'attachment; filename="tram-nguoi-thuc-hien.xlsx"'}
        return Response(content, media_type=XLSX, headers=headers)

    @router.post("/providers/roster")
    @who_may(Who.REVIEWERS, most_bytes=MOST_UPLOADED)
    async def bring(request: Request) -> Response:
        """Take a whole workbook, or nothing of it; what keeps a row out is said by row."""
        staff = staff_of(request)
        async with form_in_memory(request, MOST_UPLOADED) as form:
            upload = form.get("file")
            content = await upload.read() if isinstance(upload, UploadFile) else b""
        if not content:
            return await page(request, "", Flash("Chưa chọn tệp nào.", problem=True), 422)
        try:
            read = await asyncio.to_thread(roster.read, content, _offices())
        except BadFileError as problem:
            return await page(request, "", Flash(str(problem), problem=True), 422)
        if read.wrong:
            text = f"Chưa nhập ai: tệp có {len(read.wrong)} chỗ cần sửa."
            return await page(request, "", Flash(text, problem=True), 422, wrong=read.wrong)

        def act(session: Session) -> Flash:
            return _take(session, staff, read.entries)

        return await page(request, "", await frame.database.transact(act))

    def _take(session: Session, staff: StaffMember, entries: Sequence[ProviderEntry]) -> Flash:
        known = list(session.scalars(sa.select(Provider).with_for_update()))
        added = changed = 0
        for entry in entries:
            one = roster.same_as(entry, known)
            before = seen_of(one) if one is not None else ""
            kept = replace(entry, staff_id=one.staff_id) if one is not None else entry
            if one is not None and seen_of(_as_written(kept)) == before:
                continue
            written = providers.write_provider(session, staff, kept, one.id if one else None)
            if one is None:
                known.append(written)
                added += 1
            else:
                changed += 1
        same = len(entries) - added - changed
        return Flash(f"Đã thêm {added} người, sửa {changed}; {same} người giữ nguyên.")

    def _offices() -> dict[str, str]:
        return {one.id: one.label for one in frame.province.offices}

    async def do(
        request: Request, edit: str, act: Callable[[Session], None], done: str
    ) -> Response:
        try:
            await frame.database.transact(act)
        except _ChangedError:
            text = "Người khác vừa sửa người này; chưa lưu. Đây là bản đang dùng."
            return await page(request, edit, Flash(text, problem=True), 409)
        return go_to(f"/providers?done={done}")

    async def page(
        request: Request,
        edit: str,
        flash: Flash | None,
        status: int = 200,
        wrong: Sequence[roster.Wrong] = (),
    ) -> HTMLResponse:
        staff = staff_of(request)

        def look(session: Session) -> tuple[Me, tuple[Provider, ...]]:
            query = sa.select(Provider).order_by(Provider.name, Provider.id)
            return frame.me(session, staff), tuple(session.scalars(query))

        me, found = await frame.database.read(look)
        one = next((provider for provider in found if provider.id == edit), None)
        return frame.show(
            "providers.html",
            status,
            me=me,
            w=words,
            flash=flash,
            wrong=wrong[:MOST_SHOWN],
            more_wrong=max(0, len(wrong) - MOST_SHOWN),
            found=found,
            one=one,
            seen=seen_of(one) if one is not None else "",
            office_label=frame.office_label,
            offices=[(one.id, one.label) for one in frame.province.offices],
            kinds=words.PROVIDER_KINDS,
            publishes=words.PUBLISHES,
            fields=tuple(FieldId),
        )

    return router
