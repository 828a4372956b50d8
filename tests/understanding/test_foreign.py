"""Danger told in English and Khmer. The Khmer was written without a speaker of the language."""

import pytest

from bot.understanding.danger import DangerKind
from bot.understanding.foreign import Language
from tests.understanding.reading import read


@pytest.mark.parametrize(
    ("text", "kind"),
    [
        ("my husband is beating me right now", DangerKind.VIOLENCE),
        ("He's got a knife, please help", DangerKind.VIOLENCE),
        ("I want to die", DangerKind.SUICIDE),
        ("i don't want to live anymore", DangerKind.SUICIDE),
        ("police took my son last night", DangerKind.ARREST),
        ("my brother was arrested this morning, we need a lawyer", DangerKind.ARREST),
        ("they keep my passport and force me to work", DangerKind.TRAFFICKING),
        ("he said he will kill me if I leave", DangerKind.THREAT),
        ("a teacher touched my daughter", DangerKind.CHILD),
    ],
)
def test_danger_told_in_english_is_heard(text: str, kind: DangerKind) -> None:
    understood = read(text)

    assert understood.danger is kind
    assert understood.urgent
    assert understood.written_in is Language.ENGLISH


@pytest.mark.parametrize(
    "text",
    [
        "hello, how can I get a birth certificate for my child",
        "I want to sue my company for my salary",
        "what is the penalty for domestic violence",
        "my neighbour took my land",
        "years ago my husband beat me, now I ask about land",
    ],
)
def test_other_english_is_no_danger(text: str) -> None:
    understood = read(text)

    assert understood.danger is None
    assert understood.written_in is Language.ENGLISH


@pytest.mark.parametrize(
    ("text", "kind"),
    [
        ("ប្តីខ្ញុំវាយខ្ញុំ", DangerKind.VIOLENCE),
        ("ខ្ញុំចង់ស្លាប់", DangerKind.SUICIDE),
        ("ប៉ូលិសចាប់កូនខ្ញុំ", DangerKind.ARREST),
    ],
)
def test_danger_told_in_khmer_is_heard(text: str, kind: DangerKind) -> None:
    understood = read(text)

    assert understood.danger is kind
    assert understood.written_in is Language.KHMER


def test_other_khmer_is_no_danger() -> None:
    assert read("សួស្តី ខ្ញុំចង់សួរអំពីដីធ្លី").danger is None


@pytest.mark.parametrize(
    "text",
    ["chong em danh em", "toi muon hoi ly hon", "ok thanks ad", "help toi voi, dat bi lan"],
)
def test_vietnamese_without_marks_is_not_taken_for_english(text: str) -> None:
    assert read(text).written_in is Language.VIETNAMESE
