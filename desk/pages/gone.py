"""What has left an office for another one: all that its people still see of it."""

import datetime as dt
from dataclasses import dataclass

from fastapi import APIRouter, Request
from fastapi.responses import HTMLResponse

from cases import access
from desk.frame import Frame, Me
from desk.guard import Who, staff_of, who_may
from store.session import Session


@dataclass(frozen=True)
class GoneLine:
    """One request, by its number, with where it is now answered."""

    number: int
    office: str
    at: dt.datetime


def routes(frame: Frame) -> APIRouter:
    """The route of the list."""
    router = APIRouter()

    @router.get("/gone")
    @who_may(Who.CASEWORKERS)
    async def gone(request: Request) -> HTMLResponse:
        staff = staff_of(request)

        def look(session: Session) -> tuple[Me, tuple[GoneLine, ...]]:
            found = access.gone_from(session, staff)
            lines = (
                GoneLine(one.number, frame.office_label(one.to_office), one.at) for one in found
            )
            return frame.me(session, staff), tuple(lines)

        me, lines = await frame.database.read(look)
        return frame.show("gone.html", me=me, lines=lines)

    return router
