"""Is somebody in danger now?

Two things are weighed together. *Signs* are phrases a lawyer can read and add to
(`data/danger.yaml`), beside what takes them their danger (`data/dampeners.yaml`: figures of speech,
animals, things long past, questions out of interest). *Words* carry weights learnt from invented
messages (`training/*.yaml`), because people in danger often say it sideways.

A miss is the serious error: a card with the right number once too often is a small harm, somebody
left without it a great one.
"""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from enum import StrEnum
from itertools import pairwise
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt

from bot.understanding.phrases import Choice, Message, Phrasebook, bits, places_of
from knowledge.vietnamese import fold, is_syllable
from store.datafile import Entry, load

DATA = Path(__file__).parent / "data"
WEIGHTS = DATA / "danger.npz"

ALARM = 0.0
"""The score from which on a message is dangerous; set by `train` for few misses."""

ALARM_WITHOUT_SIGNS = 0.2
"""The score that is needed when not one readable sign stands in the message: of our own messages
in danger one in a hundred lies below it, of the harmless ones that score at all a third."""

FEW_WORDS = 5
"""So few words say nothing of danger without a sign: "em đem giấy gì theo"."""

PERSONAL = ("tôi", "họ", "ta", "hoài", "đau")
"""The lists that tell of somebody in particular, or of what goes on."""

NOW = "lúc này"
"""The list of words for now and just now."""

A_CHILD = "trẻ rõ"
"""The list of words for a child, and for nobody grown up."""

_MANY_SIGNS = (1, 2, 3, 4, 6)
_LETTERS = (3, 4, 5)
"""Lengths of the runs of letters that are weighed: a misspelt word still shares most of them."""
_NEAR = 6
"""Words; how far apart a doer, a deed and whom or what it is done to may stand."""

Arrays = Mapping[str, npt.NDArray[Any]]


class DangerKind(StrEnum):
    """What somebody needs to be helped out of; each has its own first answer."""

    VIOLENCE = "violence"
    SUICIDE = "suicide"
    CHILD = "child"
    ARREST = "arrest"
    TRAFFICKING = "trafficking"
    THREAT = "threat"
    HARMING = "harming"
    """The writer is about to harm somebody, or has just done it."""


class SignEntry(Entry):
    kind: DangerKind
    what: str
    phrases: tuple[str, ...]


class OwnThreatFile(Entry):
    lists: Mapping[str, tuple[str, ...]]
    said: tuple[str, ...]
    at_the_start: tuple[str, ...]
    not_own: tuple[str, ...]


class DangerFile(Entry):
    weighed: tuple[str, ...]
    """The lists that say something by themselves; the others only inside a sign."""
    plain: tuple[str, ...]
    """Words too common to say anything by themselves, without marks."""
    lists: Mapping[str, tuple[str, ...]]
    roles: Mapping[str, tuple[str, ...]]
    """More lists, of which only the order beside other lists is weighed."""
    signs: tuple[SignEntry, ...]
    sure: tuple[SignEntry, ...]
    """Signs that are not weighed: they alarm by themselves."""


class DampenerFile(Entry):
    lists: Mapping[str, tuple[str, ...]]
    harmless: tuple[str, ...]
    settled: tuple[str, ...]
    long_ago: tuple[str, ...]
    told: tuple[str, ...]
    study: tuple[str, ...]
    of_nobody: tuple[str, ...]
    again: tuple[str, ...]


Features = Mapping[str, float]
"""Each feature of a message → its share, so that a long message does not outweigh a short one."""


@dataclass(frozen=True)
class Weights:
    """What each feature of a message adds to the score of danger, and to that of each kind."""

    rows: Mapping[str, int]
    values: npt.NDArray[np.float32]
    """One row a feature; the first column is danger, then one a kind."""
    bias: npt.NDArray[np.float32]

    @classmethod
    def load(cls, path: Path = WEIGHTS) -> "Weights":
        """Read the shipped weights.

        Raises:
            OSError: the file is missing; run `python -m bot.understanding.train`.
        """
        with np.load(path, allow_pickle=False) as arrays:
            return cls.of(arrays)

    @classmethod
    def of(cls, arrays: Arrays) -> "Weights":
        """From the arrays `features` (the bytes of lines), `values` and `bias`."""
        names = arrays["features"].tobytes().decode().split("\n")
        rows = {name: row for row, name in enumerate(names)}
        return cls(rows, arrays["values"].astype(np.float32), arrays["bias"].astype(np.float32))

    def usual(self) -> Iterator[Sequence[str]]:
        """The words and pairs of words, without marks, that have a weight.

        Misspelt ones, which are weighed too, are left out: nobody is mended into a slip.
        """
        for feature in self.rows:
            kind, *words = feature.split(" ")
            if kind == "word" and feature.isascii() and all(map(is_syllable, words)):
                yield words

    def score(self, features: Features) -> npt.NDArray[np.float32]:
        """Danger first, then the kinds."""
        known = [(self.rows[name], share) for name, share in features.items() if name in self.rows]
        rows = [row for row, _ in known]
        shares = np.array([share for _, share in known], dtype=np.float32)
        return np.asarray(shares @ self.values[rows] + self.bias, dtype=np.float32)


class Signs:
    """Turns a message into features: its words, the lists they belong to, signs and dampeners."""

    def __init__(self, book: Phrasebook) -> None:
        danger = load(DATA / "danger.yaml", DangerFile)
        dampeners = load(DATA / "dampeners.yaml", DampenerFile)
        own = load(DATA / "own_threats.yaml", OwnThreatFile)
        lists = {**danger.lists, **dampeners.lists, **danger.roles}
        for name, words in {**lists, **own.lists}.items():
            book.add_list(name, words)
        self._roles: tuple[tuple[str, Choice], ...] = tuple(
            (name, book.choice(name)) for name in lists
        )
        self._lists: tuple[tuple[str, Choice], ...] = tuple(
            (name, book.choice(name)) for name in danger.weighed
        )
        self._plain = frozenset(danger.plain)
        self._kinds = tuple(one.kind for one in danger.signs for _ in one.phrases)
        self._written = tuple(written for one in danger.signs for written in one.phrases)
        self._signs = book.all(self._written)
        self._sure = tuple((one.kind, book.all(one.phrases)) for one in danger.sure)
        self._harmless = book.all(dampeners.harmless)
        self._told = book.all(dampeners.told)
        self._long_ago = book.all(dampeners.long_ago)
        self._now = book.choice(NOW)
        self._child = book.choice(A_CHILD)
        self._of_nobody = book.all(dampeners.of_nobody)
        self._personal = tuple(map(book.choice, (NOW, *PERSONAL)))
        self._own = book.all(own.said)
        self._own_at_the_start = book.all(own.at_the_start)
        self._not_own = book.all(own.not_own)
        self._dampeners = {
            "settled": book.all(dampeners.settled),
            "study": book.all(dampeners.study),
            "again": book.all(dampeners.again),
        }

    def heard(self, message: Message) -> Message:
        """The message without its figures of speech."""
        return message.hide(self.figures(message))

    def figures(self, message: Message) -> int:
        """The places, as bits, of figures of speech, animals, goods.

        Without marks they are only one reading ("tau dung" is a ship that hits as well as "tao
        đừng"): where danger is read across one of their ends, they hide nothing.
        """
        spans = [(begin, end) for _, begin, end in self._harmless.find(message)]
        if not spans:
            return 0
        if not message.marked:
            signs = [(begin, end) for _, begin, end in self._signs.find(message)]
            signs += [one[1:] for _, phrases in self._sure for one in phrases.find(message)]
            spans = [one for one in spans if not any(_reaches_over(sign, one) for sign in signs)]
        covered = 0
        for begin, end in spans:
            covered |= bits(begin, end)
        return covered

    def any(self, heard: Message) -> bool:
        """Whether one sign stands in what is heard."""
        return self._signs.among(heard) or self.own_threat(heard)

    def sure(self, heard: Message) -> DangerKind | None:
        """The danger that is told in so many words, whatever the rest weighs."""
        return next((kind for kind, phrases in self._sure if phrases.among(heard)), None)

    def own_threat(self, heard: Message) -> bool:
        """Whether the writer says that they themselves will harm, or have harmed, somebody."""
        found = self._own.find(heard)
        found += [one for one in self._own_at_the_start.find(heard) if one[1] == 0]
        if not found:
            return False
        others = self._not_own.covered(heard)
        return any(not others >> begin & 1 for _, begin, _ in found)

    def only_told(self, message: Message) -> bool:
        """Whether it speaks of a film, the news, a lesson."""
        return self._told.among(message)

    def names_a_child(self, message: Message) -> bool:
        """Whether a child is named, whatever is said of it."""
        return bool(self._child.starts(message))

    def of_nobody(self, message: Message) -> bool:
        """Whether it asks about the law, of nobody and of nothing that goes on."""
        if not self._of_nobody.among(message):
            return False
        return not any(personal.starts(message) for personal in self._personal)

    def only_long_ago(self, message: Message) -> bool:
        """Whether it speaks of years back and of nothing that goes on."""
        if not self._long_ago.among(message):
            return False
        return not self._now.starts(message) and not self._dampeners["again"].among(message)

    def features(self, message: Message) -> Features:
        """Everything about the message that has a weight."""
        harmless = self.figures(message)
        heard = message.hide(harmless)
        bare = _bare(message, harmless)
        said = set(_words(message, bare, self._plain))
        said.update(f"list {name}" for name, choice in self._lists if choice.starts(heard))
        if self.own_threat(heard):
            said.add("own threat")
        numbers = {number for number, *_ in self._signs.find(heard)}
        said.update(f"sign {self._kinds[number].value}" for number in numbers)
        said.update(f"phrase {self._written[number]}" for number in numbers)
        said.update(f"signs {many}" for many in _MANY_SIGNS if len(numbers) >= many)
        said.update(
            f"dampener {name}"
            for name, phrases in self._dampeners.items()
            if phrases.among(message)
        )
        blocks = (said, self._who_does_what(heard), _letters(bare))
        return {name: len(block) ** -0.5 for block in blocks for name in block}

    def _who_does_what(self, heard: Message) -> set[str]:
        """Which lists stand before which: "bắt con tôi" is not "bắt con cá"."""
        found: list[tuple[int, str]] = []
        for name, choice in self._roles:
            where = 0
            for begins in choice.starts(heard).values():
                where |= begins
            found += [(place, name) for place in places_of(where)]
        found.sort()
        pairs = {f"role {name}" for _, name in found}
        for nth, (place, name) in enumerate(found):
            for other, follower in found[nth + 1 :]:
                if other - place > _NEAR:
                    break
                if other > place:
                    pairs.add(f"role {name}>{follower}")
                    pairs.add(f"role {name}>{follower} {min(other - place, 3)}")
        return pairs


class DangerReader:
    """Reads danger from messages."""

    def __init__(self, signs: Signs, weights: Weights) -> None:
        self._signs = signs
        self._weights = weights

    def has_signs(self, message: Message) -> bool:
        """Whether one sign stands there, weighed against nothing."""
        heard = self._signs.heard(message)
        return self._signs.any(heard) or self._signs.sure(heard) is not None

    def read(self, message: Message, *, by_signs: bool = False) -> tuple[DangerKind, ...]:
        """All kinds of danger, the likeliest first; none when the message tells of no danger.

        `by_signs`: something speaks against it already (it is a command, or small talk), so that
        at least one sign must stand there.
        """
        if not message.words or self._signs.only_told(message) or self._signs.of_nobody(message):
            return ()
        heard = self._signs.heard(message)
        signed = self._signs.any(heard)
        if not signed and (by_signs or len(message.words) <= FEW_WORDS):
            return ()
        score = self._weights.score(self._signs.features(message))
        sure = self._signs.sure(heard)
        if sure is None and score[0] < (ALARM if signed else ALARM_WITHOUT_SIGNS):
            return ()
        kinds = tuple(DangerKind)
        found = tuple(kinds[place] for place in score[1:].argsort()[::-1])
        if sure is not None:
            found = (sure, *(kind for kind in found if kind is not sure))
        if found[0] is not DangerKind.SUICIDE and self._signs.only_long_ago(message):
            return ()
        others = tuple(kind for kind in found if kind is not DangerKind.HARMING)
        return (DangerKind.HARMING, *others) if self._signs.own_threat(heard) else others


def _reaches_over(sign: Sequence[int], figure: tuple[int, int]) -> bool:
    """Whether a sign shares words with a figure of speech and has others besides."""
    shares = sign[0] < figure[1] and figure[0] < sign[1]
    return shares and (sign[0] < figure[0] or sign[1] > figure[1])


def _bare(message: Message, harmless: int) -> list[str]:
    """The words without marks; one that belongs to a figure of speech is only known to be one."""
    return [
        "~" if harmless >> place & 1 else "#" if word.isdigit() else fold(word)
        for place, word in enumerate(message.words)
    ]


def _letters(bare: Sequence[str]) -> set[str]:
    """Runs of letters, over the ends of words."""
    text = f" {' '.join(bare)} "
    return {
        f"letters {text[begin : begin + length]}"
        for length in _LETTERS
        for begin in range(len(text) - length + 1)
    }


def _words(message: Message, bare: Sequence[str], plain: frozenset[str]) -> list[str]:
    """Words, pairs, and pairs with one word between, without marks; words with marks besides."""
    alone = [word for word in bare if word not in plain]
    pairs = [f"{first} {second}" for first, second in pairwise(bare)]
    wide = [f"{first} _ {second}" for first, second in zip(bare, bare[2:], strict=False)]
    marked = [
        word
        for word, letters in zip(message.words, bare, strict=True)
        if message.marked and not word.isascii() and letters not in plain and letters != "~"
    ]
    return [f"word {one}" for one in (*alone, *pairs, *wide, *marked)]
