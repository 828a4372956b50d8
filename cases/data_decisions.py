"""The centre's side of what citizens ask about their data: the list, and what is done about it."""

from collections.abc import Sequence
from dataclasses import dataclass

import sqlalchemy as sa

from cases import access
from cases.access import NotFoundError
from cases.data_requests import Asked, DataRequest, Kept, Receipt, add_receipt
from cases.forgetting import forget_case
from cases.life import CaseState, RefusedError
from cases.model import Case
from cases.moves import tell
from cases.rights import complaint_of
from cases.speech import Line, Say
from cases.staff import StaffMember
from cases.thread import Note
from store import audit, events
from store.session import Session


@dataclass(frozen=True, slots=True)
class Listed:
    """A request with its case."""

    request: DataRequest
    case: Case


def listed(session: Session, staff: StaffMember) -> Sequence[Listed]:
    """What waits, due first."""
    query = (
        access.visible_to(staff)
        .join(DataRequest, DataRequest.case_id == Case.id)
        .where(DataRequest.done_at.is_(None))
        .add_columns(DataRequest)
        .order_by(DataRequest.due_at, DataRequest.number)
    )
    return tuple(Listed(request, case) for case, request in session.execute(query))


def how_many(session: Session) -> int:
    """How many requests wait for the centre, which sees all of them."""
    waiting = sa.select(sa.func.count(DataRequest.id)).where(DataRequest.done_at.is_(None))
    return session.scalar(waiting) or 0


def the_request(session: Session, staff: StaffMember, request_id: str) -> Listed:
    """One request and its case, locked.

    Raises:
        NotFoundError: there is none, or it is not theirs to see.
    """
    found = session.get(DataRequest, request_id)
    if found is None:
        raise NotFoundError
    case = access.the_case(session, staff, found.case_id, for_update=True)
    session.refresh(found)
    return Listed(found, case)


def decide(
    session: Session, staff: StaffMember, request_id: str, *, granted: bool, reason: str = ""
) -> Receipt | None:
    """Do what was asked, or keep to what the law demands; the receipt of what was erased.

    The citizen is told either way, as was promised when they asked; with the `reason` where it is
    not done, which is kept as an internal note too.

    Raises:
        NotFoundError: not theirs to see.
        RefusedError: `decided` (somebody was quicker), `must_be_kept` (accepted: the file of
            state legal aid), `not_closed` (close it first), `complained` (answer it first), or
            `no_reason` (not done, and not said why).
    """
    one = the_request(session, staff, request_id)
    request, case = one.request, one.case
    if request.done_at is not None:
        raise RefusedError("decided")
    if not granted and not reason.strip():
        raise RefusedError("no_reason")
    receipt = None
    if granted and request.asked is Asked.ERASE:
        if case.accepted_at is not None:
            raise RefusedError("must_be_kept")
        if case.state is not CaseState.CLOSED:
            raise RefusedError("not_closed")
        complaint = complaint_of(session, case)
        if complaint is not None and complaint.answered_at is None:
            raise RefusedError("complained")
        receipt = add_receipt(session, forget_case(session, case), [Kept.CONSENTS])
    request.done_at, request.done_by = session.clock.now(), staff.id
    request.granted = granted
    detail = f"{request.asked} {'done' if granted else 'kept'}"
    audit.note(session, "data.decided", staff_id=staff.id, subject=case.id, detail=detail)
    events.record(session, "case.data_decided", case_id=case.id, staff_id=staff.id)
    _tell(session, staff, one, reason.strip())
    return receipt


def _tell(session: Session, staff: StaffMember, one: Listed, reason: str) -> None:
    """Secret: after an erasure nothing may stand in the thread again, and a reason is a note."""
    number = str(one.request.number)
    lines: tuple[Line, ...] = (Line(key="data.answered", blanks={"number": number}),)
    if not one.request.granted:
        note = Note(case_id=one.case.id, staff_id=staff.id, at=session.clock.now())
        note.seal(session.vault, "body", f"Yêu cầu về dữ liệu số {number}, chưa làm: {reason}")
        session.add(note)
        lines = (
            Line(key="data.not_done", blanks={"number": number, "reason": reason}),
            Line(key="data.not_done_next"),
        )
    tell(session, one.case, Say(lines=lines, secret=True))
