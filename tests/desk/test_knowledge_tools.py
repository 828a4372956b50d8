"""Around the articles: the register of laws, a question tried, what was not answered, the week."""

import asyncio
import datetime as dt
import re
from html import unescape
from typing import Any

import httpx
import pytest
import sqlalchemy as sa
from fastapi.routing import iter_route_contexts

from knowledge import feedback
from knowledge.article import Article
from knowledge.feedback import Handled, OpenQuestion, Why
from knowledge.fields import load_fields
from knowledge.laws import Law, Standing, standing
from knowledge.library import Library, load_library
from knowledge.present import present
from knowledge.search import load_judge
from knowledge.shelf import ARTICLE, LAW, Shelf, article_of, law_of, seed_knowledge
from store import documents
from store.clock import SetClock
from store.documents import Stage, Version
from store.session import Database, Session
from tests.desk.world import PROVINCE, STAFF, Browser, World
from tests.knowledge.example import LAND_LAW, article, write

EDITORS = frozenset({"bien", "quan", "trung"})
REVIEWERS = frozenset({"quan", "trung"})
FIELD_MODEL, JUDGE = load_fields(), load_judge()
LAWS = "/desk/knowledge/laws"
LAND = f"{LAWS}/2/2013/QH13"
FAMILY = f"{LAWS}/1/2014/QH13"
NEW_LAND = f"{LAWS}/3/2026/QH16"
QUESTIONS = "/desk/knowledge/questions"

BOUNDARY = article(
    "land-01", "hàng xóm lấn ranh đất", law="2/2013/QH13", title="Đất bị lấn ranh thì làm sao?"
)


@pytest.fixture(scope="session")
def library(tmp_path_factory: pytest.TempPathFactory) -> Library:
    """Three articles; the law of one is amended in December 2026 and lapses in March 2027."""
    folder = tmp_path_factory.mktemp("content")
    return load_library(
        write(
            folder,
            BOUNDARY,
            article("land-02", "mất giấy đỏ", title="Mất sổ đỏ thì làm lại ở đâu?"),
            article("family-01", "muốn bỏ chồng", title="Ly hôn nộp đơn ở đâu?"),
        )
    )


@pytest.fixture
def shelf(library: Library) -> Shelf:
    return Shelf(library, FIELD_MODEL, JUDGE)


@pytest.fixture
def world(database: Database, library: Library, shelf: Shelf) -> World:
    database.transact_now(lambda session: seed_knowledge(session, library))
    shelf.refresh_now(database)
    return World(database, shelf=shelf)


PAGES = {
    ("GET", "/laws"): EDITORS,
    ("GET", "/laws/new"): EDITORS,
    ("POST", "/laws/new"): EDITORS,
    ("GET", "/laws/{number:path}"): EDITORS,
    ("POST", "/laws/{number:path}/save"): EDITORS,
    ("POST", "/laws/{number:path}/submit"): EDITORS,
    ("POST", "/laws/{number:path}/discard"): EDITORS,
    ("POST", "/laws/{number:path}/review"): REVIEWERS,
    ("GET", "/try"): EDITORS,
    ("POST", "/try/add"): EDITORS,
    ("GET", "/questions"): EDITORS,
    ("GET", "/questions/{question_id}"): EDITORS,
    ("POST", "/questions/wording"): EDITORS,
    ("POST", "/questions/draft"): EDITORS,
    ("POST", "/questions/not-ours"): EDITORS,
    ("GET", "/week"): EDITORS,
    ("GET", "/differences"): EDITORS,
    ("POST", "/differences"): REVIEWERS,
    ("GET", "/exchange"): EDITORS,
    ("POST", "/exchange/yaml"): EDITORS,
    ("POST", "/exchange/xlsx"): EDITORS,
    ("POST", "/exchange/read"): EDITORS,
    ("POST", "/exchange/take"): EDITORS,
}
"""Whom each of the tools answers. A new one belongs in here."""


async def send(browser: Browser, path: str, **fields: Any) -> httpx.Response:
    return await browser.post(path, data=fields, headers={"Sec-Fetch-Site": "same-origin"})


def law_form(law: Law, **changes: Any) -> dict[str, Any]:
    """A law's form as a browser would send it, an empty row of the amendments with it."""
    rows = law.amendments
    sent: dict[str, Any] = {
        "name": law.name,
        "short": law.short,
        "also": "\r\n".join(law.also),
        "issued": "",
        "effective": law.effective.isoformat() if law.effective else "",
        "lapses": law.lapses.isoformat() if law.lapses else "",
        "replaced_by": law.replaced_by or "",
        "confidence": law.confidence,
        "amendment_by": [*(one.by for one in rows), ""],
        "amendment_from": [*(one.starts.isoformat() for one in rows), ""],
        "amendment_seen": [*("yes" if one.text_seen else "no" for one in rows), "no"],
        "amendment_articles": [*(", ".join(one.articles) for one in rows), ""],
        "seen": "0",
    }
    return sent | changes


def draft_of(world: World, key: str, kind: str = LAW) -> Version | None:
    return world.database.read_now(lambda session: documents.open_one(session, kind, key))


def counting(world: World, key: str, kind: str = LAW) -> Version:
    found = world.database.read_now(lambda session: documents.published_one(session, kind, key))
    assert found is not None
    return found


async def law_published(world: World, address: str, law: Law, **changes: Any) -> Browser:
    """An editor changes a law, a second person approves and publishes it."""
    editor, reviewer = await world.signed_in("bien"), await world.signed_in("quan")
    saved = await send(editor, f"{address}/save", **law_form(law, **changes))
    assert saved.status_code == 303, saved.text
    await send(editor, f"{address}/submit", seen="1")
    await send(reviewer, f"{address}/review", act="approve", seen="1", checked="yes")
    over = str(counting(world, law.number).number)
    done = await send(reviewer, f"{address}/review", act="publish", over=over)
    assert done.status_code == 303, done.text
    return reviewer


def today_of(world: World) -> dt.date:
    return world.database.clock.today()


def land_stands(world: World, shelf: Shelf) -> Standing:
    library = shelf.current.library
    return standing(library.articles["land-01"], library.laws, today_of(world))


# --- who may what -------------------------------------------------------------------------------


def test_every_tool_stands_in_the_table(world: World) -> None:
    there = {
        (method, (context.path or "").removeprefix("/knowledge"))
        for context in iter_route_contexts(world.desk.routes)
        for method in context.methods or ()
        if re.match(r"/knowledge/(?!new$|articles)", context.path or "")
    }
    assert there == set(PAGES)


@pytest.mark.parametrize("username", sorted(STAFF))
async def test_each_tool_answers_its_own_and_to_others_does_not_exist(
    world: World, username: str
) -> None:
    question = await asked(world, "xin con nuôi ở đâu")
    browser = await world.signed_in(username)

    for (method, path), whom in PAGES.items():
        address = "/desk/knowledge" + path.replace("{number:path}", "2/2013/QH13").format(
            question_id=question
        )
        answer = await (browser.get(address) if method == "GET" else send(browser, address, a="b"))
        if username in whom:
            assert answer.status_code in {200, 303, 422}, (method, path, answer.text)
        else:
            assert answer.status_code == 404, (method, path)


async def test_nobody_unsigned_sees_a_tool(world: World) -> None:
    stranger = world.browser()

    for method, path in PAGES:
        address = f"/desk/knowledge{path}"
        answer = await (
            stranger.get(address) if method == "GET" else send(stranger, address, a="b")
        )
        assert answer.status_code in {303, 401}, (method, path)


# --- the register -------------------------------------------------------------------------------


async def test_the_register_shows_the_plans_figure_and_what_turns_stale_next(world: World) -> None:
    browser = await world.signed_in("bien")

    page = (await browser.get(LAWS)).text

    assert "0,0%" in page
    assert "<strong>0</strong>/2 văn bản đang có hiệu lực" in page  # the third begins in March
    assert "Sắp đổi trong 90 ngày (1 bài)" in page
    assert "01/12/2026" in page
    assert "Đất bị lấn ranh thì làm sao?" in page


async def test_figures_that_still_hold_are_not_called_old(world: World) -> None:
    def publish(session: Session) -> None:
        ends = BOUNDARY.model_copy(update={"id": "land-03", "good_until": dt.date(2026, 11, 28)})
        documents.seed(session, ARTICLE, {"land-03": ends.model_dump_json()})

    world.database.transact_now(publish)
    browser = await world.signed_in("bien")

    page = (await browser.get(LAWS)).text

    assert "Số liệu chỉ đúng tới 28/11/2026" in page
    assert "đã cũ" not in page


async def test_a_reviewed_law_counts_towards_the_goal_until_it_is_amended_again(
    world: World, clock: SetClock
) -> None:
    reviewer = await world.signed_in("quan")
    await send(reviewer, f"{LAND}/review", act="confirm", over="1", checked="yes")

    assert law_of(counting(world, "2/2013/QH13")).reviewed_on == today_of(world)
    assert "50,0%" in (await reviewer.get(LAWS)).text

    clock.forward(dt.timedelta(days=8))  # the amendment of 1 December has begun
    reviewer = await world.signed_in("quan")
    assert "0,0%" in (await reviewer.get(LAWS)).text


@pytest.mark.parametrize(
    ("day", "show", "shown"),
    [
        ("2026-11-23", "all", {"1/2014/QH13", "2/2013/QH13", "3/2026/QH16"}),
        ("2026-11-23", "unread", set()),
        ("2026-12-01", "unread", {"2/2013/QH13"}),
        ("2026-11-23", "soon", set()),  # 98 days before it lapses
        ("2026-12-02", "soon", {"2/2013/QH13"}),
        ("2027-02-28", "lapsed", set()),
        ("2027-03-01", "lapsed", {"2/2013/QH13"}),
        ("2026-11-23", "unreviewed", {"1/2014/QH13", "2/2013/QH13"}),
        ("2027-03-01", "unreviewed", {"1/2014/QH13", "3/2026/QH16"}),
    ],
)
async def test_the_register_is_filtered_by_what_is_due_on_the_day(
    world: World, clock: SetClock, day: str, show: str, shown: set[str]
) -> None:
    clock.moment = dt.datetime.fromisoformat(f"{day}T05:00:00+00:00")
    browser = await world.signed_in("bien")

    page = (await browser.get(f"{LAWS}?show={show}")).text

    table = page[page.index("<table") :] if "<table" in page else ""
    assert set(re.findall(r'laws/(\d[^"#]*)"', table)) == shown


async def test_a_law_is_found_by_its_name_without_marks_and_by_its_number(world: World) -> None:
    browser = await world.signed_in("bien")

    for typed in ("luat gia dinh", "1/2014", "GD"):
        page = (await browser.get(LAWS, params={"q": typed})).text
        assert FAMILY in page, typed
        assert f'scope="row"><a href="{LAND}"' not in page, typed


async def test_a_change_of_a_law_counts_only_after_a_second_person_and_then_at_once(
    world: World, shelf: Shelf
) -> None:
    editor, reviewer = await world.signed_in("bien"), await world.signed_in("quan")
    yesterday = (today_of(world) - dt.timedelta(days=1)).isoformat()
    await send(editor, f"{LAND}/save", **law_form(LAND_LAW, lapses=yesterday))

    assert land_stands(world, shelf) is Standing.IN_FORCE
    page = (await editor.get(LAND)).text
    assert "<del>" in page
    assert "Gửi duyệt" in page
    await send(editor, f"{LAND}/submit", seen="1")
    by_editor = await send(editor, f"{LAND}/review", act="approve", seen="1", checked="yes")
    assert by_editor.status_code == 404
    unchecked = await send(reviewer, f"{LAND}/review", act="approve", seen="1")
    assert unchecked.status_code == 422
    await send(reviewer, f"{LAND}/review", act="approve", seen="1", checked="yes")
    assert land_stands(world, shelf) is Standing.IN_FORCE
    done = await send(reviewer, f"{LAND}/review", act="publish", over="1")

    assert done.status_code == 303
    assert land_stands(world, shelf) is Standing.LAPSED
    assert law_of(counting(world, "2/2013/QH13")).reviewed_on == today_of(world)


async def test_an_earlier_version_of_a_law_counts_again_by_one_press(
    world: World, shelf: Shelf
) -> None:
    editor, reviewer = await world.signed_in("bien"), await world.signed_in("quan")
    await send(editor, f"{LAND}/save", **law_form(LAND_LAW, lapses="2026-01-01"))
    await send(editor, f"{LAND}/submit", seen="1")
    await send(reviewer, f"{LAND}/review", act="approve", seen="1", checked="yes")
    await send(reviewer, f"{LAND}/review", act="publish", over="1")
    assert land_stands(world, shelf) is Standing.LAPSED
    assert "Dùng lại bản 1" in (await reviewer.get(LAND)).text
    assert "Dùng lại bản 1" not in (await editor.get(LAND)).text

    stale = await send(reviewer, f"{LAND}/review", act="restore", seen="1", over="1")
    unknown = await send(reviewer, f"{LAND}/review", act="restore", seen="9", over="2")
    done = await send(reviewer, f"{LAND}/review", act="restore", seen="1", over="2")

    assert (stale.status_code, unknown.status_code, done.status_code) == (409, 409, 303)
    assert land_stands(world, shelf) is Standing.IN_FORCE
    assert counting(world, "2/2013/QH13").number == 3


async def test_whoever_wrote_on_a_law_cannot_be_its_second_person(world: World) -> None:
    admin = await world.signed_in("quan")
    await send(admin, f"{LAND}/save", **law_form(LAND_LAW, name="Luật Đất đai"))
    await send(admin, f"{LAND}/submit", seen="1")

    answer = await send(admin, f"{LAND}/review", act="approve", seen="1", checked="yes")

    assert answer.status_code == 409
    assert "một người khác duyệt" in answer.text
    draft = draft_of(world, "2/2013/QH13")
    assert draft is not None
    assert draft.stage is Stage.IN_REVIEW


async def test_a_law_given_back_says_why_and_a_dropped_one_leaves_what_counts(
    world: World,
) -> None:
    editor, reviewer = await world.signed_in("bien"), await world.signed_in("quan")
    await send(editor, f"{LAND}/save", **law_form(LAND_LAW, name="Luật Đất đai"))
    await send(editor, f"{LAND}/submit", seen="1")
    silent = await send(reviewer, f"{LAND}/review", act="give_back", seen="1", remark=" ")
    assert silent.status_code == 422

    await send(reviewer, f"{LAND}/review", act="give_back", seen="1", remark="Sai ngày")

    assert "Sai ngày" in (await editor.get(LAND)).text
    await send(editor, f"{LAND}/discard", seen="1")
    assert draft_of(world, "2/2013/QH13") is None
    assert law_of(counting(world, "2/2013/QH13")).name == "Luật Đất"


async def test_two_who_save_one_law_do_not_overwrite_each_other(world: World) -> None:
    first, second = await world.signed_in("bien"), await world.signed_in("trung")
    await send(first, f"{LAND}/save", **law_form(LAND_LAW, name="Luật của Biên"))

    answer = await send(second, f"{LAND}/save", **law_form(LAND_LAW, name="Luật của Trung"))

    assert answer.status_code == 409
    assert "Cán bộ Bien" in answer.text
    assert "Luật của Trung" in answer.text  # what was typed is still there
    draft = draft_of(world, "2/2013/QH13")
    assert draft is not None
    assert law_of(draft).name == "Luật của Biên"


async def test_reading_an_amendment_is_an_edit_and_makes_its_articles_stand_again(
    world: World, shelf: Shelf, clock: SetClock
) -> None:
    clock.forward(dt.timedelta(days=10))
    assert land_stands(world, shelf) is Standing.AMENDED_UNSEEN

    await law_published(world, LAND, LAND_LAW, amendment_seen=["yes", "no"])

    assert land_stands(world, shelf) is Standing.IN_FORCE


async def test_an_amendment_that_names_its_articles_leaves_the_others_alone(
    world: World, shelf: Shelf, clock: SetClock
) -> None:
    clock.forward(dt.timedelta(days=10))

    await law_published(world, LAND, LAND_LAW, amendment_articles=["137, 138", ""])

    assert law_of(counting(world, "2/2013/QH13")).amendments[0].articles == ("137", "138")
    assert land_stands(world, shelf) is Standing.IN_FORCE


@pytest.mark.parametrize(
    ("changes", "said"),
    [
        ({"name": ""}, "không được để trống"),
        ({"lapses": "hôm qua"}, "không phải là ngày"),
        ({"lapses": "2014-07-01"}, "ngày hết hiệu lực phải sau ngày có hiệu lực"),
        ({"replaced_by": "2/2013/QH13"}, "không thể tự thay cho mình"),
        ({"confidence": "X"}, "không có trong danh sách"),
        ({"amendment_from": ["", ""]}, "dòng 1"),
        ({"also": "GD"}, "mã GD đã là của Luật Gia đình 2014"),
    ],
)
async def test_an_entry_that_does_not_fit_is_not_saved_and_says_why(
    world: World, changes: dict[str, Any], said: str
) -> None:
    editor = await world.signed_in("bien")

    answer = await send(editor, f"{LAND}/save", **law_form(LAND_LAW, **changes))

    assert answer.status_code == 422
    assert said in unescape(answer.text)
    assert draft_of(world, "2/2013/QH13") is None


async def test_a_key_that_articles_cite_cannot_be_taken_from_a_law(
    database: Database, tmp_path_factory: pytest.TempPathFactory
) -> None:
    folder = write(tmp_path_factory.mktemp("cited"), article("family-01", "bỏ chồng", law="GD"))
    library = load_library(folder)
    database.transact_now(lambda session: seed_knowledge(session, library))
    shelf = Shelf(library, FIELD_MODEL, JUDGE)
    world = World(database, shelf=shelf)
    editor = await world.signed_in("bien")
    law = law_of(counting(world, "1/2014/QH13"))

    answer = await send(editor, f"{FAMILY}/save", **law_form(law, also=""))

    assert answer.status_code == 422
    assert "mã GD đang được dẫn trong family-01" in answer.text


async def test_a_law_that_articles_cite_is_not_retired_and_says_which(
    world: World, shelf: Shelf
) -> None:
    admin = await world.signed_in("quan")

    refused = await send(admin, f"{LAND}/review", act="retire")
    taken = await send(admin, f"{NEW_LAND}/review", act="retire")

    assert refused.status_code == 409
    assert "đang được dẫn trong land-01" in refused.text
    assert taken.status_code == 303
    assert "3/2026/QH16" not in shelf.current.library.laws
    await send(admin, f"{NEW_LAND}/review", act="bring_back")
    assert "3/2026/QH16" in shelf.current.library.laws


async def test_a_new_law_waits_for_a_second_person_before_articles_may_cite_it(
    world: World, shelf: Shelf
) -> None:
    editor, reviewer = await world.signed_in("bien"), await world.signed_in("quan")
    new = law_form(
        LAND_LAW, number="50/2026/NĐ-CP", short="Nghị định 50", lapses="", replaced_by="",
        amendment_by=[""], amendment_from=[""], amendment_seen=["no"], amendment_articles=[""],
    )  # fmt: skip

    made = await send(editor, f"{LAWS}/new", **new)

    assert made.status_code == 303
    address = made.headers["location"].split("?")[0]
    assert "50/2026/NĐ-CP" in (await editor.get(LAWS)).text
    assert (await editor.get(address)).status_code == 200
    assert "50/2026/NĐ-CP" not in shelf.current.library.laws
    await send(editor, f"{address}/submit", seen="1")
    await send(reviewer, f"{address}/review", act="approve", seen="1", checked="yes")
    await send(reviewer, f"{address}/review", act="publish", over="0")
    assert "50/2026/NĐ-CP" in shelf.current.library.laws
    again = await send(editor, f"{LAWS}/new", **new)
    assert again.status_code == 422
    assert "đã có trong danh mục" in again.text


@pytest.mark.parametrize("number", ["", "new", "52 / 2014", "../x", "a//b", "<b>", "x" * 61])
async def test_a_law_needs_a_number_that_can_stand_in_an_address(world: World, number: str) -> None:
    editor = await world.signed_in("bien")

    answer = await send(editor, f"{LAWS}/new", **law_form(LAND_LAW, number=number))

    assert answer.status_code == 422
    assert len(world.database.read_now(lambda s: documents.documents(s, LAW))) == 3


async def test_on_the_first_day_without_its_law_an_article_says_so_and_is_on_the_list(
    world: World, shelf: Shelf, clock: SetClock
) -> None:
    def notices() -> str:
        library = shelf.current.library
        one: Article = library.articles["land-01"]
        return " ".join(present(one, library.laws, today_of(world), PROVINCE.blanks()).notices)

    clock.moment = dt.datetime(2027, 2, 28, 16, 59, tzinfo=dt.UTC)  # one minute to midnight
    assert "hết hiệu lực" not in notices()
    browser = await world.signed_in("bien")
    assert "hết hiệu lực từ 01/03/2027" not in (await browser.get(LAWS)).text

    clock.forward(dt.timedelta(minutes=1))

    assert "Luật Đất 2013 đã hết hiệu lực từ 01/03/2027, nay có Luật Đất 2026" in notices()
    browser = await world.signed_in("bien")
    page = (await browser.get(LAWS)).text
    assert "Hôm nay có 1 bài cần xem lại" in page
    assert "Luật Đất 2013 hết hiệu lực từ 01/03/2027" in page
    assert (
        "Luật Đất 2013 hết hiệu lực từ 01/03/2027"
        in (await browser.get("/desk/knowledge/articles/land-01")).text
    )


# --- a question tried ---------------------------------------------------------------------------


async def test_a_tried_question_shows_what_was_understood_and_what_the_assistant_would_do(
    world: World,
) -> None:
    browser = await world.signed_in("bien")

    page = (await browser.get("/desk/knowledge/try", params={"q": "hang xom lan ranh dat"})).text
    unknown = (await browser.get("/desk/knowledge/try", params={"q": "giá vàng"})).text

    assert "Tràm sẽ trả lời bằng bài “Đất bị lấn ranh thì làm sao?”" in page
    assert "Khớp với câu: “hàng xóm lấn ranh đất”" in page
    assert "Đất đai, nhà ở" in page
    assert "Tràm sẽ nói chưa biết" in unknown


async def test_a_mended_word_is_shown_with_what_it_was_taken_for(world: World) -> None:
    browser = await world.signed_in("bien")

    page = (await browser.get("/desk/knowledge/try", params={"q": "hagn xom lan ranh dat"})).text

    assert "<del>hagn</del> → <ins>hang</ins>" in page


async def test_one_press_makes_a_tried_question_a_wording_in_a_draft(world: World) -> None:
    browser = await world.signed_in("bien")

    answer = await send(
        browser, "/desk/knowledge/try/add", q="nhà bên kia qua mặt", choice="land-01:0"
    )

    assert answer.status_code == 303
    draft = draft_of(world, "land-01", ARTICLE)
    assert draft is not None
    assert draft.stage is Stage.DRAFT
    assert article_of(draft).wordings == (*BOUNDARY.wordings, "nhà bên kia qua mặt")
    assert "nhà bên kia" not in counting(world, "land-01", ARTICLE).body
    assert "Đã thêm câu này" in (await browser.get(answer.headers["location"])).text


async def test_a_wording_joins_an_open_draft_and_is_refused_when_that_has_moved_on(
    world: World,
) -> None:
    first, second = await world.signed_in("bien"), await world.signed_in("trung")
    await send(first, "/desk/knowledge/try/add", q="nhà bên kia qua mặt", choice="land-01:0")
    page = (await second.get("/desk/knowledge/try", params={"q": "hàng xóm lấn ranh"})).text
    assert 'value="land-01:1"' in page
    assert "Cán bộ Bien đang soạn bản nháp" in page

    stale = await send(second, "/desk/knowledge/try/add", q="rào lấn qua", choice="land-01:0")
    fresh = await send(second, "/desk/knowledge/try/add", q="rào lấn qua", choice="land-01:1")

    assert stale.status_code == 409
    assert "Cán bộ Bien đã sửa bài" in stale.text
    assert fresh.status_code == 303
    draft = draft_of(world, "land-01", ARTICLE)
    assert draft is not None
    assert article_of(draft).wordings[-2:] == ("nhà bên kia qua mặt", "rào lấn qua")


@pytest.mark.parametrize(
    ("said", "why"),
    [
        ("MAT giay do!", "Câu này đã thuộc bài Mất sổ đỏ thì làm lại ở đâu?"),
        ("Hang xom lan ranh dat", "Bài land-01 đã có câu này"),
        ("[số] ???", "chưa có chữ nào"),
    ],
)
async def test_a_wording_that_is_one_already_is_refused_with_where_it_stands(
    world: World, said: str, why: str
) -> None:
    browser = await world.signed_in("bien")

    answer = await send(browser, "/desk/knowledge/try/add", q=said, choice="land-01:0")

    assert answer.status_code == 409
    assert why in answer.text
    assert draft_of(world, "land-01", ARTICLE) is None


async def test_any_article_can_be_looked_for_to_take_a_wording(world: World) -> None:
    browser = await world.signed_in("bien")

    page = (
        await browser.get("/desk/knowledge/try", params={"q": "giá vàng", "pick": "family-01"})
    ).text

    assert 'value="family-01:0"' in page


# --- what was not answered ----------------------------------------------------------------------


async def asked(
    world: World,
    text: str,
    why: Why = Why.UNKNOWN,
    *,
    article_id: str | None = None,
    field: str | None = "land",
) -> str:
    """A kept question; returns its id."""

    def keep(session: Session) -> str:
        feedback.keep_question(session, text, why, article_id=article_id, field=field)
        session.flush()
        return session.scalars(sa.select(OpenQuestion.id).order_by(OpenQuestion.id.desc())).all()[0]

    return await world.database.transact(keep)


def handled(world: World) -> list[tuple[Handled | None, str | None]]:
    query = sa.select(OpenQuestion).order_by(OpenQuestion.id)
    return world.database.read_now(
        lambda session: [(one.handled, one.led_to) for one in session.scalars(query)]
    )


async def test_questions_alike_stand_together_with_their_count_field_and_nearest_articles(
    world: World,
) -> None:
    await asked(world, "hàng xóm lấn qua đất tôi rồi xây tường")
    await asked(
        world, "hang xom lan qua dat toi roi xay tuong", Why.UNHELPFUL, article_id="land-01"
    )
    await asked(world, "xin con nuôi ở đâu", field="family")
    browser = await world.signed_in("bien")

    page = (await browser.get(QUESTIONS)).text

    assert "<strong>3</strong> câu trong <strong>2</strong> nhóm" in page
    assert "2 lần hỏi" in page
    assert "Đã xem mà chưa giúp được" in page
    assert 'value="land-01:0"' in page
    only = (await browser.get(QUESTIONS, params={"field": "family"})).text
    assert "xin con nuôi" in only
    assert "xây tường" not in only


async def test_a_group_becomes_a_wording_and_all_of_it_leaves_the_list(world: World) -> None:
    ids = ",".join([await asked(world, "rào qua đất tôi"), await asked(world, "rao qua dat toi")])
    browser = await world.signed_in("bien")

    answer = await send(
        browser, f"{QUESTIONS}/wording", ids=ids, text="rào qua đất", choice="land-01:0"
    )

    assert answer.status_code == 303
    assert handled(world) == [(Handled.WORDING, "land-01")] * 2
    draft = draft_of(world, "land-01", ARTICLE)
    assert draft is not None
    assert article_of(draft).wordings[-1] == "rào qua đất"
    assert "Không còn câu nào" in (await browser.get(answer.headers["location"])).text


async def test_a_group_becomes_a_new_draft_with_the_next_free_number(world: World) -> None:
    ids = await asked(world, "xin con nuôi của [tên] ở đâu", field="family")
    browser = await world.signed_in("bien")

    answer = await send(
        browser, f"{QUESTIONS}/draft", ids=ids, text="xin con nuôi của [tên] ở đâu", field="family"
    )

    assert answer.headers["location"] == "/desk/knowledge/articles/family-02/edit"
    assert handled(world) == [(Handled.DRAFT, "family-02")]
    page = (await browser.get(answer.headers["location"])).text
    assert "Xin con nuôi của ở đâu" in page
    assert "[tên]" not in page


async def test_a_group_that_is_not_ours_leaves_the_list_and_changes_nothing(world: World) -> None:
    ids = await asked(world, "hôm nay giá vàng bao nhiêu", field=None)
    browser = await world.signed_in("bien")

    await send(browser, f"{QUESTIONS}/not-ours", ids=ids)

    assert handled(world) == [(Handled.NOT_OURS, None)]


async def test_the_second_of_two_who_handle_a_group_is_told_and_leaves_no_draft(
    world: World,
) -> None:
    ids = await asked(world, "rào qua đất tôi")
    first, second = await world.signed_in("bien"), await world.signed_in("trung")
    await send(first, f"{QUESTIONS}/not-ours", ids=ids)

    answers = [
        await send(second, f"{QUESTIONS}/not-ours", ids=ids),
        await send(second, f"{QUESTIONS}/wording", ids=ids, text="rào qua đất", choice="land-01:0"),
        await send(second, f"{QUESTIONS}/draft", ids=ids, text="rào qua đất", field="land"),
    ]

    assert [answer.status_code for answer in answers] == [409] * 3
    assert all("Người khác đã xử lý" in answer.text for answer in answers)
    assert draft_of(world, "land-01", ARTICLE) is None
    assert draft_of(world, "land-03", ARTICLE) is None
    assert handled(world) == [(Handled.NOT_OURS, None)]


async def test_of_two_who_handle_a_group_at_once_one_does_and_the_other_is_told(
    world: World,
) -> None:
    ids = await asked(world, "rào qua đất tôi")
    browsers = [await world.signed_in("bien"), await world.signed_in("trung")]

    answers = await asyncio.gather(
        *(
            send(browser, f"{QUESTIONS}/draft", ids=ids, text="rào qua đất", field="land")
            for browser in browsers
        )
    )

    assert sorted(answer.status_code for answer in answers) == [303, 409]
    drafts = world.database.read_now(lambda session: documents.open_ones(session, ARTICLE))
    assert [one.key for one in drafts] == ["land-03"]


async def test_a_wording_that_is_refused_leaves_its_group_on_the_list(world: World) -> None:
    ids = await asked(world, "mất giấy đỏ rồi tính sao")
    browser = await world.signed_in("bien")

    answer = await send(
        browser, f"{QUESTIONS}/wording", ids=ids, text="mất giấy đỏ", choice="land-01:0"
    )

    assert answer.status_code == 409
    assert "đã thuộc bài" in answer.text
    assert handled(world) == [(None, None)]


# --- the week -----------------------------------------------------------------------------------


async def test_the_week_tells_what_was_read_disliked_stale_and_missing(
    world: World, clock: SetClock
) -> None:
    clock.moment = dt.datetime(2026, 12, 9, 5, tzinfo=dt.UTC)  # a Wednesday; the law is amended

    def lived(session: Session) -> None:
        for _ in range(3):
            feedback.viewed(session, "land-01")
        feedback.viewed(session, "family-01")
        feedback.vote(session, "a" * 32, "family-01", helpful=False)
        feedback.vote(session, "b" * 32, "land-01", helpful=True)

    world.database.transact_now(lived)
    await asked(world, "xin con nuôi ở đâu", field="family")
    browser = await world.signed_in("bien")

    page = (await browser.get("/desk/knowledge/week")).text

    assert "Tuần 07/12–13/12/2026" in page
    assert "<strong>4</strong> lượt xem" in page
    assert "xin con nuôi ở đâu" in page
    stale = page[page.index("Bài có luật đã đổi") :]
    assert "Đất bị lấn ranh" in stale
    assert "Ly hôn" not in stale
    assert "of=2026-11-30" in page
    assert "Tuần sau" not in page
    before = (await browser.get("/desk/knowledge/week?of=2026-12-03")).text
    assert "<strong>0</strong> lượt xem" in before
    assert "of=2026-12-07" in before


async def test_a_group_first_asked_in_an_earlier_week_is_not_new(
    world: World, clock: SetClock
) -> None:
    await asked(world, "xin con nuôi ở đâu", field="family")
    clock.forward(dt.timedelta(days=7))
    await asked(world, "xin con nuoi o dau", field="family")
    await asked(world, "mượn ghe không trả", field="civil")
    browser = await world.signed_in("bien")

    page = (await browser.get("/desk/knowledge/week")).text

    new = page[page.index("mới trong tuần") : page.index("Lĩnh vực còn thiếu")]
    assert "mượn ghe" in new
    assert "con nuôi" not in new


@pytest.mark.parametrize("day", ["2001-01-01", "0001-01-01", "9999-12-31"])
async def test_a_week_far_away_is_a_page_all_the_same(world: World, day: str) -> None:
    browser = await world.signed_in("bien")

    assert (await browser.get(f"/desk/knowledge/week?of={day}")).status_code == 200


# --- the files ----------------------------------------------------------------------------------


async def differing(world: World, library: Library) -> str:
    """An article edited here whose file says something newer; the mark of the file's text."""
    edited = BOUNDARY.model_copy(update={"answer": "Bản của mình."})
    newer = BOUNDARY.model_copy(update={"answer": "Bản của tệp mới."})
    ids = world.ids

    def go(session: Session) -> None:
        draft = documents.save(
            session, ARTICLE, "land-01", edited.model_dump_json(), by=ids["bien"], seen=0
        )
        documents.submit(session, draft.id, by=ids["bien"], seen=1)
        documents.approve(session, draft.id, by=ids["quan"], seen=1)
        documents.publish(session, draft.id, by=ids["quan"], over=1)

    await world.database.transact(go)
    bodies = {one.id: one.model_dump_json() for one in library.articles.values()}
    bodies["land-01"] = newer.model_dump_json()
    await world.database.transact(lambda session: documents.seed(session, ARTICLE, bodies))
    admin = await world.signed_in("quan")
    page = (await admin.get("/desk/knowledge/differences")).text
    assert "<del>mình</del>" in page
    mark = re.search(r'name="mark" value="(\w+)"', page)
    assert mark is not None
    return mark[1]


@pytest.mark.parametrize(
    ("decision", "answer"), [("ours", "Bản của mình."), ("files", "Bản của tệp mới.")]
)
async def test_of_two_texts_the_chosen_one_counts_and_the_difference_is_gone(
    world: World, shelf: Shelf, library: Library, decision: str, answer: str
) -> None:
    mark = await differing(world, library)
    admin = await world.signed_in("quan")
    fields = {"kind": "article", "key": "land-01", "over": "2", "mark": mark}

    done = await send(admin, "/desk/knowledge/differences", **fields, decision=decision)

    assert done.status_code == 303
    assert shelf.current.library.articles["land-01"].answer == answer
    assert "Không có gì khác" in (await admin.get("/desk/knowledge/differences")).text
    again = await send(admin, "/desk/knowledge/differences", **fields, decision=decision)
    assert again.status_code == 409


async def test_only_what_was_read_is_decided(world: World, library: Library) -> None:
    mark = await differing(world, library)
    admin = await world.signed_in("quan")
    fields = {"kind": "article", "key": "land-01", "decision": "files"}

    other_text = await send(admin, "/desk/knowledge/differences", **fields, over="2", mark="0" * 16)
    other_version = await send(admin, "/desk/knowledge/differences", **fields, over="1", mark=mark)

    assert other_text.status_code == other_version.status_code == 409
