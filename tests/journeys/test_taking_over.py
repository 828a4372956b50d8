"""A process dies with work in hand, and another one goes on with it long before its leases end."""

from functools import partial

import psycopg
import pytest

from bot import delivery
from bot.conversations import Conversation
from bot.worker import Worker, take_over
from store.processes import alive
from store.session import Database, Session, lock_number
from tests.journeys.conftest import Citizen, ListeningChannel, take_one

NOBODY = frozenset[str]()


@pytest.fixture
def first(postgres: Database, worker: Worker, channel: ListeningChannel) -> Citizen:
    """Somebody whose first message is answered, and the answer not sent."""
    return Citizen(postgres, worker, channel)


@pytest.fixture
def database(postgres: Database) -> Database:
    return postgres


def looks(database: Database, missing: frozenset[str] = NOBODY) -> frozenset[str]:
    """One look of the process `living` at the others."""
    return database.transact_now(partial(take_over, owner="living", missing=missing))


async def leased_by(owner: str, citizen: Citizen, worker: Worker) -> str:
    """Let a process take the answer to send it; the row's id."""
    citizen.receive(kind="text", text="tôi bị lấn đất")
    await worker.answer_one()
    return taken(citizen, worker, owner) or ""


def taken(citizen: Citizen, worker: Worker, owner: str) -> str | None:
    capabilities = {citizen.channel.name: citizen.channel.capabilities}
    parcel = citizen.database.transact_now(
        lambda session: take_one(session, worker._rooms.texts, capabilities, owner)
    )
    return parcel.row_id if parcel else None


async def test_what_a_dead_process_was_sending_is_sent_by_another(
    first: Citizen, worker: Worker
) -> None:
    leased = await leased_by("dead", first, worker)
    assert taken(first, worker, "living") is None

    missing = looks(first.database)
    assert missing == {"dead"}
    assert taken(first, worker, "living") is None  # a moment without its lock is not death
    looks(first.database, missing)

    assert taken(first, worker, "living") == leased


async def test_what_a_living_process_is_sending_is_left_to_it(
    first: Citizen, worker: Worker
) -> None:
    await leased_by("busy", first, worker)
    with psycopg.connect(first.database.conninfo, autocommit=True) as life:
        life.execute("SELECT pg_advisory_lock(%s)", (lock_number(alive("busy")),))

        assert looks(first.database) == NOBODY
        looks(first.database, frozenset({"busy"}))

        assert taken(first, worker, "living") is None
    missing = looks(first.database)
    assert missing == {"busy"}  # its connection went, and the lock with it


async def test_a_talk_whose_file_a_dead_process_was_fetching_goes_on(
    first: Citizen, worker: Worker
) -> None:
    first.receive(kind="text", text="chào")

    def fetched_by_a_dead_one(session: Session) -> None:
        talk = session.query(Conversation).one()
        talk.busy_until, talk.busy_by = session.clock.now() + delivery.LEASE, "dead"

    first.database.transact_now(fetched_by_a_dead_one)
    assert await first.reads() == []

    looks(first.database, looks(first.database))

    assert await first.reads()
