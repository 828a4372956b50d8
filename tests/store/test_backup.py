"""A backup made while the database is written to comes back row for row, or not at all."""

import datetime as dt
import os
import threading
from collections.abc import Iterator
from functools import partial
from pathlib import Path

import psycopg
import pytest
import sqlalchemy as sa

from bot.app import alone_with_database
from bot.channels.message import ChannelName
from bot.conversations import Conversation
from bot.settings import Settings
from store import audit, events, files, outbox
from store.__main__ import main
from store.backup import BackupError, Summary, back_up, restore, verify
from store.base import new_id
from store.clock import SetClock
from store.crypto import Keyring, Vault
from store.marks import MarkName, mark_of
from store.migrate import migrate
from store.sealedfile import KEY_BYTES, SealedFileError, fresh_key
from store.session import Database, Session

KEY = bytes(range(KEY_BYTES))
CANARY = "Chị Sáu ở ấp Mũi bị chồng đánh, số 0912 345 678"
NOW = dt.datetime(2026, 11, 23, 5, 0, tzinfo=dt.UTC)


def url_of(database: Database) -> str:
    return database.url.render_as_string(hide_password=False)


def write_talk(database: Database, number: int) -> None:
    database.transact_now(partial(_write_talk, number))


def _write_talk(number: int, session: Session) -> None:
    """A talk, its message, a photo, an act in the audit and an event: all or nothing."""
    now = session.clock.now()
    talk = Conversation(
        channel=ChannelName.WEB,
        address_index=f"talk {number}",
        created_at=now,
        last_inbound_at=now,
        last_active_at=now,
    )
    talk.seal(session.vault, "address", f"talk {number}")
    talk.seal(session.vault, "state", CANARY)
    session.add(talk)
    session.flush()
    outbox.put(session, conversation_id=talk.id, channel="web", kind=outbox.Kind.SAY, body=CANARY)
    photo = b"\xff\xd8\xff" + CANARY.encode() * 50
    files.keep(session, photo, media_type="image/jpeg", name="a.jpg", conversation_id=talk.id)
    audit.note(session, "case.read", staff_id=None, subject=talk.id)
    events.record(session, "case.opened", case_id=new_id())


def contents(database: Database) -> dict[str, list[tuple[object, ...]]]:
    """Every row of every table, read another way than a backup does."""

    def look(session: Session) -> dict[str, list[tuple[object, ...]]]:
        names = sa.inspect(session.connection()).get_table_names()
        return {
            name: sorted(
                (tuple(row) for row in session.execute(sa.text(f"SELECT * FROM {name}"))),  # noqa: S608
                key=repr,
            )
            for name in names
        }

    return database.read_now(look)


@pytest.fixture(params=["sqlite", "postgres"])
def elsewhere(
    request: pytest.FixtureRequest, tmp_path: Path, vault: Vault, clock: SetClock
) -> Iterator[Database]:
    """A database without any table, to restore into."""
    if request.param == "sqlite":
        url = f"sqlite:///{tmp_path / 'elsewhere' / 'tram.db'}"
    else:
        server: sa.URL = request.getfixturevalue("postgres_server")
        admin = server.set(database="postgres").render_as_string(hide_password=False)
        with psycopg.connect(admin, autocommit=True) as connection:
            connection.execute("DROP DATABASE IF EXISTS elsewhere WITH (FORCE)")
            connection.execute("CREATE DATABASE elsewhere")
        url = server.set(database="elsewhere").render_as_string(hide_password=False)
    database = Database(url, vault, clock)
    yield database
    database.close_now()


def test_everything_comes_back_row_for_row_on_either_database(
    database: Database, elsewhere: Database, tmp_path: Path
) -> None:
    for number in range(20):
        write_talk(database, number)
    file = tmp_path / "tram.backup"

    made = back_up(url_of(database), file, KEY, NOW)
    back = restore(url_of(elsewhere), file, KEY, NOW, replace=False)

    assert made == back == verify(file, KEY)
    assert made.tables["files"].rows == made.tables["audit"].rows == 20
    if database.on_postgres == elsewhere.on_postgres:
        assert contents(elsewhere) == contents(database)
    words = elsewhere.read_now(
        lambda session: [
            one.open(session.vault, "state") for one in session.scalars(sa.select(Conversation))
        ]
    )
    assert words == [CANARY] * 20


def test_what_is_restored_goes_on_and_gives_no_number_twice(
    database: Database, elsewhere: Database, tmp_path: Path
) -> None:
    for number in range(3):
        write_talk(database, number)
    database.transact_now(lambda session: session.execute(sa.text("DELETE FROM events")))
    file = tmp_path / "tram.backup"
    back_up(url_of(database), file, KEY, NOW)
    restore(url_of(elsewhere), file, KEY, NOW, replace=False)
    migrate(elsewhere)

    write_talk(elsewhere, 99)

    assert elsewhere.read_now(events.newest) == 4


def test_a_backup_under_way_sees_one_moment_of_a_database_that_is_written_to(
    database: Database, elsewhere: Database, tmp_path: Path
) -> None:
    stop = threading.Event()
    written = 0

    def write() -> None:
        nonlocal written
        while not stop.is_set():
            write_talk(database, written)
            written += 1

    writer = threading.Thread(target=write)
    writer.start()
    summaries: list[Summary] = []
    try:
        while written < 20:
            assert writer.is_alive()
        for number in range(4):
            before = written
            summaries.append(back_up(url_of(database), tmp_path / f"{number}.backup", KEY, NOW))
            while written <= before:  # it is written to while and after
                assert writer.is_alive()
    finally:
        stop.set()
        writer.join()

    for summary in summaries:
        # Each transaction wrote one row into each of these: no half of one may be in a backup.
        together = ("conversations", "outbox", "files", "audit", "events")
        assert len({summary.tables[name].rows for name in together}) == 1
    assert summaries[0].tables["audit"].rows < summaries[-1].tables["audit"].rows
    last = restore(url_of(elsewhere), tmp_path / "3.backup", KEY, NOW, replace=False)
    assert last == summaries[-1]


def test_no_word_lies_readable_in_the_file(sqlite: Database, tmp_path: Path) -> None:
    write_talk(sqlite, 1)
    file = tmp_path / "tram.backup"

    back_up(url_of(sqlite), file, KEY, NOW)

    stored = file.read_bytes()
    for word in (CANARY, "0912", "case.read", "conversations", "talk 1"):
        assert word.encode() not in stored
    assert file.stat().st_mode & 0o777 == 0o600


@pytest.fixture
def backup(sqlite: Database, tmp_path: Path) -> Path:
    for number in range(5):
        write_talk(sqlite, number)
    file = tmp_path / "tram.backup"
    back_up(url_of(sqlite), file, KEY, NOW)
    return file


def damaged(file: Path, how: str) -> bytes:
    content = bytearray(file.read_bytes())
    match how:
        case "cut short":
            del content[-1:]
        case "a bit in the middle":
            content[len(content) // 2] ^= 1
        case "a bit of the header":
            content[30] ^= 1
        case "something behind it":
            content += b"\0"
        case _:
            content = bytearray(b"no backup")
    return bytes(content)


@pytest.mark.parametrize(
    "how",
    ["cut short", "a bit in the middle", "a bit of the header", "something behind it", "another"],
)
def test_a_damaged_backup_is_refused_and_leaves_nothing_behind(
    backup: Path, elsewhere: Database, how: str
) -> None:
    backup.write_bytes(damaged(backup, how))

    with pytest.raises(SealedFileError):
        verify(backup, KEY)
    with pytest.raises(SealedFileError):
        restore(url_of(elsewhere), backup, KEY, NOW, replace=False)

    if elsewhere.on_postgres:
        held = contents(elsewhere)
        assert not any(rows for name, rows in held.items() if name != "alembic_version")
    else:
        folder = Path(elsewhere.url.database or "").parent
        assert [path.name for path in folder.iterdir() if path.suffix != ".lock"] == []


def test_the_wrong_key_is_refused(backup: Path, elsewhere: Database) -> None:
    with pytest.raises(SealedFileError, match="another key"):
        restore(url_of(elsewhere), backup, bytes(KEY_BYTES), NOW, replace=False)


def test_a_database_that_is_not_empty_is_left_alone(backup: Path, database: Database) -> None:
    write_talk(database, 77)
    before = contents(database)

    with pytest.raises(BackupError, match="not empty"):
        restore(url_of(database), backup, KEY, NOW, replace=False)

    assert contents(database) == before


def test_told_so_it_replaces_what_is_there(
    backup: Path, database: Database, vault: Vault, clock: SetClock
) -> None:
    write_talk(database, 77)
    url = url_of(database)

    summary = restore(url, backup, KEY, NOW, replace=True)

    again = Database(url, vault, clock)
    talks = again.read_now(lambda session: session.scalars(sa.select(Conversation)).all())
    again.close_now()
    assert {talk.address_index for talk in talks} == {f"talk {number}" for number in range(5)}
    assert summary.tables["conversations"].rows == 5
    if not database.on_postgres:
        aside = Path(database.url.database or "").with_name("tram.db.before-20261123T050000")
        old = Database(f"sqlite:///{aside}", vault, clock)
        kept = old.read_now(lambda session: session.scalars(sa.select(Conversation)).all())
        old.close_now()
        assert "talk 77" in {talk.address_index for talk in kept}


def test_nothing_is_restored_under_a_running_server(backup: Path, sqlite: Database) -> None:
    with (
        alone_with_database(Settings(database_url=url_of(sqlite))),
        pytest.raises(BackupError, match="stop it first"),
    ):
        restore(url_of(sqlite), backup, KEY, NOW, replace=True)


def test_a_backup_never_replaces_another(backup: Path, sqlite: Database) -> None:
    before = backup.read_bytes()

    with pytest.raises(BackupError, match="never replaces"):
        back_up(url_of(sqlite), backup, KEY, NOW)

    assert backup.read_bytes() == before


# --- the command line ---------------------------------------------------------------------------


@pytest.fixture
def line(monkeypatch: pytest.MonkeyPatch, sqlite: Database, tmp_path: Path) -> Path:
    """The surroundings of the command line; the folder it works in."""
    for name in [name for name in os.environ if name.startswith("TRAM_")]:
        monkeypatch.delenv(name)
    monkeypatch.setenv("TRAM_DATABASE_URL", url_of(sqlite))
    monkeypatch.setenv("TRAM_KEY_FILE", str(tmp_path / "keys.json"))
    monkeypatch.setenv("TRAM_BACKUP_KEY_FILE", str(tmp_path / "backup.key"))
    write_talk(sqlite, 1)
    return tmp_path


def test_the_whole_round_on_the_command_line(
    line: Path,
    sqlite: Database,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    file = str(line / "night.backup")

    assert main(["new-key", str(line / "backup.key")]) == 0
    assert main(["backup", file]) == 0
    assert main(["verify", "--rehearse", file]) == 0
    assert "whole: made" in capsys.readouterr().out
    for name in (MarkName.BACKUP, MarkName.VERIFY):
        mark = sqlite.read_now(partial(mark_of, name=name))
        assert mark is not None
        assert mark.detail.startswith("night.backup: ")
    monkeypatch.setenv("TRAM_DATABASE_URL", f"sqlite:///{line / 'new' / 'tram.db'}")
    assert main(["restore", file]) == 0
    assert "compared row for row" in capsys.readouterr().out
    assert main(["restore", file]) == 2
    assert "--replace" in capsys.readouterr().err


def test_without_a_key_it_says_how_to_make_one(
    line: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.delenv("TRAM_BACKUP_KEY_FILE")

    assert main(["backup", str(line / "a.backup")]) == 2
    assert "new-key" in capsys.readouterr().err
    assert not (line / "a.backup").exists()


def test_the_key_may_stand_in_the_environment(line: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("TRAM_BACKUP_KEY_FILE")
    monkeypatch.setenv("TRAM_BACKUP_KEY", fresh_key())

    assert main(["backup", str(line / "a.backup")]) == 0
    assert main(["verify", str(line / "a.backup")]) == 0


def test_a_key_that_seals_columns_is_refused_for_backups(
    line: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    keyring = Keyring.fresh()
    keyring.to_file(line / "keys.json")
    monkeypatch.delenv("TRAM_BACKUP_KEY_FILE")
    monkeypatch.setenv("TRAM_BACKUP_KEY", keyring.keys["k001"])

    assert main(["backup", str(line / "a.backup")]) == 2
    told = capsys.readouterr().err
    assert "must not get both" in told
    assert keyring.keys["k001"] not in told


def test_a_database_that_does_not_answer_is_told_without_its_password(
    line: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    main(["new-key", str(line / "backup.key")])
    monkeypatch.setenv("TRAM_DATABASE_URL", "postgresql://tram:geheim@127.0.0.1:1/tram")

    assert main(["backup", str(line / "a.backup")]) == 2
    told = capsys.readouterr().err
    assert "OperationalError" in told
    assert "geheim" not in told
    assert list(line.glob("a.backup*")) == []


def test_a_folder_that_is_not_there_is_named(
    line: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    main(["new-key", str(line / "backup.key")])

    assert main(["backup", str(line / "gone" / "a.backup")]) == 2
    assert "No such file" in capsys.readouterr().err
