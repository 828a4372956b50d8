"""The centre's list of what citizens ask about their data."""

import sqlalchemy as sa

from cases import data_requests, papers, rights
from cases.data_requests import Asked, DataRequest
from cases.life import Outcome
from cases.model import Appointment, Case
from cases.moves import end
from cases.thread import Note, ThreadEntry, Told
from store.files import StoredFile
from store.session import Session
from tests.desk.test_case import said_to_citizen
from tests.desk.world import World, photo


def asked(world: World, case_id: str, what: Asked) -> str:
    def ask(session: Session) -> str:
        return data_requests.ask(session, session.get_one(Case, case_id), what).id

    return world.database.transact_now(ask)


async def test_what_was_asked_stands_there_with_its_due_time_and_what_to_do(world: World) -> None:
    case_id = world.open_case(words=("Tôi bị lấn đất",))
    asked(world, case_id, Asked.ERASE)
    trung = await world.signed_in("trung")

    page = (await trung.get("/desk/data-requests")).text

    assert "Xin xóa dữ liệu" in page
    assert "kết thúc yêu cầu trước" in page
    assert "Hạn " in page
    assert "lấn đất" not in page


async def test_it_is_not_erased_before_the_request_is_closed(world: World) -> None:
    case_id = world.open_case(words=("Tôi bị lấn đất",))
    request_id = asked(world, case_id, Asked.ERASE)
    trung = await world.signed_in("trung")

    answer = await trung.press(f"/desk/data-requests/{request_id}", decision="done")

    assert answer.status_code == 409
    assert "chưa kết thúc" in answer.text
    assert world.count(sa.select(ThreadEntry.id)) > 0


async def test_one_press_erases_what_may_be_erased_and_the_list_is_empty(world: World) -> None:
    case_id = world.open_case(words=("Tôi bị lấn đất",))
    request_id = asked(world, case_id, Asked.ERASE)

    def close(session: Session) -> None:
        end(session, session.get_one(Case, case_id), Outcome.WITHDRAWN, None)

    world.database.transact_now(close)
    trung = await world.signed_in("trung")
    await trung.press(f"/desk/data-requests/{request_id}", decision="done")

    assert world.count(sa.select(ThreadEntry.id)) == 0
    assert world.count(sa.select(DataRequest.id).where(DataRequest.done_at.is_(None))) == 0
    assert "Không yêu cầu nào" in (await trung.get("/desk/data-requests")).text
    page = await trung.get(f"/desk/cases/{case_id}")
    assert page.status_code == 200
    assert "đã xóa lúc" in page.text
    assert "Lưu ghi chú" not in page.text
    note = await trung.press(f"/desk/cases/{case_id}/note", text="Tên bà là…")
    assert note.status_code == 409
    assert "không ghi gì thêm được" in note.text
    assert world.count(sa.select(Note.id)) == 0


async def test_a_complaint_is_answered_before_its_words_are_erased(world: World) -> None:
    case_id = world.open_case()
    request_id = asked(world, case_id, Asked.ERASE)

    def complained(session: Session) -> None:
        case = session.get_one(Case, case_id)
        end(session, case, Outcome.NOT_ENTITLED, None)
        rights.complain(session, case, "Không ai gọi lại cho tôi")

    world.database.transact_now(complained)
    trung = await world.signed_in("trung")

    answer = await trung.press(f"/desk/data-requests/{request_id}", decision="done")

    assert answer.status_code == 409
    assert "trả lời khiếu nại xong" in answer.text
    assert world.case(case_id).erased_at is None


async def test_papers_meetings_and_what_was_told_of_them_go_too(world: World) -> None:
    case_id = world.open_case(photo=photo())
    request_id = asked(world, case_id, Asked.ERASE)
    lan = await world.signed_in("lan")
    here = f"/desk/cases/{case_id}"
    await lan.press(f"{here}/claim")
    await lan.press(f"{here}/do/ask-papers", other="Bệnh án", named="1")
    await lan.press(f"{here}/do/meet", at="2026-11-24T09:00", place="office", detail="cửa sau")

    def photographed_and_closed(session: Session) -> None:
        case = session.get_one(Case, case_id)
        sent = sa.select(ThreadEntry.file_id).where(ThreadEntry.file_id.is_not(None))
        papers.keep_photo(session, case, session.scalars(sent).one() or "")
        end(session, case, Outcome.WITHDRAWN, None)

    world.database.transact_now(photographed_and_closed)
    trung = await world.signed_in("trung")
    answer = await trung.press(f"/desk/data-requests/{request_id}", decision="done")

    assert answer.status_code == 303
    for table in (StoredFile, papers.PaperFile, papers.AskedPaper, Told, ThreadEntry):
        assert world.count(sa.select(table.id)) == 0, table
    assert world.count(sa.select(Appointment.id).where(Appointment.detail.is_not(None))) == 0
    assert (await trung.get(f"/desk/cases/{case_id}")).status_code == 200


async def test_what_is_not_done_is_answered_with_the_reason(world: World) -> None:
    case_id = world.open_case()
    request_id = asked(world, case_id, Asked.CORRECT)
    trung = await world.signed_in("trung")

    wordless = await trung.press(f"/desk/data-requests/{request_id}", decision="kept")
    told = await trung.press(
        f"/desk/data-requests/{request_id}", decision="kept", reason="Tên này khớp căn cước."
    )

    assert wordless.status_code == 409
    assert "Chưa ghi lý do" in wordless.text
    assert told.status_code == 303
    assert "được báo lý do" in (await trung.get(told.headers["location"])).text
    assert "Tên này khớp căn cước." in said_to_citizen(world)[-1]
    assert "Tên này khớp căn cước." in (await trung.get(f"/desk/cases/{case_id}")).text


async def test_who_asked_is_told_when_it_is_done(world: World) -> None:
    request_id = asked(world, world.open_case(), Asked.CORRECT)
    trung = await world.signed_in("trung")

    await trung.press(f"/desk/data-requests/{request_id}", decision="done")

    assert "data.answered" in said_to_citizen(world)[-1]
