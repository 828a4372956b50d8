"""The server dies in the middle of talks, and nothing that it acknowledged is missing."""

import asyncio
import shutil
import signal
import socket
import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import httpx
import pytest
from fastapi import FastAPI

from bot.__main__ import main
from bot.app import alone_with_database, make_app
from bot.settings import Settings
from store.clock import SystemClock
from store.crypto import Keyring, Vault
from store.session import Database
from tests.journeys.server import ROOT, Server, Visitor, environment, free_port
from tests.journeys.wording import is_said

WALK = (
    {"text": "cho tôi gặp cán bộ"},
    {"text": "xã Đá Bạc"},
    {"text": "Hàng xóm lấn ranh đất của tôi hơn hai mét, nói hoài không trả"},
    {"text": "vay tien nguoi ta lai suat toi da bao nhieu"},
)
TALKS = 8


@dataclass
class Survival:
    """What was seen while the server was killed twice and stopped once."""

    server: Server
    visitors: list[Visitor] = field(default_factory=list)
    undisturbed: list[dict[str, Any]] = field(default_factory=list)
    """The same talk, held without a kill."""
    talks: list[list[dict[str, Any]]] = field(default_factory=list)
    cut_off: int = 0
    """Messages that were not acknowledged because the server was dead."""
    exit_status: int | None = None
    stream_ended: bool = False


@pytest.fixture(scope="module")
def survival(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Survival]:
    server = Server(tmp_path_factory.mktemp("killed"))
    try:
        yield _survive(server)
    finally:
        server.close()


def _survive(server: Server) -> Survival:
    seen = Survival(server, [Visitor(server) for _ in range(TALKS)])
    server.start()
    for visitor in seen.visitors:
        visitor.opens()
        visitor.says("message-0", **WALK[0])
    server.kill()  # the last 202 was said a moment ago

    server.start()
    with ThreadPoolExecutor(TALKS) as phones:
        burst = [phones.submit(_says_until_it_fails, visitor) for visitor in seen.visitors]
        while sum(len(visitor.acknowledged) for visitor in seen.visitors) < TALKS * 3 // 2:
            time.sleep(0.001)
        server.kill()
        seen.cut_off = sum(one.result() for one in burst)

    server.start()
    for visitor in seen.visitors:
        visitor.opens()
        for number, what in enumerate(WALK):
            visitor.says(f"message-{number}", **what)
    undisturbed = Visitor(server)
    undisturbed.opens()
    answers = 1
    for number, what in enumerate(WALK):
        undisturbed.says(f"message-{number}", **what)
        seen.undisturbed = undisturbed.hears(answers + 1)
        answers = sum(not message.get("in") for message in seen.undisturbed)
    seen.talks = [visitor.hears(answers) for visitor in seen.visitors]

    with undisturbed.listens(httpx.Timeout(30)) as stream:
        lines = stream.iter_lines()
        next(lines)
        with ThreadPoolExecutor(1) as listening:
            rest = listening.submit(lambda: list(lines))
            seen.exit_status = server.stop(signal.SIGINT, 60)
            seen.stream_ended = rest.exception(30) is None
    return seen


def _says_until_it_fails(visitor: Visitor) -> int:
    """How many of the next two messages were not acknowledged."""
    return sum(not visitor.says(f"message-{n}", **WALK[n]) for n in (1, 2))


def _in(talk: list[dict[str, Any]]) -> list[str]:
    return [message["client_id"] for message in talk if message.get("in")]


def _out(talk: list[dict[str, Any]]) -> list[str]:
    return [message["text"] for message in talk if not message.get("in")]


def test_every_acknowledged_message_is_in_its_talk_exactly_once_and_in_order(
    survival: Survival,
) -> None:
    for visitor, talk in zip(survival.visitors, survival.talks, strict=True):
        assert _in(talk) == [f"message-{number}" for number in range(len(WALK))]
        assert set(visitor.acknowledged) == set(_in(talk))


def test_every_message_is_answered_exactly_as_without_a_kill(survival: Survival) -> None:
    wanted = sorted(_out(survival.undisturbed))

    for talk in survival.talks:
        assert sorted(_out(talk)) == wanted


def test_the_second_kill_did_cut_citizens_off(survival: Survival) -> None:
    assert survival.cut_off > 0


def test_the_demo_accounts_are_told_once_and_never_again(survival: Survival) -> None:
    first, *later = survival.server.outputs

    assert "officer.tran-van-thoi" in first
    for output in later:
        assert "officer." not in output
        assert "/desk" in output


def test_ctrl_c_ends_it_cleanly_while_a_page_still_listens(survival: Survival) -> None:
    assert survival.exit_status == 0
    assert survival.stream_ended


def test_no_start_leaves_a_trace_or_a_word_of_the_talks_in_the_log(survival: Survival) -> None:
    folder = Path(survival.server.environment["TRAM_KEY_FILE"]).parent
    for log in folder.glob("start-*.log"):
        written = log.read_text("utf-8")
        assert "Traceback" not in written
        assert "hơn hai mét" not in written


def test_the_talks_lie_sealed_on_the_disk(survival: Survival) -> None:
    folder = Path(survival.server.environment["TRAM_KEY_FILE"]).parent
    stored = b"".join(file.read_bytes() for file in sorted(folder.glob("tram.db*")))

    assert "hơn hai mét".encode() not in stored
    assert survival.visitors[0].token.encode() not in stored


# --- set-ups that have to be mended --------------------------------------------------------------


@pytest.fixture
def province(tmp_path: Path) -> Path:
    """A province of one's own, to be broken or made fit."""
    shutil.copy(ROOT / "provinces" / "vietnam.yaml", tmp_path / "vietnam.yaml")
    return Path(shutil.copytree(ROOT / "provinces" / "ca-mau", tmp_path / "mine"))


def start(
    monkeypatch: pytest.MonkeyPatch, folder: Path, capsys: pytest.CaptureFixture[str], **given: str
) -> tuple[int, str]:
    """Try to start with these settings; the exit status and what was told."""
    wanted = environment(folder, **({"port": "0"} | given))
    for name in wanted:
        if name.startswith("TRAM_"):
            monkeypatch.setenv(name, wanted[name])
    status = main([])
    told = capsys.readouterr().err
    assert "Traceback" not in told
    return status, told


def test_a_broken_province_file_is_named_with_its_line_and_nothing_starts(
    monkeypatch: pytest.MonkeyPatch,
    tmp_path: Path,
    capsys: pytest.CaptureFixture[str],
    province: Path,
) -> None:
    offices = province / "offices.yaml"
    lines = offices.read_text("utf-8").splitlines(keepends=True)
    broken = next(n for n, line in enumerate(lines) if line.startswith("  state: open"))
    lines[broken] = "  state: có lẽ\n"
    offices.write_text("".join(lines), "utf-8")

    status, told = start(monkeypatch, tmp_path, capsys, province=str(province))

    assert status == 2
    assert f"{offices}:{broken + 1}: " in told
    assert not (tmp_path / "tram.db").exists()


def test_production_refuses_sample_contacts_one_by_one(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    Keyring.fresh().to_file(tmp_path / "keys.json")

    status, told = start(monkeypatch, tmp_path, capsys, environment="production")

    assert status == 2
    assert "tran-van-thoi" in told
    assert "phone is a sample" in told


def test_production_makes_no_keys_of_its_own(
    monkeypatch: pytest.MonkeyPatch,
    tmp_path: Path,
    capsys: pytest.CaptureFixture[str],
    province: Path,
) -> None:
    offices = province / "offices.yaml"
    real = offices.read_text("utf-8").replace("sample: true", "sample: false")
    offices.write_text(real, "utf-8")

    status, told = start(
        monkeypatch, tmp_path, capsys, environment="production", province=str(province)
    )

    assert status == 2
    assert f"the key file {tmp_path / 'keys.json'} can't be read" in told
    assert not (tmp_path / "keys.json").exists()


def test_a_second_server_on_the_same_sqlite_does_not_start(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    settings = Settings(database_url=f"sqlite:///{tmp_path / 'tram.db'}")
    with alone_with_database(settings):
        status, told = start(monkeypatch, tmp_path, capsys)
        assert not (tmp_path / "keys.json").exists()

    assert status == 2
    assert told == f"Tràm can't start: another server is at work on {tmp_path / 'tram.db'}\n"
    with alone_with_database(settings):
        pass  # the first has ended


def test_accounts_are_made_while_the_server_runs(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    for name, value in environment(tmp_path).items():
        if name.startswith("TRAM_"):
            monkeypatch.setenv(name, value)

    with alone_with_database(Settings()):
        status = main(["add-staff", "chi.bay", "--name", "Chị Bảy", "--role", "admin"])

    assert status == 0
    assert "chi.bay" in capsys.readouterr().out


def test_one_postgresql_is_shared_by_many_servers() -> None:
    settings = Settings(database_url="postgresql://tram@127.0.0.1/tram")
    with alone_with_database(settings), alone_with_database(settings):
        pass


@pytest.mark.parametrize(
    ("name", "value"), [("today", "2027-01-01"), ("demo_password", "mot-hai-ba-bon")]
)
def test_production_refuses_what_is_for_the_demo_only(
    monkeypatch: pytest.MonkeyPatch,
    tmp_path: Path,
    capsys: pytest.CaptureFixture[str],
    name: str,
    value: str,
) -> None:
    given = {"environment": "production", name: value}

    status, told = start(monkeypatch, tmp_path, capsys, **given)

    assert status == 2
    assert f"TRAM_{name.upper()} is for the demo only" in told
    assert value not in told


@pytest.mark.parametrize(
    ("url", "reason"),
    [
        ("postgresql://tram:geheim@127.0.0.1:1/tram", "OperationalError"),
        ("mysql://tram:geheim@127.0.0.1/tram", "not on mysql"),
        ("no address at all: geheim", "ArgumentError"),
    ],
)
def test_a_database_that_cannot_be_used_is_told_without_its_password(
    monkeypatch: pytest.MonkeyPatch,
    tmp_path: Path,
    capsys: pytest.CaptureFixture[str],
    url: str,
    reason: str,
) -> None:
    status, told = start(monkeypatch, tmp_path, capsys, database_url=url)

    assert status == 2
    assert reason in told
    assert "geheim" not in told


@pytest.mark.parametrize(
    ("name", "value"),
    [("port", "70000"), ("today", "hôm nay"), ("environment", "test"), ("public_url", "ftp://x")],
)
def test_a_setting_that_makes_no_sense_is_named(
    monkeypatch: pytest.MonkeyPatch,
    tmp_path: Path,
    capsys: pytest.CaptureFixture[str],
    name: str,
    value: str,
) -> None:
    status, told = start(monkeypatch, tmp_path, capsys, **{name: value})

    assert status == 2
    assert f"TRAM_{name.upper()}" in told


async def test_it_is_not_ready_while_the_database_does_not_answer(
    vault: Vault, sqlite: Database
) -> None:
    gone = Database(f"postgresql://tram@127.0.0.1:{free_port()}/tram", vault, SystemClock())
    try:
        assert await _status(gone, "/healthz") == 200
        assert await _status(gone, "/readyz") == 503
        assert await _status(sqlite, "/readyz") == 200
    finally:
        await gone.close()


async def test_a_database_that_takes_the_call_and_says_nothing_is_not_ready_either(
    vault: Vault,
) -> None:
    with socket.create_server(("127.0.0.1", 0)) as mute:
        port = mute.getsockname()[1]
        database = Database(f"postgresql://tram@127.0.0.1:{port}/tram", vault, SystemClock())
        async with asyncio.timeout(120):  # either would wait for ever
            assert await _status(database, "/readyz") == 503
            await database.close()


async def _status(database: Database, path: str) -> int:
    transport = httpx.ASGITransport(make_app(database, FastAPI()))
    async with httpx.AsyncClient(transport=transport, base_url="http://tram") as client:
        return (await client.get(path)).status_code


def test_a_first_visit_is_greeted(survival: Survival) -> None:
    assert is_said("welcome.hello", "\n".join(_out(survival.undisturbed)))
