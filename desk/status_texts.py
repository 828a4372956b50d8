"""The words of the page about how the running stands."""

import datetime as dt
from typing import assert_never

from store.incidents import IncidentKind
from store.processes import ProcessRole

CHANNELS = {
    "web": "Trang web",
    "telegram": "Telegram",
    "telegram_desk": "Nhóm cán bộ (Telegram)",
    "zalo_oa": "Zalo OA",
    "zalo_bot": "Zalo Bot",
}


def channel(name: str) -> str:
    """A channel as people call it."""
    return CHANNELS.get(name, name)


def role(role: ProcessRole) -> str:
    """What a process does."""
    match role:
        case ProcessRole.WEB:
            return "Trang và webhook"
        case ProcessRole.WORKER:
            return "Xử lý và gửi tin"
        case ProcessRole.BOTH:
            return "Cả hai việc"
        case _:
            assert_never(role)


def incident(kind: IncidentKind, subject: str) -> str:
    """What is wrong; `subject` is a channel or an office as people call it."""
    match kind:
        case IncidentKind.OUTBOX_AGES:
            return f"Tin gửi bà con qua {subject} bị chậm"
        case IncidentKind.INBOX_AGES:
            return "Tin của bà con chờ trả lời quá lâu"
        case IncidentKind.NO_WORKER:
            return "Không tiến trình xử lý nào đang chạy"
        case IncidentKind.TOKEN_ENDS:
            return f"Mã truy cập {subject} sắp hết hạn, chưa gia hạn được"
        case IncidentKind.NOBODY_AT_OFFICE:
            return f"Chưa có ai nhận yêu cầu ở {subject}"
        case IncidentKind.BACKUP_OLD:
            return "Bản sao lưu đã cũ"
        case IncidentKind.DISK_FULL:
            return "Ổ đĩa sắp đầy"
        case _:
            assert_never(kind)


def span(long: dt.timedelta | None) -> str:
    """How long, in the largest whole unit."""
    if long is None:
        return "—"
    seconds = max(0, int(long.total_seconds()))
    for size, word in ((86_400, "ngày"), (3_600, "giờ"), (60, "phút")):
        if seconds >= size:
            return f"{seconds // size} {word}"
    return f"{seconds} giây"


def size(count: int | None) -> str:
    """Bytes, as a disk's label tells them."""
    if count is None:
        return "không rõ"
    for unit, word in ((10**9, "GB"), (10**6, "MB")):
        if count >= unit:
            return f"{count / unit:.1f} {word}".replace(".", ",")
    return f"{max(1, count // 1000)} kB"


def token(ends: dt.datetime, now: dt.datetime, failures: int) -> str:
    """How long the token of a channel is still good."""
    if ends <= now:
        return "mã truy cập đã hết hạn"
    told = f"mã truy cập còn {span(ends - now)}"
    return f"{told}, gia hạn hỏng {failures} lần" if failures else told
