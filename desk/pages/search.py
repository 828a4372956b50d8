"""Search over everything a staff member may see, in any spelling."""

import time
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Annotated, assert_never

from fastapi import APIRouter, Query, Request
from fastapi.responses import HTMLResponse

from cases.life import HELD, CaseState
from cases.search import CaseIndex, Found, Piece, Progress, Source, search
from cases.staff import Role, StaffMember
from desk import texts
from desk.frame import Frame, Me, names_of
from desk.guard import Who, staff_of, who_may
from desk.pages.queue import place_name
from store import audit, events
from store.session import Session

_PATIENCE = 1.5
"""Seconds that one request gives to building the index; then it shows what it has."""
MOST = 50


@dataclass(frozen=True)
class Result:
    """One case that was found."""

    id: str
    number: int
    field: str
    place: str | None
    office: str | None
    """Where more than one office is shown."""
    state: str
    open: bool
    holder: str | None
    found_in: str
    snippet: tuple[Piece, ...]


@dataclass(frozen=True)
class Results:
    """What a search came to."""

    query: str
    rows: tuple[Result, ...]
    progress: Progress
    most: int = MOST


def where_found(source: Source) -> str:
    """What the words were found in."""
    match source:
        case Source.CITIZEN:
            return "Người dân"
        case Source.ASSISTANT:
            return "Tràm (máy)"
        case Source.STAFF:
            return "Cán bộ trả lời"
        case Source.NOTE:
            return "Ghi chú nội bộ"
        case Source.PARTY:
            return "Người trong vụ việc"
        case Source.NUMBER:
            return "Đúng số yêu cầu"
        case Source.REGISTER:
            return "Đúng mã sổ thụ lý"
        case Source.CODE:
            return "Đúng mã hồ sơ của người dân"
        case Source.PHONE:
            return "Đúng số điện thoại"
        case Source.IDENTITY:
            return "Đúng số căn cước"
        case _:
            assert_never(source)


def routes(frame: Frame) -> APIRouter:
    """The routes of the search."""
    router = APIRouter()
    index = CaseIndex()

    @router.get("/search")
    @who_may(Who.CASEWORKERS)
    async def search_page(
        request: Request, q: Annotated[str, Query(max_length=200)] = "", part: bool = False
    ) -> HTMLResponse:
        """The results; `part`: only they, asked again by the page while the index grows."""
        staff, query = staff_of(request), q.strip()
        progress = await catch_up() if query else Progress(0, 0)

        def look(session: Session) -> tuple[int, Me, Results]:
            found = search(session, staff, index, query, MOST) if query else ()
            if query and not part:  # never what was looked for: it may name somebody
                audit.note(session, "case.search", staff_id=staff.id, detail=f"{len(found)}")
            rows = _rows(session, staff, found)
            return events.newest(session), frame.me(session, staff), Results(query, rows, progress)

        newest, me, results = await frame.database.transact(look)
        if part:
            return frame.show("search_results.html", results=results)
        return frame.show("search.html", me=me, results=results, newest=newest)

    async def catch_up() -> Progress:
        until = time.monotonic() + _PATIENCE
        while True:
            progress = await frame.database.read(index.catch_up)
            if progress.complete or time.monotonic() > until:
                return progress

    def _rows(session: Session, staff: StaffMember, found: Sequence[Found]) -> tuple[Result, ...]:
        names = names_of(session, {one.case.holder_id for one in found if one.case.holder_id})
        return tuple(_row(staff, one, names.get(one.case.holder_id or "")) for one in found)

    def _row(staff: StaffMember, found: Found, holder: str | None) -> Result:
        case = found.case
        elsewhere = staff.role is Role.CENTRE or case.office_id != staff.office_id
        return Result(
            id=case.id,
            number=case.number,
            field=texts.field(case.field),
            place=place_name(frame, case.commune),
            office=frame.office_label(case.office_id) if elsewhere else None,
            state=texts.outcome(case.outcome) if case.outcome else texts.state(case.state),
            open=case.state is not CaseState.CLOSED,
            holder=holder if case.state in HELD else None,
            found_in=where_found(found.source),
            snippet=found.snippet,
        )

    return router
