"""Complaints go to the centre and to nobody they are about; stars are kept once for an ending."""

import datetime as dt
from functools import partial

import sqlalchemy as sa

from cases import queue, register, rights
from cases.life import CaseState, ComplaintKind, Outcome
from cases.model import Case
from cases.rights import Complaint, Rating
from cases.staff import Role, StaffMember
from store.clock import SetClock
from store.session import Database, Session
from tests.cases.acting import hire
from tests.journeys.conftest import Citizen, labels, said
from tests.journeys.test_two_cases import ask_for_a_person, thread_of
from tests.journeys.wording import is_said

WORDS = "Cán bộ hẹn ba lần mà không tới, tôi muốn đổi cách làm."


async def a_held_case(citizen: Citizen, officer: StaffMember, database: Database) -> Case:
    await citizen.starts()
    await ask_for_a_person(citizen, "xã Đá Bạc")
    case = citizen.case()
    database.transact_now(lambda s: queue.claim(s, officer, case.id, "Chi nhánh"))
    await citizen.reads()
    return case


def complaint_of(database: Database, case: Case) -> tuple[Complaint, str]:
    def look(session: Session) -> tuple[Complaint, str]:
        found = rights.complaint_of(session, case)
        assert found is not None
        return found, found.open(session.vault, "about") or ""

    return database.read_now(look)


async def test_a_complaint_in_own_words_reaches_the_centre_and_not_the_thread(
    citizen: Citizen, officer: StaffMember, database: Database
) -> None:
    case = await a_held_case(citizen, officer, database)
    before = thread_of(database, case)

    await citizen.writes("hồ sơ của tôi")
    asked = await citizen.presses("Khiếu nại")
    assert "Nhận mà không làm" in labels(asked[-1])
    await citizen.presses("Nhận mà không làm")
    confirm = await citizen.writes(WORDS)
    assert WORDS in said(confirm)
    sent = await citizen.presses("Gửi khiếu nại")

    assert is_said("complaint.sent_due", said(sent))
    assert "27/11/2026" in said(sent)  # 24 November is a holiday
    complaint, about = complaint_of(database, case)
    assert about == WORDS
    assert (complaint.kind, complaint.against_id) == (ComplaintKind.NOT_DONE, officer.id)
    assert thread_of(database, case) == before


async def test_a_complaint_written_into_the_talk_is_read_back_and_kept_from_the_officer(
    citizen: Citizen, officer: StaffMember, database: Database
) -> None:
    case = await a_held_case(citizen, officer, database)
    before = thread_of(database, case)

    confirm = await citizen.writes("Tôi không hài lòng với cán bộ, hẹn ba lần mà không tới")

    assert "hẹn ba lần" in said(confirm)
    assert "Gửi khiếu nại" in labels(confirm[-1])
    assert thread_of(database, case) == before


async def test_a_complaint_that_is_not_sent_leaves_nothing(
    citizen: Citizen, officer: StaffMember, database: Database
) -> None:
    await a_held_case(citizen, officer, database)
    await citizen.writes("hồ sơ của tôi")
    await citizen.presses("Khiếu nại")
    await citizen.writes(WORDS)

    told = await citizen.presses("Thôi, không gửi")

    assert is_said("complaint.stopped", said(told))
    assert citizen.state().set_aside == ""
    assert not database.read_now(lambda s: s.scalars(sa.select(Complaint)).all())


async def test_a_photo_during_a_complaint_is_not_handed_to_the_officer(
    citizen: Citizen, officer: StaffMember, database: Database
) -> None:
    case = await a_held_case(citizen, officer, database)
    before = thread_of(database, case)
    await citizen.writes("hồ sơ của tôi")
    await citizen.presses("Khiếu nại")

    told = await citizen.event(kind="file", text="")

    assert is_said("always.gone", said(told)) or is_said("complaint.no_files", said(told))
    assert thread_of(database, case) == before


async def test_the_status_tells_until_when_the_complaint_is_answered_and_that_it_is_late(
    citizen: Citizen, officer: StaffMember, database: Database, clock: SetClock
) -> None:
    case = await a_held_case(citizen, officer, database)
    await citizen.writes("hồ sơ của tôi")
    await citizen.presses("Khiếu nại")
    await citizen.writes(WORDS)
    await citizen.presses("Gửi khiếu nại")
    again = await citizen.presses("Gửi khiếu nại")
    assert again == []
    await citizen.event(kind="button", text="go:mine", button_serial=0)

    assert is_said("complaint.waits_until", said(await citizen.writes("hồ sơ của tôi")))
    clock.forward(dt.timedelta(days=10))
    assert is_said("complaint.late", said(await citizen.writes("hồ sơ của tôi")))
    waits = await citizen.presses("Khiếu nại")
    assert is_said("complaint.late", said(waits))
    assert complaint_of(database, case)[1] == WORDS


def end(database: Database, officer: StaffMember, case: Case, outcome: Outcome) -> None:
    database.transact_now(lambda s: register.close(s, officer, case.id, outcome))


def ratings(database: Database) -> list[tuple[int, int | None, int | None, int | None, str]]:
    def look(session: Session) -> list[tuple[int, int | None, int | None, int | None, str]]:
        return [
            (
                one.stars,
                one.attitude,
                one.responsibility,
                one.skill,
                one.open(session.vault, "words") or "",
            )
            for one in session.scalars(sa.select(Rating))
        ]

    return database.read_now(look)


async def test_the_status_tells_what_became_of_a_complaint_at_the_department(
    citizen: Citizen, officer: StaffMember, database: Database, clock: SetClock
) -> None:
    case = await a_held_case(citizen, officer, database)
    centre = hire(database, "truong", Role.CENTRE, "centre")
    database.transact_now(lambda s: rights.complain(s, s.get_one(Case, case.id), WORDS))
    database.transact_now(lambda s: rights.answer_complaint(s, centre, case.id, "Đã nhắc."))
    await citizen.reads()

    seen = []
    for answered in (False, True):
        database.transact_now(
            partial(rights.note_department, staff=centre, case_id=case.id, answered=answered)
        )
        seen.append(said(await citizen.writes("hồ sơ của tôi")))

    assert is_said("complaint.department_has_it", seen[0])
    assert is_said("complaint.department_answered", seen[1])


async def test_one_tap_rates_and_each_further_answer_is_kept_at_once(
    citizen: Citizen, officer: StaffMember, database: Database
) -> None:
    case = await a_held_case(citizen, officer, database)
    end(database, officer, case, Outcome.ADVISED)
    (ended,) = await citizen.reads()
    assert is_said("rating.ask", ended.text)

    await citizen.presses("★★★★")
    assert ratings(database) == [(4, None, None, None, "")]
    await citizen.presses("★★★★★")
    await citizen.presses("Bỏ qua")
    await citizen.presses("3")
    done = await citizen.writes("Tôi muốn khen chị cán bộ, nói dễ hiểu.")

    assert is_said("rating.done", said(done))
    assert ratings(database) == [(4, 5, None, 3, "Tôi muốn khen chị cán bộ, nói dễ hiểu.")]


async def test_the_stars_are_taken_once_for_an_ending(
    citizen: Citizen, officer: StaffMember, database: Database
) -> None:
    case = await a_held_case(citizen, officer, database)
    end(database, officer, case, Outcome.ADVISED)
    await citizen.reads()
    await citizen.event(kind="button", text=f"r:{case.id}:2", button_serial=0)

    again = await citizen.event(kind="button", text=f"r:{case.id}:5", button_serial=0)

    assert is_said("rating.refused_rated", said(again))
    assert [stars for stars, *_ in ratings(database)] == [2]


async def test_a_typed_number_is_the_stars_right_after_the_end(
    citizen: Citizen, officer: StaffMember, database: Database
) -> None:
    case = await a_held_case(citizen, officer, database)
    end(database, officer, case, Outcome.ADVISED)
    await citizen.reads()

    await citizen.writes("5")

    assert [stars for stars, *_ in ratings(database)] == [5]


async def test_who_took_the_request_back_is_not_asked_for_stars(
    citizen: Citizen, officer: StaffMember, database: Database
) -> None:
    case = await a_held_case(citizen, officer, database)
    end(database, officer, case, Outcome.WITHDRAWN)

    (ended,) = await citizen.reads()

    assert not is_said("rating.ask", ended.text)
    assert labels(ended) == []


SENTENCE = "Tôi muốn khiếu nại cán bộ hẹn ba lần mà lần nào cũng không tới"


async def test_a_complaint_in_one_sentence_is_asked_about_before_anybody_reads_it(
    citizen: Citizen, officer: StaffMember, database: Database
) -> None:
    case = await a_held_case(citizen, officer, database)
    before = thread_of(database, case)

    (asked,) = await citizen.writes(SENTENCE)
    assert is_said("complaint.aim", asked.text)
    assert thread_of(database, case) == before
    await citizen.presses("Khiếu nại người giúp tôi")
    await citizen.presses("Gửi khiếu nại")

    assert complaint_of(database, case)[1] == SENTENCE
    assert thread_of(database, case) == before


async def test_a_complaint_that_belongs_to_the_matter_goes_to_the_officer_as_it_was_written(
    citizen: Citizen, officer: StaffMember, database: Database
) -> None:
    case = await a_held_case(citizen, officer, database)
    words = "Tôi muốn khiếu nại cán bộ xã thu đất nhà tôi mà không đền bù"

    await citizen.writes(words)
    await citizen.presses("Chuyện trong vụ việc")

    assert thread_of(database, case)[-1][1] == words


async def test_no_later_request_carries_a_complaint_along(
    citizen: Citizen, officer: StaffMember, database: Database
) -> None:
    case = await a_held_case(citizen, officer, database)
    await citizen.writes(SENTENCE)
    await citizen.presses("Khiếu nại người giúp tôi")
    await citizen.presses("Gửi khiếu nại")
    database.transact_now(lambda s: queue.give_back(s, officer, case.id, "Chi nhánh"))
    await citizen.reads()

    await ask_for_a_person(citizen, "xã Đá Bạc")

    later = citizen.case()
    assert later.id != case.id
    assert not any("hẹn ba lần" in text for _, text in thread_of(database, later))


async def test_a_request_that_no_officer_took_is_not_rated(
    citizen: Citizen, database: Database
) -> None:
    await citizen.starts()
    await ask_for_a_person(citizen, "xã Đá Bạc")
    case_id = citizen.case().id

    def close(session: Session) -> bool:
        case = session.get_one(Case, case_id)
        case.state, case.outcome = CaseState.CLOSED, Outcome.WITHDRAWN
        case.closed_at = session.clock.now()
        return rights.may_rate(session, case)

    assert database.transact_now(close) is False
