"""How fast the inbox opens: `python -m bench.desk [--cases 20000] [--rounds 40]`.

Fills a fresh SQLite database with requests of every kind, then asks the desk itself for its pages,
as a browser does, for an officer, a branch head and the centre. Printed beside two references of
the same run, because machines differ: `SELECT 1`, and the whole page over an empty database.
"""

import argparse
import asyncio
import datetime as dt
import json
import random
import resource
import statistics
import tempfile
import time
from collections.abc import Awaitable, Callable
from pathlib import Path

import httpx
import sqlalchemy as sa
from fastapi import FastAPI

from bot.texts import load_about, load_texts
from cases.alerts import AlertRow
from cases.atlas import Atlas
from cases.codes import fresh_code, fresh_pin
from cases.life import HELD, CaseState, Outcome
from cases.limits import DeadlineKind, Step
from cases.limits import Role as Told
from cases.model import Case, Pause
from cases.province import load_province
from cases.queue import code_index, pin_index
from cases.search import CaseIndex
from cases.staff import Role, StaffMember
from cases.thread import Author, Note, Seen, ThreadEntry
from cases.wordbook import Wordbook
from desk import auth
from desk.app import make_desk
from knowledge.article import FieldId
from knowledge.library import load_library
from knowledge.shelf import Shelf
from store.base import Row
from store.clock import SystemClock
from store.crypto import Keyring, Vault
from store.migrate import migrate
from store.session import Database, Session

STORIES = (
    "Gia đình tôi bị lấn ranh đất vườn, hòa giải ở ấp hai lần chưa xong, giờ phải làm sao",
    "Công ty nợ lương ba tháng rồi cho nghỉ ngang, tôi có giấy hợp đồng",
    "Chồng tôi đánh tôi hoài, tôi muốn ly hôn và nuôi hai đứa nhỏ",
    "Con tôi bị công an giữ hôm qua, cháu mới mười sáu tuổi, nhà không có tiền mướn luật sư",
    "Tôi là người khuyết tật, xã chưa duyệt tiền trợ cấp, hỏi ai cũng kêu chờ",
    "Người ta mượn tiền có giấy tay rồi bỏ đi, tôi muốn kiện đòi lại",
)
ANSWERS = (
    "Dạ chào bà con, tôi đã nhận được giấy tờ, để tôi xem rồi trả lời.",
    "Bà con mang căn cước và giấy hộ nghèo tới chi nhánh giúp tôi nhé.",
)
FAMILY = ("Nguyễn", "Trần", "Lê", "Phạm", "Huỳnh", "Danh", "Thạch", "Lâm", "Võ", "Đặng")
GIVEN = ("Tèo", "Út", "Hoa", "Liễu", "Sang", "Mai", "Phượng", "Khánh", "Nghĩa", "Thúy", "Lụa")


def fill(session: Session, cases: int, source: random.Random) -> None:
    """Requests as an office gathers them: most are done, some wait, some are being helped."""
    province, now = load_province("ca-mau"), session.clock.now()
    offices = [one for one in province.offices if one.active][:8]
    holders: dict[str, list[str]] = {}
    for office in offices:
        for number in range(5):
            role = Role.HEAD if number == 0 else Role.OFFICER
            if office.id == province.centre.id:
                role = Role.CENTRE
            name = f"{office.id}-{number}"
            staff = StaffMember(
                username=name, role=role, office_id=office.id, password_hash="", active=True,
                created_at=now,
            )  # fmt: skip
            staff.seal(session.vault, "name", f"Cán bộ {name}")
            session.add(staff)
            holders.setdefault(office.id, []).append(staff.id)
    session.flush()
    communes = [one.code for one in province.communes]
    later: list[Row] = []  # no row may come before the case it belongs to
    for number in range(1, cases + 1):
        office_id = source.choice(offices).id
        state = source.choices(list(CaseState), (8, 8, 6, 8, 70))[0]
        opened = now - dt.timedelta(minutes=source.randrange(60, 60 * 24 * 700))
        wrote = opened + dt.timedelta(hours=source.randrange(1, 90))
        answered = wrote + dt.timedelta(hours=source.choice((-1, 3)))
        code, pin = fresh_code(source), fresh_pin(source)
        closed, held = state is CaseState.CLOSED, state in HELD
        case = Case(
            number=number,
            code_index=code_index(session.vault, code),
            pin_index=pin_index(session.vault, code, pin),
            conversation_id=f"{number:032x}",
            channel="web",
            language="vi",
            office_id=office_id,
            routing_rule="assignment",
            routing_reason="Chi nhánh phụ trách xã này",
            commune=source.choice(communes),
            field=source.choice(list(FieldId)),
            urgent=source.random() < 0.05,
            state=state,
            holder_id=source.choice(holders[office_id]) if held or closed else None,
            accepted_at=wrote if state in {CaseState.ACCEPTED, CaseState.IN_PROGRESS} else None,
            opened_at=opened,
            last_word_at=wrote,
            answered_at=answered if held or closed else None,
            closed_at=wrote + dt.timedelta(days=20) if closed else None,
            outcome=Outcome.ADVISED if closed else None,
            snoozed_until=now + dt.timedelta(days=3) if held and source.random() < 0.1 else None,
        )
        facts = {"facts": {"age": source.randrange(15, 90)}, "outcome": "likely", "papers": ["x"]}
        case.seal(session.vault, "screening", json.dumps(facts))
        session.add(case)
        name = f"{source.choice(FAMILY)} Văn {source.choice(GIVEN)}"
        for text, author in (
            (f"Tôi tên {name}. {source.choice(STORIES)}", Author.CITIZEN),
            (source.choice(ANSWERS), Author.STAFF),
            (source.choice(STORIES), Author.CITIZEN),
        ):
            entry = ThreadEntry(case_id=case.id, author=author, at=wrote)
            entry.seal(session.vault, "body", text)
            later.append(entry)
        if held:
            assert case.holder_id is not None
            note = Note(case_id=case.id, staff_id=case.holder_id, at=wrote)
            note.seal(session.vault, "body", "Đã gọi, hẹn tuần sau mang giấy tờ tới")
            later.append(note)
            later.append(Seen(case_id=case.id, staff_id=case.holder_id, at=answered))
            if source.random() < 0.15:
                pause = Pause(case_id=case.id, staff_id=case.holder_id, from_at=wrote)
                pause.seal(session.vault, "reason", "chờ giấy tờ")
                later.append(pause)
            if source.random() < 0.2:
                later += [
                    AlertRow(
                        case_id=case.id,
                        key=f"advice:{told}",
                        kind=DeadlineKind.ADVICE,
                        step=Step.OVERDUE,
                        role=told,
                        at=now,
                    )
                    for told in (Told.HOLDER, Told.HEAD, Told.CENTRE)
                ]
        if number % 500 == 0 or number == cases:
            session.flush()
            session.add_all(later)
            session.flush()
            later.clear()


async def timed(rounds: int, ask: Callable[[], Awaitable[object]]) -> str:
    """Median and 95th percentile in milliseconds, and the median of this process's own work.

    The last says what a machine that does something else beside hides. One round warms up.
    """
    await ask()
    took, worked = [], []
    for _ in range(rounds):
        began, idle = time.perf_counter(), time.process_time()
        await ask()
        took.append((time.perf_counter() - began) * 1e3)
        worked.append((time.process_time() - idle) * 1e3)
    last = statistics.quantiles(took, n=20)[-1]
    return f"{statistics.median(took):7.1f} {last:7.1f} {statistics.median(worked):7.1f}"


def desk_of(folder: Path, name: str) -> tuple[Database, FastAPI]:
    database = Database(
        f"sqlite:///{folder / name}.db", Vault(Keyring.fresh()), SystemClock()
    )  # fmt: skip
    migrate(database)
    app = FastAPI(openapi_url=None)
    province = load_province("ca-mau")
    words = Wordbook(load_texts(), load_about())
    shelf = Shelf(load_library())
    app.mount("/desk", make_desk(database, Atlas(province), shelf, words, secure_cookies=False))
    return database, app


def enter(database: Database, app: FastAPI, username: str) -> httpx.AsyncClient:
    """A browser in which this person has signed in."""

    def sign_in(session: Session) -> str:
        query = sa.select(StaffMember).where(StaffMember.username == username)
        return auth.sign_in(session, session.scalars(query).one(), None)

    token = database.transact_now(sign_in)
    return httpx.AsyncClient(
        transport=httpx.ASGITransport(app),
        base_url="http://tram.test",
        cookies={"tram_desk": token},
        timeout=600,
    )


async def main(cases: int, rounds: int) -> None:
    source = random.Random(20)
    with tempfile.TemporaryDirectory() as made:
        folder = Path(made)
        full, app = desk_of(folder, "full")
        began = time.perf_counter()
        full.transact_now(lambda session: fill(session, cases, source))
        print(f"filled with {cases} cases in {time.perf_counter() - began:.0f} s")
        empty, empty_app = desk_of(folder, "empty")
        empty.transact_now(lambda session: fill(session, 0, source))

        print("                                     median     p95    work  (ms)")

        async def select_one() -> None:
            await full.read(lambda session: session.scalar(sa.select(1)))

        print(f"reference: SELECT 1                 {await timed(rounds, select_one)}")
        for username in ("centre-1", "u-minh-0", "u-minh-1"):
            for label, database, where in (("empty", empty, empty_app), ("full", full, app)):
                async with enter(database, where, username) as browser:
                    for tab in ("waiting", "urgent", "mine", "branch", "citizen", "alerts", "done"):
                        if label == "empty" and tab != "waiting":
                            continue

                        async def open_tab(
                            browser: httpx.AsyncClient = browser, tab: str = tab
                        ) -> None:
                            answer = await browser.get(f"/desk/?tab={tab}")
                            assert answer.status_code == 200, answer.status_code

                        took = await timed(rounds, open_tab)
                        print(f"{username:10} {label:6} {tab:18} {took}")
        await searches(full, app, rounds)
        await full.close()
        await empty.close()


async def searches(database: Database, app: FastAPI, rounds: int) -> None:
    """How long the memory index takes to be built, what it holds, and how fast it answers."""
    index, before, began = CaseIndex(), resident(), time.perf_counter()
    longest = 0.0
    while True:
        start = time.perf_counter()
        progress = await database.read(index.catch_up)
        longest = max(longest, time.perf_counter() - start)
        if progress.complete:
            break
    print(
        f"index of {progress.done} cases: {time.perf_counter() - began:.1f} s in all, "
        f"{longest:.2f} s the longest batch, {resident() - before:.0f} MB"
    )
    for username in ("centre-1", "u-minh-1"):
        async with enter(database, app, username) as browser:
            for query in ("nguyen van teo", "lấn ranh đất", "cong ty no luong", "0912345678"):

                async def ask(browser: httpx.AsyncClient = browser, query: str = query) -> None:
                    answer = await browser.get("/desk/search", params={"q": query})
                    assert answer.status_code == 200, answer.status_code

                while "đang xem tiếp" in (await browser.get(f"/desk/search?q={query}")).text:
                    pass
                print(f"{username:10} search {query:18} {await timed(rounds, ask)}")


def resident() -> float:
    """Memory of this process in MB."""
    pages = int(Path("/proc/self/statm").read_text("ascii").split()[1])
    return pages * resource.getpagesize() / 1e6


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--cases", type=int, default=20_000)
    parser.add_argument("--rounds", type=int, default=40)
    given = parser.parse_args()
    asyncio.run(main(given.cases, given.rounds))
