"""What a scanner may have said of a file. Pure, so that a message can carry it."""

from enum import StrEnum


class Scan(StrEnum):
    """What the scanner for malicious software has said of a file."""

    UNASKED = "unasked"
    """None was set up when the file came."""
    WAITING = "waiting"
    """It has not answered yet; nobody opens the file until it has."""
    CLEAN = "clean"
    """Nothing was found, or we made the file ourselves."""
    FOUND = "found"
