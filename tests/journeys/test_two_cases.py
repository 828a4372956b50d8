"""Consent, secrets and words stay where they belong when a talk has more than one case."""

import datetime as dt
from functools import partial

import sqlalchemy as sa

from cases import joining, queue, talking
from cases.consent import ConsentRow
from cases.model import Case
from cases.purpose import Purpose
from cases.staff import StaffMember
from cases.thread import Author
from store.clock import SetClock
from store.session import Database, Session
from tests.journeys.conftest import Citizen, said


async def ask_for_a_person(citizen: Citizen, place: str) -> str:
    """Open a request; what was said with the code and the PIN."""
    await citizen.writes("gặp cán bộ")
    if citizen.state().step == "request.already":
        await citizen.presses("Mở yêu cầu khác")
    if citizen.state().step == "request.place":
        await citizen.writes(place)
    if citizen.state().step == "request.story":
        await citizen.presses("Nói với cán bộ sau")
    opened = said(await citizen.presses("Đồng ý gửi"))
    await citizen.presses("Không để lại số")
    return opened


def thread_of(database: Database, case: Case) -> list[tuple[Author, str]]:
    def load(session: Session) -> list[tuple[Author, str]]:
        return [
            (entry.author, entry.open(session.vault, "body") or "")
            for entry in talking.thread(session, case)
        ]

    return database.read_now(load)


def reply(officer: StaffMember, case: Case, text: str, session: Session) -> None:
    talking.reply(session, officer, case.id, text, "Chi nhánh")


async def test_a_second_request_takes_no_secret_and_no_word_of_the_first_officer_along(
    citizen: Citizen, officer: StaffMember, database: Database
) -> None:
    await citizen.starts()
    opened = await ask_for_a_person(citizen, "xã Đá Bạc")
    code = opened.split("Mã hồ sơ: ")[1][:11]
    first = citizen.case()
    database.transact_now(lambda s: queue.claim(s, officer, first.id, "Chi nhánh"))
    database.transact_now(lambda s: talking.reply(s, officer, first.id, "Lời riêng A", "Chi nhánh"))
    await citizen.reads()
    await citizen.writes("chỉ nói với cán bộ A thôi")
    database.transact_now(lambda s: queue.give_back(s, officer, first.id, "Chi nhánh"))
    await citizen.reads()

    await ask_for_a_person(citizen, "xã Đá Bạc")

    second = citizen.case()
    assert second.id != first.id
    words = " ".join(text for _, text in thread_of(database, second))
    assert code not in words
    assert "Lời riêng A" not in words


async def test_an_answer_goes_to_the_case_that_an_officer_holds(
    citizen: Citizen, officer: StaffMember, database: Database
) -> None:
    await citizen.starts()
    await ask_for_a_person(citizen, "xã Đá Bạc")
    first = citizen.case()
    await ask_for_a_person(citizen, "xã Đá Bạc")
    second = citizen.case()
    database.transact_now(lambda s: queue.claim(s, officer, first.id, "Chi nhánh"))
    await citizen.reads()

    assert await citizen.writes("Dạ em có đem sổ đỏ") == []

    assert (Author.CITIZEN, "Dạ em có đem sổ đỏ") in thread_of(database, first)
    assert (Author.CITIZEN, "Dạ em có đem sổ đỏ") not in thread_of(database, second)


async def test_withdrawing_is_kept_as_consent_taken_back(
    citizen: Citizen, officer: StaffMember, database: Database
) -> None:
    await citizen.starts()
    await ask_for_a_person(citizen, "xã Đá Bạc")
    await citizen.writes("rút yêu cầu")
    await citizen.presses("Rút")

    def consents(session: Session) -> list[tuple[Purpose, bool]]:
        rows = session.scalars(sa.select(ConsentRow).order_by(ConsentRow.at, ConsentRow.id))
        return [(row.purpose, row.given) for row in rows]

    assert (Purpose.REQUEST, True) in database.read_now(consents)
    assert (Purpose.REQUEST, False) in database.read_now(consents)


async def test_whoever_comes_back_by_code_sees_every_reply_since_they_left(
    citizen: Citizen, officer: StaffMember, database: Database, clock: SetClock
) -> None:
    await citizen.starts()
    opened = await ask_for_a_person(citizen, "xã Đá Bạc")
    code, pin = opened.split("Mã hồ sơ: ")[1][:11], opened.split("Số PIN: ")[1][:6]
    case = citizen.case()
    database.transact_now(lambda s: queue.claim(s, officer, case.id, "Chi nhánh"))
    clock.forward(dt.timedelta(minutes=1))
    for number in range(5):
        database.transact_now(partial(reply, officer, case, f"Lời nhắn số {number}"))
    await citizen.reads()

    other = Citizen(database, citizen.worker, citizen.channel, address="chat-2")
    await other.writes("hồ sơ của tôi")
    await other.writes(code)
    shown = said(await other.writes(pin))

    assert all(f"Lời nhắn số {number}" in shown for number in range(5))
    found = next(n for n, line in enumerate(shown.splitlines()) if "Đã mở hồ sơ" in line)
    first = next(n for n, line in enumerate(shown.splitlines()) if "Lời nhắn số 0" in line)
    assert found < first


async def two_talks_joined(
    citizen: Citizen, officer: StaffMember, database: Database
) -> tuple[Case, Citizen, str]:
    """The case that goes on, the phone whose request was joined to it, and that one's keys."""
    await citizen.starts()
    await ask_for_a_person(citizen, "xã Đá Bạc")
    first = citizen.case()
    other = Citizen(database, citizen.worker, citizen.channel, address="chat-2")
    await other.starts()
    keys = await ask_for_a_person(other, "xã Đá Bạc")
    for case in (first, other.case()):
        database.transact_now(partial(queue.claim, staff=officer, case_id=case.id, office_name="C"))
    second = other.case().id
    database.transact_now(lambda s: joining.join(s, officer, second, first.id))
    await citizen.reads()
    await other.reads()
    return first, other, keys


async def test_what_is_written_in_the_talk_of_a_joined_request_reaches_the_one_that_goes_on(
    citizen: Citizen, officer: StaffMember, database: Database
) -> None:
    first, other, _ = await two_talks_joined(citizen, officer, database)

    assert await other.writes("Dạ em có sổ đỏ") == []
    assert (Author.CITIZEN, "Dạ em có sổ đỏ") in thread_of(database, first)
    database.transact_now(partial(reply, officer, first, "Mai bà đem tới nhé"))
    assert "Mai bà đem tới nhé" in said(await other.reads())

    assert await citizen.writes("Em nhắn máy cũ") == []
    assert (Author.CITIZEN, "Em nhắn máy cũ") in thread_of(database, first)
    database.transact_now(partial(reply, officer, first, "Dạ thấy rồi"))
    assert "Dạ thấy rồi" in said(await citizen.reads())


async def test_the_code_of_a_joined_request_opens_the_one_that_goes_on(
    citizen: Citizen, officer: StaffMember, database: Database
) -> None:
    first, _, keys = await two_talks_joined(citizen, officer, database)
    database.transact_now(partial(reply, officer, first, "Mai bà đem tới nhé"))
    third = Citizen(database, citizen.worker, citizen.channel, address="chat-3")
    await third.writes("hồ sơ của tôi")
    await third.writes(keys.split("Mã hồ sơ: ")[1][:11])

    shown = said(await third.writes(keys.split("Số PIN: ")[1][:6]))

    assert "đã nhận và đang xem" in shown
    assert "Mai bà đem tới nhé" in shown
