"""Asks a ClamAV daemon about files, and goes on asking about those it could not answer for.

It fails closed: a file of which nothing is known rests sealed and is opened by nobody. The
protocol is clamd's INSTREAM: pieces with their length before them, one empty piece at the end,
then one line for an answer. Nothing of a file is written down here, its name is not told.
"""

import asyncio
import logging
import struct
from collections.abc import Sequence
from functools import partial
from typing import Final, Protocol

import sqlalchemy as sa

from store.files import StoredFile
from store.scan import Scan
from store.session import Database, Session

log = logging.getLogger(__name__)

SCAN_AGAIN_SECONDS: Final = 30.0
_AT_ONCE: Final = 20
_PIECE: Final = 64 * 1024
_ANSWER_WITHIN: Final = 30.0
"""In seconds, connecting and sending included."""
_LONGEST_ANSWER: Final = 4096


class Scanner(Protocol):
    """Whatever can say of a file whether it carries malicious software."""

    async def scan(self, content: bytes) -> Scan:
        """`CLEAN`, `FOUND`, or `WAITING` when there is no answer now."""
        ...


class ClamAV:
    """A daemon reached by `unix:/run/clamav/clamd.ctl` or `tcp:host:3310`.

    Raises:
        ValueError: the address is neither.
    """

    def __init__(self, address: str, within: float = _ANSWER_WITHIN) -> None:
        kind, _, place = address.partition(":")
        self._path, self._host, self._port, self._within = place, "", 0, within
        if kind == "tcp":
            self._host, _, port = place.rpartition(":")
            if not self._host or not port.isdecimal() or not 0 < int(port) < 65536:
                raise ValueError(_WRONG)
            self._port = int(port)
        elif kind != "unix" or not place.startswith("/"):
            raise ValueError(_WRONG)

    async def scan(self, content: bytes) -> Scan:
        """What the daemon says; whatever goes wrong is no answer, and no answer is no consent."""
        try:
            async with asyncio.timeout(self._within):
                answer = await self._ask(content)
        except (OSError, TimeoutError) as problem:
            log.warning("the scanner does not answer: %s", type(problem).__name__)
            return Scan.WAITING
        if answer == "stream: OK":
            return Scan.CLEAN
        if answer.startswith("stream: ") and answer.endswith(" FOUND"):
            return Scan.FOUND
        log.warning("the scanner gives no verdict")
        return Scan.WAITING

    async def _ask(self, content: bytes) -> str:
        if self._host:
            reader, writer = await asyncio.open_connection(self._host, self._port)
        else:
            reader, writer = await asyncio.open_unix_connection(self._path)
        try:
            writer.write(b"zINSTREAM\0")
            for start in range(0, len(content), _PIECE):
                piece = content[start : start + _PIECE]
                writer.write(struct.pack("!I", len(piece)) + piece)
                await writer.drain()
            writer.write(struct.pack("!I", 0))
            await writer.drain()
            answer = await reader.read(_LONGEST_ANSWER)
            while not answer.endswith(b"\0") and (more := await reader.read(_LONGEST_ANSWER)):
                answer = (answer + more)[:_LONGEST_ANSWER]
                if len(answer) == _LONGEST_ANSWER:
                    break
        finally:
            writer.transport.abort()  # nothing more is to be said, and nothing waited for
        return answer.rstrip(b"\0\n").decode(errors="replace")


_WRONG: Final = "the scanner is unix:/path/of/its/socket or tcp:host:port"


async def verdict(scanner: Scanner | None, content: bytes) -> Scan:
    """What is known of a file that has just come in."""
    return Scan.UNASKED if scanner is None else await scanner.scan(content)


async def keep_scanning(
    database: Database, scanner: Scanner, every: float = SCAN_AGAIN_SECONDS
) -> None:
    """Scan what has no verdict, the oldest first, until cancelled.

    What came before there was a scanner waits from now on like the rest.
    """
    await database.transact(_let_wait)
    while True:
        try:
            while await scan_some(database, scanner):
                pass
        except sa.exc.SQLAlchemyError as problem:
            log.warning("the database does not answer: %s", type(problem).__name__)
        await asyncio.sleep(every)


async def scan_some(database: Database, scanner: Scanner) -> bool:
    """Scan a few of those that wait; whether it is worth going on at once."""
    ids = await database.read(_waiting)
    for file_id in ids:
        content = await database.read(partial(_content, file_id))
        said = await scanner.scan(content) if content is not None else Scan.CLEAN
        if said is Scan.WAITING:
            return False
        await database.transact(partial(_learn, file_id, said))
    return len(ids) == _AT_ONCE


def _let_wait(session: Session) -> None:
    session.execute(
        sa.update(StoredFile).where(StoredFile.scan == Scan.UNASKED).values(scan=Scan.WAITING)
    )


def _waiting(session: Session) -> Sequence[str]:
    query = sa.select(StoredFile.id).where(StoredFile.scan == Scan.WAITING)
    return session.scalars(query.order_by(StoredFile.id).limit(_AT_ONCE)).all()


def _content(file_id: str, session: Session) -> bytes | None:
    found = session.get(StoredFile, file_id)
    return found.open_bytes(session.vault, "content") if found is not None else None


def _learn(file_id: str, said: Scan, session: Session) -> None:
    session.execute(
        sa.update(StoredFile)
        .where(StoredFile.id == file_id, StoredFile.scan == Scan.WAITING)
        .values(scan=said)
    )
    if said is Scan.FOUND:
        log.warning("the scanner found malicious software in a file that was kept")
