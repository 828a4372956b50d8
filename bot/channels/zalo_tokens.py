"""The way into a Zalo Official Account: an access token that is renewed by a one-shot token.

Each renewal uses up the refresh token and brings the next one. So one process at a time spends
it, and the new pair is committed before anybody uses it. Between Zalo's answer and our commit a
crash loses the pair, and nothing can bring it back: the access token of before then lasts until
it ends, which is why it is renewed half a day early and why a person is called at once.
"""

import asyncio
import datetime as dt
import logging
from collections.abc import Mapping
from contextlib import suppress
from dataclasses import dataclass, field
from functools import partial
from typing import Any, Final

import httpx
import sqlalchemy as sa
from sqlalchemy.exc import SQLAlchemyError
from sqlalchemy.orm import Mapped, mapped_column

from store.base import Row
from store.session import Database, Session

log = logging.getLogger(__name__)

TOKEN_PATH: Final = "/v4/oa/access_token"  # noqa: S105 - a path
RENEW_AHEAD: Final = dt.timedelta(hours=12)
"""So long before its end an access token (25 hours) is renewed: a night to mend what went wrong."""
_SPENDING: Final = dt.timedelta(seconds=60)
"""How long one process may take to spend the refresh token; longer than the call can last."""
_BETWEEN_RENEWALS: Final = dt.timedelta(seconds=60)
_CALL_SECONDS: Final = 20.0
_TOO_SHORT: Final = dt.timedelta(seconds=30)
_FIRST_WAIT: Final = dt.timedelta(seconds=15)
_LONGEST_WAIT: Final = dt.timedelta(minutes=15)
_DATABASE_AGAIN: Final = 0.5


class ZaloTokens(Row):
    """The tokens of one account, as its app last got them."""

    __tablename__ = "zalo_tokens"

    app_id: Mapped[str] = mapped_column(sa.String(40), unique=True)
    given: Mapped[str] = mapped_column(sa.Text)
    """Blind indexes of every refresh token that the settings ever gave, separated by spaces."""
    access: Mapped[bytes | None]
    """Sealed."""
    refresh: Mapped[bytes]
    """Sealed; good for one renewal."""
    expires_at: Mapped[dt.datetime | None]
    """When the access token ends."""
    spending_until: Mapped[dt.datetime | None]
    """A process spends the refresh token until then, and no other may."""
    failures: Mapped[int] = mapped_column(default=0)
    """Renewals that failed since the last that did not."""
    next_try_at: Mapped[dt.datetime]


@dataclass(frozen=True)
class Access:
    """A token to call the platform with."""

    token: str = field(repr=False)
    expires_at: dt.datetime


@dataclass(frozen=True)
class _Spend:
    """It is ours to spend this refresh token now."""

    refresh: str = field(repr=False)


@dataclass(frozen=True)
class _Pair:
    """What a renewal brought."""

    access: str = field(repr=False)
    refresh: str = field(repr=False)
    seconds: int


@dataclass(frozen=True)
class _Failed:
    """No new pair. `refused`: Zalo itself said no."""

    reason: str
    refused: bool


class TokenKeeper:
    """Hands out the access token and renews it, together with any number of other processes."""

    def __init__(
        self,
        database: Database,
        http: httpx.AsyncClient,
        *,
        app_id: str,
        app_secret: str,
        refresh_token: str,
        oauth_url: str,
    ) -> None:
        self._database = database
        self._http = http
        self._app_id = app_id
        self._app_secret = app_secret
        self._given = refresh_token
        self._url = oauth_url.rstrip("/") + TOKEN_PATH
        self._known: Access | None = None
        self._renewals: set[asyncio.Task[Access | None]] = set()
        self._ours = asyncio.Lock()

    async def begin(self) -> None:
        """Take the refresh token of the settings, unless it was given before.

        One that was given before is used up by now; taking it again would throw away the good
        one. Only a new one replaces what is here.

        Raises:
            sqlalchemy.exc.SQLAlchemyError: the database does not answer.
        """
        await self._database.transact(self._take_given)

    async def access(self) -> Access | None:
        """A token that is good now; None while there is none to be had."""
        if self._known is not None and self._is_good(self._known, _TOO_SHORT):
            return self._known
        return await self._renew(_TOO_SHORT)

    async def refused(self, access: Access) -> None:
        """Zalo does not take this token any more: find the newer one, or fetch one."""
        if self._known == access:
            self._known = None
        await self._renew(_TOO_SHORT, refused=access.token)

    async def renew_ahead(self) -> None:
        """Renew if the end is near."""
        if self._known is None or not self._is_good(self._known, RENEW_AHEAD):
            await self._renew(RENEW_AHEAD)

    async def keep_fresh(self, every: float = 60.0) -> None:
        """Renew ahead of the end, for ever; looks each `every` seconds."""
        while True:
            with suppress(SQLAlchemyError):  # the next look will tell
                await self.renew_ahead()
            await asyncio.sleep(every)

    async def finish(self) -> None:
        """Let renewals that are under way end: what Zalo gave must be committed."""
        await asyncio.gather(*self._renewals, return_exceptions=True)

    # --- renewing ---

    def _is_good(self, access: Access, ahead: dt.timedelta) -> bool:
        return access.expires_at - self._database.clock.now() > ahead

    async def _renew(self, ahead: dt.timedelta, refused: str | None = None) -> Access | None:
        # Whoever waits for it may be cancelled; the renewal itself goes on to its commit.
        task = asyncio.create_task(self._renew_to_its_end(ahead, refused))
        self._renewals.add(task)
        task.add_done_callback(self._renewals.discard)
        return await asyncio.shield(task)

    async def _renew_to_its_end(self, ahead: dt.timedelta, refused: str | None) -> Access | None:
        async with self._ours:
            step = await self._database.transact(partial(self._look, ahead, refused))
            if isinstance(step, _Spend):
                step = await self._end(step, await self._ask(step))
            if step is not None:
                self._known = step
            return step

    def _look(
        self, ahead: dt.timedelta, refused: str | None, session: Session
    ) -> Access | _Spend | None:
        """The token as it stands; or the right to renew it; or nothing for now."""
        row = self._row(session)
        if row is None:
            return None
        now = session.clock.now()
        access = _access(session, row)
        if access is not None and (access.token == refused or access.expires_at <= now):
            access = None
        if access is not None and access.expires_at - now > ahead:
            return access
        if row.spending_until is not None and row.spending_until > now:
            return access
        if row.next_try_at > now:
            return access
        if row.spending_until is not None:
            log.warning("Zalo: a renewal of the tokens was cut off; its refresh token may be gone")
        row.spending_until = now + _SPENDING
        return _Spend(row.open(session.vault, "refresh") or "")

    async def _ask(self, spend: _Spend) -> _Pair | _Failed:
        form = {
            "app_id": self._app_id,
            "grant_type": "refresh_token",
            "refresh_token": spend.refresh,
        }
        try:
            async with asyncio.timeout(_CALL_SECONDS):
                response = await self._http.post(
                    self._url, data=form, headers={"secret_key": self._app_secret}
                )
            answer = response.json() if response.status_code < 500 else None
        except (httpx.HTTPError, TimeoutError, ValueError) as problem:
            return _Failed(type(problem).__name__, refused=False)
        return _read(answer)

    async def _end(self, spend: _Spend, answer: _Pair | _Failed) -> Access | None:
        """Commit what came of it; a new pair is worth waiting for the database."""
        while True:
            try:
                return await self._database.transact(partial(self._write, spend, answer))
            except SQLAlchemyError as problem:
                if isinstance(answer, _Failed):
                    raise
                log.error(  # noqa: TRY400 - no traces
                    "Zalo: the new tokens can't be kept yet: %s", type(problem).__name__
                )
                await asyncio.sleep(_DATABASE_AGAIN)

    def _write(self, spend: _Spend, answer: _Pair | _Failed, session: Session) -> Access | None:
        row = self._row(session)
        if row is None:
            return None
        now = session.clock.now()
        if row.open(session.vault, "refresh") != spend.refresh:
            return _access(session, row)  # given anew by a person meanwhile
        row.spending_until = None
        match answer:
            case _Pair():
                row.seal(session.vault, "access", answer.access)
                row.seal(session.vault, "refresh", answer.refresh)
                row.expires_at = now + dt.timedelta(seconds=answer.seconds)
                # A token that Zalo refuses all the same must not lead from renewal to renewal.
                row.failures, row.next_try_at = 0, now + _BETWEEN_RENEWALS
            case _Failed():
                row.failures += 1
                row.next_try_at = now + min(
                    _FIRST_WAIT * 2.0 ** min(row.failures - 1, 10), _LONGEST_WAIT
                )
                _tell(answer, row.expires_at, now)
        access = _access(session, row)
        return access if access is not None and access.expires_at > now else None

    # --- the row ---

    def _row(self, session: Session) -> ZaloTokens | None:
        return session.scalar(
            sa.select(ZaloTokens).where(ZaloTokens.app_id == self._app_id).with_for_update()
        )

    def _take_given(self, session: Session) -> None:
        session.one_at_a_time(f"zalo_tokens:{self._app_id}")
        given = session.vault.blind("zalo_tokens.given", self._given)
        now = session.clock.now()
        row = self._row(session)
        if row is None:
            row = ZaloTokens(app_id=self._app_id, given=given, next_try_at=now)
            session.add(row)
        elif given in row.given.split():
            return
        else:
            row.given = f"{row.given} {given}"
        row.seal(session.vault, "refresh", self._given)
        row.spending_until, row.failures, row.next_try_at = None, 0, now


def _access(session: Session, row: ZaloTokens) -> Access | None:
    token = row.open(session.vault, "access")
    if token is None or row.expires_at is None:
        return None
    return Access(token, row.expires_at)


def _read(answer: object) -> _Pair | _Failed:
    """A new pair, or why there is none; Zalo says no with status 200 and an `error`."""
    if not isinstance(answer, Mapping):
        return _Failed("answer not understood", refused=False)
    access, refresh = answer.get("access_token"), answer.get("refresh_token")
    if isinstance(access, str) and access and isinstance(refresh, str) and refresh:
        return _Pair(access, refresh, _seconds(answer.get("expires_in")))
    error = answer.get("error")
    if isinstance(error, int) and error:
        return _Failed(f"error {error}", refused=True)
    return _Failed("answer not understood", refused=False)


_SHORT_LIFE: Final = 3600


def _seconds(told: Any) -> int:
    """How long a token lasts; Zalo tells it as a text. What can't be read counts as an hour."""
    try:
        seconds = int(told)
    except (TypeError, ValueError):
        return _SHORT_LIFE
    return seconds if 0 < seconds < 10**7 else _SHORT_LIFE


def _tell(failed: _Failed, ends: dt.datetime | None, now: dt.datetime) -> None:
    if not failed.refused:
        log.warning("Zalo: the tokens are not renewed (%s); tried again", failed.reason)
        return
    left = max(0, int((ends - now).total_seconds() // 3600)) if ends is not None else 0
    log.error(
        "Zalo: the refresh token is not accepted (%s); sending ends in %d hours. "
        "Put a new one into TRAM_ZALO_OA_REFRESH_TOKEN and start again",
        failed.reason,
        left,
    )
