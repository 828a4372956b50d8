"""Bringing a database to the schema of this version."""

import logging
from pathlib import Path

import sqlalchemy as sa
from alembic import command
from alembic.config import Config
from alembic.runtime.migration import MigrationContext
from alembic.script import ScriptDirectory

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
        if there is not None and there not in _known(_config()):
            log.warning("the database has the schema %s of a later version", there)
            return
        migrate_connection(connection, "head")


def migrate_connection(connection: sa.Connection, revision: str) -> None:
    """Apply the migrations up to `revision`, which is `head` or the number of one.

    Raises:
        UnknownRevisionError: this version of the program has no such migration.
    """
    config = _config()
    if revision not in {"head", *_known(config)}:
        raise UnknownRevisionError(revision)
    config.attributes["connection"] = connection
    command.upgrade(config, revision)


def _known(config: Config) -> frozenset[str]:
    return frozenset(one.revision for one in ScriptDirectory.from_config(config).walk_revisions())


def head() -> str | None:
    """The schema of this version of the program."""
    return ScriptDirectory.from_config(_config()).get_current_head()


def revision_of(connection: sa.Connection) -> str | None:
    """The schema that a database has; None before its first migration."""
    return MigrationContext.configure(connection).get_current_revision()


def _config() -> Config:
    config = Config()
    config.set_main_option("script_location", str(_FOLDER))
    return config
