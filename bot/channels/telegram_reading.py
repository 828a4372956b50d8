"""What a Telegram update says: from the platform's JSON to what the inbox keeps and a talk hears.

An update comes from outside, and the library passes on what it was given: what is used of it is
looked at here.
"""

import math
import re
from collections.abc import Mapping
from functools import partial
from types import MappingProxyType
from typing import Any, Final

from telegram import CallbackQuery, Message, PhotoSize, Update
from telegram.ext import filters

from bot.channels import telegram_group
from bot.channels.message import ChannelName, Inbound, InboundKind, RawEvent, RemoteFile
from bot.channels.wire import encodable
from store.files import MAX_BYTES

_MAX_UPDATE_ID: Final = 2**63
_COMMAND = re.compile(r"/([A-Za-z0-9_]{1,32})(?:@[A-Za-z0-9_]+)?(?:\s+(.*))?", re.DOTALL)
_START_PAYLOAD = re.compile(r"[A-Za-z0-9_-]{0,64}")
_PRESS = re.compile(r"([0-9]{1,9})\.([!-~]+)")

COMMANDS: Mapping[str, str] = MappingProxyType(
    {
        "menu": "Về đầu",
        "canbo": "Gặp cán bộ",
        "hoso": "Hồ sơ của tôi",
        "quaylai": "Quay lại",
        "batdaulai": "Bắt đầu lại",
        "ngonngu": "Đổi tiếng",
        "xoa": "Xóa trò chuyện",
        "help": "Bạn là ai?",
    }
)
"""Telegram's commands and the words they stand for; the bot's menu shows the same words."""


def update_id(update: object) -> int | None:
    """The number of an update; None: it is none."""
    if not isinstance(update, dict):
        return None
    number = update.get("update_id")
    if isinstance(number, int) and not isinstance(number, bool) and 0 <= number < _MAX_UPDATE_ID:
        return number
    return None


def private_chat(update: Mapping[str, Any]) -> str | None:
    """The id of the citizen's own chat with the bot; None for groups, channels and polls."""
    press = update.get("callback_query")
    holders = (
        update.get("message"),
        update.get("edited_message"),
        press.get("message") if isinstance(press, dict) else None,
    )
    for holder in holders:
        chat = holder.get("chat") if isinstance(holder, dict) else None
        if isinstance(chat, dict) and chat.get("type") == "private":
            number = chat.get("id")
            if isinstance(number, int) and not isinstance(number, bool):
                return str(number)
    return None


def press_id(update: Mapping[str, Any]) -> str | None:
    """Which press of a button has to be answered; None: it is no press."""
    press = update.get("callback_query")
    number = press.get("id") if isinstance(press, dict) else None
    return number if isinstance(number, str) and number else None


def event_of(update: Mapping[str, Any], bot_id: str) -> RawEvent | None:
    """The update as the inbox keeps it; None when no talk belongs to it.

    Each bot counts its updates by itself: after a change of bot the same numbers come again.
    """
    address = telegram_group.chat_of(update)
    channel = ChannelName.TELEGRAM_DESK
    if address is None:
        address, channel = private_chat(update), ChannelName.TELEGRAM
    if address is None:
        return None
    return RawEvent(
        channel=channel,
        event_id=f"{bot_id}:{update['update_id']}",
        address=address,
        body=encodable(update),
    )


def read_message(update: Update, address: str) -> Inbound | None:
    """What a message says or carries, wherever it was written."""
    message = update.message or update.edited_message
    return None if message is None else _read_message(update, message, address)


def read_update(update: Update, address: str) -> Inbound | None:
    """What a citizen says in their own chat with the bot; None: nothing new.

    Raises:
        TypeError: a text in it is none; the library does not look.
    """
    if update.callback_query is not None:
        return _read_press(update.callback_query, address)
    message = update.message or update.edited_message
    if message is None:
        return None
    if update.edited_message is not None and message.text is None:
        return None  # a live location that moved, a caption that changed: nothing new is said
    return _read_message(update, message, address)


def _read_press(press: CallbackQuery, address: str) -> Inbound:
    serial, key = _pressed(press.data)
    return Inbound(
        channel=ChannelName.TELEGRAM,
        address=address,
        kind=InboundKind.BUTTON,
        text=key,
        button_serial=serial,
        language=_language(press.from_user.language_code),
    )


def _read_message(update: Update, message: Message, address: str) -> Inbound | None:
    sender = message.from_user
    made = partial(
        Inbound,
        channel=ChannelName.TELEGRAM,
        address=address,
        language=_language(sender.language_code if sender else None),
        reference=str(message.message_id),
    )
    caption = _text(message.caption or "")
    if message.text is not None:
        kind, text = _words(message.text)
        return made(kind=kind, text=text)
    if (place := message.location) is not None:
        if not (_within(place.latitude, 90) and _within(place.longitude, 180)):
            return made(kind=InboundKind.OTHER)
        return made(
            kind=InboundKind.LOCATION,
            latitude=float(place.latitude),
            longitude=float(place.longitude),
        )
    if (contact := message.contact) is not None:
        if sender is None or contact.user_id != sender.id:  # somebody else's number
            return made(kind=InboundKind.OTHER)
        return made(kind=InboundKind.PHONE, phone=_text(contact.phone_number))
    if message.photo:
        return _with_file(made, InboundKind.FILE, caption, _largest(message.photo), "image/jpeg")
    if (spoken := message.voice or message.audio or message.video_note) is not None:
        return _with_file(made, InboundKind.VOICE, caption, spoken, None)
    if (sent := message.document or message.video) is not None:
        return _with_file(made, InboundKind.FILE, caption, sent, None)
    if message.sticker is not None:
        return made(kind=InboundKind.STICKER)
    if filters.StatusUpdate.ALL.check_update(update):
        return None  # pinned a message, changed a timer: nobody waits for an answer
    return made(kind=InboundKind.OTHER, text=caption)


def read_plainly(update: Mapping[str, Any], address: str) -> Inbound:
    """The words or the press of an update that the library can't parse for something else in it.

    A text may quote a message of a kind that came into the world after the library.
    """
    made = partial(Inbound, channel=ChannelName.TELEGRAM, address=address)
    press = update.get("callback_query")
    if isinstance(press, dict):
        serial, key = _pressed(press.get("data"))
        return made(kind=InboundKind.BUTTON, text=key, button_serial=serial)
    message = update.get("message") or update.get("edited_message")
    if isinstance(message, dict) and isinstance(message.get("text"), str):
        kind, text = _words(message["text"])
        return made(kind=kind, text=text)
    return made(kind=InboundKind.OTHER)


def _pressed(data: object) -> tuple[int | None, str]:
    """The question's number and the key in a button's data; None and "" in foreign data."""
    found = _PRESS.fullmatch(data) if isinstance(data, str) else None
    return (int(found[1]), found[2]) if found else (None, "")


def _with_file(
    made: "partial[Inbound]", kind: InboundKind, caption: str, sent: Any, media_type: str | None
) -> Inbound:
    size = sent.file_size if isinstance(sent.file_size, int) else None
    name = getattr(sent, "file_name", None)
    told_type = getattr(sent, "mime_type", None) or media_type
    return made(
        kind=kind,
        text=caption,
        file=RemoteFile(
            reference=_text(sent.file_id),
            name=None if name is None else _text(name),
            media_type=None if told_type is None else _text(told_type),
            size=size,
        ),
        too_large=size is not None and size > MAX_BYTES,
    )


def _largest(sizes: tuple[PhotoSize, ...]) -> PhotoSize:
    return max(sizes, key=lambda photo: photo.width * photo.height)


def _text(value: object) -> str:
    """The value if it is a text: the library does not look at what it is given."""
    if not isinstance(value, str):
        raise TypeError("not a text")
    return value


def _within(degrees: object, limit: int) -> bool:
    return (
        isinstance(degrees, int | float)
        and not isinstance(degrees, bool)
        and math.isfinite(degrees)
        and abs(degrees) <= limit
    )


def _words(text: str) -> tuple[InboundKind, str]:
    """What a text says: a start with its payload, a command's words, or the text itself."""
    found = _COMMAND.fullmatch(text.strip())
    if found is None:
        return InboundKind.TEXT, text
    name, rest = found[1].lower(), (found[2] or "").strip()
    if name == "start":
        if _START_PAYLOAD.fullmatch(rest):
            return InboundKind.START, rest
        return InboundKind.TEXT, rest
    words = COMMANDS.get(name, name.replace("_", " "))
    return InboundKind.TEXT, f"{words} {rest}".strip()


def _language(code: str | None) -> str | None:
    return code.split("-")[0].lower() if code else None
