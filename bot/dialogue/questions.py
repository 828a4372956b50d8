"""The questions of the screening as values: which fact, which choices, how an answer is read."""

from dataclasses import dataclass

from bot.dialogue.turn import Heard, Lookups, State, ask, choice
from bot.understanding.intents import Intent
from bot.understanding.people import Relation
from cases.speech import Choice, Line, Say
from eligibility.facts import FACTS, OLDEST, FactId, Household, Kind, Known, ScreenGroup, Value
from eligibility.screen import screen

BOXES = "screening.boxes"
"""The step that asks all facts of one screen as boxes to tick."""

SKIP = choice("skip", "menu.skip")
DONT_KNOW = choice("dont_know", "menu.dont_know")
YES = choice("yes", "menu.yes")
NO = choice("no", "menu.no")
DONE = choice("done", "menu.done")
PERSON = choice("go:person", "menu.person")
NONE_OF_THESE = choice("none", "screening.none_of_these")

OF_BOXES = tuple(fact.id for fact in FACTS.values() if fact.screen_group is ScreenGroup.STATUSES)


@dataclass(frozen=True)
class Question:
    """One fact, asked by itself."""

    fact: FactId

    @property
    def step(self) -> str:
        return f"screening.{self.fact}"

    def ask(self, state: State, lookups: Lookups) -> Say:
        """The question with its choices; asked about the person in need, whoever writes."""
        form = "ask_other" if for_another(state) else "ask"
        choices = (*self.choices(), PERSON)
        return ask(f"{self.step}.{form}", *choices, **_blanks(self.step, lookups))

    def choices(self) -> tuple[Choice, ...]:
        declared = FACTS[self.fact]
        match declared.kind:
            case Kind.WHOLE_NUMBER:
                return (SKIP,)
            case Kind.YES_NO:
                return (YES, NO, DONT_KNOW)
            case Kind.ONE_OF:
                options = (choice(str(o), f"{self.step}.{o}") for o in declared.options)
                return (*options, SKIP if declared.sensitive else DONT_KNOW)

    def read(self, heard: Heard, stated_facts: Known) -> Value | None:
        """The value in an answer, or None if it holds none.

        `stated_facts`: what the answer states of the person in need.
        """
        declared = FACTS[self.fact]
        if heard.key:
            match declared.kind:
                case Kind.WHOLE_NUMBER:
                    return None
                case Kind.YES_NO:
                    return {"yes": True, "no": False}.get(heard.key)
                case Kind.ONE_OF:
                    return next((o for o in declared.options if str(o) == heard.key), None)
        stated = stated_facts.get(self.fact)
        if stated is not None:
            return stated
        match declared.kind:
            case Kind.WHOLE_NUMBER:
                number = heard.understood.number
                return number if number is not None and 0 <= number <= OLDEST else None
            case Kind.YES_NO:
                said = {Intent.YES: True, Intent.NO: False}
                return said.get(heard.understood.intent)
            case Kind.ONE_OF:
                # "không có giấy gì hết" to the question which certificate the house has
                none = heard.understood.intent is Intent.NO
                return Household.NEITHER if none and self.fact is FactId.HOUSEHOLD else None


def _blanks(step: str, lookups: Lookups) -> dict[str, str]:
    wanted = lookups.texts.blanks(f"{step}.ask")
    return {name: lookups.blanks[name] for name in wanted}


def for_another(state: State) -> bool:
    """Whether the citizen writes on behalf of somebody else."""
    return state.relation not in (None, Relation.SELF)


BY_STEP = {question.step: question for question in map(Question, FactId)}


def open_boxes(state: State, lookups: Lookups) -> tuple[FactId, ...]:
    """The boxes that can still change something, by today's law or by the next."""
    days = (lookups.today, lookups.law.next_change(lookups.today))
    missing = {
        fact
        for day in days
        if day is not None
        for fact in screen(state.facts, day, lookups.law, state.skipped).missing
    }
    return tuple(fact for fact in OF_BOXES if fact in missing)


def shown_boxes(state: State, lookups: Lookups) -> tuple[FactId, ...]:
    """Those of them that are asked now: few enough for a phone, what is private by itself."""
    still = open_boxes(state, lookups)
    plain = tuple(fact for fact in still if fact not in _PRIVATE)
    return plain or still


_PRIVATE = frozenset(
    {
        FactId.DOMESTIC_VIOLENCE,
        FactId.HIV,
        FactId.TRAFFICKING_VICTIM,
        FactId.WITH_TRAFFICKING_VICTIM,
    }
)


def ask_boxes(state: State, lookups: Lookups, *, replaces: bool = False) -> Say:
    """The open facts of one screen as boxes; none has to be ticked."""
    shown = shown_boxes(state, lookups)
    boxes = tuple(
        Choice(key=str(fact), label=Line(key=f"screening.box.{fact}"), ticked=fact in state.ticked)
        for fact in shown
    )
    if _PRIVATE.issuperset(shown):
        other = for_another(state)
        key = "screening.boxes_private_other" if other else "screening.boxes_private"
    else:
        key = "screening.boxes_other" if for_another(state) else "screening.boxes"
    ends = (DONE,) if state.ticked else (DONE, NONE_OF_THESE, SKIP, PERSON)
    return Say(lines=(Line(key=key),), choices=(*boxes, *ends), replaces=replaces)
