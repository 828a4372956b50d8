"""The life of a request on both databases: opened, claimed once, answered, closed."""

import asyncio
import datetime as dt
from collections import Counter
from collections.abc import Sequence
from functools import partial
from pathlib import Path
from typing import Any

import pytest
import sqlalchemy as sa

from cases import access, consent, queue, register, rights, talking
from cases.access import NotFoundError
from cases.life import CaseState, Outcome, RefusedError
from cases.model import Case
from cases.purpose import Purpose
from cases.queue import Trier
from cases.staff import Role, StaffMember
from cases.talking import Word
from cases.thread import Author, Note, ThreadEntry
from store.clock import SetClock
from store.outbox import Delivery, OutboxRow
from store.session import Database, Session
from tests.cases.acting import hire, open_one, request


def all_visible(session: Session, staff: StaffMember) -> Sequence[Case]:
    return session.scalars(access.visible_to(staff)).all()


def test_a_branch_sees_its_own_cases_the_centre_all_and_admins_none(database: Database) -> None:
    mine, other = open_one(database), open_one(database, office_id="dam-doi")
    seen = {}
    for role, office in (
        (Role.OFFICER, "nam-can"),
        (Role.HEAD, "dam-doi"),
        (Role.CENTRE, "centre"),
        (Role.ADMIN, None),
        (Role.EDITOR, None),
        (Role.AUDITOR, None),
    ):
        staff = hire(database, f"{role}.{office}", role, office)
        found = database.read_now(partial(all_visible, staff=staff))
        seen[role] = {case.id for case in found}

    assert seen == {
        Role.OFFICER: {mine.id},
        Role.HEAD: {other.id},
        Role.CENTRE: {mine.id, other.id},
        Role.ADMIN: set(),
        Role.EDITOR: set(),
        Role.AUDITOR: set(),
    }


async def test_of_many_claims_at_once_exactly_one_wins(database: Database) -> None:
    case = open_one(database)
    staff = [hire(database, f"officer{n}", Role.OFFICER, "nam-can") for n in range(8)]
    results: Counter[str] = Counter()

    async def claim(one: StaffMember) -> None:
        try:
            await database.transact(
                lambda session: queue.claim(session, one, case.id, "Chi nhánh Năm Căn")
            )
            results["won"] += 1
        except RefusedError as refused:
            results[refused.reason] += 1

    async with asyncio.TaskGroup() as group:
        for one in staff * 4:
            group.create_task(claim(one))

    assert results == {"won": 1, "held": 31}


def test_a_case_of_another_branch_can_be_neither_claimed_nor_answered(database: Database) -> None:
    case = open_one(database, office_id="dam-doi")
    staff = hire(database, "officer.nam-can", Role.OFFICER, "nam-can")

    for act in (
        lambda session: queue.claim(session, staff, case.id, "x"),
        lambda session: talking.reply(session, staff, case.id, "chào", "x"),
        lambda session: talking.add_note(session, staff, case.id, "ghi"),
        lambda session: register.close(session, staff, case.id, Outcome.ADVISED),
    ):
        with pytest.raises(NotFoundError):
            database.transact_now(act)


def test_a_reply_waits_in_the_outbox_and_a_double_press_says_it_once(database: Database) -> None:
    case = open_one(database)
    staff = hire(database, "officer", Role.OFFICER, "nam-can")
    database.transact_now(lambda s: queue.claim(s, staff, case.id, "Chi nhánh"))

    for _ in range(2):
        database.transact_now(
            lambda s: talking.reply(s, staff, case.id, "Chào bạn", "Chi nhánh", client_key="k1")
        )

    def verbatims(session: Session) -> list[str]:
        rows = session.scalars(sa.select(OutboxRow).where(OutboxRow.thread_entry_id.is_not(None)))
        return [row.open(session.vault, "body") or "" for row in rows]

    (body,) = database.read_now(verbatims)
    assert '"text":"Chào bạn"' in body


def test_only_the_holder_answers_and_closes(database: Database) -> None:
    case = open_one(database)
    holder = hire(database, "officer1", Role.OFFICER, "nam-can")
    other = hire(database, "officer2", Role.OFFICER, "nam-can")
    database.transact_now(lambda s: queue.claim(s, holder, case.id, "Chi nhánh"))

    with pytest.raises(RefusedError, match="not_holder"):
        database.transact_now(lambda s: talking.reply(s, other, case.id, "chào", "Chi nhánh"))
    database.transact_now(lambda s: register.close(s, holder, case.id, Outcome.ADVISED))
    with pytest.raises(RefusedError, match="closed"):
        database.transact_now(lambda s: talking.reply(s, holder, case.id, "chào", "Chi nhánh"))
    with pytest.raises(RefusedError, match="closed"):
        database.transact_now(lambda s: queue.claim(s, other, case.id, "Chi nhánh"))


def test_an_internal_note_never_reaches_the_outbox(database: Database) -> None:
    case = open_one(database)
    staff = hire(database, "officer", Role.OFFICER, "nam-can")

    database.transact_now(lambda s: talking.add_note(s, staff, case.id, "nghi có mâu thuẫn"))

    def count(session: Session) -> tuple[int, int]:
        return session.query(OutboxRow).count(), session.query(Note).count()

    assert database.read_now(count) == (0, 1)


def test_a_deleted_talk_can_not_be_answered_and_the_officer_is_told(database: Database) -> None:
    case = open_one(database)
    staff = hire(database, "officer", Role.OFFICER, "nam-can")
    database.transact_now(lambda s: queue.claim(s, staff, case.id, "Chi nhánh"))
    database.transact_now(lambda s: talking.lose_the_talk(s, "talk"))

    with pytest.raises(RefusedError, match="unreachable"):
        database.transact_now(lambda s: talking.reply(s, staff, case.id, "chào", "Chi nhánh"))


def test_wrong_pins_lock_a_case_and_the_right_one_waits_too(
    database: Database, clock: SetClock
) -> None:
    wanted = request(conversation_id="own talk")
    database.transact_now(lambda s: queue.open_case(s, wanted))

    def find(pin: str) -> Case | None:
        return _find(database, wanted.code, pin, Trier("talk"))

    wrong = _wrong_pin(wanted.pin)
    assert find(wanted.pin) is not None
    for _ in range(3):
        assert find(wrong) is None
    assert find(wanted.pin) is None
    clock.forward(dt.timedelta(minutes=2))
    assert find(wanted.pin) is not None


def test_an_unclaimed_request_that_is_withdrawn_closes_at_once(database: Database) -> None:
    case = open_one(database)

    def withdraw(session: Session) -> Case:
        found = session.get_one(Case, case.id)
        rights.ask_to_withdraw(session, found)
        return found

    closed = database.transact_now(withdraw)
    assert (closed.state, closed.outcome) == (CaseState.CLOSED, Outcome.WITHDRAWN)


def test_nothing_personal_lies_open_in_the_database(sqlite: Database) -> None:
    canary = "Nguyễn-Thị-Chim-Hoàng-Yến"
    words = (Word(Author.CITIZEN, canary, dt.datetime(2026, 11, 23, tzinfo=dt.UTC)),)
    case = open_one(sqlite, words=words, screening=f'{{"place": "{canary}"}}')
    staff = hire(sqlite, "officer", Role.OFFICER, "nam-can")
    sqlite.transact_now(lambda s: queue.claim(s, staff, case.id, "Chi nhánh"))
    sqlite.transact_now(lambda s: talking.reply(s, staff, case.id, canary, "Chi nhánh"))
    sqlite.transact_now(lambda s: talking.add_note(s, staff, case.id, canary))
    sqlite.transact_now(lambda s: talking.save_draft(s, staff, case.id, canary))
    sqlite.transact_now(
        lambda s: queue.note_contact(s, s.get_one(Case, case.id), canary, "0912345678")
    )

    path = Path(sqlite.url.database or "")
    dumped = b"".join(file.read_bytes() for file in path.parent.glob(f"{path.name}*"))
    assert len(dumped) > 1000
    assert canary.encode() not in dumped
    assert b"0912345678" not in dumped


def test_the_thread_keeps_what_was_said_before_and_after(database: Database) -> None:
    case = open_one(database)
    staff = hire(database, "officer", Role.OFFICER, "nam-can")
    database.transact_now(
        lambda s: talking.citizen_wrote(s, s.get_one(Case, case.id), "Thêm: có giấy tay")
    )
    database.transact_now(lambda s: queue.claim(s, staff, case.id, "Chi nhánh"))
    database.transact_now(lambda s: talking.reply(s, staff, case.id, "Chào bạn", "Chi nhánh"))

    def said(session: Session) -> list[tuple[Author, str | None]]:
        entries: list[ThreadEntry] = list(talking.thread(session, session.get_one(Case, case.id)))
        return [(entry.author, entry.open(session.vault, "body")) for entry in entries]

    assert database.read_now(said) == [
        (Author.CITIZEN, "Bị lấn đất"),
        (Author.CITIZEN, "Thêm: có giấy tay"),
        (Author.STAFF, "Chào bạn"),
    ]


def reply(session: Session, staff: StaffMember, case: Case, text: str) -> None:
    talking.reply(session, staff, case.id, text, "Chi nhánh")


def test_outbox_rows_of_a_talk_are_numbered_one_after_the_other(database: Database) -> None:
    case = open_one(database)
    staff = hire(database, "officer", Role.OFFICER, "nam-can")
    database.transact_now(lambda s: queue.claim(s, staff, case.id, "Chi nhánh"))
    for text in ("một", "hai"):
        database.transact_now(partial(reply, staff=staff, case=case, text=text))

    rows = database.read_now(
        lambda s: s.execute(sa.select(OutboxRow.seq, OutboxRow.state).order_by(OutboxRow.seq)).all()
    )
    assert [tuple(row) for row in rows] == [(n, Delivery.WAITING) for n in (1, 2, 3)]


# --- brakes on guessing codes -------------------------------------------------------------------


def _find(database: Database, code: str, pin: str, trier: Trier) -> Case | None:
    return database.transact_now(lambda s: queue.find_by_code(s, code, pin, trier))


def _wrong_pin(pin: str) -> str:
    return "000000" if pin != "000000" else "111111"


def test_a_talk_that_tries_many_codes_is_held_back_and_another_talk_is_not(
    database: Database, clock: SetClock
) -> None:
    wanted = request()
    database.transact_now(lambda s: queue.open_case(s, wanted))

    def find(code: str, talk: str) -> Case | None:
        return _find(database, code, wanted.pin, Trier(talk))

    for number in range(5):
        assert find(f"{number:016d}", "guesser") is None

    assert find(wanted.code, "guesser") is None
    assert find(wanted.code, "neighbour") is not None
    clock.forward(dt.timedelta(seconds=31))
    assert find(wanted.code, "guesser") is not None


def test_a_flood_of_wrong_codes_leaves_each_talk_one_try_at_a_time_and_no_talk_none(
    database: Database,
) -> None:
    wanted = request()
    database.transact_now(lambda s: queue.open_case(s, wanted))

    def flood(session: Session) -> None:
        for number in range(120):
            queue.find_by_code(session, f"{number:016d}", "123456", Trier(f"guesser{number}"))

    def find(pin: str, talk: str) -> Case | None:
        return _find(database, wanted.code, pin, Trier(talk))

    database.transact_now(flood)

    assert find(wanted.pin, "owner on another phone") is not None
    assert find(_wrong_pin(wanted.pin), "guesser") is None
    assert find(wanted.pin, "guesser") is None


def test_strangers_who_guess_do_not_lock_the_owners_own_talk(database: Database) -> None:
    wanted = request(conversation_id="own talk")
    database.transact_now(lambda s: queue.open_case(s, wanted))
    wrong = _wrong_pin(wanted.pin)

    def guess(session: Session) -> None:
        for number in range(10):
            queue.find_by_code(session, wanted.code, wrong, Trier(f"guesser{number}"))

    database.transact_now(guess)

    assert database.transact_now(lambda s: queue.open_by_pin(s, "own talk", wanted.pin))


def test_pins_guessed_on_the_phone_itself_are_held_back_there_for_longer_and_longer(
    database: Database, clock: SetClock
) -> None:
    wanted = request(conversation_id="own talk")
    database.transact_now(lambda s: queue.open_case(s, wanted))

    def opens(pin: str) -> bool:
        return database.transact_now(lambda s: queue.open_by_pin(s, "own talk", pin))

    for _ in range(3):
        assert not opens(_wrong_pin(wanted.pin))
    assert not opens(wanted.pin)
    clock.forward(dt.timedelta(minutes=1))
    assert not opens(_wrong_pin(wanted.pin))
    clock.forward(dt.timedelta(minutes=1))
    assert not opens(wanted.pin)
    clock.forward(dt.timedelta(minutes=1))
    assert opens(wanted.pin)


def _guessed(database: Database, clock: SetClock, code: str, pin: str, strangers: int) -> None:
    """Strangers try a PIN, each as often as their place may, for a day."""

    def guess(session: Session) -> None:
        for number in range(strangers):
            queue.find_by_code(session, code, pin, Trier(f"talk{number}", f"line{number}"))

    for _ in range(24):
        database.transact_now(guess)
        clock.forward(dt.timedelta(minutes=59))


def test_a_stranger_who_knows_the_code_locks_it_to_his_own_line_only(
    database: Database, clock: SetClock
) -> None:
    wanted = request(conversation_id="own talk")
    database.transact_now(lambda s: queue.open_case(s, wanted))

    _guessed(database, clock, wanted.code, _wrong_pin(wanted.pin), strangers=1)

    assert _find(database, wanted.code, wanted.pin, Trier("a new talk", "line0")) is None
    assert _find(database, wanted.code, wanted.pin, Trier("a new talk", "the owner's")) is not None


def test_many_strangers_shut_the_code_to_strangers_and_never_to_the_owners_talks(
    database: Database, clock: SetClock
) -> None:
    wanted = request(conversation_id="on telegram")
    case = database.transact_now(lambda s: queue.open_case(s, wanted))
    database.transact_now(lambda s: _agreed(s, case.id, "on telegram"))

    _guessed(database, clock, wanted.code, _wrong_pin(wanted.pin), strangers=60)

    assert _find(database, wanted.code, wanted.pin, Trier("a neighbour", "a line")) is None
    assert _find(database, wanted.code, wanted.pin, Trier("on telegram")) is not None
    database.transact_now(
        lambda s: talking.move_to_talk(s, s.get_one(Case, case.id), "on zalo", "zalo_oa")
    )
    assert _find(database, wanted.code, wanted.pin, Trier("on zalo")) is not None
    assert _find(database, wanted.code, wanted.pin, Trier("on telegram")) is not None
    clock.forward(dt.timedelta(days=1))
    assert _find(database, wanted.code, wanted.pin, Trier("a neighbour", "a line")) is not None


def test_a_line_that_tries_many_codes_by_ever_new_talks_is_held_back(database: Database) -> None:
    wanted = request()
    database.transact_now(lambda s: queue.open_case(s, wanted))
    for number in range(30):
        trier = Trier(f"talk{number}", "line")
        assert _find(database, f"{number:016d}", wanted.pin, trier) is None

    assert _find(database, wanted.code, wanted.pin, Trier("another talk", "line")) is None
    assert _find(database, wanted.code, wanted.pin, Trier("another talk", "other")) is not None


def test_a_code_that_nobody_has_costs_the_same_statements_as_one_with_a_wrong_pin(
    database: Database,
) -> None:
    wanted = request(conversation_id="own talk")
    database.transact_now(lambda s: queue.open_case(s, wanted))

    def statements(code: str, talk: str) -> list[str]:
        seen: list[str] = []

        def count(*told: Any) -> None:
            seen.append(told[2])

        sa.event.listen(database.engine, "before_cursor_execute", count)
        assert _find(database, code, _wrong_pin(wanted.pin), Trier(talk, f"{talk}'s")) is None
        sa.event.remove(database.engine, "before_cursor_execute", count)
        return seen

    for number, code in enumerate((wanted.code, "0" * 10)):
        statements(code, f"before{number}")
    assert statements(wanted.code, "one") == statements("0" * 10, "another")


def _agreed(session: Session, case_id: str, talk_id: str) -> None:
    consent.record(
        session,
        conversation_id=talk_id,
        case_id=case_id,
        purpose=Purpose.REQUEST,
        given=True,
        wording="request.consent",
        shown="…",
        language="vi",
    )
