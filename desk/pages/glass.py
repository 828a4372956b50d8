"""Cases opened outside one's scope: asking, the one page that reads, and who looks on."""

import datetime as dt
from dataclasses import dataclass
from typing import Annotated

import sqlalchemy as sa
from fastapi import APIRouter, Form, Request
from fastapi.responses import HTMLResponse, Response

from cases import glass, talking
from cases.access import NotFoundError
from cases.glass import Glass, GlassError
from cases.model import Case
from cases.staff import Role, StaffMember
from cases.thread import Author, Note, ThreadEntry
from desk import glass_texts as words
from desk import texts
from desk.frame import Flash, Frame, Me, go_to, names_of
from desk.guard import Who, staff_of, who_may
from desk.pages.case_view import ScreeningView, screening_of
from store.session import Session


@dataclass(frozen=True)
class Line:
    """One opening, as those see it who are told."""

    id: str
    number: int
    office: str
    who: str
    reason: str
    asked_at: dt.datetime
    until: dt.datetime | None
    open: bool
    waits: bool
    own: bool
    may_agree: bool


@dataclass(frozen=True)
class Said:
    """One message or note of the thread."""

    by: str
    text: str
    at: dt.datetime
    with_file: bool = False


@dataclass(frozen=True)
class Behind:
    """What is read behind the glass: words and facts; no file, no number of anybody."""

    me: Me
    glass_id: str
    number: int
    office: str
    field: str
    state: str
    holder: str
    until: dt.datetime
    said: tuple[Said, ...]
    screening: ScreeningView | None


def routes(frame: Frame) -> APIRouter:
    """The routes of the glass."""
    router = APIRouter()

    def line(one: Glass, case: Case, staff: StaffMember, who: str, reason: str) -> Line:
        now = frame.database.clock.now()
        return Line(
            id=one.id,
            number=case.number,
            office=frame.office_label(case.office_id),
            who=who,
            reason=reason,
            asked_at=one.asked_at,
            until=one.opened_at + glass.OPEN_FOR if one.opened_at else None,
            open=one.is_open(now),
            waits=one.waits(now),
            own=one.staff_id == staff.id,
            may_agree=one.waits(now) and staff.role is Role.CENTRE,
        )

    async def page(request: Request, flash: Flash | None = None, status: int = 200) -> HTMLResponse:
        staff = staff_of(request)

        def look(session: Session) -> tuple[Me, tuple[Line, ...]]:
            found = glass.told(session, staff)
            names = names_of(session, {one.staff_id for one in found})
            lines = tuple(
                line(
                    one,
                    session.get_one(Case, one.case_id),
                    staff,
                    names[one.staff_id],
                    one.open(session.vault, "reason") or "",
                )
                for one in found
            )
            return frame.me(session, staff), lines

        me, lines = await frame.database.read(look)
        may_ask = staff.role in (Role.OFFICER, Role.HEAD, Role.ADMIN)
        return frame.show("glass.html", status, me=me, lines=lines, may_ask=may_ask, flash=flash)

    @router.get("/glass")
    @who_may(Who.GLASS)
    async def all_of_them(request: Request, done: str = "") -> HTMLResponse:
        said = words.DONE.get(done)
        return await page(request, Flash(said) if said else None)

    @router.post("/glass")
    @who_may(Who.GLASS, fresh=True)
    async def break_it(
        request: Request,
        number: Annotated[int, Form(ge=0, le=2_000_000_000)] = 0,
        reason: Annotated[str, Form(max_length=glass.LONGEST_REASON)] = "",
    ) -> Response:
        staff = staff_of(request)

        def act(session: Session) -> str:
            made = glass.ask(session, staff, number, reason)
            return f"/glass/{made.id}" if made.opened_at else "/glass?done=asked"

        try:
            return go_to(await frame.database.transact(act))
        except GlassError as problem:
            flash = Flash(words.refusal(problem.reason), problem=True)
            return await page(request, flash, 409)

    @router.get("/glass/{glass_id}")
    @who_may(Who.GLASS)
    async def read(request: Request, glass_id: str) -> HTMLResponse:
        staff = staff_of(request)

        def look(session: Session) -> Behind:
            try:
                one, case = glass.read(session, staff, glass_id)
            except GlassError:
                raise NotFoundError from None
            return _behind(session, frame, staff, one, case)

        shown = await frame.database.transact(look)
        return frame.show("glass_case.html", me=shown.me, case=shown)

    @router.post("/glass/{glass_id}/agree")
    @who_may(Who.GLASS, fresh=True)
    async def agree(request: Request, glass_id: str) -> Response:
        staff = staff_of(request)
        try:
            await frame.database.transact(lambda session: glass.agree(session, staff, glass_id))
        except GlassError:
            raise NotFoundError from None
        return go_to("/glass?done=agreed")

    @router.post("/glass/{glass_id}/end")
    @who_may(Who.GLASS)
    async def end(request: Request, glass_id: str) -> Response:
        staff = staff_of(request)
        try:
            await frame.database.transact(lambda session: glass.end(session, staff, glass_id))
        except GlassError:
            raise NotFoundError from None
        return go_to("/glass?done=ended")

    return router


def _behind(session: Session, frame: Frame, staff: StaffMember, one: Glass, case: Case) -> Behind:
    entries = session.scalars(sa.select(ThreadEntry).where(ThreadEntry.case_id == case.id)).all()
    notes = session.scalars(sa.select(Note).where(Note.case_id == case.id)).all()
    ids = {entry.staff_id for entry in entries if entry.staff_id} | {one.staff_id for one in notes}
    names = names_of(session, ids | ({case.holder_id} if case.holder_id else set()))
    by = {Author.CITIZEN: "Người dân", Author.ASSISTANT: "Tràm"}
    said = [
        Said(
            names.get(entry.staff_id or "", "") or by.get(entry.author, ""),
            entry.open(session.vault, "body") or "",
            entry.at,
            entry.file_id is not None,
        )
        for entry in entries
    ]
    said += [
        Said(by[Author.ASSISTANT], frame.in_words(message), one.at, False)
        for one, message in talking.told_in(session, case)
    ]
    said += [
        Said(
            f"Ghi chú nội bộ · {names[note.staff_id]}",
            note.open(session.vault, "body") or "",
            note.at,
        )
        for note in notes
    ]
    return Behind(
        me=frame.me(session, staff),
        glass_id=one.id,
        number=case.number,
        office=frame.office_label(case.office_id),
        field=texts.field(case.field),
        state=texts.state(case.state),
        holder=names.get(case.holder_id or "", ""),
        until=(one.opened_at or one.asked_at) + glass.OPEN_FOR,
        said=tuple(sorted(said, key=lambda each: each.at)),
        screening=screening_of(session, case),
    )
