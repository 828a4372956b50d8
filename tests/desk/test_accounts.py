"""The accounts of a demonstration, and the files the desk is shipped with."""

import hashlib
import random
import re
import tomllib

import sqlalchemy as sa

from cases.province import load_province
from cases.staff import Role, StaffMember
from desk.accounts import ensure_demo_accounts, readable_password
from desk.auth import password_fits
from desk.frame import STATIC
from store.session import Database

CA_MAU = load_province("ca-mau")


def by_name(database: Database) -> dict[str, StaffMember]:
    return database.read_now(
        lambda session: {one.username: one for one in session.scalars(sa.select(StaffMember))}
    )


def test_a_first_start_makes_an_account_of_each_role_and_two_for_each_active_office(
    sqlite: Database,
) -> None:
    made = dict(sqlite.transact_now(lambda session: ensure_demo_accounts(session, CA_MAU, None)))

    active = {office.id for office in CA_MAU.offices if office.active}
    expected = {"admin", "editor", "auditor"}
    expected |= {f"{job}.{office_id}" for office_id in active for job in ("head", "officer")}
    assert set(made) == expected
    assert "planned-1" not in {name.split(".")[-1] for name in made}
    there = by_name(sqlite)
    assert there["head.u-minh"].role is Role.HEAD
    assert there["officer.u-minh"].role is Role.OFFICER
    assert there["head.centre"].role is there["officer.centre"].role is Role.CENTRE
    assert there["admin"].office_id is None
    assert len(set(made.values())) == len(made)
    assert password_fits(there["officer.so-1"], made["officer.so-1"])


def test_a_second_start_makes_nothing_and_changes_no_password(sqlite: Database) -> None:
    sqlite.transact_now(lambda session: ensure_demo_accounts(session, CA_MAU, "một cho tất cả"))
    before = {name: one.password_hash for name, one in by_name(sqlite).items()}

    made = sqlite.transact_now(lambda session: ensure_demo_accounts(session, CA_MAU, None))

    assert made == ()
    assert {name: one.password_hash for name, one in by_name(sqlite).items()} == before


def test_a_given_password_is_that_of_all(sqlite: Database) -> None:
    made = sqlite.transact_now(
        lambda session: ensure_demo_accounts(session, CA_MAU, "một cho tất cả")
    )

    assert {password for _, password in made} == {"một cho tất cả"}
    assert password_fits(by_name(sqlite)["auditor"], "một cho tất cả")


def test_random_passwords_can_be_read_out_and_do_not_repeat() -> None:
    source = random.Random(1)  # noqa: S311 - not a password of anybody

    made = {readable_password(source) for _ in range(1000)}

    assert len(made) == 1000
    assert all(re.fullmatch(r"([a-z]{4}-){3}[a-z]{4}", one) for one in made)


def test_what_others_wrote_is_what_we_say_it_is() -> None:
    vendored = tomllib.loads((STATIC / "vendored.toml").read_text(encoding="utf-8"))

    for name, told in vendored.items():
        assert hashlib.sha256((STATIC / name).read_bytes()).hexdigest() == told["sha256"]
    own = {"desk.js", "desk.css", "icon.svg", "passkey.js", "vendored.toml"}
    assert {path.name for path in STATIC.iterdir()} == own | set(vendored)
