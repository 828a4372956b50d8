"""What is said in a case: words to and from the citizen, internal notes, drafts, what was read.

All functions work inside the caller's transaction and never commit.
"""

import datetime as dt
from collections.abc import Sequence
from dataclasses import dataclass

import sqlalchemy as sa

from cases import access, canned
from cases.life import CaseState, RefusedError, Who
from cases.model import CUSTODY, Case
from cases.moves import who_is
from cases.speech import Say, Verbatim
from cases.staff import StaffMember
from cases.thread import Author, Draft, Note, Seen, ThreadEntry, Told
from store import audit, events, outbox
from store.session import Session


@dataclass(frozen=True)
class Word:
    """Something said, as it goes into the thread of a case."""

    author: Author
    text: str
    at: dt.datetime
    file_id: str | None = None
    pressed: bool = False
    """A button, or what a phone shares: not words of their own."""


def add_entry(
    session: Session,
    case: Case,
    word: Word,
    staff: StaffMember | None = None,
    client_key: str | None = None,
) -> ThreadEntry:
    """Put a word into the thread of a case, whoever said it."""
    entry = ThreadEntry(
        case_id=case.id,
        author=word.author,
        staff_id=staff.id if staff else None,
        file_id=word.file_id,
        client_key=client_key,
        pressed=word.pressed,
        at=word.at,
    )
    entry.seal(session.vault, "body", word.text)
    session.add(entry)
    session.flush()
    return entry


def citizen_wrote(session: Session, case: Case, text: str, file_id: str | None = None) -> None:
    """Add what the citizen wrote to the thread, and let the desk know; a snooze ends."""
    now = session.clock.now()
    add_entry(session, case, Word(Author.CITIZEN, text, now, file_id))
    case.last_word_at, case.snoozed_until = now, None
    events.record(session, "case.word", case_id=case.id)


def danger_told(session: Session, case: Case, kind: str) -> None:
    """The citizen tells of a danger while the request is under way: it goes to the front.

    What was told before stays the case's danger; an officer may put it right.
    """
    if case.state is CaseState.CLOSED:
        return
    case.urgent = True
    case.in_custody = case.in_custody or kind == CUSTODY
    if case.danger is None:
        case.seal(session.vault, "danger", kind)
    case.next_look_at = session.clock.now()
    events.record(session, "case.danger", case_id=case.id)


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


# --- the staff's side ---------------------------------------------------------------------------


def reply(
    session: Session,
    staff: StaffMember,
    case_id: str,
    text: str,
    office_name: str,
    *,
    client_key: str | None = None,
    file_id: str | None = None,
    paper: bool = False,
) -> ThreadEntry:
    """Write to the citizen through the talk; the words leave as they are.

    `client_key` is made by the page for each reply: the same key twice says it once. `paper`: it
    is a form of the law, which goes out after the end too: the notice of a refusal (Form 08)
    can only follow the refusal.

    Raises:
        NotFoundError: not theirs to see.
        RefusedError: `not_holder`, `closed`, `empty`, `blank_left` (a blank of a canned reply was
            not filled in), or `unreachable` (the talk was deleted).
    """
    access.the_case(session, staff, case_id, for_update=True)
    if client_key is not None:  # looked up under the case's lock: two presses come one by one
        said = session.scalar(sa.select(ThreadEntry).where(ThreadEntry.client_key == client_key))
        if said is not None and said.staff_id == staff.id and said.case_id == case_id:
            return said
    case = _held(session, staff, case_id, ended_too=paper)
    if not text.strip() and file_id is None:
        raise RefusedError("empty")
    if canned.left_open(text):
        raise RefusedError("blank_left")
    if case.conversation_id is None:
        raise RefusedError("unreachable")
    now = session.clock.now()
    entry = add_entry(session, case, Word(Author.STAFF, text, now, file_id), staff, client_key)
    case.answered_at = now
    outbox.put(
        session,
        conversation_id=case.conversation_id,
        channel=case.channel,
        kind=outbox.Kind.VERBATIM,
        body=Verbatim(text=text, office=office_name, file_id=file_id).model_dump_json(),
        thread_entry_id=entry.id,
        case_id=case.id,
    )
    save_draft(session, staff, case_id, "")
    audit.note(session, "case.reply", staff_id=staff.id, subject=case.id)
    events.record(session, "case.reply", case_id=case.id, staff_id=staff.id)
    return entry


def add_note(session: Session, staff: StaffMember, case_id: str, text: str) -> Note:
    """Write an internal note; nothing ever sends it.

    Raises:
        NotFoundError: not theirs to see.
        RefusedError: `empty`, or `erased` (the citizen's wish: nothing is written about them anew).
    """
    case = access.the_case(session, staff, case_id)
    if not text.strip():
        raise RefusedError("empty")
    if case.erased_at is not None:
        raise RefusedError("erased")
    note = Note(case_id=case.id, staff_id=staff.id, at=session.clock.now())
    note.seal(session.vault, "body", text)
    session.add(note)
    audit.note(session, "case.note", staff_id=staff.id, subject=case.id)
    events.record(session, "case.note", case_id=case.id, staff_id=staff.id)
    return note


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


def told_in(session: Session, case: Case) -> Sequence[tuple[Told, Say]]:
    """What the assistant told the citizen for the office, oldest first; as `thread`."""
    query = sa.select(Told).where(Told.case_id == case.id).order_by(Told.at, Told.id)
    return tuple(
        (one, Say.model_validate_json(one.open(session.vault, "said") or "{}"))
        for one in session.scalars(query)
    )


def _held(session: Session, staff: StaffMember, case_id: str, *, ended_too: bool = False) -> Case:
    case = access.the_case(session, staff, case_id, for_update=True)
    if ended_too and may_send_papers_after_the_end(case, staff):
        return case
    if case.state is CaseState.CLOSED:
        raise RefusedError("closed")
    if case.holder_id != staff.id:
        raise RefusedError("not_holder")
    return case


def may_send_papers_after_the_end(case: Case, staff: StaffMember) -> bool:
    """Whether a case has ended and this person may still send its forms to the citizen.

    Who held it to the end, the head of its office, and the centre.
    """
    ended = case.state is CaseState.CLOSED and case.erased_at is None
    return ended and bool(who_is(case, staff) & {Who.HOLDER, Who.HEAD, Who.CENTRE})
