"""How well free text is understood: `python bench/understanding.py --data FOLDER [--noise] [-v]`.

FOLDER holds `danger.jsonl`, `stories.jsonl` and `faq_queries.jsonl` (one JSON object a line, as
described beside the development set) and, for `--noise`, a `noise.py` with `noise(text, kind)`.
Prints one table; with `-v` also what went wrong.
"""

import argparse
import datetime as dt
import importlib.util
import json
import statistics
import sys
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

sys.path.insert(0, str(Path(__file__).parents[1]))

from bot.understanding.intents import Intent
from bot.understanding.reader import Reader
from bot.understanding.understood import Understood
from cases.places import Gazetteer
from cases.province import load_province
from eligibility.grounds import load_law
from knowledge.article import FieldId
from knowledge.fields import FieldModel, load_fields

TODAY = dt.date(2026, 11, 23)
KINDS = ("nodia", "typo10", "teen", "nfd", "telex", "tone", "mix")
Row = dict[str, Any]


def rows(path: Path) -> list[Row]:
    return [json.loads(line) for line in path.read_text(encoding="utf-8").splitlines() if line]


def share(hits: int, of: int) -> str:
    return f"{hits}/{of} {100 * hits / of:5.1f}%" if of else "-"


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

    def danger(self, name: str, data: list[Row], change: Callable[[str], str]) -> None:
        caught = alarms = 0
        for row in data:
            heard = self.read(change(row["q"])).danger
            caught += bool(row["danger"] and heard)
            alarms += bool(not row["danger"] and heard)
            if bool(heard) != row["danger"]:
                self.say("missed" if row["danger"] else "false alarm", change(row["q"]))
        real = sum(row["danger"] for row in data)
        print(
            f"danger {name:8} recall {share(caught, real)}"
            f"   false alarms {share(alarms, len(data) - real)}"
        )

    def stories(self, name: str, data: list[Row], change: Callable[[str], str]) -> None:
        field = place = urgent = silent = 0
        right = proposed = meant = story = 0
        for row in data:
            heard = self.read(change(row["text"]))
            best = heard.fields[0][0].value if heard.fields else None
            field += best in row["field"]
            if best not in row["field"]:
                self.say("field", row["text"], best, row["field"])
            right += len(heard.groups & set(row["groups"]))
            proposed += len(heard.groups)
            meant += len(row["groups"])
            if heard.groups != set(row["groups"]):
                self.say("groups", row["text"], sorted(heard.groups), row["groups"])
            codes = set(heard.place.communes)
            wanted = set(row["communes"])
            several = len(wanted) > 1
            fits = codes <= wanted and len(codes) > 1 if several else codes == wanted
            place += fits
            silent += several and len(codes) == 1 and not heard.place.ambiguous
            if not fits:
                self.say("place", row["text"], sorted(codes), sorted(wanted))
            urgent += heard.urgent == row["urgent"]
            if heard.urgent != row["urgent"]:
                self.say("urgent", row["text"], heard.urgent, heard.danger)
            story += heard.intent in (Intent.STORY, Intent.QUESTION)
            if heard.intent not in (Intent.STORY, Intent.QUESTION):
                self.say("intent", row["text"], heard.intent)
        precision = right / proposed if proposed else 1.0
        recall = right / meant if meant else 1.0
        both = 2 * precision * recall / (precision + recall) if right else 0.0
        print(
            f"story  {name:8} groups P {precision:.3f} R {recall:.3f} F1 {both:.3f}"
            f"   field {share(field, len(data))}   place {share(place, len(data))}"
            f" (silent {silent})   urgent {share(urgent, len(data))}"
            f"   story or question {share(story, len(data))}"
        )

    def questions(self, name: str, data: list[Row], change: Callable[[str], str]) -> None:
        alarms = asked = refused = 0
        inside = [row for row in data if row["id"]]
        for row in data:
            heard = self.read(change(row["q"]))
            alarms += heard.danger is not None
            if heard.danger:
                self.say("alarm", row["q"], heard.danger)
            if row["id"]:
                asked += heard.intent in (Intent.QUESTION, Intent.STORY)
                if heard.intent not in (Intent.QUESTION, Intent.STORY):
                    self.say("intent", row["q"], heard.intent)
            else:
                refused += heard.intent not in (Intent.QUESTION, Intent.STORY)
                if heard.intent in (Intent.QUESTION, Intent.STORY):
                    self.say("not refused", row["q"], heard.intent)
        print(
            f"asked  {name:8} alarms {share(alarms, len(data))}"
            f"   question or story {share(asked, len(inside))}"
            f"   out of scope {share(refused, len(data) - len(inside))}"
        )


def fields_of(model: FieldModel) -> Callable[[str], tuple[tuple[FieldId, float], ...]]:
    return lambda text: tuple((one.id, one.score) for one in model.guess(text).fields)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--data", type=Path, required=True)
    parser.add_argument("--noise", action="store_true")
    parser.add_argument("-v", "--verbose", action="store_true")
    asked = parser.parse_args()
    reader = Reader(Gazetteer(load_province("ca-mau")), fields_of(load_fields()), load_law())
    bench = Bench(reader, asked.verbose)
    changes: dict[str, Callable[[str], str]] = {"clean": str}
    if asked.noise:
        spec = importlib.util.spec_from_file_location("noise", asked.data / "noise.py")
        assert spec
        assert spec.loader
        module = importlib.util.module_from_spec(spec)
        spec.loader.exec_module(module)
        for kind in KINDS:
            changes[kind] = lambda text, kind=kind: module.noise(text, kind, 1)  # type: ignore[misc]
    for name, change in changes.items():
        bench.danger(name, rows(asked.data / "danger.jsonl"), change)
        bench.stories(name, rows(asked.data / "stories.jsonl"), change)
        bench.questions(name, rows(asked.data / "faq_queries.jsonl"), change)
    times = sorted(bench.times)
    print(
        f"ms     median {statistics.median(times):.2f}"
        f"   p95 {times[int(0.95 * len(times))]:.2f}   worst {times[-1]:.2f}"
    )


if __name__ == "__main__":
    main()
