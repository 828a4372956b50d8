"""What every table shares: names, ids, moments, and sealed columns."""

import datetime as dt
import enum
from typing import Any, cast

import uuid_utils
from sqlalchemy import (
    DateTime,
    Dialect,
    Enum,
    LargeBinary,
    MetaData,
    String,
    Table,
    TypeDecorator,
)
from sqlalchemy.orm import DeclarativeBase, Mapped, mapped_column

from store.crypto import Vault


def new_id() -> str:
    """An id made by us, before the insert, because sealing binds a value to its row's id.

    UUID version 7, so ids sort by the time they were made and indexes stay compact.
    """
    return uuid_utils.uuid7().hex


class Moment(TypeDecorator[dt.datetime]):
    """An aware moment in UTC, on every database. SQLite keeps no zone, so UTC is implied there."""

    impl = DateTime(timezone=True)
    cache_ok = True

    def process_bind_param(self, value: dt.datetime | None, dialect: Dialect) -> dt.datetime | None:
        if value is None:
            return None
        if value.tzinfo is None:
            raise ValueError("a moment needs its time zone")
        value = value.astimezone(dt.UTC)
        return value.replace(tzinfo=None) if dialect.name == "sqlite" else value

    def process_result_value(
        self,
        value: dt.datetime | None,
        dialect: Dialect,  # noqa: ARG002 - the signature is SQLAlchemy's
    ) -> dt.datetime | None:
        if value is None:
            return None
        return value.replace(tzinfo=dt.UTC) if value.tzinfo is None else value.astimezone(dt.UTC)


def _values(kind: type[enum.Enum]) -> list[str]:
    return [str(member.value) for member in kind]


class Base(DeclarativeBase):
    """The base of all tables. Names of constraints are fixed, so migrations can drop them."""

    metadata = MetaData(
        naming_convention={
            "ix": "ix_%(table_name)s_%(column_0_N_name)s",
            "uq": "uq_%(table_name)s_%(column_0_N_name)s",
            "ck": "ck_%(table_name)s_%(constraint_name)s",
            "fk": "fk_%(table_name)s_%(column_0_N_name)s",
            "pk": "pk_%(table_name)s",
        }
    )
    type_annotation_map = {  # noqa: RUF012 - SQLAlchemy's own declaration
        dt.datetime: Moment(),
        bytes: LargeBinary(),
        enum.StrEnum: Enum(enum.StrEnum, native_enum=False, length=40, values_callable=_values),
    }


class Row(Base):
    """A table whose rows have an id of ours and may have sealed columns."""

    __abstract__ = True

    id: Mapped[str] = mapped_column(String(32), primary_key=True, default=new_id)

    def __init__(self, **values: Any) -> None:
        values.setdefault("id", new_id())
        super().__init__(**values)

    @classmethod
    def as_table(cls) -> Table:
        """The table itself. What every message writes goes by statements of it: an object whose
        changes are tracked and flushed costs three times as much, and nobody looks at it again.
        """
        return cast("Table", cls.__table__)

    @classmethod
    def sealed(cls, vault: Vault, column: str, row_id: str, text: str) -> bytes:
        """What a sealed column keeps of `text` in the row with this id."""
        return vault.seal(cls.__tablename__, column, row_id, text.encode())

    def seal(self, vault: Vault, column: str, text: str | None) -> None:
        """Put `text` into a sealed column of this row; None empties it."""
        self.seal_bytes(vault, column, None if text is None else text.encode())

    def seal_bytes(self, vault: Vault, column: str, value: bytes | None) -> None:
        """Put bytes into a sealed column of this row; None empties it."""
        sealed = None if value is None else vault.seal(self.__tablename__, column, self.id, value)
        setattr(self, column, sealed)

    def open(self, vault: Vault, column: str) -> str | None:
        """The text of a sealed column, or None if it is empty.

        Raises:
            SealError: the value was made for another row or column, or was changed.
        """
        value = self.open_bytes(vault, column)
        return None if value is None else value.decode()

    def open_bytes(self, vault: Vault, column: str) -> bytes | None:
        """The bytes of a sealed column; as `open`."""
        sealed: bytes | None = getattr(self, column)
        if sealed is None:
            return None
        return vault.open(self.__tablename__, column, self.id, sealed)
