"""Signing in: passwords, sessions, and brakes on guessing."""

import asyncio
import datetime as dt
import hashlib
from collections import Counter
from pathlib import Path

import httpx
import pytest
import sqlalchemy as sa

from cases.staff import StaffMember
from desk import auth
from desk.app import make_desk
from desk.auth import IDLE, LONGEST, StaffSession
from desk.breached import Breached
from store.audit import AuditRow
from store.clock import SetClock
from store.origin import place_of
from tests.desk.world import ADDRESS, MINUTE, PASSWORD, Browser, World

NOW = dt.datetime(2026, 11, 23, 5, 0, tzinfo=dt.UTC)
SECOND = dt.timedelta(seconds=1)


async def test_the_right_password_opens_the_desk(world: World) -> None:
    browser = await world.signed_in("lan")

    page = await browser.get("/desk/")

    assert page.status_code == 200
    assert "Cán bộ Lan" in page.text


async def test_the_name_may_be_typed_in_capitals_and_with_blanks(world: World) -> None:
    assert (await world.browser().sign_in("  LAN ")).status_code == 303


async def test_an_unknown_name_and_a_wrong_password_are_answered_alike(world: World) -> None:
    unknown = await world.browser().sign_in("ai-do", "sai rồi")
    wrong = await world.browser().sign_in("lan", "sai rồi")

    assert unknown.status_code == wrong.status_code == 401
    assert unknown.text.replace('"ai-do"', "") == wrong.text.replace('"lan"', "")
    assert "không đúng" in wrong.text
    assert dict(unknown.headers) | {"content-length": ""} == dict(wrong.headers) | {
        "content-length": ""
    }


async def test_a_disabled_account_does_not_open(world: World) -> None:
    disable(world, "lan")

    assert (await world.browser().sign_in("lan")).status_code == 401


def disable(world: World, username: str) -> None:
    world.database.transact_now(
        lambda session: session.execute(
            sa.update(StaffMember).where(StaffMember.username == username).values(active=False)
        )
    )


async def test_the_cookie_is_out_of_reach_of_scripts_and_other_sites(world: World) -> None:
    answer = await world.browser().sign_in("lan")

    cookie = next(
        line for line in answer.headers.get_list("set-cookie") if line.startswith("tram_desk=")
    )
    assert "HttpOnly" in cookie
    assert "SameSite=strict" in cookie
    assert "Path=/desk" in cookie
    assert "Secure" not in cookie


async def test_over_https_the_cookie_is_bound_to_it(world: World) -> None:
    world.app.router.routes.clear()
    world.app.mount(
        "/desk",
        make_desk(world.database, world.atlas, world.shelf, world.wordbook, secure_cookies=True),
    )

    answer = await world.browser().sign_in("lan")

    cookie = answer.headers.get_list("set-cookie")[0]
    assert cookie.startswith("__Host-tram_desk=")
    assert {"Secure", "Path=/"} <= set(cookie.split("; "))
    assert "Domain" not in cookie


async def test_the_database_holds_no_token(world: World) -> None:
    browser = await world.signed_in("lan")

    token = browser.cookies["tram_desk"]

    kept = world.database.read_now(
        lambda session: session.scalars(sa.select(StaffSession.token_hash)).all()
    )
    assert len(kept) == 1
    assert token not in kept[0]


async def test_a_token_planted_before_signing_in_opens_nothing_afterwards(world: World) -> None:
    browser = await world.signed_in("lan")
    planted = browser.cookies["tram_desk"]

    await browser.sign_in("lan")

    assert browser.cookies["tram_desk"] != planted
    thief = world.browser()
    thief.cookies.set("tram_desk", planted)
    assert (await thief.get("/desk/")).status_code == 303


async def test_signing_out_ends_the_session_on_the_server(world: World) -> None:
    browser = await world.signed_in("lan")
    token = browser.cookies["tram_desk"]

    await browser.press("/desk/sign-out")

    thief = world.browser()
    thief.cookies.set("tram_desk", token)
    assert (await thief.get("/desk/")).status_code == 303


async def test_a_session_falls_idle_after_fifteen_minutes(world: World, clock: SetClock) -> None:
    browser = await world.signed_in("lan")

    clock.forward(IDLE - SECOND)
    assert (await browser.get("/desk/")).status_code == 200
    clock.forward(IDLE - SECOND)
    assert (await browser.get("/desk/")).status_code == 200
    clock.forward(IDLE + SECOND)
    assert (await browser.get("/desk/")).status_code == 303


async def test_a_page_that_refreshes_itself_does_not_keep_the_session_alive(
    world: World, clock: SetClock
) -> None:
    browser = await world.signed_in("lan")

    for _ in range(4):
        clock.forward(5 * MINUTE)
        answer = await browser.get("/desk/queue")

    assert answer.status_code == 303


async def test_somebody_who_reads_keeps_the_session_alive(world: World, clock: SetClock) -> None:
    browser = await world.signed_in("lan")

    for _ in range(4):
        clock.forward(10 * MINUTE)
        assert (await browser.press("/desk/here")).status_code == 204


async def test_no_session_lasts_longer_than_twelve_hours(world: World, clock: SetClock) -> None:
    browser = await world.signed_in("lan")

    for _ in range(int(LONGEST / (10 * MINUTE)) - 1):
        clock.forward(10 * MINUTE)
        assert (await browser.press("/desk/here")).status_code == 204
    clock.forward(10 * MINUTE)

    assert (await browser.press("/desk/here")).status_code == 401


async def test_a_disabled_officer_is_out_at_once(world: World) -> None:
    browser = await world.signed_in("lan")

    disable(world, "lan")

    assert (await browser.get("/desk/queue")).status_code == 303


async def test_a_changed_password_ends_every_session(world: World) -> None:
    here, elsewhere = await world.signed_in("lan"), await world.signed_in("lan")

    answer = await here.press("/desk/password", old=PASSWORD, new="một mật khẩu mới toanh")

    assert answer.headers["location"] == "/desk/sign-in"
    assert (await here.get("/desk/")).status_code == 303
    assert (await elsewhere.get("/desk/")).status_code == 303
    assert (await here.sign_in("lan")).status_code == 401
    assert (await here.sign_in("lan", "một mật khẩu mới toanh")).status_code == 303


@pytest.mark.parametrize(
    ("old", "new", "status", "said"),
    [
        ("sai", "một mật khẩu mới toanh", 401, "hiện tại không đúng"),
        (PASSWORD, "ngắn", 422, "ít nhất 12"),
        (PASSWORD, "cán bộ lan lan", 422, "dễ đoán"),
    ],
)
async def test_a_password_is_not_changed_by_mistake(
    world: World, old: str, new: str, status: int, said: str
) -> None:
    browser = await world.signed_in("lan")

    answer = await browser.press("/desk/password", old=old, new=new)

    assert answer.status_code == status
    assert said in answer.text
    assert (await browser.sign_in("lan")).status_code == 303


async def test_a_breached_password_is_not_taken_at_the_desk(world: World, tmp_path: Path) -> None:
    leaked, other = "vịt xiêm cưỡi xe lu", "ghe chài ngủ trên mái"
    kept = tmp_path / "pwned-passwords"
    kept.write_text(hashlib.sha1(leaked.encode(), usedforsecurity=False).hexdigest() + ":3\n")
    world.app.router.routes.clear()
    world.app.mount(
        "/desk",
        make_desk(
            world.database,
            world.atlas,
            world.shelf,
            world.wordbook,
            secure_cookies=False,
            breached=Breached(kept),
        ),
    )
    browser = await world.signed_in("lan")

    refused = await browser.press("/desk/password", old=PASSWORD, new=leaked)
    taken = await browser.press("/desk/password", old=PASSWORD, new=other)

    assert refused.status_code == 422
    assert "bị lộ" in refused.text
    assert taken.headers["location"] == "/desk/sign-in"


async def test_a_form_of_another_site_is_refused(world: World) -> None:
    case_id = world.open_case()
    browser = await world.signed_in("lan")

    for headers in (
        {"Sec-Fetch-Site": "cross-site", "Origin": "http://evil.test"},
        {"Sec-Fetch-Site": "same-site", "Origin": "http://other.tram.test"},
        {"Sec-Fetch-Site": "none"},
        {"Origin": "http://evil.test"},
        {"Origin": "null"},
        {},
    ):
        answer = await browser.post(f"/desk/cases/{case_id}/claim", headers=headers)
        assert answer.status_code == 403, headers
    assert world.case(case_id).holder_id is None


async def test_an_old_browser_is_told_from_other_sites_by_its_origin(world: World) -> None:
    case_id = world.open_case()
    browser = await world.signed_in("lan")

    answer = await browser.post(
        f"/desk/cases/{case_id}/claim", headers={"Origin": "http://tram.test"}
    )

    assert answer.status_code == 303


async def test_after_signing_in_one_goes_on_where_one_was_and_never_elsewhere(
    world: World,
) -> None:
    case_id = world.open_case()
    browser = world.browser()

    asked = await browser.get(f"/desk/cases/{case_id}?tab=mine")
    assert asked.headers["location"] == f"/desk/sign-in?next=/desk/cases/{case_id}%3Ftab%3Dmine"
    back = await browser.sign_in("lan", next=f"/desk/cases/{case_id}?tab=mine")
    assert back.headers["location"] == f"/desk/cases/{case_id}?tab=mine"
    for elsewhere in (
        "https://evil.test/",
        "//evil.test/",
        "/desk/\\evil",
        "/other",
        "javascript:1",
    ):
        answer = await browser.sign_in("lan", next=elsewhere)
        assert answer.headers["location"] == "/desk/"


async def test_a_link_in_a_message_opens_the_page_one_is_signed_in_to(world: World) -> None:
    """Browsers hold a strict cookie back on the first step from another site."""
    browser = world.browser()

    answer = await browser.get("/desk/", headers={"Sec-Fetch-Site": "cross-site"})

    assert answer.status_code == 200
    assert 'http-equiv="refresh"' in answer.text


async def test_wrong_passwords_are_slowed_down_and_the_right_one_must_wait_too(
    world: World, clock: SetClock
) -> None:
    browser = world.browser()
    for _ in range(5):
        assert (await browser.sign_in("lan", "sai")).status_code == 401

    blocked = await browser.sign_in("lan")

    assert blocked.status_code == 429
    assert "đợi 1 phút" in blocked.text
    assert (await browser.sign_in("minh")).status_code == 303
    clock.forward(MINUTE)
    assert (await browser.sign_in("lan")).status_code == 303


async def test_guesses_sent_all_at_once_are_slowed_down_as_well(world: World) -> None:
    browser = world.browser()

    guesses = [browser.sign_in("lan", f"sai {n}") for n in range(40)]
    answers = await asyncio.gather(*guesses, browser.sign_in("lan"))

    statuses = Counter(answer.status_code for answer in answers)
    assert statuses == {401: 5, 429: 36}


async def test_guesses_from_many_addresses_of_one_line_are_slowed_down(world: World) -> None:
    statuses = []
    for n in range(7):
        address = (f"2001:db8:1:2::{n + 1:x}", 50_000)
        from_there = httpx.ASGITransport(world.app, client=address)
        async with Browser(transport=from_there, base_url=ADDRESS) as browser:
            statuses.append((await browser.sign_in("lan", "sai")).status_code)

    assert statuses == [401] * 5 + [429] * 2


async def test_guesses_on_the_password_page_are_slowed_down_also_all_at_once(
    world: World,
) -> None:
    browser = await world.signed_in("lan")
    new = "một mật khẩu mới toanh"

    answers = await asyncio.gather(
        *(browser.press("/desk/password", old=f"sai {n}", new=new) for n in range(20))
    )

    assert Counter(answer.status_code for answer in answers) == {401: 5, 429: 15}


async def test_a_crowd_at_the_door_is_sent_away_before_the_machine_is_busy_for_minutes(
    world: World,
) -> None:
    browser = world.browser()

    answers = await asyncio.gather(*(browser.sign_in(f"ten{n}", "sai") for n in range(28)))

    turned_away = [answer for answer in answers if answer.status_code == 429]
    assert len(turned_away) == 28 - 22
    assert "Nhiều người đang đăng nhập" in turned_away[0].text
    assert (await browser.sign_in("lan")).status_code == 303


async def test_wrong_passwords_leave_a_mark_in_the_audit_without_what_was_typed(
    world: World,
) -> None:
    await world.browser().sign_in("mật khẩu gõ nhầm ô", "sai")
    await world.browser().sign_in("lan", "sai")

    rows = world.database.read_now(
        lambda session: session.scalars(
            sa.select(AuditRow).where(AuditRow.act == "staff.sign_in_failed")
        ).all()
    )
    assert [(row.staff_id, row.subject, row.detail) for row in rows] == [
        (None, None, None),
        (world.ids["lan"], None, None),
    ]


@pytest.mark.parametrize(
    ("address", "place"),
    [
        ("203.0.113.7", "203.0.113.7"),
        ("::ffff:203.0.113.7", "203.0.113.7"),
        ("2001:db8:1:2:aaaa::1", "2001:db8:1:2::/64"),
        ("2001:db8:1:2:bbbb::2", "2001:db8:1:2::/64"),
        ("2001:db8:1:3::2", "2001:db8:1:3::/64"),
        ("a socket", "a socket"),
    ],
)
def test_one_line_of_ipv6_is_one_place(address: str, place: str) -> None:
    assert place_of(address) == place


def test_a_device_is_known_only_for_the_account_that_signed_in_on_it(world: World) -> None:
    vault = world.database.vault
    cookie = auth.device_cookie(vault, "lan")

    assert auth.known_device(vault, "lan", cookie) == cookie.split(".")[0]
    assert auth.known_device(vault, "minh", cookie) is None
    assert auth.known_device(vault, "lan", cookie[:-1] + "g") is None
    assert auth.known_device(vault, "lan", "") is None
    assert auth.known_device(vault, "lan", None) is None


def test_nobodys_password_is_checked_as_slowly_as_somebodys() -> None:
    assert not auth.password_fits(None, PASSWORD)
