"""A phone that others may hold: nothing of a case shows before its PIN, and no notice tells."""

import datetime as dt
import itertools

import pytest
import sqlalchemy as sa

from bot import delivery
from bot.texts import load_texts
from cases import moves, queue, register, talking
from cases.contact import CallHours, SafeContact
from cases.data_requests import Kept
from cases.life import Outcome
from cases.model import Case
from cases.speech import Line, say
from cases.staff import StaffMember
from cases.wording import LANGUAGES
from knowledge.vietnamese import fold
from store.clock import SetClock
from store.outbox import Delivery, OutboxRow
from store.session import Database, Session
from tests.journeys.conftest import Citizen, labels, said
from tests.journeys.test_complaints_and_ratings import complaint_of
from tests.journeys.test_two_cases import thread_of
from tests.journeys.wording import is_said

QUIET = dt.timedelta(minutes=16)
TELLING = (
    *("phap luat", "phap ly", "luat su", "tro giup", "ho so", "can bo", "yeu cau", "khieu nai"),
    *("bao luc", "ly hon", "toa an", "cong an", "vu an", "trung tam", "chi nhanh", "don kien"),
    *("legal", "law", "lawyer", "case", "request", "officer", "violence", "court", "police"),
    *("centre", "branch", "complaint", "divorce", "danger"),
)


async def opened(citizen: Citizen) -> str:
    """Send a request; its PIN."""
    await citizen.writes("gặp cán bộ")
    await citizen.presses("Bỏ qua")
    await citizen.presses("Nói với cán bộ sau")
    told = said(await citizen.presses("Đồng ý gửi"))
    await citizen.presses("Không để lại số")
    return told.split("Số PIN: ")[1][:6]


def claimed(database: Database, officer: StaffMember, case: Case) -> None:
    def claim(session: Session) -> None:
        centre = session.query(StaffMember).filter_by(username=f"officer.{case.office_id}").one()
        queue.claim(session, centre, case.id, "Chi nhánh")

    database.transact_now(claim)


def replied(database: Database, case: Case, text: str) -> None:
    def reply(session: Session) -> None:
        holder = session.get_one(StaffMember, session.get_one(Case, case.id).holder_id)
        talking.reply(session, holder, case.id, text, "Chi nhánh")

    database.transact_now(reply)


async def test_after_a_quiet_time_the_pin_is_asked_before_anything_of_the_case_shows(
    citizen: Citizen, officer: StaffMember, clock: SetClock
) -> None:
    pin = await opened(citizen)
    assert "đang chờ cán bộ" in said(await citizen.writes("hồ sơ của tôi"))

    clock.forward(QUIET)
    asked = said(await citizen.writes("hồ sơ của tôi"))
    assert is_said("unlock.pin", asked)
    assert "đang chờ" not in asked

    wrong = "000000" if pin != "000000" else "111111"
    assert is_said("unlock.wrong", said(await citizen.writes(wrong)))
    assert "đang chờ cán bộ" in said(await citizen.writes(pin))
    assert "đang chờ cán bộ" in said(await citizen.writes("hồ sơ của tôi"))


async def test_wrong_pins_in_the_talk_lock_the_case_for_longer_and_longer(
    citizen: Citizen, officer: StaffMember, clock: SetClock
) -> None:
    pin = await opened(citizen)
    clock.forward(QUIET)
    await citizen.writes("hồ sơ của tôi")
    for number in range(3):
        await citizen.writes(f"{(int(pin) + 1 + number) % 10**6:06}")

    assert is_said("unlock.wrong", said(await citizen.writes(pin)))
    clock.forward(dt.timedelta(minutes=2))
    assert "đang chờ cán bộ" in said(await citizen.writes(pin))


async def test_what_an_officer_writes_to_a_quiet_phone_waits_behind_a_neutral_notice(
    citizen: Citizen, officer: StaffMember, database: Database, clock: SetClock
) -> None:
    pin = await opened(citizen)
    claimed(database, officer, citizen.case())
    await citizen.reads()
    clock.forward(QUIET)
    replied(database, citizen.case(), "Giấy bạo lực của chị em nhận rồi.")
    replied(database, citizen.case(), "Thứ Hai chị ghé chi nhánh.")

    (notice,) = await citizen.reads()
    assert is_said("notice.message", notice.text)

    assert is_said("unlock.pin", said(await citizen.presses("Xem")))
    shown = said(await citizen.writes(pin))
    assert "Giấy bạo lực của chị em nhận rồi." in shown
    assert shown.index("Giấy bạo lực") < shown.index("Thứ Hai chị ghé")


async def test_words_for_the_officer_need_no_pin_and_show_nothing(
    citizen: Citizen, officer: StaffMember, database: Database, clock: SetClock
) -> None:
    await opened(citizen)
    claimed(database, officer, citizen.case())
    await citizen.reads()
    clock.forward(QUIET)

    assert await citizen.writes("Dạ em đem giấy tới rồi nha.") == []

    def words(session: Session) -> list[str | None]:
        return [one.open(session.vault, "body") for one in talking.thread(session, citizen.case())]

    assert "Dạ em đem giấy tới rồi nha." in database.read_now(words)


@pytest.mark.parametrize("words", ["không cần nữa, dừng lại", "rút yêu cầu", "đổi người giúp khác"])
async def test_no_word_about_the_request_is_answered_before_the_pin(
    words: str, citizen: Citizen, officer: StaffMember, clock: SetClock
) -> None:
    await opened(citizen)
    clock.forward(QUIET)

    assert is_said("unlock.pin", said(await citizen.writes(words)))


@pytest.mark.parametrize("key", ["go:undo", "go:provider", "go:withdraw", "go:lacking"])
async def test_no_old_button_of_the_request_shows_anything_before_the_pin(
    key: str, citizen: Citizen, officer: StaffMember, database: Database, clock: SetClock
) -> None:
    await opened(citizen)
    claimed(database, officer, citizen.case())
    await citizen.reads()
    clock.forward(QUIET)

    (asked,) = await citizen.event(kind="button", text=key, button_serial=0)

    assert is_said("unlock.pin", asked.text)


async def test_a_wish_about_the_helper_that_was_begun_is_not_gone_on_with_before_the_pin(
    citizen: Citizen, officer: StaffMember, database: Database, clock: SetClock
) -> None:
    await opened(citizen)
    claimed(database, officer, citizen.case())
    await citizen.reads()
    await citizen.event(kind="button", text="go:provider", button_serial=0)
    assert citizen.state().step == "provider.pick"
    clock.forward(QUIET)

    assert is_said("unlock.pin", said(await citizen.writes("Người nào hiền hiền đó.")))
    assert await citizen.writes("Dạ chào cán bộ, mai em tới.") == []


async def test_whoever_says_that_the_phone_is_theirs_alone_is_not_asked_again(
    citizen: Citizen, officer: StaffMember, database: Database, clock: SetClock
) -> None:
    pin = await opened(citizen)
    clock.forward(QUIET)
    await citizen.writes("hồ sơ của tôi")
    await citizen.writes(pin)
    await citizen.presses("go:mine")
    claimed(database, officer, citizen.case())
    await citizen.reads()

    clock.forward(QUIET)
    replied(database, citizen.case(), "Em nhận giấy rồi.")
    assert "Em nhận giấy rồi." in said(await citizen.reads())
    await citizen.presses("go:shared")
    clock.forward(QUIET)
    assert is_said("unlock.pin", said(await citizen.writes("hồ sơ của tôi")))


async def test_who_may_be_in_danger_is_never_offered_to_do_without_the_pin(
    citizen: Citizen, officer: StaffMember, database: Database, clock: SetClock
) -> None:
    pin = await opened(citizen)
    _flag(database, citizen.case())
    clock.forward(QUIET)
    await citizen.writes("hồ sơ của tôi")
    shown = await citizen.writes(pin)

    assert all("unlock.mine" not in label for one in shown for label in labels(one))
    assert "go:mine" not in [button.key for one in shown for button in one.buttons]


def _flag(database: Database, case: Case, contact: SafeContact | None = None) -> None:
    def flag(session: Session) -> None:
        found = session.get_one(Case, case.id)
        found.seal(session.vault, "danger", "violence")
        if contact is not None:
            found.seal(session.vault, "contact", contact.model_dump_json(exclude_none=True))

    database.transact_now(flag)


TOLD = "Tôi khiếu nại cán bộ đang giúp, hẹn ba lần đều không tới mà cũng không báo."


async def test_a_complaint_told_to_a_quiet_phone_waits_behind_the_pin_and_is_read_back(
    citizen: Citizen, officer: StaffMember, database: Database, clock: SetClock
) -> None:
    pin = await opened(citizen)
    claimed(database, officer, citizen.case())
    await citizen.reads()
    before = thread_of(database, citizen.case())
    clock.forward(QUIET)

    asked = said(await citizen.writes(TOLD))
    assert is_said("unlock.pin", asked)
    assert "hẹn ba lần" not in asked

    assert is_said("complaint.aim", said(await citizen.writes(pin)))
    assert TOLD in said(await citizen.presses("Khiếu nại người giúp tôi"))
    sent = said(await citizen.presses("Gửi khiếu nại"))
    assert is_said("complaint.sent", sent)
    assert complaint_of(database, citizen.case())[1] == TOLD
    assert thread_of(database, citizen.case()) == before


async def test_the_button_to_complain_leads_on_after_the_pin(
    citizen: Citizen, officer: StaffMember, clock: SetClock
) -> None:
    pin = await opened(citizen)
    clock.forward(QUIET)

    (asked,) = await citizen.event(kind="button", text="go:complain", button_serial=0)
    assert is_said("unlock.pin", asked.text)
    assert is_said("complaint.about", said(await citizen.writes(pin)))


async def test_of_a_case_that_has_ended_one_can_still_complain_behind_the_pin(
    citizen: Citizen, officer: StaffMember, database: Database, clock: SetClock
) -> None:
    pin = await opened(citizen)
    case = citizen.case()
    claimed(database, officer, case)
    await citizen.reads()

    def close(session: Session) -> None:
        holder = session.get_one(StaffMember, session.get_one(Case, case.id).holder_id)
        register.close(session, holder, case.id, Outcome.ADVISED)

    database.transact_now(close)
    await citizen.reads()
    clock.forward(QUIET)

    assert is_said("unlock.pin", said(await citizen.writes("khiếu nại trợ giúp viên")))
    assert is_said("complaint.about", said(await citizen.writes(pin)))
    await citizen.writes(TOLD)
    assert is_said("complaint.sent_due", said(await citizen.presses("Gửi khiếu nại")))


async def test_without_a_request_here_the_ways_to_complain_are_told(citizen: Citizen) -> None:
    told = await citizen.writes("khiếu nại trợ giúp viên")

    assert is_said("complaint.no_case", said(told))
    assert "go:status" in [button.key for button in told[-1].buttons]


# --- properties ---------------------------------------------------------------------------------

EVERY_TEXT = sorted(one for one in load_texts().keys("vi") if one.startswith(("case.", "meeting.")))


RECEIPTS = {
    *("delete.done", "data.receipt", "data.case_until"),
    *(f"data.kept.{one}" for one in Kept),
    *(f"delete.on_{one}" for one in ("web", "telegram", "zalo_oa", "zalo_bot")),
}
"""All that stands on a phone after the talk was erased."""
BESIDE = {"meeting.look", "unlock.pin", "meeting.change", "notice.elsewhere"}


@pytest.mark.parametrize("language", LANGUAGES)
def test_no_notice_in_any_language_says_anything_of_law_violence_or_a_case(language: str) -> None:
    texts = load_texts()
    for key in delivery.NEUTRAL | RECEIPTS | BESIDE:
        words = fold(texts.template(key, language)).lower()
        found = [telling for telling in TELLING if telling in words]
        assert not found, (key, found)


@pytest.mark.parametrize("window", [None, *CallHours])
async def test_of_a_flagged_case_only_neutral_words_leave_or_none_at_all(
    window: CallHours | None,
    citizen: Citizen,
    officer: StaffMember,
    database: Database,
    clock: SetClock,
) -> None:
    await opened(citizen)
    case = citizen.case()
    between = {"begin": dt.time(9), "end": dt.time(11)} if window is CallHours.BETWEEN else {}
    contact = SafeContact.model_validate({"phone": "0912345678", "window": window, **between})
    _flag(database, case, contact)
    clock.forward(QUIET)

    def tell_everything(session: Session) -> None:
        found = session.get_one(Case, case.id)
        for key in EVERY_TEXT:
            blanks = dict.fromkeys(load_texts().blanks(key), "x")
            moves.tell(session, found, say(key, **blanks))

    database.transact_now(tell_everything)
    left = await citizen.reads()
    for _ in range(30):
        clock.forward(dt.timedelta(hours=1))
        await citizen.worker.tell_due()
        left += await citizen.reads()

    allowed = {load_texts().render(Line(key=key, blanks=_blank(key)), "vi") for key in _NEUTRAL}
    assert {message.text for message in left} <= allowed
    assert bool(left) is (window is not None)


_NEUTRAL = tuple(delivery.NEUTRAL)


def _blank(key: str) -> dict[str, str]:
    return dict.fromkeys(load_texts().blanks(key), "x")


async def test_a_notice_is_given_once_however_much_is_kept_back(
    citizen: Citizen, officer: StaffMember, database: Database, clock: SetClock
) -> None:
    await opened(citizen)
    case = citizen.case()
    clock.forward(dt.timedelta(hours=10))  # ten in the evening

    def tell(session: Session) -> None:
        moves.tell(session, session.get_one(Case, case.id), say("case.resumed"))

    for _ in itertools.repeat(None, 3):
        database.transact_now(tell)
    assert await citizen.reads() == []

    clock.forward(dt.timedelta(hours=12))
    await citizen.worker.tell_due()
    await citizen.worker.tell_due()
    (notice,) = await citizen.reads()
    assert is_said("notice.message", notice.text)

    def held(session: Session) -> int | None:
        query = sa.select(sa.func.count()).where(OutboxRow.state == Delivery.HELD)
        return session.scalar(query)

    assert database.read_now(held) == 3
