"""The desk over a real database, migrated."""

import pytest

from desk.auth import StaffSession
from store.base import Base
from store.session import Database
from tests.desk.world import World


@pytest.fixture
def world(database: Database) -> World:
    Base.metadata.create_all(database.engine, [Base.metadata.tables[StaffSession.__tablename__]])
    return World(database)
