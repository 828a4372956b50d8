"""`python -m bot`: the whole of Tràm, in one process or several. Knows bot and desk, alone."""

import argparse
import asyncio
import datetime as dt
import gc
import logging
import sys
from collections.abc import Awaitable, Callable, Mapping
from contextlib import AsyncExitStack
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING

from pydantic import ValidationError

from bot.settings import Environment, Settings
from store.datafile import DataFileError
from store.processes import ProcessRole

if TYPE_CHECKING:  # a command line loads only what it needs
    from fastapi import FastAPI

    from bot.turn import Rooms
    from desk.assistant import Assistant
    from desk.factors import Policy
    from store.session import Session

log = logging.getLogger("tram")

_SHARE = 0.001
"""Seconds that a thread keeps the interpreter while another waits: a webhook, of which Python's own
5 ms would be the most part, waits for a turn's thread several times.
"""


def main(arguments: list[str] | None = None) -> int:
    """Run the command; 0 when all went well, 2 when the set-up has to be mended."""
    parser = argparse.ArgumentParser(prog="python -m bot", description=__doc__)
    parser.add_argument(
        "--role",
        type=ProcessRole,
        choices=list(ProcessRole),
        default=ProcessRole.BOTH,
        help="web: pages and webhooks; worker: turns, sends and sweeps; both (the default)",
    )
    commands = parser.add_subparsers(dest="command")
    commands.add_parser("serve", help="web chat, desk and channels in one process (the default)")
    commands.add_parser("migrate", help="bring the database to this version's schema")
    hire = commands.add_parser("add-staff", help="make an account of the desk; shows its password")
    hire.add_argument("username")
    hire.add_argument("--name", required=True, help="as colleagues see it")
    hire.add_argument("--role", required=True, help="officer, head, centre, editor, admin, auditor")
    hire.add_argument("--office", help="the office's id, for officer, head and centre")
    commands.add_parser("conversation", help="draw docs/conversation.md from the dialogue")
    commands.add_parser("understand", help="read messages as JSON lines, for measuring")
    poster = commands.add_parser("poster", help="an A4 notice whose talk knows where it hangs")
    poster.add_argument("--commune", required=True, help="its code, such as 32104")
    poster.add_argument("--place", required=True, help="where it will hang: UBND xã …")
    poster.add_argument("--spot", help="a short name of the place; made from it when not given")
    poster.add_argument("--telegram", help="the bot's name, as @BotFather gave it")
    poster.add_argument("--url", help="the web chat's address; TRAM_PUBLIC_URL when not given")
    poster.add_argument("--zalo", help="the Zalo account's name, as people look for it")
    poster.add_argument("--out", type=Path, default=Path("poster.pdf"), help="the PDF to write")
    chosen = parser.parse_args(arguments)
    try:
        match chosen.command:
            case "poster":
                return write_poster(chosen)
            case "understand":
                return understand()
            case "conversation":
                return conversation()
            case "add-staff":
                return add_staff(chosen.username, chosen.name, chosen.role, chosen.office)
            case command:
                return run(chosen.role, migrating=command == "migrate")
    except ValidationError as problem:
        for error in problem.errors(include_url=False, include_input=False):
            name = "_".join(str(part) for part in error["loc"]).upper()
            print(f"TRAM_{name}: {error['msg']}" if name else error["msg"], file=sys.stderr)
    except PosterError as problem:
        print(problem, file=sys.stderr)
    except (DataFileError, ValueError) as problem:
        print(f"Tràm can't start: {problem}", file=sys.stderr)
    return 2


def run(role: ProcessRole, *, migrating: bool) -> int:
    """Serve or only migrate; 2 when the set-up has to be mended, 1 when the work broke off."""
    from sqlalchemy.exc import SQLAlchemyError
    from uvicorn.loops.auto import auto_loop_factory

    from bot.app import NotReadyError
    from bot.logs import set_up

    settings = Settings()
    set_up(settings.environment)
    try:
        if migrating:
            migrate_only(settings)
        else:
            # The web server's own choice of a loop: uvloop, a tenth cheaper, where it is installed.
            with asyncio.Runner(loop_factory=auto_loop_factory()) as runner:
                return runner.run(serve(settings, role))
    except (NotReadyError, OSError) as problem:
        print(f"Tràm can't start: {problem}", file=sys.stderr)
        return 2
    except SQLAlchemyError as problem:
        # Its own message may hold the address with the password.
        reason = type(getattr(problem, "orig", None) or problem).__name__
        print(f"Tràm can't start: TRAM_DATABASE_URL can't be used ({reason})", file=sys.stderr)
        return 2
    except KeyboardInterrupt:
        pass
    return 0


def migrate_only(settings: Settings) -> None:
    from bot.app import open_database
    from store.migrate import migrate

    database = open_database(settings)
    try:
        migrate(database)
    finally:
        database.close_now()


def add_staff(username: str, name: str, role: str, office: str | None) -> int:
    """Make one account, in production the only way to the first one; its password is shown once."""
    import random

    from bot.app import open_database
    from cases.atlas import Atlas
    from cases.province import load_province
    from cases.staff import Role
    from desk import accounts
    from store.migrate import migrate

    settings = Settings()
    wanted = Role(role)
    at_an_office = wanted in (Role.OFFICER, Role.HEAD, Role.CENTRE)
    if not at_an_office and office is not None:
        raise ValueError(f"an account of the role {wanted} belongs to no office")
    password = accounts.readable_password(random.SystemRandom())
    database = open_database(settings)
    try:
        migrate(database)
        atlas = Atlas(load_province(settings.province))
        atlas.refresh_now(database)
        known = {one.id for one in atlas.current.offices}
        if at_an_office and office not in known:
            raise ValueError(f"--office is one of {', '.join(sorted(known))}")
        database.transact_now(
            lambda session: accounts.add_staff(session, username, name, wanted, office, password)
        )
    finally:
        database.close_now()
    announce_accounts(((username, password),))
    return 0


async def serve(settings: Settings, role: ProcessRole) -> int:
    """Serve until told to stop; what is in hand is finished first. 1 when the work broke off."""
    async with AsyncExitStack() as stack:
        return await _serve(settings, role, stack)


async def _serve(settings: Settings, role: ProcessRole, stack: AsyncExitStack) -> int:
    import uvicorn

    from bot.app import (
        NotReadyError,
        Server,
        alone_with_database,
        check_contacts,
        listen,
        load_rooms,
        make_app,
        open_database,
        open_zalo_oa,
        switched_on,
    )
    from bot.channels.message import Channel, ChannelName
    from bot.channels.webchat import WebChat, make_webchat
    from bot.health import health_reader
    from bot.keeping import SWEEP_SECONDS, erase_old, keep_small
    from bot.lifeline import Lifeline
    from bot.metrics import Metrics, metrics_routes
    from bot.pulse import BUILD, Pulse, every
    from bot.telegram_desk.follow import follow
    from bot.valve import Valve
    from bot.watch import WATCH_SECONDS, Call, caller, watch
    from bot.worker import Worker, take_up_again
    from cases.atlas import seed_province
    from cases.province import load_province
    from cases.staffing import able_offices
    from cases.wordbook import seed_texts
    from knowledge.shelf import seed_knowledge
    from store.alone import alone
    from store.anchors import add_anchor, keep_anchors
    from store.erasures import keep_erasures
    from store.migrate import migrate
    from store.processes import alive
    from store.scanner import ClamAV, keep_scanning
    from store.session import lock_number
    from store.wakes import Topic

    if role is not ProcessRole.BOTH and not settings.database_url.startswith("postgres"):
        raise NotReadyError(f"--role {role} needs PostgreSQL: SQLite is for one process")
    listening = stack.enter_context(listen(settings))
    stack.enter_context(alone_with_database(settings))
    folder = load_province(settings.province)
    if role.serves:
        from cases.documents import check_forms

        check_forms(folder)
    rooms = load_rooms(folder)
    database = open_database(settings)
    stack.push_async_callback(database.close)
    migrate(database)
    shipped = rooms.shelf.current.library
    database.transact_now(lambda session: seed_knowledge(session, shipped))
    rooms.shelf.refresh_now(database)
    database.transact_now(lambda session: seed_province(session, folder))
    rooms.atlas.refresh_now(database)
    database.transact_now(lambda session: seed_texts(session, rooms.words.shipped))
    rooms.words.refresh_now(database)
    province = rooms.province
    check_contacts(settings, province)
    if settings.environment is Environment.DEMO and role.serves:
        from desk.accounts import ensure_demo_accounts

        given = settings.demo_password.get_secret_value() if settings.demo_password else None
        accounts = database.transact_now(
            lambda session: ensure_demo_accounts(session, province, given)
        )
        announce_accounts(accounts)
    able = database.read_now(able_offices)
    for office in province.offices:
        if office.active and office.id not in able:
            log.warning("nobody can receive requests at %s: the centre takes them", office.id)

    pulse = Pulse(database, role)
    background: list[Callable[[], Awaitable[None]]] = [
        lambda: rooms.shelf.follow(database),
        lambda: rooms.atlas.follow(database),
        lambda: rooms.words.follow(database),
    ]
    if not database.on_postgres:
        database.transact_now(take_up_again)
        background.append(lambda: database.watch(Topic.DOCUMENTS))
    else:
        holding = lock_number(alive(pulse.id))
        background.append(lambda: database.wakes.listen(database.conninfo, holding))
    server: Server | None = None

    def stopping() -> bool:
        return server is not None and server.should_exit

    channels: dict[ChannelName, Channel] = {ChannelName.WEB: WebChat()}
    lifeline = Lifeline(rooms.reader, lambda: rooms.texts, database.clock.today)
    lifeline.over(channels)
    metrics = Metrics(BUILD, role)
    valve = Valve(database, lifeline, metrics)
    scanner = ClamAV(settings.clamav) if settings.clamav is not None else None
    public_routers = [
        make_webchat(
            database,
            lambda: rooms.texts,
            exit_to=settings.exit_url,
            stopping=stopping,
            lifeline=lifeline,
            scanner=scanner,
            valve=valve,
        )
    ]
    duties: list[Callable[[], Awaitable[None]]] = []  # of a process that works
    if scanner is not None:
        duties.append(
            lambda: alone(database, "scan files", lambda: keep_scanning(database, scanner))
        )
    call: Call | None = None
    read_health = health_reader(database, rooms.atlas, rooms.shelf, switched_on(settings))
    desk: FastAPI | None = None
    if role.serves:
        from desk.app import make_desk
        from desk.breached import Breached

        desk = make_desk(
            database,
            rooms.atlas,
            rooms.shelf,
            rooms.words,
            secure_cookies=settings.behind_https,
            stopping=stopping,
            assistant=lent(rooms, settings.public_url),
            read_health=read_health,
            policy=asked_of_staff(settings),
            scanner=scanner,
            breached=Breached(kept) if (kept := settings.breached_passwords) else None,
        )
    if settings.telegram_token is not None:
        from bot.channels.telegram import Telegram, make_webhook, public_id
        from bot.channels.telegram_desk import TelegramDesk

        token = settings.telegram_token.get_secret_value()
        telegram = Telegram(token, settings.telegram_api_url)
        channels[ChannelName.TELEGRAM] = telegram
        channels[ChannelName.TELEGRAM_DESK] = TelegramDesk(telegram)
        duties.append(lambda: follow(database))
        secret = settings.telegram_webhook_secret
        if settings.webhook_url is not None and secret is not None:
            webhook = make_webhook(
                database, secret.get_secret_value(), public_id(token), lifeline, valve
            )
            public_routers.append(webhook)
            public = settings.public_url or ""
            duties.append(lambda: telegram.set_webhook(public, secret.get_secret_value()))
        else:
            duties.append(
                lambda: alone(
                    database, "poll telegram", lambda: telegram.poll(database, lifeline, valve)
                )
            )
        await stack.enter_async_context(telegram)
        if settings.alert_telegram_chat is not None:
            call = caller(telegram, settings.alert_telegram_chat)
    if settings.zalo_oa_app_id is not None:
        zalo_oa, webhook = open_zalo_oa(settings, database, lifeline, valve)
        channels[ChannelName.ZALO_OA] = zalo_oa
        public_routers.append(webhook)
        duties.append(zalo_oa.tokens.keep_fresh)
        await stack.enter_async_context(zalo_oa)
    if settings.zalo_bot_token is not None:
        from bot.channels.zalo_bot import ZaloBot
        from bot.channels.zalo_bot import make_webhook as make_bot_webhook

        zalo_bot = ZaloBot(settings.zalo_bot_token.get_secret_value(), settings.zalo_bot_api_url)
        channels[ChannelName.ZALO_BOT] = zalo_bot
        if settings.public_url is not None and settings.zalo_bot_webhook_secret is not None:
            address, proof = settings.public_url, settings.zalo_bot_webhook_secret
            public_routers.append(
                make_bot_webhook(database, proof.get_secret_value(), lifeline, valve)
            )
            duties.append(lambda: zalo_bot.set_webhook(address, proof.get_secret_value()))
        else:
            duties.append(
                lambda: alone(
                    database, "poll zalo bot", lambda: zalo_bot.poll(database, lifeline, valve)
                )
            )
        await stack.enter_async_context(zalo_bot)
    duties += (
        lambda: keep_erasures(database, settings.erasures),
        lambda: every(SWEEP_SECONDS, "retention", lambda: erase_old(database)),
        lambda: keep_anchors(database, partial(add_anchor, settings.audit_anchors)),
        lambda: every(
            WATCH_SECONDS, "watching", lambda: watch(database, rooms.atlas, read_health, call)
        ),
        lambda: every(SWEEP_SECONDS, "keeping", lambda: keep_small(database, settings.keep_days)),
    )
    worker = Worker(database, rooms, channels, metrics=metrics, owner=pulse.id, scanner=scanner)
    metrics_token = settings.metrics_token.get_secret_value() if settings.metrics_token else None
    for_the_operator = metrics_routes(database, metrics, read_health, metrics_token)

    def fit() -> str | None:
        if server is not None and server.draining:
            return "ending"
        if working is not None and working.done():
            return "the worker has ended"
        return pulse.problem()

    app = make_app(
        database,
        desk,
        *(public_routers if role.serves else ()),
        for_the_operator,
        fit=fit,
    )
    config = uvicorn.Config(
        app,
        log_level="warning",
        log_config=None,
        access_log=False,
        timeout_graceful_shutdown=3,
        limit_concurrency=800,  # open streams count too: the web chat's 500 and the desks'
        server_header=False,
        proxy_headers=settings.public_url is not None,
    )
    server = Server(config, settings.drain_seconds)
    working: asyncio.Task[None] | None = None
    background.append(pulse.run)
    gc.freeze()  # what was loaded stays for ever: no collection has to walk through it again
    sys.setswitchinterval(_SHARE)
    if role.works:
        background += duties
        working = asyncio.create_task(worker.run())
        working.add_done_callback(lambda _: server.end())  # without its work it is of no use
    tasks = [asyncio.create_task(_keep(start)) for start in background]
    announce(settings, role, listening.getsockname()[1])
    try:
        await server.serve([listening])
    finally:
        for task in tasks:
            task.cancel()
        broke_off = working is not None and working.done()
        worker.stop()
        if working is not None:
            await asyncio.wait({working}, timeout=10)
            broke_off = broke_off or not working.done() or working.exception() is not None
        await asyncio.gather(*tasks, return_exceptions=True)
        await pulse.end()
    if broke_off:
        log.error("the work broke off")
    return int(broke_off)


def asked_of_staff(settings: Settings) -> "Policy":
    """The second factor: everybody's duty in production, anybody's choice in the demo.

    A demo without an address of its own is tried on the machine itself.
    """
    from desk.factors import Policy, Relying

    here = settings.public_url
    if here is None and settings.environment is Environment.DEMO:
        here = f"http://localhost:{settings.port}"
    relying = Relying.at(here) if here is not None else None
    return Policy(settings.environment is Environment.PRODUCTION, relying)


def lent(rooms: "Rooms", web: str | None) -> "Assistant":
    """What the desk borrows: the reading of a story, and the words of the chat."""
    from functools import cache

    from bot.app import lookups_for_drawing
    from bot.conversations import Conversation, is_shut
    from bot.dialogue.drawing import messages
    from cases.speech import Line, Say
    from cases.window import Talk
    from desk.assistant import Assistant, Story

    def read(text: str, today: dt.date) -> Story:
        heard = rooms.reader.read(text, today)
        communes = heard.place.communes
        return Story(
            facts=heard.facts,
            field=str(heard.fields[0][0]) if heard.fields else None,
            danger=str(heard.danger) if heard.danger is not None else None,
            urgent=heard.urgent,
            commune=communes[0] if len(communes) == 1 else None,
        )

    def say(key: str, blanks: Mapping[str, str]) -> str:
        return rooms.texts.render(Line(key=key, blanks=dict(blanks)), "vi")

    def talk(session: "Session", talk_id: str) -> Talk | None:
        found = session.get(Conversation, talk_id)
        if found is None:
            return None
        return Talk(found.last_inbound_at, is_shut(found, session.clock.now()))

    @cache
    def messages_of_chat() -> Mapping[str, Say]:
        lookups = lookups_for_drawing(rooms)
        return messages(lookups, lambda text: rooms.reader.read(text, lookups.today))

    return Assistant(read, say, lambda key: messages_of_chat().get(key), talk, web)


async def _keep(start: Callable[[], Awaitable[None]]) -> None:
    """A background duty must not end the server; it says what happened, without details."""
    try:
        await start()
    except Exception as problem:
        log.error("a background duty ended: %s", type(problem).__name__)  # noqa: TRY400


def announce_accounts(accounts: tuple[tuple[str, str], ...]) -> None:
    """Show new demo accounts; their passwords are never shown again."""
    if not accounts:
        return
    width = max(len(name) for name, _ in accounts)
    print("\n  Tài khoản, chỉ hiện một lần / accounts, shown once:")
    for name, password in accounts:
        print(f"    {name:<{width}}  {password}")
    sys.stdout.flush()


def announce(settings: Settings, role: ProcessRole, port: int) -> None:
    """Say where everything is."""
    if not role.serves:
        print(f"\n  Tràm, worker: http://{settings.host}:{port}/readyz\n", flush=True)
        return
    shown = settings.public_url or f"http://{settings.host}:{port}"
    print(f"\n  Tràm\n  Trò chuyện / web chat   {shown}/\n  Bàn làm việc / desk     {shown}/desk\n")
    sys.stdout.flush()


def conversation() -> int:
    """Write the drawing of the conversation to standard output, as of a fixed day."""
    from bot.app import load_rooms, lookups_for_drawing
    from bot.dialogue.drawing import draw
    from cases.province import load_province

    rooms = load_rooms(load_province(Settings().province))
    lookups = lookups_for_drawing(rooms)
    print(draw(lookups, lambda text: rooms.reader.read(text, lookups.today)), end="")
    return 0


class PosterError(Exception):
    """A poster can't be made as it was asked for."""


def write_poster(wanted: argparse.Namespace) -> int:
    """Write one poster and say what its codes carry."""
    from bot.poster import Ways, payload_of, render_poster, spot_of
    from cases.province import load_province

    settings = Settings()
    province = load_province(settings.province)
    communes = {one.code: one for one in province.communes}
    if wanted.commune not in communes:
        raise PosterError(f"{province.full_name} has no commune {wanted.commune}")
    commune = communes[wanted.commune]
    ways = Ways(wanted.telegram, wanted.url or settings.public_url, wanted.zalo)
    try:
        content = render_poster(province, commune, wanted.place, ways, wanted.spot)
        wanted.out.write_bytes(content)
    except (OSError, ValueError) as problem:
        raise PosterError(str(problem)) from problem
    spot = wanted.spot or spot_of(wanted.place, commune)
    print(f"{wanted.out}: {payload_of(commune, spot)}")
    return 0


def understand() -> int:
    """Read `{"text": …}` lines and write what was understood of each."""
    from bot.understanding.reader import Reader, understand_line
    from cases.places import Gazetteer, PlaceReading
    from cases.province import load_province
    from cases.routing import Routing, route
    from eligibility.grounds import load_law
    from knowledge.fields import load_fields
    from store.clock import SystemClock
    from store.jsonlines import serve as serve_lines

    settings = Settings()
    province = load_province(settings.province)
    fields = load_fields()

    def offices_of(place: PlaceReading) -> Routing:
        return route(place, province)

    reader = Reader(Gazetteer(province), fields.guess, load_law())
    today = SystemClock(settings.today).today()
    serve_lines(
        lambda payload: understand_line(reader, payload, today, offices_of),
        sys.stdin.buffer,
        sys.stdout.buffer,
    )
    return 0


if __name__ == "__main__":
    sys.exit(main())
