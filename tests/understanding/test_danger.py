"""Messages of our own, invented: most of those in danger must be heard, few of the others."""

import datetime as dt
from pathlib import Path

import pytest

from bot.understanding.danger import DangerKind
from bot.understanding.phrases import normal
from store.datafile import Entry, load
from tests.understanding.reading import read

MESSAGES = Path(__file__).parent / "messages.yaml"


class Story(Entry):
    text: str
    groups: frozenset[str]


class Messages(Entry):
    danger: dict[str, tuple[str, ...]]
    safe: tuple[str, ...]
    groups: tuple[Story, ...]


OURS = load(MESSAGES, Messages)


def test_hardly_anybody_in_danger_is_missed() -> None:
    told = [text for texts in OURS.danger.values() for text in texts]
    missed = [text for text in told if read(text).danger is None]

    assert len(missed) <= 0.03 * len(told), missed


def test_few_others_are_alarmed() -> None:
    alarmed = [text for text in OURS.safe if read(text).danger is not None]

    assert len(alarmed) <= 0.08 * len(OURS.safe), alarmed


def test_stated_groups_are_read_and_none_invented() -> None:
    read_groups = [(story, read(story.text).groups) for story in OURS.groups]
    right = sum(len(story.groups & groups) for story, groups in read_groups)
    proposed = sum(len(groups) for _, groups in read_groups)
    meant = sum(len(story.groups) for story in OURS.groups)

    assert right >= 0.95 * proposed
    assert right >= 0.90 * meant


@pytest.mark.parametrize(
    ("text", "kind"),
    [
        ("chồng em đang đánh em", DangerKind.VIOLENCE),
        ("chong em dang danh em", DangerKind.VIOLENCE),
        ("choongf em ddang ddanhs em", DangerKind.VIOLENCE),
        ("ck e đang uýnh e", DangerKind.VIOLENCE),
        ("tôi muốn tự tử", DangerKind.SUICIDE),
        ("con tôi vừa bị công an bắt", DangerKind.ARREST),
        ("em bị lừa bán qua Campuchia", DangerKind.TRAFFICKING),
        ("nó dọa giết cả nhà tôi", DangerKind.THREAT),
        ("bé gái 7 tuổi bị ông hàng xóm sờ mó", DangerKind.CHILD),
    ],
)
def test_each_kind_of_danger_is_told_apart(text: str, kind: DangerKind) -> None:
    understood = read(text)

    assert understood.danger is kind
    assert understood.urgent


@pytest.mark.parametrize(
    "text",
    [
        "mười năm trước chồng đánh tôi, nay ly hôn êm rồi, tôi hỏi chuyện chia đất",
        "coi phim thấy chồng đánh vợ, hỏi cho biết tội đó mấy năm",
        "em làm bài tập về tội giết người, cho em xin điều luật",
        "nóng muốn chết mà chờ hoài",
        "đánh bài ăn tiền bị phạt sao",
        "heo nhà tôi bị xe cán chết",
    ],
)
def test_the_past_a_film_a_lesson_an_idiom_an_animal_are_no_danger(text: str) -> None:
    assert read(text).danger is None


def test_danger_is_found_deep_in_a_long_story() -> None:
    quiet = "Tôi ở ấp 3, làm ruộng với nuôi tôm, năm nay giá thấp quá. " * 12

    assert read(quiet).danger is None
    assert read(quiet + "Tối qua chồng tôi cầm dao rượt mẹ con tôi. " + quiet).danger is not None


def test_danger_is_found_in_the_middle_of_pages_of_story() -> None:
    quiet = "Tôi ở ấp 3, làm ruộng với nuôi tôm, năm nay giá thấp quá. " * 60

    assert read(quiet + "Tối qua chồng tôi cầm dao rượt mẹ con tôi. " + quiet).danger is not None


def test_small_talk_with_a_dangerous_word_is_not_alarmed() -> None:
    assert read("giá xăng hôm nay bao nhiêu").danger is None


def test_a_trial_within_days_is_urgent_without_danger() -> None:
    understood = read("ngày mai tòa xử vụ chia đất của tôi mà tôi chưa có luật sư")

    assert understood.danger is None
    assert understood.urgent


@pytest.mark.parametrize(
    "text",
    ["mẹ 80 tuổi bị liệt bị anh hai bỏ đói", "bà ngoại 75 tuổi bị cậu đánh chảy máu"],
)
def test_where_only_grown_up_people_are_named_no_child_is_in_danger(text: str) -> None:
    assert read(text).danger not in (None, DangerKind.CHILD)


def test_the_reading_does_not_hang_on_the_day() -> None:
    assert read("chồng đang đánh em", dt.date(2027, 3, 1)).danger is DangerKind.VIOLENCE


@pytest.mark.parametrize(
    "text",
    [
        "chồng cũ bắt con tôi đi không cho gặp",
        "vợ ẵm con bỏ đi không cho tôi thăm",
        "họ có cho ông Năm biết tôi tố không",
        "bị lừa bán đất",
        "chim bị bắt",
        "thằng trộm vịt hồi năm kia bị bắt rồi",
        "bạo hành gia đình bị phạt sao?",
    ],
)
def test_what_only_sounds_grave_raises_no_alarm_and_no_hurry(text: str) -> None:
    understood = read(text)

    assert understood.danger is None
    assert not understood.urgent


@pytest.mark.parametrize(
    ("text", "kind"),
    [
        ("cha nó bắt con đi ăn xin", DangerKind.CHILD),
        ("chồng cũ bắt con tôi đi rồi hăm giết nó", DangerKind.THREAT),
        ("có người nhắn xin ảnh không mặc đồ của con gái tôi", DangerKind.CHILD),
    ],
)
def test_a_child_with_the_other_parent_may_still_be_in_danger(text: str, kind: DangerKind) -> None:
    assert read(text).danger is kind


def test_a_word_that_stands_for_two_leaves_a_choice_of_words_whole() -> None:
    assert normal("hình/ảnh/video .. nóng") == "hình/anh_ấy/video .. nóng"
