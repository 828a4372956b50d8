"""What happens shows by itself: the stream of events, over a real server."""

import datetime as dt
import json
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass

import httpx
import pytest
import sqlalchemy as sa

from cases import queue, talking
from cases.model import Case
from cases.staff import StaffMember
from desk import auth
from store import events
from store.clock import SetClock
from store.session import Session
from tests.desk.serving import served
from tests.desk.world import PASSWORD, Browser, World, open_case


@dataclass
class Told:
    """One event as a browser reads it."""

    kind: str
    data: dict[str, object]
    last: int | None


@contextmanager
def signed_in(address: str, username: str) -> Iterator[httpx.Client]:
    with httpx.Client(base_url=address, timeout=10) as client:
        client.post(
            "/desk/sign-in",
            data={"username": username, "password": PASSWORD},
            headers={"Sec-Fetch-Site": "same-origin"},
        )
        yield client


@contextmanager
def listening(client: httpx.Client, path: str, **headers: str) -> Iterator[Iterator[Told]]:
    with client.stream("GET", path, headers=headers) as answer:
        assert answer.headers["content-type"].startswith("text/event-stream")
        yield _told(answer)


def _told(answer: httpx.Response) -> Iterator[Told]:
    kind, data, last = "", "", None
    for line in answer.iter_lines():
        name, _, value = line.partition(": ")
        match name:
            case "event":
                kind = value
            case "data":
                data = value
            case "id":
                last = int(value)
            case "" if kind:
                yield Told(kind, json.loads(data), last)
                kind, data, last = "", "", None


def newest(world: World) -> int:
    return world.database.read_now(events.newest)


def test_a_new_request_is_told(world: World) -> None:
    with (
        served(world) as address,
        signed_in(address, "lan") as client,
        listening(client, "/desk/events") as told,
    ):
        case_id = world.open_case()
        event = next(told)

    assert event.kind == "changed"
    assert event.data == {"cases": [case_id], "forMe": True}
    assert event.last == newest(world)


def test_nothing_is_told_of_another_branch(world: World) -> None:
    with (
        served(world) as address,
        signed_in(address, "tam") as client,
        listening(client, "/desk/events") as told,
    ):
        world.open_case(office_id="u-minh")
        theirs = world.open_case(office_id="nam-can")
        event = next(told)

    assert event.data["cases"] == [theirs]


def test_the_stream_goes_on_after_the_last_event_that_was_heard(world: World) -> None:
    first, second = world.open_case(), world.open_case()
    heard = newest(world)
    missed = world.open_case()

    with served(world) as address, signed_in(address, "lan") as client:
        with listening(client, f"/desk/events?after={heard}") as told:
            by_address = next(told)
        with listening(client, "/desk/events?after=0", **{"Last-Event-ID": str(heard)}) as told:
            by_header = next(told)
        with listening(client, "/desk/events?after=0") as told:
            everything = next(told)

    assert by_address.data["cases"] == by_header.data["cases"] == [missed]
    assert set(everything.data["cases"]) == {first, second, missed}  # type: ignore[call-overload]


def test_more_than_one_look_s_worth_is_told_to_the_end(world: World) -> None:
    def many(session: Session) -> str:
        for _ in range(450):
            events.record(session, "case.opened", case_id="another branch's")
        return open_case(session)

    case_id = world.database.transact_now(many)
    with (
        served(world) as address,
        signed_in(address, "lan") as client,
        listening(client, "/desk/events") as told,
    ):
        assert next(told).data["cases"] == [case_id]


def test_a_number_from_before_the_database_was_replaced_does_not_deafen(world: World) -> None:
    with (
        served(world) as address,
        signed_in(address, "lan") as client,
        listening(client, "/desk/events?after=999999") as told,
    ):
        case_id = world.open_case()
        assert next(told).data["cases"] == [case_id]


def test_a_message_in_a_colleague_s_case_makes_no_sound(world: World) -> None:
    case_id = world.open_case()
    minh = world.staff("minh")
    world.database.transact_now(lambda session: queue.claim(session, minh, case_id, "CN"))
    heard = newest(world)
    world.database.transact_now(
        lambda session: talking.citizen_wrote(session, session.get_one(Case, case_id), "Alo?")
    )

    with served(world) as address:
        with (
            signed_in(address, "lan") as client,
            listening(client, f"/desk/events?after={heard}") as told,
        ):
            assert next(told).data["forMe"] is False
        with (
            signed_in(address, "minh") as client,
            listening(client, f"/desk/events?after={heard}") as told,
        ):
            assert next(told).data["forMe"] is True


def test_a_disabled_officer_hears_no_more(world: World) -> None:
    with (
        served(world) as address,
        signed_in(address, "lan") as client,
        listening(client, "/desk/events") as told,
    ):
        world.database.transact_now(
            lambda session: session.execute(
                sa.update(StaffMember).where(StaffMember.username == "lan").values(active=False)
            )
        )
        event = next(told)

    assert event.kind == "ended"


@pytest.mark.parametrize("taken", ["password", "one session"])
def test_a_session_that_is_ended_hears_no_more(world: World, taken: str) -> None:
    def act(session: Session) -> None:
        lan = world.ids["lan"]
        match taken:
            case "password":
                auth.set_password(session, lan, auth.nobodys_hash())
            case _:
                auth.end_one(session, lan, auth.sessions_of(session, lan)[0].id)

    with (
        served(world) as address,
        signed_in(address, "lan") as client,
        listening(client, "/desk/events") as told,
    ):
        world.database.transact_now(act)
        event = next(told)

    assert event.kind == "ended"


@pytest.mark.parametrize("username", ["quan", "bien", "kiem"])
def test_those_who_see_no_case_have_no_stream(world: World, username: str) -> None:
    with served(world) as address, signed_in(address, username) as client:
        assert client.get("/desk/events").status_code == 404


def test_a_stream_ends_when_the_server_wants_to_stop(world: World) -> None:
    with (
        served(world) as address,
        signed_in(address, "lan") as client,
        listening(client, "/desk/events") as told,
    ):
        world.stopping = True
        assert list(told) == []


# --- who else has a case open -------------------------------------------------------------------


async def present(browser: Browser, case_id: str, **told: str) -> str:
    """One beat of an open page; who else is there."""
    answer = await browser.press(f"/desk/cases/{case_id}/present", True, **told)
    assert answer.status_code == 200
    return answer.text


async def test_officers_see_who_else_reads_and_who_writes(world: World) -> None:
    case_id = world.open_case()
    lan, minh = await world.signed_in("lan"), await world.signed_in("minh")

    assert "đang" not in await present(lan, case_id)
    assert "Cán bộ Lan đang xem" in await present(minh, case_id)
    assert "Cán bộ Minh đang xem" in await present(lan, case_id, writing="true")
    assert "Cán bộ Lan đang viết" in await present(minh, case_id)
    await present(lan, case_id)
    assert "Cán bộ Lan đang xem" in await present(minh, case_id)


async def test_who_has_left_or_was_silent_for_long_is_seen_no_more(
    world: World, clock: SetClock
) -> None:
    case_id, other = world.open_case(), world.open_case()
    lan, minh = await world.signed_in("lan"), await world.signed_in("minh")
    await present(lan, case_id, writing="true")
    assert "đang" not in await present(minh, other)

    await present(lan, case_id, leaving="true")
    assert "đang" not in await present(minh, case_id)

    await present(lan, case_id)
    clock.forward(dt.timedelta(seconds=31))
    assert "đang" not in await present(minh, case_id)


async def test_presence_tells_nothing_to_another_office(world: World) -> None:
    case_id = world.open_case(office_id="u-minh")
    await present(await world.signed_in("lan"), case_id)

    answer = await (await world.signed_in("tam")).press(f"/desk/cases/{case_id}/present", True)

    assert answer.status_code == 404
    assert "Lan" not in answer.text
