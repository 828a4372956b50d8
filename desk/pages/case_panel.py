"""The form of one act on a case, with what an officer has to know to fill it in."""

import datetime as dt
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field

from cases import conflicts, handover, rights, transfer
from cases.conflicts import Verdict
from cases.form_blanks import wording
from cases.form_data import FormId
from cases.intake import Checked
from cases.life import CLOSING, AtOnce, Ground, Outcome, ProviderGround, RefusedError, why_not
from cases.limits import Form
from cases.model import Case, MeetingPlace
from cases.moves import who_is
from cases.parties import PartyRole
from cases.providers import Provider, listed
from cases.staff import StaffMember
from desk import citizen_texts, texts
from desk.frame import Frame, names_of
from desk.pages.case_acts import ACTS, ActId, Typed, Until
from eligibility.acceptance import AcceptanceRule, load_acceptance_rules
from knowledge.article import FieldId
from store.session import Session

Choice = tuple[str, str]
"""The value that a form sends, and its words."""


@dataclass(frozen=True)
class ProviderView:
    """Somebody of the published list, and whether they may be appointed here."""

    id: str
    name: str
    about: str
    """Kind, languages, gender, area, card: in one line."""
    fields: str
    wished: bool
    """The citizen asked for them."""
    fits: bool
    """The field of this case is one of theirs."""
    here: bool
    """They work at the office that has the case."""
    barred: str | None
    """Why not."""


@dataclass(frozen=True)
class Letter:
    """What the citizen will be told of a refusal, before it is sent."""

    title: str
    ground: str
    law: str
    wording: str
    complaint: tuple[str, ...]
    complaint_law: str


@dataclass(frozen=True)
class Panel:
    """One act, opened."""

    act: ActId
    label: str
    typed: Typed
    closed: str | None = None
    """Why it can't be done now; then there is no form."""
    choices: Mapping[str, tuple[Choice, ...]] = field(default_factory=dict)
    providers: tuple[ProviderView, ...] = ()
    rules: tuple[AcceptanceRule, ...] = ()
    letter: Letter | None = None
    wording: str = ""
    """Words to begin with, which the officer goes over."""
    wish: str | None = None
    """What the citizen asks for, in their words."""
    focus: bool = False
    """The keyboard goes to its heading."""

    def said(self, name: str) -> str:
        """What was typed into a field before it was refused."""
        return self.typed.text(name)

    def ticked(self, name: str, value: str) -> bool:
        """Whether a box or a choice was ticked before it was refused."""
        return value in self.typed.all(name)

    @property
    def kept(self) -> tuple[str, ...]:
        """Words that must not get lost when the form can't be sent any more."""
        names = ("reason", "wording", "answer", "other", "detail")
        return tuple(text for name in names if (text := self.typed.text(name)))

    @property
    def fresh(self) -> bool:
        """Nothing has been sent yet."""
        return not self.typed.fields


NOTHING = Typed({})


def look_at_panel(
    session: Session,
    frame: Frame,
    staff: StaffMember,
    case: Case,
    act: ActId,
    acts: Iterable[ActId],
    typed: Typed = NOTHING,
    *,
    preview: bool = False,
) -> Panel:
    """The form of an act; `acts` are those that are open, `preview` shows the letter first."""
    label = ACTS[act].label
    if act not in acts:
        return Panel(act, label, typed, closed=_why_closed(case, staff, act))
    if not typed.fields:
        typed = _begun(session, case, act)
    letter = _letter(frame, case, typed) if preview and act is ActId.REFUSE else None
    return Panel(
        act=act,
        label=label,
        typed=typed,
        choices=_choices(session, frame, case, act),
        providers=_providers(session, frame, case, act),
        rules=rules_of(act, frame.database.clock.today()),
        letter=letter,
        wording=_wording(session, case, act),
        wish=_wish(session, case, act),
    )


def _begun(session: Session, case: Case, act: ActId) -> Typed:
    """The form as the citizen's own wish fills it in (Forms 04 and 05); the officer decides."""
    if act is ActId.CLOSE and case.withdraw_asked_at is not None:
        return Typed({"outcome": (Outcome.WITHDRAWN,)})
    if act not in (ActId.ASSIGN, ActId.CHANGE_PROVIDER):
        return NOTHING
    wish = next((one for one in rights.wishes_of(session, case) if one.answered_at is None), None)
    if wish is None:
        return NOTHING
    told = {"ground": wish.ground, "provider": wish.provider_id}
    return Typed({name: (value,) for name, value in told.items() if value is not None})


def _why_closed(case: Case, staff: StaffMember, act: ActId) -> str:
    move = ACTS[act].move
    reason = why_not(move, case.state, who_is(case, staff)) if move is not None else None
    if reason is None:
        return "Việc này không còn cần làm, hoặc chưa tới lúc. Trang đã cập nhật, hãy xem lại."
    return texts.act_refusal(reason)


def rules_of(act: ActId, today: dt.date) -> tuple[AcceptanceRule, ...]:
    """What the law says where an officer decides; shown, never applied by us."""
    rules = load_acceptance_rules()
    match act:
        case ActId.ACCEPT:
            wanted = (*rules.accept_at_once, *rules.for_others)
        case ActId.REFUSE:
            wanted = (*rules.refuse_request, *rules.goes_on)
        case (
            ActId.ASSIGN
            | ActId.CHANGE_PROVIDER
            | ActId.DECIDE_CONFLICT
            | ActId.DECLARE_RELATION
            | ActId.ADD_PARTY
        ):
            wanted = rules.other_person_needed
        case _:
            wanted = ()
    return tuple(rule for rule in wanted if rule.in_force(today))


def _choices(
    session: Session, frame: Frame, case: Case, act: ActId
) -> dict[str, tuple[Choice, ...]]:
    words = wording()
    match act:
        case ActId.ACCEPT:
            return {
                "aid": tuple((form, texts.form_of_aid(form)) for form in Form),
                "at_once": tuple((one, texts.at_once(one)) for one in AtOnce),
            }
        case ActId.CLOSE:
            return {"outcome": tuple((one, texts.outcome(one)) for one in CLOSING)}
        case ActId.REFUSE:
            accepted = case.accepted_at is not None
            return {
                "ground": tuple(
                    (ground, f"{words.refusal[ground].said} ({words.refusal[ground].law})")
                    for ground in Ground
                    if accepted or not ground.only_accepted
                )
            }
        case ActId.CHANGE_PROVIDER:
            return {
                "ground": tuple(
                    (one, f"{words.provider[one].said} (Điều 25 {words.provider[one].law})")
                    for one in ProviderGround
                )
            }
        case ActId.OFFER_TRANSFER:
            there = transfer.possible(session, case, frame.province)
            return {"to": tuple((office.id, office.label) for office in there)}
        case ActId.HAND_OVER:
            found = handover.colleagues(session, case)
            names = names_of(session, {one.id for one in found})
            return {"to": tuple((one.id, f"{names[one.id]} ({one.username})") for one in found)}
        case ActId.SNOOZE:
            return {
                "until": (
                    (Until.TOMORROW, "Sáng mai"),
                    (Until.THREE_DAYS, "Ba ngày nữa"),
                    (Until.WEEK, "Một tuần nữa"),
                    (Until.REPLY, "Tới khi người dân nhắn (lâu nhất 30 ngày)"),
                )
            }
        case ActId.REISSUE:
            return {"checked": tuple((one, citizen_texts.checked(one)) for one in Checked)}
        case ActId.MEET:
            return {"place": tuple((one, citizen_texts.place(one)) for one in MeetingPlace)}
        case ActId.CORRECT:
            return {
                "field": tuple((one, texts.field(one)) for one in FieldId),
                "danger": tuple(texts.DANGERS.items()),
            }
        case ActId.ADD_PARTY:
            return {"role": tuple((one, texts.party_role(one)) for one in PartyRole)}
        case ActId.DECIDE_CONFLICT:
            agreeable = case.form in (Form.ADVICE, Form.REPRESENTATION)
            return {
                "verdict": tuple(
                    (one, texts.verdict(one))
                    for one in Verdict
                    if agreeable or one is not Verdict.AGREED
                )
            }
        case _:
            return {}


def _providers(session: Session, frame: Frame, case: Case, act: ActId) -> tuple[ProviderView, ...]:
    if act not in (ActId.ASSIGN, ActId.CHANGE_PROVIDER, ActId.DECLARE_RELATION):
        return ()
    wished = {
        wish.provider_id for wish in rights.wishes_of(session, case) if wish.answered_at is None
    }
    found = [
        _provider(session, frame, case, one, wished=one.id in wished)
        for one in listed(session)
        if one.id != case.provider_id
    ]
    return tuple(
        sorted(
            found,
            key=lambda one: (one.barred is not None, not one.wished, not one.here, not one.fits),
        )
    )


def _provider(
    session: Session, frame: Frame, case: Case, provider: Provider, *, wished: bool
) -> ProviderView:
    office = frame.office_label(provider.office_id) if provider.office_id else "toàn tỉnh"
    about = (
        texts.provider_kind(provider.kind),
        texts.gender(provider.gender) if provider.gender else None,
        ", ".join(texts.language(one) for one in provider.languages),
        office,
        provider.area,
        f"thẻ {provider.card_number}" if provider.card_number else None,
    )
    return ProviderView(
        id=provider.id,
        name=provider.name,
        about=" · ".join(part for part in about if part),
        fields=", ".join(texts.field(one) for one in provider.fields),
        wished=wished,
        fits=case.field in provider.fields,
        here=provider.office_id == case.office_id,
        barred=_barred(session, case, provider),
    )


def _barred(session: Session, case: Case, provider: Provider) -> str | None:
    try:
        conflicts.check_provider(session, case, provider)
    except RefusedError as problem:
        return texts.act_refusal(problem.reason)
    return None


def _letter(frame: Frame, case: Case, typed: Typed) -> Letter | None:
    ground = typed.one_of("ground", Ground)
    if ground is None or not typed.text("wording"):
        return None
    words = wording()
    accepted = case.accepted_at is not None
    title = words.stopped_title if accepted else words.forms[FormId.FORM_08].title
    about = frame.province.about
    return Letter(
        title=" ".join(title.split("\n")),
        ground=words.refusal[ground].said,
        law=words.refusal[ground].law,
        wording=typed.text("wording"),
        complaint=tuple(
            line.format(head=f"Giám đốc {about.centre}", department=about.justice_department)
            for line in words.complaint
        ),
        complaint_law=words.complaint_law,
    )


def _wording(session: Session, case: Case, act: ActId) -> str:
    match act:
        case ActId.ASK_PAPERS | ActId.ACCEPT:
            return case.open(session.vault, "papers_missing") or ""
        case _:
            return ""


def _wish(session: Session, case: Case, act: ActId) -> str | None:
    match act:
        case ActId.CLOSE:
            return case.open(session.vault, "withdraw_reason")
        case ActId.ASSIGN | ActId.CHANGE_PROVIDER | ActId.DECLINE_WISH:
            waiting = [one for one in rights.wishes_of(session, case) if one.answered_at is None]
            told = [one.open(session.vault, "reason") for one in waiting]
            return next((reason for reason in told if reason), None)
        case _:
            return None
