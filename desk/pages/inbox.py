"""The lists of the inbox as queries: what is in each, in which order, and how many there are."""

import datetime as dt
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from enum import StrEnum
from typing import assert_never

import sqlalchemy as sa

from cases import alerts
from cases.access import listed_for, offered_to, visible_to
from cases.alerts import AlertRow
from cases.life import HELD, OPEN, CaseState
from cases.limits import Step
from cases.model import Case, Pause
from cases.staff import Role, StaffMember
from store.session import Session

MOST_ALERTS = 300
"""As many tellings are looked at; an office with more has other troubles than a list's end."""
NO_FIELD = "none"
"""The filter for cases of which no field of law is known."""


class Tab(StrEnum):
    """The lists of the inbox."""

    URGENT = "urgent"
    WAITING = "waiting"
    MINE = "mine"
    BRANCH = "branch"
    CITIZEN = "citizen"
    """The citizen is to speak or to bring something; the office has done its part for now."""
    DONE = "done"
    ALERTS = "alerts"
    """What the law's clock has told this person of."""
    OFFERED = "offered"
    """What another office asks this one to take."""
    SNOOZED = "snoozed"
    """What this person has put aside."""
    COMPLAINTS = "complaints"
    """What the centre has to answer, in ended cases too."""


ALWAYS = (Tab.URGENT, Tab.WAITING, Tab.MINE, Tab.BRANCH, Tab.CITIZEN, Tab.DONE)
"""The lists that are always named; the others only while something is in them."""


def tab_label(tab: Tab, role: Role) -> str:
    """The name of a list."""
    match tab:
        case Tab.URGENT:
            return "Khẩn"
        case Tab.WAITING:
            return "Chờ nhận"
        case Tab.MINE:
            return "Của tôi"
        case Tab.BRANCH:
            return "Toàn tỉnh" if role is Role.CENTRE else "Chi nhánh"
        case Tab.CITIZEN:
            return "Chờ người dân"
        case Tab.DONE:
            return "Đã xong"
        case Tab.ALERTS:
            return "Cần làm ngay"
        case Tab.OFFERED:
            return "Chuyển đến"
        case Tab.SNOOZED:
            return "Đang để đó"
        case Tab.COMPLAINTS:
            return "Khiếu nại chờ trả lời"
        case _:
            assert_never(tab)


@dataclass(frozen=True)
class Filters:
    """What a list is narrowed to; None: everything."""

    field: str | None = None
    commune: str | None = None
    holder: str | None = None

    def __bool__(self) -> bool:
        return any((self.field, self.commune, self.holder))

    def narrow(self, query: sa.Select[Case]) -> sa.Select[Case]:
        """The query with these conditions."""
        if self.field is not None:
            known = Case.field.is_(None) if self.field == NO_FIELD else Case.field == self.field
            query = query.where(known)
        if self.commune is not None:
            query = query.where(Case.commune == self.commune)
        if self.holder is not None:
            query = query.where(Case.holder_id == self.holder)
        return query


PRESSING = sa.or_(Case.urgent, Case.in_custody, Case.danger.is_not(None))
"""Danger, custody, or marked urgent."""
ANSWER_DUE = sa.or_(Case.answered_at.is_(None), Case.answered_at < Case.last_word_at)
"""The citizen wrote last."""
PAUSED = Case.id.in_(sa.select(Pause.case_id).where(Pause.to_at.is_(None)))


def awake(now: dt.datetime) -> sa.ColumnElement[bool]:
    """Not put aside, or its time has come."""
    return sa.or_(Case.snoozed_until.is_(None), Case.snoozed_until <= now)


def listed(
    staff: StaffMember, tab: Tab, now: dt.datetime, ringing: Sequence[str]
) -> sa.Select[Case]:
    """The cases of a list in its order; `ringing`: those that an alert tells of."""
    query = listed_for(staff)
    mine = sa.and_(Case.state.in_(HELD), Case.holder_id == staff.id)
    oldest_first = (PRESSING.desc(), Case.opened_at, Case.number)
    match tab:
        case Tab.URGENT:
            query = query.where(Case.state.in_(OPEN), PRESSING, awake(now))
            waits = sa.case((Case.state == CaseState.WAITING, 0), else_=1)
            return query.order_by(waits, Case.opened_at, Case.number)
        case Tab.WAITING:
            return query.where(Case.state == CaseState.WAITING).order_by(*oldest_first)
        case Tab.MINE:
            query = query.where(mine, awake(now))
            return query.order_by(
                PRESSING.desc(), ANSWER_DUE.desc(), Case.last_word_at, Case.number
            )
        case Tab.BRANCH:
            return query.where(Case.state.in_(HELD), awake(now)).order_by(*oldest_first)
        case Tab.CITIZEN:
            query = query.where(_waits_for_citizen(now))
            own = sa.case((Case.holder_id == staff.id, 0), else_=1)
            return query.order_by(own, Case.answered_at, Case.number)
        case Tab.DONE:
            query = query.where(Case.state == CaseState.CLOSED)
            return query.order_by(Case.closed_at.desc(), Case.number.desc())
        case Tab.ALERTS:
            return visible_to(staff).where(Case.id.in_(ringing)).order_by(*oldest_first)
        case Tab.OFFERED:
            query = offered_to(staff).where(Case.state.in_(OPEN))
            return query.order_by(*oldest_first)
        case Tab.SNOOZED:
            query = query.where(mine, Case.snoozed_until > now)
            return query.order_by(Case.snoozed_until, Case.number)
        case Tab.COMPLAINTS:
            return alerts.complaints_for(staff)
        case _:
            assert_never(tab)


def _waits_for_citizen(now: dt.datetime) -> sa.ColumnElement[bool]:
    return sa.and_(Case.state.in_(HELD), awake(now), sa.or_(sa.not_(ANSWER_DUE), PAUSED))


def counts(
    session: Session, staff: StaffMember, now: dt.datetime, ringing: Sequence[str]
) -> Mapping[Tab, int]:
    """How many cases are in each list; what is closed is not counted."""
    held = Case.state.in_(HELD)
    within: dict[Tab, sa.ColumnElement[bool]] = {
        Tab.URGENT: sa.and_(PRESSING, awake(now)),
        Tab.WAITING: Case.state == CaseState.WAITING,
        Tab.MINE: sa.and_(held, Case.holder_id == staff.id, awake(now)),
        Tab.BRANCH: sa.and_(held, awake(now)),
        Tab.CITIZEN: _waits_for_citizen(now),
        Tab.SNOOZED: sa.and_(held, Case.holder_id == staff.id, Case.snoozed_until > now),
    }
    counted = [sa.func.count(sa.case((one, 1))) for one in within.values()]
    query = listed_for(staff).where(Case.state.in_(OPEN))
    found = session.execute(query.with_only_columns(*counted)).one()
    offers = offered_to(staff).where(Case.state.in_(OPEN))
    offered = session.scalar(offers.with_only_columns(sa.func.count()))
    complaints = 0
    if staff.role is Role.CENTRE:
        query = alerts.complaints_for(staff).order_by(None)
        complaints = session.scalar(query.with_only_columns(sa.func.count())) or 0
    return dict(zip(within, found, strict=True)) | {
        Tab.COMPLAINTS: complaints,
        Tab.OFFERED: offered or 0,
        Tab.ALERTS: len(ringing),
    }


@dataclass(frozen=True, slots=True)
class Due:
    """What the clock tells of a case."""

    kind: str
    step: Step


def rings(session: Session, staff: StaffMember) -> Mapping[str, Sequence[Due]]:
    """What rings for a staff member, by case: the furthest step of each kind, newest first."""
    columns = (AlertRow.case_id, AlertRow.kind, AlertRow.step)
    query = alerts.ringing(staff).with_only_columns(*columns).limit(MOST_ALERTS)
    found: dict[str, dict[str, Due]] = {}
    for case_id, kind, step in session.execute(query):
        found.setdefault(case_id, {}).setdefault(kind, Due(kind, step))
    return {case_id: tuple(dues.values()) for case_id, dues in found.items()}
