"""The page with a case open, and what every press of a button on it has in common."""

from collections.abc import Callable
from dataclasses import dataclass

from fastapi import Request
from fastapi.responses import HTMLResponse, RedirectResponse, Response

from cases import talking
from cases.access import NotFoundError, the_case
from cases.life import RefusedError
from cases.model import Case
from cases.staff import StaffMember
from desk import texts
from desk.frame import BASE, Flash, Frame, Me, by_script, names_of, with_flash
from desk.guard import staff_of
from desk.pages.case_view import CaseView, Opened, look_at_case
from desk.pages.queue import Queue, View, look_at_queue, path_of, view_of
from store import events
from store.base import new_id
from store.session import Session

Act = Callable[[Session], object]
"""Does something; words that it returns say what was done."""


@dataclass(frozen=True)
class Whole:
    """The whole page with a case open."""

    newest: int
    """The last event that the page already shows."""
    me: Me
    queue: Queue
    case: CaseView


@dataclass(frozen=True)
class CasePage:
    """Shows a case, as a page or as its fragment."""

    frame: Frame

    def whole(
        self,
        session: Session,
        staff: StaffMember,
        case: Case,
        view: View,
        opened: Opened | None = None,
        *,
        reveal: bool = False,
    ) -> Whole:
        """All that the page shows; `opened` is the act whose form lies open."""
        return Whole(
            newest=events.newest(session),  # first, so that nothing falls between
            me=self.frame.me(session, staff),
            queue=look_at_queue(session, self.frame, staff, view),
            case=look_at_case(
                session, self.frame, staff, case, view, opened, reveal_contact=reveal
            ),
        )

    def page(self, shown: Whole, status: int = 200, flash: Flash | None = None) -> HTMLResponse:
        """The page itself."""
        return self.frame.show("desk.html", status, flash=flash, **vars(shown))

    async def do(
        self,
        request: Request,
        case_id: str,
        act: Act,
        done: str = "",
        *,
        or_else: Act | None = None,
        event: str | None = None,
        opened: Opened | None = None,
        say: Callable[[str], str] = texts.refusal,
    ) -> Response:
        """Carry out one press of a button and show the case as it is afterwards.

        `or_else` keeps what was typed when the act is refused; `event` tells the page's script
        that it was done; `opened` is the form that stays open when it is refused, and `say` puts
        the reason into words.
        """
        staff, view = staff_of(request), view_of(request, case_id)
        refused: str | None = None
        told: object = None
        try:
            told = await self.frame.database.transact(act)
        except RefusedError as problem:
            refused = problem.reason
            if or_else is not None:
                await self.frame.database.transact(or_else)
        if refused is None and not by_script(request):
            return await self._go_on(staff, view, case_id)

        def look(session: Session) -> tuple[Whole, Flash]:
            case = the_case(session, staff, case_id)
            talking.mark_seen(session, staff, case.id)
            flash = Flash(told if isinstance(told, str) else done)
            if refused is not None:
                flash = Flash(_reason(session, case, refused, say), problem=True)
            still_open = opened if refused is not None else None
            return self.whole(session, staff, case, view, still_open), flash

        try:
            shown, flash = await self.frame.database.transact(look)
        except NotFoundError:
            if refused is not None:
                raise
            return Response(headers={"HX-Redirect": _list(view)})  # out of this person's sight
        status = 200 if refused is None else 409
        if not by_script(request):
            return self.page(shown, status, flash)
        response = self.frame.show("work.html", status, case=shown.case)
        events_told = {event: {"key": new_id()}} if event and refused is None else {}
        return with_flash(response, flash, **events_told)

    async def _go_on(self, staff: StaffMember, view: View, case_id: str) -> Response:
        """To the case, or to the list when the act took it out of this person's sight."""
        try:
            await self.frame.database.read(lambda session: the_case(session, staff, case_id))
        except NotFoundError:
            return RedirectResponse(_list(view), 303)
        return RedirectResponse(path_of(view, case_id), 303)


def _list(view: View) -> str:
    return f"{BASE}/{view.query(pane='talk')}"


def _reason(session: Session, case: Case, reason: str, say: Callable[[str], str]) -> str:
    holder = names_of(session, {case.holder_id}).get(case.holder_id) if case.holder_id else None
    if holder is not None and reason == "held":
        return f"{holder} đã nhận hồ sơ này rồi."
    if holder is not None and reason == "not_holder":
        return f"{say(reason)} {holder} đang giữ."
    return say(reason)
