"""How a deadline was counted, put into Vietnamese so that an officer can check it by hand. Pure."""

import datetime as dt
from collections.abc import Iterable, Iterator
from dataclasses import dataclass

from cases.calendar import ZONE, DayCount, HourCount, Skipped, day_of
from cases.limits import Moment, Rule, Unit

_WEEKDAYS = ("thứ Hai", "thứ Ba", "thứ Tư", "thứ Năm", "thứ Sáu", "thứ Bảy", "Chủ nhật")


def say_day(day: dt.date) -> str:
    """`thứ Hai 23/11/2026`."""
    return f"{_WEEKDAYS[day.weekday()]} {day:%d/%m/%Y}"


def say_moment(moment: dt.datetime) -> str:
    """`07:30 thứ Hai 23/11/2026`, in Vietnam's time."""
    local = moment.astimezone(ZONE)
    return f"{local:%H:%M} {say_day(local.date())}"


_UNITS = {
    Unit.WORKING_DAYS: "ngày làm việc",
    Unit.DAYS: "ngày",
    Unit.HOURS: "giờ",
    Unit.WORKING_HOURS: "giờ làm việc",
}

_MOMENTS = {
    Moment.RECEIVED: "nhận yêu cầu",
    Moment.QUEUED: "chuyển đến văn phòng này",
    Moment.CLAIMED: "có người nhận",
    Moment.ACCEPTED: "thụ lý",
    Moment.PAPERS_ASKED: "báo giấy tờ còn thiếu",
    Moment.PAPERS_GIVEN: "bà con bổ sung đủ giấy tờ",
    Moment.PAPERS_SENT: "bà con đã gửi đủ, chờ cán bộ xem",
    Moment.PAPERS_ASKED_AGAIN: "báo gửi lại hoặc hỏi thêm giấy",
    Moment.ASSIGNED: "cử người",
    Moment.ADVICE_GIVEN: "trả lời bằng văn bản",
    Moment.COMPLAINT: "nhận khiếu nại",
    Moment.COMPLAINT_ANSWERED: "trả lời khiếu nại",
    Moment.COMPLAINT_TO_DEPARTMENT: "Sở Tư pháp nhận khiếu nại",
    Moment.DEPARTMENT_ANSWERED: "Sở Tư pháp trả lời",
    Moment.CHANGE_ASKED: "nhận đề nghị đổi người",
    Moment.CHANGE_ANSWERED: "trả lời đề nghị đổi người",
}


def say_length(rule: Rule) -> str:
    """`3 ngày làm việc`."""
    return f"{rule.length} {_UNITS[rule.unit]}"


def say_moments(moments: Iterable[Moment]) -> str:
    """`thụ lý; bà con bổ sung đủ giấy tờ`."""
    return "; ".join(_MOMENTS[moment] for moment in moments)


@dataclass(frozen=True, slots=True)
class Start:
    """The moment a limit runs from, and which one it was."""

    at: dt.datetime
    moment: Moment


@dataclass(frozen=True, slots=True)
class Working:
    """What a deadline was counted from; put into words only when somebody wants to read them."""

    rule: Rule
    start: Start
    count: DayCount | HourCount
    stopped_at: dt.datetime | None
    notes: tuple[str, ...]


def say_due(count: DayCount | HourCount) -> str:
    """`hết ngày thứ Hai 23/11/2026`; of a limit in hours `07:30 thứ Hai 23/11/2026`."""
    if isinstance(count, DayCount):
        return f"hết ngày {say_day(count.last_day)}"
    return say_moment(count.end)


def steps_of(working: Working) -> Iterator[str]:
    """The working, line by line, in Vietnamese: each day counted or not, and why."""
    rule, start, count = working.rule, working.start, working.count
    begun = f"Mốc: {_MOMENTS[start.moment]}, lúc {say_moment(start.at)}."
    if working.stopped_at is not None:
        yield begun
        yield f"Đồng hồ dừng từ {say_moment(working.stopped_at)}, chờ bà con bổ sung."
    elif isinstance(count, DayCount):
        yield f"{begun} Ngày này không tính (Bộ luật Dân sự 2015, Điều 147)."
        yield from _day_lines(rule, count)
    elif rule.unit is Unit.HOURS:
        yield f"{begun} Tính giờ liên tục, cả ban đêm và ngày nghỉ."
    else:
        yield f"{begun} Chỉ tính giờ văn phòng làm việc."
        yield from _hour_lines(count)
    if working.stopped_at is None:
        yield f"Đủ {say_length(rule)}: {say_due(count)}."
    yield from working.notes


def _day_lines(rule: Rule, count: DayCount) -> Iterator[str]:
    """Every day of a limit in working days; of one in plain days the first, last and skipped."""
    numbers = {day: number for number, day in enumerate(count.counted, start=1)}
    shown = numbers if rule.unit is Unit.WORKING_DAYS else {count.counted[0], count.counted[-1]}
    lines = [
        (day, f"{say_day(day)}: ngày thứ {numbers[day]}.") for day in count.counted if day in shown
    ]
    lines += [(skipped.day, _skipped(skipped)) for skipped in count.skipped]
    yield from (line for _, line in sorted(lines))
    for moved in count.moved_over:
        yield f"{say_day(moved.day)}: ngày nghỉ ({moved.why}), không thể là ngày cuối."
    if count.moved_over:
        yield (
            f"Dời đến ngày làm việc kế tiếp (Bộ luật Dân sự 2015, Điều 148): "
            f"{say_day(count.last_day)}."
        )


def _hour_lines(count: HourCount) -> Iterator[str]:
    lines = [(skipped.day, "", _skipped(skipped)) for skipped in count.skipped]
    for begin, end in count.counted:
        minutes = round((end - begin).total_seconds() / 60)
        span = f"{begin.astimezone(ZONE):%H:%M}–{end.astimezone(ZONE):%H:%M}"
        line = f"{say_day(day_of(begin))}: {span}, tính {_say_minutes(minutes)}."
        lines.append((day_of(begin), span, line))
    yield from (line for *_, line in sorted(lines))


def _say_minutes(minutes: int) -> str:
    hours, rest = divmod(minutes, 60)
    said = [f"{hours} giờ"] if hours else []
    return " ".join([*said, f"{rest} phút"] if rest or not hours else said)


def _skipped(skipped: Skipped) -> str:
    return f"{say_day(skipped.day)}: không tính ({skipped.why})."
