"""The little language in which a ground says whom it is for, and how it is read.

In a file a condition is one of

    {household: poor}              a fact has this value
    {household: [poor, near_poor]} … or one of these
    {merit: yes}                   a yes-or-no fact
    {age: {at_least: 16, below: 18}}
    {all: [ … ]}   {any: [ … ]}   {not: … }
    {ref: financial_hardship}      a definition of the same law
    {in_doubt: … }                 when it is true, the law itself is not clear: an officer decides

Reading is three-valued (Kleene): true, false, or None when a fact is missing or the law is in
doubt. Learning one more fact can turn None into true or false, never true into false.
"""

from collections.abc import Iterable, Iterator, Mapping, Set
from typing import Annotated, Any, NamedTuple, assert_never

from pydantic import (
    BeforeValidator,
    ConfigDict,
    Discriminator,
    RootModel,
    Tag,
    model_validator,
)

from eligibility.facts import FACTS, FactId, Kind, Known, Value, values
from store.datafile import Entry


def _declared(name: object) -> FactId:
    try:
        return FactId(str(name))
    except ValueError as problem:
        known = ", ".join(FactId)
        raise ValueError(f"no fact or word is called {name!r}; the facts are {known}") from problem


class FactIs(Entry):
    """True when the fact has one of these values."""

    fact: FactId
    among: frozenset[Value]

    @model_validator(mode="before")
    @classmethod
    def _from_file(cls, written: Any) -> Any:
        if not isinstance(written, dict):
            raise ValueError("a condition is written like {household: poor}")  # noqa: TRY004
        if "fact" in written:
            return written
        name, wanted = _only(written)
        fact = _declared(name)
        allowed = values(fact)
        wanted = wanted if isinstance(wanted, list) else [wanted]
        for value in wanted:
            if value not in allowed or isinstance(value, bool) != isinstance(allowed[0], bool):
                choices = "a number" if fact is FactId.AGE else ", ".join(map(_shown, allowed))
                raise ValueError(f"{fact} can't be {value!r}; it can be {choices}")
        return {"fact": fact, "among": [next(a for a in allowed if a == value) for value in wanted]}


class FactWithin(Entry):
    """True when the number lies within `at_least` (included) and `below` (not included)."""

    fact: FactId
    at_least: int | None = None
    below: int | None = None

    @model_validator(mode="before")
    @classmethod
    def _from_file(cls, written: Any) -> Any:
        if not isinstance(written, dict) or "fact" in written:
            return written
        name, bounds = _only(written)
        if FACTS[_declared(name)].kind is not Kind.WHOLE_NUMBER:
            raise ValueError(f"{name} is no number and has no at_least or below")
        return {"fact": name, **bounds}

    @model_validator(mode="after")
    def _bounded(self) -> "FactWithin":
        if self.at_least is None and self.below is None:
            raise ValueError("at_least or below is missing")
        if self.at_least is not None and self.below is not None and self.at_least >= self.below:
            raise ValueError("nothing is at least the one and below the other")
        return self


class AllOf(RootModel[tuple["Condition", ...]]):
    """True when every part is; false as soon as one part is."""

    model_config = ConfigDict(frozen=True)


class AnyOf(RootModel[tuple["Condition", ...]]):
    """True as soon as one part is; false when every part is."""

    model_config = ConfigDict(frozen=True)


class Not(RootModel["Condition"]):
    """True when the part is false."""

    model_config = ConfigDict(frozen=True)


class InDoubt(RootModel["Condition"]):
    """None when the part is true, for then the law does not say; false when the part is."""

    model_config = ConfigDict(frozen=True)


class Ref(RootModel[str]):
    """Whatever the definition of this name says."""

    model_config = ConfigDict(frozen=True)


def _only(written: dict[Any, Any]) -> tuple[Any, Any]:
    if len(written) != 1:
        raise ValueError("a condition is one word or one fact; join several by all or any")
    return next(iter(written.items()))


def _inside(value: Any) -> Any:
    return _only(value)[1] if isinstance(value, dict) else value


_WORDS = frozenset({"all", "any", "not", "in_doubt", "ref"})

_TAGS: Mapping[type, str] = {
    AllOf: "all",
    AnyOf: "any",
    Not: "not",
    InDoubt: "in_doubt",
    Ref: "ref",
    FactIs: "is",
    FactWithin: "within",
}


def _kind(written: Any) -> str:
    """Which model reads it; what is no condition at all goes to `FactIs`, which says why."""
    if type(written) in _TAGS:
        return _TAGS[type(written)]
    if not isinstance(written, dict) or len(written) != 1:
        return "is"
    name, value = _only(written)
    if name in _WORDS:
        return str(name)
    return "within" if isinstance(value, dict) else "is"


_Inside = BeforeValidator(_inside)

Condition = Annotated[
    Annotated[AllOf, _Inside, Tag("all")]
    | Annotated[AnyOf, _Inside, Tag("any")]
    | Annotated[Not, _Inside, Tag("not")]
    | Annotated[InDoubt, _Inside, Tag("in_doubt")]
    | Annotated[Ref, _Inside, Tag("ref")]
    | Annotated[FactIs, Tag("is")]
    | Annotated[FactWithin, Tag("within")],
    Discriminator(_kind),
]

Definitions = Mapping[str, Condition]
"""The conditions that `{ref: …}` may name, by name."""


class Reading(NamedTuple):
    """A condition read over what is known.

    `value` is None when it can't be said. Then `open` are the unknown facts in the undecided
    parts, of which only some may still decide it; `can_hold` and `can_fail` say whether it may
    yet turn out true or false. When neither may, the law leaves it in doubt for good.
    """

    value: bool | None
    open: frozenset[FactId] = frozenset()
    can_hold: bool = False
    can_fail: bool = False


_TRUE = Reading(value=True, can_hold=True)
_FALSE = Reading(value=False, can_fail=True)
_DOUBT = Reading(value=None)
_UNKNOWN = {fact: Reading(None, frozenset({fact}), can_hold=True, can_fail=True) for fact in FactId}


def read(
    condition: Condition,
    known: Known,
    definitions: Definitions,
    skipped: frozenset[FactId] = frozenset(),
) -> Reading:
    """Read a condition over what is known; `skipped` facts will never be known.

    Raises:
        KeyError: a `ref` names no definition (a loaded law has none such).
    """
    match condition:
        case FactIs(fact=fact, among=among):
            value = known.get(fact)
            if value is None:
                return _unknown(fact, skipped)
            return _TRUE if value in among else _FALSE
        case FactWithin(fact=fact, at_least=at_least, below=below):
            value = known.get(fact)
            if not isinstance(value, int):
                return _unknown(fact, skipped)
            within = (at_least is None or value >= at_least) and (below is None or value < below)
            return _TRUE if within else _FALSE
        case AllOf(root=parts):
            return all_of(read(part, known, definitions, skipped) for part in parts)
        case AnyOf(root=parts):
            return _opposite(
                all_of(_opposite(read(part, known, definitions, skipped)) for part in parts)
            )
        case Not(root=part):
            return _opposite(read(part, known, definitions, skipped))
        case InDoubt(root=part):
            inner = read(part, known, definitions, skipped)
            if inner.value is False:
                return _FALSE
            return Reading(None, inner.open, can_fail=True) if inner.can_fail else _DOUBT
        case Ref(root=name):
            return read(definitions[name], known, definitions, skipped)
        case _:
            assert_never(condition)


def all_of(readings: Iterable[Reading]) -> Reading:
    """The reading of several conditions that must all be true; stops at the first false one."""
    undecided = []
    for reading in readings:
        if reading.value is False:
            return _FALSE
        if reading.value is None:
            undecided.append(reading)
    if not undecided:
        return _TRUE
    can_hold = all(reading.can_hold for reading in undecided)
    can_fail = any(reading.can_fail for reading in undecided)
    if not can_hold and not can_fail:
        return _DOUBT
    return Reading(
        None, frozenset().union(*(reading.open for reading in undecided)), can_hold, can_fail
    )


def _unknown(fact: FactId, skipped: frozenset[FactId]) -> Reading:
    return _DOUBT if fact in skipped else _UNKNOWN[fact]


def _opposite(reading: Reading) -> Reading:
    if reading.value is not None:
        return _FALSE if reading.value else _TRUE
    return Reading(None, reading.open, can_hold=reading.can_fail, can_fail=reading.can_hold)


def evaluate(condition: Condition, known: Known, definitions: Definitions) -> bool | None:
    """The value of a condition: true, false, or None when that can't be said.

    Raises:
        KeyError: a `ref` names no definition (a loaded law has none such).
    """
    return read(condition, known, definitions).value


def leaves(condition: Condition, definitions: Definitions) -> Iterator[FactIs | FactWithin | Ref]:
    """Every comparison and every reference in a condition; follows references it can resolve."""
    match condition:
        case FactIs() | FactWithin():
            yield condition
        case AllOf(root=parts) | AnyOf(root=parts):
            for part in parts:
                yield from leaves(part, definitions)
        case Not(root=part) | InDoubt(root=part):
            yield from leaves(part, definitions)
        case Ref(root=name):
            yield condition
            if name in definitions:
                yield from leaves(definitions[name], definitions)
        case _:
            assert_never(condition)


def facts_of(condition: Condition, definitions: Definitions) -> frozenset[FactId]:
    """Every fact a condition looks at."""
    return frozenset(
        leaf.fact for leaf in leaves(condition, definitions) if not isinstance(leaf, Ref)
    )


def thresholds(conditions: Iterable[Condition], definitions: Definitions) -> Set[int]:
    """The numbers at which some comparison changes its value, such as the ages 16, 18 and 60."""
    return {
        bound
        for condition in conditions
        for leaf in leaves(condition, definitions)
        if isinstance(leaf, FactWithin)
        for bound in (leaf.at_least, leaf.below)
        if bound is not None
    }


def _shown(value: Value) -> str:
    return {True: "yes", False: "no"}[value] if isinstance(value, bool) else str(value)
