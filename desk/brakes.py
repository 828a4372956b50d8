"""Brakes on guessing at the desk's door; nobody is ever locked out by others.

Wrong passwords count against the pair of account and client. Someone who tries many accounts from
one place, or a flood from many places, is slowed too; a device on which the account has signed in
before answers only for its own mistakes. The counts are shared by all processes (`store.brakes`).
"""

import datetime as dt

from store import brakes
from store.brakes import Count, Doubling, Window
from store.session import Session

_LONGEST = dt.timedelta(minutes=15)
_PAIR = Doubling(5, dt.timedelta(seconds=30), _LONGEST)
_BY_ONE_CLIENT = Window(30, _LONGEST)
"""Wrong passwords of one client, over all accounts."""
_BY_EVERYBODY = Window(120, dt.timedelta(minutes=1))
"""Wrong passwords of all unknown devices."""


def _counts(name: str, client: str, device: str | None) -> tuple[Count, ...]:
    pair = Count("desk.pair", f"{name}\n{device or client}", _PAIR)
    if device is not None:
        return (pair,)
    return (
        pair,
        Count("desk.client", client, _BY_ONE_CLIENT),
        Count("desk.all", "", _BY_EVERYBODY),
    )


def wait(session: Session, name: str, client: str, device: str | None) -> dt.timedelta:
    """How long the next try has to wait; nothing when it may be made now."""
    return brakes.wait(session, *_counts(name, client, device))


def count_try(session: Session, name: str, client: str, device: str | None) -> dt.timedelta:
    """Count a try as a wrong one until it turns out right; how long it has to wait instead."""
    return brakes.count_try(session, *_counts(name, client, device))


def right(session: Session, name: str, client: str, device: str | None) -> None:
    """Take back what was counted; forget the wrong tries of this pair."""
    brakes.take_back(session, *_counts(name, client, device))
