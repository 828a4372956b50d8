"""Small pictures for tests in which a citizen sends one."""

import io
from typing import Any

from PIL import Image


def picture(side: int, kind: str, **options: Any) -> bytes:
    """A square of one grey, which compresses to next to nothing."""
    content = io.BytesIO()
    Image.new("L", (side, side), 90).save(content, kind, **options)
    return content.getvalue()


SMALL_JPEG = picture(4, "JPEG")


def photo_of(size: int) -> bytes:
    """A picture of so many bytes: what follows its end is nothing to a decoder."""
    return SMALL_JPEG + bytes(size - len(SMALL_JPEG))
