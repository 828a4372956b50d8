"""Rotating the keys that seal personal columns, while the program runs.

A new key goes round in four steps, so that no process ever meets a value whose key it has not
read: `add` it to the key file and restart every process; `use` it and restart; `reseal` all that is
sealed with an older one; `drop` the older one. Which columns are sealed is read from the database
itself: every column of bytes of a table whose rows have an `id`.
"""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass

import sqlalchemy as sa

from store.crypto import Keyring, SealError, Vault, key_of, start_of
from store.session import Database, Session

_BATCH = 50
"""Rows a transaction: few, because each may hold a photo of 10 MiB."""


@dataclass(frozen=True, slots=True)
class SealedColumn:
    """One column of sealed values."""

    table: sa.TableClause
    column: str

    @property
    def name(self) -> str:
        return f"{self.table.name}.{self.column}"


@dataclass(frozen=True, slots=True)
class Resealed:
    """What resealing has done to one column."""

    column: str
    changed: int
    unreadable: int
    """Values that do not open with any key: another row's, changed, or their key is gone."""


def sealed_columns(database: Database) -> tuple[SealedColumn, ...]:
    """Every column of bytes in the database."""
    inspector = sa.inspect(database.engine)
    found = []
    for table in sorted(inspector.get_table_names()):
        for column in inspector.get_columns(table):
            if isinstance(column["type"], sa.LargeBinary):
                name = column["name"]
                made = sa.table(table, sa.column("id"), sa.column(name, sa.LargeBinary()))
                found.append(SealedColumn(made, name))
    return tuple(found)


def keys_in_use(database: Database) -> Mapping[str, int]:
    """How many values are sealed with each key, by the key's id."""
    counts: dict[str, int] = {}

    def count(session: Session) -> None:
        for sealed in sealed_columns(database):
            column = sealed.table.c[sealed.column]
            head = _head(column)
            query = sa.select(head, sa.func.count()).where(column.is_not(None)).group_by(head)
            for start, number in session.execute(query):
                key = key_of(bytes(start)) or "?"
                counts[key] = counts.get(key, 0) + number

    database.read_now(count)
    return counts


def reseal(database: Database, keyring: Keyring) -> Iterator[Resealed]:
    """Seal anew, with the current key, whatever is sealed with another; may be broken off and begun
    again. What somebody changes meanwhile is left as they wrote it, with the key they had.
    """
    vault = Vault(keyring)
    for sealed in sealed_columns(database):
        yield _reseal_column(database, vault, sealed, keyring.current)


def _reseal_column(
    database: Database, vault: Vault, sealed: SealedColumn, current: str
) -> Resealed:
    table, column = sealed.table, sealed.table.c[sealed.column]
    changed, unreadable, last = 0, 0, ""

    def some(session: Session) -> tuple[int, int, str | None]:
        query = (
            sa.select(table.c.id, column)
            .where(column.is_not(None), table.c.id > last, _head(column) != start_of(current))
            .order_by(table.c.id)
            .limit(_BATCH)
        )
        done, failed, reached = 0, 0, None
        for row_id, value in session.execute(query).all():
            reached = row_id
            old = bytes(value)
            try:
                opened = vault.open(table.name, sealed.column, row_id, old)
            except SealError:
                failed += 1
                continue
            fresh = vault.seal(table.name, sealed.column, row_id, opened)
            same_still = sa.and_(table.c.id == row_id, column == old)
            session.execute(sa.update(table).where(same_still).values({sealed.column: fresh}))
            done += 1
        return done, failed, reached

    while True:
        done, failed, reached = database.transact_now(some)
        changed, unreadable = changed + done, unreadable + failed
        if reached is None:
            return Resealed(sealed.name, changed, unreadable)
        last = reached


def _head(column: sa.ColumnElement[bytes]) -> sa.ColumnElement[bytes]:
    return sa.func.substr(column, 1, len(start_of("k001")), type_=sa.LargeBinary())
