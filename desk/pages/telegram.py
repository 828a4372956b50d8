"""Telegram: one's own account, and the groups of the branches."""

import random
from dataclasses import dataclass
from typing import Annotated

from fastapi import APIRouter, Form, Request
from fastapi.responses import HTMLResponse, RedirectResponse

from cases import chat_groups
from cases.access import NotFoundError
from cases.chat_groups import CodeFor, Trouble
from cases.staff import StaffMember
from desk import telegram_texts
from desk.frame import Frame, Me, go_to
from desk.guard import Who, staff_of, who_may
from store.session import Session

_CHANCE = random.SystemRandom()


@dataclass(frozen=True)
class GroupLine:
    """One office with its group, or without."""

    office_id: str
    office: str
    linked: bool
    standing: str
    trouble: bool
    shows_words: bool
    deletes: bool
    mine: bool
    """Whether the one who looks may link and change it."""


@dataclass(frozen=True)
class Shown:
    """A fresh code, shown this once, and for what it is."""

    kind: CodeFor
    code: str
    office_id: str | None = None


@dataclass(frozen=True)
class Page:
    """The page."""

    known: bool
    """Whether one's own account is linked."""
    can_act: bool
    """Whether linking it makes sense: only those who see cases act in groups."""
    groups: tuple[GroupLine, ...]
    minutes: int
    shown: Shown | None = None


def routes(frame: Frame) -> APIRouter:
    """The routes of the page about Telegram."""
    router = APIRouter()

    @router.get("/telegram")
    @who_may(Who.TELEGRAM)
    async def page(request: Request) -> HTMLResponse:
        return await show(request)

    @router.post("/telegram/me")
    @who_may(Who.CASEWORKERS)
    async def my_code(request: Request) -> HTMLResponse:
        staff = staff_of(request)
        code = await frame.database.transact(
            lambda session: chat_groups.new_code(session, staff, CodeFor.PERSON, _CHANCE)
        )
        return await show(request, Shown(CodeFor.PERSON, code))

    @router.post("/telegram/me/remove")
    @who_may(Who.CASEWORKERS)
    async def forget_me(request: Request) -> RedirectResponse:
        staff = staff_of(request)
        await frame.database.transact(lambda session: chat_groups.unlink_person(session, staff))
        return go_to("/telegram")

    @router.post("/telegram/group")
    @who_may(Who.GROUP_KEEPERS)
    async def group_code(
        request: Request, office: Annotated[str, Form(max_length=30)]
    ) -> HTMLResponse:
        staff = staff_of(request)
        if frame.office(office) is None:
            raise NotFoundError
        code = await frame.database.transact(
            lambda session: chat_groups.new_code(session, staff, CodeFor.GROUP, _CHANCE, office)
        )
        return await show(request, Shown(CodeFor.GROUP, code, office))

    @router.post("/telegram/group/set")
    @who_may(Who.GROUP_KEEPERS)
    async def set_group(
        request: Request,
        office: Annotated[str, Form(max_length=30)],
        words: Annotated[str, Form(max_length=3)] = "",
        deletes: Annotated[str, Form(max_length=3)] = "",
    ) -> RedirectResponse:
        staff = staff_of(request)
        await frame.database.transact(
            lambda session: chat_groups.set_group(
                session, staff, office, shows_words=bool(words), deletes=bool(deletes)
            )
        )
        return go_to("/telegram")

    @router.post("/telegram/group/check")
    @who_may(Who.GROUP_KEEPERS)
    async def check(
        request: Request, office: Annotated[str, Form(max_length=30)]
    ) -> RedirectResponse:
        staff = staff_of(request)
        await frame.database.transact(
            lambda session: chat_groups.want_check(session, staff, office)
        )
        return go_to("/telegram")

    @router.post("/telegram/group/remove")
    @who_may(Who.GROUP_KEEPERS)
    async def unlink(
        request: Request, office: Annotated[str, Form(max_length=30)]
    ) -> RedirectResponse:
        staff = staff_of(request)
        await frame.database.transact(
            lambda session: chat_groups.unlink_group(session, staff, office)
        )
        return go_to("/telegram")

    async def show(request: Request, shown: Shown | None = None) -> HTMLResponse:
        staff = staff_of(request)

        def look(session: Session) -> tuple[Me, Page]:
            return frame.me(session, staff), _page(session, frame, staff, shown)

        me, found = await frame.database.read(look)
        return frame.show("telegram.html", me=me, page=found)

    return router


def _page(session: Session, frame: Frame, staff: StaffMember, shown: Shown | None) -> Page:
    linked = {one.office_id: one for one in chat_groups.groups(session)}
    lines = []
    for office in frame.province.offices:
        group = linked.get(office.id)
        mine = chat_groups.may_keep(staff, office.id)
        if not (mine or staff.office_id == office.id) or not (office.active or group):
            continue
        lines.append(
            GroupLine(
                office_id=office.id,
                office=office.label,
                linked=group is not None,
                standing=telegram_texts.standing(group.trouble) if group else "Chưa có nhóm.",
                trouble=group is not None and group.trouble not in (None, Trouble.UNCHECKED),
                shows_words=group is not None and group.shows_words,
                deletes=group is not None and group.deletes,
                mine=mine,
            )
        )
    return Page(
        known=chat_groups.member_of(session, staff) is not None,
        can_act=staff.office_id is not None,
        groups=tuple(lines),
        minutes=int(chat_groups.CODE_LASTS.total_seconds() // 60),
        shown=shown,
    )
