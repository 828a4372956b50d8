"""The command lines: JSON in, JSON out, and no bad line ends them."""

import json
import os
import resource
import subprocess
import sys
from pathlib import Path

from eligibility.acceptance import load_acceptance_rules
from eligibility.facts import FactId
from eligibility.grounds import load_law
from eligibility.table import page

ROOT = Path(__file__).parents[2]


def run(command: str, *lines: str, today: str = "2026-11-23") -> list[dict[str, object]]:
    done = subprocess.run(  # noqa: S603 - our own module
        [sys.executable, "-m", "eligibility", command],
        input="\n".join(lines).encode(),
        capture_output=True,
        check=True,
        cwd=ROOT,
        env={**os.environ, "TRAM_TODAY": today},
    )
    assert done.stderr == b""
    return [json.loads(line) for line in done.stdout.splitlines()]


def test_each_line_is_answered_and_a_bad_one_ends_nothing() -> None:
    answers = run(
        "screen",
        '{"facts": {"household": "poor", "income": 3}, "on": "2026-11-23", "extra": 1}',
        '{"facts": {"household": "rich"}}',
        "không phải JSON",
        '{"facts": []}',
        '{"facts": {}, "on": "23/11/2026"}',
        '{"facts": {}, "on": "2006-12-31"}',
        '{"facts": {}, "skipped": ["income"]}',
        '{"facts": {}, "skipped": "hiv"}',
        '{"facts": {"hiv": true, "household": "near_poor", "papers": "none"}}',
    )

    first, *bad, last = answers
    assert first["outcome"] == "likely"
    assert first["grounds"] == [
        {"id": "poor", "law": "Luật Trợ giúp pháp lý 2017, Điều 7 khoản 2", "verified": True}
    ]
    assert first["missing"] == []
    assert first["law_version"] == "11/2017/QH14@2026-01-01"
    assert all("error" in answer for answer in bad)
    assert "poor, near_poor" in str(bad[0]["error"]).replace("'", "")
    assert "NoLawInForce" in str(bad[4]["error"])
    assert last["outcome"] == "likely_papers_missing"
    assert all("ms" in answer for answer in answers)


def test_the_pretended_day_is_used_when_a_line_names_none() -> None:
    (answer,) = run("screen", '{"facts": {"age": 65}}', today="2027-01-01")

    assert answer["outcome"] == "likely"
    assert answer["law_version"] == "11/2017/QH14@2027-01-01"


def test_skipped_facts_are_taken_from_the_line() -> None:
    (answer,) = run("screen", json.dumps({"facts": {"commercial": False}, "skipped": [*FactId]}))

    assert answer["outcome"] == "unclear"


def test_why_is_told_in_vietnamese_for_both_days() -> None:
    told = {"age": 65, "household": "neither", "social_allowance": False, "merit": False}
    told |= {"ethnic_minority": False, "trafficking_victim": False}

    (answer,) = run("explain", json.dumps({"facts": told}))

    assert "Theo luật ngày 23/11/2026" in str(answer["why"])
    assert "Có vẻ không thuộc diện" in str(answer["why"])
    assert "Theo luật từ ngày 01/01/2027" in str(answer["why"])
    assert "chưa kiểm chứng được lời văn" in str(answer["why"])
    assert "Cán bộ trợ giúp pháp lý xem giấy tờ rồi mới quyết định." in str(answer["why"])


def test_contradicting_answers_and_the_next_questions_are_told() -> None:
    (answer,) = run("explain", '{"facts": {"age": 40, "social_pension": true}}')

    assert "chõi nhau" in str(answer["why"])
    assert "Nên hỏi tiếp, theo thứ tự: hộ nghèo hay cận nghèo" in str(answer["why"])


def test_the_facts_are_listed_with_types_and_values() -> None:
    done = subprocess.run(
        [sys.executable, "-m", "eligibility", "facts"], capture_output=True, check=True, cwd=ROOT
    )

    facts = {fact["id"]: fact for fact in json.loads(done.stdout)}
    assert set(facts) == set(FactId)
    assert facts["household"]["values"] == ["poor", "near_poor", "neither"]
    assert facts["age"]["values"] == {"from": 0, "to": 120}
    assert facts["hiv"]["sensitive"] is True
    assert facts["hiv"]["screen_group"] == "statuses"


def test_a_command_needs_less_than_three_seconds_of_the_processor_to_start() -> None:
    before = resource.getrusage(resource.RUSAGE_CHILDREN).ru_utime
    run("screen", "{}")

    assert resource.getrusage(resource.RUSAGE_CHILDREN).ru_utime - before < 3


def test_the_page_of_groups_in_the_docs_is_up_to_date() -> None:
    written = (ROOT / "docs" / "eligibility.md").read_text(encoding="utf-8")

    assert written == page(load_law(), load_acceptance_rules()), (
        "run: python -m eligibility table > docs/eligibility.md"
    )
