"""One case: reading it, claiming it, answering, noting, giving it back, closing it."""

from collections.abc import Callable
from dataclasses import dataclass, replace
from typing import Annotated

import sqlalchemy as sa
from fastapi import APIRouter, Form, Request
from fastapi.responses import HTMLResponse, RedirectResponse, Response

from cases import queue, register, talking
from cases.access import looked_at, the_case
from cases.life import Outcome, RefusedError
from cases.model import Case
from cases.staff import StaffMember
from cases.thread import ThreadEntry
from desk import texts
from desk.frame import Flash, Frame, Me, by_script, names_of, with_flash
from desk.guard import Who, staff_of, who_may
from desk.pages.case_view import CaseView, look_at_case, mode_of, note_reading, tab_after
from desk.pages.queue import Queue, View, look_at_queue, path_of, view_of
from store import audit, events
from store.base import new_id
from store.session import Session

Act = Callable[[Session], object]
Text = Annotated[str, Form(max_length=20_000)]
ClientKey = Annotated[str, Form(max_length=64, pattern=r"^[0-9a-f]*$")]


@dataclass(frozen=True)
class Whole:
    """The whole page with a case open."""

    newest: int
    """The last event that the page already shows."""
    me: Me
    queue: Queue
    case: CaseView


def routes(frame: Frame) -> APIRouter:
    """The routes of a case."""
    router = APIRouter()

    def whole(
        session: Session, staff: StaffMember, case: Case, view: View, *, reveal: bool = False
    ) -> Whole:
        return Whole(
            newest=events.newest(session),  # first, so that nothing falls between
            me=frame.me(session, staff),
            queue=look_at_queue(session, frame, staff, view),
            case=look_at_case(session, frame, staff, case, view, reveal_contact=reveal),
        )

    def page(shown: Whole, status: int = 200, flash: Flash | None = None) -> HTMLResponse:
        return frame.show("desk.html", status, flash=flash, **vars(shown))

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

    @router.post("/cases/{case_id}/give-back")
    @who_may(Who.CASEWORKERS)
    async def give_back(request: Request, case_id: str) -> Response:
        staff = staff_of(request)

        def act(session: Session) -> None:
            office = frame.office_label(the_case(session, staff, case_id).office_id)
            queue.give_back(session, staff, case_id, office)

        return await do(request, case_id, act, "Hồ sơ đã trở lại hàng chờ. Người dân được báo.")

    @router.post("/cases/{case_id}/close")
    @who_may(Who.CASEWORKERS)
    async def close(
        request: Request, case_id: str, outcome: Annotated[Outcome, Form()]
    ) -> Response:
        staff = staff_of(request)
        return await do(
            request,
            case_id,
            lambda session: register.close(session, staff, case_id, outcome),
            "Hồ sơ đã kết thúc. Người dân được báo kết quả.",
        )

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
    @who_may(Who.CASEWORKERS)
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

    async def do(
        request: Request,
        case_id: str,
        act: Act,
        done: str,
        *,
        or_else: Act | None = None,
        event: str | None = None,
    ) -> Response:
        """Carry out one press of a button and show the case as it is afterwards.

        `or_else` keeps what was typed when the act is refused; `event` tells the page's script
        that it was done.
        """
        staff, view = staff_of(request), view_of(request, case_id)
        refused: str | None = None
        try:
            await frame.database.transact(act)
        except RefusedError as problem:
            refused = problem.reason
            if or_else is not None:
                await frame.database.transact(or_else)
        if refused is None and not by_script(request):
            return RedirectResponse(path_of(view, case_id), 303)

        def look(session: Session) -> tuple[Whole, Flash]:
            case = the_case(session, staff, case_id)
            seen(session, staff, case)
            flash = Flash(done) if refused is None else _refusal(session, case, refused)
            return whole(session, staff, case, view), flash

        shown, flash = await frame.database.transact(look)
        status = 200 if refused is None else 409
        if not by_script(request):
            return page(shown, status, flash)
        response = frame.show("work.html", status, case=shown.case)
        events_told = {event: {"key": new_id()}} if event and refused is None else {}
        return with_flash(response, flash, **events_told)

    def seen(session: Session, staff: StaffMember, case: Case) -> None:
        talking.mark_seen(session, staff, case.id)

    def save_draft(session: Session, staff: StaffMember, case_id: str, text: str) -> None:
        talking.save_draft(session, staff, case_id, text)

    return router


def _words(text: str) -> str:
    """What was typed, as it is said: one kind of line end, no blank edges."""
    return text.replace("\r\n", "\n").strip()


def _refusal(session: Session, case: Case, reason: str) -> Flash:
    text = texts.refusal(reason)
    if reason == "held" and case.holder_id is not None:
        holder = names_of(session, {case.holder_id}).get(case.holder_id)
        text = f"{holder} đã nhận hồ sơ này rồi."
    return Flash(text, problem=True)
