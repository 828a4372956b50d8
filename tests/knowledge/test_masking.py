"""A question is kept without what could tell who asked it."""

import pytest

from knowledge.masking import LONGEST, mask


@pytest.mark.parametrize(
    ("typed", "kept"),
    [
        (
            "Tôi tên Nguyễn Văn Tèo ở ấp 5 xã kia, chồng đánh, đt 0912 345 678",
            "Tôi tên [tên] ở ấp [địa chỉ] xã kia, chồng đánh, đt [số]",
        ),
        ("Ông Bảy lấn đất nhà tôi ở Năm Căn", "Ông [tên] lấn đất nhà tôi ở Năm Căn"),
        ("Anh Trần Văn Minh nợ tôi từ 12/03/2024", "Anh [tên] nợ tôi từ [số]"),
        ("thua ke cua tran thi bay tinh sao", "thua ke cua [tên] tinh sao"),
        ("em ten la hong muon ly hon", "em ten la [tên] hon"),
        ("mã hồ sơ 7KQ2M-4XN8P của em", "mã hồ sơ [số] của em"),
        ("viết tôi qua a.b@c.vn hay zalo.me/0912", "viết tôi qua [liên kết] hay [liên kết]"),
        ("nhà số 12A bị giải tỏa", "nhà số [địa chỉ] bị giải tỏa"),
    ],
)  # fmt: skip
def test_names_numbers_and_addresses_are_taken_out(typed: str, kept: str) -> None:
    assert mask(typed) == kept


@pytest.mark.parametrize(
    "typed",
    [
        "Bao nhiêu tuổi được lãnh lương hưu?",
        "BỊ CÔNG TY CHO NGHỈ VIỆC",
        "Sổ Đỏ mất làm lại ở đâu",
        "luật sư ở Cà Mau",
        "tên trong giấy khai sinh sai sửa sao",
        "Sau 15 ngày thì sao",
    ],
)
def test_a_question_that_tells_nobody_stays_as_it_is(typed: str) -> None:
    assert mask(typed) == typed


def test_a_long_story_is_cut() -> None:
    assert len(mask("chuyện dài " * 200)) == LONGEST
