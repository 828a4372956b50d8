"""What every page of the desk needs: the database, the province, and a way to show itself."""

import datetime as dt
import hashlib
import json
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import jinja2
import sqlalchemy as sa
from fastapi import Request
from fastapi.responses import HTMLResponse, RedirectResponse, Response

from cases.atlas import Atlas
from cases.life import CLOSING
from cases.province import Office, Province
from cases.speech import Say
from cases.staff import Role, StaffMember
from cases.wordbook import Wordbook
from desk import brakes, citizen_texts, invitations, province_texts, texts, window_texts
from desk.assistant import Assistant
from desk.auth import Checks
from desk.breached import Breached
from desk.factors import Policy
from knowledge.shelf import Shelf
from store.scanner import Scanner
from store.session import Database, Session

BASE = "/desk"
"""Where the desk is mounted; its cookies are bound to this path."""
NO_DATABASE = (sa.exc.OperationalError, sa.exc.InterfaceError, sa.exc.TimeoutError)
"""It is down, drops the line, or has no connection to spare: somebody may try again later."""
HERE = Path(__file__).parent
STATIC = HERE / "static"


def _environment() -> jinja2.Environment:
    environment = jinja2.Environment(
        loader=jinja2.FileSystemLoader(HERE / "templates"),
        autoescape=True,
        undefined=jinja2.StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )
    marks = {
        path.name: hashlib.sha256(path.read_bytes()).hexdigest()[:10]
        for path in STATIC.iterdir()
        if path.suffix in {".css", ".js", ".svg"}
    }
    environment.globals.update(
        t=texts,
        c=citizen_texts,
        t_window=window_texts.window,
        base=BASE,
        outcomes=CLOSING,
        static=lambda name: f"{BASE}/static/{name}?{marks[name]}",
    )
    return environment


@dataclass(frozen=True)
class Me:
    """The staff member who looks at a page, as the page's head shows them."""

    staff: StaffMember
    name: str
    office: Office | None
    newcomers: int = 0
    """For leaders: the accounts that wait for their word."""
    unfit: tuple[str, ...] = ()
    """For admins: why the offices and areas as edited are not in use."""


@dataclass(frozen=True)
class Flash:
    """A short message about what a press of a button did, or why it did nothing."""

    text: str
    problem: bool = False


@dataclass(frozen=True)
class Frame:
    """Handed to every page."""

    database: Database
    atlas: Atlas
    """The province in use."""
    shelf: Shelf
    """The knowledge in use, and a search over it."""
    wordbook: Wordbook
    """The words of the chat in use."""
    secure_cookies: bool
    stopping: Callable[[], bool]
    assistant: Assistant | None = None
    """What the citizen's side lends; None: nobody put it together."""
    policy: Policy = field(default_factory=Policy)
    """What second factor is asked for."""
    scanner: Scanner | None = None
    """Looks at what officers send; None: nobody set one up."""
    breached: Breached | None = None
    """The list of breached passwords; None: the operator keeps none."""
    checks: Checks = field(default_factory=Checks)
    templates: jinja2.Environment = field(default_factory=_environment)

    @property
    def province(self) -> Province:
        """The province as it counts now."""
        return self.atlas.current

    @property
    def session_cookie(self) -> str:
        """The prefix makes browsers refuse it without encryption, and from any other host."""
        return "__Host-tram_desk" if self.secure_cookies else "tram_desk"

    @property
    def cookie_path(self) -> str:
        """The prefix asks for the whole host; the citizen's page neither sets nor reads any."""
        return "/" if self.secure_cookies else BASE

    async def held_back(self, name: str, client: str, device: str | None) -> dt.timedelta:
        """How long a try has to wait; nothing: it is counted, and may be made.

        First by a look alone, so that a flood that has to wait costs no write.
        """
        wait = await self.database.read(lambda session: brakes.wait(session, name, client, device))
        if wait:
            return wait
        return await self.database.transact(
            lambda session: brakes.count_try(session, name, client, device)
        )

    def keep_token(self, response: Response, token: str) -> None:
        """Let the browser keep the token of its session, out of reach of scripts."""
        response.set_cookie(
            self.session_cookie,
            token,
            path=self.cookie_path,
            secure=self.secure_cookies,
            httponly=True,
            samesite="strict",
        )

    def show(
        self, template: str, status: int = 200, *, flash: Flash | None = None, **blanks: Any
    ) -> HTMLResponse:
        """A page or a fragment of one."""
        text = self.templates.get_template(template).render(
            flash=flash, now=self.database.clock.now(), **blanks
        )
        return HTMLResponse(text, status)

    def me(self, session: Session, staff: StaffMember) -> Me:
        """What the page's head says of the one who looks at it."""
        return Me(
            staff=staff,
            name=staff.open(session.vault, "name") or staff.username,
            office=self.office(staff.office_id) if staff.office_id else None,
            newcomers=len(invitations.newcomers(session, staff)),
            unfit=tuple(province_texts.fault(one, self.province) for one in self.atlas.unfit)
            if staff.role is Role.ADMIN
            else (),
        )

    def in_words(self, message: Say) -> str:
        """A message of the assistant in Vietnamese, its choices as lines below."""
        words = self.wordbook.current
        try:
            labels = (words.render(one.label, "vi") for one in message.choices)
            return "\n".join((words.join(message.lines, "vi"), *(f"▸ {one}" for one in labels)))
        except KeyError:  # an older version said it
            return "(Lời nhắn tự động của Tràm; bản đang dùng không còn câu này.)"

    def office(self, office_id: str) -> Office | None:
        """An office, or None when the province's files no longer name it."""
        try:
            return self.province.office(office_id)
        except KeyError:
            return None

    def office_label(self, office_id: str | None) -> str:
        """The office as citizens and staff are told it, with its mark when it is unconfirmed."""
        office = self.office(office_id) if office_id else None
        return office.label if office else (office_id or "")


def names_of(session: Session, staff_ids: set[str]) -> dict[str, str]:
    """The names of staff members by id."""
    found = session.scalars(sa.select(StaffMember).where(StaffMember.id.in_(staff_ids)))
    return {one.id: one.open(session.vault, "name") or one.username for one in found}


def by_script(request: Request) -> bool:
    """Whether the page's script asks for a fragment, rather than the browser for a page."""
    return request.headers.get("hx-request") == "true"


def go_to(path: str) -> RedirectResponse:
    """Send the browser to a page of the desk after a form was taken."""
    return RedirectResponse(BASE + path, 303)


def with_flash(response: Response, flash: Flash, **events: dict[str, str]) -> Response:
    """Let the page's script show a message, and pass it other events (ASCII, in a header)."""
    told: dict[str, object] = {
        "tram:flash": {"target": "#flash", "text": flash.text, "problem": flash.problem}
    }
    told |= {f"tram:{name}": {"target": "#flash", **detail} for name, detail in events.items()}
    response.headers["HX-Trigger"] = json.dumps(told)
    return response
