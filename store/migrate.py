"""Bringing a database to the schema of this version."""

from pathlib import Path

from alembic import command
from alembic.config import Config

from store.session import Database

_FOLDER = Path(__file__).parent / "migrations"


def migrate(database: Database) -> None:
    """Apply every migration that this database has not seen, in one transaction each.

    Several processes may start together: on PostgreSQL one migrates and the others wait.
    """
    with database.engine.connect() as connection:
        config = Config()
        config.set_main_option("script_location", str(_FOLDER))
        config.attributes["connection"] = connection
        command.upgrade(config, "head")
