"""Who looked at or changed what. Rows are only ever added; they hold ids, never content."""

import datetime as dt

import sqlalchemy as sa
from sqlalchemy.orm import Mapped, mapped_column

from store.base import Base
from store.session import Session


class AuditRow(Base):
    """One act of a staff member or of the engine."""

    __tablename__ = "audit"
    __table_args__ = {"sqlite_autoincrement": True}  # noqa: RUF012 - SQLAlchemy's own declaration

    id: Mapped[int] = mapped_column(
        sa.BigInteger().with_variant(sa.Integer, "sqlite"), primary_key=True
    )
    at: Mapped[dt.datetime]
    staff_id: Mapped[str | None] = mapped_column(sa.String(32), index=True)
    act: Mapped[str] = mapped_column(sa.String(40))
    subject: Mapped[str | None] = mapped_column(sa.String(40), index=True)
    detail: Mapped[str | None] = mapped_column(sa.String(200))


def note(
    session: Session,
    act: str,
    *,
    staff_id: str | None,
    subject: str | None = None,
    detail: str | None = None,
) -> None:
    """Add one act to the audit, within the caller's transaction."""
    session.add(
        AuditRow(at=session.clock.now(), staff_id=staff_id, act=act, subject=subject, detail=detail)
    )
