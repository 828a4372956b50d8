"""What is wrong is told to the centre once, and once more when it is over."""

import datetime as dt
from dataclasses import dataclass, field
from functools import partial

import pytest
import sqlalchemy as sa
from prometheus_client import generate_latest

from bot import inbox
from bot.app import load_rooms
from bot.channels.message import ChannelName, RawEvent
from bot.channels.zalo_tokens import ZaloTokens
from bot.health import health_reader
from bot.keeping import sweep
from bot.metrics import gauges_of
from bot.turn import Rooms
from bot.watch import take_telling, watch
from cases.health import Health
from cases.province import load_province
from cases.staff import Role, StaffMember
from store import events, outbox
from store.base import new_id
from store.clock import SetClock
from store.events import Event
from store.incidents import Incident
from store.marks import MarkName, set_mark
from store.outbox import Delivery, OutboxRow
from store.processes import ProcessRole, beat
from store.session import Database, Session

MINUTE = dt.timedelta(minutes=1)


@pytest.fixture(scope="session")
def rooms() -> Rooms:
    return load_rooms(load_province("ca-mau"))


@dataclass
class Centre:
    """The chat of the centre; it may be out of reach."""

    heard: list[str] = field(default_factory=list)
    reachable: bool = True

    async def call(self, text: str) -> bool:
        if self.reachable:
            self.heard.append(text)
        return self.reachable


@dataclass
class Watchman:
    """Looks after a house in which all is well at first: staff everywhere, a worker that beats."""

    database: Database
    clock: SetClock
    rooms: Rooms
    centre: Centre = field(default_factory=Centre)
    beating: bool = True
    worker: str = field(default_factory=new_id)

    async def looks(self, after: dt.timedelta = 5 * MINUTE) -> list[str]:
        """Two rounds, so that what has begun is there for a while; what the centre heard."""
        before = len(self.centre.heard)
        for _ in range(2):
            self.clock.forward(after / 2)
            if self.beating:
                self.database.transact_now(
                    partial(beat, process_id=self.worker, role=ProcessRole.WORKER, build="1")
                )
            await watch(self.database, self.rooms.atlas, self.read, self.centre.call)
        return self.centre.heard[before:]

    def health(self) -> Health:
        return self.database.read_now(self.read)

    def read(self, session: Session) -> Health:
        rooms = self.rooms
        return health_reader(self.database, rooms.atlas, rooms.shelf, tuple(ChannelName))(session)


def hire(session: Session) -> None:
    for office in load_province("ca-mau").offices:
        staff = StaffMember(
            username=f"officer.{office.id}",
            role=Role.OFFICER,
            office_id=office.id,
            password_hash="-",
            active=True,
            created_at=session.clock.now(),
        )
        staff.seal(session.vault, "name", "Cán bộ")
        session.add(staff)


@pytest.fixture
def watchman(database: Database, clock: SetClock, rooms: Rooms) -> Watchman:
    database.transact_now(hire)
    return Watchman(database, clock, rooms)


def write(session: Session, number: int = 1) -> None:
    """A citizen writes, and something is to be said to them."""
    event = RawEvent(ChannelName.ZALO_OA, f"e{number}", f"u{number}", {"text": "bị đánh"})
    inbox.accept(session, event)
    talk = session.scalars(sa.select(inbox.InboxRow.conversation_id)).first()
    assert talk is not None
    outbox.put(
        session, conversation_id=talk, channel="zalo_oa", kind=outbox.Kind.SAY, body="bị đánh"
    )


def all_done(session: Session) -> None:
    now = session.clock.now()
    done = {"state": inbox.InboxState.DONE, "ended_at": now}
    session.execute(sa.update(inbox.InboxRow).values(done))
    session.execute(sa.update(OutboxRow).values(state=Delivery.SENT, ended_at=now))


async def test_nothing_is_told_while_all_is_well(watchman: Watchman) -> None:
    assert await watchman.looks() == []


async def test_messages_that_wait_are_told_once_and_once_when_they_have_left(
    watchman: Watchman,
) -> None:
    watchman.database.transact_now(write)
    assert await watchman.looks() == []  # five minutes are nothing

    told = await watchman.looks(30 * MINUTE)
    assert sorted(told) == [
        "⚠️ Tràm cần người xem: tin của bà con chờ trả lời quá lâu (20 phút).",
        "⚠️ Tràm cần người xem: tin gửi bà con qua Zalo OA bị chậm (20 phút).",
    ]
    assert await watchman.looks() == []

    watchman.database.transact_now(all_done)
    assert sorted(await watchman.looks()) == [
        "✅ Đã ổn: tin của bà con chờ trả lời quá lâu.",
        "✅ Đã ổn: tin gửi bà con qua Zalo OA bị chậm.",
    ]
    assert await watchman.looks() == []


async def test_what_begins_again_is_told_again(watchman: Watchman) -> None:
    watchman.beating = False
    first = await watchman.looks()
    watchman.beating = True
    over = await watchman.looks()
    watchman.beating = False
    again = await watchman.looks()

    assert [one[0] for one in (*first, *over, *again)] == ["⚠", "✅", "⚠"]
    assert "không tiến trình" in again[0]


async def test_what_was_over_before_anybody_was_called_is_not_told(watchman: Watchman) -> None:
    watchman.beating = False
    assert await watchman.looks(MINUTE) == []
    watchman.beating = True

    assert await watchman.looks() == []


async def test_a_centre_that_cannot_be_reached_is_told_later(watchman: Watchman) -> None:
    watchman.beating = False
    watchman.centre.reachable = False
    assert await watchman.looks() == []
    watchman.centre.reachable = True

    assert len(await watchman.looks()) == 1


async def test_a_token_that_is_not_renewed_and_an_old_backup_are_told(watchman: Watchman) -> None:
    def begin(session: Session) -> None:
        now = session.clock.now()
        row = ZaloTokens(
            app_id="1",
            given="",
            next_try_at=now,
            expires_at=now + dt.timedelta(hours=5),
            failures=9,
        )
        row.seal(session.vault, "refresh", "r")
        session.add(row)
        set_mark(session, MarkName.BACKUP, "a.backup")

    watchman.database.transact_now(begin)
    (told,) = await watchman.looks()
    assert "mã truy cập Zalo OA sắp hết hạn, chưa gia hạn được (4 giờ)" in told

    (told,) = await watchman.looks(dt.timedelta(hours=80))
    assert "bản sao lưu đã cũ (40 giờ)" in told


async def test_an_office_with_nobody_is_named(watchman: Watchman) -> None:
    gone = sa.update(StaffMember).where(StaffMember.office_id == "nam-can").values(active=False)
    watchman.database.transact_now(lambda session: session.execute(gone))

    (told,) = await watchman.looks()

    assert watchman.rooms.province.office("nam-can").name in told


async def test_the_metrics_tell_ages_and_name_nobody(watchman: Watchman) -> None:
    watchman.database.transact_now(write)
    await watchman.looks(30 * MINUTE)

    text = generate_latest(gauges_of(watchman.health())).decode()

    assert 'tram_outbox_age_seconds{channel="zalo_oa"} 1800.0' in text
    assert "tram_inbox_age_seconds 1800.0" in text
    assert "tram_workers_alive 1.0" in text
    assert "tram_incidents 2.0" in text
    assert "u1" not in text
    assert "đánh" not in text


# --- what is not kept ---------------------------------------------------------------------------


def counted(session: Session) -> tuple[int, int, int]:
    tables = (inbox.InboxRow, OutboxRow, Event)
    one, two, three = (
        session.scalar(sa.select(sa.func.count()).select_from(table)) or 0 for table in tables
    )
    return one, two, three


def test_old_rows_go_and_what_is_still_needed_stays(database: Database, clock: SetClock) -> None:
    def live(session: Session) -> None:
        for _ in range(3):
            event = RawEvent(ChannelName.TELEGRAM, new_id(), "u", {})
            inbox.accept(session, event)
            talk = session.scalars(sa.select(inbox.InboxRow.conversation_id)).first() or ""
            outbox.put(
                session, conversation_id=talk, channel="telegram", kind=outbox.Kind.SAY, body="{}"
            )
            events.record(session, "case.delivery", case_id="c")
            events.record(session, "case.opened", case_id="c")

    database.transact_now(live)
    clock.forward(dt.timedelta(days=40))
    assert database.transact_now(partial(sweep, keep_days=30)).inbox == 0  # they still wait

    database.transact_now(all_done)
    clock.forward(dt.timedelta(days=29))
    database.transact_now(partial(sweep, keep_days=30))
    assert database.read_now(counted) == (3, 3, 3)  # the passing events have gone

    clock.forward(dt.timedelta(days=2))
    database.transact_now(partial(sweep, keep_days=30))

    assert database.read_now(counted) == (1, 1, 3)
    database.transact_now(live)
    seqs = database.read_now(lambda session: session.scalars(sa.select(inbox.InboxRow.seq)).all())
    assert sorted(seqs) == [3, 4, 5, 6]


def test_an_event_that_comes_twice_within_the_week_is_known(
    database: Database, clock: SetClock
) -> None:
    event = RawEvent(ChannelName.TELEGRAM, "again", "u", {})
    database.transact_now(lambda session: inbox.accept(session, event))
    database.transact_now(all_done)
    clock.forward(dt.timedelta(days=6, hours=23))
    database.transact_now(partial(sweep, keep_days=7))

    assert not database.transact_now(lambda session: inbox.accept(session, event))


def test_less_than_a_week_is_refused(database: Database) -> None:
    with pytest.raises(ValueError, match="7 days at least"):
        database.transact_now(partial(sweep, keep_days=6))


def test_two_tellers_never_tell_the_same(watchman: Watchman) -> None:
    def begin(session: Session) -> None:
        began = session.clock.now() - 10 * MINUTE
        session.add(Incident(kind="no_worker", subject="", detail="", began_at=began))

    watchman.database.transact_now(begin)
    take = partial(take_telling, province=watchman.rooms.province)

    assert watchman.database.transact_now(take) is not None
    assert watchman.database.transact_now(take) is None
