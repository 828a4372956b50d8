"""Web and workers as processes of their own on one PostgreSQL, started, killed and told to end."""

import secrets
import signal
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path

import httpx
import psycopg
import pytest
import sqlalchemy as sa

from bot.__main__ import main
from tests.conftest import address
from tests.journeys.server import Server, Visitor, environment

WAITS = 60.0


@dataclass
class House:
    """One web process and two workers, that share a database and keys."""

    web: Server
    first: Server
    second: Server

    @property
    def all(self) -> tuple[Server, ...]:
        return self.web, self.first, self.second


@pytest.fixture(scope="module")
def house(postgres_server: sa.URL, tmp_path_factory: pytest.TempPathFactory) -> Iterator[House]:
    folder = tmp_path_factory.mktemp("house")
    name = f"house_{secrets.token_hex(4)}"
    with psycopg.connect(address(postgres_server, "postgres"), autocommit=True) as admin:
        admin.execute(f"CREATE DATABASE {name}".encode())
    url = address(postgres_server, name)
    shared = {"database_url": url, "metrics_token": "nhin-vao"}
    house = House(
        Server(folder, "--role", "web", drain_seconds="3", **shared),
        Server(folder, "--role", "worker", **shared),
        Server(folder, "--role", "worker", **shared),
    )
    yield house
    for server in house.all:
        server.close()


def until(is_so: Callable[[], bool]) -> None:
    end = time.monotonic() + WAITS
    while not is_so():
        assert time.monotonic() < end
        time.sleep(0.1)


def numbers(server: Server) -> dict[str, float]:
    """What a process tells the one who watches."""
    answer = server.client.get("/metrics", headers={"Authorization": "Bearer nhin-vao"})
    assert answer.status_code == 200
    lines = (line.rsplit(" ", 1) for line in answer.text.splitlines() if not line.startswith("#"))
    return {name: float(value) for name, value in lines}


def test_web_and_workers_live_and_die_apart(house: House) -> None:
    # Web alone: what citizens write is taken, and waits.
    house.web.start()
    visitor = Visitor(house.web)
    visitor.opens()
    assert visitor.says("message-1", text="Hàng xóm lấn ranh đất của tôi")
    until(lambda: numbers(house.web)["tram_inbox_waiting"] > 0)
    assert numbers(house.web)["tram_workers_alive"] == 0
    assert visitor.talk() == [one for one in visitor.talk() if one.get("in")]

    # Two workers come: it is answered. They have no pages.
    house.first.start()
    house.second.start()
    answered = len([one for one in visitor.hears(1) if not one.get("in")])
    assert house.first.client.get("/").status_code == 404
    assert house.first.client.get("/desk/").status_code == 404
    until(lambda: numbers(house.second)["tram_workers_alive"] == 2)
    by_both = [numbers(one) for one in (house.first, house.second)]
    turns = 'tram_turns_total{channel="web",outcome="done"}'
    assert sum(one.get(turns, 0) for one in by_both) >= 1
    assert sum(value for one in by_both for name, value in one.items() if "sends_total" in name) > 0

    # One is killed: the other goes on.
    house.first.kill()
    assert visitor.says("message-2", text="cho tôi gặp cán bộ")
    visitor.hears(answered + 1)
    assert house.second.client.get("/readyz").text == "ready"

    # The other is told to end: it ends by itself, and leaves.
    assert house.second.stop(signal.SIGTERM, 30) == 0
    assert visitor.says("message-3", text="xin chào")


def test_the_web_first_says_that_it_is_not_ready_and_still_serves(house: House) -> None:
    visitor = Visitor(house.web)
    visitor.opens()
    with visitor.listens(httpx.Timeout(30)) as stream:
        lines = stream.iter_lines()
        next(lines)
        house.web.signal(signal.SIGTERM)
        until(lambda: house.web.client.get("/readyz").status_code == 503)
        assert house.web.client.get("/readyz").text == "ending"
        assert visitor.says("message-1", text="còn nhận không")
        assert list(lines)[-1] == ""  # it ends whole, and the page comes back by itself

    assert house.web.wait(30) == 0


def test_what_the_processes_wrote_names_nobody(house: House) -> None:
    folder = Path(house.web.environment["TRAM_KEY_FILE"]).parent
    for log in folder.glob("start-*.log"):
        written = log.read_text("utf-8")
        assert "Traceback" not in written
        assert "lấn ranh" not in written


def test_sqlite_has_one_process_that_does_both(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    for name, value in environment(tmp_path, port="0").items():
        if name.startswith("TRAM_"):
            monkeypatch.setenv(name, value)

    assert main(["--role", "worker"]) == 2
    assert "needs PostgreSQL" in capsys.readouterr().err
