"""Which question next: the one that most likely settles the matter, and never an idle one.

The law of a day is an "or" over grounds. A question is idle when, whatever else turns out, its
answer can't change the outcome any more; such a fact is not asked. Among the others the next
screen is the one that most likely ends the screening, then the one after which the fewest screens
remain, both weighed by how common each answer is (`law/priors.yaml`).

Screens with sensitive facts come after those without. Over the priors that makes a talk of 3.5
screens on average instead of 3.0, but of 5.5 single facts instead of 7.3, and most people without
financial hardship are never asked about violence or HIV.
"""

from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass
from enum import StrEnum
from functools import cached_property
from math import prod

from eligibility.conditions import evaluate, facts_of, read, thresholds
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


@dataclass(frozen=True, slots=True)
class Undecided:
    """A ground still to be decided: by which facts, and whether it may end better than in doubt."""

    open: frozenset[FactId]
    can_hold: bool


@dataclass(frozen=True)
class Position:
    """What is known of a person, and what that leaves of the law.

    `held` and `undecided` are places in the law's list of grounds, the undecided with the facts
    that may still decide them. A ground that can only end in doubt is no longer undecided: it
    makes the position `doubtful`.
    """

    table: Table
    known: Known
    held: tuple[int, ...]
    undecided: Mapping[int, Undecided]
    doubtful: bool

    @cached_property
    def open(self) -> frozenset[FactId]:
        """The facts that may still decide an undecided ground."""
        return frozenset().union(*(ground.open for ground in self.undecided.values()))

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
        return _read(self.table, {**self.known, fact: value}, tuple(self.undecided), self)


def start(table: Table, known: Known) -> Position:
    """The position of a person of whom this is known."""
    return _read(table, known, range(len(table.law.grounds)), None)


def _read(
    table: Table, known: Known, undecided: Iterable[int], before: Position | None
) -> Position:
    known = _with_what_follows(table, known)
    held = list(before.held) if before else []
    doubtful = before.doubtful if before else False
    left: dict[int, Undecided] = {}
    new = known.keys() - before.known.keys() if before else known.keys()
    for index in undecided:
        if before and before.undecided[index].open.isdisjoint(new):
            left[index] = before.undecided[index]
            continue
        readings = [
            read(part, known, table.law.definitions)
            for part in table.law.grounds[index].conditions()
        ]
        values = [reading.value for reading in readings]
        if False in values:
            continue
        if None not in values:
            held.append(index)
            continue
        open_facts = frozenset().union(*(reading.open for reading in readings)) - table.skipped
        if open_facts:
            can_hold = all(reading.value or reading.open - table.skipped for reading in readings)
            left[index] = Undecided(open_facts, can_hold)
        else:
            doubtful = True
    if doubtful:
        left = {index: ground for index, ground in left.items() if ground.can_hold}
    return Position(table, known, tuple(held), left, doubtful)


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
    beside_sensitive = _sensitive_denied(position).open

    def rank(facts: Sequence[FactId]) -> tuple[bool, bool, float, float]:
        return (
            all(FACTS[fact].sensitive for fact in facts) or beside_sensitive.isdisjoint(facts),
            any(FACTS[fact].sensitive for fact in facts),
            *_promise(position, facts),
        )

    return tuple(
        fact
        for facts in sorted(screens.values(), key=rank)
        for fact in sorted(facts, key=lambda one: rank((one,)))
    )


def _promise(position: Position, facts: Sequence[FactId]) -> tuple[float, float]:
    """The chance that the answer leaves the matter open, and the screens then to be expected."""
    prospects = _prospects(position, facts)
    return (
        sum(chance for chance, after in prospects if after.standing is None),
        sum(chance * _screens_left(after) for chance, after in prospects),
    )


def _yes(position: Position, fact: FactId) -> float:
    return position.table.weights[fact].get(True, 0)


def _screens_left(position: Position) -> int:
    if position.standing is not None:
        return 0
    return len({screen_of(fact) for fact in position.open})


def _sensitive_denied(position: Position) -> Position:
    """Where the usual answer to every sensitive question would leave us.

    What is still open then is worth asking without any of them; the rest waits for them.
    """
    for fact in sorted(position.open, key=_place):
        if FACTS[fact].sensitive:
            position = position.learn(fact, position.allows(fact)[0])
    return position


def _prospects(position: Position, facts: Sequence[FactId]) -> list[tuple[float, Position]]:
    """Where the answers to one screen lead, each with its chance."""
    if len(facts) == 1:
        (fact,) = facts
        chances = [
            (position.table.weights[fact][value], position.learn(fact, value))
            for value in position.allows(fact)
        ]
    else:
        # Of boxes to tick mostly none or one is ticked; the rare several count as one.
        none = prod(1 - _yes(position, fact) for fact in facts)
        chances = [(none, _ticked(position, facts, None))]
        for fact in facts:
            yes = _yes(position, fact)
            chances.append((none * yes / (1 - yes), _ticked(position, facts, fact)))
    whole = sum(chance for chance, _ in chances)
    return [(chance / whole, after) for chance, after in chances]


def _ticked(position: Position, boxes: Iterable[FactId], ticked: FactId | None) -> Position:
    for box in boxes:
        position = position.learn(box, box == ticked)
    return position
