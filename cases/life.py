"""The life of a case: its states, the moves between them, and who may make which. Pure.

`docs/case-life.md` is drawn from the table here. What a move does to the rows is written in
`cases.queue`, `cases.register`, `cases.transfer`, `cases.handover`, `cases.joining` and
`cases.rights`; whether it may be made is decided here alone, with a reason when it may not.
"""

from collections.abc import Mapping, Set
from dataclasses import dataclass
from enum import StrEnum


class CaseState(StrEnum):
    """Where a request stands."""

    WAITING = "waiting"
    """In the queue of its office; nobody holds it."""
    CLAIMED = "claimed"
    """An officer holds it and looks into it."""
    ACCEPTED = "accepted"
    """Entered in the register (thụ lý; Law 11/2017/QH14, Art. 30)."""
    IN_PROGRESS = "in_progress"
    """A provider is at work on it."""
    CLOSED = "closed"


HELD = frozenset({CaseState.CLAIMED, CaseState.ACCEPTED, CaseState.IN_PROGRESS})
"""The states in which an officer holds the case, and the talk with the citizen."""
OPEN = HELD | {CaseState.WAITING}
_REGISTERED = frozenset({CaseState.ACCEPTED, CaseState.IN_PROGRESS})


class Outcome(StrEnum):
    """How a case ended."""

    ADVISED = "advised"
    REPRESENTED = "represented"
    REFERRED = "referred"
    WITHDRAWN = "withdrawn"
    NOT_ENTITLED = "not_entitled"
    UNREACHABLE = "unreachable"
    DUPLICATE = "duplicate"
    REFUSED = "refused"
    """With a ground of the law, in writing (Form 08). Only `Move.REFUSE` leads to it."""


CLOSING = tuple(outcome for outcome in Outcome if outcome is not Outcome.REFUSED)
"""What an officer may close a case with."""


class Who(StrEnum):
    """What somebody is to a case. One person may be several."""

    HOLDER = "holder"
    """The officer who holds it."""
    COLLEAGUE = "colleague"
    """An officer, or the head, of the office that has it."""
    HEAD = "head"
    """The head of the office that has it."""
    CENTRE = "centre"
    """Anyone of the centre."""
    RECEIVER = "receiver"
    """Anyone of the office that it is offered to."""
    CITIZEN = "citizen"
    ENGINE = "engine"


class Move(StrEnum):
    """Everything that can happen to where a case stands."""

    CLAIM = "claim"
    TAKE_OVER = "take_over"
    """The centre takes a case that its branch has left unclaimed for too long."""
    GIVE_BACK = "give_back"
    RELEASE = "release"
    """The officer's account was closed: the case returns to the queue."""
    HAND_OVER = "hand_over"
    ACCEPT = "accept"
    ASK_PAPERS = "ask_papers"
    PAPERS_GIVEN = "papers_given"
    LOOK_AT_PAPER = "look_at_paper"
    """Tick one paper off, ask for it again, or say which photo it is."""
    ASSIGN = "assign"
    CHANGE_PROVIDER = "change_provider"
    BEGIN = "begin"
    GIVE_ADVICE = "give_advice"
    DECLINE_WISH = "decline_wish"
    """Tell the citizen why the provider they wish for is not appointed."""
    PAUSE = "pause"
    RESUME = "resume"
    SNOOZE = "snooze"
    MEET = "meet"
    """Propose times for a meeting, move it, or call it off."""
    CORRECT = "correct"
    OFFER_TRANSFER = "offer_transfer"
    CANCEL_TRANSFER = "cancel_transfer"
    ACCEPT_TRANSFER = "accept_transfer"
    DECLINE_TRANSFER = "decline_transfer"
    REFUSE = "refuse"
    CLOSE = "close"
    JOIN = "join"
    WITHDRAW = "withdraw"
    ASK_WITHDRAWAL = "ask_withdrawal"
    UNDO_WITHDRAWAL = "undo_withdrawal"
    """The citizen thinks better of it, soon after the case closed by their own word."""
    KEEP_REQUEST = "keep_request"
    """The same while an officer holds the case."""
    REOPEN = "reopen"
    COMPLAIN = "complain"
    ANSWER_COMPLAINT = "answer_complaint"
    FOLLOW_COMPLAINT = "follow_complaint"
    """Note that the Department of Justice has received a complaint, or has answered it."""
    RATE = "rate"


class RefusedError(Exception):
    """A move that can't be made now; `reason` is a key of the desk's texts."""

    def __init__(self, reason: str) -> None:
        self.reason = reason
        super().__init__(reason)


@dataclass(frozen=True, slots=True)
class MoveRule:
    """From which states a move starts, where it leads, and who may make it."""

    starts: frozenset[CaseState]
    leads: frozenset[CaseState]
    """Empty: the state stays. More than one: see `standing`."""
    may: frozenset[Who]


def _rule(starts: Set[CaseState], leads: Set[CaseState], *may: Who) -> MoveRule:
    return MoveRule(frozenset(starts), frozenset(leads), frozenset(may))


_WAITING = frozenset({CaseState.WAITING})
_CLAIMED = frozenset({CaseState.CLAIMED})
_ACCEPTED = frozenset({CaseState.ACCEPTED})
_BEGUN = frozenset({CaseState.IN_PROGRESS})
_CLOSED = frozenset({CaseState.CLOSED})
_STAYS: frozenset[CaseState] = frozenset()

MOVES: Mapping[Move, MoveRule] = {
    Move.CLAIM: _rule(_WAITING, HELD, Who.COLLEAGUE, Who.CENTRE),
    Move.TAKE_OVER: _rule(_WAITING, HELD, Who.CENTRE),
    Move.GIVE_BACK: _rule(HELD, _WAITING, Who.HOLDER),
    Move.RELEASE: _rule(HELD, _WAITING, Who.ENGINE),
    Move.HAND_OVER: _rule(HELD, _STAYS, Who.HOLDER, Who.HEAD, Who.CENTRE),
    Move.ACCEPT: _rule(_CLAIMED, _ACCEPTED, Who.HOLDER),
    Move.ASK_PAPERS: _rule(HELD, _STAYS, Who.HOLDER),
    Move.PAPERS_GIVEN: _rule(HELD, _STAYS, Who.HOLDER),
    Move.LOOK_AT_PAPER: _rule(HELD, _STAYS, Who.HOLDER),
    Move.ASSIGN: _rule(_REGISTERED, _BEGUN, Who.HOLDER, Who.HEAD, Who.CENTRE),
    Move.CHANGE_PROVIDER: _rule(_BEGUN, _STAYS, Who.HOLDER, Who.HEAD, Who.CENTRE),
    Move.BEGIN: _rule(_ACCEPTED, _BEGUN, Who.HOLDER),
    Move.GIVE_ADVICE: _rule(_REGISTERED, _STAYS, Who.HOLDER),
    Move.DECLINE_WISH: _rule(OPEN, _STAYS, Who.HOLDER, Who.HEAD, Who.CENTRE),
    Move.PAUSE: _rule(_REGISTERED, _STAYS, Who.HOLDER),
    Move.RESUME: _rule(_REGISTERED, _STAYS, Who.HOLDER),
    Move.SNOOZE: _rule(HELD, _STAYS, Who.HOLDER),
    Move.MEET: _rule(HELD, _STAYS, Who.HOLDER),
    Move.CORRECT: _rule(OPEN, _STAYS, Who.COLLEAGUE, Who.CENTRE),
    Move.OFFER_TRANSFER: _rule(OPEN, _STAYS, Who.HOLDER, Who.HEAD, Who.CENTRE),
    Move.CANCEL_TRANSFER: _rule(OPEN, _STAYS, Who.HOLDER, Who.HEAD, Who.CENTRE),
    Move.ACCEPT_TRANSFER: _rule(OPEN, _WAITING, Who.RECEIVER),
    Move.DECLINE_TRANSFER: _rule(OPEN, _STAYS, Who.RECEIVER),
    Move.REFUSE: _rule(HELD, _CLOSED, Who.HOLDER),
    Move.CLOSE: _rule(HELD, _CLOSED, Who.HOLDER),
    Move.JOIN: _rule(OPEN, _CLOSED, Who.HOLDER, Who.HEAD, Who.CENTRE),
    Move.WITHDRAW: _rule(_WAITING, _CLOSED, Who.CITIZEN),
    Move.ASK_WITHDRAWAL: _rule(HELD, _STAYS, Who.CITIZEN),
    Move.UNDO_WITHDRAWAL: _rule(_CLOSED, _WAITING, Who.CITIZEN),
    Move.KEEP_REQUEST: _rule(OPEN, _STAYS, Who.CITIZEN),
    Move.REOPEN: _rule(_CLOSED, _WAITING, Who.HEAD, Who.CENTRE),
    Move.COMPLAIN: _rule(OPEN | _CLOSED, _STAYS, Who.CITIZEN),
    Move.ANSWER_COMPLAINT: _rule(OPEN | _CLOSED, _STAYS, Who.CENTRE),
    Move.FOLLOW_COMPLAINT: _rule(OPEN | _CLOSED, _STAYS, Who.CENTRE),
    Move.RATE: _rule(_CLOSED, _STAYS, Who.CITIZEN),
}


def why_not(move: Move, state: CaseState, who: Set[Who]) -> str | None:
    """Why a move can't be made, as a key of the desk's texts; None: it can.

    Whether the state allows it is looked at first: "it is closed" says more than "not yours".
    """
    rule = MOVES[move]
    if state not in rule.starts:
        return _wrong_state(move, state)
    if rule.may & who:
        return None
    for one, reason in (
        (Who.HOLDER, "not_holder"),
        (Who.RECEIVER, "not_receiver"),
        (Who.HEAD, "not_head"),
        (Who.COLLEAGUE, "not_of_office"),
        (Who.CENTRE, "not_centre"),
    ):
        if one in rule.may:
            return reason
    return "not_yours"


def _wrong_state(move: Move, state: CaseState) -> str:
    if state is CaseState.CLOSED:
        return "closed"
    if MOVES[move].starts == _CLOSED:
        return "not_closed"
    if state is CaseState.WAITING:
        return "not_claimed"
    if MOVES[move].starts == _WAITING:
        return "held"
    if state is CaseState.CLAIMED:
        return "not_accepted"
    return "accepted_already" if move is Move.ACCEPT else "begun_already"


def check(move: Move, state: CaseState, who: Set[Who]) -> None:
    """Nothing, when the move can be made.

    Raises:
        RefusedError: it can't; the reason says why.
    """
    reason = why_not(move, state, who)
    if reason is not None:
        raise RefusedError(reason)


def standing(*, accepted: bool, begun: bool) -> CaseState:
    """How far a case that somebody takes up (again) has come: the register forgets nothing."""
    if begun:
        return CaseState.IN_PROGRESS
    return CaseState.ACCEPTED if accepted else CaseState.CLAIMED


class AtOnce(StrEnum):
    """Why a case is accepted before its papers are complete (Art. 30 clause 4)."""

    LIMITATION_NEAR = "limitation_near"
    TRIAL_NEAR = "trial_near"
    SENT_BY_AUTHORITY = "sent_by_authority"
    AVOID_HARM = "avoid_harm"


class Ground(StrEnum):
    """Why a case is refused, or not gone on with: the law's grounds, nothing else."""

    NOT_COVERED = "not_covered"
    """No concrete matter of one's own, or none of the groups (Art. 30 clause 3a)."""
    UNLAWFUL = "unlawful"
    """What is asked is against the law (Art. 30 clause 3b)."""
    DEAD = "dead"
    """The person has died (Art. 30 clause 3c)."""
    HANDLED_ELSEWHERE = "handled_elsewhere"
    """Another organisation has accepted the matter (Art. 30 clause 3d)."""
    FORBIDDEN_ACT = "forbidden_act"
    """The person did what Art. 6 clause 2 forbids (Art. 37 clause 1b); an accepted case only."""
    PAPERS_MISSING = "papers_missing"
    """Accepted at once, and the papers never came (Circular 12/2018/TT-BTP, Art. 6 clause 2)."""

    @property
    def only_accepted(self) -> bool:
        """Whether it ends an accepted case only."""
        return self in (Ground.FORBIDDEN_ACT, Ground.PAPERS_MISSING)


class ProviderGround(StrEnum):
    """Why a provider must not go on, or must refuse (Law 11/2017/QH14, Art. 25)."""

    FORBIDDEN_ACT = "forbidden_act"
    LICENCE = "licence"
    BARRED = "barred"
    OTHER_SIDE = "other_side"
    NOT_IMPARTIAL = "not_impartial"
    NOT_EFFECTIVE = "not_effective"


class ComplaintKind(StrEnum):
    """What is complained of (Law 11/2017/QH14, Art. 45 clause 1)."""

    REFUSED = "refused"
    NOT_DONE = "not_done"
    DONE_WRONGLY = "done_wrongly"
    PROVIDER_CHANGED_WRONGLY = "provider_changed_wrongly"
    OTHER = "other"
    """How somebody was treated, or anything else that the centre shall know."""


class PaperState(StrEnum):
    """How one paper stands."""

    ASKED = "asked"
    SENT = "sent"
    """Photographed; nobody has looked yet."""
    UNREADABLE = "unreadable"
    """Looked at, and asked for again."""
    RECEIVED = "received"
    NOT_NEEDED = "not_needed"


class PaperVerdict(StrEnum):
    """What an officer finds of a paper."""

    RECEIVED = "received"
    UNREADABLE = "unreadable"
    NOT_NEEDED = "not_needed"


OWED = frozenset({PaperState.ASKED, PaperState.UNREADABLE})
"""It is the citizen's turn."""
OUTSTANDING = OWED | {PaperState.SENT}
