"""`docs/deadlines.md`: the limits and the calendar as tables, drawn from the files."""

import datetime as dt
from collections.abc import Iterable, Iterator

from cases.calendar import ZONE, calendar_of
from cases.deadline_words import say_day, say_length, say_moments
from cases.deadlines import DeadlineState, deadlines_of
from cases.limits import CaseTimes, DeadlineKind, Form, Measure, Role, Rule, Rules
from cases.province import Day, Province

_HEAD = """\
# The law's clock

Drawn from `cases/deadlines.yaml` and the province's `holidays.yaml` by `python -m cases deadlines`;
a test keeps the two alike. Edit the YAML, never this page.

- The day of the event does not count, a term in days ends at 24:00 of its last day, and one in
  hours runs from its moment on (Civil Code 91/2015/QH13, Art. 147 and 148). A term in days whose
  last day is a weekend or a holiday ends with the next working day (Art. 148 clause 5).
- A working day is the State's, whatever the office: a branch that opens on two days a week gets no
  more time. Office hours are the office's own.
- A year whose holidays are not known has weekends only, and what is counted there is told as
  uncertain.
- The clock stands still only where the law lets it ("pauses"). A day that a pause reached over
  midnight does not count; a pause within one day costs nothing.
- Nobody is told outside office hours, except the duty roster of danger and custody ("day and
  night").
- "house" is no term of the law: a promise of ours, or our length for the law's "at once". The
  centre decides on both.
"""

_ROLES = {
    Role.HOLDER: "holder",
    Role.HEAD: "branch head",
    Role.CENTRE: "centre",
    Role.DUTY: "duty roster",
}

_STATES = {
    DeadlineState.OPEN: "runs",
    DeadlineState.WARN: "runs, and its owner is being warned",
    DeadlineState.OVERDUE: "not met, and over",
    DeadlineState.MET: "met in time",
    DeadlineState.MET_LATE: "met, but late",
    DeadlineState.PAUSED: "the clock stands still; no due moment until the citizen has answered",
}


def page(rules: Rules, province: Province) -> str:
    """The page, in Markdown."""
    return "\n".join(_lines(rules, province)) + "\n"


def _lines(rules: Rules, province: Province) -> Iterator[str]:
    yield _HEAD
    yield "## Limits"
    yield ""
    yield from _table(
        (
            "Limit",
            "For",
            "Length",
            "Runs from",
            "Met by",
            "Article",
            "Told before, when overdue, after that",
        ),
        (_rule(rule) for rule in rules.rules),
    )
    yield ""
    yield f"From {rules.unread_from.day:%Y-%m-%d} on: {rules.unread_from.note}"
    yield ""
    yield "## States"
    yield ""
    yield from _table(
        ("State", "Meaning"), ((f"`{state}`", _STATES[state]) for state in DeadlineState)
    )
    yield ""
    yield f"## Days off and make-up days, {province.full_name}"
    yield ""
    holidays = province.holidays
    yield f"Years that stand whole: {', '.join(str(year) for year in holidays.years)}."
    yield ""
    yield from _table(
        ("Day", "", "Name"),
        (
            (say_day(entry.day), what, _name(entry))
            for entry, what in sorted(
                [(entry, "off") for entry in holidays.closed]
                + [(entry, "**worked**") for entry in holidays.worked],
                key=lambda pair: pair[0].day,
            )
        ),
    )
    yield ""
    yield from _example(rules, province)


def _rule(rule: Rule) -> tuple[str, ...]:
    when = [f"{flag}" if wanted else f"not {flag}" for flag, wanted in rule.when.items()]
    forms = [] if rule.forms == tuple(Form) else [" or ".join(rule.forms)]
    length = say_length(rule)
    if rule.house or rule.measure is Measure.HOUSE:
        length += " (house)"
    told = [
        " and ".join(_ROLES[role] for role in roles)
        for roles in (rule.tells.before, rule.tells.overdue, rule.tells.later)
    ]
    if rule.unit.in_days:
        told[0] += f" (working days ahead: {rule.warn_before})"
    else:
        told[0] += f" (hours after the start: {rule.warn_after})"
    if rule.later_after:
        told[2] += f" (working days later: {rule.later_after})"
    else:
        told.pop()
    notes = [
        *(["day and night"] if rule.at_night else []),
        *(["pauses"] if rule.pauses else []),
        *([] if rule.verified else ["**not verified**"]),
    ]
    return (
        f"`{rule.kind}`<br>{rule.title}",
        ", ".join([*when, *forms]).replace("_", " ") or "every case",
        "<br>".join([length, *notes]),
        say_moments(rule.starts),
        say_moments(rule.met_by),
        f"{rule.citation}: {rule.says}",
        "<br>".join(told),
    )


def _name(entry: Day) -> str:
    return entry.name if entry.verified else f"{entry.name} (**not verified**)"


def _example(rules: Rules, province: Province) -> Iterator[str]:
    """A limit over a Tết, worked out as the desk shows it."""
    accepted = dt.datetime(2026, 2, 13, 15, 30, tzinfo=ZONE)
    times = CaseTimes(received_at=accepted, accepted_at=accepted, form=Form.LITIGATION)
    calendar = calendar_of(province, province.centre.id)
    for deadline in deadlines_of(times, calendar, accepted, rules):
        if deadline.kind is DeadlineKind.ASSIGN_PROVIDER:
            yield "## An example over Tết"
            yield ""
            yield f"{deadline.why}"
            yield ""
            yield from (f"- {step}" for step in deadline.steps)


def _table(head: tuple[str, ...], rows: Iterable[tuple[str, ...]]) -> Iterator[str]:
    yield f"| {' | '.join(head)} |"
    yield f"|{' --- |' * len(head)}"
    for row in rows:
        yield f"| {' | '.join(row)} |"
