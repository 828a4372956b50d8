"""Papers that an officer asked for: photos come, one tap says which paper they are.

The buttons are never stale, and they work while an officer holds the talk.
"""

import re

from bot.dialogue.screening import written
from bot.dialogue.turn import (
    AnswerPapers,
    Heard,
    KeepPhoto,
    Lookups,
    PapersView,
    PaperView,
    State,
    Turn,
    Wish,
    ask,
    choice,
)
from cases.life import OWED, PaperState
from cases.speech import Choice, Line, Say, say
from knowledge.vietnamese import fold

_KEY = re.compile(r"p:(?P<id>[0-9a-f]{1,32}):(?P<said>here|lack|other|undo)")
_LACKS = re.compile(
    r"\b(chua|khong|ko|k|hong|hok|chang|mat|that lac) (co |con |kiem duoc |lam duoc )?"
    r"(du )?(may )?(cai )?(giay|so)\b"
)
_FEW_WORDS = 9
_BUTTON = 38
"""Letters of a name on a button; the message names it in full."""

LACKING = choice("go:lacking", "papers.lacking")
_STATUS = choice("go:status", "menu.status")
_MENU = choice("go:menu", "menu.menu")


def pressed(state: State, key: str) -> Turn | None:
    """What a photo is, or which paper is lacking; what comes of it is looked up."""
    read = _KEY.fullmatch(key)
    if read is None:
        return None
    return Turn(state, (), (AnswerPapers(read["id"], read["said"]),))


def label(key: str) -> Line | None:
    """The words of an old button, for the citizen's own log."""
    read = _KEY.fullmatch(key)
    if read is None:
        return None
    match read["said"]:
        case "other":
            return Line(key="papers.other")
        case "undo":
            return Line(key="papers.wrong")
        case "lack":
            return LACKING.label
        case _:
            return Line(key="papers.chosen")


def _short(paper: PaperView) -> str:
    words = paper.name
    return words if len(words) <= _BUTTON else f"{words[:_BUTTON].rsplit(' ', 1)[0]} …"


def _button(paper: PaperView, said: str) -> Choice:
    return choice(f"p:{paper.id}:{said}", "papers.name", paper=_short(paper))


def photo(state: State, view: PapersView, wishes: tuple[Wish, ...]) -> Turn:
    """A photo came while papers are asked for; `wishes` put it into the thread."""
    kept = (*wishes, KeepPhoto(view.case_id))
    if len(view.papers) == 1:
        only = view.papers[0].model_copy(update={"state": PaperState.SENT})
        after = view.model_copy(update={"papers": (only,)})
        return Turn(state, (_put(only, after, view.photos(only) + 1),), kept)
    if not view.named:
        return Turn(state, (say("papers.kept"),), kept)
    if view.asking:  # the question stands on the screen, and counts for this one too
        return Turn(state, (), kept)
    return Turn(state, (_which(view),), kept)


def _which(view: PapersView) -> Say:
    """Which of the papers the photos are."""
    named = tuple(_button(one, "here") for one in view.papers)
    return ask("papers.which", *named, choice(f"p:{view.case_id}:other", "papers.other"))


def _put(paper: PaperView, view: PapersView, photos: int) -> Say:
    """The photos lie with a paper: what is still missing, and how to put it right."""
    lines = [
        Line(key="papers.put", blanks={"paper": paper.name, "count": str(photos)})
        if paper.name
        else Line(key="papers.kept")
    ]
    owed = [one for one in view.papers if one.state in OWED]
    if owed:
        lines += [Line(key="papers.still"), *(_item(one) for one in owed)]
    else:
        lines.append(Line(key="papers.all_sent"))
    undo = (choice(f"p:{view.case_id}:undo", "papers.wrong"),) if len(view.papers) > 1 else ()
    lacking = (LACKING,) if any(one.name for one in owed) else ()
    return Say(lines=tuple(lines), choices=(*undo, *lacking))


def _item(paper: PaperView) -> Line:
    if not paper.name:
        return Line(key="papers.item_unnamed")
    key = "papers.item_again" if paper.state is PaperState.UNREADABLE else "papers.item"
    return Line(key=key, blanks={"paper": paper.name})


def standing(view: PapersView) -> tuple[Line, ...]:
    """The papers that are asked for, as the status tells them."""
    owed = [one for one in view.papers if one.state in OWED]
    if not owed:
        return (Line(key="papers.all_sent"),)
    lines = [Line(key="papers.still"), *(_item(one) for one in owed)]
    if view.due is not None:
        lines.append(Line(key="papers.until", blanks={"day": written(view.due)}))
    return tuple(lines)


def says_lacking(heard: Heard, lookups: Lookups) -> bool:
    """ "Tôi chưa có giấy đó", said in a few words while papers are asked for."""
    view = lookups.papers
    if view is None or not any(one.name and one.state in OWED for one in view.papers):
        return False
    words = fold(heard.understood.text)
    return len(words.split()) <= _FEW_WORDS and _LACKS.search(words) is not None


def lacking(state: State, _heard: Heard, lookups: Lookups) -> Turn:
    """Which paper they do not have; one that is the only one is known."""
    view = lookups.papers
    owed = [one for one in view.papers if one.name and one.state in OWED] if view else []
    if not owed:
        return Turn(state, (ask("papers.none_asked", _STATUS, _MENU),))
    if len(owed) == 1:
        return Turn(state, (), (AnswerPapers(owed[0].id, "lack"),))
    return Turn(state, (ask("papers.lacks_which", *(_button(one, "lack") for one in owed)),))


def answered(
    state: State, before: PapersView | None, view: PapersView | None, paper_id: str, said: str
) -> Turn:
    """What is said once the answer was taken; `before` is how the papers stood until then."""
    paper = next((one for one in view.papers if one.id == paper_id), None) if view else None
    if view is None or (paper is None and said in ("here", "lack")):
        return Turn(state, (ask("papers.gone", _STATUS, _MENU),))
    match said:
        case "here" if paper is not None:
            if before is not None and not before.unsorted:  # pressed twice, or long after
                return Turn(state, (Say(lines=standing(view), choices=(LACKING,)),))
            return Turn(state, (_put(paper, view, view.photos(paper)),))
        case "lack" if paper is not None:
            return Turn(state, (_without(paper, view),))
        case "undo":
            return Turn(state, (_which(view),))
        case _:
            return Turn(state, (Say(lines=(Line(key="papers.set_aside"), *standing(view))),))


def _without(paper: PaperView, view: PapersView) -> Say:
    lines = [Line(key="papers.without", blanks={"paper": paper.name})]
    if paper.issuer:
        blanks = {"issuer": paper.issuer, "lost": paper.if_lost}
        lines.append(Line(key="papers.get_it", blanks=blanks))
    if view.due is not None:
        lines.append(Line(key="papers.until", blanks={"day": written(view.due)}))
    lines.append(Line(key="papers.not_the_end"))
    return Say(lines=tuple(lines), choices=(_STATUS,))
