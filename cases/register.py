"""From acceptance to the end: the register, papers, providers, pauses, refusal, closing.

All functions work inside the caller's transaction and never commit. Those that take a `case_id`
raise `NotFoundError` for what is not theirs to see and `RefusedError` with the reasons of
`cases.life.why_not`; further reasons stand with each.
"""

import datetime as dt
from collections.abc import Sequence

import sqlalchemy as sa

from cases import conflicts, papers, rights
from cases.calendar import ZONE, calendar_of
from cases.clock import times_of
from cases.deadlines import DeadlineState, deadlines_of
from cases.life import (
    AtOnce,
    CaseState,
    Ground,
    Move,
    Outcome,
    ProviderGround,
    RefusedError,
)
from cases.limits import DeadlineKind, Form
from cases.model import (
    Assignment,
    Case,
    Pause,
    Refusal,
    RegisterEntry,
    WishKind,
)
from cases.moves import end, made, take_up, tell, to_queue
from cases.providers import Provider
from cases.province import Province
from cases.speech import Choice, Line, Say, say
from cases.staff import StaffMember
from cases.thread import Note
from store.session import Session

_RATED = frozenset({Outcome.ADVISED, Outcome.REPRESENTED, Outcome.REFERRED, Outcome.NOT_ENTITLED})
"""Outcomes of somebody who was dealt with: they are asked how it was (Form 11)."""

_CHANGE = Choice(key="go:provider", label=Line(key="provider.change"))

REOPEN_WITHIN = dt.timedelta(days=90)
"""After that a new request is opened instead."""

FORMS = {Form.LITIGATION: "TGTT", Form.REPRESENTATION: "ĐDNTT", Form.ADVICE: "TV"}
"""How a code names the form of legal aid (Circular 12/2018/TT-BTP, Art. 11)."""


def register_code(office: str, form: Form, number: int, year: int) -> str:
    """`CN1.TV.01.2026`: office, form, number in the register, year of receipt."""
    return f"{office}.{FORMS[form]}.{number:02}.{year}"


def accept(
    session: Session,
    staff: StaffMember,
    case_id: str,
    province: Province,
    form: Form,
    *,
    complex: bool = False,  # noqa: A002 - the law's own word
    papers_missing: str | None = None,
    named: bool = False,
    at_once: AtOnce | None = None,
) -> Case:
    """Enter a case in the register (thụ lý); from here the law's limits run.

    `papers_missing` names what is still to come, one a line: then the case must be one that is
    accepted `at_once` (Art. 30 clause 4). `named`: the citizen is told the names.

    Raises:
        RefusedError: also `accepted_already`, `papers_missing` (ask for them, or accept at once),
            `no_register` (the office has left the province's files).
    """
    case = take_up(session, staff, case_id, Move.ACCEPT)
    now = session.clock.now()
    if papers_missing is not None and papers_missing.strip():
        papers.ask(session, case, papers_missing.splitlines(), named=named)
    if case.papers_asked_at is not None and case.papers_given_at is None and at_once is None:
        raise RefusedError("papers_missing")
    try:
        office = province.office(case.office_id).register_code
    except KeyError:
        raise RefusedError("no_register") from None
    case.state, case.accepted_at = CaseState.ACCEPTED, now
    case.form, case.complex, case.accepted_because = form, complex, at_once
    entry = _enter(session, case, staff, office, form)
    made(session, case, Move.ACCEPT, staff, detail=entry.code)
    lines = [Line(key="case.accepted", blanks={"code": entry.code})]
    if case.papers_asked_at is not None and case.papers_given_at is None:
        asked = papers.asked_in_words(session, case)
        tell(session, case, Say(lines=(*lines, *asked.lines), choices=asked.choices))
    else:
        tell(session, case, Say(lines=tuple(lines)))
    return case


def _enter(
    session: Session, case: Case, staff: StaffMember, office: str, form: Form
) -> RegisterEntry:
    year = case.opened_at.astimezone(ZONE).year
    session.one_at_a_time(f"register:{office}:{form}:{year}")
    last = session.scalar(
        sa.select(sa.func.max(RegisterEntry.number)).where(
            RegisterEntry.office == office,
            RegisterEntry.form == form,
            RegisterEntry.year == year,
        )
    )
    number = (last or 0) + 1
    entry = RegisterEntry(
        case_id=case.id,
        office=office,
        form=form,
        year=year,
        number=number,
        code=register_code(office, form, number, year),
        entered_by=staff.id,
        at=session.clock.now(),
    )
    session.add(entry)
    session.flush()
    return entry


def entry_of(session: Session, case: Case) -> RegisterEntry | None:
    """The line of the register for a case, once it is accepted."""
    return session.scalar(sa.select(RegisterEntry).where(RegisterEntry.case_id == case.id))


# --- papers -------------------------------------------------------------------------------------


def ask_papers(
    session: Session,
    staff: StaffMember,
    case_id: str,
    names: str,
    *,
    named: bool = False,
    longer: bool | None = None,
) -> Case:
    """Tell the citizen, in one message, that papers are missing; `names` names them, one a line.

    A certificate may name an illness, and others may read the citizen's screen: they are told the
    names only where `named` says so. `longer`: lives in a specially difficult area, or force
    majeure.

    Raises:
        RefusedError: also `empty`, `too_long`, `too_many_papers`.
    """
    case = take_up(session, staff, case_id, Move.ASK_PAPERS)
    papers.ask(session, case, names.splitlines(), named=named)
    case.longer_for_papers = longer
    made(session, case, Move.ASK_PAPERS, staff)
    tell(session, case, papers.asked_in_words(session, case))
    return case


def papers_given(session: Session, staff: StaffMember, case_id: str) -> Case:
    """The last missing paper has come.

    Raises:
        RefusedError: also `not_asked`.
    """
    case = take_up(session, staff, case_id, Move.PAPERS_GIVEN)
    if case.papers_asked_at is None or case.papers_given_at is not None:
        raise RefusedError("not_asked")
    papers.all_given(session, staff, case)
    case.papers_given_at, case.papers_missing = session.clock.now(), None
    made(session, case, Move.PAPERS_GIVEN, staff)
    tell(session, case, say("case.papers_given"))
    return case


# --- who does it --------------------------------------------------------------------------------


def assign(session: Session, staff: StaffMember, case_id: str, provider_id: str) -> Case:
    """Appoint the provider (Art. 31 clause 2, Art. 33 clause 2); the work begins.

    Raises:
        RefusedError: also `assigned_already`, `no_such_provider`, `conflict`, `related`.
    """
    case = take_up(session, staff, case_id, Move.ASSIGN)
    if case.provider_id is not None:
        raise RefusedError("assigned_already")
    _appoint(session, staff, case, provider_id)
    now = session.clock.now()
    case.state, case.assigned_at = CaseState.IN_PROGRESS, now
    case.begun_at = case.begun_at or now
    _answer_wishes(session, case, staff)
    made(session, case, Move.ASSIGN, staff, detail=provider_id)
    tell(session, case, Say(lines=(Line(key="case.assigned"),), choices=(_CHANGE,)))
    return case


def change_provider(
    session: Session,
    staff: StaffMember,
    case_id: str,
    provider_id: str,
    ground: ProviderGround,
    reason: str,
) -> Case:
    """Appoint somebody else, for a ground of Art. 25; the citizen is told (clause 3).

    Raises:
        RefusedError: also `empty` (no reason), `not_assigned`, `same_provider`,
            `no_such_provider`, `conflict`, `related`.
    """
    case = take_up(session, staff, case_id, Move.CHANGE_PROVIDER)
    if not reason.strip():
        raise RefusedError("empty")
    if case.provider_id is None:
        raise RefusedError("not_assigned")
    if case.provider_id == provider_id:
        raise RefusedError("same_provider")
    before = session.scalars(
        sa.select(Assignment).where(Assignment.case_id == case.id, Assignment.to_at.is_(None))
    ).one()
    _appoint(session, staff, case, provider_id)
    before.to_at, before.ground = session.clock.now(), ground
    before.seal(session.vault, "reason", reason.strip())
    _answer_wishes(session, case, staff)
    made(session, case, Move.CHANGE_PROVIDER, staff, detail=f"{provider_id} {ground}")
    tell(session, case, say("case.provider_changed"))
    return case


def _appoint(session: Session, staff: StaffMember, case: Case, provider_id: str) -> None:
    provider = session.get(Provider, provider_id)
    if provider is None or not provider.active:
        raise RefusedError("no_such_provider")
    conflicts.watch(session, case)
    conflicts.check_provider(session, case, provider)
    case.provider_id = provider.id
    session.add(
        Assignment(
            case_id=case.id,
            provider_id=provider.id,
            assigned_by=staff.id,
            from_at=session.clock.now(),
        )
    )


def _answer_wishes(session: Session, case: Case, staff: StaffMember) -> None:
    """What the citizen wished about the provider is answered by the appointment."""
    for wish in rights.wishes_of(session, case):
        if wish.answered_at is None:
            wish.answered_at, wish.answered_by = session.clock.now(), staff.id
            wished_other = wish.kind is WishKind.CHANGE and wish.provider_id is None
            wish.granted = wished_other or wish.provider_id == case.provider_id


def decline_wish(session: Session, staff: StaffMember, case_id: str, reason: str) -> Case:
    """Not appoint whom the citizen wishes for; they are told why, and how to complain.

    Raises:
        RefusedError: also `empty`, `no_wish`.
    """
    case = take_up(session, staff, case_id, Move.DECLINE_WISH)
    if not reason.strip():
        raise RefusedError("empty")
    waiting = [one for one in rights.wishes_of(session, case) if one.answered_at is None]
    if not waiting:
        raise RefusedError("no_wish")
    for wish in waiting:
        wish.answered_at, wish.answered_by = session.clock.now(), staff.id
        wish.granted = False
        wish.seal(session.vault, "answer", reason.strip())
    made(session, case, Move.DECLINE_WISH, staff)
    lines = (
        Line(key="case.wish_declined", blanks={"reason": reason.strip()}),
        Line(key="case.wish_declined_next"),
    )
    tell(session, case, Say(lines=lines))
    return case


def assignments(session: Session, case: Case) -> Sequence[Assignment]:
    """Everyone who has been appointed, oldest first."""
    query = sa.select(Assignment).where(Assignment.case_id == case.id)
    return session.scalars(query.order_by(Assignment.from_at, Assignment.id)).all()


def begin(session: Session, staff: StaffMember, case_id: str) -> Case:
    """The holder gives the advice; no provider is appointed for that.

    Raises:
        RefusedError: also `needs_provider` (for litigation and representation).
    """
    case = take_up(session, staff, case_id, Move.BEGIN)
    if case.form is not Form.ADVICE:
        raise RefusedError("needs_provider")
    case.state, case.begun_at = CaseState.IN_PROGRESS, session.clock.now()
    made(session, case, Move.BEGIN, staff)
    return case


def give_advice(session: Session, staff: StaffMember, case_id: str) -> Case:
    """The written advice has gone out; its limit is met.

    Raises:
        RefusedError: also `not_advice`, `advice_given`.
    """
    case = take_up(session, staff, case_id, Move.GIVE_ADVICE)
    if case.form is not Form.ADVICE:
        raise RefusedError("not_advice")
    if case.advice_given_at is not None:
        raise RefusedError("advice_given")
    case.advice_given_at = session.clock.now()
    made(session, case, Move.GIVE_ADVICE, staff)
    return case


# --- waiting for the citizen --------------------------------------------------------------------


def pause(session: Session, staff: StaffMember, case_id: str, reason: str) -> Case:
    """The citizen owes something: the limits that the law lets stand still do.

    Raises:
        RefusedError: also `empty`, `paused`.
    """
    case = take_up(session, staff, case_id, Move.PAUSE)
    if not reason.strip():
        raise RefusedError("empty")
    if paused(session, case) is not None:
        raise RefusedError("paused")
    row = Pause(case_id=case.id, staff_id=staff.id, from_at=session.clock.now())
    row.seal(session.vault, "reason", reason.strip())
    session.add(row)
    made(session, case, Move.PAUSE, staff)
    tell(session, case, say("case.paused"))
    return case


def resume(session: Session, staff: StaffMember, case_id: str) -> Case:
    """The citizen has done it; the clock goes on.

    Raises:
        RefusedError: also `not_paused`.
    """
    case = take_up(session, staff, case_id, Move.RESUME)
    row = paused(session, case)
    if row is None:
        raise RefusedError("not_paused")
    row.to_at = session.clock.now()
    made(session, case, Move.RESUME, staff)
    tell(session, case, say("case.resumed"))
    return case


def paused(session: Session, case: Case) -> Pause | None:
    """The pause that a case is in."""
    return session.scalar(sa.select(Pause).where(Pause.case_id == case.id, Pause.to_at.is_(None)))


# --- the end ------------------------------------------------------------------------------------


def refuse(
    session: Session,
    staff: StaffMember,
    case_id: str,
    ground: Ground,
    wording: str,
    province: Province,
) -> Case:
    """Refuse to accept a case, or to go on with an accepted one (Art. 30 clause 3, Art. 37).

    `wording` are the facts as the written notice tells them (Form 08); the citizen is told here
    of the ground, that the notice follows, and how to complain.

    Raises:
        RefusedError: also `empty`, `ground_needs_acceptance`, `papers_not_due` (the time for the
            papers has not run out, or it is not known whether it is the longer one),
            `papers_to_look_at` (some came that nobody has looked at).
    """
    case = take_up(session, staff, case_id, Move.REFUSE)
    if not wording.strip():
        raise RefusedError("empty")
    accepted = case.accepted_at is not None
    if ground.only_accepted and not accepted:
        raise RefusedError("ground_needs_acceptance")
    if ground is Ground.PAPERS_MISSING and papers.waits_for_the_officer(session, case):
        raise RefusedError("papers_to_look_at")
    if ground is Ground.PAPERS_MISSING and not _papers_overdue(session, case, province):
        raise RefusedError("papers_not_due")
    row = Refusal(
        case_id=case.id,
        staff_id=staff.id,
        ground=ground,
        accepted=accepted,
        at=session.clock.now(),
    )
    row.seal(session.vault, "wording", wording.strip())
    session.add(row)
    end(session, case, Outcome.REFUSED, staff)
    made(session, case, Move.REFUSE, staff, detail=ground)
    lines = (
        Line(key="case.stopped" if accepted else "case.refused"),
        Line(key=f"case.ground.{ground}"),
        Line(key="case.how_to_complain"),
    )
    tell(session, case, Say(lines=lines))
    return case


def _papers_overdue(session: Session, case: Case, province: Province) -> bool:
    if case.longer_for_papers is None:
        return False
    calendar = calendar_of(province, case.office_id)
    found = deadlines_of(times_of(session, case), calendar, session.clock.now())
    return any(
        deadline.kind is DeadlineKind.MISSING_PAPERS and deadline.state is DeadlineState.OVERDUE
        for deadline in found
    )


def refusal_of(session: Session, case: Case) -> Refusal | None:
    """What the case was refused with, the latest time."""
    query = sa.select(Refusal).where(Refusal.case_id == case.id)
    return session.scalar(query.order_by(Refusal.at.desc(), Refusal.id.desc()).limit(1))


def close(session: Session, staff: StaffMember, case_id: str, outcome: Outcome) -> Case:
    """End a case with its outcome; the citizen is told and the assistant answers again.

    Raises:
        RefusedError: also `needs_ground` (a refusal has a ground of the law: `refuse`).
    """
    case = take_up(session, staff, case_id, Move.CLOSE)
    if outcome is Outcome.REFUSED:
        raise RefusedError("needs_ground")
    end(session, case, outcome, staff)
    made(session, case, Move.CLOSE, staff, detail=outcome)
    told = Say(lines=(Line(key="case.closed"), Line(key=f"case.outcome.{outcome}")))
    if outcome in _RATED:
        ask = Line(key="rating.ask")
        told = Say(lines=(*told.lines, ask), choices=rights.stars_to_press(case))
    tell(session, case, told)
    return case


def reopen(
    session: Session, staff: StaffMember, case_id: str, reason: str, office_name: str
) -> Case:
    """Take an ended case up again: back into the queue of its office, with all it had.

    The reason is kept as an internal note.

    Raises:
        RefusedError: also `empty`, `too_late`.
    """
    case = take_up(session, staff, case_id, Move.REOPEN)
    if not reason.strip():
        raise RefusedError("empty")
    now = session.clock.now()
    if case.closed_at is None or now - case.closed_at > REOPEN_WITHIN:
        raise RefusedError("too_late")
    to_queue(session, case)
    case.outcome, case.closed_at, case.joined_into = None, None, None
    case.withdraw_asked_at, case.withdraw_reason = None, None
    note = Note(case_id=case.id, staff_id=staff.id, at=now)
    note.seal(session.vault, "body", reason.strip())
    session.add(note)
    made(session, case, Move.REOPEN, staff)
    tell(session, case, say("case.reopened", office=office_name))
    return case
