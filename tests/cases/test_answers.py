"""When somebody will answer: the office's own figures, or the rule's hours."""

import datetime as dt

from cases.answers import expected_answer
from cases.expected import Expected, by_rule
from cases.model import Case
from cases.staff import Role
from cases.talking import Word, add_entry
from cases.thread import Author
from store.clock import SetClock
from store.session import Database, Session
from tests.cases.acting import PROVINCE, hire, open_one


def answered_after(
    database: Database, clock: SetClock, length: dt.timedelta, how_many: int
) -> None:
    staff = hire(database, f"lan{clock.now():%H%M%S}", Role.OFFICER, "nam-can")
    cases = [open_one(database).id for _ in range(how_many)]
    clock.forward(length)

    def answer(session: Session) -> None:
        for case_id in cases:
            case = session.get_one(Case, case_id)
            case.answered_at = session.clock.now()
            add_entry(session, case, Word(Author.STAFF, "Chào bà con", session.clock.now()), staff)

    database.transact_now(answer)


def expected(database: Database, office: str = "nam-can") -> Expected:
    return database.read_now(lambda session: expected_answer(session, PROVINCE, office))


def test_without_enough_answers_the_rules_hours_are_told(
    database: Database, clock: SetClock
) -> None:
    answered_after(database, clock, dt.timedelta(hours=3), 4)

    assert expected(database) == by_rule() == Expected(8, usual=False)


def test_an_office_is_measured_by_its_own_answers_in_whole_working_hours(
    database: Database, clock: SetClock
) -> None:
    # Noon on Monday to half past three: two and a half hours of work after the break
    answered_after(database, clock, dt.timedelta(hours=3, minutes=30), 5)

    assert expected(database) == Expected(3, usual=True)
    assert expected(database, "u-minh") == by_rule()


def test_an_answer_that_takes_weeks_is_not_told_as_the_usual(
    database: Database, clock: SetClock
) -> None:
    answered_after(database, clock, dt.timedelta(days=21), 5)

    assert expected(database) == by_rule()
