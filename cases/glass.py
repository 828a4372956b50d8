"""Breaking the glass: reading one case outside one's scope, for an hour, before everybody's eyes.

What one may do is unchanged by it: `access.visible_to` knows nothing of it. There is one door
more, which only reads, and writes every reading down.
"""

import datetime as dt
from collections.abc import Sequence

import sqlalchemy as sa
from sqlalchemy.orm import Mapped, mapped_column

from cases import alerts
from cases.access import visible_to
from cases.limits import Role as Told
from cases.limits import Step
from cases.model import Case
from cases.staff import Role, StaffMember
from store import audit, events
from store.base import Row
from store.session import Session

OPEN_FOR = dt.timedelta(minutes=60)
ASKED_FOR = dt.timedelta(hours=24)
"""A wish of an admin that the centre did not agree to by then is over."""
MOST_A_DAY = 5
"""One person breaks within 24 hours; who needs more needs another post."""
LONGEST_REASON = 500
SHORTEST_REASON = 15
"""Letters: "cần xem" is no reason."""


class Glass(Row):
    """One case that somebody opened outside their scope, or wants to."""

    __tablename__ = "glass"

    case_id: Mapped[str] = mapped_column(sa.ForeignKey(Case.id), index=True)
    staff_id: Mapped[str] = mapped_column(sa.ForeignKey(StaffMember.id), index=True)
    reason: Mapped[bytes | None]
    """Sealed; None: forgotten with the case."""
    asked_at: Mapped[dt.datetime]
    opened_at: Mapped[dt.datetime | None]
    """None: it waits for the centre."""
    opened_by: Mapped[str | None] = mapped_column(sa.ForeignKey(StaffMember.id))
    ended_at: Mapped[dt.datetime | None]
    ended_by: Mapped[str | None] = mapped_column(sa.ForeignKey(StaffMember.id))

    def is_open(self, now: dt.datetime) -> bool:
        """Whether its owner may read the case at this moment."""
        opened = self.opened_at
        return opened is not None and self.ended_at is None and opened <= now < opened + OPEN_FOR

    def waits(self, now: dt.datetime) -> bool:
        """Whether the centre may still agree to it."""
        return self.opened_at is None and self.ended_at is None and now < self.asked_at + ASKED_FOR


class GlassError(Exception):
    """A case that is not opened; `reason` is a key of texts."""

    def __init__(self, reason: str) -> None:
        self.reason = reason
        super().__init__(reason)


def ask(session: Session, staff: StaffMember, number: int, reason: str) -> Glass:
    """Open a case by its number; an admin only asks for it, and the centre decides.

    The head of its branch and the centre are told within the same transaction.

    Raises:
        GlassError: `no_role`, `short_reason`, `too_many`, `no_case`, or `yours`.
    """
    if staff.unconfirmed or staff.role not in (Role.OFFICER, Role.HEAD, Role.ADMIN):
        raise GlassError("no_role")
    reason = " ".join(reason.split())
    if len(reason) < SHORTEST_REASON:
        raise GlassError("short_reason")
    session.one_at_a_time(f"glass:{staff.id}")
    now = session.clock.now()
    day_ago = now - dt.timedelta(days=1)
    since = sa.select(sa.func.count()).where(Glass.staff_id == staff.id, Glass.asked_at > day_ago)
    if (session.scalar(since) or 0) >= MOST_A_DAY:
        raise GlassError("too_many")
    case = session.scalar(sa.select(Case).where(Case.number == number))
    if case is None:
        raise GlassError("no_case")
    if session.scalar(visible_to(staff).where(Case.id == case.id)) is not None:
        raise GlassError("yours")
    at_once = staff.role is not Role.ADMIN
    glass = Glass(
        case_id=case.id,
        staff_id=staff.id,
        asked_at=now,
        opened_at=now if at_once else None,
        opened_by=staff.id if at_once else None,
    )
    glass.seal(session.vault, "reason", reason[:LONGEST_REASON])
    session.add(glass)
    session.flush()
    whom = ((Told.HEAD, None), (Told.CENTRE, None))
    alerts.ring(session, case, f"{alerts.GLASS}:{glass.id}", alerts.GLASS, Step.BEFORE, whom)
    events.record(session, "case.glass", case_id=case.id)
    act = "case.glass_opened" if at_once else "case.glass_asked"
    audit.note(session, act, staff_id=staff.id, subject=case.id)
    return glass


def agree(session: Session, by: StaffMember, glass_id: str) -> None:
    """Let an admin read a case for an hour from now.

    Raises:
        GlassError: `over`, or `no_role` for whoever is not of the centre.
    """
    if by.role is not Role.CENTRE:
        raise GlassError("no_role")
    glass = session.get(Glass, glass_id, with_for_update=True, populate_existing=True)
    now = session.clock.now()
    if glass is None or not glass.waits(now) or glass.staff_id == by.id:
        raise GlassError("over")
    glass.opened_at, glass.opened_by = now, by.id
    audit.note(session, "case.glass_agreed", staff_id=by.id, subject=glass.case_id)


def end(session: Session, by: StaffMember, glass_id: str) -> None:
    """End it, or refuse what waits: its owner, the head of the case's branch, or the centre.

    When it is over already, the bell stops ringing.

    Raises:
        GlassError: `over`: there is none for them.
    """
    mine = _told_to(by).where(Glass.id == glass_id)
    glass = session.scalar(mine.with_for_update().execution_options(populate_existing=True))
    if glass is None:
        raise GlassError("over")
    now = session.clock.now()
    if glass.ended_at is None and (glass.is_open(now) or glass.waits(now)):
        glass.ended_at, glass.ended_by = now, by.id
        audit.note(session, "case.glass_ended", staff_id=by.id, subject=glass.case_id)
    if by.id != glass.staff_id:
        alerts.stop(session, glass.case_id, f"{alerts.GLASS}:{glass.id}")
    events.record(session, "case.glass", case_id=glass.case_id)


def read(session: Session, staff: StaffMember, glass_id: str) -> tuple[Glass, Case]:
    """The case behind the glass, for whoever broke it, while it is open; the reading is audited.

    Raises:
        GlassError: `over`.
    """
    query = sa.select(Glass).where(Glass.id == glass_id, Glass.staff_id == staff.id)
    glass = session.scalar(query)
    if glass is None or not glass.is_open(session.clock.now()):
        raise GlassError("over")
    audit.note(session, "case.glass_read", staff_id=staff.id, subject=glass.case_id)
    return glass, session.get_one(Case, glass.case_id)


def told(session: Session, staff: StaffMember, limit: int = 50) -> Sequence[Glass]:
    """What somebody broke themselves, or is told of, newest first."""
    return session.scalars(_told_to(staff).order_by(Glass.asked_at.desc()).limit(limit)).all()


def _told_to(staff: StaffMember) -> sa.Select[Glass]:
    query = sa.select(Glass).join(Case, Case.id == Glass.case_id)
    own = Glass.staff_id == staff.id
    match staff.role:
        case Role.CENTRE:
            return query
        case Role.HEAD:
            return query.where(sa.or_(own, Case.office_id == staff.office_id))
        case _:
            return query.where(own)
