"""What the figures and the register call things, in Vietnamese."""

from typing import assert_never

from cases.life import Ground
from cases.limits import DeadlineKind
from cases.periods import Range
from eligibility.grounds import GroupId


def group(key: str) -> str:
    """A group of Article 7, in a few words."""
    try:
        known = GroupId(key)
    except ValueError:
        return "Chưa rõ diện"
    match known:
        case GroupId.MERIT:
            return "Người có công"
        case GroupId.POOR:
            return "Hộ nghèo"
        case GroupId.CHILD:
            return "Trẻ em"
        case GroupId.ETHNIC_MINORITY:
            return "Dân tộc thiểu số vùng đặc biệt khó khăn"
        case GroupId.MINOR_16_18:
            return "Từ 16 đến dưới 18 tuổi, trong tố tụng"
        case GroupId.ACCUSED_NEAR_POOR:
            return "Người bị buộc tội, hộ cận nghèo"
        case GroupId.TRAFFICKING_VICTIM:
            return "Nạn nhân mua bán người"
        case GroupId.MARTYR_KIN:
            return "Thân nhân liệt sĩ"
        case GroupId.AGENT_ORANGE:
            return "Nhiễm chất độc da cam"
        case GroupId.ELDERLY:
            return "Người cao tuổi"
        case GroupId.DISABLED:
            return "Người khuyết tật"
        case GroupId.DOMESTIC_VIOLENCE:
            return "Bị bạo lực gia đình"
        case GroupId.HIV:
            return "Người nhiễm HIV"
        case GroupId.NEAR_POOR:
            return "Người cận nghèo"
        case GroupId.SOCIAL_ALLOWANCE:
            return "Hưởng trợ cấp xã hội"
        case _:
            assert_never(known)


def deadline(kind: DeadlineKind) -> str:
    """A time limit, short enough to stand beside a bar."""
    match kind:
        case DeadlineKind.DUTY_ALERT:
            return "Nguy hiểm: nhận ngay"
        case DeadlineKind.CLAIM:
            return "Có người nhận"
        case DeadlineKind.CHECK_REQUEST:
            return "Kiểm tra hồ sơ"
        case DeadlineKind.ACCEPT_AT_ONCE:
            return "Bị bắt, giữ: thụ lý ngay"
        case DeadlineKind.MISSING_PAPERS:
            return "Bà con bổ sung giấy tờ"
        case DeadlineKind.ASSIGN_PROVIDER:
            return "Cử người thực hiện"
        case DeadlineKind.CHANGE_PROVIDER:
            return "Trả lời đề nghị đổi người"
        case DeadlineKind.ADVICE:
            return "Trả lời tư vấn"
        case DeadlineKind.COMPLAINT:
            return "Trả lời khiếu nại"
        case DeadlineKind.COMPLAINT_TO_DEPARTMENT:
            return "Sở Tư pháp trả lời"
        case _:
            assert_never(kind)


def ground(ground: Ground) -> str:
    """Why a request was refused, or not gone on with, with the article."""
    match ground:
        case Ground.NOT_COVERED:
            return "không có vụ việc cụ thể, không thuộc diện (Điều 30.3a)"
        case Ground.UNLAWFUL:
            return "yêu cầu trái pháp luật (Điều 30.3b)"
        case Ground.DEAD:
            return "người được trợ giúp đã chết (Điều 30.3c)"
        case Ground.HANDLED_ELSEWHERE:
            return "nơi khác đang thụ lý (Điều 30.3d)"
        case Ground.FORBIDDEN_ACT:
            return "làm điều bị cấm (Điều 37.1b)"
        case Ground.PAPERS_MISSING:
            return "quá hạn bổ sung giấy tờ (Thông tư 12/2018, Điều 6.2)"
        case _:
            assert_never(ground)


def range_of(chosen: Range) -> str:
    """Which days are looked at."""
    match chosen:
        case Range.MONTH:
            return "Tháng này"
        case Range.QUARTER:
            return "Quý này"
        case Range.HALF_YEAR:
            return "Nửa năm này"
        case Range.YEAR:
            return "Năm nay"
        case Range.CUSTOM:
            return "Chọn ngày"
        case _:
            assert_never(chosen)
