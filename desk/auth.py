"""Who is at the desk: passwords, sessions, and the devices they are known from.

A session lives on the server; the browser holds a random token, the database only its SHA-256.
"""

import asyncio
import datetime as dt
import hashlib
import secrets
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from functools import cache

import sqlalchemy as sa
from argon2 import PasswordHasher
from argon2.exceptions import InvalidHashError, VerificationError
from sqlalchemy.orm import Mapped, mapped_column

from cases.staff import StaffMember
from store import audit
from store.base import Row
from store.crypto import Vault
from store.session import Session
from store.wakes import Topic

IDLE = dt.timedelta(minutes=15)
"""A session without an act of its owner ends after this."""
LONGEST = dt.timedelta(hours=12)
"""No session outlives a working day."""
HALF = dt.timedelta(minutes=10)
"""How long a session lasts whose owner gave a password and owes a second factor."""
FRESH = dt.timedelta(minutes=10)
"""How long a proof counts for what leaves the desk or changes who may do what."""
_TOUCH_EVERY = dt.timedelta(seconds=30)

# OWASP's least for Argon2id (19 MiB, two passes, one lane): a small office server has two cores.
_argon2id = PasswordHasher(time_cost=2, memory_cost=19 * 1024, parallelism=1)


class StaffSession(Row):
    """One signed-in browser of a staff member."""

    __tablename__ = "staff_sessions"

    token_hash: Mapped[str] = mapped_column(sa.String(64), unique=True)
    """SHA-256 of the token; the token itself is only in the browser."""
    staff_id: Mapped[str] = mapped_column(sa.ForeignKey("staff.id"), index=True)
    created_at: Mapped[dt.datetime]
    last_seen_at: Mapped[dt.datetime]
    """The last act of the person; what the page fetches by itself does not count."""
    ended_at: Mapped[dt.datetime | None]
    proved_at: Mapped[dt.datetime | None]
    """When its owner last gave the strongest proof they have; None: they owe one still."""
    challenge: Mapped[str | None] = mapped_column(sa.String(100))
    """What a passkey must sign next, once, with its purpose in front."""


@dataclass(frozen=True, slots=True)
class Seat:
    """A living session, and how well it is known who sits there."""

    staff: StaffMember
    session_id: str
    proved_at: dt.datetime | None

    def is_fresh(self, now: dt.datetime) -> bool:
        """Whether the last proof is young enough for what asks for one."""
        return self.proved_at is not None and self.proved_at > now - FRESH


# --- passwords ----------------------------------------------------------------------------------


def hash_password(password: str) -> str:
    """Argon2id with a salt of its own; takes some 30 ms on purpose."""
    return _argon2id.hash(password)


@cache
def nobodys_hash() -> str:
    """What the passwords of unknown names are checked against; made once."""
    return _argon2id.hash(secrets.token_urlsafe())


def password_fits(staff: StaffMember | None, password: str) -> bool:
    """Whether the password is theirs. For nobody it takes as long and is always false."""
    known = staff is not None and staff.password_hash.startswith("$argon2")
    hashed = staff.password_hash if staff is not None and known else nobodys_hash()
    try:
        fits = _argon2id.verify(hashed, password)
    except (VerificationError, InvalidHashError):
        return False
    return fits and known and staff is not None and staff.active


_VERIFIERS = 2
"""Passwords checked at a time: each check takes a core and 19 MiB."""
_WAITING = 20
"""Tries that may wait for their check, over those that are checked."""


class FullError(Exception):
    """So many passwords wait for their check that another would wait too long."""


class Checks:
    """The queue for checking passwords."""

    def __init__(self) -> None:
        self._verifying = asyncio.Semaphore(_VERIFIERS)
        self._inside = 0

    @contextmanager
    def place(self) -> Iterator[None]:
        """A place in the queue, held until the try is over.

        Raises:
            FullError: there is none.
        """
        if self._inside >= _VERIFIERS + _WAITING:
            raise FullError
        self._inside += 1
        try:
            yield
        finally:
            self._inside -= 1

    async def fits(self, staff: StaffMember | None, password: str) -> bool:
        """As `password_fits`, in its turn and off the event loop."""
        async with self._verifying:
            return await asyncio.to_thread(password_fits, staff, password)


def set_password(session: Session, staff_id: str, hashed: str) -> None:
    """Change a password (already hashed) and end every session of its owner."""
    session.execute(
        sa.update(StaffMember).where(StaffMember.id == staff_id).values(password_hash=hashed)
    )
    end_sessions(session, staff_id)
    audit.note(session, "staff.password", staff_id=staff_id)


# --- sessions -----------------------------------------------------------------------------------


def _hash(token: str) -> str:
    return hashlib.sha256(token.encode()).hexdigest()


def sign_in(
    session: Session, staff: StaffMember, old_token: str | None, *, proved: bool = True
) -> str:
    """Begin a session and return its new token; a token the browser came with ends.

    `proved`: the password is all that is asked of them; else the session opens nothing yet.
    """
    if old_token is not None:
        _end(session, StaffSession.token_hash == _hash(old_token))
    token = secrets.token_urlsafe(32)
    now = session.clock.now()
    session.add(
        StaffSession(
            token_hash=_hash(token),
            staff_id=staff.id,
            created_at=now,
            last_seen_at=now,
            proved_at=now if proved else None,
        )
    )
    audit.note(session, "staff.sign_in", staff_id=staff.id)
    return token


def seat(session: Session, token: str) -> Seat | None:
    """A living session, proved or not yet, or None; a disabled account has none."""
    now = session.clock.now()
    found = session.execute(
        sa.select(StaffMember, StaffSession.id, StaffSession.proved_at)
        .join(StaffSession, StaffSession.staff_id == StaffMember.id)
        .where(StaffSession.token_hash == _hash(token), alive(now), StaffMember.active)
    ).one_or_none()
    return Seat(found[0], found[1], found[2]) if found is not None else None


def alive(now: dt.datetime) -> sa.ColumnElement[bool]:
    """The condition that a session has not ended, by an act or by itself."""
    return sa.and_(
        StaffSession.ended_at.is_(None),
        StaffSession.last_seen_at > now - IDLE,
        StaffSession.created_at > now - LONGEST,
        sa.or_(StaffSession.proved_at.is_not(None), StaffSession.created_at > now - HALF),
    )


def whose(session: Session, token: str) -> StaffMember | None:
    """The staff member of a living session that owes no proof, or None."""
    found = seat(session, token)
    return found.staff if found is not None and found.proved_at is not None else None


def prove(session: Session, token: str) -> str:
    """Note that the owner has just proved who they are; the token to go on with.

    A session that owed this proof gets a new token: whoever knew the old one is left behind. One
    that has ended meanwhile stays so.
    """
    now = session.clock.now()
    mine = StaffSession.token_hash == _hash(token)
    row = session.scalar(sa.select(StaffSession).where(mine, alive(now)).with_for_update())
    if row is None:
        return token
    if row.proved_at is None:
        token = secrets.token_urlsafe(32)
        row.token_hash = _hash(token)
    row.proved_at, row.challenge = now, None
    return token


def due_for_touch(session: Session, token: str) -> bool:
    """Whether the person's last act was noted so long ago that it is worth a write."""
    last = session.scalar(
        sa.select(StaffSession.last_seen_at).where(StaffSession.token_hash == _hash(token))
    )
    return last is not None and last < session.clock.now() - _TOUCH_EVERY


def touch(session: Session, token: str) -> None:
    """Note that the person did something just now."""
    session.execute(
        sa.update(StaffSession)
        .where(StaffSession.token_hash == _hash(token), StaffSession.ended_at.is_(None))
        .values(last_seen_at=session.clock.now())
    )


def sign_out(session: Session, token: str) -> None:
    """End the session of this token."""
    found = seat(session, token)
    _end(session, StaffSession.token_hash == _hash(token))
    if found is not None:
        audit.note(session, "staff.sign_out", staff_id=found.staff.id)


def end_sessions(session: Session, staff_id: str, *, but: str | None = None) -> None:
    """End every session of a staff member, but perhaps one; open pages are told at once."""
    which = StaffSession.staff_id == staff_id
    _end(session, which if but is None else sa.and_(which, StaffSession.id != but))


def end_one(session: Session, staff_id: str, session_id: str) -> None:
    """End one session of its owner."""
    _end(session, sa.and_(StaffSession.staff_id == staff_id, StaffSession.id == session_id))
    audit.note(session, "staff.session_ended", staff_id=staff_id)


def sessions_of(session: Session, staff_id: str) -> tuple[StaffSession, ...]:
    """The living sessions of a staff member, the newest first."""
    query = sa.select(StaffSession).where(StaffSession.staff_id == staff_id)
    living = query.where(alive(session.clock.now())).order_by(StaffSession.created_at.desc())
    return tuple(session.scalars(living))


def _end(session: Session, which: sa.ColumnElement[bool]) -> None:
    session.execute(
        sa.update(StaffSession)
        .where(which, StaffSession.ended_at.is_(None))
        .values(ended_at=session.clock.now())
    )
    session.wake(Topic.DESK)


# --- devices ------------------------------------------------------------------------------------


def device_cookie(vault: Vault, username: str) -> str:
    """What a browser keeps after a right password, to be told from strangers who guess."""
    mark = secrets.token_hex(8)
    return f"{mark}.{vault.blind('desk.device', f'{username}:{mark}')}"


def known_device(vault: Vault, username: str, cookie: str | None) -> str | None:
    """The mark of a device on which this account signed in before, or None."""
    mark, _, proof = (cookie or "").partition(".")
    expected = vault.blind("desk.device", f"{username}:{mark}")
    return mark if secrets.compare_digest(proof.encode(), expected.encode()) else None
