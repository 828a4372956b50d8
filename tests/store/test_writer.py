"""The one who writes to SQLite: people first, several in a commit, and nobody told too early."""

import asyncio
import threading
from collections.abc import Callable
from functools import partial

import pytest
import sqlalchemy as sa

from store.events import Event
from store.session import Database, Session


def _write(name: str, session: Session) -> str:
    session.add(Event(at=session.clock.now(), kind=name))
    return name


def _kept(database: Database) -> list[str]:
    query = sa.select(Event.kind).order_by(Event.id)
    return list(database.read_now(lambda session: session.scalars(query).all()))


class Held:
    """The writer busy with one transaction until it is let go; commits are counted meanwhile."""

    def __init__(self, database: Database) -> None:
        self._database = database
        self._begun, self._go = threading.Event(), threading.Event()
        self.commits = 0
        sa.event.listen(database.engine, "commit", self._count)

    def _count(self, _connection: sa.Connection) -> None:
        self.commits += 1

    async def while_busy(
        self, *fns: tuple[Callable[[Session], str], bool]
    ) -> list[str | BaseException]:
        """Put all these in line (with whether they are patient) and let the writer go on."""

        def busy(_session: Session) -> None:
            self._begun.set()
            assert self._go.wait(30)

        first = asyncio.create_task(self._database.transact(busy))
        assert await asyncio.to_thread(self._begun.wait, 30)
        waiting = [
            asyncio.create_task(self._database.transact(fn, patient=patient)) for fn, patient in fns
        ]
        await asyncio.sleep(0)  # each stands in line now
        self._go.set()
        await first
        return await asyncio.gather(*waiting, return_exceptions=True)


async def test_those_who_wait_together_share_one_commit_and_each_has_its_own_result(
    sqlite: Database,
) -> None:
    held = Held(sqlite)

    told = await held.while_busy(*((partial(_write, f"n{n}"), False) for n in range(5)))

    assert told == _kept(sqlite) == [f"n{n}" for n in range(5)]
    assert held.commits == 1  # who kept them waiting wrote nothing


async def test_a_refusal_undoes_its_own_part_and_nobody_elses(sqlite: Database) -> None:
    def refused(session: Session) -> str:
        _write("refused", session)
        session.flush()
        raise LookupError

    held = Held(sqlite)

    one, two, three = await held.while_busy(
        (partial(_write, "a"), False), (refused, False), (partial(_write, "b"), False)
    )

    assert (one, three) == ("a", "b")
    assert isinstance(two, LookupError)
    assert _kept(sqlite) == ["a", "b"]


async def test_when_the_database_fails_one_of_them_the_others_are_written_by_themselves(
    sqlite: Database,
) -> None:
    def fails(session: Session) -> str:
        session.execute(sa.text("ROLLBACK"))  # as SQLite does when the disk is full
        session.execute(sa.text("SELECT * FROM nowhere"))
        return "never"

    held = Held(sqlite)

    one, two, three = await held.while_busy(
        (partial(_write, "a"), False), (fails, False), (partial(_write, "b"), False)
    )

    assert (one, three) == ("a", "b")
    assert isinstance(two, sa.exc.OperationalError)
    assert sorted(_kept(sqlite)) == ["a", "b"]


async def test_who_is_patient_lets_others_first_and_still_has_a_turn(sqlite: Database) -> None:
    held = Held(sqlite)

    await held.while_busy(
        (partial(_write, "patient 1"), True),
        (partial(_write, "patient 2"), True),
        *((partial(_write, f"n{n}"), False) for n in range(20)),
    )

    kept = _kept(sqlite)
    assert kept.index("patient 1") == 0  # the hurried one before had its turn
    assert kept.index("patient 2") == 17  # after as many as share a commit
    assert len(kept) == 22


async def test_one_who_left_the_line_is_not_written(sqlite: Database) -> None:
    begun, go = threading.Event(), threading.Event()

    def busy(_session: Session) -> None:
        begun.set()
        assert go.wait(30)

    first = asyncio.create_task(sqlite.transact(busy))
    assert await asyncio.to_thread(begun.wait, 30)
    left = asyncio.create_task(sqlite.transact(partial(_write, "left")))
    stayed = asyncio.create_task(sqlite.transact(partial(_write, "stayed")))
    await asyncio.sleep(0)
    left.cancel()
    with pytest.raises(asyncio.CancelledError):
        await left
    go.set()

    await asyncio.gather(first, stayed)

    assert _kept(sqlite) == ["stayed"]


async def test_a_closed_database_takes_nothing_more(sqlite: Database) -> None:
    await sqlite.close()

    with pytest.raises(RuntimeError):
        await sqlite.transact(partial(_write, "late"))
