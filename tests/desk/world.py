"""A small world for the tests of the desk: staff, requests, and a browser of httpx."""

import datetime as dt
import io
import json
import random
from collections.abc import Mapping
from dataclasses import dataclass, field
from functools import partial
from typing import Any

import httpx
import sqlalchemy as sa
from argon2 import PasswordHasher
from fastapi import FastAPI
from PIL import Image

from bot.channels.message import ChannelName
from bot.health import health_reader
from bot.texts import load_about, load_texts
from cases import queue, talking
from cases.atlas import Atlas
from cases.codes import fresh_code, fresh_pin
from cases.model import Case
from cases.province import Province, load_province
from cases.staff import Role, StaffMember
from cases.thread import Author
from cases.wordbook import Wordbook
from desk.app import make_desk
from desk.factors import Policy
from knowledge.library import load_library
from knowledge.shelf import Shelf
from store import files
from store.session import Database, Session

PASSWORD = "sông nước miền tây 77"
# Cheap on purpose: a hash carries its own cost, and most tests are not about passwords.
_HASHED = PasswordHasher(time_cost=1, memory_cost=8, parallelism=1).hash(PASSWORD)
ADDRESS = "http://tram.test"
PROVINCE = load_province("ca-mau")
SHELF = Shelf(load_library())
"""What the files say; nothing is published in most tests."""

STAFF: Mapping[str, tuple[Role, str | None]] = {
    "lan": (Role.OFFICER, "u-minh"),
    "minh": (Role.OFFICER, "u-minh"),
    "hai": (Role.HEAD, "u-minh"),
    "tam": (Role.OFFICER, "nam-can"),
    "trung": (Role.CENTRE, "centre"),
    "quan": (Role.ADMIN, None),
    "bien": (Role.EDITOR, None),
    "kiem": (Role.AUDITOR, None),
}
"""Username, role and office; the password of all is `PASSWORD`."""

_source = random.Random(7)  # noqa: S311 - codes of a test


def hire(session: Session, username: str, role: Role, office_id: str | None) -> str:
    """Create an account and return its id."""
    staff = StaffMember(
        username=username,
        role=role,
        office_id=office_id,
        password_hash=_HASHED,
        active=True,
        created_at=session.clock.now(),
    )
    staff.seal(session.vault, "name", f"Cán bộ {username.title()}")
    session.add(staff)
    session.flush()
    return staff.id


def photo(width: int = 300, height: int = 400, *, exif: bool = True) -> bytes:
    """A JPEG as a phone takes it, with the place in its EXIF."""
    image = Image.new("RGB", (width, height), "#c8b48c")
    kept = Image.Exif()
    if exif:
        kept[0x010F] = "A PHONE OF MINE"
        kept.get_ifd(0x8825)[1] = "N"
    content = io.BytesIO()
    image.save(content, "JPEG", exif=kept)
    return content.getvalue()


SCREENING = {
    "facts": {"age": 67, "household": "near_poor", "hiv": None},
    "outcome": "likely",
    "grounds": [
        {
            "id": "elderly",
            "law": "Luật 11/2017/QH14, Điều 7 khoản 7 điểm c",
            "said": "Người cao tuổi có khó khăn về tài chính",
            "verified": False,
        }
    ],
    "papers": ["near_poor_certificate", "Giấy tờ khác"],
    "relation": "self",
    "fields": ["land", "civil"],
    "place": "xã Nguyễn Phích",
    "on": "2026-11-23",
}


def open_case(
    session: Session,
    *,
    office_id: str = "u-minh",
    words: tuple[str, ...] = ("Tôi bị lấn đất",),
    photo: bytes | None = None,
    urgent: bool = False,
    danger: str | None = None,
    screening: Mapping[str, object] = SCREENING,
    conversation_id: str | None = None,
) -> str:
    """A citizen's request as the assistant hands it over; returns the case's id."""
    now = session.clock.now()
    said = [talking.Word(Author.CITIZEN, text, now) for text in words]
    if photo is not None:
        kept = files.keep(
            session, photo, media_type="image/jpeg", name="giấy đất.jpg", conversation_id=None
        )
        said.append(talking.Word(Author.CITIZEN, "", now, kept.id))
    case = queue.open_case(
        session,
        queue.NewRequest(
            code=fresh_code(_source),
            pin=fresh_pin(_source),
            conversation_id=conversation_id or f"{_source.getrandbits(64):032x}",
            channel="web",
            language="vi",
            office_id=office_id,
            routing_rule="assignment",
            routing_reason="Chi nhánh U Minh (chờ xác nhận) phụ trách xã Nguyễn Phích",
            commune="32047",
            field="land",
            urgent=urgent,
            danger=danger,
            law_version="statute-2017@2026-01-01",
            screening=json.dumps(screening, ensure_ascii=False),
            words=tuple(said),
        ),
    )
    queue.note_contact(
        session,
        case,
        json.dumps({"phone": "0912345678", "hours": "8–10 giờ sáng", "note": "gặp cô Ba"}),
        "0912345678",
    )
    return case.id


@dataclass
class World:
    """The desk over a database, with staff hired."""

    database: Database
    atlas: Atlas = field(default_factory=lambda: Atlas(PROVINCE))
    ids: dict[str, str] = field(default_factory=dict)
    shelf: Shelf = SHELF
    policy: Policy = field(default_factory=Policy)
    """What second factor is asked for."""
    wordbook: Wordbook = field(default_factory=lambda: Wordbook(load_texts(), load_about()))
    stopping: bool = False
    """What the server would say if its streams asked whether to end."""

    def __post_init__(self) -> None:
        self.ids |= self.database.transact_now(
            lambda session: {
                username: hire(session, username, role, office_id)
                for username, (role, office_id) in STAFF.items()
            }
        )
        self.desk = make_desk(
            self.database,
            self.atlas,
            self.shelf,
            self.wordbook,
            secure_cookies=False,
            stopping=lambda: self.stopping,
            read_health=health_reader(
                self.database, self.atlas, self.shelf, (ChannelName.WEB, ChannelName.ZALO_OA)
            ),
            policy=self.policy,
        )
        self.app = FastAPI(openapi_url=None)
        self.app.mount("/desk", self.desk)

    @property
    def province(self) -> Province:
        return self.atlas.current

    def browser(self) -> "Browser":
        """A browser that nobody has signed in with."""
        return Browser(transport=httpx.ASGITransport(self.app), base_url=ADDRESS)

    async def signed_in(self, username: str) -> "Browser":
        """A browser in which somebody has signed in."""
        browser = self.browser()
        answer = await browser.sign_in(username)
        assert answer.status_code == 303, answer.text
        return browser

    def open_case(self, **told: Any) -> str:
        return self.database.transact_now(partial(open_case, **told))

    def case(self, case_id: str) -> Case:
        found = self.database.read_now(lambda session: session.get(Case, case_id))
        assert found is not None
        return found

    def staff(self, username: str) -> StaffMember:
        query = sa.select(StaffMember).where(StaffMember.username == username)
        return self.database.read_now(lambda session: session.scalars(query).one())

    def count(self, rows: sa.Select[Any]) -> int:
        counted = sa.select(sa.func.count()).select_from(rows.subquery())
        return self.database.read_now(lambda session: session.scalar(counted)) or 0


class Browser(httpx.AsyncClient):
    """httpx with the manners of a browser."""

    async def sign_in(
        self, username: str, password: str = PASSWORD, **fields: str
    ) -> httpx.Response:
        fields |= {"username": username, "password": password}
        return await self.press("/desk/sign-in", **fields)

    async def press(self, path: str, by_script: bool = False, /, **fields: str) -> httpx.Response:
        """Submit a form of our own page."""
        headers = {"Sec-Fetch-Site": "same-origin"} | ({"HX-Request": "true"} if by_script else {})
        return await self.post(path, data=fields, headers=headers)


MINUTE = dt.timedelta(minutes=1)
