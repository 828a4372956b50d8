"""Staying with what counts in the tables: look, sleep until woken, look again."""

import asyncio
import logging
from collections.abc import Callable

from sqlalchemy.exc import SQLAlchemyError

from store.session import Database, Session
from store.wakes import Topic

log = logging.getLogger(__name__)

_LOOK_AGAIN = 15.0
"""Seconds after which a process looks by itself, for a wake it may have missed."""
_AFTER_FAILURE = 2.0


async def follow_documents(
    database: Database, refresh: Callable[[Session], object], what: str
) -> None:
    """Call `refresh` whenever documents have changed, here or in another process, for ever.

    `what` names for the log what could not be read.
    """
    while True:
        mark = database.wakes.mark(Topic.DOCUMENTS)
        try:
            await database.read(refresh)
        except SQLAlchemyError as problem:
            log.warning("%s could not be read: %s", what, type(problem).__name__)
            await asyncio.sleep(_AFTER_FAILURE)
            continue
        await database.wakes.sleep(Topic.DOCUMENTS, _LOOK_AGAIN, mark)
