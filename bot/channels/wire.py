"""What the adapters of platforms share: bodies in, long texts and several parts out."""

import ipaddress
import json
import logging
import re
import unicodedata
from collections.abc import Awaitable, Callable, Mapping, Sequence
from dataclasses import replace
from typing import Any, Final
from urllib.parse import urljoin, urlsplit

import httpx
from fastapi import Request
from starlette.requests import ClientDisconnect

from bot.channels.message import (
    Button,
    FetchedFile,
    Outbound,
    Receipt,
    Refused,
    RemoteFile,
    Sent,
    TryLater,
    Unknown,
)
from store.files import MAX_BYTES

_MAX_UPDATE: Final = 1024 * 1024
NEVER_LEFT: Final = (
    httpx.ConnectError,
    httpx.ConnectTimeout,
    httpx.PoolTimeout,
    httpx.ProxyError,
)
"""Errors after which the platform has certainly seen nothing of a call."""


def quiet_http() -> None:
    """Keep addresses, of which a token may be part, out of the log."""
    for name in ("httpx", "httpcore"):
        logging.getLogger(name).setLevel(logging.WARNING)


# --- in ----------------------------------------------------------------------------------------


class BodyError(Exception):
    """A webhook's body that is not taken; `status` is the answer to it."""

    def __init__(self, status: int) -> None:
        super().__init__(f"answered with {status}")
        self.status = status


async def body_of(request: Request) -> bytes:
    """The body of a webhook's request, read no further than any event is long.

    Raises:
        BodyError: it is too long (413), or the sender went away (400).
    """
    body = bytearray()
    try:
        async for chunk in request.stream():
            body += chunk
            if len(body) > _MAX_UPDATE:
                raise BodyError(413)
    except ClientDisconnect:
        raise BodyError(400) from None
    return bytes(body)


def parsed(body: bytes) -> Any:
    """The JSON value of a body, None if it is none."""
    try:
        return json.loads(body)
    except (ValueError, RecursionError):
        return None


def at(value: Any, *way: str | int) -> Any:
    """What stands at a place of a JSON value, None if there is no such place."""
    for key in way:
        if isinstance(value, dict) and isinstance(key, str):
            value = value.get(key)
        elif isinstance(value, list) and isinstance(key, int) and key < len(value):
            value = value[key]
        else:
            return None
    return value


def word(value: Any, *way: str | int) -> str:
    """The text at a place of a JSON value; numbers count, anything else is empty."""
    found = at(value, *way)
    if isinstance(found, int) and not isinstance(found, bool):
        return str(found)
    return found if isinstance(found, str) else ""


def encodable(event: Mapping[str, Any]) -> Mapping[str, Any]:
    """The event without halves of surrogate pairs, which no encoder would take."""
    text = json.dumps(event, ensure_ascii=False)
    try:
        text.encode()
    except UnicodeEncodeError:
        cleaned: dict[str, Any] = json.loads(text.encode("utf-8", "replace"))
        return cleaned
    return event


_MOST_REDIRECTS: Final = 3


async def download(http: httpx.AsyncClient, file: RemoteFile, api_url: str) -> FetchedFile | None:
    """Bring a file from the address that a platform gave; None when it is too large or gone.

    Only from the internet by https, or from the API's own address: an event must not make us
    look around in our own network.

    Raises:
        OSError: its server can't be reached now.
    """
    url = file.reference
    try:
        for _ in range(_MOST_REDIRECTS):
            if not _may_be_fetched(url, api_url):
                return None
            async with http.stream("GET", url) as response:
                if response.has_redirect_location:
                    url = urljoin(url, response.headers["location"])
                    continue
                if response.status_code == 429 or response.status_code >= 500:
                    raise OSError(f"a file's server answers {response.status_code}")
                if not response.is_success:
                    return None
                content = bytearray()
                async for chunk in response.aiter_bytes():
                    content += chunk
                    if len(content) > MAX_BYTES:
                        return None
                return FetchedFile(bytes(content), file.name)
    except httpx.InvalidURL:
        return None
    except httpx.HTTPError as problem:
        raise OSError(f"a file's server can't be reached: {type(problem).__name__}") from None
    return None


def _may_be_fetched(url: str, api_url: str) -> bool:
    if url.startswith(api_url.rstrip("/") + "/"):
        return True
    try:
        parts = urlsplit(url)
        host = parts.hostname or ""
    except ValueError:
        return False
    try:
        ipaddress.ip_address(host)
    except ValueError:
        return parts.scheme == "https" and "." in host.strip(".")
    return False


# --- out ---------------------------------------------------------------------------------------


def marked(button: Button) -> str:
    """The words of a button, with its tick box if it has one."""
    match button.ticked:
        case None:
            return button.label
        case True:
            return f"☑ {button.label}"
        case False:
            return f"☐ {button.label}"


def is_photo(content: bytes) -> bool:
    """Whether platforms show such a file as a picture."""
    return content.startswith((b"\xff\xd8\xff", b"\x89PNG\r\n\x1a\n"))


def units(text: str) -> int:
    """How long a text is in UTF-16 code units; never less than its characters."""
    return len(text.encode("utf-16-le")) // 2


_BREAKS = tuple(
    re.compile(pattern) for pattern in (r"\n\s*\n", r"\n", r"(?<=[.!?…:;])[\"”)]*\s", r"\s")
)
_HOLDS_THE_NEXT = "\u200d\u17d2"  # zero-width joiner; the Khmer sign that binds two consonants


def split(text: str, limit: int) -> list[str]:
    """The text in parts of at most `limit` UTF-16 units; an empty text has no parts.

    Cut between paragraphs if possible, else between lines, sentences, words, and only then
    within a word, but never within a letter and its marks.
    """
    parts = []
    rest = text.strip()
    while units(rest) > limit:
        head = rest.encode("utf-16-le")[: limit * 2].decode("utf-16-le", "ignore")
        cut = _last_break(head) or _between_letters(rest, len(head))
        parts.append(rest[:cut].rstrip())
        rest = rest[cut:].lstrip()
    if rest:
        parts.append(rest)
    return parts


def _last_break(head: str) -> int | None:
    worth_it = len(head) // 4
    for kind in _BREAKS:
        ends = [found.end() for found in kind.finditer(head) if found.start() >= worth_it]
        if ends:
            return ends[-1]
    return None


def _between_letters(text: str, cut: int) -> int:
    for at in range(cut, cut // 2, -1):
        if not unicodedata.category(text[at]).startswith("M") and text[at - 1] not in (
            _HOLDS_THE_NEXT
        ):
            return at
    return cut


Step = Callable[[], Awaitable[Sent]]
"""One call that sends something."""


class InParts:
    """Sends what makes up one message, one call after the other.

    If it is tried again, it goes on after the parts that arrived. That is remembered here and
    not in the database: after a crash in between, the first parts come twice.
    """

    def __init__(self) -> None:
        self._unfinished: dict[str, tuple[Outbound, int]] = {}

    async def send(self, address: str, message: Outbound, steps: Sequence[Step]) -> Sent:
        """Make the calls until one fails; the receipt names the last part."""
        begun, done = self._unfinished.pop(address, (message, 0))
        result: Sent = Refused("empty")
        sent: list[str] = []
        for number, step in enumerate(steps):
            if begun == message and number < done:
                continue
            result = await step()
            if isinstance(result, TryLater | Unknown):
                self._unfinished[address] = (message, number)
            if not isinstance(result, Receipt):
                return result
            result = replace(result, others=tuple(sent))
            sent.append(result.reference)
        return result
