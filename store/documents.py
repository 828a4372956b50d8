"""What ships as files and is edited on the desk: laws, articles, offices, texts.

A document has a kind and a key, and a body that is JSON. The files seed it: a document that nobody
has edited follows its file at every upgrade; an edited one stays as it is, and the file's new text
is listed as a difference until somebody decides. Nothing that is told as law is published when only
one person has seen it: a draft is written, reviewed by another person, then published. Facts of
administration, such as an office's hours, are put at once. Every version is kept.

This module knows neither roles nor what a body means; who may do what is decided above it.
"""

import datetime as dt
import hashlib
import json
from collections.abc import Iterable, Mapping, Sequence
from enum import StrEnum
from typing import TypeVar

import sqlalchemy as sa
from sqlalchemy.orm import Mapped, mapped_column

from store import audit
from store.base import Base, Row
from store.session import Session
from store.wakes import Topic

T = TypeVar("T")


class Stage(StrEnum):
    """How far a version has come. A document has at most one that is not yet decided."""

    DRAFT = "draft"
    IN_REVIEW = "in_review"
    APPROVED = "approved"
    PUBLISHED = "published"
    """What counts now."""
    SUPERSEDED = "superseded"
    """What counted until a later version did."""
    DISCARDED = "discarded"


OPEN = (Stage.DRAFT, Stage.IN_REVIEW, Stage.APPROVED)


class Document(Base):
    """One document, whatever its versions."""

    __tablename__ = "documents"
    __table_args__ = (sa.Index("ix_documents_kind_changed", "kind", "changed"),)

    kind: Mapped[str] = mapped_column(sa.String(12), primary_key=True)
    key: Mapped[str] = mapped_column(sa.String(60), primary_key=True)
    edited: Mapped[bool] = mapped_column(default=False)
    """Whether what counts now was written here rather than in the file."""
    retired: Mapped[bool] = mapped_column(default=False)
    """Taken out of use; the versions stay."""
    changed: Mapped[int] = mapped_column(default=0, server_default="0")
    """The number that the mark of its kind had when last something else of it came to count."""
    file_hash: Mapped[str | None] = mapped_column(sa.String(64))
    """Of the file's body as it was last seen."""
    file_body: Mapped[str | None] = mapped_column(sa.Text)
    """The file's newer body that an edited document has not taken over; None when decided."""


class Version(Row):
    """One version of a document."""

    __tablename__ = "document_versions"
    __table_args__ = (
        sa.ForeignKeyConstraint(["kind", "key"], ["documents.kind", "documents.key"]),
        sa.UniqueConstraint("kind", "key", "number"),
        sa.Index(
            "ix_document_versions_one_open",
            "kind",
            "key",
            unique=True,
            sqlite_where=sa.text("stage IN ('draft', 'in_review', 'approved')"),
            postgresql_where=sa.text("stage IN ('draft', 'in_review', 'approved')"),
        ),
        sa.Index(
            "ix_document_versions_one_published",
            "kind",
            "key",
            unique=True,
            sqlite_where=sa.text("stage = 'published'"),
            postgresql_where=sa.text("stage = 'published'"),
        ),
    )

    kind: Mapped[str] = mapped_column(sa.String(12))
    key: Mapped[str] = mapped_column(sa.String(60))
    number: Mapped[int]
    """1, 2, 3, … within a document."""
    stage: Mapped[Stage]
    body: Mapped[str] = mapped_column(sa.Text)
    """JSON."""
    revision: Mapped[int] = mapped_column(default=1)
    """Grows with every save; whoever saves says which one he had before him."""
    based_on: Mapped[int | None]
    """The number of the version that counted when this one was begun."""
    writers: Mapped[str] = mapped_column(sa.Text, default="[]")
    """JSON list of the ids of everyone who wrote on it; empty when it is the file's."""
    reviewer_id: Mapped[str | None] = mapped_column(sa.String(32))
    remark: Mapped[str | None] = mapped_column(sa.String(2000))
    """What the writer says of the change, or the reviewer when giving it back."""
    created_at: Mapped[dt.datetime]
    saved_at: Mapped[dt.datetime]
    published_at: Mapped[dt.datetime | None]

    @property
    def written_by(self) -> tuple[str, ...]:
        """The ids of everyone who wrote on it, in order; none when it is the file's."""
        return tuple(json.loads(self.writers))


class Mark(Base):
    """Grows with every change of what counts, so that a process sees at a glance it is behind."""

    __tablename__ = "document_marks"

    kind: Mapped[str] = mapped_column(sa.String(12), primary_key=True)
    number: Mapped[int] = mapped_column(default=0)


class DocumentError(Exception):
    """An act that can't be done as things stand."""


class ConflictError(DocumentError):
    """Somebody else has changed it since it was read; `theirs` is what stands there now."""

    def __init__(self, theirs: Version | None) -> None:
        self.theirs = theirs
        super().__init__("somebody else has changed it meanwhile")


class SamePersonError(DocumentError):
    """Whoever wrote on a draft can't be the one who reviews it."""


class WrongStageError(DocumentError):
    """The version is not at the stage that the act begins from."""


# --- reading -----------------------------------------------------------------------------------


def mark_of(session: Session, kind: str) -> int:
    """How often what counts has changed; 0 when nothing was ever seeded."""
    return session.scalar(sa.select(Mark.number).where(Mark.kind == kind)) or 0


def published(session: Session, kind: str) -> tuple[Version, ...]:
    """What counts now, in the order of the keys; retired documents left out."""
    return tuple(session.scalars(_counting(sa.select(Version), kind)))


def changed_since(session: Session, kind: str, mark: int) -> dict[str, Version | None]:
    """What counts now of each document that changed after a mark; None when it counts no more.

    Marks are given out one after another, each at the end of its transaction: whoever sees one has
    seen all that came before. From -1 on, that is every document.
    """
    counts = sa.and_(
        Version.kind == Document.kind,
        Version.key == Document.key,
        Version.stage == Stage.PUBLISHED,
        ~Document.retired,
    )
    query = (
        sa.select(Document.key, Version)
        .outerjoin(Version, counts)
        .where(Document.kind == kind, Document.changed > mark)
    )
    return {row.key: row.Version for row in session.execute(query)}


def published_one(session: Session, kind: str, key: str) -> Version | None:
    """What counts now of one document, retired or not."""
    return _one(session, kind, key, (Stage.PUBLISHED,))


def open_one(session: Session, kind: str, key: str) -> Version | None:
    """The version that is being worked on."""
    return _one(session, kind, key, OPEN)


def open_ones(session: Session, kind: str) -> tuple[Version, ...]:
    """Every version that is being worked on, those that waited longest first."""
    query = (
        sa.select(Version)
        .where(Version.kind == kind, Version.stage.in_(OPEN))
        .order_by(Version.saved_at)
    )
    return tuple(session.scalars(query))


def history(session: Session, kind: str, key: str) -> tuple[Version, ...]:
    """All versions, the newest first."""
    query = (
        sa.select(Version)
        .where(Version.kind == kind, Version.key == key)
        .order_by(Version.number.desc())
    )
    return tuple(session.scalars(query))


def differences(session: Session, kind: str) -> tuple[Document, ...]:
    """Edited documents whose file says something newer that nobody has decided about."""
    query = (
        sa.select(Document)
        .where(Document.kind == kind, Document.file_body.is_not(None))
        .order_by(Document.key)
    )
    return tuple(session.scalars(query))


def documents(session: Session, kind: str) -> tuple[Document, ...]:
    """All documents of a kind, retired ones too, in the order of their keys."""
    query = sa.select(Document).where(Document.kind == kind).order_by(Document.key)
    return tuple(session.scalars(query))


# --- the files ----------------------------------------------------------------------------------


def seed(session: Session, kind: str, bodies: Mapping[str, str]) -> int:
    """Bring the documents to what the files say, but for what was edited here.

    Returns how many documents now count in another version than before, or count no more.
    """
    session.one_at_a_time(f"documents.{kind}")
    there = {document.key: document for document in documents(session, kind)}
    unknown = {key: body for key, body in bodies.items() if key not in there}
    changed = _begin(session, kind, unknown)
    for key, document in there.items():
        body = bodies.get(key)
        if body is None:
            continue
        digest = _digest(body)
        if document.file_hash == digest:
            continue
        document.file_hash = digest
        if document.edited:
            now = published_one(session, kind, key)
            document.file_body = body if now is None or now.body != body else None
            continue
        document.retired = False
        _count_from_now(session, _new(session, document, body, by=None, stage=Stage.APPROVED))
        changed.append(document)
    for key, document in there.items():
        if key not in bodies and not document.edited and not document.retired:
            document.retired, document.file_hash = True, None
            changed.append(document)
    if changed:
        _changed(session, kind, changed)
    return len(changed)


def _begin(session: Session, kind: str, bodies: Mapping[str, str]) -> list[Document]:
    """Let documents count that were never here: hundreds at a first start, so all at once."""
    begun = [Document(kind=kind, key=key, file_hash=_digest(body)) for key, body in bodies.items()]
    session.add_all(begun)
    session.flush()
    now = session.clock.now()
    for key, body in bodies.items():
        version = _version(kind, key, 1, body, now, stage=Stage.PUBLISHED)
        version.published_at = now
        session.add(version)
    session.flush()
    return begun


def _digest(body: str) -> str:
    return hashlib.sha256(body.encode()).hexdigest()


def keep_ours(session: Session, kind: str, key: str, by: str) -> None:
    """Decide that what was written here goes on counting beside the file's newer text."""
    document = _locked(session, kind, key)
    document.file_body = None
    audit.note(session, "document.kept", staff_id=by, subject=_subject(kind, key))


def take_files(session: Session, kind: str, key: str, by: str) -> Version:
    """Let the file's newer text count, from now on and at later upgrades.

    Raises:
        WrongStageError: the file says nothing newer.
    """
    document = _locked(session, kind, key)
    if document.file_body is None:
        raise WrongStageError
    version = _new(session, document, document.file_body, by=None, stage=Stage.APPROVED)
    _count_from_now(session, version)
    document.edited, document.file_body, document.retired = False, None, False
    _changed(session, kind, (document,))
    audit.note(session, "document.file_taken", staff_id=by, subject=_subject(kind, key))
    return version


# --- a draft's way ------------------------------------------------------------------------------


def save(
    session: Session,
    kind: str,
    key: str,
    body: str,
    *,
    by: str,
    seen: int,
    remark: str | None = None,
) -> Version:
    """Save the draft of a document, made when there is none; a reviewed one is a draft again.

    `seen` is the revision that the writer had before him, 0 for none.

    Raises:
        ConflictError: somebody else has saved since, or begun a draft.
    """
    session.one_at_a_time(f"documents.{kind}.{key}")  # two may write the same new one
    document = session.get(Document, (kind, key), with_for_update=True, populate_existing=True)
    if document is None:
        document = Document(kind=kind, key=key, edited=True)
        session.add(document)
        session.flush()
    version = open_one(session, kind, key)
    if (version.revision if version is not None else 0) != seen:
        raise ConflictError(version)
    if version is None:
        version = _new(session, document, body, by=by, stage=Stage.DRAFT)
    else:
        _written(session, version, body, by)
        version.stage, version.reviewer_id = Stage.DRAFT, None
    version.remark = remark
    audit.note(session, "document.saved", staff_id=by, subject=_subject(kind, key))
    return version


def submit(session: Session, version_id: str, *, by: str, seen: int) -> Version:
    """Ask for a review.

    Raises:
        ConflictError: somebody has saved since.
        WrongStageError: it is no draft.
    """
    version = _at(session, version_id, Stage.DRAFT, seen)
    version.stage = Stage.IN_REVIEW
    _noted(session, "document.submitted", version, by)
    return version


def give_back(session: Session, version_id: str, *, by: str, seen: int, remark: str) -> Version:
    """Return a draft to its writers with a remark.

    Raises:
        ConflictError: somebody has saved since.
        WrongStageError: nobody has asked for a review.
    """
    version = _at(session, version_id, Stage.IN_REVIEW, seen)
    version.stage, version.remark = Stage.DRAFT, remark
    _noted(session, "document.given_back", version, by)
    return version


def approve(
    session: Session, version_id: str, *, by: str, seen: int, body: str | None = None
) -> Version:
    """Approve a draft as a second person; `body`: the same with the reviewer's mark put in.

    Raises:
        SamePersonError: the reviewer has written on it.
        ConflictError: somebody has saved since.
        WrongStageError: nobody has asked for a review.
    """
    version = _at(session, version_id, Stage.IN_REVIEW, seen)
    if by in version.written_by:
        raise SamePersonError
    version.stage, version.reviewer_id = Stage.APPROVED, by
    if body is not None:
        version.body = body
    _noted(session, "document.approved", version, by)
    return version


def publish(session: Session, version_id: str, *, by: str, over: int | None) -> Version:
    """Let an approved version count. `over`: the number that counted when this was decided.

    Raises:
        ConflictError: another version has come to count meanwhile.
        WrongStageError: it is not approved.
    """
    version = _at(session, version_id, Stage.APPROVED, None)
    now = published_one(session, version.kind, version.key)
    if (now.number if now is not None else None) != over:
        raise ConflictError(now)
    _publish_ours(session, version, by, "document.published")
    return version


def confirm(session: Session, kind: str, key: str, body: str, *, by: str, over: int) -> Version:
    """Publish what counts already with a reviewer's mark put in by a second person.

    Raises:
        SamePersonError: the reviewer has written it.
        ConflictError: another version counts meanwhile.
    """
    document = _locked(session, kind, key)
    now = published_one(session, kind, key)
    if now is None or now.number != over:
        raise ConflictError(now)
    if by in now.written_by:
        raise SamePersonError
    version = _new(session, document, body, by=None, stage=Stage.APPROVED)
    version.writers, version.reviewer_id = now.writers, by
    _publish_ours(session, version, by, "document.confirmed")
    return version


def put(
    session: Session,
    kind: str,
    key: str,
    body: str,
    *,
    by: str,
    over: int | None,
    remark: str | None = None,
) -> Version:
    """Let what one person writes count at once; `over`: the number of the version before them.

    Nothing happens when the same counts already.

    Raises:
        ConflictError: another version counts meanwhile, or one does and `over` is None.
    """
    session.one_at_a_time(f"documents.{kind}.{key}")  # two may write the same new one
    document = session.get(Document, (kind, key), with_for_update=True, populate_existing=True)
    if document is None:
        document = Document(kind=kind, key=key, edited=True)
        session.add(document)
        session.flush()
    now = published_one(session, kind, key)
    if (now.number if now is not None else None) != over:
        raise ConflictError(now)
    if now is not None and now.body == body and not document.retired:
        return now
    version = _new(session, document, body, by=by, stage=Stage.APPROVED)
    version.remark = remark
    _publish_ours(session, version, by, "document.put")
    return version


def discard(session: Session, version_id: str, *, by: str, seen: int) -> None:
    """Throw away what is being worked on; it stays in the history.

    Raises:
        ConflictError: somebody has saved since.
        WrongStageError: it is not being worked on.
    """
    version = _at(session, version_id, None, seen)
    version.stage = Stage.DISCARDED
    _noted(session, "document.discarded", version, by)


def restore(session: Session, kind: str, key: str, number: int, *, by: str, over: int) -> Version:
    """Let a version count again that counted before; it was reviewed then.

    Raises:
        ConflictError: another version counts than the one it was compared with.
        WrongStageError: it never counted.
    """
    document = _locked(session, kind, key)
    now = published_one(session, kind, key)
    if now is None or now.number != over:
        raise ConflictError(now)
    old = session.scalar(
        sa.select(Version).where(Version.kind == kind, Version.key == key, Version.number == number)
    )
    if old is None or old.stage is not Stage.SUPERSEDED:
        raise WrongStageError
    version = _new(session, document, old.body, by=by, stage=Stage.APPROVED)
    version.reviewer_id = old.reviewer_id
    _publish_ours(session, version, by, "document.restored")
    return version


def retire(session: Session, kind: str, key: str, *, by: str, over: int | None = None) -> None:
    """Take a document out of use at once; nothing is lost. `over`: which version was seen.

    Raises:
        ConflictError: another version counts than the one that was seen.
    """
    _set_retired(session, kind, key, by, over, retired=True)


def bring_back(session: Session, kind: str, key: str, *, by: str, over: int | None = None) -> None:
    """Put a retired document into use again.

    Raises:
        ConflictError: another version counts than the one that was seen.
    """
    _set_retired(session, kind, key, by, over, retired=False)


# --- within -------------------------------------------------------------------------------------


def _counting(query: sa.Select[T], kind: str) -> sa.Select[T]:
    return (
        query.join(Document, sa.and_(Document.kind == Version.kind, Document.key == Version.key))
        .where(Version.kind == kind, Version.stage == Stage.PUBLISHED, ~Document.retired)
        .order_by(Version.key)
    )


def _one(session: Session, kind: str, key: str, stages: Sequence[Stage]) -> Version | None:
    return session.scalar(
        sa.select(Version).where(
            Version.kind == kind, Version.key == key, Version.stage.in_(stages)
        )
    )


def _locked(session: Session, kind: str, key: str) -> Document:
    return session.get_one(Document, (kind, key), with_for_update=True, populate_existing=True)


def _new(
    session: Session, document: Document, body: str, *, by: str | None, stage: Stage
) -> Version:
    last = session.scalar(
        sa.select(sa.func.max(Version.number)).where(
            Version.kind == document.kind, Version.key == document.key
        )
    )
    now = published_one(session, document.kind, document.key)
    number = (last or 0) + 1
    version = _version(document.kind, document.key, number, body, session.clock.now(), stage=stage)
    version.based_on = now.number if now is not None else None
    version.writers = json.dumps([by] if by is not None else [])
    # At most one of its versions is open: one that counts at once never lies there as open.
    if stage is Stage.APPROVED:
        return version
    session.add(version)
    session.flush()
    return version


def _version(
    kind: str, key: str, number: int, body: str, at: dt.datetime, *, stage: Stage
) -> Version:
    """The next text of a document, begun by nobody and on nothing unless told otherwise."""
    return Version(
        kind=kind,
        key=key,
        number=number,
        stage=stage,
        body=body,
        revision=1,
        writers=json.dumps([]),
        created_at=at,
        saved_at=at,
    )


def _written(session: Session, version: Version, body: str, by: str) -> None:
    version.body, version.saved_at = body, session.clock.now()
    version.revision += 1
    if by not in version.written_by:
        version.writers = json.dumps([*version.written_by, by])


def _at(session: Session, version_id: str, stage: Stage | None, seen: int | None) -> Version:
    """A version at a stage (None: any that is open), its document locked."""
    version = session.get_one(Version, version_id)
    _locked(session, version.kind, version.key)
    session.refresh(version)
    if seen is not None and version.revision != seen:
        raise ConflictError(version)
    if version.stage is not stage and (stage is not None or version.stage not in OPEN):
        raise WrongStageError
    return version


def _publish_ours(session: Session, version: Version, by: str, act: str) -> None:
    _count_from_now(session, version)
    document = _locked(session, version.kind, version.key)
    document.edited, document.retired, document.file_body = True, False, None
    _changed(session, version.kind, (document,))
    _noted(session, act, version, by)


def _count_from_now(session: Session, version: Version) -> None:
    before = published_one(session, version.kind, version.key)
    if before is not None:
        before.stage = Stage.SUPERSEDED
        session.flush()  # one at a time counts
    version.stage, version.published_at = Stage.PUBLISHED, session.clock.now()
    session.add(version)
    session.flush()


def _set_retired(
    session: Session, kind: str, key: str, by: str, over: int | None, *, retired: bool
) -> None:
    document = _locked(session, kind, key)
    now = published_one(session, kind, key)
    if over is not None and (now is None or now.number != over):
        raise ConflictError(now)
    document.retired, document.edited = retired, True
    _changed(session, kind, (document,))
    act = "document.retired" if retired else "document.brought_back"
    audit.note(session, act, staff_id=by, subject=_subject(kind, key))


def _changed(session: Session, kind: str, some: Iterable[Document]) -> None:
    session.one_at_a_time(f"documents.mark.{kind}")
    mark = session.get(Mark, kind, populate_existing=True)
    if mark is None:
        mark = Mark(kind=kind, number=0)
        session.add(mark)
    mark.number += 1
    for document in some:
        document.changed = mark.number
    session.wake(Topic.DOCUMENTS)


def _noted(session: Session, act: str, version: Version, by: str) -> None:
    audit.note(
        session,
        act,
        staff_id=by,
        subject=_subject(version.kind, version.key),
        detail=f"{version.key} v{version.number}",
    )


def _subject(kind: str, key: str) -> str:
    return f"{kind}:{key}"[:40]
