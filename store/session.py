"""The one way to the database: synchronous functions, one transaction each, retried when safe.

Every write goes through `await database.transact(fn)`. `fn(session)` is synchronous, does no
network call and may run twice. On SQLite one writer thread holds one connection (BEGIN
IMMEDIATE, WAL); on PostgreSQL a small pool of threads does. Nobody calls `commit()` inside.

Locks are taken in one order, so that no two transactions ever wait for each other:
talk → case → outbox → events. What comes later in it is never locked before what comes earlier;
`Session.add_last` sees to the events.
"""

import asyncio
import hashlib
import logging
import random
import time
from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from pathlib import Path
from typing import Any, Protocol, TypeVar, runtime_checkable

import sqlalchemy as sa
from pysqlite3 import dbapi2 as sqlite3
from sqlalchemy import orm
from sqlalchemy.engine import make_url

from store.clock import Clock
from store.crypto import Vault
from store.wakes import Wakes
from store.writer import Writer

T = TypeVar("T")
log = logging.getLogger(__name__)

_TRIES = 6
_POOL = 8
_CONNECT_SECONDS = 5
_GLANCE = 0.05
"""Seconds between two looks at whether a SQLite file has changed."""
_CHANGED = "PRAGMA data_version"
_LIMITS = "-c lock_timeout=10s -c statement_timeout=30s"
# SQLite before 3.51.3 can corrupt a WAL database when the log is reset while it is read.
_SAFE_SQLITE = (3, 51, 3)


@runtime_checkable
class Linked(Protocol):
    """A row of a journal that depends on the row before it."""

    def take_its_place(self, session: "Session") -> None:
        """Fill in what depends on the row before; called once, in their order."""


class Session(orm.Session):
    """A SQLAlchemy session that also carries the keys, the moment, and whom to wake."""

    vault: Vault
    clock: Clock
    woken: set[str]

    last_rows: list[object]

    def add_last(self, row: object) -> None:
        """Add `row` to a journal (events, audit) just before the commit, when all else is locked.

        Only one transaction at a time adds to it, until it ends: ids become visible in their
        order. A row added within a savepoint goes when that is rolled back.
        """
        self.last_rows.append(row)

    def finish(self) -> None:
        """Write what is left to write; nothing but the commit may follow."""
        self.flush()
        if self.last_rows:
            self.one_at_a_time("events")
            for row in self.last_rows:
                if isinstance(row, Linked):
                    row.take_its_place(self)
            self.add_all(self.last_rows)
            self.flush()

    def wake(self, topic: str) -> None:
        """Wake those who wait for `topic` (a `Topic`, or one talk's) once this is committed."""
        self.woken.add(topic)

    @property
    def on_postgres(self) -> bool:
        return self.get_bind().dialect.name == "postgresql"

    def one_at_a_time(self, what: str) -> None:
        """Let only one transaction do `what` until it ends; SQLite has one writer anyway."""
        if self.on_postgres:
            self.flush()  # rows changed before are locked before
            self.execute(_WAIT_FOR, {"number": lock_number(what)})

    def try_alone(self, what: str) -> bool:
        """The same without waiting: False when another transaction is doing `what` just now."""
        if not self.on_postgres:
            return True
        return bool(self.scalar(_TRY, {"number": lock_number(what)}))


# Built once, as every transaction on PostgreSQL asks.
_NUMBER = sa.bindparam("number", type_=sa.BigInteger())
_WAIT_FOR = sa.select(sa.func.pg_advisory_xact_lock(_NUMBER))
_TRY = sa.select(sa.func.pg_try_advisory_xact_lock(_NUMBER))
_NOTIFY = sa.text("SELECT pg_notify('tram', topic) FROM unnest(CAST(:topics AS text[])) AS topic")


def lock_number(what: str) -> int:
    """The number under which PostgreSQL knows a lock of ours."""
    return int.from_bytes(hashlib.sha256(what.encode()).digest()[:8], signed=True)


@sa.event.listens_for(Session, "after_transaction_create")
def _remember_last_rows(session: Session, part: orm.SessionTransaction) -> None:
    if part.nested:
        session.info[part] = len(session.last_rows)


@sa.event.listens_for(Session, "after_soft_rollback")
def _forget_last_rows(session: Session, part: orm.SessionTransaction) -> None:
    if part in session.info:
        del session.last_rows[session.info[part] :]


class Database:
    """One database, SQLite or PostgreSQL, behind `transact` and `read`."""

    def __init__(self, url: str, vault: Vault, clock: Clock) -> None:
        self.url = driver_url(url)
        self.vault = vault
        self.clock = clock
        self.wakes = Wakes()
        self._write_threads: ThreadPoolExecutor | None = None
        self._one_writer: Writer | None = None
        if self.url.get_backend_name() == "sqlite":
            self._writer = sqlite_engine(self.url, begin="BEGIN IMMEDIATE")
            self._reader = sqlite_engine(self.url, begin="BEGIN")
            self._one_writer = Writer(self._transact, self._transact_together)
        else:
            self._writer = self._reader = postgres_engine(self.url)
            self._write_threads = ThreadPoolExecutor(_POOL, "writer")
        self._read_threads = ThreadPoolExecutor(_POOL, "reader")

    @property
    def on_postgres(self) -> bool:
        return self.url.get_backend_name() == "postgresql"

    @property
    def conninfo(self) -> str:
        """The address as psycopg takes it, for listening on PostgreSQL."""
        return self.url.set(drivername="postgresql").render_as_string(hide_password=False)

    @property
    def engine(self) -> sa.Engine:
        """The engine that writes; for migrations."""
        return self._writer

    async def transact(self, fn: Callable[[Session], T], *, patient: bool = False) -> T:
        """Run `fn` in one transaction and commit; wake the waiting afterwards.

        On SQLite whoever is `patient` lets the others write first: nobody looks at a screen or
        holds a line open until it is done.

        Raises:
            sqlalchemy.exc.OperationalError: the database does not answer, or stays locked.
        """
        value: T
        if self._one_writer is not None:
            written = self._one_writer.put(fn, patient=patient)
            value, woken = await asyncio.wrap_future(written)
        else:
            loop = asyncio.get_running_loop()
            return await loop.run_in_executor(self._write_threads, self._transact_within, loop, fn)
        self.wakes.wake(woken)
        return value

    def _transact_within(self, loop: asyncio.AbstractEventLoop, fn: Callable[[Session], T]) -> T:
        """Wake from here: whoever waits for the result may have been cancelled meanwhile."""
        value, woken = self._transact(fn)
        if woken:
            with suppress(RuntimeError):  # the loop was closed: nobody sleeps there any more
                loop.call_soon_threadsafe(self.wakes.wake, woken)
        return value

    def transact_now(self, fn: Callable[[Session], T]) -> T:
        """The same from a thread without an event loop: start-up, command lines, tests."""
        value, _ = self._transact(fn)
        return value

    async def read(self, fn: Callable[[Session], T]) -> T:
        """Run `fn` for reading; whatever it changes is thrown away."""
        loop = asyncio.get_running_loop()
        return await loop.run_in_executor(self._read_threads, self.read_now, fn)

    def read_now(self, fn: Callable[[Session], T]) -> T:
        """The same from a thread without an event loop."""
        with self._session(self._reader) as session:
            try:
                return fn(session)
            finally:
                session.expunge_all()  # what was read stays readable
                session.rollback()

    async def watch(self, topic: str) -> None:
        """On SQLite, wake `topic` whenever another connection has committed, for ever.

        A server is alone with its SQLite file, but a script may write beside it, and no process
        can notify another. Asking the file costs some microseconds and locks nothing.
        """
        file = sqlite3.connect(self.url.database or ":memory:", isolation_level=None)
        try:
            seen = others = None
            while True:
                (now,) = file.execute(_CHANGED).fetchone()
                if now != seen:
                    theirs = await self.transact(lambda _: self._changed_by_others(), patient=True)
                    if theirs != others:
                        self.wakes.wake((topic,))
                    others = theirs
                seen = now
                await asyncio.sleep(_GLANCE)
        finally:
            file.close()

    def _changed_by_others(self) -> int:
        """A number that our own commits leave as it is: the connection that writes does not see
        them as changes.
        """
        connection = self._writer.raw_connection()
        try:
            cursor = connection.cursor()
            cursor.execute(_CHANGED)
            (number,) = cursor.fetchone() or (0,)
            return int(number)
        finally:
            connection.close()

    async def close(self) -> None:
        """Finish what runs and let the connections go."""
        await asyncio.to_thread(self.close_now)

    def close_now(self) -> None:
        if self._one_writer is not None:
            self._one_writer.close()
        if self._write_threads is not None:
            self._write_threads.shutdown()
        self._read_threads.shutdown()
        self._writer.dispose()
        self._reader.dispose()

    def _session(self, engine: sa.Engine | sa.Connection) -> Session:
        session = Session(engine, expire_on_commit=False, join_transaction_mode="create_savepoint")
        session.vault = self.vault
        session.clock = self.clock
        session.woken = set()
        session.last_rows = []
        return session

    def _transact(self, fn: Callable[[Session], T]) -> tuple[T, set[str]]:
        for attempt in range(1, _TRIES + 1):
            session = self._session(self._writer)
            try:
                with session:
                    value = fn(session)
                    session.finish()
                    if session.woken and self.on_postgres:
                        topics = [self.wakes.notice_of(topic) for topic in sorted(session.woken)]
                        session.execute(_NOTIFY, {"topics": topics})
                    session.commit()
                    return value, session.woken
            except sa.exc.OperationalError as problem:
                if attempt == _TRIES or not _worth_another_try(problem):
                    raise
                log.info("a transaction is tried again", extra={"attempt": attempt})
                time.sleep(random.uniform(0, 0.02 * 2**attempt))  # noqa: S311 - jitter only
        raise AssertionError("unreachable")

    def _transact_together(
        self, fns: Sequence[Callable[[Session], Any]]
    ) -> Sequence[tuple[Any, set[str]] | Exception]:
        """Several in one commit on SQLite, each within a savepoint; a refusal undoes only its own.

        Raises:
            sqlalchemy.exc.DBAPIError: none of them is done. SQLite may have undone them all, so
                none may be told that it is.
        """
        outcomes: list[tuple[Any, set[str]] | Exception] = []
        with self._writer.begin() as connection:
            for fn in fns:
                try:
                    with self._session(connection) as session:
                        value = fn(session)
                        session.finish()
                        session.commit()
                        outcomes.append((value, session.woken))
                except sa.exc.DBAPIError:
                    raise
                except Exception as problem:
                    outcomes.append(problem)
        return outcomes


def _worth_another_try(problem: sa.exc.OperationalError) -> bool:
    """A conflict with another transaction passes; a database that is down does not, here.

    Who has waited for a lock until the limit does not wait again, but makes room for others.
    """
    state = getattr(problem.orig, "sqlstate", None)
    if state is not None:
        return bool(state in {"40001", "40P01"})
    return "locked" in str(problem.orig)


def driver_url(url: str) -> sa.URL:
    """The address as given by an operator, with the driver we use put in.

    `postgresql://…` and `postgres://…` are accepted as they are.
    """
    made = make_url(url.replace("postgres://", "postgresql://", 1))
    match made.get_backend_name():
        case "postgresql":
            return made.set(drivername="postgresql+psycopg")
        case "sqlite":
            return made.set(drivername="sqlite+pysqlite")
        case other:
            raise ValueError(f"Tràm runs on SQLite and PostgreSQL, not on {other}")


def sqlite_engine(url: sa.URL, *, begin: str) -> sa.Engine:
    """An engine for SQLite in WAL mode whose transactions begin with `begin`."""
    if sqlite3.sqlite_version_info < _SAFE_SQLITE:
        raise RuntimeError(
            f"SQLite {sqlite3.sqlite_version} may corrupt WAL files; update pysqlite3"
        )
    if url.database:
        Path(url.database).parent.mkdir(parents=True, exist_ok=True)
    engine = sa.create_engine(
        url,
        module=sqlite3,
        connect_args={"check_same_thread": False, "timeout": 10},
        hide_parameters=True,
    )

    @sa.event.listens_for(engine, "connect")
    def _set_up(connection: Any, _record: object) -> None:
        connection.isolation_level = None  # we say BEGIN ourselves
        for pragma in ("journal_mode=WAL", "synchronous=FULL", "foreign_keys=ON"):
            connection.execute(f"PRAGMA {pragma}")

    @sa.event.listens_for(engine, "begin")
    def _begin(connection: sa.Connection) -> None:
        connection.exec_driver_sql(begin)

    return engine


def postgres_engine(url: sa.URL) -> sa.Engine:
    """An engine for PostgreSQL that waits for nothing for ever.

    A dead connection is noticed before it is used. Migrations lift the limits for themselves.
    """
    given = url.query.get("options", "")
    options = given if isinstance(given, str) else " ".join(given)
    return sa.create_engine(
        url,
        pool_size=_POOL,
        max_overflow=_POOL,
        pool_pre_ping=True,
        pool_timeout=_CONNECT_SECONDS,
        hide_parameters=True,
        connect_args={
            "connect_timeout": _CONNECT_SECONDS,
            "options": f"{options} {_LIMITS}".strip(),
        },
    )
