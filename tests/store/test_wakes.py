"""Sleeping until something is woken."""

import asyncio

import pytest

from store.wakes import Topic, Wakes


@pytest.mark.parametrize("ticks", range(4))
async def test_who_is_woken_and_cancelled_at_once_does_not_sleep_on(ticks: int) -> None:
    """A loop that lost its cancellation would go on for ever, and nothing would ever end it."""
    wakes = Wakes()

    async def follow() -> None:
        while True:
            await wakes.sleep(Topic.DESK, 60)

    following = asyncio.create_task(follow())
    for _ in range(5):
        await asyncio.sleep(0)
    wakes.wake((Topic.DESK,))
    for _ in range(ticks):
        await asyncio.sleep(0)
    following.cancel()
    for _ in range(10):
        await asyncio.sleep(0)

    assert following.cancelled()


async def test_a_wake_between_the_mark_and_the_sleep_is_not_lost() -> None:
    wakes = Wakes()
    mark = wakes.mark(Topic.INBOX)
    wakes.wake((Topic.INBOX,))

    async with asyncio.timeout(10):
        await wakes.sleep(Topic.INBOX, 3600, mark)
