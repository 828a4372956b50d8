"""What a citizen may do with a request once it is sent, and how the centre answers a complaint.

All functions work inside the caller's transaction and never commit. The citizen's own take the
locked `Case` (the talk's lock is held); the staff's take a `case_id` and raise as the others do.
"""

import datetime as dt
from collections.abc import Mapping, Sequence
from enum import StrEnum
from types import MappingProxyType

import sqlalchemy as sa
from sqlalchemy.orm import Mapped, mapped_column

from cases.life import (
    CaseState,
    ComplaintKind,
    Move,
    Outcome,
    ProviderGround,
    RefusedError,
    Who,
    check,
)
from cases.model import Case, ProviderWish, WishKind
from cases.moves import end, made, take_up, tell, to_queue
from cases.providers import Provider
from cases.speech import Choice, Line, say
from cases.staff import Role, StaffMember
from store import audit, events
from store.base import Row
from store.session import Session

MOST_STARS = 5


class Complaint(Row):
    """One complaint (Form 03; Law 11/2017/QH14, Art. 45)."""

    __tablename__ = "complaints"

    case_id: Mapped[str] = mapped_column(sa.ForeignKey(Case.id), index=True)
    kind: Mapped[ComplaintKind | None]
    about: Mapped[bytes | None]
    """Sealed; None: forgotten."""
    against_id: Mapped[str | None] = mapped_column(sa.ForeignKey(StaffMember.id))
    """Who held the case then: they don't read it."""
    at: Mapped[dt.datetime]
    answer: Mapped[bytes | None]
    """Sealed: the centre's decision."""
    answered_at: Mapped[dt.datetime | None]
    answered_by: Mapped[str | None] = mapped_column(sa.ForeignKey(StaffMember.id))
    to_department_at: Mapped[dt.datetime | None]
    """When the Department of Justice received it; its 15 days run from here."""
    department_answered_at: Mapped[dt.datetime | None]


class Rating(Row):
    """How satisfied somebody was at the end (Form 11)."""

    __tablename__ = "ratings"

    case_id: Mapped[str] = mapped_column(sa.ForeignKey(Case.id), index=True)
    stars: Mapped[int]
    """1 to 5."""
    attitude: Mapped[int | None]
    responsibility: Mapped[int | None]
    skill: Mapped[int | None]
    """What the form asks beside the whole, 1 to 5; None: passed over."""
    words: Mapped[bytes | None]
    """Sealed."""
    at: Mapped[dt.datetime]


_CITIZEN = frozenset({Who.CITIZEN})


def ask_to_withdraw(session: Session, case: Case, reason: str | None = None) -> None:
    """The citizen takes the request back (Legal Aid Law 2017, Art. 8 and 37; Form 05).

    An unclaimed case closes at once; on a claimed one the officer is told and closes it. A closed
    one stays as it is.
    """
    if case.state is CaseState.CLOSED:
        return
    case.withdraw_asked_at = session.clock.now()
    case.seal(session.vault, "withdraw_reason", reason)
    if case.state is CaseState.WAITING:
        end(session, case, Outcome.WITHDRAWN, None)
        made(session, case, Move.WITHDRAW)
    else:
        made(session, case, Move.ASK_WITHDRAWAL)


UNDO_WITHIN = dt.timedelta(hours=24)
"""So long a withdrawal can be taken back with one tap; after that a new request is sent."""


def may_undo_withdrawal(session: Session, case: Case) -> bool:
    """Whether it was withdrawn a short while ago, and no officer has closed it since."""
    asked = case.withdraw_asked_at
    if asked is None or session.clock.now() - asked > UNDO_WITHIN:
        return False
    # What closed by the citizen's own word was held by nobody.
    by_citizen = case.outcome is Outcome.WITHDRAWN and case.holder_id is None
    return case.state is not CaseState.CLOSED or by_citizen


def undo_withdrawal(session: Session, case: Case) -> None:
    """The request goes on where it stood.

    Raises:
        RefusedError: `too_late` (an officer has acted, or a day has passed).
    """
    if not may_undo_withdrawal(session, case):
        raise RefusedError("too_late")
    move = Move.KEEP_REQUEST
    if case.state is CaseState.CLOSED:
        move = Move.UNDO_WITHDRAWAL
        to_queue(session, case)
        case.outcome, case.closed_at = None, None
    case.withdraw_asked_at, case.withdraw_reason = None, None
    made(session, case, move)


# --- the provider -------------------------------------------------------------------------------


def choose_provider(session: Session, case: Case, provider_id: str) -> ProviderWish:
    """Wish for a provider of the published list (Art. 8 clause 5); the office appoints.

    Raises:
        RefusedError: `closed`, `no_such_provider`, `assigned_already` (ask for another one).
    """
    if case.state is CaseState.CLOSED:
        raise RefusedError("closed")
    if case.provider_id is not None:
        raise RefusedError("assigned_already")
    for before in _waiting(session, case):  # another choice: the one before does not count
        before.answered_at = session.clock.now()
    return _wish(session, case, ProviderWish(kind=WishKind.CHOICE, provider_id=provider_id))


def ask_for_another_provider(
    session: Session,
    case: Case,
    ground: ProviderGround | None,
    reason: str,
    provider_id: str | None = None,
) -> ProviderWish:
    """Ask for another provider (Form 04; answered in 3 working days).

    `ground` is one of Art. 25; None: in their own words only, and the office sees which it is.

    Raises:
        RefusedError: `closed`, `empty`, `not_assigned`, `no_such_provider`, `wished` (the wish
            before is not answered yet).
    """
    if case.state is CaseState.CLOSED:
        raise RefusedError("closed")
    if case.provider_id is None:
        raise RefusedError("not_assigned")
    if not reason.strip():
        raise RefusedError("empty")
    if _waiting(session, case):
        raise RefusedError("wished")
    wish = ProviderWish(kind=WishKind.CHANGE, provider_id=provider_id, ground=ground)
    wish.seal(session.vault, "reason", reason.strip())
    return _wish(session, case, wish)


def _wish(session: Session, case: Case, wish: ProviderWish) -> ProviderWish:
    if wish.provider_id is not None:
        wished = session.get(Provider, wish.provider_id)
        if wished is None or not wished.active:
            raise RefusedError("no_such_provider")
    wish.case_id, wish.at = case.id, session.clock.now()
    case.next_look_at = wish.at
    session.add(wish)
    session.flush()
    audit.note(session, "case.provider_wish", staff_id=None, subject=case.id, detail=wish.kind)
    events.record(session, "case.provider_wish", case_id=case.id)
    return wish


def wishes_of(session: Session, case: Case) -> Sequence[ProviderWish]:
    """What the citizen has wished about the provider, newest first."""
    query = sa.select(ProviderWish).where(ProviderWish.case_id == case.id)
    return session.scalars(query.order_by(ProviderWish.at.desc(), ProviderWish.id.desc())).all()


def _waiting(session: Session, case: Case) -> tuple[ProviderWish, ...]:
    return tuple(one for one in wishes_of(session, case) if one.answered_at is None)


def change_asked(session: Session, case: Case) -> ProviderWish | None:
    """The wish for another provider that the clock looks at: the newest."""
    changes = (one for one in wishes_of(session, case) if one.kind is WishKind.CHANGE)
    return next(changes, None)


# --- complaints ---------------------------------------------------------------------------------


def complain(
    session: Session, case: Case, about: str, kind: ComplaintKind | None = None
) -> Complaint:
    """Take a complaint; the centre's 3 working days begin.

    Whoever takes it tells the citizen until when it is answered.

    Raises:
        RefusedError: `empty`, or `complained` (the one before is not answered yet).
    """
    check(Move.COMPLAIN, case.state, _CITIZEN)
    if not about.strip():
        raise RefusedError("empty")
    before = complaint_of(session, case)
    if before is not None and before.answered_at is None:
        raise RefusedError("complained")
    complaint = Complaint(
        case_id=case.id, kind=kind, against_id=case.holder_id, at=session.clock.now()
    )
    complaint.seal(session.vault, "about", about.strip())
    session.add(complaint)
    session.flush()
    made(session, case, Move.COMPLAIN)
    return complaint


def may_read_complaint(session: Session, staff: StaffMember, case: Case) -> bool:
    """Whether this person may read what is complained of in a case, and answer it.

    The centre, but nobody whose own work it is about: the holder of then or now, or the provider.
    Where the centre has nobody else, its only person still has to answer (Art. 45 clause 2).
    """
    if staff.role is not Role.CENTRE:
        return False
    complaint = complaint_of(session, case)
    provider = session.get(Provider, case.provider_id) if case.provider_id else None
    concerned = {
        complaint.against_id if complaint else None,
        case.holder_id,
        provider.staff_id if provider else None,
    }
    if staff.id not in concerned:
        return True
    others = sa.select(StaffMember.id).where(
        StaffMember.active,
        StaffMember.role == Role.CENTRE,
        StaffMember.id.not_in([one for one in concerned if one is not None]),
    )
    return session.scalar(others.limit(1)) is None


def complaint_of(session: Session, case: Case) -> Complaint | None:
    """The complaint that the clock looks at: the newest."""
    query = sa.select(Complaint).where(Complaint.case_id == case.id)
    return session.scalar(query.order_by(Complaint.at.desc(), Complaint.id.desc()).limit(1))


def answer_complaint(session: Session, staff: StaffMember, case_id: str, answer: str) -> Complaint:
    """The head of the centre has decided (Art. 45 clause 2); the citizen is told where to go next.

    Raises:
        NotFoundError, RefusedError: `not_centre`, `empty`, `no_complaint`, `complained_of` (it is
            about their own work).
    """
    case = take_up(session, staff, case_id, Move.ANSWER_COMPLAINT)
    if not may_read_complaint(session, staff, case):
        raise RefusedError("complained_of")
    if not answer.strip():
        raise RefusedError("empty")
    complaint = complaint_of(session, case)
    if complaint is None or complaint.answered_at is not None:
        raise RefusedError("no_complaint")
    complaint.answered_at, complaint.answered_by = session.clock.now(), staff.id
    complaint.seal(session.vault, "answer", answer.strip())
    made(session, case, Move.ANSWER_COMPLAINT, staff)
    # Not in the thread: whom it is about may read that.
    tell(session, case, say("case.complaint_answered").model_copy(update={"secret": True}))
    return complaint


def note_department(
    session: Session, staff: StaffMember, case_id: str, *, answered: bool
) -> Complaint:
    """The Department of Justice has received the complaint, or has answered it.

    Raises:
        NotFoundError, RefusedError: `not_centre`, `no_complaint`, `complained_of` (it is about
            their own work).
    """
    case = take_up(session, staff, case_id, Move.FOLLOW_COMPLAINT)
    if not may_read_complaint(session, staff, case):
        raise RefusedError("complained_of")
    complaint = complaint_of(session, case)
    if complaint is None or (answered and complaint.to_department_at is None):
        raise RefusedError("no_complaint")
    now = session.clock.now()
    if answered:
        complaint.department_answered_at = complaint.department_answered_at or now
    else:
        complaint.to_department_at = complaint.to_department_at or now
    detail = "department answered" if answered else "to the department"
    made(session, case, Move.FOLLOW_COMPLAINT, staff, detail=detail)
    return complaint


# --- satisfaction -------------------------------------------------------------------------------


def rate(session: Session, case: Case, stars: int, words: str | None = None) -> Rating:
    """Keep how satisfied the citizen is with a case that has ended, once for each ending.

    Raises:
        ValueError: the stars are not 1 to 5.
        RefusedError: `not_closed`, `rated`.
    """
    check(Move.RATE, case.state, _CITIZEN)
    if not 1 <= stars <= MOST_STARS:
        raise ValueError(f"{stars} is not 1 to {MOST_STARS}")
    rated = sa.select(Rating.id).where(Rating.case_id == case.id, Rating.at >= case.closed_at)
    if session.scalar(rated.limit(1)) is not None:
        raise RefusedError("rated")
    rating = Rating(case_id=case.id, stars=stars, at=session.clock.now())
    rating.seal(session.vault, "words", words.strip() if words and words.strip() else None)
    session.add(rating)
    session.flush()
    made(session, case, Move.RATE)
    return rating


class Asked(StrEnum):
    """What Form 11 asks beside the whole."""

    ATTITUDE = "attitude"
    RESPONSIBILITY = "responsibility"
    SKILL = "skill"


def add_to_rating(
    session: Session,
    case: Case,
    *,
    given: Mapping[Asked, int] = MappingProxyType({}),
    words: str | None = None,
) -> None:
    """Add what was said after the stars to the newest rating; nothing happens without one.

    Raises:
        ValueError: something is not 1 to 5.
    """
    found = ratings_of(session, case)
    if not found:
        return
    rating = found[-1]
    for asked, stars in given.items():
        if not 1 <= stars <= MOST_STARS:
            raise ValueError(f"{stars} is not 1 to {MOST_STARS}")
        setattr(rating, asked, stars)
    if words and words.strip():
        rating.seal(session.vault, "words", words.strip())


def may_rate(session: Session, case: Case) -> bool:
    """Whether a case has ended and was not rated since; there is nobody to rate if none took it."""
    if case.state is not CaseState.CLOSED or case.claimed_at is None:
        return False
    return not any(case.closed_at and one.at >= case.closed_at for one in ratings_of(session, case))


def stars_to_press(case: Case) -> tuple[Choice, ...]:
    """One button for each number of stars, worst first, so that a typed 4 is four stars."""
    return tuple(
        Choice(key=f"r:{case.id}:{stars}", label=Line(key=f"rating.stars_{stars}"))
        for stars in range(1, MOST_STARS + 1)
    )


def ratings_of(session: Session, case: Case) -> Sequence[Rating]:
    """How the citizen has rated a case, oldest first."""
    query = sa.select(Rating).where(Rating.case_id == case.id)
    return session.scalars(query.order_by(Rating.at, Rating.id)).all()
