"""What admins see who see no case: the accounts, and who can take requests where."""

import datetime as dt
from dataclasses import dataclass

import sqlalchemy as sa
from fastapi import APIRouter, Request
from fastapi.responses import HTMLResponse

from cases.staff import StaffMember
from cases.staffing import there_today
from desk import texts
from desk.auth import StaffSession
from desk.frame import Frame, Me
from desk.guard import Who, staff_of, who_may
from desk.invitations import NO_PASSWORD
from store.session import Session


@dataclass(frozen=True)
class Account:
    """One account, as admins see it."""

    id: str
    username: str
    name: str
    role: str
    office: str
    active: bool
    taken_up: bool
    """False: invited, and nobody has set a password yet."""
    last_seen_at: dt.datetime | None


@dataclass(frozen=True)
class OfficeLine:
    """One active office, and whether anybody there can take a request."""

    label: str
    officers: int


def _accounts(session: Session, frame: Frame) -> tuple[Account, ...]:
    seen = (
        sa.select(StaffSession.staff_id, sa.func.max(StaffSession.last_seen_at).label("at"))
        .group_by(StaffSession.staff_id)
        .subquery()
    )
    found = session.execute(
        sa.select(StaffMember, seen.c.at)
        .outerjoin(seen, seen.c.staff_id == StaffMember.id)
        .order_by(StaffMember.office_id, StaffMember.username)
    )
    return tuple(
        Account(
            id=staff.id,
            username=staff.username,
            name=staff.open(session.vault, "name") or "",
            role=texts.role(staff.role),
            office=frame.office_label(staff.office_id),
            active=staff.active,
            taken_up=staff.active or staff.password_hash != NO_PASSWORD,
            last_seen_at=at,
        )
        for staff, at in found
    )


def offices(session: Session, frame: Frame) -> tuple[OfficeLine, ...]:
    """The active offices with the number of people who can take a request there today."""
    found = session.execute(
        sa.select(StaffMember.office_id, sa.func.count())
        .where(there_today(session))
        .group_by(StaffMember.office_id)
    )
    able: dict[str | None, int] = dict(found.all())
    return tuple(
        OfficeLine(office.label, able.get(office.id, 0))
        for office in frame.province.offices
        if office.active
    )


def routes(frame: Frame) -> APIRouter:
    """The routes of admins."""
    router = APIRouter()

    @router.get("/accounts")
    @who_may(Who.ADMINS)
    async def accounts(request: Request) -> HTMLResponse:
        staff = staff_of(request)

        def look(session: Session) -> tuple[Me, tuple[Account, ...], tuple[OfficeLine, ...]]:
            return frame.me(session, staff), _accounts(session, frame), offices(session, frame)

        me, found, lines = await frame.database.read(look)
        return frame.show("accounts.html", me=me, accounts=found, offices=lines)

    return router
