"""What is said to a citizen, as values: keys and blanks, or an officer's own words."""

from enum import StrEnum

from pydantic import BaseModel, ConfigDict, Field


class _Value(BaseModel):
    model_config = ConfigDict(frozen=True, extra="forbid", hide_input_in_errors=True)


class Ask(StrEnum):
    """Something a channel may have its own control for."""

    LOCATION = "location"
    PHONE = "phone"


class Line(_Value):
    """One text: its key in bot/texts and what goes into its blanks."""

    key: str
    blanks: dict[str, str] = Field(default_factory=dict)


class Choice(_Value):
    """A button, or a numbered line where there are no buttons."""

    key: str
    """What comes back when it is pressed: ASCII, 40 characters at most."""
    label: Line
    ticked: bool | None = None
    """Whether its box is ticked, where several may be chosen; None for a plain button."""


class Say(_Value):
    """One message of the assistant, rendered in the citizen's language at delivery."""

    lines: tuple[Line, ...]
    choices: tuple[Choice, ...] = ()
    ask: Ask | None = None
    replaces: bool = False
    """It stands in for the message before it, on channels that can change one (boxes ticked)."""
    secret: bool = False
    """Holds a code or a PIN: never copied into a case."""
    serial: int = 0
    """The number of the question; a button of an older question is stale."""
    choices_shown: int = 0
    """So many of the choices stand above already, on a channel that shows a few at a time."""


class Verbatim(_Value):
    """An officer's words, sent as they are."""

    text: str
    office: str
    """The office's name, shown above the words; never the officer's."""
    file_id: str | None = None


def say(key: str, /, **blanks: str) -> Say:
    """A message of one text without choices."""
    return Say(lines=(Line(key=key, blanks=blanks),))
