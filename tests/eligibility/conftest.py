"""Collects `citizens.yaml`: each citizen there is one test, so that a lawyer can add one."""

import datetime as dt
from collections.abc import Iterator
from pathlib import Path

import pytest

from eligibility.facts import FACTS, CriminalRole, FactId, Facts, Household, Kind, Value
from eligibility.grounds import GroupId, NoLawInForce, load_law
from eligibility.screen import Outcome, screen
from store.datafile import Entry, load

ORDINARY: dict[FactId, Value] = {
    FactId.AGE: 40,
    FactId.HOUSEHOLD: Household.NEITHER,
    FactId.CRIMINAL_ROLE: CriminalRole.NONE,
    **{fact.id: False for fact in FACTS.values() if fact.kind is Kind.YES_NO},
}
# Where someone lives and what the matter is are told apart from who they are.
for about_the_matter in (FactId.LIVES_HERE, FactId.HAPPENED_HERE):
    del ORDINARY[about_the_matter]


class Citizen(Entry):
    """One line of the file."""

    citizen: str
    day: dt.date
    facts: Facts
    nothing_else: bool = False
    skipped: frozenset[FactId] = frozenset()
    outcome: Outcome | None = None
    grounds: tuple[GroupId, ...] = ()
    papers: tuple[str, ...] | None = None
    error: str | None = None

    def person(self) -> Facts:
        """What is known of the citizen."""
        person = self.facts
        if self.nothing_else:
            for fact, value in ORDINARY.items():
                if person.get(fact) is None and fact not in self.skipped:
                    person = person.having(fact, value)
        return person


class CitizenItem(pytest.Item):
    """One citizen as a test."""

    citizen: Citizen

    def runtest(self) -> None:
        asked = self.citizen
        law = load_law()
        if asked.error is not None:
            assert asked.error == NoLawInForce.__name__
            with pytest.raises(NoLawInForce):
                screen(asked.person(), asked.day, law, asked.skipped)
            return
        found = screen(asked.person(), asked.day, law, asked.skipped)
        assert found.outcome is asked.outcome
        assert tuple(ground.id for ground in found.grounds) == asked.grounds
        if asked.papers is not None:
            assert tuple(paper.id for paper in found.papers) == asked.papers

    def reportinfo(self) -> tuple[Path, int | None, str]:
        return self.path, None, self.citizen.citizen


class CitizenFile(pytest.File):
    """All citizens of one file."""

    def collect(self) -> Iterator[CitizenItem]:
        for citizen in load(self.path, tuple[Citizen, ...]):
            item = CitizenItem.from_parent(self, name=f"{citizen.citizen} [{citizen.day}]")
            item.citizen = citizen
            yield item


def pytest_collect_file(file_path: Path, parent: pytest.Collector) -> CitizenFile | None:
    """Take `citizens.yaml` for a file of tests."""
    if file_path.name == "citizens.yaml":
        return CitizenFile.from_parent(parent, path=file_path)
    return None
