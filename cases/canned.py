"""Replies that are written once and said often, of the province or of one office, with blanks.

They hold nothing of any case. All functions work inside the caller's transaction and never commit.
"""

import datetime as dt
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from enum import StrEnum
from functools import cache
from pathlib import Path

import sqlalchemy as sa
from sqlalchemy.orm import Mapped, mapped_column

from cases.life import RefusedError
from cases.staff import Role, StaffMember
from knowledge.vietnamese import clean, fold
from store import audit
from store.base import Row
from store.datafile import DataFileError, load
from store.session import Session

LONGEST_KEY = 30
LONGEST_TEXT = 2000
"""Letters; a reply may be 3,000, and the officer adds words of their own."""
_KEY = re.compile(r"[^\W_]+(-[^\W_]+)*")
_STARTERS = Path(__file__).with_name("canned.yaml")
_BLANK = re.compile(r"\{([^{}\n]{1,40})\}")


class Blank(StrEnum):
    """What a reply leaves open, as it is written between braces."""

    NAME = "tên"
    CODE = "mã hồ sơ"
    """The code of the register; unknown until the case is accepted."""
    OFFICE = "chi nhánh"
    DATE = "ngày hẹn"
    """Always for the officer to fill in."""


_BY_FOLDED = {fold(blank): blank for blank in Blank}


class CannedReply(Row):
    """One reply, by the word that it is called with."""

    __tablename__ = "canned_replies"

    office_id: Mapped[str | None] = mapped_column(sa.String(30), index=True)
    """None: for the whole province."""
    key: Mapped[str] = mapped_column(sa.String(LONGEST_KEY))
    text: Mapped[str] = mapped_column(sa.Text)
    staff_id: Mapped[str] = mapped_column(sa.ForeignKey(StaffMember.id))
    """Who wrote it last."""
    at: Mapped[dt.datetime]


@dataclass(frozen=True, slots=True)
class Filled:
    """A reply with the known blanks filled in."""

    key: str
    text: str
    left: tuple[str, ...]
    """The blanks that are still open."""


def blanks_in(text: str) -> tuple[tuple[str, Blank | None], ...]:
    """What stands between braces, as it is written, and which blank it is."""
    return tuple(
        (match.group(1), _BY_FOLDED.get(fold(clean(match.group(1)))))
        for match in _BLANK.finditer(text)
    )


def left_open(text: str) -> tuple[str, ...]:
    """The blanks that a text still has; other words between braces are the officer's own."""
    return tuple(dict.fromkeys(blank for _, blank in blanks_in(text) if blank is not None))


def fill(reply: CannedReply, values: Mapping[Blank, str | None]) -> Filled:
    """Put in what is known."""

    def known(match: re.Match[str]) -> str:
        blank = _BY_FOLDED.get(fold(clean(match.group(1))))
        return (values.get(blank) if blank else None) or match.group()

    text = _BLANK.sub(known, reply.text)
    return Filled(reply.key, text, left_open(text))


def may_write(staff: StaffMember, office_id: str | None) -> bool:
    """Whether somebody may write the replies of an office, or of the province (None)."""
    if staff.role in (Role.CENTRE, Role.ADMIN):
        return True
    return staff.role is Role.HEAD and office_id is not None and office_id == staff.office_id


def for_office(session: Session, office_id: str | None) -> Sequence[CannedReply]:
    """The replies that an office says: its own before the province's of the same word."""
    query = sa.select(CannedReply).where(
        sa.or_(CannedReply.office_id.is_(None), CannedReply.office_id == office_id)
    )
    found = session.scalars(query.order_by(CannedReply.key, CannedReply.office_id.is_(None))).all()
    first = {fold(one.key): one for one in reversed(found)}
    return tuple(one for one in found if first[fold(one.key)] is one)


def all_replies(session: Session, staff: StaffMember) -> Sequence[CannedReply]:
    """Those that somebody may write, and the province's to read; in the order of their words."""
    query = sa.select(CannedReply)
    if staff.role is Role.HEAD:
        mine = CannedReply.office_id == staff.office_id
        query = query.where(sa.or_(CannedReply.office_id.is_(None), mine))
    order = (CannedReply.office_id.is_not(None), CannedReply.office_id, CannedReply.key)
    return session.scalars(query.order_by(*order)).all()


def save(
    session: Session,
    staff: StaffMember,
    *,
    office_id: str | None,
    key: str,
    text: str,
    reply_id: str | None = None,
) -> CannedReply:
    """Write a new reply, or another text or word for one.

    Raises:
        RefusedError: `not_your_replies`, `no_such_reply`, `empty`, `bad_key` (not one short word),
            `key_taken`, `too_long`, `unknown_blank`.
    """
    word, words = clean(key).lower().removeprefix("/"), text.replace("\r\n", "\n").strip()
    found = _writable(session, staff, reply_id) if reply_id is not None else None
    if not may_write(staff, office_id):
        raise RefusedError("not_your_replies")
    if not words:
        raise RefusedError("empty")
    if len(words) > LONGEST_TEXT:
        raise RefusedError("reply_too_long")
    if not _KEY.fullmatch(word) or len(word) > LONGEST_KEY:
        raise RefusedError("bad_key")
    if any(blank is None for _, blank in blanks_in(words)):
        raise RefusedError("unknown_blank")
    session.one_at_a_time("canned")
    there = sa.select(CannedReply).where(CannedReply.office_id.is_not_distinct_from(office_id))
    for one in session.scalars(there):
        if fold(one.key) == fold(word) and one is not found:
            raise RefusedError("key_taken")
    now = session.clock.now()
    if found is None:
        found = CannedReply(office_id=office_id, key=word, text=words, staff_id=staff.id, at=now)
        session.add(found)
    found.office_id, found.key, found.text = office_id, word, words
    found.staff_id, found.at = staff.id, now
    audit.note(session, "canned.write", staff_id=staff.id, subject=found.id)
    return found


@cache
def starters(path: Path = _STARTERS) -> Mapping[str, str]:
    """The shipped replies to begin with, by the word that each is called with.

    Raises:
        DataFileError: the file is wrong, or the desk would refuse one of them.
    """
    found = load(path, dict[str, str])
    for key, text in found.items():
        if not _KEY.fullmatch(key) or len(key) > LONGEST_KEY or not text.strip():
            raise DataFileError(path, None, f"{key}: not one short word with a text")
        if unknown := [word for word, blank in blanks_in(text) if blank is None]:
            raise DataFileError(path, None, f"{key}: there is no blank {', '.join(unknown)}")
    return found


def starters_left(session: Session, office_id: str | None) -> tuple[str, ...]:
    """The shipped ones that an office (None: the province) does not say yet, by their words."""
    said = {fold(one.key) for one in for_office(session, office_id)}
    return tuple(key for key in starters() if fold(key) not in said)


def take_starters(session: Session, staff: StaffMember, office_id: str | None) -> None:
    """Take over the shipped replies that are not said yet; from here on they are one's own.

    Raises:
        RefusedError: `not_your_replies`.
    """
    if not may_write(staff, office_id):
        raise RefusedError("not_your_replies")
    for key in starters_left(session, office_id):
        save(session, staff, office_id=office_id, key=key, text=starters()[key])


def remove(session: Session, staff: StaffMember, reply_id: str) -> None:
    """Take a reply away.

    Raises:
        RefusedError: `not_your_replies`, `no_such_reply`.
    """
    session.delete(_writable(session, staff, reply_id))
    audit.note(session, "canned.remove", staff_id=staff.id, subject=reply_id)


def _writable(session: Session, staff: StaffMember, reply_id: str) -> CannedReply:
    found = session.get(CannedReply, reply_id)
    if found is None:
        raise RefusedError("no_such_reply")
    if not may_write(staff, found.office_id):
        raise RefusedError("not_your_replies")
    return found
