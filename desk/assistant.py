"""What the citizen's side lends to the desk; the composition root puts it together.

The desk never imports that side: it is handed functions.
"""

import datetime as dt
from collections.abc import Callable, Mapping
from dataclasses import dataclass

from cases.speech import Say
from cases.window import Talk
from eligibility.facts import Facts
from store.session import Session


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
    shown_in: Callable[[str], Say | None]
    """A message of the chat that says a text, by its key; None: none is known. Slow at first."""
    talk: Callable[[Session, str], Talk | None]
    """The talk behind a case, by its id."""
    web: str | None = None
    """Where the citizen opens the chat; None: nobody reaches it from outside."""
