"""The assistant's own words: found by step, drafted, seen as the citizen will, reviewed."""

import asyncio
import datetime as dt
import hashlib
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Annotated

from fastapi import APIRouter, Form, Request
from fastapi.responses import HTMLResponse, Response

from cases.access import NotFoundError
from cases.speech import Line
from cases.wordbook import TEXT, Wordbook, body_of, wording_of
from cases.wording import LANGUAGES, LONGEST_LABEL, LONGEST_TEXT, Care, Texts, Wording
from desk import wording_texts as words
from desk.frame import Flash, Frame, Me, go_to, names_of
from desk.guard import Who, staff_of, who_may
from desk.pages.knowledge_diff import Change, pieces
from knowledge.vietnamese import fold
from store import documents
from store.documents import (
    ConflictError,
    Document,
    DocumentError,
    SamePersonError,
    Stage,
    Version,
    WrongStageError,
)
from store.session import Session

_LONGEST = 4000
"""Characters that a form takes; what a text may have is told by `mistakes`."""


@dataclass(frozen=True)
class TextLine:
    """One text of the list."""

    key: str
    text: str
    label: bool
    care: str | None
    stage: Stage | None
    edited: bool
    lacks: tuple[str, ...]


@dataclass(frozen=True)
class Step:
    """The texts of one step."""

    name: str
    texts: tuple[TextLine, ...]


@dataclass(frozen=True)
class Seen:
    """A message as the citizen sees it in one language."""

    language: str
    text: str
    buttons: tuple[tuple[str, bool], ...]
    """Labels, and whether it is the one that is edited."""
    alone: bool
    """No step of the chat that was walked through says it: it stands by itself here."""
    own: bool
    """Whether the language has this text, or it is said in Vietnamese."""


@dataclass(frozen=True)
class Past:
    """One version in the history."""

    number: int
    stage: Stage
    who: str
    reviewer: str | None
    at: dt.datetime
    remark: str | None
    restorable: bool


@dataclass(frozen=True)
class Differs:
    """One edited text whose file says something newer, or that does not fit this version."""

    key: str
    changes: tuple[Change, ...]
    mark: str
    unusable: bool


@dataclass(frozen=True)
class View:
    """One text with all that is known of it."""

    me: Me
    counts: Version
    draft: Version | None
    edited: bool
    past: tuple[Past, ...]
    writers: tuple[str, ...]
    mine: bool
    """Whether the one who looks wrote on the draft."""
    newer: bool
    """Whether the file says something newer that nobody has decided about."""


def _mark(body: str) -> str:
    return hashlib.sha256(body.encode()).hexdigest()[:16]


def compared(before: Wording | None, after: Wording) -> tuple[Change, ...]:
    """The languages in which two versions differ; `name` is the language's."""
    found = []
    for language in LANGUAGES:
        old = (before.said_in(language) if before else None) or ""
        new = after.said_in(language) or ""
        if old != new:
            found.append(Change(words.LANGUAGES[language], *pieces(old, new)))
    return tuple(found)


def routes(frame: Frame, wordbook: Wordbook) -> APIRouter:
    """The routes of the assistant's words."""
    router = APIRouter()

    @router.get("/wording")
    @who_may(Who.REVIEWERS)
    async def listing(request: Request, q: str = "", show: str = "") -> HTMLResponse:
        staff = staff_of(request)

        def look(session: Session) -> tuple[Me, tuple[Step, ...], int]:
            differing = len(documents.differences(session, TEXT))
            return frame.me(session, staff), _steps(session, wordbook, q, show), differing

        me, steps, differing = await frame.database.read(look)
        return frame.show(
            "wording_list.html",
            me=me,
            w=words,
            steps=steps,
            q=q,
            show=show,
            found=sum(len(step.texts) for step in steps),
            differing=differing,
        )

    @router.get("/wording/differences")
    @who_may(Who.ADMINS)
    async def differences(request: Request, done: str = "") -> HTMLResponse:
        said = words.DONE.get(done)
        return await differing(request, Flash(said) if said else None)

    @router.post("/wording/differences")
    @who_may(Who.ADMINS)
    async def decide(
        request: Request,
        key: Annotated[str, Form()],
        mark: Annotated[str, Form()],
        decision: Annotated[str, Form()],
    ) -> Response:
        staff = staff_of(request)
        if key not in wordbook or decision not in ("ours", "files"):
            raise NotFoundError

        def act(session: Session) -> None:
            document = session.get(Document, (TEXT, key), with_for_update=True)
            if document is None or _mark(document.file_body or "") != mark:
                raise ConflictError(None)
            if decision == "ours":
                documents.keep_ours(session, TEXT, key, by=staff.id)
            else:
                documents.take_files(session, TEXT, key, by=staff.id)

        refused = await attempt(act)
        if refused is not None:
            return await differing(request, refused, 409)
        done = "kept" if decision == "ours" else "taken"
        return go_to(f"/wording/differences?done={done}")

    async def differing(request: Request, flash: Flash | None, status: int = 200) -> HTMLResponse:
        staff = staff_of(request)

        def look(session: Session) -> tuple[Me, tuple[Differs, ...]]:
            return frame.me(session, staff), _differing(session, wordbook)

        me, found = await frame.database.read(look)
        return frame.show(
            "wording_differences.html", status, me=me, w=words, flash=flash, found=found
        )

    @router.get("/wording/{key}")
    @who_may(Who.REVIEWERS)
    async def text_page(
        request: Request, key: str, done: str = "", a: int = 0, b: int = 0
    ) -> HTMLResponse:
        said = words.DONE.get(done)
        return await page(request, key, Flash(said) if said else None, a=a, b=b)

    async def page(
        request: Request,
        key: str,
        flash: Flash | None,
        status: int = 200,
        *,
        typed: Wording | None = None,
        remark: str | None = None,
        a: int = 0,
        b: int = 0,
    ) -> HTMLResponse:
        """`typed`: what stands in the form though it was not taken; `a`, `b`: to compare."""
        view = await frame.database.read(lambda session: look_at(session, request, key))
        draft = wording_of(view.draft) if view.draft is not None else None
        shown = typed or draft or wording_of(view.counts)
        care = wordbook.about.care(key)
        two = await frame.database.read(lambda session: _two(session, key, a, b))
        return frame.show(
            "wording_text.html",
            status,
            flash=flash,
            w=words,
            key=key,
            step=wordbook.about.steps[wordbook.about.step(key)],
            care=care,
            caution=words.care(care),
            label=wordbook.about.is_label(key),
            longest=LONGEST_LABEL if wordbook.about.is_label(key) else LONGEST_TEXT,
            blanks=sorted(wordbook.shipped.blanks(key)),
            shown=shown,
            typed=typed is not None,
            remark=remark if remark is not None else (view.draft.remark if view.draft else None),
            mistakes=_mistakes(wordbook, key, shown),
            unusable=wordbook.unusable(key, wording_of(view.counts)),
            seen=await seen(key, shown),
            compared=compared(wording_of(view.counts), shown) if view.draft or typed else (),
            two=two,
            a=a,
            b=b,
            **vars(view),
        )

    def look_at(session: Session, request: Request, key: str) -> View:
        staff = staff_of(request)
        document = session.get(Document, (TEXT, key))
        counts = documents.published_one(session, TEXT, key)
        if document is None or counts is None or key not in wordbook:
            raise NotFoundError
        draft = documents.open_one(session, TEXT, key)
        writers = draft.written_by if draft else ()
        names = names_of(session, set(writers))
        return View(
            me=frame.me(session, staff),
            counts=counts,
            draft=draft,
            edited=document.edited,
            past=_past(session, key),
            writers=tuple(names.get(one, "?") for one in writers),
            mine=staff.id in writers,
            newer=document.file_body is not None,
        )

    async def seen(key: str, shown: Wording) -> tuple[Seen, ...]:
        """The first message of the chat that says a text, in each language."""
        texts = wordbook.current.with_wording(key, shown)
        example = frame.assistant.shown_in if frame.assistant is not None else None
        say = await asyncio.to_thread(example, key) if example is not None else None
        found = []
        for language in LANGUAGES:
            own = shown.said_in(language) is not None
            if say is None:
                samples = words.SAMPLES | dict(frame.province.blanks())
                alone = _rendered(texts, Line(key=key, blanks=samples), language)
                label = wordbook.about.is_label(key)
                pressed = [(alone, True)] if label else []
                found.append(Seen(language, "" if label else alone, tuple(pressed), True, own))
                continue
            text = "\n\n".join(_rendered(texts, line, language) for line in say.lines)
            buttons = tuple(
                (_rendered(texts, one.label, language), one.label.key == key) for one in say.choices
            )
            found.append(Seen(language, text.replace("\n\n•", "\n•"), buttons, False, own))
        return tuple(found)

    @router.post("/wording/{key}/preview")
    @who_may(Who.ADMINS)
    async def preview(
        key: str,
        vi: Annotated[str, Form(max_length=_LONGEST)] = "",
        en: Annotated[str, Form(max_length=_LONGEST)] = "",
        km: Annotated[str, Form(max_length=_LONGEST)] = "",
    ) -> HTMLResponse:
        if key not in wordbook:
            raise NotFoundError
        shown = _written(vi, en, km)
        return frame.show(
            "wording_preview.html",
            w=words,
            seen=await seen(key, shown),
            mistakes=_mistakes(wordbook, key, shown),
        )

    @router.post("/wording/{key}")
    @who_may(Who.ADMINS)
    async def save(
        request: Request,
        key: str,
        seen_revision: Annotated[int, Form()],
        vi: Annotated[str, Form(max_length=_LONGEST)] = "",
        en: Annotated[str, Form(max_length=_LONGEST)] = "",
        km: Annotated[str, Form(max_length=_LONGEST)] = "",
        remark: Annotated[str, Form(max_length=2000)] = "",
        act: Annotated[str, Form()] = "save",
    ) -> Response:
        staff, shown, why = staff_of(request), _written(vi, en, km), remark.strip()
        care = wordbook.about.care(key)
        if key not in wordbook or care is Care.LOCKED:
            raise NotFoundError
        sending = act == "submit"
        problem = None
        if sending and wordbook.mistakes(key, shown):
            problem = words.NOT_SOUND
        elif sending and care is not Care.NONE and not why:
            problem = words.WHY_FIRST

        def write(session: Session) -> None:
            counts = documents.published_one(session, TEXT, key)
            if sending and counts is not None and wording_of(counts) == shown:
                raise _UnchangedError
            version = documents.save(
                session,
                TEXT,
                key,
                body_of(shown),
                by=staff.id,
                seen=seen_revision,
                remark=why or None,
            )
            if sending:
                documents.submit(session, version.id, by=staff.id, seen=version.revision)

        refused = Flash(problem, problem=True) if problem else await attempt(write)
        if refused is not None:
            return await page(request, key, refused, 409, typed=shown, remark=why)
        return go_to(f"/wording/{key}?done={'submitted' if sending else 'saved'}")

    @router.post("/wording/{key}/discard")
    @who_may(Who.ADMINS)
    async def discard(request: Request, key: str, seen: Annotated[int, Form()]) -> Response:
        staff = staff_of(request)

        def act(session: Session) -> None:
            documents.discard(session, _open(session, key).id, by=staff.id, seen=seen)

        return await step_on(request, key, act, "discarded")

    @router.post("/wording/{key}/give-back")
    @who_may(Who.REVIEWERS)
    async def give_back(
        request: Request,
        key: str,
        seen: Annotated[int, Form()],
        remark: Annotated[str, Form(max_length=2000)] = "",
    ) -> Response:
        staff, said = staff_of(request), remark.strip()
        if not said:
            return await page(request, key, Flash(words.REMARK_FIRST, problem=True), 422)

        def act(session: Session) -> None:
            version = _open(session, key)
            documents.give_back(session, version.id, by=staff.id, seen=seen, remark=said)

        return await step_on(request, key, act, "given_back")

    @router.post("/wording/{key}/publish")
    @who_may(Who.REVIEWERS)
    async def publish(
        request: Request,
        key: str,
        seen: Annotated[int, Form()],
        over: Annotated[int, Form()],
        checked: Annotated[str, Form()] = "",
    ) -> Response:
        """The second person's yes lets it count; with care, only when it was checked."""
        staff = staff_of(request)
        if wordbook.about.care(key) is not Care.NONE and not checked:
            return await page(request, key, Flash(words.CHECK_FIRST, problem=True), 422)

        def act(session: Session) -> None:
            version = _open(session, key)
            if wordbook.mistakes(key, wording_of(version)):
                raise WrongStageError
            documents.approve(session, version.id, by=staff.id, seen=seen)
            documents.publish(session, version.id, by=staff.id, over=over)

        return await step_on(request, key, act, "published")

    @router.post("/wording/{key}/restore")
    @who_may(Who.ADMINS)
    async def restore(
        request: Request,
        key: str,
        number: Annotated[int, Form()],
        over: Annotated[int, Form()],
    ) -> Response:
        staff = staff_of(request)

        def act(session: Session) -> None:
            document = session.get(Document, (TEXT, key))
            if document is None or key not in wordbook:
                raise NotFoundError
            version = documents.restore(session, TEXT, key, number, by=staff.id, over=over)
            if wordbook.unusable(key, wording_of(version)):
                raise WrongStageError  # it is of an older program

        return await step_on(request, key, act, "restored")

    async def step_on(
        request: Request, key: str, act: Callable[[Session], object], done: str
    ) -> Response:
        refused = await attempt(act)
        if refused is not None:
            return await page(request, key, refused, 409)
        return go_to(f"/wording/{key}?done={done}")

    async def attempt(act: Callable[[Session], object]) -> Flash | None:
        """Carry out an act; why not, when it was refused."""
        try:
            await frame.database.transact(act)
        except _UnchangedError:
            return Flash(words.NO_CHANGE, problem=True)
        except SamePersonError:
            return Flash(words.SAME_PERSON, problem=True)
        except ConflictError:
            return Flash(words.CONFLICT, problem=True)
        except DocumentError:
            return Flash(words.MOVED, problem=True)
        await frame.database.read(wordbook.refresh)
        return None

    return router


class _UnchangedError(DocumentError):
    """What is to be reviewed counts already."""


class _Blanks(dict[str, str]):
    """Blanks that nothing fills stay open: a draft may have any."""

    def __missing__(self, name: str) -> str:
        return f"{{{name}}}"


def _rendered(texts: Texts, line: Line, language: str) -> str:
    template = texts.template(line.key, language)
    try:
        return template.format_map(_Blanks(line.blanks)).strip()
    except (ValueError, IndexError, AttributeError, KeyError):  # braces that don't close yet
        return template


def _written(vi: str, en: str, km: str) -> Wording:
    """What a form says; browsers end lines with two characters."""
    plain = [text.replace("\r\n", "\n").strip() for text in (vi, en, km)]
    return Wording(vi=plain[0], en=plain[1] or None, km=plain[2] or None)


def _mistakes(wordbook: Wordbook, key: str, shown: Wording) -> Mapping[str, tuple[str, ...]]:
    found: dict[str, tuple[str, ...]] = {}
    for one in wordbook.mistakes(key, shown):
        found[one.language] = (*found.get(one.language, ()), words.mistake(one))
    return found


def _open(session: Session, key: str) -> Version:
    version = documents.open_one(session, TEXT, key)
    if version is None:
        raise WrongStageError
    return version


def _steps(session: Session, wordbook: Wordbook, q: str, show: str) -> tuple[Step, ...]:
    drafts = {one.key: one for one in documents.open_ones(session, TEXT)}
    kept = {one.key: one for one in documents.documents(session, TEXT)}
    said = {one.key: wording_of(one) for one in documents.published(session, TEXT)}
    about, wanted = wordbook.about, fold(q).split()
    found: dict[str, list[TextLine]] = {step: [] for step in about.steps}
    for key in wordbook.shipped.in_order():
        if key not in said:
            continue
        wording, care = said[key], about.care(key)
        draft = drafts.get(key)
        texts = [wording.said_in(language) or "" for language in LANGUAGES]
        if draft is not None:
            texts.append(draft.body)
        hay = fold(" ".join((key, *texts)))
        line = TextLine(
            key=key,
            text=wording.vi,
            label=about.is_label(key),
            care=words.care_mark(care),
            stage=draft.stage if draft else None,
            edited=kept[key].edited,
            lacks=tuple(one for one in LANGUAGES if wording.said_in(one) is None),
        )
        if all(one in hay for one in wanted) and _shows(line, show):
            found[about.step(key)].append(line)
    return tuple(Step(about.steps[step], tuple(lines)) for step, lines in found.items() if lines)


def _shows(line: TextLine, show: str) -> bool:
    match show:
        case "open":
            return line.stage is not None
        case "edited":
            return line.edited
        case "care":
            return line.care is not None
        case "km" | "en":
            return show in line.lacks
        case _:
            return True


def _past(session: Session, key: str) -> tuple[Past, ...]:
    history = documents.history(session, TEXT, key)
    people = {one for version in history for one in version.written_by}
    people |= {version.reviewer_id for version in history if version.reviewer_id}
    names = names_of(session, people)
    return tuple(
        Past(
            number=one.number,
            stage=one.stage,
            who=", ".join(names.get(writer, "?") for writer in one.written_by) or "Tệp của Tràm",
            reviewer=names.get(one.reviewer_id) if one.reviewer_id else None,
            at=one.published_at or one.saved_at,
            remark=one.remark,
            restorable=one.stage is Stage.SUPERSEDED,
        )
        for one in history
    )


def _two(session: Session, key: str, a: int, b: int) -> tuple[Change, ...] | None:
    if not a or not b or a == b:
        return None
    by_number = {one.number: one for one in documents.history(session, TEXT, key)}
    first, last = sorted((a, b))
    if first not in by_number or last not in by_number:
        raise NotFoundError
    return compared(wording_of(by_number[first]), wording_of(by_number[last]))


def _differing(session: Session, wordbook: Wordbook) -> tuple[Differs, ...]:
    found = []
    for document in documents.differences(session, TEXT):
        if document.key not in wordbook:
            continue
        body = document.file_body or ""
        counts = documents.published_one(session, TEXT, document.key)
        ours = wording_of(counts) if counts is not None else None
        found.append(
            Differs(
                key=document.key,
                changes=compared(ours, Wording.model_validate_json(body)),
                mark=_mark(body),
                unusable=ours is not None and wordbook.unusable(document.key, ours),
            )
        )
    return tuple(found)
