"""The queue: the lists of the inbox with their counts, filters and pages."""

import datetime as dt
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from enum import StrEnum
from typing import Any, assert_never

import sqlalchemy as sa
from fastapi import APIRouter, Request
from fastapi.responses import HTMLResponse, Response

from cases import callbacks, data_decisions
from cases.access import listed_for
from cases.intake import Came
from cases.life import HELD, CaseState
from cases.model import CUSTODY, Case
from cases.staff import Role, StaffMember
from cases.thread import Seen
from desk import texts
from desk.frame import BASE, Frame, Me, names_of
from desk.guard import Who, roles, staff_of, who_may
from desk.pages import inbox
from desk.pages.inbox import ALWAYS, NO_FIELD, PAUSED, Due, Filters, Tab, tab_label
from knowledge.article import FieldId
from store import events
from store.session import Session

__all__ = ["Tab", "tab_label"]

PAGE = 50
_LAST_PAGE = 9999


class Pane(StrEnum):
    """What a narrow screen shows of an open case."""

    TALK = "talk"
    FACTS = "facts"


@dataclass(frozen=True)
class View:
    """Which list is shown, narrowed to what, which page of it, and which case is open."""

    tab: Tab
    pane: Pane = Pane.TALK
    page: int = 1
    filters: Filters = field(default_factory=Filters)
    open_id: str | None = None

    def query(self, **changed: object) -> str:
        """The view as the end of an address."""
        told = {"tab": self.tab, "pane": self.pane, "page": self.page} | vars(self.filters)
        plain = {"pane": Pane.TALK, "page": 1}
        parts = [
            f"{key}={value}"
            for key, value in (told | changed).items()
            if value is not None and value != plain.get(key)
        ]
        return "?" + "&".join(parts) if parts else ""


def view_of(request: Request, open_id: str | None = None) -> View:
    """The view that a request asks for; what it does not know becomes the usual."""
    asked = request.query_params
    page = asked.get("page", "")
    return View(
        tab=Tab(asked["tab"]) if asked.get("tab") in set(Tab) else Tab.WAITING,
        pane=Pane(asked["pane"]) if asked.get("pane") in set(Pane) else Pane.TALK,
        page=min(max(int(page), 1), _LAST_PAGE) if page.isdecimal() and len(page) < 6 else 1,
        filters=_filters_of(asked),
        open_id=open_id or asked.get("open"),
    )


def _filters_of(asked: Mapping[str, str]) -> Filters:
    law, commune, holder = (asked.get(name, "") for name in ("field", "commune", "holder"))
    return Filters(
        field=law if law in {*FieldId, NO_FIELD} else None,
        commune=commune if _is_plain(commune, 10) else None,
        holder=holder if _is_plain(holder, 32) else None,
    )


def _is_plain(word: str, longest: int) -> bool:
    return word.isascii() and word.isalnum() and len(word) <= longest


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
    by_hand: str | None
    """Taken in by an officer: how the person came."""
    danger: str | None
    urgent: bool
    in_custody: bool
    arrested: bool
    """The danger that was told says already that somebody is held."""
    unread: bool
    answer_due: bool
    withdraw: bool
    paused: bool
    leaving: bool
    """Offered to another office, which has not answered."""
    snoozed_until: dt.datetime | None
    dues: tuple[str, ...]
    """What the clock tells of it."""
    holder: str | None
    mine: bool
    at: dt.datetime
    outcome: str | None

    @property
    def marked(self) -> bool:
        """Whether there is anything to say beside what every row says."""
        told = (self.danger, self.urgent, self.in_custody, self.dues, self.withdraw, self.paused)
        more = (self.answer_due, self.leaving, self.snoozed_until, self.outcome, self.holder)
        return any((*told, *more))


@dataclass(frozen=True)
class Choices:
    """What a list may be narrowed to: values with their names."""

    fields: Sequence[tuple[str, str]]
    communes: Sequence[tuple[str, str]]
    holders: Sequence[tuple[str, str]]


@dataclass(frozen=True)
class Queue:
    """One page of a list, with the counts of all lists."""

    view: View
    labels: Mapping[Tab, str]
    """Of the lists that are always named."""
    extra: Mapping[Tab, str]
    """Of the others, while something is in them."""
    counts: Mapping[Tab, int]
    unread: int
    rows: tuple[QueueRow, ...]
    more: bool
    choices: Choices
    callbacks: int
    """How many may be called back by now."""
    data_requests: int | None
    """How many ask about their own data; None for whom it is not to decide."""
    leads: bool
    """Keeps the register too."""

    @property
    def first(self) -> int:
        """The place of the first row in its list, counted from 1."""
        return (self.view.page - 1) * PAGE + 1


def look_at_queue(session: Session, frame: Frame, staff: StaffMember, view: View) -> Queue:
    """The list of a view, as this staff member may see it."""
    now = session.clock.now()
    rings = inbox.rings(session, staff)
    query = view.filters.narrow(inbox.listed(staff, view.tab, now, tuple(rings)))
    seen = sa.select(Seen).where(Seen.staff_id == staff.id).subquery()
    unread = sa.or_(seen.c.at.is_(None), seen.c.at < Case.last_word_at)
    found: Sequence[Any] = session.execute(
        query.outerjoin(seen, seen.c.case_id == Case.id)
        .add_columns(unread, PAUSED)
        .offset((view.page - 1) * PAGE)
        .limit(PAGE + 1)
    ).all()
    look = _Look(session, frame, staff, rings, _holders(session, staff, found))
    rows = tuple(look.row(case, unread=new, paused=paused) for case, new, paused in found[:PAGE])
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
    counts = inbox.counts(session, staff, now, tuple(rings))
    return Queue(
        view=view,
        labels={tab: tab_label(tab, staff.role) for tab in ALWAYS},
        extra={
            tab: tab_label(tab, staff.role)
            for tab in (Tab.ALERTS, Tab.COMPLAINTS, Tab.OFFERED, Tab.SNOOZED)
            if counts[tab] or view.tab is tab
        },
        counts=counts,
        unread=to_read or 0,
        rows=rows,
        more=len(found) > PAGE,
        choices=_choices(frame, staff, look.names),
        callbacks=callbacks.how_many(session, staff),
        data_requests=data_decisions.how_many(session) if staff.role in roles(Who.CENTRE) else None,
        leads=staff.role in roles(Who.LEADERS),
    )


def _holders(session: Session, staff: StaffMember, found: Sequence[Any]) -> Mapping[str, str]:
    """The names of those who hold a case on this page, and of the colleagues one may filter by."""
    colleagues = sa.select(StaffMember.id).where(
        StaffMember.active, StaffMember.role.in_((Role.OFFICER, Role.HEAD, Role.CENTRE))
    )
    if staff.role is not Role.CENTRE:
        colleagues = colleagues.where(StaffMember.office_id == staff.office_id)
    ids = {*session.scalars(colleagues), *(case.holder_id for case, _, _ in found)}
    return names_of(session, {one for one in ids if one is not None})


def _choices(frame: Frame, staff: StaffMember, names: Mapping[str, str]) -> Choices:
    communes = {one.code: place_name(frame, one.code) or "" for one in frame.province.communes}
    others = sorted((name, one) for one, name in names.items() if one != staff.id)
    return Choices(
        fields=(*((one, texts.field(one)) for one in FieldId), (NO_FIELD, texts.field(None))),
        communes=sorted(communes.items(), key=lambda pair: pair[1]),
        holders=((staff.id, "Tôi"), *((one, name) for name, one in others)),
    )


@dataclass(frozen=True)
class _Look:
    """What the rows of one page need."""

    session: Session
    frame: Frame
    staff: StaffMember
    rings: Mapping[str, Sequence[Due]]
    names: Mapping[str, str]

    def row(self, case: Case, *, unread: bool, paused: bool) -> QueueRow:
        elsewhere = self.staff.role is Role.CENTRE or case.office_id != self.staff.office_id
        held = case.state in HELD
        danger = case.open(self.session.vault, "danger")
        return QueueRow(
            id=case.id,
            number=case.number,
            state=case.state,
            field=texts.field(case.field),
            place=place_name(self.frame, case.commune),
            office=self.frame.office_label(case.office_id) if elsewhere else None,
            by_hand=texts.channel(case.channel) if case.channel in frozenset(Came) else None,
            danger=texts.danger(danger),
            urgent=case.urgent,
            in_custody=case.in_custody,
            arrested=danger == CUSTODY,
            unread=unread,
            answer_due=held and (case.answered_at is None or case.answered_at < case.last_word_at),
            withdraw=case.withdraw_asked_at is not None and held,
            paused=paused and held,
            leaving=case.offered_to is not None and case.offered_to != self.staff.office_id,
            snoozed_until=case.snoozed_until,
            dues=tuple(texts.alert(one.kind, one.step) for one in self.rings.get(case.id, ())),
            holder=self.names.get(case.holder_id or ""),
            mine=case.holder_id == self.staff.id,
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
