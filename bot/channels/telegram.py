"""Telegram: updates in by webhook or polling, messages out, through python-telegram-bot.

An update is committed to the inbox before Telegram is told that it arrived: the webhook answers
200 afterwards, polling confirms an offset afterwards. The library's own webhook server and its
handlers are not used, because they acknowledge first and keep the updates in memory.
"""

import asyncio
import datetime as dt
import hmac
import json
import logging
import os
import random
import re
import time
import unicodedata
from collections import deque
from collections.abc import Awaitable, Callable, Iterator, Mapping, Sequence
from contextlib import suppress
from functools import partial
from types import TracebackType
from typing import Any, Final, Self

import httpx
from fastapi import APIRouter, Request, Response
from fastapi.responses import JSONResponse
from sqlalchemy.exc import SQLAlchemyError
from telegram import (
    Bot,
    BotCommand,
    InlineKeyboardButton,
    InlineKeyboardMarkup,
    KeyboardButton,
    LinkPreviewOptions,
    ReplyKeyboardMarkup,
    ReplyKeyboardRemove,
    Update,
)
from telegram.constants import FileSizeLimit, MessageLimit
from telegram.error import (
    BadRequest,
    ChatMigrated,
    Forbidden,
    InvalidToken,
    NetworkError,
    RetryAfter,
    TelegramError,
)
from telegram.request import HTTPXRequest

from bot import inbox
from bot.channels import telegram_group
from bot.channels.message import (
    Button,
    Capabilities,
    ChannelName,
    FetchedFile,
    Inbound,
    Outbound,
    RawEvent,
    Receipt,
    Refused,
    RemoteFile,
    Sent,
    TryLater,
    Unknown,
)
from bot.channels.telegram_reading import (
    COMMANDS,
    event_of,
    press_id,
    private_chat,
    read_plainly,
    read_update,
    update_id,
)
from bot.channels.wire import (
    NEVER_LEFT,
    BodyError,
    InParts,
    body_of,
    is_photo,
    marked,
    quiet_http,
    split,
    units,
)
from bot.lifeline import Lifeline
from bot.valve import Valve, keep_some
from cases.speech import Ask
from store.files import MAX_BYTES
from store.session import Database, Session

log = logging.getLogger(__name__)

# The library's exception for "wait" reads its own deprecated attribute and warns unless told so.
os.environ.setdefault("PTB_TIMEDELTA", "true")

OFFICIAL_API: Final = "https://api.telegram.org"
WEBHOOK_PATH: Final = "/webhook/telegram"
ALLOWED_UPDATES: Final = ("message", "edited_message", "callback_query", "my_chat_member")

_SECRET = re.compile(r"[A-Za-z0-9_-]{1,256}")

_POLL_SECONDS: Final = 50
_LONGEST_PAUSE: Final = 30.0
_LATER: Final = 2.0
_TOKEN_REFUSED_LATER: Final = 60.0
_SHORT_LABEL: Final = 16


# --- writing -----------------------------------------------------------------------------------


def _rows(buttons: tuple[Button, ...]) -> Iterator[tuple[Button, ...]]:
    """One button a row, or two where both are short."""
    waiting: Button | None = None
    for button in buttons:
        short = len(marked(button)) <= _SHORT_LABEL
        if waiting is not None and short:
            yield (waiting, button)
            waiting = None
            continue
        if waiting is not None:
            yield (waiting,)
            waiting = None
        if short:
            waiting = button
        else:
            yield (button,)
    if waiting is not None:
        yield (waiting,)


def inline(message: Outbound) -> InlineKeyboardMarkup | None:
    """The buttons below a message."""
    if not message.buttons:
        return None
    return InlineKeyboardMarkup(
        [
            [
                InlineKeyboardButton(marked(b), callback_data=f"{message.serial}.{b.key}")
                for b in row
            ]
            for row in _rows(message.buttons)
        ]
    )


def _keyboard(message: Outbound, ask: Ask) -> ReplyKeyboardMarkup:
    """Telegram's own control, with the choices below it as words to be sent.

    A message carries either this keyboard or inline buttons, and typed labels are answers.
    """
    control = KeyboardButton(
        message.ask_label,
        request_location=ask is Ask.LOCATION,
        request_contact=ask is Ask.PHONE,
    )
    choices = [[KeyboardButton(marked(b)) for b in row] for row in _rows(message.buttons)]
    return ReplyKeyboardMarkup([[control], *choices], resize_keyboard=True, one_time_keyboard=True)


# --- what became of a message ------------------------------------------------------------------

_REASONS = (
    ("bot was kicked", "group gone"),
    ("bot is not a member", "group gone"),
    ("group chat was deleted", "group gone"),
    ("not a forum", "not a forum"),
    ("not enough rights", "no rights"),
    ("have no rights", "no rights"),
    ("need administrator rights", "no rights"),
    ("message thread not found", "topic gone"),
    ("topic_deleted", "topic gone"),
    ("topic_id_invalid", "topic gone"),
    ("message to edit not found", "message gone"),
    ("message can't be edited", "message gone"),
    ("blocked by the user", "blocked"),
    ("user is deactivated", "account deleted"),
    ("chat not found", "chat not found"),
    ("too long", "too long"),
    ("message text is empty", "empty"),
    ("button_data_invalid", "button refused"),
)


def asked_to_wait(problem: RetryAfter) -> float:
    """The seconds that Telegram asks for."""
    wait = problem.retry_after
    return wait.total_seconds() if isinstance(wait, dt.timedelta) else float(wait)


def outcome(problem: Exception) -> Refused | TryLater | Unknown:
    """What a failed call means for the message. Reasons hold nothing that the platform echoed."""
    match problem:
        case RetryAfter():
            return TryLater(asked_to_wait(problem), "asked to wait")
        case Forbidden(message=words) | BadRequest(message=words):
            known = (reason for mark, reason in _REASONS if mark in words.lower())
            return Refused(next(known, "not accepted"))
        case ChatMigrated():
            return Refused("chat moved")
        case InvalidToken():
            return TryLater(_TOKEN_REFUSED_LATER, "token refused")
        case NetworkError(__cause__=httpx.HTTPError() as cause):
            if isinstance(cause, NEVER_LEFT):
                return TryLater(_LATER, "not reached")
            return Unknown("no answer")
        case NetworkError():
            return TryLater(_LATER, "server error")
        case _:
            return Unknown("answer not understood")


class Pacing:
    """How long a message has to wait: one a second to a chat, thirty a second to all.

    Moments are seconds of a clock that only goes forward. Other processes are not seen here;
    what they add, Telegram answers with a wait of its own.
    """

    def __init__(self, seconds_per_chat: float = 1.0, per_second: int = 30) -> None:
        self._per_chat = seconds_per_chat
        self._chats: dict[str, float] = {}
        self._recent: deque[float] = deque(maxlen=per_second)

    def for_chat(self, chat: str, now: float) -> float:
        """Seconds until this chat may get a message again. Taken at once if a second will do."""
        if len(self._chats) > 10_000:
            self._chats = {who: free for who, free in self._chats.items() if free > now}
        free = max(now, self._chats.get(chat, now))
        if free - now <= self._per_chat:
            self._chats[chat] = free + self._per_chat
        return free - now

    def for_all(self, now: float) -> float:
        """Seconds until anybody may get a message; the place is taken."""
        full = len(self._recent) == self._recent.maxlen
        free = max(now, self._recent[0] + 1.0) if full else now
        self._recent.append(free)
        return free - now

    def hold(self, chat: str, now: float, seconds: float | None = None) -> None:
        """Leave one chat alone for so long, if not told otherwise its pace; the others go on.

        Said after each message as well, because its way to Telegram takes a moment too.
        """
        until = now + (self._per_chat if seconds is None else seconds)
        self._chats[chat] = max(until, self._chats.get(chat, until))

    def too_long(self, seconds: float) -> bool:
        """Whether a wait for one chat is so long that the sender should do something else."""
        return seconds > self._per_chat


def quiet_loggers() -> None:
    """Keep the token, which is part of every address, and the citizens' words out of the log."""
    quiet_http()
    logging.getLogger("telegram").setLevel(logging.CRITICAL)


class _Bot(Bot):
    async def raw_updates(self, offset: int | None) -> list[Any]:
        """The updates as they came: one that the library can't parse must not stop the others."""
        data: dict[str, Any] = {
            "timeout": _POLL_SECONDS,
            "allowed_updates": list(ALLOWED_UPDATES),
        }
        if offset is not None:
            data["offset"] = offset
        result: Any = await self._post("getUpdates", data, read_timeout=_POLL_SECONDS + 10)
        if not isinstance(result, list):
            raise TelegramError("no list of updates")
        return result


_Step = Callable[[], Awaitable[int]]
"""One call that sends something; gives the id of the message."""


class Telegram:
    """The channel. Use as `async with`, so that its connections are closed.

    `seconds_per_chat` is the pace of one talk (1 s is what Telegram allows). A send may wait
    that long, so whoever delivers should have some dozens of sends under way, one per talk.
    `first_pause` is the wait in seconds after a first failed call of polling; it doubles.
    """

    name = ChannelName.TELEGRAM
    capabilities = Capabilities(
        max_text=MessageLimit.MAX_TEXT_LENGTH, buttons=True, asks=frozenset(Ask)
    )

    def __init__(
        self,
        token: str,
        api_url: str = OFFICIAL_API,
        *,
        seconds_per_chat: float = 1.0,
        first_pause: float = 0.5,
        rng: random.Random | None = None,
    ) -> None:
        quiet_loggers()
        base = api_url.rstrip("/")
        self._requests = (HTTPXRequest(read_timeout=10), HTTPXRequest(connection_pool_size=1))
        self.bot = _Bot(
            token,
            base_url=f"{base}/bot",
            base_file_url=f"{base}/file/bot",
            request=self._requests[0],
            get_updates_request=self._requests[1],
        )
        self.bot_id = public_id(token)
        self.pacing = Pacing(seconds_per_chat)
        self._first_pause = first_pause
        self._parts = InParts()
        self._answers: set[asyncio.Task[None]] = set()
        self._rng = rng or random.Random()  # noqa: S311 - jitter only

    async def __aenter__(self) -> Self:
        for request in self._requests:
            await request.initialize()
        return self

    async def __aexit__(
        self,
        kind: type[BaseException] | None,
        problem: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        for answer in self._answers:
            answer.cancel()
        await asyncio.gather(*self._answers, return_exceptions=True)
        for request in self._requests:
            await request.shutdown()

    # --- in ---

    def read(self, event: Mapping[str, Any]) -> Inbound | None:
        """Make an `Inbound` of an update; None if it is not a citizen's or says nothing.

        An edited text counts as a new one: the citizen corrects what was said, and whatever can
        be typed at any moment can be corrected at any moment.
        """
        address = private_chat(event)
        if address is None:
            return None
        try:
            return read_update(Update.de_json(dict(event)), address)
        except Exception as problem:  # whatever a parser may raise; the citizen is still answered
            log.warning("an update is not understood", extra={"problem": type(problem).__name__})
            return read_plainly(event, address)

    async def fetch(self, file: RemoteFile) -> FetchedFile | None:
        """Bring a file; None when it is too large or gone.

        Raises:
            OSError: Telegram can't be reached now.
        """
        if file.size is not None and file.size > MAX_BYTES:
            return None
        try:
            found = await self.bot.get_file(file.reference)
        except BadRequest:
            return None
        except TelegramError as problem:
            raise _unreachable(problem) from None
        if not found.file_path or (found.file_size or 0) > MAX_BYTES:
            return None
        try:
            content = bytes(await found.download_as_bytearray())
        except (BadRequest, InvalidToken):  # how the library calls a 404
            return None
        except TelegramError as problem:
            raise _unreachable(problem) from None
        return FetchedFile(content, file.name) if len(content) <= MAX_BYTES else None

    async def poll(
        self, database: Database, lifeline: Lifeline | None = None, valve: Valve | None = None
    ) -> None:
        """Take updates by long polling until cancelled.

        An offset is confirmed only when the whole batch is committed; what comes again is
        recognised by its number.
        """
        await self._until_accepted("deleteWebhook", self._take_webhook_away)
        await self._show_commands()
        offset: int | None = None
        failures = 0
        while True:
            asked = time.monotonic()
            try:
                updates = await self.bot.raw_updates(offset)
                numbered = [(n, u) for u in updates if (n := update_id(u)) is not None]
                made = [event_of(update, self.bot_id) for _, update in numbered]
                events = [event for event in made if event is not None]
                if events:
                    await keep_some(valve, lifeline, events, partial(_kept, database))
            except Exception as problem:  # polling outlives whatever a bad day brings
                failures += 1
                log.warning("polling fails", extra={"problem": type(problem).__name__})
                await asyncio.sleep(self._pause(failures, problem))
                continue
            failures = 0
            for number, update in numbered:
                offset = max(offset or 0, number + 1)
                self._answer_press(update)
            if not numbered and time.monotonic() - asked < self._first_pause:
                await asyncio.sleep(self._first_pause)  # a server that does not hold the line

    async def set_webhook(self, public_url: str, secret: str) -> None:
        """Tell Telegram where to post updates; tried until it accepts."""
        await self._until_accepted(
            "setWebhook",
            partial(
                self.bot.set_webhook,
                public_url.rstrip("/") + WEBHOOK_PATH,
                secret_token=secret,
                allowed_updates=ALLOWED_UPDATES,
            ),
        )
        await self._show_commands()

    async def _until_accepted(self, what: str, call: Callable[[], Awaitable[bool]]) -> None:
        failures = 0
        while True:
            try:
                await call()
            except TelegramError as problem:
                failures += 1
                log.warning(
                    "telegram does not accept a call",
                    extra={"call": what, "problem": type(problem).__name__},
                )
                await asyncio.sleep(self._pause(failures, problem))
            else:
                return

    async def _take_webhook_away(self) -> bool:
        try:
            return await self.bot.delete_webhook()
        except InvalidToken:  # or a server without the method; asking for updates will tell
            return False

    async def _show_commands(self) -> None:
        with suppress(TelegramError):  # the menu is a convenience
            await self.bot.set_my_commands(
                [BotCommand(name, words) for name, words in COMMANDS.items()]
            )

    def _pause(self, failures: int, problem: Exception) -> float:
        """Seconds before the next try: doubled each time, jittered, never less than asked for."""
        asked = asked_to_wait(problem) if isinstance(problem, RetryAfter) else 0.0
        longest = min(_LONGEST_PAUSE, self._first_pause * 2.0 ** min(failures - 1, 10))
        return asked + longest * self._rng.uniform(0.5, 1.0)

    def _answer_press(self, update: Mapping[str, Any]) -> None:
        """Stop the button's spinner; nobody waits for it, and it may fail."""
        press = None if telegram_group.chat_of(update) else press_id(update)
        if press is None:
            return

        async def answer() -> None:
            with suppress(TelegramError):
                await self.bot.answer_callback_query(press)

        task = asyncio.create_task(answer())
        self._answers.add(task)
        task.add_done_callback(self._answers.discard)

    # --- out ---

    async def send(self, address: str, message: Outbound) -> Sent:
        """Send one message, in several parts if it is long; the receipt names the last part."""
        try:
            chat = int(address)
        except ValueError:
            return Refused("chat not found")
        text = unicodedata.normalize("NFC", message.text).strip()
        replaced = await self._replace(chat, text, message)
        if replaced is not None:
            return replaced
        steps = [partial(self._call, address, step) for step in self._steps(chat, text, message)]
        return await self._parts.send(address, message, steps)

    async def take_away(self, address: str, references: Sequence[str]) -> bool:
        """Delete messages of a private chat, the citizen's too; what is too old stays there."""
        numbers = [int(one) for one in references if one.isdecimal()]
        try:
            await self.bot.delete_messages(int(address), numbers)
        except (BadRequest, Forbidden, ChatMigrated):
            return True  # gone already, too old, or the bot was blocked: no try will help
        except Exception as problem:
            if isinstance(problem, RetryAfter):
                self.pacing.hold(address, time.monotonic(), asked_to_wait(problem))
            log.info("messages were not taken away", extra={"problem": type(problem).__name__})
            return False
        return True

    async def _replace(self, chat: int, text: str, message: Outbound) -> Sent | None:
        """Change an earlier message; None when it has to be sent as a new one."""
        old = message.replaces
        fits = bool(text) and units(text) <= MessageLimit.MAX_TEXT_LENGTH
        if not old or not old.isdecimal() or not fits or message.file or message.ask:
            return None

        async def edit() -> int:
            try:
                await self.bot.edit_message_text(
                    text,
                    chat,
                    int(old),
                    reply_markup=inline(message),
                    link_preview_options=LinkPreviewOptions(is_disabled=True),
                )
            except BadRequest as problem:
                if "not modified" not in problem.message:
                    raise
            return int(old)

        result = await self._call(str(chat), edit)
        match result:
            case Refused():
                return None
            case Unknown(reason):
                return TryLater(_LATER, reason)  # to change it twice does no harm
            case Receipt() | TryLater():
                return result

    def _steps(self, chat: int, text: str, message: Outbound) -> list[_Step]:
        """The calls that make up one message; its buttons belong to the last."""
        keyboard = inline(message) if message.ask is None else _keyboard(message, message.ask)
        steps: list[_Step] = []
        if message.file is not None:
            if units(text) <= MessageLimit.CAPTION_LENGTH:
                return [partial(self.send_file, chat, message.file, text, keyboard)]
            steps.append(partial(self.send_file, chat, message.file, "", None))
        parts = split(text, MessageLimit.MAX_TEXT_LENGTH)
        steps += [partial(self.send_text, chat, part, None) for part in parts[:-1]]
        if parts:
            # A message without buttons takes away the keyboard of an earlier question: the
            # platform has no way to do it together with inline buttons.
            steps.append(
                partial(self.send_text, chat, parts[-1], keyboard or ReplyKeyboardRemove())
            )
        return steps

    async def send_text(
        self,
        chat: int,
        text: str,
        keyboard: InlineKeyboardMarkup | ReplyKeyboardMarkup | ReplyKeyboardRemove | None,
        **where: Any,
    ) -> int:
        """Send a text; `where` may name a thread, and forbid to pass it on."""
        sent = await self.bot.send_message(
            chat,
            text,
            reply_markup=keyboard,
            link_preview_options=LinkPreviewOptions(is_disabled=True),
            **where,
        )
        return sent.message_id

    async def send_file(
        self,
        chat: int,
        file: FetchedFile,
        caption: str,
        keyboard: InlineKeyboardMarkup | ReplyKeyboardMarkup | None,
        **where: Any,
    ) -> int:
        """Send a file, a photo as a photo; `where` as with `send_text`."""
        send_document = partial(self.bot.send_document, chat, file.content, **where)
        send_photo = partial(self.bot.send_photo, chat, file.content, **where)
        name, words = file.name or "tep", caption or None
        if len(file.content) <= FileSizeLimit.PHOTOSIZE_UPLOAD and is_photo(file.content):
            with suppress(BadRequest):  # a picture too long or too wide still goes as a document
                sent = await send_photo(filename=name, caption=words, reply_markup=keyboard)
                return sent.message_id
        sent = await send_document(filename=name, caption=words, reply_markup=keyboard)
        return sent.message_id

    async def _call(self, address: str, step: _Step) -> Sent:
        """Make one call in its turn; never raises for what the platform or the network does."""
        wait = self.pacing.for_chat(address, time.monotonic())
        if self.pacing.too_long(wait):
            return TryLater(wait, "paced")
        await asyncio.sleep(wait)
        await asyncio.sleep(self.pacing.for_all(time.monotonic()))
        try:
            receipt = Receipt(str(await step()))
        except Exception as problem:  # the library lets parsing errors through as they are
            became = outcome(problem)
            if isinstance(problem, RetryAfter):
                self.pacing.hold(address, time.monotonic(), asked_to_wait(problem))
            log.info("a message did not go out", extra={"reason": became.reason})
            return became
        self.pacing.hold(address, time.monotonic())
        return receipt


def _unreachable(problem: TelegramError) -> OSError:
    return OSError(f"telegram can't be reached: {type(problem).__name__}")


# --- the webhook -------------------------------------------------------------------------------


def _keep(events: list[RawEvent], session: Session) -> None:
    for event in events:
        if telegram_group.is_wanted(session, event):
            inbox.accept(session, event)


async def _kept(database: Database, events: list[RawEvent]) -> None:
    await database.transact(partial(_keep, events))


def public_id(token: str) -> str:
    """The bot's own number, which its token begins with; the rest of the token is secret."""
    return token.partition(":")[0] if ":" in token else ""


def make_webhook(
    database: Database,
    secret: str,
    bot_id: str,
    lifeline: Lifeline | None = None,
    valve: Valve | None = None,
) -> APIRouter:
    """The endpoint that Telegram posts updates to. It says 200 only to what is committed.

    `bot_id` is the `public_id` of the bot whose updates come here.

    Raises:
        ValueError: there is no secret, or Telegram would not take it as one.
    """
    if not _SECRET.fullmatch(secret):
        raise ValueError(
            "the Telegram webhook needs a secret of 1 to 256 letters, digits, '_' and '-'"
        )
    router = APIRouter()

    @router.post(WEBHOOK_PATH, include_in_schema=False)
    async def take(request: Request) -> Response:
        given = request.headers.get("X-Telegram-Bot-Api-Secret-Token", "")
        if not hmac.compare_digest(given.encode(), secret.encode()):
            return Response(status_code=403)
        try:
            body = await body_of(request)
        except BodyError as problem:
            return Response(status_code=problem.status)
        try:
            update = json.loads(body)
            if update_id(update) is None:
                return Response(status_code=422)
            event = event_of(update, bot_id)
        except (ValueError, RecursionError):
            return Response(status_code=422)
        if event is not None:
            try:
                await keep_some(valve, lifeline, [event], partial(_kept, database))
            except (SQLAlchemyError, OSError) as problem:
                log.warning("an update is not kept", extra={"problem": type(problem).__name__})
                return Response(status_code=503)
        press = None if telegram_group.chat_of(update) else press_id(update)
        if press is None:
            return Response(status_code=200)
        # A webhook's answer may carry one call; this one stops the button's spinner.
        return JSONResponse({"method": "answerCallbackQuery", "callback_query_id": press})

    return router
