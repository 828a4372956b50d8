"""People and requests for the tests of a case's life."""

import datetime as dt
import random
from typing import Any

from cases import queue
from cases.codes import fresh_code, fresh_pin
from cases.model import Case
from cases.province import load_province
from cases.queue import NewRequest
from cases.staff import Role, StaffMember
from cases.talking import Word
from cases.thread import Author
from store.session import Database, Session

PROVINCE = load_province("ca-mau")
CHANCE = random.Random(7)  # noqa: S311 - tests want the same codes each time


def hire(database: Database, username: str, role: Role, office: str | None) -> StaffMember:
    def add(session: Session) -> StaffMember:
        staff = StaffMember(
            username=username,
            role=role,
            office_id=office,
            password_hash="-",
            active=True,
            created_at=session.clock.now(),
        )
        staff.seal(session.vault, "name", username.title())
        session.add(staff)
        session.flush()
        return staff

    return database.transact_now(add)


def request(**changes: object) -> NewRequest:
    values: dict[str, Any] = {
        "code": fresh_code(CHANCE),
        "pin": fresh_pin(CHANCE),
        "conversation_id": "talk",
        "channel": "web",
        "language": "vi",
        "office_id": "nam-can",
        "routing_rule": "assigned",
        "routing_reason": "Chi nhánh Năm Căn phụ trách xã Đất Mới.",
        "commune": "32201",
        "field": "land",
        "urgent": False,
        "danger": None,
        "law_version": "11/2017/QH14@2026-01-01",
        "screening": "{}",
        "words": (Word(Author.CITIZEN, "Bị lấn đất", dt.datetime(2026, 11, 23, tzinfo=dt.UTC)),),
    }
    return NewRequest(**(values | changes))


def open_one(database: Database, **changes: object) -> Case:
    return database.transact_now(lambda session: queue.open_case(session, request(**changes)))
