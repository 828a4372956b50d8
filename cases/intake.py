"""A request that an officer takes in: from whoever walks in, phones, or is brought.

The same rules as in the chat: `eligibility.screen` says where the person stands and what is worth
asking next, `cases.routing` which office, and nothing is opened that was not agreed to. What is
typed is kept sealed as it was typed, so that a page can be closed and gone on with.
"""

import dataclasses
import datetime as dt
import json
import re
from collections.abc import Iterator, Mapping, Sequence
from collections.abc import Set as AbstractSet
from dataclasses import dataclass
from enum import StrEnum

import sqlalchemy as sa
from sqlalchemy.orm import Mapped, mapped_column

from cases import callbacks, conflicts, consent, queue, staffing
from cases.access import NotFoundError, the_case
from cases.calendar import calendar_of
from cases.codes import read_phone
from cases.contact import CallHours, SafeContact
from cases.life import RefusedError, Who
from cases.model import Case
from cases.moves import tell, who_is
from cases.offices import Staffing
from cases.parties import Named, PartyRole, write_down
from cases.province import Province
from cases.purpose import Manner, PersonAgrees, Purpose
from cases.queue import NewRequest, new_keys, note_contact
from cases.routing import Need, in_words, route
from cases.screened import as_json, facts_of_commune, tells_sensitive, without_sensitive
from cases.speech import say
from cases.staff import StaffMember
from cases.talking import Word
from cases.thread import Author, Note
from eligibility.facts import FACTS, OLDEST, FactId, Facts, ScreenGroup, Value, values
from eligibility.grounds import LegalAidLaw
from eligibility.screen import BothDays, Outcome, both_days, checklist
from knowledge.article import FieldId
from store import audit, events
from store.base import Row
from store.session import Session

KEPT_OPENED = dt.timedelta(hours=24)
"""So long an officer may print the slip again; then the code is with the citizen only."""
OPPONENTS = 3
SELF = "self"
RELATIONS = (SELF, "child", "spouse", "parent", "relative", "neighbour", "other")
DANGERS = ("violence", "suicide", "child", "arrest", "trafficking", "threat", "harming")
HELPED_BY = ("nobody", "lawyer", "legal_aid", "somebody")
OUTSIDE = "outside"
UNKNOWN = "unknown"
"""What the form says of a place that lies elsewhere, or is not clear."""
BOXES = tuple(fact.id for fact in FACTS.values() if fact.screen_group is ScreenGroup.STATUSES)
"""The groups of persons, ticked together."""
ASKED_ALONE = tuple(
    fact.id for fact in FACTS.values() if fact.id not in (*BOXES, FactId.AGE, FactId.LIVES_HERE)
)
SKIP = "skip"
_LONGEST_STORY = 8_000
_LONGEST = 200
_FIRST_YEAR_OF_BIRTH = 1900


class Came(StrEnum):
    """How the person came to the officer; the channel of the case."""

    DESK = "desk"
    PHONE = "phone"


class IntakeDraft(Row):
    """What an officer has typed; after the opening, the slip to be handed over, for a day."""

    __tablename__ = "intakes"

    staff_id: Mapped[str] = mapped_column(sa.ForeignKey(StaffMember.id), index=True)
    body: Mapped[bytes]
    """Sealed JSON: the fields as typed; once opened, code and PIN."""
    case_id: Mapped[str | None] = mapped_column(sa.ForeignKey(Case.id))
    at: Mapped[dt.datetime]


@dataclass(frozen=True)
class Intake:
    """What was typed, read. `faults` names what can't be read or is missing, by field."""

    typed: Mapping[str, str]
    came: Came
    relation: str
    intermediary: bool
    client: Named
    opponents: tuple[Named, ...]
    facts: Facts
    skipped: frozenset[FactId]
    commune: str | None
    outside: bool
    office: str | None
    """Chosen by the officer; None: by the place."""
    field: str | None
    story: str
    danger: str | None
    urgent: bool
    helped_by: str | None
    person_agrees: PersonAgrees | None
    manner: Manner | None
    sensitive: bool | None
    """Whether the sensitive part may be kept; None: not asked yet."""
    contact: SafeContact
    call_back: bool
    outcome: Outcome | None
    """What the officer makes of it, where it is another than the rules say."""
    reason: str
    faults: Mapping[str, str] = dataclasses.field(default_factory=dict)

    @property
    def for_another(self) -> bool:
        return self.relation != SELF

    @property
    def tells_sensitive(self) -> bool:
        """Whether something needs the second consent."""
        return self.danger is not None or tells_sensitive(self.facts)

    @property
    def handed_over(self) -> Facts:
        """The facts that go with the case: without what was not agreed to."""
        if self.tells_sensitive and not self.sensitive:
            return without_sensitive(self.facts)
        return self.facts


@dataclass(frozen=True)
class SentTo:
    """The office that takes the request, and why, in words."""

    office: str
    rule: str
    reason: str


def names() -> frozenset[str]:
    """The fields of the form; nothing else is kept."""
    people = {
        f"opp{place}_{part}" for place in range(OPPONENTS) for part in ("name", "id", "phone")
    }
    boxes = {f"b_{fact}" for fact in BOXES}
    asked = {f"f_{fact}" for fact in ASKED_ALONE}
    return frozenset(people | boxes | asked | _PLAIN)


_PLAIN = frozenset(
    {
        *("came", "relation", "intermediary", "name", "age", "age_unknown", "id_number", "phone"),
        *("commune", "office", "field", "story", "danger", "urgent", "helped_by", "boxes"),
        *("person_agrees", "manner", "agreed", "sensitive"),
        *("call", "hours", "begin", "end", "hours_said", "hears", "says_who", "code_word"),
        *("call_back", "outcome", "reason", "asked"),
    }
)


def kept(given: Mapping[str, str]) -> dict[str, str]:
    """What is worth keeping of a form, cut to what a case takes."""
    known = names()
    cut = {
        name: value.replace("\r\n", "\n")[: _LONGEST_STORY if name == "story" else _LONGEST]
        for name, value in given.items()
        if name in known
    }
    return {name: value for name, value in cut.items() if value.strip()}


def read(typed: Mapping[str, str], province: Province, today: dt.date) -> Intake:
    """What was typed, with what can't be read named by field; `today` turns years into ages."""
    faults: dict[str, str] = {}

    def text(name: str) -> str:
        return " ".join(typed.get(name, "").split())

    def number(name: str) -> str | None:
        if not text(name):
            return None
        found = read_phone(text(name))
        if found is None:
            faults[name] = "phone"
        return found

    def one_of(name: str, known: AbstractSet[str] | Sequence[str]) -> str | None:
        return text(name) if text(name) in known else None

    age = _age(text("age"), today)
    if age is None and text("age"):
        faults["age"] = "age"
    facts, skipped = _facts(typed, age)
    communes = {one.code for one in province.communes}
    commune = one_of("commune", communes)
    outside = text("commune") == OUTSIDE
    if commune is not None:
        facts = facts_of_commune(facts, province.commune(commune))
    elif outside:
        facts = facts.having(FactId.LIVES_HERE, value=False)
    else:
        skipped |= {FactId.LIVES_HERE}  # said to be not clear, or asked beside this question
    if text("age_unknown"):
        skipped |= {FactId.AGE}
    contact = _contact(typed, faults, number("phone"))
    relation = one_of("relation", RELATIONS) or SELF
    agrees = one_of("person_agrees", frozenset(PersonAgrees))
    manner = one_of("manner", frozenset(Manner))
    outcome = one_of("outcome", _OUTCOMES)
    helped = one_of("helped_by", HELPED_BY)
    if helped == "legal_aid":
        facts = facts.having(FactId.HANDLED_ELSEWHERE, value=True)
    return Intake(
        typed=typed,
        came=Came(one_of("came", frozenset(Came)) or Came.DESK),
        relation=relation,
        intermediary=bool(text("intermediary")),
        client=Named(text("name"), text("id_number"), number("phone")),
        opponents=tuple(
            Named(text(f"opp{place}_name"), text(f"opp{place}_id"), number(f"opp{place}_phone"))
            for place in range(OPPONENTS)
            if text(f"opp{place}_name")
        ),
        facts=facts,
        skipped=skipped,
        commune=commune,
        outside=outside,
        office=one_of("office", {one.id for one in province.offices if one.active}),
        field=one_of("field", frozenset(FieldId)),
        story=typed.get("story", "").strip(),
        danger=one_of("danger", DANGERS),
        urgent=bool(text("urgent")),
        helped_by=helped,
        person_agrees=PersonAgrees(agrees) if agrees else None,
        manner=Manner(manner) if manner and text("agreed") else None,
        sensitive={"yes": True, "no": False}.get(text("sensitive")),
        contact=contact,
        call_back=bool(text("call_back")),
        outcome=Outcome(outcome) if outcome else None,
        reason=text("reason"),
        faults=faults,
    )


_OUTCOMES = frozenset(Outcome) - {Outcome.NEED_FACTS}


def _age(written: str, today: dt.date) -> int | None:
    if not re.fullmatch(r"\d{1,4}", written):
        return None
    number = int(written)
    if _FIRST_YEAR_OF_BIRTH <= number <= today.year:
        number = today.year - number
    return number if number <= OLDEST else None


def _facts(typed: Mapping[str, str], age: int | None) -> tuple[Facts, frozenset[FactId]]:
    facts, skipped = Facts(age=age), set[FactId]()
    for fact in ASKED_ALONE:
        answer = typed.get(f"f_{fact}", "")
        if answer == SKIP:
            skipped.add(fact)
        elif answer:
            found = next((one for one in values(fact) if shown_as(one) == answer), None)
            facts = facts.having(fact, found)  # what no page of ours offers is nothing
    ticked = {fact for fact in BOXES if typed.get(f"b_{fact}")}
    for fact in BOXES:
        if fact in ticked or typed.get("boxes") == "done":
            facts = facts.having(fact, fact in ticked)
        elif typed.get("boxes") == SKIP:
            skipped.add(fact)
    return facts, frozenset(skipped)


def shown_as(value: Value) -> str:
    """How a form names a value."""
    return ("yes" if value else "no") if isinstance(value, bool) else str(value)


def _contact(typed: Mapping[str, str], faults: dict[str, str], phone: str | None) -> SafeContact:
    """How they may be reached; nobody is called who did not say so."""

    def text(name: str) -> str | None:
        return " ".join(typed.get(name, "").split()) or None

    if typed.get("call") != "yes":
        return SafeContact()
    if phone is None and "phone" not in faults:
        faults["phone"] = "phone_missing"
    window = text("hours")
    if window not in frozenset(CallHours) - {CallHours.MESSAGE_ONLY}:
        faults["hours"] = "hours_missing"
        return SafeContact(phone=phone)
    between = window == CallHours.BETWEEN
    try:
        return SafeContact(
            phone=phone,
            window=CallHours(window),
            begin=_time(text("begin")) if between else None,
            end=_time(text("end")) if between else None,
            hours=text("hours_said"),
            hears=text("hears"),
            says_who={"yes": True, "no": False}.get(text("says_who") or ""),
            code_word=text("code_word"),
        )
    except ValueError:
        faults["begin"] = "hours_wrong"
        return SafeContact(phone=phone)


def _time(written: str | None) -> dt.time | None:
    return dt.time.fromisoformat(written) if written else None


# --- the rules ----------------------------------------------------------------------------------


def screened(intake: Intake, law: LegalAidLaw, today: dt.date) -> BothDays:
    """Where the person stands by what is known, today and after the next change of the law."""
    return both_days(intake.facts, today, law, intake.skipped)


def next_questions(both: BothDays) -> tuple[FactId, ...]:
    """What is worth asking now, as one screen asks it; empty when nothing changes it any more."""
    if both.today.outcome is not Outcome.NEED_FACTS:
        return ()
    return checklist(both.today.missing)


def asked(typed: Mapping[str, str], now: Sequence[FactId]) -> tuple[FactId, ...]:
    """The questions in the order in which they came up: a page must not move under the hands."""
    before = [FactId(one) for one in typed.get("asked", "").split(",") if one in frozenset(FactId)]
    first = [fact if fact not in BOXES else BOXES[0] for fact in now]
    return tuple(dict.fromkeys((*before, *first)))


def sent_to(
    intake: Intake,
    province: Province,
    able: AbstractSet[str],
    load: Staffing | None = None,
) -> SentTo:
    """Where the request goes: as the officer chose, else by the table of areas."""
    if intake.office is not None:
        office = province.office(intake.office)
        return SentTo(office.id, "officer", f"Cán bộ tiếp nhận chọn {office.label}.")
    if intake.commune is not None:
        need = Need(field=intake.field)
        routing = route(intake.commune, province, able=able, staffing=load, need=need)
        if routing.office is not None:
            return SentTo(routing.office, str(routing.rule), in_words(routing.reason))
    centre = province.centre
    if intake.outside:
        return SentTo(
            centre.id, "outside_place", f"Người yêu cầu ở ngoài tỉnh: {centre.label} xem."
        )
    return SentTo(centre.id, "unknown_place", f"Chưa rõ xã, phường: {centre.label} xem và chuyển.")


def lacking(intake: Intake, both: BothDays) -> dict[str, str]:
    """What must be there before a request is opened, by field, with what can't be read."""
    faults = dict(intake.faults)
    if not intake.client.name:
        faults["name"] = "name"
    if not intake.typed.get("commune"):
        faults["commune"] = "commune"
    if not intake.story and intake.danger is None:
        faults["story"] = "story"
    if intake.for_another and intake.person_agrees is None:
        faults["person_agrees"] = "person_agrees"
    if intake.manner is None:
        faults["agreed"] = "agreed"
    if intake.tells_sensitive and intake.sensitive is None:
        faults["sensitive"] = "sensitive"
    overridden = intake.outcome is not None and intake.outcome is not both.today.outcome
    if overridden and not intake.reason:
        faults["reason"] = "reason"
    if intake.call_back and not intake.contact.may_be_called:
        faults.setdefault("call_back", "call_back")
    return faults


# --- the opening --------------------------------------------------------------------------------


@dataclass(frozen=True)
class Wording:
    """The words that were read to the person, by purpose: its key, and what was shown."""

    key: str
    shown: str


def open_intake(
    session: Session,
    staff: StaffMember,
    draft_id: str,
    province: Province,
    law: LegalAidLaw,
    wordings: Mapping[Purpose, Wording],
    code: str,
    pin: str,
    *,
    take: str | None,
) -> Case:
    """Open the request of a draft; `take`: the officer claims it at once, for that office's name,
    where it is their office's.

    Once opened the draft holds nothing but code and PIN, for the slip.

    Raises:
        NotFoundError: no draft of theirs.
        RefusedError: `opened` already, `incomplete` (see `lacking`), or `inactive`.
    """
    draft = the_draft(session, staff, draft_id, for_update=True)
    if draft.case_id is not None:
        raise RefusedError("opened")
    today = session.clock.today()
    intake = read(typed_in(session, draft), province, today)
    both = screened(intake, law, today)
    if lacking(intake, both):
        raise RefusedError("incomplete")
    there = staffing.staffing(session, province)
    to = sent_to(intake, province, there.able, there)
    agreed = intake.sensitive is not False or not intake.tells_sensitive
    case = queue.open_case(
        session,
        NewRequest(
            code=code,
            pin=pin,
            conversation_id=None,
            channel=intake.came,
            language="vi",
            office_id=to.office,
            routing_rule=to.rule,
            routing_reason=to.reason[:500],
            commune=intake.commune,
            field=intake.field,
            urgent=intake.urgent or intake.danger is not None,
            danger=intake.danger if agreed else None,
            law_version=both.today.law_version,
            screening=_screening(intake, both, law, today),
            words=tuple(_words(intake, session.clock.now())) if agreed else (),
            staff_id=staff.id,
        ),
    )
    _people(session, staff, case, intake, agreed=agreed)
    _agreements(session, staff, case, intake, wordings)
    if intake.contact.phone is not None:
        told = intake.contact.model_dump_json(exclude_none=True)
        note_contact(session, case, told, intake.contact.phone)
        if intake.call_back:
            callbacks.ask(session, case, calendar_of(province, case.office_id), staff)
    if intake.outcome is not None and intake.outcome is not both.today.outcome:
        _overridden(session, staff, case, intake, both.today.outcome)
    conflicts.watch(session, case)
    audit.note(session, "intake.opened", staff_id=staff.id, subject=case.id, detail=intake.came)
    draft.case_id, draft.at = case.id, session.clock.now()
    draft.seal(session.vault, "body", json.dumps({"code": code, "pin": pin}))
    # What another office serves waits in its queue, whatever was pressed.
    if take is not None and who_is(case, staff) & {Who.COLLEAGUE, Who.CENTRE}:
        session.flush()
        queue.claim(session, staff, case.id, take)
    return case


def _screening(intake: Intake, both: BothDays, law: LegalAidLaw, today: dt.date) -> str:
    facts = intake.handed_over
    found = both.today
    if facts != intake.facts:
        found = both_days(facts, today, law, intake.skipped).today
    more: dict[str, object] = {
        "relation": intake.relation,
        "intermediary": intake.intermediary,
        "consent_of_person": str(intake.person_agrees) if intake.person_agrees else None,
        "helped_by": intake.helped_by,
        "fields": [intake.field] if intake.field else [],
        "place": "",
        "on": today.isoformat(),
    }
    if intake.outcome is not None and intake.outcome is not both.today.outcome:
        more |= {
            "outcome": str(intake.outcome),
            "outcome_by_rules": str(found.outcome),
            "outcome_reason": intake.reason,
        }
    return as_json(facts, found, more)


def _words(intake: Intake, now: dt.datetime) -> Iterator[Word]:
    if intake.story:
        yield Word(Author.CITIZEN, intake.story, now)


def _people(
    session: Session, staff: StaffMember, case: Case, intake: Intake, *, agreed: bool
) -> None:
    client = intake.client
    # A number that is not to be called is not kept either
    phone = intake.contact.phone
    write_down(
        session,
        staff,
        case,
        PartyRole.CLIENT,
        client.name,
        id_number=client.id_number or None,
        phone=phone,
    )
    for one in intake.opponents if agreed else ():
        write_down(
            session,
            staff,
            case,
            PartyRole.OPPONENT,
            one.name,
            id_number=one.id_number or None,
            phone=one.phone,
        )


def _agreements(
    session: Session,
    staff: StaffMember,
    case: Case,
    intake: Intake,
    wordings: Mapping[Purpose, Wording],
) -> None:
    given: dict[Purpose, bool] = {Purpose.REQUEST: True}
    if intake.tells_sensitive:
        given[Purpose.SENSITIVE] = intake.sensitive is True
    if intake.person_agrees is not None and intake.for_another:
        given[Purpose.PERSON] = intake.person_agrees.given
    if intake.contact.phone is not None:
        given[Purpose.CONTACT] = True
    for purpose, agreed in given.items():
        consent.record(
            session,
            conversation_id=None,
            case_id=case.id,
            purpose=purpose,
            given=agreed,
            wording=wordings[purpose].key,
            shown=wordings[purpose].shown,
            language="vi",
            manner=intake.manner,
            staff_id=staff.id,
        )


def _overridden(
    session: Session, staff: StaffMember, case: Case, intake: Intake, by_rules: Outcome
) -> None:
    """The officer decides otherwise than the rules: kept with the reason, which is sealed."""
    note = Note(case_id=case.id, staff_id=staff.id, at=session.clock.now())
    note.seal(session.vault, "body", intake.reason)
    session.add(note)
    audit.note(
        session,
        "intake.overridden",
        staff_id=staff.id,
        subject=case.id,
        detail=f"{by_rules} {intake.outcome}",
    )


# --- drafts -------------------------------------------------------------------------------------


def begin(session: Session, staff: StaffMember, came: Came) -> IntakeDraft:
    """A new draft; those opened long ago are forgotten, and so is the code in them."""
    now = session.clock.now()
    session.execute(
        sa.delete(IntakeDraft).where(
            IntakeDraft.case_id.is_not(None), IntakeDraft.at < now - KEPT_OPENED
        )
    )
    draft = IntakeDraft(staff_id=staff.id, at=now)
    draft.seal(session.vault, "body", json.dumps({"came": str(came)}))
    session.add(draft)
    session.flush()
    return draft


class Checked(StrEnum):
    """How an officer made sure that whoever asks for a new code is the citizen."""

    ID_CARD = "id_card"
    """Looked at the card, and at the face."""
    CALLED_BACK = "called_back"
    """Called the number that was left with the request."""
    KNOWS_THE_CASE = "knows_the_case"
    """They told what only they can know of it."""


def reissue(
    session: Session, staff: StaffMember, case_id: str, code: str, pin: str, checked: Checked
) -> IntakeDraft:
    """Give a case a new code and PIN; the old ones open nothing from then on.

    What comes back holds them for the slip, for a day and for this officer only.

    Raises:
        NotFoundError: not theirs to see, or only offered to their office.
    """
    case = the_case(session, staff, case_id, for_update=True)
    if not who_is(case, staff) & {Who.COLLEAGUE, Who.CENTRE}:
        raise NotFoundError
    new_keys(session, case, code, pin)
    session.execute(sa.delete(IntakeDraft).where(IntakeDraft.case_id == case.id))
    draft = IntakeDraft(staff_id=staff.id, case_id=case.id, at=session.clock.now())
    draft.seal(session.vault, "body", json.dumps({"code": code, "pin": pin, "again": "yes"}))
    session.add(draft)
    session.flush()
    audit.note(session, "case.reissued", staff_id=staff.id, subject=case.id, detail=checked)
    events.record(session, "case.reissued", case_id=case.id, staff_id=staff.id)
    tell(session, case, say("case.reissued"))
    return draft


def the_draft(
    session: Session, staff: StaffMember, draft_id: str, *, for_update: bool = False
) -> IntakeDraft:
    """A draft of one's own.

    Raises:
        NotFoundError: there is none, or it is somebody else's.
    """
    query = sa.select(IntakeDraft).where(
        IntakeDraft.id == draft_id, IntakeDraft.staff_id == staff.id
    )
    draft = session.scalar(query.with_for_update() if for_update else query)
    if draft is None:
        raise NotFoundError
    return draft


def typed_in(session: Session, draft: IntakeDraft) -> dict[str, str]:
    """The fields of a draft as they were typed; once opened, code and PIN."""
    told: dict[str, str] = json.loads(draft.open(session.vault, "body") or "{}")
    return told


def keep(session: Session, staff: StaffMember, draft_id: str, typed: Mapping[str, str]) -> None:
    """Keep what is typed; nothing happens once the request is opened."""
    draft = the_draft(session, staff, draft_id, for_update=True)
    if draft.case_id is None:
        draft.at = session.clock.now()
        draft.seal(session.vault, "body", json.dumps(kept(typed), ensure_ascii=False))


def drop(session: Session, staff: StaffMember, draft_id: str) -> None:
    """Throw a draft away, or the code once the slip is handed over."""
    session.delete(the_draft(session, staff, draft_id))


def drafts_of(session: Session, staff: StaffMember) -> Sequence[IntakeDraft]:
    """What somebody has begun and not sent, newest first."""
    query = sa.select(IntakeDraft).where(
        IntakeDraft.staff_id == staff.id, IntakeDraft.case_id.is_(None)
    )
    return session.scalars(query.order_by(IntakeDraft.at.desc(), IntakeDraft.id)).all()
