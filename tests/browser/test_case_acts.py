"""One case in a real browser, from the queue to its end, with a phone and with a PC."""

import datetime as dt
from pathlib import Path

from playwright.sync_api import Browser, Page, expect

from cases import data_requests, queue, register, rights, staffing, talking
from cases.life import CaseState
from cases.limits import Form
from cases.model import Case
from cases.parties import PartyRole, add_party
from cases.providers import ProviderEntry, ProviderKind, write_provider
from cases.thread import Author
from store.session import Session
from tests.browser.pages import NARROW, SIZES, WIDE, check, page_at
from tests.desk.world import World, photo


def open_form(page: Page, label: str) -> None:
    """Open the form of an act from the list of all others."""
    page.get_by_text("Việc khác", exact=True).click()
    page.get_by_role("link", name=label, exact=True).click()
    expect(page.locator(".panel h2")).to_have_text(label)


@SIZES
def test_a_case_goes_from_one_office_to_another_and_to_its_end(
    world: World,
    address: str,
    chromium: Browser,
    size: tuple[int, int],
    tmp_path: Path,
) -> None:
    paper = tmp_path / "giấy mời.pdf"
    paper.write_bytes(b"%PDF-1.7\n1 0 obj\n<<>>\nendobj\n")
    case_id = world.open_case(words=("Nhà bên lấn 2 mét đất của tôi",))
    entry = ProviderEntry("Trần Thị Lệ", ProviderKind.OFFICER, "nam-can", fields=("land",))
    centre = world.staff("trung")
    world.database.transact_now(lambda session: write_provider(session, centre, entry))

    with page_at(chromium, address, size) as page:
        page.goto(f"{address}/desk/cases/{case_id}")
        page.get_by_role("button", name="Nhận hồ sơ này").click()
        expect(page.locator("#flash")).to_contain_text("Bạn đã nhận hồ sơ")
        expect(page.locator(".case-line")).to_contain_text("còn")

        page.get_by_role("link", name="Thụ lý", exact=True).click()
        expect(page.locator(".panel h2")).to_be_focused()
        check(page)
        page.get_by_label("Tham gia tố tụng (TGTT)").check()
        page.get_by_role("button", name="Thụ lý").click()
        expect(page.locator(".case-line .code")).to_contain_text("TGTT.01.")
        check(page)

        page.get_by_text("Gửi kèm tệp").click()
        page.get_by_label("Tệp gửi người dân").set_input_files(paper)
        page.get_by_label("Lời kèm theo").fill("Bà đọc rồi ký nhé.")
        check(page)
        page.get_by_role("button", name="Gửi tệp").click()
        expect(page.locator(".bubble.staff")).to_contain_text("giấy mời.pdf")
        expect(page.get_by_label("Trả lời người dân")).to_have_value("")

        open_form(page, "Chuyển nơi khác")
        page.get_by_label("Vì sao").press_sequentially("Đất nằm ")
        world.database.transact_now(
            lambda session: talking.citizen_wrote(session, session.get_one(Case, case_id), "Alo?")
        )
        if size == WIDE:
            expect(page.get_by_text("Alo?")).to_be_visible()
        page.get_by_label("Vì sao").press_sequentially("ở Năm Căn")
        expect(page.get_by_label("Vì sao")).to_have_value("Đất nằm ở Năm Căn")
        check(page)
        page.get_by_label("Chuyển tới").select_option("nam-can")
        page.get_by_role("button", name="Hỏi nơi kia").click()
        expect(page.locator(".case-line")).to_contain_text("Đang hỏi Chi nhánh Năm Căn")

    with page_at(chromium, address, size, "tam") as page:
        page.goto(f"{address}/desk/cases/{case_id}")
        expect(page.get_by_text("Đất nằm ở Năm Căn").first).to_be_visible()
        check(page)
        page.get_by_role("button", name="Nhận hồ sơ chuyển đến").click()
        expect(page.locator("#flash")).to_contain_text("Đã nhận hồ sơ")
        page.get_by_role("button", name="Nhận hồ sơ này").click()
        page.get_by_role("link", name="Cử người thực hiện").click()
        page.get_by_label("Trần Thị Lệ").check()
        check(page)
        page.get_by_role("button", name="Cử người này").click()
        expect(page.locator(".case-line")).to_contain_text("Trần Thị Lệ thực hiện")

        open_form(page, "Lập mẫu đơn")
        check(page)
        page.get_by_role("button", name="Gửi người dân mẫu 02").click()
        expect(page.locator(".bubble.staff").last).to_contain_text("mau-02")

        page.get_by_role("link", name="Kết thúc hồ sơ").first.click()
        page.get_by_label("Đã cử người đại diện, bào chữa").check()
        page.get_by_role("button", name="Kết thúc hồ sơ").click()
        expect(page.locator(".case-head .mark").last).to_have_text("Đã cử người đại diện, bào chữa")
        check(page)
    assert world.case(case_id).state is CaseState.CLOSED
    assert world.case(case_id).office_id == "nam-can"


@SIZES
def test_a_case_with_everything_on_it_can_be_used_by_all(
    world: World, address: str, chromium: Browser, size: tuple[int, int]
) -> None:
    case_id = full_case(world)
    with page_at(chromium, address, size) as page:
        page.goto(f"{address}/desk/cases/{case_id}?tab=mine&pane=facts")
        expect(page.get_by_text("Có thể xung đột lợi ích").first).to_be_visible()
        check(page)
        page.locator(".deadline summary").first.click()
        page.locator(".deadline .steps summary").first.click()
        expect(page.locator(".deadline .steps").first).to_contain_text("Mốc")
        check(page)
        page.get_by_role("button", name="Hiện số giấy tờ, điện thoại").click()
        expect(page.locator(".people")).to_contain_text("096000000456")
        check(page)
        for label in ("Từ chối", "Sửa lĩnh vực, mức gấp", "Kết luận về xung đột lợi ích"):
            open_form(page, label)
            check(page)
        open_form(page, "Từ chối")
        page.get_by_label("Yêu cầu có nội dung trái pháp luật").check()
        page.get_by_label("Sự việc cụ thể").fill("Nhờ làm giấy tờ giả.")
        page.get_by_role("button", name="Xem trước thông báo").click()
        expect(page.locator(".letter")).to_contain_text("Nhờ làm giấy tờ giả.")
        check(page)
        page.get_by_role("link", name="Viết lại").click()
        expect(page.locator(".letter")).to_have_count(0)
        page.get_by_role("link", name="Đóng, không làm gì").click()
        expect(page.locator(".panel")).to_have_count(0)


def full_case(world: World) -> str:
    """A case in the register, with people, a conflict, a pause and the assistant's questions."""
    other = world.open_case(office_id="nam-can")
    case_id = world.open_case(
        words=("Nhà bên lấn 2 mét đất của tôi",), photo=photo(), conversation_id="talk"
    )
    world.open_case(conversation_id="talk")
    lan, tam = world.staff("lan"), world.staff("tam")

    def fill(session: Session) -> None:

        now = session.clock.now() - dt.timedelta(seconds=1)
        case = session.get_one(Case, case_id)
        asked = "Tràm hỏi thêm mấy điều để biết bà con có thuộc diện được giúp miễn phí không. " * 3
        talking.add_entry(session, case, talking.Word(Author.ASSISTANT, asked, now))
        queue.claim(session, lan, case_id, "CN")
        add_party(session, tam, other, PartyRole.CLIENT, "Lê Văn Tám")
        add_party(
            session,
            lan,
            case_id,
            PartyRole.OPPONENT,
            "Lê Văn Tám",
            id_number="096000000456",
            phone="0987654321",
        )
        register.accept(session, lan, case_id, world.province, Form.ADVICE, complex=True)
        register.pause(session, lan, case_id, "Chờ bà đi chứng thực")

    world.database.transact_now(fill)
    return case_id


@SIZES
def test_a_refusal_is_sent_complained_of_answered_and_followed(
    world: World, address: str, chromium: Browser, size: tuple[int, int]
) -> None:
    case_id = world.open_case(words=("Nhờ làm giấy",))
    claim_as_lan(world, case_id)
    with page_at(chromium, address, size) as page:
        page.goto(f"{address}/desk/cases/{case_id}")
        open_form(page, "Từ chối")
        page.get_by_label("Yêu cầu có nội dung trái pháp luật").check()
        page.get_by_label("Sự việc cụ thể").fill("Nhờ làm giấy tờ giả.")
        page.get_by_role("button", name="Xem trước thông báo").click()
        page.get_by_role("button", name="Từ chối và báo người dân").click()
        page.get_by_role("link", name="Gửi văn bản từ chối (mẫu 08)").click()
        page.get_by_role("button", name="Gửi người dân mẫu 08").click()
        expect(page.locator(".bubble.staff").last).to_contain_text("mau-08")
        expect(page.get_by_role("link", name="Gửi văn bản từ chối (mẫu 08)")).to_have_count(0)
        check(page, "refused-and-sent")
    world.database.transact_now(
        lambda s: rights.complain(s, s.get_one(Case, case_id), "Tôi không nhờ làm giấy giả")
    )
    with page_at(chromium, address, size, "trung") as page:
        page.get_by_role("link", name="Khiếu nại chờ trả lời").click()
        page.locator("#rows a").first.click()
        page.get_by_role("link", name="Trả lời khiếu nại").first.click()
        page.get_by_label("Quyết định của người đứng đầu").fill("Đã xem lại và mở lại.")
        page.get_by_role("button", name="Ghi trả lời").click()
        expect(page.locator("#flash")).to_contain_text("Đã ghi trả lời khiếu nại")
        if size == NARROW:
            page.get_by_role("link", name="Thông tin hồ sơ").click()
        page.locator(".facts").get_by_role("button", name="Sở Tư pháp đã nhận khiếu nại").click()
        expect(page.locator("#flash")).to_contain_text("Hạn 15 ngày")
        expect(page.locator(".facts")).to_contain_text("Đã xem lại và mở lại.")
        check(page, "complaint-followed")


@SIZES
def test_the_same_person_twice_is_seen_at_once_and_joined(
    world: World, address: str, chromium: Browser, size: tuple[int, int]
) -> None:
    first = world.open_case(words=("Nhà bên lấn đất",))
    second = world.open_case(words=("Tôi gửi lại",))
    for case_id in (first, second):
        claim_as_lan(world, case_id)
    with page_at(chromium, address, size) as page:
        page.goto(f"{address}/desk/cases/{second}")
        banner = page.locator(f"#banner-alike-{second}")
        expect(banner).to_contain_text("Có thể trùng với yêu cầu số 1")
        check(page, "alike")
        banner.get_by_role("link", name="Gộp làm một").click()
        page.get_by_label("Yêu cầu số 1").check()
        check(page, "join")
        page.get_by_role("button", name="Gộp làm một").click()
        # The facts beside the talk name the other request too, and a phone hides them.
        page.locator(f"#holding-{second}").get_by_role("link", name="yêu cầu số 1").click()
        expect(page.get_by_role("heading", name="Yêu cầu số 1")).to_be_visible()
        expect(page.locator(f"#joined-{first}")).to_contain_text("Yêu cầu số 2")
        check(page, "joined")


@SIZES
def test_leave_data_and_what_was_given_away_have_clean_pages(
    world: World, address: str, chromium: Browser, size: tuple[int, int]
) -> None:
    case_id = world.open_case()
    claim_as_lan(world, case_id)
    hai, today = world.staff("hai"), world.database.clock.today()

    def ask(session: Session) -> None:
        staffing.set_leave(session, hai, world.ids["lan"], today, today)
        case = session.get_one(Case, case_id)
        data_requests.ask(session, case, data_requests.Asked.CORRECT)

    world.database.transact_now(ask)
    with page_at(chromium, address, size, "hai") as page:
        page.goto(f"{address}/desk/province/duty")
        page.get_by_label("đang giữ 1 hồ sơ. Giao hết cho").select_option(world.ids["minh"])
        check(page, "hand-over-all")
        page.get_by_role("button", name="Giao hết 1 hồ sơ").click()
        expect(page.get_by_text("Đã giao hết hồ sơ.")).to_be_visible()
        page.goto(f"{address}/desk/gone")
        check(page, "gone")
    assert world.case(case_id).holder_id == world.ids["minh"]
    with page_at(chromium, address, size, "trung") as page:
        page.goto(f"{address}/desk/data-requests")
        page.get_by_text("Không sửa…").click()
        page.get_by_label("Vì sao").fill("Tên này khớp căn cước.")
        check(page, "data-request")
        page.get_by_role("button", name="Không sửa và báo lý do").click()
        expect(page.get_by_text("Người dân được báo lý do")).to_be_visible()


def claim_as_lan(world: World, case_id: str) -> None:
    lan = world.staff("lan")
    world.database.transact_now(lambda session: queue.claim(session, lan, case_id, "CN"))


def test_every_act_works_without_scripts(world: World, address: str, chromium: Browser) -> None:
    case_id = world.open_case()
    with page_at(chromium, address, NARROW, scripts=False) as page:
        page.goto(f"{address}/desk/cases/{case_id}")
        page.get_by_role("button", name="Nhận hồ sơ này").click()
        page.get_by_role("link", name="Thụ lý", exact=True).click()
        page.get_by_label("Tư vấn pháp luật (TV)").check()
        page.get_by_role("button", name="Thụ lý").click()
        page.get_by_role("button", name="Bắt đầu tư vấn").click()
        open_form(page, "Giao cho đồng nghiệp")
        page.get_by_label("Giao cho", exact=True).select_option(world.ids["minh"])
        page.get_by_role("button", name="Giao hồ sơ").click()
        expect(page.locator(".holding")).to_contain_text("Cán bộ Minh đang giữ")
    assert world.case(case_id).holder_id == world.ids["minh"]
