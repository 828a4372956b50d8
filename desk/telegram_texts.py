"""What the page about Telegram says, in Vietnamese."""

from typing import assert_never

from cases.chat_groups import Trouble


def standing(trouble: Trouble | None) -> str:
    """Whether requests reach a group, and what to do when they do not."""
    match trouble:
        case None:
            return "Đang hoạt động: yêu cầu mới thành một chủ đề trong nhóm."
        case Trouble.UNCHECKED:
            return "Đang xem Tràm có đủ quyền trong nhóm chưa. Tải lại trang sau ít phút."
        case Trouble.NOT_FORUM:
            return "Nhóm chưa bật Chủ đề (Topics). Bật trong phần sửa nhóm, rồi bấm kiểm tra lại."
        case Trouble.NO_RIGHTS:
            return (
                "Tràm chưa có quyền: cho Tràm làm quản trị viên của nhóm, bật quyền Quản lý chủ đề."
            )
        case Trouble.GONE:
            return "Tràm không còn trong nhóm. Mời Tràm vào lại, hoặc liên kết nhóm khác."
        case _:
            assert_never(trouble)


ACTS = {
    "telegram.code": "Lấy mã liên kết Telegram",
    "telegram.code_refused": "Mã liên kết Telegram sai",
    "telegram.person_linked": "Nối tài khoản Telegram",
    "telegram.person_unlinked": "Thôi nối tài khoản Telegram",
    "telegram.group_linked": "Liên kết nhóm Telegram",
    "telegram.group_unlinked": "Thôi liên kết nhóm Telegram",
    "telegram.group_set": "Sửa cách dùng nhóm Telegram",
    "telegram.group_lost": "Nhóm Telegram mất quyền",
    "telegram.group_moved": "Nhóm Telegram đổi số",
    "telegram.refused": "Từ chối việc làm trong nhóm Telegram",
}
"""Acts of the audit."""
