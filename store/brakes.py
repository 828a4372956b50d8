"""Brakes on guessing, shared by all processes: how often somebody tried wrongly, and their wait.

The keys are keyed fingerprints, so the table names nobody and no address; a row goes when it has
nothing to hold back any more. A try is counted before it is checked, in one transaction with the
look at the count: else many at once, or in many processes, would all pass.
"""

import datetime as dt
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any, cast

import sqlalchemy as sa
from sqlalchemy.dialects import postgresql, sqlite
from sqlalchemy.orm import Mapped, mapped_column

from store.base import Base
from store.session import Session

_SWEPT_AT_ONCE = 100
_NOTHING = dt.timedelta(0)


class Brake(Base):
    """The tries that count under one key."""

    __tablename__ = "brakes"

    key: Mapped[str] = mapped_column(sa.String(64), primary_key=True)
    """Keyed fingerprint of what is tried, or of who tries."""
    times: Mapped[int]
    at: Mapped[dt.datetime]
    """The last try, or when the window began: as its rule counts."""
    forget_at: Mapped[dt.datetime] = mapped_column(index=True)


@dataclass(frozen=True)
class Doubling:
    """Some tries are free; then the wait doubles with each, up to a longest one."""

    free_tries: int
    first_wait: dt.timedelta
    longest_wait: dt.timedelta

    def wait(self, times: int, at: dt.datetime, now: dt.datetime) -> dt.timedelta:
        if times < self.free_tries:
            return _NOTHING
        doublings = min(times - self.free_tries, 20)
        until = at + min(self.first_wait * (1 << doublings), self.longest_wait)
        return max(until - now, _NOTHING)

    @property
    def kept(self) -> dt.timedelta:
        """How long a row counts after its moment."""
        return 2 * self.longest_wait


@dataclass(frozen=True)
class Window:
    """So many tries in a stretch of time, which begins with the first one."""

    most: int
    within: dt.timedelta

    def wait(self, times: int, at: dt.datetime, now: dt.datetime) -> dt.timedelta:
        return max(at + self.within - now, _NOTHING) if times >= self.most else _NOTHING

    @property
    def kept(self) -> dt.timedelta:
        """How long a row counts after its moment."""
        return self.within


@dataclass(frozen=True)
class Count:
    """What is counted: of one kind, under one name, by one rule."""

    kind: str
    whose: str
    rule: Doubling | Window

    def key(self, session: Session) -> str:
        return session.vault.blind(f"brakes.{self.kind}", self.whose)


def wait(session: Session, *counts: Count) -> dt.timedelta:
    """How long the next try has to wait; nothing when it may be made now. Only reads."""
    keys = {count.key(session): count for count in counts}
    return _wait(keys, _living(session, keys), session.clock.now())


def count_try(session: Session, *counts: Count) -> dt.timedelta:
    """Count a try under each, unless one of them has to wait: then for how long."""
    keys = {count.key(session): count for count in counts}
    for key in sorted(keys):
        session.one_at_a_time(f"brake:{key}")
    now, living = session.clock.now(), _living(session, keys)
    held = _wait(keys, living, now)
    if not held:
        tried = [_tried(key, count, living.get(key), now) for key, count in keys.items()]
        session.execute(_KEEP_ON_POSTGRES if session.on_postgres else _KEEP_ON_SQLITE, tried)
        if len(living) < len(keys):  # whoever adds a row takes some away that are over
            session.execute(_SWEEP, {"now": now})
    return held


def take_back(session: Session, *counts: Count) -> None:
    """It was no wrong try: a window loses one, a doubling wait is over."""
    for key, count in sorted((one.key(session), one) for one in counts):
        match count.rule:
            case Doubling():
                session.execute(_FORGET, {"brake": key})
            case Window():
                session.execute(_ONE_LESS, {"brake": key})


@dataclass(frozen=True)
class _Row:
    times: int
    at: dt.datetime


def _living(session: Session, keys: Iterable[str]) -> dict[str, _Row]:
    asked = {"keys": list(keys), "now": session.clock.now()}
    return {key: _Row(times, at) for key, times, at in session.execute(_LIVING, asked)}


def _wait(keys: Mapping[str, Count], living: Mapping[str, _Row], now: dt.datetime) -> dt.timedelta:
    waits = (keys[key].rule.wait(row.times, row.at, now) for key, row in living.items())
    return max(waits, default=_NOTHING)


def _tried(key: str, count: Count, row: _Row | None, now: dt.datetime) -> dict[str, object]:
    """The row after one more try."""
    begins = row is None or isinstance(count.rule, Doubling)
    at = now if begins or row is None else row.at
    times = 1 if row is None else row.times + 1
    return {"key": key, "times": times, "at": at, "forget_at": at + count.rule.kept}


# Built once: on each try of many they are most of the work.
_TABLE = cast("sa.Table", Brake.__table__)
_NOW = sa.bindparam("now", type_=_TABLE.c.forget_at.type)
_LIVING = sa.select(_TABLE.c.key, _TABLE.c.times, _TABLE.c.at).where(
    _TABLE.c.key.in_(sa.bindparam("keys", expanding=True)), _TABLE.c.forget_at > _NOW
)


def _keep(insert: Any) -> Any:
    taken = {name: insert.excluded[name] for name in ("times", "at", "forget_at")}
    return insert.on_conflict_do_update(index_elements=(_TABLE.c.key,), set_=taken)


_KEEP_ON_SQLITE = _keep(sqlite.insert(_TABLE))
_KEEP_ON_POSTGRES = _keep(postgresql.insert(_TABLE))
_FORGET = sa.delete(_TABLE).where(_TABLE.c.key == sa.bindparam("brake"))
_ONE_LESS = (
    sa.update(_TABLE)
    .where(_TABLE.c.key == sa.bindparam("brake"), _TABLE.c.times > 0)
    .values(times=_TABLE.c.times - 1)
)
# What holds nobody back any more; what another transaction counts now is left.
_SWEEP = sa.delete(_TABLE).where(
    _TABLE.c.key.in_(
        sa.select(_TABLE.c.key)
        .where(_TABLE.c.forget_at <= _NOW)
        .limit(_SWEPT_AT_ONCE)
        .with_for_update(skip_locked=True)
    )
)
