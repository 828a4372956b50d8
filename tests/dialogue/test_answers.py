"""Answers: votes, follow-ups, and what is kept for the editors when there is none."""

import pytest

from bot.channels.message import InboundKind
from bot.dialogue.turn import KeepQuestion, ShowedArticle, Voted
from tests.dialogue.conftest import Talk

INHERITANCE = "Cha mẹ chết không di chúc, đất chia sao?"
STRANGE = "con cá lóc nhà hàng xóm nhảy qua ao thì nuôi sao cho mau lớn"


def answered(talk: Talk) -> str:
    """Ask something that has an answer; its article's id."""
    talk.starts()
    talk.writes(INHERITANCE)
    (wish,) = talk.turn.wishes
    assert isinstance(wish, ShowedArticle)
    return wish.article_id


def test_an_answer_is_counted_and_asks_whether_it_helped(talk: Talk) -> None:
    article = answered(talk)

    assert {f"v:{article}:y", f"v:{article}:n"} <= set(talk.choices)


def test_a_thumb_up_is_taken_and_thanked_for(talk: Talk) -> None:
    article = answered(talk)
    said = talk.presses(f"v:{article}:y")

    assert talk.turn.wishes == (Voted(article, helpful=True),)
    assert said == "Cảm ơn bạn đã cho biết."


def test_who_was_not_helped_is_offered_other_articles_and_a_person_and_the_question_is_kept(
    talk: Talk,
) -> None:
    article = answered(talk)
    talk.presses(f"v:{article}:n")

    vote, kept = talk.turn.wishes
    assert vote == Voted(article, helpful=False)
    assert isinstance(kept, KeepQuestion)
    assert (kept.text, kept.article_id) == (INHERITANCE, article)
    assert "go:person" in talk.choices
    assert f"a:{article}" not in talk.choices


@pytest.mark.parametrize("key", ["v:", "v:nothing:y", "v:land-01:x", "v:land-01", "v:a:b:c"])
def test_a_vote_for_nothing_breaks_nothing(talk: Talk, key: str) -> None:
    talk.starts()
    talk.presses(key)

    assert not talk.turn.wishes
    assert talk.turn.says


def test_a_second_tap_on_the_same_thumb_says_nothing_more(talk: Talk) -> None:
    article = answered(talk)
    serial = talk.state.serial
    talk.presses(f"v:{article}:y", serial)
    talk.presses(f"v:{article}:y", serial)

    assert not talk.turn.says


def test_a_vote_in_the_middle_of_a_form_leaves_the_question_where_it_was(talk: Talk) -> None:
    article = answered(talk)
    talk.presses("go:person")
    step = talk.state.step
    talk.presses(f"v:{article}:y")

    assert talk.state.step == step
    assert talk.turn.says[-1].choices or talk.turn.says[-1].lines


def test_what_nothing_answers_is_kept_for_the_editors(talk: Talk) -> None:
    talk.starts()
    talk.writes(STRANGE)

    (kept,) = talk.turn.wishes
    assert isinstance(kept, KeepQuestion)
    assert (kept.text, kept.article_id) == (STRANGE, None)


def test_nothing_is_kept_from_a_talk_in_which_somebody_is_in_danger(talk: Talk) -> None:
    talk.starts()
    talk.writes("chồng em đang đánh em, cứu em với")
    talk.writes("làm sao cho cái này nó hết vậy trời ơi sao mà khổ quá")

    assert not any(isinstance(wish, KeepQuestion) for wish in talk.turn.wishes)


@pytest.mark.parametrize(
    "typed", ["còn nếu có con nhỏ thì sao?", "con neu no o nuoc ngoai thi sao", "thế còn tiền phí?"]
)
def test_a_follow_up_stays_in_the_topic(talk: Talk, typed: str) -> None:
    talk.starts()
    talk.writes("Thuận tình ly hôn thì nộp đơn ở đâu?")
    topic = talk.state.topic
    assert topic is not None
    assert topic.startswith("family")
    talk.writes(typed)

    assert talk.state.topic is not None
    assert talk.state.topic.startswith("family")
    shown = [key for key in talk.choices if key.startswith(("a:", "d:"))]
    assert all(key[2:].startswith("family") for key in shown)


def test_a_file_after_an_answer_is_no_question(talk: Talk) -> None:
    answered(talk)
    talk.sends(InboundKind.STICKER)

    assert not talk.turn.wishes


def test_a_question_told_with_a_story_gets_the_answer_and_the_offer_in_two_messages(
    talk: Talk,
) -> None:
    said = talk.writes(
        "cho tui hỏi, chồng tui bỏ nhà đi 2 năm nay không gửi tiền nuôi con, giờ tui muốn ly hôn "
        "thì phải làm sao"
    )

    assert "Luật Hôn nhân và gia đình 2014, Điều" in said
    assert len(talk.turn.says) == 2
    assert talk.choices == ["go:screen", "go:person"]
    assert not any(one.key.startswith("go:") for one in talk.turn.says[0].choices)


def test_what_was_told_with_a_question_is_not_asked_again_in_the_request(talk: Talk) -> None:
    talk.writes(
        "cho tui hỏi, công ty nợ lương tui 3 tháng nay không trả, tui nghỉ rồi thì phải làm sao"
    )
    talk.presses("go:person")
    talk.writes("xã Đá Bạc")

    assert talk.state.step == "request.helped"


def test_the_offer_is_not_made_again_with_every_question(talk: Talk) -> None:
    talk.writes(
        "cho tui hỏi, chồng tui bỏ nhà đi 2 năm nay không gửi tiền nuôi con, giờ tui muốn ly hôn "
        "thì phải làm sao"
    )
    talk.writes("vậy tui muốn giành quyền nuôi đứa con nhỏ mới hai tuổi thì cần những giấy tờ gì?")

    assert "faq.told_too" not in talk.keys


def test_a_plain_question_gets_its_answer_only(talk: Talk) -> None:
    talk.starts()
    talk.writes(INHERITANCE)

    assert len(talk.turn.says) == 1


def test_a_trouble_in_a_few_words_is_answered_at_once(talk: Talk) -> None:
    talk.starts()
    talk.writes("chủ tàu không trả tiền công")

    assert any(isinstance(wish, ShowedArticle) for wish in talk.turn.wishes)
    assert talk.state.step == "free"
    assert {"go:screen", "go:person"} <= set(talk.choices)


@pytest.mark.parametrize("typed", ["hang xom lan ranh dat", "tui muốn lãnh bảo hiểm một lần"])
def test_a_trouble_told_in_the_middle_of_a_form_is_answered_and_the_form_goes_on(
    talk: Talk, typed: str
) -> None:
    talk.starts()
    talk.presses("go:screen")
    step = talk.state.step
    talk.writes(typed)

    assert any(isinstance(wish, ShowedArticle) for wish in talk.turn.wishes)
    assert talk.state.step == step
