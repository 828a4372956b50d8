"""Reading what a page posts: small JSON, and forms whose file never touches the disk.

The usual form reader spools a file to a temporary file in the clear. Papers and photos are
personal, so here a file is held in memory up to its limit and the rest is counted, not kept.
"""

import asyncio
import re
from collections.abc import AsyncIterator, Awaitable, Callable, Mapping
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import dataclass, field
from typing import Any, Self, TypeVar
from urllib.parse import parse_qsl

from pydantic import BaseModel, ConfigDict, Field, ValidationError, model_validator
from python_multipart.exceptions import FormParserError
from python_multipart.multipart import MultipartParser, parse_options_header
from starlette.requests import Request

from bot.channels.message import InboundKind
from store.files import MAX_BYTES

MAX_TEXT = 20_000
"""Characters of one message; what is longer is cut, and the citizen is told."""
PAYLOAD = re.compile(r"[A-Za-z0-9_-]{0,64}")
MAX_JSON = 1024 * 1024
MAX_REQUEST = 64 * 1024 * 1024
"""In bytes. Up to here a too large file is read to its end, so that the browser gets an answer."""
_MAX_FIELD = 256 * 1024
_LARGE = 1024 * 1024
"""Bytes of a body from which it needs one of the few places for large ones."""
_MAX_FIELDS = 100


class UnreadableError(Exception):
    """The body is not what its address takes."""


class TooMuchError(Exception):
    """The body is so long that it was not read to its end."""


class TooSlowError(Exception):
    """The body did not come to its end in time, or no place for a large one was free."""


class Opening(BaseModel):
    """A page opens a talk; posted again, it opens the same one."""

    model_config = ConfigDict(frozen=True, hide_input_in_errors=True)

    opening: str = Field(pattern=r"^[A-Za-z0-9_-]{22,64}$")
    payload: str = Field(default="", pattern=f"^{PAYLOAD.pattern}$")
    """What the page's address carried (a poster's code)."""
    words_follow: bool = False
    """The citizen typed at once, without asking to begin."""
    words: str = Field(default="", max_length=MAX_TEXT)
    """What they typed; only looked at for danger when the talk can't be opened."""


class FromPage(BaseModel):
    """Whatever a page sends carries the id that the page gave it, so that it counts once."""

    model_config = ConfigDict(frozen=True, hide_input_in_errors=True)

    client_id: str = Field(pattern=r"^[A-Za-z0-9_-]{8,35}$")


class Said(FromPage):
    """One message of the page: words, a pressed button, a place, or a phone number."""

    text: str | None = None
    key: str | None = Field(default=None, max_length=1_000)
    serial: int | None = Field(default=None, ge=0, le=2**31)
    lat: float | None = Field(default=None, ge=-90, le=90)
    lon: float | None = Field(default=None, ge=-180, le=180)
    phone: str | None = Field(default=None, max_length=40)

    @model_validator(mode="after")
    def _says_one_thing(self) -> Self:
        said = (self.text, self.key, self.lat, self.phone)
        whole_place = (self.lat is None) == (self.lon is None)
        if sum(thing is not None for thing in said) != 1 or not whole_place:
            raise ValueError("one of text, key, lat with lon, phone")
        return self

    @property
    def too_long(self) -> bool:
        return self.text is not None and len(self.text) > MAX_TEXT

    def event(self) -> dict[str, Any]:
        """As it goes into the inbox."""
        if self.text is not None:
            return {"kind": InboundKind.TEXT, "text": self.text[:MAX_TEXT]}
        if self.key is not None:
            return {"kind": InboundKind.BUTTON, "text": self.key, "serial": self.serial}
        if self.phone is not None:
            return {"kind": InboundKind.PHONE, "phone": self.phone}
        return {"kind": InboundKind.LOCATION, "lat": self.lat, "lon": self.lon}


@dataclass(frozen=True)
class Upload:
    """A file as it was posted; empty when it was too large, or `unasked`: before any talk."""

    name: str
    content: bytes = field(repr=False)
    too_large: bool = False
    unasked: bool = False


@dataclass(frozen=True)
class Form:
    """The fields of a form by name, and its file if one was chosen."""

    fields: Mapping[str, tuple[str, ...]] = field(repr=False)
    file: Upload | None = None

    def first(self, name: str) -> str:
        """The first value of a field, or nothing."""
        return self.fields.get(name, ("",))[0]

    def all(self, name: str) -> tuple[str, ...]:
        """Every value of a field (ticked boxes)."""
        return self.fields.get(name, ())


Posted = TypeVar("Posted", bound=BaseModel)


def parse(kind: type[Posted], posted: bytes | Mapping[str, Any]) -> Posted:
    """What a page posted, as JSON or as values by name.

    Raises:
        UnreadableError: it is something else.
    """
    try:
        if isinstance(posted, bytes):
            return kind.model_validate_json(posted)
        return kind.model_validate(posted)
    except ValidationError:
        raise UnreadableError from None


async def _anybody(_token: str) -> bool:
    return True


class Intake:
    """Takes bodies in: few large ones at a time, and none for ever."""

    def __init__(self, large_at_once: int = 4, seconds: float = 120.0) -> None:
        self._large = asyncio.Semaphore(large_at_once)
        self._seconds = seconds

    async def json(self, request: Request) -> bytes:
        """The body of a JSON request.

        Raises:
            UnreadableError: it says it is something else.
            TooMuchError: longer than `MAX_JSON`.
            TooSlowError: it did not end in time.
        """
        if _content_type(request) != "application/json":
            raise UnreadableError
        try:
            async with asyncio.timeout(self._seconds):
                return await _read(request, MAX_JSON)
        except TimeoutError:
            raise TooSlowError from None

    @asynccontextmanager
    async def form(
        self, request: Request, may_send_file: Callable[[str], Awaitable[bool]] = _anybody
    ) -> AsyncIterator[Form]:
        """The fields and the file of a posted form, of either encoding.

        `may_send_file` is asked with the form's `token`, as far as it came before the file. A
        large form keeps its place until the block ends, because it lies in memory until then.

        Raises:
            UnreadableError: not a form, or a broken one.
            TooMuchError: longer than `MAX_REQUEST`.
            TooSlowError: it did not end in time, or no place for a large one was free.
        """
        async with AsyncExitStack() as place:
            try:
                async with asyncio.timeout(self._seconds):
                    form = await self._form(request, may_send_file, place)
            except TimeoutError:
                raise TooSlowError from None
            yield form

    async def _form(
        self,
        request: Request,
        may_send_file: Callable[[str], Awaitable[bool]],
        place: AsyncExitStack,
    ) -> Form:
        match _content_type(request):
            case "multipart/form-data":
                return await _read_multipart(request, self._chunks(request, place), may_send_file)
            case "application/x-www-form-urlencoded":
                body = await _read(request, MAX_JSON)
                try:
                    pairs = parse_qsl(
                        body.decode(), keep_blank_values=True, max_num_fields=_MAX_FIELDS
                    )
                except ValueError:
                    raise UnreadableError from None
                return _form(pairs, None)
            case _:
                raise UnreadableError

    async def _chunks(self, request: Request, place: AsyncExitStack) -> AsyncIterator[bytes]:
        read, is_large = 0, False
        async for chunk in request.stream():
            read += len(chunk)
            if read > MAX_REQUEST:
                raise TooMuchError
            if read > _LARGE and not is_large:
                # What comes meanwhile waits at the sender's: we read no further.
                await place.enter_async_context(self._large)
                is_large = True
            yield chunk


def _content_type(request: Request) -> str:
    return request.headers.get("content-type", "").partition(";")[0].strip().lower()


async def _read(request: Request, limit: int) -> bytes:
    body = bytearray()
    async for chunk in request.stream():
        body += chunk
        if len(body) > limit:
            raise TooMuchError
    return bytes(body)


def _form(pairs: list[tuple[str, str]], file: Upload | None) -> Form:
    fields: dict[str, tuple[str, ...]] = {}
    for name, value in pairs:
        # Forms send line ends as CRLF, whatever the citizen's machine.
        fields[name] = (*fields.get(name, ()), value.replace("\r\n", "\n"))
    return Form(fields, file)


class _Parts:
    """Collects the parts of a multipart body as the parser finds them."""

    def __init__(self) -> None:
        self.pairs: list[tuple[str, str]] = []
        self.file: Upload | None = None
        self.ended = False
        self.file_began = False
        self._header = (bytearray(), bytearray())
        self._options: Mapping[bytes, bytes] = {}
        self._data = bytearray()
        self._cut = False

    def begin(self) -> None:
        self._options, self._data, self._cut = {}, bytearray(), False

    def header_name(self, data: bytes, start: int, end: int) -> None:
        self._header[0].extend(data[start:end])

    def header_value(self, data: bytes, start: int, end: int) -> None:
        self._header[1].extend(data[start:end])

    def header_end(self) -> None:
        name, value = self._header
        if name.lower() == b"content-disposition":
            self._options = parse_options_header(bytes(value))[1]
        self._header = (bytearray(), bytearray())

    @property
    def token(self) -> str:
        """The token, as far as it has come."""
        return next((value for name, value in self.pairs if name == "token"), "")

    def refuse_file(self) -> None:
        """Keep nothing of the file that has begun."""
        self.file = Upload("", b"", unasked=True)
        if b"filename" in self._options:
            self._data.clear()

    def data(self, data: bytes, start: int, end: int) -> None:
        if b"filename" in self._options:
            self.file_began = True
            if self.file is not None:
                return  # one is enough, or none was asked for
        room = (MAX_BYTES if b"filename" in self._options else _MAX_FIELD) - len(self._data)
        self._cut |= end - start > room
        if not self._cut:
            self._data += data[start:end]
        elif b"filename" in self._options:
            self._data.clear()
        else:
            self._data += data[start : start + max(room, 0)]

    def end(self) -> None:
        name = self._options.get(b"name", b"").decode(errors="replace")
        file_name = self._options.get(b"filename")
        if file_name is None:
            if len(self.pairs) >= _MAX_FIELDS:
                raise UnreadableError
            self.pairs.append((name, self._data.decode(errors="replace")))
        elif self.file is None and (self._data or self._cut):
            self.file = Upload(file_name.decode(errors="replace"), bytes(self._data), self._cut)
        self._data = bytearray()

    def end_of_form(self) -> None:
        self.ended = True


async def _read_multipart(
    request: Request,
    chunks: AsyncIterator[bytes],
    may_send_file: Callable[[str], Awaitable[bool]],
) -> Form:
    boundary = parse_options_header(request.headers["content-type"])[1].get(b"boundary")
    if not boundary:
        raise UnreadableError
    parts = _Parts()
    asked = False
    try:
        parser = MultipartParser(
            boundary,
            {
                "on_part_begin": parts.begin,
                "on_part_data": parts.data,
                "on_part_end": parts.end,
                "on_header_field": parts.header_name,
                "on_header_value": parts.header_value,
                "on_header_end": parts.header_end,
                "on_end": parts.end_of_form,
            },
        )
        async for chunk in chunks:
            parser.write(chunk)
            if parts.file_began and not asked:
                asked = True
                if not await may_send_file(parts.token):
                    parts.refuse_file()
    except FormParserError:
        raise UnreadableError from None
    if not parts.ended:
        raise UnreadableError
    return _form(parts.pairs, parts.file)
