"""Who asked to be called, and what came of each call."""

import datetime as dt

import pytest
import sqlalchemy as sa

from cases import callbacks, joining, queue
from cases.access import NotFoundError
from cases.calendar import calendar_of
from cases.callbacks import Callback, CallOutcome
from cases.consent import ConsentRow
from cases.life import CaseState, Outcome, RefusedError
from cases.model import Case
from cases.purpose import Purpose
from cases.staff import Role, StaffMember
from cases.thread import Note
from store.audit import AuditRow
from store.clock import SetClock
from store.session import Database, Session
from tests.cases.acting import PROVINCE, hire, open_one

CALENDAR = calendar_of(PROVINCE, "nam-can")
ANYTIME = '{"phone": "0912345678", "window": "anytime", "code_word": "hạt dưa"}'


@pytest.fixture
def lan(database: Database) -> StaffMember:
    return hire(database, "lan", Role.OFFICER, "nam-can")


def wished(database: Database, contact: str = ANYTIME) -> str:
    """The id of a wish to be called."""
    case_id = open_one(database).id

    def act(session: Session) -> str:
        case = session.get_one(Case, case_id)
        queue.note_contact(session, case, contact, "0912345678")
        return callbacks.ask(session, case, CALENDAR).id

    return database.transact_now(act)


def call(
    database: Database, staff: StaffMember, wish: str, outcome: CallOutcome, note: str = ""
) -> Callback:
    return database.transact_now(
        lambda session: callbacks.called(session, staff, wish, outcome, note, CALENDAR)
    )


def listed(database: Database, staff: StaffMember) -> list[str]:
    return database.read_now(
        lambda session: [wish.id for wish, _ in callbacks.listed(session, staff)]
    )


def case_of(database: Database, wish: str) -> Case:
    return database.read_now(
        lambda session: session.get_one(Case, session.get_one(Callback, wish).case_id)
    )


def test_a_wish_stands_on_the_list_of_its_office_and_of_no_other(
    database: Database, lan: StaffMember
) -> None:
    wish = wished(database)
    tam = hire(database, "tam", Role.OFFICER, "u-minh")
    kiem = hire(database, "kiem", Role.AUDITOR, None)

    assert listed(database, lan) == [wish]
    assert listed(database, tam) == listed(database, kiem) == []
    with pytest.raises(NotFoundError):
        call(database, tam, wish, CallOutcome.REACHED)


def test_who_asks_twice_is_called_once(database: Database, lan: StaffMember) -> None:
    wish = wished(database)

    again = database.transact_now(
        lambda session: (
            callbacks.ask(session, session.get_one(Case, case_of(database, wish).id), CALENDAR).id
        )
    )

    assert again == wish
    assert listed(database, lan) == [wish]


@pytest.mark.parametrize("contact", ["{}", '{"phone": "0912345678", "window": "message_only"}'])
def test_without_a_number_for_calling_nobody_is_put_on_the_list(
    database: Database, contact: str
) -> None:
    with pytest.raises(RefusedError) as problem:
        wished(database, contact)
    assert problem.value.reason == "no_number"


def test_an_unanswered_call_is_tried_again_within_the_hours_and_counted(
    database: Database, lan: StaffMember, clock: SetClock
) -> None:
    wish = wished(database, '{"phone": "0912345678", "window": "noon"}')

    tried = call(database, lan, wish, CallOutcome.NO_ANSWER)

    assert tried.tries == 1
    assert tried.next_at == clock.now().replace(hour=4) + dt.timedelta(days=1)  # 11:00 there
    assert listed(database, lan) == [wish]


def test_a_call_that_reached_somebody_ends_the_wish_and_counts_as_an_answer(
    database: Database, lan: StaffMember, clock: SetClock
) -> None:
    wish = wished(database)

    call(database, lan, wish, CallOutcome.REACHED, "Hẹn thứ Năm đem giấy.")

    assert listed(database, lan) == []
    assert case_of(database, wish).answered_at == clock.now()
    notes = database.read_now(lambda session: session.scalars(sa.select(Note)).all())
    assert [one.open(database.vault, "body") for one in notes] == ["Hẹn thứ Năm đem giấy."]
    with pytest.raises(RefusedError, match="call_ended"):
        call(database, lan, wish, CallOutcome.REACHED)


@pytest.mark.parametrize("outcome", [CallOutcome.ASKED_NOT, CallOutcome.WRONG_NUMBER])
def test_a_number_that_must_not_be_called_is_kept_nowhere(
    database: Database, lan: StaffMember, outcome: CallOutcome
) -> None:
    wish = wished(database)

    call(database, lan, wish, outcome)

    case = case_of(database, wish)
    assert "0912345678" not in (case.open(database.vault, "contact") or "")
    assert case.phone_index is None
    assert listed(database, lan) == []


def test_neither_the_list_nor_the_audit_holds_a_number_or_a_word(
    database: Database, lan: StaffMember
) -> None:
    wish = wished(database)
    call(database, lan, wish, CallOutcome.NO_ANSWER, "hạt dưa")

    rows = database.read_now(
        lambda session: session.execute(
            sa.select(AuditRow.detail).where(AuditRow.act == "case.called")
        ).all()
    )
    assert [row.detail for row in rows] == ["no_answer"]


def test_the_list_has_those_first_who_are_due_first(database: Database, lan: StaffMember) -> None:
    later = wished(database, '{"phone": "0912345678", "window": "evening"}')
    now = wished(database)

    assert listed(database, lan) == [now, later]
    assert database.read_now(lambda session: callbacks.how_many(session, lan)) == 1


def test_a_closed_case_is_not_called(database: Database, lan: StaffMember) -> None:
    wish = wished(database)

    def close(session: Session) -> None:
        case = session.get_one(Case, case_of(database, wish).id)
        case.state, case.outcome = CaseState.CLOSED, Outcome.WITHDRAWN
        case.closed_at = session.clock.now()

    database.transact_now(close)

    assert listed(database, lan) == []
    with pytest.raises(RefusedError, match="closed"):
        call(database, lan, wish, CallOutcome.REACHED)


def test_a_wish_goes_along_when_its_case_is_joined_into_another(
    database: Database, lan: StaffMember
) -> None:
    wish, other = wished(database), open_one(database).id

    def join(session: Session) -> None:
        double = case_of(database, wish).id
        queue.claim(session, lan, double, "Chi nhánh Năm Căn")
        joining.join(session, lan, double, other)

    database.transact_now(join)

    assert listed(database, lan) == [wish]
    assert case_of(database, wish).id == other


def test_who_says_do_not_call_has_taken_back_the_consent_to_be_called(
    database: Database, lan: StaffMember
) -> None:
    wish = wished(database)

    call(database, lan, wish, CallOutcome.ASKED_NOT)

    rows = database.read_now(lambda session: session.scalars(sa.select(ConsentRow)).all())
    assert [(one.purpose, one.given, one.staff_id) for one in rows] == [
        (Purpose.CONTACT, False, lan.id)
    ]


def test_a_wrong_number_takes_no_consent_back(database: Database, lan: StaffMember) -> None:
    call(database, lan, wished(database), CallOutcome.WRONG_NUMBER)

    assert not database.read_now(lambda session: session.scalars(sa.select(ConsentRow)).all())
