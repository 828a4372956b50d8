"""What a process loads once, and the web application it serves."""

import asyncio
import datetime as dt
import fcntl
import logging
import random
import secrets
import signal
import socket
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, contextmanager, nullcontext
from pathlib import Path
from typing import TYPE_CHECKING

import uvicorn
from fastapi import APIRouter, FastAPI, Request, Response
from fastapi.responses import PlainTextResponse
from pydantic import SecretStr
from sqlalchemy.exc import SQLAlchemyError

from bot.channels.message import ChannelName
from bot.dialogue.turn import Lookups
from bot.lifeline import Lifeline
from bot.logs import where
from bot.settings import Environment, Settings
from bot.texts import load_about, load_texts
from bot.turn import Rooms
from bot.understanding.reader import Reader
from bot.valve import Valve
from cases.atlas import Atlas
from cases.places import Gazetteer
from cases.province import Province
from cases.wordbook import Wordbook
from eligibility.grounds import load_law
from knowledge.fields import load_fields
from knowledge.library import load_library
from knowledge.shelf import Shelf
from store import migrate
from store.clock import SystemClock
from store.crypto import Keyring, KeyringError
from store.session import Database, driver_url
from store.settings import open_database as open_with_keys

if TYPE_CHECKING:  # a channel that is not used is not loaded
    from bot.channels.zalo_oa import ZaloOa

log = logging.getLogger(__name__)


READY_WITHIN = 4.0
"""Seconds in which the database has to answer whoever asks whether all is well."""


class NotReadyError(Exception):
    """The program can't start as it is set up; the message says what to mend."""


def load_rooms(province: Province) -> Rooms:
    """Read the law, the knowledge, the places and the texts; a bad file stops the program."""
    law, gazetteer = load_law(), Gazetteer(province)
    fields = load_fields()

    return Rooms(
        atlas=Atlas(province),
        law=law,
        shelf=Shelf(load_library(), fields),
        gazetteer=gazetteer,
        reader=Reader(gazetteer, fields.guess, law),
        words=Wordbook(load_texts(), load_about()),
        chance=random.SystemRandom(),
    )


DRAWN_ON = dt.date(2026, 11, 23)
"""The day whose law the drawing of the conversation shows."""


def lookups_for_drawing(rooms: Rooms) -> Lookups:
    """Look-ups on a fixed day, with every active office able and codes that are always the same."""
    return Lookups(
        today=DRAWN_ON,
        law=rooms.law,
        library=rooms.shelf.current.library,
        search=rooms.shelf.current.search,
        gazetteer=rooms.gazetteer,
        province=rooms.province,
        able=frozenset(office.id for office in rooms.province.offices if office.active),
        blanks=rooms.province.blanks(),
        texts=rooms.texts,
        fresh_code=lambda: "7KQ2M4XN8P",
        fresh_pin=lambda: "246810",
    )


def open_database(settings: Settings) -> Database:
    """The database with its keys; a demo makes keys at its first start.

    Raises:
        NotReadyError: production without a key file, or a key file that is not whole.
    """
    try:
        if not settings.key_file.exists() and settings.environment is Environment.DEMO:
            _refuse_new_keys_for_old_data(settings)
            Keyring.fresh().to_file(settings.key_file)
        return open_with_keys(settings, SystemClock(settings.today))
    except KeyringError as problem:
        raise NotReadyError(str(problem)) from None


def _refuse_new_keys_for_old_data(settings: Settings) -> None:
    """New keys next to an old database would leave its personal data sealed for ever."""
    database = driver_url(settings.database_url).database
    if settings.database_url.startswith("sqlite") and database and Path(database).exists():
        raise NotReadyError(
            f"the data in {database} are sealed with keys that are not in {settings.key_file}; "
            "bring the key file back, or move the old database away"
        )


def check_contacts(settings: Settings, province: Province) -> None:
    """Let nobody be sent to a contact that is only a sample.

    Raises:
        NotReadyError: production with contacts that are only samples; names each.
    """
    samples = province.sample_contacts()
    if settings.environment is Environment.PRODUCTION and samples:
        raise NotReadyError(
            "these contacts are samples, put in the real ones: " + "; ".join(samples)
        )


def open_zalo_oa(
    settings: Settings,
    database: Database,
    lifeline: Lifeline | None = None,
    valve: Valve | None = None,
) -> tuple["ZaloOa", APIRouter]:
    """The Zalo Official Account and its webhook.

    Raises:
        NotReadyError: one of its secrets is missing.
    """
    from bot.channels.zalo_oa import ZaloOa, make_webhook

    values = {}
    for name in ("app_secret", "webhook_secret", "refresh_token"):
        secret: SecretStr | None = getattr(settings, f"zalo_oa_{name}")
        if secret is None:
            raise NotReadyError(f"TRAM_ZALO_OA_APP_ID needs TRAM_ZALO_OA_{name.upper()} as well")
        values[name] = secret.get_secret_value()
    app_id = settings.zalo_oa_app_id or ""
    channel = ZaloOa(
        database,
        app_id=app_id,
        app_secret=values["app_secret"],
        refresh_token=values["refresh_token"],
        api_url=settings.zalo_oa_api_url,
        oauth_url=settings.zalo_oa_oauth_url,
        public_url=settings.public_url,
    )
    webhook = make_webhook(
        database,
        app_id=app_id,
        secret=values["webhook_secret"],
        lifeline=lifeline,
        valve=valve,
    )
    return channel, webhook


def switched_on(settings: Settings) -> tuple[ChannelName, ...]:
    """The channels that these settings switch on; the staff's groups come with Telegram."""
    by_setting = {
        ChannelName.WEB: True,
        ChannelName.TELEGRAM: settings.telegram_token is not None,
        ChannelName.TELEGRAM_DESK: settings.telegram_token is not None,
        ChannelName.ZALO_OA: settings.zalo_oa_app_id is not None,
        ChannelName.ZALO_BOT: settings.zalo_bot_token is not None,
    }
    return tuple(name for name, on in by_setting.items() if on)


def make_app(
    database: Database,
    desk: FastAPI | None,
    *routers: APIRouter,
    fit: Callable[[], str | None] = lambda: None,
) -> FastAPI:
    """The web application: the rooms' own routes, and two for whoever watches over it.

    `fit` tells why this process is not ready for more, or None. Without a desk nobody but the
    operator calls: a process that only works.
    """
    app = FastAPI(openapi_url=None, docs_url=None, redoc_url=None)
    for router in routers:
        app.include_router(router)
    if desk is not None:
        app.mount("/desk", desk)
    wanted = migrate.head()

    @app.get("/healthz")
    async def healthz() -> Response:
        return PlainTextResponse("ok")

    @app.get("/readyz")
    async def readyz() -> Response:
        why = fit()
        if why is not None:
            return PlainTextResponse(why, status_code=503)
        try:
            async with asyncio.timeout(READY_WITHIN):
                schema = await database.read(
                    lambda session: migrate.revision_of(session.connection())
                )
        except (SQLAlchemyError, TimeoutError):
            return PlainTextResponse("the database does not answer", status_code=503)
        if schema is None or schema < wanted:
            return PlainTextResponse("the database is not migrated", status_code=503)
        return PlainTextResponse("ready")

    @app.exception_handler(Exception)
    async def failed(_request: Request, problem: Exception) -> Response:
        number = secrets.token_hex(4)
        log.error("an answer failed, error %s: %s", number, where(problem), extra={"error": number})
        text = f"Có trục trặc (mã {number}). Bà con thử lại sau ít phút."
        return PlainTextResponse(text, status_code=500)

    return app


def listen(settings: Settings) -> socket.socket:
    """The socket to serve on, taken before anything else is touched.

    Raises:
        NotReadyError: the address is not ours or the port is taken.
    """
    family = socket.AF_INET6 if ":" in settings.host else socket.AF_INET
    try:
        return socket.create_server((settings.host, settings.port), family=family)
    except OSError as problem:
        where = f"{settings.host}:{settings.port}"
        raise NotReadyError(f"can't listen on {where}: {problem.strerror}") from None


def alone_with_database(settings: Settings) -> AbstractContextManager[object]:
    """Take a SQLite database for this process until left; PostgreSQL may be shared by many.

    The lock is the system's own: it goes with the process, however that ends.

    Raises:
        NotReadyError: another process serves from the same database.
    """
    url = driver_url(settings.database_url)
    if url.get_backend_name() != "sqlite" or not url.database:
        return nullcontext()
    path = Path(f"{url.database}.lock")
    path.parent.mkdir(parents=True, exist_ok=True)
    file = path.open("ab")
    try:
        fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        file.close()
        raise NotReadyError(f"another server is at work on {url.database}") from None
    return file


class Server(uvicorn.Server):
    """A web server that only stops by a signal, and leaves the end of the process to us.

    uvicorn raises the signal once more when it has stopped, which would end the process before
    the messages in hand are finished. Before it closes its door it stays `draining` for a while:
    not ready any more, but serving whoever still comes.
    """

    def __init__(self, config: uvicorn.Config, drain_seconds: float = 0.0) -> None:
        super().__init__(config)
        self.draining = False
        self._drain_seconds = drain_seconds

    @contextmanager
    def capture_signals(self) -> Iterator[None]:
        loop = asyncio.get_running_loop()
        signals = (signal.SIGINT, signal.SIGTERM)
        for number in signals:
            loop.add_signal_handler(number, self._told_to_end, number, loop)
        try:
            yield
        finally:
            for number in signals:
                loop.remove_signal_handler(number)

    def _told_to_end(self, number: int, loop: asyncio.AbstractEventLoop) -> None:
        if self.draining or not self._drain_seconds:
            self.handle_exit(number, None)
            return
        self.draining = True
        loop.call_later(self._drain_seconds, self.end)

    def end(self) -> None:
        """Stop serving: the open streams end, and what is in hand is answered."""
        self.draining = True
        self.should_exit = True
