"""The people of a case, possible conflicts of interest, and requests that may be the same one."""

import datetime as dt
from collections.abc import Sequence
from dataclasses import dataclass

from cases import conflicts, joining, parties
from cases.conflicts import Conflict
from cases.model import Case
from cases.parties import Party, PartyRole
from cases.staff import StaffMember
from desk import texts
from desk.frame import Frame
from store.session import Session

_SHOWN = 3
"""Digits at the end that stay to be read: enough to tell two people apart, too few to call."""


@dataclass(frozen=True)
class PartyView:
    """Somebody of the case; number and phone are covered until they are asked for."""

    id: str
    role: str
    name: str
    id_number: str | None
    phone: str | None


@dataclass(frozen=True)
class People:
    """Everybody of the case."""

    all: tuple[PartyView, ...]
    covered: bool
    """Some number is not shown."""


@dataclass(frozen=True)
class ConflictView:
    """A person of this case on the other side of another; nothing of that file."""

    other_case_id: str
    text: str
    by: str
    same_person_helps: bool
    """The same provider or holder is on both sides."""
    verdict: str | None
    settled: bool


@dataclass(frozen=True)
class AlikeView:
    """Another request that may be of the same person or matter."""

    id: str
    number: int
    field: str
    state: str
    opened_at: dt.datetime
    why: str
    open: bool


def look_at_people(session: Session, case: Case, *, reveal: bool) -> People:
    """The people of a case; `reveal`: with their numbers, which the caller audits."""
    found = parties.parties_of(session, case)
    return People(
        all=tuple(_party(session, one, reveal=reveal) for one in found),
        covered=not reveal and any(one.id_number or one.phone for one in found),
    )


def _party(session: Session, party: Party, *, reveal: bool) -> PartyView:
    id_number, phone = (party.open(session.vault, name) for name in ("id_number", "phone"))
    return PartyView(
        id=party.id,
        role=texts.party_role(party.role),
        name=party.open(session.vault, "name") or "",
        id_number=id_number if reveal else _covered(id_number),
        phone=phone if reveal else _covered(phone),
    )


def _covered(number: str | None) -> str | None:
    """`•••••••678`; nothing when there is none."""
    if not number:
        return None
    kept = number[-_SHOWN:] if len(number) > 2 * _SHOWN else ""
    return "•" * (len(number) - len(kept)) + kept


def look_at_conflicts(session: Session, frame: Frame, case: Case) -> tuple[ConflictView, ...]:
    """Possible conflicts of a case (Art. 25), those not settled first."""
    return tuple(_conflict(frame, one) for one in conflicts.found(session, case))


def _conflict(frame: Frame, conflict: Conflict) -> ConflictView:
    whom = "Người được giúp" if conflict.here is PartyRole.CLIENT else "Phía bên kia"
    side = "phía bên kia" if conflict.here is PartyRole.CLIENT else "người được giúp"
    state = "đang làm" if conflict.open else "đã xong"
    office = frame.office_label(conflict.office_id)
    return ConflictView(
        other_case_id=conflict.other_case_id,
        text=f"{whom} của hồ sơ này có thể là {side} trong một hồ sơ {state} tại {office}.",
        by=", ".join(sorted(texts.matched(by) for by in conflict.by)),
        same_person_helps=conflict.same_provider or conflict.same_holder,
        verdict=texts.verdict(conflict.verdict) if conflict.verdict else None,
        settled=conflict.settled,
    )


def look_at_alike(session: Session, staff: StaffMember, case: Case) -> tuple[AlikeView, ...]:
    """Requests that may be the same, of those that this person may see."""
    found: Sequence[joining.Match] = joining.same_person_or_matter(session, case, staff)
    return tuple(
        AlikeView(
            id=match.case.id,
            number=match.case.number,
            field=texts.field(match.case.field),
            state=texts.state(match.case.state),
            opened_at=match.case.opened_at,
            why=", ".join(sorted(texts.alike(why) for why in match.why)),
            open=match.case.closed_at is None,
        )
        for match in found
    )
