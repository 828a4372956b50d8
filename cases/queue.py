"""The life of a request: opened, claimed, answered, closed. Every change is made here.

All functions work inside the caller's transaction and never commit.
"""

import datetime as dt
import hmac
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import sqlalchemy as sa

from cases import access
from cases.codes import wait_after
from cases.model import Case, CaseState, Outcome
from cases.speech import Line, Say, Verbatim, say
from cases.staff import Role, StaffMember
from cases.thread import Author, Draft, Note, Seen, ThreadEntry
from store import audit, events, outbox
from store.crypto import Vault
from store.session import Session


class RefusedError(Exception):
    """A move that the case's state does not allow; `reason` is a key of the desk's texts."""

    def __init__(self, reason: str) -> None:
        self.reason = reason
        super().__init__(reason)


@dataclass(frozen=True)
class Word:
    """Something said before the case was opened, to be copied into its thread."""

    author: Author
    text: str
    at: dt.datetime
    file_id: str | None = None


@dataclass(frozen=True)
class NewRequest:
    """All that a case is opened with. `screening` and `contact` are JSON and get sealed."""

    code: str
    pin: str
    conversation_id: str
    channel: str
    language: str
    office_id: str
    routing_rule: str
    routing_reason: str
    commune: str | None
    field: str | None
    urgent: bool
    danger: str | None
    law_version: str | None
    screening: str
    words: tuple[Word, ...]


def code_index(vault: Vault, code: str) -> str:
    """What a case is found by."""
    return vault.blind("cases.code", code)


def pin_index(vault: Vault, code: str, pin: str) -> str:
    """What a PIN is compared with. Keyed, so a stolen database does not allow guessing."""
    return vault.blind("cases.pin", f"{code}:{pin}")


def open_case(session: Session, request: NewRequest) -> Case:
    """Open a case in the queue of the office it was routed to."""
    session.one_at_a_time("cases.number")
    now = session.clock.now()
    case = Case(
        number=(session.scalar(sa.select(sa.func.max(Case.number))) or 0) + 1,
        code_index=code_index(session.vault, request.code),
        pin_index=pin_index(session.vault, request.code, request.pin),
        conversation_id=request.conversation_id,
        channel=request.channel,
        language=request.language,
        office_id=request.office_id,
        routing_rule=request.routing_rule,
        routing_reason=request.routing_reason,
        commune=request.commune,
        field=request.field,
        urgent=request.urgent,
        law_version=request.law_version,
        opened_at=now,
        last_word_at=now,
    )
    case.seal(session.vault, "screening", request.screening)
    case.seal(session.vault, "danger", request.danger)
    session.add(case)
    session.flush()
    for word in request.words:
        _add_entry(session, case, word)
    events.record(session, "case.opened", case_id=case.id)
    return case


def _add_entry(
    session: Session,
    case: Case,
    word: Word,
    staff: StaffMember | None = None,
    client_key: str | None = None,
) -> ThreadEntry:
    entry = ThreadEntry(
        case_id=case.id,
        author=word.author,
        staff_id=staff.id if staff else None,
        file_id=word.file_id,
        client_key=client_key,
        at=word.at,
    )
    entry.seal(session.vault, "body", word.text)
    session.add(entry)
    session.flush()
    return entry


def case_spoken_to(session: Session, conversation_id: str) -> Case | None:
    """The case a talk is about: one an officer holds, else a waiting one, else the last."""
    order = sa.case(
        (Case.state == CaseState.CLAIMED, 0), (Case.state == CaseState.WAITING, 1), else_=2
    )
    last_touched = sa.func.coalesce(Case.answered_at, Case.claimed_at, Case.opened_at)
    return session.scalar(
        sa.select(Case)
        .where(Case.conversation_id == conversation_id)
        .order_by(order, last_touched.desc(), Case.number.desc())
        .limit(1)
    )


def newest_case_of_talk(session: Session, conversation_id: str) -> Case | None:
    """The case that was opened last in a talk, locked."""
    return session.scalar(
        sa.select(Case)
        .where(Case.conversation_id == conversation_id)
        .order_by(Case.opened_at.desc(), Case.number.desc())
        .limit(1)
        .with_for_update()
    )


def opened_last(session: Session, conversation_id: str) -> dt.datetime | None:
    """When the last case of a talk was opened; what was said before went into it or stays."""
    return session.scalar(
        sa.select(sa.func.max(Case.opened_at)).where(Case.conversation_id == conversation_id)
    )


def citizen_wrote(session: Session, case: Case, text: str, file_id: str | None = None) -> None:
    """Add what the citizen wrote to the thread, and let the desk know."""
    now = session.clock.now()
    _add_entry(session, case, Word(Author.CITIZEN, text, now, file_id))
    case.last_word_at = now
    events.record(session, "case.word", case_id=case.id)


def note_contact(session: Session, case: Case, contact: str, phone: str | None) -> None:
    """Keep how and when the citizen may be reached (sealed JSON); the phone is blindly indexed."""
    case.seal(session.vault, "contact", contact)
    case.phone_index = session.vault.blind("phone", phone) if phone else None
    events.record(session, "case.contact", case_id=case.id)


def ask_to_withdraw(session: Session, case: Case) -> None:
    """The citizen takes the request back (Legal Aid Law 2017, Art. 8 and 37).

    An unclaimed case closes at once; on a claimed one the officer is told and closes it.
    """
    now = session.clock.now()
    case.withdraw_asked_at = now
    if case.state is CaseState.WAITING:
        case.state, case.outcome, case.closed_at = CaseState.CLOSED, Outcome.WITHDRAWN, now
    events.record(session, "case.withdraw", case_id=case.id)


def lose_the_talk(session: Session, conversation_id: str) -> None:
    """The citizen deleted the talk: cases stay, but can't be answered through it any more."""
    for case in session.scalars(sa.select(Case).where(Case.conversation_id == conversation_id)):
        case.conversation_id = None
        events.record(session, "case.unreachable", case_id=case.id)


def move_to_talk(session: Session, case: Case, conversation_id: str, channel: str) -> None:
    """From now on the citizen is reached through another talk (resumed by code and PIN)."""
    case.conversation_id = conversation_id
    case.channel = channel
    events.record(session, "case.word", case_id=case.id)


def find_by_code(session: Session, code: str, pin: str) -> Case | None:
    """The case of a code and its PIN, or None; wrong PINs lock the case for longer and longer."""
    query = sa.select(Case).where(Case.code_index == code_index(session.vault, code))
    case = session.scalar(query.with_for_update())
    given = pin_index(session.vault, code, pin)
    if case is None:
        return None
    now = session.clock.now()
    if case.locked_until is not None and now < case.locked_until:
        return None
    if hmac.compare_digest(case.pin_index, given):
        case.wrong_pins, case.locked_until = 0, None
        return case
    case.wrong_pins += 1
    case.locked_until = now + wait_after(case.wrong_pins)
    return None


def able_offices(session: Session) -> frozenset[str]:
    """The offices with somebody who can receive a request."""
    receiving = (Role.OFFICER, Role.HEAD, Role.CENTRE)
    query = sa.select(StaffMember.office_id).where(
        StaffMember.active, StaffMember.role.in_(receiving), StaffMember.office_id.is_not(None)
    )
    return frozenset(office for office in session.scalars(query.distinct()) if office)


# --- the staff's side ---------------------------------------------------------------------------


def claim(session: Session, staff: StaffMember, case_id: str, office_name: str) -> Case:
    """Take a waiting case; exactly one of any number of claims wins.

    Raises:
        NotFoundError: not theirs to see.
        RefusedError: `held` (see the case's holder) or `closed`.
    """
    visible = access.visible_to(staff).where(Case.id == case_id).with_only_columns(Case.id)
    won = session.execute(
        sa.update(Case)
        .where(Case.id.in_(visible), Case.holder_id.is_(None), Case.state == CaseState.WAITING)
        .values(holder_id=staff.id, state=CaseState.CLAIMED, claimed_at=session.clock.now())
        .execution_options(synchronize_session=False)
    )
    case = access.the_case(session, staff, case_id)
    if _rows(won) == 1:
        session.refresh(case)
        audit.note(session, "case.claim", staff_id=staff.id, subject=case.id)
        events.record(session, "case.claimed", case_id=case.id, staff_id=staff.id)
        _tell(session, case, say("case.claimed", office=office_name))
        return case
    raise RefusedError("closed" if case.state is CaseState.CLOSED else "held")


def _rows(result: Any) -> int:
    return int(result.rowcount)


def give_back(session: Session, staff: StaffMember, case_id: str, office_name: str) -> Case:
    """Return a claimed case to the queue of its office.

    Raises:
        NotFoundError, RefusedError: `not_holder`.
    """
    case = _held(session, staff, case_id)
    case.state, case.holder_id, case.claimed_at = CaseState.WAITING, None, None
    audit.note(session, "case.give_back", staff_id=staff.id, subject=case.id)
    events.record(session, "case.given_back", case_id=case.id, staff_id=staff.id)
    _tell(session, case, say("case.given_back", office=office_name))
    return case


def reply(
    session: Session,
    staff: StaffMember,
    case_id: str,
    text: str,
    office_name: str,
    *,
    client_key: str | None = None,
    file_id: str | None = None,
) -> ThreadEntry:
    """Write to the citizen through the talk; the words leave as they are.

    `client_key` is made by the page for each reply: the same key twice says it once.

    Raises:
        NotFoundError: not theirs to see.
        RefusedError: `not_holder`, `closed`, `empty`, or `unreachable` (the talk was deleted).
    """
    access.the_case(session, staff, case_id, for_update=True)
    if client_key is not None:  # looked up under the case's lock: two presses come one by one
        said = session.scalar(sa.select(ThreadEntry).where(ThreadEntry.client_key == client_key))
        if said is not None and said.staff_id == staff.id and said.case_id == case_id:
            return said
    case = _held(session, staff, case_id)
    if not text.strip() and file_id is None:
        raise RefusedError("empty")
    if case.conversation_id is None:
        raise RefusedError("unreachable")
    now = session.clock.now()
    entry = _add_entry(session, case, Word(Author.STAFF, text, now, file_id), staff, client_key)
    case.answered_at = now
    outbox.put(
        session,
        conversation_id=case.conversation_id,
        channel=case.channel,
        kind=outbox.Kind.VERBATIM,
        body=Verbatim(text=text, office=office_name, file_id=file_id).model_dump_json(),
        thread_entry_id=entry.id,
    )
    save_draft(session, staff, case_id, "")
    audit.note(session, "case.reply", staff_id=staff.id, subject=case.id)
    events.record(session, "case.reply", case_id=case.id, staff_id=staff.id)
    return entry


def add_note(session: Session, staff: StaffMember, case_id: str, text: str) -> Note:
    """Write an internal note; nothing ever sends it.

    Raises:
        NotFoundError: not theirs to see.
        RefusedError: `empty`.
    """
    case = access.the_case(session, staff, case_id)
    if not text.strip():
        raise RefusedError("empty")
    note = Note(case_id=case.id, staff_id=staff.id, at=session.clock.now())
    note.seal(session.vault, "body", text)
    session.add(note)
    audit.note(session, "case.note", staff_id=staff.id, subject=case.id)
    events.record(session, "case.note", case_id=case.id, staff_id=staff.id)
    return note


def close(session: Session, staff: StaffMember, case_id: str, outcome: Outcome) -> Case:
    """End a case with its outcome; the citizen is told and the assistant answers again.

    Raises:
        NotFoundError, RefusedError: `not_holder`, `closed`.
    """
    case = _held(session, staff, case_id)
    case.state, case.outcome, case.closed_at = CaseState.CLOSED, outcome, session.clock.now()
    audit.note(session, "case.close", staff_id=staff.id, subject=case.id, detail=outcome)
    events.record(session, "case.closed", case_id=case.id, staff_id=staff.id)
    line = Line(key="case.closed", blanks={})
    _tell(session, case, Say(lines=(line, Line(key=f"case.outcome.{outcome}"))))
    return case


def save_draft(session: Session, staff: StaffMember, case_id: str, text: str) -> None:
    """Keep an unsent reply on the server, or drop it when it is empty.

    Raises:
        NotFoundError: not theirs to see.
    """
    case = access.the_case(session, staff, case_id)
    session.one_at_a_time(f"draft:{case.id}:{staff.id}")
    draft = session.scalar(
        sa.select(Draft).where(Draft.case_id == case.id, Draft.staff_id == staff.id)
    )
    if not text:
        if draft is not None:
            session.delete(draft)
        return
    if draft is None:
        draft = Draft(case_id=case.id, staff_id=staff.id)
        session.add(draft)
    draft.at = session.clock.now()
    draft.seal(session.vault, "body", text)


def mark_seen(session: Session, staff: StaffMember, case_id: str) -> None:
    """Remember that this staff member has read the case up to now.

    Raises:
        NotFoundError: not theirs to see.
    """
    case = access.the_case(session, staff, case_id)
    session.one_at_a_time(f"seen:{case.id}:{staff.id}")
    seen = session.scalar(sa.select(Seen).where(Seen.case_id == case.id, Seen.staff_id == staff.id))
    if seen is None:
        seen = Seen(case_id=case.id, staff_id=staff.id)
        session.add(seen)
    seen.at = session.clock.now()


def thread(session: Session, case: Case) -> Sequence[ThreadEntry]:
    """What was said between citizen and office, oldest first; `case` comes from `visible_to`."""
    query = sa.select(ThreadEntry).where(ThreadEntry.case_id == case.id)
    return session.scalars(query.order_by(ThreadEntry.at, ThreadEntry.id)).all()


def _held(session: Session, staff: StaffMember, case_id: str) -> Case:
    case = access.the_case(session, staff, case_id, for_update=True)
    if case.state is CaseState.CLOSED:
        raise RefusedError("closed")
    if case.holder_id != staff.id:
        raise RefusedError("not_holder")
    return case


def _tell(session: Session, case: Case, message: Say) -> None:
    """Say something to the citizen, if they can still be reached through the talk."""
    if case.conversation_id is None:
        return
    outbox.put(
        session,
        conversation_id=case.conversation_id,
        channel=case.channel,
        kind=outbox.Kind.SAY,
        body=message.model_dump_json(),
    )
