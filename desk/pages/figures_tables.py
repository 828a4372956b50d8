"""The figures as tables: what the page, the workbook and the paper all show."""

import datetime as dt
import io
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from markupsafe import Markup

from cases.periods import Period
from cases.report12 import Movement, RegisterLine, Report12
from cases.told_figures import Count, Figures, Line, Spell
from cases.typeset import FORMS, breakable, clean, typeset
from desk import charts, figure_texts, texts
from desk.charts import Series, Spot
from desk.frame import Frame
from store.clock import ZONE

Cell = str | int | float


@dataclass(frozen=True)
class Table:
    """One table, with the chart that shows the same."""

    name: str
    columns: tuple[str, ...]
    rows: tuple[tuple[Cell, ...], ...]
    chart: Markup | None = None
    note: str = ""
    long: bool = False
    """Folded away on the page, under its chart."""


def told(count: Count) -> Cell:
    """A number, or that it is too small to be told."""
    return charts.FEW if count is None else count


def shown(cell: Cell) -> str:
    """A cell as it is read: decimals with a comma."""
    return f"{cell:.1f}".replace(".", ",") if isinstance(cell, float) else str(cell)


def _office(frame: Frame, office_id: str) -> str:
    office = frame.office(office_id)
    return office.name if office else office_id


def days_of(period: Period) -> str:
    """`từ 01/10/2026 đến 31/12/2026`."""
    if period.first == period.last:
        return f"ngày {texts.date(period.first)}"
    return f"từ {texts.date(period.first)} đến {texts.date(period.last)}"


_LINES = ("Yêu cầu mới", "Đã thụ lý", "Đã kết thúc")


def _lines(
    name: str, first: str, lines: Sequence[tuple[str, Line]], note: str = "", *, most: int = 12
) -> Table:
    bars = [(said, line.opened) for said, line in lines[:most]]
    return Table(
        name=name,
        columns=(first, *_LINES),
        rows=tuple(
            (said, told(line.opened), told(line.accepted), told(line.closed))
            for said, line in lines
        ),
        chart=charts.bars(f"{name}: số yêu cầu mới", bars) if lines else None,
        note=note,
    )


def tables_of(figures: Figures, frame: Frame, names: Mapping[str, str]) -> tuple[Table, ...]:
    """Everything but the headline; `names` are the officers' by id."""
    tables = [
        _trend(figures),
        _communes(figures, frame),
        _outcomes(figures),
        _lines(
            "Lĩnh vực bà con hỏi nhiều nhất",
            "Lĩnh vực",
            [(texts.field(line.key), line) for line in figures.by_field],
        ),
        _lines(
            "Diện người được trợ giúp",
            "Diện (Điều 7)",
            [(figure_texts.group(line.key), line) for line in figures.by_group],
            "Theo sàng lọc tự động, chưa phải kết luận. Một người thuộc nhiều diện thì đếm ở mỗi "
            "diện, nên cộng lại có thể lớn hơn tổng.",
        ),
        _lines(
            "Chi nhánh",
            "Nơi giữ hồ sơ",
            [(_office(frame, line.key), line) for line in figures.by_office],
        ),
        _lines(
            "Kênh liên lạc",
            "Kênh",
            [(texts.channel(line.key), line) for line in figures.by_channel],
        ),
        _spells(figures),
        _deadlines(figures),
        _stars(figures),
    ]
    if figures.load:
        tables.append(_load(figures, frame, names))
    return tuple(tables)


def _trend(figures: Figures) -> Table:
    names = [_step(step, figures.period) for step, _ in figures.trend]
    series = [
        Series(name, tuple(getattr(line, measure) for _, line in figures.trend))
        for name, measure in zip(_LINES, ("opened", "accepted", "closed"), strict=True)
    ]
    return Table(
        name="Theo thời gian",
        columns=("Lúc", *_LINES),
        rows=tuple(
            (name, told(line.opened), told(line.accepted), told(line.closed))
            for name, (_, line) in zip(names, figures.trend, strict=True)
        ),
        chart=charts.lines("Yêu cầu mới, đã thụ lý, đã kết thúc theo thời gian", names, series),
        long=True,
    )


def _step(step: Period, whole: Period) -> str:
    days = (whole.last - whole.first).days + 1
    if days > 93:
        return f"{step.first:%m/%Y}"
    return f"{step.first:%d/%m}"


def _communes(figures: Figures, frame: Frame) -> Table:
    communes = {commune.code: commune for commune in frame.province.communes}
    spots = [Spot(one.code, one.name, one.lat, one.lon) for one in communes.values()]
    counts = {line.key: line.opened for line in figures.by_commune}
    return Table(
        name="Bản đồ xã, phường",
        columns=("Xã, phường", *_LINES),
        rows=tuple(
            (
                communes[line.key].full_name if line.key in communes else line.key or "Chưa rõ nơi",
                told(line.opened),
                told(line.accepted),
                told(line.closed),
            )
            for line in figures.by_commune
        ),
        chart=charts.tiles("Số yêu cầu mới theo xã, phường", spots, counts),
        note="Mỗi ô là một xã, phường, đặt gần đúng vị trí; ô càng đậm càng nhiều yêu cầu mới. "
        "Không phải ranh giới thật.",
        long=True,
    )


def _outcomes(figures: Figures) -> Table:
    said = [(texts.outcome(outcome), count) for outcome, count in figures.outcomes]
    return Table(
        name="Kết quả",
        columns=("Kết thúc thế nào", "Số hồ sơ"),
        rows=tuple((name, told(count)) for name, count in said),
        chart=charts.bars("Hồ sơ kết thúc theo kết quả", said) if said else None,
    )


def _spells(figures: Figures) -> Table:
    def row(name: str, spell: Spell) -> tuple[Cell, ...]:
        if spell.median is None or spell.p90 is None:
            return (name, told(spell.count), "–", "–")
        return (name, told(spell.count), round(spell.median, 1), round(spell.p90, 1))

    return Table(
        name="Mất bao lâu (giờ làm việc)",
        columns=("Từ lúc gửi yêu cầu đến", "Số hồ sơ", "Phân nửa không quá", "9 trên 10 không quá"),
        rows=(
            row("có người nhận", figures.to_claim),
            row("thụ lý", figures.to_accept),
            row("làm xong", figures.to_finish),
        ),
        note="Tính giờ mở cửa của nơi giữ hồ sơ, không trừ lúc chờ bà con bổ sung. Chưa ai nhận "
        f"trong số yêu cầu mới: {told(figures.unclaimed)}.",
    )


def _deadlines(figures: Figures) -> Table:
    shares = [(figure_texts.deadline(one.kind), one.share) for one in figures.deadlines]
    return Table(
        name="Giữ đúng thời hạn",
        columns=("Thời hạn", "Đúng hạn", "Trễ", "Tỷ lệ đúng hạn (%)"),
        rows=tuple(
            (
                figure_texts.deadline(one.kind),
                told(one.kept),
                told(one.late),
                "–" if one.share is None else round(one.share, 1),
            )
            for one in figures.deadlines
        ),
        chart=charts.bars(
            "Tỷ lệ đúng hạn, phần trăm",
            [(name, round(share)) for name, share in shares if share is not None],
            "%",
        )
        if shares
        else None,
        note="Của các hồ sơ đã kết thúc trong thời gian này.",
    )


def _stars(figures: Figures) -> Table:
    stars = figures.stars
    said = [(f"{number} sao", count) for number, count in stars.by_stars]
    mean = "" if stars.mean is None else f" Trung bình {shown(round(stars.mean, 1))} trên 5."
    return Table(
        name="Bà con hài lòng",
        columns=("Số sao", "Số phiếu"),
        rows=tuple((name, told(count)) for name, count in said),
        chart=charts.bars("Số phiếu theo số sao", said) if stars.count else None,
        note=f"{told(stars.count)} phiếu.{mean}",
    )


def _load(figures: Figures, frame: Frame, names: Mapping[str, str]) -> Table:
    return Table(
        name="Phần việc mỗi người",
        columns=("Cán bộ", "Nơi làm việc", "Đang giữ", "Trong đó gấp", "Nhận", "Kết thúc"),
        rows=tuple(
            (
                names.get(one.staff_id, "–"),
                _office(frame, one.office_id),
                one.held,
                one.urgent,
                one.claimed,
                one.closed,
            )
            for one in figures.load
        ),
        note="Đang giữ: tính đến lúc này. Nhận, kết thúc: trong thời gian đã chọn.",
    )


# --- the report and the register ----------------------------------------------------------------

_MOVED = (
    "Kỳ trước chuyển sang",
    "Thụ lý trong kỳ",
    "Tổng số",
    "Làm xong",
    "Dừng giữa chừng",
    "Chuyển kỳ sau",
)


def _moved(name: str, movement: Movement) -> tuple[Cell, ...]:
    return (
        name,
        movement.carried,
        movement.accepted,
        movement.total,
        movement.finished,
        movement.stopped,
        movement.left,
    )


def tables_of_report(report: Report12, frame: Frame) -> tuple[Table, ...]:
    """The tables of Form 12, in our own layout."""
    whole = _moved("Tất cả", report.all)
    by_office = [_moved(_office(frame, key), one) for key, one in report.by_office]
    return (
        Table(
            "I. Vụ việc theo hình thức",
            ("Hình thức", *_MOVED),
            (whole, *(_moved(texts.form_of_aid(form), one) for form, one in report.by_form)),
        ),
        Table(
            "II. Vụ việc theo lĩnh vực",
            ("Lĩnh vực", *_MOVED),
            tuple(_moved(texts.field(key), one) for key, one in report.by_field),
        ),
        Table("III. Vụ việc theo nơi thực hiện", ("Nơi", *_MOVED), tuple(by_office)),
        Table(
            "IV. Diện người được trợ giúp",
            ("Diện (Điều 7)", "Thụ lý trong kỳ"),
            tuple((figure_texts.group(key), count) for key, count in report.by_group),
            note="Theo sàng lọc tự động; một người thuộc nhiều diện thì đếm ở mỗi diện.",
        ),
        Table(
            "V. Người thực hiện được cử",
            ("Người thực hiện", "Số lượt cử trong kỳ"),
            tuple((texts.provider_kind(kind), count) for kind, count in report.by_provider),
        ),
        Table(
            "VI. Số khác",
            ("Mục", "Số"),
            (
                ("Yêu cầu nhận được trong kỳ", report.requests),
                *(
                    (f"Từ chối: {figure_texts.ground(ground)}", count)
                    for ground, count in report.refused
                ),
                ("Người dân rút yêu cầu", report.withdrawn),
                ("Khiếu nại nhận được", report.complaints),
                ("Khiếu nại đã trả lời", report.complaints_answered),
                ("Phiếu lấy ý kiến", report.rated),
                ("Trong đó hài lòng (4–5 sao)", report.satisfied),
            ),
            note="Máy không ghi giới tính, tôn giáo; số người trùng giữa các vụ việc chưa tách.",
        ),
    )


def table_of_register(lines: Iterable[RegisterLine], frame: Frame) -> Table:
    """The register, in our own columns."""
    communes = {commune.code: commune.full_name for commune in frame.province.communes}
    rows: list[tuple[Cell, ...]] = []
    for number, line in enumerate(lines, 1):
        groups = [figure_texts.group(group) for group in line.groups]
        if line.masked_group:
            groups.append("diện được giữ kín")
        rows.append(
            (
                number,
                line.code,
                _day(line.at),
                line.name or "chưa ghi",
                "; ".join(groups) or "chưa rõ",
                communes.get(line.commune or "", "chưa rõ"),
                texts.field(line.field),
                texts.form_of_aid(line.form),
                line.provider or "",
                _day(line.closed_at) if line.closed_at else "",
                texts.outcome(line.outcome) if line.outcome else "",
                texts.at_once(line.at_once) if line.at_once else "",
            )
        )
    columns = (
        "Số",
        "Mã vụ việc",
        "Ngày thụ lý",
        "Người được trợ giúp",
        "Diện",
        "Nơi xảy ra, nơi ở",
        "Lĩnh vực",
        "Hình thức",
        "Người thực hiện",
        "Ngày kết thúc",
        "Kết quả",
        "Ghi chú",
    )
    return Table("Sổ thụ lý, theo dõi vụ việc", columns, tuple(rows))


def _day(at: dt.datetime) -> str:
    return texts.date(at.astimezone(ZONE).date())


# --- files --------------------------------------------------------------------------------------


def to_workbook(title: str, about: Sequence[str], tables: Sequence[Table], *, mark: str) -> bytes:
    """An XLSX file with a sheet for each table; nothing in it is a formula or a link.

    `mark` says who took it and when: at the foot of each printed page and below each table.
    """
    import xlsxwriter  # here, as no start needs to wait for it

    footer = "&L" + mark.replace("&", "&&")[:200]
    made = io.BytesIO()
    options = {
        "in_memory": True,
        "strings_to_formulas": False,
        "strings_to_urls": False,
        "strings_to_numbers": False,
    }
    with xlsxwriter.Workbook(made, options) as book:
        book.set_properties({"title": title, "comments": mark})
        head = book.add_format(
            {"bold": True, "bg_color": "#E2F0E8", "border": 1, "text_wrap": True, "valign": "top"}
        )
        body = book.add_format({"text_wrap": True, "valign": "top", "num_format": "@"})
        whole = book.add_format({"valign": "top", "num_format": "#,##0"})
        part = book.add_format({"valign": "top", "num_format": "#,##0.0"})
        front = book.add_worksheet("Giới thiệu")
        front.set_column(0, 0, 100)
        front.set_footer(footer)
        for row, text in enumerate((title, *about, mark)):
            front.write_string(row, 0, text, body)
        for place, table in enumerate(tables, 1):
            page = book.add_worksheet(_sheet_name(place, table.name))
            page.freeze_panes(1, 1)
            page.set_landscape()
            page.set_footer(footer)
            page.fit_to_pages(1, 0)
            page.repeat_rows(0)
            page.set_column(0, 0, 34)
            page.set_column(1, max(len(table.columns) - 1, 1), 18)
            for column, name in enumerate(table.columns):
                page.write_string(0, column, name, head)
            for row, cells in enumerate(table.rows, 1):
                for column, cell in enumerate(cells):
                    if isinstance(cell, str):
                        page.write_string(row, column, cell, body)
                    else:
                        page.write_number(
                            row, column, cell, part if isinstance(cell, float) else whole
                        )
            below = len(table.rows) + 2
            for row, text in enumerate(filter(None, (table.note, mark)), below):
                page.write_string(row, 0, text)
    return made.getvalue()


def _sheet_name(place: int, name: str) -> str:
    """Excel takes 31 letters, and some not at all."""
    plain = "".join(" " if one in r"[]:*?/\'" else one for one in name)
    return f"{place} {plain}"[:31].strip()


def to_pdf(
    title: str,
    about: Sequence[str],
    tables: Sequence[Table],
    *,
    mark: str,
    wide: bool = False,
    signers: Sequence[str] = (),
) -> bytes:
    """The tables with their charts on paper; `mark`, on each page, says who took it and when.

    `signers` sign below the last table.
    """
    data: dict[str, Any] = {
        "title": clean(title),
        "about": [clean(line) for line in about],
        "mark": clean(mark),
        "wide": wide,
        "signers": list(signers),
        "tables": [
            {
                "name": clean(table.name),
                "columns": list(table.columns),
                "rows": [[breakable(clean(shown(cell))) for cell in row] for row in table.rows],
                "numbers": [
                    bool(table.rows) and not isinstance(table.rows[0][column], str)
                    for column in range(len(table.columns))
                ],
                "widths": [_width(table, column) for column in range(len(table.columns))],
                "chart": _picture(table.chart),
                "note": clean(table.note),
            }
            for table in tables
            if table.rows
        ],
    }
    return typeset((FORMS / "figures.typ").read_text(encoding="utf-8"), data)


_NARROWEST, _WIDEST = 5, 24
"""Letters of a column on paper; what is longer takes another line."""


def _width(table: Table, column: int) -> int:
    """What a column has to hold, in letters: its longest word, and of its text what fits."""
    cells = [table.columns[column], *(shown(row[column]) for row in table.rows)]
    word = max(len(part) for cell in cells for part in cell.split() or [""])
    text = max(len(cell) for cell in cells)
    return min(max(word, 2 * text // 3, _NARROWEST), _WIDEST)


def _picture(chart: Markup | None) -> str | None:
    """A chart as a file of its own needs to say what it is."""
    if chart is None:
        return None
    named = str(chart).replace("<svg ", '<svg xmlns="http://www.w3.org/2000/svg" ', 1)
    return named.replace("system-ui, Segoe UI, Roboto, Noto Sans, ", "")
