"""Keys go round while the program runs, and nothing sealed is lost on the way."""

from pathlib import Path

import pytest
import sqlalchemy as sa

from store import files, rotation
from store.__main__ import main
from store.clock import SystemClock
from store.crypto import Keyring, Vault
from store.files import StoredFile
from store.migrate import migrate
from store.session import Database, Session

PHOTOS = 60


def keep_photos(database: Database, photos: int = PHOTOS) -> None:
    """More photos than one step of the rotation takes; every second one has a name."""

    def keep(session: Session) -> None:
        for number in range(photos):
            files.keep(
                session,
                b"\xff\xd8\xff" + str(number).encode(),
                media_type="image/jpeg",
                name=f"anh-{number}.jpg" if number % 2 else None,
                conversation_id=None,
            )

    database.transact_now(keep)


def photos_of(database: Database, vault: Vault) -> list[bytes | None]:
    def read(session: Session) -> list[bytes | None]:
        rows = session.scalars(sa.select(StoredFile).order_by(StoredFile.id))
        return [row.open_bytes(vault, "content") for row in rows]

    return database.read_now(read)


def turned(keyring: Keyring) -> Keyring:
    return keyring.with_fresh_key().using("k002")


def test_everything_is_sealed_anew_and_opens_with_the_new_key_alone(database: Database) -> None:
    old = Keyring.fresh()
    database.vault = Vault(old)
    keep_photos(database)

    new = turned(old)
    done = {one.column: one for one in rotation.reseal(database, new)}

    assert done["files.content"].changed == PHOTOS
    assert done["files.name"].changed == PHOTOS // 2
    assert rotation.keys_in_use(database) == {"k002": PHOTOS + PHOTOS // 2}
    opened = photos_of(database, Vault(new.without("k001")))
    assert opened == [b"\xff\xd8\xff" + str(number).encode() for number in range(PHOTOS)]


def test_a_second_round_finds_nothing_to_do(database: Database) -> None:
    old = Keyring.fresh()
    database.vault = Vault(old)
    keep_photos(database, 3)
    new = turned(old)
    list(rotation.reseal(database, new))

    assert sum(one.changed for one in rotation.reseal(database, new)) == 0


def test_a_value_that_does_not_open_is_told_and_left_as_it_is(database: Database) -> None:
    old = Keyring.fresh()
    database.vault = Vault(old)
    keep_photos(database, 3)
    database.transact_now(
        lambda session: session.execute(
            sa.update(StoredFile)
            .where(StoredFile.name.is_not(None))
            .values(content=b"\x01k001" + bytes(40))
        )
    )

    done = {one.column: one for one in rotation.reseal(database, turned(old))}

    assert (done["files.content"].changed, done["files.content"].unreadable) == (2, 1)


def test_every_column_of_bytes_belongs_to_a_table_with_ids(database: Database) -> None:
    inspector = sa.inspect(database.engine)

    for sealed in rotation.sealed_columns(database):
        assert "id" in {column["name"] for column in inspector.get_columns(sealed.table.name)}


def test_a_process_that_knows_both_keys_reads_on_while_they_are_changed(sqlite: Database) -> None:
    old = Keyring.fresh()
    sqlite.vault = Vault(old)
    keep_photos(sqlite, 2)
    both = old.with_fresh_key()
    list(rotation.reseal(sqlite, both.using("k002")))

    assert len(photos_of(sqlite, Vault(both))) == 2


def test_the_commands_turn_the_keys_of_an_installation(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    keys, url = tmp_path / "keys.json", f"sqlite:///{tmp_path / 'tram.db'}"
    Keyring.fresh().to_file(keys)
    monkeypatch.setenv("TRAM_DATABASE_URL", url)
    monkeypatch.setenv("TRAM_KEY_FILE", str(keys))
    database = Database(url, Vault(Keyring.from_file(keys)), SystemClock())
    migrate(database)
    keep_photos(database, 4)

    assert main(["keys", "add"]) == 0
    assert main(["keys", "use", "k002"]) == 0
    assert main(["keys", "drop", "k001"]) == 2
    assert "still seals 6 values" in capsys.readouterr().err
    assert main(["keys", "reseal"]) == 0
    assert main(["keys", "drop", "k001"]) == 0
    assert main(["keys", "list"]) == 0
    assert "k002 (in use): 6 values" in capsys.readouterr().out
    assert len(photos_of(database, Vault(Keyring.from_file(keys)))) == 4
    assert keys.stat().st_mode & 0o077 == 0
    database.close_now()


@pytest.mark.parametrize("arguments", [["use", "k009"], ["use"], ["drop", "k001"]])
def test_a_step_that_would_lose_something_is_refused(
    arguments: list[str],
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    keys = tmp_path / "keys.json"
    Keyring.fresh().to_file(keys)
    before = keys.read_text()
    monkeypatch.setenv("TRAM_DATABASE_URL", f"sqlite:///{tmp_path / 'tram.db'}")
    monkeypatch.setenv("TRAM_KEY_FILE", str(keys))

    assert main(["keys", *arguments]) == 2
    assert capsys.readouterr().err
    assert keys.read_text() == before
