"""What an officer can do with a case: which acts are open, in what order, and the doing of each.

Every act is one form, sent to `/cases/{id}/do/{act}`. Whether it may be done is decided by
`cases.life` alone; what is offered here only saves an officer from pressing in vain.
"""

import datetime as dt
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from enum import StrEnum
from typing import TypeVar, assert_never

from cases import (
    appointments,
    callbacks,
    conflicts,
    correcting,
    handover,
    joining,
    papers,
    parties,
    queue,
    register,
    rights,
    transfer,
)
from cases.access import the_case
from cases.calendar import ZONE, calendar_of
from cases.conflicts import Verdict
from cases.life import (
    AtOnce,
    CaseState,
    Ground,
    Move,
    Outcome,
    PaperVerdict,
    ProviderGround,
    RefusedError,
    Who,
    why_not,
)
from cases.limits import DeadlineKind, Form
from cases.model import Case, MeetingPlace
from cases.moves import who_is
from cases.parties import PartyRole
from cases.staff import StaffMember
from desk import texts
from desk.frame import Frame
from desk.pages.case_meeting import read_times
from knowledge.article import FieldId
from store.session import Session

_Kind = TypeVar("_Kind", bound=StrEnum)


class ActId(StrEnum):
    """One act; its name in addresses."""

    CLOSE = "close"
    GIVE_BACK = "give-back"
    ACCEPT = "accept"
    ASK_PAPERS = "ask-papers"
    PAPERS_GIVEN = "papers-given"
    JUDGE_PAPER = "paper"
    FILE_PAPER = "file-paper"
    ASSIGN = "assign"
    CHANGE_PROVIDER = "change-provider"
    DECLINE_WISH = "decline-wish"
    BEGIN = "begin"
    GIVE_ADVICE = "give-advice"
    PAUSE = "pause"
    RESUME = "resume"
    SNOOZE = "snooze"
    WAKE = "wake"
    REFUSE = "refuse"
    REOPEN = "reopen"
    OFFER_TRANSFER = "transfer"
    CANCEL_TRANSFER = "cancel-transfer"
    ACCEPT_TRANSFER = "accept-transfer"
    DECLINE_TRANSFER = "decline-transfer"
    HAND_OVER = "hand-over"
    TAKE_OVER = "take-over"
    JOIN = "join"
    MEET = "meet"
    CANCEL_MEETING = "cancel-meeting"
    CORRECT = "correct"
    ADD_PARTY = "add-party"
    REMOVE_PARTY = "remove-party"
    DECIDE_CONFLICT = "decide-conflict"
    DECLARE_RELATION = "declare-relation"
    ANSWER_COMPLAINT = "answer-complaint"
    DEPARTMENT_HAS_IT = "department-has-it"
    DEPARTMENT_ANSWERED = "department-answered"
    REISSUE = "reissue"
    """A new code and PIN for who lost theirs; done by a route of its own, which shows them."""
    PAPERS = "papers"
    """The forms of legal aid, filled from the case: a page to choose from, not an act itself."""


GROUPS: tuple[tuple[ActId, ...], ...] = (
    (
        ActId.ACCEPT,
        ActId.ASK_PAPERS,
        ActId.PAPERS_GIVEN,
        ActId.JUDGE_PAPER,
        ActId.FILE_PAPER,
        ActId.ASSIGN,
        ActId.CHANGE_PROVIDER,
        ActId.DECLINE_WISH,
        ActId.BEGIN,
        ActId.GIVE_ADVICE,
        ActId.MEET,
        ActId.CANCEL_MEETING,
        ActId.PAPERS,
        ActId.JOIN,
        ActId.ANSWER_COMPLAINT,
        ActId.DEPARTMENT_HAS_IT,
        ActId.DEPARTMENT_ANSWERED,
    ),
    (
        ActId.CORRECT,
        ActId.ADD_PARTY,
        ActId.REMOVE_PARTY,
        ActId.DECIDE_CONFLICT,
        ActId.DECLARE_RELATION,
        ActId.REISSUE,
    ),
    (
        ActId.SNOOZE,
        ActId.WAKE,
        ActId.PAUSE,
        ActId.RESUME,
        ActId.HAND_OVER,
        ActId.GIVE_BACK,
        ActId.TAKE_OVER,
        ActId.OFFER_TRANSFER,
        ActId.CANCEL_TRANSFER,
        ActId.ACCEPT_TRANSFER,
        ActId.DECLINE_TRANSFER,
    ),
    (ActId.REFUSE, ActId.CLOSE, ActId.REOPEN),
)
"""As the list shows them: the work, what is known, who has it and when, and last what ends it."""


@dataclass(frozen=True)
class Typed:
    """What was typed into the form of an act."""

    fields: Mapping[str, tuple[str, ...]]

    def all(self, name: str) -> tuple[str, ...]:
        """Everything that was said under a name, blank edges and blanks left out."""
        said = (value.replace("\r\n", "\n").strip() for value in self.fields.get(name, ()))
        return tuple(value for value in said if value)

    def text(self, name: str) -> str:
        """What was said under a name last; empty: nothing."""
        return next(reversed(self.all(name)), "")

    def one_of(self, name: str, kind: type[_Kind]) -> _Kind | None:
        """A choice; None when nothing known was chosen."""
        said = self.text(name)
        return kind(said) if said in set(kind) else None

    def must(self, name: str, kind: type[_Kind]) -> _Kind:
        """A choice that has to be made.

        Raises:
            RefusedError: `choose`.
        """
        chosen = self.one_of(name, kind)
        if chosen is None:
            raise RefusedError("choose")
        return chosen

    def must_text(self, name: str) -> str:
        """The id of something that has to be chosen.

        Raises:
            RefusedError: `choose`.
        """
        said = self.text(name)
        if not said:
            raise RefusedError("choose")
        return said

    def yes_or_no(self, name: str) -> bool | None:
        """A choice between yes, no and not known."""
        return {"yes": True, "no": False}.get(self.text(name))


@dataclass(frozen=True)
class Doing:
    """One press of a button."""

    session: Session
    frame: Frame
    staff: StaffMember
    case_id: str
    typed: Typed

    @property
    def own_office(self) -> str:
        """As the citizen is told it."""
        return self.frame.office_label(self.staff.office_id)

    @property
    def office(self) -> str:
        """The office that has the case, as the citizen is told it."""
        return self.frame.office_label(the_case(self.session, self.staff, self.case_id).office_id)

    @property
    def case(self) -> tuple[Session, StaffMember, str]:
        """What every move begins with."""
        return self.session, self.staff, self.case_id


# --- what is open -------------------------------------------------------------------------------


@dataclass(frozen=True)
class Act:
    """How an act is called, and which move of a case it makes."""

    label: str
    move: Move | None
    do: Callable[[Doing], str] | None
    """Does it and says what was done; None: nothing but a page."""
    at_once: bool = False
    """A button of its own, without a form to fill in."""


@dataclass(frozen=True)
class Situation:
    """What decides which acts make sense, beyond the state of the case and who looks at it."""

    paused: bool
    late: frozenset[DeadlineKind]
    complained: bool
    to_department: bool
    """The centre has answered a complaint, or is late: it may go on to the Department."""
    with_department: bool
    """The Department of Justice has it, and has not answered."""
    alike: bool
    conflicts: bool
    wished: bool
    """The citizen's wish about the provider waits for an answer."""
    centre: bool
    """It lies at the centre."""


def open_acts(case: Case, staff: StaffMember, situation: Situation) -> tuple[ActId, ...]:
    """The acts that this person may do now, in the order of the list."""
    who = who_is(case, staff)
    return tuple(
        act
        for group in GROUPS
        for act in group
        if _may(act, case, who) and _makes_sense(act, case, situation)
    )


def first_of_groups(acts: Sequence[ActId]) -> frozenset[ActId]:
    """Those of a list above which a line stands: with them another group begins."""
    shown = ([act for act in group if act in acts] for group in GROUPS)
    return frozenset([group[0] for group in shown if group][1:])


def _may(act: ActId, case: Case, who: frozenset[Who]) -> bool:
    move = ACTS[act].move
    if move is not None:
        return why_not(move, case.state, who) is None
    ours = bool(who & {Who.COLLEAGUE, Who.CENTRE})
    still_open = case.state is not CaseState.CLOSED
    match act:
        case ActId.DECIDE_CONFLICT:
            return bool(who & {Who.HOLDER, Who.HEAD, Who.CENTRE})
        case ActId.ADD_PARTY | ActId.REMOVE_PARTY | ActId.DECLARE_RELATION:
            return ours and still_open
        case _:
            return ours


def _makes_sense(act: ActId, case: Case, situation: Situation) -> bool:
    asked = case.papers_asked_at is not None and case.papers_given_at is None
    sense = {
        ActId.PAPERS_GIVEN: asked,
        ActId.ASSIGN: case.provider_id is None,
        ActId.CHANGE_PROVIDER: case.provider_id is not None,
        ActId.DECLINE_WISH: situation.wished,
        ActId.BEGIN: case.form is Form.ADVICE,
        ActId.GIVE_ADVICE: case.form is Form.ADVICE and case.advice_given_at is None,
        ActId.PAUSE: not situation.paused,
        ActId.RESUME: situation.paused,
        ActId.SNOOZE: case.snoozed_until is None,
        ActId.WAKE: case.snoozed_until is not None,
        ActId.OFFER_TRANSFER: case.offered_to is None,
        ActId.CANCEL_TRANSFER: case.offered_to is not None,
        ActId.TAKE_OVER: not situation.centre and DeadlineKind.CLAIM in situation.late,
        ActId.JOIN: situation.alike,
        ActId.DECIDE_CONFLICT: situation.conflicts,
        ActId.ANSWER_COMPLAINT: situation.complained,
        ActId.DEPARTMENT_HAS_IT: situation.to_department,
        ActId.DEPARTMENT_ANSWERED: situation.with_department,
        ActId.REMOVE_PARTY: False,  # its button stands beside each person
        ActId.JUDGE_PAPER: False,  # its buttons stand beside each paper
        ActId.FILE_PAPER: False,
        ActId.CANCEL_MEETING: False,  # its button stands beside the meeting
    }
    return sense.get(act, True)


def next_act(
    case: Case, acts: tuple[ActId, ...], *, withdrawing: bool, wished: bool = False
) -> ActId | None:
    """The one act that brings a case forward now; None: it is the citizen's turn, or nobody's."""
    order = (
        ActId.RESUME,
        ActId.WAKE,
        ActId.TAKE_OVER,
        ActId.ACCEPT,
        ActId.BEGIN,
        ActId.ASSIGN,
        ActId.GIVE_ADVICE,
        ActId.CLOSE,
        ActId.ANSWER_COMPLAINT,
    )
    if withdrawing and ActId.CLOSE in acts:
        return ActId.CLOSE
    if wished and ActId.CHANGE_PROVIDER in acts:
        return ActId.CHANGE_PROVIDER  # the office owes an answer before anything is closed
    found = next((act for act in order if act in acts), None)
    if found is ActId.ACCEPT and ActId.PAPERS_GIVEN in acts:
        return None  # the papers are ticked off one by one as they come
    if found is ActId.ASSIGN and case.state is CaseState.IN_PROGRESS:
        return ActId.GIVE_ADVICE if ActId.GIVE_ADVICE in acts else ActId.CLOSE
    return found


def shows_letter(act: ActId, typed: Typed) -> bool:
    """Whether the officer reads what the citizen will be told before it is done."""
    told = typed.one_of("ground", Ground) is not None and typed.text("wording")
    return act is ActId.REFUSE and bool(told) and not typed.text("sure")


# --- the doing ----------------------------------------------------------------------------------


def _close(doing: Doing) -> str:
    outcome = doing.typed.must("outcome", Outcome)
    case = the_case(*doing.case)
    if _left_open(doing.session, case) and not doing.typed.text("anyway"):
        raise RefusedError("left_open")
    register.close(*doing.case, outcome)
    return "Hồ sơ đã kết thúc. Người dân được báo kết quả."


def _left_open(session: Session, case: Case) -> bool:
    """Whether papers, a meeting or a call are still owed; the page lists what."""
    meeting = appointments.current(session, case)
    return (
        (case.papers_asked_at is not None and case.papers_given_at is None)
        or (meeting is not None and not appointments.is_over(meeting, session.clock.now()))
        or callbacks.open_callback(session, case) is not None
    )


def _give_back(doing: Doing) -> str:
    queue.give_back(*doing.case, doing.office)
    return "Hồ sơ đã trở lại hàng chờ. Người dân được báo."


def _accept(doing: Doing) -> str:
    form = doing.typed.must("aid", Form)
    register.accept(
        *doing.case,
        doing.frame.province,
        form,
        complex="complex" in doing.typed.all("complex"),
        papers_missing=_papers(doing.typed) or None,
        named=the_case(*doing.case).danger is None,
        at_once=doing.typed.one_of("at_once", AtOnce),
    )
    entry = register.entry_of(doing.session, the_case(*doing.case))
    return f"Đã thụ lý, mã {entry.code if entry else ''}. Người dân được báo."


def _papers(typed: Typed) -> str:
    """The papers that were ticked, and those that were written beside; one a line."""
    return "\n".join((*typed.all("paper"), *typed.text("other").splitlines()))


def _ask_papers(doing: Doing) -> str:
    wanted, named = _papers(doing.typed), "named" in doing.typed.all("named")
    if not wanted:
        raise RefusedError("no_papers")
    longer = doing.typed.yes_or_no("longer")
    case = register.ask_papers(*doing.case, wanted, named=named, longer=longer)
    if case.conversation_id is None:
        return "Đã ghi lại. Không nhắn qua Tràm được: gọi điện báo tên giấy, nếu có số."
    if not named:
        return "Đã báo người dân là còn thiếu giấy tờ; chưa kể tên giấy."
    return "Đã nhắn người dân những giấy còn thiếu, trong một tin."


def _papers_given(doing: Doing) -> str:
    register.papers_given(*doing.case)
    return "Đã ghi là đủ giấy tờ. Người dân được báo."


def _judge_paper(doing: Doing) -> str:
    verdict = doing.typed.must("verdict", PaperVerdict)
    papers.judge(*doing.case, doing.typed.must_text("paper"), verdict)
    case = the_case(*doing.case)
    if case.papers_given_at is not None:
        return "Đã đủ giấy tờ. Người dân được báo."
    match verdict:
        case PaperVerdict.RECEIVED:
            return "Đã nhận giấy này."
        case PaperVerdict.UNREADABLE:
            return "Đã nhắn người dân gửi lại giấy này, lời nhẹ nhàng."
        case PaperVerdict.NOT_NEEDED:
            return "Đã bỏ giấy này khỏi danh sách chờ."
        case _:
            assert_never(verdict)


def _file_paper(doing: Doing) -> str:
    photo, paper = doing.typed.must_text("photo"), doing.typed.must_text("paper")
    papers.file_under(*doing.case, photo, paper)
    return "Đã xếp hình vào giấy này."


def _assign(doing: Doing) -> str:
    register.assign(*doing.case, doing.typed.must_text("provider"))
    return "Đã cử người thực hiện. Người dân được báo."


def _change_provider(doing: Doing) -> str:
    register.change_provider(
        *doing.case,
        doing.typed.must_text("provider"),
        doing.typed.must("ground", ProviderGround),
        doing.typed.text("reason"),
    )
    return "Đã đổi người thực hiện. Người dân được báo."


def _decline_wish(doing: Doing) -> str:
    register.decline_wish(*doing.case, doing.typed.text("reason"))
    return "Đã trả lời người dân, kèm lý do và cách khiếu nại."


def _begin(doing: Doing) -> str:
    register.begin(*doing.case)
    return "Đã bắt đầu tư vấn."


def _give_advice(doing: Doing) -> str:
    register.give_advice(*doing.case)
    return "Đã ghi là trả lời tư vấn xong."


def _pause(doing: Doing) -> str:
    register.pause(*doing.case, doing.typed.text("reason"))
    return "Đã tạm dừng. Đồng hồ đứng lại; người dân được báo là mình đang chờ."


def _resume(doing: Doing) -> str:
    register.resume(*doing.case)
    return "Đã làm tiếp. Đồng hồ chạy lại; người dân được báo."


class Until(StrEnum):
    """Until when a case is put aside."""

    TOMORROW = "tomorrow"
    THREE_DAYS = "three_days"
    WEEK = "week"
    REPLY = "reply"
    """Until the citizen writes; or so long that somebody should look again."""


_ASIDE = {Until.TOMORROW: 1, Until.THREE_DAYS: 3, Until.WEEK: 7, Until.REPLY: 30}
"""Days."""


def _snooze(doing: Doing) -> str:
    days = _ASIDE[doing.typed.must("until", Until)]
    case = the_case(*doing.case)
    today = doing.session.clock.now().astimezone(ZONE).date()
    morning = dt.datetime.combine(today + dt.timedelta(days=days), dt.time(), ZONE)
    until = calendar_of(doing.frame.province, case.office_id).next_working_time(morning)
    queue.snooze(*doing.case, until)
    return f"Đã để qua một bên tới {texts.moment(until)}, hoặc tới khi người dân nhắn."


def _wake(doing: Doing) -> str:
    queue.snooze(*doing.case, None)
    return "Đã lấy hồ sơ ra làm tiếp."


def _refuse(doing: Doing) -> str:
    register.refuse(
        *doing.case,
        doing.typed.must("ground", Ground),
        doing.typed.text("wording"),
        doing.frame.province,
    )
    return "Đã từ chối. Người dân được báo căn cứ và cách khiếu nại. Còn gửi văn bản (mẫu 08)."


def _reopen(doing: Doing) -> str:
    register.reopen(*doing.case, doing.typed.text("reason"), doing.office)
    return "Đã mở lại. Hồ sơ về hàng chờ, người dân được báo."


def _offer_transfer(doing: Doing) -> str:
    to = doing.typed.must_text("to")
    transfer.offer(*doing.case, to, doing.typed.text("reason"), doing.frame.province)
    return f"Đã hỏi {doing.frame.office_label(to)}. Nơi kia nhận thì hồ sơ mới chuyển."


def _cancel_transfer(doing: Doing) -> str:
    transfer.cancel(*doing.case)
    return "Đã rút lời chuyển. Hồ sơ ở lại đây."


def _accept_transfer(doing: Doing) -> str:
    transfer.accept(*doing.case, doing.frame.province)
    return "Đã nhận hồ sơ về hàng chờ của mình. Người dân và nơi chuyển được báo."


def _decline_transfer(doing: Doing) -> str:
    transfer.decline(*doing.case, doing.typed.text("reason"))
    return "Đã trả lời là không nhận. Hồ sơ ở lại nơi cũ."


def _hand_over(doing: Doing) -> str:
    handover.hand_over(*doing.case, doing.typed.must_text("to"), doing.office)
    return "Đã giao hồ sơ cho đồng nghiệp. Người dân được báo."


def _take_over(doing: Doing) -> str:
    queue.take_over(*doing.case, doing.frame.province)
    return "Trung tâm đã nhận thay chi nhánh; bạn đang giữ hồ sơ. Người dân được báo."


def _join(doing: Doing) -> str:
    into = joining.join(*doing.case, doing.typed.must_text("into"))
    return f"Đã gộp vào yêu cầu số {into.number}. Người dân được báo."


def _meet(doing: Doing) -> str:
    typed = doing.typed
    appointments.propose(
        *doing.case,
        read_times(typed.all("at")),
        typed.must("place", MeetingPlace),
        doing.frame.province,
        detail=typed.text("detail"),
        seen=typed.text("seen"),
    )
    return "Đã gửi giờ hẹn. Người dân chọn bằng một lần bấm; trả lời hiện ngay ở đây."


def _cancel_meeting(doing: Doing) -> str:
    appointments.cancel(*doing.case, doing.typed.text("seen"))
    return "Đã bỏ lịch hẹn. Người dân được báo."


def _correct(doing: Doing) -> str:
    case = the_case(*doing.case)
    field = doing.typed.one_of("field", FieldId)
    danger = doing.typed.text("danger") if doing.typed.text("danger") in texts.DANGERS else None
    urgent, held = (bool(doing.typed.all(name)) for name in ("urgent", "custody"))
    before = case.open(doing.session.vault, "danger")
    if field != case.field:
        correcting.correct_field(*doing.case, field)
    if danger != before:
        correcting.correct_danger(*doing.case, danger)
    if (urgent, held) != (case.urgent, case.in_custody):
        correcting.correct_urgent(*doing.case, urgent=urgent, in_custody=held)
    return "Đã sửa thông tin. Hạn được tính lại."


def _add_party(doing: Doing) -> str:
    typed = doing.typed
    parties.add_party(
        *doing.case,
        typed.must("role", PartyRole),
        typed.text("name"),
        id_number=typed.text("id_number") or None,
        phone=typed.text("phone") or None,
    )
    if any(not one.settled for one in conflicts.watch(doing.session, the_case(*doing.case))):
        return "Đã ghi. Có thể xung đột lợi ích (Điều 25): xem phần Người trong vụ việc."
    return "Đã ghi. Không thấy xung đột lợi ích ở nơi nào trong tỉnh."


def _remove_party(doing: Doing) -> str:
    parties.remove_party(*doing.case, doing.typed.must_text("party"))
    return "Đã bỏ người ghi nhầm."


def _decide_conflict(doing: Doing) -> str:
    typed = doing.typed
    conflicts.decide(
        *doing.case, typed.must_text("other"), typed.must("verdict", Verdict), typed.text("reason")
    )
    return "Đã ghi kết luận về xung đột lợi ích, kèm lý do."


def _declare_relation(doing: Doing) -> str:
    typed = doing.typed
    conflicts.declare_relation(*doing.case, typed.must_text("provider"), typed.text("reason"))
    return "Đã ghi. Người này không được cử làm hồ sơ này (Điều 25)."


def _answer_complaint(doing: Doing) -> str:
    rights.answer_complaint(*doing.case, doing.typed.text("answer"))
    return "Đã ghi trả lời khiếu nại. Người dân được báo, kèm chỗ khiếu nại tiếp."


def _department_has_it(doing: Doing) -> str:
    rights.note_department(*doing.case, answered=False)
    return "Đã ghi Sở Tư pháp nhận khiếu nại. Hạn 15 ngày của Sở chạy từ đây."


def _department_answered(doing: Doing) -> str:
    rights.note_department(*doing.case, answered=True)
    return "Đã ghi Sở Tư pháp trả lời khiếu nại."


ACTS: Mapping[ActId, Act] = {
    ActId.CLOSE: Act("Kết thúc hồ sơ", Move.CLOSE, _close),
    ActId.GIVE_BACK: Act("Trả lại hàng chờ", Move.GIVE_BACK, _give_back),
    ActId.ACCEPT: Act("Thụ lý", Move.ACCEPT, _accept),
    ActId.ASK_PAPERS: Act("Hỏi giấy tờ còn thiếu", Move.ASK_PAPERS, _ask_papers),
    ActId.PAPERS_GIVEN: Act("Đã đủ giấy tờ", Move.PAPERS_GIVEN, _papers_given, at_once=True),
    ActId.JUDGE_PAPER: Act("Xem giấy tờ", Move.LOOK_AT_PAPER, _judge_paper, at_once=True),
    ActId.FILE_PAPER: Act("Xếp hình", Move.LOOK_AT_PAPER, _file_paper, at_once=True),
    ActId.ASSIGN: Act("Cử người thực hiện", Move.ASSIGN, _assign),
    ActId.CHANGE_PROVIDER: Act("Đổi người thực hiện", Move.CHANGE_PROVIDER, _change_provider),
    ActId.DECLINE_WISH: Act("Chưa theo được đề nghị", Move.DECLINE_WISH, _decline_wish),
    ActId.BEGIN: Act("Bắt đầu tư vấn", Move.BEGIN, _begin, at_once=True),
    ActId.GIVE_ADVICE: Act("Đã trả lời tư vấn", Move.GIVE_ADVICE, _give_advice, at_once=True),
    ActId.PAUSE: Act("Tạm dừng, chờ người dân", Move.PAUSE, _pause),
    ActId.RESUME: Act("Làm tiếp", Move.RESUME, _resume, at_once=True),
    ActId.SNOOZE: Act("Để qua một bên", Move.SNOOZE, _snooze),
    ActId.WAKE: Act("Lấy ra làm tiếp", Move.SNOOZE, _wake, at_once=True),
    ActId.REFUSE: Act("Từ chối", Move.REFUSE, _refuse),
    ActId.REOPEN: Act("Mở lại", Move.REOPEN, _reopen),
    ActId.OFFER_TRANSFER: Act("Chuyển nơi khác", Move.OFFER_TRANSFER, _offer_transfer),
    ActId.CANCEL_TRANSFER: Act(
        "Rút lời chuyển", Move.CANCEL_TRANSFER, _cancel_transfer, at_once=True
    ),
    ActId.ACCEPT_TRANSFER: Act(
        "Nhận hồ sơ chuyển đến", Move.ACCEPT_TRANSFER, _accept_transfer, at_once=True
    ),
    ActId.DECLINE_TRANSFER: Act("Không nhận", Move.DECLINE_TRANSFER, _decline_transfer),
    ActId.HAND_OVER: Act("Giao cho đồng nghiệp", Move.HAND_OVER, _hand_over),
    ActId.TAKE_OVER: Act("Nhận thay chi nhánh", Move.TAKE_OVER, _take_over, at_once=True),
    ActId.JOIN: Act("Gộp với yêu cầu trùng", Move.JOIN, _join),
    ActId.MEET: Act("Hẹn gặp", Move.MEET, _meet),
    ActId.CANCEL_MEETING: Act("Bỏ lịch hẹn", Move.MEET, _cancel_meeting, at_once=True),
    ActId.CORRECT: Act("Sửa lĩnh vực, mức gấp", Move.CORRECT, _correct),
    ActId.ADD_PARTY: Act("Ghi người trong vụ việc", None, _add_party),
    ActId.REMOVE_PARTY: Act("Bỏ người ghi nhầm", None, _remove_party, at_once=True),
    ActId.DECIDE_CONFLICT: Act("Kết luận về xung đột lợi ích", None, _decide_conflict),
    ActId.DECLARE_RELATION: Act("Khai quan hệ với một bên", None, _declare_relation),
    ActId.ANSWER_COMPLAINT: Act("Trả lời khiếu nại", Move.ANSWER_COMPLAINT, _answer_complaint),
    ActId.DEPARTMENT_HAS_IT: Act(
        "Sở Tư pháp đã nhận khiếu nại", Move.FOLLOW_COMPLAINT, _department_has_it, at_once=True
    ),
    ActId.DEPARTMENT_ANSWERED: Act(
        "Sở Tư pháp đã trả lời khiếu nại",
        Move.FOLLOW_COMPLAINT,
        _department_answered,
        at_once=True,
    ),
    ActId.REISSUE: Act("Cấp lại mã và PIN", None, None),
    ActId.PAPERS: Act("Lập mẫu đơn", None, None),
}
