"""`docs/case-life.md`: the states and the moves of a case, drawn from `cases.life`. Pure."""

from collections.abc import Iterable, Iterator

from cases.life import MOVES, CaseState, Move, MoveRule, Who

_HEAD = """\
# The life of a case

Drawn from `cases/life.py` by `python -m cases life`; a test keeps the two alike. Edit the code,
never this page.

- Somebody holds a case exactly while it is claimed, accepted or in progress; while somebody does,
  the talk with the citizen is theirs and the assistant is silent.
- A case that comes back to a queue loses nothing: whoever claims it next goes on where it stood.
- A case offered to another office stays with the sender until the other says yes. Until then both
  see it; afterwards the sender sees its number, where it went, and when.
- A move that is not in the table is refused with its reason.
"""

_STATES = {
    CaseState.WAITING: "Chờ nhận: in the queue of its office",
    CaseState.CLAIMED: "Đã nhận: an officer looks into it",
    CaseState.ACCEPTED: "Đã thụ lý: in the register, with a code such as `CN1.TV.01.2026`",
    CaseState.IN_PROGRESS: "Đang thực hiện: a provider is at work",
    CaseState.CLOSED: "Kết thúc, with an outcome",
}

_WHO = {
    Who.HOLDER: "its holder",
    Who.COLLEAGUE: "its office",
    Who.HEAD: "the head of its office",
    Who.CENTRE: "the centre",
    Who.RECEIVER: "the office it is offered to",
    Who.CITIZEN: "the citizen",
    Who.ENGINE: "the engine",
}


def page() -> str:
    """The page, in Markdown."""
    return "\n".join(_lines()) + "\n"


def _lines() -> Iterator[str]:
    yield _HEAD
    yield "```mermaid"
    yield "stateDiagram-v2"
    yield f"    [*] --> {CaseState.WAITING}"
    for start in CaseState:
        for leads in CaseState:
            moves = [move for move, rule in MOVES.items() if leads in _ways(rule, start)]
            if moves:
                yield f"    {start} --> {leads}: {_named(moves)}"
    yield f"    {CaseState.CLOSED} --> [*]"
    yield "```"
    yield ""
    yield "## States"
    yield ""
    yield "| State | Meaning |"
    yield "| --- | --- |"
    yield from (f"| `{state}` | {_STATES[state]} |" for state in CaseState)
    yield ""
    yield "## Moves"
    yield ""
    yield "| Move | From | To | Who |"
    yield "| --- | --- | --- | --- |"
    yield from (_row(move, rule) for move, rule in MOVES.items())


def _ways(rule: MoveRule, start: CaseState) -> frozenset[CaseState]:
    return rule.leads if start in rule.starts else frozenset()


def _named(moves: Iterable[Move]) -> str:
    return ", ".join(move.replace("_", " ") for move in moves)


def _row(move: Move, rule: MoveRule) -> str:
    starts = ", ".join(f"`{state}`" for state in CaseState if state in rule.starts)
    leads = ", ".join(f"`{state}`" for state in CaseState if state in rule.leads)
    if rule.leads > {CaseState.CLAIMED}:
        leads += " (where it stood)"
    who = ", ".join(_WHO[who] for who in Who if who in rule.may)
    return f"| {_named([move])} | {starts} | {leads or 'stays'} | {who} |"
