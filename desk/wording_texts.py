"""The words of the pages where the assistant's own words are edited."""

from typing import assert_never

from cases.wording import Care, Mistake, Wrong

LANGUAGES = {"vi": "Tiếng Việt", "en": "Tiếng Anh", "km": "Tiếng Khmer"}

DONE = {
    "saved": "Đã lưu bản nháp. Bà con chưa thấy gì cho tới khi người khác duyệt.",
    "submitted": "Đã gửi duyệt. Một người khác duyệt thì bà con mới thấy.",
    "published": "Đã đăng. Từ giờ Tràm nói câu này.",
    "given_back": "Đã trả lại cho người soạn.",
    "discarded": "Đã bỏ bản nháp; bản ấy còn trong lịch sử.",
    "restored": "Đã dùng lại bản cũ.",
    "kept": "Giữ bản của mình. Bản của tệp không hỏi lại nữa.",
    "taken": "Đã lấy bản của tệp.",
}

FILTERS = {
    "": "Tất cả",
    "open": "Đang soạn, chờ duyệt",
    "edited": "Đã sửa ở đây",
    "care": "Cần cẩn thận",
    "km": "Thiếu tiếng Khmer",
    "en": "Thiếu tiếng Anh",
}

CONFLICT = "Người khác vừa lưu; chưa ghi gì của bạn. Chữ bạn gõ còn dưới đây, so lại rồi lưu."
MOVED = "Câu này không còn ở bước đó. Trang đã cập nhật, xem lại rồi làm tiếp."
SAME_PERSON = "Bạn đã viết vào bản này, nên cần một người khác duyệt."
NOT_SOUND = "Chưa gửi được: còn chỗ phải sửa, ghi ngay dưới ô."
WHY_FIRST = "Ghi lý do: câu này cần cẩn thận, người duyệt phải biết vì sao sửa."
REMARK_FIRST = "Viết vài chữ cho người soạn biết cần sửa gì, rồi trả lại."
CHECK_FIRST = "Đánh dấu là đã đối chiếu trước khi đăng."
NO_CHANGE = "Không khác gì bản đang dùng, nên không có gì để gửi duyệt."

SAMPLES = {
    "code": "7KQ2M-4XN8P",
    "pin": "246810",
    "name": "xã Đá Bạc",
    "commune": "xã Đá Bạc",
    "phone": "0912 345 678",
    "age": "45",
    "count": "2",
    "day": "thứ Ba 24/11",
    "time": "9 giờ",
    "date": "24/11/2026",
    "error": "3f9a",
}
"""What stands in a blank of the preview when no step of the chat shows the text."""


def care(care: Care) -> str | None:
    """What has to be minded with a text; None: nothing."""
    match care:
        case Care.NONE:
            return None
        case Care.DANGER:
            return (
                "Câu nói với người đang gặp nguy. Số điện thoại phải giữ đúng như bản gốc. "
                "Phải ghi lý do, và người duyệt phải đối chiếu."
            )
        case Care.CONSENT:
            return (
                "Câu bà con dựa vào để đồng ý. Mỗi lần đổi là một bản mới: biên nhận đồng ý ghi "
                "rõ bà con đồng ý với bản số mấy. Phải ghi lý do, và người duyệt phải đối chiếu "
                "với Luật Bảo vệ dữ liệu cá nhân 91/2025/QH15."
            )
        case Care.LOCKED:
            return "Câu này không sửa ở đây: tên ngôn ngữ viết bằng chính ngôn ngữ ấy."
    assert_never(care)


def care_mark(care: Care) -> str | None:
    """The same as a mark in the list."""
    match care:
        case Care.NONE:
            return None
        case Care.DANGER:
            return "Nguy hiểm"
        case Care.CONSENT:
            return "Đồng ý"
        case Care.LOCKED:
            return "Khóa"
    assert_never(care)


def mistake(one: Mistake) -> str:
    """Why a text can't be used, and what to do."""
    match one.wrong:
        case Wrong.EMPTY:
            return "Chưa có chữ nào."
        case Wrong.BRACES:
            return "Ngoặc nhọn chưa khớp. Chỗ trống viết như {office}, không có gì khác bên trong."
        case Wrong.UNKNOWN_BLANK:
            return f"Không có gì để điền vào {one.detail}. Chỉ dùng chỗ trống ghi ở trên."
        case Wrong.LOST_BLANK:
            return f"Thiếu {one.detail}: bà con sẽ không được báo điều đó."
        case Wrong.TOO_LONG:
            return f"Dài quá {one.detail} ký tự, không vừa màn hình điện thoại."
        case Wrong.PHONES if one.detail:
            return f"Số điện thoại phải đúng như bản gốc: {one.detail}."
        case Wrong.PHONES:
            return "Bản gốc không có số điện thoại: không thêm số vào lời."
        case Wrong.COMMAND:
            return f"Tràm không hiểu chữ mời gõ này: {one.detail}. Chỉ dùng chữ có trong lời gốc."
        case Wrong.PROMISE:
            return f"“{one.detail}” nghe như lời hứa. Tràm chỉ xem sơ bộ, cán bộ mới quyết định."
    assert_never(one.wrong)
