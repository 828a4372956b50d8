"""The published list of who gives legal aid, kept by the centre and admins."""

import hashlib
import json
from collections.abc import Callable
from dataclasses import replace
from typing import Annotated

import sqlalchemy as sa
from fastapi import APIRouter, Form, Request
from fastapi.responses import HTMLResponse, Response

from cases import providers
from cases.access import NotFoundError
from cases.providers import Gender, Provider, ProviderEntry, ProviderKind, Publish
from desk import province_texts as words
from desk.frame import Flash, Frame, Me, go_to
from desk.guard import Who, staff_of, who_may
from knowledge.article import FieldId
from store.session import Session


class _ChangedError(Exception):
    """Somebody else has written the entry since it was read."""


def seen_of(provider: Provider) -> str:
    """A mark of what an entry says, so that nobody overwrites what they have not read."""
    said = [
        provider.name, provider.kind, provider.office_id, provider.area, provider.card_number,
        provider.gender, provider.fields, provider.languages, provider.publishes,
    ]  # fmt: skip
    return hashlib.sha256(json.dumps(said).encode()).hexdigest()[:16]


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
        request: Request, edit: str, flash: Flash | None, status: int = 200
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
