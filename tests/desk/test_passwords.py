"""Which passwords the desk takes."""

import hashlib
from pathlib import Path

import pytest
from zxcvbn.frequency_lists import FREQUENCY_LISTS

from desk.breached import Breached
from desk.passwords import LONGEST, SHORTEST, fault_of
from store.datafile import DataFileError


@pytest.mark.parametrize(
    "password",
    ["vịt xiêm cưỡi xe lu", "mot-mat-khau-de-thu", "kH7#tq!02zvR", "ghe chài ngủ trên mái"],
)
def test_what_nobody_would_guess_is_taken(password: str) -> None:
    assert fault_of(password, ("lan", "Nguyễn Thị Lan", "Chi nhánh số 1")) is None


@pytest.mark.parametrize(
    "password",
    [
        "password1234",  # on every list
        "qwertyuiop123",  # a row of the keyboard
        "111111111111",
        "Matkhau@2026",
        "trợ giúp pháp lý",  # what the office is
        "TroGiupPhapLy1",
        "Nguyễn Thị Lan",  # who they are
        "nguyenthilan1",
        "Nam Căn nam can",  # where they work
    ],
)
def test_what_others_would_try_first_is_not_taken(password: str) -> None:
    fault = fault_of(password, ("lan", "Nguyễn Thị Lan", "Chi nhánh Năm Căn"))

    assert fault is not None
    assert "dễ đoán" in fault


def test_a_short_one_is_told_how_long_it_must_be() -> None:
    assert fault_of("kH7#tq!02zv") == "Mật khẩu cần ít nhất 12 ký tự."


def test_the_longest_one_is_read_too() -> None:
    assert fault_of("ghe chài ngủ trên mái " * 9 + "xa") is None
    assert fault_of("a" * LONGEST) is not None


def test_no_password_of_the_breached_list_is_taken_as_it_is_or_with_a_tail() -> None:
    breached = FREQUENCY_LISTS["passwords"]
    long = [one for one in breached if len(one) >= SHORTEST]
    assert (len(breached), len(long)) == (30_000, 229)
    with_a_tail = [one + "2026" for one in breached if len(one) >= SHORTEST - 4][:200]

    assert [one for one in (*long, *with_a_tail) if fault_of(one) is None] == []


def _sha1(password: str) -> str:
    return hashlib.sha1(password.encode(), usedforsecurity=False).hexdigest().upper()


def a_list(path: Path, *passwords: str, known: int = 5_000) -> Path:
    """A list as it can be downloaded, with some passwords among many others."""
    others = (f"{number}" for number in range(known))
    hashes = {_sha1(one) for one in (*others, *passwords)}
    path.write_bytes(b"".join(f"{one}:{len(one)}\r\n".encode() for one in sorted(hashes)))
    return path


LEAKED = "vịt xiêm cưỡi xe lu"


def test_a_password_of_the_operators_list_is_not_taken(tmp_path: Path) -> None:
    breached = Breached(a_list(tmp_path / "list", LEAKED))

    assert "bị lộ" in (fault_of(LEAKED, (), breached) or "")
    assert fault_of("ghe chài ngủ trên mái", (), breached) is None


@pytest.mark.parametrize("known", [0, 1, 2, 3, 50])
def test_each_line_of_a_list_is_found_and_nothing_else(tmp_path: Path, known: int) -> None:
    breached = Breached(a_list(tmp_path / "list", LEAKED, known=known))

    assert all(breached.has(one) for one in (LEAKED, *map(str, range(known))))
    assert not any(breached.has(one) for one in ("", "x", *map(str, range(known, known + 200))))


def test_a_list_without_counts_or_a_last_line_feed_is_read_too(tmp_path: Path) -> None:
    path = tmp_path / "list"
    hashes = sorted(_sha1(one) for one in ("a", "b", LEAKED))
    path.write_text("\n".join(hashes))

    assert all(Breached(path).has(one) for one in ("a", "b", LEAKED))
    assert not Breached(path).has("c")


@pytest.mark.parametrize(
    ("content", "reason"),
    [
        ("", "no SHA-1"),
        ("password1\npassword2\n", "no SHA-1"),
        ("F" * 40 + ":1\n" + "0" * 40 + ":9\n", "not ordered by hash"),
        ("0" * 32 + ":1\n", "no SHA-1"),
    ],
    ids=["empty", "plain passwords", "ordered by count", "NTLM"],
)
def test_a_file_that_is_no_such_list_is_refused_with_the_reason(
    tmp_path: Path, content: str, reason: str
) -> None:
    path = tmp_path / "list"
    path.write_text(content)

    with pytest.raises(DataFileError, match=reason):
        Breached(path)


def test_a_list_that_is_not_there_is_named(tmp_path: Path) -> None:
    with pytest.raises(DataFileError, match="can't be read"):
        Breached(tmp_path / "nowhere")
