"""What is to be posted in a group: committed with what led to it, made ready and sent afterwards.

A post rests in the same outbox as what is said to citizens, in a row of its own kind: the posts
of one thread leave in order, those of different threads side by side.
"""

import datetime as dt
import re
from dataclasses import dataclass
from enum import StrEnum

import sqlalchemy as sa
from pydantic import BaseModel, ConfigDict

from bot.channels.message import (
    Button,
    ChannelName,
    FetchedFile,
    Outbound,
    Receipt,
    Refused,
    Sent,
    TryLater,
    Unknown,
)
from bot.telegram_desk import words
from cases import chat_groups
from cases.chat_groups import ChatGroup, ChatTopic, Trouble
from cases.life import HELD
from cases.model import Case
from cases.staff import StaffMember
from cases.thread import Author, ThreadEntry
from store import events, outbox
from store.base import new_id
from store.files import StoredFile
from store.outbox import Delivery, OutboxRow
from store.session import Session

MAYBE_MADE = "maybe made"
"""Beside a thread whose making was begun and never heard of: it may be there already."""
TO_BE_HEARD_OF = dt.timedelta(seconds=60)
"""So long Telegram has to tell us of a thread that we may have made, before we make another."""

GONE = "group gone"
NO_RIGHTS = "no rights"
NOT_FORUM = "not a forum"
TOPIC_GONE = "topic gone"
MESSAGE_GONE = "message gone"
MOVED = "chat moved "
"""Before the group's new number."""

_TROUBLES = {
    GONE: Trouble.GONE,
    "chat not found": Trouble.GONE,
    NO_RIGHTS: Trouble.NO_RIGHTS,
    NOT_FORUM: Trouble.NOT_FORUM,
}


class Act(StrEnum):
    """What a post does."""

    OPEN = "open"
    """Make the thread; its receipt is the thread's number."""
    HEAD = "head"
    """Write the message with the buttons, or change it."""
    SAY = "say"
    WORDS = "words"
    """Entries of the case, read only when they leave."""
    EDIT = "edit"
    ANSWER = "answer"
    """What the one who pressed a button is told."""
    CLOSE = "close"
    REOPEN = "reopen"
    DELETE = "delete"
    CHECK = "check"
    """Ask whether the assistant may work in the group."""


class Post(BaseModel):
    """One post as it rests in the outbox, sealed."""

    model_config = ConfigDict(frozen=True, extra="forbid", hide_input_in_errors=True)

    act: Act
    text: str = ""
    choices: tuple[tuple[str, str], ...] = ()
    """Buttons: what comes back, and the words on it."""
    entries: tuple[str, ...] = ()
    chat_id: str | None = None
    """Where to, when the post belongs to no thread of a case."""
    thread_id: int | None = None
    message_id: int | None = None
    press_id: str | None = None
    alert: bool = False
    """Whether the answer has to be clicked away."""


@dataclass(frozen=True)
class GroupPost(Outbound):
    """A post made ready for the channel."""

    act: Act = Act.SAY
    thread_id: int | None = None
    message_id: int | None = None
    press_id: str | None = None
    alert: bool = False
    protected: bool = False
    """Telegram shall let nobody forward or save it."""


def put(session: Session, post: Post, topic: ChatTopic | None = None) -> None:
    """Add a post to the queue of a thread, or one of its own that waits for nobody."""
    outbox.put(
        session,
        conversation_id=topic.id if topic is not None else new_id(),
        channel=ChannelName.TELEGRAM_DESK,
        kind=outbox.Kind.POST,
        body=post.model_dump_json(),
    )


def must_wait(session: Session, row: OutboxRow) -> bool:
    """Whether a thread that may have been made must not be made again yet.

    A process died between the call and its commit. Telegram tells of the thread in an update of
    its own, which is given time to come.
    """
    if not row.attempts or row.reason is not None or post_of(session, row).act is not Act.OPEN:
        return False
    row.reason = MAYBE_MADE
    row.due_at = session.clock.now() + TO_BE_HEARD_OF
    row.leased_until = None
    return True


def post_of(session: Session, row: OutboxRow) -> Post:
    """The post that rests in a row."""
    return Post.model_validate_json(row.open(session.vault, "body") or "{}")


def ready(session: Session, row: OutboxRow) -> tuple[str, GroupPost] | None:
    """The chat and the post as it leaves; None when it is not wanted any more.

    What a group may see is looked at now, not when the post was put: it may have been unlinked,
    and the case may have left the office.
    """
    post = post_of(session, row)
    topic = session.get(ChatTopic, row.conversation_id)
    if topic is None:
        return _without_topic(session, post)
    group = session.get_one(ChatGroup, topic.group_id)
    case = session.get_one(Case, topic.case_id)
    if topic.thread_id is None and post.act is not Act.OPEN:
        return None
    made = GroupPost(
        text=post.text,
        buttons=tuple(Button(key, label) for key, label in post.choices),
        act=post.act,
        thread_id=topic.thread_id,
        message_id=topic.head_id if post.act is Act.HEAD else post.message_id,
    )
    if post.act is Act.OPEN:
        return None if topic.thread_id is not None else (group.chat_id, made)
    if post.act is Act.WORDS:
        shown = _words(session, group, case, post.entries)
        if shown is None:
            return None
        text, file = shown
        made = GroupPost(
            text=text, file=file, act=post.act, thread_id=topic.thread_id, protected=True
        )
    return group.chat_id, made


def _without_topic(session: Session, post: Post) -> tuple[str, GroupPost] | None:
    if post.chat_id is None:
        return None  # its group was unlinked, and the thread forgotten
    if post.act is Act.CHECK and chat_groups.group_of_chat(session, post.chat_id) is None:
        return None
    return post.chat_id, GroupPost(
        text=post.text,
        buttons=tuple(Button(key, label) for key, label in post.choices),
        act=post.act,
        thread_id=post.thread_id,
        message_id=post.message_id,
        press_id=post.press_id,
        alert=post.alert,
    )


def _words(
    session: Session, group: ChatGroup, case: Case, entry_ids: tuple[str, ...]
) -> tuple[str, FetchedFile | None] | None:
    """The entries as the thread shows them, and the file of the only one."""
    if not shows_words(group, case):
        return None
    parts, file = [], None
    for entry_id in entry_ids:
        entry = session.get_one(ThreadEntry, entry_id)
        text = entry.open(session.vault, "body") or ""
        parts.append(f"{_whose(session, entry)}\n{text}".strip())
        if entry.file_id is not None:
            stored = session.get_one(StoredFile, entry.file_id)
            if not stored.may_be_opened:
                parts.append(words.FILE_STAYS)
                continue
            content = stored.open_bytes(session.vault, "content") or b""
            file = FetchedFile(content, stored.open(session.vault, "name"))
    return "\n\n".join(parts), file


def shows_words(group: ChatGroup, case: Case) -> bool:
    """Whether what the citizen says may stand in the group's thread now (ADR 11).

    Only of a case that an officer of this office holds, never of one in which danger was told.
    """
    return (
        group.shows_words
        and case.office_id == group.office_id
        and case.state in HELD
        and case.danger is None
    )


def _whose(session: Session, entry: ThreadEntry) -> str:
    if entry.author is not Author.STAFF or entry.staff_id is None:
        return f"👤 Người dân, {words.moment(entry.at)}:"
    staff = session.get_one(StaffMember, entry.staff_id)
    name = staff.open(session.vault, "name") or staff.username
    return f"{name} (bàn làm việc web), {words.moment(entry.at)}:"


# --- what became of it ----------------------------------------------------------------------------


def ended(session: Session, row: OutboxRow, post: Post, sent: Sent | None) -> None:
    """Draw the conclusions from what became of a post; None: it was not wanted any more."""
    topic = session.get(ChatTopic, row.conversation_id)
    if row.state is Delivery.WAITING:
        return  # it is tried again
    match sent:
        case Receipt(reference=reference):
            _arrived(session, topic, post, reference)
        case Refused(reason=reason):
            _failed(session, topic, post, reason)
        case Unknown():
            _never_heard_of(session, topic, post)
        case TryLater() | None:
            _failed(session, topic, post, "")


def _arrived(session: Session, topic: ChatTopic | None, post: Post, reference: str) -> None:
    if post.act is Act.CHECK and post.chat_id is not None:
        group = chat_groups.group_of_chat(session, post.chat_id)
        if group is not None:
            heal(session, group)
    if topic is None:
        return
    if post.act is Act.OPEN and topic.thread_id is None:
        topic.thread_id = int(reference)
    if post.act is Act.HEAD:
        topic.head_id = int(reference)
    if post.act is Act.DELETE:
        chat_groups.lose_thread(session, topic)


def _never_heard_of(session: Session, topic: ChatTopic | None, post: Post) -> None:
    """What may be there twice is not sent a third time, but a request needs its thread."""
    if topic is not None and post.act is Act.OPEN:
        topic.told = None
        events.record(session, "telegram.again", case_id=topic.case_id)


def _failed(session: Session, topic: ChatTopic | None, post: Post, reason: str) -> None:
    if topic is not None:
        group = session.get(ChatGroup, topic.group_id)
    else:
        group = chat_groups.group_of_chat(session, post.chat_id) if post.chat_id else None
    if group is None:
        return
    if reason.startswith(MOVED):
        new = reason.removeprefix(MOVED)
        if re.fullmatch(r"-\d{1,19}", new) and new != group.chat_id:
            chat_groups.moved(session, group, new)
        return
    if topic is not None and topic.ended_at is None:
        match post.act:
            case Act.OPEN | Act.HEAD:
                topic.told = None
                if reason == MESSAGE_GONE:
                    topic.head_id = None
            case Act.WORDS:
                chat_groups.untell(session, topic, post.entries)
            case _:
                pass
        if reason == TOPIC_GONE and topic.thread_id is not None:
            chat_groups.lose_thread(session, topic)
        if reason in (TOPIC_GONE, MESSAGE_GONE):
            events.record(session, "telegram.again", case_id=topic.case_id)
    if reason in _TROUBLES and group.trouble is not _TROUBLES[reason]:
        group.trouble = _TROUBLES[reason]
        events.record(session, "telegram.group")
        if post.act is Act.CHECK and group.trouble is not Trouble.GONE:
            put(
                session, Post(act=Act.SAY, chat_id=group.chat_id, text=words.trouble(group.trouble))
            )


def heal(session: Session, group: ChatGroup) -> None:
    """Nothing is in the way any more: all that waits is looked at anew."""
    first = group.trouble is Trouble.UNCHECKED
    group.trouble, group.seen_event = None, chat_groups.ANEW
    if first:
        put(session, Post(act=Act.SAY, chat_id=group.chat_id, text=words.READY))
    events.record(session, "telegram.group")


def unsent(session: Session, topic: ChatTopic, act: Act) -> list[OutboxRow]:
    """The posts of this kind that are still on their way to a thread, locked."""
    rows = session.scalars(
        sa.select(OutboxRow)
        .where(OutboxRow.conversation_id == topic.id, OutboxRow.state == Delivery.WAITING)
        .order_by(OutboxRow.seq)
        .with_for_update()
    )
    return [row for row in rows if post_of(session, row).act is act]
