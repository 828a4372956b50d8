"""Search over what is said in cases: any spelling, and only what one may see."""

import random
import re
from functools import partial

import pytest
import sqlalchemy as sa

from cases import parties, queue, register, talking, transfer
from cases.codes import fresh_code
from cases.limits import Form
from cases.model import Case, RegisterEntry
from cases.parties import PartyRole
from cases.search import CaseIndex, search
from store import events
from store.audit import AuditRow
from store.session import Session
from tests.desk.world import PROVINCE, Browser, World

TOLD = "Tôi tên Nguyễn Văn Tèo, hàng xóm lấn ranh đất vườn của tôi hai mét"


async def found(browser: Browser, query: str) -> list[str]:
    """The ids of the cases that a search shows, in their order."""
    page = await browser.get("/desk/search", params={"q": query})
    assert page.status_code == 200
    return re.findall(r'<li id="row-(\w+)"', page.text)


@pytest.mark.parametrize(
    "query",
    [
        "Nguyễn Văn Tèo",
        "nguyen van teo",
        "NGUYEN VAN TEO",
        "nguyeenx vawn tefo",
        "nguyễn văn tèo",
        "nguyn van teo",
        "nguyenn van",
        "lấn ranh đất",
        "lan ranh dat",
        "dat vuon ranh",
        "hnag xom",
        "nguyễn văn t",
    ],
)
async def test_words_are_found_in_any_spelling(world: World, query: str) -> None:
    case_id = world.open_case(words=(TOLD,))
    world.open_case(words=("Công ty nợ lương ba tháng",))
    browser = await world.signed_in("lan")

    assert await found(browser, query) == [case_id]


async def test_all_words_must_be_said_and_the_exact_phrase_comes_first(world: World) -> None:
    apart = world.open_case(words=("Đất của ông Bảy, ranh giới cũ, người ta lấn",))
    together = world.open_case(words=("Họ lấn ranh đất",))
    world.open_case(words=("Họ lấn đất",))
    browser = await world.signed_in("lan")

    assert await found(browser, "lấn ranh đất") == [together, apart]


async def test_notes_and_names_are_found_and_snippets_show_where(world: World) -> None:
    noted, named = world.open_case(words=("xin giúp",)), world.open_case(words=("xin giúp",))
    lan = world.staff("lan")
    note = partial(talking.add_note, staff=lan, case_id=noted, text="Đã gọi cho <b>Hội</b> phụ nữ")
    world.database.transact_now(note)
    world.database.transact_now(
        lambda session: parties.add_party(
            session, lan, named, PartyRole.OPPONENT, "Trần Thị Lụa", id_number="096123456789"
        )
    )
    browser = await world.signed_in("lan")

    assert await found(browser, "hoi phu nu") == [noted]
    page = (await browser.get("/desk/search?q=hoi phu nu")).text
    assert "Ghi chú nội bộ" in page
    assert "&lt;b&gt;<mark>Hội</mark>&lt;/b&gt; <mark>phụ</mark> <mark>nữ</mark>" in page
    assert await found(browser, "tran thi lua") == [named]
    assert await found(browser, "096 123 456 789") == [named]
    assert await found(browser, "09612345678") == []


async def test_a_phone_number_is_found_whole_and_by_no_part_of_it(world: World) -> None:
    case_id = world.open_case()
    browser = await world.signed_in("lan")

    for whole in ("0912345678", "0912 345 678", "+84912345678", "0912.345.678"):
        assert await found(browser, whole) == [case_id]
    for part in ("091234567", "12345678", "0912345679"):
        assert await found(browser, part) == []


async def test_a_case_is_found_by_its_number_its_register_code_and_the_citizens_code(
    world: World,
) -> None:
    case_id = world.open_case()
    world.open_case()
    lan = world.staff("lan")
    world.database.transact_now(partial(queue.claim, staff=lan, case_id=case_id, office_name="CN"))
    accept = partial(
        register.accept, staff=lan, case_id=case_id, province=PROVINCE, form=Form.ADVICE
    )
    world.database.transact_now(accept)
    entry = sa.select(RegisterEntry.code)
    code = world.database.read_now(lambda session: session.scalar(entry)) or ""
    browser = await world.signed_in("lan")

    for said in ("1", "#1", "số 1", "Yêu cầu số 1", "so 1"):
        assert (await found(browser, said))[0] == case_id, said
    office, form, number, year = code.split(".")
    for said in (code.lower(), f"{office}.{form}.{number}", f"{form}.{number}.{year}".lower()):
        assert await found(browser, said) == [case_id], said
    assert await found(browser, "tv.99.2026") == []


async def test_the_citizens_code_finds_the_case(world: World) -> None:
    case_id, code = world.open_case(), fresh_code(random.Random(5))  # noqa: S311 - a test's code
    world.database.transact_now(
        lambda session: session.execute(
            sa.update(Case)
            .where(Case.id == case_id)
            .values(code_index=queue.code_index(session.vault, code))
        )
    )
    browser = await world.signed_in("lan")

    assert await found(browser, f"{code[:5]}-{code[5:].lower()}") == [case_id]


@pytest.mark.parametrize("query", ["nguyen van teo", "0912345678", "1"])
async def test_nothing_of_another_office_is_found(world: World, query: str) -> None:
    case_id = world.open_case(words=(TOLD,), office_id="u-minh")

    for username, sees in (("lan", True), ("hai", True), ("trung", True), ("tam", False)):
        browser = await world.signed_in(username)
        assert await found(browser, query) == ([case_id] if sees else []), username
        if not sees:
            page = (await browser.get("/desk/search", params={"q": query})).text
            assert "Tèo" not in page
            assert "Thấy" not in page


async def test_after_a_transfer_only_the_new_office_finds_the_case(world: World) -> None:
    case_id = world.open_case(words=(TOLD,), office_id="u-minh")
    lan, tam = await world.signed_in("lan"), await world.signed_in("tam")
    assert await found(tam, "teo") == []
    officer, receiver = world.staff("lan"), world.staff("tam")
    world.database.transact_now(
        partial(queue.claim, staff=officer, case_id=case_id, office_name="CN")
    )
    world.database.transact_now(
        lambda session: transfer.offer(session, officer, case_id, "nam-can", "gần hơn", PROVINCE)
    )
    assert await found(tam, "teo") == [case_id]
    assert await found(lan, "teo") == [case_id]

    world.database.transact_now(
        lambda session: transfer.accept(session, receiver, case_id, PROVINCE)
    )

    assert await found(tam, "teo") == [case_id]
    assert await found(lan, "teo") == []


async def test_what_is_said_after_the_first_search_is_found_too(world: World) -> None:
    case_id = world.open_case(words=("xin giúp",))
    browser = await world.signed_in("lan")
    assert await found(browser, "khai sinh") == []

    world.database.transact_now(
        lambda session: talking.citizen_wrote(
            session, session.get_one(Case, case_id), "Con tôi chưa có giấy khai sinh"
        )
    )

    assert await found(browser, "khai sinh") == [case_id]


async def test_a_search_is_audited_without_its_words(world: World) -> None:
    world.open_case(words=(TOLD,))
    await found(await world.signed_in("lan"), "nguyen van teo")

    noted = sa.select(AuditRow).where(AuditRow.act == "case.search")
    row = world.database.read_now(lambda session: session.scalars(noted).one())

    assert (row.staff_id, row.detail) == (world.ids["lan"], "1")


async def test_nothing_typed_finds_nothing(world: World) -> None:
    world.open_case()
    browser = await world.signed_in("lan")

    for nothing in ("", "   ", "!!!", "()", "\\", '"'):
        assert await found(browser, nothing) == []
    too_long = await browser.get("/desk/search", params={"q": "a" * 201})
    assert too_long.status_code == 422


# --- the index itself ---------------------------------------------------------------------------


def caught_up(index: CaseIndex, world: World) -> None:
    while not world.database.read_now(index.catch_up).complete:
        pass


def numbers(index: CaseIndex, query: str) -> list[int]:
    return [number for part in index.numbers(query) for number in part]


def test_the_index_is_built_newest_first_and_says_how_far_it_is(world: World) -> None:
    for _ in range(5):
        world.open_case(words=("lấn đất",))
    index = CaseIndex()

    progress = world.database.read_now(lambda session: index.catch_up(session, 2))

    assert (progress.done, progress.total, progress.complete) == (2, 5, False)
    assert set(numbers(index, "lấn đất")) == {4, 5}
    caught_up(index, world)
    assert set(numbers(index, "lan dat")) == {1, 2, 3, 4, 5}


def test_the_index_holds_no_more_than_its_bound_and_drops_the_oldest(world: World) -> None:
    for _ in range(5):
        world.open_case(words=("lấn đất",))
    index = CaseIndex(most_cases=3)
    caught_up(index, world)
    assert set(numbers(index, "lấn đất")) == {3, 4, 5}

    world.open_case(words=("lấn đất",))
    caught_up(index, world)

    assert set(numbers(index, "lấn đất")) == {4, 5, 6}


def test_a_case_that_is_no_longer_there_is_forgotten(world: World) -> None:
    case_id = world.open_case(words=("lấn đất",))
    index = CaseIndex()
    caught_up(index, world)

    def erase(session: Session) -> None:
        for table in ("thread_entries", "notes", "parties"):
            session.execute(sa.text(f"DELETE FROM {table} WHERE case_id = :id"), {"id": case_id})  # noqa: S608
        session.execute(sa.delete(Case).where(Case.id == case_id))
        events.record(session, "case.erased", case_id=case_id)

    world.database.transact_now(erase)
    caught_up(index, world)

    assert numbers(index, "lấn đất") == []


def test_words_of_a_text_that_does_not_open_hide_no_other(world: World) -> None:
    broken, whole = world.open_case(words=("lấn đất",)), world.open_case(words=("lấn đất",))
    world.database.transact_now(
        lambda session: session.execute(
            sa.text("UPDATE thread_entries SET body = :junk WHERE case_id = :id"),
            {"junk": b"\x01k001" + bytes(40), "id": broken},
        )
    )
    index, lan = CaseIndex(), world.staff("lan")
    caught_up(index, world)

    seen = world.database.read_now(lambda session: search(session, lan, index, "lấn đất"))

    assert [one.case.id for one in seen] == [whole]
