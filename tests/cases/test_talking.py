"""What the citizen tells while a request is under way."""

import pytest

from cases import talking
from cases.life import CaseState, Outcome
from cases.model import Case
from store.session import Database, Session
from tests.cases.acting import open_one


def told(database: Database, case_id: str, kind: str) -> Case:
    def tell(session: Session) -> Case:
        case = session.get_one(Case, case_id)
        talking.danger_told(session, case, kind)
        return case

    return database.transact_now(tell)


def test_a_danger_told_later_puts_the_case_to_the_front(database: Database) -> None:
    case = told(database, open_one(database).id, "violence")

    assert (case.urgent, case.in_custody) == (True, False)
    assert case.open(database.vault, "danger") == "violence"


def test_the_first_danger_stays_but_an_arrest_starts_the_shortest_limits(
    database: Database,
) -> None:
    case = told(database, open_one(database, danger="violence").id, "arrest")

    assert case.open(database.vault, "danger") == "violence"
    assert case.in_custody


def test_somebody_told_to_be_held_is_in_custody_from_the_first_moment(database: Database) -> None:
    assert open_one(database, danger="arrest").in_custody
    assert not open_one(database, danger="violence").in_custody


@pytest.mark.parametrize("kind", ["violence", "arrest"])
def test_a_closed_case_is_not_raised_again(database: Database, kind: str) -> None:
    case_id = open_one(database).id

    def close(session: Session) -> None:
        case = session.get_one(Case, case_id)
        case.state, case.outcome = CaseState.CLOSED, Outcome.WITHDRAWN
        case.closed_at = session.clock.now()

    database.transact_now(close)

    assert not told(database, case_id, kind).urgent
