import datetime as dt

import pytest

from bot.understanding.people import Relation
from eligibility.facts import CriminalRole, Household
from tests.understanding.reading import read


@pytest.mark.parametrize(
    ("text", "household"),
    [
        ("nhà tôi hộ nghèo", Household.POOR),
        ("nha toi ho ngheo", Household.POOR),
        ("em thuộc hộ cận nghèo", Household.NEAR_POOR),
        ("không phải hộ nghèo", Household.NEITHER),
        ("nhà em hổng phải hộ nghèo", Household.NEITHER),
        ("hồi đó hộ nghèo, nay thoát nghèo rồi", Household.NEITHER),
        ("xã vừa đưa nhà tôi ra khỏi danh sách hộ nghèo", Household.NEITHER),
        ("không phải, nhà tôi cận nghèo", Household.NEAR_POOR),
        ("tôi ở xã Khánh An", None),
    ],
)
def test_the_certificate_of_the_household(text: str, household: Household | None) -> None:
    assert read(text).facts.household is household


@pytest.mark.parametrize(
    ("text", "age"),
    [
        ("tôi 62 tuổi", 62),
        ("em 34t", 34),
        ("toi 62 tuoi", 62),
        ("má tôi tám mươi hai tuổi", 82),
        ("tôi sinh năm 1960", 66),
        ("sn 1960", 66),
        ("theo luật dưới 16 tuổi là trẻ em", None),
        ("tôi 300 tuổi", None),
    ],
)
def test_an_age_is_read_in_figures_words_and_years_of_birth(text: str, age: int | None) -> None:
    assert read(text).facts.age == age


@pytest.mark.parametrize(
    ("text", "relation", "age"),
    [
        ("con tôi 15 tuổi bị bắt hôm qua", Relation.CHILD, 15),
        ("Má tôi 81 tuổi bị xe tông gãy chân", Relation.PARENT, 81),
        ("Em trai tôi 16 tuổi bị công an tạm giữ vì trộm xe", Relation.RELATIVE, 16),
        ("Tôi 62 tuổi, con trai tôi lấn đất của tôi", Relation.SELF, 62),
        ("con năm nay 15 tuổi, con ở với ngoại, con muốn đi học", Relation.SELF, 15),
        ("vợ chồng tôi có con 3 tuổi, ly hôn thì tòa giao ai nuôi", Relation.SELF, None),
    ],
)
def test_an_age_belongs_to_the_person_in_need(
    text: str, relation: Relation, age: int | None
) -> None:
    understood = read(text)

    assert understood.relation is relation
    assert understood.facts.age == age


@pytest.mark.parametrize(
    ("text", "groups"),
    [
        ("tôi là thương binh 2/4 bị lấn đất", {"merit"}),
        ("tôi là con thương binh", set()),
        ("tôi là con liệt sĩ", {"martyr_kin"}),
        ("ông nội tôi là liệt sĩ", set()),
        ("tôi muốn xin công nhận thương binh", set()),
        ("hàng xóm tôi là thương binh, lấn đất nhà tôi hai mét", set()),
        ("chồng em bị tạm giam, nhà cận nghèo", {"accused_near_poor"}),
        ("nhà em cận nghèo", set()),
        ("tôi không biết chữ, mù chữ hồi nhỏ tới giờ", set()),
    ],
)
def test_a_status_counts_only_when_it_is_ones_own(text: str, groups: set[str]) -> None:
    assert read(text).groups == groups


def test_near_poor_alone_is_a_group_from_2027() -> None:
    assert read("nhà em cận nghèo", dt.date(2027, 1, 1)).groups == {"near_poor"}


def test_what_is_denied_is_learnt_as_no() -> None:
    assert read("tôi không bị khuyết tật").facts.disabled is False


def test_one_who_was_released_is_not_held() -> None:
    assert read("chú tôi bị bắt oan rồi được thả").facts.criminal_role is None
    assert read("chú tôi bị bắt hôm qua").facts.criminal_role is CriminalRole.HELD


def test_silence_is_not_no() -> None:
    assert read("tôi bị lấn đất hai mét").facts.known() == {}
