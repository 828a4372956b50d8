"""Sealed values open only where they belong."""

import os
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from store.crypto import Keyring, KeyringError, SealError, Vault

VAULT = Vault(Keyring.fresh())


@given(st.binary())
def test_what_is_sealed_opens_in_its_own_place(value: bytes) -> None:
    assert VAULT.open("cases", "contact", "1", VAULT.seal("cases", "contact", "1", value)) == value


@pytest.mark.parametrize(
    "place", [("cases", "contact", "2"), ("cases", "screening", "1"), ("notes", "contact", "1")]
)
def test_a_value_moved_to_another_row_column_or_table_does_not_open(
    place: tuple[str, str, str],
) -> None:
    sealed = VAULT.seal("cases", "contact", "1", b"0912 345 678")

    with pytest.raises(SealError):
        VAULT.open(*place, sealed)


@given(st.integers(min_value=0, max_value=60))
def test_a_changed_byte_is_noticed(position: int) -> None:
    sealed = bytearray(VAULT.seal("cases", "contact", "1", b"0" * 32))
    sealed[position] ^= 1

    with pytest.raises(SealError):
        VAULT.open("cases", "contact", "1", bytes(sealed))


def test_the_same_value_is_sealed_differently_each_time() -> None:
    assert VAULT.seal("t", "c", "1", b"x") != VAULT.seal("t", "c", "1", b"x")


def test_an_old_key_still_opens_after_a_new_one_became_current() -> None:
    first = Keyring.fresh()
    sealed = Vault(first).seal("t", "c", "1", b"x")
    second = Keyring(
        current="k002",
        keys={**first.keys, "k002": Keyring.fresh().keys["k001"]},
        index=first.index,
    )

    assert Vault(second).open("t", "c", "1", sealed) == b"x"


def test_a_blind_index_is_the_same_for_the_same_value_and_tells_fields_apart() -> None:
    assert VAULT.blind("phone", "0912") == VAULT.blind("phone", "0912")
    assert VAULT.blind("phone", "0912") != VAULT.blind("name", "0912")
    assert Vault(Keyring.fresh()).blind("phone", "0912") != VAULT.blind("phone", "0912")


def test_a_key_file_is_never_overwritten_and_only_its_owner_reads_it(tmp_path: Path) -> None:
    path = tmp_path / "keys.json"
    Keyring.fresh().to_file(path)

    assert path.stat().st_mode & 0o077 == 0
    with pytest.raises(FileExistsError):
        Keyring.fresh().to_file(path)


def test_new_keys_are_on_the_disk_before_anything_is_sealed_with_them(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    synced: list[tuple[str, int]] = []

    def sync(descriptor: int) -> None:
        path = Path(f"/dev/fd/{descriptor}").resolve()
        synced.append((path.name, path.stat().st_size if path.is_file() else 0))

    monkeypatch.setattr(os, "fsync", sync)
    path = tmp_path / "keys.json"

    Keyring.fresh().to_file(path)

    assert synced == [("keys.json", path.stat().st_size), (tmp_path.name, 0)]


@pytest.mark.parametrize(
    "content", ["", "{}", '{"current": "k001", "keys": {"k001": "c2hvcnQ="}, "index": "c2hvcnQ="}']
)
def test_a_broken_key_file_is_refused_without_quoting_a_key(tmp_path: Path, content: str) -> None:
    path = tmp_path / "keys.json"
    path.write_text(content)

    with pytest.raises(KeyringError) as refused:
        Keyring.from_file(path)

    assert "c2hvcnQ=" not in str(refused.value)
