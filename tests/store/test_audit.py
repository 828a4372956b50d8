"""The audit is a chain: whoever changes the past of it is found out."""

import asyncio
import datetime as dt
from functools import partial
from pathlib import Path

import pytest
import sqlalchemy as sa
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from store import audit
from store.anchors import AnchorError, add_anchor, keep_anchors, read_anchors
from store.audit import Anchor, AuditRow, Breach, anchor_now, verify
from store.base import new_id
from store.session import Database, Session

ACTS = 12


def write(database: Database, acts: int = ACTS) -> None:
    """Some acts, each in a transaction of its own."""

    def act(number: int, session: Session) -> None:
        audit.note(session, "case.read", staff_id=new_id(), subject=f"case-{number}")

    for number in range(acts):
        database.transact_now(partial(act, number))


def breaches(database: Database, *anchors: Anchor) -> set[Breach]:
    """What looking the log over shows."""
    verdict = database.read_now(lambda session: verify(session, anchors))
    return {finding.breach for finding in verdict.findings}


def tamper(database: Database, *statements: str) -> None:
    """What somebody with the database's own password may do: first of all, take the guards off."""

    def act(session: Session) -> None:
        if session.on_postgres:
            session.execute(sa.text("ALTER TABLE audit DISABLE TRIGGER audit_append_only"))
        else:
            session.execute(sa.text("DROP TRIGGER audit_no_update"))
            session.execute(sa.text("DROP TRIGGER audit_no_delete"))
        for statement in statements:
            session.execute(sa.text(statement))

    database.transact_now(act)


def test_a_log_that_nobody_touched_is_whole(database: Database) -> None:
    write(database)

    verdict = database.read_now(verify)

    assert (verdict.rows, verdict.findings) == (ACTS, ())


def test_a_log_without_an_act_is_whole(database: Database) -> None:
    assert database.read_now(verify).findings == ()


def test_several_acts_of_one_transaction_stand_in_their_order(database: Database) -> None:
    def several(session: Session) -> None:
        for act in ("one", "two", "three"):
            audit.note(session, act, staff_id=None)

    database.transact_now(several)

    acts = database.read_now(
        lambda session: session.scalars(sa.select(AuditRow.act).order_by(AuditRow.id)).all()
    )
    assert acts == ["one", "two", "three"]
    assert breaches(database) == set()


@pytest.mark.parametrize(
    "change",
    [
        "staff_id = 'somebody else'",
        "at = '2020-01-01 00:00:00'",
        "act = 'case.note'",
        "subject = 'case-99'",
        "detail = 'x'",
        "link = NULL",
        "id = 99",
    ],
)
def test_a_changed_act_is_found(database: Database, change: str) -> None:
    write(database)

    tamper(database, f"UPDATE audit SET {change} WHERE subject = 'case-5'")  # noqa: S608

    assert breaches(database)


@pytest.mark.parametrize("gone", [0, 5, ACTS - 1])
def test_a_deleted_act_is_found(database: Database, gone: int) -> None:
    write(database)

    tamper(database, f"DELETE FROM audit WHERE subject = 'case-{gone}'")  # noqa: S608

    assert breaches(database)


def test_two_acts_that_changed_places_are_found(database: Database) -> None:
    write(database)

    tamper(
        database,
        "UPDATE audit SET id = 9001 WHERE subject = 'case-3'",
        "UPDATE audit SET id = 4 WHERE subject = 'case-4'",
        "UPDATE audit SET id = 5 WHERE subject = 'case-3'",
    )

    assert Breach.CHANGED in breaches(database)


def test_an_act_put_in_by_hand_is_found(database: Database) -> None:
    write(database)

    tamper(
        database,
        "INSERT INTO audit (id, at, act, subject) "
        "VALUES (9001, '2026-11-01 08:00:00', 'case.read', 'x')",
    )

    assert Breach.UNLINKED in breaches(database)


def test_a_log_cut_off_at_its_end_is_found(database: Database) -> None:
    write(database)

    tamper(database, "DELETE FROM audit WHERE subject IN ('case-10', 'case-11')")

    assert breaches(database) == {Breach.SHORTENED}


def test_a_head_made_up_for_a_shortened_log_is_found(database: Database) -> None:
    write(database)

    tamper(
        database,
        "DELETE FROM audit WHERE subject = 'case-11'",
        "UPDATE audit_head SET rows = 11, "
        "link = (SELECT link FROM audit WHERE subject = 'case-10')",
    )

    assert breaches(database) == {Breach.SHORTENED}


def test_a_log_put_back_with_its_head_from_an_older_copy_is_found_by_an_anchor(
    database: Database,
) -> None:
    write(database, 6)
    older = database.read_now(
        lambda session: session.execute(sa.text("SELECT rows, link, seal FROM audit_head")).one()
    )
    write(database, 6)
    anchor = database.read_now(anchor_now)

    tamper(
        database,
        "DELETE FROM audit WHERE id > 6",
        f"UPDATE audit_head SET rows = {older.rows}, link = '{older.link}', "  # noqa: S608
        f"seal = '{older.seal}'",
    )

    assert breaches(database) == set()
    assert breaches(database, anchor) == {Breach.NOT_AS_ANCHORED}


def test_anchors_of_every_moment_hold_on_a_log_that_nobody_touched(database: Database) -> None:
    anchors = []
    for _ in range(3):
        anchors.append(database.read_now(anchor_now))
        write(database, 2)

    assert breaches(database, *anchors, database.read_now(anchor_now)) == set()


def test_a_log_older_than_its_chain_is_part_of_it(database: Database) -> None:
    def before_there_was_a_chain(session: Session) -> None:
        for number in range(3):
            session.add(AuditRow(at=session.clock.now(), act="case.read", subject=f"old-{number}"))

    database.transact_now(before_there_was_a_chain)
    write(database)
    assert breaches(database) == set()

    tamper(database, "UPDATE audit SET act = 'case.note' WHERE subject = 'old-1'")

    assert breaches(database) == {Breach.CHANGED}


class TestAnyTampering:
    """One log; whatever is done to it is done within a transaction that is taken back."""

    @settings(
        max_examples=60,
        suppress_health_check=[HealthCheck.function_scoped_fixture],
    )
    @given(
        st.lists(
            st.one_of(
                st.tuples(st.just("delete"), st.integers(1, ACTS)),
                st.tuples(st.just("edit"), st.integers(1, ACTS)),
                st.tuples(st.just("move"), st.integers(1, ACTS)),
                st.tuples(st.just("copy"), st.integers(1, ACTS)),
            ),
            min_size=1,
            max_size=4,
        )
    )
    def test_is_found(self, sqlite: Database, deeds: list[tuple[str, int]]) -> None:
        if sqlite.read_now(lambda session: session.query(AuditRow).count()) == 0:
            write(sqlite)
        with sqlite.engine.connect() as connection, connection.begin() as transaction:
            connection.execute(sa.text("DROP TRIGGER audit_no_update"))
            connection.execute(sa.text("DROP TRIGGER audit_no_delete"))
            for fresh, (deed, row) in enumerate(deeds, 500):
                statement = {
                    "delete": "DELETE FROM audit WHERE id = :row",
                    "edit": "UPDATE audit SET detail = :fresh WHERE id = :row",
                    "move": "UPDATE audit SET id = :fresh WHERE id = :row",
                    "copy": "INSERT INTO audit SELECT :fresh, at, staff_id, act, subject, detail, "
                    "link FROM audit WHERE id = :row",
                }[deed]
                connection.execute(sa.text(statement), {"row": row, "fresh": fresh})
            if connection.execute(sa.text(_SAME)).scalar_one() == ACTS:
                transaction.rollback()
                return  # what was done undid itself: the last act moved to behind itself
            session = Session(connection)
            session.vault, session.clock = sqlite.vault, sqlite.clock
            found = verify(session).findings
            session.close()
            transaction.rollback()

        assert found


_SAME = f"""
    SELECT CASE WHEN (SELECT count(*) FROM audit) = {ACTS} THEN count(*) ELSE -1 END FROM (
        SELECT subject, detail, row_number() OVER (ORDER BY id) AS place FROM audit
    ) WHERE subject = 'case-' || (place - 1) AND detail IS NULL
"""  # noqa: S608


def test_the_heads_are_written_down_outside_the_database_and_read_again(
    sqlite: Database, tmp_path: Path
) -> None:
    path = tmp_path / "elsewhere" / "anchors.jsonl"
    write(sqlite, 2)
    add_anchor(path, sqlite.read_now(anchor_now))
    write(sqlite, 2)
    add_anchor(path, sqlite.read_now(anchor_now))

    anchors = read_anchors(path)

    assert [anchor.rows for anchor in anchors] == [2, 4]
    assert breaches(sqlite, *anchors) == set()
    assert path.stat().st_mode & 0o077 == 0


def test_a_file_of_anchors_that_is_none_is_refused_with_its_line(tmp_path: Path) -> None:
    path = tmp_path / "anchors.jsonl"
    add_anchor(path, Anchor(rows=1, link="0" * 64, at=dt.datetime(2026, 1, 1, tzinfo=dt.UTC)))
    with path.open("a") as file:
        file.write('{"rows": "many"}\n')

    with pytest.raises(AnchorError, match="line 2"):
        read_anchors(path)


async def test_the_heads_are_handed_out_by_themselves_when_something_was_added(
    sqlite: Database,
) -> None:
    kept: list[int] = []
    added = asyncio.Event()
    loop = asyncio.get_running_loop()

    def keep(anchor: Anchor) -> None:
        kept.append(anchor.rows)
        loop.call_soon_threadsafe(added.set)

    write(sqlite, 2)
    duty = asyncio.create_task(keep_anchors(sqlite, keep, every=0.01))
    try:
        async with asyncio.timeout(20):
            await added.wait()
            added.clear()
            await asyncio.to_thread(write, sqlite, 1)
            await added.wait()
    finally:
        duty.cancel()

    assert kept == [2, 3]
