"""What the citizen's channel still lets an officer send, and until when. Pure."""

import datetime as dt
from dataclasses import dataclass
from enum import StrEnum

_FREE = dt.timedelta(hours=48)
"""After the citizen's last message Zalo takes an Official Account's words for nothing."""
_BILLED = dt.timedelta(days=7)
"""So long it takes them for money; then it refuses them (-230, -232)."""
_CLOSING = dt.timedelta(hours=12)
"""So little time left is worth a warning."""
_LASTING = frozenset(
    {"blocked", "unfollowed", "account deleted", "account inactive", "chat not found", "chat moved"}
)
"""Refusals that only the citizen can end, by writing again."""


class Reach(StrEnum):
    """What a reply would meet."""

    OPEN = "open"
    """The channel sets no limit."""
    FREE = "free"
    BILLED = "billed"
    CLOSED = "closed"
    REFUSED = "refused"
    """The channel refused the last message for good."""
    LEFT = "left"
    """The page of the web talk was left: words wait there for the code and the PIN."""


@dataclass(frozen=True, slots=True)
class Talk:
    """What is known of the talk behind a case."""

    last_heard: dt.datetime
    """When the citizen last wrote, to the assistant or to an officer."""
    shut: bool = False
    """A web talk that can't be opened any more."""


@dataclass(frozen=True, slots=True)
class Window:
    """What the channel allows at one moment."""

    reach: Reach
    until: dt.datetime | None = None
    """When that ends; None: no time is set."""
    closing: bool = False
    """There is little time left before the channel takes nothing any more."""
    reason: str | None = None
    """Of the refusal, as the channel's adapter names it."""

    @property
    def call_instead(self) -> bool:
        """Whether a call is the better way, or the only one."""
        return self.closing or self.reach in (Reach.CLOSED, Reach.REFUSED, Reach.LEFT)


def window_of(
    channel: str, talk: Talk, now: dt.datetime, refused: tuple[dt.datetime, str] | None = None
) -> Window:
    """What may be sent now. `refused`: when and why the last message that ended was refused."""
    if refused is not None and refused[1] in _LASTING and refused[0] > talk.last_heard:
        return Window(Reach.REFUSED, reason=refused[1])
    if talk.shut:
        return Window(Reach.LEFT)
    if channel != "zalo_oa":
        return Window(Reach.OPEN)
    free, last = talk.last_heard + _FREE, talk.last_heard + _BILLED
    if now < free:
        return Window(Reach.FREE, free)
    if now < last:
        return Window(Reach.BILLED, last, closing=last - now <= _CLOSING)
    return Window(Reach.CLOSED)
