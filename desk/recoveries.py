"""Putting back the account of somebody who lost password, phone or key: two people do it.

Whoever could do it alone could become anybody. One admin asks, with a reason; another admin or
somebody of the centre agrees, and hands the link over. Nobody agrees to their own.
"""

import datetime as dt
from collections.abc import Sequence

import sqlalchemy as sa
from sqlalchemy.orm import Mapped, mapped_column

from cases.staff import StaffMember
from desk import auth, factors, invitations
from desk.invitations import NO_PASSWORD, AccountError, Invited
from store import audit
from store.base import Row
from store.session import Session

VALID_FOR = dt.timedelta(hours=24)
"""A request that nobody agreed to by then is over."""
LONGEST_REASON = 500


class Recovery(Row):
    """One request: waiting, decided, or over by itself."""

    __tablename__ = "recoveries"

    staff_id: Mapped[str] = mapped_column(sa.ForeignKey(StaffMember.id), index=True)
    reason: Mapped[bytes]
    """Sealed."""
    asked_by: Mapped[str] = mapped_column(sa.ForeignKey(StaffMember.id))
    asked_at: Mapped[dt.datetime]
    expires_at: Mapped[dt.datetime]
    decided_by: Mapped[str | None] = mapped_column(sa.ForeignKey(StaffMember.id))
    decided_at: Mapped[dt.datetime | None]
    granted: Mapped[bool | None]


def ask(session: Session, by: StaffMember, staff_id: str, reason: str) -> Recovery:
    """Ask that an account be put back; nothing changes before somebody else agrees.

    Raises:
        AccountError: `no_account`, `own_account`, `no_reason`, `disabled`, `not_taken_up`, or
            `asked_already`.
    """
    session.one_at_a_time("desk.accounts")
    staff = session.get(StaffMember, staff_id, populate_existing=True)
    reason = " ".join(reason.split())
    if staff is None:
        raise AccountError("no_account")
    if staff.id == by.id:
        raise AccountError("own_account")
    if not reason:
        raise AccountError("no_reason")
    if not staff.active:
        raise AccountError("not_taken_up" if staff.password_hash == NO_PASSWORD else "disabled")
    if any(one.staff_id == staff_id for one in waiting(session)):
        raise AccountError("asked_already")
    now = session.clock.now()
    made = Recovery(staff_id=staff_id, asked_by=by.id, asked_at=now, expires_at=now + VALID_FOR)
    made.seal(session.vault, "reason", reason[:LONGEST_REASON])
    session.add(made)
    audit.note(session, "staff.recovery_asked", staff_id=by.id, subject=staff_id)
    return made


def waiting(session: Session) -> Sequence[Recovery]:
    """The requests that somebody may still agree to, the oldest first."""
    query = sa.select(Recovery).where(_is_open(session)).order_by(Recovery.asked_at)
    return session.scalars(query).all()


def grant(session: Session, by: StaffMember, recovery_id: str) -> Invited:
    """Agree: password and factors are gone, every session ends, and one link opens the account.

    Raises:
        AccountError: `over`, `own_account`, or `needs_another` for whoever asked.
    """
    one = _open_one(session, recovery_id)
    if one.staff_id == by.id:
        raise AccountError("own_account")
    if one.asked_by == by.id:
        raise AccountError("needs_another")
    staff = session.get(StaffMember, one.staff_id, with_for_update=True, populate_existing=True)
    if staff is None or not staff.active:
        raise AccountError("over")
    _decide(session, by, one, granted=True)
    staff.password_hash = NO_PASSWORD
    session.flush()
    factors.forget_all(session, staff.id)
    auth.end_sessions(session, staff.id)
    audit.note(session, "staff.recovery_granted", staff_id=by.id, subject=staff.id)
    return invitations.renew_link(session, by, staff)


def refuse(session: Session, by: StaffMember, recovery_id: str) -> None:
    """Refuse a request, or take one's own back.

    Raises:
        AccountError: `over`.
    """
    one = _open_one(session, recovery_id)
    _decide(session, by, one, granted=False)
    audit.note(session, "staff.recovery_refused", staff_id=by.id, subject=one.staff_id)


def _open_one(session: Session, recovery_id: str) -> Recovery:
    one = session.scalar(
        sa.select(Recovery).where(_is_open(session), Recovery.id == recovery_id).with_for_update()
    )
    if one is None:
        raise AccountError("over")
    return one


def _decide(session: Session, by: StaffMember, one: Recovery, *, granted: bool) -> None:
    one.decided_by, one.decided_at, one.granted = by.id, session.clock.now(), granted


def _is_open(session: Session) -> sa.ColumnElement[bool]:
    return sa.and_(Recovery.decided_at.is_(None), Recovery.expires_at > session.clock.now())
