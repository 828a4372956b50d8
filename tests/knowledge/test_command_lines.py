"""`python -m knowledge …` as another program calls it."""

import json
import subprocess
import sys
from pathlib import Path
from typing import Any

from knowledge.library import load_library
from knowledge.shelf import ARTICLE, seed_knowledge
from store import documents
from store.session import Database, Session


def run(lines: str, *arguments: str, **settings: str) -> tuple[list[dict[str, Any]], int]:
    done = subprocess.run(  # noqa: S603 - our own program
        [sys.executable, "-m", "knowledge", *arguments],
        input=lines.encode(),
        capture_output=True,
        check=False,
        env={"LC_ALL": "C", "PYTHONUTF8": "0", **settings},
    )
    return [json.loads(line) for line in done.stdout.decode("utf-8").splitlines()], done.returncode


def test_search_answers_each_line_and_survives_a_bad_one() -> None:
    answers, status = run('{"q": "ly hôn", "new": 1}\n[]\n{"q": "xin chào"}\n', "search")

    assert status == 0
    assert answers[0]["answers"][0]["id"].startswith("family-")
    assert answers[0]["abstained"] is False
    assert answers[0]["field"][0]["id"] == "family"
    assert "error" in answers[1]
    assert answers[2]["abstained"] is True
    assert all("ms" in answer for answer in answers)


def test_search_reads_what_is_published_when_a_database_is_named(sqlite: Database) -> None:
    library = load_library()

    def only_one(session: Session) -> None:
        seed_knowledge(session, library)
        for key in set(library.articles) - {"family-02"}:
            documents.retire(session, ARTICLE, key, by="a" * 32)

    sqlite.transact_now(only_one)
    url = sqlite.url.render_as_string()

    (answer,), status = run('{"q": "ly hôn"}\n', "search", TRAM_DATABASE_URL=url)

    assert status == 0
    assert [one["id"] for one in answer["answers"]] == ["family-02"]


def test_rank_orders_any_corpus(tmp_path: Path) -> None:
    corpus = tmp_path / "corpus.jsonl"
    corpus.write_text(
        '{"id": "x", "text": "Tranh chấp đất đai"}\n\n{"id": "y", "text": "Khai sinh"}\n',
        encoding="utf-8",
    )

    answers, status = run('{"q": "khai sinh"}\n', "rank", "--corpus", str(corpus))

    assert status == 0
    assert answers[0]["ids"] == ["y"]


def test_a_corpus_that_cannot_be_read_ends_with_status_2(tmp_path: Path) -> None:
    (tmp_path / "bad.jsonl").write_text('{"id": 5}\n', encoding="utf-8")

    assert run("", "rank", "--corpus", str(tmp_path / "none.jsonl")) == ([], 2)
    assert run("", "rank", "--corpus", str(tmp_path / "bad.jsonl")) == ([], 2)
