"""Who of an office is there: leave, languages, fields; and what an office can take in today.

All functions work inside the caller's transaction and never commit.
"""

import datetime as dt
from collections.abc import Iterable, Sequence

import sqlalchemy as sa
from sqlalchemy.orm import Mapped, mapped_column

from cases.life import CaseState
from cases.model import Case
from cases.offices import Staffing
from cases.province import Province
from cases.staff import RECEIVING, Role, StaffMember
from knowledge.article import FieldId
from store import audit
from store.base import Row
from store.clock import ZONE
from store.session import Session


class Leave(Row):
    """Days on which somebody is away; why is nobody's business here."""

    __tablename__ = "leave"

    staff_id: Mapped[str] = mapped_column(sa.ForeignKey(StaffMember.id), index=True)
    first_day: Mapped[dt.date]
    last_day: Mapped[dt.date]
    """Included."""
    set_by: Mapped[str] = mapped_column(sa.ForeignKey(StaffMember.id))
    at: Mapped[dt.datetime]


class NotTheirsError(Exception):
    """This staff member keeps neither the account nor the office."""


def leads(staff: StaffMember, office_id: str | None) -> bool:
    """Whether somebody keeps leave and duty of an office's people."""
    match staff.role:
        case Role.ADMIN | Role.CENTRE:
            return True
        case Role.HEAD:
            return staff.office_id == office_id
        case _:
            return False


def people_of(session: Session, staff: StaffMember) -> Sequence[StaffMember]:
    """The active people at offices whose leave and duty somebody keeps, by office and name."""
    query = sa.select(StaffMember).where(
        StaffMember.active, StaffMember.role.in_(RECEIVING), StaffMember.office_id.is_not(None)
    )
    found = session.scalars(query.order_by(StaffMember.office_id, StaffMember.username))
    return tuple(one for one in found if leads(staff, one.office_id))


def set_leave(
    session: Session, by: StaffMember, staff_id: str, first_day: dt.date, last_day: dt.date
) -> Leave:
    """Write down that somebody is away.

    Raises:
        NotTheirsError: the account is not one whose leave `by` keeps.
        ValueError: it ends before it begins, or lasts longer than a year.
    """
    _kept(session, by, staff_id)
    if not dt.timedelta(0) <= last_day - first_day <= dt.timedelta(days=366):
        raise ValueError("leave ends after it begins, within a year")
    row = Leave(
        staff_id=staff_id,
        first_day=first_day,
        last_day=last_day,
        set_by=by.id,
        at=session.clock.now(),
    )
    session.add(row)
    session.flush()
    audit.note(session, "leave.set", staff_id=by.id, subject=staff_id)
    return row


def drop_leave(session: Session, by: StaffMember, leave_id: str) -> None:
    """Take a leave back; nothing happens when it is gone already.

    Raises:
        NotTheirsError: the account is not one whose leave `by` keeps.
    """
    row = session.get(Leave, leave_id)
    if row is not None:
        _kept(session, by, row.staff_id)
        session.delete(row)
        audit.note(session, "leave.drop", staff_id=by.id, subject=row.staff_id)


def leaves_of(session: Session, staff_ids: Iterable[str]) -> Sequence[Leave]:
    """The leave of these people that has not ended, what comes first first."""
    query = sa.select(Leave).where(
        Leave.staff_id.in_(tuple(staff_ids)), Leave.last_day >= _today(session)
    )
    return session.scalars(query.order_by(Leave.first_day, Leave.id)).all()


def set_skills(
    session: Session,
    by: StaffMember,
    staff_id: str,
    languages: Sequence[str],
    specialisms: Sequence[FieldId],
) -> None:
    """Write down which languages somebody speaks beside Vietnamese, and their fields.

    Raises:
        NotTheirsError: only admins do, of people at an office.
    """
    if by.role is not Role.ADMIN:
        raise NotTheirsError
    staff = _kept(session, by, staff_id)
    staff.languages, staff.specialisms = list(languages), [str(one) for one in specialisms]
    audit.note(session, "staff.skills", staff_id=by.id, subject=staff_id)


def _kept(session: Session, by: StaffMember, staff_id: str) -> StaffMember:
    found = session.get(StaffMember, staff_id, with_for_update=True)
    if found is None or found.office_id is None or not leads(by, found.office_id):
        raise NotTheirsError
    return found


def _today(session: Session) -> dt.date:
    """The day at the desk: leave is counted in real days, whatever day the law is asked about."""
    return session.clock.now().astimezone(ZONE).date()


def there_today(session: Session) -> sa.ColumnElement[bool]:
    """The condition that an account can take a request in today: active, receiving, not away."""
    return _there_on(sa.literal(_today(session)))


def _there_on(today: sa.ColumnElement[dt.date]) -> sa.ColumnElement[bool]:
    away = sa.exists().where(
        Leave.staff_id == StaffMember.id, Leave.first_day <= today, Leave.last_day >= today
    )
    return sa.and_(
        StaffMember.active,
        ~StaffMember.unconfirmed,
        StaffMember.role.in_(RECEIVING),
        StaffMember.office_id.is_not(None),
        ~away,
    )


def able_offices(session: Session) -> frozenset[str]:
    """The offices with somebody who can receive a request today."""
    query = sa.select(StaffMember.office_id).where(there_today(session))
    return frozenset(office for office in session.scalars(query.distinct()) if office)


# Built once, as every turn asks.
_SKILLS_THERE = sa.select(
    StaffMember.office_id, StaffMember.languages, StaffMember.specialisms
).where(_there_on(sa.bindparam("today", type_=sa.Date())))


def staffing(session: Session, province: Province) -> Staffing:
    """What each office can take in today, for routing."""
    able: set[str] = set()
    languages: dict[str, set[str]] = {}
    specialisms: dict[str, set[str]] = {}
    for where, spoken, known in session.execute(_SKILLS_THERE, {"today": _today(session)}):
        office_id = where or ""
        able.add(office_id)
        languages.setdefault(office_id, set()).update(spoken)
        specialisms.setdefault(office_id, set()).update(known)
    for office in province.offices:
        languages.setdefault(office.id, set()).update(office.languages)
        specialisms.setdefault(office.id, set()).update(office.specialisms)
    return Staffing(
        able=frozenset(able),
        full=_full(session, province),
        languages={key: frozenset(value) for key, value in languages.items()},
        specialisms={key: frozenset(value) for key, value in specialisms.items()},
    )


def _full(session: Session, province: Province) -> frozenset[str]:
    limits = {one.id: one.capacity for one in province.offices if one.capacity is not None}
    if not limits:
        return frozenset()
    counted = session.execute(
        sa.select(Case.office_id, sa.func.count())
        .where(Case.office_id.in_(limits), Case.state != CaseState.CLOSED)
        .group_by(Case.office_id)
    )
    return frozenset(office for office, number in counted if number >= limits[office])
