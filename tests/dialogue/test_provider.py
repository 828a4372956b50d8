"""Which words ask for another helper, of whoever has a request under way."""

from dataclasses import replace

import pytest

from bot.channels.message import InboundKind
from bot.dialogue import provider
from bot.dialogue.turn import Heard
from tests.dialogue.conftest import Talk


def wants(talk: Talk, text: str, helper: str | None = None) -> bool:
    talk.has_case("in_progress")
    view = talk.lookups.my_case
    assert view is not None
    lookups = replace(talk.lookups, my_case=replace(view, provider=helper))
    return provider.wants(Heard(InboundKind.TEXT, talk.read(text), text=text), lookups)


@pytest.mark.parametrize(
    "text",
    [
        "Tôi muốn đổi trợ giúp viên",
        "doi luat su khac",
        "cho tôi đổi người giúp tôi được không",
        "xin luật sư khác",
        "em cần trợ giúp viên nữ",
        "tôi không muốn luật sư này nữa",
        "chọn luật sư",
        "đổi người khác giúp tôi",
        "nhờ trung tâm cho người khác làm vụ này",
        "thay giùm tôi người trợ giúp",
        "hồ sơ của tôi muốn đổi luật sư",
    ],
)
def test_another_helper_is_asked_for(talk: Talk, text: str) -> None:
    assert wants(talk, text)


@pytest.mark.parametrize(
    "text",
    [
        "đừng đổi luật sư, cô làm tốt lắm",
        "tôi không muốn đổi trợ giúp viên",
        "tôi muốn đổi tên sổ đỏ cho người khác",
        "chọn người làm chứng ở ấp được không",
        "bên kia đổi luật sư rồi",
        "chồng tôi muốn thay luật sư",
        "luật sư hẹn tôi mấy giờ",
        "người khác giúp tôi viết đơn rồi",
        "luật mới thay đổi sao",
    ],
)
def test_nobody_is_to_be_changed(talk: Talk, text: str) -> None:
    assert not wants(talk, text)


def test_whoever_was_appointed_may_be_called_by_name(talk: Talk) -> None:
    assert wants(talk, "tôi muốn đổi chị Lệ", "Trần Thị Lệ")
    assert wants(talk, "không muốn ông Sơn làm nữa", "Lý Văn Sơn")
    assert not wants(talk, "tôi muốn đổi chị Lệ", "Lý Văn Sơn")
    assert not wants(talk, "chị Lệ hẹn mấy giờ", "Trần Thị Lệ")


def test_without_a_request_under_way_there_is_nobody_to_change(talk: Talk) -> None:
    heard = Heard(InboundKind.TEXT, talk.read("đổi luật sư"), text="đổi luật sư")

    assert not provider.wants(heard, talk.lookups)
