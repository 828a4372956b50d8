"""An intake as its page shows it: what is typed, what to ask next, and where it leads."""

from collections.abc import Mapping
from dataclasses import dataclass

from cases import conflicts, intake, joining, staffing
from cases.intake import Intake
from cases.model import Case
from cases.parties import PartyRole
from cases.purpose import Purpose
from cases.staff import StaffMember
from desk import intake_texts, texts
from desk.frame import Frame
from eligibility.facts import FACTS, FactId, values
from eligibility.grounds import Ground, load_law
from eligibility.papers import Paper
from eligibility.screen import Outcome, contradictions
from eligibility.wording import fact_in_words
from knowledge.article import FieldId
from store.session import Session

Choice = tuple[str, str]
"""A value of the form with its label."""


@dataclass(frozen=True)
class Question:
    """One fact to be asked, or all groups of persons together."""

    name: str
    label: str
    choices: tuple[Choice, ...]
    chosen: str
    boxes: tuple[tuple[str, str, bool], ...] = ()
    """The name, label and tick of each box."""
    now: bool = False
    """It is worth asking now."""


@dataclass(frozen=True)
class GroundShown:
    """A ground with its article of law."""

    said: str
    law: str
    verified: bool


@dataclass(frozen=True)
class Hint:
    """Something heard in the story that the form does not hold yet."""

    name: str
    value: str
    label: str


@dataclass(frozen=True)
class Live:
    """What follows from what is typed so far."""

    questions: tuple[Question, ...]
    others: tuple[Question, ...]
    age_wanted: bool
    outcome: str
    settled: bool
    spoken: str | None
    """As the chat says it."""
    grounds: tuple[GroundShown, ...]
    scope: tuple[GroundShown, ...]
    papers: tuple[Paper, ...]
    later: str | None
    broken: tuple[str, ...]
    office: str
    reason: str
    here: bool
    """The request comes to the officer's own office."""
    same: tuple[tuple[str, str], ...]
    """Addresses and names of cases that may be of the same person."""
    against: tuple[str, ...]
    """Where somebody named is on the other side."""
    hints: tuple[Hint, ...]
    tells_sensitive: bool
    for_another: bool
    asked: str


@dataclass(frozen=True)
class Page:
    """The whole form."""

    id: str
    typed: Mapping[str, str]
    live: Live
    communes: tuple[Choice, ...]
    offices: tuple[Choice, ...]
    fields: tuple[Choice, ...]
    dangers: tuple[Choice, ...]
    outcomes: tuple[Choice, ...]
    consent: Mapping[str, str]
    saved: str
    may_take: bool


def look(session: Session, frame: Frame, staff: StaffMember, typed: Mapping[str, str]) -> Live:
    """What the rules, the places and the files say to what is typed."""
    today, law, province = session.clock.today(), load_law(), frame.province
    told = intake.read(typed, province, today)
    both = intake.screened(told, law, today)
    now = intake.next_questions(both)
    order = intake.asked(typed, now)
    to = intake.sent_to(told, province, staffing.able_offices(session))
    outcome = both.today.outcome
    grounds = both.today.grounds or (both.today.possible if outcome is Outcome.UNCLEAR else ())
    later = None
    if both.change is not None and both.later is not None:
        later = f"Từ {texts.date(both.change)}: {texts.screened(both.later.outcome).lower()}."
    shown = tuple(dict.fromkeys(fact for fact in order if fact in intake.ASKED_ALONE))
    boxes = intake.BOXES[0] in order
    alone = {fact: _question(fact, typed, now=fact in now) for fact in intake.ASKED_ALONE}
    of_boxes = _boxes(typed, now=bool(set(now) & set(intake.BOXES)))
    questions = [
        of_boxes if fact in intake.BOXES else alone[fact]
        for fact in order
        if fact in intake.BOXES or fact in alone
    ]
    return Live(
        questions=tuple(questions),
        others=(
            *(() if boxes else (of_boxes,)),
            *(question for fact, question in alone.items() if fact not in shown),
        ),
        age_wanted=FactId.AGE in now,
        outcome="Chưa hỏi đủ" if outcome is Outcome.NEED_FACTS else texts.screened(outcome),
        settled=outcome is not Outcome.NEED_FACTS,
        spoken=_spoken(frame, outcome),
        grounds=_shown(grounds),
        scope=tuple(GroundShown(one.said, one.citation, True) for one in both.today.scope),
        papers=both.today.papers,
        later=later,
        broken=tuple(one.said for one in contradictions(told.facts, law)),
        office=frame.office_label(to.office),
        reason=to.reason,
        here=to.office == staff.office_id,
        same=tuple(_same(one) for one in joining.foreseen(session, staff, told.client)),
        against=_against(session, frame, told),
        hints=_hints(session, frame, told),
        tells_sensitive=told.tells_sensitive,
        for_another=told.for_another,
        asked=",".join(order),
    )


_KEYS = {
    Outcome.LIKELY: "outcome.likely",
    Outcome.LIKELY_PAPERS_MISSING: "outcome.likely",
    Outcome.UNCLEAR: "outcome.unclear_plain",
    Outcome.UNLIKELY: "outcome.unlikely",
}


def _spoken(frame: Frame, outcome: Outcome) -> str | None:
    key = _KEYS.get(outcome)
    if frame.assistant is None or key is None:
        return None
    return frame.assistant.say(key, {}).rstrip(":") + ("" if key.endswith("unlikely") else ".")


def _shown(grounds: tuple[Ground, ...]) -> tuple[GroundShown, ...]:
    """Each only once: the law of two days says the same in two places."""
    seen = {one.said: GroundShown(one.said, one.citation, one.verified) for one in grounds}
    return tuple(seen.values())


def _question(fact: FactId, typed: Mapping[str, str], *, now: bool) -> Question:
    name = f"f_{fact}"
    choices = tuple((intake.shown_as(one), texts.value(fact, one)) for one in values(fact))
    return Question(
        name=name,
        label=texts.fact(fact),
        choices=(*choices, (intake.SKIP, "không rõ, không nói")),
        chosen=typed.get(name, ""),
        now=now,
    )


def _boxes(typed: Mapping[str, str], *, now: bool) -> Question:
    return Question(
        name="boxes",
        label="Có ai trong các diện này không",
        choices=(("done", "đã hỏi hết, còn lại là không"), (intake.SKIP, "không rõ, không nói")),
        chosen=typed.get("boxes", ""),
        boxes=tuple(
            (f"b_{fact}", texts.fact(fact), bool(typed.get(f"b_{fact}"))) for fact in intake.BOXES
        ),
        now=now,
    )


def _same(case: Case) -> tuple[str, str]:
    told = f"Yêu cầu số {case.number}, {texts.field(case.field)}, {texts.state(case.state)}"
    return f"/cases/{case.id}", told


def _against(session: Session, frame: Frame, told: Intake) -> tuple[str, ...]:
    people = [(PartyRole.CLIENT, told.client), *((PartyRole.OPPONENT, o) for o in told.opponents)]
    found = conflicts.foreseen(session, people)
    who = {
        PartyRole.CLIENT: "Người cần giúp là bên kia",
        PartyRole.OPPONENT: "Bên kia là người được giúp",
    }
    return tuple(
        f"{who[one.here]} trong một hồ sơ {'đang mở' if one.open else 'đã xong'} ở "
        f"{frame.office_label(one.office_id)}."
        for one in found
    )


def _hints(session: Session, frame: Frame, told: Intake) -> tuple[Hint, ...]:
    """What the story says beyond what is typed; only offered, never taken for granted."""
    if frame.assistant is None or len(told.story) < 20:
        return ()
    heard = frame.assistant.read(told.story, session.clock.today())
    hints = []
    if heard.danger is not None and told.danger is None:
        hints.append(Hint("danger", heard.danger, f"Nguy hiểm: {texts.danger(heard.danger)}"))
    if heard.field is not None and told.field is None:
        hints.append(Hint("field", heard.field, f"Lĩnh vực: {texts.field(heard.field)}"))
    if heard.commune is not None and not told.typed.get("commune"):
        name = frame.province.commune(heard.commune).full_name
        hints.append(Hint("commune", heard.commune, f"Nơi ở: {name}"))
    for fact, value in heard.facts.known().items():
        if told.facts.get(fact) is not None:
            continue
        if fact is FactId.AGE:
            hints.append(Hint("age", str(value), fact_in_words(fact, value)))
        elif fact in intake.BOXES and value is True:
            hints.append(Hint(f"b_{fact}", "1", FACTS[fact].said))
        elif fact in intake.ASKED_ALONE:
            hints.append(Hint(f"f_{fact}", intake.shown_as(value), fact_in_words(fact, value)))
    return tuple(hints)


def page_of(
    session: Session,
    frame: Frame,
    staff: StaffMember,
    draft: intake.IntakeDraft,
    typed: Mapping[str, str],
) -> Page:
    """The form of a draft."""
    live = look(session, frame, staff, typed)
    communes = sorted(frame.province.communes, key=lambda one: one.name)
    return Page(
        id=draft.id,
        typed=typed,
        live=live,
        communes=(
            *((one.code, f"{one.name} ({one.kind})") for one in communes),
            (intake.UNKNOWN, "Chưa rõ"),
            (intake.OUTSIDE, "Ngoài tỉnh"),
        ),
        offices=tuple((one.id, one.name) for one in frame.province.offices if one.active),
        fields=tuple((str(one), texts.field(one)) for one in FieldId),
        dangers=tuple((one, texts.DANGERS[one]) for one in intake.DANGERS),
        outcomes=tuple(
            (str(one), texts.screened(one)) for one in Outcome if one is not Outcome.NEED_FACTS
        ),
        consent={str(purpose): intake_texts.CONSENT[purpose] for purpose in Purpose},
        saved=texts.hour(draft.at),
        may_take=live.here,
    )
