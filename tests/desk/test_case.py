"""A case on the desk: claimed by one, answered once, noted inside, closed; nothing is lost."""

import asyncio
import contextlib
import datetime as dt
import io
import re
import time
from collections.abc import Callable, Iterator
from typing import Any

import pytest
import sqlalchemy as sa
from PIL import Image

from cases import rights, talking
from cases.life import CLOSING, CaseState, Outcome
from cases.model import Case
from cases.thread import Draft, Note, ThreadEntry
from desk import texts
from desk.pages import files as desk_files
from desk.pages.case_acts import ACTS, ActId
from desk.pages.files import VIEW_PIXELS
from store import files
from store.audit import AuditRow
from store.clock import SetClock
from store.outbox import Delivery, Kind, OutboxRow
from store.pictures import MOST_PIXELS, UnreadableImageError, redrawn
from store.session import Database, Session
from tests.desk.test_access import file_of
from tests.desk.world import Browser, World, photo
from tests.photos import picture

SCRIPT = "<script>alert('x')</script><img src=x onerror=alert(1)>{{7*7}}\" hx-get=\"/desk/sign-out"


async def held(world: World, username: str = "lan", **told: object) -> tuple[Browser, str]:
    """A browser of somebody who has claimed a new case."""
    case_id = world.open_case(**told)
    browser = await world.signed_in(username)
    assert (await browser.press(f"/desk/cases/{case_id}/claim")).status_code == 303
    return browser, case_id


async def test_a_case_shows_what_the_citizen_said_and_what_the_screening_found(
    world: World,
) -> None:
    case_id = world.open_case(words=("Tôi bị lấn 2 mét đất",), urgent=True, danger="violence")

    page = (await (await world.signed_in("lan")).get(f"/desk/cases/{case_id}")).text

    for said in (
        "Tôi bị lấn 2 mét đất",
        "Gấp · Bạo lực",
        "Đất đai, nhà ở",
        "Người cao tuổi có khó khăn về tài chính",
        "Luật 11/2017/QH14, Điều 7 khoản 7 điểm c",
        "chưa kiểm chứng",
        "hộ cận nghèo",
        "Giấy chứng nhận hộ cận nghèo",
        "23/11/2026",
        "Chi nhánh U Minh (chờ xác nhận) phụ trách xã Nguyễn Phích",
        "Nhận hồ sơ này",
    ):
        assert said in page, said
    assert "HIV" not in page
    assert "0912345678" not in page
    assert "gặp cô Ba" not in page


@pytest.mark.parametrize("screening", [{}, {"facts": None, "grounds": [None, {}], "papers": "x"}])
async def test_a_screening_that_lacks_much_still_opens(
    world: World, screening: dict[str, object]
) -> None:
    case_id = world.open_case(screening=screening)

    answer = await (await world.signed_in("lan")).get(f"/desk/cases/{case_id}")

    assert answer.status_code == 200


@pytest.mark.parametrize(
    ("told", "shown"),
    [
        ({"consent_of_person": "held"}, "đang bị giữ, chưa hỏi được; cán bộ hỏi lại chính họ"),
        ({"consent_of_person": "yes"}, "đã đồng ý, theo lời người hỏi giùm"),
        ({"helped_by": "lawyer"}, "có luật sư tự thuê"),
    ],
)
async def test_the_officer_sees_whether_the_person_agrees_and_who_helps_already(
    world: World, told: dict[str, str], shown: str
) -> None:
    case_id = world.open_case(screening=told)

    page = (await (await world.signed_in("lan")).get(f"/desk/cases/{case_id}")).text

    assert shown in page


async def test_who_helps_already_is_told_once(world: World) -> None:
    facts = {"household": "poor", "handled_elsewhere": False}
    told = world.open_case(screening={"facts": facts, "helped_by": "nobody"})
    only_fact = world.open_case(screening={"facts": facts})
    browser = await world.signed_in("lan")

    page = (await browser.get(f"/desk/cases/{told}")).text
    assert "Ai đang giúp việc này: chưa có ai" in page
    assert "Nơi trợ giúp pháp lý khác" not in page
    assert "Nơi trợ giúp pháp lý khác" in (await browser.get(f"/desk/cases/{only_fact}")).text


async def test_whoever_opens_no_case_reads_how_one_goes(world: World) -> None:
    browser = await world.signed_in("lan")

    page = (await browser.get("/desk/")).text
    assert "Một hồ sơ đi thế nào" in page
    for act in (ActId.HAND_OVER, ActId.OFFER_TRANSFER, ActId.ASK_PAPERS):
        assert ACTS[act].label in page  # called as its button is called
    case_id = world.open_case()
    assert "Một hồ sơ đi thế nào" not in (await browser.get(f"/desk/cases/{case_id}")).text


async def test_what_citizens_and_officers_write_stays_inert_text(world: World) -> None:
    screening = {
        "facts": {SCRIPT: SCRIPT},
        "outcome": SCRIPT,
        "grounds": [{"said": SCRIPT, "law": SCRIPT}],
        "papers": [SCRIPT],
        "relation": SCRIPT,
        "fields": [SCRIPT],
        "place": SCRIPT,
        "on": SCRIPT,
    }
    browser, case_id = await held(world, words=(SCRIPT,), screening=screening)
    await browser.press(f"/desk/cases/{case_id}/note", text=SCRIPT)
    await browser.press(f"/desk/cases/{case_id}/reply", text=SCRIPT)
    await browser.press(f"/desk/cases/{case_id}/draft", text=SCRIPT)

    page = (await browser.get(f"/desk/cases/{case_id}")).text

    assert page.count("&lt;script&gt;alert(&#39;x&#39;)&lt;/script&gt;") >= 8
    assert "<script>" not in page
    assert "<img src=x" not in page
    assert '" hx-get="/desk/sign-out' not in page
    assert "{{7*7}}" in page


async def test_of_two_who_claim_at_once_one_wins_and_the_other_is_told_who(world: World) -> None:
    case_id = world.open_case()
    lan, minh = await world.signed_in("lan"), await world.signed_in("minh")

    answers = await asyncio.gather(
        lan.press(f"/desk/cases/{case_id}/claim"), minh.press(f"/desk/cases/{case_id}/claim")
    )

    assert sorted(answer.status_code for answer in answers) == [303, 409]
    winner, loser = (0, 1) if answers[0].status_code == 303 else (1, 0)
    name = ("Cán bộ Lan", "Cán bộ Minh")[winner]
    assert f"{name} đã nhận hồ sơ này rồi." in answers[loser].text
    assert world.case(case_id).holder_id == world.ids[("lan", "minh")[winner]]
    claims = sa.select(AuditRow.id).where(AuditRow.act == "case.claim")
    assert world.count(claims) == 1


async def test_of_twenty_who_claim_at_once_one_wins(world: World) -> None:
    case_id = world.open_case()
    browsers = [await world.signed_in("lan") for _ in range(10)]
    browsers += [await world.signed_in("minh") for _ in range(10)]

    answers = await asyncio.gather(
        *(browser.press(f"/desk/cases/{case_id}/claim") for browser in browsers)
    )

    assert [answer.status_code for answer in answers].count(303) == 1


async def test_a_closed_case_is_not_claimed(world: World) -> None:
    browser, case_id = await held(world)
    await browser.press(f"/desk/cases/{case_id}/do/close", outcome="advised")

    answer = await (await world.signed_in("minh")).press(f"/desk/cases/{case_id}/claim")

    assert answer.status_code == 409
    assert texts.refusal("closed") in answer.text
    assert texts.outcome(Outcome.ADVISED) in answer.text


async def test_a_claim_tells_the_citizen_the_office_and_never_the_officer(world: World) -> None:
    await held(world)

    body = said_to_citizen(world)[-1]

    assert "Chi nhánh U Minh (chờ xác nhận)" in body
    assert "Lan" not in body


def said_to_citizen(world: World) -> list[str]:
    """The bodies of the outbox, oldest first."""

    def look(session: Session) -> list[str]:
        rows = session.scalars(sa.select(OutboxRow).order_by(OutboxRow.seq)).all()
        return [row.open(session.vault, "body") or "" for row in rows]

    return world.database.read_now(look)


async def test_a_reply_leaves_word_for_word(world: World) -> None:
    browser, case_id = await held(world)

    await browser.press(f"/desk/cases/{case_id}/reply", text="  Chào bà.\r\nMai bà tới nhé.  ")

    assert '"text":"Chào bà.\\nMai bà tới nhé."' in said_to_citizen(world)[-1]
    page = (await browser.get(f"/desk/cases/{case_id}")).text
    assert "Đang gửi…" in page


async def test_a_reply_pressed_twice_is_sent_once(world: World) -> None:
    browser, case_id = await held(world)
    path = f"/desk/cases/{case_id}/reply"

    answers = await asyncio.gather(
        *(browser.press(path, text="Chào bà.", client_key="ab12") for _ in range(4))
    )

    assert {answer.status_code for answer in answers} == {303}
    rows = sa.select(OutboxRow.id).where(OutboxRow.kind == Kind.VERBATIM)
    assert world.count(rows) == 1


async def test_each_page_has_a_key_of_its_own(world: World) -> None:
    browser, case_id = await held(world)

    keys = {
        re.search(r'name="client_key" value="(\w+)"', (await browser.get(path)).text)
        for path in [f"/desk/cases/{case_id}"] * 2
    }

    assert len({key.group(1) for key in keys if key}) == 2


@pytest.mark.parametrize(
    ("state", "reason", "said"),
    [
        (Delivery.SENT, None, "Đã gửi"),
        (Delivery.REFUSED, "blocked", "Không gửi được: người dân đã chặn Tràm"),
        (Delivery.REFUSED, "something new", "Không gửi được: kênh từ chối"),
        (Delivery.UNKNOWN, None, "Chưa rõ đã tới hay chưa"),
    ],
)
async def test_each_reply_shows_what_became_of_it(
    world: World, state: Delivery, reason: str | None, said: str
) -> None:
    browser, case_id = await held(world)
    await browser.press(f"/desk/cases/{case_id}/reply", text="Chào bà.")
    world.database.transact_now(
        lambda session: session.execute(
            sa.update(OutboxRow)
            .where(OutboxRow.kind == Kind.VERBATIM)
            .values(state=state, reason=reason)
        )
    )

    assert said in (await browser.get(f"/desk/cases/{case_id}/live")).text


async def test_a_note_is_shown_to_colleagues_and_sent_to_nobody(world: World) -> None:
    case_id = world.open_case()
    await (await world.signed_in("minh")).press(
        f"/desk/cases/{case_id}/note", text="Bà này quen với trưởng ấp"
    )

    page = (await (await world.signed_in("lan")).get(f"/desk/cases/{case_id}")).text

    assert 'class="bubble note"' in page
    assert "Bà này quen với trưởng ấp" in page
    assert said_to_citizen(world) == []
    assert world.count(sa.select(ThreadEntry.id)) == 1


async def test_only_the_holder_answers_and_what_was_typed_is_kept(world: World) -> None:
    _, case_id = await held(world, "lan")
    minh = await world.signed_in("minh")

    answer = await minh.press(f"/desk/cases/{case_id}/reply", text="Để tôi giúp")

    assert answer.status_code == 409
    assert texts.refusal("not_holder") in answer.text
    assert "Để tôi giúp" in answer.text
    assert "Cán bộ Lan đang giữ" in answer.text
    assert "Để tôi giúp" in (await minh.get(f"/desk/cases/{case_id}")).text


async def test_a_reply_from_a_stale_page_is_refused_and_kept(world: World) -> None:
    browser, case_id = await held(world)
    await browser.press(f"/desk/cases/{case_id}/do/give-back")

    answer = await browser.press(f"/desk/cases/{case_id}/reply", True, text="Chữ đang viết")

    assert answer.status_code == 409
    assert "Chữ đang viết" in answer.text
    assert "HX-Trigger" in answer.headers


@pytest.mark.parametrize(
    ("text", "reason"), [("   ", "empty"), ("a" * (texts.LONGEST_REPLY + 1), "too_long")]
)
async def test_an_empty_or_endless_reply_is_refused(world: World, text: str, reason: str) -> None:
    browser, case_id = await held(world)

    answer = await browser.press(f"/desk/cases/{case_id}/reply", text=text)

    assert answer.status_code == 409
    assert texts.refusal(reason) in answer.text
    assert text.strip() in answer.text
    assert world.count(sa.select(OutboxRow.id).where(OutboxRow.kind == Kind.VERBATIM)) == 0


async def test_a_citizen_who_deleted_the_talk_is_not_answered_into_the_void(world: World) -> None:
    browser, case_id = await held(world, conversation_id="talk")
    world.database.transact_now(lambda session: talking.lose_the_talk(session, "talk"))

    answer = await browser.press(f"/desk/cases/{case_id}/reply", text="Chào bà.")

    assert answer.status_code == 409
    assert texts.refusal("unreachable") in answer.text
    assert "Chào bà." in answer.text


async def test_what_was_typed_into_a_form_outlives_the_session(world: World) -> None:
    browser, case_id = await held(world)
    browser.cookies.clear()

    answer = await browser.press(f"/desk/cases/{case_id}/reply", text="Chữ <b>đang</b> viết")

    assert answer.status_code == 401
    assert "Chữ &lt;b&gt;đang&lt;/b&gt; viết" in answer.text
    assert "Đăng nhập" in answer.text


async def test_a_draft_waits_on_the_server(world: World) -> None:
    browser, case_id = await held(world)

    await browser.press(f"/desk/cases/{case_id}/draft", text="Chào bà, tôi đang xem")

    elsewhere = await world.signed_in("lan")
    assert "Chào bà, tôi đang xem" in (await elsewhere.get(f"/desk/cases/{case_id}")).text
    colleague = await world.signed_in("minh")
    assert "Chào bà, tôi đang xem" not in (await colleague.get(f"/desk/cases/{case_id}")).text


async def test_sending_drops_the_draft_and_a_late_draft_does_not_come_back(world: World) -> None:
    browser, case_id = await held(world)
    path = f"/desk/cases/{case_id}"
    await browser.press(f"{path}/draft", text="Chào", client_key="ab12")
    await browser.press(f"{path}/reply", text="Chào bà.", client_key="ab12")

    await browser.press(f"{path}/draft", text="Chào b", client_key="ab12")

    assert world.count(sa.select(Draft.id)) == 0


async def test_a_case_is_given_back_and_claimed_by_another(world: World) -> None:
    lan, case_id = await held(world)

    await lan.press(f"/desk/cases/{case_id}/do/give-back")

    assert world.case(case_id).state is CaseState.WAITING
    minh = await world.signed_in("minh")
    assert (await minh.press(f"/desk/cases/{case_id}/claim")).status_code == 303


@pytest.mark.parametrize("outcome", CLOSING)
async def test_a_case_ends_with_each_outcome(world: World, outcome: Outcome) -> None:
    browser, case_id = await held(world)

    await browser.press(f"/desk/cases/{case_id}/do/close", outcome=outcome)

    assert world.case(case_id).outcome is outcome
    assert texts.outcome(outcome) in (await browser.get("/desk/?tab=done")).text


@pytest.mark.parametrize("fields", [{}, {"outcome": "won"}])
async def test_a_case_does_not_end_without_a_known_outcome(
    world: World, fields: dict[str, str]
) -> None:
    browser, case_id = await held(world)

    answer = await browser.press(f"/desk/cases/{case_id}/do/close", **fields)

    assert answer.status_code == 409
    assert texts.act_refusal("choose") in answer.text
    assert world.case(case_id).state is CaseState.CLAIMED


async def test_a_case_with_work_left_open_ends_only_when_that_was_said(world: World) -> None:
    browser, case_id = await held(world)
    await browser.press(
        f"/desk/cases/{case_id}/do/meet", at="2026-11-24T09:00", place="office", detail=""
    )
    close = f"/desk/cases/{case_id}/do/close"
    assert "Còn việc dở" in (await browser.get(close)).text

    refused = await browser.press(close, outcome=Outcome.ADVISED)
    assert refused.status_code == 409
    assert world.case(case_id).state is CaseState.CLAIMED

    await browser.press(close, outcome=Outcome.ADVISED, anyway="anyway")
    assert world.case(case_id).state is CaseState.CLOSED


async def test_the_phone_is_shown_when_asked_for_and_that_is_audited(world: World) -> None:
    case_id = world.open_case()
    browser = await world.signed_in("lan")
    before = (await browser.get(f"/desk/cases/{case_id}")).text

    after = (await browser.press(f"/desk/cases/{case_id}/contact")).text

    assert "0912345678" not in before
    assert "8–10 giờ sáng" not in before, "their own words may hold a number or a name"
    assert "8–10 giờ sáng" in after
    assert "0912345678" in after
    assert "gặp cô Ba" in after
    acts = sa.select(AuditRow.id).where(
        AuditRow.act == "case.contact_read", AuditRow.subject == case_id
    )
    assert world.count(acts) == 1


async def test_the_queue_puts_urgent_first_and_then_the_oldest(world: World) -> None:
    first, second = world.open_case(), world.open_case()
    urgent = world.open_case(urgent=True)

    page = (await (await world.signed_in("lan")).get("/desk/")).text

    assert re.findall(r'id="row-(\w+)"', page) == [urgent, first, second]


async def test_the_queue_tells_nothing_of_the_story(world: World) -> None:
    world.open_case(words=("CHIM-HOÀNG-YẾN",))

    assert "CHIM-HOÀNG-YẾN" not in (await (await world.signed_in("lan")).get("/desk/")).text


async def test_unread_is_what_this_officer_has_not_opened_since(
    world: World, clock: SetClock
) -> None:
    browser, case_id = await held(world)
    lan = "/desk/?tab=mine"
    await browser.get(f"/desk/cases/{case_id}")
    assert "<title>Hàng chờ" in (await browser.get(lan)).text

    clock.forward(dt.timedelta(seconds=5))
    world.database.transact_now(
        lambda session: talking.citizen_wrote(session, session.get_one(Case, case_id), "Alo?")
    )

    page = (await browser.get(lan)).text
    assert "<title>(1) Hàng chờ" in page
    assert 'class="unread"' in page
    assert "Chờ trả lời" in page
    await browser.get(f"/desk/cases/{case_id}/live")
    assert "<title>(1)" in (await browser.get(lan)).text
    await browser.get(f"/desk/cases/{case_id}/live?visible=true")
    assert "<title>Hàng chờ" in (await browser.get(lan)).text


async def test_a_wish_to_withdraw_stands_out(world: World) -> None:
    browser, case_id = await held(world)
    world.database.transact_now(
        lambda session: rights.ask_to_withdraw(session, session.get_one(Case, case_id))
    )

    assert "muốn rút yêu cầu" in (await browser.get(f"/desk/cases/{case_id}")).text


async def test_a_photo_is_drawn_anew_without_the_place_it_was_taken(world: World) -> None:
    original = photo()
    assert dict(Image.open(io.BytesIO(original)).getexif()) != {}
    case_id = world.open_case(photo=original)
    file_id = file_of(world, case_id)
    browser = await world.signed_in("lan")

    for path in (f"/desk/files/{file_id}", f"/desk/files/{file_id}/view"):
        answer = await browser.get(path)
        assert answer.headers["content-type"] == "image/jpeg"
        assert answer.headers["content-security-policy"] == "sandbox; default-src 'none'"
        image = Image.open(io.BytesIO(answer.content))
        assert dict(image.getexif()) == {}
        assert image.size == (300, 400)


async def test_a_paper_is_handed_over_and_never_opened_in_the_page(world: World) -> None:
    case_id = world.open_case(photo=photo())
    file_id = file_of(world, case_id)
    world.database.transact_now(
        lambda session: session.execute(
            sa.update(files.StoredFile).values(media_type="application/pdf")
        )
    )
    browser = await world.signed_in("lan")

    answer = await browser.get(f"/desk/files/{file_id}")

    disposition = answer.headers["content-disposition"]
    assert disposition.startswith('attachment; filename="giay_dat.jpg"; ')
    assert disposition.endswith("filename*=UTF-8''gi%E1%BA%A5y%20%C4%91%E1%BA%A5t.jpg")
    assert answer.headers["x-content-type-options"] == "nosniff"
    assert (await browser.get(f"/desk/files/{file_id}/view")).status_code == 404


async def test_a_photo_that_is_none_is_not_shown(world: World) -> None:
    case_id = world.open_case(photo=b"\xff\xd8\xff<svg onload=alert(1)>")
    file_id = file_of(world, case_id)
    browser = await world.signed_in("lan")

    assert (await browser.get(f"/desk/files/{file_id}/view")).status_code == 404
    assert (await browser.get(f"/desk/cases/{case_id}")).status_code == 200


@pytest.mark.parametrize(
    ("kind", "options"), [("PNG", {}), ("JPEG", {"progressive": True, "quality": 20})]
)
def test_a_picture_that_would_fill_the_memory_is_refused(
    kind: str, options: dict[str, Any]
) -> None:
    side = int(MOST_PIXELS**0.5) + 1

    with pytest.raises(UnreadableImageError):
        redrawn(picture(side, kind, **options), 100)


@pytest.mark.parametrize("longest_side", [VIEW_PIXELS, None])
def test_a_photo_of_a_fine_camera_is_read_at_a_part_of_its_size(longest_side: int | None) -> None:
    image = Image.open(io.BytesIO(redrawn(picture(7000, "JPEG"), longest_side)))

    assert image.size == ((VIEW_PIXELS,) * 2 if longest_side else (3500, 3500))


def test_a_photo_taken_sideways_is_shown_upright_and_small() -> None:
    original = Image.new("RGB", (4000, 3000), "#c8b48c")
    exif = Image.Exif()
    exif[0x0112] = 6  # to be turned by a quarter
    for kind in ("JPEG", "PNG", "WEBP"):
        content = io.BytesIO()
        original.save(content, kind, exif=exif)

        image = Image.open(io.BytesIO(redrawn(content.getvalue(), 400)))

        assert image.size == (300, 400), kind


async def test_pictures_are_drawn_one_after_another(
    world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    case_id = world.open_case(photo=photo())
    file_id = file_of(world, case_id)
    browser = await world.signed_in("lan")
    at_work, most = 0, 0

    def slowly(_content: bytes, _side: int | None) -> bytes:
        nonlocal at_work, most
        at_work += 1
        most = max(most, at_work)
        time.sleep(0.02)
        at_work -= 1
        return b"drawn"

    monkeypatch.setattr(desk_files, "redrawn", slowly)
    answers = await asyncio.gather(*(browser.get(f"/desk/files/{file_id}/view") for _ in range(5)))

    assert {answer.content for answer in answers} == {b"drawn"}
    assert most == 1


async def test_a_form_without_end_is_refused(world: World) -> None:
    browser, case_id = await held(world)

    answer = await browser.press(f"/desk/cases/{case_id}/note", text="a" * 300_000)

    assert answer.status_code == 413
    assert world.count(sa.select(Note.id)) == 0


async def test_an_error_shows_no_trace_and_logs_nothing_personal(
    world: World, caplog: pytest.LogCaptureFixture
) -> None:
    case_id = world.open_case(words=("CHIM-HOÀNG-YẾN",))
    world.database.transact_now(
        lambda session: session.execute(sa.update(ThreadEntry).values(body=b"CHIM"))
    )
    browser = await world.signed_in("lan")

    answer = await browser.get(f"/desk/cases/{case_id}")

    assert answer.status_code == 500
    assert "Có trục trặc" in answer.text
    assert "Traceback" not in answer.text
    assert "CHIM" not in caplog.text
    assert "SealError" in caplog.text


async def test_reading_and_refreshing_at_the_same_moment_disturb_nobody(world: World) -> None:
    case_id = world.open_case()
    browser = await world.signed_in("lan")
    path = f"/desk/cases/{case_id}"

    answers = await asyncio.gather(
        *(browser.get(f"{path}/live?visible=true") for _ in range(6)),
        *(browser.get(path) for _ in range(3)),
        *(browser.press(f"{path}/draft", text="chào") for _ in range(3)),
    )

    assert {answer.status_code for answer in answers} <= {200, 204}


@pytest.mark.parametrize("kind", [sa.exc.OperationalError, sa.exc.InterfaceError])
async def test_a_database_that_drops_the_line_is_said_to_be_busy(
    world: World, kind: type[sa.exc.DBAPIError]
) -> None:
    browser = await world.signed_in("lan")

    def down(*_args: object) -> None:
        raise kind("SELECT", {}, Exception("the connection is closed"))

    with listened(world.database, down):
        answer = await browser.get("/desk/")

    assert answer.status_code == 503
    assert "Máy đang bận" in answer.text


async def test_a_database_without_a_free_connection_is_said_to_be_busy(world: World) -> None:
    browser = await world.signed_in("lan")

    def full(*_args: object) -> None:
        raise sa.exc.TimeoutError("QueuePool limit of size 8 overflow 8 reached")

    with listened(world.database, full):
        assert (await browser.get("/desk/")).status_code == 503


@contextlib.contextmanager
def listened(database: Database, act: Callable[..., None]) -> Iterator[None]:
    """`act` happens instead of every query that is read."""
    engine = database._reader
    sa.event.listen(engine, "before_cursor_execute", act)
    try:
        yield
    finally:
        sa.event.remove(engine, "before_cursor_execute", act)
