"""What the groups of the staff read, in Vietnamese. Nothing here is shown to citizens."""

import datetime as dt
from typing import assert_never

from cases.calendar import ZONE
from cases.chat_groups import Trouble
from cases.life import Outcome

CLAIM, GIVE_BACK, TRANSFER, CLOSE = "Nhận", "Trả lại hàng chờ", "Chuyển nơi khác", "Kết thúc"
URGENT, NOT_URGENT = "Báo khẩn", "Thôi khẩn"
TAKE, DECLINE = "Nhận chuyển", "Không nhận"
YES, NO = "Đúng, làm đi", "Thôi"

TRANSFER_REASONS = (
    "Không thuộc địa bàn",
    "Có thể xung đột lợi ích",
    "Cần chuyên môn của nơi đó",
    "Chi nhánh đang quá tải",
)
DECLINE_REASONS = (
    "Không thuộc địa bàn",
    "Có thể xung đột lợi ích",
    "Đang quá tải",
)

STRANGER = (
    "Tài khoản Telegram này chưa nối với bàn làm việc, nên chưa có gì được gửi hay thay đổi. "
    "Vào bàn làm việc web, mục Telegram, lấy mã rồi nhắn riêng cho Tràm: /toi MÃ."
)
ANONYMOUS = (
    "Tin này gửi ẩn danh nên không biết là ai; chưa có gì được gửi. "
    "Tắt chế độ quản trị viên ẩn danh rồi gửi lại."
)
NOT_YOURS = "Hồ sơ này không thuộc phần việc của bạn, nên chưa có gì được gửi hay thay đổi."
NOT_IN_USE = (
    "Chủ đề này không dùng để trả lời người dân; tin chưa gửi đi đâu cả. "
    "Hồ sơ có chủ đề riêng, hoặc xem trên bàn làm việc web."
)
EDITED = (
    "Sửa tin ở đây không đổi được tin đã gửi cho người dân. Muốn đính chính, hãy gửi tin mới. "
    "Xóa tin cũng vậy."
)
NOTED = "Đã ghi chú nội bộ, không gửi cho người dân."
SENSITIVE = (
    "Người dân có tin mới. Việc này nhạy cảm, nội dung chỉ có trên bàn làm việc web; "
    "xem và trả lời ở đó."
)
HIDDEN = "Người dân có tin mới. Nội dung xem trên bàn làm việc web."
SENSITIVE_REPLY = (
    "Việc này nhạy cảm, nên chưa gửi gì cho người dân. Xin trả lời trên bàn làm việc web."
)
FILE_REFUSED = "Tệp này chưa gửi được: chỉ nhận ảnh, PDF và ghi âm, tối đa 10 MB."
NO_FORUM = (
    "Nhóm này chưa bật Chủ đề (Topics). Vào phần sửa nhóm, bật Chủ đề, cho Tràm làm quản trị viên "
    "có quyền Quản lý chủ đề, rồi gửi lại mã."
)
FILE_STAYS = "(Tệp kèm theo chưa chuyển qua đây được. Xin xem trên bàn làm việc web.)"
BAD_CODE = "Mã không đúng hoặc đã hết hạn. Lấy mã mới trên bàn làm việc web, mục Telegram."
HOW_TO_LINK = "Gõ /lienket rồi mã lấy trên bàn làm việc web, mục Telegram."
HOW_TO_BE_KNOWN = "Gõ /toi rồi mã lấy trên bàn làm việc web, mục Telegram."
READY = (
    "Nhóm đã sẵn sàng. Yêu cầu mới thành một chủ đề; ai bấm Nhận trước thì giữ. "
    "Viết trong chủ đề là trả lời người dân; bắt đầu bằng // là ghi chú nội bộ. "
    "Mọi người trong nhóm đều đọc được chủ đề: chỉ mời cán bộ của chi nhánh."
)
HOW_TO_REPLY = (
    "Viết ở đây là gửi cho người dân. Bắt đầu bằng // là ghi chú nội bộ. "
    "Sửa hay xóa tin không thu lại được lời đã gửi."
)
MEANT_FOR_US = (
    "Câu này mở đầu như lời nội bộ, nên chưa gửi cho người dân. Ghi chú thì viết lại, bắt đầu "
    "bằng //. Muốn gửi người dân thì đổi mấy chữ đầu."
)
TOO_OLD = "Nút này đã cũ. Dùng nút ở tin đầu chủ đề."
DONE = "Đã làm."


def linked(office: str) -> str:
    return f"Đã liên kết nhóm này với {office}. Đang xem Tràm có đủ quyền chưa…"


def known_as(name: str) -> str:
    return f"Đã nối Telegram này với tài khoản {name}. Bạn làm được việc trong nhóm của chi nhánh."


def trouble(reason: Trouble) -> str:
    """What is missing and how to mend it."""
    match reason:
        case Trouble.UNCHECKED:
            return "Đang xem Tràm có đủ quyền trong nhóm chưa."
        case Trouble.NOT_FORUM:
            return "Nhóm chưa bật Chủ đề (Topics). Bật trong phần sửa nhóm, rồi bấm kiểm tra lại."
        case Trouble.NO_RIGHTS:
            return (
                "Tràm chưa làm được việc ở đây: cho Tràm làm quản trị viên của nhóm, "
                "bật quyền Quản lý chủ đề. Yêu cầu vẫn chờ trên bàn làm việc web."
            )
        case Trouble.GONE:
            return (
                "Tràm không còn trong nhóm. Mời lại và cho làm quản trị viên, hoặc nối nhóm khác."
            )
        case _:
            assert_never(reason)


def topic_name(number: int) -> str:
    """Without a word of the case: everybody in the group reads the list of threads."""
    return f"Yêu cầu số {number}"


def moment(at: dt.datetime) -> str:
    return at.astimezone(ZONE).strftime("%H:%M %d/%m")


def outcome(one: Outcome) -> str:
    """How a case ended, as a button."""
    match one:
        case Outcome.ADVISED:
            return "Đã tư vấn"
        case Outcome.REPRESENTED:
            return "Đã đại diện, bào chữa"
        case Outcome.REFERRED:
            return "Đã giới thiệu nơi khác"
        case Outcome.WITHDRAWN:
            return "Người dân rút"
        case Outcome.NOT_ENTITLED:
            return "Không thuộc diện"
        case Outcome.UNREACHABLE:
            return "Không liên lạc được"
        case Outcome.DUPLICATE:
            return "Trùng yêu cầu khác"
        case Outcome.REFUSED:
            return "Từ chối"
        case _:
            assert_never(one)


def refusal(reason: str, holder: str | None = None) -> str:
    """Why nothing happened, and what is to be done."""
    if reason == "held" and holder:
        return f"{holder} đã nhận hồ sơ này rồi."
    known = {
        "held": "Hồ sơ này đã có người nhận rồi.",
        "closed": "Hồ sơ này đã kết thúc, nên chưa gửi gì cho người dân. Cần làm tiếp thì nhờ "
        "trưởng chi nhánh hoặc trung tâm mở lại.",
        "erased": "Hồ sơ này đã xóa theo ý người dân, nên không ghi gì thêm được.",
        "not_holder": "Chỉ người đang giữ hồ sơ làm được việc này, nên chưa gửi gì cho người dân. "
        "Ghi chú nội bộ: bắt đầu bằng //.",
        "not_claimed": "Chưa ai nhận hồ sơ này, nên chưa gửi gì cho người dân. Bấm Nhận trước.",
        "empty": "Chưa có chữ nào để gửi.",
        "too_long": "Tin quá dài, nên chưa gửi. Hãy chia làm nhiều tin.",
        "blank_left": "Tin còn chỗ trống trong ngoặc { } nên chưa gửi.",
        "unreachable": "Người dân đã xóa cuộc trò chuyện, nên chưa gửi được; nên gọi điện.",
        "offered_already": "Hồ sơ này đang chờ nơi khác trả lời.",
        "same_office": "Hồ sơ đang ở chính nơi này. Chọn nơi khác.",
        "office_closed": "Nơi này không hoạt động. Chọn nơi khác, hoặc chuyển Trung tâm.",
        "office_unable": "Nơi này chưa có ai tiếp nhận được. Chọn nơi khác, hoặc chuyển Trung tâm.",
        "not_receiver": "Hồ sơ này không chuyển cho nơi của bạn, hoặc lời chuyển đã rút.",
        "not_head": "Việc này do trưởng chi nhánh hoặc trung tâm làm.",
        "not_of_office": "Hồ sơ này thuộc nơi khác.",
        "inactive": "Tài khoản của bạn đã đóng.",
    }
    return known.get(reason, "Việc này chưa làm được. Mở bàn làm việc web để xem.")


def undelivered(reason: str | None, *, unknown: bool) -> str:
    """An officer's words that did not reach the citizen, and what to do."""
    if unknown:
        return "⚠️ Tin vừa gửi chưa rõ đã tới người dân hay chưa; nên hỏi lại hoặc gọi điện."
    why = {
        "blocked": "người dân đã chặn Tràm",
        "window closed": "cửa sổ Zalo đã đóng vì người dân lâu chưa nhắn",
        "unfollowed": "người dân không còn theo dõi trang Zalo",
        "quota": "Zalo hết lượt nhắn cho người này",
        "no files here": "kênh của người dân không nhận tệp; gửi lại bằng lời",
        "file kind": "kênh của người dân không nhận loại tệp đó",
        "file too large": "tệp quá lớn với kênh của người dân",
        "too long": "tin quá dài; hãy chia làm nhiều tin",
    }.get(reason or "", "kênh của người dân không nhận")
    return f"⚠️ Tin vừa gửi không tới được: {why}. Nên gọi điện; số ở bàn làm việc web."
