"""The articles of the knowledge base on the desk: written, reviewed, published, restored."""

import asyncio
import datetime as dt
import re
from dataclasses import replace
from html import unescape
from typing import Any

import httpx
import pytest
from fastapi.routing import iter_route_contexts

from desk.frame import Frame
from desk.pages.knowledge_list import Filters, Row, narrowed
from desk.pages.knowledge_list import all_rows as list_rows
from knowledge import feedback
from knowledge.article import Status
from knowledge.fields import load_fields
from knowledge.library import Library, load_library
from knowledge.search import Search, load_judge
from knowledge.shelf import ARTICLE, Shelf, article_of, seed_knowledge
from store import documents
from store.clock import SetClock
from store.documents import Stage, Version
from store.session import Database
from store.wakes import Topic
from tests.desk.world import STAFF, Browser, World
from tests.knowledge.example import article, write

EDITORS = frozenset({"bien", "quan", "trung"})
REVIEWERS = frozenset({"quan", "trung"})
LAND = "/desk/knowledge/articles/land-01"
FIELD_MODEL, JUDGE = load_fields(), load_judge()


BOUNDARY = article(
    "land-01", "hàng xóm lấn ranh đất", law="2/2013/QH13", title="Đất bị lấn ranh thì làm sao?"
)


@pytest.fixture(scope="session")
def library(tmp_path_factory: pytest.TempPathFactory) -> Library:
    """Six articles, one of them resting on a law that changes in December 2026."""
    folder = tmp_path_factory.mktemp("content")
    return load_library(
        write(
            folder,
            BOUNDARY,
            article("land-02", "mất giấy đỏ", title="Mất sổ đỏ thì làm lại ở đâu?"),
            article("family-01", "muốn bỏ chồng", title="Ly hôn nộp đơn ở đâu?"),
            article("family-02", "chồng không nuôi con", title="Cha không nuôi con thì làm sao?"),
            article("labour-01", "bị quỵt lương", title="Chủ không trả lương thì làm sao?"),
            article(
                "labour-02", "lãnh một cục", title="Lãnh bảo hiểm một lần được không?",
                status=Status.REVIEWED, reviewed_on=dt.date(2026, 10, 1),
            ),
        )
    )  # fmt: skip


@pytest.fixture
def shelf(library: Library) -> Shelf:
    return Shelf(library, FIELD_MODEL, JUDGE)


@pytest.fixture
def world(database: Database, library: Library, shelf: Shelf) -> World:
    database.transact_now(lambda session: seed_knowledge(session, library))
    shelf.refresh_now(database)
    return World(database, shelf=shelf)


def form_of(page: str) -> dict[str, Any]:
    """The article's form as a browser would send it."""
    inside = page[
        page.index('id="article-form"') : page.index("</form>", page.index('id="article-form"'))
    ]
    sent: dict[str, Any] = {}
    rows: dict[str, list[str]] = {}
    for tag in re.findall(r"<input[^>]*>", inside):
        name = re.search(r'name="([^"]+)"', tag)
        value = re.search(r'value="([^"]*)"', tag)
        if name and name[1].startswith("source_"):
            rows.setdefault(name[1], []).append(unescape(value[1]) if value else "")
        elif name:
            sent[name[1]] = unescape(value[1]) if value else ""
    for name_, text in re.findall(
        r'<textarea[^>]*name="([^"]+)"[^>]*>(.*?)</textarea>', inside, re.DOTALL
    ):
        sent[name_] = unescape(text)
    chosen = re.search(r'<option value="(\w)" selected', inside)
    sent["confidence"] = chosen[1] if chosen else ""
    return sent | rows


async def opened(browser: Browser, path: str = LAND) -> dict[str, Any]:
    answer = await browser.get(f"{path}/edit")
    assert answer.status_code == 200, answer.text
    return form_of(answer.text)


async def send(browser: Browser, path: str, **fields: Any) -> httpx.Response:
    return await browser.post(path, data=fields, headers={"Sec-Fetch-Site": "same-origin"})


def open_version(world: World, key: str = "land-01") -> Version | None:
    return world.database.read_now(lambda session: documents.open_one(session, ARTICLE, key))


def counting(world: World, key: str = "land-01") -> Version:
    found = world.database.read_now(lambda session: documents.published_one(session, ARTICLE, key))
    assert found is not None
    return found


async def submitted(world: World, **changes: Any) -> Browser:
    """An editor has sent a change of the land article to be reviewed."""
    editor = await world.signed_in("bien")
    form = await opened(editor)
    answer = await send(editor, f"{LAND}/edit", **(form | changes | {"then": "submit"}))
    assert answer.status_code == 303, answer.text
    return editor


async def approved(world: World, **changes: Any) -> Browser:
    await submitted(world, **changes)
    reviewer = await world.signed_in("quan")
    draft = open_version(world)
    assert draft is not None
    answer = await send(reviewer, f"{LAND}/approve", seen=str(draft.revision), checked="yes")
    assert answer.headers.get("location", "").startswith(f"{LAND}/publish"), answer.text
    return reviewer


async def published(world: World, **changes: Any) -> Browser:
    reviewer = await approved(world, **changes)
    draft = open_version(world)
    assert draft is not None
    answer = await send(
        reviewer, f"{LAND}/publish",
        over=str(counting(world).number), seen=str(draft.revision), anyway="yes",
    )  # fmt: skip
    assert answer.status_code == 303, answer.text
    return reviewer


def finds(shelf: Shelf, words: str) -> str:
    return shelf.current.search.search(words).answers[0].id


PAGES = {
    ("GET", ""): EDITORS,
    ("GET", "/new"): EDITORS,
    ("POST", "/new"): EDITORS,
    ("GET", "/articles/{article_id}"): EDITORS,
    ("POST", "/articles/{article_id}/here"): EDITORS,
    ("GET", "/articles/{article_id}/edit"): EDITORS,
    ("POST", "/articles/{article_id}/edit"): EDITORS,
    ("POST", "/articles/{article_id}/preview"): EDITORS,
    ("POST", "/articles/{article_id}/autosave"): EDITORS,
    ("POST", "/articles/{article_id}/resolve"): EDITORS,
    ("POST", "/articles/{article_id}/discard"): EDITORS,
    ("GET", "/articles/{article_id}/history"): EDITORS,
    ("GET", "/articles/{article_id}/review"): EDITORS,
    ("POST", "/articles/{article_id}/approve"): REVIEWERS,
    ("POST", "/articles/{article_id}/give-back"): REVIEWERS,
    ("GET", "/articles/{article_id}/publish"): REVIEWERS,
    ("POST", "/articles/{article_id}/publish"): REVIEWERS,
    ("POST", "/articles/{article_id}/confirm"): REVIEWERS,
    ("POST", "/articles/{article_id}/retire"): REVIEWERS,
    ("POST", "/articles/{article_id}/bring-back"): REVIEWERS,
    ("POST", "/articles/{article_id}/restore"): REVIEWERS,
}
"""Whom each page of the articles answers. A new one belongs in here."""


# --- who may what -------------------------------------------------------------------------------


def test_every_page_of_an_article_stands_in_the_table(world: World) -> None:
    there = {
        (method, (context.path or "").removeprefix("/knowledge"))
        for context in iter_route_contexts(world.desk.routes)
        for method in context.methods or ()
        if re.match(r"/knowledge($|/new|/articles)", context.path or "")
    }
    assert there == set(PAGES)


@pytest.mark.parametrize("username", sorted(STAFF))
async def test_each_page_answers_its_own_and_to_others_does_not_exist(
    world: World, username: str
) -> None:
    browser = await world.signed_in(username)
    written = (await opened(await world.signed_in("bien")))["base"]

    for (method, path), whom in PAGES.items():
        address = "/desk/knowledge" + path.format(article_id="land-01")
        sent = {"mine": written} if path.endswith("/resolve") else {}
        answer = await (browser.get(address) if method == "GET" else send(browser, address, **sent))
        if username in whom:
            assert answer.status_code not in {401, 403, 404}, (method, path)
            assert answer.status_code < 500, (method, path)
        else:
            assert answer.status_code == 404, (method, path)
            assert "lấn ranh" not in answer.text


@pytest.mark.parametrize("key", ["land-77", "nothing-01", "land-1", "land-001", "x" * 200])
async def test_an_article_that_nobody_began_does_not_exist(world: World, key: str) -> None:
    browser = await world.signed_in("quan")

    for method, path in PAGES:
        if "{article_id}" not in path or path.endswith(("here", "preview")):
            continue
        address = "/desk/knowledge" + path.format(article_id=key)
        sent = {"seen": "0", "over": "0", "number": "1", "checked": "yes", "remark": "x"}
        answer = await (browser.get(address) if method == "GET" else send(browser, address, **sent))
        assert answer.status_code == 404, (method, path, answer.text)


# --- the list -----------------------------------------------------------------------------------


@pytest.mark.parametrize("typed", ["lấn ranh", "lan ranh", "laan ranh", "LẤN RANH", "land-01"])
async def test_an_article_is_found_in_any_spelling(world: World, typed: str) -> None:
    browser = await world.signed_in("bien")

    answer = await browser.get("/desk/knowledge", params={"q": typed})

    first = answer.text.split('<ol class="articles">')[1].split("</li>")[0]
    assert "Đất bị lấn ranh" in first


async def test_the_list_says_how_much_is_reviewed_and_what_is_stale_and_why(world: World) -> None:
    browser = await world.signed_in("bien")
    clock = world.database.clock
    assert isinstance(clock, SetClock)
    before = await browser.get("/desk/knowledge")
    assert "<strong>1</strong>/6 bài đã được cán bộ xác nhận (17%)" in before.text
    assert "<strong>0</strong> bài có luật đã đổi" in before.text

    clock.forward(dt.timedelta(days=10))
    browser = await world.signed_in("bien")
    after = await browser.get("/desk/knowledge?needs=stale")

    assert "<strong>1</strong> bài có luật đã đổi" in after.text
    assert "Luật Đất 2013 đã sửa từ 01/12/2026 (theo 9/2025/QH15), chưa đối chiếu" in after.text
    assert listed(after.text) == ["land-01"]


async def test_each_filter_narrows_and_counts_what_it_would_leave(world: World) -> None:
    browser = await world.signed_in("bien")
    await submitted(world, title="Ranh đất bị lấn thì sao?")
    voted_down(world, "family-01")

    async def ids(**asked: str) -> list[str]:
        return listed((await browser.get("/desk/knowledge", params=asked)).text)

    assert await ids(field="land") == ["land-01", "land-02"]
    assert await ids(status="reviewed") == ["labour-02"]
    assert await ids(status="reviewed", field="land") == []
    assert await ids(needs="review") == ["land-01"]
    assert await ids(needs="unhelpful") == ["family-01"]
    assert await ids(field="labour", q="lương") == ["labour-01"]
    page = (await browser.get("/desk/knowledge", params={"status": "reviewed"})).text
    assert "Lao động, việc làm (1)" in page
    assert "Đất đai" not in page
    assert "Đã xác nhận (1)" in page
    assert "Chờ xác nhận (5)" in page


async def test_a_retired_article_is_listed_and_gone_for_citizens(
    world: World, shelf: Shelf
) -> None:
    browser = await world.signed_in("quan")
    assert finds(shelf, "hàng xóm lấn ranh đất") == "land-01"

    await send(browser, f"{LAND}/retire")

    assert "land-01" not in shelf.current.library.articles
    assert listed((await browser.get("/desk/knowledge?needs=retired")).text) == ["land-01"]
    await send(browser, f"{LAND}/bring-back")
    assert finds(shelf, "hàng xóm lấn ranh đất") == "land-01"


def test_a_long_list_comes_in_pages_and_none_is_lost(world: World, library: Library) -> None:
    row = all_rows(world)[0]
    rows = tuple(replace(row, id=f"land-{number:04}") for number in range(2000))

    pages = [
        narrowed(rows, Filters(page=number), Search(library, FIELD_MODEL, JUDGE))
        for number in range(1, 41)
    ]

    assert pages[0].last_page == 40
    assert [one.id for page in pages for one in page.rows] == [one.id for one in rows]


def all_rows(world: World) -> tuple[Row, ...]:
    frame = Frame(world.database, world.atlas, world.shelf, world.wordbook, False, lambda: False)
    return world.database.read_now(lambda session: list_rows(session, frame))


def listed(page: str) -> list[str]:
    inside = page.split('<ol class="articles">')
    if len(inside) == 1:
        return []
    return re.findall(r'/desk/knowledge/articles/([a-z]+-\d\d)"', inside[1].split("</ol>")[0])


def voted_down(world: World, key: str) -> None:
    world.database.transact_now(
        lambda session: feedback.vote(session, "c" * 32, key, helpful=False)
    )


# --- writing ------------------------------------------------------------------------------------


async def test_the_page_shows_what_citizens_see_and_who_else_is_here(world: World) -> None:
    browser, other = await world.signed_in("bien"), await world.signed_in("quan")
    await other.get(LAND)

    page = (await browser.get(LAND)).text

    centre = world.province.blanks()["centre"]
    assert f"Làm trước: Mang giấy tờ tới {centre}." in page
    assert "Căn cứ: Luật Đất 2013, Điều 51 (từ 01/07/2014)." in page
    assert "Thông tin đang chờ cán bộ xác nhận." in page
    assert "Cán bộ Quan cũng đang mở bài này." in page
    beat = await send(other, f"{LAND}/here")
    assert "Cán bộ Bien cũng đang mở bài này." in beat.text


async def test_who_has_left_an_article_is_no_longer_told_to_be_there(world: World) -> None:
    browser, other = await world.signed_in("bien"), await world.signed_in("quan")
    await other.get(LAND)

    await send(other, f"{LAND}/here", leaving="true")

    assert "cũng đang mở bài này" not in (await browser.get(LAND)).text


async def test_a_form_that_is_sent_as_it_came_changes_nothing(world: World) -> None:
    browser = await world.signed_in("bien")

    answer = await send(browser, f"{LAND}/edit", **await opened(browser))

    assert answer.headers["location"] == f"{LAND}?done=unchanged"
    assert open_version(world) is None


@pytest.mark.parametrize(
    ("move", "order"),
    [
        ("up-2", ["5", "9", "7"]),
        ("down-2", ["9", "7", "5"]),
        ("up-1", ["9", "5", "7"]),
        ("down-3", ["9", "5", "7"]),
        ("up-99", ["9", "5", "7"]),
        ("sideways", ["9", "5", "7"]),
    ],
)
async def test_a_button_moves_a_source_up_or_down_without_a_script(
    world: World, move: str, order: list[str]
) -> None:
    browser = await world.signed_in("bien")
    form = await opened(browser)
    sources = {
        "source_law": ["2/2013/QH13"] * 3,
        "source_article": ["9", "5", "7"],
        "source_note": ["", "", ""],
    }

    answer = await send(browser, f"{LAND}/edit", **(form | sources | {"move": move}))

    assert answer.status_code == 303
    draft = open_version(world)
    assert draft is not None
    assert [source.article for source in article_of(draft).sources] == order


async def test_every_field_comes_back_as_it_was_written(world: World, library: Library) -> None:
    browser = await world.signed_in("bien")
    form = await opened(browser)
    change = {
        "title": "Ranh đất <b>bị</b> lấn?",
        "short": "Lấn ranh",
        "answer": "Đo lại ranh.\nRồi hòa giải.",
        "first_step": "Tới {centre}.",
        "where": "UBND xã.",
        "time_limits": "30 ngày\n\n45 ngày",
        "papers": "Sổ đỏ",
        "wordings": "\n".join(f"lấn ranh kiểu {number}" for number in range(8)),
        "source_law": ["Luật Gia đình 2014", "", "2/2013/QH13"],
        "source_article": ["5", "", ""],
        "source_note": ["", "", ""],
        "confidence": "P",
        "good_until": "2027-02-28",
        "open_points": "Xem lại mức phạt",
        "translation_en_title": "Boundary",
        "translation_en_summary": "Measure first.",
        "translation_km_title": "",
        "translation_km_summary": "",
    }

    await send(browser, f"{LAND}/edit", **(form | change))

    draft = open_version(world)
    assert draft is not None
    assert draft.stage is Stage.DRAFT
    found = article_of(draft)
    assert found.answer == "Đo lại ranh.\nRồi hòa giải."
    assert found.time_limits == ("30 ngày", "45 ngày")
    assert [(one.law, one.article) for one in found.sources] == [
        ("1/2014/QH13", "5"),
        ("2/2013/QH13", None),
    ]
    assert found.good_until == dt.date(2027, 2, 28)
    assert found.translations["en"].summary == "Measure first."
    assert found.status is Status.DRAFT_SOURCED
    assert article_of(counting(world)) == library.articles["land-01"]
    again = await opened(browser)
    assert again["answer"] == change["answer"]
    assert again["title"] == change["title"]
    assert again["confidence"] == "P"


@pytest.mark.parametrize(
    ("field", "typed", "said"),
    [
        ("title", "", "Chưa viết gì."),
        ("short", "x" * 39, "nhiều nhất 38 chữ cái, đang có 39"),
        ("title", "x" * 81, "nhiều nhất 80 chữ cái, đang có 81"),
        ("first_step", "x" * 201, "nhiều nhất 200 chữ cái, đang có 201"),
        ("where", "x" * 221, "nhiều nhất 220 chữ cái, đang có 221"),
        ("wordings", "một câu", "Cần ít nhất 8 cách hỏi, mới có 1."),
        ("where", "Tới {center}.", "Chỗ trống {center} không có. Dùng được: {province}"),
        ("where", "Tới {.", "chỉ dùng cho chỗ trống có tên"),
        ("where", "Tới {centre.name}.", "chỉ dùng cho chỗ trống có tên"),
        ("confidence", "", "Chưa chọn."),
        ("good_until", "31.12.2026", "Ngày chưa đúng."),
        ("source_law", ["99/1999/QH10"], "chưa có trong danh mục văn bản luật"),
        ("source_law", [""], "Căn cứ thứ 1: chưa chọn văn bản luật."),
        ("translation_en_title", "Boundary", "Viết cả tựa và tóm tắt"),
        ("short", "Chuyện land-02", "Trùng tên nút với bài Mất sổ đỏ"),
    ],
)
async def test_what_is_wrong_is_said_beside_the_field_and_nothing_typed_is_lost(
    world: World, field: str, typed: Any, said: str
) -> None:
    browser = await world.signed_in("bien")
    form = await opened(browser)
    form["answer"] = "Chữ vừa gõ"
    form[field] = typed
    if field == "source_law":
        form |= {"source_article": ["5"], "source_note": [""]}

    answer = await send(browser, f"{LAND}/edit", **(form | {"then": "submit"}))

    assert answer.status_code == 422
    assert said in unescape(answer.text)
    assert 'class="wrong"' in answer.text
    draft = open_version(world)
    assert draft is not None
    assert draft.stage is Stage.DRAFT
    kept = await opened(browser)
    assert kept["answer"] == "Chữ vừa gõ"
    if isinstance(typed, str):
        assert kept[field] == typed


async def test_an_answer_too_long_for_a_phone_is_not_called_ready_and_at_its_most_it_is(
    world: World,
) -> None:
    browser = await world.signed_in("bien")
    form = await opened(browser)

    over = await send(browser, f"{LAND}/preview", **(form | {"answer": "x" * 501}))
    just = await send(browser, f"{LAND}/preview", **(form | {"answer": "x" * 500}))

    assert "Dài quá: nhiều nhất 500 chữ cái, đang có 501." in over.text
    assert "Bài đã đủ để gửi duyệt" not in over.text
    assert "Bài đã đủ để gửi duyệt" in just.text


async def test_a_question_that_another_article_has_is_named_with_its_owner(world: World) -> None:
    browser = await world.signed_in("bien")
    form = await opened(browser)
    form["wordings"] += "\nmất giấy đỏ"

    answer = await send(browser, f"{LAND}/edit", **form)

    assert "Câu “mất giấy đỏ” đã thuộc bài Mất sổ đỏ thì làm lại ở đâu? (land-02)" in answer.text


async def test_the_preview_follows_what_is_typed_however_incomplete(world: World) -> None:
    browser = await world.signed_in("bien")
    form = await opened(browser)

    whole = await send(browser, f"{LAND}/preview", **(form | {"where": "Tới {centre}."}))
    empty = await send(browser, f"{LAND}/preview", title="Chỉ có tựa {x}")

    assert f"Đến đâu: Tới {world.province.blanks()['centre']}." in whole.text
    assert "Bài đã đủ để gửi duyệt." in whole.text
    assert "Chỉ có tựa {x}" in empty.text
    assert "Trước khi gửi duyệt còn phải sửa" in empty.text
    assert open_version(world) is None


async def test_the_preview_of_what_counts_is_what_citizens_see(world: World) -> None:
    browser = await world.signed_in("bien")

    seen = (await browser.get(LAND)).text.split('<div class="phone">')[1].split("</section>")[0]
    shown = (await send(browser, f"{LAND}/preview", **await opened(browser))).text

    assert seen.strip() in shown.split('<div class="phone">')[1]


async def test_a_new_article_gets_the_next_number_of_its_field_and_may_stay_unfinished(
    world: World,
) -> None:
    browser = await world.signed_in("bien")
    begun = await send(browser, "/desk/knowledge/new", field="land", title="Thừa kế đất ra sao?")
    assert begun.headers["location"] == "/desk/knowledge/articles/land-03/edit"
    path = "/desk/knowledge/articles/land-03"

    kept = await send(
        browser, f"{path}/autosave", **(await opened(browser, path) | {"answer": "Chưa xong"})
    )

    assert kept.json()["seen"] == 2
    assert (await opened(browser, path))["answer"] == "Chưa xong"
    assert listed((await browser.get("/desk/knowledge?q=thua+ke+dat")).text)[0] == "land-03"
    assert "land-03" not in world.shelf.current.library.articles
    again = await send(browser, "/desk/knowledge/new", field="land", title="Cầm cố đất?")
    assert again.headers["location"] == "/desk/knowledge/articles/land-04/edit"


# --- two people ---------------------------------------------------------------------------------


async def test_the_second_of_two_writers_sees_both_texts_and_overwrites_nothing(
    world: World,
) -> None:
    first, second = await world.signed_in("bien"), await world.signed_in("trung")
    hers, his = await opened(first), await opened(second)
    await send(first, f"{LAND}/edit", **(hers | {"answer": "Đo ranh trước.", "where": "Tới xã."}))

    answer = await send(
        second, f"{LAND}/edit", **(his | {"answer": "Hòa giải trước.", "papers": "Giấy tay"})
    )

    assert answer.status_code == 409
    assert "Cán bộ Bien đã lưu một bản khác" in answer.text
    text = re.sub(r"<[^>]+>", "", answer.text)
    assert "Đo ranh trước." in text
    assert "Hòa giải trước." in text
    draft = open_version(world)
    assert draft is not None
    assert article_of(draft).answer == "Đo ranh trước."
    # What only one of them has changed is proposed; what both have is theirs to choose.
    assert proposals(answer.text) == {"papers": "mine", "where": "theirs", "answer": None}


async def test_each_field_is_taken_from_whom_it_was_chosen(world: World) -> None:
    first, second = await world.signed_in("bien"), await world.signed_in("trung")
    hers, his = await opened(first), await opened(second)
    await send(first, f"{LAND}/edit", **(hers | {"answer": "Của Biên.", "where": "Tới xã."}))
    asked = await send(second, f"{LAND}/edit", **(his | {"answer": "Của Trung."}))

    await send(
        second,
        f"{LAND}/resolve",
        **hidden(asked.text, "choose") | {"take.answer": "mine", "take.where": "theirs"},
    )

    draft = open_version(world)
    assert draft is not None
    assert (article_of(draft).answer, article_of(draft).where) == ("Của Trung.", "Tới xã.")
    assert len(draft.written_by) == 2


async def test_a_choice_that_is_overtaken_is_asked_again(world: World) -> None:
    first, second = await world.signed_in("bien"), await world.signed_in("trung")
    hers, his = await opened(first), await opened(second)
    await send(first, f"{LAND}/edit", **(hers | {"answer": "Một."}))
    asked = await send(second, f"{LAND}/edit", **(his | {"answer": "Hai."}))
    await send(first, f"{LAND}/edit", **(await opened(first) | {"answer": "Ba."}))

    again = await send(second, f"{LAND}/resolve", **hidden(asked.text, "choose"), all="mine")

    assert again.status_code == 409
    assert "Ba." in re.sub(r"<[^>]+>", "", again.text)
    await send(second, f"{LAND}/resolve", **hidden(again.text, "choose"), all="mine")
    draft = open_version(world)
    assert draft is not None
    assert article_of(draft).answer == "Hai."


async def test_a_draft_kept_by_itself_overwrites_nobody_and_leaves_a_review_alone(
    world: World,
) -> None:
    first, second = await world.signed_in("bien"), await world.signed_in("trung")
    hers, his = await opened(first), await opened(second)
    await send(first, f"{LAND}/autosave", **(hers | {"answer": "Của Biên."}))

    refused = await send(second, f"{LAND}/autosave", **(his | {"answer": "Của Trung."}))

    assert refused.status_code == 409
    assert "Cán bộ Bien vừa lưu bản khác" in refused.json()["said"]
    await send(first, f"{LAND}/edit", **(await opened(first) | {"then": "submit"}))
    form = await opened(second)
    late = await send(second, f"{LAND}/autosave", **(form | {"answer": "Muộn."}))
    assert late.status_code == 409
    draft = open_version(world)
    assert draft is not None
    assert draft.stage is Stage.IN_REVIEW
    assert article_of(draft).answer == "Của Biên."


async def test_a_text_begun_before_a_publication_does_not_undo_it(world: World) -> None:
    slow = await world.signed_in("trung")
    form = await opened(slow)
    await published(world, answer="Bản mới đăng.")

    answer = await send(slow, f"{LAND}/edit", **(form | {"where": "Tới xã."}))

    assert answer.status_code == 409
    assert proposals(answer.text) == {"answer": "theirs", "where": "mine"}
    assert open_version(world) is None


def proposals(page: str) -> dict[str, str | None]:
    found: dict[str, str | None] = {}
    for name, value, rest in re.findall(r'name="take\.(\w+)" value="(\w+)" required([^>]*)>', page):
        found.setdefault(name, None)
        if "checked" in rest:
            found[name] = value
    return found


def hidden(page: str, css_class: str) -> dict[str, str]:
    inside = page[page.index(f'<form class="{css_class}"') :]
    fields = re.findall(r'<input type="hidden" name="([^"]+)" value="([^"]*)"', inside)
    return {name: unescape(value) for name, value in fields}


# --- review and publication ---------------------------------------------------------------------


async def test_a_change_is_written_reviewed_and_published_by_two_people(
    world: World, shelf: Shelf
) -> None:
    reviewer = await submitted_and_seen(world)
    draft = open_version(world)
    assert draft is not None
    await send(reviewer, f"{LAND}/approve", seen=str(draft.revision), checked="yes")
    page = await reviewer.get(f"{LAND}/publish?check=1")
    assert "Không câu nào đi lạc" in page.text

    answer = await send(reviewer, f"{LAND}/publish", over="1", seen=str(draft.revision))

    assert answer.headers["location"] == f"{LAND}?done=published"
    assert finds(shelf, "cột mốc bị nhổ") == "land-01"  # at once, in this process
    shown = shelf.current.library.articles["land-01"]
    assert (shown.status, shown.reviewed_on) == (Status.REVIEWED, dt.date(2026, 11, 23))
    assert (
        "đang chờ cán bộ xác nhận" not in (await reviewer.get(LAND)).text.split('class="phone"')[1]
    )


async def submitted_and_seen(world: World) -> Browser:
    form_wordings = BOUNDARY.wordings
    await submitted(
        world, wordings="\n".join((*form_wordings, "cột mốc bị nhổ")), remark="Thêm câu"
    )
    reviewer = await world.signed_in("quan")
    page = (await reviewer.get(f"{LAND}/review")).text
    assert "<ins>" in page
    assert "cột mốc bị nhổ" in page
    assert "Thêm câu" in page
    return reviewer


async def test_an_approval_without_the_tick_keeps_the_notice(world: World, shelf: Shelf) -> None:
    await submitted(world, answer="Đo ranh.")
    reviewer = await world.signed_in("quan")
    draft = open_version(world)
    assert draft is not None
    await send(reviewer, f"{LAND}/approve", seen=str(draft.revision))
    await send(reviewer, f"{LAND}/publish", over="1", seen=str(draft.revision))

    assert shelf.current.library.articles["land-01"].answer == "Đo ranh."
    assert shelf.current.library.articles["land-01"].status is Status.DRAFT_SOURCED


async def test_whoever_wrote_cannot_review_and_is_told_why(world: World) -> None:
    writer = await world.signed_in("quan")
    await send(
        writer, f"{LAND}/edit", **(await opened(writer) | {"answer": "Một.", "then": "submit"})
    )
    draft = open_version(world)
    assert draft is not None

    answer = await send(writer, f"{LAND}/approve", seen=str(draft.revision))

    assert answer.status_code == 409
    assert "cần một người khác duyệt" in answer.text
    assert open_version(world).stage is Stage.IN_REVIEW  # type: ignore[union-attr]


async def test_what_was_changed_under_a_reviewers_eyes_is_not_approved(world: World) -> None:
    editor = await submitted(world, answer="Một.")
    draft = open_version(world)
    assert draft is not None
    await send(
        editor, f"{LAND}/edit", **(await opened(editor) | {"answer": "Hai.", "then": "submit"})
    )
    reviewer = await world.signed_in("quan")

    answer = await send(reviewer, f"{LAND}/approve", seen=str(draft.revision))

    assert answer.status_code == 409
    assert "Cán bộ Bien đã sửa bài lúc" in answer.text
    assert "Hai." in re.sub(r"<[^>]+>", "", answer.text)


async def test_a_draft_is_given_back_with_a_remark_that_its_writer_keeps_seeing(
    world: World,
) -> None:
    editor = await submitted(world, answer="Một.")
    reviewer = await world.signed_in("quan")
    draft = open_version(world)
    assert draft is not None
    silent = await send(reviewer, f"{LAND}/give-back", seen=str(draft.revision))
    assert silent.status_code == 422

    await send(reviewer, f"{LAND}/give-back", seen=str(draft.revision), remark="Thiếu thời hạn")

    form = await opened(editor)
    await send(editor, f"{LAND}/autosave", **(form | {"answer": "Hai."}))
    assert "Thiếu thời hạn" in (await editor.get(f"{LAND}/edit")).text


async def test_an_act_at_the_wrong_step_says_so_and_does_nothing(world: World) -> None:
    reviewer = await world.signed_in("quan")

    for act in ("approve", "give-back", "publish", "discard"):
        answer = await send(reviewer, f"{LAND}/{act}", seen="1", over="1", remark="x")
        assert answer.status_code == 409, act
        assert "không còn ở bước đó" in answer.text, act


async def test_a_change_that_draws_questions_away_has_to_be_published_knowingly(
    world: World,
) -> None:
    # All of the other article's words, often: its own question no longer leads to it.
    stolen = ["mất giấy đỏ rồi", "mất giấy đỏ hả", "mất giấy đỏ đó", "giấy đỏ mất"]
    own = list(BOUNDARY.wordings)
    reviewer = await approved(
        world, title="Mất sổ đỏ làm lại đâu?", wordings="\n".join([*own, *stolen])
    )
    draft = open_version(world)
    assert draft is not None
    page = (await reviewer.get(f"{LAND}/publish?check=1")).text
    assert "câu sẽ đi nơi khác" in page

    refused = await send(reviewer, f"{LAND}/publish", over="1", seen=str(draft.revision))

    assert refused.status_code == 409
    assert counting(world).number == 1
    await send(reviewer, f"{LAND}/publish", over="1", seen=str(draft.revision), anyway="yes")
    assert counting(world).number == 2


async def test_what_came_to_clash_after_the_approval_is_not_published(
    world: World, database: Database
) -> None:
    reviewer = await approved(world, wordings="\n".join([*BOUNDARY.wordings, "trùng câu này"]))
    other = article("land-02", "trùng câu này", title="Mất sổ đỏ thì làm lại ở đâu?")
    database.transact_now(
        lambda session: documents.seed(
            session,
            ARTICLE,
            {one.id: one.model_dump_json() for one in world.shelf.current.library.articles.values()}
            | {"land-02": other.model_dump_json()},
        )
    )
    draft = open_version(world)
    assert draft is not None

    answer = await send(
        reviewer, f"{LAND}/publish", over="1", seen=str(draft.revision), anyway="yes"
    )

    assert answer.status_code == 409
    assert "đã thuộc bài Mất sổ đỏ" in answer.text
    assert counting(world).number == 1


# --- what counts at once ------------------------------------------------------------------------


async def test_confirming_puts_a_second_person_behind_what_counts(
    world: World, shelf: Shelf
) -> None:
    reviewer = await world.signed_in("quan")
    unticked = await send(reviewer, f"{LAND}/confirm", over="1")
    assert unticked.status_code == 422

    await send(reviewer, f"{LAND}/confirm", over="1", checked="yes")

    found = shelf.current.library.articles["land-01"]
    assert (found.status, found.reviewed_on) == (Status.REVIEWED, dt.date(2026, 11, 23))
    assert counting(world).reviewer_id == world.ids["quan"]


async def test_nobody_confirms_what_they_wrote_or_have_not_seen(world: World) -> None:
    await published(world, answer="Bản của Biên.")
    stale = await world.signed_in("trung")

    answer = await send(stale, f"{LAND}/confirm", over="1", checked="yes")

    assert answer.status_code == 409
    assert counting(world).number == 2


async def test_an_earlier_version_is_compared_and_counts_again(world: World, shelf: Shelf) -> None:
    reviewer = await published(world, answer="Bản mới.")
    page = (await reviewer.get(f"{LAND}/history?a=1&b=2")).text
    assert "Từ bản 1 tới bản 2" in page
    assert "Tệp kèm theo Tràm" in page

    answer = await send(reviewer, f"{LAND}/restore", number="1", over="2")

    assert answer.headers["location"] == f"{LAND}?done=restored"
    assert shelf.current.library.articles["land-01"].answer == BOUNDARY.answer
    assert counting(world).number == 3
    late = await send(reviewer, f"{LAND}/restore", number="2", over="2")
    assert late.status_code == 409


async def test_a_discarded_draft_stays_in_the_history_and_can_be_taken_up(world: World) -> None:
    editor = await world.signed_in("bien")
    await send(editor, f"{LAND}/edit", **(await opened(editor) | {"answer": "Ý hay mà bỏ."}))

    await send(editor, f"{LAND}/discard", seen="1")

    assert open_version(world) is None
    assert "Đã bỏ" in (await editor.get(f"{LAND}/history")).text
    taken = form_of((await editor.get(f"{LAND}/edit?from=2")).text)
    assert (taken["answer"], taken["seen"]) == ("Ý hay mà bỏ.", "0")


# --- other processes ----------------------------------------------------------------------------


async def test_what_is_published_is_found_in_another_process(
    postgres: Database, library: Library, shelf: Shelf
) -> None:
    postgres.transact_now(lambda session: seed_knowledge(session, library))
    shelf.refresh_now(postgres)
    world = World(postgres, shelf=shelf)
    elsewhere = Database(
        postgres.url.render_as_string(hide_password=False), postgres.vault, postgres.clock
    )
    their_shelf = Shelf(library, FIELD_MODEL, JUDGE)
    following = [
        asyncio.create_task(their_shelf.follow(elsewhere)),
        asyncio.create_task(elsewhere.wakes.listen(elsewhere.conninfo)),
    ]
    try:
        await published(world, wordings="\n".join([*BOUNDARY.wordings, "cột mốc bị nhổ"]))
        async with asyncio.timeout(30):
            while finds(their_shelf, "cột mốc bị nhổ") != "land-01":
                await elsewhere.wakes.sleep(Topic.DOCUMENTS, 0.05)
    finally:
        for task in following:
            task.cancel()
        await asyncio.gather(*following, return_exceptions=True)
        await elsewhere.close()
