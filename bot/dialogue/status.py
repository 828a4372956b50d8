"""How far a request has come: of this talk, or by code and PIN."""

import re

from bot.dialogue import complaint, faq, papers, provider, welcome
from bot.dialogue.request import answered_in
from bot.dialogue.screening import written
from bot.dialogue.turn import (
    FEW_WORDS,
    CaseView,
    FindCase,
    Heard,
    Lookups,
    MeetingView,
    MoveCaseHere,
    State,
    Turn,
    UndoWithdrawal,
    Withdraw,
    ask,
    choice,
)
from bot.understanding import numbers
from bot.understanding.intents import Intent
from cases.codes import FREE_TRIES, read_code, read_pin
from cases.speech import Line, Say, say
from knowledge.vietnamese import fold

CODE = "status.code"
PIN = "status.pin"
WITHDRAW = "status.withdraw"

_MENU = choice("go:menu", "menu.menu")
_COMPLAIN = choice("go:complain", "complaint.begin")
_WAYS = (choice("go:person", "menu.person"), _MENU)
_UNDO = choice("go:undo", "status.undo")
_WITHDRAW = choice("go:withdraw", "status.withdraw")


def begin(state: State, heard: Heard, lookups: Lookups) -> Turn:
    """Tell of this talk's request, or ask for the code."""
    if lookups.my_case is not None:
        return tell(state, lookups)
    if lost(heard):
        return Turn(state.at(CODE), (ask("status.lost", *_WAYS),))
    if heard.understood.code:
        return by_code(state, heard)
    return Turn(state.at(CODE), (_ask_code(),))


def names_a_code(text: str) -> bool:
    """Whether a text holds a case code and means it: written as we tell it, or beside its name."""
    code = numbers.code(text)
    if code is None:
        return False
    rest = re.sub(r"[^\W_]{5}[\s\-–]?[^\W_]{5}", " ", text, count=1)
    return bool(_AS_TOLD.search(text) or _ITS_NAME.search(fold(text)) or len(rest.split()) <= _FEW)


_AS_TOLD = re.compile(r"(?<![^\W_])[0-9A-Za-z]{5}[\-–][0-9A-Za-z]{5}(?![^\W_])")
_ITS_NAME = re.compile(
    r"\b(?:ma|code)\b.{0,12}\b(?:ho so|yeu cau)\b|\bho so\b.{0,12}\bma\b|\bpin\b"
)
_FEW = 2


def by_code(state: State, heard: Heard) -> Turn:
    """A code was told, perhaps with its PIN: opened, or the PIN is asked for."""
    code = heard.understood.code
    coded = state.with_(code=code, wrong_pins=0 if code != state.code else state.wrong_pins)
    pin = _pin_beside_a_code(heard)
    if code is not None and pin is not None:
        return Turn(coded.at(PIN), (), (FindCase(code, pin),))
    return Turn(coded.at(PIN), (_ask_pin(),))


def _pin_beside_a_code(heard: Heard) -> str | None:
    if heard.understood.pin is not None:
        return heard.understood.pin
    alone = re.findall(r"(?<![\w\-])\d{6}(?![\w\-])", heard.text)
    return alone[0] if len(alone) == 1 else None


def tell(state: State, lookups: Lookups) -> Turn:
    """Where the request of this talk stands."""
    if lookups.my_case is None:
        return welcome.again(state)
    return Turn(state.at("free"), _all(lookups.my_case, lookups.meeting, lookups))


def in_between(state: State, lookups: Lookups) -> Turn:
    """Asked in the middle of a request: told, and the request goes on."""
    if lookups.my_case is None:
        return Turn(state, (say("status.next"),))
    return Turn(state, (show(lookups.my_case, lookups).model_copy(update={"choices": ()}),))


def _all(case: CaseView, meeting: MeetingView | None, lookups: Lookups) -> tuple[Say, ...]:
    """Where a request stands, and the meeting that is being arranged."""
    shown = show(case, lookups)
    return (shown,) if meeting is None else (shown, meeting.asked)


def show(case: CaseView, lookups: Lookups) -> Say:
    """Where a request stands."""
    blanks = {"day": written(case.opened_on), "office": case.office}
    lines = [Line(key=f"status.{case.state}", blanks=blanks)]
    if case.state == "waiting":
        lines += [answered_in(case.office_id, lookups), Line(key="status.next")]
    if case.coming is not None and case.state != "closed":
        day = written(case.coming.day)
        lines.append(Line(key=f"status.coming_{case.coming.kind}", blanks={"day": day}))
        if case.coming.late:
            lines.append(Line(key="status.late"))
    if lookups.papers is not None and lookups.papers.case_id == case.id:
        lines += papers.standing(lookups.papers)
    if case.provider is not None and case.state != "closed":
        lines.append(Line(key="provider.is", blanks={"name": case.provider}))
    if case.wish is not None and case.state != "closed":
        lines += provider.standing(case.wish)
    if case.outcome is not None:
        lines.append(Line(key=f"case.outcome.{case.outcome}"))
    if case.withdraw_asked and case.state != "closed":
        lines.append(Line(key="status.withdraw_asked"))
    if case.complaint is not None:
        lines += complaint.standing(case.complaint)
    if case.rate:
        lines.append(Line(key="rating.ask"))
    open_still = case.state != "closed" and not case.withdraw_asked
    about = choice("go:provider", "provider.change" if case.provider else "provider.choose")
    own = (about, _WITHDRAW) if open_still else ()
    if case.may_undo:
        own = (_UNDO, *own)
    choices = (*case.rate, *own, _COMPLAIN, _MENU)
    return Say(lines=tuple(lines), choices=choices)


def _ask_code() -> Say:
    return ask("status.code", choice("go:person", "menu.person"), _MENU)


def _ask_pin() -> Say:
    return ask("status.pin", _MENU)


def ask_again(state: State, _lookups: Lookups) -> Say:
    match state.step:
        case "status.code":
            return _ask_code()
        case "status.pin":
            return _ask_pin()
        case "status.withdraw":
            return ask("status.withdraw_confirm", *_SURE)
        case other:
            raise AssertionError(other)


_SURE = (choice("yes", "status.withdraw_yes"), choice("no", "status.withdraw_no"))


def answer(state: State, heard: Heard, lookups: Lookups) -> Turn | None:
    """Take a code, a PIN, or the word on withdrawing."""
    text = heard.understood.text
    if state.step in (CODE, PIN) and lost(heard):
        return Turn(state, (ask("status.lost", *_WAYS),))
    match state.step:
        case "status.code":
            if heard.understood.code is not None:
                return by_code(state, heard)
            code = read_code(text)
            if code is not None:
                return Turn(state.with_(code=code).at(PIN), (_ask_pin(),))
            if heard.key or heard.understood.intent in _ELSEWHERE:
                return None
            return Turn(state, (ask("status.code_not_understood", _MENU),))
        case "status.pin":
            if heard.understood.code is not None:
                return by_code(state, heard)
            pin = heard.understood.pin or read_pin(text)
            if pin is not None and state.code is not None:
                return Turn(state, (), (FindCase(state.code, pin),))
            if heard.key or heard.understood.intent in _ELSEWHERE:
                return None
            return Turn(state, (ask("status.pin_not_understood", _MENU),))
        case "status.withdraw":
            return _withdrawn(state, heard, lookups)
        case other:
            raise AssertionError(other)


_ELSEWHERE = frozenset({Intent.QUESTION, Intent.STORY})
_LOST = re.compile(r"\b(mat|quen|lac|khong con|(khong|ko|k|hong|hok|chang|het) (nho|thay|giu))\b")


def lost(heard: Heard) -> bool:
    """Whether the code or the PIN is lost: another way is shown instead of asking again."""
    return not heard.key and _LOST.search(fold(heard.understood.text)) is not None


def found(
    state: State, case: CaseView | None, lookups: Lookups, meeting: MeetingView | None = None
) -> Turn:
    """Go on after a code and PIN were looked up."""
    wrong = state.wrong_pins + 1
    if case is None and wrong < FREE_TRIES:
        # Nothing is said of whether there is such a code.
        again = state.with_(wrong_pins=wrong).at(PIN)
        return Turn(again, (ask("status.wrong_pin", _MENU, choice("go:person", "menu.person")),))
    if case is None:
        return Turn(
            state.with_(code=None, wrong_pins=0).at(CODE),
            (ask("status.not_found", _MENU, choice("go:person", "menu.person")),),
        )
    opened = state.with_(code=None, wrong_pins=0).at("free")
    said = (say("status.found"), *_all(case, meeting, lookups))
    return Turn(opened, said, (MoveCaseHere(case.id),))


def keeps_it(heard: Heard) -> bool:
    """ "Tôi đổi ý, không rút nữa"."""
    return _KEEPS.search(fold(heard.understood.normalised)) is not None


_KEEPS = re.compile(r"\b(?:khong|dung|khoi) (?:co )?rut\b|\bgiu lai\b")


def ask_to_withdraw(state: State, _heard: Heard, lookups: Lookups) -> Turn:
    """The citizen wants to take the request back."""
    case = lookups.my_case
    if case is None or case.state == "closed":
        return welcome.again(state).before(say("status.no_case"))
    return Turn(state.at(WITHDRAW), (ask("status.withdraw_confirm", *_SURE),))


def undo(state: State, _heard: Heard, lookups: Lookups) -> Turn:
    """They have thought better of it; whether it is not too late is looked up."""
    case = lookups.my_case
    if case is None or not case.may_undo:
        return kept(state, refused=True)
    return Turn(state, (), (UndoWithdrawal(case.id),))


def kept(state: State, *, refused: bool) -> Turn:
    """The request goes on, or a new one has to be sent."""
    if refused:
        return Turn(
            state, (ask("status.undo_too_late", choice("go:person", "menu.person"), _MENU),)
        )
    return Turn(state, (ask("status.undone", choice("go:status", "menu.status"), _MENU),))


def _withdrawn(state: State, heard: Heard, lookups: Lookups) -> Turn | None:
    if heard.key == "yes" or (not heard.key and heard.understood.intent is Intent.YES):
        case = lookups.my_case
        told = ask("status.withdrawn", _UNDO, _MENU)
        return Turn(state.at("free"), (told,), (Withdraw(case.id),) if case else ())
    if heard.key == "no" or (not heard.key and heard.understood.intent is Intent.NO):
        return welcome.again(state).before(say("status.withdraw_kept"))
    return None


def asks_who_helps(heard: Heard, lookups: Lookups) -> bool:
    """ "Ai đang giúp tôi?", once a request was sent."""
    words = fold(heard.understood.normalised).strip(" .!?")
    if lookups.my_case is None or len(words.split()) > FEW_WORDS:
        return False
    return _WHO_HELPS.search(words) is not None


def who_helps(lookups: Lookups) -> Say:
    """By name, as the published list has it; of the office where nobody was appointed yet."""
    case = lookups.my_case
    mine = choice("go:status", "menu.status")
    if case is None or (case.provider is None and case.state == "closed"):
        return ask("status.who_gone", faq.PERSON, mine)
    if case.provider is not None:
        return ask("provider.is", mine, name=case.provider)
    return ask("status.who_office", mine, office=case.office)


_WHO_HELPS = re.compile(
    r"\bai (?:dang |se |la nguoi |duoc cu |dc cu )*(?:giup|lo|lam|giu|phu trach|nhan|xu ly|coi)\b"
    r"(?! (?:duoc|giay|don|sao|gi))"
    r"|\b(?:can bo|luat su|nguoi)(?: \w+){0,4} (?:ten gi|la ai|ten la gi)\b|^(?:ho )?ten gi$"
)
