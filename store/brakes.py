"""Brakes on guessing, shared by all processes: how often somebody tried wrongly, and their wait.

The keys are keyed fingerprints, so the table names nobody and no address; a row goes when it has
nothing to hold back any more. A try is counted before it is checked, in one transaction with the
look at the count: else many at once, or in many processes, would all pass.
"""

import datetime as dt
from dataclasses import dataclass

import sqlalchemy as sa
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
    now = session.clock.now()
    waits = [_NOTHING]
    for count in counts:
        row = _living(session, count.key(session), now)
        if row is not None:
            waits.append(count.rule.wait(row.times, row.at, now))
    return max(waits)


def count_try(session: Session, *counts: Count) -> dt.timedelta:
    """Count a try under each, unless one of them has to wait: then for how long."""
    for key in sorted(count.key(session) for count in counts):
        session.one_at_a_time(f"brake:{key}")
    held = wait(session, *counts)
    if not held:
        for count in counts:
            _add(session, count)
    _sweep(session)
    return held


def _add(session: Session, count: Count) -> None:
    now, key = session.clock.now(), count.key(session)
    row = session.get(Brake, key)
    if row is None:
        row = Brake(key=key, times=0, at=now, forget_at=now)
        session.add(row)
    if row.forget_at <= now:
        row.times, row.at = 0, now
    row.times += 1
    if isinstance(count.rule, Doubling):
        row.at = now
    row.forget_at = row.at + count.rule.kept
    session.flush()


def take_back(session: Session, *counts: Count) -> None:
    """It was no wrong try: a window loses one, a doubling wait is over."""
    for count in sorted(counts, key=lambda one: one.key(session)):
        key = count.key(session)
        mine = Brake.key == key
        match count.rule:
            case Doubling():
                session.execute(sa.delete(Brake).where(mine))
            case Window():
                less = sa.update(Brake).where(mine, Brake.times > 0)
                session.execute(less.values(times=Brake.times - 1))


def _living(session: Session, key: str, now: dt.datetime) -> Brake | None:
    row = session.get(Brake, key, populate_existing=True)
    return row if row is not None and row.forget_at > now else None


def _sweep(session: Session) -> None:
    """Forget what holds nobody back any more; what another transaction counts now is left."""
    over = sa.select(Brake.key).where(Brake.forget_at <= session.clock.now())
    keys = session.scalars(over.limit(_SWEPT_AT_ONCE).with_for_update(skip_locked=True)).all()
    if keys:
        session.execute(sa.delete(Brake).where(Brake.key.in_(keys)))
