"""What the desk calls things that other rooms name in their own words."""

import pytest
from telegram.error import BadRequest, ChatMigrated, Forbidden, TelegramError

from bot.channels.telegram import outcome
from desk import texts
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


def test_words_for_a_talk_that_was_left_are_not_said_to_have_arrived() -> None:
    assert texts.delivery(Delivery.SENT, None) == "Đã gửi"
    left = texts.delivery(Delivery.SENT, "shut")
    assert left == "Để sẵn, người dân thấy khi mở bằng mã hồ sơ"
