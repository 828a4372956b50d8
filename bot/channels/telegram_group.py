"""Telegram updates that are the staff's: from a branch's group, or to link an account.

Read from the update as it came: of a group only a few fields matter, and an update that the
library can't parse must not lose an officer's words.
"""

import re
from collections.abc import Callable, Mapping
from typing import Any, Final

from bot.channels.message import ChannelName, Inbound, InboundKind, RawEvent
from bot.telegram_desk.hear import FromGroup, What
from cases import chat_groups
from store.session import Session

_GROUPS: Final = ("group", "supergroup")
_KNOW_ME: Final = re.compile(r"/toi(?:@\w+)?(?:\s|$)", re.IGNORECASE)
_LINK: Final = re.compile(r"/lienket(?:@\w+)?(?:\s|$)", re.IGNORECASE)
_PRESS: Final = re.compile(r"[0-9]{1,9}\.([!-~]+)")


def _number(holder: Mapping[str, Any] | None, name: str) -> int | None:
    value = holder.get(name) if holder is not None else None
    return value if isinstance(value, int) and not isinstance(value, bool) else None


def _part(holder: Mapping[str, Any] | None, name: str) -> Mapping[str, Any] | None:
    value = holder.get(name) if holder is not None else None
    return value if isinstance(value, dict) else None


def _text(holder: Mapping[str, Any] | None, name: str) -> str:
    value = holder.get(name) if holder is not None else None
    return value if isinstance(value, str) else ""


def _holder(update: Mapping[str, Any]) -> Mapping[str, Any] | None:
    """The part of an update that names the chat."""
    press = _part(update, "callback_query")
    parts = (_part(update, name) for name in ("message", "edited_message", "my_chat_member"))
    return next((part for part in (*parts, _part(press, "message")) if part is not None), None)


def chat_of(update: Mapping[str, Any]) -> str | None:
    """Which queue of the staff's an update belongs to, `chat:thread`; None: it is a citizen's.

    One queue for each thread: a file that is being fetched holds up its own case only.
    """
    holder = _holder(update)
    chat = _part(holder, "chat")
    number = _number(chat, "id")
    if holder is None or chat is None or number is None:
        return None
    if chat.get("type") in _GROUPS:
        return f"{number}:{_thread(holder) or 0}"
    if chat.get("type") == "private" and _KNOW_ME.match(_text(_part(update, "message"), "text")):
        return f"{number}:0"
    return None


def _thread(holder: Mapping[str, Any]) -> int | None:
    """The thread; in the general one, a number only tells what a message answers."""
    return _number(holder, "message_thread_id") if holder.get("is_topic_message") is True else None


def is_wanted(session: Session, event: RawEvent) -> bool:
    """Whether an update is kept: of groups that are not linked, only what asks to link them."""
    if event.channel is not ChannelName.TELEGRAM_DESK:
        return True
    words = _text(_part(event.body, "message"), "text")
    if _KNOW_ME.match(words) or _LINK.match(words):
        return True
    return chat_groups.group_of_chat(session, event.address.partition(":")[0]) is not None


def read(
    update: Mapping[str, Any],
    bot_id: str,
    message_in: Callable[[Mapping[str, Any], str], Inbound | None],
) -> FromGroup | None:
    """Make what the desk hears of an update; `message_in` reads files and captions."""
    address = chat_of(update)
    holder = _holder(update)
    if address is None or holder is None:
        return None
    chat = _part(holder, "chat") or {}
    known: dict[str, Any] = {
        "channel": ChannelName.TELEGRAM_DESK,
        "address": address.partition(":")[0],
        "message_id": _number(holder, "message_id") or 0,
        "thread_id": _thread(holder),
        "private": chat.get("type") == "private",
        "forum": chat.get("is_forum") is True,
        "topic_name": _own_topic(holder, bot_id),
    }
    press = _part(update, "callback_query")
    if press is not None:
        pressed = _PRESS.fullmatch(_text(press, "data"))
        return FromGroup(
            kind=InboundKind.BUTTON,
            what=What.PRESS,
            text=pressed[1] if pressed else "",
            user_id=_number(_part(press, "from"), "id"),
            press_id=_text(press, "id"),
            **known,
        )
    if "my_chat_member" in update:
        return FromGroup(kind=InboundKind.OTHER, what=What.RIGHTS, able=_able(holder), **known)
    moved_to = _number(holder, "migrate_to_chat_id")
    if moved_to is not None:
        return FromGroup(kind=InboundKind.OTHER, what=What.MOVED, moved_to=str(moved_to), **known)
    if _part(holder, "forum_topic_created") is not None:
        made = known["topic_name"] is not None
        return FromGroup(kind=InboundKind.OTHER, what=What.TOPIC_MADE, **known) if made else None
    return _written(update, holder, known, message_in)


def _written(
    update: Mapping[str, Any],
    holder: Mapping[str, Any],
    known: dict[str, Any],
    message_in: Callable[[Mapping[str, Any], str], Inbound | None],
) -> FromGroup | None:
    sender = _part(holder, "from")
    by_name = "sender_chat" not in holder and sender is not None and not sender.get("is_bot")
    known["user_id"] = _number(sender, "id") if by_name else None
    words = _text(holder, "text")
    if "edited_message" in update:
        said = bool(words or _text(holder, "caption"))
        return FromGroup(kind=InboundKind.TEXT, what=What.EDITED, **known) if said else None
    if words:
        return FromGroup(kind=InboundKind.TEXT, text=words, **known)
    message = message_in(update, known["address"])
    if message is None:
        return None
    return FromGroup(
        kind=message.kind,
        text=message.text,
        file=message.file,
        too_large=message.too_large,
        **known,
    )


def _own_topic(holder: Mapping[str, Any], bot_id: str) -> str | None:
    """The name of the thread of this message, if the assistant itself made it.

    Telegram lets every message of a thread answer the one by which the thread was made.
    """
    for made in (holder, _part(holder, "reply_to_message")):
        named = _part(made, "forum_topic_created")
        if named is not None and str(_number(_part(made, "from"), "id")) == bot_id:
            return _text(named, "name")
    return None


def _able(holder: Mapping[str, Any]) -> bool | None:
    member = _part(holder, "new_chat_member") or {}
    match member.get("status"):
        case "left" | "kicked":
            return None
        case "administrator":
            return member.get("can_manage_topics") is True
        case _:
            return False
