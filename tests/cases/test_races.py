"""Two people at the same moment, on both databases: one wins, nothing is lost."""

import asyncio
from collections.abc import Callable

from cases import handover, queue, register, transfer
from cases.access import NotFoundError
from cases.life import CaseState, Outcome, RefusedError
from cases.limits import Form
from cases.model import Case
from cases.staff import Role, StaffMember
from store.session import Database, Session
from tests.cases.acting import PROVINCE, hire, open_one

ROUNDS = 8


async def at_once(database: Database, *acts: Callable[[Session], object]) -> list[str]:
    """Carry out acts side by side; what became of each."""

    async def one(act: Callable[[Session], object]) -> str:
        try:
            await database.transact(act)
        except RefusedError as refused:
            return refused.reason
        except NotFoundError:
            return "not found"
        return "done"

    return list(await asyncio.gather(*(one(act) for act in acts)))


def act(fn: Callable[..., object], *values: object) -> Callable[[Session], object]:
    """An act with all but the session filled in."""
    return lambda session: fn(session, *values)


def now(database: Database, case_id: str) -> Case:
    return database.read_now(lambda session: session.get_one(Case, case_id))


async def test_a_claim_and_a_transfer_at_once_leave_the_case_with_the_receiver(
    database: Database,
) -> None:
    lan = hire(database, "lan", Role.OFFICER, "nam-can")
    hai = hire(database, "hai", Role.HEAD, "nam-can")
    tam = hire(database, "tam", Role.OFFICER, "dam-doi")
    outcomes = set()
    for _ in range(ROUNDS):
        case_id = open_one(database).id
        database.transact_now(act(transfer.offer, hai, case_id, "dam-doi", "gần hơn", PROVINCE))
        claimed, moved = await at_once(
            database,
            act(queue.claim, lan, case_id, "CN"),
            act(transfer.accept, tam, case_id, PROVINCE),
        )
        outcomes.add(claimed)
        case = now(database, case_id)

        assert moved == "done"
        assert (case.office_id, case.state, case.holder_id) == (
            "dam-doi",
            CaseState.WAITING,
            None,
        )
    assert outcomes <= {"done", "not found"}


async def test_of_two_endings_at_once_one_counts(database: Database) -> None:
    lan = hire(database, "lan", Role.OFFICER, "nam-can")
    for _ in range(ROUNDS):
        case_id = open_one(database).id
        database.transact_now(act(queue.claim, lan, case_id, "CN"))
        done = await at_once(
            database,
            act(register.close, lan, case_id, Outcome.ADVISED),
            act(register.close, lan, case_id, Outcome.REFERRED),
        )

        assert sorted(done) == ["closed", "done"]


async def test_numbers_of_the_register_are_given_once(database: Database) -> None:
    lan = hire(database, "lan", Role.OFFICER, "nam-can")
    ids = [open_one(database, conversation_id=f"talk{n}").id for n in range(ROUNDS)]
    for one in ids:
        database.transact_now(act(queue.claim, lan, one, "CN"))
    accepts = [act(register.accept, lan, one, PROVINCE, Form.ADVICE) for one in ids]
    assert await at_once(database, *accepts) == ["done"] * ROUNDS

    def numbers(session: Session) -> set[int]:
        entries = [register.entry_of(session, session.get_one(Case, one)) for one in ids]
        return {entry.number for entry in entries if entry is not None}

    assert database.read_now(numbers) == set(range(1, ROUNDS + 1))


def dismiss(session: Session, staff_id: str) -> None:
    """Close an account, as the desk does it: the account first, then what it holds."""
    staff = session.get_one(StaffMember, staff_id, with_for_update=True)
    staff.active = False
    session.flush()
    handover.release_cases_of(session, staff, PROVINCE)


async def test_a_claim_while_the_account_is_being_closed_leaves_nothing_behind(
    database: Database,
) -> None:
    for number in range(ROUNDS):
        lan = hire(database, f"lan{number}", Role.OFFICER, "nam-can")
        case_id = open_one(database).id
        claimed, dismissed = await at_once(
            database,
            act(queue.claim, lan, case_id, "CN"),
            act(dismiss, lan.id),
        )
        case = now(database, case_id)

        assert dismissed == "done"
        assert claimed in {"done", "inactive"}
        assert (case.state, case.holder_id) == (CaseState.WAITING, None)


async def test_two_offices_are_never_offered_one_case_at_once(database: Database) -> None:
    hai = hire(database, "hai", Role.HEAD, "nam-can")
    hire(database, "tam", Role.OFFICER, "dam-doi")
    hire(database, "trung", Role.CENTRE, "centre")
    for _ in range(ROUNDS):
        case_id = open_one(database).id
        done = await at_once(
            database,
            *(act(transfer.offer, hai, case_id, to, "x", PROVINCE) for to in ("dam-doi", "centre")),
        )

        assert sorted(done) == ["done", "offered_already"]


async def test_of_many_hand_overs_and_a_give_back_the_case_has_one_holder_or_none(
    database: Database,
) -> None:
    lan = hire(database, "lan", Role.OFFICER, "nam-can")
    hai = hire(database, "hai", Role.HEAD, "nam-can")
    staff = [hire(database, f"officer{n}", Role.OFFICER, "nam-can") for n in range(3)]
    for _ in range(ROUNDS):
        case_id = open_one(database).id
        database.transact_now(act(queue.claim, lan, case_id, "CN"))
        await at_once(
            database,
            act(queue.give_back, lan, case_id, "CN"),
            *(act(handover.hand_over, hai, case_id, to.id, "CN") for to in staff),
        )
        case = now(database, case_id)

        assert (case.holder_id is None) == (case.state is CaseState.WAITING)
