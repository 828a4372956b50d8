"""How the running of the whole stands, for admins: counts and ages, nothing of any person."""

from collections.abc import Callable

from fastapi import APIRouter, Request
from fastapi.responses import HTMLResponse

from cases.health import Health
from desk import status_texts
from desk.frame import Frame, Me
from desk.guard import Who, staff_of, who_may
from store.incidents import Incident
from store.processes import SILENT
from store.session import Session


def routes(frame: Frame, read_health: Callable[[Session], Health]) -> APIRouter:
    """The one page of it."""
    router = APIRouter()

    def named(incident: Incident) -> str:
        subject = incident.subject
        if subject not in status_texts.CHANNELS:
            return status_texts.incident(incident.kind, frame.office_label(subject))
        return status_texts.incident(incident.kind, status_texts.channel(subject))

    @router.get("/status")
    @who_may(Who.ADMINS)
    async def status(request: Request) -> HTMLResponse:
        staff = staff_of(request)

        def look(session: Session) -> tuple[Me, Health]:
            return frame.me(session, staff), read_health(session)

        me, health = await frame.database.read(look)
        return frame.show(
            "status.html",
            me=me,
            health=health,
            s=status_texts,
            named=named,
            silent=SILENT,
            offices=[frame.office_label(one) for one in health.offices_without_staff],
            unclaimed=sorted(
                (frame.office_label(one), count) for one, count in health.unclaimed.items()
            ),
            working=any(
                one.role.works and health.at - one.beat_at < SILENT for one in health.processes
            ),
        )

    return router
