"""What lies around a case: requests joined to it, an office that said no, a complaint, a rating."""

import datetime as dt
from dataclasses import dataclass

from cases import joining, rights, transfer
from cases.life import CaseState
from cases.model import Case, Transfer, TransferState
from cases.staff import Role, StaffMember
from desk import citizen_texts
from desk.frame import Frame
from store.session import Session


@dataclass(frozen=True)
class JoinedCase:
    """The other one of two requests that were joined."""

    id: str
    number: int


@dataclass(frozen=True)
class Declined:
    """An office that did not take the case, which is still where it was."""

    office: str
    reason: str
    at: dt.datetime


@dataclass(frozen=True)
class ComplaintRecord:
    """A complaint as the centre follows it (Law 11/2017/QH14, Art. 45)."""

    kind: str | None
    about: str | None
    at: dt.datetime
    answer: str | None
    answered_at: dt.datetime | None
    to_department_at: dt.datetime | None
    department_answered_at: dt.datetime | None


@dataclass(frozen=True)
class RatingView:
    """How satisfied the citizen was (Form 11); what was passed over is None."""

    stars: int
    parts: tuple[tuple[str, int], ...]
    words: str | None
    at: dt.datetime


@dataclass(frozen=True)
class Around:
    """All of it."""

    into: JoinedCase | None
    """Where a joined request goes on."""
    joined: tuple[JoinedCase, ...]
    declined: Declined | None
    complaint: ComplaintRecord | None
    """None also for whom it is about."""
    ratings: tuple[RatingView, ...]
    """For the centre only, to whom it was said."""

    @property
    def to_department(self) -> bool:
        """Whether the centre has answered, and the Department has not been heard of."""
        found = self.complaint
        return (
            found is not None and found.answered_at is not None and found.to_department_at is None
        )

    @property
    def with_department(self) -> bool:
        """Whether the Department of Justice owes an answer."""
        found = self.complaint
        return (
            found is not None
            and found.to_department_at is not None
            and found.department_answered_at is None
        )


def look_around(
    session: Session, frame: Frame, staff: StaffMember, case: Case, *, reads_complaint: bool
) -> Around:
    """What lies around a case; it comes from `visible_to`."""
    into, joined = joining.around(session, staff, case)
    return Around(
        into=JoinedCase(into.id, into.number) if into is not None else None,
        joined=tuple(JoinedCase(one.id, one.number) for one in joined),
        declined=_declined(session, frame, case),
        complaint=_complaint(session, case) if reads_complaint else None,
        ratings=_ratings(session, case) if staff.role is Role.CENTRE else (),
    )


def _declined(session: Session, frame: Frame, case: Case) -> Declined | None:
    """The last answer, as long as it still matters here."""
    newest: Transfer | None = next(iter(transfer.transfers_of(session, case)), None)
    if newest is None or newest.state is not TransferState.DECLINED:
        return None
    if newest.decided_at is None or case.state is CaseState.CLOSED:
        return None
    return Declined(
        office=frame.office_label(newest.to_office),
        reason=newest.open(session.vault, "answer") or "",
        at=newest.decided_at,
    )


def _complaint(session: Session, case: Case) -> ComplaintRecord | None:
    found = rights.complaint_of(session, case)
    if found is None:
        return None
    return ComplaintRecord(
        kind=citizen_texts.complaint(found.kind) if found.kind is not None else None,
        about=found.open(session.vault, "about"),
        at=found.at,
        answer=found.open(session.vault, "answer"),
        answered_at=found.answered_at,
        to_department_at=found.to_department_at,
        department_answered_at=found.department_answered_at,
    )


def _ratings(session: Session, case: Case) -> tuple[RatingView, ...]:
    return tuple(
        RatingView(
            stars=one.stars,
            parts=tuple(
                (citizen_texts.RATED[asked], stars)
                for asked, stars in (
                    (rights.Asked.ATTITUDE, one.attitude),
                    (rights.Asked.RESPONSIBILITY, one.responsibility),
                    (rights.Asked.SKILL, one.skill),
                )
                if stars is not None
            ),
            words=one.open(session.vault, "words"),
            at=one.at,
        )
        for one in rights.ratings_of(session, case)
    )
