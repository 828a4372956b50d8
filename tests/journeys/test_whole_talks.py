"""The three talks of a first visitor, from the first word to the officer's answer."""

from bot.turn import Rooms
from cases import queue, talking
from cases.life import CaseState
from cases.staff import StaffMember
from cases.thread import Author
from store.session import Database, Session
from tests.journeys.conftest import Citizen, labels, said


async def test_a_trouble_told_is_screened_sent_claimed_and_answered(
    citizen: Citizen, officer: StaffMember, database: Database
) -> None:
    hello = await citizen.starts()
    assert "trợ lý tự động" in hello[0].text

    told = await citizen.writes(
        "Nhà tôi hộ nghèo ở xã Đá Bạc. Hàng xóm lấn ranh đất hơn hai mét, nói hoài không trả."
    )
    assert "Điều 7 khoản 2" in said(told)
    assert "hộ nghèo" in said(told)

    await citizen.presses("Gửi yêu cầu cho cán bộ")
    asked = await citizen.presses("Chưa có ai")
    assert "Chi nhánh Trần Văn Thời (chờ xác nhận) phụ trách xã Đá Bạc." in said(asked)
    opened = await citizen.presses("Đồng ý gửi")
    assert "Mã hồ sơ:" in said(opened)
    await citizen.presses("Không để lại số")

    case = citizen.case()
    assert case.office_id == "tran-van-thoi"
    database.transact_now(lambda s: queue.claim(s, officer, case.id, "Chi nhánh Trần Văn Thời"))
    claimed = await citizen.reads()
    assert "đã nhận yêu cầu" in said(claimed)

    assert await citizen.writes("Dạ em cần đem giấy gì theo?") == []
    database.transact_now(
        lambda s: talking.reply(s, officer, case.id, "Đem sổ đỏ theo nha chị.", "Chi nhánh")
    )
    (reply,) = await citizen.reads()
    assert reply.text.endswith("Đem sổ đỏ theo nha chị.")

    def authors(session: Session) -> list[tuple[Author, str]]:
        return [
            (entry.author, entry.open(session.vault, "body") or "")
            for entry in talking.thread(session, case)
        ]

    def stories(session: Session) -> list[str]:
        entries = (one for one in talking.thread(session, case) if not one.pressed)
        said = ((one.author, one.open(session.vault, "body") or "") for one in entries)
        return [text for author, text in said if author is Author.CITIZEN]

    assert [text[:7] for text in database.read_now(stories)] == ["Nhà tôi", "Dạ em c"]  # no buttons
    thread = database.read_now(authors)
    assert (Author.CITIZEN, "Dạ em cần đem giấy gì theo?") in thread
    assert any("lấn ranh đất" in text for author, text in thread if author is Author.CITIZEN)


async def test_a_question_is_answered_with_its_source(citizen: Citizen) -> None:
    await citizen.starts()

    (answer,) = await citizen.writes("vay tien nguoi ta lai suat toi da bao nhieu")

    assert "Bộ luật Dân sự 2015, Điều" in answer.text
    assert "chờ cán bộ xác nhận" in answer.text


async def test_whoever_asks_for_a_person_gets_one_without_any_screening(
    citizen: Citizen, officer: StaffMember
) -> None:
    await citizen.starts()
    await citizen.writes("cho tôi gặp cán bộ")
    await citizen.writes("thị trấn sông đốc")
    await citizen.presses("Nói với cán bộ sau")
    opened = await citizen.presses("Đồng ý gửi")

    case = citizen.case()
    assert "Mã hồ sơ:" in said(opened)
    assert (case.office_id, case.state) == ("tran-van-thoi", CaseState.WAITING)


async def test_the_code_and_pin_open_the_case_from_another_phone(
    citizen: Citizen, officer: StaffMember, database: Database, rooms: Rooms
) -> None:
    await citizen.writes("gặp cán bộ")
    await citizen.presses("Bỏ qua")
    await citizen.presses("Nói với cán bộ sau")
    opened = said(await citizen.presses("Đồng ý gửi"))
    code = opened.split("Mã hồ sơ: ")[1][:11]
    pin = opened.split("Số PIN: ")[1][:6]

    other = Citizen(database, citizen.worker, citizen.channel, address="chat-2")
    await other.writes("hồ sơ của tôi")
    await other.writes(code.lower().replace("-", " "))
    shown = said(await other.writes(pin))

    assert "đang chờ cán bộ" in shown
    database.transact_now(lambda s: queue.claim(s, _centre(s), citizen.case().id, "Trung tâm"))
    assert "đã nhận yêu cầu" in said(await other.reads())


def _centre(session: Session) -> StaffMember:
    return session.query(StaffMember).filter_by(username="officer.centre").one()


async def test_boxes_can_be_ticked_one_by_one_and_are_shown_in_place(citizen: Citizen) -> None:
    await citizen.starts()
    await citizen.presses("Tôi có được giúp miễn phí không?")
    await citizen.presses("Không có")
    (boxes,) = await citizen.presses("Bỏ qua")
    while "Chọn những điều đúng" not in boxes.text:
        (boxes,) = await citizen.presses("Không")

    (ticked,) = await citizen.presses("Người có công với cách mạng")
    assert ticked.replaces is not None
    assert [b.ticked for b in ticked.buttons if b.key == "merit"] == [True]
    done = await citizen.presses("Xong")

    assert "Điều 7 khoản 1" in said(done)
    assert "Gửi yêu cầu cho cán bộ" in labels(done[-1])
