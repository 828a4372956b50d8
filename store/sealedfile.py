"""A file that is encrypted as it is written, and refused when a single bit of it is not ours.

AES-256-GCM in chunks, each bound to its number, to whether it is the last, and to the header, under
a key of the file's own. A file that was cut short, lengthened, changed, or put together from two
does not open. Backups are written this way, so the whole never has to fit into the memory.
"""

import base64
import binascii
import hashlib
import json
import os
import secrets
import struct
from collections.abc import Iterator
from pathlib import Path
from typing import BinaryIO, Final

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.ciphers.aead import AESGCM
from cryptography.hazmat.primitives.kdf.hkdf import HKDF

MAGIC: Final = b"TRAMBAK\x01"
KEY_BYTES: Final = 32
CHUNK: Final = 1024 * 1024
"""Plain bytes in a chunk."""
_TAG: Final = 16
_MOST_HEADER: Final = 64 * 1024
_LENGTH = struct.Struct(">I")
_FRAME = struct.Struct(">BI")

Header = dict[str, str | int]


class SealedFileError(Exception):
    """The file or the key can't be used; the message says which and why, and quotes neither."""


def fresh_key() -> str:
    """A new random key, as it stands in a key file."""
    return base64.b64encode(secrets.token_bytes(KEY_BYTES)).decode()


def read_key(text: str) -> bytes:
    """The key that `fresh_key` wrote.

    Raises:
        SealedFileError: it is not one.
    """
    try:
        key = base64.b64decode(text.strip(), validate=True)
    except (binascii.Error, ValueError):
        key = b""
    if len(key) != KEY_BYTES:
        raise SealedFileError(f"the backup key is not {KEY_BYTES} bytes in base64")
    return key


def key_id(key: bytes) -> str:
    """A few letters that tell keys apart and say nothing about them."""
    return hashlib.sha256(b"tram backup key id" + key).hexdigest()[:8]


def write_new(path: Path, content: bytes) -> None:
    """Write a file only its owner can read; never over an existing one, on the disk on return."""
    descriptor = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    with os.fdopen(descriptor, "wb") as file:
        file.write(content)
        file.flush()
        os.fsync(descriptor)


class SealingWriter:
    """Encrypts what is written to it. Without `finish` the file does not open."""

    def __init__(self, sink: BinaryIO, key: bytes, header: Header) -> None:
        told = json.dumps(
            header | {"salt": secrets.token_hex(32), "key": key_id(key)}, sort_keys=True
        ).encode()
        sink.write(MAGIC + _LENGTH.pack(len(told)) + told)
        self._sink = sink
        self._header = told
        self._cipher = _cipher(key, told)
        self._number = 0
        self._held = bytearray()

    def write(self, data: bytes) -> None:
        """Add plain bytes."""
        self._held += data
        while len(self._held) > CHUNK:
            self._seal(bytes(self._held[:CHUNK]), last=False)
            del self._held[:CHUNK]

    def finish(self) -> None:
        """Write the last chunk; nothing may follow."""
        self._seal(bytes(self._held), last=True)
        self._held.clear()

    def _seal(self, plain: bytes, *, last: bool) -> None:
        sealed = self._cipher.encrypt(_nonce(self._number, last=last), plain, self._header)
        self._sink.write(_FRAME.pack(last, len(sealed)) + sealed)
        self._number += 1


class OpeningReader:
    """Decrypts such a file, chunk by chunk; every chunk given out is authentic."""

    def __init__(self, source: BinaryIO, key: bytes) -> None:
        """Read the header.

        Raises:
            SealedFileError: it is no such file, or was made with another key.
        """
        if source.read(len(MAGIC)) != MAGIC:
            raise SealedFileError("this is no backup of Tràm, or one of a later format")
        size = source.read(_LENGTH.size)
        length = _LENGTH.unpack(size)[0] if len(size) == _LENGTH.size else _MOST_HEADER + 1
        told = source.read(length) if length <= _MOST_HEADER else b""
        try:
            header = json.loads(told)
        except ValueError:
            header = None
        if not isinstance(header, dict):
            raise SealedFileError("the header is not whole: the file was changed or cut short")
        if header.get("key") != key_id(key):
            raise SealedFileError(
                f"it was made with another key (id {header.get('key')}); this one is {key_id(key)}"
            )
        self.header: Header = header
        """Believed only once the first chunk has opened."""
        self._source = source
        self._told = told
        self._cipher = _cipher(key, told)

    def chunks(self) -> Iterator[bytes]:
        """The plain bytes, to the very end.

        Raises:
            SealedFileError: the file was changed, cut short or lengthened.
        """
        number, last = 0, False
        while not last:
            frame = self._source.read(_FRAME.size)
            if len(frame) < _FRAME.size:
                raise SealedFileError(f"the file is cut short after part {number}")
            flag, length = _FRAME.unpack(frame)
            if flag > 1 or not _TAG <= length <= CHUNK + _TAG:
                raise SealedFileError(f"part {number + 1} was changed")
            sealed = self._source.read(length)
            if len(sealed) < length:
                raise SealedFileError(f"the file is cut short in part {number + 1}")
            last = bool(flag)
            try:
                yield self._cipher.decrypt(_nonce(number, last=last), sealed, self._told)
            except InvalidTag:
                raise SealedFileError(f"part {number + 1} was changed") from None
            number += 1
        if self._source.read(1):
            raise SealedFileError("something was added behind its end")


def _cipher(key: bytes, header: bytes) -> AESGCM:
    """Each file has a key of its own, so that counted nonces never meet twice."""
    derived = HKDF(hashes.SHA256(), KEY_BYTES, salt=None, info=b"tram backup" + header)
    return AESGCM(derived.derive(key))


def _nonce(number: int, *, last: bool) -> bytes:
    return number.to_bytes(11) + bytes([last])
