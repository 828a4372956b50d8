"""Brakes on guessing at the desk's door: who waits, who does not, and in how many processes."""

import datetime as dt

import pytest
import sqlalchemy as sa

from desk import brakes
from store.brakes import Brake
from store.clock import SetClock
from store.session import Database
from tests.desk.world import MINUTE


class Door:
    """Tries at the door of one process."""

    def __init__(self, database: Database) -> None:
        self.database = database

    def wait(self, name: str, client: str, device: str | None = None) -> dt.timedelta:
        return self.database.read_now(lambda s: brakes.wait(s, name, client, device))

    def wrong(self, name: str, client: str, device: str | None = None) -> dt.timedelta:
        return self.database.transact_now(lambda s: brakes.count_try(s, name, client, device))

    def right(self, name: str, client: str, device: str | None = None) -> None:
        self.wrong(name, client, device)
        self.database.transact_now(lambda s: brakes.right(s, name, client, device))


@pytest.fixture
def door(database: Database) -> Door:
    return Door(database)


def test_five_mistakes_are_free_then_the_wait_doubles_up_to_a_quarter_of_an_hour(
    door: Door, clock: SetClock
) -> None:
    waits = []
    for _ in range(12):
        wait = door.wrong("lan", "1.1.1.1")
        waits.append(wait.total_seconds())
        clock.forward(wait)
        if wait:
            assert not door.wrong("lan", "1.1.1.1")

    assert waits == [0, 0, 0, 0, 0, 30, 60, 120, 240, 480, 900, 900]


def test_the_right_password_forgives(door: Door) -> None:
    for _ in range(4):
        door.wrong("lan", "1.1.1.1")

    door.right("lan", "1.1.1.1")

    assert not any(door.wrong("lan", "1.1.1.1") for _ in range(5))


def test_right_passwords_never_fill_the_count_of_a_place(door: Door) -> None:
    for number in range(40):
        door.right(f"officer{number}", "office")

    assert not door.wait("lan", "office")


def test_guessing_from_elsewhere_does_not_lock_the_owner_out(door: Door) -> None:
    for _ in range(10):
        door.wrong("lan", "6.6.6.6")

    assert door.wait("lan", "6.6.6.6")
    assert not door.wait("lan", "1.1.1.1")


def test_many_accounts_tried_from_one_place_are_slowed(door: Door, clock: SetClock) -> None:
    for number in range(30):
        door.wrong(f"officer{number}", "6.6.6.6")

    assert door.wait("officer99", "6.6.6.6") > 14 * MINUTE
    clock.forward(16 * MINUTE)
    assert not door.wait("officer99", "6.6.6.6")


def test_a_colleague_who_guesses_does_not_lock_the_office_out(door: Door) -> None:
    """All computers of a branch have one address; known devices answer for themselves."""
    for number in range(30):
        door.wrong(f"officer{number}", "office")

    assert door.wait("lan", "office")
    assert not door.wait("lan", "office", "device of lan")


def test_a_flood_from_everywhere_is_slowed_and_known_devices_are_not(
    door: Door, clock: SetClock
) -> None:
    for number in range(120):
        door.wrong(f"name{number}", f"10.0.0.{number}")

    assert door.wait("lan", "1.1.1.1")
    assert not door.wait("lan", "1.1.1.1", "device of lan")
    clock.forward(MINUTE)
    assert not door.wait("lan", "1.1.1.1")


def test_many_processes_give_no_more_tries_than_one(database: Database) -> None:
    doors = [Door(database) for _ in range(4)]

    passed = [one for _ in range(5) for one in doors if not one.wrong("lan", "6.6.6.6")]

    assert len(passed) == 5


def test_what_holds_nobody_back_any_more_is_forgotten_and_nothing_lies_open(
    door: Door, clock: SetClock
) -> None:
    for number in range(10):
        door.wrong(f"name{number}", f"10.0.0.{number}")
    keys = door.database.read_now(lambda s: s.scalars(sa.select(Brake.key)).all())
    assert len(keys) == 21
    assert all(len(key) == 64 and set(key) <= set("0123456789abcdef") for key in keys)

    clock.forward(31 * MINUTE)
    door.wrong("lan", "1.1.1.1")

    left = door.database.read_now(lambda s: s.scalars(sa.select(Brake.key)).all())
    assert len(left) == 3
