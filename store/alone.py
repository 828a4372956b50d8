"""Work that one process at a time may do, for as long as it lives; another takes over in seconds.

For what lasts, such as asking a platform for news. What is done in one transaction takes
`Session.try_alone`.
"""

import asyncio
import logging
from collections.abc import Awaitable, Callable
from contextlib import suppress

import psycopg

from store.session import Database, lock_number

log = logging.getLogger(__name__)

ASK_AGAIN = 2.0
"""Seconds between two looks whether the one that works has gone."""


async def alone(database: Database, what: str, work: Callable[[], Awaitable[None]]) -> None:
    """Run `work` here once no other process of this database does; until it ends or is cancelled.

    On PostgreSQL an advisory lock of a connection of its own says whose turn it is: it goes with
    the connection, however the process ends. When the connection is lost the work is stopped, and
    waits for its turn again. An SQLite database has one process anyway.
    """
    if not database.on_postgres:
        await work()
        return
    while True:
        with suppress(psycopg.Error):
            connection = await psycopg.AsyncConnection.connect(database.conninfo, autocommit=True)
            async with connection:
                while True:
                    if await _try(connection, what):
                        break
                    await asyncio.sleep(ASK_AGAIN)
                log.info("this process does %s now", what)
                await _while_connected(connection, work)
                return
        await asyncio.sleep(ASK_AGAIN)


async def _try(connection: psycopg.AsyncConnection, what: str) -> bool:
    cursor = await connection.execute("SELECT pg_try_advisory_lock(%s)", (lock_number(what),))
    row = await cursor.fetchone()
    return bool(row and row[0])


async def _while_connected(
    connection: psycopg.AsyncConnection, work: Callable[[], Awaitable[None]]
) -> None:
    task = asyncio.ensure_future(work())
    try:
        while not task.done():
            await asyncio.wait({task}, timeout=ASK_AGAIN)
            await connection.execute("SELECT 1")
        await task
    finally:
        task.cancel()
        await asyncio.gather(task, return_exceptions=True)
