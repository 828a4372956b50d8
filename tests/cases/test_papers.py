"""Papers one by one: asked, photographed, ticked; whose turn it is decides which clock runs."""

import datetime as dt

import pytest

from cases import papers, queue, register
from cases.clock import deadlines_in
from cases.deadlines import DeadlineState
from cases.life import AtOnce, Ground, PaperState, PaperVerdict, RefusedError
from cases.limits import DeadlineKind, Form
from cases.model import Case
from cases.papers import AskedPaper
from cases.staff import Role, StaffMember
from store import files
from store.clock import SetClock
from store.session import Database, Session
from tests.cases.acting import PROVINCE, hire, open_one

POOR, DEED = "Giấy chứng nhận hộ nghèo", "Sổ đỏ"


@pytest.fixture
def lan(database: Database) -> StaffMember:
    return hire(database, "lan", Role.OFFICER, "nam-can")


def held(database: Database, staff: StaffMember) -> str:
    case = open_one(database)
    database.transact_now(lambda s: queue.claim(s, staff, case.id, "Chi nhánh"))
    return case.id


def ask(database: Database, staff: StaffMember, case_id: str, *names: str) -> list[str]:
    """Ask for papers; their ids."""

    def act(session: Session) -> list[str]:
        case = register.ask_papers(
            session, staff, case_id, "\n".join(names), named=True, longer=False
        )
        return [one.id for one in papers.papers_of(session, case)]

    return database.transact_now(act)


def photo(database: Database, case_id: str) -> AskedPaper | None:
    def act(session: Session) -> AskedPaper | None:
        stored = files.keep(
            session, b"\xff\xd8\xff", media_type="image/jpeg", name=None, conversation_id=None
        )
        return papers.keep_photo(session, session.get_one(Case, case_id), stored.id)

    return database.transact_now(act)


def sort(database: Database, case_id: str, paper_id: str) -> None:
    database.transact_now(lambda s: papers.sort_photos(s, s.get_one(Case, case_id), paper_id))


def judge(
    database: Database, staff: StaffMember, case_id: str, paper_id: str, verdict: PaperVerdict
) -> None:
    database.transact_now(lambda s: papers.judge(s, staff, case_id, paper_id, verdict))


def states(database: Database, case_id: str) -> list[PaperState]:
    def read(session: Session) -> list[PaperState]:
        return [one.state for one in papers.papers_of(session, session.get_one(Case, case_id))]

    return database.read_now(read)


def case_of(database: Database, case_id: str) -> Case:
    return database.read_now(lambda s: s.get_one(Case, case_id))


def limit(database: Database, case_id: str) -> tuple[DeadlineState, dt.datetime | None]:
    def read(session: Session) -> tuple[DeadlineState, dt.datetime | None]:
        found = deadlines_in(session, session.get_one(Case, case_id), PROVINCE)
        one = next(one for one in found if one.kind is DeadlineKind.MISSING_PAPERS)
        return one.state, one.due_at

    return database.read_now(read)


def test_a_photo_goes_to_the_only_paper_that_is_waited_for(
    database: Database, lan: StaffMember
) -> None:
    case_id = held(database, lan)
    ask(database, lan, case_id, POOR)

    photo(database, case_id)
    photo(database, case_id)

    assert states(database, case_id) == [PaperState.SENT]
    assert case_of(database, case_id).papers_sent_at is not None


def test_photos_of_several_papers_wait_until_one_answer_sorts_all_of_them(
    database: Database, lan: StaffMember
) -> None:
    case_id = held(database, lan)
    poor, deed = ask(database, lan, case_id, POOR, DEED)
    assert photo(database, case_id) is None
    assert photo(database, case_id) is None

    sort(database, case_id, deed)

    assert states(database, case_id) == [PaperState.ASKED, PaperState.SENT]
    kept = database.read_now(lambda s: papers.photos_of(s, s.get_one(Case, case_id)))
    assert [one.paper_id for one in kept] == [deed, deed]
    database.transact_now(lambda s: papers.take_back(s, s.get_one(Case, case_id)))
    assert states(database, case_id) == [PaperState.ASKED, PaperState.ASKED]
    sort(database, case_id, poor)
    assert states(database, case_id) == [PaperState.SENT, PaperState.ASKED]


def test_the_last_paper_ticked_off_ends_the_waiting_and_tells_the_citizen(
    database: Database, lan: StaffMember
) -> None:
    case_id = held(database, lan)
    poor, deed = ask(database, lan, case_id, POOR, DEED)

    judge(database, lan, case_id, poor, PaperVerdict.RECEIVED)
    assert case_of(database, case_id).papers_given_at is None
    judge(database, lan, case_id, deed, PaperVerdict.NOT_NEEDED)

    case = case_of(database, case_id)
    assert case.papers_given_at is not None
    assert case.papers_missing is None
    with pytest.raises(RefusedError, match="paper_gone"):
        judge(database, lan, case_id, deed, PaperVerdict.RECEIVED)


def test_nothing_can_be_unreadable_that_never_came(database: Database, lan: StaffMember) -> None:
    case_id = held(database, lan)
    (poor,) = ask(database, lan, case_id, POOR)

    with pytest.raises(RefusedError, match="no_photo"):
        judge(database, lan, case_id, poor, PaperVerdict.UNREADABLE)


def test_the_citizens_days_stand_still_while_the_office_looks_and_begin_anew_at_a_blurred_photo(
    database: Database, lan: StaffMember, clock: SetClock
) -> None:
    case_id = held(database, lan)
    accept = {"papers_missing": POOR, "named": True, "at_once": AtOnce.TRIAL_NEAR}

    def act(session: Session) -> str:
        case = register.accept(session, lan, case_id, PROVINCE, Form.LITIGATION, **accept)  # type: ignore[arg-type]
        case.longer_for_papers = False
        return papers.papers_of(session, case)[0].id

    poor = database.transact_now(act)
    _, first_due = limit(database, case_id)
    photo(database, case_id)
    clock.forward(dt.timedelta(days=20))

    assert limit(database, case_id)[0] is DeadlineState.MET
    refuse = (lan, case_id, Ground.PAPERS_MISSING, "Không bổ sung", PROVINCE)
    with pytest.raises(RefusedError, match="papers_to_look_at"):
        database.transact_now(lambda s: register.refuse(s, *refuse))

    judge(database, lan, case_id, poor, PaperVerdict.UNREADABLE)
    state, due = limit(database, case_id)
    assert state is not DeadlineState.OVERDUE
    assert first_due is not None
    assert due is not None
    assert due > first_due + dt.timedelta(days=15)
    with pytest.raises(RefusedError, match="papers_not_due"):
        database.transact_now(lambda s: register.refuse(s, *refuse))


def test_a_paper_asked_twice_stands_in_the_list_once(database: Database, lan: StaffMember) -> None:
    case_id = held(database, lan)
    ask(database, lan, case_id, POOR)
    ask(database, lan, case_id, f"  {POOR} ", DEED)

    assert len(states(database, case_id)) == 2


def test_an_officer_puts_a_photo_with_another_paper(database: Database, lan: StaffMember) -> None:
    case_id = held(database, lan)
    poor, deed = ask(database, lan, case_id, POOR, DEED)
    photo(database, case_id)
    sort(database, case_id, poor)
    (row,) = database.read_now(lambda s: papers.photos_of(s, s.get_one(Case, case_id)))

    database.transact_now(lambda s: papers.file_under(s, lan, case_id, row.id, deed))

    assert states(database, case_id) == [PaperState.ASKED, PaperState.SENT]
