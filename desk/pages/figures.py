"""Figures, the register of accepted cases, the numbers of Form 12: on the page and as files.

A head sees the own office, the centre all; admins see counts of at least five. Whatever leaves the
desk as a file, and every look at full names, is audited, and there is an end to it in a day.
"""

import datetime as dt
import re
from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import Annotated, Any

import sqlalchemy as sa
from fastapi import APIRouter, Form, Request
from fastapi.responses import HTMLResponse, Response

from cases.figures import Filters, figures_of, is_exact
from cases.periods import Period, Range, period_of
from cases.report12 import MOST_LINES, SAMPLE, register_of, report12_of
from cases.staff import Role, StaffMember
from cases.told_figures import Figures
from desk import figure_texts
from desk.frame import Flash, Frame, Me, names_of
from desk.guard import Who, staff_of, who_may
from desk.pages.figures_tables import (
    Table,
    days_of,
    shown,
    table_of_register,
    tables_of,
    tables_of_report,
    to_pdf,
    to_workbook,
    told,
)
from eligibility.grounds import GroupId
from knowledge.article import FieldId
from store import audit
from store.audit import AuditRow
from store.clock import ZONE
from store.session import Session

MOST_FILES = 40
"""One person takes away in a day."""
_TAKEN = ("figures.export", "form12.export", "register.export")
CHANNELS = ("telegram", "web", "zalo_oa", "zalo_bot", "desk", "phone")
_SIGNERS = ("Người lập sổ", "Thủ trưởng đơn vị")
_XLSX = "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet"
_FIRST_YEAR = 2025
"""The province in its present shape is of July 2025."""


@dataclass(frozen=True)
class Asked:
    """What a page was asked to show, in the words of its form."""

    range: Range
    first: str
    last: str
    filters: Filters
    period: Period
    problem: str | None = None

    def query(self) -> Mapping[str, str]:
        """The same as fields of a form."""
        kept = {
            "range": str(self.range),
            "first": self.first,
            "last": self.last,
            "office": self.filters.office,
            "field": self.filters.field,
            "group": self.filters.group,
            "channel": self.filters.channel,
            "commune": self.filters.commune,
        }
        return {name: value for name, value in kept.items() if value}


@dataclass(frozen=True)
class Page:
    """What the figures' page shows."""

    me: Me
    asked: Asked
    figures: Figures
    tables: tuple[Table, ...]


def _one_of(kinds: type[Range], value: str | None, otherwise: Range) -> Range:
    try:
        return kinds(value or "")
    except ValueError:
        return otherwise


def asked_by(
    given: Mapping[str, str], staff: StaffMember, today: dt.date, otherwise: Range
) -> Asked:
    """What a form asks for, put right where it makes no sense."""
    chosen = _one_of(Range, given.get("range"), otherwise)
    problem = None
    if not is_exact(staff) and chosen is Range.CUSTOM:
        # Two stretches that differ by a day would tell of one person
        chosen, problem = otherwise, "Tài khoản này chỉ xem được theo tháng, quý, năm."
    period = None
    if chosen is Range.CUSTOM:
        try:
            period = Period(
                dt.date.fromisoformat(given.get("first", "")),
                dt.date.fromisoformat(given.get("last", "")),
            )
        except (ValueError, OverflowError):
            chosen, problem = otherwise, "Chọn ngày đầu và ngày cuối, ngày đầu trước ngày cuối."
    if period is None:
        period = period_of(chosen, today)
    filters = Filters(
        office=given.get("office") or None,
        field=given.get("field") or None,
        group=given.get("group") or None,
        channel=given.get("channel") or None,
        commune=given.get("commune") or None,
    )
    if staff.role is Role.HEAD:
        filters = replace(filters, office=None)
    if not is_exact(staff):
        filters = Filters(office=filters.office)
    return Asked(
        chosen, period.first.isoformat(), period.last.isoformat(), filters, period, problem
    )


def _note_file(session: Session, staff: StaffMember, act: str, detail: str) -> bool:
    """Write into the audit that a file leaves the desk; False: it is one too many for a day."""
    since = session.clock.now() - dt.timedelta(days=1)
    taken = session.scalar(
        sa.select(sa.func.count())
        .select_from(AuditRow)
        .where(AuditRow.staff_id == staff.id, AuditRow.act.in_(_TAKEN), AuditRow.at >= since)
    )
    if (taken or 0) >= MOST_FILES:
        return False
    audit.note(session, act, staff_id=staff.id, detail=detail[:200])
    return True


def _detail(asked: Asked) -> str:
    """What was asked for, for the audit."""
    narrowed = (value for name, value in asked.query().items() if name not in _DAYS)
    return " ".join((str(asked.period.first), str(asked.period.last), *narrowed))


_DAYS = frozenset({"range", "first", "last"})


def routes(frame: Frame) -> APIRouter:
    """The routes of the figures."""
    router = APIRouter()

    def today() -> dt.date:
        return frame.database.clock.now().astimezone(ZONE).date()

    def choices() -> dict[str, Any]:
        return {
            "ranges": tuple(Range),
            "offices": frame.province.offices,
            "fields": tuple(FieldId),
            "groups": tuple(GroupId),
            "channels": CHANNELS,
            "communes": sorted(frame.province.communes, key=lambda one: one.name),
            "ft": figure_texts,
            "shown": shown,
            "told": told,
            "days_of": days_of,
        }

    def look_at(session: Session, staff: StaffMember, asked: Asked) -> Page:
        figures = figures_of(session, staff, frame.province, asked.period, asked.filters)
        names = names_of(session, {one.staff_id for one in figures.load})
        return Page(frame.me(session, staff), asked, figures, tables_of(figures, frame, names))

    def about(me: Me, asked: Asked) -> tuple[str, ...]:
        """What a file says of itself."""
        whose = me.office.name if me.staff.role is Role.HEAD and me.office else None
        told = {
            "Nơi": whose or _named_office(frame, asked.filters.office) or "cả tỉnh",
            "Lĩnh vực": asked.filters.field,
            "Diện": figure_texts.group(asked.filters.group) if asked.filters.group else None,
            "Kênh": asked.filters.channel,
            "Xã, phường": asked.filters.commune,
        }
        lines = [f"Thời gian: {days_of(asked.period)}."]
        lines += [f"{name}: {value}." for name, value in told.items() if value]
        lines.append(f"Lập lúc {frame.database.clock.now().astimezone(ZONE):%H:%M %d/%m/%Y}.")
        if not is_exact(me.staff):
            lines.append("Số dưới 5 không hiện, để không nhận ra ai.")
        return tuple(lines)

    def mark(me: Me) -> str:
        """Who takes a file away and when: the audit has the same moment."""
        now = frame.database.clock.now().astimezone(ZONE)
        return f"{me.name} ({me.staff.username}) tải về lúc {now:%H:%M:%S %d/%m/%Y}."

    async def noted(staff: StaffMember, act: str, detail: str) -> bool:
        """Written down before anything is read: counting must not hold up those who write."""
        return await frame.database.transact(
            lambda session: _note_file(session, staff, act, detail)
        )

    def too_many() -> HTMLResponse:
        return frame.show(
            "problem.html",
            429,
            title="Đã tải nhiều tệp",
            text=f"Mỗi người tải tối đa {MOST_FILES} tệp một ngày. Mai tải tiếp, "
            "hoặc xem ngay trên trang.",
            written=None,
            sign_in=False,
        )

    @router.get("/figures")
    @who_may(Who.COUNTERS)
    async def page(request: Request) -> HTMLResponse:
        staff = staff_of(request)
        asked = asked_by(request.query_params, staff, today(), Range.QUARTER)
        found = await frame.database.read(lambda session: look_at(session, staff, asked))
        flash = Flash(asked.problem, problem=True) if asked.problem else None
        return frame.show("figures.html", here="", flash=flash, **choices(), **vars(found))

    @router.post("/figures/export")
    @who_may(Who.COUNTERS, fresh=True)
    async def export(request: Request) -> Response:
        staff = staff_of(request)
        given = _fields(await request.form())
        asked = asked_by(given, staff, today(), Range.QUARTER)
        pdf = given.get("format") == "pdf"

        kind = "pdf" if pdf else "xlsx"
        if not await noted(staff, "figures.export", f"{kind} {_detail(asked)}"):
            return too_many()
        found = await frame.database.read(lambda session: look_at(session, staff, asked))
        title = "Số liệu trợ giúp pháp lý"
        tables = (_headline(found.figures), *found.tables)
        name = f"so-lieu-{asked.period.first}-{asked.period.last}"
        if pdf:
            return _file(
                to_pdf(title, about(found.me, asked), tables, mark=mark(found.me)), f"{name}.pdf"
            )
        return _file(
            to_workbook(title, about(found.me, asked), tables, mark=mark(found.me)), f"{name}.xlsx"
        )

    # --- the register ---------------------------------------------------------------------------

    async def read_register(
        staff: StaffMember, asked: Asked, *, revealed: bool
    ) -> tuple[Me, Table]:
        def look(session: Session) -> tuple[Me, Table]:
            office = asked.filters.office
            lines = register_of(session, staff, asked.period, office, revealed=revealed)
            return frame.me(session, staff), table_of_register(lines, frame)

        return await frame.database.read(look)

    async def register_page(staff: StaffMember, asked: Asked, *, revealed: bool) -> HTMLResponse:
        act = "register.reveal" if revealed else "register.read"
        detail = _detail(asked)
        await frame.database.transact(
            lambda session: audit.note(session, act, staff_id=staff.id, detail=detail)
        )
        me, table = await read_register(staff, asked, revealed=revealed)
        flash = Flash(asked.problem, problem=True) if asked.problem else None
        return frame.show(
            "register.html",
            here="/register",
            me=me,
            asked=asked,
            table=table,
            revealed=revealed,
            full=len(table.rows) == MOST_LINES,
            most=MOST_LINES,
            sample=SAMPLE,
            flash=flash,
            **choices(),
        )

    @router.get("/figures/register")
    @who_may(Who.LEADERS)
    async def register(request: Request) -> HTMLResponse:
        staff = staff_of(request)
        asked = asked_by(request.query_params, staff, today(), Range.MONTH)
        return await register_page(staff, asked, revealed=False)

    @router.post("/figures/register")
    @who_may(Who.LEADERS, fresh=True)
    async def reveal(request: Request) -> HTMLResponse:
        staff = staff_of(request)
        asked = asked_by(_fields(await request.form()), staff, today(), Range.MONTH)
        return await register_page(staff, asked, revealed=True)

    @router.post("/figures/register/export")
    @who_may(Who.LEADERS, fresh=True)
    async def export_register(request: Request) -> Response:
        staff = staff_of(request)
        given = _fields(await request.form())
        asked = asked_by(given, staff, today(), Range.MONTH)
        revealed = given.get("names", "").startswith("full")
        kind = "pdf" if given.get("names", "").endswith("_pdf") else "xlsx"

        names = "names" if revealed else "masked"
        if not await noted(staff, "register.export", f"{names} {kind} {_detail(asked)}"):
            return too_many()
        me, table = await read_register(staff, asked, revealed=revealed)
        name = f"so-thu-ly-{asked.period.first}-{asked.period.last}.{kind}"
        cut = (f"Chỉ {MOST_LINES} dòng đầu.",) if len(table.rows) == MOST_LINES else ()
        told = (SAMPLE, *cut, *about(me, asked))
        if kind == "pdf":
            content = to_pdf(table.name, told, (table,), wide=True, mark=mark(me), signers=_SIGNERS)
            return _file(content, name)
        return _file(to_workbook(table.name, told, (table,), mark=mark(me)), name)

    # --- Form 12 --------------------------------------------------------------------------------

    def report_period(given: Mapping[str, str]) -> tuple[int, int, Period]:
        """The year, the half (0: both) and their days."""
        now = today()
        year = given.get("year", "")
        chosen = int(year) if re.fullmatch(r"2\d{3}", year) else now.year
        chosen = min(max(chosen, _FIRST_YEAR), now.year)
        half = {"1": 1, "2": 2, "0": 0}.get(given.get("half", ""), 1 if now.month <= 6 else 2)
        if half == 0:
            return chosen, half, period_of(Range.YEAR, dt.date(chosen, 1, 1))
        month = 1 if half == 1 else 7
        return chosen, half, period_of(Range.HALF_YEAR, dt.date(chosen, month, 1))

    def read_report(
        session: Session, staff: StaffMember, period: Period, office: str | None
    ) -> tuple[Me, tuple[Table, ...]]:
        report = report12_of(session, staff, period, office)
        return frame.me(session, staff), tables_of_report(report, frame)

    def of_report(given: Mapping[str, str], staff: StaffMember) -> str | None:
        return None if staff.role is Role.HEAD else given.get("office") or None

    @router.get("/figures/form12")
    @who_may(Who.LEADERS)
    async def form12(request: Request) -> HTMLResponse:
        staff = staff_of(request)
        year, half, period = report_period(request.query_params)
        office = of_report(request.query_params, staff)
        me, tables = await frame.database.read(
            lambda session: read_report(session, staff, period, office)
        )
        return frame.show(
            "figures_form12.html",
            here="/form12",
            me=me,
            tables=tables,
            period=period,
            year=year,
            half=half,
            office=office,
            years=range(_FIRST_YEAR, today().year + 1),
            sample=SAMPLE,
            **choices(),
        )

    @router.post("/figures/form12/export")
    @who_may(Who.LEADERS, fresh=True)
    async def export_form12(
        request: Request,
        year: Annotated[str, Form()] = "",
        half: Annotated[str, Form()] = "",
        office: Annotated[str, Form()] = "",
    ) -> Response:
        staff = staff_of(request)
        given = {"year": year, "half": half, "office": office}
        _, _, period = report_period(given)
        asked = Asked(Range.CUSTOM, "", "", Filters(office=of_report(given, staff)), period)
        if not await noted(staff, "form12.export", _detail(asked)):
            return too_many()
        me, tables = await frame.database.read(
            lambda session: read_report(session, staff, period, asked.filters.office)
        )
        title = "Số liệu báo cáo trợ giúp pháp lý (Mẫu 12)"
        content = to_workbook(title, (SAMPLE, *about(me, asked)), tables, mark=mark(me))
        return _file(content, f"mau-12-{period.first}-{period.last}.xlsx")

    return router


def _fields(form: Mapping[str, object]) -> Mapping[str, str]:
    return {name: value for name, value in form.items() if isinstance(value, str)}


def _named_office(frame: Frame, office_id: str | None) -> str | None:
    office = frame.office(office_id) if office_id else None
    return office.name if office else office_id


def _headline(figures: Figures) -> Table:
    return Table(
        name="Tổng quát",
        columns=("Mục", "Số"),
        rows=(
            ("Yêu cầu mới", told(figures.opened)),
            ("Đã thụ lý", told(figures.accepted)),
            ("Từ chối có căn cứ luật", told(figures.refused)),
            ("Đã kết thúc", told(figures.closed)),
            ("Đang chờ nhận (lúc này)", told(figures.waiting)),
            ("Đang làm (lúc này)", told(figures.in_hand)),
        ),
    )


def _file(content: bytes, name: str) -> Response:
    kind = "application/pdf" if name.endswith(".pdf") else _XLSX
    headers = {"Content-Disposition": f'attachment; filename="{name}"'}
    return Response(content, media_type=kind, headers=headers)
