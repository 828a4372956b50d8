"""A case from the queue to its end, on both databases: every move does what it says."""

import datetime as dt
import json
from collections.abc import Callable
from dataclasses import dataclass
from functools import partial
from typing import Any, TypeVar

import pytest
import sqlalchemy as sa

from cases import (
    access,
    conflicts,
    correcting,
    handover,
    joining,
    parties,
    providers,
    queue,
    register,
    rights,
    talking,
    transfer,
)
from cases.access import NotFoundError
from cases.conflicts import Verdict
from cases.joining import Alike
from cases.life import AtOnce, CaseState, Ground, Outcome, ProviderGround, RefusedError
from cases.limits import Form
from cases.model import Case
from cases.parties import PartyRole
from cases.providers import ProviderEntry, ProviderKind, Publish
from cases.staff import Role, StaffMember
from store.audit import AuditRow
from store.clock import SetClock
from store.events import Event
from store.outbox import OutboxRow
from store.session import Database, Session
from tests.cases.acting import PROVINCE, hire, open_one

T = TypeVar("T")
BRANCH = "Chi nhánh Năm Căn"
HOUR, DAY = dt.timedelta(hours=1), dt.timedelta(days=1)


@dataclass
class Office:
    """Two officers and a head of a branch, a neighbour branch, and the centre."""

    database: Database

    def __post_init__(self) -> None:
        self.lan = hire(self.database, "lan", Role.OFFICER, "nam-can")
        self.minh = hire(self.database, "minh", Role.OFFICER, "nam-can")
        self.hai = hire(self.database, "hai", Role.HEAD, "nam-can")
        self.tam = hire(self.database, "tam", Role.OFFICER, "dam-doi")
        self.trung = hire(self.database, "trung", Role.CENTRE, "centre")

    def do(self, act: Callable[..., T], *values: Any, **named: Any) -> T:
        return self.database.transact_now(lambda session: act(session, *values, **named))

    def refused(self, reason: str, act: Callable[..., object], *values: Any, **named: Any) -> None:
        with pytest.raises(RefusedError, match=f"^{reason}$"):
            self.do(act, *values, **named)

    def case(self, case_id: str) -> Case:
        return self.database.read_now(lambda session: session.get_one(Case, case_id))

    def held(self, **changes: object) -> str:
        case = open_one(self.database, **changes)
        self.do(queue.claim, self.lan, case.id, BRANCH)
        return case.id

    def accepted(self, form: Form = Form.LITIGATION, **changes: object) -> str:
        case_id = self.held(**changes)
        self.do(register.accept, self.lan, case_id, PROVINCE, form)
        return case_id

    def of_citizen(self, act: Callable[..., T], case_id: str, *values: Any) -> T:
        """What a citizen does, with the case locked as the turn locks it."""
        return self.do(lambda session: act(session, session.get_one(Case, case_id), *values))

    def told(self, talk: str = "talk") -> list[str]:
        """The keys of what a talk was told, in order."""

        def read(session: Session) -> list[str]:
            rows = session.scalars(
                sa.select(OutboxRow)
                .where(OutboxRow.conversation_id == talk, OutboxRow.kind == "say")
                .order_by(OutboxRow.seq)
            )
            said = [json.loads(row.open(session.vault, "body") or "{}") for row in rows]
            return [line["key"] for one in said for line in one["lines"]]

        return self.database.read_now(read)

    def rows(self, query: Any) -> list[Any]:
        return self.database.read_now(lambda session: list(session.scalars(query).all()))

    def provider(self, name: str = "Nguyễn Thị Luật", **values: Any) -> str:
        entry = ProviderEntry(name, ProviderKind.LAWYER, **values)
        return self.do(providers.write_provider, self.trung, entry).id


@pytest.fixture
def office(database: Database) -> Office:
    return Office(database)


# --- the register -------------------------------------------------------------------------------


def test_accepted_cases_are_numbered_by_office_form_and_year(office: Office) -> None:
    ids = [
        office.accepted(Form.ADVICE),
        office.accepted(Form.LITIGATION),
        office.accepted(Form.ADVICE),
    ]

    def codes(session: Session) -> list[str]:
        entries = [register.entry_of(session, session.get_one(Case, one)) for one in ids]
        return [entry.code for entry in entries if entry is not None]

    assert office.database.read_now(codes) == [
        "CNNC.TV.01.2026",
        "CNNC.TGTT.01.2026",
        "CNNC.TV.02.2026",
    ]
    assert office.case(ids[0]).state is CaseState.ACCEPTED
    office.refused("accepted_already", register.accept, office.lan, ids[0], PROVINCE, Form.ADVICE)


def test_a_case_with_missing_papers_is_accepted_only_when_the_law_says_at_once(
    office: Office,
) -> None:
    case_id = office.held()
    accept = partial(register.accept, papers_missing="giấy chứng nhận hộ nghèo")

    office.refused("papers_missing", accept, office.lan, case_id, PROVINCE, Form.LITIGATION)
    assert office.case(case_id).papers_asked_at is None
    at_once = partial(accept, at_once=AtOnce.TRIAL_NEAR)
    office.do(at_once, office.lan, case_id, PROVINCE, Form.LITIGATION)

    case = office.case(case_id)
    assert (case.accepted_because, case.papers_given_at) == (AtOnce.TRIAL_NEAR, None)
    assert case.papers_asked_at is not None
    assert office.told() == ["case.claimed", "case.accepted", "case.papers_asked"]


def test_papers_asked_for_must_come_before_an_ordinary_acceptance(office: Office) -> None:
    case_id = office.held()
    office.do(register.ask_papers, office.lan, case_id, "giấy xác nhận nhiễm HIV")

    accept = (register.accept, office.lan, case_id, PROVINCE, Form.ADVICE)
    office.refused("papers_missing", *accept)
    office.do(register.papers_given, office.lan, case_id)
    office.refused("not_asked", register.papers_given, office.lan, case_id)
    office.do(*accept)

    assert office.case(case_id).papers_missing is None


def test_a_provider_is_appointed_after_acceptance_and_changed_for_a_ground(
    office: Office,
) -> None:
    one, other = office.provider(), office.provider("Trần Văn Sư")
    case_id = office.held()
    office.refused("not_accepted", register.assign, office.lan, case_id, one)
    office.do(register.accept, office.lan, case_id, PROVINCE, Form.LITIGATION)
    office.refused("needs_provider", register.begin, office.lan, case_id)
    office.refused("no_such_provider", register.assign, office.lan, case_id, "nobody")
    office.do(register.assign, office.hai, case_id, one)
    office.refused("assigned_already", register.assign, office.lan, case_id, other)
    ground = ProviderGround.NOT_IMPARTIAL
    change = (register.change_provider, office.lan, case_id)
    office.refused("same_provider", *change, one, ground, "bà con")
    office.do(*change, other, ground, "là bà con của bị đơn")

    case = office.case(case_id)
    assert (case.state, case.provider_id) == (CaseState.IN_PROGRESS, other)
    stints = office.database.read_now(lambda s: register.assignments(s, case))
    assert [(one.provider_id, one.ground) for one in stints] == [(one, ground), (other, None)]


def test_the_clock_stands_still_while_the_citizen_owes_something(office: Office) -> None:
    case_id = office.accepted(Form.ADVICE)
    office.do(register.pause, office.lan, case_id, "chờ giấy đất")
    office.refused("paused", register.pause, office.lan, case_id, "nữa")
    office.do(register.resume, office.lan, case_id)
    office.refused("not_paused", register.resume, office.lan, case_id)

    assert office.told()[-2:] == ["case.paused", "case.resumed"]


def test_a_refusal_names_its_ground_keeps_the_wording_sealed_and_tells_how_to_complain(
    office: Office,
) -> None:
    case_id = office.held()
    refuse = (register.refuse, office.lan, case_id)
    office.refused("empty", *refuse, Ground.NOT_COVERED, " ", PROVINCE)
    office.refused("ground_needs_acceptance", *refuse, Ground.FORBIDDEN_ACT, "x", PROVINCE)
    office.refused("needs_ground", register.close, office.lan, case_id, Outcome.REFUSED)
    office.do(*refuse, Ground.NOT_COVERED, "Không có vụ việc cụ thể", PROVINCE)

    case = office.case(case_id)
    assert (case.state, case.outcome) == (CaseState.CLOSED, Outcome.REFUSED)
    assert office.told()[-3:] == [
        "case.refused",
        "case.ground.not_covered",
        "case.how_to_complain",
    ]

    def wording(session: Session) -> str | None:
        found = register.refusal_of(session, case)
        return found.open(session.vault, "wording") if found else None

    assert office.database.read_now(wording) == "Không có vụ việc cụ thể"


def test_missing_papers_end_a_case_only_after_their_time(office: Office, clock: SetClock) -> None:
    case_id = office.held()
    papers = {"papers_missing": "giấy hộ nghèo", "at_once": AtOnce.AVOID_HARM}
    office.do(register.accept, office.lan, case_id, PROVINCE, Form.ADVICE, **papers)
    refuse = (register.refuse, office.lan, case_id, Ground.PAPERS_MISSING, "quá hạn", PROVINCE)

    clock.forward(30 * DAY)
    office.refused("papers_not_due", *refuse)  # nobody has said yet whether it is 5 or 10 days
    office.do(register.ask_papers, office.lan, case_id, "giấy hộ nghèo", longer=False)
    office.do(*refuse)

    assert office.told()[-3] == "case.stopped"


def test_a_case_is_reopened_by_the_head_in_time_and_keeps_its_place_in_the_register(
    office: Office, clock: SetClock
) -> None:
    case_id = office.accepted(Form.ADVICE)
    office.do(register.close, office.lan, case_id, Outcome.ADVISED)
    reopen = (register.reopen, office.hai, case_id, "còn việc", BRANCH)
    office.refused("not_head", register.reopen, office.lan, case_id, "còn việc", BRANCH)
    office.do(*reopen)

    assert office.case(case_id).state is CaseState.WAITING
    office.do(queue.claim, office.minh, case_id, BRANCH)
    assert office.case(case_id).state is CaseState.ACCEPTED
    office.do(register.close, office.minh, case_id, Outcome.ADVISED)
    clock.forward(register.REOPEN_WITHIN + DAY)
    office.refused("too_late", *reopen)


# --- from hand to hand --------------------------------------------------------------------------


def test_an_offered_case_stays_with_the_sender_until_the_other_office_says_yes(
    office: Office,
) -> None:
    case_id = office.accepted()
    offer = (transfer.offer, office.lan, case_id)
    for to_office, reason in (
        ("nam-can", "same_office"),
        ("planned-1", "office_closed"),
        ("u-minh", "office_unable"),
        ("nowhere", "no_such_office"),
    ):
        office.refused(reason, *offer, to_office, "ở đó gần hơn", PROVINCE)
    with pytest.raises(NotFoundError):
        office.do(access.the_case, office.tam, case_id)
    office.do(*offer, "dam-doi", "ở đó gần hơn", PROVINCE)
    office.refused("offered_already", *offer, "centre", "x", PROVINCE)

    assert office.case(case_id).holder_id == office.lan.id
    assert office.do(access.the_case, office.tam, case_id).office_id == "nam-can"
    office.refused("held", queue.claim, office.tam, case_id, "x")
    office.refused("not_receiver", transfer.accept, office.lan, case_id, PROVINCE)
    office.do(transfer.accept, office.tam, case_id, PROVINCE)

    case = office.case(case_id)
    assert (case.office_id, case.state, case.holder_id) == ("dam-doi", CaseState.WAITING, None)
    with pytest.raises(NotFoundError):
        office.do(access.the_case, office.lan, case_id)
    gone = office.database.read_now(lambda s: access.gone_from(s, office.lan))
    assert [(one.number, one.to_office) for one in gone] == [(case.number, "dam-doi")]
    assert office.told()[-1] == "case.transferred"
    office.do(queue.claim, office.tam, case_id, "Chi nhánh Đầm Dơi")
    assert office.case(case_id).state is CaseState.ACCEPTED


def test_a_waiting_case_that_is_only_offered_is_not_the_receivers_to_claim(
    office: Office,
) -> None:
    case = open_one(office.database)
    office.do(transfer.offer, office.hai, case.id, "dam-doi", "quá tải", PROVINCE)

    office.refused("not_of_office", queue.claim, office.tam, case.id, "x")
    office.do(queue.claim, office.lan, case.id, BRANCH)


def test_a_declined_or_cancelled_offer_changes_nothing_and_can_be_made_again(
    office: Office,
) -> None:
    case_id = office.held()
    for undo in (
        (transfer.decline, office.tam, case_id, "không đủ người"),
        (transfer.cancel, office.lan, case_id),
    ):
        office.do(transfer.offer, office.lan, case_id, "dam-doi", "gần hơn", PROVINCE)
        office.do(*undo)
        case = office.case(case_id)
        assert (case.holder_id, case.office_id) == (office.lan.id, "nam-can")
        assert case.offered_to is None
    ways = office.database.read_now(lambda s: transfer.transfers_of(s, case))
    assert [way.state for way in ways] == ["cancelled", "declined"]
    office.refused("not_offered", transfer.cancel, office.lan, case_id)


def test_a_case_that_ends_takes_its_offer_with_it(office: Office) -> None:
    case_id = office.held()
    office.do(transfer.offer, office.lan, case_id, "dam-doi", "gần hơn", PROVINCE)
    office.do(register.close, office.lan, case_id, Outcome.ADVISED)

    with pytest.raises(NotFoundError):
        office.do(transfer.accept, office.tam, case_id, PROVINCE)
    assert office.case(case_id).offered_to is None


def test_a_case_is_handed_to_an_officer_of_the_same_office(office: Office) -> None:
    case_id = office.held()
    hand = handover.hand_over
    office.refused("no_such_officer", hand, office.lan, case_id, office.tam.id, BRANCH)
    office.refused("same_officer", hand, office.lan, case_id, office.lan.id, BRANCH)
    office.refused("not_holder", hand, office.minh, case_id, office.minh.id, BRANCH)
    office.do(hand, office.hai, case_id, office.minh.id, BRANCH)

    assert office.case(case_id).holder_id == office.minh.id
    assert office.told()[-1] == "case.handed_over"


def dismiss(session: Session, staff: StaffMember) -> None:
    session.get_one(StaffMember, staff.id).active = False
    session.flush()
    handover.release_cases_of(session, staff, PROVINCE)


def test_what_a_dismissed_officer_held_returns_to_the_queue_as_far_as_it_had_come(
    office: Office,
) -> None:
    held, accepted = office.held(), office.accepted(Form.ADVICE)
    office.do(dismiss, office.lan)

    assert {office.case(one).state for one in (held, accepted)} == {CaseState.WAITING}
    office.refused("inactive", queue.claim, office.lan, held, BRANCH)
    office.do(queue.claim, office.minh, accepted, BRANCH)
    assert office.case(accepted).state is CaseState.ACCEPTED


def test_the_centre_takes_over_only_what_was_left_too_long(office: Office, clock: SetClock) -> None:
    case = open_one(office.database)
    take = (queue.take_over, office.trung, case.id, PROVINCE)
    office.refused("not_overdue", *take)
    office.refused("not_centre", queue.take_over, office.hai, case.id, PROVINCE)
    clock.forward(2 * DAY)
    office.do(*take)

    taken = office.case(case.id)
    assert (taken.office_id, taken.holder_id) == ("centre", office.trung.id)
    assert [one.to_office for one in office.do(access.gone_from, office.hai)] == ["centre"]
    assert office.told() == ["case.taken_over"]


# --- twice the same, and the wrong word ---------------------------------------------------------


def test_the_same_person_is_noticed_and_joined_and_the_thread_stays(office: Office) -> None:
    first, second = office.held(), office.held(conversation_id="other talk")
    for case_id in (first, second):
        office.do(parties.add_party, office.lan, case_id, PartyRole.CLIENT, "Trần Thị Bé")
    found = office.do(
        lambda s: joining.same_person_or_matter(s, s.get_one(Case, second), office.lan)
    )
    assert [(one.case.id, one.why) for one in found] == [(first, frozenset({Alike.PARTY}))]
    office.refused("same_case", joining.join, office.lan, second, second)
    office.do(joining.join, office.lan, second, first)

    closed = office.case(second)
    assert (closed.outcome, closed.joined_into) == (Outcome.DUPLICATE, first)
    assert len(office.database.read_now(lambda s: talking.thread(s, closed))) == 1
    assert office.told("other talk")[-1] == "case.joined"
    office.refused("closed", joining.join, office.lan, second, first)
    office.refused("into_closed", joining.join, office.lan, first, second)


def test_corrections_are_audited_and_a_danger_leaves_no_word_in_the_audit(
    office: Office,
) -> None:
    case_id = office.held(danger="violence", urgent=True)
    office.do(correcting.correct_field, office.minh, case_id, "family")
    office.do(correcting.correct_danger, office.minh, case_id, None)
    office.do(correcting.correct_urgent, office.minh, case_id, urgent=False, in_custody=True)

    case = office.case(case_id)
    assert (case.field, case.danger, case.urgent, case.in_custody) == ("family", None, False, True)
    noted = office.rows(sa.select(AuditRow.detail).where(AuditRow.act == "case.correct"))
    assert noted == ["field land family", "danger", "urgent False, custody True"]


def test_a_snoozed_case_wakes_when_the_citizen_writes(office: Office, clock: SetClock) -> None:
    case_id = office.held()
    office.refused("past", queue.snooze, office.lan, case_id, clock.now())
    office.do(queue.snooze, office.lan, case_id, clock.now() + DAY)
    office.of_citizen(talking.citizen_wrote, case_id, "Tôi có giấy rồi")

    assert office.case(case_id).snoozed_until is None


# --- conflicts of interest ----------------------------------------------------------------------


def two_sides(office: Office) -> tuple[str, str]:
    """The same quarrel at two branches: each client is the other one's opponent."""
    ours = office.accepted()
    theirs = open_one(office.database, office_id="dam-doi").id
    office.do(queue.claim, office.tam, theirs, "Đầm Dơi")
    office.do(register.accept, office.tam, theirs, PROVINCE, Form.LITIGATION)
    add = parties.add_party
    office.do(add, office.tam, theirs, PartyRole.CLIENT, "Nguyễn Văn Đối")
    office.do(add, office.lan, ours, PartyRole.OPPONENT, "nguyen van  doi")
    return ours, theirs


def found(office: Office, case_id: str) -> list[conflicts.Conflict]:
    return list(office.do(lambda s: conflicts.found(s, s.get_one(Case, case_id))))


def test_the_other_side_is_found_across_branches_without_showing_the_file(
    office: Office,
) -> None:
    ours, theirs = two_sides(office)

    (conflict,) = found(office, ours)
    assert (conflict.office_id, conflict.here) == ("dam-doi", PartyRole.OPPONENT)
    assert (conflict.by, conflict.open) == (frozenset({conflicts.Matched.NAME}), True)
    with pytest.raises(NotFoundError):
        office.do(access.the_case, office.lan, conflict.other_case_id)
    assert [one.here for one in found(office, theirs)] == [PartyRole.CLIENT]


def test_whoever_helps_one_side_is_not_appointed_for_the_other_until_an_officer_settles_it(
    office: Office,
) -> None:
    ours, theirs = two_sides(office)
    lawyer = office.provider()
    office.do(register.assign, office.tam, theirs, lawyer)
    office.refused("conflict", register.assign, office.lan, ours, lawyer)
    decide = (conflicts.decide, office.lan, ours, theirs)
    office.refused("agreement_not_allowed", *decide, Verdict.AGREED, "đồng ý")
    office.refused("empty", *decide, Verdict.NOT_SAME, "")
    office.do(*decide, Verdict.STANDS, "cùng vụ")
    office.refused("conflict", register.assign, office.lan, ours, lawyer)
    office.do(*decide, Verdict.NOT_SAME, "trùng tên, khác số căn cước")
    office.do(register.assign, office.lan, ours, lawyer)

    noted = office.rows(sa.select(AuditRow).where(AuditRow.act == "case.conflict_decided"))
    assert [one.subject for one in noted] == [ours, ours]


def test_the_phone_of_a_request_counts_as_its_client(office: Office) -> None:
    ours = office.held()
    theirs = open_one(office.database, office_id="dam-doi", conversation_id="b").id
    office.do(lambda s: queue.note_contact(s, s.get_one(Case, theirs), "{}", "0912345678"))
    office.do(
        partial(parties.add_party, phone="+84 912 345 678"),
        office.lan,
        ours,
        PartyRole.OPPONENT,
        "Bị đơn",
    )

    assert [one.other_case_id for one in found(office, ours)] == [theirs]
    assert [one.other_case_id for one in found(office, theirs)] == [ours]


def test_a_provider_with_a_declared_tie_is_not_appointed(office: Office) -> None:
    case_id, lawyer = office.accepted(), office.provider()
    office.do(conflicts.declare_relation, office.lan, case_id, lawyer, "anh ruột của bị đơn")

    office.refused("related", register.assign, office.lan, case_id, lawyer)


# --- the citizen's rights -----------------------------------------------------------------------


def test_a_citizen_sees_only_what_the_list_publishes(office: Office) -> None:
    shown = frozenset({Publish.LANGUAGES})
    provider_id = office.provider(card_number="123", languages=("vi", "km"), publishes=shown)
    entry = office.rows(sa.select(providers.Provider).where(providers.Provider.id == provider_id))

    seen = providers.published(entry[0])
    assert (seen.name, seen.languages, seen.card_number) == ("Nguyễn Thị Luật", ("vi", "km"), None)


def test_a_chosen_provider_is_a_wish_that_the_appointment_answers(office: Office) -> None:
    case_id = office.accepted()
    wished, other = office.provider(), office.provider("Trần Văn Sư")
    office.of_citizen(rights.choose_provider, case_id, wished)
    office.do(register.assign, office.lan, case_id, wished)
    change = (rights.ask_for_another_provider, case_id, ProviderGround.NOT_EFFECTIVE)
    office.of_citizen(*change, "không nghe máy")
    office.do(
        register.change_provider,
        office.lan,
        case_id,
        other,
        ProviderGround.NOT_EFFECTIVE,
        "theo đơn",
    )

    answered = office.do(lambda s: rights.wishes_of(s, s.get_one(Case, case_id)))
    assert [(one.kind, one.granted) for one in answered] == [("change", True), ("choice", True)]


def test_a_complaint_is_answered_once_and_may_go_to_the_department(office: Office) -> None:
    case_id = office.held()
    office.of_citizen(rights.complain, case_id, "Không ai giúp tôi")
    with pytest.raises(RefusedError, match="complained"):
        office.of_citizen(rights.complain, case_id, "Lần nữa")
    office.refused("not_centre", rights.answer_complaint, office.hai, case_id, "x")
    office.do(rights.answer_complaint, office.trung, case_id, "Đã cử người")
    office.refused("no_complaint", rights.answer_complaint, office.trung, case_id, "x")
    for answered in (False, True):
        office.do(rights.note_department, office.trung, case_id, answered=answered)

    assert office.told()[-1] == "case.complaint_answered"


def test_nobody_reads_a_complaint_about_their_own_work_while_the_centre_has_another(
    office: Office,
) -> None:
    case_id = open_one(office.database).id
    office.do(queue.claim, office.trung, case_id, BRANCH)
    office.of_citizen(rights.complain, case_id, "Hẹn mà không tới")

    def reads(staff: StaffMember) -> bool:
        return office.do(lambda s: rights.may_read_complaint(s, staff, s.get_one(Case, case_id)))

    assert (reads(office.hai), reads(office.trung)) == (False, True)  # nobody else could answer
    hanh = hire(office.database, "hanh", Role.CENTRE, "centre")
    assert (reads(hanh), reads(office.trung)) == (True, False)
    office.refused("complained_of", rights.answer_complaint, office.trung, case_id, "x")


def test_a_case_is_rated_once_for_each_ending(office: Office) -> None:
    case_id = office.held()
    with pytest.raises(RefusedError, match="not_closed"):
        office.of_citizen(rights.rate, case_id, 5, "tốt")
    office.do(register.close, office.lan, case_id, Outcome.ADVISED)
    office.of_citizen(rights.rate, case_id, 5, "tốt")
    with pytest.raises(RefusedError, match="rated"):
        office.of_citizen(rights.rate, case_id, 1, None)
    with pytest.raises(ValueError, match="1 to 5"):
        office.of_citizen(rights.rate, case_id, 6, None)


def test_a_withdrawal_of_a_held_case_is_the_officers_to_close(office: Office) -> None:
    case_id = office.held()
    office.of_citizen(rights.ask_to_withdraw, case_id, "Hai bên hòa giải rồi")
    assert office.case(case_id).state is CaseState.CLAIMED
    office.do(register.close, office.lan, case_id, Outcome.WITHDRAWN)
    office.of_citizen(rights.ask_to_withdraw, case_id)

    assert office.case(case_id).outcome is Outcome.WITHDRAWN


def test_every_move_is_audited_and_told_to_the_desks(office: Office) -> None:
    case_id = office.accepted()
    office.do(register.close, office.lan, case_id, Outcome.ADVISED)

    acts = office.rows(sa.select(AuditRow.act).where(AuditRow.subject == case_id))
    kinds = office.rows(sa.select(Event.kind).where(Event.case_id == case_id).order_by(Event.id))
    assert acts == ["case.claim", "case.accept", "case.close"]
    assert kinds == ["case.opened", "case.claimed", "case.accepted", "case.closed"]
