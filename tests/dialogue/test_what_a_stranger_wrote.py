"""What citizens say of themselves and of the talk, and what must come of it."""

import pytest

from bot.channels.message import InboundKind
from bot.dialogue import screening
from bot.understanding.danger import DangerKind
from bot.understanding.people import Relation
from tests.dialogue.conftest import Talk


def test_a_threat_of_ones_own_stays_one_when_it_is_said_again(talk: Talk) -> None:
    talk.writes("tao se giet thang tu hang xom, no lay vo tao")
    talk.writes("toi noi that, toi nay toi chem no")

    assert talk.keys == ["danger.harming"]
    assert talk.state.danger is DangerKind.HARMING


def test_after_a_threat_of_ones_own_being_attacked_is_heard_as_such(talk: Talk) -> None:
    talk.writes("tao se giet thang tu hang xom, no lay vo tao")
    talk.writes("no keo nguoi toi doa chem toi, dang pha cua")

    assert "danger.harming" not in talk.keys


@pytest.mark.parametrize(
    "text",
    [
        "toi muon khieu nai can bo tro giup phap ly ten Hung doi toi 5 trieu",
        "can bo doi tien toi",
        "trợ giúp viên ở đây xin tôi tiền",
    ],
)
def test_money_asked_for_is_told_to_be_forbidden_and_goes_to_no_officer(
    talk: Talk, text: str
) -> None:
    talk.starts()
    said = talk.writes(text)

    assert talk.keys == ["complaint.money"]
    assert "1800.1233" in said
    assert talk.turn.wishes == ()


def test_money_asked_for_by_another_office_is_a_matter(talk: Talk) -> None:
    talk.writes("cán bộ xã đòi tiền tôi mới chịu ký giấy")

    assert "complaint.money" not in talk.keys


def test_while_an_officer_holds_the_talk_such_words_wait_until_the_citizen_says_whom(
    talk: Talk,
) -> None:
    talk.has_case("waiting")
    talk.starts()
    talk.writes("can bo doi tien toi")

    assert talk.state.step == "complaint.aim"
    assert talk.turn.wishes == ()


def test_who_is_held_and_where_is_asked_once_and_may_be_left_out(talk: Talk) -> None:
    talk.writes("con tôi 16 tuổi bị công an bắt rồi")
    talk.writes("xã Khánh An")
    assert talk.keys == ["request.held.ask"]

    talk.writes("nó tên Tuấn, đang giữ ở công an Đầm Dơi")

    assert talk.keys[0] == "danger.arrest_more"
    assert "danger.arrest" not in talk.keys
    assert "danger.again" not in talk.keys
    assert talk.state.place.communes == ("32059",)
    assert talk.state.step == "request.person"


@pytest.mark.parametrize("text", ["toi khong biet chu", "tôi không biết đọc chữ"])
def test_who_cannot_read_is_offered_a_call_and_the_question_stays(talk: Talk, text: str) -> None:
    talk.writes("gặp cán bộ")
    talk.writes(text)

    assert talk.keys == ["always.cannot_read", "request.place.ask"]
    assert "go:callback" in {one.key for said in talk.turn.says for one in said.choices}


def test_not_knowing_the_owner_is_not_being_unable_to_read(talk: Talk) -> None:
    talk.writes("toi khong biet chu tro la ai")

    assert "always.cannot_read" not in talk.keys


def test_what_a_paper_means_is_left_to_an_officer(talk: Talk) -> None:
    talk.sends(InboundKind.FILE, text="")
    talk.writes("giay nay nghia la gi vay")

    assert talk.keys[0] == "always.paper_unread"
    assert "go:person" in talk.choices


def test_a_question_from_another_province_is_answered_and_its_name_is_not_asked_for_ever(
    talk: Talk,
) -> None:
    talk.writes("toi o Ha Noi quan Cau Giay, ly hon don phuong thi nop don o dau?")
    assert "faq.answer" in talk.keys
    assert "go:person" in talk.choices

    talk.writes("Ha Noi")
    talk.writes("Ha Noi")
    assert talk.keys[0] == "always.known_place"


def test_an_outcome_that_stays_the_same_is_not_told_again(talk: Talk) -> None:
    talk.writes("nhà tôi hộ nghèo, chủ không trả lương")
    assert talk.state.step == screening.TOLD

    talk.writes("toi ten Lan")
    assert talk.keys == ["always.noted", "outcome.next"]

    talk.writes("o xa Khanh An")
    assert "understood.place" in talk.keys
    assert "outcome.likely" not in talk.keys


def test_a_later_question_of_ones_own_is_not_about_the_child_of_the_first(talk: Talk) -> None:
    talk.writes("con toi 3 tuoi chua lam khai sinh thi lam sao?")
    assert talk.state.facts.age == 3

    talk.writes("ba mat khong de di chuc, toi duoc chia dat khong?")

    assert talk.state.relation is Relation.SELF
    assert talk.state.facts.known() == {}


def test_an_officer_is_one_tap_away_at_every_question_of_the_screening(talk: Talk) -> None:
    talk.starts()
    talk.presses("go:screen")
    for _ in range(12):
        if not talk.state.step.startswith("screening.") or talk.state.step == screening.TOLD:
            break
        assert "go:person" in talk.choices, talk.state.step
        talk.presses("done" if talk.state.step == "screening.boxes" else talk.choices[-2])
    assert talk.state.step == screening.TOLD


def test_business_between_companies_is_no_arrest(talk: Talk) -> None:
    talk.writes("cong ty TNHH toi bi doi tac no 2 ty, toi la giam doc, can luat su mien phi")

    assert talk.state.danger is None


def test_khmer_script_is_answered_with_the_numbers_first(talk: Talk) -> None:
    said = talk.writes("ខ្ញុំត្រូវការជំនួយ")

    assert "I am an automatic helper" not in said
    assert "\n113" in said
    assert "go:person" in talk.choices


def test_a_place_named_in_english_is_kept(talk: Talk) -> None:
    said = talk.writes("My wife is from Nam Can and her family took our house, what can I do?")

    assert "Lives in: Nam Can" in said
    assert talk.state.place.communes


@pytest.mark.parametrize(
    ("text", "key"),
    [
        ("trung tam o dau, may gio lam viec, sdt", "welcome.contact"),
        ("tui mat ma ho so roi lam sao xem", "status.lost"),
        ("bao gio sxmn mo thuong", "faq.out_of_scope"),
    ],
)
def test_questions_about_the_help_itself_get_no_article(talk: Talk, text: str, key: str) -> None:
    talk.writes(text)

    assert talk.keys[-1] == key
