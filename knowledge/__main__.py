"""The command lines of the knowledge base.

`python -m knowledge search`
    {"q"} → {"answers": [{"id", "score"}], "abstained", "field": [{"id", "score"}]}
`python -m knowledge rank --corpus FILE`
    {"q"} → {"ids": […]}, over the {"id", "text"} lines of FILE
`python -m knowledge check`
    tells what is wrong with the shipped articles (status 1), how many are drafts, which are stale
`python -m knowledge train`
    builds the models from the articles; needs scikit-learn

The first two read JSON lines from standard input and answer each by one line on standard output.
Rooms are imported only by the command that needs them, so that each starts fast. `search` reads
the shipped files, or what is published in the database that TRAM_DATABASE_URL names.
"""

import argparse
import datetime as dt
import json
import os
import sys
from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING

from store.jsonlines import Record, serve, text

if TYPE_CHECKING:
    from knowledge.search import Search

_SHOWN = 5
_RANKED = 10


def main() -> int:
    """Run one command; the exit status is 0 unless the command line or a file is wrong."""
    parser = argparse.ArgumentParser(prog="python -m knowledge", description="The knowledge base.")
    commands = parser.add_subparsers(dest="command", required=True)
    commands.add_parser("search", help="questions in, articles out")
    rank = commands.add_parser("rank", help="questions in, texts of any corpus out")
    rank.add_argument("--corpus", type=Path, required=True, help='JSON lines of {"id", "text"}')
    commands.add_parser("check", help="what is wrong with the articles, and which are stale")
    commands.add_parser("train", help="build the models from the articles")
    wanted = parser.parse_args()
    match wanted.command:
        case "search":
            serve(_searcher(), sys.stdin.buffer, sys.stdout.buffer)
        case "rank":
            try:
                ranker = _ranker(wanted.corpus)
            except (OSError, ValueError) as problem:
                print(f"{wanted.corpus}: {problem}", file=sys.stderr)
                return 2
            serve(ranker, sys.stdin.buffer, sys.stdout.buffer)
        case "check":
            return _check()
        case _:
            _train()
    return 0


def _searcher() -> Callable[[Record], Record]:
    from knowledge.library import load_library
    from knowledge.search import Search

    url = os.environ.get("TRAM_DATABASE_URL")
    search = _published(url) if url else Search(load_library())

    def answer(record: Record) -> Record:
        found = search.search(text(record, "q"), _SHOWN)
        return {
            "answers": [{"id": hit.id, "score": hit.score} for hit in found.answers],
            "abstained": found.abstained,
            "field": [{"id": one.id, "score": round(one.score, 4)} for one in found.field],
        }

    return answer


def _published(url: str) -> "Search":
    """What is published in a database. Articles are not sealed, so no key is needed."""
    from knowledge.library import load_library
    from knowledge.shelf import Shelf
    from store.clock import SystemClock
    from store.crypto import Keyring, Vault
    from store.session import Database

    database = Database(url, Vault(Keyring.fresh()), SystemClock(None))
    try:
        shelf = Shelf(load_library())
        shelf.refresh_now(database)
    finally:
        database.close_now()
    return shelf.current.search


def _ranker(corpus: Path) -> Callable[[Record], Record]:
    from knowledge.index import Index, Text

    with corpus.open("rb") as lines:
        records = [json.loads(line) for line in lines if line.strip()]
    index = Index(Text(text(record, "id"), text(record, "text")) for record in records)

    def answer(record: Record) -> Record:
        return {"ids": list(index.keys(text(record, "q"), _RANKED))}

    return answer


def _check() -> int:
    from knowledge.check import faults, summary
    from knowledge.library import load_library
    from store.clock import SystemClock
    from store.datafile import DataFileError

    try:
        library = load_library()
    except DataFileError as problem:
        print(problem, file=sys.stderr)
        return 2
    found = [f"{key}: {fault}" for key, one in library.articles.items() for fault in faults(one)]
    pretended = os.environ.get("TRAM_TODAY")
    clock = SystemClock(dt.date.fromisoformat(pretended) if pretended else None)
    print(*found, *summary(library, clock.today()), sep="\n")
    return 1 if found else 0


def _train() -> None:
    from knowledge.library import load_library
    from knowledge.training import train

    train(load_library())


if __name__ == "__main__":
    sys.exit(main())
