"""Danger: the card with the right number, before anything else that is said.

Heard in every step; the office of a request under way is told as well.
"""

import re
from dataclasses import replace

from bot.dialogue.questions import for_another
from bot.dialogue.turn import FREE, AddToCase, Heard, Lookups, RaiseAlarm, State, Turn, choice
from bot.understanding import contact
from bot.understanding.danger import DangerKind
from bot.understanding.foreign import Language
from bot.understanding.people import Relation
from bot.understanding.reader import GROWN_UP
from bot.understanding.understood import Understood
from cases.screened import CHILD_UNTIL
from cases.speech import Choice, Line, Say, say
from knowledge.vietnamese import fold


def danger_card(understood: Understood, state: State | None = None) -> str:
    """The key of the card; who is beaten by the police is not sent to the police alone.

    `state`: what is known of the writer, if the talk has said more. A child who writes is spoken
    to, not spoken of.
    """
    danger = understood.danger
    if danger is DangerKind.CHILD and _writes_as_a_child(understood, state or State()):
        return "danger.child_self"
    if danger is DangerKind.ARREST and _HELD_ABROAD.search(fold(understood.text)):
        return "danger.arrest_abroad"
    if danger is DangerKind.VIOLENCE and "cong an" in fold(understood.text):
        return "danger.violence_police"
    return f"danger.{danger}"


def _writes_as_a_child(understood: Understood, state: State) -> bool:
    if understood.relation not in (None, Relation.SELF) or for_another(state):
        return False
    ages = (state.facts.age, understood.facts.age, understood.guessed_age)
    age = next((one for one in ages if one is not None), None)
    if age is not None:
        return age < GROWN_UP
    return (
        understood.relation is Relation.SELF
        and _AT_SCHOOL.search(fold(understood.text)) is not None
    )


_AT_SCHOOL = re.compile(r"\b(?:em|con|chau) (?:\w+ ){0,2}hoc lop\b|\bthay (?:giao|day|chu nhiem)\b")
_HELD_ABROAD = re.compile(
    r"\b(?:malaysia|ma lai|indonesia|indo|thai lan|campuchia|trung quoc|philippines|brunei"
    r"|dai loan|nuoc ngoai|nuoc ban)\b"
)


def warn(before: State, danger: DangerKind, heard: Heard, turn: Turn, lookups: Lookups) -> Turn:
    """The card with the right number comes first, in full once for each danger of a matter."""
    if before.danger is DangerKind.HARMING and danger in _DONE_BY_SOMEBODY:
        danger = _whose_deed(heard, danger)
    state = turn.state.with_(
        warned=turn.state.warned | {danger}, danger=_graver(before.danger, danger), urgent=True
    )
    alarm = _alarm(danger, lookups)
    if danger is DangerKind.ARREST and danger in before.warned:  # more is told of the same arrest
        says = turn.says
        if not any(line.key == "danger.arrest_more" for said in says for line in said.lines):
            says = (say("danger.arrest_more"), *says)
        return Turn(state, says, (*turn.wishes, *alarm))
    again = danger in before.warned and danger is not DangerKind.HARMING
    if before.danger is not None and again:
        return Turn(state, turn.says, (*turn.wishes, *alarm)).before(say("danger.again"))
    key = danger_card(replace(heard.understood, danger=danger), turn.state)
    card = Say(lines=_in_a_language_they_read(key, state, heard, lookups))
    if danger in _CARD_WITHOUT_111 and (state.facts.age or CHILD_UNTIL) < CHILD_UNTIL:
        card = card.model_copy(update={"lines": (*card.lines, Line(key="danger.child_too"))})
    ways: tuple[Choice, ...] = (choice("go:person", "menu.person"),)
    if danger in _ABUSER_MAY_READ:
        ways += (choice("go:unsafe", "danger.safe_no"),)
    words = heard.understood.normalised
    if danger in _ABUSER_MAY_READ and contact.cannot_go_on(words, afraid=True):
        leaving = state.at("free").with_(opening=False)
        card = card.model_copy(update={"lines": (*card.lines, Line(key="danger.not_safe"))})
        told = tuple(wish for wish in turn.wishes if isinstance(wish, AddToCase))
        return Turn(leaving, (card,), (*told, *alarm))
    card = card.model_copy(update={"choices": (*ways, choice("go:calm", "danger.none"))})
    if danger in _ONLY_THE_CARD:  # nothing else is asked or explained now
        listening = state.at("free") if before.step in FREE else before
        told = tuple(wish for wish in turn.wishes if isinstance(wish, AddToCase))
        kept = {"warned": state.warned, "danger": state.danger, "urgent": True}
        return Turn(listening.with_(**kept), (card,), (*told, *alarm))
    return Turn(state, turn.says, (*turn.wishes, *alarm)).before(card)


_DONE_BY_SOMEBODY = frozenset({DangerKind.THREAT, DangerKind.VIOLENCE})
_OWN_DEED = re.compile(
    r"\b(?:toi|tui|tao|em|anh|minh)\b(?: \w+){0,3} "
    r"(?:giet|chem|dam|danh|dot|ban|xu|thit|chat|cat co|cho no)\b"
    r"(?! (?:toi|tui|tao|em|anh|minh|vo|con)\b)"
)


def _whose_deed(heard: Heard, danger: DangerKind) -> DangerKind:
    """ "Tôi nói thật, tối nay tôi chém nó", after a threat of one's own, is no victim's word."""
    own = _OWN_DEED.search(fold(heard.understood.normalised))
    return DangerKind.HARMING if own is not None else danger


def _alarm(danger: DangerKind, lookups: Lookups) -> tuple[RaiseAlarm, ...]:
    """A danger told while a request is under way: the office must see it."""
    case = lookups.my_case
    return (RaiseAlarm(case.id, danger),) if case is not None and case.state != "closed" else ()


def _graver(before: DangerKind | None, now: DangerKind) -> DangerKind:
    """The danger of the matter: the first one told, unless life and limb come into it later."""
    if before is None or (before in _LESS_GRAVE and now not in _LESS_GRAVE):
        return now
    return before


_LESS_GRAVE = frozenset({DangerKind.ARREST, DangerKind.THREAT})


def _in_a_language_they_read(
    key: str, state: State, heard: Heard, lookups: Lookups
) -> tuple[Line, ...]:
    """A card, and in English too for whoever may read neither it nor Vietnamese."""
    khmer = heard.understood.written_in is Language.KHMER
    if lookups.texts.complete(state.language) and not khmer:
        return (Line(key=key),)
    english = lookups.texts.render(Line(key=key), Language.ENGLISH)
    return Line(key=key), Line(key="danger.in_english", blanks={"text": english})


_ONLY_THE_CARD = frozenset({DangerKind.SUICIDE, DangerKind.HARMING})
_CARD_WITHOUT_111 = frozenset({DangerKind.VIOLENCE, DangerKind.THREAT, DangerKind.HARMING})
_ABUSER_MAY_READ = frozenset({DangerKind.VIOLENCE, DangerKind.CHILD, DangerKind.TRAFFICKING})
