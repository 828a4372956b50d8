"""The people who work at the desk: who they are, their role, and their office."""

import datetime as dt
from enum import StrEnum

import sqlalchemy as sa
from sqlalchemy.orm import Mapped, mapped_column

from store.base import Row


class Role(StrEnum):
    """What a staff member may do. `editor`, `admin` and `auditor` see no case content."""

    OFFICER = "officer"
    HEAD = "head"
    CENTRE = "centre"
    EDITOR = "editor"
    ADMIN = "admin"
    AUDITOR = "auditor"


RECEIVING = (Role.OFFICER, Role.HEAD, Role.CENTRE)
"""Who can take a request in."""


class StaffMember(Row):
    """One account of the desk."""

    __tablename__ = "staff"

    username: Mapped[str] = mapped_column(sa.String(60), unique=True)
    name: Mapped[bytes]
    """Sealed."""
    role: Mapped[Role]
    office_id: Mapped[str | None] = mapped_column(sa.String(30), index=True)
    """None for those who belong to no office (editor, admin, auditor)."""
    password_hash: Mapped[str] = mapped_column(sa.String(200))
    """Argon2id."""
    active: Mapped[bool] = mapped_column(default=True)
    unconfirmed: Mapped[bool] = mapped_column(default=False, server_default=sa.false())
    """Put there by one admin alone: sees no case until a leader has said who it is."""
    created_at: Mapped[dt.datetime]
    languages: Mapped[list[str]] = mapped_column(sa.JSON(), default=list, server_default="[]")
    """Spoken beside Vietnamese, by ISO 639 code."""
    specialisms: Mapped[list[str]] = mapped_column(sa.JSON(), default=list, server_default="[]")
    """Fields of law they are the one to ask about."""
