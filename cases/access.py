"""Who may see which case. Every read of the desk starts here."""

from typing import assert_never

import sqlalchemy as sa

from cases.model import Case
from cases.staff import Role, StaffMember
from store import audit
from store.session import Session


class NotFoundError(Exception):
    """There is no such case for this staff member; never says whether there is one at all."""


def visible_to(staff: StaffMember) -> sa.Select[Case]:
    """The cases that a staff member may see, as a query to build upon."""
    query = sa.select(Case)
    match staff.role:
        case Role.CENTRE:
            return query
        case Role.OFFICER | Role.HEAD:
            return query.where(Case.office_id == staff.office_id)
        case Role.EDITOR | Role.ADMIN | Role.AUDITOR:
            return query.where(sa.false())
        case _:
            assert_never(staff.role)


def the_case(
    session: Session, staff: StaffMember, case_id: str, *, for_update: bool = False
) -> Case:
    """One case, if this staff member may see it.

    Raises:
        NotFoundError: it does not exist, or is not theirs to see.
    """
    query = visible_to(staff).where(Case.id == case_id)
    if for_update:
        query = query.with_for_update()
    case = session.scalar(query)
    if case is None:
        raise NotFoundError
    return case


def looked_at(session: Session, staff: StaffMember, case: Case) -> None:
    """Write into the audit that a staff member read a case."""
    audit.note(session, "case.read", staff_id=staff.id, subject=case.id)
