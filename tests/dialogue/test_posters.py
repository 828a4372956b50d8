"""A talk that begins from a poster knows where, and asks before it relies on it."""

import json
from typing import Any

import pytest

from bot.channels.message import InboundKind
from bot.dialogue.turn import OpenCase
from bot.poster import payload_of, spot_of, typed_of
from cases.province import load_province

DA_BAC = load_province("ca-mau").commune("32104")
SPOT = spot_of("UBND xã Đá Bạc", DA_BAC)
POSTER = payload_of(DA_BAC, SPOT)


def opened(talk: Any) -> OpenCase:
    return next(wish for wish in talk.turn.wishes if isinstance(wish, OpenCase))


def tells_the_rest(talk: Any) -> OpenCase:
    """From the story to the sent request."""
    talk.writes("Con ông Tư đòi lại vuông tôm nhà tôi mua bằng giấy tay năm 1998, đã đắp bờ rồi.")
    talk.presses("skip")
    talk.presses("agree")
    return opened(talk)


def test_the_commune_of_the_poster_is_a_guess_until_it_is_said(talk: Any) -> None:
    hello = talk.starts(POSTER)

    assert "xã Đá Bạc" in hello
    assert talk.state.poster == "c32104_ubnd"
    assert talk.state.place.communes == ("32104",)
    assert talk.state.place.commune is None
    assert talk.state.facts.known() == {}


def test_the_place_is_asked_with_the_posters_commune_to_press(talk: Any) -> None:
    talk.starts(POSTER)
    talk.presses("go:person")

    assert talk.state.step == "request.place"
    assert talk.choices == ["32104", "skip"]

    talk.presses("32104")

    assert talk.state.place.commune == "32104"
    assert talk.state.step == "request.story"


@pytest.mark.parametrize("said", ["xã Đá Bạc", "1"])
def test_the_posters_commune_may_be_said_in_words(talk: Any, said: str) -> None:
    talk.starts(POSTER)
    talk.presses("go:person")

    talk.writes(said)

    assert talk.state.place.commune == "32104"


def test_whoever_lives_elsewhere_says_so_and_is_sent_there(talk: Any) -> None:
    talk.starts(POSTER)
    talk.presses("go:person")
    talk.writes("xã Năm Căn")

    case = tells_the_rest(talk)

    assert case.commune == "32191"
    assert json.loads(case.screening)["source"] == "c32104_ubnd"


def test_a_place_told_in_the_story_counts_for_more_than_the_poster(talk: Any) -> None:
    talk.starts(POSTER)
    talk.writes("tôi ở xã Năm Căn, bị công ty nợ lương ba tháng nay không trả đồng nào")

    assert talk.state.place.commune == "32191"


def test_whoever_skips_the_place_is_not_sent_by_the_poster(talk: Any) -> None:
    talk.starts(POSTER)
    talk.presses("go:person")
    talk.presses("skip")

    case = tells_the_rest(talk)

    assert case.commune is None
    assert case.office == "centre"
    assert json.loads(case.screening)["source"] == "c32104_ubnd"


@pytest.mark.parametrize(
    "typed", [typed_of(DA_BAC, SPOT), "c32104 ubnd", " C 32104  UBND. ", "c32104_ubnd"]
)
def test_the_code_may_be_typed(talk: Any, typed: str) -> None:
    talk.starts()

    told = talk.writes(typed)

    assert "xã Đá Bạc" in told
    assert talk.state.poster == POSTER


def test_the_code_may_be_the_first_words_of_a_talk(talk: Any) -> None:
    told = talk.writes("C32104")

    assert "xã Đá Bạc" in told
    assert talk.state.poster == "c32104"


@pytest.mark.parametrize("typed", ["c99999 ubnd", "32104", "c32104 là mã gì vậy em", "c3210"])
def test_what_is_no_code_of_a_poster_stays_words(talk: Any, typed: str) -> None:
    talk.starts()

    talk.writes(typed)

    assert talk.state.poster is None


def test_a_code_typed_in_the_middle_of_a_question_forgets_nothing(talk: Any) -> None:
    talk.starts()
    talk.presses("go:person")
    step = talk.state.step

    talk.writes("C32104 UBND")

    assert talk.state.step == step
    assert talk.state.poster is None


@pytest.mark.parametrize("payload", ["c99999_ubnd", "xyz", "c32104_" + "é", "c32104ubnd", "c"])
def test_a_start_with_a_strange_payload_only_greets(talk: Any, payload: str) -> None:
    talk.starts(payload)

    assert talk.keys == ["welcome.hello"]
    assert talk.state.poster is None


def test_a_pin_sent_instead_replaces_the_guess(talk: Any) -> None:
    talk.starts(POSTER)
    talk.presses("go:person")

    talk.sends(InboundKind.LOCATION, latitude=8.80956, longitude=105.036)

    assert talk.state.place.commune == "32191"
