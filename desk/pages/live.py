"""What has happened, as it happens: one stream of server-sent events for each open page.

And who has the same case open: each page that shows one tells so every 10 seconds.
"""

import json
from collections.abc import AsyncIterator
from dataclasses import dataclass
from functools import partial
from typing import Annotated

from fastapi import APIRouter, Form, Request
from fastapi.responses import HTMLResponse, StreamingResponse

from cases.access import left_of, the_case, visible_to
from cases.life import CaseState
from cases.model import Case
from cases.staff import StaffMember
from desk import auth
from desk.frame import NO_DATABASE, Frame, names_of
from desk.guard import Who, staff_of, token_of, who_may
from store import events, presence
from store.session import Session
from store.wakes import Topic

LOOK_EVERY = 1.0
"""Seconds; a wake-up comes sooner. Also how long an ended session may still listen."""
_BEATS_EVERY = 15
"""Looks between two signs of life, so that proxies keep the line open."""


_HEARD = frozenset(
    {
        "case.opened",
        "case.word",
        "case.danger",
        "case.withdraw",
        "case.provider_wish",
        "case.meeting_answered",
        "case.handed_over",
        "case.transfer_declined",
    }
)
"""What is worth a sound to whom it concerns: the citizen, or another person, wants something."""


@dataclass(frozen=True)
class News:
    """What a staff member is told after a look; `for_me`: worth a sound."""

    last: int
    cases: tuple[str, ...]
    for_me: bool

    def as_event(self) -> str:
        """In the form of server-sent events."""
        data = json.dumps({"cases": self.cases, "forMe": self.for_me})
        return f"id: {self.last}\nevent: changed\ndata: {data}\n\n"


def news_for(session: Session, token: str, after: int) -> News | None:
    """What happened after an event to the cases that the session's owner may see.

    None when the session has ended.
    """
    staff = auth.whose(session, token)
    if staff is None:
        return None
    happened = events.after(session, after)
    ids = {event.case_id for event in happened if event.case_id is not None}
    if not ids:
        return News(happened[-1].id if happened else after, (), for_me=False)
    query = visible_to(staff).where(Case.id.in_(ids))
    seen = {case.id: case for case in session.scalars(query)}
    for_me = any(
        event.kind in _HEARD and _concerns(seen.get(event.case_id or ""), staff.id)
        for event in happened
    )
    # A page that shows a case which has just gone to another office must not go on showing it.
    left = left_of(session, staff, ids - seen.keys())
    return News(happened[-1].id, tuple(sorted({*seen, *left})), for_me)


def _concerns(case: Case | None, staff_id: str) -> bool:
    if case is None:
        return False
    return case.state is CaseState.WAITING or case.holder_id == staff_id


@dataclass(frozen=True)
class Colleague:
    """Somebody else who has the case open."""

    name: str
    writing: bool


def be_there(
    session: Session, staff: StaffMember, case_id: str, *, writing: bool, leaving: bool
) -> tuple[Colleague, ...]:
    """Note that somebody has a case open, or has left it, and tell who else has.

    Raises:
        NotFoundError: not theirs to see.
    """
    the_case(session, staff, case_id)
    open_here, written_here = f"case:{case_id}", f"case:{case_id}:reply"
    session.one_at_a_time(f"presence:{case_id}:{staff.id}")  # two windows of one person
    for subject, there in (
        (open_here, not leaving),
        (written_here, writing and not leaving),
    ):
        if there:
            presence.here(session, subject, staff.id)
        else:
            presence.gone(session, subject, staff.id)
    session.flush()
    writers = set(presence.others(session, written_here, staff.id))
    names = names_of(session, set(presence.others(session, open_here, staff.id)))
    return tuple(
        Colleague(name, one in writers) for one, name in sorted(names.items(), key=lambda x: x[1])
    )


def routes(frame: Frame) -> APIRouter:
    """The routes of the stream and of presence."""
    router = APIRouter()

    @router.get("/events")
    @who_may(Who.CASEWORKERS, by_itself=True)
    async def stream(request: Request, after: int = 0) -> StreamingResponse:
        """Goes on after the event that the page, or the browser by itself, last heard of."""
        heard = request.headers.get("last-event-id", "")
        start = max(after, int(heard)) if heard.isdecimal() else after
        # A page from before the database was replaced must not wait for its old numbers.
        newest = await frame.database.read(events.newest)
        return StreamingResponse(
            listen(token_of(request), min(start, newest)),
            media_type="text/event-stream",
            headers={"X-Accel-Buffering": "no"},
        )

    @router.post("/cases/{case_id}/present")
    @who_may(Who.CASEWORKERS, by_itself=True)
    async def present(
        request: Request,
        case_id: str,
        writing: Annotated[bool, Form()] = False,
        leaving: Annotated[bool, Form()] = False,
    ) -> HTMLResponse:
        """One beat of an open page; the answer says who else is there."""
        staff = staff_of(request)
        told = partial(be_there, staff=staff, case_id=case_id, writing=writing, leaving=leaving)
        there = await frame.database.transact(told)
        return frame.show("presence.html", case_id=case_id, colleagues=there)

    async def listen(token: str, last: int) -> AsyncIterator[str]:
        yield "retry: 1000\n\n"
        quiet = 0
        while not frame.stopping():
            look = partial(news_for, token=token, after=last)
            try:
                news = await frame.database.read(look)
            except NO_DATABASE:
                return  # the browser comes back by itself
            if news is None:
                yield "event: ended\ndata: {}\n\n"
                return
            if news.cases:
                yield news.as_event()
            if news.last > last:
                last = news.last  # there may be more than one look's worth
                continue
            quiet += 1
            if quiet % _BEATS_EVERY == 0:
                yield ": here\n\n"
            await frame.database.wakes.sleep(Topic.DESK, LOOK_EVERY)

    return router
