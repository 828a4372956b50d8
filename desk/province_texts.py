"""The desk's words for the province: offices, areas, days off, duty, and what differs."""

import datetime as dt
from collections.abc import Mapping
from typing import assert_never

from cases.atlas import AREA, DAY, OFFICE, ROUTING, YEAR
from cases.providers import ProviderKind, Publish
from cases.province import (
    Area,
    DayOff,
    Fault,
    FaultKind,
    FullYear,
    Hours,
    Office,
    OfficeState,
    Province,
    RoutingRules,
    Stated,
    Weekday,
)
from desk import texts
from store.datafile import Entry

KINDS: Mapping[str, str] = {
    OFFICE: "Cơ quan",
    AREA: "Địa bàn",
    DAY: "Ngày nghỉ, làm bù",
    YEAR: "Năm đã đủ lịch nghỉ",
    ROUTING: "Quy tắc chuyển hồ sơ",
}
LANGUAGES: Mapping[str, str] = {"km": "Tiếng Khmer", "zh": "Tiếng Hoa", "en": "Tiếng Anh"}
WEEKDAYS: Mapping[Weekday, str] = {
    Weekday.MON: "Thứ Hai",
    Weekday.TUE: "Thứ Ba",
    Weekday.WED: "Thứ Tư",
    Weekday.THU: "Thứ Năm",
    Weekday.FRI: "Thứ Sáu",
    Weekday.SAT: "Thứ Bảy",
    Weekday.SUN: "Chủ nhật",
}
SAVED = "Đã lưu. Mọi máy dùng bản này ngay."
CONFLICT = (
    "Người khác vừa lưu trước bạn. Chữ bạn gõ còn nguyên bên dưới, chưa lưu. "
    "Xem bản đang dùng, sửa lại nếu cần rồi lưu."
)
DONE: Mapping[str, str] = {
    "saved": SAVED,
    "moved": "Đã đổi địa bàn. Yêu cầu mới theo bảng này ngay.",
    "removed": "Đã bỏ.",
    "restored": "Đã dùng lại bản cũ.",
    "kept": "Giữ bản của mình.",
    "taken": "Đã lấy bản của tệp.",
    "duty": "Đã xếp lịch trực.",
    "leave": "Đã ghi ngày nghỉ. Người nghỉ còn giữ hồ sơ thì giao lại ở cuối trang.",
    "handed_over": "Đã giao hết hồ sơ. Người dân được báo là có người khác giúp tiếp.",
}


def state(state: OfficeState) -> str:
    """Whether an office is at work."""
    match state:
        case OfficeState.OPEN:
            return "Đang hoạt động"
        case OfficeState.CLOSED:
            return "Đã đóng"
        case OfficeState.PLANNED:
            return "Dự kiến"
        case _:
            assert_never(state)


def language(code: str) -> str:
    """A language."""
    return LANGUAGES.get(code, code)


def fault(fault: Fault, province: Province) -> str:
    """What does not fit together, and why it is refused."""
    match fault.kind:
        case FaultKind.NO_CENTRE:
            return "Phải có đúng một Trung tâm, và Trung tâm phải đang hoạt động."
        case FaultKind.SEAT:
            return f"Cơ quan {fault.said} đặt ở {fault.naming}: tỉnh không có xã, phường này."
        case FaultKind.CODE_TWICE:
            return f"Mã sổ {fault.naming} đã có cơ quan khác dùng."
        case FaultKind.AREA_COMMUNE:
            return f"Tỉnh không có xã, phường mã {fault.naming}."
        case FaultKind.AREA_OFFICE:
            return f"{_commune(fault.naming, province)}: không có cơ quan “{fault.said}”."
        case FaultKind.UNSERVED:
            return f"{_commune(fault.naming, province)} sẽ không có nơi nào phụ trách."
        case FaultKind.DAY_TWICE:
            return f"Ngày {fault.naming} ghi hai lần."
        case FaultKind.DAY_YEAR:
            return f"Lịch năm {fault.said} chưa được mở. Thêm năm này trước, rồi thêm ngày."
        case FaultKind.WORKED_WEEKDAY:
            return f"Ngày {_date(fault.naming)} không phải cuối tuần, không thể là ngày làm bù."
        case FaultKind.TRAVEL:
            return f"Bảng thời gian đi lại có {fault.naming}, tỉnh không có nơi này."
        case _:
            assert_never(fault.kind)


def _commune(code: str, province: Province) -> str:
    known = {one.code: one.full_name for one in province.communes}
    name = known.get(code, code)
    return name[:1].upper() + name[1:]


def _date(written: str) -> str:
    return f"{dt.date.fromisoformat(written):%d/%m/%Y}"


def title(kind: str, key: str, province: Province) -> str:
    """What one document of the province is about."""
    if kind == OFFICE:
        return province.label_of(key)
    if kind == AREA:
        return _commune(key, province)
    if kind == DAY:
        return f"Ngày {_date(key)}"
    return f"Năm {key}" if kind == YEAR else KINDS[kind]


def rows(entry: Entry, province: Province) -> dict[str, str]:
    """What a version says, line by line: for comparing and for the history."""
    if isinstance(entry, Office):
        return _office(entry, province)
    if isinstance(entry, Area):
        return {
            "Cơ quan phụ trách": province.label_of(entry.office),
            "Đã xác nhận": _yes(entry.verified),
            "Căn cứ": entry.basis,
        }
    if isinstance(entry, DayOff):
        return {
            "Loại": "Làm bù" if entry.worked else "Nghỉ",
            "Tên": entry.name,
            "Đã xác nhận": _yes(entry.verified),
        }
    if isinstance(entry, FullYear):
        return {"Năm": str(entry.year)}
    if isinstance(entry, RoutingRules):
        return {"Lĩnh vực cần người chuyên": _fields(entry.specialist_fields)}
    return {}


def _office(office: Office, province: Province) -> dict[str, str]:
    seat = office.seat
    place = ""
    if seat is not None:
        place = _commune(seat.commune, province)
        if seat.lat is not None and seat.lon is not None:
            place += f" ({seat.lat:.4f}, {seat.lon:.4f})"
    return {
        "Tên": office.name,
        "Tình trạng": state(office.state),
        "Mã sổ thụ lý": office.register_code,
        "Có nguồn xác nhận": _yes(office.exists.verified),
        "Nguồn": office.exists.source or "",
        "Địa chỉ": stated(office.address),
        "Điện thoại": stated(office.phone),
        "Giờ tiếp": f"{hours(office.hours)}{_trust(office.hours.verified, office.hours.sample)}",
        "Phạm vi": stated(office.area),
        "Đặt ở": place,
        "Nhiều nhất": f"{office.capacity} hồ sơ đang mở" if office.capacity else "không hạn chế",
        "Phiên dịch": ", ".join(map(language, office.languages)),
        "Lĩnh vực chuyên": _fields(office.specialisms),
    }


def stated(said: Stated) -> str:
    """A fact of an office with how far it can be trusted."""
    return said.value + _trust(said.verified, said.sample)


def hours(hours: Hours) -> str:
    """When an office receives people."""
    days = ", ".join(WEEKDAYS[day] for day in hours.days)
    return f"{days}: " + ", ".join(f"{a:%H:%M}–{b:%H:%M}" for a, b in hours.open)


def _trust(verified: bool, sample: bool) -> str:
    return " (mẫu)" if sample else "" if verified else f" ({texts.UNVERIFIED})"


def _yes(so: bool) -> str:
    return "có" if so else "chưa"


def _fields(fields: tuple[str, ...]) -> str:
    return ", ".join(texts.field(one) for one in fields)


def changes(
    before: Entry | None, after: Entry, province: Province
) -> tuple[tuple[str, str, str], ...]:
    """The lines that differ: what it is, before, after."""
    was = rows(before, province) if before is not None else {}
    return tuple(
        (what, was.get(what, ""), said)
        for what, said in rows(after, province).items()
        if was.get(what, "") != said
    )


PROVIDER_KINDS: Mapping[ProviderKind, str] = {
    ProviderKind.OFFICER: "Trợ giúp viên pháp lý",
    ProviderKind.LAWYER: "Luật sư",
    ProviderKind.CONSULTANT: "Tư vấn viên pháp luật",
    ProviderKind.COLLABORATOR: "Cộng tác viên",
}
PUBLISHES: Mapping[Publish, str] = {
    Publish.FIELDS: "Lĩnh vực",
    Publish.LANGUAGES: "Ngôn ngữ",
    Publish.GENDER: "Giới tính",
    Publish.AREA: "Địa bàn",
    Publish.CARD: "Số thẻ",
}
ACCOUNT_DONE: Mapping[str, str] = {
    "saved": "Đã lưu.",
    "revoked": "Đã hủy liên kết.",
    "disabled": "Đã khóa. Hồ sơ người này giữ đã trở về hàng chờ.",
    "enabled": "Đã mở lại.",
    "asked": "Đã gửi đề nghị. Cần một quản trị khác hoặc người của Trung tâm đồng ý.",
    "refused": "Đã bỏ đề nghị.",
}


def account_refusal(reason: str) -> str:
    """Why an act on an account was refused."""
    known = {
        "bad_username": "Tên đăng nhập gồm 3–60 chữ thường không dấu, số, dấu chấm hoặc gạch.",
        "taken": "Đã có tài khoản tên này.",
        "no_office": "Vai trò này không thuộc cơ quan nào. Hãy để trống nơi làm việc.",
        "needs_office": "Vai trò này cần một nơi làm việc.",
        "centre_only": "Vai trò Trung tâm chỉ dành cho người của Trung tâm.",
        "branch_only": "Người của Trung tâm thì chọn vai trò Trung tâm.",
        "disabled": "Tài khoản đang khóa. Mở lại trước rồi tạo liên kết.",
        "own_account": "Không tự khóa, đổi vai trò hay đặt lại tài khoản của mình; "
        "nhờ quản trị khác.",
        "taken_up": "Người này đã nhận tài khoản. Đặt lại cần hai người: hãy gửi đề nghị.",
        "two_people": "Vai trò này cần hai người: hãy gửi đề nghị.",
        "no_reason": "Hãy ghi lý do.",
        "asked_already": "Đã có đề nghị đang chờ cho người này.",
        "needs_another": "Bạn là người đề nghị: cần một người khác đồng ý.",
        "over": "Đề nghị này không còn: đã quyết định, hoặc đã quá 24 giờ.",
        "not_taken_up": "Người này chưa nhận tài khoản. Hãy tạo liên kết mới.",
    }
    return known.get(reason, "Việc này chưa làm được. Hãy mở lại trang.")
