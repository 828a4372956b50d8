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
    PERSON = "person"
    """Handing over what is told of somebody else, as far as that person is said to agree."""


class PersonAgrees(StrEnum):
    """Whether the person helped agrees, as the one who asks for them says (Law 91/2025/QH15).

    Silence is no consent, and none of the answers is a reason to refuse: whoever could not be
    asked yet is asked by the officer.
    """

    YES = "yes"
    GUARDIAN = "guardian"
    """A parent or another legal representative agrees."""
    NOT_ASKED = "not_asked"
    GUARDIAN_FEARED = "guardian_feared"
    """A child's parent or representative may be whom the child fears: nobody asks or tells them."""
    HELD = "held"
    """Held by the police or in prison, and could not be asked."""

    @property
    def given(self) -> bool:
        """Whether somebody who may agree has done so."""
        return self in (PersonAgrees.YES, PersonAgrees.GUARDIAN)


class Manner(StrEnum):
    """How somebody agreed before an officer (Law 91/2025/QH15: provable, silence is no consent)."""

    IN_PERSON = "in_person"
    """Said at the desk."""
    BY_VOICE = "by_voice"
    """Said on the telephone."""
    WRITTEN = "written"
    """Signed."""
