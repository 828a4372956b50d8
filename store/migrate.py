"""Bringing a database to the schema of this version.

Alembic is loaded only where there is something to migrate: a start has to be quick, and most
find the schema as it should be. A migration's file begins with its revision.
"""

import logging
from pathlib import Path

import sqlalchemy as sa

from store.session import Database

log = logging.getLogger(__name__)
_FOLDER = Path(__file__).parent / "migrations"


class UnknownRevisionError(Exception):
    """A schema of another version of the program, which this one has no migration to."""


def migrate(database: Database) -> None:
    """Apply every migration that this database has not seen, in one transaction each.

    Several processes may start together: on PostgreSQL one migrates and the others wait. A
    database of a later version is left as it is: during an upgrade the old program still starts,
    because a migration only adds what the version before does without (docs/van-hanh.md).
    """
    with database.engine.connect() as connection:
        there = revision_of(connection)
        connection.rollback()
        if there is not None and there not in _known():
            log.warning("the database has the schema %s of a later version", there)
            return
        if there == head():
            return
        migrate_connection(connection, "head")


def migrate_connection(connection: sa.Connection, revision: str) -> None:
    """Apply the migrations up to `revision`, which is `head` or the number of one.

    Raises:
        UnknownRevisionError: this version of the program has no such migration.
    """
    if revision not in {"head", *_known()}:
        raise UnknownRevisionError(revision)
    from alembic import command
    from alembic.config import Config

    config = Config()
    config.set_main_option("script_location", str(_FOLDER))
    config.attributes["connection"] = connection
    command.upgrade(config, revision)


def head() -> str:
    """The schema of this version of the program."""
    return max(_known())


def revision_of(connection: sa.Connection) -> str | None:
    """The schema that a database has; None before its first migration."""
    if not sa.inspect(connection).has_table("alembic_version"):
        return None
    found: str | None = connection.scalar(sa.text("SELECT version_num FROM alembic_version"))
    return found


def _known() -> frozenset[str]:
    return frozenset(one.name[:4] for one in (_FOLDER / "versions").glob("[0-9]*_*.py"))
