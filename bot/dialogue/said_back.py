"""What was understood of a story, said back with a tap to take each thing back."""

from bot.dialogue import learning
from bot.dialogue.turn import Lookups, choice
from cases.screened import FROM_PLACE
from cases.speech import Choice, Line, Say
from eligibility.facts import FACTS


def understood(
    learnt: learning.Learnt, lookups: Lookups, *, story: bool = False, odd_age: bool = False
) -> tuple[Say, ...]:
    """One message that says what was understood, so that it can be put right."""
    state = learnt.state
    lines = list(learning.said_back(state, learnt.new + learnt.corrected, lookups))
    if learnt.place:
        lines = [*learning.place_line(state, lookups), *lines]
    if learnt.state.place.outside and not learnt.state.place.communes:
        place = Line(key="understood.outside", blanks={"place": learnt.state.place.outside})
        lines = [place, *lines]
    if story and state.fields and learnt.sure_of_field:
        field = lookups.texts.render(Line(key=f"field.{state.fields[0]}"), state.language)
        lines.append(Line(key="understood.field", blanks={"field": field}))
    if learnt.turned and state.relation is not None:
        who = lookups.texts.render(Line(key=f"who.{state.relation}"), state.language)
        lines = [Line(key="understood.who", blanks={"who": who}), *lines]
    elif state.intermediary and story:
        lines = [Line(key="understood.for_other"), *lines]
    head = [Line(key="understood.head")] if lines else []
    if odd_age:
        head = [Line(key="understood.odd_age"), *head]
    if not (head or lines):
        return ()
    fix = [Line(key="understood.fix")] if story and lines else []
    return (Say(lines=(*head, *lines, *fix), choices=_to_take_back(learnt, lookups)),)


def _to_take_back(learnt: learning.Learnt, lookups: Lookups) -> tuple[Choice, ...]:
    """A button for each thing understood, to take it back with one tap."""
    state = learnt.state
    wrong = []
    if learnt.turned and state.relation is not None:
        wrong.append(("who", Line(key=f"who.{state.relation}")))
    if learnt.place and (state.place.commune or state.place.outside) is not None:
        name = state.place.outside or ""
        if state.place.commune is not None:
            name = lookups.province.commune(state.place.commune).full_name
        wrong.append(("place", Line(key="request.place.commune", blanks={"name": name})))
    for fact in learnt.new + learnt.corrected:
        value = state.facts.get(fact)
        if value is None or fact in FROM_PLACE or FACTS[fact].sensitive:
            continue
        wrong.append((str(fact), learning.describe(fact, value)))
    if any(FACTS[fact].sensitive for fact in learnt.new + learnt.corrected):
        wrong.append(("private", Line(key="understood.private_short")))
    if state.fields and learnt.sure_of_field:
        wrong.append(("field", Line(key=f"field.{state.fields[0]}")))
    return tuple(
        choice(f"x:{key}", "understood.wrong", what=lookups.texts.render(what, state.language))
        for key, what in wrong
    )
