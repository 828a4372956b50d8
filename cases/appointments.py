"""Meetings: an officer proposes up to three times and a place, the citizen answers with one tap.

All functions work inside the caller's transaction and never commit. What goes out by itself, the
reminder, names neither law nor case: another person may read the screen it lies on.
"""

import datetime as dt
from collections.abc import Collection, Sequence
from dataclasses import dataclass

import sqlalchemy as sa

from cases.access import listed_for
from cases.callbacks import contact_in
from cases.careful import needs_care
from cases.contact import CallHours, SafeContact
from cases.deadline_words import say_moment
from cases.life import CaseState, Move, RefusedError
from cases.model import (
    OPEN_MEETING,
    Appointment,
    Case,
    MeetingPlace,
    MeetingState,
)
from cases.moves import made, take_up, tell
from cases.province import Province
from cases.speech import Choice, Line, Say
from cases.staff import StaffMember
from cases.talking import citizen_wrote
from store import events
from store.clock import ZONE
from store.session import Session

MOST_TIMES = 3
FURTHEST = dt.timedelta(days=90)
LONGEST_DETAIL = 200
EARLIEST, LATEST = dt.time(6), dt.time(20)
"""Meetings begin within these hours: nobody is sent out, or called, at night by a slip of a key."""

NONE_FITS, CALL_ME = "none", "call"
"""Answers that are no number of a time."""


def current(session: Session, case: Case) -> Appointment | None:
    """The meeting of a case that is not over; there is one at most."""
    query = sa.select(Appointment).where(
        Appointment.case_id == case.id, Appointment.ended_at.is_(None)
    )
    return session.scalar(query)


def times_of(meeting: Appointment) -> tuple[dt.datetime, ...]:
    """The moments that were proposed, in Vietnam's time."""
    return tuple(dt.datetime.fromisoformat(one).astimezone(ZONE) for one in meeting.times)


def is_over(meeting: Appointment, now: dt.datetime) -> bool:
    """Whether the agreed time, or the last that was proposed, has passed."""
    return (meeting.at or times_of(meeting)[-1]) <= now


def stamp(meeting: Appointment | None) -> str:
    """What a page saw of a meeting; it differs as soon as anybody changed or answered it."""
    return f"{meeting.id}:{meeting.state}" if meeting is not None else ""


# --- the staff's side ---------------------------------------------------------------------------


def propose(
    session: Session,
    staff: StaffMember,
    case_id: str,
    times: Collection[dt.datetime],
    place: MeetingPlace,
    province: Province,
    *,
    detail: str = "",
    seen: str = "",
) -> Appointment:
    """Propose times to the citizen; what was proposed or agreed before is moved by it.

    `seen` is the `stamp` of the page that the officer decided from.

    Raises:
        NotFoundError: not theirs to see.
        RefusedError: as `why_not`, or `no_times`, `past`, `odd_hour`, `too_far`, `too_long`,
            `unreachable`, `no_phone`, `no_calls` (the citizen asked not to be called),
            `no_commune`, `meeting_changed` (somebody was quicker).
    """
    case = take_up(session, staff, case_id, Move.MEET)
    now = session.clock.now()
    proposed = sorted({one.astimezone(dt.UTC) for one in times})
    if not 1 <= len(proposed) <= MOST_TIMES:
        raise RefusedError("no_times")
    if proposed[0] <= now:
        raise RefusedError("past")
    if any(not EARLIEST <= one.astimezone(ZONE).time() <= LATEST for one in proposed):
        raise RefusedError("odd_hour")
    if proposed[-1] > now + FURTHEST:
        raise RefusedError("too_far")
    if len(detail.strip()) > LONGEST_DETAIL:
        raise RefusedError("too_long")
    if case.conversation_id is None:
        raise RefusedError("unreachable")
    _check_place(session, case, place)
    before = _as_seen(session, case, seen)
    if before is not None:
        before.state, before.ended_at, before.ended_by = MeetingState.MOVED, now, staff.id
        session.flush()
    meeting = Appointment(
        case_id=case.id,
        state=MeetingState.OFFERED,
        times=[one.isoformat() for one in proposed],
        place=place,
        offered_by=staff.id,
        offered_at=now,
    )
    meeting.seal(session.vault, "detail", " ".join(detail.split()) or None)
    session.add(meeting)
    session.flush()
    made(session, case, Move.MEET, staff, detail="moved" if before is not None else "proposed")
    opening = "meeting.offered" if before is None else "meeting.offered_anew"
    tell(session, case, offer(session, case, meeting, province, opening))
    return meeting


def cancel(session: Session, staff: StaffMember, case_id: str, seen: str) -> None:
    """Call a meeting off, and tell the citizen; nothing happens when there is none.

    Raises:
        NotFoundError, RefusedError: as `why_not`, or `meeting_changed`.
    """
    case = take_up(session, staff, case_id, Move.MEET)
    meeting = _as_seen(session, case, seen)
    if meeting is None:
        return
    agreed = meeting.at
    meeting.state, meeting.ended_at = MeetingState.CANCELLED, session.clock.now()
    meeting.ended_by = staff.id
    made(session, case, Move.MEET, staff, detail="cancelled")
    lines = [Line(key="meeting.cancelled")]
    if agreed is not None:
        lines.append(when(agreed))
    tell(session, case, Say(lines=tuple(lines)))


def _as_seen(session: Session, case: Case, seen: str) -> Appointment | None:
    meeting = current(session, case)
    if stamp(meeting) != seen:
        raise RefusedError("meeting_changed")
    return meeting


def _check_place(session: Session, case: Case, place: MeetingPlace) -> None:
    if place is MeetingPlace.COMMUNE and case.commune is None:
        raise RefusedError("no_commune")
    if place is MeetingPlace.PHONE:
        contact = contact_in(session, case)
        if contact.phone is None:
            raise RefusedError("no_phone")
        if not contact.may_be_called:
            raise RefusedError("no_calls")


# --- what the citizen is told -------------------------------------------------------------------


def when(moment: dt.datetime) -> Line:
    """`thứ Ba 24/11, 09:00`, in the words of the citizen's language."""
    local = moment.astimezone(ZONE)
    blanks = {"day": f"{local:%d/%m}", "hour": f"{local:%H:%M}"}
    return Line(key=f"meeting.on_{local.isoweekday()}", blanks=blanks)


def where(
    session: Session, case: Case, meeting: Appointment, province: Province
) -> tuple[Line, ...]:
    """The place in plain words, and what the officer added to it."""
    blanks: dict[str, str] = {}
    key = f"meeting.at_{meeting.place}"
    match meeting.place:
        case MeetingPlace.OFFICE:
            blanks = {"office": province.label_of(case.office_id)}
        case MeetingPlace.COMMUNE:
            try:
                blanks = {"commune": province.commune(case.commune or "").full_name}
            except KeyError:  # corrected since, or it has left the province's files
                key = "meeting.at_commune_unclear"
        case MeetingPlace.PHONE:
            pass
    lines = [Line(key=key, blanks=blanks)]
    detail = meeting.open(session.vault, "detail")
    if detail:
        lines.append(Line(key="meeting.detail", blanks={"text": detail}))
    return tuple(lines)


def choices(meeting: Appointment, now: dt.datetime) -> tuple[Choice, ...]:
    """What the citizen may answer now; times that have passed are left out."""

    def choice(answer: str, label: Line) -> Choice:
        return Choice(key=f"m:{meeting.id}:{answer}", label=label)

    other = (
        choice(NONE_FITS, Line(key="meeting.none_fits")),
        choice(CALL_ME, Line(key="meeting.call_me")),
    )
    if meeting.state is MeetingState.AGREED:
        return (choice(NONE_FITS, Line(key="meeting.change")),)
    times = (
        choice(str(number), when(one))
        for number, one in enumerate(times_of(meeting), start=1)
        if one > now
    )
    return (*times, *other)


def offer(
    session: Session, case: Case, meeting: Appointment, province: Province, opening: str
) -> Say:
    """The question to the citizen, or how it stands."""
    lines = [Line(key=opening), *where(session, case, meeting, province)]
    if meeting.at is not None:
        lines.insert(1, when(meeting.at))
    return Say(lines=tuple(lines), choices=choices(meeting, session.clock.now()))


# --- the citizen's side -------------------------------------------------------------------------


def answer(session: Session, case: Case, meeting_id: str, said: str) -> Appointment:
    """Take the citizen's answer: the number of a time, `none` or `call`. Twice is as once.

    `case` is locked. What they answered goes into the thread, so that the officer sees it at once.

    Raises:
        RefusedError: `gone` (moved, called off, or the case is over), `past` (that time has
            passed), `agreed` (another time was agreed upon before).
    """
    meeting = session.get(Appointment, meeting_id, populate_existing=True)
    if meeting is None or meeting.case_id != case.id or case.state is CaseState.CLOSED:
        raise RefusedError("gone")
    if meeting.state not in OPEN_MEETING:
        raise RefusedError("gone")
    now = session.clock.now()
    if meeting.at is not None and meeting.at <= now:
        raise RefusedError("past")
    state, at, words = _meant(meeting, said, now)
    if (meeting.state, meeting.at) == (state, at):
        return meeting
    if meeting.state is MeetingState.AGREED and state is MeetingState.AGREED:
        raise RefusedError("agreed")
    meeting.state, meeting.at, meeting.answered_at = state, at, now
    meeting.reminded_at = None
    citizen_wrote(session, case, words)
    events.record(session, "case.meeting_answered", case_id=case.id)
    return meeting


def _meant(
    meeting: Appointment, said: str, now: dt.datetime
) -> tuple[MeetingState, dt.datetime | None, str]:
    match said:
        case "none":
            return MeetingState.NONE_FITS, None, "🗓 Không tới được các giờ này, xin hẹn giờ khác."
        case "call":
            return MeetingState.CALL_ME, None, "🗓 Xin gọi lại để hẹn giờ."
        case _:
            times = times_of(meeting)
            if not said.isdecimal() or not 1 <= int(said) <= len(times):
                raise RefusedError("gone")
            at = times[int(said) - 1]
            if at <= now:
                raise RefusedError("past")
            return MeetingState.AGREED, at, f"🗓 Chọn giờ hẹn: {say_moment(at)}."


# --- the day before -----------------------------------------------------------------------------

_DAYTIME = (dt.time(8), dt.time(19))
_NAMED = {
    CallHours.NOON: (dt.time(11), dt.time(13)),
    CallHours.EVENING: (dt.time(18), dt.time(20, 30)),
}
AT_ONCE = 100
"""Reminders of one round."""


def reminder_window(at: dt.datetime, contact: SafeContact) -> tuple[dt.datetime, dt.datetime]:
    """From when until when one may be reminded of a meeting: the day before, in decent hours.

    Who named hours in which they may be called is left alone at all others.
    """
    begin, end = _DAYTIME
    if contact.window is not None:
        begin, end = _NAMED.get(contact.window, _DAYTIME)
    if contact.begin is not None and contact.end is not None:
        begin, end = contact.begin, contact.end
    day = at.astimezone(ZONE).date() - dt.timedelta(days=1)
    return dt.datetime.combine(day, begin, ZONE), dt.datetime.combine(day, end, ZONE)


def remind_due(session: Session) -> int:
    """Remind the citizens whose meeting is tomorrow; how many. One process does it at a time.

    Who agreed after the hours of the day before is not reminded: they have just said so.
    """
    if not session.try_alone("appointments.remind"):
        return 0
    now = session.clock.now()
    coming = session.execute(
        sa.select(Appointment, Case)
        .join(Case, Case.id == Appointment.case_id)
        .where(
            Appointment.state == MeetingState.AGREED,
            Appointment.at > now,
            Appointment.at < now + dt.timedelta(days=2),
            Appointment.reminded_at.is_(None),
            Appointment.ended_at.is_(None),
        )
        .order_by(Appointment.at, Appointment.id)
        .limit(AT_ONCE)
        .with_for_update(of=Case, skip_locked=True)
    ).all()
    return sum(_remind(session, meeting, case, now) for meeting, case in coming)


def _remind(session: Session, meeting: Appointment, case: Case, now: dt.datetime) -> bool:
    session.refresh(meeting)  # the case is locked only now
    if meeting.at is None or meeting.state is not MeetingState.AGREED or meeting.reminded_at:
        return False
    begin, end = reminder_window(meeting.at, contact_in(session, case))
    if not begin <= now < end:
        return False
    meeting.reminded_at = now
    tell(session, case, _reminder(session, case, meeting, meeting.at))
    events.record(session, "case.meeting_reminded", case_id=case.id)
    return True


def _reminder(session: Session, case: Case, meeting: Appointment, at: dt.datetime) -> Say:
    """No word of law, case or office; to a child or in danger, not even of a meeting."""
    look = Choice(key="go:status", label=Line(key="meeting.look"))
    if needs_care(session, case):
        return Say(lines=(Line(key="notice.message"),), choices=(look,))
    hour = f"{at.astimezone(ZONE):%H:%M}"
    line = Line(key="meeting.reminder", blanks={"hour": hour})
    return Say(lines=(line,), choices=(*choices(meeting, session.clock.now()), look))


# --- the calendar -------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class Planned:
    """A meeting with its case, of those that a staff member's lists hold."""

    meeting: Appointment
    case: Case


def planned(
    session: Session, staff: StaffMember, since: dt.datetime, *, mine: bool = False
) -> Sequence[Planned]:
    """The meetings of a staff member's office that are not over, those agreed upon by their time.

    Meetings agreed for a moment before `since` are left out.
    """
    query = (
        listed_for(staff)
        .join(Appointment, Appointment.case_id == Case.id)
        .add_columns(Appointment)
        .where(
            Appointment.ended_at.is_(None),
            sa.or_(Appointment.at.is_(None), Appointment.at >= since),
        )
        .order_by(Appointment.at, Appointment.offered_at, Appointment.id)
    )
    if mine:
        query = query.where(Case.holder_id == staff.id)
    return tuple(Planned(meeting, case) for case, meeting in session.execute(query))
