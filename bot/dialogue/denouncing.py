"""Whoever denounces an official or a crime: the lawful way is told, and nothing of it is kept.

Law on Denunciation 25/2018/QH14, Art. 9 (name, address and handwriting are secret), 12 (who takes
it); Criminal Procedure Code 101/2015/QH13, Art. 144, 145 (who takes the report of a crime). Legal
aid decides on neither, so there is no reason to keep who tells of whom. What may have been written
before the wish was plain can be erased by a button.
"""

import re

from bot.channels.message import InboundKind
from bot.dialogue import always, complaint, faq, status
from bot.dialogue.turn import (
    ForgetWords,
    Heard,
    KeepQuestion,
    Lookups,
    State,
    Turn,
    ask,
    choice,
)
from bot.understanding.intents import Intent
from cases.speech import Say
from knowledge.vietnamese import fold

WAY = "denounce.way"

_OFFICIAL = "administrative-08"
_CRIME = "criminal-03"
"""The articles with the whole way, each with its sources."""

_SHORT = 60
"""Letters up to which words are a command rather than what happened."""

_DENOUNCE = r"(?:to cao|to giac|mat bao)"
_WISH = re.compile(
    r"\b(?:muon|dinh|tinh|can|xin|nho|giup|phai|se|dam|so|lam don|viet don|gui don|nop don)\b"
    rf"(?: \w+){{0,3}} {_DENOUNCE}\b"
    rf"|^(?:da |a |alo )?(?:toi|tui|em|chau|con|minh|bac|chu|co|anh|chi)(?: xin)? {_DENOUNCE}\b"
    rf"|^(?:xin )?{_DENOUNCE} (?:ong|ba|anh|chi|thang|may|bon|nguoi|can bo|chu tich|truong)\b"
)
_TO = re.compile(r"\b(?:muốn|định|tính|dám|xin|nhờ|giúp)\b(?: \w+){0,2} tố\b(?! tụng)")
"""Folded, "tố" is "to", which says everything and nothing."""
_HIDDEN = re.compile(
    r"\b(?:giau ten|giau mat|an danh|nac danh|dung ten toi|khong (?:de |muon )?(?:lo|ai biet)"
    r"|so (?:bi )?(?:lo|tra thu|tru dap|biet ten))\b"
)
_REPORT = re.compile(rf"\b(?:bao|trinh bao|khai bao|phan anh|thua|to)\b|\b{_DENOUNCE}\b")
_OFFICIALS = re.compile(
    r"\b(?:can bo|cong chuc|vien chuc|chu tich|pho chu tich|bi thu|truong ap|truong khom"
    r"|cong an|dia chinh|lanh dao|thu truong|giam doc|hieu truong|thanh tra|kiem lam|tham phan"
    r"|kiem sat vien|dieu tra vien|uy ban|tham nhung|hoi lo|tham o|an chan)\b"
)
_DENOUNCED = re.compile(rf"\bbi (?:\w+ ){{0,3}}{_DENOUNCE}\b|\b{_DENOUNCE} (?:toi|tui|oan|bay)\b")
"""The writer is the one denounced."""
_DONE_TO_ME = re.compile(
    r"\b(?:lua|giat|cuop|trom|danh|chem|quit|quyt|an cap|chiem|lay|no|hiep|xam hai|quay roi|doa)\b"
    r"(?: \w+){0,4} (?:toi|tui|em|minh|chau|con|vo|chong|me|cha|ba|nha)\b"
)
"""A victim's own matter: an officer can help with that, and needs to be told."""


def wants(state: State, heard: Heard, lookups: Lookups) -> bool:
    """Whether somebody is about to denounce; not who asks in general, nor who was hurt themselves.

    Whoever was told the way and asks for an officer all the same tells that officer.
    """
    understood = heard.understood
    if heard.key or understood.danger is not None or (state.opening and state.told_way):
        return False
    if state.step.startswith(_ELSEWHERE):
        return False
    words = fold(understood.normalised)
    if complaint.of_legal_aid(heard, has_case=lookups.my_case is not None):
        return False
    if _DENOUNCED.search(words) or understood.intent in _OF_THE_TALK:
        return False
    wish = _WISH.search(words) or _TO.search(understood.normalised)
    if not wish and not (_HIDDEN.search(words) and _REPORT.search(words)):
        return False
    return bool(_OFFICIALS.search(words)) or not _DONE_TO_ME.search(words)


_ELSEWHERE = ("complaint.", "data.", "provider.", "rating.", "unlock.")
"""Whoever answers here complains of us, or speaks of a request."""
_OF_THE_TALK = frozenset({Intent.DELETE, Intent.STATUS, Intent.MENU, Intent.LANGUAGE, Intent.EXIT})


def tell(state: State) -> Turn:
    """The lawful way; what was written is not kept."""
    told = state.at(WAY).with_(told_way=True, opening=False, question=None)
    return Turn(told, (_way(),), (ForgetWords(),))


def _way() -> Say:
    return ask(
        "denounce.way",
        choice(f"a:{_OFFICIAL}", "denounce.of_an_official"),
        choice(f"a:{_CRIME}", "denounce.of_a_crime"),
        faq.PERSON,
        choice("go:delete", "denounce.erase"),
        choice("go:menu", "menu.menu"),
    )


def goes_on(state: State, heard: Heard) -> bool:
    """Whether a message after that still belongs to it: all but a button, a code, a danger."""
    if state.step != WAY or heard.key or heard.understood.danger is not None:
        return False
    return heard.kind is not InboundKind.BUTTON and not status.names_a_code(heard.text)


def told_more(state: State, heard: Heard, lookups: Lookups) -> Turn:
    """A command is done, a question is answered; not a word is kept, whatever it was."""
    command = always.BY_INTENT.get(heard.understood.intent)
    short = heard.kind is InboundKind.TEXT and len(heard.text) <= _SHORT
    if command is not None and command != "complain" and short:
        turn = always.ACTS[command](state, heard, lookups)
        return Turn(turn.state, turn.says, (*turn.wishes, ForgetWords()))
    if heard.understood.intent is Intent.QUESTION and faq.answers(heard, lookups):
        turn = faq.answer(state, heard, lookups)
        wishes = tuple(one for one in turn.wishes if not isinstance(one, KeepQuestion))
        answered = turn.state.with_(question=None, fields=state.fields, topic=state.topic)
        return Turn(answered, turn.says, (*wishes, ForgetWords()))
    return Turn(state, (ask_again(state, lookups),), (ForgetWords(),))


def answer(_state: State, _heard: Heard, _lookups: Lookups) -> Turn | None:
    """Nothing is asked here that words could answer."""
    return None


def ask_again(_state: State, _lookups: Lookups) -> Say:
    """The ways on, in short."""
    return ask(
        "denounce.not_kept",
        choice(f"a:{_OFFICIAL}", "denounce.of_an_official"),
        choice(f"a:{_CRIME}", "denounce.of_a_crime"),
        faq.PERSON,
        choice("go:delete", "denounce.erase"),
        choice("go:menu", "menu.menu"),
    )
