"""How an article looks to a citizen: the same pieces in the chat and in the desk's preview."""

import datetime as dt
from collections.abc import Mapping
from dataclasses import dataclass
from itertools import accumulate
from typing import assert_never

from knowledge.article import Article, Confidence, Source, Status
from knowledge.laws import Laws, Standing, cite, law_standing, standing

AWAITS_OFFICER = "Thông tin đang chờ cán bộ xác nhận."
FROM_MEMORY = "Bài này chưa đối chiếu được với văn bản luật: bà con hỏi cán bộ trước khi làm theo."
AMENDED = "Luật này đã sửa đổi, có chỗ có thể đã khác: hỏi cán bộ cho chắc."
_LINE = 100
"""Letters of laws in one line of an answer; the first law is named however long it is."""


@dataclass(frozen=True, slots=True)
class Presented:
    """The pieces of an answer, blanks filled; each channel sets them its own way."""

    title: str
    answer: str
    first_step: str
    where: str
    time_limits: tuple[str, ...]
    papers: tuple[str, ...]
    sources: tuple[str, ...]
    """One sentence a source: law, article, first day in force."""
    cited: str
    """The first of them in one line, the articles of one law together; how many laws are left out
    is told."""
    notices: tuple[str, ...]
    """What the citizen must know about how far to trust the answer today."""


def present(article: Article, laws: Laws, today: dt.date, blanks: Mapping[str, str]) -> Presented:
    """The article as a citizen sees it on `today`, bodies of the province named by `blanks`.

    Raises:
        KeyError: the article has a blank that `blanks` does not fill.
    """

    def filled(text: str) -> str:
        return text.format_map(blanks)

    return Presented(
        title=filled(article.title),
        answer=filled(article.answer),
        first_step=filled(article.first_step),
        where=filled(article.where),
        time_limits=tuple(filled(text) for text in article.time_limits),
        papers=tuple(filled(text) for text in article.papers),
        sources=tuple(_source(source, laws, today) for source in article.sources),
        cited=_in_one_line(article.sources, laws),
        notices=_notices(article, laws, today),
    )


def _source(source: Source, laws: Laws, today: dt.date) -> str:
    law = laws[source.law]
    cited = cite(source, laws)
    if law.effective is None:
        return f"{cited}."
    state = "có hiệu lực từ" if law.effective <= today else "sẽ có hiệu lực từ"
    return f"{cited}, {state} {law.effective:%d/%m/%Y}."


def _in_one_line(sources: tuple[Source, ...], laws: Laws) -> str:
    """`Luật Gia đình 2014, Điều 51, 55 (từ 01/01/2015); Bộ luật Dân sự 2015 (từ 01/01/2017)`."""
    articles: dict[str, list[str]] = {}
    for source in sources:
        cited = articles.setdefault(source.law, [])
        if source.article is not None and source.article not in cited:
            cited.append(source.article)
    parts = []
    for number, cited in articles.items():
        law = laws[number]
        where = f", Điều {', '.join(cited)}" if cited else ""
        since = f" (từ {law.effective:%d/%m/%Y})" if law.effective is not None else ""
        parts.append(f"{law.short}{where}{since}")
    named = [
        one for one, end in zip(parts, accumulate(map(len, parts)), strict=True) if end <= _LINE
    ]
    named = named or parts[:1]
    left_out = f", và {len(parts) - len(named)} văn bản khác" if parts[len(named) :] else ""
    return "; ".join(named) + left_out


def _notices(article: Article, laws: Laws, today: dt.date) -> tuple[str, ...]:
    notices: list[str] = []
    match article.status:
        case Status.DRAFT_SOURCED:
            notices.append(AWAITS_OFFICER)
            notices += _how_sure(article.confidence)
        case Status.REVIEWED:
            pass
        case _:
            assert_never(article.status)
    where = standing(article, laws, today)
    match where:
        case Standing.IN_FORCE:
            pass
        case Standing.AMENDED_UNSEEN:
            notices.append(AMENDED)
        case Standing.OUTDATED:
            notices.append(
                f"Con số trong bài này chỉ đúng tới {article.good_until:%d/%m/%Y}. "
                "Bà con hỏi cán bộ con số mới."
            )
        case Standing.NOT_YET:
            notices.append("Có quy định nêu ở đây chưa tới ngày áp dụng.")
        case Standing.LAPSED:
            notices += _lapsed(article, laws, today)
        case _:
            assert_never(where)
    return tuple(dict.fromkeys(notices))


def _how_sure(confidence: Confidence) -> tuple[str, ...]:
    """What a draft's reader must know of its sources."""
    match confidence:
        case Confidence.CONFIRMED:
            return ()
        case Confidence.PARTLY:
            return (AMENDED,)
        case Confidence.UNVERIFIED:
            return (FROM_MEMORY,)
    assert_never(confidence)


def _lapsed(article: Article, laws: Laws, today: dt.date) -> list[str]:
    notices: dict[str, None] = {}
    for source in article.sources:
        law = laws[source.law]
        if law.lapses is None or law_standing(law, today) is not Standing.LAPSED:
            continue
        notice = f"{law.short} đã hết hiệu lực từ {law.lapses:%d/%m/%Y}"
        if law.replaced_by is not None and law.replaced_by in laws:
            notice += f", nay có {laws[law.replaced_by].short}"
        notices[f"{notice}. Bà con đừng làm theo khi chưa hỏi cán bộ."] = None
    return list(notices)
