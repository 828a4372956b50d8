"""What a channel still takes, and until when."""

import datetime as dt

import pytest

from cases.window import Reach, Talk, Window, window_of

HEARD = dt.datetime(2026, 11, 20, 9, tzinfo=dt.UTC)
TALK = Talk(HEARD)
HOUR = dt.timedelta(hours=1)


@pytest.mark.parametrize(
    ("hours", "window"),
    [
        (47, Window(Reach.FREE, HEARD + 48 * HOUR)),
        (48, Window(Reach.BILLED, HEARD + 168 * HOUR)),
        (160, Window(Reach.BILLED, HEARD + 168 * HOUR, closing=True)),
        (168, Window(Reach.CLOSED)),
    ],
)
def test_zalo_takes_words_for_nothing_then_for_money_then_not_at_all(
    hours: int, window: Window
) -> None:
    assert window_of("zalo_oa", TALK, HEARD + hours * HOUR) == window


@pytest.mark.parametrize("channel", ["telegram", "web", "zalo_bot"])
def test_other_channels_set_no_time(channel: str) -> None:
    assert window_of(channel, TALK, HEARD + 900 * HOUR) == Window(Reach.OPEN)


def test_who_blocked_the_assistant_is_called_until_they_write_again() -> None:
    now = HEARD + 2 * HOUR

    blocked = window_of("telegram", TALK, now, (HEARD + HOUR, "blocked"))
    wrote = window_of("telegram", Talk(now), now, (HEARD + HOUR, "blocked"))

    assert blocked == Window(Reach.REFUSED, reason="blocked")
    assert blocked.call_instead
    assert wrote == Window(Reach.OPEN)


def test_a_refusal_that_passes_closes_nothing() -> None:
    refused = (HEARD + HOUR, "too long")

    assert window_of("telegram", TALK, HEARD + 2 * HOUR, refused).reach is Reach.OPEN


def test_words_to_a_web_talk_that_was_left_wait_there() -> None:
    window = window_of("web", Talk(HEARD, shut=True), HEARD + HOUR)

    assert window == Window(Reach.LEFT)
    assert window.call_instead
