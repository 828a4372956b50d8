"""What the page of requests about data says, in Vietnamese."""

from typing import assert_never

from cases.data_requests import Asked
from cases.model import Case


def asked(asked: Asked) -> str:
    """What is asked for."""
    match asked:
        case Asked.CORRECT:
            return "Xin sửa thông tin"
        case Asked.WITHDRAW:
            return "Rút đồng ý về người được giúp"
        case Asked.ERASE:
            return "Xin xóa dữ liệu"
        case _:
            assert_never(asked)


def to_do(asked: Asked, case: Case) -> str:
    """What the centre has to do about it."""
    match asked:
        case Asked.CORRECT:
            return "Sửa trong hồ sơ (hoặc ghi vì sao không sửa), rồi ghi kết quả ở đây."
        case Asked.WITHDRAW:
            return (
                "Hỏi chính người được giúp, không qua người đã nhắn. "
                "Người đó là trẻ em: không báo cho cha mẹ, người đại diện trước khi xem ai an toàn."
            )
        case Asked.ERASE if case.accepted_at is not None:
            return "Đã thụ lý: luật buộc giữ hồ sơ vụ việc. Chọn “Giữ lại” và nói vì sao."
        case Asked.ERASE if case.outcome is None:
            return "Chưa thụ lý nhưng chưa kết thúc: kết thúc yêu cầu trước rồi xóa."
        case Asked.ERASE:
            return (
                "Chưa từng thụ lý: xóa được mọi lời nhắn, hình, tên, số, và cả lời cán bộ đã viết. "
                "Xóa rồi không lấy lại được."
            )
        case _:
            assert_never(asked)


def done(asked: Asked) -> str:
    """The button that says it was done."""
    match asked:
        case Asked.CORRECT:
            return "Đã sửa"
        case Asked.WITHDRAW:
            return "Đã xử lý"
        case Asked.ERASE:
            return "Xóa dữ liệu"
        case _:
            assert_never(asked)


def kept(asked: Asked) -> str:
    """The button that says it was not done."""
    match asked:
        case Asked.CORRECT:
            return "Không sửa"
        case Asked.WITHDRAW | Asked.ERASE:
            return "Giữ lại"
        case _:
            assert_never(asked)


def reason(asked: Asked, case: Case) -> str:
    """Words to begin with, where the law itself is the reason."""
    if asked is Asked.ERASE and case.accepted_at is not None:
        return "Hồ sơ đã thụ lý nên luật buộc cơ quan lưu giữ; chỉ cán bộ phụ trách được xem."
    return ""


DONE = {
    "done": "Đã ghi. Người dân được báo là đã xem xong.",
    "kept": "Đã ghi là chưa làm. Người dân được báo lý do.",
    "done_silent": "Đã ghi. Cuộc trò chuyện không còn, nên không báo qua Tràm được.",
    "kept_silent": "Đã ghi là chưa làm. Cuộc trò chuyện không còn: báo lý do bằng giấy, hoặc gọi "
    "điện nếu có số.",
}
"""What was done, told on the page that follows."""

REFUSALS = {
    "no_reason": "Chưa ghi lý do. Người dân đọc đúng lời bạn viết.",
    "complained": "Người dân đang khiếu nại vụ này: trả lời khiếu nại xong rồi mới xóa.",
    "decided": "Người khác vừa xử lý yêu cầu này.",
    "must_be_kept": "Hồ sơ đã thụ lý thì luật buộc giữ; chọn “Giữ lại” và nói vì sao.",
    "not_closed": "Yêu cầu chưa kết thúc: hãy kết thúc trước rồi mới xóa.",
}
