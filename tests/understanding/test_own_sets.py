"""Two sets of our own, invented: one to tune on, one that nobody reads while tuning.

`told` holds two sets of stories by people who had seen neither the phrases nor the other sets, in
the form that `bench.understanding` reads; the phrases and the hints were mended with them, so that
only stories they never saw tell how much is understood. `python -m bench.understanding --data
tests/understanding/check` is nearest to that.

The shares asked for lie a little under what was measured, so that one odd message breaks nothing.
"""

from collections.abc import Iterator
from functools import cache
from pathlib import Path

import pytest

from bench.understanding import rows, tellings
from bot.understanding.danger import DangerKind
from bot.understanding.intents import Intent
from bot.understanding.people import Relation
from eligibility.grounds import load_law
from store.datafile import Entry, load
from tests.understanding.reading import read

SETS = ("tune", "check")


class Alarms(Entry):
    ordinary: dict[str, tuple[str, ...]]
    danger: dict[str, tuple[str, ...]]
    perpetrator: tuple[str, ...]
    urgent: tuple[str, ...]
    not_urgent: tuple[str, ...]
    commercial: tuple[str, ...]
    not_commercial: tuple[str, ...]


@cache
def alarms(name: str) -> Alarms:
    return load(Path(__file__).parent / name / "alarms.yaml", Alarms)


def stories(name: str) -> Iterator[tuple[str, set[str]]]:
    path = Path(__file__).parent / name / "stories.yaml"
    for key, texts in load(path, dict[str, tuple[str, ...]]).items():
        yield from ((text, set(key.split()) - {"none"}) for text in texts)
    yield from ((row["text"], set(row["groups"])) for row in rows(path.with_suffix(".jsonl")))


@pytest.mark.parametrize("name", SETS)
def test_of_the_groups_stated_nine_in_ten_are_heard_and_hardly_one_is_invented(name: str) -> None:
    heard = [(read(text).groups, wanted) for text, wanted in stories(name)]
    right = sum(len(groups & wanted) for groups, wanted in heard)

    assert right >= 0.90 * sum(len(wanted) for _, wanted in heard)
    assert right >= 0.95 * sum(len(groups) for groups, _ in heard)


@pytest.mark.parametrize("name", ["first", "second", "third"])
def test_of_stories_that_others_told_us_most_groups_are_heard_and_hardly_one_invented(
    name: str,
) -> None:
    told = rows(Path(__file__).parent / "told" / f"{name}.jsonl")
    heard = [(read(row["text"]).groups, set(row["groups"])) for row in told]
    right = sum(len(groups & wanted) for groups, wanted in heard)

    assert right >= 0.84 * sum(len(wanted) for _, wanted in heard)
    assert right >= 0.95 * sum(len(groups) for groups, _ in heard)


@pytest.mark.parametrize("name", SETS)
def test_what_people_tell_without_the_words_of_the_law_is_heard(name: str) -> None:
    told = tellings(Path(__file__).parent / name / "tellings.yaml")
    heard = [(read(text), one) for one in told for text in one.says]
    law = load_law()
    right = sum(len(one.groups & telling.groups(law)) for one, telling in heard)

    assert right >= 0.90 * sum(len(telling.groups(law)) for _, telling in heard)
    assert right >= 0.95 * sum(len(one.groups) for one, _ in heard)
    assert sum(telling.lost(one.facts) for one, telling in heard) <= 0.06 * len(heard)


@pytest.mark.parametrize("name", SETS)
def test_danger_of_every_kind_is_heard(name: str) -> None:
    told = [text for texts in alarms(name).danger.values() for text in texts]
    missed = [text for text in told if read(text).danger in (None, DangerKind.HARMING)]

    assert len(missed) <= 0.03 * len(told), missed


@pytest.mark.parametrize("name", SETS)
def test_an_ordinary_question_with_a_grave_word_mostly_raises_no_alarm(name: str) -> None:
    asked = [text for texts in alarms(name).ordinary.values() for text in texts]
    alarmed = [text for text in asked if read(text).danger is not None]

    assert len(alarmed) <= 0.10 * len(asked), alarmed


@pytest.mark.parametrize("name", SETS)
def test_who_is_about_to_harm_somebody_gets_their_own_card(name: str) -> None:
    told = alarms(name).perpetrator
    missed = [text for text in told if read(text).danger is not DangerKind.HARMING]

    assert len(missed) <= 0.10 * len(told), missed


@pytest.mark.parametrize("name", SETS)
def test_a_trial_or_a_time_limit_within_days_is_urgent(name: str) -> None:
    missed = [text for text in alarms(name).urgent if not read(text).urgent]
    hurried = [text for text in alarms(name).not_urgent if read(text).urgent]

    assert len(missed) <= 0.10 * len(alarms(name).urgent), missed
    assert not hurried


@pytest.mark.parametrize("name", SETS)
def test_business_between_companies_is_read_and_a_stall_or_a_wage_is_none(name: str) -> None:
    missed = [text for text in alarms(name).commercial if not read(text).facts.commercial]
    wronged = [text for text in alarms(name).not_commercial if read(text).facts.commercial]

    assert len(missed) <= 0.10 * len(alarms(name).commercial), missed
    assert not wronged


@pytest.mark.parametrize(
    "text",
    [
        "nó nhắn là tao giết mày",
        "chồng em nói em mà đi là nó giết em",
        "bị nó hăm: tao đốt nhà mày",
        "chồng tôi cầm dao đòi chém tôi",
    ],
)
def test_a_threat_that_is_quoted_is_not_the_writers_own(text: str) -> None:
    assert read(text).danger not in (None, DangerKind.HARMING)


@pytest.mark.parametrize(
    ("text", "age"),
    [
        ("tui 66 rồi, bị lấn đất", 66),
        ("năm nay tôi sáu mươi bảy, bị gạt tiền", 67),
        ("ông ngoại tám mươi mấy tuổi bị lấn ranh", 80),
        ("nội tôi tuổi đã 88, muốn làm di chúc", 88),
        ("nghe nói người trên 60 tuổi được giúp, còn tôi thì sao", None),
        ("tôi 30 công đất bị chiếm", None),
    ],
)
def test_an_age_is_read_however_it_is_said(text: str, age: int | None) -> None:
    assert read(text).facts.age == age


@pytest.mark.parametrize(
    ("text", "about"),
    [("con tôi học lớp bảy bị bạn đánh", 12), ("cháu nhà em học mẫu giáo bị cô giữ trẻ đánh", 4)],
)
def test_a_class_at_school_only_points_to_an_age(text: str, about: int) -> None:
    understood = read(text)

    assert understood.facts.age is None
    assert understood.guessed_age == about
    assert "child" in understood.groups


def test_an_age_of_then_is_not_the_age_of_today() -> None:
    understood = read("quen anh đó hồi em mới 15 tuổi, giờ em 17 tuổi")

    assert understood.facts.age == 17


def test_raking_clams_is_no_certificate() -> None:
    assert read("sáng tôi đi cào nghêu ngoài bãi").facts.household is None


def test_pages_of_trouble_that_ask_about_the_price_stay_a_story() -> None:
    page = "Tôi mua đất giấy tay, người bán chết, con họ đòi lại, xã hòa giải không xong. " * 6

    assert read(f"{page} Tôi nhờ luật sư có tốn tiền không?").intent is not Intent.COST


def test_whoever_is_dead_has_no_status_of_today() -> None:
    understood = read("cha tôi là thương binh, mất hồi tháng trước, má tôi 70 tuổi xin trợ cấp")

    assert understood.facts.merit is None
    assert understood.facts.age == 70


def test_losing_money_kills_nobody() -> None:
    understood = read("ba tôi là thương binh, mất 5 triệu tiền gửi, giờ ba xin giúp")

    assert understood.facts.merit is True


def test_an_old_woman_thrown_out_is_not_her_daughter_in_law() -> None:
    understood = read("bà Năm gần nhà bị con dâu bả đuổi ra đường, tôi hỏi giùm bả")

    assert understood.relation is not Relation.CHILD
    assert Relation.SELF not in understood.others


@pytest.mark.parametrize(
    ("text", "age"),
    [
        ("giờ tui bảy mốt bả sáu tám, bả đòi chia đất", 71),
        ("tía tôi đã bát tuần mà bị lừa ký giấy", 80),
        ("ngoại em 8 mươi mấy tuổi rồi mà bị người ta kiện", 80),
        ("con tôi gần 18 tuổi bị bạn đánh", 17),
        ("tui có đứa con trai mới 17, bị bắt đưa đi tạm giam", 17),
        ("con trai 12t của e bị bạn trong lớp đánh gãy tay", 12),
        ("bé nhà em 20 tháng chưa làm khai sinh", 1),
        ("hồi tôi 12 tuổi ba tôi cố đất, giờ tôi 40 muốn chuộc lại", 40),
        ("tôi chờ sáu bảy bữa rồi chưa thấy trả lời", None),
    ],
)
def test_an_age_is_read_without_its_tens_or_unit(text: str, age: int | None) -> None:
    assert read(text).facts.age == age


def test_those_spoken_of_are_not_the_writer() -> None:
    assert not read("hộ tôi cận nghèo, tôi tố cáo người lừa tôi, họ bị bắt rồi").groups


def test_who_dares_not_speak_does_not_deny_the_beating() -> None:
    assert "domestic_violence" in read("ba dượng đánh mẹ em hoài mà em không dám nói").groups


def test_who_takes_from_the_writer_is_not_the_one_in_need() -> None:
    assert not read("chị chồng tôi 65 tuổi giành đất với tôi").groups


def test_not_daring_denies_no_violence() -> None:
    assert read("em sợ quá không dám ở nhà").facts.domestic_violence is None


@pytest.mark.parametrize(
    "text",
    [
        "con 17 tuổi có thai 5 tháng, bạn trai trốn mất",
        "quen nhau hồi cháu 14 tuổi, ảnh 24 tuổi, hai đứa có ngủ với nhau mấy lần",
        "con gái tôi 16 tuổi cấn bầu với thằng hàng xóm",
    ],
)
def test_a_child_with_child_is_one_to_be_protected(text: str) -> None:
    assert read(text).danger is DangerKind.CHILD


def test_a_grown_woman_with_child_is_in_no_danger_by_that() -> None:
    assert read("vợ tôi 30 tuổi có bầu 3 tháng bị công ty cho nghỉ").danger is None


@pytest.mark.parametrize(
    "text",
    [
        "tối qua ổng nhậu về quậy, mẹ con em ra chòi vịt ngủ",
        "ba em xỉn vô là la hét đập đồ, em sợ không dám ở nhà",
        "em trốn chồng về ngoại được không",
    ],
)
def test_fear_at_home_is_heard_though_nobody_says_beaten(text: str) -> None:
    assert read(text).danger is DangerKind.VIOLENCE


def test_a_husband_who_drinks_and_does_no_work_is_a_divorce() -> None:
    assert read("chồng tôi nhậu hoài không lo làm ăn, tôi muốn ly hôn").danger is None


@pytest.mark.parametrize("text", ["giờ tôi phải làm sao", "họ không chịu ra hòa giải thì sao"])
def test_a_question_is_no_place(text: str) -> None:
    assert read(text).place.communes == ()


def test_an_english_story_tells_its_field_and_household() -> None:
    understood = read("The neighbour took our land. We are a poor family and have no lawyer.")

    assert understood.fields[0][0] == "land"
    assert understood.facts.household == "poor"
