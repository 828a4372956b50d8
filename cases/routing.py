"""Which office is responsible for a citizen, by which rule, and that rule in words. Pure.

First the table of areas, then, where it is silent, the nearest office. An office that is not at
work, or has nobody able to receive, is never routed to: the centre takes over. Residence decides
here (Law 11/2017/QH14, Art. 26); that the citizen may also go where it happened, or to an office
that is nearer, is told, not decided.
"""

from collections.abc import Mapping
from collections.abc import Set as AbstractSet
from dataclasses import dataclass, field
from enum import StrEnum

from cases.offices import by_distance, receiving
from cases.places import ELSEWHERE, PlaceReading, km
from cases.province import Office, Province

NEARER_BY_KM = 3.0
"""An office counts as nearer only from this difference on: the points are rough."""


class Rule(StrEnum):
    """What decided."""

    ASSIGNED = "assigned"
    """The table says which office serves the commune."""
    NEAREST = "nearest"
    """The table says nothing, or neither the branch nor the centre can receive."""
    CENTRE_FALLBACK = "centre_fallback"
    """The responsible branch is not at work, or has nobody able to receive."""
    ASK = "ask"
    """Several offices are possible, or no place was understood: the citizen must be asked."""
    OUTSIDE = "outside"
    """The place lies in another province: its own centre is responsible (Art. 35)."""


@dataclass(frozen=True, slots=True)
class Reason:
    """Why, as a key of texts and its blanks."""

    key: str
    blanks: Mapping[str, str] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Nearer:
    """An office nearer than the responsible one, with both straight-line distances in km."""

    office: str
    km: float
    responsible_km: float


@dataclass(frozen=True, slots=True)
class Routing:
    """Where a request goes, and why."""

    rule: Rule
    reason: Reason
    office: str | None = None
    """Its id; None: the citizen must be asked, or the place lies outside."""
    commune: str | None = None
    """Its code, once there is only one."""
    possible: tuple[str, ...] = ()
    """The ids of the offices still possible when the citizen must be asked."""
    nearer: Nearer | None = None


def route(
    place: PlaceReading | str,
    province: Province,
    *,
    able: AbstractSet[str] | None = None,
    pin: tuple[float, float] | None = None,
) -> Routing:
    """The office responsible for a place (what was read of it, or a commune's code).

    `able` holds the ids of offices with an officer able to receive; None: not known, all are.
    `pin` is where the citizen is, in degrees, when they shared it; otherwise distances are taken
    from the commune's point.

    Raises:
        KeyError: the code is no commune of the province.
    """
    reading = PlaceReading(communes=(place,)) if isinstance(place, str) else place
    if not reading.communes:
        return _nowhere(reading, province)
    decided = [_decide(code, province, able) for code in reading.communes]
    if len(decided) == 1:
        return _told(decided[0], reading.communes[0], province, able, pin)
    offices = {one.office.id: one.office for one in decided}
    blanks = {"communes": ", ".join(province.commune(code).full_name for code in reading.communes)}
    if len(offices) > 1:
        return Routing(Rule.ASK, Reason("routing.ask_which", blanks), possible=tuple(offices))
    office = decided[0].office
    reason = Reason("routing.same_office", {**blanks, "office": office.label})
    return Routing(decided[0].rule, reason, office.id)


def in_words(reason: Reason) -> str:
    """The reason as a Vietnamese sentence, for officers and logs of decisions."""
    return _SENTENCES[reason.key].format_map(reason.blanks)


_SENTENCES = {
    "routing.assigned": "{office} phụ trách {commune}.",
    "routing.nearest": "{office} là nơi gần {commune} nhất có cán bộ tiếp nhận (khoảng {km} km).",
    "routing.centre_fallback": (
        "{branch} phụ trách {commune} nhưng hiện chưa có cán bộ tiếp nhận, nên {office} nhận thay."
    ),
    "routing.centre_unassigned": "Chưa có nơi nào phụ trách {commune}, nên {office} nhận.",
    "routing.centre_unmanned": (
        "{office} phụ trách {commune}; hiện chưa có cán bộ trực, yêu cầu được giữ lại để xem ngay."
    ),
    "routing.same_office": "{office} nhận yêu cầu của cả {communes}.",
    "routing.ask_which": "Cần hỏi lại vì nơi này có thể thuộc {communes}.",
    "routing.ask_where": "Cần hỏi lại vì chưa rõ là xã, phường nào.",
    "routing.outside": (
        "Nơi này không thuộc {province}; Trung tâm Trợ giúp pháp lý nhà nước của {elsewhere} "
        "phụ trách và có thể nhận hồ sơ chuyển sang."
    ),
    "routing.outside_unknown": (
        "Nơi này không thuộc {province}; Trung tâm Trợ giúp pháp lý nhà nước ở nơi đó phụ trách."
    ),
    "routing.abroad": "Nơi này ở {elsewhere}, ngoài Việt Nam; {office} sẽ hướng dẫn tiếp.",
}


def _nowhere(reading: PlaceReading, province: Province) -> Routing:
    if reading.outside is None:
        return Routing(Rule.ASK, Reason("routing.ask_where"))
    blanks = {"province": province.full_name}
    if reading.outside == ELSEWHERE:
        return Routing(Rule.OUTSIDE, Reason("routing.outside_unknown", blanks))
    for other in province.vietnam.provinces:
        if other.name == reading.outside:
            named = {**blanks, "elsewhere": other.full_name}
            return Routing(Rule.OUTSIDE, Reason("routing.outside", named))
    abroad = {"elsewhere": reading.outside, "office": province.centre.label}
    return Routing(Rule.OUTSIDE, Reason("routing.abroad", abroad))


@dataclass(frozen=True, slots=True)
class _Decided:
    """Where the requests of one commune go, and why."""

    rule: Rule
    office: Office
    reason: Reason


def _decide(code: str, province: Province, able: AbstractSet[str] | None) -> _Decided:
    commune = province.commune(code)
    at_work = receiving(province, able)
    assigned, centre = province.assigned(code), province.centre
    blanks = {"commune": commune.full_name}
    if assigned is not None and assigned in at_work:
        reason = Reason("routing.assigned", {**blanks, "office": assigned.label})
        return _Decided(Rule.ASSIGNED, assigned, reason)
    if assigned is None or centre not in at_work:
        nearest = by_distance(province, commune.lat, commune.lon, able)
        if nearest:
            away = {"office": nearest[0].office.label, "km": f"{nearest[0].km:.0f}"}
            reason = Reason("routing.nearest", {**blanks, **away})
            return _Decided(Rule.NEAREST, nearest[0].office, reason)
    # with nobody able anywhere the centre still takes it in: a request is never left nowhere
    blanks["office"] = centre.label
    if assigned is None:
        reason = Reason("routing.centre_unassigned", blanks)
    elif assigned == centre:
        reason = Reason("routing.centre_unmanned", blanks)
    else:
        reason = Reason("routing.centre_fallback", {**blanks, "branch": assigned.label})
    return _Decided(Rule.CENTRE_FALLBACK, centre, reason)


def _told(
    decided: _Decided,
    code: str,
    province: Province,
    able: AbstractSet[str] | None,
    pin: tuple[float, float] | None,
) -> Routing:
    """The decision, with the office that is clearly nearer than the responsible one, if any."""
    commune = province.commune(code)
    lat, lon = pin or (commune.lat, commune.lon)
    nearest = by_distance(province, lat, lon, able)
    point = province.point_of(decided.office)
    nearer = None
    if point is not None and nearest:
        away = km(lat, lon, *point)
        if nearest[0].km + NEARER_BY_KM < away:
            nearer = Nearer(nearest[0].office.id, round(nearest[0].km, 1), round(away, 1))
    return Routing(decided.rule, decided.reason, decided.office.id, code, nearer=nearer)
