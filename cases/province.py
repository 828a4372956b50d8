"""The province the assistant works for: its communes, offices, working days and names.

The only module that reads `provinces/`. Everyone else is handed a frozen `Province`; `cases.atlas`
puts into it what was edited on the desk. A folder is read whole or not at all: what does not fit
together is refused with the file, the line and the reason, so that the officer who edited it can
mend it.
"""

import re
from collections import Counter
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from datetime import date, time
from enum import StrEnum
from functools import cached_property
from itertools import pairwise
from pathlib import Path
from typing import Annotated, Any, Literal, TypeVar

from pydantic import AfterValidator, BeforeValidator, Field

from knowledge.article import FieldId
from store.datafile import DataFileError, Entry, load

E = TypeVar("E", bound=Entry)
PROVINCES = Path(__file__).parent.parent / "provinces"
"""Where the shipped province folders lie, and `vietnam.yaml`, which they share."""

Code = Annotated[str, Field(pattern=r"^\d{5}$")]
"""A commune's or old unit's code in the national list of the statistics office."""
LanguageCode = Annotated[str, Field(pattern=r"^[a-z]{2,3}$")]
"""A language by its ISO 639 code: `km`."""
Latitude = Annotated[float, Field(ge=8, le=24)]
"""Degrees north, within Vietnam."""
Longitude = Annotated[float, Field(ge=102, le=118)]
"""Degrees east, within Vietnam."""


class UnitKind(StrEnum):
    """What a commune-level unit calls itself."""

    COMMUNE = "xã"
    WARD = "phường"
    TOWNSHIP = "thị trấn"
    SPECIAL_ZONE = "đặc khu"


class DistrictKind(StrEnum):
    """What a unit of the old district level called itself."""

    DISTRICT = "huyện"
    TOWN = "thị xã"
    CITY = "thành phố"


class OfficeKind(StrEnum):
    """The centre itself, or a branch of it."""

    CENTRE = "centre"
    BRANCH = "branch"


class OfficeState(StrEnum):
    """Whether anybody can be sent to an office."""

    OPEN = "open"
    CLOSED = "closed"
    """It was at work once; its old cases still name it."""
    PLANNED = "planned"


class Weekday(StrEnum):
    """Days as the office file writes them."""

    MON = "mon"
    TUE = "tue"
    WED = "wed"
    THU = "thu"
    FRI = "fri"
    SAT = "sat"
    SUN = "sun"

    @classmethod
    def of(cls, day: date) -> "Weekday":
        """The weekday of a date."""
        return tuple(cls)[day.weekday()]


class Commune(Entry):
    """A commune or ward of today."""

    code: Code
    name: str
    kind: UnitKind
    lat: Latitude
    lon: Longitude
    special_difficulty: Literal[True, "unknown"]
    """Whether it is listed as specially difficult; elsewhere unknown, as hamlets may be listed."""
    special_difficulty_verified: bool = False

    @property
    def full_name(self) -> str:
        """As it stands in the middle of a sentence: `xã Đá Bạc`."""
        return f"{self.kind} {self.name}"

    @property
    def in_special_difficulty(self) -> bool | None:
        """True, or None: never False, because single hamlets may be listed."""
        return True if self.special_difficulty is True else None


class District(Entry):
    """A unit of the old district level, which people still write."""

    id: str
    name: str
    kind: DistrictKind
    province: str
    short: tuple[str, ...] = ()

    @property
    def full_name(self) -> str:
        """As it stands in the middle of a sentence: `huyện U Minh`."""
        return f"{self.kind} {self.name}"


class OldUnit(Entry):
    """A commune, ward or township of before; split when it `became` more than one commune."""

    code: Code
    name: str
    kind: UnitKind
    district: str
    lat: Latitude
    lon: Longitude
    became: Annotated[tuple[Code, ...], Field(min_length=1)]

    @property
    def full_name(self) -> str:
        """As it stands in the middle of a sentence: `thị trấn Sông Đốc`, `phường 5`."""
        return f"{self.kind} {self.name}"

    @property
    def split(self) -> bool:
        """Whether a citizen from here must be asked which part."""
        return len(self.became) > 1


class Landmark(Entry):
    """An island, a point, a market: a name that is no commune's."""

    name: str
    also: tuple[str, ...] = ()
    communes: Annotated[tuple[Code, ...], Field(min_length=1)]
    lat: Latitude | None = None
    lon: Longitude | None = None
    verified: bool = False


class Neighbour(Entry):
    """A commune of another province, near enough to tell that a pin lies there."""

    province: str
    name: str
    kind: UnitKind
    lat: Latitude
    lon: Longitude


class FormerProvince(Entry):
    """A province of before 1 July 2025, with towns and districts people name by themselves."""

    name: str
    also: tuple[str, ...] = ()
    towns: tuple[str, ...] = ()


class OtherProvince(Entry):
    """A province of today, and what it was made of."""

    name: str
    kind: Literal["tỉnh", "thành phố"]
    was: tuple[FormerProvince, ...]

    @property
    def full_name(self) -> str:
        """As it stands in the middle of a sentence: `tỉnh An Giang`."""
        return f"{self.kind} {self.name}"


class Vietnam(Entry):
    """All provinces, and the countries people name."""

    provinces: tuple[OtherProvince, ...]
    abroad: tuple[str, ...]


class Stated(Entry):
    """Something said of an office: whether it was checked, and whether it is only a sample."""

    value: str
    verified: bool = False
    sample: bool = False


class Existence(Entry):
    """Whether a source confirms that an office is there."""

    verified: bool
    source: str | None = None


def _span(written: object) -> object:
    if isinstance(written, str) and written.count("-") == 1:
        begin, end = (time.fromisoformat(part.strip()) for part in written.split("-"))
        if begin >= end:
            raise ValueError("closes before it opens")
        return begin, end
    return written


Span = Annotated[tuple[time, time], BeforeValidator(_span)]
"""Written `07:00-11:00`, in the province's own time."""


def _in_order(spans: tuple[Span, ...]) -> tuple[Span, ...]:
    """An hour written twice would be counted twice."""
    for (_, closes), (opens, _) in pairwise(spans):
        if opens < closes:
            raise ValueError(f"opens at {opens:%H:%M}, before it closed at {closes:%H:%M}")
    return spans


class Hours(Entry):
    """When an office receives people, in Vietnam's time; public holidays come on top."""

    days: Annotated[tuple[Weekday, ...], Field(min_length=1)]
    open: Annotated[tuple[Span, ...], Field(min_length=1), AfterValidator(_in_order)]
    verified: bool = False
    sample: bool = False


class Seat(Entry):
    """Roughly where an office is: a commune, or a point of its own once it is known."""

    commune: Code
    lat: Latitude | None = None
    lon: Longitude | None = None
    verified: bool = False


class Office(Entry):
    """An office a citizen can be sent to (published facts: Decree 144/2017/NĐ-CP, Art. 7.4)."""

    id: Annotated[str, Field(pattern=r"^[a-z0-9-]+$")]
    name: str
    kind: OfficeKind
    register_code: Annotated[str, Field(pattern=r"^[A-Z][A-Z0-9]{1,11}$")]
    """In the codes of accepted cases: `TT`, `CN1` (Circular 12/2018/TT-BTP, Art. 11 clause 1)."""
    state: OfficeState
    exists: Existence
    address: Stated
    phone: Stated
    hours: Hours
    area: Stated
    seat: Seat | None = None
    capacity: Annotated[int, Field(ge=1, le=10_000)] | None = None
    """From so many open cases on, new ones go to the next office; None: no limit."""
    languages: tuple[LanguageCode, ...] = ()
    """Languages other than Vietnamese for which the office finds an interpreter."""
    specialisms: tuple[FieldId, ...] = ()
    """Fields for which the office is the one to ask, whoever of it is at work."""

    @property
    def active(self) -> bool:
        """Whether it is at work; any other is never routed to."""
        return self.state is OfficeState.OPEN

    @property
    def label(self) -> str:
        """The name as a citizen is told it; an unconfirmed office is said to be one."""
        return self.name if self.exists.verified else f"{self.name} (chờ xác nhận)"


class Assignment(Entry):
    """Which office serves which commune."""

    verified: bool
    basis: str
    communes: dict[Code, str]


class Area(Entry):
    """A line of the table as it is edited: which office serves one commune."""

    office: str
    verified: bool = False
    basis: str = ""


class Day(Entry):
    """One day that the calendar treats otherwise than its weekday would."""

    day: date
    name: str
    verified: bool = False


class DayOff(Day):
    """A line of the calendar as it is edited: a holiday, or a weekend day worked in exchange."""

    worked: bool = False


class FullYear(Entry):
    """A year whose days stand in the calendar whole."""

    year: Annotated[int, Field(ge=2020, le=2100)]


class Holidays(Entry):
    """Public holidays that fall on working days, and weekend days worked in exchange."""

    years: tuple[int, ...]
    """The years that stand here whole; of any other only the weekends are known."""
    closed: tuple[Day, ...]
    worked: tuple[Day, ...] = ()

    def closed_on(self, day: date) -> Day | None:
        """The holiday of that day, or None."""
        return next((entry for entry in self.closed if entry.day == day), None)

    def worked_on(self, day: date) -> Day | None:
        """The make-up day on that day, or None."""
        return next((entry for entry in self.worked if entry.day == day), None)


class RoutingRules(Entry):
    """`routing.yaml`: what overrides the table of areas."""

    specialist_fields: tuple[FieldId, ...] = ()
    """Fields that only an office with a specialist takes, when there is one at work anywhere."""


class TravelTimes(Entry):
    """`travel-times.yaml`: how long people are on their way, where a straight line says little."""

    verified: bool
    basis: str
    minutes: dict[Code, dict[str, Annotated[int, Field(ge=0, le=1440)]]]
    """From a commune to offices by their id."""


class Hotline(Entry):
    """A number the citizen may be told."""

    id: str
    number: str
    name: str
    hours: str
    free: bool
    verified: bool
    source: str | None = None


class Formation(Entry):
    """Since when the province is what it is, and by which law."""

    day: date
    law: str


class Counts(Entry):
    """How many of each the files must hold: a line lost while editing is noticed."""

    communes: int
    wards: int
    old_units: int
    districts: int


class About(Entry):
    """`province.yaml`."""

    code: str
    name: str
    kind: Literal["tỉnh", "thành phố"]
    formed: Formation
    former_provinces: tuple[str, ...]
    centre: str
    justice_department: str
    counts: Counts
    hotlines: tuple[Hotline, ...]
    everyday_names: tuple[str, ...] = ()
    """Place names that are also ordinary words or people's names."""


class Province(Entry):
    """One province, complete and checked."""

    id: str
    about: About
    districts: tuple[District, ...]
    communes: tuple[Commune, ...]
    old_units: tuple[OldUnit, ...]
    landmarks: tuple[Landmark, ...]
    neighbours: tuple[Neighbour, ...]
    offices: tuple[Office, ...]
    assignment: Assignment
    holidays: Holidays
    vietnam: Vietnam
    routing: RoutingRules = RoutingRules()
    travel: TravelTimes | None = None
    forms: Mapping[str, bytes] = Field(default={}, repr=False)
    """Templates of its own for `cases.documents`, by file name; without one, ours stands in."""

    def having(self, **changes: Any) -> "Province":
        """The same with other offices, areas or days; nothing worked out before is carried along.

        Raises:
            pydantic.ValidationError: a change is not of its kind.
        """
        kept = {name: getattr(self, name) for name in type(self).model_fields}
        return Province(**kept | changes)

    @property
    def name(self) -> str:
        """`Cà Mau`."""
        return self.about.name

    @property
    def full_name(self) -> str:
        """As it stands in the middle of a sentence: `tỉnh Cà Mau`."""
        return f"{self.about.kind} {self.about.name}"

    @property
    def hotlines(self) -> tuple[Hotline, ...]:
        """National numbers, in the order of the file."""
        return self.about.hotlines

    @cached_property
    def centre(self) -> Office:
        """The centre itself: every folder has exactly one."""
        return next(office for office in self.offices if office.kind is OfficeKind.CENTRE)

    @cached_property
    def _communes(self) -> Mapping[str, Commune]:
        return {commune.code: commune for commune in self.communes}

    @cached_property
    def _offices(self) -> Mapping[str, Office]:
        return {office.id: office for office in self.offices}

    def commune(self, code: str) -> Commune:
        """The commune with this code. KeyError: the province has none."""
        return self._communes[code]

    def office(self, office_id: str) -> Office:
        """The office with this id. KeyError: the province has none."""
        return self._offices[office_id]

    def label_of(self, office_id: str) -> str:
        """An office's name as it is told; the bare id for one that has left the files."""
        known = self._offices.get(office_id)
        return known.label if known is not None else office_id

    def hotline(self, hotline_id: str) -> Hotline:
        """The hotline with this id. KeyError: the province names none."""
        for hotline in self.hotlines:
            if hotline.id == hotline_id:
                return hotline
        raise KeyError(hotline_id)

    def assigned(self, code: str) -> Office | None:
        """The office that serves a commune by the table, active or not; None: the table has none.

        A folder names one for every commune; a table edited later may not.
        """
        office_id = self.assignment.communes.get(code)
        return None if office_id is None else self.office(office_id)

    def old_units_of(self, code: str) -> tuple[OldUnit, ...]:
        """The old units whose land, whole or in part, a commune holds."""
        return tuple(unit for unit in self.old_units if code in unit.became)

    def point_of(self, office: Office) -> tuple[float, float] | None:
        """Latitude and longitude taken for an office, in degrees; None: not even its commune."""
        if office.seat is None:
            return None
        if office.seat.lat is not None and office.seat.lon is not None:
            return office.seat.lat, office.seat.lon
        commune = self.commune(office.seat.commune)
        return commune.lat, commune.lon

    def sample_contacts(self) -> tuple[str, ...]:
        """What stands in the files as a sample only, each in words; production refuses to start."""
        return tuple(
            f"{office.id} ({office.name}): {what} is a sample"
            for office in self.offices
            if office.active
            for what, stated in (
                ("address", office.address),
                ("phone", office.phone),
                ("hours", office.hours),
            )
            if stated.sample
        )

    def blanks(self) -> dict[str, str]:
        """What texts and articles may name of the province, by blank."""
        hotlines = {f"hotline_{hotline.id}": hotline.number for hotline in self.hotlines}
        return {
            "province": self.full_name,
            "province_name": self.name,
            "centre": self.about.centre,
            "justice_department": self.about.justice_department,
            **hotlines,
        }


class FaultKind(StrEnum):
    """What does not fit together in the part of a province that is also edited on the desk."""

    NO_CENTRE = "no_centre"
    SEAT = "seat"
    CODE_TWICE = "code_twice"
    AREA_COMMUNE = "area_commune"
    AREA_OFFICE = "area_office"
    UNSERVED = "unserved"
    DAY_TWICE = "day_twice"
    DAY_YEAR = "day_year"
    WORKED_WEEKDAY = "worked_weekday"
    TRAVEL = "travel"


@dataclass(frozen=True, slots=True)
class Fault:
    """One thing that does not fit."""

    kind: FaultKind
    naming: str
    """The code, id or day that it is about; as it stands in the file."""
    said: str
    """What else has to be known: a name, or what was written there."""

    @property
    def reason(self) -> str:
        """In words, for whoever edits the files."""
        return _REASONS[self.kind].format(naming=self.naming, said=self.said)


_REASONS = {
    FaultKind.NO_CENTRE: "there must be one office of the kind centre, and open",
    FaultKind.SEAT: "{said} sits in {naming}, no commune here",
    FaultKind.CODE_TWICE: "{naming} stands here twice",
    FaultKind.AREA_COMMUNE: "{naming} is no commune here",
    FaultKind.AREA_OFFICE: "{naming} is served by {said!r}, no office here",
    FaultKind.UNSERVED: "no office serves {said} ({naming})",
    FaultKind.DAY_TWICE: "{naming} stands here twice",
    FaultKind.DAY_YEAR: "{naming}: {said} is not under years",
    FaultKind.WORKED_WEEKDAY: "{naming} is worked anyway: no weekend day",
    FaultKind.TRAVEL: "{naming} is no commune or office here",
}
_FILES = (
    dict.fromkeys((FaultKind.NO_CENTRE, FaultKind.SEAT, FaultKind.CODE_TWICE), "offices.yaml")
    | dict.fromkeys(
        (FaultKind.AREA_COMMUNE, FaultKind.AREA_OFFICE, FaultKind.UNSERVED), "assignment.yaml"
    )
    | dict.fromkeys(
        (FaultKind.DAY_TWICE, FaultKind.DAY_YEAR, FaultKind.WORKED_WEEKDAY), "holidays.yaml"
    )
    | {FaultKind.TRAVEL: "travel-times.yaml"}
)


def faults(province: Province) -> Iterator[Fault]:
    """What does not fit together of the offices, their areas and the days."""
    communes = {commune.code: commune for commune in province.communes}
    offices = {office.id for office in province.offices}
    centres = [office for office in province.offices if office.kind is OfficeKind.CENTRE]
    if len(centres) != 1 or not centres[0].active:
        yield Fault(FaultKind.NO_CENTRE, "", "")
    for office in province.offices:
        if office.seat is not None and office.seat.commune not in communes:
            yield Fault(FaultKind.SEAT, office.seat.commune, office.id)
    for code in _twice(office.register_code for office in province.offices):
        yield Fault(FaultKind.CODE_TWICE, code, "")
    served = province.assignment.communes
    for code, office_id in served.items():
        if code not in communes:
            yield Fault(FaultKind.AREA_COMMUNE, code, "")
        if office_id not in offices:
            yield Fault(FaultKind.AREA_OFFICE, code, office_id)
    for commune in province.communes:
        if commune.code not in served:
            yield Fault(FaultKind.UNSERVED, commune.code, commune.full_name)
    if province.travel is not None:
        for code, minutes in province.travel.minutes.items():
            for name in ({code} - communes.keys()) | (minutes.keys() - offices):
                yield Fault(FaultKind.TRAVEL, name, "")
    yield from _day_faults(province.holidays)


def _day_faults(holidays: Holidays) -> Iterator[Fault]:
    entries = (*holidays.closed, *holidays.worked)
    for day in _twice(str(entry.day) for entry in entries):
        yield Fault(FaultKind.DAY_TWICE, day, "")
    for entry in entries:
        if entry.day.year not in holidays.years:
            yield Fault(FaultKind.DAY_YEAR, str(entry.day), str(entry.day.year))
    for entry in holidays.worked:
        if Weekday.of(entry.day) not in (Weekday.SAT, Weekday.SUN):
            yield Fault(FaultKind.WORKED_WEEKDAY, str(entry.day), "")


def _twice(keys: Iterable[str]) -> tuple[str, ...]:
    return tuple(key for key, times in Counter(keys).items() if times > 1)


def load_province(which: str | Path) -> Province:
    """Read a province: an id such as `ca-mau`, or a folder of one's own.

    Raises:
        DataFileError: there is no such folder, or a file of it is wrong or does not fit the others.
    """
    folder = which if isinstance(which, Path) else PROVINCES / which
    if not (folder / "province.yaml").is_file():
        known = ", ".join(sorted(path.parent.name for path in PROVINCES.glob("*/province.yaml")))
        raise DataFileError(folder, None, f"is no province folder (shipped: {known})")
    province = Province(
        id=folder.name,
        about=load(folder / "province.yaml", About),
        districts=load(folder / "districts.yaml", tuple[District, ...]),
        communes=load(folder / "communes.yaml", tuple[Commune, ...]),
        old_units=load(folder / "old-units.yaml", tuple[OldUnit, ...]),
        landmarks=load(folder / "landmarks.yaml", tuple[Landmark, ...]),
        neighbours=load(folder / "neighbours.yaml", tuple[Neighbour, ...]),
        offices=load(folder / "offices.yaml", tuple[Office, ...]),
        assignment=load(folder / "assignment.yaml", Assignment),
        holidays=load(folder / "holidays.yaml", Holidays),
        vietnam=load(PROVINCES / "vietnam.yaml", Vietnam),
        routing=_if_there(folder / "routing.yaml", RoutingRules) or RoutingRules(),
        travel=_if_there(folder / "travel-times.yaml", TravelTimes),
        forms={path.name: path.read_bytes() for path in _templates(folder)},
    )
    _check(province, folder)
    return province


def _if_there(path: Path, kind: type[E]) -> E | None:
    return load(path, kind) if path.is_file() else None


def _templates(folder: Path) -> list[Path]:
    """The files under `forms/`, but for its notes and what an open editor leaves behind."""
    files = (path for path in (folder / "forms").glob("*") if path.is_file())
    return sorted(path for path in files if path.suffix != ".md" and path.name[0] not in ".~")


def _check(province: Province, folder: Path) -> None:
    """Refuse files that are each right and don't fit together."""
    communes = _unique(folder / "communes.yaml", (one.code for one in province.communes))
    districts = _unique(folder / "districts.yaml", (one.id for one in province.districts))
    _unique(folder / "offices.yaml", (one.id for one in province.offices))
    _unique(folder / "old-units.yaml", (one.code for one in province.old_units))
    _unique(folder / "province.yaml", (one.id for one in province.hotlines))

    path = folder / "old-units.yaml"
    for unit in province.old_units:
        if unit.district not in districts:
            raise _wrong(path, unit.code, f"{unit.full_name}: no district {unit.district!r}")
        for code in unit.became:
            if code not in communes:
                raise _wrong(path, unit.code, f"{unit.full_name} became {code}, no commune here")
    for district in province.districts:
        if district.province not in province.about.former_provinces:
            reason = f"{district.full_name} lay in {district.province}, no former province of this"
            raise _wrong(folder / "districts.yaml", district.id, reason)
    for landmark in province.landmarks:
        for code in landmark.communes:
            if code not in communes:
                reason = f"{landmark.name} lies in {code}, no commune here"
                raise _wrong(folder / "landmarks.yaml", landmark.name, reason)
    _check_counts(province, folder)
    for fault in faults(province):
        path, at = folder / _FILES[fault.kind], fault.naming
        nth = 2 if fault.kind in (FaultKind.CODE_TWICE, FaultKind.DAY_TWICE) else 1
        match fault.kind:
            case FaultKind.NO_CENTRE:
                raise DataFileError(path, None, fault.reason)
            case FaultKind.UNSERVED:
                at = "communes"
        raise _wrong(path, at, fault.reason, nth)
    if province.name not in {other.name for other in province.vietnam.provinces}:
        raise _wrong(folder / "province.yaml", "name", f"Vietnam has no province {province.name}")


def _check_counts(province: Province, folder: Path) -> None:
    wards = [one for one in province.communes if one.kind is UnitKind.WARD]
    counts = province.about.counts
    for key, stated, found in (
        ("communes", counts.communes, len(province.communes)),
        ("wards", counts.wards, len(wards)),
        ("old_units", counts.old_units, len(province.old_units)),
        ("districts", counts.districts, len(province.districts)),
    ):
        if stated != found:
            reason = f"counts.{key} says {stated}, the files hold {found}"
            raise _wrong(folder / "province.yaml", "counts", reason)


def _unique(path: Path, keys: Iterable[str]) -> frozenset[str]:
    seen: set[str] = set()
    for key in keys:
        if key in seen:
            raise _wrong(path, key, f"{key} stands here twice", nth=2)
        seen.add(key)
    return frozenset(seen)


def _wrong(path: Path, naming: str, reason: str, nth: int = 1) -> DataFileError:
    """An error at the nth line that opens with or holds `naming` as a word of its own."""
    word = re.compile(rf"(?<![\w-]){re.escape(naming)}(?![\w-])")
    lines = path.read_text(encoding="utf-8").splitlines()
    found = [
        number
        for number, line in enumerate(lines, start=1)
        if word.search(line) and not line.lstrip().startswith("#")
    ]
    return DataFileError(path, found[nth - 1] if len(found) >= nth else None, reason)
