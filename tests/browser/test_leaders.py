"""What only leaders see, at both sizes: who is new, and what citizens ask about their data."""

from playwright.sync_api import Browser, expect

from cases import data_requests
from cases.data_requests import Asked
from cases.life import Outcome
from cases.model import Case
from cases.moves import end
from cases.staff import Role
from desk import invitations
from desk.auth import hash_password
from store.session import Session
from tests.browser.pages import SIZES, check, page_at
from tests.desk.world import PROVINCE, World


def somebody_new(world: World) -> None:
    """An officer whom the admin alone let in."""

    def let_in(session: Session) -> None:
        admin = world.staff("quan")
        invited = invitations.invite(
            session, admin, PROVINCE, username="be.ba", role=Role.OFFICER, office_id="u-minh"
        )
        hashed = hash_password("bốn tiếng không liên quan")
        invitations.take_up(session, invited.token, "Trần Thị Bé Ba", hashed)

    world.database.transact_now(let_in)


@SIZES
def test_a_head_is_told_of_somebody_new_and_confirms_them(
    world: World, address: str, chromium: Browser, size: tuple[int, int]
) -> None:
    somebody_new(world)
    with page_at(chromium, address, size, "hai") as page:
        check(page, "inbox-newcomer")
        page.get_by_role("link", name="Xem ai").click()
        expect(page.get_by_role("heading", name="Trần Thị Bé Ba")).to_be_visible()
        check(page, "newcomers")
        page.get_by_role("button", name="Đúng người của cơ quan").click()
        expect(page.get_by_text("Đã xác nhận")).to_be_visible()
        check(page)


@SIZES
def test_what_citizens_ask_about_their_data_is_decided_by_the_centre(
    world: World, address: str, chromium: Browser, size: tuple[int, int]
) -> None:
    case_id, other_id = world.open_case(), world.open_case()

    def ask(session: Session) -> None:
        case = session.get_one(Case, case_id)
        end(session, case, Outcome.WITHDRAWN, None)
        data_requests.ask(session, case, Asked.ERASE)
        other = session.get_one(Case, other_id)
        data_requests.ask(session, other, Asked.CORRECT, words="Tên đúng là Bưởi")

    world.database.transact_now(ask)
    with page_at(chromium, address, size, "trung") as page:
        page.goto(f"{address}/desk/data-requests")
        expect(page.get_by_text("Xin xóa dữ liệu")).to_be_visible()
        check(page, "data-requests")
        page.get_by_role("button", name="Xóa dữ liệu").click()
        expect(page.get_by_text("Xin xóa dữ liệu")).to_have_count(0)
        page.goto(f"{address}/desk/cases/{case_id}")
        expect(page.get_by_text("đã xóa lúc")).to_be_visible()
        check(page, "case-forgotten")
