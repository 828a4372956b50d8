"""Who denounces an official or a crime is told the lawful way, and nothing of it is kept."""

import pytest

from bot.channels.message import InboundKind
from bot.dialogue.turn import AddToCase, ForgetWords, KeepQuestion
from tests.dialogue.conftest import Talk

NAME = "Trần Văn Khuất"


@pytest.mark.parametrize(
    "words",
    [
        f"Tôi muốn tố cáo ông {NAME} chủ tịch xã ăn chặn tiền cứu trợ.",
        f"tui dinh to cao can bo dia chinh {NAME} doi phong bi",
        f"Em muốn tố ông {NAME} trưởng ấp lấy tiền hỗ trợ của bà con",
        f"Tôi muốn tố giác {NAME} bán ma túy ở đầu xóm",
        f"Có cách nào báo công an mà giấu tên không, ở đây {NAME} gom số đề",
        f"tố cáo ông {NAME} phó chủ tịch phường nhận hối lộ",
    ],
)
def test_who_denounces_is_told_who_takes_it_and_that_nothing_was_kept(
    words: str, talk: Talk
) -> None:
    talk.starts()

    said = talk.writes(words)

    assert talk.keys == ["denounce.way"]
    assert "Luật Tố cáo 2018, Điều 9" in said
    assert {"a:administrative-08", "a:criminal-03", "go:person", "go:delete"} <= set(talk.choices)
    assert talk.turn.wishes == (ForgetWords(),)
    assert "Khuất" not in talk.state.model_dump_json()


def test_a_talk_may_begin_with_it(talk: Talk) -> None:
    talk.writes(f"Tôi muốn tố cáo ông {NAME} chủ tịch xã nhận hối lộ.")

    assert talk.keys == ["welcome.short", "denounce.way"]
    assert "Khuất" not in talk.state.model_dump_json()


@pytest.mark.parametrize(
    "words",
    [
        "tố cáo bao lâu thì được giải quyết?",
        "Tôi bị người ta tố cáo oan, giờ phải làm sao?",
        "Tôi muốn tố cáo thằng hàng xóm lừa của tôi năm chục triệu rồi trốn mất.",
        "Chồng tôi đánh tôi hoài, tôi muốn tố cáo ổng.",
        "Tôi muốn hỏi đất của cha mẹ để lại chia sao.",
        "Tôi muốn khiếu nại quyết định thu hồi đất.",
        "tôi muốn xóa hết cuộc trò chuyện tố cáo hồi nãy",
        "tôi muốn tố tụng ra tòa đòi nợ thì làm sao",
    ],
)
def test_who_asks_in_general_or_was_hurt_themselves_is_not_taken_for_a_denouncer(
    words: str, talk: Talk
) -> None:
    talk.starts()

    talk.writes(words)

    assert "denounce.way" not in talk.keys
    assert ForgetWords() not in talk.turn.wishes


@pytest.mark.parametrize(
    "more",
    [
        f"Ổng tên {NAME}, lấy của mỗi nhà hai triệu, hôm mùng năm ở nhà văn hóa ấp.",
        f"Vợ ổng là {NAME} cũng có phần.",
        f"{NAME}",
        f"Họ có cho ông {NAME} biết tôi là ai không?",
    ],
)
def test_what_is_told_after_that_is_not_kept_either(more: str, talk: Talk) -> None:
    talk.starts()
    talk.writes("Tôi muốn tố cáo chủ tịch xã.")

    talk.writes(more)

    assert talk.state.step == "denounce.way"
    assert ForgetWords() in talk.turn.wishes
    assert not any(isinstance(one, KeepQuestion | AddToCase) for one in talk.turn.wishes)
    assert "Khuất" not in talk.state.model_dump_json()


@pytest.mark.parametrize("kind", [InboundKind.FILE, InboundKind.VOICE, InboundKind.LOCATION])
def test_no_picture_voice_or_place_is_kept_either(kind: InboundKind, talk: Talk) -> None:
    talk.starts()
    talk.writes("Tôi muốn tố cáo chủ tịch xã.")

    talk.sends(kind, latitude=9.1, longitude=105.1)

    assert talk.turn.wishes == (ForgetWords(),)
    assert not talk.state.place.communes


def test_buttons_commands_and_an_article_lead_on_from_there(talk: Talk) -> None:
    talk.starts()
    talk.writes("Tôi muốn tố cáo chủ tịch xã.")

    talk.presses("a:administrative-08")
    assert "faq.answer" in talk.keys

    talk.writes("gặp cán bộ")
    assert talk.state.step.startswith("request.")


def test_who_asks_for_an_officer_all_the_same_can_tell_them(talk: Talk) -> None:
    talk.starts()
    talk.writes("Tôi muốn tố cáo chủ tịch xã.")
    talk.presses("go:person")
    talk.writes("xã Đá Bạc")
    assert talk.state.step == "request.story"

    talk.writes("Tôi muốn tố cáo chủ tịch xã vì ổng lấy tiền của dân, nhờ chỉ cách làm đơn.")

    assert talk.state.step.startswith("request.")
    assert ForgetWords() not in talk.turn.wishes


def test_danger_comes_first(talk: Talk) -> None:
    talk.starts()
    talk.writes("Tôi muốn tố cáo chủ tịch xã.")

    talk.writes("Nó cầm dao chém tôi, cứu tôi với")

    assert talk.keys[0].startswith("danger.")


def test_a_complaint_of_the_legal_aid_itself_is_none(talk: Talk) -> None:
    talk.has_case("waiting")
    talk.writes("Tôi muốn tố cáo trợ giúp viên làm việc không tới nơi tới chốn.")

    assert "denounce.way" not in talk.keys
