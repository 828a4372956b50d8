"""The papers that prove a ground: what they are called, who issues them, what to do if one is lost.

Source: Circular 08/2017/TT-BTP, Article 33, as amended by 03/2021 and 09/2022. A missing paper
never shuts the door: it is said what to bring, and an officer takes it from there.
"""

from typing import Annotated

from pydantic import StringConstraints

from eligibility.conditions import Condition
from store.datafile import Entry

Sentence = Annotated[str, StringConstraints(strip_whitespace=True, min_length=1)]
Identifier = Annotated[str, StringConstraints(pattern=r"^[a-z][a-z0-9_]*$")]
PaperId = Identifier


class Paper(Entry):
    """One paper, or one of several that serve alike. The texts are Vietnamese, for a citizen.

    `when` says whom it can be of use to (a near-poor certificate to the near-poor); it chooses
    among the ways to prove the same ground. `verified` is false where the issuing office was not
    read in a source. `outdated` tells what in the circular newer law has overtaken. `in_english`
    explains the name, which the office that issues it goes by.
    """

    id: PaperId
    name: Sentence
    in_english: Sentence | None = None
    issued_by: Sentence
    if_lost: Sentence
    source: Sentence
    when: Condition | None = None
    verified: bool = True
    outdated: Sentence | None = None


class PaperFile(Entry):
    """The file of all papers."""

    papers: tuple[Paper, ...]


Bundle = tuple[PaperId, ...]
"""Papers that prove a ground when all of them are there."""
