"""The web desk as one application, to be mounted at /desk."""

from collections.abc import Callable
from typing import Any

from fastapi import Depends, FastAPI
from fastapi.exceptions import RequestValidationError
from fastapi.responses import HTMLResponse
from starlette.exceptions import HTTPException
from starlette.responses import Response
from starlette.staticfiles import StaticFiles

from cases.access import NotFoundError
from cases.atlas import Atlas
from cases.health import Health
from cases.wordbook import Wordbook
from desk import guard
from desk.assistant import Assistant
from desk.breached import Breached
from desk.factors import Policy
from desk.frame import STATIC, Frame
from desk.pages import (
    accounts,
    audit,
    callbacks,
    canned,
    case,
    case_papers,
    data_requests,
    door,
    duty,
    figures,
    files,
    glass,
    gone,
    intake,
    knowledge,
    knowledge_differences,
    knowledge_edit,
    knowledge_exchange,
    knowledge_laws,
    knowledge_questions,
    knowledge_review,
    knowledge_week,
    live,
    meetings,
    newcomers,
    opinions,
    oversight,
    providers,
    province,
    province_areas,
    province_days,
    province_history,
    queue,
    recoveries,
    search,
    second,
    security,
    status,
    telegram,
    wording,
)
from knowledge.shelf import Shelf
from store.scanner import Scanner
from store.session import Database, Session


class _Kept(StaticFiles):
    """Files that browsers may keep: pages name them by their hash."""

    def file_response(self, *args: Any, **options: Any) -> Response:
        response = super().file_response(*args, **options)
        response.headers["Cache-Control"] = "public, max-age=31536000, immutable"
        return response


def make_desk(
    database: Database,
    atlas: Atlas,
    shelf: Shelf,
    wordbook: Wordbook,
    *,
    secure_cookies: bool,
    stopping: Callable[[], bool] = lambda: False,
    assistant: Assistant | None = None,
    read_health: Callable[[Session], Health] | None = None,
    policy: Policy | None = None,
    scanner: Scanner | None = None,
    breached: Breached | None = None,
) -> FastAPI:
    """The desk. `secure_cookies` where it is reached over https.

    `stopping` is asked every second: when the server wants to stop, open streams end. With
    `read_health` admins have a page about how the running stands.
    """
    frame = Frame(
        database,
        atlas,
        shelf,
        wordbook,
        secure_cookies,
        stopping,
        assistant,
        policy or Policy(),
        scanner,
        breached,
    )
    desk = FastAPI(
        openapi_url=None,
        default_response_class=HTMLResponse,
        dependencies=[Depends(guard.enforcer(frame))],
    )
    for page in (
        door,
        queue,
        case,
        case_papers,
        files,
        live,
        meetings,
        newcomers,
        oversight,
        audit,
    ):
        desk.include_router(page.routes(frame))
    for page in (search, canned, telegram, intake, callbacks, data_requests, gone):
        desk.include_router(page.routes(frame))
    for page in (knowledge, knowledge_edit, knowledge_review):
        desk.include_router(page.routes(frame))
    for page in (knowledge_laws, knowledge_questions, knowledge_week):
        desk.include_router(page.routes(frame))
    for page in (knowledge_differences, knowledge_exchange):
        desk.include_router(page.routes(frame))
    for page in (second, security, recoveries, glass):
        desk.include_router(page.routes(frame))
    desk.include_router(figures.routes(frame))
    desk.include_router(opinions.routes(frame))
    desk.include_router(accounts.routes(frame))
    if read_health is not None:
        desk.include_router(status.routes(frame, read_health))
    desk.include_router(providers.routes(frame))
    desk.include_router(wording.routes(frame, wordbook))
    for page in (province, province_areas, province_days, province_history, duty):
        desk.include_router(page.routes(frame))
    desk.mount("/static", _Kept(directory=STATIC))
    desk.add_exception_handler(NotFoundError, guard.not_found(frame))
    desk.add_exception_handler(guard.SignedOutError, guard.signed_out(frame))
    desk.add_exception_handler(guard.UnprovedError, guard.unproved)
    desk.add_exception_handler(guard.UnconfirmedError, guard.unconfirmed(frame))
    desk.add_exception_handler(guard.ForeignRequestError, guard.foreign(frame))
    desk.add_exception_handler(HTTPException, guard.misformed(frame))
    desk.add_exception_handler(RequestValidationError, guard.misformed(frame))
    larger = guard.larger_forms(desk.routes)
    desk.add_middleware(guard.Shell, frame=frame, most_bytes=larger)
    return desk
