"""Conflicts of interest (Law 11/2017/QH14, Art. 25 clause 2): looked for across all offices.

People are compared by blind index, so that nobody sees another office's file: what is found says
only that there is a case at some office in which this person is on the other side. A common name
alone is a hint; the officer decides, with a reason, and the decision is audited.
"""

import datetime as dt
from collections import defaultdict
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from enum import StrEnum

import sqlalchemy as sa
from sqlalchemy.orm import Mapped, aliased, mapped_column

from cases import access
from cases.alerts import CONFLICT, keys_told, ring
from cases.life import RefusedError, Who
from cases.limits import Form, Role, Step
from cases.model import Assignment, Case
from cases.moves import who_is
from cases.parties import Named, Party, PartyRole
from cases.providers import Provider
from cases.staff import StaffMember
from store import audit, events
from store.base import Row
from store.session import Session


class Matched(StrEnum):
    """By what two people are taken for one."""

    NAME = "name"
    ID = "id"
    PHONE = "phone"


class Verdict(StrEnum):
    """What an officer made of a possible conflict."""

    NOT_SAME = "not_same"
    """Another person of that name, or another matter."""
    AGREED = "agreed"
    """Both sides agree; only for advice and representation in civil matters (Art. 25.2a)."""
    STANDS = "stands"
    """It is one: somebody else must be appointed."""


class ConflictDecision(Row):
    """One decision; the newest of a pair of cases counts."""

    __tablename__ = "conflict_decisions"

    case_id: Mapped[str] = mapped_column(sa.ForeignKey(Case.id), index=True)
    other_case_id: Mapped[str] = mapped_column(sa.ForeignKey(Case.id))
    verdict: Mapped[Verdict]
    reason: Mapped[bytes]
    """Sealed."""
    staff_id: Mapped[str] = mapped_column(sa.ForeignKey(StaffMember.id))
    at: Mapped[dt.datetime]


class Relation(Row):
    """A provider's declared tie to somebody of a case: they may not be impartial (Art. 25.2b)."""

    __tablename__ = "relations"
    __table_args__ = (sa.UniqueConstraint("case_id", "provider_id"),)

    case_id: Mapped[str] = mapped_column(sa.ForeignKey(Case.id))
    provider_id: Mapped[str] = mapped_column(sa.ForeignKey(Provider.id))
    why: Mapped[bytes]
    """Sealed."""
    declared_by: Mapped[str] = mapped_column(sa.ForeignKey(StaffMember.id))
    at: Mapped[dt.datetime]


@dataclass(frozen=True, slots=True)
class Conflict:
    """Somebody of this case is on the other side in another one. Holds nothing of that file."""

    other_case_id: str
    """Opaque: what `decide` is told; whoever may not see that case finds nothing by it."""
    office_id: str
    open: bool
    here: PartyRole
    """What the person is in this case: the client, or the other side."""
    by: frozenset[Matched]
    same_provider: bool
    """The provider of this case has worked on that one."""
    same_holder: bool
    verdict: Verdict | None

    @property
    def settled(self) -> bool:
        """Whether the officer found that nothing stands in the way."""
        return self.verdict in (Verdict.NOT_SAME, Verdict.AGREED)


_OTHER_SIDE = {
    PartyRole.CLIENT: PartyRole.OPPONENT,
    PartyRole.OPPONENT: PartyRole.CLIENT,
}
_INDEXES = {
    Matched.NAME: "name_index",
    Matched.ID: "id_index",
    Matched.PHONE: "phone_index",
}


def found(session: Session, case: Case) -> Sequence[Conflict]:
    """The possible conflicts of a case, those not settled first; it comes from `visible_to`."""
    hits: dict[tuple[str, PartyRole], set[Matched]] = defaultdict(set)
    for other_id, here, by in _hits(session, case):
        hits[other_id, here].add(by)
    ids = {other_id for other_id, _ in hits}
    others = {one.id: one for one in session.scalars(sa.select(Case).where(Case.id.in_(ids)))}
    verdicts = _verdicts(session, case)
    providers = _providers_of(session, ids)
    conflicts = [
        Conflict(
            other_case_id=other_id,
            office_id=others[other_id].office_id,
            open=others[other_id].closed_at is None,
            here=here,
            by=frozenset(by),
            same_provider=case.provider_id is not None and case.provider_id in providers[other_id],
            same_holder=case.holder_id is not None and case.holder_id == others[other_id].holder_id,
            verdict=verdicts.get(other_id),
        )
        for (other_id, here), by in hits.items()
    ]
    return sorted(conflicts, key=lambda one: (one.settled, one.other_case_id, one.here))


def _hits(session: Session, case: Case) -> Iterator[tuple[str, PartyRole, Matched]]:
    mine, theirs = aliased(Party), aliased(Party)
    opposed = sa.or_(
        *(sa.and_(mine.role == here, theirs.role == there) for here, there in _OTHER_SIDE.items())
    )
    for by, index in _INDEXES.items():
        query = (
            sa.select(theirs.case_id, mine.role)
            .join(mine, getattr(mine, index) == getattr(theirs, index))
            .where(mine.case_id == case.id, theirs.case_id != case.id, opposed)
        )
        yield from ((other_id, here, by) for other_id, here in session.execute(query))
    # Whoever left a phone with a request is its client, written down as a party or not
    their_phone = (
        sa.select(Case.id)
        .join(mine, mine.phone_index == Case.phone_index)
        .where(mine.case_id == case.id, mine.role == PartyRole.OPPONENT, Case.id != case.id)
    )
    for other_id in session.scalars(their_phone):
        yield other_id, PartyRole.OPPONENT, Matched.PHONE
    if case.phone_index is not None:
        our_phone = sa.select(Party.case_id).where(
            Party.phone_index == case.phone_index,
            Party.role == PartyRole.OPPONENT,
            Party.case_id != case.id,
        )
        for other_id in session.scalars(our_phone):
            yield other_id, PartyRole.CLIENT, Matched.PHONE


@dataclass(frozen=True, slots=True)
class Foreseen:
    """Somebody who is about to be written down is on the other side somewhere."""

    office_id: str
    here: PartyRole
    open: bool


def foreseen(session: Session, people: Iterable[tuple[PartyRole, Named]]) -> Sequence[Foreseen]:
    """What `found` would tell of a request that is not opened yet; tells of no file either."""
    hits: dict[tuple[str, PartyRole], None] = {}
    for here, person in people:
        indexes = person.indexes(session.vault)
        if here not in _OTHER_SIDE or not indexes:
            continue
        same = sa.or_(*(getattr(Party, column) == index for column, index in indexes.items()))
        query = sa.select(Party.case_id).where(Party.role == _OTHER_SIDE[here], same)
        hits |= dict.fromkeys((case_id, here) for case_id in session.scalars(query))
        if here is PartyRole.OPPONENT and "phone_index" in indexes:
            theirs = sa.select(Case.id).where(Case.phone_index == indexes["phone_index"])
            hits |= dict.fromkeys((case_id, here) for case_id in session.scalars(theirs))
    ids = {case_id for case_id, _ in hits}
    cases = {one.id: one for one in session.scalars(sa.select(Case).where(Case.id.in_(ids)))}
    return tuple(
        dict.fromkeys(
            Foreseen(cases[case_id].office_id, here, cases[case_id].closed_at is None)
            for case_id, here in hits
        )
    )


def _verdicts(session: Session, case: Case) -> dict[str, Verdict]:
    query = sa.select(ConflictDecision.other_case_id, ConflictDecision.verdict).where(
        ConflictDecision.case_id == case.id
    )
    newest_last = session.execute(query.order_by(ConflictDecision.at, ConflictDecision.id))
    return {row.other_case_id: row.verdict for row in newest_last}


def _providers_of(session: Session, case_ids: set[str]) -> dict[str, set[str]]:
    """Who has ever worked on these cases."""
    worked: dict[str, set[str]] = defaultdict(set)
    query = sa.select(Assignment.case_id, Assignment.provider_id).where(
        Assignment.case_id.in_(case_ids)
    )
    for case_id, provider_id in session.execute(query):
        worked[case_id].add(provider_id)
    return worked


def watch(session: Session, case: Case) -> Sequence[Conflict]:
    """Look for conflicts, and tell the centre of each that is new."""
    conflicts = found(session, case)
    told = keys_told(session, case)
    for key in dict.fromkeys(f"{CONFLICT}:{one.other_case_id}" for one in conflicts):
        if key not in told:
            ring(session, case, key, CONFLICT, Step.BEFORE, [(Role.CENTRE, None)])
            events.record(session, "case.conflict", case_id=case.id)
    return conflicts


def check_provider(session: Session, case: Case, provider: Provider) -> None:
    """Nothing, when this provider may help here.

    Raises:
        RefusedError: `related` (declared), or `conflict` (has worked, or works, for the other
            side, and no officer has settled it).
    """
    declared = sa.select(Relation.id).where(
        Relation.case_id == case.id, Relation.provider_id == provider.id
    )
    if session.scalar(declared) is not None:
        raise RefusedError("related")
    against = {one.other_case_id for one in found(session, case) if not one.settled}
    if any(provider.id in worked for worked in _providers_of(session, against).values()):
        raise RefusedError("conflict")
    if provider.staff_id is not None and against:
        holds = sa.select(Case.id).where(Case.id.in_(against), Case.holder_id == provider.staff_id)
        if session.scalar(holds.limit(1)) is not None:
            raise RefusedError("conflict")


def decide(
    session: Session,
    staff: StaffMember,
    case_id: str,
    other_case_id: str,
    verdict: Verdict,
    reason: str,
) -> ConflictDecision:
    """Write down what an officer makes of a possible conflict.

    Raises:
        NotFoundError: not theirs to see.
        RefusedError: `not_holder` (nor head, nor the centre), `empty` (no reason), `no_conflict`,
            `agreement_not_allowed` (before the form is known, and in court).
    """
    case = access.the_case(session, staff, case_id, for_update=True)
    if not who_is(case, staff) & {Who.HOLDER, Who.HEAD, Who.CENTRE}:
        raise RefusedError("not_holder")
    if not reason.strip():
        raise RefusedError("empty")
    if other_case_id not in {one.other_case_id for one in found(session, case)}:
        raise RefusedError("no_conflict")
    if verdict is Verdict.AGREED and case.form in (None, Form.LITIGATION):
        raise RefusedError("agreement_not_allowed")
    decision = ConflictDecision(
        case_id=case.id,
        other_case_id=other_case_id,
        verdict=verdict,
        staff_id=staff.id,
        at=session.clock.now(),
    )
    decision.seal(session.vault, "reason", reason.strip())
    session.add(decision)
    session.flush()
    audit.note(
        session,
        "case.conflict_decided",
        staff_id=staff.id,
        subject=case.id,
        detail=f"{verdict} {other_case_id}",
    )
    events.record(session, "case.conflict_decided", case_id=case.id, staff_id=staff.id)
    return decision


def declare_relation(
    session: Session, staff: StaffMember, case_id: str, provider_id: str, why: str
) -> Relation:
    """Write down that a provider has a tie to somebody of the case; it bars them from it.

    Raises:
        NotFoundError: not theirs to see.
        RefusedError: `empty`, `no_such_provider`, `declared_already`.
    """
    case = access.the_case(session, staff, case_id, for_update=True)
    if not why.strip():
        raise RefusedError("empty")
    if session.get(Provider, provider_id) is None:
        raise RefusedError("no_such_provider")
    there = sa.select(Relation.id).where(
        Relation.case_id == case.id, Relation.provider_id == provider_id
    )
    if session.scalar(there) is not None:
        raise RefusedError("declared_already")
    relation = Relation(
        case_id=case.id,
        provider_id=provider_id,
        declared_by=staff.id,
        at=session.clock.now(),
    )
    relation.seal(session.vault, "why", why.strip())
    session.add(relation)
    session.flush()
    audit.note(session, "case.relation", staff_id=staff.id, subject=case.id, detail=provider_id)
    return relation
