"""What proves beside the password who sits at the desk: codes of an app, passkeys, codes on paper.

Every proof counts once: the step of a code, the challenge of a passkey and a code on paper are
used up in the same statement that checks them.
"""

import datetime as dt
import json
import secrets
from dataclasses import dataclass
from enum import StrEnum
from urllib.parse import urlsplit

import pyotp
import sqlalchemy as sa
import webauthn
from sqlalchemy.orm import Mapped, mapped_column
from webauthn.helpers import base64url_to_bytes, bytes_to_base64url
from webauthn.helpers.exceptions import WebAuthnException
from webauthn.helpers.structs import (
    AuthenticatorSelectionCriteria,
    PublicKeyCredentialDescriptor,
    ResidentKeyRequirement,
    UserVerificationRequirement,
)

from cases.staff import StaffMember
from desk import auth
from desk.auth import StaffSession
from store import audit
from store.base import Row
from store.session import Session

ISSUER = "Tràm"
PAPER_CODES = 10
MOST_PASSKEYS = 10
LONGEST_NAME = 60
_STEP = 30
"""Seconds of a code, as every app counts."""
_WINDOW = 1
"""Steps that a clock may be early or late."""
_NEVER = -1
_LETTERS = "abcdefghjkmnpqrstuvwxyz23456789"
"""Those that nobody takes for another when reading from paper."""
_LETTERS_OF_A_CODE = 12


class Authenticator(Row):
    """An app on somebody's phone that shows a new code every 30 seconds (RFC 6238)."""

    __tablename__ = "authenticators"

    staff_id: Mapped[str] = mapped_column(sa.ForeignKey(StaffMember.id), index=True)
    secret: Mapped[bytes]
    """Sealed; base32."""
    made_at: Mapped[dt.datetime]
    confirmed_at: Mapped[dt.datetime | None]
    """None: shown, and no code of it was given yet; it proves nothing."""
    last_step: Mapped[int] = mapped_column(sa.BigInteger, default=_NEVER)
    """The step of the last code that counted; it and all earlier ones count no more."""


class Passkey(Row):
    """A key pair whose private half never leaves a phone, a computer or a token (WebAuthn)."""

    __tablename__ = "passkeys"

    staff_id: Mapped[str] = mapped_column(sa.ForeignKey(StaffMember.id), index=True)
    name: Mapped[bytes]
    """Sealed; what its owner calls it."""
    credential_id: Mapped[str] = mapped_column(sa.String(1400), unique=True)
    """Base64url, as the browser names it."""
    public_key: Mapped[str] = mapped_column(sa.Text)
    """Base64url of the COSE key."""
    sign_count: Mapped[int] = mapped_column(sa.BigInteger)
    """How often it had signed; a copy of the key falls behind. 0: it does not count."""
    made_at: Mapped[dt.datetime]
    used_at: Mapped[dt.datetime | None]


class PaperCode(Row):
    """A code for the day the phone is lost; works once."""

    __tablename__ = "recovery_codes"

    staff_id: Mapped[str] = mapped_column(sa.ForeignKey(StaffMember.id), index=True)
    code_hash: Mapped[str] = mapped_column(sa.String(64))
    """A keyed fingerprint; a code has 59 bits, so nothing slower is needed."""
    used_at: Mapped[dt.datetime | None]


class FactorError(Exception):
    """A proof that is none, or a factor that can't be had; `reason` is a key of texts."""

    def __init__(self, reason: str) -> None:
        self.reason = reason
        super().__init__(reason)


@dataclass(frozen=True, slots=True)
class Relying:
    """Where passkeys are bound to: the address in the browser, and the name in it."""

    origin: str
    rp_id: str

    @classmethod
    def at(cls, public_url: str) -> "Relying":
        """Of the address that the internet reaches the desk at."""
        parts = urlsplit(public_url)
        return cls(f"{parts.scheme}://{parts.netloc}", parts.hostname or "")


@dataclass(frozen=True, slots=True)
class Policy:
    """What is asked of the staff here."""

    required: bool = False
    """Everybody needs a second factor; else whoever has one."""
    relying: Relying | None = None
    """None: it is not known where the desk is reached, so there are no passkeys."""


@dataclass(frozen=True, slots=True)
class Means:
    """What somebody can prove themselves by, beside the password."""

    app: bool
    passkeys: int
    paper: int
    """Unused codes on paper."""

    @property
    def any(self) -> bool:
        """Codes on paper stand in for a factor; they are none."""
        return self.app or self.passkeys > 0


class Standing(StrEnum):
    """What a session still owes before it opens the desk."""

    FULL = "full"
    OWES_PROOF = "owes proof"
    OWES_FACTOR = "owes factor"
    """They have no second factor, and need one."""


def means_of(session: Session, staff_id: str) -> Means:
    """What somebody has."""
    app = sa.select(sa.func.count()).where(_in_use(staff_id))
    keys = sa.select(sa.func.count()).where(Passkey.staff_id == staff_id)
    paper = sa.select(sa.func.count()).where(
        PaperCode.staff_id == staff_id, PaperCode.used_at.is_(None)
    )
    return Means(bool(session.scalar(app)), session.scalar(keys) or 0, session.scalar(paper) or 0)


def standing(session: Session, seat: auth.Seat, policy: Policy) -> Standing:
    """What a session owes."""
    if seat.proved_at is not None and not policy.required:
        return Standing.FULL
    has_any = means_of(session, seat.staff.id).any
    if policy.required and not has_any:
        return Standing.OWES_FACTOR
    return Standing.OWES_PROOF if seat.proved_at is None else Standing.FULL


# --- codes of an app ----------------------------------------------------------------------------


def begin_app(session: Session, staff: StaffMember) -> str:
    """A new secret (base32) to be put into an app; one that was never confirmed is forgotten.

    The app in use goes on until the new one is confirmed by a code.
    """
    session.one_at_a_time(f"desk.factors:{staff.id}")
    session.execute(sa.delete(Authenticator).where(_unconfirmed(staff.id)))
    secret = pyotp.random_base32()
    made = Authenticator(staff_id=staff.id, made_at=session.clock.now(), last_step=_NEVER)
    made.seal(session.vault, "secret", secret)
    session.add(made)
    return secret


def _unconfirmed(staff_id: str) -> sa.ColumnElement[bool]:
    return sa.and_(Authenticator.staff_id == staff_id, Authenticator.confirmed_at.is_(None))


def _in_use(staff_id: str) -> sa.ColumnElement[bool]:
    return sa.and_(Authenticator.staff_id == staff_id, Authenticator.confirmed_at.is_not(None))


def waiting_app(session: Session, staff_id: str) -> str | None:
    """The secret of an app that was begun and not confirmed yet."""
    row = session.scalar(sa.select(Authenticator).where(_unconfirmed(staff_id)))
    return row.open(session.vault, "secret") if row is not None else None


def address_of(secret: str, username: str) -> str:
    """What the QR code of an app says."""
    return pyotp.TOTP(secret).provisioning_uri(name=username, issuer_name=ISSUER)


def confirm_app(session: Session, staff: StaffMember, code: str) -> bool:
    """Whether the code is one of the app that was begun; from now on it counts, and no other."""
    session.one_at_a_time(f"desk.factors:{staff.id}")
    row = session.scalar(sa.select(Authenticator).where(_unconfirmed(staff.id)))
    if row is None or not _use_step(session, row, "".join(code.split())):
        return False
    session.execute(sa.delete(Authenticator).where(_in_use(staff.id)))
    row.confirmed_at = session.clock.now()
    audit.note(session, "staff.factor_added", staff_id=staff.id, detail="app")
    return True


def app_fits(session: Session, staff_id: str, code: str) -> bool:
    """Whether the code is right and was not used; it is used up by this."""
    row = session.scalar(sa.select(Authenticator).where(_in_use(staff_id)))
    return row is not None and _use_step(session, row, code)


def _use_step(session: Session, row: Authenticator, code: str) -> bool:
    totp = pyotp.TOTP(row.open(session.vault, "secret") or "")
    now = int(session.clock.now().timestamp()) // _STEP
    fitting = [
        step
        for step in range(now - _WINDOW, now + _WINDOW + 1)
        if secrets.compare_digest(totp.generate_otp(step).encode(), code.encode())
    ]
    if not fitting:
        return False
    # Two requests with the same code: only one of them moves the step on.
    used = session.execute(
        sa.update(Authenticator)
        .where(Authenticator.id == row.id, Authenticator.last_step < fitting[-1])
        .values(last_step=fitting[-1])
        .returning(Authenticator.id)
        .execution_options(synchronize_session=False)
    )
    return used.scalar_one_or_none() is not None


# --- codes on paper -----------------------------------------------------------------------------


def new_paper(session: Session, staff: StaffMember) -> tuple[str, ...]:
    """Ten codes, shown once; older ones work no more."""
    session.execute(sa.delete(PaperCode).where(PaperCode.staff_id == staff.id))
    codes = tuple(
        "".join(secrets.choice(_LETTERS) for _ in range(_LETTERS_OF_A_CODE))
        for _ in range(PAPER_CODES)
    )
    session.add_all(
        PaperCode(staff_id=staff.id, code_hash=_paper_hash(session, staff.id, code))
        for code in codes
    )
    audit.note(session, "staff.paper_codes", staff_id=staff.id)
    return tuple(f"{code[:4]}-{code[4:8]}-{code[8:]}" for code in codes)


def paper_fits(session: Session, staff_id: str, code: str) -> bool:
    """Whether it is an unused code of theirs; it is used up by this."""
    used = session.execute(
        sa.update(PaperCode)
        .where(
            PaperCode.staff_id == staff_id,
            PaperCode.code_hash == _paper_hash(session, staff_id, code),
            PaperCode.used_at.is_(None),
        )
        .values(used_at=session.clock.now())
        .returning(PaperCode.id)
        .execution_options(synchronize_session=False)
    )
    if used.scalar_one_or_none() is None:
        return False
    audit.note(session, "staff.paper_code_used", staff_id=staff_id)
    return True


def _paper_hash(session: Session, staff_id: str, code: str) -> str:
    plain = "".join(letter for letter in code.lower() if letter.isalnum())
    return session.vault.blind("desk.paper_code", f"{staff_id}:{plain}")


def code_fits(session: Session, staff_id: str, typed: str) -> bool:
    """Whether what was typed is a code of their app or on their paper; it is used up by this."""
    plain = "".join(typed.split())
    if plain.isdecimal() and len(plain) == 6:
        return app_fits(session, staff_id, plain)
    return means_of(session, staff_id).any and paper_fits(session, staff_id, plain)


# --- passkeys -----------------------------------------------------------------------------------


class Purpose(StrEnum):
    """What a challenge was made for; one for the first never serves the second."""

    REGISTER = "register"
    PROVE = "prove"


def _challenge(session: Session, seat: auth.Seat, purpose: Purpose) -> bytes:
    challenge = secrets.token_bytes(32)
    session.execute(
        sa.update(StaffSession)
        .where(StaffSession.id == seat.session_id)
        .values(challenge=f"{purpose}:{bytes_to_base64url(challenge)}")
    )
    return challenge


def _take_challenge(session: Session, seat: auth.Seat, purpose: Purpose) -> bytes:
    """The challenge of this session, which is spent whatever comes of it.

    Raises:
        FactorError: `no_challenge`.
    """
    row = session.get(StaffSession, seat.session_id, with_for_update=True, populate_existing=True)
    kept = row.challenge if row is not None else None
    if row is None or kept is None:
        raise FactorError("no_challenge")
    row.challenge = None
    session.flush()
    made_for, _, challenge = kept.partition(":")
    if made_for != purpose:
        raise FactorError("no_challenge")
    return base64url_to_bytes(challenge)


def _keys(session: Session, staff_id: str) -> list[Passkey]:
    query = sa.select(Passkey).where(Passkey.staff_id == staff_id).order_by(Passkey.made_at)
    return list(session.scalars(query))


def passkeys_of(session: Session, staff_id: str) -> tuple[tuple[Passkey, str], ...]:
    """The passkeys of somebody, each with its name."""
    return tuple((key, key.open(session.vault, "name") or "") for key in _keys(session, staff_id))


def _descriptors(keys: list[Passkey]) -> list[PublicKeyCredentialDescriptor]:
    return [PublicKeyCredentialDescriptor(base64url_to_bytes(one.credential_id)) for one in keys]


def begin_passkey(session: Session, seat: auth.Seat, relying: Relying) -> str:
    """What the browser is to make a key by (JSON).

    Raises:
        FactorError: `many_keys`.
    """
    keys = _keys(session, seat.staff.id)
    if len(keys) >= MOST_PASSKEYS:
        raise FactorError("many_keys")
    options = webauthn.generate_registration_options(
        rp_id=relying.rp_id,
        rp_name=ISSUER,
        user_name=seat.staff.username,
        user_id=seat.staff.id.encode(),
        challenge=_challenge(session, seat, Purpose.REGISTER),
        authenticator_selection=AuthenticatorSelectionCriteria(
            resident_key=ResidentKeyRequirement.DISCOURAGED,
            user_verification=UserVerificationRequirement.REQUIRED,
        ),
        exclude_credentials=_descriptors(keys),
    )
    return webauthn.options_to_json(options)


def add_passkey(
    session: Session, seat: auth.Seat, relying: Relying, name: str, credential: str
) -> str | None:
    """Take a key that the browser made; why not, when it is none (the challenge is spent)."""
    try:
        challenge = _take_challenge(session, seat, Purpose.REGISTER)
        made = webauthn.verify_registration_response(
            credential=credential,
            expected_challenge=challenge,
            expected_rp_id=relying.rp_id,
            expected_origin=relying.origin,
            require_user_verification=True,
        )
    except FactorError as problem:
        return problem.reason
    except (WebAuthnException, ValueError, KeyError, TypeError):
        return "bad_key"
    credential_id = bytes_to_base64url(made.credential_id)
    known = sa.select(Passkey.id).where(Passkey.credential_id == credential_id)
    if session.scalar(known) is not None:
        return "bad_key"
    key = Passkey(
        staff_id=seat.staff.id,
        credential_id=credential_id,
        public_key=bytes_to_base64url(made.credential_public_key),
        sign_count=made.sign_count,
        made_at=session.clock.now(),
    )
    key.seal(session.vault, "name", name)
    session.add(key)
    audit.note(session, "staff.factor_added", staff_id=seat.staff.id, detail="passkey")
    return None


def ask_passkey(session: Session, seat: auth.Seat, relying: Relying) -> str:
    """What the browser is to sign (JSON).

    Raises:
        FactorError: `no_keys`.
    """
    keys = _keys(session, seat.staff.id)
    if not keys:
        raise FactorError("no_keys")
    options = webauthn.generate_authentication_options(
        rp_id=relying.rp_id,
        challenge=_challenge(session, seat, Purpose.PROVE),
        allow_credentials=_descriptors(keys),
        user_verification=UserVerificationRequirement.REQUIRED,
    )
    return webauthn.options_to_json(options)


def passkey_fits(session: Session, seat: auth.Seat, relying: Relying, credential: str) -> bool:
    """Whether a key of theirs signed this session's challenge, which is spent by this.

    A counter that does not move on is a copied key, and is refused.
    """
    try:
        challenge = _take_challenge(session, seat, Purpose.PROVE)
        named = json.loads(credential)["id"]
        key = session.scalar(
            sa.select(Passkey)
            .where(Passkey.staff_id == seat.staff.id, Passkey.credential_id == named)
            .with_for_update()
        )
        if key is None:
            return False
        proof = webauthn.verify_authentication_response(
            credential=credential,
            expected_challenge=challenge,
            expected_rp_id=relying.rp_id,
            expected_origin=relying.origin,
            credential_public_key=base64url_to_bytes(key.public_key),
            credential_current_sign_count=key.sign_count,
            require_user_verification=True,
        )
    except (FactorError, WebAuthnException, ValueError, KeyError, TypeError):
        return False
    key.sign_count, key.used_at = proof.new_sign_count, session.clock.now()
    return True


# --- taking away --------------------------------------------------------------------------------


def remove(session: Session, staff: StaffMember, factor: str, policy: Policy) -> None:
    """Take one factor of one's own away: `app`, or the id of a passkey.

    Raises:
        FactorError: `no_factor`, or `last_factor` where everybody needs one.
    """
    means = means_of(session, staff.id)
    if policy.required and means.app + means.passkeys <= 1:
        raise FactorError("last_factor")
    if factor == "app":
        which = sa.delete(Authenticator).where(Authenticator.staff_id == staff.id)
        gone = session.execute(which.returning(Authenticator.id)).first()
    else:
        mine = sa.and_(Passkey.staff_id == staff.id, Passkey.id == factor)
        gone = session.execute(sa.delete(Passkey).where(mine).returning(Passkey.id)).first()
    if gone is None:
        raise FactorError("no_factor")
    if not means_of(session, staff.id).any:
        session.execute(sa.delete(PaperCode).where(PaperCode.staff_id == staff.id))
    kind = "app" if factor == "app" else "passkey"
    audit.note(session, "staff.factor_removed", staff_id=staff.id, detail=kind)


def forget_all(session: Session, staff_id: str) -> None:
    """Take every factor of somebody away."""
    for table in (Authenticator, Passkey, PaperCode):
        session.execute(sa.delete(table).where(table.staff_id == staff_id))
