"""Sealing of personal columns, and blind indexes to find them again.

A sealed value is AES-256-GCM with the table, the column and the row's id as authenticated
data: a ciphertext moved to another row or column does not open. The id of the key stands in
front, so that keys can be rotated. Keys live outside the database and its backups.
"""

import base64
import hashlib
import hmac
import json
import os
import re
import secrets
from collections.abc import Mapping
from pathlib import Path
from typing import Self

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.ciphers.aead import AESGCM
from cryptography.hazmat.primitives.kdf.hkdf import HKDFExpand
from pydantic import BaseModel, ConfigDict, ValidationError, model_validator

_FORMAT = b"\x01"
_KEY_ID_BYTES = 4
_NONCE_BYTES = 12
_KEY_BYTES = 32


class KeyringError(Exception):
    """The key file can't be used; the program does not start without its keys."""


class SealError(Exception):
    """A sealed value does not open: another row's, tampered with, or its key is gone."""


class Keyring(BaseModel):
    """The keys of one installation, as they stand in the key file (base64)."""

    model_config = ConfigDict(frozen=True, extra="forbid", hide_input_in_errors=True)

    current: str
    keys: Mapping[str, str]
    index: str

    @model_validator(mode="after")
    def _keys_are_whole(self) -> Self:
        if self.current not in self.keys:
            raise ValueError("the current key is not among the keys")
        for name, text in (*self.keys.items(), ("index", self.index)):
            if len(base64.b64decode(text, validate=True)) != _KEY_BYTES:
                raise ValueError(f"the key {name} is not of {_KEY_BYTES} bytes")
        if not all(re.fullmatch(rf"k[0-9]{{{_KEY_ID_BYTES - 1}}}", name) for name in self.keys):
            raise ValueError("a key's id is a k and three digits, such as k001")
        return self

    @classmethod
    def fresh(cls) -> Self:
        """New random keys."""

        def key() -> str:
            return base64.b64encode(secrets.token_bytes(_KEY_BYTES)).decode()

        return cls(current="k001", keys={"k001": key()}, index=key())

    @classmethod
    def from_file(cls, path: Path) -> Self:
        """Read the key file.

        Raises:
            KeyringError: it is missing or not whole; the reason never quotes a key.
        """
        try:
            return cls.model_validate_json(path.read_text(encoding="utf-8"))
        except OSError as problem:
            raise KeyringError(f"the key file {path} can't be read: {problem.strerror}") from None
        except ValidationError as problem:
            reason = problem.errors(include_url=False, include_input=False)[0]["msg"]
            raise KeyringError(f"the key file {path} is not whole: {reason}") from None

    def with_fresh_key(self) -> Self:
        """One more random key, not yet in use. Its id is the next number free."""
        number = 1 + max(int(name[1:]) for name in self.keys)
        name = f"k{number:0{_KEY_ID_BYTES - 1}d}"
        key = base64.b64encode(secrets.token_bytes(_KEY_BYTES)).decode()
        return self.model_validate(self.model_dump() | {"keys": {**self.keys, name: key}})

    def using(self, name: str) -> Self:
        """The same keys, sealing with another of them.

        Raises:
            ValueError: it is none of them.
        """
        return self.model_validate(self.model_dump() | {"current": name})

    def without(self, name: str) -> Self:
        """The same keys but one.

        Raises:
            ValueError: it is in use, or none of them.
        """
        if name == self.current or name not in self.keys:
            raise ValueError(f"the key {name} is in use, or there is none of this name")
        rest = {other: key for other, key in self.keys.items() if other != name}
        return self.model_validate(self.model_dump() | {"keys": rest})

    def replace_file(self, path: Path) -> None:
        """Put these keys in the place of those in the file, whole or not at all."""
        beside = path.with_name(path.name + ".new")
        beside.unlink(missing_ok=True)
        self.to_file(beside)
        beside.replace(path)
        _on_the_disk(path.parent)

    def to_file(self, path: Path) -> None:
        """Write the key file, readable by its owner only; never over an existing one.

        It is on the disk when this returns: without its keys everything sealed is lost.
        """
        path.parent.mkdir(parents=True, exist_ok=True)
        descriptor = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
        with os.fdopen(descriptor, "w", encoding="utf-8") as file:
            json.dump(self.model_dump(), file)
            file.flush()
            os.fsync(descriptor)
        _on_the_disk(path.parent)


class Vault:
    """Seals, opens and blindly indexes values with the keys of a keyring."""

    def __init__(self, keyring: Keyring) -> None:
        self._current = keyring.current.encode()
        self._ciphers = {
            name.encode(): AESGCM(base64.b64decode(key)) for name, key in keyring.keys.items()
        }
        self._index = base64.b64decode(keyring.index)
        self._field_keys: dict[str, bytes] = {}

    def seal(self, table: str, column: str, row_id: str, value: bytes) -> bytes:
        """Encrypt `value` so that it opens only in this table, column and row."""
        nonce = secrets.token_bytes(_NONCE_BYTES)
        bound_to = _bound_to(table, column, row_id)
        sealed = self._ciphers[self._current].encrypt(nonce, value, bound_to)
        return _FORMAT + self._current + nonce + sealed

    def open(self, table: str, column: str, row_id: str, sealed: bytes) -> bytes:
        """Decrypt what `seal` made for the same table, column and row.

        Raises:
            SealError: for anything else.
        """
        head = len(_FORMAT) + _KEY_ID_BYTES
        cipher = self._ciphers.get(sealed[len(_FORMAT) : head])
        if sealed[: len(_FORMAT)] != _FORMAT or cipher is None:
            raise SealError(f"{table}.{column}: unknown format or key")
        nonce, body = sealed[head : head + _NONCE_BYTES], sealed[head + _NONCE_BYTES :]
        try:
            return cipher.decrypt(nonce, body, _bound_to(table, column, row_id))
        except InvalidTag:
            raise SealError(f"{table}.{column}: sealed for another place, or changed") from None

    def blind(self, field: str, value: str) -> str:
        """A keyed fingerprint: equal values of one field are found, nothing is read back."""
        key = self._field_keys.get(field)
        if key is None:
            expand = HKDFExpand(hashes.SHA256(), _KEY_BYTES, b"blind:" + field.encode())
            key = self._field_keys[field] = expand.derive(self._index)
        return hmac.new(key, value.encode(), hashlib.sha256).hexdigest()


def key_of(sealed: bytes) -> str | None:
    """The id of the key that a sealed value, or its beginning, names; None when it is not one."""
    head = len(_FORMAT) + _KEY_ID_BYTES
    if len(sealed) < head or sealed[: len(_FORMAT)] != _FORMAT:
        return None
    return sealed[len(_FORMAT) : head].decode("ascii", "replace")


def start_of(key: str) -> bytes:
    """How every value begins that is sealed with this key."""
    return _FORMAT + key.encode()


def _on_the_disk(folder: Path) -> None:
    """See to it that the names in a folder are on the disk."""
    descriptor = os.open(folder, os.O_RDONLY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)


def _bound_to(table: str, column: str, row_id: str) -> bytes:
    return "\x1f".join((table, column, row_id)).encode()
