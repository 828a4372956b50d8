"""The figures, the register and the report in a real browser, on any screen and on paper."""

import datetime as dt
import random

import sqlalchemy as sa
from playwright.sync_api import Browser, expect

from cases import parties, queue, register, rights
from cases.life import Outcome
from cases.limits import Form
from cases.model import Case
from cases.parties import PartyRole
from cases.staff import StaffMember
from eligibility.grounds import GroupId
from knowledge.article import FieldId
from store.session import Session
from tests.browser.pages import SIZES, check, keep, page_at
from tests.desk.world import PROVINCE, World


def lived(world: World) -> None:
    """Forty requests of all kinds, most of them looked after."""
    source = random.Random(3)  # noqa: S311 - a test wants the same each time
    communes = [commune.code for commune in PROVINCE.communes]
    for number in range(40):
        group = source.choice(list(GroupId))
        case_id = world.open_case(
            urgent=number % 9 == 0, screening={"grounds": [{"id": str(group)}]}
        )

        def go_on(session: Session, case_id: str = case_id, number: int = number) -> None:
            case = session.get_one(Case, case_id)
            case.commune = source.choice(communes[:25])
            case.field = source.choice([*FieldId, None])
            case.opened_at -= dt.timedelta(hours=source.uniform(0, 300))
            session.flush()
            if number % 5 == 4:
                return
            lan = session.scalars(sa.select(StaffMember).where(StaffMember.username == "lan")).one()
            queue.claim(session, lan, case_id, "Chi nhánh U Minh")
            if number % 5 == 3:
                return
            parties.add_party(session, lan, case_id, PartyRole.CLIENT, "Nguyễn Văn Tèo")
            register.accept(session, lan, case_id, PROVINCE, source.choice(list(Form)))
            if number % 5 < 2:
                outcome = Outcome.ADVISED if number % 2 else Outcome.REFERRED
                case = register.close(session, lan, case_id, outcome)
                rights.rate(session, case, 5 - number % 3)

        world.database.transact_now(go_on)


@SIZES
def test_a_head_reads_the_figures_the_register_and_the_report(
    world: World, address: str, chromium: Browser, size: tuple[int, int]
) -> None:
    lived(world)
    with page_at(chromium, address, size, "hai") as page:
        page.locator(".menu > summary").click()
        page.get_by_role("link", name="Số liệu").click()
        expect(page.get_by_role("heading", name="Số liệu", exact=True)).to_be_visible()
        page.locator("select[name=range]").select_option("Năm nay")
        page.get_by_role("button", name="Xem").click()
        expect(page.locator(".headline-figures")).to_contain_text("40")
        expect(page.get_by_role("img", name="Số yêu cầu mới theo xã, phường")).to_be_visible()
        check(page, "figures")
        page.get_by_text("Bảng số").last.click()
        expect(page.get_by_role("region", name="Bảng: Bản đồ xã, phường")).to_be_visible()
        with page.expect_download() as taken:
            page.get_by_role("button", name="Tải XLSX").click()
        assert taken.value.suggested_filename.endswith(".xlsx")

        page.get_by_role("link", name="Sổ thụ lý").click()
        page.locator("select[name=range]").select_option("Năm nay")
        page.get_by_role("button", name="Xem").click()
        expect(page.get_by_role("cell", name="N. V. T.").first).to_be_visible()
        check(page, "register")
        page.get_by_role("button", name="Hiện đủ họ tên").click()
        expect(page.get_by_role("cell", name="Nguyễn Văn Tèo").first).to_be_visible()
        check(page)

        page.get_by_role("link", name="Báo cáo Mẫu 12").click()
        expect(page.get_by_text("chưa phải biểu mẫu chính thức")).to_be_visible()
        check(page, "form12")


@SIZES
def test_an_admin_sees_no_small_number_on_any_screen(
    world: World, address: str, chromium: Browser, size: tuple[int, int]
) -> None:
    lived(world)
    with page_at(chromium, address, size, "quan") as page:
        page.goto(f"{address}/desk/figures?range=year")
        expect(page.get_by_text("số dưới 5 được giấu")).to_be_visible()
        expect(page.get_by_role("link", name="Sổ thụ lý")).to_have_count(0)
        check(page, "figures-admin")


def test_on_paper_the_tables_are_open_and_the_forms_are_gone(
    world: World, address: str, chromium: Browser
) -> None:
    lived(world)
    with page_at(chromium, address, (1000, 1400), "hai") as page:
        page.goto(f"{address}/desk/figures?range=year")
        page.emulate_media(media="print")
        expect(page.locator("form.filters")).to_be_hidden()
        expect(page.get_by_role("region", name="Bảng: Bản đồ xã, phường")).to_be_visible()
        keep(page, "figures-paper")
