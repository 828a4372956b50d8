"""Command lines of the eligibility room; each reads JSON lines and answers line by line.

python -m eligibility screen    {"facts": {…}, "on": "2026-11-23", "skipped": […]}
python -m eligibility explain   the same lines, answered in Vietnamese
python -m eligibility facts     lists the facts, reads nothing
"""

import argparse
import datetime as dt
import json
import os
import sys

from pydantic import ValidationError

from eligibility.acceptance import load_acceptance_rules
from eligibility.explain import explain
from eligibility.facts import FACTS, OLDEST, FactId, Facts, Kind
from eligibility.grounds import NoLawInForce, load_law
from eligibility.papers import Paper
from eligibility.screen import screen
from eligibility.table import page
from store.clock import SystemClock
from store.jsonlines import Record, serve


def main() -> None:
    """Run one command until its input ends."""
    parser = argparse.ArgumentParser(prog="python -m eligibility")
    parser.add_argument("command", choices=("screen", "explain", "facts", "table"))
    command = parser.parse_args().command
    if command == "facts":
        json.dump(fact_list(), sys.stdout, ensure_ascii=False, indent=1)
        print()
        return
    if command == "table":
        print(page(load_law(), load_acceptance_rules()), end="")
        return
    load_law()
    answer = answer_screen if command == "screen" else answer_explain
    serve(answer, sys.stdin.buffer, sys.stdout.buffer)


def fact_list() -> list[dict[str, object]]:
    """The facts with their types and allowed values, for whoever calls `screen`."""
    listed: list[dict[str, object]] = []
    for fact in FACTS.values():
        allowed: object = [str(option) for option in fact.options]
        if fact.kind is Kind.YES_NO:
            allowed = [True, False]
        elif fact.kind is Kind.WHOLE_NUMBER:
            allowed = {"from": 0, "to": OLDEST}
        listed.append(
            {
                "id": fact.id.value,
                "type": fact.kind.value,
                "values": allowed,
                "sensitive": fact.sensitive,
                "screen_group": fact.screen_group,
                "description": fact.description,
            }
        )
    return listed


def answer_screen(record: Record) -> Record:
    """Where the person of this line stands.

    Raises:
        ValueError: a fact, the day or a skipped name is wrong, or no law was in force.
    """
    facts, on, skipped = _asked(record)
    try:
        screening = screen(facts, on, load_law(), skipped)
    except NoLawInForce as problem:
        raise ValueError(f"NoLawInForce: {problem}") from problem
    return {
        "outcome": screening.outcome.value,
        "grounds": [
            {"id": ground.id.value, "law": ground.citation, "verified": ground.verified}
            for ground in screening.grounds
        ],
        "missing": [fact.value for fact in screening.missing],
        "papers": [_paper(paper) for paper in screening.papers],
        "scope": [
            {"id": rule.id, "law": rule.citation, "effect": rule.effect.value}
            for rule in screening.scope
        ],
        "law_version": screening.law_version,
    }


def answer_explain(record: Record) -> Record:
    """Why, in Vietnamese.

    Raises:
        ValueError: a fact, the day or a skipped name is wrong, or no law was in force.
    """
    facts, on, skipped = _asked(record)
    try:
        screening = screen(facts, on, load_law(), skipped)
    except NoLawInForce as problem:
        raise ValueError(f"NoLawInForce: {problem}") from problem
    return {
        "outcome": screening.outcome.value,
        "law_version": screening.law_version,
        "why": explain(facts, on, load_law(), skipped),
    }


def _paper(paper: Paper) -> Record:
    return {
        "id": paper.id,
        "name": paper.name,
        "issued_by": paper.issued_by,
        "if_lost": paper.if_lost,
    }


def _asked(record: Record) -> tuple[Facts, dt.date, frozenset[FactId]]:
    told = record.get("facts", {})
    if not isinstance(told, dict):
        raise ValueError('"facts" is not an object')  # noqa: TRY004 - answered as an error line
    try:
        facts = Facts.model_validate(told)
    except ValidationError as problem:
        first = problem.errors(include_url=False)[0]
        raise ValueError(f"{'.'.join(map(str, first['loc']))}: {first['msg']}") from problem
    return facts, _day(record.get("on")), _skipped(record.get("skipped", []))


def _skipped(written: object) -> frozenset[FactId]:
    if not isinstance(written, list):
        raise ValueError('"skipped" is not a list')  # noqa: TRY004 - answered as an error line
    try:
        return frozenset(FactId(name) for name in written)
    except ValueError as problem:
        raise ValueError(f'"skipped": {problem}') from problem


def _day(written: object) -> dt.date:
    written = os.environ.get("TRAM_TODAY") if written is None else written
    if not written:
        return SystemClock().today()
    try:
        return dt.date.fromisoformat(str(written))
    except ValueError as problem:
        raise ValueError(f'"on" is not a day like 2026-11-23: {written!r}') from problem


if __name__ == "__main__":
    main()
