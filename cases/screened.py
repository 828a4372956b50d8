"""What a screening leaves with a case, whoever asked: the assistant or an officer. Pure."""

import json
from collections.abc import Mapping
from typing import Any

from cases.province import Commune
from eligibility.facts import FACTS, FactId, Facts
from eligibility.screen import Outcome, Screening

FROM_PLACE = frozenset({FactId.LIVES_HERE, FactId.SPECIAL_DIFFICULTY_AREA})
"""Facts that follow from the commune."""


CHILD_UNTIL = 16
"""Law on Children 102/2016/QH13, Art. 1."""
ADULT_FROM = 18
_SELF = (None, "self")


def child_writes(screening: str | None) -> bool:
    """Whether a screening (JSON) is of somebody under 18 who wrote themselves.

    The phone is often the family's, and a parent may be whom they fear.
    """
    told = json.loads(screening or "{}")
    age = told.get("facts", {}).get(str(FactId.AGE))
    return isinstance(age, int) and age < ADULT_FROM and told.get("relation") in _SELF


def facts_of_commune(facts: Facts, commune: Commune) -> Facts:
    """What living there says for Articles 7.4 and 26 of the Legal Aid Act."""
    # Outside the listed communes there are listed hamlets: unknown, not "no".
    area = commune.in_special_difficulty
    return facts.having(FactId.LIVES_HERE, value=True).having(FactId.SPECIAL_DIFFICULTY_AREA, area)


def tells_sensitive(facts: Facts) -> bool:
    """Whether something was told that the law calls sensitive (Law 91/2025/QH15)."""
    return any(
        FACTS[fact].sensitive and value not in (False, "none")
        for fact, value in facts.known().items()
    )


def without_sensitive(facts: Facts) -> Facts:
    """The same person without what was not agreed to be handed over."""
    for fact in facts.known():
        if FACTS[fact].sensitive:
            facts = facts.having(fact, None)
    return facts


def as_json(facts: Facts, found: Screening, more: Mapping[str, Any]) -> str:
    """The facts and the outcome, as the desk reads them; `more` goes beside."""
    grounds = found.grounds or (found.possible if found.outcome is Outcome.UNCLEAR else ())
    return json.dumps(
        {
            "facts": {
                str(fact): value for fact, value in facts.known().items() if fact not in FROM_PLACE
            },
            "outcome": str(found.outcome),
            "grounds": [
                {"id": str(g.id), "law": g.citation, "said": g.said, "verified": g.verified}
                for g in grounds
            ],
            "papers": [paper.name for paper in found.papers],
            **more,
        },
        ensure_ascii=False,
    )
