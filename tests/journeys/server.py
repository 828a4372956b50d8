"""The whole program as its own process, and citizens at its web chat."""

import json
import os
import secrets
import signal
import socket
import subprocess
import sys
import time
from contextlib import AbstractContextManager, suppress
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import httpx

ROOT = Path(__file__).parents[2]
STARTS_WITHIN = 300.0
"""Seconds; the machine may be busy with other tests."""


def free_port() -> int:
    with socket.create_server(("127.0.0.1", 0)) as listening:
        return int(listening.getsockname()[1])


def environment(folder: Path, **settings: str) -> dict[str, str]:
    """An environment with these settings only, whatever the machine has set."""
    plain = {name: value for name, value in os.environ.items() if not name.startswith("TRAM_")}
    return plain | {
        "PYTHONPATH": str(ROOT),
        "TRAM_DATABASE_URL": f"sqlite:///{folder / 'tram.db'}",
        "TRAM_KEY_FILE": str(folder / "keys.json"),
        **{f"TRAM_{name.upper()}": value for name, value in settings.items()},
    }


class Server:
    """`python -m bot` on a free port, with its data in a folder of its own."""

    def __init__(self, folder: Path, *arguments: str, **settings: str) -> None:
        self._folder = folder
        self._arguments = arguments
        self.port = free_port()
        self.url = f"http://127.0.0.1:{self.port}"
        self.environment = environment(folder, port=str(self.port), **settings)
        self.outputs: list[str] = []
        """What each start has written so far, errors included."""
        # A connection of its own for each request: those to a killed server are of no use.
        self.client = httpx.Client(
            base_url=self.url, timeout=30, limits=httpx.Limits(max_keepalive_connections=0)
        )
        self._process: subprocess.Popen[bytes] | None = None

    def start(self) -> None:
        """Start and wait until it is ready."""
        log = self._folder / f"start-{self.port}-{len(self.outputs)}.log"
        with log.open("wb") as output:
            self._process = subprocess.Popen(  # noqa: S603 - our own module
                [sys.executable, "-m", "bot", *self._arguments],
                cwd=self._folder,
                env=self.environment,
                stdout=output,
                stderr=subprocess.STDOUT,
            )
        until = time.monotonic() + STARTS_WITHIN
        try:
            while not self._is_ready():
                assert self._process.poll() is None, log.read_text("utf-8")
                assert time.monotonic() < until, log.read_text("utf-8")
                time.sleep(0.2)
        except BaseException:  # nobody closes what never began: it would run on for ever
            self.close()
            raise
        self.outputs.append(log.read_text("utf-8"))

    def _is_ready(self) -> bool:
        try:
            return self.client.get("/readyz", timeout=5).status_code == 200
        except httpx.HTTPError:
            return False

    def kill(self) -> None:
        """End it as a power cut would."""
        process = self._running()
        process.kill()
        process.wait(30)

    def stop(self, how: signal.Signals, seconds: float) -> int:
        """Ask it to end; the exit status."""
        self.signal(how)
        return self.wait(seconds)

    @property
    def pid(self) -> int:
        """The number of the running process."""
        return self._running().pid

    def signal(self, how: signal.Signals) -> None:
        """Only ask it to end."""
        self._running().send_signal(how)

    def wait(self, seconds: float) -> int:
        """The exit status, once it has ended."""
        return self._running().wait(seconds)

    def close(self) -> None:
        """End it if it still runs."""
        self.client.close()
        if self._process is not None and self._process.poll() is None:
            self.kill()

    def _running(self) -> subprocess.Popen[bytes]:
        assert self._process is not None
        return self._process


@dataclass
class Visitor:
    """Somebody at the web page, who posts again what was not acknowledged."""

    server: Server
    opening: str = field(default_factory=lambda: secrets.token_urlsafe(16))
    token: str = ""
    acknowledged: list[str] = field(default_factory=list)
    """Ids of the messages that the server said it has."""

    def opens(self) -> None:
        """Open the talk, or come back to it."""
        answer = self._post("open", {"opening": self.opening})
        assert answer.status_code == 201, answer.text
        self.token = answer.json()["token"]

    def says(self, client_id: str, **what: object) -> bool:
        """Post one message; whether it was acknowledged."""
        try:
            answer = self._post("say", {"client_id": client_id, **what})
        except httpx.HTTPError:
            return False
        assert answer.status_code == 202, answer.text
        if client_id not in self.acknowledged:
            self.acknowledged.append(client_id)
        return True

    def _post(self, where: str, body: dict[str, Any]) -> httpx.Response:
        return self.server.client.post(f"/chat/{where}", json=body, headers=self._key)

    @property
    def _key(self) -> dict[str, str]:
        return {"Authorization": f"Bearer {self.token}"} if self.token else {}

    def talk(self) -> list[dict[str, Any]]:
        """Every message of the talk so far, as the stream shows it."""
        messages: list[dict[str, Any]] = []
        quiet = httpx.Timeout(30, read=0.3)
        with suppress(httpx.ReadTimeout), self.listens(quiet) as stream:
            messages.extend(
                json.loads(line.removeprefix("data: "))
                for line in stream.iter_lines()
                if line.startswith("data: ")
            )
        return messages

    def listens(self, timeout: httpx.Timeout) -> AbstractContextManager[httpx.Response]:
        """The open stream of the talk."""
        return self.server.client.stream("GET", "/chat/stream", headers=self._key, timeout=timeout)

    def hears(self, count: int, seconds: float = 30.0) -> list[dict[str, Any]]:
        """The talk once it holds `count` answers."""
        until = time.monotonic() + seconds
        while True:
            talk = self.talk()
            if sum(not message.get("in") for message in talk) >= count:
                return talk
            assert time.monotonic() < until, f"{count} answers wanted: {talk}"
