"""Who may see what: every route, every role, another branch."""

import re

import httpx
import pytest
import sqlalchemy as sa
from fastapi.responses import HTMLResponse
from fastapi.routing import iter_route_contexts

from cases import callbacks, data_requests
from cases.calendar import calendar_of
from cases.model import Case
from cases.staff import StaffMember
from cases.thread import ThreadEntry
from desk import auth
from desk.pages.queue import Tab
from store.audit import AuditRow
from store.clock import SetClock
from store.marks import MarkName, set_mark
from store.session import Session
from tests.desk.world import STAFF, Browser, World, photo

EVERYBODY = frozenset(STAFF)
CASEWORKERS = frozenset({"lan", "minh", "hai", "tam", "trung"})
GROUP_KEEPERS = frozenset({"hai", "trung", "quan"})
"""Who may keep the group of the branch U Minh."""
CANNED_WRITERS = frozenset({"hai", "trung", "quan"})
OF_U_MINH = frozenset({"lan", "minh", "hai", "trung"})
"""Who may see a case of the branch U Minh: the branch and the centre."""

ROUTES = {
    ("GET", "/sign-in"): EVERYBODY,
    ("POST", "/sign-in"): EVERYBODY,
    ("POST", "/sign-out"): EVERYBODY,
    ("POST", "/here"): EVERYBODY,
    ("GET", "/password"): EVERYBODY,
    ("POST", "/password"): EVERYBODY,
    ("GET", "/second"): EVERYBODY,
    ("POST", "/second"): EVERYBODY,
    ("POST", "/second/options"): EVERYBODY,
    ("POST", "/second/key"): EVERYBODY,
    ("GET", "/security"): EVERYBODY,
    ("POST", "/security/app"): EVERYBODY,
    ("GET", "/security/app"): EVERYBODY,
    ("POST", "/security/app/confirm"): EVERYBODY,
    ("POST", "/security/key/options"): EVERYBODY,
    ("POST", "/security/key"): EVERYBODY,
    ("POST", "/security/remove"): EVERYBODY,
    ("POST", "/security/paper"): EVERYBODY,
    ("POST", "/security/sessions/end"): EVERYBODY,
    ("GET", "/"): EVERYBODY,
    ("GET", "/queue"): CASEWORKERS,
    ("GET", "/search"): CASEWORKERS,
    ("GET", "/events"): CASEWORKERS,
    ("GET", "/meetings"): CASEWORKERS,
    ("GET", "/telegram"): CASEWORKERS | {"quan"},
    ("POST", "/telegram/me"): CASEWORKERS,
    ("POST", "/telegram/me/remove"): CASEWORKERS,
    ("POST", "/telegram/group"): GROUP_KEEPERS,
    ("POST", "/telegram/group/set"): GROUP_KEEPERS,
    ("POST", "/telegram/group/check"): GROUP_KEEPERS,
    ("POST", "/telegram/group/remove"): GROUP_KEEPERS,
    ("GET", "/intake"): CASEWORKERS,
    ("POST", "/intake"): CASEWORKERS,
    ("GET", "/intake/{draft_id}"): frozenset(),
    ("POST", "/intake/{draft_id}"): frozenset(),
    ("POST", "/intake/{draft_id}/open"): frozenset(),
    ("POST", "/intake/{draft_id}/drop"): frozenset(),
    ("GET", "/intake/{draft_id}/done"): frozenset(),
    ("GET", "/intake/{draft_id}/slip.pdf"): frozenset(),
    ("GET", "/callbacks"): CASEWORKERS,
    ("GET", "/gone"): CASEWORKERS,
    ("POST", "/callbacks/{callback_id}"): OF_U_MINH,
    ("POST", "/callbacks/{callback_id}/show"): OF_U_MINH,
    ("POST", "/cases/{case_id}/callback"): OF_U_MINH,
    ("GET", "/data-requests"): frozenset({"trung"}),
    ("POST", "/data-requests/{request_id}"): frozenset({"trung"}),
    ("GET", "/canned"): CANNED_WRITERS,
    ("POST", "/canned"): CANNED_WRITERS,
    ("POST", "/canned/starters"): CANNED_WRITERS,
    ("POST", "/canned/{reply_id}/remove"): CANNED_WRITERS,
    ("GET", "/cases/{case_id}/canned"): OF_U_MINH,
    ("POST", "/cases/{case_id}/present"): OF_U_MINH,
    ("GET", "/cases/{case_id}"): OF_U_MINH,
    ("GET", "/cases/{case_id}/live"): OF_U_MINH,
    ("POST", "/cases/{case_id}/claim"): OF_U_MINH,
    ("POST", "/cases/{case_id}/reissue"): OF_U_MINH,
    ("GET", "/cases/{case_id}/do/{act}"): OF_U_MINH,
    ("POST", "/cases/{case_id}/do/{act}"): OF_U_MINH,
    ("POST", "/cases/{case_id}/people"): OF_U_MINH,
    ("GET", "/cases/{case_id}/papers/{name}"): OF_U_MINH,
    ("POST", "/cases/{case_id}/papers/{name}"): OF_U_MINH,
    ("POST", "/attachments"): OF_U_MINH,
    ("POST", "/cases/{case_id}/reply"): OF_U_MINH,
    ("POST", "/cases/{case_id}/note"): OF_U_MINH,
    ("POST", "/cases/{case_id}/draft"): OF_U_MINH,
    ("POST", "/cases/{case_id}/contact"): OF_U_MINH,
    ("GET", "/files/{file_id}"): OF_U_MINH,
    ("GET", "/files/{file_id}/view"): OF_U_MINH,
    ("POST", "/files/{file_id}/original"): OF_U_MINH,
    ("GET", "/figures"): frozenset({"hai", "trung", "quan"}),
    ("POST", "/figures/export"): frozenset({"hai", "trung", "quan"}),
    ("GET", "/figures/register"): frozenset({"hai", "trung"}),
    ("POST", "/figures/register"): frozenset({"hai", "trung"}),
    ("POST", "/figures/register/export"): frozenset({"hai", "trung"}),
    ("GET", "/figures/form12"): frozenset({"hai", "trung"}),
    ("POST", "/figures/form12/export"): frozenset({"hai", "trung"}),
    ("GET", "/figures/opinions"): frozenset({"hai", "trung"}),
    ("GET", "/accounts"): frozenset({"quan"}),
    ("GET", "/newcomers"): frozenset({"hai", "trung"}),
    ("POST", "/newcomers/{staff_id}"): frozenset(),
    ("GET", "/glass"): CASEWORKERS | {"quan"},
    ("POST", "/glass"): CASEWORKERS | {"quan"},
    ("GET", "/glass/{glass_id}"): frozenset(),
    ("POST", "/glass/{glass_id}/agree"): frozenset(),
    ("POST", "/glass/{glass_id}/end"): frozenset(),
    ("GET", "/recoveries"): frozenset({"quan", "trung"}),
    ("POST", "/recoveries/{recovery_id}/grant"): frozenset({"quan", "trung"}),
    ("POST", "/recoveries/{recovery_id}/refuse"): frozenset({"quan", "trung"}),
    ("GET", "/audit"): frozenset({"kiem"}),
    ("GET", "/status"): frozenset({"quan"}),
}
"""Whom each route answers about a case of U Minh. A new route belongs in here."""

FIELDS: dict[str, dict[str, str]] = {
    "reissue": {"checked": "id_card"},
    "{act}": {"outcome": "advised"},
    "reply": {"text": "chào"},
    **{key: {"office": "u-minh"} for key in ("group", "set", "check", "remove")},
    "canned": {"office": "u-minh", "key": "chào", "text": "Chào bà con."},
    "starters": {"office": "u-minh"},
    "note": {"text": "ghi"},
}


ELSEWHERE = ("/knowledge", "/province", "/accounts/", "/join", "/providers", "/wording")
"""What begins so stands in tables of their own."""


def routes_of(world: World) -> set[tuple[str, str]]:
    return {
        (method, context.path or "")
        for context in iter_route_contexts(world.desk.routes)
        for method in context.methods or ()
    }


def test_every_route_stands_in_the_table(world: World) -> None:
    there = {(way, path) for way, path in routes_of(world) if not path.startswith(ELSEWHERE)}
    assert there == set(ROUTES)


FRESH_PROOF = {
    ("GET", "/password"),
    ("POST", "/password"),
    ("POST", "/security/app"),
    ("GET", "/security/app"),
    ("POST", "/security/app/confirm"),
    ("POST", "/security/key/options"),
    ("POST", "/security/key"),
    ("POST", "/security/remove"),
    ("POST", "/security/paper"),
    ("POST", "/cases/{case_id}/contact"),
    ("POST", "/cases/{case_id}/people"),
    ("POST", "/callbacks/{callback_id}/show"),
    ("POST", "/data-requests/{request_id}"),
    ("POST", "/figures/export"),
    ("POST", "/figures/register"),
    ("POST", "/figures/register/export"),
    ("POST", "/figures/form12/export"),
    ("POST", "/knowledge/exchange/yaml"),
    ("POST", "/knowledge/exchange/xlsx"),
    ("GET", "/accounts/new"),
    ("POST", "/accounts/new"),
    ("POST", "/accounts/{staff_id}/link"),
    ("POST", "/accounts/{staff_id}/revoke"),
    ("POST", "/accounts/{staff_id}/reset"),
    ("POST", "/recoveries/{recovery_id}/grant"),
    ("POST", "/recoveries/{recovery_id}/refuse"),
    ("POST", "/glass"),
    ("POST", "/newcomers/{staff_id}"),
    ("POST", "/glass/{glass_id}/agree"),
    ("POST", "/accounts/{staff_id}/post"),
    ("POST", "/accounts/{staff_id}/skills"),
    ("POST", "/accounts/{staff_id}/active"),
}
"""What asks whoever proved themselves longer than ten minutes ago to do so again: what leaves the
desk, shows a number, or changes who may do what."""


def test_what_asks_for_a_fresh_proof_stands_in_the_table(world: World) -> None:
    asking = {
        (method, context.path or "")
        for context in iter_route_contexts(world.desk.routes)
        for method in context.methods or ()
        if getattr(context.endpoint, "fresh", False)
    }
    assert asking == FRESH_PROOF


@pytest.mark.parametrize("username", ["trung", "quan"])
async def test_an_old_proof_is_asked_for_again_before_anything_is_done(
    world: World, clock: SetClock, username: str
) -> None:
    case_id = world.open_case()
    wish = wish_of(world, case_id)
    browser = await world.signed_in(username)
    clock.forward(auth.FRESH)
    done = sa.select(AuditRow.id).where(AuditRow.act != "access.refused")
    before = world.count(done)

    for method, path in sorted(FRESH_PROOF):
        at = path.replace("{staff_id}", world.ids["lan"])
        answer = await call(browser, method, at, case_id, "0" * 32, wish)
        assert answer.status_code in {303, 404}, (method, path)
        if answer.status_code == 303:
            assert answer.headers["location"].startswith("/desk/second?next="), (method, path)

    assert world.count(done) == before


async def test_a_route_that_names_nobody_answers_nobody(world: World) -> None:
    async def forgotten() -> HTMLResponse:
        return HTMLResponse("hở")

    world.desk.add_api_route("/forgotten", forgotten)
    browser = await world.signed_in("trung")

    answer = await browser.get("/desk/forgotten")

    assert answer.status_code == 404
    assert "hở" not in answer.text


async def call(
    browser: Browser, method: str, path: str, case_id: str, file_id: str, wish: str = "0" * 32
) -> httpx.Response:
    names = {"act": "close", "name": "02.pdf" if method == "GET" else "02"}
    ids = {"case_id": case_id, "file_id": file_id, "reply_id": "0" * 32}
    ids |= {
        "callback_id": wish,
        "draft_id": "0" * 32,
        "recovery_id": "0" * 32,
        "glass_id": "0" * 32,
        "staff_id": "0" * 32,
    }
    ids |= {"request_id": wish}
    address = "/desk" + path.format(**ids, **names)
    if method == "GET":
        return await browser.get(address)
    fields = {"case": case_id} if path == "/attachments" else {}
    return await browser.press(address, **fields, **FIELDS.get(path.rsplit("/", 1)[-1], {}))


def wish_of(world: World, case_id: str) -> str:
    """The id of a wish to be called."""

    def ask(session: Session) -> str:
        calendar = calendar_of(world.province, "u-minh")
        case = session.get_one(Case, case_id)
        wish = callbacks.ask(session, case, calendar)
        asked = data_requests.ask(session, case, data_requests.Asked.CORRECT)
        asked.id = wish.id  # one id stands for whatever waits for this case
        return wish.id

    return world.database.transact_now(ask)


@pytest.mark.parametrize("username", sorted(STAFF))
async def test_each_route_answers_its_own_and_nobody_else(world: World, username: str) -> None:
    case_id = world.open_case(words=("CHIM-HOÀNG-YẾN",), photo=photo())
    file_id, wish = file_of(world, case_id), wish_of(world, case_id)

    for (method, path), whom in ROUTES.items():
        if path == "/events":
            continue  # a stream has no end to wait for; see the tests of the stream
        browser = await world.signed_in(username)
        answer = await call(browser, method, path, case_id, file_id, wish)
        if username not in ROUTES["GET", "/cases/{case_id}"]:  # lists, counts and searches as well
            assert "CHIM-HOÀNG-YẾN" not in answer.text, (method, path)
            assert "0912345678" not in answer.text, (method, path)
        if username in whom:
            assert answer.status_code not in {403, 404}, (method, path)
            assert answer.status_code < 500, (method, path)
        else:
            assert answer.status_code == 404, (method, path)


async def test_a_head_of_another_branch_is_given_nothing_of_this_one(world: World) -> None:
    case_id = world.open_case(words=("CHIM-HOÀNG-YẾN",), photo=photo())
    file_id, wish = file_of(world, case_id), wish_of(world, case_id)
    promoted = sa.update(StaffMember).where(StaffMember.username == "tam").values(role="head")
    world.database.transact_now(lambda session: session.execute(promoted))

    for method, path in ROUTES:
        if path == "/events":
            continue  # a stream has no end to wait for; see the tests of the stream
        browser = await world.signed_in("tam")
        answer = await call(browser, method, path, case_id, file_id, wish)
        assert "CHIM-HOÀNG-YẾN" not in answer.text, (method, path)
        assert "0912345678" not in answer.text, (method, path)
        if any(part in path for part in ("{case_id}", "{file_id}", "{callback_id}")):
            assert answer.status_code == 404, (method, path)


async def test_what_is_not_yours_looks_as_if_it_did_not_exist(world: World) -> None:
    case_id = world.open_case(photo=photo())
    file_id = file_of(world, case_id)
    browser = await world.signed_in("tam")

    for method, path in ROUTES:
        if "{" not in path:
            continue
        foreign = await call(browser, method, path, case_id, file_id)
        nothing = await call(browser, method, path, "0" * 32, "0" * 32)
        assert foreign.status_code == nothing.status_code == 404, (method, path)
        assert foreign.text == nothing.text, (method, path)
        assert foreign.headers == nothing.headers, (method, path)


async def test_nobody_gets_past_the_door_unsigned(world: World) -> None:
    case_id = world.open_case(words=("CHIM-HOÀNG-YẾN",), photo=photo())
    file_id = file_of(world, case_id)
    stranger = world.browser()

    for method, path in ROUTES:
        if path == "/sign-in":
            continue
        answer = await call(stranger, method, path, case_id, file_id)
        assert answer.status_code in {303, 401}, (method, path)
        assert "CHIM-HOÀNG-YẾN" not in answer.text


async def test_no_list_and_no_count_tells_of_another_branch(world: World) -> None:
    empty = {}
    browser = await world.signed_in("tam")
    for tab in Tab:
        empty[tab] = (await browser.get(f"/desk/?tab={tab}")).text
    claimed, closed = world.open_case(urgent=True, danger="violence"), world.open_case()
    world.open_case()
    lan = await world.signed_in("lan")
    await lan.press(f"/desk/cases/{claimed}/claim")
    await lan.press(f"/desk/cases/{closed}/claim")
    await lan.press(f"/desk/cases/{closed}/do/close", outcome="advised")

    for tab in Tab:
        page = (await browser.get(f"/desk/?tab={tab}&open={claimed}")).text
        quiet = empty[tab].replace("open=", f"open={claimed}")
        assert NEWEST.sub("", page) == NEWEST.sub("", quiet)


NEWEST = re.compile(r'data-newest="\d+"')
"""The number of the last event, which says nothing of whose it was."""


async def test_the_centre_sees_every_branch_and_says_which(world: World) -> None:
    world.open_case(office_id="u-minh")
    world.open_case(office_id="nam-can")

    page = (await (await world.signed_in("trung")).get("/desk/")).text

    assert "Chi nhánh U Minh (chờ xác nhận)" in page
    assert "Chi nhánh Năm Căn (chờ xác nhận)" in page


@pytest.mark.parametrize("username", ["quan", "bien", "kiem"])
async def test_those_who_see_no_case_are_told_so(world: World, username: str) -> None:
    world.open_case(words=("CHIM-HOÀNG-YẾN",))
    browser = await world.signed_in(username)

    page = (await browser.get("/desk/")).text

    assert "không xem được nội dung hồ sơ nào" in page
    assert "CHIM-HOÀNG-YẾN" not in page


async def test_an_admin_sees_accounts_and_offices_where_nobody_can_help(world: World) -> None:
    page = (await (await world.signed_in("quan")).get("/desk/accounts")).text

    assert "lan" in page
    empty = page[page.index("Chưa có ai nhận được") : page.index("<table>")]
    assert "Chi nhánh Thới Bình" in empty
    assert "Chi nhánh U Minh" not in empty
    assert "Chi nhánh dự kiến" not in page


async def test_an_auditor_sees_acts_and_no_content(world: World) -> None:
    case_id = world.open_case(words=("CHIM-HOÀNG-YẾN",))
    lan = await world.signed_in("lan")
    await lan.get(f"/desk/cases/{case_id}")

    page = (await (await world.signed_in("kiem")).get("/desk/audit")).text

    assert "Đọc hồ sơ" in page
    assert "Cán bộ Lan" in page
    assert case_id[-8:] in page
    assert "CHIM-HOÀNG-YẾN" not in page


async def test_whoever_reaches_for_what_is_not_theirs_is_written_down(world: World) -> None:
    case_id = world.open_case()
    tam, bien = await world.signed_in("tam"), await world.signed_in("bien")

    await tam.get(f"/desk/cases/{case_id}")
    await tam.press(f"/desk/cases/{case_id}/claim")
    await bien.get("/desk/audit")
    await tam.get(f"/desk/cases/{'0' * 32}")  # there is none, and the answer is the same
    await tam.get("/desk/cases/canary")
    await tam.get(f"/desk/cases/{case_id}/live")  # an open page asks by itself
    await tam.get("/desk/nowhere")
    await world.browser().get(f"/desk/cases/{case_id}")

    rows = sa.select(AuditRow).where(AuditRow.act == "access.refused").order_by(AuditRow.id)
    refused = world.database.read_now(lambda session: session.scalars(rows).all())
    assert [(one.staff_id, one.subject, one.detail) for one in refused] == [
        (world.ids["tam"], case_id, "GET /cases/{case_id}"),
        (world.ids["tam"], case_id, "POST /cases/{case_id}/claim"),
        (world.ids["bien"], None, "GET /audit"),
        (world.ids["tam"], "0" * 32, "GET /cases/{case_id}"),
        (world.ids["tam"], None, "GET /cases/{case_id}"),
    ]


async def audit_page(world: World, **query: str) -> str:
    kiem = await world.signed_in("kiem")
    return (await kiem.get("/desk/audit", params=query)).text.split("<tbody>")[1]


async def test_the_audit_is_narrowed_by_who_what_which_case_and_when(world: World) -> None:
    first, second = world.open_case(), world.open_case()
    lan, minh = await world.signed_in("lan"), await world.signed_in("minh")
    await lan.get(f"/desk/cases/{first}")
    await minh.get(f"/desk/cases/{second}")
    await minh.press(f"/desk/cases/{second}/claim")

    assert "Cán bộ Lan" not in await audit_page(world, who=world.ids["minh"])
    claims = await audit_page(world, act="case.claim")
    assert "Nhận hồ sơ" in claims
    assert "Đọc hồ sơ" not in claims
    of_second = await audit_page(world, case="2")
    assert second[-8:] in of_second
    assert first[-8:] not in of_second
    assert "<td>" not in await audit_page(world, case="99")
    assert "<td>" not in await audit_page(world, until="2020-01-01")
    assert first[-8:] in await audit_page(world, since="2020-01-01", until="không phải ngày")


async def test_the_auditor_sees_when_the_log_was_last_looked_over_and_what_was_found(
    world: World,
) -> None:
    kiem = await world.signed_in("kiem")
    assert "Chưa ai rà" in (await kiem.get("/desk/audit")).text

    world.database.transact_now(lambda s: set_mark(s, MarkName.AUDIT, "12 0 1"))
    assert "12 dòng, dòng nào cũng còn nguyên" in (await kiem.get("/desk/audit")).text

    world.database.transact_now(lambda s: set_mark(s, MarkName.AUDIT, "12 2 1"))
    assert "2 chỗ không khớp" in (await kiem.get("/desk/audit")).text


async def test_opening_a_case_is_audited_every_time(world: World) -> None:
    case_id = world.open_case()
    browser = await world.signed_in("lan")

    await browser.get(f"/desk/cases/{case_id}")
    await browser.get(f"/desk/cases/{case_id}")

    assert reads(world, case_id) == 2


async def test_a_fragment_fetched_alone_is_audited_too_but_once_a_sitting(world: World) -> None:
    case_id = world.open_case()
    browser = await world.signed_in("lan")

    await browser.get(f"/desk/cases/{case_id}/live")
    await browser.get(f"/desk/cases/{case_id}/live")

    assert reads(world, case_id) == 1


def reads(world: World, case_id: str) -> int:
    return world.count(
        sa.select(AuditRow.id).where(AuditRow.act == "case.read", AuditRow.subject == case_id)
    )


async def test_every_page_forbids_foreign_code_and_leaves_nothing_behind(world: World) -> None:
    case_id = world.open_case()
    browser = await world.signed_in("lan")

    for path in ("/desk/", f"/desk/cases/{case_id}", "/desk/nowhere", "/desk/sign-in"):
        headers = (await browser.get(path)).headers
        policy = headers["content-security-policy"]
        assert "default-src 'none'" in policy
        assert "frame-ancestors 'none'" in policy
        assert "unsafe" not in policy
        assert headers["cache-control"] == "no-store"
        assert headers["x-content-type-options"] == "nosniff"


async def test_pages_hold_no_inline_code_and_name_no_other_site(world: World) -> None:
    case_id = world.open_case()
    browser = await world.signed_in("lan")
    await browser.press(f"/desk/cases/{case_id}/claim")

    for path in ("/desk/", f"/desk/cases/{case_id}", "/desk/password"):
        page = (await browser.get(path)).text
        assert "<script>" not in page
        assert " style=" not in page
        assert "<style" not in page
        assert " onclick=" not in page
        assert "http://" not in page
        assert "https://" not in page


def file_of(world: World, case_id: str) -> str:
    query = sa.select(ThreadEntry.file_id).where(
        ThreadEntry.case_id == case_id, ThreadEntry.file_id.is_not(None)
    )
    return world.database.read_now(lambda session: session.scalars(query).one()) or ""


@pytest.mark.parametrize("username", ["lan", "trung"])
async def test_no_page_shows_a_phone_or_an_id_before_it_is_asked_for(
    world: World, username: str
) -> None:
    case_id = world.open_case()
    wish = wish_of(world, case_id)
    browser = await world.signed_in(username)
    await browser.press(f"/desk/cases/{case_id}/claim")
    await browser.press(
        f"/desk/cases/{case_id}/do/add-party",
        role="opponent",
        name="Lê Văn Đối",
        id_number="096012345678",
        phone="0987654321",
    )
    assert "Lê Văn Đối" in (await browser.get(f"/desk/cases/{case_id}")).text

    pages = [path for method, path in ROUTES if method == "GET" and path != "/events"]
    texts = [(await call(browser, "GET", path, case_id, "0" * 32, wish)).text for path in pages]
    texts += [(await browser.get(f"/desk/search?q={word}")).text for word in ("Đối", "đất")]

    for number in ("0912345678", "096012345678", "0987654321"):
        assert [text for text in texts if number in text] == []
