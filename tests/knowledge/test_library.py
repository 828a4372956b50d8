"""The knowledge base as a whole."""

import datetime as dt
from pathlib import Path

import pytest

from knowledge.check import faults
from knowledge.library import load_library
from store.datafile import DataFileError
from tests.knowledge.example import TODAY, article, write


def test_a_folder_of_files_becomes_a_library(tmp_path: Path) -> None:
    library = load_library(write(tmp_path, article("land-02"), article("family-01")))

    assert list(library.articles) == ["family-01", "land-02"]
    assert "1/2014/QH13" in library.laws


def test_articles_land_on_the_work_list_the_day_their_law_changes(tmp_path: Path) -> None:
    land = article("land-02", law="2/2013/QH13")
    library = load_library(write(tmp_path, land, article("family-01")))

    assert library.stale(TODAY) == ()
    assert [one.id for one in library.stale(dt.date(2027, 3, 1))] == ["land-02"]


def test_a_law_nobody_registered_is_refused_with_its_line(tmp_path: Path) -> None:
    write(tmp_path, article("land-02", law="99/1999/QH10"))

    with pytest.raises(DataFileError, match=r"land-02.yaml:\d+: cites 99/1999/QH10"):
        load_library(tmp_path)


def test_one_question_with_two_answers_is_refused_even_when_typed_without_marks(
    tmp_path: Path,
) -> None:
    write(
        tmp_path,
        article("land-02", "Đất bị lấn ranh thì sao?"),
        article("land-03", "dat bi lan ranh thi sao"),
    )

    with pytest.raises(DataFileError, match=r"land-03.yaml:\d+: the wording .* land/land-02.yaml"):
        load_library(tmp_path)


def test_two_buttons_with_one_label_are_refused(tmp_path: Path) -> None:
    write(tmp_path, article("land-02", short="Sổ đỏ"), article("land-03", short="sổ đỏ"))

    with pytest.raises(DataFileError, match="the short title"):
        load_library(tmp_path)


def test_an_article_of_another_field_is_refused(tmp_path: Path) -> None:
    write(tmp_path, article("land-02"))
    path = tmp_path / "land" / "land-02.yaml"
    path.write_text(
        path.read_text(encoding="utf-8").replace("field: land", "field: civil"), encoding="utf-8"
    )

    with pytest.raises(DataFileError, match="does not begin with the field civil"):
        load_library(tmp_path)


def test_a_file_under_another_name_is_refused(tmp_path: Path) -> None:
    write(tmp_path, article("land-02"))
    (tmp_path / "land" / "land-02.yaml").rename(tmp_path / "land" / "land-09.yaml")

    with pytest.raises(DataFileError, match=r"belongs in land/land-02\.yaml"):
        load_library(tmp_path)


def test_an_empty_folder_is_refused(tmp_path: Path) -> None:
    write(tmp_path)

    with pytest.raises(DataFileError, match="holds no article"):
        load_library(tmp_path)


def test_the_shipped_library_is_whole() -> None:
    library = load_library()

    assert library.articles
    found = {key: tuple(faults(one)) for key, one in library.articles.items()}
    assert {key: those for key, those in found.items() if those} == {}
