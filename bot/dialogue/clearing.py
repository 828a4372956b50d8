"""What could be meant in two ways is asked before the talk goes on: what holds, who needs help."""

from bot.dialogue import learning
from bot.dialogue.questions import SKIP, Question, for_another
from bot.dialogue.turn import Heard, Lookups, State, ask, choice
from bot.understanding.intents import Intent
from bot.understanding.people import PEOPLE, PeopleFile, Relation
from bot.understanding.understood import Understood
from cases.speech import Choice, Line, Say
from eligibility.facts import FACTS, FactId, Facts, Kind
from knowledge.vietnamese import fold
from store.datafile import load

DOUBT = "clear.doubt"
WHO = "clear.who"


def begin(before: State, now: State, understood: Understood) -> State | None:
    """The step to ask first after this message; None: nothing is unclear."""
    if now.doubt is not None and now.doubt != before.doubt:
        return now.at(DOUBT).with_(resume=now.step)
    if now.asked_who or now.intermediary:
        return None
    humble = _humble_child(now, understood)
    asks = understood.intent is Intent.QUESTION
    unsaid = understood.relation is None and bool(understood.others) and not asks
    about_self = now.relation in (None, Relation.SELF)
    if (understood.several and now.waiting) or (
        about_self and (humble or (unsaid and _spoken_of(now)))
    ):
        return now.at(WHO).with_(resume=now.step, asked_who=True, humble=humble)
    return None


def _spoken_of(state: State) -> tuple[Relation, ...]:
    return tuple(one for one in state.others if one is not Relation.SELF)


def _humble_child(state: State, understood: Understood) -> bool:
    """ "Con 17 tuổi muốn ly hôn": the writer, who calls themselves "con", or a child of theirs."""
    words = set(fold(understood.text).split())
    age = understood.others.get(Relation.CHILD, Facts()).age
    return (
        understood.others.keys() == {Relation.CHILD}
        and (age is None or age >= _YOUNGEST_WRITER)
        and not understood.facts.known()
        and not words & _WRITER
        and Relation.CHILD in state.others
    )


_YOUNGEST_WRITER = 8
"""Years; who is younger does not write of divorce by phone."""
_WRITER = frozenset({"toi", "tui", "minh", "em", "tao", "vo", "chong"})


def ask_again(state: State, lookups: Lookups) -> Say:
    """The question of the present step."""
    if state.step == WHO:
        key = "clear.who_first" if state.waiting else "clear.who"
        return ask(key, *_people(state, lookups))
    doubt = state.doubt
    if doubt is None:
        raise AssertionError(state.step)
    said = {
        key: lookups.texts.render(learning.describe(doubt.fact, value), state.language)
        for key in _BOTH
        if (value := doubt.value(key)) is not None
    }
    both = Line(key="clear.two_answers", blanks=said)
    if FACTS[doubt.fact].kind is Kind.ONE_OF:
        question = Question(doubt.fact).ask(state, lookups)
        return Say(lines=(both, *question.lines), choices=question.choices)
    which = tuple(choice(key, "clear.this_one", what=said[key]) for key in _BOTH)
    key = "clear.which_other" if for_another(state) else "clear.which"
    return Say(lines=(both, Line(key=key)), choices=(*which, SKIP))


_BOTH = ("before", "now")


def _people(state: State, lookups: Lookups) -> tuple[Choice, ...]:
    """Everybody who was spoken of, with the age that tells them apart; then somebody else."""
    here = state.relation or Relation.SELF
    spoken_of = (*state.waiting, *_spoken_of(state)) or tuple(Relation)
    named = dict.fromkeys((here, *spoken_of, Relation.SELF, Relation.OTHER))
    return tuple(_person(one, state, lookups) for one in named)


def _person(who: Relation, state: State, lookups: Lookups) -> Choice:
    here = who is (state.relation or Relation.SELF)
    facts = state.facts if here else state.others.get(who, Facts())
    if who is Relation.SELF and not facts.known() and _only_child_told(state):
        facts = state.others[Relation.CHILD]  # it is the writer's age, if "con" is the writer
    if facts.age is None:
        return choice(str(who), f"who.{who}")
    age = lookups.texts.render(learning.describe(FactId.AGE, facts.age), state.language)
    name = lookups.texts.render(Line(key=f"who.{who}"), state.language)
    return choice(str(who), "clear.who_aged", who=name, age=age)


def _only_child_told(state: State) -> bool:
    return state.humble and state.others.keys() == {Relation.CHILD}


def settled(state: State) -> State:
    """At the step that waited, if the doubt was settled by something else that was said."""
    if state.step != DOUBT or state.doubt is not None:
        return state
    return state.at(state.resume).with_(resume="free")


def answer(state: State, heard: Heard, lookups: Lookups) -> State | None:
    """The state with the answer taken in, at the step that waited; None if the message is none."""
    cleared = _who(state, heard) if state.step == WHO else _doubt(state, heard, lookups)
    return None if cleared is None else cleared.at(state.resume).with_(resume="free")


def _who(state: State, heard: Heard) -> State | None:
    who = next((one for one in Relation if heard.key == one), None)
    if not heard.key:
        who = _who_in_words(state, heard.understood)
    if who is None:
        return None
    if who is Relation.SELF and _only_child_told(state):
        state = state.with_(others={Relation.SELF: state.others[Relation.CHILD]}, relation=None)
        return learning.turn_to(state.with_(relation=Relation.OTHER), Relation.SELF)
    here = state.relation or Relation.SELF
    others = dict.fromkeys((*((here,) if state.waiting else ()), *state.waiting))
    turned = learning.turn_to(state, who)
    return turned.with_(waiting=tuple(one for one in others if one is not who), humble=False)


def _who_in_words(state: State, understood: Understood) -> Relation | None:
    if understood.intent in _NO_ANSWER:
        return state.relation or Relation.SELF
    if understood.relation not in (None, Relation.SELF):
        return understood.relation
    words = fold(understood.text).strip(" .!")
    if set(words.split()) <= _MYSELF:
        return Relation.SELF
    return next((_NAMES[name] for name in _NAMES if f" {name} " in f" {words} "), None)


_MYSELF = frozenset({"da", "cho", "chinh", "ban", "than", "toi", "tui", "minh", "em"})
_NAMES = {
    fold(name): relation
    for relation, names in load(PEOPLE, PeopleFile).relations.items()
    for name in names
}


def _doubt(state: State, heard: Heard, lookups: Lookups) -> State | None:
    doubt = state.doubt
    if doubt is None:
        return state
    if heard.key == SKIP.key or heard.key == "dont_know" or heard.understood.intent in _NO_ANSWER:
        return state.with_(doubt=None, skipped=state.skipped | {doubt.fact})
    if heard.key in _BOTH:
        value = doubt.value(heard.key)
    else:
        stated = learning.of_the_one_in_need(state, heard.understood)
        value = Question(doubt.fact).read(heard, stated)
    if value is None:
        return None
    known = state if heard.key else learning.learn(state, heard.understood, lookups).state
    return known.with_(facts=known.facts.having(doubt.fact, value), doubt=None)


_NO_ANSWER = frozenset({Intent.SKIP, Intent.DONT_KNOW})
