"""What citizens ask about their own data, and the receipts of what was erased.

Law on personal data protection 91/2025/QH15, Decree 356/2025: to see, correct, withdraw, erase.
What can be done at once is done in the talk; the rest waits here for the centre, `PROMISE` at
most. Receipts are only ever added, and name nobody.
"""

import datetime as dt
import json
from collections.abc import Mapping, Sequence
from enum import StrEnum

import sqlalchemy as sa
from sqlalchemy.orm import Mapped, mapped_column

from cases import callbacks
from cases.model import Case
from cases.purpose import Purpose
from cases.screened import without_sensitive
from cases.staff import StaffMember
from eligibility.facts import Facts
from store import audit, events
from store.base import Row
from store.erasures import erase
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
