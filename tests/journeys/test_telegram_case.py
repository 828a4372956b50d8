"""A case over Telegram's real HTTP: papers, a meeting, the wish for another helper."""

from cases import appointments, papers, register
from cases.life import PaperVerdict
from cases.limits import Form
from cases.model import Case, MeetingPlace, MeetingState, WishKind
from cases.papers import AskedPaper
from cases.province import load_province
from cases.staff import StaffMember
from store.session import Session
from tests.journeys.test_meetings import TUESDAY, WEDNESDAY
from tests.journeys.test_provider import LE, SON, on_the_list, wish_of
from tests.journeys.test_telegram_talks import (
    PHOTO,
    SECONDS,
    Line,
    Phone,
    database,
    held,
    line,
    setting,
)

__all__ = ["database", "line", "setting"]  # the fixtures of the talks over Telegram
PROVINCE = load_province("ca-mau")
POOR, DEED = "Giấy chứng nhận hộ nghèo", "Sổ đỏ"


async def says(lan: Phone, words: str) -> str:
    """The next message with these words."""
    return (await lan.citizen.hears(words, seconds=SECONDS)).text


async def test_papers_are_asked_for_photographed_and_ticked_off(
    line: Line, officer: StaffMember
) -> None:
    lan, case = await held(line, officer)

    await line.database.transact(
        lambda s: register.ask_papers(s, officer, case.id, f"{POOR}\n{DEED}", named=True)
    )
    assert f"• {POOR}\n• {DEED}" in await says(lan, POOR)
    lan.citizen.sends_photo(PHOTO, "")
    await lan.hears("papers.which")
    lan.citizen.presses(DEED)
    await lan.hears("papers.put")

    def judge(session: Session) -> None:
        by_name = {
            papers.in_name(session, one): one
            for one in papers.papers_of(session, session.get_one(Case, case.id))
        }
        deed: AskedPaper = by_name[DEED]
        papers.judge(session, officer, case.id, deed.id, PaperVerdict.RECEIVED)
        papers.judge(session, officer, case.id, by_name[POOR].id, PaperVerdict.NOT_NEEDED)

    await line.database.transact(judge)
    await lan.hears("case.papers_given")


async def test_a_time_is_chosen_with_one_tap(line: Line, officer: StaffMember) -> None:
    lan, case = await held(line, officer)
    times = (TUESDAY, WEDNESDAY)

    await line.database.transact(
        lambda s: appointments.propose(
            s, officer, case.id, times, MeetingPlace.OFFICE, PROVINCE, detail="phòng 2"
        )
    )
    assert "phòng 2" in await says(lan, "Cán bộ xin hẹn gặp bạn")
    lan.citizen.presses("Thứ Tư 25/11, 14:30")
    assert "Thứ Tư 25/11, 14:30" in await says(lan, "Đã hẹn")

    def agreed(session: Session) -> bool:
        meeting = appointments.current(session, session.get_one(Case, case.id))
        assert meeting is not None
        return (meeting.state, meeting.at) == (MeetingState.AGREED, WEDNESDAY)

    assert await line.database.read(agreed)


async def test_another_helper_is_asked_for_with_a_reason(line: Line, officer: StaffMember) -> None:
    lan, case = await held(line, officer)
    le, son = on_the_list(line.database, LE, SON)

    def begun(session: Session) -> None:
        register.accept(session, officer, case.id, PROVINCE, Form.REPRESENTATION)
        register.assign(session, officer, case.id, le)

    await line.database.transact(begun)
    await lan.hears("case.assigned")
    lan.citizen.writes("Tôi muốn đổi trợ giúp viên")
    assert "Trần Thị Lệ" in await says(lan, "Vì sao bạn muốn đổi?")
    lan.citizen.presses("Làm không tới nơi")
    await lan.hears("provider.reason")
    lan.citizen.writes("Gọi ba lần không nghe máy")
    await lan.hears("provider.list")
    lan.citizen.presses("Lý Văn Sơn")
    await says(lan, "Lý Văn Sơn")
    lan.citizen.presses("Gửi đề nghị")
    await lan.hears("provider.sent_due")

    wished = (WishKind.CHANGE, son, "Gọi ba lần không nghe máy")
    assert wish_of(line.database, case) == wished
