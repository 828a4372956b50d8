"""Call-backs: who asked to be called, when it is safe, and what came of each try.

A row holds no name and no number: those stay sealed with the case, behind a press that is audited.
All functions work inside the caller's transaction and never commit.
"""

import datetime as dt
from collections.abc import Sequence
from enum import StrEnum
from typing import assert_never

import sqlalchemy as sa
from sqlalchemy.orm import Mapped, mapped_column

from cases import access, consent
from cases.access import NotFoundError
from cases.calendar import WorkingCalendar
from cases.contact import SafeContact, contact_of, next_call
from cases.life import CaseState, RefusedError
from cases.model import Case
from cases.purpose import Manner, Purpose
from cases.staff import StaffMember
from cases.thread import Note
from store import audit, events
from store.base import Row
from store.session import Session

MANY_TRIES = 3
"""After so many without an answer the list asks whether to write or to go there instead."""
TRY_AGAIN_AFTER = dt.timedelta(hours=3)
"""Working hours until the next try."""


class CallOutcome(StrEnum):
    """What came of one call."""

    REACHED = "reached"
    NO_ANSWER = "no_answer"
    WRONG_NUMBER = "wrong_number"
    ASKED_NOT = "asked_not"
    """They, or whoever picked up, do not want to be called: the number is not kept."""
    GIVEN_UP = "given_up"
    """Not tried any more; the office writes or goes there."""


class Callback(Row):
    """One wish to be called; open until it has ended."""

    __tablename__ = "callbacks"
    __table_args__ = (
        sa.Index(
            "ix_callbacks_one_open",
            "case_id",
            unique=True,
            sqlite_where=sa.text("ended_at IS NULL"),
            postgresql_where=sa.text("ended_at IS NULL"),
        ),
        sa.Index("ix_callbacks_due", "ended_at", "next_at"),
    )

    case_id: Mapped[str] = mapped_column(sa.ForeignKey(Case.id), index=True)
    asked_at: Mapped[dt.datetime]
    asked_by: Mapped[str | None] = mapped_column(sa.ForeignKey(StaffMember.id))
    """Who wrote it down at the desk; None: the citizen asked in the talk."""
    next_at: Mapped[dt.datetime]
    """Not to be called before."""
    tries: Mapped[int] = mapped_column(default=0)
    ended_at: Mapped[dt.datetime | None]


class CallTry(Row):
    """One call."""

    __tablename__ = "call_tries"

    callback_id: Mapped[str] = mapped_column(sa.ForeignKey(Callback.id), index=True)
    staff_id: Mapped[str] = mapped_column(sa.ForeignKey(StaffMember.id))
    outcome: Mapped[CallOutcome]
    at: Mapped[dt.datetime]


def open_callback(session: Session, case: Case) -> Callback | None:
    """The wish of a case that has not ended."""
    query = sa.select(Callback).where(Callback.case_id == case.id, Callback.ended_at.is_(None))
    return session.scalar(query)


def contact_in(session: Session, case: Case) -> SafeContact:
    """How the citizen of a case may be reached; it comes from `visible_to`, or is their own."""
    return contact_of(case.open(session.vault, "contact"))


def ask(
    session: Session,
    case: Case,
    calendar: WorkingCalendar,
    staff: StaffMember | None = None,
) -> Callback:
    """Put a case on the list of those to be called; whoever stands there already stays once.

    `calendar` is that of the case's office; the caller holds the case's lock.

    Raises:
        RefusedError: `closed`, or `no_number` (none was left, or only for messages).
    """
    if case.state is CaseState.CLOSED:
        raise RefusedError("closed")
    contact = contact_in(session, case)
    if not contact.may_be_called:
        raise RefusedError("no_number")
    found = open_callback(session, case)
    if found is not None:
        return found
    now = session.clock.now()
    wish = Callback(
        case_id=case.id,
        asked_at=now,
        asked_by=staff.id if staff else None,
        next_at=next_call(contact, calendar, now),
        tries=0,
    )
    session.add(wish)
    session.flush()
    staff_id = staff.id if staff else None
    events.record(session, "case.callback", case_id=case.id, staff_id=staff_id)
    return wish


def listed(session: Session, staff: StaffMember) -> Sequence[tuple[Callback, Case]]:
    """Who is to be called by a staff member's office, due first."""
    found = session.execute(
        access.listed_for(staff)
        .where(Case.state != CaseState.CLOSED)
        .join(Callback, Callback.case_id == Case.id)
        .where(Callback.ended_at.is_(None))
        .add_columns(Callback)
        .order_by(Callback.next_at, Case.urgent.desc(), Callback.id)
    )
    return tuple((callback, case) for case, callback in found)


def how_many(session: Session, staff: StaffMember) -> int:
    """How many may be called by now."""
    query = (
        access.listed_for(staff)
        .where(Case.state != CaseState.CLOSED)
        .join(Callback, Callback.case_id == Case.id)
        .where(Callback.ended_at.is_(None), Callback.next_at <= session.clock.now())
        .with_only_columns(sa.func.count())
    )
    return session.scalar(query) or 0


def the_callback(session: Session, staff: StaffMember, callback_id: str) -> tuple[Callback, Case]:
    """One wish with its case, locked.

    Raises:
        NotFoundError: there is none, or it is not theirs to see.
    """
    callback = session.get(Callback, callback_id)
    if callback is None:
        raise NotFoundError
    query = access.listed_for(staff).where(Case.id == callback.case_id)
    case = session.scalar(query.with_for_update().execution_options(populate_existing=True))
    if case is None:
        raise NotFoundError
    session.refresh(callback)
    return callback, case


def called(
    session: Session,
    staff: StaffMember,
    callback_id: str,
    outcome: CallOutcome,
    note: str,
    calendar: WorkingCalendar,
) -> Callback:
    """Write down what came of a call; `note` goes to the internal notes of the case.

    Raises:
        NotFoundError: not theirs to see.
        RefusedError: `call_ended` (somebody else was quicker), or `closed`.
    """
    callback, case = the_callback(session, staff, callback_id)
    if case.state is CaseState.CLOSED:
        raise RefusedError("closed")
    if callback.ended_at is not None:
        raise RefusedError("call_ended")
    now = session.clock.now()
    session.add(CallTry(callback_id=callback.id, staff_id=staff.id, outcome=outcome, at=now))
    if outcome is not CallOutcome.GIVEN_UP:
        callback.tries += 1
    match outcome:
        case CallOutcome.NO_ANSWER:
            later = calendar.add_working_hours(now, TRY_AGAIN_AFTER).end
            callback.next_at = next_call(contact_in(session, case), calendar, later)
        case CallOutcome.REACHED:
            callback.ended_at, case.answered_at = now, now
        case CallOutcome.WRONG_NUMBER | CallOutcome.ASKED_NOT:
            callback.ended_at = now
            _forget_number(session, case)
            if outcome is CallOutcome.ASKED_NOT:
                _no_longer_agrees(session, case, staff)
        case CallOutcome.GIVEN_UP:
            callback.ended_at = now
        case _:
            assert_never(outcome)
    if note.strip():
        written = Note(case_id=case.id, staff_id=staff.id, at=now)
        written.seal(session.vault, "body", note.strip())
        session.add(written)
    case.next_look_at = now
    audit.note(session, "case.called", staff_id=staff.id, subject=case.id, detail=outcome)
    events.record(session, "case.called", case_id=case.id, staff_id=staff.id)
    return callback


def _forget_number(session: Session, case: Case) -> None:
    """Nobody shall call it again by mistake."""
    contact = contact_in(session, case).model_copy(update={"phone": None})
    case.seal(session.vault, "contact", contact.model_dump_json(exclude_none=True))
    case.phone_index = None


_ASKED_NOT = "Người nghe máy nói đừng gọi nữa."
"""What the withdrawal rests on: the officer's words for it, as the desk has them."""


def _no_longer_agrees(session: Session, case: Case, staff: StaffMember) -> None:
    """The consent to be called ends with "đừng gọi nữa" (Law 91/2025/QH15)."""
    consent.record(
        session,
        conversation_id=case.conversation_id,
        case_id=case.id,
        purpose=Purpose.CONTACT,
        given=False,
        wording="desk.asked_not",
        shown=_ASKED_NOT,
        language="vi",
        manner=Manner.BY_VOICE,
        staff_id=staff.id,
    )


def go_along(session: Session, case: Case, into: Case) -> None:
    """A case is joined into another one: whoever asked to be called is called for that.

    What was said of calling goes along only where the other case knows nothing of it.
    """
    if into.contact is None and case.contact is not None:
        into.seal(session.vault, "contact", case.open(session.vault, "contact"))
        into.phone_index = case.phone_index
    wish = open_callback(session, case)
    if wish is None:
        return
    if open_callback(session, into) is None and contact_in(session, into).may_be_called:
        wish.case_id = into.id
    else:
        wish.ended_at = session.clock.now()
