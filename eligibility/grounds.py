"""The law as data: who may have free legal aid, from which day to which, on what authority.

Everything here is read from `eligibility/law/*.yaml`. A lawyer edits those files; a mistake in one
is reported with its file, line and reason. A day without a law in force is an error: nothing falls
back to the last law known.
"""

import datetime as dt
from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass
from enum import StrEnum
from functools import cache, partial
from itertools import combinations, pairwise
from pathlib import Path
from types import MappingProxyType
from typing import Annotated, Literal, TypeVar, cast

from pydantic import AfterValidator, Field, ValidationError, model_validator
from pydantic_core import InitErrorDetails, PydanticCustomError

from eligibility.conditions import Condition, Definitions, Ref, leaves
from eligibility.facts import FACTS, OLDEST, FactId, Kind, Value, values
from eligibility.papers import Bundle, Identifier, Paper, PaperFile, PaperId, Sentence
from store.datafile import DataFileError, Entry, load, load_folder

LAW = Path(__file__).parent / "law"

Where = tuple[str | int, ...]


DatedT = TypeVar("DatedT", bound="Dated")


class GroupId(StrEnum):
    """The groups of Article 7 of the Legal Aid Act; the last two only from 2027-01-01."""

    MERIT = "merit"
    POOR = "poor"
    CHILD = "child"
    ETHNIC_MINORITY = "ethnic_minority"
    MINOR_16_18 = "minor_16_18"
    ACCUSED_NEAR_POOR = "accused_near_poor"
    TRAFFICKING_VICTIM = "trafficking_victim"
    MARTYR_KIN = "martyr_kin"
    AGENT_ORANGE = "agent_orange"
    ELDERLY = "elderly"
    DISABLED = "disabled"
    DOMESTIC_VIOLENCE = "domestic_violence"
    HIV = "hiv"
    NEAR_POOR = "near_poor"
    SOCIAL_ALLOWANCE = "social_allowance"


class NoLawInForce(LookupError):  # noqa: N818 - a named answer, as officers say it
    """No legal-aid law of ours was in force on the day."""

    def __init__(self, day: dt.date) -> None:
        self.day = day
        super().__init__(f"no legal-aid law in the files was in force on {day.isoformat()}")


class Dated(Entry):
    """Something in force from one day (included) to another (included; None: still in force)."""

    valid_from: dt.date = Field(alias="from")
    valid_to: dt.date | None = Field(default=None, alias="to")

    @model_validator(mode="after")
    def _in_order(self) -> "Dated":
        if self.valid_to is not None and self.valid_to < self.valid_from:
            raise ValueError(f"ends on {self.valid_to}, before it begins on {self.valid_from}")
        return self

    def in_force(self, day: dt.date) -> bool:
        """Whether `day` lies within its time."""
        return self.valid_from <= day and (self.valid_to is None or day <= self.valid_to)

    def covers(self, other: "Dated") -> bool:
        """Whether every day of `other` lies within its time."""
        return self.valid_from <= other.valid_from and (
            self.valid_to is None
            or (other.valid_to is not None and other.valid_to <= self.valid_to)
        )

    def overlaps(self, other: "Dated") -> bool:
        """Whether the two share a day."""
        first, second = sorted((self, other), key=lambda entry: entry.valid_from)
        return first.valid_to is None or second.valid_from <= first.valid_to


class Definition(Dated):
    """A condition that grounds share by name, such as financial hardship."""

    name: Identifier
    citation: Sentence = Field(alias="law")
    said: Sentence
    when: Condition
    source: Sentence


class Ground(Dated):
    """One reason for free legal aid, as one clause of the law words it for one time.

    `who` makes the group; `provided` is the further condition, if any. `citation` is the article
    as a citizen is told it, `said` the group in one plain Vietnamese line. `papers` are bundles,
    each enough to prove the ground. `verified` is false while the wording of the law was not read.
    `in_english` says the group to those who don't read Vietnamese; it is not the law's wording.
    """

    id: GroupId
    citation: Sentence = Field(alias="law")
    who: Condition
    provided: Condition | None = None
    said: Sentence
    in_english: Sentence | None = None
    papers: Annotated[tuple[Bundle, ...], Field(min_length=1)]
    source: Sentence
    verified: bool = True
    note: Sentence | None = None
    without_papers: Sentence | None = None

    def conditions(self) -> tuple[Condition, ...]:
        """What must all be true for the ground to hold."""
        return (self.who,) if self.provided is None else (self.who, self.provided)


class Remark(Dated):
    """What is to be said, in Vietnamese, along with every answer by the law of that time."""

    said: Sentence
    source: Sentence


class Effect(StrEnum):
    """What a rule on scope does to the answer."""

    TRANSFER = "transfer"
    EXCLUDED = "excluded"
    OFFICER_DECIDES = "officer_decides"


class ScopeRule(Entry):
    """A matter that this centre may not or need not take (Articles 26, 27, 30.3 and 35)."""

    id: Identifier
    citation: Sentence = Field(alias="law")
    when: Condition
    effect: Effect
    said: Sentence
    in_english: Sentence | None = None
    source: Sentence


class Statute(Dated):
    """One legal-aid act with its grounds through the years of its life."""

    id: Sentence
    name: Sentence
    definitions: tuple[Definition, ...]
    grounds: Annotated[tuple[Ground, ...], Field(min_length=1)]
    scope: tuple[ScopeRule, ...] = ()
    remarks: tuple[Remark, ...] = ()

    @model_validator(mode="after")
    def _hangs_together(self) -> "Statute":
        _refuse(
            [
                *_strangers_to_the_time(self),
                *_overlaps("definitions", self.definitions, lambda entry: entry.name),
                *_overlaps("grounds", self.grounds, lambda entry: (entry.id, entry.citation)),
                *_bad_references(self),
            ]
        )
        return self


class Impossible(Entry):
    """Facts that can't be true of one person; two answers of which one must be a mistake."""

    id: Identifier
    when: Condition
    said: Sentence
    source: Sentence


class _ImpossibleFile(Entry):
    impossible: tuple[Impossible, ...]


class Prior(Entry):
    """How often a fact has its values among those who write; only orders the questions.

    `share` is the part of yes for a yes-or-no fact; `shares` gives one part to each value, or to
    each range of ages (`16-17`, both included). Parts of a whole, 0 to 1.
    """

    fact: FactId
    share: Annotated[float, Field(gt=0, lt=1)] | None = None
    shares: Mapping[str, Annotated[float, Field(gt=0, lt=1)]] | None = None
    basis: Literal["figure", "assumption"]
    source: Sentence

    @model_validator(mode="after")
    def _whole(self) -> "Prior":
        if (self.share is None) == (self.shares is None):
            raise ValueError("exactly one of share and shares is needed")
        if (self.share is not None) != (FACTS[self.fact].kind is Kind.YES_NO):
            raise ValueError("a yes-or-no fact has one share, any other has shares")
        by_value = self.by_value()
        if set(by_value) != set(values(self.fact)):
            raise ValueError(f"the shares do not name each value of {self.fact} once")
        if abs(sum(by_value.values()) - 1) > 1e-6:
            raise ValueError("the shares do not add up to 1")
        return self

    def by_value(self) -> Mapping[Value, float]:
        """The share of each value; within a range of ages every year weighs the same."""
        if self.share is not None:
            return {True: self.share, False: 1 - self.share}
        shares = self.shares or {}
        if FACTS[self.fact].kind is not Kind.WHOLE_NUMBER:
            return {value: shares[str(value)] for value in values(self.fact) if value in shares}
        return {year: share / len(years) for years, share in _by_years(shares) for year in years}


class _PriorFile(Entry):
    priors: tuple[Prior, ...]

    @model_validator(mode="after")
    def _each_once(self) -> "_PriorFile":
        counts = Counter(prior.fact for prior in self.priors)
        _refuse(
            (("priors", index), f"{prior.fact} has several priors")
            for index, prior in enumerate(self.priors)
            if counts[prior.fact] > 1
        )
        return self


@dataclass(frozen=True)
class LawOfTheDay:
    """What is in force on one day.

    `version` names the act and the first day of this state of it, for a case to store, such as
    `11/2017/QH14@2026-01-01`.
    """

    version: str
    grounds: tuple[Ground, ...]
    definitions: Definitions
    scope: tuple[ScopeRule, ...]
    named: Mapping[str, Definition]
    remarks: tuple[Remark, ...] = ()


@dataclass(frozen=True, eq=False)
class LegalAidLaw:
    """All the acts we know, with what goes with them."""

    statutes: tuple[Statute, ...]
    papers: Mapping[PaperId, Paper]
    impossible: tuple[Impossible, ...]
    priors: Mapping[FactId, Mapping[Value, float]]

    def on(self, day: dt.date) -> LawOfTheDay:
        """What is in force on `day`.

        Raises:
            NoLawInForce: no act of ours was in force then.
        """
        for statute in self.statutes:
            if statute.in_force(day):
                named = {d.name: d for d in statute.definitions if d.in_force(day)}
                began = max(first for first in _days_of_change((statute,)) if first <= day)
                return LawOfTheDay(
                    version=f"{statute.id}@{began.isoformat()}",
                    grounds=tuple(g for g in statute.grounds if g.in_force(day)),
                    definitions={name: definition.when for name, definition in named.items()},
                    scope=statute.scope,
                    named=named,
                    remarks=tuple(r for r in statute.remarks if r.in_force(day)),
                )
        raise NoLawInForce(day)

    def next_change(self, day: dt.date) -> dt.date | None:
        """The first day after `day` on which the law is another one; None if none is known."""
        return min((d for d in _days_of_change(self.statutes) if d > day), default=None)


def load_law(folder: Path = LAW) -> LegalAidLaw:
    """The law of the files in `folder`, read once.

    Raises:
        store.datafile.DataFileError: a file is missing or wrong; says the line and the reason.
    """
    return _load_law(folder)


@cache
def _load_law(folder: Path) -> LegalAidLaw:
    papers = {paper.id: paper for paper in load(folder / "papers.yaml", PaperFile).papers}
    checked = cast(
        "type[Statute]",
        Annotated[Statute, AfterValidator(partial(_with_known_papers, papers=papers))],
    )
    statutes = load_folder(folder, checked, "statute-*.yaml")
    for first, second in combinations(statutes, 2):
        if first.overlaps(second):
            raise DataFileError(folder, None, f"{first.name} and {second.name} overlap in time")
    priors = load(folder / "priors.yaml", _PriorFile).priors
    return LegalAidLaw(
        statutes=statutes,
        papers=MappingProxyType(papers),
        impossible=load(folder / "impossible.yaml", _ImpossibleFile).impossible,
        priors=MappingProxyType({prior.fact: prior.by_value() for prior in priors}),
    )


def _days_of_change(statutes: Iterable[Statute]) -> set[dt.date]:
    after = dt.timedelta(days=1)
    return {
        day
        for statute in statutes
        for entry in (statute, *statute.definitions, *statute.grounds)
        for day in (entry.valid_from, entry.valid_to and entry.valid_to + after)
        if day is not None
    }


def _by_years(shares: Mapping[str, float]) -> Iterator[tuple[range, float]]:
    following = 0
    for written, share in shares.items():
        first, _, last = written.partition("-")
        if not (first.isdigit() and last.isdigit() and int(first) <= int(last) <= OLDEST):
            raise ValueError(f"{written!r} is no range of ages such as 16-17")
        if int(first) != following:
            raise ValueError(f"{written!r} does not begin at {following}, where the last one ended")
        following = int(last) + 1
        yield range(int(first), following), share


def _refuse(mistakes: Iterable[tuple[Where, str]]) -> None:
    """Report mistakes at the places where they stand in the file."""
    errors: list[InitErrorDetails] = [
        InitErrorDetails(
            type=PydanticCustomError("law", "{why}", {"why": why}), loc=where, input=None
        )
        for where, why in mistakes
    ]
    if errors:
        raise ValidationError.from_exception_data("law", errors)


def _strangers_to_the_time(statute: Statute) -> Iterator[tuple[Where, str]]:
    entries: tuple[tuple[str, tuple[Dated, ...]], ...] = (
        ("definitions", statute.definitions),
        ("grounds", statute.grounds),
        ("remarks", statute.remarks),
    )
    for section, dated in entries:
        for index, entry in enumerate(dated):
            if not statute.covers(entry):
                yield (section, index, "from"), "is in force on days on which the law is not"


def _overlaps(
    section: str, entries: tuple[DatedT, ...], same: Callable[[DatedT], object]
) -> Iterator[tuple[Where, str]]:
    for index, entry in enumerate(entries):
        for earlier in entries[:index]:
            if same(earlier) == same(entry) and earlier.overlaps(entry):
                yield (
                    (section, index),
                    f"overlaps with another entry for the same, from {earlier.valid_from}",
                )


def _bad_references(statute: Statute) -> Iterator[tuple[Where, str]]:
    for index, definition in enumerate(statute.definitions):
        if any(isinstance(leaf, Ref) for leaf in leaves(definition.when, {})):
            yield ("definitions", index, "when"), "a definition can't refer to another"
    for index, rule in enumerate(statute.scope):
        if any(isinstance(leaf, Ref) for leaf in leaves(rule.when, {})):
            yield ("scope", index, "when"), "a rule on scope can't refer to a definition"
    for index, ground in enumerate(statute.grounds):
        for part, condition in (("who", ground.who), ("provided", ground.provided)):
            for leaf in leaves(condition, {}) if condition is not None else ():
                if isinstance(leaf, Ref) and not _always_defined(leaf.root, ground, statute):
                    yield (
                        ("grounds", index, part),
                        f"{leaf.root} is not defined on every day of this ground",
                    )


def _always_defined(name: str, ground: Ground, statute: Statute) -> bool:
    """Whether the definitions of that name cover all days of the ground, one after the other."""
    versions = sorted(
        (d for d in statute.definitions if d.name == name and d.overlaps(ground)),
        key=lambda d: d.valid_from,
    )
    if not versions or versions[0].valid_from > ground.valid_from:
        return False
    for earlier, later in pairwise(versions):
        if earlier.valid_to is None or later.valid_from != earlier.valid_to + dt.timedelta(days=1):
            return False
    last = versions[-1].valid_to
    return last is None or (ground.valid_to is not None and ground.valid_to <= last)


def _with_known_papers(statute: Statute, papers: Mapping[PaperId, Paper]) -> Statute:
    _refuse(
        (("grounds", at, "papers", bundle_at, paper_at), f"no paper is called {paper}")
        for at, ground in enumerate(statute.grounds)
        for bundle_at, bundle in enumerate(ground.papers)
        for paper_at, paper in enumerate(bundle)
        if paper not in papers
    )
    return statute
