"""Who a message speaks of: the writer, their child, husband, mother, a neighbour…"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from enum import StrEnum
from itertools import pairwise, zip_longest
from pathlib import Path

from bot.understanding import numbers
from bot.understanding.phrases import Message, Phrasebook, bits
from knowledge.vietnamese import fold
from store.datafile import Entry, load

PEOPLE = Path(__file__).parent / "data" / "people.yaml"


class Relation(StrEnum):
    """Who needs help, seen from the writer: "con tôi bị bắt" → CHILD."""

    SELF = "self"
    CHILD = "child"
    SPOUSE = "spouse"
    PARENT = "parent"
    RELATIVE = "relative"
    NEIGHBOUR = "neighbour"
    OTHER = "other"


class PeopleFile(Entry):
    relations: Mapping[Relation, tuple[str, ...]]
    self_: tuple[str, ...]
    humble_self: tuple[str, ...]
    pronouns: tuple[str, ...]
    intermediary: tuple[str, ...]
    wronged_in_office: tuple[str, ...]
    gone: tuple[str, ...]
    not_gone: tuple[str, ...]
    harmed: tuple[str, ...]
    not_harmed: tuple[str, ...]
    on_behalf: tuple[str, ...]
    wants: tuple[str, ...]
    seeks: tuple[str, ...]
    """What somebody named wants for themselves."""
    not_people: tuple[str, ...]
    against: tuple[str, ...]
    wed: tuple[str, ...]
    """A marriage is spoken of, in which "ảnh" is the husband."""
    acts: tuple[str, ...]
    """What somebody did whose own trouble it is: "tôi mua chiếc xe trả góp"."""
    mostly_other_words: tuple[str, ...]
    before_a_person: tuple[str, ...]


@dataclass(frozen=True)
class Mention:
    """A person named in a message: where, and who it is."""

    begin: int
    end: int
    relation: Relation
    gone: bool = False
    humble: bool = False
    """Said with "con" or "cháu", which is a child as well as the writer."""
    subject: bool = False
    """A clause begins with them: what is told further on is of them, not of who is named beside."""


class People:
    """Finds the persons of a message."""

    def __init__(self, book: Phrasebook) -> None:
        file = load(PEOPLE, PeopleFile)
        book.add_list("tôi", (*file.self_, *file.humble_self))
        self._relations = tuple(one for one, names in file.relations.items() for _ in names)
        self._named = book.all(
            _together(name) for names in file.relations.values() for name in names
        )
        self._self = book.all(map(_together, file.self_))
        self._humble = book.all(map(_together, file.humble_self))
        self._pronouns = book.all(map(_together, file.pronouns))
        self._intermediary = book.all(file.intermediary)
        self._wronged_in_office = book.all(file.wronged_in_office)
        self._not_people = book.all(map(_together, file.not_people))
        self._wed = book.all(file.wed)
        self._gone = book.all(map(_together, file.gone))
        self._not_gone = book.all(file.not_gone)
        self._harmed = book.all(map(_together, file.harmed))
        self._not_harmed = book.all(file.not_harmed)
        self._on_behalf = book.all(file.on_behalf)
        self._wants = book.all(map(_together, file.wants))
        self._seeks = book.all(file.seeks)
        self._against = book.all(file.against)
        self._acts = book.all(map(_together, file.acts))
        self._mostly_other_words = frozenset(map(fold, file.mostly_other_words))
        self._before_a_person = frozenset(map(fold, file.before_a_person))

    def mentions(self, message: Message) -> tuple[Mention, ...]:
        """All persons in order; the longest name at a place wins; "nó" is the last one named."""
        spans: list[tuple[int, int, Relation | None]] = []
        spans += [(a, b, self._relations[nth]) for nth, a, b in self._named.find(message)]
        spans += [(a, b, Relation.SELF) for _, a, b in self._self.find(message)]
        others = self._not_people.covered(message)
        plain = any(
            relation is Relation.SELF
            and (message.marked or others & bits(begin, end) != bits(begin, end))
            for begin, end, relation in spans
        )
        humble = Relation.CHILD if plain else Relation.SELF
        humbly = {(a, b) for _, a, b in self._humble.find(message)}
        spans += [(a, b, humble) for a, b in humbly]
        pronouns = [(a, b) for _, a, b in self._pronouns.find(message)]
        spans += [(a, b, None) for a, b in pronouns]
        whose = {a: b for a, b in pronouns if message.words[a] in _HIS}
        spans.sort(key=lambda span: (span[0], -(span[1] - span[0])))
        alive = self._not_gone.covered(message)
        gone = [begin for _, begin, _ in self._gone.find(message) if not alive >> begin & 1]
        selves = {begin for begin, _, relation in spans if relation is Relation.SELF}
        found: list[Mention] = []
        taken = 0
        named_before: list[tuple[Relation, str]] = []
        wed = self._wed.among(message)
        for begin, end, named in spans:
            if begin < taken or others & bits(begin, end) == bits(begin, end):
                continue
            if message.commas & bits(begin + 1, end):
                continue  # "là một, em bị mất" names nobody "một em"
            if end == begin + 1 and self._is_another_word(begin, message):
                continue
            if found and _owns(found[-1], begin, message):
                found[-1] = replace(found[-1], end=end)
                taken = end
                continue
            if found and named not in (None, Relation.SELF) and _is_what(found[-1], begin, message):
                taken = end
                continue
            if found and named is Relation.SELF and _describes(found[-1], begin, message):
                found[-1] = replace(found[-1], end=end)
                taken = end
                continue
            if found and _helped_by_the_way(begin, end, message):
                continue
            relation = named or _meant_by(message.words[begin:end], named_before, wed=wed)
            theirs = named not in (None, Relation.SELF) and end in selves
            theirs &= not message.commas >> end & 1
            taken = end + 1 if theirs else end  # "con trai" + "tôi" is one person
            child = _meant_by(("nó",), named_before, wed=wed) if named is Relation.PARENT else None
            parent_of = end in whose and child not in (None, Relation.OTHER)
            parent_of &= not message.commas >> end & 1
            if parent_of:  # "mẹ nó": whoever "nó" was before, "nó" stays
                taken, relation = whose[end], Relation.OTHER
            elif (
                relation is not Relation.SELF
                and named is not None
                and tuple(map(fold, message.words[begin:end])) != _PEOPLE_AT_LARGE
            ):
                named_before.append((relation, fold(" ".join(message.words[begin:end]))))
            humble_one = (begin, end) in humbly
            subject = _begins_a_clause(begin, taken, found[-1].end if found else 0, message)
            found.append(Mention(begin, taken, relation, humble=humble_one, subject=subject))
        return tuple(
            replace(one, gone=_is_gone(one, following, gone, message))
            for one, following in zip_longest(found, found[1:])
            if one is not None
        )

    def _is_another_word(self, place: int, message: Message) -> bool:
        """Whether a word that names a person with marks on was meant otherwise without them."""
        if message.marked or message.words[place] not in self._mostly_other_words:
            return False
        if fold(message.words[place]) in _NEVER_ALONE:
            return fold(message.words[max(0, place - 1)]) not in self._before_a_person
        if (message.commas | message.sentence_ends | 1) >> place & 1:
            return False
        return fold(message.words[place - 1]) not in self._before_a_person

    def harmed(self, message: Message, mentions: tuple[Mention, ...]) -> tuple[Relation, ...]:
        """Everybody to whom something was done, in order.

        "Bị …" by itself is the writer, or the one the story is about if the writer does not
        occur in it. "Bị mù", "bị HIV" is how somebody is, not what was done to them.
        """
        hero = mentions[0] if mentions else None
        if any(one.relation is Relation.SELF for one in mentions):
            hero = None
        states = self._not_harmed.covered(message)
        found: list[Relation] = []
        for place in sorted(begin for _, begin, _ in self._harmed.find(message)):
            if states >> place & 1:
                continue
            before = [
                one
                for one in mentions
                if one.end <= place
                and place - one.end <= 6
                and not message.sentence_ends & bits(one.end, place + 1)
            ]
            leading = hero or _leads(place, mentions, message)
            earlier = (leading,) if leading is not None and leading.end <= place else ()
            alone = [
                one
                for one in before
                if not _comes_along(one, message) and not _does_it(one, message)
            ]
            before = alone if alone or earlier else before
            subject = next(iter((*before[-1:], *earlier)), None)
            relation = subject.relation if subject is not None else Relation.SELF
            if relation not in found and not (subject is not None and subject.gone):
                found.append(relation)
        return tuple(found)

    def spoken_for(self, message: Message, mentions: tuple[Mention, ...]) -> Relation | None:
        """For whom the writer asks ("hỏi giùm bà cụ", "xin cho con"); None when it is not said."""
        ends = {end for _, _, end in self._on_behalf.find(message)}
        others = [one for one in mentions if one.relation is not Relation.SELF]
        for one in others:
            apart = message.commas | message.sentence_ends
            if any(
                end in ends and not apart & bits(end, one.begin + 1)
                for end in (one.begin, one.begin - 1)
            ):
                return one.relation
        closed = message.commas | message.sentence_ends | 1 << len(message.words)
        for end in sorted(ends):  # "bà cụ kế nhà …, tôi hỏi giùm bà"
            before = [one for one in others if one.end < end and not _is_blamed(one, message)]
            if not before:
                continue
            if end < len(message.words) and message.words[end] in _THE_OLD:
                return before[-1].relation
            if closed >> end & 1 and fold(message.words[end - 2]) in _ASKS_FOR:
                return before[0].relation  # "bé kế nhà …, em hỏi giùm"
        return None

    def opponents(self, message: Message, mentions: tuple[Mention, ...]) -> frozenset[Relation]:
        """Those who did something to the writer ("chị chồng 65 tuổi giành đất với tôi")."""
        found: set[Relation] = set()
        for _, begin, _ in self._against.find(message):
            sentence = message.sentence_of(begin)
            before = [one for one in mentions if one.end <= begin and sentence >> one.begin & 1]
            doers = before[-1:]
            between = message.words[doers[0].end : begin] if doers else ()
            if _THEY & set(between) or ("ma", "ho") in pairwise(between):
                continue  # "má tôi cho mướn nhà mà họ không trả"
            found |= {one.relation for one in doers if one.relation is not Relation.SELF}
        return frozenset(found)

    def self_wants(self, message: Message, mentions: tuple[Mention, ...]) -> bool:
        """Whether the writer wants something for themselves ("tôi muốn ly hôn")."""
        begins = {
            begin for _, begin, end in self._wants.find(message) if not _only_asks(end, message)
        }
        return any(
            one.relation is Relation.SELF and begins & {one.end, one.end + 1, one.end + 2}
            for one in mentions
        )

    def others_wanting(
        self, message: Message, mentions: tuple[Mention, ...]
    ) -> tuple[Relation, ...]:
        """Those of whom it is said what they want themselves: "ảnh muốn kiện, tôi dắt ảnh đi"."""
        against = {one.begin for one in mentions if one.relation is Relation.SELF}
        begins = {
            begin
            for _, begin, end in self._seeks.find(message)
            if end not in against or message.commas >> end & 1  # not "muốn kiện tôi"
        }
        return tuple(
            one.relation
            for one in mentions
            if one.relation is not Relation.SELF and begins & {one.end, one.end + 1}
        )

    def self_acts(self, message: Message, mentions: tuple[Mention, ...]) -> bool:
        """Whether the writer tells what they did themselves: "tôi mua chiếc xe, họ không đổi"."""
        begins = {begin for _, begin, _ in self._acts.find(message)}
        return any(
            one.relation is Relation.SELF and one.subject and begins & {one.end, one.end + 1}
            for one in mentions
        )

    def is_intermediary(self, message: Message) -> bool:
        """Whether the writer speaks as somebody whose office it is to help others.

        A teacher who was dismissed speaks of themselves.
        """
        if not self._intermediary.among(message):
            return False
        harmed = self.harmed(message, self.mentions(message))
        others = any(one is not Relation.SELF for one in harmed)
        return others or not self._wronged_in_office.among(message)


def _is_gone(
    one: Mention, following: Mention | None, gone: Sequence[int], message: Message
) -> bool:
    """Whether somebody is said to be dead, before a comma or another person is named."""
    until = following.begin if following else len(message.words)
    return any(
        one.end <= place < until
        and not message.sentence_ends & bits(one.end + 1, place + 1)
        and not (message.commas & bits(one.end + 1, place) and not _dies_after(place, message))
        and not (message.commas >> place & 1 and _loses_a_number(place, message))
        for place in gone
    )


_PEOPLE_AT_LARGE = ("nguoi", "ta")
"""Many, or nobody in particular: "người ta dẫn nó đi" leaves "nó" to whoever was named before."""
_THE_OLD = frozenset(["ông", "bà", "cụ", "ong", "cu"])
_THEY = frozenset(["họ", "tụi", "chúng", "bọn"])
"""Others than those named before; with marks only, for "ho" is a household too."""


def _dies_after(place: int, message: Message) -> bool:
    """Whether a clause of its own tells of a death: "ông tôi thương binh, 90 tuổi, mất hồi …"."""
    if [fold(word) for word in message.words[max(0, place - 2) : place]] in _UNTIL:
        return True  # "ông tôi nhiễm chất độc, lãnh tiền tới lúc mất"
    after = fold(message.words[place + 1]) if place + 1 < len(message.words) else ""
    return bool(message.commas >> place & 1) and after in _WHEN


_UNTIL = (["toi", "luc"], ["den", "luc"], ["toi", "khi"], ["den", "khi"])
_WHEN = frozenset(["hoi", "nam", "cach", "tu", "som", "thang", "hom"])


def _loses_a_number(place: int, message: Message) -> bool:
    """Whether "mất 5 triệu" follows: who says so has lost it, and lives."""
    after = message.words[place + 1 : place + 2]
    return any(word.isdigit() for word in after)


def _owns(other: Mention, begin: int, message: Message) -> bool:
    """Whether who is named at `begin` only tells whose the other is: "con gái 11 tuổi của tôi"."""
    between = [fold(word) for word in message.words[other.end : begin]]
    whose = bool(between) and between[-1] == "cua" and other.relation is not Relation.SELF
    return whose and all(
        word.isdigit() or word in _SAID_OF_CHILDREN or numbers.in_words([word]) is not None
        for word in between[:-1]
    )


def _is_what(other: Mention, begin: int, message: Message) -> bool:
    """Whether the writer only says what they are to somebody: "tôi là bà ngoại của bé"."""
    between = [fold(word) for word in message.words[other.end : begin]]
    return other.relation is Relation.SELF and between in (["la"], ["day", "la"], ["lam"])


def _describes(other: Mention, begin: int, message: Message) -> bool:
    """Whether the writer only tells which one the other is: "người bán đất cho tôi"."""
    name = [fold(word) for word in message.words[other.begin : other.begin + 2]]
    by_deed = name[0] == "nguoi" and name[-1] in _WHAT_THEY_DO
    if other.relation is not Relation.OTHER or not (by_deed or name in _BY_NAME):
        return False
    between = [fold(word) for word in message.words[other.end : begin]]
    return len(between) <= _DESCRIBED and (not between or between[-1] in _LEADS_TO_WHOM)


_DESCRIBED = 3
"""Words between."""
_LEADS_TO_WHOM = frozenset(["cho", "cua", "voi", "tien", "no", "dat"])
_WHAT_THEY_DO = frozenset(
    ["ban", "mua", "vay", "muon", "thue", "kien", "lan", "lua", "gat", "tong", "dung", "danh",
     "thieu", "no", "giu", "doi", "cho"]
)  # fmt: skip
_BY_NAME = (["con", "no"], ["chu", "no"], ["ben", "ban"], ["ben", "mua"])
_SAID_OF_CHILDREN = frozenset(
    ["tuoi", "thang", "ruot", "trai", "gai", "lon", "nho", "ut", "mo", "coi", "duy", "nhat", "ruoi",
     "may", "dau", "long", "no"]
)  # fmt: skip


_NEVER_ALONE = frozenset(["di", "noi", "duong"])
"""Without marks these are "đi", "nói", "đường" even at the beginning of a clause."""

_HIS = frozenset(["nó", "no"])

_WOMEN = frozenset(
    ["ma", "me", "ba noi", "ba ngoai", "ba cu", "di", "co", "vo", "chi", "thim", "mo", "ba"]
)
_MEN = frozenset(["chong", "ong", "anh", "chu", "cau", "duong", "tia", "bo", "cha", "thang"])
_ELDERLY = frozenset(
    ["ong", "ba", "bac", "co", "di", "chu", "cau", "duong", "thim", "mo", "noi", "ngoai"]
)
"""First words, without marks, of those whom nobody calls "nó" or "bé"."""


def _meant_by(
    pronoun: Sequence[str], before: Sequence[tuple[Relation, str]], *, wed: bool
) -> Relation:
    """Whom a pronoun stands for: the last one named whom one calls so.

    "Ảnh" is no mother and "nó" no grandfather. `wed`: a marriage is spoken of, in which "ảnh" is
    the husband though only his mother was named.
    """
    said = fold(" ".join(pronoun))
    for relation, name in reversed(before):
        first = name.split(" ", 1)[0]
        woman = first in _WOMEN
        elder = relation is Relation.PARENT or first in _ELDERLY
        match said:
            case "ong" | "ong ay":
                fits = relation is not Relation.CHILD and not (woman and first != "ba")
            case "ba" | "ba ay":
                fits = relation is not Relation.CHILD and first not in _MEN
            case "anh ay" | "anh":
                fits = relation is not Relation.PARENT and first not in (_WOMEN | {"con", "nguoi"})
            case "chi ay" | "chi":
                fits = relation is not Relation.PARENT and first not in _MEN
            case "no":
                fits = not elder
            case _:
                fits = not elder and relation is not Relation.SPOUSE
        if fits:
            return relation
    return Relation.SPOUSE if wed and said in _OF_A_HUSBAND else Relation.OTHER


_OF_A_HUSBAND = frozenset(["anh ay", "anh", "ong ay", "ong"])


def _begins_a_clause(begin: int, end: int, after: int, message: Message) -> bool:
    """Whether nothing but words of time or talk stands between a clause's beginning and a person.

    `after`: where the person named before ends.
    """
    borders = message.commas | message.sentence_ends | 1
    first = begin
    while first > after and not borders >> first & 1:
        first -= 1
    led = [fold(word) for word in message.words[max(0, begin - 2) : begin]]
    if led[-1:] in (["co"], ["nuoi"]) or (
        led[:1] in (["co"], ["nuoi"]) and numbers.in_words(led[1:]) is not None
    ):
        return True  # "tôi có đứa con trai mới 17, bị bắt"
    if not borders >> first & 1:
        return begin > after and fold(message.words[begin - 1]) in _NEW_CLAUSE
    led = [fold(word) for word in message.words[first:begin]]
    closed = end >= len(message.words) or bool((borders & ~1) >> end & 1)
    return not closed and all(word in _LEADS_IN or word.isdigit() for word in led)


_NEW_CLAUSE = frozenset(["nhung", "gio", "nay", "ma"])
_LEADS_IN = frozenset(
    ["da", "thua", "cho", "hoi", "gio", "nay", "hom", "qua", "nam", "truoc", "roi", "ma", "thi",
     "nhung", "xin", "chao", "nha", "co", "bua", "moi", "sang", "toi", "trua", "chieu", "luc",
     "bay", "hien", "tai", "dung", "mot", "dua"]
)  # fmt: skip


def _helped_by_the_way(begin: int, end: int, message: Message) -> bool:
    """Whether "người ta" only stands for whom something was done: "chở hàng giùm người ta"."""
    words = [fold(word) for word in message.words[begin - 1 : end]]
    return words[1:] == ["nguoi", "ta"] and words[0] in ("gium", "dum", "giup", "cho", "cua")


def _leads(place: int, mentions: tuple[Mention, ...], message: Message) -> Mention | None:
    """The one a story begins with, when the writer is not named before `place`."""
    before = [one for one in mentions if one.end <= place]
    if not before or any(one.relation is Relation.SELF for one in before):
        return None
    named = before[0].relation is not Relation.OTHER
    aged = message.words[before[0].begin] in ("ông", "bà", "cụ", "bé", "đứa")
    return before[0] if named or aged else None


def _is_blamed(one: Mention, message: Message) -> bool:
    """Whether somebody is named as the one who did it: "bị (nhà) hàng xóm lấn"."""
    return not {"bị", "bi"}.isdisjoint(message.words[max(0, one.begin - 2) : one.begin])


_ASKS_FOR = frozenset(["hoi", "nhan", "viet", "keu", "xin"])


def _does_it(one: Mention, message: Message) -> bool:
    """Whether somebody did what was suffered: "bị chồng đánh"."""
    return one.begin > 0 and message.words[one.begin - 1] in ("bị", "bi")


def _only_asks(after: int, message: Message) -> bool:
    """Whether what follows "muốn", "xin" is to be told: "muốn hỏi", "xin tư vấn"."""
    return after < len(message.words) and fold(message.words[after]) in _ASKING


_ASKING = frozenset(["hoi", "biet", "tu", "nho"])


def _comes_along(one: Mention, message: Message) -> bool:
    """Whether somebody is only named beside another: "đi chơi với bạn trai"."""
    return one.begin > 0 and fold(message.words[one.begin - 1]) in ("voi", "cung")


def _together(name: str) -> str:
    """A name of several words as one choice."""
    return name.replace(" ", "_")
