"""The pages of the figures: who sees what, what leaves the desk, and what is written down."""

import io

import openpyxl
import pytest
import sqlalchemy as sa
from pypdf import PdfReader

from cases import parties, queue, register
from cases.limits import Form
from cases.parties import PartyRole
from cases.staff import StaffMember
from desk import charts
from desk.charts import Series, Spot
from desk.pages.figures import MOST_FILES
from store import audit
from store.audit import AuditRow
from store.session import Session
from tests.cases.test_documents import words_of_pdf
from tests.desk.world import PROVINCE, World

PATHS = ("/figures", "/figures/register", "/figures/form12")


def accepted(world: World, name: str = "Nguyễn Văn Tèo", group: str = "hiv") -> str:
    """A case of U Minh in the register."""
    case_id = world.open_case(screening={"grounds": [{"id": group}]})

    def act(session: Session) -> None:
        lan = session.scalars(sa.select(StaffMember).where(StaffMember.username == "lan")).one()
        queue.claim(session, lan, case_id, "Chi nhánh U Minh")
        parties.add_party(session, lan, case_id, PartyRole.CLIENT, name)
        register.accept(session, lan, case_id, PROVINCE, Form.ADVICE)

    world.database.transact_now(act)
    return case_id


def audited(world: World, act: str) -> list[str]:
    query = sa.select(AuditRow.detail).where(AuditRow.act == act).order_by(AuditRow.id)
    return [detail or "" for detail in world.database.read_now(lambda s: s.scalars(query).all())]


@pytest.mark.parametrize("username", ["lan", "bien", "kiem"])
async def test_who_leads_nothing_sees_no_figures(world: World, username: str) -> None:
    browser = await world.signed_in(username)

    for path in PATHS:
        assert (await browser.get(f"/desk{path}")).status_code == 404
    for path in ("/figures/export", "/figures/register/export", "/figures/form12/export"):
        assert (await browser.press(f"/desk{path}")).status_code == 404
    assert audited(world, "figures.export") == []


async def test_an_admin_sees_counts_but_no_register_and_no_report(world: World) -> None:
    accepted(world)
    browser = await world.signed_in("quan")

    page = await browser.get("/desk/figures?range=year&group=hiv&commune=32047")

    assert page.status_code == 200
    assert "số dưới 5 được giấu" in page.text
    assert "<dd>&lt;5</dd>" in page.text
    assert "<dd>1</dd>" not in page.text
    assert 'name="group"' not in page.text
    for path in PATHS[1:]:
        assert (await browser.get(f"/desk{path}")).status_code == 404


async def test_an_admin_may_not_choose_days_freely(world: World) -> None:
    browser = await world.signed_in("quan")

    page = await browser.get("/desk/figures?range=custom&first=2026-11-22&last=2026-11-23")

    assert "chỉ xem được theo tháng, quý, năm" in page.text


async def test_a_head_sees_the_branch_whatever_the_address_asks_for(world: World) -> None:
    world.open_case()
    world.open_case(office_id="nam-can")
    hai, trung = await world.signed_in("hai"), await world.signed_in("trung")

    own = (await hai.get("/desk/figures?range=year&office=nam-can")).text
    every = (await trung.get("/desk/figures?range=year")).text

    assert "<dt>Yêu cầu mới</dt><dd>1</dd>" in own
    assert "Chi nhánh Năm Căn" not in own
    assert "<dt>Yêu cầu mới</dt><dd>2</dd>" in every
    assert "Chi nhánh Năm Căn" in every


@pytest.mark.parametrize(
    "asked",
    ["first=2026-11-23&last=2026-11-22", "first=&last=", "first=0001-01-01&last=9999-12-31", ""],
)
async def test_days_that_make_no_stretch_are_told_and_the_quarter_is_shown(
    world: World, asked: str
) -> None:
    browser = await world.signed_in("hai")

    page = await browser.get(f"/desk/figures?range=custom&{asked}")

    assert page.status_code == 200
    assert "Chọn ngày đầu và ngày cuối" in page.text
    assert "từ 01/10/2026 đến 31/12/2026" in page.text


async def test_days_that_are_chosen_freely_are_counted(world: World) -> None:
    world.open_case()
    browser = await world.signed_in("hai")
    address = "/desk/figures?range=custom"

    assert "<dd>1</dd>" in (await browser.get(f"{address}&first=2026-11-23&last=2026-11-23")).text
    before = (await browser.get(f"{address}&first=2026-11-01&last=2026-11-22")).text
    assert "<dt>Yêu cầu mới</dt><dd>0</dd>" in before


async def test_a_workbook_holds_what_the_page_shows_and_is_audited(world: World) -> None:
    accepted(world)
    browser = await world.signed_in("hai")

    answer = await browser.press("/desk/figures/export", format="xlsx", range="year", field="land")

    book = openpyxl.load_workbook(io.BytesIO(answer.content))
    cells = [[cell.value for cell in row] for row in book["1 Tổng quát"].iter_rows()]
    assert cells[1:3] == [["Yêu cầu mới", 1], ["Đã thụ lý", 1]]
    assert "attachment" in answer.headers["content-disposition"]
    assert audited(world, "figures.export") == ["xlsx 2026-01-01 2026-12-31 land"]


async def test_paper_is_made_of_the_same(world: World) -> None:
    accepted(world)
    browser = await world.signed_in("hai")

    answer = await browser.press("/desk/figures/export", format="pdf", range="year")

    assert answer.headers["content-type"] == "application/pdf"
    assert answer.content.startswith(b"%PDF-")
    assert audited(world, "figures.export") == ["pdf 2026-01-01 2026-12-31"]


async def test_files_have_an_end_in_a_day(world: World) -> None:
    def take_most(session: Session) -> None:
        for _ in range(MOST_FILES - 1):
            audit.note(session, "figures.export", staff_id=world.ids["hai"])

    world.database.transact_now(take_most)
    hai, trung = await world.signed_in("hai"), await world.signed_in("trung")

    takers = (hai, hai, trung)
    answers = [await browser.press("/desk/figures/form12/export") for browser in takers]

    assert [answer.status_code for answer in answers] == [200, 429, 200]
    assert len(audited(world, "form12.export")) == 2


async def test_the_register_hides_names_until_they_are_asked_for_and_says_who_asked(
    world: World,
) -> None:
    accepted(world, "Nguyễn Văn Tèo", "hiv")
    browser = await world.signed_in("hai")

    masked = (await browser.get("/desk/figures/register?range=year")).text
    assert "N. V. T." in masked
    assert "diện được giữ kín" in masked
    assert "Tèo" not in masked
    assert "HIV" not in masked
    assert audited(world, "register.reveal") == []

    full = (await browser.press("/desk/figures/register", range="year")).text
    assert "Nguyễn Văn Tèo" in full
    assert "Người nhiễm HIV" in full
    assert audited(world, "register.reveal") == ["2026-01-01 2026-12-31"]


@pytest.mark.parametrize(("names", "seen"), [("masked", False), ("full", True), ("", False)])
async def test_a_workbook_of_the_register_is_masked_too(
    world: World, names: str, seen: bool
) -> None:
    accepted(world)
    browser = await world.signed_in("hai")

    answer = await browser.press("/desk/figures/register/export", names=names, range="year")

    book = openpyxl.load_workbook(io.BytesIO(answer.content))
    words = [str(cell.value) for row in book.worksheets[1].iter_rows() for cell in row]
    assert ("Nguyễn Văn Tèo" in words) is seen
    assert ("N. V. T." in words) is not seen
    kind = "names" if seen else "masked"
    assert audited(world, "register.export") == [f"{kind} xlsx 2026-01-01 2026-12-31"]


async def test_the_register_on_paper_is_audited_as_such(world: World) -> None:
    browser = await world.signed_in("hai")

    answer = await browser.press("/desk/figures/register/export", names="full_pdf", range="year")

    assert answer.content.startswith(b"%PDF")
    told = words_of_pdf(answer.content)
    assert told.count("Sổ thụ lý, theo dõi vụ việc") == 2  # the title, and the foot of the page
    assert "NGƯỜI LẬP SỔ" in told
    assert "THỦ TRƯỞNG ĐƠN VỊ" in told
    assert audited(world, "register.export") == ["names pdf 2026-01-01 2026-12-31"]


async def test_every_sheet_that_leaves_the_desk_says_who_took_it_and_when(world: World) -> None:
    accepted(world)
    browser = await world.signed_in("hai")
    mark = "Cán bộ Hai (hai) tải về lúc 12:00:00 23/11/2026."

    answers = [
        await browser.press(f"/desk/figures/{name}", range="year")
        for name in ("export", "register/export", "form12/export")
    ]
    pdf = await browser.press("/desk/figures/export", range="year", format="pdf")

    for answer in answers:
        book = openpyxl.load_workbook(io.BytesIO(answer.content))
        for sheet in book.worksheets:
            cells = {str(cell.value) for row in sheet.iter_rows() for cell in row}
            assert mark in cells, sheet.title
            assert sheet.oddFooter is not None
            assert sheet.oddFooter.left.text == mark
    pages = PdfReader(io.BytesIO(pdf.content)).pages
    assert all("Cán bộ Hai (hai)" in page.extract_text() for page in pages)


async def test_the_register_of_another_branch_stays_closed(world: World) -> None:
    accepted(world)
    tam_is_head = sa.update(StaffMember).where(StaffMember.username == "tam").values(role="head")
    world.database.transact_now(lambda session: session.execute(tam_is_head))
    browser = await world.signed_in("tam")

    page = (await browser.press("/desk/figures/register", range="year", office="u-minh")).text

    assert "Tèo" not in page
    assert "Không có vụ việc nào" in page


async def test_a_name_that_looks_like_a_formula_stays_a_name(world: World) -> None:
    accepted(world, '=HYPERLINK("http://x")')
    browser = await world.signed_in("hai")

    answer = await browser.press("/desk/figures/register/export", names="full", range="year")

    book = openpyxl.load_workbook(io.BytesIO(answer.content))
    cell = next(
        cell
        for row in book.worksheets[1].iter_rows()
        for cell in row
        if "HYPERLINK" in str(cell.value)
    )
    assert cell.data_type == "s"


async def test_the_report_says_that_its_layout_is_a_sample(world: World) -> None:
    accepted(world)
    browser = await world.signed_in("trung")

    page = (await browser.get("/desk/figures/form12?year=2026&half=2")).text

    assert "chưa phải biểu mẫu chính thức" in page
    assert "từ 01/07/2026 đến 31/12/2026" in page
    for odd in ("year=abc&half=9", "year=1&half=", "year=9999"):
        assert (await browser.get(f"/desk/figures/form12?{odd}")).status_code == 200


# --- charts, pure -------------------------------------------------------------------------------


def test_names_in_a_chart_are_text_and_nothing_else() -> None:
    drawn = charts.bars("<b>", [("<script>", 3), ("ít", None)])

    assert "<script>" not in drawn
    assert "&lt;script&gt;" in drawn
    assert "&lt;5" in drawn


def test_a_line_has_a_gap_where_nothing_may_be_told() -> None:
    drawn = charts.lines("t", ["a", "b", "c", "d", "e"], [Series("s", (1, 2, None, 3, 4))])

    assert drawn.count("<polyline") == 2
    assert drawn.count("<circle") == 4


def test_every_commune_has_a_tile_of_its_own_near_its_neighbours() -> None:
    spots = tuple(Spot(one.code, one.name, one.lat, one.lon) for one in PROVINCE.communes)

    placed = charts.laid_out(spots)

    assert len(set(placed.values())) == len(spots) == 64
    assert min(column for column, _ in placed.values()) == 0
    north = min(spots, key=lambda spot: -spot.lat)
    south = min(spots, key=lambda spot: spot.lat)
    west, east = (
        min(spots, key=lambda spot: spot.lon),
        max(spots, key=lambda spot: spot.lon),
    )
    assert placed[north.key][1] < placed[south.key][1]
    assert placed[west.key][0] < placed[east.key][0]


def test_a_darker_tile_means_more() -> None:
    shades = [charts.shade_of(count, 20) for count in (0, 1, 6, 12, 20)]

    assert shades == [0, 1, 2, 3, 4]
    assert charts.shade_of(None, 20) == 1
    assert charts.shade_of(0, 0) == 0


def test_a_chart_of_nothing_can_be_drawn() -> None:
    assert "<svg" in charts.bars("t", [])
    assert "<svg" in charts.lines("t", [], [])
    assert "<svg" in charts.tiles("t", [], {})
