"""The one way into the dialogue: what was heard meets the state, and a turn comes of it.

Danger is looked at first, in every step. Then what can be said at any moment, then the answer
to what is being asked; a question in the middle of a form is answered, and the form goes on.
"""

import datetime as dt
import re
from collections.abc import Callable
from dataclasses import dataclass, replace

from bot.channels.message import InboundKind
from bot.dialogue import (
    alarm,
    always,
    clearing,
    complaint,
    denouncing,
    faq,
    foreign,
    learning,
    meeting,
    papers,
    privacy,
    provider,
    rating,
    request,
    said_back,
    screening,
    status,
    unlocking,
    welcome,
    with_officer,
)
from bot.dialogue.turn import (
    FEW_WORDS,
    FREE,
    DeleteTalk,
    Heard,
    Lookups,
    Place,
    State,
    Turn,
    ask,
    choice,
)
from bot.understanding import contact
from bot.understanding.intents import Intent
from bot.understanding.people import Relation
from bot.understanding.understood import Role
from cases.screened import FROM_PLACE
from cases.speech import Choice, Line, Say, say
from eligibility.facts import FACTS, FactId
from knowledge.vietnamese import fold


@dataclass(frozen=True)
class _Form:
    """A family of steps: how to read an answer and how to ask again."""

    answer: Callable[[State, Heard, Lookups], Turn | None]
    ask_again: Callable[[State, Lookups], Say]


def _clear(state: State, heard: Heard, lookups: Lookups) -> Turn | None:
    """What was unclear is said; the talk goes on where it was."""
    cleared = clearing.answer(state, heard, lookups)
    if cleared is None:
        return None
    if cleared.step in FREE and not cleared.opening:
        return screening.begin(cleared, heard, lookups)
    return _go_on(cleared, lookups)


_FORMS = {
    "clear": _Form(_clear, clearing.ask_again),
    "screening": _Form(screening.answer, screening.ask_again),
    "request": _Form(request.answer, request.ask_again),
    "status": _Form(status.answer, status.ask_again),
    "data": _Form(privacy.answer, privacy.ask_again),
    "denounce": _Form(denouncing.answer, denouncing.ask_again),
    "unlock": _Form(unlocking.answer, unlocking.ask_again),
    "complaint": _Form(complaint.answer, complaint.ask_again),
    "provider": _Form(provider.answer, provider.ask_again),
    "rating": _Form(rating.answer, rating.ask_again),
    "always": _Form(always.answer, always.ask_again),
}


def hear(state: State, heard: Heard, lookups: Lookups) -> Turn:
    """What comes of one message."""
    if with_officer.held(lookups) and not lookups.shut:
        heard = meeting.typed(heard, state, lookups)
    if lookups.unnumbered and not lookups.shut:
        heard = _typed_unnumbered(heard, lookups)
    if lookups.asked_last or not with_officer.held(lookups):
        heard = _typed_choice(state, heard, lookups)
    if _pressed_twice(state, heard):
        return Turn(state)
    state = _by_office(foreign.in_their_language(state, heard), heard)
    heard = _not_their_own(state, heard)
    turn = _hear(state, heard, lookups)
    danger = heard.understood.danger
    if danger is not None:
        turn = alarm.warn(state, danger, heard, turn, lookups)
    else:
        turn = _cleared_first(state, heard, turn, lookups)
    return numbered(_remembered(state, heard, _with_a_way_on(turn, lookups)))


def _cleared_first(before: State, heard: Heard, turn: Turn, lookups: Lookups) -> Turn:
    """What can be meant in two ways is asked before the talk goes on; not in the midst of danger.

    Who goes elsewhere instead of clearing it up is not asked once more.
    """
    state = turn.state
    if before.step == clearing.DOUBT and state.step != clearing.DOUBT:
        state = state.with_(doubt=None)
        turn = Turn(state, turn.says, turn.wishes)
    asks_of_them = state.step in FREE or state.step.startswith(("screening.", "request."))
    if state.danger is not None or with_officer.held(lookups) or not asks_of_them:
        return turn
    unclear = clearing.begin(before, state, heard.understood)
    if unclear is None:
        return turn
    waits = state.step not in FREE and turn.says  # its question comes back afterwards
    said = turn.says[:-1] if waits else turn.says
    return Turn(unclear, (*said, clearing.ask_again(unclear, lookups)), turn.wishes)


def _with_a_way_on(turn: Turn, lookups: Lookups) -> Turn:
    """Nothing the assistant says by itself leaves the citizen without a next step."""
    ends = any(said.choices for said in turn.says) or not turn.says or turn.wishes[-1:] == _ENDS
    if ends or turn.state.step not in FREE or with_officer.held(lookups) or _is_farewell(turn):
        return turn
    *others, last = turn.says
    return Turn(turn.state, (*others, last.model_copy(update={"choices": _WAYS})), turn.wishes)


_ENDS = (DeleteTalk(),)
_WAYS = welcome.MENU[:3]


def _is_farewell(turn: Turn) -> bool:
    """Whoever is not safe at the screen is left alone: the words name a number, no button."""
    return any(line.key == "danger.not_safe" for said in turn.says for line in said.lines)


def _hear(state: State, heard: Heard, lookups: Lookups) -> Turn:
    if with_officer.held(lookups) and not heard.key:
        held = with_officer.to_officer(state, heard, lookups)
        if held is not None:
            return held
    if lookups.shut:
        if unlocking.asks_of_the_case(state, heard, lookups):
            return unlocking.begin(state, heard)
        state, lookups = unlocking.away(state), unlocking.as_a_stranger(lookups)
    if heard.kind is InboundKind.START:
        return welcome.start(state, heard, lookups)
    if denouncing.goes_on(state, heard):
        return denouncing.told_more(state, heard, lookups)
    if denouncing.wants(state, heard, lookups):
        told = denouncing.tell(state)
        return told.led_by(Line(key="welcome.short")) if state.step == "new" else told
    if not heard.key and _cannot_go_on(state, heard):
        return always.ACTS["unsafe"](state, heard, lookups)
    if state.step in FREE and (typed := welcome.typed_code(heard, lookups)):
        return welcome.start(state, typed, lookups)
    if state.step == "new":
        return _first_words(state, heard, lookups)
    if heard.key:
        return _pressed(state, heard, lookups)
    match heard.kind:
        case InboundKind.FILE | InboundKind.VOICE:
            return _file(state, heard, lookups)
        case InboundKind.STICKER | InboundKind.OTHER:
            return _resumed(Turn(state, (say("always.sticker"),)), lookups)
        case InboundKind.BUTTON:
            return _stale(state, lookups)
        case InboundKind.LOCATION:
            return _location(state, heard, lookups)
        case _:
            return _words(state, heard, lookups)


def _cannot_go_on(state: State, heard: Heard) -> bool:
    """Somebody is near: the talk is left at once, by a short message as by the button."""
    words = heard.understood.normalised
    short = len(words.split()) <= FEW_WORDS and heard.understood.danger is None
    return short and contact.cannot_go_on(words, afraid=bool(state.warned))


# --- buttons -----------------------------------------------------------------------------------


def _typed_choice(state: State, heard: Heard, lookups: Lookups) -> Heard:
    """A number or a label typed instead of a button pressed."""
    if heard.kind is not InboundKind.TEXT or not state.offered:
        return heard
    typed = fold(heard.understood.text).strip(" .!)")
    meant = {typed, fold(heard.understood.normalised).strip(" .!)")}  # "k co" is "không có"
    picked: list[Choice] = []
    takes_number = state.step == "screening.age"
    numbers = typed.replace(",", " ").split()
    if numbers and all(n.isdecimal() for n in numbers) and not takes_number:
        if all(1 <= int(n) <= len(state.offered) for n in numbers):
            picked = [state.offered[int(n) - 1] for n in dict.fromkeys(numbers)]
    else:
        picked = [
            offered
            for offered in state.offered
            if fold(lookups.texts.render(offered.label, state.language)).strip(" .!?") in meant
        ][:1]
    boxes = [one.key for one in picked if one.ticked is not None]
    if boxes and len(boxes) == len(picked):
        keys = ",".join([*boxes, "done"]) if len(boxes) > 1 else boxes[0]
    elif len(picked) == 1:
        keys = picked[0].key
    else:
        return heard
    return _as_button(heard, keys, state.serial)


def _typed_unnumbered(heard: Heard, lookups: Lookups) -> Heard:
    """ "4" under the question that came with the end of a case: four stars."""
    typed = heard.understood.text.strip(" .!)")
    if heard.kind is not InboundKind.TEXT or not typed.isdecimal():
        return heard
    if not 1 <= int(typed) <= len(lookups.unnumbered):
        return heard
    key = lookups.unnumbered[int(typed) - 1].key
    return replace(heard, kind=InboundKind.BUTTON, key=key, serial=None)


def _as_button(heard: Heard, key: str, serial: int) -> Heard:
    return Heard(
        kind=InboundKind.BUTTON,
        understood=heard.understood,
        key=key,
        serial=serial,
        phone=heard.phone,
    )


def _pressed_twice(state: State, heard: Heard) -> bool:
    """Another tap with nothing in between: its answer stands on the screen already."""
    return (
        heard.kind is InboundKind.BUTTON
        and heard.serial is not None
        and state.last_press == (heard.serial, heard.key)
        and _at_once(state.last_press_at, heard.at)
        and (heard.serial != state.serial or heard.key[:2] in _SHOWN_AGAIN)
    )


def _at_once(before: dt.datetime | None, now: dt.datetime | None) -> bool:
    """Whether a finger trembled; who presses again later wants the answer again."""
    return before is None or now is None or now - before <= _TREMBLING


_TREMBLING = dt.timedelta(seconds=5)
_SHOWN_AGAIN = ("a:", "d:", "v:")
"""Keys of buttons of an article: they leave the question where it is."""


def _pressed(state: State, heard: Heard, lookups: Lookups) -> Turn:
    anytime = always.pressed(state, heard, lookups)
    if anytime is not None:
        kind, _, rest = heard.key.partition(":")
        if kind in ("d", "v") or rest in always.ASIDES:
            return _resumed(anytime, lookups)
        return anytime
    if heard.key == "go:back":
        return _back(state, lookups)
    if heard.key.startswith("x:"):
        taken_back = _take_back(state, heard.key[2:], lookups)
        return taken_back if taken_back is not None else _stale(state, lookups)
    if heard.serial != state.serial:
        return _stale(state, lookups)
    form = _FORMS.get(state.step.partition(".")[0])
    turn = form.answer(state, heard, lookups) if form is not None else None
    return turn if turn is not None else _stale(state, lookups)


def _stale(state: State, lookups: Lookups) -> Turn:
    if state.step in FREE:
        return Turn(state, (ask("welcome.menu", *welcome.MENU),))
    return Turn(state, (say("always.stale"), _question(state, lookups)))


# --- words -------------------------------------------------------------------------------------


def _first_words(state: State, heard: Heard, lookups: Lookups) -> Turn:
    """A talk that begins with words is answered at once, after a short greeting."""
    opened = state.at("free")
    if heard.key:
        turn = _pressed(opened, heard, lookups)
    elif heard.kind is InboundKind.TEXT and heard.understood.intent not in _MERE_GREETINGS:
        turn = _words(opened, heard, lookups)
    elif heard.kind in (InboundKind.FILE, InboundKind.VOICE):
        turn = _file(opened, heard, lookups)
    else:
        return Turn(opened, (welcome.hello(lookups),))
    return turn.led_by(Line(key="welcome.short"))


_MERE_GREETINGS = frozenset({Intent.GREETING, Intent.MENU, Intent.EMPTY, Intent.THANKS})


def _words(state: State, heard: Heard, lookups: Lookups) -> Turn:
    understood = heard.understood
    if foreign.is_foreign(heard) and state.step not in _OWN_WORDS:
        return _in_another_language(state, heard, lookups)
    if _SOS in heard.text:
        unsafe = choice("go:unsafe", "danger.safe_no")
        return _resumed(Turn(state, (ask("danger.again", faq.PERSON, unsafe),)), lookups)
    if understood.intent is Intent.EMPTY and heard.phone is None:
        return _resumed(Turn(state, (say("always.empty"),)), lookups)
    if understood.intent is Intent.BACK:
        return _back(state, lookups)
    if status.names_a_code(heard.text) and state.step not in _OWN_WORDS:
        return status.by_code(state, heard)
    if not _gives_a_number(state, heard):
        return _told(state, heard, lookups)
    kept = request.keep_number(state, heard, lookups)
    if kept.wishes or kept.state.step != state.step:
        return kept
    if not contact.tells_more(heard.text):
        return _resumed(kept, lookups)
    told = _told(kept.state, heard, lookups)
    rest = tuple(said for said in told.says if said != say("always.noted"))
    return Turn(told.state, (*kept.says, *rest), told.wishes)


def _told(state: State, heard: Heard, lookups: Lookups) -> Turn:
    """Words that are neither noise nor a code nor a number alone."""
    understood = heard.understood
    if state.step not in _OWN_WORDS and not state.step.startswith(with_officer.OURS):
        wish = contact.not_to_be_called(understood.text)
        state = state.with_(reach=state.reach or wish[:_LONGEST_WISH])
    in_form = state.step not in FREE
    if state.step not in _OWN_WORDS and (aside := _aside(state, heard, lookups)) is not None:
        return aside
    form = _FORMS.get(state.step.partition(".")[0])
    if state.step in FREE and provider.wants(heard, lookups):
        return provider.begin(state, heard, lookups)
    command = always.BY_INTENT.get(understood.intent)
    if state.step in _FREELY_TOLD and command not in _LEAVES_A_FORM:
        command = None
    if command is not None and not (state.step == request.STORY and len(understood.text) > _LONG):
        if command == "status" and state.step.startswith("request."):
            return _resumed(status.in_between(state, lookups), lookups)
        return _command(state, command, heard, lookups)
    if understood.corrects and state.step not in _OWN_WORDS:
        corrected = _corrected(state, heard, lookups)
        if corrected is not None:
            return corrected
    if form is not None:
        turn = form.answer(state, heard, lookups)
        if turn is not None:
            return turn
    return _in_form(state, heard, lookups) if in_form else _free(state, heard, lookups)


def _aside(state: State, heard: Heard, lookups: Lookups) -> Turn | None:
    """What is said of the talk itself, and means the same whatever is being asked."""
    words = fold(heard.understood.normalised)
    if heard.understood.danger is not None:
        return None
    if complaint.tells_of_money(heard):
        if lookups.my_case is None:
            return complaint.money(state, lookups)
        return complaint.ask_aim(state, heard.text)
    if complaint.is_only_the_wish(heard):
        return complaint.ask_of_whom(state, heard, lookups)
    if _CANNOT_READ.search(words) and len(words.split()) <= FEW_WORDS:
        said = ask("always.cannot_read", choice("go:callback", "request.call.me"))
        return _resumed(Turn(state, (said,)), lookups)
    if status.asks_who_helps(heard, lookups):
        return _resumed(Turn(state, (status.who_helps(lookups),)), lookups)
    if _ASKS_OF_A_PAPER.search(words) and len(words.split()) <= FEW_WORDS:
        return _resumed(Turn(state, (ask("always.paper_unread", faq.PERSON),)), lookups)
    return None


_LONGEST_WISH = 200
"""Letters of a wish about calling that are kept."""
_CANNOT_READ = re.compile(
    r"\bmat (?:toi |tui |em |ba |me |da |bi )*(?:kem|mo|yeu|lem nhem|khong thay)\b"
    r"(?: \w+){0,3} chu\b"
    r"|\bdoc (?:chu )?(?:khong|ko|hong|k) (?:duoc|noi|thay|ro)\b"
    r"|"
    r"\b(?:khong|mu) (?:co )?(?:biet |ranh |thuoc )?(?:doc |viet )*chu"
    r"(?: nghia)?(?: gi| het| nhieu| may| dau)*(?: a| nha)?\s*(?:$|[.,!])"
)
_ASKS_OF_A_PAPER = re.compile(
    r"\b(?:giay|to|hinh|van ban|thong bao|quyet dinh|cai|don) nay (?:\w+ ){0,2}?"
    r"(?:nghia la|la gi|la sao|noi gi|ghi gi|viet gi|noi cai gi)"
)


def _gives_a_number(state: State, heard: Heard) -> bool:
    """A number, or where not to call, at a step that does not ask for it."""
    asked = state.step in _OWN_WORDS or state.step.startswith(("status.", *with_officer.OURS))
    if asked or state.step == request.PHONE or heard.understood.danger is not None:
        return False
    if heard.phone is not None:
        return True
    if contact.wants_a_call(heard.text) and heard.understood.intent is Intent.PERSON:
        return False
    return contact.hands_over(heard.understood.text, heard.understood.phone)


_LEAVES_A_FORM = frozenset({"menu", "restart", "delete", "exit", "language"})


def _in_another_language(state: State, heard: Heard, lookups: Lookups) -> Turn:
    """Not read, so nothing is guessed: a person; at once when somebody is in danger."""
    danger = heard.understood.danger
    if danger is not None and state.step in FREE:
        return request.begin(state.with_(danger=danger, urgent=True), heard, lookups)
    if danger is not None:
        return _again(state, lookups)
    if state.step in FREE and foreign.asks_for_free_help(heard):
        return screening.begin(state, heard, lookups)
    return _resumed(foreign.answer(state, heard, lookups), lookups)


def _by_office(state: State, heard: Heard) -> State:
    """An officer of the commune, a teacher… asks for somebody else, unless another is named."""
    if heard.understood.role_hint is not Role.INTERMEDIARY:
        return state
    relation = Relation.OTHER if state.relation in (None, Relation.SELF) else state.relation
    return state.with_(intermediary=True, relation=relation)


def _not_their_own(state: State, heard: Heard) -> Heard:
    """ "Cháu bé 12 tuổi", told by a teacher or an officer of the commune, is no child of theirs."""
    understood = heard.understood
    if not state.intermediary or understood.relation not in _OF_A_HOUSE:
        return heard
    if _MY_OWN.search(fold(understood.normalised)):
        return heard
    others = {who: facts for who, facts in understood.others.items() if who not in _OF_A_HOUSE}
    return replace(heard, understood=replace(understood, relation=Relation.OTHER, others=others))


_OF_A_HOUSE = frozenset({Relation.CHILD, Relation.PARENT, Relation.SPOUSE, Relation.RELATIVE})
_MY_OWN = re.compile(
    r"\b(?:con|con trai|con gai|chong|vo|cha|ba|ma|me|anh|chi|em trai|em gai|chau)"
    r" (?:cua )?(?:toi|tui|minh)\b"
)


_FREELY_TOLD = frozenset(
    {
        *(complaint.ABOUT, complaint.WORDS, rating.WORDS),
        *(privacy.CORRECT, provider.GROUND, provider.REASON),
    }
)
"""Steps at which whatever is written is the answer, were it "I want to complain"."""
_OWN_WORDS = frozenset({request.STORY, request.ADD, request.HOURS}) | _FREELY_TOLD


def _command(state: State, command: str, heard: Heard, lookups: Lookups) -> Turn:
    learnt = learning.learn(state, heard.understood, lookups).state
    if command == "person" and not _is_short(heard):
        learnt = learnt.with_(told_story=True)  # the trouble came along with the wish
    turn = always.ACTS[command](learnt, heard, lookups)
    return _resumed(turn, lookups) if command in always.ASIDES else turn


def _corrected(state: State, heard: Heard, lookups: Lookups) -> Turn | None:
    """ "Không phải, nhà tôi cận nghèo": put right, said back, and the form goes on."""
    learnt = learning.learn(state, heard.understood, lookups)
    if not learnt.anything:
        return None
    changed = learnt.corrected + learnt.new
    lines = learning.said_back(learnt.state, changed, lookups)
    if learnt.place:
        lines += learning.place_line(learnt.state, lookups)
    turn = _go_on(learnt.state, lookups)
    return turn.before(Say(lines=(Line(key="always.corrected"), *lines))) if lines else turn


def _go_on(state: State, lookups: Lookups) -> Turn:
    """Continue whatever the citizen was in the middle of."""
    state = clearing.settled(state)
    if state.step.startswith("clear."):
        return _again(state, lookups)
    if state.opening or state.step.startswith("request."):
        return request.go_on(state, lookups) if state.opening else _again(state, lookups)
    if state.step.startswith(("status.", "always.", *with_officer.OURS)):
        return _again(state, lookups)
    return screening.go_on(state, lookups)


def _again(state: State, lookups: Lookups) -> Turn:
    state = clearing.settled(state)
    return Turn(state, (_question(state, lookups),))


def _in_form(state: State, heard: Heard, lookups: Lookups) -> Turn:
    """Something else than an answer, in the middle of a form."""
    understood = heard.understood
    learnt = learning.learn(state, understood, lookups)
    if understood.danger is not None:  # the card says what to do; no article beside it
        return _resumed(Turn(learnt.state), lookups)
    odd_age = understood.impossible_age
    match understood.intent:
        case Intent.STORY if state.step == request.PHONE and lookups.my_case is not None:
            added = with_officer.to_case(heard.text, lookups)  # the request is sent already
            return _resumed(Turn(learnt.state, (say("request.added"),), added), lookups)
        case Intent.QUESTION if state.danger is not None and not faq.answers(heard, lookups):
            return _resumed(Turn(learnt.state, (say("always.noted"),)), lookups)
        case Intent.QUESTION | Intent.OUT_OF_SCOPE:
            asked = faq.answer(learnt.state, heard, lookups)
            return _resumed(_without_detours(asked), lookups)
        case Intent.STORY if state.step == request.PLACE and _only_where(heard):
            return Turn(state, (request.ask_place_again(),))
        case Intent.STORY if state.opening and request.tells_enough(heard):
            told = learnt.state.with_(told_story=True)
            heard_it = said_back.understood(learnt, lookups, odd_age=odd_age) or (
                say("always.noted"),
            )
            return _go_on(told, lookups).before(*heard_it)
        case Intent.STORY if learnt.anything or len(understood.text) > _LONG:
            told = learnt.state.with_(told_story=True)
            heard_it = said_back.understood(learnt, lookups, odd_age=odd_age) or (
                say("always.noted"),
            )
            return _on_from(state, told, lookups).before(*heard_it)
        case Intent.THANKS | Intent.GREETING:
            return _resumed(Turn(state, (say("welcome.thanks"),)), lookups)
        case Intent.STORY if _is_short(heard) and faq.answers(heard, lookups):
            asked = faq.answer(learnt.state, heard, lookups)
            return _resumed(_without_detours(asked), lookups)
        case _ if learnt.anything or odd_age:
            heard_it = said_back.understood(learnt, lookups, odd_age=odd_age)
            return _on_from(state, learnt.state, lookups).before(*heard_it)
        case _ if understood.place.communes or understood.place.outside:
            return _on_from(state, learnt.state, lookups).before(_known_place(state, lookups))
        case _ if state.step == screening.TOLD and not heard.key:
            return _again(learnt.state, lookups).before(say("always.noted"))
        case Intent.STORY:
            return _on_from(state, learnt.state, lookups).before(say("always.noted"))
        case _:
            misses = state.misses + 1
            missed = state.with_(misses=misses)
            question = _question(missed, lookups)
            if misses < _PATIENCE:
                return Turn(missed, (say(_not_understood(state)), question))
            others = tuple(one for one in question.choices if one.key != faq.PERSON.key)
            offer = question.model_copy(update={"choices": (*others, faq.PERSON)})
            return Turn(missed, (say("always.not_understood_person"), offer))


def _only_where(heard: Heard) -> bool:
    """ "Nhà tôi ở gần chợ" says where, though no map has it; it is no trouble told."""
    return _WHERE.match(fold(heard.understood.normalised)) is not None and _is_short(heard)


_WHERE = re.compile(r"(?:da |thi )*(?:nha )?(?:toi|tui|em|minh|con|chau)?(?: dang)? ?o (?!tu|ghe )")


def _on_from(before: State, after: State, lookups: Lookups) -> Turn:
    """The talk goes on; an outcome that was told and stays as it is is not told once more."""
    turn = _go_on(after, lookups)
    told = before.step == screening.TOLD == turn.state.step
    if told and turn.says == _go_on(before, lookups).says:
        return _again(turn.state, lookups)
    return turn


def _known_place(state: State, lookups: Lookups) -> Say:
    """ "Hà Nội", said once more: it was heard the first time."""
    place = state.place
    name = place.outside or place.words
    if place.commune is not None:
        name = lookups.province.commune(place.commune).full_name
    return say("always.known_place", place=name) if name else say("always.noted")


def _without_detours(turn: Turn) -> Turn:
    """An answer in the middle of a form offers what belongs to the answer, or else a person."""
    return Turn(turn.state, tuple(map(_without_its_detours, turn.says)), turn.wishes)


def _without_its_detours(said: Say) -> Say:
    own = tuple(one for one in said.choices if not one.key.startswith("go:"))
    person = tuple(one for one in said.choices if one.key == faq.PERSON.key)
    return said.model_copy(update={"choices": own or person})


_LONG = 60
_PATIENCE = 2


def _not_understood(state: State) -> str:
    if state.step == f"screening.{FactId.AGE}":
        return "screening.age.not_understood"
    return "always.not_understood"


def _free(state: State, heard: Heard, lookups: Lookups) -> Turn:
    """Nothing is being asked: a story, a question, a place, a greeting."""
    understood = heard.understood
    if understood.intent is Intent.QUESTION and _asks_for_oneself(state, heard):
        state = learning.turn_to(state, Relation.SELF)
    learnt = learning.learn(state, understood, lookups)
    waiting = lookups.my_case is not None and lookups.my_case.state == "waiting"
    if learnt.place and not (learnt.new or learnt.corrected) and _is_a_place(heard):
        return _place_alone(learnt, lookups)
    match understood.intent:
        case Intent.DONT_KNOW if state.misses:
            return request.begin(state.with_(misses=0), heard, lookups)
        case Intent.DONT_KNOW:
            ways = (faq.PERSON, faq.SCREEN, choice("go:ask", "menu.ask"))
            return Turn(state.with_(misses=1), (ask("welcome.lost", *ways),))
        case Intent.ANSWER if understood.impossible_age and not learnt.anything:
            return screening.odd_age(learnt.state)
        case Intent.GREETING:
            return Turn(state, (ask("welcome.again", *welcome.MENU),))
        case Intent.THANKS:
            return faq.thanks(state)
        case Intent.STORY if waiting and state.intermediary:
            return request.to_which(learnt.state, heard.text, lookups)
        case Intent.STORY if waiting:
            return Turn(
                learnt.state, (say("request.added"),), with_officer.to_case(heard.text, lookups)
            )
        case Intent.STORY if understood.follow_up and state.topic is not None and not learnt.new:
            return faq.answer(learnt.state, heard, lookups)
        case Intent.STORY if _asks_from_elsewhere(learnt, heard, lookups):
            return _question_with_facts(learnt, heard, lookups)
        case Intent.STORY:
            return _story(learnt, heard, lookups)
        case Intent.QUESTION if (
            learnt.place and not (learnt.new or learnt.corrected) and _asks_whom_to_ask(heard)
        ):
            return _place_alone(learnt, lookups)
        case Intent.QUESTION | Intent.OUT_OF_SCOPE:
            return _question_with_facts(learnt, heard, lookups)
        case Intent.YES if state.topic is None and not learnt.anything:
            return Turn(state, (ask("welcome.again", *welcome.MENU),))
        case _ if (
            learnt.place
            and not (learnt.new or learnt.corrected)
            and not (faq.answers(heard, lookups))
        ):
            return _place_alone(learnt, lookups)
        case _ if learnt.new or learnt.corrected:
            turn = screening.go_on(learnt.state, lookups)
            return turn.before(
                *said_back.understood(learnt, lookups, odd_age=understood.impossible_age)
            )
        case _:
            return faq.answer(learnt.state, heard, lookups)


def _asks_for_oneself(state: State, heard: Heard) -> bool:
    """A new question, with nobody else in it: the child of an earlier one is not meant."""
    somebody = state.relation not in (None, Relation.SELF)
    understood = heard.understood
    alone = understood.relation is Relation.SELF and state.relation not in understood.others
    first = understood.fields[0] if understood.fields else None
    other = first is not None and first[1] >= _OTHER_MATTER and first[0] not in state.fields
    talks = state.opening or state.intermediary or understood.follow_up
    return somebody and alone and not talks and (other or not state.told_story)


_OTHER_MATTER = 0.5
"""From this score on a question is about another field of law than the one before."""


def _asks_whom_to_ask(heard: Heard) -> bool:
    """ "Tôi ở Giá Rai thì hỏi ở đâu": the office of that place is the answer."""
    return _WHOM_TO_ASK.search(fold(heard.understood.normalised)) is not None


_WHOM_TO_ASK = re.compile(
    r"\b(?:hoi|gap|lien he|lien lac|toi|den|nho|xin giup)(?: \w+)? (?:o dau|cho nao|noi nao|ai)\b"
    r"(?! (?:nop|lam|kien))"
)


def _asks_from_elsewhere(learnt: learning.Learnt, heard: Heard, lookups: Lookups) -> bool:
    """A clear question of somebody of another province: answered; no screening is begun here."""
    asks = heard.text.rstrip().endswith("?")
    return asks and learnt.state.place.outside is not None and faq.answers(heard, lookups)


def _is_a_place(heard: Heard) -> bool:
    """Where they live and nothing more: "tôi ở Đầm Dơi"."""
    short = len(heard.understood.text.split()) <= _WORDS_OF_A_PLACE
    return short and heard.understood.intent in (Intent.ANSWER, Intent.STORY)


_WORDS_OF_A_PLACE = 5
_SOS = "🆘"


def _question_with_facts(learnt: learning.Learnt, heard: Heard, lookups: Lookups) -> Turn:
    """A question; if it also tells a trouble or who asks, say what that may open."""
    speaks_of_somebody = heard.understood.relation is not None
    told = learnt.new or (speaks_of_somebody and len(heard.understood.text) > _LONG)
    offered_before = learnt.state.told_story and not learnt.new
    turn = faq.answer(learnt.state, heard, lookups)
    if not told or offered_before or heard.understood.intent is Intent.OUT_OF_SCOPE:
        return turn
    free = screening.in_one_line(learnt.state, lookups)
    if free:
        offer = Say(lines=free, choices=(screening.SEND, choice("go:screen", "faq.why")))
    else:
        offer = ask("faq.told_too", faq.SCREEN, faq.PERSON)
    answered = _without_detours(turn)
    story = turn.state.with_(told_story=True)
    return Turn(story, (*answered.says, offer), turn.wishes)


def _story(learnt: learning.Learnt, heard: Heard, lookups: Lookups) -> Turn:
    """A trouble told in their own words: what was understood, then where they stand."""
    state = learnt.state.with_(told_story=True)
    if state.danger is not None:
        return request.begin(state, heard, lookups)
    if (
        not state.urgent
        and not learnt.anything
        and _is_short(heard)
        and faq.answers(heard, lookups)
    ):
        return faq.answer(state, heard, lookups)
    if _says_nothing(learnt, heard):
        return Turn(learnt.state, (ask("faq.tell_more", faq.PERSON, faq.SCREEN),))
    heard_it = said_back.understood(
        learnt, lookups, story=True, odd_age=heard.understood.impossible_age
    )
    understood = faq.with_article(heard_it, heard, lookups)
    if state.urgent:
        turn = request.begin(state, heard, lookups)
        return turn.led_by(*screening.in_one_line(state, lookups)).before(*understood)
    turn = screening.go_on(state, lookups)
    if turn.state.step != screening.TOLD:
        turn = turn.led_by(Line(key="screening.begin"))
    return turn.before(*understood)


def _says_nothing(learnt: learning.Learnt, heard: Heard) -> bool:
    """ "Trả lời kỳ cục vậy": no trouble is told, so nothing is begun because of it."""
    understood = heard.understood
    few = len(understood.text.split()) <= _TOO_FEW_FOR_A_TROUBLE
    vague = not understood.fields or understood.fields[0][1] < _SOME_FIELD
    silent = not (learnt.anything or understood.impossible_age or learnt.state.urgent)
    return few and vague and silent and not understood.others


_TOO_FEW_FOR_A_TROUBLE = 8
_SOME_FIELD = 0.25


def _is_short(heard: Heard) -> bool:
    """A trouble in a few words, "chủ hụt lương 2 tháng nay": it asks what can be done."""
    return len(heard.understood.text.split()) <= FEW_WORDS


def _take_back(state: State, what: str, lookups: Lookups) -> Turn | None:
    """Forget one thing that was understood wrongly; the talk goes on with what is left."""
    match what:
        case "place":
            gone = FROM_PLACE
            state = state.with_(place=Place())
        case "field":
            gone = frozenset()
            state = state.with_(fields=(), field_score=0.0)
        case "who":
            asked = state.at(clearing.WHO).with_(resume=state.step, asked_who=True)
            return Turn(asked, (_question(asked, lookups),))
        case "private":
            gone = frozenset(fact for fact in FactId if FACTS[fact].sensitive)
        case _ if what in set(FactId):
            gone = frozenset({FactId(what)})
        case _:
            return None
    facts = state.facts
    for fact in gone:
        facts = facts.having(fact, None)
    state = state.with_(facts=facts)
    turn = Turn(state) if state.step in FREE else _go_on(state, lookups)
    return turn.before(say("understood.taken_back"))


def _place_alone(learnt: learning.Learnt, lookups: Lookups) -> Turn:
    """A place and nothing else: the office that serves it, and what can be done."""
    state = learnt.state
    if state.place.commune is None:
        return request.go_on(state.with_(opening=True), lookups)
    said = Say(lines=(request.sent_to(state, lookups).said,))
    return Turn(state, (said, ask("welcome.again", *welcome.MENU)))


def _location(state: State, heard: Heard, lookups: Lookups) -> Turn:
    if state.step == request.PLACE:
        turn = request.answer(state, heard, lookups)
        if turn is not None:
            return turn
    pinned = request.answer(state.at(request.PLACE).with_(opening=False), heard, lookups)
    learnt = pinned.state.place if pinned is not None else state.place
    if state.step not in FREE:
        return _go_on(state.with_(place=learnt), lookups)
    return _place_alone(learning.Learnt(state.with_(place=learnt), place=True), lookups)


def _file(state: State, heard: Heard, lookups: Lookups) -> Turn:
    """A photo, a paper, a voice: kept for the officer; words beneath it are read as words."""
    if heard.lost is not None:
        return _resumed(Turn(state, (say(f"always.{heard.lost}"),)), lookups)
    if state.step.startswith("complaint."):  # it would reach whom the complaint is about
        return _resumed(Turn(state, (say("complaint.no_files"),)), lookups)
    if heard.kind is InboundKind.FILE and lookups.papers is not None:
        taken = papers.photo(state, lookups.papers, with_officer.to_case(heard.text, lookups))
        return _resumed(taken, lookups)
    if lookups.my_case is not None and lookups.my_case.state != "closed":
        added = Turn(state, (say("always.file_added"),), with_officer.to_case(heard.text, lookups))
        return _resumed(added, lookups)
    key = "always.voice" if heard.kind is InboundKind.VOICE else "always.file"
    kept = say(key)
    if heard.understood.intent is not Intent.EMPTY:
        return _words(state, heard, lookups).before(kept)
    return _resumed(Turn(state, (kept,)), lookups)


# --- while an officer holds the talk -----------------------------------------------------------


# --- danger, going back, numbering -------------------------------------------------------------


def _back(state: State, lookups: Lookups) -> Turn:
    """To the question before; what was answered since is forgotten."""
    earlier = [past for past in state.past if past.step not in FREE]
    if not earlier:
        return Turn(
            state.at("free"), (say("always.nothing_to_go_back"), ask("welcome.menu", *welcome.MENU))
        )
    target = earlier[-1]
    place = max(i for i, past in enumerate(state.past) if past == target)
    restored = target.with_(
        past=state.past[:place], serial=state.serial, warned=state.warned, language=state.language
    )
    return Turn(restored, (say("always.back"), _question(restored, lookups)))


def _remembered(before: State, heard: Heard, turn: Turn) -> Turn:
    """Keep the state before an answer, so that one can go back to it."""
    after = turn.state
    moved = after.step != before.step or after.facts != before.facts
    if any(isinstance(wish, DeleteTalk) for wish in turn.wishes):
        return turn
    went_back = len(after.past) < len(before.past)
    if moved and not went_back and before.step != "new":
        after = after.remembering(before)
    if heard.kind is InboundKind.BUTTON and heard.serial is not None:
        after = after.with_(last_press=(heard.serial, heard.key), last_press_at=heard.at)
    return Turn(after, turn.says, turn.wishes)


def _question(state: State, lookups: Lookups) -> Say:
    """What is being asked, once more."""
    form = _FORMS.get(state.step.partition(".")[0])
    if form is None:
        return ask("welcome.again", *welcome.MENU)
    return form.ask_again(state, lookups)


def _resumed(turn: Turn, lookups: Lookups) -> Turn:
    """After something said in between: the form goes on where it was."""
    state = clearing.settled(turn.state)
    if state.step in FREE:
        return Turn(state, turn.says, turn.wishes)
    return Turn(state, (*turn.says, _question(state, lookups)), turn.wishes)


def numbered(turn: Turn) -> Turn:
    """Give the questions of this turn their number; the last one's choices can be typed."""
    asking = [said for said in turn.says if said.choices]
    if not asking:
        return turn
    serial = turn.state.serial
    if not asking[-1].replaces:
        serial += 1
    says = tuple(
        said.model_copy(update={"serial": serial}) if said.choices else said for said in turn.says
    )
    state = turn.state.with_(serial=serial, offered=asking[-1].choices)
    return Turn(state, says, turn.wishes)
