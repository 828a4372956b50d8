"""A case as the desk shows it: everything opened, named and put in order for the page."""

import datetime as dt
import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from enum import StrEnum
from typing import Any, assert_never

import sqlalchemy as sa
from sqlalchemy.orm import load_only

from cases import callbacks, register, rights, talking
from cases.access import looked_at
from cases.contact import contact_of
from cases.form_blanks import wording
from cases.form_data import FormId
from cases.intake import Came
from cases.life import CaseState, Move, Who, why_not
from cases.limits import DeadlineKind
from cases.model import Case, WishKind
from cases.moves import EVENTS, open_offer, who_is
from cases.providers import Provider
from cases.purpose import PersonAgrees
from cases.staff import StaffMember
from cases.thread import Author, Draft, Note, ThreadEntry
from cases.window import Talk, Window, window_of
from desk import citizen_texts, intake_texts, texts
from desk.frame import Frame, names_of
from desk.pages.case_acts import (
    ACTS,
    ActId,
    Situation,
    Typed,
    first_of_groups,
    next_act,
    open_acts,
)
from desk.pages.case_around import Around, look_around
from desk.pages.case_asked import AskedView, look_at_asked
from desk.pages.case_deadlines import Clock, look_at_clock
from desk.pages.case_meeting import MeetingView, look_at_meeting
from desk.pages.case_panel import NOTHING, Panel, look_at_panel
from desk.pages.case_parties import (
    AlikeView,
    ConflictView,
    People,
    look_at_alike,
    look_at_conflicts,
    look_at_people,
)
from desk.pages.queue import Tab, View, place_name, tab_label
from eligibility.facts import FactId
from eligibility.grounds import load_law
from store.audit import AuditRow
from store.base import new_id
from store.events import Event
from store.files import StoredFile
from store.outbox import Delivery, OutboxRow
from store.scan import Scan
from store.session import Session

_OF_COMPLAINTS = frozenset(
    EVENTS[one] for one in (Move.COMPLAIN, Move.ANSWER_COMPLAINT, Move.FOLLOW_COMPLAINT)
)
_ONE_READING = dt.timedelta(minutes=15)
_FOLDED = 70
"""Letters of the assistant's words that are shown: the citizen's own shall stand out."""


class Mode(StrEnum):
    """What this staff member can do with a case now."""

    FREE = "free"
    MINE = "mine"
    HELD = "held"
    OFFERED = "offered"
    """Another office asks this one to take it."""
    CLOSED = "closed"


@dataclass(frozen=True)
class FileView:
    """A photo, paper or recording in the thread."""

    id: str
    name: str
    is_image: bool
    is_sound: bool
    kilobytes: int
    scan: Scan


@dataclass(frozen=True)
class DeliveryView:
    """Whether a reply arrived."""

    text: str
    state: Delivery


@dataclass(frozen=True)
class Bubble:
    """One message or note in the thread."""

    id: str
    kind: str
    """`citizen`, `assistant`, `staff` or `note`; the look of it."""
    author: str
    text: str
    at: dt.datetime
    file: FileView | None = None
    delivery: DeliveryView | None = None
    pressed: bool = False
    """A button of the citizen's: shown smaller than what they told."""

    @property
    def folded(self) -> str | None:
        """The beginning of what the assistant said, where the rest is folded away."""
        if self.kind != Author.ASSISTANT:
            return None
        words = " ".join(self.text.split())
        return words if len(words) <= _FOLDED else f"{words[:_FOLDED].rsplit(' ', 1)[0]} …"


@dataclass(frozen=True)
class GroundView:
    """A ground of the screening with its article of law."""

    said: str
    law: str
    verified: bool


@dataclass(frozen=True)
class ScreeningView:
    """What the assistant learnt and made of it; an officer decides."""

    outcome: str
    decided: str | None
    """What the rules say, where the officer who took it in decided otherwise, and why."""
    grounds: tuple[GroundView, ...]
    facts: tuple[tuple[str, str], ...]
    papers: tuple[str, ...]
    relation: str | None
    consent_of_person: str | None
    """Whether the person helped agrees, as the one who asked for them says."""
    helped_by: str | None
    fields: tuple[str, ...]
    place_told: str | None
    on: str | None
    law_version: str | None


@dataclass(frozen=True)
class ContactView:
    """How the citizen may be called. The phone and the note are None until they are asked for."""

    has_phone: bool
    hours: str | None
    """As chosen; with their own words when they were asked for."""
    revealed: bool
    has_note: bool
    phone: str | None
    note: str | None
    may_be_called: bool
    called_back: bool
    """Stands on the list of those to be called."""


@dataclass(frozen=True)
class Step:
    """One line of the timeline."""

    text: str
    who: str | None
    at: dt.datetime


@dataclass(frozen=True)
class Opened:
    """The act whose form lies open, and what was typed into it."""

    act: ActId
    typed: Typed = NOTHING
    preview: bool = False
    focus: bool = False
    """It was opened by a press just now: the keyboard goes there."""


@dataclass(frozen=True)
class Link:
    """One act that is open, as a button or a link to its form."""

    id: ActId
    label: str
    at_once: bool
    apart: bool = False
    """A line stands above it in the list."""


@dataclass(frozen=True)
class Offer:
    """A case on its way to another office."""

    from_office: str
    to_office: str
    reason: str
    at: dt.datetime


@dataclass(frozen=True)
class WishedView:
    """A wish about the provider (Law 11/2017/QH14, Art. 8 clause 5; Form 04)."""

    change: bool
    whom: str | None
    ground: str | None
    reason: str | None
    at: dt.datetime


@dataclass(frozen=True)
class Standing:
    """How far a case has come, in the register and with the citizen."""

    code: str | None
    """Of the register."""
    form: str | None
    complex: bool
    at_once: str | None
    accepted_at: dt.datetime | None
    provider: str | None
    papers_missing: tuple[str, ...]
    paused_since: dt.datetime | None
    paused_for: str | None
    snoozed_until: dt.datetime | None
    in_custody: bool
    offer: Offer | None
    complaint: str | None
    """What the citizen complains of, not answered yet; None also for whom it is about."""
    complaint_kind: str | None
    wish: WishedView | None
    """What the citizen wishes about the provider, not answered yet."""
    refused: str | None
    """The facts of the refusal, as they were written."""


@dataclass(frozen=True)
class CaseView:
    """Everything the page of a case shows."""

    id: str
    number: int
    view: View
    back_label: str
    mode: Mode
    state: str
    outcome: str | None
    erased_at: dt.datetime | None
    """When all that it held of the citizen was erased."""
    holder: str | None
    field: str
    danger: str | None
    urgent: bool
    office: str
    place: str | None
    routing_reason: str
    channel: str
    language: str
    opened_at: dt.datetime
    last_word_at: dt.datetime
    withdraw_asked_at: dt.datetime | None
    reachable: bool
    window: Window | None
    """What the channel still takes; None where there is no talk."""
    by_hand: bool
    """An officer took it in; there never was a talk."""
    thread: tuple[Bubble, ...]
    pending: bool
    draft: str
    draft_at: dt.datetime | None
    client_key: str
    screening: ScreeningView | None
    contact: ContactView | None
    timeline: tuple[Step, ...]
    standing: Standing
    around: Around
    sends_papers: bool
    """May send the forms of the law to the citizen."""
    meeting: MeetingView | None
    asked: AskedView
    may_look_at_papers: bool
    clock: Clock
    people: People
    conflicts: tuple[ConflictView, ...]
    alike: tuple[AlikeView, ...]
    next: Link | None
    """What brings the case forward now."""
    acts: tuple[Link, ...]
    """Everything else that may be done."""
    panel: Panel | None
    uploads: int
    """Grows with each word of the staff: the box for a file is a new one after each sending."""

    @property
    def owes_papers(self) -> bool:
        """Whether the citizen was asked for papers that have not all come."""
        return self.mode is not Mode.CLOSED and bool(self.asked.open)

    @property
    def owes_notice(self) -> bool:
        """Whether a refusal was told, and its written notice (Form 08) was not sent yet."""
        notice = FormId.FORM_08.removeprefix("form_")
        sent = (one.file.name for one in self.thread if one.kind == Author.STAFF and one.file)
        return self.standing.refused is not None and not any(
            name.startswith(f"mau-{notice}") for name in sent
        )

    def may(self, act: str) -> bool:
        """Whether an act is open."""
        found = (*self.acts, self.next) if self.next else self.acts
        return any(link.id == act for link in found)


def note_reading(session: Session, staff: StaffMember, case: Case) -> None:
    """Audit that the case is read, once for one sitting of reading.

    A page refreshes itself while it is open; each of these is no reading of its own.
    """
    since = session.clock.now() - _ONE_READING
    noted = session.scalar(
        sa.select(AuditRow.id)
        .where(
            AuditRow.staff_id == staff.id,
            AuditRow.subject == case.id,
            AuditRow.act == "case.read",
            AuditRow.at > since,
        )
        .limit(1)
    )
    if noted is None:
        looked_at(session, staff, case)


def look_at_case(
    session: Session,
    frame: Frame,
    staff: StaffMember,
    case: Case,
    view: View,
    opened: Opened | None = None,
    *,
    reveal_contact: bool = False,
) -> CaseView:
    """The whole view of a case; `case` comes from `visible_to`."""
    reads_complaint = rights.may_read_complaint(session, staff, case)
    clock = look_at_clock(session, frame, case, complaints=reads_complaint)
    standing = _standing(session, frame, case, reads_complaint=reads_complaint)
    around = look_around(session, frame, staff, case, reads_complaint=reads_complaint)
    conflicts = look_at_conflicts(session, frame, case)
    alike = look_at_alike(session, staff, case)
    situation = Situation(
        paused=standing.paused_since is not None,
        late=clock.overdue,
        complained=standing.complaint is not None,
        to_department=around.to_department
        or (standing.complaint is not None and DeadlineKind.COMPLAINT in clock.overdue),
        with_department=around.with_department,
        alike=any(one.open for one in alike),
        conflicts=bool(conflicts),
        wished=standing.wish is not None,
        centre=case.office_id == frame.province.centre.id,
    )
    acts = open_acts(case, staff, situation)
    following = next_act(
        case,
        acts,
        withdrawing=case.withdraw_asked_at is not None,
        wished=situation.wished,
    )
    entries = talking.thread(session, case)
    notes = session.scalars(sa.select(Note).where(Note.case_id == case.id)).all()
    steps: Sequence[Event] = session.scalars(
        sa.select(Event).where(Event.case_id == case.id).order_by(Event.id)
    ).all()
    if not reads_complaint:
        steps = [one for one in steps if one.kind not in _OF_COMPLAINTS]
    spoke = (
        *(entry.staff_id for entry in entries),
        *(note.staff_id for note in notes),
        *(step.staff_id for step in steps),
    )
    names = names_of(session, {person for person in (*spoke, case.holder_id) if person})
    thread = _thread(session, frame, case, entries, notes, names)
    draft = session.scalar(
        sa.select(Draft).where(Draft.case_id == case.id, Draft.staff_id == staff.id)
    )
    return CaseView(
        id=case.id,
        number=case.number,
        view=view,
        back_label=tab_label(view.tab, staff.role),
        mode=mode_of(case, staff),
        state=texts.state(case.state),
        outcome=texts.outcome(case.outcome) if case.outcome else None,
        erased_at=case.erased_at,
        holder=names.get(case.holder_id or ""),
        field=texts.field(case.field),
        danger=texts.danger(case.open(session.vault, "danger")),
        urgent=case.urgent,
        office=frame.office_label(case.office_id),
        place=place_name(frame, case.commune),
        routing_reason=case.routing_reason,
        channel=texts.channel(case.channel),
        language=texts.language(case.language),
        opened_at=case.opened_at,
        last_word_at=case.last_word_at,
        withdraw_asked_at=case.withdraw_asked_at,
        reachable=case.conversation_id is not None,
        window=_window(session, frame, case),
        by_hand=case.channel in frozenset(Came),
        thread=thread,
        pending=any(one.delivery and one.delivery.state is Delivery.WAITING for one in thread),
        draft=(draft.open(session.vault, "body") or "") if draft else "",
        draft_at=draft.at if draft else None,
        client_key=new_id(),
        screening=screening_of(session, case),
        contact=_contact(session, case, reveal=reveal_contact),
        timeline=_timeline(steps, names),
        standing=standing,
        around=around,
        sends_papers=_sends_papers(case, staff),
        meeting=look_at_meeting(session, frame, case),
        asked=look_at_asked(session, staff, case),
        may_look_at_papers=why_not(Move.LOOK_AT_PAPER, case.state, who_is(case, staff)) is None,
        clock=clock,
        people=look_at_people(session, case, reveal=False),
        conflicts=conflicts,
        alike=alike,
        next=_link(following) if following else None,
        acts=_links([act for act in acts if act is not following]),
        panel=_panel(session, frame, staff, case, opened, acts) if opened else None,
        uploads=sum(entry.staff_id is not None for entry in entries),
    )


def _panel(
    session: Session,
    frame: Frame,
    staff: StaffMember,
    case: Case,
    opened: Opened,
    acts: tuple[ActId, ...],
) -> Panel:
    shown = look_at_panel(
        session, frame, staff, case, opened.act, acts, opened.typed, preview=opened.preview
    )
    return replace(shown, focus=opened.focus)


def _sends_papers(case: Case, staff: StaffMember) -> bool:
    if case.conversation_id is None:
        return False
    held = mode_of(case, staff) is Mode.MINE
    return held or talking.may_send_papers_after_the_end(case, staff)


def _links(acts: Sequence[ActId]) -> tuple[Link, ...]:
    apart = first_of_groups(acts)
    return tuple(replace(_link(act), apart=act in apart) for act in acts)


def _link(act: ActId) -> Link:
    return Link(act, ACTS[act].label, ACTS[act].at_once)


def _standing(session: Session, frame: Frame, case: Case, *, reads_complaint: bool) -> Standing:
    entry = register.entry_of(session, case)
    provider = session.get(Provider, case.provider_id) if case.provider_id else None
    pause = register.paused(session, case)
    offer = open_offer(session, case)
    complaint = rights.complaint_of(session, case) if reads_complaint else None
    refusal = register.refusal_of(session, case) if case.state is CaseState.CLOSED else None
    missing = case.open(session.vault, "papers_missing") or ""
    return Standing(
        code=entry.code if entry else None,
        form=texts.form_of_aid(case.form) if case.form else None,
        complex=case.complex,
        at_once=texts.at_once(case.accepted_because) if case.accepted_because else None,
        accepted_at=case.accepted_at,
        provider=provider.name if provider else None,
        papers_missing=tuple(missing.splitlines()),
        paused_since=pause.from_at if pause else None,
        paused_for=pause.open(session.vault, "reason") if pause else None,
        snoozed_until=case.snoozed_until,
        in_custody=case.in_custody,
        offer=Offer(
            from_office=frame.office_label(offer.from_office),
            to_office=frame.office_label(offer.to_office),
            reason=offer.open(session.vault, "reason") or "",
            at=offer.offered_at,
        )
        if offer
        else None,
        complaint=complaint.open(session.vault, "about")
        if complaint is not None and complaint.answered_at is None
        else None,
        complaint_kind=citizen_texts.complaint(complaint.kind)
        if complaint is not None and complaint.kind is not None
        else None,
        wish=_wished(session, case),
        refused=refusal.open(session.vault, "wording") if refusal else None,
    )


def _wished(session: Session, case: Case) -> WishedView | None:
    found = next(iter(rights.wishes_of(session, case)), None)
    if found is None or found.answered_at is not None or case.state is CaseState.CLOSED:
        return None
    whom = session.get(Provider, found.provider_id) if found.provider_id else None
    grounds = wording().provider
    return WishedView(
        change=found.kind is WishKind.CHANGE,
        whom=whom.name if whom else None,
        ground=grounds[found.ground].said if found.ground else None,
        reason=found.open(session.vault, "reason"),
        at=found.at,
    )


def mode_of(case: Case, staff: StaffMember) -> Mode:
    """What this staff member can do with the case."""
    if case.state is CaseState.CLOSED:
        return Mode.CLOSED
    who = who_is(case, staff)
    if Who.RECEIVER in who and Who.HOLDER not in who:
        return Mode.OFFERED
    if case.holder_id is None:
        return Mode.FREE
    return Mode.MINE if case.holder_id == staff.id else Mode.HELD


def tab_after(mode: Mode) -> Tab:
    """The list that a case is in, for one that was reached without a list."""
    match mode:
        case Mode.FREE | Mode.OFFERED:
            return Tab.WAITING
        case Mode.MINE:
            return Tab.MINE
        case Mode.HELD:
            return Tab.BRANCH
        case Mode.CLOSED:
            return Tab.DONE
        case _:
            assert_never(mode)


def _thread(
    session: Session,
    frame: Frame,
    case: Case,
    entries: Sequence[ThreadEntry],
    notes: Sequence[Note],
    names: Mapping[str, str],
) -> tuple[Bubble, ...]:
    files = _files(session, [entry.file_id for entry in entries if entry.file_id])
    deliveries = _deliveries(session, [entry.id for entry in entries if entry.staff_id])
    said = [
        Bubble(
            id=entry.id,
            kind=entry.author,
            author=_speaker(entry, names),
            text=entry.open(session.vault, "body") or "",
            at=entry.at,
            file=files.get(entry.file_id or ""),
            delivery=deliveries.get(entry.id),
            pressed=entry.pressed,
        )
        for entry in entries
    ]
    noted = [
        Bubble(
            id=note.id,
            kind="note",
            author=names.get(note.staff_id, ""),
            text=note.open(session.vault, "body") or "",
            at=note.at,
        )
        for note in notes
    ]
    shown = (*said, *noted, *_told(session, frame, case))
    return tuple(sorted(shown, key=lambda bubble: (bubble.at, bubble.id)))


def _told(session: Session, frame: Frame, case: Case) -> Sequence[Bubble]:
    """What the assistant told for the office; of its delivery only what went wrong."""
    told = talking.told_in(session, case)
    rows = session.execute(
        sa.select(OutboxRow.id, OutboxRow.state, OutboxRow.reason).where(
            OutboxRow.id.in_([one.outbox_id for one, _ in told]),
            OutboxRow.state.in_((Delivery.REFUSED, Delivery.UNKNOWN)),
        )
    )
    failed = {
        row_id: DeliveryView(texts.delivery(state, reason), state) for row_id, state, reason in rows
    }
    return tuple(
        Bubble(
            id=one.id,
            kind=Author.ASSISTANT,
            author=f"{texts.author(Author.ASSISTANT)} nhắn thay cơ quan",
            text=frame.in_words(message),
            at=one.at,
            delivery=failed.get(one.outbox_id),
        )
        for one, message in told
    )


def _speaker(entry: ThreadEntry, names: Mapping[str, str]) -> str:
    if entry.author is Author.STAFF and entry.staff_id is not None:
        return names.get(entry.staff_id, texts.author(entry.author))
    return texts.author(entry.author)


def _files(session: Session, file_ids: Sequence[str]) -> dict[str, FileView]:
    told = (StoredFile.media_type, StoredFile.size, StoredFile.name, StoredFile.scan)
    # The content stays where it is: a thread of many photos must open at once.
    found = session.scalars(
        sa.select(StoredFile)
        .where(StoredFile.id.in_(file_ids))
        .options(load_only(StoredFile.id, *told))
    )
    return {
        file.id: FileView(
            id=file.id,
            name=file.open(session.vault, "name") or "tệp",
            is_image=file.media_type.startswith("image/"),
            is_sound=file.media_type.startswith("audio/"),
            kilobytes=max(1, file.size // 1024),
            scan=file.scan,
        )
        for file in found
    }


def _window(session: Session, frame: Frame, case: Case) -> Window | None:
    """What the channel still takes; None where there is no talk."""
    if case.conversation_id is None:
        return None
    lent = frame.assistant.talk(session, case.conversation_id) if frame.assistant else None
    last = session.execute(
        sa.select(OutboxRow.state, OutboxRow.ended_at, OutboxRow.reason)
        .where(OutboxRow.conversation_id == case.conversation_id, OutboxRow.ended_at.is_not(None))
        .order_by(OutboxRow.seq.desc())
        .limit(1)
    ).first()
    refused = None
    if last is not None and last.state is Delivery.REFUSED:
        refused = (last.ended_at, last.reason or "")
    talk = lent or Talk(case.last_word_at)
    return window_of(case.channel, talk, session.clock.now(), refused)


def _deliveries(session: Session, entry_ids: Sequence[str]) -> dict[str, DeliveryView]:
    found = session.execute(
        sa.select(OutboxRow.thread_entry_id, OutboxRow.state, OutboxRow.reason).where(
            OutboxRow.thread_entry_id.in_(entry_ids)
        )
    )
    return {
        entry_id: DeliveryView(texts.delivery(state, reason), state)
        for entry_id, state, reason in found
        if entry_id is not None
    }


def _timeline(steps: Sequence[Event], names: Mapping[str, str]) -> tuple[Step, ...]:
    return tuple(
        Step(text, names.get(event.staff_id or ""), event.at)
        for event in steps
        if (text := texts.step(event.kind)) is not None
    )


def screening_of(session: Session, case: Case) -> ScreeningView | None:
    """What the assistant learnt and made of it, in words."""
    told = json_of(case.open(session.vault, "screening"))
    if not told:
        return None
    facts = told.get("facts")
    helped_by = _HELPED_BY.get(str(told.get("helped_by")))
    return ScreeningView(
        outcome=texts.screened(told.get("outcome")),
        decided=_decided(told),
        grounds=tuple(
            GroundView(
                said=str(ground.get("said") or ground.get("id") or ""),
                law=str(ground.get("law") or ""),
                verified=ground.get("verified") is True,
            )
            for ground in list_of(told.get("grounds"))
            if isinstance(ground, dict)
        ),
        facts=tuple(
            (texts.fact(name), texts.value(name, value))
            for name, value in (facts.items() if isinstance(facts, dict) else ())
            # Who helps already is told below, in more than yes and no.
            if value is not None and not (name == FactId.HANDLED_ELSEWHERE and helped_by)
        ),
        papers=tuple(paper_name(str(paper)) for paper in list_of(told.get("papers"))),
        relation=texts.relation(told.get("relation")),
        consent_of_person=_CONSENT_OF_PERSON.get(str(told.get("consent_of_person"))),
        helped_by=helped_by,
        fields=tuple(texts.field(str(one)) for one in list_of(told.get("fields"))),
        place_told=told.get("place"),
        on=_day(told.get("on")),
        law_version=case.law_version,
    )


def _decided(told: Mapping[str, Any]) -> str | None:
    by_rules = told.get("outcome_by_rules")
    if by_rules is None:
        return None
    return f"{texts.screened(by_rules)}; cán bộ kết luận khác vì: {told.get('outcome_reason')}"


_CONSENT_OF_PERSON: Mapping[str, str] = {
    PersonAgrees.YES: "đã đồng ý, theo lời người hỏi giùm",
    PersonAgrees.GUARDIAN: "cha mẹ, người đại diện đồng ý, theo lời người hỏi giùm",
    PersonAgrees.NOT_ASKED: "chưa hỏi; cán bộ hỏi lại chính họ",
    PersonAgrees.GUARDIAN_FEARED: (
        "trẻ em; cha mẹ, người giám hộ có thể là người làm hại: đừng hỏi, đừng báo họ (111)"
    ),
    PersonAgrees.HELD: "đang bị giữ, chưa hỏi được; cán bộ hỏi lại chính họ",
}

_HELPED_BY: Mapping[str, str] = {
    "nobody": "chưa có ai",
    "lawyer": "có luật sư tự thuê",
    "legal_aid": "có nơi trợ giúp pháp lý khác",
    "somebody": "có, chưa rõ là ai",
}


def _day(written: object) -> str | None:
    """A day of the stored JSON, as it is written in Vietnam."""
    try:
        return f"{dt.date.fromisoformat(str(written)):%d/%m/%Y}"
    except ValueError:
        return None


def paper_name(paper: str) -> str:
    """A paper by its name; the files know them by id."""
    known = load_law().papers.get(paper)
    return known.name if known is not None else paper


def _contact(session: Session, case: Case, *, reveal: bool) -> ContactView | None:
    told = json_of(case.open(session.vault, "contact"))
    if not told:
        return None
    contact = contact_of(case.open(session.vault, "contact"))
    phone, note = told.get("phone"), intake_texts.cautions(contact)
    return ContactView(
        has_phone=bool(phone),
        hours=intake_texts.hours_told(contact, reveal=reveal),
        may_be_called=contact.may_be_called,
        called_back=callbacks.open_callback(session, case) is not None,
        has_note=bool(note or intake_texts.own_words_on_hours(contact)),
        phone=phone if reveal else None,
        note=note if reveal else None,
        revealed=reveal,
    )


def json_of(text: str | None) -> dict[str, Any]:
    """Sealed JSON that another room wrote; whatever it lacks, the page still opens."""
    if text is None:
        return {}
    try:
        told = json.loads(text)
    except ValueError:
        return {}
    return told if isinstance(told, dict) else {}


def list_of(value: object) -> list[Any]:
    return value if isinstance(value, list) else []
