"""A screening told in Vietnamese, for whoever reviews the rules: each ground that was weighed.

A lawyer can follow the answer from it without the program: what was known, which condition of
which article is met, not met or open, from which day to which, by which papers, and what of it
nobody has checked yet.
"""

import datetime as dt
from collections.abc import Iterator
from dataclasses import dataclass
from typing import assert_never

from eligibility.acceptance import load_acceptance_rules
from eligibility.conditions import Condition, evaluate, facts_of, read
from eligibility.facts import FACTS, FactId, Facts, Known
from eligibility.grounds import Dated, Ground, LawOfTheDay, LegalAidLaw
from eligibility.papers import Paper
from eligibility.questions import lay_out, start
from eligibility.screen import Outcome, Screening, contradictions, screen
from eligibility.wording import fact_in_words, in_words, parts

_OFFICER = "Cán bộ trợ giúp pháp lý xem giấy tờ rồi mới quyết định."
_UNVERIFIED = "chưa kiểm chứng được lời văn"


def explain(
    facts: Facts, on: dt.date, law: LegalAidLaw, skipped: frozenset[FactId] = frozenset()
) -> str:
    """Why the screening of the day `on` comes out as it does, in many lines of Vietnamese.

    The next change of the law is told in full too, unless it leaves outcome and grounds as they
    are.

    Raises:
        NoLawInForce: no act of ours was in force on the day `on`.
    """
    today = _Day(facts, on, law, skipped)
    lines = [*_told(facts, skipped, law), "", f"Theo luật ngày {_day(on)}:", *today.lines()]
    change = law.next_change(on)
    if change is not None:
        later = _Day(facts, change, law, skipped)
        lines += ["", f"Theo luật từ ngày {_day(change)}:"]
        same = later.told_apart_by() == today.told_apart_by()
        lines += ["Kết quả và căn cứ không đổi."] if same else later.lines()
    return "\n".join((*lines, "", _OFFICER))


def _told(facts: Facts, skipped: frozenset[FactId], law: LegalAidLaw) -> Iterator[str]:
    known = "; ".join(fact_in_words(fact, value) for fact, value in facts.known().items())
    yield f"Đã biết: {known or 'chưa có gì'}."
    if skipped:
        names = ", ".join(FACTS[fact].said for fact in FACTS if fact in skipped)
        yield f"Không biết hoặc không muốn trả lời: {names}."
    for rule in contradictions(facts, law):
        yield f"Hai câu trả lời chõi nhau, cần hỏi lại. {rule.said} ({rule.source})"


@dataclass(frozen=True)
class _Day:
    """One person, weighed by the law of one day."""

    facts: Facts
    on: dt.date
    law: LegalAidLaw
    skipped: frozenset[FactId]

    @property
    def today(self) -> LawOfTheDay:
        return self.law.on(self.on)

    @property
    def screening(self) -> Screening:
        return screen(self.facts, self.on, self.law, self.skipped)

    def known(self) -> Known:
        """What was told and what follows from it."""
        return start(lay_out(self.law, self.today, self.skipped), self.facts.known()).known

    def told_apart_by(self) -> tuple[Outcome, frozenset[str]]:
        """What must be alike for two days to be told as one: the outcome and what it rests on."""
        screening = self.screening
        return screening.outcome, frozenset(
            ground.citation for ground in screening.grounds or screening.possible
        )

    def lines(self) -> Iterator[str]:
        screening, today = self.screening, self.today
        yield from _why(screening)
        for remark in today.remarks:
            yield f"- Lưu ý: {remark.said} ({remark.source})"
        yield f"Xét từng diện (bản luật {today.version}):"
        known = self.known()
        for number, ground in enumerate(today.grounds, 1):
            yield from self._ground(number, ground, known)

    def _ground(self, number: int, ground: Ground, known: Known) -> Iterator[str]:
        whole = _whole(ground, known, self.today)
        result = {True: "CÓ THỂ THUỘC", False: "KHÔNG", None: "CHƯA RÕ"}[whole]
        yield f"{number}. {result}: {_name(ground)}"
        for condition in (part for one in ground.conditions() for part in parts(one)):
            yield f"   - {in_words(condition, self.today.named)}: {self._met(condition, known)}"
        of_the_group = evaluate(ground.who, known, self.today.definitions)
        if whole is not False and of_the_group:  # the papers of every other are in the docs
            for way in ground.papers:
                yield f"   - giấy: {' + '.join(self._paper(name) for name in way)}"
            if ground.without_papers is not None:
                yield f"   - chưa có giấy: {ground.without_papers}"

    def _met(self, condition: Condition, known: Known) -> str:
        reading = read(condition, known, self.today.definitions, self.skipped)
        if reading.value is not None:
            return "đạt" if reading.value else "không đạt"
        looks_at = facts_of(condition, self.today.definitions)
        open_facts = [FACTS[fact].said for fact in FACTS if fact in reading.open]
        if open_facts:
            return "chưa biết" + (f" ({', '.join(open_facts)})" if len(looks_at) > 1 else "")
        return "không trả lời" if looks_at & self.skipped else "luật chưa nói rõ, cán bộ xét"

    def _paper(self, name: str) -> str:
        paper = self.law.papers[name]
        return f"{paper.name} [{paper.source}]"


def _whole(ground: Ground, known: Known, today: LawOfTheDay) -> bool | None:
    met = [evaluate(part, known, today.definitions) for part in ground.conditions()]
    if False in met:
        return False
    return None if None in met else True


def _why(screening: Screening) -> Iterator[str]:
    match screening.outcome:
        case Outcome.LIKELY:
            yield "Có thể thuộc diện được trợ giúp pháp lý miễn phí."
        case Outcome.LIKELY_PAPERS_MISSING:
            yield "Có thể thuộc diện được trợ giúp pháp lý miễn phí, còn thiếu giấy."
        case Outcome.UNCLEAR:
            yield "Chưa rõ, cần cán bộ xem."
        case Outcome.UNLIKELY:
            yield "Có vẻ không thuộc diện. Vẫn gặp cán bộ được nếu muốn."
        case Outcome.NEED_FACTS:
            yield "Chưa đủ để nói, cần hỏi thêm."
        case _:
            assert_never(screening.outcome)
    for ground in screening.grounds:
        yield f"- Vì là {ground.said} – {ground.citation}{_mark(ground.verified)}."
    if screening.missing:
        names = ", ".join(FACTS[fact].said for fact in screening.missing)
        yield f"- Nên hỏi tiếp, theo thứ tự: {names}."
    for rule in screening.scope:
        yield f"- {rule.said} ({rule.citation})"
    for paper in screening.papers:
        yield from _to_bring(paper)
    if screening.outcome is Outcome.UNLIKELY:
        for place in load_acceptance_rules().elsewhere:
            yield f"- Nơi khác: {place.said} ({place.citation}{_mark(place.verified)})"


def _to_bring(paper: Paper) -> Iterator[str]:
    yield f"- Giấy cần có: {paper.name}. Căn cứ: {paper.source}."
    unsure = "" if paper.verified else " (nơi cấp chưa kiểm chứng)"
    yield f"  Nơi cấp: {paper.issued_by}{unsure}. Mất thì: {paper.if_lost}"
    if paper.outdated is not None:
        yield f"  Chỗ lạc hậu của thông tư: {paper.outdated}"


def _name(ground: Ground) -> str:
    told = f"{ground.said} – {ground.citation}, {_time(ground)}{_mark(ground.verified)}"
    return f"{told}. {ground.note}" if ground.note else f"{told}."


def _mark(verified: bool) -> str:
    return "" if verified else f" – {_UNVERIFIED}"


def _time(entry: Dated) -> str:
    if entry.valid_to is None:
        return f"hiệu lực từ {_day(entry.valid_from)}"
    return f"hiệu lực {_day(entry.valid_from)}–{_day(entry.valid_to)}"


def _day(day: dt.date) -> str:
    return f"{day:%d/%m/%Y}"
