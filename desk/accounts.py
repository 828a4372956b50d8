"""The accounts of a demonstration: one of each role, and two for every active office."""

import random

import sqlalchemy as sa

from cases import canned
from cases.province import Office, OfficeKind, Province
from cases.staff import Role, StaffMember
from desk.auth import hash_password
from store import audit
from store.session import Session

_CONSONANTS = "bcdghklmnprstvx"
_VOWELS = "aeiou"


def readable_password(source: random.Random) -> str:
    """Sixteen letters in four groups that can be read out over the phone, about 50 bits."""
    return "-".join(
        "".join(source.choice(_CONSONANTS) + source.choice(_VOWELS) for _ in range(2))
        for _ in range(4)
    )


def add_staff(
    session: Session, username: str, name: str, role: Role, office_id: str | None, password: str
) -> StaffMember:
    """Create one account.

    Raises:
        ValueError: there is an account of this name already.
    """
    session.one_at_a_time("desk.accounts")
    if session.scalar(sa.select(StaffMember.id).where(StaffMember.username == username)):
        raise ValueError(f"there is an account {username} already")
    staff = StaffMember(
        username=username,
        role=role,
        office_id=office_id,
        password_hash=hash_password(password),
        active=True,
        created_at=session.clock.now(),
    )
    staff.seal(session.vault, "name", name)
    session.add(staff)
    audit.note(session, "staff.created", staff_id=None, subject=staff.id)
    return staff


def ensure_demo_accounts(
    session: Session, province: Province, password: str | None
) -> tuple[tuple[str, str], ...]:
    """Create the demo accounts that are missing, and return each new one with its password.

    Accounts that exist, disabled ones too, are left as they are. Every password is random unless
    one is given for all. Never called in production.
    """
    session.one_at_a_time("desk.accounts")  # several processes may start together
    source = random.SystemRandom()
    there = set(session.scalars(sa.select(StaffMember.username)))
    made: list[tuple[str, str]] = []
    for username, name, role, office_id in _demo_accounts(province):
        if username in there:
            continue
        secret = password or readable_password(source)
        add_staff(session, username, name, role, office_id, secret)
        made.append((username, secret))
    keeper = session.scalar(sa.select(StaffMember).where(StaffMember.role == Role.CENTRE).limit(1))
    if not there and keeper is not None:  # whoever tries the desk out finds something behind `/`
        canned.take_starters(session, keeper, None)
    return tuple(made)


def _demo_accounts(province: Province) -> list[tuple[str, str, Role, str | None]]:
    accounts: list[tuple[str, str, Role, str | None]] = [
        ("admin", "Quản trị (tài khoản thử)", Role.ADMIN, None),
        ("editor", "Biên tập (tài khoản thử)", Role.EDITOR, None),
        ("auditor", "Kiểm tra (tài khoản thử)", Role.AUDITOR, None),
    ]
    for office in province.offices:
        if not office.active:
            continue
        head, officer = _roles(office)
        accounts += [
            (f"head.{office.id}", f"Trưởng {_short(office)} (thử)", head, office.id),
            (f"officer.{office.id}", f"Cán bộ {_short(office)} (thử)", officer, office.id),
        ]
    return accounts


def _roles(office: Office) -> tuple[Role, Role]:
    """The centre's people see every branch."""
    if office.kind is OfficeKind.CENTRE:
        return Role.CENTRE, Role.CENTRE
    return Role.HEAD, Role.OFFICER


def _short(office: Office) -> str:
    return "Trung tâm" if office.kind is OfficeKind.CENTRE else office.name
