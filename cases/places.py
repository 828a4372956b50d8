"""Where a citizen means, however it is written: old or new name, shortened, misspelt, or a pin.

A name found is read as every unit that carries it, old and new, narrowed by the words around it
("thị trấn", "cũ", an old district). What stays open stays open: several communes are handed back to
be asked about, never one of them picked. Pure: the province comes in as a value.
"""

import math
from bisect import bisect_right
from collections.abc import Iterable, Iterator, Sequence
from collections.abc import Set as AbstractSet
from dataclasses import dataclass, replace

from cases.placenames import Found, Level, Likeness, Names, Sense
from cases.placewords import (
    Age,
    Cue,
    Sureness,
    Word,
    age_after,
    cue_before,
    sureness,
    word_before,
    words_of,
)
from cases.province import Province
from knowledge.vietnamese import clean

ELSEWHERE = "nơi khác"
"""The `outside` of a place that lies outside the province when it can't be told where."""

LONG_ANSWER = 14
"""From this many words on, an answer is read as a story."""

LONGEST_ADDRESS = 6
"""How many names one address can hold: hamlet, old and new commune, district, both provinces."""

FAR_KM = 30.0
"""A pin farther than this from every known point of the province lies outside."""


@dataclass(frozen=True, slots=True)
class PlaceReading:
    """What was understood of a place."""

    communes: tuple[str, ...] = ()
    """Codes it may mean, in the province's order; none when it lies outside, or none was named."""
    ambiguous: bool = False
    """Whether the citizen must be asked."""
    matched: str | None = None
    """The words that named it, as typed."""
    outside: str | None = None
    """Today's province, or the country, that it lies in instead; `ELSEWHERE` when unknown."""


class Gazetteer:
    """Reads places of one province."""

    def __init__(self, province: Province) -> None:
        """Index the province once (some 10 ms); a reading then takes about a millisecond."""
        self._province = province
        self._names = Names(province)
        self._order = {commune.code: place for place, commune in enumerate(province.communes)}
        self._points = tuple(_points(province))

    def read(self, text: str, *, story: bool = False) -> PlaceReading:
        """The communes a text names.

        A bare answer to "where?" is searched for anything like a name. In a story (`story`, or a
        long answer) a name must look like a place: after "xã" or "ở", or beside another name.
        """
        cleaned = clean(text)
        words = words_of(cleaned)
        strict = story or len(words) >= LONG_ANSWER
        found = self._names.find(words, strict=strict)
        mentions = [_mention(words, one) for one in found if not _says_something_else(words, one)]
        if strict:
            begins = {one.begin for one in found}
            mentions = [one for one in mentions if _stands_in_a_story(words, one, begins)]
        places = [_read_together(group) for group in _groups(_best_cover(mentions), words)]
        place = _choose([place for place in places if place.codes or place.outside])
        if place is None:
            return PlaceReading()
        codes = tuple(sorted(place.codes, key=self._order.__getitem__))
        return PlaceReading(
            communes=codes,
            ambiguous=len(codes) > 1 or (bool(codes) and place.unsure),
            matched=cleaned[words[place.first].begin : words[place.end - 1].end],
            outside=None if codes else place.outside,
        )

    def nearest(self, lat: float, lon: float) -> tuple[tuple[str, float], ...]:
        """Every commune by the distance of its nearest known point: code and km, nearest first."""
        best: dict[str, float] = {}
        for code, point_lat, point_lon in self._points:
            distance = km(lat, lon, point_lat, point_lon)
            if distance < best.get(code, math.inf):
                best[code] = distance
        return tuple(sorted(best.items(), key=lambda found: found[1]))

    def read_pin(self, lat: float, lon: float) -> PlaceReading:
        """The communes a shared pin (degrees, WGS 84) may lie in.

        Borders are not known here, only points: where several are about as near, all are asked.
        A pin nearer to a commune of another province lies outside.
        """
        found = self.nearest(lat, lon)
        (_, closest) = found[0]
        beyond = min(
            ((km(lat, lon, one.lat, one.lon), one.province) for one in self._province.neighbours),
            default=(math.inf, ELSEWHERE),
        )
        if min(closest, beyond[0]) > FAR_KM:
            return PlaceReading(outside=ELSEWHERE)
        if beyond[0] < closest:
            return PlaceReading(outside=beyond[1])
        codes = tuple(code for code, distance in found[:3] if distance <= 1.4 * closest + 0.5)
        return PlaceReading(communes=codes, ambiguous=len(codes) > 1)


def km(lat: float, lon: float, other_lat: float, other_lon: float) -> float:
    """Straight-line km between two points in degrees; good to 1 % within a province."""
    north = math.radians(other_lat - lat)
    east = math.radians(other_lon - lon) * math.cos(math.radians((lat + other_lat) / 2))
    return 6371 * math.hypot(north, east)


def _points(province: Province) -> Iterator[tuple[str, float, float]]:
    for commune in province.communes:
        yield commune.code, commune.lat, commune.lon
    for unit in province.old_units:
        if not unit.split:
            yield unit.became[0], unit.lat, unit.lon
    for landmark in province.landmarks:
        if landmark.lat is not None and landmark.lon is not None:
            for code in landmark.communes:
                yield code, landmark.lat, landmark.lon


# --- one name in its sentence ----------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class _Mention:
    """A name with what its sentence says of it."""

    first: int
    """The word where it begins, its unit word included."""
    found: Found
    senses: tuple[Sense, ...]
    cue: Cue
    sureness: Sureness

    @property
    def end(self) -> int:
        return self.found.end


def _mention(words: Sequence[Word], found: Found) -> _Mention:
    cue, first = cue_before(words, found.begin)
    senses = tuple(sense for name in found.names for sense in name.senses)
    fitting = _fitting(senses, cue, age_after(words, found.end))
    return _Mention(first, found, fitting, cue, sureness(words, first, cue))


_NO_NAMES = frozenset({"khong", "ko", "toi", "tui", "duoc", "nguoi", "ngheo"})
"""Words of every talk that no slip makes of a name: "không tiền" is no Khánh Tiến."""


def _says_something_else(words: Sequence[Word], found: Found) -> bool:
    span = words[found.begin : found.end]
    return found.likeness is Likeness.NEARLY and any(word.folded in _NO_NAMES for word in span)


_UNITS = frozenset({Level.COMMUNE, Level.OLD_UNIT})
_FINE = _UNITS | {Level.LANDMARK}
_WIDE = frozenset({Level.FORMER_PROVINCE, Level.PROVINCE, Level.OUTSIDE, Level.OUTSIDE_TOWN})
_ELSEWHERE = frozenset({Level.OUTSIDE, Level.OUTSIDE_TOWN})


def _fitting(senses: tuple[Sense, ...], cue: Cue, age: Age) -> tuple[Sense, ...]:
    """The senses that a unit word and "cũ" or "mới" leave; a wrong word rules out nothing."""
    match cue:
        case Cue.COMMUNE | Cue.WARD | Cue.TOWNSHIP:
            units = _at(senses, _UNITS)
            senses = tuple(sense for sense in units if sense.kind == cue) or units or senses
        case Cue.DISTRICT | Cue.TOWN | Cue.CITY:
            senses = _at(senses, {Level.DISTRICT}) or _at(senses, _WIDE) or senses
        case Cue.PROVINCE:
            senses = _at(senses, _WIDE) or senses
        case Cue.CITY_DISTRICT:  # the province has none
            senses = (Sense(Level.OUTSIDE, cue, (), outside=ELSEWHERE),)
        case Cue.HAMLET | Cue.NONE:
            senses = tuple(s for s in senses if s.level not in _ELSEWHERE) or senses
    match age:
        case Age.OLD:
            return tuple(s for s in senses if s.level is not Level.COMMUNE) or senses
        case Age.NEW:
            return _at(senses, {Level.COMMUNE}) or senses
        case Age.UNSAID:
            return senses


def _at(senses: Iterable[Sense], levels: AbstractSet[Level]) -> tuple[Sense, ...]:
    return tuple(sense for sense in senses if sense.level in levels)


_PEOPLE = frozenset(
    {"ong", "ba", "anh", "chi", "em", "co", "chu", "bac", "di", "cau", "mo", "thim", "duong",
     "thang", "con", "ten", "thay", "nguyen", "tran", "le", "pham", "huynh", "vo", "vu", "phan",
     "truong", "bui", "dang", "do", "ngo", "ho", "ly", "van", "thi"}
)  # fmt: skip
"""Before a name these make it a person's: "anh Thanh Tùng", "Nguyễn Văn Tân Tiến"."""
_TOWARDS = frozenset({"ve", "tren", "ben", "trong", "vo", "qua", "xuong", "len", "ra", "tu"})


def _stands_in_a_story(words: Sequence[Word], mention: _Mention, begins: AbstractSet[int]) -> bool:
    """Whether a name in the middle of a story is a place at all; `begins`: where names begin."""
    begin = mention.found.begin
    if words[begin].is_number and len(words[mention.first].folded) < 3:
        # "p5" by itself may be anything; "ở p5", "p5 cm" are wards
        return mention.sureness is Sureness.LIVES or mention.end in begins
    match mention.sureness:
        case Sureness.LIVES | Sureness.PLACE:
            # "về quê làm khai sinh" is a slip of no Lâm Hải
            guessed = mention.found.likeness is Likeness.NEARLY and mention.cue is Cue.NONE
            return not (guessed and all(name.everyday for name in mention.found.names))
        case Sureness.BARE:
            # far places are named for many reasons: "qua Trung Quốc lấy chồng"
            return _outside(mention) is None and _plainly_a_place(words, mention)


def _plainly_a_place(words: Sequence[Word], mention: _Mention) -> bool:
    names = mention.found.names
    before = word_before(words, mention.first)
    last = not before and mention.first > 0 and mention.end == len(words)
    if last and mention.found.likeness is Likeness.WRITTEN:
        return True  # a story that ends with "…. Nguyễn Huân" says where it is from
    everyday = all(name.everyday for name in names) and before != "ben"
    if before in _PEOPLE or everyday:
        return False
    if mention.found.disagreement > 0.3:
        return False
    span = words[mention.found.begin : mention.end]
    accented = any(word.marks != (word.folded, "") for word in span)
    if accented and (before in _TOWARDS or all(word.typed[0].isupper() for word in span)):
        return True
    levels = {sense.level for name in names for sense in name.senses}
    return len(span) > 2 or not levels <= _UNITS | {Level.OUTSIDE_TOWN}


# --- names that stand together ---------------------------------------------------------------


def _weight(mention: _Mention) -> float:
    """What a mention is worth against those it overlaps: much text, well matched, with its word."""
    length = mention.found.end - mention.found.begin
    doubt = {Likeness.WRITTEN: 0.0, Likeness.SOUNDS: 3.0, Likeness.NEARLY: 8.0}
    cued = 0.0 if mention.cue is Cue.NONE else 1.0
    lost = doubt[mention.found.likeness] + 4 * mention.found.disagreement
    if all(sense.level is Level.OUTSIDE_TOWN for sense in mention.senses):
        lost += 12.0  # far towns sound like words of ours: "Khánh Bình Đông dạ" is no Đống Đa
    return 10 * length + length**2 + cued - lost


def _best_cover(mentions: Sequence[_Mention]) -> list[_Mention]:
    """The mentions that together, without overlap, explain most of the text."""
    by_end = sorted(mentions, key=lambda mention: (mention.end, -mention.first))
    ends, totals = [0], [0.0]
    steps: list[tuple[_Mention, int] | None] = [None]
    for mention in by_end:
        before = bisect_right(ends, mention.first) - 1
        total = totals[before] + _weight(mention)
        if total > totals[-1]:
            ends.append(mention.end)
            totals.append(total)
            steps.append((mention, before))
    cover: list[_Mention] = []
    step = steps[-1]
    while step is not None:
        mention, before = step
        cover.append(mention)
        step = steps[before]
    return cover[::-1]


_JOINING = frozenset(
    {"cu", "moi", "thuoc", "nay", "la", "o", "doi", "ten", "cua", "nha", "a", "nhe",
     "nghen", "ha", "ne", "xa", "phuong", "huyen", "tinh", "tp", "thi", "tran", "tt"}
)  # fmt: skip
"""Words that may stand between two names of one address."""


def _groups(mentions: Sequence[_Mention], words: Sequence[Word]) -> list[list[_Mention]]:
    """Names with nothing but commas, hamlets and small words between them belong together."""
    groups: list[list[_Mention]] = []
    for mention in mentions:
        if groups and len(groups[-1]) < LONGEST_ADDRESS:
            last = groups[-1][-1].end
            between = words[last : mention.first]
            ended = any(word.after_sentence for word in words[last : mention.first + 1])
            if not ended and all(word.folded in _JOINING or word.is_number for word in between):
                groups[-1].append(mention)
                continue
        groups.append([mention])
    return groups


@dataclass(frozen=True, slots=True)
class _Place:
    """What names that stand together were read as."""

    codes: frozenset[str]
    outside: str | None
    first: int
    end: int
    sureness: Sureness
    unsure: bool


def _read_together(group: Sequence[_Mention]) -> _Place:
    villages = [mention for mention in group if mention.cue is Cue.HAMLET]
    named = [mention for mention in group if mention.cue is not Cue.HAMLET] or villages
    surest = min((mention.sureness for mention in group), key=list(Sureness).index)
    # a hamlet may be called like a commune elsewhere: by itself it says nothing sure
    unsure = named == villages
    place = _Place(frozenset(), None, group[0].first, group[-1].end, surest, unsure)
    outside = [name for name in map(_outside, named) if name is not None]
    if outside:
        return replace(place, outside=outside[-1])
    readings = [_narrowed(named, leaf) for leaf in range(len(named))]
    whole = [reading for reading in readings if reading[1]]
    if whole:
        # of equals the first: the smaller unit is usually written first
        return replace(place, codes=min(whole, key=lambda reading: reading[0])[1])
    every = frozenset(code for mention in named for code in _codes(mention.senses))
    return replace(place, codes=every, unsure=True)


def _narrowed(named: Sequence[_Mention], leaf: int) -> tuple[int, frozenset[str]]:
    """The codes of one name within all the others; none when they contradict it.

    With them, how far the loosest fit was from "a unit in its old district".
    """
    senses = named[leaf].senses
    codes = _codes(senses)
    loosest = 0
    for place, container in enumerate(named):
        if place != leaf:
            fit, senses, codes = _within(senses, codes, container.senses)
            loosest = max(loosest, fit)
    return loosest, codes


def _within(
    senses: tuple[Sense, ...], codes: frozenset[str], container: tuple[Sense, ...]
) -> tuple[int, tuple[Sense, ...], frozenset[str]]:
    """What of a name lies within another: its district (0), its commune (1), its province (2)."""
    districts = {one for s in _at(container, {Level.DISTRICT}) for one in s.districts}
    fine = tuple(sense for sense in _at(senses, _FINE) if sense.districts & districts)
    if _codes(fine) & codes:
        return 0, fine, _codes(fine) & codes
    communes = _codes(_at(container, {Level.COMMUNE}))
    units = _at(senses, _FINE)
    if _codes(units) & codes & communes:
        return 1, units, _codes(units) & codes & communes
    for level in (Level.FORMER_PROVINCE, Level.PROVINCE):
        provinces = {one for sense in _at(container, {level}) for one in sense.provinces}
        inside = tuple(sense for sense in senses if sense.provinces & provinces)
        if _codes(inside) & codes:
            return 2, inside, _codes(inside) & codes
    return 2, (), frozenset()


def _codes(senses: Iterable[Sense]) -> frozenset[str]:
    return frozenset(code for sense in senses for code in sense.codes)


def _outside(mention: _Mention) -> str | None:
    if mention.senses and all(sense.level in _ELSEWHERE for sense in mention.senses):
        return mention.senses[0].outside
    return None


def _choose(places: Sequence[_Place]) -> _Place | None:
    """Of several places in one text the one where somebody lives; equals are all asked."""
    inside = [place for place in places if place.codes] or list(places)
    for level in Sureness:
        equals = [place for place in inside if place.sureness is level]
        if equals:
            chosen = equals[0]
            for other in equals[1:]:
                common = chosen.codes & other.codes
                chosen = replace(chosen, codes=common or chosen.codes | other.codes)
            return chosen
    return None
