"""Which office is responsible, by which rule, and that rule in words."""

import json
import os
import subprocess
import sys
from dataclasses import replace
from pathlib import Path

import pytest

from cases.offices import Staffing, by_distance, receiving
from cases.places import ELSEWHERE, Gazetteer, PlaceReading
from cases.province import Assignment, RoutingRules, TravelTimes, load_province
from cases.routing import Need, Rule, in_words, route
from knowledge.article import FieldId

CA_MAU = load_province("ca-mau")
SMALL = load_province(Path(__file__).parent.parent / "provinces" / "an-giang-nho")
GAZETTEER = Gazetteer(CA_MAU)
EVERYBODY = frozenset(office.id for office in CA_MAU.offices)


def test_the_table_decides_and_the_reason_says_what_is_not_confirmed_yet() -> None:
    routing = route("32104", CA_MAU)

    assert (routing.rule, routing.office) == (Rule.ASSIGNED, "tran-van-thoi")
    assert in_words(routing.reason) == "Chi nhánh Trần Văn Thời (chờ xác nhận) phụ trách xã Đá Bạc."


def test_communes_of_the_former_city_go_to_the_centre() -> None:
    assert route(GAZETTEER.read("p5 cm"), CA_MAU).office == "centre"


def test_a_split_commune_with_several_offices_is_asked_about() -> None:
    routing = route(GAZETTEER.read("xã Lợi An"), CA_MAU)

    assert (routing.rule, routing.office) == (Rule.ASK, None)
    assert set(routing.possible) == {"centre", "tran-van-thoi", "cai-nuoc"}


def test_an_open_commune_does_not_hold_up_the_office_when_all_go_to_the_same() -> None:
    routing = route(GAZETTEER.read("tạ an khương"), CA_MAU)

    assert (routing.rule, routing.office, routing.commune) == (Rule.ASSIGNED, "dam-doi", None)
    assert "xã Đầm Dơi, xã Tạ An Khương" in in_words(routing.reason)


def test_a_branch_with_nobody_able_is_never_routed_to_and_the_reason_says_so() -> None:
    routing = route("32104", CA_MAU, able=EVERYBODY - {"tran-van-thoi"})

    assert (routing.rule, routing.office) == (Rule.CENTRE_FALLBACK, "centre")
    assert in_words(routing.reason) == (
        "Chi nhánh Trần Văn Thời (chờ xác nhận) phụ trách xã Đá Bạc nhưng hiện chưa có cán bộ "
        "tiếp nhận, nên Trung tâm Trợ giúp pháp lý nhà nước tỉnh Cà Mau nhận thay."
    )


def test_a_planned_branch_is_never_routed_to_even_when_the_table_names_it() -> None:
    table = {**CA_MAU.assignment.communes, "32104": "planned-1"}
    assignment = Assignment(verified=True, basis="thử", communes=table)
    province = CA_MAU.model_copy(update={"assignment": assignment})

    assert route("32104", province).office == "centre"


def test_where_the_table_is_silent_the_nearest_office_is_found() -> None:
    table = {code: one for code, one in CA_MAU.assignment.communes.items() if code != "32098"}
    assignment = Assignment(verified=True, basis="thử", communes=table)
    province = CA_MAU.model_copy(update={"assignment": assignment})

    routing = route("32098", province)

    assert (routing.rule, routing.office) == (Rule.NEAREST, "tran-van-thoi")
    assert "khoảng 12 km" in in_words(routing.reason)


def test_with_neither_branch_nor_centre_able_the_nearest_able_office_is_found() -> None:
    routing = route("32104", CA_MAU, able=frozenset({"cai-nuoc", "so-1"}))

    assert (routing.rule, routing.office) == (Rule.NEAREST, "cai-nuoc")


def test_with_nobody_able_anywhere_the_centre_still_takes_the_request_in() -> None:
    branch = route("32104", CA_MAU, able=frozenset())
    city = route("32025", CA_MAU, able=frozenset())

    assert (branch.rule, branch.office) == (Rule.CENTRE_FALLBACK, "centre")
    assert (city.rule, city.office) == (Rule.CENTRE_FALLBACK, "centre")
    assert "chưa có cán bộ trực" in in_words(city.reason)


def test_a_nearer_office_is_told_with_both_distances_and_does_not_decide() -> None:
    routing = route("32059", CA_MAU)

    assert routing.office == "u-minh"
    assert routing.nearer is not None
    assert routing.nearer.office == "thoi-binh"
    assert routing.nearer.km < routing.nearer.responsible_km


def test_a_pin_measures_from_where_the_citizen_is() -> None:
    at_the_branch = (9.46584, 104.974)

    assert route("32059", CA_MAU, pin=at_the_branch).nearer is None


def test_an_office_without_officers_is_not_offered_as_nearer() -> None:
    assert route("32059", CA_MAU, able=frozenset({"ngoc-hien", "u-minh"})).nearer is None


@pytest.mark.parametrize(
    ("outside", "said"),
    [
        ("Cần Thơ", "thành phố Cần Thơ phụ trách"),
        ("Campuchia", "Nơi này ở Campuchia"),
        (ELSEWHERE, "Trung tâm Trợ giúp pháp lý nhà nước ở nơi đó"),
    ],
)
def test_outside_the_province_the_centre_there_is_told(outside: str, said: str) -> None:
    routing = route(PlaceReading(outside=outside), CA_MAU)

    assert (routing.rule, routing.office) == (Rule.OUTSIDE, None)
    assert said in in_words(routing.reason)


def test_no_place_is_asked_for() -> None:
    routing = route(PlaceReading(), CA_MAU)

    assert (routing.rule, routing.office) == (Rule.ASK, None)
    assert in_words(routing.reason) == "Cần hỏi lại vì chưa rõ là xã, phường nào."


def test_every_commune_finds_an_office_that_can_receive() -> None:
    for commune in CA_MAU.communes:
        office = route(commune.code, CA_MAU).office
        assert office in {one.id for one in receiving(CA_MAU, None)}


def test_a_pin_finds_the_nearest_offices_at_once() -> None:
    nearest = by_distance(CA_MAU, 9.03, 104.86)

    assert [one.office.id for one in nearest[:2]] == ["tran-van-thoi", "cai-nuoc"]
    assert nearest[0].km == pytest.approx(11.7, abs=0.2)


def test_another_province_routes_by_its_own_table() -> None:
    routing = route(Gazetteer(SMALL).read("thi tran thu muoi mot"), SMALL)

    assert routing.office == "an-minh"
    assert in_words(routing.reason) == "Chi nhánh số 2 phụ trách xã An Minh."


def asked(*lines: str, province: str = "ca-mau") -> list[dict[str, object]]:
    """What the command answers to lines."""
    done = subprocess.run(
        [sys.executable, "-m", "cases", "route"],
        input="\n".join(lines).encode(),
        capture_output=True,
        check=True,
        env={**os.environ, "TRAM_PROVINCE": province},
    )
    return [json.loads(line) for line in done.stdout.splitlines()]


def test_the_command_answers_places_and_pins_line_by_line() -> None:
    place, pin, bad, worse = asked(
        '{"place": "xã đá bạc", "more": 1}', '{"lat": 9.03, "lon": 104.86}', '{"lat": 9}', "?"
    )

    assert (place["communes"], place["ambiguous"]) == (["32104"], False)
    assert place["office"] == "tran-van-thoi"
    assert place["reason"] == "Chi nhánh Trần Văn Thời (chờ xác nhận) phụ trách xã Đá Bạc."
    assert (pin["communes"], pin["office"]) == (["32098"], "tran-van-thoi")
    assert "must be numbers" in str(bad["error"])
    assert "error" in worse
    assert all("ms" in answer for answer in (place, pin, bad, worse))


def test_the_command_refuses_a_province_that_is_not_there_without_a_trace() -> None:
    with pytest.raises(subprocess.CalledProcessError) as caught:
        asked("{}", province="khong-co")

    assert caught.value.returncode == 2
    assert b"no province folder" in caught.value.stderr
    assert b"Traceback" not in caught.value.stderr


# --- what a request needs, and who has room ----------------------------------------------------

THERE = Staffing(able=EVERYBODY)


def test_an_office_that_is_full_passes_new_requests_to_the_nearest_with_room() -> None:
    routing = route("32104", CA_MAU, staffing=replace(THERE, full=frozenset({"tran-van-thoi"})))

    assert (routing.rule, routing.office) == (Rule.CAPACITY, "thoi-binh")
    assert in_words(routing.reason) == (
        "Chi nhánh Trần Văn Thời (chờ xác nhận) phụ trách xã Đá Bạc nhưng đang nhận đủ hồ sơ, "
        "nên Chi nhánh Thới Bình (chờ xác nhận) nhận để không phải chờ."
    )


def test_when_every_office_is_full_the_responsible_one_takes_it_after_all() -> None:
    routing = route("32104", CA_MAU, staffing=replace(THERE, full=EVERYBODY))

    assert (routing.rule, routing.office) == (Rule.ASSIGNED, "tran-van-thoi")


def test_a_citizen_who_writes_khmer_goes_where_khmer_is_spoken() -> None:
    there = replace(THERE, languages={"cai-nuoc": frozenset({"km"}), "so-1": frozenset({"km"})})

    routing = route("32104", CA_MAU, staffing=there, need=Need(language="km"))

    assert (routing.rule, routing.office) == (Rule.LANGUAGE, "cai-nuoc")
    assert "có người nói tiếng Khmer" in in_words(routing.reason)


def test_a_language_that_nobody_speaks_moves_nothing() -> None:
    routing = route("32104", CA_MAU, staffing=THERE, need=Need(language="km"))

    assert (routing.rule, routing.office) == (Rule.ASSIGNED, "tran-van-thoi")


def test_a_field_goes_to_a_specialist_only_where_the_province_asks_for_one() -> None:
    there = replace(THERE, specialisms={"cai-nuoc": frozenset({"labour"})})
    asking = CA_MAU.having(routing=RoutingRules(specialist_fields=(FieldId.LABOUR,)))
    need = Need(field="labour")

    assert route("32104", CA_MAU, staffing=there, need=need).office == "tran-van-thoi"
    routing = route("32104", asking, staffing=there, need=need)
    assert (routing.rule, routing.office) == (Rule.SPECIALISM, "cai-nuoc")


def test_a_specialist_who_is_full_still_goes_before_an_office_with_room_and_none() -> None:
    asking = CA_MAU.having(routing=RoutingRules(specialist_fields=(FieldId.LABOUR,)))
    there = replace(
        THERE, specialisms={"cai-nuoc": frozenset({"labour"})}, full=frozenset({"cai-nuoc"})
    )

    assert route("32104", asking, staffing=there, need=Need(field="labour")).office == "cai-nuoc"


def test_the_citizen_may_choose_the_nearer_office_and_the_reason_names_both() -> None:
    routing = route("32059", CA_MAU, chosen="thoi-binh")

    assert (routing.rule, routing.office) == (Rule.CHOSEN, "thoi-binh")
    assert "phụ trách" in in_words(routing.reason)
    assert "Chi nhánh U Minh" in in_words(routing.reason)


def test_an_office_that_is_not_nearer_cannot_be_chosen() -> None:
    assert route("32059", CA_MAU, chosen="ngoc-hien").office == "u-minh"


def test_travel_times_win_over_straight_lines() -> None:
    table = {code: one for code, one in CA_MAU.assignment.communes.items() if code != "32098"}
    travel = TravelTimes(
        verified=True,
        basis="thử",
        minutes={"32098": {"cai-nuoc": 20, "tran-van-thoi": 70}},
    )
    assignment = Assignment(verified=True, basis="thử", communes=table)
    province = CA_MAU.having(assignment=assignment, travel=travel)

    routing = route("32098", province)

    assert (routing.rule, routing.office) == (Rule.NEAREST, "cai-nuoc")
    assert "khoảng 20 phút đi" in in_words(routing.reason)


def test_a_nearer_office_is_told_in_minutes_where_they_are_known() -> None:
    travel = TravelTimes(
        verified=True, basis="thử", minutes={"32104": {"tran-van-thoi": 60, "u-minh": 25}}
    )

    nearer = route("32104", CA_MAU.having(travel=travel)).nearer

    assert nearer is not None
    assert (nearer.office, nearer.told, nearer.responsible_told) == (
        "u-minh", "khoảng 25 phút đi", "khoảng 60 phút đi",
    )  # fmt: skip
