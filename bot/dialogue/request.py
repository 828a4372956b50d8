"""A request for an officer: where, what, agreed to, opened, and how to be reached.

Nothing leaves for the office before the citizen has agreed (Law 91/2025/QH15); nobody has to
pass the screening first.
"""

import re
from dataclasses import dataclass

from bot.channels.message import InboundKind
from bot.dialogue import learning, welcome
from bot.dialogue.questions import for_another
from bot.dialogue.screening import in_one_line, scope_line
from bot.dialogue.turn import (
    AddToCase,
    Agreed,
    AskCallBack,
    Heard,
    HelpedBy,
    Lookups,
    NoteContact,
    OpenCase,
    Place,
    State,
    Turn,
    Wish,
    ask,
    choice,
)
from bot.understanding import contact
from bot.understanding.danger import DangerKind
from bot.understanding.intents import Intent
from bot.understanding.people import Relation
from cases.codes import spaced
from cases.places import PlaceReading
from cases.purpose import PersonAgrees, Purpose
from cases.routing import Need, Routing, in_words, route
from cases.screened import CHILD_UNTIL, as_json, tells_sensitive, without_sensitive
from cases.speech import Ask, Choice, Line, Say, say
from cases.wording import FALLBACK
from eligibility.facts import CriminalRole, FactId, Facts
from eligibility.screen import screen
from knowledge.article import FieldId
from knowledge.vietnamese import fold

PLACE = "request.place"
WHICH_PLACE = "request.which_place"
OUTSIDE = "request.outside"
STORY = "request.story"
HELD = "request.held"
PERSON_AGREES = "request.person"
HELPED = "request.helped"
CONSENT = "request.consent"
SENSITIVE = "request.sensitive"
PHONE = "request.phone"
HOURS = "request.hours"
ALREADY = "request.already"
ADD = "request.add"

_SKIP = choice("skip", "menu.skip")
_NEARER = "nearer"
_ENOUGH = 30
"""Characters from which a free text counts as having told something."""


def begin(state: State, _heard: Heard, lookups: Lookups) -> Turn:
    """The citizen wants an officer."""
    case = lookups.my_case
    if case is not None and case.state != "closed":
        return _ask(state.with_(set_aside="").at(ALREADY), lookups)
    turn = go_on(state.with_(opening=True, agreed_to=None), lookups)
    if state.danger is None:
        return turn.led_by(
            Line(key="request.begin_official" if state.intermediary else "request.begin")
        )
    heard_before = state.opening  # where they stand was told when it began
    standing = () if heard_before else in_one_line(state, lookups)
    return turn.led_by(Line(key="danger.hurry"), *standing)


def next_person(state: State, _heard: Heard, lookups: Lookups) -> Turn:
    """One more person of an intermediary, without asking whether it is another request."""
    named, *waiting = state.waiting or (state.relation or Relation.OTHER,)
    other = learning.turn_to(state, named).with_(waiting=tuple(waiting))
    return go_on(other.with_(opening=True, agreed_to=None), lookups)


def to_which(state: State, words: str, lookups: Lookups) -> Turn:
    """An intermediary tells more while a request waits: of the same person, or of another?"""
    return _ask(state.with_(set_aside=words).at(ALREADY), lookups)


def go_on(state: State, lookups: Lookups) -> Turn:
    """Ask what is still missing for the request, one thing at a time."""
    place = state.place
    if len(place.communes) > 1:
        return _ask(state.at(WHICH_PLACE), lookups)
    if place.outside and not place.skipped:
        return _ask(state.at(OUTSIDE), lookups)
    if place.guessed or not (place.communes or place.skipped or place.outside):
        return _ask(state.at(PLACE), lookups)
    if not state.told_story and not state.danger:
        return _ask(state.at(STORY), lookups)
    if state.danger is DangerKind.ARREST and for_another(state) and not state.told_held:
        return _ask(state.with_(told_held=True).at(HELD), lookups)
    if _wants_to_know_whether_the_person_agrees(state):
        return _ask(state.at(PERSON_AGREES), lookups)
    if _wants_to_know_who_helps(state):
        return _ask(state.at(HELPED), lookups)
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
            question = ask("request.place.ask", *_communes(state, lookups), _SKIP)
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
            return ask(
                "request.story.ask_official" if state.intermediary else "request.story.ask",
                *_STORY_CHOICES,
            )
        case "request.held":
            return ask("request.held.ask", _SKIP)
        case "request.person" if _of_a_child(state):
            key = "request.child.ask_other" if for_another(state) else "request.child.ask"
            return Say(lines=(Line(key=key),), choices=_child_choices(state))
        case "request.person":
            key = "request.person.ask_official" if state.intermediary else "request.person.ask"
            return Say(lines=(Line(key=key),), choices=_PERSON_CHOICES)
        case "request.helped":
            return ask("request.helped.ask", *_helped_choices(state, lookups))
        case "request.consent":
            nearer = _nearer(state, lookups)
            if nearer is None:
                return Say(lines=(_consent(state, lookups),), choices=(_AGREE, _REFUSE))
            told, other = nearer
            return Say(lines=(told, _consent(state, lookups)), choices=(_AGREE, other, _REFUSE))
        case "request.sensitive":
            return Say(lines=(_SENSITIVE_TEXT,), choices=(_SENSITIVE_AGREE, _SENSITIVE_REFUSE))
        case "request.phone":
            question = ask("request.phone.ask", _NO_PHONE)
            return question.model_copy(update={"ask": Ask.PHONE})
        case "request.hours":
            return ask("request.hours.ask", *_HOURS)
        case "request.already":
            office = lookups.my_case.office if lookups.my_case else ""
            return ask("request.already", _ADD_HERE, _CALL_ME, _ANOTHER, office=office)
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
        case "request.held":
            return _who_is_held(state, heard, lookups)
        case "request.person":
            return _person(state, heard, lookups)
        case "request.helped":
            return _helped(state, heard, lookups)
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
    if state.danger is DangerKind.ARREST and tells_who_is_held(heard):
        return _ask(state.with_(told_held=True), lookups).before(say("danger.arrest_more"))
    if _skips(heard):
        return go_on(state.with_(place=Place(skipped=True)), lookups)
    if heard.key in state.place.communes:
        reading = PlaceReading(communes=(heard.key,))
    elif heard.kind is InboundKind.LOCATION:
        assert heard.latitude is not None and heard.longitude is not None  # noqa: S101, PT018
        reading = lookups.gazetteer.read_pin(heard.latitude, heard.longitude)
    else:
        asks = heard.understood.intent is Intent.QUESTION  # "phải làm sao" is no xã Trí Phải
        reading = lookups.gazetteer.read(heard.understood.text, story=asks)
        told = learning.learn(state, heard.understood, lookups)
        if not (reading.communes or reading.outside) and told.anything:
            return None
        state = told.state.with_(place=state.place)
    learnt = learning.learn_place(state, reading, lookups)
    if learnt.place == state.place:
        if heard.understood.intent in _NOT_A_PLACE:
            return None
        return Turn(state, (ask_place_again(),))
    return go_on(learnt, lookups)


def ask_place_again() -> Say:
    """No map of ours has what was typed."""
    return ask("request.place.not_understood", _SKIP)


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
        # Whoever would rather tell it to the officer is not asked for more here.
        return go_on(state.with_(told_story=True, helped_by=HelpedBy.UNSAID), lookups)
    if heard.kind is not InboundKind.TEXT or heard.key:
        return None
    if heard.understood.intent is Intent.QUESTION and len(heard.understood.text) < _ENOUGH:
        return None
    if not tells_enough(heard):
        if heard.understood.facts.known() or heard.understood.others:
            return None
        return Turn(state, (ask("request.story.too_little", *_STORY_CHOICES),))
    learnt = learning.learn(state, heard.understood, lookups).state
    return go_on(learnt.with_(told_story=True), lookups)


def tells_enough(heard: Heard) -> bool:
    """Whether an officer could begin from these words: "alo" and "tôi" are no story."""
    understood = heard.understood
    if understood.intent in _SMALL_TALK:
        return False
    words = len(understood.text.split())
    if words >= _WORDS_OF_A_STORY:
        return understood.intent is not Intent.ANSWER or not understood.place.communes
    return words > 1 and bool(understood.fields) and understood.fields[0][1] >= _CLEAR_FIELD


_SMALL_TALK = frozenset(
    {Intent.GREETING, Intent.THANKS, Intent.YES, Intent.NO, Intent.OUT_OF_SCOPE, Intent.EMPTY}
)
_WORDS_OF_A_STORY = 4
_CLEAR_FIELD = 0.5
"""From this score on two or three words name a matter: "đòi nợ", "ly hôn"."""
_STORY_CHOICES = (choice("later", "request.story.later"),)


def tells_who_is_held(heard: Heard) -> bool:
    """ "Đang giữ ở công an Đầm Dơi": where somebody is held is not where they live."""
    return _HELD_AT.search(fold(heard.understood.normalised)) is not None


_HELD_AT = re.compile(
    r"\b(?:giu|giam|nhot|dang|bi|nam) (?:\w+ ){0,2}(?:o|tai|tren|trong|ngoai) "
    r"(?:don|cong an|trai|nha tam giu|ca|bien phong)\b|\btrai (?:tam )?giam\b"
)


def _who_is_held(state: State, heard: Heard, lookups: Lookups) -> Turn | None:
    """Name and place stand in the talk, which goes along; nothing of them is kept beside."""
    if _skips(heard):
        return go_on(state, lookups)
    if heard.kind is not InboundKind.TEXT or heard.key or not heard.understood.text:
        return None
    if heard.understood.intent is Intent.QUESTION:
        return None
    return go_on(state, lookups).before(say("danger.arrest_more"))


# --- for somebody else; who helps already ------------------------------------------------------


def _wants_to_know_whether_the_person_agrees(state: State) -> bool:
    """Not while somebody is beaten or abused: then nothing stands between them and a person."""
    asked = for_another(state) or _of_a_child(state)
    if not asked or state.person_agrees is not None:
        return False
    return state.danger in (None, DangerKind.ARREST)


def _of_a_child(state: State) -> bool:
    """Whether the one in need is under 16: a parent or guardian has to agree too, unless feared."""
    return state.facts.age is not None and state.facts.age < CHILD_UNTIL


_FOR_MYSELF = choice("self", "request.person.self")
_OF_ADULTS = (
    PersonAgrees.YES,
    PersonAgrees.GUARDIAN,
    PersonAgrees.NOT_ASKED,
    PersonAgrees.HELD,
)
_PERSON_CHOICES = (*(choice(str(one), f"request.person.{one}") for one in _OF_ADULTS), _FOR_MYSELF)
_OWN_PRIVACY_FROM = 7
"""From this age on what is private of a child needs the child's word too (Law 91/2025/QH15)."""


def _child_choices(state: State) -> tuple[Choice, ...]:
    of_both = choice(PersonAgrees.YES, "request.child.both")
    either = (PersonAgrees.GUARDIAN, PersonAgrees.GUARDIAN_FEARED, PersonAgrees.NOT_ASKED)
    ways = tuple(choice(str(one), f"request.person.{one}") for one in either)
    return (of_both, *ways, _FOR_MYSELF) if for_another(state) else ways


def _both_agree(state: State, said: PersonAgrees) -> bool:
    """Whether all agreed whom the law asks: of a child told by others, from 7 on, the child too."""
    age = state.facts.age
    alone = said is PersonAgrees.GUARDIAN and for_another(state)
    needs_both = age is not None and _OWN_PRIVACY_FROM <= age < CHILD_UNTIL
    return said.given and not (alone and needs_both)


def _person(state: State, heard: Heard, lookups: Lookups) -> Turn | None:
    if heard.key == _FOR_MYSELF.key:
        mine = learning.turn_to(state, Relation.SELF).with_(intermediary=False)
        return go_on(mine, lookups)
    said = next((one for one in PersonAgrees if heard.key == one), None)
    if said is None and not heard.key:
        said = _AGREES_IN_WORDS.get(heard.understood.intent)
        if said is PersonAgrees.YES and _of_a_child(state):
            said = PersonAgrees.GUARDIAN  # "có": of whom it was asked; no word of both
    if said is None:
        return None
    return go_on(state.with_(person_agrees=said), lookups)


_AGREES_IN_WORDS = {
    Intent.YES: PersonAgrees.YES,
    Intent.NO: PersonAgrees.NOT_ASKED,
    Intent.DONT_KNOW: PersonAgrees.NOT_ASKED,
    Intent.SKIP: PersonAgrees.NOT_ASKED,
}


def _wants_to_know_who_helps(state: State) -> bool:
    return state.helped_by is None and state.danger is None and not state.urgent


_BUSINESS = choice("business", "request.helped.business")
_MAY_BE_BUSINESS = frozenset({FieldId.CIVIL, FieldId.LABOUR})


def _helped_choices(state: State, lookups: Lookups) -> tuple[Choice, ...]:
    """Business between companies is asked only where it may be, and would change the outcome."""
    answers = (HelpedBy.NOBODY, HelpedBy.LAWYER, HelpedBy.LEGAL_AID)
    choices = tuple(choice(str(one), f"request.helped.{one}") for one in answers)
    facts = state.facts
    if state.fields[:1] and state.fields[0] in _MAY_BE_BUSINESS and facts.commercial is None:
        now = screen(facts, lookups.today, lookups.law, state.skipped)
        business = facts.having(FactId.COMMERCIAL, value=True)
        then = screen(business, lookups.today, lookups.law, state.skipped)
        if now.outcome is not then.outcome:
            choices += (_BUSINESS,)
    return (*choices, _SKIP)


def _helped(state: State, heard: Heard, lookups: Lookups) -> Turn | None:
    facts = state.facts
    if heard.key == _BUSINESS.key:
        by = HelpedBy.UNSAID
        facts = facts.having(FactId.COMMERCIAL, value=True)
    else:
        found = _who_helps(heard)
        if found is None:
            return None
        by = found
    if by in _ELSEWHERE:
        facts = facts.having(FactId.HANDLED_ELSEWHERE, _ELSEWHERE[by])
    before = screen(state.facts, lookups.today, lookups.law, state.skipped).scope
    after = screen(facts, lookups.today, lookups.law, state.skipped).scope
    told = tuple(scope_line(rule, state) for rule in after if rule not in before)
    return go_on(state.with_(facts=facts, helped_by=by), lookups).led_by(*told)


def _who_helps(heard: Heard) -> HelpedBy | None:
    if heard.key:
        return HelpedBy.UNSAID if heard.key == _SKIP.key else _BY_KEY.get(heard.key)
    if _skips(heard):
        return HelpedBy.UNSAID
    match heard.understood.intent:
        case Intent.NO:
            return HelpedBy.NOBODY
        case Intent.YES:
            return HelpedBy.SOMEBODY
        case _ if fold(heard.understood.text).strip(" .!") in _NOT_YET:
            return HelpedBy.NOBODY
        case _:
            return None


_BY_KEY = {str(one): one for one in (HelpedBy.NOBODY, HelpedBy.LAWYER, HelpedBy.LEGAL_AID)}
_NOT_YET = frozenset({"chua", "chua co", "chua ai", "chua co ai", "da chua"})
_ELSEWHERE = {HelpedBy.NOBODY: False, HelpedBy.LAWYER: False, HelpedBy.LEGAL_AID: True}
"""What it says of the fact: a lawyer of their own is no legal-aid organisation."""


# --- agreed to ---------------------------------------------------------------------------------


def _tells_sensitive(state: State) -> bool:
    return state.danger is not None or tells_sensitive(state.facts)


@dataclass(frozen=True)
class SentTo:
    """The office that takes the request, and why, in words."""

    office: str
    rule: str
    reason: str
    """As officers and logs read it."""
    said: Line
    """As the citizen reads it."""


def _routing(state: State, commune: str, lookups: Lookups) -> Routing:
    need = Need(state.language, state.fields[0] if state.fields else None)
    return route(
        commune,
        lookups.province,
        able=lookups.able,
        staffing=lookups.staffing(),
        need=need,
        chosen=state.chosen_office,
    )


def _nearer(state: State, lookups: Lookups) -> tuple[Line, Choice] | None:
    """What is told of a nearer office, and its choice; None: there is none, or it is chosen."""
    if state.place.commune is None:
        return None
    routing = _routing(state, state.place.commune, lookups)
    nearer = routing.nearer
    if nearer is None or routing.office is None or routing.office == nearer.office:
        return None
    office = lookups.province.office(nearer.office)
    blanks = {
        "office": office.label,
        "away": nearer.told,
        "responsible": lookups.province.office(routing.office).label,
        "responsible_away": nearer.responsible_told,
    }
    return (
        Line(key="request.consent.nearer", blanks=blanks),
        choice(_NEARER, "request.consent.nearer_choice", office=office.name),
    )


def sent_to(state: State, lookups: Lookups) -> SentTo:
    """By the table of areas where the commune is known; otherwise the centre takes it."""
    if state.place.commune is not None:
        routing = _routing(state, state.place.commune, lookups)
        if routing.office is not None:
            said = Line(key=routing.reason.key, blanks=dict(routing.reason.blanks))
            return SentTo(routing.office, str(routing.rule), in_words(routing.reason), said)
    centre = lookups.province.centre
    key = "outside" if state.place.outside else "unknown"
    line = Line(key=f"request.place.{key}_to_centre", blanks={"office": centre.label})
    reason = lookups.texts.render(line, FALLBACK)
    return SentTo(centre.id, f"{key}_place", reason, line)


def _consent(state: State, lookups: Lookups) -> Line:
    said = lookups.texts.render(sent_to(state, lookups).said, state.language)
    return Line(key="request.consent.ask", blanks={"reason": said})


def _consented(state: State, heard: Heard, lookups: Lookups) -> Turn | None:
    if heard.key == _NEARER and state.place.commune is not None:
        nearer = _routing(state, state.place.commune, lookups).nearer
        chosen = state.with_(chosen_office=nearer.office if nearer else None)
        return _ask(chosen.at(CONSENT), lookups)  # agreed to only with that office's name
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
    facts = state.facts if with_words else without_sensitive(state.facts)
    code, pin = lookups.fresh_code(), lookups.fresh_pin()
    agreed = [Agreed(Purpose.REQUEST, _consent(state, lookups))]
    if _tells_sensitive(state):
        agreed.append(Agreed(Purpose.SENSITIVE, _SENSITIVE_TEXT, given=with_words))
    if state.person_agrees is not None:
        shown = Line(key=f"request.person.{state.person_agrees}")
        agreed.append(Agreed(Purpose.PERSON, shown, given=_both_agree(state, state.person_agrees)))
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
    held = state.danger is DangerKind.ARREST or state.facts.criminal_role is CriminalRole.HELD
    told = [
        Line(
            key="request.opened.head",
            blanks={"office": office.label, "code": spaced(code), "pin": pin},
        ),
        Line(key="request.opened.next"),
        Line(key="request.opened.held") if held else answered_in(to.office, lookups),
    ]
    if wish.urgent and not held:
        told.append(Line(key="request.opened.urgent"))
    copied = (choice("go:copied", "delete.copied"),) if lookups.takes_away else ()
    opened = Say(lines=tuple(told), choices=copied, secret=True)
    if state.phone is None and contact.not_to_be_called(state.reach):
        quiet = _not_called(_after(state))
        return Turn(quiet.state, (opened, *quiet.says), (wish, *quiet.wishes))
    asked = _after(state).at(PHONE if state.phone is None else HOURS)
    return Turn(asked, (opened, ask_again(asked, lookups)), (wish,))


def _not_called(state: State) -> Turn:
    """Asked for no number: they have said that nobody is to call, and the officer reads it."""
    line = Line(key="request.phone.not_called", blanks={"words": hidden(state.reach)})
    note = NoteContact(None, state.reach, None, Agreed(Purpose.CONTACT, line))
    turn = _done(state.with_(reach="", call_back=False)).before(Say(lines=(line,)))
    return Turn(turn.state, turn.says, (note,))


def answered_in(office_id: str, lookups: Lookups) -> Line:
    """How long it usually takes there, or the centre's own mark where too little is known."""
    expected = lookups.answers_in(office_id)
    key = "request.opened.usual" if expected.usual else "request.opened.by_rule"
    return Line(key=key, blanks={"hours": str(expected.hours)})


_OF_THE_MATTER = (
    FactId.CRIMINAL_ROLE,
    FactId.HAPPENED_HERE,
    FactId.COMMERCIAL,
    FactId.HANDLED_ELSEWHERE,
)


def _after(state: State) -> State:
    """What is still true once a request is sent: danger and haste were about that matter.

    A second request starts calm and may become urgent by its own story. The writer stays who
    they are; of somebody else nothing is carried over to the next person.
    """
    state = state.with_(
        opening=False,
        agreed_to=None,
        told_story=False,
        danger=None,
        urgent=False,
        told_held=False,
        fields=(),
        person_agrees=None,
        helped_by=None,
        field_score=0.0,
        doubt=None,
        asked_who=False,
    )
    if for_another(state):
        others = {who: facts for who, facts in state.others.items() if who in state.waiting}
        fresh = state.with_(facts=Facts(), skipped=frozenset(), place=Place(), relation=None)
        return fresh.with_(others=others)
    facts = state.facts
    for fact in _OF_THE_MATTER:
        facts = facts.having(fact, None)
    return state.with_(facts=facts, skipped=state.skipped - set(_OF_THE_MATTER))


def _screening(state: State, facts: Facts, lookups: Lookups) -> str:
    """What the screening found, for the officer."""
    found = screen(facts, lookups.today, lookups.law, state.skipped)
    place = state.place
    return as_json(
        facts,
        found,
        {
            "relation": str(state.relation) if state.relation else None,
            "intermediary": state.intermediary,
            "consent_of_person": _consent_of_person(state),
            "helped_by": str(state.helped_by) if state.helped_by else None,
            "fields": list(state.fields),
            "place": place.outside or place.words,
            "source": state.poster,
            "on": lookups.today.isoformat(),
        },
    )


def _consent_of_person(state: State) -> str | None:
    if not (for_another(state) or _of_a_child(state)):
        return None
    return str(state.person_agrees or PersonAgrees.NOT_ASKED)


# --- how to be reached -------------------------------------------------------------------------


def _phone(state: State, heard: Heard, lookups: Lookups) -> Turn | None:
    has_none = heard.understood.intent is Intent.NO or contact.has_no_number(heard.text)
    if heard.key == "none" or _skips(heard) or (not heard.key and has_none):
        if state.reach:  # "đừng gọi về nhà", said before: it is there for whoever has the number
            return _not_called(state)
        return _done(state.with_(call_back=False)).before(say("request.phone.refused"))
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
        return _reach(state, hours, heard.key)
    if heard.kind is InboundKind.TEXT and not heard.key and heard.understood.text:
        if heard.understood.intent is Intent.QUESTION or "?" in heard.text:
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


def _reach(state: State, hours: str, window: str | None = None) -> Turn:
    """Keep number and words together, as they were said: the words may be a warning.

    A number is for calling only when that is wished: it is offered, never taken for granted.
    """
    phone = state.phone or ""
    if state.reach and state.reach not in hours:
        hours = f"{hours}. {state.reach}"
    agreed = Agreed(Purpose.CONTACT, Line(key="request.phone.ask"))
    wishes: tuple[Wish, ...] = (NoteContact(phone, hours, window, agreed),)
    shown = without_numbers(hours) or hidden(hours)
    done = say("request.hours.done", phone=phone[-_SHOWN_OF_A_NUMBER:], hours=shown)
    if window != _MESSAGE_ONLY:
        if state.call_back:
            wishes = (*wishes, AskCallBack(None))
            line = Line(key="request.call.asked")
            done = done.model_copy(update={"lines": (*done.lines, line)})
        else:
            done = done.model_copy(update={"choices": (_CALL_ME,)})
    turn = _done(state.with_(phone=None, reach="", call_back=False)).before(done)
    return Turn(turn.state, turn.says, wishes)


_SHOWN_OF_A_NUMBER = 3


def hidden(words: str) -> str:
    """The words with no telephone number but its end: others may look at the screen."""
    return re.sub(r"\d[\d .\-]{6,}\d", lambda found: f"…{found[0][-_SHOWN_OF_A_NUMBER:]}", words)


def without_numbers(words: str) -> str:
    """What was said of calling, without the number that is told beside it already."""
    if _NUMBER.search(words) is None:
        return words
    return re.sub(r"\s+", " ", _NUMBER.sub(" ", words)).strip(" .,:;-")


_NUMBER = re.compile(r"\+?\d[\d .\-]{6,}\d")


def keep_number(state: State, heard: Heard, lookups: Lookups) -> Turn:
    """A number, or where not to call, told before it was asked for: kept, and said back."""
    phone = heard.phone or heard.understood.phone
    words = heard.understood.text[:_LONGEST_WORDS] if _more_than_a_number(heard.text) else ""
    case = lookups.my_case
    if phone is not None and case is not None and case.state != "closed" and not state.opening:
        answered = _phone(state.at(PHONE), heard, lookups)
        if answered is not None:
            return answered
    kept = state.with_(phone=phone or state.phone, reach=words or state.reach)
    if phone is None:
        return Turn(kept, (say("request.phone.wish_kept", words=hidden(words)),))
    return Turn(kept, (say("request.phone.kept", phone=phone[-_SHOWN_OF_A_NUMBER:]),))


_MESSAGE_ONLY = "message_only"
_CALL_ME = choice("go:callback", "request.call.me")


def call_back(state: State, heard: Heard, lookups: Lookups) -> Turn:
    """The citizen wants to be called: the number and its hours first, where they are not known."""
    case = lookups.my_case
    if case is None or case.state == "closed":
        return begin(state.with_(call_back=True), heard, lookups)
    if case.may_be_called:
        turn = welcome.again(state).before(say("request.call.asked"))
        return Turn(turn.state, turn.says, (AskCallBack(case.id),))
    return _ask(state.with_(call_back=True).at(PHONE), lookups)


def _done(state: State) -> Turn:
    """Back to free talk; an intermediary may have another person to ask for."""
    if not state.intermediary and not state.waiting:
        return welcome.again(state)
    key = "request.next_official" if state.intermediary else "request.next_waiting"
    more = ask(key, choice("go:next", "request.next"), *welcome.MENU[:1])
    return Turn(state.at("free").with_(opening=False), (more,))


# --- one more message for a case ---------------------------------------------------------------


def _already(state: State, heard: Heard, lookups: Lookups) -> Turn | None:
    match heard.key:
        case "add" if state.set_aside and lookups.my_case is not None:
            turn = welcome.again(state.with_(set_aside="")).before(say("request.added"))
            return Turn(turn.state, turn.says, (AddToCase(state.set_aside, lookups.my_case.id),))
        case "add":
            return _ask(state.at(ADD), lookups)
        case "another":
            told = state.told_story or bool(state.set_aside)
            other = state.with_(opening=True, agreed_to=None, told_story=told, set_aside="")
            return go_on(other, lookups)
        case _:
            return None


def _add(state: State, heard: Heard, lookups: Lookups) -> Turn | None:
    if heard.key or lookups.my_case is None:
        return None
    turn = welcome.again(state).before(say("request.added"))
    return Turn(turn.state, turn.says, (AddToCase(heard.text, lookups.my_case.id),))
