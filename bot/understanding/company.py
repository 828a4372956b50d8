"""What a word without marks means beside its neighbours.

"Danh" may be *đánh*; in "danh sách" it is not. A word typed bare stands at first for every word of
a phrase that has its letters. Here those are taken back that the words beside it speak against: how
often each marked word stands beside which is counted in our own texts by the build step. Numbers
tell nothing: "con 4 tuổi" is no "còn 4 ngày".
"""

from collections import Counter, defaultdict
from collections.abc import Iterable, Mapping, Sequence
from itertools import pairwise
from pathlib import Path

from knowledge.vietnamese import fold

PAIRS = Path(__file__).parent / "data" / "company.tsv"
"""Two words and how often one follows the other, a line each."""

MET = 3
"""Times that two bare words must have been met together to say anything."""
_UNHEARD = 0.3
"""What a meaning counts that was never met beside a neighbour, in times."""
_HARDLY = 0.04
"""A meaning this much less likely than the likeliest is not meant."""

_Beside = Mapping[str, Mapping[str, int]]
"""The bare neighbour and the bare word, with a blank between → its marked forms and their times."""


class Company:
    """Knows which marked words keep company."""

    def __init__(self, pairs: Mapping[tuple[str, str], int]) -> None:
        after: dict[str, Counter[str]] = defaultdict(Counter)
        before: dict[str, Counter[str]] = defaultdict(Counter)
        for (first, second), times in pairs.items():
            bare = f"{fold(first)} {fold(second)}"
            after[bare][second] += times
            before[bare][first] += times
        self._after: _Beside = _often(after)
        self._before: _Beside = _often(before)

    @classmethod
    def load(cls, path: Path = PAIRS) -> "Company":
        """Read the pairs that the build step wrote.

        Raises:
            OSError, ValueError: the file is not there, or not what the build step writes.
        """
        lines = (line.split("\t") for line in path.read_text("utf-8").splitlines())
        return cls({(first, second): int(times) for first, second, times in lines})

    def meant(
        self, letters: Sequence[str], place: int, meanings: tuple[str, ...], breaks: int
    ) -> tuple[str, ...]:
        """Those of the meanings of a bare word that its neighbours leave.

        `letters` are the words of the message without marks; `breaks` has bit i set where a
        sentence or a clause ends before word i, which keeps its neighbour out.
        """
        if not meanings:
            return meanings
        beside = []
        if place and not breaks >> place & 1:
            beside.append(self._after.get(f"{letters[place - 1]} {letters[place]}"))
        if place + 1 < len(letters) and not breaks >> (place + 1) & 1:
            beside.append(self._before.get(f"{letters[place]} {letters[place + 1]}"))
        told = [forms for forms in beside if forms]
        if not told:
            return meanings
        likely = {
            form: _likelihood(form, told) for form in {*meanings, *(f for one in told for f in one)}
        }
        least = _HARDLY * max(likely.values())
        return tuple(one for one in meanings if likely[one] >= least)


def _likelihood(form: str, told: Iterable[Mapping[str, int]]) -> float:
    likelihood = 1.0
    for forms in told:
        likelihood *= (forms.get(form, 0) + _UNHEARD) / (sum(forms.values()) + _UNHEARD)
    return likelihood


def _often(beside: Mapping[str, Counter[str]]) -> _Beside:
    return {bare: dict(forms) for bare, forms in beside.items() if forms.total() >= MET}


def count(sentences: Iterable[Sequence[str]]) -> Counter[tuple[str, str]]:
    """How often each two words follow each other within a clause; words are written with marks."""
    pairs: Counter[tuple[str, str]] = Counter()
    for words in sentences:
        pairs.update(pair for pair in pairwise(words) if pair[0].isalpha() and pair[1].isalpha())
    return pairs
