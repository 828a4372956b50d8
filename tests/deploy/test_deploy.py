"""What an operator is given holds together. No container engine is needed, and none is tried."""

import os
import re
import shutil
import subprocess
from pathlib import Path
from typing import Any

import pytest
import yaml

from store.sealedfile import fresh_key, write_new
from store.session import Database

ROOT = Path(__file__).parents[2]
DEPLOY = ROOT / "deploy"


@pytest.fixture(scope="module")
def compose() -> dict[str, Any]:
    loaded: dict[str, Any] = yaml.safe_load((DEPLOY / "compose.yaml").read_text("utf-8"))
    return loaded


def test_the_house_has_two_web_processes_two_workers_a_database_and_a_way_in(
    compose: dict[str, Any],
) -> None:
    commands = [one.get("command") for one in compose["services"].values()]
    workers = compose["services"]["worker"]

    assert commands.count(["bot", "--role", "web"]) == 2
    assert workers["command"] == ["bot", "--role", "worker"]
    assert workers["deploy"]["replicas"] == 2
    assert {"database", "caddy"} <= set(compose["services"])


def test_whatever_a_service_names_is_there(compose: dict[str, Any]) -> None:
    for name, service in compose["services"].items():
        assert "image" in service or "build" in service, name
        assert set(service.get("networks", ())) <= set(compose["networks"]), name
        assert set(service.get("secrets", ())) <= set(compose["secrets"]), name
        assert set(service.get("depends_on", ())) <= set(compose["services"]), name
        for volume in service.get("volumes", ()):
            source = volume.split(":")[0]
            assert source in compose["volumes"] or (DEPLOY / source).exists(), volume


def test_only_the_way_in_is_open_to_the_world_and_the_database_to_nobody(
    compose: dict[str, Any],
) -> None:
    opened = {name for name, service in compose["services"].items() if "ports" in service}

    assert opened == {"caddy"}
    assert compose["services"]["database"]["networks"] == ["inside"]
    assert compose["networks"]["inside"]["internal"] is True


def test_no_secret_stands_in_what_is_given(compose: dict[str, Any]) -> None:
    for line in (DEPLOY / "tram.env.example").read_text("utf-8").splitlines():
        name, _, value = line.partition("=")
        if re.search(r"TOKEN|SECRET|PASSWORD|_KEY$", name) and not line.startswith("#"):
            assert value == "", name
    assert "POSTGRES_PASSWORD" not in compose["services"]["database"]["environment"]


def test_the_image_takes_the_hashed_lock_and_every_room_that_runs() -> None:
    told = (DEPLOY / "Dockerfile").read_text("utf-8")
    ignored = (ROOT / ".dockerignore").read_text("utf-8")

    assert "--require-hashes runtime.lock" in told
    assert "!deploy/runtime.lock\n" in ignored
    for room in ("bot", "cases", "desk", "eligibility", "knowledge", "provinces", "store"):
        assert f"COPY {room} {room}" in told
        assert f"!{room}\n" in ignored


def test_the_lock_of_what_runs_is_a_part_of_the_whole_lock() -> None:
    whole = _pinned((ROOT / "requirements.lock").read_text("utf-8"))
    runs = _pinned((DEPLOY / "runtime.lock").read_text("utf-8"))

    assert runs <= whole
    assert {one.split("==")[0] for one in runs}.isdisjoint({"pytest", "playwright", "mypy", "ruff"})
    assert {"fastapi", "sqlalchemy", "python-telegram-bot"} <= {one.split("==")[0] for one in runs}


def _pinned(lock: str) -> set[str]:
    return set(re.findall(r"^[\w.-]+==[\w.]+", lock, re.MULTILINE))


@pytest.mark.skipif(shutil.which("systemd-analyze") is None, reason="no systemd here")
@pytest.mark.parametrize("broken", [False, True])
def test_systemd_takes_the_units(tmp_path: Path, broken: bool) -> None:
    """With the program's paths replaced by ones that are here; a broken unit shows it looks."""
    for unit in (DEPLOY / "systemd").iterdir():
        text = unit.read_text("utf-8").replace("/opt/tram/.venv/bin/python", "/bin/true")
        text = text.replace("/opt/tram/deploy/backup.sh", "/bin/true")
        text = text.replace("WorkingDirectory=/opt/tram", "WorkingDirectory=/")
        if broken:
            text = text.replace("[Service]", "[Service]\nNoSuchThing=1\nRestart=sometimes")
        (tmp_path / unit.name.replace("@.", "@8001.")).write_text(text, "utf-8")

    done = subprocess.run(  # noqa: S603 - systemd's own
        ["systemd-analyze", "verify", *(str(one) for one in sorted(tmp_path.iterdir()))],  # noqa: S607
        capture_output=True,
        text=True,
        check=False,
        timeout=60,
    )

    told = [line for line in done.stderr.splitlines() if str(tmp_path) in line or "tram-" in line]
    assert bool(told) is broken, done.stderr


def test_the_nightly_backup_proves_itself_and_lets_old_ones_go(
    sqlite: Database, tmp_path: Path
) -> None:
    folder = tmp_path / "backups"
    folder.mkdir()
    for day in range(1, 6):
        (folder / f"tram-2026110{day}T010000Z.backup").write_bytes(b"older")
    write_new(tmp_path / "backup.key", fresh_key().encode())
    plain = {name: value for name, value in os.environ.items() if not name.startswith("TRAM_")}

    done = subprocess.run(  # noqa: S603 - our own script
        ["/bin/sh", str(DEPLOY / "backup.sh"), str(folder), "3"],
        cwd=ROOT,
        env=plain
        | {
            "TRAM_DATABASE_URL": sqlite.url.render_as_string(hide_password=False),
            "TRAM_BACKUP_KEY_FILE": str(tmp_path / "backup.key"),
            "TRAM_KEY_FILE": str(tmp_path / "no-keys.json"),
        },
        capture_output=True,
        text=True,
        check=False,
        timeout=120,
    )

    assert done.returncode == 0, done.stderr
    assert "whole: made" in done.stdout
    kept = sorted(path.name for path in folder.iterdir())
    assert kept[:2] == ["tram-20261104T010000Z.backup", "tram-20261105T010000Z.backup"]
    assert len(kept) == 3
