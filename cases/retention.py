"""How long what is kept, by a file that anybody can read, and the sweeps of the rooms below.

The periods stand in `retention.yaml`; each run erases a little at a time, in one process, and
writes only counts into the audit. What is erased is noted for the restore of a backup too.
"""

import datetime as dt
from collections.abc import Mapping
from enum import StrEnum
from functools import cache
from pathlib import Path

import sqlalchemy as sa
from pydantic import Field

from cases.alerts import AlertRow
from cases.callbacks import Callback, CallTry
from cases.model import Case
from cases.parties import Party
from cases.thread import Draft
from knowledge.feedback import OpenQuestion
from store import audit
from store.base import Row
from store.datafile import DataFileError, Entry, load
from store.erasures import erase
from store.session import Session

FILE = Path(__file__).parent / "retention.yaml"
AT_ONCE = 200
"""Rows of a kind in one transaction."""


class Kind(StrEnum):
    """What is erased when its time is over."""

    TALKS = "talks"
    FILES = "files"
    DRAFTS = "drafts"
    QUESTIONS = "questions"
    CALLBACKS = "callbacks"
    ALERTS = "alerts"
    PARTIES = "parties"


class Period(Entry):
    """How long one kind is kept."""

    id: Kind
    days: int = Field(ge=1, le=36_500)
    begins: str = Field(alias="from")
    """From when the days are counted, in words."""
    source: str
    verified: bool


@cache
def periods(path: Path = FILE) -> Mapping[Kind, Period]:
    """The periods of the file.

    Raises:
        DataFileError: a line is wrong, or a kind is missing or stands there twice.
    """
    found = load(path, tuple[Period, ...])
    by_kind = {one.id: one for one in found}
    if len(found) != len(by_kind) or set(by_kind) != set(Kind):
        raise DataFileError(path, None, f"each of {', '.join(Kind)} has to stand here once")
    return by_kind


def before(session: Session, kind: Kind) -> dt.datetime:
    """What is older than this has had its time."""
    return session.clock.now() - dt.timedelta(days=periods()[kind].days)


def sweep(session: Session) -> Mapping[Kind, int]:
    """Erase what has had its time, of all that belongs to cases; how many rows of each kind."""
    return {
        Kind.DRAFTS: _old(session, Draft, Draft.at < before(session, Kind.DRAFTS)),
        Kind.QUESTIONS: _old(
            session, OpenQuestion, OpenQuestion.handled_at < before(session, Kind.QUESTIONS)
        ),
        Kind.CALLBACKS: _callbacks(session),
        Kind.ALERTS: _old(session, AlertRow, AlertRow.over_at < before(session, Kind.ALERTS)),
        Kind.PARTIES: _parties(session),
    }


def _old(session: Session, table: type[Row], where: sa.ColumnElement[bool]) -> int:
    ids = session.scalars(sa.select(table.id).where(where).limit(AT_ONCE)).all()
    return erase(session, table, "id", ids)


def _callbacks(session: Session) -> int:
    ended = Callback.ended_at < before(session, Kind.CALLBACKS)
    ids = session.scalars(sa.select(Callback.id).where(ended).limit(AT_ONCE)).all()
    erase(session, CallTry, "callback_id", ids)
    return erase(session, Callback, "id", ids)


def _parties(session: Session) -> int:
    """The people of closed cases; the case itself and its register stay."""
    query = (
        sa.select(Party.id)
        .join(Case, Case.id == Party.case_id)
        .where(Case.closed_at < before(session, Kind.PARTIES), Case.outcome.is_not(None))
        .limit(AT_ONCE)
    )
    return erase(session, Party, "id", session.scalars(query).all())


def note(session: Session, counts: Mapping[Kind, int]) -> None:
    """Write what a run erased into the audit, by counts only; nothing when it was nothing."""
    told = ", ".join(f"{kind} {count}" for kind, count in counts.items() if count)
    if told:
        audit.note(session, "data.retention", staff_id=None, detail=told)
