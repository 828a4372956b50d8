"""Facts the legal-aid law asks about, as far as a message states them of the person in need.

"Con tôi 15 tuổi" is the child's age. "Không phải hộ nghèo" is an answer too, and "hồi đó" is not
today. What is asked for ("muốn xin hộ nghèo") or somebody else's ("cháu liệt sĩ") is no fact.
"""

import datetime as dt
import re
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from bot.understanding import numbers
from bot.understanding.people import Mention, People, Relation
from bot.understanding.phrases import Message, Phrasebook, Phrases, bits
from eligibility.facts import CriminalRole, FactId, Facts, Household, Value
from knowledge.vietnamese import fold
from store.datafile import Entry, load

STATUSES = Path(__file__).parent / "data" / "statuses.yaml"

_NO_AGE_AFTER = frozenset(
    ["dưới", "duoi", "từ", "đủ", "mấy", "may", "tới", "đến", "hồi", "lúc", "khi"]
)
"""Before a number of years: an age of the law, or one of long ago."""


class FactEntry(Entry):
    fact: FactId
    value: bool | Household
    whole_household: bool = False
    says: tuple[str, ...]
    denies: tuple[str, ...] = ()
    open: tuple[str, ...] = ()


class RoleEntry(Entry):
    role: CriminalRole
    says: tuple[str, ...]
    open: tuple[str, ...] = ()


class StatusFile(Entry):
    lists: Mapping[str, tuple[str, ...]]
    kin: tuple[str, ...]
    beat: tuple[str, ...]
    facts: tuple[FactEntry, ...]
    roles: tuple[RoleEntry, ...]
    urgent: tuple[str, ...]


FRAGMENT = 8
"""Words; a message up to this long is an answer, what it says is meant."""


@dataclass(frozen=True)
class _Statement:
    """A fact with the phrases that state, deny or leave it open."""

    fact: FactId
    value: Value
    whole_household: bool
    says: Phrases
    denies: Phrases
    open: Phrases


@dataclass(frozen=True)
class _Found:
    fact: FactId
    value: Value
    place: int
    whole_household: bool
    passive: bool = True
    """"Bị chồng đánh" is about the one before it, "chồng đánh" about the one who tells."""


@dataclass(frozen=True)
class Told:
    """The person in need, and what is stated of them."""

    relation: Relation | None
    facts: Facts
    urgent: bool


class Statuses:
    """Reads facts, and whose they are."""

    def __init__(self, book: Phrasebook, people: People) -> None:
        file = load(STATUSES, StatusFile)
        for name, words in {**file.lists, "kin": file.kin, "beat": file.beat}.items():
            book.add_list(name, words)

        self._people = people
        self._statements = tuple(
            _Statement(
                one.fact,
                one.value,
                one.whole_household,
                book.all(one.says),
                book.all(one.denies),
                book.all(one.open),
            )
            for one in file.facts
        ) + tuple(
            _Statement(
                FactId.CRIMINAL_ROLE,
                one.role,
                False,
                book.all(one.says),
                book.all(()),
                book.all(one.open),
            )
            for one in file.roles
        )
        self._urgent = book.all(file.urgent)

    def read(self, message: Message, today: dt.date, *, danger: bool) -> Told:
        """The person who needs help and the facts stated of them.

        `danger`: the message tells of danger, so that a child named in it is the one in need.
        """
        mentions = self._people.mentions(message)
        found = [*self._ages(message, today), *self._stated(message)]
        owners = {
            one: Relation.SELF
            if one.fact is FactId.DOMESTIC_VIOLENCE and not one.passive
            else _owner(one.place, mentions, message)
            for one in found
        }
        needy = self._in_need(message, mentions, owners, danger=danger)
        values: dict[FactId, Value] = {}
        for one, owner in owners.items():
            if one.whole_household or (owner or Relation.SELF) is (needy or Relation.SELF):
                values.setdefault(one.fact, one.value)
        facts = Facts.model_validate({fact.value: value for fact, value in values.items()})
        held = facts.criminal_role is CriminalRole.HELD
        return Told(needy, facts, held or self._urgent.among(message))

    def _in_need(
        self,
        message: Message,
        mentions: tuple[Mention, ...],
        owners: Mapping[_Found, Relation | None],
        *,
        danger: bool,
    ) -> Relation | None:
        """Who needs help: who was harmed, else of whom a status is told, else the writer."""
        harmed = self._people.harmed(message, mentions)
        sentence = len(message.words) > FRAGMENT
        told: list[Relation] = []
        for one, owner in owners.items():
            relation = owner or Relation.SELF
            passing = relation is Relation.CHILD and one.fact is FactId.AGE
            if one.whole_household or one.value is False:
                continue
            # "con 3 tuổi" in a divorce, "hàng xóm là thương binh": named, not in need
            bystander = passing or relation in (Relation.NEIGHBOUR, Relation.OTHER)
            if bystander and relation is not harmed and sentence and not danger:
                continue
            told.append(relation)
        if harmed in told:
            return harmed
        if told:
            return Relation.SELF if Relation.SELF in told else told[0]
        if harmed is None and any(one.relation is Relation.SELF for one in mentions):
            return Relation.SELF
        return harmed

    def _stated(self, message: Message) -> list[_Found]:
        found: list[_Found] = []
        for one in self._statements:
            says = one.says.find(message)
            denies = one.denies.find(message)
            if not says and not denies:
                continue
            unsaid = 0
            for _, begin, end in [*one.open.find(message), *denies]:
                if not message.commas & bits(begin + 1, end):
                    unsaid |= bits(begin, end)
            for _, begin, end in denies:
                if isinstance(one.value, bool) and unsaid & bits(begin, end):
                    found.append(_Found(one.fact, False, begin, one.whole_household))
            for _, begin, end in says:
                if not bits(begin, end) & unsaid:
                    passive = message.words[begin] in ("bị", "bi")
                    found.append(_Found(one.fact, one.value, begin, one.whole_household, passive))
                    break
        return found

    def _ages(self, message: Message, today: dt.date) -> list[_Found]:
        """Ages in years, with the place of the word they stand at."""
        found: list[_Found] = []
        folded = [fold(word) for word in message.words]
        for place, word in enumerate(folded):
            age: int | None = None
            if word.isdigit() and len(word) <= 3 and place + 1 < len(folded):
                unit = folded[place + 1]
                if unit in ("tuoi", "tui") or (unit == "thang" and _typed_as_age(word, message)):
                    age = int(word)
            elif word == "tuoi" and place:
                for length in (4, 3, 2, 1):
                    age = numbers.in_words(folded[max(0, place - length) : place])
                    if age is not None:
                        break
            elif word in ("sinh", "sanh", "sn") and place + 1 < len(folded):
                for year in folded[place + 1 : place + 3]:
                    if re.fullmatch(r"(?:19|20)\d\d", year):
                        age = numbers.age_of_year(int(year), today)
            elif word == "lop" and place + 1 < len(folded) and folded[place + 1].isdigit():
                grade = int(folded[place + 1])
                age = grade + 5 if 1 <= grade <= 9 else None
            if age is None or age > numbers.OLDEST:
                continue
            if place and message.words[place - 1] in _NO_AGE_AFTER:
                continue
            found.append(_Found(FactId.AGE, age, place, False))
        return found


def _typed_as_age(number: str, message: Message) -> bool:
    """ "15t" was written out as "15 tháng"; beside a number it mostly means years of age."""
    return (
        re.search(rf"(?<![\d.,]){number}t(?![\w])", message.text, re.IGNORECASE) is not None
        and int(number) >= 3
    )


def _owner(place: int, mentions: tuple[Mention, ...], message: Message) -> Relation | None:
    """The person a statement is about: the last one named before it in its sentence."""
    sentence = message.sentence_of(place)
    before = [one for one in mentions if one.begin <= place and sentence >> one.begin & 1]
    if before:
        return before[-1].relation
    after = [one for one in mentions if one.begin > place and sentence >> one.begin & 1]
    return after[0].relation if after else None
