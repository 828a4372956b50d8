"""What things are called on the desk, in Vietnamese; one place for every state and outcome."""

import datetime as dt
from collections.abc import Mapping
from typing import Any, assert_never

from cases import limits
from cases.alerts import CONFLICT, GLASS
from cases.conflicts import Matched, Verdict
from cases.joining import Alike
from cases.life import AtOnce, CaseState, Outcome
from cases.limits import DeadlineKind, Step
from cases.parties import PartyRole
from cases.providers import Gender, ProviderKind
from cases.staff import Role
from cases.thread import Author
from desk import telegram_texts
from eligibility.facts import FACTS, CriminalRole, FactId, Household, PapersAtHand
from eligibility.screen import Outcome as Screened
from knowledge.article import Article, Confidence, FieldId, Status
from knowledge.exchange import LABELS
from knowledge.laws import Laws, Standing, law_standing
from knowledge.laws import standing as standing_of
from knowledge.library import Clash
from knowledge.outlook import Turning
from store.clock import ZONE
from store.documents import Stage
from store.outbox import Delivery

UNVERIFIED = "chờ xác nhận"


def state(state: CaseState) -> str:
    """Where a request stands."""
    match state:
        case CaseState.WAITING:
            return "Chờ nhận"
        case CaseState.CLAIMED:
            return "Đang xem"
        case CaseState.ACCEPTED:
            return "Đã thụ lý"
        case CaseState.IN_PROGRESS:
            return "Đang thực hiện"
        case CaseState.CLOSED:
            return "Đã kết thúc"
        case _:
            assert_never(state)


def outcome(outcome: Outcome) -> str:
    """How a case ended."""
    match outcome:
        case Outcome.ADVISED:
            return "Đã tư vấn xong"
        case Outcome.REPRESENTED:
            return "Đã cử người đại diện, bào chữa"
        case Outcome.REFERRED:
            return "Chuyển nơi khác giúp"
        case Outcome.WITHDRAWN:
            return "Người dân rút yêu cầu"
        case Outcome.NOT_ENTITLED:
            return "Không thuộc diện trợ giúp pháp lý"
        case Outcome.UNREACHABLE:
            return "Không liên lạc được"
        case Outcome.DUPLICATE:
            return "Trùng với yêu cầu khác"
        case Outcome.REFUSED:
            return "Từ chối, có căn cứ luật"
        case _:
            assert_never(outcome)


def role(role: Role) -> str:
    """What a staff member is."""
    match role:
        case Role.OFFICER:
            return "Cán bộ chi nhánh"
        case Role.HEAD:
            return "Trưởng chi nhánh"
        case Role.CENTRE:
            return "Trung tâm"
        case Role.EDITOR:
            return "Biên tập nội dung"
        case Role.ADMIN:
            return "Quản trị"
        case Role.AUDITOR:
            return "Kiểm tra"
        case _:
            assert_never(role)


def author(author: Author) -> str:
    """Who spoke; a staff member is called by name instead."""
    match author:
        case Author.CITIZEN:
            return "Người dân"
        case Author.ASSISTANT:
            return "Tràm (máy)"
        case Author.STAFF:
            return "Cán bộ"
        case _:
            assert_never(author)


def delivery(delivery: Delivery, reason: str | None) -> str:
    """Whether a reply has reached the citizen's channel."""
    match delivery:
        case Delivery.WAITING:
            return "Đang gửi…"
        case Delivery.SENT:
            # The page of a talk that was left shows nothing; the words wait there.
            left = "Để sẵn, người dân thấy khi mở bằng mã hồ sơ"
            return {"shut": left, "seen": "Đã gửi, người dân đã xem"}.get(reason or "", "Đã gửi")
        case Delivery.REFUSED:
            return f"Không gửi được: {refused_because(reason)}"
        case Delivery.UNKNOWN:
            return "Chưa rõ đã tới hay chưa; nên hỏi lại hoặc gọi điện"
        case Delivery.HELD:
            return "Giữ kín, người dân gõ PIN mới thấy. " + (
                "Tràm đã báo là có tin mới"
                if reason == "told"
                else "Chưa báo gì, vì chưa chắc an toàn"
            )
        case _:
            assert_never(delivery)


def refused_because(reason: str | None) -> str:
    """Why a channel refused a message, and what to do."""
    known = {
        "blocked": "người dân đã chặn Tràm; nên gọi điện",
        "window closed": "cửa sổ Zalo đã đóng vì người dân lâu chưa nhắn; nên gọi điện",
        "unfollowed": "người dân không còn theo dõi trang Zalo; nên gọi điện",
        "quota": "Zalo hết lượt nhắn cho người này; nên gọi điện",
        "no files here": "kênh này không gửi được tệp; gửi lại bằng lời, hoặc gọi điện",
        "file kind": "kênh này không nhận loại tệp đó",
        "file too large": "tệp quá lớn với kênh này",
        "account deleted": "tài khoản của người dân không còn; nên gọi điện",
        "chat not found": "cuộc trò chuyện không còn; nên gọi điện",
        "chat moved": "cuộc trò chuyện đã chuyển đi nơi khác; nên gọi điện",
        "too long": "tin quá dài; hãy chia làm nhiều tin",
        "empty": "tin không có chữ nào",
        "asked to wait": "kênh đang quá tải; hãy gửi lại sau hoặc gọi điện",
        "not reached": "không kết nối được với kênh; hãy gửi lại sau hoặc gọi điện",
        "server error": "kênh đang có lỗi; hãy gửi lại sau hoặc gọi điện",
        "token refused": "kênh không nhận Tràm; hãy báo quản trị, nên gọi điện",
    }
    return known.get(reason or "", "kênh từ chối; nên gọi điện")


def screened(outcome: str | None) -> str:
    """What the automatic screening came to; never a decision."""
    try:
        said = Screened(outcome or "")
    except ValueError:
        return "Chưa xem sơ bộ"
    match said:
        case Screened.LIKELY:
            return "Có thể thuộc diện"
        case Screened.LIKELY_PAPERS_MISSING:
            return "Có thể thuộc diện, còn thiếu giấy tờ"
        case Screened.UNCLEAR:
            return "Chưa rõ, cần cán bộ xem"
        case Screened.UNLIKELY:
            return "Chưa thấy căn cứ, cán bộ quyết định"
        case Screened.NEED_FACTS:
            return "Chưa hỏi đủ"
        case _:
            assert_never(said)


def field(field_id: str | None) -> str:
    """A field of law."""
    try:
        known = FieldId(field_id or "")
    except ValueError:
        return "Chưa rõ lĩnh vực"
    match known:
        case FieldId.CRIMINAL:
            return "Hình sự"
        case FieldId.CIVIL:
            return "Dân sự"
        case FieldId.FAMILY:
            return "Hôn nhân, gia đình"
        case FieldId.ADMINISTRATIVE:
            return "Hành chính, khiếu nại"
        case FieldId.LAND:
            return "Đất đai, nhà ở"
        case FieldId.LABOUR:
            return "Lao động, việc làm"
        case FieldId.MERIT:
            return "Người có công, bảo trợ"
        case FieldId.POVERTY:
            return "Chính sách giảm nghèo"
        case _:
            assert_never(known)


def danger(kind: str | None) -> str | None:
    """What the assistant took for a danger, or None."""
    if kind is None:
        return None
    return DANGERS.get(kind, "Có dấu hiệu nguy hiểm")


DANGERS: Mapping[str, str] = {
    "violence": "Bạo lực",
    "suicide": "Có ý tự hại",
    "child": "Trẻ em bị hại",
    "arrest": "Bị bắt, bị giữ",
    "trafficking": "Mua bán người",
    "threat": "Bị đe dọa",
    "harming": "Đang tính làm hại người khác",
}
"""The dangers that the assistant tells apart."""


def channel(name: str) -> str:
    """How the citizen is reached."""
    known = {
        "telegram": "Telegram",
        "web": "trang web",
        "zalo_oa": "Zalo",
        "zalo_bot": "Zalo",
        "desk": "tại bàn",
        "phone": "điện thoại",
    }
    return known.get(name, name)


def language(code: str) -> str:
    """The language of the talk."""
    return {"vi": "Tiếng Việt", "km": "Tiếng Khmer", "en": "Tiếng Anh"}.get(code, code)


def relation(relation: str | None) -> str | None:
    """For whom help is asked."""
    if relation is None:
        return None
    known = {
        "self": "cho chính mình",
        "child": "cho con",
        "spouse": "cho vợ, chồng",
        "parent": "cho cha, mẹ",
        "relative": "cho người thân",
        "neighbour": "cho hàng xóm",
        "other": "cho người khác",
    }
    return known.get(relation, relation)


def fact(name: str) -> str:
    """A fact of the screening."""
    try:
        said = FACTS[FactId(name)].said
    except (ValueError, KeyError):
        return name
    return said[:1].upper() + said[1:]


def value(name: str, told: object) -> str:
    """What was told of a fact."""
    if told is True:
        return "có"
    if told is False:
        return "không"
    try:
        match name:
            case FactId.HOUSEHOLD:
                return _household(Household(str(told)))
            case FactId.CRIMINAL_ROLE:
                return _criminal_role(CriminalRole(str(told)))
            case FactId.PAPERS:
                return _papers_at_hand(PapersAtHand(str(told)))
            case _:
                return str(told)
    except ValueError:
        return str(told)


def _household(household: Household) -> str:
    match household:
        case Household.POOR:
            return "hộ nghèo"
        case Household.NEAR_POOR:
            return "hộ cận nghèo"
        case Household.NEITHER:
            return "không nghèo, không cận nghèo"
        case _:
            assert_never(household)


def _criminal_role(role: CriminalRole) -> str:
    match role:
        case CriminalRole.NONE:
            return "không liên quan vụ án"
        case CriminalRole.DENOUNCED:
            return "bị tố giác, bị kiến nghị khởi tố"
        case CriminalRole.HELD:
            return "đang bị giữ, bị tạm giữ"
        case CriminalRole.ACCUSED:
            return "bị can, bị cáo"
        case CriminalRole.VICTIM:
            return "bị hại"
        case CriminalRole.WITNESS:
            return "người làm chứng"
        case CriminalRole.DIVERSION:
            return "người chưa thành niên được xử lý chuyển hướng"
        case CriminalRole.PRISONER:
            return "đang chấp hành án"
        case _:
            assert_never(role)


def _papers_at_hand(papers: PapersAtHand) -> str:
    match papers:
        case PapersAtHand.ALL:
            return "có đủ"
        case PapersAtHand.SOME:
            return "có một phần"
        case PapersAtHand.NONE:
            return "chưa có"
        case _:
            assert_never(papers)


def refusal(reason: str) -> str:
    """Why a press of a button changed nothing, and what is to be done."""
    known = {
        "held": "Hồ sơ này đã có người nhận rồi. Chọn hồ sơ khác trong hàng chờ.",
        "closed": "Hồ sơ này đã kết thúc, nên chưa có gì thay đổi. Cần làm tiếp thì nhờ trưởng chi "
        "nhánh hoặc trung tâm mở lại.",
        "erased": "Hồ sơ này đã xóa theo ý người dân, nên không ghi gì thêm được.",
        "not_holder": "Bạn không giữ hồ sơ này nữa, nên chưa gửi gì cho người dân. "
        "Chữ bạn viết còn trong bản nháp.",
        "empty": "Chưa có chữ nào để gửi.",
        "too_long": f"Tin dài quá {LONGEST_REPLY} chữ cái, nên chưa gửi. Chữ bạn viết còn nguyên; "
        "hãy chia làm nhiều tin.",
        "harmful": "Máy quét thấy mã độc trong tệp này nên không gửi. Hãy báo người quản trị.",
        "not_scanned": "Máy quét mã độc chưa trả lời nên chưa gửi được tệp. Hãy thử lại sau.",
        "unreachable": "Người dân đã xóa cuộc trò chuyện, nên chưa gửi được. "
        "Chữ bạn viết còn trong bản nháp; nên gọi điện nếu có số.",
        "not_claimed": "Chưa ai giữ hồ sơ này. Bấm nhận trước rồi làm tiếp.",
        "not_accepted": "Hồ sơ này chưa thụ lý. Ghi vào sổ thụ lý trước.",
        "accepted_already": "Hồ sơ này đã thụ lý rồi.",
        "begun_already": "Việc này đã bắt đầu rồi.",
        "not_closed": "Hồ sơ này chưa kết thúc.",
        "not_head": "Việc này do trưởng chi nhánh hoặc trung tâm làm.",
        "not_centre": "Việc này do trung tâm làm.",
        "not_of_office": "Hồ sơ này thuộc nơi khác. Nhận chuyển trước rồi làm tiếp.",
        "not_receiver": "Hồ sơ này không chuyển cho nơi của bạn, hoặc lời chuyển đã rút.",
        "not_yours": "Việc này không phải của cán bộ.",
        "inactive": "Tài khoản của bạn đã đóng.",
        "own_office": "Hồ sơ này đang ở trung tâm: bấm nhận như thường.",
        "not_overdue": "Chi nhánh còn trong hạn nhận (8 giờ làm việc).",
        "odd_hour": "Giờ hẹn từ 6 giờ sáng đến 20 giờ.",
        "past": "Giờ đó đã qua. Chọn lúc khác.",
        "papers_to_look_at": "Người dân đã gửi giấy mà chưa ai xem. Xem giấy trước đã.",
        "no_wish": "Không có đề nghị nào đang chờ trả lời.",
        "paper_gone": "Giấy này vừa được xem xong rồi. Trang đã cập nhật.",
        "no_photo": "Chưa có hình nào của giấy này.",
        "too_many_papers": "Hỏi nhiều nhất 12 giấy một lúc.",
        "papers_missing": "Giấy tờ còn thiếu. Chỉ thụ lý ngay khi có lý do (Điều 30 khoản 4).",
        "no_register": "Nơi này chưa có mã sổ thụ lý. Báo quản trị.",
        "left_open": "Còn việc dở ở trên. Đánh dấu là vẫn kết thúc, hoặc làm xong trước.",
        "not_asked": "Chưa có giấy tờ nào đang chờ bổ sung.",
        "assigned_already": "Đã cử người rồi. Muốn cử người khác thì đổi người.",
        "not_assigned": "Chưa cử ai, nên chưa đổi được.",
        "same_provider": "Người này đang làm hồ sơ này rồi.",
        "no_such_provider": "Người này không còn trong danh sách công bố.",
        "conflict": "Người này đã hoặc đang giúp bên kia (Điều 25). Cử người khác, hoặc ghi rõ "
        "vì sao không phải xung đột.",
        "related": "Người này đã khai có quan hệ với một bên (Điều 25). Cử người khác.",
        "declared_already": "Đã khai rồi.",
        "no_conflict": "Không còn thấy xung đột này.",
        "agreement_not_allowed": "Hai bên chỉ thỏa thuận được khi tư vấn hoặc đại diện ngoài "
        "tố tụng.",
        "needs_provider": "Vụ việc này phải cử người thực hiện (Điều 31, Điều 33).",
        "not_advice": "Hồ sơ này không phải tư vấn.",
        "advice_given": "Đã ghi là trả lời tư vấn rồi.",
        "paused": "Hồ sơ đang tạm dừng rồi.",
        "not_paused": "Hồ sơ không tạm dừng.",
        "ground_needs_acceptance": "Căn cứ này chỉ dùng cho hồ sơ đã thụ lý (Điều 37).",
        "papers_not_due": "Chưa hết hạn bổ sung giấy tờ, hoặc chưa rõ hạn là 5 hay 10 ngày "
        "làm việc.",
        "needs_ground": "Từ chối thì phải chọn căn cứ luật và ghi lý do.",
        "too_late": "Kết thúc đã lâu. Mở yêu cầu mới thay vì mở lại.",
        "offered_already": "Hồ sơ này đang chờ nơi khác trả lời.",
        "not_offered": "Hồ sơ này không đang chuyển.",
        "same_office": "Hồ sơ đang ở chính nơi này. Chọn nơi khác.",
        "no_such_office": "Không có nơi này. Chọn nơi khác.",
        "office_closed": "Nơi này không hoạt động. Chọn nơi khác, hoặc chuyển Trung tâm.",
        "office_unable": "Nơi này chưa có ai tiếp nhận được. Chọn nơi khác, hoặc chuyển Trung tâm.",
        "same_officer": "Người này đang giữ hồ sơ rồi. Chọn đồng nghiệp khác.",
        "no_such_officer": "Chỉ giao được cho cán bộ đang làm việc cùng nơi.",
        "same_case": "Đây chính là hồ sơ này.",
        "into_closed": "Hồ sơ kia đã kết thúc, không gộp vào được.",
        "complained": "Khiếu nại trước chưa được trả lời.",
        "no_complaint": "Không có khiếu nại nào đang chờ.",
        "rated": "Đã đánh giá rồi.",
        "blank_left": "Tin còn chỗ trống trong ngoặc { } nên chưa gửi. Điền hoặc xóa chỗ trống rồi "
        "gửi lại.",
        "not_your_replies": "Câu mẫu này không thuộc phần việc của bạn.",
        "no_such_reply": "Câu mẫu này không còn nữa.",
        "reply_too_long": "Câu mẫu dài quá 2000 chữ cái.",
        "bad_key": "Tên gọi là một chữ ngắn, chỉ có chữ, số và gạch nối, tối đa 30 chữ cái.",
        "key_taken": "Đã có câu mẫu tên này. Chọn tên khác, hoặc sửa câu kia.",
        "unknown_blank": "Trong ngoặc { } chỉ ghi được: tên, mã hồ sơ, chi nhánh, ngày hẹn.",
    }
    return known.get(reason, "Việc này chưa làm được. Trang đã cập nhật, hãy xem lại.")


LONGEST_REPLY = 3000
"""Letters; channels take 4,096 together with the office's name above them."""


def act(act: str) -> str:
    """One act of the audit."""
    return ACTS.get(act) or telegram_texts.ACTS.get(act, act)


ACTS = {
    "access.refused": "Bị từ chối: không có, hoặc không thuộc phần việc",
    "case.read": "Đọc hồ sơ",
    "case.glass_opened": "Mở khẩn hồ sơ ngoài phần việc",
    "case.glass_asked": "Xin mở khẩn hồ sơ",
    "case.glass_agreed": "Đồng ý cho mở khẩn hồ sơ",
    "case.glass_read": "Đọc hồ sơ mở khẩn",
    "case.glass_ended": "Kết thúc lần mở khẩn",
    "case.claim": "Nhận hồ sơ",
    "case.give_back": "Trả hồ sơ về hàng chờ",
    "case.reply": "Trả lời người dân",
    "case.note": "Ghi chú nội bộ",
    "case.close": "Kết thúc hồ sơ",
    "case.contact_read": "Xem số điện thoại",
    "case.take_over": "Trung tâm nhận thay chi nhánh",
    "case.release": "Trả về hàng chờ vì tài khoản đã đóng",
    "case.hand_over": "Giao cho cán bộ khác",
    "case.accept": "Thụ lý, ghi sổ",
    "case.ask_papers": "Báo thiếu giấy tờ",
    "case.papers_given": "Nhận đủ giấy tờ",
    "case.decline_wish": "Chưa theo ý người dân về người giúp",
    "case.look_at_paper": "Xem một giấy tờ",
    "case.reissued": "Cấp lại mã và PIN",
    "case.assign": "Cử người thực hiện",
    "case.change_provider": "Đổi người thực hiện",
    "case.begin": "Bắt đầu thực hiện",
    "case.give_advice": "Trả lời tư vấn",
    "case.pause": "Tạm dừng",
    "case.resume": "Làm tiếp",
    "case.snooze": "Để đó",
    "case.correct": "Sửa thông tin",
    "case.offer_transfer": "Chuyển nơi khác",
    "case.cancel_transfer": "Rút lời chuyển",
    "case.accept_transfer": "Nhận hồ sơ chuyển đến",
    "case.decline_transfer": "Không nhận hồ sơ chuyển đến",
    "case.refuse": "Từ chối",
    "case.join": "Gộp với hồ sơ khác",
    "case.withdraw": "Người dân rút yêu cầu",
    "case.ask_withdrawal": "Người dân muốn rút yêu cầu",
    "case.undo_withdrawal": "Người dân nghĩ lại, xin giúp tiếp",
    "case.keep_request": "Người dân thôi rút yêu cầu",
    "case.reopen": "Mở lại",
    "case.complain": "Người dân khiếu nại",
    "case.answer_complaint": "Trả lời khiếu nại",
    "case.follow_complaint": "Ghi việc khiếu nại ở Sở Tư pháp",
    "case.meet": "Hẹn gặp, đổi hoặc bỏ lịch hẹn",
    "case.rate": "Người dân đánh giá",
    "case.party": "Sửa danh sách người trong vụ việc",
    "case.conflict_decided": "Kết luận về xung đột lợi ích",
    "case.relation": "Khai quan hệ với một bên",
    "case.provider_wish": "Người dân chọn hoặc xin đổi người",
    "provider.write": "Sửa danh sách người thực hiện",
    "provider.retire": "Đưa ra khỏi danh sách người thực hiện",
    "provider.back": "Đưa lại vào danh sách người thực hiện",
    "duty.set": "Xếp lịch trực",
    "duty.drop": "Bỏ lịch trực",
    "case.party_read": "Xem giấy tờ, số điện thoại của người trong vụ việc",
    "case.paper": "Lập mẫu đơn từ hồ sơ",
    "case.search": "Tìm hồ sơ",
    "canned.write": "Viết câu trả lời mẫu",
    "canned.remove": "Xóa câu trả lời mẫu",
    "file.read": "Tải tệp",
    "knowledge.export": "Tải kho kiến thức",
    "file.original": "Tải bản gốc của tệp",
    "figures.export": "Tải số liệu",
    "form12.export": "Tải số liệu Mẫu 12",
    "register.read": "Xem sổ thụ lý",
    "register.reveal": "Hiện họ tên trong sổ thụ lý",
    "register.export": "Tải sổ thụ lý",
    "staff.sign_in": "Đăng nhập",
    "staff.sign_in_failed": "Đăng nhập sai",
    "staff.sign_out": "Đăng xuất",
    "staff.password": "Đổi mật khẩu",
    "staff.proved": "Xác nhận bằng bước thứ hai",
    "staff.factor_failed": "Xác nhận bước thứ hai sai",
    "staff.factor_added": "Thêm cách xác nhận",
    "staff.factor_removed": "Bỏ cách xác nhận",
    "staff.paper_codes": "Tạo mã dự phòng",
    "staff.paper_code_used": "Dùng một mã dự phòng",
    "staff.session_ended": "Tự kết thúc một phiên",
    "staff.invitation_agreed": "Đồng ý mời quản trị hoặc người của Trung tâm",
    "staff.let_in_asked": "Đề nghị mở lại tài khoản",
    "staff.post_asked": "Đề nghị đổi vai trò, nơi làm việc",
    "staff.recovery_asked": "Đề nghị đặt lại tài khoản",
    "staff.recovery_granted": "Đồng ý đặt lại tài khoản",
    "staff.recovery_refused": "Bỏ đề nghị đặt lại tài khoản",
    "staff.created": "Tạo tài khoản",
    "staff.invited": "Tạo liên kết mời",
    "staff.invitation_revoked": "Hủy liên kết mời",
    "staff.joined": "Nhận tài khoản bằng liên kết mời",
    "staff.confirmed": "Xác nhận người mới",
    "staff.turned_away": "Không nhận người mới, khóa tài khoản",
    "staff.post": "Đổi vai trò, nơi làm việc",
    "staff.disabled": "Khóa tài khoản",
    "staff.enabled": "Mở lại tài khoản",
    "staff.skills": "Sửa ngôn ngữ, lĩnh vực của cán bộ",
    "leave.set": "Ghi ngày nghỉ phép",
    "leave.drop": "Bỏ ngày nghỉ phép",
    "document.put": "Sửa thông tin của tỉnh",
    "document.saved": "Lưu bản nháp",
    "document.submitted": "Gửi duyệt",
    "document.given_back": "Trả lại bản nháp",
    "document.approved": "Duyệt",
    "document.published": "Đăng",
    "document.confirmed": "Xác nhận bài đang đăng",
    "document.discarded": "Bỏ bản nháp",
    "document.restored": "Dùng lại bản cũ",
    "document.retired": "Gỡ xuống",
    "document.brought_back": "Đăng lại",
    "document.kept": "Giữ bản của mình",
    "document.file_taken": "Lấy bản của tệp",
}


def step(kind: str) -> str | None:
    """One event of a case's timeline, or None for those that the thread itself shows."""
    known = {
        "case.opened": "Người dân gửi yêu cầu",
        "case.claimed": "Nhận hồ sơ",
        "case.given_back": "Trả về hàng chờ",
        "case.contact": "Người dân để lại cách liên lạc",
        "case.withdraw": "Người dân muốn rút yêu cầu",
        "case.danger": "Người dân báo đang nguy hiểm",
        "case.unreachable": "Người dân xóa cuộc trò chuyện",
        "case.closed": "Kết thúc hồ sơ",
        "case.taken_over": "Trung tâm nhận thay chi nhánh",
        "case.released": "Trả về hàng chờ vì người giữ đã nghỉ",
        "case.handed_over": "Giao cho cán bộ khác",
        "case.accepted": "Thụ lý",
        "case.papers_asked": "Báo thiếu giấy tờ",
        "case.papers_given": "Đủ giấy tờ",
        "case.wish_declined": "Trả lời: chưa theo được ý về người giúp",
        "case.paper_sent": "Người dân gửi giấy tờ",
        "case.paper_lacking": "Người dân báo chưa có giấy",
        "case.paper_looked_at": "Xem giấy tờ",
        "case.reissued": "Cấp lại mã và PIN",
        "case.assigned": "Cử người thực hiện",
        "case.provider_changed": "Đổi người thực hiện",
        "case.begun": "Bắt đầu thực hiện",
        "case.advice_given": "Đã trả lời tư vấn",
        "case.paused": "Tạm dừng, chờ người dân",
        "case.resumed": "Làm tiếp",
        "case.corrected": "Sửa thông tin",
        "case.transfer_offered": "Đề nghị chuyển nơi khác",
        "case.transfer_cancelled": "Rút lời chuyển",
        "case.transfer_declined": "Nơi kia không nhận",
        "case.transferred": "Chuyển nơi khác",
        "case.refused": "Từ chối",
        "case.joined": "Gộp vào hồ sơ khác",
        "case.joined_here": "Một hồ sơ khác gộp vào đây",
        "case.withdrawal_undone": "Người dân giữ lại yêu cầu",
        "case.reopened": "Mở lại",
        "case.complaint": "Người dân khiếu nại",
        "case.complaint_answered": "Trả lời khiếu nại",
        "case.complaint_followed": "Khiếu nại ở Sở Tư pháp",
        "case.rated": "Người dân đánh giá",
        "case.provider_wish": "Người dân chọn hoặc xin đổi người",
        "case.party": "Sửa danh sách người trong vụ việc",
        "case.conflict": "Thấy có thể xung đột lợi ích",
        "case.conflict_decided": "Kết luận về xung đột lợi ích",
        "case.meeting": "Hẹn gặp, đổi hoặc bỏ lịch hẹn",
        "case.meeting_answered": "Người dân trả lời lịch hẹn",
        "case.meeting_reminded": "Nhắc người dân lịch hẹn",
        "case.due": "Nhắc hạn",
    }
    return known.get(kind)


_MINUTE, _HOUR, _DAY = 60, 3600, 86_400


def ago(at: dt.datetime, now: dt.datetime) -> str:
    """How long ago, in the largest whole unit."""
    seconds = int((now - at).total_seconds())
    if seconds < _MINUTE:
        return "vừa xong"
    if seconds < _HOUR:
        return f"{seconds // _MINUTE} phút"
    if seconds < 2 * _DAY:
        return f"{seconds // _HOUR} giờ"
    return f"{seconds // _DAY} ngày"


def day(at: dt.datetime, now: dt.datetime) -> str:
    """The day in Vietnam, by name where it is near."""
    then, today = at.astimezone(ZONE).date(), now.astimezone(ZONE).date()
    match (today - then).days:
        case 0:
            return "Hôm nay"
        case 1:
            return "Hôm qua"
        case _:
            return f"{then:%d/%m/%Y}"


def date(on: dt.date) -> str:
    """A day."""
    return f"{on:%d/%m/%Y}"


def hour(at: dt.datetime) -> str:
    """The time of day in Vietnam."""
    return f"{at.astimezone(ZONE):%H:%M}"


def moment(at: dt.datetime) -> str:
    """Time and day in Vietnam, for tables."""
    return f"{at.astimezone(ZONE):%H:%M %d/%m/%Y}"


# --- the inbox ----------------------------------------------------------------------------------


def alert(kind: str, step: Step) -> str:
    """What the clock tells an officer of; `kind` is a `DeadlineKind`, or `conflict`."""
    if kind == GLASS:
        return "Có người mở khẩn hồ sơ"
    if kind == CONFLICT:
        return "Có thể xung đột lợi ích"
    match step:
        case Step.BEFORE:
            return f"Sắp tới hạn: {_owed(kind)}"
        case Step.OVERDUE:
            return f"Quá hạn: {_owed(kind)}"
        case Step.LATER:
            return f"Quá hạn lâu: {_owed(kind)}"
        case _:
            assert_never(step)


def _owed(kind: str) -> str:
    try:
        known = DeadlineKind(kind)
    except ValueError:
        return "xem hồ sơ"
    match known:
        case DeadlineKind.DUTY_ALERT:
            return "gọi người dân ngay"
        case DeadlineKind.CLAIM:
            return "nhận hồ sơ"
        case DeadlineKind.CHECK_REQUEST:
            return "kiểm tra yêu cầu"
        case DeadlineKind.ACCEPT_AT_ONCE:
            return "thụ lý ngay"
        case DeadlineKind.MISSING_PAPERS:
            return "người dân bổ sung giấy tờ"
        case DeadlineKind.ASSIGN_PROVIDER:
            return "cử người thực hiện"
        case DeadlineKind.CHANGE_PROVIDER:
            return "trả lời đề nghị đổi người"
        case DeadlineKind.ADVICE:
            return "trả lời tư vấn"
        case DeadlineKind.COMPLAINT:
            return "trả lời khiếu nại"
        case DeadlineKind.COMPLAINT_TO_DEPARTMENT:
            return "Sở Tư pháp trả lời khiếu nại"
        case _:
            assert_never(known)


# --- the articles of the knowledge base ---------------------------------------------------------


def confidence(confidence: Confidence) -> str:
    """How sure the sources of an article are."""
    match confidence:
        case Confidence.CONFIRMED:
            return "Đã đọc văn bản"
        case Confidence.PARTLY:
            return "Luật đã sửa, chưa đọc bản mới"
        case Confidence.UNVERIFIED:
            return "Theo trí nhớ, chưa đọc"
        case _:
            assert_never(confidence)


def article_status(status: Status) -> str:
    """Whether an officer stands behind an article."""
    match status:
        case Status.DRAFT_SOURCED:
            return "Chờ xác nhận"
        case Status.REVIEWED:
            return "Đã xác nhận"
        case _:
            assert_never(status)


def stage(stage: Stage) -> str:
    """How far a version has come."""
    match stage:
        case Stage.DRAFT:
            return "Bản nháp"
        case Stage.IN_REVIEW:
            return "Chờ duyệt"
        case Stage.APPROVED:
            return "Đã duyệt, chờ đăng"
        case Stage.PUBLISHED:
            return "Đang đăng"
        case Stage.SUPERSEDED:
            return "Đã đăng trước đây"
        case Stage.DISCARDED:
            return "Đã bỏ"
        case _:
            assert_never(stage)


def part(name: str) -> str:
    """A field of an article."""
    return {
        "title": "Câu hỏi (tựa bài)",
        "short": "Tên trên nút bấm",
        "answer": "Trả lời",
        "first_step": "Làm trước",
        "where": "Đến đâu",
        "time_limits": "Thời hạn",
        "papers": "Giấy tờ",
        "wordings": "Cách bà con hỏi",
        "sources": "Căn cứ pháp luật",
        "confidence": "Độ chắc của căn cứ",
        "open_points": "Điểm cần kiểm tra",
        "good_until": "Con số đúng tới ngày",
        "translations": "Bản dịch",
    }.get(name, name)


def stale(article: Article, laws: Laws, today: dt.date) -> str | None:
    """Why an article does not simply stand, with the law and the day; None when it does."""
    now = standing_of(article, laws, today)
    cited = {source.law: laws[source.law] for source in article.sources}.values()
    at_fault = [law for law in cited if law_standing(law, today) is now]
    match now:
        case Standing.IN_FORCE:
            return None
        case Standing.OUTDATED:
            return f"Con số chỉ đúng tới {article.good_until:%d/%m/%Y}"
        case Standing.LAPSED:
            said = [f"{law.short} hết hiệu lực từ {law.lapses:%d/%m/%Y}" for law in at_fault]
        case Standing.NOT_YET:
            said = [f"{law.short} tới {law.effective:%d/%m/%Y} mới áp dụng" for law in at_fault]
        case Standing.AMENDED_UNSEEN:
            said = [
                f"{law.short} đã sửa từ {change.starts:%d/%m/%Y} (theo {change.by}), chưa đối chiếu"
                for law in at_fault
                for change in law.unread_amendments(today)[-1:]
            ]
        case _:
            assert_never(now)
    return "; ".join(said)


def turning(due: Turning) -> str:
    """How an article will stand from a day to come."""
    match due.standing:
        case Standing.OUTDATED:
            return f"Số liệu chỉ đúng tới {due.article.good_until:%d/%m/%Y}"
        case Standing.LAPSED:
            return "Sẽ hết hiệu lực"
        case Standing.AMENDED_UNSEEN:
            return "Bản sửa đổi bắt đầu áp dụng, chưa đọc"
        case Standing.IN_FORCE | Standing.NOT_YET:
            return standing(due.standing)
        case _:
            assert_never(due.standing)


def mistake(name: str, error: Mapping[str, Any]) -> str:
    """What is wrong with what was typed into a field of an article, and what to do."""
    place, kind, context = error["loc"], error["type"], error.get("ctx", {})
    if name == "sources" and len(place) > 1:
        return f"Căn cứ thứ {place[1] + 1}: chưa chọn văn bản luật."
    if name == "translations":
        return "Viết cả tựa và tóm tắt, hoặc để trống cả hai."
    match name, kind:
        case "wordings", "too_short":
            return (
                f"Cần ít nhất {context['min_length']} cách hỏi, mới có {context['actual_length']}."
            )
        case "sources", "too_short":
            return "Cần ít nhất một căn cứ pháp luật."
        case "confidence", _:
            return "Chưa chọn."
        case "good_until", _:
            return "Ngày chưa đúng. Ví dụ: 31/12/2026."
        case _, "string_too_long":
            return too_long(context["max_length"], len(error["input"]))
        case _, "string_too_short":
            return "Chưa viết gì."
        case _:
            return "Chỗ này chưa đúng, xem lại giúp."


def too_long(most: int, there: int) -> str:
    """A part of an article that a phone would not show well."""
    return f"Dài quá: nhiều nhất {most} chữ cái, đang có {there}."


def unknown_blank(blank: str, known: tuple[str, ...]) -> str:
    """A brace that would show as nothing to citizens."""
    usable = ", ".join(f"{{{name}}}" for name in known)
    if blank == "{":
        return f"Dấu {{ }} chỉ dùng cho chỗ trống có tên: {usable}."
    return f"Chỗ trống {blank} không có. Dùng được: {usable}."


def clash(clash: Clash, article: Article, owner: Article | None) -> tuple[str, str]:
    """The field at fault and why the article does not fit beside the others."""
    other = f"{owner.title} ({owner.id})" if owner is not None else ""
    match clash.kind:
        case "law":
            text = f"“{clash.text}” chưa có trong danh mục văn bản luật. Thêm văn bản ở đó trước."
            return "sources", text
        case "short":
            return "short", f"Trùng tên nút với bài {other}. Chọn tên khác."
        case "wording":
            name = {article.title: "title", article.short: "short"}.get(clash.text, "wordings")
            return name, f"Câu “{clash.text}” đã thuộc bài {other}. Bỏ ở một trong hai bài."
        case _:
            assert_never(clash.kind)


def done(act: str | None) -> str | None:
    """What a press of a button on an article has done, told on the page that follows."""
    return {
        "saved": "Đã lưu nháp. Người dân chưa thấy gì khác.",
        "unchanged": "Chưa có gì khác với bản đang đăng, nên chưa lưu gì.",
        "submitted": "Đã gửi duyệt. Một người khác sẽ xem.",
        "given_back": "Đã trả lại cho người viết.",
        "approved": "Đã duyệt. Còn một bước nữa: đăng cho người dân thấy.",
        "published": "Đã đăng. Người dân thấy bản mới từ bây giờ.",
        "confirmed": "Đã xác nhận. Người dân không còn thấy câu “đang chờ cán bộ xác nhận”.",
        "discarded": "Đã bỏ bản nháp. Bản ấy vẫn còn trong lịch sử.",
        "retired": "Đã gỡ bài. Người dân không còn thấy bài này.",
        "brought_back": "Đã đăng lại bài.",
        "restored": "Đã dùng lại bản cũ. Người dân thấy bản ấy từ bây giờ.",
    }.get(act or "")


SAME_PERSON = (
    "Bạn đã viết vào bản này, nên cần một người khác duyệt. Bài nào cũng phải có hai người xem."
)
NOT_THERE_YET = "Bản này không còn ở bước đó. Trang đã cập nhật, hãy xem lại rồi làm tiếp."


def changed_meanwhile(who: str | None, at: dt.datetime | None) -> str:
    """Why an act was not carried out: what it was about is no longer what the person saw."""
    if who is None or at is None:
        return "Bài đã thay đổi trong lúc bạn xem, nên chưa làm gì cả. Hãy xem lại bản mới."
    return f"{who} đã sửa bài lúc {moment(at)}, nên chưa làm gì cả. Hãy xem lại bản mới."


def not_autosaved(who: str | None) -> str:
    """Why the draft was not kept by itself."""
    if who is None:
        return "Chưa tự lưu: bài đã đổi. Bấm “Lưu nháp” để xem hai bản cạnh nhau."
    return f"Chưa tự lưu: {who} vừa lưu bản khác. Bấm “Lưu nháp” để xem hai bản cạnh nhau."


def still_to_mend(places: int, *, asking: bool) -> str:
    """A draft that was saved but is not ready for a review."""
    if asking:
        return f"Đã lưu nháp nhưng chưa gửi duyệt: còn {places} chỗ cần sửa, đánh dấu đỏ bên dưới."
    return f"Đã lưu nháp. Còn {places} chỗ cần sửa trước khi gửi duyệt."


# --- the tools around the knowledge base ----------------------------------------------------------


def standing(standing: Standing) -> str:
    """Where a law stands on a day."""
    match standing:
        case Standing.IN_FORCE:
            return "Đang có hiệu lực"
        case Standing.AMENDED_UNSEEN:
            return "Đã sửa đổi, chưa đọc"
        case Standing.OUTDATED:
            return "Số liệu đã cũ"
        case Standing.NOT_YET:
            return "Chưa có hiệu lực"
        case Standing.LAPSED:
            return "Hết hiệu lực"
        case _:
            assert_never(standing)


def law_shown(show: str) -> str:
    """A choice of laws in the register."""
    return {
        "all": "Tất cả",
        "lapsed": "Hết hiệu lực",
        "unread": "Sửa đổi chưa đọc",
        "soon": "Sắp hết hiệu lực (90 ngày)",
        "unreviewed": "Chưa đối chiếu",
        "open": "Đang có bản nháp",
    }.get(show, show)


def law_part(name: str) -> str:
    """A field of a law."""
    return LABELS.get(name, name)


def law_done(act: str | None) -> str | None:
    """What a press of a button on a law has done, told on the page that follows."""
    return {
        "saved": "Đã lưu nháp. Danh mục đang dùng chưa đổi gì.",
        "submitted": "Đã gửi duyệt. Một người khác sẽ xem.",
        "discarded": "Đã bỏ bản nháp.",
        "give_back": "Đã trả lại cho người viết.",
        "approve": "Đã duyệt. Còn một bước nữa: đưa vào dùng.",
        "publish": "Đã đưa vào dùng. Các bài dẫn văn bản này theo ngay từ bây giờ.",
        "confirm": "Đã ghi nhận: văn bản này đã đối chiếu hôm nay.",
        "retire": "Đã gỡ văn bản khỏi danh mục.",
        "bring_back": "Đã đưa văn bản vào danh mục lại.",
        "restore": "Đã dùng lại bản cũ. Các bài dẫn văn bản này theo ngay từ bây giờ.",
    }.get(act or "")


def question_done(act: str | None, article_id: str) -> str | None:
    """What became of a question, told on the page that follows."""
    return {
        "wording": f"Đã thêm câu này vào bản nháp của bài {article_id}. Còn chờ duyệt.",
        "not_ours": "Đã ghi nhận: không thuộc việc của mình.",
    }.get(act or "")


QUESTIONS_GONE = "Người khác đã xử lý nhóm câu hỏi này rồi, nên chưa làm gì thêm."


def why_asked(why: str) -> str:
    """Why a question stands in the list."""
    return {"unknown": "Chưa trả lời được", "unhelpful": "Bài chưa giúp được"}.get(why, why)


DOCUMENT_KINDS = {"article": "Bài viết", "law": "Văn bản luật"}
"""What ships as files and is edited on the desk."""


def difference_done(decision: str | None) -> str | None:
    """Which of two texts was kept, told on the page that follows."""
    return {
        "ours": "Đã giữ bản của mình. Bản của tệp không hiện ở đây nữa.",
        "files": "Đã lấy bản của tệp. Bản ấy được dùng ngay từ bây giờ.",
    }.get(decision or "")


# --- the page of a case -------------------------------------------------------------------------


def form_of_aid(form: limits.Form) -> str:
    """A form of legal aid, as officers call it and as the register's code does."""
    match form:
        case limits.Form.LITIGATION:
            return "Tham gia tố tụng (TGTT)"
        case limits.Form.REPRESENTATION:
            return "Đại diện ngoài tố tụng (ĐDNTT)"
        case limits.Form.ADVICE:
            return "Tư vấn pháp luật (TV)"
        case _:
            assert_never(form)


def at_once(reason: AtOnce) -> str:
    """Why a case is accepted before its papers are complete, in a few words."""
    match reason:
        case AtOnce.LIMITATION_NEAR:
            return "Thời hiệu sắp hết"
        case AtOnce.TRIAL_NEAR:
            return "Sắp xét xử"
        case AtOnce.SENT_BY_AUTHORITY:
            return "Cơ quan tố tụng chuyển đến"
        case AtOnce.AVOID_HARM:
            return "Tránh thiệt hại cho người dân"
        case _:
            assert_never(reason)


def owner(role: limits.Role) -> str:
    """Who owns a deadline."""
    match role:
        case limits.Role.HOLDER:
            return "người giữ hồ sơ"
        case limits.Role.HEAD:
            return "trưởng chi nhánh"
        case limits.Role.CENTRE:
            return "trung tâm"
        case limits.Role.DUTY:
            return "người trực"
        case _:
            assert_never(role)


def time_left(due_at: dt.datetime, now: dt.datetime) -> str:
    """How long until something is due, or since when it is late, in the largest whole unit."""
    seconds = int((due_at - now).total_seconds())
    said = "còn" if seconds >= 0 else "trễ"
    left = abs(seconds)
    if left < _MINUTE:
        return "tới hạn bây giờ" if seconds >= 0 else "vừa quá hạn"
    if left < _HOUR:
        return f"{said} {left // _MINUTE} phút"
    if left < 2 * _DAY:
        return f"{said} {left // _HOUR} giờ"
    return f"{said} {left // _DAY} ngày"


def until(due_at: dt.datetime, now: dt.datetime) -> str:
    """When something is due, or was: `17:00 mai`, `hết 04/12`; a day's end is midnight after it."""
    due, today = due_at.astimezone(ZONE), now.astimezone(ZONE).date()
    whole = due.time() == dt.time()
    day = (due - dt.timedelta(days=1)).date() if whole else due.date()
    named = {today: "hôm nay", today + dt.timedelta(days=1): "mai"}.get(day, f"{day:%d/%m}")
    return f"hết {named}" if whole else f"{due:%H:%M} {named}"


def party_role(role: PartyRole) -> str:
    """What somebody is in a case."""
    match role:
        case PartyRole.CLIENT:
            return "Người được giúp"
        case PartyRole.OPPONENT:
            return "Phía bên kia"
        case PartyRole.OTHER:
            return "Người khác (làm chứng, người thân)"
        case _:
            assert_never(role)


def matched(by: Matched) -> str:
    """By what two people are taken for one."""
    match by:
        case Matched.NAME:
            return "trùng tên"
        case Matched.ID:
            return "trùng số giấy tờ"
        case Matched.PHONE:
            return "trùng số điện thoại"
        case _:
            assert_never(by)


def verdict(verdict: Verdict) -> str:
    """What an officer made of a possible conflict of interest."""
    match verdict:
        case Verdict.NOT_SAME:
            return "Không phải xung đột: người khác trùng tên, hoặc việc khác"
        case Verdict.AGREED:
            return "Hai bên thỏa thuận (chỉ tư vấn, đại diện ngoài tố tụng về dân sự)"
        case Verdict.STANDS:
            return "Đúng là xung đột: phải cử người khác"
        case _:
            assert_never(verdict)


def alike(why: Alike) -> str:
    """Why two cases may be one."""
    match why:
        case Alike.TALK:
            return "cùng cuộc trò chuyện"
        case Alike.PHONE:
            return "cùng số điện thoại"
        case Alike.PARTY:
            return "cùng người được giúp"
        case _:
            assert_never(why)


def provider_kind(kind: ProviderKind) -> str:
    """Who may give legal aid."""
    match kind:
        case ProviderKind.OFFICER:
            return "Trợ giúp viên pháp lý"
        case ProviderKind.LAWYER:
            return "Luật sư"
        case ProviderKind.CONSULTANT:
            return "Tư vấn viên pháp luật"
        case ProviderKind.COLLABORATOR:
            return "Cộng tác viên"
        case _:
            assert_never(kind)


def gender(gender: Gender) -> str:
    """As the list of providers states it."""
    match gender:
        case Gender.FEMALE:
            return "nữ"
        case Gender.MALE:
            return "nam"
        case _:
            assert_never(gender)


def act_refusal(reason: str) -> str:
    """Why an act on a case changed nothing, and what is to be done; nothing was sent by it."""
    known = {
        "not_holder": "Chỉ người đang giữ hồ sơ làm được việc này, nên chưa có gì thay đổi.",
        "empty": "Chưa ghi rõ. Viết vài chữ rồi bấm lại.",
        "choose": "Còn chỗ chưa chọn. Chọn rồi bấm lại.",
        "no_papers": "Chưa chọn giấy nào còn thiếu. Chọn ít nhất một giấy, hoặc ghi tên giấy.",
        "no_file": "Chưa chọn tệp nào.",
        "file_kind": "Chỉ gửi được ảnh (JPEG, PNG, WebP), PDF hoặc ghi âm Ogg. Chưa gửi gì; hãy "
        "lưu tệp thành PDF rồi gửi lại.",
        "file_too_large": "Tệp lớn quá 10 MB nên chưa gửi. Hãy thu nhỏ, hoặc chia làm nhiều tệp.",
        "bad_image": "Ảnh này bị hỏng hoặc quá lớn, không mở được, nên chưa gửi.",
        "unreachable": "Người dân đã xóa cuộc trò chuyện, nên chưa gửi được gì. Nên gọi điện, nếu "
        "có số.",
        "past": "Lúc đó đã qua. Chọn lúc khác.",
    }
    return known.get(reason) or refusal(reason)


PAPERS: Mapping[str, str] = {
    "02": "Đơn yêu cầu trợ giúp pháp lý",
    "04": "Đơn xin đổi người thực hiện",
    "05": "Đơn rút yêu cầu",
    "08": "Thông báo từ chối, hoặc không làm tiếp",
    "09": "Thông báo chuyển trung tâm tỉnh khác",
    "13": "Giấy giới thiệu của UBND xã, phường",
}
"""The forms that are filled from a case, by the Ministry's number."""
