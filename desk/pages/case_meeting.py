"""The meeting of a case, as the desk shows it, and the times that an officer typed for one."""

import datetime as dt
from dataclasses import dataclass

from cases import appointments
from cases.life import RefusedError
from cases.model import Appointment, Case, MeetingState
from desk import citizen_texts
from desk.frame import Frame
from desk.pages.queue import place_name
from store.clock import ZONE
from store.session import Session


@dataclass(frozen=True)
class MeetingView:
    """One meeting that is not over."""

    stamp: str
    """What the page saw of it; a form sends it back."""
    state: str
    waits_for_us: bool
    """None of the times suits, or the citizen wants to be called: it is the officer's turn."""
    agreed: dt.datetime | None
    over: bool
    """Its time, or the last of its times, has passed."""
    times: tuple[str, ...]
    place: str
    detail: str | None


def look_at_meeting(session: Session, frame: Frame, case: Case) -> MeetingView | None:
    """The meeting of a case; `case` comes from `visible_to`."""
    found = appointments.current(session, case)
    return meeting_view(session, frame, case, found) if found is not None else None


def meeting_view(session: Session, frame: Frame, case: Case, meeting: Appointment) -> MeetingView:
    """A meeting with its place in words."""
    times = appointments.times_of(meeting)
    over = appointments.is_over(meeting, session.clock.now())
    where = citizen_texts.place(meeting.place)
    match meeting.place:
        case "office":
            where = frame.office_label(case.office_id)
        case "commune":
            where = f"Ủy ban {place_name(frame, case.commune) or ''}".strip()
        case _:
            pass
    return MeetingView(
        stamp=appointments.stamp(meeting),
        state=citizen_texts.meeting(meeting.state, over=over),
        waits_for_us=meeting.state in (MeetingState.NONE_FITS, MeetingState.CALL_ME),
        agreed=meeting.at,
        over=over,
        times=tuple(citizen_texts.moment(one) for one in times),
        place=where,
        detail=meeting.open(session.vault, "detail"),
    )


def read_times(typed: tuple[str, ...]) -> tuple[dt.datetime, ...]:
    """The moments that were typed as days and hours of Vietnam.

    Raises:
        RefusedError: `bad_time`.
    """
    try:
        return tuple(dt.datetime.fromisoformat(one).replace(tzinfo=ZONE) for one in typed)
    except ValueError:
        raise RefusedError("bad_time") from None
