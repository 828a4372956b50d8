"""A child's word and a parent's are both asked for, unless the parent is whom the child fears."""

import json

import pytest

from bot.dialogue.turn import OpenCase
from cases.purpose import PersonAgrees, Purpose
from tests.dialogue.conftest import Talk


def at_the_question(talk: Talk, words: str) -> str:
    talk.starts()
    talk.writes(words)
    said = ""
    for _ in range(12):
        if talk.state.step == "request.person":
            return said
        if not talk.state.step.startswith("request."):
            said = talk.presses("go:person")
        elif talk.state.step == "request.place":
            said = talk.writes("xã Đá Bạc")
        else:
            said = talk.presses("skip")
    raise AssertionError(talk.state.step)


def sent(talk: Talk, answer: str) -> OpenCase:
    talk.presses(answer)
    for _ in range(6):
        if (opened := [one for one in talk.turn.wishes if isinstance(one, OpenCase)]) != []:
            return opened[0]
        talk.presses("skip" if talk.state.step == "request.helped" else "agree")
    raise AssertionError(talk.state.step)


MYSELF = "Tôi 15 tuổi, tôi bị chủ quán không trả tiền công ba tháng nay"
MY_CHILD = "Con gái tôi 12 tuổi bị xe tông gãy chân, họ không bồi thường"


def test_a_child_is_asked_whether_a_parent_agrees_and_told_of_111(talk: Talk) -> None:
    said = at_the_question(talk, MYSELF)

    assert "111" in said
    assert "Nếu chính họ làm bạn sợ thì đừng hỏi họ" in said
    assert talk.choices == ["guardian", "guardian_feared", "not_asked"]


@pytest.mark.parametrize("answer", ["guardian", "guardian_feared", "not_asked"])
def test_whatever_a_child_answers_it_is_sent_and_the_age_goes_along(
    answer: str, talk: Talk
) -> None:
    at_the_question(talk, MYSELF)

    opened = sent(talk, answer)

    told = json.loads(opened.screening)
    assert told["facts"]["age"] == 15
    assert told["consent_of_person"] == answer
    (person,) = [one for one in opened.agreed if one.purpose is Purpose.PERSON]
    assert person.given is (answer == "guardian")


@pytest.mark.parametrize(
    ("answer", "given"),
    [("yes", True), ("guardian", False), ("guardian_feared", False), ("not_asked", False)],
)
def test_from_seven_years_on_the_word_of_the_parent_alone_is_not_enough(
    answer: str, given: bool, talk: Talk
) -> None:
    said = at_the_question(talk, MY_CHILD)
    assert "từ 7 tuổi thì cả em đó" in said

    opened = sent(talk, answer)

    (person,) = [one for one in opened.agreed if one.purpose is Purpose.PERSON]
    assert person.given is given


def test_of_a_smaller_child_the_parent_agrees_alone(talk: Talk) -> None:
    at_the_question(talk, MY_CHILD.replace("12", "5"))

    opened = sent(talk, "guardian")

    (person,) = [one for one in opened.agreed if one.purpose is Purpose.PERSON]
    assert person.given


def test_nobody_who_is_grown_up_is_asked_for_a_parent(talk: Talk) -> None:
    with pytest.raises(AssertionError):
        at_the_question(talk, MYSELF.replace("15", "25"))


def test_a_child_who_is_beaten_is_told_of_111_and_asked_for_no_parent(talk: Talk) -> None:
    talk.starts()
    talk.writes("Em 14 tuổi, ba em đánh em hoài")

    assert talk.keys[:2] == ["danger.violence", "danger.child_too"]
    talk.presses("go:person")
    assert talk.state.step != "request.person"


def test_every_answer_of_adults_is_kept_apart_from_that_of_children(talk: Talk) -> None:
    talk.starts()
    talk.writes("Mẹ tôi 70 tuổi bị hàng xóm lấn đất")
    talk.presses("go:person")
    while talk.state.step != "request.person":
        talk.presses("skip") if talk.state.step != "request.place" else talk.writes("xã Đá Bạc")

    assert PersonAgrees.GUARDIAN_FEARED not in talk.choices
