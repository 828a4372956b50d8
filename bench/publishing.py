"""How long an edit takes from the button to being found, in the same process and in another.

    python -m bench.publishing [--articles 123] [--times 40] [--postgres]

A wording is added to one article after another and published. Milliseconds count from before the
publishing transaction until a search for the new wording leads to its article; the process that
publishes and one more follow the database. On a busy machine the core's own time says more.
The database is a fresh SQLite file or, with `--postgres`, a PostgreSQL started for it. Beyond our
own articles the library is made up.
"""

import argparse
import asyncio
import gc
import math
import subprocess
import sys
import tempfile
import time
from collections.abc import Awaitable, Callable
from contextlib import ExitStack
from pathlib import Path
from types import MappingProxyType

from bench.retrieval import made_library
from bench.stand import cluster
from knowledge.article import LIMITS, Article
from knowledge.fields import load_fields
from knowledge.library import Library, load_library
from knowledge.shelf import ARTICLE, Shelf, article_of, seed_knowledge
from store import documents
from store.clock import SystemClock
from store.crypto import Keyring, Vault
from store.migrate import migrate
from store.session import Database, Session
from store.wakes import Topic

_WRITER, _REVIEWER = "a" * 32, "b" * 32
_LOOK = 0.003


async def follow(url: str, told: Callable[[int, int], None], times: int) -> None:
    """Be a process that follows a database, and tell when each publication is found there."""
    database = _open(url)
    shelf = Shelf(load_library(), load_fields())
    shelf.refresh_now(database)
    tasks = _follow(database, shelf)
    told(-1, 0)
    for number in range(times):
        await _found(shelf, number)
        told(number, time.monotonic_ns())
    await _end(tasks)
    await database.close()


async def measure(url: str, articles: int, times: int) -> None:
    """Publish, one edit after another, and print how long until each was found."""
    database = _open(url)
    migrate(database)
    made = made_library(articles)
    fitting = {
        key: one.model_copy(update={"short": one.short[: LIMITS["short"]].strip()})
        for key, one in made.articles.items()
    }
    library = Library(MappingProxyType(fitting), made.laws)
    database.transact_now(lambda session: seed_knowledge(session, library))
    shelf = Shelf(_no_articles(library), load_fields())
    shelf.refresh_now(database)
    tasks = _follow(database, shelf)
    command = [sys.executable, "-m", __spec__.name, "--follow", url, "--times", str(times)]
    other = await asyncio.create_subprocess_exec(*command, stdout=subprocess.PIPE, limit=2**20)
    assert other.stdout is not None
    await other.stdout.readline()
    here, there, worked = [], [], []
    for number in range(times):
        key = sorted(library.articles)[number * articles // times]
        version = await database.transact(lambda s, k=key, n=number: _approved(s, k, n))  # type: ignore[misc]
        over = version.number - 1
        began, work = time.monotonic_ns(), time.process_time()
        await database.transact(
            lambda s, v=version, over=over: documents.publish(s, v.id, by=_REVIEWER, over=over)  # type: ignore[misc]
        )
        await _found(shelf, number)
        here.append((time.monotonic_ns() - began) / 1e6)
        worked.append((time.process_time() - work) * 1000)
        seen = (await other.stdout.readline()).split()
        assert int(seen[0]) == number
        there.append((int(seen[1]) - began) / 1e6)
    await other.wait()
    await _end(tasks)
    await database.close()
    name = "PostgreSQL" if database.on_postgres else "SQLite"
    print(f"{name}, {articles} articles, {times} publications; ms until found")
    rows = (("same process", here), ("its core's time", worked), ("another process", there))
    for what, spent in rows:
        spent.sort()
        p99 = spent[math.ceil(len(spent) * 0.99) - 1]
        print(
            f"{what:16} p50 {spent[len(spent) // 2]:6.1f}  p99 {p99:6.1f}  worst {spent[-1]:6.1f}"
        )


def _no_articles(library: Library) -> Library:
    return Library(MappingProxyType({}), library.laws)


def _open(url: str) -> Database:
    return Database(url, Vault(Keyring.fresh()), SystemClock(None))


def _follow(database: Database, shelf: Shelf) -> list[asyncio.Task[None]]:
    """As a server does it."""
    gc.freeze()
    wakes: Awaitable[None] = (
        database.wakes.listen(database.conninfo)
        if database.on_postgres
        else database.watch(Topic.DOCUMENTS)
    )
    return [asyncio.ensure_future(shelf.follow(database)), asyncio.ensure_future(wakes)]


async def _end(tasks: list[asyncio.Task[None]]) -> None:
    for task in tasks:
        task.cancel()
    await asyncio.gather(*tasks, return_exceptions=True)


async def _found(shelf: Shelf, number: int) -> None:
    before = None
    while True:
        now = shelf.current
        if now is not before:
            before = now
            for article in now.library.articles.values():
                wording = _wording(article, number)
                if wording in article.wordings:
                    assert now.search.search(wording).answers[0].id == article.id
                    return
        await asyncio.sleep(_LOOK)


def _wording(article: Article, number: int) -> str:
    return f"{article.title} (lần thử {number})"


def _approved(session: Session, key: str, number: int) -> documents.Version:
    now = documents.published_one(session, ARTICLE, key)
    assert now is not None
    article: Article = article_of(now)
    wordings = (*article.wordings, _wording(article, number))
    body = article.model_copy(update={"wordings": wordings}).model_dump_json()
    version = documents.save(session, ARTICLE, key, body, by=_WRITER, seen=0)
    documents.submit(session, version.id, by=_WRITER, seen=version.revision)
    documents.approve(session, version.id, by=_REVIEWER, seen=version.revision)
    return version


def main() -> None:
    parser = argparse.ArgumentParser(description="Measure how fast an edit is found.")
    parser.add_argument("--articles", type=int, default=123)
    parser.add_argument("--times", type=int, default=40)
    parser.add_argument("--postgres", action="store_true")
    parser.add_argument("--follow", metavar="URL", help="be the other process, on this database")
    given = parser.parse_args()
    if given.follow:
        asyncio.run(follow(given.follow, lambda *said: print(*said, flush=True), given.times))
        return
    with ExitStack() as stack:
        if given.postgres:
            url = stack.enter_context(cluster()).new("tram")
        else:
            folder = stack.enter_context(tempfile.TemporaryDirectory())
            url = f"sqlite:///{Path(folder) / 'tram.db'}"
        asyncio.run(measure(url, given.articles, given.times))


if __name__ == "__main__":
    main()
