"""What people are and live on, said in many ways, of many persons, about many matters.

Which of them are put together is left to chance, the same at every run. A rule that knows one
sentence only does not get through.
"""

import random
from collections.abc import Iterator, Sequence
from functools import cache
from pathlib import Path

import pytest

from bench.noise import noise
from store.datafile import Entry, load
from tests.understanding.reading import read

PERSONS = 2
"""So many persons, each with a matter and a way to tell it, are tried with each saying."""


class Sayings(Entry):
    of: str | tuple[str, ...]
    says: tuple[str, ...]
    matters: tuple[str, ...] = ()


class Grammar(Entry):
    persons: dict[str, tuple[str, ...]]
    matters: tuple[str, ...]
    ways: tuple[str, ...]
    held: dict[str, Sayings]
    not_held: dict[str, Sayings]


@cache
def grammar() -> Grammar:
    return load(Path(__file__).parent / "grammar.yaml", Grammar)


def messages(sayings: Sayings) -> Iterator[str]:
    chance = random.Random(7)  # noqa: S311 - the same messages at every run
    one: Sequence[str] | str = sayings.of
    persons = grammar().persons[one] if isinstance(one, str) else one
    for saying in sayings.says:
        for person in chance.sample(persons, PERSONS):
            matter = chance.choice(sayings.matters or grammar().matters)
            says = saying.format(who=person)
            way = chance.choice(grammar().ways)
            yield way.format(says=says, matter=matter, Matter=matter[0].upper() + matter[1:])


@pytest.mark.parametrize(
    ("spelling", "heard_of", "true_of"),
    [("clean", 0.97, 0.97), ("nodia", 0.93, 0.95), ("telex", 0.96, 0.97)],
)
def test_a_status_is_heard_however_and_of_whomever_it_is_said(
    spelling: str, heard_of: float, true_of: float
) -> None:
    heard = [
        (text, read(noise(text, spelling, 1)).groups, {group})
        for group, sayings in grammar().held.items()
        for text in messages(sayings)
    ]
    right = sum(len(groups & wanted) for _, groups, wanted in heard)
    wrong = [(text, groups) for text, groups, wanted in heard if groups != wanted]

    assert right >= heard_of * len(heard), wrong
    assert right >= true_of * sum(len(groups) for _, groups, _ in heard), wrong


@pytest.mark.parametrize("spelling", ["clean", "nodia", "telex"])
def test_who_lacks_a_status_or_names_somebody_elses_is_given_none(spelling: str) -> None:
    texts = [text for sayings in grammar().not_held.values() for text in messages(sayings)]
    wrong = [text for text in texts if read(noise(text, spelling, 1)).groups]

    assert len(wrong) <= 0.05 * len(texts), wrong


NO_ORDINARY_MATTER = {
    "domestic_violence",
    "trafficking_victim",
    "minor_16_18",
    "accused_near_poor",
}


@pytest.mark.parametrize("spelling", ["clean", "nodia"])
def test_who_is_wronged_in_an_ordinary_matter_is_hardly_ever_taken_for_endangered(
    spelling: str,
) -> None:
    every = [*grammar().held.items(), *grammar().not_held.items()]
    texts = [
        text
        for group, sayings in every
        if group not in NO_ORDINARY_MATTER
        for text in messages(sayings)
    ]
    alarmed = [text for text in texts if read(noise(text, spelling, 1)).danger is not None]

    assert len(alarmed) <= 0.06 * len(texts), alarmed


@pytest.mark.parametrize(
    "text",
    [
        "ong kia cam ma tau dung rinh truoc cua nha toi",
        "no noi khong tra tien thi giet het nha toi",
        "thang do noi khong ky giay thi chet ca nha",
    ],
)
def test_a_harmless_reading_of_words_without_marks_hides_no_threat(text: str) -> None:
    assert read(text).danger is not None
