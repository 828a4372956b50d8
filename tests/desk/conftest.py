"""The desk over a real database, migrated."""

import pytest

from store.session import Database
from tests.desk.world import World


@pytest.fixture
def world(database: Database) -> World:
    return World(database)
