"""Pictures as they are shown: drawn anew, so that nothing but pixels is left of what was sent.

What rides along in a picture goes: the place it was taken (EXIF, XMP), profiles, comments, and
whatever is hung behind it to make it a page or an archive as well.
"""

import io

from PIL import Image, ImageOps

MOST_PIXELS = 25_000_000
"""Drawn at a time, at four bytes each. A larger JPEG is read at a half, a quarter or an eighth."""
MOST_PIXELS_OF_A_JPEG = 120_000_000
"""As the camera took it; more than any phone's."""
_FORMATS = ("JPEG", "PNG", "WEBP")
_SCALES = (1, 2, 4, 8)
# We count the pixels ourselves, before any is decoded; the library would only warn of so many.
Image.MAX_IMAGE_PIXELS = None


class UnreadableImageError(Exception):
    """What called itself an image can't be drawn."""


def redrawn(content: bytes, longest_side: int | None) -> bytes:
    """An image drawn anew as JPEG, upright and without EXIF; smaller when a side is given.

    Raises:
        UnreadableImageError: it is damaged, or too large to be drawn.
    """
    try:
        image = _opened(content)
        if longest_side is not None:
            image.thumbnail((longest_side, longest_side))
        upright = ImageOps.exif_transpose(image)
        flat = Image.new("RGB", upright.size, "white")
        with_alpha = upright.convert("RGBA")
        flat.paste(with_alpha, mask=with_alpha.getchannel("A"))
    except UnreadableImageError:
        raise
    except Exception as problem:
        # What a stranger sent: decoders answer broken files with whatever error comes first.
        raise UnreadableImageError from problem
    drawn = io.BytesIO()
    flat.save(drawn, "JPEG", quality=82 if longest_side else 92)
    return drawn.getvalue()


def may_be_drawn(content: bytes) -> bool:
    """Whether its head is an image's, of a size that we draw; nothing is decoded for it."""
    try:
        _opened(content).close()
    except Exception:
        return False
    return True


def _opened(content: bytes) -> Image.Image:
    """The image, its decoder told to leave pixels out where that is needed (only JPEG's can)."""
    image = Image.open(io.BytesIO(content), formats=_FORMATS)
    pixels = image.width * image.height
    # A progressive one is held whole before it can be made smaller.
    scales = _SCALES if image.format == "JPEG" and "progressive" not in image.info else _SCALES[:1]
    scale = next((n for n in scales if pixels <= MOST_PIXELS * n * n), None)
    if scale is None or pixels > MOST_PIXELS_OF_A_JPEG:
        raise UnreadableImageError
    image.draft(None, (image.width // scale, image.height // scale))
    return image
