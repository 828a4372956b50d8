"""The page on which an officer takes a request in, and the list of those to be called."""

import re

import httpx

from bot.texts import load_texts
from cases.life import CaseState
from cases.model import Case
from tests.cases.test_documents import words_of_pdf
from tests.desk.world import PROVINCE, Browser, World

FORM = {
    "came": "desk",
    "relation": "self",
    "name": "Nguyễn Thị Tư",
    "age": "72",
    "commune": "32047",
    "field": "land",
    "story": "Hàng xóm lấn hai mét đất từ năm ngoái.",
    "f_household": "near_poor",
    "call": "no",
    "agreed": "1",
    "manner": "in_person",
}
CALLED = {"call": "yes", "phone": "0912 345 678", "hours": "anytime", "call_back": "1"}


async def begun(browser: Browser, came: str = "desk") -> str:
    """The address of a new draft."""
    answer = await browser.press("/desk/intake", came=came)
    assert answer.status_code == 303
    return answer.headers["location"]


async def opened(browser: Browser, **changes: str) -> httpx.Response:
    draft = await begun(browser)
    answer = await browser.press(f"{draft}/open", **(FORM | changes))
    assert answer.status_code == 303, answer.text
    return await browser.get(answer.headers["location"])


def cases(world: World) -> list[Case]:
    return world.database.read_now(lambda session: list(session.query(Case)))


async def test_a_walk_in_is_entered_and_gets_a_slip_with_code_and_pin(world: World) -> None:
    browser = await world.signed_in("lan")

    done = await opened(browser)

    (case,) = cases(world)
    assert (case.channel, case.state, case.office_id) == ("desk", CaseState.WAITING, "u-minh")
    assert re.search(r"[0-9A-Z]{5}-[0-9A-Z]{5}", done.text)
    slip = await browser.get(f"{str(done.url.path).removesuffix('/done')}/slip.pdf")
    assert slip.content.startswith(b"%PDF")
    told = words_of_pdf(slip.content)
    for label in ("Nơi nhận: Chi nhánh U Minh", "Địa chỉ:", "Điện thoại:", "Giờ tiếp:"):
        assert label in told
    assert "[MẪU" not in told  # nobody is sent to a sample: it is written in by hand
    assert "0000 000 000" not in told
    queue = await browser.get("/desk/")
    assert "tại bàn" in queue.text
    shown = await browser.get(f"/desk/cases/{case.id}")
    assert "Nhận tại bàn" in shown.text
    assert "đã xóa cuộc trò chuyện" not in shown.text


async def test_the_code_is_gone_once_the_slip_is_handed_over(world: World) -> None:
    browser = await world.signed_in("lan")
    done = await opened(browser)
    draft = done.url.path.removesuffix("/done")

    await browser.press(f"{draft}/drop")

    assert (await browser.get(f"{draft}/done")).status_code == 404


async def test_the_officer_may_take_it_at_once(world: World) -> None:
    browser = await world.signed_in("lan")

    await opened(browser, take="1")

    assert cases(world)[0].holder_id == world.ids["lan"]


async def test_what_another_office_serves_waits_there_although_it_was_to_be_taken_at_once(
    world: World,
) -> None:
    served = PROVINCE.assignment.communes
    elsewhere = next(code for code, office in served.items() if office == "nam-can")
    browser = await world.signed_in("lan")

    done = await opened(browser, take="1", commune=elsewhere)

    (case,) = cases(world)
    assert (case.state, case.holder_id, case.office_id) == (CaseState.WAITING, None, "nam-can")
    assert "Chi nhánh Năm Căn" in done.text


async def test_what_is_missing_is_told_beside_its_field_and_nothing_is_lost(world: World) -> None:
    browser = await world.signed_in("lan")
    draft = await begun(browser)

    answer = await browser.press(f"{draft}/open", **(FORM | {"name": "", "agreed": ""}))

    assert answer.status_code == 422
    assert 'aria-describedby="fault-name"' in answer.text
    assert 'href="#agreed"' in answer.text
    assert "Hàng xóm lấn hai mét đất" in answer.text
    assert cases(world) == []
    again = await browser.get(draft)
    assert "Hàng xóm lấn hai mét đất" in again.text


async def test_each_change_tells_what_to_ask_next_and_where_it_goes(world: World) -> None:
    browser = await world.signed_in("lan")
    draft = await begun(browser)

    asked = await browser.press(draft, True, came="desk", age="30")
    told = await browser.press(draft, True, **FORM, f_papers="all")

    assert "Hỏi tiếp" in asked.text
    assert "Có thể thuộc diện" in told.text
    assert "Điều 7" in told.text
    assert "U Minh" in told.text


async def test_a_draft_of_another_officer_is_not_there(world: World) -> None:
    draft = await begun(await world.signed_in("lan"))
    minh = await world.signed_in("minh")

    assert (await minh.get(draft)).status_code == 404
    assert (await minh.press(f"{draft}/open", **FORM)).status_code == 404


async def test_who_asked_is_called_and_the_number_shows_on_a_press_only(world: World) -> None:
    browser = await world.signed_in("lan")
    await opened(browser, **CALLED, code_word="hạt dưa")

    page = await browser.get("/desk/callbacks")
    wish = re.search(r"callbacks/([0-9a-f]{32})/show", page.text)
    assert wish is not None
    assert "0912345678" not in page.text
    assert "hạt dưa" not in page.text

    shown = await browser.press(f"/desk/callbacks/{wish[1]}/show")
    assert "0912345678" in shown.text
    assert "hạt dưa" in shown.text
    nothing = await browser.press(f"/desk/callbacks/{wish[1]}")
    assert nothing.status_code == 409
    await browser.press(f"/desk/callbacks/{wish[1]}", outcome="reached")
    assert "Không ai đang chờ" in (await browser.get("/desk/callbacks")).text


async def test_a_case_without_number_cannot_be_put_on_the_list(world: World) -> None:
    browser = await world.signed_in("lan")
    await opened(browser)

    answer = await browser.press(f"/desk/cases/{cases(world)[0].id}/callback")

    assert answer.status_code == 409
    assert "chưa để lại số" in answer.text


def test_the_words_the_desk_borrows_are_there() -> None:
    texts = load_texts()
    for key in ("outcome.likely", "outcome.unclear_plain", "outcome.unlikely"):
        assert texts.blanks(key) == frozenset()
