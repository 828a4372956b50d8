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
        if any(len(name.encode()) != _KEY_ID_BYTES for name in self.keys):
            raise ValueError(f"a key's id has {_KEY_ID_BYTES} characters")
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
        folder = os.open(path.parent, os.O_RDONLY)
        try:
            os.fsync(folder)  # the file's name is part of the folder
        finally:
            os.close(folder)


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


def _bound_to(table: str, column: str, row_id: str) -> bytes:
    return "\x1f".join((table, column, row_id)).encode()
