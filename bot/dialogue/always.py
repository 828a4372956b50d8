"""What can be said or pressed at any moment, whatever is being asked."""

from collections.abc import Callable, Mapping
from types import MappingProxyType

from bot.dialogue import (
    complaint,
    faq,
    meeting,
    papers,
    privacy,
    provider,
    rating,
    request,
    screening,
    status,
    unlocking,
    welcome,
)
from bot.dialogue.turn import DeleteTalk, Heard, Lookups, State, TakeAwaySecrets, Turn, ask, choice
from bot.understanding import contact
from bot.understanding.intents import Intent
from cases.purpose import Purpose
from cases.speech import Choice, Line, Say, say
from cases.wording import LANGUAGES
from knowledge.article import FieldId
from knowledge.library import Library

DELETE = "always.delete"
LANGUAGE = "always.language"

_SURE = (choice("yes", "delete.yes"), choice("no", "delete.no"))
_DATA = choice("go:data", "data.see")
_TONGUES = tuple(choice(f"lang:{language}", f"language.{language}") for language in LANGUAGES)

Act = Callable[[State, Heard, Lookups], Turn]


def restart(state: State, _heard: Heard, _lookups: Lookups) -> Turn:
    """Forget what was answered and begin anew; "quay lại" still undoes it."""
    fresh = State(step="free", language=state.language, serial=state.serial, warned=state.warned)
    return Turn(fresh, (say("always.restarted"), ask("welcome.menu", *welcome.MENU)))


def delete(state: State, _heard: Heard, _lookups: Lookups) -> Turn:
    """Ask once before everything is erased."""
    return Turn(state.at(DELETE), (ask("delete.confirm", *_SURE),))


def language(state: State, heard: Heard, lookups: Lookups) -> Turn:
    """Change the language, or offer the languages."""
    wanted = heard.understood.language
    if wanted is not None:
        return set_language(state, str(wanted), lookups)
    return Turn(state.at(LANGUAGE), (ask("language.ask", *_TONGUES),))


def set_language(state: State, wanted: str, lookups: Lookups) -> Turn:
    """Speak another language; what is not translated yet stays Vietnamese, and that is said."""
    said = [say("language.set")]
    if not lookups.texts.complete(wanted):
        said.append(say("language.pending"))
    changed = state.with_(language=wanted).at("free")
    return Turn(changed, (*said, ask("welcome.menu", *welcome.MENU)))


def person(state: State, heard: Heard, lookups: Lookups) -> Turn:
    """A human is wanted, in the talk or on the telephone."""
    if contact.wants_a_call(heard.text):
        return request.call_back(state, heard, lookups)
    return request.begin(state, heard, lookups)


def my_data(state: State, _heard: Heard, lookups: Lookups) -> Turn:
    """What is kept of the writer."""
    return privacy.show(state, lookups)


def copied(state: State, _heard: Heard, _lookups: Lookups) -> Turn:
    """The numbers were copied: the message that holds them goes from the phone."""
    return Turn(state, (), (TakeAwaySecrets(),))


def complain(state: State, heard: Heard, lookups: Lookups) -> Turn:
    """A complaint about how a request is dealt with; without a request here, the ways to one."""
    if lookups.my_case is None and not heard.key and complaint.tells_of_money(heard):
        return complaint.money(state, lookups)
    return complaint.begin(state, heard, lookups)


def discontent(state: State, _heard: Heard, _lookups: Lookups) -> Turn:
    """Scolded: apologise, and offer a human."""
    return Turn(state, (ask("welcome.discontent", faq.PERSON, choice("go:menu", "menu.menu")),))


def stop(state: State, heard: Heard, lookups: Lookups) -> Turn:
    """What was begun is put aside; a request that was sent is asked about, never just dropped."""
    if state.step == status.WITHDRAW or status.keeps_it(heard):
        return welcome.again(state).before(say("status.withdraw_kept"))
    sent = lookups.my_case is not None and lookups.my_case.state != "closed"
    if sent and not (state.opening or state.step.startswith(("request.", "screening."))):
        return status.ask_to_withdraw(state, heard, lookups)
    aside = state.with_(agreed_to=None, call_back=False, set_aside="")
    return welcome.again(aside).before(say("always.stopped"))


def calm(state: State, _heard: Heard, _lookups: Lookups) -> Turn:
    """There is no danger: it was heard wrongly, and nothing follows from it."""
    fresh = state.with_(danger=None, urgent=False)
    if state.step.startswith(("screening.", "status.", "clear.")):
        return Turn(fresh, (say("danger.calm"),))
    return Turn(fresh.at("free").with_(opening=False), (ask("danger.calm", *welcome.MENU),))


def _say(key: str, *choices: Choice, ends: bool = False) -> Act:
    def act(state: State, _heard: Heard, lookups: Lookups) -> Turn:
        wanted = lookups.texts.blanks(key)
        said = ask(key, *choices, **{name: lookups.blanks[name] for name in wanted})
        return Turn(state.at("free").with_(opening=False) if ends else state, (said,))

    return act


ACTS: Mapping[str, Act] = MappingProxyType(
    {
        "menu": welcome.menu,
        "ask": faq.prompt,
        "screen": screening.begin,
        "review": screening.review,
        "nopapers": screening.no_papers,
        "request": request.begin,
        "callback": request.call_back,
        "person": person,
        "status": status.begin,
        "withdraw": status.ask_to_withdraw,
        "stop": stop,
        "undo": status.undo,
        "mine": unlocking.mine,
        "shared": unlocking.shared,
        "complain": complain,
        "lacking": papers.lacking,
        "provider": provider.begin,
        "data": my_data,
        "correct": privacy.correct,
        "revoke": privacy.revoke,
        "copied": copied,
        "restart": restart,
        "delete": delete,
        "language": language,
        "cost": _say("welcome.cost"),
        "next": request.next_person,
        "contact": _say("welcome.contact", faq.PERSON),
        "who": _say("welcome.who"),
        "privacy": _say("welcome.privacy", _DATA),
        "exit": _say("welcome.exit", choice("go:delete", "delete.yes"), ends=True),
        "discontent": discontent,
        "unsafe": _say("danger.not_safe", ends=True),
        "calm": calm,
    }
)
"""By the part of a button's key after `go:`."""

BY_INTENT: Mapping[Intent, str] = MappingProxyType(
    {
        Intent.MENU: "menu",
        Intent.PERSON: "person",
        Intent.COMPLAIN: "complain",
        Intent.STATUS: "status",
        Intent.WITHDRAW: "withdraw",
        Intent.STOP: "stop",
        Intent.RESTART: "restart",
        Intent.DELETE: "delete",
        Intent.LANGUAGE: "language",
        Intent.CONTACT: "contact",
        Intent.COST: "cost",
        Intent.WHO_ARE_YOU: "who",
        Intent.PRIVACY: "privacy",
        Intent.MY_DATA: "data",
        Intent.CORRECT_DATA: "correct",
        Intent.REVOKE: "revoke",
        Intent.EXIT: "exit",
        Intent.DISCONTENT: "discontent",
    }
)

ASIDES = frozenset({"mine", "shared", "cost", "contact", "who", "privacy", "discontent", "calm"})
"""Answered without leaving the question that is being asked."""


def label(key: str, library: Library) -> Line | None:
    """The words of a button that is never stale, for whoever pressed an old one."""
    kind, _, rest = key.partition(":")
    match kind:
        case "go" if rest in _LABELS:
            return Line(key=_LABELS[rest])
        case "a" | "d" if rest in library.articles:
            return Line(key="faq.article", blanks={"short": library.articles[rest].short})
        case "v" if rest.endswith((":y", ":n")):
            return Line(key="faq.helpful" if rest.endswith(":y") else "faq.unhelpful")
        case "f" if rest.partition(":")[0] in {str(field) for field in FieldId}:
            return Line(key=f"field_button.{rest.partition(':')[0]}")
        case "w" if rest in set(Purpose):
            return Line(key=f"data.purpose.{rest}")
        case "m":
            return meeting.label(key)
        case "p":
            return papers.label(key)
        case "r":
            return rating.label(key)
        case "x":
            return Line(key="understood.wrong_told")
        case "lang" if rest in LANGUAGES:
            return Line(key=f"language.{rest}")
        case _:
            return None


_LABELS: Mapping[str, str] = MappingProxyType(
    {
        "menu": "menu.menu",
        "ask": "menu.ask",
        "screen": "menu.screen",
        "review": "outcome.review",
        "nopapers": "outcome.no_papers",
        "request": "outcome.send",
        "person": "menu.person",
        "callback": "request.call.me",
        "status": "menu.status",
        "next": "request.next",
        "withdraw": "status.withdraw",
        "undo": "status.undo",
        "data": "data.see",
        "correct": "data.correct_it",
        "revoke": "data.revoke",
        "copied": "delete.copied",
        "mine": "unlock.mine",
        "shared": "unlock.shared",
        "complain": "complaint.begin",
        "lacking": "papers.lacking",
        "provider": "provider.change",
        "language": "menu.language",
        "unsafe": "danger.safe_no",
        "delete": "delete.yes",
        "calm": "danger.none",
    }
)


def pressed(state: State, heard: Heard, lookups: Lookups) -> Turn | None:
    """A button that is never stale; None if the key is none of these."""
    kind, _, rest = heard.key.partition(":")
    match kind:
        case "go" if rest in ACTS:
            return ACTS[rest](state, heard, lookups)
        case "a":
            return faq.article(state, rest, lookups)
        case "d":
            return faq.article(state, rest, lookups, more=True)
        case "v" if rest.count(":") == 1:
            return faq.voted(state, heard.key, lookups)
        case "f":
            return faq.browse(state, heard.key, lookups)
        case "w":
            return privacy.pressed(state, heard, lookups)
        case "m":
            return meeting.pressed(state, heard.key)
        case "p":
            return papers.pressed(state, heard.key)
        case "r":
            return rating.pressed(state, heard.key)
        case "lang" if rest in LANGUAGES:
            return set_language(state, rest, lookups)
        case _:
            return None


def ask_again(state: State, _lookups: Lookups) -> Say:
    if state.step == DELETE:
        return ask("delete.confirm", *_SURE)
    return ask("language.ask", *_TONGUES)


def answer(state: State, heard: Heard, lookups: Lookups) -> Turn | None:
    """The word on deleting, or the name of a language."""
    if state.step == LANGUAGE:
        wanted = heard.understood.language
        return set_language(state, str(wanted), lookups) if wanted is not None else None
    intent = heard.understood.intent
    if heard.key == "yes" or (not heard.key and intent is Intent.YES):
        fresh = State(language=state.language, serial=state.serial)
        return Turn(fresh, (), (DeleteTalk(),))
    if heard.key == "no" or (not heard.key and intent is Intent.NO):
        return welcome.again(state).before(say("delete.kept"))
    return None
