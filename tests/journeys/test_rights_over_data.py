"""What citizens may ask of their own data: seen, put right, taken back, erased, with a receipt."""

import datetime as dt
import json
from functools import partial
from pathlib import Path

import pytest
import sqlalchemy as sa

from bot import delivery, erasing
from bot.channels import message
from bot.channels.message import Capabilities
from bot.conversations import Conversation
from bot.transcript import TranscriptRow
from bot.worker import Did, Worker
from cases import consent, data_decisions, queue, retention, talking
from cases.data_requests import DataRequest, Receipt
from cases.life import CaseState, Outcome
from cases.model import Case
from cases.moves import end
from cases.purpose import Purpose
from cases.staff import StaffMember
from store import audit, erasures
from store.backup import back_up, restore
from store.clock import SetClock
from store.session import Database, Session
from tests.journeys.conftest import Citizen, ListeningChannel, labels, said, take_one
from tests.journeys.test_shared_phones import QUIET, claimed, opened
from tests.journeys.wording import is_said

CANARY = "chuyện riêng quýt đỏ chín chín"


def _count(database: Database, table: type, *where: sa.ColumnElement[bool]) -> int:
    def count(session: Session) -> int:
        query = sa.select(sa.func.count()).select_from(table).where(*where)
        return session.scalar(query) or 0

    return database.read_now(count)


async def test_what_is_kept_of_a_talk_without_a_case_is_told(citizen: Citizen) -> None:
    await citizen.writes("chào")
    (kept,) = await citizen.writes("xem dữ liệu của tôi")

    assert is_said("data.head", kept.text)
    assert "2 lời nhắn" in kept.text or "3 lời nhắn" in kept.text
    assert is_said("data.who", kept.text)
    assert str(retention.periods()[retention.Kind.TALKS].days) in kept.text
    assert "Rút lại đồng ý" not in labels(kept)


async def test_of_a_case_the_consents_are_told_with_their_day_and_the_mark_of_their_words(
    citizen: Citizen, officer: StaffMember, database: Database
) -> None:
    await opened(citizen)
    kept = said(await citizen.writes("xem dữ liệu của tôi"))

    case = citizen.case()
    (row,) = database.read_now(lambda session: consent.standing(session, case.id))
    assert row.wording_hash[:8] in kept
    assert "23/11/2026" in kept
    assert is_said("data.who_case", kept)


async def test_on_a_quiet_phone_the_data_show_only_after_the_pin(
    citizen: Citizen, officer: StaffMember, clock: SetClock
) -> None:
    pin = await opened(citizen)
    clock.forward(QUIET)
    asked = said(await citizen.writes("xem dữ liệu của tôi"))
    assert is_said("unlock.pin", asked)
    assert not is_said("data.head", asked)
    assert is_said("data.head", said(await citizen.writes(pin)))


async def test_without_a_case_a_correction_counts_at_once(citizen: Citizen) -> None:
    await citizen.writes("Tôi 52 tuổi, ở xã Đá Bạc.")
    await citizen.writes("sửa thông tin")
    corrected = said(await citizen.writes("Tôi 62 tuổi"))

    assert is_said("always.corrected", corrected)
    assert citizen.state().facts.age == 62


async def test_of_a_case_a_correction_waits_for_the_centre_and_the_officer_reads_it(
    citizen: Citizen, officer: StaffMember, database: Database
) -> None:
    await opened(citizen)
    await citizen.writes("sửa thông tin")
    told = said(await citizen.writes("Tên đúng là Lê Thị Bưởi"))

    assert is_said("data.asked", told)
    assert "26/11/2026" in told

    def look(session: Session) -> tuple[str | None, list[str | None]]:
        request = session.scalars(sa.select(DataRequest)).one()
        thread = talking.thread(session, citizen.case())
        words = [one.open(session.vault, "body") for one in thread]
        return request.open(session.vault, "words"), words

    words, thread = database.read_now(look)
    assert words == "Tên đúng là Lê Thị Bưởi"
    assert words in thread


def _agree(database: Database, case: Case, purpose: Purpose) -> None:
    def agree(session: Session) -> None:
        consent.record(
            session,
            conversation_id=case.conversation_id,
            case_id=case.id,
            purpose=purpose,
            given=True,
            wording="x",
            shown="x",
            language="vi",
        )
        found = session.get_one(Case, case.id)
        told = {"facts": {"age": 40, "hiv": True}, "outcome": "entitled", "grounds": [{"id": "x"}]}
        found.seal(session.vault, "screening", json.dumps(told))
        queue.note_contact(session, found, '{"phone": "0912345678"}', "0912345678")

    database.transact_now(agree)


@pytest.mark.parametrize("purpose", list(Purpose))
async def test_each_consent_is_taken_back_by_itself_and_what_rests_on_it_stops(
    purpose: Purpose, citizen: Citizen, officer: StaffMember, database: Database
) -> None:
    await opened(citizen)
    _agree(database, citizen.case(), purpose)
    shown = await citizen.writes("rút đồng ý")
    if purpose is Purpose.REQUEST:
        await citizen.presses("Rút")
        assert citizen.case().state is CaseState.CLOSED
    else:
        assert f"w:{purpose}" in [button.key for one in shown for button in one.buttons]
        assert is_said(f"data.revoked.{purpose}", said(await citizen.presses(f"w:{purpose}")))

    case = citizen.case()
    standing = database.read_now(lambda session: consent.standing(session, case.id))
    assert {one.purpose: one.given for one in standing}[purpose] is False

    def look(session: Session) -> tuple[str | None, str | None, int]:
        found = session.get_one(Case, case.id)
        waiting = session.scalar(sa.select(sa.func.count()).select_from(DataRequest)) or 0
        screening = found.open(session.vault, "screening")
        return screening, found.open(session.vault, "contact"), waiting

    screening, contact, waiting = database.read_now(look)
    assert ("hiv" not in (screening or "")) is (purpose is Purpose.SENSITIVE)
    assert (contact is None) is (purpose is Purpose.CONTACT)
    assert waiting == (purpose is Purpose.PERSON)


async def test_what_was_taken_back_by_itself_stays_so_when_the_request_is_kept_after_all(
    citizen: Citizen, officer: StaffMember, database: Database, clock: SetClock
) -> None:
    await opened(citizen)
    _agree(database, citizen.case(), Purpose.SENSITIVE)
    clock.forward(dt.timedelta(minutes=1))
    await citizen.writes("rút đồng ý")
    await citizen.presses(f"w:{Purpose.SENSITIVE}")
    await citizen.writes("rút yêu cầu")
    await citizen.presses("Rút")
    clock.forward(dt.timedelta(minutes=1))

    assert is_said("status.undone", said(await citizen.presses("Tôi đổi ý, giữ yêu cầu")))

    case = citizen.case()
    held = database.read_now(lambda session: consent.standing(session, case.id))
    given = {one.purpose: one.given for one in held}
    assert given[Purpose.REQUEST] is True
    assert given[Purpose.SENSITIVE] is False


async def test_a_deleted_talk_leaves_a_receipt_and_no_trace_of_its_words(
    citizen: Citizen,
    officer: StaffMember,
    sqlite: Database,
    worker: Worker,
    channel: ListeningChannel,
    caplog: pytest.LogCaptureFixture,
) -> None:
    mine = Citizen(sqlite, Worker(sqlite, worker._rooms, {channel.name: channel}), channel)
    mine.address = "chat-9"
    await mine.writes(f"Tôi hỏi {CANARY}, làm sao?")
    await mine.writes("xóa trò chuyện")
    told = said(await mine.presses("Xóa"))

    assert "Biên nhận số 1" in told
    assert is_said("delete.on_telegram", told)
    assert _count(sqlite, Receipt) == 1
    left = sqlite.read_now(
        lambda session: [row.body for row in session.scalars(sa.select(TranscriptRow)).all()]
    )
    assert len(left) == 1  # the receipt
    folder = Path(sqlite.url.database or "").parent
    for path in folder.iterdir():
        assert CANARY.encode() not in path.read_bytes(), path
    assert CANARY not in caplog.text
    assert mine.state().topic is None


async def test_a_case_that_was_sent_waits_for_the_centre_which_erases_it_when_it_may(
    citizen: Citizen, officer: StaffMember, database: Database
) -> None:
    await opened(citizen)
    sent = citizen.case()
    assert database.read_now(lambda session: len(talking.thread(session, sent))) > 0
    await citizen.writes("xóa trò chuyện")
    told = said(await citizen.presses("Xóa"))
    assert is_said("data.case_until", told)
    assert is_said("data.kept.consents", told)

    def decide(session: Session, *, granted: bool = True) -> None:
        centre = session.query(StaffMember).filter_by(username="officer.centre").one()
        (waiting,) = data_decisions.listed(session, centre)
        data_decisions.decide(session, centre, waiting.request.id, granted=granted)

    with pytest.raises(Exception, match="not_closed"):
        database.transact_now(decide)

    def close(session: Session) -> None:
        end(session, session.get_one(Case, citizen.case().id), Outcome.WITHDRAWN, None)

    database.transact_now(close)
    database.transact_now(decide)
    case = citizen.case()
    assert (case.screening, case.contact, case.danger) == (None, None, None)
    assert database.read_now(lambda session: len(talking.thread(session, case))) == 0
    assert _count(database, Receipt) == 2


async def test_the_file_of_an_accepted_case_is_never_erased_on_request(
    citizen: Citizen, officer: StaffMember, database: Database, clock: SetClock
) -> None:
    await opened(citizen)

    def accept(session: Session) -> None:
        session.get_one(Case, citizen.case().id).accepted_at = clock.now()

    claimed(database, officer, citizen.case())
    database.transact_now(accept)
    await citizen.writes("xóa trò chuyện")
    assert is_said("data.kept.case_file", said(await citizen.presses("Xóa")))

    def decide(session: Session) -> None:
        centre = session.query(StaffMember).filter_by(username="officer.centre").one()
        (waiting,) = data_decisions.listed(session, centre)
        data_decisions.decide(session, centre, waiting.request.id, granted=True)

    with pytest.raises(Exception, match="must_be_kept"):
        database.transact_now(decide)


class DeletingChannel(ListeningChannel):
    """A platform that deletes messages when it is told to."""

    def __init__(self) -> None:
        super().__init__()
        self.capabilities = Capabilities(max_text=4096, buttons=True)
        self.gone: list[str] = []
        self.refuses = 0

    async def take_away(self, address: str, references: tuple[str, ...]) -> bool:
        assert address == "chat-1"
        assert len(references) <= erasing.BATCH
        if self.refuses:
            self.refuses -= 1
            return False
        self.gone += references
        return True


async def test_messages_of_both_are_taken_from_the_phone_in_hundreds(
    database: Database, worker: Worker, clock: SetClock
) -> None:
    channel = DeletingChannel()
    citizen = Citizen(database, Worker(database, worker._rooms, {channel.name: channel}), channel)
    old = await citizen.event(kind="text", text="chào", reference="in-old")
    clock.forward(dt.timedelta(hours=49))
    await citizen.event(kind="text", text="chào", reference="in-new")

    def remember(session: Session) -> None:
        references = [f"m-{number}" for number in range(150)]
        talk = citizen._talk(session)
        erasing.remember(session, talk.channel, talk.id, references)

    database.transact_now(remember)
    await citizen.writes("xóa trò chuyện")
    await citizen.presses("Xóa")
    channel.refuses = 1
    while await citizen.worker.take_away_one() is Did.SOMETHING:
        pass
    clock.forward(dt.timedelta(minutes=5))
    while await citizen.worker.take_away_one() is Did.SOMETHING:
        pass

    assert {"in-new", *(f"m-{number}" for number in range(150))} <= set(channel.gone)
    assert "in-old" not in channel.gone
    assert old
    waiting = erasing.PlatformMessage.delete_at.is_not(None)
    assert _count(database, erasing.PlatformMessage, waiting) == 0


async def test_a_message_on_its_way_while_the_talk_is_deleted_is_taken_from_the_phone_too(
    database: Database, worker: Worker
) -> None:
    channel = DeletingChannel()
    rooms = worker._rooms
    citizen = Citizen(database, Worker(database, rooms, {channel.name: channel}), channel)
    await citizen.starts()
    await citizen.writes("xóa trò chuyện")
    citizen.receive(kind="text", text="vay tien nguoi ta lai suat toi da bao nhieu")
    await citizen.worker.answer_one()
    capabilities = {channel.name: channel.capabilities}
    sent = database.transact_now(lambda s: take_one(s, rooms.texts, capabilities))
    assert sent is not None

    def delete(session: Session) -> None:
        talk = citizen._talk(session)
        erasing.erase_words(session, talk)
        erasing.take_away(session, talk)

    database.transact_now(delete)
    arrived = message.Receipt("came late")
    database.transact_now(lambda s: delivery.write_down(s, sent, arrived, jitter=0.5))
    while await citizen.worker.take_away_one() is Did.SOMETHING:
        pass

    assert "came late" in channel.gone
    assert _count(database, TranscriptRow) == 0


# --- retention ----------------------------------------------------------------------------------


async def test_a_quiet_talk_without_a_case_goes_and_one_with_a_case_stays(
    citizen: Citizen, officer: StaffMember, database: Database, clock: SetClock
) -> None:
    await opened(citizen)
    other = Citizen(database, citizen.worker, citizen.channel, address="chat-2")
    await other.writes("chào, lấn ranh đất thì làm sao")
    days = retention.periods()[retention.Kind.TALKS].days
    clock.forward(dt.timedelta(days=days - 1))
    assert not any(database.transact_now(erasing.sweep).values())

    clock.forward(dt.timedelta(days=2))
    counts = database.transact_now(erasing.sweep)

    assert counts[retention.Kind.TALKS] == 1
    assert _count(database, Conversation) == 1
    details = database.read_now(
        lambda session: session.scalars(
            sa.select(audit.AuditRow.detail).where(audit.AuditRow.act == "data.retention")
        ).all()
    )
    assert details == ["talks 1"]


async def test_what_was_erased_is_erased_again_after_a_restore(
    sqlite: Database,
    worker: Worker,
    channel: ListeningChannel,
    clock: SetClock,
    tmp_path: Path,
) -> None:
    mine = Citizen(sqlite, Worker(sqlite, worker._rooms, {channel.name: channel}), channel)
    await mine.writes("lấn ranh đất thì làm sao")
    url = sqlite.url.render_as_string(hide_password=False)
    key = bytes(32)
    made = back_up(url, tmp_path / "b.tram", key, clock.now())
    clock.forward(dt.timedelta(minutes=1))
    await mine.writes("xóa trò chuyện")
    await mine.presses("Xóa")
    journal = tmp_path / "erasures.jsonl"
    assert await erasures.write_down(sqlite, journal) > 0
    assert await erasures.write_down(sqlite, journal) == 0

    beside = f"sqlite:///{tmp_path / 'restored.db'}"
    restore(beside, tmp_path / "b.tram", key, clock.now(), replace=False)
    back = Database(beside, sqlite.vault, clock)
    try:
        assert _count(back, TranscriptRow) > 0
        lines = erasures.read_lines(journal)
        again = partial(erasures.again, back.engine, lines)
        assert again(dt.datetime.fromisoformat(made.made_at)) > 0
        assert _count(back, TranscriptRow) == 0
        assert again(clock.now() + dt.timedelta(hours=1)) == 0
    finally:
        back.close_now()
