"""A screening told in Vietnamese, for whoever reviews the rules: what was found, by which law."""

import datetime as dt
from collections.abc import Iterator
from typing import assert_never

from eligibility.facts import FACTS, Facts
from eligibility.grounds import Ground, LegalAidLaw
from eligibility.screen import BothDays, Outcome, Screening, contradictions

_OFFICER = "Cán bộ trợ giúp pháp lý xem giấy tờ rồi mới quyết định."


def explain(facts: Facts, on: dt.date, days: BothDays, law: LegalAidLaw) -> str:
    """Why the screening of the day `on` came out as it did, several lines of Vietnamese.

    When the next change of the law brings another answer, both days are told.
    """
    lines = [*_told(facts, law), f"Theo luật ngày {_day(on)}:", *_why(days.today)]
    if days.later is not None and days.change is not None:
        lines += [f"Theo luật từ ngày {_day(days.change)}:", *_why(days.later)]
    return "\n".join((*lines, _OFFICER))


def _told(facts: Facts, law: LegalAidLaw) -> Iterator[str]:
    for rule in contradictions(facts, law):
        yield f"Hai câu trả lời chõi nhau, cần hỏi lại. {rule.said}"


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
        yield f"- Vì là {_ground(ground)}."
    if screening.outcome in (Outcome.UNCLEAR, Outcome.NEED_FACTS):
        for ground in screening.possible:
            yield f"- Còn để ngỏ: {_ground(ground)}."
    if screening.missing:
        names = ", ".join(FACTS[fact].said for fact in screening.missing)
        yield f"- Nên hỏi tiếp, theo thứ tự: {names}."
    for rule in screening.scope:
        yield f"- {rule.said} ({rule.citation})"
    for paper in screening.papers:
        yield f"- Giấy cần có: {paper.name}. Nơi cấp: {paper.issued_by}. Mất thì: {paper.if_lost}"


def _ground(ground: Ground) -> str:
    told = f"{ground.said} – {ground.citation}"
    if not ground.verified:
        told += " – chưa kiểm chứng được lời văn"
    return f"{told}. {ground.note.rstrip('.')}" if ground.note else told


def _day(day: dt.date) -> str:
    return f"{day:%d/%m/%Y}"
