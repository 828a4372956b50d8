"""The forms of legal aid filled from a case, and files that officers send to the citizen."""

import asyncio
from typing import Any

from fastapi import APIRouter, Request
from fastapi.responses import Response
from starlette.datastructures import UploadFile

from cases import documents, parties, register, rights, talking
from cases.access import NotFoundError, the_case
from cases.calendar import day_of
from cases.clock import deadlines_in
from cases.form_blanks import wording
from cases.form_data import Format, FormData, FormId, Group, Standing
from cases.life import RefusedError
from cases.model import Case, WishKind
from cases.parties import PartyRole
from cases.providers import Provider
from cases.staff import StaffMember
from cases.thread import Author
from desk import texts
from desk.frame import Frame
from desk.guard import Who, staff_of, who_may
from desk.pages.case_acts import ActId
from desk.pages.case_page import CasePage
from desk.pages.case_view import Opened, json_of, list_of, paper_name
from desk.pages.queue import place_name
from desk.uploads import form_in_memory
from eligibility.facts import CriminalRole, FactId
from store import audit, files
from store.pictures import UnreadableImageError, redrawn
from store.scan import Scan
from store.scanner import verdict
from store.session import Session

MOST_UPLOADED = files.MAX_BYTES + 64 * 1024
"""The file, and what browsers put around it."""
_LONGEST_MATTER = 4000


def data_of(session: Session, frame: Frame, case: Case, form: FormId, address: str) -> FormData:
    """What a case knows for a form; `address` is what its QR code says.

    `case` comes from `visible_to`.
    """
    told = json_of(case.open(session.vault, "screening"))
    contact = json_of(case.open(session.vault, "contact"))
    client = next(
        (one for one in parties.parties_of(session, case) if one.role is PartyRole.CLIENT), None
    )
    vault = session.vault
    name = (client.open(vault, "name") if client else None) or str(contact.get("name") or "")
    phone = (client.open(vault, "phone") if client else None) or str(contact.get("phone") or "")
    entry = register.entry_of(session, case)
    provider = session.get(Provider, case.provider_id) if case.provider_id else None
    office = frame.office(case.office_id)
    running = deadlines_in(session, case, frame.province)
    return _with_reasons(
        session,
        case,
        form,
        FormData(
            name=name,
            id_number=(client.open(vault, "id_number") if client else None) or "",
            phone=phone,
            address=place_name(frame, case.commune) or "",
            commune=place_name(frame, case.commune) or "",
            relation=_relation(told),
            groups=tuple(
                Group(name=str(one.get("said") or ""), law=str(one.get("law") or ""))
                for one in list_of(told.get("grounds"))
                if isinstance(one, dict)
            ),
            field=texts.field(case.field) if case.field else "",
            matter=_matter(session, case),
            aid=frozenset({case.form}) if case.form else frozenset(),
            papers=tuple(paper_name(str(one)) for one in list_of(told.get("papers"))),
            provider=provider.name if provider else "",
            standing=_standing(told),
            office=office.name if office and office.id != frame.province.centre.id else "",
            received_on=day_of(case.opened_at),
            on=day_of(session.clock.now()),
            register_code=entry.code if entry else "",
            deadlines=tuple(
                f"{one.title}: {one.due}"
                for one in running
                if not one.house and one.met_at is None and one.due_at is not None
            ),
            qr=address,
        ),
    )


def _with_reasons(session: Session, case: Case, form: FormId, data: FormData) -> FormData:
    """What only one of the forms asks for."""
    vault = session.vault
    told: dict[str, Any]
    match form:
        case FormId.FORM_04:
            asked = [one for one in rights.wishes_of(session, case) if one.kind is WishKind.CHANGE]
            if not asked:
                return data
            wished = session.get(Provider, asked[0].provider_id) if asked[0].provider_id else None
            told = {
                "reasons": asked[0].open(vault, "reason") or "",
                "provider_grounds": frozenset({asked[0].ground} if asked[0].ground else ()),
                "chosen_provider": wished.name if wished else "",
            }
        case FormId.FORM_05:
            told = {"reasons": case.open(vault, "withdraw_reason") or ""}
        case FormId.FORM_08:
            refusal = register.refusal_of(session, case)
            if refusal is None:
                return data
            told = {
                "reasons": refusal.open(vault, "wording") or "",
                "ground": refusal.ground,
                "stopped": refusal.accepted,
            }
        case _:
            return data
    return FormData(**(dict(data) | told))


def _matter(session: Session, case: Case) -> str:
    """What the citizen told before anybody of the office spoke, in words of their own.

    Neither the buttons they pressed nor a bare age or number: the paper is signed and sent.
    """
    told: list[str] = []
    for entry in talking.thread(session, case):
        if entry.author is Author.STAFF:
            break
        if entry.author is Author.CITIZEN and not entry.pressed:
            told.append(entry.open(session.vault, "body") or "")
    words = (one for one in told if any(letter.isalpha() for letter in one))
    return "\n".join(words)[:_LONGEST_MATTER]


def _relation(told: dict[str, Any]) -> str:
    relation = told.get("relation")
    return "" if relation in (None, "self") else texts.relation(str(relation)) or ""


_STANDINGS = {
    CriminalRole.DENOUNCED: Standing.ACCUSED,
    CriminalRole.HELD: Standing.ACCUSED,
    CriminalRole.ACCUSED: Standing.ACCUSED,
    CriminalRole.VICTIM: Standing.VICTIM,
}


def _standing(told: dict[str, Any]) -> frozenset[Standing]:
    facts = told.get("facts")
    said = facts.get(FactId.CRIMINAL_ROLE) if isinstance(facts, dict) else None
    known = {str(role): standing for role, standing in _STANDINGS.items()}
    return frozenset({known[str(said)]} if str(said) in known else ())


_NEVER_SENT = {Scan.WAITING: "not_scanned", Scan.FOUND: "harmful"}


def routes(frame: Frame) -> APIRouter:
    """The routes of papers and of files to be sent."""
    router = APIRouter()
    pages = CasePage(frame)

    async def filled(
        request: Request, staff: StaffMember, case_id: str, form: FormId, kind: Format
    ) -> tuple[str, bytes]:
        """A form filled from the case, and its file's name; that it was made is audited."""
        address = f"{str(request.base_url).rstrip('/')}/cases/{case_id}"

        def look(session: Session) -> FormData:
            case = the_case(session, staff, case_id)
            audit.note(
                session, "case.paper", staff_id=staff.id, subject=case.id, detail=f"{form} {kind}"
            )
            return data_of(session, frame, case, form, address)

        data = await frame.database.transact(look)
        content = await asyncio.to_thread(documents.render, form, kind, data, frame.province)
        return documents.file_name(form, kind, data), content

    @router.get("/cases/{case_id}/papers/{name}")
    @who_may(Who.CASEWORKERS)
    async def paper(request: Request, case_id: str, name: str) -> Response:
        """`02.pdf` is shown to be looked at and printed, `02.docx` is taken away to be edited."""
        number, _, ending = name.partition(".")
        form, kind = _form(number), _format(ending)
        file_name, content = await filled(request, staff_of(request), case_id, form, kind)
        way = "inline" if kind is Format.PDF else "attachment"
        headers = {"Content-Disposition": f'{way}; filename="{file_name}"'}
        return Response(content, media_type=kind.media_type, headers=headers)

    @router.post("/cases/{case_id}/papers/{name}")
    @who_may(Who.CASEWORKERS)
    async def send(request: Request, case_id: str, name: str) -> Response:
        """Send a form to the citizen as PDF, to be read, signed and brought along."""
        staff, form = staff_of(request), _form(name)
        file_name, content = await filled(request, staff, case_id, form, Format.PDF)
        title = wording().forms[form].title.split("\n")[-1]

        def act(session: Session) -> str:
            made = (content, "application/pdf", file_name, title, Scan.CLEAN)
            _send(session, staff, case_id, *made, paper=True)
            return "Đã giao cho Tràm gửi mẫu đơn đi."

        return await pages.do(
            request, case_id, act, opened=Opened(ActId.PAPERS), say=texts.act_refusal
        )

    def _send(
        session: Session,
        staff: StaffMember,
        case_id: str,
        content: bytes,
        kind: str,
        name: str,
        words: str,
        scan: Scan,
        client_key: str | None = None,
        *,
        paper: bool = False,
    ) -> None:
        case = the_case(session, staff, case_id)
        kept = files.keep(
            session,
            content,
            media_type=kind,
            name=name,
            conversation_id=case.conversation_id,
            scan=scan,
        )
        said = talking.reply(
            session,
            staff,
            case_id,
            words,
            frame.office_label(staff.office_id),
            client_key=client_key,
            file_id=kept.id,
            paper=paper,
        )
        if said.file_id != kept.id:
            session.delete(kept)  # pressed twice: it was sent already

    @router.post("/attachments")
    @who_may(Who.CASEWORKERS, most_bytes=MOST_UPLOADED)
    async def attach(request: Request) -> Response:
        """A file for the citizen, with a few words; its type is told by its content."""
        staff = staff_of(request)
        async with form_in_memory(request, MOST_UPLOADED) as form:
            case_id, words, key = (
                _field(form.get(name)) for name in ("case", "text", "client_key")
            )
            upload = form.get("file")
            name = (upload.filename or "") if isinstance(upload, UploadFile) else ""
            content = await upload.read() if isinstance(upload, UploadFile) else b""
        await frame.database.read(lambda session: the_case(session, staff, case_id))
        problem, kind, content = await asyncio.to_thread(_checked, content, len(words))
        scan = await verdict(frame.scanner, content) if problem is None else Scan.UNASKED
        if scan in _NEVER_SENT:
            problem = _NEVER_SENT[scan]

        def act(session: Session) -> str:
            if problem is not None:
                raise RefusedError(problem)
            _send(session, staff, case_id, content, kind, name, words, scan, key[:64] or None)
            return "Đã giao cho Tràm gửi tệp đi."

        return await pages.do(request, case_id, act, say=texts.act_refusal)

    return router


def _field(value: object) -> str:
    """A field of a form that carries a file; cut where it would be refused anyway."""
    said = value.replace("\r\n", "\n").strip() if isinstance(value, str) else ""
    return said[: texts.LONGEST_REPLY + 1]


def _checked(content: bytes, letters: int) -> tuple[str | None, str, bytes]:
    """Why a file can't be sent, its type, and its content; an image is drawn anew, without EXIF."""
    kind = files.media_type_of(content)
    if not content:
        return "no_file", "", b""
    if letters > texts.LONGEST_REPLY:
        return "too_long", "", b""
    if len(content) > files.MAX_BYTES:
        return "file_too_large", "", b""
    if kind is None:
        return "file_kind", "", b""
    if not kind.startswith("image/"):
        return None, kind, content
    try:
        return None, "image/jpeg", redrawn(content, None)
    except UnreadableImageError:
        return "bad_image", "", b""


def _form(number: str) -> FormId:
    if number not in texts.PAPERS:
        raise NotFoundError
    return FormId(f"form_{number}")


def _format(ending: str) -> Format:
    if ending not in set(Format):
        raise NotFoundError
    return Format(ending)
