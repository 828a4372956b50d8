"""A sealed file opens with its key and as it was written, and in no other way."""

import io

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from store.sealedfile import (
    CHUNK,
    KEY_BYTES,
    OpeningReader,
    SealedFileError,
    SealingWriter,
    fresh_key,
    read_key,
)

KEY = bytes(range(KEY_BYTES))
STORY = b"Ba bay o Da Bac bi lan ranh dat. " * 100_000
"""Three chunks and a bit."""


def sealed(content: bytes, key: bytes = KEY) -> bytes:
    sink = io.BytesIO()
    writer = SealingWriter(sink, key, {"format": 1})
    for begin in range(0, len(content), 77_777):
        writer.write(content[begin : begin + 77_777])
    writer.finish()
    return sink.getvalue()


def opened(content: bytes, key: bytes = KEY) -> bytes:
    return b"".join(OpeningReader(io.BytesIO(content), key).chunks())


@pytest.mark.parametrize("length", [0, 1, CHUNK - 1, CHUNK, CHUNK + 1, len(STORY)])
def test_what_was_written_is_read_again(length: int) -> None:
    assert opened(sealed(STORY[:length])) == STORY[:length]


def test_nothing_of_it_can_be_read_in_the_file() -> None:
    assert b"lan ranh" not in sealed(STORY)


def test_two_files_of_the_same_content_have_nothing_in_common_but_the_header() -> None:
    assert sealed(STORY)[-1000:] != sealed(STORY)[-1000:]


def test_another_key_is_refused_and_named_by_its_id() -> None:
    with pytest.raises(SealedFileError, match="made with another key"):
        opened(sealed(STORY), bytes(KEY_BYTES))


SMALL = sealed(b"mot cau chuyen")
"""One for trying every change on."""


@settings(max_examples=300)
@given(st.integers(0, len(SMALL) * 8 - 1))
def test_a_single_changed_bit_is_refused(bit: int) -> None:
    changed = bytearray(SMALL)
    changed[bit // 8] ^= 1 << bit % 8

    with pytest.raises(SealedFileError):
        opened(bytes(changed))


@pytest.mark.parametrize("length", range(len(SMALL)))
def test_a_file_cut_short_anywhere_is_refused(length: int) -> None:
    with pytest.raises(SealedFileError):
        opened(SMALL[:length])


def frames(content: bytes) -> list[bytes]:
    """The header, and each chunk with its frame."""
    head = 12 + int.from_bytes(content[8:12])
    parts, at = [content[:head]], head
    while at < len(content):
        size = 5 + int.from_bytes(content[at + 1 : at + 5])
        parts.append(content[at : at + size])
        at += size
    return parts


def test_a_whole_chunk_taken_away_swapped_or_added_is_refused() -> None:
    head, one, two, *rest = frames(sealed(STORY))
    assert opened(b"".join((head, one, two, *rest))) == STORY

    for parts in (
        (head, one, two),
        (head, two, one, *rest),
        (head, two, *rest),
        (head, one, two, *rest, rest[-1]),
        (head, one, one, two, *rest),
    ):
        with pytest.raises(SealedFileError):
            opened(b"".join(parts))


def test_a_chunk_of_another_file_of_the_same_key_is_refused() -> None:
    head, one, *rest = frames(sealed(STORY))
    _, other, *_ = frames(sealed(STORY))
    assert one != other

    with pytest.raises(SealedFileError, match="part 1 was changed"):
        opened(b"".join((head, other, *rest)))


def test_a_fresh_key_can_be_read_and_half_a_key_can_not() -> None:
    assert len(read_key(f"{fresh_key()}\n")) == KEY_BYTES
    for half in (fresh_key()[:20], "", "không phải khóa"):
        with pytest.raises(SealedFileError, match="32 bytes in base64"):
            read_key(half)
