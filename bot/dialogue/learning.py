"""What a message teaches about the person in need, and how it is said back."""

import re
from dataclasses import dataclass, replace

from bot.dialogue.turn import Doubt, Lookups, Place, State
from bot.understanding.intents import Intent
from bot.understanding.people import Relation
from bot.understanding.understood import Understood
from cases.places import PlaceReading
from cases.screened import FROM_PLACE, facts_of_commune
from cases.speech import Line
from eligibility.facts import FACTS, FactId, Facts, Household, Kind, Known, Value
from knowledge.vietnamese import fold


@dataclass(frozen=True)
class Learnt:
    """The state after a message, and which facts are new or put right."""

    state: State
    new: tuple[FactId, ...] = ()
    corrected: tuple[FactId, ...] = ()
    place: bool = False
    sure_of_field: bool = False
    turned: bool = False
    """The talk has turned to somebody else."""
    others: bool = False
    """Something was told of somebody this talk is not about."""

    @property
    def anything(self) -> bool:
        return bool(self.new or self.corrected or self.place or self.turned or self.others)


def learn(state: State, understood: Understood, lookups: Lookups) -> Learnt:
    """Take in every fact, the place, the field and for whom it is, as far as they are stated.

    Facts of somebody else than the one in need are kept beside. When the talk turns to another
    person, what was known of the first is put aside, all but the household and the matter.
    """
    said = {} if asks_for_a_meaning(understood) else of_the_one_in_need(state, understood)
    relation = _relation(state, understood)
    turned = (relation or Relation.SELF) is not (state.relation or Relation.SELF)
    if turned and relation is not None:
        state = turn_to(state, relation)
    before_others = state.others
    state = _heard_of_others(state.with_(relation=relation), understood)
    of_others = state.others != before_others
    facts = state.facts
    new: list[FactId] = []
    corrected: list[FactId] = []
    doubt = state.doubt
    for fact, value in said.items():
        before = facts.get(fact)
        if before == value:
            continue
        (new if before is None else corrected).append(fact)
        if before is not None and _exclude(fact, before, value, understood):
            facts = facts.having(fact, None)
            if not FACTS[fact].sensitive:
                doubt = Doubt(fact=fact, before=before, now=value)
        else:
            facts = facts.having(fact, value)
            doubt = None if doubt is not None and doubt.fact is fact else doubt
    state = state.with_(
        facts=facts,
        doubt=doubt,
        skipped=frozenset(state.skipped - said.keys()),
        urgent=state.urgent or understood.urgent,
        danger=state.danger or understood.danger,
    )
    state, sure = _learn_field(state, understood)
    placed = _place_told(state, understood, lookups)
    changed = placed.place != state.place
    return Learnt(placed, tuple(new), tuple(corrected), changed, sure, turned, of_others)


def asks_for_a_meaning(understood: Understood) -> bool:
    """ "Hộ cận nghèo là gì?" says nothing of the one who asks."""
    words = f" {fold(understood.text).strip(' ?.!')} "
    return understood.relation is None and any(f" {words_} " in words for words_ in _MEANS)


_MEANS = ("la gi", "la sao", "la nhu the nao", "nghia la", "khac gi", "khac nhau")


def turn_to(state: State, relation: Relation) -> State:
    """The same talk about another person; what is known of the first is put aside."""
    before = state.relation or Relation.SELF
    if before is relation:
        return state.with_(relation=relation)
    others = dict(state.others)
    theirs = others.pop(relation, Facts()).known()
    facts = state.facts
    aside = Facts()
    for fact, value in facts.known().items():
        if fact not in _OF_ALL:
            aside = aside.having(fact, value)
            facts = facts.having(fact, None)
    if aside.known():
        others[before] = aside
    for fact, value in theirs.items():
        facts = facts.having(fact, value)
    return state.with_(facts=facts, others=others, relation=relation, doubt=None)


def _heard_of_others(state: State, understood: Understood) -> State:
    """Keep what is stated of those this talk is not about, and who else needs help."""
    here = state.relation or Relation.SELF
    told = dict(understood.others)
    if (
        understood.relation is Relation.SELF
        and _names_the_writer(understood)
        and here is not Relation.SELF
        and not state.intermediary
    ):
        told[Relation.SELF] = understood.facts  # "tôi 45 tuổi" in a talk about a child
    others = dict(state.others)
    for relation, facts in told.items():
        mine = others.get(relation, Facts())
        for fact, value in facts.known().items():
            if fact not in _OF_ALL:
                mine = mine.having(fact, value)
        if relation is not here and mine.known():
            others[relation] = mine
    waiting = state.waiting
    if understood.several:
        named = (understood.relation or Relation.SELF, *(understood.others or (Relation.OTHER,)))
        waiting = tuple(dict.fromkeys((*waiting, *named)))
    return state.with_(others=others, waiting=tuple(one for one in waiting if one is not here))


def _learn_field(state: State, understood: Understood) -> tuple[State, bool]:
    """What the matter is about, and whether that can be said; a command or a name tells nothing."""
    if not understood.fields or understood.intent not in _TELLS_A_MATTER:
        return state, False
    score = understood.fields[0][1]
    if understood.intent is Intent.ANSWER:
        other = understood.facts.known() or understood.place.communes or understood.place.outside
        if other or score < _SURE_OF_FIELD or len(understood.text.split()) < _WORDS_OF_A_MATTER:
            return state, False
    story = understood.intent is Intent.STORY and not state.told_story
    if score < _SOME_FIELD or (state.fields and not story and score <= state.field_score):
        return state, False
    fields = tuple(str(field) for field, _ in understood.fields[:2])
    return state.with_(fields=fields, field_score=score), score >= _SURE_OF_FIELD


_TELLS_A_MATTER = frozenset({Intent.STORY, Intent.QUESTION, Intent.ANSWER})
_WORDS_OF_A_MATTER = 2


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
    of_them = understood.others.get(Relation.OTHER)
    if understood.relation is None and of_them is not None and _THEY.match(_folded(understood)):
        return of_them.known()  # "bả 79 tuổi": whom the talk is about, whoever that is
    if state.relation in (None, Relation.SELF) or understood.relation not in (None, Relation.SELF):
        return known
    if state.intermediary and understood.relation in (None, Relation.SELF):
        return known  # "có chị kia 35 tuổi": whoever asks by office does not speak of themselves
    if understood.relation is Relation.SELF and not _names_the_writer(understood):
        return known  # "41 tuổi", with nobody named, is of the one the talk is about
    # "tôi 45 tuổi" in a talk about a child is the writer's age, "con tôi 5 tuổi" is the child's
    theirs = understood.others.get(state.relation, Facts()).known()
    if understood.relation is Relation.SELF:
        known = {fact: value for fact, value in known.items() if fact in _OF_ALL}
    return {**known, **theirs}


def _names_the_writer(understood: Understood) -> bool:
    return not _WRITER.isdisjoint(_folded(understood).split())


def _folded(understood: Understood) -> str:
    return fold(understood.normalised)


_THEY = re.compile(r"(?:da )?(?:nam nay )?(?:no|ong|ba|ong ay|ba ay|anh ay|chi ay|be|chau no)\b")
_WRITER = frozenset({"toi", "tui", "em", "minh", "tao", "con", "chau"})


def _exclude(fact: FactId, before: Value, now: Value, understood: Understood) -> bool:
    """Whether one of two statements must be wrong, rather than the second telling more.

    Nobody who leaves a box alone says no for ever, and a birthday lies between two ages. What is
    put right holds, but "không phải hộ nghèo" does not say whether the house is near-poor.
    """
    if understood.corrects:
        return fact is FactId.HOUSEHOLD and now is Household.NEITHER
    match FACTS[fact].kind:
        case Kind.WHOLE_NUMBER:
            return abs(int(before) - int(now)) > 1
        case Kind.YES_NO:
            return before is True
        case Kind.ONE_OF:
            return fact is FactId.HOUSEHOLD


def _relation(state: State, understood: Understood) -> Relation | None:
    if understood.relation is None or understood.relation is Relation.SELF:
        return state.relation
    return understood.relation


def _place_told(state: State, understood: Understood, lookups: Lookups) -> State:
    """Take in a place; in a story another place than the one known may be where it happened."""
    reading, known = understood.place, state.place.commune
    answers = understood.intent is Intent.ANSWER
    if known is not None and answers and not _names_a_place(understood, lookups):
        return state
    says_so = understood.corrects or answers
    if known is None or says_so or known in reading.communes:
        return state if known in reading.communes else learn_place(state, reading, lookups)
    if not reading.communes:  # "chồng tôi đi làm ở Bình Dương": they still live where they said
        return state
    return learn_place(state, replace(reading, communes=(known, *reading.communes)), lookups)


def _names_a_place(understood: Understood, lookups: Lookups) -> bool:
    """Whether a few words surely name a place: only such ones may take the place of another."""
    reading = understood.place
    if reading.outside or lookups.gazetteer.read(understood.text, story=True).communes:
        return True
    names = {fold(lookups.province.commune(code).name) for code in reading.communes}
    return fold(understood.text).strip(" .!") in names


def learn_place(state: State, reading: PlaceReading, lookups: Lookups) -> State:
    """Take in a place, and what follows from it for Articles 7.4 and 26."""
    if reading.outside and not reading.communes:
        place = Place(outside=reading.outside, words=reading.matched or "")
        facts = state.facts.having(FactId.LIVES_HERE, value=False)
        if state.place.communes:
            facts = facts.having(FactId.SPECIAL_DIFFICULTY_AREA, None)
        return state.with_(place=place, facts=facts)
    if not reading.communes:
        return state
    place = Place(communes=tuple(reading.communes), words=reading.matched or "")
    facts = state.facts.having(FactId.LIVES_HERE, value=True)
    if state.facts.happened_here is False:  # asked only while they were thought to live outside
        facts = facts.having(FactId.HAPPENED_HERE, None)
    area = None
    if len(reading.communes) == 1:
        commune = lookups.province.commune(reading.communes[0])
        area = facts_of_commune(facts, commune).special_difficulty_area
    if area is not None or state.place.communes not in ((), place.communes):
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
    if state.place.commune is None and state.place.words and len(state.place.communes) > 1:
        return (Line(key="understood.place_unclear", blanks={"place": state.place.words}),)
    if state.place.commune is None:
        return ()
    name = lookups.province.commune(state.place.commune).full_name
    return (Line(key="understood.place", blanks={"place": name}),)


_SOME_FIELD = 0.2
"""Below this score the words tell nothing of a field of law."""
_SURE_OF_FIELD = 0.5
"""From this score on a field of law is said to the citizen; a wrong one hurts."""
