"""Who may see which case. Every read of the desk starts here."""

import datetime as dt
from collections.abc import Collection, Sequence
from dataclasses import dataclass
from typing import assert_never

import sqlalchemy as sa

from cases.model import Case, Transfer, TransferState
from cases.staff import Role, StaffMember
from store import audit
from store.session import Session


class NotFoundError(Exception):
    """There is no such case for this staff member; never says whether there is one at all."""


def belongs_to(staff: StaffMember) -> sa.ColumnElement[bool]:
    """The condition that a case is one of a staff member's office; all are the centre's."""
    if staff.unconfirmed:
        return sa.false()
    match staff.role:
        case Role.CENTRE:
            return sa.true()
        case Role.OFFICER | Role.HEAD:
            return Case.office_id == staff.office_id
        case Role.EDITOR | Role.ADMIN | Role.AUDITOR:
            return sa.false()
        case _:
            assert_never(staff.role)


def _offered_to(staff: StaffMember) -> sa.ColumnElement[bool]:
    if staff.unconfirmed or staff.role not in (Role.OFFICER, Role.HEAD, Role.CENTRE):
        return sa.false()
    return Case.offered_to == staff.office_id


def listed_for(staff: StaffMember) -> sa.Select[Case]:
    """The cases of a staff member's own lists; those only offered to their office are not."""
    return sa.select(Case).where(belongs_to(staff))


def offered_to(staff: StaffMember) -> sa.Select[Case]:
    """The cases that another office asks this staff member's office to take."""
    return sa.select(Case).where(_offered_to(staff))


def visible_to(staff: StaffMember) -> sa.Select[Case]:
    """The cases that a staff member may see, as a query to build upon.

    A case that is offered to another office is seen by both until it is decided.
    """
    return sa.select(Case).where(sa.or_(belongs_to(staff), _offered_to(staff)))


def the_case(
    session: Session, staff: StaffMember, case_id: str, *, for_update: bool = False
) -> Case:
    """One case, if this staff member may see it.

    Raises:
        NotFoundError: it does not exist, or is not theirs to see.
    """
    query = visible_to(staff).where(Case.id == case_id)
    if for_update:
        query = query.with_for_update().execution_options(populate_existing=True)
    case = session.scalar(query)
    if case is None:
        raise NotFoundError
    return case


@dataclass(frozen=True, slots=True)
class Gone:
    """A case that has left an office: all that its people still see of it."""

    number: int
    to_office: str
    at: dt.datetime


def gone_from(session: Session, staff: StaffMember, limit: int = 100) -> Sequence[Gone]:
    """What has left a staff member's office, newest first; the centre sees the cases anyway."""
    if staff.unconfirmed or staff.role not in (Role.OFFICER, Role.HEAD):
        return ()
    left = (TransferState.ACCEPTED, TransferState.TAKEN)
    found = session.execute(
        sa.select(Case.number, Transfer.to_office, Transfer.decided_at)
        .join(Case, Case.id == Transfer.case_id)
        .where(Transfer.from_office == staff.office_id, Transfer.state.in_(left))
        .order_by(Transfer.decided_at.desc(), Transfer.id.desc())
        .limit(limit)
    )
    return tuple(Gone(number, office, at) for number, office, at in found if at is not None)


def left_of(session: Session, staff: StaffMember, case_ids: Collection[str]) -> frozenset[str]:
    """Which of these cases another office has taken from this staff member's."""
    if staff.unconfirmed or staff.role not in (Role.OFFICER, Role.HEAD):
        return frozenset()
    query = sa.select(Transfer.case_id).where(
        Transfer.case_id.in_(case_ids),
        Transfer.from_office == staff.office_id,
        Transfer.state.in_((TransferState.ACCEPTED, TransferState.TAKEN)),
    )
    return frozenset(session.scalars(query))


def looked_at(session: Session, staff: StaffMember, case: Case) -> None:
    """Write into the audit that a staff member read a case."""
    audit.note(session, "case.read", staff_id=staff.id, subject=case.id)
