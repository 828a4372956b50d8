"""The province folder: read whole, or refused with the file, the line and the reason."""

import shutil
from datetime import date, time
from pathlib import Path

import pytest

from cases.province import Weekday, load_province
from store.datafile import DataFileError

CA_MAU = load_province("ca-mau")
SMALL = Path(__file__).parent.parent / "provinces" / "an-giang-nho"


def edited(folder: Path, name: str, old: str, new: str) -> Path:
    """A copy of the small province with one passage changed."""
    copy = folder / SMALL.name
    shutil.copytree(SMALL, copy)
    path = copy / name
    text = path.read_text(encoding="utf-8")
    assert old in text
    path.write_text(text.replace(old, new, 1), encoding="utf-8")
    return copy


def refusal(folder: Path) -> DataFileError:
    with pytest.raises(DataFileError) as caught:
        load_province(folder)
    return caught.value


def test_ca_mau_has_its_64_communes_and_every_one_is_served() -> None:
    assert len(CA_MAU.communes) == 64
    assert all(CA_MAU.assigned(commune.code) for commune in CA_MAU.communes)


def test_nineteen_old_units_were_split() -> None:
    assert sum(unit.split for unit in CA_MAU.old_units) == 19


def test_the_network_of_the_plan_is_there_and_its_two_planned_branches_are_not_active() -> None:
    ids = [office.id for office in CA_MAU.offices]

    assert ids == [
        "centre", "u-minh", "thoi-binh", "tran-van-thoi", "cai-nuoc", "dam-doi", "nam-can",
        "phu-tan", "ngoc-hien", "so-1", "planned-1", "planned-2",
    ]  # fmt: skip
    assert [one.id for one in CA_MAU.offices if not one.active] == ["planned-1", "planned-2"]


def test_only_what_a_source_confirms_is_said_without_a_caveat() -> None:
    assert CA_MAU.office("so-1").label == "Chi nhánh số 1"
    assert CA_MAU.office("u-minh").label == "Chi nhánh U Minh (chờ xác nhận)"


def test_the_former_city_goes_to_the_centre_and_the_former_bac_lieu_to_branch_no_1() -> None:
    assert CA_MAU.assigned("32025") == CA_MAU.centre
    assert CA_MAU.assigned("31942") == CA_MAU.office("so-1")


def test_every_sample_contact_of_an_office_at_work_is_named() -> None:
    samples = CA_MAU.sample_contacts()

    assert len(samples) == 10 * 3
    assert not [line for line in samples if line.startswith("planned")]


def test_a_commune_that_is_not_listed_is_of_unknown_difficulty_never_of_none() -> None:
    assert CA_MAU.commune("31906").in_special_difficulty is True
    assert CA_MAU.commune("32104").in_special_difficulty is None


def test_holidays_know_tet_of_both_years_and_a_make_up_saturday() -> None:
    assert CA_MAU.holidays.closed_on(date(2026, 2, 17)) is not None
    assert CA_MAU.holidays.closed_on(date(2027, 2, 4)) is not None
    assert CA_MAU.holidays.closed_on(date(2027, 2, 11)) is None
    assert CA_MAU.holidays.worked_on(date(2026, 8, 22)) is not None
    assert CA_MAU.holidays.closed_on(date(2026, 11, 23)) is None


def test_another_province_is_another_folder() -> None:
    small = load_province(SMALL)

    assert small.full_name == "tỉnh An Giang"
    assert small.centre.hours.open[0] == (time(7, 30), time(11, 30))
    assert small.office("an-minh").hours.days == (Weekday.MON, Weekday.WED)
    assert small.sample_contacts() == ("an-minh (Chi nhánh số 2): address is a sample",)
    assert small.blanks()["centre"] == "Trung tâm Trợ giúp pháp lý nhà nước tỉnh An Giang"


@pytest.mark.parametrize(
    ("name", "old", "new", "line", "reason"),
    [
        ("assignment.yaml", '"91003": an-minh', '"91003": so-9', 6, "'so-9', no office here"),
        ("assignment.yaml", '  "91003": an-minh\n', "", 3, "no office serves xã Vân Khánh"),
        ("assignment.yaml", '"91003"', '"91004"', 6, "91004 is no commune here"),
        ("communes.yaml", '"91003"', '"91002"', 3, "91002 stands here twice"),
        ("communes.yaml", "special_difficulty: true", "special_difficulty: false", 3, "True"),
        ("communes.yaml", "lat: 9.56", "lat: 95.6", 3, "lat"),
        ("old-units.yaml", "district: rach-gia", "district: ha-tien", 1, "no district 'ha-tien'"),
        ("old-units.yaml", '["91001"]', '["91009"]', 1, "became 91009, no commune here"),
        ("old-units.yaml", '["91001"]', "[]", 1, "became"),
        ("districts.yaml", "province: Kiên Giang,", "province: Hậu Giang,", 1, "no former"),
        ("province.yaml", "communes: 3", "communes: 64", 9, "says 64, the files hold 3"),
        ("province.yaml", "name: An Giang", "name: An Gian", 3, "Vietnam has no province An Gian"),
        ("offices.yaml", "kind: centre", "kind: branch", None, "one office of the kind centre"),
        ("offices.yaml", 'seat: {commune: "91002"}', 'seat: {commune: "90000"}', 22, "sits in"),
        ("offices.yaml", "07:30-11:30", "11:30-07:30", 9, "closes before it opens"),
        ("offices.yaml", "phone:", "fone:", 1, "phone: Field required"),
        ("landmarks.yaml", "91001", "91008", 1, "Hòn Tre Lớn lies in 91008"),
        ("holidays.yaml", "closed:", "worked: [{day: 2026-09-02, name: x}]\nclosed:", 3, "twice"),
        ("holidays.yaml", "closed:", "worked: [{day: 2026-09-01, name: x}]\nclosed:", 1, "anyway"),
        ("holidays.yaml", "years: [2026]", "years: [2027]", 2, "2026 is not under years"),
        ("holidays.yaml", "years: [2026]\n", "", 1, "years"),
        ("offices.yaml", '"07:30-11:30", "13', '"07:30-11:30", "10', 9, "it closed at 11:30"),
        ("offices.yaml", "days: [mon, wed]", "days: []", 20, "days"),
        ("offices.yaml", "register_code: CN2", "register_code: TT", 15, "TT stands here twice"),
    ],
)  # fmt: skip
def test_a_file_that_does_not_fit_is_refused_with_its_line(
    tmp_path: Path, name: str, old: str, new: str, line: int | None, reason: str
) -> None:
    error = refusal(edited(tmp_path, name, old, new))

    assert error.path.name == name
    assert reason in error.reason
    assert error.line == line


def test_a_province_that_is_not_shipped_is_refused_with_those_that_are() -> None:
    with pytest.raises(DataFileError, match="no province folder \\(shipped: ca-mau\\)"):
        load_province("can-tho")
