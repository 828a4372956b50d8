"""What the desk calls things that other rooms name in their own words."""

import datetime as dt

import pytest
from telegram.error import BadRequest, ChatMigrated, Forbidden, TelegramError

from bot.channels.telegram import outcome
from desk import texts
from store.clock import ZONE
from store.outbox import Delivery


@pytest.mark.parametrize(
    ("problem", "said"),
    [
        (Forbidden("Forbidden: bot was blocked by the user"), "người dân đã chặn Tràm"),
        (Forbidden("Forbidden: user is deactivated"), "tài khoản của người dân không còn"),
        (BadRequest("Chat not found"), "cuộc trò chuyện không còn"),
        (BadRequest("Message is too long"), "tin quá dài"),
        (BadRequest("Message text is empty"), "tin không có chữ nào"),
        (ChatMigrated(5), "cuộc trò chuyện đã chuyển đi nơi khác"),
        (BadRequest("Something never seen before"), "kênh từ chối"),
    ],
)
def test_what_the_channel_refused_is_told_to_the_officer_in_plain_words(
    problem: TelegramError, said: str
) -> None:
    reason = outcome(problem).reason

    assert texts.delivery(Delivery.REFUSED, reason).startswith(f"Không gửi được: {said}")


@pytest.mark.parametrize(
    ("due", "said"),
    [
        ("2026-11-24T17:00", "17:00 hôm nay"),
        ("2026-11-25T07:30", "07:30 mai"),
        ("2026-11-30T17:00", "17:00 30/11"),
        ("2026-11-25T00:00", "hết hôm nay"),  # the end of a day is the midnight after it
        ("2026-11-26T00:00", "hết mai"),
        ("2026-12-05T00:00", "hết 04/12"),
        ("2026-11-23T17:00", "17:00 23/11"),
    ],
)
def test_the_day_a_limit_ends_is_told_as_people_say_it(due: str, said: str) -> None:
    now = dt.datetime(2026, 11, 24, 10, tzinfo=ZONE)

    assert texts.until(dt.datetime.fromisoformat(due).replace(tzinfo=ZONE), now) == said


def test_words_for_a_talk_that_was_left_are_not_said_to_have_arrived() -> None:
    assert texts.delivery(Delivery.SENT, None) == "Đã gửi"
    left = texts.delivery(Delivery.SENT, "shut")
    assert left == "Để sẵn, người dân thấy khi mở bằng mã hồ sơ"
