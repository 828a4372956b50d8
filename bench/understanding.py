"""How well free text is understood: `python -m bench.understanding --data FOLDER [--noise] [-v]`.

FOLDER holds some of `danger.jsonl`, `stories.jsonl` and `faq_queries.jsonl` (one JSON object a
line, as described beside the development set), or `stories.yaml`, `tellings.yaml` and `alarms.yaml`
as in `tests/understanding/check`; what is not there is left out. `--noise` reads every
text also as `bench/noise.py` spoils it, with five seeds. Prints one table; with `-v` also what went
wrong.

A share stands in per cent with its 95 % interval (Wilson, over messages: five seeds of one message
count as one). Times are of one processor, on an idle machine.
"""

import argparse
import datetime as dt
import json
import math
import statistics
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from functools import partial
from itertools import chain
from pathlib import Path
from typing import Any

import yaml

from bench.noise import KINDS, noise
from bot.understanding.danger import DangerKind
from bot.understanding.intents import Intent
from bot.understanding.reader import Reader
from bot.understanding.understood import Understood
from cases.places import Gazetteer
from cases.province import load_province
from eligibility.facts import FactId, Facts
from eligibility.grounds import LegalAidLaw, load_law
from eligibility.screen import statuses
from knowledge.fields import load_fields
from store.datafile import Entry, load

TODAY = dt.date(2026, 11, 23)
SEEDS = (1, 2, 3, 4, 5)
_Z = 1.96

Row = dict[str, Any]


class Telling(Entry):
    """What people tell, and the facts that they tell of the person who needs help."""

    facts: Facts
    about_age: int | None = None
    """About how old that person is by their class at school, in years."""
    says: tuple[str, ...]

    def groups(self, law: LegalAidLaw) -> frozenset[str]:
        """The groups of Article 7 that these facts make."""
        facts = self.facts
        if self.about_age is not None:
            facts = facts.having(FactId.AGE, self.about_age)
        return frozenset(group.value for group in statuses(facts, TODAY, law))

    def lost(self, heard: Facts) -> bool:
        """Whether one of the facts was not heard, or heard otherwise."""
        return bool(self.facts.known().items() - heard.known().items())


def tellings(path: Path) -> tuple[Telling, ...]:
    """The tellings of a file; none when it is not there."""
    return load(path, tuple[Telling, ...]) if path.exists() else ()


Changes = Sequence[Callable[[str], str]]
"""The ways one message is spoilt; one for each seed."""


def rows(path: Path) -> list[Row]:
    """The lines of a file; none when it is not there."""
    if not path.exists():
        return []
    return [json.loads(line) for line in path.read_text(encoding="utf-8").splitlines() if line]


def share(hits: float, of: float, seeds: int) -> str:
    """`97.5% (94.1-99.0)`: hits of so many readings, with the interval over messages."""
    if not of:
        return "-"
    rate, number = hits / of, of / seeds
    middle = (rate + _Z**2 / (2 * number)) / (1 + _Z**2 / number)
    spread = math.sqrt(rate * (1 - rate) / number + _Z**2 / (4 * number**2))
    spread *= _Z / (1 + _Z**2 / number)
    low, high = max(0.0, middle - spread), min(1.0, middle + spread)
    return f"{100 * rate:.1f}% ({100 * low:.1f}-{100 * high:.1f})"


class Bench:
    def __init__(self, reader: Reader, verbose: bool) -> None:
        self.reader = reader
        self.verbose = verbose
        self.times: list[float] = []
        """Milliseconds of processor time, so that a busy machine does not count."""

    def read(self, text: str) -> Understood:
        began = time.process_time()
        understood = self.reader.read(text, TODAY)
        self.times.append(1000 * (time.process_time() - began))
        return understood

    def say(self, what: str, text: str, *more: object) -> None:
        if self.verbose:
            print(f"    {what}: {text}", *more)

    def danger(self, name: str, data: list[Row], changes: Changes) -> None:
        caught = alarms = 0
        for row, text in spoilt(data, "q", changes):
            heard = self.read(text).danger
            caught += bool(row["danger"] and heard)
            alarms += bool(not row["danger"] and heard)
            if bool(heard) != row["danger"]:
                self.say("missed" if row["danger"] else "false alarm", text)
        seeds = len(changes)
        real = seeds * sum(row["danger"] for row in data)
        print(
            f"danger {name:8} recall {share(caught, real, seeds)}"
            f"   false alarms {share(alarms, seeds * len(data) - real, seeds)}"
        )

    def stories(self, name: str, data: list[Row], changes: Changes) -> None:
        field = place = urgent = silent = 0
        right = proposed = meant = story = 0
        for row, text in spoilt(data, "text", changes):
            heard = self.read(text)
            best = heard.fields[0][0].value if heard.fields else None
            field += best in row["field"]
            if best not in row["field"]:
                self.say("field", text, best, row["field"])
            right += len(heard.groups & set(row["groups"]))
            proposed += len(heard.groups)
            meant += len(row["groups"])
            if heard.groups != set(row["groups"]):
                self.say("groups", text, sorted(heard.groups), row["groups"])
            codes = set(heard.place.communes)
            wanted = set(row["communes"])
            several = len(wanted) > 1
            fits = codes <= wanted and len(codes) > 1 if several else codes == wanted
            place += fits
            silent += several and len(codes) == 1 and not heard.place.ambiguous
            if not fits:
                self.say("place", text, sorted(codes), sorted(wanted))
            urgent += heard.urgent == row["urgent"]
            if heard.urgent != row["urgent"]:
                self.say("urgent", text, heard.urgent, heard.danger)
            story += heard.intent in (Intent.STORY, Intent.QUESTION)
            if heard.intent not in (Intent.STORY, Intent.QUESTION):
                self.say("intent", text, heard.intent)
        seeds = len(changes)
        number = seeds * len(data)
        precision = right / proposed if proposed else 1.0
        recall = right / meant if meant else 1.0
        both = 2 * precision * recall / (precision + recall) if right else 0.0
        print(
            f"story  {name:8} groups F1 {both:.3f} P {share(right, proposed, seeds)}"
            f" R {share(right, meant, seeds)}   field {share(field, number, seeds)}"
            f"   place {share(place, number, seeds)} (silently one of several {silent})"
            f"   urgent {share(urgent, number, seeds)}   told {share(story, number, seeds)}"
        )

    def groups(self, name: str, stories: Mapping[str, Sequence[str]], changes: Changes) -> None:
        """Stories by the groups they state, as their key names them."""
        right = proposed = meant = 0
        for key, texts in stories.items():
            wanted = set(key.split()) - {"none"}
            for text in (change(one) for one in texts for change in changes):
                heard = self.read(text).groups
                right += len(heard & wanted)
                proposed += len(heard)
                meant += len(wanted)
                if heard != wanted:
                    self.say("groups", text, sorted(heard), sorted(wanted))
        precision, recall = share(right, proposed, len(changes)), share(right, meant, len(changes))
        both = 2 * right / (proposed + meant) if right else 0.0
        print(f"groups {name:8} F1 {both:.3f} P {precision} R {recall}")

    def tellings(self, name: str, told: Sequence[Telling], changes: Changes) -> None:
        """What people tell by the facts in it."""
        law = load_law()
        right = proposed = meant = kept = number = 0
        for one in told:
            wanted = one.groups(law)
            for text in (change(said) for said in one.says for change in changes):
                heard = self.read(text)
                right += len(heard.groups & wanted)
                proposed += len(heard.groups)
                meant += len(wanted)
                number += 1
                kept += not one.lost(heard.facts)
                if heard.groups != wanted or one.lost(heard.facts):
                    self.say("telling", text, sorted(heard.groups), sorted(wanted), heard.facts)
        seeds = len(changes)
        both = 2 * right / (proposed + meant) if right else 0.0
        print(
            f"told   {name:8} groups F1 {both:.3f} P {share(right, proposed, seeds)}"
            f" R {share(right, meant, seeds)}   all facts {share(kept, number, seeds)}"
        )

    def alarms(self, name: str, data: Mapping[str, Any], changes: Changes) -> None:
        """Messages by what should be heard in them."""
        parts = []
        for what, right in _RIGHT.items():
            of_kinds = data.get(what, [])
            texts = of_kinds if isinstance(of_kinds, list) else [*chain(*of_kinds.values())]
            hits = 0
            for text in (change(one) for one in texts for change in changes):
                fits = right(self.read(text))
                hits += fits
                if not fits:
                    self.say(what, text)
            parts.append(f"{what} {share(hits, len(texts) * len(changes), len(changes))}")
        print(f"right  {name:8} {'   '.join(parts)}")

    def questions(self, name: str, data: list[Row], changes: Changes) -> None:
        alarms = asked = refused = 0
        inside = [row for row in data if row["id"]]
        for row, text in spoilt(data, "q", changes):
            heard = self.read(text)
            alarms += heard.danger is not None
            if heard.danger:
                self.say("alarm", text, heard.danger)
            if row["id"]:
                asked += heard.intent in (Intent.QUESTION, Intent.STORY)
                if heard.intent not in (Intent.QUESTION, Intent.STORY):
                    self.say("intent", text, heard.intent)
            else:
                refused += heard.intent not in (Intent.QUESTION, Intent.STORY)
                if heard.intent in (Intent.QUESTION, Intent.STORY):
                    self.say("not refused", text, heard.intent)
        seeds = len(changes)
        outside = len(data) - len(inside)
        print(
            f"asked  {name:8} alarms {share(alarms, seeds * len(data), seeds)}"
            f"   question or story {share(asked, seeds * len(inside), seeds)}"
            f"   out of scope {share(refused, seeds * outside, seeds)}"
        )


_RIGHT: Mapping[str, Callable[[Understood], bool]] = {
    "danger": lambda heard: heard.danger not in (None, DangerKind.HARMING),
    "ordinary": lambda heard: heard.danger is None,
    "perpetrator": lambda heard: heard.danger is DangerKind.HARMING,
    "urgent": lambda heard: heard.urgent,
    "not_urgent": lambda heard: not heard.urgent,
    "commercial": lambda heard: heard.facts.commercial is True,
    "not_commercial": lambda heard: heard.facts.commercial is None,
}


def sorted_by_key(path: Path) -> Mapping[str, Any]:
    """The messages of a YAML file by their key; none when it is not there."""
    if not path.exists():
        return {}
    found: Mapping[str, Any] = yaml.safe_load(path.read_text(encoding="utf-8"))
    return found


def spoilt(data: list[Row], key: str, changes: Changes) -> Iterator[tuple[Row, str]]:
    """Every message in each of the ways it is spoilt."""
    for row in data:
        for change in changes:
            yield row, change(row[key])


def changes_of(kind: str) -> Changes:
    """One way a seed; where chance has no hand in it, one is enough."""
    seeds = SEEDS if kind in _BY_CHANCE else SEEDS[:1]
    return tuple(partial(noise, kind=kind, seed=seed) for seed in seeds)


_BY_CHANCE = frozenset({"telex", "teen", "typo10", "mix"})


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--data", type=Path, required=True)
    parser.add_argument("--noise", action="store_true")
    parser.add_argument("-v", "--verbose", action="store_true")
    asked = parser.parse_args()
    reader = Reader(Gazetteer(load_province("ca-mau")), load_fields().guess, load_law())
    bench = Bench(reader, asked.verbose)
    dangers = rows(asked.data / "danger.jsonl")
    stories = rows(asked.data / "stories.jsonl")
    questions = rows(asked.data / "faq_queries.jsonl")
    stated = sorted_by_key(asked.data / "stories.yaml")
    told = tellings(asked.data / "tellings.yaml")
    alarms = sorted_by_key(asked.data / "alarms.yaml")
    for kind in KINDS if asked.noise else ("clean",):
        changes = changes_of(kind)
        if dangers:
            bench.danger(kind, dangers, changes)
        if stories:
            bench.stories(kind, stories, changes)
        if told:
            bench.tellings(kind, told, changes)
        if stated:
            bench.groups(kind, stated, changes)
        if alarms:
            bench.alarms(kind, alarms, changes)
        if questions:
            bench.questions(kind, questions, changes)
    times = sorted(bench.times)
    if times:
        print(
            f"ms     median {statistics.median(times):.2f}"
            f"   p95 {times[int(0.95 * len(times))]:.2f}   worst {times[-1]:.2f}"
        )


if __name__ == "__main__":
    main()
