"""What the channel still lets an officer send, in words."""

import datetime as dt
from typing import assert_never

from cases.calendar import ZONE
from cases.window import Reach, Window
from desk import texts


def window(window: Window, now: dt.datetime) -> str | None:
    """The line above the box of a reply; None where the channel sets no limit."""
    until = f"{window.until.astimezone(ZONE):%H:%M %d/%m}" if window.until is not None else ""
    left = time_left(window.until - now) if window.until is not None else ""
    match window.reach:
        case Reach.OPEN:
            return None
        case Reach.FREE:
            return f"Zalo cho nhắn không tốn phí tới {until} (còn {left})."
        case Reach.BILLED:
            said = (
                f"Quá 48 giờ người dân chưa nhắn: mỗi tin Zalo tính phí, tới {until} (còn {left})."
            )
            return f"{said} Sau đó không gửi được nữa." if window.closing else said
        case Reach.CLOSED:
            return "Quá 7 ngày người dân chưa nhắn: Zalo sẽ từ chối tin gửi bây giờ."
        case Reach.REFUSED:
            return (
                f"Tin trước không gửi được: {texts.refused_because(window.reason)}. "
                "Chỉ gửi lại được khi người dân nhắn trước."
            )
        case Reach.LEFT:
            return (
                "Trang trò chuyện đã đóng: lời nhắn để sẵn ở đó, người dân chỉ thấy khi mở lại "
                "bằng mã hồ sơ và PIN."
            )
    assert_never(window.reach)


def time_left(left: dt.timedelta) -> str:
    """`3 ngày`, `5 giờ`, `20 phút`: the largest unit, rounded down."""
    minutes = max(int(left.total_seconds() // 60), 1)
    if minutes >= 2 * 24 * 60:
        return f"{minutes // (24 * 60)} ngày"
    return f"{minutes // 60} giờ" if minutes >= 60 else f"{minutes} phút"
