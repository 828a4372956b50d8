"""What ships as files and is edited on the desk."""

import asyncio

import pytest
import sqlalchemy as sa

from store import documents
from store.documents import ConflictError, SamePersonError, Stage, Version, WrongStageError
from store.presence import gone, here, others
from store.session import Database, Session

KIND = "article"
LAN, MINH = "a" * 32, "b" * 32


def bodies(database: Database) -> dict[str, str]:
    return database.read_now(
        lambda session: {one.key: one.body for one in documents.published(session, KIND)}
    )


def seed(database: Database, **files: str) -> int:
    return database.transact_now(lambda session: documents.seed(session, KIND, files))


def drafted(session: Session, key: str, body: str, by: str = LAN, seen: int = 0) -> Version:
    return documents.save(session, KIND, key, body, by=by, seen=seen)


def published(session: Session, key: str, body: str, over: int | None) -> Version:
    draft = drafted(session, key, body)
    documents.submit(session, draft.id, by=LAN, seen=draft.revision)
    documents.approve(session, draft.id, by=MINH, seen=draft.revision)
    return documents.publish(session, draft.id, by=MINH, over=over)


def test_an_untouched_document_follows_its_file_and_a_second_start_changes_nothing(
    database: Database,
) -> None:
    assert seed(database, a="1", b="1") == 2
    mark = database.read_now(lambda session: documents.mark_of(session, KIND))
    assert seed(database, a="1", b="1") == 0
    assert database.read_now(lambda session: documents.mark_of(session, KIND)) == mark

    assert seed(database, a="2") == 2

    assert bodies(database) == {"a": "2"}


def test_an_edited_document_stays_and_the_files_newer_text_is_a_difference(
    database: Database,
) -> None:
    seed(database, a="1", b="1")
    database.transact_now(lambda session: published(session, "a", "ours", over=1))

    seed(database, a="2", b="2")

    assert bodies(database) == {"a": "ours", "b": "2"}
    (found,) = database.read_now(lambda session: documents.differences(session, KIND))
    assert (found.key, found.file_body) == ("a", "2")


def test_a_difference_is_decided_once_for_ours_or_for_the_files(database: Database) -> None:
    seed(database, a="1", b="1")
    database.transact_now(lambda session: published(session, "a", "our a", over=1))
    database.transact_now(lambda session: published(session, "b", "our b", over=1))
    seed(database, a="2", b="2")

    database.transact_now(lambda session: documents.keep_ours(session, KIND, "a", LAN))
    database.transact_now(lambda session: documents.take_files(session, KIND, "b", LAN))

    assert bodies(database) == {"a": "our a", "b": "2"}
    seed(database, a="2", b="3")
    assert database.read_now(lambda session: documents.differences(session, KIND)) == ()
    assert bodies(database) == {"a": "our a", "b": "3"}


def test_whoever_wrote_on_a_draft_cannot_review_it(database: Database) -> None:
    seed(database, a="1")

    def write(session: Session) -> Version:
        first = drafted(session, "a", "2", by=LAN)
        second = drafted(session, "a", "3", by=MINH, seen=first.revision)
        return documents.submit(session, second.id, by=LAN, seen=second.revision)

    draft = database.transact_now(write)

    for writer in (LAN, MINH):
        with pytest.raises(SamePersonError):
            database.transact_now(
                lambda session, by=writer: documents.approve(  # type: ignore[misc]
                    session, draft.id, by=by, seen=draft.revision
                )
            )


def test_a_draft_counts_for_nobody_before_it_is_published(database: Database) -> None:
    seed(database, a="1")

    draft = database.transact_now(lambda session: drafted(session, "a", "2"))

    assert bodies(database) == {"a": "1"}
    with pytest.raises(WrongStageError):
        database.transact_now(lambda session: documents.publish(session, draft.id, by=MINH, over=1))


def test_the_second_of_two_writers_is_told_and_overwrites_nothing(database: Database) -> None:
    seed(database, a="1")
    database.transact_now(lambda session: drafted(session, "a", "Lan's", by=LAN))

    with pytest.raises(ConflictError) as told:
        database.transact_now(lambda session: drafted(session, "a", "Minh's", by=MINH))

    assert told.value.theirs is not None
    assert told.value.theirs.body == "Lan's"


def test_an_approval_of_what_was_changed_meanwhile_is_refused(database: Database) -> None:
    seed(database, a="1")

    def write(session: Session) -> Version:
        draft = drafted(session, "a", "2")
        return documents.submit(session, draft.id, by=LAN, seen=draft.revision)

    read = database.transact_now(write).revision
    draft = database.transact_now(lambda session: drafted(session, "a", "3", seen=read))
    again = database.transact_now(
        lambda session: documents.submit(session, draft.id, by=LAN, seen=draft.revision)
    )

    with pytest.raises(ConflictError):
        database.transact_now(
            lambda session: documents.approve(session, again.id, by=MINH, seen=read)
        )


def test_a_draft_given_back_says_why_and_can_be_submitted_again(database: Database) -> None:
    seed(database, a="1")

    def go(session: Session) -> Version:
        draft = drafted(session, "a", "2")
        documents.submit(session, draft.id, by=LAN, seen=1)
        documents.give_back(session, draft.id, by=MINH, seen=1, remark="Điều 51 chứ không phải 50")
        return draft

    draft = database.transact_now(go)

    assert (draft.stage, draft.remark) == (Stage.DRAFT, "Điều 51 chứ không phải 50")


def test_an_old_version_counts_again_and_nothing_of_the_history_is_lost(
    database: Database,
) -> None:
    seed(database, a="1")
    database.transact_now(lambda session: published(session, "a", "2", over=1))

    database.transact_now(lambda session: documents.restore(session, KIND, "a", 1, by=LAN, over=2))

    assert bodies(database) == {"a": "1"}
    past = database.read_now(lambda session: documents.history(session, KIND, "a"))
    assert [(one.number, one.stage, one.body) for one in past] == [
        (3, Stage.PUBLISHED, "1"),
        (2, Stage.SUPERSEDED, "2"),
        (1, Stage.SUPERSEDED, "1"),
    ]


def test_a_restore_decided_before_another_publication_is_refused(database: Database) -> None:
    seed(database, a="1")
    database.transact_now(lambda session: published(session, "a", "2", over=1))
    database.transact_now(lambda session: published(session, "a", "3", over=2))

    with pytest.raises(ConflictError):
        database.transact_now(
            lambda session: documents.restore(session, KIND, "a", 1, by=LAN, over=2)
        )


def test_a_confirmation_names_the_second_person_and_goes_only_over_what_was_read(
    database: Database,
) -> None:
    seed(database, a="1")
    database.transact_now(
        lambda session: documents.confirm(session, KIND, "a", "1 seen", by=MINH, over=1)
    )

    now = database.read_now(lambda session: documents.published_one(session, KIND, "a"))
    assert now is not None
    assert (now.number, now.body, now.reviewer_id) == (2, "1 seen", MINH)
    with pytest.raises(ConflictError):
        database.transact_now(
            lambda session: documents.confirm(session, KIND, "a", "x", by=LAN, over=1)
        )


def test_a_retired_document_counts_no_more_and_can_be_brought_back(database: Database) -> None:
    seed(database, a="1")

    database.transact_now(lambda session: documents.retire(session, KIND, "a", by=LAN))
    assert bodies(database) == {}
    seed(database, a="2")
    assert bodies(database) == {}
    database.transact_now(lambda session: documents.bring_back(session, KIND, "a", by=LAN))

    assert bodies(database) == {"a": "1"}


def test_a_discarded_draft_makes_room_for_another(database: Database) -> None:
    seed(database, a="1")
    draft = database.transact_now(lambda session: drafted(session, "a", "2"))

    database.transact_now(lambda session: documents.discard(session, draft.id, by=LAN, seen=1))

    again = database.transact_now(lambda session: drafted(session, "a", "3"))
    assert (again.number, again.stage) == (3, Stage.DRAFT)


@pytest.mark.parametrize("key", ["a", "new"])
async def test_of_many_who_begin_a_draft_at_once_one_does_and_the_others_are_told(
    database: Database, key: str
) -> None:
    await database.transact(lambda session: documents.seed(session, KIND, {"a": "1"}))

    async def begin(number: int) -> bool:
        try:
            await database.transact(
                lambda session: drafted(session, key, str(number), by=f"{number:032}")
            )
        except ConflictError:
            return False
        return True

    assert sum(await asyncio.gather(*(begin(number) for number in range(12)))) == 1


async def test_a_publication_wakes_those_who_follow(database: Database) -> None:
    woken: list[str] = []
    database.wakes.wake = lambda topics: woken.extend(topics)  # type: ignore[method-assign]

    await database.transact(lambda session: documents.seed(session, KIND, {"a": "1"}))

    assert "documents" in woken


def test_two_people_at_one_thing_see_each_other_until_one_leaves(database: Database) -> None:
    def both(session: Session) -> None:
        here(session, "article:a", LAN)
        here(session, "article:a", MINH)
        here(session, "article:b", MINH)

    database.transact_now(both)

    assert database.read_now(lambda session: others(session, "article:a", LAN)) == (MINH,)
    database.transact_now(lambda session: gone(session, "article:a", MINH))
    assert database.read_now(lambda session: others(session, "article:a", LAN)) == ()


def test_the_acts_are_in_the_audit(database: Database) -> None:
    seed(database, a="1")
    database.transact_now(lambda session: published(session, "a", "2", over=1))

    acts = database.read_now(
        lambda session: session.execute(sa.text("SELECT act FROM audit ORDER BY id")).scalars()
        .all()
    )  # fmt: skip
    assert acts == [
        "document.saved",
        "document.submitted",
        "document.approved",
        "document.published",
    ]
