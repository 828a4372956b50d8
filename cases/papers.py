"""The papers that a case still needs: asked for one by one, photographed, looked at by an officer.

All functions work inside the caller's transaction and never commit. The citizen's own take the
locked `Case`; the staff's take a `case_id` and raise as the others do.
"""

import datetime as dt
from collections.abc import Iterable, Sequence

import sqlalchemy as sa
from sqlalchemy.orm import Mapped, mapped_column

from cases.life import OUTSTANDING, OWED, CaseState, Move, PaperState, PaperVerdict, RefusedError
from cases.model import Case
from cases.moves import made, take_up, tell
from cases.speech import Choice, Line, Say, say
from cases.staff import StaffMember
from store import events
from store.base import Row
from store.files import StoredFile
from store.session import Session

MOST_PAPERS = 12
LONGEST_NAME = 300
LONGEST_ASKED = 2500
"""Letters of all names together: they go out in one message."""


class AskedPaper(Row):
    """One paper that was asked for."""

    __tablename__ = "case_papers"

    case_id: Mapped[str] = mapped_column(sa.ForeignKey(Case.id), index=True)
    place: Mapped[int]
    """Its place among those of the case, from 1."""
    name: Mapped[bytes]
    """Sealed: a certificate may name an illness."""
    named: Mapped[bool]
    """Whether the citizen was told the name; where others may read their screen, they are not."""
    state: Mapped[PaperState]
    asked_at: Mapped[dt.datetime]
    lacking_at: Mapped[dt.datetime | None]
    """When the citizen said that they do not have it."""
    decided_at: Mapped[dt.datetime | None]
    decided_by: Mapped[str | None] = mapped_column(sa.ForeignKey(StaffMember.id))


class PaperFile(Row):
    """One photo or file that came while papers were asked for."""

    __tablename__ = "paper_files"

    case_id: Mapped[str] = mapped_column(sa.ForeignKey(Case.id), index=True)
    paper_id: Mapped[str | None] = mapped_column(sa.ForeignKey(AskedPaper.id), index=True)
    file_id: Mapped[str] = mapped_column(sa.ForeignKey(StoredFile.id))
    at: Mapped[dt.datetime]
    sorted_at: Mapped[dt.datetime | None]
    """When it was said which paper it is, or that it is none of them; None: not said yet."""


def papers_of(session: Session, case: Case) -> Sequence[AskedPaper]:
    """All papers that were asked for, in the order of asking."""
    query = sa.select(AskedPaper).where(AskedPaper.case_id == case.id)
    return session.scalars(query.order_by(AskedPaper.place, AskedPaper.id)).all()


def outstanding(session: Session, case: Case) -> tuple[AskedPaper, ...]:
    """Those that no officer has ticked off."""
    return tuple(one for one in papers_of(session, case) if one.state in OUTSTANDING)


def photos_of(session: Session, case: Case) -> Sequence[PaperFile]:
    """What came for them, oldest first."""
    query = sa.select(PaperFile).where(PaperFile.case_id == case.id)
    return session.scalars(query.order_by(PaperFile.at, PaperFile.id)).all()


def unsorted(session: Session, case: Case) -> tuple[PaperFile, ...]:
    """Photos of which nobody has said which paper they are."""
    return tuple(one for one in photos_of(session, case) if one.sorted_at is None)


def in_name(session: Session, paper: AskedPaper) -> str:
    """Its name, for those who may see the case."""
    return paper.open(session.vault, "name") or ""


# --- asking -------------------------------------------------------------------------------------


def ask(session: Session, case: Case, names: Iterable[str], *, named: bool) -> None:
    """Add papers to those that are asked for; one that is waited for already is not added twice.

    Raises:
        RefusedError: `empty`, `too_long`, `too_many_papers`.
    """
    wanted = tuple(dict.fromkeys(" ".join(name.split()) for name in names if name.strip()))
    if not wanted:
        raise RefusedError("empty")
    if max(map(len, wanted)) > LONGEST_NAME or sum(map(len, wanted)) > LONGEST_ASKED:
        raise RefusedError("too_long")
    before = papers_of(session, case)
    waiting = {in_name(session, one): one for one in before if one.state in OUTSTANDING}
    fresh = [name for name in wanted if name not in waiting]
    if len(waiting) + len(fresh) > MOST_PAPERS:
        raise RefusedError("too_many_papers")
    now = session.clock.now()
    for place, name in enumerate(fresh, start=len(before) + 1):
        paper = AskedPaper(
            case_id=case.id, place=place, named=named, state=PaperState.ASKED, asked_at=now
        )
        paper.seal(session.vault, "name", name)
        session.add(paper)
    for name in wanted:
        if named and name in waiting:
            waiting[name].named = True
    if case.papers_asked_at is None or case.papers_given_at is not None:
        case.papers_asked_at, case.papers_given_at = now, None
    if case.accepted_at is not None and fresh:
        case.papers_asked_again_at = now
    session.flush()
    _settle(session, case)


def asked_in_words(session: Session, case: Case) -> Say:
    """The one message that asks: with the names, where they may be told."""
    told = [one for one in outstanding(session, case) if one.named and one.state in OWED]
    if not told:
        return say("case.papers_asked")
    items = (Line(key="papers.item", blanks={"paper": in_name(session, one)}) for one in told)
    lines = (Line(key="papers.asked"), *items, Line(key="papers.how"))
    return Say(lines=lines, choices=(LACKING,))


LACKING = Choice(key="go:lacking", label=Line(key="papers.lacking"))


def _settle(session: Session, case: Case) -> bool:
    """Bring what the case knows of its papers up to date; whether the last has just come."""
    left, now = outstanding(session, case), session.clock.now()
    names = "\n".join(in_name(session, one) for one in left)
    case.seal(session.vault, "papers_missing", names or None)
    case.next_look_at = now
    if any(one.state in OWED for one in left):
        case.papers_sent_at = None
    elif left:
        case.papers_sent_at = case.papers_sent_at or now
    if left or case.papers_asked_at is None or case.papers_given_at is not None:
        return False
    case.papers_given_at = now
    return True


# --- the citizen's side -------------------------------------------------------------------------


def keep_photo(session: Session, case: Case, file_id: str) -> AskedPaper | None:
    """Keep a photo that came while papers are asked for; the paper it is, where only one can be.

    Nothing is kept where no paper is waited for.
    """
    left = outstanding(session, case)
    if not left:
        return None
    now = session.clock.now()
    only = left[0] if len(left) == 1 else None
    photo = PaperFile(case_id=case.id, file_id=file_id, at=now)
    session.add(photo)
    session.flush()
    if only is not None:
        _put(session, case, (photo,), only)
    return only


def sort_photos(session: Session, case: Case, paper_id: str) -> AskedPaper:
    """The photos that nobody has named yet are this paper.

    Raises:
        RefusedError: `paper_gone` (ticked off meanwhile, or not of this case).
    """
    paper = _the_paper(session, case, paper_id)
    photos = unsorted(session, case)
    if photos:
        _put(session, case, photos, paper)
    return paper


def set_aside(session: Session, case: Case) -> None:
    """The photos are none of the papers that were asked for; the officer sees them all the same."""
    for photo in unsorted(session, case):
        photo.sorted_at = session.clock.now()


def take_back(session: Session, case: Case) -> None:
    """What was said of the photos sorted last was wrong: it is asked again."""
    sorted_ones = [one for one in photos_of(session, case) if one.sorted_at is not None]
    last = max((one.sorted_at for one in sorted_ones if one.sorted_at), default=None)
    touched = {one.paper_id for one in sorted_ones if one.sorted_at == last}
    for photo in sorted_ones:
        if photo.sorted_at == last:
            photo.paper_id, photo.sorted_at = None, None
    session.flush()
    kept = {one.paper_id for one in photos_of(session, case)}
    for paper in outstanding(session, case):
        if paper.id in touched - kept and paper.state is PaperState.SENT:
            paper.state = PaperState.ASKED
    _settle(session, case)


def lacks(session: Session, case: Case, paper_id: str) -> AskedPaper:
    """The citizen does not have a paper; the officer sees it and decides what then.

    Raises:
        RefusedError: `paper_gone`.
    """
    paper = _the_paper(session, case, paper_id)
    paper.lacking_at = session.clock.now()
    events.record(session, "case.paper_lacking", case_id=case.id)
    return paper


def _the_paper(session: Session, case: Case, paper_id: str) -> AskedPaper:
    paper = session.get(AskedPaper, paper_id, populate_existing=True)
    if paper is None or paper.case_id != case.id or paper.state not in OUTSTANDING:
        raise RefusedError("paper_gone")
    if case.state is CaseState.CLOSED:
        raise RefusedError("paper_gone")
    return paper


def _put(session: Session, case: Case, photos: Iterable[PaperFile], paper: AskedPaper) -> None:
    now = session.clock.now()
    for photo in photos:
        photo.paper_id, photo.sorted_at = paper.id, now
    paper.state, paper.lacking_at = PaperState.SENT, None
    session.flush()
    _settle(session, case)
    events.record(session, "case.paper_sent", case_id=case.id)


# --- the officer's side -------------------------------------------------------------------------


def judge(
    session: Session, staff: StaffMember, case_id: str, paper_id: str, verdict: PaperVerdict
) -> AskedPaper:
    """Tick a paper off, or ask for it again; with the last of them the citizen is told.

    Raises:
        NotFoundError: not theirs to see.
        RefusedError: as `why_not`, or `paper_gone`, `no_photo` (nothing came that could be
            unreadable).
    """
    case = take_up(session, staff, case_id, Move.LOOK_AT_PAPER)
    paper = _the_paper(session, case, paper_id)
    if verdict is PaperVerdict.UNREADABLE and paper.state is not PaperState.SENT:
        raise RefusedError("no_photo")
    now = session.clock.now()
    paper.state, paper.decided_at, paper.decided_by = PaperState(verdict), now, staff.id
    paper.lacking_at = None
    if verdict is PaperVerdict.UNREADABLE:
        case.papers_asked_again_at = now
    session.flush()
    made(session, case, Move.LOOK_AT_PAPER, staff, detail=verdict)
    if _settle(session, case):
        made(session, case, Move.PAPERS_GIVEN, staff)
        tell(session, case, say("case.papers_given"))
    elif verdict is PaperVerdict.UNREADABLE:
        tell(session, case, _again(session, paper))
    return paper


def _again(session: Session, paper: AskedPaper) -> Say:
    if not paper.named:
        return say("papers.again_unnamed")
    line = Line(key="papers.again", blanks={"paper": in_name(session, paper)})
    return Say(lines=(line,), choices=(LACKING,))


def all_given(session: Session, staff: StaffMember, case: Case) -> None:
    """Everything that was waited for is there, however it came."""
    now = session.clock.now()
    for paper in outstanding(session, case):
        paper.state, paper.decided_at, paper.decided_by = PaperState.RECEIVED, now, staff.id
        paper.lacking_at = None
    session.flush()
    _settle(session, case)


def file_under(
    session: Session, staff: StaffMember, case_id: str, photo_id: str, paper_id: str
) -> AskedPaper:
    """An officer says which paper a photo is, whatever was said before.

    Raises:
        NotFoundError: not theirs to see.
        RefusedError: as `why_not`, or `paper_gone`.
    """
    case = take_up(session, staff, case_id, Move.LOOK_AT_PAPER)
    paper = _the_paper(session, case, paper_id)
    photo = session.get(PaperFile, photo_id)
    if photo is None or photo.case_id != case.id:
        raise RefusedError("paper_gone")
    before = photo.paper_id
    _put(session, case, (photo,), paper)
    kept = {one.paper_id for one in photos_of(session, case)}
    for other in outstanding(session, case):
        if other.id == before and other.id not in kept and other.state is PaperState.SENT:
            other.state = PaperState.ASKED
    _settle(session, case)
    made(session, case, Move.LOOK_AT_PAPER, staff, detail="filed")
    return paper


def waits_for_the_officer(session: Session, case: Case) -> bool:
    """Whether a paper was sent that nobody has looked at: nobody is late with it then."""
    return any(one.state is PaperState.SENT for one in outstanding(session, case))
