"""The words of the intake and of the call-backs."""

from collections.abc import Mapping

from cases.callbacks import CallOutcome
from cases.contact import CallHours, SafeContact
from cases.intake import Came
from cases.purpose import Manner, PersonAgrees, Purpose

CAME: Mapping[str, str] = {Came.DESK: "Đến trực tiếp", Came.PHONE: "Gọi điện"}

RELATIONS: Mapping[str, str] = {
    "self": "Chính người này",
    "child": "Con của người đến hỏi",
    "spouse": "Vợ, chồng của người đến hỏi",
    "parent": "Cha, mẹ của người đến hỏi",
    "relative": "Người thân khác",
    "neighbour": "Hàng xóm",
    "other": "Người khác",
}

AGREES: Mapping[str, str] = {
    PersonAgrees.YES: "Có, người đó đã đồng ý",
    PersonAgrees.GUARDIAN: "Cha mẹ, người đại diện đồng ý",
    PersonAgrees.NOT_ASKED: "Chưa hỏi được, sẽ hỏi lại chính người đó",
    PersonAgrees.GUARDIAN_FEARED: "Trẻ em; cha mẹ, giám hộ có thể là người làm hại: không báo họ",
    PersonAgrees.HELD: "Đang bị giữ, chưa hỏi được",
}

HELPED_BY: Mapping[str, str] = {
    "nobody": "Chưa có ai",
    "lawyer": "Có luật sư tự thuê",
    "legal_aid": "Có nơi trợ giúp pháp lý khác",
    "somebody": "Có, chưa rõ là ai",
}

MANNERS: Mapping[str, str] = {
    Manner.IN_PERSON: "Nói trực tiếp",
    Manner.BY_VOICE: "Nói qua điện thoại",
    Manner.WRITTEN: "Ký vào giấy",
}

HOURS: Mapping[str, str] = {
    CallHours.OFFICE: "Giờ hành chính",
    CallHours.NOON: "Buổi trưa (11:00–13:30)",
    CallHours.EVENING: "Buổi tối (18:00–20:30)",
    CallHours.ANYTIME: "Lúc nào cũng được (7:00–20:30)",
    CallHours.BETWEEN: "Từ giờ … đến giờ …",
}

CONSENT: Mapping[Purpose, str] = {
    Purpose.REQUEST: (
        "Tôi xin ghi lại lời kể, thông tin và kết quả xem sơ bộ để gửi nơi trợ giúp pháp lý phụ "
        "trách. Chỉ cán bộ trợ giúp pháp lý đọc. Ông bà rút lại lúc nào cũng được. Ông bà có "
        "đồng ý không?"
    ),
    Purpose.SENSITIVE: (
        "Trong lời kể có điều riêng tư (sức khỏe, bạo lực, dân tộc, vụ án). Luật coi đây là dữ "
        "liệu nhạy cảm. Ông bà có đồng ý cho ghi cả phần này không? Không ghi thì vẫn nhận."
    ),
    Purpose.CONTACT: (
        "Ông bà có muốn để lại số để cán bộ gọi không? Chỉ gọi theo giờ và lời dặn của ông bà."
    ),
    Purpose.PERSON: "Người cần giúp có biết và đồng ý không?",
}
"""What the officer reads out; kept with each consent."""

_FAULTS: Mapping[str, str] = {
    "name": "Ghi họ tên người cần giúp. Không muốn nêu tên thì ghi “Không nêu tên”.",
    "age": "Tuổi từ 0 đến 120, hoặc năm sinh, ví dụ 1954.",
    "phone": "Số này chưa đúng, ví dụ 0912 345 678.",
    "phone_missing": "Muốn được gọi thì cần số điện thoại.",
    "hours_missing": "Chọn giờ gọi cho an toàn.",
    "hours_wrong": "Ghi giờ đầu trước giờ cuối, ví dụ 13:00 đến 15:30.",
    "commune": "Chọn xã, phường; chưa rõ thì chọn “Chưa rõ”.",
    "story": "Ghi vài lời về chuyện cần giúp, hoặc chọn mối nguy.",
    "person_agrees": "Hỏi giùm người khác: chọn người đó có đồng ý không.",
    "agreed": "Đọc lời xin phép, rồi đánh dấu đồng ý và cách đồng ý. Chưa đồng ý thì chưa ghi.",
    "sensitive": "Hỏi người đó có cho ghi điều riêng tư không.",
    "reason": "Ghi vì sao cán bộ kết luận khác.",
    "call_back": "Muốn được gọi lại thì cần số và giờ gọi.",
}


def fault(key: str) -> str:
    """Why a field is not right, told beside it."""
    return _FAULTS[key]


CALLED: Mapping[str, str] = {
    CallOutcome.REACHED: "Đã nói chuyện được",
    CallOutcome.NO_ANSWER: "Không bắt máy, gọi lại sau",
    CallOutcome.WRONG_NUMBER: "Sai số (xóa số)",
    CallOutcome.ASKED_NOT: "Xin đừng gọi nữa (xóa số)",
    CallOutcome.GIVEN_UP: "Thôi gọi, tìm cách khác",
}

CALL_REFUSALS: Mapping[str, str] = {
    "call_ended": "Người khác vừa ghi kết quả lần gọi này.",
    "closed": "Hồ sơ đã kết thúc.",
    "no_outcome": "Chọn kết quả lần gọi.",
    "no_number": "Người này chưa để lại số, hoặc chỉ muốn nhắn.",
}


def _chosen(contact: SafeContact) -> str | None:
    """When they may be called, by what they chose from the list."""
    if contact.begin is not None and contact.end is not None:
        return f"{contact.begin:%H:%M}–{contact.end:%H:%M}"
    return HOURS.get(contact.window or "")


def own_words_on_hours(contact: SafeContact) -> str | None:
    """What they wrote about the hours themselves: it may hold a number, a name, a reason."""
    said = contact.hours
    return said if said and not (_chosen(contact) or "").startswith(said) else None


def hours_told(contact: SafeContact, *, reveal: bool) -> str | None:
    """When they may be called. Their own words only to whoever has asked to see them."""
    words = [_chosen(contact), own_words_on_hours(contact) if reveal else None]
    return " · ".join(one for one in words if one) or None


def cautions(contact: SafeContact) -> str | None:
    """What was said beside the number, in one line."""
    told = [contact.note] if contact.note else []
    if contact.hears:
        told.append(f"Được nghe: {contact.hears}.")
    if contact.says_who is not None:
        told.append("Được xưng cơ quan." if contact.says_who else "Không xưng cơ quan.")
    if contact.code_word:
        told.append(f"Tiếng dặn: {contact.code_word}.")
    return " ".join(told) or None
