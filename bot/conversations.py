"""The talks: one row per person and channel, with the dialogue's state sealed in it."""

import datetime as dt

import sqlalchemy as sa
from sqlalchemy.orm import Mapped, mapped_column

from bot.channels.message import ChannelName
from store.base import Row
from store.session import Session

IDLE = dt.timedelta(minutes=15)
"""After so long without the citizen at the page a web talk is shut."""


class Conversation(Row):
    """One talk. Found by the blind index of the channel's own id."""

    __tablename__ = "conversations"
    __table_args__ = (sa.UniqueConstraint("channel", "address_index"),)

    channel: Mapped[ChannelName]
    address_index: Mapped[str] = mapped_column(sa.String(64))
    address: Mapped[bytes]
    """Sealed: the channel's own id, needed to answer."""
    language: Mapped[str] = mapped_column(sa.String(5), default="vi")
    state: Mapped[bytes | None]
    """Sealed JSON of the dialogue's state."""
    turns: Mapped[int] = mapped_column(default=0)
    created_at: Mapped[dt.datetime]
    last_inbound_at: Mapped[dt.datetime]
    last_active_at: Mapped[dt.datetime]
    """When the citizen was last seen at the page; after 15 idle minutes a web talk is shut."""
    shut_at: Mapped[dt.datetime | None]
    """The web page was left or fell idle: its token opens nothing any more."""
    case_open_at: Mapped[dt.datetime | None]
    """When the citizen last wrote with their case open: sent from here, or opened by its PIN."""
    own_phone: Mapped[bool] = mapped_column(default=False, server_default=sa.false())
    """The citizen says that nobody else uses this phone: no PIN is asked any more."""
    busy_until: Mapped[dt.datetime | None]
    """A worker is fetching a file for the next turn of this talk until then."""
    busy_by: Mapped[str | None] = mapped_column(sa.String(32))
    """The process of that worker."""
    served_at: Mapped[dt.datetime | None]
    """When its last message had its turn; who waits longest since then is served next."""
    slowed_at: Mapped[dt.datetime | None]
    """When its citizen was last told that they write faster than anybody reads."""


def is_shut(talk: Conversation, now: dt.datetime) -> bool:
    """Whether a web talk can't be opened any more: it was left, or fell idle.

    Talks of other channels are never shut: the platform keeps them.
    """
    return is_left(talk.channel, talk.shut_at, talk.last_active_at, now)


def is_left(
    channel: ChannelName, shut_at: dt.datetime | None, active_at: dt.datetime, now: dt.datetime
) -> bool:
    """`is_shut`, of who has read no more of a talk than that."""
    return channel is ChannelName.WEB and (shut_at is not None or now - active_at >= IDLE)


def is_case_shut(talk: Conversation, now: dt.datetime) -> bool:
    """Whether the PIN is asked before anything of a case is shown in this talk.

    The talk stays on a phone that others may hold by then. A web talk is shut as a whole.
    """
    if talk.channel is ChannelName.WEB or talk.own_phone:
        return False
    return talk.case_open_at is None or now - talk.case_open_at >= IDLE


def find_or_create(session: Session, channel: ChannelName, address: str) -> Conversation:
    """The talk of a person on a channel, locked until the transaction ends."""
    index = session.vault.blind(f"conversations.{channel}", address)
    who = {"of_channel": channel, "index": index}
    found = session.scalar(_OF_PERSON.with_for_update(), who)
    if found is not None:
        return found
    session.one_at_a_time(f"conversation:{channel}:{index}")
    found = session.scalar(_OF_PERSON.with_for_update(), who)
    if found is not None:
        return found
    now = session.clock.now()
    made = Conversation(
        channel=channel,
        address_index=index,
        created_at=now,
        last_inbound_at=now,
        last_active_at=now,
    )
    made.seal(session.vault, "address", address)
    session.add(made)
    session.flush()
    return made


def lock(session: Session, channel: ChannelName, address: str) -> str:
    """The id of the talk of a person on a channel, locked until the transaction ends."""
    index = session.vault.blind(f"conversations.{channel}", address)
    found: str | None = session.scalar(_LOCKED, {"of_channel": channel, "index": index})
    return found if found is not None else find_or_create(session, channel, address).id


def find(session: Session, channel: ChannelName, address: str) -> Conversation | None:
    """The talk of a person on a channel, if there is one; not locked."""
    index = session.vault.blind(f"conversations.{channel}", address)
    return session.scalar(_OF_PERSON, {"of_channel": channel, "index": index})


_OF_PERSON = sa.select(Conversation).where(
    Conversation.channel == sa.bindparam("of_channel", type_=Conversation.channel.type),
    Conversation.address_index == sa.bindparam("index"),
)
_TABLE = Conversation.as_table()
_LOCKED = (
    sa.select(_TABLE.c.id)
    .where(
        _TABLE.c.channel == sa.bindparam("of_channel", type_=Conversation.channel.type),
        _TABLE.c.address_index == sa.bindparam("index"),
    )
    .with_for_update()
)
