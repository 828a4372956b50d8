"""How many questions the screening asks: `python -m bench.questions --data FOLDER`.

FOLDER holds `stories.jsonl` as described beside the development set. Each story in which a group
holds opens a talk of its own, read by the real reader and answered by the real dialogue; then a
scripted citizen answers what is asked, truthfully by the story's `groups`:

    ordinary   whatever the groups do not say is "no"
    entitled   the same, and the further condition of the group is met: a near-poor household, an
               area of special difficulty

A screen is one question however many boxes it shows; every box of it counts as an item. What is
asked for the request (place, consent, phone) is no question of the screening, and danger goes to
a person before any. `--people N` adds N invented people drawn from the priors, who open without a
story and answer everything truthfully; `--on` takes another day; `-v` lists the talks.
"""

import argparse
import datetime as dt
import json
import statistics
import time
from collections import Counter
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, replace
from pathlib import Path
from random import Random

from bot.app import load_rooms, lookups_for_drawing
from bot.channels.message import InboundKind
from bot.dialogue.clearing import WHO
from bot.dialogue.hear import hear
from bot.dialogue.questions import BOXES, BY_STEP, DONE, NONE_OF_THESE
from bot.dialogue.screening import TOLD
from bot.dialogue.turn import Heard, Lookups, State
from bot.understanding.people import Relation
from bot.understanding.understood import Understood
from cases.province import load_province
from eligibility.facts import FACTS, CriminalRole, FactId, Facts, Household, Kind, Value
from eligibility.grounds import GroupId
from eligibility.screen import contradictions, screen

MOST = 20
"""Questions after which a talk is given up."""

Truth = Mapping[FactId, Value]
Read = Callable[[str], Understood]

ORDINARY: Truth = {
    FactId.AGE: 40,
    FactId.HOUSEHOLD: Household.NEITHER,
    FactId.CRIMINAL_ROLE: CriminalRole.NONE,
    **{fact.id: False for fact in FACTS.values() if fact.kind is Kind.YES_NO},
}

OF_GROUP: Mapping[GroupId, Truth] = {
    GroupId.MERIT: {FactId.MERIT: True},
    GroupId.POOR: {FactId.HOUSEHOLD: Household.POOR},
    GroupId.CHILD: {FactId.AGE: 12},
    GroupId.ETHNIC_MINORITY: {FactId.ETHNIC_MINORITY: True},
    GroupId.MINOR_16_18: {FactId.AGE: 17, FactId.CRIMINAL_ROLE: CriminalRole.VICTIM},
    GroupId.ACCUSED_NEAR_POOR: {
        FactId.HOUSEHOLD: Household.NEAR_POOR,
        FactId.CRIMINAL_ROLE: CriminalRole.ACCUSED,
    },
    GroupId.TRAFFICKING_VICTIM: {FactId.TRAFFICKING_VICTIM: True},
    GroupId.MARTYR_KIN: {FactId.MARTYR_KIN: True},
    GroupId.AGENT_ORANGE: {FactId.AGENT_ORANGE: True},
    GroupId.ELDERLY: {FactId.AGE: 66},
    GroupId.DISABLED: {FactId.DISABLED: True},
    GroupId.DOMESTIC_VIOLENCE: {FactId.DOMESTIC_VIOLENCE: True},
    GroupId.HIV: {FactId.HIV: True},
    GroupId.NEAR_POOR: {FactId.HOUSEHOLD: Household.NEAR_POOR},
    GroupId.SOCIAL_ALLOWANCE: {FactId.SOCIAL_ALLOWANCE: True},
}

CONDITION_MET: Truth = {
    FactId.HOUSEHOLD: Household.NEAR_POOR,
    FactId.SPECIAL_DIFFICULTY_AREA: True,
}


@dataclass(frozen=True)
class Asked:
    """What one talk asked, from the opening message to the outcome."""

    screens: tuple[str, ...]
    items: int
    ended: str
    """The outcome told, or `person` when the talk goes to an officer before any outcome."""


class Citizen:
    """Answers what is asked by the truth about the person in need."""

    def __init__(self, truth: Truth, lookups: Lookups, read: Read) -> None:
        self.truth = truth
        self.lookups = lookups
        self.read = read
        self.state = State()

    def opens(self, text: str) -> Asked:
        """Tell the story, then answer until the outcome is told."""
        self._hear(Heard(InboundKind.TEXT, self.read(text), text=text))
        if not self._in(("screening.", "request.", "clear.")):
            self._press("go:screen")
        screens: list[str] = []
        items = 0
        while (
            self._in(("screening.", "clear.")) and self.state.step != TOLD and len(screens) < MOST
        ):
            screens.append(self.state.step.removeprefix("screening."))
            items += sum(one.ticked is not None for one in self.state.offered) or 1
            self._answer()
        return Asked(tuple(screens), items, self._ended())

    def _ended(self) -> str:
        if self.state.step != TOLD:
            return "given up" if self._in(("screening.",)) else "person"
        here = screen(self.state.facts, self.lookups.today, self.lookups.law, self.state.skipped)
        return str(here.outcome)

    def _in(self, families: tuple[str, ...]) -> bool:
        return self.state.step.startswith(families)

    def _answer(self) -> None:
        if self.state.step == WHO:  # somebody was spoken of: it is about them
            self._press(next(one.key for one in self.state.offered if one.key != Relation.SELF))
            return
        if self.state.step == BOXES:
            boxes = [one.key for one in self.state.offered if one.ticked is not None]
            true = [key for key in boxes if self.truth[FactId(key)] is True]
            self._press(",".join([*true, DONE.key]) if true else NONE_OF_THESE.key)
            return
        value = self.truth[BY_STEP[self.state.step].fact]
        if isinstance(value, bool):
            self._press("yes" if value else "no")
        elif isinstance(value, int):
            self._hear(Heard(InboundKind.TEXT, self.read(str(value)), text=str(value)))
        else:
            self._press(str(value))

    def _press(self, key: str) -> None:
        self._hear(Heard(InboundKind.BUTTON, self.read(""), key=key, serial=self.state.serial))

    def _hear(self, heard: Heard) -> None:
        turn = hear(self.state, heard, self.lookups)
        self.state = State.model_validate_json(turn.state.model_dump_json())


def truth_of(groups: Iterable[str], *, entitled: bool) -> Truth:
    """The person of a story, as far as its groups tell."""
    truth = {**ORDINARY, **(CONDITION_MET if entitled else {})}
    for group in groups:
        truth |= OF_GROUP[GroupId(group)]
    return truth


def person(chance: Random, priors: Mapping[FactId, Mapping[Value, float]]) -> Truth:
    """Somebody invented by the priors, with nothing that contradicts itself."""
    drawn = {
        fact: chance.choices(list(shares), list(shares.values()))[0]
        for fact, shares in priors.items()
    }
    return {**ORDINARY, **drawn}


def report(name: str, talks: Iterable[Asked]) -> None:
    """One block of figures."""
    asked = list(talks)
    screens = sorted(len(one.screens) for one in asked)
    items = sorted(one.items for one in asked)
    print(f"{name}: {len(asked)} talks")
    for what, counts in (("screens", screens), ("items", items)):
        ninth = counts[int(0.9 * (len(counts) - 1) + 0.5)]
        print(
            f"  {what:8} median {statistics.median(counts):g}"
            f"   mean {statistics.mean(counts):.2f}   p90 {ninth}   most {counts[-1]}"
        )
    ended = Counter(one.ended for one in asked)
    print("  ended    " + ", ".join(f"{how} {count}" for how, count in ended.most_common()))
    which = Counter(screen for one in asked for screen in one.screens)
    print("  asked    " + ", ".join(f"{what} {count}" for what, count in which.most_common()))


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    parser.add_argument("--data", type=Path, required=True)
    parser.add_argument("--people", type=int, default=0)
    parser.add_argument("--on", type=dt.date.fromisoformat, default=None)
    parser.add_argument("-v", "--verbose", action="store_true")
    asked = parser.parse_args()
    rooms = load_rooms(load_province("ca-mau"))
    lookups = lookups_for_drawing(rooms)
    if asked.on is not None:
        lookups = replace(lookups, today=asked.on)
    lines = (asked.data / "stories.jsonl").read_text(encoding="utf-8").splitlines()
    stories = [story for line in lines if line and (story := json.loads(line))["groups"]]

    def read(text: str) -> Understood:
        return rooms.reader.read(text, lookups.today)

    for name in ("ordinary", "entitled"):
        talks = []
        for story in stories:
            truth = truth_of(story["groups"], entitled=name == "entitled")
            talks.append(Citizen(truth, lookups, read).opens(story["text"]))
            if asked.verbose:
                print(story["groups"], talks[-1].ended, *talks[-1].screens, "|", story["text"])
        report(f"{name} citizen", talks)
        handed = [one for one in talks if one.ended != "person"]
        report(f"{name} citizen, those not handed to a person at once", handed)
    if asked.people:
        chance = Random(5)
        talks = []
        began = time.perf_counter()
        while len(talks) < asked.people:
            truth = person(chance, rooms.law.priors)
            if not contradictions(Facts.model_validate(truth), rooms.law):
                talks.append(Citizen(truth, lookups, read).opens("Chào bạn"))
        report(f"invented people ({time.perf_counter() - began:.0f} s)", talks)


if __name__ == "__main__":
    main()
