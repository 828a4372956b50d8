"""The web chat: a page at `/` that needs no account, no cookie and no script.

With a script the page talks JSON and listens to a stream; without one it posts a form and gets
the talk as its answer. Both put events into the inbox and show what stands in the transcript.
"""

from collections.abc import Callable, Mapping
from typing import Any

from fastapi import APIRouter

from bot.channels.message import (
    Capabilities,
    ChannelName,
    FetchedFile,
    Inbound,
    InboundKind,
    Outbound,
    Receipt,
    RemoteFile,
    Sent,
)
from bot.channels.webpage.forms import MAX_TEXT
from bot.channels.webpage.page import Page
from bot.channels.webpage.routes import Routes
from bot.lifeline import Lifeline
from bot.valve import Valve
from cases.speech import Ask
from cases.wording import Texts
from store.scanner import Scanner
from store.session import Database

EXIT_TO = "https://www.google.com/search?q=thoi+tiet+ca+mau"
"""Where the quick exit leads: something that anybody may have been looking at."""


class WebChat:
    """The channel as the worker sees it. The transcript is the delivery: the page reads it."""

    name = ChannelName.WEB
    capabilities = Capabilities(max_text=MAX_TEXT, buttons=True, asks=frozenset(Ask))

    def read(self, event: Mapping[str, Any]) -> Inbound | None:
        """Make an `Inbound` of an event that the page put into the inbox."""
        return Inbound(
            channel=ChannelName.WEB,
            address=event["token"],
            kind=InboundKind(event["kind"]),
            text=event.get("text", ""),
            button_serial=event.get("serial"),
            latitude=event.get("lat"),
            longitude=event.get("lon"),
            phone=event.get("phone"),
            file_id=event.get("file_id"),
            too_large=event.get("too_large", False),
            line=event.get("line"),
        )

    async def fetch(self, file: RemoteFile) -> FetchedFile | None:  # noqa: ARG002
        """Nothing lies elsewhere: the page uploads before it says so."""
        return None

    async def send(self, address: str, message: Outbound) -> Sent:  # noqa: ARG002
        """Nothing to do: the page shows what stands in the transcript."""
        return Receipt()


def make_webchat(
    database: Database,
    texts: Callable[[], Texts],
    *,
    exit_to: str = EXIT_TO,
    stopping: Callable[[], bool] = lambda: False,
    answer_within: float = 2.0,
    lifeline: Lifeline | None = None,
    scanner: Scanner | None = None,
    valve: Valve | None = None,
) -> APIRouter:
    """The citizen's page at `/` and its addresses under `/chat/`.

    `texts` gives the texts in use. `exit_to` is where the quick exit leads. `stopping` says that
    the server wants to stop: open streams then end within a second, and the pages come back to
    the next server. The page without a script waits `answer_within` seconds for an answer.
    """
    page = Page(texts, exit_to)
    return Routes(database, page, stopping, answer_within, lifeline, scanner, valve).router()
