"""Whether somebody may be entitled: ask the next missing fact, or say where they stand."""

import datetime as dt
import re
from typing import assert_never

from bot.dialogue import learning, questions
from bot.dialogue.questions import BOXES, BY_STEP, OF_BOXES
from bot.dialogue.turn import Heard, Lookups, State, Turn, ask, choice
from bot.understanding.foreign import Language
from bot.understanding.intents import Intent
from cases.speech import Choice, Line, Say
from eligibility.conditions import facts_of
from eligibility.facts import CriminalRole, FactId, Facts, PapersAtHand
from eligibility.grounds import Ground, GroupId, ScopeRule
from eligibility.papers import Paper
from eligibility.screen import BothDays, Outcome, both_days, contradictions, statuses
from knowledge.article import FieldId
from knowledge.vietnamese import fold

TOLD = "screening.told"
"""The step after the outcome was said."""

_GROUNDS_SHOWN = 3
_PAPERS_SHOWN = 4

SEND = choice("go:request", "outcome.send")
NO_PAPERS = choice("go:nopapers", "outcome.no_papers")
ASK_MORE = choice("go:ask", "outcome.ask_more")
REVIEW = choice("go:review", "outcome.review")


def look(state: State, lookups: Lookups) -> BothDays:
    """Where the person stands by what is known, today and after the next change of the law."""
    return both_days(state.facts, lookups.today, lookups.law, state.skipped)


def begin(state: State, _heard: Heard, lookups: Lookups) -> Turn:
    """Start asking, or say at once where the person stands if it is known already."""
    turn = go_on(state, lookups)
    if turn.state.step == TOLD or state.step.startswith("screening."):
        return turn
    return turn.led_by(Line(key="screening.begin"))


def review(state: State, _heard: Heard, lookups: Lookups) -> Turn:
    """Ask everything anew."""
    return go_on(state.with_(facts=Facts(), skipped=frozenset()), lookups)


def go_on(state: State, lookups: Lookups) -> Turn:
    """Ask the next missing fact, or tell the citizen where they stand."""
    broken = contradictions(state.facts, lookups.law)
    if broken:
        return _ask_again(state, broken[0].said, facts_of(broken[0].when, {}), lookups)
    both = look(state, lookups)
    if both.today.outcome is not Outcome.NEED_FACTS:
        return tell(state, both, lookups)
    fact = both.today.missing[0]
    if fact in OF_BOXES:
        state = state.at(BOXES)
        return Turn(state, (questions.ask_boxes(state, lookups),))
    state = state.at(f"screening.{fact}")
    return Turn(state, (BY_STEP[state.step].ask(state, lookups),))


def _ask_again(state: State, said: str, facts: frozenset[FactId], lookups: Lookups) -> Turn:
    """Two answers exclude each other: both are shown, and asked again."""
    lines = learning.said_back(state, tuple(f for f in FactId if f in facts), lookups)
    for fact in facts:
        state = state.with_(facts=state.facts.having(fact, None))
    shown = Say(lines=(Line(key="screening.contradiction", blanks={"why": said}), *lines))
    return go_on(state, lookups).before(shown)


def ask_again(state: State, lookups: Lookups) -> Say:
    """The question of the present step once more."""
    if state.step == BOXES:
        return questions.ask_boxes(state, lookups)
    if state.step == TOLD:
        return ask("outcome.next", *_choices(look(state, lookups).today.outcome))
    return BY_STEP[state.step].ask(state, lookups)


def answer(state: State, heard: Heard, lookups: Lookups) -> Turn | None:
    """Take an answer to the present question; None if the message is none."""
    if state.step == TOLD:
        polite = not heard.key and heard.understood.intent in _NEITHER_HERE_NOR_THERE
        return Turn(state, (ask_again(state, lookups),)) if polite else None
    if state.step == BOXES:
        return _boxes(state, heard, lookups)
    question = BY_STEP[state.step]
    no_age = question.fact is FactId.AGE and not heard.key and _says_no(heard)
    if heard.key in ("skip", "dont_know") or heard.understood.intent in _NO_ANSWER or no_age:
        return go_on(state.with_(skipped=state.skipped | {question.fact}), lookups)
    if question.fact is FactId.AGE and heard.understood.impossible_age:
        return odd_age(state)
    if learning.asks_for_a_meaning(heard.understood):
        return None
    value = question.read(heard, learning.of_the_one_in_need(state, heard.understood))
    if value is None:
        return None
    learnt = learning.learn(state, heard.understood, lookups)
    known = learnt.state.with_(facts=learnt.state.facts.having(question.fact, value))
    return go_on(known, lookups)


def odd_age(state: State) -> Turn:
    """Nobody living has this age: asked again, kindly."""
    question = questions.Question(FactId.AGE)
    return Turn(state.at(question.step), (ask("screening.age.impossible", *question.choices()),))


def _says_no(heard: Heard) -> bool:
    return heard.understood.intent is Intent.NO or fold(heard.understood.text) in _NOTHING


_NOTHING = frozenset({"ko co", "k co", "hong co", "khong co gi", "ko co gi", "hong co gi het"})

_NO_ANSWER = frozenset({Intent.SKIP, Intent.DONT_KNOW})
_NEITHER_HERE_NOR_THERE = _NO_ANSWER | {Intent.YES, Intent.NO}
"""After the outcome nothing is asked that "dạ" or "không biết" could answer."""


def _boxes(state: State, heard: Heard, lookups: Lookups) -> Turn | None:
    shown = questions.shown_boxes(state, lookups)
    if heard.key == "skip" or (not heard.key and heard.understood.intent in _NO_ANSWER):
        return go_on(state.with_(ticked=(), skipped=state.skipped | set(shown)), lookups)
    if heard.key == "none" or (not heard.key and _says_no(heard)):
        return _ticked(state, frozenset(), lookups)
    keys = heard.key.split(",") if heard.key else []
    boxes = {str(fact) for fact in OF_BOXES}
    if keys and set(keys) <= boxes | {"done"}:
        chosen = (
            set(state.ticked) ^ (set(keys) & boxes)
            if "done" not in keys
            else (set(state.ticked) | (set(keys) & boxes))
        )
        if "done" in keys:
            return _ticked(state, frozenset(FactId(key) for key in chosen), lookups)
        ticked = state.with_(ticked=tuple(str(f) for f in OF_BOXES if str(f) in chosen))
        return Turn(ticked, (questions.ask_boxes(ticked, lookups, replaces=True),))
    stated = frozenset(fact for fact in OF_BOXES if heard.understood.facts.get(fact) is True)
    return _ticked(state, stated, lookups) if stated else None


def _ticked(state: State, chosen: frozenset[FactId], lookups: Lookups) -> Turn:
    """What is ticked is true; what was shown and left alone is not."""
    facts = state.facts
    for fact in chosen.union(questions.shown_boxes(state, lookups)):
        facts = facts.having(fact, fact in chosen)
    return go_on(state.with_(facts=facts, ticked=()), lookups)


def in_one_line(state: State, lookups: Lookups) -> tuple[Line, ...]:
    """The first ground that holds already by what was told, while something else goes on."""
    found = look(state, lookups).today
    if found.outcome not in (Outcome.LIKELY, Outcome.LIKELY_PAPERS_MISSING):
        return ()
    ground = next((g for g in found.grounds if g.id not in _PRIVATE), None)
    if ground is None:
        return ()
    blanks = {"said": _said(ground, state, lookups), "law": _cited(ground.citation, state)}
    return (Line(key="faq.may_be_free", blanks=blanks),)


# --- the outcome -------------------------------------------------------------------------------


def tell(state: State, both: BothDays, lookups: Lookups) -> Turn:
    """Say where the person stands by today's law, and by the next if it differs."""
    today = both.today
    belongs = statuses(state.facts, lookups.today, lookups.law)
    lines: list[Line] = []
    match today.outcome:
        case Outcome.LIKELY:
            lines += [Line(key="outcome.likely"), *_grounds(today.grounds, state, lookups)]
            lines.append(Line(key="outcome.officer"))
            lines += _report_first(state)
            lines += _papers(today.papers, state)
        case Outcome.LIKELY_PAPERS_MISSING:
            lines += [Line(key="outcome.likely"), *_grounds(today.grounds, state, lookups)]
            lines.append(Line(key="outcome.officer"))
            lines += _report_first(state)
            lines += _lost(today.papers, state)
            notes = {ground.without_papers for ground in today.grounds if ground.without_papers}
            lines += [Line(key="outcome.note", blanks={"text": note}) for note in sorted(notes)]
        case Outcome.UNCLEAR:
            near = tuple(ground for ground in today.possible if ground.id in belongs)
            if near:
                lines += [Line(key="outcome.unclear"), *_grounds(near, state, lookups)]
            else:
                lines.append(Line(key="outcome.unclear_plain"))
            lines.append(Line(key="outcome.officer"))
        case Outcome.UNLIKELY:
            excluded = [rule for rule in today.scope if rule.effect == "excluded"]
            lines += [scope_line(rule, state) for rule in excluded] or [
                Line(key="outcome.unlikely")
            ]
            lines.append(Line(key="outcome.elsewhere"))
            if _may_mediate(state):
                lines.append(Line(key="outcome.mediation"))
        case Outcome.NEED_FACTS:
            raise AssertionError("asked for an outcome while facts are missing")
        case _:
            assert_never(today.outcome)
    if today.outcome is not Outcome.UNLIKELY:
        lines += [scope_line(rule, state) for rule in today.scope]
    lines += _later(both, state, lookups)
    return Turn(state.at(TOLD), (Say(lines=tuple(lines), choices=_choices(today.outcome)),))


def _report_first(state: State) -> list[Line]:
    """Papers of the police come only after somebody has told them; how to tell comes first."""
    if state.facts.criminal_role is not CriminalRole.VICTIM:
        return []
    return [Line(key="outcome.report_first")]


def _may_mediate(state: State) -> bool:
    """Nobody is sent to sit down with the one who beats them, nor with a crime."""
    harmed = state.facts.domestic_violence is True or state.danger is not None
    return not harmed and FieldId.CRIMINAL not in state.fields[:1]


def _choices(outcome: Outcome) -> tuple[Choice, ...]:
    if outcome is Outcome.LIKELY:
        return (SEND, NO_PAPERS, ASK_MORE, REVIEW)
    return (SEND, ASK_MORE, REVIEW)


def scope_line(rule: ScopeRule, state: State) -> Line:
    """What a rule on scope says of the matter, with its article."""
    said = _in_their_language(rule.said, rule.in_english, state)
    return Line(key="outcome.scope", blanks={"said": said, "law": _cited(rule.citation, state)})


def _grounds(grounds: tuple[Ground, ...], state: State, lookups: Lookups) -> list[Line]:
    seen: dict[str, Line] = {}
    for ground in grounds:
        seen.setdefault(ground.said, _ground(ground, state, lookups))
    return list(seen.values())[:_GROUNDS_SHOWN]


def _ground(ground: Ground, state: State, lookups: Lookups) -> Line:
    """One ground; what nobody else should read on a screen is named by its article only."""
    law = _cited(ground.citation, state)
    if ground.id in _PRIVATE:
        return Line(key="outcome.ground_private", blanks={"law": law})
    key = "outcome.ground" if ground.verified else "outcome.ground_unverified"
    return Line(key=key, blanks={"said": _said(ground, state, lookups), "law": law})


def _said(ground: Ground, state: State, lookups: Lookups) -> str:
    """The group in words; of the eight roles of a minor only the one that was told."""
    role = state.facts.criminal_role
    if ground.id is GroupId.MINOR_16_18 and role is not None:
        told = learning.describe(FactId.CRIMINAL_ROLE, role)
        words = lookups.texts.render(told, state.language)
        return lookups.texts.render(
            Line(key="outcome.minor", blanks={"role": words}), state.language
        )
    return _in_their_language(ground.said, ground.in_english, state)


def _in_their_language(said: str, in_english: str | None, state: State) -> str:
    return in_english if state.language == Language.ENGLISH and in_english is not None else said


def _cited(citation: str, state: State) -> str:
    """The article; in English its parts too, the number of the law as an officer knows it."""
    if state.language != Language.ENGLISH:
        return citation
    for vietnamese, english in _PARTS_OF_A_LAW.items():
        citation = citation.replace(vietnamese, english)
    return citation


_PARTS_OF_A_LAW = {
    "Luật Trợ giúp pháp lý 2017": "Legal Aid Act 2017",
    "Nghị định": "Decree",
    "Điều": "Article",
    "khoản": "clause",
    "điểm": "point",
    "sửa đổi từ": "amended from",
}


_PRIVATE = frozenset({GroupId.DOMESTIC_VIOLENCE, GroupId.HIV, GroupId.TRAFFICKING_VICTIM})


def _papers(papers: tuple[Paper, ...], state: State) -> list[Line]:
    if not papers:
        return []
    return [
        Line(key="outcome.papers"),
        *(
            Line(
                key="outcome.paper",
                blanks={"paper": _named(paper, state), "issuer": paper.issued_by},
            )
            for paper in papers[:_PAPERS_SHOWN]
        ),
    ]


def _lost(papers: tuple[Paper, ...], state: State) -> list[Line]:
    return [
        Line(key="outcome.papers_missing"),
        *(
            Line(
                key="outcome.paper_lost",
                blanks={"paper": _named(paper, state), "lost": paper.if_lost},
            )
            for paper in papers[:_PAPERS_SHOWN]
        ),
    ]


def _named(paper: Paper, state: State) -> str:
    """The paper; in English with the name in brackets that the issuing office knows it by."""
    if state.language != Language.ENGLISH or paper.in_english is None:
        return paper.name
    return f"{paper.in_english} ({_WHAT_FOLLOWS.split(paper.name, maxsplit=1)[0]})"


_WHAT_FOLLOWS = re.compile(r" \(|;")


def _later(both: BothDays, state: State, lookups: Lookups) -> list[Line]:
    """The law's next change, where it comes out otherwise than today."""
    if both.change is None or both.later is None:
        return []
    if both.today.outcome in (Outcome.LIKELY, Outcome.LIKELY_PAPERS_MISSING):
        return []
    day = written(both.change)
    if both.later.outcome in (Outcome.LIKELY, Outcome.LIKELY_PAPERS_MISSING):
        return [
            Line(key="outcome.changes", blanks={"day": day}),
            *_grounds(both.later.grounds, state, lookups),
        ]
    known = _PRIVATE | {ground.id for ground in both.today.possible}
    may = tuple(ground for ground in both.later.possible if ground.id not in known)
    if both.later.outcome is Outcome.NEED_FACTS and may:
        return [
            Line(key="outcome.changes_may", blanks={"day": day}),
            *_grounds(may, state, lookups),
        ]
    return [Line(key="outcome.changes_same", blanks={"day": day})]


def written(day: dt.date) -> str:
    """A day as Vietnamese papers write it."""
    return f"{day:%d/%m/%Y}"


def no_papers(state: State, _heard: Heard, lookups: Lookups) -> Turn:
    """The papers are not at hand: how to get them, and that one may go on without."""
    facts = state.facts.having(FactId.PAPERS, PapersAtHand.NONE)
    return go_on(state.with_(facts=facts), lookups)
