"""What a message teaches about the person in need, and how it is said back."""

from dataclasses import dataclass

from bot.dialogue.turn import Lookups, Place, State
from bot.understanding.people import Relation
from bot.understanding.understood import Understood
from cases.places import PlaceReading
from cases.speech import Line
from eligibility.facts import FACTS, FactId, Kind, Value


@dataclass(frozen=True)
class Learnt:
    """The state after a message, and which facts are new or put right."""

    state: State
    new: tuple[FactId, ...] = ()
    corrected: tuple[FactId, ...] = ()
    place: bool = False
    sure_of_field: bool = False

    @property
    def anything(self) -> bool:
        return bool(self.new or self.corrected or self.place)


def learn(state: State, understood: Understood, lookups: Lookups) -> Learnt:
    """Take in every fact, the place, the field and for whom it is, as far as they are stated."""
    new: list[FactId] = []
    corrected: list[FactId] = []
    facts = state.facts
    for fact, value in understood.facts.known().items():
        before = facts.get(fact)
        if before == value:
            continue
        (new if before is None else corrected).append(fact)
        facts = facts.having(fact, value)
    state = state.with_(
        facts=facts,
        skipped=frozenset(state.skipped - understood.facts.known().keys()),
        urgent=state.urgent or understood.urgent,
        danger=state.danger or understood.danger,
        fields=state.fields or tuple(str(field) for field, _ in understood.fields[:2]),
        relation=_relation(state, understood),
    )
    placed = learn_place(state, understood.place, lookups)
    sure = bool(understood.fields) and understood.fields[0][1] >= _SURE_OF_FIELD
    return Learnt(placed, tuple(new), tuple(corrected), placed.place != state.place, sure)


def _relation(state: State, understood: Understood) -> Relation | None:
    if understood.relation is None or understood.relation is Relation.SELF:
        return state.relation
    return understood.relation


def learn_place(state: State, reading: PlaceReading, lookups: Lookups) -> State:
    """Take in a place, and what follows from it for Articles 7.4 and 26."""
    if reading.outside and not reading.communes:
        place = Place(outside=reading.outside, words=reading.matched or "")
        return state.with_(place=place, facts=state.facts.having(FactId.LIVES_HERE, value=False))
    if not reading.communes:
        return state
    place = Place(communes=tuple(reading.communes), words=reading.matched or "")
    facts = state.facts.having(FactId.LIVES_HERE, value=True)
    if len(reading.communes) == 1:
        area = lookups.province.commune(reading.communes[0]).in_special_difficulty
        # Outside the listed communes there are listed hamlets: unknown, not "no".
        facts = facts.having(FactId.SPECIAL_DIFFICULTY_AREA, area)
    return state.with_(place=place, facts=facts)


def describe(fact: FactId, value: Value) -> Line:
    """One fact in words."""
    declared = FACTS[fact]
    match declared.kind:
        case Kind.WHOLE_NUMBER:
            return Line(key="fact.age", blanks={"age": str(value)})
        case Kind.ONE_OF:
            return Line(key=f"fact.{fact}_{value}")
        case Kind.YES_NO:
            return Line(key="fact.yes" if value else "fact.no", blanks={"fact": declared.said})


def said_back(state: State, facts: tuple[FactId, ...], lookups: Lookups) -> tuple[Line, ...]:
    """Lines that repeat what was understood. What is sensitive is not repeated on the screen."""
    lines: list[Line] = []
    private = False
    for fact in facts:
        value = state.facts.get(fact)
        if fact in FROM_PLACE or value is None:
            continue
        if FACTS[fact].sensitive:
            private = True
            continue
        words = lookups.texts.render(describe(fact, value), state.language)
        lines.append(Line(key="understood.fact", blanks={"fact": words}))
    if private:
        lines.append(Line(key="understood.private"))
    return tuple(lines)


def place_line(state: State, lookups: Lookups) -> tuple[Line, ...]:
    """The commune, once it is clear."""
    if state.place.commune is None:
        return ()
    name = lookups.province.commune(state.place.commune).full_name
    return (Line(key="understood.place", blanks={"place": name}),)


_SURE_OF_FIELD = 0.5
"""From this score on a field of law is said to the citizen; a wrong one hurts."""

FROM_PLACE = frozenset({FactId.LIVES_HERE, FactId.SPECIAL_DIFFICULTY_AREA})
