"""A case stays shut on a phone that others may hold: after a quiet time the PIN is asked again.

What the citizen writes still reaches the officer who holds the talk, and danger still raises the
alarm; but nothing of the case is shown, not even that there is one, before the PIN was said.
"""

from dataclasses import replace

from bot.dialogue import complaint, faq, privacy, provider, request, status
from bot.dialogue.turn import Heard, Lookups, OpenByPin, State, TrustPhone, Turn, ask, choice
from bot.understanding.intents import Intent
from cases.codes import read_code, read_pin
from cases.life import HELD
from cases.speech import Say, say

PIN = "unlock.pin"

_MENU = choice("go:menu", "menu.menu")
_MINE = choice("go:mine", "unlock.mine")
_SHARED = choice("go:shared", "unlock.shared")

_OF_A_CASE = frozenset(
    {
        *("go:status", "go:withdraw", "go:complain", "go:callback", "go:mine", "go:shared"),
        *("go:data", "go:correct", "go:revoke", "go:lacking", "go:undo", "go:provider"),
    }
)
_ASKS_OF_IT = frozenset(
    {
        *(Intent.STATUS, Intent.WITHDRAW, Intent.COMPLAIN),
        *(Intent.MY_DATA, Intent.CORRECT_DATA, Intent.REVOKE),
    }
)
_OF_DATA = frozenset({Intent.MY_DATA, Intent.CORRECT_DATA, Intent.REVOKE})
_OURS = ("complaint.", "data.", "provider.", "rating.")
_BOUND = (*_OURS, status.WITHDRAW, request.ADD)
"""Steps whose questions would show that there is a case, or what was written in it."""


def asks_of_the_case(state: State, heard: Heard, lookups: Lookups) -> bool:
    """Whether an answer to this message would show something of a case."""
    if heard.key:
        return heard.key in _OF_A_CASE or heard.key.startswith(("m:", "p:", "r:", "w:"))
    if heard.understood.intent in _ASKS_OF_IT or provider.wants(heard, lookups):
        return True
    case = lookups.my_case
    if case is None or case.state == "closed":
        return False
    if case.state in HELD:
        # Words to a form that was left are neither the officer's nor anybody's who holds the phone.
        return complaint.may_be_one(heard) or state.step.startswith(_OURS)
    # Nobody shall believe that "không cần nữa" has stopped a request that was sent.
    begun = state.opening or state.step.startswith(("request.", "screening."))
    return heard.understood.intent is Intent.STOP and not begun


def begin(state: State, heard: Heard) -> Turn:
    """Ask for the PIN, in words that any holder of the phone may read.

    A complaint that was told already is not told twice: it waits behind the PIN.
    """
    resume, told = "free", ""
    if heard.key in _DATA_KEYS or heard.understood.intent in _OF_DATA:
        resume = _DATA
    elif heard.key == "go:complain":
        resume = _COMPLAINT
    elif not heard.key and heard.understood.intent is Intent.COMPLAIN:
        resume, told = _COMPLAINT, heard.text
    elif not heard.key and complaint.may_be_one(heard):
        resume, told = _AIM, heard.text
    return Turn(away(state).at(PIN).with_(resume=resume, set_aside=told), (_ask_pin(),))


def holds_a_complaint(state: State) -> bool:
    """Whether words of a complaint wait for the PIN; no officer finds them in a thread."""
    return state.step == PIN and state.resume in (_COMPLAINT, _AIM) and bool(state.set_aside)


_DATA = "data"
_COMPLAINT = "complaint"
_AIM = "aim"
_DATA_KEYS = frozenset({"go:data", "go:correct", "go:revoke"})


def away(state: State) -> State:
    """The same talk without what it was doing with the case."""
    bound = state.step.startswith(_BOUND)
    if not bound and not any(past.step.startswith(_BOUND) for past in state.past):
        return state
    left = state.with_(about="", set_aside="", rating=None, picks=(), page=0, picked=None, past=())
    return left.at("free").with_(offered=()) if bound else left


def as_a_stranger(lookups: Lookups) -> Lookups:
    """What may be looked at by whoever holds the phone."""
    return replace(lookups, my_case=None, meeting=None, papers=None, unnumbered=())


def _ask_pin() -> Say:
    return ask("unlock.pin", faq.PERSON, _MENU)


def ask_again(_state: State, _lookups: Lookups) -> Say:
    return _ask_pin()


def is_answer(heard: Heard) -> bool:
    """Whether words are a PIN, a code, or say that they are lost; others are for the officer."""
    text = heard.understood.text
    typed = heard.understood.pin or read_pin(text) or heard.understood.code or read_code(text)
    return typed is not None or status.lost(heard)


def answer(state: State, heard: Heard, _lookups: Lookups) -> Turn | None:
    """Take the PIN, or the code for those who have several."""
    text = heard.understood.text
    if status.lost(heard):
        return Turn(state, (ask("status.lost", faq.PERSON, _MENU),))
    if heard.understood.code is not None and not heard.key:
        return status.by_code(state, heard)
    pin = heard.understood.pin or read_pin(text)
    if pin is not None and not heard.key:
        return Turn(state, (), (OpenByPin(pin),))
    code = read_code(text)
    if code is not None and not heard.key:
        return Turn(state.with_(code=code).at(status.PIN), (ask("status.pin", _MENU),))
    if heard.key or heard.understood.intent in _ELSEWHERE:
        return None
    return Turn(state, (ask("status.pin_not_understood", _MENU),))


_ELSEWHERE = frozenset({Intent.QUESTION, Intent.STORY})


def opened(state: State, lookups: Lookups, *, right: bool) -> Turn:
    """Go on after the PIN was compared."""
    if not right:
        return Turn(state.at(PIN), (ask("unlock.wrong", faq.PERSON, _MENU),))
    resume, told = state.resume, state.set_aside
    state = state.with_(resume="free", set_aside="")
    match resume:
        case "data":
            return offered(privacy.show(state, lookups), lookups)
        case "complaint":
            return complaint.told_before(state, told.strip(), lookups)
        case "aim":
            return complaint.ask_aim(state, told)
        case _:
            return offered(status.tell(state, lookups), lookups)


def offered(turn: Turn, lookups: Lookups) -> Turn:
    """The same turn, with the offer not to ask again where the phone is nobody else's."""
    if not lookups.may_trust or not turn.says:
        return turn
    first, *rest = turn.says
    first = first.model_copy(update={"choices": (*first.choices, _MINE)})
    return Turn(turn.state, (first, *rest), turn.wishes)


def mine(state: State, _heard: Heard, lookups: Lookups) -> Turn:
    """Nobody else uses this phone; not taken from whoever may be in danger."""
    if not lookups.may_trust:
        return Turn(state, (say("unlock.kept"),))
    return Turn(state, (ask("unlock.trusted", _SHARED),), (TrustPhone(True),))


def shared(state: State, _heard: Heard, _lookups: Lookups) -> Turn:
    """Somebody else may hold this phone: the PIN is asked again."""
    return Turn(state, (say("unlock.kept"),), (TrustPhone(False),))
