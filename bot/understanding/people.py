"""Who a message speaks of: the writer, their child, husband, mother, a neighbour…"""

from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum
from pathlib import Path

from bot.understanding.phrases import Message, Phrasebook, bits
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
    gone: tuple[str, ...]
    harmed: tuple[str, ...]
    not_people: tuple[str, ...]


@dataclass(frozen=True)
class Mention:
    """A person named in a message: where, and who it is."""

    begin: int
    end: int
    relation: Relation
    gone: bool = False


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
        self._not_people = book.all(map(_together, file.not_people))
        self._gone = book.all(map(_together, file.gone))
        self._harmed = book.all(map(_together, file.harmed))

    def mentions(self, message: Message) -> tuple[Mention, ...]:
        """All persons in order; the longest name at a place wins; "nó" is the last one named."""
        spans: list[tuple[int, int, Relation | None]] = []
        spans += [(a, b, self._relations[nth]) for nth, a, b in self._named.find(message)]
        spans += [(a, b, Relation.SELF) for _, a, b in self._self.find(message)]
        plain = any(relation is Relation.SELF for *_, relation in spans)
        humble = Relation.CHILD if plain else Relation.SELF
        spans += [(a, b, humble) for _, a, b in self._humble.find(message)]
        spans += [(a, b, None) for _, a, b in self._pronouns.find(message)]
        spans.sort(key=lambda span: (span[0], -(span[1] - span[0])))
        gone = {begin for _, begin, _ in self._gone.find(message)}
        others = self._not_people.covered(message)
        selves = {begin for begin, _, relation in spans if relation is Relation.SELF}
        found: list[Mention] = []
        taken = 0
        last: Relation | None = None
        for begin, end, named in spans:
            if begin < taken or others & bits(begin, end) == bits(begin, end):
                continue
            relation = named or last or Relation.OTHER
            theirs = named not in (None, Relation.SELF) and end in selves
            taken = end + 1 if theirs else end  # "con trai" + "tôi" is one person
            if relation is not Relation.SELF:
                last = relation
            is_gone = bool(gone & {end, end + 1, end + 2})
            found.append(Mention(begin, taken, relation, is_gone))
        return tuple(found)

    def harmed(self, message: Message, mentions: tuple[Mention, ...]) -> Relation | None:
        """The first person to whom something was done ("con tôi … bị …"; "bị …" is the writer)."""
        for place in sorted(begin for _, begin, _ in self._harmed.find(message)):
            before = [
                one
                for one in mentions
                if one.end <= place
                and place - one.end <= 6
                and not message.sentence_ends & bits(one.end, place + 1)
            ]
            return before[-1].relation if before else Relation.SELF
        return None

    def is_intermediary(self, message: Message) -> bool:
        """Whether the writer speaks as somebody whose office it is to help others."""
        return self._intermediary.among(message)


def _together(name: str) -> str:
    """A name of several words as one choice."""
    return name.replace(" ", "_")
