"""The names of a province, and finding them in a text: as written, as they sound, or nearly so.

Pure. What a name found means in its sentence is read in `cases.places`.
"""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from enum import StrEnum
from functools import lru_cache

from rapidfuzz import process
from rapidfuzz.distance import OSA

from cases.placewords import Cue, Marks, Word, cue_before, marks, promised, spelled, ward_number
from cases.province import Province
from knowledge.vietnamese import fold

MOST_SYLLABLES = 5


class Level(StrEnum):
    """What kind of place a name can stand for."""

    COMMUNE = "commune"
    OLD_UNIT = "old unit"
    LANDMARK = "landmark"
    DISTRICT = "district"
    FORMER_PROVINCE = "former province"
    PROVINCE = "province"
    OUTSIDE = "outside"
    OUTSIDE_TOWN = "town outside"


@dataclass(frozen=True, slots=True)
class Sense:
    """One thing a name can stand for."""

    level: Level
    kind: str
    """The unit word it carries: `xã`, `thị trấn`; empty when it has none."""
    codes: tuple[str, ...]
    districts: frozenset[str] = frozenset()
    provinces: frozenset[str] = frozenset()
    """Former provinces it lies in."""
    outside: str | None = None


@dataclass(frozen=True, slots=True)
class Name:
    """A name, with everything that carries it."""

    written: str
    syllables: tuple[str, ...]
    """Folded."""
    marks: tuple[Marks, ...]
    senses: tuple[Sense, ...]
    everyday: bool
    """Whether it is an ordinary word or a person's name too."""


class Likeness(StrEnum):
    """How a stretch of text came to be taken for a name."""

    WRITTEN = "written"
    SOUNDS = "sounds alike"
    NEARLY = "nearly"


@dataclass(frozen=True, slots=True)
class Found:
    """A stretch of a text that could be a name, or one of several."""

    begin: int
    end: int
    """One past its last word."""
    names: tuple[Name, ...]
    likeness: Likeness
    disagreement: float = 0.0
    """How much its marks speak against the name: about 1 for each syllable that is another word."""


class Names:
    """Every name of a province, indexed once."""

    def __init__(self, province: Province) -> None:
        names = tuple(_names(province))
        local = tuple(name for name in names if not _all_at(name, Level.OUTSIDE_TOWN))
        self._written = _index((" ".join(name.syllables), name) for name in names)
        self._joined = _index(("".join(n.syllables), n) for n in names if len(n.syllables) > 1)
        self._sounding = _index((" ".join(map(_sound, name.syllables)), name) for name in local)
        self._by_length = {
            length: tuple(
                {" ".join(n.syllables): None for n in local if len(n.syllables) == length}
            )
            for length in range(2, MOST_SYLLABLES + 1)
        }
        self._short = _index(
            (short, name)
            for district in province.districts
            for short in district.short
            for name in self._written[" ".join(map(fold, spelled(district.name)))]
        )
        self._initials = _index(
            ("".join(syllable[0] for syllable in name.syllables), name)
            for name in local
            if len(name.syllables) > 2
        )

    def find(self, words: Sequence[Word], *, strict: bool) -> list[Found]:
        """All stretches that could be names; they may overlap.

        In a `strict` reading, misspelt names count only where the words before promise a place.
        """
        bare = not any(word.marks != (word.folded, "") for word in words)
        found: list[Found] = []
        for begin in range(len(words)):
            guess = not strict or promised(words, begin)
            for end in range(begin + 1, min(begin + MOST_SYLLABLES, len(words)) + 1):
                if end - begin > 1 and words[end - 1].after_break:
                    break
                one = self._as_written(words, begin, end, strict=strict, bare=bare)
                if one is None and guess and end - begin > 1:
                    one = self._guessed(words, begin, end)
                if one is not None:
                    found.append(one)
        plain: dict[int, list[Found]] = {}
        for one in found:
            if one.likeness is Likeness.WRITTEN and one.end - one.begin > 1:
                plain.setdefault(one.begin, []).append(one)
        kept = (_keeping(one, plain) for one in found)
        return [one for one in kept if one is not None]

    def _as_written(
        self, words: Sequence[Word], begin: int, end: int, *, strict: bool, bare: bool
    ) -> Found | None:
        span = words[begin:end]
        key = " ".join(word.folded for word in span)
        if len(span) > 1:
            names = self._written.get(key, ())
        elif (number := ward_number(words, begin)) is not None:
            names = self._written.get(number, ())
            if not names and cue_before(words, begin)[0] is Cue.CITY_DISTRICT:
                names = (_FAR_DISTRICT,)
        elif key.isdigit():
            return None
        else:
            names = self._written.get(key, ())
            if not names and len(key) > 4:
                names = self._joined.get(key, ())
            names = names or self._shortened(words, begin, strict=strict)
        costs = [_disagreement(span, name, bare=bare) for name in names]
        least = min(costs, default=0.0)
        names = tuple(
            name
            for name, cost in zip(names, costs, strict=True)
            if cost == least
            and _same_letters(span, name)
            and not (cost > 0.5 and _all_at(name, Level.OUTSIDE_TOWN))
        )
        return Found(begin, end, names, Likeness.WRITTEN, least) if names else None

    def _shortened(self, words: Sequence[Word], at: int, *, strict: bool) -> tuple[Name, ...]:
        """`tvt`, `cm`: alone in a short answer, or beside a ward's number or a unit word."""
        typed = words[at].folded
        word = typed.removeprefix("tp")  # "tpcm"
        cue, _ = cue_before(words, at)
        if word in self._short:
            beside = cue is not Cue.NONE or word != typed or (at > 0 and words[at - 1].is_number)
            unmistakable = len(word) > 2 or word in _KNOWN_SHORTS or (at > 1 and len(words) <= 6)
            if beside or (unmistakable and not strict):
                return self._short[word]
        if cue in (Cue.COMMUNE, Cue.WARD, Cue.TOWNSHIP, Cue.DISTRICT) and len(word) > 2:
            return self._initials.get(word, ())
        return ()

    def _guessed(self, words: Sequence[Word], begin: int, end: int) -> Found | None:
        span = words[begin:end]
        sounding = self._sounding.get(" ".join(_sound(word.folded) for word in span), ())
        names = tuple(name for name in sounding if _same_letters(span, name))
        if names:
            return Found(begin, end, _closest(span, names), Likeness.SOUNDS)
        names = tuple(name for name in self._nearly(span) if _same_letters(span, name))
        return Found(begin, end, names, Likeness.NEARLY) if names else None

    def _nearly(self, span: Sequence[Word]) -> tuple[Name, ...]:
        """Names that differ from a stretch by a slip of the finger."""
        typed = [word.folded for word in span]
        if any(word.is_number for word in span):
            return ()
        near = process.extract(
            " ".join(typed),
            self._by_length[len(span)],
            scorer=OSA.distance,
            score_cutoff=3,
            limit=None,
        )
        # "lam cong an" is no Lâm Đồng: a misspelt name of another province is taken for a word.
        near = [one for one in near if not all(map(_all_elsewhere, self._written[one[0]]))]
        slips = {key: _slip(typed, key.split()) for key, _, _ in near}
        costs = {key: cost for key, cost in slips.items() if cost is not None}
        least = min(costs.values(), default=0.0)
        return tuple(
            name for key, cost in costs.items() if cost == least for name in self._written[key]
        )


def _all_elsewhere(name: Name) -> bool:
    return all(sense.level in (Level.OUTSIDE, Level.OUTSIDE_TOWN) for sense in name.senses)


_FAR_DISTRICT = Name("quận", (), (), (Sense(Level.OUTSIDE, "quận", ()),), everyday=False)
"""Any numbered district of a great city: "quận 4"."""

_KNOWN_SHORTS = frozenset({"cm", "bl"})
"""Two letters that everybody in the province reads as a place."""


# --- the names of a province -----------------------------------------------------------------


def _index(pairs: Iterable[tuple[str, Name]]) -> dict[str, tuple[Name, ...]]:
    gathered: dict[str, dict[str, Name]] = {}
    for key, name in pairs:
        gathered.setdefault(key, {})[name.written] = name
    return {key: tuple(names.values()) for key, names in gathered.items()}


def _names(province: Province) -> Iterator[Name]:
    senses: dict[tuple[Marks, ...], list[Sense]] = {}
    written: dict[tuple[Marks, ...], str] = {}
    for spelling, sense in _senses(province):
        key = tuple(map(marks, spelled(spelling)))
        senses.setdefault(key, []).append(sense)
        written.setdefault(key, spelling)
    everyday = {tuple(map(marks, spelled(name))) for name in province.about.everyday_names}
    for key, spelling in written.items():
        syllables = tuple(map(fold, spelled(spelling)))
        yield Name(spelling, syllables, key, tuple(senses[key]), key in everyday)


def _senses(province: Province) -> Iterator[tuple[str, Sense]]:
    province_of = {district.id: district.province for district in province.districts}
    for commune in province.communes:
        districts = frozenset(unit.district for unit in province.old_units_of(commune.code))
        provinces = frozenset(province_of[district] for district in districts)
        itself = (commune.code,)
        yield commune.name, Sense(Level.COMMUNE, commune.kind, itself, districts, provinces)
    for unit in province.old_units:
        districts = frozenset({unit.district})
        provinces = frozenset({province_of[unit.district]})
        yield unit.name, Sense(Level.OLD_UNIT, unit.kind, unit.became, districts, provinces)
    for district in province.districts:
        units = [unit for unit in province.old_units if unit.district == district.id]
        codes = tuple({code: None for unit in units for code in unit.became})
        districts, provinces = frozenset({district.id}), frozenset({district.province})
        yield district.name, Sense(Level.DISTRICT, district.kind, codes, districts, provinces)
    for landmark in province.landmarks:
        around = [unit for code in landmark.communes for unit in province.old_units_of(code)]
        districts = frozenset(unit.district for unit in around)
        provinces = frozenset(province_of[district] for district in districts)
        for name in (landmark.name, *landmark.also):
            yield name, Sense(Level.LANDMARK, "", landmark.communes, districts, provinces)
    every = frozenset(province.about.former_provinces)
    for former in every:
        yield former, Sense(Level.FORMER_PROVINCE, "tỉnh", (), provinces=frozenset({former}))
    yield province.name, Sense(Level.PROVINCE, province.about.kind, (), provinces=every)
    yield from _elsewhere(province)


def _elsewhere(province: Province) -> Iterator[tuple[str, Sense]]:
    for other in province.vietnam.provinces:
        if other.name == province.name:
            continue
        for former in other.was:
            for name in (former.name, *former.also):
                yield name, Sense(Level.OUTSIDE, "tỉnh", (), outside=other.name)
            for town in former.towns:
                yield town, Sense(Level.OUTSIDE_TOWN, "", (), outside=other.name)
    for country in province.vietnam.abroad:
        yield country, Sense(Level.OUTSIDE, "", (), outside=country)


def _all_at(name: Name, level: Level) -> bool:
    return all(sense.level is level for sense in name.senses)


# --- likeness --------------------------------------------------------------------------------

_HOOK_OR_TILDE = frozenset({"\u0309", "\u0303"})


def _disagreement(span: Sequence[Word], name: Name, *, bare: bool) -> float:
    """How much the marks of a stretch speak against a name spelt with the same letters."""
    if len(name.marks) != len(span):
        return 0.0
    return sum(
        _syllable_disagreement(word.marks, meant, bare=bare)
        for word, meant in zip(span, name.marks, strict=True)
    )


def _syllable_disagreement(typed: Marks, meant: Marks, *, bare: bool) -> float:
    if typed == meant:
        return 0.0
    if typed[0].isascii() and not typed[1]:
        return 0.0 if bare else 0.2
    if typed[0] == meant[0]:
        return 0.3 if {typed[1], meant[1]} <= _HOOK_OR_TILDE else 0.6
    return 1.0


def _same_letters(span: Sequence[Word], name: Name) -> bool:
    """Whether single letters stand as they are: "Tân Lộc ạ" is no Tân Lộc A."""
    return len(name.marks) != len(span) or all(
        len(meant[0]) > 1 or meant[0].isdigit() or word.marks == meant
        for word, meant in zip(span, name.marks, strict=True)
    )


_ONSETS = {
    "ngh": "ng",
    "gh": "g",
    "gi": "d",
    "tr": "ch",
    "ph": "f",
    "qu": "kw",
    "q": "kw",
    "ch": "ch",
    "c": "k",
    "z": "d",
    "j": "d",
    "s": "x",
    "w": "kw",
}
_RIMES = {"uye": "ie", "uo": "u", "ie": "i", "y": "i"}
_ENDINGS = {"ng": "n", "nh": "n", "ch": "t", "c": "t"}


@lru_cache(maxsize=65_536)
def _sound(syllable: str) -> str:
    """How a folded syllable is said in the south: `xuyen` and `xien`, `tang` and `tan` meet."""
    onset = next((one for one in _ONSETS if syllable.startswith(one)), "")
    rest = syllable.removeprefix(onset)
    for written, said in _RIMES.items():
        rest = rest.replace(written, said)
    ending = next((one for one in _ENDINGS if rest.endswith(one)), "")
    return _ONSETS.get(onset, "") + rest.removesuffix(ending) + _ENDINGS.get(ending, "")


def _closest(span: Sequence[Word], names: tuple[Name, ...]) -> tuple[Name, ...]:
    typed = " ".join(word.folded for word in span)
    far = [OSA.distance(typed, " ".join(name.syllables)) for name in names]
    return tuple(name for name, distance in zip(names, far, strict=True) if distance == min(far))


def _slip(typed: Sequence[str], name: Sequence[str]) -> float | None:
    """What it takes to turn the typed syllables into the name's; None: too much to be a slip."""
    cost, slips, same = 0.0, 0, 0
    for one, other in zip(typed, name, strict=True):
        letters = (min(len(one), len(other)), max(len(one), len(other)))
        distance = OSA.distance(one, other)
        if distance == 0:
            same += 1
        elif _sound(one) == _sound(other):
            cost += 0.4
        elif letters[0] >= 2 and letters[1] >= 3 and distance == 1:
            cost, slips = cost + 1, slips + 1
        elif letters[0] >= 5 and distance == 2:
            cost, slips = cost + 2, slips + 1
        else:
            return None
    if slips and not same and len(name) < 4:
        return None
    return cost if slips <= (1 if len(name) < 3 else 2) else None


def _keeping(guess: Found, written: Mapping[int, Iterable[Found]]) -> Found | None:
    """A guess with the names that leave whole and unchanged what is plainly written within it.

    `written` holds plainly written names of two syllables or more, by the word where they begin.
    """
    if guess.likeness is Likeness.WRITTEN:
        return guess
    names = guess.names
    for begin in range(max(0, guess.begin - MOST_SYLLABLES), guess.end):
        for plain in written.get(begin, ()):
            if plain.end <= guess.begin:
                continue
            if plain.begin < guess.begin or guess.end < plain.end:
                return None
            part = slice(plain.begin - guess.begin, plain.end - guess.begin)
            kept = {name.syllables for name in plain.names}
            names = tuple(name for name in names if name.syllables[part] in kept)
    return Found(guess.begin, guess.end, names, guess.likeness) if names else None
