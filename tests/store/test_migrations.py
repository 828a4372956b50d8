"""The migrations make exactly the tables that the code expects."""

from importlib import import_module

import pytest
import sqlalchemy as sa
from alembic.autogenerate import compare_metadata
from alembic.migration import MigrationContext

from store.audit import note
from store.base import Base
from store.migrate import migrate
from store.session import Database

MODULES_WITH_TABLES = (
    "bot.conversations",
    "bot.inbox",
    "bot.transcript",
    "cases.alerts",
    "cases.conflicts",
    "cases.consent",
    "cases.model",
    "cases.parties",
    "cases.providers",
    "cases.rights",
    "cases.staff",
    "cases.thread",
    "desk.auth",
    "knowledge.feedback",
    "store.audit",
    "store.documents",
    "store.events",
    "store.files",
    "store.outbox",
    "store.presence",
)


def test_the_migrated_schema_is_that_of_the_tables(database: Database) -> None:
    for module in MODULES_WITH_TABLES:
        import_module(module)

    with database.engine.connect() as connection:
        differences = compare_metadata(MigrationContext.configure(connection), Base.metadata)

    assert differences == []


def test_migrating_twice_changes_nothing(database: Database) -> None:
    migrate(database)


@pytest.mark.parametrize("statement", ["UPDATE audit SET act = 'x'", "DELETE FROM audit"])
def test_the_database_itself_refuses_to_change_the_audit(
    database: Database, statement: str
) -> None:
    database.transact_now(lambda session: note(session, "case.read", staff_id=None))

    with pytest.raises(sa.exc.DBAPIError, match="only ever added"):
        database.transact_now(lambda session: session.execute(sa.text(statement)))
