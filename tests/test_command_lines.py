"""The five command lines as a script meets them: JSON lines in, JSON lines out, in any locale."""

import json
import os
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

from cases.atlas import AREA, OFFICE, body_of, seed_province
from cases.province import Area, load_province
from store import documents
from store.clock import SystemClock
from store.crypto import Keyring, Vault
from store.session import Database, Session

ROOT = Path(__file__).parents[1]

BAD = ("không phải JSON", "[1, 2]", "17", "null", "", '{"q": 3, "text": 3, "facts": 3}')
"""Lines that no command can answer."""

FIELDS = {
    "criminal",
    "civil",
    "family",
    "administrative",
    "land",
    "labour",
    "merit",
    "poverty",
}


def run(
    *arguments: str, lines: tuple[str, ...] = (), **environment: str
) -> subprocess.CompletedProcess[bytes]:
    """Run a command in the plainest of locales, from another folder than the project's."""
    plain = {name: value for name, value in os.environ.items() if not name.startswith("TRAM_")}
    for name in ("PYTHONUTF8", "PYTHONIOENCODING", "LC_CTYPE"):
        plain.pop(name, None)
    return subprocess.run(  # noqa: S603 - our own modules
        [sys.executable, "-m", *arguments],
        input="".join(f"{line}\n" for line in lines).encode(),
        capture_output=True,
        check=False,
        timeout=120,
        cwd=ROOT / "docs",
        env=plain
        | {"PYTHONPATH": str(ROOT), "LANG": "C", "LC_ALL": "C", "PYTHONCOERCECLOCALE": "0"}
        | {"TRAM_TODAY": "2026-11-23"}
        | environment,
    )


def answers(*arguments: str, lines: tuple[str, ...], **environment: str) -> list[dict[str, Any]]:
    """One answer for each line, then one error for each bad line."""
    done = run(*arguments, lines=(*lines, *BAD, lines[0]), **environment)

    assert (done.returncode, done.stderr) == (0, b"")
    told = [json.loads(line) for line in done.stdout.decode("utf-8").splitlines()]
    assert len(told) == len(lines) + len(BAD) + 1
    bad, again = told[len(lines) : -1], told[-1]
    for answer in bad:
        assert set(answer) == {"error", "ms"}
        assert isinstance(answer["error"], str)
    for answer in told:
        assert isinstance(answer["ms"], float)
        assert 0 <= answer["ms"] < 60_000
    good = told[: len(lines)]
    assert all("error" not in answer for answer in good)
    assert _without_time(again) == _without_time(good[0])  # a bad line changes nothing for others
    return [_without_time(answer) for answer in good]


def _without_time(answer: dict[str, Any]) -> dict[str, Any]:
    return {key: value for key, value in answer.items() if key != "ms"}


def line(**what: object) -> str:
    return json.dumps(what | {"unknown_key": {"deep": [1]}}, ensure_ascii=False)


def test_knowledge_search_names_articles_or_abstains() -> None:
    loan, nonsense = answers(
        "knowledge",
        "search",
        lines=(line(q="vay tiền lãi suất tối đa bao nhiêu"), line(q="zzz qqq xxx")),
    )

    for answer in (loan, nonsense):
        assert set(answer) == {"answers", "abstained", "field"}
        assert len(answer["answers"]) <= 5
        for hit in answer["answers"] + answer["field"]:
            assert set(hit) == {"id", "score"}
        assert {one["id"] for one in answer["field"]} <= FIELDS
    assert loan["abstained"] is False
    assert loan["answers"][0]["id"].startswith("civil-")
    assert nonsense["abstained"] is True


def test_knowledge_rank_ranks_any_corpus(tmp_path: Path) -> None:
    corpus = tmp_path / "corpus.jsonl"
    texts = {
        "a": "Lãi suất vay do các bên thỏa thuận",
        "b": "Ly hôn và quyền nuôi con",
        "c": "Trâu đạp lúa",
    }
    corpus.write_text(
        "".join(f"{line(id=name, text=text)}\n" for name, text in texts.items()), "utf-8"
    )

    divorce, loan = answers(
        "knowledge",
        "rank",
        "--corpus",
        str(corpus),
        lines=(line(q="ly hôn ai nuôi con"), line(q="lai suat vay")),
    )

    assert set(divorce) == {"ids"}
    assert divorce["ids"][0] == "b"
    assert loan["ids"][0] == "a"
    assert len(loan["ids"]) <= 10


def test_knowledge_rank_without_its_corpus_says_which_file_is_missing() -> None:
    done = run("knowledge", "rank", "--corpus", "nowhere.jsonl")

    assert done.returncode == 2
    assert b"nowhere.jsonl" in done.stderr
    assert b"Traceback" not in done.stderr


def test_bot_understand_tells_what_a_message_says() -> None:
    beaten, calm = answers(
        "bot",
        "understand",
        lines=(
            line(text="Chồng đang đánh tôi, nhà tôi hộ nghèo ở xã Đá Bạc"),
            line(text="làm giấy khai sinh cho con cần gì"),
        ),
    )

    keys = {"field", "groups", "communes", "offices", "danger", "danger_kind", "urgent", "intent"}
    for answer in (beaten, calm):
        assert set(answer) == keys
        assert set(answer["field"]) <= FIELDS
        assert len(answer["field"]) == len(set(answer["field"]))
        assert isinstance(answer["intent"], str)
    assert (beaten["danger"], beaten["danger_kind"], beaten["urgent"]) == (True, "violence", True)
    assert {"poor", "domestic_violence"} <= set(beaten["groups"])
    assert (beaten["communes"], beaten["offices"]) == (["32104"], ["tran-van-thoi"])
    assert (calm["danger"], calm["danger_kind"], calm["urgent"]) == (False, None, False)
    assert (calm["groups"], calm["communes"], calm["offices"]) == ([], [], [])


def test_eligibility_screen_names_grounds_or_what_is_missing() -> None:
    poor, elder, nothing = answers(
        "eligibility",
        "screen",
        lines=(
            line(facts={"household": "poor", "papers": "all"}, on="2026-11-23"),
            line(facts={"age": 65, "household": "neither"}, on="2027-01-01"),
            line(facts={}),
        ),
    )

    for answer in (poor, elder, nothing):
        assert {"outcome", "grounds", "missing", "papers"} <= set(answer)
        for ground in answer["grounds"]:
            assert {"id", "law"} <= set(ground)
    assert (poor["outcome"], [ground["id"] for ground in poor["grounds"]]) == ("likely", ["poor"])
    assert nothing["outcome"] == "need_facts"
    assert nothing["missing"]


def test_eligibility_facts_are_listed_with_types_and_values() -> None:
    done = run("eligibility", "facts")

    assert (done.returncode, done.stderr) == (0, b"")
    facts = {fact["id"]: fact for fact in json.loads(done.stdout.decode("utf-8"))}
    assert facts["household"]["values"] == ["poor", "near_poor", "neither"]
    assert all({"id", "type", "values"} <= set(fact) for fact in facts.values())


def test_cases_route_names_communes_the_office_and_the_reason() -> None:
    named, pinned, unclear, nowhere = answers(
        "cases",
        "route",
        lines=(
            line(place="xã Đá Bạc"),
            line(lat=9.1769, lon=105.1524),
            line(place="Tân Lộc"),
            line(place="xyz"),
        ),
    )

    for answer in (named, pinned, unclear, nowhere):
        assert {"communes", "ambiguous", "office", "reason"} <= set(answer)
        assert isinstance(answer["ambiguous"], bool)
        assert answer["reason"]
    assert (named["communes"], named["office"]) == (["32104"], "tran-van-thoi")
    assert named["ambiguous"] is False
    assert len(pinned["communes"]) >= 1
    assert nowhere["communes"] == []


@pytest.mark.parametrize(
    "command", [("cases", "route"), ("bot", "understand"), ("bot", "conversation")]
)
def test_a_province_that_is_none_is_told_in_one_line(command: tuple[str, ...]) -> None:
    done = run(*command, TRAM_PROVINCE="atlantis")

    assert done.returncode == 2
    assert b"atlantis" in done.stderr
    assert b"Traceback" not in done.stderr


def test_an_unknown_command_is_told_with_those_there_are() -> None:
    for room in ("bot", "cases", "eligibility", "knowledge"):
        done = run(room, "dance")

        assert done.returncode == 2
        assert b"invalid choice" in done.stderr


def test_an_account_is_made_once_and_its_password_is_shown_once(tmp_path: Path) -> None:
    where = {
        "TRAM_DATABASE_URL": f"sqlite:///{tmp_path / 'tram.db'}",
        "TRAM_KEY_FILE": str(tmp_path / "keys.json"),
    }
    hire = ("bot", "add-staff", "lan", "--name", "Lan", "--role", "officer", "--office")

    made = run(*hire, "nam-can", lines=(), **where)
    again = run(*hire, "nam-can", lines=(), **where)
    nowhere = run(*hire, "sao-hoa", lines=(), **where)

    assert made.returncode == 0
    assert b"lan  " in made.stdout
    assert (again.returncode, again.stdout) == (2, b"")
    assert nowhere.returncode == 2
    assert b"nam-can" in nowhere.stderr


def test_an_office_made_on_the_desk_is_known_to_the_command_lines(tmp_path: Path) -> None:
    where = {
        "TRAM_DATABASE_URL": f"sqlite:///{tmp_path / 'tram.db'}",
        "TRAM_KEY_FILE": str(tmp_path / "keys.json"),
    }
    hire = ("--name", "Lan", "--role", "officer", "--office")
    run("bot", "add-staff", "lan", *hire, "nam-can", lines=(), **where)  # makes the database
    folder = load_province("ca-mau")
    database = Database(where["TRAM_DATABASE_URL"], Vault(Keyring.fresh()), SystemClock(None))

    def edit(session: Session) -> None:
        seed_province(session, folder)
        new = folder.office("nam-can").model_copy(update={"id": "dat-mui", "register_code": "CN99"})
        documents.put(session, OFFICE, "dat-mui", body_of(new), by="0" * 32, over=None)
        area = Area(office="dat-mui", verified=False, basis="thử")
        documents.put(session, AREA, "32104", body_of(area), by="0" * 32, over=1)

    try:
        database.transact_now(edit)
    finally:
        database.close_now()

    made = run("bot", "add-staff", "ba", *hire, "dat-mui", lines=(), **where)
    (routed,) = answers("cases", "route", lines=('{"place": "xã Đá Bạc"}',), **where)[:1]

    assert made.returncode == 0
    assert routed["office"] == "dat-mui"
