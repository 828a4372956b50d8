"""How long the figures of 20,000 cases take on SQLite: `python -m bench.figures [--cases N]`.

All cases lie in one year, so the page over the year counts every one of them. The first look
opens every screening and counts every limit; what it found out stays in the process.
"""

import argparse
import datetime as dt
import json
import random
import tempfile
import time
from collections.abc import Callable
from pathlib import Path

import sqlalchemy as sa

from cases import figures
from cases.answers import usual_answer_time
from cases.calendar import calendar_of
from cases.life import CaseState, Outcome
from cases.limits import Form
from cases.model import Case
from cases.periods import Range, period_of
from cases.province import load_province
from cases.staff import Role, StaffMember
from cases.thread import Author, ThreadEntry
from eligibility.grounds import GroupId
from knowledge.article import FieldId
from store.base import new_id
from store.clock import SetClock
from store.crypto import Keyring, Vault
from store.events import Event
from store.migrate import migrate
from store.session import Database, Session

NOW = dt.datetime(2026, 11, 23, 5, tzinfo=dt.UTC)
HOUR = dt.timedelta(hours=1)


def fill(database: Database, number: int) -> str:
    """So many cases with their events and first answers; returns the id of one of the centre."""
    source = random.Random(7)
    province = load_province("ca-mau")
    offices = [office.id for office in province.offices if office.active]
    communes = [commune.code for commune in province.communes]

    def people(session: Session) -> dict[str, str]:
        made = {}
        for office in offices:
            role = Role.CENTRE if office == province.centre.id else Role.OFFICER
            staff = StaffMember(
                username=office,
                role=role,
                office_id=office,
                password_hash="-",  # noqa: S106 - nobody signs in with it
                active=True,
                created_at=NOW,
            )
            staff.seal(session.vault, "name", office)
            session.add(staff)
            made[office] = staff.id
        return made

    staff = database.transact_now(people)
    vault = database.vault
    begin = dt.datetime(2026, 1, 1, 1, tzinfo=dt.UTC)
    cases, events, entries = [], [], []
    for one in range(number):
        case_id, office = new_id(), source.choice(offices)
        opened = begin + (NOW - begin) * (one / number)
        claimed = opened + HOUR * source.uniform(0.2, 40)
        accepted = claimed + HOUR * source.uniform(1, 60)
        closed = accepted + HOUR * source.uniform(24, 900)
        state = CaseState.CLOSED if closed < NOW else CaseState.WAITING
        screening = {
            "outcome": "likely",
            "grounds": [
                {"id": group, "said": "người thuộc diện", "law": "Luật Trợ giúp pháp lý 2017"}
                for group in source.sample(list(GroupId), source.randint(0, 2))
            ],
            "facts": {"age": source.randint(10, 90)},
            "papers": ["giấy chứng nhận hộ nghèo", "căn cước công dân"],
        }
        sealed = vault.seal(
            "cases", "screening", case_id, json.dumps(screening, ensure_ascii=False).encode()
        )
        done = state is CaseState.CLOSED
        cases.append(
            {
                "id": case_id,
                "number": one + 1,
                "code_index": case_id,
                "pin_index": case_id,
                "channel": source.choice(["telegram", "web", "zalo_oa"]),
                "language": "vi",
                "state": state,
                "office_id": office,
                "routing_rule": "assignment",
                "routing_reason": "-",
                "commune": source.choice(communes),
                "field": source.choice([*FieldId, None]),
                "urgent": source.random() < 0.1,
                "screening": sealed,
                "holder_id": staff[office] if done else None,
                "claimed_at": claimed if done else None,
                "opened_at": opened,
                "last_word_at": opened,
                "answered_at": claimed if done else None,
                "closed_at": closed if done else None,
                "outcome": source.choice([Outcome.ADVISED, Outcome.REPRESENTED, Outcome.WITHDRAWN])
                if done
                else None,
                "form": source.choice(list(Form)) if done else None,
                "accepted_at": accepted if done else None,
                "assigned_at": accepted + HOUR * 30 if done else None,
                "advice_given_at": None,
                "in_custody": False,
                "complex": False,
            }
        )
        kinds = ["case.opened", "case.word", "case.contact"]
        kinds += ["case.claimed", "case.reply", "case.accepted", "case.closed"] if done else []
        events += [{"at": claimed, "kind": kind, "case_id": case_id} for kind in kinds]
        entries += [
            {
                "id": new_id(),
                "case_id": case_id,
                "author": author,
                "body": b"-" * 200,
                "at": at,
            }
            for author, at in ((Author.CITIZEN, opened), (Author.STAFF, claimed))
            if done or author is Author.CITIZEN
        ]

    def insert(session: Session) -> None:
        session.execute(sa.insert(Case), cases)
        session.execute(sa.insert(Event), events)
        session.execute(sa.insert(ThreadEntry), entries)

    database.transact_now(insert)
    return staff[province.centre.id]


def timed(what: str, act: Callable[[], object], times: int) -> None:
    """Print how long several runs took, in milliseconds: on the wall, and of the processor."""
    walls, cores = [], []
    for _ in range(times):
        wall, core = time.perf_counter(), time.process_time()
        act()
        walls.append(1000 * (time.perf_counter() - wall))
        cores.append(1000 * (time.process_time() - core))
    print(
        f"{what}: first {walls[0]:.0f} ms (processor {cores[0]:.0f}),"
        f" then {min(walls[1:]):.0f} ms (processor {min(cores[1:]):.0f})"
    )


def main() -> None:
    asked = argparse.ArgumentParser(description=__doc__)
    asked.add_argument("--cases", type=int, default=20_000)
    number = asked.parse_args().cases
    with tempfile.TemporaryDirectory(prefix="tram-figures-") as folder:
        database = Database(
            f"sqlite:///{Path(folder) / 'tram.db'}", Vault(Keyring.fresh()), SetClock(NOW)
        )
        migrate(database)
        staff_id = fill(database, number)
        province = load_province("ca-mau")
        calendar = calendar_of(province, "u-minh")

        def look(chosen: Range) -> Callable[[], object]:
            period = period_of(chosen, NOW.date())

            def read(session: Session) -> object:
                staff = session.get_one(StaffMember, staff_id)
                return figures.figures_of(session, staff, province, period)

            return lambda: database.read_now(read)

        timed(f"the year, {number} cases", look(Range.YEAR), 5)
        timed("the quarter", look(Range.QUARTER), 5)
        timed("the month", look(Range.MONTH), 5)
        timed(
            "usual answer time of an office",
            lambda: database.read_now(
                lambda session: usual_answer_time(session, "u-minh", calendar, NOW)
            ),
            5,
        )
        database.close_now()


if __name__ == "__main__":
    main()
