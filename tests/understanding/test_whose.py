"""Whose a status is when one person writes and another needs the help."""

import pytest

from bot.understanding.people import Relation
from tests.understanding.reading import read


@pytest.mark.parametrize(
    ("text", "groups"),
    [
        ("Mẹ em 79 tuổi, lẫn rồi. Anh tư lấy sổ đất của mẹ đi cầm. Em muốn hỏi mẹ phải làm sao?",
         {"elderly"}),
        ("ba tôi 81 tuổi cho đất thằng út, giờ ba muốn lấy lại thì được không", {"elderly"}),
        ("Má tôi là thương binh, tôi làm đơn xin sửa nhà cho má mà xã chưa trả lời", {"merit"}),
        ("con tôi 15 tuổi phụ quán, chủ trừ lương hoài, tôi lên hỏi thì bả la", {"child"}),
        ("con em 5 tuổi, ba nó đánh nó bầm mình", {"child", "domestic_violence"}),
    ],
)  # fmt: skip
def test_who_writes_for_another_is_not_taken_for_the_one_in_need(
    text: str, groups: set[str]
) -> None:
    assert read(text).groups & groups


@pytest.mark.parametrize(
    "text",
    [
        "mẹ tôi 80 tuổi ở với tôi, công ty nợ lương tôi ba tháng, tôi muốn kiện",
        "cha tôi hồi còn sống là thương binh, để lại miếng đất, tôi muốn chia thừa kế",
        "em bán đồ, khách người Hoa đặt hàng rồi không lấy",
        "gần nhà tôi có ông thương binh hay chửi tôi",
        "tôi phụ trách mảng hộ nghèo, muốn hỏi cách lập danh sách",
    ],
)
def test_what_others_are_is_not_taken_for_the_writers(text: str) -> None:
    assert not read(text).groups


@pytest.mark.parametrize(
    ("text", "age"),
    [
        ("cụ thân sinh tôi năm nay 90 xuân, muốn đòi lại đất cho mượn", 90),
        ("tôi sinh năm một chín năm mươi", 76),
        ("tôi bị mù từ năm 5 tuổi", None),
    ],
)
def test_an_age_told_in_springs_or_in_words_is_read_and_one_of_then_is_not(
    text: str, age: int | None
) -> None:
    assert read(text).facts.age == age


def test_who_is_called_to_be_heard_by_the_police_has_a_part_in_a_criminal_case() -> None:
    assert "minor_16_18" in read("em 17 tuổi, công an gửi giấy mời lên lấy lời khai").groups


def test_his_house_is_the_house_of_the_one_spoken_of() -> None:
    told = read("em trai em bị tạm giam vì đánh bạc, nhà nó có sổ cận nghèo")

    assert told.relation is Relation.RELATIVE
    assert "accused_near_poor" in told.groups


def test_who_was_lured_by_somebody_is_the_one_who_was_sold() -> None:
    text = "em được một chị rủ qua Campuchia, tới nơi bị bán cho công ty lừa đảo, chích điện hoài"

    assert "trafficking_victim" in read(text).groups
