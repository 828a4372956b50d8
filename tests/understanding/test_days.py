"""Days named in words, on a Monday: 23 November 2026."""

import datetime as dt

import pytest

from bot.understanding.days import working_days_until
from tests.understanding.reading import TODAY, read


@pytest.mark.parametrize(
    "text",
    [
        "thứ hai tuần này tòa xử vụ đất của tôi",
        "thu sau tuan nay toa xu vu ly hon",
        "mai xử rồi mà tôi chưa có luật sư",
        "ngày 27 này ra toà",
        "ngay 27 ra toa ma em chua biet noi sao",
        "27/11 tòa mở phiên xử chồng tôi",
        "phiên tòa ngày 26 tháng 11 năm 2026",
        "còn 3 ngày nữa hết hạn kháng cáo",
        "con ba bua nua la het han khang cao",
        "chiều nay tôi phải ra tòa",
        "ngày mốt thi hành án xuống cưỡng chế nhà tôi",
        "thứ hai tuần sau tòa xử",
        "sắp hết thời hiệu khởi kiện",
    ],
)
def test_a_trial_or_limit_within_five_working_days_is_urgent(text: str) -> None:
    assert read(text).urgent


@pytest.mark.parametrize(
    "text",
    [
        "ngày 15/11 tòa xử rồi, tôi thua",
        "thứ sáu tuần rồi tòa xử",
        "hôm qua tòa mới xử xong, tôi muốn xin bản án",
        "ngày 20 tháng 12 tòa xử vụ của tôi",
        "15/01/2027 ra tòa",
        "thứ sáu tuần sau tòa xử vụ chia đất",
        "còn 20 ngày nữa hết hạn kháng cáo",
        "mai tôi lên xã hòa giải chuyện đất",
        "mai mốt có ra tòa thì tính",
        "con thứ hai của tôi ra tòa làm chứng",
        "hôm nay tôi hỏi cách kháng cáo thì sao, án chưa có",
        "tuần này xã xử lý vụ lấn đất",
    ],
)
def test_a_day_that_is_past_or_far_or_of_something_else_is_not_urgent(text: str) -> None:
    assert not read(text).urgent


def test_the_same_words_are_urgent_on_one_day_and_not_on_another() -> None:
    text = "ngày 27/11 tòa xử vụ của tôi"

    assert read(text, dt.date(2026, 11, 20)).urgent
    assert not read(text, dt.date(2026, 11, 10)).urgent
    assert not read(text, dt.date(2026, 11, 30)).urgent


@pytest.mark.parametrize(
    ("day", "number"),
    [(23, 0), (24, 1), (27, 4), (28, 4), (29, 4), (30, 5), (22, -1)],
)
def test_weekends_are_no_working_days(day: int, number: int) -> None:
    assert working_days_until(dt.date(2026, 11, day), TODAY) == number
