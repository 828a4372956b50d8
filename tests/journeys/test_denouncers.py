"""Nothing that shows who denounces whom is kept anywhere, sealed or not."""

import logging
from pathlib import Path

import pytest
import sqlalchemy as sa

from bot.channels.message import FetchedFile, InboundKind
from bot.worker import Worker
from cases.staff import StaffMember
from store.base import Base, Row
from store.crypto import SealError
from store.files import StoredFile
from store.session import Database, Session
from tests.journeys.conftest import Citizen, ListeningChannel, said
from tests.journeys.test_shared_phones import opened
from tests.journeys.wording import is_said

CANARY = "Khuất Tấn Rạng"
PHOTO = b"\xff\xd8\xff\xe0" + b"tang chung" * 20


def every_word(session: Session) -> str:
    """All that is kept, opened: each column of each row of each table."""
    found: list[str] = []
    for mapper in Base.registry.mappers:
        for row in session.scalars(sa.select(mapper.class_)):
            for column in mapper.column_attrs:
                value = getattr(row, column.key)
                if isinstance(value, bytes):
                    value = _opened(session, row, column.key, value)
                found.append(str(value))
    return "\n".join(found)


def _opened(session: Session, row: object, column: str, value: bytes) -> str:
    try:
        return (row.open(session.vault, column) or "") if isinstance(row, Row) else repr(value)
    except (SealError, UnicodeDecodeError):
        return repr(value)


async def test_of_a_denunciation_neither_database_nor_disk_nor_log_keeps_a_word(
    sqlite: Database,
    worker: Worker,
    channel: ListeningChannel,
    caplog: pytest.LogCaptureFixture,
) -> None:
    caplog.set_level(logging.DEBUG)
    citizen = Citizen(sqlite, Worker(sqlite, worker._rooms, {channel.name: channel}), channel)
    channel.files["f1"] = FetchedFile(PHOTO, f"{CANARY}.jpg")
    await citizen.starts()

    told = await citizen.writes(f"Tôi muốn tố cáo ông {CANARY} chủ tịch xã ăn chặn tiền cứu trợ")
    assert is_said("denounce.way", said(told))
    await citizen.writes(f"Ông {CANARY} lấy của mỗi nhà hai triệu, hôm mùng năm, có vợ ổng thấy.")
    await citizen.writes(f"Nơi đó có nói lại cho ông {CANARY} nghe không?")
    file = {"reference": "f1", "name": f"{CANARY}.jpg", "media_type": None, "size": len(PHOTO)}
    await citizen.event(kind=InboundKind.FILE, text=f"ông {CANARY} đây", file=file)

    kept = sqlite.read_now(every_word)
    assert "chủ tịch xã ăn chặn" not in kept
    assert CANARY not in kept
    assert sqlite.read_now(lambda session: session.scalars(sa.select(StoredFile)).all()) == []
    for path in Path(sqlite.url.database or "").parent.iterdir():
        assert CANARY.encode() not in path.read_bytes(), path
    assert CANARY not in caplog.text


async def test_what_is_looked_through_would_be_found(
    sqlite: Database, worker: Worker, channel: ListeningChannel
) -> None:
    citizen = Citizen(sqlite, Worker(sqlite, worker._rooms, {channel.name: channel}), channel)
    await citizen.writes(f"Ông {CANARY} mượn tiền tôi hồi năm ngoái, giờ không trả.")

    assert CANARY in sqlite.read_now(every_word)


async def test_a_request_sent_after_that_carries_nothing_of_it(
    citizen: Citizen, officer: StaffMember, database: Database
) -> None:
    await citizen.writes(f"Tôi muốn tố cáo ông {CANARY} chủ tịch xã ăn chặn tiền cứu trợ")
    await opened(citizen)

    assert CANARY not in database.read_now(every_word)
