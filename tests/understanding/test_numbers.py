import datetime as dt

import pytest

from bot.understanding import numbers

TODAY = dt.date(2026, 11, 23)


@pytest.mark.parametrize(
    ("text", "phone"),
    [
        ("0912345678", "0912345678"),
        ("gọi 0912 345 678 nha", "0912345678"),
        ("091.234.5678", "0912345678"),
        ("+84 912 345 678", "0912345678"),
        ("0290 3831 234", "02903831234"),
        ("năm 2019 tôi nợ 50000000", None),
        ("CCCD 096012345678", None),
    ],
)
def test_a_telephone_number_in_any_spacing(text: str, phone: str | None) -> None:
    assert numbers.phone(text) == phone


@pytest.mark.parametrize(
    ("text", "code"),
    [
        ("7KQ2M-4XN8P", "7KQ2M4XN8P"),
        ("mã của tôi là 7kq2m4xn8p", "7KQ2M4XN8P"),
        ("7KQ2M 4XN8P 123456", "7KQ2M4XN8P"),
        ("OKQ2M4XN8P", "0KQ2M4XN8P"),
        ("xinchaoban", None),
        ("0912345678", None),
    ],
)
def test_a_case_code(text: str, code: str | None) -> None:
    assert numbers.code(text) == code


@pytest.mark.parametrize(
    ("text", "pin"),
    [
        ("123456", "123456"),
        ("PIN 123 456", "123456"),
        ("7KQ2M-4XN8P 123456", "123456"),
        ("tôi nợ 123456 đồng", None),
        ("0912345678", None),
    ],
)
def test_a_pin_stands_alone_or_beside_the_code(text: str, pin: str | None) -> None:
    assert numbers.pin(text) == pin


@pytest.mark.parametrize(
    ("text", "number"),
    [
        ("62", 62),
        ("62t", 62),
        ("dạ 62 tuổi", 62),
        ("sáu mươi hai", 62),
        ("sau muoi hai tuoi", 62),
        ("hai mươi lăm", 25),
        ("mười bảy", 17),
        ("một trăm lẻ hai", 102),
        ("sinh năm 1960", 66),
        ("1960", 66),
        ("không", None),
        ("phường 5", None),
        ("bốn phương tám hướng", None),
    ],
)
def test_a_number_that_is_the_whole_answer(text: str, number: int | None) -> None:
    assert numbers.alone(text, TODAY) == number


@pytest.mark.parametrize(
    "text", ["300 tuổi", "tôi 300 tuổi", "-5", "âm 5 tuổi", "450", "2050", "sinh năm 1850"]
)
def test_an_age_nobody_has_is_known_for_one(text: str) -> None:
    assert numbers.impossible_age(text, TODAY)
    assert numbers.alone(text, TODAY) is None


@pytest.mark.parametrize(
    "text",
    ["62", "tôi 62 tuổi", "1956", "sinh năm 1956", "0", "120 tuổi", "trừ 20 triệu", "gọi 113"],
)
def test_other_numbers_are_no_impossible_age(text: str) -> None:
    assert not numbers.impossible_age(text, TODAY)
