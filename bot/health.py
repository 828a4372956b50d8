"""Reads how the running of the whole stands, from the tables of both houses and the machine."""

import datetime as dt
import shutil
from collections.abc import Callable, Iterable
from pathlib import Path

import sqlalchemy as sa

from bot.channels.message import ChannelName
from bot.channels.zalo_tokens import ZaloTokens
from bot.inbox import InboxRow, InboxState
from cases.atlas import Atlas
from cases.health import ChannelHealth, Disk, Health, overdue_cases, unclaimed_by_office
from cases.staffing import able_offices
from knowledge.shelf import Shelf
from store import migrate
from store.incidents import ongoing
from store.marks import MarkName, mark_of
from store.outbox import Delivery, OutboxRow
from store.processes import processes
from store.session import Database, Session

_DAY = dt.timedelta(hours=24)
_REASONS = 3


def health_reader(
    database: Database, atlas: Atlas, shelf: Shelf, channels: Iterable[ChannelName]
) -> Callable[[Session], Health]:
    """A function that reads the health; `channels` are those that the settings switch on."""
    names = tuple(channels)
    wanted = migrate.head()
    file = None if database.on_postgres else Path(database.url.database or "")

    def read(session: Session) -> Health:
        now = session.clock.now()
        waiting, oldest = _inbox(session, now)
        able = able_offices(session)
        province = atlas.current
        return Health(
            at=now,
            channels=tuple(_channel(session, name, now) for name in names),
            inbox_waiting=waiting,
            inbox_oldest=oldest,
            processes=tuple(processes(session)),
            unclaimed=unclaimed_by_office(session),
            offices_without_staff=tuple(
                office.id for office in province.offices if office.active and office.id not in able
            ),
            overdue=overdue_cases(session),
            stale_articles=len(shelf.current.library.stale(session.clock.today())),
            backup=mark_of(session, MarkName.BACKUP),
            verify=mark_of(session, MarkName.VERIFY),
            schema=migrate.revision_of(session.connection()),
            wanted_schema=wanted,
            database_bytes=_bytes(session, file),
            disk=_disk(file),
            incidents=tuple(ongoing(session)),
        )

    return read


def _inbox(session: Session, now: dt.datetime) -> tuple[int, dt.timedelta | None]:
    count, since = session.execute(
        sa.select(sa.func.count(), sa.func.min(InboxRow.received_at)).where(
            InboxRow.state == InboxState.WAITING
        )
    ).one()
    return count, None if since is None else now - since


def _channel(session: Session, name: ChannelName, now: dt.datetime) -> ChannelHealth:
    mine = OutboxRow.channel == str(name)
    count, since = session.execute(
        sa.select(sa.func.count(), sa.func.min(OutboxRow.created_at)).where(
            mine, OutboxRow.state == Delivery.WAITING
        )
    ).one()
    ended: dict[Delivery, int] = dict(
        session.execute(
            sa.select(OutboxRow.state, sa.func.count())
            .where(mine, OutboxRow.state != Delivery.WAITING, OutboxRow.ended_at >= now - _DAY)
            .group_by(OutboxRow.state)
        ).all()
    )
    heard = session.scalar(
        sa.select(sa.func.max(InboxRow.received_at)).where(InboxRow.channel == name)
    )
    ends_at, failures = _token(session) if name is ChannelName.ZALO_OA else (None, 0)
    return ChannelHealth(
        name=str(name),
        waiting=count,
        oldest=None if since is None else now - since,
        heard_at=heard,
        sent=ended.get(Delivery.SENT, 0),
        refused=ended.get(Delivery.REFUSED, 0),
        unknown=ended.get(Delivery.UNKNOWN, 0),
        refusals=_refusals(session, name, now) if ended.get(Delivery.REFUSED) else (),
        token_ends_at=ends_at,
        token_failures=failures,
    )


def _refusals(session: Session, name: ChannelName, now: dt.datetime) -> tuple[tuple[str, int], ...]:
    number = sa.func.count()
    found = session.execute(
        sa.select(OutboxRow.reason, number)
        .where(
            OutboxRow.channel == str(name),
            OutboxRow.state == Delivery.REFUSED,
            OutboxRow.ended_at >= now - _DAY,
        )
        .group_by(OutboxRow.reason)
        .order_by(number.desc(), OutboxRow.reason)
        .limit(_REASONS)
    )
    return tuple((reason or "", count) for reason, count in found)


def _token(session: Session) -> tuple[dt.datetime | None, int]:
    row = session.scalar(sa.select(ZaloTokens).limit(1))
    return (None, 0) if row is None else (row.expires_at, row.failures)


def _bytes(session: Session, file: Path | None) -> int | None:
    if file is None:
        return session.scalar(sa.select(sa.func.pg_database_size(sa.func.current_database())))
    parts = (file.with_name(file.name + end) for end in ("", "-wal"))
    return sum(part.stat().st_size for part in parts if part.exists())


def _disk(file: Path | None) -> Disk | None:
    """Of PostgreSQL's machine nothing is known here; of this one, where it runs."""
    try:
        usage = shutil.disk_usage(file.parent if file is not None else Path.cwd())
    except OSError:
        return None
    return Disk(usage.free, usage.total)
