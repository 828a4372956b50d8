"""What citizens make of the answers: counted by Vietnam's day, masked, grouped, handled once."""

import asyncio
import datetime as dt

import pytest
import sqlalchemy as sa

from knowledge import feedback
from knowledge.feedback import Asked, Handled, OpenQuestion, Tally, Why, grouped
from store.clock import SetClock
from store.session import Database, Session

TODAY = dt.date(2026, 11, 23)
DAY = dt.timedelta(days=1)


def ask(database: Database, text: str, why: Why = Why.UNKNOWN, field: str | None = "land") -> None:
    database.transact_now(lambda session: feedback.keep_question(session, text, why, field=field))


def asked(database: Database) -> tuple[Asked, ...]:
    return database.read_now(feedback.open_questions)


def tally(database: Database, first: dt.date, last: dt.date) -> dict[str, Tally]:
    return database.read_now(lambda session: feedback.tallies(session, first, last))


def test_views_are_counted_by_the_day_in_vietnam(database: Database, clock: SetClock) -> None:
    clock.moment = dt.datetime(2026, 11, 23, 16, 59, tzinfo=dt.UTC)  # 23:59 in Cà Mau
    database.transact_now(lambda session: feedback.viewed(session, "land-01"))
    database.transact_now(lambda session: feedback.viewed(session, "land-01"))
    clock.forward(dt.timedelta(minutes=1))
    database.transact_now(lambda session: feedback.viewed(session, "land-01"))

    assert tally(database, TODAY, TODAY) == {"land-01": Tally(views=2)}
    assert tally(database, TODAY + DAY, TODAY + DAY) == {"land-01": Tally(views=1)}
    assert tally(database, TODAY, TODAY + DAY) == {"land-01": Tally(views=3)}


async def test_views_at_once_are_all_counted(database: Database) -> None:
    async def view() -> None:
        await database.transact(lambda session: feedback.viewed(session, "land-01"))

    await asyncio.gather(*(view() for _ in range(12)))

    found = await database.read(lambda session: feedback.tallies(session, TODAY, TODAY))
    assert found == {"land-01": Tally(views=12)}


def test_a_talk_has_one_vote_an_article_and_may_change_its_mind(database: Database) -> None:
    def vote(talk: str, article_id: str, *, helpful: bool) -> None:
        database.transact_now(
            lambda session: feedback.vote(session, talk * 32, article_id, helpful=helpful)
        )

    vote("a", "land-01", helpful=True)
    vote("a", "land-01", helpful=False)
    vote("b", "land-01", helpful=True)
    vote("a", "land-02", helpful=True)

    assert tally(database, TODAY, TODAY) == {
        "land-01": Tally(helpful=1, unhelpful=1),
        "land-02": Tally(helpful=1),
    }
    assert tally(database, TODAY - DAY, TODAY - DAY) == {}


def test_a_question_is_kept_masked_and_sealed(database: Database) -> None:
    ask(database, "Tôi là Nguyễn Văn Tám, 0912 345 678, bị lấn đất")

    (found,) = asked(database)
    assert "Tám" not in found.text
    assert "0912" not in found.text
    assert "bị lấn đất" in found.text
    raw = database.read_now(lambda session: session.scalars(sa.select(OpenQuestion.text)).one())
    assert "lấn đất".encode() not in raw


def test_a_question_without_a_word_is_not_kept(database: Database) -> None:
    ask(database, "   ")

    assert asked(database) == ()


def one(text: str, number: int = 0, why: Why = Why.UNKNOWN) -> Asked:
    at = dt.datetime(2026, 11, 23, 5, number, tzinfo=dt.UTC)
    return Asked(f"{number:032}", text, why, None, None, at)


def test_questions_alike_are_one_group_however_they_are_spelt() -> None:
    found = grouped(
        [
            one("xin con nuôi ở đâu", 0),
            one("hàng xóm lấn đất nhà tôi", 1),
            one("hang xom lan dat nha toi", 2),
            one("nhà tôi hàng xóm lấn đất", 3),
        ]
    )

    assert [[member.text for member in group.asked] for group in found] == [
        ["hàng xóm lấn đất nhà tôi", "hang xom lan dat nha toi", "nhà tôi hàng xóm lấn đất"],
        ["xin con nuôi ở đâu"],
    ]


@pytest.mark.parametrize(
    ("first", "second"),
    [
        ("còn nếu hàng xóm tranh chấp thì sao?", "con nếu có con nhỏ thì sao?"),
        ("tôi muốn hỏi ly hôn thì phải làm sao", "tôi muốn hỏi mất sổ đỏ thì phải làm sao"),
        ("còn thì sao?", "còn tiền cấp dưỡng thì sao?"),
    ],
)
def test_words_of_any_question_make_no_two_alike(first: str, second: str) -> None:
    assert len(grouped([one(first), one(second, 1)])) == 2


def test_what_surrounds_a_question_keeps_it_from_no_group() -> None:
    (group,) = grouped([one("hàng xóm lấn đất"), one("dạ cho hỏi bị hàng xóm lấn đất thì sao ạ")])

    assert len(group.asked) == 2


def test_a_group_is_called_by_its_shortest_question_that_says_something() -> None:
    (group,) = grouped([one("lấn đất"), one("hàng xóm lấn đất"), one("hàng xóm lấn đất nhà tôi")])

    assert group.text == "hàng xóm lấn đất"


def ids(database: Database) -> list[str]:
    return [question.id for question in asked(database)]


@pytest.mark.parametrize("handled", list(Handled))
def test_what_was_handled_leaves_the_list_and_says_by_whom(
    database: Database, handled: Handled
) -> None:
    ask(database, "hàng xóm lấn đất")
    (question_id,) = ids(database)

    def handle(session: Session) -> int:
        return feedback.handle(session, [question_id], handled, by="b" * 32, led_to="land-01")

    assert database.transact_now(handle) == 1
    assert asked(database) == ()
    assert database.transact_now(handle) == 0
    row = database.read_now(lambda session: session.get_one(OpenQuestion, question_id))
    assert (row.handled, row.handled_by, row.led_to) == (handled, "b" * 32, "land-01")


async def test_of_two_who_handle_the_same_questions_only_one_counts(database: Database) -> None:
    for number in range(3):
        await database.transact(
            lambda session, number=number: feedback.keep_question(  # type: ignore[misc]
                session, f"câu hỏi thứ {number} về đất", Why.UNKNOWN, field=None
            )
        )
    found = [question.id for question in await database.read(feedback.open_questions)]

    counts = await asyncio.gather(
        *(
            database.transact(
                lambda session, by=by: feedback.handle(  # type: ignore[misc]
                    session, found, Handled.NOT_OURS, by=by * 32
                )
            )
            for by in "ab"
        )
    )

    assert sorted(counts) == [0, 3]


def test_only_questions_since_a_moment_are_asked_for(database: Database, clock: SetClock) -> None:
    ask(database, "hàng xóm lấn đất")
    clock.forward(DAY)
    ask(database, "xin con nuôi ở đâu")

    since = clock.now() - dt.timedelta(hours=1)
    found = database.read_now(lambda session: feedback.open_questions(session, since))

    assert [question.text for question in found] == ["xin con nuôi ở đâu"]
    assert [question.text for question in asked(database)] == [
        "xin con nuôi ở đâu",
        "hàng xóm lấn đất",
    ]
