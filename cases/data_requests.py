"""What citizens ask about their own data, and the receipts of what was erased.

Law on personal data protection 91/2025/QH15, Decree 356/2025: to see, correct, withdraw, erase.
What can be done at once is done in the talk; the rest waits here for the centre, `PROMISE` at
most. Receipts are only ever added, and name nobody.
"""

import datetime as dt
import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from enum import StrEnum

import sqlalchemy as sa
from sqlalchemy.orm import Mapped, mapped_column

from cases import access, callbacks
from cases.access import NotFoundError
from cases.chat_groups import ChatTold
from cases.life import CaseState, RefusedError
from cases.model import Appointment, Assignment, Case, ProviderWish, Transfer
from cases.papers import AskedPaper, PaperFile
from cases.parties import Party
from cases.purpose import Purpose
from cases.rights import Rating
from cases.screened import without_sensitive
from cases.staff import StaffMember
from cases.thread import Draft, Note, ThreadEntry, Told
from eligibility.facts import Facts
from store import audit, events
from store.base import Row
from store.erasures import erase
from store.files import StoredFile
from store.session import Session

PROMISE = dt.timedelta(hours=72)
"""Our own; the decree gives longer (correct 10, withdraw 15, erase 20 days)."""


class Asked(StrEnum):
    """What is asked for."""

    CORRECT = "correct"
    WITHDRAW = "withdraw"
    """What was agreed to about somebody else: a person looks at it."""
    ERASE = "erase"


class Kept(StrEnum):
    """Why something is kept; each has a text of its own."""

    CASE_FILE = "case_file"
    """A case that was accepted: the file of state legal aid."""
    CONSENTS = "consents"
    """The proof of what was agreed to, and of its withdrawal."""


class DataRequest(Row):
    """One request that waits for a person."""

    __tablename__ = "data_requests"

    number: Mapped[int] = mapped_column(unique=True)
    asked: Mapped[Asked]
    case_id: Mapped[str] = mapped_column(sa.ForeignKey(Case.id), index=True)
    purpose: Mapped[Purpose | None]
    words: Mapped[bytes | None]
    """Sealed: what is to be corrected."""
    at: Mapped[dt.datetime]
    due_at: Mapped[dt.datetime]
    done_at: Mapped[dt.datetime | None] = mapped_column(index=True)
    done_by: Mapped[str | None] = mapped_column(sa.ForeignKey(StaffMember.id))
    granted: Mapped[bool | None]


class Receipt(Row):
    """What was erased at one time, by counts. Never changed, never deleted."""

    __tablename__ = "receipts"

    number: Mapped[int] = mapped_column(unique=True)
    erased: Mapped[dict[str, int]] = mapped_column(sa.JSON())
    """By kind: `messages`, `files`, `notes`, `contact`…"""
    kept: Mapped[list[str]] = mapped_column(sa.JSON())
    """`Kept`s."""
    at: Mapped[dt.datetime]


def add_receipt(session: Session, erased: Mapping[str, int], kept: Sequence[Kept]) -> Receipt:
    """Write down what was erased, and what is kept."""
    receipt = Receipt(
        number=_next(session, Receipt.number),
        erased=dict(erased),
        kept=[str(one) for one in kept],
        at=session.clock.now(),
    )
    session.add(receipt)
    session.flush()
    audit.note(session, "data.erased", staff_id=None, detail=f"receipt {receipt.number}")
    return receipt


def ask(
    session: Session,
    case: Case,
    asked: Asked,
    *,
    purpose: Purpose | None = None,
    words: str | None = None,
) -> DataRequest:
    """Put a request on the centre's list; one of a kind waits once for a case."""
    waiting = session.scalar(
        sa.select(DataRequest).where(
            DataRequest.case_id == case.id,
            DataRequest.asked == asked,
            DataRequest.purpose == purpose,
            DataRequest.done_at.is_(None),
        )
    )
    if waiting is not None and words is None:
        return waiting
    now = session.clock.now()
    found = DataRequest(
        number=_next(session, DataRequest.number),
        asked=asked,
        case_id=case.id,
        purpose=purpose,
        at=now,
        due_at=now + PROMISE,
    )
    found.seal(session.vault, "words", words)
    session.add(found)
    session.flush()
    audit.note(session, "data.asked", staff_id=None, subject=case.id, detail=str(asked))
    events.record(session, "case.data_asked", case_id=case.id)
    return found


def _next(session: Session, column: sa.orm.InstrumentedAttribute[int]) -> int:
    session.one_at_a_time(f"number:{column}")
    return (session.scalar(sa.select(sa.func.max(column))) or 0) + 1


# --- what stops at once -------------------------------------------------------------------------


def stop_calling(session: Session, case: Case) -> None:
    """The number is forgotten and nobody calls any more."""
    wish = callbacks.open_callback(session, case)
    if wish is not None:
        wish.ended_at = session.clock.now()
    erase(session, Case, "id", [case.id], "contact", "phone_index")
    session.refresh(case)
    events.record(session, "case.contact", case_id=case.id)


def hide_sensitive(session: Session, case: Case) -> None:
    """What the law calls sensitive goes out of the screening's result, for everybody.

    That somebody may be in danger stays: it keeps the office from calling them.
    """
    told = json.loads(case.open(session.vault, "screening") or "{}")
    facts = without_sensitive(Facts.model_validate(told.get("facts", {})))
    kept = {str(fact): value for fact, value in facts.known().items()}
    left = {"facts": kept, "outcome": told.get("outcome"), "grounds": [], "papers": []}
    erase(session, Case, "id", [case.id], "screening")
    session.refresh(case)
    case.seal(session.vault, "screening", json.dumps(left, ensure_ascii=False))
    events.record(session, "case.data_asked", case_id=case.id)


# --- the centre's side --------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class Listed:
    """A request with its case."""

    request: DataRequest
    case: Case


def listed(session: Session, staff: StaffMember) -> Sequence[Listed]:
    """What waits, due first."""
    query = (
        access.visible_to(staff)
        .join(DataRequest, DataRequest.case_id == Case.id)
        .where(DataRequest.done_at.is_(None))
        .add_columns(DataRequest)
        .order_by(DataRequest.due_at, DataRequest.number)
    )
    return tuple(Listed(request, case) for case, request in session.execute(query))


def the_request(session: Session, staff: StaffMember, request_id: str) -> Listed:
    """One request and its case, locked.

    Raises:
        NotFoundError: there is none, or it is not theirs to see.
    """
    found = session.get(DataRequest, request_id)
    if found is None:
        raise NotFoundError
    case = access.the_case(session, staff, found.case_id, for_update=True)
    session.refresh(found)
    return Listed(found, case)


def decide(
    session: Session, staff: StaffMember, request_id: str, *, granted: bool
) -> Receipt | None:
    """Do what was asked, or keep to what the law demands; the receipt of what was erased.

    Raises:
        NotFoundError: not theirs to see.
        RefusedError: `decided` (somebody was quicker), `must_be_kept` (accepted: the file of
            state legal aid), or `not_closed` (close it first).
    """
    one = the_request(session, staff, request_id)
    request, case = one.request, one.case
    if request.done_at is not None:
        raise RefusedError("decided")
    receipt = None
    if granted and request.asked is Asked.ERASE:
        if case.accepted_at is not None:
            raise RefusedError("must_be_kept")
        if case.state is not CaseState.CLOSED:
            raise RefusedError("not_closed")
        receipt = add_receipt(session, erase_content(session, case), [Kept.CONSENTS])
    request.done_at, request.done_by = session.clock.now(), staff.id
    request.granted = granted
    detail = f"{request.asked} {'done' if granted else 'kept'}"
    audit.note(session, "data.decided", staff_id=staff.id, subject=case.id, detail=detail)
    events.record(session, "case.data_decided", case_id=case.id, staff_id=staff.id)
    return receipt


SEALED = ("screening", "contact", "phone_index", "danger", "withdraw_reason", "papers_missing")
"""What a case itself holds of a person."""


def erase_content(session: Session, case: Case) -> Mapping[str, int]:
    """Erase all that a case holds of a person; its number, days and office stay, for the figures.

    Whether it may be erased was asked before.
    """
    in_thread = sa.select(ThreadEntry.file_id).where(
        ThreadEntry.case_id == case.id, ThreadEntry.file_id.is_not(None)
    )
    files = [one for one in session.scalars(in_thread) if one is not None]
    entries = session.scalars(sa.select(ThreadEntry.id).where(ThreadEntry.case_id == case.id))
    erase(session, ChatTold, "entry_id", entries.all())
    erase(session, PaperFile, "case_id", [case.id])
    erase(session, AskedPaper, "case_id", [case.id])
    erase(session, Told, "case_id", [case.id])
    erase(session, Appointment, "case_id", [case.id], "detail")
    erase(session, Transfer, "case_id", [case.id], "reason", "answer")
    erase(session, Assignment, "case_id", [case.id], "reason")
    erase(session, ProviderWish, "case_id", [case.id], "reason", "answer")
    erase(session, Rating, "case_id", [case.id], "words")
    counts = {
        "messages": erase(session, ThreadEntry, "case_id", [case.id]),
        "notes": erase(session, Note, "case_id", [case.id])
        + erase(session, Draft, "case_id", [case.id]),
        "people": erase(session, Party, "case_id", [case.id]),
        "files": erase(session, StoredFile, "id", files),
    }
    erase(session, DataRequest, "case_id", [case.id], "words")
    counts["facts"] = erase(session, Case, "id", [case.id], *SEALED)
    session.refresh(case)
    return counts
