"""Copies of the head of the audit's chain in a file outside the database.

One JSON object a line; lines are only ever added. Best on another machine, or a disk to which the
database's administrator may only append.
"""

import asyncio
import logging
import os
from collections.abc import Callable
from pathlib import Path

from pydantic import ValidationError
from sqlalchemy.exc import SQLAlchemyError

from store.audit import Anchor, anchor_now
from store.session import Database

log = logging.getLogger(__name__)


class AnchorError(Exception):
    """A file of anchors can't be read; the message says which line."""


def read_anchors(path: Path) -> tuple[Anchor, ...]:
    """The anchors of a file.

    Raises:
        AnchorError: the file can't be read, or a line is none.
    """
    try:
        lines = path.read_text(encoding="utf-8").splitlines()
    except OSError as problem:
        raise AnchorError(f"{path}: {problem.strerror}") from None
    anchors = []
    for number, line in enumerate(lines, 1):
        try:
            anchors.append(Anchor.model_validate_json(line))
        except ValidationError:
            raise AnchorError(f"{path}, line {number}: not an anchor") from None
    return tuple(anchors)


def add_anchor(path: Path, anchor: Anchor) -> None:
    """Write an anchor at the end of the file; it is on the disk when this returns."""
    path.parent.mkdir(parents=True, exist_ok=True)
    descriptor = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_APPEND, 0o600)
    try:
        os.write(descriptor, anchor.model_dump_json().encode() + b"\n")
        os.fsync(descriptor)
    finally:
        os.close(descriptor)


async def keep_anchors(
    database: Database, keep: Callable[[Anchor], None], every: float = 600
) -> None:
    """Hand the head to `keep` every `every` seconds, when acts were added, until cancelled.

    Several processes may each keep a file of their own.
    """
    last = 0
    while True:
        try:
            anchor = await database.read(anchor_now)
            if anchor.rows != last:
                await asyncio.to_thread(keep, anchor)
                last = anchor.rows
        except (SQLAlchemyError, OSError) as problem:
            # A database that is down, or a full disk, passes; the duty goes on
            log.error("the head of the audit is not kept: %s", type(problem).__name__)  # noqa: TRY400
        await asyncio.sleep(every)
