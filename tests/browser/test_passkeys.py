"""Passkeys in a real browser, with the authenticator that Chromium makes up for tests."""

import socket
from collections.abc import Iterator

import pytest
import sqlalchemy as sa
from playwright.sync_api import Browser, Page, expect

from desk.factors import Passkey, Policy, Relying
from store.session import Database
from tests.browser.pages import SIZES, check
from tests.desk.serving import served
from tests.desk.world import PASSWORD, World


@pytest.fixture
def desk(empty: Database) -> Iterator[tuple[World, str]]:
    """The desk as in production, at a name: browsers make no keys for numbers."""
    with socket.socket() as found:
        found.bind(("127.0.0.1", 0))
        port = found.getsockname()[1]
    address = f"http://localhost:{port}"
    world = World(empty, policy=Policy(required=True, relying=Relying.at(address)))
    with served(world, port):
        yield world, address


def with_key(page: Page) -> None:
    """A key lies in this computer, and its person is there."""
    line = page.context.new_cdp_session(page)
    line.send("WebAuthn.enable")
    line.send(
        "WebAuthn.addVirtualAuthenticator",
        {
            "options": {
                "protocol": "ctap2",
                "transport": "internal",
                "hasUserVerification": True,
                "isUserVerified": True,
                "automaticPresenceSimulation": True,
            }
        },
    )


def sign_in(page: Page, address: str) -> None:
    page.goto(f"{address}/desk/")
    page.get_by_label("Tên đăng nhập").fill("lan")
    page.get_by_label("Mật khẩu").fill(PASSWORD)
    page.get_by_role("button", name="Đăng nhập").click()


@SIZES
def test_a_key_is_made_on_the_first_day_and_opens_the_desk_on_the_next(
    desk: tuple[World, str], chromium: Browser, size: tuple[int, int]
) -> None:
    world, address = desk
    context = chromium.new_context(viewport={"width": size[0], "height": size[1]})
    page = context.new_page()
    failures: list[str] = []
    page.on("pageerror", lambda error: failures.append(str(error)))
    with_key(page)

    sign_in(page, address)
    expect(page.get_by_role("heading", name="Đăng nhập an toàn")).to_be_visible()
    check(page)
    page.get_by_label("Tên khóa mới").fill("Máy ở cơ quan")
    page.get_by_role("button", name="Thêm khóa").click()
    expect(page.get_by_role("heading", name="Mười mã dự phòng")).to_be_visible()
    check(page)
    page.get_by_role("link", name="Đã cất").click()
    expect(page.locator("#queue")).to_be_visible()

    context.clear_cookies()
    sign_in(page, address)
    expect(page.get_by_role("heading", name="Xác nhận là bạn")).to_be_visible()
    check(page)
    page.get_by_role("button", name="Dùng khóa của bạn").click()
    expect(page.locator("#queue")).to_be_visible()
    page.goto(f"{address}/desk/security")
    expect(page.get_by_text("Máy ở cơ quan")).to_be_visible()
    check(page)
    page.get_by_role("button", name="Đổi sang điện thoại khác").or_(
        page.get_by_role("button", name="Cài ứng dụng")
    ).click()
    expect(page.locator(".qr svg")).to_be_visible()
    check(page)
    context.close()

    assert failures == []
    query = sa.select(Passkey.sign_count)
    assert world.database.read_now(lambda session: session.scalars(query).all()) == [2]
