"""The week's gaps: what was read, what did not help, what nobody could answer."""

import datetime as dt
from dataclasses import dataclass
from itertools import islice

import sqlalchemy as sa
from fastapi import APIRouter, Request
from fastapi.responses import HTMLResponse

from cases.staff import StaffMember
from desk import texts
from desk.frame import Frame, Me
from desk.guard import Who, staff_of, who_may
from desk.pages.knowledge_article import library_now
from desk.pages.knowledge_tools import best_said
from knowledge.feedback import Group, OpenQuestion, Tally, grouped, open_questions, tallies
from knowledge.laws import Standing, standing
from store.clock import ZONE
from store.session import Session

MOST = 10
"""Lines of each list."""
_WEEK = dt.timedelta(days=7)


@dataclass(frozen=True)
class Line:
    """One line of a list with a bar."""

    name: str
    article_id: str | None
    count: int
    share: float
    """Of 100, beside the longest bar of the list."""
    note: str = ""


@dataclass(frozen=True)
class Week:
    """Everything the page shows of one week, Monday to Sunday."""

    me: Me
    first: dt.date
    last: dt.date
    before: dt.date
    after: dt.date | None
    """The next week's Monday; None when it has not come."""
    views: int
    helpful: int
    unhelpful: int
    handled: int
    """Questions taken off the list in this week."""
    viewed: tuple[Line, ...]
    disliked: tuple[Line, ...]
    stale: tuple[Line, ...]
    gaps: tuple[Line, ...]
    groups: tuple[tuple[str, Group], ...]
    """Still open, and not asked before this week, with what says each best."""


def _lines(
    counts: dict[str, int], titles: dict[str, str], notes: dict[str, str] | None = None
) -> tuple[Line, ...]:
    ranked = sorted(((n, key) for key, n in counts.items() if n), key=lambda one: (-one[0], one[1]))
    most = ranked[0][0] if ranked else 1
    return tuple(
        Line(titles.get(key, key), key, n, round(100 * n / most, 1), (notes or {}).get(key, ""))
        for n, key in ranked[:MOST]
    )


def look_at_week(session: Session, frame: Frame, staff: StaffMember, day: dt.date) -> Week:
    """The week that a day lies in."""
    first = day - dt.timedelta(days=day.weekday())
    last = first + dt.timedelta(days=6)
    begin = dt.datetime.combine(first, dt.time(), ZONE)
    end = begin + _WEEK
    today = session.clock.now().astimezone(ZONE).date()
    library = library_now(session, frame)
    counted = {
        key: tally
        for key, tally in tallies(session, first, last).items()
        if key in library.articles
    }
    titles = {key: article.title for key, article in library.articles.items()}
    law_day = session.clock.today()
    stale = {
        key: tally.views
        for key, tally in counted.items()
        if standing(library.articles[key], library.laws, law_day) is not Standing.IN_FORCE
    }
    why = {key: texts.stale(library.articles[key], library.laws, law_day) or "" for key in stale}
    asked = session.execute(
        sa.select(OpenQuestion.field, sa.func.count())
        .where(OpenQuestion.at >= begin, OpenQuestion.at < end)
        .group_by(OpenQuestion.field)
    )
    gaps = {field or "": int(count) for field, count in asked}
    handled = session.scalar(
        sa.select(sa.func.count())
        .select_from(OpenQuestion)
        .where(OpenQuestion.handled_at >= begin, OpenQuestion.handled_at < end)
    )
    until = [one for one in open_questions(session) if one.at < end]
    new = (group for group in grouped(until) if min(one.at for one in group.asked) >= begin)
    said = list(counted.values()) or [Tally()]
    return Week(
        me=frame.me(session, staff),
        first=first,
        last=last,
        before=first - _WEEK,
        after=first + _WEEK if last < today else None,
        views=sum(tally.views for tally in said),
        helpful=sum(tally.helpful for tally in said),
        unhelpful=sum(tally.unhelpful for tally in said),
        handled=handled or 0,
        viewed=_lines({key: tally.views for key, tally in counted.items()}, titles),
        disliked=_lines({key: tally.unhelpful for key, tally in counted.items()}, titles),
        stale=_lines(stale, titles, why),
        gaps=_lines(gaps, {field: texts.field(field) for field in gaps}),
        groups=tuple((best_said(group), group) for group in islice(new, MOST)),
    )


def routes(frame: Frame) -> APIRouter:
    """The route of the week."""
    router = APIRouter()

    @router.get("/knowledge/week")
    @who_may(Who.EDITORS)
    async def week(request: Request, of: dt.date | None = None) -> HTMLResponse:
        staff = staff_of(request)
        today = frame.database.clock.now().astimezone(ZONE).date()
        # No week before the first computer and none to come: days near the ends of the calendar
        # have no week around them.
        day = min(of, today) if of is not None and of.year > 2000 else today

        def look(session: Session) -> Week:
            return look_at_week(session, frame, staff, day)

        found = await frame.database.read(look)
        return frame.show("knowledge_week.html", here="/week", **vars(found))

    return router
