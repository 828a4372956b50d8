"""The Telegram groups of the branches: which group is whose, who is who in it, what stands there.

A group is a second window of the desk, never a second set of rules: what somebody does in it goes
through the same functions, for the same account, as on the web desk. All functions work inside
the caller's transaction and never commit.
"""

import datetime as dt
import random
from collections.abc import Sequence
from enum import StrEnum

import sqlalchemy as sa
from sqlalchemy.orm import Mapped, mapped_column

from cases.access import NotFoundError
from cases.codes import fresh_code, read_code, spaced
from cases.model import Case
from cases.staff import Role, StaffMember
from cases.thread import ThreadEntry
from store import audit, events
from store.base import Row
from store.session import Session

CODE_LASTS = dt.timedelta(minutes=15)
"""How long a linking code may be used; each is good once."""


ANEW = -1
"""In place of the last event seen: every case of the office is looked at anew."""


class Trouble(StrEnum):
    """Why nothing can be posted in a group now; its requests wait on the web desk as ever."""

    UNCHECKED = "unchecked"
    """Just linked: whether the assistant may work there is being asked."""
    NOT_FORUM = "not_forum"
    NO_RIGHTS = "no_rights"
    GONE = "gone"
    """The assistant was put out of the group, or the group is no more."""


class ChatGroup(Row):
    """The group of one office. An office has one at most, and a group serves one office."""

    __tablename__ = "chat_groups"

    office_id: Mapped[str] = mapped_column(sa.String(30), unique=True)
    chat_id: Mapped[str] = mapped_column(sa.String(20), unique=True)
    """Telegram's own number of the group; it changes when a group becomes a supergroup."""
    trouble: Mapped[Trouble | None]
    shows_words: Mapped[bool]
    """Whether the citizen's words stand in the thread once somebody holds the case."""
    deletes: Mapped[bool]
    """Whether the thread of an ended case is deleted; else it is closed."""
    check_wanted: Mapped[bool]
    """Somebody asked to look again whether the assistant may work there."""
    seen_event: Mapped[int] = mapped_column(sa.BigInteger)
    """The last event whose case was brought up to date here, or `ANEW`."""
    linked_by: Mapped[str] = mapped_column(sa.ForeignKey(StaffMember.id))
    linked_at: Mapped[dt.datetime]


class ChatMember(Row):
    """The Telegram account of a staff member."""

    __tablename__ = "chat_members"

    staff_id: Mapped[str] = mapped_column(sa.ForeignKey(StaffMember.id), unique=True)
    user_index: Mapped[str] = mapped_column(sa.String(64), unique=True)
    """Blind index of Telegram's number of the person."""
    linked_at: Mapped[dt.datetime]


class CodeFor(StrEnum):
    """What a linking code links."""

    GROUP = "group"
    PERSON = "person"


class LinkCode(Row):
    """A code that was shown on the web desk, to be typed in Telegram."""

    __tablename__ = "link_codes"

    kind: Mapped[CodeFor]
    code_index: Mapped[str] = mapped_column(sa.String(64), unique=True)
    staff_id: Mapped[str] = mapped_column(sa.ForeignKey(StaffMember.id), index=True)
    office_id: Mapped[str | None] = mapped_column(sa.String(30))
    expires_at: Mapped[dt.datetime]


class ChatTopic(Row):
    """The thread of one case in one group."""

    __tablename__ = "chat_topics"
    __table_args__ = (sa.UniqueConstraint("group_id", "case_id"),)

    group_id: Mapped[str] = mapped_column(sa.ForeignKey(ChatGroup.id, ondelete="CASCADE"))
    case_id: Mapped[str] = mapped_column(sa.ForeignKey(Case.id), index=True)
    thread_id: Mapped[int | None] = mapped_column(sa.BigInteger)
    """Telegram's number of the thread; None until it is made, or after somebody deleted it."""
    head_id: Mapped[int | None] = mapped_column(sa.BigInteger)
    """The message with the buttons."""
    told: Mapped[str | None] = mapped_column(sa.String(200))
    """How the case stood when the message with the buttons was last written."""
    ended_at: Mapped[dt.datetime | None]


class Told(StrEnum):
    """What of an entry was told in a thread."""

    WORDS = "words"
    FAILED = "failed"
    """That it did not reach the citizen."""


class ChatTold(Row):
    """An entry of a case that stands, or is about to stand, in a thread."""

    __tablename__ = "chat_told"
    __table_args__ = (sa.UniqueConstraint("topic_id", "entry_id", "what"),)

    topic_id: Mapped[str] = mapped_column(sa.ForeignKey(ChatTopic.id, ondelete="CASCADE"))
    entry_id: Mapped[str] = mapped_column(sa.ForeignKey(ThreadEntry.id))
    what: Mapped[Told]


# --- who may link ---------------------------------------------------------------------------------


def may_keep(staff: StaffMember, office_id: str) -> bool:
    """Whether somebody may link, change and unlink the group of an office."""
    if staff.role in (Role.CENTRE, Role.ADMIN):
        return True
    return staff.role is Role.HEAD and staff.office_id == office_id


def _index(session: Session, user_id: int) -> str:
    return session.vault.blind("chat_members.user", str(user_id))


def new_code(
    session: Session,
    staff: StaffMember,
    kind: CodeFor,
    source: random.Random,
    office_id: str | None = None,
) -> str:
    """A fresh code as it is shown, `7KQ2M-4XN8P`; the ones before it of the same person end.

    Raises:
        NotFoundError: the group of that office is not theirs to link.
    """
    if kind is CodeFor.GROUP and (office_id is None or not may_keep(staff, office_id)):
        raise NotFoundError
    session.execute(sa.delete(LinkCode).where(LinkCode.staff_id == staff.id, LinkCode.kind == kind))
    code = fresh_code(source)
    session.add(
        LinkCode(
            kind=kind,
            code_index=session.vault.blind("link_codes", code),
            staff_id=staff.id,
            office_id=office_id,
            expires_at=session.clock.now() + CODE_LASTS,
        )
    )
    audit.note(session, "telegram.code", staff_id=staff.id, subject=office_id, detail=kind)
    return spaced(code)


def _use(session: Session, kind: CodeFor, typed: str) -> tuple[LinkCode, StaffMember] | None:
    """The code with the account that asked for it, used up; None: there is no such code (now)."""
    code = read_code(typed)
    if code is None:
        return None
    row = session.scalar(
        sa.select(LinkCode)
        .where(LinkCode.code_index == session.vault.blind("link_codes", code))
        .where(LinkCode.kind == kind)
        .with_for_update()
    )
    if row is None:
        return None
    session.delete(row)
    staff = active(session, row.staff_id)
    if staff is None or session.clock.now() >= row.expires_at:
        return None
    return row, staff


def active(session: Session, staff_id: str) -> StaffMember | None:
    """The account, kept from being closed until the transaction ends; None when it is closed."""
    query = sa.select(StaffMember).where(StaffMember.id == staff_id, StaffMember.active)
    locked = query.with_for_update(read=True).execution_options(populate_existing=True)
    return session.scalar(locked)


# --- people ---------------------------------------------------------------------------------------


def link_person(session: Session, typed: str, user_id: int) -> StaffMember | None:
    """Make a Telegram account the staff member's own; None: the code is wrong or too old.

    Whoever had the account before, and whatever account the person had before, is let go.
    """
    used = _use(session, CodeFor.PERSON, typed)
    if used is None:
        audit.note(session, "telegram.code_refused", staff_id=None)
        return None
    _, staff = used
    index = _index(session, user_id)
    session.execute(
        sa.delete(ChatMember).where(
            sa.or_(ChatMember.user_index == index, ChatMember.staff_id == staff.id)
        )
    )
    now = session.clock.now()
    session.add(ChatMember(staff_id=staff.id, user_index=index, linked_at=now))
    session.flush()
    audit.note(session, "telegram.person_linked", staff_id=staff.id)
    return staff


def unlink_person(session: Session, staff: StaffMember) -> None:
    """Let the staff member's Telegram account go."""
    session.execute(sa.delete(ChatMember).where(ChatMember.staff_id == staff.id))
    audit.note(session, "telegram.person_unlinked", staff_id=staff.id)


def member_of(session: Session, staff: StaffMember) -> ChatMember | None:
    """The Telegram account of a staff member."""
    return session.scalar(sa.select(ChatMember).where(ChatMember.staff_id == staff.id))


def whose(session: Session, user_id: int) -> StaffMember | None:
    """The active staff member with this Telegram account; a closed account is nobody's."""
    member = session.scalar(
        sa.select(ChatMember).where(ChatMember.user_index == _index(session, user_id))
    )
    return None if member is None else active(session, member.staff_id)


# --- groups ---------------------------------------------------------------------------------------


def link_group(session: Session, typed: str, chat_id: str) -> ChatGroup | None:
    """Make a chat the group of the office that the code was made for; None: wrong or too old.

    The group that the office had before is let go; so is the office that the chat had before, if
    the one who made the code may keep that as well.
    """
    used = _use(session, CodeFor.GROUP, typed)
    if used is None or used[0].office_id is None:
        audit.note(session, "telegram.code_refused", staff_id=None)
        return None
    code, staff = used
    office_id = code.office_id or ""
    before = group_of_chat(session, chat_id)
    if not may_keep(staff, office_id) or (before and not may_keep(staff, before.office_id)):
        return None
    for old in {one.id: one for one in (before, group_of(session, office_id)) if one}.values():
        session.delete(old)
    session.flush()
    group = ChatGroup(
        office_id=office_id,
        chat_id=chat_id,
        trouble=Trouble.UNCHECKED,
        shows_words=True,
        deletes=False,
        check_wanted=True,
        seen_event=ANEW,
        linked_by=staff.id,
        linked_at=session.clock.now(),
    )
    session.add(group)
    session.flush()
    audit.note(session, "telegram.group_linked", staff_id=staff.id, subject=office_id)
    events.record(session, "telegram.group", staff_id=staff.id)
    return group


def unlink_group(session: Session, staff: StaffMember, office_id: str) -> None:
    """Let the group of an office go; what stands in its threads is the group's to delete.

    Raises:
        NotFoundError: not theirs.
    """
    group = _kept(session, staff, office_id)
    if group is None:
        return
    session.delete(group)
    audit.note(session, "telegram.group_unlinked", staff_id=staff.id, subject=office_id)


def set_group(
    session: Session, staff: StaffMember, office_id: str, *, shows_words: bool, deletes: bool
) -> None:
    """Change what a group shows and keeps.

    Raises:
        NotFoundError: not theirs.
    """
    group = _kept(session, staff, office_id)
    if group is None:
        return
    group.shows_words, group.deletes = shows_words, deletes
    detail = f"words {shows_words}, deletes {deletes}"
    audit.note(session, "telegram.group_set", staff_id=staff.id, subject=office_id, detail=detail)


def want_check(session: Session, staff: StaffMember, office_id: str) -> None:
    """Ask to look again whether the assistant may work in a group.

    Raises:
        NotFoundError: not theirs.
    """
    group = _kept(session, staff, office_id)
    if group is None:
        return
    group.check_wanted = True
    events.record(session, "telegram.group", staff_id=staff.id)


def _kept(session: Session, staff: StaffMember, office_id: str) -> ChatGroup | None:
    if not may_keep(staff, office_id):
        raise NotFoundError
    return group_of(session, office_id)


def group_of(session: Session, office_id: str) -> ChatGroup | None:
    """The group of an office."""
    return session.scalar(sa.select(ChatGroup).where(ChatGroup.office_id == office_id))


def group_of_chat(session: Session, chat_id: str) -> ChatGroup | None:
    """The group with this number of Telegram's."""
    return session.scalar(sa.select(ChatGroup).where(ChatGroup.chat_id == chat_id))


def groups(session: Session) -> Sequence[ChatGroup]:
    """All groups, by office."""
    return session.scalars(sa.select(ChatGroup).order_by(ChatGroup.office_id)).all()


# --- threads --------------------------------------------------------------------------------------


def topic_of(session: Session, group: ChatGroup, case: Case) -> ChatTopic | None:
    """The thread of a case in a group."""
    return session.scalar(
        sa.select(ChatTopic).where(ChatTopic.group_id == group.id, ChatTopic.case_id == case.id)
    )


def topic_of_thread(session: Session, group: ChatGroup, thread_id: int) -> ChatTopic | None:
    """The thread with this number of Telegram's."""
    return session.scalar(
        sa.select(ChatTopic).where(ChatTopic.group_id == group.id, ChatTopic.thread_id == thread_id)
    )


def topic_of_number(session: Session, group: ChatGroup, number: int) -> ChatTopic | None:
    """The thread of the case that the staff call by this number."""
    return session.scalar(
        sa.select(ChatTopic)
        .join(Case, Case.id == ChatTopic.case_id)
        .where(ChatTopic.group_id == group.id, Case.number == number)
    )


def topics(session: Session, group: ChatGroup) -> Sequence[ChatTopic]:
    """The threads of a group that have not ended."""
    query = sa.select(ChatTopic).where(ChatTopic.group_id == group.id)
    return session.scalars(query.where(ChatTopic.ended_at.is_(None))).all()


def told(session: Session, topic: ChatTopic, what: Told) -> frozenset[str]:
    """The ids of the entries that were told in a thread."""
    query = sa.select(ChatTold.entry_id).where(ChatTold.topic_id == topic.id, ChatTold.what == what)
    return frozenset(session.scalars(query))


def tell(session: Session, topic: ChatTopic, entry_ids: Sequence[str], what: Told) -> None:
    """Write down that entries are told in a thread."""
    session.add_all(ChatTold(topic_id=topic.id, entry_id=one, what=what) for one in entry_ids)
    session.flush()


def untell(session: Session, topic: ChatTopic, entry_ids: Sequence[str]) -> None:
    """They did not get there: they are told again."""
    session.execute(
        sa.delete(ChatTold).where(ChatTold.topic_id == topic.id, ChatTold.entry_id.in_(entry_ids))
    )


def lose_thread(session: Session, topic: ChatTopic) -> None:
    """The thread is no more: it is made anew with all that belongs in it."""
    topic.thread_id = topic.head_id = topic.told = None
    session.execute(sa.delete(ChatTold).where(ChatTold.topic_id == topic.id))


def moved(session: Session, group: ChatGroup, chat_id: str) -> None:
    """The group has a new number; its threads stayed behind."""
    group.chat_id, group.trouble, group.check_wanted = chat_id, Trouble.UNCHECKED, True
    for topic in topics(session, group):
        lose_thread(session, topic)
    audit.note(session, "telegram.group_moved", staff_id=None, subject=group.office_id)
    events.record(session, "telegram.group")
