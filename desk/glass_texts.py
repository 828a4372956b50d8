"""The desk's words for cases opened outside one's scope."""

from collections.abc import Mapping

DONE: Mapping[str, str] = {
    "asked": "Đã gửi. Trung tâm đồng ý thì bạn mở được trong 60 phút.",
    "agreed": "Đã đồng ý. Người đó đọc được trong 60 phút.",
    "ended": "Đã kết thúc.",
}
_REFUSED: Mapping[str, str] = {
    "no_role": "Vai trò của bạn không mở khẩn hồ sơ.",
    "short_reason": "Ghi lý do rõ hơn (ít nhất 15 chữ cái).",
    "too_many": "Bạn đã mở khẩn 5 lần trong 24 giờ. Hãy gọi Trung tâm.",
    "no_case": "Không có hồ sơ mang số này.",
    "yours": "Hồ sơ này thuộc phần việc của bạn: mở như thường trong danh sách.",
}


def refusal(reason: str) -> str:
    """Why a case was not opened."""
    return _REFUSED[reason]
