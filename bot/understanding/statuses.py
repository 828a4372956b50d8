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

_AGE = re.compile(
    r"(?<![\d.,])(\d{1,3})\s*(?:tuổi|tuoi|tủi|tuooir|tuooi|tuổii|t)(?![\w])", re.IGNORECASE
)
_MONTHS_OLD = re.compile(r"\d+ (?:thang|tuan|ngay) (?:tuoi|t)\b")
_HEARSAY_AGE = re.compile(r"(?:dưới|duoi|từ|đủ|tới|đến|toi|den|bao nhiêu|mấy)\s*$", re.IGNORECASE)
_CLASS = re.compile(r"lop (\d{1,2})\b")
_CHILDHOOD = 16
"""Under this age, in years, a person is a child (Law on Children 2016, Art. 1)."""


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

    def read(self, message: Message, today: dt.date) -> Told:
        """The person who needs help and the facts stated of them."""
        mentions = self._people.mentions(message)
        found = [*self._ages(message, today), *self._stated(message)]
        owners = {one: _owner(one.place, mentions, message) for one in found}
        needy = self._in_need(message, mentions, owners)
        values: dict[FactId, Value] = {}
        for one, owner in owners.items():
            if one.whole_household or (owner or Relation.SELF) is (needy or Relation.SELF):
                values.setdefault(one.fact, one.value)
        urgent = self._urgent.among(message)
        return Told(needy, Facts.model_validate({k.value: v for k, v in values.items()}), urgent)

    def _in_need(
        self,
        message: Message,
        mentions: tuple[Mention, ...],
        owners: Mapping[_Found, Relation | None],
    ) -> Relation | None:
        """Who needs help: who was harmed, else of whom a status is told, else the writer."""
        harmed = self._people.harmed(message, mentions)
        if harmed is not None:
            return harmed
        told = [
            owner
            for one, owner in owners.items()
            if not one.whole_household and one.value is not False and owner is not None
        ]
        if told:
            return Relation.SELF if Relation.SELF in told else told[0]
        if any(one.relation is Relation.SELF for one in mentions):
            return Relation.SELF
        return None

    def _stated(self, message: Message) -> list[_Found]:
        found: list[_Found] = []
        for one in self._statements:
            says = one.says.find(message)
            denies = one.denies.find(message)
            if not says and not denies:
                continue
            unsaid = one.open.covered(message)
            for _, begin, end in denies:
                unsaid |= bits(begin, end)
                if isinstance(one.value, bool):
                    found.append(_Found(one.fact, False, begin, one.whole_household))
            for _, begin, end in says:
                if not bits(begin, end) & unsaid:
                    found.append(_Found(one.fact, one.value, begin, one.whole_household))
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
            before = folded[max(0, place - 2) : place]
            if before and before[-1] in (
                "duoi",
                "tu",
                "du",
                "may",
                "toi",
                "den",
                "tren",
                "luc",
                "hoi",
            ):
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
