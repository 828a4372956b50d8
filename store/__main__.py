"""Backups of the database, and the keys of its sealed columns, while it is in use.

python -m store new-key FILE      a new backup key; keep a copy outside this machine
python -m store backup FILE       everything in the database, encrypted, of one moment
python -m store verify FILE       read it to its end: whole, unchanged, the right key
python -m store restore FILE      put it into an empty database and compare row for row

python -m store keys list         which keys there are, and how many values each seals
python -m store keys add          one more key, not yet in use; then restart every process
python -m store keys use k002     seal with it from now on; then restart every process
python -m store keys reseal       seal anew what older keys have sealed
python -m store keys drop k001    take out a key that seals nothing any more

The database is TRAM_DATABASE_URL. The key is in TRAM_BACKUP_KEY_FILE or, as text, TRAM_BACKUP_KEY;
it is another one than those of TRAM_KEY_FILE, which no backup holds.
"""

import argparse
import datetime as dt
import sys
import tempfile
from pathlib import Path

from sqlalchemy.exc import SQLAlchemyError

from store import backup, erasures, rotation
from store.clock import SystemClock
from store.crypto import Keyring, KeyringError, Vault
from store.marks import MarkName, set_mark
from store.sealedfile import SealedFileError, fresh_key, read_key, write_new
from store.session import Database
from store.settings import StoreSettings, open_database


class SetUpError(Exception):
    """The command was asked for something that its surroundings do not allow."""


def main(arguments: list[str] | None = None) -> int:
    """Run one command; 2 when it could not be done, with the reason on standard error."""
    parser = argparse.ArgumentParser(
        prog="python -m store",
        description=__doc__,
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    commands = parser.add_subparsers(dest="command", required=True)
    for name, told in (
        ("new-key", "make a key for backups"),
        ("backup", "write a backup to a new file"),
        ("verify", "read a backup to its end"),
        ("restore", "put a backup into an empty database"),
    ):
        command = commands.add_parser(name, help=told)
        command.add_argument("file", type=Path)
        if name == "verify":
            command.add_argument(
                "--rehearse",
                action="store_true",
                help="restore it into a database for the moment as well, and compare",
            )
        if name == "restore":
            command.add_argument(
                "--replace",
                action="store_true",
                help="even over a database that is not empty",
            )
    rotation = commands.add_parser("keys", help="rotate the keys that seal personal columns")
    rotation.add_argument("act", choices=("list", "add", "use", "reseal", "drop"))
    rotation.add_argument("key", nargs="?", help="the key's id, for use and drop")
    chosen = parser.parse_args(arguments)
    place = getattr(chosen, "file", "the keys")
    try:
        if chosen.command == "keys":
            _turn_keys(chosen.act, chosen.key or "")
        else:
            _run(chosen)
    except (
        SetUpError,
        SealedFileError,
        backup.BackupError,
        KeyringError,
        erasures.JournalError,
    ) as problem:
        print(f"{place}: {problem}", file=sys.stderr)
    except OSError as problem:
        print(f"{problem.filename or place}: {problem.strerror}", file=sys.stderr)
    except SQLAlchemyError as problem:
        # Its own message may hold the address with the password, or what a row holds.
        reason = type(getattr(problem, "orig", None) or problem).__name__
        print(f"the database can't be used ({reason})", file=sys.stderr)
    except ValueError as problem:
        print(f"TRAM_DATABASE_URL: {problem}", file=sys.stderr)
    else:
        return 0
    return 2


def _run(chosen: argparse.Namespace) -> None:
    settings = StoreSettings()
    url = settings.database_url
    file: Path = chosen.file
    now = SystemClock().now()
    match chosen.command:
        case "new-key":
            write_new(file, fresh_key().encode() + b"\n")
            print(f"{file}: a new backup key. Without it no backup opens: keep a copy elsewhere.")
        case "backup":
            summary = backup.back_up(url, file, _key(settings), now)
            size = file.stat().st_size
            _note(url, MarkName.BACKUP, f"{file.name}: {summary.rows} dòng, {size // 1000} kB")
            print(f"{file.name}: {summary.rows} rows, {size} bytes")
        case "verify":
            summary = backup.verify(file, _key(settings))
            if chosen.rehearse:
                with tempfile.TemporaryDirectory(prefix="tram-rehearsal-", dir=file.parent) as made:
                    beside = f"sqlite:///{Path(made) / 'rehearsal.db'}"
                    backup.restore(beside, file, _key(settings), now, replace=False)
            _note(url, MarkName.VERIFY, f"{file.name}: {summary.rows} dòng")
            print(f"whole: made {summary.made_at}, schema {summary.schema}, {summary.rows} rows")
        case _:
            summary = backup.restore(url, file, _key(settings), now, replace=chosen.replace)
            _erase_again(settings, summary.made_at)
            for name, table in sorted(summary.tables.items()):
                print(f"  {name:<24} {table.rows:>9}  {table.digest[:16]}")
            print(
                f"restored and compared row for row: the state of {summary.made_at}. "
                "Before the start, read docs/van-hanh.md: tokens and messages in hand are old now."
            )


def _erase_again(settings: StoreSettings, made_at: str) -> None:
    """What was erased since the backup was made must not come back with it."""
    path = settings.erasures
    if not path.exists():
        print(f"no file of erasures at {path}: what was erased since then is back", file=sys.stderr)
        return
    database = Database(settings.database_url, Vault(Keyring.fresh()), SystemClock())
    try:
        lines = erasures.read_lines(path)
        count = erasures.again(database.engine, lines, dt.datetime.fromisoformat(made_at))
    finally:
        database.close_now()
    print(f"erased again what was erased since then: {count} rows, by {path}")


def _turn_keys(act: str, key: str) -> None:
    """One step of the rotation of the keys of the columns; see `store.rotation`."""
    settings = StoreSettings()
    path = settings.key_file
    keyring = Keyring.from_file(path)
    try:
        match act:
            case "add":
                keyring.with_fresh_key().replace_file(path)
                print(f"{path}: one more key. Restart every process, then `keys use` it.")
                return
            case "use":
                keyring.using(key).replace_file(path)
                print(f"{path}: {key} seals from the next start of every process.")
                return
    except ValueError:
        raise SetUpError(f"there is no key {key!r} in {path}") from None
    database = open_database(settings)
    try:
        match act:
            case "reseal":
                _reseal(database, keyring)
            case "drop":
                _drop(database, keyring, key, path)
            case _:
                counts = rotation.keys_in_use(database)
                for name in sorted({*keyring.keys, *counts}):
                    told = " (in use)" if name == keyring.current else ""
                    print(f"{name}{told}: {counts.get(name, 0)} values")
    finally:
        database.close_now()


def _reseal(database: Database, keyring: Keyring) -> None:
    unreadable = 0
    for done in rotation.reseal(database, keyring):
        unreadable += done.unreadable
        if done.changed or done.unreadable:
            print(f"{done.column}: {done.changed} sealed anew, {done.unreadable} do not open")
    if unreadable:
        raise SetUpError(f"{unreadable} values do not open with any key and stay as they are")
    print(f"everything is sealed with {keyring.current}")


def _drop(database: Database, keyring: Keyring, key: str, path: Path) -> None:
    try:
        rest = keyring.without(key)
    except ValueError as problem:
        raise SetUpError(str(problem)) from None
    still = rotation.keys_in_use(database).get(key, 0)
    if still:
        raise SetUpError(f"{key} still seals {still} values: `keys reseal` first")
    rest.replace_file(path)
    print(f"{path}: {key} is gone. Older backups still need it: keep its file with them in mind.")


def _key(settings: StoreSettings) -> bytes:
    """The backup key, when it is none of those that seal the columns."""
    if settings.backup_key_file is not None:
        text = settings.backup_key_file.read_text("ascii")
    elif settings.backup_key is not None:
        text = settings.backup_key.get_secret_value()
    else:
        raise SetUpError("set TRAM_BACKUP_KEY_FILE; `python -m store new-key FILE` makes one")
    key = read_key(text)
    keys = _keyring(settings.key_file)
    if keys is not None and text.strip() in {keys.index, *keys.keys.values()}:
        raise SetUpError("the backup key seals columns too: who steals a backup must not get both")
    return key


def _keyring(path: Path) -> Keyring | None:
    if not path.exists():
        return None
    try:
        return Keyring.from_file(path)
    except KeyringError:
        return None


def _note(url: str, name: MarkName, detail: str) -> None:
    """Let the desk's status page show it; a backup is none the worse without."""
    if url.startswith("sqlite:///") and not Path(url.removeprefix("sqlite:///")).exists():
        return
    database = Database(url, Vault(Keyring.fresh()), SystemClock())
    try:
        database.transact_now(lambda session: set_mark(session, name, detail))
    except SQLAlchemyError as problem:
        print(f"not noted in the database: {type(problem).__name__}", file=sys.stderr)
    finally:
        database.close_now()


if __name__ == "__main__":
    sys.exit(main())
