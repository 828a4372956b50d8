"""Intake at the desk: whoever walks in, phones or is brought is entered by the officer."""

import datetime as dt
import secrets
from collections.abc import Mapping
from dataclasses import dataclass

from fastapi import APIRouter, Request
from fastapi.responses import HTMLResponse, Response

from cases import access, intake
from cases.access import NotFoundError
from cases.answers import expected_answer
from cases.clock import deadlines_in
from cases.codes import fresh_code, fresh_pin, spaced
from cases.deadline_words import say_moment
from cases.intake import Came, Wording
from cases.limits import DeadlineKind
from cases.model import Case
from cases.purpose import Purpose
from cases.slip import Slip, render_slip
from cases.staff import StaffMember
from desk import intake_texts, province_texts, texts
from desk.frame import Flash, Frame, Me, by_script, go_to
from desk.guard import Who, staff_of, who_may
from desk.pages.intake_view import Page, look, page_of
from eligibility.grounds import load_law
from store.clock import ZONE
from store.session import Session

_CHANCE = secrets.SystemRandom()


@dataclass(frozen=True)
class Begun:
    """One draft in the list."""

    id: str
    name: str
    at: dt.datetime


@dataclass(frozen=True)
class Done:
    """What the officer hands over once the request is opened."""

    id: str
    number: int
    code: str
    pin: str
    office: str
    next: str
    again: bool
    """The code was lost, and a new one is handed over."""
    case: str | None
    """The case's id, where the officer may see it."""


def wordings() -> Mapping[Purpose, Wording]:
    """The words that are read out at the desk, as each consent keeps them."""
    return {
        purpose: Wording(f"desk.{purpose}", shown)
        for purpose, shown in intake_texts.CONSENT.items()
    }


def routes(frame: Frame) -> APIRouter:
    """The routes of the intake."""
    router = APIRouter()

    async def fields(request: Request) -> dict[str, str]:
        """Without what a checkbox left alone would keep: the form is the whole truth."""
        async with request.form() as form:
            return {name: value for name, value in form.items() if isinstance(value, str)}

    def show(
        me: Me,
        page: Page,
        faults: Mapping[str, str] | None = None,
        status: int = 200,
        flash: Flash | None = None,
    ) -> HTMLResponse:
        return frame.show(
            "intake.html",
            status,
            me=me,
            page=page,
            live=page.live,
            it=intake_texts,
            faults={name: intake_texts.fault(key) for name, key in (faults or {}).items()},
            opponents=range(intake.OPPONENTS),
            flash=flash,
        )

    @router.get("/intake")
    @who_may(Who.CASEWORKERS)
    async def begin_page(request: Request) -> HTMLResponse:
        staff = staff_of(request)

        def read(session: Session) -> tuple[Me, tuple[Begun, ...]]:
            drafts = tuple(
                Begun(
                    one.id,
                    intake.typed_in(session, one).get("name") or "Chưa ghi tên",
                    one.at,
                )
                for one in intake.drafts_of(session, staff)
            )
            return frame.me(session, staff), drafts

        me, drafts = await frame.database.read(read)
        return frame.show("intake_begin.html", me=me, drafts=drafts, it=intake_texts)

    @router.post("/intake")
    @who_may(Who.CASEWORKERS)
    async def begin(request: Request) -> Response:
        staff = staff_of(request)
        came = (await fields(request)).get("came")
        kind = Came.PHONE if came == Came.PHONE else Came.DESK

        def act(session: Session) -> str:
            return intake.begin(session, staff, kind).id

        return go_to(f"/intake/{await frame.database.transact(act)}")

    @router.get("/intake/{draft_id}")
    @who_may(Who.CASEWORKERS)
    async def form(request: Request, draft_id: str) -> Response:
        staff = staff_of(request)

        def read(session: Session) -> tuple[Me, Page] | None:
            draft = intake.the_draft(session, staff, draft_id)
            if draft.case_id is not None:
                return None
            typed = intake.typed_in(session, draft)
            return frame.me(session, staff), page_of(session, frame, staff, draft, typed)

        found = await frame.database.read(read)
        return show(*found) if found is not None else go_to(f"/intake/{draft_id}/done")

    @router.post("/intake/{draft_id}")
    @who_may(Who.CASEWORKERS)
    async def keep(request: Request, draft_id: str) -> Response:
        """Keep what is typed, and say what follows from it."""
        staff, typed = staff_of(request), await fields(request)

        def act(session: Session) -> Response:
            draft = _with_hints(session, staff, draft_id, typed)
            if not by_script(request):
                return go_to(f"/intake/{draft_id}")
            live = look(session, frame, staff, intake.typed_in(session, draft))
            return frame.show(
                "intake_live.html", live=live, id=draft_id, it=intake_texts, saved=draft.at
            )

        return await frame.database.transact(act)

    def _with_hints(
        session: Session, staff: StaffMember, draft_id: str, typed: dict[str, str]
    ) -> intake.IntakeDraft:
        """A hint that was taken is `take_<field>=<value>`."""
        taken = {
            name.removeprefix("take_"): value
            for name, value in typed.items()
            if name.startswith("take_")
        }
        intake.keep(session, staff, draft_id, typed | taken)
        return intake.the_draft(session, staff, draft_id)

    @router.post("/intake/{draft_id}/open")
    @who_may(Who.CASEWORKERS)
    async def open_it(request: Request, draft_id: str) -> Response:
        staff, typed = staff_of(request), await fields(request)
        take = frame.office_label(staff.office_id) if typed.get("take") else None

        def act(session: Session) -> tuple[Me, Page, dict[str, str]] | None:
            draft = intake.the_draft(session, staff, draft_id, for_update=True)
            if draft.case_id is not None:
                return None  # pressed twice: the slip is there
            intake.keep(session, staff, draft_id, typed)
            told = intake.read(intake.kept(typed), frame.province, session.clock.today())
            both = intake.screened(told, load_law(), session.clock.today())
            faults = intake.lacking(told, both)
            if faults:
                page = page_of(session, frame, staff, draft, intake.typed_in(session, draft))
                return frame.me(session, staff), page, faults
            intake.open_intake(
                session,
                staff,
                draft_id,
                frame.province,
                load_law(),
                wordings(),
                fresh_code(_CHANCE),
                fresh_pin(_CHANCE),
                take=take,
            )
            return None

        wrong = await frame.database.transact(act)
        if wrong is None:
            return go_to(f"/intake/{draft_id}/done")
        me, page, faults = wrong
        return show(me, page, faults, 422)

    def handed_over(session: Session, staff: StaffMember, draft_id: str) -> tuple[Done, Slip]:
        draft = intake.the_draft(session, staff, draft_id)
        if draft.case_id is None:
            raise NotFoundError
        case = session.get_one(Case, draft.case_id)
        keys = intake.typed_in(session, draft)
        office, coming = frame.office_label(case.office_id), _next(session, case)
        theirs = session.scalar(access.visible_to(staff).where(Case.id == case.id))
        done = Done(
            id=draft.id,
            number=case.number,
            code=spaced(keys["code"]),
            pin=keys["pin"],
            office=office,
            next=coming,
            again="again" in keys,
            case=theirs.id if theirs is not None else None,
        )
        at = frame.office(case.office_id) or frame.province.centre
        slip = Slip(
            office=office,
            address="" if at.address.sample else at.address.value,
            phone="" if at.phone.sample else at.phone.value,
            hours="" if at.hours.sample else province_texts.hours(at.hours),
            code=done.code,
            pin=done.pin,
            day=texts.date(case.opened_at.astimezone(ZONE).date()),
            next=coming,
            web=frame.assistant.web if frame.assistant else None,
        )
        return done, slip

    def _next(session: Session, case: Case) -> str:
        """What happens next, and by when, as it stands on the slip."""
        expected = expected_answer(session, frame.province, case.office_id)
        told = "Cán bộ xem giấy tờ và trả lời."
        if expected.usual:
            told += f" Nơi này thường trả lời trong khoảng {expected.hours} giờ làm việc."
        due = next(
            (
                one.due_at
                for one in deadlines_in(session, case, frame.province)
                if one.kind is DeadlineKind.CHECK_REQUEST and one.due_at is not None
            ),
            None,
        )
        if due is not None:
            told += f" Mốc trung tâm tự đặt để xem và trả lời: {say_moment(due)}."
        return told

    @router.get("/intake/{draft_id}/done")
    @who_may(Who.CASEWORKERS)
    async def done(request: Request, draft_id: str) -> HTMLResponse:
        staff = staff_of(request)
        me, shown = await frame.database.read(
            lambda session: (
                frame.me(session, staff),
                handed_over(session, staff, draft_id)[0],
            )
        )
        return frame.show("intake_done.html", me=me, done=shown)

    @router.get("/intake/{draft_id}/slip.pdf")
    @who_may(Who.CASEWORKERS)
    async def slip(request: Request, draft_id: str) -> Response:
        staff = staff_of(request)
        _, shown = await frame.database.read(lambda session: handed_over(session, staff, draft_id))
        headers = {"Content-Disposition": 'inline; filename="phieu-hen.pdf"'}
        return Response(
            render_slip(shown, frame.province), media_type="application/pdf", headers=headers
        )

    @router.post("/intake/{draft_id}/drop")
    @who_may(Who.CASEWORKERS)
    async def drop(request: Request, draft_id: str) -> Response:
        """Throw the draft away; or the code, once the slip is handed over."""
        staff = staff_of(request)

        def act(session: Session) -> str | None:
            case_id = intake.the_draft(session, staff, draft_id).case_id
            intake.drop(session, staff, draft_id)
            if case_id is None:
                return None
            query = access.visible_to(staff).where(Case.id == case_id)
            return session.scalar(query.with_only_columns(Case.id))

        case_id = await frame.database.transact(act)
        return go_to(f"/cases/{case_id}" if case_id else "/intake")

    return router
