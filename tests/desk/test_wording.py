"""The assistant's words edited on the desk: drafted by one, published by another, said by all."""

import httpx
import pytest
import sqlalchemy as sa

from bot.texts import load_about, load_texts
from cases.wordbook import TEXT, Wordbook, body_of, seed_texts, wording_of
from cases.wording import Mistake, Texts, Wording, Wrong, mistakes
from store import documents
from store.audit import AuditRow
from store.session import Database
from tests.desk.test_access import routes_of
from tests.desk.world import STAFF, World

KEY = "welcome.again"
READERS = frozenset({"trung", "quan"})
ADMINS = frozenset({"quan"})
ROUTES = {
    ("GET", "/wording"): READERS,
    ("GET", "/wording/{key}"): READERS,
    ("POST", "/wording/{key}"): ADMINS,
    ("POST", "/wording/{key}/preview"): ADMINS,
    ("POST", "/wording/{key}/discard"): ADMINS,
    ("POST", "/wording/{key}/give-back"): READERS,
    ("POST", "/wording/{key}/publish"): READERS,
    ("POST", "/wording/{key}/restore"): ADMINS,
    ("GET", "/wording/differences"): ADMINS,
    ("POST", "/wording/differences"): ADMINS,
}
"""Whom each route answers."""


@pytest.fixture
def world(database: Database) -> World:
    world = World(database)
    database.transact_now(lambda session: seed_texts(session, world.wordbook.shipped))
    world.wordbook.refresh_now(database)
    return world


def said(world: World, key: str = KEY, language: str = "vi") -> str:
    return world.wordbook.current.template(key, language)


async def send(world: World, vi: str, key: str = KEY, **fields: str) -> httpx.Response:
    """An admin writes a text anew and asks for a review."""
    shipped = world.wordbook.shipped.wording(key)
    told = {"en": shipped.en or "", "km": "", "remark": "", "seen_revision": "0", "act": "submit"}
    quan = await world.signed_in("quan")
    return await quan.press(f"/desk/wording/{key}", vi=vi, **(told | fields))


async def publish(
    world: World, username: str = "trung", key: str = KEY, **fields: str
) -> httpx.Response:
    browser = await world.signed_in(username)
    told = {"seen": "1", "over": "1"} | fields
    return await browser.press(f"/desk/wording/{key}/publish", **told)


def test_every_route_of_the_words_stands_in_the_table(world: World) -> None:
    assert {one for one in routes_of(world) if one[1].startswith("/wording")} == set(ROUTES)


@pytest.mark.parametrize("username", STAFF)
async def test_only_admins_write_and_only_they_and_the_centre_read(
    world: World, username: str
) -> None:
    browser = await world.signed_in(username)
    fields = {"vi": "Bạn cần gì?", "seen_revision": "0", "seen": "1", "over": "1", "number": "1"}
    fields |= {"remark": "x", "mark": "", "decision": "ours"}

    for (method, path), allowed in ROUTES.items():
        address = "/desk" + path.format(key=KEY)
        answer = await (
            browser.get(address) if method == "GET" else browser.press(address, **fields, key=KEY)
        )
        assert (answer.status_code != 404) == (username in allowed), (method, path)


async def test_a_text_is_found_by_its_words_without_marks(world: World) -> None:
    browser = await world.signed_in("quan")

    found = (await browser.get("/desk/wording", params={"q": "tro ly tu dong"})).text
    nothing = (await browser.get("/desk/wording", params={"q": "tàu vũ trụ"})).text

    assert "welcome.hello" in found
    assert "menu.yes" not in found
    assert "Không có câu nào như vậy" in nothing


async def test_the_assistant_says_a_new_text_only_after_a_second_person_published_it(
    world: World,
) -> None:
    other = Wordbook(load_texts(), load_about())  # another process
    other.refresh_now(world.database)
    before = said(world)

    sent = await send(world, "Hôm nay bạn cần Tràm giúp chuyện gì?")
    assert sent.status_code == 303
    assert said(world) == before
    mine = await publish(world, "quan")
    assert mine.status_code == 409
    assert "người khác duyệt" in mine.text
    assert said(world) == before

    assert (await publish(world)).status_code == 303

    assert said(world) == "Hôm nay bạn cần Tràm giúp chuyện gì?"
    assert world.wordbook.current.version(KEY) == 2
    other.refresh_now(world.database)
    assert other.current.template(KEY, "vi") == said(world)


async def test_what_would_break_or_mislead_is_refused_with_the_reason(world: World) -> None:
    refused = {
        ("welcome.from_poster", "Bạn hỏi từ {xa}."): "Không có gì để điền vào {xa}",
        ("welcome.from_poster", "Bạn hỏi từ bảng."): "Thiếu {commune}",
        ("welcome.again", "Bạn cần {gì"): "Ngoặc nhọn chưa khớp",
        ("welcome.again", "Bạn đủ điều kiện rồi."): "nghe như lời hứa",
        ("welcome.again", "a" * 701): "Dài quá 700 ký tự",
        ("menu.person", "a" * 61): "Dài quá 60 ký tự",
        ("welcome.thanks", 'Bạn gõ "tắt máy" nha.'): "không hiểu chữ mời gõ này: tắt máy",
        ("danger.threat", "Gọi 0912 345 678 ngay."): "Số điện thoại phải đúng như bản gốc: 113",
    }
    for (key, text), reason in refused.items():
        answer = await send(world, text, key, remark="sửa cho gọn")
        assert answer.status_code == 409, key
        assert reason in answer.text, key
    assert world.count(sa.select(documents.Version).where(documents.Version.number > 1)) == 0


async def test_a_text_that_needs_care_wants_a_reason_and_a_check(world: World) -> None:
    key = "request.consent.sensitive"
    text = said(world, key) + " Bạn suy nghĩ kỹ nha."

    assert (await send(world, text, key)).status_code == 409
    assert (await send(world, text, key, remark="Nói rõ hơn")).status_code == 303
    assert (await publish(world, key=key)).status_code == 422
    assert said(world, key) != text
    assert (await publish(world, key=key, checked="yes")).status_code == 303

    assert said(world, key) == text


async def test_a_locked_text_is_shown_and_never_written(world: World) -> None:
    quan = await world.signed_in("quan")

    page = await quan.get("/desk/wording/language.km")
    answer = await send(world, "Khmer", "language.km")

    assert "không sửa ở đây" in page.text
    assert "<textarea" not in page.text
    assert answer.status_code == 404


async def test_a_draft_that_somebody_else_saved_over_is_not_lost_and_not_taken(
    world: World,
) -> None:
    await send(world, "Bản thứ nhất?", act="save")

    late = await send(world, "Bản đến sau?", act="save")

    assert late.status_code == 409
    assert "Bản đến sau?" in late.text
    page = (await (await world.signed_in("quan")).get(f"/desk/wording/{KEY}")).text
    assert "Bản thứ nhất?" in page


async def test_the_preview_shows_what_was_typed_and_why_it_can_not_be_used(world: World) -> None:
    quan = await world.signed_in("quan")

    shown = await quan.press(f"/desk/wording/{KEY}/preview", vi="Chào {ai} <b>")

    assert "Chào {ai} &lt;b&gt;" in shown.text
    assert "Không có gì để điền vào {ai}" in shown.text


async def test_an_old_version_is_compared_and_said_again(world: World) -> None:
    before = said(world)
    await send(world, "Hôm nay bạn cần gì?")
    await publish(world)
    quan = await world.signed_in("quan")

    compared = await quan.get(f"/desk/wording/{KEY}", params={"a": "1", "b": "2"})
    restored = await quan.press(f"/desk/wording/{KEY}/restore", number="1", over="2")

    assert "Từ bản 1 tới bản 2" in compared.text
    assert restored.status_code == 303
    assert said(world) == before
    done = world.count(sa.select(AuditRow).where(AuditRow.act == "document.restored"))
    assert done == 1


async def test_what_is_given_back_is_a_draft_again_with_the_remark(world: World) -> None:
    await send(world, "Hôm nay bạn cần gì?")
    trung = await world.signed_in("trung")

    await trung.press(f"/desk/wording/{KEY}/give-back", seen="1", remark="Nên xưng Tràm")

    page = (await trung.get(f"/desk/wording/{KEY}")).text
    assert "Nên xưng Tràm" in page
    assert (await publish(world)).status_code == 409


def upgraded(key: str, text: str) -> Texts:
    """What a newer version of the program ships."""
    shipped = load_texts()
    return shipped.with_wording(key, Wording(vi=text, en=shipped.wording(key).en))


async def test_after_an_upgrade_an_edited_text_stays_until_an_admin_decides(world: World) -> None:
    await send(world, "Hôm nay bạn cần gì?")
    await publish(world)
    newer = upgraded(KEY, "Bạn muốn hỏi chi?")
    world.database.transact_now(lambda session: seed_texts(session, newer))
    world.wordbook.refresh_now(world.database)
    assert said(world) == "Hôm nay bạn cần gì?"
    quan = await world.signed_in("quan")

    page = (await quan.get("/desk/wording/differences")).text
    mark = page.partition('name="mark" value="')[2].partition('"')[0]
    assert "Bạn muốn hỏi chi?" in page.replace("<ins>", "").replace("</ins>", "")
    await quan.press("/desk/wording/differences", key=KEY, mark=mark, decision="files")

    assert said(world) == "Bạn muốn hỏi chi?"


async def test_an_edited_text_that_lacks_a_new_blank_gives_way_to_the_shipped_one(
    world: World,
) -> None:
    await send(world, "Hôm nay bạn cần gì?")
    await publish(world)
    newer = Wordbook(upgraded(KEY, "Bạn ở {commune} cần gì?"), load_about())

    newer.refresh_now(world.database)

    assert newer.current.template(KEY, "vi") == "Bạn ở {commune} cần gì?"


def test_a_text_that_nobody_edited_follows_its_file(world: World) -> None:
    newer = upgraded(KEY, "Bạn muốn hỏi chi?")
    world.database.transact_now(lambda session: seed_texts(session, newer))

    version = world.database.read_now(lambda s: documents.published_one(s, TEXT, KEY))

    assert version is not None
    assert wording_of(version).vi == "Bạn muốn hỏi chi?"
    assert body_of(wording_of(version)) == version.body


def test_khmer_digits_are_telephone_numbers_too() -> None:
    wording = Wording(vi=load_texts().template("danger.threat", "vi"), km="សូមហៅ ១១៥")

    found = mistakes("danger.threat", wording, load_texts(), load_about())

    assert found == (Mistake("km", Wrong.PHONES, "113"),)
