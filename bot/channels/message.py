"""What passes between a channel and the rest: a message in, a message out, and what became of it.

The dialogue never knows its channel; a channel never knows the dialogue.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from enum import StrEnum
from typing import Any, Protocol, runtime_checkable

from cases.speech import Ask
from store.scan import Scan


class ChannelName(StrEnum):
    TELEGRAM = "telegram"
    WEB = "web"
    ZALO_OA = "zalo_oa"
    ZALO_BOT = "zalo_bot"
    TELEGRAM_DESK = "telegram_desk"
    """The groups of the staff: no citizen is ever here."""


class InboundKind(StrEnum):
    """What kind of thing the citizen sent."""

    TEXT = "text"
    BUTTON = "button"
    START = "start"
    """Opened the talk (Telegram's /start, the web page's first visit); may carry a payload."""
    LOCATION = "location"
    PHONE = "phone"
    """Shared their own number through the channel's own control."""
    FILE = "file"
    VOICE = "voice"
    STICKER = "sticker"
    OTHER = "other"


@dataclass(frozen=True)
class RemoteFile:
    """A file that still lies with the channel; `reference` is the channel's own handle."""

    reference: str
    name: str | None
    media_type: str | None
    size: int | None


@dataclass(frozen=True)
class FetchedFile:
    """A file's content, on its way into the store."""

    content: bytes
    name: str | None
    scan: Scan = Scan.UNASKED


@dataclass(frozen=True)
class Inbound:
    """One message of a citizen, whatever the channel."""

    channel: ChannelName
    address: str
    """The channel's own id of the talk. Personal: sealed wherever it is kept."""
    kind: InboundKind
    text: str = ""
    """The words, the start payload, a file's caption, or the key of the pressed button.

    A channel that ticks boxes by itself (the web page) sends the ticked keys joined by commas.
    """
    button_serial: int | None = None
    """The number of the question that a pressed button belongs to."""
    latitude: float | None = None
    longitude: float | None = None
    phone: str | None = None
    file: RemoteFile | None = None
    file_id: str | None = None
    """A file that is already in the store (the web page uploads before it says so)."""
    too_large: bool = False
    reference: str | None = field(default=None, compare=False)
    """The platform's own id of the message, where it can be taken away later."""
    language: str | None = None
    """What the channel says of the citizen's language; a hint only."""
    line: str | None = field(default=None, repr=False)
    """Fingerprint of the line it came by, where a talk costs nothing; only brakes count by it."""


@dataclass(frozen=True)
class Button:
    """A choice as it goes out: its key with the question's number, and its words."""

    key: str
    label: str
    ticked: bool | None = None
    """Whether its box is ticked, where several may be chosen; None for a plain button."""


@dataclass(frozen=True)
class Outbound:
    """One message to a citizen, rendered: words, buttons, a control to offer, a file."""

    text: str
    buttons: tuple[Button, ...] = ()
    ask: Ask | None = None
    ask_label: str = ""
    """The words on the channel's own control for `ask`."""
    serial: int = 0
    """The number of the question that the buttons belong to; comes back with a press."""
    file: FetchedFile | None = None
    replaces: str | None = None
    """The receipt of a message that this one should take the place of, where that is possible."""


@dataclass(frozen=True)
class Capabilities:
    """What a channel can show; drives the rendering."""

    max_text: int
    """Characters in one message, as the platform counts them."""
    buttons: bool
    """False: choices become numbered lines, and the number is typed."""
    most_buttons: int | None = None
    """Of more than so many choices one button shows the rest, and boxes to tick become numbers."""
    asks: frozenset[Ask] = frozenset()


@dataclass(frozen=True)
class Receipt:
    """The channel took the message."""

    reference: str = ""
    others: tuple[str, ...] = field(default=(), compare=False)
    """Of the parts before, where one message went out in several."""


@dataclass(frozen=True)
class Refused:
    """The channel will never take this message (blocked, gone, invalid)."""

    reason: str


@dataclass(frozen=True)
class TryLater:
    """The channel did not take it now; not before `seconds` from now."""

    seconds: float
    reason: str


@dataclass(frozen=True)
class Unknown:
    """Nobody knows whether it arrived (time-out in mid-answer)."""

    reason: str


Sent = Receipt | Refused | TryLater | Unknown


class Channel(Protocol):
    """What the worker needs of a channel."""

    name: ChannelName
    capabilities: Capabilities

    def read(self, event: Mapping[str, Any]) -> Inbound | None:
        """Make an `Inbound` of a raw event as it lies in the inbox; None if it says nothing."""

    async def fetch(self, file: RemoteFile) -> FetchedFile | None:
        """Bring a remote file; None when it is too large or gone.

        Raises:
            OSError: the channel can't be reached now; the turn is tried again later.
        """

    async def send(self, address: str, message: Outbound) -> Sent:
        """Send one message; never raises for what a platform or a network may do."""


@runtime_checkable
class TakesAway(Protocol):
    """A channel whose platform lets a bot delete messages, its own and the citizen's."""

    async def take_away(self, address: str, references: Sequence[str]) -> bool:
        """Delete messages; False when it has to be tried again. Never raises for a platform."""


@dataclass(frozen=True)
class RawEvent:
    """An event as a channel received it, ready for the inbox."""

    channel: ChannelName
    event_id: str
    address: str
    body: Mapping[str, Any] = field(repr=False)
