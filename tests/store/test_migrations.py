"""The migrations make exactly the tables that the code expects."""

from collections.abc import Iterator
from functools import partial
from importlib import import_module
from pathlib import Path

import psycopg
import pytest
import sqlalchemy as sa
from alembic import command
from alembic.autogenerate import compare_metadata
from alembic.config import Config
from alembic.migration import MigrationContext
from alembic.script import ScriptDirectory

from cases.life import CaseState
from cases.model import Case
from cases.thread import ThreadEntry
from store.audit import note
from store.base import Base
from store.clock import SetClock
from store.crypto import Vault
from store.migrate import head, migrate
from store.session import Database, Session

MIGRATIONS = Path(__file__).parents[2] / "store/migrations"

MODULES_WITH_TABLES = (
    "bot.channels.zalo_tokens",
    "bot.conversations",
    "bot.erasing",
    "bot.inbox",
    "bot.transcript",
    "cases.alerts",
    "cases.callbacks",
    "cases.canned",
    "cases.chat_groups",
    "cases.conflicts",
    "cases.consent",
    "cases.glass",
    "cases.data_requests",
    "cases.intake",
    "cases.model",
    "cases.papers",
    "cases.parties",
    "cases.providers",
    "cases.rights",
    "cases.staff",
    "cases.staffing",
    "cases.thread",
    "desk.auth",
    "desk.factors",
    "desk.invitations",
    "desk.recoveries",
    "knowledge.feedback",
    "store.audit",
    "store.brakes",
    "store.documents",
    "store.erasures",
    "store.events",
    "store.files",
    "store.incidents",
    "store.marks",
    "store.outbox",
    "store.presence",
    "store.processes",
)


def test_the_migrated_schema_is_that_of_the_tables(database: Database) -> None:
    for module in MODULES_WITH_TABLES:
        import_module(module)

    with database.engine.connect() as connection:
        differences = compare_metadata(MigrationContext.configure(connection), Base.metadata)

    assert differences == []


def test_the_names_of_the_files_tell_the_newest_revision() -> None:
    config = Config()
    config.set_main_option("script_location", str(MIGRATIONS))

    assert ScriptDirectory.from_config(config).get_heads() == [head()]


def test_migrating_twice_changes_nothing(database: Database) -> None:
    migrate(database)


@pytest.mark.parametrize("statement", ["UPDATE audit SET act = 'x'", "DELETE FROM audit"])
def test_the_database_itself_refuses_to_change_the_audit(
    database: Database, statement: str
) -> None:
    database.transact_now(lambda session: note(session, "case.read", staff_id=None))

    with pytest.raises(sa.exc.DBAPIError, match="only ever added"):
        database.transact_now(lambda session: session.execute(sa.text(statement)))


@pytest.fixture(params=["sqlite", "postgres"])
def empty(
    request: pytest.FixtureRequest, tmp_path: Path, vault: Vault, clock: SetClock
) -> Iterator[Database]:
    """A database without any table."""
    if request.param == "sqlite":
        url = f"sqlite:///{tmp_path / 'old.db'}"
    else:
        server: sa.URL = request.getfixturevalue("postgres_server")
        admin = server.set(database="postgres").render_as_string(hide_password=False)
        with psycopg.connect(admin, autocommit=True) as connection:
            connection.execute("DROP DATABASE IF EXISTS old_one WITH (FORCE)")
            connection.execute("CREATE DATABASE old_one")
        url = server.set(database="old_one").render_as_string(hide_password=False)
    database = Database(url, vault, clock)
    yield database
    database.close_now()


def migrate_to(database: Database, revision: str) -> None:
    with database.engine.connect() as connection:
        config = Config()
        config.set_main_option("script_location", str(MIGRATIONS))
        config.attributes["connection"] = connection
        command.upgrade(config, revision)


def put(session: Session, table: str, **values: object) -> None:
    columns = ", ".join(values)
    names = ", ".join(f":{name}" for name in values)
    session.execute(sa.text(f"INSERT INTO {table} ({columns}) VALUES ({names})"), values)  # noqa: S608


def old_case(session: Session, case_id: str, state: str, **more: object) -> None:
    number = ("waits", "held", "ended").index(case_id) + 1
    # Until 0032 a case counted the wrong PINs itself.
    counts = any(
        one["name"] == "wrong_pins" for one in sa.inspect(session.connection()).get_columns("cases")
    )
    values: dict[str, object] = {
        **({"wrong_pins": 0} if counts else {}),
        "id": case_id,
        "number": number,
        "code_index": f"code {case_id}",
        "pin_index": "pin",
        "channel": "web",
        "language": "vi",
        "state": state,
        "office_id": "nam-can",
        "routing_rule": "assigned",
        "routing_reason": "phụ trách",
        "urgent": False,
        "opened_at": "2026-10-01 05:00:00",
        "last_word_at": "2026-10-01 05:00:00",
    }
    put(session, "cases", **(values | more))


def test_the_cases_of_an_older_database_go_on_where_they_stood(empty: Database) -> None:
    migrate_to(empty, "0002")

    def fill(session: Session) -> None:
        then = "2026-10-01 05:00:00"
        put(
            session,
            "staff",
            id="lan",
            username="lan",
            name=b"sealed",
            role="officer",
            office_id="nam-can",
            password_hash="-",
            active=True,
            created_at=then,
        )
        old_case(session, "waits", "waiting")
        old_case(session, "held", "claimed", holder_id="lan", claimed_at=then)
        ended = {"holder_id": "lan", "outcome": "advised", "closed_at": then}
        old_case(session, "ended", "closed", **ended)
        put(
            session,
            "thread_entries",
            id="word",
            case_id="held",
            author="citizen",
            body=b"sealed",
            at=then,
        )

    empty.transact_now(fill)
    migrate(empty)

    def look(session: Session) -> list[tuple[object, ...]]:
        cases = session.scalars(sa.select(Case).order_by(Case.number)).all()
        return [(one.id, one.state, one.holder_id, one.next_look_at is None) for one in cases]

    assert empty.read_now(look) == [
        ("waits", CaseState.WAITING, None, False),
        ("held", CaseState.CLAIMED, "lan", False),
        ("ended", CaseState.CLOSED, "lan", True),
    ]
    words = empty.read_now(lambda session: session.scalars(sa.select(ThreadEntry.case_id)).all())
    assert words == ["held"]


def test_a_case_can_not_be_held_by_nobody_or_accepted_without_the_register(
    empty: Database,
) -> None:
    migrate(empty)

    for state in ("claimed", "accepted", "in_progress"):
        with pytest.raises(sa.exc.IntegrityError, match="ck_cases_"):
            empty.transact_now(partial(old_case, case_id="held", state=state))
