"""From one office to another: offered, and moved only when the other says yes.

Until then the sender keeps the case, its holder and its talk; nothing is lost in between. All
functions work inside the caller's transaction and never commit; those with a `case_id` raise
`NotFoundError` and `RefusedError` as `cases.life.why_not` says, further reasons stand with each.
"""

from collections.abc import Sequence

import sqlalchemy as sa

from cases.life import Move, RefusedError
from cases.model import Case, Transfer, TransferState
from cases.moves import made, open_offer, take_up, tell, to_queue, withdraw_offer
from cases.offices import receiving
from cases.province import Office, Province
from cases.speech import say
from cases.staff import StaffMember
from cases.staffing import able_offices
from store.session import Session


def possible(session: Session, case: Case, province: Province) -> tuple[Office, ...]:
    """The offices that a case may be offered to."""
    able = able_offices(session)
    return tuple(one for one in receiving(province, able) if one.id != case.office_id)


def offer(
    session: Session,
    staff: StaffMember,
    case_id: str,
    to_office: str,
    reason: str,
    province: Province,
) -> Case:
    """Ask another office to take a case; the reason is for its people only.

    Raises:
        RefusedError: also `empty` (no reason), `offered_already`, `same_office`, `no_such_office`,
            `office_closed`, `office_unable` (nobody there can receive).
    """
    case = take_up(session, staff, case_id, Move.OFFER_TRANSFER)
    if not reason.strip():
        raise RefusedError("empty")
    if case.offered_to is not None:
        raise RefusedError("offered_already")
    _check_office(session, case, to_office, province)
    row = Transfer(
        case_id=case.id,
        from_office=case.office_id,
        to_office=to_office,
        state=TransferState.OFFERED,
        offered_by=staff.id,
        offered_at=session.clock.now(),
    )
    row.seal(session.vault, "reason", reason.strip())
    session.add(row)
    case.offered_to = to_office
    made(session, case, Move.OFFER_TRANSFER, staff, detail=to_office)
    return case


def _check_office(session: Session, case: Case, to_office: str, province: Province) -> None:
    if to_office == case.office_id:
        raise RefusedError("same_office")
    known = {office.id: office for office in province.offices}
    if to_office not in known:
        raise RefusedError("no_such_office")
    if not known[to_office].active:
        raise RefusedError("office_closed")
    if to_office not in able_offices(session):
        raise RefusedError("office_unable")


def cancel(session: Session, staff: StaffMember, case_id: str) -> Case:
    """Take an offer back before it is decided.

    Raises:
        RefusedError: also `not_offered`.
    """
    case = take_up(session, staff, case_id, Move.CANCEL_TRANSFER)
    if case.offered_to is None:
        raise RefusedError("not_offered")
    withdraw_offer(session, case, TransferState.CANCELLED, staff)
    made(session, case, Move.CANCEL_TRANSFER, staff)
    return case


def accept(session: Session, staff: StaffMember, case_id: str, province: Province) -> Case:
    """Take an offered case into one's own queue; the citizen is told where it is now.

    Raises:
        RefusedError: `closed`, `not_receiver`.
    """
    case = take_up(session, staff, case_id, Move.ACCEPT_TRANSFER)
    before, here = case.office_id, case.offered_to or case.office_id
    withdraw_offer(session, case, TransferState.ACCEPTED, staff)
    case.office_id = here
    case.routing_rule = "transferred"
    case.routing_reason = (
        f"{province.label_of(before)} chuyển đến, {province.label_of(here)} đã nhận."
    )
    to_queue(session, case)
    made(session, case, Move.ACCEPT_TRANSFER, staff, detail=f"{before} {here}")
    tell(session, case, say("case.transferred", office=province.label_of(here)))
    return case


def decline(session: Session, staff: StaffMember, case_id: str, reason: str) -> Case:
    """Say no to an offered case, and why; it stays where it is.

    Raises:
        RefusedError: also `empty`.
    """
    case = take_up(session, staff, case_id, Move.DECLINE_TRANSFER)
    if not reason.strip():
        raise RefusedError("empty")
    row = open_offer(session, case)
    if row is not None:
        row.seal(session.vault, "answer", reason.strip())
    withdraw_offer(session, case, TransferState.DECLINED, staff)
    made(session, case, Move.DECLINE_TRANSFER, staff)
    return case


def transfers_of(session: Session, case: Case) -> Sequence[Transfer]:
    """The ways a case has gone or was to go, newest first; `case` comes from `visible_to`."""
    query = sa.select(Transfer).where(Transfer.case_id == case.id)
    return session.scalars(query.order_by(Transfer.offered_at.desc(), Transfer.id.desc())).all()
