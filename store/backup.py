"""Backup and restore of the whole database, row for row, while it is being written to.

A backup is one consistent moment: SQLite's snapshot of a read transaction, PostgreSQL's repeatable
read. Rows are written table by table into a sealed file (store/sealedfile.py), with the number and
a digest of each table's rows at its end. What was restored is read back and compared with these.
The file knows no database system: what was SQLite may become PostgreSQL. Photos and papers lie in
the database too (store/files.py); the key file does not, and has to be kept by itself.
"""

import base64
import datetime as dt
import fcntl
import hashlib
import json
import os
import zlib
from collections.abc import Iterator, Mapping, Sequence
from contextlib import closing, contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import sqlalchemy as sa

from store.migrate import UnknownRevisionError, head, migrate_connection, revision_of
from store.sealedfile import OpeningReader, SealedFileError, SealingWriter
from store.session import driver_url, postgres_engine, sqlite_engine

FORMAT = 1
_VERSION_TABLE = "alembic_version"
_BATCH_ROWS = 500
_BATCH_BYTES = 8 * 1024 * 1024
_DIGEST_BYTES = 32


class BackupError(Exception):
    """It can't be backed up or restored like this; the message says what to mend."""


@dataclass(frozen=True)
class TableSum:
    """How many rows a table has, and a digest of them all that does not depend on their order."""

    rows: int
    digest: str


@dataclass(frozen=True)
class Summary:
    """What lies in a backup, or in a database."""

    made_at: str
    """UTC, ISO 8601."""
    schema: str
    """The migration it was made at."""
    tables: Mapping[str, TableSum]

    @property
    def rows(self) -> int:
        return sum(table.rows for table in self.tables.values())


# --- making one -----------------------------------------------------------------------------------


def back_up(url: str, path: Path, key: bytes, now: dt.datetime) -> Summary:
    """Write a backup of the database at `url` to a new file, readable by its owner only.

    The file has its name only when it is whole and on the disk.

    Raises:
        BackupError: there is no such database, it has no schema yet, or the file exists.
        OSError: the file can't be written.
        sqlalchemy.exc.SQLAlchemyError: the database does not answer.
    """
    if path.exists():
        raise BackupError(f"{path} exists; a backup never replaces another")
    partial = path.with_name(f"{path.name}.partial")
    partial.unlink(missing_ok=True)
    descriptor = os.open(partial, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    try:
        with os.fdopen(descriptor, "wb") as sink, _snapshot(url) as connection:
            summary = _write(connection, sink, key, now)
            sink.flush()
            os.fsync(sink.fileno())
        partial.rename(path)
        _sync_folder(path)
    except BaseException:
        partial.unlink(missing_ok=True)
        raise
    return summary


def _write(connection: sa.Connection, sink: Any, key: bytes, now: dt.datetime) -> Summary:
    schema = revision_of(connection)
    if schema is None:
        raise BackupError("the database has no schema yet: there is nothing to back up")
    made_at = now.astimezone(dt.UTC).isoformat(timespec="seconds")
    out = _Lines(SealingWriter(sink, key, {"format": FORMAT, "made_at": made_at, "schema": schema}))
    sums: dict[str, TableSum] = {}
    for table in _tables(connection):
        out.add(json.dumps({"table": table.name, "columns": [one.name for one in table.columns]}))
        tally = _Tally()
        for line in _lines_of(connection, table):
            tally.add(line)
            out.add(line)
        sums[table.name] = tally.sum()
    told = {name: [one.rows, one.digest] for name, one in sums.items()}
    out.add(json.dumps({"end": told, "counters": _counters(connection)}))
    out.finish()
    return Summary(made_at, schema, sums)


class _Lines:
    """Lines of text into a sealed file, compressed."""

    def __init__(self, writer: SealingWriter) -> None:
        self._writer = writer
        self._press = zlib.compressobj(6)

    def add(self, line: str) -> None:
        self._writer.write(self._press.compress(line.encode() + b"\n"))

    def finish(self) -> None:
        self._writer.write(self._press.flush())
        self._writer.finish()


@contextmanager
def _snapshot(url: str) -> Iterator[sa.Connection]:
    """A connection that sees one moment of the database, whatever is written meanwhile."""
    address = driver_url(url)
    if address.get_backend_name() == "sqlite":
        if not address.database or not Path(address.database).exists():
            raise BackupError(f"there is no database at {address.database}")
        engine = sqlite_engine(address, begin="BEGIN")
        options: dict[str, Any] = {}
    else:
        engine = postgres_engine(address)
        options = {"isolation_level": "REPEATABLE READ", "postgresql_readonly": True}
    try:
        with engine.connect().execution_options(**options) as connection, connection.begin():
            _without_limits(connection)
            yield connection
    finally:
        engine.dispose()


def _without_limits(connection: sa.Connection) -> None:
    """A backup may take its time; on PostgreSQL sessions have limits."""
    if connection.dialect.name == "postgresql":
        connection.execute(sa.text("SET LOCAL statement_timeout = 0"))


# --- rows as lines --------------------------------------------------------------------------------


def _tables(connection: sa.Connection) -> Sequence[sa.Table]:
    """The tables that are there, those first that others refer to."""
    found = sa.MetaData()

    @sa.event.listens_for(found, "column_reflect")
    def _empty_stays_empty(_inspector: object, _table: object, column: Any) -> None:
        if isinstance(column["type"], sa.JSON):
            column["type"] = sa.JSON(none_as_null=True)

    found.reflect(connection)
    return [table for table in found.sorted_tables if table.name != _VERSION_TABLE]


def _lines_of(connection: sa.Connection, table: sa.Table) -> Iterator[str]:
    in_pieces = connection.execution_options(yield_per=50)
    for row in in_pieces.execute(sa.select(table)):
        yield json.dumps([_plain(value) for value in row], ensure_ascii=False)


def _plain(value: object) -> object:
    """A value of any column in JSON, the same for the same value on either database."""
    match value:
        case None | bool() | int() | float() | str():
            return value
        case bytes() | memoryview():
            return {"b": base64.b64encode(bytes(value)).decode()}
        case dt.datetime():
            aware = value.replace(tzinfo=dt.UTC) if value.tzinfo is None else value
            return {"t": aware.astimezone(dt.UTC).isoformat()}
        case dt.date():
            return {"d": value.isoformat()}
        case dict() | list():
            return {"j": value}
        case _:
            raise BackupError(f"a column holds {type(value).__name__}, which no backup knows")


def _value(plain: object, *, naive: bool) -> object:
    match plain:
        case {"b": str(text)}:
            return base64.b64decode(text)
        case {"t": str(text)}:
            moment = dt.datetime.fromisoformat(text)
            return moment.replace(tzinfo=None) if naive else moment
        case {"d": str(text)}:
            return dt.date.fromisoformat(text)
        case {"j": value}:
            return value
        case _:
            return plain


class _Tally:
    """Counts lines and adds up their digests, so that their order does not matter."""

    def __init__(self) -> None:
        self._rows = 0
        self._total = 0

    def add(self, line: str) -> None:
        self._rows += 1
        self._total += int.from_bytes(hashlib.sha256(line.encode()).digest())

    def sum(self) -> TableSum:
        return TableSum(self._rows, f"{self._total % 2 ** (8 * _DIGEST_BYTES):064x}")


# --- reading one ----------------------------------------------------------------------------------


@dataclass(frozen=True)
class _Begin:
    """A table begins."""

    table: str
    columns: tuple[str, ...]


@dataclass(frozen=True)
class _End:
    """All was read, and agreed with what the file says of itself."""

    summary: Summary
    counters: Mapping[str, int]


def verify(path: Path, key: bytes) -> Summary:
    """Read a backup to its end; nothing is written anywhere.

    Raises:
        SealedFileError: another key's, changed, or cut short.
        BackupError: it does not hold what it says.
        OSError: it can't be read.
    """
    end = None
    with path.open("rb") as source:
        for part in _parts(OpeningReader(source, key)):
            if isinstance(part, _End):
                end = part
    if end is None:
        raise BackupError("the backup has no end")
    return end.summary


def _parts(reader: OpeningReader) -> Iterator[_Begin | str | _End]:
    """Tables, their rows, and the end, after which all numbers and digests have been compared."""
    if reader.header.get("format") != FORMAT:
        raise BackupError("the backup has a format of another version of Tràm")
    tallies: dict[str, _Tally] = {}
    tally = _Tally()
    ended: _End | None = None
    for line in _text_lines(reader.chunks()):
        if ended is not None:
            raise BackupError("something follows the end of the backup")
        if line.startswith("["):
            tally.add(line)
            yield line
            continue
        match json.loads(line):
            case {"table": str(name), "columns": list(columns)}:
                tally = tallies[name] = _Tally()
                yield _Begin(name, tuple(columns))
            case {"end": dict(told), "counters": dict(counters)}:
                sums = {name: TableSum(rows, digest) for name, (rows, digest) in told.items()}
                _compare(sums, {name: one.sum() for name, one in tallies.items()}, "the backup")
                made_at, schema = reader.header["made_at"], reader.header["schema"]
                ended = _End(Summary(str(made_at), str(schema), sums), counters)
            case _:
                raise BackupError("the backup holds a line that is not understood")
    if ended is None:
        raise BackupError("the backup has no end")
    yield ended


def _text_lines(chunks: Iterator[bytes]) -> Iterator[str]:
    unpress = zlib.decompressobj()
    rest = b""
    for chunk in chunks:
        held = chunk
        while held:
            rest += unpress.decompress(held, _BATCH_BYTES)
            held = unpress.unconsumed_tail
            *lines, rest = rest.split(b"\n")
            for line in lines:
                yield line.decode()
    if rest or not unpress.eof:
        raise BackupError("the backup ends in the middle of a line")


def _compare(wanted: Mapping[str, TableSum], found: Mapping[str, TableSum], where: str) -> None:
    for name in sorted({*wanted, *found}):
        one, other = wanted.get(name), found.get(name)
        if one != other:
            counts = f"{one.rows if one else 'no'} rows wanted, {other.rows if other else 'none'}"
            raise BackupError(f"{where} differs in the table {name}: {counts} found")


# --- putting one back -----------------------------------------------------------------------------


def restore(url: str, path: Path, key: bytes, now: dt.datetime, *, replace: bool) -> Summary:
    """Put a backup into the database at `url` and compare it row for row.

    It all happens or nothing: into a new file beside an SQLite database, which then takes its
    place (the old one stays as `….before-…`); in one transaction on PostgreSQL.

    Raises:
        SealedFileError: another key's, changed, or cut short.
        BackupError: the database is not empty and `replace` is not set, a server is at work on it,
            or the backup is of a later version of the program.
        OSError: a file can't be read or written.
        sqlalchemy.exc.SQLAlchemyError: the database does not answer.
    """
    address = driver_url(url)
    with path.open("rb") as source:
        reader = OpeningReader(source, key)
        if address.get_backend_name() == "postgresql":
            return _into_postgres(address, reader, replace=replace)
        if not address.database:
            raise BackupError("an SQLite database in memory can't be restored")
        return _into_sqlite(address, reader, now, replace=replace)


def _into_sqlite(
    address: sa.URL, reader: OpeningReader, now: dt.datetime, *, replace: bool
) -> Summary:
    target = Path(address.database or "")
    target.parent.mkdir(parents=True, exist_ok=True)
    with _nobody_else_at(target):
        if target.exists() and not replace and _has_rows_at(address):
            raise BackupError(f"{target} is not empty; --replace puts it aside")
        beside = target.with_name(f"{target.name}.restoring")
        _remove(beside)
        engine = sqlite_engine(address.set(database=str(beside)), begin="BEGIN IMMEDIATE")
        try:
            with engine.connect() as connection:
                _make_schema(connection, reader)
                with connection.begin():
                    summary = _fill(connection, reader)
            with closing(engine.raw_connection()) as raw:
                raw.cursor().execute("PRAGMA journal_mode=DELETE")  # all of it in one file
            engine.dispose()
            beside.chmod(0o600)
            _sync(beside)
        except BaseException:
            engine.dispose()
            _remove(beside)
            raise
        _put_aside(target, now)
        beside.rename(target)
        _sync_folder(target)
    return summary


def _put_aside(target: Path, now: dt.datetime) -> None:
    stamp = now.astimezone(dt.UTC).strftime("%Y%m%dT%H%M%S")
    for end in ("-shm", "-wal", ""):  # the journal must never meet the new database
        old = target.with_name(target.name + end)
        if old.exists():
            old.rename(target.with_name(f"{target.name}.before-{stamp}{end}"))


def _remove(path: Path) -> None:
    for end in ("", "-wal", "-shm", "-journal"):
        path.with_name(path.name + end).unlink(missing_ok=True)


@contextmanager
def _nobody_else_at(target: Path) -> Iterator[None]:
    """Hold the lock that a server holds while it is at work on an SQLite database."""
    with Path(f"{target}.lock").open("ab") as file:
        try:
            fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            raise BackupError(f"a server is at work on {target}; stop it first") from None
        yield


def _has_rows_at(address: sa.URL) -> bool:
    engine = sqlite_engine(address, begin="BEGIN")
    try:
        with engine.connect() as connection:
            return bool(_filled(connection))
    finally:
        engine.dispose()


def _into_postgres(address: sa.URL, reader: OpeningReader, *, replace: bool) -> Summary:
    engine = postgres_engine(address)
    try:
        with engine.connect() as connection:
            there = revision_of(connection)
            connection.rollback()
            if there is None:
                _make_schema(connection, reader)
            elif there != reader.header["schema"]:
                raise BackupError(
                    f"the database has the schema {there}, the backup {reader.header['schema']}: "
                    "restore into a new, empty database"
                )
            with connection.begin():
                _without_limits(connection)
                filled = _filled(connection)
                if filled and not replace:
                    raise BackupError(
                        f"the database is not empty ({', '.join(filled[:3])} …); "
                        "--replace throws away what is in it"
                    )
                if filled:
                    names = ", ".join(
                        connection.dialect.identifier_preparer.format_table(table)
                        for table in _tables(connection)
                    )
                    connection.execute(sa.text(f"TRUNCATE {names}"))
                return _fill(connection, reader)
    finally:
        engine.dispose()


def _make_schema(connection: sa.Connection, reader: OpeningReader) -> None:
    try:
        migrate_connection(connection, str(reader.header["schema"]))
    except UnknownRevisionError:
        raise BackupError(
            f"the backup has the schema {reader.header['schema']}, this program knows up to "
            f"{head()}: restore it with the version that made it"
        ) from None
    connection.commit()


def _filled(connection: sa.Connection) -> list[str]:
    """The tables that have rows."""
    return [
        table.name
        for table in _tables(connection)
        if connection.scalar(sa.select(sa.literal(1)).select_from(table).limit(1)) is not None
    ]


def _fill(connection: sa.Connection, reader: OpeningReader) -> Summary:
    """Put in every row, then read all of them back and compare."""
    tables = {table.name: table for table in _tables(connection)}
    ended: _End | None = None
    batch = _Batch(connection)
    for part in _parts(reader):
        match part:
            case _Begin(table=name, columns=columns):
                batch.flush()
                table = tables.get(name)
                if table is None or {one.name for one in table.columns} != set(columns):
                    raise BackupError(f"the table {name} is not as in the backup")
                batch.begin(table, columns)
            case str():
                batch.add(part)
            case _End():
                batch.flush()
                ended = part
    if ended is None:
        raise BackupError("the backup has no end")
    _set_counters(connection, ended.counters)
    _compare(ended.summary.tables, _sums(connection), "the restored database")
    return ended.summary


def _sums(connection: sa.Connection) -> dict[str, TableSum]:
    sums = {}
    for table in _tables(connection):
        tally = _Tally()
        for line in _lines_of(connection, table):
            tally.add(line)
        sums[table.name] = tally.sum()
    return sums


class _Batch:
    """Rows of one table on their way in, some hundred at a time."""

    def __init__(self, connection: sa.Connection) -> None:
        self._connection = connection
        self._naive = connection.dialect.name == "sqlite"
        self._table: sa.Table | None = None
        self._columns: tuple[str, ...] = ()
        self._rows: list[dict[str, object]] = []
        self._bytes = 0

    def begin(self, table: sa.Table, columns: tuple[str, ...]) -> None:
        self._table, self._columns = table, columns

    def add(self, line: str) -> None:
        values = [_value(plain, naive=self._naive) for plain in json.loads(line)]
        self._rows.append(dict(zip(self._columns, values, strict=True)))
        self._bytes += len(line)
        if len(self._rows) >= _BATCH_ROWS or self._bytes >= _BATCH_BYTES:
            self.flush()

    def flush(self) -> None:
        if self._table is not None and self._rows:
            self._connection.execute(sa.insert(self._table), self._rows)
        self._rows, self._bytes = [], 0


# --- counters: an id that was given once is never given again -------------------------------------


def _counters(connection: sa.Connection) -> dict[str, int]:
    """The last number that each counting table has given."""
    if connection.dialect.name == "sqlite":
        with suppress(sa.exc.OperationalError):  # no table counts yet
            found = connection.exec_driver_sql("SELECT name, seq FROM sqlite_sequence")
            return {row.name: row.seq for row in found}
        return {}
    return {
        table: connection.scalar(sa.text(f"SELECT last_value FROM {sequence} WHERE is_called")) or 0  # noqa: S608 - PostgreSQL's own name  # nosec B608
        for table, sequence in _sequences(connection).items()
    }


def _set_counters(connection: sa.Connection, counters: Mapping[str, int]) -> None:
    if connection.dialect.name == "sqlite":
        for table, last in counters.items():
            connection.exec_driver_sql("DELETE FROM sqlite_sequence WHERE name = ?", (table,))
            connection.exec_driver_sql("INSERT INTO sqlite_sequence VALUES (?, ?)", (table, last))
        return
    sequences = _sequences(connection)
    for table, last in counters.items():
        if last and table in sequences:
            connection.execute(
                sa.text("SELECT setval(:name, :last)"), {"name": sequences[table], "last": last}
            )


def _sequences(connection: sa.Connection) -> dict[str, str]:
    """The sequence behind each counting table, by table."""
    found = {}
    for table in _tables(connection):
        for column in table.primary_key.columns:
            name = connection.scalar(
                sa.select(sa.func.pg_get_serial_sequence(table.name, column.name))
            )
            if name is not None:
                found[table.name] = name
    return found


# --- the disk -------------------------------------------------------------------------------------


def _sync(path: Path) -> None:
    descriptor = os.open(path, os.O_RDONLY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)


def _sync_folder(path: Path) -> None:
    _sync(path.absolute().parent)


__all__ = ["BackupError", "SealedFileError", "Summary", "TableSum", "back_up", "restore", "verify"]
