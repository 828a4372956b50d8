"""Which question next: the one that most likely settles the matter, and never an idle one.

The law of a day is an "or" over grounds. A question is idle when, whatever else turns out, its
answer can't change the outcome any more; such a fact is not asked. Among the others the next
screen is the one after which, weighed by how common each answer is (`law/priors.yaml`), the fewest
screens remain. Facts too sensitive to open a talk come after the rest.
"""

from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass
from enum import StrEnum
from functools import cached_property
from math import prod

from eligibility.conditions import evaluate, facts_of, thresholds, undecided_facts
from eligibility.facts import FACTS, FactId, Kind, Known, ScreenGroup, Value, values
from eligibility.grounds import Effect, Impossible, LawOfTheDay, LegalAidLaw


class Standing(StrEnum):
    """Where a person stands once nothing more can change it."""

    HOLDS = "holds"
    DOUBTFUL = "doubtful"
    FAILS = "fails"


Screen = FactId | ScreenGroup
"""What one screen asks: a single fact, or a group of facts as boxes to tick."""


def screen_of(fact: FactId) -> Screen:
    """The screen on which a fact is asked."""
    return FACTS[fact].screen_group or fact


@dataclass(frozen=True)
class Table:
    """The law of one day, made ready for asking many times what a further fact would change."""

    law: LawOfTheDay
    impossible: tuple[Impossible, ...]
    weights: Mapping[FactId, Mapping[Value, float]]
    skipped: frozenset[FactId]
    looks_at: tuple[frozenset[FactId], ...]
    bound_together: frozenset[FactId]


def lay_out(
    law: LegalAidLaw, today: LawOfTheDay, skipped: frozenset[FactId] = frozenset()
) -> Table:
    """The table for one day; `skipped` facts count as never to be known."""
    conditions = [part for ground in today.grounds for part in ground.conditions()]
    bounds = thresholds(conditions, today.definitions) | thresholds(
        (rule.when for rule in law.impossible), {}
    )
    asked = frozenset().union(*(facts_of(part, today.definitions) for part in conditions))
    bound_together = frozenset().union(*(facts_of(rule.when, {}) for rule in law.impossible))
    return Table(
        law=today,
        impossible=law.impossible,
        weights={fact: _weights(fact, law, bounds) for fact in asked | bound_together},
        skipped=skipped,
        looks_at=tuple(
            frozenset().union(*(facts_of(part, today.definitions) for part in ground.conditions()))
            for ground in today.grounds
        ),
        bound_together=bound_together,
    )


def _weights(fact: FactId, law: LegalAidLaw, bounds: Collection[int]) -> Mapping[Value, float]:
    """How common each value is; ages that no rule tells apart are counted as one."""
    allowed = values(fact)
    shares = law.priors.get(fact) or dict.fromkeys(allowed, 1 / len(allowed))
    if FACTS[fact].kind is not Kind.WHOLE_NUMBER:
        return shares
    starts = {0} | {bound for bound in bounds if bound in shares}
    together: dict[Value, float] = {}
    for value in allowed:
        if value in starts:
            first = value
        together[first] = together.get(first, 0) + shares[value]
    return together


@dataclass(frozen=True)
class Position:
    """What is known of a person, and what that leaves of the law.

    `held` and `undecided` are places in the law's list of grounds. A ground that can only end in
    doubt is no longer undecided: it makes the position `doubtful`.
    """

    table: Table
    known: Known
    held: tuple[int, ...]
    undecided: tuple[int, ...]
    doubtful: bool

    @cached_property
    def open(self) -> frozenset[FactId]:
        """The facts that may still decide an undecided ground."""
        return frozenset().union(
            *(_open_parts(self.table, self.known, index)[0] for index in self.undecided)
        )

    @cached_property
    def standing(self) -> Standing | None:
        """Where the person stands; None while an open fact may still change it."""
        effects = {
            rule.effect
            for rule in self.table.law.scope
            if evaluate(rule.when, self.known, {}) is True
        }
        if Effect.EXCLUDED in effects:
            return Standing.FAILS
        if Effect.OFFICER_DECIDES in effects and (self.held or self.doubtful):
            return Standing.DOUBTFUL
        if self.held:
            return Standing.HOLDS
        if self.undecided:
            return None
        return Standing.DOUBTFUL if self.doubtful else Standing.FAILS

    def allows(self, fact: FactId) -> Sequence[Value]:
        """The values a fact can have beside what is known, most common first."""
        if fact in self.known:
            return (self.known[fact],)
        return _possible(self.table, self.known, fact)

    def learn(self, fact: FactId, value: Value) -> "Position":
        """The position once one more fact is known, with what follows from it."""
        return _read(self.table, {**self.known, fact: value}, self.undecided, self)


def start(table: Table, known: Known) -> Position:
    """The position of a person of whom this is known."""
    return _read(table, known, range(len(table.law.grounds)), None)


def _read(
    table: Table, known: Known, undecided: Iterable[int], before: Position | None
) -> Position:
    known = _with_what_follows(table, known)
    held = list(before.held) if before else []
    doubtful = before.doubtful if before else False
    left: list[int] = []
    in_doubt_at_best: list[int] = []
    new = known.keys() - before.known.keys() if before else known.keys()
    for index in undecided:
        if before and not table.looks_at[index] & new:
            left.append(index)
            continue
        value = _holds(table, known, index)
        if value is True:
            held.append(index)
        elif value is None:
            open_facts, can_hold = _open_parts(table, known, index)
            if not open_facts:
                doubtful = True
            elif can_hold:
                left.append(index)
            else:
                in_doubt_at_best.append(index)
    if not doubtful:
        left.extend(in_doubt_at_best)
    return Position(table, known, tuple(held), tuple(sorted(left)), doubtful)


def _holds(table: Table, known: Known, index: int) -> bool | None:
    result: bool | None = True
    for part in table.law.grounds[index].conditions():
        value = evaluate(part, known, table.law.definitions)
        if value is False:
            return False
        if value is None:
            result = None
    return result


def _open_parts(table: Table, known: Known, index: int) -> tuple[frozenset[FactId], bool]:
    """The facts that may decide an undecided ground, and whether it may still come to hold."""
    open_facts: frozenset[FactId] = frozenset()
    can_hold = True
    for part in table.law.grounds[index].conditions():
        if evaluate(part, known, table.law.definitions) is None:
            here = undecided_facts(part, known, table.law.definitions) - table.skipped
            open_facts |= here
            can_hold = can_hold and bool(here)
    return open_facts, can_hold


def _possible(table: Table, known: Known, fact: FactId) -> Sequence[Value]:
    weights = table.weights[fact]
    rules = [
        rule.when
        for rule in (table.impossible if fact in table.bound_together else ())
        if evaluate(rule.when, known, {}) is None
    ]
    return sorted(
        (
            value
            for value in weights
            if not any(evaluate(rule, {**known, fact: value}, {}) is True for rule in rules)
        ),
        key=lambda value: -weights[value],
    )


def _with_what_follows(table: Table, known: Known) -> Known:
    """Add the facts that can have one value only, such as no social pension at 40."""
    known = dict(known)
    for fact in sorted(table.bound_together - known.keys()):
        possible = _possible(table, known, fact)
        if len(possible) == 1:
            known[fact] = possible[0]
    return known


def matters(position: Position, fact: FactId) -> bool:
    """Whether, for some way the other open facts may turn out, this one changes the standing."""
    if position.standing is not None or fact not in position.open:
        return False
    return _part_ways([position.learn(fact, value) for value in position.allows(fact)])


def _part_ways(branches: Sequence[Position]) -> bool:
    """Whether some way to fill in the rest leads these positions to different standings."""
    settled = {branch.standing for branch in branches} - {None}
    if len(settled) > 1:
        return True
    undecided = [branch for branch in branches if branch.standing is None]
    if len(branches) < 2 or not undecided or _alike(branches):
        return False
    other = min(frozenset().union(*(branch.open for branch in undecided)), key=_place)
    choices = undecided[0].table.weights[other]
    for value in sorted(choices, key=lambda choice: -choices[choice]):
        followed = [
            branch.learn(other, value) for branch in branches if value in branch.allows(other)
        ]
        if _part_ways(followed):
            return True
    return False


def _alike(branches: Sequence[Position]) -> bool:
    """Whether all that is left is the same in each, and looks at nothing in which they differ."""
    first = branches[0]
    differing = {
        fact
        for branch in branches
        for fact in branch.known.keys() | first.known.keys()
        if branch.known.get(fact) != first.known.get(fact)
    }
    return all(
        branch.standing is None
        and branch.undecided == first.undecided
        and branch.doubtful == first.doubtful
        for branch in branches
    ) and not any(first.table.looks_at[index] & differing for index in first.undecided)


_PLACES = {fact: place for place, fact in enumerate(FACTS)}


def _place(fact: FactId) -> int:
    return _PLACES[fact]


def missing(position: Position) -> tuple[FactId, ...]:
    """The facts worth asking, best question first; facts of one screen stand together."""
    asked = [fact for fact in sorted(position.open, key=_place) if matters(position, fact)]
    screens: dict[Screen, list[FactId]] = {}
    for fact in asked:
        screens.setdefault(screen_of(fact), []).append(fact)
    ordered = sorted(
        screens.values(),
        key=lambda facts: (
            all(FACTS[fact].sensitive for fact in facts),
            _screens_left_after(position, facts),
        ),
    )
    return tuple(
        fact
        for facts in ordered
        for fact in sorted(facts, key=lambda one: (FACTS[one].sensitive, -_yes(position, one)))
    )


def _yes(position: Position, fact: FactId) -> float:
    return position.table.weights[fact].get(True, 0)


def _screens_left(position: Position) -> int:
    if position.standing is not None:
        return 0
    return len({screen_of(fact) for fact in position.open})


def _screens_left_after(position: Position, facts: Sequence[FactId]) -> float:
    """The screens to be expected after this one has been answered."""
    if len(facts) == 1:
        (fact,) = facts
        weights = {value: position.table.weights[fact][value] for value in position.allows(fact)}
        whole = sum(weights.values())
        return sum(
            weight / whole * _screens_left(position.learn(fact, value))
            for value, weight in weights.items()
        )
    # Of boxes to tick, mostly none or one is ticked; the rare several are counted as one.
    odds = {fact: _yes(position, fact) for fact in facts}
    none = prod(1 - yes for yes in odds.values())
    total = none
    expected = none * _screens_left(_ticked(position, facts, None))
    for fact, yes in odds.items():
        chance = none * yes / (1 - yes)
        total += chance
        expected += chance * _screens_left(_ticked(position, facts, fact))
    return expected / total


def _ticked(position: Position, boxes: Iterable[FactId], ticked: FactId | None) -> Position:
    for box in boxes:
        position = position.learn(box, box == ticked)
    return position
