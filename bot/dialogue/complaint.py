"""A complaint (Form 03; Law 11/2017/QH14, Art. 45): what about, in their own words, to the centre.

It is kept out of the thread: those it is about do not read it on the desk.
"""

import datetime as dt
import re

from bot.dialogue import welcome
from bot.dialogue.screening import written
from bot.dialogue.turn import (
    AddToCase,
    Complain,
    ComplaintView,
    Heard,
    Lookups,
    State,
    Turn,
    ask,
    choice,
)
from bot.understanding.intents import Intent
from cases.life import ComplaintKind
from cases.speech import Line, Say, say
from knowledge.vietnamese import fold

ABOUT = "complaint.about"
WORDS = "complaint.words"
CONFIRM = "complaint.confirm"
AIM = "complaint.aim"
STEPS = (AIM, ABOUT, WORDS, CONFIRM)
"""What is said at these goes into no thread."""

_STOP = choice("stop", "complaint.stop")
_KINDS = tuple(choice(kind, f"complaint.kind.{kind}") for kind in ComplaintKind)
_SEND = (
    choice("yes", "complaint.send"),
    choice("rewrite", "complaint.rewrite"),
    _STOP,
)
_AIMS = (choice("here", "complaint.aim_here"), choice("matter", "complaint.aim_matter"))
_AGAINST = re.compile(
    r"\b(khieu nai|to cao|phan anh|than phien|che trach|kien)\b.{0,60}?"
    r"\b(can bo|tro giup vien|luat su|tu van vien|trung tam|chi nhanh|nguoi giup)\b"
)
_TOLD = 40
"""Letters from which on "I complain …" is a complaint, not the wish to make one."""
_SHOWN = 600
"""Letters of their words that are read back."""


def begin(state: State, heard: Heard, lookups: Lookups) -> Turn:
    """Ask what about, or read back a complaint that is told already.

    One that waits for its answer is told instead.
    """
    return told_before(state, "" if heard.key else heard.text.strip(), lookups)


def told_before(state: State, words: str, lookups: Lookups) -> Turn:
    """Ask what about, or read back the words that were told already."""
    case, centre = lookups.my_case, lookups.blanks["centre"]
    if case is None:
        return Turn(state.at("free"), (ask("complaint.no_case", *_NO_CASE, centre=centre),))
    if case.complaint is not None and not case.complaint.answered:
        return welcome.again(state).before(Say(lines=standing(case.complaint)))
    if len(words) > _TOLD:
        told = state.at(CONFIRM).with_(set_aside=words, about="")
        return Turn(told, (_confirm(told, lookups),))
    return Turn(state.at(ABOUT).with_(set_aside="", about=""), (_ask_about(lookups),))


_NO_CASE = (
    choice("go:status", "menu.status"),
    choice("go:person", "menu.person"),
    choice("go:menu", "menu.menu"),
)


def is_only_the_wish(heard: Heard) -> bool:
    """Whether somebody wants to complain and says not of what: "tôi muốn khiếu nại"."""
    words = fold(heard.understood.normalised).strip(" .!?")
    return _ONLY_THE_WISH.fullmatch(words) is not None


_ONLY_THE_WISH = re.compile(
    r"(?:(?:cho |xin )?(?:toi|tui|em|minh|con|chau) )?(?:muon |can |xin |dinh |tinh |duoc )*"
    r"(?:lam |viet |gui |nop )?(?:don )?khieu nai(?: (?:a|nha|nhe|duoc khong|giup|gium))*"
)


def ask_of_whom(state: State, heard: Heard, lookups: Lookups) -> Turn:
    """Of whom: Form 03 is about the legal aid, what an office did is a matter to be told."""
    if lookups.my_case is not None:
        return begin(state, heard, lookups)
    said = ask("complaint.of_whom", *_NO_CASE, centre=lookups.blanks["centre"])
    return Turn(state.at("free").with_(opening=False), (said,))


def may_be_one(heard: Heard) -> bool:
    """Whether words may complain of who helps, or of an office in the matter itself."""
    return _AGAINST.search(fold(heard.understood.text)) is not None


def of_legal_aid(heard: Heard, *, has_case: bool) -> bool:
    """Whether somebody of the legal aid is complained of: Form 03 is for that, no denunciation."""
    words = fold(heard.understood.text)
    if _LEGAL_AID.search(words) is not None:
        return True
    return has_case and may_be_one(heard) and _OTHER_OFFICE.search(words) is None


_LEGAL_AID = re.compile(r"\btro giup (?:vien|phap ly)\b|\bluat su\b|\bnguoi giup (?:toi|tui|em)\b")


def tells_of_money(heard: Heard) -> bool:
    """Whether somebody of the legal aid is said to ask for money; other offices are a matter."""
    words = fold(heard.understood.text)
    return _MONEY.search(words) is not None and _OTHER_OFFICE.search(words) is None


_OURS = r"(?:can bo|tro giup vien|luat su|tu van vien|nguoi giup)"
_ASKS = r"(?:doi|voi|xin|bat|thu|kiu|keu)"
_MONEY = re.compile(
    rf"\b{_OURS}\b"
    rf"(?: tro giup| phap ly| ten \w+| nay| do| ben \w+| o day| dang| da| co){{0,5}} {_ASKS}"
    r"(?: (?:toi|tui|em|minh|nop|dua|dong|them|phai|ba|ma)){0,4}"
    r" (?:tien|phong bi|phi|\d+ ?(?:tr|trieu|ngan|nghin|k|dong|cu)\b)"
)
_OTHER_OFFICE = re.compile(
    r"\b(?:can bo|ong|ba) (?:\w+ )?(?:xa|phuong|huyen|ap|khom|dia chinh|ho tich|thue|toa"
    r"|thi hanh an|tu phap|ngan hang|cong an)\b|\bluat su (?:tu|rieng|minh|toi)\b"
)


def money(state: State, lookups: Lookups) -> Turn:
    """Nobody may ask for money: that, and where to say so, which is not to that officer."""
    said = ask("complaint.money", *_WAYS_TO_COMPLAIN, centre=lookups.blanks["centre"])
    return Turn(state.at("free").with_(opening=False), (said,))


_WAYS_TO_COMPLAIN = (choice("go:menu", "menu.menu"),)


def ask_aim(state: State, words: str) -> Turn:
    """Ask first, before whoever may be complained of reads it."""
    return Turn(
        state.at(AIM).with_(set_aside=words.strip(), about=""), (ask("complaint.aim", *_AIMS),)
    )


def _aimed(state: State, heard: Heard, lookups: Lookups) -> Turn | None:
    case = lookups.my_case
    if case is None:
        return told_before(_forgotten(state), "", lookups)
    match heard.key:
        case "here" if case.complaint is not None and not case.complaint.answered:
            return welcome.again(_forgotten(state)).before(Say(lines=standing(case.complaint)))
        case "here":
            told = state.at(CONFIRM)
            return Turn(told, (_confirm(told, lookups),))
        case "matter":
            passed = (AddToCase(state.set_aside, case.id),)
            return Turn(_forgotten(state).at("free"), (say("complaint.aim_passed"),), passed)
        case _:
            return None


def standing(complaint: ComplaintView) -> tuple[Line, ...]:
    """How far a complaint has come, and the way that is left."""
    day = written(complaint.on)
    if complaint.department_answered:
        return (Line(key="complaint.department_answered", blanks={"day": day}),)
    if complaint.department_due is not None:
        due = written(complaint.department_due)
        return (Line(key="complaint.department_has_it", blanks={"day": day, "due": due}),)
    if complaint.answered:
        return (Line(key="complaint.answered", blanks={"day": day}),)
    if complaint.due is None:
        return (Line(key="complaint.waits", blanks={"day": day}),)
    key = "complaint.late" if complaint.late else "complaint.waits_until"
    return (Line(key=key, blanks={"day": day, "due": written(complaint.due)}),)


def _ask_about(lookups: Lookups) -> Say:
    return ask("complaint.about", *_KINDS, _STOP, centre=lookups.blanks["centre"])


def _confirm(state: State, lookups: Lookups) -> Say:
    words = state.set_aside
    if len(words) > _SHOWN:
        words = f"{words[:_SHOWN]} …"
    said = ask("complaint.confirm", *_SEND, words=words, centre=lookups.blanks["centre"])
    return said.model_copy(update={"secret": True})  # no officer finds it in the thread


def ask_again(state: State, lookups: Lookups) -> Say:
    match state.step:
        case "complaint.aim":
            return ask("complaint.aim", *_AIMS)
        case "complaint.about":
            return _ask_about(lookups)
        case "complaint.words":
            return ask("complaint.words", _STOP)
        case "complaint.confirm":
            return _confirm(state, lookups)
        case other:
            raise AssertionError(other)


def answer(state: State, heard: Heard, lookups: Lookups) -> Turn | None:
    """What it is about, their words, and whether it goes off."""
    if heard.key == "stop":
        return welcome.again(_forgotten(state)).before(say("complaint.stopped"))
    match state.step:
        case "complaint.aim":
            return _aimed(state, heard, lookups)
        case "complaint.about" if heard.key in set(ComplaintKind):
            chosen = state.at(WORDS).with_(about=heard.key)
            return Turn(chosen, (ask("complaint.words", _STOP),))
        case "complaint.about" | "complaint.words" if not heard.key and heard.text.strip():
            told = state.at(CONFIRM).with_(set_aside=heard.text.strip())
            return Turn(told, (_confirm(told, lookups),))
        case "complaint.confirm":
            return _confirmed(state, heard, lookups)
        case _:
            return None


def _confirmed(state: State, heard: Heard, lookups: Lookups) -> Turn | None:
    intent = None if heard.key else heard.understood.intent
    if heard.key == "rewrite":
        return Turn(state.at(WORDS), (ask("complaint.words", _STOP),))
    if intent is Intent.NO:
        return welcome.again(_forgotten(state)).before(say("complaint.stopped"))
    if heard.key != "yes" and intent is not Intent.YES:
        return None
    case = lookups.my_case
    if case is None:
        return told_before(_forgotten(state), "", lookups)
    wish = Complain(case.id, state.set_aside, state.about or ComplaintKind.OTHER)
    return Turn(_forgotten(state).at("free"), (), (wish,))


def _forgotten(state: State) -> State:
    return state.with_(set_aside="", about="")


def sent(state: State, due: dt.date | None, lookups: Lookups) -> Turn:
    """It is with the centre: until when it is answered, and where one can go then."""
    department = {"department": lookups.blanks["justice_department"]}
    lines = [Line(key="complaint.sent", blanks={"centre": lookups.blanks["centre"]})]
    if due is not None:
        lines.append(Line(key="complaint.sent_due", blanks={"due": written(due)}))
    lines.append(Line(key="complaint.further", blanks=department))
    return Turn(state, (Say(lines=tuple(lines), choices=(choice("go:status", "menu.status"),)),))
