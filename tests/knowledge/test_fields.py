"""Which field of law, and whether it is law at all."""

import numpy as np
import pytest

from knowledge.article import FieldId
from knowledge.fields import OUT_OF_SCOPE, load_fields
from knowledge.library import load_library
from knowledge.training import PHRASES, examples, field_arrays
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


def test_training_twice_gives_the_same_model() -> None:
    some = examples(load_library(), load(PHRASES, dict[str, tuple[str, ...]]))[::12]

    first, second = field_arrays(some), field_arrays(some)

    assert set(first) == set(second)
    for name, values in first.items():
        np.testing.assert_array_equal(values, second[name])


def test_the_shipped_model_knows_the_shipped_wordings() -> None:
    known = examples(load_library(), load(PHRASES, dict[str, tuple[str, ...]]))
    wrong = 0
    for text, field in known:
        guess = FIELDS.guess(text)
        said = OUT_OF_SCOPE if guess.is_out_of_scope else guess.fields[0].id
        wrong += said != field

    assert wrong / len(known) < 0.02, "the articles have changed: run python -m knowledge train"
