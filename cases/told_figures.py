"""The figures as they are told, and which numbers are too small to be told to everyone.

From small numbers people are recognised: whoever sees no case gets the figures `without_few`.
"""

from collections.abc import Sequence
from dataclasses import dataclass, replace

from cases.life import Outcome
from cases.limits import DeadlineKind
from cases.periods import Period

FEW = 5
"""Below that, a number is not told to those who see no cases, nor is a usual time computed."""

Count = int | None
"""None: fewer than `FEW`, and not told."""


@dataclass(frozen=True, slots=True)
class Line:
    """One office, field, group, commune, channel, or stretch of time."""

    key: str
    """Empty: not known."""
    opened: Count
    accepted: Count
    closed: Count


@dataclass(frozen=True, slots=True)
class Spell:
    """How long something took, in working hours of the office that has the case."""

    count: Count
    median: float | None
    p90: float | None
    """Nine of ten took no longer."""


@dataclass(frozen=True, slots=True)
class Kept:
    """Limits of one kind in the cases that ended: in time, or not."""

    kind: DeadlineKind
    kept: Count
    late: Count

    @property
    def share(self) -> float | None:
        """Kept, of 100."""
        if self.kept is None or self.late is None:
            return None
        return 100 * self.kept / (self.kept + self.late)


@dataclass(frozen=True, slots=True)
class Load:
    """The work of one officer."""

    staff_id: str
    office_id: str
    held: int
    """Now."""
    urgent: int
    """Of those: somebody in danger."""
    claimed: int
    """Taken up in the stretch and still theirs, or ended by them."""
    closed: int
    """Ended in the stretch."""


@dataclass(frozen=True, slots=True)
class Stars:
    """How satisfied people were."""

    count: Count
    mean: float | None
    by_stars: tuple[tuple[int, Count], ...]
    """From five stars down."""


@dataclass(frozen=True, slots=True)
class Figures:
    """All numbers of one stretch."""

    period: Period
    exact: bool
    """False: numbers below `FEW` are missing."""
    opened: Count
    accepted: Count
    refused: Count
    closed: Count
    """With any outcome, refusals too."""
    waiting: Count
    """Now, whatever the stretch."""
    in_hand: Count
    """Now, whatever the stretch."""
    outcomes: tuple[tuple[Outcome, Count], ...]
    by_office: tuple[Line, ...]
    by_field: tuple[Line, ...]
    by_group: tuple[Line, ...]
    """A case of several groups counts in each."""
    by_commune: tuple[Line, ...]
    by_channel: tuple[Line, ...]
    trend: tuple[tuple[Period, Line], ...]
    to_claim: Spell
    """From the request to its first claim; of the requests of this stretch."""
    unclaimed: Count
    """Requests of this stretch that nobody has claimed yet."""
    to_accept: Spell
    """From the request to the register; of the cases accepted in this stretch."""
    to_finish: Spell
    """From the request to its end; of the cases in which help was given to the end."""
    deadlines: tuple[Kept, ...]
    load: tuple[Load, ...]
    stars: Stars


def without_few(figures: Figures) -> Figures:
    """Without the numbers from which single people could be recognised."""
    outcomes = dict(
        zip(
            (outcome for outcome, _ in figures.outcomes),
            hidden([count for _, count in figures.outcomes]),
            strict=True,
        )
    )
    return replace(
        figures,
        exact=False,
        opened=_told(figures.opened),
        accepted=_told(figures.accepted),
        refused=outcomes.get(Outcome.REFUSED, 0),
        closed=_told(figures.closed),
        waiting=_told(figures.waiting),
        in_hand=_told(figures.in_hand),
        outcomes=tuple(outcomes.items()),
        by_office=_hide(figures.by_office),
        by_field=_hide(figures.by_field),
        by_group=_hide(figures.by_group),
        by_commune=_hide(figures.by_commune),
        by_channel=_hide(figures.by_channel),
        trend=tuple(
            zip(
                (step for step, _ in figures.trend),
                _hide([line for _, line in figures.trend]),
                strict=True,
            )
        ),
        to_claim=_hide_spell(figures.to_claim),
        unclaimed=_told(figures.unclaimed),
        to_accept=_hide_spell(figures.to_accept),
        to_finish=_hide_spell(figures.to_finish),
        deadlines=tuple(Kept(one.kind, *hidden([one.kept, one.late])) for one in figures.deadlines),
        stars=_hide_stars(figures.stars),
    )


def _told(count: Count) -> Count:
    return count if count is None or count == 0 or count >= FEW else None


def hidden(counts: Sequence[Count]) -> list[Count]:
    """The numbers of one column without those from one to `FEW`.

    What is missing could be worked out from the sum when it is small itself, so the next smallest
    go too. None at all is told: it is about nobody.
    """
    told = [_told(count) for count in counts]
    left = sorted((count, place) for place, count in enumerate(told) if count)
    missing = sum(count or 0 for count, one in zip(counts, told, strict=True) if one is None)
    while None in told and missing < FEW and left:
        count, place = left.pop(0)
        told[place], missing = None, missing + count
    return told


def _hide(lines: Sequence[Line]) -> tuple[Line, ...]:
    columns = [
        hidden([getattr(line, name) for line in lines]) for name in ("opened", "accepted", "closed")
    ]
    return tuple(
        Line(line.key, *numbers)
        for line, numbers in zip(lines, zip(*columns, strict=True), strict=True)
    )


def _hide_spell(spell: Spell) -> Spell:
    return Spell(None, None, None) if _told(spell.count) is None else spell


def _hide_stars(stars: Stars) -> Stars:
    if _told(stars.count) is None:
        return Stars(None, None, tuple((number, None) for number, _ in stars.by_stars))
    numbers = [number for number, _ in stars.by_stars]
    counts = hidden([count for _, count in stars.by_stars])
    return replace(stars, by_stars=tuple(zip(numbers, counts, strict=True)))
