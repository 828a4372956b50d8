"""How long until an officer looks at a request, as it is told. Pure."""

from dataclasses import dataclass

from cases.limits import DeadlineKind, shipped_rules


@dataclass(frozen=True)
class Expected:
    """Working hours until an officer looks at a request."""

    hours: int
    usual: bool
    """Counted from what this office did lately; otherwise the rule's hours."""


def by_rule() -> Expected:
    """What the centre has set itself: the length of the deadline for claiming a request."""
    length = next(rule.length for rule in shipped_rules().rules if rule.kind is DeadlineKind.CLAIM)
    return Expected(length, usual=False)
