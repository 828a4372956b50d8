"""Which passwords the desk takes."""

import pytest
from zxcvbn.frequency_lists import FREQUENCY_LISTS

from desk.passwords import LONGEST, SHORTEST, fault_of


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
