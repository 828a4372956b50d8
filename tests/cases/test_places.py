"""Where a citizen means: every spelling is understood, and what is open is asked."""

import unicodedata
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from cases.places import ELSEWHERE, Gazetteer, PlaceReading
from cases.province import Commune, OldUnit, load_province
from knowledge.vietnamese import fold
from tests.work import calls_of

CA_MAU = load_province("ca-mau")
PLACES = Gazetteer(CA_MAU)
SMALL = load_province(Path(__file__).parent.parent / "provinces" / "an-giang-nho")


def read(text: str) -> set[str]:
    return set(PLACES.read(text).communes)


def in_story(text: str) -> set[str]:
    return set(PLACES.read(text, story=True).communes)


@pytest.mark.parametrize(
    ("written", "code"),
    [
        ("xã Khánh Bình Tây Bắc", "32104"),
        ("xa khanh binh tay bac", "32104"),
        ("XÃ KHÁNH BÌNH TÂY BẮC", "32104"),
        ("khánh bìn tây bắt", "32104"),
        ("khanh binh tay bcá", "32104"),
        ("xax Khasnh Binhf Taay Bawcs", "32104"),
        ("xã kbtb", "32104"),
        ("cái đôi vàmmmm", "32212"),
        ("caidoivam", "32212"),
        ("hoà tân, tp cà mau", "32041"),
        ("hòa tân, tp cà mau", "32041"),
        ("p9", "32002"),
        ("F.9 CM", "32002"),
        ("phường chín tpcm", "32002"),
        ("xã Biển Bạch Đông", "32069"),
        ("biển bạch đông á", "32069"),
    ],
)
def test_one_place_is_understood_however_it_is_spelt(written: str, code: str) -> None:
    reading = PLACES.read(written)

    assert (reading.communes, reading.ambiguous) == ((code,), False)


def test_decomposed_letters_mean_the_same() -> None:
    assert read(unicodedata.normalize("NFD", "xã Tạ An Khương Đông")) == {"32155"}


@pytest.mark.parametrize("unit", [one for one in CA_MAU.old_units if not one.name.isdigit()])
def test_every_old_unit_is_found_with_its_district_and_without_a_mark(unit: OldUnit) -> None:
    district = next(one for one in CA_MAU.districts if one.id == unit.district)
    reading = PLACES.read(fold(f"{unit.kind} {unit.name} {district.full_name}"))

    assert set(unit.became) <= set(reading.communes)
    assert reading.ambiguous == (len(reading.communes) > 1)


@pytest.mark.parametrize("commune", CA_MAU.communes, ids=lambda one: one.code)
def test_every_commune_of_today_is_found_when_it_is_said_to_be_the_new_one(
    commune: Commune,
) -> None:
    assert read(f"{commune.full_name} mới") == {commune.code}


def test_a_name_carried_by_two_communes_is_asked_not_guessed() -> None:
    reading = PLACES.read("xã Phong Thạnh")

    assert reading.ambiguous
    assert set(reading.communes) == {"31942", "31957"}


def test_a_split_unit_offers_all_its_parts() -> None:
    assert read("xã Viên An") == {"32201", "32248"}


def test_a_ward_number_without_its_city_is_asked_and_the_city_settles_it() -> None:
    assert read("phường 7") == {"31825", "32025", "32041"}
    assert read("phường 7 bạc liêu") == {"31825"}
    assert read("Bạc Liêu, phường 7") == {"31825"}


def test_an_old_district_is_every_commune_with_land_of_it() -> None:
    assert read("Năm Căn") == {"32191", "32201", "32206"}


@pytest.mark.parametrize(
    ("written", "codes"),
    [
        ("U Minh", {"32044", "32047", "32059", "32062"}),
        ("xã U Minh", {"32047"}),
        ("thị trấn U Minh", {"32044"}),
        ("xã Phước Long cũ", {"31876"}),
        ("xã Phước Long (mới)", {"31867"}),
        ("xã Phước Long", {"31867", "31876"}),
        ("xã khánh hoà nay là xã u minh", {"32047"}),
        ("tân hưng đông, xã hưng mỹ", {"32140"}),
        ("xã lợi an, xã lương thế trân", {"32134"}),
    ],
)
def test_a_unit_word_and_old_or_new_narrow_a_name(written: str, codes: set[str]) -> None:
    assert read(written) == codes


def test_marks_tell_names_apart_that_are_alike_without_them() -> None:
    assert read("tân thành") == {"32025"}
    assert read("tân thạnh") == {"31957"}
    assert read("tan thanh") == {"32025", "31957"}


def test_a_polite_particle_is_no_letter_of_the_name() -> None:
    assert read("vĩnh hậu ạ") == read("vĩnh hậu a") == {"31927"}
    assert read("phong thạnh tây ạ") == {"31957"}
    assert read("phong thạnh tây a") == {"31885"}


def test_a_hamlet_in_front_does_not_count_even_when_it_is_called_like_a_commune() -> None:
    assert read("ấp Tân Thành, xã Tân Thuận, Đầm Dơi") == {"32167"}
    assert read("ap 3 kenh xang tri phai") == {"32071"}


def test_a_hamlet_by_itself_is_never_sure() -> None:
    assert PLACES.read("ấp Tân Thuận").ambiguous


def test_islands_and_points_are_known() -> None:
    assert read("ngoài hòn chuối") == {"32098"}
    assert read("mũi Cà Mau") == {"32248"}
    assert read("hòn khoai") == {"32244", "32248"}


def test_two_places_that_contradict_each_other_are_asked_about() -> None:
    reading = PLACES.read("xã Tân Hải, xã Tam Giang")

    assert reading.ambiguous
    assert set(reading.communes) == {"32218", "32206"}


@pytest.mark.parametrize(
    ("written", "outside"),
    [
        ("sóc trăng", "Cần Thơ"),
        ("soc trangg", "Cần Thơ"),
        ("xã Lộc Ninh, Bình Phước", "Đồng Nai"),
        ("huyện Phú Tân tỉnh An Giang", "An Giang"),
        ("U Minh Thượng", "An Giang"),
        ("tỉnh Khánh Hòa", "Khánh Hòa"),
        ("tp hcm", "Hồ Chí Minh"),
        ("quận 4", ELSEWHERE),
        ("bên Đài Loan", "Đài Loan"),
    ],
)
def test_a_place_outside_is_told_by_the_province_of_today(written: str, outside: str) -> None:
    assert PLACES.read(written) == PlaceReading(
        outside=outside, matched=PLACES.read(written).matched
    )


def test_a_commune_here_that_shares_its_name_with_a_province_stays_here() -> None:
    assert read("Khánh Hòa") == {"32047"}
    assert read("hoa binh") == {"31891", "31918", "31927"}


@pytest.mark.parametrize("nothing", ["", "🙂", "hông nhớ nữa", "5", "tỉnh Cà Mau", "xã", "<b>"])
def test_no_place_is_no_place(nothing: str) -> None:
    reading = PLACES.read(nothing)

    assert (reading.communes, reading.ambiguous, reading.outside) == ((), False, None)


def test_the_words_that_named_the_place_are_given_back_as_typed() -> None:
    assert PLACES.read("dạ nhà em ở TT Sông Đốc á").matched == "TT Sông Đốc"


# --- stories ---------------------------------------------------------------------------------


def test_in_a_story_the_place_is_found() -> None:
    assert in_story("Chồng tui bỏ đi hai năm, tui với con ở xã Rạch Chèo, muốn ly hôn") == {"32227"}
    assert in_story("e ở p8 cm bị quỵt lương") == {"32014"}


@pytest.mark.parametrize(
    "story",
    [
        "Anh Thanh Tùng mượn tiền không trả",
        "ông Trần Phán kế bên lấn đất",
        "hai vợ chồng sống hòa bình thì nó tới phá",
        "đồng thời tui muốn hỏi về giấy tờ",
        "toi mua dat moi ma chua sang ten",
        "nó làm hại tui nhiều lần",
        "xã không chịu giải quyết, phường cũng vậy",
        "em ở với bà ngoại từ nhỏ",
        "ảnh chạy về quê xin giấy khai sinh",
        "cháu tui bị dắt sang Trung Quốc gả cho người lạ",
        "nước đo pH 8 thì xử lý sao",
    ],
)
def test_people_and_ordinary_words_are_no_places(story: str) -> None:
    reading = PLACES.read(story, story=True)

    assert (reading.communes, reading.outside) == ((), None)


@pytest.mark.parametrize(
    "story",
    [
        "Chủ vuông thiếu tôi tiền công ba tháng nay không trả. Nguyễn Huân",
        "Hàng xóm lấn ranh đất nhà tôi, Nguyễn Huân",
    ],
)
def test_a_name_that_ends_a_story_by_itself_says_where_it_is_from(story: str) -> None:
    reading = PLACES.read(story, story=True)

    assert reading.communes


def test_the_place_where_somebody_lives_counts_before_others_that_are_named() -> None:
    story = "Xe tông tui gần chợ Hộ Phòng, nhà tui ở Rạch Gốc, tài xế người Kiên Giang"

    assert in_story(story) == {"32244"}


@pytest.mark.parametrize("text", ["gio toi khong tien", "giờ tôi không tiền"])
def test_words_of_every_talk_are_no_slip_of_a_name(text: str) -> None:
    assert PLACES.read(text).communes == ()


def test_two_places_to_live_are_both_asked_about() -> None:
    reading = PLACES.read("con tôi ở Sông Đốc, còn tôi ở Rạch Gốc", story=True)

    assert reading.ambiguous
    assert set(reading.communes) == {"32098", "32244"}


def test_a_place_far_away_counts_only_when_no_place_here_is_named() -> None:
    assert in_story("em làm ở Bình Dương, quê Ngan Dừa, bị quỵt lương") == {"31843"}
    assert PLACES.read("giờ em ở nhà trọ dưới Bình Dương", story=True).outside == "Hồ Chí Minh"


# --- pins ------------------------------------------------------------------------------------


@pytest.mark.parametrize("commune", CA_MAU.communes, ids=lambda one: one.code)
def test_a_pin_on_a_commune_is_that_commune(commune: Commune) -> None:
    assert PLACES.read_pin(commune.lat, commune.lon).communes == (commune.code,)


def test_a_pin_between_communes_is_asked_about() -> None:
    reading = PLACES.read_pin(9.18, 105.15)

    assert reading.ambiguous
    assert {"32002", "32025"} <= set(reading.communes)


def test_a_pin_on_the_island_belongs_to_its_commune() -> None:
    assert PLACES.read_pin(8.95, 104.52).communes == ("32098",)


def test_a_pin_across_the_border_lies_outside() -> None:
    assert PLACES.read_pin(9.5068, 105.193).outside == "An Giang"
    assert PLACES.read_pin(21.03, 105.85).outside == ELSEWHERE


def test_the_nearest_communes_come_with_their_distances() -> None:
    (first, km), *others = PLACES.nearest(8.63765, 104.82)

    assert (first, km) == ("32248", 0.0)
    assert len(others) == 63
    assert [far for _, far in others] == sorted(far for _, far in others)


# --- anything --------------------------------------------------------------------------------


@given(st.text(max_size=80))
def test_nothing_a_citizen_types_breaks_the_reading(text: str) -> None:
    for story in (False, True):
        reading = PLACES.read(text, story=story)
        assert not (reading.communes and reading.outside)
        assert reading.ambiguous or len(reading.communes) < 2


@pytest.mark.parametrize("flood", ["năm căn ", "ở xã tân hunng ", "xã "])
def test_a_message_of_ten_thousand_letters_is_no_more_work_a_letter_than_one_of_two_thousand(
    flood: str,
) -> None:
    text = flood * 10_000
    shorter = calls_of(lambda: PLACES.read(text[:2_000]))

    assert calls_of(lambda: PLACES.read(text[:10_000])) < 6 * shorter  # 25 if it were quadratic


def test_another_province_is_read_by_its_own_names() -> None:
    places = Gazetteer(SMALL)

    assert places.read("xa dong hung a an minh").communes == ("91002", "91003")
    assert places.read("vinh lac").communes == ("91001",)
    assert places.read("ca mau").outside == "Cà Mau"
    assert places.read_pin(9.466, 105.061).outside == "Cà Mau"
