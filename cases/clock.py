"""The law's clock over the real cases: what is due is told to whoever must be told.

`tell_due` is called again and again, by any number of processes; one at a time does the work, and
whoever comes next goes on when it dies. A case is looked at only when something is due: every
move says "look now", and each look says when the next one is.
"""

import datetime as dt
import logging
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass

import sqlalchemy as sa

from cases.alerts import CONFLICT, GLASS, AlertRow, keys_told, on_duty, ring
from cases.calendar import WorkingCalendar, calendar_of
from cases.deadlines import Deadline, deadlines_of, next_alerts
from cases.handover import release_cases_of
from cases.limits import CaseTimes, Role
from cases.model import Case, Pause, ProviderWish
from cases.province import Province
from cases.rights import Complaint, change_asked, complaint_of
from cases.staff import Role as StaffRole
from cases.staff import StaffMember
from store import events
from store.session import Session

log = logging.getLogger(__name__)

_AFTER_FAILURE = dt.timedelta(hours=1)
AT_ONCE = 200
"""Cases looked at in one transaction: nobody else who writes waits long."""


def times_of(session: Session, case: Case) -> CaseTimes:
    """What the limits of a case depend on, from its rows."""
    query = sa.select(Pause).where(Pause.case_id == case.id).order_by(Pause.from_at)
    pauses = session.scalars(query).all()
    return times_from(case, pauses, complaint_of(session, case), change_asked(session, case))


def times_from(
    case: Case,
    pauses: Sequence[Pause],
    complaint: Complaint | None,
    change: ProviderWish | None = None,
) -> CaseTimes:
    """The same from rows that are read already; `change`: the wish for another provider."""
    return CaseTimes(
        received_at=case.opened_at,
        queued_at=case.queued_at,
        urgent=case.urgent,
        held=case.in_custody,
        form=case.form,
        complex=case.complex,
        claimed_at=case.claimed_at,
        accepted_at=case.accepted_at,
        assigned_at=case.assigned_at,
        papers_asked_at=case.papers_asked_at,
        papers_given_at=case.papers_given_at,
        papers_sent_at=case.papers_sent_at,
        papers_asked_again_at=case.papers_asked_again_at,
        longer_for_papers=case.longer_for_papers,
        advice_given_at=case.advice_given_at,
        complaint_at=complaint.at if complaint else None,
        complaint_answered_at=complaint.answered_at if complaint else None,
        complaint_to_department_at=complaint.to_department_at if complaint else None,
        department_answered_at=complaint.department_answered_at if complaint else None,
        change_asked_at=change.at if change else None,
        change_answered_at=change.answered_at if change else None,
        closed_at=case.closed_at,
        pauses=tuple((pause.from_at, pause.to_at) for pause in pauses),
    )


def deadlines_in(session: Session, case: Case, province: Province) -> tuple[Deadline, ...]:
    """The limits of a case as they stand now, with their working."""
    calendar = calendar_of(province, case.office_id)
    return deadlines_of(times_of(session, case), calendar, session.clock.now())


@dataclass(frozen=True, slots=True)
class Sweep:
    """What one look did."""

    looked_at: int
    told: int
    """Alerts rung."""
    released: int
    """Cases returned to the queue because their holder's account is closed."""

    @property
    def more(self) -> bool:
        """Whether cases are left that are due for a look."""
        return self.looked_at == AT_ONCE


def tell_due(session: Session, province: Province) -> Sweep:
    """Look at the cases that are due for it, and tell whoever must be told.

    Nothing, when another process is at it just now.
    """
    if not session.try_alone("cases.clock"):
        return Sweep(0, 0, 0)
    released = _release(session, province)
    now = session.clock.now()
    due = session.scalars(
        sa.select(Case.id)
        .where(Case.next_look_at <= now)
        .order_by(Case.next_look_at, Case.id)
        .limit(AT_ONCE)
        .with_for_update(skip_locked=True)
    ).all()
    people = _People(session, province, now)
    told = sum(_look_safely(session, case_id, province, people, now) for case_id in due)
    return Sweep(len(due), told, released)


def _release(session: Session, province: Province) -> int:
    """Cases held by those whose account was closed elsewhere (by hand, in the database)."""
    gone = session.scalars(
        sa.select(StaffMember).where(
            ~StaffMember.active,
            sa.exists().where(Case.holder_id == StaffMember.id, Case.state != "closed"),
        )
    ).all()
    return sum(len(release_cases_of(session, staff, province)) for staff in gone)


class _People:
    """Who stands behind a role at this moment; read once for a sweep."""

    def __init__(self, session: Session, province: Province, now: dt.datetime) -> None:
        self._session = session
        self._now = now
        self._centre = province.centre.id
        heads = sa.select(StaffMember.office_id).where(
            StaffMember.active, ~StaffMember.unconfirmed, StaffMember.role == StaffRole.HEAD
        )
        self._headed = frozenset(session.scalars(heads))
        self._on_duty: dict[str, tuple[str, ...]] = {}

    def behind(self, roles: Iterable[Role], case: Case) -> Iterator[tuple[Role, str | None]]:
        """Each role, with a person where the roster names one; nobody there: the next above."""
        for role in roles:
            if role is Role.DUTY and (named := self._duty(case.office_id)):
                yield from ((Role.DUTY, staff_id) for staff_id in named)
            elif role in (Role.DUTY, Role.HEAD):
                yield (Role.HEAD if case.office_id in self._headed else Role.CENTRE), None
            else:
                yield role, None

    def _duty(self, office_id: str) -> tuple[str, ...]:
        """The roster of the office, or of the centre when the office keeps none."""
        if office_id not in self._on_duty:
            named = on_duty(self._session, office_id, self._now)
            self._on_duty[office_id] = named or on_duty(self._session, self._centre, self._now)
        return self._on_duty[office_id]


def _look_safely(
    session: Session, case_id: str, province: Province, people: _People, now: dt.datetime
) -> int:
    """One case that can't be read must not keep the clock from all the others."""
    try:
        with session.begin_nested():
            case = session.get_one(Case, case_id, populate_existing=True)
            return _look_at(session, case, province, people, now)
    except sa.exc.OperationalError:
        raise  # the database's, not the case's: the whole round is tried again
    except Exception as problem:
        log.error("case %s can't be looked at: %s", case_id, type(problem).__name__)  # noqa: TRY400
        later = sa.update(Case).where(Case.id == case_id).values(next_look_at=now + _AFTER_FAILURE)
        session.execute(later.execution_options(synchronize_session=False))
        return 0


def _look_at(
    session: Session, case: Case, province: Province, people: _People, now: dt.datetime
) -> int:
    calendar = calendar_of(province, case.office_id)
    deadlines = deadlines_of(times_of(session, case), calendar, now)
    told = keys_told(session, case)
    alerts = next_alerts(deadlines, calendar, now, told)
    rung = sum(
        ring(
            session,
            case,
            alert.key,
            alert.deadline.kind,
            alert.step,
            people.behind(alert.roles, case),
        )
        for alert in alerts
    )
    _silence(session, case, deadlines, now)
    if alerts:
        events.record(session, "case.due", case_id=case.id)
    if case.snoozed_until is not None and case.snoozed_until <= now:
        case.snoozed_until = None
        events.record(session, "case.awake", case_id=case.id)
    said = told | {alert.key for alert in alerts}
    case.next_look_at = _next_look(deadlines, calendar, now, said, case.snoozed_until)
    return rung


def _silence(session: Session, case: Case, deadlines: Sequence[Deadline], now: dt.datetime) -> None:
    """Stop what rings for a limit that is met, stands still, or has moved."""
    running = {
        (str(deadline.kind), deadline.due_at.isoformat())
        for deadline in deadlines
        if deadline.met_at is None and deadline.due_at is not None
    }
    ringing = sa.select(AlertRow).where(
        AlertRow.case_id == case.id,
        AlertRow.over_at.is_(None),
        AlertRow.kind.not_in((CONFLICT, GLASS)),
    )
    for row in session.scalars(ringing):
        due = row.key.removesuffix(":night").split(":", 2)[2]
        if (row.kind, due) not in running:
            row.over_at = now


def _next_look(
    deadlines: Iterable[Deadline],
    calendar: WorkingCalendar,
    now: dt.datetime,
    said: frozenset[str],
    snoozed_until: dt.datetime | None,
) -> dt.datetime | None:
    """When something may have to be told next; None: only after a move."""
    moments = [] if snoozed_until is None else [snoozed_until]
    for deadline in deadlines:
        for _, at, _ in deadline.alerts:
            if at > now:
                moments.append(at if deadline.at_night else calendar.next_working_time(at))
    opening = calendar.next_working_time(now)
    if opening > now and next_alerts(deadlines, calendar, opening, said):
        moments.append(opening)
    return min(moments, default=None)
