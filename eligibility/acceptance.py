"""What an officer goes by when taking a request in: rules as data, shown, never applied by us.

Who may ask for another (Article 8 of the Legal Aid Act 11/2017/QH14), what is taken in at once
(Article 30.4), what must be refused in writing (Articles 27 and 30.3), when another person of the
centre must take the matter (Article 25), what goes on although the person or the law has changed
(Articles 37.3 and 48.3), and who else helps.
"""

from functools import cache
from pathlib import Path

from pydantic import Field, model_validator

from eligibility.grounds import LAW, Dated
from eligibility.papers import Identifier, Sentence
from store.datafile import Entry, load


class AcceptanceRule(Dated):
    """One rule, in Vietnamese for an officer. `working_days` is the time it speaks of, if any."""

    id: Identifier
    citation: Sentence = Field(alias="law")
    said: Sentence
    source: Sentence
    working_days: int | None = Field(default=None, gt=0)
    verified: bool = True


class AcceptanceRules(Entry):
    """All of them, by the question they answer."""

    for_others: tuple[AcceptanceRule, ...]
    accept_at_once: tuple[AcceptanceRule, ...]
    refuse_request: tuple[AcceptanceRule, ...]
    other_person_needed: tuple[AcceptanceRule, ...]
    goes_on: tuple[AcceptanceRule, ...]
    elsewhere: tuple[AcceptanceRule, ...]

    @model_validator(mode="after")
    def _each_named_once(self) -> "AcceptanceRules":
        for section in type(self).model_fields:
            rules: tuple[AcceptanceRule, ...] = getattr(self, section)
            names = [rule.id for rule in rules]
            for name in names:
                if names.count(name) > 1:
                    raise ValueError(f"{section} names {name} twice")
        return self


@cache
def load_acceptance_rules(folder: Path = LAW) -> AcceptanceRules:
    """The rules of `acceptance.yaml` in `folder`, read once.

    Raises:
        store.datafile.DataFileError: the file is missing or wrong; says the line and the reason.
    """
    return load(folder / "acceptance.yaml", AcceptanceRules)
