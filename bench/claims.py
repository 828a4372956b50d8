"""Many claims at once: how many cases end up with two holders, and how fast it goes.

    python -m bench.claims [--claims 10000] [--officers 20] [--url postgresql://…]

Without `--url` a fresh SQLite file is used. On PostgreSQL give an empty database.
"""

import argparse
import asyncio
import tempfile
import time
from collections import Counter
from pathlib import Path

import sqlalchemy as sa

from cases import queue
from cases.life import RefusedError
from cases.staff import Role, StaffMember
from store.audit import AuditRow
from store.clock import SystemClock
from store.crypto import Keyring, Vault
from store.migrate import migrate
from store.session import Database
from tests.cases.acting import hire, open_one

EACH = 10
"""Claims of one case at the same moment."""


async def run(database: Database, claims: int, officers: int) -> None:
    """Open the cases, claim each ten times at once, and count."""
    staff = [hire(database, f"officer{n}", Role.OFFICER, "nam-can") for n in range(officers)]
    cases = [open_one(database, conversation_id=f"talk{n}").id for n in range(claims // EACH)]
    results: Counter[str] = Counter()
    waits: list[float] = []
    gate = asyncio.Semaphore(200)

    async def claim(who: StaffMember, case_id: str) -> None:
        async with gate:
            begun = time.perf_counter()
            try:
                await database.transact(lambda s: queue.claim(s, who, case_id, "Chi nhánh"))
                results["won"] += 1
            except RefusedError as refused:
                results[refused.reason] += 1
            waits.append(time.perf_counter() - begun)

    begun = time.perf_counter()
    await asyncio.gather(
        *(
            claim(staff[(number + turn) % officers], case_id)
            for number, case_id in enumerate(cases)
            for turn in range(EACH)
        )
    )
    took = time.perf_counter() - begun
    noted = (
        sa.select(AuditRow.subject)
        .where(AuditRow.act == "case.claim")
        .group_by(AuditRow.subject)
        .having(sa.func.count() > 1)
    )
    doubles = database.read_now(lambda session: session.scalars(noted).all())
    name = "PostgreSQL" if database.on_postgres else "SQLite"
    waits.sort()
    print(
        f"{name}: {claims} claims of {len(cases)} cases by {officers} officers in {took:.1f} s"
        f" ({claims / took:.0f}/s, p99 {waits[int(len(waits) * 0.99)]:.2f} s):"
        f" {dict(results)}, {len(doubles)} doubles"
    )


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--claims", type=int, default=10_000)
    parser.add_argument("--officers", type=int, default=20)
    parser.add_argument("--url")
    given = parser.parse_args()
    with tempfile.TemporaryDirectory() as folder:
        url = given.url or f"sqlite:///{Path(folder) / 'claims.db'}"
        database = Database(url, Vault(Keyring.fresh()), SystemClock())
        migrate(database)
        asyncio.run(run(database, given.claims, given.officers))
        database.close_now()


if __name__ == "__main__":
    main()
