"""What the page of the log says, in Vietnamese."""

import datetime as dt

from desk import telegram_texts, texts
from store.marks import Mark

ACTS = dict(sorted((texts.ACTS | telegram_texts.ACTS).items(), key=lambda item: item[1]))
"""Every act that has a name, by its name."""


def looked_over(mark: Mark | None, now: dt.datetime) -> str:
    """When the log was last looked over, and what was found."""
    if mark is None:
        return "Chưa ai rà nhật ký. Người vận hành chạy: python -m desk audit verify"
    rows, wrong, anchors = (int(one) for one in mark.detail.split())
    when = f"Rà lần cuối {texts.moment(mark.at)}, {texts.day(mark.at, now).lower()}"
    if wrong:
        return f"{when}: {wrong} chỗ không khớp trong {rows} dòng. Báo Trung tâm ngay."
    kept = (
        f"khớp {anchors} mốc giữ ở nơi khác"
        if anchors
        else "không có mốc nào giữ ở nơi khác, nên chưa biết nhật ký có bị thay bằng bản cũ không"
    )
    return f"{when}: {rows} dòng, dòng nào cũng còn nguyên; {kept}."


def is_wrong(mark: Mark | None) -> bool:
    """Whether something was found, so that it must stand out."""
    return mark is not None and mark.detail.split()[1] != "0"
