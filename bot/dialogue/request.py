"""A request for an officer: where, what, agreed to, opened, and how to be reached.

Nothing leaves for the office before the citizen has agreed (Law 91/2025/QH15); nobody has to
pass the screening first.
"""

import json
import re
from dataclasses import dataclass

from bot.channels.message import InboundKind
from bot.dialogue import learning, welcome
from bot.dialogue.screening import in_one_line
from bot.dialogue.turn import (
    AddToCase,
    Agreed,
    Heard,
    Lookups,
    NoteContact,
    OpenCase,
    Place,
    State,
    Turn,
    ask,
    choice,
)
from bot.understanding.intents import Intent
from cases.codes import spaced
from cases.places import PlaceReading
from cases.purpose import Purpose
from cases.routing import in_words, route
from cases.speech import Ask, Choice, Line, Say, say
from eligibility.facts import FACTS, FactId, Facts
from eligibility.screen import Outcome, screen
from knowledge.vietnamese import fold

PLACE = "request.place"
WHICH_PLACE = "request.which_place"
OUTSIDE = "request.outside"
STORY = "request.story"
CONSENT = "request.consent"
SENSITIVE = "request.sensitive"
PHONE = "request.phone"
HOURS = "request.hours"
ALREADY = "request.already"
ADD = "request.add"

_SKIP = choice("skip", "menu.skip")
_ENOUGH = 30
"""Characters from which a free text counts as having told something."""


def begin(state: State, _heard: Heard, lookups: Lookups) -> Turn:
    """The citizen wants an officer."""
    case = lookups.my_case
    if case is not None and case.state != "closed":
        return _ask(state.at(ALREADY), lookups)
    turn = go_on(state.with_(opening=True, agreed_to=None), lookups)
    if state.danger is None:
        return turn.before(say("request.begin"))
    free = in_one_line(state, lookups)
    return turn.before(Say(lines=(Line(key="danger.hurry"), *free)))


def go_on(state: State, lookups: Lookups) -> Turn:
    """Ask what is still missing for the request, one thing at a time."""
    place = state.place
    if len(place.communes) > 1:
        return _ask(state.at(WHICH_PLACE), lookups)
    if place.outside and not place.skipped:
        return _ask(state.at(OUTSIDE), lookups)
    if not place.communes and not place.skipped and not place.outside:
        return _ask(state.at(PLACE), lookups)
    if not state.told_story and not state.danger:
        return _ask(state.at(STORY), lookups)
    if state.agreed_to != sent_to(state, lookups).reason:  # also when the place was corrected
        return _ask(state.at(CONSENT), lookups)
    if _tells_sensitive(state):
        return _ask(state.at(SENSITIVE), lookups)
    return _open(state, lookups, with_words=True)


def ask_again(state: State, lookups: Lookups) -> Say:
    """The question of the present step."""
    province = lookups.blanks["province"]
    match state.step:
        case "request.place":
            question = ask("request.place.ask", _SKIP)
            return question.model_copy(update={"ask": Ask.LOCATION})
        case "request.which_place":
            return ask("request.place.which", *_communes(state, lookups), _NOT_THESE)
        case "request.outside":
            return ask(
                "request.place.outside",
                choice("here", "request.place.outside_yes", province=province),
                choice("not_here", "request.place.outside_no"),
                name=state.place.outside or "",
                province=province,
            )
        case "request.story":
            return ask("request.story.ask", choice("later", "request.story.later"))
        case "request.consent":
            return Say(lines=(_consent(state, lookups),), choices=(_AGREE, _REFUSE))
        case "request.sensitive":
            return Say(lines=(_SENSITIVE_TEXT,), choices=(_SENSITIVE_AGREE, _SENSITIVE_REFUSE))
        case "request.phone":
            question = ask("request.phone.ask", _NO_PHONE)
            return question.model_copy(update={"ask": Ask.PHONE})
        case "request.hours":
            return ask("request.hours.ask", *_HOURS)
        case "request.already":
            office = lookups.my_case.office if lookups.my_case else ""
            return ask("request.already", _ADD_HERE, _ANOTHER, office=office)
        case "request.add":
            return ask("request.add_prompt", choice("go:menu", "menu.menu"))
        case other:
            raise AssertionError(other)


_NOT_THESE = choice("other", "request.place.not_these")
_AGREE = choice("agree", "request.consent.agree")
_REFUSE = choice("refuse", "request.consent.refuse")
_SENSITIVE_TEXT = Line(key="request.consent.sensitive")
_SENSITIVE_AGREE = choice("agree", "request.consent.sensitive_agree")
_SENSITIVE_REFUSE = choice("refuse", "request.consent.sensitive_refuse")
_NO_PHONE = choice("none", "request.phone.none")
_HOURS = tuple(
    choice(key, f"request.hours.{key}") for key in ("office", "noon", "evening", "message_only")
)
_ADD_HERE = choice("add", "request.add_here")
_ANOTHER = choice("another", "request.open_another")


def _ask(state: State, lookups: Lookups) -> Turn:
    return Turn(state, (ask_again(state, lookups),))


def _communes(state: State, lookups: Lookups) -> tuple[Choice, ...]:
    return tuple(
        choice(code, "request.place.commune", name=lookups.province.commune(code).full_name)
        for code in state.place.communes[:8]
    )


def answer(state: State, heard: Heard, lookups: Lookups) -> Turn | None:
    """Take an answer to the present question; None if the message is none."""
    match state.step:
        case "request.place":
            return _place(state, heard, lookups)
        case "request.which_place":
            return _which_place(state, heard, lookups)
        case "request.outside":
            return _outside(state, heard, lookups)
        case "request.story":
            return _story(state, heard, lookups)
        case "request.consent":
            return _consented(state, heard, lookups)
        case "request.sensitive":
            return _sensitive(state, heard, lookups)
        case "request.phone":
            return _phone(state, heard, lookups)
        case "request.hours":
            return _hours(state, heard, lookups)
        case "request.already":
            return _already(state, heard, lookups)
        case "request.add":
            return _add(state, heard, lookups)
        case other:
            raise AssertionError(other)


def _skips(heard: Heard) -> bool:
    return heard.key == "skip" or heard.understood.intent in (Intent.SKIP, Intent.DONT_KNOW)


def _agrees(heard: Heard) -> bool:
    return heard.key == "agree" or (not heard.key and heard.understood.intent is Intent.YES)


def _refuses(heard: Heard) -> bool:
    return heard.key == "refuse" or (not heard.key and heard.understood.intent is Intent.NO)


# --- where -------------------------------------------------------------------------------------


def _place(state: State, heard: Heard, lookups: Lookups) -> Turn | None:
    if _skips(heard):
        return go_on(state.with_(place=Place(skipped=True)), lookups)
    if heard.kind is InboundKind.LOCATION:
        assert heard.latitude is not None and heard.longitude is not None  # noqa: S101, PT018
        reading = lookups.gazetteer.read_pin(heard.latitude, heard.longitude)
    else:
        reading = lookups.gazetteer.read(heard.understood.text)
        state = learning.learn(state, heard.understood, lookups).state.with_(place=state.place)
    learnt = learning.learn_place(state, reading, lookups)
    if learnt.place == state.place:
        if heard.understood.intent in _NOT_A_PLACE:
            return None
        return Turn(state, (ask("request.place.not_understood", _SKIP),))
    return go_on(learnt, lookups)


_NOT_A_PLACE = frozenset({Intent.QUESTION, Intent.STORY})


def _which_place(state: State, heard: Heard, lookups: Lookups) -> Turn | None:
    if heard.key in state.place.communes:
        reading = PlaceReading(communes=(heard.key,))
        return go_on(learning.learn_place(state, reading, lookups), lookups)
    if heard.key == "other" or heard.understood.intent is Intent.NO:
        return _ask(state.with_(place=Place()).at(PLACE), lookups)
    if _skips(heard):
        return go_on(state.with_(place=Place(skipped=True)), lookups)
    if heard.key:
        return None
    typed = fold(heard.understood.text).strip(" .!")
    named = [c for c in state.place.communes if fold(lookups.province.commune(c).name) == typed]
    reading = lookups.gazetteer.read(heard.understood.text)
    if len(named) == 1:  # a name that stands on a button counts as pressing it
        reading = PlaceReading(communes=(named[0],))
    within = [code for code in reading.communes if code in state.place.communes]
    if len(within) == 1:
        reading = PlaceReading(communes=(within[0],))
    if not reading.communes or tuple(reading.communes) == state.place.communes:
        return None
    return go_on(learning.learn_place(state, reading, lookups), lookups)


def _outside(state: State, heard: Heard, lookups: Lookups) -> Turn | None:
    if heard.key == "here" or (not heard.key and heard.understood.intent is Intent.YES):
        facts = state.facts.having(FactId.HAPPENED_HERE, value=True)
        place = state.place.model_copy(update={"skipped": True})
        return go_on(state.with_(facts=facts, place=place), lookups)
    if heard.key == "not_here" or (not heard.key and heard.understood.intent is Intent.NO):
        facts = state.facts.having(FactId.HAPPENED_HERE, value=False)
        said = ask(
            "request.place.outside_send",
            choice("transfer", "request.place.send_to_transfer"),
            choice("go:menu", "menu.menu"),
            centre=lookups.blanks["centre"],
            name=state.place.outside or "",
        )
        return Turn(state.with_(facts=facts), (said,))
    if heard.key == "transfer":
        place = state.place.model_copy(update={"skipped": True})
        return go_on(state.with_(place=place), lookups)
    return None


# --- what --------------------------------------------------------------------------------------


def _story(state: State, heard: Heard, lookups: Lookups) -> Turn | None:
    if heard.key == "later" or _skips(heard):
        return go_on(state.with_(told_story=True), lookups)
    if heard.kind is not InboundKind.TEXT or heard.key:
        return None
    if heard.understood.intent is Intent.QUESTION and len(heard.understood.text) < _ENOUGH:
        return None
    learnt = learning.learn(state, heard.understood, lookups).state
    return go_on(learnt.with_(told_story=True), lookups)


# --- agreed to ---------------------------------------------------------------------------------


def _tells_sensitive(state: State) -> bool:
    return state.danger is not None or any(
        FACTS[fact].sensitive and value not in (False, "none")
        for fact, value in state.facts.known().items()
    )


def _without_sensitive(facts: Facts) -> Facts:
    for fact in facts.known():
        if FACTS[fact].sensitive:
            facts = facts.having(fact, None)
    return facts


@dataclass(frozen=True)
class SentTo:
    """The office that takes the request, and why, in words."""

    office: str
    rule: str
    reason: str


def sent_to(state: State, lookups: Lookups) -> SentTo:
    """By the table of areas where the commune is known; otherwise the centre takes it."""
    if state.place.commune is not None:
        routing = route(state.place.commune, lookups.province, able=lookups.able)
        if routing.office is not None:
            return SentTo(routing.office, str(routing.rule), in_words(routing.reason))
    centre = lookups.province.centre
    key = "outside" if state.place.outside else "unknown"
    line = Line(key=f"request.place.{key}_to_centre", blanks={"office": centre.label})
    reason = lookups.texts.render(line, state.language)
    return SentTo(centre.id, f"{key}_place", reason)


def _consent(state: State, lookups: Lookups) -> Line:
    return Line(key="request.consent.ask", blanks={"reason": sent_to(state, lookups).reason})


def _consented(state: State, heard: Heard, lookups: Lookups) -> Turn | None:
    if _agrees(heard):
        return go_on(state.with_(agreed_to=sent_to(state, lookups).reason), lookups)
    if _refuses(heard):
        turn = welcome.again(state.with_(opening=False, agreed_to=None))
        return turn.before(say("request.consent.refused"))
    return None


def _sensitive(state: State, heard: Heard, lookups: Lookups) -> Turn | None:
    if not (_agrees(heard) or _refuses(heard)):
        return None
    if state.agreed_to != sent_to(state, lookups).reason:
        return go_on(state, lookups)
    return _open(state, lookups, with_words=_agrees(heard))


def _open(state: State, lookups: Lookups, *, with_words: bool) -> Turn:
    """Open the case, tell code and PIN once, and ask how to reach the citizen."""
    to = sent_to(state, lookups)
    facts = state.facts if with_words else _without_sensitive(state.facts)
    code, pin = lookups.fresh_code(), lookups.fresh_pin()
    agreed = [Agreed(Purpose.REQUEST, _consent(state, lookups))]
    if _tells_sensitive(state):
        agreed.append(Agreed(Purpose.SENSITIVE, _SENSITIVE_TEXT, given=with_words))
    office = lookups.province.office(to.office)
    wish = OpenCase(
        code=code,
        pin=pin,
        office=to.office,
        routing_rule=to.rule,
        routing_reason=to.reason,
        commune=state.place.commune,
        field=state.fields[0] if state.fields else None,
        urgent=state.urgent or state.danger is not None,
        danger=str(state.danger) if state.danger and with_words else None,
        law_version=lookups.law.on(lookups.today).version,
        screening=_screening(state, facts, lookups),
        with_words=with_words,
        agreed=tuple(agreed),
    )
    told = [
        Line(
            key="request.opened.head",
            blanks={"office": office.label, "code": spaced(code), "pin": pin},
        ),
        Line(key="request.opened.next"),
    ]
    if wish.urgent:
        told.append(Line(key="request.opened.urgent"))
    asked = state.with_(opening=False, agreed_to=None, told_story=False).at(PHONE)
    opened = Say(lines=tuple(told), secret=True)
    return Turn(asked, (opened, ask_again(asked, lookups)), (wish,))


def _screening(state: State, facts: Facts, lookups: Lookups) -> str:
    """What the screening found, for the officer."""
    found = screen(facts, lookups.today, lookups.law, state.skipped)
    grounds = found.grounds or (found.possible if found.outcome is Outcome.UNCLEAR else ())
    place = state.place
    return json.dumps(
        {
            "facts": {
                str(fact): value
                for fact, value in facts.known().items()
                if fact not in learning.FROM_PLACE
            },
            "outcome": str(found.outcome),
            "grounds": [
                {"id": str(g.id), "law": g.citation, "said": g.said, "verified": g.verified}
                for g in grounds
            ],
            "papers": [paper.name for paper in found.papers],
            "relation": str(state.relation) if state.relation else None,
            "fields": list(state.fields),
            "place": place.outside or place.words,
            "on": lookups.today.isoformat(),
        },
        ensure_ascii=False,
    )


# --- how to be reached -------------------------------------------------------------------------


def _phone(state: State, heard: Heard, lookups: Lookups) -> Turn | None:
    if (
        heard.key == "none"
        or _skips(heard)
        or (not heard.key and heard.understood.intent is Intent.NO)
    ):
        return welcome.again(state).before(say("request.phone.refused"))
    phone = heard.phone or heard.understood.phone
    if phone is not None:
        with_phone = state.with_(phone=phone)
        if _more_than_a_number(heard.text):  # "0912… nhưng chồng tôi hay coi điện thoại"
            return _reach(with_phone, heard.text[:_LONGEST_WORDS].strip())
        return _ask(with_phone.at(HOURS), lookups)
    if heard.key or heard.understood.intent in _NOT_A_PLACE:
        return None
    return Turn(state, (ask("request.phone.not_understood", _NO_PHONE),))


def _hours(state: State, heard: Heard, lookups: Lookups) -> Turn | None:
    words = next((c.label for c in _HOURS if c.key == heard.key), None)
    if words is not None:
        hours = lookups.texts.render(words, state.language)
    elif heard.kind is InboundKind.TEXT and not heard.key and heard.understood.text:
        if heard.understood.intent is Intent.QUESTION:
            return None
        hours = heard.understood.text[:_LONGEST_WORDS]
    else:
        return None
    return _reach(state, hours)


_LONGEST_WORDS = 200


def _more_than_a_number(text: str) -> bool:
    """Whether a phone number came with words about when and how to call."""
    return len(re.findall(r"[^\W\d_]+", text)) >= _WORDS_THAT_SAY_SOMETHING


_WORDS_THAT_SAY_SOMETHING = 3


def _reach(state: State, hours: str) -> Turn:
    """Keep number and words together, as they were said: the words may be a warning."""
    phone = state.phone or ""
    agreed = Agreed(Purpose.CONTACT, Line(key="request.phone.ask"))
    wish = NoteContact(phone=phone, hours=hours, agreed=agreed)
    turn = welcome.again(state.with_(phone=None))
    told = turn.before(say("request.hours.done", phone=phone, hours=hours))
    return Turn(told.state, told.says, (wish,))


# --- one more message for a case ---------------------------------------------------------------


def _already(state: State, heard: Heard, lookups: Lookups) -> Turn | None:
    match heard.key:
        case "add":
            return _ask(state.at(ADD), lookups)
        case "another":
            return go_on(state.with_(opening=True, agreed_to=None), lookups)
        case _:
            return None


def _add(state: State, heard: Heard, lookups: Lookups) -> Turn | None:
    if heard.key or lookups.my_case is None:
        return None
    turn = welcome.again(state).before(say("request.added"))
    return Turn(turn.state, turn.says, (AddToCase(heard.text, lookups.my_case.id),))
