"""The scanner for malicious software: what it says, and that no answer opens no file."""

import asyncio
from contextlib import suppress
from pathlib import Path

import pytest
import sqlalchemy as sa

from store import files
from store.files import StoredFile
from store.scan import Scan
from store.scanner import ClamAV, keep_scanning, scan_some, verdict
from store.session import Database, Session
from tests.photos import SMALL_JPEG
from tests.store.clamd import EICAR, Clamd, clamd


async def test_a_clean_file_is_found_clean_and_a_malicious_one_is_found() -> None:
    async with clamd() as daemon:
        scanner = ClamAV(daemon.address)

        assert await scanner.scan(SMALL_JPEG) is Scan.CLEAN
        assert await scanner.scan(b"%PDF-1.7 " + EICAR) is Scan.FOUND
        assert await scanner.scan(b"") is Scan.CLEAN


async def test_a_file_of_the_largest_size_arrives_whole() -> None:
    async with clamd() as daemon:
        assert await ClamAV(daemon.address).scan(bytes(files.MAX_BYTES)) is Scan.CLEAN
        assert daemon.seen == [files.MAX_BYTES]


async def test_a_socket_of_this_machine_is_spoken_to_in_the_same_way(tmp_path: Path) -> None:
    daemon = Clamd()
    path = tmp_path / "clamd.ctl"
    async with await asyncio.start_unix_server(daemon.serve, path):
        assert await ClamAV(f"unix:{path}").scan(EICAR) is Scan.FOUND


@pytest.mark.parametrize(
    "reply",
    [
        b"",
        b"INSTREAM size limit exceeded. ERROR\0",
        b"stream: OKAY\0",
        b"stream: Can't open file ERROR\0",
        b"OK\0",
        b"stream: OK FOUNDATION\0",
        b"\xff" * 10_000,
    ],
)
async def test_whatever_is_no_verdict_leaves_the_file_waiting(reply: bytes) -> None:
    async with clamd(reply) as daemon:
        assert await ClamAV(daemon.address).scan(SMALL_JPEG) is Scan.WAITING


async def test_a_daemon_that_is_not_there_or_never_answers_leaves_the_file_waiting(
    tmp_path: Path,
) -> None:
    async def silent(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        with suppress(OSError):
            await reader.read()  # to the end, which comes when the other side gives up
        writer.close()
        gone.set()

    gone = asyncio.Event()

    async with await asyncio.start_server(silent, "127.0.0.1", 0) as server:
        port = server.sockets[0].getsockname()[1]
        assert await ClamAV(f"tcp:127.0.0.1:{port}", 0.05).scan(SMALL_JPEG) is Scan.WAITING
        await gone.wait()
    assert await ClamAV(f"unix:{tmp_path / 'nobody'}").scan(SMALL_JPEG) is Scan.WAITING


@pytest.mark.parametrize("address", ["", "clamav", "tcp:host", "tcp::1", "tcp:h:0", "unix:here"])
def test_an_address_that_is_none_is_refused(address: str) -> None:
    with pytest.raises(ValueError, match="scanner"):
        ClamAV(address)


async def test_without_a_scanner_nobody_is_asked() -> None:
    assert await verdict(None, EICAR) is Scan.UNASKED


def kept(database: Database, content: bytes, scan: Scan) -> str:
    def keep(session: Session) -> str:
        return files.keep(
            session,
            content,
            media_type="application/pdf",
            name=None,
            conversation_id=None,
            scan=scan,
        ).id

    return database.transact_now(keep)


def scans(database: Database) -> dict[str, Scan]:
    said = sa.select(StoredFile.id, StoredFile.scan)
    return database.read_now(lambda session: {row.id: row.scan for row in session.execute(said)})


async def test_what_waits_is_scanned_when_the_daemon_is_back(database: Database) -> None:
    clean = kept(database, b"%PDF-1.7", Scan.WAITING)
    bad = kept(database, EICAR, Scan.WAITING)
    async with clamd(b"busy\0") as daemon:
        scanner = ClamAV(daemon.address)

        assert not await scan_some(database, scanner)
        assert set(scans(database).values()) == {Scan.WAITING}

        daemon.reply = None
        await scan_some(database, scanner)
        assert scans(database) == {clean: Scan.CLEAN, bad: Scan.FOUND}


async def test_what_came_before_there_was_a_scanner_is_scanned_too(database: Database) -> None:
    old = kept(database, EICAR, Scan.UNASKED)
    async with clamd() as daemon:
        duty = asyncio.create_task(keep_scanning(database, ClamAV(daemon.address), every=0.01))
        async with asyncio.timeout(20):
            while scans(database) != {old: Scan.FOUND}:
                await asyncio.to_thread(scans, database)
        duty.cancel()


@pytest.mark.parametrize(
    ("scan", "opens"),
    [(Scan.UNASKED, True), (Scan.CLEAN, True), (Scan.WAITING, False), (Scan.FOUND, False)],
)
def test_only_what_was_found_clean_or_never_had_to_be_is_opened(scan: Scan, *, opens: bool) -> None:
    assert StoredFile(scan=scan).may_be_opened is opens
