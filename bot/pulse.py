"""What a process does by the clock; it tells the others that it is alive."""

import asyncio
import logging
import time
import tomllib
from collections.abc import Awaitable, Callable
from functools import partial
from pathlib import Path

from sqlalchemy.exc import SQLAlchemyError

from bot.logs import where
from store import processes
from store.base import new_id
from store.processes import BEAT_SECONDS, SILENT, ProcessRole
from store.session import Database

log = logging.getLogger(__name__)

_PROJECT = Path(__file__).parents[1] / "pyproject.toml"
BUILD: str = tomllib.loads(_PROJECT.read_text("utf-8"))["project"]["version"]
"""The version that runs."""


async def every(seconds: float, what: str, do: Callable[[], Awaitable[None]]) -> None:
    """Do it again and again; one that fails is told in the log and does not stop the next."""
    while True:
        try:
            await do()
        except Exception as problem:
            log.warning("%s failed: %s", what, where(problem))
        await asyncio.sleep(seconds)


class Pulse:
    """Beats every few seconds while the process lives."""

    def __init__(self, database: Database, role: ProcessRole) -> None:
        self.id = new_id()
        self._database = database
        self._role = role
        self._last = time.monotonic()

    async def run(self) -> None:
        """Beat until cancelled; a database that is down for a while is waited for."""
        while True:
            try:
                await self._database.transact(
                    partial(processes.beat, process_id=self.id, role=self._role, build=BUILD)
                )
                self._last = time.monotonic()
            except SQLAlchemyError as problem:
                log.warning("the beat is not written: %s", type(problem).__name__)
            await asyncio.sleep(BEAT_SECONDS)

    def problem(self) -> str | None:
        """Why this process must be taken for stuck, or None."""
        if time.monotonic() - self._last > SILENT.total_seconds():
            return "the heart stands still"
        return None

    async def end(self) -> None:
        """Leave as one should, so that nobody takes this process for dead."""
        try:
            await self._database.transact(partial(processes.leave, process_id=self.id))
        except SQLAlchemyError as problem:
            log.warning("the end is not written: %s", type(problem).__name__)
