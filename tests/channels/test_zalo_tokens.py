"""The tokens of a Zalo Official Account: spent once, committed before use, by one at a time."""

import asyncio
import datetime as dt
import logging
from collections.abc import AsyncIterator, Callable

import httpx
import pytest
import sqlalchemy as sa

from bot.channels.message import Outbound, Receipt, TryLater
from bot.channels.zalo_oa import ZaloOa
from bot.channels.zalo_tokens import RENEW_AHEAD, TokenKeeper, ZaloTokens
from store.clock import SetClock
from store.session import Database
from tests.channels.bot_api import RESET, UNAVAILABLE, Failure
from tests.channels.zalo_api import APP_ID, APP_SECRET, FIRST_REFRESH, OaApi, polling

HOUR = dt.timedelta(hours=1)
Makes = Callable[..., TokenKeeper]


@pytest.fixture
async def api() -> AsyncIterator[OaApi]:
    async with OaApi() as running:
        yield running


@pytest.fixture
async def process(api: OaApi) -> AsyncIterator[Makes]:
    """Makes what one process has; several on one database are several processes."""
    clients: list[httpx.AsyncClient] = []

    def make(database: Database, refresh_token: str = FIRST_REFRESH) -> TokenKeeper:
        clients.append(httpx.AsyncClient(timeout=5))
        return TokenKeeper(
            database,
            clients[-1],
            app_id=APP_ID,
            app_secret=APP_SECRET,
            refresh_token=refresh_token,
            oauth_url=api.url,
        )

    yield make
    for client in clients:
        await client.aclose()


async def token_of(keeper: TokenKeeper) -> str | None:
    access = await keeper.access()
    return None if access is None else access.token


def row(database: Database) -> ZaloTokens:
    return database.read_now(lambda session: session.scalars(sa.select(ZaloTokens)).one())


def refresh_kept(database: Database) -> str | None:
    return row(database).open(database.vault, "refresh")


async def test_the_first_token_comes_from_the_one_in_the_settings(
    api: OaApi, process: Makes, database: Database
) -> None:
    keeper = process(database)
    await keeper.begin()

    assert await token_of(keeper) == "access-1"
    assert await token_of(keeper) == "access-1"
    assert api.called("renew") == [
        {"app_id": APP_ID, "grant_type": "refresh_token", "refresh_token": FIRST_REFRESH}
    ]
    assert refresh_kept(database) == "refresh-1"


async def test_two_processes_at_once_spend_a_refresh_token_once(
    api: OaApi, process: Makes, database: Database
) -> None:
    keepers = [process(database) for _ in range(4)]
    for keeper in keepers:
        await keeper.begin()
    api.fails("renew", Failure(502, seconds=0.2))

    await asyncio.gather(*(token_of(keeper) for keeper in keepers))
    database.clock.forward(dt.timedelta(minutes=1))  # type: ignore[attr-defined]
    await asyncio.gather(*(token_of(keeper) for keeper in keepers))

    assert [await token_of(keeper) for keeper in keepers] == ["access-1"] * 4
    assert api.refreshed == 1
    assert refresh_kept(database) == api.refresh_token


async def test_many_sends_at_once_renew_once(api: OaApi, process: Makes, sqlite: Database) -> None:
    keeper = process(sqlite)
    await keeper.begin()

    assert set(await asyncio.gather(*(token_of(keeper) for _ in range(30)))) == {"access-1"}
    assert api.refreshed == 1


async def test_a_token_is_renewed_half_a_day_ahead_and_not_before(
    api: OaApi, process: Makes, sqlite: Database, clock: SetClock
) -> None:
    keeper = process(sqlite)
    await keeper.begin()
    await keeper.renew_ahead()
    clock.forward(25 * HOUR - RENEW_AHEAD - HOUR)
    await keeper.renew_ahead()
    assert api.refreshed == 1

    clock.forward(HOUR * 1.5)
    await keeper.renew_ahead()

    assert (api.refreshed, await token_of(keeper)) == (2, "access-2")


async def test_the_sweep_renews_by_itself(
    api: OaApi, process: Makes, sqlite: Database, clock: SetClock
) -> None:
    keeper = process(sqlite)
    await keeper.begin()
    async with polling(keeper.keep_fresh(every=0.01)):
        await api.until(lambda: refresh_kept(sqlite) == "refresh-1")
        clock.forward(14 * HOUR)
        await api.until(lambda: refresh_kept(sqlite) == "refresh-2")

    assert api.refreshed == 2


async def test_another_process_finds_what_the_first_has_renewed(
    api: OaApi, process: Makes, database: Database
) -> None:
    first, second = process(database), process(database)
    await first.begin()
    await token_of(first)
    await second.begin()

    assert await token_of(second) == "access-1"
    assert api.refreshed == 1


async def test_a_token_that_zalo_took_away_is_replaced_and_the_message_goes_out(
    api: OaApi, sqlite: Database, clock: SetClock
) -> None:
    lan = api.citizen()
    lan.writes("xin chào")
    zalo = ZaloOa(
        sqlite,
        app_id=APP_ID,
        app_secret=APP_SECRET,
        refresh_token=FIRST_REFRESH,
        api_url=api.url,
        oauth_url=api.url,
    )
    async with zalo:
        await zalo.send(lan.user_id, Outbound("một"))
        clock.forward(HOUR)
        api.end_access()
        sent = [await zalo.send(lan.user_id, Outbound("hai")) for _ in range(2)]

    assert sent[0] == TryLater(1.0, "token refused")
    assert isinstance(sent[1], Receipt)
    assert api.refreshed == 2


async def test_a_token_refused_again_and_again_does_not_lead_from_renewal_to_renewal(
    api: OaApi, process: Makes, sqlite: Database
) -> None:
    keeper = process(sqlite)
    await keeper.begin()
    for _ in range(20):
        access = await keeper.access()
        if access is not None:
            await keeper.refused(access)

    assert api.refreshed == 1


async def test_a_process_killed_before_zalo_was_asked_loses_nothing(
    api: OaApi, process: Makes, database: Database, clock: SetClock
) -> None:
    dead, other = process(database), process(database)
    await dead.begin()
    await database.transact(lambda session: dead._look(dt.timedelta(0), None, session))

    assert await token_of(other) is None  # the dead one might still be asking
    clock.forward(dt.timedelta(seconds=61))
    assert await token_of(other) == "access-1"
    assert refresh_kept(database) == api.refresh_token


async def test_a_process_killed_between_the_answer_and_the_commit_leaves_the_old_token_in_use(
    api: OaApi,
    process: Makes,
    database: Database,
    clock: SetClock,
    caplog: pytest.LogCaptureFixture,
) -> None:
    dead, other = process(database), process(database)
    await dead.begin()
    await token_of(dead)
    clock.forward(14 * HOUR)
    spend = await database.transact(lambda session: dead._look(RENEW_AHEAD, None, session))
    assert spend is not None
    await dead._ask(spend)  # type: ignore[arg-type]  # and here it dies
    clock.forward(dt.timedelta(seconds=61))

    await other.renew_ahead()

    assert await token_of(other) == "access-1"
    assert "was cut off" in caplog.text
    assert "sending ends in 10 hours" in caplog.text
    clock.forward(11 * HOUR)
    assert await token_of(other) is None  # nothing brings the lost pair back

    api.refresh_token = "given-by-a-person"
    mended = process(database, "given-by-a-person")
    await mended.begin()
    assert await token_of(mended) == "access-3"


async def test_whoever_waits_may_go_but_the_new_pair_is_committed(
    api: OaApi, process: Makes, sqlite: Database
) -> None:
    keeper = process(sqlite)
    await keeper.begin()
    waiting = asyncio.create_task(keeper.access())
    await api.until(lambda: bool(api.called("renew")) or bool(keeper._renewals))

    waiting.cancel()
    await keeper.finish()

    assert refresh_kept(sqlite) == api.refresh_token


async def test_a_new_pair_waits_for_a_database_that_is_away(
    api: OaApi, process: Makes, database: Database
) -> None:
    keeper = process(database)
    await keeper.begin()
    spend = await database.transact(lambda session: keeper._look(dt.timedelta(0), None, session))
    pair = await keeper._ask(spend)  # type: ignore[arg-type]
    database.transact_now(
        lambda session: session.execute(sa.text("ALTER TABLE zalo_tokens RENAME TO elsewhere"))
    )

    ending = asyncio.create_task(keeper._end(spend, pair))  # type: ignore[arg-type]
    await asyncio.wait([ending], timeout=0.1)
    assert not ending.done()
    database.transact_now(
        lambda session: session.execute(sa.text("ALTER TABLE elsewhere RENAME TO zalo_tokens"))
    )

    access = await ending
    assert access is not None
    assert refresh_kept(database) == "refresh-1"


@pytest.mark.parametrize(
    "failure",
    [RESET, UNAVAILABLE, Failure(200, body=b"{}"), Failure(200, body=b"no"), Failure(429)],
)
async def test_a_renewal_that_fails_is_tried_again_a_little_later(
    api: OaApi, process: Makes, sqlite: Database, clock: SetClock, failure: Failure
) -> None:
    keeper = process(sqlite)
    await keeper.begin()
    api.fails("renew", failure)

    assert await token_of(keeper) is None
    assert await token_of(keeper) is None  # not at once
    clock.forward(dt.timedelta(seconds=16))
    assert await token_of(keeper) == "access-1"


async def test_waits_grow_to_a_quarter_of_an_hour_and_no_further(
    api: OaApi, process: Makes, sqlite: Database, clock: SetClock, caplog: pytest.LogCaptureFixture
) -> None:
    keeper = process(sqlite)
    await keeper.begin()
    api.refresh_token = "another"
    for _ in range(12):
        await token_of(keeper)
        clock.forward(dt.timedelta(minutes=15))

    assert len(api.called("renew")) == 12
    assert {record.levelno for record in caplog.records} == {logging.ERROR}
    assert "TRAM_ZALO_OA_REFRESH_TOKEN" in caplog.text


async def test_a_token_in_the_settings_that_was_given_before_is_not_taken_again(
    api: OaApi, process: Makes, database: Database
) -> None:
    first = process(database)
    await first.begin()
    await token_of(first)
    api.refresh_token = "given-by-a-person"
    await process(database, "given-by-a-person").begin()
    assert refresh_kept(database) == "given-by-a-person"

    await process(database, FIRST_REFRESH).begin()  # an older process starts again

    assert refresh_kept(database) == "given-by-a-person"


async def test_a_token_given_while_another_is_spent_is_not_overwritten(
    api: OaApi, process: Makes, sqlite: Database
) -> None:
    keeper = process(sqlite)
    await keeper.begin()
    spend = await sqlite.transact(lambda session: keeper._look(dt.timedelta(0), None, session))
    pair = await keeper._ask(spend)  # type: ignore[arg-type]
    await process(sqlite, "given-by-a-person").begin()

    await keeper._end(spend, pair)  # type: ignore[arg-type]

    assert refresh_kept(sqlite) == "given-by-a-person"


async def test_how_long_a_token_lasts_is_believed_within_reason(
    api: OaApi, process: Makes, sqlite: Database, clock: SetClock
) -> None:
    keeper = process(sqlite)
    await keeper.begin()
    tellings: tuple[object, ...] = ("soon", None, -5, 10**12, [])
    for number, told in enumerate(tellings, 1):
        body = {"access_token": f"a{number}", "refresh_token": FIRST_REFRESH, "expires_in": told}
        api.fails("renew", Failure(200, body=httpx.Response(200, json=body).content))
        await token_of(keeper)
        lasts = row(sqlite).expires_at
        assert lasts is not None
        assert lasts - clock.now() <= HOUR
        clock.forward(2 * HOUR)


async def test_the_tokens_lie_sealed(api: OaApi, process: Makes, sqlite: Database) -> None:
    keeper = process(sqlite)
    await keeper.begin()
    await token_of(keeper)

    kept = row(sqlite)
    everything = f"{kept.access!r} {kept.refresh!r} {kept.given}"
    for secret in ("access-1", "refresh-0", "refresh-1"):
        assert secret not in everything
