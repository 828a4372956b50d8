"""What a citizen may be asked to agree to. Pure: the dialogue asks, `cases.consent` keeps."""

from enum import StrEnum


class Purpose(StrEnum):
    """What the data may be used for."""

    REQUEST = "request"
    """Handing the request and its story to the legal-aid office."""
    SENSITIVE = "sensitive"
    """Handing over health, ethnicity, violence or offence data told in the screening."""
    CONTACT = "contact"
    """Calling the phone number the citizen left."""
