"""Who has been told of what: the bell of the desk, and the duty roster.

A row is one telling; it holds no word of the case. It rings until what it tells of is over.
"""

import datetime as dt
from collections.abc import Iterable, Sequence
from dataclasses import dataclass

import sqlalchemy as sa
from sqlalchemy.orm import Mapped, aliased, mapped_column

from cases import access
from cases.limits import DeadlineKind, Role, Step
from cases.model import Case
from cases.providers import Provider
from cases.rights import Complaint
from cases.staff import Role as StaffRole
from cases.staff import StaffMember
from store import audit
from store.base import Row
from store.session import Session

CONFLICT = "conflict"
"""The kind of an alert that tells the centre of a possible conflict of interest."""
GLASS = "glass"
"""The kind of an alert that tells of somebody who opened a case outside their scope."""


class AlertRow(Row):
    """One telling, to a role or to one person of the duty roster."""

    __tablename__ = "alerts"
    __table_args__ = (
        sa.Index("ix_alerts_case", "case_id", "over_at"),
        sa.Index("ix_alerts_ringing", "role", "over_at", "at"),
    )

    case_id: Mapped[str] = mapped_column(sa.ForeignKey(Case.id))
    key: Mapped[str] = mapped_column(sa.String(120))
    """The same for the same telling: nobody is told twice."""
    kind: Mapped[str] = mapped_column(sa.String(40))
    """A `DeadlineKind`, `conflict`, or `glass`."""
    step: Mapped[Step]
    role: Mapped[Role]
    staff_id: Mapped[str | None] = mapped_column(sa.ForeignKey(StaffMember.id), index=True)
    """Whom, where the roster named somebody."""
    at: Mapped[dt.datetime]
    over_at: Mapped[dt.datetime | None]


class DutyRow(Row):
    """Who may be called at night, and from when until when."""

    __tablename__ = "duty"

    office_id: Mapped[str] = mapped_column(sa.String(30), index=True)
    staff_id: Mapped[str] = mapped_column(sa.ForeignKey(StaffMember.id))
    from_at: Mapped[dt.datetime]
    to_at: Mapped[dt.datetime]


@dataclass(frozen=True, slots=True)
class Ringing:
    """An alert that still rings for somebody, with its case."""

    alert: AlertRow
    case: Case


_OF_COMPLAINTS = (DeadlineKind.COMPLAINT, DeadlineKind.COMPLAINT_TO_DEPARTMENT)


def complained_of(staff: StaffMember) -> sa.ColumnElement[bool]:
    """Whether the complaint of a case is about somebody's own work, and others can answer it.

    As `rights.may_read_complaint` says of one case.
    """
    against = (
        sa.select(Complaint.against_id)
        .where(Complaint.case_id == Case.id)
        .order_by(Complaint.at.desc(), Complaint.id.desc())
        .limit(1)
        .scalar_subquery()
    )
    provider = sa.select(Provider.staff_id).where(Provider.id == Case.provider_id).scalar_subquery()
    concerned = tuple(sa.func.coalesce(one, "") for one in (against, Case.holder_id, provider))
    other = aliased(StaffMember)
    others = sa.exists().where(
        other.active,
        other.role == StaffRole.CENTRE,
        *(other.id != one for one in concerned),
    )
    own = sa.or_(*(one == staff.id for one in concerned))
    return sa.and_(own, others)


def _about_them(staff: StaffMember) -> sa.ColumnElement[bool]:
    """Whether an alert tells of such a complaint."""
    return sa.and_(AlertRow.kind.in_(_OF_COMPLAINTS), complained_of(staff))


def complaints_for(staff: StaffMember) -> sa.Select[Case]:
    """The cases with a complaint that waits for a staff member's answer, oldest first.

    The centre's alone (Law 11/2017/QH14, Art. 45 clause 2).
    """
    waiting = aliased(Complaint)  # the few that wait are looked up first, not each case's own
    theirs = sa.true() if staff.role is StaffRole.CENTRE else sa.false()
    return (
        access.visible_to(staff)
        .join(waiting, waiting.case_id == Case.id)
        .where(theirs, waiting.answered_at.is_(None), ~complained_of(staff))
        .order_by(waiting.at, Case.number)
    )


def ringing(staff: StaffMember) -> sa.Select[Case]:
    """The cases with an alert that rings for a staff member, joined to it, newest first."""
    mine = [
        sa.and_(AlertRow.role == Role.HOLDER, Case.holder_id == staff.id),
        sa.and_(AlertRow.role == Role.DUTY, AlertRow.staff_id == staff.id),
    ]
    if staff.role is StaffRole.HEAD:
        mine.append(sa.and_(AlertRow.role == Role.HEAD, Case.office_id == staff.office_id))
    if staff.role is StaffRole.CENTRE:
        mine.append(AlertRow.role == Role.CENTRE)
    return (
        access.visible_to(staff)
        .join(AlertRow, AlertRow.case_id == Case.id)
        .where(AlertRow.over_at.is_(None), sa.or_(*mine), ~_about_them(staff))
        .order_by(AlertRow.at.desc(), AlertRow.id.desc())
    )


def ringing_for(session: Session, staff: StaffMember, limit: int = 100) -> Sequence[Ringing]:
    """What rings for a staff member: the furthest step of each, newest first."""
    found = session.execute(ringing(staff).add_columns(AlertRow).limit(limit))
    furthest: dict[tuple[str, str], Ringing] = {}
    for case, alert in found:
        furthest.setdefault((case.id, alert.kind), Ringing(alert, case))
    return tuple(furthest.values())


def ring(
    session: Session,
    case: Case,
    key: str,
    kind: str,
    step: Step,
    whom: Iterable[tuple[Role, str | None]],
) -> int:
    """Write down that these were told; how many there are."""
    rows = [
        AlertRow(
            case_id=case.id,
            key=key,
            kind=kind,
            step=step,
            role=role,
            staff_id=staff_id,
            at=session.clock.now(),
        )
        for role, staff_id in dict.fromkeys(whom)
    ]
    session.add_all(rows)
    return len(rows)


def stop(session: Session, case_id: str, key: str) -> None:
    """End a telling: it rings for nobody any more."""
    session.execute(
        sa.update(AlertRow)
        .where(AlertRow.case_id == case_id, AlertRow.key == key, AlertRow.over_at.is_(None))
        .values(over_at=session.clock.now())
    )


def keys_told(session: Session, case: Case) -> frozenset[str]:
    """What has been told of a case already."""
    return frozenset(
        session.scalars(sa.select(AlertRow.key).where(AlertRow.case_id == case.id).distinct())
    )


def set_duty(
    session: Session,
    by: StaffMember,
    on_duty: StaffMember,
    from_at: dt.datetime,
    to_at: dt.datetime,
) -> DutyRow:
    """Put somebody on the roster of their office.

    Raises:
        ValueError: they belong to no office, or the time ends before it begins.
    """
    if on_duty.office_id is None or from_at >= to_at:
        raise ValueError("a duty needs an office, and a time that ends after it begins")
    row = DutyRow(office_id=on_duty.office_id, staff_id=on_duty.id, from_at=from_at, to_at=to_at)
    session.add(row)
    session.flush()
    audit.note(session, "duty.set", staff_id=by.id, subject=row.id)
    return row


def drop_duty(session: Session, by: StaffMember, duty_id: str) -> None:
    """Take a line off the roster; nothing happens when it is gone already."""
    row = session.get(DutyRow, duty_id)
    if row is not None:
        session.delete(row)
        audit.note(session, "duty.drop", staff_id=by.id, subject=duty_id)


def on_duty(session: Session, office_id: str, now: dt.datetime) -> tuple[str, ...]:
    """The ids of the active staff whom the roster of an office names now."""
    return tuple(
        session.scalars(
            sa.select(StaffMember.id)
            .join(DutyRow, DutyRow.staff_id == StaffMember.id)
            .where(
                DutyRow.office_id == office_id,
                DutyRow.from_at <= now,
                DutyRow.to_at > now,
                StaffMember.active,
            )
            .distinct()
            .order_by(StaffMember.id)
        )
    )
