"""What a citizen agreed to: purpose, wording and moment. Rows are only ever added.

Law on personal data protection 91/2025/QH15 and Decree 356/2025: consent per purpose,
provable, sensitive data named as such.
"""

import datetime as dt
import hashlib

import sqlalchemy as sa
from sqlalchemy.orm import Mapped, mapped_column

from cases.purpose import Manner, Purpose
from store.base import Row
from store.session import Session

WITHDRAWN = "status.withdraw_confirm"
"""The words under which a whole request is taken back."""


class ConsentRow(Row):
    """One act of agreeing or withdrawing."""

    __tablename__ = "consents"

    conversation_id: Mapped[str | None] = mapped_column(sa.String(32), index=True)
    """None: agreed to at the desk."""
    case_id: Mapped[str | None] = mapped_column(sa.String(32), index=True)
    purpose: Mapped[Purpose]
    given: Mapped[bool]
    """False when it is withdrawn."""
    wording: Mapped[str] = mapped_column(sa.String(60))
    """The text's key in bot/texts, or of the desk's own words (`desk.…`)."""
    wording_hash: Mapped[str] = mapped_column(sa.String(64))
    """SHA-256 of the text as it was shown."""
    wording_version: Mapped[int | None]
    """Which version of the text it was, as its history on the desk counts; None: not kept there."""
    language: Mapped[str] = mapped_column(sa.String(5))
    manner: Mapped[Manner | None]
    """How it was given to an officer; None: in the talk."""
    staff_id: Mapped[str | None] = mapped_column(sa.String(32))
    """The officer who heard it."""
    at: Mapped[dt.datetime]


def given_before(session: Session, case_id: str) -> frozenset[Purpose]:
    """What held before the request was taken back; a consent taken back by itself stays so."""
    rows = session.scalars(
        sa.select(ConsentRow)
        .where(ConsentRow.case_id == case_id, ConsentRow.wording != WITHDRAWN)
        .order_by(ConsentRow.at, ConsentRow.id)
    )
    last = {row.purpose: row.given for row in rows}
    return frozenset(purpose for purpose, given in last.items() if given)


def standing(session: Session, case_id: str) -> tuple[ConsentRow, ...]:
    """The last word on each purpose of a case, in the order of the purposes."""
    rows = session.scalars(
        sa.select(ConsentRow)
        .where(ConsentRow.case_id == case_id)
        .order_by(ConsentRow.at, ConsentRow.id)
    )
    last = {row.purpose: row for row in rows}
    return tuple(last[purpose] for purpose in Purpose if purpose in last)


def was_given_in(session: Session, case_id: str, conversation_id: str) -> bool:
    """Whether a talk is one in which something was agreed to for a case."""
    found = session.scalar(_GIVEN_IN, {"of_case": case_id, "talk": conversation_id})
    return found is not None


_GIVEN_IN = (
    sa.select(ConsentRow.id)
    .where(
        ConsentRow.case_id == sa.bindparam("of_case"),
        ConsentRow.conversation_id == sa.bindparam("talk"),
        ConsentRow.given,
    )
    .limit(1)
)


def record(
    session: Session,
    *,
    conversation_id: str | None,
    case_id: str | None,
    purpose: Purpose,
    given: bool,
    wording: str,
    shown: str,
    version: int | None = None,
    language: str,
    manner: Manner | None = None,
    staff_id: str | None = None,
) -> None:
    """Add one consent, or its withdrawal, within the caller's transaction."""
    session.add(
        ConsentRow(
            conversation_id=conversation_id,
            case_id=case_id,
            purpose=purpose,
            given=given,
            wording=wording,
            wording_hash=hashlib.sha256(shown.encode()).hexdigest(),
            wording_version=version,
            language=language,
            manner=manner,
            staff_id=staff_id,
            at=session.clock.now(),
        )
    )
