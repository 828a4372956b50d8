"""Facts and conditions in Vietnamese, for whoever checks the rules without reading YAML."""

from collections.abc import Mapping
from typing import assert_never

from eligibility.conditions import AllOf, AnyOf, Condition, FactIs, FactWithin, InDoubt, Not, Ref
from eligibility.facts import FACTS, IN_WORDS, FactId, Value, values
from eligibility.grounds import Definition


def fact_in_words(fact: FactId, value: Value) -> str:
    """One fact, such as "17 tuổi", "hộ cận nghèo" or "không: người khuyết tật"."""
    if isinstance(value, bool):
        return FACTS[fact].said if value else f"không: {FACTS[fact].said}"
    return f"{value} {FACTS[fact].said}" if isinstance(value, int) else IN_WORDS[fact][value]


def in_words(condition: Condition, named: Mapping[str, Definition]) -> str:
    """A condition as one Vietnamese phrase; a definition by its own words and its article.

    Raises:
        KeyError: a `ref` names no definition (a loaded law has none such).
    """
    match condition:
        case FactIs(fact=fact, among=among):
            wanted = [fact_in_words(fact, value) for value in values(fact) if value in among]
            return wanted[0] if len(wanted) == 1 else f"một trong các điều: {'; '.join(wanted)}"
        case FactWithin(fact=fact, at_least=at_least, below=below):
            bounds = (("từ đủ", at_least), ("dưới", below))
            told = (f"{word} {bound} {FACTS[fact].said}" for word, bound in bounds if bound)
            return " đến ".join(told)
        case AllOf(root=parts):
            return "; và ".join(in_words(part, named) for part in parts)
        case AnyOf(root=parts):
            return "; hoặc ".join(in_words(part, named) for part in parts)
        case Not(root=part):
            return f"không phải: {in_words(part, named)}"
        case InDoubt(root=part):
            return f"{in_words(part, named)} (luật chưa nói rõ, cán bộ xét)"
        case Ref(root=name):
            return f"{named[name].said} ({named[name].citation})"
        case _:
            assert_never(condition)


def parts(condition: Condition) -> tuple[Condition, ...]:
    """What must be met one by one: the parts of an `all`, or the condition itself."""
    match condition:
        case AllOf(root=several):
            return tuple(part for one in several for part in parts(one))
        case FactIs() | FactWithin() | AnyOf() | Not() | InDoubt() | Ref():
            return (condition,)
        case _:
            assert_never(condition)
