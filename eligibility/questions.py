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

from eligibility.conditions import all_of, evaluate, facts_of, read, thresholds
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
    weights: Mapping[FactId, Mapping[Value, float]]  # the most common value first
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
        weights={
            fact: dict(sorted(_weights(fact, law, bounds).items(), key=lambda pair: -pair[1]))
            for fact in asked | bound_together
        },
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
        return self.learn_all({fact: value})

    def learn_all(self, told: Known) -> "Position":
        """The position once these facts are known too, with what follows from them."""
        return _read(self.table, {**self.known, **told}, tuple(self.undecided), self)

    def ending(self, rest: Known) -> Standing | None:
        """Where the person would stand if these facts were so; None if they can't be.

        A standing that is settled is none either with facts that what is known rules out: who
        comes with a victim is under 18, so that nothing follows for somebody grown up.
        """
        if any(value not in self.allows(fact) for fact, value in rest.items()):
            return None
        if self.standing is not None:
            return self.standing
        return self.learn_all({fact: rest[fact] for fact in self.open}).standing


def start(table: Table, known: Known) -> Position:
    """The position of a person of whom this is known."""
    return _read(table, known, range(len(table.law.grounds)), None)


def _read(
    table: Table, known: Known, undecided: Iterable[int], before: Position | None
) -> Position:
    new = known.keys() - before.known.keys() if before else known.keys()
    if before is None or not table.bound_together.isdisjoint(new):
        known = _with_what_follows(table, known)
        new = known.keys() - before.known.keys() if before else known.keys()
    held = list(before.held) if before else []
    doubtful = before.doubtful if before else False
    left: dict[int, Undecided] = {}
    for index in undecided:
        if before and before.undecided[index].open.isdisjoint(new):
            left[index] = before.undecided[index]
            continue
        reading = all_of(
            read(part, known, table.law.definitions, table.skipped)
            for part in table.law.grounds[index].conditions()
        )
        if reading.value:
            held.append(index)
        elif reading.value is None:
            # A ground that can't fail any more ends in doubt at the least.
            doubtful = doubtful or not reading.can_fail
            left[index] = Undecided(reading.open, reading.can_hold)
    if doubtful:
        left = {index: ground for index, ground in left.items() if ground.can_hold}
    return Position(table, known, tuple(held), left, doubtful)


def _possible(table: Table, known: Known, fact: FactId) -> Sequence[Value]:
    rules = [
        rule.when
        for rule in (table.impossible if fact in table.bound_together else ())
        if fact in read(rule.when, known, {}).open
    ]
    return [
        value
        for value in table.weights[fact]
        if not any(evaluate(rule, {**known, fact: value}, {}) for rule in rules)
    ]


def _with_what_follows(table: Table, known: Known) -> Known:
    """Add the facts that can have one value only, such as no social pension at 40."""
    followed = dict(known)
    for fact in sorted(table.bound_together - known.keys()):
        possible = _possible(table, followed, fact)
        if len(possible) == 1:
            followed[fact] = possible[0]
    return followed


def matters(position: Position, fact: FactId) -> bool:
    """Whether, for some way the other open facts may turn out, this one changes the standing."""
    if position.standing is not None or fact not in position.open:
        return False
    return _part_ways([position.learn(fact, value) for value in position.allows(fact)])


def _part_ways(branches: Sequence[Position]) -> bool:
    """Whether some way to fill in the rest leads these positions to different standings."""
    if len({branch.standing for branch in branches} - {None}) > 1:
        return True
    undecided = [branch for branch in branches if branch.standing is None]
    differing = _differing(branches)
    concerned = [
        ground.open
        for branch in undecided
        for index, ground in branch.undecided.items()
        if not branch.table.looks_at[index].isdisjoint(differing)
    ]
    if len(branches) < 2 or not undecided or (not concerned and _same_left(branches)):
        return False
    weights = undecided[0].table.weights
    open_facts: frozenset[FactId] = frozenset().union(*(branch.open for branch in undecided))
    usual = {fact: next(iter(weights[fact])) for fact in open_facts}
    if len({standing for branch in branches if (standing := branch.ending(usual))}) > 1:
        return True
    # What bears on the difference is tried first: the rest mostly falls away with it.
    other = min(frozenset().union(*concerned) or open_facts, key=_place)
    for value in weights[other]:
        followed = [
            branch.learn(other, value) for branch in branches if value in branch.allows(other)
        ]
        if _part_ways(followed):
            return True
    return False


def _differing(branches: Sequence[Position]) -> frozenset[FactId]:
    """The facts that are not the same in all of these positions."""
    first = branches[0].known if branches else {}
    return frozenset(
        fact
        for branch in branches[1:]
        for fact in branch.known.keys() | first.keys()
        if branch.known.get(fact) != first.get(fact)
    )


def _same_left(branches: Sequence[Position]) -> bool:
    """Whether the same grounds are left undecided in each, over the same floor."""
    first = branches[0]
    return all(
        branch.standing is None
        and branch.undecided == first.undecided
        and branch.doubtful == first.doubtful
        for branch in branches
    )


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
    return position.learn_all(
        {fact: position.allows(fact)[0] for fact in position.open if FACTS[fact].sensitive}
    )


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
        unticked = dict.fromkeys(facts, False)
        chances = [(none, position.learn_all(unticked))]
        for fact in facts:
            yes = _yes(position, fact)
            after = position.learn_all({**unticked, fact: True})
            chances.append((none * yes / (1 - yes), after))
    whole = sum(chance for chance, _ in chances)
    return [(chance / whole, after) for chance, after in chances]
