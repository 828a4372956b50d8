"""The log of who looked at or changed what, for auditors: never what it held."""

import datetime as dt
from collections.abc import Sequence
from dataclasses import dataclass
from urllib.parse import urlencode

import sqlalchemy as sa
from fastapi import APIRouter, Request
from fastapi.responses import HTMLResponse

from cases.model import Case
from cases.staff import StaffMember
from desk import audit_texts, texts
from desk.frame import Frame, Me, names_of
from desk.guard import Who, staff_of, who_may
from store.audit import AuditRow
from store.clock import ZONE
from store.marks import MarkName, mark_of
from store.session import Session

AUDIT_ROWS = 200


@dataclass(frozen=True)
class AuditLine:
    """One act: who, when, on what; never what it held."""

    id: int
    at: dt.datetime
    who: str
    act: str
    subject: str
    number: int | None
    """Of the request, where it was one."""


@dataclass(frozen=True)
class Asked:
    """What the log is narrowed to, as it was typed."""

    who: str = ""
    act: str = ""
    case: str = ""
    since: str = ""
    until: str = ""

    def before(self, line: int) -> str:
        """The query of the lines before one."""
        return urlencode({**vars(self), "before": line})


@dataclass(frozen=True)
class Shown:
    """The whole page."""

    me: Me
    lines: Sequence[AuditLine]
    people: Sequence[tuple[str, str]]
    looked_over: str
    verified: bool
    """Whether anybody ever looked it over."""
    wrong: bool


def routes(frame: Frame) -> APIRouter:
    """The route of the log."""
    router = APIRouter()

    @router.get("/audit")
    @who_may(Who.AUDITORS)
    async def page(
        request: Request,
        before: int | None = None,
        who: str = "",
        act: str = "",
        case: str = "",
        since: str = "",
        until: str = "",
    ) -> HTMLResponse:
        staff, asked = staff_of(request), Asked(who, act, case.strip(), since, until)

        def look(session: Session) -> Shown:
            people = session.scalars(sa.select(StaffMember.id)).all()
            names = names_of(session, set(people))
            mark = mark_of(session, MarkName.AUDIT)
            return Shown(
                me=frame.me(session, staff),
                lines=_lines(session, asked, before, names),
                people=sorted(names.items(), key=lambda item: item[1]),
                looked_over=audit_texts.looked_over(mark, session.clock.now()),
                verified=mark is not None,
                wrong=audit_texts.is_wrong(mark),
            )

        shown = await frame.database.read(look)
        return frame.show(
            "audit.html",
            asked=asked,
            acts=audit_texts.ACTS,
            full=len(shown.lines) == AUDIT_ROWS,
            **vars(shown),
        )

    return router


def _lines(
    session: Session, asked: Asked, before: int | None, names: dict[str, str]
) -> Sequence[AuditLine]:
    query = (
        sa.select(AuditRow, Case.number)
        .outerjoin(Case, Case.id == AuditRow.subject)
        .order_by(AuditRow.id.desc())
        .limit(AUDIT_ROWS)
    )
    if before is not None:
        query = query.where(AuditRow.id < before)
    if asked.who:
        query = query.where(AuditRow.staff_id == asked.who)
    if asked.act:
        query = query.where(AuditRow.act == asked.act)
    if asked.case:
        number = int(asked.case) if asked.case.isdecimal() else 0
        query = query.where(Case.number == number)
    if (first := _day(asked.since)) is not None:
        query = query.where(AuditRow.at >= first)
    if (last := _day(asked.until)) is not None:
        query = query.where(AuditRow.at < last + dt.timedelta(days=1))
    return tuple(
        AuditLine(
            id=row.id,
            at=row.at,
            who=names.get(row.staff_id or "", "—"),
            act=texts.act(row.act),
            subject=row.subject[-8:] if row.subject else "",
            number=number,
        )
        for row, number in session.execute(query)
    )


def _day(typed: str) -> dt.datetime | None:
    """The beginning of a day; a field that holds none narrows nothing."""
    try:
        return dt.datetime.combine(dt.date.fromisoformat(typed), dt.time(), ZONE)
    except ValueError:
        return None
