"""A short slice of `bench.chaos`: processes and the database are killed, and the books agree."""

from bench.chaos import Plan, Told, as_said, run


async def test_what_was_acknowledged_is_never_lost_nor_handled_twice_nor_out_of_order() -> None:
    report = await run(Plan(updates=60, talks=15, kills=3, database_kills=1, rate=40.0, resets=0.0))

    assert report.broken == [], "\n".join(report.told())
    deaths = report.kills + report.database_kills
    assert report.doubles <= 4 * deaths, "what is under way is doubled, and little is at a time"
    assert report.acknowledged >= 60
    assert (report.kills, report.database_kills) == (3, 1)


def test_the_books_tell_doubles_gaps_and_what_is_unsure_apart() -> None:
    talk = (Told("a"), Told("b", unsure=True), Told("b"), Told("c"))

    assert as_said(talk, ["a", "b", "c"]) == (True, 0)
    assert as_said(talk, ["a", "a", "b", "b", "c"]) == (True, 1)
    assert as_said(talk, ["a", "b", "b", "b", "c"]) == (True, 1)
    assert not as_said(talk, ["a", "c"])[0]
    assert not as_said(talk, ["b", "a", "b", "c"])[0]
    assert not as_said((Told("a"),), ["a", "x"])[0]
