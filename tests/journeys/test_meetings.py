"""Meetings from proposal to the day before: by buttons, by numbers, with stale ones in between."""

import datetime as dt

import pytest

from bot.channels.message import Capabilities, Outbound
from cases import appointments, queue, talking
from cases.model import Appointment, Case, MeetingPlace, MeetingState
from cases.province import load_province
from cases.staff import StaffMember
from store.clock import ZONE, SetClock
from store.session import Database, Session
from tests.journeys.conftest import Citizen, ListeningChannel, labels, said
from tests.journeys.test_two_cases import ask_for_a_person, thread_of
from tests.journeys.wording import is_said

PROVINCE = load_province("ca-mau")
TUESDAY = dt.datetime(2026, 11, 24, 9, 0, tzinfo=ZONE)
WEDNESDAY = dt.datetime(2026, 11, 25, 14, 30, tzinfo=ZONE)


async def a_held_case(citizen: Citizen, officer: StaffMember, database: Database) -> Case:
    await citizen.starts()
    await ask_for_a_person(citizen, "xã Đá Bạc")
    case = citizen.case()
    database.transact_now(lambda s: queue.claim(s, officer, case.id, "Chi nhánh"))
    await citizen.reads()
    return case


def propose(database: Database, officer: StaffMember, case: Case, *times: dt.datetime) -> str:
    def act(session: Session) -> str:
        seen = appointments.stamp(appointments.current(session, case))
        meeting = appointments.propose(
            session, officer, case.id, times, MeetingPlace.OFFICE, PROVINCE, seen=seen
        )
        return meeting.id

    return database.transact_now(act)


def meeting_of(database: Database, case: Case) -> Appointment:
    found = database.read_now(lambda session: appointments.current(session, case))
    assert found is not None
    return found


async def test_one_tap_agrees_on_a_time_while_the_officer_holds_the_talk(
    citizen: Citizen, officer: StaffMember, database: Database
) -> None:
    case = await a_held_case(citizen, officer, database)
    propose(database, officer, case, TUESDAY, WEDNESDAY)
    (asked,) = await citizen.reads()
    assert labels(asked)[:2] == ["Thứ Ba 24/11, 09:00", "Thứ Tư 25/11, 14:30"]

    (told,) = await citizen.presses("Thứ Tư 25/11, 14:30")
    again = await citizen.presses("Thứ Tư 25/11, 14:30")

    assert is_said("meeting.agreed", told.text)
    assert "Thứ Tư 25/11, 14:30" in told.text
    assert "Chi nhánh Trần Văn Thời" in told.text
    assert again == []
    assert meeting_of(database, case).at == WEDNESDAY
    words = [text for _, text in thread_of(database, case)]
    assert sum("Chọn giờ hẹn" in text for text in words) == 1


async def test_a_stale_button_shows_the_times_that_count_now(
    citizen: Citizen, officer: StaffMember, database: Database
) -> None:
    case = await a_held_case(citizen, officer, database)
    first = propose(database, officer, case, TUESDAY)
    await citizen.reads()
    propose(database, officer, case, WEDNESDAY)
    await citizen.reads()

    gone, now = await citizen.event(kind="button", text=f"m:{first}:1", button_serial=0)

    assert is_said("meeting.refused_gone", gone.text)
    assert "Thứ Tư 25/11, 14:30" in labels(now)
    assert meeting_of(database, case).state is MeetingState.OFFERED


async def test_somebody_elses_button_opens_nothing(
    citizen: Citizen, officer: StaffMember, database: Database
) -> None:
    case = await a_held_case(citizen, officer, database)
    meeting_id = propose(database, officer, case, TUESDAY)
    stranger = Citizen(database, citizen.worker, citizen.channel, address="chat-2")
    await stranger.starts()

    told = await stranger.event(kind="button", text=f"m:{meeting_id}:1", button_serial=0)

    assert is_said("meeting.refused_gone", said(told))
    assert "Chi nhánh" not in said(told)
    assert meeting_of(database, case).state is MeetingState.OFFERED


@pytest.mark.parametrize(
    ("typed", "state", "at"),
    [
        ("tôi chọn thứ tư 14 giờ 30", MeetingState.AGREED, WEDNESDAY),
        ("toi chon thu ba", MeetingState.AGREED, TUESDAY),
        ("dạ ngày 25/11 đi", MeetingState.AGREED, WEDNESDAY),
        ("2g rưỡi chiều nha", MeetingState.AGREED, WEDNESDAY),
        ("9h sáng", MeetingState.AGREED, TUESDAY),
        ("gio nao cung khong duoc", MeetingState.NONE_FITS, None),
        ("goi lai cho toi di", MeetingState.CALL_ME, None),
        ("thứ ba tôi không đi được", MeetingState.OFFERED, None),
        ("thứ sáu 9 giờ", MeetingState.OFFERED, None),
        ("thứ ba hay thứ tư thì cán bộ rảnh hơn?", MeetingState.OFFERED, None),
    ],
)
async def test_a_time_told_in_words_is_taken_and_anything_else_goes_to_the_officer(
    citizen: Citizen,
    officer: StaffMember,
    database: Database,
    typed: str,
    state: MeetingState,
    at: dt.datetime | None,
) -> None:
    case = await a_held_case(citizen, officer, database)
    propose(database, officer, case, TUESDAY, WEDNESDAY)
    await citizen.reads()

    await citizen.writes(typed)

    assert (meeting_of(database, case).state, meeting_of(database, case).at) == (state, at)
    if state is MeetingState.OFFERED:
        assert thread_of(database, case)[-1][1] == typed


async def test_who_presses_the_same_button_again_later_is_answered_again(
    citizen: Citizen, clock: SetClock
) -> None:
    hello = (await citizen.starts())[-1]

    async def presses() -> list[Outbound]:
        return await citizen.event(kind="button", text="go:status", button_serial=hello.serial)

    first = await presses()
    at_once = await presses()
    clock.forward(dt.timedelta(seconds=30))
    later = await presses()

    assert said(first) == said(later)
    assert at_once == []


class NumberedChannel(ListeningChannel):
    """A channel without buttons: choices are numbered lines."""

    def __init__(self) -> None:
        super().__init__()
        self.capabilities = Capabilities(max_text=2000, buttons=False, asks=frozenset())


class TestWithoutButtons:
    """By typing a number, as on Zalo Bot."""

    @pytest.fixture
    def channel(self) -> ListeningChannel:
        return NumberedChannel()

    async def test_a_number_chooses_the_time(
        self, citizen: Citizen, officer: StaffMember, database: Database
    ) -> None:
        case = await self.held(citizen, officer, database)
        propose(database, officer, case, TUESDAY, WEDNESDAY)
        (asked,) = await citizen.reads()
        assert "2. Thứ Tư 25/11, 14:30" in asked.text

        await citizen.writes("2")

        assert meeting_of(database, case).at == WEDNESDAY

    async def test_a_number_said_to_the_officers_own_question_chooses_no_time(
        self, citizen: Citizen, officer: StaffMember, database: Database, clock: SetClock
    ) -> None:
        case = await self.held(citizen, officer, database)
        propose(database, officer, case, TUESDAY, WEDNESDAY)
        clock.forward(dt.timedelta(minutes=1))
        database.transact_now(
            lambda s: talking.reply(s, officer, case.id, "Chị có mấy đứa con?", "Chi nhánh")
        )
        await citizen.reads()

        await citizen.writes("2")

        assert meeting_of(database, case).state is MeetingState.OFFERED
        assert thread_of(database, case)[-1][1] == "2"

    async def test_the_choices_of_ones_own_case_are_typed_too_while_an_officer_holds_it(
        self, citizen: Citizen, officer: StaffMember, database: Database
    ) -> None:
        case = await self.held(citizen, officer, database)
        shown = await citizen.writes("hồ sơ của tôi")
        number = next(
            line.partition(".")[0]
            for line in said(shown).splitlines()
            if line.endswith("Rút yêu cầu")
        )

        told = await citizen.writes(number)

        assert is_said("status.withdraw_confirm", said(told))
        assert thread_of(database, case)[-1][1] != number

    async def held(self, citizen: Citizen, officer: StaffMember, database: Database) -> Case:
        await citizen.starts()
        await citizen.writes("gặp cán bộ")
        await citizen.writes("xã Đá Bạc")
        await citizen.writes("1")
        await citizen.writes("đồng ý")
        await citizen.writes("1")
        case = citizen.case()
        database.transact_now(lambda s: queue.claim(s, officer, case.id, "Chi nhánh"))
        await citizen.reads()
        return case


async def test_the_reminder_says_nothing_of_law_and_the_status_shows_the_place(
    citizen: Citizen, officer: StaffMember, database: Database, clock: SetClock
) -> None:
    case = await a_held_case(citizen, officer, database)
    propose(database, officer, case, WEDNESDAY)
    await citizen.reads()
    await citizen.presses("Thứ Tư 25/11, 14:30")
    await citizen.event(kind="button", text="go:mine", button_serial=0)

    clock.forward(dt.datetime(2026, 11, 24, 9, tzinfo=ZONE) - clock.now())
    await citizen.worker.tell_due()
    (reminder,) = await citizen.reads()

    assert reminder.text == "Tràm nhắc: ngày mai, 14:30, bạn có hẹn."
    shown: list[Outbound] = await citizen.presses("Xem")
    assert "Chi nhánh Trần Văn Thời" in said(shown)
    assert "Bận rồi, xin đổi giờ" in labels(shown[-1])
