"""The people of a case: the client, the other side, others. Sealed, and found by blind index."""

import datetime as dt
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from enum import StrEnum

import sqlalchemy as sa
from sqlalchemy.orm import Mapped, mapped_column

from cases import access
from cases.life import CaseState, RefusedError
from cases.model import Case
from cases.staff import StaffMember
from knowledge.vietnamese import fold
from store import audit, events
from store.base import Row
from store.crypto import Vault
from store.session import Session


class PartyRole(StrEnum):
    """What somebody is in a case."""

    CLIENT = "client"
    OPPONENT = "opponent"
    OTHER = "other"
    """A witness, a relative: no side of their own."""


class Party(Row):
    """One person in a case."""

    __tablename__ = "parties"

    case_id: Mapped[str] = mapped_column(sa.ForeignKey(Case.id), index=True)
    role: Mapped[PartyRole]
    name: Mapped[bytes]
    """Sealed."""
    name_index: Mapped[str] = mapped_column(sa.String(64), index=True)
    """Blind index of the name without diacritics and order of spaces."""
    id_number: Mapped[bytes | None]
    """Sealed: the number of the identity card."""
    id_index: Mapped[str | None] = mapped_column(sa.String(64), index=True)
    phone: Mapped[bytes | None]
    """Sealed."""
    phone_index: Mapped[str | None] = mapped_column(sa.String(64), index=True)
    added_by: Mapped[str] = mapped_column(sa.ForeignKey(StaffMember.id))
    at: Mapped[dt.datetime]


def name_index(vault: Vault, name: str) -> str:
    """What a name is found by: `Nguyễn  Văn Tèo` and `nguyen van teo` are one."""
    return vault.blind("party.name", " ".join(fold(name).split()))


def id_index(vault: Vault, number: str) -> str:
    """What the number of an identity card is found by."""
    return vault.blind("party.id", re.sub(r"\W", "", number).upper())


def phone_index(vault: Vault, phone: str) -> str:
    """What a phone number is found by; the same index as the phone of a case."""
    digits = re.sub(r"\D", "", phone)
    if digits.startswith("84") and len(digits) > 10:
        digits = "0" + digits[2:]
    return vault.blind("phone", digits)


@dataclass(frozen=True, slots=True)
class Named:
    """Somebody as they were named, before there is a case to write them down in."""

    name: str = ""
    id_number: str = ""
    phone: str | None = None

    def indexes(self, vault: Vault) -> Mapping[str, str]:
        """What they are found by, by the column of `Party`."""
        found = {
            "name_index": name_index(vault, self.name) if self.name else None,
            "id_index": id_index(vault, self.id_number) if self.id_number else None,
            "phone_index": phone_index(vault, self.phone) if self.phone else None,
        }
        return {column: index for column, index in found.items() if index is not None}


def add_party(
    session: Session,
    staff: StaffMember,
    case_id: str,
    role: PartyRole,
    name: str,
    *,
    id_number: str | None = None,
    phone: str | None = None,
) -> Party:
    """Write down somebody of the case. Look at `conflicts.found` afterwards.

    Raises:
        NotFoundError: not theirs to see.
        RefusedError: `empty` (no name), `closed`, `not_of_office` (it is only offered to them).
    """
    case = _open_case(session, staff, case_id)
    if not name.strip():
        raise RefusedError("empty")
    return write_down(session, staff, case, role, name, id_number=id_number, phone=phone)


def write_down(
    session: Session,
    staff: StaffMember,
    case: Case,
    role: PartyRole,
    name: str,
    *,
    id_number: str | None = None,
    phone: str | None = None,
) -> Party:
    """As `add_party`, in a case that the caller has just opened, of whatever office."""
    vault = session.vault
    party = Party(
        case_id=case.id,
        role=role,
        name_index=name_index(vault, name),
        id_index=id_index(vault, id_number) if id_number else None,
        phone_index=phone_index(vault, phone) if phone else None,
        added_by=staff.id,
        at=session.clock.now(),
    )
    party.seal(vault, "name", " ".join(name.split()))
    party.seal(vault, "id_number", id_number or None)
    party.seal(vault, "phone", phone or None)
    session.add(party)
    session.flush()
    audit.note(session, "case.party", staff_id=staff.id, subject=case.id, detail=f"added {role}")
    events.record(session, "case.party", case_id=case.id, staff_id=staff.id)
    return party


def remove_party(session: Session, staff: StaffMember, case_id: str, party_id: str) -> None:
    """Take somebody out who was written down wrongly; nothing happens when they are gone.

    Raises:
        NotFoundError, RefusedError: as `add_party`.
    """
    case = _open_case(session, staff, case_id)
    party = session.get(Party, party_id)
    if party is None or party.case_id != case.id:
        return
    session.delete(party)
    detail = f"removed {party.role}"
    audit.note(session, "case.party", staff_id=staff.id, subject=case.id, detail=detail)
    events.record(session, "case.party", case_id=case.id, staff_id=staff.id)


def parties_of(session: Session, case: Case) -> Sequence[Party]:
    """The people of a case, in the order they were written down; it comes from `visible_to`."""
    query = sa.select(Party).where(Party.case_id == case.id)
    return session.scalars(query.order_by(Party.at, Party.id)).all()


def _open_case(session: Session, staff: StaffMember, case_id: str) -> Case:
    case = access.the_case(session, staff, case_id, for_update=True)
    if case.state is CaseState.CLOSED:
        raise RefusedError("closed")
    own = sa.select(Case.id).where(Case.id == case_id, access.belongs_to(staff))
    if session.scalar(own) is None:
        raise RefusedError("not_of_office")
    return case
