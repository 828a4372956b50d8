"""The queue: a request is opened, found again, claimed by one officer, and given back.

All functions work inside the caller's transaction and never commit.
"""

import datetime as dt
import hmac
from dataclasses import dataclass, replace
from typing import Any

import sqlalchemy as sa

from cases import access, conflicts, consent
from cases.calendar import calendar_of
from cases.clock import times_of
from cases.codes import FIRST_WAIT, FREE_TRIES, LONGEST_WAIT
from cases.deadlines import DeadlineState, deadlines_of
from cases.life import HELD, CaseState, Move, RefusedError, check, standing
from cases.limits import DeadlineKind
from cases.model import CUSTODY, Case, Transfer, TransferState
from cases.moves import made, take_up, tell, to_queue, who_is, withdraw_offer
from cases.province import Province
from cases.speech import say
from cases.staff import StaffMember
from cases.talking import Word, add_entry
from store import brakes, events
from store.brakes import Count, Doubling, Window
from store.crypto import Vault
from store.session import Session


@dataclass(frozen=True)
class NewRequest:
    """All that a case is opened with. `screening` and `contact` are JSON and get sealed."""

    code: str
    pin: str
    conversation_id: str | None
    """None: taken in at the desk."""
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
    staff_id: str | None = None
    """Who took it in at the desk."""


def code_index(vault: Vault, code: str) -> str:
    """What a case is found by."""
    return vault.blind("cases.code", code)


def pin_index(vault: Vault, code: str, pin: str) -> str:
    """What a PIN is compared with. Keyed, so a stolen database does not allow guessing."""
    return vault.blind("cases.pin", f"{code}:{pin}")


def new_keys(session: Session, case: Case, code: str, pin: str) -> None:
    """Put a new code and PIN in the place of the old ones, which open nothing any more."""
    case.code_index = code_index(session.vault, code)
    case.pin_index = pin_index(session.vault, code, pin)
    case.pin_alone = pin_alone(session.vault, case.id, pin)


def pin_alone(vault: Vault, case_id: str, pin: str) -> str:
    """What a PIN is compared with in the talk that the case belongs to."""
    return vault.blind("cases.pin_alone", f"{case_id}:{pin}")


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
        in_custody=request.danger == CUSTODY,
        law_version=request.law_version,
        opened_at=now,
        last_word_at=now,
        next_look_at=now,
    )
    case.pin_alone = pin_alone(session.vault, case.id, request.pin)
    case.seal(session.vault, "screening", request.screening)
    case.seal(session.vault, "danger", request.danger)
    session.add(case)
    session.flush()
    for word in request.words:
        add_entry(session, case, word)
    events.record(session, "case.opened", case_id=case.id, staff_id=request.staff_id)
    return case


def case_spoken_to(session: Session, conversation_id: str) -> Case | None:
    """The case a talk is about: one an officer holds, else a waiting one, else the last."""
    return session.scalar(_SPOKEN_TO, {"talk": conversation_id})


# Built once, as every turn asks.
_SPOKEN_TO = (
    sa.select(Case)
    .where(Case.conversation_id == sa.bindparam("talk"))
    .order_by(
        sa.case((Case.state.in_(HELD), 0), (Case.state == CaseState.WAITING, 1), else_=2),
        sa.func.coalesce(Case.answered_at, Case.claimed_at, Case.opened_at).desc(),
        Case.number.desc(),
    )
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


def note_contact(session: Session, case: Case, contact: str, phone: str | None) -> None:
    """Keep how and when the citizen may be reached (sealed JSON); the phone is blindly indexed."""
    case.seal(session.vault, "contact", contact)
    case.phone_index = session.vault.blind("phone", phone) if phone else None
    events.record(session, "case.contact", case_id=case.id)


_BY_TALK = Doubling(5, dt.timedelta(seconds=30), dt.timedelta(minutes=15))
"""Wrong pairs of code and PIN of one talk, over all codes."""
_BY_TALK_IN_A_FLOOD = replace(_BY_TALK, free_tries=1)
"""While very many are wrong everywhere: one try of each talk is still free."""
_BY_LINE = Window(30, dt.timedelta(minutes=15))
"""Wrong pairs of one line to the internet, where talks cost nothing; a village may share it."""
_BY_ALL = Count("codes.all", "", Window(120, dt.timedelta(minutes=1)))
_FROM_ONE_PLACE = Doubling(FREE_TRIES, FIRST_WAIT, dt.timedelta(hours=4))
"""Wrong PINs for one code from one account or line: 22 on a day at most, see `_BY_STRANGERS`."""
_BY_STRANGERS = Window(40, dt.timedelta(days=1))
"""Wrong PINs for one code from all who were never its owners. More than one of them can make, so
that one alone keeps nobody else out; of a million PINs 1.5 % in a year of guessing by many."""
_OWN = Doubling(FREE_TRIES, FIRST_WAIT, LONGEST_WAIT)
"""Wrong PINs typed in a talk that the case belongs to, or once was sent from."""


@dataclass(frozen=True)
class Trier:
    """From where a code and a PIN are tried."""

    talk_id: str
    line: str | None = None
    """Fingerprint of the line to the internet, on a channel where anybody begins talks freely."""

    @property
    def place(self) -> str:
        """What somebody else would have to change."""
        return self.line or self.talk_id


def find_by_code(session: Session, code: str, pin: str, trier: Trier) -> Case | None:
    """The case of a code and its PIN, or None, for whatever reason it is not shown.

    Wrong PINs keep the place they come from away from the code for longer and longer, and very
    many of them all strangers; never a talk that the case was sent from or is answered in. Wrong
    pairs also count against the talk and the line, whatever codes they try; a flood of them from
    everywhere leaves each talk fewer tries, and no talk none. What nobody has costs the same work.
    """
    rule = _BY_TALK_IN_A_FLOOD if brakes.wait(session, _BY_ALL) else _BY_TALK
    tries = [Count("codes.talk", trier.talk_id, rule)]
    if trier.line is not None:
        tries.append(Count("codes.line", trier.line, _BY_LINE))
    if brakes.count_try(session, *tries):
        return None
    query = sa.select(Case).where(Case.code_index == code_index(session.vault, code))
    case = session.scalar(query.with_for_update())
    of_code = _brakes_of(session, case, code if case is not None else "", trier)
    held = brakes.count_try(session, *of_code)
    given = pin_index(session.vault, code, pin)
    right = hmac.compare_digest(case.pin_index if case is not None else _NOBODYS, given)
    if case is None or held or not right:
        brakes.count_try(session, _BY_ALL)
        return None
    brakes.take_back(session, *of_code, *tries)
    return case


_NOBODYS = "-" * 64
"""In place of the fingerprint of a PIN, for codes that nobody has."""


def _brakes_of(session: Session, case: Case | None, code: str, trier: Trier) -> tuple[Count, ...]:
    """The counts of one code; those that nobody has share theirs, so that they fill no table."""
    case_id = case.id if case is not None else ""
    owned = consent.was_given_in(session, case_id, trier.talk_id)
    if owned or (case is not None and case.conversation_id == trier.talk_id):
        return (Count("codes.own", trier.talk_id, _OWN),)
    return (
        Count("codes.place", f"{code}:{trier.place}", _FROM_ONE_PLACE),
        Count("codes.strangers", code, _BY_STRANGERS if code else _NEVER),
    )


_NEVER = replace(_BY_STRANGERS, most=2**31)


def strangers_may_try(session: Session, code: str) -> bool:
    """Whether a code is not shut to all but its owners' talks; for measuring."""
    return not brakes.wait(session, Count("codes.strangers", code, _BY_STRANGERS))


def open_by_pin(session: Session, conversation_id: str, pin: str) -> bool:
    """Whether the PIN is that of a case of this talk, or of one that was joined into it.

    Wrong ones lock them to it as above.

    What strangers try with the code does not lock the owner's own talk, nor the other way round.
    """
    own_tries = Count("codes.own", conversation_id, _OWN)
    if brakes.count_try(session, own_tries):
        return False
    of_talk = Case.conversation_id == conversation_id
    joined = Case.joined_into.in_(sa.select(Case.id).where(of_talk))
    cases = session.scalars(
        sa.select(Case)
        .where(sa.or_(of_talk, joined), Case.pin_alone.is_not(None))
        .order_by(Case.id)
        .with_for_update()
    ).all()
    right = [
        hmac.compare_digest(case.pin_alone or "", pin_alone(session.vault, case.id, pin))
        for case in cases
    ]
    if any(right):
        brakes.take_back(session, own_tries)
    return any(right)


# --- the staff's side ---------------------------------------------------------------------------


def claim(session: Session, staff: StaffMember, case_id: str, office_name: str) -> Case:
    """Take a waiting case; exactly one of any number of claims wins.

    A case that had been accepted before it came back goes on where it stood.

    Raises:
        NotFoundError: not theirs to see.
        RefusedError: `held` (see the case's holder), `closed`, `not_of_office` (it is only offered
            to them), or `inactive` (their own account was closed meanwhile).
    """
    _still_active(session, staff)
    now = session.clock.now()
    how_far = sa.case(
        (Case.begun_at.is_not(None), CaseState.IN_PROGRESS),
        (Case.accepted_at.is_not(None), CaseState.ACCEPTED),
        else_=CaseState.CLAIMED,
    )
    # Said of the row itself, not of a list of ids: PostgreSQL looks at it again after a wait
    won = session.execute(
        sa.update(Case)
        .where(
            Case.id == case_id,
            access.belongs_to(staff),
            Case.holder_id.is_(None),
            Case.state == CaseState.WAITING,
        )
        .values(holder_id=staff.id, state=sa.type_coerce(how_far, Case.state.type), claimed_at=now)
        .execution_options(synchronize_session=False)
    )
    if _rows(won) != 1:
        case = access.the_case(session, staff, case_id)
        session.refresh(case)
        check(Move.CLAIM, case.state, who_is(case, staff))
        raise RefusedError("held")
    case = session.get_one(Case, case_id, populate_existing=True)
    made(session, case, Move.CLAIM, staff)
    conflicts.watch(session, case)
    tell(session, case, say("case.claimed", office=office_name))
    return case


def _rows(result: Any) -> int:
    return int(result.rowcount)


def _still_active(session: Session, staff: StaffMember) -> None:
    """Keep the account from being closed until this is committed; staff come before cases."""
    active = sa.select(StaffMember.active).where(StaffMember.id == staff.id)
    if not session.scalar(active.with_for_update(read=True)):
        raise RefusedError("inactive")


def give_back(session: Session, staff: StaffMember, case_id: str, office_name: str) -> Case:
    """Return a case to the queue of its office.

    Raises:
        NotFoundError, RefusedError: `not_holder`, `not_claimed`, `closed`.
    """
    case = take_up(session, staff, case_id, Move.GIVE_BACK)
    to_queue(session, case)
    made(session, case, Move.GIVE_BACK, staff)
    tell(session, case, say("case.given_back", office=office_name))
    return case


def take_over(session: Session, staff: StaffMember, case_id: str, province: Province) -> Case:
    """Take for the centre what its branch has left unclaimed past the promise of 8 working hours.

    The alarm is raised before, by the clock; to take the case is a person's act.

    Raises:
        NotFoundError: not theirs to see.
        RefusedError: `held`, `closed`, `not_centre`, `inactive`, `own_office` (it lies at the
            centre: claim it), or `not_overdue`.
    """
    _still_active(session, staff)
    case = take_up(session, staff, case_id, Move.TAKE_OVER)
    centre, now = province.centre, session.clock.now()
    if case.office_id == centre.id:
        raise RefusedError("own_office")
    calendar = calendar_of(province, case.office_id)
    overdue = {
        deadline.kind
        for deadline in deadlines_of(times_of(session, case), calendar, now)
        if deadline.state is DeadlineState.OVERDUE
    }
    if DeadlineKind.CLAIM not in overdue:
        raise RefusedError("not_overdue")
    withdraw_offer(session, case, TransferState.CANCELLED, staff)
    session.add(
        Transfer(
            case_id=case.id,
            from_office=case.office_id,
            to_office=centre.id,
            state=TransferState.TAKEN,
            offered_by=staff.id,
            offered_at=now,
            decided_by=staff.id,
            decided_at=now,
        )
    )
    branch = province.label_of(case.office_id)
    case.routing_rule = "taken_over"
    case.routing_reason = f"{branch} chưa có người nhận, nên {centre.label} nhận thay."
    case.office_id, case.queued_at = centre.id, now
    case.holder_id, case.claimed_at = staff.id, now
    case.state = standing(accepted=case.accepted_at is not None, begun=case.begun_at is not None)
    made(session, case, Move.TAKE_OVER, staff)
    conflicts.watch(session, case)
    tell(session, case, say("case.taken_over", office=centre.label))
    return case


def snooze(session: Session, staff: StaffMember, case_id: str, until: dt.datetime | None) -> Case:
    """Put a case aside until a moment, or until the citizen writes; None takes it up again.

    Raises:
        NotFoundError, RefusedError: `not_holder`, `not_claimed`, `closed`, or `past`.
    """
    case = take_up(session, staff, case_id, Move.SNOOZE)
    if until is not None and until <= session.clock.now():
        raise RefusedError("past")
    case.snoozed_until = until
    made(session, case, Move.SNOOZE, staff)
    return case
