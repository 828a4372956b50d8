"""From one officer to another of the same office, or back to the queue when one leaves.

All functions work inside the caller's transaction and never commit. Accounts are locked before
cases: whoever closes an account changes its row first and then calls `release_cases_of`.
"""

from collections.abc import Sequence

import sqlalchemy as sa

from cases import access
from cases.life import HELD, Move, RefusedError
from cases.model import Case
from cases.moves import made, take_up, tell, to_queue
from cases.province import Province
from cases.speech import say
from cases.staff import Role, StaffMember
from store.session import Session


def colleagues(session: Session, case: Case) -> Sequence[StaffMember]:
    """Who may be handed a case: the active staff of its office, without its holder."""
    query = sa.select(StaffMember).where(
        StaffMember.office_id == case.office_id,
        StaffMember.active,
        ~StaffMember.unconfirmed,
        StaffMember.role.in_((Role.OFFICER, Role.HEAD, Role.CENTRE)),
        StaffMember.id != (case.holder_id or ""),
    )
    return session.scalars(query.order_by(StaffMember.username)).all()


def hand_over(
    session: Session, staff: StaffMember, case_id: str, to_id: str, office_name: str
) -> Case:
    """Give a held case to another officer of the same office; the citizen is told.

    Raises:
        NotFoundError: not theirs to see.
        RefusedError: `not_holder`, `not_claimed`, `closed`, `same_officer`, or `no_such_officer`
            (not of this office, not one who receives people, or their account is closed).
    """
    locked = sa.select(StaffMember).where(StaffMember.id == to_id).with_for_update(read=True)
    other = session.scalar(locked.execution_options(populate_existing=True))
    case = take_up(session, staff, case_id, Move.HAND_OVER)
    if case.holder_id == to_id:
        raise RefusedError("same_officer")
    if (
        other is None
        or not other.active
        or other.unconfirmed
        or other.office_id != case.office_id
        or other.role not in (Role.OFFICER, Role.HEAD, Role.CENTRE)
    ):
        raise RefusedError("no_such_officer")
    case.holder_id, case.snoozed_until = other.id, None
    made(session, case, Move.HAND_OVER, staff, detail=other.id)
    tell(session, case, say("case.handed_over", office=office_name))
    return case


def held_by(session: Session, staff: StaffMember, holder_id: str) -> Sequence[Case]:
    """What somebody holds, of the cases that `staff` may see."""
    query = access.visible_to(staff).where(Case.holder_id == holder_id, Case.state.in_(HELD))
    return session.scalars(query.order_by(Case.id)).all()


def hand_over_all(
    session: Session, staff: StaffMember, holder_id: str, to_id: str, province: Province
) -> int:
    """Give everything that somebody who is away holds to a colleague; how many cases it was.

    Raises:
        RefusedError: as `hand_over`; then nothing has changed hands.
    """
    held = held_by(session, staff, holder_id)
    for case in held:
        hand_over(session, staff, case.id, to_id, province.label_of(case.office_id))
    return len(held)


def release_cases_of(session: Session, staff: StaffMember, province: Province) -> Sequence[Case]:
    """Return what an officer holds to the queues, because their account is closed."""
    query = sa.select(Case).where(Case.holder_id == staff.id, Case.state.in_(HELD))
    held = session.scalars(
        query.order_by(Case.id).with_for_update().execution_options(populate_existing=True)
    ).all()
    for case in held:
        to_queue(session, case)
        made(session, case, Move.RELEASE, detail=staff.id)
        office = province.label_of(case.office_id)
        tell(session, case, say("case.given_back", office=office))
    return held
