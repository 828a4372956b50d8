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
        ("nhà tui có hộ nghèo gì đâu", None),
        ("nha tui co so ho ngheo gi dau", None),
        ("nhà tui sổ cận", Household.NEAR_POOR),
        ("toi so can phai di hau toa", None),
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
        ("tôi tám mươi hai tuổi", 82),
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


@pytest.mark.parametrize(
    ("text", "relation"),
    [
        (
            "Anh tôi mù hai mắt, chị dâu bán đất của ảnh. Ảnh muốn kiện, tôi dắt ảnh đi",
            Relation.RELATIVE,
        ),
        ("Con trai tôi 14 tuổi đi lột tôm, tôi muốn đòi tiền công cho nó", Relation.CHILD),
        ("Vợ em người Khmer, em người Kinh, chị hai đòi lại đất của em", Relation.SELF),
    ],
)
def test_who_wants_something_is_the_one_in_need(text: str, relation: Relation) -> None:
    assert read(text).relation is relation


def test_near_poor_alone_is_a_group_from_2027() -> None:
    assert read("nhà em cận nghèo", dt.date(2027, 1, 1)).groups == {"near_poor"}


def test_what_is_denied_is_learnt_as_no() -> None:
    assert read("tôi không bị khuyết tật").facts.disabled is False


def test_one_who_was_released_is_not_held() -> None:
    assert read("chú tôi bị bắt oan rồi được thả").facts.criminal_role is None
    assert read("chú tôi bị bắt hôm qua").facts.criminal_role is CriminalRole.HELD


@pytest.mark.parametrize(
    "text",
    [
        "sổ đỏ bị xã giữ hoài không trả",
        "so do bi xa giu hoai khong tra",
        "tiền cọc bị chủ trọ giữ không trả",
        "giấy tờ nhà bị chủ nợ giữ",
        "hang bi cong an giu",
    ],
)
def test_a_thing_that_is_held_is_nobody_in_custody(text: str) -> None:
    heard = read(text)

    assert heard.facts.criminal_role is None
    assert not heard.urgent


def test_silence_is_not_no() -> None:
    assert read("tôi bị lấn đất hai mét").facts.known() == {}


@pytest.mark.parametrize(
    ("text", "relation", "age"),
    [
        ("con tôi 5 tuổi", Relation.CHILD, 5),
        ("má tôi tám mươi hai tuổi", Relation.PARENT, 82),
        ("chồng tôi 45 tuổi, tôi muốn ly hôn", Relation.SPOUSE, 45),
    ],
)
def test_what_is_said_of_another_is_kept_apart(text: str, relation: Relation, age: int) -> None:
    understood = read(text)

    assert understood.facts.age is None
    assert understood.others[relation].age == age


def test_who_needs_help_is_not_guessed_from_an_age_alone() -> None:
    assert read("con tôi 5 tuổi").relation is None


@pytest.mark.parametrize(
    "text",
    [
        "chị hàng xóm hộ nghèo chỉ tui nhắn ở đây",
        "chủ đất là hộ nghèo đòi lại đất của tôi",
        "bên kia hộ nghèo nên không chịu bồi thường cho tôi",
        "nghe nói hộ nghèo mới được giúp",
        "hộ nghèo thì được miễn phí hả",
        "thu nhập bao nhiêu thì được công nhận hộ nghèo",
        "xét hộ nghèo theo chuẩn nào",
    ],
)
def test_the_certificate_of_others_or_of_the_law_is_not_the_writers(text: str) -> None:
    assert read(text).facts.household is None


def test_nobody_has_the_status_of_the_dead() -> None:
    assert read("ba tôi là thương binh đã mất, giờ anh tôi giành đất").groups == set()
    assert read("ba tôi là thương binh 81 tuổi bị lấn đất").groups == {"merit", "elderly"}


def test_to_lose_work_is_not_to_die() -> None:
    assert read("chồng tôi bị khuyết tật mất việc, công ty không trả lương").facts.disabled


def test_asked_for_somebody_else_their_facts_are_taken() -> None:
    understood = read("tôi hỏi giùm bà cụ 75 tuổi hộ nghèo ở xóm")

    assert understood.relation is Relation.OTHER
    assert (understood.facts.age, understood.facts.household) == (75, Household.POOR)


def test_who_the_story_is_about_stays_the_one_harmed() -> None:
    understood = read("Nội tui 93 tuổi, ở một mình, bị người ta lấn đất hai mét")

    assert understood.relation is Relation.RELATIVE
    assert understood.facts.age == 93


def test_two_stories_in_one_are_told_apart() -> None:
    understood = read(
        "Tôi 62 tuổi, tôi bị lấn đất hai mét. Con trai tôi 20 tuổi, con tôi bị công ty quỵt lương."
    )

    assert understood.several
    assert (understood.relation, understood.facts.age) == (Relation.SELF, 62)
    assert understood.others[Relation.CHILD].age == 20


@pytest.mark.parametrize(
    "text",
    [
        "làm cách nào để được vô hộ nghèo vậy",
        "thu tuc xin so ho ngheo o xa",
        "tui muốn xin giấy chứng nhận hộ nghèo cho má",
        "xin giấy xác nhận người khuyết tật ở đâu",
        "lam sao duoc cong nhan nguoi co cong",
        "điều kiện để được xét hộ cận nghèo",
    ],
)
def test_who_asks_how_to_get_a_status_does_not_have_it(text: str) -> None:
    assert read(text).facts.known() == {}


def test_a_status_told_beside_a_wish_counts() -> None:
    assert read("tôi khuyết tật, muốn xin giấy xác nhận nặng").facts.disabled
    assert read("muốn làm giấy tờ đất, tôi hộ nghèo").facts.household is Household.POOR


@pytest.mark.parametrize("text", ["chồng tôi đi ghe ngoài biển", "tui nuôi vuông", "0987654321"])
def test_a_livelihood_or_a_telephone_number_is_no_fact(text: str) -> None:
    assert read(text).facts.known() == {}


@pytest.mark.parametrize(
    "text",
    [
        "li di roi con 4 tuoi o voi ai",
        "chia tay, con 9 tuổi thì ai được nuôi",
        "con 11 tuổi cấp dưỡng một tháng bao nhiêu",
        "vợ bỏ đi, con 10 tuổi không ai giữ",
        "con 12 tuổi ở với ba hay mẹ",
        "hai đứa 10 tuổi với 14 tuổi ly hôn chia sao",
        "nếu cháu 9 tuổi thì sao",
        "3 con 2 tuoi, 5 tuoi va 9 tuoi",
    ],
)
def test_the_age_of_a_child_between_parents_is_not_the_writers(text: str) -> None:
    understood = read(text)

    assert understood.facts.age is None
    assert understood.groups == set()
    assert understood.relation in (Relation.SELF, None)


@pytest.mark.parametrize(
    ("text", "age"),
    [
        ("ba mẹ ly hôn, con 13 tuổi, con muốn ở với ngoại", 13),
        ("dạ con 29 tuổi, con muốn ly hôn", 29),
        ("tui 62 tuoi, con 30 tuoi", 62),
        ("tôi 62 tuổi, nếu kiện thì sao", 62),
        ("con 15 tuổi bị công ty quỵt lương", 15),
    ],
)
def test_a_writer_who_tells_their_age_is_heard(text: str, age: int) -> None:
    understood = read(text)

    assert (understood.relation, understood.facts.age) == (Relation.SELF, age)


@pytest.mark.parametrize(
    "text", ["hỏi giùm má tui", "dạ hỏi cho ba chứ không phải má", "nhan dum ba toi"]
)
def test_for_whom_it_is_asked_after_all_is_put_right(text: str) -> None:
    understood = read(text)

    assert understood.corrects
    assert understood.relation is Relation.PARENT


@pytest.mark.parametrize(
    "text",
    ["chồng em hơn em 10 tuổi", "anh hơn 10 tuổi, em muốn ly hôn", "thằng em nhỏ hơn tui 6 tuổi"],
)
def test_by_how_much_somebody_is_older_is_no_age(text: str) -> None:
    understood = read(text)

    assert understood.facts.age is None
    assert not understood.groups


def test_a_child_over_ten_is_that_old() -> None:
    assert read("con tôi hơn 10 tuổi bị xe đụng").facts.age == 10


def test_a_hen_has_no_rights() -> None:
    assert not read("chó nhà bên cắn con gà 5 tháng tuổi của tui").groups


def test_a_question_about_a_group_puts_nobody_into_it() -> None:
    assert not read("người khuyết tật đi thi bằng lái được không").groups


def test_the_grandmother_who_asks_is_not_the_grandchild() -> None:
    understood = read("tui là dì của thằng nhỏ, nó 13 tuổi, mẹ nó bỏ, muốn làm khai sinh cho nó")

    assert understood.facts.age == 13


def test_who_is_in_prison_is_the_one_in_need_whoever_asks() -> None:
    understood = read("con trai tui 17 tuổi đang đi cải tạo, tui muốn hỏi xin giảm án")

    assert understood.relation is Relation.CHILD
    assert "minor_16_18" in understood.groups


def test_scolding_every_day_counts_though_nobody_is_beaten() -> None:
    text = "chồng tôi không đánh nhưng ngày nào cũng chửi rủa, không cho tôi gặp ai"

    assert "domestic_violence" in read(text).groups


@pytest.mark.parametrize(
    ("text", "age"), [("mười hai tuổi bị đánh", 12), ("bảy mươi tuổi rồi", 70), ("tuổi", None)]
)
def test_an_age_in_words_may_begin_the_message(text: str, age: int | None) -> None:
    assert read(text).facts.age == age
