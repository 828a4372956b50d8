import unicodedata
from functools import partial

import pytest

from bot.understanding.danger import DangerKind
from bot.understanding.reader import understand_line
from cases.province import load_province
from cases.routing import route
from tests.understanding.reading import TODAY, read, reader
from tests.work import calls_of


def test_a_place_of_several_communes_stays_open() -> None:
    place = read("Tôi ở Năm Căn, bị lấn đất hai mét, không biết thưa ai").place

    assert place.ambiguous
    assert len(place.communes) > 1


def test_decomposed_letters_are_read_like_composed_ones() -> None:
    text = "chồng em đang đánh em, nhà hộ nghèo ở xã Khánh An"

    assert read(unicodedata.normalize("NFD", text)) == read(text)


@pytest.mark.parametrize(
    "text",
    [
        "",
        " ",
        "\x00\u202e",
        "\ud800",
        "<script>alert(1)</script>",
        "'; DROP TABLE cases; --",
        "ក្រុមហ៊ុន đánh 打 شخص",
        "ﷺ" * 50,
        "١٢٣ ４５６",
        "{}{0}%s",
        "_" * 300,
        "<lúc này> ... đánh",
    ],
)
def test_nothing_typed_breaks_the_reading(text: str) -> None:
    assert read(text).text == " ".join(read(text).text.split())


def test_reading_ten_thousand_letters_is_no_more_work_a_letter_than_reading_a_thousand() -> None:
    read("chồng đánh tôi. " * 62)  # what is remembered is remembered
    shorter = calls_of(lambda: read("chồng đánh tôi. " * 62))

    assert calls_of(lambda: read("chồng đánh tôi. " * 620)) < 12 * shorter
    assert read("chồng đánh tôi. " * 625).danger is DangerKind.VIOLENCE


def test_a_line_names_offices_groups_and_danger() -> None:
    province = load_province("ca-mau")
    line = {"text": "Má tôi 81 tuổi bị chồng sau đánh gãy tay, ở xã Khánh An", "more": 1}
    answer = understand_line(reader(), line, TODAY, partial(route, province=province))

    assert answer["communes"] == ["32059"]
    assert answer["offices"] == ["u-minh"]
    assert answer["groups"] == ["domestic_violence", "elderly"]
    assert answer["danger"] is True
    assert answer["danger_kind"] == "violence"
    assert answer["urgent"] is True
    assert answer["intent"] == "story"


def test_a_line_without_text_is_refused() -> None:
    with pytest.raises(ValueError, match="text"):
        understand_line(
            reader(), {"q": "x"}, TODAY, partial(route, province=load_province("ca-mau"))
        )
