"""Which offices are near, and which can receive anybody. Pure.

Distances are straight lines from points that are only assumed so far: in a delta, where a river may
lie between, they are a hint for the citizen and never the first rule.
"""

from collections.abc import Mapping
from collections.abc import Set as AbstractSet
from dataclasses import dataclass, field

from cases.places import km
from cases.province import Office, Province


@dataclass(frozen=True, slots=True)
class Staffing:
    """What the offices can take in today, by their ids."""

    able: frozenset[str]
    """Those with an officer who can receive and is not away."""
    full: frozenset[str] = frozenset()
    """Those with as many open cases as they can hold."""
    languages: Mapping[str, frozenset[str]] = field(default_factory=dict)
    """What is spoken there beside Vietnamese."""
    specialisms: Mapping[str, frozenset[str]] = field(default_factory=dict)
    """The fields of law that somebody there is the one to ask about."""


@dataclass(frozen=True, slots=True)
class OfficeAway:
    """An office and its straight-line distance."""

    office: Office
    km: float
    minutes: int | None = None
    """On the way, where the province has a table of it."""

    @property
    def told(self) -> str:
        """How far it is, in words."""
        if self.minutes is not None:
            return f"khoảng {self.minutes} phút đi"
        return f"khoảng {self.km:.0f} km"


LANGUAGE_NAMES: Mapping[str, str] = {"km": "tiếng Khmer", "zh": "tiếng Hoa", "en": "tiếng Anh"}
"""Languages that officers or interpreters may speak beside Vietnamese."""


def receiving(province: Province, able: AbstractSet[str] | None) -> tuple[Office, ...]:
    """The active offices that have an officer able to receive.

    `able` holds their ids; None: not known, and every active office counts as able.
    """
    return tuple(
        office
        for office in province.offices
        if office.active and (able is None or office.id in able)
    )


def by_distance(
    province: Province, lat: float, lon: float, able: AbstractSet[str] | None = None
) -> tuple[OfficeAway, ...]:
    """Receiving offices whose place is assumed or known, nearest first."""
    away = (
        OfficeAway(office, km(lat, lon, *point))
        for office in receiving(province, able)
        if (point := province.point_of(office)) is not None
    )
    return tuple(sorted(away, key=lambda one: one.km))


def by_way(
    province: Province,
    commune: str,
    able: AbstractSet[str] | None = None,
    pin: tuple[float, float] | None = None,
) -> tuple[OfficeAway, ...]:
    """Receiving offices, the shortest way from a commune first.

    Where the province has a table of travel times for the commune, it counts instead of straight
    lines, and offices that it does not name come last.
    """
    place = province.commune(commune)
    found = by_distance(province, *(pin or (place.lat, place.lon)), able)
    minutes = province.travel.minutes.get(commune) if province.travel is not None else None
    if not minutes:
        return found
    timed = (OfficeAway(one.office, one.km, minutes.get(one.office.id)) for one in found)
    return tuple(sorted(timed, key=lambda one: (one.minutes is None, one.minutes or 0, one.km)))
