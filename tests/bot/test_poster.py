"""Posters: what hangs on the wall, and what the talk knows that begins from it."""

import io
import re
from pathlib import Path

import pypdfium2
import pytest
import zxingcpp
from pypdf import PdfReader

from bot.__main__ import main
from bot.poster import Ways, payload_of, render_poster, spot_of, typed_of
from cases.province import Commune, Province, Stated, load_province

CA_MAU = load_province("ca-mau")
DA_BAC = CA_MAU.commune("32104")
ALL = Ways("@tram_camau_bot", "https://tram.example.vn/", "Trợ giúp pháp lý Cà Mau")


def poster(
    ways: Ways = ALL,
    place: str = "UBND xã Đá Bạc",
    province: Province = CA_MAU,
    spot: str | None = None,
) -> PdfReader:
    return PdfReader(io.BytesIO(render_poster(province, DA_BAC, place, ways, spot)))


def words(reader: PdfReader) -> str:
    return " ".join(reader.pages[0].extract_text().split())


def test_a_poster_is_one_a4_page_with_every_way_in() -> None:
    reader = poster()

    (page,) = reader.pages
    assert (round(page.mediabox.width), round(page.mediabox.height)) == (595, 842)
    told = words(reader)
    assert "Hỏi pháp luật không tốn tiền" in told
    assert "TRUNG TÂM TRỢ GIÚP PHÁP LÝ NHÀ NƯỚC TỈNH CÀ MAU" in told
    assert "@tram_camau_bot" in told
    assert "tram.example.vn" in told
    assert "Zalo: tìm Trợ giúp pháp lý Cà Mau rồi nhắn C32104 UBND" in told
    assert "UBND xã Đá Bạc" in told


def test_a_poster_says_that_a_machine_answers_and_names_no_violence() -> None:
    told = words(poster()).lower()

    assert "máy trả lời tự động" in told
    for word in ("bạo lực", "đánh", "xâm hại", "ly hôn", "nạn nhân", "hiv"):
        assert word not in told


@pytest.mark.parametrize(
    ("ways", "there", "not_there"),
    [
        (Ways(telegram="tram_camau_bot"), "@tram_camau_bot", ("Trang web", "Zalo")),
        (Ways(web="https://tram.example.vn"), "Trang web", ("Telegram", "Zalo")),
        (Ways(zalo="Tràm"), "Zalo: tìm Tràm", ("Telegram", "Trang web", "ô vuông")),
    ],
)
def test_a_way_that_is_not_there_is_not_spoken_of(
    ways: Ways, there: str, not_there: tuple[str, ...]
) -> None:
    told = words(poster(ways))

    assert there in told
    for word in not_there:
        assert word not in told


def test_only_numbers_that_were_verified_are_printed() -> None:
    told = words(poster())

    for hotline in CA_MAU.hotlines:
        assert (hotline.number in told.split()) == hotline.verified
    assert CA_MAU.centre.phone.value not in told


def test_the_centres_own_number_is_printed_once_it_is_known() -> None:
    phone = Stated(value="0290 3 555 666", verified=True)
    centre = CA_MAU.centre.model_copy(update={"phone": phone})
    offices = (centre, *(one for one in CA_MAU.offices if one.id != centre.id))
    fields = {name: getattr(CA_MAU, name) for name in Province.model_fields}
    known = Province(**fields | {"offices": offices})

    assert "0290 3 555 666" in words(poster(province=known))


def test_numbers_nobody_verified_leave_no_empty_table() -> None:
    unknown = tuple(one.model_copy(update={"verified": False}) for one in CA_MAU.hotlines)
    about = CA_MAU.about.model_copy(update={"hotlines": unknown})

    told = words(poster(province=CA_MAU.model_copy(update={"about": about})))

    assert not re.search(r"\b1800|\b111\b", told)


def test_a_phone_reads_both_codes_from_the_page() -> None:
    page = pypdfium2.PdfDocument(render_poster(CA_MAU, DA_BAC, "UBND xã Đá Bạc", ALL))[0]

    codes = zxingcpp.read_barcodes(page.render(scale=1.5).to_pil())

    assert {code.text for code in codes} == {
        "https://t.me/tram_camau_bot?start=c32104_ubnd",
        "https://tram.example.vn/?start=c32104_ubnd",
    }


@pytest.mark.parametrize(
    ("place", "spot"),
    [
        ("UBND xã Đá Bạc", "ubnd"),
        ("Ủy ban nhân dân xã Đá Bạc", "uy-ban-nhan-dan"),
        ("Chợ Đá Bạc", "cho"),
        ("xã Đá Bạc", "xa-da-bac"),
        ("Bộ phận Một cửa UBND xã Đá Bạc", "bo-phan-mot-cua-ubnd"),
        ("Trạm y tế ấp Kinh Hòn – nhà ông Nguyễn Văn Tám", "tram-y-te-ap-kinh-hon"),
    ],
)
def test_a_spot_has_a_short_name_without_the_communes(place: str, spot: str) -> None:
    assert spot_of(place, DA_BAC) == spot


@pytest.mark.parametrize("commune", CA_MAU.communes, ids=lambda one: one.code)
def test_what_a_poster_carries_fits_every_channel(commune: Commune) -> None:
    spot = spot_of(f"Trụ sở tiếp công dân {commune.full_name}", commune)

    payload = payload_of(commune, spot)

    assert re.fullmatch(r"c[0-9]{5}_[a-z0-9-]{1,24}", payload)  # Telegram: 64 of A-Za-z0-9_-
    assert typed_of(commune, spot) == f"C{commune.code} {spot.upper()}"


@pytest.mark.parametrize(
    ("ways", "place", "spot", "reason"),
    [
        (Ways(), "UBND", None, "needs a way in"),
        (Ways(zalo="  "), "UBND", None, "needs a way in"),
        (Ways(telegram="tram bot"), "UBND", None, "no name of a Telegram bot"),
        (Ways(telegram="a/../b?x"), "UBND", None, "no name of a Telegram bot"),
        (Ways(web="tram.example.vn"), "UBND", None, "begins with https://"),
        (Ways(web="javascript:alert(1)"), "UBND", None, "begins with https://"),
        (ALL, "   ", None, "1 to 80 letters"),
        (ALL, "x" * 81, None, "1 to 80 letters"),
        (ALL, "UBND", "một cửa", "plain letters"),
        (ALL, "UBND", "x" * 25, "1 to 24"),
        (ALL, "😀", None, "plain letters"),
    ],
)
def test_what_a_poster_cannot_be_made_of_is_told(
    ways: Ways, place: str, spot: str | None, reason: str
) -> None:
    with pytest.raises(ValueError, match=reason):
        poster(ways, place, spot=spot)


@pytest.mark.parametrize(
    "place", ["#panic(1) *b* $x$ ]", "x" * 80, "dòng\nhai\x00\u202e", "{{ place }} <b>"]
)
def test_whatever_the_place_is_called_it_stays_one_page(place: str) -> None:
    assert len(poster(place=place, spot="ubnd").pages) == 1


def test_the_command_writes_the_page_and_says_what_it_carries(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    out = tmp_path / "poster.pdf"

    codes = ("--commune", "32104", "--place", "UBND xã Đá Bạc", "--telegram", "tram_camau_bot")
    done = main(["poster", *codes, "--out", str(out)])

    assert done == 0
    assert out.read_bytes().startswith(b"%PDF")
    assert "c32104_ubnd" in capsys.readouterr().out


@pytest.mark.parametrize(
    ("arguments", "reason"),
    [
        (["--commune", "99999", "--place", "UBND", "--zalo", "Tràm"], "no commune 99999"),
        (["--commune", "32104", "--place", "UBND"], "needs a way in"),
    ],
)
def test_the_command_tells_in_one_line_what_is_wrong(
    arguments: list[str], reason: str, capsys: pytest.CaptureFixture[str]
) -> None:
    assert main(["poster", *arguments]) == 2

    assert reason in capsys.readouterr().err
