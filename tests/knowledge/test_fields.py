"""Which field of law, and whether it is law at all."""

import numpy as np
import pytest

from knowledge.article import FieldId
from knowledge.fields import OUT_OF_SCOPE, load_fields
from knowledge.library import load_library
from knowledge.training import PHRASES, STORIES, examples, field_arrays
from store.datafile import load

FIELDS = load_fields()


@pytest.mark.parametrize(
    ("message", "field"),
    [
        ("con tui bị công an bắt vì trộm xe", FieldId.CRIMINAL),
        ("cho bạn mượn tiền mà nó quỵt luôn", FieldId.CIVIL),
        ("ba má đòi gả em lúc mười lăm tuổi", FieldId.FAMILY),
        ("xa khong chiu giai quyet don khieu nai cua toi", FieldId.ADMINISTRATIVE),
        ("hàng xóm lấn ranh đất ruộng", FieldId.LAND),
        ("cty ko đóng bhxh cho tui", FieldId.LABOUR),
        ("ông nội tôi là liệt sĩ, làm chế độ ở đâu", FieldId.MERIT),
        ("xin vô danh sách hộ nghèo", FieldId.POVERTY),
    ],
)
def test_a_message_falls_into_its_field(message: str, field: FieldId) -> None:
    assert FIELDS.guess(message).fields[0].id is field


@pytest.mark.parametrize(
    "message", ["", "ok", "trời bữa nay nóng quá", "thanh lap cong ty co phan", "xin visa đi Mỹ"]
)
def test_small_talk_and_business_are_out_of_scope(message: str) -> None:
    assert FIELDS.guess(message).is_out_of_scope is True


def test_the_scores_of_all_classes_add_up_to_one() -> None:
    guess = FIELDS.guess("ly hôn")

    assert {one.id for one in guess.fields} == set(FieldId)
    assert sum(one.score for one in guess.fields) + guess.out_of_scope == pytest.approx(1)
    assert guess.is_out_of_scope is False


def test_every_field_has_more_than_sixty_phrases_of_its_own() -> None:
    phrases = load(PHRASES, dict[str, tuple[str, ...]])

    assert set(phrases) == {*FieldId, OUT_OF_SCOPE}
    assert min(len(set(texts)) for texts in phrases.values()) > 60


@pytest.mark.parametrize(
    ("told", "field"),
    [
        (
            (
                "Nhà tui hộ nghèo, chồng đi biển. Hôm qua chủ tàu đuổi ảnh lên bờ, giữ luôn "
                "tiền công hai tháng. Con thì đang đau. Ảnh đòi lại được hông?"
            ),
            FieldId.LABOUR,
        ),
        (
            (
                "Ba tui thương binh, già rồi. Nhà bên đào mương lấn qua ranh vườn nhà tui cả "
                "thước, nói tới thì chửi. Tui nhờ xã đo lại được hông?"
            ),
            FieldId.LAND,
        ),
        (
            (
                "Em bán vé số ngoài chợ. Chồng em nhậu vô là đánh em, hàng xóm ai cũng hay. "
                "Em muốn ly hôn mà sợ mất con."
            ),
            FieldId.FAMILY,
        ),
    ],
)
def test_a_story_falls_into_the_field_of_the_help_asked_for(told: str, field: FieldId) -> None:
    assert FIELDS.guess(told).fields[0].id is field


def test_every_field_has_thirty_stories_of_its_own_and_no_text_is_under_two_labels() -> None:
    stories = load(STORIES, dict[FieldId, tuple[str, ...]])
    known = set(examples(load_library()))

    assert set(stories) == set(FieldId)
    assert min(len(set(texts)) for texts in stories.values()) >= 30
    assert len({text for text, _ in known}) == len(known)


def test_training_twice_gives_the_same_model() -> None:
    some = examples(load_library())[::12]

    first, second = field_arrays(some), field_arrays(some)

    assert set(first) == set(second)
    for name, values in first.items():
        np.testing.assert_array_equal(values, second[name])


def test_the_shipped_model_knows_the_shipped_wordings() -> None:
    known = examples(load_library())
    wrong = 0
    for text, field in known:
        guess = FIELDS.guess(text)
        said = OUT_OF_SCOPE if guess.is_out_of_scope else guess.fields[0].id
        wrong += said != field

    assert wrong / len(known) < 0.02, "the articles have changed: run python -m knowledge train"
