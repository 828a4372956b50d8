"""The province in use: seeded from its folder, edited on the desk, followed by every process.

Offices, their areas, the days off and the rules of routing are documents (ADR 8). Communes, old
names and landmarks stay files. What counts is put together from both as one frozen `Province`,
which is replaced as a whole; what does not fit together never comes into use.
"""

import logging
import threading
from collections.abc import Callable, Mapping, Sequence
from typing import TypeVar

from cases.province import (
    Area,
    Assignment,
    Day,
    DayOff,
    Fault,
    FullYear,
    Holidays,
    Office,
    Province,
    RoutingRules,
    faults,
)
from store import documents
from store.clock import SystemClock
from store.crypto import Keyring, Vault
from store.datafile import Entry
from store.documents import Version
from store.following import follow_documents
from store.session import Database, Session

log = logging.getLogger(__name__)
T = TypeVar("T")

OFFICE = "office"
AREA = "area"
"""Which office serves a commune; the key is the commune's code."""
DAY = "day"
"""A day off, or one worked in exchange; the key is the date."""
YEAR = "year"
"""A year whose days stand there whole."""
ROUTING = "routing"
KINDS = (OFFICE, AREA, DAY, YEAR, ROUTING)

FORMS: Mapping[str, type[Entry]] = {
    OFFICE: Office,
    AREA: Area,
    DAY: DayOff,
    YEAR: FullYear,
    ROUTING: RoutingRules,
}
"""What the body of each kind is."""


class UnfitError(Exception):
    """A change that would leave the province with something that does not fit together."""

    def __init__(self, found: Sequence[Fault]) -> None:
        self.faults = tuple(found)
        super().__init__("; ".join(fault.reason for fault in found))


def body_of(entry: Entry) -> str:
    """As it is kept: what a later version of the program adds makes no difference by itself."""
    return entry.model_dump_json(exclude_defaults=True)


def bodies_of(province: Province) -> Mapping[str, Mapping[str, str]]:
    """What the documents say when nobody has edited any, by kind and key."""
    table, holidays = province.assignment, province.holidays
    days = [DayOff(**dict(one)) for one in holidays.closed]
    days += [DayOff(**dict(one), worked=True) for one in holidays.worked]
    return {
        OFFICE: {office.id: body_of(office) for office in province.offices},
        AREA: {
            code: body_of(Area(office=office, verified=table.verified, basis=table.basis))
            for code, office in table.communes.items()
        },
        DAY: {str(one.day): body_of(one) for one in days},
        YEAR: {str(year): body_of(FullYear(year=year)) for year in holidays.years},
        ROUTING: {ROUTING: body_of(province.routing)},
    }


def seed_province(session: Session, province: Province) -> int:
    """Bring the documents to what the folder says, but for what was edited on the desk."""
    bodies = bodies_of(province)
    return sum(documents.seed(session, kind, bodies[kind]) for kind in KINDS)


def mark_of(session: Session) -> tuple[int, ...]:
    """The state of the documents; grows with every change."""
    return tuple(documents.mark_of(session, kind) for kind in KINDS)


class Atlas:
    """Where a process takes its province from; `current` is replaced as a whole, never changed."""

    def __init__(self, folder: Province) -> None:
        """An atlas with what the folder says, until it is told to follow a database."""
        self._folder = folder
        self._read: dict[str, Entry] = {}
        self._mark: tuple[int, ...] = ()
        self._one_at_a_time = threading.Lock()
        self.current = folder
        self.unfit: tuple[Fault, ...] = ()
        """Why what the documents say now is not in use; an upgrade of the files brings it about."""

    def refresh(self, session: Session) -> bool:
        """Take what the documents say now, if it has changed; whether it had.

        What does not fit together (only an upgrade of the files can bring it about) is logged and
        kept as `unfit`, and what counted before goes on counting.
        """
        if mark_of(session) == self._mark:
            return False
        with self._one_at_a_time:
            mark = mark_of(session)
            if mark <= self._mark:  # marks only grow: this session sees an older state
                return False
            province = self.seen_by(session)
            self._mark = mark
            self.unfit = tuple(faults(province))
            if self.unfit:
                for fault in self.unfit:
                    log.error("the province as edited does not fit together: %s", fault.reason)
                return False
            self.current = province
            return True

    def refresh_now(self, database: Database) -> None:
        """The same from a thread without an event loop: start-up, command lines, tests."""
        database.read_now(self.refresh)

    async def follow(self, database: Database) -> None:
        """Stay with what counts, for ever."""
        await follow_documents(database, self.refresh, "the province")

    def seen_by(self, session: Session) -> Province:
        """The province as a transaction sees it, whether it fits together or not."""
        read: dict[str, Entry] = {}
        found: dict[str, list[Entry]] = {}
        areas: dict[str, Area] = {}
        for kind in KINDS:
            for version in documents.published(session, kind):
                entry = self._read.get(version.id) or entry_of(version)
                read[version.id] = entry
                found.setdefault(kind, []).append(entry)
                if isinstance(entry, Area):
                    areas[version.key] = entry
        self._read = read
        return _composed(self._folder, found, areas)


def province_of(folder: Province, url: str | None) -> Province:
    """The province as the database at `url` has it, for command lines; None: as the folder says.

    Nothing of it is sealed, so no key is needed.
    """
    if url is None:
        return folder
    database = Database(url, Vault(Keyring.fresh()), SystemClock(None))
    atlas = Atlas(folder)
    try:
        atlas.refresh_now(database)
    finally:
        database.close_now()
    return atlas.current


def entry_of(version: Version) -> Entry:
    """What a version holds."""
    return FORMS[version.kind].model_validate_json(version.body)


def _composed(
    folder: Province, found: Mapping[str, Sequence[Entry]], areas: Mapping[str, Area]
) -> Province:
    if not found:  # never seeded
        return folder
    order = {office.id: place for place, office in enumerate(folder.offices)}
    offices = [one for one in found.get(OFFICE, ()) if isinstance(one, Office)]
    offices.sort(key=lambda one: (order.get(one.id, len(order)), one.id))
    days = [one for one in found.get(DAY, ()) if isinstance(one, DayOff)]
    rules = [one for one in found.get(ROUTING, ()) if isinstance(one, RoutingRules)]
    codes = {commune.code for commune in folder.communes}
    known = {code: area for code, area in areas.items() if code in codes}
    return folder.having(
        offices=tuple(offices),
        assignment=Assignment(
            verified=all(area.verified for area in known.values()),
            basis="; ".join(dict.fromkeys(area.basis for area in known.values())),
            communes={code: area.office for code, area in known.items()},
        ),
        holidays=Holidays(
            years=tuple(one.year for one in found.get(YEAR, ()) if isinstance(one, FullYear)),
            closed=tuple(_day(one) for one in days if not one.worked),
            worked=tuple(_day(one) for one in days if one.worked),
        ),
        routing=rules[0] if rules else folder.routing,
    )


def _day(one: DayOff) -> Day:
    return Day(day=one.day, name=one.name, verified=one.verified)


def change(session: Session, atlas: Atlas, act: Callable[[], T]) -> T:
    """Do `act`, which writes documents of the province, if all fits together afterwards.

    What did not fit before may be mended piece by piece. Raise out of the transaction, so that
    nothing stays half done.

    Raises:
        UnfitError: something would not fit that did.
    """
    session.one_at_a_time("province")
    before = frozenset(faults(atlas.seen_by(session)))
    done = act()
    session.flush()
    found = [fault for fault in faults(atlas.seen_by(session)) if fault not in before]
    if found:
        raise UnfitError(found)
    return done
