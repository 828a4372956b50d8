"""The table of moves: complete, drawn in the docs, and refusing with a reason that helps."""

from pathlib import Path

import pytest

from cases.life import HELD, MOVES, CaseState, Ground, Move, RefusedError, Who, check, why_not
from cases.life_page import page
from cases.limits import Form
from cases.moves import EVENTS
from cases.register import register_code
from desk import texts

DOCS = Path(__file__).parents[2] / "docs"


def test_the_page_is_the_one_drawn_from_the_code() -> None:
    drawn = (DOCS / "case-life.md").read_text(encoding="utf-8")

    assert drawn == page(), "run: python -m cases life > docs/case-life.md"


def test_every_move_has_a_rule_and_an_event() -> None:
    assert set(MOVES) == set(EVENTS) == set(Move)


def test_the_desk_has_a_word_for_every_move() -> None:
    assert [move for move in Move if texts.act(f"case.{move}") == f"case.{move}"] == []
    unsaid = {kind for kind in EVENTS.values() if texts.step(kind) is None}
    assert unsaid == {"case.snoozed"}, "a snooze is nobody else's business"


def test_the_desk_has_a_sentence_for_every_reason() -> None:
    reasons = {
        why_not(move, state, frozenset({who}))
        for move in Move
        for state in CaseState
        for who in Who
    } - {None}

    general = texts.refusal("something unknown")
    assert {reason for reason in reasons if texts.refusal(reason or "") == general} == set()


@pytest.mark.parametrize(
    ("move", "state", "who", "reason"),
    [
        (Move.CLAIM, CaseState.CLAIMED, Who.COLLEAGUE, "held"),
        (Move.CLAIM, CaseState.CLOSED, Who.COLLEAGUE, "closed"),
        (Move.ACCEPT, CaseState.IN_PROGRESS, Who.HOLDER, "accepted_already"),
        (Move.ASSIGN, CaseState.CLAIMED, Who.HOLDER, "not_accepted"),
        (Move.BEGIN, CaseState.IN_PROGRESS, Who.HOLDER, "begun_already"),
        (Move.CLOSE, CaseState.WAITING, Who.HEAD, "not_claimed"),
        (Move.CLOSE, CaseState.CLAIMED, Who.HEAD, "not_holder"),
        (Move.REOPEN, CaseState.CLAIMED, Who.HEAD, "not_closed"),
        (Move.REOPEN, CaseState.CLOSED, Who.COLLEAGUE, "not_head"),
        (Move.TAKE_OVER, CaseState.WAITING, Who.HEAD, "not_centre"),
        (Move.ACCEPT_TRANSFER, CaseState.WAITING, Who.HOLDER, "not_receiver"),
        (Move.RATE, CaseState.CLOSED, Who.HOLDER, "not_yours"),
    ],
)
def test_an_impossible_move_is_refused_with_its_reason(
    move: Move, state: CaseState, who: Who, reason: str
) -> None:
    with pytest.raises(RefusedError, match=f"^{reason}$"):
        check(move, state, frozenset({who}))


def test_only_the_held_states_have_a_holder_who_may_close() -> None:
    closing = {state for state in CaseState if why_not(Move.CLOSE, state, {Who.HOLDER}) is None}

    assert closing == HELD


def test_a_code_is_written_as_the_circular_writes_it() -> None:
    assert register_code("CN1", Form.ADVICE, 1, 2026) == "CN1.TV.01.2026"
    assert register_code("TT", Form.LITIGATION, 123, 2027) == "TT.TGTT.123.2027"
    assert register_code("CN2", Form.REPRESENTATION, 7, 2026) == "CN2.ĐDNTT.07.2026"


def test_the_grounds_after_acceptance_are_those_of_article_37_and_the_circular() -> None:
    assert {ground for ground in Ground if ground.only_accepted} == {
        Ground.FORBIDDEN_ACT,
        Ground.PAPERS_MISSING,
    }
