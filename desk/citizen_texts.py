"""What citizens ask of a case and answer to it, in Vietnamese, as the desk says it."""

import datetime as dt
from collections.abc import Mapping
from typing import assert_never

from cases.deadline_words import say_moment
from cases.intake import Checked
from cases.life import ComplaintKind, PaperState
from cases.model import MeetingPlace, MeetingState
from cases.rights import Asked
from desk import texts

_REFUSALS: Mapping[str, str] = {
    "complained_of": "Khiếu nại này nói về phần việc của bạn, nên người khác ở trung tâm trả lời.",
    "no_times": "Chọn từ một đến ba giờ khác nhau rồi gửi lại.",
    "bad_time": "Có giờ chưa đọc được. Chọn cả ngày và giờ.",
    "too_far": "Giờ hẹn xa quá ba tháng. Chọn ngày gần hơn.",
    "no_phone": "Người dân không để lại số điện thoại. Chọn nơi gặp khác.",
    "no_calls": "Người dân dặn đừng gọi, chỉ nhắn. Chọn nơi gặp khác.",
    "no_commune": "Chưa rõ người dân ở xã, phường nào. Chọn nơi gặp khác.",
    "meeting_changed": "Lịch hẹn vừa thay đổi: người dân hoặc cán bộ khác nhanh hơn. Trang đã cập "
    "nhật; xem lại rồi làm tiếp.",
}


def refusal(reason: str) -> str:
    """Why an act on a case changed nothing; nothing was sent by it."""
    return _REFUSALS.get(reason) or texts.act_refusal(reason)


def complaint(kind: ComplaintKind) -> str:
    """What is complained of."""
    match kind:
        case ComplaintKind.REFUSED:
            return "từ chối thụ lý"
        case ComplaintKind.NOT_DONE:
            return "không thực hiện"
        case ComplaintKind.DONE_WRONGLY:
            return "thực hiện không đúng pháp luật"
        case ComplaintKind.PROVIDER_CHANGED_WRONGLY:
            return "đổi người thực hiện không đúng"
        case ComplaintKind.OTHER:
            return "thái độ, chuyện khác"
        case _:
            assert_never(kind)


RATED: Mapping[Asked, str] = {
    Asked.ATTITUDE: "thái độ",
    Asked.RESPONSIBILITY: "trách nhiệm",
    Asked.SKILL: "hiểu việc",
}
"""What Form 11 asks beside the whole."""


def checked(how: Checked) -> str:
    """How an officer made sure who asks for a new code."""
    match how:
        case Checked.ID_CARD:
            return "Đã xem căn cước và mặt người"
        case Checked.CALLED_BACK:
            return "Đã gọi lại đúng số để trong hồ sơ, người đó bắt máy"
        case Checked.KNOWS_THE_CASE:
            return "Người đó kể đúng những điều chỉ họ biết trong hồ sơ"
        case _:
            assert_never(how)


def place(place: MeetingPlace) -> str:
    """Where officer and citizen meet."""
    match place:
        case MeetingPlace.OFFICE:
            return "Tại cơ quan đang giữ hồ sơ"
        case MeetingPlace.PHONE:
            return "Qua điện thoại"
        case MeetingPlace.COMMUNE:
            return "Tại ủy ban xã, phường của họ"
        case _:
            assert_never(place)


def meeting(state: MeetingState, *, over: bool) -> str:
    """How a meeting stands; `over`: its time has passed."""
    match state:
        case MeetingState.OFFERED:
            return "Hết giờ mà chưa trả lời" if over else "Chờ người dân chọn"
        case MeetingState.AGREED:
            return "Đã tới giờ" if over else "Người dân đã chọn"
        case MeetingState.NONE_FITS:
            return "Không giờ nào được: hẹn giờ khác"
        case MeetingState.CALL_ME:
            return "Người dân xin gọi lại để hẹn"
        case MeetingState.MOVED:
            return "Đã đổi"
        case MeetingState.CANCELLED:
            return "Đã bỏ"
        case _:
            assert_never(state)


def paper(state: PaperState) -> str:
    """How a paper that was asked for stands."""
    match state:
        case PaperState.ASKED:
            return "Đang chờ"
        case PaperState.SENT:
            return "Đã gửi, chờ xem"
        case PaperState.UNREADABLE:
            return "Mờ, chờ gửi lại"
        case PaperState.RECEIVED:
            return "Đã nhận"
        case PaperState.NOT_NEEDED:
            return "Không cần nữa"
        case _:
            assert_never(state)


def moment(at: dt.datetime) -> str:
    """`09:00 thứ Ba 24/11/2026`."""
    return say_moment(at)
