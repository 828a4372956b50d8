"""The papers of a case one by one, as the desk shows them: what came for each, and what to tick."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace

import sqlalchemy as sa
from sqlalchemy.orm import load_only

from cases import papers
from cases.access import visible_to
from cases.life import OUTSTANDING, PaperState
from cases.model import Case
from cases.papers import PaperFile
from cases.staff import StaffMember
from desk import citizen_texts
from store.files import StoredFile
from store.session import Session


@dataclass(frozen=True)
class PhotoView:
    """One photo or file that came for a paper."""

    id: str
    """Of the row; the file has an id of its own."""
    file_id: str
    is_image: bool
    kilobytes: int


@dataclass(frozen=True)
class AskedPaperView:
    """One paper that was asked for."""

    id: str
    name: str
    named: bool
    state: str
    look: str
    """How its mark looks: `amber` where it is the officer's turn."""
    open: bool
    sent: bool
    lacking: bool
    photos: tuple[PhotoView, ...]


@dataclass(frozen=True)
class JoinedView:
    """What came for papers of a request that was joined to this one; it is only looked at."""

    case_id: str
    number: int
    papers: tuple[AskedPaperView, ...]
    loose: tuple[PhotoView, ...]


@dataclass(frozen=True)
class AskedView:
    """All papers that were asked for, and the photos that belong to none of them."""

    papers: tuple[AskedPaperView, ...]
    loose: tuple[PhotoView, ...]
    joined: tuple[JoinedView, ...] = ()

    @property
    def to_look_at(self) -> bool:
        """Whether something came that nobody has looked at yet."""
        return any(one.sent for one in self.papers) or bool(self.open and self.loose)

    @property
    def open(self) -> tuple[AskedPaperView, ...]:
        """Those that are not ticked off."""
        return tuple(one for one in self.papers if one.open)


_LOOKS: Mapping[PaperState, str] = {PaperState.SENT: "amber", PaperState.RECEIVED: "leaf"}


def look_at_asked(session: Session, staff: StaffMember, case: Case) -> AskedView:
    """The papers of a case, and of those joined to it; `case` comes from `visible_to`."""
    query = visible_to(staff).where(Case.joined_into == case.id).order_by(Case.number)
    joined = ((one, _asked(session, one)) for one in session.scalars(query))
    return replace(
        _asked(session, case),
        joined=tuple(
            JoinedView(one.id, one.number, seen.papers, seen.loose)
            for one, seen in joined
            if seen.papers or seen.loose
        ),
    )


def _asked(session: Session, case: Case) -> AskedView:
    asked, photos = papers.papers_of(session, case), papers.photos_of(session, case)
    files = _files(session, photos)

    def views(paper_id: str | None) -> tuple[PhotoView, ...]:
        return tuple(
            PhotoView(
                id=one.id,
                file_id=one.file_id,
                is_image=files[one.file_id].media_type.startswith("image/"),
                kilobytes=max(1, files[one.file_id].size // 1024),
            )
            for one in photos
            if one.paper_id == paper_id and one.file_id in files
        )

    return AskedView(
        papers=tuple(
            AskedPaperView(
                id=one.id,
                name=papers.in_name(session, one),
                named=one.named,
                state=citizen_texts.paper(one.state),
                look=_LOOKS.get(one.state, ""),
                open=one.state in OUTSTANDING,
                sent=one.state is PaperState.SENT,
                lacking=one.lacking_at is not None,
                photos=views(one.id),
            )
            for one in asked
        ),
        loose=views(None),
    )


def _files(session: Session, photos: Sequence[PaperFile]) -> Mapping[str, StoredFile]:
    """Without their content: only their looks are needed."""
    wanted = (StoredFile.id, StoredFile.media_type, StoredFile.size)
    query = sa.select(StoredFile).where(StoredFile.id.in_([one.file_id for one in photos]))
    return {one.id: one for one in session.scalars(query.options(load_only(*wanted)))}
