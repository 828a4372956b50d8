"""What the assistant understood wrongly, put right by an officer. Each change is audited."""

from cases.life import Move
from cases.model import Case
from cases.moves import made, take_up
from cases.staff import StaffMember
from store.session import Session


def correct_field(session: Session, staff: StaffMember, case_id: str, field: str | None) -> Case:
    """Put the field of law right.

    Raises:
        NotFoundError, RefusedError: `closed`, `not_of_office`.
    """
    case = take_up(session, staff, case_id, Move.CORRECT)
    detail = f"field {case.field} {field}"
    case.field = field
    made(session, case, Move.CORRECT, staff, detail=detail)
    return case


def correct_danger(session: Session, staff: StaffMember, case_id: str, kind: str | None) -> Case:
    """Put right which danger was told; None: there is none. The kind stays out of the audit.

    Raises:
        NotFoundError, RefusedError: as `correct_field`.
    """
    case = take_up(session, staff, case_id, Move.CORRECT)
    case.seal(session.vault, "danger", kind)
    made(session, case, Move.CORRECT, staff, detail="danger")
    return case


def correct_urgent(
    session: Session,
    staff: StaffMember,
    case_id: str,
    *,
    urgent: bool | None = None,
    in_custody: bool | None = None,
) -> Case:
    """Put right whether somebody is in danger, or arrested or held; None leaves it as it is.

    Raises:
        NotFoundError, RefusedError: as `correct_field`.
    """
    case = take_up(session, staff, case_id, Move.CORRECT)
    case.urgent = case.urgent if urgent is None else urgent
    case.in_custody = case.in_custody if in_custody is None else in_custody
    detail = f"urgent {case.urgent}, custody {case.in_custody}"
    made(session, case, Move.CORRECT, staff, detail=detail)
    return case
