"""Papers asked for and sent, in the talk: one message asks, one tap says which paper a photo is."""

import io

import pytest
from PIL import Image

from bot.channels.message import Capabilities, FetchedFile, Outbound
from cases import papers, queue, register
from cases.life import PaperState, PaperVerdict
from cases.model import Case
from cases.staff import StaffMember
from store.session import Database, Session
from tests.journeys.conftest import Citizen, ListeningChannel, labels, said
from tests.journeys.test_complaints_and_ratings import a_held_case
from tests.journeys.test_two_cases import thread_of
from tests.journeys.wording import is_said

POOR, DEED = "Giấy chứng nhận hộ nghèo", "Sổ đỏ"


def _jpeg() -> bytes:
    made = io.BytesIO()
    Image.new("RGB", (60, 80), "#c8b48c").save(made, "JPEG")
    return made.getvalue()


JPEG = _jpeg()


def ask(database: Database, officer: StaffMember, case: Case, *names: str, named: bool) -> None:
    database.transact_now(
        lambda s: register.ask_papers(s, officer, case.id, "\n".join(names), named=named)
    )


async def sends_a_photo(citizen: Citizen, words: str = "") -> list[Outbound]:
    citizen.channel.files["photo"] = FetchedFile(JPEG, "giay.jpg")
    file = {"reference": "photo", "name": "giay.jpg", "media_type": "image/jpeg", "size": len(JPEG)}
    return await citizen.event(kind="file", text=words, file=file)


def states(database: Database, case: Case) -> dict[str, tuple[PaperState, int]]:
    def read(session: Session) -> dict[str, tuple[PaperState, int]]:
        found = session.get_one(Case, case.id)
        photos = [one.paper_id for one in papers.photos_of(session, found)]
        return {
            papers.in_name(session, one): (one.state, photos.count(one.id))
            for one in papers.papers_of(session, found)
        }

    return database.read_now(read)


async def test_one_message_asks_and_one_tap_sorts_an_album(
    citizen: Citizen, officer: StaffMember, database: Database
) -> None:
    case = await a_held_case(citizen, officer, database)
    ask(database, officer, case, POOR, DEED, named=True)
    (asked,) = await citizen.reads()
    assert f"• {POOR}\n• {DEED}" in asked.text
    assert labels(asked) == ["Tôi chưa có giấy"]

    (which,) = await sends_a_photo(citizen)
    assert is_said("papers.which", which.text)
    assert labels(which) == [POOR, DEED, "Giấy khác"]
    assert await sends_a_photo(citizen) == []
    (put,) = await citizen.presses(DEED)

    assert is_said("papers.put", put.text)
    assert "2 hình" in put.text
    assert f"Giấy còn thiếu:\n• {POOR}" in put.text
    assert states(database, case) == {POOR: (PaperState.ASKED, 0), DEED: (PaperState.SENT, 2)}


async def test_the_wrong_paper_is_put_right_with_one_more_tap(
    citizen: Citizen, officer: StaffMember, database: Database
) -> None:
    case = await a_held_case(citizen, officer, database)
    ask(database, officer, case, POOR, DEED, named=True)
    await citizen.reads()
    await sends_a_photo(citizen)
    await citizen.presses(DEED)

    (which,) = await citizen.presses("Chọn nhầm giấy")
    assert is_said("papers.which", which.text)
    await citizen.presses(POOR)

    assert states(database, case) == {POOR: (PaperState.SENT, 1), DEED: (PaperState.ASKED, 0)}


async def test_a_blurred_photo_is_asked_for_again_by_name_and_the_next_one_completes_the_papers(
    citizen: Citizen, officer: StaffMember, database: Database
) -> None:
    case = await a_held_case(citizen, officer, database)
    ask(database, officer, case, POOR, named=True)
    await citizen.reads()
    (put,) = await sends_a_photo(citizen)
    assert is_said("papers.all_sent", put.text)

    def judge(verdict: PaperVerdict) -> None:
        def act(session: Session) -> None:
            found = session.get_one(Case, case.id)
            paper = papers.papers_of(session, found)[0]
            papers.judge(session, officer, case.id, paper.id, verdict)

        database.transact_now(act)

    judge(PaperVerdict.UNREADABLE)
    (again,) = await citizen.reads()
    assert is_said("papers.again", again.text)
    assert POOR in again.text
    shown = said(await citizen.writes("hồ sơ của tôi"))
    assert f"• {POOR} (gửi lại" in shown

    await sends_a_photo(citizen)
    judge(PaperVerdict.RECEIVED)
    (given,) = await citizen.reads()
    assert is_said("case.papers_given", given.text)
    thanks = await sends_a_photo(citizen)  # nothing is asked any more: it goes to the officer
    assert thanks == []


async def test_who_has_no_such_paper_is_told_where_to_get_it_and_the_officer_sees_it(
    citizen: Citizen, officer: StaffMember, database: Database
) -> None:
    case = await a_held_case(citizen, officer, database)
    ask(database, officer, case, POOR, DEED, named=True)
    await citizen.reads()

    (which,) = await citizen.writes("tui chưa có giấy đó")
    assert labels(which) == [POOR, DEED]
    (told,) = await citizen.presses(POOR)

    assert is_said("papers.without", told.text)
    assert "UBND xã, phường nơi ở" in told.text
    assert is_said("papers.not_the_end", told.text)
    words = [text for _, text in thread_of(database, case)]
    assert f"📄 Chưa có giấy: {POOR}." in words
    assert "tui chưa có giấy đó" in words


async def test_a_paper_that_must_not_be_named_is_named_nowhere(
    citizen: Citizen, officer: StaffMember, database: Database
) -> None:
    case = await a_held_case(citizen, officer, database)
    ask(database, officer, case, "Giấy xác nhận nhiễm HIV", named=False)
    asked = await citizen.reads()
    put = await sends_a_photo(citizen)
    status = await citizen.writes("hồ sơ của tôi")

    assert is_said("papers.kept", said(put))
    assert "HIV" not in said(asked) + said(put) + said(status)
    assert [state for state, _ in states(database, case).values()] == [PaperState.SENT]


async def test_somebody_elses_button_says_nothing_of_the_paper(
    citizen: Citizen, officer: StaffMember, database: Database
) -> None:
    case = await a_held_case(citizen, officer, database)
    ask(database, officer, case, POOR, named=True)
    await citizen.reads()
    paper = database.read_now(lambda s: papers.papers_of(s, s.get_one(Case, case.id))[0].id)
    stranger = Citizen(database, citizen.worker, citizen.channel, address="chat-2")
    await stranger.starts()

    told = await stranger.event(kind="button", text=f"p:{paper}:lack", button_serial=0)

    assert is_said("papers.gone", said(told))
    assert POOR not in said(told)
    assert not any("Chưa có" in text for _, text in thread_of(database, case))


class TestWithoutButtons:
    """Numbered lines, as on Zalo Bot."""

    @pytest.fixture
    def channel(self) -> ListeningChannel:
        channel = ListeningChannel()
        channel.capabilities = Capabilities(max_text=2000, buttons=False, asks=frozenset())
        return channel

    async def test_a_number_says_which_paper_it_is(
        self, citizen: Citizen, officer: StaffMember, database: Database
    ) -> None:
        case = await self.held(citizen, officer, database)
        ask(database, officer, case, POOR, DEED, named=True)
        (asked,) = await citizen.reads()
        assert "1. Tôi chưa có giấy" in asked.text

        (lacks,) = await citizen.writes("1")
        assert f"2. {DEED}" in lacks.text
        (which,) = await sends_a_photo(citizen)
        assert f"2. {DEED}" in which.text
        await citizen.writes("2")

        assert states(database, case)[DEED] == (PaperState.SENT, 1)

    async def held(self, citizen: Citizen, officer: StaffMember, database: Database) -> Case:
        await citizen.starts()
        for words in ("gặp cán bộ", "xã Đá Bạc", "1", "đồng ý", "1"):
            await citizen.writes(words)
        case = citizen.case()
        database.transact_now(lambda s: queue.claim(s, officer, case.id, "Chi nhánh"))
        await citizen.reads()
        return case
