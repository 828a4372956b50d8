"""The citizen's rights over their own data: to see it, put it right, take a consent back, erase.

Law on personal data protection 91/2025/QH15. What can be done at once is done at once; what a
person has to look at waits on the centre's list, and the citizen is told until when.
"""

from dataclasses import replace

from bot.dialogue import learning, status, welcome
from bot.dialogue.screening import written
from bot.dialogue.turn import (
    AskToCorrect,
    Consented,
    Heard,
    Lookups,
    MyData,
    Receipt,
    RevokeConsent,
    State,
    Turn,
    ask,
    choice,
)
from bot.understanding.intents import Intent
from cases.purpose import Purpose
from cases.speech import Choice, Line, Say, say

CORRECT = "data.correct"

_MENU = choice("go:menu", "menu.menu")
_CORRECT = choice("go:correct", "data.correct_it")
_REVOKE = choice("go:revoke", "data.revoke")
_DELETE = choice("go:delete", "data.erase")


def show(state: State, lookups: Lookups) -> Turn:
    """What is kept, since when, what was agreed to, who may see it, and for how long."""
    kept = lookups.my_data()
    lines = [Line(key="data.head"), *_talk(kept)]
    case = lookups.my_case
    if case is not None:
        blanks = {"day": written(case.opened_on), "office": case.office}
        lines.append(Line(key="data.case", blanks=blanks))
        lines += [_consent(one, lookups, state) for one in kept.consents]
    lines.append(Line(key="data.who" if case is None else "data.who_case"))
    lines.append(Line(key="data.until", blanks={"days": str(kept.talk_days)}))
    revoke = (_REVOKE,) if case is not None and _given(kept) else ()
    says = (Say(lines=tuple(lines), choices=(_CORRECT, *revoke, _DELETE, _MENU)),)
    return Turn(state.at("free"), says)


def _talk(kept: MyData) -> tuple[Line, ...]:
    since = written(kept.since) if kept.since else ""
    told = {"messages": str(kept.messages), "files": str(kept.files), "day": since}
    return (Line(key="data.talk", blanks=told),)


def _consent(one: Consented, lookups: Lookups, state: State) -> Line:
    what = lookups.texts.render(Line(key=f"data.purpose.{one.purpose}"), state.language)
    key = "data.agreed" if one.given else "data.not_agreed"
    return Line(key=key, blanks={"what": what, "day": written(one.on), "mark": one.mark})


def _given(kept: MyData) -> tuple[Purpose, ...]:
    return tuple(one.purpose for one in kept.consents if one.given)


# --- correcting ---------------------------------------------------------------------------------


def correct(state: State, _heard: Heard, lookups: Lookups) -> Turn:
    """Ask what has to be put right."""
    return Turn(state.at(CORRECT), (ask_again(state, lookups),))


def ask_again(_state: State, lookups: Lookups) -> Say:
    key = "data.correct" if lookups.my_case is None else "data.correct_case"
    return ask(key, _MENU)


def answer(state: State, heard: Heard, lookups: Lookups) -> Turn | None:
    """At once while only the talk is concerned; through a person where there is a case."""
    if heard.key or heard.understood.intent is Intent.EMPTY:
        return None
    if lookups.my_case is not None:
        return Turn(state.at("free"), (), (AskToCorrect(lookups.my_case.id, heard.text),))
    learnt = learning.learn(state, replace(heard.understood, corrects=True), lookups)
    if not (learnt.anything or learnt.place or heard.understood.phone):
        return Turn(state, (ask("data.correct_not_understood", _MENU),))
    changed = learnt.state.at("free")
    if heard.understood.phone:
        changed = changed.with_(phone=heard.understood.phone)
    lines = [Line(key="always.corrected")]
    if learnt.place:
        lines += learning.place_line(changed, lookups)
    lines += learning.said_back(changed, learnt.new + learnt.corrected, lookups)
    if heard.understood.phone:
        lines.append(Line(key="data.phone", blanks={"phone": heard.understood.phone}))
    return Turn(changed, (Say(lines=tuple(lines), choices=(_MENU,)),))


# --- taking a consent back ----------------------------------------------------------------------


def revoke(state: State, heard: Heard, lookups: Lookups) -> Turn:
    """Offer each consent that holds, to be taken back by itself."""
    if lookups.my_case is None:
        return welcome.again(state).before(say("data.nothing_agreed"))
    given = _given(lookups.my_data())
    if not given:
        return welcome.again(state).before(say("data.nothing_agreed"))
    if given == (Purpose.REQUEST,):
        return status.ask_to_withdraw(state, heard, lookups)
    choices = (*(_way(one) for one in given), _MENU)
    return Turn(state.at("free"), (ask("data.revoke_which", *choices),))


def _way(purpose: Purpose) -> Choice:
    return choice(f"w:{purpose}", f"data.purpose.{purpose}")


def pressed(state: State, heard: Heard, lookups: Lookups) -> Turn | None:
    """One purpose was chosen: what rests on it stops at once."""
    name = heard.key.partition(":")[2]
    if name not in set(Purpose):
        return None
    purpose = Purpose(name)
    if lookups.my_case is None or purpose not in _given(lookups.my_data()):
        return welcome.again(state).before(say("data.nothing_agreed"))
    if purpose is Purpose.REQUEST:
        return status.ask_to_withdraw(state, heard, lookups)
    wish = RevokeConsent(lookups.my_case.id, purpose)
    return Turn(state.at("free"), (ask(f"data.revoked.{purpose}", _MENU),), (wish,))


# --- what was done ------------------------------------------------------------------------------


def asked(state: State, number: int, until: str) -> Turn:
    """The centre's list has it now."""
    said = ask("data.asked", _MENU, number=str(number), until=until)
    return Turn(state, (said,))


def erased(state: State, receipt: Receipt) -> Turn:
    """The receipt: number, time, what is gone, what stays and why."""
    lines = [
        Line(key="delete.done"),
        Line(
            key="data.receipt",
            blanks={
                "number": str(receipt.number),
                "when": receipt.when,
                "messages": str(receipt.messages),
                "files": str(receipt.files),
            },
        ),
        *(Line(key=f"data.kept.{one}") for one in receipt.kept),
        Line(key=f"delete.on_{receipt.channel}"),
    ]
    if receipt.until:
        lines.insert(2, Line(key="data.case_until", blanks={"until": receipt.until}))
    return Turn(state, (Say(lines=tuple(lines)),))
