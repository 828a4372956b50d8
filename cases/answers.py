"""When somebody will answer: what an office usually takes, or else what the rule says."""

import datetime as dt
import math
import statistics

import sqlalchemy as sa

from cases.calendar import WorkingCalendar, calendar_of, day_of
from cases.expected import Expected, by_rule
from cases.model import Case
from cases.province import Province
from cases.thread import Author, ThreadEntry
from cases.told_figures import FEW
from cases.worktime import WorkTime, ticks
from store.session import Session

ANSWERED_WITHIN = dt.timedelta(days=60)
"""How far back the answers lie from which the usual time is taken."""
_HOUR = dt.timedelta(hours=1)
_LONGEST_TOLD = 40
"""Working hours, a week: a longer figure would say more of a broken office than of this request."""


def expected_answer(session: Session, province: Province, office_id: str) -> Expected:
    """What to tell whoever has sent a request to an office; rounded up to whole hours."""
    calendar = calendar_of(province, office_id)
    usual = usual_answer_time(session, office_id, calendar, session.clock.now())
    if usual is None or usual > _LONGEST_TOLD * _HOUR:
        return by_rule()
    return Expected(max(1, math.ceil(usual / _HOUR)), usual=True)


def usual_answer_time(
    session: Session, office_id: str, calendar: WorkingCalendar, now: dt.datetime
) -> dt.timedelta | None:
    """How much working time an office usually takes until its first answer to a request.

    The median over the requests that it first answered in the last 60 days; None: fewer than
    `FEW` were. An answer is what a person wrote, not what the assistant said.
    """
    since = now - ANSWERED_WITHIN
    first = sa.func.min(ThreadEntry.at, type_=ThreadEntry.at.type)
    query = (
        sa.select(Case.opened_at, first)
        .join(ThreadEntry, ThreadEntry.case_id == Case.id)
        .where(
            Case.office_id == office_id,
            Case.answered_at >= since,
            ThreadEntry.author == Author.STAFF,
        )
        .group_by(Case.id, Case.opened_at)
        .having(first >= since, first <= now)
    )
    answered = session.execute(query).all()
    if len(answered) < FEW:
        return None
    time = WorkTime(calendar, min(day_of(opened_at) for opened_at, _ in answered))
    taken = (time.between(ticks(opened_at), ticks(at)) for opened_at, at in answered)
    return dt.timedelta(microseconds=statistics.median(taken))
