"""Photos and papers that citizens and officers send; the content is sealed.

The original is kept as evidence, as it came. What is shown of a picture is drawn anew
(`store.pictures`); everything else is only ever handed over, never opened in a page.
"""

import datetime as dt

import sqlalchemy as sa
from sqlalchemy.orm import Mapped, mapped_column

from store.base import Row
from store.pictures import may_be_drawn
from store.scan import Scan
from store.session import Session

MAX_BYTES = 10 * 1024 * 1024


class StoredFile(Row):
    """One file. Who may see it follows from the talk or the case that it belongs to."""

    __tablename__ = "files"

    conversation_id: Mapped[str | None] = mapped_column(sa.String(32), index=True)
    media_type: Mapped[str] = mapped_column(sa.String(60))
    """Told by the content, never by the sender."""
    size: Mapped[int]
    """In bytes."""
    name: Mapped[bytes | None]
    """Sealed."""
    content: Mapped[bytes] = mapped_column(sa.LargeBinary)
    """Sealed."""
    created_at: Mapped[dt.datetime]
    scan: Mapped[Scan] = mapped_column(server_default=Scan.UNASKED, index=True)

    @property
    def may_be_opened(self) -> bool:
        """Whether it may be shown and handed over: what waits for the scanner may not."""
        return self.scan in (Scan.UNASKED, Scan.CLEAN)


def keep(
    session: Session,
    content: bytes,
    *,
    media_type: str,
    name: str | None,
    conversation_id: str | None,
    scan: Scan = Scan.UNASKED,
) -> StoredFile:
    """Store a file within the caller's transaction.

    Raises:
        ValueError: it is larger than `MAX_BYTES`; callers refuse it kindly before.
    """
    if len(content) > MAX_BYTES:
        raise ValueError("the file is too large")
    row = StoredFile(
        conversation_id=conversation_id,
        media_type=media_type,
        size=len(content),
        scan=scan,
        created_at=session.clock.now(),
    )
    row.seal_bytes(session.vault, "content", content)
    row.seal(session.vault, "name", name)
    session.add(row)
    session.flush()
    return row


_SIGNATURES = (
    (b"\xff\xd8\xff", "image/jpeg"),
    (b"\x89PNG\r\n\x1a\n", "image/png"),
    (b"%PDF-", "application/pdf"),
    (b"OggS", "audio/ogg"),
    (b"\xff\xf1", "audio/aac"),
    (b"\xff\xf9", "audio/aac"),
)


def media_type_of(content: bytes) -> str | None:
    """The type told by the first bytes, or None when it is none that we take."""
    if content[:4] == b"RIFF" and content[8:12] == b"WEBP":
        return "image/webp"
    return next((kind for start, kind in _SIGNATURES if content.startswith(start)), None)


def takes(content: bytes) -> bool:
    """Whether a stranger's file is one that we keep.

    Of a picture the head is read too: one that is none, or has more pixels than anybody draws, is
    refused while its sender is still there to take another.
    """
    kind = media_type_of(content)
    return kind is not None and (not kind.startswith("image/") or may_be_drawn(content))
