"""The days off, the days worked in exchange, and the years whose days stand there whole."""

import datetime as dt
from collections.abc import Callable
from dataclasses import dataclass
from typing import Annotated

from fastapi import APIRouter, Form, Request
from fastapi.responses import HTMLResponse, Response

from cases.atlas import DAY, YEAR, UnfitError, body_of, change
from cases.province import DayOff, FullYear
from desk import province_texts as words
from desk.frame import Flash, Frame, Me, go_to
from desk.guard import Who, staff_of, who_may
from store import documents
from store.documents import ConflictError, Document
from store.session import Session


@dataclass(frozen=True)
class DayLine:
    """One day of the calendar."""

    day: DayOff
    over: int


def _days(session: Session, year: int) -> tuple[DayLine, ...]:
    found = (
        DayLine(DayOff.model_validate_json(version.body), version.number)
        for version in documents.published(session, DAY)
    )
    return tuple(one for one in found if one.day.day.year == year)


def routes(frame: Frame) -> APIRouter:
    """The routes of the calendar."""
    router = APIRouter()

    @router.get("/province/days")
    @who_may(Who.ADMINS)
    async def days(request: Request, year: int | None = None, done: str = "") -> HTMLResponse:
        said = words.DONE.get(done)
        chosen = year or frame.database.clock.today().year
        return await page(request, chosen, Flash(said) if said else None)

    @router.post("/province/days")
    @who_may(Who.ADMINS)
    async def save(
        request: Request,
        day: Annotated[dt.date, Form()],
        name: Annotated[str, Form(max_length=200)] = "",
        kind: Annotated[str, Form()] = "closed",
        over: Annotated[int, Form()] = 0,
        verified: Annotated[str | None, Form()] = None,
    ) -> Response:
        """Write a day, or one that was dropped anew."""
        staff = staff_of(request)
        entry = DayOff(
            day=day, name=name.strip(), worked=kind == "worked", verified=verified is not None
        )

        def write(session: Session) -> None:
            key = str(day)
            dropped = session.get(Document, (DAY, key))
            number = over or None
            if number is None and dropped is not None and dropped.retired:
                last = documents.published_one(session, DAY, key)
                number = last.number if last is not None else None
            documents.put(session, DAY, key, body_of(entry), by=staff.id, over=number)

        if not entry.name:
            flash = Flash("Chưa lưu: hãy ghi tên ngày nghỉ.", problem=True)
            return await page(request, day.year, flash, 422)
        return await do(request, day.year, write, "saved")

    @router.post("/province/days/remove")
    @who_may(Who.ADMINS)
    async def remove(
        request: Request, day: Annotated[dt.date, Form()], over: Annotated[int, Form()] = 0
    ) -> Response:
        staff = staff_of(request)

        def write(session: Session) -> None:
            if documents.published_one(session, DAY, str(day)) is None:
                raise ConflictError(None)
            documents.retire(session, DAY, str(day), by=staff.id, over=over)

        return await do(request, day.year, write, "removed")

    @router.post("/province/days/year")
    @who_may(Who.ADMINS)
    async def add_year(request: Request, year: Annotated[int, Form(ge=2020, le=2100)]) -> Response:
        staff = staff_of(request)

        def write(session: Session) -> None:
            now = documents.published_one(session, YEAR, str(year))
            over = now.number if now is not None else None
            entry = body_of(FullYear(year=year))
            documents.put(session, YEAR, str(year), entry, by=staff.id, over=over)

        return await do(request, year, write, "saved")

    async def do(
        request: Request, year: int, write: Callable[[Session], None], done: str
    ) -> Response:
        def act(session: Session) -> None:
            change(session, frame.atlas, lambda: write(session))

        try:
            await frame.database.transact(act)
        except UnfitError as problem:
            text = " ".join(words.fault(one, frame.province) for one in problem.faults)
        except ConflictError:
            text = "Ngày này đã có, hoặc người khác vừa sửa; chưa lưu. Xem lại rồi làm lại."
        else:
            await frame.database.read(frame.atlas.refresh)
            return go_to(f"/province/days?year={year}&done={done}")
        await frame.database.read(frame.atlas.refresh)
        return await page(request, year, Flash(f"Chưa lưu. {text}", problem=True), 409)

    async def page(
        request: Request, year: int, flash: Flash | None, status: int = 200
    ) -> HTMLResponse:
        staff = staff_of(request)

        def look(session: Session) -> tuple[Me, tuple[DayLine, ...]]:
            return frame.me(session, staff), _days(session, year)

        me, lines = await frame.database.read(look)
        years = frame.province.holidays.years
        return frame.show(
            "province_days.html",
            status,
            me=me,
            w=words,
            here="/days",
            flash=flash,
            lines=lines,
            year=year,
            years=sorted({*years, year}),
            whole=year in years,
        )

    return router
