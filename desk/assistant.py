"""What the citizen's side lends to the desk; the composition root puts it together.

The desk never imports that side: it is handed functions.
"""

import datetime as dt
from collections.abc import Callable, Mapping
from dataclasses import dataclass

from eligibility.facts import Facts


@dataclass(frozen=True)
class Story:
    """What a machine reads out of a story; the officer checks it with the person."""

    facts: Facts
    field: str | None = None
    danger: str | None = None
    urgent: bool = False
    commune: str | None = None


@dataclass(frozen=True)
class Assistant:
    """The reading of stories, and the words of the chat."""

    read: Callable[[str, dt.date], Story]
    say: Callable[[str, Mapping[str, str]], str]
    """A text of the chat by its key, in Vietnamese."""
    web: str | None = None
    """Where the citizen opens the chat; None: nobody reaches it from outside."""
