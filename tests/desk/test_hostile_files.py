"""What a stranger may send to hurt the officer who opens it, or to be found by what it tells."""

import io
import re
import struct
import zipfile
import zlib
from typing import Any

import pytest
import sqlalchemy as sa
from hypothesis import given, settings
from hypothesis import strategies as st
from PIL import Image

from bot.channels.message import FetchedFile
from store import files
from store.audit import AuditRow
from store.files import StoredFile
from store.pictures import MOST_PIXELS, UnreadableImageError, may_be_drawn, redrawn
from store.scan import Scan
from store.session import Session
from tests.desk.world import World, photo
from tests.photos import SMALL_JPEG, picture
from tests.store.clamd import EICAR

SCRIPT = b"<script>alert('CANARY-SCRIPT')</script>"
PLACE = b"CANARY-PLACE"


def zipped(content: bytes) -> bytes:
    archive = io.BytesIO()
    with zipfile.ZipFile(archive, "w", zipfile.ZIP_DEFLATED) as file:
        file.writestr("page.html", content)
    return archive.getvalue()


def png_of(width: int, height: int, data: bytes = b"", *more: tuple[bytes, bytes]) -> bytes:
    """A PNG that says it is of this size, whatever it holds."""
    head = struct.pack("!IIBBBBB", width, height, 8, 0, 0, 0, 0)
    chunks = ((b"IHDR", head), *more, (b"IDAT", data), (b"IEND", b""))
    return b"\x89PNG\r\n\x1a\n" + b"".join(
        struct.pack("!I", len(body)) + kind + body + struct.pack("!I", zlib.crc32(kind + body))
        for kind, body in chunks
    )


def sized_jpeg(side: int) -> bytes:
    """A JPEG whose head says that it is so wide and so high."""
    content = bytearray(SMALL_JPEG)
    start = content.index(b"\xff\xc0")
    content[start + 5 : start + 9] = struct.pack("!HH", side, side)
    return bytes(content)


def marked(kind: str, **more: Any) -> bytes:
    """A picture that carries its place in everything that can carry it."""
    image = Image.new("RGB", (40, 30), "#c8b48c")
    exif = Image.Exif()
    exif[0x010E] = PLACE.decode()
    exif.get_ifd(0x8825)[1] = "N"
    content = io.BytesIO()
    xmp = b"<x:xmpmeta xmlns:x='adobe:ns:meta/'>" + PLACE + b"</x:xmpmeta>"
    image.save(content, kind, exif=exif, xmp=xmp, icc_profile=PLACE * 20, **more)
    return content.getvalue()


REFUSED = {
    "a program": b"MZ\x90\x00" + EICAR,
    "EICAR": EICAR,
    "a bomb of zeros in a zip": zipped(bytes(50_000_000)),
    "SVG with a script": b"<svg xmlns='http://www.w3.org/2000/svg'>" + SCRIPT + b"</svg>",
    "HTML": b"<!doctype html>" + SCRIPT,
    "HTML that begins as a JPEG does": b"\xff\xd8\xff" + SCRIPT,
    "HTML that begins as a PNG does": b"\x89PNG\r\n\x1a\n" + SCRIPT,
    "HTML that begins as a WebP does": b"RIFF\x00\x00\x00\x00WEBP" + SCRIPT,
    "a GIF with a Java archive behind it": picture(4, "GIF") + zipped(b"Main.class"),
    "a page with a PDF behind it": SCRIPT + b"%PDF-1.7",
    "a TIFF": picture(4, "TIFF"),
    "an icon": picture(16, "ICO"),
    "a PNG of 60,000 by 60,000": png_of(60_000, 60_000, zlib.compress(bytes(1_000_000))),
    "a PNG as wide as numbers go": png_of(2**31 - 1, 1),
    "a JPEG of 65,000 by 65,000": sized_jpeg(65_000),
    "a picture of no size": png_of(0, 0),
    "a PNG whose text is a bomb": png_of(
        4, 4, b"", (b"iCCP", b"x\0\0" + zlib.compress(bytes(100_000_000)))
    ),
    "nothing": b"",
}


@pytest.mark.parametrize("content", REFUSED.values(), ids=REFUSED)
def test_a_hostile_file_is_never_shown(content: bytes) -> None:
    """The bomb of a text is only refused when it is drawn: its head is an honest picture's."""
    if files.takes(content):
        with pytest.raises(UnreadableImageError):
            redrawn(content, 100)


def test_all_but_the_bomb_in_a_text_are_refused_at_the_door() -> None:
    taken = [name for name, content in REFUSED.items() if files.takes(content)]

    assert set(taken) <= {"a PNG whose text is a bomb"}


@pytest.mark.parametrize("kind", ["JPEG", "PNG", "WEBP"])
def test_nothing_of_the_place_is_left_in_what_is_shown(kind: str) -> None:
    content = marked(kind)
    assert PLACE in content

    shown = redrawn(content, 400)

    assert PLACE not in shown
    image = Image.open(io.BytesIO(shown))
    assert dict(image.getexif()) == {}
    assert not {"exif", "xmp", "icc_profile", "comment"} & set(image.info)


@pytest.mark.parametrize("tail", [zipped(SCRIPT), SCRIPT, b"%PDF-1.7" + SCRIPT, EICAR])
def test_what_hangs_behind_a_picture_is_left_behind(tail: bytes) -> None:
    shown = redrawn(SMALL_JPEG + tail, None)

    assert tail not in shown
    assert b"CANARY" not in shown
    assert b"PK\x03\x04" not in shown


@pytest.mark.parametrize("kind", ["JPEG", "PNG", "WEBP"])
@pytest.mark.parametrize("part", [0.2, 0.5, 0.9])
def test_a_picture_that_broke_off_is_refused_or_drawn_but_never_a_fault(
    kind: str, part: float
) -> None:
    whole = picture(200, kind)
    try:
        shown = redrawn(whole[: int(len(whole) * part)], 100)
    except UnreadableImageError:
        return
    assert Image.open(io.BytesIO(shown)).format == "JPEG"


_PICTURES = [marked(kind) for kind in ("JPEG", "PNG", "WEBP")] + [
    picture(64, "JPEG", progressive=True)
]


@settings(max_examples=300)
@given(
    content=st.sampled_from(_PICTURES),
    changes=st.lists(st.tuples(st.integers(0, 10_000), st.integers(0, 255)), max_size=12),
    end=st.integers(0, 10_000),
    tail=st.binary(max_size=40),
)
def test_a_picture_changed_anywhere_is_refused_or_drawn_clean(
    content: bytes, changes: list[tuple[int, int]], end: int, tail: bytes
) -> None:
    changed = bytearray(content)
    for place, value in changes:
        changed[place % len(changed)] = value
    hostile = bytes(changed[: max(1, end)]) + tail
    may_be_drawn(hostile)
    try:
        shown = redrawn(hostile, 100)
    except UnreadableImageError:
        return
    assert shown.startswith(b"\xff\xd8\xff")
    assert PLACE not in shown
    assert max(Image.open(io.BytesIO(shown)).size) <= 100


def test_a_picture_at_the_limit_is_drawn_and_one_beyond_it_is_not() -> None:
    side = int(MOST_PIXELS**0.5)

    assert may_be_drawn(png_of(side, side))
    assert not may_be_drawn(png_of(side + 1, side + 1))


# --- on the desk ----------------------------------------------------------------------------------


def file_of(world: World, **told: Any) -> str:
    """The id of the file of a new case, changed as told."""
    world.open_case(photo=told.pop("content", photo()))

    def change(session: Session) -> str:
        file = session.scalars(sa.select(StoredFile)).one()
        for name, value in told.items():
            setattr(file, name, value)
        return file.id

    return world.database.transact_now(change)


def acts(world: World) -> list[str]:
    done = sa.select(AuditRow.act).order_by(AuditRow.id)
    return world.database.read_now(lambda session: list(session.scalars(done)))


async def test_the_original_takes_a_press_of_its_own_and_an_act_of_its_own(world: World) -> None:
    content = photo()
    file_id = file_of(world, content=content)
    browser = await world.signed_in("lan")

    assert (await browser.get(f"/desk/files/{file_id}/original")).status_code == 405
    answer = await browser.press(f"/desk/files/{file_id}/original")

    assert answer.content == content
    assert answer.headers["content-type"] == "application/octet-stream"
    assert answer.headers["content-disposition"].startswith("attachment; ")
    assert answer.headers["content-security-policy"] == "sandbox; default-src 'none'"
    assert answer.headers["x-content-type-options"] == "nosniff"
    assert answer.headers["cache-control"] == "no-store"
    assert acts(world).count("file.original") == 1


@pytest.mark.parametrize("scan", [Scan.WAITING, Scan.FOUND])
async def test_what_was_not_found_clean_leaves_in_no_way(world: World, scan: Scan) -> None:
    file_id = file_of(world, scan=scan)
    browser = await world.signed_in("lan")

    assert (await browser.get(f"/desk/files/{file_id}")).status_code == 404
    assert (await browser.get(f"/desk/files/{file_id}/view")).status_code == 404
    assert (await browser.press(f"/desk/files/{file_id}/original")).status_code == 404
    assert not {"file.read", "file.original", "access.refused"} & set(acts(world))
    assert "mã độc" in (await browser.get(f"/desk/files/{file_id}")).text


@pytest.mark.parametrize(
    ("scan", "words"),
    [(Scan.WAITING, "Tệp chờ máy quét mã độc"), (Scan.FOUND, "máy quét thấy mã độc")],
)
async def test_the_officer_reads_why_a_file_is_not_opened(
    world: World, scan: Scan, words: str
) -> None:
    case_id = world.open_case(photo=photo())
    world.database.transact_now(lambda s: s.execute(sa.update(StoredFile).values(scan=scan)))

    page = (await (await world.signed_in("lan")).get(f"/desk/cases/{case_id}")).text

    assert words in page
    assert "/desk/files/" not in page


@pytest.mark.parametrize(
    ("kind", "content"),
    [
        ("application/pdf", b"%PDF-1.7\n" + SCRIPT),
        ("audio/ogg", b"OggS" + SCRIPT),
    ],
)
async def test_papers_and_sounds_are_only_handed_over(
    world: World, kind: str, content: bytes
) -> None:
    file_id = file_of(world, content=content, media_type=kind)
    browser = await world.signed_in("lan")

    for path in (f"/desk/files/{file_id}", f"/desk/files/{file_id}/view"):
        answer = await browser.get(path)
        if answer.status_code == 404:
            assert kind == "application/pdf"
            continue
        assert answer.headers["content-disposition"].startswith("attachment; ")
        assert answer.headers["content-security-policy"] == "sandbox; default-src 'none'"
        assert answer.headers["x-content-type-options"] == "nosniff"


async def test_a_file_s_name_can_not_add_a_header(world: World) -> None:
    file_id = file_of(world)

    def rename(session: Session) -> None:
        file = session.get_one(StoredFile, file_id)
        file.seal(session.vault, "name", 'a"\r\nSet-Cookie: x=1\r\n\r\n<script>.jpg')

    world.database.transact_now(rename)
    answer = await (await world.signed_in("lan")).get(f"/desk/files/{file_id}")

    assert "set-cookie" not in answer.headers
    assert re.fullmatch(
        r"attachment; filename=\"[A-Za-z0-9._-]+\"; filename\*=UTF-8''[^\r\n\"]+",
        answer.headers["content-disposition"],
    )


# --- in a group of the staff ----------------------------------------------------------------------


def test_a_picture_reaches_a_group_without_its_place() -> None:
    from bot.channels.telegram_desk import _without_its_place

    sent = _without_its_place(FetchedFile(marked("JPEG"), "nhà-tôi.jpg"))

    assert sent is not None
    assert PLACE not in sent.content
    assert sent.name == "anh.jpg"
    assert _without_its_place(FetchedFile(sized_jpeg(65_000), None)) is None
    paper = FetchedFile(b"%PDF-1.7", "giấy.pdf")
    assert _without_its_place(paper) == paper
