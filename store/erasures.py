"""What was erased for good, so that a restored backup does not bring it back.

Each erasure is a line of ids, never of content, written in the transaction that erases. A duty
copies the lines into a file outside the database (`TRAM_ERASURES`); `python -m store restore`
does again what that file tells of the time after the backup was made.
"""

import asyncio
import datetime as dt
import logging
import os
from collections.abc import Iterable, Sequence
from functools import partial
from pathlib import Path

import sqlalchemy as sa
from pydantic import BaseModel, ConfigDict, ValidationError
from sqlalchemy.exc import SQLAlchemyError
from sqlalchemy.orm import Mapped, mapped_column

from store.base import Base, Row
from store.session import Database, Session

log = logging.getLogger(__name__)

AT_ONCE = 500
"""Ids of one statement, lines of one round."""


class ErasureRow(Row):
    """One erasure: the rows of a table whose column has this value, or columns of them."""

    __tablename__ = "erasures"
    __table_args__ = (sa.Index("ix_erasures_to_write", "written_at", "at"),)

    table: Mapped[str] = mapped_column(sa.String(40))
    column: Mapped[str] = mapped_column(sa.String(40))
    value: Mapped[str] = mapped_column(sa.String(64))
    """An id of ours."""
    empties: Mapped[str | None] = mapped_column(sa.String(200))
    """The columns that were emptied, joined by commas; None: the rows are gone."""
    at: Mapped[dt.datetime]
    written_at: Mapped[dt.datetime | None]
    """When it was copied to the file."""


class Erasure(BaseModel):
    """One line of the file."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    id: str
    table: str
    column: str
    value: str
    empties: str | None = None
    at: dt.datetime


class JournalError(Exception):
    """The file of erasures can't be used; the message says which line."""


def erase(
    session: Session, table: type[Base], column: str, values: Iterable[str], *empties: str
) -> int:
    """Delete the rows whose column has one of these values, or empty columns of them; how many."""
    wanted = list(dict.fromkeys(values))
    name, count, now = table.__tablename__, 0, session.clock.now()
    for start in range(0, len(wanted), AT_ONCE):
        some = wanted[start : start + AT_ONCE]
        where = getattr(table, column).in_(some)
        found = sa.select(sa.func.count()).select_from(table).where(where)
        count += session.scalar(found) or 0
        gone = (
            sa.update(table).where(where).values(dict.fromkeys(empties))
            if empties
            else sa.delete(table).where(where)
        )
        session.execute(gone.execution_options(synchronize_session="fetch"))
        for value in some:
            session.add(
                ErasureRow(
                    table=name,
                    column=column,
                    value=value,
                    empties=",".join(empties) or None,
                    at=now,
                )
            )
    return count


# --- the file -----------------------------------------------------------------------------------


def _unwritten(session: Session) -> Sequence[Erasure]:
    rows = session.scalars(
        sa.select(ErasureRow)
        .where(ErasureRow.written_at.is_(None))
        .order_by(ErasureRow.at, ErasureRow.id)
        .limit(AT_ONCE)
    )
    return [
        Erasure(
            id=row.id,
            table=row.table,
            column=row.column,
            value=row.value,
            empties=row.empties,
            at=row.at,
        )
        for row in rows
    ]


def _written(ids: Sequence[str], session: Session) -> None:
    session.execute(
        sa.update(ErasureRow).where(ErasureRow.id.in_(ids)).values(written_at=session.clock.now())
    )


def add_lines(path: Path, lines: Iterable[Erasure]) -> None:
    """Write erasures at the end of the file; they are on the disk when this returns."""
    path.parent.mkdir(parents=True, exist_ok=True)
    descriptor = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_APPEND, 0o600)
    try:
        text = "".join(line.model_dump_json(exclude_none=True) + "\n" for line in lines)
        os.write(descriptor, text.encode())
        os.fsync(descriptor)
    finally:
        os.close(descriptor)


async def write_down(database: Database, path: Path) -> int:
    """Copy to the file what is not there yet; how many lines.

    A line may stand there twice after a crash: to erase twice is to erase.
    """
    count = 0
    while lines := await database.read(_unwritten):
        await asyncio.to_thread(add_lines, path, lines)

        await database.transact(partial(_written, [line.id for line in lines]))
        count += len(lines)
    return count


async def keep_erasures(database: Database, path: Path, every: float = 60) -> None:
    """Copy what was erased to the file every `every` seconds, until cancelled."""
    while True:
        try:
            await write_down(database, path)
        except (SQLAlchemyError, OSError) as problem:
            # A database that is down, or a full disk, passes; the duty goes on
            log.error("erasures are not written down: %s", type(problem).__name__)  # noqa: TRY400
        await asyncio.sleep(every)


def read_lines(path: Path) -> tuple[Erasure, ...]:
    """The erasures of a file, oldest first.

    Raises:
        JournalError: a line is none.
        OSError: it can't be read.
    """
    found = []
    for number, line in enumerate(path.read_text(encoding="utf-8").splitlines(), 1):
        try:
            found.append(Erasure.model_validate_json(line))
        except ValidationError:
            raise JournalError(f"{path}, line {number}: not an erasure") from None
    return tuple(found)


def again(engine: sa.Engine, lines: Iterable[Erasure], since: dt.datetime) -> int:
    """Do once more what was erased after a backup was made; how many rows it met.

    What a backup holds of a later talk with the same person was said after the erasure, and stays.
    """
    tables = sa.MetaData()
    tables.reflect(engine)
    count = 0
    with engine.begin() as connection:
        for line in lines:
            table = tables.tables.get(line.table)
            if line.at < since or table is None or line.column not in table.columns:
                continue
            where = table.columns[line.column] == line.value
            names = [one for one in (line.empties or "").split(",") if one in table.columns]
            if line.empties:
                change = table.update().where(where).values(dict.fromkeys(names))
                count += connection.execute(change).rowcount
            else:
                count += connection.execute(table.delete().where(where)).rowcount
    return count
