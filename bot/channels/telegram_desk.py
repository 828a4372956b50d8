"""The groups of the staff as a channel: posts out, updates in, over the same bot as the citizens'.

Twenty messages a minute is what Telegram allows in a group. A group that has had its share, or
that Telegram asks to wait for, is left alone for so long; the citizens and other groups go on.
"""

import asyncio
import logging
import time
from collections import deque
from collections.abc import Awaitable, Callable, Mapping
from functools import partial
from typing import Any, Final, assert_never

from telegram import ChatMemberAdministrator, LinkPreviewOptions, Update
from telegram.constants import MessageLimit
from telegram.error import BadRequest, ChatMigrated, RetryAfter

from bot.channels import telegram_group
from bot.channels.message import (
    Capabilities,
    ChannelName,
    FetchedFile,
    Inbound,
    Outbound,
    Receipt,
    Refused,
    RemoteFile,
    Sent,
    TryLater,
)
from bot.channels.telegram import Telegram, asked_to_wait, inline, outcome
from bot.channels.telegram_reading import read_message
from bot.channels.wire import InParts, split
from bot.telegram_desk import posts, words
from bot.telegram_desk.hear import FromGroup
from bot.telegram_desk.posts import Act, GroupPost
from store.files import media_type_of
from store.pictures import UnreadableImageError, redrawn

log = logging.getLogger(__name__)


def _without_its_place(file: FetchedFile) -> FetchedFile | None:
    """A picture drawn anew: where it was taken is nothing for a group. None: it can't be drawn."""
    if not (media_type_of(file.content) or "").startswith("image/"):
        return file
    try:
        return FetchedFile(redrawn(file.content, _SHOWN_PIXELS), "anh.jpg")
    except UnreadableImageError:
        return None


GROUP_PER_MINUTE: Final = 20
_SHOWN_PIXELS: Final = 2560
"""The longer side of a picture in a group; the file itself stays on the desk."""
_UNPACED = frozenset({Act.ANSWER, Act.CHECK})


class GroupPacing:
    """How long a group has to wait: so many posts a minute, and what Telegram asks for.

    Moments are seconds of a clock that only goes forward.
    """

    def __init__(self, per_minute: int = GROUP_PER_MINUTE) -> None:
        self._per_minute = per_minute
        self._recent: dict[str, deque[float]] = {}
        self._held: dict[str, float] = {}

    def wait(self, chat: str, now: float) -> float:
        """Seconds until this group may get a post; at 0 the place is taken."""
        recent = self._recent.setdefault(chat, deque(maxlen=self._per_minute))
        full = recent[0] + 60.0 if len(recent) == self._per_minute else now
        free = max(now, full, self._held.get(chat, now))
        if free <= now:
            recent.append(now)
            return 0.0
        return free - now

    def hold(self, chat: str, now: float, seconds: float) -> None:
        """Leave this group alone for so long."""
        self._held[chat] = max(now + seconds, self._held.get(chat, now))


class TelegramDesk:
    """The channel `telegram_desk`; `Telegram` has to be open while it is used."""

    name = ChannelName.TELEGRAM_DESK
    capabilities = Capabilities(max_text=MessageLimit.MAX_TEXT_LENGTH, buttons=True)

    def __init__(self, telegram: Telegram, *, per_minute: int = GROUP_PER_MINUTE) -> None:
        self._telegram = telegram
        self._bot = telegram.bot
        self._pacing = GroupPacing(per_minute)
        self._parts = InParts()

    def read(self, event: Mapping[str, Any]) -> FromGroup | None:
        """Make what the desk hears of an update; None if it says nothing to it."""
        return telegram_group.read(event, self._telegram.bot_id, _message_in)

    async def fetch(self, file: RemoteFile) -> FetchedFile | None:
        """As `Telegram.fetch`."""
        return await self._telegram.fetch(file)

    async def send(self, address: str, message: Outbound) -> Sent:
        """Carry out one post; the receipt is the number of the message, or of the thread."""
        chat, _, thread = address.partition(":")
        post = message
        if not isinstance(post, GroupPost):  # that something failed
            post = GroupPost(text=message.text, thread_id=int(thread or 0) or None)
        steps = [partial(self._call, chat, post.act, one) for one in self._steps(int(chat), post)]
        return await self._parts.send(f"{chat}:{post.thread_id}", post, steps)

    def _steps(self, chat: int, post: GroupPost) -> list[Callable[[], Awaitable[str]]]:
        match post.act:
            case Act.SAY | Act.WORDS:
                return self._saying(chat, post)
            case Act.HEAD | Act.EDIT:
                return [partial(self._head, chat, post)]
            case Act.OPEN:
                return [partial(self._open, chat, post.text)]
            case Act.ANSWER:
                return [partial(self._answer, post)]
            case Act.CLOSE | Act.REOPEN | Act.DELETE:
                return [partial(self._change_topic, chat, post)]
            case Act.CHECK:
                return [partial(self._check, chat)]
            case _:
                assert_never(post.act)

    def _saying(self, chat: int, post: GroupPost) -> list[Callable[[], Awaitable[str]]]:
        where = {"message_thread_id": post.thread_id, "protect_content": post.protected}

        async def text(part: str, *, last: bool) -> str:
            keyboard = inline(post) if last else None
            return str(await self._telegram.send_text(chat, part, keyboard, **where))

        async def file() -> str:
            assert post.file is not None  # noqa: S101 - looked at below
            shown = await asyncio.to_thread(_without_its_place, post.file)
            if shown is None:
                return str(await self._telegram.send_text(chat, words.FILE_STAYS, None, **where))
            return str(await self._telegram.send_file(chat, shown, "", None, **where))

        parts = split(post.text, MessageLimit.MAX_TEXT_LENGTH)
        steps = [
            partial(text, part, last=number == len(parts)) for number, part in enumerate(parts, 1)
        ]
        return [*steps, file] if post.file is not None else [*steps]

    async def _head(self, chat: int, post: GroupPost) -> str:
        if post.message_id is not None:
            try:
                await self._bot.edit_message_text(
                    post.text,
                    chat,
                    post.message_id,
                    reply_markup=inline(post),
                    link_preview_options=LinkPreviewOptions(is_disabled=True),
                )
            except BadRequest as problem:
                if "not modified" not in problem.message:
                    raise
            return str(post.message_id)
        where = {"message_thread_id": post.thread_id}
        return str(await self._telegram.send_text(chat, post.text, inline(post), **where))

    async def _open(self, chat: int, name: str) -> str:
        return str((await self._bot.create_forum_topic(chat, name)).message_thread_id)

    async def _answer(self, post: GroupPost) -> str:
        await self._bot.answer_callback_query(
            post.press_id or "", post.text or None, show_alert=post.alert
        )
        return ""

    async def _change_topic(self, chat: int, post: GroupPost) -> str:
        change = {
            Act.CLOSE: self._bot.close_forum_topic,
            Act.REOPEN: self._bot.reopen_forum_topic,
            Act.DELETE: self._bot.delete_forum_topic,
        }[post.act]
        try:
            await change(chat, post.thread_id or 0)
        except BadRequest as problem:
            if "TOPIC_NOT_MODIFIED" not in problem.message.upper():
                raise
        return ""

    async def _check(self, chat: int) -> str:
        """Whether the bot may work here.

        Raises:
            _NotReady: it may not; the reason is one of `posts`.
        """
        if not (await self._bot.get_chat(chat)).is_forum:
            raise _NotReady(posts.NOT_FORUM)
        me = await self._bot.get_chat_member(chat, int(self._telegram.bot_id))
        if me.status in ("left", "kicked"):
            raise _NotReady(posts.GONE)
        if not (isinstance(me, ChatMemberAdministrator) and me.can_manage_topics):
            raise _NotReady(posts.NO_RIGHTS)
        return ""

    async def _call(self, chat: str, act: Act, step: Callable[[], Awaitable[str]]) -> Sent:
        """Make one call in its turn; never raises for what the platform or the network does."""
        if act not in _UNPACED:
            wait = self._pacing.wait(chat, time.monotonic())
            if wait > 0:
                return TryLater(wait, "paced")
            await asyncio.sleep(self._telegram.pacing.for_all(time.monotonic()))
        try:
            return Receipt(await step())
        except _NotReady as problem:
            return Refused(problem.reason)
        except ChatMigrated as problem:
            return Refused(f"{posts.MOVED}{problem.new_chat_id}")
        except Exception as problem:  # the library lets parsing errors through as they are
            if isinstance(problem, RetryAfter):
                self._pacing.hold(chat, time.monotonic(), asked_to_wait(problem))
            became = outcome(problem)
            log.info("a post did not go out", extra={"act": act, "reason": became.reason})
            return became


class _NotReady(Exception):  # noqa: N818 - not a fault
    """The bot can't work in a group."""

    def __init__(self, reason: str) -> None:
        self.reason = reason
        super().__init__(reason)


def _message_in(update: Mapping[str, Any], address: str) -> Inbound | None:
    return read_message(Update.de_json(dict(update)), address)
