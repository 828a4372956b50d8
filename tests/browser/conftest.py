"""A browser, a desk behind a real server, and a whole server with demo accounts."""

import shutil
from collections.abc import Iterator
from pathlib import Path

import pytest
from playwright.sync_api import Browser, expect, sync_playwright

from store.clock import SystemClock
from store.crypto import Vault
from store.session import Database
from tests.browser.pages import CHROMIUM, DEMO_PASSWORD, FLAGS, PATIENCE
from tests.desk.serving import served
from tests.desk.world import World
from tests.journeys.server import Server

expect.set_options(timeout=PATIENCE)


@pytest.fixture(scope="module")
def chromium() -> Iterator[Browser]:
    """One browser for the tests of a file; each page has a context of its own."""
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=CHROMIUM, args=FLAGS)
        yield browser
        browser.close()


@pytest.fixture
def empty(migrated_sqlite: Path, tmp_path: Path, vault: Vault) -> Iterator[Database]:
    """A database with today's schema and nothing in it, which threads may share."""
    path = tmp_path / "tram.db"
    shutil.copy(migrated_sqlite, path)
    database = Database(f"sqlite:///{path}", vault, SystemClock())
    yield database
    database.close_now()


@pytest.fixture
def world(empty: Database) -> World:
    """The desk with its staff and no requests."""
    return World(empty)


@pytest.fixture
def address(world: World) -> Iterator[str]:
    """Where that desk is served."""
    with served(world) as where:
        yield where


@pytest.fixture
def server(tmp_path: Path) -> Iterator[Server]:
    """All of Tràm in a process of its own, as `make run` starts it."""
    running = Server(tmp_path, demo_password=DEMO_PASSWORD)
    running.start()
    yield running
    running.close()
