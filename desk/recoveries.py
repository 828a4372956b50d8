"""What two people do to an account: put it back, or give it a role that sees or rules everything.

Whoever could do it alone could become anybody. One admin asks; another admin or somebody of the
centre agrees, and hands the link over. Nobody agrees to their own.
"""

import datetime as dt
from collections.abc import Sequence
from enum import StrEnum
from typing import assert_never

import sqlalchemy as sa
from sqlalchemy.orm import Mapped, mapped_column

from cases.province import Province
from cases.staff import Role, StaffMember
from desk import auth, factors, invitations
from desk.invitations import NO_PASSWORD, AccountError, Invited
from store import audit
from store.base import Row
from store.session import Session

VALID_FOR = dt.timedelta(hours=24)
"""A request that nobody agreed to by then is over."""
LONGEST_REASON = 500


class What(StrEnum):
    """What is asked for."""

    RESET = "reset"
    """Password, phone or key was lost."""
    INVITE = "invite"
    """A new account of a role that takes two (`invitations.TWO_PEOPLE`)."""
    POST = "post"
    """Such a role for somebody who has an account."""
    LET_IN = "let_in"
    """A disabled account of such a role."""


class Recovery(Row):
    """One request: waiting, decided, or over by itself."""

    __tablename__ = "recoveries"

    staff_id: Mapped[str] = mapped_column(sa.ForeignKey(StaffMember.id), index=True)
    what: Mapped[What] = mapped_column(default=What.RESET, server_default=What.RESET)
    role: Mapped[Role | None]
    """With `POST`: the role that is asked for."""
    office_id: Mapped[str | None] = mapped_column(sa.String(30))
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
    made = _asked(session, by, staff, reason)
    audit.note(session, "staff.recovery_asked", staff_id=by.id, subject=staff_id)
    return made


def ask_to_invite(
    session: Session,
    by: StaffMember,
    province: Province,
    *,
    username: str,
    role: Role,
    office_id: str | None,
) -> Recovery:
    """Make an account of a role that takes two; its link comes when somebody else agrees.

    Raises:
        AccountError: as `invitations.make_account`.
    """
    staff = invitations.make_account(
        session, by, province, username=username, role=role, office_id=office_id
    )
    return _asked(session, by, staff, "", What.INVITE)


def ask_for_a_link(session: Session, by: StaffMember, staff_id: str) -> Recovery:
    """Ask anew for the link of such an account that nobody has taken up.

    Raises:
        AccountError: `no_account`, `taken_up`, or `asked_already`.
    """
    session.one_at_a_time("desk.accounts")
    staff = session.get(StaffMember, staff_id, populate_existing=True)
    if staff is None:
        raise AccountError("no_account")
    if staff.active or staff.password_hash != NO_PASSWORD:
        raise AccountError("taken_up")
    if any(one.staff_id == staff_id for one in waiting(session)):
        raise AccountError("asked_already")
    return _asked(session, by, staff, "", What.INVITE)


def ask_for_a_post(
    session: Session,
    by: StaffMember,
    province: Province,
    staff_id: str,
    role: Role,
    office_id: str | None,
) -> Recovery:
    """Ask that somebody be given a role that takes two; until then they keep the one they have.

    Raises:
        AccountError: `no_account`, `own_account`, `asked_already`, or as
            `invitations.check_post`.
    """
    session.one_at_a_time("desk.accounts")
    staff = session.get(StaffMember, staff_id, populate_existing=True)
    if staff is None:
        raise AccountError("no_account")
    if staff.id == by.id:
        raise AccountError("own_account")
    invitations.check_post(province, role, office_id)
    if any(one.staff_id == staff_id for one in waiting(session)):
        raise AccountError("asked_already")
    made = _asked(session, by, staff, "", What.POST)
    made.role, made.office_id = role, office_id
    audit.note(session, "staff.post_asked", staff_id=by.id, subject=staff_id)
    return made


def ask_to_let_in(session: Session, by: StaffMember, staff_id: str) -> Recovery:
    """Ask that a disabled account of a role that takes two be let in again.

    Raises:
        AccountError: `no_account`, `own_account`, `taken_up`, `not_taken_up`, or `asked_already`.
    """
    session.one_at_a_time("desk.accounts")
    staff = session.get(StaffMember, staff_id, populate_existing=True)
    if staff is None:
        raise AccountError("no_account")
    if staff.id == by.id:
        raise AccountError("own_account")
    if staff.active:
        raise AccountError("taken_up")
    if staff.password_hash == NO_PASSWORD:
        raise AccountError("not_taken_up")
    if any(one.staff_id == staff_id for one in waiting(session)):
        raise AccountError("asked_already")
    made = _asked(session, by, staff, "", What.LET_IN)
    audit.note(session, "staff.let_in_asked", staff_id=by.id, subject=staff_id)
    return made


def _asked(
    session: Session, by: StaffMember, staff: StaffMember, reason: str, what: What = What.RESET
) -> Recovery:
    now = session.clock.now()
    made = Recovery(
        staff_id=staff.id, what=what, asked_by=by.id, asked_at=now, expires_at=now + VALID_FOR
    )
    made.seal(session.vault, "reason", reason[:LONGEST_REASON])
    session.add(made)
    session.flush()
    return made


def waiting(session: Session) -> Sequence[Recovery]:
    """The requests that somebody may still agree to, the oldest first."""
    query = sa.select(Recovery).where(_is_open(session)).order_by(Recovery.asked_at)
    return session.scalars(query).all()


def grant(
    session: Session, by: StaffMember, province: Province, recovery_id: str
) -> Invited | None:
    """Agree to what is asked for; the link to hand over, where there is one.

    Of an account put back the password and factors are gone, and every session ends.

    Raises:
        AccountError: `over`, `own_account`, `needs_another` for whoever asked, or, where offices
            have changed meanwhile, as `invitations.check_post`.
    """
    one = _open_one(session, recovery_id)
    if one.staff_id == by.id:
        raise AccountError("own_account")
    if one.asked_by == by.id:
        raise AccountError("needs_another")
    staff = session.get(StaffMember, one.staff_id, with_for_update=True, populate_existing=True)
    if staff is None:
        raise AccountError("over")
    match one.what:
        case What.RESET:
            if not staff.active:
                raise AccountError("over")
            _decide(session, by, one, granted=True)
            return _put_back(session, by, staff)
        case What.INVITE:
            if staff.active or staff.password_hash != NO_PASSWORD:
                raise AccountError("over")
            _decide(session, by, one, granted=True)
            audit.note(session, "staff.invitation_agreed", staff_id=by.id, subject=staff.id)
            return invitations.renew_link(session, by, staff)
        case What.POST:
            if one.role is None:
                raise AccountError("over")
            _decide(session, by, one, granted=True)
            invitations.set_post(
                session, by, province, staff.id, one.role, one.office_id, agreed=True
            )
            return None
        case What.LET_IN:
            if staff.active or staff.password_hash == NO_PASSWORD:
                raise AccountError("over")
            _decide(session, by, one, granted=True)
            invitations.set_active(session, by, province, staff.id, active=True, agreed=True)
            return None
        case _:
            assert_never(one.what)


def _put_back(session: Session, by: StaffMember, staff: StaffMember) -> Invited:
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
