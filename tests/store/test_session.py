"""One way to write: committed whole or not at all, and whoever waits is woken."""

import asyncio
import logging
import threading
import time
from functools import partial

import pytest
import sqlalchemy as sa

from store import events
from store.events import Event
from store.migrate import migrate
from store.session import Database, Session, driver_url
from store.wakes import Topic


def add_row(session: Session) -> None:
    """Any row, added at once."""
    session.add(Event(at=session.clock.now(), kind="any"))


def test_a_failed_transaction_leaves_nothing_behind(database: Database) -> None:
    def write_and_fail(session: Session) -> None:
        add_row(session)
        session.flush()
        raise LookupError

    with pytest.raises(LookupError):
        database.transact_now(write_and_fail)

    assert database.read_now(lambda session: session.query(Event).count()) == 0


def test_what_is_changed_while_reading_is_thrown_away(database: Database) -> None:
    database.read_now(lambda session: add_row(session))

    assert database.read_now(lambda session: session.query(Event).count()) == 0


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


async def test_a_server_on_sqlite_sees_what_a_script_beside_it_has_committed(
    sqlite: Database,
) -> None:
    beside = Database(f"sqlite:///{sqlite.url.database}", sqlite.vault, sqlite.clock)
    watching = asyncio.create_task(sqlite.watch(Topic.DOCUMENTS))
    await sqlite.wakes.sleep(Topic.DOCUMENTS, 5)  # the first wake says that it watches
    mark = sqlite.wakes.mark(Topic.DOCUMENTS)

    await beside.transact(lambda session: events.record(session, "case.opened"))

    async with asyncio.timeout(5):
        await sqlite.wakes.sleep(Topic.DOCUMENTS, 30, mark)
    watching.cancel()
    await asyncio.gather(watching, return_exceptions=True)
    await beside.close()


async def test_many_writers_at_once_lose_nothing(database: Database) -> None:
    async with asyncio.TaskGroup() as group:
        for number in range(40):
            group.create_task(database.transact(partial(events.record, kind=f"case.{number}")))

    assert sorted(kinds(database)) == sorted(f"case.{number}" for number in range(40))


def kinds(database: Database) -> list[str]:
    return database.read_now(lambda session: [event.kind for event in events.after(session, 0)])


def test_what_happened_is_written_at_the_end_in_the_order_in_which_it_happened(
    database: Database,
) -> None:
    def two_things(session: Session) -> int:
        events.record(session, "case.opened")
        events.record(session, "case.claimed")
        return events.newest(session)

    assert database.transact_now(two_things) == 0
    assert kinds(database) == ["case.opened", "case.claimed"]


def test_what_happened_in_a_part_that_failed_did_not_happen(database: Database) -> None:
    def fails(session: Session) -> None:
        with session.begin_nested():
            events.record(session, "failed")
            with session.begin_nested():
                events.record(session, "failed too")
            raise LookupError

    def partly(session: Session) -> None:
        events.record(session, "before")
        with pytest.raises(LookupError):
            fails(session)
        with session.begin_nested():
            events.record(session, "within")
        events.record(session, "after")

    database.transact_now(partly)

    assert kinds(database) == ["before", "within", "after"]


async def test_one_who_has_events_to_write_holds_up_nobodys_other_rows(
    postgres: Database, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.INFO, "store.session")
    both = threading.Barrier(2)

    def event_then_lock(session: Session) -> None:
        events.record(session, "first")
        if not caplog.text:
            both.wait(10)
        session.one_at_a_time("outbox:1")

    def lock_then_event(session: Session) -> None:
        session.one_at_a_time("outbox:1")
        if not caplog.text:
            both.wait(10)
            time.sleep(0.2)  # the other waits for the lock by now
        events.record(session, "second")

    async with asyncio.timeout(20), asyncio.TaskGroup() as group:
        group.create_task(postgres.transact(event_then_lock))
        group.create_task(postgres.transact(lock_then_event))

    assert "tried again" not in caplog.text
    assert kinds(postgres) == ["second", "first"]


def test_what_was_changed_before_is_locked_before_the_next_lock(postgres: Database) -> None:
    statements: list[str] = []

    @sa.event.listens_for(postgres.engine, "before_cursor_execute")
    def _note(_c: object, _cursor: object, statement: str, *_rest: object) -> None:
        statements.append(statement)

    def change_then_lock(session: Session) -> None:
        add_row(session)
        session.one_at_a_time("outbox:1")

    postgres.transact_now(change_then_lock)

    assert "INSERT INTO events" in statements[0]
    assert "pg_advisory_xact_lock" in statements[1]


def test_postgres_waits_for_nothing_for_ever(postgres: Database) -> None:
    def limits(session: Session) -> list[str]:
        names = ("lock_timeout", "statement_timeout")
        return [session.execute(sa.text(f"SHOW {name}")).scalar_one() for name in names]

    assert postgres.transact_now(limits) == ["10s", "30s"]
    migrate(postgres)
    assert postgres.transact_now(limits) == ["10s", "30s"]


def test_an_operators_own_options_are_kept(postgres: Database) -> None:
    address = postgres.url.update_query_dict({"options": "-c work_mem=5MB"})
    own = Database(address.render_as_string(hide_password=False), postgres.vault, postgres.clock)

    def shown(session: Session) -> list[str]:
        names = ("work_mem", "lock_timeout")
        return [session.execute(sa.text(f"SHOW {name}")).scalar_one() for name in names]

    try:
        assert own.read_now(shown) == ["5MB", "10s"]
    finally:
        own.close_now()


def test_who_waits_too_long_for_a_lock_gives_up_at_once(
    postgres: Database, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.INFO, "store.session")

    def holds(session: Session) -> None:
        session.one_at_a_time("something")
        postgres.transact_now(waits)

    def waits(session: Session) -> None:
        session.execute(sa.text("SET LOCAL lock_timeout = '50ms'"))
        session.one_at_a_time("something")

    with pytest.raises(sa.exc.OperationalError, match="lock timeout"):
        postgres.transact_now(holds)
    assert "tried again" not in caplog.text


def test_an_operators_address_is_taken_as_it_is() -> None:
    assert driver_url("postgres://a@b/c").drivername == "postgresql+psycopg"
    assert driver_url("postgresql://a@b/c").drivername == "postgresql+psycopg"
    assert driver_url("sqlite:///x.db").drivername == "sqlite+pysqlite"
    with pytest.raises(ValueError, match="SQLite and PostgreSQL"):
        driver_url("mysql://a@b/c")
