"""The queue: what waits, what is mine, what the branch is doing, what is done."""

import datetime as dt
from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum
from typing import assert_never

import sqlalchemy as sa
from fastapi import APIRouter, Request
from fastapi.responses import HTMLResponse, Response

from cases.access import listed_for
from cases.life import HELD, CaseState
from cases.model import Case
from cases.staff import Role, StaffMember
from cases.thread import Seen
from desk import texts
from desk.frame import BASE, Frame, Me, names_of
from desk.guard import Who, roles, staff_of, who_may
from store import events
from store.session import Session

PAGE = 50


class Tab(StrEnum):
    """The four lists of the queue."""

    WAITING = "waiting"
    MINE = "mine"
    BRANCH = "branch"
    DONE = "done"


class Pane(StrEnum):
    """What a narrow screen shows of an open case."""

    TALK = "talk"
    FACTS = "facts"


def tab_label(tab: Tab, role: Role) -> str:
    """The name of a list."""
    match tab:
        case Tab.WAITING:
            return "Chờ nhận"
        case Tab.MINE:
            return "Của tôi"
        case Tab.BRANCH:
            return "Toàn tỉnh" if role is Role.CENTRE else "Chi nhánh"
        case Tab.DONE:
            return "Đã xong"
        case _:
            assert_never(tab)


@dataclass(frozen=True)
class View:
    """Which list is shown, how much of it, and which case is open."""

    tab: Tab
    pane: Pane = Pane.TALK
    rows: int = PAGE
    open_id: str | None = None

    def query(self, **changed: object) -> str:
        """The view as the end of an address."""
        told = {"tab": self.tab, "pane": self.pane, "rows": self.rows} | changed
        plain = {"pane": Pane.TALK, "rows": PAGE}
        parts = [f"{key}={value}" for key, value in told.items() if value != plain.get(key)]
        return "?" + "&".join(parts) if parts else ""


def view_of(request: Request, open_id: str | None = None) -> View:
    """The view that a request asks for; what it does not know becomes the usual."""
    asked = request.query_params
    rows = asked.get("rows", "")
    return View(
        tab=Tab(asked["tab"]) if asked.get("tab") in set(Tab) else Tab.WAITING,
        pane=Pane(asked["pane"]) if asked.get("pane") in set(Pane) else Pane.TALK,
        rows=min(int(rows), 1000) if rows.isdecimal() and len(rows) < 6 else PAGE,
        open_id=open_id or asked.get("open"),
    )


@dataclass(frozen=True)
class QueueRow:
    """One case in a list: what is needed to choose it, and nothing of its story."""

    id: str
    number: int
    state: CaseState
    field: str
    place: str | None
    office: str | None
    """Where more than one office is shown."""
    danger: str | None
    urgent: bool
    unread: bool
    answer_due: bool
    withdraw: bool
    holder: str | None
    mine: bool
    at: dt.datetime
    outcome: str | None


@dataclass(frozen=True)
class Queue:
    """One list with the counts of all."""

    view: View
    labels: Mapping[Tab, str]
    counts: Mapping[Tab, int]
    unread: int
    rows: tuple[QueueRow, ...]
    more: bool


def look_at_queue(session: Session, frame: Frame, staff: StaffMember, view: View) -> Queue:
    """The list of a view, as this staff member may see it."""
    query = _listed(staff, view.tab)
    seen = sa.select(Seen).where(Seen.staff_id == staff.id).subquery()
    unread = sa.or_(seen.c.at.is_(None), seen.c.at < Case.last_word_at)
    found = session.execute(
        query.outerjoin(seen, seen.c.case_id == Case.id).add_columns(unread).limit(view.rows + 1)
    ).all()
    names = names_of(session, {case.holder_id for case, _ in found if case.holder_id})
    rows = tuple(
        _row(session, frame, staff, case, unread=new, holder=names.get(case.holder_id or ""))
        for case, new in found[: view.rows]
    )
    to_read = session.scalar(
        listed_for(staff)
        .where(
            sa.or_(
                Case.state == CaseState.WAITING,
                sa.and_(Case.state.in_(HELD), Case.holder_id == staff.id),
            )
        )
        .outerjoin(seen, seen.c.case_id == Case.id)
        .where(unread)
        .with_only_columns(sa.func.count())
    )
    return Queue(
        view=view,
        labels={tab: tab_label(tab, staff.role) for tab in Tab},
        counts=_counts(session, staff),
        unread=to_read or 0,
        rows=rows,
        more=len(found) > view.rows,
    )


def _listed(staff: StaffMember, tab: Tab) -> sa.Select[Case]:
    query = listed_for(staff)
    oldest_first = (Case.urgent.desc(), Case.opened_at, Case.number)
    match tab:
        case Tab.WAITING:
            return query.where(Case.state == CaseState.WAITING).order_by(*oldest_first)
        case Tab.MINE:
            query = query.where(Case.state.in_(HELD), Case.holder_id == staff.id)
            return query.order_by(Case.urgent.desc(), _answer_due().desc(), Case.last_word_at)
        case Tab.BRANCH:
            return query.where(Case.state.in_(HELD)).order_by(*oldest_first)
        case Tab.DONE:
            query = query.where(Case.state == CaseState.CLOSED)
            return query.order_by(Case.closed_at.desc(), Case.number.desc())
        case _:
            assert_never(tab)


def _answer_due() -> sa.ColumnElement[bool]:
    """The citizen wrote last."""
    return sa.or_(Case.answered_at.is_(None), Case.answered_at < Case.last_word_at)


def _counts(session: Session, staff: StaffMember) -> dict[Tab, int]:
    mine = sa.func.coalesce(Case.holder_id == staff.id, sa.false()).label("mine")
    found = session.execute(
        listed_for(staff)
        .where(Case.state != CaseState.CLOSED)
        .with_only_columns(Case.state, mine, sa.func.count())
        .group_by(Case.state, "mine")
    ).all()
    counts = {Tab.WAITING: 0, Tab.MINE: 0, Tab.BRANCH: 0}
    for state, is_mine, number in found:
        if state is CaseState.WAITING:
            counts[Tab.WAITING] += number
        else:
            counts[Tab.BRANCH] += number
            counts[Tab.MINE] += number if is_mine else 0
    return counts


def _row(
    session: Session,
    frame: Frame,
    staff: StaffMember,
    case: Case,
    *,
    unread: bool,
    holder: str | None,
) -> QueueRow:
    return QueueRow(
        id=case.id,
        number=case.number,
        state=case.state,
        field=texts.field(case.field),
        place=place_name(frame, case.commune),
        office=frame.office_label(case.office_id) if staff.role is Role.CENTRE else None,
        danger=texts.danger(case.open(session.vault, "danger")),
        urgent=case.urgent,
        unread=unread,
        answer_due=case.state in HELD
        and (case.answered_at is None or case.answered_at < case.last_word_at),
        withdraw=case.withdraw_asked_at is not None and case.state in HELD,
        holder=holder,
        mine=case.holder_id == staff.id,
        at=_moment_shown(case),
        outcome=texts.outcome(case.outcome) if case.outcome else None,
    )


def _moment_shown(case: Case) -> dt.datetime:
    match case.state:
        case CaseState.WAITING:
            return case.opened_at
        case CaseState.CLAIMED | CaseState.ACCEPTED | CaseState.IN_PROGRESS:
            return case.last_word_at
        case CaseState.CLOSED:
            return case.closed_at or case.last_word_at
        case _:
            assert_never(case.state)


def place_name(frame: Frame, commune: str | None) -> str | None:
    """A commune by its name, `Xã Đá Bạc`; the code itself when the province has none such."""
    if commune is None:
        return None
    try:
        name = frame.province.commune(commune).full_name
    except KeyError:
        return commune
    return name[:1].upper() + name[1:]


def routes(frame: Frame) -> APIRouter:
    """The routes of the queue."""
    router = APIRouter()

    @router.get("/")
    @who_may(Who.STAFF)
    async def first_page(request: Request) -> Response:
        staff, view = staff_of(request), view_of(request)
        if staff.role not in roles(Who.CASEWORKERS):
            return await no_cases(staff)

        def look(session: Session) -> tuple[int, Me, Queue]:
            newest = events.newest(session)  # first, so that nothing falls between
            return newest, frame.me(session, staff), look_at_queue(session, frame, staff, view)

        newest, me, queue = await frame.database.read(look)
        return frame.show("desk.html", me=me, queue=queue, case=None, newest=newest)

    async def no_cases(staff: StaffMember) -> HTMLResponse:
        me = await frame.database.read(lambda session: frame.me(session, staff))
        return frame.show("no_cases.html", me=me)

    @router.get("/queue")
    @who_may(Who.CASEWORKERS, by_itself=True)
    async def queue_fragment(request: Request) -> HTMLResponse:
        staff, view = staff_of(request), view_of(request)
        queue = await frame.database.read(
            lambda session: look_at_queue(session, frame, staff, view)
        )
        return frame.show("queue.html", queue=queue)

    return router


def path_of(view: View, case_id: str, **changed: object) -> str:
    """The address of a case in a view."""
    return f"{BASE}/cases/{case_id}{view.query(**changed)}"
