"""A tiny knowledge base for the tests: two laws and a handful of articles."""

import datetime as dt
from pathlib import Path

import yaml

from knowledge.article import Article, Confidence, FieldId, Source, Status
from knowledge.laws import Amendment, Law, Laws

TODAY = dt.date(2026, 11, 23)

FAMILY_LAW = Law(
    number="1/2014/QH13",
    name="Luật Gia đình",
    short="Luật Gia đình 2014",
    also=("GD",),
    effective=dt.date(2015, 1, 1),
    confidence=Confidence.CONFIRMED,
)
LAND_LAW = Law(
    number="2/2013/QH13",
    name="Luật Đất",
    short="Luật Đất 2013",
    effective=dt.date(2014, 7, 1),
    lapses=dt.date(2027, 3, 1),
    replaced_by="3/2026/QH16",
    amendments=(Amendment.model_validate({"by": "9/2025/QH15", "from": dt.date(2026, 12, 1)}),),
    confidence=Confidence.CONFIRMED,
)
NEW_LAND_LAW = Law(
    number="3/2026/QH16",
    name="Luật Đất mới",
    short="Luật Đất 2026",
    effective=dt.date(2027, 3, 1),
    confidence=Confidence.PARTLY,
)
LAWS = Laws((FAMILY_LAW, LAND_LAW, NEW_LAND_LAW))


def article(
    article_id: str,
    *wordings: str,
    title: str = "",
    short: str = "",
    law: str = "1/2014/QH13",
    status: Status = Status.DRAFT_SOURCED,
    reviewed_on: dt.date | None = None,
) -> Article:
    """An article with as many wordings as the form asks for."""
    filler = tuple(f"câu đệm {article_id} số {number}" for number in range(8 - len(wordings)))
    return Article(
        id=article_id,
        field=FieldId(article_id.split("-")[0]),
        title=title or f"Chuyện {article_id} là sao?",
        short=short or f"Chuyện {article_id}",
        answer="Bà con được hỏi. Cán bộ xem rồi trả lời.",
        first_step="Mang giấy tờ tới {centre}.",
        where="UBND xã, {province}.",
        time_limits=("Trong 15 ngày.",),
        papers=("Căn cước",),
        wordings=(*wordings, *filler),
        sources=(Source(law=law, article="51", note="khoản 1"),),
        confidence=Confidence.CONFIRMED,
        status=status,
        reviewed_on=reviewed_on,
    )


def write(folder: Path, *articles: Article) -> Path:
    """The same as files, as `load_library` expects them."""
    laws = [law.model_dump(mode="json", by_alias=True, exclude_defaults=True) for law in LAWS]
    (folder / "laws.yaml").write_text(yaml.safe_dump(laws, allow_unicode=True), encoding="utf-8")
    for one in articles:
        path = folder / one.field / f"{one.id}.yaml"
        path.parent.mkdir(exist_ok=True)
        values = one.model_dump(mode="json", exclude_defaults=True)
        path.write_text(yaml.safe_dump(values, allow_unicode=True), encoding="utf-8")
    return folder
