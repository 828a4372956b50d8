"""Facts the legal-aid law asks about, as far as a message states them of the person in need.

"Con tôi 15 tuổi" is the child's age. "Không phải hộ nghèo" is an answer too, and "hồi đó" is not
today. What is asked for ("muốn xin hộ nghèo") or somebody else's ("cháu liệt sĩ") is no fact.
"""

import datetime as dt
import re
from collections.abc import Mapping
from dataclasses import dataclass, replace
from itertools import pairwise
from pathlib import Path

from rapidfuzz.distance import OSA

from bot.understanding import days, numbers
from bot.understanding.people import Mention, People, Relation
from bot.understanding.phrases import Message, Phrasebook, Phrases, bits
from eligibility.facts import CriminalRole, FactId, Facts, Household, Value
from knowledge.vietnamese import fold, is_syllable
from store.datafile import Entry, load

STATUSES = Path(__file__).parent / "data" / "statuses.yaml"

_NO_AGE_AFTER = frozenset(["dưới", "duoi", "từ", "đủ", "tới", "đến", "hồi", "lúc", "khi"])
"""Before a number of years: an age of the law, or one of long ago."""


class FactEntry(Entry):
    fact: FactId
    value: bool | Household
    whole_household: bool = False
    granted: bool = False
    says: tuple[str, ...]
    denies: tuple[str, ...] = ()
    open: tuple[str, ...] = ()
    of_the_survivor: tuple[str, ...] = ()
    """As `says`, but naming the dead: the fact is of the one whose they were."""
    of_the_writer: tuple[str, ...] = ()
    """As `says`, but of who writes, whoever is named before."""
    of_spouses: tuple[str, ...] = ()
    """As `says`, where a marriage is spoken of in the message."""


class RoleEntry(Entry):
    role: CriminalRole
    says: tuple[str, ...]
    open: tuple[str, ...] = ()


class StatusFile(Entry):
    terms: tuple[str, ...]
    """Pairs of words that make a group; both are mended when either is misspelt."""
    lists: Mapping[str, tuple[str, ...]]
    kin: tuple[str, ...]
    beat: tuple[str, ...]
    marriage: tuple[str, ...]
    for_a_child: tuple[str, ...]
    """What is wanted for a child; who wants it is not the one in need."""
    facts: tuple[FactEntry, ...]
    roles: tuple[RoleEntry, ...]
    sought: tuple[str, ...]
    of_parents: tuple[str, ...]
    supposed: tuple[str, ...]
    deadlines: tuple[str, ...]
    no_deadlines: tuple[str, ...]
    urgent: tuple[str, ...]
    with_child: tuple[str, ...]
    general: tuple[str, ...]
    of_another: tuple[str, ...]
    everyday: tuple[str, ...]
    """Words of the coast that are no slips of a term: "cào nghêu" is not "cận nghèo"."""
    schools: Mapping[int, tuple[str, ...]]
    """Years of age → what one goes to then."""
    out_of_school: tuple[str, ...]


NEAR = 5
"""Working days; a trial or time limit within them is urgent (Article 30.4)."""

_APART = 8
"""Words that may stand between a day and what happens on it."""

_WISHED = 4
"""Words after "xin giấy" that still name what it is about."""

FRAGMENT = 8
"""Words; a message up to this long is an answer, what it says is meant."""


@dataclass(frozen=True)
class _Statement:
    """A fact with the phrases that state, deny or leave it open."""

    fact: FactId
    value: Value
    whole_household: bool
    granted: bool
    says: Phrases
    denies: Phrases
    open: Phrases
    survivor: Phrases | None = None
    writer: Phrases | None = None
    spouses: Phrases | None = None


@dataclass(frozen=True)
class _Found:
    fact: FactId
    value: Value
    place: int
    whole_household: bool
    passive: bool = True
    """"Bị chồng đánh" is about the one before it, "chồng đánh" about the one who tells."""
    survivor: bool = False
    """It stands at the dead; the one it is about is named before them, or tells."""
    writer: bool = False
    """It is of who writes, whoever is named."""
    guessed: bool = False
    """An age that a class at school only points to."""

    @property
    def age(self) -> int:
        """The value of an age, in years; -1 of any other fact."""
        return self.value if self.fact is FactId.AGE and isinstance(self.value, int) else -1


@dataclass(frozen=True)
class Told:
    """The person in need, and what is stated of them."""

    relation: Relation | None
    """None when nobody is named, or when it is not clear who of those named needs help."""
    facts: Facts
    guessed_age: int | None
    """About how old the person in need is by the class they go to, where no age is stated."""
    others: Mapping[Relation, Facts]
    """What is stated of anybody else; the writer's own under SELF."""
    judged: frozenset[FactId]
    """Facts that a phrase names, whether they were found to be so, or not, or somebody else's."""
    several: bool
    """Something was done to more than one of those named."""
    urgent: bool
    with_child: bool
    """Somebody is said to be pregnant."""


class Statuses:
    """Reads facts, and whose they are."""

    def __init__(self, book: Phrasebook, people: People) -> None:
        file = load(STATUSES, StatusFile)
        for name, words in {**file.lists, "kin": file.kin, "beat": file.beat}.items():
            book.add_list(name, words)

        self.terms = tuple(term.split() for term in file.terms)
        self.everyday = tuple((fold(word),) for word in file.everyday)
        self._people = people
        self._statements = tuple(
            _Statement(
                one.fact,
                one.value,
                one.whole_household,
                one.granted,
                book.all(one.says),
                book.all(one.denies),
                book.all(one.open),
                book.all(one.of_the_survivor),
                book.all(one.of_the_writer),
                book.all(one.of_spouses),
            )
            for one in file.facts
        ) + tuple(
            _Statement(
                FactId.CRIMINAL_ROLE,
                one.role,
                False,
                False,
                book.all(one.says),
                book.all(()),
                book.all(one.open),
            )
            for one in file.roles
        )
        self._deeds = book.all(one.replace(" ", "_") for one in file.beat)
        self._marriage = book.all(file.marriage)
        self._for_a_child = book.all(file.for_a_child)
        self._sought = book.all(file.sought)
        self._of_parents = book.all(file.of_parents)
        self._supposed = book.all(one.replace(" ", "_") for one in file.supposed)
        self._this_year = book.all(["năm nay"])
        self._urgent = book.all(file.urgent)
        self._deadlines = book.all(file.deadlines)
        self._no_deadlines = book.all(file.no_deadlines)
        self._general = book.all(file.general)
        self._with_child = book.all(file.with_child)
        self._of_another = book.all(file.of_another)
        self._school_ages = tuple(age for age, names in file.schools.items() for _ in names)
        self._schools = book.all(
            f"học (trường/lớp/sinh/ở/hệ/bán_trú) {name.replace(' ', '_')}"
            for names in file.schools.values()
            for name in names
        )
        self._out_of_school = book.all(file.out_of_school)

    def read(self, message: Message, today: dt.date, *, danger: bool, asks: bool) -> Told:
        """The person who needs help and the facts stated of them.

        `danger`: the message tells of danger, so that a child named in it is the one in need.
        `asks`: a question stands in it; one that names nobody is about the law.
        """
        mentions = self._people.mentions(message)
        ages = self._ages(message, mentions, today) + self._bare_ages(message, mentions)
        ages += self._at_school(message)
        parent = self._is_a_parent(message, mentions, ages)
        if parent or _too_young_to_write(ages, mentions, message):
            mentions = tuple(
                replace(one, relation=Relation.CHILD) if one.humble else one for one in mentions
            )
        ages = self._of_somebody(ages, mentions, message)
        if parent:  # "hai đứa 10 tuổi thì ai nuôi": of children, though nobody calls them "con"
            ages = [
                one for one in ages if one.age >= _GROWN_UP or _owner(one.place, mentions, message)
            ]
        found = [*ages, *self._stated(message, mentions)]
        if asks and not mentions:
            found = [one for one in found if not _of_anybody(one, message)]
        owners = {
            one: owner
            for one in found
            if (owner := self._whose(one, mentions, message)) is not None
        }
        harmed = self._people.harmed(message, mentions)
        needy = self._in_need(message, mentions, owners, harmed, danger=danger, parent=parent)
        if needy is None and parent:
            needy = Relation.SELF
        spoken_for = self._people.spoken_for(message, mentions)
        stated: dict[Relation, dict[FactId, Value]] = {}
        guessed: dict[Relation, int] = {}
        for one, owner in owners.items():
            of_all = one.whole_household and owner in _OF_THE_HOUSE
            relation = (needy or Relation.SELF) if of_all else owner
            if one.fact is FactId.DOMESTIC_VIOLENCE and not one.passive and spoken_for is not None:
                relation = spoken_for  # "con dâu bả đuổi bả, tôi nhắn giùm": not of who writes
            if one.guessed:
                guessed.setdefault(relation, one.age)
            else:
                stated.setdefault(relation, {}).setdefault(one.fact, one.value)
        told = {relation: Facts.model_validate(_by_name(of)) for relation, of in stated.items()}
        facts = told.pop(needy or Relation.SELF, Facts())
        held = facts.criminal_role is CriminalRole.HELD
        about = guessed.get(needy or Relation.SELF) if facts.age is None else None
        return Told(
            needy,
            facts,
            about,
            told,
            self._judged(message),
            len(harmed) > 1,
            held or self._presses(message, today),
            self._with_child.among(message),
        )

    def _judged(self, message: Message) -> frozenset[FactId]:
        return frozenset(
            one.fact
            for one in self._statements
            if one.says.among(message) or one.open.among(message) or one.denies.among(message)
        )

    def _is_a_parent(
        self, message: Message, mentions: tuple[Mention, ...], ages: list[_Found]
    ) -> bool:
        """Whether a child's age stands in a matter between parents, and the child does not write.

        "Ly hôn, con 8 tuổi ai nuôi" asks as a parent; "ba mẹ ly hôn, con 12 tuổi, con muốn ở với
        nội" is the child.
        """
        young = [one for one in ages if one.age < _GROWN_UP]
        matters = {begin for _, begin, _ in self._of_parents.find(message)}
        spouse = any(one.relation is Relation.SPOUSE for one in mentions)
        if not young or not (matters or (spouse and young[0].age < _MARRIES)):
            return False
        owners = [_owner(one.place, mentions, message) for one in young]
        apart = tuple(one for one in mentions if one not in owners)
        humble = {one.begin for one in mentions if one.humble}
        of_their_parents = any(
            one.relation is Relation.PARENT and {one.end, one.end + 1} & (matters | humble)
            for one in mentions
        )
        about_others = all(one is None or one.humble for one in owners)
        return about_others and not of_their_parents and not self._people.self_wants(message, apart)

    def _of_somebody(
        self, ages: list[_Found], mentions: tuple[Mention, ...], message: Message
    ) -> list[_Found]:
        """Without ages that are supposed ("nếu con 8 tuổi") or told of several at once."""
        supposed = [begin for _, begin, _ in self._supposed.find(message)]
        borders = message.commas | message.sentence_ends
        for_children = self._for_a_child.among(message)  # one age of several tells enough
        return [
            one
            for one in ages
            if not any(
                begin <= one.place <= begin + _APART
                and not borders & bits(begin + 1, one.place + 1)
                for begin in supposed
            )
            and not any(
                _listed_together(one, other, mentions, message)
                and not (for_children and one.age < other.age < _GROWN_UP)
                for other in ages
            )
        ]

    def _presses(self, message: Message, today: dt.date) -> bool:
        """Whether a trial or a time limit is near; what is over presses nobody."""
        if self._urgent.among(message):
            return True
        none = self._no_deadlines.covered(message)
        deadlines = [
            (begin, end)
            for _, begin, end in self._deadlines.find(message)
            if not none & bits(begin, end)
        ]
        near = [
            one
            for one in days.named(message, today)
            if 0 <= days.working_days_until(one.day, today) <= NEAR
        ]
        return any(
            message.sentence_of(begin) >> one.begin & 1
            and max(begin - one.end, one.begin - end) <= _APART
            for begin, end in deadlines
            for one in near
        )

    def _whose(
        self, one: _Found, mentions: tuple[Mention, ...], message: Message
    ) -> Relation | None:
        """The person a statement is of; None when it is of the dead, or of nobody at all."""
        if one.fact is FactId.DOMESTIC_VIOLENCE and not one.passive:
            return self._beaten(one, mentions, message)
        if one.writer or one.fact is FactId.COMMERCIAL:  # of the matter, whoever is named beside it
            return Relation.SELF
        if one.fact is FactId.CRIMINAL_ROLE and _said_of_them(one.place, message):
            return None
        if one.survivor:
            return _survivor(one.place, mentions, message)
        owner = _owner(one.place, mentions, message)
        if one.fact in _SUFFERED:
            owner = _sufferer(one, owner, mentions, message)
        if one.whole_household:
            before = owner is not None and owner.end <= one.place
            if not before and self._in_general(one, message):
                return None
            far = owner is not None and not _beside(owner, one.place, message)
            return Relation.SELF if owner is None or far else owner.relation
        if owner is None:
            return Relation.SELF
        return None if owner.gone and one.fact is not FactId.MARTYR_KIN else owner.relation

    def _beaten(self, one: _Found, mentions: tuple[Mention, ...], message: Message) -> Relation:
        """Whom somebody beats: "tía tôi 83 tuổi, nó bóp cổ tía" tells of the father.

        Else who tells: whose own mother is beaten before their eyes suffers it too.
        """
        sentence = message.sentence_of(one.place)
        deeds = self._deeds.find(message)
        ends = {end for _, begin, end in deeds if begin > one.place and sentence >> begin & 1}
        led = next((x for x in mentions if sentence >> x.begin & 1), None)
        again = [x for x in mentions if x.begin in ends and led is not None and x is not led]
        if led is None or not any(
            message.words[x.begin] == message.words[led.begin] for x in again
        ):
            return Relation.SELF
        return led.relation

    def _in_general(self, one: _Found, message: Message) -> bool:
        """Whether the words speak of the law ("hộ nghèo mới được giúp"), not of the writer."""
        return any(begin <= one.place < end for _, begin, end in self._general.find(message))

    def _in_need(
        self,
        message: Message,
        mentions: tuple[Mention, ...],
        owners: Mapping[_Found, Relation],
        harmed: tuple[Relation, ...],
        *,
        danger: bool,
        parent: bool,
    ) -> Relation | None:
        """Who needs help: who was harmed, who is asked for, else of whom a status is told."""
        sentence = len(message.words) > FRAGMENT
        opponents = self._people.opponents(message, mentions)
        spoken_for = self._people.spoken_for(message, mentions)
        seeking = self._people.others_wanting(message, mentions)
        first = harmed[0] if harmed else None
        told: list[Relation] = []
        named: list[Relation] = []
        harmed_child: Relation | None = None
        in_it = {one.relation for one in mentions} - {Relation.OTHER}
        only_child = not parent and in_it == {Relation.CHILD}
        if not parent and first is None and in_it == {Relation.CHILD, Relation.SELF}:
            # "con tôi 15 tuổi đi bưng bê, chủ trừ lương, tôi lên hỏi thì bị chửi": the child's
            only_child = mentions[0].relation is Relation.CHILD and not (
                self._people.self_wants(message, mentions)
                or self._people.self_acts(message, mentions)
            )
        for one, relation in owners.items():
            passing = relation is Relation.CHILD and one.fact is FactId.AGE
            passing &= not (only_child and sentence)
            if one.whole_household or one.value is False:
                continue
            # "con 3 tuổi" in a divorce, "hàng xóm là thương binh": named, not in need
            if danger and relation in _BYSTANDERS and 0 <= one.age < _GROWN_UP:
                harmed_child = relation
            bystander = passing or relation in {*_BYSTANDERS, *opponents}
            helped = relation in (first, spoken_for, *seeking) or (danger and relation in harmed)
            if bystander and not helped:
                whom = _owner(one.place, mentions, message)
                alone = whom is not None and _is_spoken_for(whom, message)
                named += [relation] if alone and relation not in opponents else []
                continue
            told.append(relation)
        if first in told:
            return first
        accused = [
            relation
            for one, relation in owners.items()
            if one.value in _BEFORE_THE_LAW and relation in told
        ]
        if spoken_for is not None and (spoken_for in told or first is None):
            return spoken_for
        if Relation.SELF in told:
            return Relation.SELF
        if first is None and any(one in told for one in seeking):
            return next(one for one in seeking if one in told)
        wards = {
            relation
            for one, relation in owners.items()
            if (0 <= one.age < _GROWN_UP or (one.fact is FactId.DISABLED and one.value is True))
            and relation is not Relation.SELF
        }
        if first is None and not parent and len(wards) == 1 and self._for_a_child.among(message):
            return wards.pop()
        if accused and first is None:  # "con tôi ở tù, tôi muốn xin giảm án"
            return accused[0]
        denied = {
            one.fact
            for one, relation in owners.items()
            if relation is Relation.SELF and one.value is False
        }
        if first is None and any(one.fact in denied and one.value is True for one in owners):
            return Relation.SELF  # "vợ tôi người Khmer, tôi người Kinh": the writer is compared
        if told and first is None and self._people.self_wants(message, mentions):
            return Relation.SELF
        cared_for = any(one.fact is FactId.DISABLED and one.value is True for one in owners)
        if told and first is None and not cared_for and self._people.self_acts(message, mentions):
            return Relation.SELF
        if told and first is None:
            return told[0] if sentence else None
        if told and first is Relation.SELF and told[0] is not Relation.SELF:
            return first
        if told:
            return told[0]
        if harmed_child is not None and first in (None, harmed_child):
            return harmed_child
        if first is None and any(one.relation is Relation.SELF for one in mentions):
            return Relation.SELF
        if first is None and named and sentence and not parent:
            return named[0]  # nobody else is in the story
        return first

    def _wished_for(self, message: Message, mentions: tuple[Mention, ...]) -> int:
        """The places, as bits, of what is asked for ("làm sao để được xét …", "xin giấy …")."""
        borders = message.commas | message.sentence_ends
        for one in mentions:
            borders |= bits(one.begin, one.begin + 1)  # "muốn xin giấy, tôi hộ nghèo"
        wished = 0
        for _, _, end in self._sought.find(message):
            for place in range(end, min(end + _WISHED, len(message.words))):
                if borders >> place & 1:
                    break
                wished |= bits(place, place + 1)
        return wished

    def _stated(self, message: Message, mentions: tuple[Mention, ...]) -> list[_Found]:
        found: list[_Found] = []
        wished = self._wished_for(message, mentions)
        of_others = [(begin, end) for _, begin, end in self._of_another.find(message)]
        married = self._marriage.among(message)
        for one in self._statements:
            says = one.says.find(message)
            denies = [
                (nth, begin, end)
                for nth, begin, end in one.denies.find(message)
                if not any(other.begin < begin < other.end for other in mentions)
            ]  # "con dâu đánh" without marks is not "đâu đánh"
            mourned = one.survivor.find(message) if one.survivor else []
            if one.spouses and married:
                says += one.spouses.find(message)
            written = one.writer.find(message) if one.writer else []
            if not (says or denies or mourned or written):
                continue
            unsaid = 0
            for _, begin, end in [*one.open.find(message), *denies]:
                whose = any(other.begin < begin < other.end for other in mentions)
                if not whose and not message.commas & bits(begin + 1, end):
                    unsaid |= bits(begin, end)
            if one.granted:
                unsaid |= wished
            for _, begin, end in says:
                passive = message.words[begin] in ("bị", "bi")
                others = not passive and one.fact in _OF_ONE_PERSON
                if others and any(first < begin <= after for first, after in of_others):
                    continue
                if one.fact is not FactId.DOMESTIC_VIOLENCE and _belied(end, message):
                    continue  # of violence it may be disbelief: "đánh gì đâu mà đánh dữ"
                if not bits(begin, end) & unsaid:
                    found.append(_Found(one.fact, one.value, begin, one.whole_household, passive))
            weaker = [
                bits(begin, end)
                for _, begin, end in one.open.find(message)
                if any(
                    first + 1 == begin and end <= after and fold(message.words[first]) in _WEDDED
                    for _, first, after in mourned
                )
            ]  # "dì là liệt sĩ" within "chồng dì là liệt sĩ"
            for within in weaker:
                unsaid &= ~within
            for begin in (begin for _, begin, end in mourned if not bits(begin, end) & unsaid):
                found.append(_Found(one.fact, one.value, begin, False, survivor=True))
                break
            found += [
                _Found(one.fact, one.value, begin, False, writer=True) for _, begin, _ in written
            ]
            # "không đánh mà chửi suốt": what is said counts more than what is denied beside it
            if isinstance(one.value, bool):
                found += [
                    _Found(one.fact, False, begin, one.whole_household) for _, begin, _ in denies
                ]
        return found

    def _ages(
        self, message: Message, mentions: tuple[Mention, ...], today: dt.date
    ) -> list[_Found]:
        """Ages in years, with the place of the word they stand at."""
        found: list[_Found] = []
        folded = [fold(word) for word in message.words]
        for place, word in enumerate(folded):
            age = self._age_at(place, word, folded, message, today)
            if age is None or age > numbers.OLDEST:
                continue
            first = self._first_of_number(place, folded, message)
            if word in ("sinh", "sanh") and first and folded[first - 1] in _NOT_BORN:
                continue  # "hy sinh 1984"
            if _told_of_then(first, folded, message) or _just_had_a_baby(place, folded):
                continue
            if _long_ago(first, mentions, folded):
                continue
            if first and folded[first - 1] in _ALMOST:
                found.append(_Found(FactId.AGE, age - 1, place, False))
                continue
            if folded[max(0, first - 2) : first] in _NOT_YET and _ends(mentions, first - 2):
                found.append(_Found(FactId.AGE, age - 1, place, False))
                continue
            if first and message.words[first - 1] in _NO_AGE_AFTER:
                continue
            if folded[max(0, first - 2) : first] in _SINCE:
                continue
            if first >= 2 and folded[first - 2 : first] in _OF_THE_LAW:
                continue
            if _at_the_age_of(first, folded, message):
                continue
            if _of_another_time(first, mentions, folded, message):
                continue
            if _compares(first, mentions, folded, message) or _of_an_animal(first, folded):
                continue
            found.append(_Found(FactId.AGE, age, place, False, guessed=word == "lop"))
        return found

    @staticmethod
    def _first_of_number(place: int, folded: list[str], message: Message) -> int:
        """Where the number words before "tuổi" begin; the place itself of a number in digits."""
        if folded[place] != "tuoi":
            return place
        upto = place - (folded[place - 1] in _AND_SOME)
        lengths = (
            n
            for n in range(min(4, upto), 0, -1)
            if numbers.in_words(folded[upto - n : upto])
            and not message.commas & bits(upto - n + 1, upto)
        )
        return upto - next(lengths, 0)

    def _age_at(
        self, place: int, word: str, folded: list[str], message: Message, today: dt.date
    ) -> int | None:
        """The age that the word at `place` tells, the words around it taken together."""
        following = folded[place + 1 : place + 3]
        unit = following[0] if following else ""
        if word.isdigit() and len(word) <= 3:
            years = _means_years(unit) or (unit == "thang" and _typed_as_age(word, message))
            years |= unit == "xuan" and int(word) >= _SPRINGS
            before = folded[max(0, place - 3) : place]
            if unit == "thang" and not years and self._is_a_child_of_months(place, folded):
                return int(word) // 12
            return int(word) if years or _after_years(before) else None
        if word == "tuoi" and place:
            upto = place - (folded[place - 1] in _AND_SOME)
            for length in (4, 3, 2, 1):
                age = numbers.in_words(folded[max(0, upto - length) : upto])
                if age is not None and not message.commas & bits(max(1, upto - length + 1), upto):
                    return age
            begin = place + 1
            while begin < len(folded) and folded[begin] in _ABOUT:
                begin += 1
            if begin > place + 1:  # "tuổi đã bảy mốt"
                tens = (numbers.in_words(folded[begin : begin + n]) for n in (3, 2))
                return next((age for age in tens if age is not None and age >= _TEN), None)
        if word in ("tuan", "thap") and place and message.words[place - 1] in _DECADES:
            return _DECADES[message.words[place - 1]]
        if word in ("sinh", "sanh", "sn"):
            years_of_birth = (int(one) for one in following if _YEAR.fullmatch(one))
            year = next(years_of_birth, None)
            short = following[1:] if unit == "nam" else following[:1] if word == "sn" else []
            if year is None and short and _SHORT_YEAR.fullmatch(short[0]):
                year = numbers.whole_year(int(short[0]), today)
            if year is None:
                year = _year_after(folded[place + 1 : place + 8], today)
            return None if year is None else numbers.age_of_year(year, today)
        if word == "lop" and following and not self._is_out_of_school(place, message):
            digits = unit if unit.isdigit() else str(numbers.in_words(following[:1]) or "")
            return _GRADES.get(digits)
        return None

    @staticmethod
    def _is_a_child_of_months(place: int, folded: list[str]) -> bool:
        """Whether "20 tháng" tells how old a baby is, not how long something lasts."""
        after = folded[place + 2] if place + 2 < len(folded) else ""
        before = folded[max(0, place - 3) : place]
        named = any(word in _BABY for word in before) and after not in _LASTS
        return int(folded[place]) <= _BABY_UNTIL and (after == "tuoi" or named)

    def _is_out_of_school(self, place: int, message: Message) -> bool:
        """Whether the class or school named at `place` is behind them ("học hết lớp 5")."""
        beside = bits(max(0, place - 3), min(place + 4, len(message.words)))
        beside &= ~message.sentence_ends & message.sentence_of(place)
        return any(
            bits(begin, end) & beside and not message.commas & bits(place, begin + 1)
            for _, begin, end in self._out_of_school.find(message)
        )

    def _at_school(self, message: Message) -> list[_Found]:
        """About how old those are who go to a school named without its class."""
        return [
            _Found(FactId.AGE, self._school_ages[number], begin, False, guessed=True)
            for number, begin, end in self._schools.find(message)
            if not self._is_out_of_school(begin, message)
        ]

    def _bare_ages(self, message: Message, mentions: tuple[Mention, ...]) -> list[_Found]:
        """ "Tui 66 rồi, …", "tôi 38": a number right after a person, with no unit behind it."""
        ends = message.commas | message.sentence_ends | 1 << len(message.words)
        found: list[_Found] = []
        this_year = [end for _, _, end in self._this_year.find(message)]
        this_year += [
            place + 1
            for place, word in enumerate(message.words)
            if word == "nay" and message.commas >> place & 1
        ]  # "…, nay chín mươi tư"
        folded = [fold(word) for word in message.words]
        for one in mentions:
            ends |= bits(one.begin, one.begin + 1)  # "tui bảy mốt, bả sáu tám" without the comma
        now = {one.end for one in mentions if one.begin and folded[one.begin - 1] in _NOW}
        for after_whom in {one.end for one in mentions} | set(this_year):
            begin = after_whom
            while begin < len(message.words) and fold(message.words[begin]) in _BEFORE_AN_AGE:
                begin += 1
            led = {fold(word) for word in message.words[after_whom:begin]}
            led -= _WHICH_ONE
            if after_whom in this_year or after_whom in now or "gio" in led:
                led.add("nay")
            almost = int(not led.isdisjoint(_ALMOST) or led >= _NOT_YET_WORDS)
            for length in (3, 2, 1):
                until = begin + length
                said = [fold(word) for word in message.words[begin:until]]
                after = fold(message.words[until]) if until < len(message.words) else ""
                until += after in _AND_SOME
                after = fold(message.words[until]) if until < len(message.words) else ""
                closed = ends >> until & 1 or after in _AFTER_AN_AGE
                closed |= bool(led or begin == after_whom) and after in _LIVES_ON
                if _told_of_then(begin, folded, message):
                    continue
                if len(said) < length or not (closed or (led and after in _GOES_ON)):
                    continue
                small = "len" in led and re.fullmatch("[1-9]", said[0])
                if length == 1 and (small or _BARE_AGE.fullmatch(said[0])):
                    found.append(_Found(FactId.AGE, int(said[0]) - almost, begin, False))
                    break
                age = numbers.in_words(said)
                grows = "len" in led and age is not None and age <= _LEARNS
                tens = not _TENS.isdisjoint(said) or _tens_left_out(said)
                if age is not None and (grows or tens):
                    found.append(_Found(FactId.AGE, age - almost, begin, False))
                    break
        return found


_NOT_BORN = frozenset(["hy", "hi"])
_DAY_OF_BIRTH = frozenset(["ngay", "thang", "nam", "mung"])


def _year_after(following: list[str], today: dt.date) -> int | None:
    """The year of birth after "sinh": "tháng 2/2010", "ngày 3 tháng 5 năm 2010", "năm bốn chín"."""
    for place, word in enumerate(following):
        if _YEAR.fullmatch(word):
            return int(word)
        if word == "nam":
            after = following[place + 1 :]
            said = (after[2:] if after[:2] == ["mot", "chin"] else after)[:3]
            years = (numbers.in_words(said[:length]) for length in (3, 2) if len(said) >= length)
            short = next((one for one in years if one is not None and 20 <= one < 100), None)
            return None if short is None else numbers.whole_year(short, today)
        if word not in _DAY_OF_BIRTH and not (word.isdigit() and len(word) <= 2):
            return None
    return None


def _told_of_then(first: int, folded: list[str], message: Message) -> bool:
    """Whether the number at `first` stands in a clause of long ago: "lúc đó tôi 3 tuổi"."""
    begin = first
    while begin and not (message.commas | message.sentence_ends) >> begin & 1:
        begin -= 1
    return any(pair in _AT_THAT_TIME for pair in pairwise(folded[begin:first]))


_AT_THAT_TIME = frozenset(
    (when, that) for when in ("luc", "hoi", "khi", "nam", "thoi") for that in ("do", "ay")
)


def _just_had_a_baby(place: int, folded: list[str]) -> bool:
    """Whether "2 tháng" tells how long ago somebody gave birth: "em mới sanh 2 tháng"."""
    after = folded[place + 1 : place + 2] == ["thang"]
    before = [word for word in folded[max(0, place - 3) : place] if word != "duoc"]
    return after and before[-2:] in (["moi", "sinh"], ["vua", "sinh"])


_BYSTANDERS = frozenset({Relation.NEIGHBOUR, Relation.OTHER})
_SUFFERED = frozenset({FactId.DOMESTIC_VIOLENCE, FactId.TRAFFICKING_VICTIM})
_SHORT_YEAR = re.compile(r"\d\d")
_NOT_YET = (["chua", "du"], ["chua", "toi"], ["chua", "day"], ["chua", "duoc"], ["chua", "den"])
_YEAR = re.compile(r"(?:19|20)\d\d")
_OF_ONE_PERSON = frozenset(
    {FactId.MERIT, FactId.MARTYR_KIN, FactId.AGENT_ORANGE, FactId.DISABLED, FactId.HIV,
     FactId.ETHNIC_MINORITY}
)  # fmt: skip
_SINCE = (["tu", "nam"], ["tu", "luc"], ["tu", "hoi"], ["tu", "thuo"])
"""Before an age of long ago: "mù từ năm 5 tuổi"."""
_TENS = frozenset(["muoi", "chuc"])
_DECADES = {"lục": 60, "thất": 70, "bát": 80, "cửu": 90}
"""Before "tuần" or "thập"; only with marks, for "bị bắt tuần rồi" is of last week."""
_ALMOST = frozenset(["gan", "sap"])
"""Before an age that is not reached yet."""
_NOW = frozenset(["gio", "nay"])
_SPRINGS = 60
"""From so many years on they are counted in springs: "cụ năm nay 90 xuân"."""
_COUNTED = ("mot", "hai", "ba", "bon", "nam", "sau", "bay", "tam", "chin")
_NOT_YET_WORDS = frozenset(["chua", "du"])
_BABY = frozenset(["be", "sinh"])
_BABY_UNTIL = 36
"""Months."""
_LASTS = frozenset(["nay", "roi", "truoc", "qua", "khong", "lien", "tien", "luong"])
_BARE_AGE = re.compile(r"[1-9]\d")
_WHICH_ONE = frozenset(["trai", "gai", "ut", "lon", "nho", "tuoi", "gia", "ca", "roi", "yeu"])
"""Between a person and the number, telling which one they are or that they are old."""
_BEFORE_AN_AGE = frozenset(
    ["nam", "nay", "da", "cung", "duoc", "gan", "hon", "tren", "ngoai", "moi", "vua", "len", "deu",
     "ai", "sap", "chi", "gio", "hien", "du", "chua", "toi", "day", "tron", *_WHICH_ONE]
)  # fmt: skip
_GOES_ON = frozenset(
    ["bi", "gio", "hom", "muon", "ma", "can", "khong", "o", "la", "con", "song", "di", "ban", "lam",
     "nuoi", "hien", "chua", "van", "neo", "khong", "dang", "duoc"]
)  # fmt: skip
"""After "năm nay 81": no measure, so that years are meant."""
_LIVES_ON = frozenset(["chay", "di", "hoc", "song", "hoi"])
"""After "em 17", "tròn 16": no measure either."""
_TEN = 10
_LEARNS = 12
"""Years; up to this age one says "mới lên mười"."""
_AFTER_AN_AGE = frozenset(["roi", "het", "thi", "ma", "nha", "ne", "chan", "tron", "lan", "ruoi"])
_AND_SOME = frozenset(["may", "ngoai", "hon", "le"])
"""Between the number and "tuổi": "tám mươi mấy tuổi"."""
_GRADES = {str(grade): grade + 5 for grade in (*range(1, 10), 11, 12)}
"""A class at school → the age, in years, that a child has in it; the tenth is left open, for the
law draws its line at 16."""
_OF_THE_LAW = (["nguoi", "tren"], ["nguoi", "tu"], ["la", "tren"], ["khi", "tren"])
"""Before an age that is no person's."""


def _belied(end: int, message: Message) -> bool:
    """Whether what ends there is denied the southern way: "có hộ nghèo gì đâu"."""
    return [fold(word) for word in message.words[end : end + 2]] == ["gi", "dau"]


def _at_the_age_of(first: int, folded: list[str], message: Message) -> bool:
    """Whether a clause begins with "hồi 15 tuổi" ("hoi" may be to ask: "cho em hỏi 15 tuổi …")."""
    borders = message.commas | message.sentence_ends | 1
    return first > 0 and folded[first - 1] == "hoi" and bool(borders >> (first - 1) & 1)


def _of_another_time(
    first: int, mentions: tuple[Mention, ...], folded: list[str], message: Message
) -> bool:
    """Whether the age whose number is at `first` is one of then: "hồi em mới 15 tuổi"."""
    upto = first
    while upto and folded[upto - 1] in _BEFORE_AN_AGE:
        upto -= 1
    whose = next((one for one in mentions if one.end == upto), None)
    before = whose.begin if whose is not None else upto
    if (
        not 0 < before < first
        or message.commas >> before & 1
        or message.words[before - 1] == "thôi"
    ):
        return False
    return folded[before - 1] in _THEN


_THEN = frozenset(["hoi", "luc", "khi", "thoi"])


def _compares(
    first: int, mentions: tuple[Mention, ...], folded: list[str], message: Message
) -> bool:
    """Whether the number at `first` tells by how much somebody is older: "anh hơn tôi 10 tuổi"."""
    whose = next((one for one in mentions if one.end == first), None)
    upto = whose.begin if whose is not None else first
    if not upto or message.commas >> upto & 1:
        return False
    if (
        message.words[upto - 1] in _OLDER_OR_YOUNGER
        or folded[max(0, upto - 2) : upto] in _APART_IN_AGE
    ):
        return True
    if message.words[upto - 1] not in ("hơn", "hon") or folded[max(0, upto - 2)] in ("ly", "ket"):
        return False
    if whose is not None or folded[max(0, upto - 2)] in _MORE:
        return True  # "anh hơn em 10 tuổi", "nó nhỏ hơn 5 tuổi"; "con hơn 10 tuổi" is over ten
    few = folded[first].isdigit() and int(folded[first]) < _GROWN_UP
    whom = next((one for one in reversed(mentions) if one.end <= upto - 1), None)
    named = folded[upto - 2] if whom is None or whom.end < upto - 1 else folded[whom.begin]
    return few and named in _NOT_SO_YOUNG


_OLDER_OR_YOUNGER = frozenset(["kém", "kem", "thua"])
_APART_IN_AGE = (["cach", "nhau"], ["chenh", "nhau"], ["chenh", "lech"])
_MORE = frozenset(["lon", "nho", "gia", "tre"])
_NOT_SO_YOUNG = frozenset(["chong", "vo", "anh", "chi", "ong", "ba", "ban"])
"""First words of those who are hardly ten themselves: "chồng hơn 10 tuổi" is older by ten."""


def _of_an_animal(first: int, folded: list[str]) -> bool:
    """Whether the number at `first` tells the age of an animal or a tree: "con gà 5 tháng"."""
    return any(
        folded[place] in ("con", "cay", "bay", "dan") and folded[place + 1] in _ANIMALS
        for place in range(max(0, first - 3), max(0, first - 1))
    )


_ANIMALS = frozenset(
    ["ga", "heo", "bo", "trau", "cho", "vit", "de", "meo", "tom", "cua", "ngua", "chim", "dua",
     "xoai", "mai", "mit", "duoc"]
)  # fmt: skip


def _ends(mentions: tuple[Mention, ...], place: int) -> bool:
    """Whether somebody was named right before a place, or one word earlier."""
    return any(one.end in (place, place - 1) for one in mentions)


def _long_ago(first: int, mentions: tuple[Mention, ...], folded: list[str]) -> bool:
    """Whether the person before a number is said to have been so old once: "hồi tôi 12 tuổi"."""
    whom = next((one for one in mentions if first - 1 <= one.end <= first), None)
    if whom is None or not whom.begin:
        return False
    asked = whom.begin >= 2 and folded[whom.begin - 2] in ("cho", "xin", "muon", "de")
    return folded[whom.begin - 1] in ("hoi", "luc", "thuo") and not asked


def _tens_left_out(said: list[str]) -> bool:
    """Whether two numbers mean tens and ones ("bảy mốt"), not "about so many" ("sáu bảy")."""
    if len(said) != 2 or said[0] not in _COUNTED[3:]:
        return False
    return said[1] not in _COUNTED or _COUNTED.index(said[1]) != _COUNTED.index(said[0]) + 1


def _after_years(before: list[str]) -> bool:
    """Whether "tuổi" stands before the number: "tuổi đã 88", "tuổi ngoài 70"."""
    return "tuoi" in before and set(before[before.index("tuoi") + 1 :]) <= _ABOUT


_ABOUT = frozenset(["da", "ngoai", "gan", "hon", "tren", "nay", "cung", "toi", "moi", "tron"])


def _listed_together(
    one: _Found, other: _Found, mentions: tuple[Mention, ...], message: Message
) -> bool:
    """Whether two ages stand in one list: "3 tuổi và 7 tuổi", "đứa 3 tuổi, đứa 7 tuổi"."""
    first, second = sorted((one.place, other.place))
    between = {fold(word) for word in message.words[first + 1 : second]}
    ours, theirs = (
        next((x.relation for x in reversed(mentions) if x.begin <= place), None)
        for place in (first, second)
    )
    same = ours is theirs
    return same and one.value != other.value and between <= _LIST_WORDS


_LIST_WORDS = frozenset(
    ["tuoi", "tui", "va", "voi", "dua", "mot", "1", "lon", "nho", "con", "be", "ut", "chau", "thi"]
)

_GROWN_UP = 18
_MARRIES = 13
_WRITES = 6
"""Years."""


def _too_young_to_write(
    ages: list[_Found], mentions: tuple[Mention, ...], message: Message
) -> bool:
    """Whether "con" is said of one who cannot be writing."""
    owners = [_owner(one.place, mentions, message) for one in ages if one.age < _WRITES]
    return any(one is not None and one.humble for one in owners)


def _means_years(unit: str) -> bool:
    """ "Tuổi", or what a slip of the finger makes of it and no other word is."""
    if unit in ("tuoi", "tui"):
        return True
    if is_syllable(unit) and unit != "uoi":
        return False
    begins_alike = unit[:1] == "t" or unit[-1:] == "i"
    return OSA.distance(unit, "tuoi", score_cutoff=2) <= 1 + begins_alike


def _typed_as_age(number: str, message: Message) -> bool:
    """ "15t" was written out as "15 tháng"; beside a number it mostly means years of age."""
    return (
        re.search(rf"(?<![\d.,]){number}t(?![\w])", message.text, re.IGNORECASE) is not None
        and int(number) >= 3
    )


def _said_of_them(place: int, message: Message) -> bool:
    """Whether those who did it are spoken of: "họ bị bắt rồi"."""
    before = message.words[max(0, place - 2) : place]
    return any(word in ("họ", "chúng", "ho") for word in before)


def _survivor(place: int, mentions: tuple[Mention, ...], message: Message) -> Relation:
    """Whose the dead one named at `place` is: "má tôi có chồng là liệt sĩ" tells of the mother."""
    dead = next((one for one in mentions if one.begin == place), None)
    whose = next((one for one in mentions if dead is not None and one.begin == dead.end), None)
    if whose is not None and whose.relation is not Relation.SELF:
        return whose.relation  # "chồng dì là liệt sĩ" tells of the aunt
    before = [one for one in mentions if one.end <= place <= one.end + _MOURNS]
    theirs = dead is not None and message.words[dead.end - 1] in _OURS
    if theirs or not before or message.commas & bits(before[-1].end, place + 1):
        return Relation.SELF
    return before[-1].relation


_MOURNS = 3
"""Words between: "dì tôi ở vậy thờ chồng …"."""
_OURS = frozenset(["tôi", "toi", "em", "mình", "minh", "tao"])


_BEFORE_THE_LAW = frozenset(
    {CriminalRole.HELD, CriminalRole.ACCUSED, CriminalRole.PRISONER, CriminalRole.DIVERSION}
)

_OF_THE_HOUSE = frozenset({Relation.SELF, Relation.SPOUSE, Relation.CHILD, Relation.PARENT})
"""Those who mostly live under the writer's roof: a certificate of theirs is the writer's too."""

_WEDDED = frozenset(["chong", "vo"])
_SPOKEN_FOR = frozenset(["bà", "ông", "cụ", "đứa", "một", "em", "bé"])
"""The first word of those whom a neighbour writes about; "người bán", "con nợ" are none."""


def _is_spoken_for(whom: Mention, message: Message) -> bool:
    first, second = (*message.words[whom.begin : whom.begin + 2], "")[:2]
    return first in _SPOKEN_FOR and second != "chủ"


_BESIDE = 5
"""Words."""


def _by_name(facts: Mapping[FactId, Value]) -> dict[str, Value]:
    return {fact.value: value for fact, value in facts.items()}


def _of_anybody(one: _Found, message: Message) -> bool:
    """Whether the statement only names a group ("người khuyết tật được miễn gì")."""
    return any(
        fold(word) in _GROUP_OF for word in message.words[max(0, one.place - 1) : one.place + 1]
    )


_GROUP_OF = frozenset(["nguoi", "nhung", "cac", "tre", "nan", "ba"])
"""Words that begin the name of a group: "nạn nhân …", "bà mẹ Việt Nam anh hùng"."""


def _sufferer(
    one: _Found, owner: Mention | None, mentions: tuple[Mention, ...], message: Message
) -> Mention | None:
    """Whom it was done to: not who did it ("em tôi bị con bạn dụ đi rồi bán vô quán")."""
    if owner is None:
        return None
    if message.words[one.place] in ("bị", "bi") and owner.begin > one.place:
        return None  # "bị anh rể đuổi đánh" is of who writes
    if owner.begin and fold(message.words[owner.begin - 1]) in _DONE_BY:
        sentence = message.sentence_of(one.place)
        before = [x for x in mentions if x.end < owner.begin and sentence >> x.begin & 1]
        return before[-1] if before else None
    return owner


_DONE_BY = frozenset(["bi", "duoc", "voi", "cung"])
"""Before one who did it, or came along: "em được một chị rủ qua rồi bị bán"."""


def _beside(owner: Mention, place: int, message: Message) -> bool:
    """Whether a statement stands right after the person it is about, in the same clause."""
    between = bits(owner.end, place + 1)
    return owner.end <= place <= owner.end + _BESIDE and not message.commas & between


def _owner(place: int, mentions: tuple[Mention, ...], message: Message) -> Mention | None:
    """The person a statement is about: the last one named before it in its sentence."""
    sentence = message.sentence_of(place)
    before = [one for one in mentions if one.begin <= place and sentence >> one.begin & 1]
    alive = [one for one in before if not one.gone]
    if alive and before[-1].gone and message.commas & bits(before[-1].end, place + 1):
        return alive[-1]  # "má tôi có hai con hy sinh, nay má 90 tuổi"
    if before and message.commas & bits(before[-1].end, place + 1) and not before[-1].subject:
        leading = [one for one in alive if one.subject]
        return leading[-1] if leading else before[-1]  # "ba tôi bị con nợ chửi, năm nay 70 tuổi"
    if before:
        return before[-1]
    after = [one for one in mentions if one.begin > place and sentence >> one.begin & 1]
    return after[0] if after else None
