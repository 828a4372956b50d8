"""Passwords known from breaches, looked up in a list that lies on the operator's own disk.

The list is the download of "Pwned Passwords" ordered by hash: a line for each password, its SHA-1
in 40 hexadecimal digits and, after a colon, how often it was met. All of it is over 40 GB, so it
is never read whole: each look-up halves the file some forty times. No service is asked.
"""

import hashlib
import os
import re
from bisect import bisect_left
from itertools import pairwise
from pathlib import Path
from typing import BinaryIO

from store.datafile import DataFileError

_DIGITS = 40
_LINE = re.compile(rb"[0-9A-Fa-f]{40}(:[0-9]+)?\r?\n?")
_LONGEST_LINE = 80
_AFTER_ALL = b"\xff"
"""Greater than any hash: what stands behind the last line."""
_LOOKS = 1_000
"""So many places of the file are looked at when it is opened."""


class Breached:
    """The list. It may be replaced on the disk only while the program does not run."""

    def __init__(self, path: Path) -> None:
        """Look whether it is such a list, in order, at a thousand places spread over the file.

        Raises:
            DataFileError: it can't be read, or is no list of hashes, or is not ordered by them.
        """
        self._path = path
        try:
            with path.open("rb") as file:
                self._size = file.seek(0, os.SEEK_END)
                step = max(1, self._size // _LOOKS)
                lines = [_line_from(file, at) for at in range(0, self._size, step)]
        except OSError as problem:
            raise DataFileError(path, None, f"can't be read: {problem.strerror}") from problem
        found = [line for line in lines if line]
        if not found or not all(_LINE.fullmatch(line) for line in found):
            raise DataFileError(path, None, "a line is no SHA-1 in 40 hexadecimal digits and count")
        if any(_hash(one) > _hash(other) for one, other in pairwise(found)):
            raise DataFileError(path, None, "not ordered by hash: take the list ordered by hash")

    def has(self, password: str) -> bool:
        """Whether somebody's password, exactly as typed, is in the list. Reads the disk."""
        wanted = hashlib.sha1(password.encode(), usedforsecurity=False).hexdigest().upper().encode()
        with self._path.open("rb") as file:
            at = bisect_left(
                range(self._size), wanted, key=lambda place: _hash(_line_from(file, place))
            )
            return _hash(_line_from(file, at)) == wanted


def _line_from(file: BinaryIO, at: int) -> bytes:
    """The first line that begins at a place of the file or behind it; nothing behind the last."""
    file.seek(max(0, at - 1))
    if at:
        file.readline(_LONGEST_LINE)  # the rest of the line before
    return file.readline(_LONGEST_LINE)


def _hash(line: bytes) -> bytes:
    return line[:_DIGITS].upper() or _AFTER_ALL
