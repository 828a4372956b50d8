"""The page itself: its HTML, its few assets, and what a message looks like on it."""

import hashlib
import mimetypes
import re
import secrets
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

from jinja2 import Environment, FileSystemLoader, StrictUndefined

from bot.transcript import Direction, Shown
from cases.wording import FALLBACK, Texts

_FOLDER = Path(__file__).parent
_INDENTATION = re.compile(rb"^[ \t]+", re.MULTILINE)
"""Means nothing in our assets, and a citizen's data costs money."""
_ANYTIME = ("go:", "a:", "d:", "f:", "lang:", "m:", "p:", "r:", "v:", "x:")
"""Keys that mean the same whenever they are pressed: menu, article, field, language, and the
questions an office asks by itself (a meeting, papers, how it was)."""

_FOR_SCRIPT = (
    "title", "you", "officer", "choose", "view_file", "sending", "unsent", "failed", "offline",
    "too_large", "photo_sent", "place_sent", "place_failed", "idle_soon",
)  # fmt: skip


@dataclass(frozen=True)
class Message:
    """One message of a talk, as the page shows it."""

    seq: int
    id: str
    direction: Direction
    shown: Shown
    client_id: str | None

    def as_json(self) -> dict[str, Any]:
        """For the script."""
        return {
            "seq": self.seq,
            "id": self.id,
            "in": self.direction is Direction.IN,
            "client_id": self.client_id,
            **self.shown.model_dump(mode="json", exclude_defaults=True),
        }


def current_question(messages: Sequence[Message]) -> int:
    """The number of the question whose buttons still count."""
    return max((m.shown.serial for m in messages if m.shown.buttons), default=0)


def first_to_read(messages: Sequence[Message]) -> int:
    """The `seq` of the message that a page without a script opens at: the citizen's last."""
    mine = [m.seq for m in messages if m.direction is Direction.IN]
    return mine[-1] if mine else 1


def is_anytime(key: str) -> bool:
    """Whether a button works also after its question was answered."""
    return key.startswith(_ANYTIME)


@dataclass(frozen=True)
class Asset:
    """A file of the page, read once."""

    content: bytes
    media_type: str
    version: str


class Page:
    """Renders the page; knows nothing of requests and tables."""

    def __init__(self, texts: Callable[[], Texts], exit_to: str) -> None:
        self._texts = texts
        self.exit_to = exit_to
        self.assets = {
            path.name: Asset(
                content := _INDENTATION.sub(b"", path.read_bytes()),
                mimetypes.types_map[path.suffix],
                hashlib.sha256(content).hexdigest()[:12],
            )
            for path in sorted((_FOLDER / "static").iterdir())
        }
        environment = Environment(
            loader=FileSystemLoader(_FOLDER / "templates"),
            autoescape=True,
            undefined=StrictUndefined,
            trim_blocks=True,
            lstrip_blocks=True,
        )
        environment.policies["json.dumps_kwargs"] = {"ensure_ascii": False}
        self._template = environment.get_template("page.html")

    def words(self, key: str) -> str:
        """One text of the page."""
        return self._texts().template(f"web.{key}", FALLBACK)

    def headers(self) -> dict[str, str]:
        """What every answer carries: nothing is kept, nothing foreign is loaded or framed.

        The referrer goes to our own pages only. Without any, browsers would call the origin of
        our own forms "null", and then they could not be told from a foreign site's.
        """
        exit_to = urlsplit(self.exit_to)
        return {
            "Cache-Control": "no-store",
            "Content-Security-Policy": (
                "default-src 'none'; script-src 'self'; style-src 'self'; "
                "img-src 'self' blob:; connect-src 'self'; "
                f"form-action 'self' {exit_to.scheme}://{exit_to.netloc}; "
                "base-uri 'none'; frame-ancestors 'none'"
            ),
            "Cross-Origin-Opener-Policy": "same-origin",
            "Cross-Origin-Resource-Policy": "same-origin",
            "Permissions-Policy": "geolocation=(self), camera=(), microphone=()",
            "Referrer-Policy": "same-origin",
            "X-Content-Type-Options": "nosniff",
        }

    def welcome(self, opening: str, payload: str) -> str:
        """The neutral page: it tells nothing of what the talk is about."""
        return self._render(opening=opening, payload=payload)

    def talk(
        self, token: str, messages: Sequence[Message], *, note: str = "", draft: str = ""
    ) -> str:
        """The talk as a page that works without a script; the token is a field of its form."""
        return self._render(token=token, messages=messages, note=note, draft=draft)

    def again(self, token: str, opening: str, client_id: str, *, note: str, draft: str) -> str:
        """A page to send the same once more, after it could not be taken."""
        return self._render(
            token=token, opening=opening, client_id=client_id, note=note, draft=draft
        )

    def _render(
        self,
        *,
        token: str = "",
        opening: str = "",
        payload: str = "",
        client_id: str = "",
        messages: Sequence[Message] = (),
        note: str = "",
        draft: str = "",
    ) -> str:
        texts = self._texts()
        words = {
            key.removeprefix("web."): texts.template(key, FALLBACK)
            for key in texts.keys()  # noqa: SIM118 - not a mapping
            if key.startswith("web.")
        }
        return self._template.render(
            t=words,
            assets=self.assets,
            exit_to=self.exit_to,
            token=token,
            opening=opening,
            payload=payload,
            script_texts={key: words[key] for key in _FOR_SCRIPT},
            client_id=client_id or secrets.token_urlsafe(12),
            messages=messages,
            current=current_question(messages),
            first=first_to_read(messages),
            is_anytime=is_anytime,
            note=note,
            draft=draft,
        )
