"""What is said about new accounts that a leader has to confirm, in Vietnamese."""

WAITS_TITLE = "Chờ xác nhận"
WAITS_FOR_A_LEADER = (
    "Trưởng chi nhánh hoặc Trung tâm cần xác nhận bạn là người của cơ quan, "
    "rồi bạn mới xem được hồ sơ. Hãy gọi hoặc gặp họ."
)
DONE = {
    "confirmed": "Đã xác nhận. Người này xem được hồ sơ của cơ quan từ bây giờ.",
    "away": "Đã khóa tài khoản. Hãy báo quản trị và Trung tâm: có người lạ nhận được liên kết mời.",
}
OVER = "Tài khoản này không còn chờ bạn xác nhận."
