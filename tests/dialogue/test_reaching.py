"""Numbers, codes and warnings that come before anybody asked for them."""

import pytest

from bot.dialogue.turn import AddToCase, AskCallBack, FindCase, NoteContact
from tests.dialogue.conftest import Talk


@pytest.mark.parametrize(
    ("text", "code", "pin"),
    [
        ("toi muon xem ho so ma PQTE7-ZP0EE", "PQTE7ZP0EE", None),
        ("PQTE7-ZP0EE 886611", "PQTE7ZP0EE", "886611"),
        ("mã hồ sơ pqte7 zp0ee, pin 886611", "PQTE7ZP0EE", "886611"),
    ],
)
def test_a_code_is_heard_wherever_it_is_told(
    talk: Talk, text: str, code: str, pin: str | None
) -> None:
    talk.starts()
    talk.presses("go:screen")
    talk.writes(text)

    assert talk.state.code == code
    if pin is None:
        talk.writes("886611")
    assert talk.turn.wishes == (FindCase(code, "886611"),)


def test_words_that_look_like_a_code_open_no_case(talk: Talk) -> None:
    talk.writes("chu no luong toi tu nam20 thang chin den gio chua tra dong nao")

    assert talk.state.code is None


def test_where_not_to_call_is_kept_and_goes_along_with_the_number(talk: Talk) -> None:
    talk.writes("gặp cán bộ")
    told = talk.writes("sdt chi toi 0912345678, dung goi may nay")
    talk.writes("xã Đá Bạc")
    talk.presses("later")
    talk.presses("agree")
    assert talk.state.step == "request.hours"
    shown = talk.presses("evening")

    (note,) = (wish for wish in talk.turn.wishes if isinstance(wish, NoteContact))
    assert "request.place.ask" in talk.keys or "…678" in told
    assert note.phone == "0912345678"
    assert "dung goi may nay" in note.hours
    assert "0912345678" not in told + shown


def test_fear_of_being_found_out_is_no_alarm_and_is_said_back(talk: Talk) -> None:
    talk.writes("em 17 tuoi co bau, ban trai bo em")
    said = talk.writes("em so ba me biet, dung goi ve nha")

    assert talk.read("em so ba me biet, dung goi ve nha").danger is None
    assert not any(key.startswith("danger.") for key in talk.keys)
    assert "dung goi ve nha" in said
    assert talk.state.reach


def test_who_asks_for_a_call_while_an_officer_holds_the_talk_is_on_the_list(talk: Talk) -> None:
    talk.has_case("claimed")
    talk.writes("goi lai cho toi nha")
    assert talk.state.step == "request.phone"
    assert any(isinstance(wish, AddToCase) for wish in talk.turn.wishes)
    talk.writes("0912345678")
    talk.presses("noon")

    assert any(isinstance(wish, AskCallBack) for wish in talk.turn.wishes)


def test_a_number_told_at_another_question_is_kept_for_the_call(talk: Talk) -> None:
    talk.writes("goi lai cho toi")
    said = talk.writes("0912345678")

    assert "…678" in said
    assert talk.state.step == "request.place"
    assert talk.state.call_back
    assert talk.state.phone == "0912345678"


def test_a_change_of_mind_stops_kindly_and_sends_nothing(talk: Talk) -> None:
    talk.writes("gặp cán bộ")
    talk.writes("thoi khong can nua, toi doi y")

    assert talk.keys[0] == "always.stopped"
    assert talk.state.step == "free"
    assert not talk.state.opening
    assert talk.turn.wishes == ()


@pytest.mark.parametrize("asked_first", [True, False])
def test_not_withdrawing_after_all_is_no_danger(talk: Talk, *, asked_first: bool) -> None:
    talk.has_case("waiting")
    if asked_first:
        talk.presses("go:withdraw")
    talk.writes("toi doi y khong rut nua")

    assert talk.keys[0] in ("welcome.short", "status.withdraw_kept")
    assert "status.withdraw_kept" in talk.keys
    assert talk.state.danger is None


class TestSomebodyIsNear:
    """She cannot go on writing: the talk is left at once, and nothing that was told is lost."""

    @pytest.mark.parametrize("text", ["gio toi khong tien", "ổng sắp về", "chong toi ve toi roi"])
    def test_a_short_warning_leaves_the_talk(self, talk: Talk, text: str) -> None:
        talk.writes("toi bi chong danh o nha xa Khanh An")
        place = talk.state.place
        talk.writes(text)

        assert talk.keys == ["danger.not_safe"]
        assert talk.state.step == "free"
        assert talk.state.place == place

    def test_a_warning_at_the_end_of_a_story_asks_nothing_more(self, talk: Talk) -> None:
        talk.writes("chồng tôi hay đánh tôi. tôi ở xã Khánh An. giờ tôi không tiện, ổng sắp về")

        assert talk.keys[-2:] == ["danger.violence", "danger.not_safe"]
        assert talk.choices == []
        assert talk.state.place.communes == ("32059",)

    def test_no_money_and_no_danger_is_no_warning(self, talk: Talk) -> None:
        talk.writes("toi khong tien thue luat su")

        assert "danger.not_safe" not in talk.keys


def test_a_place_that_is_known_gives_way_to_a_name_only_never_to_a_likeness(talk: Talk) -> None:
    talk.writes("toi o xa Khanh An, chu khong tra luong 3 thang nay")
    talk.writes("gio toi khong tien")
    assert talk.state.place.communes == ("32059",)

    talk.writes("xã Khánh Lâm")
    assert talk.state.place.communes != ("32059",)


def test_who_says_not_to_call_is_asked_for_no_number_and_the_officer_reads_why(talk: Talk) -> None:
    talk.writes("tôi muốn gặp cán bộ, nhà bên lấn đất, đừng gọi điện thoại chồng tôi biết")
    talk.writes("xã Đá Bạc")
    talk.presses("nobody")
    said = talk.presses("agree")

    assert "request.phone.ask" not in talk.keys
    assert "đừng gọi điện thoại chồng tôi biết" in said
    (note,) = (wish for wish in talk.turn.wishes if isinstance(wish, NoteContact))
    assert note.phone is None
    assert note.hours == "đừng gọi điện thoại chồng tôi biết"


@pytest.mark.parametrize("text", ["công an không gọi là bắt giữ", "tôi gọi hoài không ai trả lời"])
def test_calls_that_are_told_of_are_no_wish(talk: Talk, text: str) -> None:
    talk.writes(text)

    assert not talk.state.reach


def test_of_somebody_held_the_hours_of_the_law_are_told_not_the_working_hours(talk: Talk) -> None:
    talk.writes("cong an moi bat con trai toi hoi trua, 17 tuoi, gio lam sao")
    talk.writes("xã Đá Bạc")
    talk.presses("skip")
    talk.presses("yes")
    talk.presses("agree")
    if talk.state.step == "request.sensitive":
        talk.presses("agree")

    assert "request.opened.held" in talk.keys
    assert "request.opened.by_rule" not in talk.keys
