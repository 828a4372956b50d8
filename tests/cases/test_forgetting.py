"""A right to be forgotten leaves no word of anybody, whoever wrote it down."""

import enum
from collections.abc import Iterator, Mapping
from importlib import import_module
from typing import Any

import sqlalchemy as sa

from cases.callbacks import Callback
from cases.chat_groups import ChatGroup, ChatTopic
from cases.forgetting import RULES, Rule, forget_case
from cases.life import Outcome
from cases.model import Case
from cases.moves import end
from cases.providers import Provider
from cases.staff import Role
from cases.thread import ThreadEntry
from store.base import Base, Row
from store.files import StoredFile
from store.outbox import Delivery, OutboxRow
from store.session import Database, Session
from tests.cases.acting import hire, open_one
from tests.store.test_migrations import MODULES_WITH_TABLES

CANARY = "chuyện riêng quýt đỏ chín chín"
LONG = 64
"""Letters: shorter columns hold ids, kinds and fingerprints."""

WITH_THE_TALK = {
    "conversations": "deleted in the chat, or with the talk's time",
    "transcript": "deleted in the chat, or with the talk's time",
    "inbox": "emptied when answered",
    "platform_messages": "48 hours",
}
"""Tables of the talk: erased by the citizen's own press (`bot.erasing`), not by the centre's."""

OF_NO_CITIZEN = {
    "alerts.key": "kinds and ids",
    "appointments.times": "moments only",
    "audit.detail": "kinds and counts: tests keep words out, and it may never be changed",
    "canned_replies.text": "the office's own sentences",
    "cases.routing_reason": "names an office and a commune, which the figures keep",
    "chat_topics.told": "how the case stood: states and names of staff",
    "document_versions.body": "published texts",
    "document_versions.remark": "of one editor to another",
    "document_versions.writers": "ids of staff",
    "documents.file_body": "published texts",
    "erasures.empties": "names of columns",
    "inbox.event_id": "the channel's number of an event",
    "incidents.detail": "of the running of the machine",
    "incidents.subject": "of the running of the machine",
    "marks.detail": "of the running of the machine",
    "open_questions.text": "masked, of no known talk, by its own time",
    "outbox.reason": "kinds of refusals",
    "outbox.receipt": "the channel's number of a message",
    "authenticators.secret": "staff",
    "passkeys.credential_id": "staff",
    "passkeys.name": "staff",
    "passkeys.public_key": "staff",
    "presence.subject": "ids",
    "providers.area": "a published list",
    "providers.fields": "a published list",
    "providers.languages": "a published list",
    "providers.name": "a published list",
    "providers.publishes": "a published list",
    "receipts.erased": "counts",
    "receipts.kept": "kinds",
    "recoveries.reason": "staff",
    "staff.languages": "staff",
    "staff.name": "staff",
    "staff.password_hash": "staff",
    "staff.specialisms": "staff",
    "staff_sessions.challenge": "staff",
    "zalo_tokens.access": "the account of the centre",
    "zalo_tokens.given": "the account of the centre",
    "zalo_tokens.refresh": "the account of the centre",
}


def _all_tables() -> Iterator[sa.Table]:
    for module in MODULES_WITH_TABLES:
        import_module(module)
    yield from Base.metadata.sorted_tables


def _holds_words(column: sa.Column[Any]) -> bool:
    kind = column.type
    if isinstance(kind, sa.LargeBinary | sa.JSON):
        return True
    if not isinstance(kind, sa.String) or isinstance(kind, sa.Enum):
        return False
    return kind.length is None or kind.length > LONG


def _is_forgotten(column: sa.Column[Any]) -> bool:
    ours = [rule for rule in RULES if rule.table.__table__ is column.table]
    return any(not rule.empties or column.name in rule.empties for rule in ours)


def test_each_column_that_may_hold_words_has_a_rule_or_a_reason() -> None:
    without = [
        f"{column.table.name}.{column.name}"
        for table in _all_tables()
        for column in table.columns
        if _holds_words(column)
        and not _is_forgotten(column)
        and table.name not in WITH_THE_TALK
        and f"{table.name}.{column.name}" not in OF_NO_CITIZEN
    ]

    assert without == []


def test_no_reason_is_given_for_a_column_that_is_no_more() -> None:
    there = {f"{table.name}.{column.name}" for table in _all_tables() for column in table.columns}

    assert set(OF_NO_CITIZEN) <= there


def _some(column: sa.Column[Any], ids: Mapping[str, str], session: Session) -> object:
    """A value for a column that must have one."""
    for key in column.foreign_keys:
        return ids[key.column.table.name]
    match column.type:
        case sa.Enum(enum_class=kinds) if kinds is not None and issubclass(kinds, enum.Enum):
            return next(iter(kinds))
        case sa.JSON():
            return []
        case sa.String():
            return "x"
        case sa.Boolean():
            return False
        case sa.Integer():
            return 1
        case _:
            return session.clock.now()


def _row(session: Session, table: type[Row], ids: Mapping[str, str], **told: object) -> Row:
    """A row with our words in each of its sealed columns."""
    columns = Base.metadata.tables[table.__tablename__].columns
    sealed = [one.name for one in columns if isinstance(one.type, sa.LargeBinary)]
    needed = {
        one.name: _some(one, ids, session)
        for one in columns
        if not one.nullable and one.name not in ("id", *sealed)
    }
    row = table(**(needed | told))
    for name in sealed:
        row.seal(session.vault, name, CANARY)
    session.add(row)
    session.flush()
    return row


def _filled(session: Session, case_id: str, other_id: str, staff_id: str) -> None:
    """Our words in every column of every table that has a rule."""
    ids = {"cases": case_id, "staff": staff_id}
    for table in (Provider, ChatGroup, ChatTopic, StoredFile, ThreadEntry, Callback):
        ids[table.__tablename__] = _row(session, table, ids).id
    session.get_one(ThreadEntry, ids["thread_entries"]).file_id = ids["files"]
    done = {"cases", "files", "thread_entries", "callbacks"}
    for rule in reversed(RULES):
        name = rule.table.__tablename__
        if name in done and rule.by != "other_case_id":
            continue
        told = {rule.by: case_id} if rule.by in ("case_id", "other_case_id") else {}
        if rule.by == "other_case_id":
            told["case_id"] = other_id
        elif "other_case_id" in rule.table.__table__.columns:
            told["other_case_id"] = other_id
        ids[name] = _row(session, rule.table, ids, **told).id
        done.add(name)
    case = session.get_one(Case, case_id)
    for rule in RULES:
        if rule.table is Case:
            for column in rule.empties:
                if column == "phone_index":
                    case.phone_index = session.vault.blind("cases.phone", "0912345678")
                else:
                    case.seal(session.vault, column, CANARY)


def _with_our_words(session: Session) -> set[str]:
    """Each sealed column of the database in which our words can be read."""
    found = set()
    for table in Base.metadata.sorted_tables:
        for column in table.columns:
            if not isinstance(column.type, sa.LargeBinary):
                continue
            for row_id, sealed in session.execute(sa.select(table.c.id, column)):
                if sealed is None:
                    continue
                words = session.vault.open(table.name, column.name, row_id, bytes(sealed))
                if CANARY.encode() in words:
                    found.add(f"{table.name}.{column.name}")
    return found


def _columns_of(rule: Rule) -> set[str]:
    columns = rule.table.__table__.columns
    named = rule.empties or tuple(column.name for column in columns)
    return {
        f"{rule.table.__tablename__}.{name}"
        for name in named
        if isinstance(columns[name].type, sa.LargeBinary)
    }


def test_no_word_of_anybody_is_left_in_any_table(database: Database) -> None:
    staff = hire(database, "lan", Role.OFFICER, "nam-can")
    case, other = open_one(database), open_one(database)
    database.transact_now(lambda session: _filled(session, case.id, other.id, staff.id))
    everywhere = set().union(*(_columns_of(rule) for rule in RULES))
    assert database.read_now(_with_our_words) == everywhere

    def forget(session: Session) -> Mapping[str, int]:
        found = session.get_one(Case, case.id)
        end(session, found, Outcome.WITHDRAWN, None)
        return forget_case(session, found)

    counts = database.transact_now(forget)

    assert database.read_now(_with_our_words) == set()
    assert counts["files"] == 1
    assert counts["facts"] == 1
    gone = database.read_now(lambda session: session.get_one(Case, case.id))
    assert gone.phone_index is None
    assert gone.erased_at is not None
    assert gone.number == case.number


def test_what_was_still_on_its_way_is_not_sent(database: Database) -> None:
    case = open_one(database)

    def forget(session: Session) -> None:
        found = session.get_one(Case, case.id)
        waits = _row(session, OutboxRow, {}, case_id=case.id, state=Delivery.HELD)
        end(session, found, Outcome.WITHDRAWN, None)
        forget_case(session, found)
        session.refresh(waits)
        assert isinstance(waits, OutboxRow)
        assert (waits.state, waits.body) == (Delivery.REFUSED, None)

    database.transact_now(forget)


def test_the_case_of_somebody_else_keeps_its_words_and_the_file_they_share(
    database: Database,
) -> None:
    case, other = open_one(database), open_one(database)

    def forget(session: Session) -> str:
        shared = _row(session, StoredFile, {})
        for one in (case, other):
            _row(session, ThreadEntry, {"cases": one.id}, file_id=shared.id)
        found = session.get_one(Case, case.id)
        end(session, found, Outcome.WITHDRAWN, None)
        forget_case(session, found)
        return shared.id

    shared = database.transact_now(forget)

    assert database.read_now(_with_our_words) == {
        "thread_entries.body",
        "files.name",
        "files.content",
    }
    assert database.read_now(lambda session: session.get(StoredFile, shared)) is not None
