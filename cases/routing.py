"""Which office is responsible for a citizen, by which rule, and that rule in words. Pure.

First the table of areas, then, where it is silent, the nearest office. An office that is not at
work, or has nobody able to receive, is never routed to: the centre takes over. Then what the
request needs: a specialist where the province asks for one, somebody who speaks the language, room
for one more case; the nearest office that has it takes the request. Residence decides here (Law
11/2017/QH14, Art. 26); a nearer office is told, and the citizen may choose it.
"""

from collections.abc import Mapping
from collections.abc import Set as AbstractSet
from dataclasses import dataclass, field, replace
from enum import StrEnum

from cases.offices import LANGUAGE_NAMES, OfficeAway, Staffing, by_way, receiving
from cases.places import ELSEWHERE, PlaceReading
from cases.province import Office, Province

NEARER_BY_KM = 3.0
"""An office counts as nearer only from this difference on: the points are rough."""
NEARER_BY_MINUTES = 15
"""The same where the way is known in minutes."""


class Rule(StrEnum):
    """What decided."""

    ASSIGNED = "assigned"
    """The table says which office serves the commune."""
    NEAREST = "nearest"
    """The table says nothing, or neither the branch nor the centre can receive."""
    CENTRE_FALLBACK = "centre_fallback"
    """The responsible branch is not at work, or has nobody able to receive."""
    SPECIALISM = "specialism"
    """Only an office with a specialist takes this field."""
    LANGUAGE = "language"
    """The responsible office has nobody who speaks the citizen's language."""
    CAPACITY = "capacity"
    """The responsible office holds as many cases as it can."""
    CHOSEN = "chosen"
    """The citizen chose the nearer office."""
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
class Need:
    """What a request needs besides an office."""

    language: str = "vi"
    """By its ISO 639 code."""
    field: str | None = None


@dataclass(frozen=True, slots=True)
class Nearer:
    """An office nearer than the responsible one, with both straight-line distances in km."""

    office: str
    km: float
    responsible_km: float
    told: str
    """How far the nearer one is, in words: in minutes where the province knows them."""
    responsible_told: str


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
    staffing: Staffing | None = None,
    need: Need = Need(),
    pin: tuple[float, float] | None = None,
    chosen: str | None = None,
) -> Routing:
    """The office responsible for a place (what was read of it, or a commune's code).

    `able` holds the ids of offices with an officer able to receive; None: not known, all are.
    `staffing` says more than `able` and counts instead of it: who is full, speaks what, knows what.
    `chosen` is the nearer office that the citizen asked for; any other choice changes nothing.
    `pin` is where the citizen is, in degrees, when they shared it; otherwise distances are taken
    from the commune's point.

    Raises:
        KeyError: the code is no commune of the province.
    """
    reading = PlaceReading(communes=(place,)) if isinstance(place, str) else place
    if not reading.communes:
        return _nowhere(reading, province)
    at_work = able if staffing is None else staffing.able
    decided = [
        _fitting(_decide(code, province, at_work), code, province, staffing, need)
        for code in reading.communes
    ]
    if len(decided) == 1:
        told = _told(decided[0], reading.communes[0], province, at_work, pin)
        return _as_chosen(told, chosen, province)
    offices = {one.office.id: one.office for one in decided}
    blanks = {"communes": ", ".join(province.commune(code).full_name for code in reading.communes)}
    if len(offices) > 1:
        return Routing(Rule.ASK, Reason("routing.ask_which", blanks), possible=tuple(offices))
    office = decided[0].office
    reason = Reason("routing.same_office", {**blanks, "office": office.label})
    return Routing(decided[0].rule, reason, office.id)


def in_words(reason: Reason) -> str:
    """The reason as a Vietnamese sentence, for officers and logs of decisions."""
    return SENTENCES[reason.key].format_map(reason.blanks)


SENTENCES = {
    "routing.assigned": "{office} phụ trách {commune}.",
    "routing.nearest": "{office} là nơi gần {commune} nhất có cán bộ tiếp nhận ({away}).",
    "routing.centre_fallback": (
        "{branch} phụ trách {commune} nhưng hiện chưa có cán bộ tiếp nhận, nên {office} nhận thay."
    ),
    "routing.specialism": (
        "{branch} phụ trách {commune}; vụ việc này cần người chuyên lĩnh vực, nên {office} nhận."
    ),
    "routing.language": (
        "{branch} phụ trách {commune}; {office} có người nói {language}, nên {office} nhận."
    ),
    "routing.capacity": (
        "{branch} phụ trách {commune} nhưng đang nhận đủ hồ sơ, "
        "nên {office} nhận để không phải chờ."
    ),
    "routing.chosen": "Bạn chọn {office} vì gần hơn; {branch} phụ trách {commune}.",
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
"""Every reason by its key, in Vietnamese; citizens read those of one commune in bot/texts."""


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
        nearest = by_way(province, code, able)
        if nearest:
            away = {"office": nearest[0].office.label, "away": nearest[0].told}
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


def _fitting(
    decided: _Decided, code: str, province: Province, staffing: Staffing | None, need: Need
) -> _Decided:
    """The decision, or the nearest office that has what the request needs when that one lacks it.

    What nobody has is not asked for: then the request stays where it belongs.
    """
    first = decided.office
    if staffing is None:
        return decided
    pool = receiving(province, staffing.able)
    wanted: list[tuple[Rule, AbstractSet[str]]] = []
    if need.field in province.routing.specialist_fields:
        knows = {one.id for one in pool if need.field in staffing.specialisms.get(one.id, ())}
        wanted.append((Rule.SPECIALISM, knows))
    if need.language in LANGUAGE_NAMES:
        speaks = {one.id for one in pool if need.language in staffing.languages.get(one.id, ())}
        wanted.append((Rule.LANGUAGE, speaks))
    wanted.append((Rule.CAPACITY, {one.id for one in pool} - staffing.full))
    left, lacked = {one.id for one in pool}, None
    for rule, having in wanted:
        if left & having:
            left &= having
            if lacked is None and first.id not in having:
                lacked = rule
    if lacked is None or not left:
        return decided
    commune = province.commune(code).full_name
    ways = [one.office for one in by_way(province, code, left)]
    office = ways[0] if ways else province.office(min(left))
    blanks = {
        "branch": first.label,
        "commune": commune,
        "office": office.label,
        "language": LANGUAGE_NAMES.get(need.language, need.language),
    }
    return _Decided(lacked, office, Reason(f"routing.{lacked}", blanks))


def _told(
    decided: _Decided,
    code: str,
    province: Province,
    able: AbstractSet[str] | None,
    pin: tuple[float, float] | None,
) -> Routing:
    """The decision, with the office that is clearly nearer than the responsible one, if any."""
    ways = by_way(province, code, able, pin)
    here = next((one for one in ways if one.office == decided.office), None)
    moved = decided.rule in (Rule.SPECIALISM, Rule.LANGUAGE, Rule.CAPACITY)
    nearer = None
    if here is not None and not moved and _clearly_nearer(ways[0], here):
        nearer = Nearer(
            ways[0].office.id,
            round(ways[0].km, 1),
            round(here.km, 1),
            ways[0].told,
            here.told,
        )
    return Routing(decided.rule, decided.reason, decided.office.id, code, nearer=nearer)


def _clearly_nearer(one: OfficeAway, other: OfficeAway) -> bool:
    if one.minutes is not None and other.minutes is not None:
        return one.minutes + NEARER_BY_MINUTES <= other.minutes
    return one.minutes is None and one.km + NEARER_BY_KM < other.km


def _as_chosen(routing: Routing, chosen: str | None, province: Province) -> Routing:
    """The nearer office when the citizen chose it; residence makes the other one responsible."""
    nearer = routing.nearer
    if nearer is None or chosen != nearer.office or routing.office is None:
        return routing
    blanks = {
        "office": province.office(chosen).label,
        "branch": province.office(routing.office).label,
        "commune": province.commune(routing.commune or "").full_name,
    }
    return replace(
        routing, rule=Rule.CHOSEN, reason=Reason("routing.chosen", blanks), office=chosen
    )
