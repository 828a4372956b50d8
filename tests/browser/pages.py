"""What the tests in a real browser do alike: signing in, looking at a page, asking in the chat."""

import contextlib
import os
from collections.abc import Iterator
from pathlib import Path

import pytest
from axe_playwright_python.sync_playwright import Axe
from playwright.sync_api import Browser, Page, expect

from tests.desk.world import PASSWORD
from tests.journeys.server import Server

CHROMIUM = "/usr/bin/chromium"
FLAGS = (
    "--no-sandbox",
    "--disable-gpu",
    "--disable-dev-shm-usage",
    "--disable-quic",
    "--no-first-run",
    "--disable-background-networking",
)
PATIENCE = 20_000
"""Milliseconds that a page is waited for. A busy machine may take seconds over one; how long it
takes on a quiet one is for the benches to say."""
DEMO_PASSWORD = "mot-mat-khau-de-thu"
WIDE, NARROW = (1440, 900), (360, 740)
SIZES = pytest.mark.parametrize("size", [WIDE, NARROW], ids=["wide", "phone"])
"""For tests that hold on a PC and on a small phone."""
PICTURES = os.environ.get("TRAM_PICTURES")
"""A folder for pictures of the pages, where somebody wants to look at them."""


@contextlib.contextmanager
def page_at(
    chromium: Browser,
    address: str,
    size: tuple[int, int] = WIDE,
    username: str | None = "lan",
    *,
    scripts: bool = True,
) -> Iterator[Page]:
    """A page in which somebody has signed in, and in which no script may fail."""
    context = chromium.new_context(
        viewport={"width": size[0], "height": size[1]}, java_script_enabled=scripts
    )
    page = context.new_page()
    page.set_default_timeout(PATIENCE)
    failures: list[str] = []
    page.on("pageerror", lambda error: failures.append(str(error)))
    page.on("dialog", lambda dialog: failures.append(f"dialog: {dialog.message}"))
    page.goto(f"{address}/desk/")
    if username is not None:
        page.get_by_label("Tên đăng nhập").fill(username)
        page.get_by_label("Mật khẩu").fill(PASSWORD)
        page.get_by_role("button", name="Đăng nhập").click()
        page.wait_for_selector("#queue, main.sheet")
        page.wait_for_load_state()  # by then the keys are listened to
    yield page
    context.close()
    assert failures == []


def at_the_desk(
    chromium: Browser,
    server: Server,
    username: str,
    size: tuple[int, int] = (1280, 800),
    first: str = "",
) -> Page:
    """A page of a server with demo accounts in which one of them has signed in."""
    page = chromium.new_context(viewport={"width": size[0], "height": size[1]}).new_page()
    page.set_default_timeout(PATIENCE)
    page.goto(f"{server.url}/desk/sign-in" + (f"?next={first}" if first else ""))
    page.get_by_label("Tên đăng nhập").fill(username)
    page.locator("input[name=password]").fill(DEMO_PASSWORD)
    page.get_by_role("button", name="Đăng nhập").click()
    return page


def live(page: Page) -> None:
    """Wait until the page listens."""
    expect(page.locator("#line")).to_have_class("line-state live")


def check(page: Page, picture: str | None = None) -> None:
    """Nothing that axe finds fault with, and nothing wider than the screen; a picture if wanted."""
    page.wait_for_timeout(300)  # what fades in has faded in
    found = Axe().run(page).response["violations"]
    assert [(one["id"], [node["html"] for node in one["nodes"]]) for one in found] == []
    width = page.viewport_size["width"] if page.viewport_size else 0
    assert page.evaluate("document.documentElement.scrollWidth") <= width
    if picture:
        keep(page, f"{picture}-{width}")


def keep(page: Page, name: str, *, whole: bool = True) -> None:
    """Keep a picture for a person to look at, where one is asked for."""
    if PICTURES:
        page.wait_for_timeout(500)
        page.screenshot(path=Path(PICTURES) / f"{name}.png", full_page=whole)


def writes(page: Page, text: str) -> None:
    """Say something in the web chat."""
    page.get_by_role("textbox").fill(text)
    page.get_by_role("button", name="Gửi", exact=True).click()
