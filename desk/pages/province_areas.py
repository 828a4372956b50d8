"""Which office serves which commune, and which fields need a specialist."""

from dataclasses import dataclass

from fastapi import APIRouter, Request
from fastapi.responses import HTMLResponse, Response

from cases.atlas import AREA, ROUTING, UnfitError, body_of, change
from cases.province import Area, Office, RoutingRules
from desk import province_texts as words
from desk.frame import Flash, Frame, Me, go_to
from desk.guard import Who, staff_of, who_may
from knowledge.article import FieldId
from store import documents
from store.documents import ConflictError
from store.session import Session


@dataclass(frozen=True)
class AreaLine:
    """One commune of the table."""

    code: str
    name: str
    office: Office | None
    area: Area
    over: int
    edited: bool


def _lines(session: Session, frame: Frame) -> tuple[AreaLine, ...]:
    edited = {one.key for one in documents.documents(session, AREA) if one.edited}
    rows = {version.key: version for version in documents.published(session, AREA)}
    found = []
    for commune in sorted(frame.province.communes, key=lambda one: one.name):
        version = rows.get(commune.code)
        if version is not None:
            area = Area.model_validate_json(version.body)
            office = frame.office(area.office)
            over, changed = version.number, commune.code in edited
            line = AreaLine(commune.code, commune.full_name, office, area, over, changed)
            found.append(line)
    return tuple(found)


def _wanted(sent: list[str]) -> dict[str, int]:
    """The communes that were ticked, each with the version that stood there."""
    ticked = (one.partition(":") for one in sent)
    return {code: int(over) for code, _, over in ticked if over.isdecimal()}


def routes(frame: Frame) -> APIRouter:
    """The routes of the table of areas."""
    router = APIRouter()

    @router.get("/province/areas")
    @who_may(Who.ADMINS)
    async def areas(request: Request, office: str = "", done: str = "") -> HTMLResponse:
        said = words.DONE.get(done)
        return await page(request, office, Flash(said) if said else None)

    @router.post("/province/areas")
    @who_may(Who.ADMINS)
    async def move(request: Request) -> Response:
        """Give the ticked communes to one office, all or none of them."""
        staff = staff_of(request)
        sent = await request.form()
        shown, to = str(sent.get("shown", "")), str(sent.get("to", ""))
        wanted = _wanted([str(one) for one in sent.getlist("commune")])
        if not wanted or frame.office(to) is None:
            text = "Chưa đổi: hãy đánh dấu ít nhất một xã, phường và chọn nơi nhận."
            return await page(request, shown, Flash(text, problem=True), 422, frozenset(wanted))
        area = Area(
            office=to,
            verified=sent.get("verified") is not None,
            basis=str(sent.get("basis", "")).strip()[:300],
        )

        def write(session: Session) -> None:
            def act() -> None:
                for code, over in sorted(wanted.items()):
                    documents.put(session, AREA, code, body_of(area), by=staff.id, over=over)

            change(session, frame.atlas, act)

        try:
            await frame.database.transact(write)
        except UnfitError as problem:
            text = " ".join(words.fault(one, frame.province) for one in problem.faults)
        except ConflictError:
            text = "Người khác vừa đổi địa bàn trong số này; chưa đổi gì. Xem lại bảng rồi làm lại."
        else:
            await frame.database.read(frame.atlas.refresh)
            return go_to(f"/province/areas?office={shown}&done=moved")
        await frame.database.read(frame.atlas.refresh)
        return await page(request, shown, Flash(text, problem=True), 409, frozenset(wanted))

    @router.post("/province/routing")
    @who_may(Who.ADMINS)
    async def rules(request: Request) -> Response:
        staff = staff_of(request)
        sent = await request.form()
        chosen = {str(one) for one in sent.getlist("specialist_fields")}
        entry = RoutingRules(specialist_fields=tuple(one for one in FieldId if one in chosen))
        seen = str(sent.get("over", ""))
        over = int(seen) if seen.isdecimal() else 0

        def write(session: Session) -> None:
            body = body_of(entry)
            documents.put(session, ROUTING, ROUTING, body, by=staff.id, over=over or None)

        try:
            await frame.database.transact(write)
        except ConflictError:
            text = "Người khác vừa đổi quy tắc này; chưa lưu. Xem lại rồi làm lại."
            await frame.database.read(frame.atlas.refresh)
            return await page(request, "", Flash(text, problem=True), 409)
        await frame.database.read(frame.atlas.refresh)
        return go_to("/province/areas?done=saved")

    async def page(
        request: Request,
        office: str,
        flash: Flash | None,
        status: int = 200,
        ticked: frozenset[str] = frozenset(),
    ) -> HTMLResponse:
        staff = staff_of(request)

        def look(session: Session) -> tuple[Me, tuple[AreaLine, ...], int]:
            rule = documents.published_one(session, ROUTING, ROUTING)
            return frame.me(session, staff), _lines(session, frame), rule.number if rule else 0

        me, lines, over = await frame.database.read(look)
        shown = [one for one in lines if not office or one.area.office == office]
        return frame.show(
            "province_areas.html",
            status,
            me=me,
            w=words,
            here="/areas",
            flash=flash,
            lines=shown,
            shown=office,
            ticked=ticked,
            offices=frame.province.offices,
            rules=frame.province.routing,
            rules_over=over,
            fields=tuple(FieldId),
        )

    return router
