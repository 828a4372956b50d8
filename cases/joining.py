"""The same person or the same matter twice: noticed, and joined when an officer says so."""

from collections.abc import Sequence
from dataclasses import dataclass
from enum import StrEnum

import sqlalchemy as sa

from cases import access, callbacks
from cases.life import CaseState, Move, Outcome, RefusedError
from cases.model import Case
from cases.moves import end, made, take_up, tell
from cases.parties import Named, Party, PartyRole
from cases.speech import say
from cases.staff import StaffMember
from store import events
from store.session import Session


class Alike(StrEnum):
    """Why two cases may be one."""

    TALK = "talk"
    PHONE = "phone"
    PARTY = "party"
    """The same person is the client, by name, number or phone."""


@dataclass(frozen=True, slots=True)
class Match:
    """A case that may be the same, and why."""

    case: Case
    why: frozenset[Alike]


def same_person_or_matter(session: Session, case: Case, staff: StaffMember) -> Sequence[Match]:
    """Other cases that may be of the same person or matter, and that this person may see.

    `case` comes from `visible_to`. Those already joined are left out.
    """
    mine, theirs = sa.orm.aliased(Party), sa.orm.aliased(Party)
    same_client = (
        sa.select(theirs.case_id)
        .join(
            mine,
            sa.or_(
                *(
                    getattr(mine, index) == getattr(theirs, index)
                    for index in ("name_index", "id_index", "phone_index")
                )
            ),
        )
        .where(
            mine.case_id == case.id,
            mine.role == PartyRole.CLIENT,
            theirs.role == PartyRole.CLIENT,
        )
    )
    alike = {
        Alike.TALK: Case.conversation_id == case.conversation_id,
        Alike.PHONE: Case.phone_index == case.phone_index,
        Alike.PARTY: Case.id.in_(same_client),
    }
    if case.conversation_id is None:
        del alike[Alike.TALK]
    if case.phone_index is None:
        del alike[Alike.PHONE]
    found = session.execute(
        access.visible_to(staff)
        .where(Case.id != case.id, Case.joined_into.is_(None), sa.or_(*alike.values()))
        .add_columns(
            *(
                sa.func.coalesce(condition, sa.false()).label(name)
                for name, condition in alike.items()
            )
        )
        .order_by(Case.opened_at.desc(), Case.number.desc())
    )
    return tuple(
        Match(
            row[0],
            frozenset(name for name, so in zip(alike, row[1:], strict=True) if so),
        )
        for row in found
    )


def foreseen(session: Session, staff: StaffMember, person: Named) -> Sequence[Case]:
    """Cases that may be of somebody who is about to be written down, newest first.

    Only those that this staff member may see.
    """
    indexes = person.indexes(session.vault)
    if not indexes:
        return ()
    same = sa.or_(*(getattr(Party, column) == index for column, index in indexes.items()))
    clients = sa.select(Party.case_id).where(Party.role == PartyRole.CLIENT, same)
    mine = sa.or_(Case.id.in_(clients), Case.phone_index == (indexes.get("phone_index") or ""))
    query = access.visible_to(staff).where(mine, Case.joined_into.is_(None))
    newest = query.order_by(Case.opened_at.desc(), Case.number.desc())
    return session.scalars(newest.limit(_FORESEEN)).all()


_FORESEEN = 5
"""Of a common name there may be many; the officer looks for more by name."""


def join(session: Session, staff: StaffMember, case_id: str, into_id: str) -> Case:
    """Close a case as a duplicate of another one that goes on; both threads stay.

    When the other can't be reached through its talk any more, it takes over this one's.

    Raises:
        NotFoundError: one of the two is not theirs to see.
        RefusedError: as `cases.life.why_not`; also `same_case`, `into_closed`.
    """
    if case_id == into_id:
        raise RefusedError("same_case")
    both = sa.select(Case.id).where(Case.id.in_((case_id, into_id))).order_by(Case.id)
    session.execute(both.with_for_update()).all()  # in one order, so that no two joins wait
    case = take_up(session, staff, case_id, Move.JOIN)
    into = access.the_case(session, staff, into_id, for_update=True)
    if into.state is CaseState.CLOSED:
        raise RefusedError("into_closed")
    end(session, case, Outcome.DUPLICATE, staff)
    case.joined_into = into.id
    if into.conversation_id is None and case.conversation_id is not None:
        into.conversation_id, into.channel = case.conversation_id, case.channel
    callbacks.go_along(session, case, into)
    into.urgent = into.urgent or case.urgent
    into.in_custody = into.in_custody or case.in_custody
    into.next_look_at = session.clock.now()
    made(session, case, Move.JOIN, staff, detail=into.id)
    events.record(session, "case.joined_here", case_id=into.id, staff_id=staff.id)
    tell(session, case, say("case.joined"))
    return into


def goes_on_as(session: Session, case: Case) -> Case:
    """The case that a joined one goes on as; the same one when it was never joined.

    Its code, its PIN and its talk stand for the other from then on: to the citizen it is one
    request.
    """
    followed = {case.id}
    while case.joined_into is not None and case.joined_into not in followed:
        followed.add(case.joined_into)
        case = session.get_one(Case, case.joined_into)
    return case


def spoken_to_here(session: Session, case: Case) -> Case:
    """The case that goes on, answered from now on through the talk of the joined `case`.

    Somebody with two talks is answered where they wrote last; the two cases change talks, so
    that what is written in either is heard. `case` is of the talk that is being heard.
    """
    into = goes_on_as(session, case)
    if into is case or into.erased_at is not None:
        return case
    both = sa.select(Case.id).where(Case.id.in_((case.id, into.id))).order_by(Case.id)
    session.execute(both.with_for_update()).all()
    for one in (case, into):
        session.refresh(one)
    here = case.conversation_id, case.channel
    case.conversation_id, case.channel = into.conversation_id, into.channel
    into.conversation_id, into.channel = here
    session.flush()
    return into


def around(session: Session, staff: StaffMember, case: Case) -> tuple[Case | None, Sequence[Case]]:
    """The case that this one was joined into, and those joined into it.

    Of both only what this staff member may see; `case` comes from `visible_to`.
    """
    seen = access.visible_to(staff)
    into = session.scalar(seen.where(Case.id == case.joined_into)) if case.joined_into else None
    theirs = seen.where(Case.joined_into == case.id).order_by(Case.opened_at, Case.number)
    return into, session.scalars(theirs).all()
