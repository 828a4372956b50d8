"""What citizens see of those who give legal aid. Pure: the dialogue shows it."""

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class OfferedProvider:
    """One person of the published list; None and empty: not published."""

    id: str
    name: str
    kind: str
    """A `ProviderKind`."""
    office_id: str | None
    area: str | None
    card_number: str | None
    gender: str | None
    """A `Gender`."""
    fields: tuple[str, ...]
    languages: tuple[str, ...]
