"""What people said of the help they got: to read on the page, never to take away as a file."""

import datetime as dt

from fastapi import APIRouter, Request
from fastapi.responses import HTMLResponse

from cases.opinions import MOST, means, opinions
from cases.periods import Range
from cases.staff import Role
from desk import citizen_texts, figure_texts
from desk.frame import Frame
from desk.guard import Who, staff_of, who_may
from desk.pages.figures import asked_by
from desk.pages.figures_tables import days_of, shown
from store.clock import ZONE


def routes(frame: Frame) -> APIRouter:
    """The one page of the opinions."""
    router = APIRouter()

    def today() -> dt.date:
        return frame.database.clock.now().astimezone(ZONE).date()

    @router.get("/figures/opinions")
    @who_may(Who.LEADERS)
    async def page(request: Request) -> HTMLResponse:
        staff = staff_of(request)
        asked = asked_by(request.query_params, staff, today(), Range.QUARTER)
        me, found = await frame.database.read(
            lambda session: (
                frame.me(session, staff),
                opinions(session, staff, asked.period, asked.filters.office),
            )
        )
        stars = [one.stars for one in found]
        return frame.show(
            "opinions.html",
            here="/opinions",
            me=me,
            asked=asked,
            found=found,
            full=len(found) == MOST,
            most=MOST,
            mean=shown(round(sum(stars) / len(stars), 1)) if stars else None,
            means={
                citizen_texts.RATED[part]: shown(round(mean, 1))
                for part, mean in means(found).items()
            },
            rated=citizen_texts.RATED,
            office_name=frame.office_label,
            with_cases=staff.role is Role.CENTRE,
            ranges=tuple(Range),
            offices=frame.province.offices,
            ft=figure_texts,
            days_of=days_of,
        )

    return router
