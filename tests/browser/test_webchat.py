"""The web chat in a real browser, on a screen of 360 px."""

import base64
import io
import re
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
import sqlalchemy as sa
from axe_playwright_python.sync_playwright import Axe
from PIL import Image
from playwright.sync_api import Browser, BrowserContext, Page, Response, Route, expect

from bot import transcript
from bot.conversations import Conversation
from bot.transcript import Direction, Shown, TranscriptRow
from cases.wording import FALLBACK
from store.clock import SetClock
from store.files import StoredFile
from store.session import Database
from tests.browser.pages import PATIENCE
from tests.channels.webchat_loopback import DELETED, TEXTS, Loopback, serving

SECRET = "Chồng tôi hay đánh tôi"
ELSEWHERE = "http://elsewhere.invalid/weather"
PHONE: dict[str, Any] = {
    "viewport": {"width": 360, "height": 640},
    "has_touch": True,
    "is_mobile": True,
    "locale": "vi-VN",
}


@pytest.fixture
def server(sqlite: Database) -> Iterator[Loopback]:
    with serving(sqlite, exit_to=ELSEWHERE) as running:
        yield running


@pytest.fixture
def phone(chromium: Browser) -> Iterator[BrowserContext]:
    """A cheap phone; every page that leads elsewhere is a harmless one."""
    context = chromium.new_context(**PHONE)
    context.set_default_timeout(PATIENCE)
    context.route(
        ELSEWHERE, lambda route: route.fulfill(body="<title>Thời tiết</title>", status=200)
    )
    yield context
    context.close()


@pytest.fixture
def page(phone: BrowserContext, server: Loopback) -> Page:
    """The welcome page, just opened. An error in its script fails the test."""
    opened = phone.new_page()
    opened.on("pageerror", lambda problem: pytest.fail(str(problem)))
    opened.goto(server.url)
    return opened


def word(key: str) -> str:
    """A text of the page."""
    return TEXTS.template(f"web.{key}", FALLBACK)


def begin(page: Page) -> None:
    page.get_by_role("button", name=word("begin")).click()
    expect(page.get_by_role("log")).to_contain_text("Chào bà con!")


def say(page: Page, words: str) -> None:
    page.get_by_role("textbox", name=word("write")).fill(words)
    page.get_by_role("button", name=word("send"), exact=True).click()


def stored(page: Page) -> str:
    """All that the tab keeps."""
    return str(page.evaluate("JSON.stringify([{...sessionStorage}, {...localStorage}])"))


def expect_no_trace(page: Page) -> None:
    expect(page.get_by_role("button", name=word("begin"))).to_be_visible()
    assert SECRET not in page.content()
    assert stored(page) == "[{},{}]"
    assert page.title() == "Tràm"


def assert_accessible(page: Page) -> None:
    results = Axe().run(page)
    assert results.violations_count == 0, results.generate_report()


def test_a_citizen_types_at_once_and_is_answered(page: Page) -> None:
    say(page, "Tôi bị nợ lương")

    expect(page.get_by_role("log")).to_contain_text("Bạn nói: Tôi bị nợ lương")
    expect(page.locator(".mine")).to_have_count(1)
    expect(page.get_by_role("textbox")).to_have_value("")


def test_a_question_is_answered_by_pressing_and_then_rests(page: Page) -> None:
    begin(page)
    say(page, "hỏi tuổi")
    page.get_by_role("button", name="Từ 60 trở lên").click()

    expect(page.get_by_role("log")).to_contain_text("Đã bấm: over (2)")
    expect(page.get_by_role("button", name="Dưới 60")).to_be_disabled()
    oldest = page.get_by_role("button", name="Hỏi pháp luật").first
    expect(oldest).to_be_enabled()
    oldest.click()
    expect(page.get_by_role("log")).to_contain_text("Đã bấm: go:ask (1)")


def test_several_boxes_are_ticked_and_sent_at_once(page: Page) -> None:
    begin(page)
    say(page, "chọn nhiều")
    page.get_by_label("Người khuyết tật").check()
    page.get_by_label("Nhiễm HIV").check()
    page.get_by_role("button", name="Xong").click()

    expect(page.get_by_role("log")).to_contain_text("Đã bấm: disabled,hiv,done (2)")
    expect(page.get_by_label("Người có công")).to_be_disabled()


def test_the_page_fits_a_small_screen_and_buttons_are_big_enough(page: Page) -> None:
    begin(page)
    say(page, "chọn nhiều")
    say(page, "mộttừdài" * 60)
    expect(page.get_by_role("log")).to_contain_text("Bạn nói: mộttừdài")

    assert page.evaluate("document.documentElement.scrollWidth") == 360
    for button in page.locator("button:visible:not(.vh), .box:visible, .photo").all():
        box = button.bounding_box()
        assert box is not None
        assert box["height"] >= 44, button.inner_text()


def test_every_state_of_the_page_is_accessible(page: Page, server: Loopback) -> None:
    assert_accessible(page)
    begin(page)
    say(page, "hỏi tuổi")
    say(page, "chọn nhiều")
    say(page, "ở đâu")
    expect(page.get_by_role("button", name=word("place"))).to_be_visible()
    officer_says(server.database, "Chào chị.")
    say(page, "alo")
    expect(page.get_by_role("log")).to_contain_text("Bạn nói: alo")
    assert_accessible(page)


def test_everything_can_be_done_by_keyboard(page: Page) -> None:
    expect(page.get_by_role("heading", name=word("hello"))).to_be_visible()
    reached = []
    for _ in range(6):
        page.keyboard.press("Tab")
        reached.append(page.evaluate("document.activeElement.id"))

    assert reached == ["quick", "begin", "have", "file", "words", "send"]


def officer_says(database: Database, words: str) -> None:
    def write(session: Any) -> None:
        talk = session.scalars(sa.select(Conversation)).first()
        shown = Shown(text=words, office="Chi nhánh số 1")
        transcript.add(session, talk.id, Direction.OUT, shown)

    database.transact_now(write)


def test_an_officer_s_words_look_different_and_name_the_office(
    page: Page, server: Loopback
) -> None:
    begin(page)
    officer_says(server.database, "Sáng mai chị ghé nhé.")
    say(page, "Dạ")

    words = page.locator(".office")
    expect(words).to_contain_text(word("officer") + " · Chi nhánh số 1")
    expect(words).to_contain_text("Sáng mai chị ghé nhé.")


def test_html_is_shown_as_text_and_does_nothing(page: Page) -> None:
    begin(page)
    say(page, "<img src=x onerror=\"document.title='hỏng'\"><b>đậm</b>")

    expect(page.get_by_role("log")).to_contain_text("Bạn nói: <img src=x")
    assert page.title() == "Tràm"
    assert page.locator("#log img, #log b").count() == 0


def test_emergency_numbers_can_be_pressed_but_articles_can_not(
    page: Page, server: Loopback
) -> None:
    server.answers = lambda _heard: (Shown(text="Gọi 113 hoặc 1800.1233 (Điều 115)."),)
    page.get_by_role("button", name=word("begin")).click()

    expect(page.locator("#log a")).to_have_count(2)
    hrefs = [link.get_attribute("href") for link in page.locator("#log a").all()]
    assert hrefs == ["tel:113", "tel:18001233"]


def test_a_reload_keeps_the_talk(page: Page) -> None:
    say(page, SECRET)
    expect(page.get_by_role("log")).to_contain_text(f"Bạn nói: {SECRET}")

    page.reload()

    expect(page.get_by_role("log")).to_contain_text(f"Bạn nói: {SECRET}")
    expect(page.locator(".mine")).to_have_count(1)
    say(page, "Tiếp")
    expect(page.get_by_role("log")).to_contain_text("Bạn nói: Tiếp")


def test_a_restart_of_the_server_keeps_the_talk_and_sends_what_was_typed_meanwhile(
    page: Page, server: Loopback
) -> None:
    begin(page)
    server.stop()
    say(page, "Gõ lúc mất mạng")
    expect(page.get_by_role("log")).to_contain_text(word("unsent"))

    server.start()

    expect(page.get_by_role("log")).to_contain_text("Bạn nói: Gõ lúc mất mạng", timeout=PATIENCE)
    expect(page.locator(".mine")).to_have_count(1)
    expect(page.get_by_role("status")).to_have_text("", timeout=PATIENCE)


def test_an_answer_lost_on_the_way_doubles_nothing(
    page: Page, server: Loopback, phone: BrowserContext
) -> None:
    begin(page)
    lost: list[str] = []

    def lose_the_first_answer(route: Any) -> None:
        if lost:
            route.continue_()
            return
        lost.append(route.request.post_data)
        route.fetch()
        route.abort()

    phone.route("**/chat/say", lose_the_first_answer)
    say(page, "Chỉ một lần")

    expect(page.get_by_role("log")).to_contain_text("Bạn nói: Chỉ một lần")
    page.wait_for_timeout(1500)
    assert lost
    rows = server.database.read_now(
        lambda s: s.scalars(
            sa.select(TranscriptRow).where(TranscriptRow.direction == Direction.IN)
        ).all()
    )
    assert len(rows) == 1
    expect(page.locator(".mine")).to_have_count(1)


def test_closing_the_tab_forgets(page: Page, phone: BrowserContext, server: Loopback) -> None:
    say(page, SECRET)
    expect(page.get_by_role("log")).to_contain_text(f"Bạn nói: {SECRET}")
    token = page.evaluate("sessionStorage.t")
    page.close(run_before_unload=True)

    again = phone.new_page()
    again.goto(server.url)

    expect_no_trace(again)
    clock = server.database.clock
    assert isinstance(clock, SetClock)
    deadline = time.monotonic() + 5
    while the_talk(server).last_active_at >= clock.now() and time.monotonic() < deadline:
        time.sleep(0.05)
    assert the_talk(server).last_active_at < clock.now(), "the closed tab said nothing"
    assert token


def the_talk(server: Loopback) -> Conversation:
    return server.database.read_now(lambda session: session.scalars(sa.select(Conversation)).one())


@pytest.mark.parametrize("way", ["button", "keyboard"])
def test_the_quick_exit_leaves_nothing_behind_and_back_brings_nothing_back(
    page: Page, server: Loopback, way: str
) -> None:
    say(page, SECRET)
    expect(page.get_by_role("log")).to_contain_text(f"Bạn nói: {SECRET}")
    token = page.evaluate("sessionStorage.t")

    if way == "button":
        page.get_by_role("button", name=word("quick_exit")).click()
    else:
        for _ in range(3):
            page.keyboard.press("Shift")
    expect(page).to_have_url(ELSEWHERE)

    page.go_back()
    assert SECRET not in page.content()
    assert page.url != f"{server.url}/"  # the talk's own entry of the history is gone
    page.goto(server.url)
    assert page.evaluate("caches.keys().then(kept => kept.length)") == 0
    assert page.evaluate("indexedDB.databases().then(kept => kept.length)") == 0
    assert page.evaluate("history.state") is None
    assert page.evaluate("document.cookie") == ""
    expect_no_trace(page)
    page.evaluate(f"sessionStorage.t = '{token}'")
    page.reload()
    expect_no_trace(page)


def test_nothing_of_the_talk_may_be_kept_by_the_browser(page: Page, server: Loopback) -> None:
    """Neither the page nor what it fetches lies in a cache that "Back" or another could read."""
    kept: dict[str, str] = {}

    def note(response: Response) -> None:
        if "/static/" not in response.url:
            kept[response.url.removeprefix(server.url)] = response.headers.get("cache-control", "")

    page.on("response", note)
    page.reload()
    say(page, SECRET)
    expect(page.get_by_role("log")).to_contain_text(f"Bạn nói: {SECRET}")

    assert {"/chat/open", "/chat/say"} <= set(kept)
    talked = {path: how for path, how in kept.items() if path == "/" or path.startswith("/chat/")}
    assert all("no-store" in how for path, how in talked.items() if "." not in path), talked


CARD = "⚠️ Gọi 113 ngay."


def test_the_danger_card_shows_once_while_the_server_can_keep_nothing(
    page: Page, server: Loopback
) -> None:
    asked: list[str] = []

    def away(route: Route) -> None:
        asked.append(route.request.url)
        route.fulfill(status=503, json={"error": "later", "note": CARD})

    page.route("**/chat/open", away)
    say(page, SECRET)

    shown = page.get_by_text(CARD)
    expect(shown).to_have_count(1)
    expect(shown).to_be_visible()
    expect(page.get_by_role("log")).to_contain_text(word("unsent"))
    page.wait_for_event("request", lambda request: request.url.endswith("/chat/open"))
    expect(shown).to_have_count(1)
    assert len(asked) > 1, "it is tried again by itself"

    page.unroute("**/chat/open", away)
    expect(page.get_by_role("log")).to_contain_text(f"Bạn nói: {SECRET}")
    expect(page.locator(".mine")).to_have_count(1)


def test_who_reaches_nobody_is_told_whom_to_call(page: Page) -> None:
    page.route("**/chat/open", lambda route: route.abort())
    say(page, SECRET)

    expect(page.get_by_role("status").filter(has_text="113")).to_have_count(1)

    page.unroute("**/chat/open")
    expect(page.get_by_role("log")).to_contain_text(f"Bạn nói: {SECRET}")
    expect(page.get_by_role("status").filter(has_text="113")).to_have_count(0)


def test_typing_capitals_does_not_exit(page: Page) -> None:
    page.get_by_role("textbox").focus()
    for letter in "ABCD":
        page.keyboard.down("Shift")
        page.keyboard.press(letter)
        page.keyboard.up("Shift")

    assert page.url != ELSEWHERE
    expect(page.get_by_role("textbox")).to_have_value("ABCD")


def test_ending_the_talk_shows_the_welcome_only(page: Page, server: Loopback) -> None:
    say(page, SECRET)
    expect(page.get_by_role("log")).to_contain_text(f"Bạn nói: {SECRET}")

    page.get_by_role("button", name=word("leave")).click()

    expect_no_trace(page)
    page.reload()
    expect_no_trace(page)
    begin(page)


def test_a_deleted_talk_disappears_from_the_page(page: Page, server: Loopback) -> None:
    say(page, SECRET)
    expect(page.get_by_role("log")).to_contain_text(f"Bạn nói: {SECRET}")
    server.answers = lambda _heard: (DELETED,)

    say(page, "Xóa")

    expect(page.get_by_role("log")).to_contain_text(DELETED.text)
    expect(page.locator(".mine")).to_have_count(0)
    assert SECRET not in page.content()


def test_leaving_by_a_link_and_coming_back_shows_the_talk_from_the_server_only(
    page: Page, server: Loopback
) -> None:
    say(page, SECRET)
    expect(page.get_by_role("log")).to_contain_text(f"Bạn nói: {SECRET}")
    page.goto(ELSEWHERE)
    talk = the_talk(server)
    server.database.transact_now(
        lambda s: setattr(s.get(Conversation, talk.id), "shut_at", s.clock.now())
    )

    page.go_back()

    expect_no_trace(page)


def test_after_fifteen_idle_minutes_only_the_welcome_shows(page: Page) -> None:
    page.clock.install()
    page.reload()
    say(page, SECRET)
    expect(page.get_by_role("log")).to_contain_text(f"Bạn nói: {SECRET}")

    page.clock.fast_forward("13:10")
    expect(page.get_by_role("status")).to_have_text("")
    page.clock.fast_forward("00:21")
    expect(page.get_by_role("status")).to_have_text(word("idle_soon"))
    page.clock.fast_forward("02:00")

    expect_no_trace(page)


def test_a_photo_is_made_small_and_loses_what_the_camera_wrote(
    page: Page, server: Loopback, tmp_path: Path
) -> None:
    big = tmp_path / "anh.jpg"
    big.write_bytes(photo_with_a_place(4000, 3000))
    begin(page)

    page.get_by_label(word("photo")).set_input_files(big)

    expect(page.get_by_role("log")).to_contain_text("Tràm đã giữ tệp.")
    kept = server.database.read_now(
        lambda s: s.scalars(sa.select(StoredFile)).one().open_bytes(s.vault, "content")
    )
    assert kept is not None
    assert len(kept) < big.stat().st_size
    assert b"GPS" not in kept
    assert b"Exif" not in kept
    page.get_by_role("button", name=word("view_file")).click()
    image = page.get_by_role("img", name=word("photo_sent"))
    expect(image).to_be_visible()
    assert image.evaluate("image => image.naturalWidth") == 1600


def photo_with_a_place(width: int, height: int) -> bytes:
    image = Image.effect_noise((width, height), 60).convert("RGB")
    exif = Image.Exif()
    exif[0x010E] = "GPS 9.1769 105.1524"
    out = io.BytesIO()
    image.save(out, "JPEG", exif=exif)
    return out.getvalue()


def test_the_place_is_offered_only_when_it_is_asked_for(
    page: Page, phone: BrowserContext, server: Loopback
) -> None:
    phone.grant_permissions(["geolocation"], origin=server.url)
    phone.set_geolocation({"latitude": 9.1769, "longitude": 105.1524})
    begin(page)
    offer = page.get_by_role("button", name=word("place"))
    expect(offer).to_be_hidden()
    say(page, "ở đâu")
    offer.click()

    expect(page.get_by_role("log")).to_contain_text("Nơi: 9.1769, 105.1524")
    expect(offer).to_be_hidden()


def test_the_page_asks_no_other_host_for_anything(page: Page, server: Loopback) -> None:
    asked: list[str] = []
    page.on("request", lambda request: asked.append(request.url))
    page.reload()
    begin(page)
    say(page, "Alo")
    expect(page.get_by_role("log")).to_contain_text("Bạn nói: Alo")

    assert asked
    assert all(url.startswith(server.url) for url in asked), asked


def test_the_browser_blocks_nothing_of_the_page(phone: BrowserContext, server: Loopback) -> None:
    complaints: list[str] = []
    page = phone.new_page()
    page.on("console", lambda message: complaints.append(message.text))
    page.goto(server.url)
    begin(page)

    assert complaints == []


def test_a_talk_begun_before_the_script_was_there_is_taken_over(
    page: Page, server: Loopback
) -> None:
    page.evaluate("document.getElementById('form').submit()")
    page.wait_for_url(server.url + "/")

    expect(page.get_by_role("log")).to_contain_text("Chào bà con!")
    assert page.evaluate("sessionStorage.t")
    assert page.evaluate("document.querySelector('[name=token]').value") == ""
    say(page, "Alo")
    expect(page.get_by_role("log")).to_contain_text("Bạn nói: Alo")


@pytest.fixture
def bare(chromium: Browser, server: Loopback) -> Iterator[Page]:
    """A phone whose browser runs no script."""
    context = chromium.new_context(**PHONE, java_script_enabled=False)
    context.set_default_timeout(PATIENCE)
    context.route(ELSEWHERE, lambda route: route.fulfill(body="Thời tiết", status=200))
    page = context.new_page()
    page.goto(server.url)
    yield page
    context.close()


def test_without_a_script_everything_works(bare: Page, tmp_path: Path) -> None:
    bare.get_by_role("button", name=word("begin")).click()
    expect(bare.get_by_role("log")).to_contain_text("Chào bà con!")
    say(bare, "hỏi tuổi")
    bare.get_by_role("button", name="Từ 60 trở lên").click()
    expect(bare.get_by_role("log")).to_contain_text("Đã bấm: over (2)")
    say(bare, "chọn nhiều")
    bare.get_by_label("Người khuyết tật").check()
    bare.get_by_label("Nhiễm HIV").check()
    bare.get_by_role("button", name="Xong").click()
    expect(bare.get_by_role("log")).to_contain_text("Đã bấm: disabled,hiv,done (4)")
    expect(bare.get_by_label("Người có công")).to_be_disabled()

    photo = tmp_path / "anh.png"
    photo.write_bytes(
        base64.b64decode(
            "iVBORw0KGgoAAAANSUhEUgAAAAEAAAABCAYAAAAfFcSJAAAADUlEQVR42mNk+M9QDwADhgGAWjR9awAAAABJRU5ErkJggg=="
        )
    )
    bare.locator("#file").set_input_files(photo)
    bare.get_by_role("button", name=word("send"), exact=True).click()
    expect(bare.get_by_role("log")).to_contain_text("Tràm đã giữ tệp.")
    bare.reload()
    expect(bare.locator(".mine")).to_have_count(5)


def test_without_a_script_leaving_and_coming_back_shows_nothing(
    bare: Page, server: Loopback
) -> None:
    say(bare, SECRET)
    expect(bare.get_by_role("log")).to_contain_text(f"Bạn nói: {SECRET}")

    bare.get_by_role("button", name=word("quick_exit")).click()
    expect(bare).to_have_url(re.compile(f"^{ELSEWHERE}"))
    bare.go_back()

    assert SECRET not in bare.content()


def test_without_a_script_the_page_is_accessible(chromium: Browser, server: Loopback) -> None:
    # axe itself is a script: the same markup is looked at with our own script kept away.
    context = chromium.new_context(**PHONE)
    context.route("**/chat.js*", lambda route: route.abort())
    page = context.new_page()
    page.goto(server.url)
    assert_accessible(page)
    page.get_by_role("button", name=word("begin")).click()
    say(page, "chọn nhiều")
    say(page, "hỏi tuổi")
    assert_accessible(page)
    context.close()
