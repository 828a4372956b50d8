"""The offices of the province: who is there, what is known of each, and what is missing."""

import datetime as dt
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

import sqlalchemy as sa
from fastapi import APIRouter, Request
from fastapi.responses import HTMLResponse, Response
from pydantic import ValidationError
from starlette.datastructures import FormData

from cases.access import NotFoundError
from cases.atlas import OFFICE, UnfitError, body_of, change, entry_of
from cases.life import CaseState
from cases.model import Case
from cases.province import Hours, Office, OfficeKind, OfficeState, Stated, Weekday
from cases.staff import Role, StaffMember
from cases.staffing import able_offices
from desk import province_texts as words
from desk.frame import Flash, Frame, Me, go_to, names_of
from desk.guard import Who, staff_of, who_may
from knowledge.article import FieldId
from store import documents
from store.documents import ConflictError, Version
from store.session import Session

_SPANS = 3
"""Stretches of a day that the form asks for."""


def may_edit(staff: StaffMember, office_id: str) -> bool:
    """Whether somebody keeps what is known of an office: admins, and whoever leads it."""
    leads = staff.role in (Role.HEAD, Role.CENTRE) and staff.office_id == office_id
    return staff.role is Role.ADMIN or leads


@dataclass(frozen=True)
class OfficeLine:
    """One office of the list."""

    office: Office
    communes: int
    open_cases: int
    able: bool
    editable: bool


@dataclass(frozen=True)
class Typed:
    """What stands in the form of an office."""

    values: Mapping[str, str]
    days: frozenset[str]
    languages: frozenset[str]
    specialisms: frozenset[str]
    ticks: frozenset[str]
    problems: Mapping[str, str] = field(default_factory=dict)


@dataclass(frozen=True)
class History:
    """One version of a document, for the list of them."""

    number: int
    who: str
    at: dt.datetime
    remark: str | None
    counts: bool
    changes: tuple[tuple[str, str, str], ...]


def routes(frame: Frame) -> APIRouter:
    """The routes of the offices."""
    router = APIRouter()

    @router.get("/province")
    @who_may(Who.PROVINCE)
    async def offices(request: Request, done: str = "") -> HTMLResponse:
        staff = staff_of(request)

        def look(session: Session) -> tuple[Me, tuple[OfficeLine, ...]]:
            return frame.me(session, staff), _lines(session, frame, staff)

        me, lines = await frame.database.read(look)
        said = words.DONE.get(done)
        return frame.show(
            "province.html",
            me=me,
            w=words,
            here="",
            lines=lines,
            flash=Flash(said) if said else None,
        )

    @router.get("/province/new-office")
    @who_may(Who.ADMINS)
    async def new_office(request: Request) -> HTMLResponse:
        return await form(request, None, _typed(None))

    @router.post("/province/new-office")
    @who_may(Who.ADMINS)
    async def add_office(request: Request) -> Response:
        return await save(request, None)

    @router.get("/province/offices/{office_id}")
    @who_may(Who.PROVINCE)
    async def office_page(request: Request, office_id: str, done: str = "") -> HTMLResponse:
        office = _editable(staff_of(request), office_id)
        said = words.DONE.get(done)
        return await form(request, office, _typed(office), Flash(said) if said else None)

    @router.post("/province/offices/{office_id}")
    @who_may(Who.PROVINCE)
    async def save_office(request: Request, office_id: str) -> Response:
        return await save(request, _editable(staff_of(request), office_id))

    def _editable(staff: StaffMember, office_id: str) -> Office:
        office = frame.office(office_id)
        if office is None or not may_edit(staff, office_id):
            raise NotFoundError
        return office

    async def form(
        request: Request,
        office: Office | None,
        typed: Typed,
        flash: Flash | None = None,
        status: int = 200,
        theirs: tuple[tuple[str, str, str], ...] = (),
    ) -> HTMLResponse:
        staff = staff_of(request)

        def look(session: Session) -> tuple[Me, Version | None, tuple[str, ...]]:
            counts = documents.published_one(session, OFFICE, office.id) if office else None
            served = frame.province.assignment.communes
            names = sorted(
                one.full_name
                for one in frame.province.communes
                if office is not None and served.get(one.code) == office.id
            )
            return frame.me(session, staff), counts, tuple(names)

        me, counts, served = await frame.database.read(look)
        return frame.show(
            "province_office.html",
            status,
            me=me,
            w=words,
            here="",
            office=office,
            typed=typed,
            over=counts.number if counts else 0,
            served=served,
            communes=sorted(frame.province.communes, key=lambda one: one.name),
            whole=staff.role is Role.ADMIN,
            fields=tuple(FieldId),
            states=tuple(OfficeState),
            spans=range(_SPANS),
            theirs=theirs,
            flash=flash,
        )

    async def save(request: Request, office: Office | None) -> Response:
        staff = staff_of(request)
        sent = await request.form()
        read = _read(sent, office, whole=staff.role is Role.ADMIN)
        if isinstance(read, Typed):
            flash = Flash("Chưa lưu: hãy sửa chỗ được đánh dấu.", problem=True)
            return await form(request, office, read, flash, 422)
        if office is None and frame.office(read.id) is not None:
            typed = _typed(read, {"id": "Đã có cơ quan dùng mã này."})
            return await form(request, None, typed, Flash("Chưa lưu: mã đã có.", problem=True), 409)
        over = str(sent.get("over", ""))
        number = int(over) if over.isdecimal() and over != "0" else None

        def write(session: Session) -> None:
            change(
                session,
                frame.atlas,
                lambda: documents.put(
                    session, OFFICE, read.id, body_of(read), by=staff.id, over=number
                ),
            )

        try:
            await frame.database.transact(write)
        except UnfitError as problem:
            said = " ".join(words.fault(one, frame.province) for one in problem.faults)
            return await form(
                request, office, _typed(read), Flash(f"Chưa lưu. {said}", problem=True), 422
            )
        except ConflictError as problem:
            theirs = entry_of(problem.theirs) if problem.theirs is not None else None
            changed = words.changes(theirs, read, frame.province)
            await frame.database.read(frame.atlas.refresh)
            flash = Flash(words.CONFLICT, problem=True)
            return await form(request, office or read, _typed(read), flash, 409, changed)
        await frame.database.read(frame.atlas.refresh)
        return go_to(f"/province/offices/{read.id}?done=saved")

    return router


def _lines(session: Session, frame: Frame, staff: StaffMember) -> tuple[OfficeLine, ...]:
    able = able_offices(session)
    counted = session.execute(
        sa.select(Case.office_id, sa.func.count())
        .where(Case.state != CaseState.CLOSED)
        .group_by(Case.office_id)
    )
    open_cases: dict[str, int] = dict(counted.all())
    served = list(frame.province.assignment.communes.values())
    return tuple(
        OfficeLine(
            office,
            served.count(office.id),
            open_cases.get(office.id, 0),
            office.id in able,
            may_edit(staff, office.id),
        )
        for office in frame.province.offices
    )


# --- the form -----------------------------------------------------------------------------------


def _typed(office: Office | None, problems: Mapping[str, str] | None = None) -> Typed:
    """The form as it stands for an office; for a new one, empty."""
    if office is None:
        days = frozenset(tuple(Weekday)[:5])
        return Typed({"state": "planned"}, days, frozenset(), frozenset(), frozenset())
    seat = office.seat
    values = {
        "id": office.id,
        "name": office.name,
        "register_code": office.register_code,
        "state": office.state,
        "source": office.exists.source or "",
        "address": office.address.value,
        "phone": office.phone.value,
        "area": office.area.value,
        "commune": seat.commune if seat else "",
        "lat": f"{seat.lat}" if seat and seat.lat is not None else "",
        "lon": f"{seat.lon}" if seat and seat.lon is not None else "",
        "capacity": str(office.capacity or ""),
    }
    for number, (opens, closes) in enumerate(office.hours.open):
        values |= {f"opens{number}": f"{opens:%H:%M}", f"closes{number}": f"{closes:%H:%M}"}
    ticks = {
        "exists": office.exists.verified,
        "address_verified": office.address.verified,
        "phone_verified": office.phone.verified,
        "hours_verified": office.hours.verified,
        "area_verified": office.area.verified,
        "seat_verified": bool(seat and seat.verified),
        "address_sample": office.address.sample,
        "phone_sample": office.phone.sample,
        "hours_sample": office.hours.sample,
    }
    return Typed(
        values,
        frozenset(office.hours.days),
        frozenset(office.languages),
        frozenset(office.specialisms),
        frozenset(name for name, so in ticks.items() if so),
        problems or {},
    )


_AT = {
    "id": "Mã chỉ gồm chữ thường không dấu, số và gạch nối.",
    "name": "Hãy ghi tên cơ quan.",
    "register_code": "Mã sổ gồm 2–12 chữ hoa không dấu hoặc số, bắt đầu bằng chữ: TT, CN1.",
    "hours": "Giờ tiếp chưa đúng: chọn ít nhất một ngày, một buổi; giờ mở phải trước giờ đóng.",
    "seat": "Chọn xã, phường; tọa độ (nếu có) phải ở trong nước: vĩ độ 8–24, kinh độ 102–118.",
    "capacity": "Ghi một số từ 1 đến 10.000, hoặc để trống.",
    "address": "Hãy ghi địa chỉ.",
    "phone": "Hãy ghi số điện thoại.",
    "area": "Hãy ghi phạm vi phụ trách.",
}


def _read(sent: FormData, office: Office | None, *, whole: bool) -> Office | Typed:
    """The office as typed; what only admins decide stays as it is for others."""
    said = {name: str(value).strip()[:500] for name, value in sent.items()}
    ticks = frozenset(name for name in said if name.endswith("_verified") or name == "exists")
    many = {
        name: tuple(str(one) for one in sent.getlist(name))
        for name in ("days", "languages", "specialisms")
    }
    body: dict[str, Any] = office.model_dump() if office is not None else {}
    if office is None:
        body |= {"id": said.get("id", ""), "kind": OfficeKind.BRANCH}
    if whole:
        body |= {
            "name": said.get("name", ""),
            "register_code": said.get("register_code", "").upper(),
            "state": said.get("state", ""),
            "exists": {"verified": "exists" in ticks, "source": said.get("source") or None},
            "area": {"value": said.get("area", ""), "verified": "area_verified" in ticks},
        }
    for name in ("address", "phone"):
        before: Stated | None = getattr(office, name) if office is not None else None
        value = said.get(name, "")
        body[name] = {
            "value": value,
            "verified": f"{name}_verified" in ticks,
            "sample": before is not None and before.sample and before.value == value,
        }
    body["hours"] = _hours(said, many["days"], ticks, office)
    body["seat"] = _seat(said, ticks)
    body["capacity"] = said.get("capacity") or None
    body["languages"] = [one for one in words.LANGUAGES if one in many["languages"]]
    body["specialisms"] = [one for one in FieldId if one in many["specialisms"]]
    problems = {
        name: _AT[name]
        for name in ("name", "address", "phone", "area")
        if not (body[name] if name == "name" else body[name]["value"])
    }
    for name in ("address", "phone", "hours"):
        if body[name] and body[name]["sample"] and body[name]["verified"]:
            problems[name] = "Đây là dữ liệu mẫu. Hãy thay bằng dữ liệu thật rồi xác nhận."
    try:
        read = Office.model_validate(body)
    except ValidationError as problem:
        for error in problem.errors():
            name = str(error["loc"][0])
            problems.setdefault(name, _AT.get(name, "Chưa đúng."))
        read = None
    if read is not None and not problems:
        return read
    return Typed(
        {"id": office.id if office else "", **said},
        frozenset(many["days"]),
        frozenset(many["languages"]),
        frozenset(many["specialisms"]),
        ticks,
        problems,
    )


def _hours(
    said: Mapping[str, str], days: tuple[str, ...], ticks: frozenset[str], office: Office | None
) -> dict[str, Any]:
    spans = [
        f"{said.get(f'opens{number}', '')}-{said.get(f'closes{number}', '')}"
        for number in range(_SPANS)
        if said.get(f"opens{number}") or said.get(f"closes{number}")
    ]
    typed: dict[str, Any] = {
        "days": [one for one in Weekday if one in days],
        "open": spans,
        "verified": "hours_verified" in ticks,
        "sample": False,
    }
    if office is not None and office.hours.sample:
        try:
            new = Hours.model_validate(typed)
        except ValidationError:
            return typed
        same = (new.days, new.open) == (office.hours.days, office.hours.open)
        typed["sample"] = same
    return typed


def _seat(said: Mapping[str, str], ticks: frozenset[str]) -> dict[str, Any] | None:
    if not said.get("commune"):
        return None
    return {
        "commune": said["commune"],
        "lat": said.get("lat", "").replace(",", ".") or None,
        "lon": said.get("lon", "").replace(",", ".") or None,
        "verified": "seat_verified" in ticks,
    }


# --- the history --------------------------------------------------------------------------------


def history_of(session: Session, frame: Frame, kind: str, key: str) -> tuple[History, ...]:
    """All versions of a document, the newest first, each with what it changed."""
    found = documents.history(session, kind, key)
    names = names_of(session, {one for version in found for one in version.written_by})
    older = [*found[1:], None]
    return tuple(
        History(
            number=version.number,
            who=", ".join(names.get(one, "—") for one in version.written_by) or "Tệp của tỉnh",
            at=version.published_at or version.saved_at,
            remark=version.remark,
            counts=version.stage is documents.Stage.PUBLISHED,
            changes=words.changes(
                entry_of(before) if before is not None else None,
                entry_of(version),
                frame.province,
            ),
        )
        for version, before in zip(found, older, strict=True)
    )
