"""What citizens say of themselves and of the talk, and what must come of it."""

from dataclasses import replace

import pytest

from bot.channels.message import InboundKind
from bot.dialogue import clearing, screening
from bot.dialogue.turn import AddToCase
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


@pytest.mark.parametrize(
    "text",
    [
        "toi khong biet chu",
        "tôi không biết đọc chữ",
        "mắt kém đọc chữ không được",
        "mat toi yeu doc chu khong noi",
    ],
)
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
        ("tiem nao re o tp ca mau", "faq.out_of_scope"),
    ],
)
def test_questions_about_the_help_itself_get_no_article(talk: Talk, text: str, key: str) -> None:
    talk.writes(text)

    assert talk.keys[-1] == key


def test_whether_some_people_have_a_lawyer_for_free_is_a_question_of_law(talk: Talk) -> None:
    talk.writes("nguoi khuyet tat co duoc luat su mien phi hong")
    assert "welcome.cost" not in talk.keys
    assert {"faq.answer", "faq.which"} & set(talk.keys)

    talk.writes("luat su o day mien phi that ha")
    assert talk.keys[-1] == "welcome.cost"


def test_a_question_about_a_small_child_does_not_ask_whether_the_child_writes(talk: Talk) -> None:
    talk.writes("vo chong bo nhau thi con 3 tuoi theo ai?")

    assert "faq.answer" in talk.keys
    assert talk.state.step != clearing.WHO


def test_asking_for_a_person_again_tells_only_what_is_still_needed(talk: Talk) -> None:
    talk.writes("chong dap toi bam mat, nha ho ngheo")
    talk.writes("cho toi gap can bo")
    talk.writes("gap can bo di")

    assert "danger.hurry" in talk.keys
    assert not [key for key in talk.keys if key.startswith("outcome.")]


def test_a_girl_harmed_is_spoken_to_and_her_age_is_kept(talk: Talk) -> None:
    said = talk.writes("con 17 tuổi có thai 5 tháng, bạn trai trốn mất")
    assert talk.keys[0] == "danger.child_self"
    assert "111" in said

    talk.writes("ảnh 26 tuổi, ngủ với ảnh hồi con mới 15 tuổi")

    assert talk.state.facts.age == 17
    assert talk.state.danger is DangerKind.CHILD
    assert talk.state.step == "request.place"


def test_of_a_child_one_speaks_to_the_mother(talk: Talk) -> None:
    talk.writes("con gái tôi 12 tuổi bị ông hàng xóm sờ mó")

    assert talk.keys[0] == "danger.child"


def test_the_age_of_a_class_is_asked_and_never_kept(talk: Talk) -> None:
    talk.writes("cháu học lớp 7, bị thầy sờ vô người")
    assert talk.keys[0] == "danger.child_self"

    assert talk.state.facts.age is None


@pytest.mark.parametrize(
    "text",
    [
        "Dạ con hỏi, vợ con bị xe tông mất rồi, con muốn đòi bồi thường",
        "tụi con đi làm thuê, chủ thiếu tiền công tụi con hai tháng",
        "thưa cô chú, cháu bị chủ trọ giữ tiền cọc không trả",
    ],
)
def test_whoever_calls_themselves_con_or_chau_is_no_child_of_the_writer(
    talk: Talk, text: str
) -> None:
    talk.writes(text)

    assert talk.state.relation in (None, Relation.SELF)


def test_what_the_dead_was_is_not_the_widow(talk: Talk) -> None:
    talk.writes("chồng tôi là bệnh binh, mất hồi đầu năm, tôi 71 tuổi, ở Khánh An, xin chế độ")

    assert talk.state.facts.merit is None
    assert talk.state.facts.age == 71
    assert talk.state.place.communes


def test_a_widow_is_told_nothing_of_divorce(talk: Talk) -> None:
    said = talk.writes(
        "chồng tôi mất rồi, đất đứng tên ổng, anh em bên chồng đòi lấy lại, làm sao?"
    )

    assert "ly hôn" not in said.lower()


def test_an_officer_of_the_commune_is_understood_to_write_for_somebody(talk: Talk) -> None:
    talk.writes(
        "em bên Đoàn thanh niên xã Năm Căn, có trường hợp cháu bé 12 tuổi mồ côi bị chú lấy tiền"
    )

    assert "understood.for_other" in talk.keys
    assert talk.state.relation is Relation.OTHER
    assert talk.state.facts.age == 12


def test_a_bare_age_is_of_the_one_the_talk_is_about(talk: Talk) -> None:
    talk.writes("em trai tui bị liệt hai chân mà xã cắt trợ cấp")
    talk.writes("41 tuổi")

    assert talk.state.relation is Relation.RELATIVE
    assert talk.state.facts.age == 41


def test_a_fine_that_no_guide_tells_of_is_not_passed_over(talk: Talk) -> None:
    said = talk.writes("chưa làm khai sinh cho con có bị phạt không")

    assert "faq.fine_unsaid" in talk.keys
    assert "hỏi cán bộ" in said


@pytest.mark.parametrize(
    "text", ["hễ ổng xỉn là quậy, mẹ con em không dám ngủ ở nhà", "em trốn chồng, ở nhờ nhà ngoại"]
)
def test_fear_at_home_brings_the_number_and_an_officer(talk: Talk, text: str) -> None:
    said = talk.writes(text)

    assert talk.keys[0] == "danger.violence"
    assert "113" in said
    assert talk.state.step == "request.place"


def test_more_told_of_a_loan_stays_with_the_loan(talk: Talk) -> None:
    talk.writes("lãi suất cho vay tối đa bao nhiêu")
    topic = talk.state.topic
    talk.writes("tui vay 30 triệu lãi 8% một tháng, đóng hoài không hết")

    assert "faq.which" not in talk.keys
    assert topic is not None


def test_an_english_story_is_used(talk: Talk) -> None:
    talk.writes("My brother sold our land in Cai Nuoc and kept the money. We are a poor family.")

    assert talk.state.fields[0] == "land"
    assert talk.state.place.communes
    assert "go:screen" in talk.choices


def test_before_papers_comes_how_to_report(talk: Talk) -> None:
    talk.writes("nhà tôi hộ nghèo, hôm trước tôi bị cướp giật dây chuyền té gãy tay")
    talk.presses("go:calm") if talk.state.danger else None
    if talk.state.step != screening.TOLD:
        talk.presses("go:screen")

    assert talk.keys.index("outcome.report_first") < talk.keys.index("outcome.papers")


def test_who_helps_is_told_by_name_where_it_is_known(talk: Talk) -> None:
    talk.has_case("in_progress")
    assert talk.lookups.my_case is not None
    named = replace(talk.lookups.my_case, provider="Nguyễn Văn A")
    talk.lookups = replace(talk.lookups, my_case=named)
    talk.starts()
    said = talk.writes("ai lo vụ của tôi vậy")

    assert "Nguyễn Văn A" in said
    assert talk.turn.wishes == ()


def test_who_helped_is_answered_after_the_end_too(talk: Talk) -> None:
    talk.has_case("closed")
    talk.starts()
    talk.writes("cán bộ giúp tôi tên gì")

    assert talk.keys == ["status.who_gone"]
    assert "go:person" in talk.choices


def test_scolding_or_hesitating_begins_no_screening(talk: Talk) -> None:
    talk.writes("tôi muốn ly hôn")
    for text in ("thôi để tôi tính lại đã", "nói cái gì khó hiểu quá trời"):
        talk.writes(text)
        assert not talk.state.step.startswith("screening."), text


def test_pages_that_ask_about_the_price_are_a_trouble_told(talk: Talk) -> None:
    page = "Tôi mua đất giấy tay, người bán chết, con họ đòi lại, xã hòa giải không xong. " * 6
    talk.writes(f"{page}Tôi 67 tuổi, nhà cận nghèo. Tôi nhờ luật sư có tốn tiền không?")

    assert talk.state.told_story
    assert talk.state.step == screening.TOLD


def test_where_somebody_is_held_is_not_where_they_live(talk: Talk) -> None:
    talk.writes("thằng nhỏ nhà tôi 17 tuổi bị công an kêu lên rồi giữ luôn từ sáng")
    talk.writes("nó tên Phúc, đang giữ ở công an Trần Văn Thời")
    assert talk.state.step == "request.place"
    assert talk.state.place.communes == ()

    talk.writes("xã Khánh Hưng")

    assert "request.held.ask" not in talk.keys


def test_whoever_is_held_abroad_is_not_sent_to_our_police(talk: Talk) -> None:
    talk.writes("ghe của chồng em bị Malaysia bắt giữ tháng nay không tin tức")

    assert talk.keys[0] == "danger.arrest_abroad"


def test_a_question_where_a_place_is_asked_for_is_no_place(talk: Talk) -> None:
    talk.writes("gặp cán bộ")
    talk.writes("giờ tôi phải làm sao")

    assert talk.state.place.communes == ()
    assert talk.state.step == "request.place"


def test_near_the_market_is_no_trouble_told(talk: Talk) -> None:
    talk.writes("gặp cán bộ")
    talk.writes("nhà tôi ở gần chợ")
    assert talk.keys == ["request.place.not_understood"]

    talk.writes("bỏ qua")
    assert talk.state.step == "request.story"


def test_where_to_go_right_after_an_answer_is_about_that_answer(talk: Talk) -> None:
    talk.writes("hàng xóm lấn ranh đất thì làm sao")
    talk.writes("rồi nộp đơn ở đâu")

    assert "faq.where" in talk.keys


def test_a_number_that_is_told_back_is_told_once(talk: Talk) -> None:
    talk.has_case("waiting")
    talk.starts()
    said = talk.writes("0918 222 333 gọi buổi tối sau 7 giờ thôi vì ban ngày tôi đi cào nghêu")

    assert said.count("333") == 1
    assert talk.state.facts.household is None


def test_an_age_told_of_her_is_the_neighbours_the_talk_is_about(talk: Talk) -> None:
    talk.writes("bà Tư kế bên nhà tôi bị con dâu bả đuổi ra khỏi nhà, tôi nhắn giùm bả")
    if talk.state.danger is not None:
        talk.presses("go:calm")
    talk.writes("bả 79 tuổi")

    assert talk.state.relation in (Relation.NEIGHBOUR, Relation.OTHER)
    assert talk.state.facts.age == 79


def test_to_who_is_afraid_no_guide_is_offered_by_chance(talk: Talk) -> None:
    talk.writes("hễ ổng xỉn là quậy, mẹ con em không dám ngủ ở nhà")
    talk.writes("giờ em phải làm sao")

    assert "faq.unknown" not in talk.keys
    assert talk.keys[-1] == "request.place.ask"


def test_whom_to_ask_from_a_place_is_its_office(talk: Talk) -> None:
    talk.writes("tôi ở phường Giá Rai thì hỏi ở đâu")

    assert any(key.startswith("routing.") for key in talk.keys)


def test_free_help_asked_for_in_english_is_looked_at(talk: Talk) -> None:
    talk.writes("Hello, can I get a free lawyer for my divorce?")

    assert talk.state.step.startswith("screening.")
    assert talk.state.language == "en"


def test_the_groups_are_said_in_english(talk: Talk) -> None:
    talk.writes("The neighbour took our land. We are a poor household and need help.")
    said = talk.presses("go:screen")

    assert "people of a poor household (Legal Aid Act 2017, Article 7 clause 2)" in said


def test_of_the_roles_of_a_minor_only_the_told_one_is_said(talk: Talk) -> None:
    said = talk.writes("em 17 tuổi, bị người ta đánh gãy tay, công an đang làm")

    assert "bị người khác làm hại" in said
    assert "đang ở tù" not in said


def test_private_matters_have_a_screen_of_their_own(talk: Talk) -> None:
    talk.starts()
    talk.presses("go:screen")
    talk.presses("neither")
    talk.writes("45")
    assert {"hiv", "domestic_violence", "trafficking_victim"}.isdisjoint(talk.choices)

    talk.presses("none")

    assert talk.keys == ["screening.boxes_private"]
    assert {"hiv", "domestic_violence"} <= set(talk.choices)
    assert "go:person" in talk.choices


def test_a_question_with_nothing_in_it_is_asked_about_and_nothing_is_offered_by_chance(
    talk: Talk,
) -> None:
    talk.writes("giờ tôi phải làm sao")
    assert talk.keys[-1] == "faq.tell_more"

    talk.writes("bạn ơi máy bạn xài có khỏe mạnh không vậy ta")

    assert not any(key.startswith("a:") for key in talk.choices)


@pytest.mark.parametrize(
    "text",
    [
        "mệt quá, cho ông nói chuyện với người ta đi",
        "cho tui noi chuyen voi ai do di",
        "hoi gi hoi hoai vay",
    ],
)
def test_whoever_is_tired_of_questions_gets_a_person(talk: Talk, text: str) -> None:
    talk.starts()
    talk.presses("go:screen")
    talk.writes(text)

    assert talk.state.opening


def test_whether_a_husband_gets_to_know_is_answered_before_the_consent(talk: Talk) -> None:
    talk.starts()
    talk.presses("go:person")
    talk.presses("skip")
    talk.presses("later")
    talk.writes("gui roi chong e co biet hong")

    assert talk.keys[0] == "welcome.privacy"
    assert talk.state.step == "request.consent"


@pytest.mark.parametrize("text", ["cong an co bao cho gia dinh khi bat nguoi khong?"])
def test_a_question_about_what_others_must_tell_is_no_question_about_us(
    talk: Talk, text: str
) -> None:
    talk.starts()
    talk.writes(text)

    assert "welcome.privacy" not in talk.keys


def test_wiping_the_phone_is_wanting_the_talk_deleted(talk: Talk) -> None:
    talk.starts()
    talk.writes("có cách nào xóa hết trên máy này không, chồng em hay coi")

    assert talk.state.step == "always.delete"


def sent(talk: Talk) -> None:
    """A request is sent, and the phone is asked for."""
    talk.starts()
    talk.presses("go:person")
    talk.presses("skip")
    talk.presses("later")
    talk.presses("agree")
    talk.has_case("waiting")


@pytest.mark.parametrize("text", ["toi ko nho so", "hổng có điện thoại", "tui không xài máy"])
def test_whoever_has_no_number_is_asked_no_more(talk: Talk, text: str) -> None:
    sent(talk)
    talk.writes(text)

    assert "request.phone.refused" in talk.keys
    assert talk.state.step == "free"


def test_what_is_told_after_the_request_was_sent_reaches_the_officer(talk: Talk) -> None:
    sent(talk)
    talk.writes("bữa đó còn có ông Tư chứng kiến nữa")

    assert "request.added" in talk.keys
    assert [wish.text for wish in talk.turn.wishes if isinstance(wish, AddToCase)] == [
        "bữa đó còn có ông Tư chứng kiến nữa"
    ]


def test_an_answer_that_sends_to_a_person_in_a_form_has_the_button_for_it(talk: Talk) -> None:
    talk.starts()
    talk.presses("go:screen")
    talk.writes("đá banh tối nay mấy giờ có trên tivi?")

    assert any(one.key == "go:person" for said in talk.turn.says[:-1] for one in said.choices)
