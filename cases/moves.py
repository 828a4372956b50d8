"""What every move of a case has in common: locked, checked, written down, and told.

The other modules of the case's life build on this one; nothing outside of `cases` needs it.
"""

from collections.abc import Mapping

import sqlalchemy as sa

from cases import access
from cases.life import CaseState, Move, Outcome, Who, check
from cases.model import (
    OPEN_MEETING,
    Appointment,
    Case,
    MeetingState,
    Pause,
    Transfer,
    TransferState,
)
from cases.speech import Say
from cases.staff import Role, StaffMember
from cases.thread import Told
from store import audit, events, outbox
from store.session import Session

EVENTS: Mapping[Move, str] = {
    Move.CLAIM: "case.claimed",
    Move.TAKE_OVER: "case.taken_over",
    Move.GIVE_BACK: "case.given_back",
    Move.RELEASE: "case.released",
    Move.HAND_OVER: "case.handed_over",
    Move.ACCEPT: "case.accepted",
    Move.ASK_PAPERS: "case.papers_asked",
    Move.PAPERS_GIVEN: "case.papers_given",
    Move.LOOK_AT_PAPER: "case.paper_looked_at",
    Move.ASSIGN: "case.assigned",
    Move.CHANGE_PROVIDER: "case.provider_changed",
    Move.BEGIN: "case.begun",
    Move.GIVE_ADVICE: "case.advice_given",
    Move.DECLINE_WISH: "case.wish_declined",
    Move.PAUSE: "case.paused",
    Move.RESUME: "case.resumed",
    Move.SNOOZE: "case.snoozed",
    Move.MEET: "case.meeting",
    Move.CORRECT: "case.corrected",
    Move.OFFER_TRANSFER: "case.transfer_offered",
    Move.CANCEL_TRANSFER: "case.transfer_cancelled",
    Move.ACCEPT_TRANSFER: "case.transferred",
    Move.DECLINE_TRANSFER: "case.transfer_declined",
    Move.REFUSE: "case.refused",
    Move.CLOSE: "case.closed",
    Move.JOIN: "case.joined",
    Move.WITHDRAW: "case.withdraw",
    Move.ASK_WITHDRAWAL: "case.withdraw",
    Move.UNDO_WITHDRAWAL: "case.withdrawal_undone",
    Move.KEEP_REQUEST: "case.withdrawal_undone",
    Move.REOPEN: "case.reopened",
    Move.COMPLAIN: "case.complaint",
    Move.ANSWER_COMPLAINT: "case.complaint_answered",
    Move.FOLLOW_COMPLAINT: "case.complaint_followed",
    Move.RATE: "case.rated",
}
"""The kind of event that a move is recorded as; its act in the audit is `case.<move>`."""


def who_is(case: Case, staff: StaffMember) -> frozenset[Who]:
    """What a staff member is to a case."""
    caseworker = staff.role in (Role.OFFICER, Role.HEAD, Role.CENTRE)
    here = caseworker and staff.office_id == case.office_id
    found = {
        Who.HOLDER: case.holder_id == staff.id,
        Who.COLLEAGUE: here,
        Who.HEAD: here and staff.role is Role.HEAD,
        Who.CENTRE: staff.role is Role.CENTRE,
        Who.RECEIVER: caseworker
        and case.offered_to is not None
        and case.offered_to == staff.office_id,
    }
    return frozenset(who for who, is_so in found.items() if is_so)


def take_up(session: Session, staff: StaffMember, case_id: str, move: Move) -> Case:
    """The case, locked, when this staff member may make this move with it now.

    Raises:
        NotFoundError: not theirs to see.
        RefusedError: the state of the case, or who they are, does not allow it.
    """
    case = access.the_case(session, staff, case_id, for_update=True)
    check(move, case.state, who_is(case, staff))
    return case


def made(
    session: Session,
    case: Case,
    move: Move,
    staff: StaffMember | None = None,
    *,
    detail: str | None = None,
) -> None:
    """Write down that a move was made; the clock looks at the case anew."""
    staff_id = staff.id if staff else None
    case.next_look_at = session.clock.now()
    audit.note(session, f"case.{move}", staff_id=staff_id, subject=case.id, detail=detail)
    events.record(session, EVENTS[move], case_id=case.id, staff_id=staff_id)


def to_queue(session: Session, case: Case) -> None:
    """Put a case into the queue of its office; what the register knows of it stays."""
    case.state, case.holder_id, case.claimed_at = CaseState.WAITING, None, None
    case.queued_at = session.clock.now()
    case.snoozed_until = None


def end(session: Session, case: Case, outcome: Outcome, staff: StaffMember | None) -> None:
    """Close a case; what hung on its being open ends with it."""
    now = session.clock.now()
    case.state, case.outcome, case.closed_at = CaseState.CLOSED, outcome, now
    case.snoozed_until = None
    withdraw_offer(session, case, TransferState.CANCELLED, staff)
    session.execute(
        sa.update(Appointment)
        .where(Appointment.case_id == case.id, Appointment.state.in_(OPEN_MEETING))
        .values(state=MeetingState.CANCELLED, ended_at=now)
        .execution_options(synchronize_session="fetch")
    )
    session.execute(
        sa.update(Pause)
        .where(Pause.case_id == case.id, Pause.to_at.is_(None))
        .values(to_at=now)
        .execution_options(synchronize_session="fetch")
    )


def open_offer(session: Session, case: Case) -> Transfer | None:
    """The offer of a case to another office that is not decided yet."""
    query = sa.select(Transfer).where(
        Transfer.case_id == case.id, Transfer.state == TransferState.OFFERED
    )
    return session.scalar(query)


def withdraw_offer(
    session: Session, case: Case, state: TransferState, staff: StaffMember | None
) -> None:
    """End the open offer of a case, if there is one."""
    offer = open_offer(session, case)
    case.offered_to = None
    if offer is not None:
        offer.state, offer.decided_at = state, session.clock.now()
        offer.decided_by = staff.id if staff else None


def tell(session: Session, case: Case, message: Say) -> None:
    """Say something to the citizen, if they can still be reached through the talk.

    What is no secret stays with the case, so that an officer sees what was said for the office.
    """
    if case.conversation_id is None:
        return
    outbox_id = outbox.put(
        session,
        conversation_id=case.conversation_id,
        channel=case.channel,
        kind=outbox.Kind.SAY,
        body=message.model_dump_json(),
        case_id=case.id,
    )
    if message.secret:
        return
    told = Told(case_id=case.id, outbox_id=outbox_id, at=session.clock.now())
    told.seal(session.vault, "said", message.model_dump_json())
    session.add(told)
