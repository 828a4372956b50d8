"""What becomes of all that a case holds of a person, when it has to be forgotten.

One rule for each table and column with words in it, whoever wrote them: the citizen, an officer
who told why, the centre in its answer. Numbers, days, offices and kinds stay for the figures. A
test walks all tables of the program: a new column for words without a rule fails it.
"""

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import sqlalchemy as sa

from cases.callbacks import Callback, CallTry
from cases.chat_groups import ChatTold
from cases.conflicts import ConflictDecision, Relation
from cases.data_requests import DataRequest
from cases.glass import Glass
from cases.intake import IntakeDraft
from cases.model import Appointment, Assignment, Case, Pause, ProviderWish, Refusal, Transfer
from cases.papers import AskedPaper, PaperFile
from cases.parties import Party
from cases.rights import Complaint, Rating
from cases.thread import Draft, Note, ThreadEntry, Told
from store.base import Row
from store.erasures import erase
from store.files import StoredFile
from store.outbox import Delivery, OutboxRow
from store.session import Session


@dataclass(frozen=True)
class Rule:
    """What becomes of the rows of one table."""

    table: type[Row]
    by: str = "case_id"
    """The column that tells whose rows they are."""
    empties: tuple[str, ...] = ()
    """The columns that lose their words; none: the whole rows go."""
    counted: str | None = None
    """As what the receipt counts them; None: it does not."""


_OF_THE_CASE = (
    Rule(PaperFile),
    Rule(AskedPaper),
    Rule(Told),
    Rule(IntakeDraft),
    Rule(Callback),
    Rule(Relation),
    Rule(ConflictDecision),
    Rule(ConflictDecision, by="other_case_id"),  # the file of the other side may tell of this one
    Rule(Appointment, empties=("detail",)),
    Rule(Transfer, empties=("reason", "answer")),
    Rule(Assignment, empties=("reason",)),
    Rule(ProviderWish, empties=("reason", "answer")),
    Rule(Pause, empties=("reason",)),
    Rule(Refusal, empties=("wording",)),
    Rule(Complaint, empties=("about", "answer")),
    Rule(Rating, empties=("words",)),
    Rule(Glass, empties=("reason",)),
    Rule(DataRequest, empties=("words",)),
    Rule(OutboxRow, empties=("body",)),
    Rule(ThreadEntry, counted="messages"),
    Rule(Note, counted="notes"),
    Rule(Draft, counted="notes"),
    Rule(Party, counted="people"),
    Rule(
        Case,
        by="id",
        empties=(
            "screening",
            "contact",
            "phone_index",
            "danger",
            "withdraw_reason",
            "papers_missing",
        ),
        counted="facts",
    ),
)
_OF_ITS_ENTRIES = (Rule(ChatTold, by="entry_id"),)
_OF_ITS_CALLS = (Rule(CallTry, by="callback_id"),)
_OF_ITS_FILES = (Rule(StoredFile, by="id", counted="files"),)
RULES = (*_OF_ITS_CALLS, *_OF_ITS_ENTRIES, *_OF_THE_CASE, *_OF_ITS_FILES)
"""In the order in which they are carried out: no row goes while another one points to it."""


def forget_case(session: Session, case: Case) -> Mapping[str, int]:
    """Erase all that a case holds of a person; what went, by kinds, for the receipt.

    Whether it may be erased was asked before. What of it is still on its way is not sent any more.
    """
    _call_back(session, case)
    elsewhere = sa.select(ThreadEntry.file_id).where(
        ThreadEntry.case_id != case.id, ThreadEntry.file_id.is_not(None)
    )
    whose: Mapping[tuple[Rule, ...], Sequence[str]] = {
        _OF_ITS_CALLS: _ids(session, sa.select(Callback.id).where(Callback.case_id == case.id)),
        _OF_ITS_ENTRIES: _ids(
            session, sa.select(ThreadEntry.id).where(ThreadEntry.case_id == case.id)
        ),
        _OF_THE_CASE: [case.id],
        _OF_ITS_FILES: _ids(
            session,
            sa.select(ThreadEntry.file_id).where(
                ThreadEntry.case_id == case.id, ThreadEntry.file_id.not_in(elsewhere)
            ),
            sa.select(PaperFile.file_id).where(
                PaperFile.case_id == case.id, PaperFile.file_id.not_in(elsewhere)
            ),
        ),
    }
    counts: Counter[str] = Counter()
    for rules, ids in whose.items():
        for rule in rules:
            count = erase(session, rule.table, rule.by, ids, *rule.empties)
            if rule.counted is not None:
                counts[rule.counted] += count
    case.erased_at = session.clock.now()
    session.flush()
    session.refresh(case)
    return counts


def _call_back(session: Session, case: Case) -> None:
    """End what tells of the case and was not sent yet, in the citizen's talk or as their reply."""
    entries = sa.select(ThreadEntry.id).where(ThreadEntry.case_id == case.id)
    told = sa.select(Told.outbox_id).where(Told.case_id == case.id)
    session.execute(
        sa.update(OutboxRow)
        .where(
            OutboxRow.state.in_((Delivery.WAITING, Delivery.HELD)),
            sa.or_(
                OutboxRow.case_id == case.id,
                OutboxRow.thread_entry_id.in_(entries),
                OutboxRow.id.in_(told),
            ),
        )
        .values(
            state=Delivery.REFUSED,
            body=None,
            reason="the case was erased",
            ended_at=session.clock.now(),
        )
    )


def _ids(session: Session, *queries: sa.Select[str] | sa.Select[str | None]) -> list[str]:
    return [one for query in queries for one in session.scalars(query) if one is not None]
