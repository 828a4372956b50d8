"""How many streams of the web page may be open, and whose have to wait."""

from contextlib import ExitStack

from bot.channels.webpage.streams import Streams


def test_a_line_that_fills_its_share_leaves_room_for_the_others() -> None:
    streams = Streams(most=5, most_of_a_line=2)
    with ExitStack() as open_ones:
        for talk in ("a", "b"):
            assert not streams.full("203.0.113.1")
            open_ones.enter_context(streams.place(talk, "203.0.113.1"))

        assert streams.full("203.0.113.1")
        assert not streams.full("203.0.113.2")
    assert not streams.full("203.0.113.1")


def test_when_all_places_are_taken_everybody_is_asked_to_come_back() -> None:
    streams = Streams(most=3, most_of_a_line=2)
    with ExitStack() as open_ones:
        for number in range(3):
            open_ones.enter_context(streams.place(f"talk-{number}", f"203.0.113.{number}"))

        assert streams.full("203.0.113.9")
    assert not streams.full("203.0.113.9")
