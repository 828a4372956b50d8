"""Accounts by invitation: a link shown once to whoever invites, that lets one person in once.

No mail server is needed: whoever invites hands the link over. The database keeps its SHA-256 only.
"""

import datetime as dt
import hashlib
import re
import secrets
from collections.abc import Sequence
from dataclasses import dataclass

import sqlalchemy as sa
from sqlalchemy.orm import Mapped, mapped_column

from cases.handover import release_cases_of
from cases.province import Province
from cases.staff import RECEIVING, Role, StaffMember
from desk import auth
from store import audit
from store.base import Row
from store.session import Session

VALID_FOR = dt.timedelta(hours=72)
NO_PASSWORD = "!"  # noqa: S105 - none
"""In place of a hash, for accounts that nobody has taken up yet: no password fits it."""
TWO_PEOPLE = frozenset({Role.ADMIN, Role.CENTRE})
"""Roles that see every case, or make accounts: nobody gives one of them alone (`recoveries`)."""
ONE_ADMIN = frozenset({Role.OFFICER, Role.HEAD})
"""Roles that one admin gives alone; they open no case until a leader has said who it is."""
_USERNAME = re.compile(r"[a-z0-9][a-z0-9._-]{1,58}[a-z0-9]")


class Invitation(Row):
    """One link: unused and unexpired, or over."""

    __tablename__ = "invitations"

    staff_id: Mapped[str] = mapped_column(sa.ForeignKey(StaffMember.id), index=True)
    token_hash: Mapped[str] = mapped_column(sa.String(64), unique=True)
    """SHA-256 of the token; the token itself was shown once."""
    made_by: Mapped[str] = mapped_column(sa.ForeignKey(StaffMember.id))
    made_at: Mapped[dt.datetime]
    expires_at: Mapped[dt.datetime]
    used_at: Mapped[dt.datetime | None]
    revoked_at: Mapped[dt.datetime | None]


class AccountError(Exception):
    """An act on an account that can't be done; `reason` is a key of texts."""

    def __init__(self, reason: str) -> None:
        self.reason = reason
        super().__init__(reason)


@dataclass(frozen=True, slots=True)
class Invited:
    """A link just made; its token is never known again."""

    staff: StaffMember
    token: str
    expires_at: dt.datetime


def _hash(token: str) -> str:
    return hashlib.sha256(token.encode()).hexdigest()


def check_post(province: Province, role: Role, office_id: str | None) -> None:
    """Whether a role can be held at an office, or at none.

    Raises:
        AccountError: `no_office`, `needs_office`, `centre_only`, or `branch_only`.
    """
    if role not in RECEIVING:
        if office_id is not None:
            raise AccountError("no_office")
        return
    if office_id not in {office.id for office in province.offices}:
        raise AccountError("needs_office")
    if (role is Role.CENTRE) != (office_id == province.centre.id):
        raise AccountError("centre_only" if role is Role.CENTRE else "branch_only")


def invite(
    session: Session,
    by: StaffMember,
    province: Province,
    *,
    username: str,
    role: Role,
    office_id: str | None,
) -> Invited:
    """Make an account that is nobody's yet, and the link by which its person takes it up.

    Raises:
        AccountError: `two_people`, or as `make_account`.
    """
    if role in TWO_PEOPLE:
        raise AccountError("two_people")
    staff = make_account(session, by, province, username=username, role=role, office_id=office_id)
    return _link(session, by, staff)


def make_account(
    session: Session,
    by: StaffMember,
    province: Province,
    *,
    username: str,
    role: Role,
    office_id: str | None,
) -> StaffMember:
    """An account that is nobody's yet, and that nobody can take up.

    Raises:
        AccountError: `bad_username`, `taken`, or as `check_post`.
    """
    session.one_at_a_time("desk.accounts")
    username = username.strip().lower()
    if not _USERNAME.fullmatch(username):
        raise AccountError("bad_username")
    if session.scalar(sa.select(StaffMember.id).where(StaffMember.username == username)):
        raise AccountError("taken")
    check_post(province, role, office_id)
    staff = StaffMember(
        username=username,
        role=role,
        office_id=office_id,
        password_hash=NO_PASSWORD,
        active=False,
        unconfirmed=role in ONE_ADMIN,
        created_at=session.clock.now(),
        languages=[],
        specialisms=[],
    )
    staff.seal(session.vault, "name", username)
    session.add(staff)
    session.flush()
    audit.note(session, "staff.invited", staff_id=by.id, subject=staff.id)
    return staff


def invite_again(session: Session, by: StaffMember, staff_id: str) -> Invited:
    """A new link for somebody who has not taken the account up; older ones stop working.

    Raises:
        AccountError: `no_account`, or `taken_up` and `two_people`: that takes two
            (`desk.recoveries`).
    """
    staff = _account(session, staff_id)
    if staff.role in TWO_PEOPLE:
        raise AccountError("two_people")
    if staff.active or staff.password_hash != NO_PASSWORD:
        raise AccountError("taken_up")
    audit.note(session, "staff.invited", staff_id=by.id, subject=staff.id)
    return renew_link(session, by, staff)


def renew_link(session: Session, by: StaffMember, staff: StaffMember) -> Invited:
    """A link in the place of all others; the caller has seen to it that it may be made."""
    _revoke(session, staff.id)
    return _link(session, by, staff)


def revoke(session: Session, by: StaffMember, staff_id: str) -> None:
    """Make every open link of an account useless.

    Raises:
        AccountError: `no_account`.
    """
    staff = _account(session, staff_id)
    _revoke(session, staff.id)
    audit.note(session, "staff.invitation_revoked", staff_id=by.id, subject=staff.id)


def open_invitation(session: Session, token: str) -> tuple[Invitation, StaffMember] | None:
    """The invitation that a token opens, with its account; None when it is over or never was."""
    found = session.execute(
        sa.select(Invitation, StaffMember)
        .join(StaffMember, StaffMember.id == Invitation.staff_id)
        .where(_is_open(session), Invitation.token_hash == _hash(token))
    ).one_or_none()
    return (found[0], found[1]) if found is not None else None


def take_up(session: Session, token: str, name: str, hashed: str) -> StaffMember:
    """Let the invited person in: their name, their password (already hashed), the link used up.

    Raises:
        AccountError: `link_over`: used, revoked, expired or never made.
    """
    now = session.clock.now()
    used = session.execute(
        sa.update(Invitation)
        .where(_is_open(session), Invitation.token_hash == _hash(token))
        .values(used_at=now)
        .returning(Invitation.staff_id)
        .execution_options(synchronize_session=False)
    ).scalar_one_or_none()
    if used is None:
        raise AccountError("link_over")
    staff = _account(session, used)
    if not staff.active and staff.password_hash != NO_PASSWORD:
        raise AccountError("link_over")
    staff.seal(session.vault, "name", name)
    staff.active = True
    session.flush()
    auth.set_password(session, staff.id, hashed)
    audit.note(session, "staff.joined", staff_id=staff.id, subject=staff.id)
    return staff


def set_post(
    session: Session,
    by: StaffMember,
    province: Province,
    staff_id: str,
    role: Role,
    office_id: str | None,
    *,
    agreed: bool = False,
) -> None:
    """Change somebody's role or office; what they hold goes back to its queue.

    `agreed`: by a second person, as a role of `TWO_PEOPLE` needs it.

    Raises:
        AccountError: `no_account`, `own_account`, `two_people`, or as `check_post`.
    """
    staff = _account(session, staff_id)
    if staff.id == by.id:
        raise AccountError("own_account")
    if role in TWO_PEOPLE and role is not staff.role and not agreed:
        raise AccountError("two_people")
    check_post(province, role, office_id)
    if (staff.role, staff.office_id) == (role, office_id):
        return
    staff.role, staff.office_id = role, office_id
    staff.unconfirmed = role in ONE_ADMIN and not agreed
    session.flush()
    release_cases_of(session, staff, province)
    auth.end_sessions(session, staff.id)
    audit.note(session, "staff.post", staff_id=by.id, subject=staff.id)


def set_active(
    session: Session,
    by: StaffMember,
    province: Province,
    staff_id: str,
    *,
    active: bool,
    agreed: bool = False,
) -> int:
    """Disable an account, or let it in again; how many cases went back to their queues.

    Whom one admin lets in again waits for a leader's word as a newcomer does.

    Raises:
        AccountError: `no_account`, `own_account`, `not_taken_up` (invite them again instead), or
            `two_people` (`recoveries.ask_to_let_in`).
    """
    staff = _account(session, staff_id)
    if staff.id == by.id:
        raise AccountError("own_account")
    if active and staff.password_hash == NO_PASSWORD:
        raise AccountError("not_taken_up")
    if active and staff.role in TWO_PEOPLE and not agreed:
        raise AccountError("two_people")
    if active and not staff.active:
        staff.unconfirmed = staff.role in ONE_ADMIN and not agreed
    staff.active = active
    session.flush()
    released = 0
    if not active:
        _revoke(session, staff.id)
        auth.end_sessions(session, staff.id)
        released = len(release_cases_of(session, staff, province))
    act = "staff.enabled" if active else "staff.disabled"
    audit.note(session, act, staff_id=by.id, subject=staff.id)
    return released


def newcomers(session: Session, by: StaffMember) -> Sequence[StaffMember]:
    """The accounts that wait for a leader's word, oldest first: a head's own branch, or all.

    A head vouches for officers, the centre for everybody; nobody for themselves.
    """
    query = sa.select(StaffMember).where(
        StaffMember.active, StaffMember.unconfirmed, StaffMember.id != by.id
    )
    match by.role:
        case _ if by.unconfirmed:
            return ()
        case Role.CENTRE:
            pass
        case Role.HEAD:
            query = query.where(
                StaffMember.office_id == by.office_id, StaffMember.role == Role.OFFICER
            )
        case _:
            return ()
    return session.scalars(query.order_by(StaffMember.created_at, StaffMember.username)).all()


def confirm(session: Session, by: StaffMember, staff_id: str) -> None:
    """A leader knows this person: from now on they see the cases of their office.

    Raises:
        AccountError: `no_account`: there is none that waits for this leader's word.
    """
    _newcomer(session, by, staff_id).unconfirmed = False
    audit.note(session, "staff.confirmed", staff_id=by.id, subject=staff_id)


def turn_away(session: Session, by: StaffMember, province: Province, staff_id: str) -> None:
    """A leader does not know this person: the account is closed at once.

    Raises:
        AccountError: `no_account`: there is none that waits for this leader's word.
    """
    set_active(session, by, province, _newcomer(session, by, staff_id).id, active=False)
    audit.note(session, "staff.turned_away", staff_id=by.id, subject=staff_id)


def _newcomer(session: Session, by: StaffMember, staff_id: str) -> StaffMember:
    for one in newcomers(session, by):
        if one.id == staff_id:
            return one
    raise AccountError("no_account")


def open_links(session: Session) -> dict[str, dt.datetime]:
    """Until when an open link of an account lasts, by the account's id."""
    found = session.execute(
        sa.select(Invitation.staff_id, Invitation.expires_at).where(_is_open(session))
    )
    return {staff_id: until for staff_id, until in found}  # noqa: C416 - rows, not pairs


def _is_open(session: Session) -> sa.ColumnElement[bool]:
    return sa.and_(
        Invitation.used_at.is_(None),
        Invitation.revoked_at.is_(None),
        Invitation.expires_at > session.clock.now(),
    )


def _account(session: Session, staff_id: str) -> StaffMember:
    staff = session.get(StaffMember, staff_id, with_for_update=True, populate_existing=True)
    if staff is None:
        raise AccountError("no_account")
    return staff


def _link(session: Session, by: StaffMember, staff: StaffMember) -> Invited:
    token, now = secrets.token_urlsafe(32), session.clock.now()
    session.add(
        Invitation(
            staff_id=staff.id,
            token_hash=_hash(token),
            made_by=by.id,
            made_at=now,
            expires_at=now + VALID_FOR,
        )
    )
    return Invited(staff, token, now + VALID_FOR)


def _revoke(session: Session, staff_id: str) -> None:
    session.execute(
        sa.update(Invitation)
        .where(
            Invitation.staff_id == staff_id,
            Invitation.used_at.is_(None),
            Invitation.revoked_at.is_(None),
        )
        .values(revoked_at=session.clock.now())
        .execution_options(synchronize_session=False)
    )
