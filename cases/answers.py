"""When somebody will answer: what an office usually takes, or else what the rule says."""

import datetime as dt
import math

from cases.calendar import calendar_of
from cases.expected import Expected, by_rule
from cases.figures import usual_answer_time
from cases.province import Province
from store.session import Session

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
