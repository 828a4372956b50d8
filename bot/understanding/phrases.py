"""Phrases of everyday Vietnamese, found in a message however it is spelt.

The data files hold *phrases* such as

    - "<nó> .. đánh <tôi>"        a person, up to three words, đánh, the writer
    - "công an ... bắt"           up to eight words between
    - "(mới/vừa) bị giữ"          either word, or none

`<name>` is a list of words kept in the same file, `a/b` is a choice, `(a)` may be missing,
`..` leaves room for three words and `...` for eight; a phrase never runs over the end of a
sentence. A word with `!` counts only when it is typed with marks ("dí!" is not "di"). `#` is a
number in digits, `####` a year before this one. Phrases are written with their marks; a message
without marks, in Telex, in shorthand or misspelt the southern way meets them all the same.

How it is found: for every word that occurs in some phrase, the places where the message may mean
it are kept as the bits of one number, so that a phrase is followed by shifting numbers.
"""

import datetime as dt
import re
import unicodedata
from collections import defaultdict
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from enum import Enum
from functools import cache, cached_property, lru_cache
from itertools import pairwise
from pathlib import Path
from types import MappingProxyType

from rapidfuzz.distance import OSA

from bot.understanding.company import Company
from knowledge.spelling import Speller
from knowledge.vietnamese import Normalised, clean, fold, is_syllable, normalise
from store.datafile import load

ANY_NUMBER = "#"
A_YEAR_GONE_BY = "####"
MARKED_ONLY = "!"
MENDED_FROM = 3
"""Letters; a shorter word can be too many others."""

_LONG_WORD = 5
"""Letters; in a longer word of a term two slips are mended."""

SHORT_GAP = 3
LONG_GAP = 8
MOSTLY_MARKED = 0.45
"""From this share of words with marks on, a word without marks was meant to have none."""

SPEECH = Path(__file__).parent / "data" / "speech.yaml"

_SHORTENED = re.compile(r"['’`](?:(?:s|m|d|re|ve|ll)\b)?")
"""He's, I'm, don't."""
_LETTERS = re.compile(r"[^\W\d_]+")
_PIECE = re.compile(r"[^\W_]+|[.!?;:…]+|,+")
_LIST_NAME = re.compile(r"<[^>]*>")
_NUMBER_AND_LETTERS = re.compile(r"(\d)(?=[^\W\d_])")
_THOUSANDS = re.compile(r"(?<=\d) ?k\b", re.IGNORECASE)
_ABBREVIATED = re.compile(r"\b(x|p|tt|tx|tp|h|q|ql|stt)\.(?=\s*\w)", re.IGNORECASE)
_INITIAL = re.compile(r"\b([A-ZĐ])\.(?=\s*[^\W\d_A-ZĐ]|\s*,)")
"""A letter that stands for a name: "Danh Thi S., người Khmer"."""
_TONES = {"\u0300", "\u0301", "\u0303", "\u0309", "\u0323"}


# --- southern speech ---------------------------------------------------------------------------


@cache
def _speech() -> Mapping[str, str]:
    """Each southern or shortened word → the word it stands for."""
    spoken = load(SPEECH, dict[str, tuple[str, ...]])
    return {word: meant for meant, words in spoken.items() for word in words}


def same_speech(text: str, between: str = " ") -> str:
    """`uýnh` → `đánh`, `lun` → `luôn`: one word for the several ways the South says it.

    `between` joins the words that one word stands for ("bả" → "bà ấy").
    """
    speech = _speech()
    return _LETTERS.sub(
        lambda word: speech.get(word.group(), word.group()).replace(" ", between), text
    )


# --- one word ---------------------------------------------------------------------------------


@lru_cache(maxsize=65_536)
def _marks(word: str) -> tuple[str, ...]:
    """The marks over each letter of a word, in order; hỏi and ngã count as one, as in the South."""
    marks: list[str] = []
    for char in unicodedata.normalize("NFD", word.replace("đ", "d\u0335")):
        if unicodedata.combining(char):
            marks[-1] += "\u0309" if char == "\u0303" else char
        else:
            marks.append("")
    return tuple(marks)


@lru_cache(maxsize=65_536)
def may_mean(typed: str, meant: str) -> bool:
    """Whether a word typed with some marks can be the other one, of the same bare letters.

    Marks may be left out ("đanh", "dánh" for "đánh"), never different ("bạn" for "bán"). A tone may
    stand on a neighbouring letter.
    """
    ours, theirs = _marks(typed), _marks(meant)
    if len(ours) != len(theirs):
        return False
    tones_ours = {mark for marks in ours for mark in marks if mark in _TONES}
    tones_theirs = {mark for marks in theirs for mark in marks if mark in _TONES}
    if not tones_ours <= tones_theirs:
        return False
    return all(
        {m for m in a if m not in _TONES} <= {m for m in b if m not in _TONES}
        for a, b in zip(ours, theirs, strict=True)
    )


_SOUND = (
    (re.compile(r"^(?:ngh|ng)"), "ng"),
    (re.compile(r"^(?:gh|g(?=i))"), "d"),
    (re.compile(r"^(?:dz|gi|z|v|d|r(?=i))"), "d"),
    (re.compile(r"^(?:tr|ch)"), "ch"),
    (re.compile(r"^(?:s|x)"), "s"),
    (re.compile(r"^(?:k|c|q)"), "k"),
    (re.compile(r"^f"), "ph"),
    (re.compile(r"^(?:hu|qu|ku|u|g?o)(?=[aeiy])"), "w"),
    (re.compile(r"(?:ng|n)$"), "n"),
    (re.compile(r"(?:c|t)$"), "t"),
    (re.compile(r"(?:nh)$"), "nh"),
    (re.compile(r"y"), "i"),
    (re.compile(r"ie(?=[a-z])"), "i"),
    (re.compile(r"uo(?=[a-z])"), "u"),
)


@lru_cache(maxsize=65_536)
def sound(folded: str) -> str:
    """How a southern ear hears a bare word: n/ng and c/t at the end, d/gi/v, s/x, tr/ch are one."""
    for pattern, said in _SOUND:
        folded = pattern.sub(said, folded)
    return folded


class _Near(Enum):
    """How a typed word stands to a word of a term."""

    SAME = "same"
    SLIPPED = "slipped"
    ANOTHER_WORD = "another word"
    """One letter away, but people write that word too."""


_A_TERM_MISSPELT = (
    {_Near.SAME, _Near.SLIPPED},
    {_Near.SLIPPED},
    {_Near.SLIPPED, _Near.ANOTHER_WORD},
)


class Vocabulary:
    """All words that occur in any phrase, and which of them a typed word may mean."""

    def __init__(
        self,
        words: Iterable[str],
        usual: Iterable[Sequence[str]] = (),
        terms: Iterable[Sequence[str]] = (),
        company: Company | None = None,
    ) -> None:
        """`usual` holds what people write besides, without marks, to mend slips of the finger;
        `terms` are pairs of words that are mended together ("hô nhgèo" → "hộ nghèo"); `company`
        takes back what a bare word's neighbours speak against."""
        self.words = frozenset(words)
        self.company = company
        letters = ((fold(word.rstrip(MARKED_ONLY)),) for word in self.words)
        terms = tuple(terms)
        together = (tuple(map(fold, term)) for term in terms)
        self._speller = Speller([*usual, *letters, *together])
        self._terms = {(fold(first), fold(second)): (first, second) for first, second in terms}
        self._term_words = frozenset(word for term in self._terms for word in term)
        self._near: dict[str, Mapping[str, _Near]] = {}
        self._by_letters: dict[str, list[str]] = defaultdict(list)
        self._by_sound: dict[str, list[str]] = defaultdict(list)
        self._only_marked: dict[str, list[str]] = defaultdict(list)
        for word in sorted(self.words):
            if word.endswith(MARKED_ONLY):
                self._only_marked[fold(word.rstrip(MARKED_ONLY))].append(word)
                continue
            self._by_letters[fold(word)].append(word)
            self._by_sound[sound(fold(word))].append(word)
        self._cache: dict[tuple[str, bool], tuple[str, ...]] = {}

    def mended(self, words: Sequence[str]) -> tuple[str, ...]:
        """The same words, those with a slip of the finger replaced by what was probably meant."""
        words = self._with_terms(words)
        letters = [fold(word) for word in words]
        return tuple(
            word if typed == meant or len(typed) < MENDED_FROM else meant
            for word, typed, meant in zip(words, letters, self._speller.mend(letters), strict=True)
        )

    def _with_terms(self, words: Sequence[str]) -> Sequence[str]:
        """The same words, with both of a misspelt term mended: two slips tell more than one.

        A word that people usually write is taken for a slip only beside one that nobody writes.
        """
        letters = [fold(word) for word in words]
        mended = list(words)
        for place, (first, second) in enumerate(pairwise(letters)):
            for one, how in self._term_words_near(first).items():
                for other, how_other in self._term_words_near(second).items():
                    meant = self._terms.get((one, other))
                    if meant and {how, how_other} in _A_TERM_MISSPELT:
                        mended[place : place + 2] = meant
        return mended

    def _term_words_near(self, typed: str) -> Mapping[str, "_Near"]:
        """The words of terms that a folded word may have been meant for."""
        known = self._near.get(typed)
        if known is None:
            known = {
                word: near
                for word in self._term_words
                if (near := self._nearness(typed, word)) is not None
            }
            if len(self._near) < 100_000:
                self._near[typed] = known
        return known

    def _nearness(self, typed: str, meant: str) -> "_Near | None":
        if typed == meant:
            return _Near.SAME
        if not typed.isalpha() or len(typed) < MENDED_FROM:
            return None
        usual = typed in self._speller.words
        allowed = 2 if len(meant) >= _LONG_WORD and not usual else 1
        if OSA.distance(typed, meant, score_cutoff=allowed) > allowed:
            return None
        return _Near.ANOTHER_WORD if usual else _Near.SLIPPED

    def meanings(self, typed: str, marked: bool) -> tuple[str, ...]:
        """The words of the vocabulary that `typed` may stand for.

        `marked`: the message is written with marks, so that a short word without them has none.
        """
        key = (typed, marked)
        known = self._cache.get(key)
        if known is None:
            known = self._meanings(typed, marked) + self._with_marks(typed)
            if len(self._cache) < 100_000:
                self._cache[key] = known
        return known

    def _with_marks(self, typed: str) -> tuple[str, ...]:
        letters = fold(typed)
        if typed == letters:
            return ()
        return tuple(
            word
            for word in self._only_marked.get(letters, ())
            if may_mean(typed, word.rstrip(MARKED_ONLY))
        )

    def _meanings(self, typed: str, marked: bool) -> tuple[str, ...]:
        letters = fold(typed)
        same = self._by_letters.get(letters, ())
        bare = typed == letters
        if typed in self.words and (not bare or (marked and len(typed) <= 4)):
            return (typed,)
        if bare and (not marked or len(letters) >= 4):
            found = list(same)
        elif bare:
            found = [word for word in same if word == typed]
        else:
            found = [word for word in same if may_mean(typed, word)]
        if found or letters.isdigit():
            return tuple(found)
        if len(letters) >= 3 and (marked or not is_syllable(letters)):
            found = [
                word
                for word in self._by_sound.get(sound(letters), ())
                if bare or _same_tone(typed, word)
            ]
        return tuple(found)


@lru_cache(maxsize=65_536)
def _same_tone(typed: str, meant: str) -> bool:
    ours = {mark for marks in _marks(typed) for mark in marks if mark in _TONES}
    theirs = {mark for marks in _marks(meant) for mark in marks if mark in _TONES}
    return ours <= theirs


# --- a message --------------------------------------------------------------------------------


@dataclass(frozen=True)
class Message:
    """A message as words in order, with the places of every word that phrases know."""

    text: str
    """Cleaned, as typed."""
    normalised: Normalised
    words: tuple[str, ...]
    """Lower case, Telex and shorthand written out."""
    marked: bool
    sentence_ends: int
    """Bit i is set when a sentence ends before word i."""
    commas: int
    """Bit i is set when a comma stands before word i."""
    places: Mapping[str, int]
    starts: dict[int, Mapping[int, int]] = field(default_factory=dict, compare=False, repr=False)
    """What each `Choice` has already found here."""

    def hide(self, places: int) -> "Message":
        """The same message with the words at these places blacked out."""
        if not places:
            return self
        left = {word: bits & ~places for word, bits in self.places.items() if bits & ~places}
        return Message(
            self.text,
            self.normalised,
            self.words,
            self.marked,
            self.sentence_ends,
            self.commas,
            left,
        )

    def sentence_of(self, place: int) -> int:
        """The places of the sentence that holds `place`, as bits."""
        last = len(self.words)
        begin = place
        while begin > 0 and not self.sentence_ends >> begin & 1:
            begin -= 1
        end = place + 1
        while end < last and not self.sentence_ends >> end & 1:
            end += 1
        return bits(begin, end)


def bits(begin: int, end: int) -> int:
    """The places from `begin` up to, not including, `end`."""
    return (1 << end) - (1 << begin) if end > begin else 0


def places_of(where: int) -> Iterator[int]:
    """The places whose bits are set."""
    while where:
        lowest = where & -where
        yield lowest.bit_length() - 1
        where ^= lowest


def listen(text: str, vocabulary: Vocabulary, today: dt.date) -> Message:
    """Make a message ready for phrases. Any text is allowed; what can't be read stays unknown."""
    typed = clean(text)
    plain = _INITIAL.sub(r"\1", _ABBREVIATED.sub(r"\1 ", _THOUSANDS.sub(" ngàn", typed)))
    normalised = normalise(_NUMBER_AND_LETTERS.sub(r"\1 ", plain))
    words: list[str] = []
    ends = commas = 0
    for piece in _PIECE.findall(same_speech(normalised.accented)):
        if piece[0].isalnum():
            words.append(piece)
        elif piece[0] == ",":
            commas |= 1 << len(words)
        else:
            ends |= 1 << len(words)
    words = list(vocabulary.mended(words))
    marked = is_marked(words)
    folded = [fold(word) for word in words]
    places: dict[str, int] = defaultdict(int)
    for place, word in enumerate(words):
        meanings = vocabulary.meanings(word, marked)
        if vocabulary.company and word == folded[place] and not (marked and meanings == (word,)):
            meanings = vocabulary.company.meant(folded, place, meanings, ends | commas)
        for meaning in meanings:
            places[meaning] |= 1 << place
        if word.isdigit():
            places[ANY_NUMBER] |= 1 << place
            if len(word) == 4 and 1900 <= int(word) < today.year:
                places[A_YEAR_GONE_BY] |= 1 << place
    return Message(typed, normalised, tuple(words), marked, ends, commas, dict(places))


def is_marked(words: Iterable[str]) -> bool:
    """Whether words are typed with marks, so that one without them is meant to have none."""
    letters = [word for word in words if word.isalpha()]
    return sum(word != fold(word) for word in letters) >= MOSTLY_MARKED * max(1, len(letters))


def plain_message(text: str) -> Message:
    """A message of another language, ready for phrases: its words in small letters, as typed."""
    typed = clean(text)
    words: list[str] = []
    ends = 0
    for piece in _PIECE.findall(_SHORTENED.sub("", typed.lower())):
        if piece[0].isalnum():
            words.append(piece)
        elif piece[0] != ",":
            ends |= 1 << len(words)
    places: dict[str, int] = defaultdict(int)
    for place, word in enumerate(words):
        places[word] |= 1 << place
    whole, lower = tuple(words), typed.lower()
    normalised = Normalised(lower, lower, whole, whole, has_diacritics=False)
    return Message(typed, normalised, whole, False, ends, 0, dict(places))


# --- a phrase ---------------------------------------------------------------------------------


@dataclass(frozen=True)
class Choice:
    """One place of a phrase: any of these wordings, each of one or more words."""

    number: int
    wordings: tuple[tuple[str, ...], ...]

    @cached_property
    def _by_first(self) -> Mapping[str, tuple[tuple[str, ...], ...]]:
        found: dict[str, tuple[tuple[str, ...], ...]] = {}
        for wording in self.wordings:
            found[wording[0]] = (*found.get(wording[0], ()), wording)
        return found

    def starts(self, message: Message) -> Mapping[int, int]:
        """Length of a wording → the places where one of that length begins."""
        known = message.starts.get(self.number)
        if known is None:
            known = message.starts[self.number] = self._starts(message)
        return known

    def _starts(self, message: Message) -> Mapping[int, int]:
        found: dict[int, int] = {}
        places = message.places
        for first in self._by_first.keys() & places.keys():
            for wording in self._by_first[first]:
                where = places[first]
                for step, word in enumerate(wording[1:], 1):
                    where &= places.get(word, 0) >> step & ~(message.sentence_ends >> step)
                    if not where:
                        break
                else:
                    length = len(wording)
                    found[length] = found.get(length, 0) | where
        return found


@dataclass(frozen=True)
class Step:
    choice: Choice
    gap: int
    """How many words may stand before it."""
    optional: bool


@dataclass(frozen=True)
class Phrase:
    """A compiled phrase of a data file."""

    written: str
    steps: tuple[Step, ...]

    @cached_property
    def _needed(self) -> tuple[Choice, ...]:
        return tuple(step.choice for step in self.steps if not step.optional)

    def find(self, message: Message) -> list[tuple[int, int]]:
        """Where it stands: begin and end (not included) of each place, shortest reading first."""
        for choice in self._needed:
            if not choice.starts(message):
                return []
        found = []
        begins = 0
        for step in self.steps:
            for where in step.choice.starts(message).values():
                begins |= where
            if not step.optional:
                break
        for begin in places_of(begins):
            ends = self._ends(message, 1 << begin)
            if ends:
                found.append((begin, (ends & -ends).bit_length() - 1))
        return found

    def _ends(self, message: Message, at: int) -> int:
        for place, step in enumerate(self.steps):
            reach = at
            if place:
                for _ in range(step.gap):
                    reach |= (reach & ~message.sentence_ends) << 1
                reach &= ~message.sentence_ends
            after = reach if step.optional else 0
            for length, where in step.choice.starts(message).items():
                after |= (where & reach) << length
            if not after:
                return 0
            at = after
        return at


class Phrases:
    """Many phrases, looked up by their rarest word, so that a message tries only a few."""

    def __init__(self, phrases: Iterable[Phrase]) -> None:
        self._all = tuple(phrases)
        self._by_word: dict[str, list[int]] = defaultdict(list)
        for number, phrase in enumerate(self._all):
            needed = [step.choice for step in phrase.steps if not step.optional]
            rarest = min(needed, key=lambda choice: len(choice.wordings))
            for word in {wording[0] for wording in rarest.wordings}:
                self._by_word[word].append(number)

    def find(self, message: Message) -> list[tuple[int, int, int]]:
        """Each place of each phrase: the phrase's number in order of the file, begin, end."""
        words = self._by_word.keys() & message.places.keys()
        tried = {number for word in words for number in self._by_word[word]}
        return [
            (number, begin, end)
            for number in sorted(tried)
            for begin, end in self._all[number].find(message)
        ]

    def among(self, message: Message) -> bool:
        """Whether any of them stands in the message."""
        words = self._by_word.keys() & message.places.keys()
        tried = {number for word in words for number in self._by_word[word]}
        return any(self._all[number].find(message) for number in tried)

    def covered(self, message: Message) -> int:
        """The places, as bits, of all words that belong to one of them."""
        covered = 0
        for _, begin, end in self.find(message):
            covered |= bits(begin, end)
        return covered


class PhraseError(ValueError):
    """A phrase that can't be read; says which and why."""


class Phrasebook:
    """Compiles phrases over named lists of words; knows all their words."""

    def __init__(
        self,
        lists: Mapping[str, Iterable[str]] = MappingProxyType({}),
        spelt: Callable[[str], str] | None = None,
    ) -> None:
        """`spelt` spells phrases as messages are; Vietnamese ones unless it is given."""
        self._spelt = spelt or normal
        self._lists: dict[str, tuple[tuple[str, ...], ...]] = {}
        self._choices: dict[tuple[tuple[str, ...], ...], Choice] = {}
        for name, wordings in lists.items():
            self.add_list(name, wordings)

    def add_list(self, name: str, wordings: Iterable[str]) -> None:
        """Give `<name>` its wordings."""
        self._lists[self._spelt(f"<{name}>")] = tuple(
            whole for wording in wordings for whole in self._wordings(self._spelt(wording))
        )

    @property
    def words(self) -> frozenset[str]:
        """Every word of every phrase compiled so far."""
        return frozenset(word for choice in self._choices for wording in choice for word in wording)

    def _wordings(self, written: str) -> list[tuple[str, ...]]:
        """`hộ/nhà nghèo` → (hộ, nghèo), (nhà, nghèo)."""
        whole: list[tuple[str, ...]] = [()]
        for piece in written.split():
            whole = [(*begin, *end) for begin in whole for end in self._choice(piece)]
        return whole

    def _choice(self, piece: str) -> list[tuple[str, ...]]:
        """`a/b_c/<name>` → (a), (b, c) and all wordings of the list."""
        found: list[tuple[str, ...]] = []
        for option in piece.split("/"):
            if option.startswith("<"):
                if option not in self._lists:
                    raise PhraseError(f"{piece!r} names an unknown list {option}")
                found += self._lists[option]
            else:
                found.append(tuple(option.split("_")))
        return found

    def choice(self, name: str) -> Choice:
        """The list `<name>` by itself."""
        wordings = tuple(sorted(set(self._lists[self._spelt(f"<{name}>")])))
        return self._choices.setdefault(wordings, Choice(len(self._choices), wordings))

    def all(self, written: Iterable[str]) -> Phrases:
        """Compile phrases that are looked for together."""
        return Phrases(self.compile(one) for one in written)

    def compile(self, written: str) -> Phrase:
        """
        Raises:
            PhraseError: it names an unknown list, or holds nothing that must be there.
        """
        steps: list[Step] = []
        gap = 0
        for piece in self._spelt(written).split():
            if piece in ("..", "..."):
                gap = SHORT_GAP if piece == ".." else LONG_GAP
                continue
            optional = piece.startswith("(") and piece.endswith(")")
            wordings = tuple(sorted(set(self._choice(piece.strip("()")))))
            choice = self._choices.setdefault(wordings, Choice(len(self._choices), wordings))
            steps.append(Step(choice, gap, optional))
            gap = 0
        if all(step.optional for step in steps):
            raise PhraseError(f"{written!r} holds nothing that must be there")
        return Phrase(written, tuple(steps))


def normal(written: str) -> str:
    """A phrase as the engine compares it: spelt as messages are after `listen`."""
    # "bả" stands for two words; a choice between a slash and the next stays one
    spelt = same_speech(normalise(written).accented, between="_")
    return _LIST_NAME.sub(lambda name: name.group().replace(" ", "_"), spelt)
