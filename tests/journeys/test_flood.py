"""Somebody pours messages in: theirs are shed, kindly, danger never, and nobody else waits."""

import json
from collections.abc import AsyncIterator, Callable

import pytest
import sqlalchemy as sa
from prometheus_client import generate_latest

from bench.inside import Inside, Letter, Writes
from bot.channels.message import ChannelName, RawEvent
from bot.inbox import InboxRow
from bot.turn import Rooms
from bot.valve import LOOKS_AT_ONCE, LOOKS_EACH, TOLD_EVERY, Measure, keep_some
from store.clock import SetClock
from store.session import Database
from tests.journeys.wording import is_said

LAN, BAY = 1001, 1002
AT_ONCE = 3
BEATEN = "chồng tôi đang đánh tôi, cứu tôi với"
FLOOD = "mua hàng đi"


@pytest.fixture
async def house(database: Database, rooms: Rooms) -> AsyncIterator[Inside]:
    async with Inside(database, rooms, Measure(AT_ONCE, 2.0)) as made:
        yield made


def kept(house: Inside, channel: ChannelName = ChannelName.TELEGRAM) -> int:
    query = sa.select(sa.func.count()).where(InboxRow.channel == channel)
    return house.database.read_now(lambda session: session.scalar(query) or 0)


def shed(house: Inside, channel: ChannelName) -> float:
    told = generate_latest(house.metrics.registry).decode()
    return float(told.partition(f'tram_shed_total{{channel="{channel}"}} ')[2].split()[0])


async def statuses(house: Inside, letters: list[Letter]) -> list[int]:
    return [(await house.post(letter))[0] for letter in letters]


def told(house: Inside, who: int) -> list[str]:
    return [words for _, address, words in house.sent if address == str(who)]


async def all_said(house: Inside) -> None:
    await house.valve.has_told()
    await house.turns()
    await house.sends()


WRITERS = [
    (ChannelName.TELEGRAM, Writes.telegram),
    (ChannelName.ZALO_OA, Writes.zalo_oa),
    (ChannelName.ZALO_BOT, Writes.zalo_bot),
]


@pytest.mark.parametrize(("channel", "write"), WRITERS)
async def test_what_one_pours_in_is_shed_counted_and_told_once_and_another_is_kept(
    house: Inside, channel: ChannelName, write: Callable[[Writes, int, str], Letter]
) -> None:
    writes = Writes()

    flood = await statuses(house, [write(writes, LAN, f"{FLOOD} {n}") for n in range(10)])
    other = await statuses(house, [write(writes, BAY, "ly hôn cần giấy gì")])
    in_the_inbox = kept(house, channel)
    await all_said(house)

    assert flood == [200] * 10
    assert other == [200]
    assert in_the_inbox == AT_ONCE + 1
    assert shed(house, channel) == 10 - AT_ONCE
    assert sum(is_said("always.too_fast", words) for words in told(house, LAN)) == 1
    assert not any(is_said("always.too_fast", words) for words in told(house, BAY))


@pytest.mark.parametrize(("channel", "write"), WRITERS)
async def test_danger_is_never_shed(
    house: Inside, channel: ChannelName, write: Callable[[Writes, int, str], Letter]
) -> None:
    writes = Writes()
    await statuses(house, [write(writes, LAN, FLOOD) for _ in range(6)])

    await statuses(house, [write(writes, LAN, BEATEN)])

    assert kept(house, channel) == AT_ONCE + 1
    await all_said(house)
    assert any("113" in words and "too_fast" not in words for words in told(house, LAN))


async def test_danger_is_looked_for_as_fast_as_a_hand_can_write_and_no_faster(
    house: Inside,
) -> None:
    writes = Writes()
    await statuses(house, [writes.telegram(LAN, FLOOD) for _ in range(AT_ONCE + LOOKS_AT_ONCE)])

    await statuses(house, [writes.telegram(LAN, BEATEN)])
    assert kept(house) == AT_ONCE, "a machine pours this in"

    house.seconds += LOOKS_EACH
    await statuses(house, [writes.telegram(LAN, BEATEN)])
    assert kept(house) == AT_ONCE + 1


async def test_room_comes_back_with_the_seconds_and_a_flood_never_gains_by_waiting(
    house: Inside,
) -> None:
    writes = Writes()
    await statuses(house, [writes.telegram(LAN, FLOOD) for _ in range(9)])

    house.seconds += 2.0
    await statuses(house, [writes.telegram(LAN, FLOOD) for _ in range(9)])
    assert kept(house) == AT_ONCE + 1

    house.seconds += 3600.0
    await statuses(house, [writes.telegram(LAN, FLOOD) for _ in range(9)])
    assert kept(house) == 2 * AT_ONCE + 1


async def test_who_goes_on_is_told_again_only_after_an_hour(house: Inside, clock: SetClock) -> None:
    writes = Writes()

    async def pours() -> int:
        await statuses(house, [writes.telegram(LAN, FLOOD) for _ in range(AT_ONCE + 2)])
        await all_said(house)
        return sum(is_said("always.too_fast", words) for words in told(house, LAN))

    assert await pours() == 1
    assert await pours() == 1
    house.seconds += TOLD_EVERY.total_seconds()
    assert await pours() == 1, "another process would have told within the hour"
    clock.forward(TOLD_EVERY)
    house.seconds += TOLD_EVERY.total_seconds()
    assert await pours() == 2


async def test_an_update_that_could_not_be_kept_pays_only_once(house: Inside) -> None:
    def event(number: int) -> RawEvent:
        return RawEvent(ChannelName.TELEGRAM, str(number), str(LAN), {})

    async def fails(_events: list[RawEvent]) -> None:
        raise sa.exc.OperationalError("", None, OSError())

    for _ in range(10 * AT_ONCE):
        with pytest.raises(sa.exc.OperationalError):
            await keep_some(house.valve, None, [event(1)], fails)

    assert len(house.valve.let_in([event(n) for n in range(10)])) == AT_ONCE


async def test_the_groups_of_the_staff_are_not_measured(house: Inside) -> None:
    events = [RawEvent(ChannelName.TELEGRAM_DESK, str(n), "-100", {}) for n in range(50)]

    assert house.valve.let_in(events) == events


async def test_the_web_page_is_told_to_wait_and_keeps_the_words_until_there_is_room(
    house: Inside,
) -> None:
    writes = Writes()
    token, other = await house.opens("o" * 22), await house.opens("p" * 22)
    letters = [writes.web(token, FLOOD) for _ in range(AT_ONCE + 1)]

    answers = [await house.post(letter) for letter in letters]

    assert [status for status, _ in answers] == [202] * AT_ONCE + [429]
    assert is_said("web.too_fast", json.loads(answers[-1][1])["note"])
    assert await statuses(house, [writes.web(token, BEATEN), writes.web(other, "chào")]) == [
        202,
        202,
    ]
    house.seconds += 2.0
    assert await statuses(house, letters[-1:]) == [202]


async def test_the_page_without_a_script_shows_the_words_again_that_came_too_fast(
    house: Inside,
) -> None:
    token = await house.opens("o" * 22)

    async def posts(number: int) -> tuple[int, bytes]:
        form = f"token={token}&client_id=message-{number}&do=say&text=mua+di+{number}"
        headers = {"content-type": "application/x-www-form-urlencoded"}
        return await house.post(Letter("/chat/plain", form.encode(), headers))

    answers = [await posts(number) for number in range(AT_ONCE + 1)]

    assert [status for status, _ in answers] == [200] * AT_ONCE + [429]
    assert f"mua di {AT_ONCE}" in answers[-1][1].decode()


async def test_others_are_answered_although_the_backlog_of_one_who_floods_stands(
    database: Database, rooms: Rooms
) -> None:
    writes = Writes()
    async with Inside(database, rooms) as house:
        await statuses(house, [writes.telegram(LAN, f"{FLOOD} {n}") for n in range(200)])
        others = range(2000, 2005)
        await statuses(house, [writes.telegram(who, "ly hôn cần giấy gì") for who in others])

        await house.turns(len(others) + 1)
        await house.sends()

        answered = {address for _, address, _ in house.sent}
        assert {str(who) for who in others} <= answered
        assert await house.turns(1) == 1, "there is more of the flood"


def test_who_has_been_quiet_is_forgotten_and_who_pours_is_not() -> None:
    measure = Measure(2, 1.0)
    for who in range(20_000):
        measure.take((ChannelName.WEB, str(who)), 0.0)
    measure.take((ChannelName.WEB, "flood"), 99.0)
    measure.take((ChannelName.WEB, "flood"), 99.0)

    assert measure.take((ChannelName.WEB, "flood"), 99.5) is False
    assert measure.wait((ChannelName.WEB, "flood"), 99.5) == pytest.approx(0.5)
    assert len(measure) == 1
