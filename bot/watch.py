"""Looks at how the running stands, remembers what is wrong, and calls the centre: once for each.

One process at a time looks, and whoever comes next goes on when it dies. A telling is leased
before it is sent, so two processes never tell the same; what could not be sent is tried again.
"""

import datetime as dt
import logging
from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass
from functools import partial
from typing import Final, assert_never

import sqlalchemy as sa

from bot.channels.message import Channel, Outbound, Receipt
from cases.atlas import Atlas
from cases.health import Health
from cases.province import Province
from store.incidents import Incident, IncidentKind, ongoing
from store.processes import SILENT
from store.session import Database, Session

log = logging.getLogger(__name__)

WATCH_SECONDS: Final = 15.0
WAITS_TOO_LONG: Final = dt.timedelta(minutes=10)
"""A message of a citizen, or to one, that has waited for so long means that something is wrong."""
TOKEN_ENDS_SOON: Final = dt.timedelta(hours=6)
"""A token is renewed half a day before its end: what is left now means that renewing fails."""
BACKUP_TOO_OLD: Final = dt.timedelta(hours=36)
DISK_FULL: Final = 0.1
"""The part of the disk that must stay free."""
_LEASE: Final = dt.timedelta(seconds=60)
_KEPT: Final = dt.timedelta(days=90)
_SETTLED: Final = dt.timedelta(minutes=2)
"""What is over so soon is not worth a call."""

Call = Callable[[str], Awaitable[bool]]
"""Sends one text to the centre; whether it got there."""


@dataclass(frozen=True)
class Wrong:
    """One thing that is wrong at this moment."""

    kind: IncidentKind
    subject: str = ""
    detail: str = ""


def what_is_wrong(health: Health) -> tuple[Wrong, ...]:
    """All that an operator has to know of."""
    found: list[Wrong] = []
    for channel in health.channels:
        if channel.oldest is not None and channel.oldest >= WAITS_TOO_LONG:
            found.append(Wrong(IncidentKind.OUTBOX_AGES, channel.name, _minutes(channel.oldest)))
        if channel.token_ends_at is not None:
            left = channel.token_ends_at - health.at
            if left <= TOKEN_ENDS_SOON:
                found.append(Wrong(IncidentKind.TOKEN_ENDS, channel.name, _hours(left)))
    if health.inbox_oldest is not None and health.inbox_oldest >= WAITS_TOO_LONG:
        found.append(Wrong(IncidentKind.INBOX_AGES, detail=_minutes(health.inbox_oldest)))
    if not any(one.role.works and health.at - one.beat_at < SILENT for one in health.processes):
        found.append(Wrong(IncidentKind.NO_WORKER))
    found += (Wrong(IncidentKind.NOBODY_AT_OFFICE, one) for one in health.offices_without_staff)
    if health.backup is not None and health.at - health.backup.at >= BACKUP_TOO_OLD:
        age = health.at - health.backup.at
        found.append(Wrong(IncidentKind.BACKUP_OLD, detail=_hours(age)))
    disk = health.disk
    if disk is not None and disk.free < disk.total * DISK_FULL:
        found.append(Wrong(IncidentKind.DISK_FULL, detail=f"{disk.free / 1e9:.1f} GB"))
    return tuple(found)


def _minutes(span: dt.timedelta) -> str:
    return f"{int(span.total_seconds() // 60)} phút"


def _hours(span: dt.timedelta) -> str:
    return f"{max(0, int(span.total_seconds() // 3600))} giờ"


def look(session: Session, health: Health) -> None:
    """Write down what has begun and what is over; nothing when another process is at it."""
    if not session.try_alone("watch"):
        return
    now = session.clock.now()
    wrong = {(one.kind, one.subject): one for one in what_is_wrong(health)}
    open_now = {(row.kind, row.subject): row for row in ongoing(session)}
    for key, row in open_now.items():
        if key not in wrong:
            row.over_at = now
    for key, one in wrong.items():
        if key not in open_now:
            session.add(
                Incident(kind=one.kind, subject=one.subject, detail=one.detail, began_at=now)
            )
    session.execute(sa.delete(Incident).where(Incident.over_at < now - _KEPT))


@dataclass(frozen=True)
class Telling:
    """A text that has to be sent, and which incident it is about."""

    incident_id: str
    over: bool
    text: str


def take_telling(session: Session, province: Province) -> Telling | None:
    """Lease the next thing that the centre has not been told of; None when it knows all."""
    now = session.clock.now()
    begun = sa.and_(
        Incident.told_at.is_(None),
        Incident.over_at.is_(None),
        Incident.began_at <= now - _SETTLED,
    )
    ended = sa.and_(
        Incident.told_at.is_not(None),
        Incident.over_at.is_not(None),
        Incident.over_told_at.is_(None),
    )
    row = session.scalar(
        sa.select(Incident)
        .where(
            sa.or_(begun, ended),
            sa.or_(Incident.leased_until.is_(None), Incident.leased_until < now),
        )
        .order_by(Incident.began_at, Incident.id)
        .limit(1)
        .with_for_update(skip_locked=True)
    )
    if row is None:
        return None
    row.leased_until = now + _LEASE
    over = row.over_at is not None
    return Telling(row.id, over, text_of(row, province, over=over))


def told(session: Session, telling: Telling) -> None:
    """Write down that the centre knows."""
    row = session.get(Incident, telling.incident_id)
    if row is None:
        return
    now = session.clock.now()
    row.leased_until = None
    if telling.over:
        row.over_told_at = now
    else:
        row.told_at = now


async def watch(
    database: Database,
    atlas: Atlas,
    read_health: Callable[[Session], Health],
    call: Call | None,
) -> None:
    """One round: look, then tell what has to be told. Without a `call` it is only written down."""
    health = await database.read(read_health)  # nobody who writes waits for the counting
    await database.transact(partial(look, health=health))
    while call is not None:
        telling = await database.transact(partial(take_telling, province=atlas.current))
        if telling is None or not await call(telling.text):
            return
        await database.transact(partial(told, telling=telling))


def caller(channel: Channel, chat: str) -> Call:
    """Calls by a channel of ours, to a chat that is no citizen's."""

    async def call(text: str) -> bool:
        sent = await channel.send(chat, Outbound(text))
        if not isinstance(sent, Receipt):
            log.warning("the centre can't be told: %s", type(sent).__name__)
        return isinstance(sent, Receipt)

    return call


_CHANNELS: Mapping[str, str] = {
    "web": "trang web",
    "telegram": "Telegram",
    "telegram_desk": "nhóm cán bộ trên Telegram",
    "zalo_oa": "Zalo OA",
    "zalo_bot": "Zalo Bot",
}


def channel_name(name: str) -> str:
    """A channel as people call it."""
    return _CHANNELS.get(name, name)


def text_of(row: Incident, province: Province, *, over: bool) -> str:
    """What the centre reads: no word of a case, only what to look at."""
    head = "✅ Đã ổn" if over else "⚠️ Tràm cần người xem"
    match row.kind:
        case IncidentKind.OUTBOX_AGES:
            what = f"tin gửi bà con qua {channel_name(row.subject)} bị chậm"
        case IncidentKind.INBOX_AGES:
            what = "tin của bà con chờ trả lời quá lâu"
        case IncidentKind.NO_WORKER:
            what = "không tiến trình xử lý nào đang chạy"
        case IncidentKind.TOKEN_ENDS:
            what = f"mã truy cập {channel_name(row.subject)} sắp hết hạn, chưa gia hạn được"
        case IncidentKind.NOBODY_AT_OFFICE:
            office = next((one.name for one in province.offices if one.id == row.subject), "")
            what = f"chưa có ai nhận yêu cầu ở {office or row.subject}"
        case IncidentKind.BACKUP_OLD:
            what = "bản sao lưu đã cũ"
        case IncidentKind.DISK_FULL:
            what = "ổ đĩa sắp đầy"
        case _:
            assert_never(row.kind)
    detail = f" ({row.detail})" if row.detail and not over else ""
    return f"{head}: {what}{detail}."
