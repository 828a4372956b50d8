"""The list of those who asked to be called: due first, unsafe hours marked, each try counted."""

import datetime as dt
from dataclasses import dataclass, replace

from fastapi import APIRouter, Request
from fastapi.responses import HTMLResponse, Response

from cases import callbacks
from cases.access import the_case
from cases.calendar import calendar_of
from cases.callbacks import Callback, CallOutcome
from cases.contact import is_safe
from cases.life import RefusedError
from cases.model import Case
from cases.staff import StaffMember
from desk import intake_texts, texts
from desk.frame import Flash, Frame, Me, go_to, names_of
from desk.guard import Who, staff_of, who_may
from store import audit
from store.session import Session


@dataclass(frozen=True)
class Told:
    """What was said of calling, shown on a press that is audited."""

    phone: str
    hears: str | None
    says_who: bool | None
    code_word: str | None
    note: str | None


@dataclass(frozen=True)
class Wished:
    """One person to be called; nothing that names them until it is asked for."""

    id: str
    case_id: str
    number: int
    field: str
    office: str
    urgent: bool
    danger: bool
    holder: str | None
    hours: str
    safe: bool | None
    """Whether they may be called now; None: only their words tell."""
    due: bool
    next_at: dt.datetime
    tries: int
    many: bool
    told: Told | None = None


@dataclass(frozen=True)
class Page:
    """The list."""

    me: Me
    wishes: tuple[Wished, ...]
    several_offices: bool


def routes(frame: Frame) -> APIRouter:
    """The routes of the call-backs."""
    router = APIRouter()

    def look(session: Session, staff: StaffMember) -> Page:
        found = callbacks.listed(session, staff)
        names = names_of(session, {case.holder_id for _, case in found if case.holder_id})
        wishes = tuple(
            _wished(session, wish, case, names.get(case.holder_id or "")) for wish, case in found
        )
        return Page(frame.me(session, staff), wishes, len({one.office for one in wishes}) > 1)

    def _wished(session: Session, wish: Callback, case: Case, holder: str | None) -> Wished:
        contact = callbacks.contact_in(session, case)
        now = session.clock.now()
        return Wished(
            id=wish.id,
            case_id=case.id,
            number=case.number,
            field=texts.field(case.field),
            office=frame.office_label(case.office_id),
            urgent=case.urgent,
            danger=case.danger is not None,
            holder=holder,
            hours=intake_texts.hours_told(contact, reveal=False) or "",
            safe=is_safe(contact, calendar_of(frame.province, case.office_id), now),
            due=wish.next_at <= now,
            next_at=wish.next_at,
            tries=wish.tries,
            many=wish.tries >= callbacks.MANY_TRIES,
        )

    def show(page: Page, status: int = 200, flash: Flash | None = None) -> HTMLResponse:
        return frame.show(
            "callbacks.html",
            status,
            me=page.me,
            page=page,
            outcomes_of_call=intake_texts.CALLED,
            flash=flash,
        )

    @router.get("/callbacks")
    @who_may(Who.CASEWORKERS)
    async def page(request: Request) -> HTMLResponse:
        staff = staff_of(request)
        return show(await frame.database.read(lambda session: look(session, staff)))

    @router.post("/callbacks/{callback_id}/show")
    @who_may(Who.CASEWORKERS, fresh=True)
    async def reveal(request: Request, callback_id: str) -> HTMLResponse:
        """The number and what was said with it; that it was looked at is audited."""
        staff = staff_of(request)

        def act(session: Session) -> Page:
            wish, case = callbacks.the_callback(session, staff, callback_id)
            audit.note(session, "case.contact_read", staff_id=staff.id, subject=case.id)
            contact = callbacks.contact_in(session, case)
            told = Told(
                phone=contact.phone or "",
                hears=contact.hears,
                says_who=contact.says_who,
                code_word=contact.code_word,
                note=contact.note,
            )
            found = look(session, staff)
            return replace(
                found,
                wishes=tuple(
                    replace(one, told=told) if one.id == wish.id else one for one in found.wishes
                ),
            )

        return show(await frame.database.transact(act))

    @router.post("/callbacks/{callback_id}")
    @who_may(Who.CASEWORKERS)
    async def called(request: Request, callback_id: str) -> Response:
        """What came of the call."""
        staff = staff_of(request)
        async with request.form() as form:
            given, note = str(form.get("outcome", "")), str(form.get("note", ""))[:2_000]

        def act(session: Session) -> None:
            _, case = callbacks.the_callback(session, staff, callback_id)
            if given not in frozenset(CallOutcome):
                raise RefusedError("no_outcome")
            calendar = calendar_of(frame.province, case.office_id)
            callbacks.called(session, staff, callback_id, CallOutcome(given), note, calendar)

        try:
            await frame.database.transact(act)
        except RefusedError as problem:
            flash = Flash(intake_texts.CALL_REFUSALS[problem.reason], problem=True)
            found = await frame.database.read(lambda session: look(session, staff))
            return show(found, 409, flash)
        return go_to("/callbacks")

    @router.post("/cases/{case_id}/callback")
    @who_may(Who.CASEWORKERS)
    async def ask(request: Request, case_id: str) -> Response:
        """Put a case on the list: the person said so at the desk, or by another way."""
        staff = staff_of(request)

        def act(session: Session) -> None:
            case = the_case(session, staff, case_id, for_update=True)
            callbacks.ask(session, case, calendar_of(frame.province, case.office_id), staff)

        try:
            await frame.database.transact(act)
        except RefusedError as problem:
            found = await frame.database.read(lambda session: look(session, staff))
            return show(found, 409, Flash(intake_texts.CALL_REFUSALS[problem.reason], problem=True))
        return go_to("/callbacks")

    return router
