"""Who looked at or changed what. Rows are only ever added; they hold ids, never content.

Each row carries a keyed fingerprint of itself and of the row before it, so that whoever edits,
deletes, inserts or reorders rows in the database without the keys is found out (`verify`). The end
of the chain stands in `audit_head`; a copy of it kept elsewhere (`store.anchors`) shows a log that
was cut off together with its head, or put back from an older copy.
"""

import datetime as dt
import json
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from enum import StrEnum

import sqlalchemy as sa
from pydantic import BaseModel, ConfigDict, Field
from sqlalchemy.orm import Mapped, mapped_column

from store.base import Base
from store.session import Session

_BATCH = 1_000
_HEAD = 1
"""The one row of the table of the head."""


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
    link: Mapped[str | None] = mapped_column(sa.String(64))
    """The keyed fingerprint of this row and the one before; None in rows older than the chain."""

    def take_its_place(self, session: Session) -> None:
        """Link up with the row before; nobody else adds one until the transaction ends."""
        head = session.get(AuditHead, _HEAD, with_for_update=True)
        if head is None:
            head = AuditHead(id=_HEAD, rows=0, link=_beginning(session), seal="")
            session.add(head)
        head.rows += 1
        head.link = self.link = _link(session, head.link, self)
        head.seal = _seal(session, head.rows, head.link)


class AuditHead(Base):
    """The end of the chain: how many rows are linked, and the link of the last one."""

    __tablename__ = "audit_head"

    id: Mapped[int] = mapped_column(sa.Integer, primary_key=True, autoincrement=False)
    rows: Mapped[int] = mapped_column(sa.BigInteger)
    link: Mapped[str] = mapped_column(sa.String(64))
    seal: Mapped[str] = mapped_column(sa.String(64))
    """The keyed fingerprint of both, so that a head can't be made up for a shortened log."""


def note(
    session: Session,
    act: str,
    *,
    staff_id: str | None,
    subject: str | None = None,
    detail: str | None = None,
) -> None:
    """Add one act to the audit, at the end of the caller's transaction."""
    session.add_last(
        AuditRow(at=session.clock.now(), staff_id=staff_id, act=act, subject=subject, detail=detail)
    )


# --- the chain ----------------------------------------------------------------------------------


def _content(row: AuditRow) -> list[str | None]:
    at = row.at.astimezone(dt.UTC).isoformat(timespec="microseconds")
    return [at, row.staff_id, row.act, row.subject, row.detail]


def _link(session: Session, before: str, row: AuditRow) -> str:
    return session.vault.blind("audit.link", json.dumps([before, *_content(row)]))


def _seal(session: Session, rows: int, link: str) -> str:
    return session.vault.blind("audit.head", f"{rows}:{link}")


def _beginning(session: Session) -> str:
    """What the first link stands on: all rows that are older than the chain."""
    link = ""
    for row in _rows(session, AuditRow.link.is_(None)):
        link = _link(session, link, row)
    return link


def _rows(session: Session, which: sa.ColumnElement[bool]) -> Iterator[AuditRow]:
    last = 0
    query = sa.select(AuditRow).where(which).order_by(AuditRow.id).limit(_BATCH)
    while rows := session.scalars(query.where(AuditRow.id > last)).all():
        last = rows[-1].id
        yield from rows
        for row in rows:
            session.expunge(row)


class Anchor(BaseModel):
    """The head of the chain at one moment, as it is kept outside the database."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    rows: int = Field(ge=0)
    link: str = Field(pattern="^[0-9a-f]{64}$|^$")
    at: dt.datetime


def anchor_now(session: Session) -> Anchor:
    """The end of the chain now."""
    found = session.get(AuditHead, _HEAD)
    now = session.clock.now()
    if found is None:
        return Anchor(rows=0, link="", at=now)
    return Anchor(rows=found.rows, link=found.link, at=now)


# --- looking it over ----------------------------------------------------------------------------


class Breach(StrEnum):
    """What is wrong with the log."""

    CHANGED = "changed"
    """A row is not what was written, not where it was written, or one before it is gone."""
    UNLINKED = "unlinked"
    """A row without a link stands among linked ones: it was added past the program."""
    SHORTENED = "shortened"
    """Rows at the end are gone, or the head was changed."""
    NOT_AS_ANCHORED = "not as anchored"
    """The log is not the one whose head was written down outside."""


@dataclass(frozen=True, slots=True)
class Finding:
    """One thing that is wrong, and where."""

    breach: Breach
    row: int | None = None
    """The id of the row at which it shows."""
    anchor: Anchor | None = None


@dataclass(frozen=True, slots=True)
class Verdict:
    """What looking the whole log over has shown."""

    rows: int
    """How many linked rows were read."""
    findings: tuple[Finding, ...]


def verify(session: Session, anchors: Sequence[Anchor] = ()) -> Verdict:
    """Look over the whole log: every link, the head, and that each anchor is part of it."""
    findings: list[Finding] = []
    expected = {one.rows: one for one in anchors if one.rows}
    chained = AuditRow.link.is_not(None)
    first = session.scalar(sa.select(sa.func.min(AuditRow.id)).where(chained))
    if first is not None:
        late = _rows(session, sa.and_(AuditRow.link.is_(None), AuditRow.id > first))
        findings += [Finding(Breach.UNLINKED, row.id) for row in late]
    link, count = _beginning(session), 0
    for row in _rows(session, chained):
        count += 1
        if row.link != _link(session, link, row):
            findings.append(Finding(Breach.CHANGED, row.id))
        link = row.link or ""
        anchor = expected.pop(count, None)
        if anchor is not None and anchor.link != link:
            findings.append(Finding(Breach.NOT_AS_ANCHORED, row.id, anchor))
    end = session.get(AuditHead, _HEAD, populate_existing=True)
    told = (0, "", "") if end is None else (end.rows, end.link, end.seal)
    true = (0, "", "") if count == 0 else (count, link, _seal(session, count, link))
    if told != true:
        findings.append(Finding(Breach.SHORTENED))
    findings += [Finding(Breach.NOT_AS_ANCHORED, anchor=one) for one in expected.values()]
    return Verdict(count, tuple(findings))
