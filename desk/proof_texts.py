"""The desk's words for second factors, sessions, and proving who one is."""

from collections.abc import Mapping

WRONG = "Mã hoặc khóa không đúng, hoặc đã dùng rồi."
WRONG_PASSWORD = "Mật khẩu không đúng."  # noqa: S105 - what is said of one
NOT_CONFIRMED = "Mã chưa khớp. Xem lại giờ trên điện thoại, đợi mã mới rồi gõ lại."
DONE: Mapping[str, str] = {
    "app": "Ứng dụng tạo mã đã dùng được.",
    "key": "Đã thêm khóa.",
    "removed": "Đã bỏ. Các nơi khác đang đăng nhập đã bị đăng xuất.",
    "ended": "Đã kết thúc phiên đó.",
    "others": "Đã đăng xuất mọi nơi khác.",
}
REFUSED: Mapping[str, str] = {
    "many_keys": "Đã có 10 khóa. Bỏ bớt khóa cũ rồi thêm khóa mới.",
    "no_keys": "Tài khoản này chưa có khóa nào.",
    "no_challenge": "Trang đã cũ. Hãy bấm lại.",
    "bad_key": "Chưa nhận được khóa này. Hãy thử lại, hoặc dùng khóa khác.",
    "last_factor": "Đây là cách xác nhận cuối cùng. Thêm cách khác trước, rồi bỏ cách này.",
    "no_factor": "Không còn cách xác nhận này.",
    "no_passkeys": "Máy chủ chưa có địa chỉ riêng (TRAM_PUBLIC_URL) nên chưa dùng được khóa.",
}


def refusal(reason: str) -> str:
    """Why a factor was not taken."""
    return REFUSED.get(reason, REFUSED["bad_key"])
