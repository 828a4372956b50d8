"""Every act on the page of a case: who may do it, what becomes of it, and what is said when not."""

import datetime as dt
import re
import tempfile

import httpx
import pytest
import sqlalchemy as sa

from cases import moves, papers, queue, register, rights, talking
from cases.conflicts import ConflictDecision, Relation, Verdict
from cases.life import AtOnce, CaseState, Ground, Outcome, ProviderGround
from cases.limits import Form
from cases.model import Case, Refusal, RegisterEntry
from cases.parties import Party, PartyRole
from cases.providers import ProviderEntry, ProviderKind, write_provider
from cases.speech import say
from cases.staff import Role
from cases.thread import Author, Note, ThreadEntry
from desk import texts
from desk.pages.case_acts import ACTS, GROUPS, ActId, first_of_groups
from desk.pages.live import news_for
from store import events
from store.audit import AuditRow
from store.clock import SetClock
from store.files import MAX_BYTES, StoredFile
from store.outbox import Delivery, Kind, OutboxRow
from store.session import Session
from tests.cases.test_documents import words_of_docx
from tests.desk.test_case import held, said_to_citizen
from tests.desk.world import Browser, World, hire, photo

PDF = b"%PDF-1.7\n1 0 obj\n<<>>\nendobj\n"


async def act(browser: Browser, case_id: str, what: ActId, **fields: str) -> httpx.Response:
    return await browser.press(f"/desk/cases/{case_id}/do/{what}", **fields)


async def accepted(world: World, form: Form = Form.ADVICE, **told: object) -> tuple[Browser, str]:
    """A browser of Lan, who has entered a case in the register."""
    browser, case_id = await held(world, "lan", **told)
    assert (await act(browser, case_id, ActId.ACCEPT, aid=form)).status_code == 303
    return browser, case_id


def provider(world: World, name: str = "Trần Thị Lệ", **told: object) -> str:
    """Somebody of the published list."""
    entry = ProviderEntry(name, ProviderKind.OFFICER, fields=("land",), **told)  # type: ignore[arg-type]
    staff = world.staff("trung")
    return world.database.transact_now(lambda session: write_provider(session, staff, entry).id)


async def begun(world: World) -> tuple[Browser, str, str]:
    """A case in court that a provider works on."""
    browser, case_id = await accepted(world, Form.LITIGATION)
    who = provider(world)
    await act(browser, case_id, ActId.ASSIGN, provider=who)
    return browser, case_id, who


async def page_of(browser: Browser, case_id: str, what: ActId | None = None) -> str:
    path = f"/desk/cases/{case_id}" + (f"/do/{what}" if what else "")
    return (await browser.get(path)).text


def test_the_list_of_acts_holds_each_once_and_ends_with_what_ends_a_case() -> None:
    listed = [act for group in GROUPS for act in group]

    assert sorted(listed) == sorted(ActId)
    assert GROUPS[-1] == (ActId.REFUSE, ActId.CLOSE, ActId.REOPEN)
    assert first_of_groups((ActId.ACCEPT, ActId.REFUSE, ActId.CLOSE)) == {ActId.REFUSE}
    assert first_of_groups((ActId.REFUSE, ActId.CLOSE)) == frozenset()


# --- the register -------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("form", "code"),
    [
        (Form.LITIGATION, "TGTT"),
        (Form.REPRESENTATION, "ĐDNTT"),
        (Form.ADVICE, "TV"),
    ],
)
async def test_an_accepted_case_gets_its_code_and_the_citizen_is_told(
    world: World, form: Form, code: str
) -> None:
    browser, case_id = await accepted(world, form)

    entry = world.database.read_now(lambda session: session.scalars(sa.select(RegisterEntry)).one())
    assert f".{code}.01.2026" in entry.code
    assert entry.code in await page_of(browser, case_id)
    assert entry.code in said_to_citizen(world)[-1]
    assert world.case(case_id).state is CaseState.ACCEPTED


async def test_missing_papers_keep_a_case_out_of_the_register_unless_it_is_urgent(
    world: World,
) -> None:
    browser, case_id = await held(world)
    fields = {"aid": Form.LITIGATION, "paper": "Giấy chứng nhận hộ cận nghèo", "other": "Sổ đỏ"}

    refused = await act(browser, case_id, ActId.ACCEPT, **fields)
    taken = await act(browser, case_id, ActId.ACCEPT, at_once=AtOnce.TRIAL_NEAR, **fields)

    assert refused.status_code == 409
    assert "Chỉ thụ lý ngay khi có lý do (Điều 30 khoản 4)" in refused.text
    assert "Sổ đỏ</textarea>" in refused.text  # what was typed is still there
    assert taken.status_code == 303
    page = await page_of(browser, case_id)
    assert "Giấy chứng nhận hộ cận nghèo; Sổ đỏ" in page
    assert "Sắp xét xử (Điều 30 khoản 4)" in page


async def test_the_form_of_acceptance_shows_the_papers_of_the_screening_and_the_law(
    world: World,
) -> None:
    browser, case_id = await held(world)

    page = await page_of(browser, case_id, ActId.ACCEPT)

    for said in (
        "Giấy chứng nhận hộ cận nghèo",
        "Tham gia tố tụng (TGTT)",
        "Thời hiệu khởi kiện còn dưới 5 ngày làm việc.",
        "Luật Trợ giúp pháp lý 2017, Điều 30 khoản 4",
        "Im lặng không phải là đồng ý",
    ):
        assert said in page, said


async def test_all_missing_papers_are_asked_for_in_one_message(world: World) -> None:
    browser, case_id = await held(world)

    await browser.post(
        f"/desk/cases/{case_id}/do/ask-papers",
        data={"paper": ["Giấy A", "Giấy B"], "other": "Giấy C", "named": "named", "longer": "no"},
        headers={"Sec-Fetch-Site": "same-origin"},
    )

    named = [body for body in said_to_citizen(world) if "papers" in body]
    assert len(named) == 1
    assert all(paper in named[0] for paper in ("Giấy A", "Giấy B", "Giấy C"))
    assert world.case(case_id).longer_for_papers is False
    assert "Đã đủ giấy tờ" in await page_of(browser, case_id)
    await act(browser, case_id, ActId.PAPERS_GIVEN)
    assert world.case(case_id).papers_given_at is not None


async def test_papers_that_may_name_an_illness_stay_unnamed_when_the_officer_says_so(
    world: World,
) -> None:
    browser, case_id = await held(world, danger="violence")
    page = await page_of(browser, case_id, ActId.ASK_PAPERS)
    assert 'name="named" value="named">' in page  # not ticked for somebody in danger

    await act(browser, case_id, ActId.ASK_PAPERS, other="Giấy xác nhận nhiễm HIV")

    assert not any("HIV" in body for body in said_to_citizen(world))


async def test_no_paper_is_asked_for_when_none_was_named(world: World) -> None:
    browser, case_id = await held(world)

    answer = await act(browser, case_id, ActId.ASK_PAPERS, named="named")

    assert answer.status_code == 409
    assert texts.act_refusal("no_papers") in answer.text


# --- who does it --------------------------------------------------------------------------------


async def test_a_provider_is_chosen_from_the_roster_and_changed_for_a_ground(world: World) -> None:
    browser, case_id = await accepted(world, Form.LITIGATION)
    first, second = provider(world, "Trần Thị Lệ"), provider(world, "Lý Văn Sơn")
    roster = await page_of(browser, case_id, ActId.ASSIGN)
    assert "đúng lĩnh vực" in roster
    assert "Trợ giúp viên pháp lý · Tiếng Việt" in roster
    assert "Điều 25 khoản 2 điểm a" in roster

    await act(browser, case_id, ActId.ASSIGN, provider=first)
    assert "Trần Thị Lệ thực hiện" in await page_of(browser, case_id)
    wordless = await act(
        browser, case_id, ActId.CHANGE_PROVIDER, provider=second, ground=ProviderGround.LICENCE
    )
    await act(
        browser,
        case_id,
        ActId.CHANGE_PROVIDER,
        provider=second,
        ground=ProviderGround.LICENCE,
        reason="Bị thu hồi thẻ",
    )

    assert texts.act_refusal("empty") in wordless.text
    assert world.case(case_id).provider_id == second


async def test_a_wish_for_another_provider_comes_before_the_end_and_fills_the_form_in(
    world: World,
) -> None:
    browser, case_id, _ = await begun(world)
    wished = provider(world, "Lê Văn Hai")
    world.database.transact_now(
        lambda session: rights.ask_for_another_provider(
            session,
            session.get_one(Case, case_id),
            ProviderGround.NOT_EFFECTIVE,
            "Gọi ba lần không nghe máy",
            wished,
        )
    )

    page = await page_of(browser, case_id)
    form = await page_of(browser, case_id, ActId.CHANGE_PROVIDER)

    assert re.search(r'<div class="next"><a class="button primary"[^>]*>Đổi người thực hiện', page)
    assert re.search(rf'value="{ProviderGround.NOT_EFFECTIVE}" checked', form)
    assert re.search(rf'value="{wished}"[^>]* checked', form)


async def test_closing_begins_with_the_withdrawal_that_was_asked_for(world: World) -> None:
    browser, case_id = await held(world)
    before = await page_of(browser, case_id, ActId.CLOSE)
    world.database.transact_now(
        lambda session: rights.ask_to_withdraw(session, session.get_one(Case, case_id))
    )

    form = await page_of(browser, case_id, ActId.CLOSE)

    assert f'value="{Outcome.WITHDRAWN}" checked' not in before
    assert f'value="{Outcome.WITHDRAWN}" checked' in form


async def test_who_declared_a_tie_is_barred_and_the_roster_says_why(world: World) -> None:
    browser, case_id = await accepted(world, Form.LITIGATION)
    who = provider(world)

    await act(browser, case_id, ActId.DECLARE_RELATION, provider=who, reason="Em ruột bên kia")

    assert texts.refusal("related") in await page_of(browser, case_id, ActId.ASSIGN)
    refused = await act(browser, case_id, ActId.ASSIGN, provider=who)
    assert refused.status_code == 409
    assert world.count(sa.select(Relation.id)) == 1


async def test_advice_is_begun_given_and_closed(world: World) -> None:
    browser, case_id = await accepted(world, Form.ADVICE)
    assert "Bắt đầu tư vấn</button>" in await page_of(browser, case_id)

    await act(browser, case_id, ActId.BEGIN)
    await act(browser, case_id, ActId.GIVE_ADVICE)
    await act(browser, case_id, ActId.CLOSE, outcome=Outcome.ADVISED)

    assert world.case(case_id).advice_given_at is not None
    assert world.case(case_id).outcome is Outcome.ADVISED


async def test_litigation_is_not_begun_without_a_provider(world: World) -> None:
    browser, case_id = await accepted(world, Form.LITIGATION)

    answer = await act(browser, case_id, ActId.BEGIN)

    assert answer.status_code == 409
    assert texts.refusal("needs_provider") in answer.text


# --- waiting ------------------------------------------------------------------------------------


async def test_a_pause_stops_the_clock_and_says_so(world: World) -> None:
    browser, case_id = await accepted(world)
    wordless = await act(browser, case_id, ActId.PAUSE)

    await act(browser, case_id, ActId.PAUSE, reason="Chờ bà đi chứng thực")

    assert texts.act_refusal("empty") in wordless.text
    page = await page_of(browser, case_id)
    assert "Tạm dừng, chờ người dân" in page
    assert "Chờ bà đi chứng thực" in page
    assert "Làm tiếp</button>" in page
    await act(browser, case_id, ActId.RESUME)
    assert "Chờ bà đi chứng thực" not in await page_of(browser, case_id)


async def test_a_case_is_put_aside_until_an_hour_of_work(world: World, clock: SetClock) -> None:
    browser, case_id = await held(world)

    await act(browser, case_id, ActId.SNOOZE, until="tomorrow")

    until = world.case(case_id).snoozed_until
    assert until is not None
    assert dt.timedelta() < until - clock.now() < dt.timedelta(days=2)
    assert "Để tới" in await page_of(browser, case_id)
    await act(browser, case_id, ActId.WAKE)
    assert world.case(case_id).snoozed_until is None


# --- refusing, ending, opening again ------------------------------------------------------------


async def test_a_refusal_is_read_as_a_letter_before_it_is_sent(world: World) -> None:
    browser, case_id = await held(world)
    fields = {"ground": Ground.HANDLED_ELSEWHERE, "wording": "Trung tâm Bạc Liêu đang làm."}

    letter = await act(browser, case_id, ActId.REFUSE, **fields)

    assert letter.status_code == 200
    for said in (
        "Trung tâm Bạc Liêu đang làm.",
        "Điều 30 khoản 3 điểm d",
        "quyền khiếu nại",
        "Sở Tư pháp",
    ):
        assert said in letter.text, said
    assert world.case(case_id).state is CaseState.CLAIMED
    assert world.count(sa.select(Refusal.id)) == 0
    await act(browser, case_id, ActId.REFUSE, sure="yes", **fields)
    assert world.case(case_id).outcome is Outcome.REFUSED
    assert "case.how_to_complain" in said_to_citizen(world)[-1]


async def test_grounds_for_accepted_cases_are_not_offered_before(world: World) -> None:
    browser, case_id = await held(world)

    page = await page_of(browser, case_id, ActId.REFUSE)

    assert f'value="{Ground.NOT_COVERED}"' in page
    assert f'value="{Ground.FORBIDDEN_ACT}"' not in page
    fields = {"ground": Ground.FORBIDDEN_ACT, "wording": "x", "sure": "yes"}
    answer = await act(browser, case_id, ActId.REFUSE, **fields)
    assert texts.refusal("ground_needs_acceptance") in answer.text


@pytest.mark.parametrize(("username", "allowed"), [("lan", False), ("hai", True), ("trung", True)])
async def test_the_head_and_the_centre_open_a_case_again(
    world: World, username: str, allowed: bool
) -> None:
    browser, case_id = await held(world)
    await act(browser, case_id, ActId.CLOSE, outcome=Outcome.UNREACHABLE)

    who = await world.signed_in(username)
    offered = "Mở lại" in await page_of(who, case_id)
    answer = await act(who, case_id, ActId.REOPEN, reason="Bà gọi lại rồi")

    assert offered is allowed
    assert (answer.status_code == 303) is allowed
    if allowed:
        assert world.case(case_id).state is CaseState.WAITING
        assert world.count(sa.select(Note.id)) == 1
    else:
        assert texts.refusal("not_head") in answer.text


# --- from one to another ------------------------------------------------------------------------


async def offered(world: World) -> tuple[Browser, str]:
    """A case of Lan's at U Minh that Năm Căn is asked to take."""
    browser, case_id = await held(world)
    answer = await act(browser, case_id, ActId.OFFER_TRANSFER, to="nam-can", reason="Đất ở Năm Căn")
    assert answer.status_code == 303
    return browser, case_id


async def test_a_transfer_moves_only_when_the_other_office_says_yes(world: World) -> None:
    lan, case_id = await offered(world)
    assert "Đang hỏi Chi nhánh Năm Căn" in await page_of(lan, case_id)
    tam = await world.signed_in("tam")
    page = await page_of(tam, case_id)
    assert "Đất ở Năm Căn" in page
    assert "Nhận hồ sơ chuyển đến</button>" in page
    assert "Trả lời người dân</label>" not in page

    await act(tam, case_id, ActId.ACCEPT_TRANSFER)

    case = world.case(case_id)
    assert (case.office_id, case.state) == ("nam-can", CaseState.WAITING)
    assert "Chi nhánh Năm Căn" in said_to_citizen(world)[-1]
    assert (await lan.get(f"/desk/cases/{case_id}")).status_code == 404
    assert "chuyển đến" in await page_of(tam, case_id)


@pytest.mark.parametrize("by_script", [False, True])
async def test_who_declines_gives_a_reason_and_comes_back_to_the_list(
    world: World, by_script: bool
) -> None:
    lan, case_id = await offered(world)
    tam = await world.signed_in("tam")
    wordless = await act(tam, case_id, ActId.DECLINE_TRANSFER)

    path = f"/desk/cases/{case_id}/do/{ActId.DECLINE_TRANSFER}"
    answer = await tam.press(path, by_script, reason="Đất ở xã khác")

    assert texts.act_refusal("empty") in wordless.text
    where = answer.headers["hx-redirect" if by_script else "location"]
    assert where.startswith("/desk/?")
    assert world.case(case_id).holder_id == world.ids["lan"]
    page = await page_of(lan, case_id)
    assert "Đang hỏi" not in page
    assert "không nhận hồ sơ này" in page
    assert "Đất ở xã khác" in page


async def test_the_office_that_gave_a_case_away_is_told_and_finds_where_it_went(
    world: World,
) -> None:
    lan, case_id = await offered(world)
    newest = world.database.read_now(events.newest)
    await act(await world.signed_in("tam"), case_id, ActId.ACCEPT_TRANSFER)
    token = lan.cookies["tram_desk"]

    told = world.database.read_now(lambda session: news_for(session, token, newest))
    page = (await lan.get("/desk/gone")).text

    assert told is not None
    assert told.cases == (case_id,)
    assert f"Yêu cầu số {world.case(case_id).number}" in page
    assert "Chi nhánh Năm Căn" in page


async def test_an_offer_is_taken_back(world: World) -> None:
    lan, case_id = await offered(world)

    await act(lan, case_id, ActId.CANCEL_TRANSFER)

    tam = await world.signed_in("tam")
    assert (await tam.get(f"/desk/cases/{case_id}")).status_code == 404


@pytest.mark.parametrize(
    ("to", "reason"), [("u-minh", "same_office"), ("mars", "no_such_office"), ("", "choose")]
)
async def test_a_transfer_to_nowhere_is_refused_with_what_was_typed(
    world: World, to: str, reason: str
) -> None:
    browser, case_id = await held(world)

    answer = await act(browser, case_id, ActId.OFFER_TRANSFER, to=to, reason="Vì gần hơn")

    assert answer.status_code == 409
    assert texts.act_refusal(reason) in answer.text
    assert "Vì gần hơn</textarea>" in answer.text


@pytest.mark.parametrize("username", ["lan", "hai", "trung"])
async def test_a_case_is_handed_to_a_colleague_by_holder_head_or_centre(
    world: World, username: str
) -> None:
    _, case_id = await held(world)
    who = await world.signed_in(username)

    await act(who, case_id, ActId.HAND_OVER, to=world.ids["minh"])

    assert world.case(case_id).holder_id == world.ids["minh"]


async def test_a_colleague_takes_no_case_from_its_holder(world: World) -> None:
    _, case_id = await held(world)
    minh = await world.signed_in("minh")

    answer = await act(minh, case_id, ActId.HAND_OVER, to=world.ids["minh"])

    assert answer.status_code == 409
    assert "Cán bộ Lan đang giữ." in answer.text
    assert world.case(case_id).holder_id == world.ids["lan"]


async def test_the_centre_takes_over_what_its_branch_left_lying(
    world: World, clock: SetClock
) -> None:
    case_id = world.open_case()
    trung = await world.signed_in("trung")
    early = await act(trung, case_id, ActId.TAKE_OVER)
    clock.forward(dt.timedelta(days=4))

    page = await page_of(await world.signed_in("trung"), case_id)
    late = await act(await world.signed_in("trung"), case_id, ActId.TAKE_OVER)

    assert texts.refusal("not_overdue") in early.text
    assert "Nhận thay chi nhánh</button>" in page
    assert 'class="due-fold late"' in page
    assert late.status_code == 303
    assert world.case(case_id).office_id == "centre"


async def test_the_same_request_twice_is_offered_for_joining(world: World) -> None:
    first = world.open_case(conversation_id="talk")
    browser, second = await held(world, conversation_id="talk")

    page = await page_of(browser, second)
    await act(browser, second, ActId.JOIN, into=first)

    assert "Có thể là cùng người, cùng việc" in page
    assert "cùng cuộc trò chuyện" in page
    assert world.case(second).joined_into == first
    assert f'làm tiếp ở <a href="/desk/cases/{first}">' in await page_of(browser, second)
    assert f'<a href="/desk/cases/{second}">' in await page_of(browser, first)


# --- what the assistant understood --------------------------------------------------------------


async def test_field_danger_and_urgency_are_put_right(world: World) -> None:
    browser, case_id = await held(world, danger="threat", urgent=True)

    await act(browser, case_id, ActId.CORRECT, field="criminal", danger="", custody="custody")

    case = world.case(case_id)
    assert (case.field, case.danger, case.urgent, case.in_custody) == (
        "criminal",
        None,
        False,
        True,
    )
    page = await page_of(browser, case_id)
    assert "Đang bị giữ" in page
    assert "Hình sự" in page


# --- people and conflicts -----------------------------------------------------------------------


async def with_opponent(world: World) -> tuple[Browser, str, str]:
    """A case of Lan's whose opponent is the client of a case at Năm Căn."""
    tam, there = await held(world, "tam", office_id="nam-can")
    await act(tam, there, ActId.ADD_PARTY, role=PartyRole.CLIENT, name="Nguyễn Văn Tèo")
    lan, here = await held(world, "lan")
    await act(lan, here, ActId.ADD_PARTY, role=PartyRole.OPPONENT, name="nguyen van teo")
    return lan, here, there


async def test_a_conflict_is_seen_across_offices_without_the_other_file(world: World) -> None:
    lan, here, there = await with_opponent(world)

    page = await page_of(lan, here)

    assert "Có thể xung đột lợi ích (Điều 25)" in page
    assert "tại Chi nhánh Năm Căn" in page
    assert f"/cases/{there}" not in page
    await act(
        lan,
        here,
        ActId.DECIDE_CONFLICT,
        other=there,
        verdict=Verdict.NOT_SAME,
        reason="Khác năm sinh",
    )
    assert "chưa ai kết luận" not in await page_of(lan, here)
    assert world.count(sa.select(ConflictDecision.id)) == 1


@pytest.mark.parametrize(
    ("fields", "reason"),
    [
        ({"verdict": Verdict.STANDS}, "empty"),
        ({"reason": "vì"}, "choose"),
        ({"verdict": Verdict.AGREED, "reason": "vì"}, "agreement_not_allowed"),
    ],
)
async def test_a_verdict_on_a_conflict_needs_a_reason_and_the_law(
    world: World, fields: dict[str, str], reason: str
) -> None:
    lan, here, there = await with_opponent(world)

    answer = await act(lan, here, ActId.DECIDE_CONFLICT, other=there, **fields)

    assert answer.status_code == 409
    assert texts.act_refusal(reason) in answer.text


async def test_numbers_of_people_are_covered_until_asked_for_and_that_is_audited(
    world: World,
) -> None:
    browser, case_id = await held(world)
    person = {"role": PartyRole.CLIENT, "name": "Lê Thị Hoa"}
    numbers = {"id_number": "096000000456", "phone": "0987654321"}
    await act(browser, case_id, ActId.ADD_PARTY, **person, **numbers)

    before = await page_of(browser, case_id)
    after = (await browser.press(f"/desk/cases/{case_id}/people")).text

    assert "Lê Thị Hoa" in before
    assert "•••••••••456" in before
    assert not any(number in before for number in numbers.values())
    assert all(number in after for number in numbers.values())
    read = sa.select(AuditRow.id).where(AuditRow.act == "case.party_read")
    assert world.count(read) == 1


async def test_somebody_written_down_wrongly_is_taken_out(world: World) -> None:
    browser, case_id = await held(world)
    await act(browser, case_id, ActId.ADD_PARTY, role=PartyRole.OTHER, name="Ghi Nhầm")
    party = world.database.read_now(lambda session: session.scalars(sa.select(Party.id)).one())

    await act(browser, case_id, ActId.REMOVE_PARTY, party=party)

    assert "Ghi Nhầm" not in await page_of(browser, case_id)


# --- complaints ---------------------------------------------------------------------------------


@pytest.mark.parametrize(("username", "allowed"), [("lan", False), ("trung", True)])
async def test_the_centre_answers_a_complaint(world: World, username: str, allowed: bool) -> None:
    _, case_id = await held(world)
    world.database.transact_now(
        lambda session: rights.complain(session, session.get_one(Case, case_id), "Chờ lâu quá")
    )
    who = await world.signed_in(username)

    page = await page_of(who, case_id)
    answer = await act(who, case_id, ActId.ANSWER_COMPLAINT, answer="Đã cử người khác.")

    assert ("Chờ lâu quá" in page) is allowed
    assert ("Người dân khiếu nại" in page) is allowed
    assert (answer.status_code == 303) is allowed


async def test_the_answer_to_a_complaint_does_not_tell_its_officer_of_it(world: World) -> None:
    lan, case_id = await held(world)
    world.database.transact_now(
        lambda session: rights.complain(session, session.get_one(Case, case_id), "Chờ lâu quá")
    )
    await act(await world.signed_in("trung"), case_id, ActId.ANSWER_COMPLAINT, answer="Đã nhắc.")

    assert "khiếu nại" not in bubbles(await page_of(lan, case_id))


async def test_a_complaint_is_followed_to_the_department_and_its_answer_can_be_read_again(
    world: World,
) -> None:
    lan, case_id = await held(world)
    world.database.transact_now(
        lambda session: rights.complain(session, session.get_one(Case, case_id), "Chờ lâu quá")
    )
    trung = await world.signed_in("trung")
    before = await page_of(trung, case_id)
    await act(trung, case_id, ActId.ANSWER_COMPLAINT, answer="Đã nhắc cán bộ.")

    answered = await page_of(trung, case_id)
    await act(trung, case_id, ActId.DEPARTMENT_HAS_IT)
    received = await page_of(trung, case_id)
    await act(trung, case_id, ActId.DEPARTMENT_ANSWERED)
    over = await page_of(trung, case_id)

    assert "Sở Tư pháp đã nhận khiếu nại" not in before
    assert "Đã nhắc cán bộ." in answered
    assert "Sở Tư pháp đã nhận khiếu nại</button>" in answered
    assert "Sở Tư pháp trả lời khiếu nại" in received  # its 15 days
    assert "Sở Tư pháp đã trả lời khiếu nại</button>" in received
    assert "Sở Tư pháp đã trả lời khiếu nại</button>" not in over
    assert "Sở Tư pháp" not in await page_of(lan, case_id)  # whose work it is about


async def test_what_was_said_with_the_stars_is_read_by_the_centre_only(world: World) -> None:
    lan, case_id = await held(world)
    await act(lan, case_id, ActId.CLOSE, outcome=Outcome.ADVISED)

    def rate(session: Session) -> None:
        case = session.get_one(Case, case_id)
        rights.rate(session, case, 2)
        rights.add_to_rating(session, case, given={rights.Asked.SKILL: 4}, words="Hẹn hoài")

    world.database.transact_now(rate)

    page = await page_of(await world.signed_in("trung"), case_id)

    assert "2/5 sao" in page
    assert "hiểu việc 4" in page
    assert "Hẹn hoài" in page
    assert "Hẹn hoài" not in await page_of(lan, case_id)


async def test_a_head_reads_what_was_said_of_the_branch_but_not_by_whom_nor_of_themselves(
    world: World,
) -> None:
    def rated(username: str, stars: int, words: str) -> None:
        def act(session: Session) -> None:
            holder = world.staff(username)
            queue.claim(session, holder, case_id, "Chi nhánh U Minh")
            register.close(session, holder, case_id, Outcome.ADVISED)
            case = session.get_one(Case, case_id)
            rights.rate(session, case, stars)
            rights.add_to_rating(session, case, given={rights.Asked.SKILL: stars}, words=words)

        case_id = world.open_case()
        world.database.transact_now(act)

    world.database.transact_now(lambda session: hire(session, "phuc", Role.HEAD, "nam-can"))
    rated("lan", 2, "Hẹn hoài")
    rated("hai", 5, "Trưởng chi nhánh tận tình")
    pages = {
        name: (await (await world.signed_in(name)).get("/desk/figures/opinions")).text
        for name in ("hai", "trung", "phuc")
    }

    assert "Trung bình 3,5/5 sao" in pages["hai"]
    assert "hiểu việc 3,5" in pages["hai"]
    assert "Hẹn hoài" in pages["hai"]
    assert "tận tình" not in pages["hai"]
    assert "yêu cầu số" not in pages["hai"]
    for said in ("Hẹn hoài", "tận tình", "yêu cầu số 1", "yêu cầu số 2", "Chi nhánh U Minh"):
        assert said in pages["trung"], said
    assert "Chưa có phiếu nào" in pages["phuc"]  # head of another branch


# --- what the assistant tells for the office ----------------------------------------------------


def bubbles(page: str) -> str:
    """The part of a page where the talk stands."""
    return page.split('<ol class="bubbles"', 1)[1].split("</ol>", 1)[0]


async def test_what_is_told_for_the_office_stands_in_the_thread_in_vietnamese(world: World) -> None:
    lan, case_id = await held(world)
    world.database.transact_now(
        lambda session: setattr(session.get_one(Case, case_id), "language", "en")
    )

    await act(lan, case_id, ActId.MEET, at="2026-11-24T09:00", place="office", detail="phòng 2")
    await act(lan, case_id, ActId.ASK_PAPERS, other="Sổ hồng gốc", named="named")

    said = bubbles(await page_of(lan, case_id))
    assert "Tràm (máy) nhắn thay cơ quan" in said
    assert "▸ Thứ Ba 24/11, 09:00" in said
    assert "phòng 2" in said
    assert "• Sổ hồng gốc" in said


async def test_of_what_is_told_for_the_office_it_shows_what_did_not_arrive(world: World) -> None:
    lan, case_id = await held(world)
    assert "người dân đã chặn Tràm" not in bubbles(await page_of(lan, case_id))

    refused = {"state": Delivery.REFUSED, "reason": "blocked"}
    world.database.transact_now(lambda s: s.execute(sa.update(OutboxRow).values(refused)))

    assert "người dân đã chặn Tràm" in bubbles(await page_of(lan, case_id))


async def test_words_that_no_version_says_any_more_are_no_fault_of_the_page(world: World) -> None:
    lan, case_id = await held(world)

    def told(session: Session) -> None:
        moves.tell(session, session.get_one(Case, case_id), say("an.older.version"))

    world.database.transact_now(told)

    assert "bản đang dùng không còn câu này" in bubbles(await page_of(lan, case_id))


# --- papers and files ---------------------------------------------------------------------------


async def test_papers_of_a_joined_request_are_shown_with_the_one_that_goes_on(world: World) -> None:
    lan, first = await held(world, conversation_id="talk")
    _, second = await held(world, conversation_id="talk", photo=photo())
    await act(lan, second, ActId.ASK_PAPERS, other="Biên bản hòa giải")
    photos = sa.select(ThreadEntry.file_id).where(ThreadEntry.file_id.is_not(None))

    def sent(session: Session) -> str:
        file_id = session.scalars(photos).one() or ""
        papers.keep_photo(session, session.get_one(Case, second), file_id)
        return file_id

    file_id = world.database.transact_now(sent)
    await act(lan, second, ActId.JOIN, into=first)

    page = await page_of(lan, first)

    shown = page.split("đã gộp vào đây", 1)[1].split("</section>", 1)[0]
    assert "Biên bản hòa giải" in shown
    assert f"/desk/files/{file_id}/view" in shown
    assert "<button" not in shown  # that request is closed


@pytest.mark.parametrize(("ending", "start"), [("pdf", b"%PDF-"), ("docx", b"PK")])
async def test_each_form_is_filled_from_the_case(world: World, ending: str, start: bytes) -> None:
    browser, case_id = await accepted(world)

    for number in texts.PAPERS:
        answer = await browser.get(f"/desk/cases/{case_id}/papers/{number}.{ending}")

        assert answer.status_code == 200, number
        assert answer.content.startswith(start), number
        assert f"mau-{number}" in answer.headers["content-disposition"]
    made = sa.select(AuditRow.id).where(AuditRow.act == "case.paper")
    assert world.count(made) == len(texts.PAPERS)


async def test_a_paper_tells_what_the_citizen_told_and_no_button_they_pressed(
    world: World,
) -> None:
    browser, case_id = await held(world)

    def press(session: Session) -> None:
        case = session.get_one(Case, case_id)
        for words, pressed in (("Đồng ý gửi", True), ("0912345678", False), ("Có giấy tay", False)):
            word = talking.Word(Author.CITIZEN, words, case.opened_at, None, pressed)
            talking.add_entry(session, case, word)

    world.database.transact_now(press)

    answer = await browser.get(f"/desk/cases/{case_id}/papers/02.docx")
    told = words_of_docx(answer.content)
    assert "Tôi bị lấn đất" in told
    assert "Có giấy tay" in told
    assert "Đồng ý gửi" not in told
    assert "Tóm tắt" in told
    matter = told.split("Tóm tắt", 1)[1].split("Yêu cầu trợ giúp:", 1)[0]
    assert "0912345678" not in matter
    page = await page_of(browser, case_id)
    assert page.count('class="bubble citizen pressed"') == 1


@pytest.mark.parametrize("name", ["99.pdf", "02.exe", "02", "../02.pdf"])
async def test_a_form_that_there_is_none_of_is_not_found(world: World, name: str) -> None:
    browser, case_id = await held(world)

    assert (await browser.get(f"/desk/cases/{case_id}/papers/{name}")).status_code == 404


async def test_a_form_is_sent_to_the_citizen_as_a_file(world: World) -> None:
    browser, case_id = await held(world)

    answer = await browser.press(f"/desk/cases/{case_id}/papers/02")

    assert answer.status_code == 303
    assert "file_id" in said_to_citizen(world)[-1]
    assert "mau-02.pdf" in await page_of(browser, case_id)


@pytest.mark.parametrize(
    ("username", "sends"), [("lan", True), ("hai", True), ("trung", True), ("minh", False)]
)
async def test_the_notice_of_a_refusal_is_sent_after_it(
    world: World, username: str, sends: bool
) -> None:
    browser, case_id = await held(world)
    told = {"ground": Ground.UNLAWFUL, "wording": "Nhờ làm giấy tờ giả.", "sure": "yes"}
    await act(browser, case_id, ActId.REFUSE, **told)
    who = await world.signed_in(username)

    page = await page_of(who, case_id)
    answer = await who.press(f"/desk/cases/{case_id}/papers/08")

    assert ("Gửi văn bản từ chối (mẫu 08)" in page) is sends
    assert (answer.status_code == 303) is sends
    assert ("file_id" in said_to_citizen(world)[-1]) is sends
    assert world.case(case_id).state is CaseState.CLOSED


async def test_only_the_holder_sends_a_form(world: World) -> None:
    _, case_id = await held(world)
    minh = await world.signed_in("minh")

    answer = await minh.press(f"/desk/cases/{case_id}/papers/02")

    assert answer.status_code == 409
    assert world.count(sa.select(StoredFile.id)) == 0


async def send_file(
    browser: Browser, case_id: str, content: bytes, name: str = "giấy.pdf", **fields: str
) -> httpx.Response:
    return await browser.post(
        "/desk/attachments",
        data={"case": case_id} | fields,
        files={"file": (name, content, "application/octet-stream")},
        headers={"Sec-Fetch-Site": "same-origin"},
    )


async def test_a_file_goes_out_with_a_few_words_and_shows_its_way(world: World) -> None:
    browser, case_id = await held(world)

    answer = await send_file(browser, case_id, PDF, text="Bà đọc rồi ký nhé.")

    assert answer.status_code == 303
    body = said_to_citizen(world)[-1]
    assert "Bà đọc rồi ký nhé." in body
    page = await page_of(browser, case_id)
    assert "giấy.pdf" in page
    assert "Đang gửi…" in page


async def test_a_large_file_is_never_written_in_the_clear(
    world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    browser, case_id = await held(world)
    monkeypatch.setattr(tempfile, "tempdir", "/nowhere/to/write")

    answer = await send_file(browser, case_id, PDF + bytes(3 * 1024 * 1024))

    assert answer.status_code == 303


async def test_a_form_without_a_file_is_refused_in_words(world: World) -> None:
    browser, case_id = await held(world)

    answer = await browser.press("/desk/attachments", case=case_id)

    assert answer.status_code == 409
    assert texts.act_refusal("no_file") in answer.text


async def test_a_file_pressed_twice_is_sent_once(world: World) -> None:
    browser, case_id = await held(world)

    for _ in range(2):
        await send_file(browser, case_id, PDF, client_key="ab12")

    sent = sa.select(OutboxRow.id).where(OutboxRow.kind == Kind.VERBATIM)
    assert world.count(sent) == 1
    assert world.count(sa.select(StoredFile.id)) == 1


async def test_a_photo_leaves_without_the_place_it_was_taken(world: World) -> None:
    browser, case_id = await held(world)

    await send_file(browser, case_id, photo(), "anh.jpg")

    def look(session: Session) -> bytes:
        file = session.scalars(sa.select(StoredFile)).one()
        return file.open_bytes(session.vault, "content") or b""

    assert b"A PHONE OF MINE" not in world.database.read_now(look)


@pytest.mark.parametrize(
    ("content", "reason"),
    [
        (b"", "no_file"),
        (b"MZ\x90\x00 a program", "file_kind"),
        (b"<svg onload=alert(1)>", "file_kind"),
        (b"\xff\xd8\xffnot a photo", "bad_image"),
        (PDF + bytes(MAX_BYTES), "file_too_large"),
    ],
)
async def test_a_file_that_can_not_be_sent_is_refused_with_what_to_do(
    world: World, content: bytes, reason: str
) -> None:
    browser, case_id = await held(world)

    answer = await send_file(browser, case_id, content, text="Kèm theo")

    assert answer.status_code == 409
    assert texts.act_refusal(reason) in answer.text
    assert world.count(sa.select(StoredFile.id)) == 0
    assert world.count(sa.select(ThreadEntry.id).where(ThreadEntry.staff_id.is_not(None))) == 0


# --- the law's clock ----------------------------------------------------------------------------


async def test_the_nearest_limit_shows_its_countdown_article_and_working(world: World) -> None:
    browser, case_id = await accepted(world, Form.LITIGATION)

    page = await page_of(browser, case_id)

    line = re.search(r'<details class="due-fold.*?</details>\s*</details>', page, re.DOTALL)
    assert line is not None
    for said in ("còn", "(hết ", "Điều", "Cách tính", "Mốc: thụ lý"):
        assert said in line[0], said
    assert page.count('class="deadline ') >= 2


async def test_what_is_late_is_red_and_first(world: World, clock: SetClock) -> None:
    _, case_id = await accepted(world, Form.LITIGATION)
    clock.forward(dt.timedelta(days=20))

    page = await page_of(await world.signed_in("lan"), case_id)

    assert 'class="due-fold late"' in page
    assert "trễ" in page
    assert re.findall(r'class="deadline (\w+)"', page)[0] == "overdue"


async def test_the_assistants_long_words_are_folded_and_the_citizens_stand(world: World) -> None:

    long = "Bà con cho Tràm hỏi thêm mấy điều nha. " * 6
    browser, case_id = await held(world, words=("Dài như sông " * 20,))
    world.database.transact_now(
        lambda session: talking.add_entry(
            session,
            session.get_one(Case, case_id),
            talking.Word(Author.ASSISTANT, long, session.clock.now()),
        )
    )

    page = await page_of(browser, case_id)

    assert re.search(r'<details class="folded"[^>]*><summary>Bà con cho Tràm [^<]* …', page)
    assert "Dài như sông" not in "".join(re.findall(r"<summary>[^<]*</summary>", page))


# --- what everything has in common --------------------------------------------------------------


async def test_each_form_opens_for_the_holder_or_says_why_not(world: World) -> None:
    browser, case_id, _ = await begun(world)

    for what in ActId:
        answer = await browser.get(f"/desk/cases/{case_id}/do/{what}")

        assert answer.status_code == 200, what
        assert ACTS[what].label in answer.text, what


DOABLE = [what for what in ActId if ACTS[what].do is not None]


async def test_an_officer_of_another_branch_does_nothing_here(world: World) -> None:
    _, case_id = await held(world)
    tam = await world.signed_in("tam")

    for what in DOABLE:
        answer = await act(tam, case_id, what, reason="x", outcome="advised", aid="advice")

        assert answer.status_code == 404, what
    case = world.case(case_id)
    assert (case.state, case.holder_id) == (CaseState.CLAIMED, world.ids["lan"])


async def test_a_stale_press_on_a_closed_case_says_why_it_does_nothing(world: World) -> None:
    browser, case_id = await held(world)
    await act(browser, case_id, ActId.CLOSE, outcome=Outcome.ADVISED)
    fields = {"reason": "Chữ đã viết", "name": "A", "role": "other", "provider": "x", "to": "x"}
    fields |= {"outcome": "advised", "aid": "advice", "until": "week", "other": "x", "into": "x"}
    fields |= {"ground": "dead", "wording": "x", "sure": "yes", "verdict": "stands", "party": "x"}

    for what in DOABLE:
        answer = await act(browser, case_id, what, **fields)

        assert answer.status_code == 409, what
        assert 'class="flash problem"' in answer.text, what
        assert "Việc này chưa làm được" not in answer.text, what
    assert world.case(case_id).outcome is Outcome.ADVISED


async def test_words_typed_into_a_form_outlive_a_colleague_who_was_faster(world: World) -> None:
    lan, case_id = await accepted(world)
    hai = await world.signed_in("hai")
    await act(hai, case_id, ActId.HAND_OVER, to=world.ids["minh"])

    answer = await act(lan, case_id, ActId.PAUSE, reason="Chờ bà đi chứng thực")

    assert answer.status_code == 409
    assert "Cán bộ Minh đang giữ." in answer.text
    assert "Chờ bà đi chứng thực" in answer.text


async def test_an_act_by_script_answers_with_the_case_alone(world: World) -> None:
    browser, case_id = await held(world)

    path = f"/desk/cases/{case_id}/do/{ActId.ACCEPT}"
    answer = await browser.press(path, True, aid=Form.ADVICE)

    assert answer.status_code == 200
    assert "<html" not in answer.text
    assert "tram:flash" in answer.headers["hx-trigger"]


@pytest.mark.parametrize("path", ["do/nothing", "do/papers"])
async def test_what_is_no_act_does_nothing(world: World, path: str) -> None:
    browser, case_id = await held(world)

    answer = await browser.press(f"/desk/cases/{case_id}/{path}")

    assert answer.status_code in {404, 422}


# --- a lost code --------------------------------------------------------------------------------


async def test_a_new_code_is_handed_over_after_the_check_and_the_old_one_opens_nothing(
    world: World,
) -> None:
    browser, case_id = await held(world)
    old = world.case(case_id).pin_index

    taken = await browser.press(f"/desk/cases/{case_id}/reissue", checked="id_card")
    shown = await browser.get(taken.headers["location"])
    slip = await browser.get(taken.headers["location"].replace("done", "slip.pdf"))

    code = re.search(r"<dd>([0-9A-Z]{5}-[0-9A-Z]{5})</dd>", shown.text)
    pin = re.search(r"<dd>(\d{6})</dd>", shown.text)
    assert code is not None
    assert pin is not None
    assert "Mã và PIN cũ không mở được hồ sơ nữa" in shown.text
    assert slip.content.startswith(b"%PDF")
    found = world.database.transact_now(
        lambda s: queue.find_by_code(s, code[1].replace("-", ""), pin[1], queue.Trier("talk"))
    )
    assert found is not None
    assert found.id == case_id
    assert world.case(case_id).pin_index != old
    assert any("case.reissued" in body for body in said_to_citizen(world))
    assert not any(pin[1] in body for body in said_to_citizen(world))


async def test_no_new_code_without_saying_how_the_person_was_checked(world: World) -> None:
    browser, case_id = await held(world)
    old = world.case(case_id).pin_index

    back = await browser.press(f"/desk/cases/{case_id}/reissue")

    assert back.headers["location"].endswith("/do/reissue")
    assert world.case(case_id).pin_index == old
