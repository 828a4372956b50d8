"""One case: reading it, claiming it, answering, noting, and the forms of all other acts."""

import random
from dataclasses import replace
from typing import Annotated

import sqlalchemy as sa
from fastapi import APIRouter, Form, Request
from fastapi.responses import HTMLResponse, Response

from cases import intake, queue, talking
from cases.access import NotFoundError, looked_at, the_case
from cases.codes import fresh_code, fresh_pin
from cases.intake import Checked
from cases.life import RefusedError
from cases.model import Case
from cases.staff import StaffMember
from cases.thread import ThreadEntry
from desk import citizen_texts, texts
from desk.frame import Frame, by_script, go_to
from desk.guard import Who, staff_of, who_may
from desk.pages.case_acts import ACTS, ActId, Doing, Typed, shows_letter
from desk.pages.case_page import CasePage, Whole
from desk.pages.case_parties import look_at_people
from desk.pages.case_view import (
    CaseView,
    Opened,
    look_at_case,
    mode_of,
    note_reading,
    tab_after,
)
from desk.pages.queue import view_of
from store import audit
from store.session import Session

Text = Annotated[str, Form(max_length=20_000)]
_CHANCE = random.SystemRandom()
ClientKey = Annotated[str, Form(max_length=64, pattern=r"^[0-9a-f]*$")]


def routes(frame: Frame) -> APIRouter:
    """The routes of a case."""
    router = APIRouter()
    pages = CasePage(frame)
    do, whole, page = pages.do, pages.whole, pages.page

    @router.get("/cases/{case_id}")
    @who_may(Who.CASEWORKERS)
    async def case_page(request: Request, case_id: str) -> HTMLResponse:
        staff, view = staff_of(request), view_of(request, case_id)

        def open_it(session: Session) -> Whole:
            case = the_case(session, staff, case_id)
            looked_at(session, staff, case)
            seen(session, staff, case)
            shown = view
            if "tab" not in request.query_params:
                shown = replace(view, tab=tab_after(mode_of(case, staff)))
            return whole(session, staff, case, shown)

        return page(await frame.database.transact(open_it))

    @router.get("/cases/{case_id}/live")
    @who_may(Who.CASEWORKERS, by_itself=True)
    async def live(request: Request, case_id: str, visible: bool = False) -> HTMLResponse:
        """The open case as it is now; `visible`: it lies before the officer's eyes."""
        staff, view = staff_of(request), view_of(request, case_id)

        def look(session: Session) -> CaseView:
            case = the_case(session, staff, case_id)
            note_reading(session, staff, case)
            if visible:
                seen(session, staff, case)
            return look_at_case(session, frame, staff, case, view)

        return frame.show("work.html", case=await frame.database.transact(look))

    @router.get("/cases/{case_id}/do/{act}")
    @who_may(Who.CASEWORKERS)
    async def open_form(request: Request, case_id: str, act: ActId) -> HTMLResponse:
        """The case with the form of an act beside it."""
        staff, view = staff_of(request), view_of(request, case_id)

        def look(session: Session) -> Whole:
            case = the_case(session, staff, case_id)
            note_reading(session, staff, case)
            return whole(session, staff, case, view, Opened(act, focus=True))

        shown = await frame.database.transact(look)
        if by_script(request):
            return frame.show("work.html", case=shown.case)
        return page(shown)

    @router.post("/cases/{case_id}/do/{act}")
    @who_may(Who.CASEWORKERS)
    async def do_it(request: Request, case_id: str, act: ActId) -> Response:
        """Any act of `case_acts`; a refusal is shown as a letter before it is sent."""
        staff = staff_of(request)
        async with request.form() as form:
            typed = Typed(
                {
                    name: tuple(one for one in form.getlist(name) if isinstance(one, str))
                    for name in form
                }
            )
        carry_out = ACTS[act].do
        if carry_out is None:
            raise NotFoundError
        if shows_letter(act, typed):
            return await preview(request, case_id, Opened(act, typed, preview=True))
        return await do(
            request,
            case_id,
            lambda session: carry_out(Doing(session, frame, staff, case_id, typed)),
            opened=Opened(act, typed),
            say=citizen_texts.refusal,
        )

    async def preview(request: Request, case_id: str, opened: Opened) -> Response:
        staff, view = staff_of(request), view_of(request, case_id)

        def look(session: Session) -> Whole:
            return whole(session, staff, the_case(session, staff, case_id), view, opened)

        shown = await frame.database.transact(look)
        if by_script(request):
            return frame.show("work.html", case=shown.case)
        return page(shown)

    @router.post("/cases/{case_id}/people")
    @who_may(Who.CASEWORKERS, fresh=True)
    async def people(request: Request, case_id: str) -> HTMLResponse:
        """Show the numbers of the people of a case; that they were looked at is audited."""
        staff, view = staff_of(request), view_of(request, case_id)

        def reveal(session: Session) -> Whole:
            case = the_case(session, staff, case_id)
            audit.note(session, "case.party_read", staff_id=staff.id, subject=case.id)
            shown = whole(session, staff, case, view)
            seen = look_at_people(session, case, reveal=True)
            return replace(shown, case=replace(shown.case, people=seen))

        shown = await frame.database.transact(reveal)
        if by_script(request):
            return frame.show("case_people.html", case=shown.case)
        return page(shown)

    @router.post("/cases/{case_id}/claim")
    @who_may(Who.CASEWORKERS)
    async def claim(request: Request, case_id: str) -> Response:
        staff = staff_of(request)
        office = frame.office_label(staff.office_id)
        return await do(
            request,
            case_id,
            lambda session: queue.claim(session, staff, case_id, office),
            f"Bạn đã nhận hồ sơ. Người dân được báo là {office} đang giúp.",
        )

    @router.post("/cases/{case_id}/reissue")
    @who_may(Who.CASEWORKERS)
    async def reissue(
        request: Request, case_id: str, checked: Annotated[str, Form(max_length=40)] = ""
    ) -> Response:
        """A new code and PIN; they are shown once more, and printed, where the intake's are."""
        staff = staff_of(request)

        def act(session: Session) -> str:
            code, pin = fresh_code(_CHANCE), fresh_pin(_CHANCE)
            return intake.reissue(session, staff, case_id, code, pin, Checked(checked)).id

        if checked not in set(Checked):
            return go_to(f"/cases/{case_id}/do/{ActId.REISSUE}")
        draft_id = await frame.database.transact(act)
        return go_to(f"/intake/{draft_id}/done")

    @router.post("/cases/{case_id}/reply")
    @who_may(Who.CASEWORKERS)
    async def reply(
        request: Request, case_id: str, text: Text = "", client_key: ClientKey = ""
    ) -> Response:
        staff, words = staff_of(request), _words(text)

        def act(session: Session) -> None:
            if len(words) > texts.LONGEST_REPLY:
                raise RefusedError("too_long")
            office = frame.office_label(staff.office_id)
            talking.reply(session, staff, case_id, words, office, client_key=client_key or None)

        def keep(session: Session) -> None:
            save_draft(session, staff, case_id, words)

        return await do(
            request, case_id, act, "Đã giao cho Tràm gửi đi.", or_else=keep, event="said"
        )

    @router.post("/cases/{case_id}/note")
    @who_may(Who.CASEWORKERS)
    async def note(request: Request, case_id: str, text: Text = "") -> Response:
        staff, words = staff_of(request), _words(text)
        return await do(
            request,
            case_id,
            lambda session: talking.add_note(session, staff, case_id, words),
            "Đã ghi chú. Chỉ cán bộ thấy.",
            event="noted",
        )

    @router.post("/cases/{case_id}/draft")
    @who_may(Who.CASEWORKERS)
    async def draft(
        request: Request, case_id: str, text: Text = "", client_key: ClientKey = ""
    ) -> Response:
        staff = staff_of(request)

        def keep(session: Session) -> None:
            said = sa.select(ThreadEntry.id).where(ThreadEntry.client_key == client_key)
            if client_key and session.scalar(said) is not None:
                the_case(session, staff, case_id)
                return  # it was overtaken by its own sending
            save_draft(session, staff, case_id, text)

        await frame.database.transact(keep)
        return Response(status_code=204)

    @router.post("/cases/{case_id}/contact")
    @who_may(Who.CASEWORKERS, fresh=True)
    async def contact(request: Request, case_id: str) -> HTMLResponse:
        """Show the phone number; that it was looked at is audited."""
        staff, view = staff_of(request), view_of(request, case_id)

        def reveal(session: Session) -> Whole:
            case = the_case(session, staff, case_id)
            audit.note(session, "case.contact_read", staff_id=staff.id, subject=case.id)
            return whole(session, staff, case, view, reveal=True)

        shown = await frame.database.transact(reveal)
        if by_script(request):
            return frame.show("contact.html", case=shown.case)
        return page(shown)

    def seen(session: Session, staff: StaffMember, case: Case) -> None:
        talking.mark_seen(session, staff, case.id)

    def save_draft(session: Session, staff: StaffMember, case_id: str, text: str) -> None:
        talking.save_draft(session, staff, case_id, text)

    return router


def _words(text: str) -> str:
    """What was typed, as it is said: one kind of line end, no blank edges."""
    return text.replace("\r\n", "\n").strip()
