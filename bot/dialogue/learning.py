"""What a message teaches about the person in need, and how it is said back."""

from dataclasses import dataclass

from bot.dialogue.turn import Lookups, Place, State
from bot.understanding.people import Relation
from bot.understanding.understood import Understood
from cases.places import PlaceReading
from cases.screened import FROM_PLACE, facts_of_commune
from cases.speech import Line
from eligibility.facts import FACTS, FactId, Facts, Kind, Known, Value


@dataclass(frozen=True)
class Doubt:
    """Two statements of one fact that cannot both be true."""

    fact: FactId
    before: Value
    now: Value


@dataclass(frozen=True)
class Learnt:
    """The state after a message, and which facts are new or put right."""

    state: State
    new: tuple[FactId, ...] = ()
    corrected: tuple[FactId, ...] = ()
    doubts: tuple[Doubt, ...] = ()
    """Stated otherwise before; forgotten, so that they are asked again. Also among `corrected`."""
    place: bool = False
    sure_of_field: bool = False
    turned: bool = False
    """The talk has turned to somebody else."""

    @property
    def anything(self) -> bool:
        return bool(self.new or self.corrected or self.place or self.turned)


def learn(state: State, understood: Understood, lookups: Lookups) -> Learnt:
    """Take in every fact, the place, the field and for whom it is, as far as they are stated.

    Facts of somebody else than the one in need are left alone. When the talk turns to another
    person, what was known of the first is forgotten, all but the household and the matter.
    """
    said = of_the_one_in_need(state, understood)
    relation = _relation(state, understood)
    facts = state.facts
    turned = (relation or Relation.SELF) is not (state.relation or Relation.SELF)
    if turned:
        for fact in facts.known().keys() - _OF_ALL:
            facts = facts.having(fact, None)
    new: list[FactId] = []
    corrected: list[FactId] = []
    doubts: list[Doubt] = []
    for fact, value in said.items():
        before = facts.get(fact)
        if before == value:
            continue
        (new if before is None else corrected).append(fact)
        if before is not None and not understood.corrects and _exclude(fact, before, value):
            doubts.append(Doubt(fact, before, value))
            facts = facts.having(fact, None)
        else:
            facts = facts.having(fact, value)
    state = state.with_(
        facts=facts,
        skipped=frozenset(state.skipped - said.keys()),
        urgent=state.urgent or understood.urgent,
        danger=state.danger or understood.danger,
        fields=state.fields or tuple(str(field) for field, _ in understood.fields[:2]),
        relation=relation,
    )
    placed = learn_place(state, understood.place, lookups)
    sure = bool(understood.fields) and understood.fields[0][1] >= _SURE_OF_FIELD
    changed = placed.place != state.place
    return Learnt(placed, tuple(new), tuple(corrected), tuple(doubts), changed, sure, turned)


_OF_ALL = frozenset(
    {
        FactId.HOUSEHOLD,
        FactId.SPECIAL_DIFFICULTY_AREA,
        FactId.LIVES_HERE,
        FactId.HAPPENED_HERE,
        FactId.COMMERCIAL,
        FactId.HANDLED_ELSEWHERE,
    }
)
"""Facts of the household and the matter, whoever of the house is spoken of."""


def of_the_one_in_need(state: State, understood: Understood) -> Known:
    """The facts of a message that are of the person this talk is about."""
    known = understood.facts.known()
    if state.relation in (None, Relation.SELF) or understood.relation not in (None, Relation.SELF):
        return known
    if state.intermediary and understood.relation in (None, Relation.SELF):
        return known  # "có chị kia 35 tuổi": whoever asks by office does not speak of themselves
    # "tôi 45 tuổi" in a talk about a child is the writer's age, "con tôi 5 tuổi" is the child's
    theirs = understood.others.get(state.relation, Facts()).known()
    if understood.relation is Relation.SELF:
        known = {fact: value for fact, value in known.items() if fact in _OF_ALL}
    return {**known, **theirs}


def _exclude(fact: FactId, before: Value, now: Value) -> bool:
    """Whether one of two statements must be wrong, rather than the second telling more.

    Nobody who leaves a box alone says no for ever, and a birthday lies between two ages.
    """
    match FACTS[fact].kind:
        case Kind.WHOLE_NUMBER:
            return abs(int(before) - int(now)) > 1
        case Kind.YES_NO:
            return before is True
        case Kind.ONE_OF:
            return fact is FactId.HOUSEHOLD


def doubts(learnt: Learnt, lookups: Lookups) -> tuple[Line, ...]:
    """Both statements of what was told in two ways, so that one can say which holds.

    What is sensitive is asked again without being repeated.
    """
    language = learnt.state.language
    return tuple(
        Line(
            key="screening.two_answers",
            blanks={
                "before": lookups.texts.render(describe(one.fact, one.before), language),
                "now": lookups.texts.render(describe(one.fact, one.now), language),
            },
        )
        for one in learnt.doubts
        if not FACTS[one.fact].sensitive
    )


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
        facts = facts_of_commune(facts, lookups.province.commune(reading.communes[0]))
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
