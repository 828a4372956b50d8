"""One way to write: committed whole or not at all, and whoever waits is woken."""

import asyncio
from functools import partial

import pytest

from store import audit, events
from store.audit import AuditRow
from store.session import Database, Session, driver_url
from store.wakes import Topic


def test_a_failed_transaction_leaves_nothing_behind(database: Database) -> None:
    def write_and_fail(session: Session) -> None:
        audit.note(session, "case.read", staff_id=None)
        session.flush()
        raise LookupError

    with pytest.raises(LookupError):
        database.transact_now(write_and_fail)

    assert database.read_now(lambda session: session.query(AuditRow).count()) == 0


def test_what_is_changed_while_reading_is_thrown_away(database: Database) -> None:
    database.read_now(lambda session: audit.note(session, "case.read", staff_id=None))

    assert database.read_now(lambda session: session.query(AuditRow).count()) == 0


async def test_a_sleeper_is_woken_by_a_commit_and_not_by_a_failure(database: Database) -> None:
    mark = database.wakes.mark(Topic.DESK)

    def fail(session: Session) -> None:
        session.wake(Topic.DESK)
        raise LookupError

    with pytest.raises(LookupError):
        await database.transact(fail)
    assert database.wakes.mark(Topic.DESK) == mark

    await database.transact(lambda session: events.record(session, "case.opened"))
    async with asyncio.timeout(1):
        await database.wakes.sleep(Topic.DESK, 30, mark)


async def test_another_process_is_woken_through_postgres(postgres: Database) -> None:
    other = Database(postgres.conninfo, postgres.vault, postgres.clock)
    listening = asyncio.create_task(other.wakes.listen(other.conninfo))
    await other.wakes.sleep(Topic.DESK, 5)  # the first wake says that it listens
    mark = other.wakes.mark(Topic.DESK)

    await postgres.transact(lambda session: events.record(session, "case.opened"))

    async with asyncio.timeout(5):
        await other.wakes.sleep(Topic.DESK, 30, mark)
    listening.cancel()
    await asyncio.gather(listening, return_exceptions=True)
    await other.close()


async def test_many_writers_at_once_lose_nothing(database: Database) -> None:
    async with asyncio.TaskGroup() as group:
        for number in range(40):
            group.create_task(database.transact(partial(events.record, kind=f"case.{number}")))

    kinds = database.read_now(lambda session: [e.kind for e in events.after(session, 0)])
    assert sorted(kinds) == sorted(f"case.{number}" for number in range(40))


def test_an_operators_address_is_taken_as_it_is() -> None:
    assert driver_url("postgres://a@b/c").drivername == "postgresql+psycopg"
    assert driver_url("postgresql://a@b/c").drivername == "postgresql+psycopg"
    assert driver_url("sqlite:///x.db").drivername == "sqlite+pysqlite"
    with pytest.raises(ValueError, match="SQLite and PostgreSQL"):
        driver_url("mysql://a@b/c")
