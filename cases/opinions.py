"""What people said of the help they got (Form 11), for those who answer for it."""

import datetime as dt
import statistics
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from cases.access import listed_for
from cases.model import Case
from cases.periods import Period
from cases.rights import Asked, Rating
from cases.staff import Role, StaffMember
from store.session import Session

MOST = 300
"""Opinions of one list, the newest."""


@dataclass(frozen=True, slots=True)
class Opinion:
    """One rating, as somebody may read it."""

    stars: int
    parts: Mapping[Asked, int]
    """What the form asks beside the whole, where it was answered."""
    words: str | None
    on: dt.datetime | None
    """None for a head, who is told neither the day nor the case: the words, not the person."""
    case_id: str | None
    number: int | None
    office_id: str


def opinions(
    session: Session, staff: StaffMember, period: Period, office: str | None = None
) -> Sequence[Opinion]:
    """The opinions of a stretch of time, the newest first: a head's of the own branch.

    A head reads no words about a case of their own. `office` narrows the centre's list.
    """
    leads_all = staff.role is Role.CENTRE
    query = (
        listed_for(staff)
        .join(Rating, Rating.case_id == Case.id)
        .where(period.holds(Rating.at))
        .order_by(Rating.at.desc(), Rating.id)
        .limit(MOST)
        .with_only_columns(Rating, Case.id, Case.number, Case.office_id, Case.holder_id)
    )
    if office is not None:
        query = query.where(Case.office_id == office)
    found = []
    for rating, case_id, number, office_id, holder in session.execute(query):
        asked = zip(
            (Asked.ATTITUDE, Asked.RESPONSIBILITY, Asked.SKILL),
            (rating.attitude, rating.responsibility, rating.skill),
            strict=True,
        )
        own = not leads_all and holder == staff.id
        found.append(
            Opinion(
                stars=rating.stars,
                parts={one: stars for one, stars in asked if stars is not None},
                words=None if own else rating.open(session.vault, "words"),
                on=rating.at if leads_all else None,
                case_id=case_id if leads_all else None,
                number=number if leads_all else None,
                office_id=office_id,
            )
        )
    return found


def means(found: Sequence[Opinion]) -> Mapping[Asked, float]:
    """What each part of the form got on average, where anybody answered it."""
    given = {asked: [one.parts[asked] for one in found if asked in one.parts] for asked in Asked}
    return {asked: statistics.fmean(stars) for asked, stars in given.items() if stars}
